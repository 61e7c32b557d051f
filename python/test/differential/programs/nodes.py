"""Statements of a program: memory and control. Those that make values of other values are in operations.py.

Each writes itself as TLE and as plain Triton, and evaluates itself.

`names` are the values it defines, `uses` those it reads. In the source, a tile's name is its value's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from . import rounding as r
from .rounding import Additions, DType, Number, Product

TLE, PLAIN = "tle", "plain"


@dataclass
class State:
    """What an evaluation knows: values by name, integers by name, memory by argument.

    `products` are dots among the values, `additions` atomic ones to memory.
    """

    values: dict[str, Number]
    integers: dict[str, int]
    memory: dict[str, Number]
    products: dict[str, Product] = field(default_factory=dict)
    additions: dict[str, Additions] = field(default_factory=dict)

    def integer(self, expression: str) -> int:
        return int(eval(expression, {"__builtins__": {}}, self.integers))  # noqa: S307


class Node:
    """A statement; subclasses are dataclasses."""

    names: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()

    def lines(self, form: str) -> list[str]:
        """Source lines of this statement in a form ("tle" or "plain")."""
        raise NotImplementedError

    def setup(self, form: str) -> list[str]:
        """Lines for the top of the kernel: buffers that are allocated once."""
        return []

    def run(self, state: State) -> None:
        """Evaluates the statement."""
        raise NotImplementedError


def walk(body: list[Node]) -> Iterator[Node]:
    """All statements, those of loops included."""
    for node in body:
        yield node
        if isinstance(node, (Loop, If)):
            yield from walk(node.body)


def span(extent: int, axis: int, rank: int = 2) -> str:
    """`tl.arange` along one axis of a tile."""
    if rank == 1:
        return f"tl.arange(0, {extent})"
    return f"tl.arange(0, {extent}){'[:, None]' if axis == 0 else '[None, :]'}"


@dataclass
class Load(Node):
    """Rows of an input, contiguous or gathered; in the TLE form by way of a shared buffer.

    `limit` masks rows from there on (an expression), `columns` masks columns; masked elements are `other`. The way
    "elements" reads the buffer element by element with the columns in reverse, and so does the plain form.
    """

    name: str
    source: str
    width: int
    dtype: DType
    shape: tuple[int, int]
    start: str
    first_column: int
    way: str
    indices: str | None = None
    limit: str | None = None
    columns: int | None = None
    other: float = 0.0
    hoisted: bool = True
    slot: str = "0"
    layout: str = ""

    WAYS = ("registers", "pointers", "methods", "copy", "async", "halves", "slots", "elements")

    def __post_init__(self):
        self.names = (self.name,)

    @property
    def buffer(self) -> str:
        return f"buffer_{self.name}"

    def setup(self, form):
        return self._allocation() if form == TLE and self.hoisted and self.way != "registers" else []

    def _allocation(self):
        rows, columns = self.shape
        extents = f"[3, {rows}, {columns}]" if self.way == "slots" else f"[{rows}, {columns}]"
        return [f"{self.buffer} = tle.gpu.alloc({extents}, {self.dtype.tl}{self.layout})"]

    def lines(self, form):
        rows, columns = self.shape
        line = [f"rows_{self.name} = {self.start} + tl.arange(0, {rows})"]
        index = f"rows_{self.name}"
        if self.indices is not None:
            line.append(f"ids_{self.name} = tl.load({self.indices} + rows_{self.name})")
            index = f"ids_{self.name}"
        column = span(columns, 1)
        if self.way == "elements" and form == PLAIN:
            column = f"({columns - 1} - {column})"
        offset = f" + {self.first_column}" if self.first_column else ""
        line.append(f"at_{self.name} = {self.source} + {index}[:, None] * {self.width} + {column}{offset}")
        masks = []
        if self.limit is not None:
            masks.append(f"(rows_{self.name} < {self.limit})[:, None]")
        if self.columns is not None:
            masks.append(f"({column} < {self.columns})")
        mask = " & ".join(masks)
        if len(masks) == 1:
            mask = f"tl.broadcast_to({mask}, [{rows}, {columns}])"
        masked = f", mask={mask}, other={self.other}" if masks else ""
        if form == PLAIN or self.way == "registers":
            return [*line, f"{self.name} = tl.load(at_{self.name}{masked})"]
        buffer = self.buffer
        if not self.hoisted:
            line += self._allocation()
        if self.way == "slots":
            line.append(f"view_{self.name} = {buffer}.index(({self.slot}) % 3)")
            buffer = f"view_{self.name}"
        everything = f"tle.gpu.local_ptr({buffer})"
        half = columns // 2
        parts = [
            f"tle.gpu.local_ptr({buffer}, ({span(rows, 0)}, {start}{span(half, 1)}))" for start in ("", f"{half} + ")
        ]
        elements = f"tle.gpu.local_ptr({buffer}, ({span(rows, 0)}, {columns - 1} - {span(columns, 1)}))"
        load = f"tl.load(at_{self.name}{masked})"
        read = f"{self.name} = tl.load({everything})"
        match self.way:
            case "copy":
                return [*line, f"tle.gpu.copy(at_{self.name}, {buffer}{masked})", read]
            case "async":
                start = f"tle.gpu.async_copy(at_{self.name}, {buffer}{masked})"
                line += [start, "tle.gpu.async_commit()", "tle.gpu.async_wait(0)"]
                return [*line, f"{self.name} = {buffer}.load()"]
            case "halves":
                for part, start in zip(parts, (0, half), strict=True):
                    pointers = f"{self.source} + {index}[:, None] * {self.width} + {span(half, 1)} + "
                    pointers += str(self.first_column + start)
                    line.append(f"tl.store({part}, tl.load({pointers}))")
                return [*line, read]
            case "elements":
                return [*line, f"tl.store({everything}, {load})", f"{self.name} = tl.load({elements})"]
            case "methods":
                return [*line, f"{buffer}.store({load})", f"{self.name} = {buffer}.load()"]
            case "pointers" | "slots":
                return [*line, f"tl.store({everything}, {load})", read]
        raise AssertionError(self.way)

    def run(self, state):
        rows = state.integer(self.start) + np.arange(self.shape[0])
        index = rows if self.indices is None else state.memory[self.indices].value[rows].astype(int)
        columns = self.first_column + np.arange(self.shape[1])
        tile = state.memory[self.source].map(lambda a: a.reshape(-1, self.width)[index][:, columns])
        keep = np.ones(self.shape, bool)
        if self.limit is not None:
            keep &= (rows < state.integer(self.limit))[:, None]
        if self.columns is not None:
            keep &= np.arange(self.shape[1]) < self.columns
        value = Number(np.where(keep, tile.value, self.other), np.where(keep, tile.error, 0.0))
        state.values[self.name] = value.map(lambda a: a[:, ::-1]) if self.way == "elements" else value


@dataclass
class Reload(Node):
    """A second reading of a load's buffer, transposed if asked; the plain form takes the value that it has."""

    name: str
    load: Load
    transposed: bool
    by_pointers: bool

    def __post_init__(self):
        self.names, self.uses = (self.name,), (self.load.name,)

    def lines(self, form):
        source = self.load
        if form == PLAIN or source.way in ("registers", "elements"):
            return [f"{self.name} = tl.trans({source.name})" if self.transposed else f"{self.name} = {source.name}"]
        buffer = f"view_{source.name}" if source.way == "slots" else source.buffer
        if self.by_pointers:
            value = f"tl.load(tle.gpu.local_ptr({buffer}))"
            return [f"{self.name} = tl.trans({value})" if self.transposed else f"{self.name} = {value}"]
        return [f"{self.name} = {buffer}{'.T' if self.transposed else ''}.load()"]

    def run(self, state):
        state.values[self.name] = state.values[self.load.name].map(lambda a: a.T if self.transposed else a)


