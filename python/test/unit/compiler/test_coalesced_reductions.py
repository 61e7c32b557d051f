"""Reductions of accumulators through the whole pipeline, down to machine code; numerics: python/test/gpu."""

import re
from collections import Counter

import pytest
import triton
from coalesce_atomics_kernels import add_products
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from triton_tle import compiler
from triton_tle.compiler import sass

FLAG = "triton-tle-coalesce-atomics"


@pytest.fixture(autouse=True)
def forced(monkeypatch, fresh_cache):
    compiler.install()
    monkeypatch.setenv("TRITON_TLE", "1")


def compiled(arch=90, out="*fp32", num_warps=4, aligned=True, **constants):
    constants = {"M": 64, "N": 64, "K": 16, "REPEAT": 1, "MASK": "rows", "SEM": "relaxed"} | constants
    types = {"x": "*bf16", "w": "*bf16", "index": "*i32", "out": out, "limit": "i32"}
    signature = types | dict.fromkeys(constants, "constexpr")
    pointers = [position for position in range(4) if aligned or position != 3]
    source = ASTSource(
        add_products, signature, constants, {(position,): [["tt.divisibility", 16]] for position in pointers}
    )
    return triton.compile(source, target=GPUTarget("cuda", arch, 32), options={"num_warps": num_warps})


def instructions(kernel):
    """Atomics, shuffles, shared-memory stores and loads and barriers in the PTX, by name without the state space."""
    found = re.findall(r"^\s*(?:@%\w+ )?((?:atom|red|shfl|st\.shared|bar)[\w.:]*)", kernel.asm["ptx"], re.MULTILINE)
    counts = Counter()
    for name in found:
        group = next((g for g in ("st.shared", "shfl", "bar") if name.startswith(g)), None)
        counts[group or name.replace(".global", "").replace(".gpu", "").replace(".relaxed", "")] += 1
    return counts


# What one reduction of the tile takes: shuffles and reductions of a thread. A step of the exchange shuffles half of a
# thread's 32-bit registers; there are two steps for 4 fp32 of a run of 128 bytes, three for 8 bf16.
@pytest.mark.parametrize(
    "arch, out, num_warps, m, n, shuffles, reduction, count",
    [
        (90, "*fp32", 4, 64, 64, 32, "atom.add.v4.f32", 8),
        (90, "*fp32", 4, 64, 128, 64, "atom.add.v4.f32", 16),
        (90, "*fp32", 8, 64, 128, 32, "atom.add.v4.f32", 8),
        (90, "*fp32", 4, 64, 32, 16, "atom.add.v4.f32", 4),
        (90, "*fp32", 4, 64, 16, 4, "atom.add.v4.f32", 2),
        (90, "*bf16", 4, 64, 64, 24, "atom.add.noftz.v8.bf16", 4),
        (90, "*fp16", 4, 64, 64, 24, "atom.add.noftz.v8.f16", 4),
        (90, "*fp32", 1, 16, 32, 16, "atom.add.v4.f32", 4),
        (80, "*fp32", 1, 16, 64, 48, "atom.add.f32", 32),
        (80, "*fp16", 1, 16, 64, 24, "atom.add.noftz.f16x2", 16),
    ],
)
def test_exchange_stays_in_the_warp(monkeypatch, arch, out, num_warps, m, n, shuffles, reduction, count):
    options = {"arch": arch, "out": out, "num_warps": num_warps, "M": m, "N": n}
    two, four = (instructions(compiled(REPEAT=repeat, **options)) for repeat in (2, 4))
    assert two[reduction] == 2 * count and four[reduction] == 4 * count
    assert four["shfl"] - two["shfl"] == 2 * shuffles
    assert four["st.shared"] == two["st.shared"] and four["bar"] == two["bar"]
    monkeypatch.setenv("TRITON_TLE_SKIP", FLAG)
    stock_two, stock_four = (instructions(compiled(REPEAT=repeat, **options)) for repeat in (2, 4))
    assert stock_four["st.shared"] > stock_two["st.shared"] and stock_four["bar"] > stock_two["bar"]


@pytest.mark.parametrize("mask", ["none", "rows"])
def test_masks_of_rows_keep_the_vector(mask):
    counts = instructions(compiled(MASK=mask))
    assert counts["atom.add.v4.f32"] == 8 and counts["shfl"] == 32


@pytest.mark.parametrize("mask", ["columns", "both"])
def test_masks_that_end_anywhere_in_a_row(mask):
    # Each element has a predicate of its own, so a thread adds one at a time and 32 lanes make 128 bytes.
    counts = instructions(compiled(MASK=mask))
    assert counts["atom.add.f32"] == 32 and counts["shfl"] == 48


def test_warps_side_by_side_keep_their_conversion(monkeypatch):
    """Four warps of mma.sync lie 2 x 2: a warp has 32 bytes of a row, but lanes need not add 16 bytes apart."""
    kernel = compiled(arch=80)
    counts = instructions(kernel)
    assert counts["atom.add.f32"] == 32 and counts["shfl"] == 0
    assert "lane = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16]]" in kernel.asm["ttgir"]
    monkeypatch.setenv("TRITON_TLE_SKIP", FLAG)
    assert instructions(compiled(arch=80))["bar"] == counts["bar"]


def test_machine_code_is_clean():
    kernel = compiled(REPEAT=2)
    opcodes = sass.opcodes(sass.disassemble(kernel.asm["cubin"]))
    assert opcodes["REDG"] == 16 and opcodes["SHFL"] == 64 and opcodes["ATOMG"] == 0
    ptxas = kernel.metadata.tle_ptxas
    assert ptxas["spill_store_bytes"] == ptxas["spill_load_bytes"] == 0 and not ptxas["advice"]


def test_pointers_without_alignment():
    assert instructions(compiled(aligned=False))["atom.add.f32"] == 32


def test_acquire_release_stays(monkeypatch):
    kernel = compiled(SEM="acq_rel")
    monkeypatch.setenv("TRITON_TLE_SKIP", FLAG)
    assert instructions(kernel) == instructions(compiled(SEM="acq_rel"))


def test_shared_memory_of_the_conversion_is_free(monkeypatch):
    kernel = compiled(N=128)
    monkeypatch.setenv("TRITON_TLE_SKIP", FLAG)
    assert kernel.metadata.shared <= 6144 and compiled(N=128).metadata.shared >= 64 * 128 * 4
