"""Check the sparse-MLA backward on a GPU: many shapes, fresh random data, float64 autograd, outputs poisoned.

    python python/test/gpu/check_sparse_mla_bwd.py [--provider tle tle_loop tle_divided triton] [--json FILE] [--seed N]
        [--soak SECONDS]
    compute-sanitizer --tool memcheck python python/test/gpu/check_sparse_mla_bwd.py --sanitize

Also: autograd through `triton_tle.ops.sparse_mla`, torch.compile(fullgraph=True), CUDA-graph capture, peak memory.
Prints a table; exits with 1 if a check failed. Most of the time goes into compiling: small cases run in as many
processes as there are cores (--jobs), those that fill the GPU's memory one by one behind them. --soak goes on with
random cases in each process. --sanitize runs a few tiny shapes only, in this process. "tle_divided" and
"tle_divided_16" are the loop with a plain gather in tiles so small that the compiler divides it into partitions.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import random
import sys
import time
from collections.abc import Callable

import checking
import torch
from triton_tle.bench.harness import format_table
from triton_tle.bench.parallel import process_pool
from triton_tle.bench.providers.sparse_mla_bwd_triton import sparse_mla_bwd_triton_untuned
from triton_tle.bench.sparse_mla_bwd import Case, make_inputs, peak_memory
from triton_tle.bench.sparse_mla_bwd_check import MAX_ERROR, MAX_ROW_ERROR, CheckCase, CheckResult, check
from triton_tle.ops import sparse_mla
from triton_tle.ops.sparse_mla_bwd import launch_sparse_mla_bwd, loop_config, sparse_mla_bwd, sparse_mla_bwd_kernel
from triton_tle.ops.sparse_mla_bwd_args import check_sparse_mla_bwd

#: Rows and keys of tiles of which two fit into shared memory.
DIVIDED_TILES = {"tle_divided": {"BLOCK_H": 32, "BLOCK_K": 32}, "tle_divided_16": {"BLOCK_H": 64, "BLOCK_K": 16}}


def _kernels() -> dict[str, object]:
    """The main kernels that this process has compiled, by hash."""
    caches = sparse_mla_bwd_kernel.device_caches.values()
    return {kernel.hash: kernel for cache in caches for kernel in cache[0].values()}


def divided(tile: dict[str, int], *positional: object, **named: object) -> tuple:
    """The loop with a plain gather in tiles of `tile`; raises ValueError where the compiler leaves it whole."""
    before = _kernels()
    results = launch_sparse_mla_bwd(check_sparse_mla_bwd(*positional, **named), loop_config() | tile)
    for name, kernel in _kernels().items():
        ttgir = kernel.asm["ttgir"]  # with a topk of 1 there is no loop
        if name not in before and "scf.for" in ttgir and "ttg.warp_specialize" not in ttgir:
            raise ValueError("the compiler has not divided the loop")
    return results


PROVIDERS = {
    "tle": sparse_mla_bwd,
    "tle_loop": functools.partial(sparse_mla_bwd, kernel="loop"),
    **{name: functools.partial(divided, tile) for name, tile in DIVIDED_TILES.items()},
    "triton": sparse_mla_bwd_triton_untuned,
}


def all_cases() -> list[CheckCase]:
    """Sizes around every boundary, every feature, and offsets beyond 32 bits."""
    base = CheckCase(s_q=67, h_q=64, d_qk=576, topk=256, s_kv=1000)
    own: list[dict] = [
        {"grad_lse": True},
        {"grad_lse": True, "sink": True, "empty_rows": True, "h_q": 24},
        {"grad_lse": True, "sink": True, "spread": 80.0, "topk": 2, "invalid": 0.0},  # sinks far above and below lse
        {"causal_start": 500, "length": True, "sink": True, "grad_lse": True, "h_q": 24, "topk": 333},
        {"strided_grads": True},
        {"deterministic": True},
        {"deterministic": True, "d_qk": 512, "h_q": 128},
        {"deterministic": True, "h_q": 8, "topk": 100, "causal_start": 300},
        {"deterministic": True, "sink": True, "grad_lse": True, "length": True, "empty_rows": True},
        {"deterministic": True, "s_q": 2000, "topk": 512, "s_kv": 600},
        {"deterministic": True, "spread": 40.0},
    ]
    large = [
        CheckCase(s_q=4096, h_q=128, d_qk=576, topk=2048, s_kv=8192),
        CheckCase(s_q=512, h_q=128, d_qk=512, topk=1024, s_kv=65536),
        CheckCase(s_q=300, h_q=64, d_qk=512, topk=512, s_kv=8192, sink=True, length=True),
        CheckCase(s_q=70000, h_q=8, d_qk=576, topk=64, s_kv=5000),
        CheckCase(s_q=60000, h_q=64, d_qk=576, topk=20, s_kv=900, invalid=0.3),  # q and dq past 2**31 elements
        CheckCase(s_q=200, h_q=64, d_qk=576, topk=300, s_kv=4_000_000),  # kv and its sums past 2**31 elements
    ]
    return [dataclasses.replace(base, **changes) for changes in checking.shared_changes() + own] + large


def random_case(generator: random.Random) -> CheckCase:
    """Any shape and any features, small enough for a process beside others."""
    choose = generator.choice
    return CheckCase(
        s_q=generator.randint(1, 150), h_q=8 * generator.randint(1, 16), d_qk=choose((512, 576)),
        topk=choose((generator.randint(0, 300), 64 * generator.randint(1, 16))),
        s_kv=choose((generator.randint(1, 200), generator.randint(1, 9000))), invalid=choose((0.0, 0.1, 0.5, 0.95)),
        empty_rows=choose((False, True)), sink=choose((False, True)), length=choose((False, True)),
        causal_start=choose((None, generator.randint(-100, 9000))), strided=choose(("", "q", "kv", "indices")),
        spread=choose((0.01, 1.0, 40.0)), grad_lse=choose((False, True)),
        deterministic=choose((False, False, True)), strided_grads=choose((False, True)),
    )  # fmt: skip


def sanitizer_cases() -> list[CheckCase]:
    """Tiny shapes that reach every branch of the kernels."""
    base = CheckCase(s_q=2, h_q=64, d_qk=576, topk=130, s_kv=70)
    changes: list[dict] = [
        {},
        {"d_qk": 512, "topk": 64},
        {"h_q": 8, "topk": 100},
        {"h_q": 72, "sink": True, "grad_lse": True, "length": True, "causal_start": 30},
        {"strided": "unaligned"},
        {"deterministic": True, "h_q": 24},
        {"deterministic": True, "d_qk": 512, "sink": True},
    ]
    return [dataclasses.replace(base, **change) for change in changes]


def _batched(seed: int) -> tuple[dict, tuple[torch.Tensor, torch.Tensor]]:
    """Arguments of `sparse_mla` with all features, and the gradients of its results."""
    generator = torch.Generator("cuda").manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, device="cuda", generator=generator)

    arguments = {
        "q": normal(2, 50, 64, 576).bfloat16().requires_grad_(),
        "kv": normal(2, 300, 1, 576).bfloat16().requires_grad_(),
        "indices": torch.randint(-9, 310, (2, 50, 1, 200), device="cuda", generator=generator, dtype=torch.int32),
        "attn_sink": normal(64).requires_grad_(),
        "topk_length": torch.randint(1, 201, (2, 50), device="cuda", generator=generator, dtype=torch.int32),
        "q_start": 250,
    }
    return arguments, (normal(2, 50, 64, 512).bfloat16(), normal(2, 50, 64))


def _gradients(call: Callable, arguments: dict, gradients: tuple[torch.Tensor, torch.Tensor]) -> list[torch.Tensor]:
    leaves = [arguments[name] for name in ("q", "kv", "attn_sink")]
    return list(torch.autograd.grad(call(**arguments), leaves, gradients))


def check_batched(seed: int) -> str:
    """Each batch item of `sparse_mla` against float64 autograd; "" or what is wrong."""
    from triton_tle.bench.sparse_mla_bwd_check import expected_gradients

    arguments, gradients = _batched(seed)
    dq, dkv, dsink = _gradients(sparse_mla, arguments, gradients)
    out, lse = sparse_mla(**arguments)
    total = torch.zeros_like(dsink, dtype=torch.float64)
    for item in range(2):
        named = {name: arguments[name][item].detach() for name in ("q", "kv", "indices", "topk_length")}
        named |= {"attn_sink": arguments["attn_sink"].detach(), "causal_start": 250, "sm_scale": 576**-0.5}
        named |= {"grad_out": gradients[0][item], "grad_lse": gradients[1][item]}
        named |= {"out": out[item].detach(), "lse": lse[item].detach()}
        expected, _ = expected_gradients(named)
        for name, actual, value in (("dq", dq[item], expected[0]), ("dkv", dkv[item], expected[1])):
            error = float((actual.double() - value).norm() / value.norm())
            if not error < MAX_ERROR:
                return f"{name} of batch item {item}: {error:.1e}"
        total += expected[2]
    error = float((dsink.double() - total).norm() / total.norm())
    return "" if error < MAX_ERROR else f"dsink: {error:.1e}"


def check_compiled(seed: int) -> str:
    """torch.compile of one graph, deterministic mode: the same bits; "" or what is wrong."""
    arguments, gradients = _batched(seed)
    call = functools.partial(sparse_mla, deterministic=True)
    compiled = torch.compile(lambda **named: call(**named), fullgraph=True)
    pairs = zip(_gradients(call, arguments, gradients), _gradients(compiled, arguments, gradients))
    return "" if all(torch.equal(left, right) for left, right in pairs) else "gradients differ from those without"


def check_graph(deterministic: bool, seed: int) -> str:
    """Forward and backward captured in a CUDA graph, replayed on other data; "" or what is wrong.

    Without deterministic mode gradients of kv may differ by the order of their sums.
    """
    run = functools.partial(_gradients, functools.partial(sparse_mla, deterministic=deterministic))

    def same(replayed: torch.Tensor, called: torch.Tensor) -> bool:
        if deterministic:
            return torch.equal(replayed, called)
        return float((replayed.double() - called.double()).norm() / called.double().norm()) < 1e-3

    return checking.check_replay(run, _batched(seed), _batched(seed + 1), same)


def check_memory(seed: int) -> str:
    """Peak memory of the atomic mode: inputs, dq and dkv in float32, plus 5 %; "" or what is wrong."""
    for case in (Case(576, 128, 2048, 8192), Case(576, 64, 512, 131072, s_q=1024)):
        inputs = make_inputs(case, seed)
        ratio = peak_memory(functools.partial(sparse_mla_bwd, *inputs), inputs) / case.memory
        print(f"memory, {case.label}: {ratio:.3f} of q, kv, out, grad_out, lse, dq and dkv in float32")
        if not ratio < 1.05:
            return f"{case.label}: {ratio:.3f}"
    return ""


OPERATOR_CHECKS = {
    "sparse_mla, batched": check_batched,
    "sparse_mla, compiled": check_compiled,
    "sparse_mla, CUDA graph": functools.partial(check_graph, False),
    "sparse_mla, deterministic, CUDA graph": functools.partial(check_graph, True),
    "peak memory": check_memory,
}


@dataclasses.dataclass(frozen=True)
class Job:
    """One check: of a provider in one case, or of one of OPERATOR_CHECKS."""

    provider: str
    case: CheckCase | None
    operator: str = ""
    seed: int = 0

    @property
    def label(self) -> str:
        return self.operator or self.case.label

    @property
    def large(self) -> bool:
        """Whether it needs much of the GPU's memory."""
        if self.case is None:
            return self.operator == "peak memory"
        case = self.case
        return max(case.s_q * case.h_q, case.s_kv) * case.d_qk > 1 << 26

    @property
    def kernel(self) -> tuple:
        """What decides on the compiled kernels, and so on what is better run by one process."""
        case = self.case
        if case is None:
            return (self.operator,)
        divisible = case.topk % 16 == 0, case.topk == 1
        given = case.sink, case.grad_lse, case.length, case.causal_start is not None, case.deterministic
        heads = case.h_q if self.provider == "triton" else 0
        return (self.provider, case.d_qk, *divisible, *given, case.strided, heads)

    def run(self) -> tuple[CheckResult | None, str]:
        """Errors (None for an operator's check, or if it raised), and what is wrong, in words."""
        if self.case is None:
            found, problem = checking.guarded(functools.partial(OPERATOR_CHECKS[self.operator], self.seed))
            return None, problem or found
        result, problem = checking.guarded(
            functools.partial(check, PROVIDERS[self.provider], self.case, self.seed, "cuda")
        )
        return result, problem or ("" if result.passed else "WRONG")


