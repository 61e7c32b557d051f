"""Tile-style pipelines, executed: what the passes make of a loop computes what the loop computed.

Loops of every kind that the passes take, with trip counts from 0 to 7, run in an abstract machine before and after
them, and for some behind the rest of the stage; see tile_machine.py for what it watches.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import pytest
from tile_machine import Fault, Machine, parse
from triton._C.libtriton import ir, nvidia
from triton_tle.compiler import bridge
from triton_tle.compiler.opt import without_locations
from triton_tle.compiler.pipelines import Settings, Stage, tle_passes
from triton_tle.compiler.runner import run_stage

PASSES = "triton-tle-tile-style-pipeline-schedule,triton-tle-materialize-tile-style-pipeline"

#: What the program promises of addresses, which are numbers of tiles to the machine and say nothing of themselves.
RUNS = "{tt.contiguity = dense<[1, 64]> : tensor<2xi32>, tt.divisibility = dense<[1, 16]> : tensor<2xi32>}"

PREAMBLE = """
#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xbf16, #s, #smem, mutable>
!half = !ttg.memdesc<32x64xbf16, #s, #smem, mutable, 64x64>
!half_ptrs = tensor<32x64x!tt.ptr<bf16>, #b>
!half_ints = tensor<32x64xi32, #b>
!half_bits = tensor<32x64xi1, #b>
!const = !ttg.memdesc<64x64xbf16, #s, #smem>
!ptrs = tensor<64x64x!tt.ptr<bf16>, #b>
!ints = tensor<64x64xi32, #b>
!bits = tensor<64x64xi1, #b>
!tile = tensor<64x64xbf16, #b>
module attributes {"ttg.num-warps" = 4 : i32, "ttg.num-ctas" = 1 : i32, ttg.target = "cuda:90"} {
"""


@dataclass(frozen=True)
class Loop:
    """A loop to generate.

