"""Pieces shared by the decode kernels: which keys a program handles, and how its results are written."""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def list_length(topk, length_ptr, batch, HAS_LENGTH: tl.constexpr):
    """Entries of a list that count."""
    length = topk
    if HAS_LENGTH:
        length = tl.maximum(tl.minimum(tl.load(length_ptr + batch), topk), 0)
    return length


@triton.jit
def load_indices(indices_row, start, end, tokens, BLOCK_N: tl.constexpr):
    """Entries [start, start + BLOCK_N) of a list and which of them are keys; from `end` on none is."""
    position = start + tl.arange(0, BLOCK_N)
    index = tl.load(indices_row + position, mask=position < end, other=-1)
    return index, (index >= 0) & (index < tokens)


@triton.jit
def list_of(tile, tiles, own, extra, HAS_EXTRA: tl.constexpr):
    """Which list tile number `tile` is of: (whether it is the extra one, its own number there, that list).

    A list is (indices, entries that count, tokens of the cache, cache, stride of its blocks). The first `tiles` tiles
    are of the list `own`, those behind them of `extra`.
    """
    beyond = tile >= tiles
    if HAS_EXTRA:
        tile = tl.where(beyond, tile - tiles, tile)
        own = (
            tl.where(beyond, extra[0], own[0]), tl.where(beyond, extra[1], own[1]), tl.where(beyond, extra[2], own[2]),
            tl.where(beyond, extra[3], own[3]), tl.where(beyond, extra[4], own[4]),
        )  # fmt: skip
    return beyond, tile, own


@triton.jit
def load_entries(tile, tiles, last, own, extra, HAS_EXTRA: tl.constexpr, BLOCK_N: tl.constexpr):
    """Entries of tile number `tile` and which of them are keys; from tile `last` on none is."""
    beyond, number, found = list_of(tile, tiles, own, extra, HAS_EXTRA)
    end = tl.where(tile < last, found[1], 0)
    return load_indices(found[0], number * BLOCK_N, end, found[2], BLOCK_N)


@triton.jit
def row_offsets(index, block_stride, PAGE: tl.constexpr, STRIDE: tl.constexpr):
    """Offsets of cache rows, 64 bits wide. PAGE 0: all rows lie STRIDE apart, whatever their block."""
    if PAGE == 0:
        return index.to(tl.int64)[:, None] * STRIDE
    return (index // PAGE).to(tl.int64)[:, None] * block_stride + (index % PAGE).to(tl.int64)[:, None] * STRIDE


@triton.jit
def row_pointers(
    tile, tiles, index, own, extra, PAGE: tl.constexpr, STRIDE: tl.constexpr, EXTRA_PAGE: tl.constexpr,
    EXTRA_STRIDE: tl.constexpr, HAS_EXTRA: tl.constexpr,
):  # fmt: skip
    """Where the cache rows of a tile's entries begin, a column; strides in 16 bytes, elements of 2."""
    beyond, number, found = list_of(tile, tiles, own, extra, HAS_EXTRA)
    offsets = row_offsets(index, found[4], PAGE, STRIDE)
    if HAS_EXTRA:
        offsets = tl.where(beyond, row_offsets(index, found[4], EXTRA_PAGE, EXTRA_STRIDE), offsets)
    return found[3] + offsets * 8


@triton.jit
def place(program, h_q, s_q, BLOCK_H: tl.constexpr):
    """(query token, its sequence, its position there, heads) of a program."""
    head_blocks = tl.cdiv(h_q, BLOCK_H)
    token = (program // head_blocks).to(tl.int64)
    heads = (program % head_blocks) * BLOCK_H + tl.arange(0, BLOCK_H)
    return token, token // s_q, token % s_q, heads


@triton.jit
def place_anew(h_q, s_q, BLOCK_H: tl.constexpr, ASM: tl.constexpr):
    """`place` calculated once more, behind the loop: shared with what stands in front, it would take registers all
    through the loop."""
    program = tl.program_id(0)
    if ASM:
        program = tl.inline_asm_elementwise("mov.b32 $0, $1;", "=r,r", [program], dtype=tl.int32, is_pure=False, pack=1)
    return place(program, h_q, s_q, BLOCK_H)


@triton.jit
def softmax_step(scores, row_max, p_sum):
    """One tile of the online softmax in base 2: (p, factor for what was summed so far, new maximum, new sums).

    Scores are in base 2, -inf where there is no key.
    """
    new_max = tl.maximum(row_max, tl.max(scores, 1))
    rescale = tl.exp2(row_max - new_max)
    p = tl.exp2(scores - new_max[:, None])
    return p, rescale, new_max, p_sum * rescale[:, None] + p


@triton.jit
def finish(
    row_max, row_sum, sink_ptr, lse_ptr, batch, query, s_q, partial_row, heads, h_q, HAS_SINK: tl.constexpr,
    SINGLE: tl.constexpr,
):  # fmt: skip
    """Write lse; return what the collected output is to be multiplied by.

    SINGLE: lse is final, [b, h_q, s_q], +inf where there was no key, and the sink takes its share. Otherwise it is one
    split's, [splits * b * s_q, h_q], row `partial_row` of it, -inf where there was no key.
    """
    LN2: tl.constexpr = 0.6931471805599453
    LOG2_E: tl.constexpr = 1.4426950408889634
    some = row_sum > 0
    row_sum = tl.where(some, row_sum, 1.0)
    lse = (row_max + tl.log2(row_sum)) * LN2
    denominator = row_sum
    if SINGLE:
        if HAS_SINK:
            sink = tl.load(sink_ptr + heads, mask=heads < h_q, other=0.0)
            denominator += tl.exp2(tl.where(some, sink * LOG2_E - row_max, 0.0))
        row = (batch * h_q + heads) * s_q + query
        tl.store(lse_ptr + row, tl.where(some, lse, float("inf")), mask=heads < h_q)
    else:
        tl.store(lse_ptr + partial_row * h_q + heads, tl.where(some, lse, float("-inf")), mask=heads < h_q)
    return tl.where(some, 1.0 / denominator, 0.0)
