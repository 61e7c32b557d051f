"""Bucketed sparse MLA with gradients: for lists of keys of different lengths, as in causal training.

The forward and backward kernels are those of `sparse_mla`. They run once over the queries of all batch items, in the
order and over the lists that sparse_mla_buckets.py makes of the indices; the backward makes them anew, which saves the
memory and takes 30 to 50 microseconds for 8192 queries on an H100.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import torch

from triton_tle.compiler.pipelines import parse_arch

from ._checks import require
from .sparse_mla_batched_args import check_batched
from .sparse_mla_buckets import (
    COUNT_BLOCK,
    DEFAULT_BUCKETS,
    LIST_BLOCK,
    LIST_WARPS,
    QUERY_BLOCK,
    QUERY_WARPS,
    check_buckets,
    make_plan,
    sparse_mla_compact_kernel,
    sparse_mla_partition_kernel,
)
from .sparse_mla_bwd import launch_config, main_variant, sparse_mla_bwd, sparse_mla_bwd_kernel
from .sparse_mla_bwd_args import new_sums, rounded_rows
from .sparse_mla_fwd import sparse_mla_fwd
from .sparse_mla_fwd import variants as forward_variants
from .sparse_mla_fwd_args import D_V
from .sparse_mla_gradients import register_gradients

SWITCH = "TRITON_TLE_BUCKETED"
SWITCH_ON, SWITCH_OFF = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")


def bucketed_by_environment() -> bool:
    """Whether TRITON_TLE_BUCKETED asks for the bucketed form: 1, true, yes or on, in any case; unset or empty: no.

    Raises:
        ValueError: it has another value than these, 0, false, no or off.
    """
    value = os.environ.get(SWITCH, "")
    known = value.lower() in SWITCH_ON + SWITCH_OFF
    require(known, SWITCH, repr(value), f"be {', '.join(SWITCH_ON)}, or {', '.join(SWITCH_OFF[:-1])}")
    return value.lower() in SWITCH_ON


def _flat(tensor: torch.Tensor) -> torch.Tensor:
    """[batch, rows, ...] as [batch * rows, ...]: a view where strides allow it."""
    return tensor.reshape(tensor.shape[0] * tensor.shape[1], *tensor.shape[2:])


@torch.library.custom_op("triton_tle::sparse_mla_bucketed", mutates_args=())
def _forward(
    q: torch.Tensor,
    kv: torch.Tensor,
    indices: torch.Tensor,
    sm_scale: float,
    attn_sink: torch.Tensor | None,
    topk_length: torch.Tensor | None,
    q_start: int | None,
    deterministic: bool,
    buckets: Sequence[int],
) -> tuple[torch.Tensor, torch.Tensor]:
    batch, s_q, h_q, _ = q.shape
    plan = make_plan(indices, kv.shape[1], topk_length, q_start, buckets)
    out = torch.empty((batch, s_q, h_q, D_V), dtype=q.dtype, device=q.device)
    _, _, lse = sparse_mla_fwd(
        _flat(q), _flat(kv), plan.indices, sm_scale, attn_sink=attn_sink, topk_length=plan.lengths, out=_flat(out),
        order=plan.order,
    )  # fmt: skip
    return out, lse.view(batch, s_q, h_q)


@torch.library.custom_op("triton_tle::sparse_mla_bucketed_backward", mutates_args=())
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
    buckets: Sequence[int],
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Gradients of q, kv and attn_sink ([h_q]; an empty tensor without attn_sink)."""
    plan = make_plan(indices, kv.shape[1], topk_length, q_start, buckets)
    grad_out = grad_out if grad_out.stride(-1) == 1 else grad_out.contiguous()
    dq = torch.empty(q.shape, dtype=q.dtype, device=q.device)
    sums = new_sums(kv, deterministic)
    _, _, dsink = sparse_mla_bwd(
        _flat(q), _flat(kv), plan.indices, _flat(out), _flat(lse), _flat(grad_out), sm_scale, attn_sink=attn_sink,
        topk_length=plan.lengths, grad_lse=None if grad_lse is None else _flat(grad_lse.contiguous()),
        deterministic=deterministic, dq=_flat(dq), sums=_flat(sums), order=plan.order,
    )  # fmt: skip
    return dq, rounded_rows(sums), lse.new_zeros(0) if dsink is None else dsink


register_gradients(_forward, _backward)


