"""Errors and warnings of the TLE compiler, shown at the user's source line."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Sequence
from typing import Any

from triton.compiler.errors import CompilationError
from triton.errors import TritonError


class NativeLibraryError(TritonError, RuntimeError):
    """The native library is missing, or lacks a pass that the pipeline needs."""


class PtxasWarning(UserWarning):
    """ptxas spilled registers, serialized WGMMA or ignored a register request in a kernel that uses TLE."""


class TLECompilationError(CompilationError):
    """A pass of the native engine refused the kernel.

    ``file``, ``line`` (from 1) and ``column`` (from 1) say where in the user's source; ``notes`` are further
    lines. The message holds the source line with a caret below it, then what was wrong.
    """

    def __init__(
        self,
        message: str,
        file: str | None = None,
        line: int = 0,
        column: int = 0,
        notes: Sequence[str] = (),
    ) -> None:
        self.file, self.line, self.column, self.notes = file, line, column, tuple(notes)
        source = linecache.getline(file, line) if file and line else ""
        node = ast.Pass(lineno=line, col_offset=max(column - 1, 0))
        super().__init__(source or None, node, message)

    def _format_message(self) -> str:
        message = "\n".join([self.error_message or "", *self.notes])
        if not self.file:
            return message
        where = f"at {self.file}:{self.line}:{self.column}:"
        if self.src is None:
            return f"{where}\n{message}"
        return "\n".join([where, *_excerpt(self.src, self.column), message])

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.error_message, self.file, self.line, self.column, self.notes)


def _excerpt(source: str, column: int) -> list[str]:
    """The source line and, where ``column`` (from 1) points into it, a line with a caret below."""
    source = source.rstrip("\n")
    if not 1 <= column <= len(source) + 1:
        return [source]
    # Tabs stay tabs, so that the caret stands under its character however wide they are shown.
    return [source, "".join(c if c == "\t" else " " for c in source[: column - 1]) + "^"]


def from_diagnostics(diagnostics: Sequence[Any]) -> TLECompilationError:
    """The exception for what a native pass reported: its first error leads, all else becomes notes.

    Each diagnostic has severity, file, line, column, message and notes (themselves diagnostics).
    """
    errors = [d for d in diagnostics if d.severity == "error"] or list(diagnostics)
    if not errors:
        return TLECompilationError("a pass of the native engine failed without saying why")
    first = errors[0]
    notes = [_as_line(note) for note in first.notes]
    notes += [_as_line(other) for other in diagnostics if other is not first]
    return TLECompilationError(first.message, first.file or None, first.line, first.column, notes)


def _as_line(diagnostic: Any) -> str:
    where = f"{diagnostic.file}:{diagnostic.line}:{diagnostic.column}: " if diagnostic.file else ""
    return f"{where}{diagnostic.severity}: {diagnostic.message}"
