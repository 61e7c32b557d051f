"""Where an operator calculates: kernels or plain torch operations, and on which GPU."""

from __future__ import annotations

import contextlib

import torch
import triton

from ._checks import require


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
