"""The decode on the host: what is refused, with which words; references; FP8 cache; plan; torch.compile; targets."""

import math
import sys
from types import SimpleNamespace

import pytest
import torch
from triton_tle.bench.mla_decode_check import DecodeCase, compare, make_inputs
from triton_tle.compiler import report
from triton_tle.ops import (
    FlashMLASchedMeta,
    dequantize_k_cache,
    flash_mla_with_kvcache,
    get_mla_metadata,
    mla_decode_reference,
    quantize_k_cache,
)
from triton_tle.ops.mla_metadata import DecodeShape, choose_splits

CPU = torch.device("cpu")


def valid_arguments(fp8=False):
    generator = torch.Generator().manual_seed(0)
    cache = torch.randn((3, 4, 1, 576), generator=generator).bfloat16()
    return {
        "q": torch.randn((2, 1, 8, 576), generator=generator).bfloat16(),
        "k_cache": quantize_k_cache(cache) if fp8 else cache,
        "block_table": None,
        "cache_seqlens": None,
        "head_dim_v": 512,
        "tile_scheduler_metadata": get_mla_metadata()[0],
        "is_fp8_kvcache": fp8,
        "indices": torch.randint(0, 12, (2, 1, 6), generator=generator, dtype=torch.int32),
    }


REFUSED = {
    "q float32": ({"q": torch.zeros(2, 1, 8, 576)}, TypeError, "q must have dtype torch.bfloat16, got torch.float32"),
    "q rank": ({"q": torch.zeros(2, 8, 576).bfloat16()}, ValueError, "q must have 4 dimensions, got shape"),
    "s_q": ({"q": torch.zeros(2, 5, 8, 576).bfloat16()}, ValueError, r"q.shape\[1\] \(s_q\) must be 1 to 4, got 5"),
    "h_q": ({"q": torch.zeros(2, 1, 12, 576).bfloat16()}, ValueError, r"\(h_q\) must be a multiple of 8 from 8 to 128"),
    "head_dim": ({"q": torch.zeros(2, 1, 8, 640).bfloat16()}, ValueError, r"\(head_dim\) must be 512 or 576, got 640"),
    "head_dim_v": ({"head_dim_v": 256}, ValueError, "head_dim_v must be 512, got 256"),
    "cache dtype": ({"k_cache": torch.zeros(3, 4, 1, 576)}, TypeError, "k_cache must have dtype torch.bfloat16"),
    "cache width": (
        {"k_cache": torch.zeros(3, 4, 1, 512).bfloat16()}, ValueError, r"k_cache must have shape .* 576\], got"
    ),
    "two kv heads": (
        {"k_cache": torch.zeros(3, 4, 2, 576).bfloat16()}, ValueError, r"k_cache.shape\[2\] \(h_kv\) must be 1, got 2"
    ),
    "empty pages": (
        {"k_cache": torch.zeros(3, 0, 1, 576).bfloat16()}, ValueError, r"\(page size\) must be positive, got 0"
    ),
    "rows unaligned": (
        {"k_cache": torch.zeros(3, 4, 1, 580).bfloat16()[..., :576]},
        ValueError,
        "k_cache must have rows at multiples of 16 bytes, got strides",
    ),
    "no indices": ({"indices": None}, ValueError, "indices must be given: attention over all keys is not supported"),
    "indices int64": ({"indices": torch.zeros(2, 1, 6).long()}, TypeError, "indices must have dtype torch.int32"),
    "indices of another batch": (
        {"indices": torch.zeros(3, 1, 6).int()}, ValueError, r"indices must have shape \[2, 1, '\*'\]"
    ),
    "indices on another device": (
        {"indices": torch.zeros((2, 1, 6), dtype=torch.int32, device="meta")},
        ValueError,
        "indices must be on cpu like the first argument, got meta",
    ),
    "causal": ({"causal": True}, ValueError, "causal must be False for sparse attention, got True"),
    "causal of another type": ({"causal": None}, TypeError, "causal must be a bool, got NoneType"),
    "fp8 switch": ({"is_fp8_kvcache": 1}, TypeError, "is_fp8_kvcache must be a bool, got int"),
    "fp8 cache, not said so": (
        {"k_cache": torch.zeros(3, 4, 1, 656).to(torch.float8_e4m3fn)},
        TypeError,
        "k_cache must have dtype torch.bfloat16, got torch.float8_e4m3fn",
    ),
    "q no tensor": ({"q": None}, TypeError, "q must be a torch.Tensor, got NoneType"),
    "no cache": ({"k_cache": None}, TypeError, "k_cache must be a torch.Tensor, got NoneType"),
    "cache rank": ({"k_cache": torch.zeros(12, 1, 576).bfloat16()}, ValueError, "k_cache must have 4 dimensions"),
    "head_dim_v of another type": ({"head_dim_v": None}, TypeError, "head_dim_v must be an int, got NoneType"),
    "num_splits": ({"num_splits": 3}, ValueError, "num_splits must be None, got 3"),
    "metadata": ({"tile_scheduler_metadata": None}, TypeError, "must come from triton_tle.ops.get_mla_metadata"),
    "softmax_scale": ({"softmax_scale": math.inf}, ValueError, "softmax_scale must be finite, got inf"),
    "sink size": ({"attn_sink": torch.zeros(9)}, ValueError, r"attn_sink must have shape \[8\], got \[9\]"),
    "length size": ({"topk_length": torch.zeros(3).int()}, ValueError, r"topk_length must have shape \[2\]"),
    "extra cache without list": (
        {"extra_k_cache": torch.zeros(3, 4, 1, 576).bfloat16()},
        ValueError,
        "extra_indices_in_kvcache must be given with extra_k_cache, got None",
    ),
    "extra list without cache": (
        {"extra_indices_in_kvcache": torch.zeros(2, 1, 3).int()},
        ValueError,
        "extra_indices_in_kvcache must be None without extra_k_cache, got a tensor",
    ),
    "extra length without cache": (
        {"extra_topk_length": torch.zeros(2).int()}, ValueError, "extra_topk_length must be None without extra_k_cache"
    ),
    "extra cache of another width": (
        {"extra_k_cache": torch.zeros(3, 4, 1, 512).bfloat16(), "extra_indices_in_kvcache": torch.zeros(2, 1, 3).int()},
        ValueError,
        "extra_k_cache must have shape",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused_argument(name):
    change, error, message = REFUSED[name]
    with pytest.raises(error, match=message):
        flash_mla_with_kvcache(**valid_arguments() | change)


def test_refused_fp8_argument():
    arguments = valid_arguments(fp8=True)
    with pytest.raises(ValueError, match=r"\(head_dim\) must be 576 with an FP8 cache, got 512"):
        flash_mla_with_kvcache(**arguments | {"q": arguments["q"][..., :512]})
    with pytest.raises(TypeError, match="k_cache must have dtype torch.float8_e4m3fn or .*int8, got torch.bfloat16"):
        flash_mla_with_kvcache(**arguments | {"k_cache": valid_arguments()["k_cache"]})
    with pytest.raises(ValueError, match=r"k_cache must have shape .* 656\], got"):
        flash_mla_with_kvcache(**arguments | {"k_cache": torch.zeros((3, 4, 1, 640), dtype=torch.uint8)})


@pytest.mark.parametrize("fp8", [True, False])
def test_cpu_tensors_take_the_reference(fp8):
    case = DecodeCase(b=3, s_q=2, h_q=8, topk=10, fp8=fp8, sink=True, length=True, extra_topk=5, empty_rows=True)
    arguments = make_inputs(case, 0, "cpu")
    named = dict(arguments)
    metadata, second = get_mla_metadata()
    assert second is None
    out, lse = flash_mla_with_kvcache(
        named.pop("q"), named.pop("k_cache"), None, None, 512, metadata, None, is_fp8_kvcache=fp8, **named
    )
    assert out.dtype == torch.bfloat16 and lse.dtype == torch.float32
    assert compare(arguments, out, lse).passed
    assert (out[0] == 0).all() and (lse[0] == math.inf).all(), "every third sequence has no key"


def test_reference_is_attention():
    arguments = {name: value for name, value in make_inputs(
        DecodeCase(b=2, s_q=2, h_q=8, topk=7, d_qk=512, fp8=False, blocks=3, page_size=5, invalid=0.0), 0, "cpu"
    ).items()}  # fmt: skip
    keys = arguments["k_cache"].reshape(15, 512).double()[arguments["indices"].long()]
    scores = torch.einsum("bshd,bstd->bsht", arguments["q"].double(), keys) * arguments["softmax_scale"]
    out, lse = mla_decode_reference(**arguments)
    torch.testing.assert_close(out, scores.softmax(-1) @ keys)
    torch.testing.assert_close(lse, scores.logsumexp(-1).transpose(1, 2))


def test_reference_rules():
    case = DecodeCase(b=2, s_q=1, h_q=8, topk=6, fp8=False, blocks=2, page_size=5, invalid=0.0)
    arguments = make_inputs(case, 0, "cpu")
    out, lse = mla_decode_reference(**arguments)
    sink = torch.tensor([math.inf, -math.inf] + [0.5] * 6)
    with_sink, same_lse = mla_decode_reference(**arguments, attn_sink=sink)
    assert torch.equal(lse, same_lse)
    assert (with_sink[:, :, 0] == 0).all() and torch.allclose(with_sink[:, :, 1], out[:, :, 1])
    share = (lse.exp() / (lse.exp() + sink.double().exp()[:, None])).transpose(1, 2)[:, :, 2:, None]
    torch.testing.assert_close(with_sink[:, :, 2:], out[:, :, 2:] * share)

    cut = mla_decode_reference(**arguments, topk_length=torch.tensor([2, 0], dtype=torch.int32))
    assert (cut[0][1] == 0).all() and (cut[1][1] == math.inf).all()
    short = arguments | {"indices": arguments["indices"][:1, :, :2], "q": arguments["q"][:1]}
    torch.testing.assert_close(cut[0][:1], mla_decode_reference(**short)[0])

    halves = arguments | {
        "indices": arguments["indices"][..., :2],
        "extra_k_cache": arguments["k_cache"],
        "extra_indices_in_kvcache": arguments["indices"][..., 2:],
    }
    for actual, expected in zip(mla_decode_reference(**halves), (out, lse), strict=True):
        torch.testing.assert_close(actual, expected)


# The FP8 cache


@pytest.mark.parametrize("power_of_two", [True, False])
def test_quantizer_keeps_three_bits(power_of_two):
    cache = torch.randn((2, 5, 1, 576), generator=torch.Generator().manual_seed(0)).bfloat16()
    packed = quantize_k_cache(cache, power_of_two)
    assert packed.shape == (2, 5, 1, 656) and packed.dtype == torch.float8_e4m3fn
    data = packed.view(torch.uint8)
    scale = data[..., 512:528].contiguous().view(torch.float32)
    groups = cache[..., :512].float().unflatten(-1, (4, 128))
    if power_of_two:
        assert (torch.frexp(scale).mantissa == 0.5).all()
        assert (groups.abs().amax(-1) <= 448 * scale).all() and (groups.abs().amax(-1) > 223 * scale).all()
    else:
        torch.testing.assert_close(scale, groups.abs().amax(-1) / 448)
    restored = dequantize_k_cache(packed)
    assert torch.equal(restored[..., 512:], cache[..., 512:]), "rotary columns stay as they are"
    latent, before = restored[..., :512].float().unflatten(-1, (4, 128)), groups
    assert ((latent - before).abs() <= before.abs() / 15 + scale[..., None] * 2**-9).all()
    again = quantize_k_cache(restored, power_of_two).view(torch.uint8)
    if power_of_two:
        assert torch.equal(dequantize_k_cache(again), restored), "what was quantized once is not changed again"


def test_quantizer_of_zeros_and_float32():
    restored = dequantize_k_cache(quantize_k_cache(torch.zeros(1, 1, 1, 576)))
    assert (restored == 0).all()


def test_quantizer_refuses():
    with pytest.raises(TypeError, match="k_cache must have dtype torch.bfloat16 or torch.float32, got torch.float16"):
        quantize_k_cache(torch.zeros(1, 1, 1, 576).half())
    with pytest.raises(ValueError, match=r"k_cache must have shape .*, got \[1, 1, 1, 512\]"):
        quantize_k_cache(torch.zeros(1, 1, 1, 512).bfloat16())
    with pytest.raises(TypeError, match="power_of_two must be a bool, got str"):
        quantize_k_cache(torch.zeros(1, 1, 1, 576), "yes")
    with pytest.raises(ValueError, match=r"k_cache must have shape .* 656\], got \[1, 1, 1, 640\]"):
        dequantize_k_cache(torch.zeros((1, 1, 1, 640), dtype=torch.uint8))
    with pytest.raises(ValueError, match="k_cache must have stride 1 in its last dimension"):
        dequantize_k_cache(torch.zeros((1, 1, 1, 1312), dtype=torch.uint8)[..., ::2])
    with pytest.raises(TypeError, match="k_cache must have dtype .* got torch.float32"):
        dequantize_k_cache(torch.zeros(1, 1, 1, 656))
    with pytest.raises(TypeError, match="k_cache must be a torch.Tensor, got NoneType"):
        dequantize_k_cache(None)


def test_every_code_by_bits():
    """What the kernel's conversion rests on: the bits of e4m3, moved, are a bfloat16 number 2**-120 times as large."""
    codes = torch.arange(256, dtype=torch.uint8)
    expected = codes.view(torch.float8_e4m3fn).double()
    moved = ((codes.int() & 0x80) << 8) | ((codes.int() & 0x7F) << 4)
    moved = torch.where(moved >= 2**15, moved - 2**16, moved).short().view(torch.bfloat16).double() * 2.0**120
    number = ~expected.isnan()
    assert torch.equal(moved[number], expected[number]) and (moved[~number].abs() == 480).all()


# The plan


def shape(b, s_q=1, h_q=128, topk=2048, extra_topk=0, fp8=True):
    return DecodeShape(b, s_q, h_q, topk, extra_topk, fp8, CPU)


def test_few_tokens_get_splits_that_fill_the_gpu():
    for b in (1, 2, 4, 8, 16):
        splits = choose_splits(shape(b), sm_count=132)
        assert 1 < splits <= 32 and 2 * b * splits <= 132, (b, splits)
    assert choose_splits(shape(32), 132) == 2
    assert choose_splits(shape(128, 2), 132) == 1


def test_one_split_where_splits_do_not_pay():
    assert choose_splits(shape(1, topk=64), 132) == 1
    assert choose_splits(shape(1, topk=0), 132) == 1
    assert choose_splits(shape(0), 132) == 1
    assert choose_splits(shape(1), sm_count=2) == 1, "two blocks of heads fill two multiprocessors"


def test_plan_ahead_and_on_first_use():
    ahead, _ = get_mla_metadata(b=2, h_q=8, topk=6, device="cpu", num_splits=3)
    assert ahead.num_splits == 3 and ahead.partial_out.shape == (3, 2, 1, 8, 512)
    assert ahead.partial_lse.shape == (3, 2, 1, 8)
    flash_mla_with_kvcache(**valid_arguments() | {"tile_scheduler_metadata": ahead})
    numbered, _ = get_mla_metadata(b=2, h_q=8, topk=6, device="cpu:0")
    flash_mla_with_kvcache(**valid_arguments() | {"tile_scheduler_metadata": numbered})

    # FlashMLA's older interface hands over arguments that are not needed any more
    older = {"num_heads_q": 8, "topk": 2048, "is_fp8_kvcache": True}
    later, _ = get_mla_metadata(torch.ones(2, dtype=torch.int32), 8, 1, **older)
    assert isinstance(later, FlashMLASchedMeta) and later.shape is None
    flash_mla_with_kvcache(**valid_arguments() | {"tile_scheduler_metadata": later})
    assert later.shape == DecodeShape(2, 1, 8, 6, 0, False, CPU)
    partial_out = later.partial_out
    flash_mla_with_kvcache(**valid_arguments() | {"tile_scheduler_metadata": later})
    assert later.partial_out is partial_out, "nothing is allocated anew"
    indices = torch.zeros((2, 1, 7), dtype=torch.int32)
    message = "topk must be 6, which tile_scheduler_metadata was planned for, got 7"
    with pytest.raises(ValueError, match=message):
        flash_mla_with_kvcache(**valid_arguments() | {"tile_scheduler_metadata": later, "indices": indices})


def test_metadata_refuses():
    for arguments, error, message in (
        ({"num_splits": 0}, ValueError, "num_splits must be 1 to 256, got 0"),
        ({"b": 2}, ValueError, "h_q must be given together with b, got None"),
        ({"b": 2, "h_q": 8}, ValueError, "topk must be given together with b, got None"),
        ({"h_q": 8, "topk": 1}, ValueError, "b must be given together with h_q, got None"),
        ({"b": 2, "h_q": 12, "topk": 1, "device": "cpu"}, ValueError, "h_q must be a multiple of 8 from 8 to 128, got"),
        ({"b": 2, "h_q": 8, "topk": 1, "s_q": 5, "device": "cpu"}, ValueError, "s_q must be 1 to 4, got 5"),
        ({"b": 2, "h_q": 8, "topk": 1, "is_fp8_kvcache": 1}, TypeError, "is_fp8_kvcache must be a bool, got int"),
        ({"b": 2, "h_q": 8, "topk": 1, "device": "tpu"}, ValueError, "be a CUDA device or the CPU, got 'tpu'"),
        ({"b": 2, "h_q": 8, "topk": 1, "device": "meta"}, ValueError, "or the CPU, got meta"),
        ({"b": 2, "h_q": 8, "topk": 1, "device": "cuda:99"}, ValueError, "CUDA device that torch sees.* got cuda:99"),
        ({"b": 2, "h_q": 8, "topk": -1, "device": "cpu"}, ValueError, "topk must not be negative, got -1"),
        ({"b": 2.0, "h_q": 8, "topk": 1, "device": "cpu"}, TypeError, "b must be an int, got float"),
    ):
        with pytest.raises(error, match=message):
            get_mla_metadata(**arguments)


# torch.compile


@pytest.mark.parametrize("fp8", [True, False])
@pytest.mark.parametrize("ahead", [True, False])
def test_compiles_without_graph_breaks(fp8, ahead):
    arguments = valid_arguments(fp8)
    sizes = {"b": 2, "h_q": 8, "topk": 6, "is_fp8_kvcache": fp8, "device": "cpu"} if ahead else {}
    metadata, _ = get_mla_metadata(**sizes, num_splits=2)
    expected = flash_mla_with_kvcache(**arguments | {"tile_scheduler_metadata": metadata})

    @torch.compile(fullgraph=True, backend="aot_eager")
    def call(q, k_cache, indices):
        named = arguments | {"q": q * 1, "k_cache": k_cache, "indices": indices, "tile_scheduler_metadata": metadata}
        out, lse = flash_mla_with_kvcache(**named)
        return out * 2, lse

    out, lse = call(arguments["q"], arguments["k_cache"], arguments["indices"])
    assert torch.equal(out, expected[0] * 2) and torch.equal(lse, expected[1])


@pytest.mark.parametrize("ahead", [True, False])
@pytest.mark.parametrize("dynamic", [True, False])
def test_splits_are_chosen_in_compiled_code(dynamic, ahead):
    def call(q, indices, k_cache):
        sizes = {"b": q.shape[0], "h_q": 8, "topk": indices.shape[2], "device": "cpu"} if ahead else {}
        metadata, _ = get_mla_metadata(**sizes)
        return metadata, *flash_mla_with_kvcache(q, k_cache, None, None, 512, metadata, indices=indices)

    torch._dynamo.reset()
    compiled = torch.compile(call, fullgraph=True, dynamic=dynamic, backend="aot_eager")
    for b, topk in ((2, 200), (3, 200), (3, 300)):
        q, indices = torch.randn(b, 1, 8, 576).bfloat16(), torch.randint(-1, 12, (b, 1, topk), dtype=torch.int32)
        results = [run(q, indices, valid_arguments()["k_cache"]) for run in (compiled, call)]
        (traced, *left), (expected, *right) = results
        assert all(torch.equal(one, other) for one, other in zip(left, right, strict=True))
        assert traced.num_splits == expected.num_splits > 1
        assert traced.shape == expected.shape == DecodeShape(b, 1, 8, topk, 0, False, CPU)
        assert type(traced.shape.b) is int and traced.partial_out.shape == expected.partial_out.shape


def test_plans_for_gpus_can_be_made_in_compiled_code():
    # what such a plan asks torch for, without a GPU
    metadata = sys.modules["triton_tle.ops.mla_metadata"]
    compiled = torch.compile(lambda x: x + metadata._count_gpus(), fullgraph=True, backend="aot_eager")
    assert compiled(torch.zeros(1)).item() == torch.cuda.device_count()


def test_operator_is_declared_as_it_behaves():
    arguments = valid_arguments()
    partial_out, partial_lse = torch.zeros(2, 2, 1, 8, 512), torch.zeros(2, 2, 1, 8)
    torch.library.opcheck(
        torch.ops.triton_tle.mla_decode,
        (arguments["q"], arguments["k_cache"], arguments["indices"], 0.1, False, torch.zeros(8), None, None, None,
         None, 2, partial_out, partial_lse),
    )  # fmt: skip


def test_which_form_an_fp8_cache_gets(monkeypatch):
    decode = sys.modules["triton_tle.ops.mla_decode"]
    capability = {"cuda": 90}
    monkeypatch.setattr(decode, "capability_of", lambda device: capability["cuda"])

    def chosen(device="cuda", fp8=True, softmax_scale=-0.04):
        q = SimpleNamespace(device=torch.device(device))
        return decode.form_with_pipes(SimpleNamespace(fp8=fp8, q=q, softmax_scale=softmax_scale))

    assert chosen() and chosen(softmax_scale=1e-20)
    assert not chosen(softmax_scale=0.0), "-inf times 0 is NaN there"
    assert not chosen(fp8=False) and not chosen(device="cpu")
    capability["cuda"] = 100
    assert not chosen(), "the form with pipes is for sm_90"


# Targets


@pytest.mark.parametrize("arch", ["sm_80", "sm_90a", "sm_100a", "sm_120a"])
def test_compiles_for_nvidia(arch):
    reports = [report.compile_variant(variant, arch) for variant in report.variants_of("mla_decode", arch)]
    kernels = [entry.kernel.removeprefix("mla_decode_").removesuffix("_kernel") for entry in reports]
    expected = ["bf16"] * 4 + ["fp8"] * 4 + ["fp8_pipes"] * (3 if arch == "sm_90a" else 0)
    assert kernels == expected
    # Nothing spills, no product waits for another
    assert [entry.variant for entry in reports if not entry.clean] == []
    if arch == "sm_90a":
        least = {"bf16": 36, "fp8": 44, "fp8_pipes": 52}
        assert all(entry.mma["HGMMA"] >= least[kernel] for entry, kernel in zip(reports, kernels, strict=True))
