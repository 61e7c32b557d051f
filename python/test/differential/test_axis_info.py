"""AxisInfo against stock's own analysis, as far as stock's passes show what that knows.

`test-probe-axis-info` puts a store through the pointers of every load and store, and writes beside it the vector that
AxisInfo allows. Stock's `tritongpu-coalesce` gives each thread of a store as many neighbours as stock's analysis finds
contiguous and aligned. Both numbers are compared over the corpus and over expressions of each kind.
"""

import re
from dataclasses import dataclass

import pytest
from checks import native, stock
from corpus.pipeline import Pipeline, parse
from corpus.registry import entries
from triton._C.libtriton import ir, nvidia, passes
from triton.backends.compiler import Language

STORE = re.compile(
    r"tt\.store .* \{test\.dim = (\d+) : i32, test\.vector = (\d+) : i32\} : tensor<([\dx]+)x!tt\.ptr<\w+>, (#\w+)>"
)
LAYOUT = re.compile(r"^(#\w+) = #ttg\.blocked<\{sizePerThread = \[([\d, ]+)\], .*order = \[([\d, ]+)\]", re.MULTILINE)


@dataclass(frozen=True)
class Probe:
    """One probed access: elements a thread moves at once, by our analysis and by stock's."""

    line: str
    ours: int
    stocks: int


