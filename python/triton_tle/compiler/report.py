"""Resources of kernels, compiled without a GPU: registers, spills, shared memory, tensor-core instructions."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import importlib.util
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import triton
from triton import knobs
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from triton.runtime.cache import triton_key

from . import backend, ptxas, sass
from .errors import PtxasWarning
from .pipelines import arch_name, parse_arch


@dataclass(frozen=True)
class Variant:
    """One way to compile a kernel.

    ``signature`` maps each argument to its type as Triton writes it ("*bf16", "i32", "constexpr"); ``:16``
    after a type says that the argument is divisible by 16. Arguments in ``constexprs`` need no entry.
    ``options`` are launch options (num_warps, num_stages, …).
    """

    label: str
    kernel: Any
    signature: Mapping[str, str]
    constexprs: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def source(self) -> ASTSource:
        """What Triton compiles; raises ValueError that names the argument for a malformed signature."""
        signature, attributes = {}, {}
        for index, name in enumerate(self.kernel.arg_names):
            if name in self.constexprs:
                signature[name] = "constexpr"
                continue
            if name not in self.signature:
                raise ValueError(f"variant '{self.label}': argument '{name}' has neither a type nor a value")
            signature[name], colon, divisor = self.signature[name].partition(":")
            if colon:
                if divisor != "16":
                    raise ValueError(f"variant '{self.label}': argument '{name}': got ':{divisor}', expected ':16'")
                attributes[(index,)] = [["tt.divisibility", 16]]
        unknown = [name for name in (*self.signature, *self.constexprs) if name not in self.kernel.arg_names]
        if unknown:
            raise ValueError(f"variant '{self.label}': the kernel has no argument '{unknown[0]}'")
        return ASTSource(self.kernel, signature, dict(self.constexprs), attributes)


@dataclass(frozen=True)
class Report:
    """What one variant of a kernel needs on ``arch``; sizes in bytes, time in milliseconds.

    ``mma`` counts tensor-core instructions by opcode (HGMMA: WGMMA on 16-bit types, QGMMA: on fp8).
    ``unwritten_uniforms`` are instructions that ptxas made wrong; see ``sass``.
    """

    variant: str
    kernel: str
    arch: str
    num_warps: int
    registers: int
    stack_bytes: int
    spill_store_bytes: int
    spill_load_bytes: int
    shared_bytes: int
    barriers: int
    mma: dict[str, int]
    sass_instructions: int
    ptx_bytes: int
    compile_ms: float
    ptxas_warnings: list[str]
    unwritten_uniforms: list[str]

    @property
    def clean(self) -> bool:
        """No stack, no spills, nothing that ptxas warns about, and no sign in the code that it is wrong."""
        return not (
            self.stack_bytes
            or self.spill_store_bytes
            or self.spill_load_bytes
            or self.ptxas_warnings
            or self.unwritten_uniforms
        )

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON; the counts of HGMMA, QGMMA and HMMA are always there."""
        counts = {name.lower(): self.mma.get(name, 0) for name in ("HGMMA", "QGMMA", "HMMA")}
        return {**dataclasses.asdict(self), **counts, "clean": self.clean}


def compile_variant(variant: Variant, arch: str | int) -> Report:
    """Compile ``variant`` for ``arch`` from scratch and measure it; no GPU is needed.

    Compile errors come out as Triton raises them; `sass.DisassemblyError` when cuobjdump knows no such GPU.
    """
    target = GPUTarget("cuda", parse_arch(arch), 32)
    with fresh_compilation():
        triton_key()  # hashes all of Triton the first time, which is no part of compiling
        start = time.perf_counter()
        kernel = triton.compile(variant.source(), target=target, options=dict(variant.options))
        elapsed = time.perf_counter() - start
    said = kernel.metadata.tle_ptxas
    code = sass.disassemble(kernel.asm["cubin"])
    opcodes = sass.opcodes(code)
    return Report(
        variant=variant.label,
        kernel=kernel.metadata.name,
        arch=arch_name(target.arch),
        num_warps=kernel.metadata.num_warps,
        registers=said["registers"],
        stack_bytes=said["stack_bytes"],
        spill_store_bytes=said["spill_store_bytes"],
        spill_load_bytes=said["spill_load_bytes"],
        shared_bytes=kernel.metadata.shared,
        barriers=said["barriers"],
        mma={name: count for name, count in sorted(opcodes.items()) if name.endswith("MMA")},
        sass_instructions=sum(opcodes.values()),
        ptx_bytes=len(kernel.asm["ptx"]),
        compile_ms=round(1000 * elapsed, 1),
        ptxas_warnings=[f"({number}) {text}" for number, text in said["advice"]],
        unwritten_uniforms=sass.unwritten_uniforms(code),
    )


