"""What of the benchmarks works without a GPU: statistics, table, files, the checker's own eyes."""

import dataclasses
import json
import math
import os
import pathlib
import shlex
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
import torch
from triton.runtime.errors import OutOfResources
from triton_tle.bench import cli, graphs, harness, parallel, passes, scatter_add, sparse_mla_bwd, sparse_mla_fwd
from triton_tle.bench import sparse_mla_bucketed as bucketed
from triton_tle.bench import sparse_mla_bwd_check as bwd_check
from triton_tle.bench import sparse_mla_fwd_check as fwd_check
from triton_tle.bench import sparse_mla_fwd_few_heads as few_heads
from triton_tle.bench import sparse_mla_fwd_rows as fwd_rows
from triton_tle.bench.providers import ProviderUnavailable, sparse_mla_bwd_triton, sparse_mla_fwd_triton
from triton_tle.bench.providers.sparse_mla_bwd_triton import compile_calls
from triton_tle.bench.sparse_mla_fwd_check import CheckCase, check, compare, make_inputs
from triton_tle.compiler.errors import SharedMemoryError
from triton_tle.ops import sparse_mla_fwd_reference

CASE = CheckCase(s_q=5, h_q=8, d_qk=576, topk=20, s_kv=30, empty_rows=True)


def reference_results(arguments):
    named = {name: value for name, value in arguments.items() if name != "out"}
    return [result.float() for result in sparse_mla_fwd_reference(**named)]


def test_checker_accepts_the_truth():
    arguments = make_inputs(CASE, 0, "cpu")
    assert compare(arguments, reference_results(arguments)).passed


@pytest.mark.parametrize("which, name", [(0, "out"), (1, "max_logits"), (2, "lse")])
@pytest.mark.parametrize("fault", ["nan", "wrong value", "wrong row without keys"])
def test_checker_sees(which, name, fault):
    arguments = make_inputs(CASE, 0, "cpu")
    results = reference_results(arguments)
    row = results[which][0 if fault == "wrong row without keys" else 1]
    if fault == "nan":
        row[3] = float("nan")
    else:
        row += 1.0 if which == 0 or fault == "wrong value" else 3e38 * 2
        row.nan_to_num_(nan=7.0)
    result = compare(arguments, results)
    assert not result.passed and getattr(result, name) > 1e-5


@pytest.mark.parametrize("spread, passes", [(20.0, True), (1.0, False)])
def test_scores_near_zero_are_held_against_the_size_of_their_sums(spread, passes):
    arguments = make_inputs(dataclasses.replace(CASE, spread=spread), 0, "cpu")
    results = reference_results(arguments)
    nearest = results[1].nan_to_num(neginf=1e9).abs().argmin()
    assert abs(results[1].flatten()[nearest]) < spread
    results[1].view(-1)[nearest] += 5e-5
    assert compare(arguments, results).passed == passes


def test_checker_wants_the_given_output():
    def ignores_out(q, kv, indices, sm_scale, out):
        return [result.float() for result in sparse_mla_fwd_reference(q, kv, indices, sm_scale)]

    with pytest.raises(ValueError, match="out was given, but the result lies elsewhere"):
        check(ignores_out, CASE, 0, "cpu")


def test_ratio_is_the_median_of_rounds():
    fast, slow = harness.Timing([1.0, 2.0, 4.0]), harness.Timing([2.0, 3.0, 16.0])
    assert fast.ratio_to(slow) == 2.0 and slow.ratio_to(fast) == 0.5
    assert fast.median == 2.0 and fast.spread == pytest.approx(0.75)


@pytest.mark.parametrize("rounds, first, last", [(1, 0, 0), (5, 0, 4), (9, 1, 7), (15, 3, 11), (60, 21, 38)])
def test_interval_of_a_median(rounds, first, last):
    """Fewer than `first` heads of so many tosses: 2.5 % at most; with one more, above that (or no round is left)."""
    one, many = harness.Timing([1.0] * rounds), harness.Timing([float(index) for index in reversed(range(rounds))])
    assert one.interval_to(many) == (first, last)
    if rounds > 5:
        fewer = [sum(math.comb(rounds, heads) for heads in range(count + 1)) for count in (first, first + 1)]
        assert fewer[0] <= 0.025 * 2**rounds < fewer[1]


def test_rounds_go_on_while_asked(monkeypatch):
    monkeypatch.setattr(harness, "_measure", lambda run, calls: run())
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    runs = {"a": lambda: 1.0, "b": lambda: 2.0}
    counts = []

    def more(timings):
        counts.append([len(timing.milliseconds) for timing in timings.values()])
        return len(counts) < 3

    timings = harness.time_in_rounds(runs, 7, more=more)
    assert counts == [[7, 7], [12, 12], [17, 17]] and len(timings["b"].milliseconds) == 17
    timings = harness.time_in_rounds(runs, 7, more=lambda timings: True, most=20)
    assert [len(timing.milliseconds) for timing in timings.values()] == [20, 20]
    assert len(harness.time_in_rounds(runs, 7)["a"].milliseconds) == 7


