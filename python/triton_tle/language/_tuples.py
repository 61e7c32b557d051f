"""Tuples that hold None.

In stock's frontend a name that was assigned None (``x = None`` in a branch of a constexpr ``if``) is no compile-time
constant but None itself. A function takes it as an argument; a tuple has no type for it and fails with an
AttributeError. The arguments of a partition are such a tuple.
"""

from collections.abc import Sequence
from typing import Any

from triton.language import core

stock_init = core.tuple.__init__


def init(self: core.tuple, args: Sequence, type: Any = None) -> None:
    """Makes a tuple; where its type follows from its values, None is a constant as it is when written in the tuple."""
    if type is None:
        args = [core.constexpr(None) if value is None else value for value in args]
    stock_init(self, args, type)


def install() -> None:
    """Lets stock's tuples hold None. Others are made as before."""
    core.tuple.__init__ = init
