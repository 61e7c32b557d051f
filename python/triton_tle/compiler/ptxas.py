"""What ptxas says about a kernel: its resources, spills and lost WGMMA pipelining."""

from __future__ import annotations

import dataclasses
import linecache
import re
import subprocess
import warnings
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import PtxasWarning

# Advice of ptxas that costs speed: serialized WGMMA (C7508 and up), register requests that it ignores.
_ADVICE = re.compile(r"(?:info|warning)\s*:\s*\((C\d+)\)\s*(.+)")

# Stock's dispatch of warps to partitions, and how the code of a partition that asks for registers begins.
_DISPATCH = re.compile(r"^\s*brx\.idx\b", re.MULTILINE)
_PARTITION = re.compile(r"^\s*setmaxnreg\.inc\S* [^\n]*\n\s*barrier\.sync [^\n]*\n", re.MULTILINE)
_SHARED_BASE = re.compile(r"^\s*mov\.b32\s+(%r\d+), global_smem;", re.MULTILINE)

#: While true, what ptxas says of a kernel goes into its metadata whether it uses TLE or not.
recording: ContextVar[bool] = ContextVar("recording", default=False)


@dataclass(frozen=True)
class Resources:
    """Resources of a kernel as ptxas reports them; sizes in bytes, registers for each thread.

    ``advice`` holds (code, text) of each diagnostic, such as ("C7510", "Potential Performance Loss: …").
    """

    registers: int = 0
    stack_bytes: int = 0
    spill_store_bytes: int = 0
    spill_load_bytes: int = 0
    barriers: int = 0
    advice: tuple[tuple[str, str], ...] = ()

    @property
    def spills(self) -> bool:
        """Whether registers go to local memory."""
        return bool(self.spill_store_bytes or self.spill_load_bytes)

    @property
    def spill_bytes(self) -> int:
        """Bytes stored to and loaded from local memory."""
        return self.spill_store_bytes + self.spill_load_bytes

    @property
    def serialized(self) -> bool:
        """Whether ptxas serialized WGMMA instructions."""
        return any("serialized" in text for _, text in self.advice)

    def better_than(self, other: Resources) -> bool:
        """Fewer bytes spilled, and no advice that the other has not got."""
        return self.spill_bytes < other.spill_bytes and set(self.advice) <= set(other.advice)

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return {**dataclasses.asdict(self), "advice": [list(entry) for entry in self.advice]}


def parse_log(log: str) -> Resources:
    """Read the output of ``ptxas -v``; of several functions in one file the largest figures count."""

    def largest(pattern: str) -> int:
        return max((int(value) for value in re.findall(pattern, log)), default=0)

    return Resources(
        registers=largest(r"Used (\d+) registers"),
        stack_bytes=largest(r"(\d+) bytes stack frame"),
        spill_store_bytes=largest(r"(\d+) bytes spill stores"),
        spill_load_bytes=largest(r"(\d+) bytes spill loads"),
        barriers=largest(r"used (\d+) barriers"),
        advice=tuple(dict.fromkeys((code, text.strip()) for code, text in _ADVICE.findall(log))),
    )


def with_base_in_partitions(ptx: str) -> str | None:
    """The same program with the base of shared memory read once more where each partition begins.

    LLVM reads it once, in front of the dispatch to partitions; ptxas then may keep it on the stack through all of
    them, where with a value of each partition's own it keeps none. The number is the same wherever it is read, so
    the register is only written again. None where there are no partitions or no such value.
    """
    dispatch = _DISPATCH.search(ptx)
    if dispatch is None:
        return None
    before, behind = ptx[: dispatch.start()], ptx[dispatch.start() :]
    bases = _SHARED_BASE.findall(before)
    if not bases:
        return None
    changed, places = _PARTITION.subn(rf"\g<0>\tmov.b32 \t{bases[-1]}, global_smem;\n", behind)
    return before + changed if places else None


def warn(resources: Resources, kernel: str, file: str, line: int) -> None:
    """Raise a :class:`PtxasWarning` at ``file``:``line`` for spills and for each advice of ptxas."""
    messages = [f"({code}) {text}" for code, text in resources.advice]
    if resources.spills:
        messages.append(
            f"registers spill to local memory: {resources.spill_store_bytes} bytes stored, "
            f"{resources.spill_load_bytes} bytes loaded, {resources.stack_bytes} bytes stack frame, "
            f"{resources.registers} registers used"
        )
    for message in messages:
        warnings.warn_explicit(f"ptxas, kernel '{kernel}': {message}", PtxasWarning, file, line)


def location_in_ptx(ptx: str, line: int | None = None) -> tuple[str, int]:
    """File and line of the user's source that PTX's line information gives for ``line`` of the PTX (from 1).

    Without ``line``, of where the first function's code begins. ("<ptx>", line) without line information.
    """
    before = ptx if line is None else "\n".join(ptx.split("\n")[:line])
    locations = re.findall(r"^\s*\.loc\s+(\d+)\s+(\d+)", before, re.MULTILINE)
    if not locations:
        return "<ptx>", line or 1
    number, source_line = locations[0 if line is None else -1]
    entry = re.search(rf'^\s*\.file\s+{number}\s+"([^"]*)"(?:\s+"([^"]*)")?', ptx, re.MULTILINE)
    return (str(Path(*filter(None, entry.groups()))) if entry else "<ptx>"), int(source_line)


def explain_failure(error: BaseException, log: str, ptx: str) -> None:
    """Add to ``error`` a note with the user's source line for each line of PTX that ptxas names in ``log``."""
    for message, line in re.findall(r"(\(C\d+\).*?\bline (\d+)\b.*)", log):
        file, source_line = location_in_ptx(ptx, int(line))
        source = linecache.getline(file, source_line).strip()
        error.add_note(f"at {file}:{source_line}: {source}\nptxas: {message}")


class CapturingSubprocess:
    """Takes the place of the module ``subprocess`` in stock's ptxas step and keeps what ptxas wrote.

    Stock writes stderr into a file and deletes it unread, so the log is read before stock can.
    """

    CalledProcessError = subprocess.CalledProcessError

    def __init__(self) -> None:
        self.log = ""

    def run(self, command: list[str], *, stderr: Any, **keywords: Any) -> subprocess.CompletedProcess:
        """``subprocess.run`` with the same arguments."""
        try:
            return subprocess.run(command, stderr=stderr, **keywords)
        finally:
            self.log += Path(stderr.name).read_text()
