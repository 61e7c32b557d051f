"""Sparse-MLA decode kernels in Triton's interpreter, against the float64 reference and FlashMLA's tolerances."""

import pytest

SIZES = {"b": 1, "s_q": 1, "h_q": 8, "topk": 70, "blocks": 3, "page_size": 16}

CASES = {
    "one split": {"splits": 1},
    "two splits": {"splits": 2, "topk": 150},
    "more splits than tiles": {"splits": 5},
    "splits as planned": {"b": 2},
    "one key": {"topk": 1, "invalid": 0.0},
    "no list entries": {"topk": 0},
    "no sequences": {"b": 0},
    "one token in the cache": {"blocks": 1, "page_size": 1},
    "several query tokens": {"b": 2, "s_q": 3, "splits": 2},
    "four query tokens, one split": {"s_q": 4, "splits": 1, "topk": 20},
    "all invalid": {"invalid": 1.0, "splits": 2},
    "all invalid, one split, sink": {"invalid": 1.0, "splits": 1, "sink": True},
    "sequences without a key": {"b": 4, "empty_rows": True, "splits": 2, "sink": True},
    "sink, one split": {"sink": True, "splits": 1},
    "sink, two splits": {"sink": True, "splits": 2},
    "length": {"b": 3, "length": True, "splits": 2, "topk": 130},
    "length, one split": {"b": 3, "length": True, "splits": 1},
    "extra cache": {"extra_topk": 40, "splits": 1},
    "extra cache in a split of its own": {"extra_topk": 40, "splits": 3},
    "extra cache, lengths, sink": {
        "b": 3, "extra_topk": 70, "length": True, "extra_length": True, "sink": True, "splits": 3
    },
    "pages apart": {"gap": 1, "splits": 2},
    "pages apart, extra cache": {"gap": 2, "extra_topk": 10, "splits": 1},
    "sharp softmax": {"spread": 300.0, "splits": 2},
    "24 heads": {"h_q": 24, "splits": 1},
    "72 heads": {"h_q": 72, "splits": 2},
    "128 heads": {"h_q": 128, "splits": 1, "topk": 20},
}  # fmt: skip


@pytest.mark.parametrize("cache", ["fp8", "bf16"])
@pytest.mark.parametrize("name", CASES)
def test_decode_matches_reference(interpreted, name, cache):
    case = SIZES | CASES[name] | {"fp8": cache == "fp8"}
    result = interpreted("mla_decode", case=case, seed=len(name))
    assert result["passed"], result


PIPES_CASES = {
    "one split": {"splits": 1},
    "two splits": {"splits": 2, "topk": 150},
    "no list entries": {"topk": 0, "splits": 1},
    "several query tokens": {"b": 2, "s_q": 3, "splits": 2},
    "sequences without a key": {"b": 4, "empty_rows": True, "splits": 2, "sink": True},
    "extra cache, lengths, sink, pages apart": {
        "b": 3, "extra_topk": 70, "length": True, "extra_length": True, "sink": True, "splits": 1, "gap": 1
    },
    "72 heads": {"h_q": 72, "splits": 2},
}  # fmt: skip


@pytest.mark.parametrize("programs", [3, 132])
@pytest.mark.parametrize("name", PIPES_CASES)
def test_form_with_pipes_matches_reference(interpreted, name, programs):
    result = interpreted("mla_decode_pipes", case=SIZES | PIPES_CASES[name], seed=len(name), programs=programs)
    assert result["passed"], result


@pytest.mark.parametrize("softmax_scale", [0.0, -0.04])
@pytest.mark.parametrize("cache", ["fp8", "bf16"])
def test_softmax_scales_that_are_not_positive(interpreted, cache, softmax_scale):
    case = SIZES | {"b": 2, "empty_rows": True, "splits": 2, "fp8": cache == "fp8"}
    result = interpreted("mla_decode", case=case, seed=4, softmax_scale=softmax_scale)
    assert result["passed"], result


@pytest.mark.parametrize("softmax_scale", [2.0**-100, -0.04])
def test_softmax_scales_of_the_form_with_pipes(interpreted, softmax_scale):
    case = SIZES | {"b": 2, "empty_rows": True, "splits": 2}
    result = interpreted("mla_decode_pipes", case=case, seed=4, programs=3, softmax_scale=softmax_scale)
    assert result["passed"], result


def test_scales_that_are_no_powers_of_two(interpreted):
    result = interpreted("mla_decode", case=SIZES | {"any_scale": True, "splits": 2}, seed=3)
    assert result["passed"], result


@pytest.mark.parametrize("splits", [1, 2])
def test_without_rotary_columns(interpreted, splits):
    case = SIZES | {"fp8": False, "d_qk": 512, "splits": splits}
    result = interpreted("mla_decode", case=case, seed=splits)
    assert result["passed"], result
