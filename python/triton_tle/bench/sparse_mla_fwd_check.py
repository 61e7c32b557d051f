"""Hold an implementation of the sparse-MLA forward against the float64 reference, on fresh random data.

The output is filled with NaN before the call: an element that nothing writes shows.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import torch

from triton_tle.ops.sparse_mla_reference import sparse_mla_fwd_reference

from .score_sizes import sizes_of_scores

D_V = 512
MAX_OUT_ERROR = 5e-3  # relative Frobenius norm; bfloat16 P and output alone give 2e-3
MAX_STATISTIC_ERROR = 1e-5  # of max_logits and lse, relative to the value or to what scores are in size, 1 at least
REFERENCE_BYTES = 1 << 30
STRIDED = ("", "q", "kv", "indices", "out", "unaligned")


@dataclasses.dataclass(frozen=True)
class CheckCase:
    """Sizes and features of one check.

    Attributes:
        invalid: fraction of indices that are no key.
        empty_rows: every third row has no valid index at all.
        sink: attn_sink is given, +inf for the first head, -inf for the second.
        length: topk_length is given, 0 for the first row, topk for the last; others reach beyond both.
        causal_start: bound of the causal form, None for none.
        strided: which tensor is a strided view ("unaligned": kv, with rows at odd addresses); one of STRIDED.
        own_out: the implementation allocates the output itself.
        spread: standard deviation of q; a large one makes the softmax sharp.
        documented_only: invalid indices are only those that FlashMLA documents, -1 and s_kv or more, and lengths 0
            to topk.
    """

    s_q: int
    h_q: int
    d_qk: int
    topk: int
    s_kv: int
    invalid: float = 0.1
    empty_rows: bool = False
    sink: bool = False
    length: bool = False
    causal_start: int | None = None
    strided: str = ""
    own_out: bool = False
    spread: float = 1.0
    documented_only: bool = False

    def __post_init__(self) -> None:
        if self.strided not in STRIDED:
            raise ValueError(f"strided must be one of {STRIDED}, got {self.strided!r}")

    @property
    def label(self) -> str:
        """Sizes, then the features that differ from the defaults."""
        text = f"s_q {self.s_q} h {self.h_q} d {self.d_qk} topk {self.topk} s_kv {self.s_kv}"
        for field in dataclasses.fields(self)[5:]:
            value = getattr(self, field.name)
            if value != field.default:
                text += f" {field.name}" + ("" if value is True else f" {value}")
        return text


@dataclasses.dataclass
class CheckResult:
    """Errors of one check; infinity where a NaN or a wrong infinity shows up."""

    out: float
    max_logits: float
    lse: float

    @property
    def passed(self) -> bool:
        return self.out < MAX_OUT_ERROR and max(self.max_logits, self.lse) < MAX_STATISTIC_ERROR


def make_inputs(case: CheckCase, seed: int, device: str) -> dict:
    """Arguments of `triton_tle.ops.sparse_mla_fwd`, by name; those that the case leaves out are missing."""
    generator = torch.Generator(device).manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, dtype=torch.bfloat16, device=device, generator=generator)

    def integers(low: int, high: int, *shape: int) -> torch.Tensor:
        return torch.randint(low, high, shape, dtype=torch.int32, device=device, generator=generator)

    s_q, h_q, d_qk, topk, s_kv = case.s_q, case.h_q, case.d_qk, case.topk, case.s_kv
    q = normal(s_q, h_q + 8, d_qk + 64)[:, 4:-4, 64:] if case.strided == "q" else normal(s_q, h_q, d_qk)
    q *= case.spread
    if case.strided == "kv":
        kv = normal(s_kv, 1, d_qk + 64)[:, :, :d_qk]
    elif case.strided == "unaligned":
        kv = normal(s_kv, 1, d_qk + 1)[:, :, 1:]
    else:
        kv = normal(s_kv, 1, d_qk)
    indices = integers(0, s_kv, s_q, 1, topk)
    if case.invalid > 0:
        choices = [-1, s_kv, s_kv + 5, 2**31 - 1] + ([] if case.documented_only else [-7, -(2**31)])
        choices = torch.tensor(choices, dtype=torch.int32, device=device)
        replacement = choices[integers(0, len(choices), *indices.shape).long()]
        drop = torch.rand(indices.shape, device=device, generator=generator) < case.invalid
        indices = torch.where(drop, replacement, indices)
    if case.empty_rows:
        indices[::3] = -1
    if case.strided == "indices":
        indices = torch.cat([indices, integers(0, s_kv, s_q, 1, 13)], dim=2)[:, :, :topk]
    arguments = {"q": q, "kv": kv, "indices": indices, "sm_scale": d_qk**-0.5}
    if case.sink:
        sink = torch.randn(h_q, device=device, generator=generator) * 3
        sink[0], sink[1] = float("inf"), -float("inf")
        arguments["attn_sink"] = sink
    if case.length:
        beyond = 0 if case.documented_only else 5
        length = integers(-beyond, topk + 1 + beyond, s_q)
        length[0], length[-1] = 0, topk
        arguments["topk_length"] = length
    if case.causal_start is not None:
        arguments["causal_start"] = case.causal_start
    if not case.own_out:
        width = D_V + 64 if case.strided == "out" else D_V
        out = torch.full((s_q, h_q, width), float("nan"), dtype=torch.bfloat16, device=device)
        arguments["out"] = out[:, :, :D_V]
    return arguments


def _statistic_error(actual: torch.Tensor, expected: torch.Tensor, sizes: torch.Tensor) -> float:
    finite = torch.isfinite(expected)
    if not torch.equal(actual.double()[~finite], expected[~finite]):
        return float("inf")
    if not finite.any():
        return 0.0
    error = (actual[finite] - expected[finite]).abs() / torch.maximum(expected[finite].abs(), sizes[finite])
    return float(error.max().nan_to_num(nan=float("inf")))


def _poison_allocator(case: CheckCase, device: str) -> None:
    """Leave NaN in the blocks that the implementation's own allocations will most likely get."""
    sizes = [(case.s_q, case.h_q)] * 2 + ([(case.s_q, case.h_q, D_V)] if case.own_out else [])
    for shape in sizes:
        torch.full(shape, float("nan"), dtype=torch.bfloat16 if len(shape) == 3 else torch.float32, device=device)


