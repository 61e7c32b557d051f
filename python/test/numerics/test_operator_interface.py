"""What all operators have in common: FlashMLA's signatures, torch.compile with symbolic sizes, no warning on a CPU."""

import inspect
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
import triton_tle
from triton_tle import ops
from triton_tle.ops._devices import on_device_of

REQUIRED = inspect.Parameter.empty


def parameters(function):
    return {name: parameter.default for name, parameter in inspect.signature(function).parameters.items()}


def test_prefill_has_flash_mla_s_signature():
    assert list(parameters(ops.flash_mla_sparse_fwd).items()) == [
        ("q", REQUIRED),
        ("kv", REQUIRED),
        ("indices", REQUIRED),
        ("sm_scale", REQUIRED),
        ("d_v", 512),
        ("attn_sink", None),
        ("topk_length", None),
        ("out", None),
    ]


def test_decode_has_flash_mla_s_signature():
    assert list(parameters(ops.flash_mla_with_kvcache).items()) == [
        ("q", REQUIRED),
        ("k_cache", REQUIRED),
        ("block_table", REQUIRED),
        ("cache_seqlens", REQUIRED),
        ("head_dim_v", REQUIRED),
        ("tile_scheduler_metadata", REQUIRED),
        ("num_splits", None),
        ("softmax_scale", None),
        ("causal", False),
        ("is_fp8_kvcache", False),
        ("indices", None),
        ("attn_sink", None),
        ("extra_k_cache", None),
        ("extra_indices_in_kvcache", None),
        ("topk_length", None),
        ("extra_topk_length", None),
    ]


def test_metadata_takes_what_flash_mla_s_does():
    kinds = [parameter.kind for parameter in inspect.signature(ops.get_mla_metadata).parameters.values()]
    assert kinds[0] == inspect.Parameter.VAR_POSITIONAL and kinds[-1] == inspect.Parameter.VAR_KEYWORD
    assert ops.FlashMLASchedMeta().shape is None
    # the call of FlashMLA's first interface, as servers wrote it
    metadata, nothing = ops.get_mla_metadata(
        cache_seqlens=torch.ones(2), num_q_tokens_per_head_k=16, topk=2048, num_heads_q=16, num_heads_k=1,
        is_fp8_kvcache=True,
    )  # fmt: skip
    assert nothing is None and metadata.shape is None


def normal(*shape, dtype=torch.bfloat16):
    return torch.randn(shape, generator=torch.Generator().manual_seed(len(shape))).to(dtype)


def lists(*shape):
    return torch.randint(-2, 22, shape, generator=torch.Generator().manual_seed(1), dtype=torch.int32)


def prefill(size):
    return ops.flash_mla_sparse_fwd, (normal(size, 8, 576), normal(20, 1, 576), lists(size, 1, 6), 0.1)


def training(call):
    def made(size):
        leaves = [normal(2, size, 8, 576).requires_grad_(), normal(2, 20, 1, 576).requires_grad_()]
        return call, (*leaves, lists(2, size, 1, 6))

    return made


PLANS = {size: ops.get_mla_metadata()[0] for size in (3, 4, 5)}


def decode(size):
    def call(q, k_cache, indices, metadata):
        return ops.flash_mla_with_kvcache(q, k_cache, None, None, 512, metadata, indices=indices)

    return call, (normal(size, 1, 8, 576), normal(5, 4, 1, 576), lists(size, 1, 6), PLANS[size])


def merge(size):
    return ops.mla_decode_reduce, (normal(3, size, 1, 8, 64, dtype=torch.float32), normal(3, size, 1, 8).float())


OPERATORS = {
    "prefill": prefill,
    "training": training(ops.sparse_mla),
    "bucketed": training(ops.sparse_mla_bucketed),
    "decode": decode,
    "merge": merge,
}


@pytest.mark.parametrize("name", OPERATORS)
def test_compiles_in_one_graph_with_symbolic_sizes(name):
    torch._dynamo.reset()
    compiled = {}
    for size in (3, 4, 5):
        call, arguments = OPERATORS[name](size)
        run = compiled.setdefault("call", torch.compile(call, fullgraph=True, dynamic=True, backend="aot_eager"))
        results, expected = run(*arguments), call(*arguments)
        assert all(torch.equal(left, right) for left, right in zip(results, expected, strict=True))
        if name in ("training", "bucketed"):
            both = [torch.autograd.grad(found[0].float().sum(), arguments[:2]) for found in (results, expected)]
            assert all(torch.equal(left, right) for left, right in zip(*both, strict=True))


def dense(call, *shapes):
    return lambda size: (call, [normal(*shape).requires_grad_() for shape in shapes])


DENSE = {
    "product": dense(lambda *matrices: (ops.gemm(*matrices),), (70, 60), (60, 50)),
    "attention": dense(ops.flash_attention, (1, 2, 30, 64), (1, 2, 40, 64), (1, 2, 40, 64)),
}


