"""No native pass of the TTGIR stage takes time like the square of a module, whatever it is that there is much of."""

import pass_times
import pytest
from test_scale import native_flags

HEAD = """
#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#b8 = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [8, 1], order = [1, 0]}>
#mma8 = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [8, 1], instrShape = [16, 64, 16]}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
!const = !ttg.memdesc<64x64xf16, #s, #smem>
!x = tensor<64x64xf16, #b>
!m = tensor<64x64xi1, #b>
!i = tensor<64x64xi32, #b>
!local = tensor<64x64x!tt.ptr<f16, 3>, #b>
!ptrs = tensor<64x64x!tt.ptr<f16>, #b>
!acc = tensor<64x64xf32, #mma>
!x8 = tensor<64x64xf16, #b8>
!acc8 = tensor<64x64xf32, #mma8>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90",
                   "ttg.threads-per-warp" = 32 : i32} {
tt.func public @f(%ptrs: !ptrs {tt.contiguity = dense<[1, 64]> : tensor<2xi32>,
                                tt.divisibility = dense<[1, 16]> : tensor<2xi32>},
                  %v: !x, %mask: !m, %i: !i, %c: !acc, %n: i32, %q: !const) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %one = ttg.local_alloc : () -> !buf
  ttg.local_store %v, %one : !x -> !buf
"""

#: What a module has many of: the lines for number {k}, and {n} behind it.
SHAPES = {
    "loops that load tiles": """
        scf.for %j{k} = %c0 to %n step %c1 : i32 {{
          %t = tt.load %ptrs : !ptrs
          %a = ttg.local_alloc %t : (!x) -> !const
          %y = ttg.local_load %a : !const -> !x
          tt.store %ptrs, %y : !ptrs
        }} {{tt.num_stages = 2 : i32}}""",
    "loops that copy tiles": """
        %b{k} = ttg.local_alloc : () -> !buf
        scf.for %j{k} = %c0 to %n step %c1 : i32 {{
          %t = ttg.async_copy_global_to_local %ptrs, %b{k} : !ptrs -> <64x64xf16, #s, #smem, mutable>
          %g = ttg.async_commit_group tokens %t
          %w = ttg.async_wait %g {{num = 0 : i32}}
          %y = ttg.local_load %b{k} : !buf -> !x
        }} {{tt.num_stages = 2 : i32}}""",
    "loops that stage tiles": """
        %b{k} = ttg.local_alloc : () -> !buf
        scf.for %j{k} = %c0 to %n step %c1 : i32 {{
          %t = tt.load %ptrs : !ptrs
          ttg.local_store %t, %b{k} : !x -> !buf
          gpu.barrier
          %y = ttg.local_load %b{k} : !buf -> !x
        }} {{tt.num_stages = 2 : i32}}""",
    "masked stores": """
        %p{k} = "tle.local_pointers"(%one) : (!buf) -> !local
        tt.store %p{k}, %v, %mask : !local""",
    "accesses to a buffer": """
        %p{k} = "tle.local_pointers"(%one, %i, %i) : (!buf, !i, !i) -> !local
        %y{k} = tt.load %p{k} : !local
        tt.store %p{k}, %y{k} : !local""",
    "buffers": """
        %b{k} = ttg.local_alloc : () -> !buf
        %p{k} = "tle.local_pointers"(%b{k}, %i, %i) : (!buf, !i, !i) -> !local
        %y{k} = tt.load %p{k} : !local
        tt.store %p{k}, %y{k} : !local""",
    "copies": """
        %b{k} = ttg.local_alloc : () -> !buf
        %t{k} = ttg.async_copy_global_to_local %ptrs, %b{k} mask %mask : !ptrs -> <64x64xf16, #s, #smem, mutable>
        %g{k} = ttg.async_commit_group tokens %t{k}
        %w{k} = ttg.async_wait %g{k} {{num = 0 : i32}}
        %y{k} = ttg.local_load %b{k} : !buf -> !x""",
    "products": """
        %b{k} = ttg.local_alloc : () -> !buf
        ttg.local_store %v, %b{k} : !x -> !buf
        %y{k} = ttg.local_load %b{k} : !buf -> !x
        %a{k} = ttg.local_alloc %y{k} : (!x) -> !const
        %d{k} = ttng.warp_group_dot %q, %a{k}, %c : !const * !const -> !acc""",
    "products of one buffer under way": """
        %y{k} = ttg.local_load %one : !buf -> !x
        %a{k} = ttg.local_alloc %y{k} : (!x) -> !const
        %d{k} = ttng.warp_group_dot %q, %a{k}, %c {{isAsync = true}} : !const * !const -> !acc""",
    "products whose results wait": """
        %d{k} = ttng.warp_group_dot %q, %q, %c {{isAsync = true}} : !const * !const -> !acc
        %w{k} = ttng.warp_group_dot_wait %d{k} {{pendings = 0 : i32}} : !acc""",
    "products whose results nobody uses": """
        %d{k} = ttng.warp_group_dot %one, %one, %c {{isAsync = true}} : !buf * !buf -> !acc
        %w{k} = ttng.warp_group_dot_wait %d{k} {{pendings = 0 : i32}} : !acc""",
    "products of two warp groups, a chain": """
        %d{k} = ttng.warp_group_dot %buf, %other, %w{k} {{isAsync = true}} : !buf * !buf -> !acc8
        %w{n} = ttng.warp_group_dot_wait %d{k} {{pendings = 0 : i32}} : !acc8""",
    "products of two warp groups, each of a buffer": """
        %d{k} = ttng.warp_group_dot %buf, %b{k}, %w{k} {{isAsync = true}} : !buf * !buf -> !acc8
        %w{n} = ttng.warp_group_dot_wait %d{k} {{pendings = 0 : i32}} : !acc8""",
    "products of two warp groups that have no wait yet": """
        %w{n} = ttng.warp_group_dot %buf, %other, %w{k} : !buf * !buf -> !acc8""",
    "tiles that one loop loads": """
          %t{k} = tt.load %ptrs : !ptrs
          %a{k} = ttg.local_alloc %t{k} : (!x) -> !const
          %y{k} = ttg.local_load %a{k} : !const -> !x""",
    "tiles that one loop copies": """
          %t{k} = ttg.async_copy_global_to_local %ptrs, %b{k} : !ptrs -> <64x64xf16, #s, #smem, mutable>
          %g{k} = ttg.async_commit_group tokens %t{k}
          %w{k} = ttg.async_wait %g{k} {{num = 0 : i32}}
          %y{k} = ttg.local_load %b{k} : !buf -> !x""",
}
#: Lines for number {k} in front of all of them.
BEFORE = {
    "products of two warp groups, each of a buffer": """
        %b{k} = ttg.local_alloc : () -> !buf
        ttg.local_store %x, %b{k} : !x8 -> !buf""",
    "tiles that one loop loads": "",
    "tiles that one loop copies": "%b{k} = ttg.local_alloc : () -> !buf",
}
#: Lines for number {k} behind all of them.
BEHIND = {
    "products whose results wait": """
        %e{k} = ttng.warp_group_dot %q, %q, %w{k} {{isAsync = true}} : !const * !const -> !acc
        %x{k} = ttng.warp_group_dot_wait %e{k} {{pendings = 0 : i32}} : !acc"""
}
#: Shapes that stand in a partition, which writes what it multiplies.
PARTITION = """
  ttg.warp_specialize(%one)
  default {{
    ttg.warp_yield
  }}
  partition0(%buf: !buf) num_warps(8) {{
    %other = ttg.local_alloc : () -> !buf
    %x = arith.constant dense<0.0> : !x8
    %w0 = arith.constant dense<0.0> : !acc8
    ttg.local_store %x, %buf : !x8 -> !buf
    ttg.local_store %x, %other : !x8 -> !buf
    {lines}
    ttg.warp_return
  }} : (!buf) -> ()"""
