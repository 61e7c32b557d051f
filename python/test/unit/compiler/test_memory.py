"""Shared memory that does not fit is an error at the user's line; places in MLIR text."""

import pickle

import pytest
from compiler_kernels import KERNELS, Compilation, line_of
from triton.runtime.errors import OutOfResources
from triton_tle.compiler import SharedMemoryError, memory
from triton_tle.compiler.locations import Locations, kernel_place

TTGIR = """\
#loc = loc("/k.py":3:0)
#loc9 = loc("x"(#loc))
module {
  tt.func public @k(%x: i32 loc("x"(#loc))) {
    %a = ttg.local_alloc : () -> !ttg.memdesc<2x64x512xbf16, #shared, #smem, mutable> loc(#loc3)
    %b = ttg.local_alloc %v : (tensor<64xf32, #b>) -> !ttg.memdesc<64xf32, #shared1, #smem> loc(#loc2)
    %c = ttg.local_alloc : () -> !ttg.memdesc<4xi64, #shared1, #smem, mutable> loc(unknown)
    %d = ttg.local_alloc : () -> !ttg.memdesc<32x32xf8E4M3FN, #shared, #smem, mutable> loc(#loc2)
    %e = ttg.local_alloc : () -> !ttg.memdesc<32xi1, #shared, #smem, mutable> loc(#loc2)
    tt.return loc(#loc)
  } loc(#loc)
} loc(#loc)
#loc1 = loc("/k.py":7:10)
#loc2 = loc("/k.py":9:4)
#loc3 = loc("a"(#loc1))
"""


def test_buffers_are_found_with_size_and_place():
    assert memory.buffers(TTGIR) == [
        memory.Buffer("2x64x512xbf16", 131072, ("/k.py", 7, 10)),
        memory.Buffer("64xf32", 256, ("/k.py", 9, 4)),
        memory.Buffer("4xi64", 32, None),
        memory.Buffer("32x32xf8E4M3FN", 1024, ("/k.py", 9, 4)),
        memory.Buffer("32xi1", 32, ("/k.py", 9, 4)),
    ]


def test_what_fits_passes():
    memory.check(232448, 90, TTGIR)
    memory.check(232448, 1000, TTGIR)


def test_the_largest_buffer_is_blamed():
    with pytest.raises(SharedMemoryError) as caught:
        memory.check(232449, 90, TTGIR)
    assert str(caught.value).splitlines()[:4] == [
        "at /k.py:7:10:",
        "the kernel needs 232449 bytes of shared memory, sm_90 has 232448",
        "note: 131072 bytes: 2x64x512xbf16 at /k.py:7",
        "note: 1024 bytes: 32x32xf8E4M3FN at /k.py:9",
    ]


def test_the_error_is_what_the_autotuner_passes_over():
    error = SharedMemoryError("message", "/k.py", 1, 0, ("n",), required=5, limit=4)
    copy = pickle.loads(pickle.dumps(error))
    for each in (error, copy):
        assert isinstance(each, OutOfResources)
        assert (each.required, each.limit, each.name) == (5, 4, "shared memory")
        assert str(each) == "at /k.py:1:0:\nmessage\nn"


@pytest.mark.parametrize(
    "location, place",
    [
        ('"/k.py":7:10', ("/k.py", 7, 10)),
        ("#loc3", ("/k.py", 7, 10)),
        ("callsite(#loc2 at #loc1)", ("/k.py", 9, 4)),
        ('callsite("/h.py":2:1 at #loc1)', ("/h.py", 2, 1)),
        ("fused[#loc2, #loc1]", ("/k.py", 9, 4)),
        ("fused<#di>[#loc1]", ("/k.py", 7, 10)),
        ("unknown", None),
        ("#loc77", None),
    ],
)
def test_places(location, place):
    assert Locations(TTGIR).place(location) == place


def test_kernel_place_is_the_def_line():
    module = Compilation("softmax", 90).run("ttir")
    file, line, _ = kernel_place(str(module))
    assert file.endswith("compiler_kernels.py") and line == line_of("softmax")
    assert kernel_place(module.str_nodebug()) is None


def test_a_kernel_that_does_not_fit(tle, monkeypatch):
    monkeypatch.setenv("TRITON_TLE", "1")
    monkeypatch.setitem(KERNELS, "greedy", (*KERNELS["greedy"][:2], {"BM": 256, "BN": 256, "BK": 128}))
    with pytest.raises(SharedMemoryError, match="sm_90 has 232448") as caught:
        Compilation("greedy", 90, num_stages=4).run("ttir", "ttgir", "llir")
    assert caught.value.required > 232448
    assert caught.value.file.endswith("compiler_kernels.py")
    assert "note: 262144 bytes: 4x128x256xbf16" in str(caught.value)
