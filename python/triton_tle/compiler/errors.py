"""Errors and warnings of the TLE compiler, shown at the user's source line."""

from __future__ import annotations

import ast
import functools
import linecache
from collections.abc import Sequence
from typing import Any

from triton.compiler.errors import CompilationError
from triton.errors import TritonError
from triton.runtime.errors import OutOfResources


class NativeLibraryError(TritonError, RuntimeError):
    """The native library is missing, or lacks a pass that the pipeline needs."""


class PtxasWarning(UserWarning):
    """ptxas spilled registers, serialized WGMMA or ignored a register request in a kernel that uses TLE."""


class TLECompilationError(CompilationError):
    """A pass of the native engine refused the kernel.

    ``file``, ``line`` (from 1) and ``column`` (from 0, as Triton counts) say where in the user's source, or in
    ``excerpt`` where that is given; ``notes`` are further lines. The message holds the source line with a caret
    below it, then what was wrong.
    """

    def __init__(
        self,
        message: str,
        file: str | None = None,
        line: int = 0,
        column: int = 0,
        notes: Sequence[str] = (),
        excerpt: str | None = None,
    ) -> None:
        self.file, self.line, self.column, self.notes, self.excerpt = file, line, column, tuple(notes), excerpt
        source = excerpt or (linecache.getline(file, line) if file else "")
        super().__init__(source or None, ast.Pass(lineno=line, col_offset=column), message)

    def _format_message(self) -> str:
        message = "\n".join([self.error_message or "", *self.notes])
        if not self.file:
            return message
        where = f"at {self.file}:{self.line}:{self.column}:"
        source = self.src.rstrip("\n") if self.src is not None else None
        if source is None:
            return f"{where}\n{message}"
        # Tabs stay tabs, so that the caret stands under its character however wide they are shown.
        blank = "".join(c if c == "\t" else " " for c in source[: self.column])
        return "\n".join([where, source, f"{blank}^", message])

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.error_message, self.file, self.line, self.column, self.notes, self.excerpt)


class PartitionError(CompilationError):
    """A mistake inside of a partition of `tle.gpu.warp_specialize`: its message holds place and text of the mistake."""

    def _format_message(self) -> str:
        return self.error_message


class SharedMemoryError(TLECompilationError, OutOfResources):
    """The kernel's buffers do not fit into the shared memory of the target.

    Known when compiling, where stock Triton finds out at launch. Triton's autotuner passes over a configuration
    that raises it, as it does for stock's OutOfResources. ``required`` and ``limit`` are bytes.
    """

    def __init__(self, *arguments: Any, required: int = 0, limit: int = 0) -> None:
        super().__init__(*arguments)
        self.required, self.limit, self.name = required, limit, "shared memory"

    def __reduce__(self) -> tuple[Any, ...]:
        _, arguments = super().__reduce__()
        return functools.partial(type(self), required=self.required, limit=self.limit), arguments


def from_diagnostics(diagnostics: Sequence[Any], name: str, text: str) -> TLECompilationError:
    """The exception for what a native pass reported: its first error leads, all else becomes notes.

    Each diagnostic has severity, file, line, column, message and notes (themselves diagnostics). ``text`` is the
    module that went in, under the file name ``name``; a diagnostic about it shows its line.
    """
    errors = [d for d in diagnostics if d.severity == "error"] or list(diagnostics)
    if not errors:
        return TLECompilationError("a pass of the native engine failed without saying why")
    first = errors[0]
    notes = [_as_line(note) for note in first.notes]
    notes += [_as_line(other) for other in diagnostics if other is not first]
    excerpt, column = None, first.column
    if first.file == name:
        # MLIR counts the columns of its own text from 1.
        lines = text.splitlines()
        excerpt, column = lines[first.line - 1] if 0 < first.line <= len(lines) else None, first.column - 1
    return TLECompilationError(first.message, first.file or None, first.line, column, notes, excerpt)


def _as_line(diagnostic: Any) -> str:
    where = f"{diagnostic.file}:{diagnostic.line}:{diagnostic.column}: " if diagnostic.file else ""
    return f"{where}{diagnostic.severity}: {diagnostic.message}"
