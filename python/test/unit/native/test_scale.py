"""The time of native passes grows with the module, not with its square.

A module of 5000 operations passes through all native passes of the TTGIR stage in less than a second of CPU time.
`python test_scale.py` prints each pass's share of it.
"""

import re
import time

import pytest
import scale_kernels
from triton._C.libtriton import ir
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource, make_backend
from triton_tle import _native
from triton_tle.compiler import bridge, pipelines, runner

PIPELINE = pipelines.pipeline(arch="sm_90a")


def ttir(kernel, repeat):
    """The module of a kernel behind the TTIR stage, and the context that it lives in."""
    target = GPUTarget("cuda", 90, 32)
    backend = make_backend(target)
    options = backend.parse_options({"num_warps": 4})
    signature = {"x": "*bf16", "ids": "*i32", "out": "*fp32", "n": "i32", "REPEAT": "constexpr"}
    aligned = {(i,): [["tt.divisibility", 16]] for i in range(3)}
    source = ASTSource(kernel, signature, {(4,): repeat}, aligned)
    context = ir.context()
    ir.load_dialects(context)
    backend.load_dialects(context)
    helpers = backend.get_codegen_implementation(options), backend.get_module_map()
    module = source.make_ir(target, options, *helpers, context)
    return backend.make_ttir(module, {}, options, 90)


def operations(text):
    dialects = "arith|tt|ttg|ttng|scf|tle|math|llvm|nvvm|nvg"
    return len(re.findall(rf"(?m)^\s+(?:%\S+ = |%\S+:\d+ = )?\"?(?:{dialects})\.", text))


def native_flags(stage):
    return [entry for entry in PIPELINE.stage(stage).passes if entry.engine == "native"]


def seconds(text, pipeline):
    """CPU time of a native run."""
    start = time.process_time()
    bridge.run_native(text, pipeline)
    return time.process_time() - start


def fewest_seconds(text, pipeline, enough=0.0, runs=10):
    """The least CPU time of several runs, at least two; no more of them once it is below `enough`.

    Other processes make a run slower, by taking turns on a core and its cache, and never faster.
    """
    least = min(seconds(text, pipeline) for _ in range(2))
    for _ in range(runs - 2):
        if least < enough:
            break
        least = min(least, seconds(text, pipeline))
    return least


LIMIT = 1.0  # seconds
CASES = {"many_loops": 80, "one_block": 165}


@pytest.mark.parametrize("name", CASES)
def test_5000_operations_in_a_second(name):
    text = str(ttir(getattr(scale_kernels, name), CASES[name]))
    assert operations(text) >= 5000
    passes = native_flags("ttgir")
    spent = fewest_seconds(text, ",".join(map(str, passes)), LIMIT)
    assert spent < LIMIT, PassTimes(text, passes).shares()[:5]


class PassTimes:
    """The least time of each pass of a pipeline over several runs, by its place among them.

    It is the time that the pass itself has had on a processor, so it holds neither reading nor other processes' turns.
    """

    def __init__(self, text, passes):
        self.text = text
        self.pipeline = ",".join(map(str, passes))
        timed = _native.time_passes(text, self.pipeline)
        self.flags = [flag for flag, _ in timed]
        self.least = [spent for _, spent in timed]

    def run_again(self):
        times = (spent for _, spent in _native.time_passes(self.text, self.pipeline))
        self.least = [min(pair) for pair in zip(self.least, times, strict=True)]

    def shares(self):
        """(seconds, flag), the longest first."""
        return sorted(zip(self.least, self.flags, strict=True), reverse=True)


def quadratic(before, after):
    """Passes whose time grows tenfold and more with a module four times as large, in ms for both modules.

    What takes less than 10 ms does not count, and what takes less than 1 ms on the small module cannot be told from
    nothing. While a pass is suspected, both are run again, ten times in all: the least times decide.
    """
    for _ in range(10):
        times = zip(after.flags, before.least, after.least, strict=True)
        found = {flag: (one * 1e3, four * 1e3) for flag, one, four in times if four > 10 * max(1e-3, one)}
        if not found:
            break
        before.run_again()
        after.run_again()
    return found


