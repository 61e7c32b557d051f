"""Hold an implementation of the sparse-MLA decode against the float64 reference, on fresh random data."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import torch

from triton_tle.ops.fp8_cache import BYTES_PER_TOKEN, dequantize_k_cache, quantize_k_cache
from triton_tle.ops.mla_decode_reference import mla_decode_reference

from .score_sizes import SAMPLED_KEYS, sizes_of_scores

D_V = 512
# FlashMLA's own: an element passes if its absolute or its relative error is within bounds
OUT_TOLERANCE = (1e-3, 2.01 / 128)
LSE_TOLERANCE = (1e-6, 8.01 / 65536)
# An absolute error of lse may also be this share of what the row's scores are in size, sigma(q) sigma(k): float32 sums
# of 576 terms are off by up to 1.5e-6 of it. Up to a size of 0.5 FlashMLA's 1e-6 is more; q of 1 and keys of 0.1: 0.1
LSE_SHARE_OF_SIZE = 2e-6
# Where scales are no powers of two, the reference rounds their products to bfloat16, the kernel to float16: they differ
# by up to half a step of bfloat16, and so does the score of a row's only key
ANY_SCALE_LSE_TOLERANCE = (2e-3, 64.01 / 65536)
PIECE = 1024  # blocks of a cache that are made at a time


@dataclasses.dataclass(frozen=True)
class DecodeCase:
    """Sizes and features of one check.

    Attributes:
        b, s_q, h_q, d_qk, topk: sizes of the call.
        blocks, page_size: of the cache.
        fp8: FP8 cache.
        splits: parts of a list; 0: as many as the plan chooses.
        invalid: fraction of indices that are no key.
        empty_rows: every third sequence has no valid index at all.
        sink: attn_sink is given, +inf for the first head, -inf for the second.
        length: topk_length is given, 0 for the first sequence, topk for the last; others reach beyond both.
        extra_topk: entries of the list of the extra cache, 0: no extra cache. Its pages have half the size.
        extra_length: extra_topk_length is given.
        gap: unused tokens between the cache's blocks; they hold NaN.
        spread: standard deviation of q; a large one makes the softmax sharp. That of keys is 0.1, as in FlashMLA's
            tests: the absolute tolerance is made for it.
        any_scale: FP8 scales that are no powers of two; wants ANY_SCALE_LSE_TOLERANCE.
        documented_only: invalid indices are -1 only, as FlashMLA documents, and lengths 0 to topk.
    """

    b: int
    s_q: int
    h_q: int
    topk: int
    d_qk: int = 576
    blocks: int = 4
    page_size: int = 64
    fp8: bool = True
    splits: int = 0
    invalid: float = 0.1
    empty_rows: bool = False
    sink: bool = False
    length: bool = False
    extra_topk: int = 0
    extra_length: bool = False
    gap: int = 0
    spread: float = 10.0
    any_scale: bool = False
    documented_only: bool = False

    @property
    def label(self) -> str:
        """Sizes, then the features that differ from the defaults."""
        text = f"b {self.b} s_q {self.s_q} h {self.h_q} topk {self.topk} " + ("fp8" if self.fp8 else "bf16")
        for field in dataclasses.fields(self)[4:]:
            value = getattr(self, field.name)
            if value != field.default and field.name != "fp8":
                text += f" {field.name}" + ("" if value is True else f" {value}")
        return text


@dataclasses.dataclass
class DecodeResult:
    """Largest error of each result as a share of the tolerance; infinity where a NaN or a wrong infinity shows up."""

    out: float
    lse: float

    @property
    def passed(self) -> bool:
        return self.out <= 1 and self.lse <= 1


def _make_cache(case: DecodeCase, blocks: int, page_size: int, generator: torch.Generator, device: str) -> torch.Tensor:
    width, dtype = (BYTES_PER_TOKEN, torch.float8_e4m3fn) if case.fp8 else (case.d_qk, torch.bfloat16)
    dense = torch.empty((blocks, page_size, 1, width), dtype=dtype, device=device)
    for first in range(0, blocks, PIECE):  # a large cache at once, in float32, would take ten times its memory
        piece = dense[first : first + PIECE]
        values = torch.randn((*piece.shape[:3], case.d_qk), device=device, generator=generator).div_(10).bfloat16()
        piece.copy_(quantize_k_cache(values, power_of_two=not case.any_scale) if case.fp8 else values)
    if not case.gap:
        return dense
    wide = torch.full((blocks, page_size + case.gap, 1, width), float("nan"), dtype=torch.float32, device=device)
    wide = wide.to(torch.bfloat16) if not case.fp8 else torch.full(wide.shape, 0xFF, dtype=torch.uint8, device=device)
    wide = wide.view(dense.dtype)[:, :page_size]
    wide.view(torch.uint8).copy_(dense.view(torch.uint8))
    return wide


def _make_indices(
    case: DecodeCase, tokens: int, topk: int, generator: torch.Generator, device: str
) -> torch.Tensor:  # fmt: skip
    shape = (case.b, case.s_q, topk)
    indices = torch.randint(0, max(tokens, 1), shape, dtype=torch.int32, device=device, generator=generator)
    if case.invalid > 0:
        choices = [-1] if case.documented_only else [-1, -(2**31), -7, tokens, tokens + 5, 2**31 - 1]
        choices = torch.tensor(choices, dtype=torch.int32, device=device)
        picked = choices[torch.randint(0, len(choices), shape, device=device, generator=generator)]
        drop = torch.rand(shape, device=device, generator=generator) < case.invalid
        indices = torch.where(drop, picked, indices)
    if case.empty_rows:
        indices[::3] = -1
    return indices


def _make_length(case: DecodeCase, topk: int, generator: torch.Generator, device: str) -> torch.Tensor:
    beyond = 0 if case.documented_only else 5
    length = torch.randint(
        -beyond, topk + 1 + beyond, (case.b,), dtype=torch.int32, device=device, generator=generator
    )  # fmt: skip
    length[0], length[-1] = 0, topk
    return length


def make_inputs(case: DecodeCase, seed: int, device: str) -> dict:
    """Arguments of the decode by name, as `mla_decode_reference` takes them; those the case leaves out are missing."""
    generator = torch.Generator(device).manual_seed(seed)
    q = torch.randn((case.b, case.s_q, case.h_q, case.d_qk), device=device, generator=generator) * case.spread
    arguments = {
        "q": q.bfloat16(),
        "k_cache": _make_cache(case, case.blocks, case.page_size, generator, device),
        "indices": _make_indices(case, case.blocks * case.page_size, case.topk, generator, device),
        "softmax_scale": case.d_qk**-0.5,
    }
    if case.sink:
        sink = torch.randn(case.h_q, device=device, generator=generator) * 3
        sink[0], sink[1] = float("inf"), -float("inf")
        arguments["attn_sink"] = sink
    if case.length:
        arguments["topk_length"] = _make_length(case, case.topk, generator, device)
    if case.extra_topk:
        page = max(1, case.page_size // 2)
        arguments["extra_k_cache"] = _make_cache(case, case.blocks, page, generator, device)
        arguments["extra_indices_in_kvcache"] = _make_indices(
            case, case.blocks * page, case.extra_topk, generator, device
        )
        if case.extra_length:
            arguments["extra_topk_length"] = _make_length(case, case.extra_topk, generator, device)
    return arguments


def _error(
    actual: torch.Tensor, expected: torch.Tensor, tolerance: tuple[float, float], least: torch.Tensor | None = None
) -> float:
    """Largest error as a share of `tolerance` (absolute, relative); absolute errors of `least` pass in any case."""
    finite = torch.isfinite(expected)
    if not torch.equal(actual.double()[~finite], expected[~finite]):
        return float("inf")
    if not finite.any():
        return 0.0
    difference = (actual.double()[finite] - expected[finite]).abs()
    absolute = tolerance[0] if least is None else least[finite].clamp_min(tolerance[0])
    share = torch.minimum(difference / absolute, difference / (expected[finite].abs() + 1e-6) / tolerance[1])
    return float(share.max().nan_to_num(nan=float("inf"), posinf=float("inf")))


def _sampled_keys(arguments: dict) -> torch.Tensor:
    """Some keys of the cache, [n, d_qk]."""
    cache = arguments["k_cache"]
    rows = cache[: -(-SAMPLED_KEYS // cache.shape[1])]
    rows = dequantize_k_cache(rows) if cache.element_size() == 1 else rows
    return rows.reshape(-1, arguments["q"].shape[-1])


def compare(
    arguments: dict, out: torch.Tensor, lse: torch.Tensor, lse_tolerance: tuple[float, float] = LSE_TOLERANCE
) -> DecodeResult:
    """Errors of `out` and `lse`, the reference calculated sequence by sequence."""
    result = DecodeResult(0.0, 0.0)
    per_sequence = ("q", "indices", "extra_indices_in_kvcache", "topk_length", "extra_topk_length")
    q, keys = arguments["q"], _sampled_keys(arguments)
    for name, actual, shape in (
        ("out", out, (*q.shape[:3], D_V)),
        ("lse", lse, (q.shape[0], q.shape[2], q.shape[1])),
    ):
        if tuple(actual.shape) != shape:
            raise ValueError(f"{name} has shape {tuple(actual.shape)}, expected {shape}")
    for sequence in range(q.shape[0]):
        one = slice(sequence, sequence + 1)
        part = {name: value[one] if name in per_sequence else value for name, value in arguments.items()}
        expected_out, expected_lse = mla_decode_reference(**part)
        sizes = sizes_of_scores(q[one], keys, arguments["softmax_scale"]).transpose(1, 2)
        result.out = max(result.out, _error(out[one], expected_out, OUT_TOLERANCE))
        result.lse = max(result.lse, _error(lse[one], expected_lse, lse_tolerance, LSE_SHARE_OF_SIZE * sizes))
    return result


def call_operator(arguments: dict, fp8: bool, splits: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """`flash_mla_with_kvcache` on such arguments; its workspace is filled with NaN first."""
    from triton_tle.ops import flash_mla_with_kvcache, get_mla_metadata

    named = dict(arguments)
    q = named.pop("q")
    extra = named.get("extra_indices_in_kvcache")
    metadata, _ = get_mla_metadata(
        b=q.shape[0], s_q=q.shape[1], h_q=q.shape[2], topk=named["indices"].shape[2],
        extra_topk=0 if extra is None else extra.shape[2], is_fp8_kvcache=fp8, device=q.device,
        num_splits=splits or None,
    )  # fmt: skip
    if metadata.partial_out is not None:
        metadata.partial_out.fill_(float("nan"))
        metadata.partial_lse.fill_(float("nan"))
    torch.full((*q.shape[:3], D_V), float("nan"), dtype=torch.bfloat16, device=q.device)  # what out gets next
    torch.full((q.shape[0], q.shape[2], q.shape[1]), float("nan"), device=q.device)
    return flash_mla_with_kvcache(q, named.pop("k_cache"), None, None, D_V, metadata, is_fp8_kvcache=fp8, **named)


def check(case: DecodeCase, seed: int, device: str, call: Callable | None = None) -> DecodeResult:
    """Run the operator, or `call(arguments, fp8, splits)`, on a case's arguments and compare."""
    arguments = make_inputs(case, seed, device)
    out, lse = (call or call_operator)(arguments, case.fp8, case.splits)
    return compare(arguments, out, lse, ANY_SCALE_LSE_TOLERANCE if case.any_scale else LSE_TOLERANCE)
