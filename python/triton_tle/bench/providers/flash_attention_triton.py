"""Dense attention, forward, in plain Triton: with pointers, with TMA descriptors, with V read as early as K, and with
scores made a tile ahead.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from triton.tools.tensor_descriptor import TensorDescriptor

LOG2_E = 1.4426950408889634


@triton.jit
def _read(source, row, ROWS: tl.constexpr, D: tl.constexpr, TMA: tl.constexpr):
    """Rows [row, row + ROWS) of a matrix with D columns."""
    if TMA:
        block = source.load([row, 0])
    else:
        rows = row + tl.arange(0, ROWS)
        block = tl.load(source + rows.to(tl.int64)[:, None] * D + tl.arange(0, D)[None, :])
    return block


@triton.jit
def _softmax(scores, row_max, row_sum, scale_log2):
    new_max = tl.maximum(row_max, tl.max(scores, 1) * scale_log2)
    rescale = tl.exp2(row_max - new_max)
    p = tl.exp2(scores * scale_log2 - new_max[:, None])
    return p, rescale, new_max, row_sum * rescale + tl.sum(p, 1)


@triton.jit
def _loop(
    q, k, v, base, low, high, queries, acc, row_max, row_sum, scale_log2,
    MASKED: tl.constexpr, BLOCK_N: tl.constexpr, D: tl.constexpr, TMA: tl.constexpr, STAGES: tl.constexpr,
    EARLY: tl.constexpr,
):  # fmt: skip
    """Keys [low, high); MASKED: a query sees only those up to its own position. EARLY: V is read with K."""
    for start in tl.range(low, high, BLOCK_N, num_stages=STAGES):
        if EARLY:
            value = _read(v, base + start, BLOCK_N, D, TMA)
        scores = tl.dot(q, _read(k, base + start, BLOCK_N, D, TMA).T)
        if MASKED:
            keys = start + tl.arange(0, BLOCK_N)
            scores = tl.where(keys[None, :] <= queries[:, None], scores, float("-inf"))
        p, rescale, row_max, row_sum = _softmax(scores, row_max, row_sum, scale_log2)
        if not EARLY:
            value = _read(v, base + start, BLOCK_N, D, TMA)
        acc = tl.dot(p.to(value.dtype), value, acc * rescale[:, None])
    return acc, row_max, row_sum


@triton.jit
def flash_attention_plain(
    q, k, v, out_ptr, lse_ptr, s, scale_log2,
    D: tl.constexpr, CAUSAL: tl.constexpr, TMA: tl.constexpr, AHEAD: tl.constexpr, EARLY: tl.constexpr,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """BLOCK_M queries of head program_id(1); s is a multiple of both block sizes.

    AHEAD: scores are made one tile before they are used; then BLOCK_N >= BLOCK_M where causal.
    """
    LN2: tl.constexpr = 0.6931471805599453
    block = tl.program_id(0)
    if CAUSAL:
        block = tl.num_programs(0) - 1 - block
    first = block * BLOCK_M
    queries = first + tl.arange(0, BLOCK_M)
    base = tl.program_id(1) * s
    query = _read(q, base + first, BLOCK_M, D, TMA)
    row_max = tl.full([BLOCK_M], float("-inf"), tl.float32)
    row_sum = tl.zeros([BLOCK_M], tl.float32)
    acc = tl.zeros([BLOCK_M, D], tl.float32)
    end = first + BLOCK_M if CAUSAL else s
    if AHEAD:
        last = (end - 1) // BLOCK_N * BLOCK_N
        scores = tl.dot(query, _read(k, base, BLOCK_N, D, TMA).T)
        for start in tl.range(0, last, BLOCK_N, num_stages=STAGES):
            next_scores = tl.dot(query, _read(k, base + start + BLOCK_N, BLOCK_N, D, TMA).T)
            if CAUSAL and BLOCK_N < BLOCK_M:
                keys = start + tl.arange(0, BLOCK_N)
                scores = tl.where(keys[None, :] <= queries[:, None], scores, float("-inf"))
            p, rescale, row_max, row_sum = _softmax(scores, row_max, row_sum, scale_log2)
            value = _read(v, base + start, BLOCK_N, D, TMA)
            acc = tl.dot(p.to(value.dtype), value, acc * rescale[:, None])
            scores = next_scores
        if CAUSAL:
            scores = tl.where((last + tl.arange(0, BLOCK_N))[None, :] <= queries[:, None], scores, float("-inf"))
        p, rescale, row_max, row_sum = _softmax(scores, row_max, row_sum, scale_log2)
        value = _read(v, base + last, BLOCK_N, D, TMA)
        acc = tl.dot(p.to(value.dtype), value, acc * rescale[:, None])
    else:
        low = 0
        if CAUSAL:
            low = first // BLOCK_N * BLOCK_N  # tiles before this one lie below the diagonal
            acc, row_max, row_sum = _loop(
                query, k, v, base, 0, low, queries, acc, row_max, row_sum, scale_log2, False, BLOCK_N, D, TMA, STAGES,
                EARLY,
            )  # fmt: skip
        acc, row_max, row_sum = _loop(
            query, k, v, base, low, end, queries, acc, row_max, row_sum, scale_log2, CAUSAL, BLOCK_N, D, TMA, STAGES,
            EARLY,
        )  # fmt: skip
    rows = tl.program_id(1).to(tl.int64) * s + queries
    out = (acc / row_sum[:, None]).to(out_ptr.dtype.element_ty)
    tl.store(out_ptr + rows[:, None] * D + tl.arange(0, D)[None, :], out)
    tl.store(lse_ptr + rows, (row_max + tl.log2(row_sum)) * LN2)


def configurations(d: int, form: str) -> list[dict[str, int]]:
    """The usual block sizes, stages and warps for head size `d`; form "tma", "early", "ahead" or "pointers"."""
    if form == "ahead" and d == 64:
        choices = [(128, 128, 3, 8), (128, 64, 3, 8), (64, 128, 2, 4), (64, 64, 3, 4)]
    elif form == "ahead":
        choices = [(128, 128, 2, 8), (128, 64, 3, 8), (128, 64, 4, 8)]
    else:
        choices = [(128, 128, 2, 8), (128, 128, 3, 8), (128, 64, 3, 4 if d == 64 else 8), (128, 64, 4, 8)]
        choices += [(64, 64, 3, 4), (64, 128, 2, 4)]
    if form == "pointers":
        choices = choices[:5]
    elif form == "early":
        choices = [(128, 128, 3, 8), (64, 64, 3, 4), (128, 64, 4, 8)] if d == 128 else choices[2:]
    return [dict(zip(("BLOCK_M", "BLOCK_N", "STAGES", "num_warps"), choice, strict=True)) for choice in choices]


def launch(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, out: torch.Tensor, lse: torch.Tensor, scale: float,
    causal: bool, form: str, config: dict[str, int], warm_up: bool = False,
) -> None:  # fmt: skip
    """Run on contiguous [b, h, s, d] tensors, s a multiple of the block sizes; with `warm_up`, only compile."""
    batch, heads, s, d = q.shape
    if s % config["BLOCK_M"] or s % config["BLOCK_N"]:
        raise ValueError(f"s must be a multiple of {config['BLOCK_M']} and {config['BLOCK_N']}, got {s}")
    sources = [q, k, v]
    if form != "pointers":
        rows = (config["BLOCK_M"], config["BLOCK_N"], config["BLOCK_N"])
        sources = [TensorDescriptor.from_tensor(x.view(-1, d), [n, d]) for x, n in zip(sources, rows, strict=True)]
    grid = (s // config["BLOCK_M"], batch * heads)
    arguments = (*sources, out, lse, s, scale * LOG2_E)
    constants = {"D": d, "CAUSAL": causal, "TMA": form != "pointers", "AHEAD": form == "ahead"} | config
    constants["EARLY"] = form == "early"
    if warm_up:
        flash_attention_plain.warmup(*arguments, grid=grid, **constants)
    else:
        flash_attention_plain[grid](*arguments, **constants)
