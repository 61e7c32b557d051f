"""Kernels whose loops over tiles the compiler divides into partitions."""

import triton
import triton.language as tl
import triton_tle.language as tle


@triton.jit
def gathered_sum(
    x, index, out, n, WIDTH: tl.constexpr, BLOCK: tl.constexpr, STAGES: tl.constexpr, PARTITIONS: tl.constexpr
):
    """out[WIDTH] = sum over i < n of 2 x[index[i]], and of 1 for each negative index and for those that fill a block.

    The pointers to the indices are carried by the loop; which indices are valid is needed behind the gather.
    """
    rows = tl.arange(0, BLOCK)
    columns = tl.arange(0, WIDTH)
    tile = tle.gpu.alloc([BLOCK, WIDTH], tl.float32)
    total = tl.zeros([WIDTH], tl.float32)
    pointers = index + rows
    for i in tl.range(0, n, BLOCK, num_stages=STAGES, warp_specialize=PARTITIONS):
        ids = tl.load(pointers, mask=i + rows < n, other=-1)
        valid = ids >= 0
        source = x + ids[:, None] * WIDTH + columns[None, :]
        tl.store(tle.gpu.local_ptr(tile), tl.load(source, mask=valid[:, None], other=0.0))
        values = tl.load(tle.gpu.local_ptr(tile))
        total += tl.sum(tl.where(valid[:, None], values * 2, 1.0), 0)
        pointers += BLOCK
    tl.store(out + columns, total)


@triton.jit
def attention(
    q, k, v, out, n, scale_log2, BM: tl.constexpr, BN: tl.constexpr, D: tl.constexpr, STAGES: tl.constexpr,
    PARTITIONS: tl.constexpr
):  # fmt: skip
    """Attention of one block of BM rows of q to n keys; K is staged, V loaded where it is multiplied."""
    rows = tl.program_id(0) * BM + tl.arange(0, BM)
    columns = tl.arange(0, D)
    keys = tl.arange(0, BN)
    queries = tl.load(q + rows[:, None] * D + columns[None, :])
    tile = tle.gpu.alloc([BN, D], tl.bfloat16)
    row_max = tl.full([BM], -1e30, tl.float32)
    row_sum = tl.zeros([BM], tl.float32)
    acc = tl.zeros([BM, D], tl.float32)
    for start in tl.range(0, n, BN, num_stages=STAGES, warp_specialize=PARTITIONS):
        inside = start + keys < n
        offsets = (start + keys)[:, None] * D + columns[None, :]
        tl.store(tle.gpu.local_ptr(tile), tl.load(k + offsets, mask=inside[:, None], other=0.0))
        scores = tl.dot(queries, tl.trans(tl.load(tle.gpu.local_ptr(tile))))
        scores = tl.where(inside[None, :], scores * scale_log2, float("-inf"))
        new_max = tl.maximum(row_max, tl.max(scores, 1))
        rescale = tl.exp2(row_max - new_max)
        p = tl.exp2(scores - new_max[:, None])
        row_sum = row_sum * rescale + tl.sum(p, 1)
        row_max = new_max
        values = tl.load(v + offsets, mask=inside[:, None], other=0.0)
        acc = tl.dot(p.to(tl.bfloat16), values, acc * rescale[:, None])
    tl.store(out + rows[:, None] * D + columns[None, :], (acc / row_sum[:, None]).to(tl.bfloat16))


