"""Hold an implementation of the sparse-MLA backward against gradients in float64, on fresh random data.

Expected are the gradients that torch's autograd makes of the forward's definition, or, where kv is too large for that,
the formulas of `sparse_mla_bwd_reference`, which tests hold against autograd. Of a kv that is too large only the rows
that lists name are looked at, and that the others got 0. dq is filled with NaN before the call.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import torch

from triton_tle.ops.sparse_mla_bwd_args import new_sums
from triton_tle.ops.sparse_mla_bwd_reference import sparse_mla_bwd_reference
from triton_tle.ops.sparse_mla_reference import sparse_mla_fwd_reference

from . import sparse_mla_fwd_check as forward

D_V = forward.D_V
MAX_ERROR = 1e-2  # relative Frobenius norm, see _errors; P, dS, out and the results in bfloat16 give 2e-3 to 5e-3
MAX_ROW_ERROR = 5e-2  # of a single token's or key's gradient, relative to its norm or the root mean square of all
MAX_AUTOGRAD_ELEMENTS = 1 << 27  # of kv, which autograd holds several float64 copies of


@dataclasses.dataclass(frozen=True)
class CheckCase(forward.CheckCase):
    """Sizes and features of one check: those of the forward's, and

    Attributes:
        grad_lse: the gradient of lse is given too.
        deterministic: the deterministic mode; two calls must give the same bits.
        strided_grads: grad_out is a strided view.
    """

    own_out: bool = True
    grad_lse: bool = False
    deterministic: bool = False
    strided_grads: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.own_out:
            raise ValueError("own_out must be True: the backward has no argument for it")


@dataclasses.dataclass
class CheckResult:
    """Errors of one check; infinity where there is a NaN, or anything but 0 where 0 is expected."""

    dq: float
    dkv: float
    dsink: float
    worst_row: float

    @property
    def passed(self) -> bool:
        return max(self.dq, self.dkv, self.dsink) < MAX_ERROR and self.worst_row < MAX_ROW_ERROR


def make_inputs(case: CheckCase, seed: int, device: str) -> dict:
    """Arguments of `triton_tle.ops.sparse_mla_bwd.sparse_mla_bwd`, by name; out and lse come from the definition."""
    arguments = forward.make_inputs(case, seed, device)
    generator = torch.Generator(device).manual_seed(seed + 1)
    s_q, h_q = case.s_q, case.h_q
    results = [sparse_mla_fwd_reference(**_chunk(arguments, part)) for part in _parts(s_q, _rows(arguments))]
    arguments["out"] = torch.cat([out.bfloat16() for out, _, _ in results])
    arguments["lse"] = torch.cat([lse.float() for _, _, lse in results])
    extra = 8 if case.strided_grads else 0
    grad = torch.randn((s_q, h_q + extra, D_V + 2 * extra), dtype=torch.bfloat16, device=device, generator=generator)
    arguments["grad_out"] = grad[:, :h_q, :D_V]
    if case.grad_lse:
        arguments["grad_lse"] = torch.randn((s_q, h_q), device=device, generator=generator)
    return arguments


def _rows(arguments: dict) -> int:
    """Query tokens at a time, such that what is gathered for them in float64 is bounded."""
    _, h_q, d_qk = arguments["q"].shape
    topk = arguments["indices"].shape[2]
    return max(1, forward.REFERENCE_BYTES // (8 * max(1, topk * (d_qk + h_q), h_q * d_qk)))


def _autograd(arguments: dict, kv: torch.Tensor) -> list[torch.Tensor]:
    """Gradients of q, kv (float64, a leaf) and attn_sink for one chunk of tokens, by torch's autograd."""
    q = arguments["q"].double().requires_grad_()
    sink = arguments.get("attn_sink")
    leaves = [q, kv]
    if sink is not None:
        sink = sink.double().requires_grad_()
        leaves.append(sink)
    out, _, lse = sparse_mla_fwd_reference(
        q, kv, arguments["indices"], arguments["sm_scale"], attn_sink=sink,
        topk_length=arguments.get("topk_length"), causal_start=arguments.get("causal_start"),
    )  # fmt: skip
    loss = (out * arguments["grad_out"].double()).sum()
    if "grad_lse" in arguments:
        loss = loss + (torch.where(torch.isfinite(lse), lse, 0) * arguments["grad_lse"].double()).sum()
    if not loss.requires_grad:  # no key at all
        return [torch.zeros_like(leaf) for leaf in leaves]
    grads = torch.autograd.grad(loss, leaves, allow_unused=True)
    grads = [torch.zeros_like(leaf) if grad is None else grad for leaf, grad in zip(leaves, grads)]
    if sink is not None:  # autograd makes NaN of inf - inf; moving an infinite sink changes nothing
        grads[2] = torch.where(torch.isfinite(sink), grads[2], 0)
    return grads


