"""What `tools/fuzz.py` makes of a fuzzer's run; the fuzzer is a script."""

import re
import runpy
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[3] / "tools" / "fuzz.py"
FUZZER = """#!/bin/bash
for argument; do
  case $argument in -artifact_prefix=*) findings=${argument#*=};; esac
done
if [ -z "$findings" ]; then  # one input, alone
  case $argument in *again) echo "SUMMARY: it crashes" >&2; exit 77;; *killed) kill -9 $$;; esac
  exit 0
fi
%s
"""
STATISTICS = 'echo "9 8 7 6" >"$TLE_FUZZ_STATISTICS"; echo "1 1 1 1" >>"$TLE_FUZZ_STATISTICS"\n'


@pytest.mark.parametrize("run, seconds, status, says", [
    (STATISTICS + "sleep 1.2", 1, 0, r"10 inputs: 9 parsed, 8 reached a pass, 7 passed it\n.*0 findings"),
    (STATISTICS, 60, 1, r"FOUND: the fuzzer itself ended after \d+ of 60 s\n.*1 findings"),
    ("sleep 1.2", 1, 1, "0 findings"),  # it has not run any input
    (': >"$TLE_FUZZ_STATISTICS"; sleep 1.2', 1, 1, r"0 inputs: .*\n.*FOUND: no input has passed a pass"),
    ('echo "9 8 7 0" >"$TLE_FUZZ_STATISTICS"; sleep 1.2', 1, 1, "FOUND: no input has passed a pass.*\n.*1 findings"),
    (STATISTICS + "sleep 1.2; touch ${findings}crash-again ${findings}crash-1-again", 1, 1,
     r"FOUND: it crashes \n    2 inputs, smallest .*\n.*1 findings"),
    (STATISTICS + "sleep 1.2; touch ${findings}crash-1", 1, 1, "FOUND: crashed, and not again alone\n.*\n.*1 findings"),
    (STATISTICS + "sleep 1.2; touch ${findings}timeout-killed", 1, 1,
     r"FOUND: ended with status -9\n.*\n.*1 findings"),
    (STATISTICS + "sleep 1.2; touch ${findings}slow-unit-1", 1, 0, "0 findings"),
])  # fmt: skip
def test_verdict(run, seconds, status, says, tmp_path, monkeypatch, capsys):
    binary = tmp_path / "bin" / "tle-fuzz"
    binary.parent.mkdir()
    binary.write_text(FUZZER % run)
    binary.chmod(0o755)
    options = ["--binary", str(binary), "--seconds", str(seconds), "--jobs", "1", "--programs", "0"]
    monkeypatch.setattr(sys, "argv", [str(TOOL), *options])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(TOOL), run_name="__main__")
    said = capsys.readouterr().out
    assert ended.value.code == status and re.search(says, said), said
    assert len(list((tmp_path / "fuzz" / "seeds").iterdir())) > 100
