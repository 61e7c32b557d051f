"""``explain --profile`` on a GPU: what the kernel computes stays right, and every partition has its scopes."""

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import torch

PYTHON = Path(__file__).resolve().parents[2]
KERNELS = PYTHON / "test" / "unit" / "explain" / "explain_kernels.py"

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


def explain(*arguments):
    """The command in a process of its own: a kernel that was compiled before has no scopes."""
    path = os.pathsep.join([str(PYTHON), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "triton_tle", "explain", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, env={**os.environ, "PYTHONPATH": path})


def test_timeline_of_two_partitions(tmp_path):
    done = explain(KERNELS, "--variant", "three slots", "--profile", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Warning (cta" not in done.stderr
    events = json.loads((tmp_path / "timeline.json").read_text())["traceEvents"]
    assert {event["tid"] for event in events} == {"0 multiply (warp 0)", "1 load_tiles (warp 4)"}
    rows = dict(re.findall(r"^    ([\w ]+?) +(\d+) +\d+ +[\d.]+ %$", done.stdout, re.MULTILINE))
    # 4096 columns in tiles of 64.
    assert rows == {name: "64" for name in ("wait tiles", "products", "finish products", "copies", "acquire tiles")}
    for lane in ("0 multiply (warp 0)", "1 load_tiles (warp 4)"):
        own = sorted((event["ts"], event["ts"] + event["dur"]) for event in events if event["tid"] == lane)
        assert all(end <= start + 1e-3 for (_, end), (start, _) in zip(own, own[1:])), lane
    assert ET.parse(tmp_path / "timeline.svg").getroot().tag.endswith("svg")


def test_timeline_of_the_forward(tmp_path):
    done = explain("sparse_mla_fwd_pipes", "--variant", "d_qk 576", "--profile", tmp_path)
    assert done.returncode == 0, done.stderr
    shares = done.stdout.partition("Timeline of one CTA")[2]
    lanes = re.findall(r"^  (\d \w+), warp \d+: \d+ cycles$", shares, re.MULTILINE)
    assert lanes == ["0 add", "1 add", "2 score", "3 load"]
    # Shares of a partition's scopes and of the rest are its whole time, and no scope overlaps another.
    for part in re.split(r"^  \d \w+, warp", shares, flags=re.MULTILINE)[1:]:
        assert sum(map(float, re.findall(r"([\d.]+) %$", part, re.MULTILINE))) == pytest.approx(100, abs=1)
        assert float(re.findall(r"(\S+) %$", part, re.MULTILINE)[-1]) > 0
