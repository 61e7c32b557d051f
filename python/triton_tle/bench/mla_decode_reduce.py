"""Benchmark of the decode reduce: ours against the naive merge in torch and the bandwidth of a copy."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

import torch

from . import figures, harness
from .graphs import copy_bandwidth, time_captured

BASELINE = "torch"


@dataclasses.dataclass(frozen=True)
class Case:
    """One problem size: query tokens, heads, splits."""

    tokens: int
    splits: int
    h_q: int = 128
    d_v: int = 512

    @property
    def label(self) -> str:
        return f"{self.splits} splits, {self.tokens} tokens, h {self.h_q}, {self.partial_bytes / 2**20:.0f} MiB"

    @property
    def partial_bytes(self) -> int:
        return 4 * self.splits * self.tokens * self.h_q * self.d_v

    @property
    def bytes(self) -> float:
        """Partials and their lse read, output and lse written."""
        rows = self.tokens * self.h_q
        return float(self.partial_bytes + 4 * self.splits * rows + 2 * rows * self.d_v + 4 * rows)


CASES = (Case(1, 32), Case(4, 16), Case(32, 2), Case(256, 4), Case(64, 16), Case(128, 32), Case(1024, 4))
QUICK_CASES = (Case(64, 16), Case(128, 32))


def naive(partial_out: torch.Tensor, partial_lse: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The merge as one would write it in torch: softmax over the splits, weighted sum, cast."""
    lse = torch.logsumexp(partial_lse, 0)
    weight = torch.exp(partial_lse - lse)
    return (partial_out * weight[..., None]).sum(0).to(torch.bfloat16), lse.transpose(1, 2).contiguous()


def error_of(results: tuple[torch.Tensor, torch.Tensor], expected: tuple[torch.Tensor, torch.Tensor]) -> float:
    """Relative Frobenius error of out [b, s_q, h_q, d_v], or the largest one of lse [b, h_q, s_q] where that is more.

    Infinite for a NaN in either.
    """
    out, lse = (actual.double() - wanted for actual, wanted in zip(results, expected))
    errors = (out.norm() / expected[0].norm(), lse.abs().max())
    return max(float(error.nan_to_num(nan=float("inf"))) for error in errors)


def _bench_case(case: Case, rounds: int, bandwidth: float) -> dict:
    from triton_tle.ops import mla_decode_reduce, mla_decode_reduce_reference

    generator = torch.Generator("cuda").manual_seed(4)
    shape = (case.splits, case.tokens, 1, case.h_q)
    partial_out = torch.randn((*shape, case.d_v), device="cuda", generator=generator)
    partial_lse = torch.randn(shape, device="cuda", generator=generator)
    calls: dict[str, Callable] = {
        "tle": lambda: mla_decode_reduce(partial_out, partial_lse),
        "torch": lambda: naive(partial_out, partial_lse),
    }
    few = min(case.tokens, 8)
    expected = mla_decode_reduce_reference(partial_out[:, :few], partial_lse[:, :few])
    result = harness.start_case(case)
    for name in list(calls):
        out, lse = calls[name]()
        error = error_of((out[:few], lse[:few]), expected)
        if not error < 5e-3:
            result["failed"][name] = f"wrong against the float64 reference: {error}"
            del calls[name]
    timings = time_captured(calls, rounds)
    limit_ms = 1e3 * case.bytes / bandwidth

    def more(name: str) -> dict:
        found = {"bandwidth_share": limit_ms / timings[name].median}
        if BASELINE in timings:
            found["speedup"] = timings[name].ratio_to(timings[BASELINE])
        return found

    figures.record(result, timings, case.bytes, "tb_s", more=more)
    return result


def format_case(result: dict) -> str:
    """The table of one case, fastest first."""
    columns = {"us": "{us:.1f}", "TB/s": "{tb_s:.2f}", "of copy": "{bandwidth_share:.0%}", **figures.SPREAD}
    return figures.case_table(result, columns | {f"x {BASELINE}": "{speedup:.2f}"})


def run(
    quick: bool = False, only: list[str] | None = None, commit: str | None = None, log: Callable[[str], None] = print
) -> dict:
    """Check and time; return the results as one JSON-ready dictionary.

    Args:
        quick: partials larger than L2 only, fewer rounds.
        only: must be None or name both providers, "tle" and "torch": one gives the other's ratio.
        commit: recorded as is; None asks git.
        log: receives progress lines and tables.

    Raises:
        ValueError: `only` leaves one of them out.
    """
    if only is not None and sorted(only) != ["tle", "torch"]:
        raise ValueError(f"only must be left out or name tle and torch, got {', '.join(only)}")
    results = harness.begin("mla_decode_reduce", ("tle", "torch"), only, commit, log)
    results["copy_bytes_per_second"] = bandwidth = copy_bandwidth()
    log(f"copy: {bandwidth / 1e12:.2f} TB/s")

    def table(result: dict) -> str:
        return "\n".join([format_case(result), *(f"  {name}: {why}" for name, why in result["failed"].items())])

    bench = functools.partial(_bench_case, rounds=5 if quick else 9, bandwidth=bandwidth)
    return harness.run_cases(results, QUICK_CASES if quick else CASES, bench, table, log)
