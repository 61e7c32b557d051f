"""Statements that make values of other values: arithmetic, products, sums, parts of tiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import rounding as r
from .nodes import PLAIN, TLE, Node, span
from .rounding import DType, Number


@dataclass
class Cast(Node):
    """Conversion of elements."""

    name: str
    x: str
    dtype: DType

    def __post_init__(self):
        self.names, self.uses = (self.name,), (self.x,)

    def lines(self, form):
        return [f"{self.name} = {self.x}.to({self.dtype.tl})"]

    def run(self, state):
        state.values[self.name] = r.rounded(state.values[self.x], self.dtype)


@dataclass
class Shrink(Node):
    """Integers in fp32 of any size become integers between -3 and 4."""

    name: str
    x: str

    def __post_init__(self):
        self.names, self.uses = (self.name,), (self.x,)

    def lines(self, form):
        return [f"{self.name} = (({self.x}.to(tl.int32) & 7) - 3).to(tl.float32)"]

    def run(self, state):
        x = state.values[self.x]
        assert not x.error.any(), f"{self.x} is not exact"
        state.values[self.name] = r.exact((x.value.astype(np.int64) & 7) - 3)


@dataclass
class Binary(Node):
    """An elementwise operation of two tiles; `column` marks a second operand that is a vector, one value a row."""

    name: str
    op: str
    x: str
    y: str
    dtype: DType
    column: bool = False

    SOURCE = {"add": "{} + {}", "sub": "{} - {}", "mul": "{} * {}", "max": "tl.maximum({}, {})"}

    def __post_init__(self):
        self.names, self.uses = (self.name,), (self.x, self.y)

    def lines(self, form):
        return [f"{self.name} = {self.SOURCE[self.op].format(self.x, self.y + '[:, None]' * self.column)}"]

    def run(self, state):
        x, y = state.values[self.x], state.values[self.y]
        if self.column:
            y = y.map(lambda a: a[:, None])
        match self.op:
            case "add" | "sub":
                value = r.add(x, y, self.dtype, 1 if self.op == "add" else -1)
            case "mul":
                value = r.multiply(x, y, self.dtype)
            case "max":
                value = r.maximum(x, y)
        if self.op == "add":
            for name, other in ((self.x, y), (self.y, x)):
                if name in state.products:
                    fused = state.products[name].plus(Number(x.value + y.value, x.error + y.error), other)
                    value = Number(value.value, np.maximum(value.error, fused.error))
        state.products.pop(self.name, None)
        state.values[self.name] = value


@dataclass
class Exp2(Node):
    """exp2(x * scale) of an fp32 tile."""

    name: str
    x: str
    scale: float

    def __post_init__(self):
        self.names, self.uses = (self.name,), (self.x,)

    def lines(self, form):
        return [f"{self.name} = tl.exp2({self.x} * {self.scale})"]

    def run(self, state):
        scaled = r.multiply(state.values[self.x], r.exact(self.scale), r.F32)
        state.values[self.name] = r.exp2(scaled, r.F32)


@dataclass
class Dot(Node):
    """a @ b, or b transposed, plus an accumulator if there is one."""

    name: str
    a: str
    b: str
    dtype: DType
    transposed: bool = False
    acc: str | None = None

    def __post_init__(self):
        self.names = (self.name,)
        self.uses = (self.a, self.b) + ((self.acc,) if self.acc else ())

    def lines(self, form):
        b = f"tl.trans({self.b})" if self.transposed else self.b
        acc = f", {self.acc}" if self.acc else ""
        return [f"{self.name} = tl.dot({self.a}, {b}{acc})"]

    def run(self, state):
        b = state.values[self.b].map(lambda a: a.T if self.transposed else a)
        acc = state.values[self.acc] if self.acc else None
        state.values[self.name], state.products[self.name] = r.dot(state.values[self.a], b, self.dtype, acc)


@dataclass
class Reduce(Node):
    """A sum or maximum of an fp32 or int32 tile along one axis."""

    name: str
    op: str
    x: str
    axis: int
    dtype: DType

    def __post_init__(self):
        self.names, self.uses = (self.name,), (self.x,)

    def lines(self, form):
        return [f"{self.name} = tl.{self.op}({self.x}, {self.axis})"]

    def run(self, state):
        x = state.values[self.x]
        if self.op == "sum":
            state.values[self.name] = r.total(x, self.axis, self.dtype)
        else:
            state.values[self.name] = x.map(lambda a: a.max(self.axis))


@dataclass
class Select(Node):
    """x where a condition on positions and integers holds, else y or a number; `staged`: by a masked store."""

    name: str
    x: str
    condition: str
    dtype: DType
    shape: tuple[int, ...]
    y: str | None
    other: int
    staged: bool

    def __post_init__(self):
        self.names, self.uses = (self.name,), (self.x,) + ((self.y,) if self.y else ())

    def _condition(self):
        rows = span(self.shape[0], 0, len(self.shape))
        columns = span(self.shape[-1], 1, len(self.shape))
        return self.condition.replace("ROW", rows).replace("COLUMN", columns)

    def setup(self, form):
        if form == PLAIN or not self.staged:
            return []
        return [f"buffer_{self.name} = tle.gpu.alloc({list(self.shape)}, {self.dtype.tl})"]

    def lines(self, form):
        # Not a literal: the interpreter makes none of bfloat16.
        y = self.y or f"tl.full({list(self.shape)}, {self.other}, tl.float32).to({self.dtype.tl})"
        if form == PLAIN or not self.staged:
            return [f"{self.name} = tl.where({self._condition()}, {self.x}, {y})"]
        # A masked store over what is there.
        pointers = f"tle.gpu.local_ptr(buffer_{self.name})"
        mask = f"tl.broadcast_to({self._condition()}, {list(self.shape)})"
        return [
            f"buffer_{self.name}.store({y})",
            f"tl.store({pointers}, {self.x}, mask={mask})",
            f"{self.name} = tl.load({pointers})",
        ]

    def run(self, state):
        positions = {
            "ROW": np.arange(self.shape[0]).reshape(-1, *[1] * (len(self.shape) - 1)),
            "COLUMN": np.arange(self.shape[-1]),
        }
        keep = eval(self.condition, {"__builtins__": {}}, state.integers | positions)  # noqa: S307
        x, y = state.values[self.x], state.values[self.y] if self.y else r.exact(self.other)
        value = Number(np.where(keep, x.value, y.value), np.where(keep, x.error, y.error))
        state.values[self.name] = value.map(lambda a: np.broadcast_to(a, self.shape))


@dataclass
class Cumsum(Node):
    """The exclusive cumulative sum of an fp32 or int32 tile and its total, which is a second value."""

    name: str
    x: str
    axis: int
    reverse: bool
    dtype: DType

    def __post_init__(self):
        self.names, self.uses = (self.name, f"{self.name}_total"), (self.x,)

    def lines(self, form):
        before, whole = self.names
        if form == TLE:
            return [f"{before}, {whole} = tle.cumsum({self.x}, {self.axis}, reverse={self.reverse})"]
        return [
            f"{before} = tl.cumsum({self.x}, {self.axis}, reverse={self.reverse}) - {self.x}",
            f"{whole} = tl.sum({self.x}, {self.axis})",
        ]

    def run(self, state):
        x = state.values[self.x]
        state.values[self.names[0]] = r.running_total(x, self.axis, self.reverse, self.dtype)
        state.values[self.names[1]] = r.total(x, self.axis, self.dtype)


@dataclass
class ExtractTile(Node):
    """One tile of a tile; an index is an expression."""

    name: str
    x: str
    index: tuple[str, str]
    shape: tuple[int, int]
    tile: tuple[int, int]

    def __post_init__(self):
        self.names, self.uses = (self.name,), (self.x,)

    def lines(self, form):
        i, j = self.index
        if form == TLE:
            return [f"{self.name} = tle.extract_tile({self.x}, ({i}, {j}), {list(self.tile)})"]
        extents = ", ".join(map(str, (*self.shape, *self.tile)))
        return [f"{self.name} = plain_extract_tile({self.x}, {i}, {j}, {extents})"]

    def _block(self, state):
        i, j = (state.integer(index) for index in self.index)
        rows, columns = self.tile
        return slice(i * rows, (i + 1) * rows), slice(j * columns, (j + 1) * columns)

    def run(self, state):
        state.values[self.name] = state.values[self.x].map(lambda a: a[self._block(state)])


@dataclass
class InsertTile(ExtractTile):
    """A tile with one of its tiles replaced by `y`."""

    y: str = ""

    def __post_init__(self):
        self.names, self.uses = (self.name,), (self.x, self.y)

    def lines(self, form):
        i, j = self.index
        if form == TLE:
            return [f"{self.name} = tle.insert_tile({self.x}, {self.y}, ({i}, {j}))"]
        extents = ", ".join(map(str, (*self.shape, *self.tile)))
        return [f"{self.name} = plain_insert_tile({self.x}, {self.y}, {i}, {j}, {extents})"]

    def run(self, state):
        x, y = state.values[self.x], state.values[self.y]
        value, error = np.array(x.value), np.array(x.error)
        value[self._block(state)], error[self._block(state)] = y.value, y.error
        state.values[self.name] = Number(value, error)
