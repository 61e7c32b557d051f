"""A timeline of each partition, measured on this machine's GPU through Proton, which ships with Triton.

Proton's records are put around the steps of the kernel (``scopes``), so the kernel itself need not be changed. They go
into global memory: what is left of shared memory beside a pipe's slots would hold a handful.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..compiler import report, runner, stages
from . import scopes
from .analysis import LOWER_PIPES

#: Bytes of records that each CTA keeps, the latest: 8 a record, shared by the warps that are recorded.
BUFFER = 1 << 17
_TRACE = "proton"


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
        buffer_size=BUFFER,
        sampling_strategy="selective",
        sampling_options=",".join(map(str, warps)),
        optimizations="clock32",
    )
    with scoped():
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


@contextlib.contextmanager
def scoped() -> Iterator[None]:
    """Kernels that are compiled inside get scopes around their steps."""
    with report.fresh_compilation(), runner.watching(LOWER_PIPES) as watched:

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
