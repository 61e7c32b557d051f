"""Benchmark of dense attention, forward: TLE against stock Triton in four forms, and torch's kernels.

TFLOP/s counts 4 * b * h * s * s * d, half of it where causal.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from typing import Any

import torch

from . import dense

NAME = "flash_attention"
LIMIT = 5e-3  # relative Frobenius error; bfloat16 P and output make 2e-3
HIDDEN = 2048  # b * s is 16384 tokens, h * d is 2048


@dataclasses.dataclass(frozen=True)
class Case:
    """q, k, v [b, h, s, d] with b * s = 16384 and h * d = 2048; dtype "bf16" or "f16"."""

    s: int
    d: int
    causal: bool
    dtype: str = "bf16"

    @property
    def batch(self) -> int:
        return max(1, 16384 // self.s)

    @property
    def heads(self) -> int:
        return HIDDEN // self.d

    @property
    def label(self) -> str:
        return f"b {self.batch}, h {self.heads}, s {self.s}, d {self.d}{', causal' * self.causal} {self.dtype}"

    @property
    def kind(self) -> tuple:
        """What a kernel is compiled for, beside its configuration."""
        return self.dtype, self.d, self.causal

    @property
    def flops(self) -> float:
        return 4.0 * self.batch * self.heads * self.s * self.s * self.d * (0.5 if self.causal else 1.0)


QUICK_CASES = tuple(Case(4096, d, causal) for d in (64, 128) for causal in (False, True))
CASES = (
    *(Case(s, d, causal) for d in (64, 128) for causal in (False, True) for s in (1024, 2048, 4096, 8192, 16384)),
    *(Case(4096, d, causal, "f16") for d in (64, 128) for causal in (False, True)),
)


def make_inputs(case: Case, seed: int) -> dict[str, Any]:
    """Random q, k, v on the GPU, and empty out and lse."""
    dtype = {"bf16": torch.bfloat16, "f16": torch.float16}[case.dtype]
    generator = torch.Generator("cuda").manual_seed(seed)
    shape = (case.batch, case.heads, case.s, case.d)
    inputs: dict[str, Any] = {
        name: torch.randn(shape, dtype=dtype, device="cuda", generator=generator) for name in "qkv"
    }
    inputs["out"] = torch.empty_like(inputs["q"])
    inputs["lse"] = torch.empty(shape[:3], dtype=torch.float32, device="cuda")
    inputs["scale"], inputs["causal"] = case.d**-0.5, case.causal
    return inputs


def error(case: Case, inputs: dict[str, Any], out: torch.Tensor) -> float:
    """Relative Frobenius error of `out` against float64, over 512 rows of the first and of the last head.

    An output that is NaN anywhere has an infinite error.
    """
    if not bool(torch.isfinite(out).all()):
        return float("inf")
    if "reference" not in inputs:
        step = max(1, case.s // 512)
        rows = torch.arange(step - 1, case.s, step, device="cuda")
        references = []
        for batch, head in ((0, 0), (case.batch - 1, case.heads - 1)):
            q, k, v = (inputs[name][batch, head].double() for name in "qkv")
            scores = q[rows] @ k.T * inputs["scale"]
            if case.causal:
                scores.masked_fill_(torch.arange(case.s, device="cuda") > rows[:, None], -torch.inf)
            references.append((batch, head, scores.softmax(-1) @ v))
        inputs["reference"] = rows, references
    rows, references = inputs["reference"]
    wrong = sum(float((out[batch, head, rows].double() - value).square().sum()) for batch, head, value in references)
    return (wrong / sum(float(value.square().sum()) for _, _, value in references)) ** 0.5


def _load_tle() -> dense.Provider:
    from triton_tle.ops.flash_attention import configurations, launch

    def run(inputs: dict[str, Any], config: dict, warm_up: bool) -> None:
        tensors = [inputs[name] for name in ("q", "k", "v", "out", "lse")]
        launch(*tensors, inputs["scale"], inputs["causal"], config, warm_up)

    return dense.Provider(run, lambda case: configurations(case.d, case.causal))


def _load_triton(form: str) -> dense.Provider:
    from .providers import flash_attention_triton

    def run(inputs: dict[str, Any], config: dict, warm_up: bool) -> None:
        tensors = [inputs[name] for name in ("q", "k", "v", "out", "lse")]
        flash_attention_triton.launch(*tensors, inputs["scale"], inputs["causal"], form, config, warm_up)

    return dense.Provider(run, lambda case: flash_attention_triton.configurations(case.d, form), stock=True)


def _load_sdpa(backend: str) -> dense.Provider:
    from torch.nn.attention import SDPBackend, sdpa_kernel

    chosen = getattr(SDPBackend, backend)

    def run(inputs: dict[str, Any], config: None, warm_up: bool) -> torch.Tensor:
        with sdpa_kernel(chosen):
            return torch.nn.functional.scaled_dot_product_attention(
                inputs["q"], inputs["k"], inputs["v"], is_causal=inputs["causal"], scale=inputs["scale"]
            )

    return dense.Provider(run)


PROVIDERS: dict[str, Callable[[], dense.Provider]] = {
    "tle": _load_tle,
    "triton_tma": lambda: _load_triton("tma"),
    "triton_early": lambda: _load_triton("early"),
    "triton_ahead": lambda: _load_triton("ahead"),
    "triton_pointers": lambda: _load_triton("pointers"),
    "torch_flash": lambda: _load_sdpa("FLASH_ATTENTION"),
    "torch_cudnn": lambda: _load_sdpa("CUDNN_ATTENTION"),
}


def run(
    quick: bool = False, only: list[str] | None = None, commit: str | None = None, log: Callable[[str], None] = print
) -> dict:
    """Check and time every provider; return the results as one JSON-ready dictionary (see dense.run)."""
    return dense.run(sys.modules[__name__], quick, only, commit, log)
