"""`tle.gpu.warp_specialize` and `tle.pipe`: mistakes, what the frontend makes, what the compiler makes of it."""

import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import bad_partitions
import pytest
import triton
import triton.language as tl
import triton_tle.language as tle
from frontend import check_mistake, ttir, ttir_text
from triton.backends.compiler import GPUTarget
from triton.compiler.errors import CompilationError
from triton_tle.compiler.errors import TLECompilationError
from triton_tle.ops import sparse_mla_fwd_pipes

HELPERS = {"takes_one", "takes_none", "returns", "divides_again", "makes_a_pipe"}
KERNELS = {
    name: value
    for name, value in vars(bad_partitions).items()
    if isinstance(value, triton.JITFunction) and name not in HELPERS
}
SIGNATURE = {"x": "*fp16", "n": "i32"}


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS.keys())
def test_mistake_is_an_error_at_its_line(kernel):
    check_mistake(kernel, SIGNATURE)


@triton.jit
def fills(w, x, n, BAD: tl.constexpr):
    offsets = tl.arange(0, 64)[:, None] * 64 + tl.arange(0, 64)[None, :]
    for i in range(n):
        slot = w.acquire(i)
        if BAD == "index":
            w.commit(offsets)
        if BAD == "negative":
            w.commit(-1)
        if BAD == "field":
            slot.b.store(0.0)
        if BAD == "wait":
            w.wait(i)
        if BAD == "assign":
            slot.a = tl.load(x + offsets)
        if BAD == "acquire twice":
            w.acquire(i)
        if BAD == "divide":
            tle.gpu.warp_specialize([(fills, (w, x, n, "")), (fills, (w, x, n, ""))], [4])
        tle.gpu.async_copy(x + i * 4096 + offsets, slot.a)
        w.commit(i)
        if BAD == "commit twice":
            w.commit(i)
        if BAD == "commit next":
            w.commit(i + 1)
        if BAD == "close each time":
            w.close(i + 1)
    if BAD == "close twice":
        w.close(n)
        w.close(n)
    if BAD == "close less":
        w.close(n - 1)
    if BAD == "begin anew":
        for i in range(n):
            w.acquire(i)
            w.commit(i)


@triton.jit
def adds(r, y, n):
    offsets = tl.arange(0, 64)[:, None] * 64 + tl.arange(0, 64)[None, :]
    total = tl.zeros([64, 64], tl.float32)
    for i in range(n):
        slot = r.wait(i)
        total += slot.a.load()
        r.release(i)
    tl.store(y + offsets, total)


@triton.jit
def sums(x, y, n, SLOTS: tl.constexpr, BAD: tl.constexpr):
    p = tle.pipe(a=tle.gpu.alloc([SLOTS, 64, 64], tl.float16), name="tiles")
    tle.gpu.warp_specialize([(adds, (p.reader(), y, n)), (fills, (p.writer(), x, n, BAD))], [4], [40])


SUMS = {"x": "*fp16", "y": "*fp32", "n": "i32"}


@pytest.mark.parametrize(
    ("bad", "expected", "line"),
    [
        ("index", r"commit of the writer of pipe 'tiles': index is a tensor int32\[64, 64\]", "w.commit(offsets)"),
        ("negative", r"commit of the writer of pipe 'tiles': index is -1, but tiles are counted", "w.commit(-1)"),
        ("field", r"the slot has no field 'b'; its fields are \['a'\]", "slot.b.store(0.0)"),
        ("divide", r"called inside of a partition", "tle.gpu.warp_specialize([(fills"),
        ("wait", r"the writer of pipe 'tiles' has no 'wait'; its steps are acquire, commit, close", "w.wait(i)"),
        ("assign", r"Attribute assignment", "slot.a = tl.load"),
    ],
)
def test_mistake_inside_of_a_partition(bad, expected, line):
    with pytest.raises(CompilationError) as raised:
        ttir(sums, SUMS, {"SLOTS": 2, "BAD": bad})
    outer = inner = raised.value
    while isinstance(inner.__cause__, CompilationError):
        inner = inner.__cause__
    assert "tle.gpu.warp_specialize" in outer.src.splitlines()[outer.node.lineno - 1]
    assert line in inner.src.splitlines()[inner.node.lineno - 1]
    assert re.search(expected, str(inner)), str(inner)


