"""``tle.gpu.named_barrier``: where the threads of several partitions meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import triton.language as tl
from triton.language import core

from .._builtin import builtin, describe, static_int, strip, unwrap

if TYPE_CHECKING:
    from .._emit import IRTarget
    from .._interpreter import InterpreterTarget

    Target = IRTarget | InterpreterTarget

WHERE = "tle.gpu.named_barrier"
# The hardware has barriers 0 to 15. Stock takes 0 for the first partition, 1 to switch partitions, and one more for
# each other partition.
HARDWARE_BARRIERS = 16
STOCK_BARRIERS = 2


class named_barrier_type(core.base_type):
    """Type of a named barrier.

    Attributes:
        name: what messages call it; barriers of one name are one.
        partitions: how many partitions meet.
        number: which one of the hardware it is, None until `tle.gpu.warp_specialize` says so.
        threads: how many threads meet, None until then.
    """

    def __init__(self, name: str, partitions: int, number: int | None = None, threads: int | None = None):
        self.name = name
        self.partitions = partitions
        self.number = number
        self.threads = threads

    def __eq__(self, other) -> bool:
        return type(other) is type(self) and self.mangle() == other.mangle()

    def __hash__(self) -> int:
        return hash(self.mangle())

    def __str__(self) -> str:
        return f"named barrier '{self.name}'"

    __repr__ = __str__

    def mangle(self) -> str:
        return f"BAR{self.name}_{self.partitions}_{self.number}_{self.threads}E"

    def _flatten_ir_types(self, builder, out) -> None:
        """It exists at compile time only."""

    def _unflatten_ir(self, handles, cursor):
        return named_barrier_value(self), cursor


class named_barrier_value(core.base_value):
    """A barrier of several partitions. Made by `tle.gpu.named_barrier`."""

    def __init__(self, type: named_barrier_type, state: Any = None):
        """Not called by kernels. `state` is what the interpreter keeps of it."""
        self.type = type
        self.state = state

    def _flatten_ir(self, handles) -> None:
        """It exists at compile time only."""

    def __str__(self) -> str:
        return str(self.type)

    __repr__ = __str__

    @builtin
    def wait(self, *, _target: Target) -> None:
        """Waits for all threads of the partitions that have this barrier; what they wrote to memory before is there
        for all of them after.

        Raises:
            ValueError: the call is outside of a partition.
        """
        if not _target.in_partition:
            raise ValueError(
                f"wait of the {self}: called outside of a partition, but it is for partitions of "
                "tle.gpu.warp_specialize to meet: give it to them as an argument"
            )
        _target.named_barrier_wait(self)


@builtin
def named_barrier(name: str, partitions: int = 2, *, _target: Target) -> named_barrier_value:
    """A barrier at which several partitions meet, each time all of them call its ``wait()``.

    It is given to these partitions as an argument; their numbers of warps tell how many threads it waits for. It takes
    one of the 16 barriers of the hardware, of which `tle.gpu.warp_specialize` needs two and one for each partition
    besides the first.

    Args:
        name: what messages call it, a name such as 'rows'. Barriers of one name are one barrier.
        partitions: how many partitions have it as an argument, at least two.

    Raises:
        TypeError: an argument is of the wrong kind.
        ValueError: `partitions` is less than 2.
    """
    name = unwrap(name)
    if not isinstance(name, str) or not name.isidentifier():
        raise TypeError(f"{WHERE}: name is {describe(name)}, but must be a name such as 'rows'")
    count = static_int(WHERE, "partitions", partitions)
    if count < 2:
        raise ValueError(
            f"{WHERE}: partitions is {count}, but at least 2 meet at a barrier; tle.gpu.barrier is that of one"
        )
    return named_barrier_value(named_barrier_type(name, count), _target.named_barrier_state(name))


def _barriers_in(value: Any) -> Iterator[named_barrier_value]:
    value = strip(value)
    if isinstance(value, named_barrier_value):
        yield value
    elif isinstance(value, tl.tuple | tuple | list):
        for item in value:
            yield from _barriers_in(item)


def _with_types(value: Any, types: dict[str, named_barrier_type]) -> Any:
    """The same arguments with barriers of the types found."""
    plain = strip(value)
    if isinstance(plain, named_barrier_value):
        return named_barrier_value(types[plain.type.name], plain.state)
    if isinstance(plain, tl.tuple | tuple | list) and any(_barriers_in(plain)):
        items = [_with_types(item, types) for item in plain]
        if not isinstance(plain, tl.tuple):
            return type(plain)(items)
        return tl.tuple(items, core.tuple_type([item.type for item in items], plain.type.fields))
    return value


def assign_barriers(
    where: str, partitions: Sequence[tuple[Any, tuple]], warps: Sequence[int]
) -> list[tuple[Any, tuple]]:
    """Gives each named barrier among the arguments of `partitions` its number and its number of threads.

    Args:
        where: the builtin, for messages.
        partitions: functions and their arguments.
        warps: warps of each partition, those of the kernel in front.

    Raises:
        ValueError: a barrier is an argument of more or fewer partitions than it says, or there are too many.
    """
    users: dict[str, list[int]] = {}
    declared: dict[str, int] = {}
    for number, (_, arguments) in enumerate(partitions):
        for barrier in _barriers_in(arguments):
            declared.setdefault(barrier.type.name, barrier.type.partitions)
            found = users.setdefault(barrier.type.name, [])
            if number not in found:
                found.append(number)
    types = {}
    for position, (name, found) in enumerate(users.items()):
        if len(found) != declared[name]:
            listed = ", ".join(f"'{partitions[number][0].fn.__name__}'" for number in found)
            raise ValueError(
                f"{where}: named barrier '{name}' is for {declared[name]} partitions, but {len(found)} have it as an "
                f"argument: {listed}"
            )
        number = HARDWARE_BARRIERS - 1 - position
        if number < STOCK_BARRIERS + len(partitions) - 1:
            room = HARDWARE_BARRIERS - STOCK_BARRIERS - len(partitions) + 1
            raise ValueError(
                f"{where}: there are {len(users)} named barriers, but beside {len(partitions)} partitions the hardware "
                f"has {room} left"
            )
        threads = 32 * sum(warps[number] for number in found)
        types[name] = named_barrier_type(name, declared[name], number, threads)
    return [(function, _with_types(arguments, types)) for function, arguments in partitions]


__all__ = ["named_barrier"]