ENDS = {"products of one buffer under way": "%w = ttng.warp_group_dot_wait %d0 {pendings = 0 : i32} : !acc"}


def module(shape, count):
    before, parts, behind = (
        [lines[shape].format(k=k, n=k + 1) for k in range(count)] if shape in lines else []
        for lines in (BEFORE, SHAPES, BEHIND)
    )
    if "one loop" in shape:
        parts = ["scf.for %j = %c0 to %n step %c1 : i32 {", *parts, "} {tt.num_stages = 2 : i32}"]
    parts = [*before, *parts, *behind, ENDS.get(shape, "")]
    if "two warp groups" in shape:
        parts = [PARTITION.format(lines="\n".join(parts))]
    return "\n".join([HEAD, *parts, "tt.return", "}", "}"])


@pytest.mark.parametrize("shape", SHAPES)
def test_time_grows_with_the_module(shape):
    # One loop has less around its tiles: what grows like a square shows later; so does the end of what is bounded. Much
    # larger modules leave the caches, which makes linear passes ten times as slow, too.
    count = 500 if shape in BEFORE else 250
    small, large = module(shape, count), module(shape, 4 * count)
    found = {}
    for entry in dict.fromkeys(native_flags("ttgir")):
        if "verify-lowered" not in entry:  # it refuses what is not lowered
            found |= pass_times.superlinear(small, large, entry)
    assert found == {}
