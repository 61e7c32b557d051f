"""Scatter-add of projected rows in plain Triton: what both stock Triton and TLE compile.

Every program takes `TILES` tiles of 64 rows. The product has a depth of 16 only, so that the reductions into `out`
bound the kernel.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

ROWS = 64  # rows of x a tile
TILES = 4  # tiles a program


@triton.jit
def scatter_add_kernel(
    x, w, index, out,
    COLUMNS: tl.constexpr, PIECE: tl.constexpr, K: tl.constexpr, ROWS: tl.constexpr, TILES: tl.constexpr,
):  # fmt: skip
    """out[index[r]] += x[r] @ w for the rows r of this program; a negative index leaves its row out.

    Args:
        x: bf16 [rows, K], contiguous.
        w: bf16 [K, COLUMNS], contiguous.
        index: int32 [rows].
        out: floating point [rows of the table, COLUMNS], contiguous, fewer than 2^31 elements.
        COLUMNS: a multiple of PIECE, the width of one product.
        ROWS, TILES: rows a tile, tiles a program.
    """
    k = tl.arange(0, K)
    columns = tl.arange(0, PIECE)
    weights = ()
    for piece in tl.static_range(COLUMNS // PIECE):
        weights += (tl.load(w + k[:, None] * COLUMNS + (piece * PIECE + columns)[None, :]),)
    for tile in range(TILES):
        row = (tl.program_id(0) * TILES + tile) * ROWS + tl.arange(0, ROWS)
        target = tl.load(index + row)
        tile_of_x = tl.load(x + row[:, None] * K + k[None, :])
        pointers = out + target[:, None] * COLUMNS + columns[None, :]
        for piece in tl.static_range(COLUMNS // PIECE):
            product = tl.dot(tile_of_x, weights[piece]).to(out.dtype.element_ty)
            tl.atomic_add(pointers + piece * PIECE, product, mask=(target >= 0)[:, None], sem="relaxed")


def scatter_add_triton(
    x: torch.Tensor, w: torch.Tensor, index: torch.Tensor, out: torch.Tensor, piece: int, num_warps: int
) -> None:
    """Add x[r] @ w to out[index[r]] for every row r whose index is not negative.

    Args:
        x: bf16 [rows, k], rows a multiple of 256.
        w: bf16 [k, columns].
        index: int32 [rows], below the number of rows of out.
        out: fp32, fp16 or bf16 [table, columns].
        piece: columns a product; divides columns.
        num_warps: warps a program.
    """
    rows, k = x.shape
    scatter_add_kernel[(rows // (ROWS * TILES),)](
        x, w, index, out, COLUMNS=w.shape[1], PIECE=piece, K=k, ROWS=ROWS, TILES=TILES, num_warps=num_warps
    )
