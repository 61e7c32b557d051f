"""Benchmark of the sparse-MLA decode: FP8 and bfloat16 caches, both forms of the FP8 kernel, FlashMLA (FP8 only).

Calls are replayed from CUDA graphs, as in serving. Bytes count what must move: listed keys, q and the output.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

import torch

from . import figures, harness
from .graphs import copy_bandwidth, product_tflops, time_captured
from .mla_decode_check import D_V, DecodeCase, DecodeResult, check
from .providers import require_flash_mla

BASELINE = "flash_mla"


@dataclasses.dataclass(frozen=True)
class Case:
    """One problem size; lengths in tokens, s_kv for each sequence."""

    b: int
    s_q: int
    fp8: bool
    h_q: int = 128
    topk: int = 2048
    s_kv: int = 32768
    page_size: int = 64

    @property
    def label(self) -> str:
        return f"{'fp8' if self.fp8 else 'bf16'}, b {self.b}, s_q {self.s_q}, h {self.h_q}, topk {self.topk}"

    @property
    def flops(self) -> float:
        return 2.0 * self.b * self.s_q * self.h_q * self.topk * (576 + D_V)

    @property
    def bytes(self) -> float:
        keys = self.topk * (656 if self.fp8 else 1152)
        return float(self.b * self.s_q) * (keys + self.h_q * 2 * (576 + D_V) + 4 * self.topk)


SIZES = ((1, 1), (2, 2), (32, 1), (64, 2), (128, 2))
CASES = tuple(Case(b, s_q, fp8) for fp8 in (True, False) for b, s_q in SIZES)
QUICK_CASES = tuple(Case(b, s_q, True) for b, s_q in SIZES)


@dataclasses.dataclass(frozen=True)
class Provider:
    """An implementation: prepare(arguments, fp8, splits) -> a function that calculates (out, lse) each time.

    `arguments` are those of `mla_decode_reference`.
    """

    prepare: Callable[[dict, bool, int], Callable[[], tuple[torch.Tensor, torch.Tensor]]]
    supports: Callable[[Case], bool]


def prepare_operator(module: object, arguments: dict, fp8: bool, splits: int) -> Callable:
    """A function that calls the operator with FlashMLA's interface in `module`, which chooses `splits` by itself."""
    named = dict(arguments)
    q, k_cache = named.pop("q"), named.pop("k_cache")
    metadata, _ = module.get_mla_metadata()
    return lambda: module.flash_mla_with_kvcache(
        q, k_cache, None, None, D_V, metadata, None, is_fp8_kvcache=fp8, **named
    )


def prepare_form(arguments: dict, fp8: bool, splits: int, config: dict[str, int]) -> Callable:
    """A function that runs our decode in one configuration; 0 splits: as many as the plan chooses."""
    from triton_tle.ops.mla_decode import launch_decode
    from triton_tle.ops.mla_decode_args import check_mla_decode
    from triton_tle.ops.mla_metadata import DecodeShape, choose_splits

    args = check_mla_decode(**arguments, is_fp8_kvcache=fp8)
    device = args.q.device
    if not splits:
        extra = args.extra.topk if args.extra else 0
        splits = choose_splits(DecodeShape(args.batch, args.s_q, args.h_q, args.scope.topk, extra, fp8, device))
    rows = (splits, args.batch, args.s_q, args.h_q)
    partial_out = torch.full((*rows, D_V), float("nan"), device=device) if splits > 1 else None
    partial_lse = torch.full(rows, float("nan"), device=device) if splits > 1 else None
    out = torch.full((*rows[1:], D_V), float("nan"), dtype=torch.bfloat16, device=device)
    lse = torch.full((args.batch, args.h_q, args.s_q), float("nan"), device=device)

    def call() -> tuple[torch.Tensor, torch.Tensor]:
        launch_decode(args, splits, partial_out, partial_lse, out, lse, config)
        return out, lse

    return call


def _load_tle() -> Provider:
    from triton_tle import ops

    return Provider(functools.partial(prepare_operator, ops), lambda case: True)


def _load_tiles() -> Provider:
    from triton_tle.ops.mla_decode_fp8 import launch_config

    return Provider(functools.partial(prepare_form, config=launch_config()), lambda case: case.fp8)


def _load_pipes() -> Provider:
    from triton_tle.ops.mla_decode_fp8_pipes import launch_config

    return Provider(functools.partial(prepare_form, config=launch_config()), lambda case: case.fp8)


def _load_flash_mla() -> Provider:
    return Provider(functools.partial(prepare_operator, require_flash_mla()), lambda case: case.fp8)


