"""What ``explain`` reads: MLIR in generic form, locations, machine code."""

import pytest
from triton_tle.compiler import bridge
from triton_tle.explain import machine, mlir
from triton_tle.explain.locations import Locations
from triton_tle.explain.views import Views

MODULE = """
#blocked = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#shared = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [1, 0]}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @k(%a: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %half = arith.constant 5.000000e-01 : f32
    %b = ttg.local_alloc {note = "a } b -> {", list = ["x", "y"]} : () -> !ttg.memdesc<2x8x16xf32, #shared, #smem, mutable>
    %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%x = %half, %y = %c0) -> (f32, i32) : i32 {
      %even = arith.cmpi eq, %i, %c0 : i32
      %z = scf.if %even -> (f32) {
        scf.yield %x : f32
      } else {
        %w = arith.addf %x, %half : f32
        scf.yield %w : f32
      }
      %slot = ttg.memdesc_index %b[%i] : !ttg.memdesc<2x8x16xf32, #shared, #smem, mutable> -> !ttg.memdesc<8x16xf32, #shared, #smem, mutable>
      %part = ttg.memdesc_subslice %slot[0, 8] : !ttg.memdesc<8x16xf32, #shared, #smem, mutable> -> !ttg.memdesc<8x8xf32, #shared, #smem, mutable, 8x16>
      %next = arith.addi %y, %c1 : i32
      scf.yield %z, %next : f32, i32
    }
    cf.br ^bb1(%r#1 : i32)
  ^bb1(%last: i32):  // comes from above
    tt.return
  }
}
"""  # noqa: E501


@pytest.fixture(scope="module")
def module():
    generic, _ = bridge.native().run_passes(MODULE, "", generic=True)
    return mlir.parse(generic)


HEAD = '"builtin.module"() ({\n'


def named(module, name):
    return [op for op in module.walk() if op.name == name]


def test_operations_regions_and_attributes(module):
    (alloc,) = named(module, "ttg.local_alloc")
    assert alloc.attributes["note"] == '"a } b -> {"' and alloc.strings("list") == ["x", "y"]
    assert alloc.results[0].type == "!ttg.memdesc<2x8x16xf32, #shared, #smem, mutable>"
    (branch,) = named(module, "scf.if")
    assert [[op.name for op in region.blocks[0].operations] for region in branch.regions] == [
        ["scf.yield"],
        ["arith.addf", "scf.yield"],
    ]
    (function,) = named(module, "tt.func")
    assert function.attributes["sym_name"] == '"k"' and len(function.regions[0].blocks) == 2
    assert [argument.type for argument in function.regions[0].blocks[0].arguments] == ["!tt.ptr<f32>", "i32"]
    assert named(module, "builtin.module")[0].integer("ttg.num-warps") == 4
    assert alloc.integer("ttg.num-warps") is None and alloc.integers("nothing") == []


def test_values_know_their_owners(module):
    (loop,) = named(module, "scf.for")
    (jump,) = named(module, "cf.br")
    assert jump.operands[0].owner is loop and jump.operands[0].index == 1
    body = loop.regions[0].blocks[0]
    (compare,) = named(module, "arith.cmpi")
    assert compare.operands[0] is body.arguments[0] and body.arguments[0].owner is body
    assert [argument.type for argument in body.arguments] == ["i32", "f32", "i32"]
    inside = named(module, "scf.yield")[0]
    assert inside.operands[0] is body.arguments[1]


def test_views_and_scalars(module):
    views = Views(Locations(module.aliases))
    (part,) = named(module, "ttg.memdesc_subslice")
    (alloc,) = named(module, "ttg.local_alloc")
    assert views.view(part.results[0]) == (alloc, "[:, 8:16]")
    (loop,) = named(module, "scf.for")
    assert [views.scalar(value) for value in loop.operands[:3]] == ["0", "…", "1"]
    assert views.scalar(loop.operands[3]) == "0.5"
    assert views.scalar(named(module, "arith.cmpi")[0].results[0]) == "i == 0"


@pytest.mark.parametrize(
    "text, message",
    [
        ("module {}", "line 1: no builtin.module in generic form"),
        (HEAD + '  %0 = "a.b"(%1 : () -> i32\n}) : () -> ()', r"line 2: expected ',', found ': \(\) -> i32'"),
        (HEAD + '  "a.b"() {x = [1, 2', "line 2: expected the end of an attribute or type"),
        (HEAD, "line 2: expected an operation's name, found ''"),
    ],
)
def test_text_that_is_not_generic_mlir(text, message):
    with pytest.raises(mlir.MLIRSyntaxError, match=message):
        mlir.parse(text)


ALIASES = {
    "#loc": 'loc("/a/k.py":3:0)',
    "#loc1": 'loc("/a/k.py":12:8)',
    "#loc2": 'loc("keys"(#loc1))',
    "#loc3": "loc(callsite(#loc2 at #loc))",
    "#loc4": 'loc(fused<#x.y<z = [1, "q"]>>[#loc3, #loc])',
    "#loc5": "loc(#loc5)",
    "#loc6": 'loc(callsite("/a/part one.py":7:1 at callsite(#loc2 at #loc)))',
}