def test_limit_of_products(monkeypatch):
    """Two matrices of 8: 1024 operations, in the median of the rounds."""
    real, seen = torch.randn, []
    monkeypatch.setattr(torch, "randn", lambda shape, dtype, device: seen.append(device) or real(shape, dtype=dtype))

    def times(runs, rounds, target_ms):
        assert {name: tuple(run().shape) for name, run in runs.items()} == {"product": (8, 8)}
        return {"product": harness.Timing([4e-6, 1e-7, 1e-6])}

    monkeypatch.setattr(graphs, "time_in_rounds", times)
    results, said = {}, []
    assert graphs.product_tflops(results, said.append, size=8) == pytest.approx(1.024)
    assert results == {"product_tflops": pytest.approx(1.024)} and said == ["products: 1 TFLOP/s"]
    assert seen == ["cuda", "cuda"]


def results_for(tflops):
    entry = {"ms": 1.5, "tflops": tflops, "spread": 0.01, "error": {"out": 2e-3}, "ratio": {"triton": 1.25}}
    return {"environment": {"gpu": "none"}, "cases": [{"label": "d 576, h 64", "providers": {"tle": entry}}]}


def test_table_and_files(tmp_path):
    results = results_for(321.0)
    header, _, row = sparse_mla_fwd.format_case(results["cases"][0]).splitlines()
    assert header.split()[-6:] == ["x", "flash_mla", "x", "triton", "x", "tilelang_base"]
    assert row.split() == ["tle", "1.500", "321", "-", "1.0%", "2.0e-03", "-", "-", "1.250", "-"]
    harness.save_json(tmp_path / "new" / "r.json", results)
    assert json.loads((tmp_path / "new" / "r.json").read_text()) == results
    problem = harness.save_plot(tmp_path / "r.png", results, "title")
    assert problem is None and (tmp_path / "r.png").read_bytes()[1:4] == b"PNG" or "matplotlib" in problem


def test_rows_of_flash_mla_are_summed_up():
    def entry(ratio, alone):
        turns = {"turn_ratio": 1.1 * ratio, "turn_interval": (1.0, 1.5)}
        return {"ms": 1.0, "tflops": 2.0, "spread": 0.01, "alone_ms": 1.1, "ratio": ratio, "alone_ratio": alone} | turns

    cases = [
        {"label": "a", "providers": {"tle": entry(1.0, 1.0)}},
        {"label": "b", "providers": {"tle": entry(1.21, 4.0)}},
    ]
    cases.append({"label": "without the peer", "providers": {"tle": {"ms": 1.0}}})
    (name, values), *others = fwd_rows.summarize(cases).items()
    assert name == "tle" and not others and values["sizes"] == 2
    assert values["ratio_mean"] == pytest.approx(1.1) and values["ratio_min"] == 1.0 and values["ratio_max"] == 1.21
    assert values["alone_ratio_mean"] == pytest.approx(2.0) and values["turn_ratio_mean"] == pytest.approx(1.21)
    header, _, row = fwd_rows.format_case(cases[1]).splitlines()
    assert row.split()[-6:] == ["1.210", "4.000", "1.331", "(1.000", "to", "1.500)"] and len(fwd_rows.CASES) == 13


def test_missing_peer_says_how_to_install(monkeypatch):
    monkeypatch.setattr(harness, "environment", lambda commit: {"gpu": "none"})
    monkeypatch.setattr(sparse_mla_fwd, "CASES", ())
    monkeypatch.setattr(sparse_mla_fwd, "product_tflops", lambda results, log: 700.0)
    monkeypatch.setitem(__import__("sys").modules, "flash_mla", None)
    lines = []
    results = sparse_mla_fwd.run(only=["flash_mla"], log=lines.append)
    assert "pip install" in results["skipped"]["flash_mla"] and any("pip install" in line for line in lines)


def test_a_broken_provider_takes_no_other_along():
    def broken(provider):
        return 1 / provider

    result, said = {"failed": {}}, []
    errors = harness.check_each({"a": 4, "b": 0, "c": 1}, broken, lambda error: error < 0.5, result, said.append)
    assert errors == {"a": 0.25}
    assert result["failed"] == {
        "b": "ZeroDivisionError: division by zero",
        "c": "wrong against the float64 reference: 1.0",
    }
    assert [line.split(":")[0] for line in said] == ["  b", "  c"]


