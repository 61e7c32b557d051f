"""Values of TLE: shared-memory buffers and tensors of pointers into them."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

import triton.language as tl
from triton.language import core

from .._builtin import builtin, describe, permutation, shape_text, static_int, strip
from .layouts import shared_layout

if TYPE_CHECKING:
    from .._emit import IRTarget
    from .._interpreter import InterpreterTarget

    Target = IRTarget | InterpreterTarget

SHARED_ADDRESS_SPACE = 3


class scope:
    """Where a buffer lives."""

    def __init__(self, name: str):
        self.name = name

    def __repr__(self) -> str:
        return f"tle.gpu.{self.name}"

    def __eq__(self, other) -> bool:
        return isinstance(other, scope) and self.name == other.name

    def __hash__(self) -> int:
        return hash(("tle.gpu.scope", self.name))


smem = tl.constexpr(scope("smem"))
tmem = tl.constexpr(scope("tmem"))


class shared_pointer_type(core.pointer_type):
    """Pointer into shared memory. Unlike stock's, its address space is part of the symbols of functions."""

    def __init__(self, element_ty: tl.dtype):
        super().__init__(element_ty, SHARED_ADDRESS_SPACE)
        self.name = f"shared_pointer<{element_ty}>"

    def mangle(self) -> str:
        return f"P{SHARED_ADDRESS_SPACE}{self.element_ty.mangle()}"


class local_pointers_type(core.block_type):
    """Type of what `tle.gpu.local_ptr` gives."""

    def __init__(self, element_ty: tl.dtype, shape):
        super().__init__(shared_pointer_type(element_ty), list(shape))

    def _unflatten_ir(self, handles, cursor):
        return local_pointers(handles[cursor], self), cursor + 1


def _no_arithmetic(self, other, _semantic=None):
    raise TypeError(
        "arithmetic on the pointers of tle.gpu.local_ptr: where an element lies depends on the buffer's layout; "
        "give the elements wanted as indices, tle.gpu.local_ptr(buffer, (rows, columns))"
    )


class local_pointers(tl.tensor):
    """Tensor of pointers into shared memory, for `tl.load`, `tl.store` and `tl.atomic_*`.

    Raises:
        TypeError: on arithmetic, since a swizzled buffer's elements lie at no constant distance.
    """

    __add__ = __radd__ = __sub__ = __rsub__ = _no_arithmetic
    __mul__ = __rmul__ = _no_arithmetic


def pointers_value(handle, type: tl.dtype) -> tl.tensor:
    """The value of a `local_pointers_type` or, for a single pointer, of a `shared_pointer_type`."""
    return local_pointers(handle, type) if type.is_block() else tl.tensor(handle, type)


class buffer_type(core.base_type):
    """Type of a buffer or of a view of one.

    Attributes:
        element_ty: dtype of an element.
        slots: extents of the leading dimensions that the layout does not arrange; `index` picks one.
        tile: extents of the dimensions that the layout arranges.
        layout: the layout, all of its parameters set.
        alloc_tile: `tile` of the allocation that this is a slice of.
        order: permutation still to be applied (`buffer.T`); `tile`, `layout` and `alloc_tile` are from before it.
        ir_type: the memdesc type, None in the interpreter.
    """

    def __init__(self, element_ty, slots, tile, layout: shared_layout, alloc_tile, ir_type=None, order=None):
        self.element_ty = element_ty
        self.slots = tuple(slots)
        self.tile = tuple(tile)
        self.layout = layout
        self.alloc_tile = tuple(alloc_tile)
        self.ir_type = ir_type
        self.order = order

    @property
    def shape(self) -> tuple[int, ...]:
        """Extents as a kernel sees them."""
        tile = self.tile if self.order is None else tuple(self.tile[i] for i in self.order)
        return self.slots + tile

    @property
    def memdesc_shape(self) -> tuple[int, ...]:
        """Extents of the memdesc: all slot dimensions are one there."""
        return (math.prod(self.slots), *self.tile) if self.slots else self.tile

    def replace(self, **changes) -> buffer_type:
        """A copy with some attributes changed; the IR type, no longer right, is left out unless given."""
        fields = dict(vars(self), ir_type=None)
        fields.update(changes)
        return buffer_type(**fields)

    def _key(self):
        return (self.element_ty, self.slots, self.tile, self.layout, self.alloc_tile, self.order)

    def __eq__(self, other) -> bool:
        return isinstance(other, buffer_type) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self.mangle())

    def __str__(self) -> str:
        return f"buffer {shape_text(self.element_ty, self.shape)}"

    __repr__ = __str__

    def mangle(self) -> str:
        parts = [self.slots, self.tile, self.alloc_tile, self.order or ()]
        extents = "".join("S" + "_".join(map(str, part)) for part in parts)
        return f"TLEB{self.element_ty.mangle()}{extents}{self.layout.mangle()}E"

    def _flatten_ir_types(self, builder, out) -> None:
        out.append(self.ir_type)

    def _unflatten_ir(self, handles, cursor):
        return buffer(handles[cursor], self), cursor + 1

    def _not_a_tensor(self, *_):
        raise TypeError(
            f"a {self} is no tensor and no pointer: read it with buffer.load() or tl.load(tle.gpu.local_ptr(buffer)), "
            "write it with buffer.store(x) or tl.store(tle.gpu.local_ptr(buffer), x)"
        )

    # What tl.load, tl.store, tl.dot and tl.atomic_* ask of an argument first.
    scalar = property(_not_a_tensor)
    is_ptr = is_block = is_const = is_int = is_floating = _not_a_tensor


