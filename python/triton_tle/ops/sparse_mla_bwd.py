"""Sparse-MLA backward: gradients of q, kv and attn_sink, one query token and 64 heads a program.

A program prepares two numbers for each of its heads: delta = sum(out * grad_out), and the logarithm that
P = exp(scores - lse) is taken with. Then it goes over the tiles of the token's keys. It gathers a tile once; the
products scores = Q K^T, dP = dO V^T and dQ += dS K read it in shared memory. What belongs to the keys,
dK = dS^T Q and dV = P^T dO, leaves by atomic additions into float32 rows, a piece of WIDTH columns at a time, and the
gather of the next tile runs behind them. A second kernel rounds the float32 sums to bfloat16, in place.

Deterministic mode: sums of integers do not depend on their order. The pieces are scaled by one power of two, such that
no sum can overflow, and added up as 64-bit integers.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import triton
import triton.language as tl

import triton_tle.language as tle

from ._checks import require
from ._devices import on_device_of, plain_torch, runs_kernels
from ._sparse_mla_bwd_parts import add_rows, load_keys, prepare
from .sparse_mla_bwd_args import SparseMlaBwdArgs, aligned, check_sparse_mla_bwd
from .sparse_mla_bwd_reference import sparse_mla_bwd_reference
from .sparse_mla_fwd_args import D_V


@triton.jit
def _gather(latent, rope, kv_ptr, index, stride_kv, HAS_ROPE: tl.constexpr):
    """Start copying rows of kv; those without a key become 0, since P's zeros would meet a NaN in them."""
    rows = kv_ptr + index.to(tl.int64)[:, None] * stride_kv
    valid = index[:, None] >= 0
    tle.gpu.async_copy(rows + tl.arange(0, 512)[None, :], latent, mask=valid)
    if HAS_ROPE:
        tle.gpu.async_copy(rows + 512 + tl.arange(0, 64)[None, :], rope, mask=valid)
    tle.gpu.async_commit()


