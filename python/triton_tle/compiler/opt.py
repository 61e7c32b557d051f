"""``triton-opt``: runs passes of both engines over an MLIR file, in the order of the command line."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from triton._C.libtriton import ir, nvidia

from . import bridge, catalog, environment, expectations
from .errors import NativeLibraryError
from .pipelines import NATIVE, Pass, Stage
from .runner import run_stock

USAGE = """\
usage: triton-opt [FILE] [PASS …] [OPTION …]

Runs passes over the MLIR module in FILE (default or -: standard input), in the order given, each in its
engine: "native" is TLE's library, "stock" is Triton's. One dash or two; options of a pass are a string:

  triton-opt in.mlir --convert-triton-to-tritongpu='target=cuda:90 num-warps=4' --tritongpu-coalesce

options:
  -o FILE                    write the result there (default or -: standard output)
  --engine=native|stock|any  engine of the passes after it; "any" (the default) prefers native, except for passes
                             of MLIR itself, which run where the pass before them, or else the next, does
  --split-input-file         treat parts divided by lines "// -----" as modules of their own
  --verify-diagnostics       check diagnostics against expected-error {{…}} comments, print no module
  --remarks[=REGEX]          native passes (whose flags match) say what they did and why they left something alone
  --mlir-print-ir-after-all  print the module to standard error after each pass
  --mlir-print-debuginfo     print locations
  --help                     this text
"""

_REPRODUCER = "TRITON_REPRODUCER_PATH"
_SEPARATOR = re.compile(r"^// -----.*$", re.MULTILINE)


class UsageError(ValueError):
    """The command line makes no sense."""


@dataclass
class Request:
    """What a command line asks for."""

    input: str = "-"
    output: str = "-"
    passes: list[Pass] = field(default_factory=list)
    split: bool = False
    verify: bool = False
    print_after_all: bool = False
    debug_info: bool = False
    remarks: str = ""
    help: bool = False


_SWITCHES = {
    "split-input-file": "split",
    "verify-diagnostics": "verify",
    "mlir-print-ir-after-all": "print_after_all",
    "mlir-print-debuginfo": "debug_info",
    "help": "help",
    "h": "help",
}


def parse_command_line(arguments: Sequence[str]) -> Request:
    """Read a command line; raises UsageError for what is no option and no pass."""
    request, engine, words, inputs, named = Request(), None, iter(arguments), [], []
    for word in words:
        if not word.startswith("-") or word == "-":
            inputs.append(word)
            continue
        name, equals, value = word.lstrip("-").partition("=")
        if name in _SWITCHES and (not equals or value in ("true", "1")):
            setattr(request, _SWITCHES[name], True)
        elif name == "o":
            request.output = value if equals else next(words, None)
            if not request.output:
                raise UsageError("-o: expected a file name after it")
        elif name == "remarks":
            request.remarks = _regular_expression(value) if equals else "."
        elif name == "engine":
            value = value if equals else next(words, "")
            if value not in ("native", "stock", "any"):
                raise UsageError(f"--engine: got '{value}', expected native, stock or any")
            engine = None if value == "any" else value
        else:
            named.append((name, value, engine))
            try:
                catalog.resolve(*named[-1])
            except (ValueError, TypeError) as error:
                raise UsageError(str(error)) from None
    if len(inputs) > 1:
        raise UsageError(f"more than one input file: {' '.join(inputs)}")
    request.input = inputs[0] if inputs else "-"
    request.passes = _choose_engines(named)
    return request


def _regular_expression(text: str) -> str:
    try:
        return environment.checked_expression(text)
    except ValueError as error:
        raise UsageError(f"--remarks: got '{text}', expected a regular expression: {error}") from None


def _choose_engines(named: Sequence[tuple[str, str, str | None]]) -> list[Pass]:
    """The passes, given as flag, options and engine or None; a pass of MLIR itself stays where the module is."""
    settled = (catalog.resolve(*entry).engine for entry in named if entry[2] or not catalog.is_mlir_s_own(entry[0]))
    near, passes = next(settled, None), []
    for entry in named:
        passes.append(catalog.resolve(*entry, near))
        near = passes[-1].engine
    return passes


def help_text() -> str:
    """Usage, then every pass of each engine with its options."""
    parts = [USAGE]
    for engine, title in ((NATIVE, "native passes (TLE, dialect fork):"), ("stock", "stock passes (libtriton):")):
        try:
            parts.append(f"{title}\n{catalog.listing(catalog.passes(engine))}\n")
        except NativeLibraryError as error:
            parts.append(f"{title}\n  not available: {error}\n")
    return "\n".join(parts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run triton-opt; returns 0, 1 when a module or pass failed, 2 for a bad command line."""
    try:
        request = parse_command_line(sys.argv[1:] if arguments is None else arguments)
        if request.help:
            print(help_text(), flush=True)
            return 0
        text = sys.stdin.read() if request.input == "-" else Path(request.input).read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            # Where a failing stock pass writes its reproducer; by default that would be standard error.
            reproducer = os.environ.get(_REPRODUCER, str(Path(folder, "reproducer.mlir")))
            with environment.overridden(_REPRODUCER, reproducer):
                return _process(request, text, Path(folder))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except UnicodeDecodeError as error:
        print(f"triton-opt: got '{request.input}', expected MLIR text in UTF-8: {error}", file=sys.stderr)
        return 2
    except (UsageError, OSError) as error:
        print(f"triton-opt: {error}", file=sys.stderr)
        return 2


