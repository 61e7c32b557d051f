"""Merge of split-KV partial results: fp32 partials and their lse become the bfloat16 output.

A program merges COLUMNS columns of ROWS rows, one row after another (a row is one head of one query token). Partials
are read once, SPLITS_AT_ONCE of them under way together, and weighted as in an online softmax. Bound by memory.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import triton
import triton.language as tl

from . import mla_decode_reduce_table as table
from ._checks import check_tensor, require
from ._devices import on_device_of, plain_torch, runs_kernels
from ._launches import pdl_options, wait_for_predecessor

MAX_SPLITS = 256
LOG2_E = tl.constexpr(1.4426950408889634)
LN_2 = tl.constexpr(0.6931471805599453)


@triton.jit(do_not_specialize=["rows", "s_q", "h_q", "splits"])
def mla_decode_reduce_kernel(
    partial_out_ptr,
    partial_lse_ptr,
    sink_ptr,
    out_ptr,
    lse_ptr,
    rows,
    s_q,
    h_q,
    splits,
    stride_split,
    HAS_SINK: tl.constexpr,
    D_V: tl.constexpr,
    COLUMNS: tl.constexpr,
    ROWS: tl.constexpr,
    VECTOR: tl.constexpr,
    SPLITS_AT_ONCE: tl.constexpr,
    PDL: tl.constexpr,
):
    """Rows [program_id(0) * ROWS, + ROWS) of [b * s_q, h_q], columns [program_id(1) * COLUMNS, + COLUMNS).

    Everything that belongs to a split is a scalar: a tensor of weights would be spread over threads through shared
    memory. With PDL the programs may be launched while the kernel that writes the partial results still runs.
    """
    wait_for_predecessor(PDL)
    block = tl.program_id(1)
    # The hint holds the width of a thread's access down to VECTOR elements
    columns = block * COLUMNS + tl.max_contiguous(tl.multiple_of(tl.arange(0, COLUMNS), VECTOR), VECTOR)
    first_row = tl.program_id(0) * ROWS
    for turn in tl.range(0, tl.minimum(rows - first_row, ROWS), num_stages=1):
        row = first_row + turn
        source = partial_out_ptr + row.to(tl.int64) * D_V + columns
        lse_source = partial_lse_ptr + row
        acc = tl.zeros([COLUMNS], tl.float32)
        largest = tl.full([], float("-inf"), tl.float32)  # times log2(e), as all logarithms here
        total = tl.full([], 0.0, tl.float32)
        for begin in tl.range(0, splits, SPLITS_AT_ONCE, num_stages=1):
            values = ()
            parts = ()
            for step in tl.static_range(SPLITS_AT_ONCE):
                values += (tl.load(source, mask=begin + step < splits, other=0.0),)
                source += stride_split
            for step in tl.static_range(SPLITS_AT_ONCE):
                parts += (tl.load(lse_source, mask=begin + step < splits, other=float("-inf")) * LOG2_E,)
                lse_source += rows
            before = largest
            for step in tl.static_range(SPLITS_AT_ONCE):
                largest = tl.maximum(largest, parts[step])
            base = tl.where(largest > float("-inf"), largest, 0.0)
            # Without a key so far: exp2(-inf - 0) = 0
            rescale = tl.exp2(before - base)
            acc *= rescale
            total *= rescale
            for step in tl.static_range(SPLITS_AT_ONCE):
                weight = tl.exp2(parts[step] - base)
                total += weight
                # what an empty split wrote, if anything, does not count: 0 times NaN would be NaN
                acc = tl.where(weight > 0, acc + weight * values[step], acc)
        some = largest > float("-inf")
        total = tl.where(some, total, 1.0)
        lse = tl.where(some, (largest + tl.log2(total)) * LN_2, float("inf"))
        factor = tl.where(some, 1.0 / total, 0.0)
        if HAS_SINK:
            sink = tl.load(sink_ptr + row % h_q)
            factor *= tl.where(some, 1.0 / (1.0 + tl.exp(sink - tl.where(some, lse, 0.0))), 0.0)
        tl.store(out_ptr + row.to(tl.int64) * D_V + columns, (acc * factor).to(tl.bfloat16))
        token = row // h_q  # 32 bits: divisions of 64 would take longer than everything else of a short row
        position = ((token // s_q) * h_q + row % h_q) * s_q + token % s_q
        tl.store(lse_ptr + position, lse, mask=block == 0)


def variants(arch: str) -> Iterator[tuple[str, object, dict[str, str], dict[str, object], dict[str, int]]]:
    """What the resource report compiles: (label, kernel, signature, constexprs, launch options) per variant."""
    from triton_tle.compiler.pipelines import parse_arch

    signature = {
        "partial_out_ptr": "*fp32:16", "partial_lse_ptr": "*fp32:16", "out_ptr": "*bf16:16", "lse_ptr": "*fp32:16",
        "rows": "i32", "s_q": "i32", "h_q": "i32", "splits": "i32", "stride_split": "i32:16",
    }  # fmt: skip
    pdl = parse_arch(arch) >= 90
    for vector, sink in ((4, False), (2, False), (1, False), (4, True)):
        config = table.general_config(512, 8, 4096)
        constexprs: dict[str, object] = {
            "HAS_SINK": sink, "D_V": 512, "COLUMNS": config.columns, "ROWS": config.rows, "VECTOR": vector,
            "SPLITS_AT_ONCE": config.splits_at_once, "PDL": pdl,
        }  # fmt: skip
        arguments = signature | ({"sink_ptr": "*fp32:16"} if sink else {})
        if not sink:
            constexprs["sink_ptr"] = None
        label = f"vector {vector}" + (", sink" if sink else "")
        options = {"num_warps": config.num_warps} | ({"launch_pdl": True} if pdl else {})
        yield label, mla_decode_reduce_kernel, arguments, constexprs, options


def launch_reduce(
    partial_out: torch.Tensor,
    partial_lse: torch.Tensor,
    attn_sink: torch.Tensor | None,
    out: torch.Tensor,
    lse: torch.Tensor,
    config: table.ReduceConfig | None = None,
) -> None:
    """Merge into `out` and `lse`, shapes as in `mla_decode_reduce`; one launch, arguments not checked.

    `config` None takes the tuned table's, or the general one.
    """
    splits, b, s_q, h_q, d_v = partial_out.shape
    rows = b * s_q * h_q
    if rows == 0:
        return
    if config is None:
        config = table.lookup(partial_out.device, h_q, d_v, splits, b * s_q)
    grid = (triton.cdiv(rows, config.rows), d_v // config.columns)
    mla_decode_reduce_kernel[grid](
        partial_out, partial_lse, attn_sink, out, lse, rows, s_q, h_q, splits, partial_out.stride(0),
        HAS_SINK=attn_sink is not None, D_V=d_v, COLUMNS=config.columns, ROWS=config.rows, VECTOR=config.vector,
        SPLITS_AT_ONCE=config.splits_at_once, num_warps=config.num_warps, **pdl_options(partial_out.device),
    )  # fmt: skip


def mla_decode_reduce_reference(
    partial_out: torch.Tensor,
    partial_lse: torch.Tensor,
    attn_sink: torch.Tensor | None = None,
    dtype: torch.dtype = torch.float64,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The merge in plain torch operations, in `dtype`; arguments and results as in `mla_decode_reduce`."""
    parts = partial_lse.to(dtype)
    total = torch.logsumexp(parts, 0)
    lse = torch.where(total == -torch.inf, torch.inf, total)
    values = torch.where((parts == -torch.inf)[..., None], 0.0, partial_out.to(dtype))
    out = (values * torch.exp(parts - lse)[..., None]).sum(0)
    if attn_sink is not None:
        share = torch.sigmoid(total - attn_sink.to(dtype))
        out = torch.where((total == -torch.inf)[..., None], 0.0, out * share[..., None])
    return out, lse.transpose(1, 2)