@triton.jit(do_not_specialize=["s_kv", "h_q", "causal_start"])
def sparse_mla_bwd_kernel(
    q_ptr,
    kv_ptr,
    indices_ptr,
    length_ptr,
    order_ptr,
    out_ptr,
    grad_out_ptr,
    lse_ptr,
    grad_lse_ptr,
    sink_ptr,
    factor_ptr,
    dq_ptr,
    sums_ptr,
    grad_sink_ptr,
    nan_ptr,
    s_kv,
    topk,
    h_q,
    sm_scale,
    causal_start,
    stride_qs,
    stride_qh,
    stride_kv: tl.constexpr,
    stride_is,
    stride_os,
    stride_oh,
    stride_gs,
    stride_gh,
    HAS_ROPE: tl.constexpr,
    HAS_LENGTH: tl.constexpr,
    CAUSAL: tl.constexpr,
    FIXED_POINT: tl.constexpr,
    BLOCK_H: tl.constexpr,
    BLOCK_K: tl.constexpr,
    WIDTH: tl.constexpr,
    AHEAD: tl.constexpr,
    HOLD: tl.constexpr,
    PLAIN: tl.constexpr = False,
    DIVIDE: tl.constexpr = True,
):
    """Gradients of query token program_id // head_blocks, or entry of order_ptr, one block of heads.

    AHEAD: the gather of the next tile starts before the reductions of this one. HOLD: dS for dq, and both P and dS for
    the keys' gradients, are in registers, so that these products read shared memory for K, dO and Q alone. Without it
    dO and Q lie in one buffer, P and dS in another, and a piece of the keys' gradients is one product over twice the
    heads. PLAIN, not AHEAD: the gather is a load at the top of the iteration, and what becomes of it the compiler's
    business; it may divide the loop into partitions if DIVIDE.
    """
    LOG2_E: tl.constexpr = 1.4426950408889634
    D_QK: tl.constexpr = 576 if HAS_ROPE else 512
    STAGES: tl.constexpr = 2 if PLAIN else 1
    HAS_SHARE: tl.constexpr = sink_ptr is not None and grad_lse_ptr is not None
    head_blocks = tl.cdiv(h_q, BLOCK_H)
    place = tl.program_id(0) // head_blocks
    token = place
    if order_ptr is not None:
        token = tl.load(order_ptr + place)
    token = token.to(tl.int64)
    heads = (tl.program_id(0) % head_blocks) * BLOCK_H + tl.arange(0, BLOCK_H)
    head_ok = heads < h_q
    columns = tl.arange(0, 512)
    rope = 512 + tl.arange(0, 64)

    length = topk
    if HAS_LENGTH:
        length = tl.minimum(tl.load(length_ptr + place), topk)
    limit = s_kv
    if CAUSAL:
        limit = tl.minimum(s_kv, causal_start + token + 1).to(tl.int32)
    indices_row = indices_ptr + token * stride_is
    factor = 1.0
    if FIXED_POINT:
        factor = tl.load(factor_ptr)

    if HOLD:
        grad_s = tle.gpu.alloc([BLOCK_H, 512], tl.bfloat16)
        q_s = tle.gpu.alloc([BLOCK_H, 512], tl.bfloat16)
        p_s = tle.gpu.alloc([BLOCK_H, BLOCK_K], tl.bfloat16)
        ds_s = tle.gpu.alloc([BLOCK_H, BLOCK_K], tl.bfloat16)
    else:
        both = tle.gpu.alloc([2 * BLOCK_H, 512], tl.bfloat16)
        grad_s = both.slice(0, BLOCK_H, 0)
        q_s = both.slice(BLOCK_H, BLOCK_H, 0)
        weights = tle.gpu.alloc([2 * BLOCK_H, BLOCK_K], tl.bfloat16)
        p_s = weights.slice(0, BLOCK_H, 0)
        ds_s = weights.slice(BLOCK_H, BLOCK_H, 0)
    q_rope_s = q_s
    if HAS_ROPE:
        q_rope_s = tle.gpu.alloc([BLOCK_H, 64], tl.bfloat16)
    if AHEAD:
        k_s = tle.gpu.alloc([BLOCK_K, 512], tl.bfloat16)
        k_rope_s = k_s
        if HAS_ROPE:
            k_rope_s = tle.gpu.alloc([BLOCK_K, 64], tl.bfloat16)

    q_rows = q_ptr + token * stride_qs + heads.to(tl.int64)[:, None] * stride_qh
    grad_rows = grad_out_ptr + token * stride_gs + heads.to(tl.int64)[:, None] * stride_gh
    tle.gpu.async_copy(q_rows + columns[None, :], q_s, mask=head_ok[:, None])
    if HAS_ROPE:
        tle.gpu.async_copy(q_rows + rope[None, :], q_rope_s, mask=head_ok[:, None])
    tle.gpu.async_copy(grad_rows + columns[None, :], grad_s, mask=head_ok[:, None])
    tle.gpu.async_commit()
    if AHEAD:
        _gather(k_s, k_rope_s, kv_ptr, load_keys(indices_row, 0, length, limit, BLOCK_K), stride_kv, HAS_ROPE)
    row = token * h_q + heads
    out_rows = out_ptr + token * stride_os + heads.to(tl.int64)[:, None] * stride_oh
    shift, delta, share = prepare(
        out_rows, grad_rows, lse_ptr, grad_lse_ptr, sink_ptr, grad_sink_ptr, row, heads, head_ok, BLOCK_H
    )
    delta *= sm_scale
    if PLAIN:
        tle.gpu.async_wait(0)  # Q and dO; with AHEAD the loop waits for them with the first tile
        tle.gpu.wgmma_operand_fence()
        tle.gpu.barrier()

    dq = tl.zeros([BLOCK_H, 512], tl.float32)
    dq_rope = tl.zeros([BLOCK_H, 64], tl.float32)
    for start in tl.range(0, length, BLOCK_K, num_stages=STAGES, warp_specialize=PLAIN and DIVIDE):
        index = load_keys(indices_row, start, length, limit, BLOCK_K)
        if PLAIN:
            k_rows = kv_ptr + index.to(tl.int64)[:, None] * stride_kv
            valid = index[:, None] >= 0
            k = tl.load(k_rows + columns[None, :], mask=valid, other=0.0)
            if HAS_ROPE:
                k_rope = tl.load(k_rows + rope[None, :], mask=valid, other=0.0)
        else:
            if AHEAD:
                next_index = load_keys(indices_row, start + BLOCK_K, length, limit, BLOCK_K)
            else:
                k_s = tle.gpu.alloc([BLOCK_K, 512], tl.bfloat16)
                k_rope_s = k_s
                if HAS_ROPE:
                    k_rope_s = tle.gpu.alloc([BLOCK_K, 64], tl.bfloat16)
                _gather(k_s, k_rope_s, kv_ptr, index, stride_kv, HAS_ROPE)
            tle.gpu.async_wait(0)
            tle.gpu.wgmma_operand_fence()
            k = tl.load(tle.gpu.local_ptr(k_s))
            if HAS_ROPE:
                k_rope = tl.load(tle.gpu.local_ptr(k_rope_s))
        scores = tl.dot(tl.load(tle.gpu.local_ptr(q_s)), tl.trans(k))
        if HAS_ROPE:
            scores = tl.dot(tl.load(tle.gpu.local_ptr(q_rope_s)), tl.trans(k_rope), scores)
        exponents = scores * (sm_scale * LOG2_E) - shift[:, None]
        dp = tl.dot(tl.load(tle.gpu.local_ptr(grad_s)), tl.trans(k))  # behind a use of scores: runs beside exponentials
        # Keys that are none are rows of zeros: what P is there does not matter as long as it is finite.
        p = tl.exp2(tl.minimum(exponents, 64.0, propagate_nan=tl.PropagateNan.ALL))
        if HAS_SHARE:
            ds = p * (dp * (share * sm_scale)[:, None] - delta[:, None])
            p *= share[:, None]
        else:
            ds = p * (dp * sm_scale - delta[:, None])
        tl.store(tle.gpu.local_ptr(p_s), p.to(tl.bfloat16))
        tl.store(tle.gpu.local_ptr(ds_s), ds.to(tl.bfloat16))

        ds_operand = ds_s.load()
        if HOLD:
            ds_operand = tle.gpu.hold_in_registers(ds_operand)
        if HAS_ROPE:
            dq_rope = tl.dot(ds_operand, k_rope, dq_rope)
        dq = tl.dot(ds_operand, k, dq)  # the long one last: P and dS are read while it runs
        valid = index[:, None] >= 0
        sums = sums_ptr + index.to(tl.int64)[:, None] * D_QK
        if HOLD:
            p_columns = tle.gpu.hold_in_registers(p_s.T.load())
            ds_columns = tle.gpu.hold_in_registers(ds_s.T.load())
        else:
            ds_columns = ds_s.T.load()
        if AHEAD:
            tle.gpu.barrier()  # every warp has read the tile
            _gather(k_s, k_rope_s, kv_ptr, next_index, stride_kv, HAS_ROPE)

        if HAS_ROPE:
            part = tl.dot(ds_columns, tl.load(tle.gpu.local_ptr(q_rope_s)))
            add_rows(sums + 512, part, valid, factor, FIXED_POINT)
        for piece in tl.static_range(512 // WIDTH):
            if HOLD:
                part = tl.dot(p_columns, tl.load(tle.gpu.local_ptr(grad_s.slice(piece * WIDTH, WIDTH, 1))))
                part = tl.dot(ds_columns, tl.load(tle.gpu.local_ptr(q_s.slice(piece * WIDTH, WIDTH, 1))), part)
            else:
                operand = tl.load(tle.gpu.local_ptr(both.slice(piece * WIDTH, WIDTH, 1)))
                part = tl.dot(weights.T.load(), operand)
            add_rows(sums + piece * WIDTH, part, valid, factor, FIXED_POINT)
    tle.gpu.async_wait(0)

    some = (shift < float("inf"))[:, None]  # without keys, whatever q and grad_out hold, dq is 0
    dq = tl.where(some, dq, 0.0)
    dq_rope = tl.where(some, dq_rope, 0.0)
    dq_rows = dq_ptr + row[:, None] * D_QK
    tl.store(dq_rows + columns[None, :], dq.to(tl.bfloat16), mask=head_ok[:, None])
    if HAS_ROPE:
        tl.store(dq_rows + rope[None, :], dq_rope.to(tl.bfloat16), mask=head_ok[:, None])
    if FIXED_POINT:
        # integers cannot hold a NaN: one in dS shows in dq
        wrong = tl.max(tl.max((dq != dq).to(tl.int32), 1), 0)
        tl.atomic_max(nan_ptr, wrong, sem="relaxed")


@triton.jit(do_not_specialize=["rows"])
def sparse_mla_bwd_round_kernel(
    sums_ptr, dkv_ptr, factor_ptr, nan_ptr, rows, D_QK: tl.constexpr, FIXED_POINT: tl.constexpr, ROWS: tl.constexpr
):
    """Round rows of sums to bfloat16, each into the front part of its own memory."""
    row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
    columns = tl.arange(0, 1024)
    mask = (row < rows)[:, None] & (columns < D_QK)[None, :]
    sums = tl.load(sums_ptr + row[:, None] * D_QK + columns[None, :], mask=mask).to(tl.float32)
    if FIXED_POINT:
        sums *= tl.where(tl.load(nan_ptr) > 0, float("nan"), 1.0 / tl.load(factor_ptr))
    tl.debug_barrier()  # all of the rows are read before any of them is written
    STRIDE: tl.constexpr = D_QK * (4 if FIXED_POINT else 2)
    tl.store(dkv_ptr + row[:, None] * STRIDE + columns[None, :], sums.to(tl.bfloat16), mask=mask)


def launch_config(deterministic: bool = False) -> dict[str, int | bool]:
    """Compile-time sizes and launch options of the main kernel."""
    sizes = {"BLOCK_H": 64, "BLOCK_K": 64, "WIDTH": 64, "num_warps": 8, "PLAIN": False, "DIVIDE": True}
    if deterministic:
        # 64-bit pieces are too wide to be exchanged inside a warp: the tile's memory serves them as scratch
        return sizes | {"AHEAD": False, "HOLD": False}
    return sizes | {"AHEAD": True, "HOLD": True}


#: What `sparse_mla_bwd(kernel=)` takes: "auto" chooses, "loop" is the loop with a plain gather, which the compiler
#: schedules; deterministic mode has no such form.
KERNELS = ("auto", "loop")


def loop_config() -> dict[str, int | bool]:
    """The same as `launch_config()`, for the loop with a plain gather."""
    return launch_config() | {"AHEAD": False, "PLAIN": True}


def variants(arch: str) -> Iterator[tuple[str, object, dict[str, str], dict[str, object], dict[str, int]]]:
    """What the resource report compiles: (label, kernel, signature, constexprs, launch options) per variant.

    `arch` is not looked at: the kernels are made for sm_90, and other GPUs have less shared memory than they need.
    """
    main = ((576, False, False), (512, False, False), (576, True, False), (576, True, True))
    for d_qk, extras, deterministic in main:
        label = f"d_qk {d_qk}" + (", length, causal, sink, grad_lse" if extras else "")
        label += ", deterministic" if deterministic else ""
        yield label, sparse_mla_bwd_kernel, *main_variant(d_qk, extras, deterministic, launch_config(deterministic))
    for d_qk in (576, 512):
        yield f"d_qk {d_qk}, plain gather", sparse_mla_bwd_kernel, *main_variant(d_qk, False, False, loop_config())
    for deterministic in (False, True):
        sums = {"sums_ptr": "*i64:16" if deterministic else "*fp32:16", "dkv_ptr": "*bf16:16", "rows": "i32"}
        scale = {"factor_ptr": "*fp32:16", "nan_ptr": "*i32:16"}
        yield (
            "round" + (", deterministic" if deterministic else ""),
            sparse_mla_bwd_round_kernel,
            sums | (scale if deterministic else {}),
            ({} if deterministic else dict.fromkeys(scale)) | {"D_QK": 576, "FIXED_POINT": deterministic, "ROWS": 4},
            {"num_warps": 4},
        )


def main_variant(
    d_qk: int, extras: bool, deterministic: bool, config: dict[str, int | bool]
) -> tuple[dict[str, str], dict[str, object], dict[str, int]]:
    """Signature, constexprs and launch options of the main kernel in one configuration, for the resource report.

    With `extras`: lengths, causal, a sink, a gradient of lse.
    """
    signature = dict.fromkeys(("q_ptr", "kv_ptr", "out_ptr", "grad_out_ptr", "dq_ptr"), "*bf16:16")
    signature |= {"indices_ptr": "*i32:16", "lse_ptr": "*fp32:16"}
    signature["sums_ptr"] = "*i64:16" if deterministic else "*fp32:16"
    strides = ("stride_qs", "stride_qh", "stride_is", "stride_os", "stride_oh", "stride_gs", "stride_gh")
    signature |= dict.fromkeys(("topk", *strides), "i32:16")
    signature |= dict.fromkeys(("s_kv", "h_q", "causal_start"), "i32") | {"sm_scale": "fp32"}
    constexprs: dict[str, object] = {"HAS_ROPE": d_qk > 512, "HAS_LENGTH": extras, "CAUSAL": extras, "stride_kv": d_qk}
    constexprs |= {"FIXED_POINT": deterministic, "order_ptr": None}
    optional = dict.fromkeys(("grad_lse_ptr", "sink_ptr", "grad_sink_ptr"), ("*fp32:16", extras))
    optional |= {"length_ptr": ("*i32:16", extras), "factor_ptr": ("*fp32:16", deterministic)}
    for name, (kind, given) in (optional | {"nan_ptr": ("*i32:16", deterministic)}).items():
        if given:
            signature[name] = kind
        else:
            constexprs[name] = None
    config = dict(config)
    options = {"num_warps": config.pop("num_warps")}
    return signature, constexprs | config, options


def _fixed_point_factor(args: SparseMlaBwdArgs) -> torch.Tensor:
    """Power of two, [1] in float32, that no sum of a key's gradients overflows 64 bits with; NaN if they may be NaN.

    Over a token's list P sums up to at most 1 for each head, |dP| and |delta| are at most |grad_out row| * |V row|:
    hence the bound, with row lengths bounded by their largest element. Rows of kv that hold no finite numbers are left
    out, since a token need not attend to them. If one does, its out is NaN. Its dq need not be: the forward may have
    given it the lse of a token without keys, whose dq is 0.
    """

    def largest(tensor: torch.Tensor) -> torch.Tensor:
        return torch.linalg.vector_norm(tensor, float("inf")).double()

    rows = torch.linalg.vector_norm(args.kv[:, 0], float("inf"), dim=1)
    key = torch.where(torch.isfinite(rows), rows, 0).max().double()
    grad = largest(args.grad_out)
    slope = 2 * D_V * grad * key
    if args.grad_lse is not None:
        slope = slope + largest(args.grad_lse)
    bound = 2 * args.s_q * args.h_q * (grad + abs(args.sm_scale) * slope * largest(args.q))
    exponent = (62 - torch.ceil(torch.log2(bound))).clamp(-120, 120)
    finite = torch.isfinite(bound) & torch.isfinite(largest(args.out))
    return torch.where(finite, torch.exp2(exponent), float("nan")).float().reshape(1)


def launch_sparse_mla_bwd(
    args: SparseMlaBwdArgs, config: dict[str, int | bool] | None = None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Run the kernels; `config` replaces `launch_config(args.deterministic)`. Returns (dq, dkv, dsink).

    Memory beside arguments and results: with attn_sink a float32 number for each query token and head, and copies of q,
    kv, out and grad_out where their rows are not aligned. dkv lies in the front part of each row of the sums: 4 bytes
    an element of kv, 8 in deterministic mode.
    """
    s_q, h_q, d_qk, s_kv = args.s_q, args.h_q, args.d_qk, args.s_kv
    device, sink = args.q.device, args.attn_sink
    if args.q.numel() == 0 or args.kv.numel() == 0 or args.topk == 0:
        return args.dq.zero_(), args.dkv, None if sink is None else torch.zeros_like(sink)
    q, kv, out, grad_out = (aligned(tensor) for tensor in (args.q, args.kv[:, 0], args.out, args.grad_out))

    grad_sink = None if sink is None else torch.empty((s_q, h_q), dtype=torch.float32, device=device)
    factor = nan = None
    if args.deterministic:
        factor = _fixed_point_factor(args)
        nan = torch.zeros(1, dtype=torch.int32, device=device)

    config = launch_config(args.deterministic) if config is None else config
    sparse_mla_bwd_kernel[(s_q * triton.cdiv(h_q, config["BLOCK_H"]),)](
        q, kv, args.indices, args.topk_length, args.order, out, grad_out, args.lse, args.grad_lse, sink, factor,
        args.dq, args.sums, grad_sink, nan, min(s_kv, 2**31 - 1), args.topk, h_q, args.sm_scale,
        args.causal_start or 0, q.stride(0), q.stride(1), kv.stride(0), args.indices.stride(0), out.stride(0),
        out.stride(1), grad_out.stride(0), grad_out.stride(1), **args.kernel_features(),
        FIXED_POINT=args.deterministic, **config,
    )  # fmt: skip
    dsink = None if grad_sink is None else grad_sink.sum(0)
    sparse_mla_bwd_round_kernel[(triton.cdiv(s_kv, 4),)](
        args.sums, args.dkv, factor, nan, s_kv, D_QK=d_qk, FIXED_POINT=args.deterministic, ROWS=4, num_warps=4
    )
    return args.dq, args.dkv, dsink


def _copy_reference(args: SparseMlaBwdArgs) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    dq, dkv, dsink = sparse_mla_bwd_reference(
        args.q, args.kv, args.indices, args.grad_out, args.sm_scale, attn_sink=args.attn_sink,
        topk_length=args.length_of_tokens(), causal_start=args.causal_start, grad_lse=args.grad_lse,
        dtype=torch.float32,
    )  # fmt: skip
    return args.dq.copy_(dq), args.dkv.copy_(dkv), dsink


def sparse_mla_bwd(
    q: torch.Tensor,
    kv: torch.Tensor,
    indices: torch.Tensor,
    out: torch.Tensor,
    lse: torch.Tensor,
    grad_out: torch.Tensor,
    sm_scale: float,
    *,
    attn_sink: torch.Tensor | None = None,
    topk_length: torch.Tensor | None = None,
    causal_start: int | None = None,
    grad_lse: torch.Tensor | None = None,
    deterministic: bool = False,
    dq: torch.Tensor | None = None,
    sums: torch.Tensor | None = None,
    order: torch.Tensor | None = None,
    kernel: str = "auto",
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Gradients of `flash_mla_sparse_fwd`.

    On CPU tensors this calculates in plain torch operations, or with TRITON_INTERPRET=1 runs the kernels themselves in
    Triton's interpreter.

    Args:
        q: [s_q, h_q, d_qk], bfloat16; d_qk 512 or 576, h_q a multiple of 8 up to 128.
        kv: [s_kv, 1, d_qk], bfloat16; the first 512 columns are the values.
        indices: [s_q, 1, topk], int32; a negative entry or one >= s_kv is no key.
        out: [s_q, h_q, 512], bfloat16, what the forward returned.
        lse: [s_q, h_q], float32, contiguous, what the forward returned.
        grad_out: [s_q, h_q, 512], bfloat16, the gradient of out.
        sm_scale: factor on q.k.
        attn_sink: [h_q], float32, if the forward had it.
        topk_length: [s_q], int32, if the forward had it.
        causal_start: if the forward had it: row s sees only keys <= causal_start + s.
        grad_lse: [s_q, h_q], float32, contiguous: the gradient of lse; None for zero.
        deterministic: the same bits in every run, from sums in 64-bit fixed point. The step is the same for all of
            dkv, about 2**-30 for inputs of unit variance and 2**19 pairs of token and head; a NaN or infinity in q or
            grad_out, or in a row of kv that a token attends to, makes all of dkv NaN.
        dq: where to write dq, contiguous.
        sums: memory for dkv, zeros, [s_kv, d_qk], float32 (deterministic: int64), contiguous.
        order: [s_q], int32, a permutation: the order in which programs take query tokens. topk_length must be given
            too, and in this order: topk_length[i] belongs to query token order[i].
        kernel: one of KERNELS.

    Returns:
        (dq, dkv, dsink): dq [s_q, h_q, d_qk], bfloat16; dkv [s_kv, 1, d_qk], bfloat16, a view of the memory that the
        sums were made in (float32: row stride 2 * d_qk; deterministic: 4 * d_qk); dsink [h_q], float32, None without
        attn_sink. A row without any key gives zeros.

    Raises:
        TypeError: an argument has another type or dtype.
        ValueError: a shape, stride, device, head count or kernel that is not supported.
    """
    require(kernel in KERNELS, "kernel", repr(kernel), f"be one of {', '.join(KERNELS)}")
    args = check_sparse_mla_bwd(
        q, kv, indices, out, lse, grad_out, sm_scale, attn_sink, topk_length, causal_start, grad_lse, deterministic,
        dq, sums, order,
    )  # fmt: skip
    if runs_kernels("q", q):
        with on_device_of(q):
            plain = kernel == "loop" and not deterministic
            return launch_sparse_mla_bwd(args, loop_config() if plain else None)
    with plain_torch(q):
        return _copy_reference(args)
