"""Split-KV sparse decode over a bfloat16 cache.

One program handles one query token, BLOCK_H of its heads and one part of its list of keys. The loop stages each tile in
shared memory and both products read that one copy; the compiler turns the staging into asynchronous copies that run
ahead.
"""

from __future__ import annotations

from collections.abc import Iterator

import triton
import triton.language as tl

import triton_tle.language as tle

from . import _mla_decode_parts as parts
from ._launches import wait_for_predecessor


@triton.jit(do_not_specialize=["tokens", "extra_tokens", "h_q", "s_q", "splits"])
def mla_decode_bf16_kernel(
    q_ptr, cache_ptr, indices_ptr, length_ptr, extra_cache_ptr, extra_indices_ptr, extra_length_ptr, sink_ptr,
    out_ptr, lse_ptr, tokens, topk, extra_tokens, extra_topk, s_q, h_q, splits, scale_log2,
    stride_qb, stride_qs, stride_qh, stride_ib, stride_is, stride_eb, stride_es, block_stride, extra_block_stride,
    STRIDE: tl.constexpr, EXTRA_STRIDE: tl.constexpr, PAGE: tl.constexpr, EXTRA_PAGE: tl.constexpr,
    HAS_LENGTH: tl.constexpr, HAS_EXTRA: tl.constexpr, HAS_EXTRA_LENGTH: tl.constexpr, HAS_SINK: tl.constexpr,
    HAS_ROPE: tl.constexpr, SINGLE: tl.constexpr, BLOCK_H: tl.constexpr, BLOCK_N: tl.constexpr, STAGES: tl.constexpr,
    ASM: tl.constexpr, PDL: tl.constexpr,
):  # fmt: skip
    """Attention of query token program_id(0) // head_blocks over split program_id(1), for one block of heads."""
    wait_for_predecessor(PDL)
    token, batch, query, heads = parts.place(tl.program_id(0), h_q, s_q, BLOCK_H)
    head_ok = (heads < h_q)[:, None]

    length = parts.list_length(topk, length_ptr, batch, HAS_LENGTH)
    tiles = tl.cdiv(length, BLOCK_N)
    all_tiles = tiles
    own = (indices_ptr + batch * stride_ib + query * stride_is, length, tokens, cache_ptr, block_stride)
    extra = own
    if HAS_EXTRA:
        extra_length = parts.list_length(extra_topk, extra_length_ptr, batch, HAS_EXTRA_LENGTH)
        all_tiles += tl.cdiv(extra_length, BLOCK_N)
        extra_row = extra_indices_ptr + batch * stride_eb + query * stride_es
        extra = (extra_row, extra_length, extra_tokens, extra_cache_ptr, extra_block_stride)
    first = all_tiles * tl.program_id(1) // splits
    last = all_tiles * (tl.program_id(1) + 1) // splits

    q_rows = q_ptr + batch * stride_qb + query * stride_qs + heads.to(tl.int64)[:, None] * stride_qh
    q_latent = tl.load(q_rows + tl.arange(0, 512)[None, :], mask=head_ok, other=0.0)
    q_rope = q_latent
    k_latent = tle.gpu.alloc([BLOCK_N, 512], tl.bfloat16)
    k_rope = k_latent
    if HAS_ROPE:
        q_rope = tl.load(q_rows + 512 + tl.arange(0, 64)[None, :], mask=head_ok, other=0.0)
        k_rope = tle.gpu.alloc([BLOCK_N, 64], tl.bfloat16)

    row_max = tl.full([BLOCK_H], -1e30, tl.float32)  # finite, so that a tile without any key gives no NaN
    p_sum = tl.zeros([BLOCK_H, BLOCK_N], tl.float32)  # summed over keys at the end: a sum across warps takes barriers
    acc = tl.zeros([BLOCK_H, 512], tl.float32)
    for tile in tl.range(first, last, num_stages=STAGES):
        index, valid = parts.load_entries(tile, tiles, last, own, extra, HAS_EXTRA, BLOCK_N)
        rows = parts.row_pointers(
            tile, tiles, index, own, extra, PAGE, STRIDE // 8, EXTRA_PAGE, EXTRA_STRIDE // 8, HAS_EXTRA
        )
        # rows that do not count become 0: their scores are masked, but P's zeros would meet a NaN in V
        latent = tl.load(rows + tl.arange(0, 512)[None, :], mask=valid[:, None], other=0.0)
        tl.store(tle.gpu.local_ptr(k_latent), latent)
        if HAS_ROPE:
            rope = tl.load(rows + 512 + tl.arange(0, 64)[None, :], mask=valid[:, None], other=0.0)
            tl.store(tle.gpu.local_ptr(k_rope), rope)

        k = tl.load(tle.gpu.local_ptr(k_latent))
        if HAS_ROPE:
            scores = tl.dot(q_rope, tl.trans(tl.load(tle.gpu.local_ptr(k_rope))))
            scores = tl.dot(q_latent, tl.trans(k), scores)
        else:
            scores = tl.dot(q_latent, tl.trans(k))
        scores = tl.where(valid[None, :], scores * scale_log2, float("-inf"))
        p, rescale, row_max, p_sum = parts.softmax_step(scores, row_max, p_sum)
        acc = tl.dot(p.to(tl.bfloat16), k, acc * rescale[:, None])

    token, batch, query, heads = parts.place_anew(h_q, s_q, BLOCK_H, ASM)
    head_ok = (heads < h_q)[:, None]
    row = token
    if not SINGLE:
        row += tl.program_id(1).to(tl.int64) * (tl.num_programs(0) // tl.cdiv(h_q, BLOCK_H))
    factor = parts.finish(
        row_max, tl.sum(p_sum, 1), sink_ptr, lse_ptr, batch, query, s_q, row, heads, h_q, HAS_SINK, SINGLE
    )[:, None]  # fmt: skip
    out_rows = out_ptr + (row * h_q + heads)[:, None] * 512
    tl.store(out_rows + tl.arange(0, 512)[None, :], (acc * factor).to(out_ptr.dtype.element_ty), mask=head_ok)


# Configurations to time against each other, python/test/gpu/explore_mla_decode.py
EXPLORED = {
    "two stages": {"BLOCK_H": 64, "BLOCK_N": 64, "STAGES": 2, "num_warps": 8},
    "one stage": {"BLOCK_H": 64, "BLOCK_N": 64, "STAGES": 1, "num_warps": 8},
    "32 keys": {"BLOCK_H": 64, "BLOCK_N": 32, "STAGES": 2, "num_warps": 8},
}


def launch_config(capability: int = 90) -> dict[str, int]:
    """Compile-time sizes and launch options, by what shared memory and registers of an architecture hold."""
    if capability // 10 == 9:
        return dict(EXPLORED["two stages"])
    return {"BLOCK_H": 16, "BLOCK_N": 32, "STAGES": 1, "num_warps": 4}


def variants(arch: str) -> Iterator[tuple[str, object, dict[str, str], dict[str, object], dict[str, int]]]:
    """What the resource report compiles: (label, kernel, signature, constexprs, launch options) per variant."""
    from triton_tle.compiler.pipelines import parse_arch

    sizes = ("tokens", "topk", "s_q", "h_q", "splits", "extra_tokens", "extra_topk")
    strides = ("stride_qb", "stride_qs", "stride_qh", "stride_ib", "stride_is", "stride_eb", "stride_es")
    signature = {"q_ptr": "*bf16:16", "cache_ptr": "*bf16:16", "indices_ptr": "*i32:16", "lse_ptr": "*fp32:16"}
    signature |= dict.fromkeys(sizes, "i32") | dict.fromkeys(strides, "i32:16") | {"scale_log2": "fp32"}
    signature |= dict.fromkeys(("block_stride", "extra_block_stride"), "i32:16")
    for d_qk, single, extras, page in (
        (576, True, False, 0),
        (576, False, False, 0),
        (512, False, False, 64),
        (576, True, True, 64),
    ):
        arguments = signature | {"out_ptr": "*bf16:16" if single else "*fp32:16"}
        constexprs: dict[str, object] = {
            "STRIDE": d_qk, "EXTRA_STRIDE": d_qk, "PAGE": page, "EXTRA_PAGE": page, "HAS_LENGTH": extras,
            "HAS_EXTRA": extras, "HAS_EXTRA_LENGTH": extras, "HAS_SINK": extras and single, "HAS_ROPE": d_qk > 512,
            "SINGLE": single, "ASM": True, "PDL": parse_arch(arch) >= 90,
        }  # fmt: skip
        optional = {
            "length_ptr": "*i32:16", "extra_cache_ptr": "*bf16:16", "extra_indices_ptr": "*i32:16",
            "extra_length_ptr": "*i32:16", "sink_ptr": "*fp32:16",
        }  # fmt: skip
        if extras:
            arguments |= optional
        else:
            constexprs |= dict.fromkeys(optional)
        config = launch_config(parse_arch(arch))
        options = {"num_warps": config.pop("num_warps")} | ({"launch_pdl": True} if parse_arch(arch) >= 90 else {})
        label = f"d_qk {d_qk}, " + ("one split" if single else "splits") + (", pages apart" if page else "")
        label += ", sink, length, extra" if extras else ""
        yield label, mla_decode_bf16_kernel, arguments, constexprs | config, options
