"""Batched sparse MLA with gradients: the training form of the forward and backward kernels, as torch custom ops."""

from __future__ import annotations

import torch

from .sparse_mla_batched_args import check_batched
from .sparse_mla_bucketed import bucketed_by_environment, sparse_mla_bucketed
from .sparse_mla_bwd import sparse_mla_bwd
from .sparse_mla_bwd_args import new_sums, rounded_rows
from .sparse_mla_fwd import sparse_mla_fwd
from .sparse_mla_fwd_args import D_V
from .sparse_mla_gradients import register_gradients


@torch.library.custom_op("triton_tle::sparse_mla", mutates_args=())
def _forward(
    q: torch.Tensor,
    kv: torch.Tensor,
    indices: torch.Tensor,
    sm_scale: float,
    attn_sink: torch.Tensor | None,
    topk_length: torch.Tensor | None,
    q_start: int | None,
    deterministic: bool,
) -> tuple[torch.Tensor, torch.Tensor]:
    batch, s_q, h_q, _ = q.shape
    out = torch.empty((batch, s_q, h_q, D_V), dtype=q.dtype, device=q.device)
    lse = torch.empty((batch, s_q, h_q), dtype=torch.float32, device=q.device)
    for item in range(batch):
        length = None if topk_length is None else topk_length[item]
        _, _, item_lse = sparse_mla_fwd(
            q[item], kv[item], indices[item], sm_scale, attn_sink=attn_sink, topk_length=length,
            causal_start=q_start, out=out[item],
        )  # fmt: skip
        lse[item] = item_lse
    return out, lse


@torch.library.custom_op("triton_tle::sparse_mla_backward", mutates_args=())
def _backward(
    q: torch.Tensor,
    kv: torch.Tensor,
    indices: torch.Tensor,
    out: torch.Tensor,
    lse: torch.Tensor,
    grad_out: torch.Tensor,
    grad_lse: torch.Tensor | None,
    sm_scale: float,
    attn_sink: torch.Tensor | None,
    topk_length: torch.Tensor | None,
    q_start: int | None,
    deterministic: bool,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Gradients of q, kv and attn_sink ([h_q]; an empty tensor without attn_sink)."""
    grad_out = grad_out if grad_out.stride(-1) == 1 else grad_out.contiguous()
    grad_lse = None if grad_lse is None else grad_lse.contiguous()
    dq = torch.empty(q.shape, dtype=q.dtype, device=q.device)
    sums = new_sums(kv, deterministic)
    dsink = lse.new_zeros(0 if attn_sink is None else attn_sink.shape[0])
    for item in range(q.shape[0]):
        _, _, item_dsink = sparse_mla_bwd(
            q[item], kv[item], indices[item], out[item], lse[item], grad_out[item], sm_scale, attn_sink=attn_sink,
            topk_length=None if topk_length is None else topk_length[item], causal_start=q_start,
            grad_lse=None if grad_lse is None else grad_lse[item], deterministic=deterministic, dq=dq[item],
            sums=sums[item],
        )  # fmt: skip
        if item_dsink is not None:
            dsink += item_dsink
    return dq, rounded_rows(sums), dsink


register_gradients(_forward, _backward)


def sparse_mla(
    q: torch.Tensor,
    kv: torch.Tensor,
    indices: torch.Tensor,
    sm_scale: float | None = None,
    *,
    attn_sink: torch.Tensor | None = None,
    topk_length: torch.Tensor | None = None,
    q_start: int | None = None,
    deterministic: bool = False,
    bucketed: bool | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Sparse attention over lists of keys, with gradients of q, kv and attn_sink.

    A torch custom op: works under `torch.compile(fullgraph=True)` and CUDA-graph capture. On CPU tensors it calculates
    in plain torch operations, or with TRITON_INTERPRET=1 runs the kernels in Triton's interpreter.

    Args:
        q: [batch, s_q, h_q, d_qk], bfloat16; d_qk 512 or 576, h_q a multiple of 8 up to 128.
        kv: [batch, s_kv, 1, d_qk], bfloat16; the first 512 columns are the values.
        indices: [batch, s_q, 1, topk], int32, rows of kv of the same batch item; a negative entry or one >= s_kv is no
            key.
        sm_scale: factor on q.k; None: d_qk ** -0.5.
        attn_sink: [h_q], float32; multiplies out by exp(lse) / (exp(lse) + exp(sink)).
        topk_length: [batch, s_q], int32; a row attends to its first topk_length entries only.
        q_start: if given, query s of each item sees only keys <= q_start + s (causal attention).
        deterministic: gradients of the same bits in every run, in about 4 times the time (docs/operators.md).
        bucketed: calculate as `sparse_mla_bucketed` does, with its default buckets; None: if the environment variable
            TRITON_TLE_BUCKETED is 1, true, yes or on. Under torch.compile that is read when the call is traced.
        The last dimension of each tensor is contiguous.

    Returns:
        (out, lse): out [batch, s_q, h_q, 512], bfloat16; lse [batch, s_q, h_q], float32, the natural logarithm of the
        sum of exp(q.k * sm_scale), without the sink. A row without any key: out 0, lse +inf, gradients 0.

    Raises:
        TypeError: an argument has another type or dtype.
        ValueError: a shape, stride, device or head count that is not supported, or a value of TRITON_TLE_BUCKETED.
    """
    if bucketed is None:
        bucketed = bucketed_by_environment()
    elif not isinstance(bucketed, bool):
        raise TypeError(f"bucketed must be a bool or None, got {type(bucketed).__name__}")
    if bucketed:
        return sparse_mla_bucketed(
            q, kv, indices, sm_scale, attn_sink=attn_sink, topk_length=topk_length, q_start=q_start,
            deterministic=deterministic,
        )  # fmt: skip
    sm_scale = check_batched(q, kv, indices, sm_scale, attn_sink, topk_length, q_start, deterministic)
    return _forward(q, kv, indices, sm_scale, attn_sink, topk_length, q_start, deterministic)
