"""``tle.pipeline``: the range of a loop whose iterations are to overlap."""

import triton
import triton.language as tl

STOCK_RANGE = tl.range


def interpreted_pipeline(start, stop=None, step=None, num_stages=None, **options):
    """`tle.pipeline` inside the interpreter, where stages change nothing: an ordinary range."""
    return tl.range(start, stop, step, num_stages=num_stages, **options)


interpreted_pipeline.__triton_builtin__ = True


def resolve_pipeline():
    """Gives what ``tle.pipeline`` stands for now.

    ``for i in tle.pipeline(start, stop, step, num_stages=n)`` counts as ``range(start, stop, step)`` does and asks for
    `n` tiles in flight (``tt.num_stages`` on the loop). `start` may be left out, `step` is 1 by default. In a compiled
    kernel it is ``tl.range`` itself, with all of its options; in an interpreted one it counts and nothing else.
    """
    if tl.range is STOCK_RANGE and triton.knobs.runtime.interpret:
        # Imported by name before the interpreter has put its own range in place.
        return interpreted_pipeline
    return tl.range
