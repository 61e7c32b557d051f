"""Sparse-MLA forward kernels in Triton's interpreter, against the float64 reference."""

import importlib
from types import SimpleNamespace

import pytest
import torch
from sparse_mla_cases import SHARED, SIZES
from triton_tle.compiler import report
from triton_tle.ops.sparse_mla_fwd_merge import choose_splits

CASES = SHARED | {
    "causal, all features": {"s_q": 3, "causal_start": 40, "sink": True, "length": True, "topk": 100},
    "own output": {"own_out": True},
    "strided out": {"strided": "out"},
    "h 32": {"h_q": 32, "d_qk": 512},
    "h 64": {"h_q": 64},
}


@pytest.mark.parametrize("name", CASES)
def test_tle_kernel_matches_reference(interpreted, name):
    result = interpreted("sparse_mla_fwd", provider="tle", case=SIZES | CASES[name], seed=len(name))
    assert result["passed"], result


@pytest.mark.parametrize("capability", [80, 120])
@pytest.mark.parametrize("name", ["three tiles", "causal, all features", "unaligned kv", "h 8", "h 24", "h 128"])
def test_tiles_of_other_gpus_match_reference(interpreted, name, capability):
    result = interpreted("sparse_mla_fwd", provider=f"tle {capability}", case=SIZES | CASES[name], seed=len(name))
    assert result["passed"], result


@pytest.mark.parametrize("arch", ["sm_80", "sm_89", "sm_100a", "sm_120a"])
def test_compiles_for_other_gpus(arch):
    variants = report.variants_of("sparse_mla_fwd", arch)
    assert len(variants) == 9
    assert {variant.kernel.__name__ for variant in variants} == {"sparse_mla_fwd_kernel"}
    for variant in variants:
        result = report.compile_variant(variant, arch)
        assert result.clean and set(result.mma) == {"HMMA"}, result


# The kernel of partitions (40 heads where a case names none) with strides of whole 16 elements.
OF_PARTITIONS = {name: {"h_q": 40} | case for name, case in CASES.items() if case.get("strided") != "unaligned"}


@pytest.mark.parametrize("name", OF_PARTITIONS)
def test_kernel_of_partitions_matches_reference(interpreted, name):
    result = interpreted("sparse_mla_fwd", provider="pipes", case=SIZES | OF_PARTITIONS[name], seed=len(name))
    assert result["passed"], result


@pytest.mark.parametrize(
    ("h_q", "width", "sm_scale"),
    [(64, 577, 0.1), (64, 584, 0.1), (64, 576, -0.1), (64, 576, 1e-46)],
)
def test_kernel_of_partitions_refuses_what_it_cannot_do(h_q, width, sm_scale):
    from triton_tle.ops.sparse_mla_fwd_pipes import sparse_mla_fwd_pipes

    q = torch.zeros((1, h_q, 576), dtype=torch.bfloat16)
    kv = torch.zeros((4, 1, width), dtype=torch.bfloat16)[..., :576]
    with pytest.raises(ValueError, match="needs a Hopper GPU, .* strides that are multiples of 16 elements"):
        sparse_mla_fwd_pipes(q, kv, torch.zeros((1, 1, 8), dtype=torch.int32), sm_scale)


@pytest.mark.parametrize(
    ("h_q", "s_q", "topk", "kernel"),
    [(8, 133, 2048, "pairs"), (16, 4096, 2048, "pairs"), (24, 4096, 2048, "pairs"), (32, 4096, 2048, "pairs")]
    + [(24, 200, 2048, "pairs"), (32, 265, 2048, "pipes"), (32, 396, 2048, "pipes"), (32, 397, 2048, "pairs")]
    + [(16, 265, 2048, "pairs"), (8, 131, 2048, "tile"), (8, 132, 2048, "tile"), (16, 100, 2048, "tile")]
    + [(8, 1, 2048, "pipes"), (16, 4, 2048, "pipes"), (8, 1, 64, "tile"), (64, 1, 64, "pipes")]
    + [(32, 132, 2048, "pipes"), (40, 4096, 2048, "pipes"), (128, 1, 2048, "pipes")],
)  # fmt: skip
def test_each_size_has_the_kernel_that_is_fastest(monkeypatch, h_q, s_q, topk, kernel):
    """Of 132 multiprocessors, by the measurements of docs/performance/sparse_mla_fwd.md."""
    from triton_tle.ops import sparse_mla_fwd_few_heads_pairs as pairs
    from triton_tle.ops import sparse_mla_fwd_pipes as pipes

    tile = importlib.import_module("triton_tle.ops.sparse_mla_fwd")
    launched = []

    class Tile:
        def __getitem__(self, grid):
            return lambda *positional, **named: launched.append("tile")

    # What says that it is on a GPU; a CPU counts as one of 132 multiprocessors.
    q, kv = (SimpleNamespace(is_cuda=True, device=torch.device("cpu"), stride=lambda _: 576, data_ptr=lambda: 0),) * 2
    sizes = {"s_q": s_q, "h_q": h_q, "topk": topk, "order": None, "sm_scale": 0.1}
    args = SimpleNamespace(q=q, kv=kv, **sizes, kernel_arguments=lambda: (), kernel_features=dict)
    monkeypatch.setattr(pairs, "launch", lambda *_: launched.append("pairs"))
    monkeypatch.setattr(pipes, "launch", lambda *_: launched.append("pipes"))
    monkeypatch.setattr(tile, "choose_kernel", lambda *_: (Tile(), {"BLOCK_H": 64}))
    tile._launch(args)
    tile._launch(args, "tile")
    assert launched == [kernel, "tile"]


