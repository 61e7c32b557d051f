"""Check the sparse-MLA decode on a GPU: many shapes, fresh random data, float64 references, poisoned workspaces.

    python python/test/gpu/check_mla_decode.py [--json FILE] [--seed N] [--jobs N]
    compute-sanitizer --tool memcheck python python/test/gpu/check_mla_decode.py --sanitize

Prints a table; exits with 1 if a check failed. Checks run in processes beside each other, since most of the time is
compilation: about a minute with 16 cores. --sanitize runs a few tiny shapes only, in this process.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import functools
import multiprocessing
import os
import sys
from collections.abc import Callable

import checking
import torch
from triton_tle.bench.harness import format_table
from triton_tle.bench.mla_decode import prepare_form
from triton_tle.bench.mla_decode_check import DecodeCase, DecodeResult, call_operator, check, compare, make_inputs
from triton_tle.bench.parallel import process_pool
from triton_tle.ops import (
    dequantize_k_cache,
    flash_mla_with_kvcache,
    get_mla_metadata,
    mla_decode_fp8_pipes,
    mla_decode_reduce,
    mla_decode_reduce_reference,
)
from triton_tle.ops.mla_decode_reduce_table import candidates, general_config


def all_cases() -> list[DecodeCase]:
    """Sizes around every boundary and every feature, for both caches."""
    base = DecodeCase(b=3, s_q=2, h_q=64, topk=256, blocks=16)

    def varied(**changes: object) -> list[DecodeCase]:
        return [dataclasses.replace(base, fp8=fp8, **changes) for fp8 in (True, False)]

    found: list[DecodeCase] = []
    for h_q in (8, 16, 24, 40, 64, 72, 96, 128):
        found += varied(h_q=h_q)
    for topk in (0, 1, 63, 64, 65, 127, 128, 129, 2048):
        found += varied(topk=topk) + varied(topk=topk, splits=1, h_q=128)
    for splits in (1, 2, 3, 4, 7, 32):
        found += varied(splits=splits, topk=512) + varied(splits=splits, sink=True, length=True)
    for s_q in (1, 3, 4):
        found += varied(s_q=s_q) + varied(s_q=s_q, splits=1)
    for change in (
        {"b": 0},
        {"b": 1, "topk": 2048, "h_q": 128},
        {"invalid": 0.0},
        {"invalid": 0.97},
        {"invalid": 1.0},
        {"invalid": 1.0, "splits": 1, "sink": True},
        {"empty_rows": True, "sink": True},
        {"extra_topk": 128},
        {"extra_topk": 70, "splits": 1},
        {"extra_topk": 300, "splits": 3, "length": True, "extra_length": True, "sink": True},
        {"gap": 1},
        {"gap": 3, "extra_topk": 64, "splits": 2},
        {"page_size": 1, "blocks": 700},
        {"page_size": 48},
        {"page_size": 17, "gap": 1},
        {"spread": 300.0},
        {"spread": 0.1},
        {"b": 70, "s_q": 4, "topk": 100, "h_q": 8},
        {"b": 32, "s_q": 1, "topk": 2048, "h_q": 128, "blocks": 512},
        {"b": 128, "s_q": 2, "topk": 2048, "h_q": 128, "blocks": 512},
    ):
        found += varied(**change)
    found += [dataclasses.replace(base, any_scale=True, splits=splits) for splits in (1, 2)]
    found += [dataclasses.replace(base, fp8=False, d_qk=512, splits=splits, h_q=128) for splits in (1, 2)]
    # rows past 2**31 bytes and elements
    found += [dataclasses.replace(base, blocks=70_000), dataclasses.replace(base, fp8=False, blocks=70_000)]
    return found


def pipes_cases() -> list[DecodeCase]:
    """What the form with pipes is checked on: every feature, few and many work items for a program."""
    base = DecodeCase(b=3, s_q=2, h_q=128, topk=256, blocks=16, splits=1)
    everything = {"extra_topk": 300, "splits": 3, "length": True, "extra_length": True, "sink": True}
    changes = (
        {},
        {"h_q": 8},
        {"h_q": 72, "splits": 2},
        {"topk": 0},
        {"topk": 1},
        {"topk": 65, "splits": 2},
        {"topk": 2048, "splits": 7},
        {"s_q": 4, "empty_rows": True, "sink": True},
        {"invalid": 1.0, "splits": 2},
        everything,
        everything | {"gap": 1, "splits": 1},
        {"any_scale": True, "splits": 2},
        {"spread": 300.0},
        {"b": 70, "s_q": 4, "topk": 200},
        {"b": 70, "s_q": 4, "topk": 200, "splits": 3},
        {"b": 128, "topk": 2048, "blocks": 512},
    )
    return [dataclasses.replace(base, **change) for change in changes]


def sanitizer_cases() -> list[DecodeCase]:
    """Tiny shapes that reach every branch of the kernels."""
    base = DecodeCase(b=1, s_q=2, h_q=72, topk=130, blocks=3, page_size=16)
    extras = {"extra_topk": 70, "sink": True, "length": True, "extra_length": True, "gap": 1}
    return [
        dataclasses.replace(base, fp8=fp8, splits=splits, **change)
        for fp8 in (True, False)
        for splits in (1, 2)
        for change in ({}, extras)
    ]


def check_codes() -> str:
    """Each FP8 code with scales of all kinds: with one key, the output is the dequantized key itself."""
    scales = torch.cat([torch.exp2(torch.arange(-14, 7, device="cuda").float()), torch.rand(43, device="cuda") * 0.1])
    codes = torch.arange(512, device="cuda").to(torch.uint8)
    codes = torch.where((codes & 0x7F) == 0x7F, 0, codes)  # the two NaN codes
    cache = torch.zeros((1, 64, 1, 656), dtype=torch.uint8, device="cuda")
    cache[..., :512] = codes
    cache[0, :, 0, 512:528] = scales[:, None].expand(-1, 4).contiguous().view(torch.uint8)
    q = torch.zeros((64, 1, 64, 576), dtype=torch.bfloat16, device="cuda")
    indices = torch.arange(64, device="cuda", dtype=torch.int32)[:, None, None]
    metadata, _ = get_mla_metadata(num_splits=1)
    out, _ = flash_mla_with_kvcache(q, cache, None, None, 512, metadata, is_fp8_kvcache=True, indices=indices)
    expected = dequantize_k_cache(cache)[0, :, 0, :512]
    got = out[:, 0, 5]
    if not torch.equal(got[:21], expected[:21]):
        return "values differ for scales that are powers of two"
    got, expected = got + 0.0, expected + 0.0  # no negative zeros
    steps = (got.view(torch.int16).int() - expected.view(torch.int16).int()).abs()
    # what lies below float16's normal numbers is rounded to multiples of 2**-24
    steps = torch.where((got.float() - expected.float()).abs() <= 2.0**-24, 0, steps)
    return "" if int(steps.max()) <= 1 else f"values differ by {int(steps.max())} steps of bfloat16"


def check_repeats(fp8: bool, splits: int) -> str:
    """Results are bitwise equal from call to call, and right when replayed from a CUDA graph on new data."""
    case = DecodeCase(b=4, s_q=2, h_q=128, topk=512, blocks=64, fp8=fp8, splits=splits, sink=True, length=True)
    arguments = make_inputs(case, 1, "cuda")
    first = call_operator(arguments, fp8, splits)
    for _ in range(20):
        if not all(torch.equal(a, b) for a, b in zip(first, call_operator(arguments, fp8, splits))):
            return "two calls differ"
    metadata, _ = get_mla_metadata(num_splits=splits)
    named = {name: value for name, value in arguments.items() if name not in ("q", "k_cache")}
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(3):  # the later ones may begin while those before them still run
            out, lse = flash_mla_with_kvcache(
                arguments["q"], arguments["k_cache"], None, None, 512, metadata, is_fp8_kvcache=fp8, **named
            )
    for seed in (2, 3):
        for name, value in make_inputs(case, seed, "cuda").items():
            if isinstance(value, torch.Tensor):
                arguments[name].copy_(value)
        for _ in range(10):
            graph.replay()
        result = compare(arguments, out, lse)
        if not result.passed:
            return f"replay on new data is wrong, {result}"
    return ""


def check_compile(fp8: bool, splits: int) -> str:
    """torch.compile without graph breaks gives what the call gives; with 0 splits the plan chooses, compiled, too."""
    case = DecodeCase(b=2, s_q=1, h_q=64, topk=256, fp8=fp8, splits=splits)
    arguments = make_inputs(case, 1, "cuda")
    expected = call_operator(arguments, fp8, splits)
    compiled = torch.compile(lambda arguments: call_operator(arguments, fp8, splits), fullgraph=True)
    same = all(torch.equal(a, b) for a, b in zip(compiled(arguments), expected))
    return "" if same else "the compiled call differs"


REDUCE_SHAPES = (
    (1, 3, 2, 8, 512), (5, 3, 2, 24, 512), (32, 1, 1, 128, 512), (256, 2, 1, 8, 64), (7, 2, 3, 16, 1024),
    (3, 9, 4, 8, 128),
)  # fmt: skip


def check_reduce(shape: tuple[int, ...], with_sink: bool) -> str:
    """The merge alone: every configuration that tuning may choose for a shape."""
    from triton_tle.ops.mla_decode_reduce import launch_reduce

    splits, b, s_q, h_q, d_v = shape
    partial_out = torch.randn((splits, b, s_q, h_q, d_v), device="cuda")
    partial_lse = torch.randn((splits, b, s_q, h_q), device="cuda") * 5
    empty = torch.rand(partial_lse.shape, device="cuda") < 0.3
    empty[:, 0, 0, 0] = True
    partial_lse[empty] = -float("inf")
    partial_out[empty] = float("nan")
    attn_sink = None
    if with_sink:
        attn_sink = torch.randn(h_q, device="cuda")
        attn_sink[0], attn_sink[1] = float("inf"), -float("inf")
    expected = mla_decode_reduce_reference(partial_out, partial_lse, attn_sink)
    results = [("operator", mla_decode_reduce(partial_out, partial_lse, attn_sink))]
    for config in [general_config(d_v, splits, rows) for rows in (1, 4096)] + candidates(d_v, splits):
        out = torch.full((b, s_q, h_q, d_v), float("nan"), dtype=torch.bfloat16, device="cuda")
        lse = torch.full((b, h_q, s_q), float("nan"), device="cuda")
        launch_reduce(partial_out, partial_lse, attn_sink, out, lse, config)
        results.append((str(config), (out, lse)))
    for name, (out, lse) in results:
        try:
            torch.testing.assert_close(out.double(), expected[0], rtol=5e-3, atol=1e-5)
            torch.testing.assert_close(lse.double(), expected[1], rtol=1e-5, atol=1e-5)
        except AssertionError as error:
            return f"{name}: {str(error)[:200]}"
    return ""


def _partials(seed: int) -> dict:
    generator = torch.Generator("cuda").manual_seed(seed)
    shape = (5, 3, 2, 24)
    return {
        "partial_out": torch.randn((*shape, 512), device="cuda", generator=generator),
        "partial_lse": torch.randn(shape, device="cuda", generator=generator),
    }


def check_reduce_compiled() -> str:
    """The merge under torch.compile without graph breaks gives what the call gives."""
    arguments = _partials(1)
    compiled = torch.compile(lambda **named: mla_decode_reduce(**named), fullgraph=True)
    same = all(torch.equal(a, b) for a, b in zip(compiled(**arguments), mla_decode_reduce(**arguments)))
    return "" if same else "the compiled call differs"


def check_reduce_graph() -> str:
    """The merge in a CUDA graph, replayed on other data."""
    first, second = (_partials(1), ()), (_partials(2), ())
    return checking.check_replay(lambda named, _: list(mla_decode_reduce(**named)), first, second)


def call_pipes(arguments: dict, fp8: bool, splits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The form with pipes, ten times: partitions that race would give other bits now and then.

    Raises:
        RuntimeError: two calls differ.
    """
    call = prepare_form(arguments, fp8, splits, mla_decode_fp8_pipes.launch_config())
    first = [result.clone() for result in call()]
    for _ in range(9):
        if not all(torch.equal(a, b) for a, b in zip(first, call())):
            raise RuntimeError("two calls differ")
    return first[0], first[1]


