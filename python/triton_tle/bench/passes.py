"""What each optional pass of the compiler is worth: the sparse-MLA forward with that pass left out.

Every row is the same kernel on the same inputs, compiled with one more flag in TRITON_TLE_SKIP, timed in the same
shuffled rounds. A slowdown is a pass's share given all the others, so the shares do not add up.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from triton.runtime.errors import OutOfResources

from triton_tle.compiler import environment

from . import figures, harness
from .harness import format_table, time_in_rounds
from .sparse_mla_fwd import D_V, MAIN_CASE, Case, Provider, check_provider, make_inputs

ALL = "all passes"


def _without(flags: tuple[str, ...]) -> AbstractContextManager[None]:
    """TRITON_TLE_SKIP holds `flags` inside; what it held before comes back."""
    return environment.overridden(environment.SKIP, ",".join(flags))


def _provider(flags: tuple[str, ...]) -> Provider:
    from triton_tle.ops.sparse_mla_fwd import sparse_mla_fwd

    def call(*arguments: object, **options: object) -> tuple[torch.Tensor, ...]:
        with _without(flags):
            return sparse_mla_fwd(*arguments, kernel="tile", **options)

    return Provider(call, lambda case: True)


def _resources(flags: tuple[str, ...], d_qk: int) -> dict[str, int]:
    """Registers, spilled bytes and warnings of the operator's kernel for `d_qk`, compiled for the GPU at hand."""
    from triton_tle.compiler import report

    major, minor = torch.cuda.get_device_capability()
    arch = f"sm_{10 * major + minor}"
    variant = next(v for v in report.variants_of("sparse_mla_fwd", arch) if v.label == f"d_qk {d_qk}")
    with _without(flags):
        entry = report.compile_variant(variant, arch)
    return {
        "registers": entry.registers, "spilled_bytes": entry.spill_store_bytes + entry.spill_load_bytes,
        "warnings": len(entry.ptxas_warnings),
    }  # fmt: skip


def _message(problem: Exception) -> str:
    """The type and the statement of an error, without the source lines around it: those hold paths of a machine."""
    lines = [line for line in str(problem).splitlines() if line.strip() and not line.startswith(("at ", " ", "note: "))]
    return f"{type(problem).__name__}: {lines[0] if lines else 'no message'}"[:300]


def rows() -> dict[str, tuple[str, ...]]:
    """Name of each row and the flags it leaves out: nothing, then each optional pass of the Hopper pipeline alone."""
    from triton_tle.compiler.pipelines import STAGES, Settings, tle_passes

    settings = Settings(capability=90)
    flags = [entry.flag for stage in STAGES for entry in tle_passes(stage, settings) if entry.optional]
    return {ALL: ()} | {f"without {flag}": (flag,) for flag in dict.fromkeys(flags)}


def format_case(result: dict) -> str:
    """The table: time, how much slower than with all passes, registers, spills, warnings of ptxas."""
    table = [
        [name, f"{entry['ms']:.3f}", f"{entry['tflops']:.0f}"]
        + ["-" if entry["slowdown"] is None else f"{entry['slowdown']:.3f}"]
        + [str(entry["resources"][key]) for key in ("registers", "spilled_bytes", "warnings")]
        for name, entry in result["providers"].items()
    ]
    header = [result["label"], "ms", "TFLOP/s", "slowdown", "registers", "spilled", "warnings"]
    return format_table(header, table + [[name, *["-"] * 6] for name in [*result["does_not_fit"], *result["failed"]]])


def run(
    quick: bool = False, only: list[str] | None = None, commit: str | None = None, log: Callable[[str], None] = print
) -> dict:
    """Check and time the forward without each pass; return the results as one JSON-ready dictionary.

    Args:
        quick: fewer rounds.
        only: flags to leave out; None takes every optional pass.
        commit: recorded as is; None asks git.
        log: receives progress lines and the table.

    A pass without which the kernel needs more than the GPU has is in the case's "does_not_fit", with the reason; one
    without which it is wrong or raises anything else is in "failed".

    Raises:
        ValueError: `only` holds a flag that is no optional pass of the Hopper pipeline.
    """
    chosen = rows()
    if only:
        unknown = [flag for flag in only if f"without {flag}" not in chosen]
        if unknown:
            raise ValueError(f"only: no optional pass {', '.join(unknown)}")
        chosen = {name: flags for name, flags in chosen.items() if not flags or flags[0] in only}
    case: Case = MAIN_CASE
    result = harness.start_case(case) | {"does_not_fit": {}}
    q, kv, indices = make_inputs(case, seed=2)
    out = torch.empty((case.s_q, case.h_q, D_V), dtype=torch.bfloat16, device="cuda")
    runs, resources, errors = {}, {}, {}
    for number, (name, flags) in enumerate(chosen.items(), start=1):
        log(f"[{number}/{len(chosen)}] {name}")
        provider = _provider(flags)
        try:
            errors[name] = check_provider(provider, case)
            resources[name] = _resources(flags, case.d_qk)
        except Exception as problem:
            # That the kernel does not fit without a pass is what there is to say of that pass: nothing has failed.
            kind = "does_not_fit" if flags and isinstance(problem, OutOfResources) else "failed"
            result[kind][name] = _message(problem)
            log(f"  {kind.replace('_', ' ')}: {result[kind][name]}")
            continue
        if errors[name].passed:
            runs[name] = functools.partial(provider.call, q, kv, indices, case.d_qk**-0.5, out=out)
        else:
            result["failed"][name] = f"wrong against the float64 reference: {errors[name]}"
    timings = time_in_rounds(runs, 5 if quick else 11)

    def more(name: str) -> dict:
        slowdown = timings[ALL].ratio_to(timings[name]) if ALL in timings else None
        return {"slowdown": slowdown, "resources": resources[name]}

    figures.record(result, timings, case.flops, more=more)
    log("\n" + format_case(result))
    return {"op": "passes", "environment": harness.environment(commit), "skipped": {}, "cases": [result]}
