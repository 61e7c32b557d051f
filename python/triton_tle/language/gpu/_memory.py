"""Builtins that make buffers and move data: `alloc`, `local_ptr`, `copy` and the operations `copy` is made of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import triton.language as tl
from triton.language import core

from .._builtin import (
    builtin,
    describe,
    is_power_of_two,
    permutation,
    static_bool,
    static_int,
    static_ints,
    strip,
    unwrap,
)
from .layouts import default_layout, nv_mma_shared_layout, shared_layout
from .types import (
    SHARED_ADDRESS_SPACE,
    buffer,
    buffer_type,
    fit_value,
    index_slot,
    linear_slot,
    local_pointers_type,
    materialize,
    require_buffer,
    require_tile,
    scalar_index,
    shared_pointer_type,
    smem,
    tmem,
)
from .types import scope as scope_class

if TYPE_CHECKING:
    from .._emit import IRTarget
    from .._interpreter import InterpreterTarget

    Target = IRTarget | InterpreterTarget

MAX_RANK = 4
EVICTION_POLICIES = ("", "evict_first", "evict_last")
FIRST_WITH_ASYNC_COPIES = 80


@builtin
def alloc(
    shape: Sequence[int],
    dtype: tl.dtype,
    layout: shared_layout | None = None,
    scope: tl.constexpr = smem,
    nv_mma_shared_layout: bool = True,
    *,
    _target: Target,
) -> buffer:
    """Allocates a buffer in the shared memory of the CTA. Its contents are undefined until written.

    Args:
        shape: one to four extents. A buffer of more dimensions than its layout arranges has slots in front (as a ring
            of tiles has); those may have any extent, the others are powers of two.
        dtype: dtype of an element: an integer, float or fp8 type. Booleans are kept as ``tl.int8``.
        layout: `nv_mma_shared_layout(...)` or `swizzled_shared_layout(...)`. Without one, matrices of at least 8 rows
            of 16 bytes get the former and shapes of rank 3 and 4 have slots in front of such a matrix; all others
            are row-major without a swizzle.
        scope: `tle.gpu.smem`.
        nv_mma_shared_layout: False for a row-major default of the full rank, without a swizzle and without slots.

    Raises:
        TypeError: an argument is of the wrong kind or not known at compile time.
        ValueError: an extent, the dtype, the scope or the layout breaks a rule above, or the buffer is larger than
            the shared memory of the target.
    """
    where = "tle.gpu.alloc"
    shape = static_ints(where, "shape", shape)
    dtype = _element_type(where, dtype)
    _check_scope(where, unwrap(scope))
    use_nv_mma = static_bool(where, "nv_mma_shared_layout", nv_mma_shared_layout)
    if not 1 <= len(shape) <= MAX_RANK:
        raise ValueError(f"{where}: shape is {list(shape)}, but must have 1 to {MAX_RANK} dimensions")
    for i, extent in enumerate(shape):
        if extent < 1:
            raise ValueError(f"{where}: shape[{i}] is {extent}, but must be positive")
    layout, slots = _choose_layout(where, unwrap(layout), shape, dtype, use_nv_mma)
    tile = shape[len(slots) :]
    for i, extent in enumerate(tile, start=len(slots)):
        if not is_power_of_two(extent):
            raise ValueError(
                f"{where}: shape[{i}] is {extent}, but must be a power of two (only slots, dimensions in front of "
                f"the {len(tile)} that the layout arranges, may be anything else)"
            )
    layout = layout.resolve(where, tile, dtype)
    size = math.prod(shape) * dtype.primitive_bitwidth // 8
    limit, name = _target.shared_memory_limit()
    if size > limit:
        raise ValueError(
            f"{where}: shape {list(shape)} of {dtype} takes {size} bytes, but {name} has {limit} bytes of shared memory"
        )
    ctas = getattr(_target.options, "num_ctas", 1)
    if ctas != 1:
        raise ValueError(f"{where}: the kernel is compiled with num_ctas={ctas}, but buffers need num_ctas=1")
    return _target.local_alloc(buffer_type(dtype, slots, tile, layout, tile))


def _element_type(where: str, dtype: Any) -> tl.dtype:
    dtype = unwrap(dtype)
    if not isinstance(dtype, tl.dtype):
        raise TypeError(f"{where}: dtype is {describe(dtype)}, but must be a tl.dtype such as tl.bfloat16")
    if dtype.is_block() or dtype.is_ptr() or not (dtype.is_int() or dtype.is_floating()):
        raise ValueError(f"{where}: dtype is {dtype}, but must be an integer, float or fp8 type")
    if dtype.is_int1():
        raise ValueError(f"{where}: dtype is int1, but shared memory holds whole bytes: use tl.int8")
    return dtype


def _check_scope(where: str, scope: Any) -> None:
    if not isinstance(scope, scope_class):
        raise TypeError(f"{where}: scope is {describe(scope)}, but must be tle.gpu.smem")
    if scope == tmem.value:
        raise ValueError(f"{where}: scope is tle.gpu.tmem, but tensor memory is not supported: use tle.gpu.smem")


def _choose_layout(where: str, layout: Any, shape, dtype, use_nv_mma: bool) -> tuple[shared_layout, tuple[int, ...]]:
    """The layout of a buffer and the extents of its slot dimensions."""
    if layout is None:
        tile_rank = min(len(shape), 2) if use_nv_mma else len(shape)
        slots = shape[: len(shape) - tile_rank]
        return default_layout(shape[len(slots) :], dtype, use_nv_mma), slots
    if isinstance(layout, type) and issubclass(layout, shared_layout):
        raise TypeError(f"{where}: layout is the class {layout.__name__}; call it: {layout.__name__}(...)")
    if not isinstance(layout, shared_layout):
        raise TypeError(
            f"{where}: layout is {describe(layout)}, but must be made by tle.gpu.nv_mma_shared_layout or "
            "tle.gpu.swizzled_shared_layout"
        )
    if layout.rank > len(shape):
        raise ValueError(f"{where}: layout has rank {layout.rank}, but shape {list(shape)} has rank {len(shape)}")
    return layout, shape[: len(shape) - layout.rank]


@builtin
def local_ptr(buffer: buffer, indices: Sequence[int | tl.tensor] | None = None, *, _target: Target) -> tl.tensor:
    """Pointers to elements of a buffer, for `tl.load`, `tl.store` and `tl.atomic_*` with their masks.

    Args:
        buffer: a buffer or a view of one, of shape ``[d0, d1, ...]``.
        indices: None for one pointer per element, in the buffer's shape. Else a tuple with one index per dimension,
            each an integer tensor or an integer; they are broadcast to a common shape, that of the result, and
            element i of it points at ``buffer[indices[0][i], indices[1][i], ...]``. With scalars only, the result is
            one pointer. An index outside of its dimension is an error in the interpreter, else undefined, unless a
            mask keeps it from being accessed.

    Returns:
        Tensor of pointers to the buffer's dtype, in address space 3.

    Raises:
        TypeError: `buffer` is no buffer, or an index is no integer.
        ValueError: the number of indices is not that of the dimensions, the indices do not broadcast, a constant
            index lies outside, or a buffer with slots is given without indices.
    """
    where = "tle.gpu.local_ptr"
    value = require_buffer(where, "buffer", buffer)
    indices = strip(indices)
    if indices is None:
        require_tile(where, value)
        value = materialize(_target, value)
        return _target.local_pointers(value, [], local_pointers_type(value.dtype, value.type.shape))
    if not isinstance(indices, tl.tuple | tuple | list):
        indices = (indices,)
    shape = value.type.shape
    if len(indices) != len(shape):
        raise ValueError(f"{where}: got {len(indices)} indices, but the {value} has {len(shape)} dimensions")
    indices = [
        _pointer_index(_target, where, f"indices[{i}] of the {value}", index, extent)
        for i, (index, extent) in enumerate(zip(indices, shape, strict=True))
    ]
    value, indices = _resolve_slots(_target, value, indices)
    return _pointers(_target, where, materialize(_target, value), indices)


def _pointer_index(target, where: str, name: str, index: Any, extent: int) -> int | tl.tensor:
    """`index` as an integer in range, or an i32 scalar or tensor."""
    if isinstance(index, tl.tensor) and index.type.is_block():
        if not index.dtype.is_int() or index.dtype.is_int1():
            raise TypeError(f"{where}: {name} is {describe(index)}, but must hold integers")
        return index if index.dtype == tl.int32 else target.semantic.cast(index, tl.int32)
    return scalar_index(target, where, name, index, extent)


def _resolve_slots(target, value: buffer, indices: list) -> tuple[buffer, list]:
    """Leaves one index per dimension of the memdesc: scalar slot indices pick the tile, others become one index."""
    count = len(value.type.slots)
    if not count:
        return value, indices
    slot, rest = indices[:count], indices[count:]
    if all(isinstance(index, int) or not index.type.is_block() for index in slot):
        return index_slot(target, value, slot), rest
    return value, [linear_slot(target, slot, value.type.slots), *rest]


def _pointers(target, where: str, value: buffer, indices: list) -> tl.tensor:
    semantic = target.semantic
    indices = [semantic.to_tensor(index) for index in indices]
    for i in range(1, len(indices)):
        try:
            indices[0], indices[i] = semantic.broadcast_impl_value(indices[0], indices[i])
        except ValueError as error:
            shapes = ", ".join(str([int(extent) for extent in index.shape]) for index in indices)
            raise ValueError(f"{where}: indices of shapes {shapes} do not broadcast to a common shape") from error
    if not indices[0].type.is_block():
        return target.local_pointers(value, indices, shared_pointer_type(value.dtype))
    shape = [int(extent) for extent in indices[0].type.shape]
    indices = [fit_value(target, where, f"indices[{i}]", index, shape) for i, index in enumerate(indices)]
    return target.local_pointers(value, indices, local_pointers_type(value.dtype, shape))


@builtin
def copy(
    src: buffer | tl.tensor | tl.tensor_descriptor,
    dst: buffer | tl.tensor | tl.tensor_descriptor,
    shape: Sequence[int] | None = None,
    offsets: Sequence[int | tl.tensor] | None = None,
    mask: tl.tensor | None = None,
    other: float | tl.tensor | None = None,
    *,
    _target: Target,
) -> None:
    """Copies a block between global memory and a buffer. The data is there for the whole CTA when it returns.

    A copy from a descriptor into a slot of a pipe, by the partition that has acquired it, need not have ended: the
    slot's commit covers it, as it covers asynchronous copies. Until then the slot must be neither read nor written.

    One of `src` and `dst` is a buffer, the other a tensor of pointers to global memory or a TMA descriptor
    (`tl.make_tensor_descriptor`, or a ``TensorDescriptor`` argument of the kernel). Both have the same dtype.

    Args:
        src: where to read.
        dst: where to write.
        shape: extents of the block, if given for the reader's sake: those of both sides.
        offsets: with a descriptor, the position of the block in the tensor, one integer per dimension. What lies
            outside of the tensor is filled with the descriptor's padding, or not written.
        mask: with pointers, which elements to copy, a boolean tensor that broadcasts to the block.
        other: with a mask and `dst` a buffer, what the masked elements become; undefined without.

    Raises:
        TypeError: the kinds of `src` and `dst` do not go together, or their dtypes differ.
        ValueError: their shapes differ, `offsets` is missing or superfluous, or the like for `mask` and `other`.
    """
    where = "tle.gpu.copy"
    into = isinstance(dst, buffer)
    if into == isinstance(src, buffer):
        raise TypeError(
            f"{where}: src is {describe(src)} and dst is {describe(dst)}, but exactly one of them must be a buffer"
        )
    shape, offsets, mask, other = strip(shape), strip(offsets), strip(mask), strip(other)
    local, remote = (dst, src) if into else (src, dst)
    name = "src" if into else "dst"
    require_tile(where, local)
    local = materialize(_target, local)
    is_descriptor = isinstance(remote, core.tensor_descriptor_base)
    dtype, extents = _remote_block(where, name, remote, is_descriptor)
    if dtype != local.dtype:
        raise TypeError(f"{where}: {name} holds {dtype}, but the buffer holds {local.dtype}; copy does not convert")
    if extents != local.type.shape:
        raise ValueError(
            f"{where}: {name} has shape {list(extents)}, but the buffer has shape {list(local.type.shape)}"
        )
    if shape is not None and static_ints(where, "shape", shape) != extents:
        raise ValueError(f"{where}: shape is {list(unwrap(shape))}, but src and dst have shape {list(extents)}")
    if is_descriptor:
        if mask is not None or other is not None:
            raise ValueError(f"{where}: mask and other go with pointers, but {name} is a descriptor")
        _copy_descriptor(_target, where, local, remote, offsets, into)
        return
    if offsets is not None:
        raise ValueError(f"{where}: offsets go with a descriptor, but {name} is a tensor of pointers")
    if other is not None and (mask is None or not into):
        raise ValueError(f"{where}: other goes with a mask and a buffer as dst")
    semantic = _target.semantic
    mask = _mask(_target, where, mask, extents)
    if not into:
        semantic.store(remote, _target.local_load(local), mask, (), "", "")
        return
    if other is not None:
        other = fit_value(_target, where, "other", other, extents)
    _target.local_store(local, semantic.load(remote, mask, other, (), "", "", "", False))


def _remote_block(where: str, name: str, remote: Any, is_descriptor: bool) -> tuple[tl.dtype, tuple[int, ...]]:
    """dtype and extents of the block at the global side of a copy."""
    if is_descriptor:
        return remote.dtype, tuple(int(extent) for extent in remote.block_shape)
    return _pointer_block(where, name, remote)


def _pointer_block(where: str, name: str, pointers: Any) -> tuple[tl.dtype, tuple[int, ...]]:
    if not isinstance(pointers, tl.tensor) or not pointers.dtype.is_ptr() or not pointers.type.is_block():
        raise TypeError(
            f"{where}: {name} is {describe(pointers)}, but must be a tensor of pointers, one per element of the buffer"
            + (", or a tensor descriptor" if where == "tle.gpu.copy" else "")
        )
    if pointers.dtype.address_space == SHARED_ADDRESS_SPACE:
        raise TypeError(f"{where}: {name} points into shared memory, but must point to global memory")
    return pointers.dtype.element_ty, tuple(int(extent) for extent in pointers.type.shape)


def _mask(target, where: str, mask: Any, extents: tuple[int, ...]) -> tl.tensor | None:
    if mask is None:
        return None
    mask = fit_value(target, where, "mask", mask, extents)
    if not mask.dtype.is_int1():
        raise TypeError(f"{where}: mask holds {mask.dtype}, but must hold booleans (int1)")
    return mask


def _copy_descriptor(target, where: str, local: buffer, descriptor, offsets: Any, into: bool) -> None:
    rank = len(local.type.shape)
    if offsets is None:
        raise ValueError(f"{where}: offsets is missing: give the block's position, {rank} integers")
    offsets = list(offsets) if isinstance(offsets, tl.tuple | tuple | list) else [offsets]
    if len(offsets) != rank:
        raise ValueError(f"{where}: got {len(offsets)} offsets, but the block has {rank} dimensions")
    for i, offset in enumerate(offsets):
        plain = unwrap(offset)
        scalar = isinstance(plain, tl.tensor) and not plain.type.is_block() and plain.dtype.is_int()
        if not scalar and (isinstance(plain, bool) or not isinstance(plain, int)):
            raise TypeError(f"{where}: offsets[{i}] is {describe(plain)}, but must be an integer or a scalar tensor")
    if into:
        target.copy_block(local, descriptor, offsets)
    else:
        target.semantic.descriptor_store(descriptor, target.local_load(local), offsets)


def _check_async_copies(target, where: str) -> None:
    """Checks that the GPU has asynchronous copies.

    Raises:
        ValueError: it has not.
    """
    if target.capability is not None and target.capability < FIRST_WITH_ASYNC_COPIES:
        raise ValueError(
            f"{where}: the kernel is compiled for sm_{target.capability}, but asynchronous copies need "
            f"sm_{FIRST_WITH_ASYNC_COPIES}"
        )


@builtin
def async_copy(
    ptrs: tl.tensor,
    buffer: buffer,
    mask: tl.tensor | None = None,
    other: int | None = None,
    eviction_policy: str = "",
    *,
    _target: Target,
) -> None:
    """Starts copying a block from global memory into a buffer, without waiting for it.

    The copy joins the group that the next `async_commit` closes; the data is there after the `async_wait` that waits
    for this group. Until then the buffer must be neither read nor written.

    Args:
        ptrs: tensor of pointers to global memory, of the buffer's shape and dtype.
        buffer: a buffer or a view of one, without slots.
        mask: which elements to copy, a boolean tensor that broadcasts to the block.
        other: None or 0: the masked elements become 0, which is all that the hardware offers.
        eviction_policy: what the L2 cache does with the lines: "evict_first" for data that is read once, "evict_last"
            for data that others read soon; "" leaves it to the hardware.

    Raises:
        TypeError: `ptrs` or `buffer` is of the wrong kind, or their dtypes differ.
        ValueError: their shapes differ, `other` is given without `mask`, it is not 0, there is no such
            `eviction_policy`, or the kernel is compiled for a GPU before sm_80.
    """
    where = "tle.gpu.async_copy"
    _check_async_copies(_target, where)
    eviction_policy = unwrap(eviction_policy)
    if eviction_policy not in EVICTION_POLICIES:
        raise ValueError(
            f"{where}: eviction_policy is {describe(eviction_policy)}, but must be one of {list(EVICTION_POLICIES)}"
        )
    mask, other = strip(mask), strip(other)
    local = require_buffer(where, "buffer", buffer)
    require_tile(where, local)
    local = materialize(_target, local)
    dtype, extents = _pointer_block(where, "ptrs", ptrs)
    if dtype != local.dtype:
        raise TypeError(f"{where}: ptrs points at {dtype}, but the buffer holds {local.dtype}; no copy converts")
    if extents != local.type.shape:
        raise ValueError(f"{where}: ptrs has shape {list(extents)}, but the buffer has shape {list(local.type.shape)}")
    if other is not None and mask is None:
        raise ValueError(f"{where}: other goes with a mask")
    if other is not None and (isinstance(other, tl.tensor) or other != 0):
        raise ValueError(
            f"{where}: other is {describe(other)}, but masked elements of an asynchronous copy become 0; "
            "tle.gpu.copy takes any other"
        )
    _target.async_copy(ptrs, local, _mask(_target, where, mask, extents), eviction_policy)


@builtin
def async_commit(*, _target: Target) -> None:
    """Closes the group of async copies started since the last call.

    Raises:
        ValueError: the kernel is compiled for a GPU before sm_80.
    """
    _check_async_copies(_target, "tle.gpu.async_commit")
    _target.async_commit()


@builtin
def async_wait(n: int = 0, *, _target: Target) -> None:
    """Waits until at most `n` groups of async copies are under way, the youngest ones; what the others copied is
    there for the whole CTA.

    Args:
        n: a compile-time integer, 0 to wait for all.

    Raises:
        TypeError, ValueError: `n` is no such integer.
        ValueError: the kernel is compiled for a GPU before sm_80.
    """
    _check_async_copies(_target, "tle.gpu.async_wait")
    n = static_int("tle.gpu.async_wait", "n", n)
    if n < 0:
        raise ValueError(f"tle.gpu.async_wait: n is {n}, but must not be negative")
    _target.async_wait(n)


@builtin
def barrier(*, _target: Target) -> None:
    """Waits for all threads of the CTA; what they wrote to shared memory before is there for all of them after."""
    _target.barrier()


@builtin
def wgmma_view(buffer: buffer, order: Sequence[int], *, _target: Target) -> buffer:
    """The view of a matrix as a WGMMA operand: dimension i of it is dimension ``order[i]`` of the buffer.

    No data moves. The low-level form of `buffer.permute`, which the compiler makes by itself where `tl.dot` reads a
    transposed buffer.

    Args:
        buffer: a matrix in an `nv_mma_shared_layout`, without slots.
        order: ``(1, 0)``, or ``(0, 1)`` for the buffer itself.

    Raises:
        TypeError: `buffer` is no buffer.
        ValueError: it is no such matrix, or `order` is no permutation.
    """
    where = "tle.gpu.wgmma_view"
    value = require_buffer(where, "buffer", buffer)
    require_tile(where, value)
    value = materialize(_target, value)
    old = value.type
    if len(old.tile) != 2:
        raise ValueError(f"{where}: the {value} has rank {len(old.tile)}, but an operand is a matrix")
    if not isinstance(old.layout, nv_mma_shared_layout):
        raise ValueError(
            f"{where}: the layout of the {value} is {old.layout}, but WGMMA reads tle.gpu.nv_mma_shared_layout only"
        )
    order = permutation(where, "order", order, 2)
    if order == (0, 1):
        return value
    new = old.replace(
        tile=[old.tile[i] for i in order],
        alloc_tile=[old.alloc_tile[i] for i in order],
        layout=old.layout.permuted(order),
    )
    return _target.wgmma_view(value, order, new)


@builtin
def hold_in_registers(value: tl.tensor, *, _target: Target) -> tl.tensor:
    """The same tensor, which the compiler may not take back to where it was loaded from.

    A first factor of `tl.dot` that comes out of shared memory is read from there at each product. Held in registers, it
    leaves the bandwidth to the second factor, at the price of the registers.

    Args:
        value: a block of a type of 8, 16 or 32 bits.

    Raises:
        TypeError: `value` is no such block.
    """
    where = "tle.gpu.hold_in_registers"
    value = strip(value)
    if (
        not isinstance(value, tl.tensor)
        or not value.type.is_block()
        or value.dtype.primitive_bitwidth not in (8, 16, 32)
    ):
        raise TypeError(f"{where}: value is {describe(value)}, but must be a block of a type of 8, 16 or 32 bits")
    return _target.hold_in_registers(value)


@builtin
def wgmma_operand_fence(*buffers: buffer, _target: Target) -> None:
    """Makes earlier stores and async copies into shared memory visible to the WGMMA that follows.

    The compiler adds it where needed for `tl.dot`; write it yourself in front of hand-made WGMMA only.

    Args:
        buffers: the operands to order; none orders all of shared memory.

    Raises:
        TypeError: an argument is no buffer.
        ValueError: an argument has slots.
    """
    where = "tle.gpu.wgmma_operand_fence"
    operands = []
    for i, value in enumerate(buffers):
        value = require_buffer(where, f"buffers[{i}]", value)
        require_tile(where, value)
        operands.append(materialize(_target, value))
    _target.wgmma_operand_fence(operands)


__all__ = [
    "alloc",
    "async_commit",
    "async_copy",
    "async_wait",
    "barrier",
    "copy",
    "hold_in_registers",
    "local_ptr",
    "wgmma_operand_fence",
    "wgmma_view",
]
