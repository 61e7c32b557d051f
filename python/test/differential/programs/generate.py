"""Makes a random program from a seed."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import numpy as np

from . import nodes, operations
from .nodes import Load, Node, State
from .rounding import BF16, F8, F16, F32, I32, Additions, DType, Number, exact, is_represented

ROWS = 1024  # of every input
PROGRAMS = 2
WIDTH = 128  # columns of every input
BUFFERS = 48 * 1024  # bytes of shared memory a program may allocate itself


@dataclass(frozen=True)
class Value:
    """What the generator knows of a value: at most `bound` in magnitude; `exact` ones are integers without error."""

    name: str
    shape: tuple[int, ...]
    dtype: DType
    bound: float
    exact: bool


@dataclass
class Program:
    """A kernel with its arguments: `memory` by name in the order of the signature, then the integer n."""

    seed: int
    dtype: DType
    num_warps: int
    num_stages: int
    n: int
    memory: dict[str, tuple[DType, np.ndarray]]
    outs: tuple[str, ...]
    body: list[Node]

    def expected(self) -> dict[str, Number]:
        """The outputs, evaluated in float64 with bounds of their rounding errors."""
        memory = {name: exact(array) for name, (_, array) in self.memory.items()}
        for name in self.outs:
            memory[name] = Number(np.array(memory[name].value), np.array(memory[name].error))
        additions: dict[str, Additions] = {}
        for pid in range(PROGRAMS):
            state = State({}, {"pid": pid, "n": self.n}, memory, additions=additions)
            for node in self.body:
                node.run(state)
        for name, added in additions.items():
            memory[name].error[:] += added.error(self.memory[name][0])
        return {name: memory[name] for name in self.outs}


def program(seed: int) -> Program:
    """The program of a seed."""
    return _Generator(seed).make()


class _Generator:
    def __init__(self, seed: int):
        self.seed = seed
        self.rng = random.Random(seed)
        self.dtype = self.pick([(F16, 5), (BF16, 5), (F32, 3), (F8, 2)])
        small = [(16, 2), (32, 3), (64, 6)]
        self.m = self.pick([*small, (128, 1)])
        self.n_extent = self.pick([(16, 1), (32, 3), (64, 4)])
        self.k = self.pick([(32, 3), (64, 3)] if self.dtype is F8 else small)
        self.num_warps = self.pick([(4, 6), (8, 3), (2, 1)])
        self.num_stages = self.rng.randint(1, 4)
        self.n = self.rng.choice([0, 1, 2, 3, 4, 5])
        self.integers = self.rng.random() < 0.8
        self.memory: dict[str, tuple[DType, np.ndarray]] = {}
        self.outs: list[str] = []
        self.values: list[Value] = []
        self.loads: dict[str, Load] = {}
        self.read: set[str] = set()
        self.loops: list[nodes.Loop] = []
        self.count = 0
        self.buffers = 0
        self.data = np.random.default_rng(seed)

    def pick(self, weighted):
        choices, weights = zip(*weighted, strict=True)
        return self.rng.choices(choices, weights)[0]

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def name(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def make(self) -> Program:
        body: list[Node] = []
        for _ in range(self.rng.randint(0, 2)):
            self.statement(body)
        for _ in range(self.pick([(1, 4), (2, 1), (0, 1)])):
            if self.chance(0.4) and not (self.dtype is F8 and self.n_extent < 32):
                self.attention(body)
            else:
                self.loop(body)
        for _ in range(self.rng.randint(1, 3)):
            self.statement(body)
        self.sink(body, self.values, "pid")
        signature = {name: self.memory[name] for name in [*sorted(set(self.memory) - set(self.outs)), *self.outs]}
        return Program(
            self.seed, self.dtype, self.num_warps, self.num_stages, self.n, signature, tuple(self.outs), body
        )

    # Memory

    def input(self, dtype: DType) -> str:
        """An input of a type: one of those that there are, or a new one."""
        known = [name for name, (kind, _) in self.memory.items() if kind is dtype and name.startswith("in_")]
        if known and self.chance(0.5):
            return self.rng.choice(known)
        name = self.name("in_")
        if self.integers or dtype is I32:
            array = self.data.integers(-3, 4, (ROWS, WIDTH)).astype(np.float64)
        else:
            array = np.clip(self.data.standard_normal((ROWS, WIDTH)), -4, 4)
            array = np.where(is_represented(array, dtype), array, _nearest(array, dtype))
        self.memory[name] = (dtype, array)
        return name

    def ids(self) -> str:
        """An array of row numbers."""
        if "ids" not in self.memory:
            self.memory["ids"] = (I32, self.data.integers(0, ROWS, ROWS).astype(np.float64))
        return "ids"

    def out(self, dtype: DType, size: int) -> str:
        name = self.name("out_")
        self.memory[name] = (dtype, np.full(size, 7.0))
        self.outs.append(name)
        return name

    # Statements

    def add(self, body: list[Node], node: Node, *values: Value) -> Value:
        body.append(node)
        self.read.update(node.uses)
        self.values.extend(values)
        return values[0]

    def statement(self, body: list[Node]) -> None:
        kinds = [
            (self.dot, 5), (self.load, 2), (self.binary, 2), (self.reduce, 2), (self.select, 2), (self.cumsum, 1.5),
            (self.tiles, 1.5), (self.histogram, 0.7), (self.softmax, 1),
        ]  # fmt: skip
        self.pick(kinds)(body)

    def position(self) -> str:
        """Where a tile starts, as a number of tiles."""
        if not self.loops:
            return "pid"
        return self.rng.choice([f"(pid + {index(loop)})" for loop in self.loops] + [index(self.loops[-1])])

    def load(self, body, shape=None, dtype=None) -> Value:
        """A tile from memory, staged in some way."""
        dtype = dtype or self.pick([(self.dtype, 4), (F32, 1), (I32, 1)])
        shape = shape or self.rng.choice([(self.m, self.k), (self.k, self.n_extent), (self.m, self.n_extent)])
        way = self.pick([("registers", 3), *((way, 1) for way in Load.WAYS[1:])])
        size = shape[0] * shape[1] * dtype.torch.itemsize * (3 if way == "slots" else 1)
        if self.buffers + size > BUFFERS:
            way = "registers"
        if way != "registers":
            self.buffers += size
        if way == "halves" and shape[1] < 32:
            way = "pointers"
        indices = self.ids() if self.chance(0.5) else None
        limit = columns = None
        other = 0.0
        if way != "halves":
            limit = self.pick([(None, 5), ("n * 17 + 5", 1), ("(pid + 1) * 29", 1)])
            columns = self.pick([(None, 6), (shape[1] - 8, 1), (shape[1] // 2, 1)])
            if (limit or columns) and way != "async" and self.chance(0.3):
                other = 2.0
        first = self.pick([(0, 4), (16, 1), (WIDTH - shape[1], 1)])
        layout = ", nv_mma_shared_layout=False" if way != "slots" and self.chance(0.15) else ""
        node = Load(
            self.name("x"), self.input(dtype), WIDTH, dtype, shape, f"{self.position()} * {shape[0]}", first, way,
            indices, limit, columns, other, self.chance(0.6), self.position(), layout,
        )  # fmt: skip
        self.loads[node.name] = node
        bound = 3.0 if self.integers or dtype is I32 else 4.0
        value = Value(node.name, shape, dtype, bound, self.integers or dtype is I32)
        self.add(body, node, value)
        if self.chance(0.25):
            self.reload(body, value)
        return value

    def reload(self, body, value: Value) -> Value:
        node = nodes.Reload(self.name("again"), self.loads[value.name], self.chance(0.5), self.chance(0.5))
        shape = value.shape[::-1] if node.transposed else value.shape
        return self.add(body, node, Value(node.name, shape, value.dtype, value.bound, value.exact))

    def known(self, test) -> Value | None:
        """A value that passes a test; those that nothing reads come first."""
        found = [value for value in self.values if test(value)]
        fresh = [value for value in found if value.name not in self.read]
        return self.rng.choice(fresh or found) if found else None

    def narrowed(self, body, value: Value, dtype: DType) -> Value:
        """The value in another type, made small where that type could not hold it."""
        if value.dtype is dtype:
            return value
        if value.exact and value.bound > dtype.exact:
            if value.dtype is not F32:
                value = self.narrowed(body, value, F32)
            node = operations.Shrink(self.name("s"), value.name)
            value = self.add(body, node, Value(node.name, value.shape, F32, 4.0, True))
        elif not value.exact and value.bound > 64 and dtype is not F32:
            factor = 2.0 ** -math.ceil(math.log2(value.bound / 8))
            constant = self.constant(body, value.shape, factor)
            value = self.binary(body, value, constant, "mul")
        if value.dtype is dtype:
            return value
        node = operations.Cast(self.name("c"), value.name, dtype)
        return self.add(body, node, Value(node.name, value.shape, dtype, value.bound, value.exact))

    def constant(self, body, shape, number: float) -> Value:
        node = nodes.Fill(self.name("f"), number, shape, F32)
        return self.add(body, node, Value(node.name, shape, F32, abs(number), number == int(number)))

    def operand(self, body, rows: int, columns: int) -> Value:
        """A dot's operand of the program's type: a value that there is, or a load."""
        if self.chance(0.5):
            value = self.known(lambda v: v.shape == (rows, columns) and v.dtype is not I32)
            if value is not None:
                return self.narrowed(body, value, self.dtype)
        return self.load(body, (rows, columns), self.dtype)

    def dot(self, body, acc: Value | None = None) -> Value:
        rows, inner, columns = self.m, self.k, self.n_extent
        if acc is not None:
            rows, columns = acc.shape
        elif self.chance(0.3) and self.dtype is not F8:
            inner, columns = columns, inner
        a = self.operand(body, rows, inner)
        transposed = self.chance(0.5)
        b = self.operand(body, *((columns, inner) if transposed else (inner, columns)))
        bound = inner * a.bound * b.bound
        node = operations.Dot(self.name("d"), a.name, b.name, self.dtype, transposed, acc.name if acc else None)
        if acc:
            node.name = acc.name
            node.__post_init__()
        exactly = a.exact and b.exact and bound < (2**12 if self.dtype is F8 else 2**20)
        value = Value(node.name, (rows, columns), F32, bound, exactly)
        if acc:
            body.append(node)
            self.read.update(node.uses)
            return value
        return self.add(body, node, value)

    def binary(self, body, x=None, y=None, op=None) -> Value | None:
        x = x or self.known(lambda v: len(v.shape) == 2 and v.dtype in (F32, I32))
        if x is None:
            return None
        column = y is None and self.chance(0.4)
        y = y or self.known(lambda v: v.shape == (x.shape[:1] if column else x.shape) and v.dtype is x.dtype)
        if y is None:
            return None
        op = op or self.rng.choice(["add", "sub", "mul", "max"])
        bound = {"add": x.bound + y.bound, "sub": x.bound + y.bound, "mul": x.bound * y.bound}.get(
            op, max(x.bound, y.bound)
        )
        if x.dtype is I32 and bound > 2**20:
            return None
        node = operations.Binary(self.name("b"), op, x.name, y.name, x.dtype, column)
        exactly = x.exact and y.exact and bound < 2**20
        return self.add(body, node, Value(node.name, x.shape, x.dtype, bound, exactly))

    def reduce(self, body, x=None, axis=None) -> Value | None:
        x = x or self.known(lambda v: len(v.shape) == 2 and v.dtype in (F32, I32))
        if x is None:
            return None
        axis = self.rng.randint(0, 1) if axis is None else axis
        op = self.rng.choice(["sum", "max"])
        bound = x.bound * x.shape[axis] if op == "sum" else x.bound
        if x.dtype is I32 and bound > 2**20:
            return None
        node = operations.Reduce(self.name("r"), op, x.name, axis, x.dtype)
        shape = (x.shape[1 - axis],)
        return self.add(body, node, Value(node.name, shape, x.dtype, bound, x.exact and bound < 2**20))

    def select(self, body, x: Value | None = None) -> Value | None:
        x = x or self.known(lambda v: v.dtype is not F8)
        if x is None:
            return None
        y = self.known(lambda v: v.shape == x.shape and v.dtype is x.dtype and v is not x) if self.chance(0.5) else None
        conditions = ["(ROW + pid) % 3 == 0", "ROW < n * 5 + 3", "ROW < 20"]
        if len(x.shape) == 2:
            conditions += ["ROW + COLUMN < 40", "ROW >= COLUMN", "(ROW < 24) & (COLUMN >= 8)", "COLUMN < n * 9"]
        size = math.prod(x.shape) * x.dtype.torch.itemsize
        staged = self.chance(0.5) and self.buffers + size <= BUFFERS
        if staged:
            self.buffers += size
        node = operations.Select(
            self.name("w"), x.name, self.rng.choice(conditions), x.dtype, x.shape, y.name if y else None,
            self.rng.choice([0, -2]), staged,
        )  # fmt: skip
        bound = max(x.bound, y.bound if y else 2.0)
        return self.add(body, node, Value(node.name, x.shape, x.dtype, bound, x.exact and (y is None or y.exact)))

    def cumsum(self, body) -> Value | None:
        x = self.known(lambda v: v.dtype in (F32, I32) and v.exact and v.bound < 2**12)
        if x is None:
            return None
        axis = self.rng.randrange(len(x.shape))
        node = operations.Cumsum(self.name("sum"), x.name, axis, self.chance(0.3), x.dtype)
        bound = x.bound * x.shape[axis]
        before = Value(node.names[0], x.shape, x.dtype, bound, True)
        if len(x.shape) == 1:  # the total is a scalar, which nothing here takes
            return self.add(body, node, before)
        shape = tuple(extent for i, extent in enumerate(x.shape) if i != axis)
        return self.add(body, node, before, Value(node.names[1], shape, x.dtype, bound, True))

    def tiles(self, body) -> Value | None:
        x = self.known(lambda v: len(v.shape) == 2 and v.dtype is not F8 and v.exact)
        if x is None:
            return None
        tile = (x.shape[0] // self.rng.choice([1, 2]), x.shape[1] // self.rng.choice([1, 2, 4]))
        counts = (x.shape[0] // tile[0], x.shape[1] // tile[1])

        def place():
            return tuple(self.rng.choice(["0", str(count - 1), f"{self.position()} % {count}"]) for count in counts)

        node = operations.ExtractTile(self.name("t"), x.name, place(), x.shape, tile)
        part = self.add(body, node, Value(node.name, tile, x.dtype, x.bound, x.exact))
        if self.chance(0.4):
            return part
        # It, or another one, goes to another place.
        y = self.known(lambda v: v.shape == tile and v.dtype is x.dtype and v is not x) or part
        node = operations.InsertTile(self.name("t"), x.name, place(), x.shape, tile, y.name)
        value = Value(node.name, x.shape, x.dtype, max(x.bound, y.bound), x.exact and y.exact)
        return self.add(body, node, value)

    def histogram(self, body) -> Value:
        count, bins = self.rng.choice([64, 128]), self.rng.choice([16, 32])
        node = nodes.Histogram(self.name("h"), self.ids(), f"{self.position()} * {count}", count, bins, count - 3)
        return self.add(body, node, Value(node.name, (bins,), I32, count, True))

    def softmax(self, body, x: Value | None = None) -> Value | None:
        """exp2((x - max(x)) * scale), in rows."""
        x = x or self.known(lambda v: len(v.shape) == 2 and v.dtype is F32 and v.bound < 2**12)
        if x is None:
            return None
        top = operations.Reduce(self.name("r"), "max", x.name, 1, F32)
        self.add(body, top, Value(top.name, x.shape[:1], F32, x.bound, x.exact))
        low = operations.Binary(self.name("b"), "sub", x.name, top.name, F32, True)
        self.add(body, low, Value(low.name, x.shape, F32, 2 * x.bound, x.exact))
        node = operations.Exp2(self.name("e"), low.name, 2.0 ** -math.ceil(math.log2(x.bound)))
        return self.add(body, node, Value(node.name, x.shape, F32, 1.0, False))

    # Loops and ends

    def new_loop(self) -> tuple[nodes.Loop, int]:
        """A loop, empty so far, and how often it runs at most."""
        variable = f"i{len(self.loops)}_{self.count}"
        trips = self.rng.choice([0, 1, 2, 3, 4])
        bounds, most = self.rng.choice(
            [
                (("0", str(trips), "1"), trips),
                (("0", "n", "1"), self.n),
                (("0", "n", "1"), self.n),
                (("pid", "n", "1"), self.n),
                (("0", "n", "2"), (self.n + 1) // 2),
                (("0", "n * 16", "16"), self.n),
            ]
        )
        stages = self.pick([(None, 1), *((i, 1) for i in range(1, 5))])
        return nodes.Loop(variable, bounds, stages, self.chance(0.5)), most

    def attention(self, body: list[Node]) -> None:
        """A loop with two dots that share a tile: acc += f(q @ kv.T) @ kv."""
        q = self.load(body, (self.m, self.k), self.dtype)
        acc = nodes.Fill(self.name("acc"), 0.0, (self.m, self.k), F32)
        body.append(acc)
        loop, most = self.new_loop()
        outer, self.values = self.values, list(self.values)
        self.loops.append(loop)
        inside = loop.body
        kv = self.load(inside, (self.n_extent, self.k), self.dtype)
        node = operations.Dot(self.name("d"), q.name, kv.name, self.dtype, True)
        bound = self.k * q.bound * kv.bound
        exactly = q.exact and kv.exact and bound < (2**12 if self.dtype is F8 else 2**20)
        p = self.add(inside, node, Value(node.name, (self.m, self.n_extent), F32, bound, exactly))
        if self.chance(0.5):
            p = self.select(inside, p)
        if self.chance(0.4):
            p = self.softmax(inside, p) or p
        p = self.narrowed(inside, p, self.dtype)
        again = [v for v in self.values if v.name.startswith("again") and v not in outer and v.shape == kv.shape]
        v = again[-1] if again and self.chance(0.5) else kv
        inside.append(operations.Dot(acc.name, p.name, v.name, self.dtype, False, acc.name))
        self.read.update((p.name, v.name))
        added = self.n_extent * p.bound * v.bound
        self.sink(inside, [v for v in self.values if v not in outer], f"pid * 8 + {index(loop)}")
        self.loops.pop()
        exactly = p.exact and v.exact and max(most, 1) * added < (2**12 if self.dtype is F8 else 2**20)
        self.values = [*outer, Value(acc.name, acc.shape, F32, max(most, 1) * added, exactly)]
        body.append(loop)

    def loop(self, body: list[Node]) -> None:
        loop, most = self.new_loop()
        outer, self.values = self.values, list(self.values)
        carried = []
        for _ in range(self.pick([(1, 4), (2, 1)])):
            acc = nodes.Fill(self.name("acc"), 0.0, (self.m, self.n_extent), F32)
            body.append(acc)
            carried.append(acc)
        self.loops.append(loop)
        for _ in range(self.rng.randint(0, 3)):
            self.statement(loop.body)
        if len(self.loops) == 1 and self.chance(0.15):
            self.loop(loop.body)
        results = []
        for acc in carried:
            value = Value(acc.name, acc.shape, F32, 0.0, True)
            results.append(self.update(loop.body, value, most))
        inner = [value for value in self.values if value not in outer]
        self.values = inner
        slot = f"pid * 8 + {index(loop)}" if len(self.loops) == 1 else None
        self.sink(loop.body, inner, slot)
        self.loops.pop()
        self.values = outer + results
        self.read.difference_update(acc.name for acc in carried)
        body.append(loop)

    def update(self, body: list[Node], acc: Value, trips: int) -> Value:
        """What a loop carries takes a dot or a tile of this iteration."""
        block = body
        if self.chance(0.15):
            block = []
            body.append(nodes.If(f"{index(self.loops[-1])} % 2 == 0", block))
        before = len(self.values)
        tile = self.known(lambda v: v.shape == acc.shape and v.dtype is F32)
        if tile is not None and self.chance(0.4):
            block.append(operations.Binary(acc.name, "add", acc.name, tile.name, F32))
            self.read.update((acc.name, tile.name))
            added = tile
        else:
            added = self.dot(block, acc)
        if block is not body:
            del self.values[before:]
        bound = max(trips, 1) * added.bound
        limit = 2**12 if self.dtype is F8 else 2**20
        return Value(acc.name, acc.shape, F32, bound, added.exact and bound < limit)

    def sink(self, body: list[Node], values: list[Value], slot: str | None) -> None:
        """Stores every value that nothing reads."""
        for value in list(values):
            if value.name in self.read or value.name.endswith("_total") and len(value.shape) == 0:
                continue
            size = math.prod(value.shape)
            atomic = slot is None or (value.dtype in (F32, I32) and self.chance(0.15))
            if atomic and value.dtype not in (F32, I32):
                value = self.narrowed(body, value, F32)
            limit = size - 5 if self.chance(0.1) else None
            out = self.out(value.dtype, size * (1 if atomic else 16))
            body.append(nodes.Store(out, value.name, value.shape, value.dtype, "0" if atomic else slot, atomic, limit))
            self.read.add(value.name)


def index(loop: nodes.Loop) -> str:
    """The number of an iteration, as an expression, below 8."""
    return f"{loop.variable} // 16" if loop.bounds[2] == "16" else loop.variable


def _nearest(array: np.ndarray, dtype: DType) -> np.ndarray:
    import torch

    return torch.from_numpy(array).to(dtype.torch).to(torch.float64).numpy()
