"""An abstract machine for tile loops: runs MLIR text in generic form, element by element of nothing.

A tensor is one symbol, a pointer an argument and an offset, a tile what was loaded from where. What the machine
knows exactly is time: an asynchronous copy is under way until a wait covers its group, and whoever reads a buffer
meanwhile, waits for the wrong group, or loads through an address that means nothing, raises Fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Value = Any
POISON = "poison"


class Fault(Exception):
    """The program does what no program may do."""


@dataclass
class Op:
    """One operation: names of results and operands, attributes as text, blocks of its regions, types of results."""

    name: str
    results: list[str]
    operands: list[str]
    attributes: str
    types: str
    regions: list[Block] = field(default_factory=list)

    def integer(self, name: str, default: int | None = None) -> int:
        """The integer attribute ``name``."""
        match = re.search(rf"\b{name} = (-?\d+)", self.attributes)
        return int(match[1]) if match else default

    def shape(self) -> tuple[int, ...]:
        """Shape of the buffer or tensor that the operation makes."""
        match = re.search(r"(?:memdesc|tensor)<((?:\d+x)+)", self.types.rpartition("->")[2])
        return tuple(map(int, match[1].rstrip("x").split("x")))


@dataclass
class Block:
    """Arguments and operations of a region's only block."""

    arguments: list[str]
    ops: list[Op] = field(default_factory=list)


_OP = re.compile(
    r'^(?:(?P<results>%[^=]*?) = )?"(?P<name>[\w.]+)"\((?P<operands>[^()]*)\)'
    r"(?: <\{(?P<properties>.*?)\}>)?(?P<region> \(\{)?(?P<rest>.*)$"
)


def parse(text: str) -> Block:
    """The body of the only function of a module in generic form, one operation a line."""
    lines = iter([line.strip() for line in text.splitlines()])
    top = _block(lines)
    (module,) = [op for op in top.ops if op.name == "builtin.module"]
    (function,) = [op for op in module.regions[0].ops if op.name == "tt.func"]
    return function.regions[0]


def _block(lines: Iterator[str]) -> Block:
    """Reads up to the line that closes the region; that line is left in ``block.end``."""
    block = Block([])
    block.end = ""
    for line in lines:
        if not line or line.startswith(("#", "!", "//")):
            continue
        if line.startswith("^"):
            block.arguments = re.findall(r"(%\w+):", line)
            continue
        if line.startswith("}"):
            block.end = line
            return block
        match = _OP.match(line)
        if match is None:
            raise ValueError(f"cannot read: {line}")
        op = Op(
            match["name"],
            list(_result_names(match["results"] or "")),
            [name.strip() for name in match["operands"].split(",") if name.strip()],
            match["properties"] or "",
            match["rest"],
        )
        if match["region"]:
            while True:
                op.regions.append(_block(lines))
                if op.regions[-1].end != "}, {":
                    break
            op.attributes += op.regions[-1].end
        block.ops.append(op)
    return block


def _result_names(text: str) -> Iterator[str]:
    for part in filter(None, map(str.strip, text.split(","))):
        name, colon, count = part.partition(":")
        if colon:
            yield from (f"{name}#{index}" for index in range(int(count)))
        else:
            yield name


@dataclass
class Buffer:
    """A buffer in shared memory: what its boxes hold, which of them copies are on the way to."""

    shape: tuple[int, ...]
    contents: dict[tuple, Value] = field(default_factory=dict)
    freed: bool = False


@dataclass(frozen=True)
class View:
    """A box of a buffer: (start, size) by dimension."""

    buffer: int
    box: tuple[tuple[int, int], ...]


IN_FLIGHT = "in flight"


@dataclass(frozen=True)
class Unfinished:
    """The result of a product that nobody has waited for."""

    value: Value


