"""Benchmark of the bucketed sparse MLA on lists of different lengths, as causal training has them.

Sequences are packed into batch items of s_q tokens. The query at position t of its sequence attends to min(t + 1, topk)
tokens of it that are not later: all, or a random choice. Contenders, all in TLE and through the public operators:

    full        sparse_mla on lists that are padded with invalid entries: loops over topk entries
    length      sparse_mla with topk_length, where keys stand at the front: each query's loop ends behind its keys
    bucketed    sparse_mla_bucketed, which is told nothing about lengths
    one_bucket  the same without an order: what sorting queries into buckets contributes

Forward and backward are timed apart; so is the plan alone, which each of the two makes. TFLOP/s counts the work for
keys that are there, whatever a contender does.

Contenders take turns of one or a few calls, without a pause between them, and rounds go on until the ratio to "length"
is known well enough. What the host needs to issue a call ("host") is hidden behind the GPU's work on the one before as
long as it is less than "ms"; that is so for every contender, so no figure has host time in it.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

import torch

from triton_tle.ops import sparse_mla, sparse_mla_bucketed
from triton_tle.ops.sparse_mla_buckets import make_plan

from . import figures, harness
from .graphs import product_tflops, time_captured
from .harness import Timing, host_ms, time_in_turns
from .parallel import in_processes
from .sparse_mla_bwd_check import D_V

ROUNDS = 40
NARROW, MOST_ROUNDS = 0.006, 160  # rounds go on until the interval of bucketed / length is +-NARROW
CONTENDERS = ("full", "length", "bucketed", "one_bucket")
BASELINES = ("full", "length")
PACKED = (3072, 2048, 1024, 768, 512, 384, 256, 128)
MAX_DIFFERENCE = 4e-3  # of a result from the one of "full", relative Frobenius norm: each is within 2e-3 of the truth


@dataclasses.dataclass(frozen=True)
class Case:
    """One profile: lengths of the sequences packed into a batch item, in tokens; `scattered`: keys stand anywhere."""

    name: str
    sequences: tuple[int, ...]
    backward: bool
    scattered: bool = False
    h_q: int = 128
    batch: int = 1
    topk: int = 2048
    d_qk: int = 576

    @property
    def s_q(self) -> int:
        return sum(self.sequences)

    @property
    def label(self) -> str:
        sizes = f"h {self.h_q}, s {self.s_q}" + (f", batch {self.batch}" if self.batch > 1 else "")
        return f"{self.name}, {'backward' if self.backward else 'forward'}, {sizes}"

    @property
    def keys(self) -> int:
        """Valid list entries of all queries."""
        return self.batch * sum(min(t + 1, self.topk) for length in self.sequences for t in range(length))

    @property
    def fill(self) -> float:
        """Valid entries, as a share of all."""
        return self.keys / (self.batch * self.s_q * self.topk)

    @property
    def flops(self) -> float:
        return 2.0 * self.h_q * self.keys * (3 * self.d_qk + 2 * D_V if self.backward else self.d_qk + D_V)


def _both(*arguments: object, **named: object) -> tuple[Case, Case]:
    return Case(*arguments, backward=False, **named), Case(*arguments, backward=True, **named)


QUICK_CASES = _both("packed", PACKED)
CASES = (
    *QUICK_CASES,
    *_both("one sequence", (8192,)),
    *_both("packed, scattered", PACKED, scattered=True),
    *_both("packed", PACKED, h_q=64, batch=2),
    *_both("short sequences", (512,) * 16),
)


def make_lists(case: Case, seed: int, device: str) -> tuple[torch.Tensor, torch.Tensor]:
    """indices [batch, s, 1, topk], padded with -1, and the number of keys of each list, [batch, s]."""
    generator = torch.Generator(device).manual_seed(seed)
    indices = torch.full((case.batch, case.s_q, 1, case.topk), -1, dtype=torch.int32, device=device)
    counts = torch.empty((case.batch, case.s_q), dtype=torch.int32, device=device)
    for item in range(case.batch):
        first = 0
        for length in case.sequences:
            places = torch.rand((length, length), device=device, generator=generator)
            later = torch.ones_like(places, dtype=torch.bool).triu(1)
            chosen = places.masked_fill_(later, -1.0).topk(min(length, case.topk), dim=1)
            keys = torch.where(chosen.values >= 0, first + chosen.indices, -1).int()
            indices[item, first : first + length, 0, : keys.shape[1]] = keys
            counts[item, first : first + length] = (keys >= 0).sum(1)
            first += length
    if case.scattered:
        places = torch.rand(indices.shape, device=device, generator=generator).argsort(3)
        indices = indices.gather(3, places)
    return indices, counts


def make_calls(
    case: Case, seed: int, device: str = "cuda"
) -> tuple[dict[str, Callable[[], tuple]], Callable, torch.Tensor]:
    """Name -> call without arguments that returns (out, lse); what makes gradients of that; the lists."""
    generator = torch.Generator(device).manual_seed(seed + 1)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, dtype=torch.bfloat16, device=device, generator=generator)

    q = normal(case.batch, case.s_q, case.h_q, case.d_qk).requires_grad_(case.backward)
    kv = normal(case.batch, case.s_q, 1, case.d_qk).requires_grad_(case.backward)
    grad_out = normal(case.batch, case.s_q, case.h_q, D_V) if case.backward else None
    indices, counts = make_lists(case, seed, device)
    calls = {
        "full": functools.partial(sparse_mla, q, kv, indices, bucketed=False),
        "length": functools.partial(sparse_mla, q, kv, indices, topk_length=counts, bucketed=False),
        "bucketed": functools.partial(sparse_mla_bucketed, q, kv, indices),
        "one_bucket": functools.partial(sparse_mla_bucketed, q, kv, indices, buckets=(case.topk,)),
    }
    if case.scattered:
        del calls["length"]

    def gradients(results: tuple) -> tuple:
        return torch.autograd.grad(results[0], (q, kv), grad_out, retain_graph=True)

    return calls, gradients, indices


def compile_one(name: str, device: str = "cuda") -> None:
    """Call a contender on a small problem that takes the kernels of all cases: most of the time goes to compilation."""
    calls, gradients, _ = make_calls(Case("small", (16,), backward=True), 0, device)
    gradients(calls[name]())


def differences(results: dict[str, tuple]) -> dict[str, float]:
    """Largest relative difference of each contender's tensors from those of "full"; infinite where one is NaN."""
    found = {}
    for name, values in results.items():
        errors = []
        for value, expected in zip(values, results["full"]):
            difference, size = (value.float() - expected.float()).norm(), expected.float().norm().clamp_min(1e-6)
            errors.append(float((difference / size).detach().nan_to_num(nan=float("inf"))))
        found[name] = max(errors)
    return found


