"""Launches that may begin before the kernel in front has ended (programmatic dependent launch, sm_90 and later)."""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from ._devices import capability_of


def pdl_options(device: torch.device) -> dict[str, bool]:
    """Options for a launch that may begin before the kernel in front of it has ended, where the device can do that."""
    can = device.type == "cuda" and not triton.knobs.runtime.interpret and not torch.version.hip
    if can and capability_of(device) >= 90:
        return {"PDL": True, "launch_pdl": True}
    return {"PDL": False}


@triton.jit
def wait_for_predecessor(PDL: tl.constexpr):
    """Wait until the kernel in front has ended, before anything it may have written is read; let the next one come."""
    if PDL:
        tl.extra.cuda.gdc_wait()
        tl.extra.cuda.gdc_launch_dependents()
