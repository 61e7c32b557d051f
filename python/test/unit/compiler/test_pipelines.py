"""The pipelines as data: stock's list is Triton's, and TLE's holds what it should where it should."""

import itertools
import types

import pytest
from compiler_kernels import Compilation
from triton import knobs
from triton.backends.nvidia import compiler as stock_backend
from triton.backends.nvidia.compiler import CUDABackend
from triton_tle.compiler import pipeline, stages
from triton_tle.compiler.pipelines import (
    INSTRUMENTATION,
    NATIVE,
    STOCK,
    Pass,
    Settings,
    Stage,
    build,
    optional_flags,
    parse_arch,
)
from triton_tle.compiler.runner import run_stage
from triton_tle.compiler.stock import REGISTRY


class Done(Exception):
    """Ends a stock function once its pass managers have run."""


class Recorder:
    """Stands in for libtriton in a stock function and notes the passes it adds, by pass manager."""

    def __init__(self, dump):
        self.runs = []
        manager = types.SimpleNamespace(enable_debug=lambda: dump, run=lambda module, name: None)
        self.ir = types.SimpleNamespace(pass_manager=lambda context: self._begin(manager))
        self.passes, self.nvidia = Namespace(self, "passes"), Namespace(self, "nvidia")
        self.llvm = types.SimpleNamespace(init_targets=self._stop)

    def _begin(self, manager):
        self.runs.append([])
        return manager

    def _stop(self):
        raise Done

    def patch(self, name, manager, context):
        self.runs[-1].append((INSTRUMENTATION, {"name": name}))


class Namespace:
    def __init__(self, recorder, path):
        self._recorder, self._path = recorder, path

    def __getattr__(self, name):
        return Namespace(self._recorder, f"{self._path}.{name}")

    def __call__(self, manager, *values):
        (entry,) = [entry for entry in REGISTRY.values() if entry.binding == self._path]
        options = dict(zip((option.name for option in entry.options), values, strict=True))
        self._recorder.runs[-1].append((entry.flag, options))


def recorded(stage, capability, options, dump, instrumented):
    """What stock's own function for ``stage`` adds to its pass managers."""
    recorder = Recorder(dump)
    function = stages.rebind(
        getattr(CUDABackend, f"make_{stage}"),
        ir=recorder.ir,
        passes=recorder.passes,
        nvidia=recorder.nvidia,
        llvm=recorder.llvm,
        CUDABackend=types.SimpleNamespace(instrumentation=recorder if instrumented else None),
    )
    module = types.SimpleNamespace(context=None, get_tensordesc_metadata=list)
    arguments = (module, {}, options, capability)
    try:
        if stage == "llir":
            function(types.SimpleNamespace(target=types.SimpleNamespace(arch=capability)), *arguments)
        else:
            function(*arguments)
    except Done:
        pass
    return recorder.runs


@pytest.mark.parametrize("capability", [75, 80, 86, 89, 90, 100, 103, 120])
@pytest.mark.parametrize("stage", ["ttir", "ttgir", "llir"])
@pytest.mark.parametrize("dump, instrumented, consan", [(False, False, ""), (True, True, "consan")])
@pytest.mark.parametrize("line_info, variable_info", list(itertools.product([True, False], repeat=2)))
def test_stock_lists_are_triton_s(capability, stage, dump, instrumented, consan, line_info, variable_info):
    options = types.SimpleNamespace(maxnreg=None, num_warps=8, num_ctas=2, num_stages=5, ptx_version=86)
    with knobs.compilation.scope():
        knobs.compilation.instrumentation_mode = consan
        knobs.compilation.disable_line_info = not line_info
        knobs.compilation.dump_ir_extract_di_local_variables = variable_info
        expected = recorded(stage, capability, options, dump, instrumented)
    settings = Settings(
        capability=capability,
        num_warps=8,
        num_ctas=2,
        num_stages=5,
        ptx_version=86,
        dump=dump,
        line_info=line_info,
        variable_info=variable_info,
        concurrency_sanitizer=consan == "consan",
        instrumented=instrumented,
    )
    groups = build(settings, "stock").stage(stage).groups()
    assert [[(entry.flag, dict(entry.options)) for entry in group.passes] for group in groups] == expected


@pytest.mark.parametrize("name", ["add", "softmax", "matmul", "attention"])
@pytest.mark.parametrize("arch", [80, 90, 100, 120])
def test_running_the_stock_data_gives_stock_s_bytes(name, arch):
    reference = Compilation(name, arch)
    mine = Compilation(name, arch)
    ptx_version = stock_backend.get_ptx_version_from_options(mine.options, arch)
    chosen = build(Settings(capability=arch, ptx_version=ptx_version), "stock")
    for stage in ("ttir", "ttgir"):
        mine.module = run_stage(mine.module, chosen.stage(stage), f"make_{stage}")
        assert str(mine.module) == str(reference.run(stage)), stage
    module = run_stage(mine.module, chosen.stage("llir"), "make_llir")
    mine.module = stages._EMIT_LLVM_IR(mine.backend, module, mine.metadata, mine.options, arch)
    assert mine.module == reference.run("llir")
    assert mine.run("ptx") == reference.run("ptx")
    reference.metadata.pop("tensordesc_meta")
    assert mine.metadata == reference.metadata


