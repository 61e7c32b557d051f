"""Benchmark of the dense matrix product: TLE against stock Triton (pointers, TMA descriptors) and cuBLAS."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from typing import Any

import torch

from . import dense

NAME = "gemm"
LIMIT = 5e-3  # relative Frobenius error; rounding the result to bfloat16 makes 1.7e-3


@dataclasses.dataclass(frozen=True)
class Case:
    """C [m, n] = A [m, k] B [k, n], all row-major; dtype "bf16" or "f16"."""

    m: int
    n: int
    k: int
    dtype: str = "bf16"

    @property
    def label(self) -> str:
        return f"{self.m} x {self.n} x {self.k} {self.dtype}"

    @property
    def kind(self) -> str:
        """What a kernel is compiled for, beside its configuration."""
        return self.dtype

    @property
    def flops(self) -> float:
        return 2.0 * self.m * self.n * self.k


QUICK_CASES = (Case(8192, 8192, 8192), Case(4096, 4096, 4096))
CASES = (
    *QUICK_CASES,
    Case(8192, 8192, 1024),
    Case(2048, 4096, 7168),
    Case(128, 8192, 8192),
    Case(64, 8192, 8192),
    Case(64, 4096, 7168),
    Case(8192, 8192, 8192, "f16"),
    Case(4096, 4096, 4096, "f16"),
)


def make_inputs(case: Case, seed: int) -> dict[str, Any]:
    """Random a and b on the GPU, and an empty out."""
    dtype = {"bf16": torch.bfloat16, "f16": torch.float16}[case.dtype]
    generator = torch.Generator("cuda").manual_seed(seed)
    a = torch.randn((case.m, case.k), dtype=dtype, device="cuda", generator=generator)
    b = torch.randn((case.k, case.n), dtype=dtype, device="cuda", generator=generator)
    return {"a": a, "b": b, "out": torch.empty((case.m, case.n), dtype=dtype, device="cuda")}


def error(case: Case, inputs: dict[str, Any], out: torch.Tensor) -> float:
    """Relative Frobenius error of `out` against the product in float64."""
    if "reference" not in inputs:
        inputs["reference"] = inputs["a"].double() @ inputs["b"].double()
    reference = inputs["reference"]
    return float((out.double() - reference).norm() / reference.norm())


def _load_tle() -> dense.Provider:
    from triton_tle.ops.gemm import configurations, launch

    def run(inputs: dict[str, Any], config: dict, warm_up: bool) -> None:
        launch(inputs["a"], inputs["b"], inputs["out"], config, warm_up)

    return dense.Provider(run, lambda case: configurations(case.m))


def _load_triton(descriptors: bool) -> dense.Provider:
    from .providers import gemm_triton

    def run(inputs: dict[str, Any], config: dict, warm_up: bool) -> None:
        gemm_triton.launch(inputs["a"], inputs["b"], inputs["out"], descriptors, config, warm_up)

    return dense.Provider(run, lambda case: gemm_triton.configurations(case.m, descriptors), stock=True)


def _load_cublas() -> dense.Provider:
    return dense.Provider(lambda inputs, config, warm_up: torch.matmul(inputs["a"], inputs["b"], out=inputs["out"]))


PROVIDERS: dict[str, Callable[[], dense.Provider]] = {
    "tle": _load_tle,
    "triton_tma": lambda: _load_triton(True),
    "triton_pointers": lambda: _load_triton(False),
    "cublas": _load_cublas,
}


def run(
    quick: bool = False, only: list[str] | None = None, commit: str | None = None, log: Callable[[str], None] = print
) -> dict:
    """Check and time every provider; return the results as one JSON-ready dictionary (see dense.run)."""
    return dense.run(sys.modules[__name__], quick, only, commit, log)
