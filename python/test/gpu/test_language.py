"""The numerics of TLE's builtins on a GPU: the tests that the interpreter runs elsewhere."""

import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "language"))

from numerics import *  # noqa: E402, F403

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
