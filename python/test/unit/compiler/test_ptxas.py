"""What ptxas says reaches the user, and the machine code stays stock's."""

import re
import warnings

import pytest
from compiler_kernels import Compilation, line_of
from triton.runtime.errors import PTXASError
from triton_tle.compiler import PtxasWarning, ptxas

ALL = ("ttir", "ttgir", "llir", "ptx", "cubin")

LOG = """\
ptxas info    : (C7510) Potential Performance Loss: wgmma.mma_async instructions are serialized due to ill formed \
pipeline stage in the function 'kernel'
ptxas info    : 11 bytes gmem
ptxas info    : Compiling entry function 'kernel' for 'sm_90a'
ptxas info    : Function properties for kernel
    88 bytes stack frame, 100 bytes spill stores, 92 bytes spill loads
ptxas info    : Function properties for helper
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 255 registers, used 3 barriers, 88 bytes cumulative stack size
"""


def test_log_is_read():
    resources = ptxas.parse_log(LOG)
    assert resources.as_dict() == {
        "registers": 255,
        "stack_bytes": 88,
        "spill_store_bytes": 100,
        "spill_load_bytes": 92,
        "barriers": 3,
        "advice": [
            [
                "C7510",
                "Potential Performance Loss: wgmma.mma_async instructions are serialized due to ill formed "
                "pipeline stage in the function 'kernel'",
            ]
        ],
    }
    assert resources.spills and resources.serialized


def test_a_clean_log_has_nothing_to_say():
    resources = ptxas.parse_log(LOG.split("\n", 1)[1].replace("88 ", "0 ").replace("100 ", "0 ").replace("92 ", "0 "))
    assert not resources.spills and not resources.serialized
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ptxas.warn(resources, "kernel", "file.py", 1)


def test_spills_and_serialization_warn_at_the_kernel(tle, monkeypatch):
    monkeypatch.setenv("TRITON_TLE", "1")
    compilation = Compilation("greedy", 90)
    with pytest.warns(PtxasWarning) as seen:
        compilation.run(*ALL)
    advice, spill = (str(entry.message) for entry in seen)
    assert advice.startswith("ptxas, kernel 'matmul': (C7511) Potential Performance Loss: wgmma.mma_async")
    assert "registers spill to local memory" in spill and "255 registers" in spill
    for entry in seen:
        assert entry.filename.endswith("compiler_kernels.py")
        assert entry.lineno == line_of("matmul")
    assert compilation.metadata["tle_ptxas"]["spill_store_bytes"] > 0


def test_every_variant_warns(tle, monkeypatch):
    monkeypatch.setenv("TRITON_TLE", "1")
    with pytest.warns(PtxasWarning) as seen:
        for stages in (2, 3):
            Compilation("greedy", 90, num_stages=stages).run(*ALL)
    assert sum("spill" in str(entry.message) for entry in seen) == 2


def test_stock_kernels_stay_silent(tle):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compilation = Compilation("greedy", 90)
        compilation.run(*ALL)
    assert "tle_ptxas" not in compilation.metadata


@pytest.mark.parametrize("name", ["add", "matmul", "attention"])
def test_machine_code_is_stock_s(tle, monkeypatch, name):
    reference = Compilation(name, 90).run(*ALL)
    monkeypatch.setenv("TRITON_TLE", "1")
    assert Compilation(name, 90).run(*ALL) == reference


def test_a_failure_names_the_user_s_line(tle, monkeypatch, capfd):
    monkeypatch.setenv("TRITON_TLE", "1")
    compilation = Compilation("wide", 90, num_warps=8, maxnreg=128, num_stages=1)
    with pytest.raises(PTXASError, match="C7602") as caught:
        compilation.run(*ALL)
    (note,) = caught.value.__notes__
    where, said = note.splitlines()
    assert where.endswith("total = tl.dot(p.to(tl.bfloat16), value, total * scale[:, None])")
    assert said.startswith("ptxas: (C7602) Insufficient registers (128)")


PARTITIONS = """\
	.reg .b32 %r<9>;
	setmaxnreg.inc.sync.aligned.u32 	256;
	mov.b32 	%r3, global_smem;
$L__BB0_2:
	setmaxnreg.dec.sync.aligned.u32 	80;
	barrier.sync 	1;
	mov.b32 	%r7, global_smem;
	brx.idx 	%r5, $L_brx_0;
$L__BB0_5:
	setmaxnreg.inc.sync.aligned.u32 	160;
	barrier.sync 	1;
	add.s32 	%r8, %r7, 16;
$L__BB0_6:
	setmaxnreg.inc.sync.aligned.u32 	88;
	barrier.sync 	1;
	ret;
"""


def test_each_partition_reads_the_base():
    changed = ptxas.with_base_in_partitions(PARTITIONS)
    added = "\tmov.b32 \t%r7, global_smem;\n"
    behind = [changed.split(added)[n][-len("barrier.sync \t1;\n") :] for n in (1, 2)]
    assert behind == ["barrier.sync \t1;\n"] * 2
    # Nothing else changes, and nothing in front of the dispatch
    dispatch = PARTITIONS.index("brx.idx")
    assert changed[:dispatch] == PARTITIONS[:dispatch]
    assert changed[dispatch:].replace(added, "") == PARTITIONS[dispatch:]


@pytest.mark.parametrize(
    "gone", ["brx.idx", "global_smem", "\tbarrier.sync"], ids=["no dispatch", "no shared memory", "no partition"]
)
def test_no_second_form_without_partitions(gone):
    assert ptxas.with_base_in_partitions(PARTITIONS.replace(gone, "bar")) is None


def spilling(stores: int, *advice: str) -> ptxas.Resources:
    return ptxas.Resources(
        spill_store_bytes=stores, spill_load_bytes=stores, advice=tuple((code, "") for code in advice)
    )


def test_which_form_is_better():
    assert spilling(0).better_than(spilling(4)) and not spilling(4).better_than(spilling(4))
    assert spilling(0, "C1").better_than(spilling(4, "C1", "C2"))
    assert not spilling(0, "C3").better_than(spilling(4, "C1")), "a new warning"


@pytest.mark.parametrize("better", [True, False])
def test_spills_in_partitions_get_a_second_try(tle, monkeypatch, better):
    monkeypatch.setenv("TRITON_TLE", "1")
    tried = []

    def second(ptx):
        tried.append(ptx)
        # A program without the kernel's products does not spill; the same program does as before
        return re.sub(r"^\s*wgmma\.mma_async.*?;$", "", ptx, flags=re.MULTILINE | re.DOTALL) if better else ptx

    monkeypatch.setattr(ptxas, "with_base_in_partitions", second)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compilation = Compilation("greedy", 90)
        compilation.run(*ALL)
        clean = Compilation("matmul", 90)
        clean.run(*ALL)
    assert len(tried) == 1, "of the two kernels only one spills"
    spilled = compilation.metadata["tle_ptxas"]["spill_store_bytes"]
    assert (spilled == 0) if better else (spilled > 0)


def test_location_from_ptx():
    ptx = '\t.loc\t2 7 0\n\t.loc\t1 9 4\n\tret;\n\t.file\t1 "/a/k.py"\n\t.file\t2 "/b" "s.py"\n'
    assert ptxas.location_in_ptx(ptx) == ("/b/s.py", 7)
    assert ptxas.location_in_ptx(ptx, 3) == ("/a/k.py", 9)
    assert ptxas.location_in_ptx("ret;", 1) == ("<ptx>", 1)
