"""What TLE adds to compile time: the same kernels by stock Triton and through TLE's pipeline, no GPU needed.

    python -m triton_tle.bench.compile_time [NAME] [--arch sm_90a] [--rounds 10] [--json]

NAME is what ``python -m triton_tle report`` takes; the default are kernels in plain Triton, which both pipelines can
compile. A kernel that uses TLE has no stock time. Stages are wall-clock times; the ratio is taken of CPU time, ptxas
included, which other work on the machine disturbs least.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

import triton
import triton.language as tl
from triton import knobs
from triton.backends.compiler import GPUTarget
from triton.runtime.cache import triton_key

from triton_tle.compiler import environment, install
from triton_tle.compiler.pipelines import parse_arch
from triton_tle.compiler.report import Variant, variants_of

STAGES = ("frontend", "ttir", "ttgir", "llir", "ptx", "cubin")


@triton.jit
def plain_matmul(a, b, c, k, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    """One tile of a product in fp32."""
    rows, columns, inner = tl.arange(0, BM), tl.arange(0, BN), tl.arange(0, BK)
    total = tl.zeros((BM, BN), tl.float32)
    for start in range(0, k, BK):
        x = tl.load(a + rows[:, None] * k + (start + inner)[None, :])
        y = tl.load(b + (start + inner)[:, None] * BN + columns[None, :])
        total = tl.dot(x, y, total)
    tl.store(c + rows[:, None] * BN + columns[None, :], total)


@triton.jit
def plain_attention(q, k, v, out, n, BM: tl.constexpr, BN: tl.constexpr, D: tl.constexpr):
    """Attention of one tile of queries with an online softmax."""
    rows, keys, inner = tl.arange(0, BM), tl.arange(0, BN), tl.arange(0, D)
    query = tl.load(q + rows[:, None] * D + inner[None, :])
    total = tl.zeros((BM, D), tl.float32)
    peak = tl.full((BM,), float("-inf"), tl.float32)
    weight = tl.zeros((BM,), tl.float32)
    for start in range(0, n, BN):
        key = tl.load(k + (start + keys)[None, :] * D + inner[:, None])
        score = tl.dot(query, key)
        new_peak = tl.maximum(peak, tl.max(score, 1))
        p = tl.exp2(score - new_peak[:, None])
        scale = tl.exp2(peak - new_peak)
        weight = weight * scale + tl.sum(p, 1)
        value = tl.load(v + (start + keys)[:, None] * D + inner[None, :])
        total = tl.dot(p.to(tl.bfloat16), value, total * scale[:, None])
        peak = new_peak
    tl.store(out + rows[:, None] * D + inner[None, :], total / weight[:, None])


def plain_variants() -> Iterator[Variant]:
    """Kernels without TLE, which both pipelines can compile: a product and an attention, small and large."""
    inputs, output = dict.fromkeys("ab", "*bf16:16"), {"c": "*fp32:16", "k": "i32:16"}
    yield Variant(
        "matmul 128x128x64", plain_matmul, inputs | output, {"BM": 128, "BN": 128, "BK": 64}, {"num_warps": 8}
    )
    inputs, output = dict.fromkeys("qkv", "*bf16:16"), {"out": "*fp32:16", "n": "i32:16"}
    for size, warps in ((128, 8), (256, 8)):
        constexprs = {"BM": 128, "BN": 64, "D": size}
        yield Variant(
            f"attention, head {size}",
            plain_attention,
            inputs | output,
            constexprs,
            {"num_warps": warps, "num_stages": 2},
        )


def compile_once(variant: Variant, arch: str, mode: str) -> dict[str, float]:
    """Milliseconds of each stage of one compilation from scratch, ``TRITON_TLE`` being ``mode``; "cpu": in all."""
    seen: dict[str, float] = {}

    def listener(*, times: Any, **ignored: Any) -> None:
        seen.update({"frontend": times.ir_initialization / 1000})
        seen.update({stage: micros / 1000 for stage, micros in times.lowering_stages})

    with (
        environment.overridden(environment.VARIABLE, mode),
        tempfile.TemporaryDirectory() as folder,
        knobs.cache.scope(),
        knobs.compilation.scope(),
    ):
        knobs.cache.dir, knobs.compilation.listener = folder, listener
        target = GPUTarget("cuda", parse_arch(arch), 32)
        start = _cpu_seconds()
        triton.compile(variant.source(), target=target, options=dict(variant.options))
        seen["cpu"] = 1000 * (_cpu_seconds() - start)
    return seen


def _cpu_seconds() -> float:
    """CPU time so far of this process and the ones it waited for."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(entry.ru_utime + entry.ru_stime for entry in usage)


