"""Timing of short calls: a CUDA graph of several, so that what the host does between launches does not count."""

from __future__ import annotations

from collections.abc import Callable

import torch

from .harness import Run, Timing, time_in_rounds

CALLS = 10


def captured(call: Callable[[], object], calls: int = CALLS) -> Run:
    """A graph of `calls` calls, as a function that replays it; runs `call` a few times first, uncaptured."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            call()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(calls):
            call()
    return graph.replay


def time_captured(
    calls: dict[str, Callable[[], object]], rounds: int, target_ms: float = 40.0, repeat: int = CALLS
) -> dict[str, Timing]:
    """As `time_in_rounds`, milliseconds of one call, each replayed from a graph of `repeat`."""
    runs = {name: captured(call, repeat) for name, call in calls.items()}
    timings = time_in_rounds(runs, rounds, target_ms)
    return {name: Timing([value / repeat for value in timing.milliseconds]) for name, timing in timings.items()}


def product_tflops(results: dict, log: Callable[[str], None], size: int = 8192) -> float:
    """TFLOP/s of torch's product of two bfloat16 matrices of `size` rows and columns; the median of 15 rounds.

    What kernels that are bound by products are held against: it lasts a second, since a GPU that comes from a pause is
    faster for the first tenth of one. It goes into `results` and to `log`.
    """
    a, b = (torch.randn((size, size), dtype=torch.bfloat16, device="cuda") for _ in range(2))
    timing = time_in_rounds({"product": lambda: a @ b}, rounds=15, target_ms=60.0)["product"]
    results["product_tflops"] = 2.0 * size**3 / timing.median / 1e9
    log(f"products: {results['product_tflops']:.0f} TFLOP/s")
    return results["product_tflops"]


def copy_bandwidth(mebibytes: int = 1024) -> float:
    """Bytes a second, read and written, of a copy in device memory; the best of five."""
    source = torch.empty(mebibytes << 20, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    timing = time_in_rounds({"copy": lambda: target.copy_(source)}, rounds=5)["copy"]
    return 2.0 * source.numel() / (min(timing.milliseconds) / 1e3)
