"""Own kernels: matrix products in the forms that the backend lowers differently."""

import triton
import triton.language as tl

from corpus.registry import kernel

_STRIDES = "sa0 sa1 sb0 sb1: i32:16; "


@triton.jit
def _tile_of(pid, M, N, BM: tl.constexpr, BN: tl.constexpr, GROUP: tl.constexpr):
    tiles_m, tiles_n = tl.cdiv(M, BM), tl.cdiv(N, BN)
    group = pid // (GROUP * tiles_n)
    first = group * GROUP
    height = min(tiles_m - first, GROUP)
    return first + (pid % (GROUP * tiles_n)) % height, (pid % (GROUP * tiles_n)) // height


@triton.jit
def _leaky(x):
    return tl.where(x >= 0, x, 0.01 * x)


@kernel(
    "a b c: *fp16:16; M N K sa sb sc: i32:16",
    suffix="_relu",
    BM=128,
    BN=128,
    BK=64,
    GROUP=8,
    ACT=_leaky,
    options={"num_warps": 8},
)
@kernel("a b c: *fp16:16; M N K sa sb sc: i32:16", arch=80, BM=128, BN=64, BK=32, GROUP=8, ACT=None)
@kernel("a b c: *fp8e4nv:16; M N K sa sb sc: i32:16", suffix="_fp8", BM=128, BN=128, BK=128, GROUP=4, ACT=None)
@kernel("a b c: *fp32:16; M N K sa sb sc: i32:16", suffix="_tf32", BM=64, BN=64, BK=32, GROUP=8, ACT=None)
@kernel("a b c: *bf16:16; M N K sa sb sc: i32:16", arch=100, BM=128, BN=128, BK=64, GROUP=8, ACT=None)
@kernel("a b c: *fp16:16; M N K sa sb sc: i32:16", arch=120, BM=64, BN=128, BK=64, GROUP=8, ACT=None)
@triton.jit
def matmul(
    a, b, c, M, N, K, sa, sb, sc,
    BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, GROUP: tl.constexpr, ACT: tl.constexpr,
):  # fmt: skip
    pm, pn = _tile_of(tl.program_id(0), M, N, BM, BN, GROUP)
    rm = (pm * BM + tl.arange(0, BM)) % M
    rn = (pn * BN + tl.arange(0, BN)) % N
    rk = tl.arange(0, BK)
    pa = a + rm[:, None] * sa + rk[None, :]
    pb = b + rk[:, None] * sb + rn[None, :]
    acc = tl.zeros((BM, BN), tl.float32)
    for k in range(0, tl.cdiv(K, BK)):
        left = tl.load(pa, mask=rk[None, :] < K - k * BK, other=0.0)
        right = tl.load(pb, mask=rk[:, None] < K - k * BK, other=0.0)
        acc = tl.dot(left, right, acc)
        pa += BK
        pb += BK * sb
    if ACT is not None:
        acc = ACT(acc)
    om = pm * BM + tl.arange(0, BM)
    on = pn * BN + tl.arange(0, BN)
    tl.store(c + om[:, None] * sc + on[None, :], acc.to(c.dtype.element_ty), mask=(om[:, None] < M) & (on[None, :] < N))


@kernel("a b: *fp32:16; c: *fp32:16; K: i32:16", suffix="_ieee", N=32, PRECISION="ieee")
@kernel("a b: *fp32:16; c: *fp32:16; K: i32:16", suffix="_tf32x3", N=32, PRECISION="tf32x3")
@kernel("a b: *fp32:16; c: *fp32:16; K: i32:16", suffix="_bf16x3", arch=80, N=32, PRECISION="bf16x3")
@triton.jit
def dot_precision(a, b, c, K, N: tl.constexpr, PRECISION: tl.constexpr):
    i = tl.arange(0, N)
    acc = tl.zeros((N, N), tl.float32)
    for k in range(0, K, N):
        left = tl.load(a + i[:, None] * K + k + i[None, :])
        right = tl.load(b + (k + i)[:, None] * N + i[None, :])
        acc += tl.dot(left, right, input_precision=PRECISION)
    tl.store(c + i[:, None] * N + i[None, :], acc)


@kernel("a b: *i8:16; c: *i32:16; scale: *fp32:16; K: i32:16", N=64, BK=64)
@triton.jit
def matmul_int8(a, b, c, scale, K, N: tl.constexpr, BK: tl.constexpr):
    i, k = tl.arange(0, N), tl.arange(0, BK)
    acc = tl.zeros((N, N), tl.int32)
    for start in range(0, K, BK):
        left = tl.load(a + i[:, None] * K + start + k[None, :])
        right = tl.load(b + i[None, :] * K + start + k[:, None])
        acc = tl.dot(left, right, acc, out_dtype=tl.int32)
    tl.store(c + i[:, None] * N + i[None, :], (acc * tl.load(scale + i)[None, :]).to(tl.int32))


