"""Loops that were divided before anyone could know how much shared memory the finished kernel takes.

``triton-tle-warp-specialize-tile-loop`` and ``triton-tle-separate-accumulation`` run before tensors have layouts. They
count what they can, keep a reserve for the rest (layout conversions, reductions, operands that are copied), and write
what they counted on the ``ttg.warp_specialize``. Here the finished module is allocated; if it does not fit, the
difference between what it takes and what was counted is the reserve that the next attempt gets.

Attempts end: a pass chose what it counted so that count and reserve fit. If the kernel does not, the new reserve is
larger than the old one by more than what was left, so the same choice is refused: scores and sums stay together, a
pipe gets fewer slots, at last the loop stays whole, and nothing is left to measure.

Buffers that ``triton-tle-defer-store-waits`` keeps for whole loops are given up before all that: the pass is left out.
"""

from __future__ import annotations

import re
from typing import Any

from . import bridge
from .memory import shared_memory
from .pipelines import DEFERRAL, DIVISION, SEPARATION, Settings, allocation
from .runner import run_stock

_COUNTED = re.compile(r"\btle\.counted_bytes = (\d+) : i64")
_DEFERRED = "tle.deferred_stores"
# Scores and sums apart are three partitions; the first one is called default.
_THIRD_PARTITION = re.compile(r"^\s*partition1\(", re.MULTILINE)


def measure(module: Any, settings: Settings) -> dict[str, int]:
    """The reserve, in bytes by flag, that a pass must be given for the kernel to fit.

    ``module`` is what the TTGIR stage has made, and stays as it is. Empty if no pass divided a loop of the kernel or
    deferred waits for its stores, or the kernel fits into the shared memory of its target.
    """
    text = bridge.to_text(module)
    counted = _COUNTED.search(text)
    deferred = _DEFERRED in text
    if counted is None and not deferred:
        return {}
    copy = bridge.parse(text, module.context)
    run_stock(copy, allocation(settings), "make_ttgir", quiet=True)
    needed = copy.get_int_attr("ttg.shared") or 0
    limit = shared_memory(settings.capability)
    if needed <= limit:
        return {}
    if deferred:
        return {DEFERRAL: needed - limit}
    flag = SEPARATION if _THIRD_PARTITION.search(text) else DIVISION
    reserve = needed - int(counted[1])
    # All of it, with which nothing is divided, should the count not be what decided.
    return {flag: reserve if reserve > dict(settings.reserves).get(flag, 0) else limit}