@dataclass
class Histogram(Node):
    """How many of some indices fall into each of `bins` (their value modulo `bins`), counted in shared memory."""

    name: str
    indices: str
    start: str
    count: int
    bins: int
    limit: int

    def __post_init__(self):
        self.names = (self.name,)

    def setup(self, form):
        return [f"buffer_{self.name} = tle.gpu.alloc([{self.bins}], tl.int32)"] if form == TLE else []

    def lines(self, form):
        where = f"tl.arange(0, {self.count})"
        lines = [f"bins_{self.name} = tl.load({self.indices} + {self.start} + {where}) & {self.bins - 1}"]
        if form == PLAIN:
            hits = f"(bins_{self.name}[:, None] == tl.arange(0, {self.bins})[None, :])"
            return [*lines, f"{self.name} = tl.sum(({hits} & ({where} < {self.limit})[:, None]).to(tl.int32), 0)"]
        pointers = f"tle.gpu.local_ptr(buffer_{self.name}, (bins_{self.name},))"
        return [
            *lines,
            f"buffer_{self.name}.store(0)",
            f"tl.atomic_add({pointers}, 1, mask={where} < {self.limit})",
            f"{self.name} = buffer_{self.name}.load()",
        ]

    def run(self, state):
        at = state.integer(self.start) + np.arange(min(self.count, self.limit))
        bins = state.memory[self.indices].value[at].astype(np.int64) & (self.bins - 1)
        state.values[self.name] = r.exact(np.bincount(bins, minlength=self.bins))


