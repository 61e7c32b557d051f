"""Diagnostics against ``expected-error {{…}}`` comments, as MLIR's ``-verify-diagnostics`` has them."""

from __future__ import annotations

import io
import os
import re
import sys
import tempfile
from collections.abc import Callable
from typing import TextIO

_EXPECTATION = re.compile(
    r"expected-(?P<severity>error|warning|remark|note)\s*(?:@(?P<where>[+-]\d+|above|below|unknown))?"
    r"\s*\{\{(?P<text>.*?)\}\}"
)
_DIAGNOSTIC = re.compile(
    r'^(?:loc\("[^"]*":(\d+):\d+\)|[^\s"]+?:(\d+):\d+|<unknown>:0|loc\(unknown\)): (error|warning|remark|note): (.*)$'
)


def check(name: str, text: str, run: Callable[[TextIO], object]) -> list[str]:
    """Call ``run`` with a log, and compare what it says there and on standard error with ``text``'s comments.

    Returns a line for each diagnostic that was not expected and each that did not come; note that every error
    and warning needs its comment, while remarks and notes may go without.
    """
    log = io.StringIO()
    with tempfile.TemporaryFile("w+") as captured:
        sys.stderr.flush()
        saved = os.dup(2)
        os.dup2(captured.fileno(), 2)
        try:
            run(log)
        finally:
            os.dup2(saved, 2)
            os.close(saved)
        captured.seek(0)
        said = captured.read() + log.getvalue()
    return compare(name, expected(text), diagnostics(said))


def expected(text: str) -> list[tuple[int, str, str]]:
    """The comments of ``text`` as (line from 1, severity, part of the message); line 0 is any line."""
    found, lines = [], text.split("\n")
    for number, line in enumerate(lines, start=1):
        for match in _EXPECTATION.finditer(line):
            where = match["where"]
            if where == "unknown":
                target = 0
            elif where in ("above", "below"):
                target = _next_code_line(lines, number, -1 if where == "above" else 1)
            else:
                target = number + int(where or 0)
            found.append((target, match["severity"], match["text"]))
    return found


def _next_code_line(lines: list[str], number: int, step: int) -> int:
    """The nearest line above or below that is no comment with an expectation itself."""
    number += step
    while 1 <= number <= len(lines) and re.match(r"\s*//.*expected-", lines[number - 1]):
        number += step
    return number


def diagnostics(said: str) -> list[tuple[int, str, str]]:
    """The diagnostics in what compilers printed, as (line, severity, message); line 0 when unknown."""
    found = []
    for line in said.splitlines():
        match = _DIAGNOSTIC.match(line)
        if match:
            found.append((int(match[1] or match[2] or 0), match[3], match[4]))
        elif found and not line.startswith((" ", "\t", "}")):
            # A message may go on over several lines; source excerpts are indented or matched away by callers.
            found[-1] = (*found[-1][:2], f"{found[-1][2]}\n{line}")
    return found


def compare(name: str, wanted: list[tuple[int, str, str]], came: list[tuple[int, str, str]]) -> list[str]:
    """Lines that say which diagnostics were not expected and which expected ones did not come."""
    problems, open_ones = [], list(wanted)
    for line, severity, message in came:
        for entry in open_ones:
            if entry[1] == severity and entry[0] in (0, line) and entry[2] in message:
                open_ones.remove(entry)
                break
        else:
            if severity in ("error", "warning"):
                problems.append(f"{name}:{line}: unexpected {severity}: {message}")
    problems += [f'{name}:{line}: expected {severity} "{part}" did not come' for line, severity, part in open_ones]
    return problems
