"""The stages of one kernel's compilation, as the backend runs them for a kernel that uses TLE.

What comes before and after the passes stays stock's own code: :func:`rebind` makes a copy of a stock
function in which some global names mean something else, so that its LLVM part runs without its MLIR part,
and its ptxas part tells what ptxas said. Nothing of it is written a second time here.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from triton import knobs
from triton._C.libtriton import ir
from triton.backends.compiler import Language
from triton.backends.nvidia import compiler as stock_backend
from triton.runtime.errors import PTXASError

from . import bridge, environment, fitting, memory, ptxas
from .locations import Place, kernel_place
from .pipelines import DESCRIPTORS, MARKED_LOOP, PARTITIONS, Group, Pipeline, Settings, build
from .runner import Remarks, check_native, run_stage, trial

Stage = Callable[[Any, dict[str, Any]], Any]

# A dialect or attribute name that only TLE brings into a @triton.jit kernel; not part of a symbol's name.
_MARK = re.compile(r'(?<![%@"\w.$])(?:tle|ttg|ttng)\.[a-z_]')
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')


def uses_tle(module: Any) -> bool:
    """Whether a TTIR module of a ``@triton.jit`` kernel holds TLE ops: ttg ops or ``tle.*`` attributes."""
    text = module.str_nodebug()
    if _MARK.search(text) is None:
        return False
    return _MARK.search(_STRING.sub('""', text)) is not None


#: While set, changes what the TTGIR stage of each kernel gives: from the module's text to that of another.
finishing: ContextVar[Callable[[str], str] | None] = ContextVar("finishing", default=None)


class KernelStages:
    """Replaces the stages of one compilation; ``stock`` are those that were there before.

    A kernel without TLE goes through the stock stages untouched.
    """

    def __init__(self, backend: Any, stock: dict[str, Stage], options: Any, language: Language, capability: int):
        self.backend, self.stock, self.options = backend, dict(stock), options
        self.language, self.capability = language, capability
        mode = environment.mode()
        self.off, self.forced = mode == "0", mode == "1"
        self.tle: bool | None = None
        self.uses_tle = True
        self.where: Place | None = None
        wanted = environment.remarks()
        self.remarks = Remarks(wanted) if wanted else None
        self.reserves: dict[str, int] = {}

    def install(self, stages: dict[str, Stage]) -> None:
        """Put the stages of this object into ``stages``; with TLE off none, or none but the one that records."""
        if self.language == Language.TRITON and not self.off:
            stages["ttgir"], stages["llir"] = self.ttgir, self.llir
        if not self.off or ptxas.recording.get():
            stages["cubin"] = self.cubin

    def ttgir(self, module: Any, metadata: dict[str, Any]) -> Any:
        """TTIR to TTGIR."""
        self.uses_tle = uses_tle(module)
        self.tle = self.forced or self.uses_tle
        if not self.tle:
            return _finish(self.stock["ttgir"](module, metadata))
        if self.options.maxnreg is not None:
            module.set_attr("ttg.maxnreg", ir.builder(module.context).get_int32_attr(self.options.maxnreg))
        text = bridge.to_text(module)
        self.where = kernel_place(text)
        module = _finish(self._run_until_fit(module, text, metadata))
        metadata["tensordesc_meta"] = module.get_tensordesc_metadata()
        return module

    def llir(self, module: Any, metadata: dict[str, Any]) -> str:
        """TTGIR to LLVM IR."""
        if self.tle is None:
            # The compilation began with a TTGIR file, where ttg ops are no sign of TLE.
            self.tle = self.forced or re.search(r"\btle\.", module.str_nodebug()) is not None
        if not self.tle:
            return self.stock["llir"](module, metadata)
        ttgir = bridge.to_text(module)
        module = self._run("llir", module, ttgir, metadata)
        memory.check(module.get_int_attr("ttg.shared") or 0, self.capability, ttgir)
        return _EMIT_LLVM_IR(self.backend, module, metadata, self.options, self.capability)

    def cubin(self, ptx: str, metadata: dict[str, Any]) -> bytes:
        """PTX to machine code, by stock's own function; warns about what ptxas says of a TLE kernel.

        Where registers of a kernel in partitions spill, ptxas gets a second form of the PTX, and the better one counts.
        """
        if not (self.tle or self.forced or ptxas.recording.get()):
            return self.stock["cubin"](ptx, metadata)
        cubin, resources = self._assemble(ptx, metadata)
        if self.tle and resources.spills:
            other = ptxas.with_base_in_partitions(ptx)
            if other is not None:
                other_cubin, other_resources = self._assemble(other, metadata)
                if other_resources.better_than(resources):
                    cubin, resources = other_cubin, other_resources
        metadata["tle_ptxas"] = resources.as_dict()
        file, line = self.where[:2] if self.where else ptxas.location_in_ptx(ptx)
        ptxas.warn(resources, metadata.get("name", "kernel"), file, line)
        return cubin

    def _assemble(self, ptx: str, metadata: dict[str, Any]) -> tuple[bytes, ptxas.Resources]:
        """Machine code and what ptxas said; what it says of a failure gets the user's line."""
        capturing = ptxas.CapturingSubprocess()
        make_cubin = rebind(stock_backend.CUDABackend.make_cubin, subprocess=capturing)
        try:
            cubin = make_cubin(self.backend, ptx, metadata, self.options, self.backend.target.arch)
        except PTXASError as error:
            ptxas.explain_failure(error, capturing.log, ptx)
            raise
        return cubin, ptxas.parse_log(capturing.log)

    def pipeline(self, module: Any) -> Pipeline:
        """The passes for this kernel."""
        return build(self.settings(module), "tle")

    def settings(self, module: Any) -> Settings:
        """What passes depend on: target, launch options and Triton's switches as they are now."""
        return Settings(
            capability=self.capability,
            num_warps=self.options.num_warps,
            num_ctas=self.options.num_ctas,
            num_stages=self.options.num_stages,
            ptx_version=stock_backend.get_ptx_version_from_options(self.options, self.backend.target.arch),
            dump=ir.pass_manager(module.context).enable_debug(),
            line_info=not knobs.compilation.disable_line_info,
            variable_info=knobs.compilation.dump_ir_extract_di_local_variables,
            concurrency_sanitizer=knobs.compilation.instrumentation_mode == "consan",
            instrumented=bool(stock_backend.CUDABackend.instrumentation),
            uses_tle=self.uses_tle,
            skip=environment.skipped(),
            reserves=tuple(self.reserves.items()),
        )

    def _run_until_fit(self, module: Any, text: str, metadata: dict[str, Any]) -> Any:
        """The TTGIR stage; again, with less in partitions, where passes have filled shared memory beyond its size."""
        if not (MARKED_LOOP in text or (PARTITIONS in text and DESCRIPTORS in text)):
            return self._run("ttgir", module, text, metadata)
        context = module.context
        while True:
            with trial(self.remarks) as this:
                made = self._run("ttgir", module, text, metadata)
                more = fitting.measure(made, self.settings(made))
                this.failed = bool(more)
            if not more:
                return made
            self.reserves |= more
            module = bridge.parse(text, context)

    def _run(self, stage: str, module: Any, text: str, metadata: dict[str, Any]) -> Any:
        pipeline = self.pipeline(module)
        check_native(pipeline.native_flags())
        return run_stage(
            module,
            pipeline.stage(stage),
            f"make_{stage}",
            text=text,
            instrument=stock_backend.CUDABackend.instrumentation,
            dump=_group_dump(module, stage, metadata) if knobs.compilation.dump_ir else None,
            remarks=self.remarks,
        )


