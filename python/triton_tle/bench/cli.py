"""Command line of the benchmarks: `python -m triton_tle bench [OP] [options]`."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import pathlib
import sys
import traceback
from collections.abc import Iterator

#: What can be measured, each a module of this package with run(quick, only, commit), and its title.
OPERATORS = {
    "sparse_mla_fwd": "Sparse MLA forward",
    "sparse_mla_fwd_few_heads": "Sparse MLA forward, up to 32 heads",
    "sparse_mla_fwd_rows": "Sparse MLA forward, the sizes of FlashMLA's own tests",
    "mla_decode": "Sparse MLA decode",
    "mla_decode_reduce": "Decode reduce",
    "sparse_mla_bwd": "Sparse MLA backward",
    "sparse_mla_bucketed": "Sparse MLA, bucketed",
    "passes": "Sparse MLA forward without single passes",
    "gemm": "Dense matrix product",
    "flash_attention": "Dense attention forward",
    "scatter_add": "Reductions of accumulators into random rows",
}

STDOUT = pathlib.Path("-")
SUMMARY = "benchmark an operator against its peers (needs a GPU)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("op", nargs="?", choices=tuple(OPERATORS), help="what to measure (default: all, in turn)")
    parser.add_argument(
        "--json", type=pathlib.Path, nargs="?", const=STDOUT, metavar="FILE",
        help="write all figures; for all: to this folder; no FILE: to standard output, and tables to standard error",
    )  # fmt: skip
    parser.add_argument("--plot", type=pathlib.Path, metavar="FILE", help="draw a PNG (needs matplotlib); likewise")
    parser.add_argument("--quick", action="store_true", help="the main size only, fewer rounds")
    parser.add_argument("--only", nargs="+", metavar="PROVIDER", help="run these providers (or passes) alone")
    parser.add_argument("--commit", help="commit to record, where git cannot tell")


def run(args: argparse.Namespace) -> int:
    """Run one benchmark, or all; return the exit status (1: no GPU, a provider failed, or none was measured).

    Raises:
        ValueError: --only names a provider that does not exist, or stands without an operator; --json or --plot names
            no place for what is measured.
    """
    if args.only and not args.op:
        raise ValueError(f"--only wants an operator, whose providers it names: {', '.join(OPERATORS)}")
    for option, path in (("--json", args.json), ("--plot", args.plot)):
        _check_place(option, path, args.op)
    import torch

    if not torch.cuda.is_available():
        print("triton_tle bench: needs an NVIDIA GPU, and torch sees none", file=sys.stderr)
        return 1
    if args.json != STDOUT:
        return _run_chosen(args)[0]
    with _all_on_stderr():
        status, results = _run_chosen(args)
    print(json.dumps(results[args.op] if args.op in results else results, indent=1))
    return status


def _check_place(option: str, path: pathlib.Path | None, op: str | None) -> None:
    """Raise ValueError, before anything is measured, for a folder in place of a file or the other way round, and for a
    place where nothing can be written; folders that are not there are made in the end."""
    if path is None or option == "--json" and path == STDOUT:
        return
    if op is None and str(path) in OPERATORS:  # `--json OP` takes the operator for the file
        raise ValueError(f"{option}: got '{path}', expected a folder; an operator to measure stands before {option}")
    if op is None and path.is_file():
        raise ValueError(f"{option}: got '{path}', a file, expected a folder, as there is one file for each operator")
    if op is not None and path.is_dir():
        raise ValueError(f"{option}: got '{path}', a folder, expected a file")
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    if not os.access(there, os.W_OK) or (there != path and not there.is_dir()):
        raise ValueError(f"{option}: got '{path}', but nothing can be written to '{there}'")


@contextlib.contextmanager
def _all_on_stderr() -> Iterator[None]:
    """Standard output is standard error meanwhile, for compilers and for processes that are begun here, too."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _run_chosen(args: argparse.Namespace) -> tuple[int, dict[str, dict]]:
    """(exit status, results by operator) of the operator that `args` names, or of all."""
    found: dict[str, dict] = {}
    if args.op:
        found[args.op] = _run_one(args.op, args, args.json, args.plot)
        return _status(found), found
    raised = 0
    for op, title in OPERATORS.items():
        print(f"\n== {title} ({op})", flush=True)
        json_path = args.json if args.json in (None, STDOUT) else args.json / f"{op}.json"
        plot_path = args.plot and args.plot / f"{op}.png"
        try:
            found[op] = _run_one(op, args, json_path, plot_path)
        except Exception:  # the others' figures are still wanted
            traceback.print_exc()
            raised = 1
    return raised | _status(found), found


def _status(found: dict[str, dict]) -> int:
    """1 if a provider failed, or if an operator has no figures at all."""
    return int(any(_has_failed(results) or not _has_figures(results) for results in found.values()))


def _has_failed(results: dict) -> bool:
    return bool(results.get("failed")) or any(case["failed"] for case in results["cases"])


def _has_figures(results: dict) -> bool:
    return any(case["providers"] for case in results["cases"])


def _run_one(op: str, args: argparse.Namespace, json_path: pathlib.Path | None, plot_path: pathlib.Path | None) -> dict:
    from .harness import keeping, save_json, save_plot

    module, place = importlib.import_module(f".{op}", __package__), None if json_path == STDOUT else json_path
    with keeping(place):
        results = module.run(quick=args.quick, only=args.only, commit=args.commit)
    if place:
        save_json(place, results)
        print(f"wrote {place}")
    if not _has_figures(results):
        print(f"triton_tle bench: {op}: no provider was measured", file=sys.stderr)
    if plot_path:
        print(save_plot(plot_path, results, OPERATORS[op]) or f"wrote {plot_path}")
    return results


def main(argv: list[str] | None = None) -> int:
    """Parse `argv` (the process's own by default) and run."""
    parser = argparse.ArgumentParser(prog="triton_tle bench", description=SUMMARY)
    add_arguments(parser)
    return run(parser.parse_args(argv))
