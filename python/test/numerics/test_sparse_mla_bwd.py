"""Sparse-MLA backward kernels in Triton's interpreter, against float64 autograd."""

import pytest
from sparse_mla_cases import SHARED, SIZES

CASES = SHARED | {
    "no entry is a key": {"invalid": 1.0, "sink": True},
    "gradient of lse": {"grad_lse": True},
    "gradient of lse, sink, rows without a key": {"s_q": 4, "grad_lse": True, "sink": True, "empty_rows": True},
    "sinks far above and below lse, gradient of lse": {
        "s_q": 6,
        "grad_lse": True,
        "sink": True,
        "spread": 80.0,
        "topk": 2,
        "invalid": 0.0,
    },
    "causal, all features": {"s_q": 3, "causal_start": 40, "sink": True, "length": True, "topk": 100, "grad_lse": True},
    "strided gradient": {"strided_grads": True},
    "h 64": {"h_q": 64, "d_qk": 512},
    "deterministic": {"deterministic": True, "topk": 100},
    "deterministic, no rope, h 72": {"deterministic": True, "d_qk": 512, "h_q": 72},
    "deterministic, all features": {
        "deterministic": True,
        "s_q": 4,
        "sink": True,
        "length": True,
        "grad_lse": True,
        "causal_start": 50,
        "empty_rows": True,
    },
}


@pytest.mark.parametrize("name", CASES)
def test_tle_kernel_matches_autograd(interpreted, name):
    result = interpreted("sparse_mla_bwd", provider="tle", case=SIZES | CASES[name], seed=len(name))
    assert result["passed"], result


@pytest.mark.parametrize(
    "name", ["one full tile", "no rope", "ragged last tile", "causal, some before the first key", "sink", "h 72"]
)
def test_plain_triton_kernel_matches_autograd(interpreted, name):
    result = interpreted("sparse_mla_bwd", provider="triton", case=SIZES | CASES[name], seed=len(name))
    assert result["passed"], result


@pytest.mark.parametrize("width", [64, 128])
@pytest.mark.parametrize("hold", [False, True])
@pytest.mark.parametrize("ahead", [False, True])
def test_every_configuration(interpreted, width, hold, ahead):
    config = {"WIDTH": width, "HOLD": hold, "AHEAD": ahead}
    case = SIZES | {"topk": 130, "h_q": 24, "sink": True}
    result = interpreted("sparse_mla_bwd", provider="tle", case=case, seed=width, config=config)
    assert result["passed"], result


@pytest.mark.parametrize("name", ["one full tile", "no rope", "ragged last tile", "sink", "h 72"])
@pytest.mark.parametrize("hold", [False, True])
def test_plain_gather(interpreted, name, hold):
    config = {"AHEAD": False, "PLAIN": True, "HOLD": hold}
    result = interpreted("sparse_mla_bwd", provider="tle", case=SIZES | CASES[name], seed=len(name), config=config)
    assert result["passed"], result


def test_deterministic_sums_do_not_depend_on_the_order(interpreted):
    assert interpreted("sparse_mla_bwd_of_reversed_tokens", deterministic=True) == {"equal": True, "equal sums": True}
    assert not interpreted("sparse_mla_bwd_of_reversed_tokens", deterministic=False)["equal sums"]


@pytest.mark.parametrize("where", ["kv", "grad_out"])
@pytest.mark.parametrize("deterministic", [False, True])
def test_nan_shows(interpreted, where, deterministic):
    found = interpreted("sparse_mla_bwd_with_nan", where=where, deterministic=deterministic)
    if where == "kv":
        assert found["listed"] == {"dq": True, "dkv": True}
        assert found["not listed"] == {"dq": False, "dkv": False}
    else:
        assert found["listed"] == {"dq": True, "dkv": True}


@pytest.mark.parametrize("call", ["sparse_mla", "sparse_mla_bucketed"])
@pytest.mark.parametrize("where", ["q", "kv"])
@pytest.mark.parametrize("value", ["nan", "inf"])
def test_what_is_not_finite_shows_behind_the_forward(interpreted, call, where, value):
    """The forward gives a token whose scores are NaN the lse of one without keys, and that hides it from dq."""
    found = interpreted("sparse_mla_not_finite", call=call, where=where, value=value)
    assert found == {
        "listed": {"out": "some", "dkv": "some", "dkv, deterministic": "all"},
        "not listed": {"out": "none", "dkv": "none", "dkv, deterministic": "none"},
    }


def test_tiny_gradcheck(interpreted):
    """Differences of the kernel's own forward against its backward."""
    assert set(interpreted("sparse_mla_gradcheck", seed=3, factor=1.0).values()) == {""}


def test_gradcheck_sees_a_wrong_gradient(interpreted):
    for problem in interpreted("sparse_mla_gradcheck", seed=3, factor=1.05).values():
        assert problem.startswith("Jacobian mismatch for output 0 with respect to input 0")
