"""Runs the tests of `interpreted_kernels.py`. Triton decides at import whether kernels are interpreted, so they run in
a process of their own; each test function there is a test here."""

import ast
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

KERNELS = Path(__file__).with_name("interpreted_kernels.py")
TESTS = [
    node.name
    for node in ast.parse(KERNELS.read_text()).body
    if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """For each test function, the outcomes of its cases as a list of (case, None or what went wrong)."""
    report = tmp_path_factory.mktemp("interpreter") / "report.xml"
    command = [sys.executable, "-m", "pytest", str(KERNELS), "-q", f"--junitxml={report}", "-p", "no:cacheprovider"]
    environment = os.environ | {"TRITON_INTERPRET": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTEST_XDIST_WORKER", None)
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    assert report.exists(), run.stdout + run.stderr
    outcomes = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = case.get("name")
        problem = next((item for item in case if item.tag in ("failure", "error", "skipped")), None)
        text = None if problem is None else f"{problem.get('message')}\n{problem.text}"
        outcomes.setdefault(name.partition("[")[0], []).append((name, text))
    return outcomes


@pytest.mark.parametrize("name", TESTS)
def test_interpreted(name, outcomes):
    assert outcomes.get(name), f"{name} did not run"
    problems = [f"{case}: {problem}" for case, problem in outcomes[name] if problem is not None]
    assert not problems, "\n".join(problems)
