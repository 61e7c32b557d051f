"""Show how a compiled kernel is divided, without a GPU.

Partitions with their warps, registers and machine code; the map of shared memory; pipes with slots, ends and
barriers; and for each partition the order of its steps. NAME is an operator (sparse_mla_fwd_pipes), or a Python file
with a function variants(arch), as path/to/file.py or path/to/file.py:kernel for one kernel of it. Of several variants
whose label contains LABEL, or if none is given, the first one is shown; one whose label is LABEL goes before.

--profile also launches the kernel on this machine's GPU, with Proton's records around its steps, and writes into FOLDER
timeline.json (a trace that Perfetto and chrome://tracing open) and timeline.svg. A Python file says how to launch its
kernels by a function example(label), which makes inputs and returns what launches the variant.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

SUMMARY = "how a kernel is divided: partitions, shared memory, pipes, order of waits; as text or picture"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("name", help="operator, or path/to/file.py[:kernel]")
    parser.add_argument("--arch", default="sm_90a", help="architecture to compile for (default: %(default)s)")
    parser.add_argument("--variant", default="", metavar="LABEL", help="the first variant whose label contains this")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="write a picture there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all facts there ('-': print them instead)")
    parser.add_argument("--profile", type=Path, metavar="FOLDER", help="measure a timeline (on a GPU), write it there")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; returns its exit status.

    Raises:
        ValueError: there is no such kernel, variant or architecture, or a file cannot be written; names the argument.
    """
    variant = choose(arguments)
    if arguments.profile and str(arguments.json) == "-":
        raise ValueError("--json: got '-', but --profile prints a table there, too: give --json a file")
    for option in ("svg", "json"):
        check_writable(f"--{option}", getattr(arguments, option))
    launch = prepare(arguments, variant.label) if arguments.profile else None

    from triton.compiler import CompilationError

    from triton_tle.explain import analysis, picture, text

    try:
        explained = analysis.explain(variant, arguments.arch, arguments.name)
    except CompilationError as error:
        raise ValueError(f"variant '{variant.label}' does not compile for {arguments.arch}: {error}") from None
    if arguments.svg:
        arguments.svg.write_text(picture.render(explained), encoding="utf-8")
        print(f"picture: {arguments.svg}", file=sys.stderr)
    if arguments.json:
        facts = json.dumps(explained.as_dict(), indent=2) + "\n"
        if str(arguments.json) == "-":
            print(facts, end="")
            return 0
        arguments.json.write_text(facts, encoding="utf-8")
        print(f"facts: {arguments.json}", file=sys.stderr)
    print(text.render(explained), end="")
    if launch is not None:
        from triton_tle.explain import profile

        print("\n" + profile.write(explained, launch, arguments.profile), end="")
        print(f"timeline: {arguments.profile / 'timeline.json'}, {arguments.profile / 'timeline.svg'}", file=sys.stderr)
    return 0


def prepare(arguments: argparse.Namespace, label: str):  # noqa: ANN201 - examples.Launch, imported late
    """What launches the variant, and a folder for what is measured; raises ValueError, naming argument, value, rule."""
    import torch

    from triton_tle.explain import examples

    if not torch.cuda.is_available():
        raise ValueError(f"--profile: got '{arguments.profile}', but this needs an NVIDIA GPU, and torch sees none")
    try:
        arguments.profile.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"--profile: got '{arguments.profile}', which cannot be made: {error.strerror}") from None
    check_writable("--profile", arguments.profile / "timeline.json")
    return examples.example(arguments.name, label)


def choose(arguments: argparse.Namespace):  # noqa: ANN201 - report.Variant, imported late
    """The variant that the command line names; raises ValueError, naming argument, value and rule."""
    from triton_tle.compiler import report
    from triton_tle.compiler.pipelines import parse_arch

    try:
        parse_arch(arguments.arch)
        variants = report.variants_of(arguments.name, arguments.arch)
    except ValueError as error:
        message = str(error)
        raise ValueError(f"--{message}" if message.startswith("arch:") else f"name: {message}") from None
    labels = [variant.label for variant in variants]
    matching = [variant for variant in variants if arguments.variant in variant.label]
    exact = [variant for variant in matching if arguments.variant == variant.label]
    found = next(iter(exact or matching), None)
    if found is None:
        known = ", ".join(f"'{label}'" for label in labels)
        raise ValueError(f"--variant: no label contains '{arguments.variant}'; labels are {known}")
    if len(labels) > 1:
        others = ", ".join(f"'{label}'" for label in labels if label != found.label)
        print(f"variant '{found.label}'; others: {others}", file=sys.stderr)
    return found


def check_writable(option: str, path: Path | None) -> None:
    """Raise ValueError, before anything is compiled, unless a file can be written at ``path``."""
    if path is None or str(path) == "-":
        return
    if path.is_dir():
        raise ValueError(f"{option}: got '{path}', expected a file, but this is a folder")
    if not path.parent.is_dir():
        raise ValueError(f"{option}: got '{path}', but there is no folder '{path.parent}'")
    try:
        existed = path.exists()
        path.open("a").close()
        if not existed:
            path.unlink()
    except OSError as error:
        raise ValueError(f"{option}: got '{path}', which cannot be written: {error.strerror}") from None
