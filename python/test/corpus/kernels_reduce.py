"""Own kernels: reductions, scans, sorting, gathers, atomics, control flow."""

import triton
import triton.language as tl

from corpus.registry import kernel


@kernel("x out: *fp32:16; stride: i32:16; rows columns: i32", BLOCK=1024)
@triton.jit
def softmax_rows(x, out, stride, rows, columns, BLOCK: tl.constexpr):
    for row in tl.range(tl.program_id(0), rows, tl.num_programs(0), num_stages=2):
        offsets = tl.arange(0, BLOCK)
        v = tl.load(x + row * stride + offsets, mask=offsets < columns, other=-float("inf"))
        numerator = tl.exp(v - tl.max(v, axis=0))
        tl.store(out + row * stride + offsets, numerator / tl.sum(numerator, axis=0), mask=offsets < columns)


@kernel(
    "x w b out: *fp16:16; mean rstd: *fp32:16; stride: i32:16; columns: i32; eps: fp32",
    BLOCK=512,
    options={"num_warps": 8},
)
@triton.jit
def layer_norm_forward(x, w, b, out, mean, rstd, stride, columns, eps, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    x += row * stride
    out += row * stride
    acc = tl.zeros([BLOCK], tl.float32)
    for start in range(0, columns, BLOCK):
        offsets = start + tl.arange(0, BLOCK)
        acc += tl.load(x + offsets, mask=offsets < columns, other=0.0).to(tl.float32)
    mu = tl.sum(acc, axis=0) / columns
    acc = tl.zeros([BLOCK], tl.float32)
    for start in range(0, columns, BLOCK):
        offsets = start + tl.arange(0, BLOCK)
        v = tl.load(x + offsets, mask=offsets < columns, other=0.0).to(tl.float32)
        v = tl.where(offsets < columns, v - mu, 0.0)
        acc += v * v
    r = tl.rsqrt(tl.sum(acc, axis=0) / columns + eps)
    tl.store(mean + row, mu)
    tl.store(rstd + row, r)
    for start in range(0, columns, BLOCK):
        offsets = start + tl.arange(0, BLOCK)
        inside = offsets < columns
        scale = tl.load(w + offsets, mask=inside)
        shift = tl.load(b + offsets, mask=inside)
        v = tl.load(x + offsets, mask=inside, other=0.0).to(tl.float32)
        tl.store(out + offsets, (v - mu) * r * scale + shift, mask=inside)


@kernel("dx dy dw x w: *fp16:16; rstd: *fp32:16; lock: *i32:16; columns: i32", BLOCK=256, GROUP=64)
@triton.jit
def norm_backward_locked(dx, dy, dw, x, w, rstd, lock, columns, BLOCK: tl.constexpr, GROUP: tl.constexpr):
    row = tl.program_id(0)
    offsets = tl.arange(0, BLOCK)
    inside = offsets < columns
    xs = tl.load(x + row * columns + offsets, mask=inside, other=0).to(tl.float32)
    g = tl.load(dy + row * columns + offsets, mask=inside, other=0).to(tl.float32)
    ws = tl.load(w + offsets, mask=inside).to(tl.float32)
    r = tl.load(rstd + row)
    hat = xs * r
    c = tl.sum(hat * ws * g, axis=0) / columns
    tl.store(dx + row * columns + offsets, (ws * g - hat * c) * r, mask=inside)
    slot = lock + row % GROUP
    count = slot + GROUP
    while tl.atomic_cas(slot, 0, 1) == 1:
        pass
    partial = g * hat
    if tl.load(count) == 0:
        tl.atomic_xchg(count, 1)
    else:
        partial += tl.load(dw + offsets, mask=inside)
    tl.store(dw + offsets, partial, mask=inside)
    tl.debug_barrier()
    tl.atomic_xchg(slot, 0)


@kernel("x: *fp32:16; values: *fp32:16; where: *i32:16; M: i32:16", N=64, BLOCK=32)
@triton.jit
def arg_extrema(x, values, where, M, N: tl.constexpr, BLOCK: tl.constexpr):
    rows = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    columns = tl.arange(0, N)
    v = tl.load(x + rows[:, None] * N + columns[None, :], mask=rows[:, None] < M)
    top, at = tl.max(v, axis=1, return_indices=True, return_indices_tie_break_left=False)
    low = tl.argmin(v, axis=1)
    tl.store(values + rows, top + tl.min(v, axis=1) + tl.xor_sum(v.to(tl.int32, bitcast=True), axis=1), mask=rows < M)
    tl.store(where + rows, at + low, mask=rows < M)


@triton.jit
def _affine(a0, b0, a1, b1):
    return a0 * a1, b0 * a1 + b1


@kernel("a b out: *fp32:16; L: i32:16", BLOCK=64, WIDTH=32)
@triton.jit
def linear_recurrence_scan(a, b, out, L, BLOCK: tl.constexpr, WIDTH: tl.constexpr):
    columns = tl.program_id(0) * WIDTH + tl.arange(0, WIDTH)
    steps = tl.arange(0, BLOCK)
    at = steps[:, None] * L + columns[None, :]
    _, forward = tl.associative_scan((tl.load(a + at), tl.load(b + at)), 0, _affine)
    backward = tl.cumsum(forward, axis=0, reverse=True)
    tl.store(out + at, backward + tl.cumprod(forward, axis=1))


@triton.jit
def _welford(mean0, m2_0, n0, mean1, m2_1, n1):
    n = n0 + n1
    delta = mean1 - mean0
    ratio = tl.where(n == 0, 0.0, n1 / n)
    return mean0 + delta * ratio, m2_0 + m2_1 + delta * delta * n0 * ratio, n


@kernel("x mean var: *fp32:16; columns: i32", BLOCK=512)
@triton.jit
def welford_reduce(x, mean, var, columns, BLOCK: tl.constexpr):
    offsets = tl.arange(0, BLOCK)
    inside = offsets < columns
    v = tl.load(x + tl.program_id(0) * columns + offsets, mask=inside, other=0.0)
    m, s, n = tl.reduce((v, tl.zeros_like(v), inside.to(tl.float32)), 0, _welford)
    tl.store(mean + tl.program_id(0), m)
    tl.store(var + tl.program_id(0), s / n)


@kernel("x: *i32:16; bins: *i32:16; n: i32:16", BLOCK=1024, BINS=128)
@triton.jit
def histogram_atomic(x, bins, n, BLOCK: tl.constexpr, BINS: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    v = tl.load(x + offsets, mask=offsets < n, other=0)
    tl.atomic_add(bins + tl.arange(0, BINS), tl.histogram(v, BINS, mask=offsets < n), sem="relaxed")


@kernel("x out: *fp32:16", ROWS=16, COLUMNS=64)
@triton.jit
def sort_rows(x, out, ROWS: tl.constexpr, COLUMNS: tl.constexpr):
    at = tl.arange(0, ROWS)[:, None] * COLUMNS + tl.arange(0, COLUMNS)[None, :]
    v = tl.load(x + at)
    tl.store(out + at, tl.sort(v, dim=1, descending=True))


@kernel("x: *fp32:16; out: *fp32:16; ids: *i32:16", N=256, K=16)
@triton.jit
def top_k(x, out, ids, N: tl.constexpr, K: tl.constexpr):
    v = tl.load(x + tl.program_id(0) * N + tl.arange(0, N))
    key = (v.to(tl.int32, bitcast=True).to(tl.int64) << 32) | tl.arange(0, N).to(tl.int64)
    best = tl.topk(key, K)
    tl.store(ids + tl.program_id(0) * K + tl.arange(0, K), (best & 0xFFFFFFFF).to(tl.int32))
    tl.store(out + tl.program_id(0) * K + tl.arange(0, K), (best >> 32).to(tl.int32).to(tl.float32, bitcast=True))


@kernel("x out: *fp16:16; index: *i32:16", M=32, N=64)
@triton.jit
def gather_columns(x, out, index, M: tl.constexpr, N: tl.constexpr):
    at = tl.arange(0, M)[:, None] * N + tl.arange(0, N)[None, :]
    tl.store(out + at, tl.gather(tl.load(x + at), tl.load(index + at), 1))


@kernel("p: *i32:16; q: *fp32:16; h: *fp16:16; w: *i64:16; v: *fp32:16; n: i32", BLOCK=128)
@triton.jit
def atomics_zoo(p, q, h, w, v, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = offsets < n
    f = tl.load(v + offsets, mask=inside)
    i = offsets.to(tl.int32)
    old = tl.atomic_add(p + offsets, i, mask=inside, sem="acq_rel", scope="cta")
    tl.atomic_max(p + i, old, mask=inside)
    tl.atomic_min(p + i, old, mask=inside, sem="release", scope="sys")
    tl.atomic_and(p + i, 7, mask=inside)
    tl.atomic_or(p + i, 1, mask=inside)
    tl.atomic_xor(p + i, 3, mask=inside)
    tl.atomic_add(q + i, f, mask=inside)
    tl.atomic_max(q + i, f, mask=inside)
    tl.atomic_add(h + i, f.to(tl.float16), mask=inside, sem="relaxed")
    tl.atomic_cas(w + i, i.to(tl.int64), old.to(tl.int64))


@kernel("x out: *fp32:16; limit: i32; eps: fp32")
@triton.jit
def scalar_while(x, out, limit, eps):
    value = tl.load(x)
    steps = 0
    while (value > eps) & (steps < limit):
        if steps % 2 == 0:
            value = value * 0.5
        elif value > 4.0:
            value = value - 1.0
        else:
            value = value * 0.75
        steps += 1
    tl.store(out, value + steps)


@kernel("x out: *fp32:16; n: i32", BLOCK=128, DEPTH=3)
@triton.jit
def early_return(x, out, n, BLOCK: tl.constexpr, DEPTH: tl.constexpr):
    pid = tl.program_id(2) * tl.num_programs(1) + tl.program_id(1)
    if pid * BLOCK >= n:
        return
    offsets = pid * BLOCK + tl.arange(0, BLOCK)
    total = tl.zeros([BLOCK], tl.float32)
    for level in tl.static_range(DEPTH):
        total += tl.load(x + offsets * (level + 1), mask=offsets < n)
    for step in tl.range(0, n, 16, loop_unroll_factor=4):
        total += step
    tl.store(out + offsets, total, mask=offsets < n)


@kernel("x: *fp16:16; out: *fp16:16; M N: i32:16", BLOCK=64)
@triton.jit
def transpose_2d(x, out, M, N, BLOCK: tl.constexpr):
    rows = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    columns = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    v = tl.load(x + rows[:, None] * N + columns[None, :], mask=(rows[:, None] < M) & (columns[None, :] < N))
    tl.store(out + columns[:, None] * M + rows[None, :], tl.trans(v), mask=(columns[:, None] < N) & (rows[None, :] < M))


@kernel("x out: *fp32:16", A=8, B=16, C=32)
@triton.jit
def permute_3d(x, out, A: tl.constexpr, B: tl.constexpr, C: tl.constexpr):
    a, b, c = tl.arange(0, A), tl.arange(0, B), tl.arange(0, C)
    v = tl.load(x + a[:, None, None] * (B * C) + b[None, :, None] * C + c[None, None, :])
    w = tl.permute(v, (2, 0, 1))
    s = tl.sum(w, axis=1, keep_dims=True)
    w = tl.reshape(w + tl.broadcast_to(s, (C, A, B)), (C, A * B))
    tl.store(out + c[:, None] * (A * B) + tl.arange(0, A * B)[None, :], w)
