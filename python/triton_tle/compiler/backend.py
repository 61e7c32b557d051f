"""Puts TLE into Triton's NVIDIA backend, and takes it out again."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

from triton.backends.nvidia.compiler import CUDABackend
from triton.runtime import jit

from . import environment
from .stages import KernelStages

_lock = threading.Lock()
_originals: dict[str, Callable[..., Any]] = {}


def install() -> None:
    """Let kernels that use TLE compile through its pipeline; a second call changes nothing.

    Three functions of Triton are wrapped. ``CUDABackend.add_stages``: after stock and a hook in
    ``knobs.runtime.add_stages_inspection_hook`` have made the stages, TLE puts its own before them, so it
    does not matter who sets that hook and when. ``CUDABackend.hash`` and ``compute_cache_key``: the caches on
    disk and in memory tell apart builds of TLE and values of ``TRITON_TLE``.
    """
    with _lock:
        if _originals:
            return
        _originals.update(add_stages=CUDABackend.add_stages, hash=CUDABackend.hash, key=jit.compute_cache_key)
        CUDABackend.add_stages = _with_tle_stages(_originals["add_stages"])
        CUDABackend.hash = _with_suffix(_originals["hash"])
        jit.compute_cache_key = _with_suffix_in_memory(_originals["key"])


def uninstall() -> None:
    """Undo :func:`install`; without it, does nothing."""
    with _lock:
        if not _originals:
            return
        CUDABackend.add_stages = _originals["add_stages"]
        CUDABackend.hash = _originals["hash"]
        jit.compute_cache_key = _originals["key"]
        _originals.clear()


def installed() -> bool:
    """Whether kernels compile through TLE's backend in this process."""
    return bool(_originals)


def _with_tle_stages(add_stages: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(add_stages)
    def wrapper(self: CUDABackend, stages: dict[str, Any], options: Any, language: Any) -> None:
        add_stages(self, stages, options, language)
        KernelStages(self, stages, options, language, self._parse_arch(options.arch)).install(stages)

    return wrapper


def _with_suffix(function: Callable[..., str]) -> Callable[..., str]:
    @functools.wraps(function)
    def wrapper(self: CUDABackend) -> str:
        return function(self) + environment.cache_suffix()

    return wrapper


def _with_suffix_in_memory(function: Callable[..., str]) -> Callable[..., str]:
    # Runs at every launch: the longer key is made once and kept where Triton keeps its own.
    @functools.wraps(function)
    def wrapper(kernel_key_cache: dict[Any, str], specialization: Any, options: Any) -> str:
        stock_key = function(kernel_key_cache, specialization, options)
        suffix = environment.cache_suffix()
        key = kernel_key_cache.get((stock_key, suffix))
        if key is None:
            key = kernel_key_cache[stock_key, suffix] = stock_key + suffix
        return key

    return wrapper
