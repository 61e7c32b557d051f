"""What the benchmarks record of timings, and the table of a case."""

import pytest
from triton_tle.bench import figures
from triton_tle.bench.harness import Timing

TIMINGS = {"a": Timing([1.0, 2.0, 4.0]), "b": Timing([3.0, 3.0, 3.0])}


def test_what_is_recorded():
    result = {"label": "case", "providers": {}}
    more = {"a": {"error": 0.5}, "b": {"error": 0.25}}
    figures.record(result, TIMINGS, 4e12, baselines=("b", "absent"), more=more.__getitem__)
    entry = result["providers"]["a"]
    assert entry == {
        "ms": 2.0, "tflops": 2000.0, "spread": pytest.approx(0.75), "error": 0.5, "rounds_ms": [1.0, 2.0, 4.0],
        "ratio": {"b": 1.5},
    }  # fmt: skip
    figures.record(result, TIMINGS, 6e12, "tb_s")
    assert result["providers"]["b"] == {"ms": 3.0, "tb_s": 2000.0, "spread": 0.0, "rounds_ms": [3.0] * 3}


def test_table_is_sorted_and_says_what_is_missing():
    result = {"label": "case", "providers": {}}
    figures.record(result, TIMINGS, 4e12, baselines=("b",))
    result["providers"]["b"] |= {"ms": 1.0, "note": "fast"}
    columns = {**figures.TFLOPS, "us": "{us:.1f}", "note": "{note}", "twice": lambda entry: f"{2 * entry['ms']:.0f}"}
    header, _, *rows = figures.case_table(result, columns, ("b", "c"), label="named").splitlines()
    assert header.split() == ["named", "ms", "TFLOP/s", "us", "note", "twice", "x", "b", "x", "c"]
    assert [row.split() for row in rows] == [
        ["b", "1.000", "1333", "1000.0", "fast", "2", "1.000", "-"],
        ["a", "2.000", "2000", "2000.0", "-", "4", "1.500", "-"],
    ]
    assert figures.case_table(result, {}).split()[0] == "case"


def test_share_of_products():
    result = {"label": "case", "providers": {}}
    figures.record(result, TIMINGS, 4e12, products=2500.0)
    assert {name: entry["product_share"] for name, entry in result["providers"].items()} == {
        "a": 0.8,
        "b": pytest.approx(4 / 3 / 2.5),
    }
    header, _, *rows = figures.case_table(result, figures.OF_PRODUCTS).splitlines()
    assert header.split() == ["case", "of", "products"] and [row.split()[1] for row in rows] == ["80%", "53%"]
