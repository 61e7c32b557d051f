"""Shared memory in TLE kernels: buffers, pointers into them, copies, layouts."""

from ._memory import (
    alloc,
    async_commit,
    async_copy,
    async_wait,
    barrier,
    copy,
    hold_in_registers,
    local_ptr,
    wgmma_operand_fence,
    wgmma_view,
)
from ._named_barrier import named_barrier
from ._warp_specialize import warp_specialize
from .layouts import nv_mma_shared_layout, swizzled_shared_layout
from .types import buffer, smem, tmem

__all__ = [
    "alloc",
    "async_commit",
    "async_copy",
    "async_wait",
    "barrier",
    "buffer",
    "copy",
    "hold_in_registers",
    "local_ptr",
    "named_barrier",
    "nv_mma_shared_layout",
    "smem",
    "swizzled_shared_layout",
    "tmem",
    "warp_specialize",
    "wgmma_operand_fence",
    "wgmma_view",
]
