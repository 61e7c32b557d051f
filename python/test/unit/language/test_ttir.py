"""What TLE's builtins add to a kernel's TTIR, and that stock's TTIR passes leave it in order."""

import re

import pytest
import triton
import triton.language as tl
import triton_tle.language as tle
from frontend import ttir_text, ttir_with_locations
from triton_tle.language.gpu import local_ptr, smem, swizzled_shared_layout

NVMMA = "#ttg.nvmma_shared<{{swizzlingByteWidth = {}, transposed = {}, elementBitWidth = {}}}>"
SWIZZLED = "#ttg.swizzled_shared<{{vec = {}, perPhase = {}, maxPhase = {}, order = [{}]}}>"
POINTERS = {"x": "*bf16", "y": "*bf16", "n": "i32"}


def spelled_out(text):
    """`text` with the aliases of attributes replaced by what they stand for."""
    aliases = dict(re.findall(r"^(#\w+) = (.*)$", text, re.MULTILINE))
    body = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)
    return re.sub(r"#\w+\b(?!\.)", lambda match: aliases.get(match.group(), match.group()), body)


def operations(text, name):
    """The lines of `text` with the operation `name`."""
    return [line.strip() for line in text.splitlines() if re.search(rf"(= |^\s*)\"?{re.escape(name)}\b", line)]


def calls(text, op):
    """The lines of `text` that stand for the operation ``tle.<op>``."""
    return [line.strip() for line in text.splitlines() if f"tt.call @tle.{op}." in line]


def declarations(text, op):
    """The declarations in `text` that stand for the operation ``tle.<op>``."""
    return [line.strip() for line in text.splitlines() if f"tt.func private @tle.{op}." in line]


@triton.jit
def allocates(x, y, n, SHAPE: tl.constexpr, DTYPE: tl.constexpr, LAYOUT: tl.constexpr, NV_MMA: tl.constexpr):
    buffer = tle.gpu.alloc(SHAPE, DTYPE, layout=LAYOUT, scope=tle.gpu.smem, nv_mma_shared_layout=NV_MMA)
    tle.gpu.wgmma_operand_fence(buffer.index(0) if buffer.rank == 3 and NV_MMA else buffer)


@pytest.mark.parametrize(
    ("shape", "dtype", "layout", "nv_mma", "type", "attribute"),
    [
        ((64, 128), tl.bfloat16, None, True, "64x128xbf16", NVMMA.format(128, "false", 16)),
        ((64, 32), tl.float16, None, True, "64x32xf16", NVMMA.format(64, "false", 16)),
        ((8, 8), tl.float32, None, True, "8x8xf32", NVMMA.format(32, "false", 32)),
        ((64, 16), tl.int8, None, True, "64x16xi8", NVMMA.format(0, "false", 8)),
        ((64, 128), tl.float8e4nv, None, True, "64x128xf8E4M3FN", NVMMA.format(128, "false", 8)),
        ((3, 64, 64), tl.float64, None, True, "3x64x64xf64", NVMMA.format(128, "false", 64)),
        ((4, 64), tl.bfloat16, None, True, "4x64xbf16", SWIZZLED.format(1, 1, 1, "1, 0")),
        ((64, 4), tl.bfloat16, None, True, "64x4xbf16", SWIZZLED.format(1, 1, 1, "1, 0")),
        ((64,), tl.int32, None, True, "64xi32", SWIZZLED.format(1, 1, 1, "0")),
        ((64, 64), tl.bfloat16, None, False, "64x64xbf16", SWIZZLED.format(1, 1, 1, "1, 0")),
        ((4, 64, 64), tl.bfloat16, None, False, "4x64x64xbf16", SWIZZLED.format(1, 1, 1, "2, 1, 0")),
        ((2, 2, 16, 16), tl.int64, None, False, "2x2x16x16xi64", SWIZZLED.format(1, 1, 1, "3, 2, 1, 0")),
        ((64, 64), tl.bfloat16, swizzled_shared_layout(8, 2, 4, (0, 1)), True, "64x64xbf16",
         SWIZZLED.format(8, 2, 4, "0, 1")),
        ((128, 64), tl.bfloat16, tle.gpu.nv_mma_shared_layout(transposed=True), True, "128x64xbf16",
         NVMMA.format(128, "true", 16)),
        ((32, 64), tl.bfloat16, tle.gpu.nv_mma_shared_layout(32), True, "32x64xbf16", NVMMA.format(32, "false", 16)),
    ],
)  # fmt: skip
def test_alloc_gives_the_memdesc(shape, dtype, layout, nv_mma, type, attribute):
    text = ttir_text(allocates, POINTERS, {"SHAPE": shape, "DTYPE": dtype, "LAYOUT": layout, "NV_MMA": nv_mma})
    (line,) = operations(spelled_out(text), "ttg.local_alloc")
    assert line.endswith(f"ttg.local_alloc : () -> !ttg.memdesc<{type}, {attribute}, #ttg.shared_memory, mutable>")


