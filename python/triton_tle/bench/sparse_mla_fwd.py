"""Benchmark of the sparse-MLA forward: TLE against plain Triton, TileLang (three kernels) and FlashMLA.

TFLOP/s counts the forward's own work, 2 * s_q * h_q * topk * (d_qk + d_v), whatever a provider calculates twice.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
from collections.abc import Callable, Sequence

import torch

from . import figures, harness
from .graphs import product_tflops
from .harness import time_in_rounds
from .providers import ProviderUnavailable, require_flash_mla
from .sparse_mla_fwd_check import D_V, CheckCase, CheckResult, check

PEER = "flash_mla"
LEAST_HEADS = 64  # of the peer; what has fewer is padded, as its users do
BASELINES = (PEER, "triton", "tilelang_base")


@dataclasses.dataclass(frozen=True)
class Case:
    """One problem size; lengths in tokens."""

    d_qk: int
    h_q: int
    topk: int
    s_kv: int
    s_q: int = 4096

    @property
    def label(self) -> str:
        return f"d {self.d_qk}, h {self.h_q}, topk {self.topk}, s_kv {self.s_kv}"

    @property
    def flops(self) -> float:
        return 2.0 * self.s_q * self.h_q * self.topk * (self.d_qk + D_V)


MAIN_CASE = Case(576, 128, 2048, 32768)
QUICK_CASES = (MAIN_CASE,)
CASES = (
    Case(576, 128, 2048, 8192),
    MAIN_CASE,
    Case(576, 128, 2048, 131072),
    Case(576, 64, 2048, 32768),
    Case(512, 64, 512, 32768),
    Case(512, 128, 1024, 32768),
)


@dataclasses.dataclass(frozen=True)
class Provider:
    """An implementation: call(q, kv, indices, sm_scale, out=) -> (out, max_logits, lse); supports(case) -> bool.

    `prepare`, if there, compiles for all cases at once. Where a case has less than `least_heads` heads, q and out are
    made as large before the clock runs.
    """

    call: Callable
    supports: Callable[[Case], bool]
    prepare: Callable[[list[Case]], None] | None = None
    least_heads: int = 1


def _load_tle() -> Provider:
    try:
        from triton_tle.ops import flash_mla_sparse_fwd
    except ImportError as error:
        raise ProviderUnavailable(f"TLE's operator does not import ({error}): install the triton-tle wheel") from error
    return Provider(flash_mla_sparse_fwd, lambda case: True)


def _load_tle_tile() -> Provider:
    from triton_tle.ops.sparse_mla_fwd import sparse_mla_fwd

    return Provider(functools.partial(sparse_mla_fwd, kernel="tile"), lambda case: True)


def _load_tle_divided() -> Provider:
    from triton_tle.ops.sparse_mla_fwd import sparse_mla_fwd

    return Provider(functools.partial(sparse_mla_fwd, kernel="divided"), lambda case: case.h_q > 32)


def _load_triton() -> Provider:
    from .providers.sparse_mla_fwd_triton import sparse_mla_fwd_triton

    return Provider(sparse_mla_fwd_triton, lambda case: True)


def _load_tilelang(name: str, keys_per_step: int) -> Provider:
    from .providers._tilelang import TileLangSparseMlaFwd, require_tilelang

    require_tilelang()
    module = importlib.import_module(f"{__package__}.providers.tilelang_sparse_mla_fwd_{name}")
    call = TileLangSparseMlaFwd(module, keys_per_step)

    def supports(case: Case) -> bool:
        return call.supports(case.h_q, case.d_qk, case.topk)

    def prepare(cases: list[Case]) -> None:
        call.prepare([(case.h_q, case.d_qk, case.topk, case.d_qk**-0.5) for case in cases])

    return Provider(call, supports, prepare)


def _load_flash_mla() -> Provider:
    forward = require_flash_mla().flash_mla_sparse_fwd

    def call(q, kv, indices, sm_scale, out, attn_sink=None):
        heads = q.shape[1]
        if heads >= LEAST_HEADS:
            return forward(q, kv, indices, sm_scale, attn_sink=attn_sink, out=out)
        # In checks; what is timed has its heads already
        wide, *statistics = forward(with_heads(q, LEAST_HEADS), kv, indices, sm_scale)
        return out.copy_(wide[:, :heads]), *(values[:, :heads] for values in statistics)

    def supports(case: Case) -> bool:
        return case.h_q in (8, 16, 32, 64, 128) and case.topk % 128 == 0

    return Provider(call, supports, least_heads=LEAST_HEADS)


LOADERS: dict[str, Callable[[], Provider]] = {
    "tle": _load_tle,
    "tle_tile": _load_tle_tile,
    "tle_divided": _load_tle_divided,
    "triton": _load_triton,
    "tilelang_base": functools.partial(_load_tilelang, "base", 64),
    "tilelang_pipelined": functools.partial(_load_tilelang, "pipelined", 64),
    "tilelang_seesaw": functools.partial(_load_tilelang, "seesaw", 128),
    "flash_mla": _load_flash_mla,
}


def make_inputs(case: Case, seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Random q [s_q, h_q, d_qk], kv [s_kv, 1, d_qk] and indices [s_q, 1, topk] on the GPU, all indices valid.

    Where s_kv is a power of two the indices of a row are distinct, as a top-k selection's are.
    """
    generator = torch.Generator("cuda").manual_seed(seed)
    options = {"device": "cuda", "generator": generator}
    q = torch.randn((case.s_q, case.h_q, case.d_qk), dtype=torch.bfloat16, **options)
    kv = torch.randn((case.s_kv, 1, case.d_qk), dtype=torch.bfloat16, **options)
    if case.s_kv & (case.s_kv - 1) or case.topk > case.s_kv:
        return q, kv, torch.randint(0, case.s_kv, (case.s_q, 1, case.topk), dtype=torch.int32, **options)
    # a random start and an odd stride modulo a power of two: distinct without sorting s_q * s_kv numbers
    start = torch.randint(0, case.s_kv, (case.s_q, 1, 1), **options)
    stride = torch.randint(0, case.s_kv // 2, (case.s_q, 1, 1), **options) * 2 + 1
    position = (start + stride * torch.arange(case.topk, device="cuda")) % case.s_kv
    return q, kv, torch.randperm(case.s_kv, **options)[position].to(torch.int32)


def with_heads(values: torch.Tensor, heads: int) -> torch.Tensor:
    """`values` [s_q, h, width] with `heads` heads, h at least; those behind the h-th are zero."""
    return torch.nn.functional.pad(values, (0, 0, 0, heads - values.shape[1]))


def check_provider(provider: Provider, case: Case) -> CheckResult:
    """Errors against the float64 reference on 96 tokens of the case's size, invalid indices and rows included."""
    sizes = {"s_q": 96, "h_q": case.h_q, "d_qk": case.d_qk, "topk": case.topk, "s_kv": case.s_kv}
    return check(provider.call, CheckCase(**sizes, empty_rows=True, documented_only=True), seed=1, device="cuda")


def _bench_case(
    case: Case, providers: dict[str, Provider], rounds: int, products: float, log: Callable[[str], None]
) -> dict:
    result = harness.start_case(case)
    chosen = {name: provider for name, provider in providers.items() if provider.supports(case)}
    q, kv, indices = make_inputs(case, seed=2)
    out = torch.empty((case.s_q, case.h_q, D_V), dtype=torch.bfloat16, device="cuda")

    def checked(provider: Provider) -> CheckResult:
        provider.call(q, kv, indices, case.d_qk**-0.5, out=out)  # what tunes itself does so at the size that is timed
        return check_provider(provider, case)

    errors = harness.check_each(chosen, checked, lambda error: error.passed, result, log)
    runs = {}
    for name in errors:
        heads = chosen[name].least_heads
        wide, into = (with_heads(values, heads) if heads > case.h_q else values for values in (q, out))
        runs[name] = functools.partial(chosen[name].call, wide, kv, indices, case.d_qk**-0.5, out=into)
    timings = time_in_rounds(runs, rounds)
    close = {name: run for name, run in runs.items() if name == PEER or name.startswith("tle")}
    turns = harness.compare_in_turns(close, PEER)
    more = {name: {"error": dataclasses.asdict(error), **turns.get(name, {})} for name, error in errors.items()}
    figures.record(result, timings, case.flops, baselines=BASELINES, more=more.__getitem__, products=products)
    return result


def format_case(result: dict) -> str:
    """The table of one case, fastest first."""
    columns = {**figures.TFLOPS, **figures.OF_PRODUCTS, **figures.SPREAD, "error": "{error[out]:.1e}"}
    columns |= figures.in_turns(PEER)
    return figures.case_table(result, columns, BASELINES)


def run(
    quick: bool = False, only: list[str] | None = None, commit: str | None = None, log: Callable[[str], None] = print
) -> dict:
    """Check and time every provider; return the results as one JSON-ready dictionary.

    Args:
        quick: the main size only, fewer rounds.
        only: provider names to run; None runs all of LOADERS.
        commit: recorded as is; None asks git.
        log: receives progress lines and tables.

    Raises:
        ValueError: `only` holds a name that is not in LOADERS.
    """
    return run_cases("sparse_mla_fwd", LOADERS, QUICK_CASES if quick else CASES, 9 if quick else 17, only, commit, log)


def run_cases(
    op: str, loaders: dict[str, Callable[[], Provider]], cases: Sequence[Case], rounds: int, only: list[str] | None,
    commit: str | None, log: Callable[[str], None]
) -> dict:  # fmt: skip
    """The results of a benchmark of the forward; `op`, its name. Otherwise as `run`."""
    results = harness.begin(op, loaders, only, commit, log)
    providers = harness.load_providers(loaders, only, results, log)
    for name, provider in list(providers.items()):
        if provider.prepare is None:
            continue
        try:
            provider.prepare([case for case in cases if provider.supports(case)])
        except Exception as problem:  # as in _bench_case
            results["failed"][name] = f"does not compile: {type(problem).__name__}: {problem}"
            log(f"failed {name}: {results['failed'][name][:1000]}")
            del providers[name]
    products = product_tflops(results, log)
    bench = functools.partial(_bench_case, providers=providers, rounds=rounds, products=products, log=log)
    return harness.run_cases(results, cases, bench, format_case, log)
