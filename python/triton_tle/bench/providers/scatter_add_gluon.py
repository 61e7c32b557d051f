"""Scatter-add of projected rows in Gluon, the accumulator added as the tensor cores leave it.

This is what stock's lowering makes of a reduction when there is no shared memory to convert layouts through. The
operands are those of `scatter_add_triton`.
"""

from __future__ import annotations

import torch
from triton.experimental import gluon
from triton.experimental.gluon import language as gl
from triton.experimental.gluon.language.nvidia.hopper import fence_async_shared, warpgroup_mma

from .scatter_add_triton import ROWS, TILES


@gluon.jit
def scatter_add_as_it_lies_kernel(
    x, w, index, out,
    COLUMNS: gl.constexpr, PIECE: gl.constexpr, K: gl.constexpr, ROWS: gl.constexpr, TILES: gl.constexpr,
):  # fmt: skip
    """out[index[r]] += x[r] @ w for the rows r of this program; arguments as those of the plain kernel."""
    warps: gl.constexpr = gl.num_warps()
    accumulator: gl.constexpr = gl.NVMMADistributedLayout(
        version=[3, 0], warps_per_cta=[4, warps // 4], instr_shape=[16, PIECE // (warps // 4), 16]
    )
    load: gl.constexpr = gl.BlockedLayout([1, 8], [16, 2], [warps, 1], [1, 0])
    load_w: gl.constexpr = gl.BlockedLayout([1, 8], [4, 8], [warps, 1], [1, 0])
    x_shared = gl.allocate_shared_memory(
        gl.bfloat16, [ROWS, K], gl.NVMMASharedLayout(swizzle_byte_width=32, element_bitwidth=16, rank=2)
    )
    w_layout: gl.constexpr = gl.NVMMASharedLayout(swizzle_byte_width=128, element_bitwidth=16, rank=2)
    w_shared = gl.allocate_shared_memory(gl.bfloat16, [COLUMNS // PIECE, K, PIECE], w_layout)
    k = gl.arange(0, K, layout=gl.SliceLayout(1, load_w))
    column = gl.arange(0, PIECE, layout=gl.SliceLayout(0, load_w))
    for piece in gl.static_range(COLUMNS // PIECE):
        w_shared.index(piece).store(gl.load(w + k[:, None] * COLUMNS + (piece * PIECE + column)[None, :]))
    depth = gl.arange(0, K, layout=gl.SliceLayout(0, load))
    columns = gl.arange(0, PIECE, layout=gl.SliceLayout(0, accumulator))
    zero = gl.zeros([ROWS, PIECE], gl.float32, layout=accumulator)
    for tile in range(TILES):
        first = (gl.program_id(0) * TILES + tile) * ROWS
        row = first + gl.arange(0, ROWS, layout=gl.SliceLayout(1, load))
        target = gl.load(index + first + gl.arange(0, ROWS, layout=gl.SliceLayout(1, accumulator)))
        tile_of_x = gl.load(x + row[:, None] * K + depth[None, :])
        gl.thread_barrier()
        x_shared.store(tile_of_x)
        fence_async_shared()
        gl.thread_barrier()
        pointers = out + target[:, None] * COLUMNS + columns[None, :]
        for piece in gl.static_range(COLUMNS // PIECE):
            product = warpgroup_mma(x_shared, w_shared.index(piece), zero, use_acc=False)
            mask = (target >= 0)[:, None]
            gl.atomic_add(pointers + piece * PIECE, product.to(out.dtype.element_ty), mask=mask, sem="relaxed")


def scatter_add_gluon(
    x: torch.Tensor, w: torch.Tensor, index: torch.Tensor, out: torch.Tensor, piece: int, num_warps: int
) -> None:
    """Add x[r] @ w to out[index[r]] for every row r whose index is not negative; arguments as `scatter_add_triton`."""
    rows, k = x.shape
    scatter_add_as_it_lies_kernel[(rows // (ROWS * TILES),)](
        x, w, index, out, COLUMNS=w.shape[1], PIECE=piece, K=k, ROWS=ROWS, TILES=TILES, num_warps=num_warps
    )
