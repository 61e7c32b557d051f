"""Own kernels: elementwise work, math, casts, inline assembly, libdevice."""

import triton
import triton.language as tl
from triton.language.extra import libdevice

from corpus.registry import kernel


@kernel("x y out: *fp32:16; n: i32:16", BLOCK=1024)
@triton.jit
def vector_add(x, y, out, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = offsets < n
    total = tl.load(x + offsets, mask=inside) + tl.load(y + offsets, mask=inside)
    tl.store(out + offsets, total, mask=inside)


@kernel("x out: *bf16:16; n: i32; rate: fp32; seed: i32", BLOCK=512)
@triton.jit
def dropout_seeded(x, out, n, rate, seed, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = offsets < n
    values = tl.load(x + offsets, mask=inside, other=0.0)
    keep = tl.rand(seed, offsets) > rate
    tl.store(out + offsets, tl.where(keep, values / (1 - rate), 0.0), mask=inside)


@kernel("out: *fp32:16; bits: *u32:16; seed: u64; n: i32", BLOCK=256)
@triton.jit
def random_normal(out, bits, seed, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    a, b, c, d = tl.randint4x(seed, offsets)
    tl.store(out + offsets, tl.randn(seed, offsets), mask=offsets < n)
    tl.store(bits + offsets, (a ^ b) + (c | d), mask=offsets < n)


@kernel("x out: *fp32:16; n: i32:16", BLOCK=1024)
@triton.jit
def unary_zoo(x, out, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    v = tl.load(x + offsets, mask=offsets < n)
    a = tl.exp(v) + tl.exp2(v) + tl.log(tl.abs(v) + 1.0) + tl.log2(tl.abs(v) + 2.0)
    b = tl.sin(v) * tl.cos(v) + tl.sqrt(tl.abs(v)) + tl.rsqrt(tl.abs(v) + 1.0) + tl.erf(v)
    c = tl.floor(v) + tl.ceil(v) + tl.sigmoid(v) + tl.sqrt_rn(tl.abs(v)) + tl.div_rn(a, b)
    d = tl.fma(a, b, c) + tl.clamp(v, -1.0, 1.0) + tl.fdiv(a, c)
    tl.store(out + offsets, d, mask=offsets < n)


@kernel("x out: *fp32:16; n: i32", BLOCK=512)
@triton.jit
def libdevice_calls(x, out, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    v = tl.load(x + offsets, mask=offsets < n)
    r = libdevice.tanh(v) + libdevice.asin(v) + libdevice.pow(v, 2.5) + libdevice.log1p(v) + libdevice.fast_expf(v)
    tl.store(out + offsets, tl.where(libdevice.isnan(r) != 0, 0.0, r), mask=offsets < n)


@kernel("x: *fp32:16; out8: *fp8e4nv:16; out5: *fp8e5:16; out16: *bf16:16; scale: fp32; n: i32:16", BLOCK=2048)
@triton.jit
def quantize_fp8(x, out8, out5, out16, scale, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    v = tl.load(x + offsets, mask=offsets < n, eviction_policy="evict_first") * scale
    tl.store(out8 + offsets, v.to(tl.float8e4nv), mask=offsets < n)
    tl.store(out5 + offsets, v.to(tl.float8e5, fp_downcast_rounding="rtne"), mask=offsets < n)
    tl.store(out16 + offsets, v.to(tl.float8e5).to(tl.bfloat16), mask=offsets < n, cache_modifier=".cs")


@kernel("x: *i8:16; w: *u8:16; out: *i64:16; half: *fp16:16; n: i32:16", BLOCK=512)
@triton.jit
def integer_casts(x, w, out, half, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = offsets < n
    a = tl.load(x + offsets, mask=inside, other=0)
    b = tl.load(w + offsets, mask=inside, other=0)
    low, high = (b & 0xF).to(tl.int8), (b >> 4).to(tl.int8)
    wide = a.to(tl.int64) * low.to(tl.int64) - (high.to(tl.int64) << 3)
    quotient = wide // 7 + wide % 5 + tl.umulhi(a.to(tl.uint32), b.to(tl.uint32)).to(tl.int64)
    tl.store(out + offsets, quotient ^ ~wide, mask=inside)
    tl.store(half + offsets, a.to(tl.float16) * b.to(tl.float16), mask=inside)


@kernel("x y out: *i32:16; n: i32:16", BLOCK=1024)
@triton.jit
def inline_asm(x, y, out, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    a = tl.load(x + offsets, mask=offsets < n)
    b = tl.load(y + offsets, mask=offsets < n)
    c = tl.inline_asm_elementwise(
        "lop3.b32 $0, $1, $2, 0, 0x3c;", "=r,r,r", [a, b], dtype=tl.int32, is_pure=True, pack=1
    )
    low, high = tl.inline_asm_elementwise(
        "{ add.s32 $0, $2, $3; sub.s32 $1, $2, $3; }",
        "=r,=r,r,r",
        [a, b],
        dtype=(tl.int32, tl.int32),
        is_pure=False,
        pack=1,
    )
    tl.store(out + offsets, c + low * high, mask=offsets < n)


@triton.jit
def _bump(value, step):
    if value > 0.0:
        result = value + step
    else:
        result = value - step
    return result


@kernel("x out: *fp32:16; n: i32:16; step: fp32", BLOCK=256)
@triton.jit
def map_with_branch(x, out, n, step, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    v = tl.load(x + offsets, mask=offsets < n)
    tl.store(out + offsets, tl.map_elementwise(_bump, v, tl.full([BLOCK], 1.0, tl.float32)) + step, mask=offsets < n)


@triton.jit(noinline=True)
def _poly(v, k):
    return v * v * k + v


@triton.jit(noinline=True)
def _pair(i):
    return i + 1, i * 2


@kernel("x out: *fp32:16; n k: i32", BLOCK=256)
@triton.jit
def noinline_calls(x, out, n, k, BLOCK: tl.constexpr):
    a, b = _pair(k)
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    v = tl.load(x + offsets, mask=offsets < n)
    tl.store(out + offsets, v * _poly(n.to(tl.float32), a.to(tl.float32)) + b, mask=offsets < n)


@kernel("x: *fp32:16; n: i32", BLOCK=128, options={"debug": True})
@triton.jit
def print_and_assert(x, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    v = tl.load(x + offsets, mask=offsets < n, other=0.0)
    tl.device_assert(v == v, "not a number")
    tl.device_print("value", v, offsets)
    tl.device_print("pid", tl.program_id(0), hex=True)
    tl.assume(n > 0)
    tl.store(x + offsets, v * 2 + offsets, mask=offsets < n)


@kernel("x y: *fp32:16; out: *fp32:16; n: i32:16", BLOCK=256)
@triton.jit
def join_and_split(x, y, out, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    a = tl.load(x + offsets)
    b = tl.load(y + offsets)
    woven = tl.interleave(a, b)
    even, odd = tl.split(tl.reshape(woven * 2.0, (BLOCK, 2)))
    both = tl.cat(even, odd, can_reorder=True)
    tl.store(out + tl.program_id(0) * 2 * BLOCK + tl.arange(0, 2 * BLOCK), both + tl.flip(woven, 0))


@kernel("x: *fp64:16; out: *fp64:16; n: i64", BLOCK=256)
@triton.jit
def double_precision(x, out, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    v = tl.load(x + offsets, mask=offsets < n, other=1.0)
    tl.store(out + offsets, tl.sqrt(v) + tl.exp(v) / tl.cumsum(v, 0), mask=offsets < n)


@kernel("flags: *i1; x out: *fp16:16; n: i32", BLOCK=512)
@triton.jit
def boolean_select(flags, x, out, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = offsets < n
    flag = tl.load(flags + offsets, mask=inside, other=False)
    v = tl.load(x + offsets, mask=inside, other=float("-inf"))
    chosen = tl.where(flag & (v > 0) | (v < -4), v, tl.minimum(v, 0.5, propagate_nan=tl.PropagateNan.ALL))
    tl.store(out + offsets, tl.maximum(chosen, -1.0), mask=inside & ~flag)


@kernel("src dst: *u64:16; rows: i32", COLUMNS=64)
@triton.jit
def pointer_table(src, dst, rows, COLUMNS: tl.constexpr):
    row = tl.program_id(0)
    base = tl.load(src + row).to(tl.pointer_type(tl.float16))
    goal = tl.load(dst + row).to(tl.pointer_type(tl.float16))
    columns = tl.max_contiguous(tl.multiple_of(tl.arange(0, COLUMNS), 16), 16)
    tl.store(goal + columns, tl.load(base + columns, volatile=True) + (row < rows).to(tl.float16))
