#!/usr/bin/env python3
"""Figures on the pages: README.md and docs say what docs/results says.

`tools/figures/sentences.txt` has sentences and table rows with fields in place of their figures. Each must stand on its
page exactly once, whatever its figures and its line breaks; `tools/figures/tables.py` makes whole tables. Without
options the figures are written anew from the JSON files (`make figures`). `--take FILE …` first puts files that
`triton_tle bench … --json FILE` has written into docs/results, each under its name there. `--check` only reports
figures that differ, and sentences that are gone (exit status 1 for either). `--list` names source, page and line of
every figure.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from figures.engine import Missing, files, renewed, sentences  # noqa: E402
from figures.tables import TABLES  # noqa: E402
from figures.values import CHECKS, SOURCES, file_of, read  # noqa: E402


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Write, check or list the figures; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="report figures that differ, write nothing")
    what.add_argument("--list", action="store_true", help="print file, line and source of every figure, write nothing")
    what.add_argument("--take", nargs="+", type=Path, metavar="FILE", help="put these files into docs/results first")
    options = parser.parse_args(arguments)
    taken: dict[str, tuple[Path, str]] = {}
    for path in options.take or ():
        try:
            text = path.read_text()
            name = file_of(json.loads(text))
        except (OSError, ValueError) as error:
            parser.error(f"{path}: {error}")
        if name in taken:
            parser.error(f"{path}: it would be docs/results/{name}, as {taken[name][0]}")
        taken[name] = path, text
    for name, (path, text) in taken.items():
        (root / "docs" / "results" / name).write_text(text)
        print(f"{path}: docs/results/{name}")
    tree, texts, everything, problems = read(root / "docs" / "results"), {}, [], []
    for entry in [*sentences((ROOT / "tools" / "figures" / "sentences.txt").read_text()), *TABLES]:
        text = texts.get(entry.page) or (root / entry.page).read_text()
        try:
            texts[entry.page], found = renewed(entry, text, tree)
            everything += found
        except Missing as missing:
            texts[entry.page] = text
            problems.append(str(missing))
    different = [found for found in everything if found.old != found.new]
    if options.list:
        names = {name: file for name, (file, _) in SOURCES.items()} | CHECKS
        for found in sorted(everything, key=lambda f: (files(f, names), f.page, f.line)):
            print(f"{files(found, names)}: {found.page}:{found.line}: {found.name} {found.new}".rstrip())
        return 0
    for line in [*different, *problems]:
        print(line)
    if not options.check:
        for page, text in texts.items():
            (root / page).write_text(text)
    verb = "differ" if options.check else "renewed"
    print(f"{len(everything)} figures on {len(texts)} pages, {len(different)} {verb}, {len(problems)} not found")
    return 1 if problems or not everything or options.check and different else 0


if __name__ == "__main__":
    sys.exit(main())
