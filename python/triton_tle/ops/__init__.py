"""Operators behind a stable API."""

from .sparse_mla_autograd import sparse_mla
from .sparse_mla_bwd_reference import sparse_mla_bwd_reference
from .sparse_mla_fwd import flash_mla_sparse_fwd
from .sparse_mla_reference import sparse_mla_fwd_reference

__all__ = ["flash_mla_sparse_fwd", "sparse_mla", "sparse_mla_bwd_reference", "sparse_mla_fwd_reference"]
