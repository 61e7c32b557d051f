"""Where an operator calculates: kernels or plain torch operations, on which GPU, and what that GPU has."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator

import torch
import triton

from ._checks import require

DEFAULT_MULTIPROCESSORS = 132


def check_device(name: str, tensor: torch.Tensor) -> None:
    """Check where an argument lies.

    Raises:
        ValueError: `tensor` lies neither on a CUDA device nor on the CPU.
    """
    require(tensor.device.type in ("cuda", "cpu"), name, tensor.device, "be on a CUDA device or the CPU")


def runs_kernels(name: str, tensor: torch.Tensor) -> bool:
    """Whether kernels are launched for an argument: on a GPU, and with TRITON_INTERPRET=1 for CPU tensors.

    Not for code that torch.compile traces, which cannot read Triton's settings.

    Raises:
        ValueError: `tensor` lies neither on a CUDA device nor on the CPU.
    """
    check_device(name, tensor)
    return tensor.device.type == "cuda" or triton.knobs.runtime.interpret


def on_device_of(tensor: torch.Tensor) -> contextlib.AbstractContextManager:
    """Makes a tensor's GPU the current one, which Triton launches on, whichever that was before."""
    return torch.cuda.device(tensor.device) if tensor.device.type == "cuda" else contextlib.nullcontext()


@contextlib.contextmanager
def plain_torch(tensor: torch.Tensor) -> Iterator[None]:
    """For torch operations in place of a kernel: like it, they follow no autocast and record no gradient."""
    with torch.autocast(tensor.device.type, enabled=False), torch.no_grad():
        yield


@functools.cache
def capability_of(device: torch.device) -> int:
    """Compute capability of a CUDA device, 90 for sm_90; 90 for other devices, on which kernels are interpreted."""
    if device.type != "cuda" or triton.knobs.runtime.interpret or torch.version.hip:
        return 90
    major, minor = torch.cuda.get_device_capability(device)
    return 10 * major + minor


@functools.cache
def multiprocessors(device: torch.device) -> int:
    """Multiprocessors of a CUDA device; those of an H100 for other devices."""
    if device.type != "cuda":
        return DEFAULT_MULTIPROCESSORS
    return torch.cuda.get_device_properties(device).multi_processor_count
