"""Passes of the stock engine: Triton's own flag names, mapped to the bindings of ``triton._C.libtriton``.

libtriton offers each pass as an ``add_*`` function on a pass manager and hides the name that the pass
has on ``triton-opt``'s command line. This registry gives every one of them its flag back, with the
options that the binding takes, so that a pipeline can be written down, printed and compared as data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

OptionValue = int | bool | str


@dataclass(frozen=True)
class Option:
    """One option of a pass: its name on the command line, its type (int, bool or str) and its default."""

    name: str
    type: type
    default: OptionValue
    summary: str = ""

    def parse(self, text: str) -> OptionValue:
        """Turn the text after ``name=`` into a value; raises ValueError that names the option and the rule."""
        if self.type is bool:
            lowered = text.lower()
            if lowered in ("true", "1"):
                return True
            if lowered in ("false", "0"):
                return False
            raise ValueError(f"option '{self.name}' takes true or false, got '{text}'")
        if self.type is int:
            try:
                return int(text, 0)
            except ValueError:
                raise ValueError(f"option '{self.name}' takes an integer, got '{text}'") from None
        return text


@dataclass(frozen=True)
class StockPass:
    """A pass of libtriton: ``binding`` is the dotted path below libtriton, ``options`` in the binding's order."""

    flag: str
    binding: str
    summary: str
    options: tuple[Option, ...] = ()

    def adder(self) -> Callable[..., None]:
        """The function of libtriton that adds this pass to a pass manager."""
        from triton._C import libtriton

        target: Any = libtriton
        for part in self.binding.split("."):
            target = getattr(target, part)
        return target

    def add_to(self, pass_manager: Any, options: Mapping[str, OptionValue]) -> None:
        """Append this pass to ``pass_manager``; options that are not given take their defaults."""
        self.check(options)
        self.adder()(pass_manager, *(options.get(option.name, option.default) for option in self.options))

    def check(self, options: Mapping[str, OptionValue]) -> None:
        """Raise ValueError for an option that the pass lacks, TypeError for a value of another type."""
        known = {option.name: option for option in self.options}
        for name, value in options.items():
            if name not in known:
                takes = ", ".join(known) or "none"
                raise ValueError(f"pass '{self.flag}' has no option '{name}'; it takes: {takes}")
            if type(value) is not known[name].type:
                raise TypeError(
                    f"option '{name}' of pass '{self.flag}' takes {known[name].type.__name__}, got {value!r}"
                )


def _capability(default: int) -> Option:
    return Option("compute-capability", int, default, "device compute capability, 90 for sm_90a")


_PTX_VERSION = Option("ptx-version", int, 80, "PTX ISA version times ten")
_NUM_STAGES = Option("num-stages", int, 3, "number of pipeline stages")
_DUMP = Option("dump-intermediate-steps", bool, False, "print the module after each step")

