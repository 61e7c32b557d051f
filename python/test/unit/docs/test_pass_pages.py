"""The pages of docs/passes say what the Passes.td files say."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
TOOL = ROOT / "tools" / "pass_pages.py"


def load_tool():
    spec = importlib.util.spec_from_file_location("pass_pages", TOOL)
    module = importlib.util.module_from_spec(spec)
    sys.modules["pass_pages"] = module
    spec.loader.exec_module(module)
    return module


def test_pages_agree_with_their_declarations():
    done = subprocess.run([sys.executable, str(TOOL), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_page_is_linked():
    """From the architecture to the list, from the list to each page."""
    assert "passes/README.md" in (ROOT / "docs" / "architecture.md").read_text()
    index = (ROOT / "docs" / "passes" / "README.md").read_text()
    linked = set(re.findall(r"\]\(([\w-]+\.md)\)", index))
    assert linked == {path.name for path in (ROOT / "docs" / "passes").glob("*.md")} - {"README.md"}


def test_changes_are_found(tmp_path, monkeypatch):
    """An edited declaration, a page without reasoning, a page without a pass: each is reported."""
    tool = load_tool()
    declared = tool.Declared("a-pass", "include/Passes.td", "_Does a thing_\n\nAt length.")
    reason = " ".join(["because"] * 40)
    monkeypatch.setattr(tool, "PAGES", tmp_path)
    (tmp_path / "README.md").write_text(tool.index_text([declared]))
    assert "missing" in tool.problems([declared])[0]
    page = tmp_path / "a-pass.md"
    page.write_text(tool.page_text(declared, ""))
    assert "no reasoning" in tool.problems([declared])[0]
    page.write_text(tool.page_text(declared, page.read_text() + reason))
    assert tool.problems([declared]) == []
    assert reason in page.read_text()
    page.write_text(page.read_text().replace("At length", "In short"))
    assert "differs" in tool.problems([declared])[0]
    page.write_text(tool.page_text(declared, page.read_text()))
    assert tool.problems([declared]) == [] and reason in page.read_text()
    (tmp_path / "gone.md").write_text("")
    assert tool.problems([declared]) == ["docs/passes/gone.md: no such pass"]


def test_what_mlir_tblgen_says_is_shown(tmp_path):
    command = [sys.executable, str(TOOL), "--check", "--llvm-include", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode and "error: could not find include file 'mlir/Pass/PassBase.td'" in done.stderr
