"""Bucketed sparse MLA: the plan, results against those of `sparse_mla`, what is refused, torch.compile."""

import dataclasses

import pytest
import torch
import triton
from triton.backends.compiler import GPUTarget
from triton_tle.compiler import report
from triton_tle.ops import sparse_mla, sparse_mla_bucketed, sparse_mla_fwd_reference
from triton_tle.ops import sparse_mla_autograd as plain
from triton_tle.ops.sparse_mla_bucketed import bucketed_by_environment
from triton_tle.ops.sparse_mla_buckets import DEFAULT_BUCKETS, check_buckets, make_plan
from triton_tle.ops.sparse_mla_bwd import sparse_mla_bwd
from triton_tle.ops.sparse_mla_fwd import sparse_mla_fwd

PLAN = {"shape": [2, 40, 100], "s_kv": 50, "valid": 0.5, "front": False, "length": False, "q_start": None}
PLANS = {
    "scattered": {"buckets": [10, 30, 60]},
    "in front": {"front": True, "buckets": [10, 30, 60]},
    "full lists": {"valid": 100.0, "buckets": [64, 99]},
    "no key at all": {"valid": 0.0, "buckets": [64]},
    "one bucket": {"buckets": [2048]},
    "bound of the list's own length": {"buckets": [50, 100]},
    "length": {"length": True, "buckets": [16, 32]},
    "causal": {"q_start": 5, "buckets": [8, 16, 32]},
    "causal, no key at first": {"q_start": -3, "length": True, "buckets": [8]},
    "last causal bound": {"q_start": 2**31 - 1, "buckets": [8]},
    "one query": {"shape": [1, 1, 7], "buckets": [3]},
    "no list entries": {"shape": [1, 3, 0], "buckets": [3]},
    "more entries than a step": {"shape": [1, 3, 2100], "s_kv": 5000, "buckets": list(DEFAULT_BUCKETS)},
    "more queries than a step": {"shape": [3, 700, 8], "buckets": [1, 2, 3, 4, 5, 6]},
    "lists of whole steps": {"shape": [1, 3, 1024], "s_kv": 60000, "valid": 100.0, "buckets": [600]},
}


@pytest.mark.parametrize("name", PLANS)
def test_plan(interpreted, name):
    found = interpreted("bucket_plan", **PLAN | PLANS[name], seed=len(name))
    assert found["equal"] == {"indices": True, "counts": True, "order": True, "lengths": True}
    bounds = PLANS[name]["buckets"]
    buckets = [sum(count > bound for bound in bounds) for count in found["counts"]]
    assert buckets == sorted(buckets, reverse=True)


@pytest.mark.parametrize("queries", [1, 1024, 1025, 4097, 17000, 33000])
def test_partition_of_many_queries(interpreted, queries):
    """Spans of one step and of several, counted in one step and in several, of one query and of many."""
    assert interpreted("partition", queries=queries, bounds=[3, 7, 8], seed=queries) == {"order": True, "lengths": True}


@pytest.mark.parametrize(
    "operator, label, arch, waits, lets_next",
    [
        ("sparse_mla_bucketed", "compact", 90, False, True),
        ("sparse_mla_bucketed", "partition", 90, True, True),
        ("sparse_mla_bucketed", "compact", 80, False, False),
        ("sparse_mla_bucketed", "partition", 80, False, False),
        ("sparse_mla_fwd_pipes", "d_qk 512, length, causal, order", 90, True, False),
        ("sparse_mla_fwd_pipes", "d_qk 512, sink", 90, False, False),
        ("sparse_mla_fwd_merge", "sink", 90, True, True),
        ("sparse_mla_fwd_merge", "sink", 80, False, False),
    ],
)
def test_kernels_begin_early(operator, label, arch, waits, lets_next):
    """A kernel launched before the end of the one in front waits before it reads; others are launched as always."""
    variant = next(v for v in report.variants_of(operator, arch) if v.label == label)
    kernel = triton.compile(variant.source(), target=GPUTarget("cuda", arch, 32), options=dict(variant.options))
    ptx = kernel.asm["ptx"]
    assert kernel.metadata.launch_pdl == ("griddepcontrol.wait" in ptx) == waits
    assert ("griddepcontrol.launch_dependents" in ptx) == lets_next
    if waits:
        reads = [ptx.index(what) for what in ("ld.global", "cp.async") if what in ptx]
        assert ptx.index("griddepcontrol.wait") < min(reads)


