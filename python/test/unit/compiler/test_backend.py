"""TLE inside Triton's backend: which kernels it touches, caches, hooks, dumps."""

import re
import types

import pytest
import triton
import triton_tle.compiler
from compiler_kernels import KERNELS, Compilation, add, marked, source
from stand_in import StandIn, diagnostic, use_library
from triton import knobs
from triton.backends.compiler import GPUTarget
from triton.backends.nvidia.compiler import CUDABackend
from triton.runtime import driver, jit
from triton_tle.compiler import NativeLibraryError, TLECompilationError, environment, stock

PLAIN = ["add", "softmax", "matmul", "attention"]
HOPPER = GPUTarget("cuda", 90, 32)


def ptx_of_stock(monkeypatch, name, arch):
    with monkeypatch.context() as patch:
        patch.setenv("TRITON_TLE", "0")
        return Compilation(name, arch).run("ttir", "ttgir", "llir", "ptx")


@pytest.mark.parametrize("arch", [80, 90, 100])
@pytest.mark.parametrize("name", PLAIN)
def test_kernels_without_tle_are_left_to_stock(tle, monkeypatch, name, arch):
    mine = Compilation(name, arch).run("ttir", "ttgir", "llir", "ptx")
    assert mine == ptx_of_stock(monkeypatch, name, arch)
    assert tle.calls == []


@pytest.mark.parametrize("arch", [80, 90, 100])
@pytest.mark.parametrize("name", PLAIN)
def test_crossing_between_engines_changes_nothing(tle, monkeypatch, name, arch):
    monkeypatch.setenv("TRITON_TLE", "1")
    mine = Compilation(name, arch).run("ttir", "ttgir", "llir", "ptx")
    assert tle.calls, "the native engine was not used"
    assert mine == ptx_of_stock(monkeypatch, name, arch)


def test_launch_metadata_is_stock_s(tle, monkeypatch):
    reference = Compilation("matmul", 90)
    monkeypatch.setenv("TRITON_TLE", "1")
    mine = Compilation("matmul", 90)
    for compilation in (reference, mine):
        compilation.run("ttir", "ttgir", "llir", "ptx")
    assert mine.metadata == reference.metadata


def test_a_kernel_that_uses_tle_goes_through_the_native_engine(tle, monkeypatch):
    mine = Compilation("marked", 90).run("ttir", "ttgir", "llir", "ptx")
    assert any("triton-tle-raise-frontend" in call for call in tle.calls)
    assert mine == ptx_of_stock(monkeypatch, "marked", 90)


def test_off_means_off(tle, monkeypatch):
    monkeypatch.setenv("TRITON_TLE", "0")
    Compilation("marked", 90).run("ttir", "ttgir", "llir")
    assert tle.calls == []


def test_other_values_of_the_variable_are_refused(tle, monkeypatch):
    monkeypatch.setenv("TRITON_TLE", "yes")
    with pytest.raises(ValueError, match="TRITON_TLE: got 'yes', expected 0 .* 1 .* or unset"):
        Compilation("add", 90)


def test_maxnreg_reaches_the_kernel(tle):
    assert ".maxnreg 64" in Compilation("marked", 90, maxnreg=64).run("ttir", "ttgir", "llir", "ptx")


def test_llvm_dialect_crosses_only_where_needed(tle, monkeypatch):
    monkeypatch.setenv("TRITON_TLE", "1")
    Compilation("add", 90).run("ttir", "ttgir", "llir")
    assert not any("accumulator" in call for call in tle.calls)
    Compilation("matmul", 90).run("ttir", "ttgir", "llir")
    last = (
        "localize-wgmma-descriptors",
        "split-wgmma-descriptors",
        "accumulator-before-fence",
        "guard-wgmma-accumulators",
    )
    assert tle.calls[-1] == ",".join(f"triton-tle-{name}" for name in last)


def test_a_missing_native_pass_is_an_error(tle, monkeypatch):
    flags = [flag for flag in tle.flags if flag != "triton-tle-lower-wgmma-views"]
    use_library(monkeypatch, StandIn(flags=flags))
    with pytest.raises(NativeLibraryError, match="has no pass triton-tle-lower-wgmma-views"):
        Compilation("marked", 90).run("ttir", "ttgir")


