"""Products that go on with accumulators which were read in between survive ptxas."""

import re
import subprocess
import tempfile

import pytest
import triton
from coalesce_atomics_kernels import add_products
from triton import knobs
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource


@pytest.mark.parametrize("n, k", [(8, 16), (16, 64), (64, 16)])
def test_no_product_is_dropped(monkeypatch, fresh_cache, n, k):
    """REPEAT products of the same tiles: each group is in the machine code, none replaced by an empty one."""
    monkeypatch.setenv("TRITON_TLE", "1")
    pointers = {"x": "*bf16", "w": "*bf16", "index": "*i32", "out": "*fp32"}
    constants = {"M": 64, "N": n, "K": k, "REPEAT": 3, "MASK": "none", "SEM": "relaxed"}
    signature = pointers | {"limit": "i32"} | dict.fromkeys(constants, "constexpr")
    attributes = {(position,): [["tt.divisibility", 16]] for position in range(len(pointers))}
    source = ASTSource(add_products, signature, constants, attributes)
    kernel = triton.compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": 4})
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(kernel.asm["cubin"])
        file.flush()
        command = [knobs.nvidia.cuobjdump.path, "-sass", file.name]
        code = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    products = re.findall(r"HGMMA\.\S+ (\w+), gdesc\[(\w+)\]", code)
    assert len(products) == 3 * k // 16
    assert all(accumulator != "RZ" and descriptor != "URZ" for accumulator, descriptor in products)
