"""What a profiler measured, by partition: as a table, and as a picture."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass

from .facts import Explanation
from .picture import CHARACTER, FONT, LINE, PAD, Canvas, document
from .text import WIDTH, cut, table

_LANE, _BAR, _LEFT = 44, 26, 150
_PICTURE = 1500
#: Scopes that the picture shows of the partition that has most.
SHOWN = 80
_TICKS = 10

# Colours by the first word of a scope's name: on light ground, on dark ground.
_COLOURS = {
    "acquire": ("#c297ff", "#8250df"),
    "wait": ("#80ccff", "#1f6feb"),
    "copies": ("#eac54f", "#9e6a03"),
    "products": ("#4ac26b", "#238636"),
    "finish": ("#aceebb", "#196c2e"),
}


@dataclass(frozen=True)
class Scope:
    """One scope of one warp of one CTA; ``start`` and ``end`` in cycles of its multiprocessor."""

    cta: int
    warp: int
    name: str
    start: float
    end: float


@dataclass(frozen=True)
class Share:
    """What all scopes of a name took of a partition's time: how many, cycles each on average, part of the time."""

    name: str
    count: int
    mean: float
    part: float


def shares(scopes: Sequence[Scope]) -> list[Share]:
    """Shares of one warp's scopes in the time from its first to its last, the largest first; the rest is "(other)"."""
    if not scopes:
        return []
    whole = max(scope.end for scope in scopes) - min(scope.start for scope in scopes)
    times: dict[str, list[float]] = {}
    for scope in scopes:
        times.setdefault(scope.name, []).append(scope.end - scope.start)
    found = [
        Share(name, len(values), sum(values) / len(values), sum(values) / whole if whole else 0.0)
        for name, values in times.items()
    ]
    found.sort(key=lambda share: -share.part)
    rest = 1 - sum(share.part for share in found)
    return [*found, Share("(other)", 0, 0.0, rest)]


def lanes(explained: Explanation, scopes: Sequence[Scope], cta: int) -> list[list[Scope]]:
    """The scopes of one CTA by partition, each of the partition's first recorded warp, in their order."""
    found = []
    for partition in explained.partitions:
        last = partition.first_warp + partition.warps
        own = [s for s in scopes if s.cta == cta and partition.first_warp <= s.warp < last]
        first = min((scope.warp for scope in own), default=None)
        found.append(sorted((s for s in own if s.warp == first), key=lambda scope: (scope.start, -scope.end)))
    return found


def render_text(explained: Explanation, by_partition: Sequence[Sequence[Scope]], width: int = WIDTH) -> str:
    """For each partition the shares of its scopes."""
    lines = []
    for partition, scopes in zip(explained.partitions, by_partition):
        if not scopes:
            lines += [f"  {partition.label}: nothing recorded", ""]
            continue
        whole = max(scope.end for scope in scopes) - min(scope.start for scope in scopes)
        lines.append(f"  {partition.label}, warp {scopes[0].warp}: {whole:.0f} cycles")
        rows = [("  scope", "count", "cycles each", "share")]
        for share in shares(scopes):
            count, each = (str(share.count), f"{share.mean:.0f}") if share.count else ("-", "-")
            rows.append((f"  {share.name}", count, each, f"{100 * share.part:.1f} %"))
        lines += [*table(rows, right=(1, 2, 3)), ""]
    return "\n".join(cut(line, width) for line in ["Timeline of one CTA", *lines]).rstrip() + "\n"


def window(by_partition: Sequence[Sequence[Scope]], shown: int = SHOWN) -> tuple[float, float]:
    """Start and end of what a picture shows: the middle of what all partitions have recorded, ``shown`` scopes long."""
    recorded = [scopes for scopes in by_partition if scopes]
    if not recorded:
        return 0.0, 1.0
    start = max(scopes[0].start for scopes in recorded)
    end = min(max(scope.end for scope in scopes) for scopes in recorded)
    if end <= start:
        start = min(scopes[0].start for scopes in recorded)
        end = max(scope.end for scopes in recorded for scope in scopes)
    busiest = max(recorded, key=lambda scopes: _between(scopes, start, end))
    starts = [scope.start for scope in busiest if start <= scope.start <= end]
    if len(starts) <= shown:
        return start, end
    first = (len(starts) - shown) // 2
    return starts[first], starts[first + shown]


def _between(scopes: Sequence[Scope], start: float, end: float) -> int:
    return sum(1 for scope in scopes if start <= scope.start <= end)


def render_picture(explained: Explanation, by_partition: Sequence[Sequence[Scope]], title: str) -> str:
    """A lane for each partition, time from left to right, as SVG text."""
    canvas = Canvas()
    canvas.text(PAD, 24, explained.kernel, "big")
    canvas.text(PAD, 24 + LINE, title, "soft")
    start, end = window(by_partition)
    scale = _PICTURE / (end - start)
    top = 24.0 + LINE + PAD
    bottom = top + _LANE * len(explained.partitions)
    step = _round_step((end - start) / _TICKS)
    for number in range(int((end - start) / step) + 1):
        x = _LEFT + number * step * scale
        canvas.line(x, top, x, bottom, "rail")
        canvas.text(x + 2, bottom + LINE, f"{number * step:g}", "small soft")
    for index, (partition, scopes) in enumerate(zip(explained.partitions, by_partition)):
        y = top + index * _LANE + (_LANE - _BAR) / 2
        canvas.text(PAD, y + 17, partition.label, "bold")
        canvas.box(_LEFT, y, _PICTURE, _BAR, "lane", round=0)
        places = bisect.bisect_left([scope.start for scope in scopes], start - (end - start))
        for scope in scopes[places:]:
            if scope.end > start and scope.start < end:
                _scope(canvas, scope, start, end, scale, y)
    x = float(_LEFT)
    for word in _COLOURS:
        if any(scope.name.split()[0] == word for scopes in by_partition for scope in scopes):
            canvas.box(x, bottom + 2 * LINE, 12, 10, f"s-{word}", round=1)
            canvas.text(x + 18, bottom + 2 * LINE + 9, word, "soft")
            x += 18 + (len(word) + 3) * CHARACTER
    canvas.text(x, bottom + 2 * LINE + 9, "cycles; between scopes: everything else, arithmetic above all", "soft")
    return document(canvas, explained.kernel, {f"s-{word}": pair for word, pair in _COLOURS.items()})


def _scope(canvas: Canvas, scope: Scope, start: float, end: float, scale: float, y: float) -> None:
    left, right = max(scope.start, start), min(scope.end, end)
    x, width = _LEFT + (left - start) * scale, max((right - left) * scale, 0.4)
    word = scope.name.split()[0]
    tip = f"{scope.name}: {scope.end - scope.start:.0f} cycles at {scope.start - start:.0f}"
    canvas.box(x, y, width, _BAR, f"s-{word}" if word in _COLOURS else "b-buffer", tip, 0)
    short = scope.name.removeprefix("wait ").removeprefix("acquire ")
    if width > len(short) * CHARACTER * 10 / FONT + 4:
        canvas.text(x + 2, y + 16, short, "small", tip=tip)


def _round_step(least: float) -> float:
    """The next of 1, 2, 5, 10, … that is not below ``least``."""
    power = 1.0
    while power * 10 <= least:
        power *= 10
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least)
