"""Compile every variant of an operator's kernels, without a GPU, and print what each needs.

NAME is an operator (sparse_mla_fwd), or a Python file with a function variants(arch), as path/to/file.py or
path/to/file.py:kernel for one kernel of it.
"""

from __future__ import annotations

import argparse
import json
import sys

SUMMARY = "registers, spills, shared memory and tensor-core instructions of an operator's kernels"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("name", help="operator, or path/to/file.py[:kernel]")
    parser.add_argument("--arch", default="sm_90a", help="architecture to compile for (default: %(default)s)")
    parser.add_argument("--variant", default="", help="only variants whose label contains this")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--check", action="store_true", help="exit with 1 on stack use, spills or ptxas warnings")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; returns its exit status.

    Raises:
        ValueError: there is no such kernel, variant or architecture, or a variant does not compile for it.
    """
    from triton.compiler import CompilationError
    from triton.runtime.errors import PTXASError

    from triton_tle.compiler import report

    known = report.variants_of(arguments.name, arguments.arch)
    variants = [variant for variant in known if arguments.variant in variant.label]
    if not variants:
        labels = ", ".join(f"'{variant.label}'" for variant in known)
        raise ValueError(f"--variant: no label contains '{arguments.variant}'; labels are {labels}")
    reports = []
    for number, variant in enumerate(variants, start=1):
        print(f"[{number}/{len(variants)}] {variant.label}", file=sys.stderr, flush=True)
        try:
            reports.append(report.compile_variant(variant, arguments.arch))
        except (CompilationError, PTXASError) as error:
            raise ValueError(f"variant '{variant.label}' does not compile for {arguments.arch}: {error}") from None
    if arguments.json:
        print(json.dumps([entry.as_dict() for entry in reports], indent=2))
    else:
        print(f"{arguments.name} for {reports[0].arch}\n\n{report.table(reports)}")
    dirty = [entry.variant for entry in reports if not entry.clean]
    if arguments.check and dirty:
        print(f"not clean: {', '.join(dirty)}", file=sys.stderr)
        return 1
    return 0
