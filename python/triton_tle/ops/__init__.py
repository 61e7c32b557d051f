"""Operators behind a stable API."""

from ..language import _interpreter_mends  # noqa: F401
from .sparse_mla_fwd_reference import sparse_mla_fwd_reference

__all__ = ["sparse_mla_fwd_reference"]