@pytest.mark.parametrize("times, expected", [((2e-3, 21e-3), True), ((2e-3, 19e-3), False), ((0.0, 9e-3), False)])
def test_a_quadratic_pass_is_found(times, expected):
    """Also if all measurements but the first are ten times as long."""

    class Planted(PassTimes):
        def __init__(self, spent):
            self.flags, self.least, self.runs = ["planted"], [spent], 0

        def run_again(self):
            self.runs += 1
            self.least = [min(self.least[0], 10 * self.least[0])]

    before, after = map(Planted, times)
    assert bool(quadratic(before, after)) == expected
    assert before.runs == after.runs == (10 if expected else 0)


@pytest.mark.parametrize("name", CASES)
def test_time_grows_with_the_module(name):
    kernel = getattr(scale_kernels, name)
    small, large = (str(ttir(kernel, CASES[name] // part)) for part in (4, 1))
    passes = native_flags("ttgir")
    assert quadratic(PassTimes(small, passes), PassTimes(large, passes)) == {}


def moved_pointers(count):
    """A module in which one pointer into shared memory moves on `count` times, with a store after each."""
    pointers, indices = "tensor<128x!tt.ptr<f32, 3>, #b>", "tensor<128xi32, #b>"
    steps = "".join(
        f"    %p{i + 1} = tt.addptr %p{i}, %i : {pointers}, {indices}\n    tt.store %p{i + 1}, %v : {pointers}\n"
        for i in range(count)
    )
    return f"""
#b = #ttg.blocked<{{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}}>
#s = #ttg.swizzled_shared<{{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}}>
module attributes {{"ttg.num-warps" = 4 : i32, ttg.target = "cuda:90"}} {{
  tt.func @f(%buf: !ttg.memdesc<128xf32, #s, #ttg.shared_memory, mutable>, %i: {indices}, %v: tensor<128xf32, #b>) {{
    %p0 = "tle.local_pointers"(%buf) : (!ttg.memdesc<128xf32, #s, #ttg.shared_memory, mutable>) -> {pointers}
{steps}    tt.return
  }}
}}
"""


def test_time_grows_with_the_steps_of_a_pointer():
    passes = ["triton-tle-lower-local-pointers"]
    assert quadratic(*(PassTimes(moved_pointers(count), passes) for count in (1000, 4000))) == {}


def llvm_dialect(repeat):
    """A module with products in the LLVM dialect, where TLE's passes meet it."""
    module = runner.run_stage(ttir(scale_kernels.many_dots, repeat), PIPELINE.stage("ttgir"), "many_dots")
    before = []
    for entry in PIPELINE.stage("llir").passes:
        if entry.engine == "native":
            break
        before.append(entry)
    runner.run_stock(module, before, "many_dots")
    return str(module)


def test_time_grows_with_the_llvm_module():
    small, large = llvm_dialect(8), llvm_dialect(32)
    assert operations(large) > 5000
    passes = native_flags("llir")
    assert fewest_seconds(large, ",".join(map(str, passes)), LIMIT) < LIMIT
    assert quadratic(PassTimes(small, passes), PassTimes(large, passes)) == {}


def show(title, text, passes):
    """Prints the time of all passes together and of each."""
    together, none = (fewest_seconds(text, pipeline) for pipeline in (",".join(map(str, passes)), ""))
    print(f"{title}: {operations(text)} operations, {together:.3f} s; reading and printing {none:.3f} s")
    for spent, flag in PassTimes(text, passes).shares():
        print(f"    {spent * 1e3:7.1f} ms  {flag}")


if __name__ == "__main__":
    for name, repeat in CASES.items():
        show(name, str(ttir(getattr(scale_kernels, name), repeat)), native_flags("ttgir"))
    show("many_dots, LLVM dialect", llvm_dialect(32), native_flags("llir"))
