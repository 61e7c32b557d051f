"""Run functions in processes of their own, for instance to compile: what they leave in Triton's cache on disk stays."""

from __future__ import annotations

import concurrent.futures
import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Sequence

_PR_SET_PDEATHSIG = 1  # of prctl(2)


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error)[:300]}"


def _outcome(function: Callable[..., object], arguments: tuple) -> str:
    """What `function` raised, in words, or no text: not every exception can be brought to another process."""
    try:
        function(*arguments)
    except Exception as error:
        return _words(error)
    return ""


def end_with_parent() -> None:
    """Let this process, which multiprocessing has begun, be killed when its parent ends in whatever way (Linux only).

    What a time limit has killed would otherwise leave processes behind that hold the memory of a GPU.
    """
    parent = multiprocessing.parent_process()
    if sys.platform != "linux" or parent is None:
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent.pid:  # it has ended meanwhile
        os._exit(1)


def process_pool(processes: int) -> concurrent.futures.ProcessPoolExecutor:
    """A pool of `processes` fresh processes, which may use CUDA, and end with this one."""
    return concurrent.futures.ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), end_with_parent)


def in_processes(
    function: Callable[..., object],
    calls: Sequence[tuple],
    processes: int = 16,
    done: Callable[[], None] = lambda: None,
) -> list[str]:
    """Call `function` with each tuple of arguments, several at a time.

    Args:
        function: importable by name; what it returns is dropped.
        calls: positional arguments of each call, to be pickled.
        processes: at most so many at a time, and no more than there are cores.
        done: called here behind each call that has ended.

    Returns:
        For each call "" or what it raised, in words.
    """
    if not calls:
        return []
    workers = max(1, min(len(calls), os.cpu_count() or 1, processes))
    with process_pool(workers) as pool:
        futures = [pool.submit(_outcome, function, arguments) for arguments in calls]
        try:
            for _ in concurrent.futures.as_completed(futures):
                done()
        except BaseException:  # an interruption: what has not begun is not waited for
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    # what a future itself raises is that its process died
    return [_words(future.exception()) if future.exception() else future.result() for future in futures]