@triton.jit
def allocates_twice(x, y, n):
    first = tle.gpu.alloc([64, 64], tl.bfloat16)
    second = tle.gpu.alloc([64, 64], tl.bfloat16)
    first.store(0.0)
    second.store(1.0)


def test_equal_allocations_stay_apart():
    text = ttir_text(allocates_twice, POINTERS)
    first, second = operations(text, "ttg.local_alloc")
    assert first.split()[0] != second.split()[0]


@triton.jit
def allocates_in_loop(x, y, n):
    outer = tle.gpu.alloc([64], tl.bfloat16)
    for i in range(n):
        inner = tle.gpu.alloc([64], tl.bfloat16)
        inner.store(i.to(tl.bfloat16))
        outer.store(inner.load())


def test_allocation_stays_in_its_loop():
    before, body = ttir_text(allocates_in_loop, POINTERS).split("scf.for")
    assert len(operations(before, "ttg.local_alloc")) == 1
    assert len(operations(body, "ttg.local_alloc")) == 1


@triton.jit
def imported_names(x, y, n):
    layout: tl.constexpr = swizzled_shared_layout(4, 1, 4)
    buffer = tle.gpu.alloc([32, 32], tl.float32, layout, scope=smem)
    tl.store(local_ptr(buffer), 0.0)


def test_names_can_be_imported_one_by_one():
    text = spelled_out(ttir_text(imported_names, POINTERS))
    assert SWIZZLED.format(4, 1, 4, "1, 0") in text


# Local pointers


@triton.jit
def full_view(x, y, n):
    offsets = tl.arange(0, 64)[:, None] * 64 + tl.arange(0, 64)[None, :]
    buffer = tle.gpu.alloc([64, 64], tl.bfloat16)
    for i in range(4):
        tl.store(tle.gpu.local_ptr(buffer), tl.load(x + offsets + i), mask=offsets < n)
        tl.store(y + offsets, tl.load(tle.gpu.local_ptr(buffer), mask=offsets < n, other=0.0))


def test_full_view_is_a_call_of_one_declaration():
    text = ttir_text(full_view, POINTERS)
    (declaration,) = declarations(text, "local_pointers")
    assert declaration == (
        "tt.func private @tle.local_pointers.0(!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>) -> "
        'tensor<64x64x!tt.ptr<bf16, 3>> attributes {noinline = true, tle.op = "local_pointers"}'
    )
    store, load = calls(text, "local_pointers")
    assert re.search(rf"tt.store {store.split()[0]}, %\w+, %\w+ : tensor<64x64x!tt.ptr<bf16, 3>>", text)
    assert re.search(rf"tt.load {load.split()[0]}, %\w+, %\w+ : tensor<64x64x!tt.ptr<bf16, 3>>", text)


@triton.jit
def indexed(x, y, n):
    buffer = tle.gpu.alloc([64, 128], tl.bfloat16)
    rows = tl.load(x + tl.arange(0, 16)).to(tl.int64)
    subview = tle.gpu.local_ptr(buffer, (tl.arange(0, 64)[:, None], tl.arange(0, 32)[None, :] + 96))
    gathered = tle.gpu.local_ptr(buffer, (rows[:, None], tl.arange(0, 128)[None, :]))
    column = tle.gpu.local_ptr(buffer, (tl.arange(0, 64), n))
    tl.store(subview, tl.load(tle.gpu.local_ptr(buffer.slice(32, 32, 1))))
    tl.store(gathered, 0.0)
    tl.store(column, 1.0)
    tl.store(tle.gpu.local_ptr(buffer, (n, 3)), 1.0)


