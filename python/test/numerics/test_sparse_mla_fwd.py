"""Sparse-MLA forward kernels in Triton's interpreter, against the float64 reference."""

import pytest

SIZES = {"s_q": 2, "h_q": 16, "d_qk": 576, "topk": 64, "s_kv": 100}

CASES = {
    "one full tile": {},
    "no rope": {"d_qk": 512},
    "one key": {"topk": 1, "invalid": 0.0},
    "one key in the cache": {"s_kv": 1, "topk": 70},
    "ragged last tile": {"topk": 100},
    "three tiles": {"topk": 192, "invalid": 0.0},
    "no list entries": {"topk": 0},
    "no query": {"s_q": 0},
    "mostly invalid": {"invalid": 0.95},
    "rows without a key": {"s_q": 4, "empty_rows": True},
    "sink": {"sink": True},
    "sink and rows without a key": {"s_q": 4, "sink": True, "empty_rows": True},
    "length": {"s_q": 3, "length": True, "topk": 130},
    "causal, some before the first key": {"s_q": 4, "causal_start": -2, "invalid": 0.0, "s_kv": 8},
    "causal, all features": {"s_q": 3, "causal_start": 40, "sink": True, "length": True, "topk": 100},
    "sharp softmax": {"spread": 30.0, "topk": 130},
    "own output": {"own_out": True},
    "strided q": {"strided": "q"},
    "strided kv": {"strided": "kv"},
    "unaligned kv": {"strided": "unaligned", "topk": 100},
    "strided indices": {"strided": "indices"},
    "strided out": {"strided": "out"},
    "h 8": {"h_q": 8},
    "h 24": {"h_q": 24},
    "h 32": {"h_q": 32, "d_qk": 512},
    "h 64": {"h_q": 64},
    "h 72": {"h_q": 72},
    "h 128": {"h_q": 128},
}


@pytest.mark.parametrize("name", CASES)
def test_tle_kernel_matches_reference(interpreted, name):
    result = interpreted("sparse_mla_fwd", provider="tle", case=SIZES | CASES[name], seed=len(name))
    assert result["passed"], result


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "kv" not in case.get("strided", "")])
def test_kernel_of_partitions_matches_reference(interpreted, name):
    case = SIZES | {"h_q": 40} | CASES[name]
    if case["h_q"] <= 32 or case.get("strided") == "unaligned":
        pytest.skip("the kernel takes more than 32 heads and aligned rows")
    result = interpreted("sparse_mla_fwd", provider="pipes", case=case, seed=len(name))
    assert result["passed"], result


@pytest.mark.parametrize("name", ["no rope", "causal, all features", "h 72"])
def test_kernel_of_partitions_takes_tokens_in_any_order(interpreted, name):
    result = interpreted("sparse_mla_fwd", provider="ordered pipes", case=SIZES | {"h_q": 40} | CASES[name], seed=7)
    assert result["passed"], result


@pytest.mark.parametrize(
    "name", ["one full tile", "no rope", "ragged last tile", "causal, all features", "strided kv", "h 24", "h 72"]
)
def test_plain_triton_kernel_matches_reference(interpreted, name):
    result = interpreted("sparse_mla_fwd", provider="triton", case=SIZES | CASES[name], seed=len(name))
    assert result["passed"], result