@pytest.mark.parametrize("followed", [False, True])
def test_parts_begin_beside_whole_items_and_end_behind_them(followed):
    """Parts read nothing of whole items; but the merge waits for the parts alone, so they wait before they end."""
    label = "d_qk 512" + (", sink" if followed else ", length, causal, parts")
    variant = next(v for v in report.variants_of("sparse_mla_fwd_pipes", 90) if v.label == label)
    variant = dataclasses.replace(variant, constexprs=variant.constexprs | {"FOLLOWED": followed})
    kernel = triton.compile(variant.source(), target=GPUTarget("cuda", 90, 32), options=dict(variant.options))
    lines = [line for line in kernel.asm["ptx"].splitlines() if line.strip() and not line.strip().startswith("//")]
    waits = [number for number, line in enumerate(lines) if "griddepcontrol.wait" in line]
    lets_next = [number for number, line in enumerate(lines) if "griddepcontrol.launch_dependents" in line]
    if followed:
        assert not waits and len(lets_next) == 1 and not kernel.metadata.launch_pdl
        assert lets_next[0] < min(number for number, line in enumerate(lines) if "mbarrier" in line)
    else:
        assert len(waits) == 1 and not lets_next and kernel.metadata.launch_pdl
        assert waits[0] > max(number for number, line in enumerate(lines) if "st.global" in line)


def test_reference_plan_by_hand():
    indices = torch.tensor([[[7, -1, 2, 9], [-5, 9, 9, 9]], [[1, 0, 8, 3], [-1, 4, -1, 5]]]).int()[:, :, None]
    plan = make_plan(indices, 9, buckets=(1, 3))
    assert plan.counts.tolist() == [2, 0, 4, 2] and plan.order.tolist() == [2, 0, 3, 1]
    assert plan.lengths.tolist() == [4, 2, 2, 0]
    assert plan.indices.shape == (4, 1, 64) and (plan.indices[:, 0, 4:] == -1).all()
    assert plan.indices[:, 0, :4].tolist() == [[7, 2, -1, -1], [-1] * 4, [10, 9, 17, 12], [13, 14, -1, -1]]
    causal = make_plan(indices, 9, torch.tensor([[1, 4], [3, 2]]).int(), 3, (1, 3))
    assert causal.counts.tolist() == [0, 0, 2, 1] and causal.order.tolist() == [2, 0, 1, 3]


BUCKETED = {
    "two items, three tiles": {"shape": [2, 4, 190], "buckets": [64, 128]},
    "no rope, all features": {
        "shape": [2, 3, 70], "d_qk": 512, "buckets": [20, 40],
        "features": {"sink": True, "length": True, "q_start": 30},
    },
    "72 heads": {"shape": [1, 3, 70], "h_q": 72, "buckets": [32]},
    "deterministic": {"shape": [2, 3, 70], "buckets": [32], "features": {"deterministic": True, "sink": True}},
    "no list entries": {"shape": [1, 2, 0], "buckets": [32]},
}  # fmt: skip


@pytest.mark.parametrize("name", BUCKETED)
def test_results_are_those_of_sparse_mla(interpreted, name):
    arguments = {"h_q": 16, "d_qk": 576, "s_kv": 60, "features": {}} | BUCKETED[name]
    errors = interpreted("sparse_mla_bucketed", **arguments, seed=len(name))
    assert max(errors.values()) < 4e-3 and errors["lse"] < 1e-5, errors


def arguments(batch=2, s_q=5, h_q=8, d_qk=576, s_kv=20, topk=9):
    generator = torch.Generator().manual_seed(batch)
    named = {
        "q": torch.randn(batch, s_q, h_q, d_qk, generator=generator).bfloat16(),
        "kv": torch.randn(batch, s_kv, 1, d_qk, generator=generator).bfloat16(),
        "indices": torch.randint(-9, s_kv + 9, (batch, s_q, 1, topk), generator=generator, dtype=torch.int32),
        "attn_sink": torch.randn(h_q, generator=generator),
        "topk_length": torch.randint(0, topk + 1, (batch, s_q), generator=generator, dtype=torch.int32),
        "q_start": 12,
    }
    return named, torch.randn(batch, s_q, h_q, 512, generator=generator), torch.randn(batch, s_q, h_q)


def gradients(call, named, weight, weight_lse, **more):
    leaves = {name: named[name].clone().requires_grad_() for name in ("q", "kv", "attn_sink")}
    out, lse = call(**named | leaves, **more)
    loss = (out.float() * weight).sum() + (torch.where(torch.isfinite(lse), lse, 0) * weight_lse).sum()
    return [out, lse, *torch.autograd.grad(loss, list(leaves.values()))]


