"""Merge of split-KV partial results: fp32 partials and their lse become the bfloat16 output.

One program merges ROWS rows (a row is one head of one query token). It needs the lse of all splits of its rows first,
which is little, and then reads the partials once, SPLITS_AT_ONCE of them under way together. Bound by memory.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import triton
import triton.language as tl

from . import mla_decode_reduce_table as table
from ._checks import check_tensor, require

MAX_SPLITS = 256


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
    SPLITS: tl.constexpr,
    ROWS: tl.constexpr,
    VECTOR: tl.constexpr,
    SPLITS_AT_ONCE: tl.constexpr,
):
    """Rows [program_id * ROWS, + ROWS) of [b * s_q, h_q]; SPLITS is `splits` rounded up to a power of two."""
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    row_ok = row < rows
    row = row.to(tl.int64)
    split = tl.arange(0, SPLITS)
    lse = tl.load(
        partial_lse_ptr + split[:, None].to(tl.int64) * rows + row[None, :],
        mask=(split < splits)[:, None] & row_ok[None, :],
        other=float("-inf"),
    )
    largest = tl.max(lse, 0)
    some = largest > float("-inf")
    largest = tl.where(some, largest, 0.0)
    total = tl.sum(tl.exp(lse - largest[None, :]), 0)
    # Without a key: exp(-inf - inf) = 0, weight 0
    normalizer = tl.where(some, largest + tl.log(tl.where(some, total, 1.0)), float("inf"))

    # The hint holds the width of a thread's access down to VECTOR elements
    columns = tl.max_contiguous(tl.multiple_of(tl.arange(0, D_V), VECTOR), VECTOR)
    acc = tl.zeros([ROWS, D_V], tl.float32)
    for begin in range(0, splits, SPLITS_AT_ONCE):
        part = begin + tl.arange(0, SPLITS_AT_ONCE)
        here = (part < splits)[:, None] & row_ok[None, :]
        part_lse = tl.load(
            partial_lse_ptr + part[:, None].to(tl.int64) * rows + row[None, :], mask=here, other=float("-inf")
        )
        weight = tl.exp(part_lse - normalizer[None, :])
        source = part[:, None, None].to(tl.int64) * stride_split + row[None, :, None] * D_V + columns[None, None, :]
        # what an empty split wrote, if anything, is not read: 0 times NaN would be NaN
        values = tl.load(partial_out_ptr + source, mask=(weight > 0)[:, :, None], other=0.0)
        acc += tl.sum(values * weight[:, :, None], 0)
    if HAS_SINK:
        sink = tl.load(sink_ptr + row % h_q, mask=row_ok, other=0.0)
        share = 1.0 / (1.0 + tl.exp(sink - tl.where(some, normalizer, 0.0)))
        acc = acc * tl.where(some, share, 0.0)[:, None]
    tl.store(out_ptr + row[:, None] * D_V + columns[None, :], acc.to(tl.bfloat16), mask=row_ok[:, None])
    token = row // h_q
    position = ((token // s_q) * h_q + row % h_q) * s_q + token % s_q
    tl.store(lse_ptr + position, normalizer, mask=row_ok)


def variants(arch: str) -> Iterator[tuple[str, object, dict[str, str], dict[str, object], dict[str, int]]]:
    """What the resource report compiles: (label, kernel, signature, constexprs, launch options) per variant.

    `arch` is not looked at: the kernel is the same on all of them.
    """
    signature = {
        "partial_out_ptr": "*fp32:16", "partial_lse_ptr": "*fp32:16", "out_ptr": "*bf16:16", "lse_ptr": "*fp32:16",
        "rows": "i32", "s_q": "i32", "h_q": "i32", "splits": "i32", "stride_split": "i32:16",
    }  # fmt: skip
    for vector, sink in ((4, False), (2, False), (1, False), (4, True)):
        config = table.general_config(512)
        constexprs: dict[str, object] = {
            "HAS_SINK": sink, "D_V": 512, "SPLITS": 16, "ROWS": config.rows, "VECTOR": vector,
            "SPLITS_AT_ONCE": config.splits_at_once,
        }  # fmt: skip
        arguments = signature | ({"sink_ptr": "*fp32:16"} if sink else {})
        if not sink:
            constexprs["sink_ptr"] = None
        label = f"vector {vector}" + (", sink" if sink else "")
        yield label, mla_decode_reduce_kernel, arguments, constexprs, {"num_warps": config.num_warps}


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
    mla_decode_reduce_kernel[(triton.cdiv(rows, config.rows),)](
        partial_out, partial_lse, attn_sink, out, lse, rows, s_q, h_q, splits, partial_out.stride(0),
        HAS_SINK=attn_sink is not None, D_V=d_v, SPLITS=triton.next_power_of_2(splits), ROWS=config.rows,
        VECTOR=config.vector, SPLITS_AT_ONCE=config.splits_at_once, num_warps=config.num_warps,
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
    if partial_out.device.type == "cuda" or triton.knobs.runtime.interpret:
        launch_reduce(partial_out, partial_lse, attn_sink, out, lse)
    elif partial_out.device.type == "cpu":
        result = mla_decode_reduce_reference(partial_out, partial_lse, attn_sink, torch.float32)
        out.copy_(result[0])
        lse.copy_(result[1])
    else:
        raise ValueError(f"partial_out must be on a CUDA device or the CPU, got {partial_out.device}")
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