def test_indices_are_i32_tensors_of_the_common_shape():
    text = ttir_text(indexed, POINTERS)
    memdesc = "!ttg.memdesc<64x128xbf16, #shared, #smem, mutable>"
    types = [line.split(" : ")[1] for line in calls(text, "local_pointers")]
    assert types == [
        f"({memdesc}, tensor<64x32xi32>, tensor<64x32xi32>) -> tensor<64x32x!tt.ptr<bf16, 3>>",
        f"({memdesc}, tensor<16x128xi32>, tensor<16x128xi32>) -> tensor<16x128x!tt.ptr<bf16, 3>>",
        f"({memdesc}, tensor<64xi32>, tensor<64xi32>) -> tensor<64x!tt.ptr<bf16, 3>>",
        "(!ttg.memdesc<64x32xbf16, #shared, #smem, mutable, 64x128>) -> tensor<64x32x!tt.ptr<bf16, 3>>",
        f"({memdesc}, i32, i32) -> !tt.ptr<bf16, 3>",
    ]
    assert len(declarations(text, "local_pointers")) == 5


@triton.jit
def atomics(x, y, n):
    counts = tle.gpu.alloc([64], tl.int32)
    values = tle.gpu.alloc([64], tl.float32)
    tl.atomic_add(tle.gpu.local_ptr(counts), 1, sem="relaxed", scope="cta")
    tl.atomic_cas(tle.gpu.local_ptr(counts, (n,)), 0, 1)
    tl.atomic_max(tle.gpu.local_ptr(values), tl.full([64], 1.0, tl.float32))
    tl.atomic_add(x + tl.arange(0, 64), 1.0)


def test_atomics_take_their_pointers_through_integers():
    text = ttir_text(atomics, POINTERS)
    assert len(operations(text, "tt.ptr_to_int")) == len(operations(text, "tt.int_to_ptr")) == 3
    add, *_ = operations(text, "tt.atomic_rmw")
    pointer = re.match(r"%\w+ = tt.atomic_rmw add, relaxed, cta, (%\w+),", add).group(1)
    integer = re.search(rf"{pointer} = tt.int_to_ptr (%\w+) : tensor<64xi64> -> tensor<64x!tt.ptr<i32>>", text).group(1)
    assert re.search(rf"{integer} = tt.ptr_to_int %\w+ : tensor<64x!tt.ptr<i32, 3>>", text)


# Slots, slices, permutations


@triton.jit
def slots(x, y, n):
    ring = tle.gpu.alloc([3, 64, 64], tl.bfloat16)
    grid = tle.gpu.alloc([2, 3, 32, 32], tl.bfloat16)
    ring.index(n % 3).store(0.0)
    ring.index(1).store(0.0)
    grid.index(1, 2).store(0.0)
    grid.index(n, 1).store(0.0)
    tl.store(tle.gpu.local_ptr(ring, (n, tl.arange(0, 64), tl.arange(0, 64))), 0.0)
    tl.store(tle.gpu.local_ptr(grid, (tl.arange(0, 2), tl.arange(0, 2), 1, 1)), 0.0)


def test_slots_are_indexed_or_linear():
    text = ttir_text(slots, POINTERS)
    indices = operations(text, "ttg.memdesc_index")
    ring = "!ttg.memdesc<3x64x64xbf16, #shared, #smem, mutable> -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>"
    grid = "!ttg.memdesc<6x32x32xbf16, #shared1, #smem, mutable> -> !ttg.memdesc<32x32xbf16, #shared1, #smem, mutable>"
    assert [line.split(" : ")[1] for line in indices] == [ring, ring, grid, grid, ring]
    assert "[%c1_i32]" in indices[1] and "[%c5_i32]" in indices[2]
    (linear,) = [line for line in calls(text, "local_pointers") if "6x32x32" in line]
    assert linear.count("tensor<2xi32>") == 3


@triton.jit
def views(x, y, n):
    buffer = tle.gpu.alloc([64, 128], tl.bfloat16)
    half = buffer.slice(64, 64, dim=1)
    quarter = half.slice(32, 32)
    tl.static_assert(quarter.shape[0] == 32 and quarter.shape[1] == 64)
    tl.static_assert(buffer.T.shape[0] == 128 and buffer.dtype == tl.bfloat16 and buffer.rank == 2)
    quarter.permute(1, 0).store(quarter.T.load())
    buffer.T.T.store(0.0)
    tl.store(tle.gpu.local_ptr(half.T), 0.0)


