"""The compiler with the native library itself instead of a stand-in."""

import pytest
import triton
from compiler_kernels import Compilation, marked, source
from triton.backends.compiler import GPUTarget
from triton_tle import compiler
from triton_tle.compiler import TLECompilationError, bridge, pipeline, pipelines

ALL = ("ttir", "ttgir", "llir", "ptx")


@pytest.fixture
def forced(monkeypatch, fresh_cache):
    """Every kernel goes through TLE's pipeline."""
    compiler.install()
    monkeypatch.setenv("TRITON_TLE", "1")


def stock_s(monkeypatch, name, arch, *stages):
    with monkeypatch.context() as patch:
        patch.setenv("TRITON_TLE", "0")
        return Compilation(name, arch).run(*stages)


@pytest.mark.parametrize("arch", [80, 90, 100, 120])
def test_every_native_pass_of_the_pipeline_exists(arch):
    assert set(pipeline(arch).native_flags()) <= set(bridge.native_passes())


@pytest.mark.parametrize("stage", ["ttir", "ttgir"])
@pytest.mark.parametrize("name", ["add", "softmax", "matmul", "attention"])
def test_crossing_is_neutral(fresh_cache, monkeypatch, name, stage):
    """What the native engine parses and prints is, parsed again, what stock had."""
    compilation = Compilation(name, 90)
    monkeypatch.setenv("TRITON_TLE", "0")
    text = str(compilation.run(*ALL[: ALL.index(stage) + 1]))
    context = compilation.context
    assert str(bridge.parse(bridge.run_native(text, ""), context)) == str(bridge.parse(text, context))


@pytest.mark.parametrize("arch", [80, 90, 100, 120])
@pytest.mark.parametrize("name", ["add", "softmax", "matmul", "attention"])
def test_kernels_without_tle_come_out_as_stock_s(forced, monkeypatch, name, arch):
    """The fork's passes act as stock's where there is nothing of TLE, source lines of single ops aside.

    Those of the LLVM dialect are left out: they are there to change what WGMMA kernels become.
    """
    whole = pipelines._tle_llir
    monkeypatch.setattr(pipelines, "_tle_llir", lambda s: tuple(p for p in whole(s) if p.engine == pipelines.STOCK))

    def code(ptx):
        return [
            line for line in ptx.split(".section")[0].splitlines() if not line.lstrip().startswith((".loc", "$L__tmp"))
        ]

    assert code(Compilation(name, arch).run(*ALL)) == code(stock_s(monkeypatch, name, arch, *ALL))


def test_errors_are_shown_at_the_line():
    with pytest.raises(TLECompilationError) as caught:
        bridge.run_native("module {\n  tt.func @f() {\n    tt.nothing\n  }\n}\n", "", name="text")
    where, line, caret, message = str(caught.value).splitlines()
    assert (where, line, caret) == ("at text:3:4:", "    tt.nothing", "    ^")
    assert "tt.nothing" in message


def test_whole_kernel_to_machine_code(fresh_cache, monkeypatch):
    monkeypatch.delenv("TRITON_TLE", raising=False)
    compiler.install()
    kernel = triton.compile(source("marked"), target=GPUTarget("cuda", 90, 32))
    assert kernel.metadata.name == marked.fn.__name__
    assert kernel.metadata.tle_ptxas["registers"] > 0
    assert kernel.asm["cubin"][:4] == b"\x7fELF"