def _chunk(arguments: dict, part: slice) -> dict:
    """The arguments of one chunk of query tokens."""
    chunk = dict(arguments)
    for name in ("q", "indices", "out", "lse", "grad_out", "grad_lse", "topk_length"):
        if name in chunk:
            chunk[name] = chunk[name][part]
    if "causal_start" in chunk:
        chunk["causal_start"] += part.start
    return chunk


def _without_delta(chunk: dict) -> tuple[torch.Tensor, torch.Tensor]:
    """dq and dkv before delta is subtracted from dP: as if lse had a gradient that takes it back."""
    out, sink = chunk["out"].double(), chunk.get("attn_sink")
    delta = (out * chunk["grad_out"].double()).sum(-1)
    if sink is not None:
        lse = chunk["lse"].double()
        delta = delta * torch.where(torch.isfinite(lse), torch.sigmoid(lse - sink.double()), 0)
    return sparse_mla_bwd_reference(**_named(chunk) | {"grad_lse": delta})[:2]


def sink_terms(arguments: dict) -> torch.Tensor:
    """[h_q]: root of the sum of squares of the terms that dsink is the sum of, over tokens and columns of out.

    The largest sink decides on the norm of dsink, and its sum may nearly cancel; roundings of out do not.
    """
    lse, sink = arguments["lse"].double(), arguments["attn_sink"].double()
    share = torch.where(torch.isfinite(lse), torch.sigmoid(sink - lse), 0)
    products = arguments["out"].double() * arguments["grad_out"].double()
    return (share * products.norm(dim=-1)).norm(dim=0)


def _named(arguments: dict) -> dict:
    return {name: value for name, value in arguments.items() if name not in ("out", "lse")}


def _parts(s_q: int, rows: int) -> list[slice]:
    """Slices of at most `rows` query tokens that make up all `s_q`; one empty slice for none."""
    return [slice(begin, min(begin + rows, s_q)) for begin in range(0, max(1, s_q), rows)]


@dataclasses.dataclass
class Expected:
    """Gradients in float64 of one chunk of query tokens, and how large the terms of dq are.

    `totals` is [dkv] or [dkv, dsink], `terms` how large the terms of each are, both of all chunks up to this one.
    """

    part: slice
    dq: torch.Tensor
    dq_terms: torch.Tensor
    totals: list[torch.Tensor]
    terms: list[torch.Tensor]


