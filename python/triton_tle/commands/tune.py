"""Measure launch configurations on this machine's GPU and write the fastest into a table.

An interrupted run loses nothing: every shape is written when it is done, and the next run goes on with those that are
missing (--again measures all anew). The file is mla_decode_reduce.csv in the folder TRITON_TLE_TUNED_DIR, else in
~/.triton_tle/tuned; lines of other GPUs stay in it.
"""

from __future__ import annotations

import argparse
import csv
import pathlib
import sys

from .explain import check_writable

SUMMARY = "find the fastest launch configurations of an operator (needs a GPU)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("op", choices=("mla_decode_reduce",))
    parser.add_argument("--csv", type=pathlib.Path, metavar="FILE", help="table to write, instead of the default")
    parser.add_argument("--heads", type=int, nargs="+", default=[16, 64, 128], help="default: %(default)s")
    parser.add_argument("--d-v", type=int, nargs="+", default=[512], help="default: %(default)s")
    parser.add_argument("--splits", type=int, nargs="+", default=[2, 4, 8, 16, 32], help="default: %(default)s")
    parser.add_argument(
        "--concurrency", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32, 64, 128, 256],
        help="query tokens, b * s_q (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--again", action="store_true", help="measure shapes that the table has already")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; returns its exit status (1: no GPU, 130: interrupted).

    Raises:
        ValueError: a size that the operator does not take, or a table that cannot be read or written.
    """
    import torch

    if not torch.cuda.is_available():
        print("triton_tle tune: needs an NVIDIA GPU, and torch sees none", file=sys.stderr)
        return 1

    from triton_tle.bench.tune_reduce import compile_ahead, measure_on_gpu, shapes_to_tune, tune
    from triton_tle.ops import mla_decode_reduce_table as table

    properties = torch.cuda.get_device_properties(torch.cuda.current_device())
    keys = shapes_to_tune(
        properties.name, properties.multi_processor_count, arguments.heads, arguments.d_v, arguments.splits,
        arguments.concurrency,
    )  # fmt: skip
    path = arguments.csv or table.user_path()
    have = check_table(path)
    try:
        compile_ahead(key for key in keys if arguments.again or key not in have)
        measured = tune(path, keys, measure_on_gpu, again=arguments.again)
    except KeyboardInterrupt:
        print(f"\ninterrupted; what was measured is in {path}, the same command goes on", file=sys.stderr)
        return 130
    print(f"{path}: {measured} shapes measured, {len(keys) - measured} were there")
    return 0


def check_table(path: pathlib.Path) -> dict:
    """What the table at `path` holds.

    Raises:
        ValueError: it cannot be read or written, which is said before anything is measured.
    """
    from triton_tle.ops import mla_decode_reduce_table as table

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"--csv: got '{path}', whose folder cannot be made: {error.strerror}") from None
    check_writable("--csv", path)
    try:
        return table.read_table(path)
    except (OSError, ValueError, csv.Error) as error:
        raise ValueError(f"--csv: got '{path}', which cannot be read as a table: {error}") from None
