"""The numerics of TLE's builtins on a GPU: the tests that the interpreter runs elsewhere."""

import sys
from pathlib import Path

import pytest
import torch
import triton

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "language"))

from numerics import *  # noqa: E402, F403

# descriptors made in a kernel live in global memory that the launcher has to get from somewhere
triton.set_allocator(lambda size, alignment, stream: torch.empty(size, dtype=torch.int8, device="cuda"))

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
