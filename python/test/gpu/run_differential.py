#!/usr/bin/env python3
"""Random tile programs on a GPU: stock Triton, TLE's form, and the plain form through TLE's pipeline.

    python3 python/test/gpu/run_differential.py --count 500 --seed 0 --jobs 16

Each program's outputs are compared with its evaluation in float64: equal where the program is exact, else within the
bound of its rounding errors. What goes wrong is printed with the seed; the sources stay in --out. `--seeds 17 23` runs
those only, `--shrink` makes a failing program smaller. Status 1 when a program failed. Each program counts once:

- passed: all results are right.
- failed: a result of TLE is wrong, an exception comes from TLE alone, or the process died. Where stock's result is
  wrong as well, the lines say so; the program is a failure all the same.
- stock wrong: stock's result is wrong, and all of TLE's are right. Printed in full and listed at the end.
- left out: stock does not compile it, or a kernel needs more than the GPU has; reasons are counted at the end. When
  that are more than one in ten, something else is wrong, and the status is 1.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "differential"))

from programs import pool  # noqa: E402

WAYS = ["stock", "tle", "plain through tle"]
OUTCOMES = ("passed", "failed", "stock wrong", "left out")
# What stock says of a program that needs more than the GPU has.
LIMITS = ("OutOfResources", "out of resource")


def verdict(answer: dict[str, list[str]]) -> tuple[str, list[str]]:
    """One of OUTCOMES, and what to print, for the answer of one program: what is wrong, by way."""
    lines = [f"{way}: {problem}" for way, problems in answer.items() for problem in problems]
    if not lines:
        return "passed", []
    stock = answer.get("stock", [])
    if stock and not all(is_wrong_result(problem) for problem in stock):
        return "left out", lines
    ours = [problem for way, problems in answer.items() if way != "stock" for problem in problems]
    if not ours:
        return "stock wrong", lines
    only_limits = not stock and all(any(text in problem for text in LIMITS) for problem in ours)
    return ("left out" if only_limits else "failed"), lines


def is_wrong_result(problem: str) -> bool:
    """Whether a problem is a comparison's, or its cause in the machine code, and no exception's."""
    return "elements wrong" in problem or problem.startswith("ptxas reads")


def shortened(line: str) -> str:
    """A line of a report; of a traceback its end."""
    if "Traceback" in line:
        return f"{line.partition(':')[0]}: … {line[-500:]}"
    return line[:600]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=500, help="number of programs (500)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first one; the others follow it (0)")
    parser.add_argument("--seeds", type=int, nargs="+", help="these programs, instead of --count and --seed")
    parser.add_argument("--jobs", type=int, default=16, help="processes (16)")
    parser.add_argument("--limit", type=float, default=120, help="seconds for one program (120)")
    parser.add_argument("--out", type=Path, help="folder for sources and logs (a new one in the temporary folder)")
    parser.add_argument("--shrink", action="store_true", help="remove statements from failing programs")
    parser.add_argument("--interpret", action="store_true", help="in Triton's interpreter, without a GPU")
    arguments = parser.parse_args()

    if not arguments.seeds and arguments.count < 1:
        parser.error(f"--count: got {arguments.count}, expected 1 or more")
    if not arguments.interpret and not torch.cuda.is_available():
        print("needs an NVIDIA GPU; --interpret does without", file=sys.stderr)
        return 1
    folder = arguments.out or Path(tempfile.mkdtemp(prefix="differential_"))
    folder.mkdir(parents=True, exist_ok=True)
    seeds = arguments.seeds or range(arguments.seed, arguments.seed + arguments.count)
    ways = WAYS[:2] if arguments.interpret else WAYS
    requests = [{"seed": seed, "ways": ways, "shrink": arguments.shrink} for seed in seeds]
    mode = "interpret" if arguments.interpret else "gpu"

    start, outcomes = time.monotonic(), dict.fromkeys(OUTCOMES, 0)
    failures: dict[str, dict[int, dict]] = {"failed": {}, "stock wrong": {}}
    reasons: dict[str, int] = {}
    for done, (request, answer) in enumerate(
        pool.answers(mode, requests, folder, arguments.jobs, arguments.limit), start=1
    ):
        outcome, lines = verdict(answer)
        outcomes[outcome] += 1
        if outcome in ("failed", "stock wrong"):
            failures[outcome][request["seed"]] = answer
            print(f"{outcome.upper()} seed {request['seed']}: {folder}/program_{request['seed']}.py", flush=True)
            for line in lines:
                print(f"    {shortened(line)}", flush=True)
        elif outcome == "left out":
            reason = lines[0][:100].replace("\n", " ")
            reasons[reason] = reasons.get(reason, 0) + 1
        if done % 25 == 0 or done == len(requests):
            seconds = time.monotonic() - start
            print(f"[{done}/{len(requests)}] {outcomes} in {seconds:.0f} s", flush=True)
    for reason, count in sorted(reasons.items(), key=lambda item: -item[1]):
        print(f"left out {count} times: {reason}")
    (folder / "failures.json").write_text(json.dumps(failures, indent=1))
    for outcome, answers in failures.items():
        print(f"{outcome}: {', '.join(map(str, sorted(answers))) or 'none'}")
    print(f"sources and failures.json in {folder}")
    print(f"{len(requests)} programs: " + ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items()))
    return 1 if outcomes["failed"] or outcomes["left out"] > len(requests) / 10 else 0


if __name__ == "__main__":
    sys.exit(main())
