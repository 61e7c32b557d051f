"""Sparse MLA on a GPU under pytest: every case of the check scripts beside this file, those without much memory.

Random data of a seed that the clock gives; a failure says which. The scripts themselves run the same cases in several
processes, which is faster.
"""

import sys
import time
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

import check_sparse_mla_bucketed as bucketed  # noqa: E402
import check_sparse_mla_bwd as backward  # noqa: E402
import check_sparse_mla_fwd as forward  # noqa: E402
from triton_tle.bench.sparse_mla_fwd_check import check as check_forward  # noqa: E402
from triton_tle.ops.sparse_mla_fwd import sparse_mla_fwd  # noqa: E402

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")

SEED = time.time_ns() % 2**31
LARGEST = 1 << 26  # elements of q or kv


def small(cases):
    return [case for case in cases if max(case.s_q * case.h_q, case.s_kv) * case.d_qk <= LARGEST]


def named(case):
    return case.label


@pytest.mark.parametrize("case", small(forward.all_cases()), ids=named)
def test_forward(case):
    result = check_forward(sparse_mla_fwd, case, SEED, "cuda")
    assert result.passed, (SEED, result)


@pytest.mark.parametrize("name", forward.OPERATOR_CHECKS)
def test_forward_operator(name):
    assert not forward.OPERATOR_CHECKS[name](SEED), SEED


@pytest.mark.parametrize("case", small(backward.all_cases()), ids=named)
def test_backward(case):
    result, problem = backward.Job("tle", case, seed=SEED).run()
    assert not problem, (SEED, problem, result)


@pytest.mark.parametrize("name", backward.OPERATOR_CHECKS)
def test_operator(name):
    assert not backward.OPERATOR_CHECKS[name](SEED), SEED


@pytest.mark.parametrize("case", bucketed.all_cases(), ids=named)
def test_bucketed(case):
    errors, problem = bucketed.check_case(case, SEED)
    assert not problem, (SEED, problem, errors)


@pytest.mark.parametrize("name", bucketed.OPERATOR_CHECKS)
def test_bucketed_operator(name):
    assert not bucketed.OPERATOR_CHECKS[name](SEED), SEED
