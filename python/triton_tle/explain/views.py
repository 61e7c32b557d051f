"""What values of a module stand for: buffers and views of them, scalars as a person would write them."""

from __future__ import annotations

import math
import re

from .locations import Locations
from .mlir import Block, Operation, Value

_MEMDESC = re.compile(r"!ttg\.memdesc<((?:\d+x)+)([^,>]+)")
_TENSOR = re.compile(r"tensor<((?:\d+x)*)([^,>]+)")
_SAME_BYTES = (
    "ttg.memdesc_index", "ttg.memdesc_subslice", "ttg.memdesc_trans", "ttg.memdesc_reshape",
    "ttg.memdesc_reinterpret", "builtin.unrealized_conversion_cast",
)  # fmt: skip
_OPERATORS = {
    "arith.addi": "+", "arith.subi": "-", "arith.muli": "*", "arith.divsi": "//", "arith.divui": "//",
    "arith.remsi": "%", "arith.remui": "%", "arith.andi": "&", "arith.shrui": ">>",
}  # fmt: skip
_FUNCTIONS = {"arith.maxsi": "max", "arith.minsi": "min", "arith.maxui": "max", "arith.minui": "min"}
_FOR = re.compile(r"for (\w+) in\b")
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "<", "<=", ">", ">=")
# Longer expressions say less than an ellipsis.
_DEPTH = 5
# An address is computed in a few operations, from many.
_NEAR = 200


def memdesc(type: str) -> tuple[tuple[int, ...], str] | None:
    """Shape and element type of a buffer's type; None for another type."""
    match = _MEMDESC.match(type)
    return (tuple(map(int, match[1].rstrip("x").split("x"))), match[2]) if match else None


def shape_text(shape: tuple[int, ...], element: str) -> str:
    """A shape as MLIR writes it: "64x128xbf16"."""
    return "x".join([*map(str, shape), element])


def tensor_text(type: str) -> str:
    """The type of a tensor or buffer without its layout; another type as it is."""
    match = _MEMDESC.match(type) or _TENSOR.match(type)
    return match[1] + match[2] if match else type


def num_bytes(shape: tuple[int, ...], element: str) -> int:
    """Bytes of a buffer."""
    bits = 64 if element.startswith("!tt.ptr") else max(8, int(re.search(r"\d+", element)[0]))
    return math.prod(shape) * bits // 8


class Views:
    """Reads the values of one module."""

    def __init__(self, locations: Locations) -> None:
        self.locations = locations

    def root(self, value: Value) -> Operation | None:
        """The allocation that a buffer is a view of, None where it is not known."""
        return self.view(value)[0]

    def view(self, value: Value) -> tuple[Operation | None, str]:
        """The allocation, and the part of it as text: "[:, 64:128]", ".T", or nothing for all or a slot of it."""
        part = ""
        for _ in range(1000):  # a chain of views is short; loops that hand buffers around are not followed for ever
            owner = value.owner
            if isinstance(owner, Block):
                value = self._outside(value)
                if value is None:
                    return None, ""
            elif owner is None:
                return None, ""
            elif owner.name == "ttg.local_alloc":
                return owner, part
            elif owner.name in _SAME_BYTES and owner.operands:
                part = self._part(owner) + part
                value = owner.operands[0]
            elif owner.name == "ttng.warp_group_dot_wait":
                value = owner.operands[value.index]
            elif owner.name == "scf.for" and value.index + 3 < len(owner.operands):
                value = owner.operands[value.index + 3]
            else:
                return None, ""
        return None, ""

    def pointed_at(self, value: Value) -> Operation | None:
        """The allocation from whose address ``value`` is computed, None if there is none near."""
        seen, ahead = set(), [value]
        while ahead and len(seen) < _NEAR:
            owner = ahead.pop(0).owner
            if not isinstance(owner, Operation) or owner in seen:
                continue
            seen.add(owner)
            if owner.name == "builtin.unrealized_conversion_cast" and memdesc(owner.operands[0].type):
                return self.root(owner.operands[0])
            ahead += owner.operands
        return None

    def _part(self, op: Operation) -> str:
        if op.name == "ttg.memdesc_trans":
            return ".T"
        if op.name != "ttg.memdesc_subslice":
            return ""
        whole, part = memdesc(op.operands[0].type), memdesc(op.results[0].type)
        starts = op.integers("offsets")
        if whole is None or part is None or len(starts) != len(part[0]):
            return ""
        if part[0] == whole[0]:
            return ""
        ranges = zip(starts, part[0], whole[0])
        texts = (":" if extent == all_ else f"{start}:{start + extent}" for start, extent, all_ in ranges)
        return f"[{', '.join(texts)}]"

    def _outside(self, value: Value) -> Value | None:
        """What an argument of a block is given from outside: a captured value, or a loop's first value."""
        region = value.owner.parent
        op = region.parent
        if op.name == "ttg.warp_specialize.partitions":
            captures = op.parent.parent.parent.operands if not op.operands else op.operands
            return captures[value.index] if value.index < len(captures) else None
        if op.name == "scf.for" and value.index:
            return op.operands[value.index + 2]
        if op.name == "scf.while" and value.index < len(op.operands):
            return op.operands[value.index]
        return None

    def scalar(self, value: Value, depth: int = _DEPTH) -> str:
        """A scalar as text: its value, its name, a short expression, or "…"."""
        owner = value.owner
        if isinstance(owner, Block):
            parent = owner.parent.parent
            name = self.locations.name(value.location)
            if parent.name == "ttg.warp_specialize.partitions":
                outside = self._outside(value)
                return self.scalar(outside, depth) if outside is not None else name or "…"
            if parent.name == "scf.for" and value.index == 0:
                return loop_variable(parent, self.locations)
            return name or "…"
        if owner is None:
            return "…"
        if owner.name == "arith.constant":
            text = owner.attributes.get("value", "…").partition(" :")[0]
            return f"{float(text):g}" if re.fullmatch(r"-?\d+\.\d+e[+-]\d+", text) else text
        if owner.name in ("tt.get_program_id", "tt.get_num_programs"):
            return f"{owner.name[7:]}({owner.attributes.get('axis', '0').partition(' ')[0]})"
        name = self.locations.name(owner.location)
        if name:
            return name
        return self._expression(owner, depth)

    def _expression(self, op: Operation, depth: int) -> str:
        if op.name in ("arith.extsi", "arith.extui", "arith.trunci", "arith.index_cast"):
            return self.scalar(op.operands[0], depth)
        if not depth or len(op.operands) != 2:
            return "…"
        left, right = (self.scalar(operand, depth - 1) for operand in op.operands)
        if "…" in (left, right):
            return "…"
        if op.name in _FUNCTIONS:
            return f"{_FUNCTIONS[op.name]}({left}, {right})"
        if op.name == "arith.cmpi":
            return f"{left} {_COMPARISONS[op.integer('predicate')]} {right}"
        if op.name in _OPERATORS:
            left, right = (f"({text})" if " " in text and text[-1] != ")" else text for text in (left, right))
            return f"{left} {_OPERATORS[op.name]} {right}"
        return "…"


def loop_variable(loop: Operation, locations: Locations) -> str:
    """The name of a loop's induction variable: from the user's line, if that is its ``for``."""
    match = _FOR.match(locations.source(loop.location))
    return match[1] if match else locations.name(loop.regions[0].blocks[0].arguments[0].location) or "i"
