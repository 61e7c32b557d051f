"""What must hold of every kernel of the corpus. Each check yields what is wrong, in words; nothing when all is well."""

from __future__ import annotations

import contextlib
import difflib
import os
from collections.abc import Iterator
from unittest import mock

import triton_tle  # noqa: F401  (puts TLE into the backend)
from corpus.pipeline import MODULE_FILE, Pipeline
from triton_tle import compiler
from triton_tle.compiler import bridge


@contextlib.contextmanager
def stock() -> Iterator[None]:
    """Triton without TLE in its backend."""
    compiler.uninstall()
    try:
        yield
    finally:
        compiler.install()


def native(text: str, pipeline: str = "") -> str:
    """`text` after the native parser, the passes of `pipeline` and the native printer. Raises ValueError."""
    library = bridge.native()
    try:
        return library.run_passes(text, pipeline, name=str(MODULE_FILE))[0]
    except library.NativeError as error:
        raise ValueError("; ".join(f"{d.line}:{d.column}: {d.message}" for d in error.diagnostics)) from None


def first_difference(expected: str, actual: str) -> str:
    """The first lines in which two texts differ, or nothing when they are the same."""
    if expected == actual:
        return ""
    lines = difflib.unified_diff(expected.splitlines(), actual.splitlines(), "stock", "native", lineterm="", n=0)
    return "\n".join(line[:240] for _, line in zip(range(9), lines))


def round_trip(pipeline: Pipeline, ptx: str, seen: dict[str, str]) -> Iterator[str]:
    """At every boundary the native library reads and prints the module, and the PTX stays `ptx`.

    `seen` receives the texts that stock printed, by boundary.
    """
    problems = []

    def cross(boundary: str, text: str) -> str:
        seen[boundary] = text
        try:
            result = native(text)
        except ValueError as error:
            problems.append(f"round trip at {boundary}: native parser: {error}")
            return text
        if boundary in ("ttir", "ttgir"):
            try:
                difference = first_difference(pipeline.reprint(text), pipeline.reprint(result))
            except RuntimeError:
                problems.append(f"round trip at {boundary}: stock cannot parse what the native library printed")
                return text
            if difference:
                problems.append(f"round trip at {boundary}: the module changed\n{difference}")
        return result

    try:
        result = pipeline.run_with(cross)
    except RuntimeError as error:
        yield from problems
        yield f"round trip after {[*seen][-1]}: stock: {error}"
        return
    yield from problems
    if difference := first_difference(ptx, result):
        yield f"round trip: PTX differs\n{difference}"


def conversion(pipeline: Pipeline, ttir: str) -> Iterator[str]:
    """The native convert-triton-to-tritongpu gives the module that stock's gives."""
    options = pipeline.options
    flag = (
        f"convert-triton-to-tritongpu{{target=cuda:{pipeline.entry.arch} num-warps={options.num_warps} "
        f"threads-per-warp=32 num-ctas={options.num_ctas}}}"
    )
    try:
        converted = native(ttir, flag)
    except ValueError as error:
        yield f"convert-triton-to-tritongpu: {error}"
        return
    try:
        difference = first_difference(pipeline.reprint(pipeline.convert_to_ttgir(ttir)), pipeline.reprint(converted))
    except RuntimeError:
        yield "convert-triton-to-tritongpu: stock cannot parse the result"
        return
    if difference:
        yield f"convert-triton-to-tritongpu: another module\n{difference}"


def through_backend(pipeline: Pipeline, ptx: str | None, mode: str | None) -> Iterator[str]:
    """With TLE installed and TRITON_TLE set to `mode`, the PTX is `ptx`; None asks for any PTX."""
    label = "TRITON_TLE unset" if mode is None else f"TRITON_TLE={mode}"
    with mock.patch.dict(os.environ):
        os.environ.pop("TRITON_TLE", None)
        if mode is not None:
            os.environ["TRITON_TLE"] = mode
        try:
            result = pipeline.run()
        except Exception as error:
            yield f"{label}: {type(error).__name__}: {error}"
            return
    if ptx is None:
        if f".entry {pipeline.source.name}(" not in result:
            yield f"{label}: no kernel {pipeline.source.name} in the PTX"
    elif difference := first_difference(ptx, result):
        yield f"{label}: PTX differs\n{difference}"