@triton.jit
def attention_blocks(
    q, k, v, out, n, scale_log2, BM: tl.constexpr, BN: tl.constexpr, D: tl.constexpr, STAGES: tl.constexpr,
    PARTITIONS: tl.constexpr
):  # fmt: skip
    """Attention of one block of BM rows of q to n keys; K and V are descriptors of [n, D] with blocks of [BN, D].

    K is staged, V loaded where it is multiplied.
    """
    rows = tl.program_id(0) * BM + tl.arange(0, BM)
    columns = tl.arange(0, D)
    keys = tl.arange(0, BN)
    queries = tl.load(q + rows[:, None] * D + columns[None, :])
    tile = tle.gpu.alloc([BN, D], tl.bfloat16)
    row_max = tl.full([BM], -1e30, tl.float32)
    row_sum = tl.zeros([BM], tl.float32)
    acc = tl.zeros([BM, D], tl.float32)
    for start in tl.range(0, n, BN, num_stages=STAGES, warp_specialize=PARTITIONS):
        tle.gpu.copy(k, tile, offsets=[start, 0])
        scores = tl.dot(queries, tl.trans(tl.load(tle.gpu.local_ptr(tile))))
        scores = tl.where((start + keys < n)[None, :], scores * scale_log2, float("-inf"))
        new_max = tl.maximum(row_max, tl.max(scores, 1))
        rescale = tl.exp2(row_max - new_max)
        p = tl.exp2(scores - new_max[:, None])
        row_sum = row_sum * rescale + tl.sum(p, 1)
        row_max = new_max
        acc = tl.dot(p.to(tl.bfloat16), v.load([start, 0]), acc * rescale[:, None])
    tl.store(out + rows[:, None] * D + columns[None, :], (acc / row_sum[:, None]).to(tl.bfloat16))


@triton.jit
def attention_items(
    q, k, v, lengths, out, items, scale_log2, BM: tl.constexpr, BN: tl.constexpr, D: tl.constexpr,
    STAGES: tl.constexpr, PARTITIONS: tl.constexpr
):  # fmt: skip
    """Attention of items of BM rows of q, in turn, to the first lengths[item] keys; of an item without keys 0.

    With v None the keys are the values, too, as in the latent form of attention.
    """
    columns = tl.arange(0, D)
    keys = tl.arange(0, BN)
    tile = tle.gpu.alloc([BN, D], tl.bfloat16)
    for item in tl.range(tl.program_id(0), items, tl.num_programs(0)):
        rows = item * BM + tl.arange(0, BM)
        n = tl.load(lengths + item)
        queries = tl.load(q + rows[:, None] * D + columns[None, :])
        row_max = tl.full([BM], -1e30, tl.float32)
        row_sum = tl.zeros([BM], tl.float32)
        acc = tl.zeros([BM, D], tl.float32)
        for start in tl.range(0, n, BN, num_stages=STAGES, warp_specialize=PARTITIONS):
            inside = start + keys < n
            offsets = (start + keys)[:, None] * D + columns[None, :]
            tl.store(tle.gpu.local_ptr(tile), tl.load(k + offsets, mask=inside[:, None], other=0.0))
            staged = tl.load(tle.gpu.local_ptr(tile))
            scores = tl.where(inside[None, :], tl.dot(queries, tl.trans(staged)) * scale_log2, float("-inf"))
            new_max = tl.maximum(row_max, tl.max(scores, 1))
            rescale = tl.exp2(row_max - new_max)
            p = tl.exp2(scores - new_max[:, None])
            row_sum = row_sum * rescale + tl.sum(p, 1)
            row_max = new_max
            values = staged
            if v is not None:
                values = tl.load(v + offsets, mask=inside[:, None], other=0.0)
            acc = tl.dot(p.to(tl.bfloat16), values, acc * rescale[:, None])
        factor = 1 / tl.where(row_sum > 0, row_sum, 1.0)
        tl.store(out + rows[:, None] * D + columns[None, :], (acc * factor[:, None]).to(tl.bfloat16))


@triton.jit
def product(
    a, b, out, K, N, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, STAGES: tl.constexpr,
    PARTITIONS: tl.constexpr
):  # fmt: skip
    """out = a b^T, rows of both contiguous along K; a is staged, b goes to the product."""
    rows = tl.program_id(0) * BM + tl.arange(0, BM)
    cols = tl.program_id(1) * BN + tl.arange(0, BN)
    depth = tl.arange(0, BK)
    tile = tle.gpu.alloc([BM, BK], tl.bfloat16)
    acc = tl.zeros([BM, BN], tl.float32)
    for k in tl.range(0, K, BK, num_stages=STAGES, warp_specialize=PARTITIONS):
        tl.store(tle.gpu.local_ptr(tile), tl.load(a + rows[:, None] * K + k + depth[None, :]))
        right = tl.load(b + cols[:, None] * K + k + depth[None, :])
        acc = tl.dot(tl.load(tle.gpu.local_ptr(tile)), tl.trans(right), acc)
    tl.store(out + rows[:, None] * N + cols[None, :], acc.to(tl.bfloat16))


