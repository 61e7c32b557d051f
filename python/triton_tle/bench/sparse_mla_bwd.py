"""Benchmark of the sparse-MLA backward: TLE, atomic (by hand and from a plain loop) and deterministic, against plain
Triton and TileLang.

A call is everything from (q, kv, indices, out, lse, grad_out) to dq and dkv in bfloat16: delta, sums set to zero, the
main kernel, rounding. TFLOP/s counts 2 * s_q * h_q * topk * (3 * d_qk + 2 * d_v), whatever a provider calculates twice.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import functools
import importlib
from collections.abc import Callable, Sequence

import torch

from triton_tle.ops.sparse_mla_fwd import flash_mla_sparse_fwd

from . import figures, harness, sparse_mla_fwd
from .harness import time_in_rounds
from .parallel import in_processes
from .providers import ProviderUnavailable
from .sparse_mla_bwd_check import D_V, CheckCase, CheckResult, check

BASELINES = ("tilelang", "triton")
ROUNDS = 9
HEADS_A_PROGRAM = 64
REDUCTION_BANDWIDTH = 3.2e12  # bytes a second, float32 additions into whole 128-byte rows in L2, as an H100 has it


@dataclasses.dataclass(frozen=True)
class Case(sparse_mla_fwd.Case):
    """One problem size; lengths in tokens."""

    s_kv: int = 8192

    @property
    def flops(self) -> float:
        return 2.0 * self.s_q * self.h_q * self.topk * (3 * self.d_qk + 2 * D_V)

    @property
    def floor_ms(self) -> float:
        """Time of the additions to dkv alone, for programs of 64 heads."""
        programs = self.s_q * -(-self.h_q // HEADS_A_PROGRAM)
        return 1e3 * programs * self.topk * self.d_qk * 4 / REDUCTION_BANDWIDTH

    @property
    def memory(self) -> int:
        """Bytes of q, out, grad_out and dq, of kv, of lse, and of dkv in float32."""
        queries = self.s_q * self.h_q
        return queries * (4 * self.d_qk + 4 * D_V + 4) + self.s_kv * self.d_qk * 6


QUICK_CASES = (Case(576, 128, 2048), Case(576, 64, 2048))
CASES = (
    *QUICK_CASES,
    Case(576, 128, 2048, 32768),
    Case(576, 128, 2048, 131072),
    Case(512, 64, 512, 32768),
    Case(512, 128, 1024, 32768),
    Case(576, 32, 2048),
    Case(576, 16, 2048),
    Case(576, 8, 2048),
)


@dataclasses.dataclass(frozen=True)
class Provider:
    """An implementation: call(q, kv, indices, out, lse, grad_out, sm_scale) -> (dq, dkv, ...).

    `prepare`, if there, compiles for all cases at once.
    """

    call: Callable
    supports: Callable[[Case], bool]
    prepare: Callable[[list[Case]], None] | None = None


def _load_tle(deterministic: bool) -> Provider:
    from triton_tle.ops.sparse_mla_bwd import sparse_mla_bwd

    return Provider(functools.partial(sparse_mla_bwd, deterministic=deterministic), lambda case: True)


def _load_tle_loop() -> Provider:
    from triton_tle.ops.sparse_mla_bwd import sparse_mla_bwd

    return Provider(functools.partial(sparse_mla_bwd, kernel="loop"), lambda case: True)


def _load_triton() -> Provider:
    from .providers.sparse_mla_bwd_triton import compile_calls, compile_one, sparse_mla_bwd_triton

    def prepare(cases: list[Case]) -> None:  # a configuration that fails here fails again, and is then left out
        in_processes(compile_one, compile_calls([(case.h_q, case.d_qk, case.topk) for case in cases]))

    return Provider(sparse_mla_bwd_triton, lambda case: True, prepare)


def _load_tilelang() -> Provider:
    from .providers._tilelang import TileLangSparseMlaBwd, require_tilelang

    require_tilelang()
    call = TileLangSparseMlaBwd(importlib.import_module(f"{__package__}.providers.tilelang_sparse_mla_bwd"))

    def prepare(cases: list[Case]) -> None:
        call.prepare([(case.h_q, case.d_qk, case.topk, case.d_qk**-0.5) for case in cases])

    return Provider(call, lambda case: call.supports(case.h_q, case.d_qk, case.topk), prepare)


LOADERS: dict[str, Callable[[], Provider]] = {
    "tle": functools.partial(_load_tle, False),
    "tle_loop": _load_tle_loop,
    "tle_deterministic": functools.partial(_load_tle, True),
    "triton": _load_triton,
    "tilelang": _load_tilelang,
}


def make_inputs(case: Case, seed: int) -> tuple:
    """(q, kv, indices, out, lse, grad_out, sm_scale) on the GPU, all indices valid, out and lse from TLE's forward."""
    q, kv, indices = sparse_mla_fwd.make_inputs(case, seed)
    sm_scale = case.d_qk**-0.5
    out, _, lse = flash_mla_sparse_fwd(q, kv, indices, sm_scale)
    return q, kv, indices, out, lse, torch.randn_like(out), sm_scale


