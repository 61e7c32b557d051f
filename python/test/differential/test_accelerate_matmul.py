"""The fork's matmul acceleration with ``tle=false``, then stock's for what it leaves, is stock's alone."""

import pytest
from checks import first_difference, stock
from corpus.pipeline import Pipeline, parse
from corpus.registry import entries
from stages import by_native, by_stock, text_before

FLAG = "tritongpu-accelerate-matmul"
PRODUCT = "ttng.warp_group_dot "


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