def _process(request: Request, text: str, folder: Path) -> int:
    name = "<stdin>" if request.input == "-" else request.input
    results, status = [], 0
    for number, part in enumerate(_parts(text) if request.split else [text]):
        # Stock reads files only: the input itself, or a copy of a part of it.
        path = Path(name)
        if request.input == "-" or request.split:
            path = folder / str(number) / Path(name).name
        module = Module(name, part, path, request)
        if request.verify:
            problems = expectations.check(name, part, module.run)
            print("".join(f"{problem}\n" for problem in problems), file=sys.stderr, end="")
            status = 1 if problems else status
            continue
        result = module.run(sys.stderr)
        if result is None:
            status = 1
        else:
            results.append(result)
    if not request.verify and (results or not status):
        with _output(request.output) as file:
            file.write("\n// -----\n".join(results))
    return status


def _parts(text: str) -> Iterator[str]:
    """The parts of a split input, each padded with empty lines so that its line numbers are the file's."""
    start = 0
    for match in [*_SEPARATOR.finditer(text), None]:
        yield "\n" * text.count("\n", 0, start) + text[start : match.start() if match else len(text)]
        start = match.end() if match else start


@contextlib.contextmanager
def _output(name: str) -> Iterator[TextIO]:
    if name == "-":
        yield sys.stdout
    else:
        try:
            file = open(name, "w", encoding="utf-8")
        except OSError as error:
            raise UsageError(f"-o: got '{name}', which cannot be written: {error.strerror}") from None
        with file:
            yield file