def test_on_cpu_tensors_against_the_definition():
    named, weight, weight_lse = arguments()
    leaves = [named[name].double().requires_grad_() for name in ("q", "kv", "attn_sink")]
    parts = [
        sparse_mla_fwd_reference(
            leaves[0][item], leaves[1][item], named["indices"][item], 576**-0.5, attn_sink=leaves[2],
            topk_length=named["topk_length"][item], causal_start=12,
        )
        for item in range(2)
    ]  # fmt: skip
    out, lse = (torch.stack([part[which] for part in parts]) for which in (0, 2))
    loss = (out * weight.bfloat16().double()).sum() + (torch.where(torch.isfinite(lse), lse, 0) * weight_lse).sum()
    expected = [out, lse, *torch.autograd.grad(loss, leaves)]
    for actual, value in zip(gradients(sparse_mla_bucketed, named, weight, weight_lse, buckets=[2, 4]), expected):
        finite = value.isfinite()
        assert torch.equal(actual[~finite].double(), value[~finite])
        assert (actual[finite] - value[finite]).norm() < 5e-3 * value[finite].norm()


def test_strided_and_sliced_arguments():
    named, weight, weight_lse = arguments()
    wide = {
        "q": torch.zeros(2, 7, 12, 640).bfloat16()[:, 1:6, 2:10, :576],
        "kv": torch.zeros(2, 23, 1, 640).bfloat16()[:, :20, :, 64:],
        "indices": torch.zeros(2, 6, 1, 12, dtype=torch.int32)[:, :5, :, :9],
    }
    for name, view in wide.items():
        view.copy_(named[name])
    one = gradients(sparse_mla_bucketed, named, weight, weight_lse)
    for left, right in zip(one, gradients(sparse_mla_bucketed, named | wide, weight, weight_lse), strict=True):
        assert torch.equal(left, right)


REFUSES = {
    "q": ({"q": torch.zeros(2, 5, 8, 576)}, TypeError, "q must have dtype torch.bfloat16"),
    "indices": ({"indices": torch.zeros(2, 4, 1, 9).int()}, ValueError, r"indices must have shape \[2, 5, 1, '\*'\]"),
    "deterministic": ({"deterministic": 1}, TypeError, "deterministic must be a bool, got int"),
    "number of buckets": ({"buckets": []}, ValueError, "buckets must hold 1 to 16 numbers, got 0 of them"),
    "many buckets": ({"buckets": list(range(1, 18))}, ValueError, "buckets must hold 1 to 16 numbers, got 17 of them"),
    "type of buckets": ({"buckets": 256}, TypeError, "buckets must be a list or tuple of int, got int"),
    "type of a bucket": ({"buckets": [256, 512.0]}, TypeError, r"buckets\[1\] must be an int, got float"),
    "bool as a bucket": ({"buckets": [True]}, TypeError, r"buckets\[0\] must be an int, got bool"),
    "order of buckets": (
        {"buckets": [8, 8]},
        ValueError,
        r"buckets must be ascending positive numbers .* got \(8, 8\)",
    ),
    "bucket 0": ({"buckets": [0, 8]}, ValueError, r"be ascending positive numbers below 2\*\*31, got \(0, 8\)"),
    "large bucket": ({"buckets": [2**31]}, ValueError, "be ascending positive numbers below"),
}


@pytest.mark.parametrize("name", REFUSES)
def test_refuses(name):
    change, error, message = REFUSES[name]
    with pytest.raises(error, match=message):
        sparse_mla_bucketed(**arguments()[0] | change)


def test_rows_of_all_items_fit_in_32_bits():
    kv = torch.empty((1, 1, 1, 512), dtype=torch.bfloat16).expand(3, 2**30, 1, 512)
    with pytest.raises(ValueError, match=r"kv.shape\[0\] \* kv.shape\[1\] must be below 2\*\*31, got 3221225472"):
        make_plan(torch.zeros((3, 1, 1, 1), dtype=torch.int32), kv.shape[1])


def test_buckets_may_be_a_list():
    assert check_buckets([1, 5]) == check_buckets((1, 5)) == (1, 5)


@pytest.mark.parametrize("value, expected", [("1", True), ("TRUE", True), ("yes", True), ("On", True), (None, False)])
@pytest.mark.parametrize("argument", [None, False, True])
def test_switch(monkeypatch, value, expected, argument):
    monkeypatch.delenv("TRITON_TLE_BUCKETED", raising=False)
    if value is not None:
        monkeypatch.setenv("TRITON_TLE_BUCKETED", value)
    assert bucketed_by_environment() is expected
    seen = []
    monkeypatch.setattr(plain, "sparse_mla_bucketed", lambda *args, **named: seen.append(named))
    named, _, _ = arguments()
    sparse_mla(**named, bucketed=argument)
    assert bool(seen) is (expected if argument is None else argument)
    assert all(call.keys() == {"attn_sink", "topk_length", "q_start", "deterministic"} for call in seen)


@pytest.mark.parametrize("value", ["", "0", "False", "no", "OFF"])
def test_switched_off(monkeypatch, value):
    monkeypatch.setenv("TRITON_TLE_BUCKETED", value)
    assert not bucketed_by_environment()


