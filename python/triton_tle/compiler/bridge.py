"""The way between the two engines: a module of the stock context as text, and text as such a module."""

from __future__ import annotations

import functools
import importlib
import os
from collections.abc import Callable
from types import ModuleType
from typing import Any

from triton._C.libtriton import ir

from .errors import NativeLibraryError, from_diagnostics


@functools.cache
def native() -> ModuleType:
    """The binding of the native library; raises NativeLibraryError when it cannot be loaded."""
    try:
        return importlib.import_module("triton_tle._native")
    except ImportError as error:
        raise NativeLibraryError(
            f"triton_tle._native cannot be loaded ({error}): build the project, or install the triton-tle wheel "
            "made for this Python"
        ) from error


@functools.cache
def native_passes() -> dict[str, dict[str, Any]]:
    """What the native library can run: flag to description (flag, summary, options)."""
    return {entry["flag"]: entry for entry in native().list_passes()}


def to_text(module: Any) -> str:
    """The module as MLIR text, locations included."""
    return str(module)


def parse(text: str, context: Any) -> Any:
    """Parse MLIR text in the stock context; the module keeps ``context`` alive.

    Raises RuntimeError when stock cannot parse the text; its diagnostics are on stderr.
    """
    # libtriton reads modules from a path only.
    fd = os.memfd_create("triton-tle-module")
    try:
        data = memoryview(text.encode())
        while data:
            data = data[os.write(fd, data) :]
        module = ir.parse_mlir_module(f"/proc/self/fd/{fd}", context)
    finally:
        os.close(fd)
    module.context = context
    return module


#: Takes what a pass said: a diagnostic with severity, pass_flag, file, line, column and message.
Listener = Callable[[Any], None]


def run_native(
    text: str, pipeline: str, *, name: str = "module", remarks: str = "", listener: Listener | None = None
) -> str:
    """Run a textual ``pipeline`` of native passes over a module's text and return the new text.

    ``name`` stands for the file in locations of the text itself. ``remarks`` is a regular expression for flags of
    passes that shall say what they did and did not; ``listener`` is called with each such remark.
    Raises TLECompilationError, at the user's source line, when a pass or the parser refuses the module.
    """
    library = native()
    # Without remarks the call is as it always was, and passes do not even ask whether they are wanted.
    wanted = {"remarks": remarks} if remarks and listener else {}
    try:
        result, diagnostics = library.run_passes(text, pipeline, name=name, **wanted)
    except library.NativeError as error:
        raise from_diagnostics([d for d in error.diagnostics if d.severity != "remark"], name, text) from None
    _forward_warnings(diagnostics)
    if wanted:
        for diagnostic in diagnostics:
            if diagnostic.severity == "remark":
                listener(diagnostic)
    return result


def _forward_warnings(diagnostics: list[Any]) -> None:
    """Show what passes said without failing, as Python warnings at the place they name."""
    import warnings

    for diagnostic in diagnostics:
        if diagnostic.severity == "warning":
            warnings.warn_explicit(
                diagnostic.message, UserWarning, diagnostic.file or "<module>", max(diagnostic.line, 1)
            )
