"""The sparse-MLA forward with 8, 16 and 32 heads, where FlashMLA has its heads padded to 64 before the clock runs.

*tle* is what the operator runs, *tle_partitions* its kernel for more heads, *tle_tile* the tile loop with keys on the
rows. Plain Triton, which takes long to choose its configuration, is timed at one length of the keys.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from .sparse_mla_fwd import LOADERS as FORWARD
from .sparse_mla_fwd import Case, Provider, run_cases

HEADS = (8, 16, 32)
CASES = tuple(
    Case(d_qk, h_q, topk, s_kv)
    for d_qk, topk, s_kv in ((576, 2048, 32768), (576, 2048, 8192), (576, 2048, 131072), (512, 512, 32768))
    for h_q in HEADS
)
QUICK_CASES = CASES[: len(HEADS)]


def _load_partitions() -> Provider:
    from triton_tle.ops.sparse_mla_fwd_pipes import sparse_mla_fwd_pipes

    return Provider(sparse_mla_fwd_pipes, lambda case: True)


def _load_triton() -> Provider:
    return dataclasses.replace(FORWARD["triton"](), supports=lambda case: case.s_kv == 32768)


LOADERS: dict[str, Callable[[], Provider]] = {
    "tle": FORWARD["tle"],
    "tle_partitions": _load_partitions,
    "tle_tile": FORWARD["tle_tile"],
    "triton": _load_triton,
    "flash_mla": FORWARD["flash_mla"],
}


def run(
    quick: bool = False, only: list[str] | None = None, commit: str | None = None, log: Callable[[str], None] = print
) -> dict:
    """Check and time every provider; return the results as one JSON-ready dictionary.

    Args:
        quick: one size for each number of heads, fewer rounds.
        only: provider names to run; None runs all of LOADERS.
        commit: recorded as is; None asks git.
        log: receives progress lines and tables.

    Raises:
        ValueError: `only` holds a name that is not in LOADERS.
    """
    cases = QUICK_CASES if quick else CASES
    return run_cases("sparse_mla_fwd_few_heads", LOADERS, cases, 9 if quick else 13, only, commit, log)
