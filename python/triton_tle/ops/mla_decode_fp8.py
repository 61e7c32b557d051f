"""Split-KV sparse decode over an FP8 cache.

One program handles one query token, 64 of its heads and one part of its list of keys. A tile of keys travels as bytes
into registers while the tile before it is worked on, becomes float16 there and goes to shared memory, where both
products read it. Products are of float16: the hardware turns e4m3 into float16 in one instruction for two values, and
a value times its scale is exact for scales that are powers of two. Q is brought to float16's range by a power of
two.

Runs of 8 columns go to the two halves of the tile in turn: the 16 values of a thread's 16 bytes become two stores of 16
bytes without a bank conflict. Q is split alike; each half of the output goes back to its columns.
"""

from __future__ import annotations

from collections.abc import Iterator

import triton
import triton.language as tl

import triton_tle.language as tle

from . import _mla_decode_parts as parts
from ._launches import wait_for_predecessor
from .fp8_cache import BYTES_PER_TOKEN


@triton.jit
def _load_tile(
    tile, tiles, index, own, extra, PAGE: tl.constexpr, STRIDE: tl.constexpr, EXTRA_PAGE: tl.constexpr,
    EXTRA_STRIDE: tl.constexpr, HAS_EXTRA: tl.constexpr,
):  # fmt: skip
    """A tile of cache rows: four groups of 128 e4m3 bytes, their scales, the rotary columns, -inf for absent keys."""
    beyond, number, found = parts.list_of(tile, tiles, own, extra, HAS_EXTRA)
    rows = parts.row_pointers(
        tile, tiles, index, own, extra, PAGE, STRIDE // 16, EXTRA_PAGE, EXTRA_STRIDE // 16, HAS_EXTRA
    )
    valid = (index >= 0) & (index < found[2])
    mask = valid[:, None]
    codes = rows.to(tl.pointer_type(tl.uint8), bitcast=True) + tl.arange(0, 128)[None, :]
    group0 = tl.load(codes, mask=mask, other=0)
    group1 = tl.load(codes + 128, mask=mask, other=0)
    group2 = tl.load(codes + 256, mask=mask, other=0)
    group3 = tl.load(codes + 384, mask=mask, other=0)
    scales = (rows + 256).to(tl.pointer_type(tl.float32), bitcast=True)
    scale0 = tl.load(scales, mask=mask, other=0.0)
    scale1 = tl.load(scales + 1, mask=mask, other=0.0)
    scale2 = tl.load(scales + 2, mask=mask, other=0.0)
    scale3 = tl.load(scales + 3, mask=mask, other=0.0)
    # as bytes like the groups: in a layout of its own its indices would be loaded and carried once more
    low, high = tl.split(tl.reshape(tl.load(codes + 528, mask=mask, other=0), [index.shape[0], 64, 2]))
    rope = (low.to(tl.uint16) | high.to(tl.uint16) << 8).to(tl.bfloat16, bitcast=True)
    return group0, group1, group2, group3, scale0, scale1, scale2, scale3, rope, tl.where(valid, 0.0, float("-inf"))


