"""The decode's checker on the host: an lse near 0 is held against the size of the terms it is the sum of."""

import numpy
import pytest
import torch
from triton_tle.bench.mla_decode_check import LSE_SHARE_OF_SIZE, LSE_TOLERANCE, DecodeCase, compare, make_inputs
from triton_tle.ops import mla_decode_reference

FEW_KEYS = {"b": 6, "s_q": 2, "h_q": 64, "topk": 3, "invalid": 0.0, "fp8": False}
ONE_KEY = FEW_KEYS | {"b": 20, "s_q": 4, "h_q": 128, "topk": 1}  # lse is a score: of 10240 some are close to 0


def reference_results(arguments, **changes):
    out, lse = mla_decode_reference(**(arguments | changes))
    return out.to(torch.bfloat16), lse.float().contiguous()


@pytest.mark.parametrize("fp8", [True, False])
@pytest.mark.parametrize("spread, passes", [(100.0, True), (5.0, False), (1.0, False)])
def test_lse_near_zero_is_held_against_the_size_of_scores(spread, passes, fp8):
    arguments = make_inputs(DecodeCase(**ONE_KEY | {"fp8": fp8}, spread=spread), 0, "cpu")
    out, lse = reference_results(arguments)
    nearest = lse.abs().argmin()
    assert abs(lse.flatten()[nearest]) < 0.01
    lse.view(-1)[nearest] += 5e-6
    result = compare(arguments, out, lse)
    assert result.passed == passes and result.lse > 0.2


def test_small_scores_keep_flashmla_s_tolerance():
    assert 0.5 * LSE_SHARE_OF_SIZE <= LSE_TOLERANCE[0]
    arguments = make_inputs(DecodeCase(**ONE_KEY, spread=1.0), 0, "cpu")
    out, lse = reference_results(arguments)
    lse.view(-1)[lse.abs().argmin()] += 1.2e-6
    assert 1 < compare(arguments, out, lse).lse < 1.5


def test_float32_sums_pass():
    arguments = make_inputs(DecodeCase(**ONE_KEY, spread=100.0), 0, "cpu")
    out, lse = reference_results(arguments)
    keys = arguments["k_cache"].reshape(-1, 576).float()[arguments["indices"].squeeze(2).long()]
    products = (arguments["q"].float() * keys[:, :, None]).numpy()
    sums = numpy.add.accumulate(products, axis=-1, dtype=numpy.float32)[..., -1]
    summed = torch.from_numpy(sums * numpy.float32(arguments["softmax_scale"])).transpose(1, 2)
    error = (summed.double() - mla_decode_reference(**arguments)[1]).abs()
    over = (error > LSE_TOLERANCE[0]) & (error > LSE_TOLERANCE[1] * (lse.double().abs() + 1e-6))
    assert over.any()  # FlashMLA's tolerance alone would refuse them
    assert compare(arguments, out, summed).passed


@pytest.mark.parametrize("fp8", [True, False])
@pytest.mark.parametrize("fault", ["dropped key", "bfloat16 scores"])
@pytest.mark.parametrize("spread", [1.0, 10.0, 100.0, 300.0])
def test_wrong_lse_is_seen(spread, fault, fp8):
    arguments = make_inputs(DecodeCase(**FEW_KEYS | {"fp8": fp8}, spread=spread), 1, "cpu")
    out, lse = reference_results(arguments)
    assert compare(arguments, out, lse).passed
    if fault == "dropped key":
        indices = arguments["indices"].clone()
        indices[-1, -1, -1] = -1
        wrong = reference_results(arguments, indices=indices)[1]
        assert (wrong != lse).nonzero()[:, 0].unique().tolist() == [5]
    else:
        wrong = lse.bfloat16().float()
    assert compare(arguments, out, wrong).lse > 10