def test_views():
    text = ttir_text(views, POINTERS)
    half = "!ttg.memdesc<64x64xbf16, #shared, #smem, mutable, 64x128>"
    quarter = "!ttg.memdesc<32x64xbf16, #shared, #smem, mutable, 64x128>"
    slices = [line.split(" : ")[1] for line in operations(text, "ttg.memdesc_subslice")]
    assert slices == [f"!ttg.memdesc<64x128xbf16, #shared, #smem, mutable> -> {half}", f"{half} -> {quarter}"]
    transposed = {line.split(" -> ")[1] for line in operations(text, "ttg.memdesc_trans")}
    assert transposed == {
        "!ttg.memdesc<64x32xbf16, #shared1, #smem, mutable, 128x64>",
        "!ttg.memdesc<64x64xbf16, #shared1, #smem, mutable, 128x64>",
    }
    assert "#shared1 = " + NVMMA.format(128, "true", 16) in text


# Functions and control flow


@triton.jit
def half_of(buffer, WHICH: tl.constexpr):
    return buffer.slice(WHICH * 32, 32), WHICH


@triton.jit
def fill(buffer, pointers, value):
    buffer.store(value)
    tl.store(pointers, value)


@triton.jit
def transposed(buffer):
    return buffer.T


@triton.jit
def helpers(x, y, n):
    buffer = tle.gpu.alloc([64, 64], tl.float32)
    other = tle.gpu.alloc([64, 64], tl.float32, nv_mma_shared_layout=False)
    for i in range(n):
        part, which = half_of(buffer, 1)
        fill(part, tle.gpu.local_ptr(part), i + which)
        fill(other, x.to(tl.pointer_type(tl.float32)) + tl.arange(0, 64)[:, None] + tl.arange(0, 64)[None, :], 0.0)
        fill(transposed(buffer), tle.gpu.local_ptr(buffer), 1.0)


def test_helpers_take_and_return_buffers_and_pointers():
    text = ttir_text(helpers, POINTERS)
    assert len(operations(text, "ttg.local_store")) == 3
    assert operations(text, "ttg.local_store")[2].endswith(
        "tensor<64x64xf32> -> !ttg.memdesc<64x64xf32, #shared2, #smem, mutable>"
    )
    stores = [line.rsplit(" : ", 1)[1] for line in operations(text, "tt.store")]
    assert stores == ["tensor<32x64x!tt.ptr<f32, 3>>", "tensor<64x64x!tt.ptr<f32>>", "tensor<64x64x!tt.ptr<f32, 3>>"]
    # Inlined: nothing is left to call but TLE's declarations.
    assert all("tt.call @tle." in line for line in text.splitlines() if "tt.call" in line)


@triton.jit
def takes_pointers(pointers):
    tl.store(pointers, 0.0)


@triton.jit
def same_helper_for_both_memories(x, y, n):
    takes_pointers(x + tl.arange(0, 64))
    takes_pointers(tle.gpu.local_ptr(tle.gpu.alloc([64], tl.bfloat16)))


def test_helpers_tell_the_address_spaces_apart():
    text = ttir_text(same_helper_for_both_memories, POINTERS)
    stores = [line.rsplit(" : ", 1)[1] for line in operations(text, "tt.store")]
    assert stores == ["tensor<64x!tt.ptr<bf16>>", "tensor<64x!tt.ptr<bf16, 3>>"]


@triton.jit
def carried(x, y, n):
    front = tle.gpu.alloc([64, 64], tl.bfloat16)
    back = tle.gpu.alloc([64, 64], tl.bfloat16)
    pointers = tle.gpu.local_ptr(front)
    i = 0
    while i < n:
        front, back = back, front
        tl.store(pointers, 0.0)
        i += 1
    if n > 3:
        chosen = front
        pointers = tle.gpu.local_ptr(back)
    else:
        chosen = back
    chosen.store(tl.load(pointers))


def test_buffers_and_pointers_go_through_loops_and_branches():
    text = ttir_text(carried, POINTERS)
    memdesc = "!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>"
    (loop,) = [line for line in text.splitlines() if "scf.while" in line]
    assert loop.count(memdesc) == 4
    (branch,) = [line for line in text.splitlines() if "scf.if" in line]
    assert branch.endswith("-> (tensor<64x64x!tt.ptr<bf16, 3>>) {")
    (chosen,) = operations(text, "arith.select")
    assert chosen.endswith(memdesc)


@triton.jit
def pipelined(x, y, n):
    total = 0
    for i in tle.pipeline(2, n, 3, num_stages=4):
        total += i
    for i in tle.pipeline(n, num_stages=2):
        total += i
    tl.store(y, total)


