"""Check kernels with partitions and pipes on a Hopper GPU, against float64, and time them.

    timeout 60 python python/test/gpu/check_warp_specialize.py [--no-timing] [--launches N] [--only NAME ...]
    TRITON_INTERPRET=1 python python/test/gpu/check_warp_specialize.py        # tiny shapes, on the CPU

Prints a line for each check; exits with 1 if one failed. A program that hangs is one that waits for ever at a pipe: run
it under `timeout`.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable

import torch
import triton
import triton.language as tl
import triton_tle.language as tle
from launching import DEVICE, INTERPRETED, Run, main, relative_error
from triton.tools.tensor_descriptor import TensorDescriptor
from triton_tle.bench.sparse_mla_fwd_check import CheckCase, check
from triton_tle.ops.sparse_mla_fwd_pipes import sparse_mla_fwd_pipes


@triton.jit
def load_tiles(tiles, a, b, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    rows = tl.program_id(0) * BM + tl.arange(0, BM)
    cols = tl.program_id(1) * BN + tl.arange(0, BN)
    depth = tl.arange(0, BK)
    a_rows = a + rows[:, None] * K + depth[None, :]
    b_rows = b + cols[:, None] * K + depth[None, :]
    for i in range(K // BK):
        slot = tiles.acquire(i)
        tle.gpu.async_copy(a_rows + i * BK, slot.a)
        tle.gpu.async_copy(b_rows + i * BK, slot.b)
        tiles.commit(i)
    tiles.close(K // BK)


@triton.jit
def load_blocks(tiles, a, b, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    """The same by TMA: `a` and `b` are descriptors of blocks."""
    for i in range(K // BK):
        slot = tiles.acquire(i)
        tle.gpu.copy(a, slot.a, offsets=[tl.program_id(0) * BM, i * BK])
        tle.gpu.copy(b, slot.b, offsets=[tl.program_id(1) * BN, i * BK])
        tiles.commit(i)
    tiles.close(K // BK)


@triton.jit
def load_both(tiles, a, b, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    """One operand by TMA, the other by asynchronous copies."""
    cols, depth = tl.program_id(1) * BN + tl.arange(0, BN), tl.arange(0, BK)
    b_rows = b + cols[:, None] * K + depth[None, :]
    for i in range(K // BK):
        slot = tiles.acquire(i)
        tle.gpu.async_copy(b_rows + i * BK, slot.b)
        tle.gpu.copy(a, slot.a, offsets=[tl.program_id(0) * BM, i * BK])
        tiles.commit(i)
    tiles.close(K // BK)


@triton.jit
def multiply(tiles, out, K, N, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    acc = tl.zeros([BM, BN], tl.float32)
    for i in range(K // BK):
        slot = tiles.wait(i)
        acc = tl.dot(slot.a.load(), slot.b.T.load(), acc)
        tiles.release(i)
    rows = tl.program_id(0) * BM + tl.arange(0, BM)
    cols = tl.program_id(1) * BN + tl.arange(0, BN)
    tl.store(out + rows[:, None] * N + cols[None, :], acc.to(tl.bfloat16))


@triton.jit
def multiply_late(tiles, out, K, N, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    """The same, sums halved before each fourth tile, slots released one tile later, beside the next products."""
    acc = tl.zeros([BM, BN], tl.float32)
    for i in range(K // BK):
        if i % 4 == 3:
            acc = acc * 0.5
        slot = tiles.wait(i)
        acc = tl.dot(slot.a.load(), slot.b.T.load(), acc)
        if i > 0:
            tiles.release(i - 1)
    tiles.release(K // BK - 1)
    rows = tl.program_id(0) * BM + tl.arange(0, BM)
    cols = tl.program_id(1) * BN + tl.arange(0, BN)
    tl.store(out + rows[:, None] * N + cols[None, :], acc.to(tl.bfloat16))


@triton.jit
def product(
    a, b, out, K, N, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, SLOTS: tl.constexpr,
    MULTIPLY: tl.constexpr = multiply, LOAD: tl.constexpr = load_tiles, WARPS: tl.constexpr = 4
):  # fmt: skip
    """out = a b^T, rows of b contiguous along K."""
    tiles = tle.pipe(
        a=tle.gpu.alloc([SLOTS, BM, BK], tl.bfloat16), b=tle.gpu.alloc([SLOTS, BN, BK], tl.bfloat16), name="tiles"
    )
    tle.gpu.warp_specialize(
        [(MULTIPLY, (tiles.reader(), out, K, N, BM, BN, BK)), (LOAD, (tiles.writer(), a, b, K, BM, BN, BK))],
        [WARPS],
        [40],
    )


@triton.jit
def write_rows(rows, x, n, WIDTH: tl.constexpr):
    for i in range(n):
        slot = rows.acquire(i)
        slot.x.store(tl.load(x + i * WIDTH + tl.arange(0, WIDTH)))
        rows.commit(i)


@triton.jit
def sum_rows(rows, out, n, WIDTH: tl.constexpr):
    total = tl.zeros([WIDTH], tl.float32)
    for i in range(n):
        total += rows.wait(i).x.load()
        rows.release(i)
    tl.store(out + tl.arange(0, WIDTH), total)


@triton.jit
def largest_of_rows(rows, out, n, WIDTH: tl.constexpr):
    largest = tl.full([WIDTH], float("-inf"), tl.float32)
    for i in range(n):
        largest = tl.maximum(largest, rows.wait(i).x.load())
        rows.release(i)
    tl.store(out + WIDTH + tl.arange(0, WIDTH), largest)


@triton.jit
def two_readers(x, out, n, WIDTH: tl.constexpr, SLOTS: tl.constexpr, ONE_SHOT: tl.constexpr):
    """Column sums and maxima, by two partitions that read what a third stores."""
    vector: tl.constexpr = tle.gpu.swizzled_shared_layout(order=(0,))
    rows = tle.pipe(
        x=tle.gpu.alloc([SLOTS, WIDTH], tl.float32, layout=vector), readers=("sum", "largest"), one_shot=ONE_SHOT
    )
    tle.gpu.warp_specialize(
        [
            (sum_rows, (rows.reader("sum"), out, n, WIDTH)),
            (largest_of_rows, (rows.reader("largest"), out, n, WIDTH)),
            (write_rows, (rows.writer(), x, n, WIDTH)),
        ],
        [4, 2],
    )


@triton.jit
def exchange(here, there, meet, x, out, n, ROW: tl.constexpr, WIDTH: tl.constexpr):
    """Sums the rows that the other partition has put down before they met; they meet again before the next."""
    columns = tl.arange(0, WIDTH)
    acc = tl.zeros([WIDTH], tl.float32)
    for i in range(n):
        here.store(tl.load(x + (2 * i + ROW) * WIDTH + columns))
        meet.wait()
        acc += there.load()
        meet.wait()
    tl.store(out + ROW * WIDTH + columns, acc)


@triton.jit
def meeting(x, out, n, WIDTH: tl.constexpr, WARPS: tl.constexpr):
    """Two partitions that exchange rows of x at a named barrier."""
    vector: tl.constexpr = tle.gpu.swizzled_shared_layout(order=(0,))
    a = tle.gpu.alloc([WIDTH], tl.float32, layout=vector)
    b = tle.gpu.alloc([WIDTH], tl.float32, layout=vector)
    meet = tle.gpu.named_barrier("rows")
    tle.gpu.warp_specialize(
        [(exchange, (a, b, meet, x, out, n, 0, WIDTH)), (exchange, (b, a, meet, x, out, n, 1, WIDTH))], [WARPS]
    )


def operands(m: int, n: int, k: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Random a [m, k] and b [n, k], bfloat16, and a place for their product full of NaN."""
    a, b = (torch.randn(rows, k, device=DEVICE).bfloat16() for rows in (m, n))
    return a, b, torch.full((m, n), float("nan"), device=DEVICE, dtype=torch.bfloat16)


