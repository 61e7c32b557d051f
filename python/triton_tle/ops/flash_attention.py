"""Dense attention, forward: softmax(Q K^T) V with an online softmax, for head sizes 64 and 128.

One program handles a block of queries of one head. Tiles of K and V are staged in shared memory by name; the compiler
makes the staging asynchronous and runs it ahead, and lets the two warp groups of a program run apart, so that one
multiplies while the other makes exponentials.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import torch
import triton
import triton.language as tl
from triton.tools.tensor_descriptor import TensorDescriptor

import triton_tle.language as tle
from triton_tle.compiler.pipelines import parse_arch

from ._checks import check_bool, check_number, check_tensor, require
from ._devices import capability_of, on_device_of, plain_torch, runs_kernels

HEAD_SIZES = (64, 128)
DTYPES = (torch.bfloat16, torch.float16)
MAX_HEADS = 65535  # of all batch items, programs in the second dimension of a CUDA grid
LOG2_E = 1.4426950408889634
SUMS = tl.constexpr(8)  # neighbours, which the layout of a product gives to four threads; a thread has every 8th, too


@triton.jit
def _stage(source, tile, base, start, limit, TMA: tl.constexpr):
    """Copy rows [start, start + rows of tile) of a head whose first row is `base`; without TMA, from `limit` on 0."""
    if TMA:
        tle.gpu.copy(source, tile, offsets=[base + start, 0])
    else:
        rows = start + tl.arange(0, tile.shape[0])
        columns = tl.arange(0, tile.shape[1])
        pointers = source + (base + rows).to(tl.int64)[:, None] * tile.shape[1] + columns[None, :]
        tle.gpu.copy(pointers, tile, mask=(rows < limit)[:, None], other=0.0)


@triton.jit
def _read(source, base, start, limit, ROWS: tl.constexpr, D: tl.constexpr, TMA: tl.constexpr):
    """What _stage copies, as a value: for tiles that are read once and need no name."""
    if TMA:
        tile = source.load([base + start, 0])
    else:
        rows = start + tl.arange(0, ROWS)
        pointers = source + (base + rows).to(tl.int64)[:, None] * D + tl.arange(0, D)[None, :]
        tile = tl.load(pointers, mask=(rows < limit)[:, None], other=0.0)
    return tile


@triton.jit
def _mask(scores, queries, start, s_kv, CAUSAL: tl.constexpr, RAGGED: tl.constexpr):
    """-inf for keys that a query must not see: later ones if CAUSAL, those from s_kv on if RAGGED."""
    keys = start + tl.arange(0, scores.shape[1])
    if CAUSAL:
        scores = tl.where(keys[None, :] <= queries[:, None], scores, float("-inf"))
    if RAGGED:
        scores = tl.where(keys[None, :] < s_kv, scores, float("-inf"))
    return scores


@triton.jit
def _softmax(scores, row_max, row_sums, scale_log2):
    """One step of the online softmax: (P, factor of what was collected before, new maximum, new sums).

    A row has SUMS sums, of every SUMS-th key: a thread can take them without asking its neighbours.
    """
    new_max = tl.maximum(row_max, tl.max(scores, 1) * scale_log2)
    rescale = tl.exp2(row_max - new_max)
    p = tl.exp2(scores * scale_log2 - new_max[:, None])
    parts = tl.sum(tl.reshape(p, (p.shape[0], p.shape[1] // SUMS, SUMS)), 1)
    return p, rescale, new_max, row_sums * rescale[:, None] + parts


@triton.jit
def _walk(
    query, k, v, base, low, high, queries, s_kv, acc, row_max, row_sums, scale_log2,
    CAUSAL: tl.constexpr, RAGGED: tl.constexpr, LATE: tl.constexpr, BLOCK_N: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """Keys [low, high), scores made and used in turn; CAUSAL and RAGGED say which masks these keys need.

    The tiles belong to this loop alone: one that two loops fill is no tile of either's pipeline.
    """
    k_tile = tle.gpu.alloc([BLOCK_N, query.shape[1]], query.dtype)
    v_tile = tle.gpu.alloc([BLOCK_N, query.shape[1]], query.dtype)
    for start in tle.pipeline(low, high, BLOCK_N, num_stages=STAGES):
        if not LATE:
            _stage(v, v_tile, base, start, s_kv, not RAGGED)
        _stage(k, k_tile, base, start, s_kv, not RAGGED)
        scores = tl.dot(query, tl.trans(tl.load(tle.gpu.local_ptr(k_tile))))
        scores = _mask(scores, queries, start, s_kv, CAUSAL, RAGGED)
        p, rescale, row_max, row_sums = _softmax(scores, row_max, row_sums, scale_log2)
        if LATE:
            _stage(v, v_tile, base, start, s_kv, not RAGGED)
        acc = tl.dot(p.to(v_tile.dtype), tl.load(tle.gpu.local_ptr(v_tile)), acc * rescale[:, None])
    return acc, row_max, row_sums


@triton.jit(do_not_specialize=["s_q", "s_kv"])
def flash_attention_kernel(
    q,
    k,
    v,
    out_ptr,
    lse_ptr,
    s_q,
    s_kv,
    scale_log2,
    D: tl.constexpr,
    CAUSAL: tl.constexpr,
    TMA: tl.constexpr,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    STAGES: tl.constexpr,
    AHEAD: tl.constexpr,
    LATE: tl.constexpr,
):
    """Attention of BLOCK_M queries of head program_id(1).

    q, k and v are descriptors of [heads * s, D] with TMA, else pointers. With TMA, s_kv is a multiple of BLOCK_N.
    AHEAD: scores are made one tile before they are used. LATE, not AHEAD: V has a barrier of its own, and the first
    product does not wait for it.
    """
    LN2: tl.constexpr = 0.6931471805599453
    RAGGED: tl.constexpr = not TMA
    dtype: tl.constexpr = out_ptr.dtype.element_ty
    block = tl.program_id(0)
    if CAUSAL:
        block = tl.num_programs(0) - 1 - block  # the longest ones first
    head = tl.program_id(1)
    first = block * BLOCK_M
    queries = first + tl.arange(0, BLOCK_M)
    end = s_kv
    if CAUSAL:
        end = tl.minimum(s_kv, first + BLOCK_M)
    last = (end - 1) // BLOCK_N * BLOCK_N
    base = head * s_kv

    query = _read(q, head * s_q, first, s_q, BLOCK_M, D, TMA)
    row_max = tl.full([BLOCK_M], float("-inf"), tl.float32)  # finite after the first tile, where each row has a key
    row_sums = tl.zeros([BLOCK_M, SUMS], tl.float32)
    acc = tl.zeros([BLOCK_M, D], tl.float32)

    if AHEAD:
        k_tile = tle.gpu.alloc([BLOCK_N, D], dtype)
        v_tile = tle.gpu.alloc([BLOCK_N, D], dtype)
        scores = tl.dot(query, tl.trans(_read(k, base, 0, s_kv, BLOCK_N, D, TMA)))
        for start in tle.pipeline(0, last, BLOCK_N, num_stages=STAGES):
            _stage(k, k_tile, base, start + BLOCK_N, s_kv, TMA)
            _stage(v, v_tile, base, start, s_kv, TMA)
            next_scores = tl.dot(query, tl.trans(tl.load(tle.gpu.local_ptr(k_tile))))
            if CAUSAL and BLOCK_N < BLOCK_M:
                scores = _mask(scores, queries, start, s_kv, True, False)
            p, rescale, row_max, row_sums = _softmax(scores, row_max, row_sums, scale_log2)
            acc = tl.dot(p.to(dtype), tl.load(tle.gpu.local_ptr(v_tile)), acc * rescale[:, None])
            scores = next_scores
        scores = _mask(scores, queries, last, s_kv, CAUSAL, RAGGED)
        p, rescale, row_max, row_sums = _softmax(scores, row_max, row_sums, scale_log2)
        acc = tl.dot(p.to(dtype), _read(v, base, last, s_kv, BLOCK_N, D, TMA), acc * rescale[:, None])
    else:
        low = 0
        if CAUSAL:
            low = tl.minimum(first, s_kv) // BLOCK_N * BLOCK_N  # tiles before this one lie below the diagonal
            acc, row_max, row_sums = _walk(
                query, k, v, base, 0, low, queries, s_kv, acc, row_max, row_sums, scale_log2,
                False, RAGGED, LATE, BLOCK_N, STAGES,
            )  # fmt: skip
        acc, row_max, row_sums = _walk(
            query, k, v, base, low, end, queries, s_kv, acc, row_max, row_sums, scale_log2,
            CAUSAL, RAGGED, LATE, BLOCK_N, STAGES,
        )  # fmt: skip

    row_sum = tl.sum(row_sums, 1)
    rows = head.to(tl.int64) * s_q + queries
    ok = queries < s_q
    columns = tl.arange(0, D)
    out = (acc * (1.0 / row_sum)[:, None]).to(dtype)  # one quotient a row
    tl.store(out_ptr + rows[:, None] * D + columns[None, :], out, mask=ok[:, None])
    tl.store(lse_ptr + rows, (row_max + tl.log2(row_sum)) * LN2, mask=ok)


def configurations(d: int, causal: bool, capability: int = 90, s_kv: int = 4096) -> list[dict[str, int | bool]]:
    """Block sizes, stages and warps worth trying for head size `d`, the best guess for `s_kv` keys first."""
    if capability // 10 != 9:
        keys = 64 if d == 64 else 32  # more do not fit into the registers
        return [{"BLOCK_M": 64, "BLOCK_N": keys, "STAGES": 2, "AHEAD": False, "LATE": False, "num_warps": 4}]
    # (BLOCK_M, BLOCK_N, STAGES, AHEAD, LATE, num_warps)
    if d == 64:
        choices = [(64, 128, 2, False, False, 4), (64, 128, 2, False, True, 4), (64, 64, 3, False, False, 4)]
        choices += [(64, 64, 3, True, False, 4), (128, 64, 4, False, False, 8)]
    else:
        choices = [(128, 128, 3, False, False, 8), (64, 64, 3, False, False, 4), (128, 64, 4, False, False, 8)]
        choices += [(128, 128, 2, True, False, 8)]
    if s_kv <= 1024 and (causal or d == 64):
        short = (64, 64, 3, False, False, 4) if causal else (128, 64, 4, False, False, 8)
        choices.remove(short)
        choices.insert(0, short)
    names = ("BLOCK_M", "BLOCK_N", "STAGES", "AHEAD", "LATE", "num_warps")
    return [dict(zip(names, choice, strict=True)) for choice in choices]


def variants(arch: str) -> Iterator[tuple[str, object, dict[str, str], dict[str, object], dict[str, int]]]:
    """What the resource report compiles: (label, kernel, signature, constexprs, launch options) per variant."""
    capability = parse_arch(arch)
    for d, causal in itertools.product(HEAD_SIZES, (False, True)):
        first, *others = configurations(d, causal, capability)
        if capability >= 90:
            yield _variant("fp16", d, causal, True, first)
            for config in (first, *others):
                yield _variant("bf16", d, causal, True, config)
        yield _variant("bf16", d, causal, False, first)


def _variant(dtype: str, d: int, causal: bool, tma: bool, config: dict) -> tuple:
    options = {"num_warps": config["num_warps"]}
    config = {name: value for name, value in config.items() if name != "num_warps"}
    sizes = dict.fromkeys("qkv", config["BLOCK_N"]) | {"q": config["BLOCK_M"]}
    signature = {
        name: f"tensordesc<{dtype}[{rows},{d}]>" if tma else f"*{dtype}:16" for name, rows in sizes.items()
    }  # fmt: skip
    signature |= {"out_ptr": f"*{dtype}:16", "lse_ptr": "*fp32:16", "s_q": "i32", "s_kv": "i32", "scale_log2": "fp32"}
    label = f"{dtype} d {d} {config['BLOCK_M']}x{config['BLOCK_N']} stages {config['STAGES']}"
    label += (
        ", ahead" * config["AHEAD"] + ", V late" * config["LATE"] + ", causal" * causal + ("" if tma else ", pointers")
    )
    return label, flash_attention_kernel, signature, {"D": d, "CAUSAL": causal, "TMA": tma} | config, options


def _check(q: object, k: object, v: object, causal: object, sm_scale: float | None, out: object) -> float:
    check_tensor("q", q, dtype=DTYPES, shape=(None, None, None, None))
    batch, heads, s_q, d = q.shape
    require(d in HEAD_SIZES, "q.shape[3]", d, "be 64 or 128")
    fits = batch * heads <= MAX_HEADS
    require(fits, "q.shape[0] * q.shape[1]", batch * heads, f"be at most {MAX_HEADS}")
    check_tensor("k", k, dtype=q.dtype, shape=(batch, heads, None, d), device=q.device)
    check_tensor("v", v, dtype=q.dtype, shape=tuple(k.shape), device=q.device)
    require(k.shape[2] > 0, "k.shape[2]", k.shape[2], "be at least 1")
    tensors = {"q": q, "k": k, "v": v}
    if out is not None:
        check_tensor("out", out, dtype=q.dtype, shape=tuple(q.shape), device=q.device)
        tensors["out"] = out
    for name, tensor in tensors.items():
        require(tensor.is_contiguous(), name, f"strides {tuple(tensor.stride())}", "be contiguous")
        require(tensor.shape[0] * tensor.shape[1] * tensor.shape[2] < 2**31, name, list(tensor.shape),
                "have less than 2**31 rows")  # fmt: skip
    check_bool("causal", causal)
    scale = check_number("sm_scale", d**-0.5 if sm_scale is None else sm_scale)
    require(scale > 0, "sm_scale", scale, "be positive")
    return scale


def launch(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, out: torch.Tensor, lse: torch.Tensor, scale: float,
    causal: bool, config: dict[str, int | bool], warm_up: bool = False,
) -> None:  # fmt: skip
    """Run the kernel with one configuration on checked tensors; with `warm_up`, only compile it."""
    batch, heads, s_q, d = q.shape
    s_kv = k.shape[2]
    aligned = all(tensor.data_ptr() % 16 == 0 for tensor in (q, k, v))
    tma = aligned and s_kv % config["BLOCK_N"] == 0 and capability_of(q.device) >= 90
    sources = [q, k, v]
    if tma:
        rows = (config["BLOCK_M"], config["BLOCK_N"], config["BLOCK_N"])
        sources = [TensorDescriptor.from_tensor(x.view(-1, d), [n, d]) for x, n in zip(sources, rows, strict=True)]
    grid = (triton.cdiv(s_q, config["BLOCK_M"]), batch * heads)
    arguments = (*sources, out, lse, s_q, s_kv, scale * LOG2_E)
    constants = {"D": d, "CAUSAL": causal, "TMA": tma} | config
    if warm_up:
        flash_attention_kernel.warmup(*arguments, grid=grid, **constants)
    else:
        flash_attention_kernel[grid](*arguments, **constants)


def flash_attention_reference(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, scale: float, causal: bool, dtype: torch.dtype = torch.float64
) -> tuple[torch.Tensor, torch.Tensor]:
    """The definition in plain torch operations.

    Args:
        q: [b, h, s_q, d], any float dtype.
        k, v: [b, h, s_kv, d].
        scale: factor on q.k.
        causal: query i sees keys 0 to i only.
        dtype: what to calculate in (float64, or float32).

    Returns:
        (out, lse), in `dtype`: out [b, h, s_q, d]; lse [b, h, s_q], natural logarithm of the sum of exp(q.k * scale).
    """
    scores = torch.matmul(q.to(dtype), k.to(dtype).transpose(-1, -2)) * scale
    if causal:
        keys, queries = torch.arange(k.shape[2], device=q.device), torch.arange(q.shape[2], device=q.device)
        scores = scores.masked_fill(keys > queries[:, None], -math.inf)
    lse = scores.logsumexp(-1)
    return torch.matmul((scores - lse[..., None]).exp(), v.to(dtype)), lse


def flash_attention(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    *,
    causal: bool = False,
    sm_scale: float | None = None,
    out: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attention of every query over all keys, or over those at its own position and before. Forward only: the results
    have no gradient.

    On CPU tensors this calculates in plain torch operations, or with TRITON_INTERPRET=1 runs the kernel itself in
    Triton's interpreter.

    Args:
        q: [b, h, s_q, d], bfloat16 or float16; d 64 or 128, b * h at most 65535.
        k, v: [b, h, s_kv, d], dtype of q; s_kv at least 1.
        causal: query i sees keys 0 to i only.
        sm_scale: positive factor on q.k; d ** -0.5 by default.
        out: where to write out, shape and dtype of q; memory of its own, not that of q, k or v.
        All tensors are contiguous and lie on one device.

    Returns:
        (out, lse): out [b, h, s_q, d], dtype of q; lse [b, h, s_q], float32, natural logarithm of the sum of
        exp(q.k * sm_scale).

    Raises:
        TypeError: a tensor has another dtype, causal is no bool, sm_scale no number.
        ValueError: a shape, stride, device or scale that is not supported.
    """
    scale = _check(q, k, v, causal, sm_scale, out)
    out = torch.empty_like(q) if out is None else out
    lse = torch.empty(q.shape[:3], dtype=torch.float32, device=q.device)
    if q.numel() == 0:
        return out, lse
    if runs_kernels("q", q):
        config = configurations(q.shape[3], causal, capability_of(q.device), k.shape[2])[0]
        with on_device_of(q):
            launch(q, k, v, out, lse, scale, causal, config)
    else:
        with plain_torch(q):
            results = flash_attention_reference(q, k, v, scale, causal, torch.float32)
            for destination, result in zip((out, lse), results):
                destination.copy_(result)
    return out, lse