    ``address``: what a tile's address is made of: "iv", "index" (loaded), "carried" (a pointer that iterations move
    on), "carried index" (the same, to indices), "chased" (an index that is loaded through the one before it).
    ``how``: "copies" with one wait, "waits" (one for each copy), "halves" (two copies a buffer), "loads" into
    registers and from there into shared memory, "used loads" (registers are used too), "products" (copies that
    tensor cores read; the last product adds to what the loop carries), "chain" (each product adds to the one before,
    and the last one reads no tile).
    """

    trips: int | None
    stages: int = 2
    producers: int = 1
    address: str = "iv"
    how: str = "copies"
    lower: int = 0
    step: int = 1
    masked: bool = False
    stores: bool = False

    def text(self) -> str:
        """The module; with ``trips`` None the bounds are arguments."""
        lines = [PREAMBLE]
        products = self.how in ("products", "chain")
        if products:
            # Of tiles only products are used.
            accumulators = PREAMBLE.replace("!tile = tensor<64x64xbf16, #b>", "!tile = tensor<64x64xf32, #mma>")
            lines = [accumulators.replace("!bits = tensor<64x64xi1, #b>", "!bits = tensor<64x64xi1, #mma>")]
        tiles = range(self.producers)
        arguments = ["%idx: !tt.ptr<i32>", "%out: !ptrs", "%zero: !tile", "%lb: i32", "%ub: i32"]
        arguments.append("%factor: tensor<64x64xbf16, #b>")
        arguments += [f"%base{i}: !ptrs {RUNS}" for i in tiles]
        arguments += [f"%{part}base{i}: !half_ptrs" for i in tiles for part in ("lo", "hi")]
        lines.append(f"tt.func @f({', '.join(arguments)}) -> (!tile, i32) {{")
        add = lines.append
        if self.trips is None:
            lower, upper = "%lb", "%ub"
        else:
            lower, upper = "%lower", "%upper"
            add(f"%lower = arith.constant {self.lower} : i32")
            add(f"%upper = arith.constant {self.lower + self.trips * self.step} : i32")
        add(f"%step = arith.constant {self.step} : i32")
        add("%c0 = arith.constant 0 : i32")
        add("%c1 = arith.constant 1 : i32")
        add("%c1s = arith.constant dense<1> : !ints")
        add("%zeros = arith.constant dense<0.0> : !tile")
        add("%c2s = arith.constant dense<2> : !ints")
        add("%half_c2s = arith.constant dense<2> : !half_ints")
        add("%q = ttg.local_alloc %factor : (tensor<64x64xbf16, #b>) -> !const")
        loads = self.how in ("loads", "used loads")
        if not loads:
            for i in tiles:
                add(f"%buf{i} = ttg.local_alloc : () -> !buf")
        carried = [("%acc", "%zero", "!tile", "%sum"), ("%count", "%c0", "i32", "%more")]
        if self.address == "carried":
            carried += [(f"%p{i}", f"%base{i}", "!ptrs", f"%pnext{i}") for i in tiles]
        if self.address == "carried index":
            carried.append(("%ip", "%idx", "!tt.ptr<i32>", "%ipnext"))
        if self.address == "chased":
            carried.append(("%id", "%c0", "i32", "%idnext"))
        inits = ", ".join(f"{name} = {init}" for name, init, _, _ in carried)
        types = ", ".join(kind for _, _, kind, _ in carried)
        results = f"%r:{len(carried)}"
        add(f"{results} = scf.for %i = {lower} to {upper} step %step iter_args({inits}) -> ({types}) : i32 {{")
        self._addresses(add)
        self._tiles(add)
        total = "%acc"
        if self.masked:
            add("%even = arith.andi %number, %c1 : i32")
            add("%keeps = arith.cmpi eq, %even, %c0 : i32")
            add("%kept = tt.splat %keeps : i1 -> !bits")
        for i in tiles:
            if self.how == "chain":
                add(f"%sum_{i} = ttng.warp_group_dot %q, %buf{i}, {total} : !const * !buf -> !tile")
                total = f"%sum_{i}"
                continue
            if self.how == "products":
                # A chain on zeros, and then the product that adds to what is carried.
                last = i == self.producers - 1
                total = "%acc" if last else "%zeros" if i == 0 else f"%d{i - 1}"
                product = f"ttng.warp_group_dot %q, %buf{i}, {total} {{inputPrecision = 0 : i32}}"
                add(f"%d{i} = {product} : !const * !buf -> !tile")
                if last and i > 0:
                    add(f"%sum_{i} = arith.addf %d{i}, %d{i - 1} : !tile")
                total = f"%sum_{i}" if last and i > 0 else f"%d{i}"
                continue
            value = f"%x{i}"
            if self.masked:
                add(f"%m{i} = arith.select %kept, {value}, %zero : !bits, !tile")
                value = f"%m{i}"
            add(f"%sum_{i} = arith.addf {total}, {value} : !tile")
            total = f"%sum_{i}"
        if self.how == "chain":
            add(f"%rest = ttng.warp_group_dot %q, %q, {total} : !const * !const -> !tile")
            total = "%rest"
        if self.stores:
            add("%where = tt.splat %i : i32 -> !ints")
            add("%there = tt.addptr %out, %where : !ptrs, !ints")
            add(f"tt.store %there, {'%factor' if products else '%x0'} : !ptrs")
        add("%more = arith.addi %count, %number : i32")
        yielded = ", ".join(total if name == "%sum" else name for *_, name in carried)
        add(f"scf.yield {yielded} : {types}")
        add(f"}} {{tt.num_stages = {self.stages} : i32}}")
        add("tt.return %r#0, %r#1 : !tile, i32")
        add("}\n}")
        return "\n".join(lines)

    def _addresses(self, add) -> None:
        number = "%i"
        if self.address in ("index", "carried index"):
            pointer = "%ip"
            if self.address == "index":
                add("%ip = tt.addptr %idx, %i : !tt.ptr<i32>, i32")
            else:
                add(f"%ipnext = tt.addptr {pointer}, %c1 : !tt.ptr<i32>, i32")
            add(f"%id = tt.load {pointer} : !tt.ptr<i32>")
            number = "%id"
        if self.address == "chased":
            add("%ip = tt.addptr %idx, %id : !tt.ptr<i32>, i32")
            add("%idnext = tt.load %ip : !tt.ptr<i32>")
            number = "%id"
        add(f"%number = arith.addi {number}, %c0 : i32")
        add("%numbers = tt.splat %number : i32 -> !ints")
        if self.how == "halves":
            add("%half_numbers = tt.splat %number : i32 -> !half_ints")
        if self.masked and self.how == "halves":
            add("%mask = arith.cmpi sge, %half_numbers, %half_c2s : !half_ints")
        elif self.masked:
            add("%mask = arith.cmpi sge, %numbers, %c2s : !ints")
        for i in range(self.producers):
            if self.address == "carried":
                add(f"%pnext{i} = tt.addptr %p{i}, %c1s {RUNS} : !ptrs, !ints")
            else:
                add(f"%p{i} = tt.addptr %base{i}, %numbers {RUNS} : !ptrs, !ints")

    def _tiles(self, add) -> None:
        tiles = range(self.producers)
        mask = " mask %mask" if self.masked else ""
        if self.how in ("loads", "used loads"):
            for i in tiles:
                add(f"%v{i} = tt.load %p{i}{', %mask, %zeros' if self.masked else ''} : !ptrs")
                add(f"%a{i} = ttg.local_alloc %v{i} : (!tile) -> !const")
                add(f"%w{i} = ttg.local_load %a{i} : !const -> !tile")
                used = self.how == "used loads"
                add(f"%x{i} = arith.addf %w{i}, %v{i} : !tile" if used else f"%x{i} = {_same(f'%w{i}')}")
            return
        tokens = []
        for i in tiles:
            if self.how == "halves":
                for part, start in (("lo", 0), ("hi", 32)):
                    add(f"%{part}{i} = ttg.memdesc_subslice %buf{i}[{start}, 0] : !buf -> !half")
                    add(f"%{part}p{i} = tt.addptr %{part}base{i}, %half_numbers {RUNS} : !half_ptrs, !half_ints")
                    add(_copy(f"%{part}t{i}", f"%{part}p{i}", f"%{part}{i}", mask, "!half_ptrs", "32x64", ", 64x64"))
                    tokens.append(f"%{part}t{i}")
            else:
                add(_copy(f"%t{i}", f"%p{i}", f"%buf{i}", mask, "!ptrs", "64x64", ""))
                tokens.append(f"%t{i}")
            if self.how == "waits":
                add(f"%g{i} = ttg.async_commit_group tokens %t{i}")
                add(f"ttg.async_wait %g{i} {{num = 0 : i32}}")
                add(f"%x{i} = ttg.local_load %buf{i} : !buf -> !tile")
        if self.how != "waits":
            add(f"%g = ttg.async_commit_group tokens {', '.join(tokens)}")
            add("ttg.async_wait %g {num = 0 : i32}")
            for i in tiles if self.how not in ("products", "chain") else ():
                add(f"%x{i} = ttg.local_load %buf{i} : !buf -> !tile")


def _copy(token: str, pointers: str, buffer: str, mask: str, type: str, shape: str, whole: str) -> str:
    return (
        f"{token} = ttg.async_copy_global_to_local {pointers}, {buffer}{mask} : {type} -> "
        f"<{shape}xbf16, #s, #smem, mutable{whole}>"
    )


def _same(name: str) -> str:
    return f"ttg.convert_layout {name} : !tile -> !tile"


def memory(base: str, offset: int):
    """Small indices, a permutation of 0 to 7; and tiles."""
    return (offset * 5 + 3) % 8 if base == "idx" else ("mem", base, offset)


def arguments(loop: Loop, trips: int):
    bases = [(f"base{i}", 0) for i in range(loop.producers)]
    halves = [(f"{part}{i}", 0) for i in range(loop.producers) for part in ("lo", "hi")]
    upper = loop.lower + trips * loop.step
    return [("idx", 0), ("out", 0), ("zero",), loop.lower, upper, ("q",), *bases, *halves]


def generic(text: str, passes: str) -> str:
    result, diagnostics = bridge.native().run_passes(text, passes, generic=True)
    assert diagnostics == []
    return without_locations(result)


def pipelined(loop: Loop, passes: str = PASSES):
    """The loop's program before and after the passes."""
    text = loop.text()
    return parse(generic(text, "")), parse(generic(text, passes))


