"""Sparse-MLA prefill forward: each query token attends to its own list of keys.

One program handles one query token and BLOCK_H of its heads. It gathers K in tiles of BLOCK_K keys straight into
shared memory, one tile ahead of the products, and both products read that one copy: scores = Q K^T over all d_qk
columns, output += P V where V is the first 512 columns of K. P goes through shared memory too: so the warps may split
the columns of the scores, instead of each warpgroup repeating all of them for the P it needs in registers.
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
def _load_indices(indices_row, start, length, BLOCK_K: tl.constexpr, EVEN: tl.constexpr):
    """Entries [start, start + BLOCK_K) of a row of indices; -1 from `length` on."""
    position = start + tl.arange(0, BLOCK_K)
    if EVEN:
        listed = tl.full([BLOCK_K], start, tl.int32) < length
    else:
        listed = position < length
    return tl.load(indices_row + position, mask=listed, other=-1)


@triton.jit
def _is_key(index, limit):
    """Whether 0 <= index < limit, in one unsigned comparison."""
    return index.to(tl.uint32, bitcast=True) < limit


@triton.jit
def _copy_block(pointers, buffer, valid, ALIGNED: tl.constexpr):
    """Start copying a block into a buffer; rows that are not valid become 0.

    Without 16-byte alignment the hardware has no asynchronous copy for it: then the copy is an ordinary one.
    """
    if ALIGNED:
        tle.gpu.async_copy(pointers, buffer, mask=valid)
    else:
        tl.store(tle.gpu.local_ptr(buffer), tl.load(pointers, mask=valid, other=0.0))


@triton.jit
def _gather_keys(
    kv_ptr,
    stride_kv,
    index,
    limit,
    k_latent,
    k_rope,
    HAS_ROPE: tl.constexpr,
    PIECES: tl.constexpr,
    ALIGNED: tl.constexpr,
    WIDE: tl.constexpr,
):
    """Start copying the keys `index` into one slot of the K buffers; invalid ones become 0, so that none is NaN."""
    WIDTH: tl.constexpr = 512 // PIECES
    valid = _is_key(index, limit)[:, None]
    if WIDE:
        index = index.to(tl.int64)
    rows = kv_ptr + index[:, None] * stride_kv
    for piece in tl.static_range(PIECES):
        columns = piece * WIDTH + tl.arange(0, WIDTH)
        _copy_block(rows + columns[None, :], k_latent.slice(piece * WIDTH, WIDTH, 1), valid, ALIGNED)
    if HAS_ROPE:
        _copy_block(rows + 512 + tl.arange(0, 64)[None, :], k_rope, valid, ALIGNED)
    tle.gpu.async_commit()


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
    stride_kv,
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
    ALIGNED: tl.constexpr,
    EVEN: tl.constexpr,
    WIDE: tl.constexpr,
):
    """Attention of query token program_id // head_blocks for one block of heads.

    ALIGNED: rows of q and kv start at multiples of 16 bytes. EVEN: no row of indices ends inside of a tile.
    WIDE: offsets into kv take 64 bits.
    """
    LN2: tl.constexpr = 0.6931471805599453
    LOG2_E: tl.constexpr = 1.4426950408889634
    head_blocks = tl.cdiv(h_q, BLOCK_H)
    token = (tl.program_id(0) // head_blocks).to(tl.int64)
    heads = (tl.program_id(0) % head_blocks) * BLOCK_H + tl.arange(0, BLOCK_H)
    head_ok = heads < h_q

    length = topk
    if HAS_LENGTH:
        length = tl.minimum(tl.load(length_ptr + token), topk)
    limit = s_kv
    if CAUSAL:
        limit = tl.minimum(s_kv, causal_start + token + 1)
    limit = tl.maximum(limit, 0).to(tl.uint32)
    indices_row = indices_ptr + token * stride_is

    # Two slots: one that the products read, one that the next tile arrives in. Its indices are loaded a tile earlier
    # still, for their latency would stand before the copies.
    k_latent = tle.gpu.alloc([2, BLOCK_K, 512], tl.bfloat16)
    k_rope = k_latent
    if HAS_ROPE:
        k_rope = tle.gpu.alloc([2, BLOCK_K, 64], tl.bfloat16)
    q_latent = tle.gpu.alloc([BLOCK_H, 512], tl.bfloat16)
    q_rows = q_ptr + token * stride_qs + heads.to(tl.int64)[:, None] * stride_qh
    _copy_block(q_rows + tl.arange(0, 512)[None, :], q_latent, head_ok[:, None], ALIGNED)
    if HAS_ROPE:
        q_rope = tle.gpu.alloc([BLOCK_H, 64], tl.bfloat16)
        _copy_block(q_rows + 512 + tl.arange(0, 64)[None, :], q_rope, head_ok[:, None], ALIGNED)
    p_tile = tle.gpu.alloc([BLOCK_H, BLOCK_K], tl.bfloat16)

    ahead = _load_indices(indices_row, 0, length, BLOCK_K, EVEN)
    _gather_keys(kv_ptr, stride_kv, ahead, limit, k_latent.index(0), k_rope.index(0), HAS_ROPE, PIECES, ALIGNED, WIDE)
    ahead = _load_indices(indices_row, BLOCK_K, length, BLOCK_K, EVEN)

    row_max = tl.full([BLOCK_H], -1e30, tl.float32)  # finite, so that a tile without any key gives no NaN
    p_sum = tl.zeros([BLOCK_H, BLOCK_K], tl.float32)  # summed over keys at the end: a sum across warps takes barriers
    acc = tl.zeros([BLOCK_H, 512], tl.float32)
    slot = 0
    for start in tl.range(0, length, BLOCK_K, num_stages=1):
        index = _load_indices(indices_row, start, length, BLOCK_K, EVEN)
        tle.gpu.async_wait(0)
        free = 1 - slot
        _gather_keys(
            kv_ptr, stride_kv, ahead, limit, k_latent.index(free), k_rope.index(free), HAS_ROPE, PIECES, ALIGNED, WIDE
        )
        ahead = _load_indices(indices_row, start + 2 * BLOCK_K, length, BLOCK_K, EVEN)

        k = k_latent.index(slot)
        scores = tl.dot(tl.load(tle.gpu.local_ptr(q_latent)), tl.trans(tl.load(tle.gpu.local_ptr(k))))
        if HAS_ROPE:
            k_tail = tl.load(tle.gpu.local_ptr(k_rope.index(slot)))
            scores = tl.dot(tl.load(tle.gpu.local_ptr(q_rope)), tl.trans(k_tail), scores)

        scores = tl.where(_is_key(index, limit)[None, :], scores * scale_log2, float("-inf"))
        new_max = tl.maximum(row_max, tl.max(scores, 1))
        rescale = tl.exp2(row_max - new_max)
        p = tl.exp2(scores - new_max[:, None])
        tl.store(tle.gpu.local_ptr(p_tile), p.to(tl.bfloat16))
        p_sum = p_sum * rescale[:, None] + p
        row_max = new_max
        acc = tl.dot(tl.load(tle.gpu.local_ptr(p_tile)), tl.load(tle.gpu.local_ptr(k)), acc * rescale[:, None])
        slot = free
    tle.gpu.async_wait(0)

    row_sum = tl.sum(p_sum, 1)
    some = row_sum > 0
    row_sum = tl.where(some, row_sum, 1.0)
    denominator = row_sum
    if HAS_SINK:
        sink = tl.load(sink_ptr + heads, mask=head_ok, other=0.0)
        denominator += tl.exp2(tl.where(some, sink * LOG2_E - row_max, 0.0))
    factor = tl.where(some, 1.0 / denominator, 0.0)
    out_rows = out_ptr + token * stride_os + heads.to(tl.int64)[:, None] * stride_oh
    tl.store(out_rows + tl.arange(0, 512)[None, :], (acc * factor[:, None]).to(tl.bfloat16), mask=head_ok[:, None])
    row = token * h_q + heads
    tl.store(max_logits_ptr + row, tl.where(some, row_max * LN2, float("-inf")), mask=head_ok)
    tl.store(lse_ptr + row, tl.where(some, (row_max + tl.log2(row_sum)) * LN2, float("inf")), mask=head_ok)


def launch_config(h_q: int) -> dict[str, int]:
    """Compile-time sizes and launch options for `h_q` heads: the smallest head block that holds them, up to 64."""
    block_h = min(64, max(16, triton.next_power_of_2(h_q)))
    block_k = 64 if block_h == 64 else 32  # two small programs fit on a multiprocessor and hide each other's waiting
    return {
        "BLOCK_H": block_h, "BLOCK_K": block_k, "PIECES": 2, "num_warps": 8 if block_h > 16 else 4, "num_stages": 1
    }  # fmt: skip


def _properties(args: SparseMlaFwdArgs, block_k: int) -> dict[str, bool]:
    """What the kernel may rely on. Triton proves alignment from strides and addresses that are multiples of 16."""
    q, kv = args.q, args.kv
    multiples = (q.stride(0), q.stride(1), q.data_ptr(), kv.stride(0), kv.data_ptr())
    return {
        "ALIGNED": all(number % 16 == 0 for number in multiples),
        "EVEN": args.topk % block_k == 0 and args.topk_length is None,
        "WIDE": max(args.s_kv - 1, 0) * abs(kv.stride(0)) + args.d_qk >= 2**31,
    }


def variants(arch: str) -> Iterator[tuple[str, object, dict[str, str], dict[str, object], dict[str, int]]]:
    """What the resource report compiles: (label, kernel, signature, constexprs, launch options) per variant.

    `arch` is not looked at: the kernel is the same on all of them.
    """
    pointers = dict.fromkeys(("q_ptr", "kv_ptr", "out_ptr"), "*bf16:16") | {
        "indices_ptr": "*i32:16", "max_logits_ptr": "*fp32:16", "lse_ptr": "*fp32:16"
    }  # fmt: skip
    strides = ("topk", "stride_qs", "stride_qh", "stride_kv", "stride_is", "stride_os", "stride_oh")
    sizes = dict.fromkeys(strides, "i32:16") | dict.fromkeys(("s_kv", "h_q", "causal_start"), "i32")
    usual = {"h_q": 128, "d_qk": 576, "extras": False, "ALIGNED": True, "EVEN": True, "WIDE": False}
    changes: list[dict[str, object]] = [
        {}, {"d_qk": 512}, {"h_q": 32}, {"h_q": 8}, {"EVEN": False}, {"WIDE": True}, {"ALIGNED": False, "EVEN": False},
        {"extras": True, "EVEN": False},
    ]  # fmt: skip
    for change in changes:
        case = usual | change
        label = ", ".join(f"{name} {value}" for name, value in ({"h_q": 128, "d_qk": 576} | change).items())
        h_q, d_qk, extras = case.pop("h_q"), case.pop("d_qk"), case.pop("extras")
        signature = pointers | sizes | {"scale_log2": "fp32"}
        flags: dict[str, object] = dict.fromkeys(("HAS_SINK", "HAS_LENGTH", "CAUSAL"), extras)
        optional = {"sink_ptr": "*fp32:16", "length_ptr": "*i32:16"}
        if extras:
            signature |= optional
        else:
            flags |= dict.fromkeys(optional)
        if not case["ALIGNED"]:
            signature |= {"stride_kv": "i32"}
        config = launch_config(h_q)
        options = {name: config.pop(name) for name in ("num_warps", "num_stages")}
        yield label, sparse_mla_fwd_kernel, signature, {"HAS_ROPE": d_qk > 512} | flags | case | config, options


def _launch(args: SparseMlaFwdArgs) -> None:
    if args.s_q == 0:
        return
    config = launch_config(args.h_q)
    grid = (args.s_q * triton.cdiv(args.h_q, config["BLOCK_H"]),)
    sparse_mla_fwd_kernel[grid](
        *args.kernel_arguments(), **args.kernel_features(), **_properties(args, config["BLOCK_K"]), **config
    )


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
