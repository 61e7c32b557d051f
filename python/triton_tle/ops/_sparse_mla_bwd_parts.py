"""Parts of the sparse-MLA backward: what a program prepares, lists of keys, additions of keys' gradients."""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def prepare(
    out_rows, grad_rows, lse_ptr, grad_lse_ptr, sink_ptr, grad_sink_ptr, row, heads, head_ok, HEADS: tl.constexpr
):  # fmt: skip
    """(shift, delta, share) of the heads of a token; stores the token's part of dsink.

    delta = sum(out * grad_out); shift = log2 of the sum of exponentials, sink included (+inf without keys). With a
    gradient of lse and a sink, shift leaves the sink out and share is the keys' part of the sum: P = share * softmax.
    With a gradient of lse delta is share * delta - grad_lse, such that dS = softmax * (share * dP - delta), without a
    number that could overflow.
    """
    LOG2_E: tl.constexpr = 1.4426950408889634
    products = tl.zeros([HEADS, 128], tl.float32)
    for piece in tl.static_range(4):
        columns = piece * 128 + tl.arange(0, 128)
        out = tl.load(out_rows + columns[None, :], mask=head_ok[:, None], other=0.0)
        grad = tl.load(grad_rows + columns[None, :], mask=head_ok[:, None], other=0.0)
        products += out.to(tl.float32) * grad.to(tl.float32)
    delta = tl.sum(products, 1)
    lse = tl.load(lse_ptr + row, mask=head_ok, other=float("inf"))
    some = lse < float("inf")
    total = lse
    share = tl.full([HEADS], 1.0, tl.float32)
    if sink_ptr is not None:
        # written such that infinite sinks and rows without keys give no NaN
        sink = tl.load(sink_ptr + heads, mask=head_ok, other=0.0)
        finite_lse = tl.where(some, lse, 0.0)
        distance = sink - finite_lse
        of_sink = 1.0 / (1.0 + tl.exp2(-distance * LOG2_E))
        tl.store(grad_sink_ptr + row, tl.where(some, -of_sink * delta, 0.0), mask=head_ok)
        if grad_lse_ptr is not None:
            share = 1.0 / (1.0 + tl.exp2(distance * LOG2_E))
        else:
            total = tl.maximum(finite_lse, sink) + tl.log2(1.0 + tl.exp2(-tl.abs(distance) * LOG2_E)) / LOG2_E
            total = tl.where(some, total, float("inf"))
    if grad_lse_ptr is not None:
        grad_lse = tl.load(grad_lse_ptr + row, mask=head_ok, other=0.0)
        delta = tl.where(some, share * delta - grad_lse, 0.0)
    return total * LOG2_E, delta, share


@triton.jit
def load_keys(indices_row, start, length, limit, BLOCK_K: tl.constexpr):
    """Entries [start, start + BLOCK_K) of a row of indices; a negative number for what is no key."""
    position = start + tl.arange(0, BLOCK_K)
    index = tl.load(indices_row + position, mask=(position >= 0) & (position < length), other=-1)
    return tl.where(index < limit, index, -1)


@triton.jit
def add_rows(rows, part, valid, factor, FIXED_POINT: tl.constexpr):
    """Add a piece of columns to rows of the accumulator; as integers, `factor` times as large, with FIXED_POINT."""
    columns = tl.arange(0, part.shape[1])
    if FIXED_POINT:
        tl.atomic_add(rows + columns[None, :], (part * factor).to(tl.int64), mask=valid, sem="relaxed")
    else:
        tl.atomic_add(rows + columns[None, :], part, mask=valid, sem="relaxed")
