"""What the native library is given while kernels compile: modules as passes really see them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from triton import knobs
from triton_tle.compiler import bridge

from . import execute, generate, source


@contextmanager
def native_runs() -> Iterator[list[tuple[str, str]]]:
    """A list that gets (pipeline, module) of each native run of the block, before the run."""
    runs: list[tuple[str, str]] = []
    original = bridge.run_native

    def recording(text: str, pipeline: str, **keywords: str) -> str:
        runs.append((pipeline, text))
        return original(text, pipeline, **keywords)

    bridge.run_native = recording
    try:
        yield runs
    finally:
        bridge.run_native = original


def of_programs(seeds: range, folder: Path, capability: int = 90) -> list[tuple[str, str]]:
    """(pass, module) for every native pass that random programs' TLE forms go through."""
    with native_runs() as runs, knobs.cache.scope():
        knobs.cache.dir = str(folder / f"cache_{capability}")
        for seed in seeds:
            program = generate.program(seed)
            module = source.load(source.write(program, folder))
            with execute.tle_mode("1"):
                execute.compile_only(module.tle_form, program, capability)
    return [step for pipeline, text in runs for step in _steps(pipeline, text)]


def _steps(pipeline: str, text: str) -> Iterator[tuple[str, str]]:
    for entry in re.findall(r"[\w-]+(?:\{[^}]*\})?", pipeline):
        yield entry, text
        text = bridge.run_native(text, entry)
