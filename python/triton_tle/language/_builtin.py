"""The decorator of TLE's builtins, and how their arguments are read."""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import triton.language as tl
from triton.language import core

_STOCK_REDUCE = core.reduce


def in_interpreted_kernel() -> bool:
    """Whether a kernel runs in Triton's interpreter right now: while one does, `tl.reduce` is patched."""
    return core.reduce is not _STOCK_REDUCE


def builtin(function: Callable) -> Callable:
    """Makes a builtin of `function`, which takes its target as the keyword `_target`.

    The target is what carries the builtin out: the IR of the kernel being compiled (`IRTarget`), or numpy in the
    interpreter (`InterpreterTarget`).

    Raises:
        RuntimeError: the builtin is called outside of a `@triton.jit` function.
    """
    signature = inspect.signature(function)
    name = f"{function.__module__.removeprefix('triton_tle.language').strip('.').split('.')[0]}"
    path = ".".join(part for part in ("tle", name if name == "gpu" else "", function.__qualname__) if part)

    @functools.wraps(function)
    def wrapper(*args, _semantic=None, _generator=None, **kwargs):
        if _semantic is not None:
            from ._emit import IRTarget

            target = IRTarget(_semantic, _generator)
        elif in_interpreted_kernel():
            from ._interpreter import InterpreterTarget

            target = InterpreterTarget.current()
        else:
            raise RuntimeError(f"{path} can be used inside of @triton.jit functions only")
        return function(*args, **kwargs, _target=target)

    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [p for p in signature.parameters.values() if p.name != "_target"]
    parameters += [inspect.Parameter(extra, keyword, default=None) for extra in ("_semantic", "_generator")]
    parameters.sort(key=lambda parameter: parameter.kind)
    wrapper.__signature__ = signature.replace(parameters=parameters)
    wrapper.__triton_builtin__ = True
    return wrapper


def strip(value: Any) -> Any:
    """`value` without `tl.constexpr` around it."""
    return value.value if isinstance(value, tl.constexpr) else value


def unwrap(value: Any) -> Any:
    """`value` without `tl.constexpr`, which is also taken off the items of tuples and lists."""
    if isinstance(value, tl.constexpr):
        return unwrap(value.value)
    if isinstance(value, tl.tuple | tuple | list):
        return tuple(unwrap(item) for item in value)
    return value


def describe(value: Any) -> str:
    """`value` as an error message shows it."""
    value = strip(value)
    if isinstance(value, tl.tensor):
        extents = [int(extent) for extent in value.type.shape] if value.type.is_block() else None
        return f"a tensor {value.dtype}{extents}" if extents else f"a run-time {value.dtype}"
    if isinstance(value, tuple):
        inner = ", ".join(describe(item) for item in value)
        return f"[{inner}]"
    return str(value) if isinstance(value, core.base_value | tl.dtype) else repr(value)


def static_int(where: str, argument: str, value: Any) -> int:
    """`value` as a compile-time integer; `where` and `argument` name it in the error.

    Raises:
        TypeError: it is something else.
    """
    value = unwrap(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{where}: {argument} is {describe(value)}, but must be an integer known at compile time")
    return value


def static_ints(where: str, argument: str, values: Any) -> tuple[int, ...]:
    """`values` as a tuple of compile-time integers; a single integer is a tuple of one.

    Raises:
        TypeError: an item is something else.
    """
    values = unwrap(values)
    if not isinstance(values, tuple):
        return (static_int(where, argument, values),)
    return tuple(static_int(where, f"{argument}[{i}]", value) for i, value in enumerate(values))


def static_bool(where: str, argument: str, value: Any) -> bool:
    """`value` as a compile-time truth value.

    Raises:
        TypeError: it is something else.
    """
    value = unwrap(value)
    if not isinstance(value, bool):
        raise TypeError(f"{where}: {argument} is {describe(value)}, but must be True or False")
    return value


def permutation(where: str, argument: str, order: Any, rank: int) -> tuple[int, ...]:
    """`order` as a permutation of ``range(rank)``.

    Raises:
        TypeError: an item is no compile-time integer.
        ValueError: it is no permutation.
    """
    order = static_ints(where, argument, order)
    if sorted(order) != list(range(rank)):
        raise ValueError(
            f"{where}: {argument} is {list(order)}, but must name each of the {rank} dimensions 0..{rank - 1} once"
        )
    return order


def is_power_of_two(value: int) -> bool:
    """Whether `value` is 1, 2, 4, ..."""
    return value > 0 and value & (value - 1) == 0


def shape_text(dtype: tl.dtype, shape: Sequence[int]) -> str:
    """A type as messages name it, such as ``bf16[64, 128]``."""
    return f"{dtype}{list(shape)}"