def test_cases_are_run_and_logged(monkeypatch):
    monkeypatch.setattr(harness, "environment", lambda commit: {"gpu": "none"})
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    said = []
    results = harness.begin("op", ["a"], ["a"], None, said.append)
    harness.run_cases(results, [1, 2], lambda case: {"label": str(case)}, lambda result: result["label"], said.append)
    assert results["cases"] == [{"label": "1"}, {"label": "2"}] and said == ["gpu none", "\n1", "\n2"]


@pytest.mark.parametrize("cases", [[], [{"failed": {}, "providers": {}}]])
def test_a_run_that_measures_nothing_fails(monkeypatch, capsys, cases):
    """The one provider that --only names is not installed, say."""
    module = SimpleNamespace(run=lambda **options: {"skipped": {"peer": "pip install it"}, "cases": cases})
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(cli.importlib, "import_module", lambda name, package: module)
    assert cli.main(["gemm"]) == 1
    assert "gemm: no provider was measured" in capsys.readouterr().err


def test_a_run_that_is_ended_keeps_its_cases(monkeypatch, tmp_path):
    seen = []

    def bench(case):
        seen.append(json.loads(path.read_text()) if path.exists() else None)
        if case == 3:
            raise KeyboardInterrupt
        return {"label": str(case), "failed": {}, "providers": {"tle": {}}}

    def measure(quick, only, commit):
        results = harness.begin("gemm", ["tle"], None, None, lambda line: None)
        return harness.run_cases(results, cases, bench, lambda result: "", lambda line: None)

    monkeypatch.setattr(harness, "environment", lambda commit: {"gpu": "none"})
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(cli.importlib, "import_module", lambda name, package: SimpleNamespace(run=measure))
    path, cases = tmp_path / "new" / "gemm.json", [1, 2, 3]
    with pytest.raises(KeyboardInterrupt):
        cli.main(["gemm", "--json", str(path)])
    kept = json.loads(path.read_text())
    assert kept["unfinished"] is True and [case["label"] for case in kept["cases"]] == ["1", "2"]
    assert seen[0] is None and [len(found["cases"]) for found in seen[1:]] == [1, 2]
    cases.pop()
    assert cli.main(["gemm", "--json", str(path)]) == 0
    assert "unfinished" not in json.loads(path.read_text()) and harness._place is None


def test_unknown_provider_is_an_error():
    with pytest.raises(ValueError, match="only names no provider: nonsense; there are tle, tle_tile, tle_divided"):
        sparse_mla_fwd.run(only=["nonsense"], log=lambda line: None)


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is there")
def test_without_gpu(capsys):
    assert cli.main(["sparse_mla_fwd"]) == 1
    assert "needs an NVIDIA GPU" in capsys.readouterr().err