def run_in_turn(jobs: list[Job], soak: float = 0.0, seed: int = 0) -> dict[Job, tuple[CheckResult | None, str]]:
    """Results of `jobs` and then of random ones for `soak` seconds.

    After an error of CUDA every further call in this process would fail, so none is made.
    """
    results: dict[Job, tuple[CheckResult | None, str]] = {}
    lost = False
    for job in jobs:
        results[job] = (None, "not run: the context is lost") if lost else job.run()
        checking.progress(f"{job.provider}: {job.label}", results[job][1])
        lost = lost or checking.is_lost(results[job][1])
    generator, start = random.Random(seed), time.monotonic()
    while not lost and time.monotonic() - start < soak:
        job = Job("tle", random_case(generator), seed=generator.randrange(2**31))
        results[job] = job.run()
        lost = checking.is_lost(results[job][1])
    return results


def run_jobs(jobs: list[Job], processes: int, soak: float, seed: int) -> dict[Job, tuple[CheckResult | None, str]]:
    """Results of all jobs: small ones in several processes, large ones here; of random ones in those processes."""
    groups: dict[tuple, list[Job]] = {}
    for job in jobs:
        groups.setdefault(("large",) if job.large or processes < 2 else job.kernel, []).append(job)
    large = groups.pop(("large",), [])
    count = max(processes, 1) if soak else max(1, min(processes, len(groups)))
    shares: list[list[Job]] = [[] for _ in range(count)]
    costs = [0] * len(shares)
    for group in sorted(groups.values(), key=len, reverse=True):
        share = costs.index(min(costs))
        shares[share] += group
        costs[share] += 10 + len(group)  # compiling takes about as long as ten small cases
    results = {}
    if soak or any(shares):
        with process_pool(len(shares)) as pool:
            futures = [pool.submit(run_in_turn, share, soak, seed + which) for which, share in enumerate(shares)]
            for which, (share, future) in enumerate(zip(shares, futures)):
                broken = future.exception()
                if not broken:
                    results.update(future.result())
                    continue
                ended = share or [Job("tle", None, f"random cases, seed {seed + which}")]
                results.update(dict.fromkeys(ended, (None, f"{broken!r}"[:300])))
    return results | run_in_turn(large)