def compare(arguments: dict, results: tuple[torch.Tensor, torch.Tensor, torch.Tensor]) -> CheckResult:
    """Errors of `results` (out, max_logits, lse), the reference calculated in chunks of query tokens."""
    out, max_logits, lse = results
    q, indices, sink = arguments["q"], arguments["indices"], arguments.get("attn_sink")
    length, causal_start = arguments.get("topk_length"), arguments.get("causal_start")
    s_q, h_q, d_qk = q.shape
    rows = max(1, REFERENCE_BYTES // (8 * max(1, indices.shape[2] * (d_qk + h_q), h_q * d_qk)))
    difference = norm = 0.0
    statistics = [0.0, 0.0]
    for begin in range(0, s_q, rows):
        part = slice(begin, min(begin + rows, s_q))
        expected = sparse_mla_fwd_reference(
            q[part],
            arguments["kv"],
            indices[part],
            arguments["sm_scale"],
            attn_sink=sink,
            topk_length=None if length is None else length[part],
            causal_start=None if causal_start is None else causal_start + begin,
        )
        difference += float((out[part].double() - expected[0]).square().sum())
        norm += float(expected[0].square().sum())
        sizes = sizes_of_scores(q[part], arguments["kv"], arguments["sm_scale"]).clamp_min(1)
        for which, actual in enumerate((max_logits, lse)):
            statistics[which] = max(statistics[which], _statistic_error(actual[part], expected[1 + which], sizes))
    out_error = 0.0 if difference == 0 else (difference / max(norm, 1e-30)) ** 0.5
    return CheckResult(out_error if out_error == out_error else float("inf"), *statistics)


def check(call: Callable, case: CheckCase, seed: int, device: str) -> CheckResult:
    """Call an implementation with the case's arguments and compare.

    Args:
        call: takes q, kv, indices, sm_scale positionally and what else the case needs by name; returns
            (out, max_logits, lse).
        case: what to check.
        seed: of the random data.
        device: where, "cpu" or "cuda".
    """
    arguments = make_inputs(case, seed, device)
    _poison_allocator(case, device)
    named = dict(arguments)
    positional = [named.pop(name) for name in ("q", "kv", "indices", "sm_scale")]
    results = call(*positional, **named)
    expected = ((case.s_q, case.h_q, D_V), (case.s_q, case.h_q), (case.s_q, case.h_q))
    for name, result, shape in zip(("out", "max_logits", "lse"), results, expected):
        if tuple(result.shape) != shape:
            raise ValueError(f"{name} has shape {tuple(result.shape)}, expected {shape}")
    if not case.own_out and results[0].data_ptr() != arguments["out"].data_ptr():
        raise ValueError("out was given, but the result lies elsewhere")
    return compare(arguments, results)
