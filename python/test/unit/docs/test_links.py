"""Every relative link in README.md and docs leads to a file, and its anchor to a heading of that file."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def anchors(page):
    """GitHub's anchors of a page's headings; a repeated heading gets -1, -2, ..."""
    found = {}
    text = re.sub(r"(?ms)^```.*?^```", "", page.read_text())
    for heading in re.findall(r"(?m)^#+ (.*)$", text):
        name = re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        found[name] = found.get(name, -1) + 1
    return {name + (f"-{i}" if i else "") for name, count in found.items() for i in range(count + 1)}


def broken(page):
    """The links of a page that lead nowhere."""
    text = re.sub(r"(?ms)^```.*?^```|`[^`\n]*`", "", page.read_text())
    for target in re.findall(r"\]\(([^()\s]+)\)", text):
        if target.startswith(("http:", "https:")):
            continue
        name, _, anchor = target.partition("#")
        there = page.parent / name if name else page
        if not there.exists() or anchor and anchor not in anchors(there):
            yield target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    assert list(broken(page)) == []


def test_a_broken_link_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# A `b` c\n\n[a](#a-b-c) [b](#a-b-d) [c](other.md) [d](page.md#a-b-c) `x[i](j)` [e](https://e.org/f)\n"
    )
    assert list(broken(page)) == ["#a-b-d", "other.md"]