def check_reduce(partial_out: torch.Tensor, partial_lse: torch.Tensor, attn_sink: torch.Tensor | None) -> None:
    """Check the arguments of a merge.

    Raises:
        TypeError: an argument of the wrong type or dtype.
        ValueError: a shape, stride or device that the operator does not take.
    """
    check_tensor("partial_out", partial_out, dtype=torch.float32, shape=(None,) * 5)
    splits, b, s_q, h_q, d_v = partial_out.shape
    require(1 <= splits <= MAX_SPLITS, "partial_out.shape[0] (splits)", splits, f"be 1 to {MAX_SPLITS}")
    fits = d_v in (64, 128, 256, 512, 1024)
    require(fits, "partial_out.shape[4] (d_v)", d_v, "be a power of two from 64 to 1024")
    require(b * s_q * h_q < 2**31, "partial_out", f"{b * s_q * h_q} rows", "have less than 2**31 rows")
    dense = partial_out[0].is_contiguous()
    require(dense, "partial_out", f"strides {tuple(partial_out.stride())}", "be contiguous within a split")
    shape = (splits, b, s_q, h_q)
    check_tensor("partial_lse", partial_lse, dtype=torch.float32, shape=shape, device=partial_out.device)
    dense = partial_lse.is_contiguous()
    require(dense, "partial_lse", f"strides {tuple(partial_lse.stride())}", "be contiguous")
    if attn_sink is not None:
        check_tensor("attn_sink", attn_sink, dtype=torch.float32, shape=(h_q,), device=partial_out.device)