def test_message_of_a_kernel_holds_the_mistake_of_its_partition():
    with pytest.raises(CompilationError) as raised:
        ttir(sums, SUMS, {"SLOTS": 2, "BAD": "negative"})
    text = str(raised.value)
    assert text.count("tle.gpu.warp_specialize([(adds") == 1
    expected = r"in partition 'fills', at \d+:\d+:\n(.*\n)+ +w.commit\(-1\)\n +\^\n.*tiles are counted"
    assert re.search(expected, text), text


@pytest.mark.parametrize("warps", [1, 2])
def test_first_partition_has_whole_warp_groups(warps):
    with pytest.raises(CompilationError, match=f"compiled with num_warps={warps}, but .* needs a multiple of 4"):
        ttir(sums, SUMS, {"SLOTS": 2, "BAD": ""}, num_warps=warps)


@triton.jit
def doubles(value):
    return value * 2


@triton.jit
def applies(y, n, FUNCTION: tl.constexpr, TYPE: tl.constexpr, NAME: tl.constexpr, NOTHING, SCALE, FLAG):
    if NOTHING is None and NAME == "doubled" and FLAG:
        tl.store(y, FUNCTION(n).to(TYPE) * SCALE)


@triton.jit
def captures(x, y, n):
    tle.gpu.warp_specialize(
        [
            (applies, (y, n, doubles, tl.float32, "doubled", None, 1.5, True)),
            (applies, (y + 1, n, doubles, tl.float32, "doubled", None, 2.5, n > 3)),
        ],
        [4],
    )


def test_constants_and_functions_are_captured():
    text = ttir_text(captures, SUMS)
    (head,) = re.findall(r"ttg.warp_specialize\((.*)\) attributes", text)
    assert head.count("%") == 3  # y + 1, n, n > 3
    assert text.count("tt.store") == 2


@triton.jit
def adds_scaled(y, n, scale, more):
    total = n
    if scale is not None:
        total *= scale
    if more[1] is not None:
        total += more[1]
    tl.store(y, total + more[0])


@triton.jit
def with_optional(y, n, SCALED: tl.constexpr, MORE: tl.constexpr, NAMED: tl.constexpr):
    if SCALED:
        scale = n + 7
    else:
        scale = None
    if MORE:
        addend = n + 9
    else:
        addend = None
    if NAMED:
        more = (n, addend)
        tle.gpu.warp_specialize([(adds_scaled, (y, n, scale, more)), (adds_scaled, (y + 1, n, scale, more))], [4])
    else:
        tle.gpu.warp_specialize(
            [(adds_scaled, (y, n, scale, (n, addend))), (adds_scaled, (y + 1, n, scale, (n, addend)))], [4]
        )


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("scaled, more", [(False, False), (False, True), (True, False), (True, True)])
def test_a_name_that_was_assigned_none_is_an_argument(scaled, more, named):
    constants = {"SCALED": scaled, "MORE": more, "NAMED": named}
    (head,) = re.findall(
        r"ttg.warp_specialize\((.*)\) attributes", ttir_text(with_optional, {"y": "*i32", "n": "i32"}, constants)
    )
    assert head.count("%") == 2 + scaled + more  # y + 1, n, and what is not None
    source = triton.compiler.ASTSource(
        with_optional, {"y": "*i32", "n": "i32"} | dict.fromkeys(constants, "constexpr"), constants
    )
    ptx = triton.compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": 4}).asm["ptx"]
    assert ptx.count("st.global") == 2
    assert len(re.findall(r"\bmul\.lo|\bmad\.lo", ptx)) == 2 * scaled