# Two programs: three items leave one, one item is all that there is.
@pytest.mark.parametrize("s_q", [1, 3])
@pytest.mark.parametrize("name", [name for name in OF_PARTITIONS if name not in ("h 128", "h 72")])
def test_parts_of_the_last_round_match_reference(interpreted, name, s_q):
    case = SIZES | OF_PARTITIONS[name] | {"s_q": s_q}
    result = interpreted("sparse_mla_fwd", provider="parts", case=case, seed=len(name))
    assert result["passed"], result


def test_parts_of_two_blocks_of_heads_match_reference(interpreted):
    case = SIZES | {"h_q": 72, "s_q": 3, "topk": 200, "sink": True, "length": True}
    result = interpreted("sparse_mla_fwd", provider="parts of three", case=case, seed=3)
    assert result["passed"], result


@pytest.mark.parametrize(
    ("left", "tiles", "rounds", "splits"),
    [(8, 32, 3, 11), (8, 32, 62, 1), (2, 32, 0, 16), (32, 32, 0, 4), (66, 32, 0, 2), (100, 32, 0, 1),
     (4, 8, 1, 8), (33, 8, 0, 1), (0, 32, 3, 1), (5, 0, 0, 1), (5, 1, 0, 1)],
)  # fmt: skip
def test_items_are_divided_where_that_pays(left, tiles, rounds, splits):
    assert choose_splits(left, tiles, 132, rounds) == splits


@pytest.mark.parametrize("name", ["no rope", "causal, all features", "h 72"])
def test_kernel_of_partitions_takes_tokens_in_any_order(interpreted, name):
    result = interpreted("sparse_mla_fwd", provider="ordered pipes", case=SIZES | {"h_q": 40} | CASES[name], seed=7)
    assert result["passed"], result


# The kernel of two warp groups for few heads, with two programs.
OF_PAIRS = {name: case for name, case in CASES.items() if case.get("strided") != "unaligned"}
OF_PAIRS |= {
    # Two items for three of the four groups, one for the last: 3, 9, 7 and 5 tiles with the seed of the name.
    "lengths": {"s_q": 7, "length": True, "topk": 300, "h_q": 8},
    "lengths, no rope": {"s_q": 6, "length": True, "topk": 260, "h_q": 8, "d_qk": 512, "sink": True},
    "growing scores": {"s_q": 5, "topk": 260, "spread": 30.0, "h_q": 8},
    "sixteen keys in five tiles": {"s_q": 3, "topk": 300, "invalid": 0.95},
    "one item for three": {"s_q": 1, "topk": 200, "h_q": 96},
}


@pytest.mark.parametrize("name", OF_PAIRS)
def test_kernel_of_pairs_matches_reference(interpreted, name):
    result = interpreted("sparse_mla_fwd", provider="pairs", case=SIZES | OF_PAIRS[name], seed=len(name))
    assert result["passed"], result


@pytest.mark.parametrize("d_qk", [512, 576])
@pytest.mark.parametrize("h_q", [8, 16, 24, 32, 40])
def test_kernel_of_pairs_takes_any_number_of_heads(interpreted, h_q, d_qk):
    case = {"h_q": h_q, "d_qk": d_qk, "s_q": 3, "topk": 200, "sink": True, "length": True, "causal_start": 60}
    result = interpreted("sparse_mla_fwd", provider="pairs of one", case=SIZES | case, seed=h_q)
    assert result["passed"], result


@pytest.mark.parametrize("name", ["no rope", "causal, all features", "h 72", "lengths"])
def test_kernel_of_pairs_takes_tokens_in_any_order(interpreted, name):
    case = SIZES | {"s_q": 5} | OF_PAIRS[name]
    result = interpreted("sparse_mla_fwd", provider="ordered pairs", case=case, seed=7)
    assert result["passed"], result


@pytest.mark.parametrize("provider", ["pairs", "pipes", "tle"])
def test_keys_that_nobody_lists_may_hold_nan(interpreted, provider):
    found = interpreted("sparse_mla_fwd_with_nan", provider=provider)
    assert found == {"not listed": 0.0, "listed": 1.0}


@pytest.mark.parametrize(("width", "sm_scale"), [(577, 0.1), (584, 0.1), (576, -0.1), (576, 1e-46)])
def test_kernel_of_pairs_refuses_what_it_cannot_do(width, sm_scale):
    from triton_tle.ops.sparse_mla_fwd_few_heads_pairs import sparse_mla_fwd_few_heads_pairs

    q = torch.zeros((1, 8, 576), dtype=torch.bfloat16)
    kv = torch.zeros((4, 1, width), dtype=torch.bfloat16)[..., :576]
    with pytest.raises(ValueError, match="needs a Hopper GPU, .* strides that are multiples of 16 elements"):
        sparse_mla_fwd_few_heads_pairs(q, kv, torch.zeros((1, 1, 8), dtype=torch.int32), sm_scale)


def test_kernel_of_pairs_compiles_clean():
    variants = report.variants_of("sparse_mla_fwd_few_heads_pairs", "sm_90a")
    assert len(variants) == 10
    for variant in variants:
        result = report.compile_variant(variant, "sm_90a")
        assert result.clean, result
        # Two warp groups, each with the k-steps of the scores and of four blocks of the output.
        assert result.mma == {"HGMMA": 2 * (68 if "576" in variant.label else 64)}, result


@pytest.mark.parametrize(
    "name", ["one full tile", "no rope", "ragged last tile", "causal, all features", "strided kv", "h 24", "h 72"]
)
def test_plain_triton_kernel_matches_reference(interpreted, name):
    result = interpreted("sparse_mla_fwd", provider="triton", case=SIZES | CASES[name], seed=len(name))
    assert result["passed"], result
