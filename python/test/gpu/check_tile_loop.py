"""Check loops over tiles that the compiler divides into partitions on a Hopper GPU, against float64, and time them.

    timeout 60 python python/test/gpu/check_tile_loop.py [--no-timing] [--launches N] [--only NAME ...]
    TRITON_INTERPRET=1 python python/test/gpu/check_tile_loop.py        # the loops as written, on the CPU

Prints a line for each check; exits with 1 if one failed. Run it under `timeout`: partitions that wait for each other
for ever hang.
"""

from __future__ import annotations

import functools
import pathlib
import sys
from collections.abc import Callable, Iterator

import torch
import triton
from launching import DEVICE, INTERPRETED, Run, main, relative_error
from triton.tools.tensor_descriptor import TensorDescriptor

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "unit" / "compiler"))
import tile_loop_kernels as kernels  # noqa: E402

LOG2_E = 1.4426950408889634


def run_sum(n: int, stages: int, width: int) -> Run:
    """Sum of n gathered rows, a fifth of them missing."""
    x = torch.randint(-8, 9, (1000, width), device=DEVICE).float()
    index = torch.randint(-250, 1000, (max(n, 1),), device=DEVICE, dtype=torch.int32)
    out = torch.full((width,), float("nan"), device=DEVICE)

    def launch(partitions: bool = True) -> torch.Tensor:
        kernels.gathered_sum[(1,)](x, index, out, n, width, 32, stages, partitions, num_warps=4)
        return out

    launch()
    chosen = index[:n]
    missing = (chosen < 0).sum() + triton.cdiv(n, 32) * 32 - n
    expected = 2 * x[chosen[chosen >= 0].long()].double().sum(0) + missing
    return relative_error(out, expected), 0.0, launch, 0.0


def run_attention(rows: int, n: int, stages: int, warps: int, blocks: int, width: int = 128, ramp: float = 0) -> Run:
    """Attention of blocks * rows queries to n keys, `width` columns.

    The scores grow by `ramp` powers of two from the first key to the last one, so that sums must be rescaled.
    """
    q, k, v = (torch.randn(count, width, device=DEVICE).bfloat16() for count in (rows * blocks, n, n))
    scale = width**-0.5
    if ramp:
        q[:, 0] = 16.0
        k[:, 0] = (torch.linspace(0, ramp / LOG2_E / scale / 16, n, device=DEVICE)).bfloat16()
    out = torch.full((rows * blocks, width), float("nan"), device=DEVICE, dtype=torch.bfloat16)

    def launch(partitions: bool = True) -> torch.Tensor:
        kernels.attention[(blocks,)](
            q, k, v, out, n, scale * LOG2_E, rows, 64, width, stages, partitions, num_warps=warps
        )
        return out

    launch()
    expected = (q.double() @ k.double().T * scale).softmax(-1) @ v.double()
    return relative_error(out, expected), 4e-3, launch, 4.0 * rows * blocks * n * width


def run_blocks(n: int, width: int, warps: int, blocks: int) -> Run:
    """Attention of blocks * 16 * warps queries to n keys that TMA loads, `width` columns."""
    rows = 16 * warps
    q, k, v = (torch.randn(count, width, device=DEVICE).bfloat16() for count in (rows * blocks, n, n))
    scale = width**-0.5
    out = torch.full((rows * blocks, width), float("nan"), device=DEVICE, dtype=torch.bfloat16)
    tiles = [TensorDescriptor.from_tensor(x, [64, width]) for x in (k, v)]

    def launch(partitions: bool = True) -> torch.Tensor:
        kernels.attention_blocks[(blocks,)](
            q, *tiles, out, n, scale * LOG2_E, rows, 64, width, 2, partitions, num_warps=warps
        )
        return out

    launch()
    expected = (q.double() @ k.double().T * scale).softmax(-1) @ v.double()
    return relative_error(out, expected), 4e-3, launch, 4.0 * rows * blocks * n * width


def run_items(lengths: list[int], programs: int, stages: int, width: int, warps: int, latent: bool) -> Run:
    """Attention of an item of 64 queries to each of `lengths` keys, by programs that take items in turn.

    latent: the keys are the values, too.
    """
    q = torch.randn(64 * len(lengths), width, device=DEVICE).bfloat16()
    k, v = (torch.randn(max(*lengths, 1), width, device=DEVICE).bfloat16() for _ in range(2))
    scale = width**-0.5
    out = torch.full_like(q, float("nan"))
    counts = torch.tensor(lengths, device=DEVICE, dtype=torch.int32)

    def launch(partitions: bool = True) -> torch.Tensor:
        kernels.attention_items[(programs,)](
            q, k, None if latent else v, counts, out, len(lengths), scale * LOG2_E, 64, 64, width, stages, partitions,
            num_warps=warps,
        )  # fmt: skip
        return out

    launch()
    expected = torch.zeros_like(q, dtype=torch.float64)
    for item, n in enumerate(lengths):
        rows = slice(64 * item, 64 * item + 64)
        values = (k if latent else v)[:n].double()
        expected[rows] = (q[rows].double() @ k[:n].double().T * scale).softmax(-1) @ values
    return relative_error(out, expected), 4e-3, launch, 4.0 * 64 * sum(lengths) * width


