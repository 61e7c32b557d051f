"""
Sparse MLA, backward
====================

The forward of tutorial 02 reads: each query token has a list of ``topk`` keys, gathers them, and attends. Its backward
has to send gradients back to the same rows: every token adds to the gradient of every key on its list. This is what
sets the speed, and what this tutorial is about.

You will learn here

- what the backward calculates, and in which order shared memory holds it all,
- how to start a gather by hand, so that it runs behind something else,
- how additions to random rows become fast, and what the compiler does about them,
- how to get the same bits in every run.

Run it as

    python 03-sparse-mla-bwd.py                  # on a Hopper GPU: check, then benchmark with a plot
    python 03-sparse-mla-bwd.py --interpret      # anywhere: check the numerics in Triton's interpreter, on the CPU
    python 03-sparse-mla-bwd.py --compile-only   # anywhere: compile for sm_90a, report registers, spills, shared memory
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
# What has to be calculated
# -------------------------
#
# For a token with its keys K [topk, 576], values V (the first 512 columns of K), and the gradient g of its output:
#
#     P     = exp(q K^T * sm_scale - lse)     the forward's probabilities, made anew
#     dP    = g V^T
#     delta = sum(out * g)                    one number a head: what the softmax takes away again
#     dS    = P * (dP - delta) * sm_scale
#     dq    = dS K                            belongs to the token: collected in registers
#     dK    = dS^T q,   dV = P^T g            belong to the keys: added to rows that other tokens add to as well
#
# Five products instead of two, ``2 * topk * (3 * 576 + 2 * 512)`` operations a head, and since K and V are the same
# rows, dK and dV meet in one row of 576 numbers.
#
# The bound
# ---------
#
# With 64 heads a program, each list entry brings 576 float32 additions: 2.3 KB. At 4096 tokens, 128 heads and
# topk 2048 these are 38.7 GB, twelve milliseconds of an H100 that adds 3.2 TB/s in its L2 cache. It does so only if a
# warp's addition covers whole 128-byte lines. An accumulator of the tensor cores does not look like that: a thread
# holds two neighbouring columns of a row, four threads hold 32 bytes of it. Added as it lies it reaches 1.9 TB/s.
#
# In TLE you write ``tl.atomic_add(rows, part)``. The compiler pass ``triton-tle-coalesce-atomics`` sees that the values
# come straight out of a product and exchanges them between the threads of a warp first, by shuffles, until eight
# threads hold 128 bytes of a row and add 16 bytes each.
#
# A first kernel
# --------------
#
# One program, 64 heads. All operands live in shared memory by name: q and g (136 KB) for the whole program, a tile of
# 64 keys (72 KB), P and dS (16 KB). That is 224 KB of the 227 KB there are: no room for a second tile. So the gather of
# the next tile starts by hand, as soon as dq no longer needs this one, and runs behind the additions:
#
# - ``tle.gpu.async_copy`` starts copying rows into a buffer, zeros where there is no key,
# - ``tle.gpu.async_commit`` closes the group, ``tle.gpu.async_wait(0)`` waits for it,
# - ``tle.gpu.barrier()`` in front says that all warps have read the tile that is about to be written over.


@triton.jit
def gather(tile, rope_tile, kv_ptr, index):
    rows = kv_ptr + index.to(tl.int64)[:, None] * 576
    tle.gpu.async_copy(rows + tl.arange(0, 512)[None, :], tile, mask=index[:, None] >= 0)
    tle.gpu.async_copy(rows + 512 + tl.arange(0, 64)[None, :], rope_tile, mask=index[:, None] >= 0)
    tle.gpu.async_commit()


@triton.jit
def keys_of(indices_ptr, start, topk, s_kv, KEYS: tl.constexpr):
    position = start + tl.arange(0, KEYS)
    index = tl.load(indices_ptr + position, mask=position < topk, other=-1)
    return tl.where((index >= 0) & (index < s_kv), index, -1)


@triton.jit
def first_sparse_mla_bwd(
    q_ptr, kv_ptr, indices_ptr, grad_ptr, lse_ptr, delta_ptr, dq_ptr, dkv_ptr, s_kv, topk, sm_scale,
    HEADS: tl.constexpr, KEYS: tl.constexpr,
):  # fmt: skip
    token = tl.program_id(0).to(tl.int64)
    heads, latent, rope = tl.arange(0, HEADS), tl.arange(0, 512), tl.arange(0, 64)
    row = token * HEADS + heads

    q_tile = tle.gpu.alloc([HEADS, 512], tl.bfloat16)
    q_rope_tile = tle.gpu.alloc([HEADS, 64], tl.bfloat16)
    grad_tile = tle.gpu.alloc([HEADS, 512], tl.bfloat16)
    k_tile = tle.gpu.alloc([KEYS, 512], tl.bfloat16)
    k_rope_tile = tle.gpu.alloc([KEYS, 64], tl.bfloat16)
    p_tile = tle.gpu.alloc([HEADS, KEYS], tl.bfloat16)
    ds_tile = tle.gpu.alloc([HEADS, KEYS], tl.bfloat16)
    tle.gpu.async_copy(q_ptr + row[:, None] * 576 + latent[None, :], q_tile)
    tle.gpu.async_copy(q_ptr + row[:, None] * 576 + 512 + rope[None, :], q_rope_tile)
    tle.gpu.async_copy(grad_ptr + row[:, None] * 512 + latent[None, :], grad_tile)
    indices_ptr += token * topk
    gather(k_tile, k_rope_tile, kv_ptr, keys_of(indices_ptr, 0, topk, s_kv, KEYS))

    lse = tl.load(lse_ptr + row) * 1.4426950408889634
    delta = tl.load(delta_ptr + row)
    dq = tl.zeros([HEADS, 512], tl.float32)
    dq_rope = tl.zeros([HEADS, 64], tl.float32)
    for start in tl.range(0, topk, KEYS, num_stages=1):
        index = keys_of(indices_ptr, start, topk, s_kv, KEYS)
        tle.gpu.async_wait(0)
        q = tl.load(tle.gpu.local_ptr(q_tile))
        q_rope = tl.load(tle.gpu.local_ptr(q_rope_tile))
        k = tl.load(tle.gpu.local_ptr(k_tile))
        k_rope = tl.load(tle.gpu.local_ptr(k_rope_tile))
        scores = tl.dot(q_rope, tl.trans(k_rope), tl.dot(q, tl.trans(k)))
        dp = tl.dot(tl.load(tle.gpu.local_ptr(grad_tile)), tl.trans(k))
        p = tl.exp2(scores * (sm_scale * 1.4426950408889634) - lse[:, None])
        p = tl.where(index[None, :] >= 0, p, 0.0)
        ds = p * (dp - delta[:, None]) * sm_scale

        # through shared memory, where the products find them both ways round
        tl.store(tle.gpu.local_ptr(p_tile), p.to(tl.bfloat16))
        tl.store(tle.gpu.local_ptr(ds_tile), ds.to(tl.bfloat16))
        p_operand = tl.load(tle.gpu.local_ptr(p_tile))
        ds_operand = tl.load(tle.gpu.local_ptr(ds_tile))
        dq = tl.dot(ds_operand, k, dq)
        dq_rope = tl.dot(ds_operand, k_rope, dq_rope)

        tle.gpu.barrier()
        gather(k_tile, k_rope_tile, kv_ptr, keys_of(indices_ptr, start + KEYS, topk, s_kv, KEYS))

        dkv_rows = dkv_ptr + index.to(tl.int64)[:, None] * 576
        valid = index[:, None] >= 0
        part = tl.dot(tl.trans(ds_operand), q_rope)
        tl.atomic_add(dkv_rows + 512 + rope[None, :], part, mask=valid, sem="relaxed")
        for piece in tl.static_range(8):
            grad_piece = tl.load(tle.gpu.local_ptr(grad_tile.slice(piece * 64, 64, 1)))
            q_piece = tl.load(tle.gpu.local_ptr(q_tile.slice(piece * 64, 64, 1)))
            part = tl.dot(tl.trans(ds_operand), q_piece, tl.dot(tl.trans(p_operand), grad_piece))
            tl.atomic_add(dkv_rows + piece * 64 + rope[None, :], part, mask=valid, sem="relaxed")
    tle.gpu.async_wait(0)
    tl.store(dq_ptr + row[:, None] * 576 + latent[None, :], dq.to(tl.bfloat16))
    tl.store(dq_ptr + row[:, None] * 576 + 512 + rope[None, :], dq_rope.to(tl.bfloat16))


def launch_first(
    q: torch.Tensor,
    kv: torch.Tensor,
    indices: torch.Tensor,
    out: torch.Tensor,
    lse: torch.Tensor,
    grad_out: torch.Tensor,
    sm_scale: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """dq and dkv (float32) for contiguous q [s_q, 64, 576], kv [s_kv, 1, 576], indices [s_q, 1, topk]."""
    dq = torch.full_like(q, float("nan"))
    dkv = torch.zeros(kv.shape, dtype=torch.float32, device=kv.device)
    delta = (out.float() * grad_out.float()).sum(-1)
    first_sparse_mla_bwd[(q.shape[0],)](
        q, kv, indices, grad_out, lse, delta, dq, dkv, kv.shape[0], indices.shape[2], sm_scale, 64, 64, num_warps=8
    )
    return dq, dkv


# %%
# The kernel behind the operator
# ------------------------------
#
# ``triton_tle/ops/sparse_mla_bwd.py`` has this loop, and
#
# 1. *Factors in registers.* P and dS are read out of shared memory once a tile, and are the first factors of all pieces
#    (``tle.gpu.hold_in_registers``). Shared memory, which these products keep busy, is left to g, q and k.
# 2. *Any shape*: head counts from 8 to 128, ``topk_length``, a causal bound, ``attn_sink`` with its gradient, the
#    gradient of lse, rows without any key.
# 3. *delta* in the same kernel, while the first keys are on their way, and the rounding of dkv to bfloat16 in a small
#    one. The rounded row takes the place of the front part of its sums, so that dkv needs no memory beside them.
# 4. *A deterministic mode.* Floating-point sums depend on their order, and the order of atomic additions changes from
#    run to run. Integer sums do not. The mode multiplies all pieces by one power of two, large enough to keep the
#    digits and small enough that no sum overflows 64 bits, and adds integers.
#
# A gather need not be started by hand: with ``kernel="loop"`` ``sparse_mla_bwd`` has a plain ``tl.load`` at the top of
# the iteration. The compiler makes one slot of it, and starts the next tile's copies behind the last read of this one,
# where the kernel above starts them. It is as fast (docs/performance/sparse_mla_bwd.md).
#
# ``triton_tle.ops.sparse_mla`` is forward and backward as one differentiable function of batched tensors, a torch
# custom op. ``torch.compile(fullgraph=True)`` takes it.
#
# Checks
# ------
#
# Expected is what torch's autograd makes, in float64, of the forward's definition.


def check_first(device: str) -> None:
    """The kernel of this file, with invalid entries and a row without any key."""
    from triton_tle.ops import sparse_mla_bwd_reference, sparse_mla_fwd_reference

    generator = torch.Generator(device).manual_seed(0)
    q = torch.randn(3, 64, 576, device=device, generator=generator).bfloat16()
    kv = torch.randn(300, 1, 576, device=device, generator=generator).bfloat16()
    indices = torch.randint(-30, 330, (3, 1, 150), device=device, generator=generator, dtype=torch.int32)
    indices[1] = -1
    out, _, lse = sparse_mla_fwd_reference(q, kv, indices, 576**-0.5)
    grad_out = torch.randn(3, 64, 512, device=device, generator=generator).bfloat16()
    results = launch_first(q, kv, indices, out.bfloat16(), lse.float(), grad_out, 576**-0.5)
    expected = sparse_mla_bwd_reference(q, kv, indices, grad_out, 576**-0.5)
    for name, actual, value in zip(("dq", "dkv"), results, expected):
        error = float((actual.double() - value).norm() / value.norm())
        print(f"first kernel: {name} {error:.1e}")
        if not error < 1e-2:
            raise SystemExit(f"first kernel: wrong {name}")


def check_operator(device: str) -> None:
    """The operator, over a few shapes and all features; python/test/gpu has the long list."""
    from triton_tle.bench.sparse_mla_bwd_check import CheckCase, check
    from triton_tle.ops.sparse_mla_bwd import sparse_mla_bwd

    cases = [
        CheckCase(s_q=3, h_q=64, d_qk=576, topk=130, s_kv=300, empty_rows=True),
        CheckCase(s_q=2, h_q=72, d_qk=512, topk=100, s_kv=150, sink=True, length=True, grad_lse=True),
        CheckCase(s_q=2, h_q=8, d_qk=576, topk=70, s_kv=90, causal_start=40, deterministic=True),
    ]
    if device == "cuda":
        cases.append(CheckCase(s_q=512, h_q=128, d_qk=576, topk=2048, s_kv=8192))
    for seed, case in enumerate(cases):
        result = check(sparse_mla_bwd, case, seed, device)
        print(f"operator, {case.label}: dq {result.dq:.1e}, dkv {result.dkv:.1e}, dsink {result.dsink:.1e}")
        if not result.passed:
            raise SystemExit("operator: wrong result")


def check_autograd(device: str) -> None:
    """Forward and backward through torch's autograd: the loss falls along the gradient."""
    from triton_tle.ops import sparse_mla

    generator = torch.Generator(device).manual_seed(1)
    q = torch.randn(2, 4, 16, 576, device=device, generator=generator).bfloat16().requires_grad_()
    kv = torch.randn(2, 40, 1, 576, device=device, generator=generator).bfloat16().requires_grad_()
    indices = torch.randint(0, 40, (2, 4, 1, 30), device=device, generator=generator, dtype=torch.int32)
    losses = []
    for _ in range(3):
        out, _ = sparse_mla(q, kv, indices, q_start=36)
        loss = out.float().square().mean()
        losses.append(float(loss.detach()))
        loss.backward()
        with torch.no_grad():
            for leaf in (q, kv):
                leaf -= 200 * leaf.grad
                leaf.grad = None
    print("autograd: loss " + ", ".join(f"{loss:.4f}" for loss in losses))
    if not losses[0] > losses[1] > losses[2]:
        raise SystemExit("autograd: the loss does not fall")