@torch.library.custom_op(
    "triton_tle::mla_decode_reduce",
    mutates_args=(),
    schema="(Tensor partial_out, Tensor partial_lse, Tensor? attn_sink=None) -> (Tensor, Tensor)",
)
def _reduce_op(partial_out, partial_lse, attn_sink=None):
    check_reduce(partial_out, partial_lse, attn_sink)
    out, lse = _results(partial_out)
    if runs_kernels("partial_out", partial_out):
        with on_device_of(partial_out):
            launch_reduce(partial_out, partial_lse, attn_sink, out, lse)
    else:
        with plain_torch(partial_out):
            result = mla_decode_reduce_reference(partial_out, partial_lse, attn_sink, torch.float32)
        out.copy_(result[0])
        lse.copy_(result[1])
    return out, lse


@_reduce_op.register_fake
def _results(partial_out, partial_lse=None, attn_sink=None):
    _, b, s_q, h_q, d_v = partial_out.shape
    return (
        partial_out.new_empty((b, s_q, h_q, d_v), dtype=torch.bfloat16),
        partial_out.new_empty((b, h_q, s_q)),
    )


def mla_decode_reduce(
    partial_out: torch.Tensor, partial_lse: torch.Tensor, attn_sink: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Merge the partial results of a split-KV attention, in one launch.

    On CPU tensors this calculates in plain torch operations, or with TRITON_INTERPRET=1 runs the kernel itself in
    Triton's interpreter. Launch configurations come from the table that `python -m triton_tle tune mla_decode_reduce`
    writes, where it has the shape.

    Args:
        partial_out: [splits, b, s_q, h_q, d_v], float32, each split's normalized output; contiguous within a split.
            d_v a power of two from 64 to 1024, at most 256 splits.
        partial_lse: [splits, b, s_q, h_q], float32, contiguous: each split's natural logarithm of the sum of
            exponentials, -inf for a split without any key, whose partial_out is not looked at.
        attn_sink: [h_q], float32, or None; scales out by exp(lse) / (exp(lse) + exp(sink)).

    Returns:
        out [b, s_q, h_q, d_v], bfloat16, and lse [b, h_q, s_q], float32. A row without any key: out 0, lse +inf.

    Raises:
        TypeError: an argument has another type or dtype.
        ValueError: a shape, stride or device that is not supported.
    """
    check_reduce(partial_out, partial_lse, attn_sink)
    return _reduce_op(partial_out, partial_lse, attn_sink)