@dataclass
class Fill(Node):
    """A tile of one number: what a loop carries begins so."""

    name: str
    value: float
    shape: tuple[int, ...]
    dtype: DType

    def __post_init__(self):
        self.names = (self.name,)

    def lines(self, form):
        return [f"{self.name} = tl.full({list(self.shape)}, {self.value}, {self.dtype.tl})"]

    def run(self, state):
        state.values[self.name] = r.exact(np.full(self.shape, self.value))


@dataclass
class Store(Node):
    """A tile or vector goes to an output at an expression's place, or is added there atomically."""

    out: str
    x: str
    shape: tuple[int, ...]
    dtype: DType
    slot: str = "pid"
    atomic: bool = False
    limit: int | None = None

    def __post_init__(self):
        self.uses = (self.x,)

    def lines(self, form):
        size = int(np.prod(self.shape))
        if len(self.shape) == 2:
            at = f"{span(self.shape[0], 0)} * {self.shape[1]} + {span(self.shape[1], 1)}"
        else:
            at = f"tl.arange(0, {size})"
        mask = f", mask={at} < {self.limit}" if self.limit is not None else ""
        call = "tl.atomic_add" if self.atomic else "tl.store"
        return [f"{call}({self.out} + ({self.slot}) * {size} + {at}, {self.x}{mask})"]

    def run(self, state):
        size = int(np.prod(self.shape))
        base = state.integer(self.slot) * size
        memory, x = state.memory[self.out], state.values[self.x].map(np.ravel)
        part = slice(base, base + (size if self.limit is None else self.limit))
        x = x.map(lambda a: a[: part.stop - part.start])
        if self.atomic:
            state.additions.setdefault(self.out, Additions.to(memory)).add(part, x)
            memory.value[part] += x.value
            memory.error[part] += x.error
        else:
            x = r.rounded(x, self.dtype)
            memory.value[part], memory.error[part] = x.value, x.error


@dataclass
class If(Node):
    """Statements under a condition on integers; they may change what is carried."""

    condition: str
    body: list[Node]

    def lines(self, form):
        return [f"if {self.condition}:", *indented(self.body, form)]

    def run(self, state):
        if state.integer(self.condition):
            for node in self.body:
                node.run(state)


@dataclass
class Loop(Node):
    """A loop; `stages` is None for Python's range. The plain form has `tl.range` where TLE has `tle.pipeline`."""

    variable: str
    bounds: tuple[str, str, str]
    stages: int | None
    pipeline: bool
    body: list[Node] = field(default_factory=list)

    def lines(self, form):
        bounds = ", ".join(self.bounds)
        if self.stages is None:
            head = f"range({bounds})"
        else:
            call = "tle.pipeline" if self.pipeline and form == TLE else "tl.range"
            head = f"{call}({bounds}, num_stages={self.stages})"
        return [f"for {self.variable} in {head}:", *indented(self.body, form)]

    def run(self, state):
        for i in range(*(state.integer(bound) for bound in self.bounds)):
            state.integers[self.variable] = i
            for node in self.body:
                node.run(state)


def indented(body: list[Node], form: str) -> list[str]:
    """The lines of a block."""
    return ["    " + line for node in body for line in node.lines(form)] or ["    pass"]