def sparse_mla_bucketed(
    q: torch.Tensor,
    kv: torch.Tensor,
    indices: torch.Tensor,
    sm_scale: float | None = None,
    *,
    attn_sink: torch.Tensor | None = None,
    topk_length: torch.Tensor | None = None,
    q_start: int | None = None,
    deterministic: bool = False,
    buckets: Sequence[int] = DEFAULT_BUCKETS,
) -> tuple[torch.Tensor, torch.Tensor]:
    """`sparse_mla` for lists that are filled differently: no work is done for entries that are no keys.

    On the device, valid entries move to the front of their lists, wherever they stood, and queries are put in buckets
    by how many they have; kernels run over the longest lists first. The host waits for nothing, and one launch serves
    all batch items. Results equal those of `sparse_mla` within rounding: sums are made in another order.

    A torch custom op, as `sparse_mla` is.

    Args:
        q: [batch, s_q, h_q, d_qk], bfloat16; d_qk 512 or 576, h_q a multiple of 8 up to 128.
        kv: [batch, s_kv, 1, d_qk], bfloat16; batch * s_kv below 2**31.
        indices: [batch, s_q, 1, topk], int32, rows of kv of the same batch item; a negative entry or one >= s_kv is no
            key.
        sm_scale: factor on q.k; None: d_qk ** -0.5.
        attn_sink: [h_q], float32, as of `sparse_mla`.
        topk_length: [batch, s_q], int32; entries behind the first topk_length of a list are no keys.
        q_start: if given, query s of each item sees only keys <= q_start + s.
        deterministic: gradients of the same bits in every run.
        buckets: the largest number of keys of each bucket, ascending; lists that are longer make up one more.
        Tensors whose batch items do not lie at the stride of s_q or s_kv rows are copied.

    Returns:
        (out, lse), as `sparse_mla` does. Memory beside its own: indices once more, padded to 64 entries, and 12 bytes
        a query, while a kernel runs.

    Raises:
        TypeError: an argument has another type or dtype.
        ValueError: a shape, stride, device, head count or bucket that is not supported.
    """
    sm_scale = check_batched(q, kv, indices, sm_scale, attn_sink, topk_length, q_start, deterministic)
    return _forward(q, kv, indices, sm_scale, attn_sink, topk_length, q_start, deterministic, check_buckets(buckets))


def variants(arch: str) -> Iterator[tuple[str, object, dict[str, str], dict[str, object], dict[str, int]]]:
    """What the resource report compiles: (label, kernel, signature, constexprs, launch options) per variant."""
    pointers = dict.fromkeys(("indices_ptr", "packed_ptr", "counts_ptr"), "*i32:16")
    names = ("s_q", "s_kv", "topk", "q_start", "stride_ib", "stride_is", "stride_lb", "stride_ps")
    sizes = dict.fromkeys(names, "i32")
    pdl = parse_arch(arch) >= 90
    for extras in (False, True):
        yield (
            "compact" + (", length, causal" if extras else ""),
            sparse_mla_compact_kernel,
            pointers | sizes | ({"length_ptr": "*i32:16"} if extras else {}),
            ({} if extras else {"length_ptr": None}) | {"CAUSAL": extras, "BLOCK": LIST_BLOCK, "PDL": pdl},
            {"num_warps": LIST_WARPS},
        )
    lists = dict.fromkeys(("counts_ptr", "order_ptr", "lengths_ptr"), "*i32:16") | {"queries": "i32", "span": "i32"}
    bounds = {"BOUNDS": DEFAULT_BUCKETS[:-1], "BLOCK": QUERY_BLOCK, "COUNT_BLOCK": COUNT_BLOCK, "PDL": pdl}
    options = {"num_warps": QUERY_WARPS} | ({"launch_pdl": True} if pdl else {})
    yield "partition", sparse_mla_partition_kernel, lists, bounds, options
    given = {"order_ptr": "*i32:16", "length_ptr": "*i32:16"}
    label, kernel, signature, constexprs, options = next(iter(forward_variants(arch)))
    rest = {name: value for name, value in constexprs.items() if name not in given}
    yield f"forward, {label}", kernel, signature | given, rest | {"HAS_LENGTH": True}, options
    signature, constexprs, options = main_variant(576, False, False, launch_config())
    rest = {name: value for name, value in constexprs.items() if name not in given}
    yield "backward, d_qk 576", sparse_mla_bwd_kernel, signature | given, rest | {"HAS_LENGTH": True}, options
