"""Compile and call TileLang kernels with the operators' interfaces."""

from __future__ import annotations

import types

import torch

from triton_tle.ops.sparse_mla_fwd_args import D_V, LOG2_E

from . import ProviderUnavailable

INSTALL = "pip install tilelang==0.1.15"


def require_tilelang() -> types.ModuleType:
    """Import TileLang.

    Raises:
        ProviderUnavailable: it is not installed; the message says how to install it.
    """
    try:
        import tilelang
    except ImportError as error:
        raise ProviderUnavailable(f"TileLang is not installed ({error}): {INSTALL}") from error
    return tilelang


class TileLangSparseMlaFwd:
    """Callable with FlashMLA's arguments (no attn_sink, no topk_length) around one TileLang kernel module."""

    def __init__(self, module: types.ModuleType, keys_per_step: int) -> None:
        self.tilelang = require_tilelang()
        self.module = module
        self.keys_per_step = keys_per_step
        self.kernels: dict[tuple[int, int, int, float], object] = {}

    def prepare(self, sizes: list[tuple[int, int, int, float]]) -> None:
        """Compile for each (h_q, d_qk, topk, sm_scale), several at a time: one takes some ten seconds."""
        missing = [size for size in dict.fromkeys(sizes) if size not in self.kernels]
        functions = [self.module.build(h_q, d_qk, topk, scale * LOG2_E) for h_q, d_qk, topk, scale in missing]
        if functions:
            compiled = self.tilelang.par_compile(
                functions, target={"kind": "cuda", "arch": "sm_90a"}, pass_configs=self.module.PASS_CONFIGS
            )
            self.kernels.update(zip(missing, compiled))

    def supports(self, h_q: int, d_qk: int, topk: int) -> bool:
        return h_q % 64 == 0 and topk % self.keys_per_step == 0

    def __call__(
        self, q: torch.Tensor, kv: torch.Tensor, indices: torch.Tensor, sm_scale: float, out: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        s_q, h_q, d_qk = q.shape
        if out is None:
            out = torch.empty((s_q, h_q, D_V), dtype=q.dtype, device=q.device)
        max_logits = torch.empty((s_q, h_q), dtype=torch.float32, device=q.device)
        lse = torch.empty_like(max_logits)
        size = (h_q, d_qk, indices.shape[2], sm_scale)
        self.prepare([size])
        self.kernels[size](q, kv[:, 0], indices[:, 0], out, max_logits, lse)
        return out, max_logits, lse


class TileLangSparseMlaBwd:
    """Callable with the arguments of `sparse_mla_bwd` (no options) around its kernels: (dq, dkv)."""

    def __init__(self, module: types.ModuleType) -> None:
        self.tilelang = require_tilelang()
        self.module = module
        self.kernels: dict[tuple, object] = {}

    def prepare(self, sizes: list[tuple[int, int, int, float]]) -> None:
        """Compile for each (h_q, d_qk, topk, sm_scale), several at a time."""
        builders = {size: (self.module.build_main, size) for size in sizes}
        builders |= {(h_q,): (self.module.build_delta, (h_q,)) for h_q, *_ in sizes}
        missing = [name for name in builders if name not in self.kernels]
        functions = [build(*arguments) for build, arguments in (builders[name] for name in missing)]
        if functions:
            compiled = self.tilelang.par_compile(
                functions, target={"kind": "cuda", "arch": "sm_90a"}, pass_configs=self.module.PASS_CONFIGS
            )
            self.kernels.update(zip(missing, compiled))

    def supports(self, h_q: int, d_qk: int, topk: int) -> bool:
        return (h_q == 32 or h_q % 64 == 0) and topk % self.module.KEYS == 0

    def __call__(
        self,
        q: torch.Tensor,
        kv: torch.Tensor,
        indices: torch.Tensor,
        out: torch.Tensor,
        lse: torch.Tensor,
        grad_out: torch.Tensor,
        sm_scale: float,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        s_q, h_q, d_qk = q.shape
        size = (h_q, d_qk, indices.shape[2], sm_scale)
        self.prepare([size])
        delta = torch.empty((s_q, h_q), dtype=torch.float32, device=q.device)
        self.kernels[(h_q,)](out, grad_out, delta)
        dq = torch.empty_like(q)
        sums = torch.zeros((kv.shape[0], d_qk), dtype=torch.float32, device=q.device)
        self.kernels[size](q, kv[:, 0], indices[:, 0], grad_out, lse, delta, dq, sums)
        return dq, sums.to(torch.bfloat16)[:, None]
