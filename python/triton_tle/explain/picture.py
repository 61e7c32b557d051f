"""An explanation as a picture: SVG without scripts or fonts of its own, readable on light and on dark ground."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from .facts import KINDS, Buffer, Explanation, Nest, Partition, Pipe, Step, size
from .text import end, merged, pipe_fields, registers

# Sizes in pixels. Text is monospaced: a character is 0.6 of its height wide, whatever the font.
FONT, LINE, PAD = 12, 17, 12
CHARACTER = 0.602 * FONT
LANE_GAP, INDENT = 16, 10
LANE_CHARACTERS = (28, 58)
PIPE_ROW, BAR_HEIGHT = 34, 34

# Colours of steps by kind: on light ground, on dark ground.
_COLOURS = {
    "acquire": ("#8250df", "#bc8cff"),
    "commit": ("#8250df", "#bc8cff"),
    "wait": ("#0969da", "#58a6ff"),
    "release": ("#0969da", "#58a6ff"),
    "copy": ("#9a6700", "#d29922"),
    "await": ("#9a6700", "#d29922"),
    "product": ("#1a7f37", "#3fb950"),
    "finish": ("#1a7f37", "#3fb950"),
    "barrier": ("#cf222e", "#ff7b72"),
}
# Buffers by role.
_FILLS = {
    "field": ("#b6d6fb", "#1f4b7f"),
    "barriers": ("#f5c2c0", "#7d2b29"),
    "buffer": ("#cbe8cf", "#225c30"),
    "scratch": ("#e6e2d8", "#4c483d"),
    "free": ("none", "none"),
}


@dataclass
class Canvas:
    """Collects the elements of a picture and the extent that they need, in pixels."""

    parts: list[str] = field(default_factory=list)
    width: float = 0
    height: float = 0

    def grow(self, x: float, y: float) -> None:
        self.width, self.height = max(self.width, x), max(self.height, y)

    def text(self, x: float, y: float, text: str, style: str = "", anchor: str = "start", tip: str = "") -> None:
        title = f"<title>{escape(tip)}</title>" if tip else ""
        classes = f' class="{style}"' if style else ""
        at = f' text-anchor="{anchor}"' if anchor != "start" else ""
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}"{classes}{at}>{title}{escape(text)}</text>')
        if anchor == "start":
            self.grow(x + len(text) * CHARACTER, y + PAD)

    def box(self, x: float, y: float, width: float, height: float, style: str, tip: str = "", round: int = 4) -> None:
        title = f"<title>{escape(tip)}</title>" if tip else ""
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{round}" '
            f'class="{style}">{title}</rect>'
        )
        self.grow(x + width, y + height)

    def line(self, x1: float, y1: float, x2: float, y2: float, style: str) -> None:
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{style}"/>')


def render(explained: Explanation) -> str:
    """The picture as SVG text."""
    canvas = Canvas()
    top = _title(canvas, explained)
    lanes = _lane_places(explained)
    top = _headers(canvas, explained.partitions, lanes, top)
    if explained.pipes:
        top = _pipes(canvas, explained, lanes, top)
    top = _orders(canvas, explained.partitions, lanes, top)
    top = _memory(canvas, explained, top, lanes[-1][0] + lanes[-1][1] - PAD)
    _legend(canvas, explained, top)
    return document(canvas, explained.kernel)


def document(canvas: Canvas, label: str, more: Mapping[str, tuple[str, str]] | None = None) -> str:
    """SVG text of what is drawn; ``more``: fills by class, on light and on dark ground."""
    width, height = canvas.width + PAD, canvas.height + PAD
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{_attribute(label)}">\n'
        f"<style>{_style(more or {})}</style>\n"
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto-start-reverse"><path d="M0 0 L8 4 L0 8 z" class="head"/></marker></defs>\n'
        f'<rect width="100%" height="100%" class="ground"/>\n' + "\n".join(canvas.parts) + "\n</svg>\n"
    )


def _attribute(text: str) -> str:
    return escape(text, {'"': "&quot;"})


def _style(more: Mapping[str, tuple[str, str]]) -> str:
    def rules(side: int) -> str:
        colours = "".join(f".k-{kind}{{fill:{pair[side]}}}" for kind, pair in _COLOURS.items())
        named = {**{f"b-{role}": pair for role, pair in _FILLS.items()}, **more}
        fills = "".join(f".{name}{{fill:{pair[side]}}}" for name, pair in named.items())
        ink, soft, ground, lane = (
            ("#1f2328", "#59636e", "#ffffff", "#f6f8fa"),
            ("#e6edf3", "#9198a1", "#0d1117", "#151b23"),
        )[side]
        return (
            f"text{{fill:{ink}}}.soft{{fill:{soft}}}.ground{{fill:{ground}}}.lane{{fill:{lane};stroke:{soft}}}"
            f".nest{{fill:none;stroke:{soft};stroke-dasharray:3 2}}.wire{{stroke:{ink};stroke-width:1.5}}"
            f".rail{{stroke:{soft};stroke-width:.7;stroke-dasharray:2 3}}.head{{fill:{ink}}}.dot{{fill:{ink}}}"
            f"{','.join(f'.{name}' for name in named)}{{stroke:{soft};stroke-width:.7}}{colours}{fills}"
        )

    return (
        f"text{{font:{FONT}px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}}"
        ".big{font-size:15px;font-weight:600}.bold{font-weight:600}.small{font-size:10px}"
        f"{rules(0)}@media (prefers-color-scheme:dark){{{rules(1)}}}"
    )


def _title(canvas: Canvas, explained: Explanation) -> float:
    canvas.text(PAD, 24, explained.kernel, "big")
    canvas.text(
        PAD,
        24 + LINE,
        f"{explained.variant}, {explained.arch}: {explained.warps} warps, {explained.registers} registers a thread at "
        f"entry, {size(explained.shared)} of {size(explained.limit)} shared memory",
        "soft",
    )
    return 24 + LINE + PAD


# Lanes.


def _lines(steps: Sequence[Step | Nest], depth: int = 0) -> Iterator[tuple[int, Step | Nest, int]]:
    """What a lane lists: depth, step or head of a nest, how often it stands there."""
    for step, times in merged(steps):
        yield depth, step, times
        if isinstance(step, Nest):
            yield from _lines(step.body, depth + 1)


def _label(step: Step | Nest, times: int) -> str:
    text = f"{step.kind} {step.detail}".rstrip()
    return f"{text} x{times}" if times > 1 else text


def _lane_places(explained: Explanation) -> list[tuple[float, float]]:
    """Left edge and width of each lane."""
    places, x = [], float(PAD)
    least, most = LANE_CHARACTERS
    for partition in explained.partitions:
        lengths = (len(_label(step, times)) + 3 * depth + 1 for depth, step, times in _lines(partition.steps))
        characters = min(max([*lengths, least]), most)
        width = characters * CHARACTER + 2 * PAD
        places.append((x, width))
        x += width + LANE_GAP
    return places


def _headers(canvas: Canvas, partitions: Sequence[Partition], lanes: list[tuple[float, float]], top: float) -> float:
    height = 3 * LINE + PAD
    for partition, (x, width) in zip(partitions, lanes):
        canvas.box(x, top, width, height, "lane")
        canvas.text(x + PAD, top + LINE, partition.label, "bold")
        last = partition.first_warp + partition.warps - 1
        asks = registers(partition)
        given = f", registers {asks}" if asks != "-" else ""
        canvas.text(x + PAD, top + 2 * LINE, f"warps {partition.first_warp}-{last}{given}", "soft")
        if partition.machine:
            code = partition.machine
            text = f"{size(code.bytes)} of code, {code.mix.get('mma', 0)} products"
            canvas.text(x + PAD, top + 3 * LINE, text, "soft", tip=", ".join(f"{k} {v}" for k, v in code.mix.items()))
    return top + height


def _pipes(canvas: Canvas, explained: Explanation, lanes: list[tuple[float, float]], top: float) -> float:
    middles = [x + width / 2 for x, width in lanes]
    bottom = top + PIPE_ROW * len(explained.pipes) + PAD
    for middle in middles:
        canvas.line(middle, top, middle, bottom, "rail")
    for number, pipe in enumerate(explained.pipes):
        _pipe(canvas, explained, pipe, middles, top + PIPE_ROW * (number + 1) - 6)
    return bottom


def _pipe(canvas: Canvas, explained: Explanation, pipe: Pipe, middles: list[float], y: float) -> None:
    readers = sorted({partition for _, partition in pipe.readers if partition is not None})
    ends = [middles[index] for index in (*readers, *([pipe.writer] if pipe.writer is not None else []))]
    if pipe.writer is not None:
        start = middles[pipe.writer]
        # The farthest reader on each side gets the line, those on the way an arrow head of their own.
        for side in (-1, 1):
            on_side = [middles[r] for r in readers if (middles[r] - start) * side > 0]
            for target in sorted(on_side, key=lambda x: -abs(x - start)):
                canvas.parts.append(
                    f'<line x1="{start:.1f}" y1="{y:.1f}" x2="{target:.1f}" y2="{y:.1f}" class="wire" '
                    'marker-end="url(#head)"/>'
                )
        canvas.parts.append(f'<circle cx="{start:.1f}" cy="{y:.1f}" r="3.5" class="dot"/>')
    slots = f"{pipe.slots} slot{'s' if pipe.slots > 1 else ''}"
    text = f"{pipe.name}: {slots}, {', '.join(name for name, _ in pipe.fields)}"
    text += f"; full {pipe.full}" + (f", empty {pipe.empty}" if pipe.empty else "")
    tip = f"{pipe.name}: {slots} of {pipe_fields(pipe)}; from {end(explained, pipe.writer)} to " + ", ".join(
        f"{end(explained, partition)} ({reader})" for reader, partition in pipe.readers
    )
    canvas.text(min(ends, default=middles[0]) + 8, y - 5, text, "small", tip=tip)


def _orders(canvas: Canvas, partitions: Sequence[Partition], lanes: list[tuple[float, float]], top: float) -> float:
    counts = [sum(1 for _ in _lines(partition.steps)) for partition in partitions]
    height = max([*counts, 1]) * LINE + 2 * PAD
    for partition, (x, width) in zip(partitions, lanes):
        canvas.box(x, top, width, height, "lane")
        _nest(canvas, partition.steps, x + PAD, top + PAD + LINE - 4, width - 2 * PAD)
    return top + height + PAD


def _nest(canvas: Canvas, steps: Sequence[Step | Nest], x: float, y: float, width: float) -> float:
    """Draw steps from the baseline ``y`` on; returns the baseline behind them."""
    room = int(width / CHARACTER)
    for step, times in merged(steps):
        label = _label(step, times)
        shown = label if len(label) <= room else label[: room - 1] + "…"
        tip = label + (f" (line {step.place})" if step.place else "")
        if isinstance(step, Nest):
            canvas.text(x, y, shown, "bold", tip=tip)
            inside = _nest(canvas, step.body, x + INDENT, y + LINE, width - 2 * INDENT)
            canvas.box(x - 4, y - LINE + 4, width, inside - y + 1, "nest")
            y = inside
            continue
        style = f"k-{step.kind}" if step.kind in _COLOURS else ""
        canvas.text(x, y, shown, style, tip=tip)
        y += LINE
    return y


# Shared memory.


def _rows(buffers: Sequence[Buffer]) -> list[list[Buffer]]:
    """Buffers in rows, such that none overlaps another of its row: bytes may serve twice."""
    rows: list[list[Buffer]] = []
    for buffer in buffers:
        for row in rows:
            if row[-1].offset + (row[-1].bytes or 0) <= buffer.offset:
                row.append(buffer)
                break
        else:
            rows.append([buffer])
    return rows


def _memory(canvas: Canvas, explained: Explanation, top: float, right: float) -> float:
    width = max(right - PAD, 640)
    scale = width / explained.limit
    free = explained.limit - explained.shared
    canvas.text(PAD, top + LINE, f"shared memory: {explained.shared} of {explained.limit} bytes, {free} free", "bold")
    y = top + LINE + 8
    known = [buffer for buffer in explained.buffers if buffer.bytes and buffer.offset >= 0]
    for row in _rows(known):
        for buffer in row:
            _cell(canvas, buffer, PAD + buffer.offset * scale, y, buffer.bytes * scale)
        y += BAR_HEIGHT + 2
    canvas.box(PAD, y, explained.shared * scale, 6, "b-scratch", f"{explained.shared} bytes in use", 0)
    canvas.box(PAD + explained.shared * scale, y, free * scale, 6, "b-free", f"{free} bytes free", 0)
    return y + 6 + PAD


def _cell(canvas: Canvas, buffer: Buffer, x: float, y: float, width: float) -> None:
    tip = f"{buffer.name}: {buffer.bytes} bytes at {buffer.offset}, {buffer.slots} x {buffer.tile}"
    canvas.box(x, y, width, BAR_HEIGHT, f"b-{buffer.role}", tip, 0)
    for slot in range(1, buffer.slots if buffer.role != "barriers" else 1):
        at = x + width * slot / buffer.slots
        canvas.line(at, y, at, y + BAR_HEIGHT, "rail")
    room = int((width - 6) / (CHARACTER * 10 / FONT))
    if room >= len(buffer.name):
        canvas.text(x + 3, y + 13, buffer.name, "small", tip=tip)
        detail = f"{buffer.slots} x {buffer.tile}"
        if room >= len(detail):
            canvas.text(x + 3, y + 27, detail, "small soft", tip=tip)


def _legend(canvas: Canvas, explained: Explanation, top: float) -> None:
    x, y = float(PAD), top + LINE
    for role, what in (("field", "field of a pipe"), ("barriers", "mbarriers"), ("buffer", "buffer")):
        if any(buffer.role == role for buffer in explained.buffers):
            canvas.box(x, y - 9, 12, 10, f"b-{role}", round=1)
            canvas.text(x + 18, y, what, "soft")
            x += 18 + (len(what) + 3) * CHARACTER
    used = {step.kind for partition in explained.partitions for _, step, _ in _lines(partition.steps)}
    for kind, what in KINDS.items():
        if kind in used:
            y += LINE
            canvas.text(PAD, y, kind, f"k-{kind} bold" if kind in _COLOURS else "bold")
            canvas.text(PAD + 9 * CHARACTER, y, what, "soft")
