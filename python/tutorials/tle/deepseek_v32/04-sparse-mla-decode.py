"""
Sparse MLA, decode
==================

When a model generates text, each sequence brings one new query token a step, or a few with speculative decoding. Its
indexer picks ``topk`` keys out of a paged cache, and attention runs over that list. The products are those of the
prefill (02-sparse-mla.py); what is new is that there is little work at a time, and that the cache may be FP8.

You will learn here

- how a list of keys is split over the multiprocessors, and how partial results are merged exactly,
- how 656 bytes of an FP8 cache become a row of float16 in shared memory, with few instructions,
- how a ring of two tiles lets a product run while the next tile is converted,
- how to plan a call ahead, check it, compile it without a GPU, and measure it.

Run it as

    python 04-sparse-mla-decode.py                  # on a Hopper GPU: check, then benchmark with plots
    python 04-sparse-mla-decode.py --interpret      # anywhere: check the numerics in Triton's interpreter, on the CPU
    python 04-sparse-mla-decode.py --compile-only   # anywhere: compile for sm_90a, report registers, spills, memory
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
from triton_tle.bench import tutorial

# %%
# Splitting a list
# ----------------
#
# One token with 64 heads and 2048 keys takes a multiprocessor about 0.1 ms, and leaves the other 131 of an H100 idle.
# So the list is cut into splits, each handled by a program of its own. A split of keys S gives
#
#     out_S = sum over S of exp(score) * v / sum over S of exp(score)
#     lse_S = log of sum over S of exp(score)
#
# and that is all the merge needs: the whole list's ``lse`` is the logsumexp of all ``lse_S``, and its output is the sum
# of ``out_S * exp(lse_S - lse)``. Nothing is approximated. A split without any key says ``lse_S = -inf``, so that its
# weight is 0, and its output is not read.
#
# A first kernel
# --------------
#
# The cache is [blocks, page, 576] in bfloat16. An index is ``block * page + offset``; where blocks lie one behind the
# other that is simply the row. The loop is the prefill's: gather, stage, two products on the staged tile.


@triton.jit
def first_decode(
    q_ptr, cache_ptr, indices_ptr, partial_out_ptr, partial_lse_ptr, rows, topk, splits, scale_log2,
    HEADS: tl.constexpr, KEYS: tl.constexpr,
):  # fmt: skip
    token, split = tl.program_id(0).to(tl.int64), tl.program_id(1)
    heads, keys = tl.arange(0, HEADS), tl.arange(0, KEYS)
    latent, rope = tl.arange(0, 512), 512 + tl.arange(0, 64)
    q_rows = q_ptr + (token * HEADS + heads)[:, None] * 576
    q_latent = tl.load(q_rows + latent[None, :])
    q_rope = tl.load(q_rows + rope[None, :])
    k_latent_tile = tle.gpu.alloc([KEYS, 512], tl.bfloat16)
    k_rope_tile = tle.gpu.alloc([KEYS, 64], tl.bfloat16)

    row_max = tl.full([HEADS], -1e30, tl.float32)
    row_sum = tl.zeros([HEADS], tl.float32)
    acc = tl.zeros([HEADS, 512], tl.float32)
    # This split's share of the tiles: as even as it goes
    tiles = tl.cdiv(topk, KEYS)
    for tile in range(tiles * split // splits, tiles * (split + 1) // splits):
        position = tile * KEYS + keys
        index = tl.load(indices_ptr + token * topk + position, mask=position < topk, other=-1)
        valid = (index >= 0) & (index < rows)
        k_rows = cache_ptr + index.to(tl.int64)[:, None] * 576
        tl.store(tle.gpu.local_ptr(k_latent_tile), tl.load(k_rows + latent[None, :], mask=valid[:, None], other=0.0))
        tl.store(tle.gpu.local_ptr(k_rope_tile), tl.load(k_rows + rope[None, :], mask=valid[:, None], other=0.0))
        k_latent = tl.load(tle.gpu.local_ptr(k_latent_tile))
        scores = tl.dot(q_latent, tl.trans(k_latent))
        scores = tl.dot(q_rope, tl.trans(tl.load(tle.gpu.local_ptr(k_rope_tile))), scores)
        scores = tl.where(valid[None, :], scores * scale_log2, float("-inf"))
        new_max = tl.maximum(row_max, tl.max(scores, 1))
        rescale = tl.exp2(row_max - new_max)
        p = tl.exp2(scores - new_max[:, None])
        row_sum = row_sum * rescale + tl.sum(p, 1)
        row_max = new_max
        acc = tl.dot(p.to(tl.bfloat16), k_latent, acc * rescale[:, None])

    some = row_sum > 0
    row_sum = tl.where(some, row_sum, 1.0)
    row = (split * tl.num_programs(0) + token) * HEADS + heads
    tl.store(partial_out_ptr + row[:, None] * 512 + latent[None, :], acc / row_sum[:, None])
    lse = (row_max + tl.log2(row_sum)) * 0.6931471805599453
    tl.store(partial_lse_ptr + row, tl.where(some, lse, float("-inf")))


def launch_first(
    q: torch.Tensor, cache: torch.Tensor, indices: torch.Tensor, softmax_scale: float, splits: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Contiguous q [b, 1, h, 576] with h 16, 32 or 64, cache [blocks, page, 1, 576], indices [b, 1, topk]."""
    from triton_tle.ops import mla_decode_reduce

    b, _, h_q, _ = q.shape
    partial_out = torch.full((splits, b, 1, h_q, 512), float("nan"), device=q.device)
    partial_lse = torch.full((splits, b, 1, h_q), float("nan"), device=q.device)
    first_decode[(b, splits)](
        q, cache, indices, partial_out, partial_lse, cache.shape[0] * cache.shape[1], indices.shape[2], splits,
        softmax_scale * 1.4426950408889634, h_q, 64, num_warps=8,
    )  # fmt: skip
    return mla_decode_reduce(partial_out, partial_lse)


