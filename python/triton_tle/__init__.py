"""TritonTLE: Triton with explicit shared-memory staging, WGMMA operand views and tile-style pipelines."""

__version__ = "0.1.0"

from . import compiler, language
from .compiler import NativeLibraryError, PtxasWarning, TLECompilationError

__all__ = ["NativeLibraryError", "PtxasWarning", "TLECompilationError", "__version__", "compiler", "language"]

compiler.install()