def probe(text, warps):
    """Probes of a TTGIR module, given as text: what `test-probe-axis-info` and then stock's coalescing say."""
    context = ir.context()
    ir.load_dialects(context)
    nvidia.load_dialects(context)
    module = parse(native(text, "test-probe-axis-info"), context)
    manager = ir.pass_manager(context)
    passes.ttgpuir.add_coalesce(manager)
    manager.run(module, "coalesce")
    result = module.str_nodebug()
    layouts = {}
    for name, sizes, order in LAYOUT.findall(result):
        layouts[name] = [int(size) for size in sizes.split(",")][int(order.split(",")[0])]
    probes = []
    for match in STORE.finditer(result):
        elements = 1
        for size in match[3].split("x"):
            elements *= int(size)
        # No more than leaves an element for every thread.
        ours = min(int(match[2]), max(1, elements // (32 * warps)))
        probes.append(Probe(match[0], ours, layouts[match[4]]))
    return probes


@pytest.mark.parametrize("name", entries())
def test_corpus(name):
    with stock():
        pipeline = Pipeline(entries()[name])
        if pipeline.source.language != Language.TRITON:
            pytest.skip("Gluon chooses its layouts itself: coalescing does not run")
        module = pipeline.stages()["ttir"](parse(pipeline.frontend_text, pipeline._new_context()), {})
        probes = probe(pipeline.convert_to_ttgir(str(module)), pipeline.options.num_warps)
    differing = [p for p in probes if p.ours != p.stocks]
    assert not differing, "\n".join(map(str, differing))


MODULE = """
#b = #ttg.blocked<{{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [1], order = [0]}}>
module attributes {{"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 1 : i32, ttg.target = "cuda:90",
                    "ttg.threads-per-warp" = 32 : i32}} {{
  tt.func public @kernel(%base: !tt.ptr<f16> {{tt.divisibility = 16 : i32}}, %n: i32,
                         %m: i32 {{tt.divisibility = 16 : i32}}) {{
    %r = tt.make_range {{start = 0 : i32, end = 512 : i32}} : tensor<512xi32, #b>
    %c8 = arith.constant dense<8> : tensor<512xi32, #b>
    %c7 = arith.constant dense<7> : tensor<512xi32, #b>
    %c_8 = arith.constant dense<-8> : tensor<512xi32, #b>
    %c64 = arith.constant dense<64> : tensor<512xi32, #b>
    %c3 = arith.constant dense<3> : tensor<512xi32, #b>
    %pid = tt.get_program_id x : i32
    %block = arith.constant 512 : i32
    %start = arith.muli %pid, %block : i32
    %starts = tt.splat %start : i32 -> tensor<512xi32, #b>
    %nn = tt.splat %n : i32 -> tensor<512xi32, #b>
    %mm = tt.splat %m : i32 -> tensor<512xi32, #b>
    %x = arith.addi %starts, %r : tensor<512xi32, #b>
    %y = arith.addi %r, %mm : tensor<512xi32, #b>
{code}
    %p = tt.splat %base : !tt.ptr<f16> -> tensor<512x!tt.ptr<f16>, #b>
    %q = tt.addptr %p, %o : tensor<512x!tt.ptr<f16>, #b>, tensor<512xi32, #b>
    %v = tt.load %q : tensor<512x!tt.ptr<f16>, #b>
    tt.return
  }}
}}
"""

#: Offsets, what AxisInfo allows, what stock does, and why they differ where they do.
EXPRESSIONS = [
    ("%o = arith.addi %r, %mm", 8, 8, ""),
    ("%o = arith.addi %r, %nn", 1, 1, ""),
    ("%o = arith.subi %r, %mm", 8, 8, ""),
    ("%o = arith.subi %mm, %r", 1, 1, ""),
    ("%o = arith.muli %r, %c8", 1, 1, ""),
    ("%o = arith.remsi %x, %c64", 8, 8, ""),
    ("%o = arith.remsi %x, %mm", 8, 8, ""),
    ("%o = arith.remsi %x, %nn", 1, 1, ""),
    ("%o = arith.remui %y, %mm", 8, 8, ""),
    (
        "%d = arith.divsi %x, %c64\n%e = arith.muli %d, %c64\n%f = arith.remsi %x, %c64\n%o = arith.addi %e, %f",
        8,
        8,
        "",
    ),
    ("%o = arith.remsi %y, %c64", 1, 8, "%y may start below zero: -1, 0 and 1 are no neighbours modulo 64 any more"),
    (
        "%d = arith.divsi %y, %c8\n%e = arith.muli %d, %c64\n%o = arith.addi %e, %r",
        1,
        8,
        "%y may be negative: -8 / 8 and -7 / 8 differ",
    ),
    ("%d = arith.shrsi %y, %c3\n%o = arith.addi %d, %r", 1, 1, ""),
    ("%d = arith.divui %y, %c8\n%e = arith.muli %d, %c64\n%o = arith.addi %e, %r", 8, 8, ""),
    ("%d = arith.andi %x, %c7\n%o = arith.addi %d, %c8", 8, 1, "the low bits of a run are a run"),
    ("%d = arith.andi %x, %c_8\n%o = arith.addi %d, %r", 8, 1, "a run without its low bits is constant"),
    ("%o = arith.ori %r, %mm", 8, 1, "bits that the other side leaves zero are kept"),
    ("%o = arith.xori %r, %mm", 8, 1, "as for or"),
    ("%k = arith.cmpi slt, %r, %mm\n%o = arith.select %k, %r, %y", 8, 8, ""),
    ("%k = arith.cmpi slt, %r, %nn\n%o = arith.select %k, %r, %y", 1, 1, ""),
    ("%o = arith.minsi %r, %mm", 1, 1, ""),
    ("%o = arith.addi %nn, %r {tt.divisibility = dense<16> : tensor<1xi32>}", 8, 8, ""),
    (
        "%o = arith.muli %nn, %r {tt.contiguity = dense<4> : tensor<1xi32>, tt.divisibility = dense<4>: tensor<1xi32>}",
        4,
        4,
        "",
    ),
]


@pytest.mark.parametrize("code, ours, stocks, reason", EXPRESSIONS, ids=[case[0] for case in EXPRESSIONS])
def test_expressions(code, ours, stocks, reason):
    def typed(line):
        kind = "tensor<512xi1, #b>, tensor<512xi32, #b>" if "select" in line else "tensor<512xi32, #b>"
        return f"    {line} : {kind}"

    assert (ours == stocks) == (not reason)
    (found,) = probe(MODULE.format(code="\n".join(map(typed, code.split("\n")))), 1)
    assert (found.ours, found.stocks) == (ours, stocks)
