"""A process that runs or compiles programs: seeds and answers are lines of JSON.

    python -m programs.worker {interpret|compile|gpu} FOLDER

A request is {"seed": ..., "ways": [...]} or, to compile, {"seed": ..., "targets": [[way, capability], ...]}; the answer
has for each of them a list of what is wrong. With "shrink", a wrong program is made smaller, its file overwritten;
"fault" is that of `execute.check`. Triton chooses the interpreter when it is imported, and a kernel that
crashes takes its process along: hence the processes.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import traceback
import warnings
from pathlib import Path


def fails_alike(run, result, program) -> bool:
    """Whether a program fails in the same ways as `result` says."""
    return [bool(problems) for problems in run(program).values()] == [bool(problems) for problems in result.values()]


def main() -> None:
    mode, folder = sys.argv[1], Path(sys.argv[2])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what ptxas or kernels print must not mix with the answers
    if mode == "interpret":
        os.environ["TRITON_INTERPRET"] = "1"
    warnings.simplefilter("ignore")
    import torch

    torch.set_num_threads(1)
    from . import execute, generate
    from .shrink import shrink

    for line in sys.stdin:
        request = json.loads(line)
        fatal = False
        try:
            program = generate.program(request["seed"])
            if mode == "compile":
                result = execute.compile_ways(program, folder, [tuple(target) for target in request["targets"]])
            else:
                device = "cuda" if mode == "gpu" else "cpu"
                fault = request.get("fault")
                run = functools.partial(execute.check, folder=folder, device=device, ways=request["ways"], fault=fault)
                result = run(program)
                if request.get("shrink") and any(result.values()):
                    shrink(program, functools.partial(fails_alike, run, result))
                    result = run(program)
        except Exception:
            result, fatal = {"program": [traceback.format_exc()[-3000:]]}, mode == "gpu"
        print(json.dumps(result), file=answers, flush=True)
        if fatal:  # the GPU's context may be lost
            return


if __name__ == "__main__":
    main()
