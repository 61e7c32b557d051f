"""The TLE compiler: two engines, one pipeline, written down as data.

``print(pipeline(arch="sm_90a"))`` shows the passes of a kernel that uses TLE, ``install()`` puts them into
Triton's NVIDIA backend.
"""

from .backend import install, installed, uninstall
from .errors import NativeLibraryError, PtxasWarning, SharedMemoryError, TLECompilationError
from .pipelines import Pass, Pipeline, Stage, pipeline

__all__ = [
    "NativeLibraryError",
    "Pass",
    "Pipeline",
    "PtxasWarning",
    "SharedMemoryError",
    "Stage",
    "TLECompilationError",
    "install",
    "installed",
    "pipeline",
    "uninstall",
]
