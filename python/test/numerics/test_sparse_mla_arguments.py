"""`sparse_mla` and its backward: what is refused, with which words; the reference; autograd and torch.compile."""

import math

import pytest
import torch
from triton_tle.ops import sparse_mla, sparse_mla_bucketed, sparse_mla_bwd_reference, sparse_mla_fwd_reference
from triton_tle.ops.sparse_mla_bwd import sparse_mla_bwd


def backward_arguments(s_q=3, h_q=8, d_qk=576, s_kv=20, topk=6):
    generator = torch.Generator().manual_seed(0)
    q = torch.randn(s_q, h_q, d_qk, generator=generator).bfloat16()
    kv = torch.randn(s_kv, 1, d_qk, generator=generator).bfloat16()
    indices = torch.randint(0, s_kv, (s_q, 1, topk), generator=generator, dtype=torch.int32)
    out, _, lse = sparse_mla_fwd_reference(q, kv, indices, d_qk**-0.5)
    grad_out = torch.randn(s_q, h_q, 512, generator=generator).bfloat16()
    named = {"q": q, "kv": kv, "indices": indices, "out": out.bfloat16(), "lse": lse.float(), "grad_out": grad_out}
    return named | {"sm_scale": d_qk**-0.5}


BACKWARD_REFUSES = {
    "q float32": ({"q": torch.zeros(3, 8, 576)}, TypeError, "q must have dtype torch.bfloat16, got torch.float32"),
    "d_qk": ({"q": torch.zeros(3, 8, 640).bfloat16()}, ValueError, r"\(d_qk\) must be 512 or 576, got 640"),
    "h_q": ({"q": torch.zeros(3, 12, 576).bfloat16()}, ValueError, r"\(h_q\) must be a multiple of 8"),
    "out size": ({"out": torch.zeros(3, 8, 576).bfloat16()}, ValueError, r"out must have shape \[3, 8, 512\]"),
    "out dtype": ({"out": torch.zeros(3, 8, 512)}, TypeError, "out must have dtype torch.bfloat16"),
    "lse dtype": ({"lse": torch.zeros(3, 8).double()}, TypeError, "lse must have dtype torch.float32"),
    "lse size": ({"lse": torch.zeros(3, 16)}, ValueError, r"lse must have shape \[3, 8\], got \[3, 16\]"),
    "lse strides": ({"lse": torch.zeros(3, 9)[:, :8]}, ValueError, r"lse must be contiguous, got strides \(9, 1\)"),
    "grad_out stride": (
        {"grad_out": torch.zeros(3, 8, 1024).bfloat16()[:, :, ::2]},
        ValueError,
        "grad_out must have stride 1 in its last dimension",
    ),
    "grad_out device": (
        {"grad_out": torch.zeros(3, 8, 512, device="meta").bfloat16()},
        ValueError,
        "grad_out must be on cpu like the first argument, got meta",
    ),
    "grad_lse dtype": ({"grad_lse": torch.zeros(3, 8).half()}, TypeError, "grad_lse must have dtype torch.float32"),
    "grad_lse strides": (
        {"grad_lse": torch.zeros(3, 9)[:, :8]},
        ValueError,
        r"grad_lse must be contiguous, got strides \(9, 1\)",
    ),
    "deterministic": ({"deterministic": 1}, TypeError, "deterministic must be a bool, got int"),
    "dq strides": (
        {"dq": torch.zeros(3, 16, 576).bfloat16()[:, :8]},
        ValueError,
        r"dq must be contiguous, got strides \(9216, 576, 1\)",
    ),
    "dq dtype": ({"dq": torch.zeros(3, 8, 576)}, TypeError, "dq must have dtype torch.bfloat16"),
    "sums of the other mode": (
        {"sums": torch.zeros(20, 576), "deterministic": True},
        TypeError,
        "sums must have dtype torch.int64, got torch.float32",
    ),
    "sums size": ({"sums": torch.zeros(19, 576)}, ValueError, r"sums must have shape \[20, 576\]"),
    "causal_start": ({"causal_start": 2**31}, ValueError, "causal_start must fit in 32 bits, got 2147483648"),
    "sm_scale": ({"sm_scale": math.inf}, ValueError, "sm_scale must be finite, got inf"),
    "kernel": ({"kernel": "tile"}, ValueError, "kernel must be one of auto, loop, got 'tile'"),
}


@pytest.mark.parametrize("name", BACKWARD_REFUSES)
def test_backward_refuses(name):
    change, error, message = BACKWARD_REFUSES[name]
    with pytest.raises(error, match=message):
        sparse_mla_bwd(**backward_arguments() | change)


def test_device_without_implementation():
    arguments = {
        name: value.to("meta") if isinstance(value, torch.Tensor) else value
        for name, value in backward_arguments().items()
    }
    with pytest.raises(ValueError, match="q must be on a CUDA device or the CPU, got meta"):
        sparse_mla_bwd(**arguments)


