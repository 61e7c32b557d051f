"""The thirteen sizes at which FlashMLA's authors measure the sparse-MLA forward, attn_sink given.

Three figures: back-to-back launches in shuffled rounds, as in the other benchmarks; single launches with the L2 cache
overwritten before each ("alone"), as FlashMLA's own tests time them; and short turns, in which all run at one clock.
"""

from __future__ import annotations

import functools
import random
import statistics
from collections.abc import Callable

import torch

from . import figures, harness
from .graphs import product_tflops
from .harness import time_in_rounds
from .sparse_mla_fwd import LOADERS, Case, Provider, check_provider, make_inputs
from .sparse_mla_fwd_check import D_V

PEER = "flash_mla"
PROVIDERS = ("tle", "tle_divided", PEER)
CASES = (
    *(Case(576, 128, 2048, s_kv) for s_kv in (8192, 32768, 65536, 98304, 131072)),
    *(Case(512, 64, 512, s_kv) for s_kv in (8192, 32768, 49152, 65536)),
    *(Case(512, 128, 1024, s_kv) for s_kv in (8192, 32768, 49152, 65536)),
)
QUICK_CASES = (CASES[0], CASES[4], CASES[5])


def _time_alone(runs: dict[str, Callable[[], object]], rounds: int = 5) -> dict[str, float]:
    """Milliseconds of a single launch behind a cleared L2 cache: medians over rounds, each in an order drawn anew."""
    from triton.testing import do_bench

    order, generator = list(runs), random.Random(0)
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        generator.shuffle(order)
        for name in order:
            times[name].append(do_bench(runs[name], warmup=5, rep=25, return_mode="median"))
    return {name: statistics.median(values) for name, values in times.items()}


def _bench_case(
    case: Case, providers: dict[str, Provider], rounds: int, products: float, log: Callable[[str], None]
) -> dict:
    result = harness.start_case(case)
    errors = harness.check_each(
        providers, lambda provider: check_provider(provider, case), lambda error: error.passed, result, log
    )
    q, kv, indices = make_inputs(case, seed=2)
    sink = torch.randn(case.h_q, device="cuda")
    out = torch.empty((case.s_q, case.h_q, D_V), dtype=torch.bfloat16, device="cuda")
    runs = {
        name: functools.partial(providers[name].call, q, kv, indices, case.d_qk**-0.5, attn_sink=sink, out=out)
        for name in errors
    }
    alone = _time_alone(runs)
    timings = time_in_rounds(runs, rounds)
    turns = harness.compare_in_turns(runs, PEER)

    def more(name: str) -> dict:
        found = {"alone_ms": alone[name], "error": errors[name].out, **turns.get(name, {})}
        if PEER in timings:
            found |= {"ratio": timings[name].ratio_to(timings[PEER]), "alone_ratio": alone[PEER] / alone[name]}
        return found

    figures.record(result, timings, case.flops, more=more, products=products)
    return result


def format_case(result: dict) -> str:
    """The table of one size, fastest first."""
    columns = {**figures.TFLOPS, **figures.OF_PRODUCTS, **figures.SPREAD, "alone": "{alone_ms:.3f}"}
    columns |= {f"x {PEER}": "{ratio:.3f}", "alone x": "{alone_ratio:.3f}", **figures.in_turns(PEER)}
    return figures.case_table(result, columns)


def summarize(cases: list[dict]) -> dict[str, dict[str, float]]:
    """Of each provider's ratios to FlashMLA: geometric mean, least and greatest, for each way of timing."""
    summary = {}
    for name in PROVIDERS[:-1]:
        entries = [case["providers"][name] for case in cases if "ratio" in case["providers"].get(name, {})]
        if not entries:
            continue
        summary[name] = {"sizes": len(entries)}
        for key in ("ratio", "alone_ratio", "turn_ratio"):
            values = [entry[key] for entry in entries]
            summary[name] |= {f"{key}_mean": statistics.geometric_mean(values), f"{key}_min": min(values)}
            summary[name][f"{key}_max"] = max(values)
    return summary


def run(
    quick: bool = False, only: list[str] | None = None, commit: str | None = None, log: Callable[[str], None] = print
) -> dict:
    """Check and time every provider at every size; return the results as one JSON-ready dictionary.

    Args:
        quick: three of the sizes.
        only: provider names to run; None runs all of PROVIDERS.
        commit: recorded as is; None asks git.
        log: receives progress lines and tables.

    Raises:
        ValueError: `only` holds a name that is not in PROVIDERS.
    """
    results = harness.begin("sparse_mla_fwd_rows", PROVIDERS, only, commit, log)
    providers = harness.load_providers({name: LOADERS[name] for name in PROVIDERS}, only, results, log)
    products = product_tflops(results, log)
    bench = functools.partial(_bench_case, providers=providers, rounds=11, products=products, log=log)
    harness.run_cases(results, QUICK_CASES if quick else CASES, bench, format_case, log)
    results["summary"] = summarize(results["cases"])
    for name, values in results["summary"].items():
        log(
            f"{name} / {PEER}, {values['sizes']} sizes: geometric mean {values['ratio_mean']:.3f}, "
            f"least {values['ratio_min']:.3f}, greatest {values['ratio_max']:.3f}; alone "
            f"{values['alone_ratio_mean']:.3f}, {values['alone_ratio_min']:.3f}, {values['alone_ratio_max']:.3f}; "
            f"in turns {values['turn_ratio_mean']:.3f}, {values['turn_ratio_min']:.3f}, {values['turn_ratio_max']:.3f}"
        )
    return results