def test_pipeline_is_a_range_with_stages():
    text = ttir_text(pipelined, POINTERS)
    assert re.search(r"scf.for %\w+ = %c2_i32 to %arg2 step %c3_i32", text)
    assert re.search(r"scf.for %\w+ = %c0_i32 to %arg2 step %c1_i32", text)
    assert "{tt.num_stages = 4 : i32}" in text and "{tt.num_stages = 2 : i32}" in text


# Copies


@triton.jit
def copies(x, y, n):
    offsets = tl.arange(0, 64)[:, None] * 64 + tl.arange(0, 64)[None, :]
    buffer = tle.gpu.alloc([64, 64], tl.bfloat16)
    tle.gpu.copy(x + offsets, buffer, [64, 64])
    tle.gpu.copy(x + offsets, buffer, mask=offsets < n, other=0.0)
    tle.gpu.copy(buffer, y + offsets, mask=tl.arange(0, 64)[None, :] < n)


def test_copy_with_pointers():
    text = ttir_text(copies, POINTERS)
    loads, stores = operations(text, "tt.load"), operations(text, "tt.store")
    assert [line.count(", %") for line in loads] == [0, 2] and stores[0].count(", %") == 2
    assert len(operations(text, "ttg.local_store")) == 2 and len(operations(text, "ttg.local_load")) == 1
    assert loads[0].split()[0] in operations(text, "ttg.local_store")[0]


@triton.jit
def descriptor_copies(x, y, n):
    source = tl.make_tensor_descriptor(x, [n, 64], [64, 1], [32, 64])
    ring = tle.gpu.alloc([2, 32, 64], tl.bfloat16)
    tle.gpu.copy(source, ring.index(0), [32, 64], [n, 0])
    tle.gpu.copy(ring.index(0), y, offsets=[0, n])


def test_copy_with_descriptors_made_on_device_and_host():
    text = ttir_text(descriptor_copies, {"x": "*bf16", "y": "tensordesc<bf16[32, 64]>", "n": "i32"})
    assert re.search(r"tt.descriptor_load %\w+\[%\w+, %c0_i32\] : !tt.tensordesc<tensor<32x64xbf16>>", text)
    assert re.search(r"tt.descriptor_store %\w+\[%c0_i32, %\w+\], %\w+ : !tt.tensordesc<tensor<32x64xbf16>>", text)
    assert len(operations(text, "ttg.local_store")) == len(operations(text, "ttg.local_load")) == 1


@triton.jit
def async_copies(x, y, n):
    offsets = tl.arange(0, 64)
    ring = tle.gpu.alloc([2, 64], tl.bfloat16, tle.gpu.swizzled_shared_layout(order=(0,)))
    for i in range(n):
        slot = ring.index(i % 2)
        tle.gpu.async_copy(x + offsets, slot)
        tle.gpu.async_copy(x + offsets, slot, mask=offsets < n)
        tle.gpu.async_copy(x + offsets, slot, mask=offsets < n, other=0.0)
        tle.gpu.async_commit()
        tle.gpu.async_wait(1)
        tle.gpu.barrier()
        tl.store(y + offsets, slot.load())


def test_async_copies():
    text = ttir_text(async_copies, POINTERS)
    plain, masked, zeroed = operations(text, "ttg.async_copy_global_to_local")
    assert "mask" not in plain and "mask" in masked and "mask" in zeroed and "other" not in zeroed
    order = ["ttg.async_commit_group", "ttg.async_wait", "gpu.barrier", "ttg.local_load"]
    assert re.search(".*".join(map(re.escape, order)), text, re.DOTALL)
    assert operations(text, "ttg.async_wait")[0].endswith("{num = 1 : i32}")


# Operations of the tle dialect


@triton.jit
def operands(x, y, n):
    buffer = tle.gpu.alloc([64, 128], tl.bfloat16)
    part = buffer.slice(0, 64, 1)
    tle.gpu.wgmma_operand_fence()
    tle.gpu.wgmma_operand_fence(buffer, part)
    tl.store(tle.gpu.local_ptr(tle.gpu.wgmma_view(part, (1, 0))), 0.0)
    tle.gpu.wgmma_view(buffer, (0, 1)).store(0.0)


