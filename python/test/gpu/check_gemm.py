"""Check the dense product on a GPU: every kernel and configuration against float64, in poisoned memory.

    python python/test/gpu/check_gemm.py [--json FILE] [--seed N] [--soak SECONDS]
    compute-sanitizer --tool memcheck python python/test/gpu/check_gemm.py --sanitize

Rows of the matrices have gaps that hold NaN, and must still hold it in the result. Each case is calculated three times;
all results must be the same bits. Also: the operator in a CUDA graph that is replayed on other data. --soak goes on
with random cases. Exits with 1 if a check failed.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import random
import sys
import time
from collections.abc import Iterator

import checking
import torch
from triton_tle.bench.harness import format_table
from triton_tle.ops import gemm, gemm_pipes
from triton_tle.ops.gemm import configurations, launch, pointer_configuration

gemm_operator = importlib.import_module("triton_tle.ops.gemm")  # `ops.gemm` is the function
LIMIT = {torch.bfloat16: 4e-3, torch.float16: 6e-4}  # relative Frobenius error
LAUNCHES = 3


@dataclasses.dataclass(frozen=True)
class Case:
    """C [m, n] = A [m, k] B [k, n]; `gap` elements between rows; `config`: which one for m rows, or the operator."""

    m: int
    n: int
    k: int
    gap: int = 8
    dtype: torch.dtype = torch.bfloat16
    config: int | None = None

    @property
    def label(self) -> str:
        text = f"{self.m} x {self.n} x {self.k} gap {self.gap} {str(self.dtype).removeprefix('torch.')}"
        return f"{text} {'operator' if self.config is None else f'configuration {self.config}'}"


SHAPES = (
    (1, 8, 8), (64, 512, 256), (65, 72, 40), (128, 1000, 520), (129, 264, 64), (200, 520, 1000), (1300, 1800, 72),
    (2500, 3000, 136), (4096, 4096, 512),
)  # fmt: skip


def all_cases() -> Iterator[Case]:
    for m, n, k in SHAPES:
        for number in range(len(configurations(m))):
            yield Case(m, n, k, config=number)
        for dtype in LIMIT:
            yield Case(m, n, k, dtype=dtype)
        yield Case(m, n, k, gap=3)  # rows that TMA cannot read
    yield from (Case(1001, 777, 333), Case(8192, 8192, 1024), Case(300, 300, 0), Case(0, 5, 5))


def sanitizer_cases() -> Iterator[Case]:
    """Both kernels, with two programs (`few_programs`), so that each walks over several tiles."""
    yield from (Case(300, 520, 136), Case(300, 520, 136, dtype=torch.float16), Case(600, 264, 72, config=1))
    yield from (Case(20, 520, 136), Case(300, 264, 40, gap=3), Case(300, 520, 136, config=2))


def few_programs() -> None:
    """Launch as on a GPU of two multiprocessors."""
    for module in (gemm_operator, gemm_pipes):
        module.multiprocessors = lambda device: 2


def random_case(generator: random.Random) -> Case:
    m, n, k = (generator.randint(1, 3000) for _ in range(3))
    gap = generator.choice((0, 3, 8))
    if gap != 3:
        n, k = -(-n // 8) * 8, -(-k // 8) * 8
    return Case(m, n, k, gap, generator.choice(list(LIMIT)))


def matrix(rows: int, columns: int, gap: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    """(the matrix, all of its memory), everything NaN."""
    whole = torch.full((rows, columns + gap), float("nan"), dtype=dtype, device="cuda")
    return whole[:, :columns], whole[:, columns:]


def check_case(case: Case, seed: int) -> str:
    """ "" or what is wrong."""
    generator = torch.Generator("cuda").manual_seed(seed)
    a, b = (matrix(*shape, case.gap, case.dtype)[0] for shape in ((case.m, case.k), (case.k, case.n)))
    for x in (a, b):
        x.copy_(torch.randn(x.shape, device="cuda", generator=generator))
    config = None if case.config is None else configurations(case.m)[case.config]
    results = []
    for _ in range(LAUNCHES):
        c, beside = matrix(case.m, case.n, case.gap, case.dtype)
        gemm(a, b, out=c) if config is None else launch(a, b, c, config)
        if not bool(beside.isnan().all()):
            return "it wrote between rows"
        results.append(c)
    if not all(torch.equal(c, results[0]) for c in results):
        return "launches differ"
    reference = a.double() @ b.double()
    error = float((results[0].double() - reference).norm() / reference.norm().clamp_min(1e-300))
    return "" if error < LIMIT[case.dtype] or results[0].numel() == 0 else f"error {error:.1e}"


def check_graph(seed: int) -> str:
    def inputs(seed: int) -> tuple[dict, tuple]:
        generator = torch.Generator("cuda").manual_seed(seed)
        made = (torch.randn(shape, device="cuda", generator=generator).bfloat16() for shape in ((300, 200), (200, 520)))
        return dict(zip("ab", made)), ()

    return checking.check_replay(lambda arguments, _: [gemm(**arguments)], inputs(seed), inputs(seed + 1))


def check_pointers(seed: int) -> str:
    """The kernel for matrices that TMA cannot read on ones that it can: the same product within rounding."""
    generator = torch.Generator("cuda").manual_seed(seed)
    a, b = (torch.randn(shape, device="cuda", generator=generator).bfloat16() for shape in ((300, 200), (200, 520)))
    c = torch.full((300, 520), float("nan"), dtype=a.dtype, device="cuda")
    launch(a, b, c, pointer_configuration())
    error = float((c.double() - a.double() @ b.double()).norm() / (a.double() @ b.double()).norm())
    return "" if error < LIMIT[a.dtype] else f"error {error:.1e}"


def main() -> int:
    args = checking.parse(checking.parser(__doc__, soak=True))
    if args.sanitize:
        few_programs()
    cases = list(sanitizer_cases() if args.sanitize else all_cases())
    checks = [(case.label, functools.partial(check_case, case, args.seed + i)) for i, case in enumerate(cases)]
    if not args.sanitize:
        checks.append(("operator, CUDA graph", functools.partial(check_graph, args.seed)))
        checks.append(("pointers where TMA could", functools.partial(check_pointers, args.seed)))
    records, start, generator = [], time.monotonic(), random.Random(args.seed)
    while checks or time.monotonic() - start < args.soak:
        if not checks:
            case = random_case(generator)
            checks.append((case.label, functools.partial(check_case, case, generator.randrange(2**31))))
        label, check = checks.pop(0)
        value, failure = checking.guarded(check)
        problem = value or failure
        records.append({"label": label, "problem": problem})
        checking.progress(label, problem)
        if checking.is_lost(problem):
            break
    print(format_table(["case", ""], [[record["label"], record["problem"] or "ok"] for record in records]))
    return checking.finish(args, records, f"error < {LIMIT[torch.bfloat16]:.0e}, {LIMIT[torch.float16]:.0e} of float16")


if __name__ == "__main__":
    sys.exit(main())
