"""Kernels that unroll to modules of any size: many loops, one long block, one buffer, many products."""

import triton
import triton.language as tl
import triton_tle.language as tle


@triton.jit
def many_loops(x, ids, out, n, REPEAT: tl.constexpr):
    """Loops with staging by local pointers, two dots, a mask, a sum; tiles and sums between them."""
    rows, columns = tl.arange(0, 64), tl.arange(0, 64)
    tile = rows[:, None] * 64 + columns[None, :]
    for part in tl.static_range(REPEAT):
        q = tl.load(x + part * 4096 + tile)
        kept = tle.gpu.alloc([64, 64], tl.bfloat16)
        ring = tle.gpu.alloc([2, 64, 64], tl.bfloat16)
        acc = tl.zeros([64, 64], tl.float32)
        for i in tle.pipeline(0, n, num_stages=2):
            row = tl.load(ids + part * 1024 + i * 64 + rows)
            kv = tl.load(x + row[:, None] * 64 + columns[None, :])
            tl.store(tle.gpu.local_ptr(kept), kv)
            scores = tl.dot(q, tl.trans(tl.load(tle.gpu.local_ptr(kept))))
            scores = tl.where((row >= 0)[None, :], scores, 0.0)
            tl.store(tle.gpu.local_ptr(ring.index(i % 2)), scores.to(tl.bfloat16))
            acc = tl.dot(tl.load(tle.gpu.local_ptr(ring.index(i % 2))), tl.load(tle.gpu.local_ptr(kept)), acc)
        some = tl.load(tle.gpu.local_ptr(kept, (tl.load(ids + rows)[:, None] & 63, columns[None, :])))
        before, whole = tle.cumsum(acc, 1)
        half = tle.extract_tile(before, (0, 1), (64, 32))
        acc = tle.insert_tile(before, half, (0, 0)) + some
        tl.store(out + part * 4096 + tile, acc)
        tl.store(out + part * 64 + rows, whole)


@triton.jit
def one_block(x, ids, out, n, REPEAT: tl.constexpr):
    """One block in which loads and stores through pointers to one buffer alternate."""
    rows, columns = tl.arange(0, 32), tl.arange(0, 32)
    tile = rows[:, None] * 32 + columns[None, :]
    buffer = tle.gpu.alloc([32, 32], tl.float32)
    buffer.store(0.0)
    for part in tl.static_range(REPEAT):
        tl.store(tle.gpu.local_ptr(buffer), tl.load(x + part * 1024 + tile).to(tl.float32))
        row = tl.load(ids + part * 32 + rows) & 31
        value = tl.load(tle.gpu.local_ptr(buffer, (row[:, None], columns[None, :])))
        tl.store(tle.gpu.local_ptr(buffer, (rows[:, None], 31 - columns[None, :])), value, mask=value > 0.0)
        tl.atomic_add(tle.gpu.local_ptr(buffer, (row, rows)), 1.0)
        tl.store(out + part * 1024 + tile, tl.load(tle.gpu.local_ptr(buffer)))


@triton.jit
def many_dots(x, ids, out, n, REPEAT: tl.constexpr):
    """WGMMA after WGMMA: what the passes on the LLVM dialect walk."""
    rows, columns = tl.arange(0, 64), tl.arange(0, 64)
    tile = rows[:, None] * 64 + columns[None, :]
    a = tle.gpu.alloc([64, 64], tl.bfloat16)
    b = tle.gpu.alloc([64, 64], tl.bfloat16)
    acc = tl.zeros([64, 64], tl.float32)
    for part in tl.static_range(REPEAT):
        tl.store(tle.gpu.local_ptr(a), tl.load(x + part * 4096 + tile))
        tl.store(tle.gpu.local_ptr(b), tl.load(x + n * 4096 + tile))
        acc = tl.dot(tl.load(tle.gpu.local_ptr(a)), tl.load(tle.gpu.local_ptr(b)), acc)
    tl.store(out + tile, acc)
