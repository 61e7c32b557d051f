"""Argument checks shared by the operators: each error names the argument, its value and the rule."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

MAX_HEADS = 128


def require(condition: bool, name: str, value: object, rule: str) -> None:
    """Raise ``ValueError("<name> must <rule>, got <value>")`` unless `condition` holds."""
    if not condition:
        raise ValueError(f"{name} must {rule}, got {value}")


def check_tensor(
    name: str,
    tensor: object,
    *,
    dtype: torch.dtype | tuple[torch.dtype, ...],
    shape: Sequence[int | None],
    device: torch.device | None = None,
) -> torch.Tensor:
    """Check one tensor argument and return it.

    Args:
        name: the argument's name, for messages.
        tensor: the value the caller passed.
        dtype: the only dtype accepted, or all of them.
        shape: expected sizes; None accepts any size in that dimension.
        device: expected device; None accepts any.

    The last dimension must be contiguous (stride 1), unless it holds fewer than two elements or the tensor none;
    other strides are free.

    Raises:
        TypeError: `tensor` is no tensor, or has another dtype.
        ValueError: a sparse layout, wrong rank, size, device or last stride.
    """
    if not isinstance(tensor, torch.Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, got {type(tensor).__name__}")
    dtypes = dtype if isinstance(dtype, tuple) else (dtype,)
    if tensor.dtype not in dtypes:
        raise TypeError(f"{name} must have dtype {' or '.join(map(str, dtypes))}, got {tensor.dtype}")
    require(tensor.layout == torch.strided, name, tensor.layout, "be a dense tensor")
    dimensions = "1 dimension" if len(shape) == 1 else f"{len(shape)} dimensions"
    require(tensor.dim() == len(shape), name, f"shape {list(tensor.shape)}", f"have {dimensions}")
    expected = ["*" if size is None else size for size in shape]
    fits = all(size is None or size == actual for size, actual in zip(shape, tensor.shape))
    require(fits, name, list(tensor.shape), f"have shape {expected}")
    if device is not None:
        require(tensor.device == device, name, tensor.device, f"be on {device} like the first argument")
    contiguous = tensor.stride(-1) == 1 or tensor.shape[-1] < 2 or tensor.numel() == 0
    require(contiguous, name, f"strides {tuple(tensor.stride())}", "have stride 1 in its last dimension")
    return tensor


def check_number(name: str, value: object) -> float:
    """Return `value` as a float.

    Raises:
        TypeError: `value` is no int or float (bool counts as none).
        ValueError: `value` is infinite, NaN, or of a size that float32 has no room for a few times of.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number, got {type(value).__name__}")
    require(value == value and abs(value) != math.inf, name, value, "be finite")
    require(-(2.0**126) < value < 2.0**126, name, value, "lie between -2**126 and 2**126")
    return float(value)


def check_bool(name: str, value: object) -> bool:
    """Return `value` if it is a bool.

    Raises:
        TypeError: `value` is no bool.
    """
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be a bool, got {type(value).__name__}")
    return value


def check_heads(name: str, heads: int) -> None:
    """Check a number of query heads.

    Raises:
        ValueError: `heads` is no multiple of 8 from 8 to 128.
    """
    # no `in range(...)`: torch.compile cannot trace it where sizes are symbols
    fits = 8 <= heads <= MAX_HEADS and heads % 8 == 0
    require(fits, name, heads, f"be a multiple of 8 from 8 to {MAX_HEADS}")


def check_integer(name: str, value: object) -> int:
    """Return `value` if it is an int that fits in 32 bits.

    Raises:
        TypeError: `value` is no int (bool counts as none).
        ValueError: `value` lies outside [-2**31, 2**31).
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int, got {type(value).__name__}")
    require(-(2**31) <= value < 2**31, name, value, "fit in 32 bits")
    return value
