"""`triton.experimental.tle.language` is the same module as `triton_tle.language`."""

import subprocess
import sys

import pytest
import triton_tle.language as tle


@pytest.mark.parametrize(
    "statement",
    [
        "import triton.experimental.tle.language as other",
        "from triton.experimental.tle import language as other",
        "import triton.experimental.tle; other = triton.experimental.tle.language",
    ],
)
def test_second_name_is_the_same_module(statement):
    check = "import triton_tle.language as tle; assert other is tle and other.gpu is tle.gpu"
    subprocess.run([sys.executable, "-c", f"{statement}; {check}"], check=True)


def test_gpu_is_one_module_too():
    check = "import triton.experimental.tle.language.gpu as gpu, triton_tle.language as tle; assert gpu is tle.gpu"
    subprocess.run([sys.executable, "-c", check], check=True)


def test_public_names():
    assert dir(tle) == ["cumsum", "extract_tile", "gpu", "insert_tile", "pipe", "pipeline"]
    assert all(getattr(tle, name) is not None for name in dir(tle))
    assert all(hasattr(tle.gpu, name) for name in tle.gpu.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = tle.nonsense
