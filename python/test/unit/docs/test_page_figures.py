"""README.md and docs have the figures of docs/results."""

import importlib
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
TOOL = ROOT / "tools" / "page_figures.py"
TREE = {
    "run": {"commit": "0123abc", "date": "2026-01-02 03:04 UTC"},
    "case": {"tle": {"ms": 0.0137, "share": 0.874, "error": 2.26e-3, "interval": [0.984, 1.0449]}},
}


def of_tools(name):
    """The module `name` of tools/figures."""
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        return importlib.import_module(f"figures.{name}")
    finally:
        sys.path.remove(str(ROOT / "tools"))


@pytest.fixture(scope="module")
def engine():
    return of_tools("engine")


@pytest.fixture(scope="module")
def values():
    return of_tools("values")


def test_pages_have_the_figures_of_the_results():
    done = subprocess.run([sys.executable, str(TOOL), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "value, how, text",
    [
        (13.91, "3s", "13.9"),
        (6.944, "3s", "6.94"),
        (357.4, "3s", "357"),
        (1314.2, "3s", "1314"),
        (0.874, ".0%", "87 %"),
        ([0.0004, 0.0413], ".1%", "0.0 to 4.1 %"),
        ([0.984, 1.0449], ".2f", "0.98 to 1.04"),
        (2.26e-3, ".1e", "2.3e-3"),
        ("0123abc", "", "0123abc"),
    ],
)
def test_figures_are_written(engine, value, how, text):
    assert engine.written(value, how) == text


SENTENCE = "At {run.commit}, {run.date}: {case.tle.ms:.4f} ms, {case.tle.share:.0%}, {case.tle.interval:.2f}."


def test_a_sentence_is_renewed_whatever_its_lines(engine):
    page = "Before.\nAt abc, 2025-12-01\n09:10 UTC: 5 ms, 9\n%, 1.10 to\n1.20. Behind.\n"
    text, found = engine.renewed(engine.Quote("a.md", SENTENCE), page, TREE)
    assert text == "Before.\nAt 0123abc, 2026-01-02 03:04 UTC: 0.0137 ms, 87 %, 0.98 to 1.04. Behind.\n"
    assert [(f.line, f.old, f.new) for f in found][2:] == [
        (3, "5", "0.0137"),
        (3, "9 %", "87 %"),
        (4, "1.10 to 1.20", "0.98 to 1.04"),
    ]
    again, found = engine.renewed(engine.Quote("a.md", SENTENCE), text, TREE)
    assert again == text and all(f.old == f.new for f in found)


@pytest.mark.parametrize(
    "text, page, message",
    [
        ("{case.tle.ms:.4f} ms", "no figure", "not there: '{case.tle.ms:.4f} ms'"),
        ("{case.tle.ms:.4f} ms", "1 ms, 2 ms", "there 2 times"),
        ("{case.peer.ms:.4f} ms", "1 ms", "no figure 'case.peer.ms' (no 'peer')"),
    ],
)
def test_what_is_not_found_is_named(engine, text, page, message):
    with pytest.raises(engine.Missing) as error:
        engine.renewed(engine.Quote("a.md", text), page, TREE)
    assert message in str(error.value)


def test_a_table_is_written_whole(engine):
    rows = ["| a | b |", "| --- | --- |", "| 1 | 2 |"]
    table = engine.Table("a.md", "| a |", ("run",), lambda tree: rows)
    text, (found,) = engine.renewed(table, "x\n\n| a | c |\n| --- |\n| 3 |\n| 4 |\n\ny | z\n", TREE)
    assert text == "x\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\ny | z\n"
    assert (found.line, found.old, found.new) == (3, "| a | c |", "| a | b |")
    assert engine.renewed(table, text, TREE)[0] == text
    with pytest.raises(engine.Missing, match="0 tables start with"):
        engine.renewed(table, "| b |\n", TREE)


@pytest.mark.parametrize(
    "data, name",
    [
        ({"op": "sparse_mla_fwd", "cases": [{}, {}]}, "sparse_mla_fwd_h100.json"),
        ({"op": "gemm", "cases": [{}]}, "gemm_h100.json"),
    ],
)
def test_files_are_taken_by_what_they_hold(values, data, name):
    assert values.file_of({"environment": {"gpu": "NVIDIA H100 80GB HBM3"}} | data) == name


@pytest.mark.parametrize("gpu, operator", [("NVIDIA H200", "gemm"), ("NVIDIA H100", "copy")])
def test_files_of_no_name_are_refused(values, gpu, operator):
    with pytest.raises(ValueError, match="environment.gpu is" if operator == "gemm" else "op is 'copy'"):
        values.file_of({"environment": {"gpu": gpu}, "op": operator, "cases": []})


@pytest.mark.parametrize(
    "more, message",
    [
        ({"unfinished": True}, "ended early, behind 1 cases"),
        ({"op": "sparse_mla_fwd"}, "a quick one, of the main size"),
        ({"failed": {"tilelang": "does not compile"}}, "tilelang failed in all cases"),
        (
            {"cases": [{"label": "d 576", "failed": {"tle": "wrong", "triton": "raised"}}]},
            "tle, triton failed in d 576",
        ),
    ],
)
def test_files_of_runs_that_failed_are_refused(values, more, message):
    data = {"environment": {"gpu": "NVIDIA H100"}, "op": "gemm", "cases": [{"label": "a", "failed": {}}], "failed": {}}
    assert values.file_of(data) == "gemm_h100.json"
    with pytest.raises(ValueError, match=message):
        values.file_of(data | more)


def test_cases_of_one_name_are_refused(values, tmp_path):
    for path in values.RESULTS.glob("*.json"):
        data = json.loads(path.read_text())
        if path.name == "sparse_mla_fwd_rows_h100.json":
            data["cases"].append(data["cases"][3])
        (tmp_path / path.name).write_text(json.dumps(data))
    with pytest.raises(
        ValueError, match="sparse_mla_fwd_rows_h100.json: 14 cases have 13 names: 512, 128, 1024, 32768"
    ):
        values.read(tmp_path)


@pytest.fixture
def page_figures():
    """The tool itself."""
    spec = importlib.util.spec_from_file_location("page_figures", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "names, message",
    [
        (["good", "half"], "half: Unterminated string"),
        (["good", "none"], "none: .*No such file"),
        (["good", "other"], "other: op is 'copy'"),
        (["good", "again"], "again: it would be docs/results/gemm_h100.json, as .*good"),
    ],
)
def test_files_are_taken_all_or_none(page_figures, tmp_path, capsys, names, message):
    data = {"environment": {"gpu": "NVIDIA H100"}, "op": "gemm", "cases": []}
    (tmp_path / "good").write_text(json.dumps(data))
    (tmp_path / "again").write_text(json.dumps(data))
    (tmp_path / "other").write_text(json.dumps(data | {"op": "copy"}))
    (tmp_path / "half").write_text('{"environment": {"gpu": "NVI')
    results = tmp_path / "root" / "docs" / "results"
    results.mkdir(parents=True)
    with pytest.raises(SystemExit, match="2"):
        page_figures.main(["--take", *(str(tmp_path / name) for name in names)], tmp_path / "root")
    assert re.search(message, capsys.readouterr().err) and not list(results.iterdir())


def test_no_figures_are_a_failure(page_figures, monkeypatch, capsys):
    monkeypatch.setattr(page_figures, "sentences", lambda text: [])
    monkeypatch.setattr(page_figures, "TABLES", [])
    assert page_figures.main(["--check"]) == 1 and "0 figures on 0 pages" in capsys.readouterr().out


def test_sentences_are_read(engine):
    text = "For readers.\n\n# a.md\n\nOne {x.y}\n  two\n\n# docs/b.md\nthree\n\nfour\n"
    assert [(quote.page, quote.text) for quote in engine.sentences(text)] == [
        ("a.md", "One {x.y} two"),
        ("docs/b.md", "three"),
        ("docs/b.md", "four"),
    ]
