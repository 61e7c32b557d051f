"""Sparse-MLA decode in plain torch operations: the definition that the kernels are held against."""

from __future__ import annotations

import torch

from .fp8_cache import dequantize_k_cache

INFINITY = float("inf")


def _gather(
    cache: torch.Tensor, indices: torch.Tensor, length: torch.Tensor | None, dtype: torch.dtype
) -> tuple[torch.Tensor, torch.Tensor]:
    """Listed rows of a bfloat16 or byte cache, [b, s_q, topk, d], and which of them count, [b, s_q, topk]."""
    blocks, page_size = cache.shape[:2]
    valid = (indices >= 0) & (indices < blocks * page_size)
    if length is not None:
        valid = valid & (torch.arange(indices.shape[-1], device=cache.device) < length[:, None, None])
    index = torch.where(valid, indices, 0).long()
    if blocks == 0:
        width = 576 if cache.shape[-1] == 656 else cache.shape[-1]
        return torch.zeros((*indices.shape, width), dtype=dtype, device=cache.device), torch.zeros_like(valid)
    rows = cache[index // page_size, index % page_size]
    if cache.element_size() == 1:
        rows = dequantize_k_cache(rows)
    rows = rows.squeeze(-2).to(dtype)
    return rows.masked_fill(~valid[..., None], 0), valid  # a key that does not count may hold NaN


def mla_decode_reference(
    q: torch.Tensor,
    k_cache: torch.Tensor,
    indices: torch.Tensor,
    softmax_scale: float,
    *,
    attn_sink: torch.Tensor | None = None,
    extra_k_cache: torch.Tensor | None = None,
    extra_indices_in_kvcache: torch.Tensor | None = None,
    topk_length: torch.Tensor | None = None,
    extra_topk_length: torch.Tensor | None = None,
    dtype: torch.dtype = torch.float64,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attention of each query token over its own list of keys in a paged cache.

    Args:
        q: [b, s_q, h_q, d_qk], any float dtype.
        k_cache: [num_blocks, page_size, 1, d_qk], or the 656 bytes a token of an FP8 cache; the first 512 columns are
            the values.
        indices: [b, s_q, topk], int32: block * page_size + offset; what lies outside of the cache is no key.
        softmax_scale: factor on q.k.
        attn_sink: [h_q] or None; scales out by exp(lse) / (exp(lse) + exp(sink)).
        extra_k_cache, extra_indices_in_kvcache: a second cache and list, whose keys come on top.
        topk_length, extra_topk_length: [b] or None; only the first entries of each list count.
        dtype: what to calculate in (float64, or float32).

    Returns:
        out [b, s_q, h_q, 512] and lse [b, h_q, s_q] (natural logarithm), in `dtype`. A row without any key: out 0, lse
        +inf.
    """
    keys, valid = _gather(k_cache, indices, topk_length, dtype)
    if extra_k_cache is not None:
        more, more_valid = _gather(extra_k_cache, extra_indices_in_kvcache, extra_topk_length, dtype)
        keys, valid = torch.cat([keys, more], 2), torch.cat([valid, more_valid], 2)
    scores = torch.einsum("bshd,bstd->bsht", q.to(dtype), keys) * softmax_scale
    scores.masked_fill_(~valid[:, :, None, :], -INFINITY)
    some = valid.any(-1)[:, :, None].expand(-1, -1, q.shape[2])
    lse = torch.logsumexp(scores, -1)
    normalizer = lse
    if attn_sink is not None:
        normalizer = torch.logaddexp(lse, attn_sink.to(dtype).expand_as(lse))
    normalizer = torch.where(some, normalizer, INFINITY)  # exp(-inf - inf) = 0 makes such a row's output 0
    out = torch.einsum("bsht,bstd->bshd", torch.exp(scores - normalizer[..., None]), keys[..., :512])
    return out, torch.where(some, lse, INFINITY).transpose(1, 2)
