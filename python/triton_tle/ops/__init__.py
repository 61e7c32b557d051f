"""Operators behind a stable API."""

from .flash_attention import flash_attention, flash_attention_reference
from .fp8_cache import dequantize_k_cache, quantize_k_cache
from .gemm import gemm
from .mla_decode import flash_mla_with_kvcache
from .mla_decode_reduce import mla_decode_reduce, mla_decode_reduce_reference
from .mla_decode_reference import mla_decode_reference
from .mla_metadata import FlashMLASchedMeta, get_mla_metadata
from .sparse_mla_autograd import sparse_mla
from .sparse_mla_bucketed import sparse_mla_bucketed
from .sparse_mla_bwd_reference import sparse_mla_bwd_reference
from .sparse_mla_fwd import flash_mla_sparse_fwd
from .sparse_mla_reference import sparse_mla_fwd_reference

__all__ = [
    "FlashMLASchedMeta",
    "dequantize_k_cache",
    "flash_attention",
    "flash_attention_reference",
    "flash_mla_sparse_fwd",
    "flash_mla_with_kvcache",
    "gemm",
    "get_mla_metadata",
    "mla_decode_reduce",
    "mla_decode_reduce_reference",
    "mla_decode_reference",
    "quantize_k_cache",
    "sparse_mla",
    "sparse_mla_bucketed",
    "sparse_mla_bwd_reference",
    "sparse_mla_fwd_reference",
]
