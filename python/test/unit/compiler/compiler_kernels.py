"""Kernels of several kinds for the compiler's tests, and how to compile them without a GPU."""

import triton
import triton.language as tl
from triton._C.libtriton import ir
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from triton.compiler.compiler import make_backend


@triton.jit
def add(x, y, out, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = offsets < n
    tl.store(out + offsets, tl.load(x + offsets, inside) + tl.load(y + offsets, inside), inside)


@triton.jit
def softmax(x, out, stride, n, BLOCK: tl.constexpr):
    columns = tl.arange(0, BLOCK)
    row = tl.load(x + tl.program_id(0) * stride + columns, columns < n, float("-inf"))
    row = tl.exp(row - tl.max(row, 0))
    tl.store(out + tl.program_id(0) * stride + columns, row / tl.sum(row, 0), columns < n)


@triton.jit
def matmul(a, b, c, k, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    rows, columns, inner = tl.arange(0, BM), tl.arange(0, BN), tl.arange(0, BK)
    total = tl.zeros((BM, BN), tl.float32)
    for start in range(0, k, BK):
        x = tl.load(a + rows[:, None] * k + (start + inner)[None, :])
        y = tl.load(b + (start + inner)[:, None] * BN + columns[None, :])
        total = tl.dot(x, y, total)
    tl.store(c + rows[:, None] * BN + columns[None, :], total)


@triton.jit
def attention(q, k, v, out, n, BM: tl.constexpr, BN: tl.constexpr, D: tl.constexpr):
    rows, keys, inner = tl.arange(0, BM), tl.arange(0, BN), tl.arange(0, D)
    query = tl.load(q + rows[:, None] * D + inner[None, :])
    total = tl.zeros((BM, D), tl.float32)
    largest = tl.full((BM,), float("-inf"), tl.float32)
    weight = tl.zeros((BM,), tl.float32)
    for start in range(0, n, BN):
        key = tl.load(k + (start + keys)[None, :] * D + inner[:, None])
        score = tl.dot(query, key)
        peak = tl.maximum(largest, tl.max(score, 1))
        p = tl.exp2(score - peak[:, None])
        scale = tl.exp2(largest - peak)
        weight = weight * scale + tl.sum(p, 1)
        value = tl.load(v + (start + keys)[:, None] * D + inner[None, :])
        total = tl.dot(p.to(tl.bfloat16), value, total * scale[:, None])
        largest = peak
    tl.store(out + rows[:, None] * D + inner[None, :], total / weight[:, None])


@tl.core.builtin
def mark(_semantic=None, _generator=None):
    """Marks the kernel as one that uses TLE and changes nothing else."""
    _generator.fn.set_attr("tle.mark", _semantic.builder.get_string_attr("here"))


@triton.jit
def marked(x, y, out, n, BLOCK: tl.constexpr):
    mark()
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + offsets, tl.load(x + offsets) + tl.load(y + offsets))


KERNELS = {
    "add": (add, "*fp32:16 *fp32:16 *fp32:16 i32", {"BLOCK": 1024}),
    "marked": (marked, "*fp32:16 *fp32:16 *fp32:16 i32", {"BLOCK": 1024}),
    "softmax": (softmax, "*fp32:16 *fp32:16 i32 i32", {"BLOCK": 2048}),
    "matmul": (matmul, "*bf16:16 *bf16:16 *fp32:16 i32:16", {"BM": 128, "BN": 128, "BK": 64}),
    "greedy": (matmul, "*bf16:16 *bf16:16 *fp32:16 i32:16", {"BM": 128, "BN": 256, "BK": 64}),
    "wide": (attention, "*bf16:16 *bf16:16 *bf16:16 *fp32:16 i32:16", {"BM": 128, "BN": 64, "D": 256}),
    "attention": (attention, "*bf16:16 *bf16:16 *bf16:16 *fp32:16 i32:16", {"BM": 64, "BN": 64, "D": 128}),
}


def source(name):
    """The ASTSource of one of KERNELS; ``:16`` in a signature marks an argument divisible by 16."""
    kernel, types, constants = KERNELS[name]
    signature, attributes = {}, {}
    for index, (argument, text) in enumerate(zip(kernel.arg_names, types.split(), strict=False)):
        signature[argument], _, divisor = text.partition(":")
        if divisor:
            attributes[(index,)] = [["tt.divisibility", int(divisor)]]
    signature |= dict.fromkeys(constants, "constexpr")
    return ASTSource(kernel, signature, constants, attributes)


def line_of(name):
    """Line of the ``def`` of one of KERNELS in this file, from 1."""
    return KERNELS[name][0].fn.__code__.co_firstlineno + 1


class Compilation:
    """One kernel on its way down, a stage at a time, for an NVIDIA GPU that need not be there."""

    def __init__(self, name, arch, **options):
        self.name, self.target = name, GPUTarget("cuda", arch, 32)
        self.backend = make_backend(self.target)
        self.options = self.backend.parse_options(options)
        self.context = ir.context()
        ir.load_dialects(self.context)
        self.backend.load_dialects(self.context)
        self.metadata = {"hash": "0" * 64}
        src = source(name)
        codegen = self.backend.get_codegen_implementation(self.options)
        self.module = src.make_ir(self.target, self.options, codegen, self.backend.get_module_map(), self.context)
        self.stages = {}
        self.backend.add_stages(self.stages, self.options, src.language)

    def run(self, *names):
        """Run the stages named and return what the last one gave."""
        for name in names:
            self.module = self.stages[name](self.module, self.metadata)
        return self.module
