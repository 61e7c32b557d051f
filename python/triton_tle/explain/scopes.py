"""Puts a profiler's scopes around the steps of a kernel: waits for pipes and copies, products, copies.

Scopes are pairs of ``proton.record``. They go in behind the TTGIR stage, when no pass of TLE's is left in it: steps are
in their final order there, and only stock, which knows the dialect, sees the module from then on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from . import mlir
from .analysis import LOWER_PIPES, Text, ends_of_pipes, partition_of, pipe_names
from .steps import PRODUCTS

_WAITS, _ARRIVES = re.compile(r"\bmbarrier\.try_wait"), re.compile(r"\bmbarrier\.arrive")
_COPIES = ("ttg.async_copy_global_to_local", "ttng.async_tma_copy_global_to_local", "ttng.async_tma_gather")
_ASSEMBLY = "tt.elementwise_inline_asm"
# Steps that end a run of equal ones: what lies between belongs to nobody's scope.
_BETWEEN = ("ttng.arrive_barrier", "ttg.async_commit_group", "gpu.barrier", "ttng.fence_async_shared")


def instrument(ttgir: str, watched: Mapping[str, str]) -> str:
    """The module ``ttgir`` with a scope around each step, or around several of one kind that follow each other.

    ``watched`` may hold the module that ``triton-tle-lower-pipes`` got, its allocations numbered: then scopes have the
    names of pipes.
    """
    text = Text(ttgir)
    names = _PipeNames(Text(watched[LOWER_PIPES]), text) if LOWER_PIPES in watched else None
    inserts: list[tuple[int, str]] = []
    for block in _blocks(text.module):
        for scope, first, last in _runs(block, text, names):
            inserts += [
                (first.span[0], f'proton.record start "{scope}"\n'),
                (last.span[1], f'\nproton.record end "{scope}"'),
            ]
    result, at = [], 0
    for place, record in sorted(inserts, key=lambda entry: entry[0]):
        result += [text.generic[at:place], record]
        at = place
    return "".join([*result, text.generic[at:]])


class _PipeNames:
    """Names of pipes by their barriers in the module whose steps are assembly."""

    def __init__(self, before: Text, final: Text) -> None:
        self.final = final
        ends = ends_of_pipes(before)
        self.by_key = {}
        creates = [op for op in before.operations if op.name == "tle.pipe_create"]
        for create, name in zip(creates, pipe_names(creates)):
            barriers = before.views.root(create.operands[0])
            self.by_key[before.keys[barriers]] = name, ends.get((barriers, None))

    def find(self, op: mlir.Operation) -> tuple[str, bool]:
        """The name of the pipe whose mbarrier ``op`` takes, and whether its partition writes it; "mbarrier" else."""
        for operand in op.operands:
            root = self.final.views.pointed_at(operand)
            if root is not None and self.final.keys[root] in self.by_key:
                name, writer = self.by_key[self.final.keys[root]]
                return name, writer == partition_of(op)
        return "mbarrier", False


def _blocks(op: mlir.Operation) -> Iterator[mlir.Block]:
    for region in op.regions:
        for block in region.blocks:
            yield block
            for inner in block.operations:
                yield from _blocks(inner)


def _runs(
    block: mlir.Block, text: Text, names: _PipeNames | None
) -> Iterator[tuple[str, mlir.Operation, mlir.Operation]]:
    """The scopes of a block: name, first and last operation."""
    current: tuple[str, mlir.Operation, mlir.Operation] | None = None
    for op in block.operations:
        scope = _scope(op, text, names)
        if scope is None:
            continue
        if current is not None and current[0] == scope:
            current = scope, current[1], op
            continue
        if current is not None and current[0]:
            yield current
        current = scope, op, op
    if current is not None and current[0]:
        yield current


def _scope(op: mlir.Operation, text: Text, names: _PipeNames | None) -> str | None:
    """The scope of an operation: None if it does not matter, empty if it only ends another's."""
    if op.name == _ASSEMBLY:
        asm = op.attributes.get("asm_string", "")
        if _WAITS.search(asm):
            name, writes = names.find(op) if names else ("mbarrier", False)
            return f"{'acquire' if writes else 'wait'} {name}"
        return "" if _ARRIVES.search(asm) else None
    if op.name == "ttng.wait_barrier":
        return "wait mbarrier"
    if op.name in _COPIES:
        return "copies"
    if op.name == "ttg.async_wait":
        return "wait copies"
    if op.name in PRODUCTS:
        return "products"
    if op.name == "ttng.warp_group_dot_wait":
        return "finish products"
    return "" if op.name in _BETWEEN or op.regions else None
