"""Runs many programs in worker processes, which may crash or hang."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent
PYTHON = PACKAGE.parents[2]


class Worker:
    """One process; `ask` restarts it when it has died or takes longer than `limit` seconds."""

    def __init__(self, mode: str, folder: Path, limit: float):
        self.mode, self.folder, self.limit = mode, folder, limit
        self.process: subprocess.Popen | None = None

    def start(self) -> subprocess.Popen:
        paths = [str(PACKAGE.parent), str(PYTHON), os.environ.get("PYTHONPATH", "")]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "OMP_NUM_THREADS": "1"}
        environment.pop("TRITON_TLE", None)
        log = open(self.folder / f"worker_{os.getpid()}_{id(self)}.log", "a")  # noqa: SIM115
        return subprocess.Popen(
            [sys.executable, "-m", "programs.worker", self.mode, str(self.folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=environment,
        )  # fmt: skip

    def ask(self, request: dict[str, Any]) -> dict[str, list[str]]:
        """The worker's answer, or what happened to it, under the name "program"."""
        answer = self._ask(request)
        # A worker that has lost its GPU ends after its answer, of itself; it may not have seen this request.
        return answer if answer is not None else self._ask(request) or {"program": ["the process ended"]}

    def _ask(self, request: dict[str, Any]) -> dict[str, list[str]] | None:
        """As `ask`; None if the process ended of itself without an answer."""
        if self.process is None or self.process.poll() is not None:
            self.process = self.start()
        process, late = self.process, threading.Event()

        def kill():
            late.set()
            process.kill()

        timer = threading.Timer(self.limit, kill)
        timer.start()
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        finally:
            timer.cancel()
        if answer.endswith("\n"):
            return json.loads(answer)
        status = process.wait()  # also where it has begun to answer
        if status == 0:
            return None
        what = f"no answer after {self.limit:.0f} s" if late.is_set() else f"the process died (status {status})"
        return {"program": [what]}

    def stop(self) -> None:
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()


def answers(
    mode: str, requests: list[dict[str, Any]], folder: Path, jobs: int, limit: float = 120.0
) -> Iterator[tuple[dict[str, Any], dict[str, list[str]]]]:
    """(request, answer) in the order of completion.

    Args:
        mode: "interpret", "compile" or "gpu"; see `programs.worker`.
        requests: what each program is asked.
        folder: where sources and logs go.
        jobs: number of processes.
        limit: seconds that one request may take.
    """
    waiting: queue.SimpleQueue = queue.SimpleQueue()
    done: queue.SimpleQueue = queue.SimpleQueue()
    for request in requests:
        waiting.put(request)

    def serve():
        worker = Worker(mode, folder, limit)
        while True:
            try:
                request = waiting.get_nowait()
            except queue.Empty:
                break
            try:
                answer = worker.ask(request)
            except Exception as error:  # whoever waits for the answer must hear of it
                answer = {"program": [f"{type(error).__name__}: {error}"]}
            done.put((request, answer))
        worker.stop()

    threads = [threading.Thread(target=serve, daemon=True) for _ in range(min(jobs, len(requests)))]
    for thread in threads:
        thread.start()
    for _ in requests:
        yield done.get()
    for thread in threads:
        thread.join()
