"""Command line of the benchmarks: `python -m triton_tle bench [OP] [options]`."""

from __future__ import annotations

import argparse
import importlib
import pathlib
import sys
import traceback

#: What can be measured, each a module of this package with run(quick, only, commit), and its title.
OPERATORS = {
    "sparse_mla_fwd": "Sparse MLA forward",
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

SUMMARY = "benchmark an operator against its peers (needs a GPU)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("op", nargs="?", choices=tuple(OPERATORS), help="what to measure (default: all, in turn)")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write all figures; for all: to this folder")
    parser.add_argument("--plot", type=pathlib.Path, metavar="FILE", help="draw a PNG (needs matplotlib); likewise")
    parser.add_argument("--quick", action="store_true", help="the main size only, fewer rounds")
    parser.add_argument("--only", nargs="+", metavar="PROVIDER", help="run these providers (or passes) alone")
    parser.add_argument("--commit", help="commit to record, where git cannot tell")


def run(args: argparse.Namespace) -> int:
    """Run one benchmark, or all; return the exit status (1: no GPU, or a provider failed).

    Raises:
        ValueError: --only names a provider that does not exist, or stands without an operator.
    """
    if args.only and not args.op:
        raise ValueError(f"--only wants an operator, whose providers it names: {', '.join(OPERATORS)}")
    import torch

    if not torch.cuda.is_available():
        print("triton_tle bench: needs an NVIDIA GPU, and torch sees none", file=sys.stderr)
        return 1
    if args.op:
        return _run_one(args.op, args, args.json, args.plot)
    status = 0
    for op, title in OPERATORS.items():
        print(f"\n== {title} ({op})", flush=True)
        json_path = args.json and args.json / f"{op}.json"
        plot_path = args.plot and args.plot / f"{op}.png"
        try:
            status |= _run_one(op, args, json_path, plot_path)
        except Exception:  # the others' figures are still wanted
            traceback.print_exc()
            status = 1
    return status


def _run_one(op: str, args: argparse.Namespace, json_path: pathlib.Path | None, plot_path: pathlib.Path | None) -> int:
    from .harness import save_json, save_plot

    results = importlib.import_module(f".{op}", __package__).run(quick=args.quick, only=args.only, commit=args.commit)
    if json_path:
        save_json(json_path, results)
        print(f"wrote {json_path}")
    if plot_path:
        print(save_plot(plot_path, results, OPERATORS[op]) or f"wrote {plot_path}")
    return 1 if any(case["failed"] for case in results["cases"]) else 0


def main(argv: list[str] | None = None) -> int:
    """Parse `argv` (the process's own by default) and run."""
    parser = argparse.ArgumentParser(prog="triton_tle bench", description=SUMMARY)
    add_arguments(parser)
    return run(parser.parse_args(argv))
