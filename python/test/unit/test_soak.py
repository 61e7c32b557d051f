"""The soak script's own eyes: a result that is wrong, differs from call to call, or holds NaN."""

import importlib.util
import pathlib
import sys

import pytest
import torch

PATH = pathlib.Path(__file__).parents[1] / "gpu" / "soak.py"


@pytest.fixture(scope="module")
def soak():
    spec = importlib.util.spec_from_file_location("soak", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules["soak"] = module
    spec.loader.exec_module(module)
    return module


def shape_of(soak, results, same, problem=lambda results: ""):
    calls = iter(results)
    return soak.Shape("a shape", lambda: next(calls), problem, same)


def repeated(value, soak, change=None, at=7):
    results = [change if number == at and change is not None else value for number in range(soak.LAUNCHES + 1)]
    return [(result.clone(), None) for result in results]


@pytest.mark.parametrize("rule", ["same_bits", "same_sums"])
def test_equal_results_pass(soak, rule):
    value = torch.tensor([1.0, 2.0, torch.inf if rule == "same_bits" else 3.0])
    count, problem = soak.turn(shape_of(soak, repeated(value, soak), getattr(soak, rule)))
    assert (count, problem) == (soak.LAUNCHES + 1, "")


@pytest.mark.parametrize("rule", ["same_bits", "same_sums"])
@pytest.mark.parametrize("fault", [torch.nan, 2.5])
def test_a_call_that_differs_is_found(soak, rule, fault):
    results = repeated(torch.tensor([1.0, 2.0]), soak, torch.tensor([1.0, fault]))
    count, problem = soak.turn(shape_of(soak, results, getattr(soak, rule)))
    assert count == 8 and "call 8 differs from the first" in problem


def test_sums_may_differ_by_rounding_and_bits_may_not(soak):
    results = repeated(torch.tensor([1.0, 2.0]), soak, torch.tensor([1.0, 2.0 + 1e-6]))
    assert soak.turn(shape_of(soak, list(results), soak.same_sums))[1] == ""
    assert soak.turn(shape_of(soak, list(results), soak.same_bits))[1] != ""


def test_a_wrong_first_result_is_found(soak):
    shape = shape_of(soak, repeated(torch.ones(1), soak), soak.same_bits, lambda results: "out differs")
    assert soak.turn(shape) == (1, "against float64: out differs")


@pytest.mark.parametrize("rule", ["same_bits", "same_sums"])
def test_what_a_call_does_not_write_is_found(soak, rule):
    """Memory that an earlier call has given back holds that one's results."""
    memory, calls = torch.empty(2), []

    def call():
        calls.append(1)
        (memory[:1] if len(calls) == 5 else memory).fill_(1.0)
        return (memory.clone() if len(calls) == 1 else memory, None)

    shape = soak.Shape("a shape", call, lambda results: "", getattr(soak, rule))
    assert soak.turn(shape) == (5, "call 5 differs from the first")
