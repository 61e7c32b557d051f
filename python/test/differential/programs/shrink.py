"""Makes a failing program smaller."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from .generate import Program
from .nodes import If, Load, Loop, Node, walk


def shrink(program: Program, fails: Callable[[Program], bool], seconds: float = 60.0) -> Program:
    """Removes statements that nothing reads and stagings, while `fails` holds; changes the program in place."""
    end = time.monotonic() + seconds
    progress = True
    while progress:
        progress = False
        for change, undo in _changes(program):
            if time.monotonic() > end:
                return program
            change()
            if fails(program):
                progress = True
                break
            undo()
    return program


def _changes(program: Program) -> Iterator[tuple[Callable[[], None], Callable[[], None]]]:
    for block in [program.body, *(node.body for node in walk(program.body) if isinstance(node, (Loop, If)))]:
        for node in reversed(block):
            if not _is_read(node, program):
                at = block.index(node)
                yield lambda: block.remove(node), lambda: block.insert(at, node)  # noqa: B023
    for node in walk(program.body):
        if isinstance(node, Load) and node.way != "registers":
            way = node.way
            yield lambda: setattr(node, "way", "registers"), lambda: setattr(node, "way", way)  # noqa: B023


def _is_read(node: Node, program: Program) -> bool:
    if isinstance(node, (Loop, If)):
        names = {name for inner in walk(node.body) for name in inner.names}
        inside = {id(inner) for inner in walk(node.body)} | {id(node)}
    else:
        names, inside = set(node.names), {id(node)}
    others = [other for other in walk(program.body) if id(other) not in inside]
    if isinstance(node, (Loop, If)):
        # What it carries keeps a value from before it.
        names -= {name for other in others for name in other.names}
    elif any(set(other.names) & names for other in others):
        # One of several assignments: the others, or what comes after them, still find a value if it is not the first.
        first = next(other for other in walk(program.body) if set(other.names) & names)
        return first is node
    return any(names & set(other.uses) for other in others)
