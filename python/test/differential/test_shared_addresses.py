"""The addresses that TLE's own arithmetic gives elements of a shared buffer are those that stock's lowering uses.

Both lowerings are evaluated on the CPU: stock's LLVM dialect of a `ttg.local_load` for some threads, TLE's `arith` ops
of `tle.local_pointers` for some of the same elements.
"""

import itertools
import operator
import re

import pytest
from triton._C.libtriton import ir, nvidia, passes
from triton_tle.compiler import bridge

WARP = 32
MODULE = """
#shared = {layout}
#smem = #ttg.shared_memory
#tensor = #ttg.blocked<{{
  sizePerThread = [{ones}], threadsPerWarp = [{lanes}], warpsPerCTA = [{ones}], order = [{order}]
}}>
!buffer = !ttg.memdesc<{shape}x{element}, #shared, #smem, mutable>
module attributes {{"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 1 : i32, ttg.target = "cuda:90",
                    "ttg.threads-per-warp" = 32 : i32}} {{
  tt.func public @kernel({arguments}) {{
    %buffer = ttg.local_alloc : () -> !buffer
    {access}
    tt.return
  }}
}}
"""

NVMMA = "#ttg.nvmma_shared<{{swizzlingByteWidth = {}, transposed = {}, elementBitWidth = {}{}}}>"
SWIZZLED = "#ttg.swizzled_shared<{{vec = {}, perPhase = {}, maxPhase = {}, order = [{}]}}>"
# Layout, element type, shape, and the dimension that lanes of the test's tensor run along: the contiguous one, so that
# no thread has two neighbours and each load of stock's lowering is of one element.
CASES = [
    (NVMMA.format(128, "false", 16, ""), "f16", (64, 128), 1),
    (NVMMA.format(128, "true", 16, ""), "f16", (64, 128), 0),
    (NVMMA.format(128, "false", 16, ""), "f16", (512, 64), 1),
    (NVMMA.format(64, "false", 16, ""), "f16", (64, 128), 1),
    (NVMMA.format(64, "true", 16, ""), "f16", (512, 64), 0),
    (NVMMA.format(32, "false", 16, ""), "f16", (64, 16), 1),
    (NVMMA.format(32, "true", 16, ""), "f16", (16, 256), 0),
    (NVMMA.format(0, "false", 16, ""), "f16", (64, 128), 1),
    (NVMMA.format(128, "false", 16, ", rank = 3"), "f16", (4, 32, 64), 2),
    (NVMMA.format(128, "false", 8, ""), "i8", (32, 256), 1),
    (SWIZZLED.format(8, 1, 8, "1, 0"), "f16", (64, 64), 1),
    (SWIZZLED.format(8, 2, 4, "0, 1"), "f16", (64, 32), 0),
    (SWIZZLED.format(4, 1, 16, "1, 0"), "f16", (64, 32), 1),
    (SWIZZLED.format(8, 1, 4, "2, 1, 0"), "f16", (4, 16, 32), 2),
    (SWIZZLED.format(1, 1, 1, "0"), "f16", (64,), 0),
]
THREADS = (0, 1, 2, 5, 16, 31)
LLVM_OPS = {
    "and": operator.and_,
    "or": operator.or_,
    "xor": operator.xor,
    "shl": operator.lshift,
    "lshr": operator.rshift,
    "add": operator.add,
    "mul": operator.mul,
    "urem": operator.mod,
    "udiv": operator.floordiv,
}
ARITH_OPS = {
    "andi": operator.and_,
    "xori": operator.xor,
    "shli": operator.lshift,
    "shrui": operator.rshift,
    "addi": operator.add,
}


def module_text(layout, element, shape, lane_dim, access, arguments=""):
    rank = len(shape)
    return MODULE.format(
        layout=layout,
        element=element,
        shape="x".join(map(str, shape)),
        ones=", ".join("1" * rank),
        lanes=", ".join(str(WARP if dim == lane_dim else 1) for dim in range(rank)),
        order=", ".join(str(dim) for dim in reversed(range(rank))),
        access=access,
        arguments=arguments,
    )


