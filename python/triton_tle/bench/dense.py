"""What the benchmarks of the dense operators share: choose configurations, check, time in rounds, report.

Each provider that has configurations is compiled in all of them at once, in processes of their own that fill Triton's
cache on disk. For each case all are checked against the float64 reference, and those that are right are timed: first a
provider's own, to drop the slow ones; then what is left of all providers together, in shuffled rounds, which choose one
configuration a provider; then the chosen ones alone, in rounds of their own, which are the figures. Calls are replayed
from a CUDA graph, so that the time is the kernel's and not that of Python code before it.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import statistics
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch

from . import harness
from .graphs import product_tflops
from .harness import Timing, format_table, time_in_rounds
from .parallel import in_processes

STOCK = "best stock"
TRIAL_MS, TRIAL_ROUNDS = 4.0, 5  # per configuration of one provider
FINALISTS, MARGIN = 3, 1.08  # so many at most, no slower in the trial than so many times the fastest
FINAL_MS, FINAL_ROUNDS = 12.0, 25  # per configuration that is left, all providers together
TURN_MS, ROUNDS, QUICK_ROUNDS = 10.0, 31, 15
CLOSE, NARROW, MOST_ROUNDS = 0.05, 0.006, 120  # nearer to 1 than CLOSE, rounds go on until the interval is +-NARROW


class Case(Protocol):
    """One problem size, a frozen dataclass."""

    label: str
    flops: float


@dataclasses.dataclass(frozen=True)
class Provider:
    """An implementation.

    `run(inputs, config, warm_up)` calculates into `inputs["out"]`, or returns the result; with `warm_up` it only
    compiles. `configurations(case)` lists what to choose from; providers without it are called with None.
    `stock` marks stock Triton: the fastest of those is what TLE must not be slower than.
    """

    run: Callable[[dict[str, Any], Any, bool], torch.Tensor | None]
    configurations: Callable[[Any], Sequence[dict]] | None = None
    stock: bool = False


class Family(Protocol):
    """A module that benchmarks one operator."""

    NAME: str
    CASES: Sequence[Any]
    QUICK_CASES: Sequence[Any]
    PROVIDERS: dict[str, Callable[[], Provider]]

    def make_inputs(self, case: Any, seed: int) -> dict[str, Any]: ...

    def error(self, case: Any, inputs: dict[str, Any], out: torch.Tensor) -> float: ...

    LIMIT: float


def _compile(module: str, name: str, case: Any, config: dict) -> None:
    """In a process of its own: compile one provider in one configuration."""
    family = importlib.import_module(module)
    try:
        family.PROVIDERS[name]().run(family.make_inputs(case, 0), config, True)
    finally:
        torch.cuda.empty_cache()


def _compile_all(module: str, providers: dict[str, Provider], cases: Sequence[Any], log: Callable) -> set[tuple]:
    """Compile what the cases need; return the (provider, configuration) that do not compile."""
    jobs: dict[tuple, Any] = {}
    for case in cases:
        for name, provider in providers.items():
            for config in provider.configurations(case) if provider.configurations else ():
                jobs.setdefault((name, case.kind, _key(config)), (case, config))
    bad = set()
    problems = in_processes(_compile, [(module, job[0], *argument) for job, argument in jobs.items()])
    for job, problem in zip(jobs, problems):
        if problem:
            bad.add(job)
            log(f"  {job[0]} {dict(job[2])}, {job[1]}: left out, {problem}")
    if jobs:
        log(f"compiled {len(jobs) - len(bad)} of {len(jobs)} configurations")
    return bad


def _key(config: dict) -> tuple:
    return tuple(config.items())


def _graph(run: Callable[[], object]) -> tuple[Callable[[], None], int]:
    """A CUDA graph of as many calls as take about a millisecond: (function that replays it, calls in it)."""
    run()
    torch.cuda.synchronize()
    start, stop = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    start.record()
    run()
    stop.record()
    stop.synchronize()
    calls = max(1, min(20, round(1.0 / start.elapsed_time(stop))))
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(calls):
            run()
    return graph.replay, calls


def _time(
    runs: dict[str, Callable[[], object]],
    rounds: int,
    target_ms: float,
    more: Callable[[dict[str, Timing]], bool] | None = None,
) -> dict[str, Timing]:
    """As harness.time_in_rounds, milliseconds of one call, replayed from graphs."""
    graphs = {name: _graph(run) for name, run in runs.items()}

    def per_call(timings: dict[str, Timing]) -> dict[str, Timing]:
        return {name: Timing([time / graphs[name][1] for time in timings[name].milliseconds]) for name in timings}

    replays = {name: replay for name, (replay, _) in graphs.items()}
    ask = (lambda timings: more(per_call(timings))) if more else None
    return per_call(time_in_rounds(replays, rounds, target_ms, more=ask, most=MOST_ROUNDS))


def _error(family: Any, case: Any, inputs: dict[str, Any], provider: Provider, config: Any) -> float:
    """Run one configuration on outputs that hold NaN; its error against the float64 reference."""
    for value in ("out", "lse"):
        if value in inputs:
            inputs[value].fill_(float("nan"))
    out = provider.run(inputs, config, False)
    return family.error(case, inputs, inputs["out"] if out is None else out)


def _try(
    family: Any, case: Any, inputs: dict[str, Any], provider: Provider, configs: Sequence[Any], log: Callable
) -> tuple[list[Any], dict[str, float], dict[str, float]]:
    """The fastest few of the configurations that are right: (those, milliseconds of each, error of each).

    Raises:
        ValueError: no configuration is right.
    """
    errors = {}
    for config in configs:
        try:
            errors[str(config)] = _error(family, case, inputs, provider, config)
        except RuntimeError as problem:  # a configuration that cannot run here is not chosen
            errors[str(config)] = float("inf")
            log(f"  {case.label}: {str(problem)[:200]}")
        if not errors[str(config)] < family.LIMIT:
            log(f"  {case.label}: left out, error {errors[str(config)]:.1e}, {config}")
    right = [config for config in configs if errors[str(config)] < family.LIMIT]
    if not right:
        raise ValueError(f"no configuration is right against the float64 reference: errors {errors}")
    if len(right) == 1:
        return right, {}, errors
    runs = {str(config): functools.partial(provider.run, inputs, config, False) for config in right}
    times = {name: timing.median for name, timing in _time(runs, TRIAL_ROUNDS, TRIAL_MS).items()}
    limit = MARGIN * min(times.values())
    best = sorted((config for config in right if times[str(config)] <= limit), key=lambda config: times[str(config)])
    return best[:FINALISTS], times, errors


def _choose(runs: dict[tuple[str, int], Callable[[], object]]) -> tuple[dict[str, int], dict[tuple[str, int], float]]:
    """For each provider the number of its fastest configuration, and the milliseconds of every one.

    `runs` holds calls by (provider, number). All are timed in the same rounds. What counts is the median of a
    configuration's time over the mean of its round: a round in which the GPU runs slower for all decides nothing.
    """
    timings = _time({str(key): run for key, run in runs.items()}, FINAL_ROUNDS, FINAL_MS)
    means = [statistics.geometric_mean(times) for times in zip(*(timing.milliseconds for timing in timings.values()))]
    chosen: dict[str, tuple[float, int]] = {}
    for name, number in runs:
        times = timings[str((name, number))].milliseconds
        share = statistics.median(time / mean for time, mean in zip(times, means))
        chosen[name] = min(chosen.get(name, (share, number)), (share, number))
    return {name: number for name, (_, number) in chosen.items()}, {key: timings[str(key)].median for key in runs}


def _is_open(timings: dict[str, Timing], rivals: Sequence[str]) -> bool:
    """Whether more rounds are needed to tell TLE from its nearest rival.

    They are if the ratio is close to 1 and its interval wider than +-NARROW; to which side it leans does not matter.
    """
    if "tle" not in timings or not rivals:
        return False
    best = min(rivals, key=lambda name: timings[name].median)
    low, high = timings["tle"].interval_to(timings[best])
    return abs(timings["tle"].ratio_to(timings[best]) - 1) < CLOSE and high - low > 2 * NARROW


def _bench_case(
    family: Any, case: Any, providers: dict[str, Provider], bad: set, rounds: int, products: float, log: Callable
) -> dict:
    result = harness.start_case(case)
    inputs = family.make_inputs(case, seed=2)
    finalists: dict[str, list[Any]] = {}
    notes: dict[str, dict[str, Any]] = {}
    for name, provider in providers.items():
        configs: Sequence[Any] = (None,)
        if provider.configurations:
            configs = [c for c in provider.configurations(case) if (name, case.kind, _key(c)) not in bad]
        try:
            finalists[name], tried, errors = _try(family, case, inputs, provider, configs, log)
        except Exception as problem:  # one that breaks must not take the others' figures along
            result["failed"][name] = f"{type(problem).__name__}: {str(problem)[:500]}"
            log(f"  {name}: failed, {result['failed'][name]}")
            continue
        notes[name] = {"tried_ms": tried, "tried_errors": errors}
    entrants = {
        (name, number): functools.partial(providers[name].run, inputs, config, False)
        for name, configs in finalists.items()
        for number, config in enumerate(configs)
    }
    chosen = dict.fromkeys(finalists, 0)
    if len(entrants) > len(finalists):
        chosen, medians = _choose(entrants)
        for name, configs in finalists.items():
            notes[name]["finalists_ms"] = {str(config): medians[name, n] for n, config in enumerate(configs)}
    for name, number in chosen.items():
        config = finalists[name][number]
        notes[name] |= {"config": config, "error": notes[name]["tried_errors"][str(config)]}
    stock = [name for name in chosen if providers[name].stock]
    runs = {name: entrants[name, number] for name, number in chosen.items()}
    timings = _time(runs, rounds, TURN_MS, lambda so_far: _is_open(so_far, stock))
    best = min(stock, key=lambda name: timings[name].median, default=None)
    for name, timing in timings.items():
        result["providers"][name] = notes[name] | {
            "ms": timing.median,
            "tflops": case.flops / timing.median / 1e9,
            "product_share": case.flops / timing.median / 1e9 / products,
            "spread": timing.spread,
            "rounds_ms": timing.milliseconds,
        }
        others = {other: timings[other] for other in timings if other != name}
        if best:
            others[STOCK] = timings[best]
        result["providers"][name]["ratio"] = {other: timing.ratio_to(theirs) for other, theirs in others.items()}
        result["providers"][name]["interval"] = {other: timing.interval_to(theirs) for other, theirs in others.items()}
    return result


def format_case(result: dict) -> str:
    """The table of one case, fastest first."""
    rows = []
    for name, entry in sorted(result["providers"].items(), key=lambda item: item[1]["ms"]):
        ratio = entry["ratio"].get(STOCK)
        config = ", ".join(f"{key.removeprefix('BLOCK_')} {value}" for key, value in (entry["config"] or {}).items())
        cells = [f"{entry['ms']:.4f}", f"{entry['tflops']:.0f}", f"{entry['product_share']:.0%}"]
        cells += [f"{entry['spread']:.1%}", f"{entry['error']:.1e}"]
        rows.append([name, *cells, f"{ratio:.3f}" if ratio else "-", _interval(entry), config])
    header = ["ms", "TFLOP/s", "of products", "spread", "error"]
    header += [f"x {STOCK}", "95 % interval (rounds)", "configuration"]
    return format_table([result["label"], *header], rows)


def _interval(entry: dict) -> str:
    """Where the median of the ratios to the best stock form lies, and from how many rounds that is known."""
    if STOCK not in entry["interval"]:
        return "-"
    low, high = entry["interval"][STOCK]
    return f"{low:.3f} to {high:.3f} ({len(entry['rounds_ms'])})"


def summary(results: dict) -> str:
    """One line a case: TLE's TFLOP/s and its ratios to every other provider."""
    others = list(dict.fromkeys(name for case in results["cases"] for name in case["providers"] if name != "tle"))
    rows = []
    for case in results["cases"]:
        entry = case["providers"].get("tle")
        if entry:
            ratios = [f"{entry['ratio'][name]:.3f}" if name in entry["ratio"] else "-" for name in (STOCK, *others)]
            rows.append([case["label"], f"{entry['tflops']:.0f}", ratios[0], _interval(entry), *ratios[1:]])
    header = ["TLE TFLOP/s", f"x {STOCK}", "95 % interval (rounds)", *(f"x {name}" for name in others)]
    return format_table(["case", *header], rows)


def run(family: Any, quick: bool, only: list[str] | None, commit: str | None, log: Callable[[str], None]) -> dict:
    """Choose, check and time every provider of `family` in every case; return the results, ready for JSON.

    Raises:
        ValueError: `only` holds a name that is not in the family's PROVIDERS.
    """
    results = harness.begin(family.NAME, family.PROVIDERS, only, commit, log)
    providers = harness.load_providers(family.PROVIDERS, only, results, log)
    cases = family.QUICK_CASES if quick else family.CASES
    bad = _compile_all(family.__name__, providers, cases, log)
    rounds = QUICK_ROUNDS if quick else ROUNDS
    products = product_tflops(results, log)
    bench = functools.partial(
        _bench_case, family, providers=providers, bad=bad, rounds=rounds, products=products, log=log
    )
    harness.run_cases(results, cases, bench, format_case, log)
    log("\n" + summary(results))
    return results
