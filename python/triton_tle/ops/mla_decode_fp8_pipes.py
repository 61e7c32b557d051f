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
from ._launches import wait_for_predecessor
from .fp8_cache import BYTES_PER_TOKEN
from .mla_decode_fp8 import dequantize, halves, side_by_side

# q is divided by this, so that what bfloat16 holds up to 2**20 lies in float16's range
Q_RANGE = tl.constexpr(16.0)
# What the reference of exponents may lie below the running maximum, in powers of two. P reaches 2**TOLERANCE.
TOLERANCE = 8.0
ONE_BITS = tl.constexpr(0x3F800000)  # of the float32 1.0


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
def place_anew(item, rows, head_blocks, ASM: tl.constexpr):
    """(split, query token, block of heads) of a work item, behind its loop: calculated once more rather than kept."""
    if ASM:
        item = tl.inline_asm_elementwise("mov.b32 $0, $1;", "=r,r", [item], dtype=tl.int32, is_pure=False, pack=1)
    return item // rows, (item % rows) // head_blocks, item % head_blocks


@triton.jit
def split_scales(scales):
    """Scales [N, 32], the four of a row eight times, as four tensors [N, 32] of one each: none leaves its thread."""
    rows: tl.constexpr = scales.shape[0]
    even, odd = tl.split(tl.reshape(scales, [rows, 8, 2, 2]))
    scale0, scale2 = tl.split(even)
    scale1, scale3 = tl.split(odd)
    return spread(scale0), spread(scale1), spread(scale2), spread(scale3)


@triton.jit
def spread(scale):
    """Each value of [N, 8] four times in turn."""
    return tl.reshape(tl.broadcast_to(scale[:, :, None], [scale.shape[0], 8, 4]), [scale.shape[0], 32])


@triton.jit
def convert(words, scale, ASM: tl.constexpr):
    """e4m3 codes in words [N, C], least significant first, times `scale` as float16, [N, 4 C]."""
    if ASM:
        half = scale.to(tl.float16).to(tl.int16, bitcast=True).to(tl.uint16).to(tl.uint32)
        c0, c1, c2, c3 = tl.inline_asm_elementwise(
            """
            {
            .reg .b16 low, high;
            .reg .b32 first, second;
            mov.b32 {low, high}, $4;
            cvt.rn.f16x2.e4m3x2 first, low;
            cvt.rn.f16x2.e4m3x2 second, high;
            mul.f16x2 first, first, $5;
            mul.f16x2 second, second, $5;
            mov.b32 {$0, $1}, first;
            mov.b32 {$2, $3}, second;
            }
            """,
            "=h,=h,=h,=h,r,r",
            [words, half << 16 | half],
            dtype=(tl.float16, tl.float16, tl.float16, tl.float16),
            is_pure=True,
            pack=1,
        )
    else:
        c0 = dequantize(words.to(tl.uint8), scale, True)
        c1 = dequantize((words >> 8).to(tl.uint8), scale, True)
        c2 = dequantize((words >> 16).to(tl.uint8), scale, True)
        c3 = dequantize((words >> 24).to(tl.uint8), scale, True)
    return tl.reshape(tl.join(tl.join(c0, c2), tl.join(c1, c3)), [words.shape[0], 4 * words.shape[1]])


@triton.jit
def load_half(half, tiles, index, own, extra, PAGE: tl.constexpr, STRIDE: tl.constexpr, EXTRA_PAGE: tl.constexpr,
    EXTRA_STRIDE: tl.constexpr, HAS_EXTRA: tl.constexpr,
):  # fmt: skip
    """Cache rows of half a tile: codes of four groups and rotary columns in words, [32, 32] each, and scales."""
    rows, valid = half_rows(half, tiles, index, own, extra, PAGE, STRIDE, EXTRA_PAGE, EXTRA_STRIDE, HAS_EXTRA)
    rows = rows.to(tl.pointer_type(tl.int32), bitcast=True)
    words = rows + tl.arange(0, 32)[None, :]
    codes0 = tl.load(words, mask=valid, other=0)
    codes1 = tl.load(words + 32, mask=valid, other=0)
    codes2 = tl.load(words + 64, mask=valid, other=0)
    codes3 = tl.load(words + 96, mask=valid, other=0)
    rope = tl.load(words + 132, mask=valid, other=0)
    scales = (rows + 128).to(tl.pointer_type(tl.float32), bitcast=True) + (tl.arange(0, 32) % 4)[None, :]
    return codes0, codes1, codes2, codes3, rope, tl.load(scales, mask=valid, other=0.0)