@kernel("a: *bf16:16; w: *i32:16; s: *fp16:16; c: *bf16:16; K N: i32:16", BM=16, BN=64, BK=64)
@triton.jit
def matmul_int4_weights(a, w, s, c, K, N, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    m, n, k = tl.arange(0, BM), tl.program_id(0) * BN + tl.arange(0, BN), tl.arange(0, BK)
    shift = (k % 8) * 4
    acc = tl.zeros((BM, BN), tl.float32)
    for start in tl.range(0, K, BK, num_stages=4):
        left = tl.load(a + m[:, None] * K + start + k[None, :])
        packed = tl.load(w + ((start + k) // 8)[:, None] * N + n[None, :])
        nibble = (packed >> shift[:, None]) & 0xF
        right = ((nibble - 8).to(tl.float16) * tl.load(s + (start // BK) * N + n)[None, :]).to(tl.bfloat16)
        acc = tl.dot(left, right, acc)
    tl.store(c + m[:, None] * N + n[None, :], acc.to(tl.bfloat16))


@kernel("a b c: *fp16:16; B K: i32:16", N=32)
@triton.jit
def batched_dot(a, b, c, B, K, N: tl.constexpr):
    g, i = tl.arange(0, 4), tl.arange(0, N)
    at = g[:, None, None] * (N * N) + i[None, :, None] * N + i[None, None, :]
    tl.store(c + at, tl.dot(tl.load(a + at), tl.load(b + at)).to(tl.float16))


@kernel("a b c ms ns ks: *i64:16; programs: i32; groups: i32", BM=64, BN=64, BK=32)
@triton.jit
def grouped_gemm(a, b, c, ms, ns, ks, programs, groups, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    tile = tl.program_id(0)
    done = 0
    for g in range(groups):
        M, N, K = tl.load(ms + g).to(tl.int32), tl.load(ns + g).to(tl.int32), tl.load(ks + g).to(tl.int32)
        tiles = tl.cdiv(M, BM) * tl.cdiv(N, BN)
        while tile >= done and tile < done + tiles:
            pa = tl.load(a + g).to(tl.pointer_type(tl.float16))
            pb = tl.load(b + g).to(tl.pointer_type(tl.float16))
            pc = tl.load(c + g).to(tl.pointer_type(tl.float16))
            rm = (tile - done) // tl.cdiv(N, BN) * BM + tl.arange(0, BM)
            rn = (tile - done) % tl.cdiv(N, BN) * BN + tl.arange(0, BN)
            rk = tl.arange(0, BK)
            acc = tl.zeros((BM, BN), tl.float32)
            for k in range(0, K, BK):
                left = tl.load(pa + rm[:, None] * K + k + rk[None, :])
                right = tl.load(pb + (k + rk)[:, None] * N + rn[None, :])
                acc = tl.dot(left, right, acc)
            tl.store(pc + rm[:, None] * N + rn[None, :], acc.to(tl.float16))
            tile += programs
        done += tiles


@kernel("a b c: *fp16:16; M N K: i32:16", BM=128, BN=128, BK=64, options={"num_warps": 8, "num_stages": 4})
@kernel("a b c: *fp16:16; M N K: i32:16", arch=100, BM=128, BN=128, BK=64, options={"num_warps": 4, "num_stages": 3})
@kernel("a b c: *fp16:16; M N K: i32:16", arch=80, BM=64, BN=64, BK=32)
@triton.jit
def matmul_device_descriptors(a, b, c, M, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    da = tl.make_tensor_descriptor(a, [M, K], [K, 1], [BM, BK])
    db = tl.make_tensor_descriptor(b, [N, K], [K, 1], [BN, BK])
    dc = tl.make_tensor_descriptor(c, [M, N], [N, 1], [BM, BN])
    for tile in tl.range(tl.program_id(0), tl.cdiv(M, BM) * tl.cdiv(N, BN), tl.num_programs(0), flatten=True):
        m, n = tile // tl.cdiv(N, BN) * BM, tile % tl.cdiv(N, BN) * BN
        acc = tl.zeros((BM, BN), tl.float32)
        for k in range(0, K, BK):
            acc = tl.dot(da.load([m, k]), db.load([n, k]).T, acc)
        dc.store([m, n], acc.to(tl.float16))


@kernel(
    "da: tensordesc<fp16[128, 64]>; db: tensordesc<fp16[64, 128]>; dc: tensordesc<fp16[128, 128]>; K: i32:16",
    BM=128, BN=128, BK=64, WS=False,
)  # fmt: skip
@kernel(
    "da: tensordesc<bf16[128, 64]>; db: tensordesc<bf16[64, 128]>; dc: tensordesc<bf16[128, 128]>; K: i32:16",
    arch=100, suffix="_ws", BM=128, BN=128, BK=64, WS=True,
)  # fmt: skip
@triton.jit
def matmul_host_descriptors(da, db, dc, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, WS: tl.constexpr):
    m, n = tl.program_id(0) * BM, tl.program_id(1) * BN
    acc = tl.zeros((BM, BN), tl.float32)
    for k in tl.range(0, K, BK, warp_specialize=WS):
        acc = tl.dot(da.load([m, k]), db.load([k, n]), acc)
    dc.store([m, n], acc.to(dc.dtype))


@kernel("src dst: *fp32:16; M N: i32:16", BM=32, BN=64)
@triton.jit
def descriptor_reduce(src, dst, M, N, BM: tl.constexpr, BN: tl.constexpr):
    ds = tl.make_tensor_descriptor(src, [M, N], [N, 1], [BM, BN], padding_option="nan")
    dd = tl.make_tensor_descriptor(dst, [M, N], [N, 1], [BM, BN])
    at = [tl.program_id(0) * BM, tl.program_id(1) * BN]
    v = ds.load(at)
    dd.atomic_add(at, v)
    dd.atomic_add([0, 0], v * 2)


@kernel("src: *bf16:16; rows: *i32:16; dst: *bf16:16; M N: i32:16", arch=100, COUNT=32, BN=64)
@triton.jit
def descriptor_gather_scatter(src, rows, dst, M, N, COUNT: tl.constexpr, BN: tl.constexpr):
    ds = tl.make_tensor_descriptor(src, [M, N], [N, 1], [1, BN])
    dd = tl.make_tensor_descriptor(dst, [M, N], [N, 1], [1, BN])
    at = tl.load(rows + tl.arange(0, COUNT))
    dd.scatter(ds.gather(at, tl.program_id(0) * BN) * 2, at, tl.program_id(0) * BN)


@kernel(
    "a b: *u8:16; sa sb: *u8:16; c: *fp32:16; K: i32:16", suffix="_fp4", arch=100, N=128, BK=128, KIND="e2m1", PACK=2
)
@kernel(
    "a b: *u8:16; sa sb: *u8:16; c: *fp32:16; K: i32:16", suffix="_fp8", arch=100, N=128, BK=128, KIND="e4m3", PACK=1
)
@kernel("a b: *u8:16; sa sb: *u8:16; c: *fp32:16; K: i32:16", suffix="_fp4", N=64, BK=128, KIND="e2m1", PACK=2)
@triton.jit
def block_scaled_dot(a, b, sa, sb, c, K, N: tl.constexpr, BK: tl.constexpr, KIND: tl.constexpr, PACK: tl.constexpr):
    i = tl.arange(0, N)
    k = tl.arange(0, BK // PACK)
    s = tl.arange(0, BK // 32)
    acc = tl.zeros((N, N), tl.float32)
    for start in range(0, K, BK):
        left = tl.load(a + i[:, None] * (K // PACK) + start // PACK + k[None, :])
        right = tl.load(b + i[None, :] * (K // PACK) + start // PACK + k[:, None])
        scale_a = tl.load(sa + i[:, None] * (K // 32) + start // 32 + s[None, :])
        scale_b = tl.load(sb + i[:, None] * (K // 32) + start // 32 + s[None, :])
        acc = tl.dot_scaled(left, scale_a, KIND, right, scale_b, KIND, acc)
    tl.store(c + i[:, None] * N + i[None, :], acc)


@kernel("a b c: *fp16:16; M N K: i32:16", BM=64, BN=64, BK=32)
@triton.jit
def matmul_block_pointers(a, b, c, M, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    m, n = tl.program_id(0) * BM, tl.program_id(1) * BN
    pa = tl.make_block_ptr(a, (M, K), (K, 1), (m, 0), (BM, BK), (1, 0))
    pb = tl.make_block_ptr(b, (K, N), (1, K), (0, n), (BK, BN), (0, 1))
    pc = tl.make_block_ptr(c, (M, N), (N, 1), (m, n), (BM, BN), (1, 0))
    acc = tl.zeros((BM, BN), tl.float32)
    for _ in range(0, K, BK):
        acc = tl.dot(tl.load(pa, boundary_check=(0, 1), padding_option="zero"), tl.load(pb, boundary_check=(1,)), acc)
        pa = tl.advance(pa, (0, BK))
        pb = tl.advance(pb, (BK, 0))
    tl.store(pc, acc.to(tl.float16), boundary_check=(0, 1))


@kernel(
    "a b c: *fp16:16; M N K: i32:16; lock: *i32:16",
    BM=64,
    BN=64,
    BK=64,
    SPLIT=4,
    options={"num_ctas": 1, "maxnreg": 128},
)
@triton.jit
def matmul_split_k(a, b, c, M, N, K, lock, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, SPLIT: tl.constexpr):
    rm = tl.program_id(0) * BM + tl.arange(0, BM)
    rn = tl.program_id(1) * BN + tl.arange(0, BN)
    acc = tl.zeros((BM, BN), tl.float32)
    for k in range(tl.program_id(2) * BK, K, BK * SPLIT):
        rk = k + tl.arange(0, BK)
        acc = tl.dot(tl.load(a + rm[:, None] * K + rk[None, :]), tl.load(b + rk[:, None] * N + rn[None, :]), acc)
    tl.atomic_add(c + rm[:, None] * N + rn[None, :], acc.to(tl.float16), sem="release")
    tl.atomic_add(lock, 1)
