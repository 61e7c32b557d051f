"""`triton.experimental.tle`: the same modules as `triton_tle` under the name that existing TLE kernels import."""

import sys

import triton_tle.language
import triton_tle.language.gpu

language = triton_tle.language

# One module object under both names, however it is imported.
sys.modules[f"{__name__}.language"] = triton_tle.language
sys.modules[f"{__name__}.language.gpu"] = triton_tle.language.gpu

__all__ = ["language"]
