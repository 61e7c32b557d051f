"""Language of TLE kernels: ``import triton_tle.language as tle``, used inside ``@triton.jit`` functions.

``tle.gpu`` holds what deals with shared memory; the functions of this module work on register tensors and loops.
"""

from . import _atomics, _interpreter_mends, _tuples, gpu  # noqa: F401
from ._loops import resolve_pipeline
from ._pipes import pipe
from ._tiles import cumsum, extract_tile, insert_tile

__all__ = ["cumsum", "extract_tile", "gpu", "insert_tile", "pipe", "pipeline"]

_atomics.install()
_tuples.install()


def __getattr__(name: str):
    # Triton's frontend recognizes a loop by the identity of `tl.range`, which the interpreter replaces while a kernel
    # runs: `pipeline` is looked up anew each time.
    if name == "pipeline":
        return resolve_pipeline()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
