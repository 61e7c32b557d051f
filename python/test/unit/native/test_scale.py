"""The time of native passes grows with the module, not with its square.

A module of 5000 operations passes through all native passes of the TTGIR stage in less than a second of CPU time; what
that means on a machine that is slower, or busy, `pass_times` says.
`python test_scale.py` prints each pass's share of it.
"""

import re

import pass_times
import pytest
import scale_kernels
from triton._C.libtriton import ir
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource, make_backend
from triton_tle.compiler import pipelines, runner

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
    return [str(entry) for entry in PIPELINE.stage(stage).passes if entry.engine == "native"]


CASES = {"many_loops": 80, "one_block": 165}


@pytest.mark.parametrize("name", CASES)
def test_5000_operations_in_a_second(name):
    text = str(ttir(getattr(scale_kernels, name), CASES[name]))
    assert operations(text) >= 5000
    passes = ",".join(native_flags("ttgir"))
    spent, limit = pass_times.least_and_limit(text, passes)
    assert spent < limit, pass_times.shares(text, passes)[:5]


@pytest.mark.parametrize("name", CASES)
def test_time_grows_with_the_module(name):
    kernel = getattr(scale_kernels, name)
    small, large = (str(ttir(kernel, CASES[name] // part)) for part in (4, 1))
    assert pass_times.superlinear(small, large, ",".join(native_flags("ttgir"))) == {}


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
    small, large = moved_pointers(1000), moved_pointers(4000)
    assert pass_times.superlinear(small, large, "triton-tle-lower-local-pointers") == {}


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
    passes = ",".join(native_flags("llir"))
    spent, limit = pass_times.least_and_limit(large, passes)
    assert spent < limit, pass_times.shares(large, passes)[:5]
    assert pass_times.superlinear(small, large, passes) == {}


def show(title, text, passes):
    """Prints the time of all passes together and of each."""
    together, none = (min(pass_times.seconds(text, pipeline) for _ in range(10)) for pipeline in (",".join(passes), ""))
    print(f"{title}: {operations(text)} operations, {together:.3f} s; reading and printing {none:.3f} s")
    for spent, flag in pass_times.shares(text, ",".join(passes)):
        print(f"    {spent * 1e3:7.1f} ms  {flag}")


if __name__ == "__main__":
    for name, repeat in CASES.items():
        show(name, str(ttir(getattr(scale_kernels, name), repeat)), native_flags("ttgir"))
    show("many_dots, LLVM dialect", llvm_dialect(32), native_flags("llir"))