def run_case(case: DecodeCase, seed: int, pipes: bool = False) -> tuple[DecodeResult | None, str]:
    """(errors, what is wrong or nothing) of a case."""
    result, problem = checking.guarded(lambda: check(case, seed, "cuda", call_pipes if pipes else None))
    return result, problem or ("" if result.passed else "WRONG")


def run_function(function: Callable[[], str]) -> tuple[None, str]:
    """(None, what is wrong or nothing) of one of the other checks."""
    found, problem = checking.guarded(function)
    return None, problem or found


def other_checks() -> dict[str, Callable[[], str]]:
    """Everything that is no case, by label; what takes longest first."""
    found: dict[str, Callable[[], str]] = {}
    for fp8 in (True, False):
        for splits in (0, 2):
            label = f"torch.compile, {'fp8' if fp8 else 'bf16'}, {splits or 'chosen'} splits"
            found[label] = functools.partial(check_compile, fp8, splits)
    found["merge, torch.compile"], found["merge, CUDA graph"] = check_reduce_compiled, check_reduce_graph
    for shape in REDUCE_SHAPES:
        for with_sink in (False, True):
            label = f"merge {shape}" + (", sink" if with_sink else "")
            found[label] = functools.partial(check_reduce, shape, with_sink)
    for fp8, splits in ((True, 1), (True, 4), (False, 1), (False, 4)):
        label = f"repeats, {'fp8' if fp8 else 'bf16'}, {splits} splits"
        found[label] = functools.partial(check_repeats, fp8, splits)
    found["codes"] = check_codes
    return found


