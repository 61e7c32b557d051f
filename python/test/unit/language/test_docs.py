"""The kernels shown in README.md and docs/language.md compile, and the reference leaves no function out."""

import importlib.util
import re
from pathlib import Path

import pytest
import triton
import triton_tle.language as tle
from frontend import ttir_text

ROOT = Path(__file__).parents[4]
PAGES = ["README.md", "docs/language.md"]
TYPES = {"q_ptr": "*bf16", "kv_ptr": "*bf16", "idx_ptr": "*i32", "ids_ptr": "*i32", "out_ptr": "*fp32", "topk": "i32"}
CONSTANTS = {"BH": 16, "BK": 64, "D": 64}


@pytest.mark.parametrize("page", PAGES)
def test_shown_kernels_compile(page, tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    kernels = [block for block in blocks if "@triton.jit" in block]
    assert kernels
    imports = "import triton\nimport triton.language as tl\nimport triton_tle.language as tle\n"
    path = tmp_path / "shown.py"
    path.write_text(imports + "\n".join(kernels))
    specification = importlib.util.spec_from_file_location("shown", path)
    shown = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(shown)
    for kernel in vars(shown).values():
        if isinstance(kernel, triton.JITFunction):
            names = kernel.arg_names
            text = ttir_text(
                kernel,
                {name: TYPES[name] for name in names if name in TYPES},
                {name: CONSTANTS[name] for name in names if name in CONSTANTS},
            )
            assert "tt.call @tle.local_pointers" in text


def test_reference_names_every_function():
    text = (ROOT / "docs/language.md").read_text()
    names = [f"tle.{name}" for name in dir(tle) if name != "gpu"] + [f"tle.gpu.{name}" for name in tle.gpu.__all__]
    assert [name for name in names if not re.search(rf"{re.escape(name)}\b", text)] == []
