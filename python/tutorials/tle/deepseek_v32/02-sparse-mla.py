"""
Sparse MLA, forward
===================

DeepSeek-V3.2 and GLM-5 attend sparsely: an indexer picks, for every query token, a list of ``topk`` keys (2048, say),
and attention runs over that list alone. In the latent form of multi-head latent attention (MLA) all heads of a token
share one key: 512 latent columns and, in most models, 64 rotary ones. The value is the first 512 columns of the key.

You will learn here

- why such a kernel wants to hold a tile in shared memory *by name*, and how TLE lets it,
- how the parts fit: a buffer, pointers into it, operands read in place, copies that run ahead,
- how to check the kernel, compile it without a GPU, and measure it against its peers.

Run it as

    python 02-sparse-mla.py                  # on a Hopper GPU: check, then benchmark with a plot
    python 02-sparse-mla.py --interpret      # anywhere: check the numerics in Triton's interpreter, on the CPU
    python 02-sparse-mla.py --compile-only   # anywhere: compile for sm_90a, report registers, spills, shared memory
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
# What has to move, what has to be calculated
# -------------------------------------------
#
# For each query token and head, with q of ``d_qk = 576`` columns and its list of keys K [topk, 576]:
#
#     scores = q K^T * sm_scale        2 * topk * 576 operations
#     p      = softmax(scores)
#     out    = p K[:, :512]            2 * topk * 512 operations
#
# With 128 heads a token needs 570 million operations for the 2.4 MB of keys that it gathers. That is 240 operations a
# byte if each key is fetched once for all heads and *both* products use that one copy.
#
# In plain Triton the gathered tile is a value. The compiler decides where it lives and how often it is copied; the
# programmer can only hope that ``tl.dot(q, k.T)`` and ``tl.dot(p, k)`` will end up reading the same bytes. TLE makes
# the tile a thing with a name:
#
# - ``tle.gpu.alloc`` makes a buffer in shared memory,
# - ``tle.gpu.local_ptr`` gives pointers into it, for ordinary ``tl.load`` and ``tl.store``,
# - a ``tl.load`` that only feeds a ``tl.dot`` moves nothing: the tensor core reads the buffer where it is.
#
# A first kernel
# --------------
#
# One program handles one query token with all its heads. The loop gathers 64 keys, stages them, and runs both products
# on the staged tile. The softmax is the usual online one: ``row_max`` and ``row_sum`` follow the maximum and the sum of
# exponentials so far, and the output collected so far is rescaled when the maximum rises. Base-2 exponentials are what
# the hardware has, hence ``scale_log2 = sm_scale * log2(e)``.


@triton.jit
def first_sparse_mla_fwd(
    q_ptr, kv_ptr, indices_ptr, out_ptr, lse_ptr, s_kv, topk, scale_log2, HEADS: tl.constexpr, KEYS: tl.constexpr
):
    token = tl.program_id(0).to(tl.int64)
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
    for start in range(0, topk, KEYS):
        # An index outside of [0, s_kv) is no key: its row is read as zeros, and its score becomes -inf.
        index = tl.load(indices_ptr + token * topk + start + keys)
        valid = (index >= 0) & (index < s_kv)
        k_rows = kv_ptr + index.to(tl.int64)[:, None] * 576
        tl.store(tle.gpu.local_ptr(k_latent_tile), tl.load(k_rows + latent[None, :], mask=valid[:, None], other=0.0))
        tl.store(tle.gpu.local_ptr(k_rope_tile), tl.load(k_rows + rope[None, :], mask=valid[:, None], other=0.0))

        # Both products read the staged tile; the transposition is a view of it.
        k_latent = tl.load(tle.gpu.local_ptr(k_latent_tile))
        k_rope = tl.load(tle.gpu.local_ptr(k_rope_tile))
        scores = tl.dot(q_latent, tl.trans(k_latent))
        scores = tl.dot(q_rope, tl.trans(k_rope), scores)
        scores = tl.where(valid[None, :], scores * scale_log2, float("-inf"))

        new_max = tl.maximum(row_max, tl.max(scores, 1))
        rescale = tl.exp2(row_max - new_max)
        p = tl.exp2(scores - new_max[:, None])
        row_sum = row_sum * rescale + tl.sum(p, 1)
        row_max = new_max
        acc = tl.dot(p.to(tl.bfloat16), k_latent, acc * rescale[:, None])

    some = row_sum > 0
    row_sum = tl.where(some, row_sum, 1.0)
    factor = tl.where(some, 1.0 / row_sum, 0.0)
    out_rows = out_ptr + (token * HEADS + heads)[:, None] * 512
    tl.store(out_rows + latent[None, :], (acc * factor[:, None]).to(tl.bfloat16))
    lse = (row_max + tl.log2(row_sum)) * 0.6931471805599453
    tl.store(lse_ptr + token * HEADS + heads, tl.where(some, lse, float("inf")))


def launch_first(
    q: torch.Tensor, kv: torch.Tensor, indices: torch.Tensor, sm_scale: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Contiguous q [s_q, h, 576] with h 16, 32 or 64, kv [s_kv, 1, 576], indices [s_q, 1, topk], topk % 64 == 0."""
    s_q, h_q, _ = q.shape
    out = torch.full((s_q, h_q, 512), float("nan"), dtype=q.dtype, device=q.device)
    lse = torch.full((s_q, h_q), float("nan"), dtype=torch.float32, device=q.device)
    first_sparse_mla_fwd[(s_q,)](
        q, kv, indices, out, lse, kv.shape[0], indices.shape[2], sm_scale * 1.4426950408889634, h_q, 64, num_warps=8
    )  # fmt: skip
    return out, lse