def check_provider(provider: Provider, case: Case) -> CheckResult:
    """Errors against float64 on 48 tokens of the case's size, invalid indices and rows without keys included."""
    sizes = {"s_q": 48, "h_q": case.h_q, "d_qk": case.d_qk, "topk": case.topk, "s_kv": case.s_kv}

    def call(*positional: object, dq: torch.Tensor, sums: torch.Tensor) -> tuple:
        return *provider.call(*positional)[:2], None

    return check(call, CheckCase(**sizes, empty_rows=True, documented_only=True), seed=1, device="cuda")


def peak_memory(run: Callable[[], object], inputs: tuple) -> int:
    """Bytes of the inputs and of all that a call has allocated at its peak."""
    run()
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    run()
    torch.cuda.synchronize()
    tensors = [value for value in inputs if isinstance(value, torch.Tensor)]
    indices = inputs[2]
    held = sum(value.numel() * value.element_size() for value in tensors if value is not indices)
    return held + torch.cuda.max_memory_allocated() - before


def _bench_case(case: Case, providers: dict[str, Provider], rounds: int, log: Callable[[str], None]) -> dict:
    result = harness.start_case(case)
    chosen = {name: provider for name, provider in providers.items() if provider.supports(case)}
    inputs = make_inputs(case, seed=2)

    def checked(provider: Provider) -> CheckResult:
        provider.call(*inputs)  # what tunes itself does so at the size that is timed
        return check_provider(provider, case)

    errors = harness.check_each(chosen, checked, lambda error: error.passed, result, log)
    runs = {name: functools.partial(providers[name].call, *inputs) for name in errors}
    timings = time_in_rounds(runs, rounds)

    def more(name: str) -> dict:
        return {
            "floor_share": case.floor_ms / timings[name].median,
            "memory_ratio": peak_memory(runs[name], inputs) / case.memory,
            "error": dataclasses.asdict(errors[name]),
        }

    figures.record(result, timings, case.flops, baselines=BASELINES, more=more)
    return result


def format_case(result: dict) -> str:
    """The table of one case, fastest first. "floor": share of the time that the additions to dkv alone would take;
    "memory": peak, relative to q, kv, out, grad_out, lse, dq and dkv in float32."""
    columns = {**figures.TFLOPS, "floor": "{floor_share:.0%}", "memory": "{memory_ratio:.3f}", **figures.SPREAD}
    columns["error"] = lambda entry: f"{max(entry['error']['dq'], entry['error']['dkv']):.1e}"
    return figures.case_table(result, columns, BASELINES)


def _prepared(names: list[str], cases: Sequence[Case], results: dict) -> dict[str, Provider]:
    """The providers, all compiled at the same time; the others go into `results`, with the reason: as "skipped" what
    cannot be had, as "failed" what does not compile."""

    def load(name: str) -> Provider:
        provider = LOADERS[name]()
        if provider.prepare is not None:
            provider.prepare([case for case in cases if provider.supports(case)])
        return provider

    providers = {}
    with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
        futures = {name: pool.submit(load, name) for name in names}
        for name, future in futures.items():
            try:
                providers[name] = future.result()
            except ProviderUnavailable as reason:
                results["skipped"][name] = str(reason)
            except Exception as problem:  # as in _bench_case
                results["failed"][name] = f"does not compile: {type(problem).__name__}: {problem}"
    return providers


def run(
    quick: bool = False, only: list[str] | None = None, commit: str | None = None, log: Callable[[str], None] = print
) -> dict:
    """Check and time every provider; return the results as one JSON-ready dictionary.

    Args:
        quick: the main sizes only.
        only: provider names to run; None runs all of LOADERS.
        commit: recorded as is; None asks git.
        log: receives progress lines and tables.

    Raises:
        ValueError: `only` holds a name that is not in LOADERS.
    """
    results = harness.begin("sparse_mla_bwd", LOADERS, only, commit, log)
    cases = QUICK_CASES if quick else CASES
    providers = _prepared(only or list(LOADERS), cases, results)
    for what in ("skipped", "failed"):
        for name, reason in results[what].items():
            log(f"{what} {name}: {reason[:1000]}")
    bench = functools.partial(_bench_case, providers=providers, rounds=ROUNDS, log=log)
    return harness.run_cases(results, cases, bench, format_case, log)
