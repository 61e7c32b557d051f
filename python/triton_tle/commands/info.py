"""Print versions and what decides how kernels are compiled here."""

from __future__ import annotations

import argparse
import json

SUMMARY = "versions of both engines, build digest, mode"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; returns its exit status."""
    import platform

    import triton
    from triton import knobs

    import triton_tle
    from triton_tle.compiler import NativeLibraryError, bridge, environment

    facts = {
        "triton_tle": getattr(triton_tle, "__version__", "unknown"),
        "triton": triton.__version__,
        "python": platform.python_version(),
        "ptxas": knobs.nvidia.ptxas.version,
        environment.VARIABLE: environment.mode() or "unset",
        environment.SKIP: ",".join(environment.skipped()) or "unset",
        "digest": environment.digest(),
    }
    try:
        facts["native"] = dict(bridge.native().build_info())
        facts["native passes"] = len(bridge.native_passes())
    except NativeLibraryError as error:
        facts["native"] = f"missing: {error}"
    if arguments.json:
        print(json.dumps(facts, indent=2))
        return 0
    for name, value in facts.items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {entry}" for key, entry in value.items())
        print(f"{name:<15} {value}")
    return 0
