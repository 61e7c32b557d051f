"""Check and time configurations of the sparse-MLA backward on a GPU, all in the same rounds.

    python python/test/gpu/explore_sparse_mla_bwd.py [--only TEXT] [--rounds N] [--json FILE]

Every configuration is checked against float64 on a few tokens first. Prints, per number of heads, time of the whole
call, TFLOP/s, registers and spills of the main kernel, then the time of each kernel of the default configuration.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import pathlib
import sys
import traceback

import torch
from triton_tle.bench.harness import environment, format_table, time_in_rounds
from triton_tle.bench.parallel import in_processes
from triton_tle.bench.sparse_mla_bwd import Case, make_inputs
from triton_tle.bench.sparse_mla_bwd_check import CheckCase, CheckResult, check
from triton_tle.ops.sparse_mla_bwd import launch_config, launch_sparse_mla_bwd, loop_config, sparse_mla_bwd_kernel
from triton_tle.ops.sparse_mla_bwd_args import check_sparse_mla_bwd


def configurations() -> dict[str, tuple[bool, dict[str, int | bool]]]:
    """Label -> (deterministic, configuration)."""
    found = {}
    for hold, width in itertools.product((True, False), (64, 128)):
        label = f"{'hold' if hold else 'join'}, {width}"
        found[label] = (False, launch_config() | {"HOLD": hold, "WIDTH": width})
    found["gather not ahead, hold, 64"] = (False, launch_config() | {"AHEAD": False})
    found["plain gather, hold, 64"] = (False, loop_config())
    for heads, keys in ((32, 32), (64, 16), (64, 32)):
        tile = loop_config() | {"BLOCK_H": heads, "BLOCK_K": keys}
        found[f"plain gather, {heads} x {keys}"] = (False, tile)
        found[f"plain gather, {heads} x {keys}, left whole"] = (False, tile | {"DIVIDE": False})
    for width in (64, 128):
        found[f"deterministic, join, {width}"] = (True, launch_config(True) | {"WIDTH": width})
    return found


def call(in_fixed_point: bool, config: dict, *positional: object, **named: object) -> tuple:
    args = check_sparse_mla_bwd(*positional, **{"deterministic": in_fixed_point} | named)
    return launch_sparse_mla_bwd(args, config)


def check_one(label: str, d_qk: int) -> CheckResult:
    """Errors of one configuration on a few tokens."""
    deterministic, config = configurations()[label]
    case = CheckCase(
        s_q=40, h_q=128, d_qk=d_qk, topk=320, s_kv=1000, sink=True, empty_rows=True, deterministic=deterministic
    )
    result = check(functools.partial(call, deterministic, config), case, 1, "cuda")
    torch.cuda.synchronize()
    return result


def resources() -> dict[str, tuple]:
    """Registers and spills of every main kernel compiled so far, by hash."""
    found = {}
    for caches in sparse_mla_bwd_kernel.device_caches.values():
        for kernel in caches[0].values():
            found[kernel.hash] = (getattr(kernel, "n_regs", "?"), getattr(kernel, "n_spills", "?"))
    return found


def per_kernel(run) -> list[tuple[str, float]]:
    """Microseconds a call that each kernel takes."""
    run()
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        for _ in range(3):
            run()
        torch.cuda.synchronize()
    events = sorted(profile.key_averages(), key=lambda event: -event.device_time_total)
    return [(event.key[:60], event.device_time_total / 3) for event in events if event.device_time_total > 0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="configurations whose label contains this")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--heads", type=int, nargs="+", default=[128, 64])
    parser.add_argument("--d-qk", type=int, choices=(512, 576), default=576)
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    args = parser.parse_args()
    if not torch.cuda.is_available():
        print("needs an NVIDIA GPU", file=sys.stderr)
        return 1
    print(", ".join(f"{key} {value}" for key, value in environment().items()), flush=True)
    chosen, errors, kernels = {}, {}, {}
    labels = [label for label in configurations() if args.only in label]
    if not labels:
        parser.error(f"--only names no configuration; there are {', '.join(configurations())}")
    in_processes(check_one, [(label, args.d_qk) for label in labels])  # compiles; what fails is shown below
    for label in labels:
        before = resources()
        try:
            result = check_one(label, args.d_qk)
        except Exception as problem:
            traceback.print_exc(limit=3)
            print(f"{label}: failed, {type(problem).__name__}", flush=True)
            if "CUDA" in str(problem):
                return 1  # the context is lost
            continue
        errors[label] = max(result.dq, result.dkv, result.dsink)
        kernels[label] = next((value for key, value in resources().items() if key not in before), ("?", "?"))
        verdict = "right" if result.passed else "WRONG"
        print(f"{label}: {verdict}, {result}, registers, spills {kernels[label]}", flush=True)
        if result.passed:
            chosen[label] = configurations()[label]
    records = []
    for heads in args.heads:
        case = Case(args.d_qk, heads, 2048)
        inputs = make_inputs(case, 2)
        runs = {label: functools.partial(call, *entry, *inputs) for label, entry in chosen.items()}
        rows = []
        timings = time_in_rounds(runs, args.rounds)
        for label, timing in sorted(timings.items(), key=lambda item: item[1].median):
            tflops = case.flops / timing.median / 1e9
            registers, spills = kernels[label]
            cells = [f"{timing.median:.3f}", f"{tflops:.0f}", f"{case.floor_ms / timing.median:.0%}"]
            rows.append([label, *cells, f"{timing.spread:.1%}", str(registers), str(spills), f"{errors[label]:.1e}"])
            records.append({"label": label, "h_q": heads, "ms": timing.median, "tflops": tflops})
        header = [case.label, "ms", "TFLOP/s", "floor", "spread", "registers", "spills", "error"]
        print("\n" + format_table(header, rows), flush=True)
        for label in list(timings)[:1] + [label for label in timings if label.startswith("deterministic")][:1]:
            print(f"\n{label}, microseconds a call:")
            for name, microseconds in per_kernel(runs[label]):
                print(f"  {microseconds:10.1f}  {name}")
        torch.cuda.empty_cache()
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps({"environment": environment(), "records": records}, indent=1) + "\n")
    return 0 if len(chosen) == len(labels) else 1


if __name__ == "__main__":
    sys.exit(main())
