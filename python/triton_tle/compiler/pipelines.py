"""Compile pipelines as data.

A pipeline is a frozen list of passes per stage. Each pass names its engine: *stock* runs in libtriton's
pass manager, *native* in TLE's own library. ``stock_passes`` writes down what
``triton/backends/nvidia/compiler.py`` of Triton 3.6.0 does; ``tle_passes`` is the same list with TLE's
passes put in. Nothing here runs anything: :mod:`triton_tle.compiler.runner` does.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from . import stock
from .memory import shared_memory
from .stock import OptionValue

STOCK = "stock"
NATIVE = "native"
STAGES = ("ttir", "ttgir", "llir")


@dataclass(frozen=True)
class Pass:
    """One pass: engine ("stock" or "native"), flag, options in printing order.

    ``only_if`` is a string that the module must hold when its stage begins, or the pass is left out: this
    spares a crossing between engines where a pass would find nothing to do. ``alone`` keeps the pass out of
    its neighbours' pass manager. ``optional`` marks an optimization that :attr:`Settings.skip` can leave out.
    """

    engine: str
    flag: str
    options: tuple[tuple[str, OptionValue], ...] = ()
    only_if: str | None = None
    alone: bool = False
    optional: bool = False

    def __str__(self) -> str:
        """The pass as MLIR writes it in a textual pipeline: ``flag{name=value other=value}``."""
        if not self.options:
            return self.flag
        return f"{self.flag}{{{' '.join(f'{name}={_text(value)}' for name, value in self.options)}}}"


@dataclass(frozen=True)
class Group:
    """Neighbouring passes that run in one pass manager of one engine."""

    engine: str
    passes: tuple[Pass, ...]

    def __str__(self) -> str:
        return ",".join(map(str, self.passes))


@dataclass(frozen=True)
class Stage:
    """The passes of one compile stage ("ttir", "ttgir" or "llir")."""

    name: str
    passes: tuple[Pass, ...]

    def groups(self, text: str | None = None) -> Iterator[Group]:
        """The passes grouped by engine; with the module's text given, without those it does not need."""
        wanted = (p for p in self.passes if text is None or p.only_if is None or p.only_if in text)
        for (engine, _), passes in itertools.groupby(wanted, key=lambda p: (p.engine, p if p.alone else None)):
            yield Group(engine, tuple(passes))


@dataclass(frozen=True)
class Settings:
    """What the choice of passes depends on: the target, launch options, and debugging switches of Triton.

    ``uses_tle``: whether the kernel itself does, or only the caller wants TLE's pipeline (``TRITON_TLE=1``).
    ``skip`` holds flags of optional passes that are left out, ``reserves`` bytes of shared memory by flag: what the
    pass named shall leave to others, where that has been measured (:mod:`triton_tle.compiler.fitting`).
    """

    capability: int = 90
    num_warps: int = 4
    num_ctas: int = 1
    num_stages: int = 3
    ptx_version: int = 87
    dump: bool = False
    line_info: bool = True
    variable_info: bool = False
    concurrency_sanitizer: bool = False
    instrumented: bool = False
    uses_tle: bool = True
    skip: tuple[str, ...] = ()
    reserves: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Pipeline:
    """The passes of every stage, for one target and mode ("tle" or "stock"); prints as a numbered table."""

    mode: str
    settings: Settings
    stages: tuple[Stage, ...]

    def stage(self, name: str) -> Stage:
        """The stage named ``name``; raises KeyError for a name that is none of ttir, ttgir, llir."""
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise KeyError(f"no stage '{name}'; stages are {', '.join(s.name for s in self.stages)}")

    def native_flags(self) -> tuple[str, ...]:
        """Flags of the passes that the native library must have, in order of first use."""
        flags = (p.flag for stage in self.stages for p in stage.passes if p.engine == NATIVE)
        return tuple(dict.fromkeys(flags))

    def __str__(self) -> str:
        lines = [f"{self.mode} pipeline for {arch_name(self.settings.capability)}"]
        number = itertools.count(1)
        for stage in self.stages:
            lines += ["", f"{stage.name}"]
            for group in stage.groups():
                for index, entry in enumerate(group.passes):
                    engine = group.engine if index == 0 else ""
                    needs = f"   [only if the module holds {entry.only_if}]" if entry.only_if else ""
                    lines.append(f"  {next(number):3d}  {engine:<7} {entry}{needs}")
        return "\n".join(lines)


