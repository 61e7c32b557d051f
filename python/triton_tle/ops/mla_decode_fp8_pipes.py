"""Split-KV sparse decode over an FP8 cache in four partitions that pipes connect, for Hopper.

A work item is one query token, 64 of its heads and one part of its list of keys; a program takes items in turn. `load`
gathers tiles of 64 keys as bytes into registers and stores them as float16, which takes it as long as the others need
for their products. `score` multiplies Q K^T, keeps the online softmax and hands on P and what the sums so far must be
scaled by. `add` runs twice, each holding half of the columns of the output.

Values, halves of a tile and columns are those of mla_decode_fp8.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import triton
import triton.language as tl

import triton_tle.language as tle

from . import _mla_decode_parts as parts
from .fp8_cache import BYTES_PER_TOKEN
from .mla_decode_fp8 import dequantize, halves

# q is divided by this, so that what bfloat16 holds up to 2**20 lies in float16's range
Q_RANGE = tl.constexpr(16.0)


@triton.jit
def item_work(
    item, topk, length_ptr, extra_topk, extra_length_ptr, rows, s_q, head_blocks, splits, HAS_LENGTH: tl.constexpr,
    HAS_EXTRA: tl.constexpr, HAS_EXTRA_LENGTH: tl.constexpr, BLOCK_N: tl.constexpr,
):  # fmt: skip
    """A work item: (split, query token, its block of heads, entries of both lists, tiles of the first, its own tiles).

    `rows` is query tokens times blocks of heads. There is one tile at least, of no keys if need be.
    """
    split = item // rows
    token = (item % rows) // head_blocks
    batch = token // s_q
    length = parts.list_length(topk, length_ptr, batch, HAS_LENGTH)
    extra_length = 0
    if HAS_EXTRA:
        extra_length = parts.list_length(extra_topk, extra_length_ptr, batch, HAS_EXTRA_LENGTH)
    tiles = tl.cdiv(length, BLOCK_N)
    all_tiles = tiles + tl.cdiv(extra_length, BLOCK_N)
    first = all_tiles * split // splits
    last = all_tiles * (split + 1) // splits
    return split, token, item % head_blocks, length, extra_length, tiles, first, last


@triton.jit
def load_group(rows, mask, GROUP: tl.constexpr):
    """128 e4m3 bytes of each row, and their scales."""
    codes = rows.to(tl.pointer_type(tl.uint8), bitcast=True) + GROUP * 128 + tl.arange(0, 128)[None, :]
    scales = (rows + 256).to(tl.pointer_type(tl.float32), bitcast=True) + GROUP
    return tl.load(codes, mask=mask, other=0), tl.load(scales, mask=mask, other=0.0)


@triton.jit
def store_group(slot, codes, scale, GROUP: tl.constexpr):
    """Convert 128 columns into a slot."""
    first, second = halves(dequantize(codes, scale, True))
    slot.first.slice(GROUP * 64, 64, 1).store(first)
    slot.second.slice(GROUP * 64, 64, 1).store(second)


@triton.jit
def load(
    keys, cache_ptr, indices_ptr, length_ptr, extra_cache_ptr, extra_indices_ptr, extra_length_ptr, items, tokens,
    topk, extra_tokens, extra_topk, rows, s_q, head_blocks, splits, stride_ib, stride_is, stride_eb, stride_es,
    block_stride, extra_block_stride, STRIDE: tl.constexpr, EXTRA_STRIDE: tl.constexpr, PAGE: tl.constexpr,
    EXTRA_PAGE: tl.constexpr, HAS_LENGTH: tl.constexpr, HAS_EXTRA: tl.constexpr, HAS_EXTRA_LENGTH: tl.constexpr,
    BLOCK_N: tl.constexpr,
):  # fmt: skip
    """Gather and convert the tiles of keys; two groups of 128 columns are on their way while a third is converted."""
    count = 0
    for item in range(tl.program_id(0), items, tl.num_programs(0)):
        split, token, block, length, extra_length, tiles, first, last = item_work(
            item, topk, length_ptr, extra_topk, extra_length_ptr, rows, s_q, head_blocks, splits, HAS_LENGTH,
            HAS_EXTRA, HAS_EXTRA_LENGTH, BLOCK_N,
        )  # fmt: skip
        batch = (token // s_q).to(tl.int64)
        query = token % s_q
        own = (indices_ptr + batch * stride_ib + query * stride_is, length, tokens, cache_ptr, block_stride)
        extra = own
        if HAS_EXTRA:
            extra_row = extra_indices_ptr + batch * stride_eb + query * stride_es
            extra = (extra_row, extra_length, extra_tokens, extra_cache_ptr, extra_block_stride)
        next_index, valid = parts.load_entries(first, tiles, last, own, extra, HAS_EXTRA, BLOCK_N)
        for turn in range(tl.maximum(last - first, 1)):
            tile = first + turn
            source = parts.row_pointers(
                tile, tiles, next_index, own, extra, PAGE, STRIDE // 16, EXTRA_PAGE, EXTRA_STRIDE // 16, HAS_EXTRA
            )
            beyond, number, found = parts.list_of(tile, tiles, own, extra, HAS_EXTRA)
            valid = (next_index >= 0) & (next_index < found[2])
            next_index, next_valid = parts.load_entries(tile + 1, tiles, last, own, extra, HAS_EXTRA, BLOCK_N)
            # These are on their way while the slot is still in use. As variables of the loop, bytes would take a
            # register each.
            codes0, scale0 = load_group(source, valid[:, None], 0)
            codes1, scale1 = load_group(source, valid[:, None], 1)
            codes2, scale2 = load_group(source, valid[:, None], 2)
            slot = keys.acquire(count)
            store_group(slot, codes0, scale0, 0)
            codes3, scale3 = load_group(source, valid[:, None], 3)
            slot.bias.store(tl.where(valid, 0.0, float("-inf")))
            store_group(slot, codes1, scale1, 1)
            rope_columns = source + 264 + tl.arange(0, 64)[None, :]
            rope = tl.load(rope_columns.to(tl.pointer_type(tl.bfloat16), bitcast=True), mask=valid[:, None], other=0.0)
            store_group(slot, codes2, scale2, 2)
            store_group(slot, codes3, scale3, 3)
            slot.rope.store(rope)
            keys.commit(count)
            count += 1


@triton.jit
def score(
    keys, scales, weights, sums, q_first, q_second, q_rope, q_ptr, length_ptr, extra_length_ptr, sink_ptr, lse_ptr,
    items, topk, extra_topk, rows, s_q, h_q, head_blocks, splits, scale_log2, stride_qb, stride_qs, stride_qh,
    HAS_LENGTH: tl.constexpr, HAS_EXTRA: tl.constexpr, HAS_EXTRA_LENGTH: tl.constexpr, HAS_SINK: tl.constexpr,
    SINGLE: tl.constexpr, BLOCK_H: tl.constexpr, BLOCK_N: tl.constexpr,
):  # fmt: skip
    """Scores and online softmax: hands on each tile's P, its scale before it, and in the end the sums."""
    count = 0
    done = 0
    for item in range(tl.program_id(0), items, tl.num_programs(0)):
        split, token, block, length, extra_length, tiles, first, last = item_work(
            item, topk, length_ptr, extra_topk, extra_length_ptr, rows, s_q, head_blocks, splits, HAS_LENGTH,
            HAS_EXTRA, HAS_EXTRA_LENGTH, BLOCK_N,
        )  # fmt: skip
        batch = token // s_q
        query = token % s_q
        heads = block * BLOCK_H + tl.arange(0, BLOCK_H)
        here = (heads < h_q)[:, None]
        q_row = q_ptr + batch.to(tl.int64) * stride_qb + query * stride_qs
        q_rows = q_row + heads.to(tl.int64)[:, None] * stride_qh
        runs = tl.arange(0, 64) // 8 * 16 + tl.arange(0, 64) % 8
        for group in tl.static_range(4):
            columns = (group * 128 + runs)[None, :]
            first_half = tl.load(q_rows + columns, mask=here, other=0.0).to(tl.float32)
            second_half = tl.load(q_rows + 8 + columns, mask=here, other=0.0).to(tl.float32)
            q_first.slice(group * 64, 64, 1).store((first_half * (1.0 / Q_RANGE)).to(tl.float16))
            q_second.slice(group * 64, 64, 1).store((second_half * (1.0 / Q_RANGE)).to(tl.float16))
        rope = tl.load(q_rows + 512 + tl.arange(0, 64)[None, :], mask=here, other=0.0)
        q_rope.store((rope.to(tl.float32) * (1.0 / Q_RANGE)).to(tl.bfloat16))
        row_max = tl.full([BLOCK_H], -1e30, tl.float32)  # finite, so that a tile without any key gives no NaN
        row_sum = tl.zeros([BLOCK_H], tl.float32)
        for _turn in range(tl.maximum(last - first, 1)):
            k = keys.wait(count)
            s = tl.dot(q_first.load(), k.first.T.load())
            s = tl.dot(q_second.load(), k.second.T.load(), s)
            s = tl.dot(q_rope.load(), k.rope.T.load(), s)
            s = s * (scale_log2 * Q_RANGE) + k.bias.load()[None, :]
            keys.release(count)
            new_max = tl.maximum(row_max, tl.max(s, 1))
            scale = tl.exp2(row_max - new_max)
            out = scales.acquire(count)
            out.scale.store(scale)
            scales.commit(count)
            p = tl.exp2(s - new_max[:, None])
            out = weights.acquire(count)
            out.p.store(p.to(tl.float16))
            weights.commit(count)
            row_sum = row_sum * scale + tl.sum(p, 1)
            row_max = new_max
            count += 1
        heads = block * BLOCK_H + tl.arange(0, BLOCK_H)
        row = split.to(tl.int64) * (rows // head_blocks) + token
        factor = parts.finish(
            row_max, row_sum, sink_ptr, lse_ptr, batch, query, s_q, row, heads, h_q, HAS_SINK, SINGLE
        )  # fmt: skip
        out = sums.acquire(done)
        out.factor.store(factor)
        sums.commit(done)
        done += 1


@triton.jit
def store_as_it_lies(pointers, values, mask, ASM: tl.constexpr):
    """Store 2-byte or 4-byte values from the layout that they are in; neighbours in a thread, pairs, at once.

    `tl.store` would have them rearranged into whole rows, for which there is no shared memory left. Without ASM it is
    `tl.store`.
    """
    if ASM:
        address = tl.where(mask, pointers.to(tl.int64), 0)
        if values.dtype == tl.float32:
            tl.inline_asm_elementwise(
                """
                {
                .reg .pred some, pair, single;
                .reg .b64 next;
                add.s64 next, $2, 4;
                setp.ne.s64 some, $2, 0;
                setp.eq.and.s64 pair|single, $3, next, some;
                @pair st.global.v2.b32 [$2], {$4, $5};
                and.pred single, single, some;
                @single st.global.b32 [$2], $4;
                @single st.global.b32 [$3], $5;
                mov.b32 $0, 0;
                mov.b32 $1, 0;
                }
                """,
                "=r,=r,l,l,r,r",
                [address, values],
                dtype=tl.int32,
                is_pure=False,
                pack=2,
            )
        else:
            tl.inline_asm_elementwise(
                """
                {
                .reg .pred some, pair, single;
                .reg .b64 next;
                .reg .b16 low, high;
                add.s64 next, $2, 2;
                setp.ne.s64 some, $2, 0;
                setp.eq.and.s64 pair|single, $3, next, some;
                @pair st.global.b32 [$2], $4;
                and.pred single, single, some;
                mov.b32 {low, high}, $4;
                @single st.global.b16 [$2], low;
                @single st.global.b16 [$3], high;
                mov.b32 $0, 0;
                mov.b32 $1, 0;
                }
                """,
                "=r,=r,l,l,r",
                [address, values],
                dtype=tl.int32,
                is_pure=False,
                pack=2,
            )
    else:
        tl.store(pointers, values, mask=mask)


@triton.jit
def add(
    values, scales, weights, sums, length_ptr, extra_length_ptr, out_ptr, items, topk, extra_topk, rows, s_q, h_q,
    head_blocks, splits, COLUMN: tl.constexpr, HAS_LENGTH: tl.constexpr, HAS_EXTRA: tl.constexpr,
    HAS_EXTRA_LENGTH: tl.constexpr, BLOCK_H: tl.constexpr, BLOCK_N: tl.constexpr, ASM: tl.constexpr,
):  # fmt: skip
    """The output's columns of one half of the tiles."""
    count = 0
    done = 0
    for item in range(tl.program_id(0), items, tl.num_programs(0)):
        split, token, block, length, extra_length, tiles, first, last = item_work(
            item, topk, length_ptr, extra_topk, extra_length_ptr, rows, s_q, head_blocks, splits, HAS_LENGTH,
            HAS_EXTRA, HAS_EXTRA_LENGTH, BLOCK_N,
        )  # fmt: skip
        acc = tl.zeros([BLOCK_H, 256], tl.float32)
        for _turn in range(tl.maximum(last - first, 1)):
            scale = scales.wait(count)
            acc = acc * scale.scale.load()[:, None]
            scales.release(count)
            v = values.wait(count)
            p = weights.wait(count)
            if COLUMN == 0:
                acc = tl.dot(p.p.load(), v.first.load(), acc)
            else:
                acc = tl.dot(p.p.load(), v.second.load(), acc)
            weights.release(count)
            values.release(count)
            count += 1
        factor = sums.wait(done)
        acc = acc * factor.factor.load()[:, None]
        sums.release(done)
        row = split.to(tl.int64) * (rows // head_blocks) + token
        heads = block * BLOCK_H + tl.arange(0, BLOCK_H)
        columns = COLUMN + tl.arange(0, 256) // 8 * 16 + tl.arange(0, 256) % 8
        out_rows = out_ptr + (row * h_q + heads)[:, None] * 512
        store_as_it_lies(out_rows + columns[None, :], acc.to(out_ptr.dtype.element_ty), (heads < h_q)[:, None], ASM)
        done += 1


@triton.jit(do_not_specialize=["tokens", "extra_tokens", "h_q", "s_q", "splits", "query_tokens"])
def mla_decode_fp8_pipes_kernel(
    q_ptr, cache_ptr, indices_ptr, length_ptr, extra_cache_ptr, extra_indices_ptr, extra_length_ptr, sink_ptr,
    out_ptr, lse_ptr, tokens, topk, extra_tokens, extra_topk, s_q, h_q, splits, scale_log2,
    stride_qb, stride_qs, stride_qh, stride_ib, stride_is, stride_eb, stride_es, block_stride, extra_block_stride,
    query_tokens,
    STRIDE: tl.constexpr, EXTRA_STRIDE: tl.constexpr, PAGE: tl.constexpr, EXTRA_PAGE: tl.constexpr,
    HAS_LENGTH: tl.constexpr, HAS_EXTRA: tl.constexpr, HAS_EXTRA_LENGTH: tl.constexpr, HAS_SINK: tl.constexpr,
    HAS_ROPE: tl.constexpr, SINGLE: tl.constexpr, BLOCK_H: tl.constexpr, BLOCK_N: tl.constexpr,
    ADD_REGISTERS: tl.constexpr, SCORE_REGISTERS: tl.constexpr, LOAD_REGISTERS: tl.constexpr, ASM: tl.constexpr,
    PDL: tl.constexpr,
):  # fmt: skip
    """Attention of all query tokens over all splits, work items in turn."""
    parts.wait_for_predecessor(PDL)
    head_blocks = tl.cdiv(h_q, BLOCK_H)
    rows = query_tokens * head_blocks
    items = rows * splits
    vector: tl.constexpr = tle.gpu.swizzled_shared_layout(order=(0,))
    both: tl.constexpr = ("left", "right")
    q_first = tle.gpu.alloc([BLOCK_H, 256], tl.float16)
    q_second = tle.gpu.alloc([BLOCK_H, 256], tl.float16)
    q_rope = tle.gpu.alloc([BLOCK_H, 64], tl.bfloat16)
    keys = tle.pipe(
        first=tle.gpu.alloc([2, BLOCK_N, 256], tl.float16),
        second=tle.gpu.alloc([2, BLOCK_N, 256], tl.float16),
        rope=tle.gpu.alloc([2, BLOCK_N, 64], tl.bfloat16),
        bias=tle.gpu.alloc([2, BLOCK_N], tl.float32, layout=vector),
        readers=("score", "left", "right"),
        name="keys",
    )
    scales = tle.pipe(scale=tle.gpu.alloc([2, BLOCK_H], tl.float32, layout=vector), readers=both, name="scales")
    weights = tle.pipe(p=tle.gpu.alloc([1, BLOCK_H, BLOCK_N], tl.float16), readers=both, name="weights")
    sums = tle.pipe(factor=tle.gpu.alloc([1, BLOCK_H], tl.float32, layout=vector), readers=both, name="sums")
    tle.gpu.warp_specialize(
        [
            (
                add,
                (
                    keys.reader("left", ("first",)), scales.reader("left"), weights.reader("left"),
                    sums.reader("left"), length_ptr, extra_length_ptr, out_ptr, items, topk, extra_topk, rows, s_q,
                    h_q, head_blocks, splits, 0, HAS_LENGTH, HAS_EXTRA, HAS_EXTRA_LENGTH, BLOCK_H, BLOCK_N,
                    ASM,
                ),
            ),
            (
                add,
                (
                    keys.reader("right", ("second",)), scales.reader("right"), weights.reader("right"),
                    sums.reader("right"), length_ptr, extra_length_ptr, out_ptr, items, topk, extra_topk, rows, s_q,
                    h_q, head_blocks, splits, 8, HAS_LENGTH, HAS_EXTRA, HAS_EXTRA_LENGTH, BLOCK_H, BLOCK_N,
                    ASM,
                ),
            ),
            (
                score,
                (
                    keys.reader("score"), scales.writer(), weights.writer(), sums.writer(), q_first, q_second, q_rope,
                    q_ptr, length_ptr, extra_length_ptr, sink_ptr, lse_ptr, items, topk, extra_topk, rows, s_q, h_q,
                    head_blocks, splits, scale_log2, stride_qb, stride_qs, stride_qh, HAS_LENGTH, HAS_EXTRA,
                    HAS_EXTRA_LENGTH, HAS_SINK, SINGLE, BLOCK_H, BLOCK_N,
                ),
            ),
            (
                load,
                (
                    keys.writer(), cache_ptr, indices_ptr, length_ptr, extra_cache_ptr, extra_indices_ptr,
                    extra_length_ptr, items, tokens, topk, extra_tokens, extra_topk, rows, s_q, head_blocks, splits,
                    stride_ib, stride_is, stride_eb, stride_es, block_stride, extra_block_stride, STRIDE,
                    EXTRA_STRIDE, PAGE, EXTRA_PAGE, HAS_LENGTH, HAS_EXTRA, HAS_EXTRA_LENGTH, BLOCK_N,
                ),
            ),
        ],
        [4, 4, 4],
        [ADD_REGISTERS, SCORE_REGISTERS, LOAD_REGISTERS],
    )  # fmt: skip


_MAIN = {
    "BLOCK_H": 64, "BLOCK_N": 64, "ADD_REGISTERS": 160, "SCORE_REGISTERS": 80, "LOAD_REGISTERS": 112, "num_warps": 4
}  # fmt: skip
# Configurations to time against each other, python/test/gpu/explore_mla_decode.py
EXPLORED = {
    "pipes": _MAIN,
    "pipes, 88 and 104 registers": _MAIN | {"SCORE_REGISTERS": 88, "LOAD_REGISTERS": 104},
}


def launch_config() -> dict[str, int]:
    """Compile-time sizes and launch options."""
    return dict(_MAIN)


def variants(arch: str) -> Iterator[tuple[str, object, dict[str, str], dict[str, object], dict[str, int]]]:
    """What the resource report compiles: (label, kernel, signature, constexprs, launch options) per variant.

    `arch` is not looked at: the kernel needs sm_90.
    """
    sizes = ("tokens", "topk", "s_q", "h_q", "splits", "extra_tokens", "extra_topk", "query_tokens")
    strides = ("stride_qb", "stride_qs", "stride_qh", "stride_ib", "stride_is", "stride_eb", "stride_es")
    signature = {"q_ptr": "*bf16:16", "cache_ptr": "*i16:16", "indices_ptr": "*i32:16", "lse_ptr": "*fp32:16"}
    signature |= dict.fromkeys(sizes, "i32") | dict.fromkeys(strides, "i32:16") | {"scale_log2": "fp32"}
    signature |= dict.fromkeys(("block_stride", "extra_block_stride"), "i32:16")
    for label, single, extras, page in (
        ("one split", True, False, 0),
        ("splits", False, False, 0),
        ("one split, sink, length, extra", True, True, 64),
    ):
        arguments = signature | {"out_ptr": "*bf16:16" if single else "*fp32:16"}
        constexprs: dict[str, object] = {
            "STRIDE": BYTES_PER_TOKEN, "EXTRA_STRIDE": BYTES_PER_TOKEN, "PAGE": page, "EXTRA_PAGE": page,
            "HAS_LENGTH": extras, "HAS_EXTRA": extras, "HAS_EXTRA_LENGTH": extras, "HAS_SINK": extras and single,
            "HAS_ROPE": True, "SINGLE": single, "ASM": True, "PDL": True,
        }  # fmt: skip
        optional = {
            "length_ptr": "*i32:16", "extra_cache_ptr": "*i16:16", "extra_indices_ptr": "*i32:16",
            "extra_length_ptr": "*i32:16", "sink_ptr": "*fp32:16",
        }  # fmt: skip
        if extras:
            arguments |= optional
        else:
            constexprs |= dict.fromkeys(optional)
        config = launch_config()
        options = {"num_warps": config.pop("num_warps"), "launch_pdl": True}
        yield label, mla_decode_fp8_pipes_kernel, arguments, constexprs | config, options
