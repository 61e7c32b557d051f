"""Tuned launch configurations of the decode reduce: a CSV file, one line a shape and GPU.

Looked for in the folder named by TRITON_TLE_TUNED_DIR, else in ~/.triton_tle/tuned; behind it comes the file that the
package brings. `python -m triton_tle tune mla_decode_reduce` writes it.
"""

from __future__ import annotations

import csv
import dataclasses
import functools
import logging
import math
import os
import pathlib

import torch

LOGGER = logging.getLogger("triton_tle.tuned")
FILE_NAME = "mla_decode_reduce.csv"
FOLDER_VARIABLE = "TRITON_TLE_TUNED_DIR"
PACKAGED = pathlib.Path(__file__).parent / "tuned" / FILE_NAME


@dataclasses.dataclass(frozen=True)
class ReduceKey:
    """What a line of the table is for.

    `splits` and `concurrency` (query tokens, b * s_q) are rounded up to powers of two.
    """

    gpu: str
    sm_count: int
    heads: int
    d_v: int
    splits: int
    concurrency: int


@dataclasses.dataclass(frozen=True)
class ReduceConfig:
    """How to launch a program: rows one after another, columns of a row, float32 elements of one access, splits under
    way together, warps."""

    rows: int
    columns: int
    vector: int
    splits_at_once: int
    num_warps: int

    def problem(self, d_v: int) -> str | None:
        """Why this cannot be launched for rows of `d_v` columns; None if it can."""
        for name, allowed in (
            ("rows", (1, 2, 4, 8, 16)),
            ("columns", tuple(1 << power for power in range(5, 11) if 1 << power <= d_v)),
            ("vector", (1, 2, 4)),
            ("splits_at_once", (1, 2, 4, 8, 16)),
            ("num_warps", (1, 2, 4, 8)),
        ):
            if getattr(self, name) not in allowed:
                return f"{name} must be one of {allowed}, got {getattr(self, name)}"
        least = 32 * self.num_warps * self.vector
        if self.columns < least:
            return f"columns must be at least 32 * num_warps * vector = {least}, got {self.columns}"
        return None


@dataclasses.dataclass(frozen=True)
class Entry:
    """A line of the table: what to launch, and how long it took in microseconds."""

    config: ReduceConfig
    microseconds: float


KEY_FIELDS = tuple(field.name for field in dataclasses.fields(ReduceKey))
CONFIG_FIELDS = tuple(field.name for field in dataclasses.fields(ReduceConfig))
COLUMNS = (*KEY_FIELDS, *CONFIG_FIELDS, "microseconds")


def power_of_two_above(value: int) -> int:
    """The smallest power of two that is at least `value`."""
    return 1 << max(0, value - 1).bit_length()


