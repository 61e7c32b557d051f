"""What ptxas says reaches the user, and the machine code stays stock's."""

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


def test_location_from_ptx():
    ptx = '\t.loc\t2 7 0\n\t.loc\t1 9 4\n\tret;\n\t.file\t1 "/a/k.py"\n\t.file\t2 "/b" "s.py"\n'
    assert ptxas.location_in_ptx(ptx) == ("/b/s.py", 7)
    assert ptxas.location_in_ptx(ptx, 3) == ("/a/k.py", 9)
    assert ptxas.location_in_ptx("ret;", 1) == ("<ptx>", 1)
