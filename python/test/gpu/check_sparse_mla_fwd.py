"""Check the sparse-MLA forward on a GPU: many shapes, fresh random data, float64 reference, outputs poisoned.

    python python/test/gpu/check_sparse_mla_fwd.py [--provider tle triton] [--json FILE] [--seed N]
    compute-sanitizer --tool memcheck python python/test/gpu/check_sparse_mla_fwd.py --sanitize

Also flash_mla_sparse_fwd under torch.compile(fullgraph=True), and in a CUDA graph that is replayed on other data; a
call that waits for the device cannot be captured. Prints a table; exits with 1 if a check failed. --sanitize runs a few
tiny shapes only.
"""

from __future__ import annotations

import dataclasses
import functools
import sys

import checking
import torch
from triton_tle.bench.harness import format_table
from triton_tle.bench.providers.sparse_mla_fwd_triton import sparse_mla_fwd_triton_untuned
from triton_tle.bench.sparse_mla_fwd_check import MAX_OUT_ERROR, MAX_STATISTIC_ERROR, CheckCase, check, make_inputs
from triton_tle.ops import flash_mla_sparse_fwd
from triton_tle.ops.sparse_mla_fwd import sparse_mla_fwd
from triton_tle.ops.sparse_mla_fwd_few_heads_pairs import sparse_mla_fwd_few_heads_pairs

PROVIDERS = {
    "tle": sparse_mla_fwd,
    "tle_tile": functools.partial(sparse_mla_fwd, kernel="tile"),
    # Few programs: both warp groups have work where query tokens are few, too
    "tle_pairs": functools.partial(sparse_mla_fwd_few_heads_pairs, programs=3),
    "tle_divided": functools.partial(sparse_mla_fwd, kernel="divided"),
    "tle_divided_turns": functools.partial(sparse_mla_fwd, kernel="divided", programs=3),
    "triton": sparse_mla_fwd_triton_untuned,
}


def all_cases() -> list[CheckCase]:
    """Sizes around every boundary, every feature, and offsets beyond 32 bits."""
    base = CheckCase(s_q=67, h_q=64, d_qk=576, topk=256, s_kv=1000)
    own: list[dict] = [
        {"causal_start": 500, "length": True, "sink": True, "h_q": 24, "topk": 333},
        {"own_out": True},
        {"strided": "out"},
    ]
    large = [
        CheckCase(s_q=4096, h_q=128, d_qk=576, topk=2048, s_kv=32768),
        CheckCase(s_q=512, h_q=128, d_qk=512, topk=1024, s_kv=65536),
        CheckCase(s_q=300, h_q=64, d_qk=512, topk=512, s_kv=8192, sink=True, length=True),
        CheckCase(s_q=70000, h_q=8, d_qk=576, topk=64, s_kv=5000),
        CheckCase(s_q=70000, h_q=64, d_qk=576, topk=20, s_kv=900, invalid=0.3),  # q and out past 2**31 elements
        CheckCase(s_q=200, h_q=64, d_qk=576, topk=300, s_kv=4_000_000),  # kv past 2**31 elements
    ]
    # Last rounds of items that are divided by keys, alone and behind whole ones
    features: dict = {"sink": True, "length": True}
    forms: list[tuple[int, dict]] = [
        (576, features), (512, {}), (576, {"empty_rows": True}), (512, features | {"causal_start": 9})
    ]  # fmt: skip
    divided: list[dict] = [
        {"s_q": s_q, "h_q": h_q, "d_qk": d_qk, "topk": 1000, **more}
        for s_q, h_q in ((1, 64), (3, 128), (16, 72), (133, 64), (200, 128), (1, 8), (7, 16), (150, 32))
        for d_qk, more in forms
    ]
    # More query tokens than multiprocessors: the kernel of two warp groups, also with groups of unequal work
    pairs: list[dict] = [
        {"s_q": s_q, "h_q": h_q, "d_qk": d_qk, "topk": 333, **more}
        for s_q, h_q in ((133, 8), (200, 16), (264, 24), (150, 32), (500, 8), (700, 32))
        for d_qk, more in forms + [(576, {"invalid": 0.9})]
    ]
    changes = checking.shared_changes() + own + divided + pairs
    return [dataclasses.replace(base, **each) for each in changes] + large