# %%
# How many splits
# ---------------
#
# ``triton_tle.ops.get_mla_metadata`` plans a call from its sizes alone, so nothing waits for the GPU and the call can
# be captured in a CUDA graph. It estimates, for each number of splits,
#
# - the rounds that the programs take on the multiprocessors there are, times the tiles of a program,
# - the writing and reading of the partial results: 4 bytes instead of 2, once for each split,
#
# and takes the best. On an H100 with 128 heads (two blocks of 64) one token gets 32 splits of one tile, 32 tokens get
# 2, and 64 or more get one: then the first kernel writes the output itself and there is nothing to merge. The workspace
# is allocated with the plan. Sequences may be shorter than planned (``topk_length``): each divides the tiles that it
# has over all of its splits.
#
# The FP8 cache
# -------------
#
# A token is 656 bytes: 512 values in e4m3, four scales in float32, 64 rotary columns in bfloat16. That is 57 % of the
# bfloat16 cache's traffic, but the tensor cores multiply 16-bit numbers here: 32768 values of a tile are converted and
# scaled. The operator makes *float16* of them, not bfloat16:
#
# - The hardware converts two values with one instruction, and another multiplies both by their scale. To bfloat16 there
#   is no such instruction: by masks, shifts and multiply-adds it took 11 for four values instead of 4.
# - float16 has three more bits than bfloat16. Where scales are powers of two, as DeepSeek's are, products are exact.
# - Its range is smaller. The largest scale, 128, times 448 still fits. q is brought to the range by a power of two,
#   which the factor on the scores takes back. P lies between 0 and 1.
#
# Two kernels do it: on Hopper ``triton_tle/ops/mla_decode_fp8_pipes.py``, whose parts run side by side in partitions of
# their own, connected by pipes (docs/warp-specialization.md); elsewhere ``mla_decode_fp8.py``, a loop over tiles. The
# rest of this section and the next are about that loop.
#
# A thread holds 16 neighbouring values after its load of 16 bytes: 32 bytes to store. Written one after the other, two
# threads would meet in the same banks of shared memory. So runs of 8 columns go to two tiles in turn, ``k_first`` and
# ``k_second``: each store of a thread is 16 bytes, and those of eight threads fill a row. A product over all columns is
# the sum of both, if Q is divided alike; the two accumulators are stored to their columns at the end.
#
# A ring of two tiles
# -------------------
#
# While tile i is worked on, the bytes of tile i + 1 are on their way into registers. They are converted *behind* the
# last products of tile i, into the other slot of a ring:
#
#     acc_first = tl.dot(p_tile.load(), k_first.index(slot).load(), acc_first)      # reads slot
#     acc_second = tl.dot(p_tile.load(), k_second.index(slot).load(), acc_second)
#     slot = (slot + 1) % 2
#     ... convert; k_first.index(slot).store(...)                                   # writes the other slot
#
# The compiler sees that the slots differ and that nobody needs ``acc_first`` before the next iteration: the tensor
# cores multiply while the other units convert. Had the stores gone to the same slot, the products would end first.
#
# The rows of tile i + 1 cannot be asked for before its indices are there, a trip to memory of its own. Indices are
# therefore loaded two tiles ahead.
#
# Two launches, one behind the other
# ----------------------------------
#
# The merge has nothing to do until the first kernel has ended, but it can be on the multiprocessors by then. Both are
# launched as programmatic dependents (``launch_pdl``): they begin while the kernel in front still runs, and wait for
# its end (``gdc_wait``) before they read anything. In a short decode that hides most of a launch.
#
# Checks
# ------
#
# The reference is the definition, in float64, with FlashMLA's tolerances. Workspaces start as NaN, so that an element
# nobody writes shows.


