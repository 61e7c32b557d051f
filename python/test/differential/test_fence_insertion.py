"""The fork's fence insertion with ``tle=false`` is stock's; with TLE's rule, what it leaves out is listed."""

import pytest
from checks import first_difference, native, stock
from corpus.pipeline import Pipeline
from corpus.registry import entries
from stages import by_native, by_stock, text_before

FLAG = "triton-nvidia-gpu-fence-insertion"
FENCE = "ttng.fence_async_shared"

FEWER_THAN_STOCK = {
    "fla-core.chunk_fwd_kernel_o",
    "fla-core.chunk_fwd_mesa_cg_dim64_kernel",
    "fla-core.chunk_mesa_net_h_kk_bwd_intra_kernel",
    "fla-core.chunk_rwkv6_fwd_cumsum_kernel",
    "fla-core.chunk_transform_qk_bwd_kernel_prepare",
    "fla-core.intra_chunk_preprocess_bwd_kernel",
    "fla-core.intra_chunk_preprocess_fwd_kernel",
    "fla-core.parallel_path_bwd_dq_kernel",
    "fla-core.parallel_path_bwd_intra_chunk_kernel",
}
"""Kernels with several products of one write: stock fences before each, the first fence serves all of them."""


@pytest.mark.parametrize("name", [name for name, entry in entries().items() if entry.arch >= 90])
def test_kernel(name):
    with stock():
        pipeline = Pipeline(entries()[name])
        found = text_before(pipeline, FLAG)
        if found is None:
            return
        text, entry = found
        theirs = by_stock(pipeline, text, entry)
        ours = by_native(pipeline, text, entry, tle=False)
        with_tle = native(text, f"{entry},triton-tle-lower-operand-fences")
    assert not first_difference(theirs, ours)
    assert (with_tle.count(FENCE) < theirs.count(FENCE)) == (name in FEWER_THAN_STOCK)
