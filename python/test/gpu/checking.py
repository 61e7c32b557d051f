"""What the checks on a GPU have in common: options, guarded calls, lost contexts, results in JSON."""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from triton_tle.bench.harness import environment


def parser(description: str, soak: bool = False) -> argparse.ArgumentParser:
    """Options of every check: --json, --seed, --sanitize, and --soak where random cases can follow."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--json", type=pathlib.Path, metavar="FILE")
    made.add_argument("--commit", help="to record, where git cannot tell")
    made.add_argument("--seed", type=int, default=None, help="of the random data (default: the clock)")
    made.add_argument("--sanitize", action="store_true", help="tiny shapes in this process, for compute-sanitizer")
    if soak:
        made.add_argument("--soak", type=float, default=0.0, metavar="SECONDS", help="go on with random cases")
    return made


def parse(made: argparse.ArgumentParser) -> argparse.Namespace:
    """The options, with a seed; ends with status 1 where there is no GPU."""
    arguments = made.parse_args()
    if not torch.cuda.is_available():
        print("needs an NVIDIA GPU", file=sys.stderr)
        raise SystemExit(1)
    if arguments.seed is None:
        arguments.seed = time.time_ns() % 2**31
    return arguments


def guarded(run: Callable[[], Any], patience: float = 60.0) -> tuple[Any, str]:
    """The value of `run()` behind what it launched, and ""; or None and the exception in words.

    Where the GPU has too little memory left, which checks beside this one may hold, `run` is called again until
    `patience` seconds have passed.
    """
    end = time.monotonic() + patience
    while True:
        value, problem = _attempt(run)
        short = "out of memory" in problem
        if is_lost(problem) and not short:
            return value, problem
        torch.cuda.empty_cache()  # behind the exception, whose frames hold tensors
        if not short or time.monotonic() > end:
            return value, problem
        time.sleep(2.0)


def _attempt(run: Callable[[], Any]) -> tuple[Any, str]:
    try:
        value = run()
        torch.cuda.synchronize()
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"[:400]
    return value, ""


def progress(label: str, problem: str) -> None:
    """Say on standard error how a check has ended, from whichever process it ran in."""
    print(f"{label}: {problem or 'ok'}", file=sys.stderr, flush=True)


def is_lost(problem: str) -> bool:
    """Whether every further call of this process would fail, too."""
    return "CUDA error" in problem or "Error [CUDA]" in problem


def check_replay(
    run: Callable[[dict, tuple], list[torch.Tensor]],
    inputs: tuple,
    others: tuple,
    same: Callable[[torch.Tensor, torch.Tensor], bool] = torch.equal,
) -> str:
    """Captures `run(*inputs)` in a CUDA graph and replays it on the data of `others`; "" or what is wrong.

    Both are (arguments by name, gradients) of the same shapes; those that are tensors are overwritten. `same` says
    whether a result of the replay is that of a call.
    """
    arguments, gradients = inputs
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        run(arguments, gradients)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        captured = run(arguments, gradients)
    with torch.no_grad():
        for name, value in others[0].items():
            if isinstance(value, torch.Tensor):
                arguments[name].copy_(value)
        for mine, theirs in zip(gradients, others[1]):
            mine.copy_(theirs)
    graph.replay()
    right = all(same(replayed, called) for replayed, called in zip(captured, run(*others)))
    return "" if right else "a replay gives other results than a call"


def shared_changes() -> list[dict[str, Any]]:
    """What a case of sparse MLA, forward or backward, differs in from one of 67 queries, 64 heads, d_qk 576, topk 256
    and 1000 keys: sizes around every boundary, features, strides."""
    heads = [{"h_q": h, "d_qk": d} for d in (576, 512) for h in (8, 16, 24, 32, 40, 64, 72, 96, 128)]
    lists = [{"topk": topk, "d_qk": d} for topk, d in ((0, 576), (1, 576), (1, 512), (63, 576), (64, 576), (65, 512))]
    lists += [{"topk": topk, "h_q": h} for topk, h in ((100, 128), (127, 8), (128, 64), (129, 32), (2048, 16))]
    queries = [{"s_q": s_q} for s_q in (0, 1, 2, 133)]
    keys = [{"s_kv": s_kv, "topk": topk} for s_kv, topk in ((1, 64), (1, 1), (2, 100), (63, 128), (65, 2048))]
    features: list[dict[str, Any]] = [
        {"invalid": 0.0},
        {"invalid": 0.97},
        {"invalid": 1.0},
        {"empty_rows": True, "h_q": 128},
        {"empty_rows": True, "sink": True},
        {"sink": True, "h_q": 16},
        {"sink": True, "d_qk": 512, "h_q": 128},
        {"length": True},
        {"length": True, "topk": 100, "h_q": 8},
        {"length": True, "sink": True, "empty_rows": True, "d_qk": 512},
        {"causal_start": 100},
        {"causal_start": -20, "sink": True},
        {"spread": 40.0},
        {"spread": 0.01, "h_q": 32},
    ]
    strides = [{"strided": name, "h_q": h} for name, h in (("q", 64), ("q", 8), ("kv", 64), ("indices", 32))]
    strides += [{"strided": "unaligned"}, {"strided": "unaligned", "h_q": 16, "topk": 100}]
    return heads + lists + queries + keys + features + strides


def finish(arguments: argparse.Namespace, records: list[dict[str, Any]], limits: str, **more: object) -> int:
    """Prints how many of `records` passed and writes them to --json; the exit status, 1 if one has a "problem" or if
    there is none.

    `limits` says what was allowed; `more` goes into the JSON.
    """
    failed = sum(bool(record["problem"]) for record in records)
    print(f"{len(records) - failed} of {len(records)} checks passed ({limits}), seed {arguments.seed}, "
          f"{torch.cuda.get_device_name()}")  # fmt: skip
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        document = {"environment": environment(arguments.commit), "seed": arguments.seed, **more, "checks": records}
        arguments.json.write_text(json.dumps(document, indent=1) + "\n")
    if not records:
        print("nothing was checked: no check has what the options name", file=sys.stderr)
    return 1 if failed or not records else 0