#: "tle" is the operator; "tiles" and "pipes" are the two forms that it chooses from for an FP8 cache.
LOADERS: dict[str, Callable[[], Provider]] = {
    "tle": _load_tle, "tiles": _load_tiles, "pipes": _load_pipes, "flash_mla": _load_flash_mla
}  # fmt: skip


def make_inputs(case: Case, seed: int) -> dict:
    """Random arguments on the GPU: each query token's keys are distinct tokens of its sequence, scattered."""
    from triton_tle.ops import quantize_k_cache

    generator = torch.Generator("cuda").manual_seed(seed)
    options = {"device": "cuda", "generator": generator}
    blocks = case.s_kv // case.page_size
    cache = torch.empty(
        (case.b * blocks, case.page_size, 1, 656 if case.fp8 else 576),
        dtype=torch.uint8 if case.fp8 else torch.bfloat16, device="cuda",
    )  # fmt: skip
    for sequence in range(case.b):
        keys = (torch.randn((blocks, case.page_size, 1, 576), **options) / 10).bfloat16()
        part = quantize_k_cache(keys).view(torch.uint8) if case.fp8 else keys
        cache[sequence * blocks : (sequence + 1) * blocks] = part
    rank = torch.rand((case.b, case.s_q, case.s_kv), **options)
    indices = rank.topk(case.topk, dim=-1, sorted=False).indices
    indices += torch.arange(case.b, device="cuda")[:, None, None] * case.s_kv
    return {
        "q": torch.randn((case.b, case.s_q, case.h_q, 576), **options).bfloat16(),
        "k_cache": cache.view(torch.float8_e4m3fn) if case.fp8 else cache,
        "indices": indices.to(torch.int32),
        "softmax_scale": 576**-0.5,
    }


def check_provider(provider: Provider, case: Case) -> DecodeResult:
    """Errors against the float64 reference as shares of the tolerance, invalid indices included."""
    small = DecodeCase(
        min(case.b, 4), case.s_q, case.h_q, case.topk, blocks=64, fp8=case.fp8, empty_rows=True, documented_only=True
    )
    return check(small, 1, "cuda", lambda arguments, fp8, splits: provider.prepare(arguments, fp8, splits)())


def _bench_case(
    case: Case,
    providers: dict[str, Provider],
    rounds: int,
    bandwidth: float,
    products: float,
    log: Callable[[str], None],
) -> dict:
    result = harness.start_case(case)
    chosen = {name: provider for name, provider in providers.items() if provider.supports(case)}
    errors = harness.check_each(
        chosen, lambda provider: check_provider(provider, case), lambda error: error.passed, result, log
    )
    arguments = make_inputs(case, seed=2)
    calls = {name: chosen[name].prepare(arguments, case.fp8, 0) for name in errors}
    timings = time_captured(calls, rounds)
    limit_ms = 1e3 * case.bytes / bandwidth

    def more(name: str) -> dict:
        found = {"bandwidth_share": limit_ms / timings[name].median, "error": dataclasses.asdict(errors[name])}
        if BASELINE in timings:
            found["time_ratio"] = timings[BASELINE].ratio_to(timings[name])
        return found

    figures.record(result, timings, case.flops, more=more, products=products)
    return result


def format_case(result: dict) -> str:
    """The table of one case, fastest first; the ratio is of times, below 1 is faster than FlashMLA."""
    columns = {"us": "{us:.1f}", "TFLOP/s": "{tflops:.0f}", **figures.OF_PRODUCTS}
    columns |= {"of bandwidth": "{bandwidth_share:.0%}", **figures.SPREAD}
    return figures.case_table(result, columns | {f"time / {BASELINE}": "{time_ratio:.3f}"})


def run(
    quick: bool = False, only: list[str] | None = None, commit: str | None = None, log: Callable[[str], None] = print
) -> dict:
    """Check and time every provider; return the results as one JSON-ready dictionary.

    Args:
        quick: FP8 only, fewer rounds.
        only: provider names to run; None runs all of LOADERS.
        commit: recorded as is; None asks git.
        log: receives progress lines and tables.

    Raises:
        ValueError: `only` holds a name that is not in LOADERS.
    """
    results = harness.begin("mla_decode", LOADERS, only, commit, log)
    providers = harness.load_providers(LOADERS, only, results, log)
    results["copy_bytes_per_second"] = bandwidth = copy_bandwidth()
    rounds = 5 if quick else 9
    limits = {"bandwidth": bandwidth, "products": product_tflops(results, log)}
    bench = functools.partial(_bench_case, providers=providers, rounds=rounds, **limits, log=log)
    return harness.run_cases(results, QUICK_CASES if quick else CASES, bench, format_case, log)
