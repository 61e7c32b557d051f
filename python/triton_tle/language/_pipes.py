"""``tle.pipe``: a ring of shared-memory slots between a writer and readers, each a partition of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import triton.language as tl
from triton.language import core

from ._builtin import builtin, describe, static_bool, strip, unwrap
from .gpu.types import buffer, buffer_type, index_slot, require_buffer

if TYPE_CHECKING:
    from ._emit import IRTarget
    from ._interpreter import InterpreterTarget

    Target = IRTarget | InterpreterTarget

DEFAULT_READER = "reader"


class pipe_type(core.base_type):
    """Type of a pipe.

    Attributes:
        name: what messages call it.
        fields: names of the fields and their buffers' types, slots included.
        barriers: type of the buffer of mbarriers, None in the interpreter.
        readers: names of the readers.
        one_shot: whether each slot is filled once only.
    """

    def __init__(self, name: str, fields: dict[str, buffer_type], barriers, readers: tuple[str, ...], one_shot: bool):
        self.name = name
        self.fields = fields
        self.barriers = barriers
        self.readers = readers
        self.one_shot = one_shot

    @property
    def num_slots(self) -> int:
        """Number of slots."""
        return next(iter(self.fields.values())).slots[0]

    def __eq__(self, other) -> bool:
        return type(other) is type(self) and self.mangle() == other.mangle()

    def __hash__(self) -> int:
        return hash(self.mangle())

    def __str__(self) -> str:
        return f"pipe '{self.name}'"

    __repr__ = __str__

    def mangle(self) -> str:
        fields = "".join(f"{name}_{type.mangle()}" for name, type in self.fields.items())
        return f"PIPE{self.name}_{fields}_{'_'.join(self.readers)}_{int(self.one_shot)}E"

    def _flatten_ir_types(self, builder, out) -> None:
        self.barriers._flatten_ir_types(builder, out)
        for type in self.fields.values():
            type._flatten_ir_types(builder, out)

    def _unflatten_ir(self, handles, cursor):
        barriers, cursor = self.barriers._unflatten_ir(handles, cursor)
        fields = {}
        for name, type in self.fields.items():
            fields[name], cursor = type._unflatten_ir(handles, cursor)
        return pipe_value(self, barriers, fields), cursor


class pipe_value(core.base_value):
    """A ring of slots that one partition fills and others read. Made by `tle.pipe`."""

    def __init__(self, type: pipe_type, barriers: buffer | None, fields: dict[str, buffer], state: Any = None):
        """Not called by kernels. `state` is what the interpreter keeps of it."""
        self.type = type
        self.barriers = barriers
        self.fields = fields
        self.state = state

    def _flatten_ir(self, handles) -> None:
        self.barriers._flatten_ir(handles)
        for value in self.fields.values():
            value._flatten_ir(handles)

    def __str__(self) -> str:
        return str(self.type)

    __repr__ = __str__

    def __getattr__(self, name: str):
        # Copies are made without a type.
        if name.startswith("__") or "type" not in self.__dict__:
            raise AttributeError(name)
        raise AttributeError(
            f"{self} has no '{name}': it has writer() and reader(), the ends of the pipe, which have its steps; "
            "give each partition its end"
        )

    @builtin
    def writer(self, *, _target: Target) -> writer:
        """The end that fills slots. One partition may use it."""
        return writer(endpoint_type(self.type, None, tuple(self.type.fields)), self)

    @builtin
    def reader(
        self, name: str | None = None, fields: Sequence[str] | None = None, releases: bool = True, *, _target: Target
    ) -> reader:
        """An end that reads slots. Each reader is used by one partition.

        Args:
            name: one of the pipe's readers; may be left out if there is one only.
            fields: names of the fields that its slots show; None for all.
            releases: False if this reader never releases: a promise that whatever lets the writer overwrite a slot (the
                other readers' releases; where there are none, what the writer itself waits for) comes behind an
                arrival by which this reader's partition has said, after reading the slot, that it is done. The writer
                then waits for the others only. The interpreter checks it for the order in which it runs partitions.

        Raises:
            ValueError: the pipe has no such reader or field, or several readers and `name` is left out.
        """
        where = f"reader of {self}"
        name, fields = unwrap(name), unwrap(fields)
        releases = static_bool(where, "releases", releases)
        if name is None and len(self.type.readers) == 1:
            name = self.type.readers[0]
        if name not in self.type.readers:
            raise ValueError(f"{where}: name is {name!r}, but the pipe's readers are {list(self.type.readers)}")
        fields = tuple(self.type.fields) if fields is None else (fields,) if isinstance(fields, str) else fields
        for field in fields:
            if field not in self.type.fields:
                raise ValueError(f"{where}: fields has {field!r}, but the pipe's fields are {list(self.type.fields)}")
        if self.state is not None and not releases:
            self.state.implied.add(name)
        return reader(endpoint_type(self.type, name, fields, releases), self)


class endpoint_type(core.base_type):
    """Type of one end of a pipe: its writer if `reader` is None."""

    def __init__(self, pipe: pipe_type, reader: str | None, fields: tuple[str, ...], releases: bool = True):
        self.pipe = pipe
        self.reader = reader
        self.fields = fields
        self.releases = releases

    def __eq__(self, other) -> bool:
        return type(other) is type(self) and self.mangle() == other.mangle()

    def __hash__(self) -> int:
        return hash(self.mangle())

    def __str__(self) -> str:
        return f"{'writer' if self.reader is None else f'reader {self.reader!r}'} of {self.pipe}"

    __repr__ = __str__

    def mangle(self) -> str:
        releases = "" if self.releases else "_implied"
        return f"END{self.reader or ''}_{'_'.join(self.fields)}{releases}_{self.pipe.mangle()}"

    def _flatten_ir_types(self, builder, out) -> None:
        self.pipe._flatten_ir_types(builder, out)

    def _unflatten_ir(self, handles, cursor):
        value, cursor = self.pipe._unflatten_ir(handles, cursor)
        return (writer if self.reader is None else reader)(self, value), cursor


class endpoint(core.base_value):
    """One end of a pipe."""

    STEPS: tuple[str, ...] = ()

    def __init__(self, type: endpoint_type, pipe: pipe_value):
        """Not called by kernels."""
        self.type = type
        self.pipe = pipe

    def _flatten_ir(self, handles) -> None:
        self.pipe._flatten_ir(handles)

    def __str__(self) -> str:
        return str(self.type)

    __repr__ = __str__

    def __getattr__(self, name: str):
        if name.startswith("__") or "type" not in self.__dict__:
            raise AttributeError(name)
        raise AttributeError(f"the {self} has no '{name}'; its steps are {', '.join(self.STEPS)}")

    def _place(self, target, step: str) -> str:
        """What messages call a step, which has to be one of a partition."""
        where = f"{step} of the {self}"
        if not target.in_partition:
            raise ValueError(
                f"{where}: called outside of a partition, but a pipe connects partitions of "
                "tle.gpu.warp_specialize: give it the endpoint as an argument"
            )
        return where

    def _step(self, target, step: str, index: Any) -> int | tl.tensor:
        """Carries out one step; gives the index of the tile."""
        where = self._place(target, step)
        index = _tile_index(target, where, index)
        if self.type.pipe.one_shot and isinstance(index, int) and index >= self.type.pipe.num_slots:
            raise ValueError(
                f"{where}: index is {index}, but the pipe is one-shot and has "
                f"{self.type.pipe.num_slots} slots, each filled once"
            )
        target.pipe_step(self.pipe, step, index, self.type.reader, self.type.releases)
        return index

    def _slot(self, target, index: int | tl.tensor) -> slot:
        number = self.type.pipe.num_slots
        if isinstance(index, int):
            position = index % number
        else:
            position = target.slot_of_tile(index, number)
        values = {name: index_slot(target, self.pipe.fields[name], (position,)) for name in self.type.fields}
        return slot(slot_type({name: value.type for name, value in values.items()}), values)


class writer(endpoint):
    """The end of a pipe that fills slots."""

    STEPS = ("acquire", "commit", "close")

    @builtin
    def acquire(self, index: int | tl.tensor, *, _target: Target) -> slot:
        """Waits until tile `index` may be written: each reader has released the tile that lay in its slot.

        Args:
            index: number of the tile, counted from 0 over all that goes through the pipe: a non-negative integer or
                scalar i32 tensor.

        Returns:
            The slot, with the pipe's fields as attributes.

        Raises:
            TypeError: `index` is no integer.
            ValueError: it is negative, beyond the slots of a one-shot pipe, or the call is outside of a partition.
        """
        return self._slot(_target, self._step(_target, "acquire", index))

    @builtin
    def commit(self, index: int | tl.tensor, *, _target: Target) -> None:
        """Hands tile `index` to the readers: all that this partition has stored, and its asynchronous copies once
        they have ended. Does not wait for them.

        Raises: as `acquire`.
        """
        self._step(_target, "commit", index)

    @builtin
    def close(self, count: int | tl.tensor, *, _target: Target) -> None:
        """Says that `count` tiles have been committed and no more will be; waits until all are released.

        Raises: as `acquire`.
        """
        count = _tile_index(_target, self._place(_target, "close"), count)
        if _target.interpreted or not self.type.pipe.one_shot:
            _target.pipe_close(self.pipe, count)


class reader(endpoint):
    """An end of a pipe that reads slots."""

    STEPS = ("wait", "release")

    @builtin
    def wait(self, index: int | tl.tensor, *, _target: Target) -> slot:
        """Waits until tile `index` has been committed.

        Returns:
            The slot, with this reader's fields as attributes.

        Raises: as `writer.acquire`.
        """
        return self._slot(_target, self._step(_target, "wait", index))

    @builtin
    def release(self, index: int | tl.tensor, *, _target: Target) -> None:
        """Gives tile `index` back: this reader has read it, products included.

        Raises:
            ValueError: this reader does not release.
            TypeError, ValueError: as `writer.acquire`.
        """
        if not self.type.releases:
            raise ValueError(f"release of the {self}: it was made with releases=False, so others release its tiles")
        self._step(_target, "release", index)


class slot_type(core.base_type):
    """Type of one slot of a pipe."""

    def __init__(self, fields: dict[str, buffer_type]):
        self.fields = fields

    def __eq__(self, other) -> bool:
        return type(other) is type(self) and self.mangle() == other.mangle()

    def __hash__(self) -> int:
        return hash(self.mangle())

    def __str__(self) -> str:
        return f"slot with {', '.join(self.fields)}"

    __repr__ = __str__

    def mangle(self) -> str:
        return "SLOT" + "".join(f"{name}_{type.mangle()}" for name, type in self.fields.items()) + "E"

    def _flatten_ir_types(self, builder, out) -> None:
        for type in self.fields.values():
            type._flatten_ir_types(builder, out)

    def _unflatten_ir(self, handles, cursor):
        values = {}
        for name, type in self.fields.items():
            values[name], cursor = type._unflatten_ir(handles, cursor)
        return slot(self, values), cursor


class slot(core.base_value):
    """One slot of a pipe: its fields are attributes, each a buffer."""

    def __init__(self, type: slot_type, fields: dict[str, buffer]):
        """Not called by kernels."""
        self.type = type
        self.fields = fields

    def _flatten_ir(self, handles) -> None:
        for value in self.fields.values():
            value._flatten_ir(handles)

    def __getattr__(self, name: str) -> buffer:
        fields = self.__dict__.get("fields", {})
        if name in fields:
            return fields[name]
        raise AttributeError(f"the slot has no field '{name}'; its fields are {list(fields)}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in RESERVED_FIELDS:
            raise AttributeError(
                f"the slot's '{name}' cannot be assigned to: fields are buffers, into which slot.field.store(value), "
                "tle.gpu.async_copy and tle.gpu.copy write"
            )
        super().__setattr__(name, value)


# Names that a slot needs for itself.
RESERVED_FIELDS = frozenset({"type", "fields"})


@builtin
def pipe(
    readers: Sequence[str] | str = DEFAULT_READER,
    one_shot: bool = False,
    name: str = "pipe",
    *,
    _target: Target,
    **fields: buffer,
) -> pipe_value:
    """Makes a pipe of buffers whose first dimension is the slot.

    Args:
        readers: names of the readers. A slot is free again when each of them has released it.
        one_shot: each slot is filled once only: nobody waits for a slot to be free, and nothing need be released.
        name: what messages call the pipe.
        fields: buffers with one slot dimension, all of the same extent; slots show them under these names.

    Returns:
        The pipe, which gives its ends by ``pipe.writer()`` and ``pipe.reader(name)``.

    Raises:
        TypeError: a field is no buffer, or another argument is of the wrong kind.
        ValueError: there is no field, one has no slot dimension or two, their numbers of slots differ, a reader is
            named twice or none is, or the call stands inside of a partition.
    """
    where = "tle.pipe"
    if _target.in_partition:
        raise ValueError(
            f"{where}: called inside of a partition, but a pipe connects partitions: make it before "
            "tle.gpu.warp_specialize and give its ends to them as arguments"
        )
    name, readers = unwrap(name), unwrap(readers)
    one_shot = static_bool(where, "one_shot", one_shot)
    readers = (readers,) if isinstance(readers, str) else readers
    for argument, value in (("name", name), *((f"readers[{i}]", value) for i, value in enumerate(readers))):
        if not isinstance(value, str) or not value.isidentifier():
            raise TypeError(f"{where}: {argument} is {describe(value)}, but must be a name such as 'consumer'")
    if not readers or len(set(readers)) != len(readers):
        raise ValueError(f"{where}: readers is {list(readers)}, but must name each reader once, and one at least")
    if not fields:
        raise ValueError(f"{where}: there are no fields: give buffers by name, as in tle.pipe(tile=buffer)")
    counts = {}
    for field, value in fields.items():
        value = require_buffer(where, field, value)
        if field in RESERVED_FIELDS:
            raise ValueError(f"{where}: a field cannot be called '{field}'")
        if len(value.type.slots) != 1:
            raise ValueError(
                f"{where}: field '{field}' is the {value}, which has {len(value.type.slots)} slot dimensions, but "
                "needs one in front of its tile, as in tle.gpu.alloc([slots, 64, 64], dtype)"
            )
        counts[field] = value.type.slots[0]
    if len(set(counts.values())) != 1:
        listed = ", ".join(f"'{field}' {count}" for field, count in counts.items())
        raise ValueError(f"{where}: the fields have different numbers of slots: {listed}")
    return _target.pipe_create(name, dict(fields), tuple(readers), one_shot)


def _tile_index(target, where: str, index: Any) -> int | tl.tensor:
    """The number of a tile as an integer where it is known, else a scalar i32 tensor."""
    index = strip(index)
    if isinstance(index, tl.tensor) and not index.type.is_block() and index.dtype.is_int():
        known = target.known_value(index)
        if known is None:
            return target.semantic.cast(index, tl.int32)
        index = known
    if isinstance(index, bool) or not isinstance(index, int):
        raise TypeError(f"{where}: index is {describe(index)}, but must be an integer or a scalar integer tensor")
    if index < 0:
        raise ValueError(f"{where}: index is {index}, but tiles are counted from 0 on")
    return index
