"""Numerics of every builtin. `test_interpreter.py` runs these in the interpreter, `test_compile.py` compiles their
kernels without a GPU, and `python/test/gpu/test_language.py` runs them on one."""

import pytest
import torch
import triton
import triton.language as tl
import triton_tle.language as tle
from language_launches import launch
from triton.tools.tensor_descriptor import TensorDescriptor
from triton_tle.language import pipeline

FLOATS = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
INTEGERS = [torch.int8, torch.uint8, torch.int16, torch.int32, torch.int64]


def filled(shape, dtype, seed=0):
    """A tensor of distinct-looking values that every dtype holds exactly."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 100, shape, generator=generator).to(dtype)


@triton.jit
def grid2(ROWS: tl.constexpr, COLUMNS: tl.constexpr):
    return tl.arange(0, ROWS)[:, None] * COLUMNS + tl.arange(0, COLUMNS)[None, :]


# Conversions, which the interpreter has mends for


@triton.jit
def converted(x, y, N: tl.constexpr):
    tl.store(y + tl.arange(0, N), tl.load(x + tl.arange(0, N)).to(y.dtype.element_ty))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float8_e5m2], ids=str)
def test_conversions_round_to_nearest_even(dtype):
    """Ties (1.125 for e5m2), a carry out of the mantissa (1.95), small numbers; each with both signs."""
    x = torch.cat([torch.arange(0.75, 4, 1 / 64), torch.logspace(-4, 4, 304)])
    x = torch.cat([x, -x])
    y = torch.zeros(1024, dtype=torch.float32).to(dtype)
    launch(converted, x, y, 1024)
    assert torch.equal(x.to(dtype).float(), y.float())


# Buffers and pointers


@triton.jit
def through_buffer(x, y, ROWS: tl.constexpr, COLUMNS: tl.constexpr, WAY: tl.constexpr, LAYOUT: tl.constexpr):
    offsets = grid2(ROWS, COLUMNS)
    buffer = tle.gpu.alloc([ROWS, COLUMNS], x.dtype.element_ty, LAYOUT)
    value = tl.load(x + offsets)
    if WAY == "pointers":
        tl.store(tle.gpu.local_ptr(buffer), value)
        value = tl.load(tle.gpu.local_ptr(buffer))
    elif WAY == "indices":
        rows, columns = tl.arange(0, ROWS)[:, None], tl.arange(0, COLUMNS)[None, :]
        tl.store(tle.gpu.local_ptr(buffer, (rows, columns)), value)
        value = tl.load(tle.gpu.local_ptr(buffer, (rows, columns)))
    elif WAY == "methods":
        buffer.store(value)
        value = buffer.load()
    else:
        tle.gpu.copy(x + offsets, buffer)
        tle.gpu.copy(buffer, y + offsets)
        value = buffer.load()
    tl.store(y + offsets, value)


@pytest.mark.parametrize("way", ["pointers", "indices", "methods", "copy"])
@pytest.mark.parametrize("dtype", FLOATS + INTEGERS, ids=str)
def test_a_buffer_holds_what_was_stored(dtype, way):
    x = filled((16, 64), dtype)
    y = torch.zeros_like(x)
    launch(through_buffer, x, y, 16, 64, way, None)
    assert torch.equal(x, y)


@pytest.mark.parametrize(
    "layout",
    [
        tle.gpu.nv_mma_shared_layout(),
        tle.gpu.nv_mma_shared_layout(32),
        tle.gpu.nv_mma_shared_layout(transposed=True),
        tle.gpu.swizzled_shared_layout(8, 1, 8),
        tle.gpu.swizzled_shared_layout(order=(0, 1)),
    ],
    ids=repr,
)
def test_a_layout_changes_no_values(layout):
    x = filled((64, 64), torch.float16)
    y = torch.zeros_like(x)
    launch(through_buffer, x, y, 64, 64, "pointers", layout)
    assert torch.equal(x, y)


@triton.jit
def masked(x, y, n):
    offsets = tl.arange(0, 64)
    buffer = tle.gpu.alloc([64], tl.float32)
    buffer.store(-1.0)
    tl.store(tle.gpu.local_ptr(buffer), tl.load(x + offsets), mask=offsets < n)
    tl.store(y + offsets, buffer.load())
    tl.store(y + 64 + offsets, tl.load(tle.gpu.local_ptr(buffer), mask=offsets >= n - 8, other=7.0))


def test_masks():
    x, y = torch.arange(64.0), torch.zeros(128)
    launch(masked, x, y, 40)
    stored = torch.where(torch.arange(64) < 40, x, -1.0)
    assert torch.equal(y[:64], stored)
    assert torch.equal(y[64:], torch.where(torch.arange(64) >= 32, stored, 7.0))


@triton.jit
def gathers(x, indices, y, n):
    offsets = grid2(32, 16)
    buffer = tle.gpu.alloc([32, 16], tl.bfloat16)
    buffer.store(tl.load(x + offsets))
    rows = tl.load(indices + tl.arange(0, 8))
    columns = tl.arange(0, 16)
    tl.store(y + grid2(8, 16), tl.load(tle.gpu.local_ptr(buffer, (rows[:, None], 15 - columns[None, :]))))
    tl.store(y + 8 * 16 + tl.arange(0, 32), tl.load(tle.gpu.local_ptr(buffer, (tl.arange(0, 32), 3))))
    tl.store(y + 8 * 16 + 32, tl.load(tle.gpu.local_ptr(buffer, (n, 5))))


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_indices(dtype):
    x = filled((32, 16), torch.bfloat16)
    indices = torch.tensor([3, 3, 31, 0, 7, 9, 30, 1], dtype=dtype)
    y = torch.zeros(8 * 16 + 32 + 1, dtype=torch.bfloat16)
    launch(gathers, x, indices, y, 17)
    assert torch.equal(y[: 8 * 16].view(8, 16), x[indices].flip(1))
    assert torch.equal(y[8 * 16 : -1], x[:, 3])
    assert y[-1] == x[17, 5]


@triton.jit
def views(x, y):
    buffer = tle.gpu.alloc([32, 64], tl.float32)
    buffer.store(tl.load(x + grid2(32, 64)))
    part = buffer.slice(32, 32, dim=1).slice(8, 8)
    tl.store(y + grid2(8, 32), part.load())
    tl.store(y + 256 + grid2(32, 8), tl.load(tle.gpu.local_ptr(part.T)))
    tl.store(y + 512 + grid2(8, 32), tle.gpu.wgmma_view(part.permute((1, 0)), (1, 0)).load())
    tl.store(tle.gpu.local_ptr(part.T, (tl.arange(0, 32)[:, None], tl.arange(0, 8)[None, :])), -1.0)
    tl.store(y + 768 + grid2(32, 64), buffer.load())


def test_views():
    x, y = filled((32, 64), torch.float32), torch.zeros(768 + 32 * 64)
    launch(views, x, y)
    part = x[8:16, 32:]
    assert torch.equal(y[:256].view(8, 32), part)
    assert torch.equal(y[256:512].view(32, 8), part.T)
    assert torch.equal(y[512:768].view(8, 32), part)
    x[8:16, 32:] = -1.0
    assert torch.equal(y[768:].view(32, 64), x)


@triton.jit
def rotate(front, back):
    return back, front


@triton.jit
def slots(x, y, n):
    offsets = grid2(8, 16)
    ring = tle.gpu.alloc([3, 8, 16], tl.float32)
    grid = tle.gpu.alloc([2, 3, 8, 16], tl.float32)
    for i in tle.pipeline(0, n, num_stages=2):
        ring.index(i % 3).store(tl.load(x + i * 128 + offsets))
        tile = ring.index(i % 3).load()
        grid.index(i % 2, i % 3).store(tile)
    total = tl.zeros([8, 16], tl.float32)
    for i in pipeline(3):
        total += ring.index(i).load() * (i + 1)
    tl.store(y + offsets, total)
    rows, columns = tl.arange(0, 8)[:, None], tl.arange(0, 16)[None, :]
    tl.store(y + 128 + offsets, tl.load(tle.gpu.local_ptr(grid, (1, 2, rows, columns))))
    tl.store(y + 256 + tl.arange(0, 2), tl.load(tle.gpu.local_ptr(grid, (tl.arange(0, 2), tl.arange(0, 2), 3, 4))))
    front, back = ring.index(0), ring.index(1)
    front, back = rotate(front, back)
    tl.store(y + 258 + offsets, front.load() - back.load())


def test_slots():
    x, y = filled((6, 8, 16), torch.float32), torch.zeros(258 + 128)
    launch(slots, x, y, 6)
    assert torch.equal(y[:128].view(8, 16), x[3] + 2 * x[4] + 3 * x[5])
    assert torch.equal(y[128:256].view(8, 16), x[5])
    assert torch.equal(y[256:258], torch.stack([x[0, 3, 4], x[1, 3, 4]]))
    assert torch.equal(y[258:].view(8, 16), x[4] - x[3])


@triton.jit(noinline=True)
def stored(view, y, ROWS: tl.constexpr, COLUMNS: tl.constexpr):
    tl.store(y + grid2(COLUMNS, ROWS), view.load())


@triton.jit
def chosen(x, y, n, ROWS: tl.constexpr, COLUMNS: tl.constexpr, LAYOUT: tl.constexpr):
    offsets = grid2(ROWS, COLUMNS)
    first = tle.gpu.alloc([ROWS, COLUMNS], x.dtype.element_ty, LAYOUT)
    second = tle.gpu.alloc([ROWS, COLUMNS], x.dtype.element_ty, LAYOUT)
    first.store(tl.load(x + offsets))
    second.store(tl.load(x + ROWS * COLUMNS + offsets))
    front, back = first.permute(1, 0), second.permute(1, 0)
    for step in range(n):
        stored(front, y + step * ROWS * COLUMNS, ROWS, COLUMNS)
        front, back = back, front
    if n > 2:
        last = first.permute(1, 0)
    else:
        last = second.permute(1, 0)
    tl.store(y + n * ROWS * COLUMNS + grid2(COLUMNS, ROWS), last.load())
    rows, columns = COLUMNS - 1 - tl.arange(0, COLUMNS)[:, None], tl.arange(0, ROWS)[None, :]
    flipped = tl.load(tle.gpu.local_ptr(last, (rows, columns)))
    tl.store(y + (n + 1) * ROWS * COLUMNS + grid2(COLUMNS, ROWS), flipped)


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("swizzle", [0, 32])
def test_buffers_that_control_flow_chooses(swizzle, n):
    """Transposed views exchanged by a loop, taken by a function that is not inlined, and chosen by a condition."""
    rows, columns = 32, 32 if swizzle else 16
    x = filled((2, rows, columns), torch.int8)
    y = torch.zeros((n + 2, columns, rows), dtype=torch.int8)
    layout = tle.gpu.nv_mma_shared_layout(swizzle=swizzle)
    launch(chosen, x, y, n, rows, columns, layout)
    order = [step % 2 for step in range(n)] + [0 if n > 2 else 1]
    assert torch.equal(y[:-1], torch.stack([x[index].T for index in order]))
    assert torch.equal(y[-1], x[order[-1]].T.flip(0))


@triton.jit
def atomics(x, y, z):
    buffer = tle.gpu.alloc([4], tl.int32)
    sums = tle.gpu.alloc([4], tl.float32)
    buffer.store(0)
    sums.store(0.0)
    bins = tl.load(x + tl.arange(0, 64))
    tl.atomic_add(tle.gpu.local_ptr(buffer, (bins,)), 1, mask=tl.arange(0, 64) < 60)
    tl.atomic_max(tle.gpu.local_ptr(sums, (bins,)), tl.arange(0, 64).to(tl.float32) - 10.0)
    old = tl.atomic_cas(tle.gpu.local_ptr(buffer, (0,)), 0, 5)
    tl.store(y + tl.arange(0, 4), buffer.load())
    tl.store(y + 4, old)
    tl.store(z + tl.arange(0, 4), sums.load())


def test_atomics():
    x = torch.arange(64, dtype=torch.int32) % 3 + 1
    y, z = torch.zeros(5, dtype=torch.int32), torch.zeros(4)
    launch(atomics, x, y, z)
    assert y.tolist() == [5, 20, 20, 20, 0]
    assert z.tolist() == [0.0, 53.0, 51.0, 52.0]


# Copies


@triton.jit
def copies(x, y, n):
    offsets = grid2(16, 32)
    buffer = tle.gpu.alloc([16, 32], tl.float16)
    tle.gpu.copy(x + offsets, buffer, [16, 32], mask=offsets < n, other=-2.0)
    tle.gpu.copy(buffer, y + offsets, mask=tl.arange(0, 32)[None, :] < 20)


def test_copy_with_masks():
    x, y = filled((16, 32), torch.float16), torch.full((16, 32), 9.0, dtype=torch.float16)
    launch(copies, x, y, 300)
    inside = torch.where(torch.arange(512).view(16, 32) < 300, x, -2.0)
    assert torch.equal(y, torch.where(torch.arange(32) < 20, inside, 9.0))


@triton.jit
def descriptor_copies(x, target, rows):
    source = tl.make_tensor_descriptor(x, [rows, 32], [32, 1], [16, 32])
    ring = tle.gpu.alloc([2, 16, 32], tl.float32)
    for i in range(2):
        tle.gpu.copy(source, ring.index(i), [16, 32], [i * 16, 0])
        tle.gpu.copy(ring.index(i), target, offsets=(i * 16, 0))


def test_copy_with_descriptors_pads_and_clips():
    x, y = filled((24, 32), torch.float32), torch.full((30, 32), 5.0)
    launch(descriptor_copies, x, TensorDescriptor(y, [28, 32], [32, 1], [16, 32]), 24)
    assert torch.equal(y[:24], x)
    assert (y[24:28] == 0).all() and (y[28:] == 5).all()


@triton.jit
def async_copies(x, y, n, PENDING: tl.constexpr):
    offsets = tl.arange(0, 64)
    ring = tle.gpu.alloc([2, 64], tl.float32, tle.gpu.swizzled_shared_layout(order=(0,)))
    for i in tl.static_range(2):
        tle.gpu.async_copy(x + i * 64 + offsets, ring.index(i), mask=offsets < n)
        tle.gpu.async_commit()
    tle.gpu.async_wait(PENDING)
    tl.store(y + offsets, ring.index(0).load())
    tl.store(y + 64 + offsets, ring.index(1).load())


def test_async_copies():
    x, y = torch.arange(1.0, 129.0), torch.zeros(128)
    launch(async_copies, x, y, 40, 0)
    assert torch.equal(y, torch.where(torch.arange(128) % 64 < 40, x, 0.0))


# Tiles and sums


@triton.jit
def sums(x, exclusive, total, AXIS: tl.constexpr, REVERSE: tl.constexpr, TOTALS: tl.constexpr):
    offsets = grid2(16, 32)
    before, whole = tle.cumsum(tl.load(x + offsets), AXIS, reverse=REVERSE)
    tl.store(exclusive + offsets, before)
    tl.store(total + tl.arange(0, TOTALS), whole)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("dtype", [torch.int32, torch.int8, torch.bfloat16, torch.float32, torch.float64], ids=str)
def test_cumsum(dtype, axis, reverse):
    x = filled((16, 32), dtype)
    widened = {torch.int8: torch.int32, torch.bfloat16: torch.float32}.get(dtype, dtype)
    exclusive = torch.full((16, 32), -1, dtype=widened)
    total = torch.full((512 // x.shape[axis],), -1, dtype=widened)
    launch(sums, x, exclusive, total, axis, reverse, len(total))
    ordered = x.to(widened).flip(axis) if reverse else x.to(widened)
    inclusive = ordered.cumsum(axis, dtype=widened)
    expected = inclusive - ordered
    assert torch.equal(exclusive, expected.flip(axis) if reverse else expected)
    assert torch.equal(total, ordered.sum(axis, dtype=widened))


@triton.jit
def vector_sums(x, y):
    before, whole = tle.cumsum(tl.load(x + tl.arange(0, 8)))
    tl.store(y + tl.arange(0, 8), before)
    tl.store(y + 8, whole)


def test_infinity_taints_only_what_comes_after_it():
    x = torch.tensor([1.0, 2.0, float("inf"), 4.0, 5.0, 6.0, 7.0, 8.0])
    y = torch.zeros(9)
    launch(vector_sums, x, y)
    inf = float("inf")
    assert y.tolist() == [0.0, 1.0, 3.0, inf, inf, inf, inf, inf, inf]


@triton.jit
def tiles(x, y, row, linear):
    value = tl.load(x + grid2(64, 32))
    tile = tle.extract_tile(value, (row, 1), (16, 8))
    other = tle.extract_tile(value, linear, [16, 8])
    result = tle.insert_tile(value, tile.to(tl.float32) * 2, (0, 3))
    result = tle.insert_tile(result, other, 4)
    tl.store(y + grid2(64, 32), result)


@pytest.mark.parametrize("dtype", [torch.float32, torch.int16], ids=str)
def test_tiles(dtype):
    x = filled((64, 32), dtype)
    y = torch.zeros_like(x)
    launch(tiles, x, y, 3, 9)
    expected = x.clone()
    expected[:16, 24:] = x[48:, 8:16] * 2
    expected[16:32, :8] = x[32:48, 8:16]
    assert torch.equal(y, expected)


# A kernel of several parts


@triton.jit
def attention(q, kv, indices, out, topk, scale, BH: tl.constexpr, BK: tl.constexpr, D: tl.constexpr):
    keys = tl.arange(0, BK)
    tile = tle.gpu.alloc([BK, D], tl.bfloat16)
    queries = tl.load(q + grid2(BH, D))
    top = tl.full([BH], -1e30, tl.float32)
    norm = tl.zeros([BH], tl.float32)
    acc = tl.zeros([BH, D], tl.float32)
    for start in tle.pipeline(0, topk, BK, num_stages=2):
        ids = tl.load(indices + start + keys)
        valid = ids >= 0
        rows = tl.load(kv + ids[:, None] * D + tl.arange(0, D)[None, :], mask=valid[:, None], other=0.0)
        tl.store(tle.gpu.local_ptr(tile), rows)
        scores = tl.dot(queries, tl.trans(tl.load(tle.gpu.local_ptr(tile)))) * scale
        scores = tl.where(valid[None, :], scores, -1e30)
        new_top = tl.maximum(top, tl.max(scores, 1))
        weights = tl.exp(scores - new_top[:, None])
        old = tl.exp(top - new_top)
        norm = norm * old + tl.sum(weights, 1)
        acc = tl.dot(weights.to(tl.bfloat16), tl.load(tle.gpu.local_ptr(tile)), acc * old[:, None])
        top = new_top
    tl.store(out + grid2(BH, D), acc / norm[:, None])


def test_gather_stage_dot_softmax():
    torch.manual_seed(1)
    q, kv = torch.randn(16, 64).bfloat16(), torch.randn(100, 64).bfloat16()
    indices = torch.randint(0, 100, (128,), dtype=torch.int32)
    indices[5::9] = -1
    out = torch.zeros(16, 64)
    launch(attention, q, kv, indices, out, 128, 0.125, 16, 32, 64)
    chosen = kv.double()[indices[indices >= 0].long()]
    expected = torch.softmax(q.double() @ chosen.T * 0.125, 1) @ chosen
    assert torch.linalg.norm(out - expected) / torch.linalg.norm(expected) < 5e-3
