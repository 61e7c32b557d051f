"""What every implementation of the sparse-MLA backward shares: argument checks, outputs, kernel arguments."""

from __future__ import annotations

import dataclasses

import torch

from ._checks import check_bool, check_tensor, require
from .sparse_mla_fwd_args import D_V, SparseMlaSizes, check_order, check_sparse_mla_inputs


@dataclasses.dataclass
class SparseMlaBwdArgs(SparseMlaSizes):
    """Checked arguments of one backward call, outputs allocated.

    Shapes: q, dq [s_q, h_q, d_qk], kv [s_kv, 1, d_qk], out and grad_out [s_q, h_q, 512] in bfloat16; indices
    [s_q, 1, topk] and topk_length [s_q] in int32; attn_sink [h_q], lse and grad_lse [s_q, h_q] in float32; sums
    [s_kv, d_qk], zeros in float32, or int64 in deterministic mode; order [s_q] in int32: the order in which programs
    take query tokens, and the one of topk_length, then.
    """

    q: torch.Tensor
    kv: torch.Tensor
    indices: torch.Tensor
    out: torch.Tensor
    lse: torch.Tensor
    grad_out: torch.Tensor
    sm_scale: float
    attn_sink: torch.Tensor | None
    topk_length: torch.Tensor | None
    causal_start: int | None
    grad_lse: torch.Tensor | None
    deterministic: bool
    dq: torch.Tensor
    sums: torch.Tensor
    order: torch.Tensor | None = None

    @property
    def dkv(self) -> torch.Tensor:
        """[s_kv, 1, d_qk], bfloat16: the front part of each row of sums."""
        return rounded_rows(self.sums)


def aligned(tensor: torch.Tensor) -> torch.Tensor:
    """`tensor`, or a copy whose rows all start at multiples of 32 bytes, which Triton can prove of its strides."""
    if tensor.data_ptr() % 16 == 0 and all(stride % 16 == 0 for stride in tensor.stride()[:-1]):
        return tensor
    return tensor.clone(memory_format=torch.contiguous_format)


def new_sums(kv: torch.Tensor, deterministic: bool) -> torch.Tensor:
    """Zeros to add up the gradient of kv [..., s_kv, 1, d_qk] in: [..., s_kv, d_qk]."""
    dtype = torch.int64 if deterministic else torch.float32
    return torch.zeros((*kv.shape[:-2], kv.shape[-1]), dtype=dtype, device=kv.device)


def rounded_rows(sums: torch.Tensor) -> torch.Tensor:
    """Where the gradient of kv [..., s_kv, 1, d_qk] in bfloat16 lies in the memory of its sums [..., s_kv, d_qk]."""
    return sums.view(torch.bfloat16)[..., None, : sums.shape[-1]]


def check_sparse_mla_bwd(
    q: torch.Tensor,
    kv: torch.Tensor,
    indices: torch.Tensor,
    out: torch.Tensor,
    lse: torch.Tensor,
    grad_out: torch.Tensor,
    sm_scale: float,
    attn_sink: torch.Tensor | None = None,
    topk_length: torch.Tensor | None = None,
    causal_start: int | None = None,
    grad_lse: torch.Tensor | None = None,
    deterministic: bool = False,
    dq: torch.Tensor | None = None,
    sums: torch.Tensor | None = None,
    order: torch.Tensor | None = None,
) -> SparseMlaBwdArgs:
    """Check the arguments of a backward call and allocate dq and sums unless they are given.

    Raises:
        TypeError: an argument of the wrong type or dtype.
        ValueError: a shape, stride, device or head count that the operator does not take.
    """
    sm_scale = check_sparse_mla_inputs(q, kv, indices, sm_scale, attn_sink, topk_length, causal_start)
    s_q, h_q, d_qk = q.shape
    check_order(order, topk_length, s_q, q.device)
    check_tensor("out", out, dtype=torch.bfloat16, shape=(s_q, h_q, D_V), device=q.device)
    check_tensor("lse", lse, dtype=torch.float32, shape=(s_q, h_q), device=q.device)
    require(lse.is_contiguous(), "lse", f"strides {tuple(lse.stride())}", "be contiguous")
    check_tensor("grad_out", grad_out, dtype=torch.bfloat16, shape=(s_q, h_q, D_V), device=q.device)
    if grad_lse is not None:
        check_tensor("grad_lse", grad_lse, dtype=torch.float32, shape=(s_q, h_q), device=q.device)
        require(grad_lse.is_contiguous(), "grad_lse", f"strides {tuple(grad_lse.stride())}", "be contiguous")
    check_bool("deterministic", deterministic)
    if dq is None:
        dq = torch.empty((s_q, h_q, d_qk), dtype=torch.bfloat16, device=q.device)
    else:
        check_tensor("dq", dq, dtype=torch.bfloat16, shape=(s_q, h_q, d_qk), device=q.device)
        require(dq.is_contiguous(), "dq", f"strides {tuple(dq.stride())}", "be contiguous")
    if sums is None:
        sums = new_sums(kv, deterministic)
    else:
        dtype = torch.int64 if deterministic else torch.float32
        check_tensor("sums", sums, dtype=dtype, shape=(kv.shape[0], d_qk), device=q.device)
        require(sums.is_contiguous(), "sums", f"strides {tuple(sums.stride())}", "be contiguous")
    return SparseMlaBwdArgs(
        q, kv, indices, out, lse, grad_out, sm_scale, attn_sink, topk_length, causal_start, grad_lse, deterministic,
        dq, sums, order,
    )  # fmt: skip
