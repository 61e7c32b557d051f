"""MLIR in its generic form, read into Python objects.

The native library prints any module that it can parse in that form, in which every operation is written alike, so
nothing here knows an operation's own syntax. Attributes and types stay text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_SPACE = re.compile(r"(?:\s|//[^\n]*)*")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_VALUE = re.compile(r"%[\w$.-]+(?:#\d+)?")
_RESULTS = re.compile(r"(%[\w$.-]+)(?::(\d+))?")
_BLOCK = re.compile(r"\^[\w$.-]+")
_KEY = re.compile(r'"(?:[^"\\]|\\.)*"|[\w$.-]+')
_ALIAS = re.compile(r"^([#!][\w$.-]+) = (.*)$", re.MULTILINE)
# What decides where a piece of text ends: strings, brackets, separators; "->" is none of them.
_DELIMITER = re.compile(r'"(?:[^"\\]|\\.)*"|->|[()\[\]{}<>,=]|\n')
_OPENING, _CLOSING = "([{<", ")]}>"


class MLIRSyntaxError(ValueError):
    """The text is no generic MLIR."""


@dataclass(eq=False, repr=False)
class Value:
    """A result of ``owner`` (an operation), or argument ``index`` of it (a block)."""

    owner: Operation | Block | None = None
    index: int = 0
    type: str = ""
    location: str = ""


@dataclass(eq=False, repr=False)
class Operation:
    """An operation; ``attributes`` holds inherent and other ones, as text; ``span``: where it stands in the text."""

    name: str
    operands: list[Value] = field(default_factory=list)
    results: list[Value] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    regions: list[Region] = field(default_factory=list)
    location: str = ""
    parent: Block | None = None
    span: tuple[int, int] = (0, 0)

    def walk(self) -> Iterator[Operation]:
        """This operation and all inside of it, in the order of the text."""
        yield self
        for region in self.regions:
            for block in region.blocks:
                for operation in block.operations:
                    yield from operation.walk()

    def integer(self, name: str) -> int | None:
        """An integer attribute's value, None without it."""
        return int(self.attributes[name].partition(":")[0]) if name in self.attributes else None

    def integers(self, name: str) -> list[int]:
        """The numbers of an attribute like ``array<i32: 4, 8>``; empty without it."""
        _, _, numbers = self.attributes.get(name, "").partition(":")
        return [int(number) for number in re.findall(r"-?\d+", numbers)]

    def strings(self, name: str) -> list[str]:
        """The strings of a string attribute or an array of them; empty without it."""
        return _STRING.findall(self.attributes.get(name, ""))


@dataclass(eq=False, repr=False)
class Block:
    """A block: its arguments and operations."""

    parent: Region
    arguments: list[Value] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)


@dataclass(eq=False, repr=False)
class Region:
    """A region of ``parent``."""

    parent: Operation
    blocks: list[Block] = field(default_factory=list)


@dataclass(eq=False, repr=False)
class Module:
    """A module: its top operation and the aliases of attributes, types and locations (``#loc3``: text)."""

    operation: Operation
    aliases: dict[str, str]

    def walk(self) -> Iterator[Operation]:
        """All operations, in the order of the text."""
        yield from self.operation.walk()


def parse(text: str) -> Module:
    """Read a module in generic form; raises MLIRSyntaxError, with the line, for other text."""
    parser = _Parser(text)
    return Module(parser.operation(None, _Scope(None)), dict(_ALIAS.findall(text)))