def main() -> int:
    parser = checking.parser(__doc__)
    parser.add_argument("--only", default="", help="checks whose label contains this")
    parser.add_argument("--jobs", type=int, default=min(14, os.cpu_count() or 1), help="processes (%(default)s)")
    parser.add_argument("--seconds", type=float, default=200.0, help="what runs longer has failed (%(default)s)")
    args = checking.parse(parser)
    seed = args.seed
    cases = sanitizer_cases() if args.sanitize else all_cases()
    jobs: list[tuple[str, dict, Callable, tuple]] = []
    if not args.sanitize:
        jobs += [(label, {}, run_function, (function,)) for label, function in other_checks().items()]
        for case in pipes_cases():
            jobs.append((f"pipes, {case.label}", dataclasses.asdict(case), run_case, (case, seed, True)))
    jobs += [(case.label, dataclasses.asdict(case), run_case, (case, seed + i)) for i, case in enumerate(cases)]
    jobs = [job for job in jobs if args.only in job[0]]
    rows, records = [], []

    def record(label: str, details: dict, result: DecodeResult | None, problem: str) -> None:
        values = [f"{result.out:.3f}", f"{result.lse:.3f}"] if result else ["-", "-"]
        rows.append([label, *values, problem or "ok"])
        errors = dataclasses.asdict(result) if result else {}
        records.append({"label": label, **details, **errors, "problem": problem})
        print(f"[{len(records)}/{len(jobs)}] {label}: {problem or 'ok'}", file=sys.stderr, flush=True)

    if args.sanitize:
        for label, details, function, arguments in jobs:
            record(label, details, *function(*arguments))
            if checking.is_lost(rows[-1][-1]):
                break
    else:
        with process_pool(args.jobs) as pool:
            futures = {pool.submit(job[2], *job[3]): job for job in jobs}
            waiting = set(futures)
            try:
                for future in concurrent.futures.as_completed(futures, timeout=args.seconds):
                    waiting.discard(future)
                    broken = future.exception()  # a process that dies takes what is left of all along
                    record(*futures[future][:2], *((None, f"{broken!r}"[:300]) if broken else future.result()))
            except concurrent.futures.TimeoutError:
                for future in waiting:
                    what = "was still running" if future.running() else "was not begun"
                    future.cancel()
                    record(*futures[future][:2], None, f"{what} after {args.seconds:.0f} s")
                for process in list(multiprocessing.active_children()):
                    process.kill()  # a kernel that hangs does not listen to anything else
    failed = [row for row in rows if row[-1] != "ok"]
    print(format_table(["check", "out", "lse", ""], failed + [row for row in rows if row[-1] == "ok"]))
    for row in failed:
        print(f"FAILED {row[0]}: {row[-1]}")
    if len(rows) < len(jobs):
        print(f"{len(jobs) - len(rows)} checks were not run")
    status = checking.finish(args, records, "out and lse are shares of FlashMLA's tolerances")
    return status or int(len(rows) < len(jobs))


if __name__ == "__main__":
    sys.exit(main())
