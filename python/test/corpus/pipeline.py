"""Stock Triton's NVIDIA pipeline, cut at the places where a module may cross into another engine.

The pass lists are those of `triton.backends.nvidia.compiler` and are not repeated here. While a stock stage
runs, stand-ins for its `passes` modules and its pass manager collect the passes that the stage asks for; they
run once the list is complete, in one piece or cut in two. The module is handed around in a box, so that the
rest of the stage goes on with whatever came back from the other engine.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from triton._C.libtriton import ir
from triton.backends.compiler import GPUTarget
from triton.backends.nvidia import compiler as nvidia_compiler
from triton.compiler.compiler import make_backend

from corpus.registry import Entry

Boundary = Callable[[str, str], str]
"""Takes a boundary's name and the module's text there, and returns the text to go on with."""

BOUNDARIES = ("ttir", "ttgir", "llvm1", "llvm2")
"""After make_ttir, after make_ttgir, after the conversion to the LLVM dialect, after the last MLIR pass."""


MODULE_FILE = Path(tempfile.gettempdir()) / f"corpus-{os.getpid()}.mlir"
"""Where this process puts text for the stock parser; values without a location get this file's name as theirs."""


def parse(text: str, context: Any) -> Any:
    """Parse MLIR text with the stock parser, which reads files only. Raises RuntimeError."""
    MODULE_FILE.write_text(text)
    try:
        module = ir.parse_mlir_module(str(MODULE_FILE), context)
    finally:
        MODULE_FILE.unlink()
    module.context = context
    return module


class _Box:
    """A module that can be exchanged for another while a stock stage holds on to the box."""

    def __init__(self, module: Any, boundary: Boundary | None) -> None:
        self.module = module
        self.boundary = boundary

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module, name)

    def cross(self, name: str) -> None:
        """Hand the module's text to the boundary and go on with what it returns."""
        if self.boundary is not None:
            self.module = parse(self.boundary(name, str(self.module)), self.module.context)


class _PassList:
    """Stands in for `ir.pass_manager`."""

    def __init__(self, context: Any) -> None:
        self.context = context
        self.calls: list[tuple[str, Callable, tuple]] = []

    def enable_debug(self) -> bool:
        return False

    def run(self, box: _Box, name: str) -> None:
        cut = next((i for i, call in enumerate(self.calls) if call[0] == "add_nvgpu_to_llvm"), None)
        if name == "make_llir" and cut is None:
            raise RuntimeError("stock's make_llir has no pass add_nvgpu_to_llvm to cut its list at")
        if cut is not None:
            self._run(box, self.calls[:cut], name)
            box.cross("llvm1")
            self._run(box, self.calls[cut:], name)
            box.cross("llvm2")
        else:
            self._run(box, self.calls, name)

    @staticmethod
    def _run(box: _Box, calls: list[tuple[str, Callable, tuple]], name: str) -> None:
        manager = ir.pass_manager(box.module.context)
        manager.enable_debug()
        for _, add, args in calls:
            add(manager, *args)
        manager.run(box.module, name)


class _Namespace:
    """Stands in for a module of `libtriton`: functions that add a pass are put off, the rest is passed on."""

    def __init__(self, real: Any, **overrides: Any) -> None:
        self._real = real
        self._overrides = overrides

    def __getattr__(self, name: str) -> Any:
        if name in self._overrides:
            return self._overrides[name]
        value = getattr(self._real, name)
        if isinstance(value, ModuleType):
            return _Namespace(value)
        if name.startswith("add_"):
            return lambda passes, *args: passes.calls.append((name, value, args))
        return value


@contextlib.contextmanager
def _collecting() -> Iterator[None]:
    stock = {name: getattr(nvidia_compiler, name) for name in ("ir", "passes", "nvidia", "llvm")}
    to_module = stock["llvm"].to_module
    nvidia_compiler.ir = _Namespace(stock["ir"], pass_manager=_PassList)
    nvidia_compiler.passes = _Namespace(stock["passes"])
    nvidia_compiler.nvidia = _Namespace(stock["nvidia"])
    nvidia_compiler.llvm = _Namespace(stock["llvm"], to_module=lambda box, context: to_module(box.module, context))
    try:
        yield
    finally:
        for name, value in stock.items():
            setattr(nvidia_compiler, name, value)


class Pipeline:
    """Compiles one entry of the corpus, to PTX and no further.

    The frontend runs once, in the constructor; its result, kept as text, is where each later run starts.
    """

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.backend = make_backend(GPUTarget("cuda", entry.arch, 32))
        self.source = entry.make_source()
        self.options = self.backend.parse_options(dict(entry.options))
        context = self._new_context()
        codegen = self.backend.get_codegen_implementation(self.options)
        module = self.source.make_ir(self.backend.target, self.options, codegen, self.backend.get_module_map(), context)
        self.frontend_text = str(module)

    def _new_context(self) -> Any:
        context = ir.context()
        ir.load_dialects(context)
        self.backend.load_dialects(context)
        return context

    def stages(self) -> dict[str, Callable]:
        """The stages as the backend makes them, an installed stage hook included, up to PTX."""
        stages: dict[str, Callable] = {}
        self.backend.add_stages(stages, self.options, self.source.language)
        stages.pop("cubin")
        return stages

    def run(self) -> str:
        """PTX by the stages as they are, nothing put in between."""
        module = parse(self.frontend_text, self._new_context())
        metadata: dict[str, Any] = {}
        for stage in self.stages().values():
            module = stage(module, metadata)
        return module

    def run_with(self, boundary: Boundary) -> str:
        """PTX by the stock stages, with `boundary` called at each of BOUNDARIES that the kernel passes."""
        box = _Box(parse(self.frontend_text, self._new_context()), boundary)
        metadata: dict[str, Any] = {}
        with _collecting():
            stages = self.stages()
            for name, stage in stages.items():
                result = stage(box, metadata)
                if name in ("ttir", "ttgir"):
                    box.cross(name)
                else:
                    box = result
        return box

    def reprint(self, text: str) -> str:
        """What stock prints of `text`."""
        return str(parse(text, self._new_context()))

    def convert_to_ttgir(self, ttir: str) -> str:
        """What stock's convert-triton-to-tritongpu alone makes of a TTIR module."""
        context = self._new_context()
        module = parse(ttir, context)
        manager = ir.pass_manager(context)
        nvidia_compiler.passes.ttir.add_convert_to_ttgpuir(
            manager, f"cuda:{self.entry.arch}", self.options.num_warps, 32, self.options.num_ctas
        )
        manager.run(module, "convert")
        return str(module)
