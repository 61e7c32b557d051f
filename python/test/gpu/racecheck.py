"""Run a check under compute-sanitizer's racecheck and judge each hazard that it reports.

    python python/test/gpu/racecheck.py [--sanitizer PATH] SCRIPT [argument ...]

A hazard passes only if it is one that this version of the tool reports of a stock kernel without races, too
(racecheck_stock.py, which runs first): a read after a write of a byte by which stock's lowering tells a warp of a
partition what to run. Any other hazard or message of the tool fails, and so does a check that fails by itself.
Prints what the check prints and a verdict; exits with 1 if something failed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

STOCK_KERNEL = Path(__file__).with_name("racecheck_stock.py")
# Of a block's shared memory on Hopper these bytes are the system's; the tool counts them.
RESERVED = 1024
_MESSAGE = re.compile(r"^========= (?!COMPUTE-SANITIZER|RACECHECK SUMMARY)\S", re.MULTILINE)
_HAZARD = re.compile(
    r"^========= (?:Error|Warning): Potential (?P<kind>\w+) hazard detected at __shared__ 0x(?P<address>[0-9a-f]+) in "
    r"block \([\d,]+\)(?P<note>[^:\n]*) :\n"
    r"=========     (?P<first>\w+) Thread \([\d,]+\) at (?P<kernel>[^\s+]+)\+0x[0-9a-f]+[^\n]*\n"
    r"=========     (?P<second>\w+) Thread \([\d,]+\) at (?P<other>[^\s+]+)\+0x[0-9a-f]+",
    re.MULTILINE,
)
_SUMMARY = re.compile(r"^========= RACECHECK SUMMARY: (\d+) hazards? displayed", re.MULTILINE)


@dataclass(frozen=True)
class Hazard:
    """One report: ``kind`` (RAW, WAR, WAW), address in the block's shared memory in bytes, kernels of both accesses."""

    kind: str
    address: int
    kernels: tuple[str, str]
    note: str = ""


def parse(log: str) -> list[Hazard]:
    """The hazards of a log made with ``--racecheck-report hazard --print-limit 0``.

    Raises ValueError when the tool did not come to its summary, or says something that is none of these hazards.
    """
    hazards = [
        Hazard(found["kind"], int(found["address"], 16), (found["kernel"], found["other"]), found["note"].strip())
        for found in _HAZARD.finditer(log)
    ]
    messages = len(_MESSAGE.findall(log))
    if messages != len(hazards):
        raise ValueError(f"the tool's log has {messages} messages, of which {len(hazards)} are hazards")
    summary = _SUMMARY.search(log)
    if summary is None:
        raise ValueError("the tool's log has no summary")
    if int(summary[1]) != len(hazards):
        raise ValueError(f"the tool's summary counts {summary[1]} hazards, its log has {len(hazards)}")
    return hazards


def state_bytes(cache: Path) -> dict[str, set[int]]:
    """Addresses of the bytes that tell warps what to run, by kernel, from a folder in which Triton cached kernels.

    They are the last ones of a kernel's shared memory, one for each warp beyond the default ones. A kernel without
    partitions has none; kernels of one name share a set.
    """
    found: dict[str, set[int]] = defaultdict(set)
    for file in cache.glob("*/*.json"):
        metadata = json.loads(file.read_text())
        ttgir = file.with_suffix(".ttgir")
        default_warps = re.search(r'"ttg.num-warps" = (\d+)', ttgir.read_text()) if ttgir.exists() else None
        if default_warps is not None:
            end = RESERVED + metadata["shared"]
            found[metadata["name"]] |= set(range(end - (metadata["num_warps"] - int(default_warps[1])), end))
    return dict(found)


def unknown(hazards: Iterable[Hazard], states: Mapping[str, set[int]]) -> list[Hazard]:
    """Those of ``hazards`` that are anything but a read of a byte of ``states`` after a write."""
    return [
        hazard
        for hazard in hazards
        if hazard.kind != "RAW"
        or hazard.note
        or hazard.kernels[0] != hazard.kernels[1]
        or hazard.address not in states.get(hazard.kernels[0], ())
    ]


def run(sanitizer: str, command: list[str]) -> tuple[list[Hazard], dict[str, set[int]], str, int]:
    """(hazards, state bytes, output of the command, its status) of a Python script under racecheck.

    Raises ValueError as ``parse`` does.
    """
    with tempfile.TemporaryDirectory() as folder:
        log, cache = Path(folder, "log"), Path(folder, "cache")
        options = f"--tool racecheck --racecheck-report hazard --print-limit 0 --show-backtrace no --log-file {log}"
        done = subprocess.run(
            [sanitizer, *options.split(), sys.executable, *command],
            env={**os.environ, "TRITON_CACHE_DIR": str(cache)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return parse(log.read_text() if log.exists() else ""), state_bytes(cache), done.stdout, done.returncode


def judge(sanitizer: str, command: list[str]) -> bool:
    """Whether the stock kernel has none but the known hazards, and the check no others than it; prints why."""
    stock, states, output, status = run(sanitizer, [str(STOCK_KERNEL)])
    print(f"stock kernel: {output.strip()}, {len(stock)} hazards", flush=True)
    if status or unknown(stock, states):
        print("racecheck: the stock kernel failed, or has hazards other than at the bytes that start partitions")
        return False
    hazards, states, output, status = run(sanitizer, command)
    print(output, end="")
    others = unknown(hazards, states if stock else {})
    for hazard in others[:20]:
        where = " and ".join(sorted(set(hazard.kernels)))
        print(f"hazard: {hazard.kind} at 0x{hazard.address:x} in {where} {hazard.note}")
    known = len(hazards) - len(others)
    beside = f", beside {known} at the bytes that start partitions, as in the stock kernel" if known else ""
    print(f"racecheck: {len(others)} hazards{beside}; the check's status is {status}")
    return not others and status == 0


def main() -> int:
    """Judges; 1 if something failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = shutil.which("compute-sanitizer") or "/usr/local/cuda/bin/compute-sanitizer"
    parser.add_argument("--sanitizer", default=default, help="the tool (%(default)s)")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="the check and its arguments")
    arguments = parser.parse_args()
    if not arguments.command:
        parser.error("no check to run")
    about = subprocess.run([arguments.sanitizer, "--version"], capture_output=True, text=True).stdout
    print(*[line for line in about.splitlines() if line.startswith("Version")], flush=True)
    try:
        return 0 if judge(arguments.sanitizer, arguments.command) else 1
    except ValueError as error:
        print(f"racecheck: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
