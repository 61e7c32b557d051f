"""The kernels of README.md and docs/language.md compile, and become what the text below them says."""

import re
from pathlib import Path

import pytest
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
