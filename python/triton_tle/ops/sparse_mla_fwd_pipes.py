"""Sparse-MLA prefill forward in four partitions that pipes connect.

A work item is one query token and 64 of its heads. `load` gathers K in tiles of 64 keys, in two column blocks;
`score` multiplies Q K^T, keeps the online softmax and hands on P and what the sums so far must be scaled by; `add_left`
and `add_right` each hold half of the columns of the output. The first 512 columns of K are V.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import triton
import triton.language as tl

import triton_tle.language as tle

BLOCK_H = 64
BLOCK_K = 64
LOG2_E = 1.4426950408889634


@triton.jit
def gather(pointers, tile, mask, WIDTH: tl.constexpr):
    """Start copying WIDTH columns into `tile`, 64 at a time: a thread then knows few rows."""
    columns = tl.arange(0, 64)
    for piece in tl.static_range(WIDTH // 64):
        tle.gpu.async_copy(pointers + (piece * 64 + columns)[None, :], tile.slice(piece * 64, 64, 1), mask=mask)


@triton.jit
def load_indices(indices_ptr, item, tile, topk, head_blocks, BLOCK_K: tl.constexpr):
    """Indices of the keys of a tile of a work item; -1 beyond the last one."""
    position = tile * BLOCK_K + tl.arange(0, BLOCK_K)
    row = indices_ptr + tl.cast(item // head_blocks, tl.int64) * topk
    return tl.load(row + position, mask=position < topk, other=-1)


@triton.jit
def load(
    queries, left, right, q_ptr, kv_ptr, indices_ptr, items, s_kv, topk, head_blocks, BLOCK_H: tl.constexpr,
    BLOCK_K: tl.constexpr
):  # fmt: skip
    """Gather Q and the tiles of K."""
    tiles = tl.cdiv(topk, BLOCK_K)
    programs = tl.num_programs(0)
    count = 0
    done = 0
    index = load_indices(indices_ptr, tl.program_id(0), 0, topk, head_blocks, BLOCK_K)
    for item in range(tl.program_id(0), items, programs):
        for tile in range(tiles):
            is_last = tile + 1 == tiles
            next_item = tl.where(is_last, tl.minimum(item + programs, items - 1), item)
            next_tile = tl.where(is_last, 0, tile + 1)
            valid = (index >= 0) & (index < s_kv)
            rows = kv_ptr + tl.where(valid, index, 0).to(tl.int64)[:, None] * 576
            next_index = load_indices(indices_ptr, next_item, next_tile, topk, head_blocks, BLOCK_K)
            slot = left.acquire(count)
            gather(rows, slot.k, valid[:, None], 256)
            left.commit(count)
            slot = right.acquire(count)
            gather(rows + 256, slot.k, valid[:, None], 256)
            gather(rows + 512, slot.rope, valid[:, None], 64)
            slot.bias.store(tl.where(valid, 0.0, float("-inf")))
            right.commit(count)
            if tile == 0:
                q_rows = q_ptr + (tl.cast(item, tl.int64) * BLOCK_H + tl.arange(0, BLOCK_H))[:, None] * 576
                q = queries.acquire(done)
                gather(q_rows, q.left, None, 256)
                gather(q_rows + 256, q.right, None, 256)
                gather(q_rows + 512, q.rope, None, 64)
                queries.commit(done)
            index = next_index
            count += 1
        done += 1


@triton.jit
def score(
    queries, left, right, scales, weights, sums, lse_ptr, items, topk, scale_log2, BLOCK_H: tl.constexpr,
    BLOCK_K: tl.constexpr
):  # fmt: skip
    """Scores and online softmax: hands on each tile's P, its scale before it, and in the end the sums."""
    LN2: tl.constexpr = 0.6931471805599453
    tiles = tl.cdiv(topk, BLOCK_K)
    count = 0
    done = 0
    for item in range(tl.program_id(0), items, tl.num_programs(0)):
        row_max = tl.full([BLOCK_H], -1e30, tl.float32)
        row_sum = tl.zeros([BLOCK_H], tl.float32)
        q = queries.wait(done)
        for _tile in range(tiles):
            k = left.wait(count)
            s = tl.dot(q.left.load(), k.k.T.load())
            k = right.wait(count)
            s = tl.dot(q.right.load(), k.k.T.load(), s)
            s = tl.dot(q.rope.load(), k.rope.T.load(), s)
            s = s * scale_log2 + k.bias.load()[None, :]
            left.release(count)
            right.release(count)
            new_max = tl.maximum(row_max, tl.max(s, 1))
            scale = tl.exp2(row_max - new_max)
            out = scales.acquire(count)
            out.scale.store(scale)
            scales.commit(count)
            p = tl.exp2(s - new_max[:, None])
            out = weights.acquire(count)
            out.p.store(p.to(tl.bfloat16))
            weights.commit(count)
            row_sum = row_sum * scale + tl.sum(p, 1)
            row_max = new_max
            count += 1
        queries.release(done)
        some = row_sum > 0
        out = sums.acquire(done)
        out.factor.store(tl.where(some, 1.0 / row_sum, 0.0))
        sums.commit(done)
        lse = tl.where(some, (row_max + tl.log2(row_sum)) * LN2, float("inf"))
        tl.store(lse_ptr + item * BLOCK_H + tl.arange(0, BLOCK_H), lse)
        done += 1