def batched_arguments(batch=2, s_q=3, h_q=8, d_qk=576, s_kv=20, topk=6):
    generator = torch.Generator().manual_seed(1)
    return {
        "q": torch.randn(batch, s_q, h_q, d_qk, generator=generator).bfloat16(),
        "kv": torch.randn(batch, s_kv, 1, d_qk, generator=generator).bfloat16(),
        "indices": torch.randint(-2, s_kv + 2, (batch, s_q, 1, topk), generator=generator, dtype=torch.int32),
    }


BATCHED_REFUSES = {
    "q without batch": ({"q": torch.zeros(3, 8, 576).bfloat16()}, ValueError, "q must have 4 dimensions"),
    "d_qk": ({"q": torch.zeros(2, 3, 8, 640).bfloat16()}, ValueError, r"q.shape\[3\] \(d_qk\) must be 512 or 576"),
    "h_q": ({"q": torch.zeros(2, 3, 4, 576).bfloat16()}, ValueError, r"q.shape\[2\] \(h_q\) must be a multiple of 8"),
    "kv of another batch": (
        {"kv": torch.zeros(1, 20, 1, 576).bfloat16()},
        ValueError,
        r"kv must have shape \[2, '\*', '\*', 576\], got \[1, 20, 1, 576\]",
    ),
    "two kv heads": (
        {"kv": torch.zeros(2, 20, 2, 576).bfloat16()},
        ValueError,
        r"kv.shape\[2\] \(h_kv\) must be 1, got 2",
    ),
    "indices int64": ({"indices": torch.zeros(2, 3, 1, 6).long()}, TypeError, "indices must have dtype torch.int32"),
    "sink": ({"attn_sink": torch.zeros(9)}, ValueError, r"attn_sink must have shape \[8\], got \[9\]"),
    "length": (
        {"topk_length": torch.zeros(3).int()},
        ValueError,
        r"topk_length must have 2 dimensions, got shape \[3\]",
    ),
    "q_start": ({"q_start": 1.5}, TypeError, "q_start must be an int, got float"),
    "sm_scale": ({"sm_scale": "1"}, TypeError, "sm_scale must be a number, got str"),
    "deterministic": ({"deterministic": None}, TypeError, "deterministic must be a bool, got NoneType"),
}


@pytest.mark.parametrize("name", BATCHED_REFUSES)
def test_batched_refuses(name):
    change, error, message = BATCHED_REFUSES[name]
    with pytest.raises(error, match=message):
        sparse_mla(**batched_arguments() | change)


def reference_loss_gradients(q, kv, indices, sink, length, q_start, weight, weight_lse):
    """Gradients of sum(out * weight) + sum(lse * weight_lse), by autograd of the forward's definition in float64."""
    leaves = [q.double().requires_grad_(), kv.double().requires_grad_(), sink.double().requires_grad_()]
    out, _, lse = sparse_mla_fwd_reference(
        leaves[0], leaves[1], indices, q.shape[-1] ** -0.5, attn_sink=leaves[2], topk_length=length,
        causal_start=q_start,
    )  # fmt: skip
    finite = torch.where(torch.isfinite(lse), lse, 0)
    return torch.autograd.grad((out * weight.double()).sum() + (finite * weight_lse.double()).sum(), leaves)


def test_backward_reference_is_autograd_of_the_forward():
    generator = torch.Generator().manual_seed(2)
    q, kv = torch.randn(5, 8, 576, generator=generator), torch.randn(20, 1, 576, generator=generator)
    indices = torch.randint(-3, 23, (5, 1, 7), generator=generator, dtype=torch.int32)
    indices[1] = -1
    sink, length = torch.randn(8, generator=generator), torch.tensor([7, 7, 0, 4, 9], dtype=torch.int32)
    weight, weight_lse = torch.randn(5, 8, 512, generator=generator), torch.randn(5, 8, generator=generator)
    for rows_per_chunk in (None, 2):
        actual = sparse_mla_bwd_reference(
            q, kv, indices, weight, 576**-0.5, sink, length, 10, weight_lse, rows_per_chunk=rows_per_chunk
        )
        expected = reference_loss_gradients(q, kv, indices, sink, length, 10, weight, weight_lse)
        for left, right in zip(actual, expected, strict=True):
            torch.testing.assert_close(left, right, rtol=1e-10, atol=1e-12)


def test_backward_reference_with_infinite_sinks():
    arguments = backward_arguments()
    named = {name: arguments[name] for name in ("q", "kv", "indices", "grad_out", "sm_scale")}
    plain_dq, plain_dkv, no_dsink = sparse_mla_bwd_reference(**named)
    assert no_dsink is None
    dq, dkv, dsink = sparse_mla_bwd_reference(**named, attn_sink=torch.full((8,), -math.inf))
    assert torch.allclose(dq, plain_dq) and torch.allclose(dkv, plain_dkv) and (dsink == 0).all()
    for gradient in sparse_mla_bwd_reference(**named, attn_sink=torch.full((8,), math.inf)):
        assert (gradient == 0).all()


