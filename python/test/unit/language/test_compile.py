"""Compiles the kernels of the numerics tests to machine code, which needs the native library but no GPU."""

import pytest
from in_process import check, outcomes, test_names

FILES = ["numerics.py"]


@pytest.fixture(scope="module", params=["80", "90", "120"], ids="sm_{}".format)
def compiled(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("compile")
    environment = {"TLE_TEST_CAPABILITY": request.param, "TRITON_CACHE_DIR": str(folder / "cache")}
    return outcomes(folder, FILES, TLE_TEST_COMPILE_ONLY="1", **environment)


@pytest.mark.parametrize("test", test_names(*FILES), ids="-".join)
def test_compiled(test, compiled):
    check(compiled, test)
