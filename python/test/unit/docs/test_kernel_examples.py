"""Kernels of README.md and docs/language.md become what the pages say; what docs/compiler.md advises helps."""

import re
from pathlib import Path

import pytest
import triton
import triton.language as tl
from triton_tle.compiler import report

ROOT = Path(__file__).resolve().parents[4]
IMPORTS = "import triton\nimport triton.language as tl\nimport triton_tle.language as tle\n"


@pytest.mark.parametrize("page", ["README.md", "docs/language.md"])
def test_kernel_is_pipelined(page, tmp_path, monkeypatch, capfd):
    """The tile gets two slots, the product reads it in place."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    file = tmp_path / "example.py"
    file.write_text(IMPORTS + next(block for block in blocks if "@triton.jit" in block))
    module = report.load_file(str(file))
    (kernel,) = (value for value in vars(module).values() if hasattr(value, "arg_names"))
    *pointers, _, _, _, _ = kernel.arg_names  # topk and three sizes
    signature = dict(zip(pointers, ("*bf16:16", "*bf16:16", "*i32:16", "*fp32:16"), strict=True)) | {"topk": "i32:16"}
    monkeypatch.setenv("TRITON_TLE_REMARKS", "tile-style|dot-operands")
    made = report.compile_variant(report.Variant("", kernel, signature, {"BH": 64, "BK": 64, "D": 512}), "sm_90a")
    assert made.clean and made.mma
    said = capfd.readouterr().err
    assert "2 slots of 65536 bytes" in said and "operand B is read where it is" in said


@triton.jit
def attention(q, k, v, out, n, ASSUME: tl.constexpr, M: tl.constexpr, N: tl.constexpr, D: tl.constexpr):
    rows, keys, inner = tl.arange(0, M), tl.arange(0, N), tl.arange(0, D)
    query = tl.load(q + rows[:, None] * D + inner[None, :])
    total = tl.zeros((M, D), tl.float32)
    peak = tl.full((M,), float("-inf"), tl.float32)
    if ASSUME:
        tl.assume(n > 0)
    for start in range(0, n, N):
        scores = tl.dot(query, tl.load(k + (start + keys)[None, :] * D + inner[:, None]))
        new_peak = tl.maximum(peak, tl.max(scores, 1))
        p = tl.exp2(scores - new_peak[:, None])
        value = tl.load(v + (start + keys)[:, None] * D + inner[None, :])
        total = tl.dot(p.to(tl.bfloat16), value, total * tl.exp2(peak - new_peak)[:, None])
        peak = new_peak
    tl.store(out + rows[:, None] * D + inner[None, :], total)


@pytest.mark.filterwarnings("ignore:ptxas")
@pytest.mark.parametrize("assume, codes", [(False, ["C7515"]), (True, [])])
def test_a_loop_that_runs_is_not_serialized(assume, codes, monkeypatch):
    monkeypatch.setenv("TRITON_TLE", "1")
    signature = dict.fromkeys("qkv", "*bf16:16") | {"out": "*fp32:16", "n": "i32:16"}
    constants = {"ASSUME": assume, "M": 128, "N": 64, "D": 128}
    variant = report.Variant("", attention, signature, constants, {"num_warps": 8, "num_stages": 2})
    warned = report.compile_variant(variant, "sm_90a").ptxas_warnings
    assert [warning[1:6] for warning in warned] == codes
