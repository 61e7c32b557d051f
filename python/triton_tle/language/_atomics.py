"""Atomics on pointers into shared memory.

Stock's ``tt.atomic_rmw`` and ``tt.atomic_cas`` take pointers of address space 1 only, so an atomic on what
`tle.gpu.local_ptr` gives goes through an integer: ``tt.int_to_ptr (tt.ptr_to_int %p)``. The pass
``triton-tle-early-assign-memory-space`` gives the pointer its address space back.
"""

import triton.language as tl
from triton._C.libtriton import ir
from triton.language.semantic import TritonSemantic

from .gpu.types import SHARED_ADDRESS_SPACE

stock_check = TritonSemantic.atom_red_typechecking_impl
stock_cas = TritonSemantic.atomic_cas


def _is_shared(semantic: TritonSemantic, pointer) -> bool:
    scalar = pointer.type.scalar
    in_shared = isinstance(scalar, tl.pointer_type) and scalar.address_space == SHARED_ADDRESS_SPACE
    return in_shared and isinstance(semantic.builder, ir.builder)


def _as_global(semantic: TritonSemantic, pointer):
    """`pointer`, one into shared memory, with the type that atomics take."""
    type = tl.pointer_type(pointer.type.scalar.element_ty)
    return semantic.cast(semantic.cast(pointer, tl.int64), type)


def check_rmw(self, ptr, val, mask, op):
    ptr, val, mask = stock_check(self, ptr, val, mask, op)
    return (_as_global(self, ptr) if _is_shared(self, ptr) else ptr), val, mask


def atomic_cas(self, ptr, cmp, val, sem, scope):
    return stock_cas(self, _as_global(self, ptr) if _is_shared(self, ptr) else ptr, cmp, val, sem, scope)


def install() -> None:
    """Lets stock's atomics take pointers into shared memory. Others are treated as before."""
    TritonSemantic.atom_red_typechecking_impl = check_rmw
    TritonSemantic.atomic_cas = atomic_cas