def check_first(device: str) -> None:
    """The kernel of this file, with invalid entries, a sequence without any key, and a split without any."""
    from triton_tle.bench.mla_decode_check import DecodeCase, compare, make_inputs

    case = DecodeCase(b=4, s_q=1, h_q=16, topk=150, blocks=8, page_size=16, fp8=False, empty_rows=True)
    inputs = make_inputs(case, 0, device)
    for splits in (1, 2, 4):
        results = launch_first(inputs["q"], inputs["k_cache"], inputs["indices"], inputs["softmax_scale"], splits)
        result = compare(inputs, *results)
        print(f"first kernel, {splits} splits: out {result.out:.2f}, lse {result.lse:.2f} of the tolerance")
        if not result.passed:
            raise SystemExit("first kernel: wrong result")


def check_operator(device: str) -> None:
    """The operator with both caches and all features; python/test/gpu has the long list."""
    from triton_tle.bench.mla_decode_check import DecodeCase, check

    small = {"h_q": 16, "topk": 130, "blocks": 4, "page_size": 16}
    cases = [
        DecodeCase(b=2, s_q=2, fp8=fp8, splits=splits, **small, **features)
        for fp8 in (True, False)
        for splits, features in (
            (1, {"sink": True, "empty_rows": True}),
            (3, {"length": True, "extra_topk": 20, "gap": 1}),
        )
    ]
    if device == "cuda":
        cases.append(DecodeCase(b=32, s_q=1, h_q=128, topk=2048, blocks=512))
    for seed, case in enumerate(cases):
        result = check(case, seed, device)
        print(f"operator, {case.label}: out {result.out:.2f}, lse {result.lse:.2f} of the tolerance")
        if not result.passed:
            raise SystemExit("operator: wrong result")


# %%
# Compiling without a GPU
# -----------------------
#
# As for the prefill: no stack, no spills, ``HGMMA`` instructions, and nothing that ptxas warns about.


def variants(arch: str) -> list[tuple[str, object, dict[str, str], dict[str, object], dict[str, int]]]:
    """How to compile the kernel of this file: label, kernel, types (":16": divisible by 16), sizes, options."""
    signature = {
        "q_ptr": "*bf16:16",
        "cache_ptr": "*bf16:16",
        "indices_ptr": "*i32:16",
        "partial_out_ptr": "*fp32:16",
        "partial_lse_ptr": "*fp32:16",
        "rows": "i32",
        "topk": "i32:16",
        "splits": "i32",
        "scale_log2": "fp32",
    }
    return [("first kernel, 64 heads", first_decode, signature, {"HEADS": 64, "KEYS": 64}, {"num_warps": 8})]


# %%
# Benchmark
# ---------
#
# Decode calls take microseconds, so what the host does between launches would be half of the figure. Serving replays
# CUDA graphs, and so does the benchmark, for FlashMLA too. ``python -m triton_tle bench mla_decode`` and ``bench
# mla_decode_reduce`` run the same; ``python -m triton_tle tune mla_decode_reduce`` finds launch configurations of the
# merge for the GPU at hand.

if __name__ == "__main__":
    tutorial.main(
        "Sparse MLA decode in TLE: check, compile, benchmark.",
        checks=(check_first, check_operator),
        variants=variants,
        operators=("mla_decode", "mla_decode_reduce"),
    )
