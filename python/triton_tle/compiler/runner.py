"""Runs a stage of a pipeline: groups of passes, each in its engine, the module crossing between them."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from triton._C.libtriton import ir

from . import bridge, stock
from .errors import NativeLibraryError
from .pipelines import INSTRUMENTATION, NATIVE, Group, Pass, Stage

#: Called after each group with its number (from 1), the group and the module's text.
GroupDump = Callable[[int, Group, str], None]

#: Makes another text of a module's.
Change = Callable[[str], str]

_watched: ContextVar[tuple[Mapping[str, Change | None], dict[str, str]] | None] = ContextVar("watched", default=None)


class Trial:
    """A compilation that may turn out to be of no use."""

    failed = False


@contextmanager
def trial(remarks: Remarks | None = None) -> Iterator[Trial]:
    """Hold back what is compiled inside, remarks and watched modules; where ``failed`` was set, forget them."""
    _, found = _watched.get() or ({}, {})
    before, made = set(found), Trial()
    if remarks is not None:
        remarks.held = []
    try:
        yield made
    finally:
        if made.failed:
            for flag in set(found) - before:
                del found[flag]
        if remarks is not None:
            held, remarks.held = remarks.held, None
            for remark in [] if made.failed else held:
                remarks.show(remark)


@contextmanager
def watching(*flags: str, changes: Mapping[str, Change] | None = None) -> Iterator[dict[str, str]]:
    """The modules that native passes named by ``flags`` see, as text by flag: filled while kernels compile inside.

    What ``changes`` makes of a pass's module is what the pass gets, and what is handed out. A pass that runs twice
    counts once, the first time.
    """
    found: dict[str, str] = {}
    token = _watched.set((dict.fromkeys(flags) | dict(changes or {}), found))
    try:
        yield found
    finally:
        _watched.reset(token)


def run_stage(
    module: Any,
    stage: Stage,
    name: str,
    *,
    text: str | None = None,
    instrument: Any = None,
    dump: GroupDump | None = None,
    remarks: Remarks | None = None,
) -> Any:
    """Run ``stage`` over a stock module and return the resulting module, in the same context.

    ``text`` is the module's, if the caller has it; ``name`` is what stock calls the run; ``instrument`` patches
    pass managers at instrumentation points; ``remarks`` gets what native passes say of the module.
    Raises TLECompilationError when a native pass refuses the module, RuntimeError when a stock pass does
    (its diagnostics are on stderr), NativeLibraryError when the native library lacks a pass.
    """
    context = module.context
    if text is None and any(entry.only_if for entry in stage.passes):
        text = bridge.to_text(module)
    for number, group in enumerate(list(stage.groups(text)), start=1):
        if group.engine == NATIVE:
            text = _run_native(text if text is not None else bridge.to_text(module), group, name, remarks)
            module = None
        else:
            if module is None:
                module = bridge.parse(text, context)
            text = None
            run_stock(module, group.passes, name, instrument)
        if dump is not None:
            dump(number, group, text if text is not None else bridge.to_text(module))
    return module if module is not None else bridge.parse(text, context)


class Remarks:
    """Shows what passes whose flags match ``filter`` say of one compilation, each remark once, on standard error.

    While ``held`` is a list, remarks are put there instead.
    """

    def __init__(self, filter: str) -> None:
        self.filter = filter
        self.held: list[Any] | None = None
        self._shown: set[str] = set()

    def show(self, remark: Any) -> None:
        """Print a remark as ``file:line: remark: [flag of the pass] why``."""
        if self.held is not None:
            self.held.append(remark)
            return
        where = f"{remark.file}:{remark.line}: " if remark.file else ""
        line = f"{where}remark: [{remark.pass_flag}] {remark.message}"
        if line not in self._shown:
            self._shown.add(line)
            print(line, file=sys.stderr, flush=True)


def check_native(flags: tuple[str, ...]) -> None:
    """Raise NativeLibraryError, naming every one, when the native library lacks a pass of ``flags``."""
    missing = [flag for flag in flags if flag not in bridge.native_passes()]
    if missing:
        raise NativeLibraryError(f"the native library has no pass {', '.join(missing)}: rebuild it from this source")


def run_stock(module: Any, passes: Iterable[Pass], name: str, instrument: Any = None, *, quiet: bool = False) -> None:
    """Run stock ``passes`` in one pass manager over ``module``, in place; raises RuntimeError when one fails.

    ``quiet``: without Triton's dumps.
    """
    manager = ir.pass_manager(module.context)
    if not quiet:
        manager.enable_debug()
    for entry in passes:
        options = dict(entry.options)
        if entry.flag == INSTRUMENTATION:
            instrument.patch(options["name"], manager, module.context)
        else:
            stock.lookup(entry.flag).add_to(manager, options)
    manager.run(module, name)


def _run_native(text: str, group: Group, name: str, remarks: Remarks | None) -> str:
    said = {"remarks": remarks.filter, "listener": remarks.show} if remarks else {}
    changes, found = _watched.get() or ({}, {})
    for index, entry in enumerate(group.passes):
        if entry.flag in changes and entry.flag not in found:
            if index:
                text = _run_native(text, Group(group.engine, group.passes[:index]), name, remarks)
            change = changes[entry.flag]
            text = found[entry.flag] = change(text) if change is not None else text
            return _run_native(text, Group(group.engine, group.passes[index:]), name, remarks)
    if not dumps_ir(text):
        return bridge.run_native(text, str(group), name=name, **said)
    for entry in group.passes:
        title = "".join(part.capitalize() for part in entry.flag.split("-"))
        print(
            f"// -----// IR Dump Before {title} ({entry.flag}) ('builtin.module' operation) //----- //\n{text}\n",
            file=sys.stderr,
            flush=True,
        )
        text = bridge.run_native(text, str(entry), name=name, **said)
    return text


def dumps_ir(text: str) -> bool:
    """Whether ``MLIR_ENABLE_DUMP`` asks for this module: a truth value, or the name of one of its functions."""
    wanted = os.environ.get("MLIR_ENABLE_DUMP", "")
    if wanted.lower() in ("", "0", "false", "off"):
        return False
    if wanted.lower() in ("1", "true", "on"):
        return True
    return re.search(rf"@{re.escape(wanted)}(?![\w.$])", text) is not None
