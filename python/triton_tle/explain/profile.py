"""A timeline of each partition, measured on this machine's GPU through Proton, which ships with Triton.

Proton's records are put around the steps of the kernel (``scopes``), so the kernel itself need not be changed. They go
into global memory: what is left of shared memory beside a pipe's slots would hold a handful.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..compiler import report, runner, stages
from . import scopes, timeline
from .analysis import LOWER_PIPES, number_allocations
from .facts import Explanation, Partition

#: Bytes of records that each warp keeps, the latest ones, 8 a record. The time that Proton takes for their trace grows
#: with their square: 4096 records of 4 warps on each of 132 CTAs took more than half a minute.
BUFFER = 1 << 12
#: CTAs that the saved trace keeps; that of all would be hundreds of megabytes.
CTAS = 4
_TRACE = "proton"
_PROCESS, _THREAD = re.compile(r" CTA(\d+)$"), re.compile(r"warp (\d+)\b")
_OVERWRITTEN = re.compile(r"Warning \(cta\d+, warp\d+\): first \d+ events are dropped")
# Proton's trace calls a cycle a nanosecond, and its unit is the microsecond.
_CYCLES = 1000


def measure(launch: Callable[[], Any], folder: Path, warps: Sequence[int]) -> dict[str, Any]:
    """Call ``launch`` with scopes in the kernels that it compiles; Proton's trace, as Chrome's format has it.

    ``launch`` is called twice, the second call is what the trace ends with; ``warps`` are those that are recorded.
    Kernels must not have been compiled in this process before.
    """
    import torch
    import triton.profiler as proton
    from triton.profiler import mode

    settings = mode.Default(
        buffer_type="global",
        buffer_size=BUFFER * len(warps),
        sampling_strategy="selective",
        sampling_options=",".join(map(str, warps)),
        optimizations="clock32",
    )
    with scoped(), _without_warnings():
        session = proton.start(str(folder / _TRACE), data="trace", backend="instrumentation", mode=settings)
        try:
            launch()
            torch.cuda.synchronize()
            launch()
            torch.cuda.synchronize()
        finally:
            proton.finalize(session, "chrome_trace")
    path = folder / f"{_TRACE}.chrome_trace"
    trace = json.loads(path.read_text())
    path.unlink()
    return trace


def write(explained: Explanation, launch: Callable[[], Any], folder: Path) -> str:
    """Measure ``launch``, write timeline.json and timeline.svg into ``folder``; returns shares of time as text.

    Raises ValueError when the kernel that was launched is not the one that was explained, or recorded nothing.
    """
    import torch

    trace = measure(launch, folder, recorded_warps(explained.partitions))
    scopes_of, events = read(trace, explained.kernel)
    if not scopes_of:
        raise ValueError(f"--profile: nothing was recorded of kernel '{explained.kernel}'")
    cta = min(scope.cta for scope in scopes_of)
    by_partition = timeline.lanes(explained, scopes_of, cta)
    names = {f"warp {p.first_warp}": f"{p.label} (warp {p.first_warp})" for p in explained.partitions}
    for event in events:
        event["tid"] = names.get(event["tid"].partition(" (")[0], event["tid"])
    (folder / "timeline.json").write_text(json.dumps({**trace, "traceEvents": events}))
    title = f"{explained.variant}, {torch.cuda.get_device_name()}, CTA {cta}"
    (folder / "timeline.svg").write_text(timeline.render_picture(explained, by_partition, title), encoding="utf-8")
    return timeline.render_text(explained, by_partition)


def recorded_warps(partitions: Sequence[Partition]) -> list[int]:
    """The first warp of each partition, and further ones: Proton's buffer is divided by a power of two."""
    first = [partition.first_warp for partition in partitions]
    others = [p.first_warp + i for p in partitions for i in range(1, p.warps)]
    count = 1
    while count < len(first):
        count *= 2
    return sorted([*first, *others[: count - len(first)]])


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    """Standard error without a line for each warp whose first records were overwritten, which is meant to be."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            for line in file.read().decode(errors="replace").splitlines():
                if not _OVERWRITTEN.match(line):
                    print(line, file=sys.stderr)


def read(trace: Mapping[str, Any], kernel: str) -> tuple[list[timeline.Scope], list[dict[str, Any]]]:
    """Scopes of the last launch in Proton's trace, and the events of its first ``CTAS`` CTAs.

    Of a launch's CTAs the buffers hold the latest records; launches lie apart by more than any two records of one.
    """
    events = [event for event in trace.get("traceEvents", ()) if event.get("cat") == kernel]
    starts = sorted(event["ts"] for event in events)
    gaps = [(after - before, after) for before, after in zip(starts, starts[1:])]
    since = max(gaps, default=(0, 0))[1] if events else 0
    found, kept = [], {}
    for event in events:
        process, thread = _PROCESS.search(event["pid"]), _THREAD.match(event["tid"])
        if event["ts"] < since or process is None or thread is None:
            continue
        start = event["ts"] * _CYCLES
        cta, warp = int(process[1]), int(thread[1])
        found.append(timeline.Scope(cta, warp, event["name"], start, start + event["dur"] * _CYCLES))
        kept.setdefault(cta, []).append(event)
    return found, [event for cta in sorted(kept)[:CTAS] for event in kept[cta]]


@contextlib.contextmanager
def scoped() -> Iterator[None]:
    """Kernels that are compiled inside get scopes around their steps."""
    with report.fresh_compilation(), runner.watching(changes={LOWER_PIPES: number_allocations}) as watched:

        def change(ttgir: str) -> str:
            try:
                return scopes.instrument(ttgir, watched)
            finally:
                watched.clear()

        token = stages.finishing.set(change)
        try:
            yield
        finally:
            stages.finishing.reset(token)