def stock_llvm(text):
    """Stock's LLVM dialect of a TTGIR module, before anything cleans it up."""
    context = ir.context()
    ir.load_dialects(context)
    nvidia.load_dialects(context)
    module = bridge.parse(text, context)
    manager = ir.pass_manager(context)
    passes.ttgpuir.add_allocate_warp_groups(manager)
    passes.convert.add_scf_to_cf(manager)
    nvidia.passes.ttgpuir.add_allocate_shared_memory_nv(manager, 90, 81)
    passes.ttgpuir.add_allocate_global_scratch_memory(manager)
    nvidia.passes.ttgpuir.add_to_llvmir(manager, 90, 81)
    manager.run(module, "addresses")
    return module.str_nodebug()


def loaded_addresses(text, thread):
    """For each register of the loaded tensor in `thread`, the byte that it is loaded from."""
    values, registers = {}, {}
    for line in text.splitlines():
        match = re.match(r"\s+(%\d+) = (?:llvm|nvvm)\.([\w.]+) ?(.*)", line)
        if not match:
            continue
        name, op, rest = match.groups()
        operands = [values.get(operand) for operand in re.findall(r"%\d+", rest)]
        position = re.search(r"\[(\d+)\]", rest)
        if op.startswith("mlir.constant"):
            number = re.search(r"\((-?\d+|true|false)", line.split("constant", 1)[1])
            values[name] = {"true": 1, "false": 0}.get(number[1]) if number[1].isalpha() else int(number[1])
        elif op == "mlir.addressof":
            values[name] = 0
        elif op == "read.ptx.sreg.tid.x":
            values[name] = thread
        elif op == "getelementptr":
            values[name] = operands[0] + operands[1]
        elif op == "mlir.undef":
            values[name] = {}
        elif op == "insertvalue":
            values[name] = registers = {**operands[1], int(position[1]): operands[0]}
        elif op == "extractvalue":
            values[name] = operands[0][int(position[1])]
        elif op == "insertelement":
            values[name] = {**operands[1], operands[2]: operands[0]}
        elif op == "extractelement":
            values[name] = operands[0][operands[1]]
        elif op in ("load", "bitcast") and (vector := re.search(r"(?:->|to) vector<(\d+)xi(\d+)>", rest)):
            count, bits = map(int, vector.groups())
            values[name] = {position: operands[0] + position * bits // 8 for position in range(count)}
        elif op in ("load", "bitcast"):
            values[name] = operands[0]
        elif op == "icmp":
            values[name] = int((operands[0] == operands[1]) == ('"eq"' in rest))
        elif op == "select":
            values[name] = operands[1] if operands[0] else operands[2]
        else:
            values[name] = LLVM_OPS[op](*operands)
    return registers


def stock_addresses(layout, element, shape, lane_dim):
    """Byte address by coordinates, for the elements of THREADS."""
    load = f"%x = ttg.local_load %buffer : !buffer -> tensor<{'x'.join(map(str, shape))}x{element}, #tensor>"
    return addresses(module_text(layout, element, shape, lane_dim, load), shape, lane_dim)


def addresses(module, shape, lane_dim):
    """Byte address by coordinates, for the elements of THREADS of the tensor that `module` loads last."""
    text = stock_llvm(module)
    blocks = [max(1, size // WARP) if dim == lane_dim else size for dim, size in enumerate(shape)]
    result = {}
    for thread in THREADS:
        registers = loaded_addresses(text, thread)
        for register, block in enumerate(itertools.product(*map(range, blocks))):
            coordinates = list(block)
            coordinates[lane_dim] = block[lane_dim] * WARP + thread
            if coordinates[lane_dim] < shape[lane_dim]:
                result[tuple(coordinates)] = registers[register]
    return result


def native_address(text, coordinates):
    """The address that the first inline assembly of `text` gets for the indices `coordinates`."""
    values = {f"%arg{dim}": coordinate for dim, coordinate in enumerate(coordinates)}
    for line in text.splitlines():
        match = re.match(r"\s+(%\w+) = ([\w.]+) (.*)", line)
        if not match:
            continue
        name, op, rest = match.groups()
        operands = [values.get(operand) for operand in re.findall(r"%\w+", rest)]
        if op == "arith.constant":
            values[name] = int(re.search(r"dense<(-?\d+)>", rest)[1])
        elif op == "builtin.unrealized_conversion_cast":
            values[name] = 0
        elif op == "tt.splat":
            values[name] = operands[0]
        elif op == "tt.elementwise_inline_asm":
            return operands[0]
        elif op.startswith("arith."):
            values[name] = ARITH_OPS[op.removeprefix("arith.")](*operands)
    raise AssertionError(f"no access in\n{text}")


def lowered_pointers(layout, element, shape, lane_dim):
    """The module after triton-tle-lower-local-pointers, with one index argument per dimension."""
    rank = len(shape)
    index = "tensor<32xi32, #tensor>" if rank == 1 else f"tensor<{'x'.join('8' * rank)}xi32, #tensor>"
    pointers = index.replace("xi32", f"x!tt.ptr<{element}, 3>")
    names = ", ".join(f"%i{dim}" for dim in range(rank))
    access = (
        f'%p = "tle.local_pointers"(%buffer, {names}) : (!buffer, {", ".join([index] * rank)}) -> {pointers}\n'
        f"    %x = tt.load %p : {pointers}"
    )
    arguments = ", ".join(f"%i{dim}: {index}" for dim in range(rank))
    text = module_text(layout, element, shape, lane_dim, access, arguments)
    return bridge.run_native(text, "triton-tle-lower-local-pointers")


@pytest.mark.parametrize(("layout", "element", "shape", "lane_dim"), CASES)
def test_elements_lie_where_stock_puts_them(layout, element, shape, lane_dim):
    expected = stock_addresses(layout, element, shape, lane_dim)
    text = lowered_pointers(layout, element, shape, lane_dim)
    assert len(set(expected.values())) == len(expected) > 1
    # An odd step, so that no bit of the coordinates stays the same.
    some = list(expected)[:: len(expected) // 200 | 1]
    assert {at: native_address(text, at) for at in some} == {at: expected[at] for at in some}


@pytest.mark.parametrize(
    ("swizzle", "element", "bits", "shape"),
    [(0, "i8", 8, (64, 16)), (0, "f16", 16, (64, 8)), (32, "i8", 8, (64, 32)), (128, "f16", 16, (32, 64))],
)
def test_a_transposed_view_is_of_the_same_elements(swizzle, element, bits, shape):
    layout = NVMMA.format(swizzle, "false", bits, "")
    expected = {at[::-1]: address for at, address in stock_addresses(layout, element, shape, 1).items()}

    turned = NVMMA.format(swizzle, "true", bits, "")
    rows, columns = shape
    view = f"!ttg.memdesc<{columns}x{rows}x{element}, {turned}, #smem, mutable>"
    tensor = f"tensor<{columns}x{rows}x{element}, #tensor>"
    copy = view.replace(turned, SWIZZLED.format(1, 1, 1, "1, 0"))
    # The store keeps the pass from dropping the load.
    access = (
        f"%copy = ttg.local_alloc : () -> {copy}\n"
        f"    %t = ttg.memdesc_trans %buffer {{order = array<i32: 1, 0>}} : !buffer -> {view}\n"
        f"    %x = ttg.local_load %t : {view} -> {tensor}\n"
        f"    ttg.local_store %x, %copy : {tensor} -> {copy}"
    )
    text = module_text(layout, element, shape, 0, access)
    # Stock's lowering has it right with a swizzle only. Where it has, the pass is not needed.
    assert (addresses(text, (columns, rows), 0) == expected) == (swizzle != 0)
    assert addresses(bridge.run_native(text, "triton-tle-lower-wgmma-views"), (columns, rows), 0) == expected


def test_indices_stay_inside_of_the_buffer():
    layout, element, shape, lane_dim = CASES[0]
    text = lowered_pointers(layout, element, shape, lane_dim)
    for row, column in [(-1, -1), (64, 128), (1 << 20, 3), (-(1 << 31), 127)]:
        assert 0 <= native_address(text, (row, column)) < 64 * 128 * 2
