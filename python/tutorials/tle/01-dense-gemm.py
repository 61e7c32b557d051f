"""
Dense matrix product
====================

The kernel that every Triton user knows, C = A B, written with TLE. It is the smallest program in which the parts of TLE
meet, and one where stock Triton is already good: TLE must not cost anything here.

You will learn here

- how a tile gets a place in shared memory with a name: ``tle.gpu.alloc``, ``tle.gpu.copy``, ``tle.gpu.local_ptr``,
- what the compiler makes of it: copies that run ahead, products that read the staged tile where it is,
- how one kernel serves TMA descriptors and pointers,
- how to check it, compile it without a GPU, and measure it against stock Triton and cuBLAS.

Run it as

    python 01-dense-gemm.py                  # on a Hopper GPU: check, then benchmark
    python 01-dense-gemm.py --interpret      # anywhere: check the numerics in Triton's interpreter, on the CPU
    python 01-dense-gemm.py --compile-only   # anywhere: compile for sm_90a, report registers, spills, shared memory
"""

# ruff: noqa: E402

# %%
# The interpreter is chosen when Triton is imported, so this comes first.

import os
import sys

if __name__ == "__main__" and "--interpret" in sys.argv:
    os.environ["TRITON_INTERPRET"] = "1"

import torch
import triton
import triton.language as tl
import triton_tle.language as tle
from triton.tools.tensor_descriptor import TensorDescriptor
from triton_tle.bench import tutorial

# %%
# A first kernel
# --------------
#
# In stock Triton the loop of a matrix product reads
#
#     for k in range(0, K, BLOCK_K):
#         acc = tl.dot(a.load([row, k]), b.load([k, column]), acc)
#
# ``a.load`` gives a value. That it passes through shared memory, in how many buffers, and that the tensor cores read it
# from there, is the compiler's secret. With TLE the program says it:
#
# - ``tle.gpu.alloc`` makes a buffer in shared memory. A matrix gets the layout that WGMMA and TMA want.
# - ``tle.gpu.copy`` fills it, here through a TMA descriptor. When it returns, the data is there.
# - ``tl.load(tle.gpu.local_ptr(buffer))`` reads it. Where only a ``tl.dot`` uses what is read, nothing moves: the
#   tensor core reads the buffer.
#
# The loop is written as if every tile were copied, waited for and used in turn. ``tle.pipeline`` asks the compiler to
# overlap iterations: the buffers of this loop are overwritten whole in each iteration, so that each can become a ring
# of ``STAGES`` slots, filled ahead of time. Nothing else in the source changes with the depth of the ring.


@triton.jit
def first_gemm(
    a, b, c, k, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr, STAGES: tl.constexpr
):  # fmt: skip
    row, column = tl.program_id(0) * BLOCK_M, tl.program_id(1) * BLOCK_N
    a_tile = tle.gpu.alloc([BLOCK_M, BLOCK_K], tl.bfloat16)
    b_tile = tle.gpu.alloc([BLOCK_K, BLOCK_N], tl.bfloat16)
    acc = tl.zeros([BLOCK_M, BLOCK_N], tl.float32)
    for start in tle.pipeline(0, k, BLOCK_K, num_stages=STAGES):
        tle.gpu.copy(a, a_tile, offsets=[row, start])
        tle.gpu.copy(b, b_tile, offsets=[start, column])
        x = tl.load(tle.gpu.local_ptr(a_tile))
        y = tl.load(tle.gpu.local_ptr(b_tile))
        acc = tl.dot(x, y, acc)
    c.store([row, column], acc.to(tl.bfloat16))


SIZES = {"BLOCK_M": 128, "BLOCK_N": 256, "BLOCK_K": 64, "STAGES": 3}


def launch_first(a: torch.Tensor, b: torch.Tensor, sizes: dict[str, int]) -> torch.Tensor:
    """C [m, n] of bfloat16 matrices a [m, k] and b [k, n]; any sizes, as long as k and n are multiples of 8.

    TMA reads zeros outside of a matrix and writes nothing there, so partial tiles need no masks.
    """
    (m, k), n = a.shape, b.shape[1]
    c = torch.full((m, n), float("nan"), dtype=a.dtype, device=a.device)
    blocks = ("BLOCK_M", "BLOCK_K"), ("BLOCK_K", "BLOCK_N"), ("BLOCK_M", "BLOCK_N")
    descriptors = [
        TensorDescriptor.from_tensor(matrix, [sizes[rows], sizes[columns]])
        for matrix, (rows, columns) in zip((a, b, c), blocks, strict=True)
    ]
    grid = (triton.cdiv(m, sizes["BLOCK_M"]), triton.cdiv(n, sizes["BLOCK_N"]))
    first_gemm[grid](*descriptors, k, **sizes, num_warps=8)
    return c


