"""
Dense attention, forward
========================

softmax(Q K^T) V with an online softmax, for head sizes 64 and 128, causal or not: two products a tile of keys, with
exponentials between them that the tensor cores wait for, unless something keeps them busy meanwhile.

You will learn here

- how the tiles of K and V are staged by name and read by both products where they are,
- why the order of statements in a tile loop decides what the tensor cores do during the softmax,
- which pass of TLE makes use of that order, and how to see it work,
- how to check the kernel, compile it without a GPU, and measure it against stock Triton and torch.

Run it as

    python 03-flash-attention.py                  # on a Hopper GPU: check, then benchmark
    python 03-flash-attention.py --interpret      # anywhere: check the numerics in Triton's interpreter, on the CPU
    python 03-flash-attention.py --compile-only   # anywhere: compile for sm_90a, report registers, spills, ...
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
# One program handles a block of queries of one head and walks over the keys, a tile at a time. For each tile
#
#     scores = Q K^T * scale           2 * BLOCK_M * BLOCK_N * D operations on the tensor cores
#     p      = exp(scores - maximum)   BLOCK_M * BLOCK_N exponentials
#     acc    = acc * rescale + P V     2 * BLOCK_M * BLOCK_N * D operations on the tensor cores
#
# ``row_max`` and ``row_sum`` follow the maximum and the sum of exponentials so far; what was collected so far is
# rescaled when the maximum rises. The hardware has base-2 exponentials, hence ``scale_log2 = scale * log2(e)``.
#
# K and V are staged in shared memory: ``tle.gpu.copy`` fills a buffer that ``tle.gpu.alloc`` made, and a ``tl.load`` of
# ``tle.gpu.local_ptr(buffer)`` that only feeds a ``tl.dot`` moves nothing. ``tl.trans`` of it is a view of the same
# bytes. ``tle.pipeline`` makes a ring of each buffer, filled ahead of time (tutorial 01).


@triton.jit
def first_attention(
    q, k, v, out_ptr, s, scale_log2, D: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, STAGES: tl.constexpr
):
    block, head = tl.program_id(0), tl.program_id(1)
    first = head * s + block * BLOCK_M  # q, k and v are descriptors of [heads * s, D]
    k_tile = tle.gpu.alloc([BLOCK_N, D], tl.bfloat16)
    v_tile = tle.gpu.alloc([BLOCK_N, D], tl.bfloat16)
    query = q.load([first, 0])
    row_max = tl.full([BLOCK_M], float("-inf"), tl.float32)
    row_sum = tl.zeros([BLOCK_M], tl.float32)
    acc = tl.zeros([BLOCK_M, D], tl.float32)
    for start in tle.pipeline(0, s, BLOCK_N, num_stages=STAGES):
        tle.gpu.copy(k, k_tile, offsets=[head * s + start, 0])
        tle.gpu.copy(v, v_tile, offsets=[head * s + start, 0])
        scores = tl.dot(query, tl.trans(tl.load(tle.gpu.local_ptr(k_tile))))
        new_max = tl.maximum(row_max, tl.max(scores, 1) * scale_log2)
        rescale = tl.exp2(row_max - new_max)
        p = tl.exp2(scores * scale_log2 - new_max[:, None])
        row_sum = row_sum * rescale + tl.sum(p, 1)
        row_max = new_max
        acc = tl.dot(p.to(tl.bfloat16), tl.load(tle.gpu.local_ptr(v_tile)), acc * rescale[:, None])
    rows, columns = first + tl.arange(0, BLOCK_M), tl.arange(0, D)
    out = (acc / row_sum[:, None]).to(tl.bfloat16)
    tl.store(out_ptr + rows.to(tl.int64)[:, None] * D + columns[None, :], out)


def launch_first(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, block_m: int, block_n: int) -> torch.Tensor:
    """Attention of contiguous bfloat16 tensors [b, h, s, d], s a multiple of both blocks."""
    batch, heads, s, d = q.shape
    out = torch.full_like(q, float("nan"))
    descriptors = [
        TensorDescriptor.from_tensor(tensor.view(-1, d), [rows, d])
        for tensor, rows in ((q, block_m), (k, block_n), (v, block_n))
    ]
    grid = (s // block_m, batch * heads)
    first_attention[grid](
        *descriptors, out, s, d**-0.5 * 1.4426950408889634, d, block_m, block_n, STAGES=2, num_warps=8
    )  # fmt: skip
    return out


# %%
# What staging by name changes
# ----------------------------
#
# In stock Triton a kernel reads K before the first product and V before the second. The pipeliner then gives each its
# own barrier, and the loop waits twice an iteration. Here both are staged where the iteration begins; the pipeliner
# sees two copies side by side and gives them one barrier: between the products of an iteration is the softmax alone.
#
# Scores one tile ahead
# ---------------------
#
# With 128 queries, 128 keys and D 128 a tile's two products keep the tensor cores of a Hopper multiprocessor busy for
# 2048 cycles (2048 multiply-adds a cycle for 16-bit types). The 16384 exponentials take 1024 cycles at 16 a cycle, and
# maximum, sum and conversions some hundreds more. In the loop above the scores are made and used at once: the tensor
# cores have only the last tile's P V to work on, and wait during the rest of the softmax, unless another program on the
# same multiprocessor has work for them.
#
# The loop can be turned by one product. Each iteration makes the scores of the *next* tile before it works on its own:
#
#     scores = dot(query, K[0].T)
#     for tile in range(last):
#         next_scores = dot(query, K[tile + 1].T)       # (1)
#         p, rescale, ... = softmax(scores)             # (2)
#         acc = dot(p, V[tile], acc * rescale)          # (3)
#         scores = next_scores
#     ... softmax and P V of the last tile
#
# Now (2) needs nothing of (1). Products on Hopper are asynchronous: they are issued, and waited for later. (1) can be
# on its way while other warps are at (2).
#
# Triton's pipeliner makes the products asynchronous, and puts the wait for both right behind (1). Why not move it down
# to the first use, ``acc * rescale``, as ``triton-tle-sink-dot-waits`` does elsewhere? The last iteration's (3) reads
# ``p`` from registers. Behind its issue nothing holds these registers any more: the next softmax would write over them
# before the wait for (3), which PTX leaves undefined. So that pass leaves this wait alone.
#
# It is no free lunch: scores of two tiles are live at once (255 registers a thread with 128 x 128 scores and D 128),
# they are copied at the end of each iteration, and fewer programs fit on a multiprocessor. Where two or three small
# programs share one, their loops already run beside each other. So the kernel has both orders, ``AHEAD`` chooses, and
# the benchmark says which is faster for which shape.
#
# Two warp groups that run apart
# ------------------------------
#
# With 128 queries and 8 warps, two warp groups of a program share each tile of K and V. A loop of stock Triton has
# barriers of all warps in every iteration, ahead of the loads into a slot that must have been read by all. They keep
# the two groups in step: both multiply, then both are at the softmax. But only the warps that start the loads have to
# wait; the others need only say that they are done. ``triton-tle-split-load-barriers`` makes it so, and one group
# multiplies while the other is at its exponentials. On an H100, D 128, that is worth up to a sixth of the time, and
# nothing in the source changes. ``TRITON_TLE_SKIP=triton-tle-split-load-barriers`` shows the difference.
#
# The operator
# ------------
#
# ``triton_tle.ops.flash_attention`` has both loops (``triton_tle/ops/flash_attention.py``), and
#
# 1. *Causal masks.* A program stops at the diagonal. Tiles below it need no mask: they have a loop of their own, or,
#    with scores ahead, all but the last tile. The longest programs start first.
# 2. *Any length.* Where s_kv is no multiple of the tile, or the GPU has no TMA, the same kernel is compiled with
#    pointers and masks: ``tle.gpu.copy`` takes both. A copied row beyond the end is zero, because P is zero there, and
#    zero times what lies in memory could be a NaN.
# 3. ``lse``, the logarithm of the sum of exponentials, for a backward pass.
# 4. *No name for what is read once.* Q is loaded as a value: TMA then writes it to where the product reads it.
# 5. *Sums of rows in eight parts*, of every eighth key. A thread holds such keys anyway and adds them up alone; the
#    parts are joined behind the loop. With D 64 that makes the difference between stock's speed and 1% to 5% more.
#
# Checks
# ------
#
# The reference is the definition, in float64. Half of the error that remains, 2e-3, comes from P in bfloat16, the other
# from the output in bfloat16. Outputs start as NaN, so that an element nobody writes shows.


def check_first(device: str) -> None:
    """The kernel of this file; in the interpreter with small tiles."""
    shape, block_m, block_n = ((1, 2, 96, 64), 32, 32) if device == "cpu" else ((2, 4, 1024, 128), 128, 128)
    inputs = random_inputs(shape, shape[2], device)
    compare("first kernel", launch_first(*inputs, block_m, block_n), inputs, False)


def check_operator(device: str) -> None:
    """The operator, with and without a mask; python/test/numerics has the long list."""
    from triton_tle.ops import flash_attention

    shapes = [((1, 1, 128, 64), 128), ((1, 2, 70, 64), 50)]
    if device == "cuda":
        shapes = [((2, 4, 2048, 64), 2048), ((1, 4, 2048, 128), 2048), ((1, 3, 1000, 128), 777), ((1, 1, 1, 64), 1)]
    for shape, s_kv in shapes:
        for causal in (False, True):
            inputs = random_inputs(shape, s_kv, device)
            compare(f"operator, {list(shape)}, {s_kv} keys", flash_attention(*inputs, causal=causal)[0], inputs, causal)


def random_inputs(shape: tuple[int, ...], s_kv: int, device: str) -> list[torch.Tensor]:
    """Random q of `shape` and k, v with `s_kv` rows."""
    generator = torch.Generator(device).manual_seed(0)
    lengths = (shape[2], s_kv, s_kv)
    return [
        torch.randn((*shape[:2], rows, shape[3]), device=device, generator=generator).bfloat16() for rows in lengths
    ]


def compare(name: str, out: torch.Tensor, inputs: list[torch.Tensor], causal: bool) -> None:
    """Compare `out` with float64 attention of `inputs`."""
    from triton_tle.ops import flash_attention_reference

    expected, _ = flash_attention_reference(*inputs, scale=out.shape[3] ** -0.5, causal=causal)
    error = float((out.double() - expected).norm() / expected.norm())
    print(f"{name}{', causal' * causal}: {error:.1e}")
    if not error < 5e-3:
        raise SystemExit(f"{name}: wrong output")


# %%
# Compiling without a GPU
# -----------------------
#
# What to look for: no stack, no spills, ``HGMMA``, and nothing that ptxas warns about. ``python -m triton_tle report
# flash_attention`` prints the operator's part.


def variants(arch: str) -> list[tuple[str, object, dict[str, str], dict[str, object], dict[str, int]]]:
    """How to compile the kernel of this file: label, kernel, types (":16": divisible by 16), sizes, options.

    It takes TMA descriptors: GPUs before Hopper have none.
    """
    from triton_tle.compiler.pipelines import parse_arch

    if parse_arch(arch) < 90:
        return []
    keys = 128 if parse_arch(arch) == 90 else 32
    rows = {"q": 128, "k": keys, "v": keys}
    signature = {name: f"tensordesc<bf16[{count},64]>" for name, count in rows.items()}
    signature |= {"out_ptr": "*bf16:16", "s": "i32:16", "scale_log2": "fp32"}
    sizes = {"D": 64, "BLOCK_M": 128, "BLOCK_N": keys, "STAGES": 2}
    return [("first kernel, d 64", first_attention, signature, sizes, {"num_warps": 8})]


# %%
# Benchmark
# ---------
#
# Peers: stock Triton with pointers, with TMA descriptors, with V read as early as K, and with scores one tile ahead but
# without TLE's pass; torch's FlashAttention and cuDNN. Each Triton kernel, TLE's too, runs in the fastest of a handful
# of configurations. ``python -m triton_tle bench flash_attention`` runs the same.

if __name__ == "__main__":
    tutorial.main(
        "Dense attention forward in TLE: check, compile, benchmark.",
        checks=(check_first, check_operator),
        variants=variants,
        operators=("flash_attention",),
    )
