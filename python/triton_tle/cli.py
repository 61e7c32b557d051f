"""The command line: ``python -m triton_tle COMMAND``. Commands are the modules of ``triton_tle.commands``."""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence
from types import ModuleType

from . import commands


def command_modules() -> dict[str, ModuleType]:
    """The commands by name: modules of ``triton_tle.commands``, underscores written as dashes."""
    names = sorted(entry.name for entry in pkgutil.iter_modules(commands.__path__) if not entry.name.startswith("_"))
    return {name.replace("_", "-"): importlib.import_module(f"{commands.__name__}.{name}") for name in names}


def build_parser() -> argparse.ArgumentParser:
    """The argument parser with every command."""
    parser = argparse.ArgumentParser(prog="triton_tle", description="TritonTLE: tools for kernels and compiler.")
    commands_of = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, module in command_modules().items():
        sub = commands_of.add_parser(
            name,
            help=module.SUMMARY,
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(sub)
        sub.set_defaults(run=module.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit status, 2 when an argument's value makes no sense or the native library is
    missing."""
    from .compiler import NativeLibraryError

    parsed = build_parser().parse_args(arguments)
    try:
        status = parsed.run(parsed)
        sys.stdout.flush()
        return status
    except (ValueError, NativeLibraryError) as error:
        print(f"triton_tle {parsed.command}: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Whoever read the output has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