def run_product(m: int, n: int, k: int, stages: int) -> Run:
    """The product [m, k] x [n, k]^T."""
    a, b = (torch.randn(count, k, device=DEVICE).bfloat16() for count in (m, n))
    out = torch.full((m, n), float("nan"), device=DEVICE, dtype=torch.bfloat16)

    def launch(partitions: bool = True) -> torch.Tensor:
        kernels.product[(m // 128, n // 128)](a, b, out, k, n, 128, 128, 64, stages, partitions, num_warps=8)
        return out

    launch()
    return relative_error(out, a.double() @ b.double().T), 4e-3, launch, 2.0 * m * n * k


def checks() -> Iterator[tuple[str, Callable[[], Run]]]:
    """Name of each check and what runs it."""
    trips = (0, 1, 32, 33, 64, 96, 97, 1000)
    for n in trips:
        for stages, width in ((2, 64), (3, 128)):
            yield f"sum of {n} rows, {stages} slots", lambda n=n, s=stages, w=width: run_sum(n, s, w)
    sizes = [(64, 64, 2, 4, 1), (64, 100, 2, 4, 2), (128, 300, 2, 8, 2)]
    sizes += [] if INTERPRETED else [(64, 4096, 3, 4, 500), (128, 8192, 2, 8, 528)]
    for rows, n, stages, warps, blocks in sizes:
        name = f"attention {rows} x {blocks} queries, {n} keys, {stages} slots"
        yield name, lambda a=(rows, n, stages, warps, blocks): run_attention(*a)
    # Tiles by TMA; with 8 warps the two warp groups take turns.
    by_blocks = [(n, width, warps, 2) for n in (1, 64, 128, 300) for width in (64, 128) for warps in (4, 8)]
    by_blocks += [] if INTERPRETED else [(8192, width, 8, 528) for width in (64, 128)]
    for n, width, warps, blocks in by_blocks:
        name = f"attention 16 x {warps} x {blocks} queries, {n} keys by TMA, {width} wide"
        yield name, lambda a=(n, width, warps, blocks): run_blocks(*a)
    # Wide enough for scores and sums in partitions of their own.
    wide = [(n, warps, blocks, ramp) for n in (64, 65, 300) for warps in (4, 8) for blocks, ramp in ((1, 0), (2, 60))]
    wide += [] if INTERPRETED else [(4096, 8, 528, 0), (4096, 4, 528, 200)]
    for n, warps, blocks, ramp in wide:
        name = f"attention 64 x {blocks} queries, 256 wide, {n} keys, {warps} warps, ramp {ramp}"
        yield name, lambda a=(64, n, 2, warps, blocks, 256, ramp): run_attention(*a)
    # Items of no, one, and many tiles in all orders; more programs than items.
    mixed = [0, 300, 0, 0, 0, 64, 1, 0, 65, 129, 0, 0]
    for lengths, programs in ((mixed, 1), (mixed, 5), ([0] * 7, 2), ([64] * 9, 2), ([200], 3)):
        for width, warps, latent in ((128, 4, False), (256, 8, True)):
            name = f"items of {lengths} keys, {programs} programs, {width} wide"
            yield name, lambda a=(lengths, programs, 2, width, warps, latent): run_items(*a)
    for size, stages in ((128, 2), (256, 4)) if INTERPRETED else ((128, 2), (256, 4), (4096, 4)):
        yield f"product {size}, {stages} slots", lambda s=size, n=stages: run_product(s, s, s, n)


def rate(launch: Callable[..., torch.Tensor], flops: float) -> str:
    """TFLOP/s with partitions and without."""
    if not flops > 1e10:
        return ""
    runs = [functools.partial(launch, partitions) for partitions in (True, False)]
    divided, whole = (flops / triton.testing.do_bench(run, warmup=20, rep=100) * 1e-9 for run in runs)
    return f"  {divided:6.1f} TFLOP/s divided, {whole:6.1f} whole"


if __name__ == "__main__":
    sys.exit(main(__doc__.splitlines()[0], checks(), rate))