class _Scope:
    """Names of values in a region and those around it."""

    def __init__(self, outer: _Scope | None) -> None:
        self.outer, self.names = outer, {}

    def find(self, name: str) -> Value:
        scope: _Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        # A block further down defines it.
        return self.names.setdefault(name, Value())

    def define(self, name: str, owner: Operation | Block, index: int, type: str, location: str) -> Value:
        value = self.names.setdefault(name, Value())
        value.owner, value.index, value.type, value.location = owner, index, type, location
        return value


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        first = re.search(r'^\s*"builtin\.module"', text, re.MULTILINE)
        if first is None:
            raise MLIRSyntaxError("line 1: no builtin.module in generic form")
        self.at = first.start()

    def fail(self, expected: str) -> MLIRSyntaxError:
        line = self.text.count("\n", 0, self.at) + 1
        found = self.text[self.at : self.at + 30].split("\n")[0]
        return MLIRSyntaxError(f"line {line}: expected {expected}, found '{found}'")

    def space(self) -> None:
        self.at = _SPACE.match(self.text, self.at).end()

    def take(self, token: str) -> bool:
        self.space()
        if self.text.startswith(token, self.at):
            self.at += len(token)
            return True
        return False

    def need(self, token: str) -> None:
        if not self.take(token):
            raise self.fail(f"'{token}'")

    def match(self, pattern: re.Pattern, expected: str) -> re.Match:
        self.space()
        match = pattern.match(self.text, self.at)
        if match is None:
            raise self.fail(expected)
        self.at = match.end()
        return match

    def balanced(self, stops: str) -> str:
        """The text up to one of ``stops`` (or a closing bracket) outside of brackets."""
        self.space()
        start, depth = self.at, 0
        for match in _DELIMITER.finditer(self.text, self.at):
            token = match[0]
            if depth == 0 and (token in stops or token in _CLOSING):
                self.at = match.start()
                return self.text[start : self.at].strip()
            if token in _OPENING:
                depth += 1
            elif token in _CLOSING:
                depth -= 1
        raise self.fail("the end of an attribute or type")

    def list_until(self, closing: str, item: object) -> list:
        """Items separated by commas; the opening bracket has been taken."""
        items = []
        if self.take(closing):
            return items
        while True:
            items.append(item())
            if self.take(closing):
                return items
            self.need(",")

    def operation(self, parent: Block | None, scope: _Scope) -> Operation:
        results = []
        self.space()
        start = self.at
        if self.text.startswith("%", self.at):
            while True:
                match = self.match(_RESULTS, "a result")
                results.append((match[1], int(match[2] or 1), match[2] is not None))
                if not self.take(","):
                    break
            self.need("=")
        op = Operation(self.match(_STRING, "an operation's name")[1], parent=parent)
        self.need("(")
        op.operands = self.list_until(")", lambda: scope.find(self.match(_VALUE, "an operand")[0]))
        if self.take("["):
            self.list_until("]", lambda: self.match(_BLOCK, "a successor"))
        if self.take("<{"):
            op.attributes.update(self.list_until("}", self.attribute))
            self.need(">")
        if self.take("("):
            op.regions = self.list_until(")", lambda: self.region(op, scope))
        if self.take("{"):
            op.attributes.update(self.list_until("}", self.attribute))
        self.need(":")
        self.need("(")
        self.list_until(")", self.type)
        self.need("->")
        types = self.list_until(")", self.type) if self.take("(") else [self.type(" ")]
        op.location = self.location()
        op.span = start, self.at
        index = 0
        for name, count, several in results:
            for number in range(count):
                full = f"{name}#{number}" if several else name
                type = types[index] if index < len(types) else ""
                op.results.append(scope.define(full, op, index, type, op.location))
                index += 1
        return op

    def type(self, stops: str = "") -> str:
        if stops:
            return self.result_type()
        return self.balanced(",")

    def result_type(self) -> str:
        """The one type behind ``->``, which a location or the end of the line follows."""
        self.space()
        start, depth = self.at, 0
        end = re.compile(r' loc\(|\n|->|"(?:[^"\\]|\\.)*"|[(\[{<>}\])]')
        for match in end.finditer(self.text, self.at):
            token = match[0]
            if depth == 0 and token in (" loc(", "\n"):
                self.at = match.start()
                return self.text[start : self.at].strip()
            if token in _OPENING or token == " loc(":
                depth += 1
            elif token in _CLOSING:
                depth -= 1
        raise self.fail("the end of a type")

    def attribute(self) -> tuple[str, str]:
        name = self.match(_KEY, "an attribute's name")[0].strip('"')
        return name, self.balanced(",") if self.take("=") else ""

    def location(self) -> str:
        if not self.take("loc("):
            return ""
        text = self.balanced("")
        self.need(")")
        return text

    def region(self, op: Operation, scope: _Scope) -> Region:
        region, inner = Region(op), _Scope(scope)
        self.need("{")
        while not self.take("}"):
            self.space()
            if self.text.startswith("^", self.at):
                region.blocks.append(self.block_header(region, inner))
            else:
                if not region.blocks:
                    region.blocks.append(Block(region))
                block = region.blocks[-1]
                block.operations.append(self.operation(block, inner))
        return region

    def block_header(self, region: Region, scope: _Scope) -> Block:
        self.match(_BLOCK, "a block's label")
        block = Block(region)

        def argument() -> None:
            name = self.match(_VALUE, "an argument")[0]
            self.need(":")
            # A location may follow the type, so the type ends there or at the comma.
            type, _, _ = self.balanced(",").partition(" loc(")
            location = self.text[: self.at].rpartition(" loc(")[2] if _ else ""
            block.arguments.append(scope.define(name, block, len(block.arguments), type, location.removesuffix(")")))

        if self.take("("):
            self.list_until(")", argument)
        self.need(":")
        return block