@triton.jit
def add(
    values, scales, weights, sums, out_ptr, items, topk, COLUMN: tl.constexpr, BLOCK_H: tl.constexpr,
    BLOCK_K: tl.constexpr
):  # fmt: skip
    """Columns [COLUMN, COLUMN + 256) of the output."""
    tiles = tl.cdiv(topk, BLOCK_K)
    columns = COLUMN + tl.arange(0, 256)
    count = 0
    done = 0
    for item in range(tl.program_id(0), items, tl.num_programs(0)):
        acc = tl.zeros([BLOCK_H, 256], tl.float32)
        for tile in range(tiles):
            scale = scales.wait(count)
            acc = acc * scale.scale.load()[:, None]
            scales.release(count)
            v = values.wait(count)
            p = weights.wait(count)
            acc = tl.dot(p.p.load(), v.k.load(), acc)
            weights.release(count)
            if tile + 1 < tiles:
                values.release(count)
            count += 1
        # The last tile's slot is this partition's alone now: the output goes through it, to be stored by whole rows.
        factor = sums.wait(done)
        last = values.wait(count - 1)
        last.k.store((acc * factor.factor.load()[:, None]).to(tl.bfloat16))
        sums.release(done)
        tle.gpu.barrier()
        rows = tl.cast(item, tl.int64) * BLOCK_H + tl.arange(0, BLOCK_H)
        tl.store(out_ptr + rows[:, None] * 512 + columns[None, :], last.k.load())
        values.release(count - 1)
        done += 1


@triton.jit(do_not_specialize=["s_kv", "items"])
def sparse_mla_fwd_pipes_kernel(
    q_ptr,
    kv_ptr,
    indices_ptr,
    out_ptr,
    lse_ptr,
    items,
    s_kv,
    topk,
    head_blocks,
    scale_log2,
    BLOCK_H: tl.constexpr,
    BLOCK_K: tl.constexpr,
    ADD_REGISTERS: tl.constexpr,
    SCORE_REGISTERS: tl.constexpr,
    LOAD_REGISTERS: tl.constexpr,
):
    """Attention of `items` blocks of heads, in turn."""
    queries = tle.pipe(
        left=tle.gpu.alloc([1, BLOCK_H, 256], tl.bfloat16),
        right=tle.gpu.alloc([1, BLOCK_H, 256], tl.bfloat16),
        rope=tle.gpu.alloc([1, BLOCK_H, 64], tl.bfloat16),
        name="queries",
    )
    left = tle.pipe(k=tle.gpu.alloc([2, BLOCK_K, 256], tl.bfloat16), readers=("score", "add"), name="left")
    right = tle.pipe(
        k=tle.gpu.alloc([2, BLOCK_K, 256], tl.bfloat16),
        rope=tle.gpu.alloc([2, BLOCK_K, 64], tl.bfloat16),
        bias=tle.gpu.alloc([2, BLOCK_K], tl.float32, layout=tle.gpu.swizzled_shared_layout(order=(0,))),
        readers=("score", "add"),
        name="right",
    )
    vector: tl.constexpr = tle.gpu.swizzled_shared_layout(order=(0,))
    both: tl.constexpr = ("left", "right")
    scales = tle.pipe(scale=tle.gpu.alloc([2, BLOCK_H], tl.float32, layout=vector), readers=both, name="scales")
    weights = tle.pipe(p=tle.gpu.alloc([1, BLOCK_H, BLOCK_K], tl.bfloat16), readers=both, name="weights")
    sums = tle.pipe(factor=tle.gpu.alloc([1, BLOCK_H], tl.float32, layout=vector), readers=both, name="sums")
    tle.gpu.warp_specialize(
        [
            (
                add,
                (
                    left.reader("add"), scales.reader("left"), weights.reader("left"), sums.reader("left"), out_ptr,
                    items, topk, 0, BLOCK_H, BLOCK_K
                ),
            ),
            (
                add,
                (
                    right.reader("add", ("k",)), scales.reader("right"), weights.reader("right"), sums.reader("right"),
                    out_ptr, items, topk, 256, BLOCK_H, BLOCK_K
                ),
            ),
            (
                score,
                (
                    queries.reader(), left.reader("score"), right.reader("score"), scales.writer(), weights.writer(),
                    sums.writer(), lse_ptr, items, topk, scale_log2, BLOCK_H, BLOCK_K
                ),
            ),
            (
                load,
                (
                    queries.writer(), left.writer(), right.writer(), q_ptr, kv_ptr, indices_ptr, items, s_kv, topk,
                    head_blocks, BLOCK_H, BLOCK_K
                ),
            ),
        ],
        [4, 4, 4],
        [ADD_REGISTERS, SCORE_REGISTERS, LOAD_REGISTERS],
    )  # fmt: skip


