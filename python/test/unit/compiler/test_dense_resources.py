"""The dense operators, compiled for several GPUs: resources, what ptxas says, and what the wait for products passes."""

import itertools
import re
import subprocess
import sys
from pathlib import Path

import pytest
from triton.runtime.errors import OutOfResources
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


def compiled(operator, label, folder):
    """The kernel of one variant of `operator`."""
    import triton
    from triton import knobs
    from triton.backends.compiler import GPUTarget

    (variant,) = (entry for entry in report.variants_of(operator, "sm_90a") if entry.label == label)
    with knobs.cache.scope():
        knobs.cache.dir = str(folder)
        return triton.compile(variant.source(), target=GPUTarget("cuda", 90, 32), options=dict(variant.options))


def inner_loop(ttgir):
    """The lines of the loop that holds two products."""
    for match in re.finditer(r"^( +)[^\n]*scf\.for .*?^\1\}", ttgir, re.DOTALL | re.MULTILINE):
        if match.group(0).count("ttng.warp_group_dot ") == 2:
            return match.group(0).splitlines()
    raise AssertionError("no loop with two products")


@pytest.mark.parametrize("tile", ["128x256x64 stages 4, one loop, 8 warps", "128x128x64 stages 3, one loop, 4 warps"])
def test_a_tile_s_first_product_does_not_add(tmp_path, monkeypatch, tile):
    """Else the accumulators would be set to zero for each tile; K is four instructions deep."""

    def added(folder):
        kernel = compiled("gemm", f"bf16 {tile}", tmp_path / folder)
        assert kernel.asm["ttgir"].count("ttng.warp_group_dot ") == 1
        products = [line for line in kernel.asm["sass"].splitlines() if "HGMMA" in line]
        return len([line for line in products if ", UP" not in line and "!UPT" not in line]) / len(products)

    assert added("with") == 3 / 4
    monkeypatch.setenv("TRITON_TLE_SKIP", "tritongpu-optimize-accumulator-init")
    assert added("without") == 1


PIPES = "bf16 128x256x64 stages 4, in partitions"


def test_stores_run_beside_the_next_tile(tmp_path):
    """Both halves of a tile go through one buffer, which is waited for before it is written again."""
    kernel = compiled("gemm", PIPES, tmp_path)
    steps = re.findall(r"async_tma_store_wait|local_store|async_tma_copy_local_to_global", kernel.asm["ttgir"])
    store = ["async_tma_store_wait", "local_store", "async_tma_copy_local_to_global"]
    assert steps == 2 * [*store, *store, "async_tma_store_wait"]


def test_stores_that_are_waited_for_have_buffers_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setenv("TRITON_TLE_SKIP", "triton-tle-defer-store-waits")
    with pytest.raises(OutOfResources, match="needs 262216 bytes of shared memory"):
        compiled("gemm", PIPES, tmp_path)


def test_products_of_a_tile_follow_each_other(tmp_path):
    """One more is issued before the one in front of it is waited for; nothing else stands in the loop over K."""
    ttgir = compiled("gemm", PIPES, tmp_path).asm["ttgir"]
    loops = re.findall(r"^( {8})[^\n]*scf\.for (.*?)^\1\}", ttgir, re.DOTALL | re.MULTILINE)
    products = [loop for _, loop in loops if "ttng.warp_group_dot " in loop]
    assert len(products) == 2
    for loop in products:
        assert loop.count("ttng.warp_group_dot ") == 1 and loop.count("pendings = 1") == 1
        assert not re.search("local_load|local_store|pendings = 0|gpu.barrier", loop)


def test_products_end_before_the_softmax_writes_their_registers(tmp_path):
    kernel = compiled("flash_attention", "bf16 d 128 128x128 stages 2, ahead", tmp_path)
    lines = inner_loop(kernel.asm["ttgir"])
    first = next(index for index, line in enumerate(lines) if "ttng.warp_group_dot " in line)
    wait = next(i for i, line in enumerate(lines) if re.search(r"ttng.warp_group_dot_wait .*pendings = 0", line))
    second = next(index for index, line in enumerate(lines) if index > first and "ttng.warp_group_dot " in line)
    exponentials = [index for index, line in enumerate(lines) if "math.exp2" in line]
    assert len(exponentials) == 2 and first < wait < second
    assert all(wait < index for index in exponentials)


TMA_VARIANTS = [v for v in report.variants_of("flash_attention", "sm_90a") if "pointers" not in v.label]


@pytest.mark.parametrize("variant", TMA_VARIANTS, ids=lambda variant: variant.label)
def test_products_read_what_tma_wrote(tmp_path, variant):
    kernel = compiled("flash_attention", variant.label, tmp_path)
    ttgir = kernel.asm["ttgir"]
    loops = [m.group(0) for m in re.finditer(r"^( +)[^\n]*scf\.for .*?^\1\}", ttgir, re.DOTALL | re.MULTILINE)]
    in_turn_and_causal = "causal" in variant.label and "ahead" not in variant.label
    assert len(loops) == (2 if in_turn_and_causal else 1)
    for loop in loops:
        assert loop.count("ttng.async_tma_copy_global_to_local") == 2
        assert "ttg.local_load" not in loop and "ttg.local_store" not in loop
        assert loop.count("ttng.wait_barrier") == (2 if "V late" in variant.label else 1)


@pytest.mark.parametrize("name", ["01-dense-gemm.py", "03-flash-attention.py"])
def test_tutorial_kernel(name):
    (variant,) = report.variants_of(str(TUTORIALS / name), "sm_90a")
    assert report.compile_variant(variant, "sm_90a").clean
    path = str(TUTORIALS / name)
    done = subprocess.run([sys.executable, path, "--interpret"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "first kernel" in done.stdout and "operator" in done.stdout