class buffer(core.base_value):
    """A buffer in shared memory, or a view of one, inside a kernel.

    Made by `tle.gpu.alloc`. It can be passed to helper functions, returned by them, and used in loops; its type says
    all about its layout, so helpers are compiled anew for each.
    """

    def __new__(cls, handle, type: buffer_type):
        return super().__new__(_class_of(type))

    def __init__(self, handle, type: buffer_type):
        """Not called by kernels. `handle` is an IR value, or a `Window` in the interpreter."""
        self.handle = handle
        self.type = type

    def _flatten_ir(self, handles) -> None:
        handles.append(self.handle)

    def __str__(self) -> str:
        return str(self.type)

    __repr__ = __str__

    @property
    def dtype(self) -> tl.dtype:
        """dtype of an element."""
        return self.type.element_ty

    @property
    def shape(self) -> tl.tuple:
        """Extents, as compile-time constants."""
        return tl.tuple([tl.constexpr(extent) for extent in self.type.shape])

    @property
    def rank(self) -> tl.constexpr:
        """Number of dimensions, slots included."""
        return tl.constexpr(len(self.type.shape))

    @property
    def layout(self) -> tl.constexpr:
        """The layout of a tile, all of its parameters set."""
        if self.type.order is None:
            return tl.constexpr(self.type.layout)
        return tl.constexpr(self.type.layout.permuted(self.type.order))

    @property
    def T(self) -> buffer:
        """The transposed view of a matrix: `permute((1, 0))`.

        Raises:
            ValueError: the buffer has slots, or a rank other than 2.
        """
        if len(self.type.shape) != 2 or self.type.slots:
            raise ValueError(f"buffer.T: the {self} is no matrix; index a slot first, or use permute(order)")
        if self.type.order is not None:
            return buffer(self.handle, self.type.replace(order=None, ir_type=self.type.ir_type))
        return buffer(self.handle, self.type.replace(order=(1, 0), ir_type=self.type.ir_type))

    @builtin
    def index(self, *slot: int | tl.tensor, _target: Target) -> buffer:
        """The tile in one slot of a buffer that has several.

        Args:
            slot: one index a slot dimension, each an integer or a scalar integer tensor. An index outside of the
                slots is an error where it is known at compile time and in the interpreter, else undefined.

        Returns:
            The view of that tile, of the buffer's shape without the slot dimensions.

        Raises:
            ValueError: the buffer has no slots, another number of them, or the index is out of range.
            TypeError: an index is no scalar integer.
        """
        return index_slot(_target, self, slot)

    @builtin
    def slice(self, offset: int, length: int, dim: int = 0, *, _target: Target) -> buffer:
        """A static slice ``[offset, offset + length)`` along one dimension, as a view.

        Args:
            offset: first element, a multiple of `length`.
            length: number of elements, a power of two that does not cut through the layout's swizzle pattern.
            dim: the dimension.

        Raises:
            TypeError: an argument is not known at compile time.
            ValueError: the slice does not fit, the rule above is broken, or the buffer has slots.
        """
        return slice_view(_target, self, offset, length, dim)

    @builtin
    def permute(self, *order: int, _target: Target) -> buffer:
        """The view whose dimension i is dimension ``order[i]`` of this buffer. No data moves.

        Args:
            order: a permutation of the dimensions, as integers or as one tuple.

        Raises:
            TypeError, ValueError: `order` is no permutation, the buffer has slots, or its layout cannot be permuted so.
        """
        where = "buffer.permute"
        order = order[0] if len(order) == 1 else order
        require_tile(where, self)
        value = materialize(_target, self)
        order = permutation(where, "order", order, len(value.type.shape))
        return permute_view(_target, value, order)

    @builtin
    def load(self, *, _target: Target) -> tl.tensor:
        """All elements as a register tensor of the buffer's shape and dtype.

        Raises:
            ValueError: the buffer has slots.
        """
        require_tile("buffer.load", self)
        return _target.local_load(materialize(_target, self))

    @builtin
    def store(self, value: float | tl.tensor, *, _target: Target) -> None:
        """Writes all elements.

        Args:
            value: a tensor that broadcasts to the buffer's shape, or a scalar; it is cast to the buffer's dtype.

        Raises:
            ValueError: the buffer has slots, or the shapes do not fit.
        """
        require_tile("buffer.store", self)
        view = materialize(_target, self)
        value = fit_value(_target, "buffer.store", "value", value, view.type.shape)
        _target.local_store(view, _target.semantic.cast(value, view.dtype))

    def _no_operator(self, *_args, **_kwargs):
        raise TypeError(f"the {self} has no operators: take buffer.load() and compute with the tensor")

    __add__ = __sub__ = __mul__ = __truediv__ = __floordiv__ = __mod__ = __matmul__ = _no_operator
    __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rfloordiv__ = __rmod__ = _no_operator
    __lt__ = __le__ = __gt__ = __ge__ = __and__ = __or__ = __xor__ = _no_operator

    def __getattr__(self, name: str):
        # Without a type yet, the message would ask for it again.
        if name.startswith("_") or "type" not in self.__dict__:
            raise AttributeError(name)
        raise AttributeError(
            f"the {self} has no '{name}'; it has load(), store(value), index(slot), slice(offset, length, dim), "
            "permute(order), T, dtype, shape, rank and layout"
        )

    def __getitem__(self, *_args, **_kwargs):
        raise TypeError(
            f"the {self} has no subscripts: use buffer.index(i) for a slot, buffer.slice(offset, length, dim) for a "
            "part, tle.gpu.local_ptr(buffer, (rows, columns)) for elements"
        )