def main() -> int:
    parser = checking.parser(__doc__, soak=True)
    parser.add_argument("--provider", nargs="+", choices=PROVIDERS, default=["tle"])
    parser.add_argument("--only", default="", help="cases whose label contains this")
    parser.add_argument("--jobs", type=int, default=min(16, os.cpu_count() or 1), help="processes (default: cores)")
    args = checking.parse(parser)
    seed = args.seed
    begin = time.monotonic()
    jobs = [
        Job(provider, case, seed=seed + number)
        for provider in args.provider
        for number, case in enumerate(sanitizer_cases() if args.sanitize else all_cases())
        if provider == "tle" or not (case.deterministic or (provider == "triton" and case.grad_lse))
    ]
    if "tle" in args.provider and not args.sanitize:
        jobs += [Job("tle", None, operator, seed) for operator in OPERATOR_CHECKS]
    jobs = [job for job in jobs if args.only in job.label]
    results = run_jobs(jobs, 1 if args.sanitize else args.jobs, args.soak, seed)
    rows, records = [], []
    for job in [*jobs, *(job for job in results if job not in set(jobs))]:
        result, problem = results[job]
        values = ["-"] * 4 if result is None else [f"{value:.1e}" for value in dataclasses.astuple(result)]
        rows.append([job.label, job.provider, *values, problem[:40] or "ok"])
        record = {} if job.case is None else dataclasses.asdict(job.case)
        record |= {} if result is None else dataclasses.asdict(result)
        records.append({"provider": job.provider, "label": job.label, **record, "problem": problem})
    shown = rows[: len(jobs)] + [row for row in rows[len(jobs) :] if row[-1] != "ok"]
    print(format_table(["case", "provider", "dq", "dkv", "dsink", "worst row", ""], shown))
    for record in records:
        if record["problem"]:
            print(f"{record['provider']}: {record['label']}: {record['problem']}")
    print(f"{time.monotonic() - begin:.0f} s")
    return checking.finish(args, records, f"errors < {MAX_ERROR}, of a row < {MAX_ROW_ERROR}")


if __name__ == "__main__":
    sys.exit(main())
