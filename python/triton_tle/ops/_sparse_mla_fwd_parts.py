"""What the kernels of the sparse-MLA forward share: the work of a program, the gather, the normalization."""

from __future__ import annotations

import triton
import triton.language as tl

import triton_tle.language as tle


@triton.jit
def work_item(
    indices_ptr,
    length_ptr,
    order_ptr,
    s_kv,
    topk,
    h_q,
    causal_start,
    stride_is,
    HAS_LENGTH: tl.constexpr,
    CAUSAL: tl.constexpr,
    BLOCK_H: tl.constexpr,
    item=None,
):
    """Of an item, the program's own if None: (query token, heads [BLOCK_H], row of indices, entries in it, first index
    that is no key)."""
    if item is None:
        item = tl.program_id(0)
    head_blocks = tl.cdiv(h_q, BLOCK_H)
    place = item // head_blocks
    token = place
    if order_ptr is not None:
        token = tl.load(order_ptr + place)
    token = token.to(tl.int64)
    heads = (item % head_blocks) * BLOCK_H + tl.arange(0, BLOCK_H)
    length = topk
    if HAS_LENGTH:
        length = tl.minimum(tl.load(length_ptr + place), topk)  # beside the load of the token, not behind it
    limit = s_kv
    if CAUSAL:
        limit = tl.minimum(s_kv, causal_start + token + 1).to(tl.int32)
    return token, heads, indices_ptr + token * stride_is, length, limit


@triton.jit
def load_indices(indices_row, start, length, BLOCK_K: tl.constexpr):
    """Entries [start, start + BLOCK_K) of a row of indices; -1 from `length` on."""
    position = start + tl.arange(0, BLOCK_K)
    return tl.load(indices_row + position, mask=position < length, other=-1)


@triton.jit
def stage(pointers, tile, valid, PIECES: tl.constexpr):
    """Gather rows into a shared-memory tile, PIECES column blocks in turn; rows that are not valid become 0.

    They must: their scores are masked, but P's zeros would meet a NaN in V.
    """
    if PIECES == 1:
        columns = tl.arange(0, tile.shape[1])
        tl.store(tle.gpu.local_ptr(tile), tl.load(pointers + columns[None, :], mask=valid, other=0.0))
    else:
        WIDTH: tl.constexpr = tile.shape[1] // PIECES
        for piece in tl.static_range(PIECES):
            columns = piece * WIDTH + tl.arange(0, WIDTH)
            part = tl.load(pointers + columns[None, :], mask=valid, other=0.0)
            tl.store(tle.gpu.local_ptr(tile.slice(piece * WIDTH, WIDTH, 1)), part)


@triton.jit
def finish(
    exp_sum, reference, maximum, sink_ptr, max_logits_ptr, lse_ptr, token, heads, head_ok, h_q, HAS_SINK: tl.constexpr
):
    """Store max_logits and lse of each head; return the factor [BLOCK_H] that makes the accumulator the output.

    exp_sum: sum of exp2(score - reference), 0 without any key; maximum: of the scores. Both in powers of two.
    """
    LN2: tl.constexpr = 0.6931471805599453
    LOG2_E: tl.constexpr = 1.4426950408889634
    some = exp_sum > 0
    exp_sum = tl.where(some, exp_sum, 1.0)
    denominator = exp_sum
    if HAS_SINK:
        sink = tl.load(sink_ptr + heads, mask=head_ok, other=0.0)
        denominator += tl.exp2(tl.where(some, sink * LOG2_E - reference, 0.0))
    row = token * h_q + heads
    tl.store(max_logits_ptr + row, tl.where(some, maximum * LN2, float("-inf")), mask=head_ok)
    tl.store(lse_ptr + row, tl.where(some, (reference + tl.log2(exp_sum)) * LN2, float("inf")), mask=head_ok)
    return tl.where(some, 1.0 / denominator, 0.0)
