"""python/test/gpu/run_all.sh: its status and table, with a `python3` that only plays the steps."""

import os
import re
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "gpu" / "run_all.sh"
#: There is a GPU and pytest; the check of the forward fails, that of the bucketed form dies, the others pass.
PYTHON = """#!/bin/bash
case "$*" in
  -c*) exit 0;;
  *check_sparse_mla_fwd.py*) echo "1 of 2 checks passed"; exit 1;;
  *check_sparse_mla_bucketed.py*) kill -9 $$;;
  *) echo "$*"; exit 0;;
esac
"""


@pytest.fixture
def run(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").write_text(PYTHON)
    (tmp_path / "bin" / "python3").chmod(0o755)

    def call(**variables):
        path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
        kept = {name: value for name, value in os.environ.items() if name not in ("PARTS", "ONLY", "SKIP")}
        done = subprocess.run(
            ["bash", str(SCRIPT), str(tmp_path / "out")], capture_output=True, text=True, timeout=60,
            env=kept | {"PATH": path, "COMPUTE_SANITIZER": "", **variables},
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    return call


def test_steps_that_pass(run, tmp_path):
    status, said = run(ONLY="bench_gemm check_decode")
    assert status == 0 and "failed: none" in said
    assert "triton_tle.bench gemm" in (tmp_path / "out" / "bench_gemm.log").read_text()
    assert {path.name for path in (tmp_path / "out").glob("*.log")} == {"bench_gemm.log", "check_decode.log"}


@pytest.mark.parametrize("name, why", [("check_fwd", "status 1: 1 of 2"), ("check_bucketed", "status 137")])
def test_a_step_that_fails(run, name, why):
    status, said = run(ONLY=f"check_decode {name}")
    assert status == 1 and f"failed: {name}\n" in said and why in said


@pytest.mark.parametrize(
    "variables, why",
    [
        ({"PARTS": "check"}, "PARTS: no part 'check'; there are checks, benches"),
        ({"ONLY": "bench_gem"}, "no step bench_gem; there are check_fwd"),
        ({"ONLY": "bench_gemm bench_gem"}, "no step bench_gem; there are check_fwd"),
        ({"ONLY": "bench_gemm", "SKIP": "chek_fwd"}, "no step chek_fwd; there are check_fwd"),
        ({"PARTS": "tutorials", "ONLY": "bench_gemm"}, "no step has run"),
        ({"ONLY": "bench_gemm", "SKIP": "bench_gemm"}, "no step has run"),
    ],
)
def test_nothing_that_was_asked_for_is_dropped_in_silence(run, variables, why):
    status, said = run(**variables)
    assert status == 1 and why in said and "failed: none" not in said


def test_the_decode_check_ends_by_itself(run, tmp_path):
    """What a limit ends says nothing of the checks before."""
    status, said = run(ONLY="check_decode")
    limit = re.search(r"== check_decode \(at most (\d+) s\)", said)
    own = re.search(r"--seconds (\d+) ", (tmp_path / "out" / "check_decode.log").read_text())
    assert status == 0 and int(own[1]) + 15 < int(limit[1])
