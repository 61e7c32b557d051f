"""Sparse-MLA prefill forward: each query token attends to its own list of keys.

One program handles one query token and 64 of its heads. It gathers K in tiles of BLOCK_K keys, stages each tile in
shared memory, and both products read that one copy: scores = Q K^T over all d_qk columns, output += P V where V is the
first 512 columns of K. The loop is written as if every tile were loaded, stored and read in turn; the compiler turns
the staging into asynchronous copies that run two tiles ahead, and lets the products read the staged tile in place.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import triton
import triton.language as tl

import triton_tle.language as tle

from .sparse_mla_fwd_args import SparseMlaFwdArgs, check_sparse_mla_fwd
from .sparse_mla_reference import sparse_mla_fwd_reference


@triton.jit
def _load_indices(indices_row, start, length, BLOCK_K: tl.constexpr):
    """Entries [start, start + BLOCK_K) of a row of indices; -1 from `length` on."""
    position = start + tl.arange(0, BLOCK_K)
    return tl.load(indices_row + position, mask=position < length, other=-1)


@triton.jit
def _stage(pointers, tile, valid, PIECES: tl.constexpr):
    """Gather rows into a shared-memory tile, PIECES column blocks in turn; rows that are not valid become 0.

    They must: their scores are masked, but P's zeros would meet a NaN in V.
    """
    if PIECES == 1:
        columns = tl.arange(0, tile.shape[1])
        tl.store(tle.gpu.local_ptr(tile), tl.load(pointers + columns[None, :], mask=valid, other=0.0))
    else:
        WIDTH: tl.constexpr = tile.shape[1] // PIECES
        for piece in tl.static_range(PIECES):
            columns = piece * WIDTH + tl.arange(0, WIDTH)
            part = tl.load(pointers + columns[None, :], mask=valid, other=0.0)
            tl.store(tle.gpu.local_ptr(tile.slice(piece * WIDTH, WIDTH, 1)), part)


@triton.jit(do_not_specialize=["s_kv", "h_q", "causal_start"])
def sparse_mla_fwd_kernel(
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
    BLOCK_H: tl.constexpr,
    BLOCK_K: tl.constexpr,
    PIECES: tl.constexpr,
    STAGES: tl.constexpr,
):
    """Attention of query token program_id // head_blocks for one block of heads."""
    LN2: tl.constexpr = 0.6931471805599453
    LOG2_E: tl.constexpr = 1.4426950408889634
    head_blocks = tl.cdiv(h_q, BLOCK_H)
    token = (tl.program_id(0) // head_blocks).to(tl.int64)
    heads = (tl.program_id(0) % head_blocks) * BLOCK_H + tl.arange(0, BLOCK_H)
    head_ok = heads < h_q
    columns = tl.arange(0, 512)
    rope = 512 + tl.arange(0, 64)

    length = topk
    if HAS_LENGTH:
        length = tl.minimum(tl.load(length_ptr + token), topk)
    limit = s_kv
    if CAUSAL:
        limit = tl.minimum(s_kv, causal_start + token + 1).to(tl.int32)
    indices_row = indices_ptr + token * stride_is

    q_rows = q_ptr + token * stride_qs + heads.to(tl.int64)[:, None] * stride_qh
    q_latent = tl.load(q_rows + columns[None, :], mask=head_ok[:, None], other=0.0)
    if HAS_ROPE:
        q_rope = tl.load(q_rows + rope[None, :], mask=head_ok[:, None], other=0.0)
    k_latent = tle.gpu.alloc([BLOCK_K, 512], tl.bfloat16)
    if HAS_ROPE:
        k_rope = tle.gpu.alloc([BLOCK_K, 64], tl.bfloat16)

    row_max = tl.full([BLOCK_H], -1e30, tl.float32)  # finite, so that a tile without any key gives no NaN
    p_sum = tl.zeros([BLOCK_H, BLOCK_K], tl.float32)  # summed over keys at the end: a sum across warps takes barriers
    acc = tl.zeros([BLOCK_H, 512], tl.float32)
    for start in tl.range(0, length, BLOCK_K, num_stages=STAGES):
        index = _load_indices(indices_row, start, length, BLOCK_K)
        valid = (index >= 0) & (index < limit)
        k_rows = kv_ptr + index.to(tl.int64)[:, None] * stride_kv
        _stage(k_rows, k_latent, valid[:, None], PIECES)
        if HAS_ROPE:
            _stage(k_rows + 512, k_rope, valid[:, None], 1)

        k = tl.load(tle.gpu.local_ptr(k_latent))
        if HAS_ROPE:
            scores = tl.dot(q_rope, tl.trans(tl.load(tle.gpu.local_ptr(k_rope))))
            scores = tl.dot(q_latent, tl.trans(k), scores)
        else:
            scores = tl.dot(q_latent, tl.trans(k))
        scores = tl.where(valid[None, :], scores * scale_log2, float("-inf"))
        new_max = tl.maximum(row_max, tl.max(scores, 1))
        rescale = tl.exp2(row_max - new_max)
        p = tl.exp2(scores - new_max[:, None])
        p_sum = p_sum * rescale[:, None] + p
        row_max = new_max
        acc = tl.dot(p.to(tl.bfloat16), k, acc * rescale[:, None])

    row_sum = tl.sum(p_sum, 1)
    some = row_sum > 0
    row_sum = tl.where(some, row_sum, 1.0)
    denominator = row_sum
    if HAS_SINK:
        sink = tl.load(sink_ptr + heads, mask=head_ok, other=0.0)
        denominator += tl.exp2(tl.where(some, sink * LOG2_E - row_max, 0.0))
    factor = tl.where(some, 1.0 / denominator, 0.0)
    out_rows = out_ptr + token * stride_os + heads.to(tl.int64)[:, None] * stride_oh
    tl.store(out_rows + columns[None, :], (acc * factor[:, None]).to(tl.bfloat16), mask=head_ok[:, None])
    row = token * h_q + heads
    tl.store(max_logits_ptr + row, tl.where(some, row_max * LN2, float("-inf")), mask=head_ok)
    tl.store(lse_ptr + row, tl.where(some, (row_max + tl.log2(row_sum)) * LN2, float("inf")), mask=head_ok)


def launch_config(aligned: bool = True) -> dict[str, int]:
    """Compile-time sizes and launch options.

    `aligned` says that every row of kv starts at a multiple of 16 bytes, as Triton can prove from its arguments. Only
    then does the hardware have asynchronous copies for the gather; otherwise it goes through registers, in pieces.
    """
    sizes = {"BLOCK_H": 64, "BLOCK_K": 64}
    if aligned:
        return sizes | {"PIECES": 1, "STAGES": 2, "num_warps": 8}
    return sizes | {"PIECES": 8, "STAGES": 1, "num_warps": 8}


def variants(arch: str) -> Iterator[tuple[str, object, dict[str, str], dict[str, object], dict[str, int]]]:
    """What the resource report compiles: (label, kernel, signature, constexprs, launch options) per variant.

    `arch` is not looked at: the kernel is the same on all of them.
    """
    pointers = dict.fromkeys(("q_ptr", "kv_ptr", "out_ptr"), "*bf16:16") | {
        "indices_ptr": "*i32:16", "max_logits_ptr": "*fp32:16", "lse_ptr": "*fp32:16"
    }  # fmt: skip
    strides = ("topk", "stride_qs", "stride_qh", "stride_is", "stride_os", "stride_oh")
    sizes = dict.fromkeys(strides, "i32:16") | dict.fromkeys(("s_kv", "h_q", "causal_start"), "i32")
    cases = ((576, False, True), (512, False, True), (576, True, True), (512, True, True), (576, False, False))
    for d_qk, extras, aligned in cases:
        signature = pointers | sizes | {"scale_log2": "fp32"}
        constexprs: dict[str, object] = {
            "HAS_ROPE": d_qk > 512, "HAS_SINK": extras, "HAS_LENGTH": extras, "CAUSAL": extras
        }  # fmt: skip
        if extras:
            signature |= {"sink_ptr": "*fp32:16", "length_ptr": "*i32:16"}
        else:
            constexprs |= {"sink_ptr": None, "length_ptr": None}
        constexprs["stride_kv"] = d_qk if aligned else d_qk + 1
        config = launch_config(aligned)
        options = {"num_warps": config.pop("num_warps")}
        label = f"d_qk {d_qk}" + (", sink, length, causal" if extras else "")
        label += "" if aligned else ", unaligned kv"
        yield label, sparse_mla_fwd_kernel, signature, constexprs | config, options


def _launch(args: SparseMlaFwdArgs) -> None:
    if args.s_q == 0:
        return
    # Triton specializes on strides and addresses that are multiples of 16; nothing less lets it prove alignment
    config = launch_config(args.kv.stride(0) % 16 == 0 and args.kv.data_ptr() % 16 == 0)
    grid = (args.s_q * triton.cdiv(args.h_q, config["BLOCK_H"]),)
    sparse_mla_fwd_kernel[grid](*args.kernel_arguments(), **args.kernel_features(), **config)


def _copy_reference(args: SparseMlaFwdArgs) -> None:
    results = sparse_mla_fwd_reference(
        args.q, args.kv, args.indices, args.sm_scale, attn_sink=args.attn_sink, topk_length=args.topk_length,
        causal_start=args.causal_start, dtype=torch.float32,
    )  # fmt: skip
    for destination, result in zip(args.results(), results):
        destination.copy_(result)


def sparse_mla_fwd(
    q: torch.Tensor,
    kv: torch.Tensor,
    indices: torch.Tensor,
    sm_scale: float,
    *,
    attn_sink: torch.Tensor | None = None,
    topk_length: torch.Tensor | None = None,
    causal_start: int | None = None,
    out: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """`flash_mla_sparse_fwd` with an optional causal bound: row s sees only keys <= causal_start + s."""
    args = check_sparse_mla_fwd(
        q, kv, indices, sm_scale, attn_sink=attn_sink, topk_length=topk_length, out=out, causal_start=causal_start
    )
    if args.q.device.type == "cuda" or triton.knobs.runtime.interpret:
        _launch(args)
    elif args.q.device.type == "cpu":
        _copy_reference(args)
    else:
        raise ValueError(f"q must be on a CUDA device or the CPU, got {args.q.device}")
    return args.results()


def flash_mla_sparse_fwd(
    q: torch.Tensor,
    kv: torch.Tensor,
    indices: torch.Tensor,
    sm_scale: float,
    d_v: int = 512,
    attn_sink: torch.Tensor | None = None,
    topk_length: torch.Tensor | None = None,
    out: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Sparse attention prefill with FlashMLA's interface.

    On CPU tensors this calculates in plain torch operations, or with TRITON_INTERPRET=1 runs the kernel itself in
    Triton's interpreter.

    Args:
        q: [s_q, h_q, d_qk], bfloat16; d_qk 512 or 576, h_q a multiple of 8 up to 128.
        kv: [s_kv, 1, d_qk], bfloat16; the first 512 columns are the values.
        indices: [s_q, 1, topk], int32, any topk; a negative entry or one >= s_kv is no key.
        sm_scale: factor on q.k.
        d_v: columns of the values; only 512.
        attn_sink: [h_q], float32; multiplies out by exp(lse) / (exp(lse) + exp(sink)). +inf makes out 0, -inf changes
            nothing; lse and max_logits know nothing of it.
        topk_length: [s_q], int32; row i attends to its first topk_length[i] entries only (0 or less: to none).
        out: where to write out, [s_q, h_q, 512], bfloat16.
        All tensors lie on one device, with a contiguous last dimension and any other strides.

    Returns:
        (out, max_logits, lse): out [s_q, h_q, 512], bfloat16; max_logits [s_q, h_q], float32, the largest
        q.k * sm_scale; lse [s_q, h_q], float32, natural logarithm of the sum of exp(q.k * sm_scale).
        A row without any key: out 0, max_logits -inf, lse +inf.

    Raises:
        TypeError: an argument has another type or dtype.
        ValueError: a shape, stride, device, head count or d_v that is not supported.
    """
    args = check_sparse_mla_fwd(q, kv, indices, sm_scale, d_v, attn_sink, topk_length, out)
    return sparse_mla_fwd(
        args.q, args.kv, args.indices, args.sm_scale, attn_sink=attn_sink, topk_length=topk_length, out=args.out
    )