@pytest.mark.parametrize("name", OPERATORS | DENSE)
def test_autocast_changes_nothing_on_the_cpu(name):
    """The kernels know nothing of it, and what stands in for them on a CPU must not calculate more coarsely."""
    call, arguments = (OPERATORS | DENSE)[name](3)
    expected = call(*arguments)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        results = call(*arguments)
        if name in ("training", "bucketed"):
            gradients = torch.autograd.grad(results[0].sum() + results[1][0].sum(), arguments[:2])
            wanted = torch.autograd.grad(expected[0].sum() + expected[1][0].sum(), arguments[:2])
            assert all(torch.equal(left, right) for left, right in zip(gradients, wanted, strict=True))
    assert all(torch.equal(left, right) for left, right in zip(results, expected, strict=True))
    if name in DENSE:
        assert not any(result.requires_grad for result in results), "kernels have no gradient"


def test_symbolic_sizes_that_are_refused():
    """What the checks say of a wrong size reaches the caller through torch.compile, too."""
    torch._dynamo.reset()
    compiled = torch.compile(ops.sparse_mla, dynamic=True, backend="aot_eager")
    with pytest.raises(ValueError, match=r"\(h_q\) must be a multiple of 8 from 8 to 128, got 12"):
        compiled(normal(2, 3, 12, 576), normal(2, 20, 1, 576), lists(2, 3, 1, 6))


def test_kernels_run_on_the_gpu_of_their_tensors(interpreted):
    """Triton launches on the current GPU, wherever tensors lie: each launch stands where theirs is the current one."""
    guard = on_device_of(SimpleNamespace(device=torch.device("cuda", 1)))
    assert isinstance(guard, torch.cuda.device) and guard.idx == 1
    launched = interpreted("launches")
    assert {name: outside for name, (_, outside) in launched.items()} == dict.fromkeys(launched, 0)
    assert {name: inside for name, (inside, _) in launched.items()} == {
        "flash_mla_sparse_fwd": 1,
        "sparse_mla": 3,
        "sparse_mla_bucketed": 7,
        "flash_mla_with_kvcache": 2,
        "mla_decode_reduce": 1,
        "gemm": 1,
        "flash_attention": 1,
    }


CALLS = """
import torch
from triton_tle import ops

def normal(*shape, dtype=torch.bfloat16):
    return torch.randn(shape).to(dtype)

def lists(*shape):
    return torch.randint(-2, 22, shape, dtype=torch.int32)

lengths = torch.tensor([0, 3, 6], dtype=torch.int32)
ops.flash_mla_sparse_fwd(normal(3, 8, 576), normal(20, 1, 576), lists(3, 1, 6), 0.1, 512, torch.zeros(8), lengths)
for call in (ops.sparse_mla, ops.sparse_mla_bucketed):
    for deterministic in (False, True):
        leaves = [normal(2, 3, 8, 576), normal(2, 20, 1, 576), torch.zeros(8)]
        q, kv, sink = (leaf.requires_grad_() for leaf in leaves)
        out, lse = call(q, kv, lists(2, 3, 1, 6), attn_sink=sink, topk_length=lengths.expand(2, 3), q_start=9,
                        deterministic=deterministic)
        (out.float().sum() + lse.nan_to_num(posinf=0.0).sum()).backward()
        assert all(leaf.grad is not None for leaf in (q, kv, sink))
for fp8 in (False, True):
    cache = normal(5, 4, 1, 576)
    cache = ops.quantize_k_cache(cache) if fp8 else cache
    for plan in ({}, {"b": 3, "h_q": 8, "topk": 6, "extra_topk": 2, "is_fp8_kvcache": fp8}):
        metadata, _ = ops.get_mla_metadata(**plan, **({"device": "cpu"} if plan else {}))
        ops.flash_mla_with_kvcache(
            normal(3, 1, 8, 576), cache, None, None, 512, metadata, is_fp8_kvcache=fp8, indices=lists(3, 1, 6),
            attn_sink=torch.zeros(8), extra_k_cache=cache, extra_indices_in_kvcache=lists(3, 1, 2), topk_length=lengths,
            extra_topk_length=lengths,
        )
ops.mla_decode_reduce(normal(3, 2, 1, 8, 64, dtype=torch.float32), normal(3, 2, 1, 8).float(), torch.zeros(8))
print("all called")
"""


def test_nothing_warns_on_the_cpu():
    """Import, calls and backward of every operator on CPU tensors, in a process where a warning is an error.

    torch's own warnings while it is imported are not ours: they are left alone.
    """
    package = os.path.dirname(os.path.dirname(triton_tle.__file__))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([package, os.environ.get("PYTHONPATH", "")])}
    program = "import torch, warnings\nwarnings.simplefilter('error')\n" + CALLS
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and done.stdout.strip() == "all called", done.stderr
    assert not done.stderr, done.stderr
