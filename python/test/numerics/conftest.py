"""The fixture `interpreted` runs a function of interpreter_worker.py in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import triton_tle

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def interpreted():
    """Callable(function, **arguments) -> the function's value; an exception there fails the test here."""
    path = os.pathsep.join([str(Path(triton_tle.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    worker = subprocess.Popen(
        [sys.executable, "-W", "ignore", str(HERE / "interpreter_worker.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
    )

    def call(function, **arguments):
        print(json.dumps({"function": function, "arguments": arguments}), file=worker.stdin, flush=True)
        line = worker.stdout.readline()
        assert line, f"the interpreter process ended with status {worker.wait()}"
        answer = json.loads(line)
        if "error" in answer:
            pytest.fail(answer["error"])
        return answer["value"]

    yield call
    worker.stdin.close()
    worker.wait(timeout=60)
