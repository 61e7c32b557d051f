"""Benchmark of reductions of accumulators: random rows of a table, added to by the products of small dots.

TB/s counts the bytes that are added, rows * columns * 4. The table fits into the L2 cache, as the gradient of the keys
does in the backward of sparse attention, so the reductions bound the kernel and not device memory.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

import torch

from triton_tle.compiler import environment

from . import figures, harness
from .harness import time_in_rounds

BASELINES = ("triton", "gluon")
DEPTH = 16  # of the products
CHECKED_ROWS = 1 << 16
MAX_ERROR = 1e-5  # relative Frobenius; fp32 sums of some hundred products are within 1e-6


@dataclasses.dataclass(frozen=True)
class Case:
    """One problem: `rows` products of `columns` columns, in pieces of `piece`, added to random rows of `table`."""

    columns: int = 576
    piece: int = 64
    num_warps: int = 4
    rows: int = 1 << 20
    table: int = 8192

    @property
    def label(self) -> str:
        return f"{self.columns} columns by {self.piece}, {self.num_warps} warps"

    @property
    def bytes(self) -> int:
        return 4 * self.rows * self.columns


CASES = (Case(), Case(columns=512, piece=128), Case(columns=512, piece=128, num_warps=8))

#: A provider adds x @ w to the rows of out: call(x, w, index, out, piece, num_warps).
Provider = Callable[..., None]


def _load_plain(value: str) -> Provider:
    # Triton's caches tell the values of TRITON_TLE apart, so one process can hold both binaries of one kernel.
    from .providers.scatter_add_triton import scatter_add_triton

    def call(*arguments: object) -> None:
        with environment.overridden(environment.VARIABLE, value):
            scatter_add_triton(*arguments)

    return call


def _load_gluon() -> Provider:
    from .providers.scatter_add_gluon import scatter_add_gluon

    return scatter_add_gluon


LOADERS: dict[str, Callable[[], Provider]] = {
    "tle": functools.partial(_load_plain, "1"),
    "triton": functools.partial(_load_plain, "0"),
    "gluon": _load_gluon,
}


def make_inputs(case: Case, seed: int, rows: int | None = None, device: str = "cuda") -> tuple[torch.Tensor, ...]:
    """Random x bf16 [rows, 16], w bf16 [16, columns] and index int32 [rows] below the table's size.

    With `rows` given, so many instead of the case's, and every seventh index is negative.
    """
    generator = torch.Generator(device).manual_seed(seed)
    options = {"device": device, "generator": generator}
    count = rows or case.rows
    x = torch.randn((count, DEPTH), dtype=torch.bfloat16, **options)
    w = torch.randn((DEPTH, case.columns), dtype=torch.bfloat16, **options)
    index = torch.randint(0, case.table, (count,), dtype=torch.int32, **options)
    if rows is not None:
        index[::7] = -1
    return x, w, index


def reference(x: torch.Tensor, w: torch.Tensor, index: torch.Tensor, table: int) -> torch.Tensor:
    """float64 [table, columns]: zeros, with x[r] @ w added to row index[r] for every r that is not negative."""
    kept = index >= 0
    out = torch.zeros((table, w.shape[1]), dtype=torch.float64, device=x.device)
    return out.index_add_(0, index[kept].long(), x[kept].double() @ w.double())


def check_provider(provider: Provider, case: Case) -> float:
    """Relative Frobenius error against float64, with negative indices and rows that are added to many times."""
    x, w, index = make_inputs(case, seed=1, rows=CHECKED_ROWS)
    out = torch.zeros((case.table, case.columns), dtype=torch.float32, device="cuda")
    provider(x, w, index, out, case.piece, case.num_warps)
    expected = reference(x, w, index, case.table)
    return ((out.double() - expected).norm() / expected.norm()).item()


def _bench_case(case: Case, providers: dict[str, Provider], rounds: int, log: Callable[[str], None]) -> dict:
    result = harness.start_case(case)
    errors = harness.check_each(
        providers, lambda provider: check_provider(provider, case), lambda error: error <= MAX_ERROR, result, log
    )
    x, w, index = make_inputs(case, seed=2)
    out = torch.zeros((case.table, case.columns), dtype=torch.float32, device="cuda")
    runs = {name: functools.partial(providers[name], x, w, index, out, case.piece, case.num_warps) for name in errors}
    timings = time_in_rounds(runs, rounds)
    more = {name: {"error": error} for name, error in errors.items()}
    figures.record(result, timings, case.bytes, "tb_s", BASELINES, more.__getitem__)
    return result


def format_case(result: dict) -> str:
    """The table of one case, fastest first."""
    columns = {"ms": "{ms:.3f}", "TB/s": "{tb_s:.2f}", **figures.SPREAD, "error": "{error:.1e}"}
    return figures.case_table(result, columns, BASELINES)


def run(
    quick: bool = False, only: list[str] | None = None, commit: str | None = None, log: Callable[[str], None] = print
) -> dict:
    """Check and time every provider; return the results as one JSON-ready dictionary.

    Providers: "tle" and "triton" are one plain kernel compiled with and without TLE; "gluon" adds the accumulator as it
    lies, on stock Triton.

    Args:
        quick: the first case only, fewer rounds.
        only: provider names to run; None runs all of LOADERS.
        commit: recorded as is; None asks git.
        log: receives progress lines and tables.

    Raises:
        ValueError: `only` holds a name that is not in LOADERS.
    """
    results = harness.begin("scatter_add", LOADERS, only, commit, log)
    providers = harness.load_providers(LOADERS, only, results, log)
    bench = functools.partial(_bench_case, providers=providers, rounds=9 if quick else 17, log=log)
    return harness.run_cases(results, CASES[:1] if quick else CASES, bench, format_case, log)
