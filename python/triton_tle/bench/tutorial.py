"""What the tutorials have in common: their command line, the report of resources, the benchmark behind the checks."""

from __future__ import annotations

import argparse
import os
import pathlib
import sys
from collections.abc import Callable, Iterable, Sequence

import torch

from triton_tle.compiler import report
from triton_tle.compiler.pipelines import parse_arch

from . import cli


def compile_only(arch: str, variants: Iterable[tuple], operators: Sequence[str]) -> None:
    """Compile a tutorial's own `variants`, as `report` takes them from a file, and those of `operators` for `arch`;
    print what each needs."""
    chosen = [report.Variant(*entry) for entry in variants]
    for name in operators:
        chosen += report.variants_of(name, arch)
    print(f"compiled for {arch}:\n\n{report.table([report.compile_variant(variant, arch) for variant in chosen])}")


def benchmark(operators: Sequence[str], out: pathlib.Path, quick: bool) -> int:
    """Measure `operators`, print the tables, write a JSON file and a plot for each to the folder `out`.

    Returns 1 if a provider failed, else 0.
    """
    status = 0
    for name in operators:
        options = ["--json", str(out / f"{name}.json"), "--plot", str(out / f"{name}.png")]
        status |= cli.main([name, *options, *(["--quick"] if quick else [])])
    return status


def main(
    description: str,
    checks: Sequence[Callable[[str], None]],
    variants: Callable[[str], Iterable[tuple]],
    operators: Sequence[str],
) -> None:
    """Run a tutorial as its command line says.

    Each of `checks` takes the device, "cuda" or, with --interpret, "cpu", and raises an exception where results are
    wrong. `variants(arch)` are the tutorial's own kernels. `operators` are what it leads to: what --compile-only
    reports, too, and what is measured on a GPU behind the checks.

    Raises:
        SystemExit: an option or its value is wrong, there is no GPU and no option says what to do without,
            TRITON_INTERPRET came too late, or a provider failed in the benchmark.
    """
    parser = argparse.ArgumentParser(description=description, allow_abbrev=False)
    parser.add_argument("--interpret", action="store_true", help="check the numerics on the CPU")
    parser.add_argument("--compile-only", action="store_true", help="compile for --arch and report resources")
    parser.add_argument("--arch", default="sm_90a", help="target of --compile-only (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="benchmark the main sizes only")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("."), help="where results and plot go")
    arguments = parser.parse_args()
    try:
        parse_arch(arguments.arch)
    except ValueError as error:
        parser.error(f"--{error}")
    if arguments.compile_only:
        compile_only(arguments.arch, variants(arguments.arch), operators)
        return
    if arguments.interpret and os.environ.get("TRITON_INTERPRET") != "1":
        sys.exit("--interpret: TRITON_INTERPRET=1 must be set before Triton is imported")
    if not arguments.interpret and not torch.cuda.is_available():
        sys.exit("no NVIDIA GPU here: use --interpret to check the numerics, --compile-only to compile for sm_90a")
    for check in checks:
        check("cpu" if arguments.interpret else "cuda")
    if not arguments.interpret and benchmark(operators, arguments.out, arguments.quick):
        sys.exit("a provider failed: see above")
