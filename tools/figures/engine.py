"""Finds figures on the pages and writes them anew, for tools/page_figures.py."""

from __future__ import annotations

import math
import re
import string
from collections.abc import Callable
from dataclasses import dataclass

NUMBER = r"-?\d+(?:\.\d+)?(?:e-\d+)?"


@dataclass(frozen=True)
class Quote:
    """`text` stands on `page` once, with figures where it has fields such as `{bwd.h128.tle.tflops:.0f}`."""

    page: str
    text: str


@dataclass(frozen=True)
class Table:
    """A table of `page` that is written whole; its first line starts with `start`. `lines` makes it of the figures."""

    page: str
    start: str
    sources: tuple[str, ...]
    lines: Callable[[dict], list[str]]


@dataclass(frozen=True)
class Found:
    """One figure on a page: line, the name of the figure or table, what is there and what should be."""

    page: str
    line: int
    name: str
    old: str
    new: str

    def __str__(self) -> str:
        """As a compiler says it."""
        return f"{self.page}:{self.line}: {self.name}: {self.old!r}, the results have {self.new!r}"


class Missing(Exception):
    """A sentence, a table or a figure is not there, or not once."""


def lookup(tree: dict, path: str) -> object:
    """The figure at `path`, names joined by dots; raises Missing with the name that is not there."""
    here: object = tree
    for name in path.split("."):
        if not isinstance(here, dict) or name not in here:
            raise Missing(f"docs/results has no figure {path!r} (no {name!r})")
        here = here[name]
    return here


def written(value: object, how: str) -> str:
    """A figure as a page has it.

    `how` is a format of Python, `3s` for three significant digits, one that ends with `%` for a share ("87 %"), or one
    that ends with `e` for a small number ("2.3e-3"). A pair becomes "0.98 to 1.05".
    """
    if isinstance(value, list):
        low, high = (written(part, how) for part in value)
        return f"{low.removesuffix(' %')} to {high}"
    if how.endswith("s") and how[:-1].isdigit():
        decimals = max(0, int(how[:-1]) - 1 - math.floor(math.log10(abs(value))))
        return f"{value:.{decimals}f}"
    if how.endswith("%"):
        return f"{100 * value:{how[:-1]}f} %"
    return re.sub(r"e-0+", "e-", format(value, how))


def sentences(text: str) -> list[Quote]:
    """The entries of sentences.txt: below `# PAGE` those of a page, parted by blank lines."""
    pages = re.split(r"^# (.*)$", text, flags=re.MULTILINE)[1:]
    return [
        Quote(page, " ".join(entry.split()))
        for page, entries in zip(pages[::2], pages[1::2])
        for entry in re.split(r"\n\s*\n", entries)
        if entry.strip()
    ]


def pattern(value: object, how: str) -> str:
    """What may stand in the place of a figure."""
    if isinstance(value, str):
        return r"[\w.-]*\w" if " " not in value else r"\d{4}-\d\d-\d\d\s+\d\d:\d\d\s+UTC"
    unit = r"\s+%" if how.endswith("%") else ""
    return rf"{NUMBER}\s+to\s+{NUMBER}{unit}" if isinstance(value, list) else NUMBER + unit


def expression(text: str, tree: dict) -> tuple[re.Pattern, list[tuple[str, str]]]:
    """A regular expression that finds `text` with any figures, and (name, figure as written) of its groups."""
    parts, figures = [], []
    for literal, path, how, _ in string.Formatter().parse(text):
        parts.append(r"\s+".join(re.escape(word) for word in re.split(r"\s+", literal)))
        if path is not None:
            value = lookup(tree, path)
            parts.append(f"({pattern(value, how)})")
            figures.append((path, written(value, how)))
    return re.compile("".join(parts)), figures


def place(quote: Quote, text: str, tree: dict) -> tuple[re.Match, list[tuple[str, str]]]:
    """Where `quote` stands in its page's `text`; raises Missing if that is nowhere or in several places."""
    found, figures = expression(quote.text, tree)
    matches = list(found.finditer(text))
    if len(matches) != 1:
        what = "not there" if not matches else f"there {len(matches)} times"
        raise Missing(f"{quote.page}: {what}: {' '.join(quote.text.split())!r} (tools/figures/sentences.txt)")
    return matches[0], figures


def span(table: Table, text: str) -> tuple[int, int]:
    """Where `table` begins and ends in its page's `text`."""
    starts = [m.start() for m in re.finditer("^" + re.escape(table.start), text, re.MULTILINE)]
    if len(starts) != 1:
        raise Missing(f"{table.page}: {len(starts)} tables start with {table.start!r} (tools/figures/tables.py)")
    end = re.compile(r"^(?!\|)|\Z", re.MULTILINE).search(text, starts[0]).start()
    return starts[0], end


def renewed(entry: Quote | Table, text: str, tree: dict) -> tuple[str, list[Found]]:
    """The page's text with the figures of `entry` as they should be, and every figure of it."""
    found = []
    if isinstance(entry, Table):
        begin, end = span(entry, text)
        new = "".join(f"{line}\n" for line in entry.lines(tree))
        line = text.count("\n", 0, begin) + 1
        old = text[begin:end]
        name = f"table of {', '.join(entry.sources)}"
        if old == new:
            return text, [Found(entry.page, line, name, "", "")]
        before, after = old.splitlines(), new.splitlines()
        at = next((i for i, (a, b) in enumerate(zip(before, after)) if a != b), min(len(before), len(after)))
        lines = [rows[at] if at < len(rows) else "" for rows in (before, after)]
        return text[:begin] + new + text[end:], [Found(entry.page, line + at, name, *lines)]
    match, figures = place(entry, text, tree)
    for group, (name, new) in reversed(list(enumerate(figures, 1))):
        old, begin = match.group(group), match.start(group)
        line = text.count("\n", 0, begin) + 1
        if " ".join(old.split()) != new:
            text = text[:begin] + new + text[match.end(group) :]
        found.insert(0, Found(entry.page, line, name, " ".join(old.split()), new))
    return text, found


def files(found: Found, sources: dict[str, str]) -> str:
    """The JSON files that a figure comes from."""
    names = re.findall(r"\w+", found.name.removeprefix("table of ").split(".")[0])
    derived = {"limits": "gemm_h100.json, mla_decode_h100.json"}
    return ", ".join(derived.get(name) or sources[name] for name in names)
