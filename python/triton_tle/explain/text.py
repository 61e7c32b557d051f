"""An explanation as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .facts import CLASSES, Explanation, Nest, Partition, Pipe, Step, size

WIDTH = 110


def render(explained: Explanation, width: int = WIDTH) -> str:
    """The whole explanation; lines have at most ``width`` columns."""
    sections = [
        _head(explained),
        _partitions(explained),
        _memory(explained),
        _pipes(explained) if explained.pipes else [],
        _order(explained, width),
    ]
    if explained.notes:
        sections.append(["Notes", *(f"  {note}" for note in explained.notes)])
    lines = [line for section in sections if section for line in (*section, "")]
    return "\n".join(cut(line, width) for line in lines).rstrip() + "\n"


def cut(line: str, width: int) -> str:
    """A line without blanks at its end, of at most ``width`` characters."""
    line = line.rstrip()
    return line if len(line) <= width else line[: width - 1] + "…"


def table(rows: Sequence[Sequence[str]], right: Sequence[int] = (), names: Sequence[int] = ()) -> list[str]:
    """Rows as columns, the first row as head; those in ``right`` are set to the right.

    Where lines are longer than WIDTH, columns of ``names`` are cut, the widest first, but not below their heads.
    """
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    while sum(widths) + 2 * len(widths) > WIDTH:
        spare = {column: widths[column] for column in names if widths[column] > max(len(rows[0][column]), 8)}
        if not spare:
            break
        widths[max(spare, key=lambda column: spare[column])] -= 1
    lines = []
    for row in rows:
        cells = (
            cut(cell, width).rjust(width) if column in right else cut(cell, width).ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths))
        )
        lines.append("  " + "  ".join(cells).rstrip())
    return lines


def _head(explained: Explanation) -> list[str]:
    divided = len(explained.partitions) > 1
    parts = f"{len(explained.partitions)} partitions" if divided else "no partitions"
    return [
        f"{explained.kernel} ({explained.file}), variant '{explained.variant}', {explained.arch}",
        f"{parts}, {explained.warps} warps, {explained.registers} registers a thread at entry, "
        f"{size(explained.shared)} of {size(explained.limit)} shared memory",
    ]


def _partitions(explained: Explanation) -> list[str]:
    known = [partition.machine for partition in explained.partitions if partition.machine]
    classes = [name for name in CLASSES if any(name in code.mix for code in known)]
    rows = [("partition", "warps", "registers", "code", "instr.", *classes)]
    for partition in explained.partitions:
        code = partition.machine
        rows.append(
            (
                partition.label,
                _warps(partition),
                registers(partition),
                size(code.bytes) if code else "-",
                str(code.instructions) if code else "-",
                *(str(code.mix.get(name, 0)) if code else "-" for name in classes),
            )
        )
    return ["Partitions, with machine instructions by class", *table(rows, range(3, len(rows[0])), names=(0,))]


def _warps(partition: Partition) -> str:
    return f"{partition.first_warp}-{partition.first_warp + partition.warps - 1}"


def registers(partition: Partition) -> str:
    """Registers a thread has in the partition: asked for, or what is left; "-" where setmaxnreg is not used."""
    if partition.given is None:
        return "-"
    if partition.registers is None:
        return f"{partition.given} (left)"
    same = partition.given == partition.registers
    return str(partition.given) if same else f"{partition.given} (asked {partition.registers})"


def _memory(explained: Explanation) -> list[str]:
    if not explained.buffers:
        return ["Shared memory: none"]
    rows = [("offset", "bytes", "slots", "slot", "what", "line")]
    for buffer in explained.buffers:
        rows.append(
            (
                str(buffer.offset) if buffer.offset >= 0 else "?",
                str(buffer.bytes) if buffer.bytes is not None else "-",
                str(buffer.slots) if buffer.bytes is not None else "-",
                buffer.tile or "-",
                buffer.name if buffer.role != "scratch" else f"({buffer.name})",
                buffer.place,
            )
        )
    free = explained.limit - explained.shared
    return [
        f"Shared memory: {explained.shared} of {explained.limit} bytes, {free} free",
        *table(rows, right=(0, 1, 2), names=(4,)),
    ]


def _pipes(explained: Explanation) -> list[str]:
    rows = [("pipe", "slots", "fields", "writer", "readers", "full", "empty", "filled by")]
    for pipe in explained.pipes:
        rows.append(
            (
                pipe.name,
                f"{pipe.slots}{' (one-shot)' if pipe.one_shot else ''}",
                ", ".join(field for field, _ in pipe.fields),
                end(explained, pipe.writer),
                ", ".join(end(explained, partition) for _, partition in pipe.readers),
                f"{pipe.slots} x {pipe.full}",
                f"{pipe.slots} x {pipe.empty}" if pipe.empty else "-",
                pipe.arrivals,
            )
        )
    return ["Pipes (full, empty: mbarriers x arrivals that each counts)", *table(rows, right=(1,), names=(0, 2, 3, 4))]


def end(explained: Explanation, partition: int | None) -> str:
    """A partition as the end of a pipe."""
    return "nobody" if partition is None else explained.partitions[partition].label


def pipe_fields(pipe: Pipe) -> str:
    """The fields of a pipe with what a slot of each holds."""
    return ", ".join(f"{field} {buffer.tile}" for field, buffer in pipe.fields)


def _order(explained: Explanation, width: int) -> list[str]:
    lines = ["Order of steps"]
    if explained.before:
        lines += ["", "  around the partitions", *_steps(explained.before, 2, width)]
    for partition in explained.partitions:
        warps = "warp" if partition.warps == 1 else "warps"
        title = f"  {partition.label}, {warps} {_warps(partition)}"
        given = f", {partition.given} registers" if partition.given is not None else ""
        lines += ["", title + given]
        lines += _steps(partition.steps, 2, width) or ["    (nothing with shared memory, products or global memory)"]
    return lines


def _steps(steps: Sequence[Step | Nest], depth: int, width: int) -> Iterator[str]:
    return [line for step in merged(steps) for line in _step(step, depth, width)]


def _step(entry: tuple[Step | Nest, int], depth: int, width: int) -> list[str]:
    step, times = entry
    indent = "  " * depth
    if isinstance(step, Nest):
        head = f"{indent}{step.kind} {step.detail}".rstrip()
        return [_with_place(head, step.place, width), *_steps(step.body, depth + 1, width)]
    text = f"{indent}{step.kind:<8} {step.detail}" + (f"  x{times}" if times > 1 else "")
    return [_with_place(text, step.place, width)]


def merged(steps: Sequence[Step | Nest]) -> list[tuple[Step | Nest, int]]:
    """Steps with how often each stands there in a row."""
    found: list[tuple[Step | Nest, int]] = []
    for step in steps:
        if found and found[-1][0] == step:
            found[-1] = step, found[-1][1] + 1
        else:
            found.append((step, 1))
    return found


def _with_place(text: str, place: str, width: int) -> str:
    if not place:
        return text
    place = f"line {place}" if place.isdigit() else place
    room = width - len(place) - 2
    return f"{cut(text, room):<{room}}  {place}"