def parse_arch(arch: str | int) -> int:
    """Compute capability (90) of an architecture written as "sm_90a", "sm_90", "sm90" or 90.

    Raises ValueError for any other form.
    """
    match = re.fullmatch(r"(?:sm_?)?(\d{2,3})[af]?", str(arch))
    if match is None or int(match.group(1)) < 75:
        raise ValueError(f"arch: got '{arch}', expected sm_75 or newer, written like sm_90a")
    return int(match.group(1))


def arch_name(capability: int) -> str:
    """The name ptxas gives a compute capability: 90 is "sm_90a"."""
    return f"sm_{capability}{'a' if capability >= 90 else ''}"


def pipeline(arch: str | int = "sm_90a", mode: str = "tle", **settings: int | bool | tuple[str, ...]) -> Pipeline:
    """The pipeline for ``arch``, as data: ``print(pipeline(arch="sm_90a"))`` shows it as a table.

    ``mode`` is "tle" (a kernel that uses TLE) or "stock"; ``settings`` are fields of :class:`Settings`.
    Raises ValueError for an unknown mode or architecture, or a pass in ``skip`` that cannot be left out;
    TypeError for an unknown setting.
    """
    return build(Settings(capability=parse_arch(arch), **settings), mode)


def build(settings: Settings, mode: str) -> Pipeline:
    """The pipeline for ``settings``.

    Raises ValueError when ``mode`` is neither "tle" nor "stock", or ``settings.skip`` names a pass that is not
    optional.
    """
    if mode not in ("tle", "stock"):
        raise ValueError(f"mode: got '{mode}', expected 'tle' or 'stock'")
    check_skip(settings.skip)
    chosen = {"tle": tle_passes, "stock": stock_passes}[mode]
    return Pipeline(mode, settings, tuple(Stage(name, chosen(name, settings)) for name in STAGES))


@functools.cache
def optional_flags() -> tuple[str, ...]:
    """Flags of the passes that can be left out, for any target, in the order in which they run."""
    chosen = (
        entry
        for capability in (120, 100, 90, 80, 75)
        for stage in STAGES
        for entry in tle_passes(stage, Settings(capability=capability))
    )
    return tuple(dict.fromkeys(entry.flag for entry in chosen if entry.optional))


def check_skip(flags: Iterable[str]) -> None:
    """Raise ValueError, naming the flags that are valid, unless each of ``flags`` is an optional pass."""
    for flag in flags:
        if flag in optional_flags():
            continue
        required = any(entry.flag == flag for stage in STAGES for entry in tle_passes(stage, Settings()))
        rule = "no kernel compiles without this pass" if required else "no pass of TLE has this flag"
        raise ValueError(f"skip: got '{flag}', {rule}; passes that can be left out: {', '.join(optional_flags())}")


def stock_passes(stage: str, settings: Settings) -> tuple[Pass, ...]:
    """What Triton 3.6.0 runs in ``stage`` on a ``@triton.jit`` kernel for an NVIDIA GPU."""
    return {"ttir": _stock_ttir, "ttgir": _stock_ttgir, "llir": _stock_llir}[stage](settings)


