"""Timing, environment record and output shared by the benchmarks.

Every round runs all providers in a fresh random order, so that clock and temperature drift hits them alike; ratios are
medians of per-round ratios. A power-throttled GPU makes single figures swing by 3 % and more: compare ratios.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import importlib.metadata
import json
import math
import pathlib
import random
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import torch

from .providers import ProviderUnavailable

Run = Callable[[], object]

_place: pathlib.Path | None = None  # see `keeping`


@dataclasses.dataclass
class Timing:
    """Milliseconds a call, one entry a round."""

    milliseconds: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.milliseconds)

    @property
    def spread(self) -> float:
        """Distance between the first and third quartile, as a fraction of the median."""
        if len(self.milliseconds) < 2:
            return 0.0
        first, _, third = statistics.quantiles(self.milliseconds, n=4, method="inclusive")
        return (third - first) / self.median

    def ratio_to(self, other: Timing) -> float:
        """How many times faster than `other`: median of the per-round ratios."""
        return statistics.median(self._ratios(other))

    def interval_to(self, other: Timing) -> tuple[float, float]:
        """Where the median of `ratio_to` lies, with 95 % confidence at least, whatever the distribution.

        Of n rounds the k-th least and k-th largest ratio; k is the largest with at most 2.5 % of all outcomes of n
        tosses of a coin having fewer than k heads. Below 6 rounds these are the extremes, with less confidence.
        """
        ratios = sorted(self._ratios(other))
        rounds, rank, tail = len(ratios), 0, 1
        while tail <= 0.025 * 2**rounds:
            rank += 1
            tail += math.comb(rounds, rank)
        rank = max(rank - 1, 0)
        return ratios[rank], ratios[-1 - rank]

    def _ratios(self, other: Timing) -> list[float]:
        return [b / a for a, b in zip(self.milliseconds, other.milliseconds)]


def _measure(run: Run, calls: int) -> float:
    start, stop = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    run()  # the first call after another provider finds cold caches and another clock
    start.record()
    for _ in range(calls):
        run()
    stop.record()
    stop.synchronize()
    return start.elapsed_time(stop) / calls


def _calls_for(runs: dict[str, Run], milliseconds: float) -> dict[str, int]:
    """How many calls of each of `runs`, warmed up here, take about `milliseconds`; 200 at most."""
    calls = {}
    for name, run in runs.items():
        run()
        torch.cuda.synchronize()
        calls[name] = max(1, min(200, round(milliseconds / max(_measure(run, 2), 1e-3))))
    return calls


def _steps(
    timings: dict[str, Timing], rounds: int, more: Callable[[dict[str, Timing]], bool] | None, most: int
) -> Iterator[int]:
    """How many rounds come next, five or what is left: `rounds` in all, then on while `more` says so, up to `most`."""
    done = 0
    while done < rounds or (more and done < most and more(timings)):
        step = min(5, (rounds if done < rounds else most) - done)
        yield step
        done += step


def time_in_rounds(
    runs: dict[str, Run],
    rounds: int,
    target_ms: float = 40.0,
    seed: int = 0,
    more: Callable[[dict[str, Timing]], bool] | None = None,
    most: int = 60,
) -> dict[str, Timing]:
    """Time each of `runs` once a round, in an order drawn anew, about `target_ms` of work at a time.

    After `rounds` rounds it goes on while `more` says so, asked after every fifth one, to `most` rounds at most.
    """
    calls = _calls_for(runs, target_ms)
    order, generator = list(runs), random.Random(seed)
    timings: dict[str, Timing] = {name: Timing([]) for name in runs}
    for step in _steps(timings, rounds, more, most):
        for _ in range(step):
            generator.shuffle(order)
            for name in order:
                timings[name].milliseconds.append(_measure(runs[name], calls[name]))
    return timings


def host_ms(run: Run, calls: int = 5) -> float:
    """Milliseconds of host time that a call takes to be issued, while the GPU does not keep the host waiting."""
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(calls):
        run()
    issued = time.perf_counter() - start
    torch.cuda.synchronize()
    return 1e3 * issued / calls


def time_in_turns(
    runs: dict[str, Run],
    rounds: int,
    turn_ms: float = 4.0,
    seed: int = 0,
    more: Callable[[dict[str, Timing]], bool] | None = None,
    most: int = 160,
) -> dict[str, Timing]:
    """Time each of `runs` once a round, in an order drawn anew, in turns so short that all see the same clock.

    A power-limited GPU changes its clock all the time, so turns of about `turn_ms` (one call at least) follow each
    other without a pause: the host issues five rounds ahead and waits only then. As long as a call takes the GPU longer
    than the host needs to issue it (`host_ms`), what the host does is in no figure; gaps between the kernels of a call
    are. An untimed turn begins each five rounds, since there the host is not yet ahead.

    After `rounds` rounds it goes on while `more` says so, asked after every fifth one, to `most` rounds at most.
    """
    calls = _calls_for(runs, turn_ms)
    order, generator = list(runs), random.Random(seed)
    timings: dict[str, Timing] = {name: Timing([]) for name in runs}
    for step in _steps(timings, rounds, more, most):
        events: list[tuple[str, torch.cuda.Event, torch.cuda.Event]] = []
        for number in range(step):
            generator.shuffle(order)
            for name in order if number else (*order[-1:], *order):
                start, stop = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
                start.record()
                for _ in range(calls[name]):
                    runs[name]()
                stop.record()
                events.append((name, start, stop))
        torch.cuda.synchronize()
        for name, start, stop in events[1:]:
            timings[name].milliseconds.append(start.elapsed_time(stop) / calls[name])
    return timings


def compare_in_turns(runs: dict[str, Run], peer: str, rounds: int = 40) -> dict[str, dict]:
    """Of each of `runs`, timed in turns: "turn_ms", "turn_ratio" to `peer` and its "turn_interval"; nothing without it.

    In turns all run at one clock. In rounds of 40 ms each runs at the clock that its own use of power allows, which is
    what counts in use, but moves more. `time_in_turns` says more.
    """
    if peer not in runs:
        return {}
    timings = time_in_turns(runs, rounds)
    return {
        name: {
            "turn_ms": timing.median,
            "turn_ratio": timing.ratio_to(timings[peer]),
            "turn_interval": timing.interval_to(timings[peer]),
        }
        for name, timing in timings.items()
    }


def _command_output(*command: str, cwd: pathlib.Path | None = None) -> str:
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return done.stdout.strip().splitlines()[0] if done.returncode == 0 and done.stdout.strip() else "unknown"


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def environment(commit: str | None = None) -> dict[str, str]:
    """What a result depends on: GPU, driver, versions, commit (`-dirty`: of a checkout with changes), date."""
    here = pathlib.Path(__file__).resolve().parent
    describe = ("git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    return {
        "gpu": torch.cuda.get_device_name(),
        "driver": _command_output("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"),
        "cuda": str(torch.version.cuda),
        "torch": torch.__version__,
        "triton": _version("triton"),
        "tilelang": _version("tilelang"),
        "commit": commit or _command_output(*describe, cwd=here),
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def begin(
    op: str,
    known: Iterable[str],
    only: list[str] | None,
    commit: str | None,
    log: Callable[[str], None],
    what: str = "provider",
) -> dict:
    """Results of benchmark `op` without cases yet; the environment goes to `log`.

    "skipped" is for providers that cannot be had here, "failed" for those that break ahead of all cases.

    Raises:
        ValueError: `only` holds a name that is not `known`; `what` says what it should name.
    """
    unknown = sorted(set(only or ()) - set(known))
    if unknown:
        raise ValueError(f"only names no {what}: {', '.join(unknown)}; there are {', '.join(known)}")
    results: dict = {"op": op, "environment": environment(commit), "skipped": {}, "failed": {}, "cases": []}
    log(", ".join(f"{key} {value}" for key, value in results["environment"].items()))
    return results


def load_providers(
    loaders: Mapping[str, Callable[[], Any]], only: list[str] | None, results: dict, log: Callable[[str], None]
) -> dict[str, Any]:
    """The providers of `loaders`, or those that `only` names; what cannot be had goes into `results` as skipped."""
    providers = {}
    for name in only or loaders:
        try:
            providers[name] = loaders[name]()
        except ProviderUnavailable as reason:
            results["skipped"][name] = str(reason)
            log(f"skipped {name}: {reason}")
    return providers


def start_case(case: Any) -> dict:
    """The result of a case, a dataclass with a label, without any figures yet."""
    return {"label": case.label, **dataclasses.asdict(case), "providers": {}, "failed": {}}


def check_each(
    providers: Mapping[str, Any],
    check: Callable[[Any], Any],
    passed: Callable[[Any], bool],
    result: dict,
    log: Callable[[str], None],
) -> dict[str, Any]:
    """What `check` says of each provider's error, for those that it did not find wrong.

    The others, and those that raise an exception, go into `result` as failed: one that breaks must not take the
    figures of the others along.
    """
    errors = {}
    for name, provider in providers.items():
        try:
            error = check(provider)
        except Exception as problem:
            result["failed"][name] = f"{type(problem).__name__}: {problem}"
        else:
            if passed(error):
                errors[name] = error
                continue
            result["failed"][name] = f"wrong against the float64 reference: {error}"
        log(f"  {name}: failed, {result['failed'][name][:300]}")
    return errors


def run_cases(
    results: dict,
    cases: Iterable[Any],
    bench: Callable[[Any], dict],
    table: Callable[[dict], str],
    log: Callable[[str], None],
) -> dict:
    """`results` with what `bench` says of each case, whose `table` is logged when it is done.

    Inside of `keeping` they are written behind each case, marked "unfinished".
    """
    for case in cases:
        result = bench(case)
        results["cases"].append(result)
        log("\n" + table(result))
        if _place is not None:
            save_json(_place, results | {"unfinished": True})
        torch.cuda.empty_cache()
    return results


@contextlib.contextmanager
def keeping(path: pathlib.Path | None) -> Iterator[None]:
    """Inside, `run_cases` writes its results to `path` behind each case: a run that is killed leaves what it has."""
    global _place
    before, _place = _place, path
    try:
        yield
    finally:
        _place = before


def format_table(header: list[str], rows: list[list[str]]) -> str:
    """Plain-text table, first column left-aligned, the others right-aligned."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]

    def line(cells: list[str]) -> str:
        return "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(cells, widths))
        )

    return "\n".join([line(header), line(["-" * width for width in widths]), *map(line, rows)])


