"""Sparse-MLA forward in plain torch operations: the definition that the kernels are held against."""

from __future__ import annotations

import torch

INFINITY = float("inf")


def listed_keys(
    indices: torch.Tensor, rows: slice, s_kv: int, topk_length: torch.Tensor | None, causal_start: int | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows of kv that the query tokens `rows` list, [rows, topk], 0 where an entry is no key; which ones are keys."""
    index = indices[rows, 0].long()
    valid = (index >= 0) & (index < s_kv)
    if topk_length is not None:
        valid &= torch.arange(index.shape[1], device=index.device) < topk_length[rows, None]
    if causal_start is not None:
        valid &= index <= causal_start + torch.arange(rows.start, rows.stop, device=index.device)[:, None]
    return torch.where(valid, index, 0), valid


def sparse_mla_fwd_reference(
    q: torch.Tensor,
    kv: torch.Tensor,
    indices: torch.Tensor,
    sm_scale: float,
    d_v: int = 512,
    attn_sink: torch.Tensor | None = None,
    topk_length: torch.Tensor | None = None,
    causal_start: int | None = None,
    *,
    dtype: torch.dtype = torch.float64,
    rows_per_chunk: int | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Attention of each query token over its own list of keys.

    Args:
        q: [s_q, h_q, d_qk], any float dtype.
        kv: [s_kv, 1, d_qk]; the first `d_v` columns are the values.
        indices: [s_q, 1, topk], int32; an entry outside [0, s_kv) is no key.
        sm_scale: factor on q.k.
        attn_sink: [h_q] or None; scales out by exp(lse) / (exp(lse) + exp(sink)).
        topk_length: [s_q] or None; only the first topk_length[i] entries of row i count.
        causal_start: row s sees only keys <= causal_start + s; None: no such bound.
        dtype: what to calculate in (float64, or float32).
        rows_per_chunk: query tokens handled at once; None bounds the gathered keys by 2 GB.

    Returns:
        out [s_q, h_q, d_v], max_logits [s_q, h_q] and lse [s_q, h_q] (natural logarithm), all in `dtype`.
        A row without any key: out 0, max_logits -inf, lse +inf.
    """
    s_q, h_q, d_qk = q.shape
    s_kv, topk = kv.shape[0], indices.shape[-1]
    if rows_per_chunk is None:
        rows_per_chunk = max(1, int(2e9) // max(1, topk * d_qk * dtype.itemsize))
    out = torch.zeros((s_q, h_q, d_v), dtype=dtype, device=q.device)
    max_logits = torch.full((s_q, h_q), -INFINITY, dtype=dtype, device=q.device)
    lse = torch.full((s_q, h_q), INFINITY, dtype=dtype, device=q.device)
    if topk == 0 or s_kv == 0:
        return out, max_logits, lse
    keys = kv[:, 0]
    for begin in range(0, s_q, rows_per_chunk):
        rows = slice(begin, min(begin + rows_per_chunk, s_q))
        index, valid = listed_keys(indices, rows, s_kv, topk_length, causal_start)
        gathered = keys[index].to(dtype)
        gathered.masked_fill_(~valid[:, :, None], 0)  # a key that does not count may hold NaN
        scores = torch.einsum("shd,std->sht", q[rows].to(dtype), gathered) * sm_scale
        scores.masked_fill_(~valid[:, None, :], -INFINITY)
        some = valid.any(-1)[:, None].expand(-1, h_q)
        row_lse = torch.logsumexp(scores, -1)
        normalizer = row_lse
        if attn_sink is not None:
            normalizer = torch.logaddexp(row_lse, attn_sink.to(dtype)[None, :].expand_as(row_lse))
        normalizer = torch.where(some, normalizer, INFINITY)  # exp(-inf - inf) = 0 makes such a row's output 0
        out[rows] = torch.einsum("sht,std->shd", torch.exp(scores - normalizer[:, :, None]), gathered[:, :, :d_v])
        max_logits[rows] = scores.amax(-1)
        lse[rows] = torch.where(some, row_lse, INFINITY)
    return out, max_logits, lse
