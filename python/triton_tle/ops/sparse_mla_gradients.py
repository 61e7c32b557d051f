"""How the batched custom ops are traced and differentiated: shapes, what is saved, gradients."""

from __future__ import annotations

from typing import Any

import torch

from .sparse_mla_bwd_args import rounded_rows
from .sparse_mla_fwd_args import D_V


def register_gradients(forward: Any, backward: Any) -> None:
    """Make `backward` the derivative of `forward`, and let torch.compile trace both.

    `forward` is a custom op of (q, kv, indices, sm_scale, attn_sink, topk_length, q_start, deterministic, *rest) that
    returns (out, lse); `backward` one of (q, kv, indices, out, lse, grad_out, grad_lse, sm_scale, attn_sink,
    topk_length, q_start, deterministic, *rest) that returns gradients of q, kv and attn_sink, the last one empty
    without attn_sink.
    """

    @forward.register_fake
    def _(q, kv, indices, *rest):
        batch, s_q, h_q, _ = q.shape
        return q.new_empty((batch, s_q, h_q, D_V)), q.new_empty((batch, s_q, h_q), dtype=torch.float32)

    @backward.register_fake
    def _(q, kv, indices, out, lse, grad_out, grad_lse, sm_scale, attn_sink, length, q_start, deterministic, *rest):
        sums = kv.new_empty((*kv.shape[:-2], kv.shape[-1]), dtype=torch.int64 if deterministic else torch.float32)
        return q.new_empty(q.shape), rounded_rows(sums), lse.new_empty(0 if attn_sink is None else attn_sink.shape[0])

    def save(ctx, inputs, output) -> None:
        q, kv, indices, ctx.sm_scale, attn_sink, topk_length, *ctx.rest = inputs
        ctx.save_for_backward(q, kv, indices, attn_sink, topk_length, *output)
        ctx.set_materialize_grads(False)

    def differentiate(ctx, grad_out, grad_lse):
        q, kv, indices, attn_sink, topk_length, out, lse = ctx.saved_tensors
        none_of_the_rest = (None,) * len(ctx.rest)
        if grad_out is None:
            if grad_lse is None:
                return (None,) * 6 + none_of_the_rest
            grad_out = torch.zeros_like(out)
        dq, dkv, dsink = backward(
            q, kv, indices, out, lse, grad_out, grad_lse, ctx.sm_scale, attn_sink, topk_length, *ctx.rest
        )
        return dq, dkv, None, None, None if attn_sink is None else dsink, None, *none_of_the_rest

    forward.register_autograd(differentiate, setup_context=save)
