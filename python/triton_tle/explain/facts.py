"""What is known of a divided kernel: partitions, pipes, buffers, and the steps of each partition in their order."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

#: Kinds of steps, in the order of the legend, with what each means.
KINDS = {
    "acquire": "writer waits until a slot is empty",
    "commit": "writer says that a slot is full",
    "wait": "reader waits until a slot is full, or anyone at another barrier",
    "release": "reader says that a slot is empty",
    "copy": "asynchronous copy into shared memory starts",
    "await": "wait for asynchronous copies",
    "product": "product on tensor cores starts",
    "finish": "wait for products",
    "read": "shared memory to registers",
    "write": "registers to shared memory",
    "load": "global memory to registers",
    "store": "registers to global memory",
    "atomic": "atomic operation",
    "barrier": "barrier of a partition's warps, or fence",
    "call": "call of a function, or start of partitions",
}

#: Classes of machine instructions, in the order of the columns.
CLASSES = ("mma", "copy", "shared", "global", "sync", "lanes", "mufu", "float")


@dataclass(frozen=True)
class Step:
    """One step: its kind (of ``KINDS``), what it is about, and where it is written ("file.py:12", or "").

    ``pipe`` is the name of a pipe for acquire, commit, wait and release, else None.
    """

    kind: str
    detail: str
    place: str = ""
    pipe: str | None = None


@dataclass(frozen=True)
class Nest:
    """Steps that belong together: a loop, or one side of a branch; ``kind`` is "loop", "if" or "else"."""

    kind: str
    detail: str
    place: str
    body: tuple[Step | Nest, ...]


@dataclass(frozen=True)
class Machine:
    """Machine code of a partition: bytes, instructions, and how many of each class (of ``CLASSES``, "other")."""

    bytes: int
    instructions: int
    mix: dict[str, int]


@dataclass(frozen=True)
class Partition:
    """Warps that run one function.

    ``registers`` for each thread: what the program asks for (None: nothing), ``given`` what setmaxnreg sets.
    """

    index: int
    name: str
    warps: int
    first_warp: int
    registers: int | None = None
    given: int | None = None
    steps: tuple[Step | Nest, ...] = ()
    machine: Machine | None = None

    @property
    def label(self) -> str:
        """Number and name."""
        return f"{self.index} {self.name}"


@dataclass(frozen=True)
class Buffer:
    """Bytes in shared memory.

    ``role``: "field" of a pipe, "barriers" of one, "buffer", or "scratch" (of an operation, or captured values), of
    which the compiler tells only where it begins: ``bytes`` is None. ``offset`` is -1 for a field that nothing reads or
    writes: it gets no bytes. ``tile`` is what one slot holds.
    """

    name: str
    role: str
    offset: int
    bytes: int | None
    slots: int
    tile: str
    place: str = ""


@dataclass(frozen=True)
class Pipe:
    """A pipe: fields (name in the pipe, name of the buffer), partitions at its ends, arrivals that its barriers count.

    ``name``: where several have one name, "pipe", "pipe #2", …, in the order in which they are made. ``barriers`` is
    the offset of its first mbarrier: one for each slot that says that it is full, then, unless the pipe is one-shot,
    one for each that it is empty.
    """

    name: str
    slots: int
    one_shot: bool
    fields: tuple[tuple[str, Buffer], ...]
    writer: int | None
    readers: tuple[tuple[str, int | None], ...]
    full: int
    empty: int
    barriers: int
    arrivals: str


@dataclass(frozen=True)
class Explanation:
    """All of it, for one variant of a kernel.

    ``shared`` and ``limit`` in bytes; ``registers`` is what a thread has at entry; ``before`` are the steps around
    the partitions.
    """

    kernel: str
    variant: str
    arch: str
    file: str
    warps: int
    registers: int
    shared: int
    limit: int
    partitions: tuple[Partition, ...]
    pipes: tuple[Pipe, ...]
    buffers: tuple[Buffer, ...]
    before: tuple[Step | Nest, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return dataclasses.asdict(self)


def flatten(steps: tuple[Step | Nest, ...]) -> Iterator[Step]:
    """The steps without their nests, in order."""
    for step in steps:
        if isinstance(step, Nest):
            yield from flatten(step.body)
        else:
            yield step


def size(count: int) -> str:
    """A number of bytes for people: "512 B", "32 KiB", "225.9 KiB"."""
    return f"{count} B" if count < 1024 else f"{count / 1024:.1f}".removesuffix(".0") + " KiB"
