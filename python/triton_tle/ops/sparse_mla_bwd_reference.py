"""Sparse-MLA backward in plain torch operations: the formulas that the kernels are held against."""

from __future__ import annotations

import torch

from .sparse_mla_reference import INFINITY, listed_keys


def sparse_mla_bwd_reference(
    q: torch.Tensor,
    kv: torch.Tensor,
    indices: torch.Tensor,
    grad_out: torch.Tensor,
    sm_scale: float,
    attn_sink: torch.Tensor | None = None,
    topk_length: torch.Tensor | None = None,
    causal_start: int | None = None,
    grad_lse: torch.Tensor | None = None,
    *,
    dtype: torch.dtype = torch.float64,
    rows_per_chunk: int | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Gradients of `sparse_mla_fwd_reference`, everything calculated anew from q and kv.

    With S = q k^T * sm_scale, Z = sum(exp(S)) + exp(sink), P = exp(S) / Z, out = P V, and g for grad_out:
    delta = sum(out * g); dS = P * (g V^T - delta) + softmax(S) * grad_lse; dq = sm_scale * dS K;
    dk = sm_scale * dS^T q, dv = P^T g, which meet in kv; dsink = -sum(exp(sink) / Z * delta) over tokens.

    Args:
        q: [s_q, h_q, d_qk], any float dtype.
        kv: [s_kv, 1, d_qk]; the first 512 columns are the values.
        indices: [s_q, 1, topk], int32; an entry outside [0, s_kv) is no key.
        grad_out: [s_q, h_q, 512], gradient of out.
        sm_scale: factor on q.k.
        attn_sink: [h_q] or None.
        topk_length: [s_q] or None; only the first topk_length[i] entries of row i count.
        causal_start: row s sees only keys <= causal_start + s; None: no such bound.
        grad_lse: [s_q, h_q], gradient of lse, or None for zero.
        dtype: what to calculate in (float64, or float32).
        rows_per_chunk: query tokens handled at once; None bounds the gathered keys by 1 GB.

    Returns:
        dq [s_q, h_q, d_qk], dkv [s_kv, 1, d_qk], dsink [h_q] (None without attn_sink), all in `dtype`.
        A row without any key contributes nothing.
    """
    s_q, h_q, d_qk = q.shape
    s_kv, topk = kv.shape[0], indices.shape[-1]
    d_v = grad_out.shape[-1]
    if rows_per_chunk is None:
        rows_per_chunk = max(1, int(1e9) // max(1, topk * d_qk * dtype.itemsize))
    dq = torch.zeros((s_q, h_q, d_qk), dtype=dtype, device=q.device)
    dkv = torch.zeros((s_kv, d_qk), dtype=dtype, device=q.device)
    dsink = None if attn_sink is None else torch.zeros(h_q, dtype=dtype, device=q.device)
    if topk == 0 or s_kv == 0:
        return dq, dkv[:, None], dsink
    for begin in range(0, s_q, rows_per_chunk):
        rows = slice(begin, min(begin + rows_per_chunk, s_q))
        index, valid = listed_keys(indices, rows, s_kv, topk_length, causal_start)
        keys = kv[index, 0].to(dtype).masked_fill_(~valid[:, :, None], 0)
        queries, grad = q[rows].to(dtype), grad_out[rows].to(dtype)
        scores = torch.einsum("shd,std->sht", queries, keys) * sm_scale
        scores.masked_fill_(~valid[:, None, :], -INFINITY)
        lse = torch.logsumexp(scores, -1)
        some = valid.any(-1)[:, None]
        total, share = lse, None
        if attn_sink is not None:
            sink = attn_sink.to(dtype)[None, :]
            distance = torch.where(some, sink - lse, 0)
            total = torch.where(sink > lse, sink + torch.log1p(torch.exp(-distance)), lse + torch.log1p(distance.exp()))
            share = torch.where(some, torch.sigmoid(distance), 0)
        p = torch.exp(scores - torch.where(some, total, INFINITY)[:, :, None])
        dp = torch.einsum("shd,std->sht", grad, keys[:, :, :d_v])
        delta = (p * dp).sum(-1)
        ds = p * (dp - delta[:, :, None])
        if grad_lse is not None:
            softmax = torch.exp(scores - torch.where(some, lse, INFINITY)[:, :, None])
            ds += softmax * grad_lse[rows].to(dtype)[:, :, None]
        ds *= sm_scale
        dq[rows] = torch.einsum("sht,std->shd", ds, keys)
        parts = torch.einsum("sht,shd->std", ds, queries)
        parts[:, :, :d_v] += torch.einsum("sht,shd->std", p, grad)
        dkv.index_add_(0, index.flatten(), parts.masked_fill_(~valid[:, :, None], 0).flatten(0, 1))
        if share is not None:
            dsink -= (share * delta).sum(0)
    return dq, dkv[:, None], dsink
