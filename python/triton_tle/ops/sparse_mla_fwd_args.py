"""What every implementation of the sparse-MLA forward shares: argument checks, outputs, kernel arguments."""

from __future__ import annotations

import dataclasses
import math

import torch

from ._checks import check_heads, check_integer, check_number, check_tensor, require

D_V = 512
D_ROPE = 64
LOG2_E = math.log2(math.e)


class SparseMlaSizes:
    """What the arguments of a call say of its size, forward or backward, and of the kernel's features."""

    q: torch.Tensor
    kv: torch.Tensor
    indices: torch.Tensor
    attn_sink: torch.Tensor | None
    topk_length: torch.Tensor | None
    causal_start: int | None
    order: torch.Tensor | None

    @property
    def s_q(self) -> int:
        return self.q.shape[0]

    @property
    def h_q(self) -> int:
        return self.q.shape[1]

    @property
    def d_qk(self) -> int:
        return self.q.shape[2]

    @property
    def s_kv(self) -> int:
        return self.kv.shape[0]

    @property
    def topk(self) -> int:
        return self.indices.shape[2]

    def length_of_tokens(self) -> torch.Tensor | None:
        """topk_length in the order of query tokens."""
        return in_order_of_tokens(self.topk_length, self.order)

    def kernel_features(self) -> dict[str, bool]:
        """Compile-time switches that follow from the arguments."""
        return {
            "HAS_ROPE": self.d_qk > D_V,
            "HAS_LENGTH": self.topk_length is not None,
            "CAUSAL": self.causal_start is not None,
        }


@dataclasses.dataclass
class SparseMlaFwdArgs(SparseMlaSizes):
    """Checked arguments of one forward call, outputs allocated.

    Shapes: q [s_q, h_q, d_qk], kv [s_kv, 1, d_qk], out [s_q, h_q, 512] in bfloat16; indices [s_q, 1, topk]
    and topk_length [s_q] in int32; attn_sink [h_q], max_logits and lse [s_q, h_q] in float32. order [s_q] in int32:
    the order in which programs take query tokens, and the one of topk_length, then.
    """

    q: torch.Tensor
    kv: torch.Tensor
    indices: torch.Tensor
    sm_scale: float
    attn_sink: torch.Tensor | None
    topk_length: torch.Tensor | None
    causal_start: int | None
    out: torch.Tensor
    max_logits: torch.Tensor
    lse: torch.Tensor
    order: torch.Tensor | None = None

    def results(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return self.out, self.max_logits, self.lse

    def kernel_arguments(self) -> tuple:
        """Positional run-time arguments, in the order that every forward kernel of this package takes them."""
        return (
            self.q,
            self.kv,
            self.indices,
            self.attn_sink,
            self.topk_length,
            self.out,
            self.max_logits,
            self.lse,
            min(self.s_kv, 2**31 - 1),
            self.topk,
            self.h_q,
            self.sm_scale * LOG2_E,
            self.causal_start or 0,
            self.q.stride(0),
            self.q.stride(1),
            self.kv.stride(0),
            self.indices.stride(0),
            self.out.stride(0),
            self.out.stride(1),
        )

    def kernel_features(self) -> dict[str, bool]:
        return {**super().kernel_features(), "HAS_SINK": self.attn_sink is not None}


def check_sparse_mla_inputs(
    q: torch.Tensor,
    kv: torch.Tensor,
    indices: torch.Tensor,
    sm_scale: float,
    attn_sink: torch.Tensor | None,
    topk_length: torch.Tensor | None,
    causal_start: int | None,
) -> float:
    """Check what forward and backward have in common; return sm_scale as a float.

    Raises:
        TypeError: an argument of the wrong type or dtype.
        ValueError: a shape, stride, device or head count that the operators do not take.
    """
    check_tensor("q", q, dtype=torch.bfloat16, shape=(None, None, None))
    s_q, h_q, d_qk = q.shape
    require(d_qk in (D_V, D_V + D_ROPE), "q.shape[2] (d_qk)", d_qk, f"be {D_V} or {D_V + D_ROPE}")
    check_heads("q.shape[1] (h_q)", h_q)
    check_tensor("kv", kv, dtype=torch.bfloat16, shape=(None, None, d_qk), device=q.device)
    require(kv.shape[1] == 1, "kv.shape[1] (h_kv)", kv.shape[1], "be 1")
    check_tensor("indices", indices, dtype=torch.int32, shape=(s_q, 1, None), device=q.device)
    sm_scale = check_number("sm_scale", sm_scale)
    if attn_sink is not None:
        check_tensor("attn_sink", attn_sink, dtype=torch.float32, shape=(h_q,), device=q.device)
    if topk_length is not None:
        check_tensor("topk_length", topk_length, dtype=torch.int32, shape=(s_q,), device=q.device)
    if causal_start is not None:
        check_integer("causal_start", causal_start)
    return sm_scale


def check_order(order: torch.Tensor | None, topk_length: torch.Tensor | None, s_q: int, device: torch.device) -> None:
    """Check a permutation of query tokens as far as the host can tell.

    Raises:
        TypeError: not a tensor, or not int32.
        ValueError: a wrong shape or device, not contiguous, or without topk_length.
    """
    if order is not None:
        check_tensor("order", order, dtype=torch.int32, shape=(s_q,), device=device)
        require(topk_length is not None, "topk_length", None, "be given, in the same order, where order is")


def in_order_of_tokens(topk_length: torch.Tensor | None, order: torch.Tensor | None) -> torch.Tensor | None:
    """`topk_length`, whose entry i belongs to query token order[i], by token."""
    if topk_length is None or order is None:
        return topk_length
    return torch.empty_like(topk_length).scatter_(0, order.long(), topk_length)


def check_sparse_mla_fwd(
    q: torch.Tensor,
    kv: torch.Tensor,
    indices: torch.Tensor,
    sm_scale: float,
    d_v: int = D_V,
    attn_sink: torch.Tensor | None = None,
    topk_length: torch.Tensor | None = None,
    out: torch.Tensor | None = None,
    causal_start: int | None = None,
    order: torch.Tensor | None = None,
) -> SparseMlaFwdArgs:
    """Check the arguments of a forward call and allocate what it returns.

    Raises:
        TypeError: an argument of the wrong type or dtype.
        ValueError: a shape, stride, device, head count or d_v that the operator does not take.
    """
    sm_scale = check_sparse_mla_inputs(q, kv, indices, sm_scale, attn_sink, topk_length, causal_start)
    check_integer("d_v", d_v)
    require(d_v == D_V, "d_v", d_v, f"be {D_V}")
    s_q, h_q, _ = q.shape
    check_order(order, topk_length, s_q, q.device)
    if out is None:
        out = torch.empty((s_q, h_q, D_V), dtype=torch.bfloat16, device=q.device)
    else:
        check_tensor("out", out, dtype=torch.bfloat16, shape=(s_q, h_q, D_V), device=q.device)
        tokens, heads = out.stride()[:2]
        apart = heads >= D_V and (s_q < 2 or tokens >= (h_q - 1) * heads + D_V)
        apart = apart or tokens >= D_V and heads >= (s_q - 1) * tokens + D_V
        require(apart, "out", f"strides {tuple(out.stride())}", "have a place of its own for each element")
    max_logits = torch.empty((s_q, h_q), dtype=torch.float32, device=q.device)
    lse = torch.empty((s_q, h_q), dtype=torch.float32, device=q.device)
    return SparseMlaFwdArgs(q, kv, indices, sm_scale, attn_sink, topk_length, causal_start, out, max_logits, lse, order)
