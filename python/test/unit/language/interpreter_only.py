"""What only Triton's interpreter shows: poison, accesses out of bounds, copies that nobody waited for.
`test_interpreter.py` runs this file with TRITON_INTERPRET=1."""

import re

import pytest
import torch
import triton
import triton.language as tl
import triton_tle.language as tle
from language_launches import launch
from numerics import FLOATS, async_copies, grid2
from triton.runtime.errors import InterpreterError


@triton.jit
def reads_fresh_buffer(y, DTYPE: tl.constexpr):
    tl.store(y + tl.arange(0, 64), tle.gpu.alloc([64], DTYPE).load())


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_a_fresh_buffer_of_floats_is_nan(dtype):
    y = torch.zeros(64, dtype=dtype)
    launch(reads_fresh_buffer, y, getattr(tl, str(dtype)[6:]))
    assert torch.isnan(y).all()


@pytest.mark.parametrize(("dtype", "value"), [(torch.int8, 0x7F), (torch.int32, 0x7F7F7F7F)])
def test_a_fresh_buffer_of_integers_is_a_pattern(dtype, value):
    y = torch.zeros(64, dtype=dtype)
    launch(reads_fresh_buffer, y, getattr(tl, str(dtype)[6:]))
    assert (y == value).all()


@triton.jit
def poisoned_again(y):
    buffer = tle.gpu.alloc([16], tl.float32)
    tl.store(y + tl.program_id(0) * 16 + tl.arange(0, 16), buffer.load())
    buffer.store(1.0)


def test_each_program_has_its_own_buffers():
    y = torch.zeros(4 * 16)
    launch(poisoned_again, y, programs=4)
    assert torch.isnan(y).all()


def test_async_copies_arrive_with_the_wait():
    x, y = torch.arange(1.0, 129.0), torch.zeros(128)
    copied = torch.where(torch.arange(128) % 64 < 40, x, 0.0)
    launch(async_copies, x, y, 40, 0)
    assert torch.equal(y, copied)
    launch(async_copies, x, y, 40, 1)
    assert torch.equal(y[:64], copied[:64]) and torch.isnan(y[64:]).all()
    launch(async_copies, x, y, 40, 2)
    assert torch.isnan(y).all()


# Mistakes


@triton.jit
def reads_outside(y, row):
    keys = tle.gpu.alloc([16, 32], tl.float32)
    other = tle.gpu.alloc([16, 32], tl.float32)
    other.store(0.0)
    pointers = tle.gpu.local_ptr(keys, (tl.arange(0, 16) + row, tl.arange(0, 16)))
    tl.store(y + tl.arange(0, 16), tl.load(pointers, mask=tl.arange(0, 16) < 8))


def test_only_what_is_accessed_must_lie_inside():
    y = torch.zeros(16)
    launch(reads_outside, y, 8)
    for row in (9, -1):
        with pytest.raises(InterpreterError, match=r"outside of buffer 'keys' fp32\[16, 32\] \(allocated at .*:"):
            launch(reads_outside, y, row)


@triton.jit
def writes_outside(indices):
    counts = tle.gpu.alloc([4], tl.int32)
    tl.atomic_add(tle.gpu.local_ptr(counts, (tl.load(indices + tl.arange(0, 8)),)), 1)


def test_atomics_are_checked_too():
    launch(writes_outside, torch.tensor([0, 1, 2, 3, 3, 2, 1, 0]))
    with pytest.raises(InterpreterError, match=r"access outside of buffer 'counts' int32\[4\]"):
        launch(writes_outside, torch.tensor([0, 1, 2, 4, 3, 2, 1, 0]))


@triton.jit
def hidden_arithmetic(y, step):
    counts = tle.gpu.alloc([64], tl.float32)
    counts.store(1.0)
    pointers = tl.reshape(tle.gpu.local_ptr(counts), [8, 8]) + step
    tl.store(y + grid2(8, 8), tl.load(pointers))


def test_pointers_made_by_hand_are_checked_too():
    with pytest.raises(InterpreterError, match=r"access outside of buffer 'counts' fp32\[64\]"):
        launch(hidden_arithmetic, torch.zeros(64), 1)


@triton.jit
def bad_slot(i):
    ring = tle.gpu.alloc([3, 8, 8], tl.float32)
    ring.index(i).store(0.0)


@triton.jit
def bad_tile(i):
    tle.extract_tile(tl.zeros([8, 8], tl.float32), (i, 0), (4, 4))


@triton.jit
def bad_shape(i):
    tle.gpu.alloc([8, 12], tl.float32)


@triton.jit
def too_large(i):
    tle.gpu.alloc([1024, 64], tl.float32)


@triton.jit
def arithmetic(i):
    tl.load(tle.gpu.local_ptr(tle.gpu.alloc([64], tl.float32)) + i)


@triton.jit
def buffer_as_pointer(i):
    tl.load(tle.gpu.alloc([64], tl.float32))


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (bad_slot, "the slot index is 3, but must lie in [0, 3)"),
        (bad_tile, "index[0] is 3, but must lie in [0, 2)"),
        (bad_shape, "shape[1] is 12, but must be a power of two"),
        (too_large, "takes 262144 bytes, but the interpreter, as the largest GPU, has 232448 bytes"),
        (arithmetic, "arithmetic on the pointers of tle.gpu.local_ptr"),
        (buffer_as_pointer, "a buffer fp32[64] is no tensor and no pointer"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_mistakes_are_errors(kernel, message):
    with pytest.raises(InterpreterError, match=re.escape(message)):
        launch(kernel, 3)


def test_outside_of_a_kernel():
    with pytest.raises(RuntimeError, match="tle.gpu.alloc can be used inside of @triton.jit functions only"):
        tle.gpu.alloc([64], tl.float32)


@triton.jit
def to_bfloat16(x, y, HOW: tl.constexpr):
    value = tl.load(x + tl.arange(0, 64))
    tl.store(y + tl.arange(0, 64), value.to(tl.bfloat16, fp_downcast_rounding=HOW))


@pytest.mark.parametrize("how", [None, "rtne", "rtz"])
def test_rounding_to_bfloat16(how):
    x, y = torch.randn(64), torch.zeros(64, dtype=torch.bfloat16)
    x[:3] = torch.tensor([float("inf"), -0.0, 3.4e38])
    launch(to_bfloat16, x, y, how)
    cut = (x.view(torch.int32) & ~0xFFFF).view(torch.float32).bfloat16()
    assert torch.equal(y, cut if how == "rtz" else x.bfloat16()) and not torch.equal(cut, x.bfloat16())


def test_stock_kernels_are_left_alone():
    @triton.jit
    def stock(x, y):
        tl.atomic_add(y + tl.arange(0, 8), tl.load(x + tl.arange(0, 8), mask=tl.arange(0, 8) < 4, other=0.0))

    x, y = torch.arange(8.0), torch.zeros(8)
    launch(stock, x, y)
    assert y.tolist() == [0, 1, 2, 3, 0, 0, 0, 0]
