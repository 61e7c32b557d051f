"""Own kernels: attention, forward, backward and decode, plain and through descriptors."""

import triton
import triton.language as tl

from corpus.registry import kernel


@triton.jit
def _online(scores, m, l, acc, scale):
    top = tl.maximum(m, tl.max(scores, 1) * scale)
    p = tl.math.exp2(scores * scale - top[:, None])
    fade = tl.math.exp2(m - top)
    return p, top, l * fade + tl.sum(p, 1), acc * fade[:, None]


@kernel(
    "q k v out: *bf16:16; lse: *fp32:16; S: i32:16; scale: fp32",
    suffix="_causal",
    BM=128,
    BN=64,
    D=64,
    CAUSAL=True,
    options={"num_warps": 8},
)
@kernel("q k v out: *fp16:16; lse: *fp32:16; S: i32:16; scale: fp32", BM=64, BN=64, D=128, CAUSAL=False)
@kernel("q k v out: *fp16:16; lse: *fp32:16; S: i32:16; scale: fp32", arch=80, BM=64, BN=32, D=64, CAUSAL=True)
@kernel("q k v out: *bf16:16; lse: *fp32:16; S: i32:16; scale: fp32", arch=100, BM=128, BN=64, D=64, CAUSAL=False)
@triton.jit
def attention_forward(
    q, k, v, out, lse, S, scale, BM: tl.constexpr, BN: tl.constexpr, D: tl.constexpr, CAUSAL: tl.constexpr
):
    start, head = tl.program_id(0), tl.program_id(1).to(tl.int64)
    base = head * S * D
    rows, columns, d = start * BM + tl.arange(0, BM), tl.arange(0, BN), tl.arange(0, D)
    qs = tl.load(q + base + rows[:, None] * D + d[None, :])
    m = tl.full([BM], -float("inf"), tl.float32)
    l = tl.zeros([BM], tl.float32)
    acc = tl.zeros([BM, D], tl.float32)
    end = (start + 1) * BM if CAUSAL else S
    for n in range(0, end, BN):
        n = tl.multiple_of(n, BN)
        ks = tl.load(k + base + (n + columns)[None, :] * D + d[:, None])
        scores = tl.dot(qs, ks)
        if CAUSAL:
            scores = tl.where(rows[:, None] >= (n + columns)[None, :], scores, -1.0e6)
        p, m, l, acc = _online(scores, m, l, acc, scale)
        vs = tl.load(v + base + (n + columns)[:, None] * D + d[None, :])
        acc = tl.dot(p.to(vs.dtype), vs, acc)
    tl.store(lse + head * S + rows, m + tl.math.log2(l))
    tl.store(out + base + rows[:, None] * D + d[None, :], (acc / l[:, None]).to(out.dtype.element_ty))


@kernel("q k v do dk dv: *fp16:16; dq: *fp32:16; lse delta: *fp32:16; S: i32:16; scale: fp32", BM=32, BN=64, D=64)
@triton.jit
def attention_backward(
    q, k, v, do, dk, dv, dq, lse, delta, S, scale, BM: tl.constexpr, BN: tl.constexpr, D: tl.constexpr
):
    head = tl.program_id(1).to(tl.int64) * S
    d, columns = tl.arange(0, D), tl.program_id(0) * BN + tl.arange(0, BN)
    at = (head + columns)[:, None] * D + d[None, :]
    ks, vs = tl.load(k + at), tl.load(v + at)
    gk, gv = tl.zeros([BN, D], tl.float32), tl.zeros([BN, D], tl.float32)
    for start in range(0, S, BM):
        rows = start + tl.arange(0, BM)
        there = (head + rows)[:, None] * D + d[None, :]
        qs, g = tl.load(q + there), tl.load(do + there)
        pt = tl.math.exp2(tl.dot(ks, tl.trans(qs)) * scale - tl.load(lse + head + rows)[None, :])
        gv = tl.dot(pt.to(tl.float16), g, gv)
        ds = (pt * (tl.dot(vs, tl.trans(g)) - tl.load(delta + head + rows)[None, :])).to(tl.float16)
        gk = tl.dot(ds, qs, gk)
        tl.atomic_add(dq + there, tl.dot(tl.trans(ds), ks), sem="relaxed")
    tl.store(dv + at, gv.to(tl.float16))
    tl.store(dk + at, (gk * scale).to(tl.float16))