@contextlib.contextmanager
def fresh_compilation() -> Iterator[None]:
    """Compile for measuring: nothing from a cache, what ptxas says recorded instead of raised as warnings."""
    was_installed = backend.installed()
    backend.install()
    token = ptxas.recording.set(True)
    try:
        with tempfile.TemporaryDirectory() as folder, knobs.cache.scope(), warnings.catch_warnings():
            warnings.simplefilter("ignore", PtxasWarning)
            knobs.cache.dir = folder
            yield
    finally:
        ptxas.recording.reset(token)
        if not was_installed:
            backend.uninstall()


def variants_of(name: str, arch: str | int) -> list[Variant]:
    """The variants that ``name`` registers for ``arch``.

    ``name`` is an operator in ``triton_tle.ops`` (a module with a function ``variants(arch)``), or a Python
    file with such a function, ``path/to/file.py`` or ``path/to/file.py:kernel`` for one kernel of it.
    Raises ValueError when there is no such operator, file, function or kernel.
    """
    path, _, kernel = name.partition(":")
    module = load_file(path) if path.endswith(".py") else _load_operator(name)
    if not hasattr(module, "variants"):
        raise ValueError(f"'{path}' registers no kernels: it has no function variants(arch)")
    found = [entry if isinstance(entry, Variant) else Variant(*entry) for entry in module.variants(arch)]
    if kernel:
        found = [entry for entry in found if entry.kernel.__name__ == kernel]
    if not found:
        raise ValueError(f"'{name}' registers no kernel for {arch}")
    return found


def operators() -> list[str]:
    """Names of the operators in ``triton_tle.ops`` that register kernels."""
    import pkgutil

    import triton_tle.ops

    names = (entry.name for entry in pkgutil.iter_modules(triton_tle.ops.__path__) if not entry.name.startswith("_"))
    return [name for name in names if hasattr(importlib.import_module(f"triton_tle.ops.{name}"), "variants")]


def _load_operator(name: str) -> ModuleType:
    qualified = f"triton_tle.ops.{name}"
    unknown = f"no operator '{name}'"
    if not name.isidentifier():
        raise ValueError(f"{unknown}, nor a Python file; operators are: {', '.join(operators())}")
    try:
        return importlib.import_module(qualified)
    except ModuleNotFoundError as error:
        if error.name != qualified:
            raise
        raise ValueError(f"{unknown}; there are: {', '.join(operators())}") from None


def load_file(path: str) -> ModuleType:
    """The module in a Python file; raises ValueError when there is no such file."""
    if not Path(path).is_file():
        raise ValueError(f"no file '{path}'")
    name = Path(path).stem.replace("-", "_")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look there for the module that they are defined in. Another module of that name stays.
    known = sys.modules.setdefault(name, module)
    try:
        spec.loader.exec_module(module)
    finally:
        if known is module:
            sys.modules.pop(name, None)
    return module


def table(reports: Sequence[Report]) -> str:
    """The reports as a text table, a line each, with ptxas's warnings below."""
    head = ("variant", "warps", "regs", "stack", "spill st", "spill ld", "shared", "MMA", "SASS", "PTX", "compile")
    rows = [
        (
            entry.variant,
            str(entry.num_warps),
            str(entry.registers),
            str(entry.stack_bytes),
            str(entry.spill_store_bytes),
            str(entry.spill_load_bytes),
            str(entry.shared_bytes),
            " ".join(f"{count} {name}" for name, count in entry.mma.items()) or "-",
            str(entry.sass_instructions),
            str(entry.ptx_bytes),
            f"{entry.compile_ms:.0f} ms",
        )
        for entry in reports
    ]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = []
    for row in (head, *rows):
        cells = (
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths))
        )
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "-" * len(lines[0]))
    for entry in reports:
        lines += [f"{entry.variant}: {warning}" for warning in entry.ptxas_warnings]
        lines += [f"{entry.variant}: ptxas reads an unwritten register: {code}" for code in entry.unwritten_uniforms]
    return "\n".join(lines)
