"""Run functions in processes of their own, for instance to compile: what they leave in Triton's cache on disk stays."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
from collections.abc import Callable, Sequence


def in_processes(function: Callable[..., object], calls: Sequence[tuple], processes: int = 16) -> list[str]:
    """Call `function` with each tuple of arguments, several at a time.

    Args:
        function: importable by name; what it returns is dropped.
        calls: positional arguments of each call, to be pickled.
        processes: at most so many at a time, and no more than there are cores.

    Returns:
        For each call "" or what it raised, in words.
    """
    if not calls:
        return []
    workers = max(1, min(len(calls), os.cpu_count() or 1, processes))
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(workers, mp_context=context) as pool:
        futures = [pool.submit(function, *arguments) for arguments in calls]
        errors = [future.exception() for future in futures]
    return ["" if error is None else f"{type(error).__name__}: {str(error)[:300]}" for error in errors]