def _finish(module: Any) -> Any:
    """What ``finishing`` makes of a module; what a profiler puts in is of a dialect of its own."""
    change = finishing.get()
    if change is None:
        return module
    context = module.context
    if stock_backend.CUDABackend.instrumentation:
        stock_backend.CUDABackend.instrumentation.load_dialects(context)
    return bridge.parse(change(bridge.to_text(module)), context)


def _group_dump(module: Any, stage: str, metadata: dict[str, Any]) -> Callable[[int, Group, str], None]:
    """Writes each group's result beside Triton's own dumps: ``<kernel>.<stage>.<number>-<engine>.mlir``."""
    from triton.runtime.cache import get_dump_manager

    manager, kernel = get_dump_manager(metadata["hash"]), module.get_entry_func_name()

    def dump(number: int, group: Group, text: str) -> None:
        manager.put(f"// {group}\n{text}", f"{kernel}.{stage}.{number:02d}-{group.engine}.mlir")

    return dump


def rebind(function: Callable[..., Any], **replacements: Any) -> Callable[..., Any]:
    """A copy of ``function`` for which the global names in ``replacements`` mean what is given here.

    The function itself and its module stay as they are, so other threads are not affected.
    """
    return types.FunctionType(
        function.__code__,
        {**function.__globals__, **replacements},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )


class _Nothing:
    """Stands for a name whose uses shall have no effect: every attribute and call result is itself."""

    def __getattr__(self, name: str) -> _Nothing:
        return self

    def __call__(self, *args: Any) -> _Nothing:
        return self


_NOTHING = _Nothing()

# Stock's LLVM stage without its MLIR passes: LLVM IR, libdevice, optimization, launch metadata.
_EMIT_LLVM_IR = rebind(
    stock_backend.CUDABackend.make_llir,
    ir=_NOTHING,
    passes=_NOTHING,
    nvidia=types.SimpleNamespace(**{**vars(stock_backend.nvidia), "passes": _NOTHING}),
    CUDABackend=types.SimpleNamespace(instrumentation=None),
)
