"""What the checks on a GPU share: calls whose exceptions become words, again where memory was short; verdicts."""

import concurrent.futures
import functools
import importlib
import importlib.util
import json
import os
import pathlib
from types import SimpleNamespace

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


@pytest.fixture
def scripts(monkeypatch):
    """Imports a script of the GPU's folder by name; processes that it begins find it, too."""
    monkeypatch.syspath_prepend(str(PATH.parent))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda *device: "a GPU")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    return importlib.import_module


@pytest.mark.parametrize("problems, status", [(["", ""], 0), (["", "WRONG"], 1), ([], 1)])
def test_status(scripts, capsys, tmp_path, problems, status):
    """1 where nothing has been checked: a name that no check has, say."""
    checking = scripts("checking")
    arguments = SimpleNamespace(seed=3, json=tmp_path / "new" / "a.json", commit="abc")
    assert checking.finish(arguments, [{"problem": problem} for problem in problems], "none") == status
    shown = capsys.readouterr()
    assert f"{problems.count('')} of {len(problems)} checks passed" in shown.out
    assert ("nothing was checked" in shown.err) is (not problems)
    assert [check["problem"] for check in json.loads(arguments.json.read_text())["checks"]] == problems


@pytest.mark.parametrize("only, status", [(["one"], 0), (["two"], 1), (["three"], 1), ([], 1)])
def test_status_of_checks_of_partitions(scripts, monkeypatch, capsys, only, status):
    launching = scripts("launching")
    monkeypatch.setattr(launching, "INTERPRETED", True)
    monkeypatch.setattr("sys.argv", ["check", "--only", *only])
    checks = [(name, lambda error=error: (error, 1e-3, None, 0.0)) for name, error in (("one", 0.0), ("two", 1.0))]
    assert launching.main("Checks.", checks, None) == status
    assert ("nothing was checked" in capsys.readouterr().out) is (only in (["three"], []))


@pytest.mark.parametrize("fault, agree", [(None, True), ("another value", False), ("not written", False)])
def test_launches_write_all_they_return(scripts, fault, agree):
    out, count = torch.zeros(4), [0]

    def launch():
        count[0] += 1
        written = out[:3] if fault == "not written" and count[0] == 5 else out
        written.fill_(2.0 if fault == "another value" and count[0] == 5 else 1.0)
        return out

    assert scripts("launching").launches_agree(launch, 8) is agree
    assert count[0] == (9 if agree else 5)


def test_a_dead_process_of_decode_checks_fails_them(scripts, monkeypatch, capsys, tmp_path):
    """Each by name, and those that ended before stay in the file."""
    decode = scripts("check_mla_decode")
    path = tmp_path / "a.json"
    monkeypatch.setattr("sys.argv", ["check", "--jobs", "1", "--json", str(path), "--commit", "abc"])
    monkeypatch.setattr(decode, "all_cases", list)
    monkeypatch.setattr(decode, "pipes_cases", list)
    dies = functools.partial(os._exit, 3)
    monkeypatch.setattr(decode, "other_checks", lambda: {"ends": os.getpid, "dies": dies, "comes late": dies})
    assert decode.main() == 1
    problems = {check["label"]: check["problem"] for check in json.loads(path.read_text())["checks"]}
    assert set(problems) == {"ends", "dies", "comes late"}
    assert all("BrokenProcessPool" in problems[name] for name in ("dies", "comes late"))
    assert "FAILED dies" in capsys.readouterr().out


class DeadPool(concurrent.futures.Executor):
    """Every process of it dies."""

    def submit(self, *call):
        future = concurrent.futures.Future()
        future.set_exception(RuntimeError("it died"))
        return future


@pytest.mark.parametrize("jobs", [0, 1])
def test_a_dead_process_of_backward_checks_is_a_failure(scripts, monkeypatch, jobs):
    """Also one that had none but random cases."""
    backward = scripts("check_sparse_mla_bwd")
    monkeypatch.setattr(backward, "process_pool", lambda processes: DeadPool())
    results = backward.run_jobs([backward.Job("tle", None, "an operator")] * jobs, 3, soak=5.0, seed=1)
    assert len(results) == 3 and all("it died" in problem for _, problem in results.values())


def test_backward_checks_that_no_provider_has(scripts, monkeypatch, capsys):
    backward = scripts("check_sparse_mla_bwd")
    monkeypatch.setattr("sys.argv", ["check", "--provider", "tle_loop", "--only", "no such case"])
    assert backward.main() == 1 and "nothing was checked" in capsys.readouterr().err


@pytest.mark.parametrize("result, status", [(True, 0), (False, 1), (RuntimeError("no such layout"), 1)])
def test_status_of_exploring_the_backward(scripts, monkeypatch, result, status):
    """A configuration that is wrong, or that raises."""
    explore = scripts("explore_sparse_mla_bwd")

    def check_one(label, d_qk):
        if isinstance(result, Exception) and label == "bad":
            raise result
        return SimpleNamespace(passed=result or label != "bad", dq=0.0, dkv=0.0, dsink=0.0)

    monkeypatch.setattr(explore, "configurations", lambda: {"good": (False, {}), "bad": (False, {})})
    monkeypatch.setattr(explore, "in_processes", lambda function, calls: None)
    monkeypatch.setattr(explore, "check_one", check_one)
    monkeypatch.setattr("sys.argv", ["explore", "--heads", "64"])
    monkeypatch.setattr(explore, "make_inputs", lambda case, seed: ())
    monkeypatch.setattr(explore, "time_in_rounds", lambda runs, rounds: {})
    assert explore.main() == status
    monkeypatch.setattr("sys.argv", ["explore", "--only", "best"])
    with pytest.raises(SystemExit, match="2"):
        explore.main()
