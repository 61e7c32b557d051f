"""Check and time an operator against its peers on this machine's GPU."""

from triton_tle.bench.cli import SUMMARY, add_arguments, run

__all__ = ["SUMMARY", "add_arguments", "run"]
