"""Sparse-MLA decode: each query token attends to its own list of keys in a paged cache, bfloat16 or FP8.

The list of a query token is cut into splits, so that all multiprocessors have work when there are few tokens; a second
kernel merges the partial results. Where one split suffices, the first kernel writes the output itself.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import triton

from . import mla_decode_bf16, mla_decode_fp8, mla_decode_fp8_pipes
from ._checks import check_bool, require
from ._devices import capability_of, multiprocessors, on_device_of, plain_torch, runs_kernels
from ._launches import pdl_options
from .mla_decode_args import D_V, CacheScope, MlaDecodeArgs, check_mla_decode
from .mla_decode_reduce import launch_reduce
from .mla_decode_reference import mla_decode_reference
from .mla_metadata import DecodeShape, FlashMLASchedMeta

LOG2_E = 1.4426950408889634
SMALLEST_SCALE = 2.0**-100  # of the form with pipes; float32 has a normal number for it, whatever it is multiplied by


def variants(arch: str) -> Iterator[tuple[str, object, dict[str, str], dict[str, object], dict[str, int]]]:
    """What the resource report compiles: the kernels of both caches; for sm_90 both forms with an FP8 cache."""
    from triton_tle.compiler.pipelines import parse_arch

    for label, *rest in mla_decode_bf16.variants(arch):
        yield f"bf16, {label}", *rest
    for label, *rest in mla_decode_fp8.variants(arch):
        yield f"fp8, {label}", *rest
    if parse_arch(arch) == 90:
        for label, *rest in mla_decode_fp8_pipes.variants(arch):
            yield f"fp8 in partitions, {label}", *rest


def _kernel_view(scope: CacheScope, fp8: bool) -> tuple[torch.Tensor, int, int, int]:
    """(cache as the kernel reads it, token stride, page size or 0 where tokens are evenly spaced, block stride).

    The token stride is in elements (bfloat16) or bytes (FP8); the block stride in 16 bytes.
    """
    block_stride, token_stride = scope.cache.stride(0), scope.cache.stride(1)
    cache = scope.cache.view(torch.int16) if fp8 else scope.cache
    block_stride = block_stride // 16 if fp8 else block_stride // 8
    return cache, token_stride, 0 if scope.flat else scope.page_size, block_stride


def form_with_pipes(args: MlaDecodeArgs) -> bool:
    """Whether the FP8 kernel with pipes is launched: on sm_90, where it is the faster one at every size measured.

    It scales scores behind the -inf of absent keys, which times 0 would be NaN.
    """
    if not args.fp8 or args.q.device.type != "cuda" or triton.knobs.runtime.interpret:
        return False
    if abs(args.softmax_scale) < SMALLEST_SCALE:
        return False
    return capability_of(args.q.device) == 90


def launch_decode(
    args: MlaDecodeArgs,
    num_splits: int,
    partial_out: torch.Tensor | None,
    partial_lse: torch.Tensor | None,
    out: torch.Tensor,
    lse: torch.Tensor,
    config: dict[str, int] | None = None,
) -> None:
    """Launch the kernels: one for a single split, two otherwise. Arguments are not checked.

    Args:
        args: what to calculate.
        num_splits: parts that each list is cut into; more than 1 wants `partial_out` and `partial_lse`.
        partial_out, partial_lse: [num_splits, b, s_q, h_q, 512] and [num_splits, b, s_q, h_q], float32, contiguous.
        out, lse: [b, s_q, h_q, 512], bfloat16, and [b, h_q, s_q], float32, contiguous.
        config: compile-time sizes and launch options; None takes `launch_config` of the kernel.
    """
    if args.query_tokens == 0:
        return
    interpret = triton.knobs.runtime.interpret
    single = num_splits == 1
    if config is None and form_with_pipes(args):
        config = mla_decode_fp8_pipes.launch_config()
    pipes = config is not None and "LOAD_REGISTERS" in config
    if pipes:
        kernel = mla_decode_fp8_pipes.mla_decode_fp8_pipes_kernel
    elif args.fp8:
        kernel = mla_decode_fp8.mla_decode_fp8_kernel
        config = config or mla_decode_fp8.launch_config(capability_of(args.q.device))
    else:
        kernel = mla_decode_bf16.mla_decode_bf16_kernel
        config = config or mla_decode_bf16.launch_config(capability_of(args.q.device))
    scope, extra = args.scope, args.extra
    cache, stride, page, block_stride = _kernel_view(scope, args.fp8)
    extra_cache, extra_stride, extra_page, extra_block_stride = None, 0, 0, 0
    if extra is not None:
        extra_cache, extra_stride, extra_page, extra_block_stride = _kernel_view(extra, args.fp8)
    rows = args.query_tokens * triton.cdiv(args.h_q, config["BLOCK_H"])
    grid: tuple[int, ...] = (rows, num_splits)
    if pipes:
        grid = (min(rows * num_splits, multiprocessors(args.q.device)),)
    kernel[grid](
        args.q, cache, scope.indices, scope.length, extra_cache, extra.indices if extra else None,
        extra.length if extra else None, args.attn_sink if single else None, out if single else partial_out,
        lse if single else partial_lse, scope.tokens, scope.topk, extra.tokens if extra else 0,
        extra.topk if extra else 0, args.s_q, args.h_q, num_splits, args.softmax_scale * LOG2_E,
        args.q.stride(0), args.q.stride(1), args.q.stride(2), scope.indices.stride(0), scope.indices.stride(1),
        extra.indices.stride(0) if extra else 0, extra.indices.stride(1) if extra else 0, block_stride,
        extra_block_stride, *((args.query_tokens,) if pipes else ()),
        STRIDE=stride, EXTRA_STRIDE=extra_stride, PAGE=page, EXTRA_PAGE=extra_page,
        HAS_LENGTH=scope.length is not None, HAS_EXTRA=extra is not None,
        HAS_EXTRA_LENGTH=extra is not None and extra.length is not None,
        HAS_SINK=single and args.attn_sink is not None, HAS_ROPE=args.d_qk > D_V, SINGLE=single, ASM=not interpret,
        **pdl_options(args.q.device), **config,
    )  # fmt: skip
    if not single:
        launch_reduce(partial_out, partial_lse, args.attn_sink, out, lse)


SCHEMA = (
    "(Tensor q, Tensor k_cache, Tensor indices, float softmax_scale, bool is_fp8_kvcache, Tensor? attn_sink, "
    "Tensor? extra_k_cache, Tensor? extra_indices_in_kvcache, Tensor? topk_length, Tensor? extra_topk_length, "
    "int num_splits, Tensor(a!)? partial_out, Tensor(b!)? partial_lse) -> (Tensor, Tensor)"
)


@torch.library.custom_op("triton_tle::mla_decode", mutates_args=("partial_out", "partial_lse"), schema=SCHEMA)
def _decode_op(
    q, k_cache, indices, softmax_scale, is_fp8_kvcache, attn_sink, extra_k_cache, extra_indices_in_kvcache,
    topk_length, extra_topk_length, num_splits, partial_out, partial_lse,
):  # fmt: skip
    args = check_mla_decode(
        q, k_cache, indices, softmax_scale=softmax_scale, is_fp8_kvcache=is_fp8_kvcache, attn_sink=attn_sink,
        extra_k_cache=extra_k_cache, extra_indices_in_kvcache=extra_indices_in_kvcache, topk_length=topk_length,
        extra_topk_length=extra_topk_length,
    )  # fmt: skip
    out, lse = _results(q)
    if runs_kernels("q", q):
        with on_device_of(q):
            launch_decode(args, num_splits, partial_out, partial_lse, out, lse)
    else:
        with plain_torch(q):
            results = mla_decode_reference(
                q, k_cache, indices, args.softmax_scale, attn_sink=attn_sink, extra_k_cache=extra_k_cache,
                extra_indices_in_kvcache=extra_indices_in_kvcache, topk_length=topk_length,
                extra_topk_length=extra_topk_length, dtype=torch.float32,
            )  # fmt: skip
        out.copy_(results[0])
        lse.copy_(results[1])
    return out, lse


@_decode_op.register_fake
def _results(q, *_):
    b, s_q, h_q, _ = q.shape
    return q.new_empty((b, s_q, h_q, D_V)), q.new_empty((b, h_q, s_q), dtype=torch.float32)


def flash_mla_with_kvcache(
    q: torch.Tensor,
    k_cache: torch.Tensor,
    block_table: torch.Tensor | None,
    cache_seqlens: torch.Tensor | None,
    head_dim_v: int,
    tile_scheduler_metadata: FlashMLASchedMeta,
    num_splits: None = None,
    softmax_scale: float | None = None,
    causal: bool = False,
    is_fp8_kvcache: bool = False,
    indices: torch.Tensor | None = None,
    attn_sink: torch.Tensor | None = None,
    extra_k_cache: torch.Tensor | None = None,
    extra_indices_in_kvcache: torch.Tensor | None = None,
    topk_length: torch.Tensor | None = None,
    extra_topk_length: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Sparse attention decode with FlashMLA's interface. Sparse only: `indices` must be given.

    On CPU tensors this calculates in plain torch operations, or with TRITON_INTERPRET=1 runs the kernels themselves in
    Triton's interpreter. Nothing waits for the device, and the call can be captured in a CUDA graph. The kernels are
    made for sm_90; for sm_80, sm_89, sm_100 and sm_120 both compile with smaller tiles, which no such GPU has run.

    Args:
        q: [b, s_q, h_q, head_dim], bfloat16; s_q 1 to 4, h_q a multiple of 8 up to 128, head_dim 576 or (bfloat16
            cache only) 512. With an FP8 cache on sm_90 the first 512 columns count as multiples of 2**-20, and must be
            below 2**20 in magnitude.
        k_cache: [num_blocks, page_size, 1, head_dim], bfloat16; with is_fp8_kvcache [num_blocks, page_size, 1, 656],
            float8_e4m3fn, uint8 or int8, as `quantize_k_cache` makes it, rows at multiples of 16 bytes. A key is
            value * scale in float16: exact for scales that are powers of two from 2**-15 to 128. Other scales from
            there to 128 are rounded to float16, and so is the product. Before sm_89 codes of NaN count as 480.
        block_table, cache_seqlens: not looked at; `indices` says it all.
        head_dim_v: columns of the values; only 512.
        tile_scheduler_metadata: from `get_mla_metadata`; can be used again for calls of the same shapes, one after
            another.
        num_splits: None.
        softmax_scale: factor on q.k; None: head_dim ** -0.5.
        causal: False.
        is_fp8_kvcache: whether the cache is FP8.
        indices: [b, s_q, topk], int32: page * page_size + offset, any topk; a negative entry or one beyond the cache
            is no key.
        attn_sink: [h_q], float32; multiplies out by exp(lse) / (exp(lse) + exp(sink)), infinities included; lse knows
            nothing of it.
        extra_k_cache, extra_indices_in_kvcache: a second cache and list, of the same form, whose keys come on top.
        topk_length, extra_topk_length: [b], int32; only the first so many entries of each list of a sequence count.
        All tensors lie on one device, with a contiguous last dimension.

    Returns:
        (out, lse): out [b, s_q, h_q, 512], bfloat16; lse [b, h_q, s_q], float32, natural logarithm of the sum of
        exp(q.k * softmax_scale). A row without any key: out 0, lse +inf.

    Raises:
        TypeError: an argument has another type or dtype.
        ValueError: a shape, stride, device or combination that is not supported, or metadata made for other shapes.
    """
    if not isinstance(tile_scheduler_metadata, FlashMLASchedMeta):
        raise TypeError(
            "tile_scheduler_metadata must come from triton_tle.ops.get_mla_metadata, got "
            f"{type(tile_scheduler_metadata).__name__}"
        )
    require(num_splits is None, "num_splits", num_splits, "be None")
    check_bool("causal", causal)
    require(not causal, "causal", causal, "be False for sparse attention")
    require(indices is not None, "indices", None, "be given: attention over all keys is not supported")
    args = check_mla_decode(
        q, k_cache, indices, softmax_scale=softmax_scale, is_fp8_kvcache=is_fp8_kvcache, attn_sink=attn_sink,
        extra_k_cache=extra_k_cache, extra_indices_in_kvcache=extra_indices_in_kvcache, topk_length=topk_length,
        extra_topk_length=extra_topk_length, head_dim_v=head_dim_v,
    )  # fmt: skip
    metadata = tile_scheduler_metadata
    extra_topk = args.extra.topk if args.extra else 0
    metadata.plan(DecodeShape(args.batch, args.s_q, args.h_q, args.scope.topk, extra_topk, args.fp8, q.device))
    return _decode_op(
        q, k_cache, indices, args.softmax_scale, is_fp8_kvcache, attn_sink, extra_k_cache, extra_indices_in_kvcache,
        topk_length, extra_topk_length, metadata.num_splits, metadata.partial_out, metadata.partial_lse,
    )  # fmt: skip