def expected_chunks(arguments: dict) -> Iterator[Expected]:
    """Expected gradients, a chunk of query tokens at a time: dq of all tokens in float64 may be too large."""
    kv, sink = arguments["kv"], arguments.get("attn_sink")
    by_autograd = kv.numel() <= MAX_AUTOGRAD_ELEMENTS
    leaf = kv.double().requires_grad_() if by_autograd else kv
    shapes = [kv.shape] + ([] if sink is None else [sink.shape])
    totals = [torch.zeros(shape, dtype=torch.float64, device=kv.device) for shape in shapes]
    all_terms = [torch.zeros_like(total) for total in totals]
    for part in _parts(arguments["q"].shape[0], max(1, _rows(arguments) // 2)):
        chunk = _chunk(arguments, part)
        grads = _autograd(chunk, leaf) if by_autograd else sparse_mla_bwd_reference(**_named(chunk))
        terms = _without_delta(chunk)
        for total, value in zip(totals, grads[1:]):
            total += value
        all_terms[0] += terms[1]
        if sink is not None:
            all_terms[1] = (all_terms[1].square() + sink_terms(chunk).square()).sqrt()
        yield Expected(part, grads[0], terms[0], totals, all_terms)


def expected_gradients(arguments: dict) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """dq, dkv and (with attn_sink) dsink in float64; how large the terms of each are."""
    chunks = list(expected_chunks(arguments))
    dq, dq_terms = (torch.cat([getattr(chunk, name) for chunk in chunks]) for name in ("dq", "dq_terms"))
    return [dq, *chunks[-1].totals], [dq_terms, *chunks[-1].terms]


def _norms(actual: torch.Tensor, expected: torch.Tensor, terms: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Of each row: the norm of the difference, and the norm to hold it against.

    With few keys dP and delta nearly cancel: the rounding of out alone is then larger than the difference, and only a
    comparison with the terms tells an error from that.
    """
    difference = (actual.double() - expected).flatten(1).norm(dim=1)
    return difference, torch.maximum(expected.flatten(1).norm(dim=1), terms.flatten(1).norm(dim=1))


def _errors(difference: torch.Tensor, norms: torch.Tensor) -> tuple[float, float]:
    """Frobenius error of all and of the worst row (see MAX_ROW_ERROR), of what `_norms` returned."""
    if norms.numel() == 0:
        return 0.0, 0.0
    size = float(norms.norm())
    if size == 0:
        return (0.0, 0.0) if bool((difference == 0).all()) else (float("inf"), float("inf"))
    total = float((difference.norm() / size).nan_to_num(nan=float("inf")))
    worst = (difference / norms.clamp_min(size / norms.numel() ** 0.5)).max()
    return total, float(worst.nan_to_num(nan=float("inf")))


def _listed_rows_only(arguments: dict) -> tuple[dict, torch.Tensor]:
    """The same call on those rows of kv that some list names, and their numbers; without a causal bound only."""
    kv, indices = arguments["kv"], arguments["indices"].long()
    valid = (indices >= 0) & (indices < kv.shape[0])
    rows = torch.unique(indices[valid])
    places = torch.where(valid, torch.searchsorted(rows, indices), -1)
    return arguments | {"kv": kv[rows], "indices": places.int()}, rows


def compare(arguments: dict, results: tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]) -> CheckResult:
    """Errors of `results` (dq, dkv, dsink)."""
    dq, dkv, dsink = results
    strays = False
    if arguments["kv"].numel() > MAX_AUTOGRAD_ELEMENTS and "causal_start" not in arguments:
        arguments, rows = _listed_rows_only(arguments)
        other = torch.ones(len(dkv), dtype=torch.bool, device=dkv.device)
        other[rows] = False
        strays = bool(((dkv != 0).flatten(1).any(1) & other).any())
        dkv = dkv[rows]
    norms = []
    for chunk in expected_chunks(arguments):
        norms.append(_norms(dq[chunk.part], chunk.dq, chunk.dq_terms))
    dq_error, dq_row = _errors(*(torch.cat(values) for values in zip(*norms)))
    dkv_error, dkv_row = _errors(*_norms(dkv, chunk.totals[0], chunk.terms[0]))
    if strays:
        dkv_error = dkv_row = float("inf")
    dsink_error = 0.0
    if dsink is not None:
        dsink_error, _ = _errors(*_norms(dsink[None], chunk.totals[1][None], chunk.terms[1][None]))
    return CheckResult(dq_error, dkv_error, dsink_error, max(dq_row, dkv_row))


def _call(call: Callable, arguments: dict, case: CheckCase) -> tuple:
    """One call with dq full of NaN, and NaN left in memory that the call will most likely allocate."""
    s_q, h_q, d_qk = arguments["q"].shape
    device = arguments["q"].device
    for _ in range(3):
        torch.full((s_q, h_q), float("nan"), device=device)
    named = dict(arguments)
    positional = [named.pop(name) for name in ("q", "kv", "indices", "out", "lse", "grad_out", "sm_scale")]
    named["dq"] = torch.full((s_q, h_q, d_qk), float("nan"), dtype=torch.bfloat16, device=device)
    named["sums"] = new_sums(arguments["kv"], case.deterministic)
    if case.deterministic:
        named["deterministic"] = True
    results = call(*positional, **named)
    expected = (arguments["q"].shape, arguments["kv"].shape, (h_q,) if case.sink else None)
    for name, result, shape in zip(("dq", "dkv", "dsink"), results, expected):
        actual = None if result is None else tuple(result.shape)
        if actual != (None if shape is None else tuple(shape)):
            raise ValueError(f"{name} has shape {actual}, expected {shape}")
    return results


def check(call: Callable, case: CheckCase, seed: int, device: str) -> CheckResult:
    """Call an implementation with the case's arguments and compare.

    Args:
        call: takes q, kv, indices, out, lse, grad_out, sm_scale positionally and what else the case needs by name;
            returns (dq, dkv, dsink).
        case: what to check.
        seed: of the random data.
        device: where, "cpu" or "cuda".

    Raises:
        ValueError: a result has a wrong shape, or two calls in deterministic mode differ.
    """
    arguments = make_inputs(case, seed, device)
    results = _call(call, arguments, case)
    if case.deterministic:
        again = _call(call, arguments, case)
        for name, first, second in zip(("dq", "dkv", "dsink"), results, again):
            if first is not None and not torch.equal(first, second):
                raise ValueError(f"{name} differs between two calls in deterministic mode")
    return compare(arguments, results)
