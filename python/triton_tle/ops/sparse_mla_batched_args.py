"""Argument checks that the batched operators with gradients share."""

from __future__ import annotations

import torch

from ._checks import check_bool, check_heads, check_integer, check_number, check_tensor, require
from .sparse_mla_fwd_args import D_ROPE, D_V


def check_batched(
    q: torch.Tensor,
    kv: torch.Tensor,
    indices: torch.Tensor,
    sm_scale: float | None,
    attn_sink: torch.Tensor | None,
    topk_length: torch.Tensor | None,
    q_start: int | None,
    deterministic: bool,
) -> float:
    """Check the arguments of `sparse_mla`; return sm_scale as a float, d_qk ** -0.5 for None.

    Raises:
        TypeError: an argument has another type or dtype.
        ValueError: a shape, stride, device or head count that is not supported.
    """
    check_tensor("q", q, dtype=torch.bfloat16, shape=(None, None, None, None))
    batch, s_q, h_q, d_qk = q.shape
    require(d_qk in (D_V, D_V + D_ROPE), "q.shape[3] (d_qk)", d_qk, f"be {D_V} or {D_V + D_ROPE}")
    check_heads("q.shape[2] (h_q)", h_q)
    check_tensor("kv", kv, dtype=torch.bfloat16, shape=(batch, None, None, d_qk), device=q.device)
    require(kv.shape[2] == 1, "kv.shape[2] (h_kv)", kv.shape[2], "be 1")
    check_tensor("indices", indices, dtype=torch.int32, shape=(batch, s_q, 1, None), device=q.device)
    sm_scale = d_qk**-0.5 if sm_scale is None else check_number("sm_scale", sm_scale)
    if attn_sink is not None:
        check_tensor("attn_sink", attn_sink, dtype=torch.float32, shape=(h_q,), device=q.device)
    if topk_length is not None:
        check_tensor("topk_length", topk_length, dtype=torch.int32, shape=(batch, s_q), device=q.device)
    if q_start is not None:
        check_integer("q_start", q_start)
    check_bool("deterministic", deterministic)
    return sm_scale
