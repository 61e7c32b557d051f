"""Arguments of the sparse-MLA forward: what is refused, with which words; the reference; calls on CPU tensors."""

import math

import pytest
import torch
from triton_tle.ops import flash_mla_sparse_fwd, sparse_mla_fwd_reference
from triton_tle.ops.sparse_mla_fwd import sparse_mla_fwd


def valid_arguments(s_q=3, h_q=8, d_qk=576, s_kv=20, topk=6):
    generator = torch.Generator().manual_seed(0)
    return {
        "q": torch.randn(s_q, h_q, d_qk, generator=generator).bfloat16(),
        "kv": torch.randn(s_kv, 1, d_qk, generator=generator).bfloat16(),
        "indices": torch.randint(0, s_kv, (s_q, 1, topk), generator=generator, dtype=torch.int32),
        "sm_scale": d_qk**-0.5,
    }


REFUSED = {
    "q no tensor": ({"q": [[1.0]]}, TypeError, "q must be a torch.Tensor, got list"),
    "q float32": ({"q": torch.zeros(3, 8, 576)}, TypeError, "q must have dtype torch.bfloat16, got torch.float32"),
    "q rank": ({"q": torch.zeros(8, 576).bfloat16()}, ValueError, r"q must have 3 dimensions, got shape \[8, 576\]"),
    "q stride": (
        {"q": torch.zeros(3, 576, 8).bfloat16().transpose(1, 2)},
        ValueError,
        r"q must have stride 1 in its last dimension, got strides \(4608, 1, 8\)",
    ),
    "d_qk": ({"q": torch.zeros(3, 8, 640).bfloat16()}, ValueError, r"\(d_qk\) must be 512 or 576, got 640"),
    "h_q no multiple of 8": ({"q": torch.zeros(3, 12, 576).bfloat16()}, ValueError, r"\(h_q\) must be a multiple of 8"),
    "h_q too large": ({"q": torch.zeros(3, 136, 576).bfloat16()}, ValueError, "8 to 128, got 136"),
    "kv dtype": ({"kv": torch.zeros(20, 1, 576).half()}, TypeError, "kv must have dtype torch.bfloat16"),
    "kv other d_qk": (
        {"kv": torch.zeros(20, 1, 512).bfloat16()},
        ValueError,
        r"kv must have shape \['\*', '\*', 576\]",
    ),
    "two kv heads": (
        {"kv": torch.zeros(20, 2, 576).bfloat16()},
        ValueError,
        r"kv.shape\[1\] \(h_kv\) must be 1, got 2",
    ),
    "kv on another device": (
        {"kv": torch.zeros(20, 1, 576, device="meta").bfloat16()},
        ValueError,
        "kv must be on cpu like the first argument, got meta",
    ),
    "indices int64": (
        {"indices": torch.zeros(3, 1, 6).long()},
        TypeError,
        "indices must have dtype torch.int32, got torch.int64",
    ),
    "indices of other tokens": (
        {"indices": torch.zeros(4, 1, 6).int()},
        ValueError,
        r"indices must have shape \[3, 1, '\*'\], got \[4, 1, 6\]",
    ),
    "indices stride": (
        {"indices": torch.zeros(3, 1, 12).int()[:, :, ::2]},
        ValueError,
        "indices must have stride 1 in its last dimension",
    ),
    "sm_scale text": ({"sm_scale": "1"}, TypeError, "sm_scale must be a number, got str"),
    "sm_scale NaN": ({"sm_scale": math.nan}, ValueError, "sm_scale must be finite, got nan"),
    "sm_scale too large": ({"sm_scale": 10**400}, ValueError, "sm_scale must lie between -2\\*\\*126 and 2\\*\\*126"),
    "sm_scale too small": ({"sm_scale": -1e300}, ValueError, "sm_scale must lie between .* got -1e\\+300"),
    "d_v": ({"d_v": 256}, ValueError, "d_v must be 512, got 256"),
    "d_v float": ({"d_v": 512.0}, TypeError, "d_v must be an int, got float"),
    "sink dtype": ({"attn_sink": torch.zeros(8).double()}, TypeError, "attn_sink must have dtype torch.float32"),
    "sink size": ({"attn_sink": torch.zeros(9)}, ValueError, r"attn_sink must have shape \[8\], got \[9\]"),
    "length dtype": ({"topk_length": torch.zeros(3).long()}, TypeError, "topk_length must have dtype torch.int32"),
    "length size": ({"topk_length": torch.zeros(2).int()}, ValueError, r"topk_length must have shape \[3\], got \[2\]"),
    "out dtype": ({"out": torch.zeros(3, 8, 512)}, TypeError, "out must have dtype torch.bfloat16"),
    "out expanded": (
        {"out": torch.zeros(1, 8, 512).bfloat16().expand(3, 8, 512)},
        ValueError,
        r"out must have a place of its own for each element, got strides \(0, 512, 1\)",
    ),
    "out overlaps itself": (
        {"out": torch.zeros(7000).bfloat16().as_strided((3, 8, 512), (1024, 512, 1))},
        ValueError,
        r"out must have a place of its own for each element, got strides \(1024, 512, 1\)",
    ),
    "q sparse": (
        {"q": torch.zeros(3, 8, 576).bfloat16().to_sparse()},
        ValueError,
        "q must be a dense tensor, got torch.sparse_coo",
    ),
    "indices 2 dimensions": ({"indices": torch.zeros(3, 6).int()}, ValueError, "indices must have 3 dimensions, got"),
    "length 2 dimensions": ({"topk_length": torch.zeros(3, 1).int()}, ValueError, "must have 1 dimension, got shape"),
    "out size": ({"out": torch.zeros(3, 8, 576).bfloat16()}, ValueError, r"out must have shape \[3, 8, 512\]"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_argument(name):
    change, error, message = REFUSED[name]
    with pytest.raises(error, match=message):
        flash_mla_sparse_fwd(**valid_arguments() | change)


def test_refused_causal_start():
    with pytest.raises(TypeError, match="causal_start must be an int, got float"):
        sparse_mla_fwd(**valid_arguments(), causal_start=1.5)
    with pytest.raises(ValueError, match="causal_start must fit in 32 bits, got 4294967296"):
        sparse_mla_fwd(**valid_arguments(), causal_start=2**32)


@pytest.mark.parametrize("strides", [(4096, 512, 1), (5000, 600, 1), (512, 1536, 1), (600, 2000, 1)])
def test_out_of_any_order(strides):
    expected = flash_mla_sparse_fwd(**valid_arguments())
    out = torch.zeros(3 * strides[0] + 8 * strides[1]).bfloat16().as_strided((3, 8, 512), strides)
    result, *_ = flash_mla_sparse_fwd(**valid_arguments(), out=out)
    assert result is out and torch.equal(out, expected[0])


def test_refused_kernels_and_programs():
    for change, error, message in (
        ({"kernel": "fast"}, ValueError, "kernel must be one of auto, tile, divided, got 'fast'"),
        ({"programs": 0}, ValueError, "programs must be positive, got 0"),
        ({"programs": 2.0}, TypeError, "programs must be an int, got float"),
    ):
        with pytest.raises(error, match=message):
            sparse_mla_fwd(**valid_arguments(), **change)


def test_device_without_implementation():
    arguments = {
        name: value.to("meta") if isinstance(value, torch.Tensor) else value
        for name, value in valid_arguments().items()
    }
    with pytest.raises(ValueError, match="q must be on a CUDA device or the CPU, got meta"):
        flash_mla_sparse_fwd(**arguments)


def test_cpu_tensors_take_the_reference():
    arguments = valid_arguments()
    out = torch.full((3, 8, 512), math.nan).bfloat16()
    results = flash_mla_sparse_fwd(**arguments, out=out)
    assert results[0] is out
    assert [result.dtype for result in results] == [torch.bfloat16, torch.float32, torch.float32]
    for result, expected in zip(results, sparse_mla_fwd_reference(**arguments), strict=True):
        torch.testing.assert_close(result.double(), expected, rtol=1e-2, atol=1e-3)


def dense_attention(q, kv, indices, sm_scale):
    """Attention over all keys with a mask made of the lists, for lists of distinct valid keys."""
    scores = torch.einsum("shd,td->sht", q.double(), kv[:, 0].double()) * sm_scale
    listed = torch.zeros(q.shape[0], kv.shape[0], dtype=torch.bool).scatter_(1, indices[:, 0].long(), True)
    scores = scores.masked_fill(~listed[:, None, :], -math.inf)
    return scores.softmax(-1) @ kv[:, 0, :512].double(), scores.amax(-1), scores.logsumexp(-1)


def test_reference_is_masked_dense_attention():
    arguments = valid_arguments()
    arguments["indices"] = torch.stack([torch.randperm(20)[:6] for _ in range(3)])[:, None].int()
    for actual, expected in zip(sparse_mla_fwd_reference(**arguments), dense_attention(**arguments), strict=True):
        torch.testing.assert_close(actual, expected)


def test_reference_rules():
    arguments = valid_arguments(s_q=4)
    arguments["indices"][0] = torch.tensor([-1, 20, -5, 2**31 - 1, -(2**31), 21], dtype=torch.int32)  # no key
    arguments["indices"][1] = torch.tensor([3, -1, 20, 3, -1, -1], dtype=torch.int32)  # one key, twice
    out, max_logits, lse = sparse_mla_fwd_reference(**arguments)
    assert (out[0] == 0).all() and (max_logits[0] == -math.inf).all() and (lse[0] == math.inf).all()
    torch.testing.assert_close(out[1], arguments["kv"][3, 0, :512].double().expand(8, 512))
    torch.testing.assert_close(lse[1], max_logits[1] + math.log(2))

    sink = torch.tensor([math.inf, -math.inf] + [0.5] * 6)
    with_sink, same_max, same_lse = sparse_mla_fwd_reference(**arguments, attn_sink=sink)
    assert torch.equal(same_max, max_logits) and torch.equal(same_lse, lse)
    assert (with_sink[:, 0] == 0).all() and torch.allclose(with_sink[:, 1], out[:, 1])
    share = (lse[1:].exp() / (lse[1:].exp() + sink.double().exp()))[:, 2:, None]
    torch.testing.assert_close(with_sink[1:, 2:], out[1:, 2:] * share)

    length = torch.tensor([6, 6, 0, 4], dtype=torch.int32)
    cut = sparse_mla_fwd_reference(**arguments, topk_length=length)
    arguments["indices"][2] = -1
    arguments["indices"][3, 0, 4:] = -1
    for actual, expected in zip(cut, sparse_mla_fwd_reference(**arguments), strict=True):
        assert torch.equal(actual, expected)


def test_reference_ignores_nan_in_keys_that_do_not_count():
    arguments = valid_arguments()
    arguments["kv"][0] = math.nan
    arguments["indices"].clamp_(min=1)
    arguments["indices"][0, 0, 0] = -1
    assert all(torch.isfinite(result).all() for result in sparse_mla_fwd_reference(**arguments))


def test_causal_bound():
    arguments = valid_arguments()
    bounded = sparse_mla_fwd_reference(**arguments, causal_start=8)
    arguments["indices"] = torch.where(
        arguments["indices"] <= 8 + torch.arange(3)[:, None, None], arguments["indices"], -1
    )
    for actual, expected in zip(bounded, sparse_mla_fwd_reference(**arguments), strict=True):
        assert torch.equal(actual, expected)


@pytest.mark.parametrize("own_out", [True, False])
def test_compiles_without_graph_breaks(own_out):
    arguments = valid_arguments()
    expected = flash_mla_sparse_fwd(**arguments)
    out = torch.full((3, 8, 512), math.nan).bfloat16()

    @torch.compile(fullgraph=True, backend="aot_eager")
    def call(q, kv, indices, out):
        named = {} if own_out else {"out": out}
        result, max_logits, lse = flash_mla_sparse_fwd(q * 1, kv, indices, arguments["sm_scale"], **named)
        return result * 2, max_logits, lse

    results = call(arguments["q"], arguments["kv"], arguments["indices"], out)
    for actual, wanted in zip(results, (expected[0] * 2, *expected[1:]), strict=True):
        assert torch.equal(actual, wanted)
    assert own_out or torch.equal(out, expected[0])


def test_operator_is_declared_as_it_behaves():
    arguments = valid_arguments()
    out = torch.zeros(3, 8, 512).bfloat16()
    torch.library.opcheck(torch.ops.triton_tle.flash_mla_sparse_fwd, (*arguments.values(), None, None, out))
