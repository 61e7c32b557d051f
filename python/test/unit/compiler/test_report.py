"""The resource report and the command line."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from compiler_kernels import add, matmul
from triton_tle import cli
from triton_tle.bench import compile_time
from triton_tle.compiler import NativeLibraryError, report

FILE = str(Path(__file__).parent / "report_kernels.py")
TYPES = {"x": "*fp32", "y": "*fp32:16", "out": "*fp32", "n": "i32"}


def run(*arguments):
    """``python -m triton_tle`` with ``arguments``, in a process of its own."""
    here = Path(__file__).parent
    path = os.pathsep.join([str(here.parents[2]), str(here), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-m", "triton_tle", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )


def test_json_report_of_a_file():
    done = run("report", FILE, "--json")
    assert done.returncode == 0, done.stderr
    clean, spilling, no_dot = json.loads(done.stdout)
    assert [entry["variant"] for entry in (clean, spilling, no_dot)] == ["clean", "spilling", "no dot"]
    assert clean["clean"] and not spilling["clean"] and no_dot["clean"]
    assert clean["hgmma"] == clean["mma"]["HGMMA"] > 0 and clean["hmma"] == 0
    assert no_dot["mma"] == {} and no_dot["num_warps"] == 1 and no_dot["shared_bytes"] == 0
    assert spilling["registers"] == 255 and spilling["spill_store_bytes"] > 0 and spilling["stack_bytes"] > 0
    assert spilling["ptxas_warnings"][0].startswith("(C7511) Potential Performance Loss")
    # 3 stages of a 64x64 tile each of A and B in bf16.
    assert clean["shared_bytes"] == 3 * 2 * 64 * 64 * 2
    assert "PtxasWarning" not in done.stderr


def test_table_and_check(capsys, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    assert cli.main(["report", FILE, "--check", "--variant", "spilling"]) == 1
    out = capsys.readouterr()
    assert out.out.splitlines()[0].endswith("for sm_90a")
    assert "(C7511)" in out.out and "not clean: spilling" in out.err
    assert cli.main(["report", f"{FILE}:matmul", "--check", "--variant", "clean"]) == 0


@pytest.mark.parametrize("mode", ["0", "1", ""])
def test_every_mode_reports(tle, monkeypatch, mode):
    monkeypatch.setenv("TRITON_TLE", mode)
    measured = report.compile_variant(report.Variant("v", add, TYPES, {"BLOCK": 256}), "sm_80")
    assert measured.clean and measured.registers > 0 and measured.sass_instructions > 10
    assert measured.arch == "sm_80"


@pytest.mark.parametrize(
    "signature, constants, message",
    [
        ({"x": "*fp32"}, {"BLOCK": 64}, "variant 'v': argument 'y' has neither a type nor a value"),
        ({**TYPES, "n": "i32:8"}, {"BLOCK": 64}, "argument 'n': got ':8', expected ':16'"),
        (TYPES, {"BLOCK": 64, "STAGES": 2}, "the kernel has no argument 'STAGES'"),
    ],
)
def test_malformed_variants(signature, constants, message):
    with pytest.raises(ValueError, match=message):
        report.Variant("v", add, signature, constants).source()


def test_divisibility_becomes_an_attribute():
    source = report.Variant("v", matmul, dict.fromkeys("abck", "*bf16:16"), dict(BM=1, BN=1, BK=1)).source()
    assert source.signature["a"] == "*bf16" and source.signature["BM"] == "constexpr"
    assert source.attrs == {(index,): [["tt.divisibility", 16]] for index in range(4)}


@pytest.mark.parametrize(
    "name, message",
    [
        ("no_such_operator", "no operator 'no_such_operator'; there are: "),
        ("folder/kernel", "no operator 'folder/kernel', nor a Python file; operators are: "),
        ("missing.py", "no file 'missing.py'"),
        (__file__, "registers no kernels: it has no function variants"),
        (f"{FILE}:nothing", "registers no kernel for sm_90a"),
    ],
)
def test_unknown_names_exit_with_2(capsys, monkeypatch, name, message):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    assert cli.main(["report", name]) == 2
    assert message in capsys.readouterr().err


def test_unknown_variant_label(capsys, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    assert cli.main(["report", FILE, "--variant", "xyz"]) == 2
    assert "no label contains 'xyz'; labels are 'clean', 'spilling', 'no dot'" in capsys.readouterr().err


def test_a_variant_that_does_not_compile(tle, capsys, tmp_path):
    file = tmp_path / "kernels.py"
    file.write_text("""
import triton
import triton.language as tl

@triton.jit
def refused(x):
    tl.static_assert(False, "not for this GPU")

def variants(arch):
    yield "only", refused, {"x": "*fp32"}