@triton.jit
def adds_in_turn(y, n, more):
    adds_scaled(y, n, None, more)


@triton.jit
def without_partitions(y, n):
    addend = None
    adds_in_turn(y, n, (n, addend))
    for extra in tl.static_range(2):
        more = (n, addend)
        adds_scaled(y + 1 + extra, n, more[1], more)


def test_none_in_a_tuple_of_a_helper_function():
    assert ttir_text(without_partitions, {"y": "*i32", "n": "i32"}).count("tt.store") == 3


def test_partitions_are_regions_with_captures():
    text = ttir_text(sums, SUMS, {"SLOTS": 2, "BAD": ""})
    (head,) = re.findall(r"ttg.warp_specialize\((.*)\) attributes \{(.*)\}", text)
    assert head[0].count("%") == 4  # barriers, field, x, n
    assert "requestedRegisters = array<i32: 40>" in head[1]
    assert "partition0(" in text and "num_warps(4)" in text
    assert text.count("@tle.pipe_create.0(") == 2
    assert "name = \\22tiles\\22, oneShot = false, readers = [\\22reader\\22]" in text
    for step in ("acquire", "commit", "wait", "release"):
        assert text.count(f"call @tle.pipe_{step}.0(") == 1
    assert "#blocked" not in text


@pytest.mark.parametrize("slots", [1, 2, 3, 4])
def test_compiles_to_ptx(slots):
    signature = SUMS | {"SLOTS": "constexpr", "BAD": "constexpr"}
    aligned = {(0,): [["tt.divisibility", 16]]}  # asynchronous copies are of 4 bytes at least
    source = triton.compiler.ASTSource(sums, signature, {"SLOTS": slots, "BAD": ""}, aligned)
    ptx = triton.compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": 4}).asm["ptx"]
    assert ptx.count("mbarrier.init.shared") == 2 * slots
    assert ptx.count("cp.async.mbarrier.arrive.noinc") == 1
    assert ptx.count("mbarrier.arrive.shared.b64 state") == 1
    assert ptx.count("mbarrier.try_wait.parity") == 2
    assert re.search(r"setmaxnreg\.dec\.sync\.aligned\.u32\s+40;", ptx)


@triton.jit
def adds_late(r, y, n, SCALED: tl.constexpr):
    offsets = tl.arange(0, 64)[:, None] * 64 + tl.arange(0, 64)[None, :]
    total = tl.zeros([64, 64], tl.float32)
    for i in range(n):
        if SCALED and i % 4 == 3:
            total = total * 0.5
        slot = r.wait(i)
        total = tl.dot(slot.a.load(), slot.a.T.load(), total)
        if i > 0:
            r.release(i - 1)
    r.release(n - 1)
    tl.store(y + offsets, total)


@triton.jit
def sums_late(x, y, n, SCALED: tl.constexpr):
    tiles = tle.pipe(a=tle.gpu.alloc([2, 64, 64], tl.float16), name="tiles")
    tle.gpu.warp_specialize(
        [(adds_late, (tiles.reader(), y, n, SCALED)), (fills, (tiles.writer(), x, n, ""))], [4], [40]
    )


