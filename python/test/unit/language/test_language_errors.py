"""Mistakes in kernels are errors at the line that makes them, and say what was given and what is asked for."""

import inspect
import re

import bad_kernels
import pytest
import triton
import triton.language as tl
import triton_tle.language as tle
from frontend import check_mistake, ttir
from triton.compiler.errors import CompilationError

KERNELS = {name: value for name, value in vars(bad_kernels).items() if isinstance(value, triton.JITFunction)}
SIGNATURE = {"x": "*fp32", "n": "i32"}


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS.keys())
def test_mistake_is_an_error_at_its_line(kernel):
    check_mistake(kernel, SIGNATURE)


def test_no_mistake_was_left_out():
    defined = re.findall(r"^def (\w+)", inspect.getsource(bad_kernels), re.MULTILINE)
    assert len(defined) == len(set(defined)) == len(KERNELS) > 80


@triton.jit
def helper_with_a_mistake(buffer):
    return buffer.slice(0, 4)


@triton.jit
def calls_a_helper(x, n):
    buffer = tle.gpu.alloc([64, 64], tl.float16)
    helper_with_a_mistake(buffer)


def test_mistake_in_a_helper_names_call_and_line():
    with pytest.raises(CompilationError) as raised:
        ttir(calls_a_helper, SIGNATURE)
    outer, inner = raised.value, raised.value.__cause__
    assert "helper_with_a_mistake(buffer)" in outer.src.splitlines()[outer.node.lineno - 1]
    assert "return buffer.slice(0, 4)" in inner.src.splitlines()[inner.node.lineno - 1]
    assert "length is 4, but must be at least 8" in str(inner)


@triton.jit
def fills_a_large_buffer(x, n, ROWS: tl.constexpr):
    tle.gpu.alloc([ROWS, 128], tl.float32).store(0.0)


@pytest.mark.parametrize(
    ("capability", "limit"), [(75, 65536), (80, 166912), (86, 101376), (89, 101376), (90, 232448), (120, 101376)]
)
def test_shared_memory_of_the_target_is_the_limit(capability, limit):
    rows = 1 << ((limit // 512).bit_length() - 1)
    ttir(fills_a_large_buffer, SIGNATURE, {"ROWS": rows}, capability)
    with pytest.raises(CompilationError, match=rf"takes {rows * 1024} bytes, but sm_{capability} has {limit} bytes"):
        ttir(fills_a_large_buffer, SIGNATURE, {"ROWS": rows * 2}, capability)


@triton.jit
def async_steps(x, n, STEP: tl.constexpr):
    if STEP == "copy":
        tle.gpu.async_copy(x + tl.arange(0, 64), tle.gpu.alloc([64], tl.float32))
    if STEP == "commit":
        tle.gpu.async_commit()
    if STEP == "wait":
        tle.gpu.async_wait(0)


@pytest.mark.parametrize("step", ["copy", "commit", "wait"])
def test_asynchronous_copies_need_sm_80(step):
    """LLVM would end the process."""
    with pytest.raises(CompilationError, match=f"gpu.async_{step}: the kernel is compiled for sm_75, but asynchronous"):
        ttir(async_steps, SIGNATURE, {"STEP": step}, 75)
    ttir(async_steps, SIGNATURE, {"STEP": step}, 80)


def test_clusters_are_refused():
    with pytest.raises(CompilationError, match="compiled with num_ctas=2, but buffers need num_ctas=1"):
        ttir(fills_a_large_buffer, SIGNATURE, {"ROWS": 8}, num_ctas=2)


@pytest.mark.parametrize(
    ("function", "arguments", "name"),
    [
        (tle.gpu.alloc, ([64], tl.float32), "tle.gpu.alloc"),
        (tle.gpu.local_ptr, (None,), "tle.gpu.local_ptr"),
        (tle.gpu.barrier, (), "tle.gpu.barrier"),
        (tle.cumsum, (None,), "tle.cumsum"),
    ],
)
def test_outside_of_a_kernel(function, arguments, name):
    with pytest.raises(RuntimeError, match=f"^{re.escape(name)} can be used inside of @triton.jit functions only"):
        function(*arguments)