def general_config(d_v: int, splits: int, rows: int) -> ReduceConfig:
    """What is launched where no line fits: 16 bytes for each thread and split, up to 8 splits under way at once.

    Many rows keep the memory busy by themselves; half of the splits at once then leaves room for more programs.
    """
    columns = min(d_v, 512)
    at_once = min(8 if rows < 2048 else 4, power_of_two_above(splits))
    return ReduceConfig(1, columns, min(4, columns // 32), at_once, max(1, columns // 128))


def candidates(d_v: int, splits: int) -> list[ReduceConfig]:
    """The configurations that tuning tries: 8 to 64 values of a row for each thread at once."""
    most = power_of_two_above(splits)
    found = []
    for columns in sorted({min(d_v, 256), min(d_v, 512), d_v}):
        for warps in (1, 2, 4, 8):
            for at_once in (1, 2, 4, 8, 16):
                config = ReduceConfig(1, columns, min(4, columns // 32), at_once, warps)
                values = columns // (32 * warps)
                if config.problem(d_v) is None and min(4, most) <= at_once <= most and values * at_once <= 64:
                    found.append(config)
                    if splits <= 4:  # little to read for a row
                        found.append(dataclasses.replace(config, rows=4))
    return found


def user_path() -> pathlib.Path:
    """Where tuning writes and what is looked at first."""
    # expanduser, unlike Path.home, raises nothing where a user has no home
    folder = os.environ.get(FOLDER_VARIABLE) or os.path.expanduser("~/.triton_tle/tuned")
    return pathlib.Path(folder) / FILE_NAME


def key_for(gpu: str, sm_count: int, heads: int, d_v: int, splits: int, concurrency: int) -> ReduceKey:
    """The key of a shape."""
    return ReduceKey(gpu, sm_count, heads, d_v, power_of_two_above(splits), power_of_two_above(concurrency))


def parse_line(line: dict[str, str | None]) -> tuple[ReduceKey, Entry]:
    """One line of the file.

    Raises:
        ValueError: a column that is missing or no number, a configuration that does not fit the shape, or no time.
    """
    missing = [name for name in COLUMNS if not line.get(name)]
    if missing:
        raise ValueError(f"column {missing[0]} is missing")
    key = ReduceKey(line["gpu"], *(int(line[name]) for name in KEY_FIELDS[1:]))
    config = ReduceConfig(*(int(line[name]) for name in CONFIG_FIELDS))
    problem = config.problem(key.d_v)
    if problem is not None:
        raise ValueError(problem)
    microseconds = float(line["microseconds"])
    if not 0 < microseconds < math.inf:
        raise ValueError(f"microseconds must be positive and finite, got {microseconds}")
    return key, Entry(config, microseconds)


def read_table(path: pathlib.Path) -> dict[ReduceKey, Entry]:
    """All usable lines of a file; others are logged at debug level. A file that does not exist has none.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no text.
        csv.Error: it is no CSV.
    """
    entries: dict[ReduceKey, Entry] = {}
    if not path.is_file():
        return entries
    with path.open(newline="", encoding="utf-8") as file:
        for number, line in enumerate(csv.DictReader(file), start=2):
            try:
                key, entry = parse_line(line)
            except ValueError as error:
                LOGGER.debug("%s:%d: line ignored, %s", path, number, error)
                continue
            entries[key] = entry
    return entries


def write_table(path: pathlib.Path, entries: dict[ReduceKey, Entry]) -> None:
    """Replace the file in one step, so that an interruption leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for key, entry in sorted(entries.items(), key=lambda item: dataclasses.astuple(item[0])):
            config = dataclasses.astuple(entry.config)
            writer.writerow([*dataclasses.astuple(key), *config, f"{entry.microseconds:.3f}"])
    temporary.replace(path)


@functools.cache
def _tables(path: pathlib.Path) -> dict[ReduceKey, Entry]:
    entries = read_table(PACKAGED)
    try:
        entries |= read_table(path)
    except (OSError, ValueError, csv.Error) as error:
        LOGGER.debug("%s: not used, %s", path, error)
    return entries


@functools.cache
def _gpu(device: torch.device) -> tuple[str, int] | None:
    if device.type != "cuda":
        return None
    properties = torch.cuda.get_device_properties(device)
    return properties.name, properties.multi_processor_count


@functools.cache
def _log_miss(key: ReduceKey) -> None:
    LOGGER.debug("no tuned configuration of mla_decode_reduce for %s: the general one is used", key)


def clear_caches() -> None:
    """Read the files again at the next lookup."""
    _tables.cache_clear()
    _log_miss.cache_clear()
    lookup.cache_clear()


def find(device: torch.device, heads: int, d_v: int, splits: int, concurrency: int) -> Entry | None:
    """The line for a shape on a device; None if there is none, as for a CPU."""
    gpu = _gpu(device)
    return None if gpu is None else _tables(user_path()).get(key_for(*gpu, heads, d_v, splits, concurrency))


@functools.cache
def lookup(device: torch.device, heads: int, d_v: int, splits: int, concurrency: int) -> ReduceConfig:
    """The configuration to launch for a shape: the table's, or with a debug message, once, the general one."""
    entry = find(device, heads, d_v, splits, concurrency)
    if entry is not None:
        return entry.config
    gpu = _gpu(device)
    if gpu is not None:
        _log_miss(key_for(*gpu, heads, d_v, splits, concurrency))
    return general_config(d_v, splits, heads * concurrency)
