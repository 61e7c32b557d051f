"""Sparse-MLA prefill forward: each query token attends to its own list of keys.

One program handles one query token and 64 of its heads. It gathers K in tiles of BLOCK_K keys, stages each tile in
shared memory, and both products read that one copy: scores = Q K^T over all d_qk columns, output += P V where V is the
first 512 columns of K. The loop is written as if every tile were loaded, stored and read in turn; the compiler turns
the staging into asynchronous copies that run two tiles ahead, and lets the products read the staged tile in place.
On Hopper there are kernels whose parts run side by side: for up to 32 heads in sparse_mla_fwd_few_heads_pairs.py, for
more, and for few query tokens, in sparse_mla_fwd_pipes.py. Where a program has one token and up to 16 heads, and
nothing is to be divided, the tile loop of sparse_mla_fwd_few_heads.py is the fastest. Other GPUs run the loop of this
file, with smaller tiles.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import triton
import triton.language as tl

import triton_tle.language as tle
from triton_tle.compiler.memory import shared_memory
from triton_tle.compiler.pipelines import parse_arch

from . import sparse_mla_fwd_few_heads_pairs, sparse_mla_fwd_pipes
from ._checks import check_integer, require
from ._devices import capability_of, check_device, multiprocessors, on_device_of, plain_torch, runs_kernels
from ._sparse_mla_fwd_parts import finish, load_indices, stage, work_item
from .sparse_mla_fwd_args import SparseMlaFwdArgs, check_sparse_mla_fwd
from .sparse_mla_fwd_few_heads import sparse_mla_fwd_few_heads_kernel
from .sparse_mla_reference import sparse_mla_fwd_reference


@triton.jit
def attend(
    item, k_latent, k_rope, q_ptr, kv_ptr, indices_ptr, sink_ptr, length_ptr, out_ptr, max_logits_ptr, lse_ptr, s_kv,
    topk, h_q, scale_log2, causal_start, stride_qs, stride_qh, stride_kv, stride_is, stride_os, stride_oh, order_ptr,
    HAS_ROPE: tl.constexpr, HAS_SINK: tl.constexpr, HAS_LENGTH: tl.constexpr, CAUSAL: tl.constexpr,
    BLOCK_H: tl.constexpr, BLOCK_K: tl.constexpr, PIECES: tl.constexpr, STAGES: tl.constexpr, SUMS: tl.constexpr,
    PARTITIONS: tl.constexpr
):  # fmt: skip
    """Attention of query token item // head_blocks, or entry of order_ptr, for one block of heads."""
    token, heads, indices_row, length, limit = work_item(
        indices_ptr, length_ptr, order_ptr, s_kv, topk, h_q, causal_start, stride_is, HAS_LENGTH, CAUSAL, BLOCK_H, item
    )
    head_ok = heads < h_q
    columns = tl.arange(0, 512)
    rope = 512 + tl.arange(0, 64)

    q_rows = q_ptr + token * stride_qs + heads.to(tl.int64)[:, None] * stride_qh
    q_latent = tl.load(q_rows + columns[None, :], mask=head_ok[:, None], other=0.0)
    if HAS_ROPE:
        q_rope = tl.load(q_rows + rope[None, :], mask=head_ok[:, None], other=0.0)

    row_max = tl.full([BLOCK_H], -1e30, tl.float32)  # finite, so that a tile without any key gives no NaN
    # Sums over keys are met at the end: in the loop each thread adds what it holds.
    p_sum = tl.zeros([BLOCK_H, SUMS], tl.float32)
    acc = tl.zeros([BLOCK_H, 512], tl.float32)
    for start in tl.range(0, length, BLOCK_K, num_stages=STAGES, warp_specialize=PARTITIONS):
        index = load_indices(indices_row, start, length, BLOCK_K)
        valid = (index >= 0) & (index < limit)
        k_rows = kv_ptr + index.to(tl.int64)[:, None] * stride_kv
        stage(k_rows, k_latent, valid[:, None], PIECES)
        if HAS_ROPE:
            stage(k_rows + 512, k_rope, valid[:, None], 1)

        k = tl.load(tle.gpu.local_ptr(k_latent))
        if HAS_ROPE:
            scores = tl.dot(q_rope, tl.trans(tl.load(tle.gpu.local_ptr(k_rope))))
            scores = tl.dot(q_latent, tl.trans(k), scores)
        else:
            scores = tl.dot(q_latent, tl.trans(k))
        bias = tl.where(valid, 0.0, float("-inf"))  # added, not selected: one instruction with the scale
        scores = scores * scale_log2 + bias[None, :]
        new_max = tl.maximum(row_max, tl.max(scores, 1))
        rescale = tl.exp2(row_max - new_max)
        p = tl.exp2(scores - new_max[:, None])
        p_sum *= rescale[:, None]
        if SUMS == BLOCK_K:
            p_sum += p
        else:
            p_sum += tl.sum(tl.reshape(p, [BLOCK_H, BLOCK_K // SUMS, SUMS]), 1)
        row_max = new_max
        acc = tl.dot(p.to(tl.bfloat16), k, acc * rescale[:, None])

    factor = finish(
        tl.sum(p_sum, 1), row_max, row_max, sink_ptr, max_logits_ptr, lse_ptr, token, heads, head_ok, h_q, HAS_SINK
    )
    out_rows = out_ptr + token * stride_os + heads.to(tl.int64)[:, None] * stride_oh
    tl.store(out_rows + columns[None, :], (acc * factor[:, None]).to(tl.bfloat16), mask=head_ok[:, None])


@triton.jit(do_not_specialize=["s_kv", "h_q", "causal_start", "items"])
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
    order_ptr,
    HAS_ROPE: tl.constexpr,
    HAS_SINK: tl.constexpr,
    HAS_LENGTH: tl.constexpr,
    CAUSAL: tl.constexpr,
    BLOCK_H: tl.constexpr,
    BLOCK_K: tl.constexpr,
    PIECES: tl.constexpr,
    STAGES: tl.constexpr,
    SUMS: tl.constexpr,
    PARTITIONS: tl.constexpr = False,
    items=0,
):
    """Attention of one block of heads of a query token: that of program_id or, in partitions, of `items` in turn."""
    k_latent = tle.gpu.alloc([BLOCK_K, 512], tl.bfloat16)
    k_rope = k_latent
    if HAS_ROPE:
        k_rope = tle.gpu.alloc([BLOCK_K, 64], tl.bfloat16)
    # fmt: off
    if PARTITIONS:
        for item in tl.range(tl.program_id(0), items, tl.num_programs(0), num_stages=1):
            attend(
                item, k_latent, k_rope, q_ptr, kv_ptr, indices_ptr, sink_ptr, length_ptr, out_ptr, max_logits_ptr,
                lse_ptr, s_kv, topk, h_q, scale_log2, causal_start, stride_qs, stride_qh, stride_kv, stride_is,
                stride_os, stride_oh, order_ptr, HAS_ROPE, HAS_SINK, HAS_LENGTH, CAUSAL, BLOCK_H, BLOCK_K, PIECES,
                STAGES, SUMS, PARTITIONS,
            )
    else:
        attend(
            tl.program_id(0), k_latent, k_rope, q_ptr, kv_ptr, indices_ptr, sink_ptr, length_ptr, out_ptr,
            max_logits_ptr, lse_ptr, s_kv, topk, h_q, scale_log2, causal_start, stride_qs, stride_qh, stride_kv,
            stride_is, stride_os, stride_oh, order_ptr, HAS_ROPE, HAS_SINK, HAS_LENGTH, CAUSAL, BLOCK_H, BLOCK_K,
            PIECES, STAGES, SUMS, PARTITIONS,
        )
    # fmt: on


def choose_kernel(
    h_q: int, aligned: bool = True, partitions: bool = False, capability: int = 90
) -> tuple[object, dict[str, int]]:
    """The kernel for `h_q` heads with its compile-time sizes and launch options.

    `partitions`: the compiler divides the loop, where the kernel has one that it can divide.

    `aligned` says that every row of kv starts at a multiple of 16 bytes, as Triton can prove from its arguments. Only
    then does the hardware have asynchronous copies for the gather; otherwise it goes through registers, in pieces.

    `capability`: 90 for sm_90. Other GPUs multiply 16 rows at a time, so that few heads need no kernel of their own;
    their tiles are what fits, without spills, into the registers and the shared memory that they have.
    """
    if capability // 10 != 9:
        roomy = shared_memory(capability) >= 160 * 1024
        # 32 heads spill from sm_100 on
        large = h_q > 16 and roomy and capability < 90
        sizes = {"BLOCK_H": 32, "num_warps": 8} if large else {"BLOCK_H": 16, "num_warps": 4}
        staging = {"PIECES": 1, "STAGES": 2 if roomy else 1} if aligned else {"PIECES": 8, "STAGES": 1}
        return sparse_mla_fwd_kernel, sizes | {"BLOCK_K": 32, "SUMS": 32, "PARTITIONS": False} | staging
    if h_q > 32 or not aligned:
        staging = {"PIECES": 1, "STAGES": 2} if aligned else {"PIECES": 8, "STAGES": 1}
        divided = partitions and aligned
        # Scores of a partition have four warps, which then share rows, not columns: eight sums of a row suffice.
        sums = {"SUMS": 8 if divided else 64, "PARTITIONS": divided}
        sizes = {"BLOCK_H": 64, "BLOCK_K": 64, "num_warps": 8} | sums
        return sparse_mla_fwd_kernel, sizes | staging
    # 32 heads: one tile at a time leaves room for a second program on the multiprocessor
    staging = {"PIECES": 1, "STAGES": 2 if h_q <= 16 else 1}
    sizes = {"BLOCK_H": triton.next_power_of_2(h_q), "BLOCK_K": 64, "num_warps": 4}
    return sparse_mla_fwd_few_heads_kernel, sizes | staging


def variants(arch: str) -> Iterator[tuple[str, object, dict[str, str], dict[str, object], dict[str, int]]]:
    """What the resource report compiles: (label, kernel, signature, constexprs, launch options) per variant.

    Kernels divided into partitions are there for sm_90 only.
    """
    capability = parse_arch(arch)
    pointers = dict.fromkeys(("q_ptr", "kv_ptr", "out_ptr"), "*bf16:16") | {
        "indices_ptr": "*i32:16", "max_logits_ptr": "*fp32:16", "lse_ptr": "*fp32:16"
    }  # fmt: skip
    strides = ("topk", "stride_qs", "stride_qh", "stride_is", "stride_os", "stride_oh")
    sizes = dict.fromkeys(strides, "i32:16") | dict.fromkeys(("s_kv", "h_q", "causal_start"), "i32")
    full = ((576, False, True), (512, False, True), (576, True, True), (512, True, True), (576, False, False))
    cases = [(128, *case) for case in full] + [(h_q, 576, False, True) for h_q in (8, 16, 32)]
    cases += [(16, 512, True, True)]
    cases = [(*case, False) for case in cases]
    if capability // 10 == 9:
        cases += [(128, d_qk, extras, True, True) for d_qk in (576, 512) for extras in (False, True)]
    for h_q, d_qk, extras, aligned, partitions in cases:
        signature = pointers | sizes | {"scale_log2": "fp32"}
        constexprs: dict[str, object] = {
            "HAS_ROPE": d_qk > 512, "HAS_SINK": extras, "HAS_LENGTH": extras, "CAUSAL": extras, "order_ptr": None
        }  # fmt: skip
        if extras:
            signature |= {"sink_ptr": "*fp32:16", "length_ptr": "*i32:16"}
        else:
            constexprs |= {"sink_ptr": None, "length_ptr": None}
        constexprs["stride_kv"] = d_qk if aligned else d_qk + 1
        kernel, config = choose_kernel(h_q, aligned, partitions, capability)
        if kernel is sparse_mla_fwd_kernel:
            signature["items"] = "i32"
        options = {"num_warps": config.pop("num_warps")}
        label = f"d_qk {d_qk}" + (f", {h_q} heads" if h_q <= 32 else "")
        label += ", sink, length, causal" if extras else ""
        label += "" if aligned else ", unaligned kv"
        label += ", partitions" if partitions else ""
        yield label, kernel, signature, constexprs | config, options


#: What `sparse_mla_fwd(kernel=)` takes: "auto" chooses, "tile" is the tile loop (or, up to 32 heads, the form for few),
#: "divided" the same loop in partitions that the compiler makes (sm_90, more than 32 heads; elsewhere as "tile").
KERNELS = ("auto", "tile", "divided")


def _launch(args: SparseMlaFwdArgs, kernel_name: str = "auto", programs: int | None = None) -> None:
    if args.s_q == 0:
        return
    if kernel_name == "auto" and args.q.is_cuda and sparse_mla_fwd_pipes.supports(args):
        for kernels in (sparse_mla_fwd_few_heads_pairs, sparse_mla_fwd_pipes):
            if kernels.is_fastest(args):
                kernels.launch(args, programs)
                return
    # Triton specializes on strides and addresses that are multiples of 16; nothing less lets it prove alignment
    aligned = args.kv.stride(0) % 16 == 0 and args.kv.data_ptr() % 16 == 0
    kernel, config = choose_kernel(args.h_q, aligned, kernel_name == "divided", capability_of(args.q.device))
    items = args.s_q * triton.cdiv(args.h_q, config["BLOCK_H"])
    if config.get("PARTITIONS"):
        # A program takes items in turn, so that the next one's tiles are on their way while it stores.
        config["items"] = items
        items = min(items, programs or multiprocessors(args.q.device))
    kernel[(items,)](*args.kernel_arguments(), order_ptr=args.order, **args.kernel_features(), **config)


def _copy_reference(args: SparseMlaFwdArgs) -> None:
    results = sparse_mla_fwd_reference(
        args.q, args.kv, args.indices, args.sm_scale, attn_sink=args.attn_sink, topk_length=args.length_of_tokens(),
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
    order: torch.Tensor | None = None,
    kernel: str = "auto",
    programs: int | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """`flash_mla_sparse_fwd` with an optional causal bound: row s sees only keys <= causal_start + s.

    order: [s_q], int32, a permutation: the order in which programs take query tokens; results do not depend on it.
    topk_length must be given too, and in this order: topk_length[i] belongs to query token order[i].
    kernel: one of KERNELS.
    programs: how many take items in turn, at most, where the kernel lets them; None for one a multiprocessor.
    """
    require(kernel in KERNELS, "kernel", repr(kernel), f"be one of {', '.join(KERNELS)}")
    if programs is not None:
        check_integer("programs", programs)
        require(programs > 0, "programs", programs, "be positive")
    args = check_sparse_mla_fwd(
        q, kv, indices, sm_scale, attn_sink=attn_sink, topk_length=topk_length, out=out, causal_start=causal_start,
        order=order,
    )  # fmt: skip
    if runs_kernels("q", q):
        with on_device_of(q):
            _launch(args, kernel, programs)
    else:
        with plain_torch(q):
            _copy_reference(args)
    return args.results()


@torch.library.custom_op(
    "triton_tle::flash_mla_sparse_fwd",
    mutates_args=("out",),
    schema="(Tensor q, Tensor kv, Tensor indices, float sm_scale, Tensor? attn_sink, Tensor? topk_length, "
    "Tensor(a!) out) -> (Tensor, Tensor)",
)
def _fwd_op(q, kv, indices, sm_scale, attn_sink, topk_length, out):
    _, max_logits, lse = sparse_mla_fwd(q, kv, indices, sm_scale, attn_sink=attn_sink, topk_length=topk_length, out=out)
    return max_logits, lse


@_fwd_op.register_fake
def _(q, kv, indices, sm_scale, attn_sink, topk_length, out):
    return q.new_empty(q.shape[:2], dtype=torch.float32), q.new_empty(q.shape[:2], dtype=torch.float32)


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
    Triton's interpreter. As with FlashMLA, out has no gradient; `sparse_mla` has them. FlashMLA's `indexer_topk`, newer
    than this interface, is not there.

    Args:
        q: [s_q, h_q, d_qk], bfloat16; d_qk 512 or 576, h_q a multiple of 8 up to 128.
        kv: [s_kv, 1, d_qk], bfloat16; the first 512 columns are the values.
        indices: [s_q, 1, topk], int32, any topk; a negative entry or one >= s_kv is no key.
        sm_scale: factor on q.k.
        d_v: columns of the values; only 512.
        attn_sink: [h_q], float32; multiplies out by exp(lse) / (exp(lse) + exp(sink)). +inf makes out 0, -inf changes
            nothing; lse and max_logits know nothing of it.
        topk_length: [s_q], int32; row i attends to its first topk_length[i] entries only (0 or less: to none).
        out: where to write out, [s_q, h_q, 512], bfloat16; memory of its own, not that of another argument.
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
    check_device("q", q)
    max_logits, lse = _fwd_op(q, kv, indices, args.sm_scale, attn_sink, topk_length, args.out)
    return args.out, max_logits, lse