@triton.jit
def halves(x):
    """The columns of x, [R, C], in two halves of [R, C / 2]: runs of 8 go to one and the other in turn."""
    runs = tl.permute(tl.reshape(x, [x.shape[0], x.shape[1] // 16, 2, 8]), [0, 1, 3, 2])
    first, second = tl.split(runs)
    half: tl.constexpr = x.shape[1] // 2
    return tl.reshape(first, [x.shape[0], half]), tl.reshape(second, [x.shape[0], half])


@triton.jit
def dequantize(codes, scale, HARDWARE: tl.constexpr):
    """e4m3 codes times `scale` as float16. Without HARDWARE, which sm_89 and later have, NaN counts as 480."""
    if HARDWARE:
        return codes.to(tl.float8e4nv, bitcast=True).to(tl.float16) * scale.to(tl.float16)
    # Exponent and mantissa moved to where float16 has them are the number times 2**-8, subnormals included
    bits = (codes & 0x7F).to(tl.uint16) << 7 | (codes & 0x80).to(tl.uint16) << 8
    return bits.to(tl.float16, bitcast=True) * (scale * 256.0).to(tl.float16)


@triton.jit
def side_by_side(a, b, c, d):
    """Four tensors [N, C] as one, [N, 4 C]."""
    quads = tl.join(tl.join(a, c), tl.join(b, d))  # [N, C, 2, 2]
    return tl.reshape(tl.permute(quads, [0, 2, 3, 1]), [a.shape[0], 4 * a.shape[1]])


@triton.jit
def _stage(
    k_first, k_second, k_rope, k_bias, group0, group1, group2, group3, scale0, scale1, scale2, scale3, rope, bias,
    HARDWARE: tl.constexpr,
):  # fmt: skip
    """Convert a tile into one slot. One store for each half: between stores to parts of a buffer there are barriers."""
    first0, second0 = halves(dequantize(group0, scale0, HARDWARE))
    first1, second1 = halves(dequantize(group1, scale1, HARDWARE))
    first2, second2 = halves(dequantize(group2, scale2, HARDWARE))
    first3, second3 = halves(dequantize(group3, scale3, HARDWARE))
    k_first.store(side_by_side(first0, first1, first2, first3))
    k_second.store(side_by_side(second0, second1, second2, second3))
    k_rope.store(rope)
    k_bias.store(bias)


@triton.jit
def _range_of(q, scale_log2):
    """A power of two that brings the largest value of q to [2**14, 2**15), and what turns scores back."""
    bits = tl.max(tl.abs(q.to(tl.float32))).to(tl.int32, bitcast=True)
    exponent = tl.minimum(tl.maximum(bits & 0x7F800000, 0x08000000), 0x7F000000)
    shrink = (0x7F000000 - exponent + (14 << 23)).to(tl.float32, bitcast=True)
    return shrink, (exponent - (14 << 23)).to(tl.float32, bitcast=True) * scale_log2


@triton.jit(do_not_specialize=["tokens", "extra_tokens", "h_q", "s_q", "splits"])
def mla_decode_fp8_kernel(
    q_ptr, cache_ptr, indices_ptr, length_ptr, extra_cache_ptr, extra_indices_ptr, extra_length_ptr, sink_ptr,
    out_ptr, lse_ptr, tokens, topk, extra_tokens, extra_topk, s_q, h_q, splits, scale_log2,
    stride_qb, stride_qs, stride_qh, stride_ib, stride_is, stride_eb, stride_es, block_stride, extra_block_stride,
    STRIDE: tl.constexpr, EXTRA_STRIDE: tl.constexpr, PAGE: tl.constexpr, EXTRA_PAGE: tl.constexpr,
    HAS_LENGTH: tl.constexpr, HAS_EXTRA: tl.constexpr, HAS_EXTRA_LENGTH: tl.constexpr, HAS_SINK: tl.constexpr,
    HAS_ROPE: tl.constexpr, SINGLE: tl.constexpr, BLOCK_H: tl.constexpr, BLOCK_N: tl.constexpr, SLOTS: tl.constexpr,
    GUARD: tl.constexpr, LOAD_AT: tl.constexpr, HARDWARE: tl.constexpr, ASM: tl.constexpr, PDL: tl.constexpr,
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
    q_rope = tl.load(q_rows + 512 + tl.arange(0, 64)[None, :], mask=head_ok, other=0.0)
    shrink, scale_log2 = _range_of(q_latent, scale_log2)
    q_first, q_second = halves((q_latent * shrink).to(tl.float16))
    q_rope = (q_rope * shrink).to(tl.bfloat16)
    k_first = tle.gpu.alloc([SLOTS, BLOCK_N, 256], tl.float16)
    k_second = tle.gpu.alloc([SLOTS, BLOCK_N, 256], tl.float16)
    k_rope = tle.gpu.alloc([SLOTS, BLOCK_N, 64], tl.bfloat16)
    k_bias = tle.gpu.alloc([SLOTS, BLOCK_N], tl.float32, layout=tle.gpu.swizzled_shared_layout(order=(0,)))
    p_tile = tle.gpu.alloc([BLOCK_H, BLOCK_N], tl.float16)

    row_max = tl.full([BLOCK_H], -1e30, tl.float32)  # finite, so that a tile without any key gives no NaN
    # Only what lies in one thread is summed here, every eighth of 32 keys: a sum across warps takes barriers. mma.sync
    # has other warps for every eight keys
    TOGETHER: tl.constexpr = 4 if BLOCK_N == 64 else 1
    RUNS: tl.constexpr = BLOCK_N // (8 * TOGETHER)
    p_sum = tl.zeros([BLOCK_H, RUNS, 8], tl.float32)
    acc_first = tl.zeros([BLOCK_H, 256], tl.float32)
    acc_second = tl.zeros([BLOCK_H, 256], tl.float32)
    index, valid = parts.load_entries(first, tiles, last, own, extra, HAS_EXTRA, BLOCK_N)
    group0, group1, group2, group3, scale0, scale1, scale2, scale3, rope, bias = _load_tile(
        first, tiles, index, own, extra, PAGE, STRIDE, EXTRA_PAGE, EXTRA_STRIDE, HAS_EXTRA
    )
    next_index, next_valid = parts.load_entries(first + 1, tiles, last, own, extra, HAS_EXTRA, BLOCK_N)
    slot = 0
    _stage(
        k_first.index(slot), k_second.index(slot), k_rope.index(slot), k_bias.index(slot),
        group0, group1, group2, group3, scale0, scale1, scale2, scale3, rope, bias, HARDWARE,
    )  # fmt: skip
    # At least one tile, of no keys if need be: where the loop may be left out, ptxas has the products of its last
    # iteration wait for each other, since zeros might be what they accumulate to
    for turn in tl.range(0, tl.maximum(last - first, 1), num_stages=1):
        tile = first + turn
        # The next tile is under way while this one is worked on; its indices were a tile earlier
        if LOAD_AT == 0:
            group0, group1, group2, group3, scale0, scale1, scale2, scale3, rope, bias = _load_tile(
                tile + 1, tiles, next_index, own, extra, PAGE, STRIDE, EXTRA_PAGE, EXTRA_STRIDE, HAS_EXTRA
            )
            next_index, next_valid = parts.load_entries(tile + 2, tiles, last, own, extra, HAS_EXTRA, BLOCK_N)
        scores = tl.dot(q_rope, k_rope.index(slot).T.load())
        if LOAD_AT == 1:
            group0, group1, group2, group3, scale0, scale1, scale2, scale3, rope, bias = _load_tile(
                tile + 1, tiles, next_index, own, extra, PAGE, STRIDE, EXTRA_PAGE, EXTRA_STRIDE, HAS_EXTRA
            )
            next_index, next_valid = parts.load_entries(tile + 2, tiles, last, own, extra, HAS_EXTRA, BLOCK_N)
        scores = tl.dot(q_first, k_first.index(slot).T.load(), scores)
        if LOAD_AT == 2:
            group0, group1, group2, group3, scale0, scale1, scale2, scale3, rope, bias = _load_tile(
                tile + 1, tiles, next_index, own, extra, PAGE, STRIDE, EXTRA_PAGE, EXTRA_STRIDE, HAS_EXTRA
            )
            next_index, next_valid = parts.load_entries(tile + 2, tiles, last, own, extra, HAS_EXTRA, BLOCK_N)
        scores = tl.dot(q_second, k_second.index(slot).T.load(), scores)
        if LOAD_AT >= 3:
            group0, group1, group2, group3, scale0, scale1, scale2, scale3, rope, bias = _load_tile(
                tile + 1, tiles, next_index, own, extra, PAGE, STRIDE, EXTRA_PAGE, EXTRA_STRIDE, HAS_EXTRA
            )
            next_index, next_valid = parts.load_entries(tile + 2, tiles, last, own, extra, HAS_EXTRA, BLOCK_N)
        if LOAD_AT == 4:
            tl.debug_barrier()
        scores = scores * scale_log2 + k_bias.index(slot).load()[None, :]
        new_max = tl.maximum(row_max, tl.max(scores, 1))
        rescale = tl.exp2(row_max - new_max)
        p = tl.exp2(scores - new_max[:, None])
        row_max = new_max
        p_sum = p_sum * rescale[:, None, None] + tl.sum(tl.reshape(p, [BLOCK_H, RUNS, TOGETHER, 8]), 2)
        p_tile.store(p.to(tl.float16))
        acc_first *= rescale[:, None]
        acc_second *= rescale[:, None]
        acc_first = tl.dot(p_tile.load(), k_first.index(slot).load(), acc_first)
        acc_second = tl.dot(p_tile.load(), k_second.index(slot).load(), acc_second)
        slot = (slot + 1) % SLOTS
        if not GUARD or tile + 1 < last:
            _stage(
                k_first.index(slot), k_second.index(slot), k_rope.index(slot), k_bias.index(slot),
                group0, group1, group2, group3, scale0, scale1, scale2, scale3, rope, bias, HARDWARE,
            )  # fmt: skip

    token, batch, query, heads = parts.place_anew(h_q, s_q, BLOCK_H, ASM)
    head_ok = (heads < h_q)[:, None]
    row = token
    if not SINGLE:
        row += tl.program_id(1).to(tl.int64) * (tl.num_programs(0) // tl.cdiv(h_q, BLOCK_H))
    factor = parts.finish(
        row_max, tl.sum(tl.reshape(p_sum, [BLOCK_H, RUNS * 8]), 1), sink_ptr, lse_ptr, batch, query, s_q, row, heads,
        h_q, HAS_SINK, SINGLE,
    )[:, None]  # fmt: skip
    out_rows = out_ptr + (row * h_q + heads)[:, None] * 512
    columns = tl.arange(0, 256) // 8 * 16 + tl.arange(0, 256) % 8
    tl.store(out_rows + columns[None, :], (acc_first * factor).to(out_ptr.dtype.element_ty), mask=head_ok)
    tl.store(out_rows + 8 + columns[None, :], (acc_second * factor).to(out_ptr.dtype.element_ty), mask=head_ok)


# Configurations to time against each other, python/test/gpu/explore_mla_decode.py
_MAIN = {"BLOCK_H": 64, "BLOCK_N": 64, "SLOTS": 2, "GUARD": True, "LOAD_AT": 1, "HARDWARE": True, "num_warps": 8}
EXPLORED = {
    "load after rotary": _MAIN,
    "load in the middle": _MAIN | {"LOAD_AT": 2},
    "load first": _MAIN | {"LOAD_AT": 0},
    "load behind the scores": _MAIN | {"LOAD_AT": 3},
    "load behind the scores, barrier": _MAIN | {"LOAD_AT": 4},
    "one slot": _MAIN | {"SLOTS": 1},
}


def launch_config(capability: int = 90) -> dict[str, int]:
    """Compile-time sizes and launch options, by what shared memory and registers of an architecture hold."""
    if capability // 10 == 9:
        return dict(_MAIN)
    small = {"BLOCK_H": 16, "BLOCK_N": 32, "SLOTS": 1, "GUARD": True, "LOAD_AT": 1, "num_warps": 8}
    return small | {"HARDWARE": capability >= 89}


def variants(arch: str) -> Iterator[tuple[str, object, dict[str, str], dict[str, object], dict[str, int]]]:
    """What the resource report compiles: (label, kernel, signature, constexprs, launch options) per variant."""
    from triton_tle.compiler.pipelines import parse_arch

    capability = parse_arch(arch)
    sizes = ("tokens", "topk", "s_q", "h_q", "splits", "extra_tokens", "extra_topk")
    strides = ("stride_qb", "stride_qs", "stride_qh", "stride_ib", "stride_is", "stride_eb", "stride_es")
    signature = {"q_ptr": "*bf16:16", "cache_ptr": "*i16:16", "indices_ptr": "*i32:16", "lse_ptr": "*fp32:16"}
    signature |= dict.fromkeys(sizes, "i32") | dict.fromkeys(strides, "i32:16") | {"scale_log2": "fp32"}
    signature |= dict.fromkeys(("block_stride", "extra_block_stride"), "i32:16")
    for label, single, extras, page in (
        ("one split", True, False, 0),
        ("splits", False, False, 0),
        ("splits, pages apart", False, False, 64),
        ("one split, sink, length, extra", True, True, 64),
    ):
        arguments = signature | {"out_ptr": "*bf16:16" if single else "*fp32:16"}
        constexprs: dict[str, object] = {
            "STRIDE": BYTES_PER_TOKEN, "EXTRA_STRIDE": BYTES_PER_TOKEN, "PAGE": page, "EXTRA_PAGE": page,
            "HAS_LENGTH": extras, "HAS_EXTRA": extras, "HAS_EXTRA_LENGTH": extras, "HAS_SINK": extras and single,
            "HAS_ROPE": True, "SINGLE": single, "ASM": True, "PDL": capability >= 90,
        }  # fmt: skip
        optional = {
            "length_ptr": "*i32:16", "extra_cache_ptr": "*i16:16", "extra_indices_ptr": "*i32:16",
            "extra_length_ptr": "*i32:16", "sink_ptr": "*fp32:16",
        }  # fmt: skip
        if extras:
            arguments |= optional
        else:
            constexprs |= dict.fromkeys(optional)
        config = launch_config(capability)
        options = {"num_warps": config.pop("num_warps")} | ({"launch_pdl": True} if capability >= 90 else {})
        yield label, mla_decode_fp8_kernel, arguments, constexprs | config, options
