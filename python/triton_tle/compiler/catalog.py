"""The passes of both engines, described and looked up by flag."""

from __future__ import annotations

import difflib
import shlex
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

from . import bridge, stock
from .errors import NativeLibraryError
from .pipelines import NATIVE, STOCK, Pass


@dataclass(frozen=True)
class Entry:
    """A pass as help texts show it; an option is (name, default as text or "", summary)."""

    engine: str
    flag: str
    summary: str
    options: tuple[tuple[str, str, str], ...] = ()


def passes(engine: str) -> list[Entry]:
    """Every pass of ``engine`` ("native" or "stock"), by flag; raises NativeLibraryError without the library."""
    if engine == STOCK:
        found = [
            Entry(STOCK, e.flag, e.summary, tuple((o.name, _text(o.default), o.summary) for o in e.options))
            for e in stock.REGISTRY.values()
        ]
    else:
        found = [
            Entry(NATIVE, flag, e.get("summary", ""), tuple(_option(o) for o in e.get("options", ())))
            for flag, e in bridge.native_passes().items()
        ]
    return sorted(found, key=lambda entry: entry.flag)


def available(engine: str) -> set[str]:
    """Flags of ``engine``; empty for the native engine when its library is missing."""
    if engine == STOCK:
        return set(stock.REGISTRY)
    return set() if _why_missing() else set(bridge.native_passes())


def _why_missing() -> str:
    """Why the native library cannot be used; empty if it can."""
    try:
        bridge.native_passes()
    except NativeLibraryError as error:
        return str(error)
    return ""


def resolve(flag: str, options: str = "", engine: str | None = None, near: str | None = None) -> Pass:
    """The pass that ``--flag='options'`` names, in ``engine`` if given.

    A flag that both engines have is native, where it is the fork's copy of a pass of Triton; MLIR's own passes
    (canonicalize, cse, …) run in engine ``near``, where the module already is. Raises ValueError for an unknown
    flag (with flags that look like it), an unknown option or a bad value.
    """
    preferred = near if near and is_mlir_s_own(flag) else NATIVE
    engines = [engine] if engine else sorted((NATIVE, STOCK), key=lambda name: name != preferred)
    for name in engines:
        if flag in available(name):
            return Pass(name, flag, _parse_options(name, flag, options))
    known = set().union(*(available(name) for name in engines))
    close = difflib.get_close_matches(flag, known, 3, 0.75)
    hint = f"; did you mean {' or '.join('--' + name for name in close)}?" if close else ""
    if NATIVE in engines and (missing := _why_missing()):
        hint += f"; native passes are not available: {missing}"
    raise ValueError(f"unknown pass or option '--{flag}'{f' of the {engine} engine' if engine else ''}{hint}")


def is_mlir_s_own(flag: str) -> bool:
    """Whether ``flag`` names a pass of MLIR that stock has too, such as canonicalize."""
    entry = stock.REGISTRY.get(flag)
    return entry is not None and entry.binding.startswith(("passes.common.", "passes.convert."))


def _parse_options(engine: str, flag: str, text: str) -> tuple[tuple[str, stock.OptionValue], ...]:
    pairs = []
    try:
        items = shlex.split(text.removeprefix("{").removesuffix("}"))
    except ValueError as error:
        raise ValueError(f"--{flag}: got '{text}', expected options as name=value: {error}") from None
    for item in items:
        name, equals, value = item.partition("=")
        if not equals:
            raise ValueError(f"--{flag}: got '{item}', expected options as name=value")
        pairs.append((name, value))
    if engine == NATIVE:
        return tuple(pairs)
    entry = stock.lookup(flag)
    known = {option.name: option for option in entry.options}
    values = {name: known[name].parse(value) if name in known else value for name, value in pairs}
    entry.check(values)
    return tuple(values.items())


def listing(entries: Iterable[Entry], width: int = 100) -> str:
    """The entries as help text: flag, summary, and an indented line for each option."""
    lines = []
    for entry in entries:
        lines.append(f"  --{entry.flag}")
        lines += textwrap.wrap(entry.summary, width, initial_indent=" " * 6, subsequent_indent=" " * 6)
        for name, default, summary in entry.options:
            text = f"{name}={default or '…'}" + (f"  {summary}" if summary else "")
            lines += textwrap.wrap(text, width, initial_indent=" " * 8, subsequent_indent=" " * 12)
    return "\n".join(lines)


def _option(option: object) -> tuple[str, str, str]:
    """An option as the native library describes it: a name, or a dict of name, default and summary."""
    if isinstance(option, dict):
        return option["name"], _text(option.get("default", "")), option.get("summary", "")
    return str(option), "", ""


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
