"""Split-KV sparse decode over an FP8 cache.

One program handles one query token, 64 of its heads and one part of its list of keys. A tile of keys travels as bytes
into registers while the tile before it is worked on, becomes bfloat16 there and goes to shared memory, where both
products read it.

Even and odd columns go to separate halves of the tile. So the conversion needs no shuffling of bytes, and a thread's
16 bytes become two stores of 16 bytes without a bank conflict. Q is split alike; the output is put together again at
the end.
"""

from __future__ import annotations

from collections.abc import Iterator

import triton
import triton.language as tl

import triton_tle.language as tle

from . import _mla_decode_parts as parts
from .fp8_cache import BYTES_PER_TOKEN

TWO_TO_120 = tl.constexpr(2.0**120)


@triton.jit
def _dequantize(words, scale, BITS: tl.constexpr):
    """Two e4m3 values a word, [N, C], times `scale`, [N, 1], as bfloat16: (low bytes, high bytes).

    The bits of an e4m3 number, moved to where bfloat16 has exponent and mantissa, are the number times 2**-120,
    subnormals included; the factor goes with the scale. That takes 11 instructions for four values. The scale is the
    sum of two bfloat16 numbers, so the product is rounded once. Two codes differ from e4m3: NaN counts as 480. Without
    BITS the hardware converts, by way of float16 and float32: a quarter more instructions in the whole loop.
    """
    if BITS:
        scaled = scale * TWO_TO_120
        high = scaled.to(tl.bfloat16)
        low = (scaled - high.to(tl.float32)).to(tl.bfloat16)
        return tl.inline_asm_elementwise(
            """
            {
            .reg .b32 even, odd, sign, zero;
            mov.b32 zero, 0x80008000;
            shl.b32 sign, $2, 8;
            shl.b32 even, $2, 4;
            shr.b32 odd, $2, 4;
            and.b32 even, even, 0x07f007f0;
            and.b32 odd, odd, 0x07f007f0;
            lop3.b32 even, sign, 0x80008000, even, 0xea;
            lop3.b32 odd, $2, 0x80008000, odd, 0xea;
            fma.rn.bf16x2 sign, even, $4, zero;
            fma.rn.bf16x2 $0, even, $3, sign;
            fma.rn.bf16x2 sign, odd, $4, zero;
            fma.rn.bf16x2 $1, odd, $3, sign;
            }
            """,
            "=&r,=&r,r,r,r",
            [words, high.broadcast_to(words.shape), low.broadcast_to(words.shape)],
            dtype=(tl.bfloat16, tl.bfloat16),
            is_pure=True,
            pack=2,
        )
    else:
        even = (words & 0xFF).to(tl.uint8).to(tl.float8e4nv, bitcast=True).to(tl.float32)
        odd = ((words >> 8) & 0xFF).to(tl.uint8).to(tl.float8e4nv, bitcast=True).to(tl.float32)
        return (even * scale).to(tl.bfloat16), (odd * scale).to(tl.bfloat16)


