"""Locations in MLIR text: names of values, and the chain of calls that inlining left behind."""

from __future__ import annotations

import linecache
import re
from collections.abc import Iterable, Mapping

_TOKEN = re.compile(
    r'\s*("(?:[^"\\]|\\.)*"|#[\w$.-]+|callsite\(|fused|unknown|at\b|to\b|[():<>\[\],]|[^\s():<>\[\],"]+)'
)

Place = tuple[str, int]


class Locations:
    """Reads locations of a module.

    ``aliases`` maps ``#loc3`` to ``loc(…)``. ``of_statements`` are locations of loops and branches: their names are
    those of results, and say nothing about what passes made of such a statement.
    """

    def __init__(self, aliases: Mapping[str, str], of_statements: Iterable[str] = ()) -> None:
        self.aliases = aliases
        self._read: dict[str, tuple[str, tuple[Place, ...]]] = {}
        self._statements = {self._resolve(location) for location in of_statements}

    def name(self, location: str) -> str:
        """What the user calls the value, empty if nothing is known."""
        found = self._resolve(location)
        return "" if found in self._statements else found[0]

    def key(self, location: str) -> tuple[str, tuple[Place, ...]]:
        """Name and places, the same for the same location of another text."""
        return self._resolve(location)

    def source(self, location: str) -> str:
        """The user's line of the innermost place, empty without one."""
        frames = self.frames(location)
        return linecache.getline(*frames[0]).strip() if frames else ""

    def frames(self, location: str) -> tuple[Place, ...]:
        """The places (file, line), of calls the innermost first."""
        return self._resolve(location)[1]

    def place(self, location: str, home: str = "") -> str:
        """The innermost place as "file.py:12", as "12" in the file ``home``; empty if it is not in a Python file."""
        for file, line in self.frames(location)[:1]:
            if file.endswith(".py"):
                return str(line) if file == home else f"{file.rpartition('/')[2]}:{line}"
        return ""

    def _resolve(self, location: str) -> tuple[str, tuple[Place, ...]]:
        location = location.strip()
        if location not in self._read:
            self._read[location] = "", ()  # a location that refers to itself has no place
            self._read[location] = _Reader(location, self).read()
        return self._read[location]

    def resolve_alias(self, alias: str) -> tuple[str, tuple[Place, ...]]:
        """What ``#loc3`` stands for."""
        text = self.aliases.get(alias, "")
        return self._resolve(text[4:-1]) if text.startswith("loc(") and text.endswith(")") else ("", ())


class _Reader:
    def __init__(self, text: str, locations: Locations) -> None:
        self.tokens = _TOKEN.findall(text)
        self.locations = locations
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1] if self.at <= len(self.tokens) else ""

    def read(self) -> tuple[str, tuple[Place, ...]]:
        token = self.take()
        if token.startswith("#"):
            return self.locations.resolve_alias(token)
        if token == "callsite(":
            name, inner = self.read()
            self.take()  # at
            _, outer = self.read()
            self.take()  # )
            return name, inner + outer
        if token == "fused":
            depth = 0
            while self.peek() and (depth or self.peek() != "["):
                depth += {"<": 1, ">": -1}.get(self.take(), 0)
            self.take()  # [
            found = "", ()
            while self.peek() and self.peek() != "]":
                one = self.read()
                found = found if found[1] else one
                if self.peek() == ",":
                    self.take()
            self.take()
            return found
        if token.startswith('"'):
            return self._string(token[1:-1])
        return "", ()

    def _string(self, text: str) -> tuple[str, tuple[Place, ...]]:
        if self.peek() == "(":
            self.take()
            inner, frames = self.read()
            self.take()
            return text or inner, frames
        if self.peek() == ":":
            self.take()
            line = self.take()
            self.take()
            self.take()
            return "", ((text, int(line)),) if line.isdigit() else ()
        return text, ()
