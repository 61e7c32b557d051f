"""Check the sparse-MLA decode on a GPU: many shapes, fresh random data, float64 references, poisoned workspaces.

    python python/test/gpu/check_mla_decode.py [--json FILE] [--seed N] [--soak SECONDS]
    compute-sanitizer --tool memcheck python python/test/gpu/check_mla_decode.py --sanitize

Prints a table; exits with 1 if a check failed. --soak adds random shapes for so many seconds, --sanitize runs a few
tiny shapes only.
"""

from __future__ import annotations

import dataclasses
import random
import sys
import time

import checking
import torch
from triton_tle.bench.harness import format_table
from triton_tle.bench.mla_decode_check import DecodeCase, DecodeResult, call_operator, check, compare, make_inputs
from triton_tle.ops import (
    dequantize_k_cache,
    flash_mla_with_kvcache,
    get_mla_metadata,
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


def random_case(generator: random.Random) -> DecodeCase:
    """Any sizes and features."""
    fp8 = generator.random() < 0.6
    return DecodeCase(
        b=generator.choice((1, 2, 3, 5, 17)),
        s_q=generator.randint(1, 4),
        h_q=8 * generator.randint(1, 16),
        topk=generator.choice((0, 1, 64, 128, 512, 2048, generator.randint(1, 1500))),
        d_qk=576 if fp8 or generator.random() < 0.5 else 512,
        blocks=generator.randint(1, 40),
        page_size=generator.choice((1, 16, 64, generator.randint(1, 200))),
        fp8=fp8,
        splits=generator.choice((0, 0, 1, generator.randint(1, 40))),
        invalid=generator.choice((0.0, 0.1, 0.5, 0.99)),
        empty_rows=generator.random() < 0.3,
        sink=generator.random() < 0.5,
        length=generator.random() < 0.5,
        extra_topk=generator.choice((0, 0, 64, generator.randint(1, 300))),
        extra_length=generator.random() < 0.5,
        gap=generator.choice((0, 0, 1, 5)),
        spread=generator.choice((1.0, 10.0, 100.0)),
        any_scale=generator.random() < 0.5,
    )


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
    steps = (got.view(torch.int16).int() - expected.view(torch.int16).int()).abs()
    return "" if int(steps.max()) <= 1 else f"values differ by {int(steps.max())} steps of bfloat16"


def check_repeats() -> str:
    """Results are bitwise equal from call to call, and when replayed from a CUDA graph on new data."""
    for fp8, splits in ((True, 1), (True, 4), (False, 1), (False, 4)):
        case = DecodeCase(b=4, s_q=2, h_q=128, topk=512, blocks=64, fp8=fp8, splits=splits, sink=True, length=True)
        arguments = make_inputs(case, 1, "cuda")
        first = call_operator(arguments, fp8, splits)
        again = call_operator(arguments, fp8, splits)
        if not all(torch.equal(a, b) for a, b in zip(first, again)):
            return f"fp8 {fp8}, {splits} splits: two calls differ"
        metadata, _ = get_mla_metadata(num_splits=splits)
        named = {name: value for name, value in arguments.items() if name not in ("q", "k_cache")}
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            out, lse = flash_mla_with_kvcache(
                arguments["q"], arguments["k_cache"], None, None, 512, metadata, is_fp8_kvcache=fp8, **named
            )
        for seed in (2, 3):
            for name, value in make_inputs(case, seed, "cuda").items():
                if isinstance(value, torch.Tensor):
                    arguments[name].copy_(value)
            graph.replay()
            result = compare(arguments, out, lse)
            if not result.passed:
                return f"fp8 {fp8}, {splits} splits: replay on new data is wrong, {result}"
    return ""


def check_compile() -> str:
    """torch.compile without graph breaks gives what the call gives."""
    for fp8 in (True, False):
        case = DecodeCase(b=2, s_q=1, h_q=64, topk=256, fp8=fp8, splits=2)
        arguments = make_inputs(case, 1, "cuda")
        expected = call_operator(arguments, fp8, 2)
        compiled = torch.compile(lambda arguments, fp8=fp8: call_operator(arguments, fp8, 2), fullgraph=True)
        if not all(torch.equal(a, b) for a, b in zip(compiled(arguments), expected)):
            return f"fp8 {fp8}: the compiled call differs"
    return ""


def check_reduce() -> str:
    """The merge alone: shapes, widths, every configuration that tuning may choose."""
    from triton_tle.ops.mla_decode_reduce import launch_reduce

    for splits, b, s_q, h_q, d_v in ((1, 3, 2, 8, 512), (5, 3, 2, 24, 512), (32, 1, 1, 128, 512), (256, 2, 1, 8, 64),
                                     (7, 2, 3, 16, 1024), (3, 9, 4, 8, 128)):  # fmt: skip
        partial_out = torch.randn((splits, b, s_q, h_q, d_v), device="cuda")
        partial_lse = torch.randn((splits, b, s_q, h_q), device="cuda") * 5
        empty = torch.rand(partial_lse.shape, device="cuda") < 0.3
        empty[:, 0, 0, 0] = True
        partial_lse[empty] = -float("inf")
        partial_out[empty] = float("nan")
        sink = torch.randn(h_q, device="cuda")
        sink[0], sink[1] = float("inf"), -float("inf")
        for attn_sink in (None, sink):
            expected = mla_decode_reduce_reference(partial_out, partial_lse, attn_sink)
            results = [("operator", mla_decode_reduce(partial_out, partial_lse, attn_sink))]
            for config in [general_config(d_v), *candidates(d_v, splits)]:
                out = torch.full((b, s_q, h_q, d_v), float("nan"), dtype=torch.bfloat16, device="cuda")
                lse = torch.full((b, h_q, s_q), float("nan"), device="cuda")
                launch_reduce(partial_out, partial_lse, attn_sink, out, lse, config)
                results.append((str(config), (out, lse)))
            for name, (out, lse) in results:
                try:
                    torch.testing.assert_close(out.double(), expected[0], rtol=5e-3, atol=1e-5)
                    torch.testing.assert_close(lse.double(), expected[1], rtol=1e-5, atol=1e-5)
                except AssertionError as error:
                    return f"{(splits, b, s_q, h_q, d_v)}, {name}: {str(error)[:200]}"
    return ""


def run_case(case: DecodeCase, seed: int) -> tuple[DecodeResult | None, str]:
    """Errors of one case, None if it raised, and what is wrong, in words."""
    result, problem = checking.guarded(lambda: check(case, seed, "cuda"))
    return result, problem or ("" if result.passed else "WRONG")


def main() -> int:
    parser = checking.parser(__doc__, soak=True)
    parser.add_argument("--only", default="", help="cases whose label contains this")
    args = checking.parse(parser)
    seed = args.seed
    cases = [case for case in (sanitizer_cases() if args.sanitize else all_cases()) if args.only in case.label]
    rows, records = [], []

    def record(label: str, result: DecodeResult | None, problem: str, **details: object) -> None:
        values = [f"{result.out:.3f}", f"{result.lse:.3f}"] if result else ["-", "-"]
        rows.append([label, *values, problem or "ok"])
        errors = dataclasses.asdict(result) if result else {}
        records.append({"label": label, **details, **errors, "problem": problem})
        if problem:
            print(f"{label}: {problem}", flush=True)

    for number, case in enumerate(cases):
        print(f"[{number + 1}/{len(cases)}] {case.label}", file=sys.stderr, flush=True)
        record(case.label, *run_case(case, seed + number), **dataclasses.asdict(case))
        if checking.is_lost(rows[-1][-1]):
            break
    if not args.sanitize and not args.only:
        for function in (check_codes, check_repeats, check_compile, check_reduce):
            print(function.__doc__.splitlines()[0], file=sys.stderr, flush=True)
            found, raised = checking.guarded(function)
            problem = raised or found
            record(function.__doc__.split(":")[0].rstrip("."), None, problem)
    print(format_table(["case", "out", "lse", ""], rows))
    generator, end, count = random.Random(seed), time.monotonic() + args.soak, 0
    while args.soak and time.monotonic() < end:
        case = random_case(generator)
        result, problem = run_case(case, seed + 1000 + count)
        count += 1
        if problem:
            record(f"soak {count}: {case.label}", result, problem, **dataclasses.asdict(case))
            if checking.is_lost(problem):
                break
    print(f"{count} shapes soaked; out and lse are shares of FlashMLA's tolerances")
    return checking.finish(args, records, "shares < 1", soaked=count)


if __name__ == "__main__":
    sys.exit(main())
