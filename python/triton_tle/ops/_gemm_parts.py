"""What the kernels of the dense product share."""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def tile_of(index, m, n, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, GROUP_M: tl.constexpr):
    """Row and column of the index-th tile of C: GROUP_M rows of tiles at a time, which share columns of B in L2."""
    rows, columns = tl.cdiv(m, BLOCK_M), tl.cdiv(n, BLOCK_N)
    group = index // (GROUP_M * columns)
    height = tl.minimum(rows - group * GROUP_M, GROUP_M)
    inside = index % (GROUP_M * columns)
    return group * GROUP_M + inside % height, inside // height


@triton.jit
def store_halves(c, row, column, acc, dtype: tl.constexpr):
    """Store a tile through a descriptor of blocks of half its columns: their buffer leaves room for the stages."""
    halves = tl.permute(tl.reshape(acc, (acc.shape[0], 2, acc.shape[1] // 2)), (0, 2, 1))
    left, right = tl.split(halves)
    c.store([row, column], left.to(dtype))
    c.store([row, column + acc.shape[1] // 2], right.to(dtype))
