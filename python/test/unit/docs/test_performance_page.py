"""docs/performance.md: figures of its table, ours and the peers', are in the files that its rows name."""

import json
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[4] / "docs"
UNITS = {"TFLOP/s": ("tflops", 1.0), "TB/s": ("tb_s", 1.0), "ms": ("ms", 1.0), "us": ("ms", 1e3)}


def rows(text):
    """(size, ours, peer, source) of each row of the table."""
    _, _, *lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [(row[1], row[2], row[3], row[7]) for row in cells]


def values(tree, key):
    """All numbers that stand under `key` anywhere in a JSON document."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            if name == key and isinstance(value, (int, float)):
                yield value
            else:
                yield from values(value, key)
    elif isinstance(tree, list):
        for value in tree:
            yield from values(value, key)


def missing(ours, peer, document):
    """Figures of a row that no value of the document rounds to."""
    unit = ours.split()[-1]
    key, factor = UNITS[unit]
    known = [factor * value for value in values(document, key)]
    for figure in re.findall(r"\d+(?:\.\d+)?", f"{ours} {peer}"):
        decimals = len(figure.partition(".")[2])
        if not any(f"{value:.{decimals}f}" == figure for value in known):
            yield f"{figure} {unit}"


@pytest.mark.parametrize("size, ours, peer, source", rows((DOCS / "performance.md").read_text()))
def test_figures_are_in_the_source(size, ours, peer, source):
    found = re.search(r"\]\((results/\w+\.json)\)", source)
    assert found or source.startswith("no file"), source
    if found and ours:
        document = json.loads((DOCS / found.group(1)).read_text())
        assert list(missing(ours, peer, document)) == [], size


def test_a_wrong_figure_is_found():
    document = {"cases": [{"providers": {"tle": {"ms": 0.0137}, "peer": {"ms": 0.02}}, "tflops": 5.04}]}
    assert list(missing("13.7 us", "peer 20.0, other 21.0", document)) == ["21.0 us"]
    assert list(missing("5.0 TFLOP/s", "peer 5.1", document)) == ["5.1 TFLOP/s"]
