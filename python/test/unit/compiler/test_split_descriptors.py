"""Descriptors of products that read several kinds of tiles: ptxas 12.8 gets stock's wrong, and TLE's right."""

import pytest
import triton
import triton.language as tl
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from triton_tle.compiler import sass

POINTERS = {"q": "*bf16", "k": "*bf16", "x": "*bf16", "y": "*bf16", "out": "*fp32", "second": "*fp32"}


@triton.jit
def attention_then_product(q, k, x, y, out, second, M: tl.constexpr, N: tl.constexpr):
    rows = tl.arange(0, M)[:, None]
    columns = tl.arange(0, 64)[None, :]
    keys = tl.arange(0, N)
    kv = tl.load(k + keys[:, None] * 64 + columns)
    scores = tl.dot(tl.load(q + rows * 64 + columns), tl.trans(kv))
    p = tl.exp2(scores - tl.max(scores, 1)[:, None])
    tl.store(out + rows * 64 + columns, tl.dot(p.to(tl.bfloat16), kv))
    left = tl.load(x + rows * 64 + columns)
    right = tl.load(y + tl.arange(0, 64)[:, None] * N + keys[None, :])
    tl.store(second + rows * N + keys[None, :], tl.dot(left, right))


def unwritten(m: int, n: int, num_warps: int) -> list[str]:
    signature = POINTERS | {"M": "constexpr", "N": "constexpr"}
    attributes = {(position,): [["tt.divisibility", 16]] for position in range(len(POINTERS))}
    source = ASTSource(attention_then_product, signature, {"M": m, "N": n}, attributes)
    kernel = triton.compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": num_warps})
    return sass.unwritten_uniforms(sass.disassemble(kernel.asm["cubin"]))


@pytest.mark.parametrize("m, n, num_warps", [(64, 16, 4), (64, 32, 4), (128, 32, 4), (128, 16, 8), (64, 32, 8)])
def test_bases_are_there(monkeypatch, fresh_cache, m, n, num_warps):
    monkeypatch.setenv("TRITON_TLE", "1")
    assert unwritten(m, n, num_warps) == []


def test_stock_loses_a_base(monkeypatch, fresh_cache):
    """What the pass is for, and that it can be seen. When this fails, ptxas has been mended: the pass can go."""
    monkeypatch.setenv("TRITON_TLE", "0")
    assert unwritten(64, 32, 4)
