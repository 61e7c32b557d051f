"""Builtins on register tensors: exclusive cumulative sums and tiles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import triton.language as tl

from ._builtin import builtin, describe, static_bool, static_int, static_ints, strip
from .gpu.types import scalar_index

if TYPE_CHECKING:
    from ._emit import IRTarget
    from ._interpreter import InterpreterTarget

    Target = IRTarget | InterpreterTarget


@builtin
def cumsum(
    input: tl.tensor, axis: int = 0, reverse: bool = False, dtype: tl.dtype | None = None, *, _target: Target
) -> tuple[tl.tensor, tl.tensor]:
    """Exclusive cumulative sum along an axis, and the total.

    Element i of the first result is the sum of the elements before i along `axis`, or behind it with `reverse`; the
    first one (the last with `reverse`) is 0.

    Args:
        input: a tensor of integers or floats.
        axis: the dimension, negative ones counted from the end.
        reverse: sum from the end.
        dtype: dtype to sum in and to return. By default that of `input`, with bf16 widened to fp32 and integers of
            less than 32 bits to 32.

    Returns:
        (exclusive, total): a tensor of the shape of `input`, and one without `axis` (a scalar for a rank-1 `input`).

    Raises:
        TypeError: an argument is of the wrong kind.
        ValueError: `axis` is no dimension of `input`.
    """
    where = "tle.cumsum"
    source = _register_tensor(where, "input", input)
    rank = len(source.type.shape)
    axis = static_int(where, "axis", axis)
    if not -rank <= axis < rank:
        raise ValueError(f"{where}: axis is {axis}, but input has rank {rank}: must lie in [{-rank}, {rank})")
    reverse = static_bool(where, "reverse", reverse)
    source = _target.semantic.cast(source, _sum_type(where, source.dtype, strip(dtype)))
    return _target.exclusive_cumsum(source, axis % rank, reverse)


def _sum_type(where: str, given: tl.dtype, wanted: Any) -> tl.dtype:
    if wanted is not None:
        if not isinstance(wanted, tl.dtype) or not (wanted.is_int() or wanted.is_floating()):
            raise TypeError(f"{where}: dtype is {describe(wanted)}, but must be an integer or float dtype")
        return wanted
    if given.is_bf16() or given.is_fp8():
        return tl.float32
    if given.is_int() and given.primitive_bitwidth < 32:
        return tl.int32 if given.is_int1() or given.is_int_signed() else tl.uint32
    return given


@builtin
def extract_tile(
    x: tl.tensor, index: int | tl.tensor | Sequence, tile_shape: Sequence[int], *, _target: Target
) -> tl.tensor:
    """One tile of a register tensor that is cut into tiles of equal shape.

    Element (i, j, ...) of the result is ``x[index[0] * tile_shape[0] + i, index[1] * tile_shape[1] + j, ...]``.

    Args:
        x: the tensor.
        index: which tile, one integer or scalar integer tensor per dimension, or a single one that counts the tiles
            row by row. An index outside of the tiles is an error where it is known at compile time and in the
            interpreter, else undefined.
        tile_shape: extents of a tile, powers of two that divide those of `x`.

    Returns:
        Tensor of shape `tile_shape` and the dtype of `x`.

    Raises:
        TypeError: an argument is of the wrong kind.
        ValueError: the tile does not divide `x`, or an index is out of range.
    """
    where = "tle.extract_tile"
    x = _register_tensor(where, "x", x)
    shape = [int(extent) for extent in x.type.shape]
    tile = static_ints(where, "tile_shape", tile_shape)
    counts = _tile_counts(where, "tile_shape", tile, shape)
    return _target.extract_tile(x, _tile_indices(_target, where, index, counts), tile)


@builtin
def insert_tile(x: tl.tensor, tile: tl.tensor, index: int | tl.tensor | Sequence, *, _target: Target) -> tl.tensor:
    """A register tensor with one tile replaced; `x` itself stays as it is.

    Args:
        x: the tensor.
        tile: the tile's new contents; it is cast to the dtype of `x`. Its extents divide those of `x`.
        index: which tile, as for `extract_tile`.

    Returns:
        Tensor of the shape and dtype of `x`.

    Raises:
        TypeError: an argument is of the wrong kind.
        ValueError: the tile does not divide `x`, or an index is out of range.
    """
    where = "tle.insert_tile"
    x = _register_tensor(where, "x", x)
    tile = _register_tensor(where, "tile", tile)
    shape = [int(extent) for extent in x.type.shape]
    counts = _tile_counts(where, "tile", tuple(int(extent) for extent in tile.type.shape), shape)
    indices = _tile_indices(_target, where, index, counts)
    return _target.insert_tile(x, _target.semantic.cast(tile, x.dtype), indices)


def _register_tensor(where: str, argument: str, value: Any) -> tl.tensor:
    if not isinstance(value, tl.tensor) or not value.type.is_block():
        raise TypeError(f"{where}: {argument} is {describe(value)}, but must be a tensor with at least one dimension")
    if value.dtype.is_ptr():
        raise TypeError(f"{where}: {argument} holds {value.dtype}, but must hold numbers")
    return value


def _tile_counts(where: str, argument: str, tile: Sequence[int], shape: Sequence[int]) -> tuple[int, ...]:
    """How many tiles fit along each dimension."""
    if len(tile) != len(shape):
        raise ValueError(f"{where}: {argument} has rank {len(tile)}, but x has rank {len(shape)}")
    for i, (extent, whole) in enumerate(zip(tile, shape, strict=True)):
        if extent < 1 or whole % extent:
            raise ValueError(
                f"{where}: {argument} is {list(tile)} for x of shape {list(shape)}, but dimension {i} must divide "
                f"{whole}"
            )
    return tuple(whole // extent for extent, whole in zip(tile, shape, strict=True))


def _tile_indices(target, where: str, index: Any, counts: tuple[int, ...]) -> list:
    index = strip(index)
    if isinstance(index, tl.tuple | tuple | list):
        if len(index) != len(counts):
            raise ValueError(f"{where}: index has {len(index)} items, but x has {len(counts)} dimensions")
        return [
            scalar_index(target, where, f"index[{i}]", item, count)
            for i, (item, count) in enumerate(zip(index, counts, strict=True))
        ]
    linear = scalar_index(target, where, "index", index, math.prod(counts))
    indices = []
    for count in reversed(counts[1:]):
        if isinstance(linear, int):
            indices.append(linear % count)
            linear //= count
        else:
            extent = target.semantic.to_tensor(count)
            indices.append(target.semantic.mod(linear, extent))
            linear = target.semantic.floordiv(linear, extent)
    return [linear, *reversed(indices)]
