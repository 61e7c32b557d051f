"""The product of docs/warp-specialization.md, which docs/explain.md shows."""

import triton
import triton.language as tl
import triton_tle.language as tle


@triton.jit
def load_tiles(tiles, a, b, K, n, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    rows, cols, depth = tl.arange(0, BM), tl.arange(0, BN), tl.arange(0, BK)
    for i in range(n):
        slot = tiles.acquire(i)
        tle.gpu.async_copy(a + rows[:, None] * K + i * BK + depth[None, :], slot.a)
        tle.gpu.async_copy(b + cols[:, None] * K + i * BK + depth[None, :], slot.b)
        tiles.commit(i)


@triton.jit
def multiply(tiles, out, n, BM: tl.constexpr, BN: tl.constexpr):
    acc = tl.zeros([BM, BN], tl.float32)
    for i in range(n):
        slot = tiles.wait(i)
        acc = tl.dot(slot.a.load(), slot.b.T.load(), acc)
        tiles.release(i)
    tl.store(out + tl.arange(0, BM)[:, None] * BN + tl.arange(0, BN)[None, :], acc)


@triton.jit
def product(a, b, out, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, SLOTS: tl.constexpr):
    fields = (tle.gpu.alloc([SLOTS, BM, BK], tl.bfloat16), tle.gpu.alloc([SLOTS, BN, BK], tl.bfloat16))
    tiles = tle.pipe(a=fields[0], b=fields[1], name="tiles")
    n = tl.cdiv(K, BK)
    tle.gpu.warp_specialize(
        [
            (multiply, (tiles.reader(), out, n, BM, BN)),
            (load_tiles, (tiles.writer(), a, b, K, n, BM, BN, BK)),
        ],
        [4],
        [40],
    )


@triton.jit
def load_blocks(tiles, a, b, n, BK: tl.constexpr):
    for i in range(n):
        slot = tiles.acquire(i)
        tle.gpu.copy(a, slot.a, offsets=[0, i * BK])
        tle.gpu.copy(b, slot.b, offsets=[0, i * BK])
        tiles.commit(i)


@triton.jit
def block_product(a, b, out, n, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, SLOTS: tl.constexpr):
    fields = (tle.gpu.alloc([SLOTS, BM, BK], tl.bfloat16), tle.gpu.alloc([SLOTS, BN, BK], tl.bfloat16))
    tiles = tle.pipe(a=fields[0], b=fields[1], name="tiles")
    tle.gpu.warp_specialize(
        [(multiply, (tiles.reader(), out, n, BM, BN)), (load_blocks, (tiles.writer(), a, b, n, BK))], [1], [24]
    )


@triton.jit
def ring(ROWS: tl.constexpr, BK: tl.constexpr, SLOTS: tl.constexpr):
    shape: tl.constexpr = [SLOTS, ROWS, BK]
    return tle.pipe(spare=tle.gpu.alloc(shape, tl.bfloat16), tile=tle.gpu.alloc(shape, tl.bfloat16), name="ring")


@triton.jit
def load_rings(left, right, a, b, n, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    rows, cols, depth = tl.arange(0, BM), tl.arange(0, BN), tl.arange(0, BK)
    for i in range(n):
        tle.gpu.async_copy(a + (i * BM + rows[:, None]) * BK + depth[None, :], left.acquire(i).tile)
        left.commit(i)
        tle.gpu.async_copy(b + (i * BN + cols[:, None]) * BK + depth[None, :], right.acquire(i).tile)
        right.commit(i)


@triton.jit
def multiply_rings(left, right, out, n, BM: tl.constexpr, BN: tl.constexpr):
    acc = tl.zeros([BM, BN], tl.float32)
    for i in range(n):
        x = left.wait(i).tile
        y = right.wait(i).tile
        acc = tl.dot(x.load(), y.T.load(), acc)
        left.release(i)
        right.release(i)
    tl.store(out + tl.arange(0, BM)[:, None] * BN + tl.arange(0, BN)[None, :], acc)


@triton.jit
def rings(a, b, out, n, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, SLOTS: tl.constexpr):
    """Two pipes of one name, all four buffers of one line; nothing uses the first field of each pipe."""
    left, right = ring(BM, BK, SLOTS), ring(BN, BK, SLOTS)
    tle.gpu.warp_specialize(
        [
            (multiply_rings, (left.reader(), right.reader(), out, n, BM, BN)),
            (load_rings, (left.writer(), right.writer(), a, b, n, BM, BN, BK)),
        ],
        [4],
    )


def variants(arch):
    """(label, kernel, signature, constexprs, options)."""
    pointers = {"a": "*bf16:16", "b": "*bf16:16", "out": "*fp32:16", "K": "i32:16"}
    yield "three slots", product, pointers, {"BM": 64, "BN": 128, "BK": 64, "SLOTS": 3}, {"num_warps": 4}
    blocks = {"a": "tensordesc<bf16[64,64]>", "b": "tensordesc<bf16[128,64]>", "out": "*fp32:16", "n": "i32"}
    yield "by TMA", block_product, blocks, {"BM": 64, "BN": 128, "BK": 64, "SLOTS": 3}, {"num_warps": 4}
    tiles = {"a": "*bf16:16", "b": "*bf16:16", "out": "*fp32:16", "n": "i32"}
    for cols in (64, 128):
        yield f"rings {cols}", rings, tiles, {"BM": 64, "BN": cols, "BK": 64, "SLOTS": 2}, {"num_warps": 4}


def example(label):
    """A launch of the variant, on a GPU."""
    import torch

    a = torch.randn(64, 4096, dtype=torch.bfloat16, device="cuda")
    b = torch.randn(128, 4096, dtype=torch.bfloat16, device="cuda")
    out = torch.empty(64, 128, device="cuda")
    if label != "three slots":
        raise ValueError(f"label: got '{label}', expected 'three slots'")
    return lambda: product[(1,)](a, b, out, 4096, 64, 128, 64, 3, num_warps=4)
