"""Runs the tests of a file in a process with an environment of its own."""

import ast
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def test_names(*files):
    """(file, test function) for the tests of `files`, which are beside this one."""
    return [
        (file, node.name)
        for file in files
        for node in ast.parse(Path(__file__).with_name(file).read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]


test_names.__test__ = False


def outcomes(folder, files, **environment):
    """Runs the tests of `files` with `environment` added.

    Args:
        folder: where reports are written.

    Returns:
        For each (file, test function), its cases as a list of (case, None or what went wrong).
    """
    found = {}
    for file in files:
        report = folder / f"{file}.xml"
        path = Path(__file__).with_name(file)
        command = [sys.executable, "-m", "pytest", str(path), "-q", f"--junitxml={report}", "-p", "no:cacheprovider"]
        environment = os.environ | environment | {"PYTHONDONTWRITEBYTECODE": "1"}
        run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
        assert report.exists(), run.stdout + run.stderr
        for case in ElementTree.parse(report).iter("testcase"):
            problem = next((item for item in case if item.tag in ("failure", "error", "skipped")), None)
            text = None if problem is None else f"{problem.get('message')}\n{problem.text}"
            found.setdefault((file, case.get("name").partition("[")[0]), []).append((case.get("name"), text))
    return found


def check(found, test):
    """Asserts that all cases of `test` ran and passed."""
    assert found.get(test), f"{test} did not run"
    problems = [f"{case}: {problem}" for case, problem in found[test] if problem is not None]
    assert not problems, "\n".join(problems)
