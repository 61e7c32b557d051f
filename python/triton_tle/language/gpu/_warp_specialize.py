"""``tle.gpu.warp_specialize``: functions that run side by side, each on warps of its own."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import triton.language as tl
from triton.language import core

from .._builtin import builtin, describe, is_power_of_two, static_ints, strip
from .._pipes import endpoint, pipe_value
from ._named_barrier import assign_barriers, named_barrier_value
from .types import buffer

if TYPE_CHECKING:
    from .._emit import IRTarget
    from .._interpreter import InterpreterTarget

    Target = IRTarget | InterpreterTarget

WHERE = "tle.gpu.warp_specialize"
MAX_WARPS = 32
# Beyond it, stock changes the number of warps of partitions behind our back.
HOPPER = 9
REGISTER_STEP = 8
MIN_REGISTERS, MAX_REGISTERS = 24, 256
REGISTER_FILE = 64 * 1024
# Warps that `setmaxnreg` speaks for at once.
WARP_GROUP = 4


@builtin
def warp_specialize(
    functions_and_args: Sequence[tuple],
    worker_num_warps: Sequence[int],
    worker_num_regs: Sequence[int] | None = None,
    *,
    _target: Target,
) -> None:
    """Runs functions side by side, each on warps of its own; returns when all have ended.

    Args:
        functions_and_args: one ``(function, arguments)`` a partition, two at least. Functions are `@triton.jit`
            functions that return nothing. The first runs on the warps of the kernel (``num_warps``), each other one on
            warps that it gets in addition. Arguments are buffers, pipes and their endpoints, named barriers, scalars,
            pointers, tensor descriptors, compile-time constants, and tuples of those.
        worker_num_warps: number of warps of each partition but the first, powers of two.
        worker_num_regs: registers a thread of each partition but the first, multiples of 8 from 24 to 256; the first
            one gets what is left, which must be 24 at least. None: registers stay as they are.

    Raises:
        TypeError: a partition is no function, does not take its arguments, or one of them is a tensor.
        ValueError: there is one partition only, numbers of warps or registers break a rule above, or the call stands
            inside of a partition.
    """
    partitions = [_partition(i, item) for i, item in enumerate(_items(functions_and_args))]
    if len(partitions) == 1:
        raise ValueError(f"{WHERE}: functions_and_args has one partition, but needs two at least")
    warps = static_ints(WHERE, "worker_num_warps", worker_num_warps)
    registers = strip(worker_num_regs)
    if registers is not None:
        registers = static_ints(WHERE, "worker_num_regs", registers)
    _check_numbers(_target, len(partitions) - 1, warps, registers)
    if _target.in_partition:
        raise ValueError(f"{WHERE}: called inside of a partition, but partitions cannot be divided again")
    partitions = assign_barriers(WHERE, partitions, (getattr(_target.options, "num_warps", 4), *warps))
    _target.warp_specialize(partitions, warps, registers)


def _items(functions_and_args: Any) -> list:
    value = strip(functions_and_args)
    if not isinstance(value, tl.tuple | tuple | list) or not len(value):
        raise TypeError(
            f"{WHERE}: functions_and_args is {describe(value)}, but must be a list of (function, arguments), "
            "that of the first partition in front"
        )
    return list(value)


def _partition(number: int, item: Any) -> tuple[Any, tuple]:
    """The function and the arguments of a partition, checked."""
    item = strip(item)
    if not isinstance(item, tl.tuple | tuple | list) or len(item) != 2:
        raise TypeError(f"{WHERE}: functions_and_args[{number}] must be a pair (function, arguments)")
    function, arguments = strip(item[0]), strip(item[1])
    python_function = getattr(function, "fn", None)
    if python_function is None:
        raise TypeError(
            f"{WHERE}: functions_and_args[{number}][0] is {describe(function)}, but must be a @triton.jit function"
        )
    name = python_function.__name__
    if not isinstance(arguments, tl.tuple | tuple | list):
        raise TypeError(
            f"{WHERE}: the arguments of '{name}' are {describe(arguments)}, but must be a tuple; "
            "for one argument write (x, )"
        )
    arguments = tuple(arguments)
    try:
        names = list(inspect.signature(python_function).bind(*arguments).arguments)
    except TypeError as error:
        raise TypeError(f"{WHERE}: '{name}' does not take the {len(arguments)} arguments given: {error}") from error
    for parameter, value in zip(names, arguments, strict=False):
        _check_capture(name, parameter, value)
    return function, arguments


def _check_capture(function: str, parameter: str, value: Any) -> None:
    """Checks that a partition may have `value` as an argument.

    Raises:
        TypeError: it is a tensor, or nothing that a kernel computes with.
    """
    value = strip(value)
    if isinstance(value, tl.tuple | tuple | list):
        for i, item in enumerate(value):
            _check_capture(function, f"{parameter}[{i}]", item)
        return
    if isinstance(value, tl.tensor) and value.type.is_block():
        raise TypeError(
            f"{WHERE}: argument '{parameter}' of '{function}' is {describe(value)}, but a tensor lies in the registers "
            "of the warps that made it; put it into a buffer, or compute it inside of the partition"
        )
    allowed = (tl.tensor, buffer, pipe_value, endpoint, named_barrier_value, core.tensor_descriptor_base)
    allowed += (bool, int, float, str, tl.dtype)
    if value is None or isinstance(value, allowed) or hasattr(value, "fn") or not isinstance(value, core.base_value):
        return
    raise TypeError(
        f"{WHERE}: argument '{parameter}' of '{function}' is {describe(value)}, but partitions take buffers, pipes, "
        "named barriers, scalars, pointers, tensor descriptors and compile-time constants"
    )


def _check_numbers(target, workers: int, warps: tuple[int, ...], registers: tuple[int, ...] | None) -> None:
    for argument, values in (("worker_num_warps", warps), ("worker_num_regs", registers)):
        if values is not None and len(values) != workers:
            raise ValueError(
                f"{WHERE}: {argument} is {list(values)}, but there are {workers} partitions besides the first"
            )
    for i, count in enumerate(warps):
        if not is_power_of_two(count):
            raise ValueError(f"{WHERE}: worker_num_warps[{i}] is {count}, but must be a power of two")
    own = getattr(target.options, "num_warps", 4)
    if own % WARP_GROUP:
        raise ValueError(
            f"{WHERE}: the kernel is compiled with num_warps={own}, but the first partition needs a multiple of "
            f"{WARP_GROUP}"
        )
    total = own + sum(warps)
    if total > MAX_WARPS:
        raise ValueError(
            f"{WHERE}: worker_num_warps is {list(warps)}, {total} warps with those of the kernel, but a CTA has "
            f"{MAX_WARPS} at most"
        )
    for i, count in enumerate(registers or ()):
        if count % REGISTER_STEP or not MIN_REGISTERS <= count <= MAX_REGISTERS:
            raise ValueError(
                f"{WHERE}: worker_num_regs[{i}] is {count}, but must be a multiple of {REGISTER_STEP} from "
                f"{MIN_REGISTERS} to {MAX_REGISTERS}"
            )
    if registers:
        _check_registers(target, own, warps, registers)
    if target.capability is not None and target.capability // 10 != HOPPER:
        raise ValueError(f"{WHERE}: the kernel is compiled for sm_{target.capability}, but partitions need sm_90")


def _check_registers(target, own: int, warps: tuple[int, ...], registers: tuple[int, ...]) -> None:
    """Checks that the workers leave enough registers for the first partition; stock would ignore them all otherwise.

    Workers are put into groups of four warps, the largest first, and all threads of a group get the same number.
    """
    groups: list[list[int]] = []  # warps, registers
    for count, wanted in sorted(zip(warps, registers, strict=True), key=lambda worker: -worker[0]):
        if not groups or groups[-1][0] % WARP_GROUP == 0:
            groups.append([0, 0])
        groups[-1] = [groups[-1][0] + count, max(groups[-1][1], wanted)]
    taken = sum(-(-count // WARP_GROUP) * WARP_GROUP * wanted for count, wanted in groups)
    total = own + sum(-(-count // WARP_GROUP) * WARP_GROUP for count, _ in groups)
    entry = getattr(target.options, "maxnreg", None) or REGISTER_FILE // (32 * total)
    entry -= entry % REGISTER_STEP
    left = (entry * total - taken) // own
    if left < MIN_REGISTERS:
        raise ValueError(
            f"{WHERE}: worker_num_regs is {list(registers)} for {list(warps)} warps, but of {entry} registers for each "
            f"thread of {total} warps that leaves {max(left, 0)} for those of the first partition, and {MIN_REGISTERS} "
            "is the least"
        )


__all__ = ["warp_specialize"]
