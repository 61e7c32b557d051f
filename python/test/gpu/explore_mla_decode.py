"""Time variants of the FP8 decode kernel on a GPU: tile configurations, then numbers of splits.

    python python/test/gpu/explore_mla_decode.py [--only NAME ...] [--splits] [--bf16] [--json FILE]

Each variant is compiled and checked against the float64 reference in a process of its own, then all are timed in
shuffled rounds. FlashMLA runs along where it imports.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import pathlib
import sys

import torch
from triton_tle.bench.graphs import time_captured
from triton_tle.bench.harness import format_table
from triton_tle.bench.mla_decode import SIZES, Case, make_inputs, prepare_form, prepare_operator
from triton_tle.bench.mla_decode_check import DecodeCase, compare
from triton_tle.bench.mla_decode_check import make_inputs as make_small_inputs
from triton_tle.bench.parallel import process_pool
from triton_tle.bench.providers import ProviderUnavailable, require_flash_mla
from triton_tle.ops import mla_decode_bf16, mla_decode_fp8, mla_decode_fp8_pipes
from triton_tle.ops.mla_metadata import DecodeShape, choose_splits


def right(fp8: bool, config: dict[str, int]) -> str:
    """What is wrong with a configuration, nothing if it calculates what it should."""
    for splits in (1, 3):
        # topk as divisible by 16 as that of the timed cases: the same compilation
        small = DecodeCase(b=2, s_q=2, h_q=128, topk=704, blocks=32, fp8=fp8, empty_rows=True)
        arguments = make_small_inputs(small, 1, "cuda")
        result = compare(arguments, *prepare_form(arguments, fp8, splits, config)())
        if not result.passed:
            return f"wrong with {splits} splits: {result}"
    return ""


def problem_of(fp8: bool, config: dict[str, int]) -> str:
    """`right` in a process of its own; an exception is a problem too."""
    try:
        return right(fp8, config)
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:500]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="variants by name")
    parser.add_argument("--splits", action="store_true", help="numbers of splits around the plan's, first variant")
    parser.add_argument("--bf16", action="store_true", help="the bfloat16 cache")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    args = parser.parse_args()
    if not torch.cuda.is_available():
        print("needs an NVIDIA GPU", file=sys.stderr)
        return 1
    fp8 = not args.bf16
    known = mla_decode_fp8.EXPLORED | mla_decode_fp8_pipes.EXPLORED if fp8 else mla_decode_bf16.EXPLORED
    chosen = {name: config for name, config in known.items() if not args.only or name in args.only}
    if not chosen:
        parser.error(f"--only names no variant; there are {', '.join(known)}")
    usable = {}
    with process_pool(len(chosen)) as pool:
        futures = {name: pool.submit(problem_of, fp8, config) for name, config in chosen.items()}
        failed = {name: future.result() for name, future in futures.items()}
    for name, problem in failed.items():
        if problem:
            print(f"{name}: {problem}", flush=True)
        else:
            usable[name] = chosen[name]
    records = []
    for b, s_q in SIZES:
        case = Case(b, s_q, fp8)
        arguments = make_inputs(case, seed=2)
        shape = DecodeShape(b, s_q, case.h_q, case.topk, 0, fp8, arguments["q"].device)
        planned = choose_splits(shape)
        calls = {}
        if args.splits and usable:
            name, config = next(iter(usable.items()))
            around = {1, 2, 4, 8, 16, 32, planned, planned - 1, planned + 1, 2 * planned}
            for splits in sorted(value for value in around if 1 <= value <= 64 and value <= 16 * planned):
                calls[f"{name}, {splits} splits"] = prepare_form(arguments, fp8, splits, config)
        else:
            calls = {name: prepare_form(arguments, fp8, planned, config) for name, config in usable.items()}
        if fp8:
            with contextlib.suppress(ProviderUnavailable):
                calls["flash_mla"] = prepare_operator(require_flash_mla(), arguments, fp8, 0)
        first = None
        for name, call in calls.items():  # at full size: many work items for each program
            out, lse = (result.float() for result in call()[:2])
            first = first or (out.clone(), lse.clone())
            off = max(float((out - first[0]).abs().max()), float((lse - first[1]).abs().max()))
            if not off < 5e-3:
                failed[name] = f"{case.label}: {off} off {next(iter(calls))}"
                print(f"{name}: {failed[name]}", flush=True)
        timings = time_captured(calls, args.rounds)
        rows = []
        for name, timing in sorted(timings.items(), key=lambda item: item[1].median):
            ratio = timings["flash_mla"].ratio_to(timing) if "flash_mla" in timings else None
            rows.append([name, f"{1e3 * timing.median:.1f}", f"{timing.spread:.1%}", f"{ratio:.3f}" if ratio else "-"])
            records.append({"case": case.label, "planned": planned, "name": name, "ms": timing.median, "ratio": ratio})
        print("\n" + format_table([f"{case.label}, plan {planned} splits", "us", "spread", "/ flash_mla"], rows))
        del arguments, calls
        torch.cuda.empty_cache()
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps({"failed": failed, "timings": records}, indent=1) + "\n")
    return 1 if any(failed.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