@triton.jit
def half_entries(half, tiles, last, own, extra, HAS_EXTRA: tl.constexpr, BLOCK_N: tl.constexpr):
    """Entries of half a tile; from tile `last` on they are no keys."""
    tile = half // 2
    beyond, number, found = parts.list_of(tile, tiles, own, extra, HAS_EXTRA)
    end = tl.where(tile < last, found[1], 0)
    index, valid = parts.load_indices(
        found[0], number * BLOCK_N + half % 2 * (BLOCK_N // 2), end, found[2], BLOCK_N // 2
    )
    return index


@triton.jit
def half_rows(
    half, tiles, index, own, extra, PAGE: tl.constexpr, STRIDE: tl.constexpr, EXTRA_PAGE: tl.constexpr,
    EXTRA_STRIDE: tl.constexpr, HAS_EXTRA: tl.constexpr,
):  # fmt: skip
    """Where the rows of half a tile's keys begin, and which of them are keys, columns."""
    rows = parts.row_pointers(
        half // 2, tiles, index, own, extra, PAGE, STRIDE // 16, EXTRA_PAGE, EXTRA_STRIDE // 16, HAS_EXTRA
    )
    beyond, number, found = parts.list_of(half // 2, tiles, own, extra, HAS_EXTRA)
    return rows, ((index >= 0) & (index < found[2]))[:, None]


@triton.jit
def exchange_half(
    slot, PART: tl.constexpr, bias, codes0, codes1, codes2, codes3, rope, scales, rows, valid, ASM: tl.constexpr
):
    """Convert half a tile into a slot and load what begins at `rows`, as `load_half` does: codes of a group of columns
    are loaded as soon as those before them are converted."""
    ROWS: tl.constexpr = bias.shape[0]
    rows = rows.to(tl.pointer_type(tl.int32), bitcast=True)
    words = rows + tl.arange(0, 32)[None, :]
    scale0, scale1, scale2, scale3 = split_scales(scales)
    scales = (rows + 128).to(tl.pointer_type(tl.float32), bitcast=True) + (tl.arange(0, 32) % 4)[None, :]
    scales = tl.load(scales, mask=valid, other=0.0)
    first0, second0 = halves(convert(codes0, scale0, ASM))
    codes0 = tl.load(words, mask=valid, other=0)
    first1, second1 = halves(convert(codes1, scale1, ASM))
    codes1 = tl.load(words + 32, mask=valid, other=0)
    first2, second2 = halves(convert(codes2, scale2, ASM))
    codes2 = tl.load(words + 64, mask=valid, other=0)
    first3, second3 = halves(convert(codes3, scale3, ASM))
    codes3 = tl.load(words + 96, mask=valid, other=0)
    slot.first.slice(PART * ROWS, ROWS).store(side_by_side(first0, first1, first2, first3))
    slot.second.slice(PART * ROWS, ROWS).store(side_by_side(second0, second1, second2, second3))
    low = rope.to(tl.uint16).to(tl.bfloat16, bitcast=True)
    high = (rope >> 16).to(tl.uint16).to(tl.bfloat16, bitcast=True)
    slot.rope.slice(PART * ROWS, ROWS).store(tl.reshape(tl.join(low, high), [ROWS, 64]))
    rope = tl.load(words + 132, mask=valid, other=0)
    slot.bias.slice(PART * ROWS, ROWS).store(bias)
    return codes0, codes1, codes2, codes3, rope, scales


@triton.jit
def load(
    keys, cache_ptr, indices_ptr, length_ptr, extra_cache_ptr, extra_indices_ptr, extra_length_ptr, items, tokens,
    topk, extra_tokens, extra_topk, rows, s_q, head_blocks, splits, stride_ib, stride_is, stride_eb, stride_es,
    block_stride, extra_block_stride, STRIDE: tl.constexpr, EXTRA_STRIDE: tl.constexpr, PAGE: tl.constexpr,
    EXTRA_PAGE: tl.constexpr, HAS_LENGTH: tl.constexpr, HAS_EXTRA: tl.constexpr, HAS_EXTRA_LENGTH: tl.constexpr,
    BLOCK_N: tl.constexpr, ASM: tl.constexpr,
):  # fmt: skip
    """Gather and convert the tiles of keys by halves: one takes the registers of the other group by group."""
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
        index = half_entries(2 * first, tiles, last, own, extra, HAS_EXTRA, BLOCK_N)
        next_index = half_entries(2 * first + 1, tiles, last, own, extra, HAS_EXTRA, BLOCK_N)
        codes0, codes1, codes2, codes3, rope, scales = load_half(
            2 * first, tiles, index, own, extra, PAGE, STRIDE, EXTRA_PAGE, EXTRA_STRIDE, HAS_EXTRA
        )
        for turn in range(tl.maximum(last - first, 1)):
            slot = keys.acquire(count)
            for part in tl.static_range(2):
                half = 2 * (first + turn) + part
                beyond, number, found = parts.list_of(half // 2, tiles, own, extra, HAS_EXTRA)
                bias = tl.where((index >= 0) & (index < found[2]), 0.0, float("-inf"))
                index = next_index
                far, valid = half_rows(
                    half + 1, tiles, index, own, extra, PAGE, STRIDE, EXTRA_PAGE, EXTRA_STRIDE, HAS_EXTRA
                )
                codes0, codes1, codes2, codes3, rope, scales = exchange_half(
                    slot, part, bias, codes0, codes1, codes2, codes3, rope, scales, far, valid, ASM
                )
                next_index = half_entries(half + 2, tiles, last, own, extra, HAS_EXTRA, BLOCK_N)
            keys.commit(count)
            count += 1


@triton.jit
def load_q(rows, mask, PIECE: tl.constexpr):
    """64 latent columns of q: those of group PIECE // 2 that go to one half of the tile."""
    runs = tl.arange(0, 64) // 8 * 16 + tl.arange(0, 64) % 8
    return tl.load(rows + (PIECE // 2 * 128 + PIECE % 2 * 8 + runs)[None, :], mask=mask, other=0.0)


@triton.jit
def store_q(half, piece, PIECE: tl.constexpr, factor):
    """Store what `load_q` gave into its half."""
    half.slice(PIECE // 2 * 64, 64, 1).store((piece.to(tl.float32) * factor).to(tl.float16))


@triton.jit
def score(
    keys, scales, weights, sums, q_first, q_second, q_rope, q_ptr, length_ptr, extra_length_ptr, sink_ptr, lse_ptr,
    items, topk, extra_topk, rows, s_q, h_q, head_blocks, splits, scale_log2, stride_qb, stride_qs, stride_qh,
    HAS_LENGTH: tl.constexpr, HAS_EXTRA: tl.constexpr, HAS_EXTRA_LENGTH: tl.constexpr, HAS_SINK: tl.constexpr,
    SINGLE: tl.constexpr, BLOCK_H: tl.constexpr, BLOCK_N: tl.constexpr, TOLERANCE: tl.constexpr,
    ASM: tl.constexpr,
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
        factor = tl.where(scale_log2 < 0, -1.0 / Q_RANGE, 1.0 / Q_RANGE)  # so that scores want a positive one
        q_rows = q_row + heads.to(tl.int64)[:, None] * stride_qh
        # One piece of 64 columns is on its way while another is stored
        piece0 = load_q(q_rows, here, 0)
        piece1 = load_q(q_rows, here, 1)
        store_q(q_first, piece0, 0, factor)
        piece0 = load_q(q_rows, here, 2)
        store_q(q_second, piece1, 1, factor)
        piece1 = load_q(q_rows, here, 3)
        store_q(q_first, piece0, 2, factor)
        piece0 = load_q(q_rows, here, 4)
        store_q(q_second, piece1, 3, factor)
        piece1 = load_q(q_rows, here, 5)
        store_q(q_first, piece0, 4, factor)
        piece0 = load_q(q_rows, here, 6)
        store_q(q_second, piece1, 5, factor)
        piece1 = load_q(q_rows, here, 7)
        store_q(q_first, piece0, 6, factor)
        rope = tl.load(q_rows + 512 + tl.arange(0, 64)[None, :], mask=here, other=0.0)
        store_q(q_second, piece1, 7, factor)
        q_rope.store((rope.to(tl.float32) * factor).to(tl.bfloat16))
        # Not behind the loop, where ptxas has no registers left for the slot's address and puts scalars on the stack
        factors = sums.acquire(done)
        reference = tl.full([BLOCK_H], -1e30, tl.float32)  # finite, so that a tile without any key gives no NaN
        # Eight sums a row, each of columns that one thread holds: threads meet at the end of the item only
        row_sums = tl.zeros([BLOCK_H, 8], tl.float32)
        to_log2 = tl.abs(scale_log2) * Q_RANGE
        for _turn in range(tl.maximum(last - first, 1)):
            k = keys.wait(count)
            s = tl.dot(q_first.load(), k.first.T.load())
            s = tl.dot(q_second.load(), k.second.T.load(), s)
            s = tl.dot(q_rope.load(), k.rope.T.load(), s)
            # A warp has an instruction for the least of integers; -inf is a negative one
            if tl.min(k.bias.load().to(tl.int32, bitcast=True), 0) < 0:
                s = s + k.bias.load()[None, :]
            keys.release(count)
            largest = tl.max(s, 1) * to_log2
            new = tl.where(largest > reference + TOLERANCE, largest, reference)
            scale = tl.exp2(reference - new)
            out = scales.acquire(count)
            out.scale.store(scale)
            scales.commit(count)
            p = tl.exp2(s * to_log2 - new[:, None])
            out = weights.acquire(count)
            out.p.store(p.to(tl.float16))
            weights.commit(count)
            row_sums = row_sums * scale[:, None] + tl.sum(tl.reshape(p, [BLOCK_H, BLOCK_N // 8, 8]), 1)
            reference = new
            count += 1
        split, token, block = place_anew(item, rows, head_blocks, ASM)
        heads = block * BLOCK_H + tl.arange(0, BLOCK_H)
        row = split.to(tl.int64) * (rows // head_blocks) + token
        factor = parts.finish(
            reference, tl.sum(row_sums, 1), sink_ptr, lse_ptr, token // s_q, token % s_q, s_q, row, heads, h_q,
            HAS_SINK, SINGLE,
        )  # fmt: skip
        factors.factor.store(factor)
        sums.commit(done)
        done += 1


@triton.jit
def store_as_it_lies(pointers, values, mask, ASM: tl.constexpr):
    """Store 2-byte or 4-byte values from the layout that they are in, with neighbours in one thread.

    `tl.store` would have them rearranged into whole rows, for which there is no shared memory left. Without ASM it is
    `tl.store`.
    """
    if ASM:
        rows: tl.constexpr = values.shape[0]
        pairs: tl.constexpr = values.shape[1] // 2
        address, _ = tl.split(tl.reshape(pointers.to(tl.int64), [rows, pairs, 2]))
        low, high = tl.split(tl.reshape(values, [rows, pairs, 2]))
        some = mask.to(tl.int32)
        if values.dtype == tl.float32:
            tl.inline_asm_elementwise(
                """
                {
                .reg .pred some;
                setp.ne.b32 some, $4, 0;
                @some st.global.v2.b32 [$1], {$2, $3};
                mov.b32 $0, 0;
                }
                """,
                "=r,l,r,r,r",
                [address, low, high, some],
                dtype=tl.int32,
                is_pure=False,
                pack=1,
            )
        else:
            tl.inline_asm_elementwise(
                """
                {
                .reg .pred some;
                .reg .b32 both;
                setp.ne.b32 some, $4, 0;
                mov.b32 both, {$2, $3};
                @some st.global.b32 [$1], both;
                mov.b32 $0, 0;
                }
                """,
                "=r,l,h,h,r",
                [address, low, high, some],
                dtype=tl.int32,
                is_pure=False,
                pack=1,
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
            # Positive numbers are in the order of their bits
            if tl.min(scale.scale.load().to(tl.int32, bitcast=True), 0) < ONE_BITS:
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
        split, token, block = place_anew(item, rows, head_blocks, ASM)
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
    ADD_REGISTERS: tl.constexpr, SCORE_REGISTERS: tl.constexpr, LOAD_REGISTERS: tl.constexpr, TOLERANCE: tl.constexpr,
    ASM: tl.constexpr, PDL: tl.constexpr,
):  # fmt: skip
    """Attention of all query tokens over all splits, work items in turn."""
    wait_for_predecessor(PDL)
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
    sums = tle.pipe(factor=tle.gpu.alloc([2, BLOCK_H], tl.float32, layout=vector), readers=both, name="sums")
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
                    HAS_EXTRA_LENGTH, HAS_SINK, SINGLE, BLOCK_H, BLOCK_N, TOLERANCE, ASM,
                ),
            ),
            (
                load,
                (
                    keys.writer(), cache_ptr, indices_ptr, length_ptr, extra_cache_ptr, extra_indices_ptr,
                    extra_length_ptr, items, tokens, topk, extra_tokens, extra_topk, rows, s_q, head_blocks, splits,
                    stride_ib, stride_is, stride_eb, stride_es, block_stride, extra_block_stride, STRIDE,
                    EXTRA_STRIDE, PAGE, EXTRA_PAGE, HAS_LENGTH, HAS_EXTRA, HAS_EXTRA_LENGTH, BLOCK_N, ASM,
                ),
            ),
        ],
        [4, 4, 4],
        [ADD_REGISTERS, SCORE_REGISTERS, LOAD_REGISTERS],
    )  # fmt: skip


_MAIN = {
    "BLOCK_H": 64, "BLOCK_N": 64, "ADD_REGISTERS": 160, "SCORE_REGISTERS": 88, "LOAD_REGISTERS": 104,
    "TOLERANCE": TOLERANCE, "num_warps": 4,
}  # fmt: skip
# Configurations to time against each other, python/test/gpu/explore_mla_decode.py
EXPLORED = {"pipes": _MAIN}


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