def sanitizer_cases() -> list[CheckCase]:
    """Tiny shapes that reach every branch of the kernel."""
    base = CheckCase(s_q=2, h_q=64, d_qk=576, topk=130, s_kv=70, empty_rows=False)
    changes: list[dict] = [
        {},
        {"d_qk": 512, "topk": 64},
        {"h_q": 8, "topk": 100},
        {"h_q": 32},
        {"s_q": 7, "h_q": 16, "d_qk": 512, "topk": 200, "sink": True, "length": True},
        {"topk": 1000, "sink": True},  # divided by keys, and merged
        {"h_q": 72, "sink": True, "length": True, "causal_start": 30},
        {"strided": "unaligned"},
    ]
    return [dataclasses.replace(base, **change) for change in changes]


OPERATOR_CASE = CheckCase(s_q=67, h_q=64, d_qk=576, topk=256, s_kv=1000, sink=True, length=True)


def check_compiled(own_out: bool, seed: int) -> str:
    """The compiled operator gives the bits that the call gives; "" or what is wrong."""
    arguments = make_inputs(dataclasses.replace(OPERATOR_CASE, own_out=own_out), seed, "cuda")
    compiled = torch.compile(lambda **named: flash_mla_sparse_fwd(**named), fullgraph=True)
    expected = [result.clone() for result in flash_mla_sparse_fwd(**arguments)]
    if not own_out:
        arguments["out"].fill_(float("nan"))
    same = all(torch.equal(left, right) for left, right in zip(compiled(**arguments), expected))
    return "" if same else "the compiled call differs"


def check_graph(seed: int) -> str:
    """The operator captured in a CUDA graph, replayed on other data; "" or what is wrong."""
    inputs, others = (make_inputs(dataclasses.replace(OPERATOR_CASE, own_out=True), seed + n, "cuda") for n in (0, 1))
    return checking.check_replay(lambda named, _: list(flash_mla_sparse_fwd(**named)), (inputs, ()), (others, ()))


OPERATOR_CHECKS = {
    "operator, torch.compile": functools.partial(check_compiled, True),
    "operator, torch.compile, out given": functools.partial(check_compiled, False),
    "operator, CUDA graph": check_graph,
}


def main() -> int:
    parser = checking.parser(__doc__)
    parser.add_argument("--provider", nargs="+", choices=PROVIDERS, default=["tle", "tle_tile", "tle_pairs"])
    parser.add_argument("--only", default="", help="cases whose label contains this")
    args = checking.parse(parser)
    cases = [case for case in (sanitizer_cases() if args.sanitize else all_cases()) if args.only in case.label]
    rows, records = [], []
    for provider in args.provider:
        for number, case in enumerate(cases):
            if provider == "tle_pairs" and case.strided == "unaligned":
                continue  # it refuses these
            result, problem = checking.guarded(
                functools.partial(check, PROVIDERS[provider], case, args.seed + number, "cuda")
            )
            problem = problem or ("" if result.passed else "WRONG")
            checking.progress(f"{provider}: {case.label}", problem)
            values = [f"{value:.1e}" for value in dataclasses.astuple(result)] if result else ["-"] * 3
            record = dataclasses.asdict(result) if result else {}
            rows.append([case.label, provider, *values, problem or "ok"])
            records.append({"provider": provider, **dataclasses.asdict(case), **record, "problem": problem})
            if problem:
                print(f"{provider}: {case.label}: {problem}", flush=True)
            if checking.is_lost(problem):
                break
    for label, function in OPERATOR_CHECKS.items():
        if args.only in label and "tle" in args.provider and not args.sanitize:
            found, problem = checking.guarded(functools.partial(function, args.seed))
            problem = problem or found
            rows.append([label, "operator", "-", "-", "-", problem or "ok"])
            records.append({"provider": "operator", "label": label, "problem": problem})
            if problem:
                print(f"{label}: {problem}", flush=True)
    print(format_table(["case", "provider", "out", "max_logits", "lse", ""], rows))
    limits = f"out < {MAX_OUT_ERROR}, max_logits and lse < {MAX_STATISTIC_ERROR}"
    return checking.finish(args, records, limits)


if __name__ == "__main__":
    sys.exit(main())