def test_table_lists_every_pass_once_with_stage_and_engine():
    chosen = pipeline(arch="sm_90a")
    lines = str(chosen).splitlines()
    assert lines[0] == "tle pipeline for sm_90a"
    passes = [entry for stage in chosen.stages for entry in stage.passes]
    numbered = [line.split() for line in lines if line[:5].strip().isdigit()]
    assert [int(words[0]) for words in numbered] == list(range(1, len(passes) + 1))
    engine = None
    for words, entry in zip(numbered, passes, strict=True):
        if words[1] in (STOCK, NATIVE):
            engine = words.pop(1)
        assert engine == entry.engine
        assert " ".join(words[1:]).startswith(str(entry))
    assert [line for line in lines if line in ("ttir", "ttgir", "llir")] == ["ttir", "ttgir", "llir"]


def test_tle_list_is_stock_s_with_native_passes():
    mine, theirs = pipeline(arch=90), pipeline(arch=90, mode="stock")
    replaced = {
        "convert-triton-to-tritongpu",
        "tritongpu-optimize-dot-operands",
        "triton-nvidia-gpu-fence-insertion",
    }
    for stage in ("ttir", "ttgir", "llir"):
        kept = [entry for entry in mine.stage(stage).passes if entry.engine == STOCK]
        left_out = list(theirs.stage(stage).passes)
        for entry in kept:
            if entry.flag != "tritongpu-optimize-accumulator-init":  # stock's from sm_100 on
                left_out.remove(entry)
        assert {entry.flag for entry in left_out} <= replaced
        natives = {entry.flag for entry in mine.stage(stage).passes if entry.engine == NATIVE}
        assert {entry.flag for entry in left_out} <= natives


def test_a_pipeline_crosses_seldom():
    chosen = pipeline(arch="sm_90a")
    assert [len(list(stage.groups("ttng.warp_group_dot tt.dot"))) for stage in chosen.stages] == [1, 10, 3]
    assert [len(list(stage.groups("no product"))) for stage in chosen.stages] == [1, 4, 1]


def test_groups_leave_out_what_the_module_does_not_need():
    stage = Stage("s", (Pass(STOCK, "a"), Pass(NATIVE, "b", only_if="xyz"), Pass(STOCK, "c")))
    assert [str(group) for group in stage.groups("nothing")] == ["a,c"]
    assert [str(group) for group in stage.groups("an xyz")] == ["a", "b", "c"]
    assert [str(group) for group in stage.groups()] == ["a", "b", "c"]


def without(*flags):
    return {stage.name: stage.passes for stage in pipeline(arch=90, skip=flags).stages}


@pytest.mark.parametrize("flag", optional_flags())
def test_an_optional_pass_can_be_left_out_and_nothing_else_changes(flag):
    whole, rest = without(), without(flag)
    for stage, passes in whole.items():
        assert list(rest[stage]) == [entry for entry in passes if not (entry.optional and entry.flag == flag)]
    assert any(rest[stage] != whole[stage] for stage in whole), "the flag names a pass for this target"


def test_stock_s_dot_operand_pass_runs_where_stock_has_it():
    """Without it stock's pipeliner gives a product under a condition a slot that is filled again before it reads."""
    passes = [entry for entry in without()["ttgir"] if "dot-operands" in entry.flag]
    assert [entry.engine for entry in passes] == [NATIVE, STOCK, STOCK]
    passes = [entry for entry in without("tritongpu-optimize-dot-operands")["ttgir"] if "dot-operands" in entry.flag]
    assert [entry.engine for entry in passes] == [STOCK, STOCK]


def test_lowerings_are_not_optional():
    flags = {entry.flag for passes in without(*optional_flags()).values() for entry in passes if entry.engine == NATIVE}
    assert {"triton-tle-raise-frontend", "triton-tle-lower-local-pointers", "triton-tle-lower-wgmma-views"} <= flags
    assert "triton-tle-insert-local-pointer-barriers" in flags
    assert not flags & set(optional_flags())


@pytest.mark.parametrize(
    "flag, rule",
    [
        ("triton-tle-raise-frontend", "no kernel compiles without this pass"),
        ("tritongpu-coalesce", "no kernel compiles without this pass"),
        ("triton-tle-unknown", "no pass of TLE has this flag"),
    ],
)
def test_other_passes_cannot_be_left_out(flag, rule):
    with pytest.raises(ValueError, match=f"skip: got '{flag}', {rule}; passes .*: .*{optional_flags()[-1]}"):
        pipeline(skip=(optional_flags()[0], flag))


def test_passes_print_as_mlir_writes_them():
    assert str(Pass(NATIVE, "p", (("n", 3), ("b", True), ("t", "cuda:90")))) == "p{n=3 b=true t=cuda:90}"


@pytest.mark.parametrize("text, capability", [("sm_90a", 90), ("sm_120", 120), ("sm90", 90), (80, 80)])
def test_parse_arch(text, capability):
    assert parse_arch(text) == capability


@pytest.mark.parametrize("text", ["hopper", "sm_9", "sm_70", "90b", ""])
def test_parse_arch_refuses(text):
    with pytest.raises(ValueError, match=f"arch: got '{text}', expected"):
        parse_arch(text)


def test_unknown_mode_and_stage():
    with pytest.raises(ValueError, match="mode: got 'fast'"):
        pipeline(mode="fast")
    with pytest.raises(KeyError, match="no stage 'ptx'"):
        pipeline().stage("ptx")