# %%
# The kernel behind the operator
# ------------------------------
#
# ``triton_tle.ops.flash_mla_sparse_fwd`` has FlashMLA's interface. On Hopper it runs a kernel in partitions
# (``triton_tle/ops/sparse_mla_fwd_pipes.py``), and up to 32 heads one with keys on the rows of the products
# (``sparse_mla_fwd_few_heads_pairs.py``). Its tile loop, ``sparse_mla_fwd_kernel`` in ``sparse_mla_fwd.py``, runs
# everywhere else: on other GPUs, and where strides are no multiples of 16 elements. The benchmark lists it as
# ``tle_tile``, and as ``tle_divided`` where the compiler makes partitions of it, which
# ``tl.range(..., warp_specialize=True)`` asks for (docs/warp-specialization.md). It is the loop above with three things
# added:
#
# 1. *The gather overlaps the products.* The loop is ``tl.range(0, length, BLOCK_K, num_stages=2)``. That asks the
#    compiler to make asynchronous copies of the staging, into a ring of slots, and to run them ahead of the products.
#    The source stays as it is: load, store, read.
# 2. *The sum of the exponentials is kept per key column* and added up once behind the loop: a sum across warps takes
#    barriers.
# 3. *Any shape.* The list is cut off at ``topk_length``, heads beyond ``h_q`` are masked, offsets are 64 bits wide,
#    ``attn_sink`` scales the output at the end, a causal bound lowers ``s_kv``.
#
# Checks
# ------
#
# The reference is the definition, in float64. Half of the error that remains, 2e-3, comes from P in bfloat16, the other
# from the output in bfloat16. Outputs start as NaN, so that an element nobody writes shows.


def check_first(device: str) -> None:
    """The kernel of this file, with invalid entries and a row without any key."""
    from triton_tle.ops import sparse_mla_fwd_reference

    generator = torch.Generator(device).manual_seed(0)
    q = torch.randn(3, 64, 576, device=device, generator=generator).bfloat16()
    kv = torch.randn(300, 1, 576, device=device, generator=generator).bfloat16()
    indices = torch.randint(-30, 330, (3, 1, 128), device=device, generator=generator, dtype=torch.int32)
    indices[1] = -1
    out, lse = launch_first(q, kv, indices, 576**-0.5)
    expected, _, expected_lse = sparse_mla_fwd_reference(q, kv, indices, 576**-0.5)
    error = float((out.double() - expected).norm() / expected.norm())
    print(f"first kernel: out {error:.1e}")
    if not error < 5e-3:
        raise SystemExit("first kernel: wrong output")
    torch.testing.assert_close(lse.double(), expected_lse, rtol=1e-5, atol=1e-5)


def check_operator(device: str) -> None:
    """The operator, over a few shapes and all features; python/test/gpu has the long list."""
    from triton_tle.bench.sparse_mla_fwd_check import CheckCase, check
    from triton_tle.ops.sparse_mla_fwd import sparse_mla_fwd

    cases = [
        CheckCase(s_q=3, h_q=64, d_qk=576, topk=192, s_kv=300, empty_rows=True),
        CheckCase(s_q=2, h_q=128, d_qk=512, topk=100, s_kv=150, sink=True, length=True),
        CheckCase(s_q=2, h_q=8, d_qk=576, topk=70, s_kv=90, causal_start=40),
    ]
    if device == "cuda":
        cases.append(CheckCase(s_q=512, h_q=128, d_qk=576, topk=2048, s_kv=32768))
    for seed, case in enumerate(cases):
        result = check(sparse_mla_fwd, case, seed, device)
        print(f"operator, {case.label}: out {result.out:.1e}, max_logits {result.max_logits:.1e}, lse {result.lse:.1e}")
        if not result.passed:
            raise SystemExit("operator: wrong result")


# %%
# Compiling without a GPU
# -----------------------
#
# Triton needs no GPU to compile for one. What to look for: no stack, no spills, ``HGMMA`` (the WGMMA instruction of the
# tensor cores), and nothing that ptxas warns about. ``python -m triton_tle report`` makes the same table for any file
# that has a function ``variants``.


def variants(arch: str) -> list[tuple[str, object, dict[str, str], dict[str, object], dict[str, int]]]:
    """How to compile the kernel of this file: label, kernel, types (":16": divisible by 16), sizes, options."""
    signature = {
        "q_ptr": "*bf16:16",
        "kv_ptr": "*bf16:16",
        "indices_ptr": "*i32:16",
        "out_ptr": "*bf16:16",
        "lse_ptr": "*fp32:16",
        "s_kv": "i32",
        "topk": "i32:16",
        "scale_log2": "fp32",
    }
    return [("first kernel, 64 heads", first_sparse_mla_fwd, signature, {"HEADS": 64, "KEYS": 64}, {"num_warps": 8})]


# %%
# Benchmark
# ---------
#
# Peers: the same loop in plain Triton (``tl.dot`` on gathered values, autotuned), three TileLang kernels and FlashMLA;
# those that are not installed are skipped with a line that says how to get them. Every round times all of them in a new
# random order and the ratios are medians over rounds, since a GPU at its power limit drifts by more than the peers
# differ. ``python -m triton_tle bench sparse_mla_fwd`` runs the same.

if __name__ == "__main__":
    tutorial.main(
        "Sparse MLA forward in TLE: check, compile, benchmark.",
        checks=(check_first, check_operator),
        variants=variants,
        operators=("sparse_mla_fwd",),
    )
