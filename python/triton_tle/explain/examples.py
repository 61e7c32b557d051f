"""Launches to profile: inputs on this machine's GPU for a variant of a kernel, and what calls it with them."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..compiler import report

#: A call launches the kernel once.
Launch = Callable[[], object]


def example(name: str, label: str) -> Launch:
    """What launches the variant with ``label`` of the kernel ``name``, as ``explain`` is given it.

    For a Python file that is what its function ``example(label)`` returns. Raises ValueError where there is none.
    """
    path = name.partition(":")[0]
    if path.endswith(".py"):
        module = report.load_file(path)
        if not hasattr(module, "example"):
            raise ValueError(f"name: '{path}' says not how to launch its kernels: it has no function example(label)")
        return module.example(label)
    if name not in _OPERATORS:
        raise ValueError(f"name: there is no launch to profile for '{name}'; there are for {', '.join(_OPERATORS)}")
    return _OPERATORS[name](label)


def _sparse_mla_fwd(label: str, kernel: str = "", s_q: int = 512, s_kv: int = 8192, topk: int = 2048) -> Launch:
    """512 query tokens, 8192 keys, 2048 indices each: what the label says, with random values."""
    import torch

    from ..ops.sparse_mla_fwd import sparse_mla_fwd
    from ..ops.sparse_mla_fwd_few_heads_pairs import sparse_mla_fwd_few_heads_pairs
    from ..ops.sparse_mla_fwd_pipes import sparse_mla_fwd_pipes

    d_qk = int(re.match(r"d_qk (\d+)", label)[1])
    heads = re.search(r"(\d+) heads", label)
    h_q = int(heads[1]) if heads else 128
    s_q = 1 if "parts" in label else s_q  # so few that items are divided
    torch.manual_seed(0)
    width = d_qk + ("unaligned" in label)
    q = torch.randn(s_q, h_q, d_qk, dtype=torch.bfloat16, device="cuda")
    kv = torch.randn(s_kv, 1, width, dtype=torch.bfloat16, device="cuda")[:, :, :d_qk]
    indices = torch.randint(0, s_kv, (s_q, 1, topk), dtype=torch.int32, device="cuda")
    more: dict[str, object] = {}
    if "sink" in label:
        more["attn_sink"] = torch.randn(h_q, device="cuda")
    if "length" in label:
        more["topk_length"] = torch.randint(topk // 2, topk + 1, (s_q,), dtype=torch.int32, device="cuda")
    if "causal" in label:
        more["causal_start"] = s_kv - s_q
    if "order" in label:
        more["order"] = torch.randperm(s_q, device="cuda").int()
    if kernel:
        call = sparse_mla_fwd_pipes if kernel == "pipes" else sparse_mla_fwd_few_heads_pairs
        return lambda: call(q, kv, indices, d_qk**-0.5, **more)
    more["kernel"] = "divided" if "partitions" in label else "tile"
    return lambda: sparse_mla_fwd(q, kv, indices, d_qk**-0.5, **more)


_OPERATORS: dict[str, Callable[[str], Launch]] = {
    "sparse_mla_fwd": _sparse_mla_fwd,
    "sparse_mla_fwd_few_heads_pairs": lambda label: _sparse_mla_fwd(label, "pairs"),
    "sparse_mla_fwd_pipes": lambda label: _sparse_mla_fwd(label, "pipes"),
}