def test_a_refused_kernel_shows_the_user_s_line(tle, monkeypatch):
    fails = diagnostic("error", "'ttg.local_alloc' op needs 300 KB", __file__, 1, 4, [diagnostic("note", "of 227 KB")])
    use_library(monkeypatch, StandIn(fails=fails))
    with pytest.raises(TLECompilationError) as caught:
        Compilation("marked", 90).run("ttir", "ttgir")
    first_line = '"""TLE inside Triton\'s backend: which kernels it touches, caches, hooks, dumps."""'
    assert str(caught.value).splitlines() == [
        f"at {__file__}:1:4:",
        first_line,
        "    ^",
        "'ttg.local_alloc' op needs 300 KB",
        "note: of 227 KB",
    ]
    assert isinstance(caught.value, triton.compiler.errors.CompilationError)


def test_warnings_of_native_passes_are_python_warnings(tle, monkeypatch):
    use_library(monkeypatch, StandIn(says=[diagnostic("warning", "slow", __file__, 7)]))
    with pytest.warns(UserWarning, match="slow") as seen:
        Compilation("marked", 90).run("ttir", "ttgir")
    assert (seen[0].filename, seen[0].lineno) == (__file__, 7)


# Caches.


class Compiles:
    """Counts what Triton compiles and what it finds on disk."""

    def __init__(self):
        self.hits = []

    def __call__(self, *, cache_hit, **ignored):
        self.hits.append(cache_hit)


@pytest.fixture
def compiles():
    with knobs.compilation.scope():
        knobs.compilation.listener = Compiles()
        yield knobs.compilation.listener


def test_disk_cache_tells_modes_and_builds_apart(tle, monkeypatch, compiles):
    def compile_add():
        triton.compile(source("add"), target=HOPPER)
        return compiles.hits[-1]

    assert not compile_add()
    assert compile_add()
    monkeypatch.setenv("TRITON_TLE", "1")
    assert not compile_add()
    monkeypatch.setenv("TRITON_TLE", "0")
    assert not compile_add()
    assert compile_add()
    monkeypatch.delenv("TRITON_TLE")
    assert compile_add()
    use_library(monkeypatch, StandIn(digest="another build"))
    assert not compile_add()


def test_with_tle_off_the_cache_is_stock_s(tle, monkeypatch, compiles):
    monkeypatch.setenv("TRITON_TLE", "0")
    triton.compile(source("add"), target=HOPPER)
    triton_tle.compiler.uninstall()
    triton.compile(source("add"), target=HOPPER)
    assert compiles.hits == [False, True]


class NoGpu:
    """A driver for an absent H100: enough for ``warmup``."""

    get_current_target = staticmethod(lambda: HOPPER)
    get_current_device = staticmethod(lambda: 0)
    get_current_stream = staticmethod(lambda device: 0)


def test_memory_cache_tells_modes_and_builds_apart(tle, monkeypatch, compiles):
    monkeypatch.setattr(driver, "_active", NoGpu())
    kernel = triton.jit(add.fn)

    pytest.importorskip("torch")
    from torch import float32

    def launch():
        tensors = [triton.runtime.jit.MockTensor(float32)] * 3
        kernel.warmup(*tensors, 1000, BLOCK=1024, grid=(1,))
        return len(compiles.hits)

    assert launch() == 1
    assert launch() == 1
    monkeypatch.setenv("TRITON_TLE", "1")
    assert launch() == 2
    monkeypatch.delenv("TRITON_TLE")
    assert launch() == 2
    use_library(monkeypatch, StandIn(digest="another build"))
    assert launch() == 3


def test_skipped_passes_do_not_run_and_have_caches_of_their_own(tle, monkeypatch):
    whole = environment.cache_suffix()
    monkeypatch.setenv("TRITON_TLE_SKIP", "triton-tle-select-encodings, tritongpu-optimize-dot-operands,")
    part = environment.cache_suffix()
    assert part != whole
    assert part in CUDABackend(HOPPER).hash()
    Compilation("marked", 90).run("ttir", "ttgir")
    ran = ",".join(tle.calls)
    assert "triton-tle-raise-frontend" in ran
    assert "select-encodings" not in ran and "dot-operands" not in ran
    monkeypatch.setenv("TRITON_TLE_SKIP", "tritongpu-optimize-dot-operands,triton-tle-select-encodings")
    assert environment.cache_suffix() == part
    monkeypatch.setenv("TRITON_TLE_SKIP", "")
    assert environment.cache_suffix() == whole
    monkeypatch.setenv("TRITON_TLE", "0")
    assert environment.cache_suffix() == ""


