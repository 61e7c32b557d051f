"""Sparse-MLA forward in plain Triton: what `tl.load` and `tl.dot` give without TLE.

Semantics, arguments and results are those of `triton_tle.ops.flash_mla_sparse_fwd`.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from triton_tle.ops.sparse_mla_fwd_args import SparseMlaFwdArgs, check_sparse_mla_fwd

MAX_BLOCK_K = 64


def _configs() -> list[triton.Config]:
    large = [(64, 64, 8, 2, 1), (64, 64, 8, 2, 4), (64, 64, 8, 3, 4), (64, 32, 8, 2, 1), (64, 32, 8, 3, 2)]
    small = [(heads, keys, heads // 4, stages, 4) for heads in (16, 32) for keys, stages in ((32, 2), (32, 3), (64, 2))]
    return [
        triton.Config({"BLOCK_H": heads, "BLOCK_K": keys, "PIECES": pieces, "STAGES": stages}, num_warps=warps)
        for heads, keys, warps, stages, pieces in large + small
    ]


def _prune(configs: list[triton.Config], named_args: dict, **_) -> list[triton.Config]:
    """Keep the configurations whose head block is the smallest that holds all heads (64 at most)."""
    wanted = min(64, max(16, triton.next_power_of_2(named_args["h_q"])))
    return [config for config in configs if config.kwargs["BLOCK_H"] == wanted]


@triton.jit(do_not_specialize=["s_kv", "h_q", "causal_start"])
def sparse_mla_fwd_plain(
    q_ptr,
    kv_ptr,
    indices_ptr,
    sink_ptr,
    length_ptr,
    out_ptr,
    max_logits_ptr,
    lse_ptr,
    s_kv,
    topk,
    h_q,
    scale_log2,
    causal_start,
    stride_qs,
    stride_qh,
    stride_kv: tl.constexpr,
    stride_is,
    stride_os,
    stride_oh,
    HAS_ROPE: tl.constexpr,
    HAS_SINK: tl.constexpr,
    HAS_LENGTH: tl.constexpr,
    CAUSAL: tl.constexpr,
    EVEN: tl.constexpr,
    BLOCK_H: tl.constexpr,
    BLOCK_K: tl.constexpr,
    PIECES: tl.constexpr,
    STAGES: tl.constexpr,
):
    """One program: one query token, BLOCK_H heads. The 512 latent columns are handled in PIECES equal pieces.

    EVEN says that no row of indices ends inside of a tile.
    """
    WIDTH: tl.constexpr = 512 // PIECES
    LN2: tl.constexpr = 0.6931471805599453
    LOG2_E: tl.constexpr = 1.4426950408889634
    head_blocks = tl.cdiv(h_q, BLOCK_H)
    token = (tl.program_id(0) // head_blocks).to(tl.int64)
    heads = (tl.program_id(0) % head_blocks) * BLOCK_H + tl.arange(0, BLOCK_H)
    head_ok = heads < h_q
    columns = tl.arange(0, WIDTH)
    rope = 512 + tl.arange(0, 64)

    q_rows = q_ptr + token * stride_qs + heads.to(tl.int64)[:, None] * stride_qh
    q = ()
    acc = ()
    for piece in tl.static_range(PIECES):
        q = q + (tl.load(q_rows + piece * WIDTH + columns[None, :], mask=head_ok[:, None], other=0.0),)
        acc = acc + (tl.zeros([BLOCK_H, WIDTH], tl.float32),)
    if HAS_ROPE:
        q_rope = tl.load(q_rows + rope[None, :], mask=head_ok[:, None], other=0.0)

    length = topk
    if HAS_LENGTH:
        length = tl.minimum(tl.load(length_ptr + token), topk)
    limit = s_kv
    if CAUSAL:
        limit = tl.minimum(s_kv, causal_start + token + 1).to(tl.int32)

    row_max = tl.full([BLOCK_H], -1e30, tl.float32)  # finite, so that a tile without any key gives no NaN
    row_sum = tl.zeros([BLOCK_H], tl.float32)
    for start in tl.range(0, length, BLOCK_K, num_stages=STAGES):
        position = start + tl.arange(0, BLOCK_K)
        if EVEN:
            index = tl.load(indices_ptr + token * stride_is + position)
        else:
            index = tl.load(indices_ptr + token * stride_is + position, mask=position < length, other=-1)
        valid = (index >= 0) & (index < limit)
        k_rows = kv_ptr + index.to(tl.int64)[:, None] * stride_kv
        k = ()
        for piece in tl.static_range(PIECES):
            k = k + (tl.load(k_rows + piece * WIDTH + columns[None, :], mask=valid[:, None], other=0.0),)
        scores = tl.dot(q[0], k[0].T)
        for piece in tl.static_range(1, PIECES):
            scores = tl.dot(q[piece], k[piece].T, scores)
        if HAS_ROPE:
            k_rope = tl.load(k_rows + rope[None, :], mask=valid[:, None], other=0.0)
            scores = tl.dot(q_rope, k_rope.T, scores)
        scores = tl.where(valid[None, :], scores * scale_log2, float("-inf"))
        new_max = tl.maximum(row_max, tl.max(scores, 1))
        rescale = tl.exp2(row_max - new_max)
        p = tl.exp2(scores - new_max[:, None])
        row_sum = row_sum * rescale + tl.sum(p, 1)
        row_max = new_max
        p_bf16 = p.to(tl.bfloat16)
        new_acc = ()
        for piece in tl.static_range(PIECES):
            new_acc = new_acc + (tl.dot(p_bf16, k[piece], acc[piece] * rescale[:, None]),)
        acc = new_acc

    some = row_sum > 0
    row_sum = tl.where(some, row_sum, 1.0)
    denominator = row_sum
    if HAS_SINK:
        sink = tl.load(sink_ptr + heads, mask=head_ok, other=0.0)
        denominator += tl.exp2(tl.where(some, sink * LOG2_E - row_max, 0.0))
    factor = tl.where(some, 1.0 / denominator, 0.0)
    out_rows = out_ptr + token * stride_os + heads.to(tl.int64)[:, None] * stride_oh
    for piece in tl.static_range(PIECES):
        tl.store(
            out_rows + piece * WIDTH + columns[None, :],
            (acc[piece] * factor[:, None]).to(tl.bfloat16),
            mask=head_ok[:, None],
        )
    row = token * h_q + heads
    tl.store(max_logits_ptr + row, tl.where(some, row_max * LN2, float("-inf")), mask=head_ok)
    tl.store(lse_ptr + row, tl.where(some, (row_max + tl.log2(row_sum)) * LN2, float("inf")), mask=head_ok)


# For the number of query tokens of the first call of a key: the number is no argument of the kernel.
_tuned = triton.autotune(
    _configs(), key=["s_kv", "topk", "h_q", "HAS_ROPE", "EVEN"], prune_configs_by={"early_config_prune": _prune}
)(sparse_mla_fwd_plain)


def _even(args: SparseMlaFwdArgs) -> bool:
    return args.topk % MAX_BLOCK_K == 0 and args.topk_length is None


def _grid(args: SparseMlaFwdArgs, block_h: int) -> tuple[int]:
    return (args.s_q * triton.cdiv(args.h_q, block_h),)


def sparse_mla_fwd_triton(
    q: torch.Tensor,
    kv: torch.Tensor,
    indices: torch.Tensor,
    sm_scale: float,
    d_v: int = 512,
    attn_sink: torch.Tensor | None = None,
    topk_length: torch.Tensor | None = None,
    out: torch.Tensor | None = None,
    *,
    causal_start: int | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Same arguments and results as `triton_tle.ops.flash_mla_sparse_fwd`; the configuration is autotuned."""
    args = check_sparse_mla_fwd(q, kv, indices, sm_scale, d_v, attn_sink, topk_length, out, causal_start)
    if args.s_q > 0:
        _tuned[lambda meta: _grid(args, meta["BLOCK_H"])](
            *args.kernel_arguments(), **args.kernel_features(), EVEN=_even(args)
        )
    return args.results()


def sparse_mla_fwd_triton_untuned(
    q: torch.Tensor, kv: torch.Tensor, indices: torch.Tensor, sm_scale: float, **named: object
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The same in the first fitting configuration, without autotuning (for the interpreter, which cannot time)."""
    args = check_sparse_mla_fwd(q, kv, indices, sm_scale, **named)
    if args.s_q > 0:
        meta = _prune(_configs(), {"h_q": args.h_q})[0].kwargs
        grid = _grid(args, meta["BLOCK_H"])
        sparse_mla_fwd_plain[grid](*args.kernel_arguments(), **args.kernel_features(), EVEN=_even(args), **meta)
    return args.results()