def _bench_case(case: Case, only: list[str] | None, rounds: int, products: float, log: Callable[[str], None]) -> dict:
    result: dict = {"label": case.label, **dataclasses.asdict(case), "fill": case.fill, "providers": {}, "failed": {}}
    calls, gradients, indices = make_calls(case, seed=2)
    results, runs = {}, {}
    for name, call in calls.items():
        forward = call()
        results[name] = gradients(forward) if case.backward else forward
        runs[name] = functools.partial(gradients, forward) if case.backward else call
    errors = differences(results)
    for name, error in errors.items():
        if not error < MAX_DIFFERENCE:
            result["failed"][name] = f"differs from full by {error:.1e}"
            log(f"  {name}: failed, {result['failed'][name]}")
    del results
    chosen = {name: run for name, run in runs.items() if name not in result["failed"] and name in (only or runs)}
    plan = time_captured({"plan": functools.partial(make_plan, indices, case.s_q)}, 5, 5.0)["plan"]
    result["plan_us"] = 1e3 * plan.median
    timings = time_in_turns(chosen, rounds, more=_is_open, most=MOST_ROUNDS)
    more = {name: {"difference": errors[name], "host_ms": host_ms(chosen[name])} for name in chosen}
    figures.record(result, timings, case.flops, baselines=BASELINES, more=more.__getitem__, products=products)
    for name, timing in timings.items():
        others = {base: timings[base] for base in BASELINES if base in timings}
        result["providers"][name]["interval"] = {base: timing.interval_to(other) for base, other in others.items()}
    return result


def _is_open(timings: dict[str, Timing]) -> bool:
    """Whether more rounds are needed to tell how "bucketed" compares to "length"."""
    if not {"bucketed", "length"} <= timings.keys():
        return False
    low, high = timings["bucketed"].interval_to(timings["length"])
    return high - low > 2 * NARROW


def _interval(entry: dict) -> str:
    """95 % interval of the ratio to "length", and rounds."""
    low, high = entry["interval"]["length"]
    return f"{low:.3f} to {high:.3f} ({len(entry['rounds_ms'])})"


def format_case(result: dict) -> str:
    """The table of one case, fastest first; "x full" and "x length": how many times faster than these."""
    columns = {**figures.TFLOPS, **figures.OF_PRODUCTS, **figures.SPREAD, "host": "{host_ms:.2f}"}
    columns |= {"difference": "{difference:.1e}", "x length, 95 % (rounds)": _interval}
    table = figures.case_table(result, columns, BASELINES, label=f"{result['label']}, {result['fill']:.0%} keys")
    return f"{table}\nplan alone: {result['plan_us']:.0f} us"


def run(
    quick: bool = False, only: list[str] | None = None, commit: str | None = None, log: Callable[[str], None] = print
) -> dict:
    """Compare and time the contenders on every profile; return the results as one JSON-ready dictionary.

    Args:
        quick: the packed profile only.
        only: contenders to time; None times all.
        commit: recorded as is; None asks git.
        log: receives progress lines and tables.

    Raises:
        ValueError: `only` holds a name that is no contender.
    """
    results = harness.begin("sparse_mla_bucketed", CONTENDERS, only, commit, log, what="contender")
    for name, problem in zip(CONTENDERS, in_processes(compile_one, [(name,) for name in CONTENDERS])):
        if problem:  # shows again where it is called
            log(f"  {name}: {problem}")
    products = product_tflops(results, log)
    bench = functools.partial(_bench_case, only=only, rounds=ROUNDS, products=products, log=log)
    return harness.run_cases(results, QUICK_CASES if quick else CASES, bench, format_case, log)