@pytest.mark.parametrize("flag", ["triton-tle-raise-frontend", "nonsense"])
def test_skipping_a_pass_that_is_not_optional_is_refused(tle, monkeypatch, flag):
    monkeypatch.setenv("TRITON_TLE_SKIP", flag)
    with pytest.raises(ValueError, match=f"TRITON_TLE_SKIP: got '{flag}', no .*; passes that can be left out: triton"):
        Compilation("marked", 90).run("ttir", "ttgir")


def test_digest_covers_library_and_sources(tle, monkeypatch):
    first = environment.digest()
    assert re.fullmatch("[0-9a-f]{32}", first)
    use_library(monkeypatch, StandIn(digest="another build"))
    assert environment.digest() != first


# Remarks.

FLAG = "triton-tle-promote-local-store-staging"


def said(capfd):
    return [line for line in capfd.readouterr().err.splitlines() if "remark:" in line]


@pytest.mark.parametrize("value, filter", [("1", "."), ("staging|operands", "staging|operands")])
def test_remarks_are_shown_once_a_compilation(tle, monkeypatch, capfd, value, filter):
    tle.says = [diagnostic("remark", "it stays", "user.py", 7, 3, pass_flag=FLAG)] * 2
    monkeypatch.setenv("TRITON_TLE_REMARKS", value)
    Compilation("marked", 90).run("ttir", "ttgir", "llir")
    assert said(capfd) == [f"user.py:7: remark: [{FLAG}] it stays"]
    assert set(tle.remarks) == {filter}
    Compilation("marked", 90).run("ttir", "ttgir")
    assert len(said(capfd)) == 1


@pytest.mark.parametrize("value", [None, "", "0"])
def test_remarks_are_not_made_unless_asked_for(tle, monkeypatch, capfd, value):
    tle.says = [diagnostic("remark", "it stays", "user.py", 7, 3, pass_flag=FLAG)]
    if value is not None:
        monkeypatch.setenv("TRITON_TLE_REMARKS", value)
    Compilation("marked", 90).run("ttir", "ttgir", "llir")
    assert said(capfd) == []
    assert set(tle.remarks) == {""}


@pytest.mark.parametrize(
    "value, reason",
    [("a(", "missing"), ("(?i)tile", r"'\(\?' is not known to POSIX"), (r"\w+-dot", r"'\\w' is not known to POSIX")],
)
def test_remarks_take_a_regular_expression(tle, monkeypatch, value, reason):
    monkeypatch.setenv("TRITON_TLE_REMARKS", value)
    expected = rf"TRITON_TLE_REMARKS: got '{re.escape(value)}', expected 1 or a regular expression: {reason}"
    with pytest.raises(ValueError, match=expected):
        Compilation("marked", 90)


# Installation.


def test_install_twice_wraps_once_and_uninstall_restores(tle):
    triton_tle.compiler.uninstall()
    before = CUDABackend.add_stages, CUDABackend.hash, jit.compute_cache_key
    triton_tle.compiler.install()
    wrapped = CUDABackend.add_stages, CUDABackend.hash, jit.compute_cache_key
    triton_tle.compiler.install()
    assert (CUDABackend.add_stages, CUDABackend.hash, jit.compute_cache_key) == wrapped
    assert all(mine is not stock for mine, stock in zip(wrapped, before, strict=True))
    triton_tle.compiler.uninstall()
    triton_tle.compiler.uninstall()
    assert (CUDABackend.add_stages, CUDABackend.hash, jit.compute_cache_key) == before
    triton_tle.compiler.install()


def test_a_hook_set_after_installation_runs_and_tle_too(tle):
    seen = []

    def hook(backend, stages, options, language, capability):
        seen.append(capability)
        ttir = stages["ttir"]
        stages["ttir"] = lambda module, metadata: seen.append("ttir") or ttir(module, metadata)

    with knobs.runtime.scope():
        knobs.runtime.add_stages_inspection_hook = hook
        Compilation("marked", 90).run("ttir", "ttgir")
    assert seen == [90, "ttir"]
    assert tle.calls


# Dumps.


def dumped(text):
    return re.findall(r"^// -----// IR Dump Before \S+ \(([\w-]+)\)", text, re.MULTILINE)