@functools.cache
def _class_of(buffer_type: buffer_type) -> type:
    """The class of the buffers of a type. Each type has its own: of values other than tensors, stock's frontend asks
    no more than that their class stays the same in a loop."""
    return type(f"{buffer_type} in {buffer_type.layout}", (buffer,), {})


def require_buffer(where: str, argument: str, value: Any) -> buffer:
    """`value` as a buffer.

    Raises:
        TypeError: it is something else.
    """
    if not isinstance(value, buffer):
        raise TypeError(f"{where}: {argument} is {describe(value)}, but must be a buffer made by tle.gpu.alloc")
    return value


def require_tile(where: str, value: buffer) -> None:
    """Checks that `value` has no slots.

    Raises:
        ValueError: it has.
    """
    if value.type.slots:
        raise ValueError(
            f"{where}: the {value} has {math.prod(value.type.slots)} slots in front; pick one with "
            f"buffer.index({', '.join('ij'[: len(value.type.slots)])})"
        )


def fit_value(target, where: str, argument: str, value: Any, shape) -> tl.tensor:
    """`value` as a tensor of shape `shape`.

    Raises:
        ValueError: it does not broadcast to that shape.
    """
    value = target.semantic.to_tensor(value)
    if not value.type.is_block():
        return target.semantic.splat(value, list(shape))
    have = [int(extent) for extent in value.type.shape]
    pairs = zip(have, shape, strict=False)
    if len(have) != len(shape) or any(extent not in (1, wanted) for extent, wanted in pairs):
        raise ValueError(f"{where}: {argument} has shape {have}, which does not broadcast to {list(shape)}")
    return value if have == list(shape) else target.semantic.broadcast_impl_shape(value, list(shape))


