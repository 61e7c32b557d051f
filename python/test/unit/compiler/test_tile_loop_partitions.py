"""Loops over tiles that the compiler divides: compiled for Hopper, what becomes of them, and where they stay whole."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import triton
from triton import knobs
from triton.backends.compiler import GPUTarget
from triton_tle.compiler import SharedMemoryError, report
from triton_tle.explain.analysis import explain

HERE = Path(__file__).parent
KERNELS = HERE / "tile_loop_kernels.py"
VARIANTS = report.variants_of(str(KERNELS), "sm_90a")
DIVIDED = [variant for variant in VARIANTS if "divided" in variant.label]
MLA = [v for v in report.variants_of("sparse_mla_fwd", "sm_90a") if "partitions" in v.label]


def compile_for(variant, capability, cache):
    with knobs.cache.scope():
        knobs.cache.dir = str(cache)
        target = GPUTarget("cuda", capability, 32)
        return triton.compile(variant.source(), target=target, options=dict(variant.options))


@pytest.mark.parametrize("variant", DIVIDED + MLA, ids=lambda variant: variant.label)
def test_divided_loops_compile_cleanly(variant):
    result = report.compile_variant(variant, "sm_90a")
    assert result.clean, result
    assert result.shared_bytes <= 232448


@pytest.mark.parametrize("variant", DIVIDED, ids=lambda variant: variant.label)
def test_the_producer_copies_and_the_rest_multiplies(variant, tmp_path):
    ttgir = compile_for(variant, 90, tmp_path).asm["ttgir"]
    assert "tt.warp_specialize" not in ttgir
    rest, *others = re.split(r"partition\d\(", ttgir[ttgir.index("default {") :])
    producer = others[-1]
    copy, other = "ttg.async_copy_global_to_local", "ttng.async_tma_copy_global_to_local"
    if "blocks" in variant.label:
        copy, other = other, copy
    assert copy in producer and "warp_group_dot" not in producer
    assert copy not in rest and other not in ttgir
    assert ("warp_group_dot" in rest) == ("gathered_sum" not in variant.label)
    # scores apart from wide sums: both multiply
    assert len(others) == 1 + ("64x256" in variant.label or "latent" in variant.label)
    assert all("warp_group_dot" in scores for scores in others[:-1])
    # each side has the loop over items around its own over tiles
    assert all(part.count("scf.for") == 1 + ("items" in variant.label) for part in (rest, *others))
    # indices are loaded by the producer alone
    if "gathered_sum" in variant.label:
        assert "tt.load" in producer and "tt.load" not in rest


@pytest.mark.parametrize("variant", DIVIDED, ids=lambda variant: variant.label)
def test_two_warp_groups_take_turns_where_tma_loads(variant, tmp_path):
    ttgir = compile_for(variant, 90, tmp_path).asm["ttgir"]
    assert "tle.turn" not in ttgir and "tle.may_take_turns" not in ttgir
    if "blocks 128" not in variant.label:
        assert "mbarrier.test_wait" not in ttgir
        return
    before, loop = ttgir[ttgir.index("default {") : ttgir.index("partition0(")].split("scf.for")
    body, behind = loop.split("scf.yield")
    # Q, stored ahead of the loop, is read behind one barrier there; the loop has neither barrier nor fence.
    assert before.count("gpu.barrier") == 1 and "gpu.barrier" not in body and "fence_async_shared" not in body
    assert before.count("mbarrier.test_wait") == 1
    assert "mbarrier.arrive" in behind[: behind.index("tt.reduce") if "tt.reduce" in behind else None]
    ops = [line for line in body.splitlines() if re.search(r"mbarrier\.|warp_group_dot|exp2", line)]
    names = ("test_wait", "try_wait", "arrive", "dot_wait", "dot", "exp2")
    kinds = [next(name for name in names if name in line) for line in ops]
    assert kinds == ["try_wait", "dot", "dot_wait", "arrive", "arrive", "exp2", "exp2", "try_wait", "test_wait", "dot",
                     "dot_wait", "arrive"]  # fmt: skip


@pytest.mark.parametrize("variant", MLA, ids=lambda variant: variant.label)
def test_the_sparse_forward_has_three_partitions(variant, tmp_path):
    ttgir = compile_for(variant, 90, tmp_path).asm["ttgir"]
    sums, scores, producer = re.split(r"partition\d\(", ttgir[ttgir.index("default {") :])
    assert all(part.count("scf.for") == 2 for part in (sums, scores, producer))
    assert "scf.if" in sums and "math.exp2" not in sums
    assert "math.exp2" in scores and "tensor<64x512xf32" not in scores
    assert "64x512xbf16" in producer and "warp_group_dot" not in producer
    # only the sums may need barriers of their warps
    assert "tle.ordered = array<i32: 1, 2>" in ttgir


@pytest.mark.parametrize("capability", (80, 120))
def test_other_gpus_have_no_partitions(capability, tmp_path):
    (variant,) = (v for v in DIVIDED if v.label.startswith("attention 64 "))
    assert "ttg.warp_specialize" not in compile_for(variant, capability, tmp_path).asm["ttgir"]


def test_whole_loops_stay_whole(tmp_path):
    (variant,) = (v for v in VARIANTS if v.label == "attention 64 whole")
    assert "ttg.warp_specialize" not in compile_for(variant, 90, tmp_path).asm["ttgir"]


def test_remarks_and_skipping(tmp_path):
    """In a process of its own: the remark that the loop was divided; with the pass left out, none and no partition."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import triton, triton_tle\n"
        "from triton.backends.compiler import GPUTarget\n"
        "from triton_tle.compiler import report\n"
        "v = next(v for v in report.variants_of(sys.argv[1] + '/tile_loop_kernels.py', 'sm_90a'))\n"
        "k = triton.compile(v.source(), target=GPUTarget('cuda', 90, 32), options=dict(v.options))\n"
        "print('ttg.warp_specialize' in k.asm['ttgir'])\n"
    )
    for skipped, divided in (("", True), ("triton-tle-warp-specialize-tile-loop", False)):
        environment = {"TRITON_TLE_REMARKS": "tile-loop", "TRITON_CACHE_DIR": str(tmp_path), "TRITON_TLE_SKIP": skipped}
        done = subprocess.run(
            [sys.executable, "-c", script, str(HERE)], capture_output=True, text=True, env=os.environ | environment
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.split() == [str(divided)]
        said = "1 tiles gathered by a partition, 1 pipes of 2 slots, 1 other values cross" in done.stderr
        assert said == divided, done.stderr


def added(rows, columns, depth, held, stages):
    """`product_added`, whose sums change their layout behind the divided loop, beside the slots."""
    signature = {"a": "*bf16:16", "b": "*bf16:16", "out": "*fp32:16", "K": "i32:16", "N": "i32:16"}
    constexprs = {"BM": rows, "BN": columns, "BK": depth, "HELD": held, "STAGES": stages, "PARTITIONS": True}
    kernel = report.load_file(str(KERNELS)).product_added
    return report.Variant("added", kernel, signature, constexprs, {"num_warps": 8})


def slots_of(ttgir):
    """Slots of the tiles, by what the buffers of the kernel are."""
    return {int(count) for count in re.findall(r"memdesc<(\d+)x128x\d+xbf16", ttgir)}


def test_fewer_slots_where_the_finished_kernel_does_not_fit(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TRITON_TLE_REMARKS", "warp-specialize-tile-loop")
    kernel = compile_for(added(128, 128, 64, 0, 7), 90, tmp_path)
    assert "ttg.warp_specialize" in kernel.asm["ttgir"] and slots_of(kernel.asm["ttgir"]) == {6}
    assert kernel.metadata.shared <= 232448
    # Of the attempt that counts only.
    (remark,) = re.findall(r"remark: .*", capsys.readouterr().err)
    assert remark.endswith("2 tiles gathered by a partition, 1 pipes of 6 slots, 0 other values cross")


def test_loops_stay_whole_where_the_finished_kernel_does_not_fit(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TRITON_TLE_REMARKS", "warp-specialize-tile-loop")
    kernel = compile_for(added(128, 64, 256, 256, 2), 90, tmp_path)
    assert "warp_specialize" not in kernel.asm["ttgir"] and kernel.metadata.shared <= 232448
    (remark,) = re.findall(r"(\S+): remark: (.*)", capsys.readouterr().err)
    source = KERNELS.read_text()
    line = source.count("\n", 0, source.index("for k in", source.index("def product_added"))) + 1
    assert remark[0] == f"{KERNELS}:{line}"
    assert re.search(r"two slots of 98336 bytes beside 32768 bytes and \d+ of scratch memory do not fit", remark[1])


def test_the_finished_kernel_is_explained(monkeypatch):
    whole, divided = (explain(added(*sizes), "sm_90a") for sizes in ((128, 64, 256, 256, 2), (128, 128, 64, 0, 7)))
    assert whole.pipes == () and len(whole.partitions) == 1
    assert [pipe.slots for pipe in divided.pipes] == [6] and len(divided.partitions) == 2


def test_what_does_not_fit_undivided_either_is_an_error(tmp_path):
    with pytest.raises(SharedMemoryError, match=r"needs \d+ bytes of shared memory, sm_90 has 232448") as caught:
        compile_for(added(128, 256, 256, 0, 2), 90, tmp_path)
    assert caught.value.required > caught.value.limit == 232448
    assert caught.value.file == str(KERNELS) and caught.value.line
