"""Calls of third-party packages, for `corpus.record`. Sizes are small; a kernel's own block sizes apply."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import torch

Call = tuple[str, Callable[[], Any]]
Calls = Iterator[Call]
f32 = torch.float32


def rand(*shape: int, dtype: torch.dtype = torch.bfloat16) -> torch.Tensor:
    """A leaf tensor that wants a gradient."""
    return torch.rand(*shape).to(dtype).requires_grad_()


def const(*shape: int, dtype: torch.dtype = torch.bfloat16) -> torch.Tensor:
    """A tensor that wants no gradient."""
    return torch.rand(*shape).to(dtype)


def ints(*shape: int, high: int, dtype: torch.dtype = torch.int64) -> torch.Tensor:
    """Indices below `high`."""
    return torch.randint(0, high, shape, dtype=dtype)


def _call(path: str, args: tuple, kwargs: dict[str, Any], backward: bool) -> None:
    module, name = path.rsplit(".", 1)
    target = getattr(importlib.import_module(module), name)
    out = (target.apply if isinstance(target, type) else target)(*args, **kwargs)
    outs = [o for o in (out if isinstance(out, tuple | list) else (out,)) if torch.is_tensor(o) and o.requires_grad]
    if backward and outs:
        torch.autograd.backward(outs, [torch.ones_like(o) for o in outs])


def train(path: str, *args: Any, **kwargs: Any) -> Call:
    """Forward and backward through the function, or autograd Function, at `path`."""
    return path, lambda: _call(path, args, kwargs, True)


def infer(path: str, *args: Any, **kwargs: Any) -> Call:
    """Forward only: the package has no backward there, or refuses it under this Triton."""
    return path, lambda: _call(path, args, kwargs, False)


def liger() -> Calls:
    def x() -> torch.Tensor:
        return rand(4, 64, 1024)

    def w() -> torch.Tensor:
        return rand(1024)

    def logits(dtype: torch.dtype = f32) -> torch.Tensor:
        return rand(64, 512, dtype=dtype)

    def f(*shape: int) -> torch.Tensor:
        return rand(*shape, dtype=f32)

    ops = "liger_kernel.ops."
    y = ints(64, high=512)
    yield train(ops + "rms_norm.LigerRMSNormFunction", x(), w(), 1e-6)
    yield train(ops + "rms_norm.LigerRMSNormFunction", x(), w(), 1e-6, 0.0, "llama", True, True)
    yield train(ops + "layer_norm.LigerLayerNormFunction", x(), w(), w(), 1e-6)
    yield train(ops + "fused_add_rms_norm.LigerFusedAddRMSNormFunction", x(), x(), w(), 1e-6)
    yield train(ops + "modulated_rms_norm.LigerModulatedRMSNormFunction", x(), w(), rand(4, 1024), rand(4, 1024), 1e-6)
    yield train(ops + "poly_norm.LigerPolyNormFunction", x(), rand(3), rand(1)[0].detach().requires_grad_())
    yield train(ops + "group_norm.LigerGroupNormFunction", f(2, 8, 256), f(8), f(8), 8, 4, 1e-6)
    yield train(ops + "dyt.LigerDyTFunction", x(), rand(1), w(), w())
    yield train(ops + "geglu.LigerGELUMulFunction", x(), x())
    yield train(ops + "swiglu.LigerSiLUMulFunction", x(), x())
    yield train(ops + "swiglu.LigerSiLUMulFunction", rand(4, 32768), rand(4, 32768))
    yield train(ops + "swiglu.LigerFusedGateUpSiLUMulFunction", rand(256, 1024))
    yield train(ops + "relu_squared.LigerReLUSquaredFunction", x())
    yield train(ops + "softmax.LigerSoftmaxFunction", x())
    yield train(ops + "sparsemax.LigerSparsemaxFunction", f(4, 256), -1)
    yield train(
        ops + "cross_entropy.LigerCrossEntropyFunction",
        *(logits(torch.bfloat16), y, None, -100, 0.0, 0.0, "mean", None, False),
    )
    yield train(
        ops + "fused_linear_cross_entropy.LigerFusedLinearCrossEntropyFunction", rand(64, 256), rand(512, 256), y
    )
    yield train(ops + "jsd.LigerJSDFunction", logits(), logits(), None, 0.5, -100)
    yield train(ops + "kl_div.LigerKLDivLossFunction", logits(), logits())
    yield train(ops + "tvd.LigerTVDLossFunction", logits(), logits())
    yield train(ops + "fused_ce_tvd.LigerFusedCETVDFunction", logits(), logits(), y)
    qkv = (rand(1, 2, 64, 64) for _ in range(3))
    yield train(ops + "fused_neighborhood_attention.LigerFusedNeighborhoodAttentionFunction", *qkv, 7, 1)
    scores, taps = rand(2, 4, 64, 64), rand(4, 4, 3, 3)
    yield train(ops + "multi_token_attention.LigerMultiTokenAttentionFunction", scores, taps, None, 1, 1)
    q, k = rand(2, 8, 64, 64), rand(2, 2, 64, 64)
    yield train(ops + "rope.LigerRopeFunction", q, k, const(1, 64, 64), const(1, 64, 64))
    turns = const(3, 2, 64, 64), const(3, 2, 64, 64)
    yield train(ops + "qwen2vl_mrope.LigerQwen2VLMRopeFunction", q, k, *turns, [8, 12, 12])
    turns = torch.view_as_complex(torch.rand(64, 32, 2))
    yield train(ops + "llama4_rope.LigerLlama4RopeFunction", rand(2, 64, 8, 64), rand(2, 64, 2, 64), turns)
    yield train(ops + "attn_res.LigerAttnResFunction", rand(4, 2, 16, 256), rand(256), rand(256), 1e-6)
    yield train(ops + "grpo_loss.fused_selective_log_softmax", const(2, 17, 512), ints(2, 16, high=512))
    route = ints(64, 2, high=4, dtype=torch.int32), rand(64, 2)
    yield train(ops + "fused_moe.LigerFusedMoEFunction", rand(64, 128), rand(4, 256, 128), rand(4, 128, 128), *route)
    mlp = rand(256, 128), rand(256, 128), rand(128, 256)
    yield train(ops + "mlp.LigerMLPFunction", rand(2, 64, 128), *mlp)
    streams = rand(2, 16, 4, 128)
    yield train(ops + "mhc.LigerMHCPostResFunction", streams, rand(2, 16, 128), f(2, 16, 4), f(2, 16, 4, 4))
    yield train(ops + "mhc.LigerMHCPreFunction", streams, f(2, 16, 4))


def fla() -> Calls:
    def h(*dims: int) -> list[torch.Tensor]:
        """Tensors [batch, length, heads, dim]; a dim of 0 leaves that axis out."""
        return [rand(2, 128, 4, *((d,) if d else ())) for d in dims]

    def gate() -> torch.Tensor:
        return rand(2, 128, 4, dtype=f32)

    def beta() -> torch.Tensor:
        return rand(2, 128, 4)

    ops, modules = "fla.ops.", "fla.modules."
    qkv = (64, 64, 64)
    yield train(ops + "gla.chunk_gla", *h(*qkv, 64))
    yield train(ops + "gla.fused_recurrent_gla", *h(*qkv, 64))
    yield infer(ops + "simple_gla.chunk_simple_gla", *h(*qkv), g=gate())
    yield train(ops + "simple_gla.parallel_simple_gla", *h(*qkv), g=gate())
    yield train(ops + "retention.chunk_retention", *h(*qkv))
    yield train(ops + "retention.parallel_retention", *h(*qkv))
    yield train(ops + "linear_attn.fused_chunk_linear_attn", *h(*qkv))
    yield train(ops + "delta_rule.chunk_delta_rule", *h(*qkv, 0))
    yield train(ops + "delta_rule.fused_recurrent_delta_rule", *h(*qkv, 0))
    yield infer(ops + "gated_delta_rule.chunk_gated_delta_rule", *h(*qkv), g=gate(), beta=beta())
    yield infer(ops + "gated_delta_rule.fused_recurrent_gated_delta_rule", *h(*qkv), g=gate(), beta=beta())
    yield train(ops + "kda.chunk_kda", *h(*qkv), g=h(64)[0], beta=beta())
    yield train(ops + "kda.fused_recurrent_kda", *h(*qkv), g=h(64)[0], beta=beta())
    yield train(ops + "hgrn.chunk_hgrn", rand(2, 128, 256), rand(2, 128, 256))
    yield train(ops + "hgrn.fused_recurrent_hgrn", rand(2, 128, 256), rand(2, 128, 256))
    yield train(ops + "gsa.chunk_gsa", *h(*qkv, 32, 32))
    yield train(ops + "rwkv4.fused_recurrent_rwkv4", rand(128), rand(128), *_rwkv4())
    yield train(ops + "rwkv6.chunk_rwkv6", *h(*qkv, 64), rand(4, 64))
    yield train(ops + "rwkv6.fused_recurrent_rwkv6", *h(*qkv, 64), rand(4, 64))
    yield train(ops + "rwkv7.chunk_rwkv7", *h(*qkv, *qkv))
    yield train(ops + "rwkv7.fused_k_update.fused_k_rwkv7", rand(2, 64, 256), rand(2, 64, 256), rand(1, 1, 256))
    yield train(ops + "attn.parallel_attn", *h(*qkv))
    yield train(ops + "forgetting_attn.parallel_forgetting_attn", *h(*qkv), g=gate())
    yield train(ops + "stickbreaking_attn.parallel_stickbreaking_attn", *h(*qkv), 0.125)
    yield train(ops + "based.parallel_based", *h(16, 16, 64))
    yield train(ops + "based.fused_chunk_based", *h(16, 16, 64))
    yield train(ops + "rebased.parallel_rebased", *(rand(2, 4, 128, d) for d in (16, 16, 64)))
    yield infer(ops + "comba.chunk_comba", *h(*qkv), p=h(64)[0], g=gate(), beta=beta())
    yield train(ops + "mesa_net.chunk_mesa_net", *h(*qkv), g=gate(), beta=beta(), lamb=rand(4, 64))
    path = rand(2, 128, 4, 64, dtype=f32), rand(2, 128, 4, dtype=f32)
    yield train(ops + "path_attn.parallel_path_attn", *h(*qkv), *path)
    q, k, v = const(2, 128, 2, 64), const(2, 128, 2, 64), const(2, 128, 4, 64)
    levels = const(2, 128, 4, 10)
    yield infer(ops + "log_linear_attn.chunk_log_linear_attn", q, k, v, g=gate().detach(), level_scales=levels)
    yield train(ops + "ttt.chunk_ttt_linear", *h(*qkv), rand(4, 64), rand(4, 64), rand(2, 128, 4, 1))
    q, k, v = rand(1, 128, 16, 64), rand(1, 128, 1, 64), rand(1, 128, 1, 64)
    gates = rand(1, 128, 16), rand(1, 128, 16), None
    yield train(ops + "nsa.parallel_nsa", q, k, v, *gates, ints(1, 128, 1, 2, high=4), 2, 32)
    k, v = rand(1, 4, 1, 64), rand(1, 4, 1, 64)
    yield train(ops + "nsa.compression.parallel_nsa_compression", q, k, v, 128, 32, 0.125)
    gv = rand(2, 128, 4, 64, dtype=f32)
    yield train(ops + "gated_oja_rule.chunk_gated_oja_rule", *h(*qkv), gv=gv, beta=beta())
    yield infer(ops + "generalized_delta_rule.chunk_iplr_delta_rule", *h(*qkv, 64, 64))
    yield train(ops + "generalized_delta_rule.fused_recurrent_iplr_delta_rule", *h(*qkv, 64, 64))
    q, k, v, b = rand(2, 128, 4, 64), rand(2, 256, 4, 64), rand(2, 256, 4, 64), rand(2, 256, 4)
    yield infer(ops + "gated_delta_product.chunk_gated_delta_product", q, k, v, g=gate(), beta=b, num_householder=2)
    yield infer(ops + "utils.chunk_global_cumsum", gate().detach())
    yield infer(ops + "utils.chunk_local_cumsum", const(2, 128, 4, 64, dtype=f32), 64)
    yield train(ops + "utils.mean_pooling", rand(2, 128, 4, 64), 32)
    yield infer(ops + "utils.softmax_fwd", const(2, 128, 4, 64))
    yield infer(ops + "utils.logsumexp_fwd", const(2, 128, 4, 64))

    x, w = rand(64, 256), rand(256)
    yield train(modules + "layernorm.layer_norm", x, w, rand(256))
    yield train(modules + "layernorm.rms_norm", x, w, None)
    yield train(modules + "fused_norm_gate.rms_norm_gated", x, rand(64, 256), w, None)
    yield train(modules + "fused_bitlinear.layer_norm_linear_quant_fn", x, w, None, rand(128, 256), None)
    yield train(modules + "l2norm.l2_norm", x)
    yield train(modules + "rotary.rotary_embedding", rand(2, 64, 4, 64), const(64, 32), const(64, 32))
    x = rand(2, 64, 256)
    yield train(modules + "causal_conv1d.causal_conv1d", x, rand(256, 4))
    yield train(modules + "token_shift.token_shift", x)
    yield train(modules + "activations.swiglu", x, rand(2, 64, 256))
    for name in ("sigmoid", "logsigmoid", "swish"):
        yield train(modules + "activations." + name, x)
    yield train(modules + "fused_cross_entropy.cross_entropy_loss", rand(64, 512), ints(64, high=512))
    student = rand(64, 256), const(64, 256), rand(512, 256), const(512, 256)
    yield train(modules + "fused_kl_div.fused_kl_div_loss", *student)
    yield train(modules + "grpo.fused_grpo_loss", rand(2, 17, 512), const(2, 17), ints(2, 16, high=512), const(2))


def _rwkv4() -> tuple[torch.Tensor, ...]:
    return rand(2, 64, 128), rand(2, 64, 128), rand(2, 3, 1, 128, dtype=f32)


def conch() -> Calls:
    kernels = "conch.kernels."
    x, y, wide, w = const(8, 256), const(8, 256), const(8, 512), const(256)
    yield infer(kernels + "activation.silu_and_mul.silu_and_mul_launcher", y, wide)
    yield infer(kernels + "normalization.rms_norm.rms_norm_launcher", y, x, w, 1e-6)


def cce() -> Calls:
    yield infer("cut_cross_entropy.linear_cross_entropy", rand(64, 256), rand(512, 256), ints(64, high=512))


def adasplash() -> Calls:
    def x() -> torch.Tensor:
        return rand(1, 2, 128, 64)

    yield train("adasplash.adasplash", x(), x(), x())
    yield train("adasplash.adasplash_no_block_mask", x(), x(), x())
    yield train("adasplash.triton_entmax.triton_entmax", rand(8, 256, dtype=f32))


def torchnorm() -> Calls:
    import torchnorm as package

    for cls in (package.RMSNorm, package.LayerNorm):
        yield cls.__name__, lambda cls=cls: cls(256)(rand(8, 256, dtype=f32)).sum().backward()


PACKAGES: dict[str, tuple[Callable[[], Calls], tuple[str, ...]]] = {
    "liger-kernel": (liger, ("liger_kernel.",)),
    "fla-core": (fla, ("fla.",)),
    "conch-triton-kernels": (conch, ("conch.",)),
    "cut-cross-entropy": (cce, ("cut_cross_entropy.",)),
    "adasplash": (adasplash, ("adasplash.",)),
    "torchnorm": (torchnorm, ("torchnorm.",)),
}

# Each of these takes seconds to compile and shows no op that quicker kernels of the same package do not.
LEFT_OUT = {
    "_bwd_kv_kernel",
    "_cce_lse_forward_kernel",
    "_get_tau_v3",
    "_mhc_post_res_bwd_kernel",
    "_moe_router_scatter_kernel",
    "chunk_gated_delta_rule_fwd_kkt_solve_kernel",
    "chunk_gla_bwd_kernel_dv",
    "chunk_kda_bwd_kernel_wy_dqkg_fused",
    "chunk_kda_fwd_kernel_inter_solve_fused",
    "chunk_mesa_net_h_kv_bwd_intra_kernel",
    "fused_chunk_based_bwd_kernel",
    "fused_chunk_bwd_kernel",
    "logsigmoid_bwd_kernel",
    "parallel_simple_gla_bwd_kernel",
}
