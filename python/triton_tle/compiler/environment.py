"""What decides how kernels are compiled: ``TRITON_TLE``, ``TRITON_TLE_SKIP`` and the digest of this build."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

VARIABLE = "TRITON_TLE"
SKIP = "TRITON_TLE_SKIP"
REMARKS = "TRITON_TLE_REMARKS"


def mode() -> str:
    """Value of ``TRITON_TLE``: "0" (TLE off), "1" (its passes for every kernel) or "" (kernels that use TLE).

    Raises ValueError for any other value.
    """
    value = os.environ.get(VARIABLE, "")
    if value not in ("", "0", "1"):
        raise ValueError(f"{VARIABLE}: got '{value}', expected 0 (off), 1 (every kernel) or unset (kernels using TLE)")
    return value


@contextlib.contextmanager
def overridden(name: str, value: str) -> Iterator[None]:
    """The environment variable `name` is `value` inside; what it was before comes back."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def remarks() -> str:
    """Regular expression in ``TRITON_TLE_REMARKS`` for flags of passes that make remarks; empty when none shall.

    "1" asks for all of them, "0" for none. Raises ValueError when the value is no regular expression.
    """
    value = os.environ.get(REMARKS, "")
    if value in ("", "0"):
        return ""
    if value == "1":
        return "."
    try:
        return checked_expression(value)
    except ValueError as error:
        raise ValueError(f"{REMARKS}: got '{value}', expected 1 or a regular expression: {error}") from None


def checked_expression(value: str) -> str:
    """`value`, a regular expression that the native library reads, too: POSIX's extended ones.

    Raises ValueError, with the reason, for any other.
    """
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(str(error)) from None
    # There "(?" is an error, and a backslash takes the meaning from the letter behind it.
    found = re.search(r"\(\?|\\\w", value)
    if found:
        raise ValueError(f"'{found[0]}' is not known to POSIX's extended ones")
    return value


def skipped() -> tuple[str, ...]:
    """Flags in ``TRITON_TLE_SKIP``, separated by commas, sorted: optional passes that kernels go without.

    Raises ValueError, naming the valid ones, for a flag that is unknown or of a pass that is required.
    """
    return _parse_skip(os.environ.get(SKIP, ""))


@functools.cache
def _parse_skip(value: str) -> tuple[str, ...]:
    from .pipelines import check_skip

    flags = tuple(sorted({flag.strip() for flag in value.split(",")} - {""}))
    try:
        check_skip(flags)
    except ValueError as error:
        raise ValueError(f"{SKIP}: {str(error).removeprefix('skip: ')}") from None
    return flags


@functools.cache
def digest() -> str:
    """Identifies what TLE makes of a kernel: the native library and the Python sources that shape the IR."""
    from . import bridge
    from .errors import NativeLibraryError

    state = hashlib.sha256()
    try:
        state.update(str(bridge.native().build_info()["digest"]).encode())
    except NativeLibraryError:
        state.update(b"no native library")
    package = Path(__file__).parent.parent
    for folder in ("compiler", "language"):
        for source in sorted((package / folder).rglob("*.py")):
            state.update(str(source.relative_to(package)).encode())
            state.update(source.read_bytes())
    return state.hexdigest()[:32]


# Asking os.environ for a variable that is not set raises inside and costs 1 µs, at every launch; the mapping of
# bytes below it answers in a tenth of that, where there is one.
_VARIABLES = getattr(os.environ, "_data", None)
_KEY, _SKIP_KEY = os.fsencode(VARIABLE), os.fsencode(SKIP)


def cache_suffix() -> str:
    """What TLE adds to Triton's cache keys; empty when TLE is off, so that stock's entries are found again."""
    if _VARIABLES is not None and _KEY not in _VARIABLES and _SKIP_KEY not in _VARIABLES:
        return _suffix("", (), digest())
    return _suffix(mode(), skipped(), digest())


@functools.cache
def _suffix(value: str, skip: tuple[str, ...], build: str) -> str:
    without = f"-without-{'+'.join(skip)}" if skip else ""
    return "" if value == "0" else f"-tle{value}-{build}{without}"