def measure(variant: Variant, arch: str, rounds: int) -> dict[str, Any]:
    """Median milliseconds by stage for stock and TLE, ``rounds`` compilations of each in turn.

    "ratio" is the median over the rounds of TLE's CPU time to stock's.
    """
    modes = {"stock": "0", "tle": "1"}
    compile_once(variant, arch, "1")
    try:
        compile_once(variant, arch, "0")
    except Exception as problem:  # whatever stock says of TLE's ops
        del modes["stock"]
        last = (str(problem).strip().splitlines() or ["no message"])[-1].strip()
        print(f"{variant.label}: no stock time, {type(problem).__name__}: {last}", file=sys.stderr)
    times: dict[str, list[dict[str, float]]] = {name: [] for name in modes}
    for _ in range(rounds):
        for name, mode in modes.items():
            times[name].append(compile_once(variant, arch, mode))
    result: dict[str, Any] = {"variant": variant.label, "arch": arch, "rounds": rounds}
    for name, runs in times.items():
        result[name] = {stage: round(statistics.median(run[stage] for run in runs), 1) for stage in (*STAGES, "cpu")}
    if "stock" in times:
        pairs = zip(times["tle"], times["stock"], strict=True)
        result["ratio"] = round(statistics.median(mine["cpu"] / stock["cpu"] for mine, stock in pairs), 3)
    return result


def table(results: list[dict[str, Any]]) -> str:
    """The results as a text table in milliseconds."""
    lines = [f"{'median ms':<40}" + "".join(f"{stage:>10}" for stage in (*STAGES, "cpu"))]
    for result in results:
        for name in ("stock", "tle"):
            if name in result:
                cells = "".join(f"{result[name][stage]:10.1f}" for stage in (*STAGES, "cpu"))
                lines.append(f"{result['variant'] + ', ' + name:<40}{cells}")
        if "ratio" in result:
            lines.append(f"{'':<40}TLE takes {100 * (result['ratio'] - 1):+.1f} % against stock")
    return "\n".join(lines)


def main() -> int:
    """Command line; returns the exit status, 1 when ``--limit`` is exceeded or there is no ratio to hold against it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", help="operator, or path/to/file.py[:kernel]")
    parser.add_argument("--arch", default="sm_90a", help="architecture to compile for (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=10, help="compilations of each kernel (default: %(default)s)")
    parser.add_argument("--limit", type=float, help="exit with 1 when a ratio is above this")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error(f"--rounds: got {arguments.rounds}, expected 1 or more")
    try:
        parse_arch(arguments.arch)
        variants = variants_of(arguments.name, arguments.arch) if arguments.name else list(plain_variants())
    except ValueError as error:
        parser.error(str(error))
    install()
    triton_key()  # hashes all of Triton once
    results = []
    for variant in variants:
        print(f"{variant.label} …", file=sys.stderr, flush=True)
        results.append(measure(variant, arguments.arch, arguments.rounds))
    print(json.dumps(results, indent=2) if arguments.json else table(results))
    if arguments.limit is None:
        return 0
    ratios = [result["ratio"] for result in results if "ratio" in result]
    if not ratios:
        print("--limit: stock compiles none of these kernels, so there is no ratio", file=sys.stderr)
    return 0 if ratios and max(ratios) <= arguments.limit else 1


if __name__ == "__main__":
    sys.exit(main())
