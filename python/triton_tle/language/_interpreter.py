"""Carries TLE's builtins out on the CPU, inside of Triton's interpreter (TRITON_INTERPRET=1).

Buffers live in numpy storage at real addresses, so that stock's `tl.load`, `tl.store` and `tl.atomic_*` work on what
`local_ptr` gives. Unlike memory on a GPU, a fresh buffer holds NaN (0x7f bytes for integers), an access outside of a
buffer is an error, and an async copy arrives no sooner than the wait for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import triton.language as tl
from triton.runtime.interpreter import TensorHandle, _get_np_dtype, interpreter_builder, interpreter_semantic

from ._builtin import shape_text
from ._emit import SHARED_MEMORY_KIB
from ._interpreter_partitions import MeetingPoint, PipeState, Scheduler, Task
from ._pipes import pipe_type, pipe_value
from .gpu.types import buffer, buffer_type, materialize, pointers_value

CHUNK_BYTES = 1 << 20
ALIGNMENT = 1024
# Behind each buffer lies a zone that no access may touch; indices out of range point there.
GUARD_BYTES = 1024


@dataclass(eq=False)
class Storage:
    """Memory of one buffer."""

    address: int
    size: int
    bytes: np.ndarray
    type: buffer_type
    origin: str

    @property
    def trap(self) -> int:
        """An address that no access may touch."""
        return self.address + self.size + GUARD_BYTES // 2

    def describe(self) -> str:
        return f"buffer {self._name()}{shape_text(self.type.element_ty, self.type.shape)} (allocated at {self.origin})"

    def _name(self) -> str:
        """The name that a kernel on the stack has given the buffer, and a space."""
        frame = sys._getframe(1)
        while frame is not None:
            for name, value in frame.f_locals.items():
                if not _is_ours(frame) and isinstance(value, buffer) and value.handle.storage is self:
                    return f"'{name}' "
            frame = frame.f_back
        return ""


@dataclass(frozen=True, eq=False)
class Window:
    """Part of a storage: the handle of an interpreted buffer. Offset and strides count elements."""

    storage: Storage
    offset: int
    strides: tuple[int, ...]

    def array(self, type: buffer_type) -> np.ndarray:
        """The elements of a buffer of this handle, writable."""
        dtype = _get_np_dtype(type.element_ty)
        strides = [stride * dtype.itemsize for stride in self.strides]
        offset = self.offset * dtype.itemsize
        return np.ndarray(type.memdesc_shape, dtype, self.storage.bytes.data, offset, strides)


class Chunk:
    """Memory that the storages of a program are cut from, in ascending order."""

    def __init__(self, size: int):
        self.bytes = np.empty(size + ALIGNMENT, dtype=np.uint8)
        self.begin = self.bytes.ctypes.data
        self.end = self.begin + size + ALIGNMENT
        self.clear()

    def clear(self) -> None:
        self.next = -(-self.begin // ALIGNMENT) * ALIGNMENT
        self.starts: list[int] = []
        self.storages: list[Storage] = []

    def room(self) -> int:
        return self.end - self.next

    def find_stray(self, addresses: np.ndarray, item_bytes: int) -> Storage | None:
        """The storage next to an access that lies in none, or None if all accesses are in order."""
        owners = np.searchsorted(np.array(self.starts, dtype=np.uint64), addresses, side="right") - 1
        ends = np.array([storage.address + storage.size for storage in self.storages], dtype=np.uint64)
        stray = (owners < 0) | (addresses + np.uint64(item_bytes) > ends[owners])
        return self.storages[max(int(owners[stray][0]), 0)] if stray.any() else None

    def take(self, size: int, type: buffer_type, origin: str) -> Storage:
        offset = self.next - self.begin
        storage = Storage(self.next, size, self.bytes[offset : offset + size], type, origin)
        self.starts.append(self.next)
        self.storages.append(storage)
        self.next += -(-(size + GUARD_BYTES) // ALIGNMENT) * ALIGNMENT
        return storage


class Program:
    """What one program instance of an interpreted kernel has in shared memory and under way."""

    def __init__(self):
        self.chunks: list[Chunk] = []
        self.instance: object = None
        self.clear()

    def clear(self) -> None:
        for chunk in self.chunks:
            chunk.clear()
        self.open_group: list[Callable[[], None]] = []
        self.groups: list[list[Callable[[], None]]] = []
        self.scheduler: Scheduler | None = None
        # By the address of a field: the pipe that it belongs to.
        self.pipes: dict[int, PipeState] = {}
        self.barriers: dict[str, MeetingPoint] = {}

    def enter(self) -> None:
        """Forgets all of the previous program instance; the interpreter makes a new index tuple for each."""
        if interpreter_builder.grid_idx is not self.instance:
            self.instance = interpreter_builder.grid_idx
            self.clear()

    def allocate(self, type: buffer_type) -> Storage:
        dtype = _get_np_dtype(type.element_ty)
        size = int(np.prod(type.memdesc_shape)) * dtype.itemsize
        needed = -(-(size + GUARD_BYTES) // ALIGNMENT) * ALIGNMENT
        chunk = next((chunk for chunk in self.chunks if chunk.room() >= needed), None)
        if chunk is None:
            chunk = Chunk(max(CHUNK_BYTES, needed))
            self.chunks.append(chunk)
        storage = chunk.take(size, type, _caller())
        poison(storage.bytes.view(dtype), type.element_ty)
        return storage

    def check(self, addresses: np.ndarray, mask: np.ndarray | None, item_bytes: int) -> None:
        """Checks the addresses of an access.

        Raises:
            IndexError: one lies between buffers.
        """
        for chunk in self.chunks:
            if not chunk.starts:
                continue
            inside = (addresses >= chunk.begin) & (addresses < chunk.end)
            if mask is not None:
                inside = inside & np.broadcast_to(mask, addresses.shape)
            if not inside.any():
                continue
            stray = chunk.find_stray(addresses[inside], item_bytes)
            if stray is not None:
                raise IndexError(f"access outside of {stray.describe()}")


def poison(array: np.ndarray, dtype: tl.dtype) -> None:
    """Fills `array`, elements of `dtype` as the interpreter keeps them, with NaN or 0x7f bytes."""
    if dtype.is_floating() and array.dtype.kind == "f":
        array[...] = np.nan
    elif dtype.is_bf16():
        array[...] = 0x7FC0
    else:
        array[...] = int.from_bytes(b"\x7f" * array.dtype.itemsize, "little")


def _is_ours(frame) -> bool:
    """Whether a stack frame belongs to Triton or to TLE, not to a kernel."""
    return frame.f_globals.get("__name__", "").startswith(("triton.", "triton_tle.language"))


def _caller() -> str:
    """Source file and line of the kernel that is calling TLE."""
    frame = sys._getframe(1)
    while frame is not None and _is_ours(frame):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else "an unknown place"


PROGRAM = Program()


def _guard_accesses() -> None:
    """Has the interpreter check its accesses to memory against the buffers of the running program."""
    builder = interpreter_builder
    load, store = builder.create_masked_load, builder.create_masked_store
    rmw, cas = builder.create_atomic_rmw, builder.create_atomic_cas

    def check(pointers, mask):
        item_bytes = max(1, pointers.get_element_ty().primitive_bitwidth // 8)
        PROGRAM.check(pointers.data, None if mask is None else np.asarray(getattr(mask, "data", mask)), item_bytes)

    def create_masked_load(ptrs, mask, *rest, **options):
        check(ptrs, mask)
        return load(ptrs, mask, *rest, **options)

    def create_masked_store(ptrs, value, mask, *rest, **options):
        check(ptrs, mask)
        return store(ptrs, value, mask, *rest, **options)

    def create_atomic_rmw(op, ptr, val, mask, *rest):
        check(ptr, mask)
        return rmw(op, ptr, val, mask, *rest)

    def create_atomic_cas(ptr, *rest):
        check(ptr, None)
        return cas(ptr, *rest)

    builder.create_masked_load, builder.create_masked_store = create_masked_load, create_masked_store
    builder.create_atomic_rmw, builder.create_atomic_cas = create_atomic_rmw, create_atomic_cas


class InterpreterTarget:
    """One builtin's access to the program that the interpreter runs; the counterpart of `IRTarget`."""

    interpreted = True
    semantic = interpreter_semantic
    options = interpreter_builder.options
    capability = None
    _instance: InterpreterTarget | None = None

    @classmethod
    def current(cls) -> InterpreterTarget:
        """The target, with what belonged to an earlier program instance dropped."""
        if cls._instance is None:
            _guard_accesses()
            cls._instance = cls()
        PROGRAM.enter()
        return cls._instance

    def shared_memory_limit(self) -> tuple[int, str]:
        """Bytes of shared memory of a CTA, and the name of the target that has them."""
        return max(SHARED_MEMORY_KIB.values()) * 1024, "the interpreter, as the largest GPU,"

    def known_value(self, value: tl.tensor) -> int | None:
        """The value of a scalar tensor."""
        return int(value.handle.data.item())

    # Shared memory.

    def local_alloc(self, type: buffer_type) -> buffer:
        storage = PROGRAM.allocate(type)
        shape = type.memdesc_shape
        strides = tuple(int(np.prod(shape[i + 1 :])) for i in range(len(shape)))
        return buffer(Window(storage, 0, strides), type)

    def memdesc_index(self, source: buffer, slot: int, type: buffer_type) -> buffer:
        window = source.handle
        offset = window.offset + slot * window.strides[0]
        return buffer(Window(window.storage, offset, window.strides[1:]), type)

    def memdesc_subslice(self, source: buffer, offsets: Sequence[int], type: buffer_type) -> buffer:
        window = source.handle
        offset = window.offset + sum(start * stride for start, stride in zip(offsets, window.strides, strict=True))
        return buffer(Window(window.storage, offset, window.strides), type)

    def memdesc_trans(self, source: buffer, order: Sequence[int], type: buffer_type) -> buffer:
        window = source.handle
        return buffer(Window(window.storage, window.offset, tuple(window.strides[i] for i in order)), type)

    wgmma_view = memdesc_trans

    def _check_field(self, value: buffer, writes: bool = False) -> None:
        """Checks that the running partition may access a buffer, if that is a field of a pipe."""
        window = value.handle
        state = PROGRAM.pipes.get(window.storage.address)
        if state is None or not self.in_partition:
            return
        size = int(np.prod(window.storage.type.memdesc_shape[1:]))
        extents = zip(value.type.memdesc_shape, window.strides, strict=True)
        last = window.offset + sum((extent - 1) * stride for extent, stride in extents)
        slots = range(window.offset // size, last // size + 1)
        state.check_access(PROGRAM.scheduler.current, slots, writes)

    def local_load(self, source: buffer) -> tl.tensor:
        self._check_field(source)
        data = source.handle.array(source.type).copy()
        return _tensor(data, source.dtype)

    def local_store(self, target: buffer, value: tl.tensor) -> None:
        self._check_field(target, writes=True)
        target.handle.array(target.type)[...] = value.handle.data

    def local_pointers(self, source: buffer, indices: Sequence[tl.tensor], type: tl.dtype) -> tl.tensor:
        window, shape = source.handle, source.type.memdesc_shape
        if indices:
            positions = [index.handle.data.astype(np.int64) for index in indices]
        else:
            positions = list(np.indices(shape, dtype=np.int64))
        inside = np.ones(positions[0].shape, dtype=bool)
        element = np.full(positions[0].shape, window.offset, dtype=np.int64)
        for position, extent, stride in zip(positions, shape, window.strides, strict=True):
            inside &= (position >= 0) & (position < extent)
            element += position * stride
        itemsize = _get_np_dtype(source.dtype).itemsize
        address = window.storage.address + element * itemsize
        data = np.where(inside, address, window.storage.trap).astype(np.uint64)
        return pointers_value(TensorHandle(data, type.scalar), type)

    def hold_in_registers(self, value: tl.tensor) -> tl.tensor:
        return value

    def wgmma_operand_fence(self, operands: Sequence[buffer]) -> None:
        """Programs run one after another here: all is in order."""

    def barrier(self) -> None:
        """Programs run one after another here: all is in order."""

    def named_barrier_state(self, name: str) -> MeetingPoint:
        return PROGRAM.barriers.setdefault(name, MeetingPoint(name))

    def named_barrier_wait(self, barrier) -> None:
        scheduler = PROGRAM.scheduler
        barrier.state.arrive(scheduler, barrier.type.partitions, _caller())

    # Partitions and pipes.

    @property
    def in_partition(self) -> bool:
        """Whether a partition is running."""
        return PROGRAM.scheduler is not None

    def warp_specialize(self, partitions, warps: Sequence[int], registers: Sequence[int] | None) -> None:
        def body(function, arguments):
            result = function(*arguments)
            if result is not None:
                raise ValueError(
                    f"tle.gpu.warp_specialize: '{function.fn.__name__}' returns {result}, but a partition returns "
                    "nothing; leave results in a buffer"
                )

        tasks = [
            Task(number, function.fn.__name__, partial(body, function, arguments))
            for number, (function, arguments) in enumerate(partitions)
        ]
        for barrier in PROGRAM.barriers.values():
            barrier.arrivals.clear()
        PROGRAM.scheduler = Scheduler(tasks, PROGRAM)
        try:
            PROGRAM.scheduler.run()
        finally:
            PROGRAM.scheduler = None

    def pipe_create(self, name: str, fields: dict[str, buffer], readers: tuple[str, ...], one_shot: bool) -> pipe_value:
        fields = {field: materialize(self, value) for field, value in fields.items()}
        type = pipe_type(name, {field: value.type for field, value in fields.items()}, None, readers, one_shot)
        state = PipeState(name, type.num_slots, readers, one_shot, _caller)
        own = set()
        for field, value in fields.items():
            address = value.handle.storage.address
            if address in own:
                raise ValueError(f"tle.pipe: field '{field}' is the buffer of another field of pipe '{name}'")
            own.add(address)
            before = PROGRAM.pipes.get(address)
            # In a loop the same pipe is made again.
            if before is not None and before.origin != state.origin:
                other = f"pipe '{before.name}'"
                raise ValueError(f"tle.pipe: field '{field}' of pipe '{name}' is a field of {other} already")
            PROGRAM.pipes[address] = state
        return pipe_value(type, None, fields, state)

    def pipe_step(self, pipe: pipe_value, step: str, index: int, reader: str | None, releases: bool) -> None:
        state, scheduler, where = pipe.state, PROGRAM.scheduler, _caller()
        state.claim(reader, scheduler.current)
        if step == "acquire":
            state.check_acquire(index)
            scheduler.block(
                lambda: state.is_free(index),
                lambda: f"for pipe '{state.name}' to be free for tile {index}, {_released(state)}, at {where}",
            )
            state.check_implied(step, index, index - state.slots)
            state.acquired += 1
            self._poison_slot(pipe, index)
        elif step == "commit":
            state.check_commit(index)
            # The readers' wait covers the copies of this partition.
            self.async_commit()
            self.async_wait(0)
            state.committed += 1
            state.contents[index] = [part.copy() for part in self._slot_bytes(pipe, index)]
        elif step == "wait":
            state.check_wait(reader, index)
            scheduler.block(
                lambda: state.closed or index < state.committed,
                lambda: f"for tile {index} of pipe '{state.name}', {state.committed} committed, at {where}",
            )
            state.check_wait(reader, index)
            committed = state.contents.pop(index, None)
            if committed is not None and not all(map(np.array_equal, committed, self._slot_bytes(pipe, index))):
                state.fail("wait", index, "its slot has been written to after its commit")
            state.waited[reader] = max(state.waited[reader], index + 1)
        else:
            state.check_release(reader, index)
            state.released[reader].add(index)
            if state.is_released(index):
                state.check_implied(step, index, index)
                self._poison_slot(pipe, index)

    def pipe_close(self, pipe: pipe_value, count: int) -> None:
        state, scheduler, where = pipe.state, PROGRAM.scheduler, _caller()
        state.claim(None, scheduler.current)
        state.check_close(count)
        state.closed = True
        if not state.one_shot:
            scheduler.block(
                lambda: all(state.is_free(count + slot) for slot in range(state.slots)),
                lambda: f"for the last tiles of pipe '{state.name}' to be released, {_released(state)}, at {where}",
            )

    @staticmethod
    def _slot_bytes(pipe: pipe_value, index: int) -> list[np.ndarray]:
        """The memory of a tile's slot, field by field."""
        slots = (value.handle.array(value.type)[index % pipe.type.num_slots] for value in pipe.fields.values())
        return [np.ascontiguousarray(array).view(np.uint8) for array in slots]

    @staticmethod
    def _poison_slot(pipe: pipe_value, index: int) -> None:
        for value in pipe.fields.values():
            poison(value.handle.array(value.type)[index % pipe.type.num_slots], value.dtype)

    # Async copies.

    def async_copy(self, pointers: tl.tensor, target: buffer, mask: tl.tensor | None, eviction_policy: str) -> None:
        self._check_field(target, writes=True)
        array = target.handle.array(target.type)
        poison(array, target.dtype)
        other = None if mask is None else self.semantic.full(list(target.type.shape), 0, target.dtype)

        def arrive():
            value = self.semantic.load(pointers, mask, other, (), "", "", "", False)
            array[...] = value.handle.data

        PROGRAM.open_group.append(arrive)

    def copy_block(self, target: buffer, descriptor, offsets: list) -> None:
        """The block of a descriptor goes into a buffer; into the slot of a pipe with the slot's commit."""
        state = PROGRAM.pipes.get(target.handle.storage.address)
        writes_slot = state is not None and self.in_partition and state.users.get(None) is PROGRAM.scheduler.current
        value = self.semantic.descriptor_load(descriptor, offsets, "", "")
        if not writes_slot:
            self.local_store(target, value)
            return
        self._check_field(target, writes=True)
        array = target.handle.array(target.type)
        poison(array, target.dtype)

        def arrive():
            array[...] = value.handle.data

        PROGRAM.open_group.append(arrive)

    def async_commit(self) -> None:
        PROGRAM.groups.append(PROGRAM.open_group)
        PROGRAM.open_group = []

    def async_wait(self, pending: int) -> None:
        while len(PROGRAM.groups) > pending:
            for arrive in PROGRAM.groups.pop(0):
                arrive()

    # Register tensors.

    def exclusive_cumsum(self, source: tl.tensor, axis: int, reverse: bool) -> tuple[tl.tensor, tl.tensor]:
        data = source.handle.data
        ordered = np.flip(data, axis) if reverse else data
        total = ordered.sum(axis=axis, dtype=data.dtype)
        before = np.cumsum(ordered, axis=axis, dtype=data.dtype).take(range(data.shape[axis] - 1), axis)
        first = np.zeros_like(ordered.take([0], axis))
        exclusive = np.concatenate([first, before], axis)
        if reverse:
            exclusive = np.flip(exclusive, axis)
        return _tensor(np.ascontiguousarray(exclusive), source.dtype), _tensor(np.asarray(total), source.dtype)

    def extract_tile(self, source: tl.tensor, indices: Sequence[int], tile_shape: Sequence[int]) -> tl.tensor:
        return _tensor(source.handle.data[_tile(indices, tile_shape)].copy(), source.dtype)

    def insert_tile(self, destination: tl.tensor, tile: tl.tensor, indices: Sequence[int]) -> tl.tensor:
        data = destination.handle.data.copy()
        data[_tile(indices, tile.handle.data.shape)] = tile.handle.data
        return _tensor(data, destination.dtype)


def _released(state: PipeState) -> str:
    """How many tiles each reader of a pipe has released, as messages say it."""
    return ", ".join(f"{len(tiles)} released by '{reader}'" for reader, tiles in state.released.items())


def _tile(indices: Sequence[int], tile_shape: Sequence[int]) -> tuple[slice, ...]:
    pairs = zip(indices, tile_shape, strict=True)
    return tuple(slice(index * extent, (index + 1) * extent) for index, extent in pairs)


def _tensor(data: np.ndarray, dtype: tl.dtype) -> tl.tensor:
    """`data` as a tensor of the interpreter, a scalar if it has no dimensions."""
    if data.ndim == 0:
        return tl.tensor(TensorHandle(data.reshape(1), dtype), dtype)
    return tl.tensor(TensorHandle(data, dtype), tl.block_type(dtype, list(data.shape)))