@triton.jit
def _load_tile(cache_ptr, index, valid, block_stride, PAGE: tl.constexpr, STRIDE: tl.constexpr):
    """A tile of cache rows: four groups of 128 e4m3 values, two a word; their scales; the rotary columns."""
    rows = cache_ptr + parts.row_offsets(index, block_stride, PAGE, STRIDE // 16) * 8
    mask = valid[:, None]
    columns = tl.arange(0, 64)[None, :]
    words0 = tl.load(rows + columns, mask=mask, other=0)
    words1 = tl.load(rows + 64 + columns, mask=mask, other=0)
    words2 = tl.load(rows + 128 + columns, mask=mask, other=0)
    words3 = tl.load(rows + 192 + columns, mask=mask, other=0)
    scales = (rows + 256).to(tl.pointer_type(tl.float32), bitcast=True)
    scale0 = tl.load(scales, mask=mask, other=0.0)
    scale1 = tl.load(scales + 1, mask=mask, other=0.0)
    scale2 = tl.load(scales + 2, mask=mask, other=0.0)
    scale3 = tl.load(scales + 3, mask=mask, other=0.0)
    rope = tl.load((rows + 264 + columns).to(tl.pointer_type(tl.bfloat16), bitcast=True), mask=mask, other=0.0)
    return words0, words1, words2, words3, scale0, scale1, scale2, scale3, rope


@triton.jit
def _stage_group(k_even, k_odd, words, scale, GROUP: tl.constexpr, BITS: tl.constexpr):
    even, odd = _dequantize(words, scale, BITS)
    k_even.slice(GROUP * 64, 64, 1).store(even)
    k_odd.slice(GROUP * 64, 64, 1).store(odd)


@triton.jit
def _attend(
    q_even, q_odd, q_rope, k_even, k_odd, k_rope, p_tile, row_max, p_sum, acc_even, acc_odd,
    cache_ptr, indices_row, begin, end, tokens, block_stride, scale_log2,
    PAGE: tl.constexpr, STRIDE: tl.constexpr, BLOCK_N: tl.constexpr, SLOTS: tl.constexpr,
    GUARD: tl.constexpr, BITS: tl.constexpr,
):  # fmt: skip
    """Entries [begin, end) of a list, added to the state."""
    index, valid = parts.load_indices(indices_row, begin, end, tokens, BLOCK_N)
    words0, words1, words2, words3, scale0, scale1, scale2, scale3, rope = _load_tile(
        cache_ptr, index, valid, block_stride, PAGE, STRIDE
    )
    slot = 0
    _stage_group(k_even.index(slot), k_odd.index(slot), words0, scale0, 0, BITS)
    _stage_group(k_even.index(slot), k_odd.index(slot), words1, scale1, 1, BITS)
    _stage_group(k_even.index(slot), k_odd.index(slot), words2, scale2, 2, BITS)
    _stage_group(k_even.index(slot), k_odd.index(slot), words3, scale3, 3, BITS)
    k_rope.index(slot).store(rope)
    # At least one tile, of no keys if need be: where the loop may be left out, ptxas has the products of its last
    # iteration wait for each other, since zeros might be what they accumulate to
    for tile in tl.range(0, tl.maximum(tl.cdiv(end - begin, BLOCK_N), 1), num_stages=1):
        start = begin + tile * BLOCK_N
        # under way while this tile is worked on
        index, valid = parts.load_indices(indices_row, start + BLOCK_N, end, tokens, BLOCK_N)
        words0, words1, words2, words3, scale0, scale1, scale2, scale3, rope = _load_tile(
            cache_ptr, index, valid, block_stride, PAGE, STRIDE
        )
        scores = tl.dot(q_rope, k_rope.index(slot).T.load())
        scores = tl.dot(q_even, k_even.index(slot).T.load(), scores)
        scores = tl.dot(q_odd, k_odd.index(slot).T.load(), scores)
        # the mask once more: as a loop variable it would pass through shared memory on its way to the scores' layout
        index, valid = parts.load_indices(indices_row, start, end, tokens, BLOCK_N)
        p, rescale, row_max, p_sum = parts.softmax_step(scores, valid, row_max, p_sum, scale_log2)
        p_tile.store(p.to(tl.bfloat16))
        acc_even *= rescale[:, None]
        acc_odd *= rescale[:, None]
        acc_even = tl.dot(p_tile.load(), k_even.index(slot).load(), acc_even)
        acc_odd = tl.dot(p_tile.load(), k_odd.index(slot).load(), acc_odd)
        slot = (slot + 1) % SLOTS
        if not GUARD or start + BLOCK_N < end:
            _stage_group(k_even.index(slot), k_odd.index(slot), words0, scale0, 0, BITS)
            _stage_group(k_even.index(slot), k_odd.index(slot), words1, scale1, 1, BITS)
            _stage_group(k_even.index(slot), k_odd.index(slot), words2, scale2, 2, BITS)
            _stage_group(k_even.index(slot), k_odd.index(slot), words3, scale3, 3, BITS)
            k_rope.index(slot).store(rope)
    return row_max, p_sum, acc_even, acc_odd


@triton.jit(do_not_specialize=["tokens", "extra_tokens", "h_q", "s_q", "splits"])
def mla_decode_fp8_kernel(
    q_ptr, cache_ptr, indices_ptr, length_ptr, extra_cache_ptr, extra_indices_ptr, extra_length_ptr, sink_ptr,
    out_ptr, lse_ptr, tokens, topk, extra_tokens, extra_topk, s_q, h_q, splits, scale_log2,
    stride_qb, stride_qs, stride_qh, stride_ib, stride_is, stride_eb, stride_es, block_stride, extra_block_stride,
    STRIDE: tl.constexpr, EXTRA_STRIDE: tl.constexpr, PAGE: tl.constexpr, EXTRA_PAGE: tl.constexpr,
    HAS_LENGTH: tl.constexpr, HAS_EXTRA: tl.constexpr, HAS_EXTRA_LENGTH: tl.constexpr, HAS_SINK: tl.constexpr,
    HAS_ROPE: tl.constexpr, SINGLE: tl.constexpr, BLOCK_H: tl.constexpr, BLOCK_N: tl.constexpr, SLOTS: tl.constexpr,
    GUARD: tl.constexpr, BITS: tl.constexpr, ASM: tl.constexpr,
):  # fmt: skip
    """Attention of query token program_id(0) // head_blocks over split program_id(1), for one block of heads."""
    token, batch, query, heads = parts.place(tl.program_id(0), h_q, s_q, BLOCK_H)
    head_ok = (heads < h_q)[:, None]

    length = parts.list_length(topk, length_ptr, batch, HAS_LENGTH)
    tiles = tl.cdiv(length, BLOCK_N)
    all_tiles = tiles
    if HAS_EXTRA:
        extra_length = parts.list_length(extra_topk, extra_length_ptr, batch, HAS_EXTRA_LENGTH)
        all_tiles += tl.cdiv(extra_length, BLOCK_N)
    first = all_tiles * tl.program_id(1) // splits
    last = all_tiles * (tl.program_id(1) + 1) // splits

    q_rows = q_ptr + batch * stride_qb + query * stride_qs + heads.to(tl.int64)[:, None] * stride_qh
    q_latent = tl.load(q_rows + tl.arange(0, 512)[None, :], mask=head_ok, other=0.0)
    q_even, q_odd = tl.split(tl.reshape(q_latent, [BLOCK_H, 256, 2]))
    q_rope = tl.load(q_rows + 512 + tl.arange(0, 64)[None, :], mask=head_ok, other=0.0)
    k_even = tle.gpu.alloc([SLOTS, BLOCK_N, 256], tl.bfloat16)
    k_odd = tle.gpu.alloc([SLOTS, BLOCK_N, 256], tl.bfloat16)
    k_rope = tle.gpu.alloc([SLOTS, BLOCK_N, 64], tl.bfloat16)
    p_tile = tle.gpu.alloc([BLOCK_H, BLOCK_N], tl.bfloat16)

    row_max = tl.full([BLOCK_H], -1e30, tl.float32)  # finite, so that a tile without any key gives no NaN
    p_sum = tl.zeros([BLOCK_H, BLOCK_N], tl.float32)  # summed over keys at the end: a sum across warps takes barriers
    acc_even = tl.zeros([BLOCK_H, 256], tl.float32)
    acc_odd = tl.zeros([BLOCK_H, 256], tl.float32)
    row_max, p_sum, acc_even, acc_odd = _attend(
        q_even, q_odd, q_rope, k_even, k_odd, k_rope, p_tile, row_max, p_sum, acc_even, acc_odd,
        cache_ptr, indices_ptr + batch * stride_ib + query * stride_is, first * BLOCK_N,
        tl.minimum(last * BLOCK_N, length), tokens, block_stride, scale_log2, PAGE, STRIDE, BLOCK_N, SLOTS, GUARD, BITS,
    )  # fmt: skip
    if HAS_EXTRA:
        row_max, p_sum, acc_even, acc_odd = _attend(
            q_even, q_odd, q_rope, k_even, k_odd, k_rope, p_tile, row_max, p_sum, acc_even, acc_odd,
            extra_cache_ptr, extra_indices_ptr + batch * stride_eb + query * stride_es,
            tl.maximum(first - tiles, 0) * BLOCK_N, tl.minimum((last - tiles) * BLOCK_N, extra_length), extra_tokens,
            extra_block_stride, scale_log2, EXTRA_PAGE, EXTRA_STRIDE, BLOCK_N, SLOTS, GUARD, BITS,
        )  # fmt: skip

    token, batch, query, heads = parts.place_anew(h_q, s_q, BLOCK_H, ASM)
    head_ok = (heads < h_q)[:, None]
    factor = parts.finish(
        row_max, p_sum, sink_ptr, lse_ptr, batch, query, s_q, token, heads, h_q, HAS_SINK, SINGLE
    )[:, None]  # fmt: skip
    out = tl.interleave(acc_even * factor, acc_odd * factor)
    row = token
    if not SINGLE:
        row += tl.program_id(1).to(tl.int64) * (tl.num_programs(0) // tl.cdiv(h_q, BLOCK_H))
    out_rows = out_ptr + (row * h_q + heads)[:, None] * 512
    tl.store(out_rows + tl.arange(0, 512)[None, :], out.to(out_ptr.dtype.element_ty), mask=head_ok)


# Configurations to time against each other, python/test/gpu/explore_mla_decode.py
_MAIN = {"BLOCK_H": 64, "BLOCK_N": 64, "SLOTS": 2, "GUARD": True, "BITS": True, "num_warps": 8}
EXPLORED = {
    "two slots": _MAIN,
    "no guard": _MAIN | {"GUARD": False},
    "one slot": _MAIN | {"SLOTS": 1},
    "hardware conversion": _MAIN | {"BITS": False},
    "32 keys": _MAIN | {"BLOCK_N": 32},
    "16 warps": _MAIN | {"num_warps": 16},
}


def launch_config() -> dict[str, int]:
    """Compile-time sizes and launch options."""
    return dict(_MAIN)


def variants(arch: str) -> Iterator[tuple[str, object, dict[str, str], dict[str, object], dict[str, int]]]:
    """What the resource report compiles: (label, kernel, signature, constexprs, launch options) per variant.

    `arch` is not looked at: the kernel is the same on all of them.
    """
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
            "HAS_ROPE": True, "SINGLE": single, "ASM": True,
        }  # fmt: skip
        optional = {
            "length_ptr": "*i32:16", "extra_cache_ptr": "*i16:16", "extra_indices_ptr": "*i32:16",
            "extra_length_ptr": "*i32:16", "sink_ptr": "*fp32:16",
        }  # fmt: skip
        if extras:
            arguments |= optional
        else:
            constexprs |= dict.fromkeys(optional)
        config = launch_config()
        options = {"num_warps": config.pop("num_warps")}
        yield label, mla_decode_fp8_kernel, arguments, constexprs | config, options