def test_wgmma_view_and_fence():
    text = ttir_text(operands, POINTERS)
    part = "!ttg.memdesc<64x64xbf16, #shared, #smem, mutable, 64x128>"
    (view,) = declarations(text, "memdesc_wgmma_view")
    assert view == (
        f"tt.func private @tle.memdesc_wgmma_view.0({part}) -> !ttg.memdesc<64x64xbf16, #shared1, #smem, mutable, "
        '128x64> attributes {noinline = true, tle.attrs = "{order = array<i32: 1, 0>}", tle.op = "memdesc_wgmma_view"}'
    )
    nothing, both = declarations(text, "wgmma_shared_operand_fence")
    assert "()" in nothing and f"(!ttg.memdesc<64x128xbf16, #shared, #smem, mutable>, {part})" in both


@triton.jit
def sums(x, y, n):
    matrix = tl.load(x + tl.arange(0, 32)[:, None] * 16 + tl.arange(0, 16)[None, :])
    inner, totals = tle.cumsum(matrix, axis=-1, reverse=True)
    counts, count = tle.cumsum((tl.arange(0, 64) < n).to(tl.int8))
    halves, _ = tle.cumsum(matrix, dtype=tl.float16)
    tl.store(y + tl.arange(0, 32)[:, None] * 16 + tl.arange(0, 16)[None, :], inner + totals[:, None] + halves)
    tl.store(y + tl.arange(0, 64), counts + count)


def test_cumsum():
    text = ttir_text(sums, POINTERS)
    types = [re.search(r"\((tensor.*)\) -> \((.*)\) attributes .*?\"{(.*)}\"", line).groups()
             for line in declarations(text, "exclusive_cumsum")]  # fmt: skip
    assert types == [
        ("tensor<32x16xf32>", "tensor<32x16xf32>, tensor<32xf32>", "axis = 1 : i32, reverse = true"),
        ("tensor<64xi32>", "tensor<64xi32>, i32", "axis = 0 : i32, reverse = false"),
        ("tensor<32x16xf16>", "tensor<32x16xf16>, tensor<16xf16>", "axis = 0 : i32, reverse = false"),
    ]


@triton.jit
def tiles(x, y, n):
    matrix = tl.load(x + tl.arange(0, 64)[:, None] * 64 + tl.arange(0, 64)[None, :])
    tile = tle.extract_tile(matrix, (1, n), (32, 16))
    linear = tle.extract_tile(matrix, 6, (32, 16))
    dynamic = tle.extract_tile(matrix, n, [32, 16])
    result = tle.insert_tile(matrix, tile + linear + dynamic.to(tl.float32), (0, 3))
    tl.store(y + tl.arange(0, 64)[:, None] * 64 + tl.arange(0, 64)[None, :], result)


def test_tiles():
    text = ttir_text(tiles, POINTERS)
    static, linear, dynamic = calls(text, "extract_tile")
    assert re.search(r"@tle.extract_tile.0\(%\w+, %c1_i32, %arg2\)", static)
    assert re.search(r"@tle.extract_tile.0\(%\w+, %c1_i32, %c2_i32\)", linear)
    row, column = re.search(r"@tle.extract_tile.0\(%\w+, (%\w+), (%\w+)\)", dynamic).groups()
    assert re.search(rf"{row} = arith.divsi %arg2, %c4_i32", text)
    assert re.search(rf"{column} = arith.remsi %arg2, %c4_i32", text)
    (insert,) = calls(text, "insert_tile")
    assert insert.endswith("(tensor<32x16xbf16>, tensor<64x64xbf16>, i32, i32) -> tensor<64x64xbf16>")
    assert re.search(r"\(%\w+, %\w+, %c0_i32, %c3_i32\)", insert)


# Locations


def test_operations_carry_the_line_of_the_kernel():
    text = ttir_with_locations(full_view, POINTERS)
    first = full_view.starting_line_number
    source = full_view.src.splitlines()
    table = dict(re.findall(r"^(#loc\d*) = loc\((.*)\)$", text, re.MULTILINE))

    def line_of(reference):
        location = table[reference]
        while ".py" not in location:
            location = table[re.search(r"#loc\d*", location).group()]
        return int(re.search(r"\.py\":(\d+):", location).group(1))

    decorators = len(full_view.raw_src) - len(source)
    for needle, statement in [
        ("ttg.local_alloc", "tle.gpu.alloc("),
        ("tt.call @tle.local_pointers", "tl.store(tle.gpu.local_ptr"),
        ("tt.func private @tle.local_pointers", "tl.store(tle.gpu.local_ptr"),
    ]:
        operation = next(line for line in text.splitlines() if needle in line)
        line = line_of(re.search(r"loc\((#loc\d*)\)$", operation).group(1))
        assert statement in source[line - first - decorators], operation
