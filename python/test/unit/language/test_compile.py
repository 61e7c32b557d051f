"""Compiles the kernels of the numerics tests to machine code for sm_90a, which needs the native library but no GPU."""

import pytest
from in_process import check, outcomes, test_names

FILES = ["numerics.py"]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compile")
    return outcomes(folder, FILES, TLE_TEST_COMPILE_ONLY="1", TRITON_CACHE_DIR=str(folder / "cache"))


@pytest.mark.parametrize("test", test_names(*FILES), ids="-".join)
def test_compiled(test, compiled):
    check(compiled, test)
