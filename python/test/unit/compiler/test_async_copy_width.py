"""Copies that stock cannot compile, or compiles wrongly, compile once `triton-tle-downgrade-invalid-async-copy` ran."""

import os
import subprocess
import sys

import pytest
from triton_tle.compiler import bridge

MODULE = """
#b = #ttg.blocked<{{{layout}}}>
#shared = {shared}
#smem = #ttg.shared_memory
!buffer = !ttg.memdesc<64x64x{element}, #shared, #smem, mutable>
module attributes {{"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90",
                    "ttg.threads-per-warp" = 32 : i32}} {{
  tt.func public @kernel(%base: !tt.ptr<{element}> {{tt.divisibility = 16 : i32}},
                         %out: !tt.ptr<{element}> {{tt.divisibility = 16 : i32}}, %n: i32) {{
    %c = tt.make_range {{start = 0 : i32, end = 64 : i32}} : tensor<64xi32, #ttg.slice<{{dim = 0, parent = #b}}>>
    %row = tt.expand_dims %c {{axis = 0 : i32}}
        : tensor<64xi32, #ttg.slice<{{dim = 0, parent = #b}}>> -> tensor<1x64xi32, #b>
    %column = tt.broadcast %row : tensor<1x64xi32, #b> -> tensor<64x64xi32, #b>
    %bound = tt.splat %n : i32 -> tensor<64x64xi32, #b>
    %scattered = arith.muli %column, %bound : tensor<64x64xi32, #b>
    %mask = arith.cmpi slt, %column, %bound : tensor<64x64xi32, #b>
    %one = arith.constant dense<{one}> : tensor<64x64x{element}, #b>
    %bases = tt.splat %base : !tt.ptr<{element}> -> tensor<64x64x!tt.ptr<{element}>, #b>
    %p = tt.addptr %bases, {offsets} : tensor<64x64x!tt.ptr<{element}>, #b>, tensor<64x64xi32, #b>
    %buffer = ttg.local_alloc : () -> !buffer
    %t = ttg.async_copy_global_to_local %p, %buffer {mask}
        : tensor<64x64x!tt.ptr<{element}>, #b> -> <64x64x{element}, #shared, #smem, mutable>
    %g = ttg.async_commit_group tokens %t
    %w = ttg.async_wait %g {{num = 0 : i32}}
    %v = ttg.local_load %buffer : !buffer -> tensor<64x64x{element}, #b>
    %outs = tt.splat %out : !tt.ptr<{element}> -> tensor<64x64x!tt.ptr<{element}>, #b>
    %q = tt.addptr %outs, %column : tensor<64x64x!tt.ptr<{element}>, #b>, tensor<64x64xi32, #b>
    tt.store %q, %v : tensor<64x64x!tt.ptr<{element}>, #b>
    tt.return
  }}
}}
"""

ROWS = "sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]"
ONES = "sizePerThread = [1, 1], threadsPerWarp = [1, 32], warpsPerCTA = [4, 1], order = [1, 0]"
PLAIN = "#ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [1, 0]}>"
SWIZZLED = "#ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 8, order = [1, 0]}>"
TRANSPOSED = "#ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = true, elementBitWidth = 16}>"

#: Layout, buffer, element type, offsets, mask: what stock says, and how many cp.async are left for TLE.
CASES = {
    "gather of halves": (ROWS, PLAIN, "f16", "%scattered", "", "smaller than 4 bytes", False),
    "gather of bytes": (ROWS, PLAIN, "i8", "%scattered", "", "smaller than 4 bytes", False),
    "odd bound": (ROWS, PLAIN, "f16", "%column", "mask %mask", "smaller than 4 bytes", False),
    "one half a thread": (ONES, PLAIN, "f16", "%column", "", "smaller than 4 bytes", False),
    "swizzle between neighbours": (ROWS, SWIZZLED, "f16", "%column", "", "Assertion", False),
    "buffer across": (ROWS, TRANSPOSED, "f16", "%column", "", "Assertion", False),
    "masked elements are one": (ONES, PLAIN, "f32", "%column", "mask %mask other %one", None, False),
    "valid": (ROWS, PLAIN, "f16", "%column", "", None, True),
    "valid gather": (ROWS, PLAIN, "f32", "%scattered", "mask %mask", None, True),
}

COMPILE = """
import sys, triton
from triton.backends.compiler import GPUTarget
print(triton.compile(sys.argv[1], target=GPUTarget("cuda", 90, 32), options={"num_warps": 4}).asm["ptx"])
"""


def compile_with_stock(text, folder):
    """Compile TTGIR text in a process of its own, since stock may abort; returns status, PTX and what it said."""
    path = folder / "kernel.ttgir"
    path.write_text(text)
    environment = dict(os.environ, TRITON_CACHE_DIR=str(folder / "cache"), TRITON_TLE="0")
    run = subprocess.run([sys.executable, "-c", COMPILE, str(path)], capture_output=True, text=True, env=environment)
    return run.returncode, run.stdout, run.stderr


@pytest.mark.parametrize("case", CASES)
def test_compiles_after_downgrade(case, tmp_path):
    layout, shared, element, offsets, mask, complaint, stays = CASES[case]
    one = "1" if element == "i8" else "1.0"
    text = MODULE.format(layout=layout, shared=shared, element=element, offsets=offsets, mask=mask, one=one)
    status, ptx, said = compile_with_stock(text, tmp_path)
    if complaint is None:
        assert status == 0, said
        assert "cp.async.c" in ptx
    else:
        assert status != 0 and complaint in said
    after = bridge.run_native(text, "triton-tle-downgrade-invalid-async-copy")
    status, ptx, said = compile_with_stock(after, tmp_path)
    assert status == 0, said
    assert ("cp.async.c" in ptx) == stays
    assert stays or "ld.global" in ptx
    if "other" in mask:
        assert "0f3F800000" in ptx or "1065353216" in ptx, "the value of masked elements"
