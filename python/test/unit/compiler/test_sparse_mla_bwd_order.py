"""The sparse-MLA backward, compiled for Hopper: no spills, and what stands between a product and the wait for it."""

import re

import pytest
import triton
from triton import knobs
from triton.backends.compiler import GPUTarget
from triton_tle.compiler import report

VARIANTS = {variant.label: variant for variant in report.variants_of("sparse_mla_bwd", "sm_90a")}


def between_product_and_wait(ttgir: str, product: str) -> list[str]:
    """Names of the ops behind the product `product`, a regular expression, and ahead of the wait that ends it."""
    loop = re.search(r"^( +)[^\n]*scf\.for .*?^\1\}", ttgir, re.DOTALL | re.MULTILINE).group(0).splitlines()
    (start,) = (i for i, line in enumerate(loop) if "ttng.warp_group_dot " in line and re.search(product, line))
    result = re.match(r" *(%[\w.]+)", loop[start]).group(1)
    wait = next(i for i in range(start, len(loop)) if f"ttng.warp_group_dot_wait {result}," in loop[i])
    return [re.match(r" *(?:%[\w.:]+(?:, %[\w.:]+)* = )?\"?([\w.]+)", line).group(1) for line in loop[start + 1 : wait]]


def compiled(tmp_path, label: str):
    variant = VARIANTS[label]
    with knobs.cache.scope():
        knobs.cache.dir = str(tmp_path)
        return triton.compile(variant.source(), target=GPUTarget("cuda", 90, 32), options=dict(variant.options))


@pytest.mark.parametrize("label", [f"d_qk {d_qk}{form}" for d_qk in (576, 512) for form in ("", ", plain gather")])
def test_products_run_beside_what_does_not_need_them(tmp_path, label):
    kernel = compiled(tmp_path, label)
    said = kernel.metadata.tle_ptxas
    assert not said["spill_store_bytes"] and not said["stack_bytes"] and not said["advice"]
    ttgir = kernel.asm["ttgir"]
    beside_dp = between_product_and_wait(ttgir, r"warp_group_dot %grad_s,")
    assert "math.exp2" in beside_dp and "ttng.warp_group_dot" not in beside_dp
    beside_dq = between_product_and_wait(ttgir, r"-> tensor<64x512xf32")
    assert beside_dq.count("ttg.local_load") == 2, "P and dS are read while dq is multiplied"
    assert "gpu.barrier" not in beside_dq and "ttng.warp_group_dot" not in beside_dq
    # The next tile is on its way while this one's additions are made, and lies where this one was.
    assert ttgir.rindex("ttg.async_copy_global_to_local") < ttgir.index("tt.atomic_rmw")
    assert kernel.metadata.shared <= 229632