@pytest.mark.parametrize("scaled", [False, True])
def test_products_run_on_into_the_next_iteration(scaled):
    source = triton.compiler.ASTSource(
        sums_late, SUMS | {"SCALED": "constexpr"}, {"SCALED": scaled}, {(0,): [["tt.divisibility", 16]]}
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        compiled = triton.compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": 4})
    assert not [str(warning.message) for warning in caught if "serialized" in str(warning.message)]
    waits = re.findall(r"wgmma\.wait_group\.sync\.aligned (\d+);", compiled.asm["ptx"])
    # In the loop for the products of the tile before, where sums are scaled for all, behind the loop for all.
    assert sorted(waits) == ["0"] * (1 + scaled) + ["1"]


@triton.jit
def fills_blocks(w, blocks, n):
    for i in range(n):
        slot = w.acquire(i)
        tle.gpu.copy(blocks, slot.a, offsets=[i * 64, 0])
        w.commit(i)


@triton.jit
def sums_blocks(x, y, n, HOST: tl.constexpr):
    blocks = x if HOST else tl.make_tensor_descriptor(x, [n * 64, 64], [64, 1], [64, 64])
    tiles = tle.pipe(a=tle.gpu.alloc([2, 64, 64], tl.float16), name="tiles")
    tle.gpu.warp_specialize([(adds, (tiles.reader(), y, n)), (fills_blocks, (tiles.writer(), blocks, n))], [4], [40])


@pytest.mark.parametrize("host", [False, True])
def test_blocks_complete_on_the_pipe(host):
    signature = {"x": "tensordesc<fp16[64,64]>" if host else "*fp16", "y": "*fp32", "n": "i32", "HOST": "constexpr"}
    source = triton.compiler.ASTSource(sums_blocks, signature, {"HOST": host})
    ptx = triton.compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": 4}).asm["ptx"]
    assert ptx.count("mbarrier.init.shared") == 4  # none of the copy's own
    assert ptx.count("cp.async.bulk.tensor.2d") == 1
    assert len(re.findall(r"mbarrier\.expect_tx\.relaxed\.cta\.shared::cta\.b64 \[%r\d+\], 2048;", ptx)) == 1
    assert ptx.count("@first mbarrier.arrive.shared") == 1


@triton.jit
def counted(x, y, WRITTEN: tl.constexpr, READ: tl.constexpr):
    tiles = tle.pipe(a=tle.gpu.alloc([2, 64, 64], tl.float16), name="tiles")
    tle.gpu.warp_specialize([(adds, (tiles.reader(), y, READ)), (fills, (tiles.writer(), x, WRITTEN, ""))], [4], [40])


@pytest.mark.parametrize(
    ("written", "read", "mark", "expected"),
    [
        (4, 5, "r.wait(i)", "its reader 'reader' waits for tile 4, but 4 tiles are committed in all"),
        (8, 5, "w.acquire(i)", "its writer acquires 8 times, but its reader 'reader' releases 5 tiles of 2 slots"),
    ],
)
def test_counts_that_do_not_match_are_errors(written, read, mark, expected):
    constants = {"WRITTEN": written, "READ": read}
    source = triton.compiler.ASTSource(
        counted, {"x": "*fp16", "y": "*fp32"} | dict.fromkeys(constants, "constexpr"), constants,
        {(0,): [["tt.divisibility", 16]]},
    )  # fmt: skip
    with pytest.raises(TLECompilationError) as raised:
        triton.compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": 4})
    assert expected in str(raised.value) and mark in str(raised.value)


def refusal(kernel, signature, constants=None):
    """What the compiler says of a wrong kernel."""
    constants = constants or {}
    source = triton.compiler.ASTSource(
        kernel, signature | dict.fromkeys(constants, "constexpr"), constants, {(0,): [["tt.divisibility", 16]]}
    )
    with pytest.raises(TLECompilationError) as raised:
        triton.compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": 4})
    return str(raised.value)


@pytest.mark.parametrize(
    ("bad", "mark", "expected"),
    [
        ("acquire twice", "w.acquire(i)", "a tile is acquired that has been acquired"),
        ("commit twice", "w.commit(i)", "a tile is committed that has been committed"),
        ("commit next", "w.commit(i + 1)", "is committed to twice, without an acquire between"),
        ("close each time", "slot = w.acquire(i)", "is acquired after it has been closed"),
        ("close twice", "w.close(n)", "is closed after it has been closed"),
        ("close less", "w.close(n - 1)", "closed with a number of tiles that is 1 ahead of the number"),
        ("begin anew", "w.acquire(i)", "a tile is acquired that a loop before has acquired"),
    ],
)
def test_steps_out_of_order_are_errors(bad, mark, expected):
    """Though nobody knows how often the loops run."""
    message = refusal(sums, SUMS, {"SLOTS": 2, "BAD": bad})
    assert re.search(rf"{re.escape(mark)}\n +\^\npipe 'tiles'.*{expected}", message), message


@triton.jit
def passes_on(r, w, n):
    for i in range(n):
        taken = r.wait(i)
        given = w.acquire(i)
        given.a.store(taken.a.load())
        w.commit(i)
        r.release(i)


@triton.jit
def in_a_ring(x, y, n):
    there = tle.pipe(a=tle.gpu.alloc([2, 64, 64], tl.float16), name="there")
    back = tle.pipe(a=tle.gpu.alloc([2, 64, 64], tl.float16), name="back")
    tle.gpu.warp_specialize(
        [(passes_on, (there.reader(), back.writer(), n)), (passes_on, (back.reader(), there.writer(), n))], [4]
    )


def test_pipes_that_wait_for_each_other_are_an_error():
    message = refusal(in_a_ring, SUMS)
    expected = "pipe 'there' is committed to only behind this wait for pipe 'back', which waits for it in turn"
    assert expected in message and "taken = r.wait(i)" in message, message


@triton.jit
def more_are_read(x, y, n):
    tiles = tle.pipe(a=tle.gpu.alloc([2, 64, 64], tl.float16), name="tiles")
    tle.gpu.warp_specialize([(adds, (tiles.reader(), y, n + 1)), (fills, (tiles.writer(), x, n, ""))], [4], [40])


def test_sums_of_bounds_are_compared():
    message = refusal(more_are_read, SUMS)
    assert "its reader 'reader' waits for 1 more tiles than are committed" in message and "r.wait(i)" in message


@triton.jit
def puts(here, there, meet, y, ROW: tl.constexpr):
    here.store(tl.zeros([64], tl.float32) + ROW)
    meet[0].wait()
    tl.store(y + ROW * 64 + tl.arange(0, 64), there.load())
    meet[1].wait()


@triton.jit
def meets(y, WARPS: tl.constexpr):
    vector: tl.constexpr = tle.gpu.swizzled_shared_layout(order=(0,))
    a, b = tle.gpu.alloc([64], tl.float32, layout=vector), tle.gpu.alloc([64], tl.float32, layout=vector)
    both = (tle.gpu.named_barrier("first"), tle.gpu.named_barrier("second"))
    tle.gpu.warp_specialize([(puts, (a, b, both, y, 0)), (puts, (b, a, both, y, 1))], [WARPS])


@pytest.mark.parametrize("warps", [1, 4])
def test_named_barriers_count_the_threads_that_meet(warps):
    source = triton.compiler.ASTSource(meets, {"y": "*fp32", "WARPS": "constexpr"}, {"WARPS": warps})
    ptx = triton.compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": 4}).asm["ptx"]
    threads = 128 + 32 * warps
    assert re.findall(r"barrier\.sync (1[45]), (\d+);", ptx) == [("15", str(threads)), ("14", str(threads))] * 2
    others = {int(number) for number in re.findall(r"bar(?:rier)?\.sync\s+(\d+)", ptx)} - {14, 15}
    assert others <= {0, 1, 2}


@triton.jit
def copies_tiles(x, y, n, POLICY: tl.constexpr):
    buffer = tle.gpu.alloc([64, 64], tl.float16)
    offsets = tl.arange(0, 64)[:, None] * 64 + tl.arange(0, 64)[None, :]
    tle.gpu.async_copy(x + offsets, buffer, mask=tl.arange(0, 64)[:, None] < n, eviction_policy=POLICY)
    tle.gpu.async_commit()
    tle.gpu.async_wait(0)
    tl.store(y + offsets, buffer.load())


@pytest.mark.parametrize("capability", [80, 90])
@pytest.mark.parametrize("policy", ["", "evict_first", "evict_last"])
def test_copies_have_their_eviction_policy(policy, capability):
    signature = {"x": "*fp16", "y": "*fp16", "n": "i32", "POLICY": "constexpr"}
    source = triton.compiler.ASTSource(copies_tiles, signature, {"POLICY": policy}, {(0,): [["tt.divisibility", 16]]})
    ptx = triton.compile(source, target=GPUTarget("cuda", capability, 32), options={"num_warps": 4}).asm["ptx"]
    assert len(re.findall(r"cp\.async\.cg\.shared\.global", ptx)) == 4
    assert re.findall(r"createpolicy\.fractional\.L2::(\w+)\.b64", ptx) == ([policy] if policy else [])
    hints = re.findall(
        r"cp\.async\.cg\.shared\.global\.L2::cache_hint \[[^]]+\], \[[^]]+\], 0x10, %r\d+, (%rd\d+);", ptx
    )
    assert len(hints) == (4 if policy else 0) and len(set(hints)) <= 1


@triton.jit
def holds(x, y, HELD: tl.constexpr):
    buffer = tle.gpu.alloc([64, 64], tl.float16)
    offsets = tl.arange(0, 64)[:, None] * 64 + tl.arange(0, 64)[None, :]
    buffer.store(tl.load(x + offsets))
    a = tle.gpu.hold_in_registers(buffer.load()) if HELD else buffer.load()
    tl.store(y + offsets, tl.dot(a, buffer.T.load()))


@pytest.mark.parametrize("held", [False, True])
def test_factor_stays_in_registers(held):
    signature = {"x": "*fp16", "y": "*fp32", "HELD": "constexpr"}
    source = triton.compiler.ASTSource(holds, signature, {"HELD": held})
    ttgir = triton.compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": 4}).asm["ttgir"]
    (factor,) = re.findall(r"warp_group_dot %.*? : (.*?) \*", ttgir)
    assert ("dot_op" in factor) == held, factor


@pytest.mark.parametrize("case", list(sparse_mla_fwd_pipes.variants("sm_90a")), ids=lambda case: case[0])
def test_forward_has_no_barriers_beside_its_pipes(case):
    _, kernel, types, constexprs, options = case
    signature = {name: types.get(name, "constexpr").split(":")[0] for name in kernel.arg_names}
    aligned = {
        (kernel.arg_names.index(name),): [["tt.divisibility", 16]] for name in types if types[name].endswith(":16")
    }
    constants = {(kernel.arg_names.index(name),): value for name, value in constexprs.items()}
    source = triton.compiler.ASTSource(kernel, signature, constants, aligned)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        compiled = triton.compile(source, target=GPUTarget("cuda", 90, 32), options=options)
    assert not [str(warning.message) for warning in caught if "serialized" in str(warning.message)]
    # Behind the initialization of mbarriers, and two in each epilogue that goes through shared memory, once a half of
    # the sums where these are stored as float32.
    halves = 2 if "parts" in case[0] else 1
    assert len(re.findall(r"\bbar\.sync\b", compiled.asm["ptx"])) == 1 + 2 * 2 * halves
    assert "tle.ordered = array<i32: 2, 3>" in compiled.asm["ttgir"]


@pytest.mark.parametrize("capability", [80, 100, 120])
def test_other_targets_are_refused(capability):
    with pytest.raises(CompilationError, match=f"compiled for sm_{capability}, but partitions need sm_90"):
        ttir(sums, SUMS, {"SLOTS": 2, "BAD": ""}, capability=capability)


def test_kernels_of_the_gpu_check_are_right_in_the_interpreter():
    script = Path(__file__).parents[2] / "gpu" / "check_warp_specialize.py"
    environment = os.environ | {"TRITON_INTERPRET": "1"}
    run = subprocess.run([sys.executable, str(script)], env=environment, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count(" error ") == 10 and "FAILED" not in run.stdout
