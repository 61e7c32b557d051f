"""The fork's matmul acceleration with ``tle=false`` is stock's: alone for mma.sync, before stock's for the rest."""

from dataclasses import replace

import pytest
from checks import first_difference, stock
from corpus.pipeline import Pipeline, parse
from corpus.registry import entries
from stages import by_native, by_stock, text_before
from triton.compiler.errors import CompilationError

FLAG = "tritongpu-accelerate-matmul"
PRODUCT = "ttng.warp_group_dot "
SYNC_TARGETS = (120, 89, 80)


def without_locations(pipeline, text):
    """The module with values numbered: their names come from locations, which only debugging sees."""
    return parse(text, pipeline._new_context()).str_nodebug()


@pytest.mark.parametrize("name", entries())
def test_kernel(name):
    with stock():
        pipeline = Pipeline(entries()[name])
        found = text_before(pipeline, FLAG)
        if found is None:
            return
        text, entry = found
        theirs = by_stock(pipeline, text, entry)
        ours = by_native(pipeline, text, entry, tle=False)
        both = by_stock(pipeline, ours, entry)
    # Block-scaled dots are stock's: it takes them apart first.
    if "tt.dot_scaled" not in text:
        assert ours.count(PRODUCT) == theirs.count(PRODUCT)
    assert not first_difference(without_locations(pipeline, theirs), without_locations(pipeline, both))


def on_target(name, arch):
    """The kernel of corpus entry ``name`` compiled for ``arch`` up to the pass, None where it has no place there."""
    try:
        pipeline = Pipeline(replace(entries()[name], arch=arch))
        found = text_before(pipeline, FLAG)
    except CompilationError:
        # The frontend refuses types that the target lacks, such as e4m3 on Ampere, and instructions of Blackwell.
        return None
    # Block-scaled dots are stock's, which takes them apart in the same go.
    if found is None or "tt.dot " not in found[0] or "tt.dot_scaled" in found[0]:
        return None
    return pipeline, *found


@pytest.mark.parametrize("name", entries())
def test_sync_targets(name):
    for arch in SYNC_TARGETS:
        with stock():
            compiled = on_target(name, arch)
            if compiled is None and arch == SYNC_TARGETS[0]:
                return
            if compiled is None:
                continue
            pipeline, text, entry = compiled
            theirs = by_stock(pipeline, text, entry)
            ours = by_native(pipeline, text, entry, tle=False)
        difference = first_difference(without_locations(pipeline, theirs), without_locations(pipeline, ours))
        assert not difference, f"sm_{arch}: {difference}"