# %%
# What the compiler makes of it
# -----------------------------
#
# ``MLIR_ENABLE_DUMP=1`` shows the module before each pass. In the order in which it happens:
#
# 1. ``copy`` and the loads are a ``tt.descriptor_load`` with a ``ttg.local_store``, and a ``ttg.local_load``.
# 2. ``triton-tle-promote-local-store-staging`` sees that every iteration overwrites the buffer before it reads it, and
#    makes the buffer a value of the iteration. The barriers around it go.
# 3. ``tritongpu-optimize-dot-operands`` lets the product read the buffer instead of registers.
# 4. Triton's own pipeliner turns the rest into ``STAGES`` slots with a barrier each, and TMA copies that run ahead.
#
# The result is the loop that stock Triton makes of ``a.load``: four ``HGMMA`` in a row per 64 columns of A, one group
# of them under way while the next is issued. So the staged program costs nothing, and names the tiles for those who
# need them by name: tutorial 02 reads one staged tile twice, once transposed.
#
# The operator
# ------------
#
# ``triton_tle.ops.gemm`` is the loop above with these additions (``triton_tle/ops/gemm.py``):
#
# 1. *Persistent.* As many programs as multiprocessors walk over the tiles of C. ``flatten=True`` makes one loop of the
#    walk and the loop over K: while a tile of C is stored, the copies for the next one are under way.
# 2. *Order.* Eight rows of tiles at a time, so that programs that run together share columns of B in the L2 cache.
# 3. *Any matrix.* ``tle.gpu.copy`` takes pointers and a mask as well as a descriptor. Where rows do not start at a
#    multiple of 16 bytes, or the GPU has no TMA, the same kernel is compiled with pointers: one constant chooses.
# 4. *The store in halves.* 128 x 256 results take 64 KiB on their way through shared memory; half of them at a time
#    leaves room for a fourth stage.
# 5. *Few rows.* Up to 128 of them take 25 to 50 us; there the next launch may begin before this one has ended. It
#    waits inside of the kernel (``griddepcontrol``).
# 6. *Partitions.* On Hopper more than 128 rows take another kernel (``triton_tle/ops/gemm_pipes.py``): one partition
#    copies, two multiply, and what they store is on its way to memory while they multiply the next tile.
#
# Checks
# ------
#
# The reference is the product in float64. What remains, 1.7e-3, is the rounding of C to bfloat16.


def check_first(device: str) -> None:
    """The kernel of this file; in the interpreter with small tiles, of which some are partial."""
    small = {"BLOCK_M": 32, "BLOCK_N": 64, "BLOCK_K": 32, "STAGES": 3}
    shape, sizes = ((100, 136, 72), small) if device == "cpu" else ((1000, 1736, 1096), SIZES)
    check_one("first kernel", lambda a, b: launch_first(a, b, sizes), shape, device)


def check_operator(device: str) -> None:
    """The operator, with descriptors and with pointers; python/test/numerics has the long list."""
    from triton_tle.ops import gemm

    shapes = [(70, 72, 64), (33, 50, 37), (136, 264, 72)]
    if device == "cuda":
        shapes = [(4096, 4096, 4096), (64, 4096, 7168), (128, 1000, 512), (1001, 777, 333)]
    for shape in shapes:
        check_one("operator", gemm, shape, device)


def check_one(name: str, product, shape: tuple[int, int, int], device: str) -> None:
    """Compare `product` with float64 for a random problem of `shape` (m, n, k)."""
    generator = torch.Generator(device).manual_seed(0)
    m, n, k = shape
    a = torch.randn(m, k, device=device, generator=generator).bfloat16()
    b = torch.randn(k, n, device=device, generator=generator).bfloat16()
    expected = a.double() @ b.double()
    error = float((product(a, b).double() - expected).norm() / expected.norm())
    print(f"{name}, {m} x {n} x {k}: {error:.1e}")
    if not error < 4e-3:
        raise SystemExit(f"{name}: wrong product")


# %%
# Compiling without a GPU
# -----------------------
#
# What to look for: no stack, no spills, ``HGMMA``, and nothing that ptxas warns about. ``python -m triton_tle report
# gemm`` prints the operator's part.


def variants(arch: str) -> list[tuple[str, object, dict[str, str], dict[str, object], dict[str, int]]]:
    """How to compile the kernel of this file: label, kernel, types (":16": divisible by 16), sizes, options.

    It takes TMA descriptors: GPUs before Hopper have none.
    """
    from triton_tle.compiler.pipelines import parse_arch

    if parse_arch(arch) < 90:
        return []
    sizes = SIZES if parse_arch(arch) == 90 else SIZES | {"BLOCK_M": 64, "BLOCK_N": 64, "STAGES": 2}
    shapes = {"a": ("BLOCK_M", "BLOCK_K"), "b": ("BLOCK_K", "BLOCK_N"), "c": ("BLOCK_M", "BLOCK_N")}
    signature = {name: f"tensordesc<bf16[{sizes[x]},{sizes[y]}]>" for name, (x, y) in shapes.items()} | {"k": "i32:16"}
    return [("first kernel", first_gemm, signature, sizes, {"num_warps": 8})]


# %%
# Benchmark
# ---------
#
# Peers: stock Triton with pointers, stock Triton with TMA descriptors in the same persistent walk, and cuBLAS. Each
# Triton kernel, TLE's too, runs in the fastest of a handful of configurations. ``python -m triton_tle bench gemm`` runs
# the same.

if __name__ == "__main__":
    tutorial.main(
        "Dense matrix product in TLE: check, compile, benchmark.",
        checks=(check_first, check_operator),
        variants=variants,
        operators=("gemm",),
    )
