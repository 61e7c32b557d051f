"""Reductions of accumulators on a GPU, with and without triton-tle-coalesce-atomics, against float64.

Products of small integers make every sum exact in the type of the table, whatever the order: results must be equal.
"""

import random
import re
import sys
from pathlib import Path

import pytest
import torch
import triton_tle

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "compiler"))

from coalesce_atomics_kernels import add_products  # noqa: E402
from triton_tle.bench import scatter_add  # noqa: E402

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")

FLAG = "triton-tle-coalesce-atomics"
TYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


@pytest.fixture(params=["coalesced", "as stock"])
def coalesced(request, monkeypatch):
    triton_tle.compiler.install()
    monkeypatch.setenv("TRITON_TLE", "1")
    if request.param == "as stock":
        monkeypatch.setenv("TRITON_TLE_SKIP", FLAG)
    else:
        monkeypatch.delenv("TRITON_TLE_SKIP", raising=False)
    return request.param == "coalesced"


def check(seed, coalesced, dtype, m, n, k, num_warps, mask, repeat, integers, shuffled):
    """One random problem: rows drawn with repetition, some left out, more rows in the table than are touched."""
    generator, draw = torch.Generator("cuda").manual_seed(seed), random.Random(seed)
    programs, limit = draw.randint(1, 40), draw.randint(1, n)
    rows = programs * m
    table = max(8, rows // draw.choice([1, 4]))

    def values(*shape):
        if integers:
            return torch.randint(-1, 2, shape, device="cuda", generator=generator).to(torch.bfloat16)
        return torch.randn(shape, device="cuda", generator=generator, dtype=torch.bfloat16)

    x, w = values(rows, k), values(k, n)
    index = torch.randint(0, table, (rows,), device="cuda", generator=generator, dtype=torch.int32)
    if mask in ("rows", "both"):
        index[torch.rand(rows, device="cuda", generator=generator) < 0.3] = -1
    start = torch.randint(-3, 4, (table, n), device="cuda", generator=generator).to(dtype)
    out = start.clone()
    kernel = add_products[(programs,)](
        x, w, index, out, limit, M=m, N=n, K=k, REPEAT=repeat, MASK=mask, SEM="relaxed", num_warps=num_warps
    )
    kept = index >= 0
    product = x[kept].double() @ w.double() * (repeat * (repeat + 1) // 2)
    if mask in ("columns", "both"):
        product[:, limit:] = 0
    expected = start.double().index_add_(0, index[kept].long(), product)
    if integers:
        assert torch.equal(out.double(), expected)
    else:
        assert (out.double() - expected).norm() <= 3e-6 * expected.norm()  # tensor cores truncate what they add
    assert bool(re.search(r"shfl\.sync\.bfly", kernel.asm["ptx"])) == (coalesced and shuffled)


def has_exchange(dtype, m, n, num_warps, mask):
    """Whether a warp holds 128 bytes of a row, or all of it, for accumulators of WGMMA."""
    return torch.cuda.get_device_capability()[0] == 9 and m == 64 and num_warps == 4


@pytest.mark.parametrize("mask", ["none", "rows", "columns", "both"])
@pytest.mark.parametrize("n", [8, 16, 32, 64, 128, 256])
@pytest.mark.parametrize("num_warps", [4, 8])
def test_sums_are_exact(coalesced, n, num_warps, mask):
    shuffled = has_exchange(torch.float32, 64, n, num_warps, mask)
    if num_warps == 8:
        # Two groups of warps share the columns, and each needs 32 of them; 8 columns both hold whole.
        shuffled = torch.cuda.get_device_capability()[0] == 9 and (n == 8 or n >= 64)
    check(n + num_warps, coalesced, torch.float32, 64, n, 16, num_warps, mask, 3, True, shuffled)


@pytest.mark.parametrize("mask", ["none", "rows"])
@pytest.mark.parametrize("name", ["fp16", "bf16"])
@pytest.mark.parametrize("n", [32, 64, 128])
def test_sums_of_16_bits_are_exact(coalesced, n, name, mask):
    if torch.cuda.get_device_capability()[0] < 9 and name == "bf16":
        pytest.skip("needs compute capability 9.0")
    shuffled = has_exchange(TYPES[name], 64, n, 4, mask)
    check(n, coalesced, TYPES[name], 64, n, 16, 4, mask, 1, True, shuffled)


@pytest.mark.parametrize("seed", range(12))
def test_random_shapes(coalesced, seed):
    draw = random.Random(100 + seed)
    n, mask = draw.choice([16, 32, 64, 128]), draw.choice(["none", "rows", "columns", "both"])
    shuffled = has_exchange(torch.float32, 64, n, 4, mask)
    repeat, k = draw.randint(1, 4), draw.choice([16, 32, 64])
    check(seed, coalesced, torch.float32, 64, n, k, 4, mask, repeat, False, shuffled)


@pytest.mark.parametrize("m, n", [(16, 32), (16, 64), (32, 32)])
def test_one_warp(coalesced, m, n):
    """Accumulators of mma.sync; a column mask leaves single elements to add."""
    for seed, mask in enumerate(["none", "rows", "columns", "both"]):
        check(seed, coalesced, torch.float32, m, n, 16, 1, mask, 2, True, True)


@pytest.mark.parametrize("case", scatter_add.CASES, ids=lambda case: case.label)
def test_benchmark_kernels(case):
    for name, load in scatter_add.LOADERS.items():
        if name != "gluon" or torch.cuda.get_device_capability()[0] == 9:
            assert scatter_add.check_provider(load(), case) <= scatter_add.MAX_ERROR
