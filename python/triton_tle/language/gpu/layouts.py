"""Layouts of shared-memory buffers: which element lies where.

A layout object is a compile-time constant. Give it to a kernel as a ``tl.constexpr`` argument or build it in the
kernel; ``layout: tl.constexpr = tle.gpu.swizzled_shared_layout(...)`` names it there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import triton.language as tl

from .._builtin import is_power_of_two, permutation, static_bool, static_int, static_ints, strip

CORE_MATRIX_ROWS = 8
CORE_MATRIX_ROW_BYTES = 16


@dataclass(frozen=True)
class shared_layout:
    """What the layouts of shared memory have in common."""

    # Lets kernels name the classes without a module in front.
    __triton_aggregate__ = True
    hash_attrs = ()

    @property
    def type(self):
        return tl.constexpr(self).type

    @property
    def rank(self) -> int:
        """Number of dimensions the layout arranges; a buffer with more dimensions has slots in front."""
        raise NotImplementedError

    def resolve(self, where: str, tile: Sequence[int], dtype: tl.dtype) -> shared_layout:
        """The layout with all parameters set for a tile of shape `tile`, checked against it.

        Raises:
            ValueError: the layout cannot hold such a tile.
        """
        raise NotImplementedError

    def permuted(self, order: Sequence[int]) -> shared_layout:
        """The layout of the same memory seen with dimension ``order[i]`` as dimension i."""
        raise NotImplementedError

    def period(self) -> tuple[int, ...]:
        """Smallest extent of a slice along each dimension that does not cut through the swizzle pattern."""
        raise NotImplementedError

    def to_ir(self, builder):
        """The MLIR attribute, made by a Gluon builder."""
        raise NotImplementedError

    def mangle(self) -> str:
        """The layout as part of a function's symbol."""
        raise NotImplementedError


@dataclass(frozen=True)
class swizzled_shared_layout(shared_layout):
    """Rows of vectors, permuted from row to row against bank conflicts.

    Vectors of `vec` elements stay together; the vector at column c of row r lies at column
    ``c ^ ((r // per_phase) % max_phase)``. ``vec=per_phase=max_phase=1`` is no swizzle.

    Args:
        vec: elements a vector, a power of two.
        per_phase: rows that share a permutation, a power of two.
        max_phase: number of permutations, a power of two.
        order: the dimensions, the contiguous one first.

    Raises:
        TypeError, ValueError: a parameter is no power of two, or `order` is no permutation.
    """

    vec: int = 1
    per_phase: int = 1
    max_phase: int = 1
    order: tuple[int, ...] = (1, 0)

    def __post_init__(self):
        where = "tle.gpu.swizzled_shared_layout"
        for name in ("vec", "per_phase", "max_phase"):
            value = static_int(where, name, getattr(self, name))
            if not is_power_of_two(value):
                raise ValueError(f"{where}: {name} is {value}, but must be a power of two")
            object.__setattr__(self, name, value)
        order = static_ints(where, "order", self.order)
        object.__setattr__(self, "order", permutation(where, "order", order, len(order)))

    @property
    def rank(self) -> int:
        return len(self.order)

    def resolve(self, where, tile, dtype):
        columns = tile[self.order[0]]
        if self.vec * self.max_phase > columns and self.max_phase > 1:
            raise ValueError(
                f"{where}: the layout swizzles max_phase={self.max_phase} vectors of vec={self.vec}, which needs "
                f"{self.vec * self.max_phase} elements along dimension {self.order[0]}, but the shape {list(tile)} "
                f"has {columns}"
            )
        return self

    def permuted(self, order):
        order = list(order)
        return replace(self, order=tuple(order.index(dim) for dim in self.order))

    def period(self):
        extents = [1] * self.rank
        if self.max_phase > 1:
            extents[self.order[0]] = self.vec
            if self.rank > 1:
                extents[self.order[1]] = self.per_phase * self.max_phase
        return tuple(extents)

    def to_ir(self, builder):
        return builder.get_swizzled_shared_layout(self.vec, self.per_phase, self.max_phase, list(self.order), [])

    def mangle(self):
        return f"SW{self.vec}_{self.per_phase}_{self.max_phase}_{'_'.join(map(str, self.order))}"


