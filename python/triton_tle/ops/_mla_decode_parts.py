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
def row_offsets(index, block_stride, PAGE: tl.constexpr, STRIDE: tl.constexpr):
    """Offsets of cache rows, 64 bits wide. PAGE 0: all rows lie STRIDE apart, whatever their block."""
    if PAGE == 0:
        return index.to(tl.int64)[:, None] * STRIDE
    return (index // PAGE).to(tl.int64)[:, None] * block_stride + (index % PAGE).to(tl.int64)[:, None] * STRIDE


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
        program = tl.inline_asm_elementwise(
            "mov.b32 $0, $1;", "=r,r", [program], dtype=tl.int32, is_pure=False, pack=1
        )
    return place(program, h_q, s_q, BLOCK_H)


@triton.jit
def softmax_step(scores, valid, row_max, p_sum, scale_log2):
    """One tile of the online softmax in base 2: (p, factor for what was summed so far, new maximum, new sums)."""
    scores = tl.where(valid[None, :], scores * scale_log2, float("-inf"))
    new_max = tl.maximum(row_max, tl.max(scores, 1))
    rescale = tl.exp2(row_max - new_max)
    p = tl.exp2(scores - new_max[:, None])
    return p, rescale, new_max, p_sum * rescale[:, None] + p


@triton.jit
def finish(
    row_max, p_sum, sink_ptr, lse_ptr, batch, query, s_q, token, heads, h_q, HAS_SINK: tl.constexpr,
    SINGLE: tl.constexpr,
):  # fmt: skip
    """Write lse; return what the collected output is to be multiplied by.

    SINGLE: lse is final, [b, h_q, s_q], +inf where there was no key, and the sink takes its share. Otherwise it is one
    split's, [splits, b * s_q, h_q], -inf where there was no key.
    """
    LN2: tl.constexpr = 0.6931471805599453
    LOG2_E: tl.constexpr = 1.4426950408889634
    row_sum = tl.sum(p_sum, 1)
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
        row = (tl.program_id(1).to(tl.int64) * (tl.num_programs(0) // tl.cdiv(h_q, heads.shape[0])) + token) * h_q
        tl.store(lse_ptr + row + heads, tl.where(some, lse, float("-inf")), mask=heads < h_q)
    return tl.where(some, 1.0 / denominator, 0.0)
