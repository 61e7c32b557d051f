"""Check the bucketed sparse MLA on a GPU: its plan, and results and gradients against float64 and the unbucketed form.

    python python/test/gpu/check_sparse_mla_bucketed.py [--json FILE] [--seed N] [--soak SECONDS]
    compute-sanitizer --tool memcheck python python/test/gpu/check_sparse_mla_bucketed.py --sanitize

Every call runs with torch's check for host synchronization set to raise. Also: torch.compile(fullgraph=True), and a
CUDA graph that is replayed on lists of other lengths. --soak goes on with random cases. Prints a table; exits with 1
if a check failed.
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
from triton_tle.bench.sparse_mla_bwd_check import MAX_ERROR, expected_gradients
from triton_tle.ops import sparse_mla, sparse_mla_bucketed, sparse_mla_fwd_reference
from triton_tle.ops.sparse_mla_buckets import DEFAULT_BUCKETS, make_plan, plan_reference

MAX_DIFFERENCE = 4e-3  # between bucketed and not, relative Frobenius norm: two results of 2e-3 each
MAX_LSE_ERROR = 1e-5
NAMES = ("out", "lse", "dq", "dkv", "dsink")


@dataclasses.dataclass(frozen=True)
class Case:
    """One call. `lists`: "front" (keys first), "scattered" (anywhere), "causal" (all of them, cut by q_start)."""

    batch: int = 2
    s_q: int = 50
    h_q: int = 64
    d_qk: int = 576
    topk: int = 400
    s_kv: int = 500
    lists: str = "front"
    sink: bool = False
    length: bool = False
    deterministic: bool = False
    buckets: tuple[int, ...] = DEFAULT_BUCKETS

    @property
    def label(self) -> str:
        text = (
            f"b {self.batch} s_q {self.s_q} h {self.h_q} d {self.d_qk} topk {self.topk} s_kv {self.s_kv} {self.lists}"
        )
        text += "".join(f" {name}" for name in ("sink", "length", "deterministic") if getattr(self, name))
        return text + ("" if self.buckets == DEFAULT_BUCKETS else f" {self.buckets}")


def all_cases() -> list[Case]:
    base = Case()

    def varied(**changes: object) -> Case:
        return dataclasses.replace(base, **changes)

    cases = [varied(lists=lists, d_qk=d) for lists in ("front", "scattered", "causal") for d in (576, 512)]
    cases += [varied(h_q=h, lists="scattered") for h in (8, 16, 32, 72, 128)]
    cases += [varied(batch=batch, lists="scattered") for batch in (1, 5)] + [
        varied(s_q=1),
        varied(topk=1),
        varied(topk=0),
    ]
    cases += [varied(lists="causal", sink=True, length=True), varied(lists="scattered", sink=True, h_q=24, topk=333)]
    cases += [varied(deterministic=True, lists=lists, sink=True) for lists in ("scattered", "causal")]
    cases += [varied(buckets=(64, 100, 300)), varied(buckets=(4096,)), varied(topk=2500, s_kv=3000, s_q=20)]
    cases += [Case(batch=2, s_q=1500, h_q=64, topk=1100, s_kv=1500, lists="causal")]
    cases += [Case(batch=1, s_q=20000, h_q=16, d_qk=512, topk=64, s_kv=3000, lists="scattered", buckets=(8, 16, 40))]
    return cases


def sanitizer_cases() -> list[Case]:
    base = Case(s_q=3, topk=130, s_kv=150, lists="scattered")
    changes: list[dict] = [
        {},
        {"lists": "causal", "h_q": 8, "d_qk": 512, "buckets": (32, 64)},
        {"length": True, "h_q": 24},
    ]
    return [dataclasses.replace(base, **change) for change in changes]


def random_case(generator: random.Random) -> Case:
    choose = generator.choice
    return Case(
        batch=generator.randint(1, 4), s_q=generator.randint(1, 120), h_q=8 * generator.randint(1, 16),
        d_qk=choose((512, 576)), topk=choose((generator.randint(0, 300), 64 * generator.randint(1, 32))),
        s_kv=choose((generator.randint(1, 200), generator.randint(1, 5000))),
        lists=choose(("front", "scattered", "causal")), sink=choose((False, True)), length=choose((False, True)),
        deterministic=choose((False, False, True)),
        buckets=choose((DEFAULT_BUCKETS, tuple(sorted({generator.randint(1, 2000) for _ in range(6)})))),
    )  # fmt: skip


def make_inputs(case: Case, seed: int) -> tuple[dict, tuple[torch.Tensor, torch.Tensor]]:
    """Arguments of `sparse_mla` by name, and the gradients of its results."""
    generator = torch.Generator("cuda").manual_seed(seed)
    batch, s_q, topk, s_kv = case.batch, case.s_q, case.topk, case.s_kv

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, device="cuda", generator=generator)

    def integers(low: int, high: int, *shape: int) -> torch.Tensor:
        return torch.randint(low, high, shape, device="cuda", generator=generator, dtype=torch.int32)

    indices = integers(0, s_kv, batch, s_q, 1, topk)
    if case.lists != "causal":
        kept = torch.rand((batch, s_q, 1, 1), device="cuda", generator=generator) * 1.2 - 0.1
        place = torch.rand(indices.shape, device="cuda", generator=generator)
        if case.lists == "front":
            place = torch.linspace(0, 1, max(topk, 1), device="cuda")[:topk].expand(indices.shape)
        wrong = torch.tensor([-1, s_kv, -(2**31), 2**31 - 1], dtype=torch.int32, device="cuda")
        indices = torch.where(place >= kept, wrong[integers(0, 4, *indices.shape).long()], indices)
    arguments = {
        "q": normal(batch, s_q, case.h_q, case.d_qk).bfloat16().requires_grad_(),
        "kv": normal(batch, s_kv, 1, case.d_qk).bfloat16().requires_grad_(),
        "indices": indices,
        "attn_sink": normal(case.h_q).requires_grad_() if case.sink else None,
        "topk_length": integers(-5, topk + 6, batch, s_q) if case.length else None,
        "q_start": s_kv - s_q if case.lists == "causal" else None,
        "deterministic": case.deterministic,
    }
    return arguments, (normal(batch, s_q, case.h_q, 512).bfloat16(), normal(batch, s_q, case.h_q))


def results_of(call: Callable, arguments: dict, gradients: tuple) -> list[torch.Tensor]:
    """out, lse, dq, dkv and, with a sink, dsink."""
    leaves = [arguments[name] for name in ("q", "kv", "attn_sink") if arguments[name] is not None]
    out, lse = call(**arguments)
    return [out, lse, *torch.autograd.grad((out, lse), leaves, gradients)]


def in_float64(arguments: dict, gradients: tuple) -> tuple[list[torch.Tensor], list[float]]:
    """What `results_of` should be, and the norm that errors of each are relative to.

    That is its own norm, or the one of its terms where these nearly cancel: see sparse_mla_bwd_check.py.
    """
    parts, squares = [], []
    for item in range(arguments["q"].shape[0]):
        names = ("q", "kv", "indices", "topk_length")
        named = {name: arguments[name][item].detach() for name in names if arguments[name] is not None}
        if arguments["attn_sink"] is not None:
            named["attn_sink"] = arguments["attn_sink"].detach()
        if arguments["q_start"] is not None:
            named["causal_start"] = arguments["q_start"]
        named["sm_scale"] = named["q"].shape[-1] ** -0.5
        out, _, lse = sparse_mla_fwd_reference(**named)
        named |= {"out": out.bfloat16(), "lse": lse.float(), "grad_out": gradients[0][item]}
        expected, terms = expected_gradients(named | {"grad_lse": gradients[1][item]})
        parts.append([out, lse, *expected])
        squares.append([float(term.norm()) ** 2 for term in terms])
    stacked = [torch.stack(values) for values in zip(*parts)]
    values = stacked[:4] + [each.sum(0) for each in stacked[4:]]
    norms = [float(value[value.isfinite()].norm()) for value in values]
    for which, total in enumerate((sum(column) for column in zip(*squares)), start=2):
        norms[which] = max(norms[which], total**0.5)
    return values, norms


def difference(actual: list[torch.Tensor], expected: list[torch.Tensor], norms: list[float]) -> dict[str, float]:
    """Frobenius error by name; infinity for a NaN, or another lse of a query without keys."""
    errors = {}
    for name, left, right, norm in zip(NAMES, actual, expected, norms, strict=False):
        finite = right.isfinite()
        same = torch.equal(left[~finite].double(), right[~finite].double())
        distance = (left[finite].detach().double() - right[finite].detach().double()).norm()
        error = float((distance / max(norm, 1e-3)).nan_to_num(nan=float("inf")))
        errors[name] = error if same else float("inf")
    return errors


def check_plan(case: Case, arguments: dict) -> str:
    """The kernels' plan against the reference's; "" or what differs."""
    named = (arguments["indices"], case.s_kv, arguments["topk_length"], arguments["q_start"], case.buckets)
    plan, expected = make_plan(*named), plan_reference(*named)
    listed = torch.arange(plan.indices.shape[2], device="cuda") < expected.counts[:, None, None]
    if not torch.equal(plan.counts, expected.counts):
        return "counts of the plan"
    if not torch.equal(plan.indices.where(listed, -1), expected.indices):
        return "lists of the plan"
    same = torch.equal(plan.order, expected.order) and torch.equal(plan.lengths, expected.lengths)
    return "" if same else "order of the plan"


def check_case(case: Case, seed: int) -> tuple[dict[str, float], str]:
    """(largest errors against float64 and against `sparse_mla`, "" or what is wrong)."""
    arguments, gradients = make_inputs(case, seed)
    call = functools.partial(sparse_mla_bucketed, buckets=case.buckets)
    problem = check_plan(case, arguments)
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        actual = results_of(call, arguments, gradients)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    plain = results_of(functools.partial(sparse_mla, bucketed=False), arguments, gradients)
    expected, norms = in_float64(arguments, gradients)
    exact, beside = difference(actual, expected, norms), difference(actual, plain, norms)
    if case.deterministic and not problem:
        again = results_of(call, arguments, gradients)
        if not all(torch.equal(left, right) for left, right in zip(actual, again)):
            problem = "two calls in deterministic mode differ"
    found = {"float64": max(exact.values()), "sparse_mla": max(beside.values())}
    if not problem and not found["float64"] < MAX_ERROR:
        problem = f"wrong: {exact}"
    if not problem and not max(exact["lse"], beside["lse"]) < MAX_LSE_ERROR:
        problem = f"lse: {exact['lse']:.1e} to float64, {beside['lse']:.1e} to sparse_mla"
    if not problem and not found["sparse_mla"] < MAX_DIFFERENCE:
        problem = f"not as unbucketed: {beside}"
    return found, problem


def check_compiled(seed: int) -> str:
    """One graph of torch.compile, deterministic mode: the same bits; "" or what is wrong."""
    arguments, gradients = make_inputs(Case(lists="scattered", sink=True, length=True, deterministic=True), seed)
    compiled = torch.compile(lambda **named: sparse_mla_bucketed(**named), fullgraph=True)
    pairs = zip(results_of(sparse_mla_bucketed, arguments, gradients), results_of(compiled, arguments, gradients))
    return "" if all(torch.equal(left, right) for left, right in pairs) else "results differ from those without"


def check_graph(seed: int) -> str:
    """Captured in a CUDA graph, replayed on other data and lists of other lengths; "" or what is wrong."""
    case = Case(lists="scattered", sink=True, deterministic=True, buckets=(64, 128, 256))
    arguments, gradients = make_inputs(case, seed)
    call = functools.partial(sparse_mla_bucketed, buckets=case.buckets)
    run = functools.partial(results_of, call)
    return checking.check_replay(run, (arguments, gradients), make_inputs(case, seed + 1))


OPERATOR_CHECKS = {"torch.compile": check_compiled, "CUDA graph": check_graph}


def run_share(cases: list[tuple[Case, int]], operators: list[str], soak: float, seed: int) -> list[dict]:
    """Records of the cases (with a seed each), of operator checks, and of random cases for `soak` seconds.

    After an error of CUDA nothing more is run: every further call in this process would fail.
    """
    records: list[dict] = []

    def run(label: str, check: Callable[[], tuple[dict[str, float], str]]) -> bool:
        result, raised = checking.guarded(check)
        found, problem = result or ({}, raised)
        records.append({"label": label, **found, "problem": problem})
        checking.progress(label, problem)
        return checking.is_lost(problem)

    checks = [(case.label, functools.partial(check_case, case, one)) for case, one in cases]
    checks += [(name, lambda name=name: ({}, OPERATOR_CHECKS[name](seed))) for name in operators]
    lost = False
    for label, check in checks:
        lost = lost or run(label, check)
    generator, start = random.Random(seed), time.monotonic()
    while not lost and time.monotonic() - start < soak:
        case = random_case(generator)
        lost = run(case.label, functools.partial(check_case, case, generator.randrange(2**31)))
    if lost:
        records.append({"label": "what was left in this process", "problem": "not run: the context is lost"})
    return records


def main() -> int:
    parser = checking.parser(__doc__, soak=True)
    parser.add_argument("--jobs", type=int, default=min(8, os.cpu_count() or 1), help="processes (default: cores, 8)")
    args = checking.parse(parser)
    seed = args.seed
    begin = time.monotonic()
    if args.sanitize:
        records = run_share([(case, seed) for case in sanitizer_cases()], [], args.soak, seed)
    else:
        records = []
        cases = [(case, seed + number) for number, case in enumerate(all_cases())]
        jobs, operators = max(1, args.jobs), list(OPERATOR_CHECKS)
        with process_pool(jobs) as pool:
            shares = ((cases[job::jobs], operators[job::jobs], args.soak, seed + 1000 * job) for job in range(jobs))
            for future in [pool.submit(run_share, *share) for share in shares]:
                error = future.exception()
                records += [{"label": "a process", "problem": repr(error)}] if error else future.result()
    failed = [record for record in records if record["problem"]]
    rows = []
    for record in records if args.soak == 0 else failed:
        values = [f"{record[name]:.1e}" if name in record else "-" for name in ("float64", "sparse_mla")]
        rows.append([record["label"], *values, record["problem"][:40] or "ok"])
    print(format_table(["case", "to float64", "to sparse_mla", ""], rows))
    for record in failed:
        print(f"{record['label']}: {record['problem']}")
    worst = {name: max((r[name] for r in records if name in r), default=0.0) for name in ("float64", "sparse_mla")}
    print(f"largest errors: {worst['float64']:.1e} to float64, {worst['sparse_mla']:.1e} to sparse_mla")
    print(f"{time.monotonic() - begin:.0f} s")
    return checking.finish(args, records, f"errors < {MAX_ERROR}, differences < {MAX_DIFFERENCE}")


if __name__ == "__main__":
    sys.exit(main())