@pytest.mark.parametrize(
    "location, name, frames",
    [
        ("#loc1", "", [("/a/k.py", 12)]),
        ("#loc2", "keys", [("/a/k.py", 12)]),
        ("#loc3", "keys", [("/a/k.py", 12), ("/a/k.py", 3)]),
        ("#loc4", "keys", [("/a/k.py", 12), ("/a/k.py", 3)]),
        ("#loc6", "", [("/a/part one.py", 7), ("/a/k.py", 12), ("/a/k.py", 3)]),
        ("#loc5", "", []),
        ("#missing", "", []),
        ("unknown", "", []),
        ('"just a name"', "just a name", []),
        ('"/b.py":4:2 to :4:9', "", [("/b.py", 4)]),
    ],
)
def test_locations(location, name, frames):
    locations = Locations(ALIASES)
    assert locations.name(location) == name and list(locations.frames(location)) == frames


def test_places_and_names_of_statements():
    locations = Locations(ALIASES, ["#loc2"])
    assert locations.name("#loc2") == "" and locations.name("#loc3") == "keys"
    assert locations.place("#loc3", "/a/k.py") == "12"
    assert locations.place("#loc6", "/a/k.py") == "part one.py:7"
    assert locations.place("#missing") == ""


def listing(*lines):
    """Disassembled code: an instruction a line, "name:" for labels."""
    out, address = [], 0
    for line in lines:
        if line.endswith(":"):
            out.append(line)
            continue
        out.append(f"        /*{address:04x}*/                   {line} ;")
        address += 16
    return "\n".join(out)


SWITCH = (
    "S2R R0, SR_TID.X", "@!P0 BRA `(.L_x_0)", ".L_x_1:", "BAR.SYNC.DEFER_BLOCKING 0x1", "LDS R1, [R2]", "@P1 EXIT",
)  # fmt: skip
OWN = (".L_x_0:", "HGMMA.64x64x16.F32.BF16 R24, gdesc[UR4]", "BAR.SYNC.DEFER_BLOCKING 0x1", "EXIT", "NOP")


def test_partitions_behind_a_table():
    table = 'BRX R8 -0x2f0 (*"BRANCH_TARGETS .L_x_3,.L_x_2,.L_x_4"*)'
    code = listing(
        *SWITCH, table, ".L_x_2:", "MUFU.EX2 R1, R1", "STS [R1], R2", "BRA `(.L_x_1)",
        ".L_x_3:", "LDGSTS.E.BYPASS.128 [R1], [R2]", "@P0 BRA `(.L_x_3)", "BRA `(.L_x_1)", ".L_x_4:", "BRA `(.L_x_1)",
        *OWN,
    )  # fmt: skip
    own, first, second = machine.split(code, 2)
    assert own.mix == {"mma": 1, "sync": 1, "other": 1} and own.instructions == 3
    assert first.mix == {"copy": 1, "other": 2} and first.bytes == 48
    assert second.mix == {"mufu": 1, "shared": 1, "other": 1}


def test_two_workers_may_be_told_apart_by_comparisons():
    code = listing(
        *SWITCH, "ISETP.NE.U32.AND P0, PT, R6, RZ, PT", "@P0 BRA `(.L_x_2)", "MUFU.EX2 R1, R1", "BRA `(.L_x_1)",
        ".L_x_2:", "ISETP.EQ.U32.AND P2, PT, R6, 0x1, PT", "MOV R1, R2", "@P2 BRA `(.L_x_3)", "BRA `(.L_x_1)",
        ".L_x_3:", "LDGSTS.E [R1], [R2]", "BRA `(.L_x_1)", *OWN,
    )  # fmt: skip
    own, first, second = machine.split(code, 2)
    assert first.mix == {"mufu": 1, "other": 1} and second.mix == {"copy": 1, "other": 1} and own.mix["mma"] == 1
    # Comparisons in another order say nothing.
    assert machine.split(code.replace("R6, RZ", "R6, 0x2"), 2) is None


def test_one_worker_needs_no_table():
    code = listing(*SWITCH, "LDGSTS.E [R1], [R2]", "BRA `(.L_x_1)", *OWN)
    own, worker = machine.split(code, 1)
    assert own.mix["mma"] == 1 and "copy" not in own.mix
    assert worker.mix["copy"] == 1 and "mma" not in worker.mix
    # On which side of the first branch the workers are does not matter.
    turned = listing(
        "@!P0 BRA `(.L_x_1)", *OWN[1:], ".L_x_1:", "BAR.SYNC.DEFER_BLOCKING 0x1", "LDGSTS.E [R1], [R2]", "BRA `(.L_x_1)"
    )
    own, worker = machine.split(turned, 1)
    assert own.mix["mma"] == 1 and worker.mix["copy"] == 1


def test_code_that_does_not_tell_partitions_apart():
    assert machine.split(listing("MOV R1, R2", "EXIT"), 1) is None
    assert machine.split(listing(*SWITCH, "BRA `(.L_x_1)", *OWN), 2) is None
    (all_,) = machine.split(listing("MOV R1, R2", "EXIT", "NOP"), 0)
    assert all_.instructions == 2


@pytest.mark.parametrize(
    "opcode, name",
    [
        ("LDGSTS.E.BYPASS", "copy"), ("LDSM.16.M88.4", "shared"), ("LDG.E.128", "global"), ("LDC.64", "other"),
        ("REDUX.SUM", "lanes"), ("RED.E.ADD", "global"), ("ATOMS.ADD", "shared"), ("QGMMA.64x64x32", "mma"),
        ("F2FP.BF16.F32.PACK_AB", "float"), ("UTMALDG.2D", "copy"), ("STSM.16.M88.4", "shared"), ("STG.E", "global"),
    ],
)  # fmt: skip
def test_classes_of_instructions(opcode, name):
    assert machine.classify(opcode) == name
