"""Shared memory: what a target has, and which buffers of a kernel take it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from .errors import SharedMemoryError
from .locations import Locations, Place, kernel_place

# Shared memory a CTA can use, in KiB, by compute capability (CUDA C++ Programming Guide, technical specifications).
SHARED_MEMORY_KIB = {
    70: 96,
    72: 96,
    75: 64,
    80: 163,
    86: 99,
    87: 163,
    89: 99,
    90: 227,
    100: 227,
    101: 227,
    103: 227,
    110: 227,
    120: 99,
    121: 99,
}

_ALLOCATION = re.compile(
    r"ttg\.local_alloc\b.*?-> !ttg\.memdesc<(?P<shape>(?:\d+x)+)(?P<type>[a-z]\w*|!tt\.ptr<.*?>), "
    r".*? loc\((?P<loc>.*)\)$",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Buffer:
    """A buffer in shared memory: shape and type as MLIR writes them ("64x512xbf16"), bytes, where it is made."""

    type: str
    size: int
    place: Place | None


def buffers(text: str) -> list[Buffer]:
    """The buffers that a TTGIR module with locations allocates, in order."""
    locations = Locations(text)
    return [
        Buffer(
            match["shape"] + match["type"],
            math.prod(map(int, match["shape"].rstrip("x").split("x"))) * _bits(match["type"]) // 8,
            locations.place(match["loc"]),
        )
        for match in _ALLOCATION.finditer(text)
    ]


def shared_memory(capability: int) -> int:
    """Bytes of shared memory that a CTA can have; for an unknown capability as much as any has."""
    return 1024 * SHARED_MEMORY_KIB.get(capability, max(SHARED_MEMORY_KIB.values()))


def check(needed: int, capability: int, ttgir: str) -> None:
    """Raise SharedMemoryError, at the largest buffer, when a kernel needs more than ``capability`` has.

    ``needed`` is in bytes, ``ttgir`` the module's text before allocation.
    """
    capacity = shared_memory(capability)
    if needed <= capacity:
        return
    found = sorted(buffers(ttgir), key=lambda buffer: -buffer.size)
    notes = []
    for buffer in found:
        where = f" at {buffer.place[0]}:{buffer.place[1]}" if buffer.place else ""
        notes.append(f"note: {buffer.size} bytes: {buffer.type}{where}")
    place = (found[0].place if found else None) or kernel_place(ttgir) or (None, 0, 0)
    message = f"the kernel needs {needed} bytes of shared memory, sm_{capability} has {capacity}"
    raise SharedMemoryError(message, *place, notes, required=needed, limit=capacity)


def _bits(element: str) -> int:
    """Bits that an element takes in memory: bf16, f32, f8E4M3FN, i1, …"""
    if element.startswith("!tt.ptr"):
        return 64
    return max(8, int(re.search(r"\d+", element)[0]))