""")
    assert cli.main(["report", str(file), "--arch", "sm_80"]) == 2
    said = capsys.readouterr()
    assert "triton_tle report: variant 'only' does not compile for sm_80: at 2:4:" in said.err
    assert "not for this GPU" in said.err and not said.out


def test_a_gpu_without_asynchronous_copies():
    """In a process of its own: LLVM ends it where it is asked for one."""
    done = run("report", "gemm", "--arch", "sm_75")
    assert done.returncode == 0 and "gemm for sm_75" in done.stdout, done.stderr


def test_a_file_may_define_dataclasses(tmp_path, monkeypatch):
    file = tmp_path / "has_dataclass.py"
    file.write_text("""
from __future__ import annotations
from dataclasses import dataclass

@dataclass
class Sizes:
    rows: int

def variants(arch):
    return []
""")
    module = report.load_file(str(file))
    assert module.Sizes(3).rows == 3 and "has_dataclass" not in sys.modules
    other = object()
    monkeypatch.setitem(sys.modules, "has_dataclass", other)
    file.write_text("x = 1")
    assert report.load_file(str(file)).x == 1 and sys.modules["has_dataclass"] is other


def test_a_missing_library_is_named(capsys, monkeypatch):
    def missing(*_):
        raise NativeLibraryError("triton_tle._native cannot be loaded")

    monkeypatch.setattr(report, "compile_variant", missing)
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    assert cli.main(["report", FILE]) == 2
    assert "triton_tle report: triton_tle._native cannot be loaded" in capsys.readouterr().err


def test_commands_are_listed():
    done = run("--help")
    assert done.returncode == 0
    for command in ("report", "passes", "pipeline", "info"):
        assert f"\n    {command}" in done.stdout


def test_pipeline_command(capsys):
    assert cli.main(["pipeline", "--arch", "sm_80", "--mode", "stock", "--num-stages", "5"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("stock pipeline for sm_80\n") and "tritongpu-pipeline{num-stages=5 " in out
    assert "native" not in out


def test_passes_command(tle, capsys):
    assert cli.main(["passes", "optimize-dot-operands"]) == 0
    out = capsys.readouterr().out
    assert out.count("--tritongpu-optimize-dot-operands") == 2
    assert "native engine, 1 passes" in out and "hoist-layout-conversion=true" in out


def test_info_command(tle, capsys):
    assert cli.main(["info", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["triton"] == "3.6.0" and facts["native"]["digest"] == "stand-in"
    assert facts["TRITON_TLE"] == "unset"


def test_a_closed_pipe_is_no_error():
    here = Path(__file__).parents[3]
    done = subprocess.run(
        f"'{sys.executable}' -m triton_tle passes --engine stock | head -1; exit ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(here)},
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_compile_time_is_measured_for_both(tle):
    variants = list(compile_time.plain_variants())
    assert len({variant.label for variant in variants}) == len(variants) >= 2
    result = compile_time.measure(variants[0], "sm_90a", rounds=1)
    for name in ("stock", "tle"):
        assert all(result[name][stage] > 0 for stage in compile_time.STAGES)
    assert result["ratio"] > 0
    assert f"{variants[0].label}, stock" in compile_time.table([result])


def test_a_tle_kernel_has_no_stock_time(tle, monkeypatch, capsys):
    seen = []

    def compile_once(variant, arch, mode):
        seen.append(mode)
        if mode == "0":
            raise RuntimeError("stock knows no TLE")
        return dict.fromkeys((*compile_time.STAGES, "cpu"), 1.0)

    monkeypatch.setattr(compile_time, "compile_once", compile_once)
    result = compile_time.measure(next(compile_time.plain_variants()), "sm_90a", rounds=2)
    assert "stock" not in result and "ratio" not in result and result["tle"]["cpu"] == 1.0
    assert seen == ["1", "0", "1", "1"]
    assert "no stock time, RuntimeError: stock knows no TLE" in capsys.readouterr().err


@pytest.mark.parametrize("ratios, limit, status", [
    ([1.1, 1.2], "1.2", 0), ([1.1, 1.2], "1.15", 1), ([None, 1.2], "1.2", 0), ([None, None], "9", 1), ([], "9", 1),
])  # fmt: skip
def test_limit_of_compile_time(tle, monkeypatch, capsys, ratios, limit, status):
    """A limit that nothing can be held against is not kept."""
    left = iter(ratios)
    variants = [SimpleNamespace(label=str(number)) for number, _ in enumerate(ratios)]
    monkeypatch.setattr(compile_time, "plain_variants", lambda: variants)
    monkeypatch.setattr(compile_time, "table", lambda results: "")

    def measure(variant, arch, rounds):
        ratio = next(left)
        return {} if ratio is None else {"ratio": ratio}

    monkeypatch.setattr(compile_time, "measure", measure)
    monkeypatch.setattr("sys.argv", ["compile_time", "--limit", limit])
    assert compile_time.main() == status
    assert ("there is no ratio" in capsys.readouterr().err) is (set(ratios) <= {None})
