"""What the tutorials have in common: their command line."""

import pytest
import torch
from triton_tle.bench import tutorial


def run(monkeypatch, *options, checks=()):
    monkeypatch.setattr("sys.argv", ["tutorial.py", *options])
    tutorial.main("A tutorial.", checks, lambda arch: [("own", arch)], ("gemm", "flash_attention"))


@pytest.fixture
def measured(monkeypatch, request):
    """The command lines of the benchmarks; the parameter names an operator of which a provider failed."""
    calls = []

    def main(options):
        calls.append(options)
        return int(options[0] == failing)

    failing = getattr(request, "param", None)
    monkeypatch.setattr(tutorial.cli, "main", main)
    return calls


def test_checks_run_in_the_interpreter(monkeypatch, measured):
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    seen = []
    run(monkeypatch, "--interpret", checks=(seen.append, lambda device: seen.append(device + " again")))
    assert seen == ["cpu", "cpu again"] and not measured


def test_a_wrong_result_ends_the_tutorial(monkeypatch, measured):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    with pytest.raises(ZeroDivisionError):
        run(monkeypatch, checks=(lambda device: 1 / 0,))
    assert not measured


def test_benchmarks_follow_on_a_gpu(monkeypatch, measured, tmp_path):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    seen = []
    run(monkeypatch, "--quick", "--out", str(tmp_path), checks=(seen.append,))
    assert seen == ["cuda"] and [call[0] for call in measured] == ["gemm", "flash_attention"]
    assert measured[0][1:] == ["--json", f"{tmp_path}/gemm.json", "--plot", f"{tmp_path}/gemm.png", "--quick"]


@pytest.mark.parametrize("measured", ["gemm", "flash_attention"], indirect=True)
def test_a_failed_provider_is_the_tutorial_s_status(monkeypatch, measured):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    with pytest.raises(SystemExit, match="a provider failed"):
        run(monkeypatch)
    assert len(measured) == 2, "the other operator is measured all the same"


def test_unknown_architecture(monkeypatch, capsys):
    with pytest.raises(SystemExit, match="2"):
        run(monkeypatch, "--compile-only", "--arch", "sm_42")
    assert "error: --arch: got 'sm_42', expected sm_75 or newer" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options, message",
    [
        ([], "no NVIDIA GPU here: use --interpret"),
        (["--interpret"], "TRITON_INTERPRET=1 must be set before Triton is imported"),
        (["--interp"], "2"),
    ],
)
def test_what_cannot_run_says_why(monkeypatch, options, message):
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit, match=message):
        run(monkeypatch, *options, checks=(lambda device: pytest.fail("ran"),))


def test_own_kernels_and_those_of_the_operators_are_compiled(monkeypatch, capsys):
    monkeypatch.setattr(tutorial.report, "Variant", lambda *entry: entry)
    monkeypatch.setattr(tutorial.report, "variants_of", lambda name, arch: [(name, arch)])
    monkeypatch.setattr(tutorial.report, "compile_variant", lambda variant, arch: (*variant, arch))
    monkeypatch.setattr(tutorial.report, "table", lambda found: "\n".join(map(" ".join, found)))
    run(monkeypatch, "--compile-only", "--arch", "sm_80")
    expected = ["compiled for sm_80:", "", "own sm_80 sm_80", "gemm sm_80 sm_80", "flash_attention sm_80 sm_80"]
    assert capsys.readouterr().out.splitlines() == expected