def test_all_operators_in_turn(monkeypatch, tmp_path, capsys):
    class Module:
        def __init__(self, name):
            self.name = name

        def run(self, quick, only, commit):
            assert quick and only is None and commit == "abc"
            if self.name == ".gemm":
                raise RuntimeError("no memory")
            return results_for(3.0) | {"cases": [{"failed": {}, "label": self.name, "providers": {"tle": {}}}]}

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(cli.importlib, "import_module", lambda name, package: Module(name))
    assert cli.main(["--quick", "--commit", "abc", "--json", str(tmp_path)]) == 1
    assert {path.stem for path in tmp_path.glob("*.json")} == set(cli.OPERATORS) - {"gemm"}
    shown = capsys.readouterr()
    assert all(title in shown.out for title in cli.OPERATORS.values()) and "no memory" in shown.err
    assert cli.main(["scatter_add", "--quick", "--commit", "abc"]) == 0
    capsys.readouterr()
    assert cli.main(["scatter_add", "--quick", "--commit", "abc", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cases"][0]["label"] == ".scatter_add"
    assert cli.main(["--quick", "--commit", "abc", "--json"]) == 1
    shown = capsys.readouterr()
    assert set(json.loads(shown.out)) == set(cli.OPERATORS) - {"gemm"} and "== Decode reduce" in shown.err


def test_json_alone_is_all_of_standard_output():
    program = """
import os, sys, torch
from triton_tle.bench import cli
class Module:
    def run(**options):
        print("a table")
        os.system("echo a compiler")
        return {"cases": [{"failed": {}, "providers": {"tle": {}}}]}
torch.cuda.is_available = lambda: True
cli.importlib.import_module = lambda *name: Module
sys.exit(cli.main(["gemm", "--json"]))
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0 and json.loads(done.stdout) == {"cases": [{"failed": {}, "providers": {"tle": {}}}]}
    assert "a table" in done.stderr and "a compiler" in done.stderr


@pytest.mark.parametrize(
    "module, options, message",
    [
        ("bench", ["--only", "tle"], "triton_tle bench: --only wants an operator"),
        ("bench.compile_time", ["--arch", "sm_42"], "error: arch: got 'sm_42', expected sm_75 or newer"),
        ("bench.compile_time", ["--rounds", "0"], "error: --rounds: got 0, expected 1 or more"),
        ("bench.compile_time", ["nothing"], "error: no operator 'nothing'; there are: "),
    ],
)
def test_modules_say_what_is_wrong(module, options, message):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-m", f"triton_tle.{module}", *options]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr


def test_providers_belong_to_an_operator():
    with pytest.raises(ValueError, match="--only wants an operator, whose providers it names: sparse_mla_fwd, "):
        cli.main(["--only", "tle"])


@pytest.mark.parametrize(
    "options, message",
    [
        (["--json", "gemm"], "--json: got 'gemm', expected a folder; an operator to measure stands before --json"),
        (["--plot", "gemm"], "--plot: got 'gemm', expected a folder; an operator to measure stands before --plot"),
        (["--json", "{file}"], "--json: got '.*', a file, expected a folder, as there is one file for each operator"),
        (["gemm", "--json", "{folder}"], "--json: got '.*', a folder, expected a file"),
        (["gemm", "--json", "{file}/new.json"], "--json: got '.*', but nothing can be written to '.*/file'"),
        (["--plot", "{file}/new"], "--plot: got '.*', but nothing can be written to '.*/file'"),
        (["gemm", "--json", "--plot", "{folder}"], "--plot: got '.*', a folder, expected a file"),
    ],
)
def test_places_that_fit_no_results(monkeypatch, tmp_path, options, message):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: pytest.fail("said before anything is tried"))
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=message):
        cli.main([option.format(file=tmp_path / "file", folder=tmp_path) for option in options])


def test_rows_of_the_passes_benchmark():
    rows = passes.rows()
    assert rows["all passes"] == () and all(len(flags) == 1 for name, flags in rows.items() if name != "all passes")
    assert "without triton-tle-promote-local-store-staging" in rows
    with pytest.raises(ValueError, match="only: no optional pass nonsense"):
        passes.run(only=["nonsense"], log=lambda line: None)


def test_passes_come_back_after_being_left_out(monkeypatch):
    monkeypatch.setenv("TRITON_TLE_SKIP", "triton-tle-select-encodings")
    with pytest.raises(RuntimeError), passes._without(("triton-tle-promote-local-store-staging",)):
        assert os.environ["TRITON_TLE_SKIP"] == "triton-tle-promote-local-store-staging"
        raise RuntimeError
    assert os.environ["TRITON_TLE_SKIP"] == "triton-tle-select-encodings"
    monkeypatch.delenv("TRITON_TLE_SKIP")
    with passes._without(()):
        pass
    assert "TRITON_TLE_SKIP" not in os.environ


@pytest.mark.parametrize(
    "row, problem, place, status",
    [
        ("without tritongpu-optimize-dot-operands", SharedMemoryError("287232 bytes"), "does_not_fit", 0),
        ("without tritongpu-optimize-dot-operands", OutOfResources(262912, 232448, "shared memory"), "does_not_fit", 0),
        ("without tritongpu-optimize-dot-operands", RuntimeError("broken"), "failed", 1),
        ("all passes", SharedMemoryError("287232 bytes"), "failed", 1),
    ],
)
def test_a_kernel_that_does_not_fit_without_a_pass_is_no_failure(monkeypatch, row, problem, place, status):
    def checked(flags, case):
        if flags == passes.rows()[row]:
            raise problem
        return SimpleNamespace(passed=True)

    resources = {"registers": 246, "spilled_bytes": 0, "warnings": 0}
    monkeypatch.setattr(passes, "_provider", lambda flags: SimpleNamespace(flags=flags, call=print))
    monkeypatch.setattr(passes, "check_provider", lambda provider, case: checked(provider.flags, case))
    monkeypatch.setattr(passes, "_resources", lambda flags, d_qk: resources)
    monkeypatch.setattr(passes, "make_inputs", lambda case, seed: (None, None, None))
    monkeypatch.setattr(passes, "time_in_rounds", lambda runs, rounds: {name: harness.Timing([2.0]) for name in runs})
    monkeypatch.setattr(passes.harness, "environment", lambda commit: {})
    monkeypatch.setattr(passes, "torch", SimpleNamespace(empty=lambda *shape, **options: None, bfloat16=None))
    lines = []
    results = passes.run(only=["tritongpu-optimize-dot-operands"], log=lines.append)
    (case,) = results["cases"]
    other = {"failed": "does_not_fit", "does_not_fit": "failed"}[place]
    assert list(case[place]) == [row] and case[other] == {} and len(case["providers"]) == 1
    assert lines[-1].splitlines()[-1].split("  ")[0] == row
    assert cli._status({"passes": results}) == status


def test_scatter_add_reference():
    case = scatter_add.Case(columns=64, rows=256, table=4)
    x, w, index = scatter_add.make_inputs(case, seed=0, rows=64, device="cpu")
    expected = torch.zeros((4, 64), dtype=torch.float64)
    for row, target in enumerate(index.tolist()):
        if target >= 0:
            expected[target] += x[row].double() @ w.double()
    assert (index < 0).any() and torch.allclose(scatter_add.reference(x, w, index, 4), expected)


@pytest.mark.parametrize("columns, piece, table", [(576, 64, 100), (128, 128, 1)])
def test_scatter_add_kernel(interpreted, columns, piece, table):
    assert interpreted("scatter_add", columns=columns, piece=piece, table=table, seed=3) <= scatter_add.MAX_ERROR


def test_scatter_add_table():
    entry = {"ms": 0.75, "tb_s": 3.2, "spread": 0.01, "error": 2e-7, "ratio": {"gluon": 1.66}}
    header, _, row = scatter_add.format_case({"label": "576 by 64", "providers": {"tle": entry}}).splitlines()
    assert header.split()[-4:] == ["x", "triton", "x", "gluon"]
    assert row.split() == ["tle", "0.750", "3.20", "1.0%", "2.0e-07", "-", "1.660"]
    with pytest.raises(ValueError, match="only names no provider: nonsense; there are tle, triton, gluon"):
        scatter_add.run(only=["nonsense"], log=lambda line: None)


def test_scatter_add_says_how_to_compile(monkeypatch):
    seen = []
    monkeypatch.setattr(
        "triton_tle.bench.providers.scatter_add_triton.scatter_add_triton",
        lambda *arguments: seen.append(os.environ["TRITON_TLE"]),
    )
    monkeypatch.delenv("TRITON_TLE", raising=False)
    for name in ("tle", "triton"):
        scatter_add.LOADERS[name]()()
    assert seen == ["1", "0"] and "TRITON_TLE" not in os.environ


def test_backward_table_and_bounds():
    case = sparse_mla_bwd.Case(576, 128, 2048)
    assert case.s_kv == 8192 and case.flops == 2 * 4096 * 128 * 2048 * (3 * 576 + 2 * 512)
    assert case.floor_ms == pytest.approx(4096 * 2 * 2048 * 576 * 4 / 3.2e9)
    queries = 4096 * 128
    assert case.memory == queries * 2 * (576 + 512 + 512 + 576) + queries * 4 + 8192 * 576 * (2 + 4)
    entry = {"ms": 15.0, "tflops": 393.0, "floor_share": 0.8, "memory_ratio": 1.01, "spread": 0.01}
    entry |= {"error": {"dq": 1e-3, "dkv": 2e-3}, "ratio": {"tilelang": 2.1}}
    header, _, row = sparse_mla_bwd.format_case({"label": case.label, "providers": {"tle": entry}}).splitlines()
    assert header.split()[-4:] == ["x", "tilelang", "x", "triton"]
    assert row.split() == ["tle", "15.000", "393", "80%", "1.010", "1.0%", "2.0e-03", "2.100", "-"]


@pytest.mark.parametrize("scattered", [False, True])
def test_bucketed_lists(scattered):
    case = bucketed.Case("packed", (5, 12, 3), backward=False, scattered=scattered, topk=8, batch=2)
    indices, counts = bucketed.make_lists(case, 0, "cpu")
    wanted = [min(t + 1, 8) for length in (5, 12, 3) for t in range(length)]
    assert counts.tolist() == [wanted, wanted] and case.keys == 2 * sum(wanted)
    assert case.fill == sum(wanted) / (20 * 8) and case.flops == 2 * 128 * case.keys * (576 + 512)
    assert ((indices >= 0).sum(3)[:, :, 0] == counts).all()
    first = [begin for begin, length in ((0, 5), (5, 12), (17, 3)) for _ in range(length)]
    in_front = True
    for item in range(2):
        for query in range(20):
            keys = indices[item, query, 0]
            valid = keys[keys >= 0]
            assert len(valid.unique()) == len(valid) == wanted[query]
            assert valid.min() >= first[query] and valid.max() <= query
            in_front &= bool((keys[: wanted[query]] >= 0).all())
    assert in_front is not scattered


@pytest.mark.parametrize("backward", [False, True])
def test_bucketed_contenders_agree(backward):
    case = bucketed.Case("packed", (5, 9), backward=backward, topk=8, h_q=8)
    calls, gradients, indices = bucketed.make_calls(case, 1, "cpu")
    assert indices.shape == (1, 14, 1, 8)
    assert list(calls) == ["full", "length", "bucketed", "one_bucket"]
    results = {name: gradients(call()) if backward else call() for name, call in calls.items()}
    found = bucketed.differences(results)
    assert found["full"] == 0 and max(found.values()) < bucketed.MAX_DIFFERENCE
    results["length"][0][0, 0] += 5
    results["bucketed"][1][0, 0] = float("nan")
    found = bucketed.differences(results)
    assert found["length"] > bucketed.MAX_DIFFERENCE and found["bucketed"] == float("inf")


@pytest.mark.parametrize("name", ["length", "bucketed"])
def test_bucketed_small_problem(monkeypatch, name):
    operator = "sparse_mla" if name in bucketed.BASELINES else "sparse_mla_bucketed"
    found, call = [], getattr(bucketed, operator)

    def recorded(*arguments, **named):
        found.append(call(*arguments, **named))
        found[-1][0].register_hook(lambda gradient: found.append("backward"))
        return found[-1]

    monkeypatch.setattr(bucketed, operator, recorded)
    bucketed.compile_one(name, "cpu")
    assert found[0][0].shape == (1, 16, 128, 512) and found[1:] == ["backward"]


def test_bucketed_table_and_names():
    entry = {"ms": 2.0, "tflops": 350.0, "spread": 0.01, "difference": 1e-3, "ratio": {"full": 1.75}}
    entry |= {"product_share": 0.5, "host_ms": 0.25, "interval": {"full": (1.7, 1.8)}, "rounds_ms": [2.0] * 40}
    result = {"label": "a", "fill": 0.5, "plan_us": 61.3, "providers": {"bucketed": entry}}
    header, _, row, plan = bucketed.format_case(result).splitlines()
    assert plan == "plan alone: 61 us"
    assert header.split()[-4:] == ["x", "full", "x", "length"]
    assert row.split() == ["bucketed", "2.000", "350", "50%", "1.0%", "0.25", "1.0e-03", "-", "1.750", "-"]
    entry["ratio"]["length"], entry["interval"]["length"] = 0.987, (0.981, 0.9932)
    row = bucketed.format_case(result).splitlines()[2]
    assert row.split()[-7:] == ["1.0e-03", "0.981", "to", "0.993", "(40)", "1.750", "0.987"]
    with pytest.raises(ValueError, match="only names no contender: fast; there are full, length, bucketed, one_bucket"):
        bucketed.run(only=["fast"], log=lambda line: None)


def test_bucketed_rounds_go_on_until_the_ratio_is_known():
    one = harness.Timing([1.0] * 40)
    for width, is_open in ((0.002, False), (0.03, True)):
        other = harness.Timing([1.0 + (width if number % 2 else -width) for number in range(40)])
        assert bucketed._is_open({"bucketed": one, "length": other}) is is_open
    assert not bucketed._is_open({"bucketed": one, "full": other})


def test_backward_checker_sees():
    case = bwd_check.CheckCase(s_q=4, h_q=8, d_qk=576, topk=20, s_kv=30, sink=True)
    arguments = bwd_check.make_inputs(case, 0, "cpu")
    expected, _ = bwd_check.expected_gradients(arguments)
    assert bwd_check.compare(arguments, tuple(expected)).passed
    for which, name in enumerate(("dq", "dkv", "dsink")):
        for fault in (float("nan"), 5.0):
            results = [value.clone() for value in expected]
            results[which][2] += fault
            result = bwd_check.compare(arguments, tuple(results))
            assert not result.passed and getattr(result, name) > bwd_check.MAX_ERROR


def test_backward_checker_looks_at_listed_rows_of_a_large_kv(monkeypatch):
    case = bwd_check.CheckCase(s_q=4, h_q=8, d_qk=576, topk=6, s_kv=200, sink=True)
    arguments = bwd_check.make_inputs(case, 0, "cpu")
    expected, _ = bwd_check.expected_gradients(arguments)
    monkeypatch.setattr(bwd_check, "MAX_AUTOGRAD_ELEMENTS", 1000)
    assert bwd_check.compare(arguments, tuple(expected)).passed
    listed = torch.unique(arguments["indices"].clamp(0, 199))
    stray = next(row for row in range(1, 199) if row not in listed)
    for row in (stray, int(arguments["indices"].max(dim=2).values.clamp(max=199)[0])):
        results = [value.clone() for value in expected]
        results[1][row] += 1.0 if row == stray else 5.0
        result = bwd_check.compare(arguments, tuple(results))
        assert not result.passed and result.dkv > bwd_check.MAX_ERROR and result.dq < bwd_check.MAX_ERROR


def test_backward_checker_wants_equal_bits():
    def noisy(*positional, dq, sums, deterministic):
        return torch.randn_like(dq), sums.view(torch.bfloat16)[:, None, :576], None

    case = bwd_check.CheckCase(s_q=2, h_q=8, d_qk=576, topk=5, s_kv=9, deterministic=True)
    with pytest.raises(ValueError, match="dq differs between two calls in deterministic mode"):
        bwd_check.check(noisy, case, 0, "cpu")


def test_processes_say_what_they_raised():
    assert parallel.in_processes(json.loads, [("[1]",), ("{",)], processes=1) == [
        "", "JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
    ]  # fmt: skip
    assert parallel.in_processes(json.loads, []) == []
    # an exception that cannot be made of its text alone
    assert parallel.in_processes(bytes.decode, [(b"\xff",), (b"a",)], processes=2)[1] == ""
    [died] = parallel.in_processes(os._exit, [(3,)])
    assert died.startswith("BrokenProcessPool: A process in the process pool was terminated abruptly")


def test_interrupted_processes_do_not_begin_what_is_left(tmp_path):
    ended = []

    def interrupt():
        ended.append(1)
        raise KeyboardInterrupt

    calls = [(f"touch {shlex.quote(str(tmp_path / str(number)))}; sleep 0.5",) for number in range(120)]
    with pytest.raises(KeyboardInterrupt):
        parallel.in_processes(os.system, calls, processes=1, done=interrupt)
    assert len(ended) == 1 and 1 <= len(list(tmp_path.iterdir())) < len(calls)


def _is_running(process: int) -> bool:
    """Whether there is such a process; one that nobody has asked for its status any more has ended."""
    try:
        stat = pathlib.Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell of a parent's end")
def test_processes_of_a_pool_end_with_what_began_them(tmp_path):
    place = shlex.quote(str(tmp_path / "id"))
    program = f"""
import os
from triton_tle.bench.parallel import in_processes
if __name__ == "__main__":
    in_processes(os.system, [("echo $PPID > {place}; sleep 60",)])
"""
    (tmp_path / "main.py").write_text(program)
    parent = subprocess.Popen([sys.executable, str(tmp_path / "main.py")])
    deadline = time.monotonic() + 60
    while not (tmp_path / "id").exists() or not (tmp_path / "id").read_text().strip():
        assert parent.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    worker = int((tmp_path / "id").read_text())
    assert _is_running(worker)
    parent.kill()
    parent.wait()
    while _is_running(worker):
        assert time.monotonic() < deadline, "the process of the pool is still there"
        time.sleep(0.05)


def test_backward_providers_are_prepared_or_skipped(monkeypatch):
    seen = []

    def fails(cases):
        raise RuntimeError("no compiler")

    def missing():
        raise ProviderUnavailable("pip install it")

    def provider(prepare):
        return lambda: sparse_mla_bwd.Provider(print, lambda case: case.h_q == 64, prepare)

    loaders = {"good": provider(seen.append), "plain": provider(None), "bad": provider(fails), "missing": missing}
    monkeypatch.setattr(sparse_mla_bwd, "LOADERS", loaders)
    results = {"skipped": {}, "failed": {}}
    assert list(sparse_mla_bwd._prepared(list(loaders), sparse_mla_bwd.QUICK_CASES, results)) == ["good", "plain"]
    assert [case.h_q for case in seen[0]] == [64]
    assert results["skipped"] == {"missing": "pip install it"}
    assert results["failed"] == {"bad": "does not compile: RuntimeError: no compiler"}


@pytest.mark.parametrize("module", [sparse_mla_fwd, sparse_mla_bwd])
def test_a_peer_that_does_not_compile_is_a_failure(monkeypatch, module):
    def fails(cases):
        raise RuntimeError("no compiler")

    monkeypatch.setattr(harness, "environment", lambda commit: {"gpu": "none"})
    monkeypatch.setattr(module, "CASES", ())
    monkeypatch.setattr(sparse_mla_fwd, "product_tflops", lambda results, log: 700.0)
    monkeypatch.setattr(module, "LOADERS", {"peer": lambda: module.Provider(print, lambda case: True, fails)})
    lines = []
    results = module.run(log=lines.append)
    assert results["failed"] == {"peer": "does not compile: RuntimeError: no compiler"} and not results["skipped"]
    assert lines[-1] == "failed peer: does not compile: RuntimeError: no compiler"
    results["cases"] = [{"failed": {}, "providers": {"tle": {}}}]
    assert cli._status({"op": results}) == 1 and cli._status({"op": results | {"failed": {}}}) == 0


@pytest.mark.parametrize("module, checker", [(sparse_mla_fwd, fwd_check), (sparse_mla_bwd, bwd_check)])
def test_peers_tune_themselves_at_the_size_that_is_timed(monkeypatch, module, checker):
    """The check's few query tokens might choose another configuration; what is timed is what is checked."""
    case, seen = module.QUICK_CASES[0], []
    inputs = ("q", "kv", "indices", *["more"] * 4)[: 3 if module is sparse_mla_fwd else 7]
    zeros = [0.0] * len(dataclasses.fields(checker.CheckResult))
    monkeypatch.setattr(module, "make_inputs", lambda case, seed: inputs)
    monkeypatch.setattr(module, "check_provider", lambda *one: seen.append("check") or checker.CheckResult(*zeros))
    monkeypatch.setattr(module, "time_in_rounds", lambda runs, rounds: {name: harness.Timing([1.0]) for name in runs})
    monkeypatch.setattr(sparse_mla_bwd, "peak_memory", lambda run, inputs: 1)
    monkeypatch.setattr(sparse_mla_fwd, "torch", SimpleNamespace(empty=lambda *size, **options: 0, bfloat16=None))
    peer = module.Provider(lambda *call, **named: seen.append(call[: len(inputs)]), lambda case: True)
    products = {"products": 700.0} if module is sparse_mla_fwd else {}
    result = module._bench_case(case, {"peer": peer}, rounds=1, log=print, **products)
    assert list(result["providers"]) == ["peer"] and seen == [inputs, "check"]


def test_few_heads_leave_plain_triton_out_where_it_would_tune_for_long():
    cases = {name: few_heads.LOADERS[name]().supports for name in ("tle", "tle_partitions", "tle_tile", "triton")}
    supported = {name: sum(map(supports, few_heads.CASES)) for name, supports in cases.items()}
    assert supported == {"tle": 12, "tle_partitions": 12, "tle_tile": 12, "triton": 6}
    assert {case.h_q for case in few_heads.QUICK_CASES} == {8, 16, 32} and len(few_heads.QUICK_CASES) == 3


def test_peer_that_takes_64_heads_is_timed_with_padded_ones(monkeypatch):
    """Its q and out have 64 heads before the clock runs; others are given the case's."""
    case, timed = sparse_mla_fwd.Case(576, 8, 2, 16, s_q=3), {}
    inputs = torch.ones(3, 8, 576), None, None
    on_cpu = SimpleNamespace(empty=lambda size, dtype, device: torch.empty(size, dtype=dtype), nn=torch.nn)
    on_cpu.bfloat16 = torch.bfloat16
    right = fwd_check.CheckResult(0.0, 0.0, 0.0)
    monkeypatch.setattr(sparse_mla_fwd, "torch", on_cpu)
    monkeypatch.setattr(sparse_mla_fwd, "make_inputs", lambda case, seed: inputs)
    monkeypatch.setattr(sparse_mla_fwd, "check_provider", lambda *one: right)

    def time(runs, rounds):
        for name, run in runs.items():
            timed[name] = run()
        return {name: harness.Timing([1.0]) for name in runs}

    monkeypatch.setattr(sparse_mla_fwd, "time_in_rounds", time)
    providers = {
        name: sparse_mla_fwd.Provider(lambda q, *more, out: (q, out), lambda case: True, least_heads=heads)
        for name, heads in (("own", 1), ("wide", 64))
    }
    sparse_mla_fwd._bench_case(case, providers, rounds=1, products=700.0, log=print)
    (own_q, own_out), (wide_q, wide_out) = timed["own"], timed["wide"]
    assert own_q is inputs[0] and own_out.shape == (3, 8, 512)
    assert wide_q.shape == (3, 64, 576) and wide_out.shape == (3, 64, 512)
    assert torch.equal(wide_q[:, :8], own_q) and not wide_q[:, 8:].any()


@pytest.mark.parametrize("module", [sparse_mla_fwd_triton, sparse_mla_bwd_triton])
def test_plain_triton_is_tuned_for_each_size(module):
    assert {"s_kv", "topk", "h_q", "HAS_ROPE"} <= set(module._tuned.keys)


def test_plain_backward_compiles_each_configuration_once():
    calls = compile_calls([(64, 576, 2048), (128, 576, 2048), (64, 512, 512), (8, 576, 100)])
    assert len(calls) == len(set(calls)) == 4 + 4 + 3
    assert {call[:3] for call in calls} == {(64, 576, 2048), (64, 512, 512), (8, 576, 100)}


def test_messages_hold_no_paths():
    place = "at /home/someone/kernel.py:7:3:\n    x = dot(a, b)\n        ^\n"
    error = RuntimeError(f"{place}the kernel needs 9 bytes\nnote: more")
    assert passes._message(error) == "RuntimeError: the kernel needs 9 bytes"
    assert passes._message(ValueError("")) == "ValueError: no message"


@pytest.mark.parametrize("sink", [False, True])
def test_backward_is_expected_alike_in_chunks(monkeypatch, sink):
    """Gradients do not depend on how many query tokens the reference takes at a time."""
    case = bwd_check.CheckCase(s_q=5, h_q=8, d_qk=576, topk=20, s_kv=30, sink=sink, grad_lse=True)
    arguments = bwd_check.make_inputs(case, 0, "cpu")
    whole = bwd_check.expected_gradients(arguments)
    monkeypatch.setattr(bwd_check, "_rows", lambda arguments: 4)
    for one, other in zip(whole, bwd_check.expected_gradients(arguments), strict=True):
        for a, b in zip(one, other, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12)
