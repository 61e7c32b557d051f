"""Hopper's kernels of the corpus with products of warp groups, through ptxas: what TLE makes of them is not serialized.

Our own spill nothing; kernels of other packages, in the sizes that their recipes choose, spill no more than stock's,
but for GUARDED.

`PYTHONPATH=python python python/test/differential/test_wgmma_resources.py` prints what ptxas says of each, stock's
kernel beside TLE's.
"""

import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from checks import stock
from corpus.pipeline import Pipeline
from corpus.registry import entries
from stages import text_before
from triton.backends.nvidia.compiler import get_ptxas
from triton_tle.compiler.ptxas import Resources, parse_log

#: Bytes that a kernel may spill more than stock's: what it costs to keep ptxas from dropping a product
#: (triton-tle-guard-wgmma-accumulators).
GUARDED = {"fla-core.fused_chunk_based_fwd_kernel": 32}

HOPPER = [name for name, entry in entries().items() if entry.arch == 90]


def resources(ptx: str, folder: Path) -> Resources:
    """What ptxas says of a kernel for sm_90a. Raises CalledProcessError."""
    source = folder / "kernel.ptx"
    source.write_text(ptx)
    command = [get_ptxas(90).path, "-v", "--gpu-name=sm_90a", str(source), "-o", str(folder / "kernel.cubin")]
    return parse_log(subprocess.run(command, check=True, capture_output=True, text=True).stderr)


def pipeline_with_products(name: str) -> Pipeline | None:
    """The corpus entry's pipeline; None if it has no dot, or is written in Gluon, which TLE leaves to stock."""
    with stock():
        pipeline = Pipeline(entries()[name])
        found = text_before(pipeline, "tritongpu-accelerate-matmul")
    return pipeline if found and "tt.dot" in found[0] else None


def ptx_of_tle(pipeline: Pipeline) -> str:
    with mock.patch.dict(os.environ, TRITON_TLE="1"):
        return pipeline.run()


@pytest.mark.parametrize("name", HOPPER)
def test_not_serialized_and_no_more_spills(name, tmp_path):
    pipeline = pipeline_with_products(name)
    if pipeline is None:
        return
    ptx = ptx_of_tle(pipeline)
    if "wgmma.mma_async" not in ptx:
        return
    found = resources(ptx, tmp_path)
    assert not found.serialized, found
    if found.spills and entries()[name].third_party:
        with stock():
            theirs = resources(pipeline.run(), tmp_path)
        assert found.spill_store_bytes <= theirs.spill_store_bytes + GUARDED.get(name, 0), (found, theirs)
    else:
        assert not found.spills, found


def test_some_kernels_have_products(tmp_path):
    """And ptxas's warning is seen: stock's backward is serialized."""
    pipeline = pipeline_with_products("attention_backward")
    with stock():
        ptx = pipeline.run()
    assert "wgmma.mma_async" in ptx and resources(ptx, tmp_path).serialized


def show(folder: Path) -> None:
    """Print one line a kernel: registers, bytes spilled, serialized or not, by stock and by TLE."""
    print("| kernel | registers | spilled bytes | serialized | registers, TLE | spilled bytes | serialized |")
    print("| --- | ---: | ---: | --- | ---: | ---: | --- |")
    for name in HOPPER:
        pipeline = pipeline_with_products(name)
        if pipeline is None:
            continue
        with stock():
            theirs = pipeline.run()
        ours = ptx_of_tle(pipeline)
        if "wgmma.mma_async" not in theirs + ours:
            continue
        cells = [f"`{name}`"]
        for ptx in (theirs, ours):
            found = resources(ptx, folder)
            serialized = ", ".join(code for code, text in found.advice if "serialized" in text)
            cells += [str(found.registers), str(found.spill_store_bytes), serialized or "no"]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        show(Path(name))
