"""The dense operators, compiled for several GPUs: resources, what ptxas says, and what the wait for products passes."""

import itertools
import re
import subprocess
import sys
from pathlib import Path

import pytest
from triton_tle.compiler import report

TUTORIALS = Path(__file__).parents[3] / "tutorials" / "tle"
OPERATORS = ("gemm", "flash_attention")


def hopper_variants():
    for name in OPERATORS:
        for variant in report.variants_of(name, "sm_90a"):
            yield pytest.param(variant, id=f"{name}: {variant.label}")


@pytest.mark.parametrize("variant", list(hopper_variants()))
def test_compiles_cleanly_for_hopper(variant):
    result = report.compile_variant(variant, "sm_90a")
    assert result.clean, result
    assert result.mma.get("HGMMA", 0) >= 4 and set(result.mma) == {"HGMMA"}
    assert result.shared_bytes <= 232448


@pytest.mark.parametrize(("name", "arch"), list(itertools.product(OPERATORS, ("sm_80", "sm_120"))))
def test_compiles_for_other_gpus(name, arch):
    limit = {"sm_80": 166912, "sm_120": 101376}[arch]
    for variant in report.variants_of(name, arch):
        result = report.compile_variant(variant, arch)
        assert not result.ptxas_warnings and result.shared_bytes <= limit and set(result.mma) == {"HMMA"}, result


def inner_loop(ttgir):
    """The lines of the loop that holds two products."""
    for match in re.finditer(r"^( +)[^\n]*scf\.for .*?^\1\}", ttgir, re.DOTALL | re.MULTILINE):
        if match.group(0).count("ttng.warp_group_dot ") == 2:
            return match.group(0).splitlines()
    raise AssertionError("no loop with two products")


@pytest.mark.parametrize("skip", ["", "triton-tle-sink-dot-waits"])
def test_softmax_stands_before_the_wait(monkeypatch, tmp_path, skip):
    import triton
    from triton import knobs
    from triton.backends.compiler import GPUTarget

    monkeypatch.setenv("TRITON_TLE_SKIP", skip)
    label = "bf16 d 128 128x64 stages 4, ahead"
    (variant,) = (entry for entry in report.variants_of("flash_attention", "sm_90a") if entry.label == label)
    with knobs.cache.scope():
        knobs.cache.dir = str(tmp_path)
        kernel = triton.compile(variant.source(), target=GPUTarget("cuda", 90, 32), options=dict(variant.options))
    lines = inner_loop(kernel.asm["ttgir"])
    first = next(index for index, line in enumerate(lines) if "ttng.warp_group_dot " in line)
    wait = next(index for index, line in enumerate(lines) if "ttng.warp_group_dot_wait" in line)
    second = next(index for index, line in enumerate(lines) if index > first and "ttng.warp_group_dot " in line)
    exponentials = [index for index, line in enumerate(lines) if "math.exp2" in line]
    assert len(exponentials) == 2 and first < wait < second
    assert all(index < wait for index in exponentials) == (not skip)


@pytest.mark.parametrize("name", ["01-dense-gemm.py", "03-flash-attention.py"])
def test_tutorial_kernel(name):
    (variant,) = report.variants_of(str(TUTORIALS / name), "sm_90a")
    assert report.compile_variant(variant, "sm_90a").clean
    path = str(TUTORIALS / name)
    done = subprocess.run([sys.executable, path, "--interpret"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "first kernel" in done.stdout and "operator" in done.stdout