@dataclass(frozen=True)
class nv_mma_shared_layout(shared_layout):
    """The layout that WGMMA and TMA read: core matrices of 8 rows by 16 bytes, swizzled.

    Args:
        swizzle: bytes of a swizzled row, 128, 64, 32 or 0 for none. Not given: the widest that divides a row.
        transposed: dimension ``rank - 2`` is the contiguous one instead of the last.
        rank: number of dimensions of a tile, 2 to 4.

    Raises:
        TypeError, ValueError: a parameter is outside of what is listed here.
    """

    swizzle: int | None = None
    transposed: bool = False
    rank: int = 2
    element_bitwidth: int | None = None

    def __post_init__(self):
        where = "tle.gpu.nv_mma_shared_layout"
        for name in ("swizzle", "element_bitwidth"):
            value = strip(getattr(self, name))
            object.__setattr__(self, name, value if value is None else static_int(where, name, value))
        object.__setattr__(self, "transposed", static_bool(where, "transposed", self.transposed))
        object.__setattr__(self, "rank", static_int(where, "rank", self.rank))
        if self.swizzle not in (None, 0, 32, 64, 128):
            raise ValueError(f"{where}: swizzle is {self.swizzle}, but must be 0, 32, 64 or 128 bytes")
        if self.element_bitwidth not in (None, 8, 16, 32, 64):
            raise ValueError(f"{where}: element_bitwidth is {self.element_bitwidth}, but must be 8, 16, 32 or 64")
        if not 2 <= self.rank <= 4:
            raise ValueError(f"{where}: rank is {self.rank}, but must be 2, 3 or 4")
        if self.transposed and self.rank != 2:
            raise ValueError(f"{where}: transposed is True with rank={self.rank}, but only rank 2 can be transposed")

    def _rows_and_columns(self, tile: Sequence[int]) -> tuple[int, int]:
        tile = list(tile)
        if self.transposed:
            tile.reverse()
        return math.prod(tile[:-1]), tile[-1]

    def resolve(self, where, tile, dtype):
        bits = dtype.primitive_bitwidth
        rows, columns = self._rows_and_columns(tile)
        row_bytes = columns * bits // 8
        if self.element_bitwidth not in (None, bits):
            raise ValueError(
                f"{where}: the layout is for elements of {self.element_bitwidth} bits, but dtype={dtype} has {bits}"
            )
        if rows < CORE_MATRIX_ROWS or row_bytes < CORE_MATRIX_ROW_BYTES:
            raise ValueError(
                f"{where}: shape {list(tile)} of {dtype} has {rows} rows of {row_bytes} bytes, but "
                f"nv_mma_shared_layout needs at least {CORE_MATRIX_ROWS} rows of {CORE_MATRIX_ROW_BYTES} bytes"
            )
        swizzle = self.swizzle
        if swizzle is None:
            swizzle = next((width for width in (128, 64, 32) if row_bytes % width == 0), 0)
        elif swizzle and row_bytes % swizzle:
            raise ValueError(
                f"{where}: the layout swizzles rows of swizzle={swizzle} bytes, but shape {list(tile)} of {dtype} has "
                f"rows of {row_bytes} bytes, which is no multiple of it"
            )
        return replace(self, swizzle=swizzle, element_bitwidth=bits)

    def permuted(self, order):
        if list(order) == list(range(self.rank)):
            return self
        if self.rank != 2:
            raise ValueError(
                f"buffer.permute: order is {list(order)} for nv_mma_shared_layout(rank={self.rank}), but only a "
                "matrix (rank 2) can be permuted in it"
            )
        return replace(self, transposed=not self.transposed)

    def period(self):
        extents = [1] * self.rank
        extents[-1 if self.transposed else -2] = CORE_MATRIX_ROWS
        extents[-2 if self.transposed else -1] = CORE_MATRIX_ROW_BYTES * 8 // self.element_bitwidth
        return tuple(extents)

    def to_ir(self, builder):
        return builder.get_nvmma_shared_layout(
            self.swizzle, self.element_bitwidth, self.transposed, False, [], self.rank
        )

    def mangle(self):
        return f"NV{self.swizzle}_{self.element_bitwidth}_{int(self.transposed)}_{self.rank}"


def default_layout(tile: Sequence[int], dtype: tl.dtype, nv_mma: bool) -> shared_layout:
    """The layout of a tile for which none was given.

    With `nv_mma`, a tile that `nv_mma_shared_layout` can hold gets it; any other is row-major without a swizzle.
    """
    rank = len(tile)
    row_bytes = tile[-1] * dtype.primitive_bitwidth // 8
    if nv_mma and rank == 2 and tile[0] >= CORE_MATRIX_ROWS and row_bytes >= CORE_MATRIX_ROW_BYTES:
        return nv_mma_shared_layout(rank=rank)
    return swizzled_shared_layout(1, 1, 1, tuple(reversed(range(rank))))