def loss_gradients(call, arguments, weight, weight_lse, **named):
    leaves = [arguments[name].clone().requires_grad_() for name in ("q", "kv", "attn_sink")]
    rest = {name: value for name, value in arguments.items() if name not in ("q", "kv", "attn_sink")}
    out, lse = call(leaves[0], leaves[1], attn_sink=leaves[2], **rest, **named)
    finite = torch.where(torch.isfinite(lse), lse, 0)
    return torch.autograd.grad((out.float() * weight).sum() + (finite * weight_lse).sum(), leaves)


def featured_arguments():
    generator = torch.Generator().manual_seed(3)
    arguments = batched_arguments()
    arguments["indices"][0, 1] = -1
    arguments |= {"attn_sink": torch.randn(8, generator=generator), "q_start": 15}
    arguments["topk_length"] = torch.tensor([[6, 6, 4], [0, 3, 6]], dtype=torch.int32)
    return arguments, torch.randn(2, 3, 8, 512, generator=generator), torch.randn(2, 3, 8, generator=generator)


@pytest.mark.parametrize("deterministic", [False, True])
def test_autograd_on_cpu_tensors(deterministic):
    arguments, weight, weight_lse = featured_arguments()
    dq, dkv, dsink = loss_gradients(sparse_mla, arguments, weight, weight_lse, deterministic=deterministic)
    assert dq.dtype == dkv.dtype == torch.bfloat16 and dsink.dtype == torch.float32
    total = torch.zeros(8, dtype=torch.float64)
    for item in range(2):
        expected = reference_loss_gradients(
            arguments["q"][item], arguments["kv"][item], arguments["indices"][item], arguments["attn_sink"],
            arguments["topk_length"][item], 15, weight[item].bfloat16(), weight_lse[item],
        )  # fmt: skip
        for actual, value in ((dq[item], expected[0]), (dkv[item], expected[1])):
            assert (actual.double() - value).norm() < 5e-3 * value.norm()
        total += expected[2]
    assert (dsink.double() - total).norm() < 5e-3 * total.norm()


@pytest.mark.parametrize("deterministic", [False, True])
def test_compiled_in_one_graph(deterministic):
    arguments, weight, weight_lse = featured_arguments()

    def around(q, kv, **named):  # something for the compiler to do on both sides
        out, lse = sparse_mla(q * 1, kv * 1, **named)
        return out + 0, lse

    compiled = torch.compile(around, fullgraph=True, backend="aot_eager")
    for plain, traced in zip(
        loss_gradients(around, arguments, weight, weight_lse, deterministic=deterministic),
        loss_gradients(compiled, arguments, weight, weight_lse, deterministic=deterministic),
        strict=True,
    ):
        assert torch.equal(plain, traced) and plain.stride() == traced.stride()


@pytest.mark.parametrize("batch", [1, 2])
def test_custom_op_registration(batch):
    arguments = batched_arguments(batch=batch)
    leaves = [arguments["q"].requires_grad_(), arguments["kv"].requires_grad_(), arguments["indices"]]
    sink = torch.zeros(8, requires_grad=True)
    operator = torch.ops.triton_tle.sparse_mla.default
    torch.library.opcheck(operator, (*leaves, 0.04, sink, None, 3, False))
    torch.library.opcheck(operator, (*leaves, 0.04, None, None, None, True))


def test_gradient_of_lse_alone_and_of_nothing():
    arguments = batched_arguments()
    q = arguments["q"].requires_grad_()
    out, lse = sparse_mla(**arguments)
    torch.where(torch.isfinite(lse), lse, 0).sum().backward()
    assert torch.isfinite(q.grad).all() and q.grad.abs().sum() > 0
    out, _ = sparse_mla(**arguments)
    q.grad = None
    out.sum().backward()  # the gradient of a sum has stride 0
    assert torch.isfinite(q.grad).all() and q.grad.abs().sum() > 0


@pytest.mark.parametrize("call", [sparse_mla, sparse_mla_bucketed])
@pytest.mark.parametrize("zero", ["batch", "s_q", "s_kv", "topk"])
def test_nothing_to_attend_to(call, zero):
    """No batch items, queries, keys or list entries: results are empty, or those of rows without a key."""
    sizes = {"batch": 2, "s_q": 3, "s_kv": 20, "topk": 6} | {zero: 0}
    arguments = batched_arguments(**sizes | {"s_kv": 20})
    arguments["kv"] = arguments["kv"][:, : sizes["s_kv"]]
    leaves = [arguments[name].requires_grad_() for name in ("q", "kv")] + [torch.zeros(8, requires_grad=True)]
    out, lse = call(**arguments, attn_sink=leaves[2])
    shape = (sizes["batch"], sizes["s_q"], 8)
    assert out.shape == (*shape, 512) and lse.shape == shape and not out.any() and lse.isposinf().all()
    for loss in (out.sum(), lse.sum()):
        gradients = torch.autograd.grad(loss, leaves, retain_graph=True)
        assert [gradient.shape for gradient in gradients] == [leaf.shape for leaf in leaves]
        assert not any(gradient.any() for gradient in gradients)
