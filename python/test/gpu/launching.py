"""What the checks of kernels with partitions have in common: one line a check, launches that must agree, timing.

With TRITON_INTERPRET=1 they run in the interpreter, on the CPU, once.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable

import torch

INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
DEVICE = "cpu" if INTERPRETED else "cuda"

# error, limit, the launch, floating-point operations of a launch
Run = tuple[float, float, Callable[..., torch.Tensor], float]


def relative_error(actual: torch.Tensor, expected: torch.Tensor) -> float:
    """Relative Frobenius error; infinite where an element is not finite."""
    if not bool(torch.isfinite(actual).all()):
        return float("inf")
    return float((actual.double() - expected).norm() / expected.norm().clamp_min(1e-30))


def launches_agree(launch: Callable[..., torch.Tensor], launches: int) -> bool:
    """Whether so many launches behind a first one write the same bits, none of them NaN.

    What a launch returned is filled with NaN: an element that the next one does not write shows.
    """
    result = launch()
    first = result.clone()
    for _ in range(launches):
        result.fill_(float("nan"))
        result = launch()
        if not torch.equal(result, first):
            return False
    return True


def main(
    description: str, checks: Iterable[tuple[str, Callable[[], Run]]], rate: Callable[[Callable, float], str]
) -> int:
    """Runs the checks, each a name and what runs it; 1 if one failed or if there was none, else 0.

    `rate(launch, flops)` times a launch and says its figures, "" if it is too short for that.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--no-timing", action="store_true", help="numbers only")
    parser.add_argument(
        "--launches", type=int, default=20, help="further launches of each kernel, whose results must agree bit by bit"
    )
    parser.add_argument("--only", nargs="*", default=[""], help="parts of the names of the checks to run")
    arguments = parser.parse_args()
    if not INTERPRETED:
        print(torch.cuda.get_device_name(0), flush=True)
    failed = done = 0
    for name, run in checks:
        if not any(part in name for part in arguments.only):
            continue
        done += 1
        torch.manual_seed(len(name))
        error, limit, launch, flops = run()
        line = f"{name:50s} error {error:.1e}"
        if not INTERPRETED:
            if not launches_agree(launch, arguments.launches):
                line, error = line + "  launches differ", float("inf")
            if not arguments.no_timing:
                line += rate(launch, flops)
        bad = not error <= limit
        failed += bad
        print(line + ("  FAILED" if bad else ""), flush=True)
    if not done:
        print(f"nothing was checked: no check's name has a part of {arguments.only}")
    return 1 if failed or not done else 0