def _text(value: OptionValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _s(flag: str, *values: OptionValue, alone: bool = False) -> Pass:
    """A stock pass with all its options given in the order of the registry."""
    names = [option.name for option in stock.lookup(flag).options]
    return Pass(STOCK, flag, tuple(zip(names, values, strict=True)), alone=alone)


def _n(flag: str, *, only_if: str | None = None, **options: OptionValue) -> Pass:
    """A native pass that kernels need; option names are written with underscores for dashes."""
    named = tuple((name.replace("_", "-"), value) for name, value in options.items())
    return Pass(NATIVE, flag, named, only_if)


def _o(flag: str, *, only_if: str | None = None, **options: OptionValue) -> Pass:
    """A native pass that makes kernels better and can be left out."""
    return dataclasses.replace(_n(flag, only_if=only_if, **options), optional=True)


def _stock_ttir(settings: Settings) -> tuple[Pass, ...]:
    has_tma = settings.capability // 10 >= 9
    return (
        _s("inline"),
        _s("triton-rewrite-tensor-pointer"),
        *([] if has_tma else [_s("triton-rewrite-tensor-descriptor-to-pointer")]),
        _s("canonicalize"),
        _s("triton-combine"),
        _s("triton-reorder-broadcast"),
        _s("cse"),
        _s("symbol-dce"),
        _s("triton-loop-unroll"),
    )


def _convert_to_ttgir(settings: Settings) -> Pass:
    return _s("convert-triton-to-tritongpu", f"cuda:{settings.capability}", settings.num_warps, 32, settings.num_ctas)


def _layouts(settings: Settings) -> tuple[Pass, ...]:
    """First part of the TTGIR stage: layouts, up to matmul acceleration."""
    return (
        _s("tritongpu-coalesce"),
        _s("tritongpu-F32DotTC", settings.capability // 10 >= 8),
        _s("triton-nvidia-gpu-plan-cta"),
        _s("tritongpu-remove-layout-conversions"),
        _s("tritongpu-optimize-thread-locality"),
    )


def _matmul() -> tuple[Pass, ...]:
    return _s("tritongpu-accelerate-matmul"), _s("tritongpu-remove-layout-conversions")


def _dot_operands(settings: Settings) -> Pass:
    return _s("tritongpu-optimize-dot-operands", settings.capability >= 80)


def _loops(settings: Settings) -> tuple[Pass, ...]:
    """Middle of the TTGIR stage: loop scheduling, warp specialization, software pipelining."""
    stages, generation = settings.num_stages, settings.capability // 10
    if generation in (8, 9):
        return (
            _s("tritongpu-fuse-nested-loops"),
            _s("canonicalize"),
            _s("triton-licm"),
            _s("canonicalize"),
            _s("tritongpu-combine-tensor-select-and-if"),
            _s("nvgpu-warp-specialization", stages, settings.dump),
            _s("tritongpu-assign-latencies", stages),
            _s("tritongpu-schedule-loops"),
            _s("tritongpu-pipeline", stages, settings.dump),
        )
    if generation >= 10:
        return (
            _s("tritongpu-fuse-nested-loops"),
            _s("canonicalize"),
            _s("triton-licm"),
            _s("tritongpu-optimize-accumulator-init"),
            _s("tritongpu-hoist-tmem-alloc", False),
            _s("tritongpu-promote-lhs-to-tmem"),
            _s("tritongpu-assign-latencies", stages),
            _s("tritongpu-schedule-loops"),
            _s("tritongpu-automatic-warp-specialization", stages),
            _s("tritongpu-pipeline", stages, settings.dump),
            _s("tritongpu-optimize-partition-warps"),
            _s("tritongpu-combine-tensor-select-and-if"),
            _s("tritongpu-hoist-tmem-alloc", True),
            _s("triton-nvidia-gpu-remove-tmem-tokens"),
        )
    return (_s("triton-licm"),)


def _fences(settings: Settings) -> tuple[Pass, ...]:
    return (_s("triton-nvidia-gpu-fence-insertion", settings.capability),)


def _tle_fences(settings: Settings) -> tuple[Pass, ...]:
    """In stock's place of the fences; without a product there is nothing to do, and no crossing."""
    return (
        # Before fences: it puts one ahead of a loop.
        *([_o("triton-tle-take-turns", only_if=PARTITIONS)] if settings.capability // 10 == 9 else []),
        _n(
            "triton-nvidia-gpu-fence-insertion",
            only_if="dot",
            compute_capability=settings.capability,
            tle=settings.uses_tle,
        ),
        _n("triton-tle-lower-operand-fences", only_if="dot"),
    )


def _finish_ttgir(settings: Settings, fences: tuple[Pass, ...]) -> tuple[Pass, ...]:
    """Last part of the TTGIR stage: async copies, TMA, fences, cleanup."""
    return (
        _s("canonicalize"),
        _s("triton-loop-aware-cse"),
        _s("tritongpu-prefetch"),
        _dot_operands(settings),
        _s("tritongpu-coalesce-async-copy"),
        _s("triton-nvidia-optimize-tmem-layouts"),
        *([_s("triton-nvidia-tma-lowering")] if settings.capability // 10 >= 9 else []),
        _s("tritongpu-remove-layout-conversions"),
        _s("triton-nvidia-interleave-tmem"),
        _s("tritongpu-reduce-data-duplication"),
        _s("tritongpu-reorder-instructions"),
        _s("triton-loop-aware-cse"),
        _s("symbol-dce"),
        *fences,
        _s("triton-nvidia-mma-lowering"),
        _s("sccp"),
        _s("cse"),
        _s("canonicalize"),
    )


def _stock_ttgir(settings: Settings) -> tuple[Pass, ...]:
    return (
        _convert_to_ttgir(settings),
        *_layouts(settings),
        *_matmul(),
        _dot_operands(settings),
        _s("triton-nvidia-optimize-descriptor-encoding"),
        _s("triton-loop-aware-cse"),
        *_loops(settings),
        *_finish_ttgir(settings, _fences(settings)),
    )


def _to_llvm_dialect(settings: Settings) -> tuple[Pass, ...]:
    """First part of the LLVM stage: memory allocation and conversion; the result is small enough to cross."""
    target = (settings.capability, settings.ptx_version)
    return (
        _s("tritongpu-combine-tensor-select-and-if"),
        _s("tritongpu-allocate-warp-groups"),
        _s("convert-scf-to-cf"),
        _s("gluon-inline"),
        _s("allocate-shared-memory-nv", *target),
        _s("triton-tensor-memory-allocation"),
        _s("triton-nvidia-check-matmul-two-cta"),
        *([_s("tritoninstrument-concurrency-sanitizer")] if settings.concurrency_sanitizer else []),
        _s("tritongpu-global-scratch-memory-allocation"),
        _s("triton-nvidia-gpu-proxy-fence-insertion", settings.capability),
        *([instrumentation_point("ttgpuir_to_llvmir")] if settings.instrumented else []),
        _s("convert-triton-gpu-to-llvm", *target),
        _s("canonicalize"),
        _s("cse"),
    )


def allocation(settings: Settings) -> tuple[Pass, ...]:
    """The first passes of the LLVM stage, up to the one that gives buffers and scratch their places."""
    passes = _to_llvm_dialect(settings)
    end = next(index for index, entry in enumerate(passes) if entry.flag == "allocate-shared-memory-nv")
    return passes[: end + 1]


def _finish_llvm_dialect(settings: Settings, *, crossed: bool = False) -> tuple[Pass, ...]:
    """Last part of the LLVM stage: nvg ops, warp specialization, debug scopes.

    ``crossed``: the module has been in the native library, where a profiler's operations cannot be.
    """
    passes = [
        _s("convert-nv-gpu-to-llvm"),
        _s("convert-warp-specialize-to-llvm"),
        _s("canonicalize"),
        _s("cse"),
        _s("symbol-dce"),
        _s("convert-nvvm-to-llvm"),
    ]
    if settings.line_info and not settings.variable_info:
        passes.append(_s("enable-line-info"))
    if settings.instrumented and not crossed:
        passes.append(_LOWER_RECORDS)
    if settings.variable_info:
        # Stock runs these two in pass managers of their own.
        passes += [_s("enable-line-info", alone=True)] if settings.line_info else []
        passes.append(_s("extract-variable-info", alone=True))
    return tuple(passes)


def _stock_llir(settings: Settings) -> tuple[Pass, ...]:
    return (*_to_llvm_dialect(settings), *_finish_llvm_dialect(settings))


INSTRUMENTATION = "instrumentation-point"
# Partitions of the user's, or a loop that is to be divided into some.
PARTITIONS = "warp_specialize"
MARKED_LOOP = "tt.warp_specialize"
# Loads and stores through descriptors.
DESCRIPTORS = "tt.descriptor_"
# Left by triton-tle-mark-copy-eviction.
COPY_MARKS = "// end of copies"
FLATTENED_LOOP = "tt.flatten"
# The passes that divide marked loops, in this order.
DIVISION = "triton-tle-warp-specialize-tile-loop"
SEPARATION = "triton-tle-separate-accumulation"
# The pass that keeps buffers of stores for whole loops; left out where the kernel would not fit with it.
DEFERRAL = "triton-tle-defer-store-waits"


def instrumentation_point(name: str) -> Pass:
    """Where a profiler that instruments kernels may add its passes; ``name`` is Triton's name of the place."""
    return Pass(STOCK, INSTRUMENTATION, (("name", name),))


_LOWER_RECORDS = instrumentation_point("llvmir_to_llvm")


def tle_passes(stage: str, settings: Settings) -> tuple[Pass, ...]:
    """What a kernel that uses TLE goes through in ``stage``."""
    passes = {"ttir": _stock_ttir, "ttgir": _tle_ttgir, "llir": _tle_llir}[stage](settings)
    return tuple(entry for entry in passes if not (entry.optional and entry.flag in settings.skip))


def _tle_ttgir(settings: Settings) -> tuple[Pass, ...]:
    convert = _convert_to_ttgir(settings)
    coalesce, *layouts = _layouts(settings)
    has_async_copies = settings.capability >= 80
    return (
        # TLE's ops appear, every tensor gets a layout; local pointers become shared-memory accesses before
        # any stock pass could take them for global ones.
        _n("triton-tle-raise-frontend"),
        # Of its two results one has fewer dimensions; as scans and reductions both get layouts that fit.
        # Without layouts a partition may have any number of warps.
        *(_partitions(settings) if settings.uses_tle else ()),
        _n("triton-tle-lower-exclusive-cumsum"),
        Pass(NATIVE, convert.flag, convert.options),
        _n("triton-tle-early-assign-memory-space"),
        # Before accesses look for the transpositions between them and their buffers.
        _n("triton-tle-lower-buffer-choices"),
        _o("triton-tle-select-encodings"),
        *([_o("triton-tle-optimize-local-pointer-async-stores")] if has_async_copies else []),
        _o("triton-tle-optimize-local-pointer-loads"),
        _o("triton-tle-optimize-local-pointer-stores"),
        _n("triton-tle-insert-local-pointer-barriers"),
        _n("triton-tle-lower-extract-tile"),
        _n("triton-tle-lower-insert-tile"),
        _n("triton-tle-lower-local-pointers"),
        _n("triton-tle-lower-pipes"),
        # Views and fences that the user wrote; then nothing of TLE may be left for stock to stumble over.
        *_lower_wgmma_operands(),
        coalesce,
        _o("triton-tle-select-staged-load-layout", only_if="ttg.local_alloc"),
        *layouts,
        # The fork's copy takes the dots that it is better at and leaves the others to stock's.
        # mma.sync of kernels without TLE comes out as stock's; on Hopper TLE's rule is worth having for them, too.
        _o(
            "tritongpu-accelerate-matmul",
            only_if="tt.dot",
            tle=settings.uses_tle or settings.capability // 10 == 9,
        ),
        *_matmul(),
        # Addresses have their layouts. What cp.async cannot move becomes a store, which staging can promote.
        _n("triton-tle-downgrade-invalid-async-copy"),
        # Dots have their WGMMA form: operands can be read from where they already are.
        _o("triton-tle-promote-local-store-staging"),
        _o("tritongpu-optimize-dot-operands", hoist_layout_conversion=settings.capability >= 80),
        *(
            [_o("triton-tle-tile-style-pipeline-schedule", shared_memory=shared_memory(settings.capability))]
            if has_async_copies
            else []
        ),
        _n("triton-tle-materialize-tile-style-pipeline", shared_memory=shared_memory(settings.capability)),
        # Again, for copies that were moved; those of stock's pipeliner, which come later, are valid.
        _n("triton-tle-downgrade-invalid-async-copy"),
        *_lower_wgmma_operands(),
        # What TLE's copy leaves to it: transposes in shared memory, conversions ahead of mma.sync.
        _dot_operands(settings),
        # Before stock's pipeliner, which knows no release of a pipe.
        *([_o("triton-tle-place-dot-waits", only_if=PARTITIONS)] if settings.capability // 10 == 9 else []),
        _o("triton-tle-fold-partition-conversions", only_if=PARTITIONS),
        _n("triton-tle-arrange-captured-descriptors", only_if=PARTITIONS),
        _s("triton-nvidia-optimize-descriptor-encoding"),
        _s("triton-loop-aware-cse"),
        _n("triton-tle-guard-stock-pipeline", only_if="scf.if", num_stages=settings.num_stages),
        *_tle_loops(settings),
        # Products are asynchronous only now.
        *(_dot_waits() if settings.capability // 10 == 9 else ()),
        *_finish_ttgir(settings, _tle_fences(settings)),
        # Again: canonicalization has folded the branches that choose buffers.
        _n("triton-tle-lower-buffer-choices", only_if="ttg.local_alloc"),
        # Buffers of stores are made by stock's lowering of TMA.
        *([_o(DEFERRAL, only_if=DESCRIPTORS)] if DEFERRAL not in dict(settings.reserves) else []),
        # Last: canonicalization would merge the steps of an exchange into one that takes shared memory.
        _o("triton-tle-coalesce-atomics", only_if="tt.atomic_rmw"),
        _o("triton-tle-find-ordered-partitions", only_if=PARTITIONS),
        _o("triton-tle-mark-copy-eviction", only_if="evictionPolicy"),
        # Other passes know mbarriers as ops, not as assembly.
        _n("triton-tle-per-thread-barriers", only_if=PARTITIONS),
    )


def _partitions(settings: Settings) -> tuple[Pass, ...]:
    measured = dict(settings.reserves)

    def reserve(flag: str) -> dict[str, int]:
        return {"shared_memory_reserve": measured[flag]} if flag in measured else {}

    return (
        _o(
            DIVISION,
            only_if=MARKED_LOOP,
            compute_capability=settings.capability,
            num_ctas=settings.num_ctas,
            num_warps=settings.num_warps,
            num_stages=settings.num_stages,
            shared_memory=shared_memory(settings.capability),
            **reserve(DIVISION),
        ),
        _o("triton-tle-lazy-rescaling", only_if=PARTITIONS),
        _o(
            SEPARATION,
            only_if=PARTITIONS,
            num_warps=settings.num_warps,
            shared_memory=shared_memory(settings.capability),
            **reserve(SEPARATION),
        ),
    )


def _tle_loops(settings: Settings) -> tuple[Pass, ...]:
    """Stock's; on Hopper, where two loops become one, with a pass that stock runs from sm_100 on.

    The sum of the inner loop then begins anew inside of a loop. Its first product does not add, instead of adding to
    registers that were set to zero. Sums that begin in front of a loop are left as they are.
    """
    passes = _loops(settings)
    if settings.capability // 10 != 9:
        return passes
    begin = next(index for index, entry in enumerate(passes) if entry.flag == "triton-licm") + 1
    accumulators = _s("tritongpu-optimize-accumulator-init")
    accumulators = dataclasses.replace(accumulators, only_if=FLATTENED_LOOP, optional=True)
    return (*passes[:begin], accumulators, *passes[begin:])


def _dot_waits() -> tuple[Pass, ...]:
    return _o("triton-tle-relax-wgmma-waits", only_if="tt.dot"), _o("triton-tle-sink-dot-waits", only_if="tt.dot")


def _lower_wgmma_operands() -> tuple[Pass, ...]:
    return _n("triton-tle-lower-wgmma-views"), _n("triton-tle-lower-operand-fences"), _n("triton-tle-verify-lowered")


def _tle_llir(settings: Settings) -> tuple[Pass, ...]:
    return (
        *_to_llvm_dialect(settings),
        # Stock does so at the end. The native library does not know the dialects of a profiler.
        *([_LOWER_RECORDS] if settings.instrumented else []),
        _o("triton-tle-remove-ordered-barriers", only_if="tle.ordered"),
        _o("triton-tle-apply-copy-eviction", only_if=COPY_MARKS),
        _n("triton-tle-fold-shared-address-casts", only_if="builtin.unrealized_conversion_cast"),
        _o("triton-tle-split-load-barriers", only_if="ttng.async_tma_copy_global_to_local"),
        _o("triton-tle-localize-wgmma-descriptors", only_if="ttng.warp_group_dot"),
        _n("triton-tle-split-wgmma-descriptors", only_if="ttng.warp_group_dot"),
        _o("triton-tle-accumulator-before-fence", only_if="ttng.warp_group_dot"),
        _n("triton-tle-guard-wgmma-accumulators", only_if="ttng.warp_group_dot"),
        *_finish_llvm_dialect(settings, crossed=True),
    )