def passes_for_one_slot(loop: Loop) -> str:
    """The passes with shared memory for one tile of each buffer, and nearly for a second one."""
    scratch = 64 * 64 * 2 * 5 // 4 if loop.how == "loads" else 0  # its change of layout
    memory = 8192 + 8192 * (2 * loop.producers) + scratch + 512 - 1
    return ",".join(f"{name}{{shared-memory={memory}}}" for name in PASSES.split(","))


def check(loop: Loop, before, after, trips: int) -> Machine:
    """Run both programs: same results, same stores, no load that was not made before."""
    old, new = Machine(memory), Machine(memory)
    assert old.run(before, arguments(loop, trips)) == new.run(after, arguments(loop, trips))
    assert old.stores == new.stores
    # No element is loaded that the loop did not load: such an address may not exist.
    assert new.loaded <= old.loaded
    return new


HOW = ["copies", "waits", "halves", "loads", "used loads", "products"]
ADDRESS = ["iv", "index", "carried", "carried index", "chased"]


def kinds():
    for how, address, producers, stages in itertools.product(HOW, ADDRESS, (1, 2, 3), (2, 3, 4)):
        # Half tiles have no carried pointers here; the middle numbers add little where much else varies.
        if how == "halves" and address == "carried" or producers == stages == 2 and how in ("halves", "used loads"):
            continue
        masked, stores = (producers + stages) % 2 == 0, producers == 2 and how != "products"
        yield Loop(None, stages, producers, address, how, masked=masked, stores=stores)


