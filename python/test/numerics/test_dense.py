"""Dense product and attention in the interpreter, against float64; their arguments; the benchmark's bookkeeping."""

import json

import pytest
import torch
from triton_tle.bench import dense, harness
from triton_tle.bench import flash_attention as attention_bench
from triton_tle.bench import gemm as gemm_bench
from triton_tle.ops import flash_attention, flash_attention_reference, gemm
from triton_tle.ops.flash_attention import configurations as attention_configurations
from triton_tle.ops.gemm import configurations, launch

LIMIT = {"bfloat16": 4e-3, "float16": 6e-4}
PLAIN_TILES = {"BLOCK_M": 32, "BLOCK_N": 32, "BLOCK_K": 32, "STAGES": 2, "num_warps": 4, "GROUP_M": 2}
STOCK_TILES = PLAIN_TILES | {"FLATTEN": False}
TILES = STOCK_TILES | {"PDL": False}
PIPES = {"PIPES": True, "BLOCK_M": 32, "BLOCK_N": 32, "BLOCK_K": 16, "STAGES": 2, "GROUP_M": 2}

PRODUCTS = {
    "one tile": {"m": 32, "n": 32, "k": 32},
    "whole tiles, groups that do not fill": {"m": 160, "n": 64, "k": 96},
    "partial tiles": {"m": 50, "n": 72, "k": 40},
    "rows that TMA cannot read": {"m": 33, "n": 35, "k": 37},
    "one element": {"m": 1, "n": 1, "k": 1},
    "less than a tile deep": {"m": 40, "n": 40, "k": 8},
    "padded rows": {"m": 40, "n": 40, "k": 40, "padding": 8},
    "padded rows, unaligned": {"m": 40, "n": 40, "k": 40, "padding": 3},
    "float16": {"m": 64, "n": 64, "k": 64, "dtype": "float16"},
    "tiles of other shapes": {"m": 64, "n": 128, "k": 128, "config": {"BLOCK_N": 64, "BLOCK_K": 16, "FLATTEN": True}},
    "several tiles a program": {"m": 96, "n": 160, "k": 72, "config": {"FLATTEN": True}},
    "dependent launches asked for": {"m": 32, "n": 32, "k": 32, "config": {"PDL": True}},
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_product(interpreted, name):
    case = {"dtype": "bfloat16", "padding": 0} | PRODUCTS[name]
    case["config"] = TILES | case.get("config", {})
    assert interpreted("gemm", provider="tle", seed=len(name), **case) < LIMIT[case["dtype"]]


PRODUCTS_IN_PARTITIONS = {
    "one tile": {"m": 32, "n": 32, "k": 16},
    "one tile, several steps": {"m": 32, "n": 32, "k": 80},
    "half a tile": {"m": 16, "n": 16, "k": 32},
    "several tiles a program, groups that do not fill": {"m": 160, "n": 96, "k": 64},
    "partial tiles, partial steps": {"m": 75, "n": 104, "k": 40},
    "one row": {"m": 1, "n": 8, "k": 8},
    "padded rows": {"m": 40, "n": 40, "k": 40, "padding": 8},
    "float16": {"m": 64, "n": 64, "k": 64, "dtype": "float16"},
    "more slots than steps": {"m": 96, "n": 64, "k": 32, "config": {"STAGES": 4}},
    "tiles of other shapes": {"m": 128, "n": 64, "k": 96, "config": {"BLOCK_M": 64, "BLOCK_K": 32, "STAGES": 3}},
}


@pytest.mark.parametrize("name", PRODUCTS_IN_PARTITIONS)
def test_product_in_partitions(interpreted, name):
    case = {"dtype": "bfloat16", "padding": 0} | PRODUCTS_IN_PARTITIONS[name]
    case["config"] = PIPES | case.get("config", {})
    assert interpreted("gemm", provider="tle", seed=len(name), **case) < LIMIT[case["dtype"]]


def test_partitions_need_matrices_that_tma_can_read():
    a, b, c = (torch.zeros(8, 9, dtype=torch.bfloat16)[:, :8] for _ in range(3))
    with pytest.raises(ValueError, match="PIPES, but TMA cannot read or write"):
        launch(a, b, c, PIPES)
    empty = torch.zeros(8, 0, dtype=torch.bfloat16), torch.zeros(0, 8, dtype=torch.bfloat16)
    with pytest.raises(ValueError, match="PIPES, but k is 0"):
        launch(*empty, torch.zeros(8, 8, dtype=torch.bfloat16), PIPES)


def test_configurations_in_partitions():
    """For many rows on Hopper they come first."""
    assert "PIPES" in configurations(129)[0] and "PIPES" in configurations(8192)[0]
    for configs in (configurations(128), configurations(64), configurations(8192, 80), configurations(8192, 100)):
        assert not any("PIPES" in config for config in configs)


@pytest.mark.parametrize("provider", ["triton_tma", "triton_pointers"])
def test_stock_product(interpreted, provider):
    config = STOCK_TILES if provider == "triton_tma" else PLAIN_TILES
    case = {"m": 40, "n": 96, "k": 64, "dtype": "bfloat16", "padding": 0, "config": config}
    assert interpreted("gemm", provider=provider, seed=1, **case) < LIMIT["bfloat16"]


BLOCKS = {"BLOCK_M": 32, "BLOCK_N": 32, "STAGES": 2, "AHEAD": True, "LATE": False, "num_warps": 4}

ATTENTIONS = {
    "whole tiles": {"shape": [1, 2, 64, 64], "s_kv": 96},
    "one tile": {"shape": [1, 1, 32, 64], "s_kv": 32},
    "one key": {"shape": [2, 1, 3, 64], "s_kv": 1},
    "partial tiles": {"shape": [2, 1, 50, 64], "s_kv": 77},
    "partial tiles, d 128": {"shape": [1, 2, 33, 128], "s_kv": 65},
    "causal": {"shape": [1, 2, 96, 64], "s_kv": 96, "causal": True},
    "causal, one element": {"shape": [1, 1, 1, 64], "s_kv": 1, "causal": True},
    "causal, partial tiles": {"shape": [1, 1, 77, 128], "s_kv": 77, "causal": True},
    "causal, fewer keys than queries": {"shape": [1, 1, 80, 64], "s_kv": 40, "causal": True},
    "causal, more keys than queries": {"shape": [1, 1, 40, 64], "s_kv": 80, "causal": True},
    "causal, wide blocks of queries": {"shape": [1, 1, 96, 64], "s_kv": 96, "causal": True, "config": {"BLOCK_M": 64}},
    "causal, wide blocks, partial": {"shape": [1, 1, 90, 64], "s_kv": 90, "causal": True, "config": {"BLOCK_M": 64}},
    "causal, wide tiles of keys": {"shape": [1, 1, 96, 64], "s_kv": 128, "causal": True, "config": {"BLOCK_N": 64}},
    "float16": {"shape": [1, 1, 64, 64], "s_kv": 64, "dtype": "float16"},
    "sharp softmax": {"shape": [1, 1, 64, 64], "s_kv": 96, "scale": 4.0},
}


ORDERS = {
    "ahead": {"AHEAD": True, "LATE": False},
    "in turn": {"AHEAD": False, "LATE": False},
    "in turn, V late": {"AHEAD": False, "LATE": True},
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", ATTENTIONS)
def test_attention(interpreted, name, order):
    case = {"causal": False, "dtype": "bfloat16", "scale": 0.125} | ATTENTIONS[name]
    case["config"] = BLOCKS | case.get("config", {}) | ORDERS[order]
    out, lse = interpreted("flash_attention", provider="tle", seed=len(name), **case)
    assert out < LIMIT[case["dtype"]] and lse < 1e-4


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("form", ["tma", "early", "ahead", "pointers"])
def test_stock_attention(interpreted, form, causal):
    config = {name: value for name, value in BLOCKS.items() if name not in ("AHEAD", "LATE")}
    case = {"shape": [1, 2, 96, 64], "s_kv": 96, "causal": causal, "dtype": "bfloat16", "scale": 0.125}
    out, lse = interpreted("flash_attention", provider=form, seed=3, config=config, **case)
    assert out < LIMIT["bfloat16"] and lse < 1e-4


def matrices(m=3, n=5, k=4, dtype=torch.bfloat16):
    return {"a": torch.ones(m, k, dtype=dtype), "b": torch.ones(k, n, dtype=dtype)}


REFUSED_PRODUCTS = {
    "a no tensor": ({"a": 1}, TypeError, "a must be a torch.Tensor, got int"),
    "a float32": ({"a": torch.ones(3, 4)}, TypeError, "a must have dtype torch.bfloat16 or torch.float16, got .*32"),
    "b other dtype": ({"b": torch.ones(4, 5).half()}, TypeError, "b must have dtype torch.bfloat16, got torch.float16"),
    "b other k": ({"b": torch.ones(6, 5).bfloat16()}, ValueError, r"b must have shape \[4, '\*'\], got \[6, 5\]"),
    "b transposed": ({"b": torch.ones(5, 4).bfloat16().T}, ValueError, "b must have stride 1 in its last dimension"),
    "out size": ({"out": torch.ones(3, 4).bfloat16()}, ValueError, r"out must have shape \[3, 5\], got \[3, 4\]"),
    "out one row": (
        {"out": torch.ones(5).bfloat16().expand(3, 5)},
        ValueError,
        r"out must have a place of its own for each element, got strides \(0, 1\)",
    ),
    "out overlaps itself": (
        {"out": torch.ones(20).bfloat16().as_strided((3, 5), (4, 1))},
        ValueError,
        r"out must have a place of its own for each element, got strides \(4, 1\)",
    ),
}


@pytest.mark.parametrize("name", REFUSED_PRODUCTS)
def test_refused_product(name):
    change, error, message = REFUSED_PRODUCTS[name]
    with pytest.raises(error, match=message):
        gemm(**matrices() | change)


def test_product_on_cpu():
    out = torch.empty(3, 5).bfloat16()
    assert gemm(**matrices(), out=out) is out and (out == 4).all()
    assert gemm(**matrices(k=0)).abs().sum() == 0
    assert gemm(**matrices(m=0)).shape == (0, 5)
    strided = torch.zeros(4, 8).bfloat16()
    assert (gemm(**matrices(), out=strided[:3, :5]) == 4).all() and strided.sum() == 4 * 3 * 5
    one_row = torch.zeros(5).bfloat16()
    gemm(**matrices(m=1), out=one_row.as_strided((1, 5), (0, 1)))
    assert (one_row == 4).all()


def heads(s_q=3, s_kv=5, d=64, dtype=torch.bfloat16):
    generator = torch.Generator().manual_seed(0)
    shapes = {"q": (1, 2, s_q, d), "k": (1, 2, s_kv, d), "v": (1, 2, s_kv, d)}
    return {name: torch.randn(shape, generator=generator).to(dtype) for name, shape in shapes.items()}


REFUSED_ATTENTIONS = {
    "q float32": ({"q": torch.ones(1, 2, 3, 64)}, TypeError, "q must have dtype torch.bfloat16 or torch.float16"),
    "heads": (
        {"q": torch.ones(64).bfloat16().expand(512, 128, 3, 64)},
        ValueError,
        r"q.shape\[0\] \* q.shape\[1\] must be at most 65535, got 65536",
    ),
    "head size": ({"q": torch.ones(1, 2, 3, 96).half()}, ValueError, r"q.shape\[3\] must be 64 or 128, got 96"),
    "k other heads": ({"k": torch.ones(1, 1, 5, 64).bfloat16()}, ValueError, "k must have shape"),
    "v other length": ({"v": torch.ones(1, 2, 4, 64).bfloat16()}, ValueError, "v must have shape"),
    "no keys": (
        {"k": torch.ones(1, 2, 0, 64).bfloat16(), "v": torch.ones(1, 2, 0, 64).bfloat16()},
        ValueError,
        r"k.shape\[2\] must be at least 1, got 0",
    ),
    "k strided": (
        {"k": torch.ones(1, 5, 2, 64).bfloat16().transpose(1, 2)},
        ValueError,
        "k must be contiguous, got strides",
    ),
    "scale 0": ({"sm_scale": 0.0}, ValueError, "sm_scale must be positive, got 0.0"),
    "causal": ({"causal": 1}, TypeError, "causal must be a bool, got int"),
    "scale text": ({"sm_scale": "1"}, TypeError, "sm_scale must be a number, got str"),
    "out dtype": ({"out": torch.ones(1, 2, 3, 64)}, TypeError, "out must have dtype torch.bfloat16"),
}


@pytest.mark.parametrize("name", REFUSED_ATTENTIONS)
def test_refused_attention(name):
    change, error, message = REFUSED_ATTENTIONS[name]
    with pytest.raises(error, match=message):
        flash_attention(**heads() | change)


@pytest.mark.parametrize("causal", [False, True])
def test_attention_on_cpu_is_torch_s(causal):
    inputs = heads(s_q=5)
    out, lse = flash_attention(**inputs, causal=causal)
    expected = torch.nn.functional.scaled_dot_product_attention(
        *(inputs[name].double() for name in "qkv"), is_causal=causal
    )
    torch.testing.assert_close(out.double(), expected, rtol=1e-2, atol=1e-2)
    reference, reference_lse = flash_attention_reference(**inputs, scale=0.125, causal=causal)
    torch.testing.assert_close(reference, expected)
    torch.testing.assert_close(lse.double(), reference_lse, rtol=1e-5, atol=1e-5)
    assert flash_attention(**heads(s_q=0))[0].shape == (1, 2, 0, 64)


@pytest.mark.parametrize("d", [64, 128])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("capability", [80, 90])
def test_first_configuration_fits_the_length_and_the_others_stay(d, causal, capability):
    long, short = (attention_configurations(d, causal, capability, s_kv) for s_kv in (1025, 1024))
    assert sorted(map(str, long)) == sorted(map(str, short))
    tiles = [(first["BLOCK_M"], first["BLOCK_N"]) for first in (long[0], short[0])]
    if capability == 80:
        assert tiles[0] == tiles[1]
    elif causal:
        assert tiles == [(64, 128) if d == 64 else (128, 128), (64, 64)]
    else:
        assert tiles == ([(64, 128), (128, 64)] if d == 64 else [(128, 128), (128, 128)])


class Family:
    """A family of two cases whose providers are functions on the CPU."""

    NAME, LIMIT, QUICK_CASES = "family", 1e-3, ()
    CASES = (gemm_bench.Case(2, 2, 2), gemm_bench.Case(2, 2, 4))
    __name__ = "family"

    def __init__(self, providers):
        self.PROVIDERS = {name: lambda provider=provider: provider for name, provider in providers.items()}

    def make_inputs(self, case, seed):
        return {"out": torch.zeros(2)}

    def error(self, case, inputs, out):
        return float((out - 1).abs().max())


@pytest.fixture
def without_gpu(monkeypatch):
    """Times come from the providers' attribute of the configuration; nothing is compiled."""

    def times(runs, rounds, target_ms, more=None):
        return {name: harness.Timing([run() or 1.0] * rounds) for name, run in runs.items()}

    monkeypatch.setattr(dense, "_time", times)
    monkeypatch.setattr(dense.harness, "environment", lambda commit: {"gpu": "none"})
    monkeypatch.setattr(dense, "product_tflops", lambda results, log: 500.0)
    monkeypatch.setattr(dense, "_compile_all", lambda module, providers, cases, log: {("tle", "bf16", (("t", 0.1),))})


def filling(value, time=None):
    def run(inputs, config, warm_up):
        inputs["out"].fill_(value)
        return config["t"] if config else time

    return run


def test_bench_chooses_checks_and_compares(without_gpu):
    slow, fast, broken, inexact = {"t": 4.0}, {"t": 2.0}, {"t": 0.1}, {"t": 1.0}

    def run(inputs, config, warm_up):
        return filling(1.5 if config == inexact else 1.0)(inputs, config, warm_up)

    family = Family(
        {
            "tle": dense.Provider(run, lambda case: [slow, inexact, fast, broken]),
            "stock": dense.Provider(filling(1.0), lambda case: [slow], stock=True),
            "wrong": dense.Provider(filling(2.0), lambda case: [slow]),
        }
    )
    family.error = lambda case, inputs, out: float((inputs["out"] - 1).abs().max())
    lines = []
    results = dense.run(family, False, None, None, lines.append)
    json.dumps(results)
    first = results["cases"][0]
    assert first["providers"]["tle"]["config"] == fast and first["providers"]["tle"]["ms"] == 2.0
    assert first["providers"]["tle"]["ratio"] == {"stock": 2.0, dense.STOCK: 2.0}
    entry = first["providers"]["tle"]
    assert entry["product_share"] == entry["tflops"] / 500.0
    assert list(first["providers"]) == ["tle", "stock"] and "no configuration is right" in first["failed"]["wrong"]
    assert first["providers"]["tle"]["tried_errors"][str(inexact)] == 0.5
    assert str(inexact) not in first["providers"]["tle"]["tried_ms"]
    assert first["providers"]["tle"]["interval"] == {"stock": (2.0, 2.0), dense.STOCK: (2.0, 2.0)}
    assert "2.000" in lines[-1].splitlines()[-1] and "x best stock" in lines[-1]
    assert "2.000 to 2.000 (31)" in lines[-1].splitlines()[-1]
    with pytest.raises(ValueError, match="only names no provider: other; there are tle, stock, wrong"):
        dense.run(family, False, ["other"], None, lines.append)


def test_rounds_in_which_the_gpu_is_slow_for_all_choose_nothing(monkeypatch):
    """`first` has the smaller median, but only because its slow rounds were everybody's slow rounds but one."""
    milliseconds = {
        ("tle", 0): [1.0, 1.0, 2.2, 2.2, 1.0],
        ("tle", 1): [1.1, 0.9, 2.0, 2.0, 1.1],
        ("stock", 0): [1.0, 0.8, 2.0, 2.0, 1.0],
    }

    def times(runs, rounds, target_ms):
        return {name: harness.Timing(milliseconds[key]) for key in milliseconds for name in runs if name == str(key)}

    monkeypatch.setattr(dense, "_time", times)
    chosen, medians = dense._choose(dict.fromkeys(milliseconds, lambda: None))
    assert medians["tle", 0] < medians["tle", 1]
    assert chosen == {"tle": 1, "stock": 0}


def test_slow_configurations_are_not_timed_again(without_gpu, monkeypatch):
    seen = []
    time = dense._time
    monkeypatch.setattr(dense, "_time", lambda runs, *rest: seen.append(list(runs)) or time(runs, *rest))
    configs = [{"t": 1.0 + 0.01 * number} for number in range(dense.FINALISTS + 1)] + [{"t": 2.0}]
    family = Family({"tle": dense.Provider(filling(1.0), lambda case: configs)})
    family.CASES = family.CASES[:1]
    family.error = lambda case, inputs, out: float((inputs["out"] - 1).abs().max())
    results = dense.run(family, False, None, None, lambda line: None)
    trial, final, figures = seen
    assert len(trial) == len(configs) and len(final) == dense.FINALISTS and figures == ["tle"]
    entry = results["cases"][0]["providers"]["tle"]
    assert entry["config"] == configs[0] and entry["error"] == 0.0
    assert list(entry["finalists_ms"].values()) == [1.0, 1.01, 1.02]


@pytest.mark.parametrize(
    "ratios, asks",
    [
        ([0.98, 1.0, 1.02], True),  # close to 1, wide
        ([1.0, 1.02, 1.04], True),  # the same on either side of 1
        ([0.96, 0.98, 1.0], True),
        ([0.997, 1.0, 1.003], False),  # narrow: a tie
        ([0.977, 0.98, 0.983], False),  # narrow: slower
        ([1.05, 1.2, 1.3], False),  # far from 1
        ([0.7, 0.8, 0.95], False),
    ],
)
def test_ratios_near_one_get_more_rounds(ratios, asks):
    timings = {"tle": harness.Timing([1.0] * 3), "stock": harness.Timing(ratios), "slow": harness.Timing([2.0] * 3)}
    assert dense._is_open(timings, ["stock", "slow"]) is asks
    assert not dense._is_open(timings, []) and not dense._is_open({"stock": timings["stock"]}, ["stock"])


def test_intervals_are_of_single_calls(monkeypatch):
    """A graph holds more calls of one provider than of another; their ratio must not show."""
    monkeypatch.setattr(dense, "_graph", lambda run: (run, 4 if run is slow else 2))
    seen = []

    def rounds(runs, rounds, target_ms, more, most):
        timings = {"fast": harness.Timing([2.0] * rounds), "slow": harness.Timing([8.0] * rounds)}
        seen.append((more(timings), most))
        return timings

    def fast():
        """Two calls a graph."""

    def slow():
        """Four calls a graph."""

    monkeypatch.setattr(dense, "time_in_rounds", rounds)
    times = dense._time({"fast": fast, "slow": slow}, 7, 1.0, lambda timings: timings["fast"].ratio_to(timings["slow"]))
    assert seen == [(2.0, dense.MOST_ROUNDS)] and times["slow"].milliseconds == [2.0] * 7


def test_cases_count_the_operator_s_work():
    assert gemm_bench.Case(2, 3, 4).flops == 48
    case = attention_bench.Case(4096, 64, True)
    assert (case.batch, case.heads) == (4, 32) and case.flops == 2 * 4 * 32 * 4096 * 4096 * 64
    assert all(case.s % 128 == 0 for case in attention_bench.CASES)