def test_wrong_switches(monkeypatch):
    monkeypatch.setenv("TRITON_TLE_BUCKETED", "maybe")
    message = "TRITON_TLE_BUCKETED must be 1, true, yes, on, or 0, false, no, off, got 'maybe'"
    with pytest.raises(ValueError, match=message):
        sparse_mla(**arguments()[0])
    with pytest.raises(TypeError, match="bucketed must be a bool or None, got str"):
        sparse_mla(**arguments()[0], bucketed="yes")


@pytest.mark.parametrize("by_environment", [False, True])
def test_compiled_in_one_graph(monkeypatch, by_environment):
    named, weight, weight_lse = arguments()
    if by_environment:
        monkeypatch.setenv("TRITON_TLE_BUCKETED", "1")
    call = sparse_mla if by_environment else sparse_mla_bucketed

    def around(q, kv, **rest):
        out, lse = call(q * 1, kv * 1, **rest)
        return out + 0, lse

    graphs = []

    def backend(graph, inputs):
        graphs.append(graph.code)
        return graph

    traced = gradients(torch.compile(around, fullgraph=True, backend=backend), named, weight, weight_lse)
    assert "sparse_mla_bucketed" in graphs[0]
    compiled = torch.compile(around, fullgraph=True, backend="aot_eager")
    for other in (traced, gradients(compiled, named, weight, weight_lse)):
        for left, right in zip(gradients(around, named, weight, weight_lse), other, strict=True):
            assert torch.equal(left, right)


@pytest.mark.parametrize("batch", [1, 2])
def test_custom_op_registration(batch):
    named, _, _ = arguments(batch=batch)
    leaves = [named["q"].requires_grad_(), named["kv"].requires_grad_(), named["indices"]]
    operator = torch.ops.triton_tle.sparse_mla_bucketed.default
    sink = torch.zeros(8, requires_grad=True)
    torch.library.opcheck(operator, (*leaves, 0.04, sink, None, 3, False, [4, 8]))
    torch.library.opcheck(operator, (*leaves, 0.04, None, named["topk_length"], None, True, [4]))


@pytest.mark.parametrize("sizes", [{"batch": 0}, {"s_q": 0}, {"s_kv": 0}])
def test_nothing_to_do(sizes):
    named, weight, weight_lse = arguments(**sizes)
    out, lse, dq, dkv, dsink = gradients(sparse_mla_bucketed, named, weight, weight_lse)
    assert out.shape == weight.shape and lse.shape == weight_lse.shape
    assert not out.any() and not dq.any() and not dkv.any() and not dsink.any()


ORDER_REFUSES = {
    "no length": (
        {"order": torch.arange(5).int()},
        ValueError,
        "topk_length must be given, in the same order, .* got None",
    ),
    "int64": ({"order": torch.arange(5)}, TypeError, "order must have dtype torch.int32, got torch.int64"),
    "size": ({"order": torch.arange(4).int()}, ValueError, r"order must have shape \[5\], got \[4\]"),
    "strides": ({"order": torch.arange(10).int()[::2]}, ValueError, "order must have stride 1 in its last dimension"),
}


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("name", ORDER_REFUSES)
def test_order_refuses(name, backward):
    change, error, message = ORDER_REFUSES[name]
    if name != "no length":
        change = change | {"topk_length": torch.ones(5).int()}
    named, _, _ = arguments()
    q, kv, indices = (named[key][0] for key in ("q", "kv", "indices"))
    with pytest.raises(error, match=message):
        if backward:
            out, lse = torch.zeros(5, 8, 512).bfloat16(), torch.zeros(5, 8)
            sparse_mla_bwd(q, kv, indices, out, lse, out, 0.04, **change)
        else:
            sparse_mla_fwd(q, kv, indices, 0.04, **change)


def test_order_is_that_of_the_lengths():
    named, _, _ = arguments()
    q, kv, indices = (named[key][0] for key in ("q", "kv", "indices"))
    length, order = torch.tensor([0, 3, 9, 5, 1]).int(), torch.tensor([3, 1, 4, 0, 2]).int()
    plain = sparse_mla_fwd(q, kv, indices, 0.04, topk_length=length)
    ordered = sparse_mla_fwd(q, kv, indices, 0.04, topk_length=length[order], order=order)
    for left, right in zip(plain, ordered, strict=True):
        assert torch.equal(left, right)
    out, _, lse = plain
    grad = torch.randn(5, 8, 512).bfloat16()
    plain = sparse_mla_bwd(q, kv, indices, out, lse, grad, 0.04, topk_length=length)
    ordered = sparse_mla_bwd(q, kv, indices, out, lse, grad, 0.04, topk_length=length[order], order=order)
    for left, right in zip(plain[:2], ordered[:2], strict=True):
        assert torch.equal(left, right)