_PASSES = (
    # MLIR's own.
    StockPass("canonicalize", "passes.common.add_canonicalizer", "fold and canonicalize, no region simplification"),
    StockPass("cse", "passes.common.add_cse", "merge common subexpressions"),
    StockPass("inline", "passes.common.add_inliner", "inline function calls"),
    StockPass("loop-invariant-code-motion", "passes.common.add_licm", "hoist loop-invariant ops"),
    StockPass("sccp", "passes.common.add_sccp", "propagate constants through control flow"),
    StockPass("symbol-dce", "passes.common.add_symbol_dce", "erase unreferenced private symbols"),
    # Conversions of MLIR.
    StockPass("convert-arith-to-llvm", "passes.convert.add_arith_to_llvmir", "arith to LLVM dialect"),
    StockPass("convert-cf-to-llvm", "passes.convert.add_cf_to_llvmir", "cf to LLVM dialect"),
    StockPass("convert-index-to-llvm", "passes.convert.add_index_to_llvmir", "index to LLVM dialect"),
    StockPass("convert-nvvm-to-llvm", "passes.convert.add_nvvm_to_llvm", "nvvm ops to intrinsics or inline PTX"),
    StockPass("convert-scf-to-cf", "passes.convert.add_scf_to_cf", "structured control flow to branches"),
    # Gluon.
    StockPass("gluon-canonicalize", "passes.gluon.add_canonicalizer", "the canonical patterns that Gluon allows"),
    StockPass(
        "gluon-infer-coalesced-encodings", "passes.gluon.add_infer_coalesced_encodings", "settle coalesced layouts"
    ),
    StockPass("gluon-inline", "passes.gluon.add_inliner", "inline with Gluon's simplifications"),
    StockPass("gluon-resolve-auto-encodings", "passes.gluon.add_resolve_auto_encodings", "settle auto layouts"),
    # LLVM dialect.
    StockPass("enable-line-info", "passes.llvmir.add_di_scope", "debug scopes for line information"),
    StockPass("extract-variable-info", "passes.llvmir.add_di_local_variable", "debug records for source variables"),
    # TTIR.
    StockPass("triton-combine", "passes.ttir.add_combine", "peephole rewrites of tt ops"),
    StockPass("triton-licm", "passes.ttir.add_triton_licm", "hoist loop-invariant ops, loads included"),
    StockPass("triton-loop-aware-cse", "passes.ttir.add_loop_aware_cse", "merge equal values, loop-carried ones too"),
    StockPass("triton-loop-unroll", "passes.ttir.add_loop_unroll", "unroll loops with tt.loop_unroll_factor"),
    StockPass("triton-reorder-broadcast", "passes.ttir.add_reorder_broadcast", "elementwise before broadcast"),
    StockPass(
        "triton-rewrite-tensor-descriptor-to-pointer",
        "passes.ttir.add_rewrite_tensor_descriptor_to_pointer",
        "tensor descriptors to pointer arithmetic",
    ),
    StockPass(
        "triton-rewrite-tensor-pointer",
        "passes.ttir.add_rewrite_tensor_pointer",
        "block pointers to pointers",
    ),
    StockPass(
        "convert-triton-to-tritongpu",
        "passes.ttir.add_convert_to_ttgpuir",
        "give every tensor a layout",
        (
            Option("target", str, "", "such as cuda:90"),
            Option("num-warps", int, 4, "warps in a CTA"),
            Option("threads-per-warp", int, 32, "threads in a warp"),
            Option("num-ctas", int, 1, "CTAs in a cluster"),
        ),
    ),
    # TTGIR.
    StockPass("tritongpu-coalesce", "passes.ttgpuir.add_coalesce", "layouts for coalesced global memory access"),
    StockPass(
        "tritongpu-F32DotTC",
        "passes.ttgpuir.add_f32_dot_tc",
        "split fp32 dots into tensor-core dots",
        (Option("emu-tf32", bool, False, "emulate the tf32xN precisions"),),
    ),
    StockPass(
        "tritongpu-remove-layout-conversions",
        "passes.ttgpuir.add_remove_layout_conversions",
        "drop or move layout conversions",
    ),
    StockPass(
        "tritongpu-optimize-thread-locality",
        "passes.ttgpuir.add_optimize_thread_locality",
        "layouts that reduce within a thread first",
    ),
    StockPass("tritongpu-accelerate-matmul", "passes.ttgpuir.add_accelerate_matmul", "dots to tensor-core layouts"),
    StockPass(
        "tritongpu-optimize-dot-operands",
        "passes.ttgpuir.add_optimize_dot_operands",
        "operands of dots in the layouts and memory that the hardware reads",
        (Option("hoist-layout-conversion", bool, True, "convert before elementwise ops on operands"),),
    ),
    StockPass("tritongpu-fuse-nested-loops", "passes.ttgpuir.add_fuse_nested_loops", "nested loops to one loop"),
    StockPass(
        "tritongpu-combine-tensor-select-and-if",
        "passes.ttgpuir.add_combine_tensor_select_and_if",
        "selects into the scf.if of the same condition",
    ),
    StockPass(
        "tritongpu-assign-latencies",
        "passes.ttgpuir.add_assign_latencies",
        "latencies of the ops to pipeline",
        (_NUM_STAGES,),
    ),
    StockPass("tritongpu-schedule-loops", "passes.ttgpuir.add_schedule_loops", "stage and cluster of each loop op"),
    StockPass(
        "tritongpu-pipeline", "passes.ttgpuir.add_pipeline", "software-pipeline scheduled loops", (_NUM_STAGES, _DUMP)
    ),
    StockPass(
        "tritongpu-automatic-warp-specialization",
        "passes.ttgpuir.add_warp_specialize",
        "split annotated loops over warp groups",
        (_NUM_STAGES,),
    ),
    StockPass(
        "tritongpu-optimize-partition-warps", "passes.ttgpuir.add_optimize_partition_warps", "fewer warps where enough"
    ),
    StockPass(
        "tritongpu-optimize-accumulator-init",
        "passes.ttgpuir.add_optimize_accumulator_init",
        "zero accumulators by flag instead of by value",
    ),
    StockPass(
        "tritongpu-hoist-tmem-alloc",
        "passes.ttgpuir.add_hoist_tmem_alloc",
        "tensor-memory allocations out of loops",
        (Option("hoist-out-of-if", bool, False, "out of scf.if as well"),),
    ),
    StockPass("tritongpu-prefetch", "passes.ttgpuir.add_prefetch", "load dot operands one slice ahead"),
    StockPass(
        "tritongpu-coalesce-async-copy", "passes.ttgpuir.add_coalesce_async_copy", "layouts legal for async copies"
    ),
    StockPass(
        "tritongpu-reduce-data-duplication",
        "passes.ttgpuir.add_reduce_data_duplication",
        "operand conversions by way of shared memory",
    ),
    StockPass(
        "tritongpu-reorder-instructions", "passes.ttgpuir.add_reorder_instructions", "shorter live ranges by reordering"
    ),
    StockPass(
        "tritongpu-allocate-warp-groups",
        "passes.ttgpuir.add_allocate_warp_groups",
        "warp ids of specialized regions",
    ),
    StockPass(
        "tritongpu-global-scratch-memory-allocation",
        "passes.ttgpuir.add_allocate_global_scratch_memory",
        "offsets in global scratch memory",
    ),
    StockPass("allocate-shared-memory", "passes.ttgpuir.add_allocate_shared_memory", "offsets in shared memory"),
    StockPass(
        "tritoninstrument-concurrency-sanitizer",
        "passes.ttgpuir.add_concurrency_sanitizer",
        "check asynchronous operations at run time",
    ),
    # NVIDIA, TTGIR.
    StockPass("triton-nvidia-gpu-plan-cta", "nvidia.passes.ttnvgpuir.add_plan_cta", "split of tiles over a cluster"),
    StockPass(
        "triton-nvidia-optimize-descriptor-encoding",
        "nvidia.passes.ttnvgpuir.add_optimize_descriptor_encoding",
        "shared layouts of tensor descriptors",
    ),
    StockPass(
        "nvgpu-warp-specialization",
        "nvidia.passes.hopper.add_hopper_warpspec",
        "warp specialization for Hopper",
        (Option("num-stages", int, 0, "number of pipeline stages"), _DUMP),
    ),
    StockPass("nvws-assign-stage-phase", "nvidia.passes.nvws.add_assign_stage_phase", "stage and phase of each aref"),
    StockPass("nvws-insert-tmem-aref", "nvidia.passes.nvws.add_insert_tmem_aref", "arefs around tensor memory"),
    StockPass("nvws-lower-aref", "nvidia.passes.nvws.add_lower_aref", "arefs to mbarriers"),
    StockPass("nvws-lower-warp-group", "nvidia.passes.nvws.add_lower_warp_group", "warp groups to ttg.warp_specialize"),
    StockPass(
        "tritongpu-promote-lhs-to-tmem", "nvidia.passes.ttnvgpuir.add_promote_lhs_to_tmem", "A operand in tensor memory"
    ),
    StockPass(
        "triton-nvidia-gpu-remove-tmem-tokens",
        "nvidia.passes.ttnvgpuir.add_remove_tmem_tokens",
        "drop tensor-memory dependency tokens",
    ),
    StockPass(
        "triton-nvidia-optimize-tmem-layouts",
        "nvidia.passes.ttnvgpuir.add_optimize_tmem_layouts",
        "register layouts of tensor-memory loads",
    ),
    StockPass("triton-nvidia-tma-lowering", "nvidia.passes.ttnvgpuir.add_tma_lowering", "descriptor ops to TMA copies"),
    StockPass(
        "triton-nvidia-interleave-tmem", "nvidia.passes.ttnvgpuir.add_interleave_tmem", "spread tensor-memory loads"
    ),
    StockPass(
        "triton-nvidia-gpu-fence-insertion",
        "nvidia.passes.ttnvgpuir.add_fence_insertion",
        "proxy fences between generic writes and WGMMA",
        (_capability(90),),
    ),
    StockPass("triton-nvidia-mma-lowering", "nvidia.passes.ttnvgpuir.add_lower_mma", "tcgen05 ops to their parts"),
    StockPass(
        "triton-nvidia-gpu-proxy-fence-insertion",
        "nvidia.passes.ttnvgpuir.add_proxy_fence_insertion",
        "proxy fences after shared-memory allocation",
        (_capability(90),),
    ),
    # NVIDIA, to the LLVM dialect.
    StockPass(
        "allocate-shared-memory-nv",
        "nvidia.passes.ttgpuir.add_allocate_shared_memory_nv",
        "offsets in shared memory, with NVIDIA's scratch sizes",
        (_capability(80), _PTX_VERSION),
    ),
    StockPass(
        "triton-tensor-memory-allocation",
        "nvidia.passes.ttnvgpuir.add_allocate_tensor_memory",
        "columns in tensor memory",
    ),
    StockPass(
        "triton-nvidia-check-matmul-two-cta",
        "nvidia.passes.ttnvgpuir.add_check_matmul_two_cta",
        "one CTA mode for all matmuls of a kernel",
    ),
    StockPass(
        "convert-triton-gpu-to-llvm",
        "nvidia.passes.ttgpuir.add_to_llvmir",
        "TTGIR to LLVM dialect",
        (_capability(80), _PTX_VERSION),
    ),
    StockPass("convert-nv-gpu-to-llvm", "nvidia.passes.ttnvgpuir.add_nvgpu_to_llvm", "nvg ops to inline PTX"),
    StockPass(
        "convert-warp-specialize-to-llvm",
        "nvidia.passes.ttnvgpuir.add_warp_specialize_to_llvm",
        "ttg.warp_specialize to branches by warp",
    ),
)

#: Every pass of the stock engine, by flag.
REGISTRY: Mapping[str, StockPass] = {entry.flag: entry for entry in _PASSES}


def lookup(flag: str) -> StockPass:
    """The stock pass named ``flag``; raises KeyError with a message when libtriton binds no such pass."""
    try:
        return REGISTRY[flag]
    except KeyError:
        raise KeyError(f"the stock engine has no pass '{flag}'") from None