@triton.jit
def product_added(
    a, b, out, K, N, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, HELD: tl.constexpr, STAGES: tl.constexpr,
    PARTITIONS: tl.constexpr
):  # fmt: skip
    """out^T += a b^T, and then its first rows += HELD rows of 64 of a, which stay in a buffer while the loop runs.

    The sums change their layout behind the loop, which takes shared memory that nothing ahead of it can know of.
    """
    rows = tl.program_id(0) * BM + tl.arange(0, BM)
    cols = tl.program_id(1) * BN + tl.arange(0, BN)
    depth = tl.arange(0, BK)
    tile = tle.gpu.alloc([BM, BK], tl.bfloat16)
    if HELD:
        places = tl.arange(0, HELD)[:, None] * 64 + tl.arange(0, 64)[None, :]
        held = tle.gpu.alloc([HELD, 64], tl.bfloat16)
        tl.store(tle.gpu.local_ptr(held), tl.load(a + places))
    acc = tl.zeros([BM, BN], tl.float32)
    for k in tl.range(0, K, BK, num_stages=STAGES, warp_specialize=PARTITIONS):
        tl.store(tle.gpu.local_ptr(tile), tl.load(a + rows[:, None] * K + k + depth[None, :]))
        right = tl.load(b + cols[:, None] * K + k + depth[None, :])
        acc = tl.dot(tl.load(tle.gpu.local_ptr(tile)), tl.trans(right), acc)
    tl.atomic_add(out + cols[None, :] * N + rows[:, None], acc)
    if HELD:
        tl.atomic_add(out + places, tl.load(tle.gpu.local_ptr(held)).to(tl.float32))


def variants(arch):
    """(label, kernel, signature, constexprs, options), divided and not."""
    for divided in (True, False):
        suffix = "divided" if divided else "whole"
        for width, stages in ((64, 2), (128, 3)):
            yield (
                f"gathered_sum {width} {stages} {suffix}",
                gathered_sum,
                {"x": "*fp32:16", "index": "*i32:16", "out": "*fp32:16", "n": "i32"},
                {"WIDTH": width, "BLOCK": 32, "STAGES": stages, "PARTITIONS": divided},
                {"num_warps": 4},
            )
        pointers = dict.fromkeys(("q", "k", "v", "out"), "*bf16:16")
        # From 256 columns on, scores and sums have partitions of their own.
        for rows, width, warps in ((64, 128, 4), (128, 128, 8), (64, 256, 4), (64, 256, 8), (128, 256, 8)):
            label = f"attention {rows}" if width == 128 else f"attention {rows}x{width} {warps} warps"
            yield (
                f"{label} {suffix}",
                attention,
                pointers | {"n": "i32", "scale_log2": "fp32"},
                {"BM": rows, "BN": 64, "D": width, "STAGES": 2, "PARTITIONS": divided},
                {"num_warps": warps},
            )
        for rows, width, warps in ((128, 128, 8), (128, 64, 8), (64, 128, 4)):
            blocks = dict.fromkeys(("k", "v"), f"tensordesc<bf16[64,{width}]>")
            yield (
                f"attention blocks {rows}x{width} {suffix}",
                attention_blocks,
                dict.fromkeys(("q", "out"), "*bf16:16") | blocks | {"n": "i32", "scale_log2": "fp32"},
                {"BM": rows, "BN": 64, "D": width, "STAGES": 2, "PARTITIONS": divided},
                {"num_warps": warps},
            )
        for width, warps, latent in ((128, 4, False), (256, 8, True)):
            yield (
                f"attention items {width}{' latent' if latent else ''} {suffix}",
                attention_items,
                pointers | {"lengths": "*i32:16", "items": "i32", "scale_log2": "fp32"},
                {"BM": 64, "BN": 64, "D": width, "STAGES": 2, "PARTITIONS": divided} | ({"v": None} if latent else {}),
                {"num_warps": warps},
            )
        yield (
            f"product {suffix}",
            product,
            {"a": "*bf16:16", "b": "*bf16:16", "out": "*bf16:16", "K": "i32:16", "N": "i32:16"},
            {"BM": 128, "BN": 128, "BK": 64, "STAGES": 4, "PARTITIONS": divided},
            {"num_warps": 8},
        )