class Module:
    """One module of the input on its way through the passes."""

    def __init__(self, name: str, text: str, path: Path, request: Request) -> None:
        self.name, self.text, self.path, self.request = name, text, path, request
        self.fresh = True
        self.parsed: Any = None

    def run(self, log: TextIO) -> str | None:
        """The printed result; None when something failed. Diagnostics of the native engine go to ``log``,
        those of the stock engine to standard error."""
        groups = list(Stage("opt", tuple(self.request.passes)).groups())
        try:
            for group in groups:
                batches = [[entry] for entry in group.passes] if self.request.print_after_all else [group.passes]
                for batch in batches:
                    self._run_native(batch, log) if group.engine == NATIVE else self._run_stock(batch)
                    if self.request.print_after_all:
                        print(f"// -----// IR Dump After {batch[0].flag} //----- //", file=log)
                        print(self._printed(), file=log, flush=True)
            if not groups:
                self._parse_alone(log)
            return self._printed()
        except _Failure:
            return None

    def _run_native(self, passes: Sequence[Pass], log: TextIO) -> None:
        if self.parsed is not None:
            self.text, self.parsed = bridge.to_text(self.parsed), None
        library, self.fresh = bridge.native(), False
        wanted = {"remarks": self.request.remarks} if self.request.remarks else {}
        try:
            self.text, diagnostics = library.run_passes(self.text, ",".join(map(str, passes)), name=self.name, **wanted)
        except library.NativeError as error:
            _show(error.diagnostics, log)
            raise _Failure from None
        _show(diagnostics, log)

    def _run_stock(self, passes: Sequence[Pass]) -> None:
        self._parse_in_stock()
        try:
            run_stock(self.parsed, passes, "triton-opt", None)
        except RuntimeError:
            raise _Failure from None

    def _parse_in_stock(self) -> None:
        if self.parsed is not None:
            return
        context = ir.context()
        ir.load_dialects(context)
        nvidia.load_dialects(context)
        try:
            if self.fresh and self.path.exists():
                self.parsed = ir.parse_mlir_module(str(self.path), context)
            elif self.fresh:
                # A file of the input's name, so that diagnostics show it.
                self.path.parent.mkdir()
                self.path.write_text(self.text, encoding="utf-8")
                self.parsed = ir.parse_mlir_module(str(self.path), context)
            else:
                self.parsed = bridge.parse(self.text, context)
        except RuntimeError:
            raise _Failure from None
        self.parsed.context = context

    def _parse_alone(self, log: TextIO) -> None:
        """Without passes, parse and verify: natively, which knows more ops, or else in stock."""
        try:
            bridge.native()
        except NativeLibraryError:
            self._parse_in_stock()
        else:
            self._run_native([], log)

    def _printed(self) -> str:
        if self.parsed is not None:
            text = bridge.to_text(self.parsed) if self.request.debug_info else self.parsed.str_nodebug()
            text = text.replace(f'"{self.path}"', f'"{self.name}"')
        else:
            text = self.text if self.request.debug_info else without_locations(self.text)
        return text.rstrip("\n") + "\n"


class _Failure(Exception):
    """A pass or parser refused the module; it has said why."""


def _show(diagnostics: Sequence[Any], log: TextIO) -> None:
    for diagnostic in diagnostics:
        where = f"{diagnostic.file}:{diagnostic.line}:{diagnostic.column}: " if diagnostic.file else ""
        flag = f"[{diagnostic.pass_flag}] " if getattr(diagnostic, "pass_flag", "") else ""
        print(f"{where}{diagnostic.severity}: {flag}{diagnostic.message}", file=log)
        _show(diagnostic.notes, log)


def without_locations(text: str) -> str:
    """MLIR text without trailing ``loc(…)`` and without aliases of locations."""
    kept = (line for line in text.splitlines() if re.match(r"#loc\d* = loc\(", line) is None)
    return "\n".join(map(_without_locations, kept)) + "\n"


def _without_locations(line: str) -> str:
    pieces, end = [], 0
    while end < len(line):
        match = re.compile(r'"(?:[^"\\]|\\.)*"| loc\(').search(line, end)
        if match is None:
            break
        if match.group().startswith('"'):
            pieces.append(line[end : match.end()])
            end = match.end()
            continue
        pieces.append(line[end : match.start()])
        end, depth = match.end(), 1
        for token in re.compile(r'"(?:[^"\\]|\\.)*"|[()]').finditer(line, end):
            depth += {"(": 1, ")": -1}.get(token.group(), 0)
            if depth == 0:
                end = token.end()
                break
    return "".join(pieces) + line[end:]