def test_dump_shows_native_passes_in_stock_s_style(tle, monkeypatch, capfd):
    monkeypatch.setenv("MLIR_ENABLE_DUMP", "1")
    Compilation("marked", 90).run("ttir", "ttgir")
    err = capfd.readouterr().err
    shown = dumped(err)
    assert shown.index("triton-tle-raise-frontend") < shown.index("convert-triton-to-tritongpu")
    assert shown.index("convert-triton-to-tritongpu") < shown.index("tritongpu-coalesce")
    assert "// -----// IR Dump Before TritonTleRaiseFrontend (triton-tle-raise-frontend) ('builtin.module' op" in err


@pytest.mark.parametrize("name, expected", [("marked", True), ("mark", False), ("0", False)])
def test_dump_of_one_kernel_by_name(tle, monkeypatch, capfd, name, expected):
    monkeypatch.setenv("MLIR_ENABLE_DUMP", name)
    Compilation("marked", 90).run("ttir", "ttgir")
    assert ("triton-tle-raise-frontend" in dumped(capfd.readouterr().err)) == expected


def test_kernel_dump_keeps_stage_files_and_adds_groups(tle, fresh_cache):
    with knobs.compilation.scope():
        knobs.compilation.dump_ir = True
        triton.compile(source("marked"), target=HOPPER)
    files = {path.name: path for path in (fresh_cache / "dump").rglob("*.*")}
    assert {"marked.ttir", "marked.ttgir", "marked.llir", "marked.ptx", "marked.cubin"} <= set(files)
    groups = sorted(name for name in files if name.startswith("marked.ttgir."))
    assert groups == [
        "marked.ttgir.01-native.mlir",
        "marked.ttgir.02-stock.mlir",
        "marked.ttgir.03-native.mlir",
        "marked.ttgir.04-stock.mlir",
    ]
    text = files["marked.ttgir.02-stock.mlir"].read_text()
    assert text.startswith("// tritongpu-coalesce,tritongpu-F32DotTC{emu-tf32=true},")
    assert "tt.func public @marked" in text


# What is recognized as TLE.


class Printed:
    def __init__(self, text):
        self.str_nodebug = lambda: text


@pytest.mark.parametrize(
    "text, expected",
    [
        ('tt.func private @tle.x.0(i32) attributes {noinline = false, tle.op = "x"}', True),
        ("%0 = ttg.local_alloc : () -> !ttg.memdesc<64xbf16, #shared, #smem>", True),
        ("scf.for {tle.tile_style_pipeline = 1 : i32}", True),
        ("ttng.async_tma_copy_global_to_local %a", True),
        ("tt.call @tle.helper__i32(%a)", False),
        ('tt.assert %c, "use tle.load or ttg.memdesc here"', False),
        ('tt.assert %c, "quoted \\" then tle.load"', False),
        ("%tle.x = arith.constant 0", False),
        ("%0 = arith.addi %a, %b : i32", False),
    ],
)
def test_what_counts_as_tle(text, expected):
    assert triton_tle.compiler.stages.uses_tle(Printed(text)) == expected


def test_interface_is_complete():
    assert isinstance(triton_tle.compiler.pipeline, types.FunctionType)
    assert marked.fn.__name__ in KERNELS


# Other ways into the backend.


def test_a_kernel_may_start_as_ttgir(tle, tmp_path):
    first = Compilation("marked", 90)
    path = tmp_path / "marked.ttgir"
    path.write_text(str(first.run("ttir", "ttgir")))
    expected = first.run("llir", "ptx")
    tle.calls.clear()
    kernel = triton.compile(str(path), target=HOPPER)
    assert kernel.asm["ptx"] == expected
    assert "tle_ptxas" in kernel.metadata._fields


def test_instrumentation_adds_its_passes(tle, monkeypatch):
    points = []

    class Instrumentation:
        def patch(self, point, manager, context):
            points.append(point)
            stock.lookup("canonicalize").add_to(manager, {})

        def load_dialects(self, context):
            points.append("dialects")

    monkeypatch.setattr(CUDABackend, "instrumentation", Instrumentation())
    Compilation("marked", 90).run("ttir", "ttgir", "llir")
    assert points == ["dialects", "ttgpuir_to_llvmir", "llvmir_to_llvm"]


def test_debug_information_of_variables(tle, monkeypatch):
    with knobs.compilation.scope():
        knobs.compilation.dump_ir_extract_di_local_variables = True
        mine = Compilation("marked", 90).run("ttir", "ttgir", "llir")
        assert "DILocalVariable" in mine
        monkeypatch.setenv("TRITON_TLE", "0")
        assert mine == Compilation("marked", 90).run("ttir", "ttgir", "llir")
