"""What the checks on a GPU share: calls whose exceptions become words, again where memory was short."""

import importlib.util
import pathlib

import pytest
import torch

PATH = pathlib.Path(__file__).parents[1] / "gpu" / "checking.py"


@pytest.fixture
def checking(monkeypatch):
    spec = importlib.util.spec_from_file_location("checking", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(module.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    return module


def outcomes(*found):
    left = list(found)

    def run():
        outcome = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return run, left


SHORT = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 8.54 GiB")


def test_waits_for_memory(checking):
    run, left = outcomes(SHORT, RuntimeError("Triton Error [CUDA]: out of memory"), 5, 6)
    assert checking.guarded(run) == (5, "") and left == [6]


def test_memory_that_never_comes_is_a_failure(checking):
    run, _ = outcomes(SHORT)
    value, problem = checking.guarded(run, patience=7.0)
    assert value is None and problem == "OutOfMemoryError: CUDA out of memory. Tried to allocate 8.54 GiB"
    assert checking.time.monotonic() == 8.0


def test_nothing_more_is_asked_of_a_lost_gpu(checking, monkeypatch):
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: pytest.fail("it would raise, too"))
    run, _ = outcomes(RuntimeError("CUDA error: an illegal memory access was encountered"))
    value, problem = checking.guarded(run)
    assert value is None and checking.is_lost(problem)


def test_other_exceptions_are_not_tried_again(checking):
    run, left = outcomes(ValueError("lse is NaN"), 5)
    assert checking.guarded(run) == (None, "ValueError: lse is NaN") and left == [5]