@kernel(
    {"q": "tensordesc<fp16[64, 64]>", "k": "tensordesc<fp16[64, 64]>", "v": "tensordesc<fp16[64, 64]>",
     "out": "tensordesc<fp16[64, 64]>", "S": "i32:16", "scale": "fp32"},
    BM=64, BN=64, D=64, WS=False,
)  # fmt: skip
@kernel(
    {"q": "tensordesc<bf16[128, 64]>", "k": "tensordesc<bf16[64, 64]>", "v": "tensordesc<bf16[64, 64]>",
     "out": "tensordesc<bf16[128, 64]>", "S": "i32:16", "scale": "fp32"},
    arch=100, suffix="_ws", BM=128, BN=64, D=64, WS=True,
)  # fmt: skip
@triton.jit
def attention_descriptors(
    q, k, v, out, S, scale, BM: tl.constexpr, BN: tl.constexpr, D: tl.constexpr, WS: tl.constexpr
):
    row = tl.program_id(1) * S + tl.program_id(0) * BM
    qs = q.load([row, 0])
    m = tl.full([BM], -float("inf"), tl.float32)
    l = tl.zeros([BM], tl.float32)
    acc = tl.zeros([BM, D], tl.float32)
    for n in tl.range(0, S, BN, warp_specialize=WS):
        scores = tl.dot(qs, k.load([tl.program_id(1) * S + n, 0]).T)
        p, m, l, acc = _online(scores, m, l, acc, scale)
        vs = v.load([tl.program_id(1) * S + n, 0])
        acc = tl.dot(p.to(vs.dtype), vs, acc)
    out.store([row, 0], (acc / l[:, None]).to(out.dtype))


@kernel(
    "q cache out: *bf16:16; pages lengths: *i32:16; lse: *fp32:16; scale: fp32; stride: i32:16", PAGE=16, HEADS=16, D=64
)
@triton.jit
def paged_decode(
    q, cache, out, pages, lengths, lse, scale, stride, PAGE: tl.constexpr, HEADS: tl.constexpr, D: tl.constexpr
):
    request = tl.program_id(0)
    h, d, t = tl.arange(0, HEADS), tl.arange(0, D), tl.arange(0, PAGE)
    qs = tl.load(q + request * HEADS * D + h[:, None] * D + d[None, :])
    length = tl.load(lengths + request)
    m = tl.full([HEADS], -1.0e30, tl.float32)
    l = tl.zeros([HEADS], tl.float32)
    acc = tl.zeros([HEADS, D], tl.float32)
    for page in range(0, tl.cdiv(length, PAGE)):
        block = tl.load(pages + request * stride + page).to(tl.int64)
        inside = page * PAGE + t < length
        kv = tl.load(cache + (block * PAGE + t)[:, None] * D + d[None, :], mask=inside[:, None], other=0.0)
        scores = tl.where(inside[None, :], tl.dot(qs, tl.trans(kv)), -1.0e30)
        p, m, l, acc = _online(scores, m, l, acc, scale)
        acc = tl.dot(p.to(tl.bfloat16), kv, acc)
    tl.store(out + request * HEADS * D + h[:, None] * D + d[None, :], (acc / l[:, None]).to(tl.bfloat16))
    tl.store(lse + request * HEADS + h, m + tl.log2(l))


@kernel("partial: *fp32:16; lse: *fp32:16; out: *bf16:16; splits: i32", BLOCK=8, D=128)
@triton.jit
def merge_splits(partial, lse, out, splits, BLOCK: tl.constexpr, D: tl.constexpr):
    s, d, row = tl.arange(0, BLOCK), tl.arange(0, D), tl.program_id(0)
    weights = tl.load(lse + row * splits + s, mask=s < splits, other=-float("inf"))
    weights = tl.exp2(weights - tl.max(weights, 0))
    weights /= tl.sum(weights, 0)
    parts = tl.load(partial + (row * splits + s)[:, None] * D + d[None, :], mask=s[:, None] < splits, other=0.0)
    tl.store(out + row * D + d, tl.sum(parts * weights[:, None], 0).to(tl.bfloat16))


@kernel(
    "q kv out: *bf16:16; index: *i32:16; S TOPK: i32:16; scale: fp32",
    H=64,
    BK=64,
    DV=128,
    DR=64,
    options={"num_warps": 8, "num_stages": 2},
)
@triton.jit
def sparse_latent_attention(
    q, kv, out, index, S, TOPK, scale, H: tl.constexpr, BK: tl.constexpr, DV: tl.constexpr, DR: tl.constexpr
):
    token = tl.program_id(0).to(tl.int64)
    h, dv, dr = tl.arange(0, H), tl.arange(0, DV), tl.arange(0, DR)
    row = q + token * H * (DV + DR) + h[:, None] * (DV + DR)
    qn, qr = tl.load(row + dv[None, :]), tl.load(row + DV + dr[None, :])
    m = tl.full([H], -1.0e30, tl.float32)
    l = tl.zeros([H], tl.float32)
    acc = tl.zeros([H, DV], tl.float32)
    for start in range(0, TOPK, BK):
        at = tl.load(index + token * TOPK + start + tl.arange(0, BK))
        valid = (at >= 0) & (at < S)
        base = kv + at.to(tl.int64)[:, None] * (DV + DR)
        kn = tl.load(base + dv[None, :], mask=valid[:, None], other=0.0)
        kr = tl.load(base + DV + dr[None, :], mask=valid[:, None], other=0.0)
        scores = tl.dot(qr, tl.trans(kr), tl.dot(qn, tl.trans(kn)))
        p, m, l, acc = _online(tl.where(valid[None, :], scores, -1.0e30), m, l, acc, scale)
        acc = tl.dot(p.to(tl.bfloat16), kn, acc)
    tl.store(out + token * H * DV + h[:, None] * DV + dv[None, :], (acc / l[:, None]).to(tl.bfloat16))