def run_product(m: int, n: int, k: int, slots: int) -> Run:
    """(error, limit, the launch, floating-point operations) of the product [m, k] x [n, k]^T."""
    a, b, out = operands(m, n, k)

    def launch():
        product[(m // 64, n // 128)](a, b, out, k, n, 64, 128, 64, slots, num_warps=4)
        return out

    launch()
    return relative_error(out, a.double() @ b.double().T), 4e-3, launch, 2.0 * m * n * k


def run_block_product(m: int, n: int, k: int, slots: int, both: bool, warps: int) -> Run:
    """The same with tiles, or those of `a` alone unless `both`, that TMA brings."""
    a, b, out = operands(m, n, k)
    a_blocks = TensorDescriptor.from_tensor(a, [64, 64])
    b_blocks = TensorDescriptor.from_tensor(b, [128, 64]) if both else b
    load = load_blocks if both else load_both

    def launch():
        product[(m // 64, n // 128)](
            a_blocks, b_blocks, out, k, n, 64, 128, 64, slots, multiply, load, warps, num_warps=4
        )
        return out

    launch()
    return relative_error(out, a.double() @ b.double().T), 4e-3, launch, 2.0 * m * n * k


def run_late_product(m: int, n: int, k: int, slots: int) -> Run:
    """The same of the sum over tiles of 64 of [m, 64] x [n, 64]^T, halved before each fourth one."""
    a, b, out = operands(m, n, k)

    def launch():
        product[(m // 64, n // 128)](a, b, out, k, n, 64, 128, 64, slots, multiply_late, num_warps=4)
        return out

    launch()
    tiles = k // 64
    halvings = torch.tensor([sum(later % 4 == 3 for later in range(tile + 1, tiles)) for tile in range(tiles)])
    factors = (0.5 ** halvings.double()).repeat_interleave(64).to(DEVICE)
    return relative_error(out, (a.double() * factors) @ b.double().T), 4e-3, launch, 2.0 * m * n * k


def run_two_readers(n: int, slots: int, one_shot: bool) -> Run:
    """The same for sums and maxima of n rows."""
    x = torch.randn(n, 128, device=DEVICE)
    out = torch.full((2, 128), float("nan"), device=DEVICE)

    def launch():
        two_readers[(1,)](x, out, n, 128, slots, one_shot, num_warps=4)
        return out

    launch()
    expected = torch.stack([x.double().sum(0), x.double().amax(0)])
    return relative_error(out, expected), 1e-6, launch, 0.0


def run_meeting(n: int, warps: int) -> Run:
    """The same for the exchange of n pairs of rows."""
    x = torch.randn(n, 2, 128, device=DEVICE)
    out = torch.full((2, 128), float("nan"), device=DEVICE)

    def launch():
        meeting[(1,)](x, out, n, 128, warps, num_warps=4)
        return out

    launch()
    return relative_error(out, x.double().sum(0).flip(0)), 1e-6, launch, 0.0


def run_sparse_mla(case: CheckCase, programs: int | None) -> Run:
    """The same for the sparse-MLA forward, whose checks are those of the operator."""
    call = functools.partial(sparse_mla_fwd_pipes, programs=programs)
    result = check(call, case, seed=case.s_q + case.topk, device=DEVICE)
    print(f"{case.label}: {result}", flush=True)
    q = (torch.randn(case.s_q, case.h_q, case.d_qk, device=DEVICE) / 10).bfloat16()
    kv = torch.randn(case.s_kv, 1, case.d_qk, device=DEVICE).bfloat16()
    indices = torch.randint(0, case.s_kv, (case.s_q, 1, case.topk), device=DEVICE, dtype=torch.int32)
    flops = 2.0 * case.s_q * case.h_q * case.topk * (case.d_qk + 512)
    error = 0.0 if result.passed else float("inf")
    return error, 0.0, lambda: call(q, kv, indices, case.d_qk**-0.5)[0], flops


def checks() -> dict[str, tuple[Callable, dict]]:
    """Name of each check, what runs it, and its arguments."""
    if INTERPRETED:
        return {
            "product, 3 slots": (run_product, {"m": 64, "n": 128, "k": 320, "slots": 3}),
            "product, 1 slot": (run_product, {"m": 64, "n": 128, "k": 128, "slots": 1}),
            "late product, 2 slots": (run_late_product, {"m": 64, "n": 128, "k": 640, "slots": 2}),
            "late product, 3 slots, one tile": (run_late_product, {"m": 64, "n": 128, "k": 64, "slots": 3}),
            "block product, 2 slots": (
                run_block_product,
                {"m": 64, "n": 128, "k": 320, "slots": 2, "both": True, "warps": 1},
            ),
            "block product, copies too": (
                run_block_product,
                {"m": 64, "n": 128, "k": 320, "slots": 3, "both": False, "warps": 4},
            ),
            "two readers": (run_two_readers, {"n": 7, "slots": 2, "one_shot": False}),
            "two readers, one-shot": (run_two_readers, {"n": 4, "slots": 4, "one_shot": True}),
            "meeting": (run_meeting, {"n": 5, "warps": 1}),
            "sparse MLA": (
                run_sparse_mla,
                {"case": CheckCase(s_q=3, h_q=64, d_qk=576, topk=144, s_kv=100), "programs": 2},
            ),
        }
    found = {
        f"product {size}, {slots} slots": (run_product, {"m": size, "n": size, "k": size, "slots": slots})
        for size, slots in ((256, 1), (256, 2), (1024, 3), (4096, 4))
    }
    found |= {
        f"block product {size}, {slots} slots, {warps} warps, {'TMA' if both else 'TMA and copies'}": (
            run_block_product, {"m": size, "n": size, "k": size, "slots": slots, "both": both, "warps": warps}
        )
        for size, slots, both, warps in ((256, 1, True, 4), (256, 2, False, 4), (1024, 3, True, 1), (4096, 4, True, 1))
    }  # fmt: skip
    found |= {
        f"late product {size} x {k}, {slots} slots": (run_late_product, {"m": size, "n": size, "k": k, "slots": slots})
        for size, k, slots in ((128, 64, 2), (256, 1024, 2), (1024, 960, 3), (4096, 4096, 4))
    }
    found |= {
        f"two readers, {n} rows, {slots} slots": (run_two_readers, {"n": n, "slots": slots, "one_shot": one_shot})
        for n, slots, one_shot in ((1, 2, False), (1000, 1, False), (1000, 3, False), (8, 8, True))
    }
    found |= {
        f"meeting of {n} rows, {warps} warps": (run_meeting, {"n": n, "warps": warps})
        for n, warps in ((1, 4), (1000, 1), (1000, 4))
    }
    for case in (
        CheckCase(s_q=5, h_q=64, d_qk=576, topk=200, s_kv=1000),
        CheckCase(s_q=300, h_q=128, d_qk=512, topk=512, s_kv=8192, sink=True),
        CheckCase(s_q=133, h_q=72, d_qk=576, topk=300, s_kv=900, length=True, causal_start=100, sink=True),
        CheckCase(s_q=300, h_q=64, d_qk=576, topk=1024, s_kv=8192, spread=40.0),
        CheckCase(s_q=4096, h_q=128, d_qk=576, topk=2048, s_kv=8192, invalid=0.0, empty_rows=False),
    ):
        found[f"sparse MLA {case.label}"] = (run_sparse_mla, {"case": case, "programs": None})
    return found


def rate(launch: Callable[[], torch.Tensor], flops: float) -> str:
    """Milliseconds and TFLOP/s."""
    if not flops > 1e9:
        return ""
    milliseconds = triton.testing.do_bench(launch, warmup=20, rep=100)
    return f"  {milliseconds:8.3f} ms  {flops / milliseconds * 1e-9:6.1f} TFLOP/s"


if __name__ == "__main__":
    named = ((name, functools.partial(run, **sizes)) for name, (run, sizes) in checks().items())
    sys.exit(main(__doc__.splitlines()[0], named, rate))
