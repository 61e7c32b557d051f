"""Print the passes that a kernel goes through, by stage and engine."""

from __future__ import annotations

import argparse

SUMMARY = "the passes a kernel goes through, by stage and engine"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--arch", default="sm_90a", help="architecture (default: %(default)s)")
    parser.add_argument("--mode", default="tle", choices=("tle", "stock"), help="default: %(default)s")
    parser.add_argument("--num-warps", type=int, default=4)
    parser.add_argument("--num-stages", type=int, default=3)
    parser.add_argument("--skip", default="", metavar="FLAG,…", help="optional passes to leave out")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; returns its exit status."""
    from triton_tle.compiler import pipeline

    settings = {"num_warps": arguments.num_warps, "num_stages": arguments.num_stages}
    skip = tuple(filter(None, arguments.skip.split(",")))
    print(pipeline(arguments.arch, arguments.mode, skip=skip, **settings))
    return 0
