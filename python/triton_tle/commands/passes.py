"""List every pass of both engines with its options."""

from __future__ import annotations

import argparse

SUMMARY = "every pass of both engines, with options"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("filter", nargs="?", default="", help="only flags that contain this")
    parser.add_argument("--engine", choices=("native", "stock"), help="only passes of this engine")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; returns its exit status."""
    from triton_tle.compiler import NativeLibraryError, catalog

    engines = [arguments.engine] if arguments.engine else ["native", "stock"]
    for engine in engines:
        try:
            entries = [entry for entry in catalog.passes(engine) if arguments.filter in entry.flag]
        except NativeLibraryError as error:
            print(f"native engine: {error}\n")
            continue
        print(f"{engine} engine, {len(entries)} passes\n")
        print(catalog.listing(entries))
        print()
    return 0
