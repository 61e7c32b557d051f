"""What every implementation of the sparse-MLA decode shares: argument checks and sizes."""

from __future__ import annotations

import dataclasses

import torch

from ._checks import check_bool, check_heads, check_integer, check_number, check_tensor, require
from .fp8_cache import BYTES_PER_TOKEN, CACHE_DTYPES

D_V = 512
D_ROPE = 64
MAX_QUERY_TOKENS = 4


@dataclasses.dataclass
class CacheScope:
    """One cache and the list of keys that each query token picks from it.

    Shapes: cache [num_blocks, page_size, 1, d_qk] in bfloat16 or [num_blocks, page_size, 1, 656] in bytes; indices
    [b, s_q, topk] and length [b] (or None) in int32. Index i is token i % page_size of block i // page_size.
    """

    cache: torch.Tensor
    indices: torch.Tensor
    length: torch.Tensor | None

    @property
    def page_size(self) -> int:
        return self.cache.shape[1]

    @property
    def tokens(self) -> int:
        """How many tokens the cache holds."""
        return self.cache.shape[0] * self.cache.shape[1]

    @property
    def topk(self) -> int:
        return self.indices.shape[2]

    @property
    def flat(self) -> bool:
        """Whether the tokens of all blocks lie at one distance from each other."""
        return self.cache.shape[0] < 2 or self.cache.stride(0) == self.page_size * self.cache.stride(1)


@dataclasses.dataclass
class MlaDecodeArgs:
    """Checked arguments of one decode call.

    Shapes: q [b, s_q, h_q, d_qk] in bfloat16, attn_sink [h_q] in float32.
    """

    q: torch.Tensor
    scope: CacheScope
    extra: CacheScope | None
    fp8: bool
    softmax_scale: float
    attn_sink: torch.Tensor | None

    @property
    def batch(self) -> int:
        return self.q.shape[0]

    @property
    def s_q(self) -> int:
        return self.q.shape[1]

    @property
    def h_q(self) -> int:
        return self.q.shape[2]

    @property
    def d_qk(self) -> int:
        return self.q.shape[3]

    @property
    def query_tokens(self) -> int:
        return self.batch * self.s_q


def _check_cache(name: str, cache: object, fp8: bool, d_qk: int, device: torch.device) -> torch.Tensor:
    dtype, width = (CACHE_DTYPES, BYTES_PER_TOKEN) if fp8 else (torch.bfloat16, d_qk)
    check_tensor(name, cache, dtype=dtype, shape=(None, None, None, width), device=device)
    # torch.compile cannot trace the offset; the operator itself, which checks once more, sees it
    offset = 0 if torch.compiler.is_compiling() else cache.storage_offset()
    places = (cache.stride(0), cache.stride(1), offset)
    aligned = all(place * cache.element_size() % 16 == 0 for place in places)
    require(aligned, name, f"strides {places[:2]}, offset {places[2]}", "have rows at multiples of 16 bytes")
    require(cache.shape[2] == 1, f"{name}.shape[2] (h_kv)", cache.shape[2], "be 1")
    require(cache.shape[1] > 0, f"{name}.shape[1] (page size)", cache.shape[1], "be positive")
    tokens = cache.shape[0] * cache.shape[1]
    require(tokens < 2**31, name, f"{tokens} tokens", "hold less than 2**31 tokens")
    return cache


def _check_scope(
    prefix: str, cache: object, indices: object, indices_name: str, length: object, q: torch.Tensor, fp8: bool
) -> CacheScope:
    b, s_q, _, d_qk = q.shape
    _check_cache(f"{prefix}k_cache", cache, fp8, d_qk, q.device)
    check_tensor(indices_name, indices, dtype=torch.int32, shape=(b, s_q, None), device=q.device)
    if length is not None:
        check_tensor(f"{prefix}topk_length", length, dtype=torch.int32, shape=(b,), device=q.device)
    return CacheScope(cache, indices, length)


def check_mla_decode(
    q: torch.Tensor,
    k_cache: torch.Tensor,
    indices: torch.Tensor,
    *,
    softmax_scale: float | None = None,
    is_fp8_kvcache: bool = False,
    attn_sink: torch.Tensor | None = None,
    extra_k_cache: torch.Tensor | None = None,
    extra_indices_in_kvcache: torch.Tensor | None = None,
    topk_length: torch.Tensor | None = None,
    extra_topk_length: torch.Tensor | None = None,
    head_dim_v: int = D_V,
) -> MlaDecodeArgs:
    """Check the arguments of a sparse decode call.

    Raises:
        TypeError: an argument of the wrong type or dtype.
        ValueError: a shape, stride, device, head count or combination that the operator does not take.
    """
    check_tensor("q", q, dtype=torch.bfloat16, shape=(None, None, None, None))
    _, s_q, h_q, d_qk = q.shape
    require(1 <= s_q <= MAX_QUERY_TOKENS, "q.shape[1] (s_q)", s_q, f"be 1 to {MAX_QUERY_TOKENS}")
    check_heads("q.shape[2] (h_q)", h_q)
    check_bool("is_fp8_kvcache", is_fp8_kvcache)
    widths = (D_V + D_ROPE,) if is_fp8_kvcache else (D_V, D_V + D_ROPE)
    rule = " or ".join(map(str, widths)) + (" with an FP8 cache" if is_fp8_kvcache else "")
    require(d_qk in widths, "q.shape[3] (head_dim)", d_qk, f"be {rule}")
    check_integer("head_dim_v", head_dim_v)
    require(head_dim_v == D_V, "head_dim_v", head_dim_v, f"be {D_V}")
    softmax_scale = d_qk**-0.5 if softmax_scale is None else check_number("softmax_scale", softmax_scale)
    scope = _check_scope("", k_cache, indices, "indices", topk_length, q, is_fp8_kvcache)
    if attn_sink is not None:
        check_tensor("attn_sink", attn_sink, dtype=torch.float32, shape=(h_q,), device=q.device)
    extra = None
    if extra_k_cache is not None:
        name = "extra_indices_in_kvcache"
        require(extra_indices_in_kvcache is not None, name, None, "be given with extra_k_cache")
        extra = _check_scope(
            "extra_", extra_k_cache, extra_indices_in_kvcache, name, extra_topk_length, q, is_fp8_kvcache
        )
    else:
        for name, value in (
            ("extra_indices_in_kvcache", extra_indices_in_kvcache),
            ("extra_topk_length", extra_topk_length),
        ):
            require(value is None, name, "a tensor", "be None without extra_k_cache")
    return MlaDecodeArgs(q, scope, extra, is_fp8_kvcache, softmax_scale, attn_sink)