@pytest.mark.parametrize("loop", list(kinds()), ids=str)
def test_loops_with_trip_counts_from_arguments(loop):
    before, after = pipelined(loop)
    for trips in range(8):
        machine = check(loop, before, after, trips)
        # As many tiles are under way as there are slots, however short the loop.
        assert machine.most_under_way == loop.stages


def one_slot_kinds():
    """A store is left to do behind the tile's last read."""
    for how, address, producers in itertools.product(HOW, ADDRESS, (1, 2, 3)):
        if how != "halves" or address != "carried":
            yield Loop(None, 2, producers, address, how, masked=producers == 2, stores=True)


@pytest.mark.parametrize("loop", list(one_slot_kinds()), ids=str)
def test_loops_with_room_for_one_tile(loop):
    before, after = pipelined(loop, passes_for_one_slot(loop))
    for trips in range(8):
        assert check(loop, before, after, trips).most_under_way == 1


@pytest.mark.parametrize("trips", range(5))
@pytest.mark.parametrize("how", ["loads", "products"])
def test_one_slot_with_constant_trip_counts(how, trips):
    loop = Loop(trips, 3, 2, "index", how, stores=True, lower=5, step=7)
    machine = check(loop, *pipelined(loop, passes_for_one_slot(loop)), trips)
    if trips > 1:
        assert machine.most_under_way == 1


@pytest.mark.parametrize("producers", [1, 2, 3])
def test_one_slot_beside_the_rest_of_a_chain(producers):
    """Products that do not read the tile run beside the copies for the next one."""
    loop = Loop(None, 2, producers, "index", "chain")
    before, after = pipelined(loop, passes_for_one_slot(loop))
    for trips in range(8):
        assert check(loop, before, after, trips).most_under_way == 1


def test_one_slot_with_nothing_left_to_do_stays_a_loop():
    loop = Loop(None, 2, 1, "index", "copies")
    result, diagnostics = bridge.native().run_passes(loop.text(), passes_for_one_slot(loop))
    assert diagnostics == [] and "tt.num_stages = 2" in result and "scf.if" not in result


def rest_of_the_stage(text: str) -> str:
    """What the passes behind the pipeline's, stock's for the most part, make of a module."""
    passes = tle_passes("ttgir", Settings(capability=90))
    flags = [entry.flag for entry in passes]
    behind = passes[flags.index("triton-tle-materialize-tile-style-pipeline") + 1 :]
    context = ir.context()
    ir.load_dialects(context)
    nvidia.load_dialects(context)
    module = run_stage(bridge.parse(text, context), Stage("ttgir", behind), "test")
    return bridge.to_text(module)


@pytest.mark.parametrize("loop", list(kinds())[::12], ids=str)
def test_stock_keeps_the_pipeline_right(loop):
    """Stock counts anew what each wait leaves open, moves and merges ops."""
    text = loop.text()
    pipelined, _ = bridge.native().run_passes(text, PASSES)
    after = parse(generic(rest_of_the_stage(pipelined), ""))
    for trips in range(8):
        machine = check(loop, parse(generic(text, "")), after, trips)
        assert machine.most_under_way == loop.stages


@pytest.mark.parametrize("loop", list(one_slot_kinds())[::9], ids=str)
def test_stock_keeps_one_slot_right(loop):
    text = loop.text()
    pipelined, _ = bridge.native().run_passes(text, passes_for_one_slot(loop))
    after = parse(generic(rest_of_the_stage(pipelined), ""))
    for trips in range(8):
        assert check(loop, parse(generic(text, "")), after, trips).most_under_way == 1


@pytest.mark.parametrize("trips", range(8))
@pytest.mark.parametrize("stages", [2, 3, 4])
@pytest.mark.parametrize("how, address", [("copies", "iv"), ("waits", "carried index"), ("loads", "index")])
def test_loops_with_constant_trip_counts(how, address, stages, trips):
    loop = Loop(trips, stages, 2, address, how)
    before, after = pipelined(loop)
    machine = check(loop, before, after, trips)
    if trips > 1:
        assert machine.most_under_way == min(stages, trips)
    else:
        assert machine.most_under_way <= 1, "a loop that runs once has nothing to run ahead of"


@pytest.mark.parametrize("lower, step", [(-3, 1), (5, 7), (0, 64), (-100, 33)])
@pytest.mark.parametrize("constant", [True, False])
def test_other_bounds_and_steps(lower, step, constant):
    for trips in range(6):
        loop = Loop(trips if constant else None, 3, 1, "iv", "copies", lower, step)
        check(loop, *pipelined(loop), trips)


