"""Operators behind a stable API."""

from . import _interpreter  # noqa: F401
from .sparse_mla_fwd_reference import sparse_mla_fwd_reference

__all__ = ["sparse_mla_fwd_reference"]
