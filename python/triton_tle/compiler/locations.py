"""Source locations in MLIR text."""

from __future__ import annotations

import re

_PLACE = re.compile(r'^"((?:[^"\\]|\\.)*)":(\d+):(\d+)')
_NAMED = re.compile(r'^"(?:[^"\\]|\\.)*"\((.*)\)$', re.DOTALL)
_DEFINITION = re.compile(r"^(#loc\d*) = loc\((.*)\)$", re.MULTILINE)

Place = tuple[str, int, int]


class Locations:
    """The locations of a module's text; a place is (file, line from 1, column from 0)."""

    def __init__(self, text: str) -> None:
        self.aliases = dict(_DEFINITION.findall(text))

    def place(self, location: str) -> Place | None:
        """The place that the text inside ``loc(…)`` stands for; of a call chain the callee's, None if unknown."""
        if location.startswith("#"):
            return self.place(self.aliases[location]) if location in self.aliases else None
        match = _PLACE.match(location)
        if match:
            return match[1], int(match[2]), int(match[3])
        match = _NAMED.match(location)
        if match:
            return self.place(match[1])
        match = re.match(r"callsite\((#loc\d*|\".*?\":\d+:\d+)", location) or re.match(
            r"fused(?:<.*?>)?\[(#loc\d*|\".*?\":\d+:\d+)", location
        )
        return self.place(match[1]) if match else None


def kernel_place(text: str) -> Place | None:
    """The ``def`` of the public function in a module's text; None without locations."""
    function = re.search(r"^  tt\.func public @.*?^  \} loc\((.*?)\)$", text, re.MULTILINE | re.DOTALL)
    return Locations(text).place(function[1]) if function else None
