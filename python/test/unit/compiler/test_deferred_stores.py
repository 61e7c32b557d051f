"""Stores by TMA in loops of partitions: which value a copy takes, and kernels that do not fit."""

import re

import pytest
import triton
import triton.language as tl
import triton_tle.language as tle
from triton import knobs
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from triton_tle.compiler import fitting


@triton.jit
def load(tiles, a, n):
    for i in range(n):
        slot = tiles.acquire(i)
        tle.gpu.copy(a, slot.x, offsets=[i * 64, 0])
        tiles.commit(i)


@triton.jit
def store_halves(tiles, c, d, e, n):
    """Both values are there before the first store."""
    for i in range(n):
        x = tiles.wait(i).x.load()
        tiles.release(i)
        left, right = tl.split(tl.permute(tl.reshape(x, (64, 2, 32)), (0, 2, 1)))
        c.store([i * 64, 0], left)
        c.store([i * 64, 32], right)


@triton.jit
def store_one_of(tiles, c, d, e, n):
    """Buffers of three types, each in a branch of its own."""
    for i in range(n):
        x = tiles.wait(i).x.load()
        tiles.release(i)
        if i % 3 == 0:
            c.store([i * 64, 0], x)
        elif i % 3 == 1:
            d.store([i * 64, 0], x.to(tl.float16))
        else:
            e.store([i * 64, 0], x.to(tl.float8e5))


@triton.jit
def kernel(a, c, d, e, n, STORE: tl.constexpr):
    tiles = tle.pipe(x=tle.gpu.alloc([2, 64, 64], tl.float32), name="tiles")
    tle.gpu.warp_specialize([(STORE, (tiles.reader(), c, d, e, n)), (load, (tiles.writer(), a, n))], [4], [64])


def compiled(store, columns, folder):
    types = {"a": "fp32[64,64]", "c": f"fp32[64,{columns}]", "d": "fp16[64,64]", "e": "fp8e5[64,64]"}
    signature = {name: f"tensordesc<{block}>" for name, block in types.items()} | {"n": "i32", "STORE": "constexpr"}
    with knobs.cache.scope():
        knobs.cache.dir = str(folder)
        source = ASTSource(kernel, signature, {"STORE": store})
        return triton.compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": 4})


def test_each_copy_takes_its_own_value(tmp_path):
    ttgir = compiled(store_halves, 32, tmp_path).asm["ttgir"]
    (values,) = re.findall(r"(%\w+), (%\w+) = tt.split", ttgir)
    steps = re.findall(r"async_tma_store_wait|local_store %\w+|async_tma_copy_local_to_global", ttgir)
    stores = [["async_tma_store_wait", f"local_store {v}", "async_tma_copy_local_to_global"] for v in values]
    assert steps == [*stores[0], *stores[1], "async_tma_store_wait"]


def test_a_kernel_that_does_not_fit_waits_at_once(tmp_path, monkeypatch):
    kept = compiled(store_one_of, 64, tmp_path / "kept")
    assert kept.asm["ttgir"].count("tle.deferred_stores") == 3
    monkeypatch.setattr(fitting, "shared_memory", lambda capability: kept.metadata.shared - 1)
    given_up = compiled(store_one_of, 64, tmp_path / "given up")
    assert "tle.deferred_stores" not in given_up.asm["ttgir"]
    assert given_up.metadata.shared < kept.metadata.shared


@pytest.mark.parametrize("skip", ["", "triton-tle-defer-store-waits"])
def test_it_can_be_left_out(tmp_path, monkeypatch, skip):
    monkeypatch.setenv("TRITON_TLE_SKIP", skip)
    assert ("tle.deferred_stores" in compiled(store_one_of, 64, tmp_path).asm["ttgir"]) == (not skip)
