"""Command line of the benchmarks: `python -m triton_tle bench OP [options]`."""

from __future__ import annotations

import argparse
import importlib
import pathlib
import sys

#: What can be measured, each a module of this package with run(quick, only, commit), and its title.
OPERATORS = {
    "sparse_mla_fwd": "Sparse MLA forward",
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
    parser.add_argument("op", choices=tuple(OPERATORS))
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write all figures")
    parser.add_argument("--plot", type=pathlib.Path, metavar="FILE", help="draw a PNG (needs matplotlib)")
    parser.add_argument("--quick", action="store_true", help="the main size only, fewer rounds")
    parser.add_argument("--only", nargs="+", metavar="PROVIDER", help="run these providers (or passes) alone")
    parser.add_argument("--commit", help="commit to record, where git cannot tell")


def run(args: argparse.Namespace) -> int:
    """Run one benchmark; return the exit status (1: no GPU, or a provider failed).

    Raises:
        ValueError: --only names a provider that does not exist.
    """
    import torch

    if not torch.cuda.is_available():
        print("triton_tle bench: needs an NVIDIA GPU, and torch sees none", file=sys.stderr)
        return 1

    from .harness import save_json, save_plot

    benchmark = importlib.import_module(f".{args.op}", __package__)
    results = benchmark.run(quick=args.quick, only=args.only, commit=args.commit)
    if args.json:
        save_json(args.json, results)
        print(f"wrote {args.json}")
    if args.plot:
        print(save_plot(args.plot, results, OPERATORS[args.op]) or f"wrote {args.plot}")
    return 1 if any(case["failed"] for case in results["cases"]) else 0


def main(argv: list[str] | None = None) -> int:
    """Parse `argv` (the process's own by default) and run."""
    parser = argparse.ArgumentParser(prog="triton_tle bench", description=SUMMARY)
    add_arguments(parser)
    return run(parser.parse_args(argv))
