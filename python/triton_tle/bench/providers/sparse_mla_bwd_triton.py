"""Sparse-MLA backward in plain Triton: what `tl.load`, `tl.dot` and `tl.atomic_add` give without TLE.

Semantics, arguments and results are those of the atomic mode of `triton_tle.ops.sparse_mla_bwd.sparse_mla_bwd`,
without grad_lse; the kernel behind the main one is the same. One before it prepares delta and the logarithms.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from triton_tle.ops.sparse_mla_bwd import sparse_mla_bwd_round_kernel
from triton_tle.ops.sparse_mla_bwd_args import SparseMlaBwdArgs, check_sparse_mla_bwd

PREPARE_HEADS = 8


@triton.jit(do_not_specialize=["h_q"])
def sparse_mla_bwd_prepare_kernel(
    out_ptr,
    grad_out_ptr,
    lse_ptr,
    sink_ptr,
    shift_ptr,
    delta_ptr,
    grad_sink_ptr,
    h_q,
    stride_os,
    stride_oh,
    stride_gs,
    stride_gh,
    HAS_SINK: tl.constexpr,
    HEADS: tl.constexpr,
):
    """delta; shift = log2 of the sum of exponentials, sink included (+inf without keys); the token's part of dsink."""
    LOG2_E: tl.constexpr = 1.4426950408889634
    head_blocks = tl.cdiv(h_q, HEADS)
    token = (tl.program_id(0) // head_blocks).to(tl.int64)
    heads = (tl.program_id(0) % head_blocks) * HEADS + tl.arange(0, HEADS)
    head_ok = heads < h_q
    columns = tl.arange(0, 512)
    out_rows = out_ptr + token * stride_os + heads.to(tl.int64)[:, None] * stride_oh
    grad_rows = grad_out_ptr + token * stride_gs + heads.to(tl.int64)[:, None] * stride_gh
    out = tl.load(out_rows + columns[None, :], mask=head_ok[:, None], other=0.0).to(tl.float32)
    grad = tl.load(grad_rows + columns[None, :], mask=head_ok[:, None], other=0.0).to(tl.float32)
    delta = tl.sum(out * grad, 1)
    row = token * h_q + heads
    lse = tl.load(lse_ptr + row, mask=head_ok, other=float("inf"))
    some = lse < float("inf")
    total = lse
    if HAS_SINK:
        sink = tl.load(sink_ptr + heads, mask=head_ok, other=0.0)
        finite_lse = tl.where(some, lse, 0.0)
        distance = sink - finite_lse
        of_sink = 1.0 / (1.0 + tl.exp2(-distance * LOG2_E))
        tl.store(grad_sink_ptr + row, tl.where(some, -of_sink * delta, 0.0), mask=head_ok)
        total = tl.maximum(finite_lse, sink) + tl.log2(1.0 + tl.exp2(-tl.abs(distance) * LOG2_E)) / LOG2_E
        total = tl.where(some, total, float("inf"))
    tl.store(shift_ptr + row, total * LOG2_E, mask=head_ok)
    tl.store(delta_ptr + row, delta, mask=head_ok)


def _configs() -> list[triton.Config]:
    """All that fits: with 64 heads, 32 keys take more shared memory than 64, since their products are no WGMMA."""
    chosen = [(64, 64, 8, 8, 1), (32, 64, 8, 8, 1), (32, 32, 4, 4, 1), (32, 32, 4, 8, 1)]
    chosen += [(16, 32, 4, 4, 1), (16, 64, 4, 4, 1), (16, 32, 4, 4, 2)]
    return [
        triton.Config({"BLOCK_H": heads, "BLOCK_K": keys, "PIECES": pieces, "STAGES": stages}, num_warps=warps)
        for heads, keys, pieces, warps, stages in chosen
    ]


def _prune(configs: list[triton.Config], named_args: dict, **_) -> list[triton.Config]:
    """Keep the smallest head block that holds all heads (64 at most), and one of 32 rows where that is 64."""
    wanted = min(64, max(16, triton.next_power_of_2(named_args["h_q"])))
    return [config for config in configs if config.kwargs["BLOCK_H"] in (wanted, 32 if wanted == 64 else wanted)]


@triton.jit(do_not_specialize=["s_kv", "h_q", "causal_start"])
def sparse_mla_bwd_plain(
    q_ptr,
    kv_ptr,
    indices_ptr,
    length_ptr,
    grad_out_ptr,
    shift_ptr,
    delta_ptr,
    dq_ptr,
    sums_ptr,
    s_kv,
    topk,
    h_q,
    sm_scale,
    causal_start,
    stride_qs,
    stride_qh,
    stride_kv: tl.constexpr,
    stride_is,
    stride_gs,
    stride_gh,
    HAS_ROPE: tl.constexpr,
    HAS_LENGTH: tl.constexpr,
    CAUSAL: tl.constexpr,
    BLOCK_H: tl.constexpr,
    BLOCK_K: tl.constexpr,
    PIECES: tl.constexpr,
    STAGES: tl.constexpr,
):
    """One program: one query token, BLOCK_H heads. The 512 latent columns are handled in PIECES equal pieces."""
    WIDTH: tl.constexpr = 512 // PIECES
    LOG2_E: tl.constexpr = 1.4426950408889634
    D_QK: tl.constexpr = 576 if HAS_ROPE else 512
    head_blocks = tl.cdiv(h_q, BLOCK_H)
    token = (tl.program_id(0) // head_blocks).to(tl.int64)
    heads = (tl.program_id(0) % head_blocks) * BLOCK_H + tl.arange(0, BLOCK_H)
    head_ok = heads < h_q
    columns = tl.arange(0, WIDTH)
    rope = 512 + tl.arange(0, 64)

    q_rows = q_ptr + token * stride_qs + heads.to(tl.int64)[:, None] * stride_qh
    grad_rows = grad_out_ptr + token * stride_gs + heads.to(tl.int64)[:, None] * stride_gh
    row = token * h_q + heads
    shift = tl.load(shift_ptr + row, mask=head_ok, other=float("inf"))
    delta = tl.load(delta_ptr + row, mask=head_ok, other=0.0)
    q = ()
    grad = ()
    dq = ()
    for piece in tl.static_range(PIECES):
        q = q + (tl.load(q_rows + piece * WIDTH + columns[None, :], mask=head_ok[:, None], other=0.0),)
        grad = grad + (tl.load(grad_rows + piece * WIDTH + columns[None, :], mask=head_ok[:, None], other=0.0),)
        dq = dq + (tl.zeros([BLOCK_H, WIDTH], tl.float32),)
    if HAS_ROPE:
        q_rope = tl.load(q_rows + rope[None, :], mask=head_ok[:, None], other=0.0)
        dq_rope = tl.zeros([BLOCK_H, 64], tl.float32)

    length = topk
    if HAS_LENGTH:
        length = tl.minimum(tl.load(length_ptr + token), topk)
    limit = s_kv
    if CAUSAL:
        limit = tl.minimum(s_kv, causal_start + token + 1).to(tl.int32)
    for start in tl.range(0, length, BLOCK_K, num_stages=STAGES):
        position = start + tl.arange(0, BLOCK_K)
        index = tl.load(indices_ptr + token * stride_is + position, mask=position < length, other=-1)
        valid = (index >= 0) & (index < limit)
        k_rows = kv_ptr + index.to(tl.int64)[:, None] * stride_kv
        k = ()
        for piece in tl.static_range(PIECES):
            k = k + (tl.load(k_rows + piece * WIDTH + columns[None, :], mask=valid[:, None], other=0.0),)
        scores = tl.dot(q[0], k[0].T)
        dp = tl.dot(grad[0], k[0].T)
        for piece in tl.static_range(1, PIECES):
            scores = tl.dot(q[piece], k[piece].T, scores)
            dp = tl.dot(grad[piece], k[piece].T, dp)
        if HAS_ROPE:
            k_rope = tl.load(k_rows + rope[None, :], mask=valid[:, None], other=0.0)
            scores = tl.dot(q_rope, k_rope.T, scores)
        p = tl.exp2(scores * (sm_scale * LOG2_E) - shift[:, None])
        p = tl.where(valid[None, :], p, 0.0)
        ds = (p * (dp - delta[:, None]) * sm_scale).to(tl.bfloat16)
        p_t = p.to(tl.bfloat16).T
        ds_t = ds.T
        sums = sums_ptr + index.to(tl.int64)[:, None] * D_QK
        new_dq = ()
        for piece in tl.static_range(PIECES):
            new_dq = new_dq + (tl.dot(ds, k[piece], dq[piece]),)
            part = tl.dot(ds_t, q[piece], tl.dot(p_t, grad[piece]))
            tl.atomic_add(sums + piece * WIDTH + columns[None, :], part, mask=valid[:, None], sem="relaxed")
        dq = new_dq
        if HAS_ROPE:
            dq_rope = tl.dot(ds, k_rope, dq_rope)
            tl.atomic_add(sums + rope[None, :], tl.dot(ds_t, q_rope), mask=valid[:, None], sem="relaxed")

    dq_rows = dq_ptr + row[:, None] * D_QK
    for piece in tl.static_range(PIECES):
        tl.store(dq_rows + piece * WIDTH + columns[None, :], dq[piece].to(tl.bfloat16), mask=head_ok[:, None])
    if HAS_ROPE:
        tl.store(dq_rows + rope[None, :], dq_rope.to(tl.bfloat16), mask=head_ok[:, None])


# For the number of query tokens of the first call of a key: the number is no argument of the kernel.
_tuned = triton.autotune(
    _configs(),
    key=["s_kv", "topk", "h_q", "HAS_ROPE"],
    prune_configs_by={"early_config_prune": _prune},
    reset_to_zero=["sums_ptr"],
)(sparse_mla_bwd_plain)


def _run(args: SparseMlaBwdArgs, main, options: dict) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    s_q, h_q, d_qk, s_kv = args.s_q, args.h_q, args.d_qk, args.s_kv
    sink, out, grad_out, kv = args.attn_sink, args.out, args.grad_out, args.kv
    shift, delta = (torch.empty((s_q, h_q), dtype=torch.float32, device=args.q.device) for _ in range(2))
    grad_sink = None if sink is None else torch.empty_like(delta)
    if s_q > 0:
        sparse_mla_bwd_prepare_kernel[(s_q * triton.cdiv(h_q, PREPARE_HEADS),)](
            out, grad_out, args.lse, sink, shift, delta, grad_sink, h_q, out.stride(0), out.stride(1),
            grad_out.stride(0), grad_out.stride(1), HAS_SINK=sink is not None, HEADS=PREPARE_HEADS, num_warps=4,
        )  # fmt: skip
        main[lambda meta: (s_q * triton.cdiv(h_q, meta["BLOCK_H"]),)](
            args.q, kv, args.indices, args.topk_length, grad_out, shift, delta, args.dq, args.sums,
            min(s_kv, 2**31 - 1), args.topk, h_q, args.sm_scale, args.causal_start or 0, args.q.stride(0),
            args.q.stride(1), kv.stride(0), args.indices.stride(0), grad_out.stride(0), grad_out.stride(1),
            **args.kernel_features(), **options,
        )  # fmt: skip
    if s_kv > 0:
        sparse_mla_bwd_round_kernel[(triton.cdiv(s_kv, 4),)](
            args.sums, args.dkv, None, None, s_kv, D_QK=d_qk, FIXED_POINT=False, ROWS=4, num_warps=4
        )
    return args.dq, args.dkv, None if grad_sink is None else grad_sink.sum(0)


def sparse_mla_bwd_triton(
    q: torch.Tensor,
    kv: torch.Tensor,
    indices: torch.Tensor,
    out: torch.Tensor,
    lse: torch.Tensor,
    grad_out: torch.Tensor,
    sm_scale: float,
    **named: object,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Same arguments and results as `sparse_mla_bwd`, but for the modes named above; autotuned."""
    return _run(check_sparse_mla_bwd(q, kv, indices, out, lse, grad_out, sm_scale, **named), _tuned, {})


def compile_one(h_q: int, d_qk: int, topk: int, number: int) -> None:
    """Compile configuration `number` for this size by a call with one query token, into Triton's cache on disk."""
    config = _prune(_configs(), {"h_q": h_q})[number]
    q = torch.zeros((1, h_q, d_qk), dtype=torch.bfloat16, device="cuda")
    kv, out = q[:, :1].clone(), torch.zeros_like(q[..., :512])
    indices = torch.zeros((1, 1, topk), dtype=torch.int32, device="cuda")
    lse = torch.zeros((1, h_q), device="cuda")
    args = check_sparse_mla_bwd(q, kv, indices, out, lse, out.clone(), d_qk**-0.5)
    _run(args, sparse_mla_bwd_plain, config.kwargs | {"num_warps": config.num_warps})
    torch.cuda.synchronize()


def compile_calls(sizes: list[tuple[int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Arguments of `compile_one` for all that autotuning tries for sizes (h_q, d_qk, topk).

    h_q itself does not go into a kernel: of sizes that take the same configurations one is enough.
    """
    chosen: dict[tuple, tuple[int, int, int, int]] = {}
    for h_q, d_qk, topk in sizes:
        for number, config in enumerate(_prune(_configs(), {"h_q": h_q})):
            chosen.setdefault((str(config), d_qk, topk % 16 == 0), (h_q, d_qk, topk, number))
    return list(chosen.values())


def sparse_mla_bwd_triton_untuned(
    q: torch.Tensor,
    kv: torch.Tensor,
    indices: torch.Tensor,
    out: torch.Tensor,
    lse: torch.Tensor,
    grad_out: torch.Tensor,
    sm_scale: float,
    **named: object,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """The same in the first fitting configuration, without autotuning (for the interpreter, which cannot time)."""
    args = check_sparse_mla_bwd(q, kv, indices, out, lse, grad_out, sm_scale, **named)
    chosen = _prune(_configs(), {"h_q": args.h_q})[0]
    return _run(args, sparse_mla_bwd_plain, chosen.kwargs | {"num_warps": chosen.num_warps})
