"""The product of python/test/gpu/explore_gemm.py: a divided last round in the interpreter; compiled for sm_90a."""

from pathlib import Path

import pytest
from triton_tle.compiler import report

SCRIPT = Path(__file__).parents[1] / "gpu" / "explore_gemm.py"
CONFIG = {"BLOCK_M": 16, "BLOCK_N": 32, "BLOCK_K": 16, "STAGES": 2, "GROUP_M": 2, "num_warps": 4}

# Tiles are 16 x 32 and 16 deep.
PRODUCTS = {
    "one tile, one program": {"m": 16, "n": 32, "k": 16, "programs": 1},
    "a last round of one tile": {"m": 48, "n": 96, "k": 80, "programs": 4},
    "a last round that lacks one tile": {"m": 48, "n": 160, "k": 96, "programs": 4},
    "no last round": {"m": 32, "n": 96, "k": 48, "programs": 3},
    "all tiles in the last round": {"m": 32, "n": 96, "k": 80, "programs": 7},
    "whole tiles among the parts": {"m": 16, "n": 96, "k": 48, "programs": 4},
    "a tile of many programs": {"m": 16, "n": 32, "k": 176, "programs": 5},
    "a whole tile and four halves": {"m": 32, "n": 128, "k": 32, "programs": 5},
    "parts of one step": {"m": 16, "n": 64, "k": 64, "programs": 8},
    "more programs than steps": {"m": 16, "n": 64, "k": 48, "programs": 11},
    "more programs than steps, tiles one step deep": {"m": 48, "n": 64, "k": 16, "programs": 8},
    "partial tiles, partial steps": {"m": 45, "n": 152, "k": 104, "programs": 4},
    "partial tiles, nothing whole": {"m": 20, "n": 40, "k": 88, "programs": 6},
    "one row": {"m": 1, "n": 8, "k": 8, "programs": 3},
}


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("name", PRODUCTS)
def test_divided_tail(interpreted, name, together):
    config = CONFIG | {"TOGETHER": together}
    error, same, counters = interpreted("divided_tail", config=config, seed=len(name), **PRODUCTS[name])
    assert error < 4e-3 and same and counters == 0


@pytest.mark.parametrize("variant", report.variants_of(str(SCRIPT), "sm_90a"), ids=lambda variant: variant.label)
def test_compiles_cleanly(variant):
    result = report.compile_variant(variant, "sm_90a")
    assert result.clean, result
    assert result.shared_bytes > 112 * 1024  # the stages: the loops are pipelined
    programs = 2 if "128x128" in variant.label else 1
    assert programs * (result.shared_bytes + 1024) <= 228 * 1024
    assert programs * result.num_warps * 32 * result.registers <= 64 * 1024
