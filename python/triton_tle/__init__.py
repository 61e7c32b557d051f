"""TritonTLE: Triton with explicit shared-memory staging, WGMMA operand views and tile-style pipelines."""

__version__ = "0.1.0"

from . import language

__all__ = ["__version__", "language"]
