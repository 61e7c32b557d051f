"""Tuning of the decode reduce: which shapes, what to try, and a table that grows shape by shape."""

from __future__ import annotations

import pathlib
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TextIO

from triton_tle.ops import mla_decode_reduce_table as table
from triton_tle.ops._checks import require

from .parallel import in_processes

#: Microseconds that a configuration takes for a shape.
Measure = Callable[[table.ReduceKey, table.ReduceConfig], float]

MAX_PARTIAL_BYTES = 8 << 30
BAR_WIDTH = 24


def shapes_to_tune(
    gpu: str,
    sm_count: int,
    heads: Iterable[int],
    d_v: Iterable[int],
    splits: Iterable[int],
    concurrency: Iterable[int],
) -> list[table.ReduceKey]:
    """All combinations whose partial results fit into 8 GiB, each once, the smallest first.

    Raises:
        ValueError: a size that the operator does not take.
    """
    heads, d_v, splits, concurrency = map(list, (heads, d_v, splits, concurrency))
    for name, values, fits, rule in (
        ("heads", heads, lambda value: value > 0, "be positive"),
        ("d_v", d_v, lambda value: value in (64, 128, 256, 512, 1024), "be a power of two from 64 to 1024"),
        ("splits", splits, lambda value: 1 <= value <= 256, "be 1 to 256"),
        ("concurrency", concurrency, lambda value: value > 0, "be positive"),
    ):
        for value in values:
            require(fits(value), name, value, rule)
    keys = {table.key_for(gpu, sm_count, h, d, s, c) for h in heads for d in d_v for s in splits for c in concurrency}

    def size(key: table.ReduceKey) -> int:
        return 4 * key.splits * key.concurrency * key.heads * key.d_v

    return sorted((key for key in keys if size(key) <= MAX_PARTIAL_BYTES), key=lambda key: (size(key), str(key)))


class ProgressBar:
    """One line that is drawn over: done, total, time left, what is measured. Plain lines where there is no terminal."""

    def __init__(self, total: int, stream: TextIO) -> None:
        self.total, self.stream, self.done = total, stream, 0
        self.start = time.monotonic()

    def step(self, label: str) -> None:
        """One more is done."""
        self.done += 1
        filled = BAR_WIDTH * self.done // self.total
        left = (time.monotonic() - self.start) / self.done * (self.total - self.done)
        bar = "#" * filled + "." * (BAR_WIDTH - filled)
        line = f"[{bar}] {self.done}/{self.total}, {left:.0f} s left, {label}"
        terminal = self.stream.isatty()
        self.stream.write(f"\r{line}\033[K" if terminal else f"{line}\n")
        if terminal and self.done == self.total:
            self.stream.write("\n")
        self.stream.flush()


def tune(
    path: pathlib.Path,
    keys: Sequence[table.ReduceKey],
    measure: Measure,
    *,
    again: bool = False,
    stream: TextIO | None = None,
) -> int:
    """Measure all candidates for each shape and keep the fastest.

    Args:
        path: the table; it is read first and written after each shape, so a run can be interrupted and taken up again.
        keys: shapes.
        measure: microseconds of a configuration for a shape; one that raises RuntimeError is passed over.
        again: measure shapes too that the table has.
        stream: where progress goes; None: standard error.

    Returns:
        How many shapes were measured.

    Raises:
        ValueError: no configuration could be measured for a shape.
    """
    entries = table.read_table(path)
    missing = [key for key in keys if again or key not in entries]
    progress = ProgressBar(len(missing), stream or sys.stderr)
    for key in missing:
        best: table.Entry | None = None
        for config in table.candidates(key.d_v, key.splits):
            try:
                microseconds = measure(key, config)
            except RuntimeError:  # more registers or shared memory than the GPU has, say
                continue
            if best is None or microseconds < best.microseconds:
                best = table.Entry(config, microseconds)
        if best is None:
            raise ValueError(f"no configuration runs for {key}")
        entries[key] = best
        table.write_table(path, entries)
        table.clear_caches()
        progress.step(f"{key.heads} heads, {key.splits} splits, {key.concurrency} tokens: {best.microseconds:.1f} us")
    return len(missing)


def _compile(config: table.ReduceConfig, d_v: int) -> None:
    """In a process of its own: launch a configuration once on a small shape, which puts it into Triton's cache."""
    import torch

    from triton_tle.ops.mla_decode_reduce import launch_reduce

    partial_out = torch.zeros((2, 1, 1, 8, d_v), device="cuda")
    results = torch.empty((1, 1, 8, d_v), dtype=torch.bfloat16, device="cuda"), torch.empty((1, 8, 1), device="cuda")
    launch_reduce(partial_out, torch.zeros((2, 1, 1, 8), device="cuda"), None, *results, config)
    torch.cuda.synchronize()


def compile_ahead(keys: Iterable[table.ReduceKey], stream: TextIO | None = None) -> None:
    """Compile what tuning these shapes will launch, in processes beside each other.

    What does not compile is left to `tune`, which passes over it. Progress goes to `stream`, None: standard error.
    """
    jobs = sorted({(config, key.d_v) for key in keys for config in table.candidates(key.d_v, key.splits)}, key=str)
    progress = ProgressBar(len(jobs), stream or sys.stderr)
    in_processes(_compile, jobs, done=lambda: progress.step("compiled"))


_arguments: dict[table.ReduceKey, tuple] = {}


def measure_on_gpu(key: table.ReduceKey, config: table.ReduceConfig) -> float:
    """Microseconds of one merge, the median of three graphs of 20."""
    import torch

    from triton_tle.ops.mla_decode_reduce import launch_reduce

    from .graphs import time_captured

    if key not in _arguments:
        _arguments.clear()
        partial_out = torch.randn((key.splits, key.concurrency, 1, key.heads, key.d_v), device="cuda")
        partial_lse = torch.randn(partial_out.shape[:-1], device="cuda")
        out = torch.empty(partial_out.shape[1:], dtype=torch.bfloat16, device="cuda")
        lse = torch.empty((key.concurrency, key.heads, 1), device="cuda")
        _arguments[key] = (partial_out, partial_lse, None, out, lse)
    calls = {"merge": lambda: launch_reduce(*_arguments[key], config)}
    return 1e3 * time_captured(calls, rounds=3, target_ms=3.0, repeat=20)["merge"].median
