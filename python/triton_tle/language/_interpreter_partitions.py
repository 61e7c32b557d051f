"""Partitions and pipes in the interpreter: each partition is a thread, one of them runs at a time.

A partition runs until it has to wait for a pipe; then the next one in order that can go on does. So a program always
runs in the same order, and when none can go on the program is at fault: the error names who waits for what.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np


class Cancelled(BaseException):
    """Ends the threads of the other partitions after an error; no `except Exception` of a kernel sees it."""


class Task:
    """One partition.

    Attributes:
        name: name of its function.
        number: position in the list of partitions.
        run: the scheduler that runs it.
        ready: tells whether it can go on; None when it waits for nothing.
        waiting: tells what it waits for, and where, as messages say it.
        groups: its asynchronous copies: the open group, and those that are closed.
    """

    def __init__(self, number: int, name: str, body: Callable[[], Any]):
        self.number = number
        self.name = name
        self.body = body
        self.run: Scheduler | None = None
        self.ready: Callable[[], bool] | None = None
        self.waiting: Callable[[], str] = str
        self.groups: tuple[list, list] = ([], [])
        self.done = False
        self.error: BaseException | None = None
        self.baton = threading.Semaphore(0)
        self.thread: threading.Thread | None = None

    def __str__(self) -> str:
        return f"partition {self.number} '{self.name}'"


class Scheduler:
    """Runs the partitions of one `tle.gpu.warp_specialize`."""

    def __init__(self, tasks: list[Task], program):
        self.tasks = tasks
        for task in tasks:
            task.run = self
        self.program = program
        self.baton = threading.Semaphore(0)
        self.cancelled = False
        self.current: Task | None = None

    def run(self) -> None:
        """Runs all partitions to their ends.

        Raises:
            RuntimeError: no partition can go on.
            Exception: whatever a partition raises.
        """
        outer = (self.program.open_group, self.program.groups)
        try:
            while waiting := [task for task in self.tasks if not task.done]:
                able = [task for task in waiting if task.ready is None or task.ready()]
                if not able:
                    lines = "; ".join(f"{task} waits {task.waiting()}" for task in waiting)
                    raise RuntimeError(f"tle.gpu.warp_specialize: deadlock: {lines}")
                for task in able:
                    self._resume(task)
                    if task.error is not None:
                        raise task.error
        finally:
            self._cancel()
            self.program.open_group, self.program.groups = outer

    def block(self, ready: Callable[[], bool], waiting: Callable[[], str]) -> None:
        """Called by a partition: lets others run until `ready()`; `waiting()` says what for, as it is by then."""
        task = self.current
        while not ready():
            task.ready, task.waiting = ready, waiting
            self.baton.release()
            task.baton.acquire()
            if self.cancelled:
                raise Cancelled
        task.ready = None

    def _resume(self, task: Task) -> None:
        self.current = task
        self.program.open_group, self.program.groups = task.groups
        if task.thread is None:
            task.thread = threading.Thread(target=self._main, args=(task,), name=str(task), daemon=True)
            task.thread.start()
        else:
            task.baton.release()
        self.baton.acquire()
        task.groups = (self.program.open_group, self.program.groups)
        self.current = None

    def _main(self, task: Task) -> None:
        try:
            task.body()
        except Cancelled:
            pass
        except BaseException as error:
            task.error = error
        task.done = True
        self.baton.release()

    def _cancel(self) -> None:
        self.cancelled = True
        for task in self.tasks:
            if task.thread is not None and not task.done:
                task.baton.release()
                self.baton.acquire()
            if task.thread is not None:
                task.thread.join()


class MeetingPoint:
    """What has happened at a named barrier."""

    def __init__(self, name: str):
        self.name = name
        self.arrivals: dict[int, int] = {}

    def arrive(self, scheduler: Scheduler, partitions: int, where: str) -> None:
        """The running partition arrives and waits for the others, `partitions` with it.

        Raises:
            RuntimeError: no partition can go on.
        """
        task = scheduler.current
        self.arrivals[task.number] = meeting = self.arrivals.get(task.number, 0) + 1

        def count() -> int:
            return sum(arrived >= meeting for arrived in self.arrivals.values())

        scheduler.block(
            lambda: count() == partitions,
            lambda: (
                f"at named barrier '{self.name}' for {partitions} partitions to meet for the {_ordinal(meeting)} time, "
                f"at {where}"
            ),
        )


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


class PipeState:
    """What has gone through a pipe: it stands for the pipe's mbarriers, and checks more than they could.

    Attributes:
        locate: gives the line of the kernel that is running.
        origin: where the pipe was made.
        contents: by tile that no reader has waited for yet, what its slot held when it was committed.
    """

    def __init__(self, name: str, slots: int, readers: tuple[str, ...], one_shot: bool, locate: Callable[[], str]):
        self.name = name
        self.locate = locate
        self.origin = locate()
        self.contents: dict[int, list[np.ndarray]] = {}
        self.slots = slots
        self.one_shot = one_shot
        self.acquired = 0
        self.committed = 0
        self.closed = False
        self.waited = dict.fromkeys(readers, 0)
        self.released: dict[str, set[int]] = {reader: set() for reader in readers}
        # Readers that never release: others do so for them.
        self.implied: set[str] = set()
        self.users: dict[str | None, Task] = {}

    def claim(self, reader: str | None, task: Task) -> None:
        """Notes that a partition uses an endpoint.

        Raises:
            RuntimeError: another one does, or it uses both ends.
        """
        who = f"reader '{reader}'" if reader else "writer"
        owner = self.users.setdefault(reader, task)
        if owner.run is not task.run:
            raise RuntimeError(
                f"pipe '{self.name}' serves one run of tle.gpu.warp_specialize, but its {who} is used by a second one: "
                f"make a pipe for each, inside of the loop if there is one; at {self.locate()}"
            )
        if owner is not task:
            raise RuntimeError(
                f"pipe '{self.name}': its {who} is used by {owner} and by {task}, but belongs to one; "
                f"at {self.locate()}"
            )
        if reader is not None and self.users.get(None) is task:
            raise RuntimeError(f"pipe '{self.name}' is written and read by {task}; at {self.locate()}")

    def check_access(self, task: Task, slots: range, writes: bool) -> None:
        """Checks that a partition may access these slots now.

        Raises:
            RuntimeError: it has no end of the pipe, or none that has acquired or waited for what lies there and not
                given it away again.
        """
        ends = [end for end, user in self.users.items() if user is task]
        access = "written to" if writes else "read"
        for slot in slots:
            refusals = [self._refusal(end, slot, writes) for end in ends]
            if all(refusals):
                reason = refusals[0] if refusals else "which has not waited for it"
                raise RuntimeError(f"a field of pipe '{self.name}' is {access} by {task}, {reason}; at {self.locate()}")

    def _refusal(self, end: str | None, slot: int, writes: bool) -> str:
        """Why a partition with this end may not access a slot, as messages say it; empty if it may."""
        if end is None:
            if writes:
                current = self.acquired - 1 if self.acquired > self.committed else None
                if current is not None and current % self.slots == slot:
                    return ""
                last = self._last_tile(slot, self.committed)
                return "but it has not acquired the slot" if last is None else f"but it has committed tile {last}"
            return "" if slot < self.acquired else "but it has not acquired the slot"
        last = self._last_tile(slot, self.waited[end])
        if last is None:
            return f"but reader '{end}' has waited for no tile of slot {slot}"
        return f"but reader '{end}' has released tile {last}" if last in self.released[end] else ""

    def _last_tile(self, slot: int, count: int) -> int | None:
        """The last of the first `count` tiles that lies in a slot, or None."""
        return count - 1 - (count - 1 - slot) % self.slots if slot < count else None

    def fail(self, step: str, index: int, rule: str) -> None:
        """Raises the RuntimeError of a step out of order."""
        raise RuntimeError(f"pipe '{self.name}': {step} of tile {index}, but {rule}; at {self.locate()}")

    def is_released(self, index: int) -> bool:
        """Whether all readers that release have released tile `index`; false if none does."""
        releasing = [released for reader, released in self.released.items() if reader not in self.implied]
        return bool(releasing) and all(index in released for released in releasing)

    def is_free(self, index: int) -> bool:
        """Whether tile `index` may be written."""
        nobody_releases = self.implied == self.released.keys()
        return index < self.slots or nobody_releases or self.is_released(index - self.slots)

    def check_implied(self, step: str, index: int, old: int) -> None:
        """Checks that readers that do not release have at least waited for tile `old`, which others release or
        overwrite by `step` of tile `index`."""
        for reader in sorted(self.implied):
            if 0 <= old and self.waited[reader] <= old:
                self.fail(step, index, f"reader '{reader}', which does not release, has not read tile {old} yet")

    def check_close(self, count: int) -> None:
        if self.closed:
            self.fail("close", count, "the pipe is closed already")
        if count != self.committed or self.acquired != self.committed:
            self.fail("close", count, f"{self.committed} tiles have been committed, {self.acquired} acquired")

    def check_acquire(self, index: int) -> None:
        if self.closed:
            self.fail("acquire", index, "the pipe is closed")
        if self.acquired != self.committed:
            self.fail("acquire", index, f"tile {self.committed} has been acquired and not committed")
        if index != self.acquired:
            self.fail("acquire", index, f"tile {self.acquired} is next")
        if self.one_shot and index >= self.slots:
            self.fail("acquire", index, f"the pipe is one-shot and has {self.slots} slots")

    def check_commit(self, index: int) -> None:
        if index != self.committed or self.acquired == self.committed:
            held = f"{self.committed} has" if self.acquired > self.committed else "none has"
            self.fail("commit", index, f"{held} been acquired")

    def check_wait(self, reader: str, index: int) -> None:
        if index > self.waited[reader]:
            self.fail("wait", index, f"tile {self.waited[reader]} is next for reader '{reader}'")
        if index in self.released[reader]:
            self.fail("wait", index, f"reader '{reader}' has released it")
        if self.closed and index >= self.committed:
            self.fail("wait", index, f"the pipe was closed after {self.committed} tiles")

    def check_release(self, reader: str, index: int) -> None:
        if index >= self.waited[reader]:
            self.fail("release", index, f"reader '{reader}' has not waited for it")
        if index in self.released[reader]:
            self.fail("release", index, f"reader '{reader}' has released it before")