@pytest.mark.parametrize(
    "lower, upper",
    [(2**31 - 2, 2**31 - 1), (2**31 - 1, -(2**31)), (2**31 - 1, -10), (-(2**31), -(2**31) + 3), (7, -7)],
)
def test_bounds_at_the_ends_of_32_bits(lower, upper):
    loop = Loop(None, 3, lower=lower)
    before, after = pipelined(loop)
    inputs = arguments(loop, 0)
    inputs[4] = upper
    assert Machine(memory).run(before, inputs) == Machine(memory).run(after, inputs)


def test_a_step_whose_multiples_overflow():
    loop = Loop(None, 4, step=2**30, lower=-(2**31))
    before, after = pipelined(loop)
    for trips in (0, 1, 2, 3):
        check(loop, before, after, trips)


# The machine itself: it must see what is wrong.


def broken(change, loop=None):
    loop = loop or Loop(None, 3, 1, "index", "copies")
    before, after = parse(generic(loop.text(), "")), parse(change(generic(loop.text(), PASSES)))
    check(loop, before, after, 6)


def swap(old, new, count=-1):
    def change(text):
        assert old in text, f"no '{old}' in the loop"
        return text.replace(old, new, count)

    return change


def test_the_machine_sees_a_wait_that_is_too_weak():
    with pytest.raises(Fault, match="read while a copy|leaves the group open"):
        broken(swap("num = 2 : i32", "num = 3 : i32"))


def test_the_machine_sees_a_tile_that_is_issued_too_early():
    def change(text):
        # The copies of the loop go in front of the read.
        lines = text.splitlines()
        start = max(i for i, line in enumerate(lines) if '"scf.if"' in line)
        end = next(i for i in range(start, len(lines)) if lines[i].strip().startswith("})"))
        read = next(i for i, line in enumerate(lines) if "local_load" in line)
        issue = lines[start : end + 1]
        del lines[start : end + 1]
        return "\n".join(lines[:read] + issue + lines[read:])

    with pytest.raises(Fault, match="read while a copy"):
        broken(change)


def test_the_machine_sees_one_slot_filled_too_early():
    loop = Loop(None, 2, 1, "index", "copies", stores=True)

    def change(text):
        lines = text.splitlines()
        start = max(i for i, line in enumerate(lines) if '"scf.if"' in line)
        end = next(i for i in range(start, len(lines)) if lines[i].strip().startswith("})"))
        read = next(i for i, line in enumerate(lines) if "local_load" in line)
        assert read < start, "the tile is read ahead of the copies for the next one"
        return "\n".join(lines[:read] + lines[start : end + 1] + lines[read:start] + lines[end + 1 :])

    before = parse(generic(loop.text(), ""))
    after = generic(loop.text(), passes_for_one_slot(loop))
    check(loop, before, parse(after), 6)
    with pytest.raises(Fault, match="read while a copy"):
        check(loop, before, parse(change(after)), 6)


def test_the_machine_sees_a_missing_drain():
    with pytest.raises(Fault, match="ends with copies under way"):
        broken(swap("num = 0 : i32", "num = 2 : i32"), Loop(None, 3, 1, "iv", "copies"))


def test_the_machine_sees_loads_behind_the_end():
    def change(text):
        lines = text.splitlines()
        # The condition of the tiles to come holds always.
        index = next(i for i, line in enumerate(lines) if '"scf.for"' in line)
        compare = next(i for i in range(index, len(lines)) if '"arith.cmpi"' in lines[i])
        lines[compare] = lines[compare].replace("predicate = 2", "predicate = 1")
        return "\n".join(lines)

    with pytest.raises(AssertionError):
        broken(change, Loop(None, 2, 1, "iv", "copies"))


def test_the_machine_sees_a_product_that_runs_on():
    def change(text):
        # The last wait for products moves behind the copies of the iteration.
        lines = text.splitlines()
        start = max(i for i, line in enumerate(lines) if "warp_group_dot_wait" in line)
        last = max(i for i in range(start, len(lines)) if "async_commit_group" in lines[i])
        lines.insert(last, lines.pop(start))
        return "\n".join(lines)

    with pytest.raises(Fault, match="filled while a product may read it"):
        broken(change, Loop(None, 2, 1, "iv", "products"))


def test_the_machine_sees_another_slot():
    # The slot wraps around at another number.
    with pytest.raises((Fault, AssertionError)):
        broken(swap("predicate = 0 : i64", "predicate = 1 : i64"), Loop(None, 2, 1, "iv", "copies"))