def save_json(path: pathlib.Path, results: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1) + "\n")


def save_plot(path: pathlib.Path, results: dict, title: str) -> str | None:
    """Draw the figure of every provider, grouped by case; return what went wrong, None if nothing did.

    The figure is TFLOP/s, or TB/s for what counts bytes (entries with `tb_s`).
    """
    try:
        import matplotlib
    except ImportError:
        return "no plot: matplotlib is not installed (pip install matplotlib)"
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    cases = results["cases"]
    names = list(dict.fromkeys(name for case in cases for name in case["providers"]))
    counts_bytes = any("tb_s" in entry for case in cases for entry in case["providers"].values())
    key, unit = ("tb_s", "TB/s") if counts_bytes else ("tflops", "TFLOP/s")
    width = 0.8 / max(1, len(names))
    figure, axes = plt.subplots(figsize=(max(6, 2 + 1.6 * len(cases)), 4.5))
    for rank, name in enumerate(names):
        points = [
            (index, case["providers"][name][key]) for index, case in enumerate(cases) if name in case["providers"]
        ]
        axes.bar(
            [index - 0.4 + (rank + 0.5) * width for index, _ in points],
            [value for _, value in points],
            width,
            label=name,
        )
    axes.set_xticks(range(len(cases)), [case["label"].replace(", ", "\n") for case in cases], fontsize=8)
    axes.set_ylabel(unit)
    axes.set_title(f"{title}, {results['environment']['gpu']}", fontsize=10)
    axes.legend(fontsize=8)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    plt.close(figure)
    return None
