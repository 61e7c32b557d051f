"""Runs the numerics in Triton's interpreter. Triton decides at import whether kernels are interpreted, so they run in
a process of their own; each test function there is a test here."""

import pytest
from in_process import check, outcomes, test_names

FILES = ["numerics.py", "interpreter_only.py", "interpreter_partitions.py"]


@pytest.fixture(scope="module")
def interpreted(tmp_path_factory):
    return outcomes(tmp_path_factory.mktemp("interpreter"), FILES, TRITON_INTERPRET="1")


@pytest.mark.parametrize("test", test_names(*FILES), ids="-".join)
def test_interpreted(test, interpreted):
    check(interpreted, test)
