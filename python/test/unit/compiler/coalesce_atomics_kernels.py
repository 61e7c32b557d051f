"""Kernels that add accumulators of dots to rows of a table."""

import triton
import triton.language as tl


@triton.jit
def add_products(
    x, w, index, out, limit,
    M: tl.constexpr, N: tl.constexpr, K: tl.constexpr, REPEAT: tl.constexpr, MASK: tl.constexpr, SEM: tl.constexpr,
):  # fmt: skip
    """out[index[m], :N] += 1 * (x @ w)[m], then 2 * ..., up to REPEAT, each an accumulator of its own.

    MASK: "none", "rows" (those with a negative index are left out), "columns" (those from `limit` on), or "both".
    """
    m, n, k = tl.arange(0, M), tl.arange(0, N), tl.arange(0, K)
    program = tl.program_id(0)
    tile_of_x = tl.load(x + (program * M + m)[:, None] * K + k[None, :])
    tile_of_w = tl.load(w + k[:, None] * N + n[None, :])
    product = tl.zeros((M, N), tl.float32)
    target = tl.load(index + program * M + m)
    pointers = out + target.to(tl.int64)[:, None] * N + n[None, :]
    for _ in tl.static_range(REPEAT):
        product = tl.dot(tile_of_x, tile_of_w, product)
        value = product.to(out.dtype.element_ty)
        if MASK == "none":
            tl.atomic_add(pointers, value, sem=SEM)
        elif MASK == "rows":
            tl.atomic_add(pointers, value, mask=(target >= 0)[:, None], sem=SEM)
        elif MASK == "columns":
            tl.atomic_add(pointers, value, mask=(n < limit)[None, :], sem=SEM)
        else:
            tl.atomic_add(pointers, value, mask=(target >= 0)[:, None] & (n < limit)[None, :], sem=SEM)