CONFIG = {"BLOCK_H": BLOCK_H, "BLOCK_K": BLOCK_K, "ADD_REGISTERS": 160, "SCORE_REGISTERS": 152, "LOAD_REGISTERS": 40}


def variants(arch: str) -> Iterator[tuple[str, object, dict[str, str], dict[str, object], dict[str, int]]]:
    """What the resource report compiles: (label, kernel, signature, constexprs, launch options).

    `arch` is not looked at: the kernel needs sm_90.
    """
    pointers = dict.fromkeys(("q_ptr", "kv_ptr", "out_ptr"), "*bf16:16")
    pointers |= {"indices_ptr": "*i32:16", "lse_ptr": "*fp32:16"}
    sizes = {"items": "i32", "s_kv": "i32", "topk": "i32:16", "head_blocks": "i32", "scale_log2": "fp32"}
    yield "d_qk 576", sparse_mla_fwd_pipes_kernel, pointers | sizes, CONFIG, {"num_warps": 4}


def sparse_mla_fwd_pipes(
    q: torch.Tensor, kv: torch.Tensor, indices: torch.Tensor, sm_scale: float, programs: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attention of each query token to its own list of keys.

    Args:
        q: [s_q, h_q, 576] bf16, contiguous, h_q a multiple of 64.
        kv: [s_kv, 576] bf16, contiguous; V is its first 512 columns.
        indices: [s_q, topk] int32, contiguous; an index outside of [0, s_kv) is no key.
        sm_scale: what scores are multiplied by.
        programs: number of programs launched, one a multiprocessor.

    Returns:
        out [s_q, h_q, 512] bf16 and lse [s_q, h_q] fp32, natural logarithm, inf for a token without keys.

    Raises:
        ValueError: a shape breaks a rule above.
    """
    s_q, h_q, d_qk = q.shape
    if d_qk != 576 or kv.shape[-1] != 576:
        raise ValueError(f"sparse_mla_fwd_pipes: q has {d_qk} and kv {kv.shape[-1]} columns, but both must have 576")
    if h_q % BLOCK_H:
        raise ValueError(f"sparse_mla_fwd_pipes: h_q is {h_q}, but must be a multiple of {BLOCK_H}")
    if not (q.is_contiguous() and kv.is_contiguous() and indices.is_contiguous()):
        raise ValueError("sparse_mla_fwd_pipes: q, kv and indices must be contiguous")
    out = torch.empty(s_q, h_q, 512, dtype=torch.bfloat16, device=q.device)
    lse = torch.empty(s_q, h_q, dtype=torch.float32, device=q.device)
    items = s_q * (h_q // BLOCK_H)
    sparse_mla_fwd_pipes_kernel[(min(programs, items),)](
        q, kv, indices, out, lse, items, kv.shape[0], indices.shape[1], h_q // BLOCK_H, sm_scale * LOG2_E,
        **CONFIG, num_warps=4,
    )  # fmt: skip
    return out, lse
