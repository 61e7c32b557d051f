"""Sparse-MLA prefill forward for up to 32 heads: keys are the rows of both products, heads their columns.

The tensor cores of Hopper multiply 64 rows at a time. With few heads those rows are better keys: scores^T = K Q^T has
BLOCK_K rows and as many columns as there are heads, output^T += V^T P^T has 512 rows. No work is done for heads that do
not exist; 2.4 MB are gathered for each query token. It is what `flash_mla_sparse_fwd` runs for up to 16 heads where
each multiprocessor has one query token at most and none is divided; of more tokens
`sparse_mla_fwd_few_heads_pairs.py` has two side by side.
"""

from __future__ import annotations

import triton
import triton.language as tl

import triton_tle.language as tle

from ._sparse_mla_fwd_parts import finish, load_indices, stage, work_item


@triton.jit(do_not_specialize=["s_kv", "h_q", "causal_start"])
def sparse_mla_fwd_few_heads_kernel(
    q_ptr,
    kv_ptr,
    indices_ptr,
    sink_ptr,
    length_ptr,
    out_ptr,
    max_logits_ptr,
    lse_ptr,
    s_kv,
    topk,
    h_q,
    scale_log2,
    causal_start,
    stride_qs,
    stride_qh,
    stride_kv: tl.constexpr,
    stride_is,
    stride_os,
    stride_oh,
    order_ptr,
    HAS_ROPE: tl.constexpr,
    HAS_SINK: tl.constexpr,
    HAS_LENGTH: tl.constexpr,
    CAUSAL: tl.constexpr,
    BLOCK_H: tl.constexpr,
    BLOCK_K: tl.constexpr,
    PIECES: tl.constexpr,
    STAGES: tl.constexpr,
):
    """Attention of query token program_id // head_blocks, or entry of order_ptr, for one block of heads."""
    token, heads, indices_row, length, limit = work_item(
        indices_ptr, length_ptr, order_ptr, s_kv, topk, h_q, causal_start, stride_is, HAS_LENGTH, CAUSAL, BLOCK_H
    )
    head_ok = heads < h_q
    columns = tl.arange(0, 512)
    rope = 512 + tl.arange(0, 64)

    q_rows = q_ptr + token * stride_qs + heads.to(tl.int64)[:, None] * stride_qh
    q_latent = tl.load(q_rows + columns[None, :], mask=head_ok[:, None], other=0.0)
    if HAS_ROPE:
        q_rope = tl.load(q_rows + rope[None, :], mask=head_ok[:, None], other=0.0)
    k_latent = tle.gpu.alloc([BLOCK_K, 512], tl.bfloat16)
    if HAS_ROPE:
        k_rope = tle.gpu.alloc([BLOCK_K, 64], tl.bfloat16)

    maximum = tl.full([BLOCK_H], -1e30, tl.float32)  # finite, so that a tile without any key gives no NaN
    p_sum = tl.zeros([BLOCK_K, BLOCK_H], tl.float32)  # summed over keys at the end
    acc = tl.zeros([512, BLOCK_H], tl.float32)
    for start in tl.range(0, length, BLOCK_K, num_stages=STAGES):
        index = load_indices(indices_row, start, length, BLOCK_K)
        valid = (index >= 0) & (index < limit)
        k_rows = kv_ptr + index.to(tl.int64)[:, None] * stride_kv
        stage(k_rows, k_latent, valid[:, None], PIECES)
        if HAS_ROPE:
            stage(k_rows + 512, k_rope, valid[:, None], 1)

        k = tl.load(tle.gpu.local_ptr(k_latent))
        if HAS_ROPE:
            scores = tl.dot(tl.load(tle.gpu.local_ptr(k_rope)), tl.trans(q_rope))
            scores = tl.dot(k, tl.trans(q_latent), scores)
        else:
            scores = tl.dot(k, tl.trans(q_latent))
        scores = tl.where(valid[:, None], scores * scale_log2, float("-inf"))
        new_maximum = tl.maximum(maximum, tl.max(scores, 0))
        rescale = tl.exp2(maximum - new_maximum)
        p = tl.exp2(scores - new_maximum[None, :])
        p_sum = p_sum * rescale[None, :] + p
        maximum = new_maximum
        acc = tl.dot(tl.trans(k), p.to(tl.bfloat16), acc * rescale[None, :])

    factor = finish(
        tl.sum(p_sum, 0), maximum, maximum, sink_ptr, max_logits_ptr, lse_ptr, token, heads, head_ok, h_q, HAS_SINK
    )
    out_rows = out_ptr + token * stride_os + heads.to(tl.int64)[:, None] * stride_oh
    tl.store(out_rows + columns[None, :], tl.trans((acc * factor[None, :]).to(tl.bfloat16)), mask=head_ok[:, None])