def materialize(target, value: buffer) -> buffer:
    """`value` with its pending permutation carried out."""
    if value.type.order is None:
        return value
    order = value.type.order
    plain = buffer(value.handle, value.type.replace(order=None, ir_type=value.type.ir_type))
    return permute_view(target, plain, order)


def permute_view(target, value: buffer, order: tuple[int, ...]) -> buffer:
    """`value` with dimension ``order[i]`` as dimension i."""
    if order == tuple(range(len(order))):
        return value
    old = value.type
    new = old.replace(
        tile=[old.tile[i] for i in order],
        alloc_tile=[old.alloc_tile[i] for i in order],
        layout=old.layout.permuted(order),
    )
    return target.memdesc_trans(value, order, new)


def scalar_index(target, where: str, argument: str, value: Any, extent: int) -> int | tl.tensor:
    """`value` as a compile-time integer in ``[0, extent)`` or a scalar i32 tensor.

    Raises:
        TypeError: it is neither.
        ValueError: it is known to lie outside.
    """
    value = strip(value)
    if isinstance(value, tl.tensor) and not value.type.is_block() and value.dtype.is_int():
        known = target.known_value(value)
        if known is None:
            return target.semantic.cast(value, tl.int32)
        value = known
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{where}: {argument} is {describe(value)}, but must be an integer or a scalar integer tensor")
    if not 0 <= value < extent:
        raise ValueError(f"{where}: {argument} is {value}, but must lie in [0, {extent})")
    return value


def linear_slot(target, indices, slots: tuple[int, ...]) -> int | tl.tensor:
    """The position of a slot among all of them, row-major, from one index a slot dimension."""
    linear = indices[0]
    for index, extent in zip(indices[1:], slots[1:], strict=True):
        if isinstance(linear, int) and isinstance(index, int):
            linear = linear * extent + index
            continue
        semantic = target.semantic
        scaled = semantic.mul(semantic.to_tensor(linear), semantic.to_tensor(extent), False)
        linear = semantic.add(scaled, semantic.to_tensor(index), False)
    return linear


def index_slot(target, value: buffer, slot) -> buffer:
    """`value.index(*slot)`."""
    where = "buffer.index"
    slots = value.type.slots
    if not slots:
        raise ValueError(
            f"{where}: the {value} has no slots in front of its tile; use buffer.slice(offset, length, dim) for a part"
        )
    if len(slot) == 1 and isinstance(slot[0], tl.tuple | tuple | list):
        slot = tuple(slot[0])
    if len(slot) != len(slots):
        raise ValueError(f"{where}: got {len(slot)} indices, but the {value} has {len(slots)} slot dimensions")
    names = [f"slot index {i}" if len(slots) > 1 else "the slot index" for i in range(len(slots))]
    indices = [
        scalar_index(target, f"{where} of the {value}", name, index, extent)
        for name, index, extent in zip(names, slot, slots, strict=True)
    ]
    new = value.type.replace(slots=(), alloc_tile=value.type.tile)
    return target.memdesc_index(value, linear_slot(target, indices, slots), new)


def slice_view(target, value: buffer, offset, length, dim) -> buffer:
    """`value.slice(offset, length, dim)`."""
    where = "buffer.slice"
    require_tile(where, value)
    value = materialize(target, value)
    old = value.type
    dim = static_int(where, "dim", dim)
    offset = static_int(where, "offset", offset)
    length = static_int(where, "length", length)
    if not 0 <= dim < len(old.tile):
        raise ValueError(f"{where}: dim is {dim}, but the {value} has dimensions 0..{len(old.tile) - 1}")
    extent = old.tile[dim]
    if length < 1 or length & (length - 1):
        raise ValueError(f"{where}: length is {length}, but must be a power of two")
    if offset < 0 or offset + length > extent:
        raise ValueError(
            f"{where}: [{offset}, {offset + length}) lies outside of dimension {dim} of the {value}, [0, {extent})"
        )
    if offset % length:
        raise ValueError(f"{where}: offset is {offset}, but must be a multiple of length={length}")
    period = old.layout.period()[dim]
    if length < extent and length < period:
        raise ValueError(
            f"{where}: length is {length}, but must be at least {period} along dimension {dim}: a shorter slice cuts "
            f"through the pattern of {old.layout}"
        )
    tile = list(old.tile)
    tile[dim] = length
    offsets = [offset if i == dim else 0 for i in range(len(tile))]
    return target.memdesc_subslice(value, offsets, old.replace(tile=tile))