# %%
# Compiling without a GPU
# -----------------------
#
# What to look for, as in tutorial 02: no stack, no spills, nothing that ptxas warns about. And ``RED`` instructions of
# 128 bits in the machine code: ``cuobjdump -sass`` shows ``RED.E.ADD.F32x4``.


def variants(arch: str) -> list[tuple[str, object, dict[str, str], dict[str, object], dict[str, int]]]:
    """How to compile the kernel of this file: label, kernel, types (":16": divisible by 16), sizes, options."""
    signature = dict.fromkeys(("q_ptr", "kv_ptr", "grad_ptr", "dq_ptr"), "*bf16:16") | {"indices_ptr": "*i32:16"}
    signature |= dict.fromkeys(("lse_ptr", "delta_ptr", "dkv_ptr"), "*fp32:16")
    signature |= {"s_kv": "i32", "topk": "i32:16", "sm_scale": "fp32"}
    return [("first kernel, 64 heads", first_sparse_mla_bwd, signature, {"HEADS": 64, "KEYS": 64}, {"num_warps": 8})]


# %%
# Benchmark
# ---------
#
# Peers: the same loop in plain Triton, autotuned, and TileLang. ``python -m triton_tle bench sparse_mla_bwd`` runs the
# same. The column "floor" is the share of the time that the additions to dkv alone would take.

if __name__ == "__main__":
    tutorial.main(
        "Sparse MLA backward in TLE: check, compile, benchmark.",
        checks=(check_first, check_operator, check_autograd),
        variants=variants,
        operators=("sparse_mla_bwd",),
    )
