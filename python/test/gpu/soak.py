"""Soak test on a GPU: random shapes of every kernel family, many launches of each, results held against float64.

    python python/test/gpu/soak.py [--seconds 600] [--family fwd bwd decode reduce ...] [--json FILE] [--seed N]

Each family runs in a process of its own, all at the same time, so that kernels also meet others on their
multiprocessors. Features that choose a compiled variant come from a short list, sizes are random: after the first
minute time goes to launches. A shape is calculated once and compared with the float64 reference, then LAUNCHES times
more on the same inputs: results must be the same bits, those of the backward with floating-point atomics the same
numbers within rounding, and never NaN; each gets memory that holds NaN. Exits with 1 if anything was wrong.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import multiprocessing
import pathlib
import queue
import random
import sys
import time
from collections.abc import Callable

import torch
from triton_tle.bench import mla_decode_check as decode
from triton_tle.bench import sparse_mla_bwd_check as bwd
from triton_tle.bench import sparse_mla_fwd_check as fwd
from triton_tle.bench.harness import environment
from triton_tle.bench.parallel import end_with_parent

LAUNCHES = 30
PROGRESS_SECONDS = 10.0
FWD_FORMS = (
    {"h_q": 128, "d_qk": 576},
    {"h_q": 64, "d_qk": 512, "sink": True, "length": True},
    {"h_q": 40, "d_qk": 576, "sink": True, "causal_start": 50},
    {"h_q": 16, "d_qk": 576, "length": True},
    {"h_q": 8, "d_qk": 512, "causal_start": 50},
    {"h_q": 32, "d_qk": 576, "sink": True},
)
BWD_FORMS = (
    {"h_q": 128, "d_qk": 576},
    {"h_q": 64, "d_qk": 512, "sink": True, "grad_lse": True, "length": True},
    {"h_q": 16, "d_qk": 576, "causal_start": 50},
    {"h_q": 64, "d_qk": 576, "deterministic": True},
)
DECODE_FORMS = ({}, {"sink": True, "length": True, "extra_topk": 64, "extra_length": True, "gap": 1})


@dataclasses.dataclass
class Shape:
    """What one turn checks: its label, its first results' problem ("" for none), and a call that returns tensors.

    `same` says whether a repeated call's results may stand beside the first ones.
    """

    label: str
    call: Callable[[], tuple[torch.Tensor | None, ...]]
    problem: Callable[[tuple], str]
    same: Callable[[tuple, tuple], bool]


def same_bits(first: tuple, again: tuple) -> bool:
    """All results bitwise equal."""
    return all(a is b is None or torch.equal(a, b) for a, b in zip(first, again))


def same_sums(first: tuple, again: tuple) -> bool:
    """All results equal but for the order of additions, and no NaN."""
    for a, b in zip(first, again):
        if a is not None:
            difference = (a.double() - b.double()).norm()
            if not bool(torch.isfinite(difference)) or difference > 5e-3 * a.double().norm():
                return False
    return True


def _tokens(generator: random.Random, most: int) -> int:
    """A number up to `most`, small ones more often."""
    return max(1, round(most ** generator.random()))


def fwd_shape(generator: random.Random, form: int | None) -> Shape:
    """The prefill forward."""
    from triton_tle.ops.sparse_mla_fwd import sparse_mla_fwd

    chosen = FWD_FORMS[generator.randrange(len(FWD_FORMS)) if form is None else form]
    case = fwd.CheckCase(
        s_q=_tokens(generator, 400), topk=16 * generator.randint(0, 80), s_kv=_tokens(generator, 9000),
        invalid=generator.choice((0.0, 0.1, 0.9)), empty_rows=generator.random() < 0.3,
        spread=generator.choice((0.1, 1.0, 20.0)), own_out=True, **chosen,
    )  # fmt: skip
    arguments = fwd.make_inputs(case, generator.randrange(2**31), "cuda")

    def problem(results: tuple) -> str:
        result = fwd.compare(arguments, results)
        return "" if result.passed else str(result)

    return Shape(case.label, lambda: sparse_mla_fwd(**arguments), problem, same_bits)


def bwd_shape(generator: random.Random, form: int | None) -> Shape:
    """The backward, with floating-point atomics and deterministic."""
    from triton_tle.ops.sparse_mla_bwd import sparse_mla_bwd

    chosen = BWD_FORMS[generator.randrange(len(BWD_FORMS)) if form is None else form]
    case = bwd.CheckCase(
        s_q=_tokens(generator, 200), topk=16 * generator.randint(0, 40), s_kv=_tokens(generator, 4000),
        invalid=generator.choice((0.0, 0.1, 0.9)), empty_rows=generator.random() < 0.3, **chosen,
    )  # fmt: skip
    arguments = bwd.make_inputs(case, generator.randrange(2**31), "cuda")
    named = arguments | ({"deterministic": True} if case.deterministic else {})

    def problem(results: tuple) -> str:
        result = bwd.compare(arguments, results)
        return "" if result.passed else str(result)

    same = same_bits if case.deterministic else same_sums
    return Shape(case.label, lambda: sparse_mla_bwd(**named), problem, same)


def decode_shape(generator: random.Random, form: int | None) -> Shape:
    """The decode of both caches, in one launch and in two."""
    number = generator.randrange(8) if form is None else form
    fp8, single, chosen = number % 2 == 0, number // 2 % 2 == 0, DECODE_FORMS[number // 4]
    case = decode.DecodeCase(
        b=_tokens(generator, 60), s_q=generator.randint(1, 4), h_q=8 * generator.randint(1, 16),
        topk=16 * generator.randint(1, 128), blocks=generator.randint(1, 60), fp8=fp8,
        splits=1 if single else generator.randint(2, 24), invalid=generator.choice((0.0, 0.1, 0.9)),
        empty_rows=generator.random() < 0.3, spread=generator.choice((1.0, 10.0, 100.0)), **chosen,
    )  # fmt: skip
    arguments = decode.make_inputs(case, generator.randrange(2**31), "cuda")

    def problem(results: tuple) -> str:
        result = decode.compare(arguments, *results)
        return "" if result.passed else str(result)

    return Shape(case.label, lambda: decode.call_operator(arguments, fp8, case.splits), problem, same_bits)


def reduce_shape(generator: random.Random, form: int | None) -> Shape:
    """The merge of partial results; empty splits hold NaN."""
    from triton_tle.ops import mla_decode_reduce, mla_decode_reduce_reference

    splits = generator.randint(1, 40) if form is None else 1 << form
    b, s_q, h_q = _tokens(generator, 100), generator.randint(1, 4), 8 * generator.randint(1, 16)
    random_numbers = torch.Generator("cuda").manual_seed(generator.randrange(2**31))
    partial_out = torch.randn((splits, b, s_q, h_q, 512), device="cuda", generator=random_numbers)
    partial_lse = torch.randn((splits, b, s_q, h_q), device="cuda", generator=random_numbers) * 5
    empty = torch.rand(partial_lse.shape, device="cuda", generator=random_numbers) < generator.choice((0.0, 0.3, 0.9))
    partial_lse[empty] = -torch.inf
    partial_out[empty] = torch.nan
    sink = torch.randn(h_q, device="cuda", generator=random_numbers) if generator.random() < 0.5 else None

    def problem(results: tuple) -> str:
        expected = mla_decode_reduce_reference(partial_out, partial_lse, sink)
        for name, actual, wanted, bound in zip(("out", "lse"), results, expected, (5e-3, 1e-5)):
            if not torch.allclose(actual.double(), wanted, rtol=bound, atol=1e-5):
                return f"{name} differs"
        return ""

    label = f"splits {splits} b {b} s_q {s_q} h {h_q}" + ("" if sink is None else " sink")
    return Shape(label, lambda: mla_decode_reduce(partial_out, partial_lse, sink), problem, same_bits)


#: A family's shapes, and how many forms are compiled before time counts.
FAMILIES: dict[str, tuple[Callable[[random.Random, int | None], Shape], int]] = {
    "fwd": (fwd_shape, len(FWD_FORMS)),
    "bwd": (bwd_shape, len(BWD_FORMS)),
    "decode": (decode_shape, 8),
    "reduce": (reduce_shape, 5),
}


def turn(shape: Shape) -> tuple[int, str]:
    """(launches, what was wrong or nothing) of one shape.

    Results are filled with NaN once they have been compared: the next call most likely gets their memory, and an
    element that it does not write must not be right all the same.
    """
    first = shape.call()
    problem = shape.problem(first)
    if problem:
        return 1, f"against float64: {problem}"
    for number in range(LAUNCHES):
        again = shape.call()
        if not shape.same(first, again):
            return number + 2, f"call {number + 2} differs from the first"
        _spoil(again)
        del again
    return LAUNCHES + 1, ""


def _spoil(results: tuple[torch.Tensor | None, ...]) -> None:
    for result in results:
        if result is not None:
            result.fill_(float("nan"))


def soak(family: str, seconds: float, seed: int, reports: multiprocessing.Queue) -> None:
    """One family in a process of its own: reports (family, kind, shapes, launches, text) until time is up.

    Kinds: "compiled" once, "progress", "problem" for each one found, "done" at the end.
    """
    end_with_parent()
    generator = random.Random(seed)
    make, forms = FAMILIES[family]
    shapes = launches = 0
    end = float("inf")
    shown = time.monotonic()
    while time.monotonic() < end:
        label = ""
        try:
            shape = make(generator, shapes if shapes < forms else None)
            label = shape.label
            count, problem = turn(shape)
            torch.cuda.synchronize()
        except Exception as error:
            count, problem = 0, f"{type(error).__name__}: {error}"[:300]
        shapes += 1
        launches += count
        if problem:
            reports.put((family, "problem", shapes, launches, f"{label}: {problem}"))
            if "CUDA" in problem:
                break  # the context is lost, every further call would fail
        if shapes == forms:
            reports.put((family, "compiled", shapes, launches, ""))
            end = time.monotonic() + seconds
        if time.monotonic() - shown > PROGRESS_SECONDS:
            shown = time.monotonic()
            reports.put((family, "progress", shapes, launches, label))
    reports.put((family, "done", shapes, launches, ""))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600.0, help="of launches, behind compilation (%(default)s)")
    parser.add_argument("--family", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--seed", type=int, default=None, help="of shapes and data (default: the clock)")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--commit", help="to record, where git cannot tell")
    args = parser.parse_args()
    if not torch.cuda.is_available():
        print("needs an NVIDIA GPU", file=sys.stderr)
        return 1
    seed = args.seed if args.seed is not None else time.time_ns() % 2**31
    context = multiprocessing.get_context("spawn")
    reports = context.Queue()
    workers = {
        family: context.Process(target=soak, args=(family, args.seconds, seed + number, reports))
        for number, family in enumerate(args.family)
    }
    start = time.monotonic()
    for worker in workers.values():
        worker.start()
    counts = {family: [0, 0] for family in workers}
    problems: list[str] = []
    running = set(workers)
    while running:
        try:
            family, kind, shapes, launches, text = reports.get(timeout=5)
        except queue.Empty:
            for family in sorted(running):
                if not workers[family].is_alive() and reports.empty():
                    problems.append(f"{family}: the process ended with status {workers[family].exitcode}")
                    running.discard(family)
            continue
        counts[family] = [shapes, launches]
        if kind == "problem":
            problems.append(f"{family}: {text}")
        if kind == "done":
            running.discard(family)
        line = f"[{time.monotonic() - start:5.0f} s] {family}: {shapes} shapes, {launches} calls, {kind} {text}"
        print(line.rstrip(), file=sys.stderr, flush=True)
    for worker in workers.values():
        worker.join()
    for problem in problems:
        print(f"WRONG {problem}")
    for family, (shapes, launches) in counts.items():
        print(f"{family}: {shapes} shapes, {launches} calls")
    print(f"{len(problems)} problems in {args.seconds:.0f} s, seed {seed}, {torch.cuda.get_device_name()}")
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        document = {
            "environment": environment(args.commit), "seed": seed, "seconds": args.seconds, "problems": problems,
            "families": {family: {"shapes": count[0], "calls": count[1]} for family, count in counts.items()},
        }  # fmt: skip
        args.json.write_text(json.dumps(document, indent=1) + "\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