class Machine:
    """Runs a program on arguments; ``memory(base, offset)`` is what global memory holds there."""

    def __init__(self, memory: Callable[[str, int], Value]) -> None:
        self.memory = memory
        self.buffers: list[Buffer] = []
        self.open: list[tuple[View, Value]] = []
        self.groups: list[list[tuple[View, Value]]] = []
        self.arrived = 0
        self.loaded: set[tuple[str, int]] = set()
        self.stores: list[tuple] = []
        self.read_by_products: list[View] = []
        self.most_under_way = 0

    def run(self, program: Block, arguments: list[Value]) -> tuple[Value, ...]:
        """The values that the program returns; raises Fault."""
        scope = dict(zip(program.arguments, arguments, strict=True))
        result = self._block(program, scope)
        if self.read_by_products or any(isinstance(value, Unfinished) for value in result):
            raise Fault("the program ends with a product under way")
        if self.open or self.arrived != len(self.groups):
            raise Fault("the program ends with copies under way")
        return result

    def _block(self, block: Block, scope: dict[str, Value]) -> tuple[Value, ...]:
        for op in block.ops:
            values = [scope[name] for name in op.operands]
            if op.name in ("scf.yield", "tt.return"):
                return tuple(values)
            if op.name == "scf.for":
                made = self._loop(op, values, scope)
            elif op.name == "scf.if":
                if values[0] is POISON:
                    raise Fault("a branch on nothing")
                taken = op.regions[0 if values[0] else -1] if values[0] or len(op.regions) > 1 else Block([])
                made = self._block(taken, scope)
            else:
                made = getattr(self, "_" + op.name.replace(".", "_"))(op, *values)
                made = made if isinstance(made, list) else [made] if op.results else []
            scope.update(zip(op.results, made, strict=True))
        return ()

    def _loop(self, op: Op, values: list[Value], scope: dict[str, Value]) -> tuple[Value, ...]:
        lower, upper, step, *carried = values
        body = op.regions[0]
        for index in range(lower, upper, step):
            scope.update(zip(body.arguments, [index, *carried], strict=True))
            carried = self._block(body, scope)
        return tuple(carried)

    # Numbers.

    def _arith_constant(self, op: Op) -> Value:
        text = op.attributes.partition("value = ")[2]
        text = text.removeprefix("dense<")
        word = re.match(r"[-\w.+]+", text)[0]
        if word in ("true", "false"):
            return word == "true"
        return float(word) if "." in word else int(word)

    def _binary(self, a: Value, b: Value, function: Callable[[int, int], Value]) -> Value:
        return POISON if a is POISON or b is POISON else function(a, b)

    def _arith_addi(self, op: Op, a: Value, b: Value) -> Value:
        return self._binary(a, b, lambda x, y: _wrap(x + y))

    def _arith_subi(self, op: Op, a: Value, b: Value) -> Value:
        return self._binary(a, b, lambda x, y: _wrap(x - y))

    def _arith_muli(self, op: Op, a: Value, b: Value) -> Value:
        return self._binary(a, b, lambda x, y: _wrap(x * y))

    def _arith_divui(self, op: Op, a: Value, b: Value) -> Value:
        return self._binary(a, b, lambda x, y: _wrap(_unsigned(x) // _unsigned(y)))

    def _arith_andi(self, op: Op, a: Value, b: Value) -> Value:
        if a is False or b is False:
            return False
        return self._binary(a, b, lambda x, y: x & y)

    def _arith_cmpi(self, op: Op, a: Value, b: Value) -> Value:
        tests = "eq ne slt sle sgt sge ult ule ugt uge".split()
        test = tests[op.integer("predicate")]
        convert = _unsigned if test[0] == "u" else int
        compare = {
            "eq": lambda x, y: x == y,
            "ne": lambda x, y: x != y,
            "lt": lambda x, y: x < y,
            "le": lambda x, y: x <= y,
            "gt": lambda x, y: x > y,
            "ge": lambda x, y: x >= y,
        }[test[-2:]]
        return self._binary(a, b, lambda x, y: compare(convert(x), convert(y)))

    def _arith_select(self, op: Op, condition: Value, a: Value, b: Value) -> Value:
        return POISON if condition is POISON else a if condition else b

    def _arith_addf(self, op: Op, a: Value, b: Value) -> Value:
        if POISON in (a, b):
            raise Fault("arithmetic on nothing")
        if isinstance(a, Unfinished) or isinstance(b, Unfinished):
            raise Fault("the result of a product is used before it has ended")
        return ("add", a, b)

    # Tensors: one element stands for all.

    def _tt_splat(self, op: Op, value: Value) -> Value:
        return value

    _tt_broadcast = _tt_expand_dims = _ttg_convert_layout = _tt_splat

    def _tt_addptr(self, op: Op, pointer: Value, offset: Value) -> Value:
        return POISON if POISON in (pointer, offset) else (pointer[0], pointer[1] + offset)

    def _load(self, pointer: Value, mask: Value, other: Value) -> Value:
        if mask is False:
            return other
        if mask is POISON or pointer is POISON:
            raise Fault("a load from nowhere")
        self.loaded.add(pointer)
        return self.memory(*pointer)

    def _tt_load(self, op: Op, pointer: Value, *rest: Value) -> Value:
        has_mask = "operandSegmentSizes = array<i32: 1, 1" in op.attributes
        mask = rest[0] if has_mask else True
        return self._load(pointer, mask, rest[1] if len(rest) > 1 else POISON)

    def _tt_store(self, op: Op, pointer: Value, value: Value, mask: Value = True) -> None:
        if mask:
            self.stores.append((pointer, value))

    # Shared memory.

    def _ttg_local_alloc(self, op: Op, value: Value = None) -> View:
        shape = op.shape()
        self.buffers.append(Buffer(shape))
        view = View(len(self.buffers) - 1, tuple((0, size) for size in shape))
        if value is not None:
            self.buffers[-1].contents[view.box] = value
        return view

    def _ttg_local_dealloc(self, op: Op, view: View) -> None:
        buffer = self.buffers[view.buffer]
        if buffer.freed or IN_FLIGHT in buffer.contents.values():
            raise Fault("a buffer is freed twice, or with copies on their way to it")
        if any(other.buffer == view.buffer for other in self.read_by_products):
            raise Fault("a buffer is freed while a product may read it")
        buffer.freed = True

    def _ttg_memdesc_index(self, op: Op, view: View, index: int) -> View:
        (start, size), *rest = view.box
        if not 0 <= index < size:
            raise Fault(f"slot {index} of {size}")
        return View(view.buffer, ((start + index, 1), *rest))

    def _ttg_memdesc_subslice(self, op: Op, view: View) -> View:
        offsets = [int(text) for text in re.search(r"array<i32: ([\d, ]+)>", op.attributes)[1].split(",")]
        shape, lead = op.shape(), len(view.box) - len(offsets)
        box = [(start + offset, size) for (start, _), offset, size in zip(view.box[lead:], offsets, shape)]
        return View(view.buffer, (*view.box[:lead], *box))

    def _ttg_local_load(self, op: Op, view: View) -> Value:
        buffer = self.buffers[view.buffer]
        if buffer.freed:
            raise Fault("a buffer is read after it was freed")
        found = []
        for box, value in buffer.contents.items():
            if not _overlap(box, view.box):
                continue
            if value is IN_FLIGHT:
                raise Fault("a buffer is read while a copy is on its way to it")
            lead = len(box) - 2
            found.append((tuple(_intersection(box, view.box))[lead:], value))
        if [box for box, _ in found] == [tuple((0, size) for _, size in view.box[-2:])]:
            return found[0][1]
        if not found:
            raise Fault("a buffer is read that holds nothing")
        return ("tile", *sorted(found, key=repr))

    def _ttg_async_copy_global_to_local(self, op: Op, pointer: Value, view: View, *rest: Value) -> Value:
        segments = re.search(r"operandSegmentSizes = array<i32: 1, 1, (\d), (\d)>", op.attributes)
        mask = rest[0] if segments[1] == "1" else True
        buffer = self.buffers[view.buffer]
        if buffer.freed:
            raise Fault("a copy into a buffer that was freed")
        for box, value in list(buffer.contents.items()):
            if _overlap(box, view.box):
                if value is IN_FLIGHT:
                    raise Fault("two copies are on their way to the same place")
                if box == view.box:
                    del buffer.contents[box]
        for other in self.read_by_products:
            if other.buffer == view.buffer and _overlap(other.box, view.box):
                raise Fault("a slot is filled while a product may read it")
        value = self._load(pointer, mask, 0)
        buffer.contents[view.box] = IN_FLIGHT
        self.open.append((view, value))
        return ("token of a copy",)

    def _ttg_async_commit_group(self, op: Op, *tokens: Value) -> Value:
        self.groups.append(self.open)
        self.open = []
        self.most_under_way = max(self.most_under_way, len(self.groups) - self.arrived)
        return ("group", len(self.groups) - 1)

    def _ttg_async_wait(self, op: Op, *tokens: Value) -> Value:
        while self.arrived < len(self.groups) - op.integer("num"):
            for view, value in self.groups[self.arrived]:
                self.buffers[view.buffer].contents[view.box] = value
            self.arrived += 1
        for kind, *number in tokens:
            if kind == "group" and number[0] >= self.arrived:
                raise Fault("a wait leaves the group open that it is for")
        return ("waited",)

    def _ttng_warp_group_dot(self, op: Op, *values: Value) -> Value:
        *factors, total = values[:3]
        read = [self._ttg_local_load(op, factor) if isinstance(factor, View) else factor for factor in factors]
        # Products of one warp group end in order: one may go on where another has not ended.
        result = ("dot", *read, total.value if isinstance(total, Unfinished) else total)
        if "isAsync = true" not in op.attributes:
            self.read_by_products = []
            return result
        self.read_by_products += [factor for factor in factors if isinstance(factor, View)]
        return Unfinished(result)

    def _ttng_warp_group_dot_wait(self, op: Op, *values: Value) -> list[Value]:
        if op.integer("pendings") != 0:
            raise Fault("the machine knows only waits for all products")
        self.read_by_products = []
        return [value.value if isinstance(value, Unfinished) else value for value in values]

    def _ttng_fence_async_shared(self, op: Op) -> None:
        return None


def _wrap(value: int) -> int:
    """The value as a 32-bit integer."""
    return (int(value) + 2**31) % 2**32 - 2**31


def _unsigned(value: int) -> int:
    return int(value) % 2**32


def _overlap(a: tuple, b: tuple) -> bool:
    return all(x + n > y and y + m > x for (x, n), (y, m) in zip(a, b, strict=True))


def _intersection(a: tuple, b: tuple) -> Iterator[tuple[int, int]]:
    """The common box, counted from the start of ``b``."""
    for (x, n), (y, m) in zip(a, b, strict=True):
        start = max(x, y)
        yield start - y, min(x + n, y + m) - start
