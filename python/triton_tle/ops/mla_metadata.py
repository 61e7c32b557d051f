"""The plan of a decode call, made ahead: how many splits, and the workspace for their partial results.

A plan depends on shapes and on the GPU alone, so making one never waits for the device.
"""

from __future__ import annotations

import dataclasses
import operator

import torch

from . import mla_decode_reduce_table as table
from ._checks import check_bool, check_heads, check_integer, require
from ._devices import multiprocessors
from .mla_decode_args import MAX_QUERY_TOKENS

BLOCK_H = 64
BLOCK_N = 64
MAX_SPLITS = 64

# Microseconds on an H100, from which splits are chosen, with an FP8 cache (True) and without: a 64-key tile for 64
# heads, what a program does before and after its tiles, the second launch; bytes a microsecond that partials are
# written with and read with, in L2 and beyond. The FP8 kernel's programs slow each other down where there is more than
# one for two multiprocessors, which share a way to the L2 cache: second values.
TILE_US = {True: (2.5, 2.9), False: (3.2, 3.2)}
PROGRAM_US = {True: 7.5, False: 8.0}
REDUCE_US = 2.0
L2_BYTES = 32e6
L2_WRITE_BYTES_PER_US = {True: (5.6e6, 2.6e6), False: (4.0e6, 4.0e6)}
L2_READ_BYTES_PER_US = 4.0e6
MEMORY_BYTES_PER_US = 2.9e6


@dataclasses.dataclass(frozen=True)
class DecodeShape:
    """What a plan is made for; lengths in tokens."""

    b: int
    s_q: int
    h_q: int
    topk: int
    extra_topk: int
    is_fp8_kvcache: bool
    device: torch.device

    @property
    def tiles(self) -> int:
        """Tiles of keys that one program would handle without splits."""
        return -(-self.topk // BLOCK_N) + -(-self.extra_topk // BLOCK_N)

    @property
    def programs(self) -> int:
        """Programs of one split."""
        return self.b * self.s_q * -(-self.h_q // BLOCK_H)


class FlashMLASchedMeta:
    """What `get_mla_metadata` returns: a plan, made for the first call that uses it unless made ahead.

    Attributes:
        shape: what the plan was made for, None before.
        num_splits: parts that each list of keys is cut into.
        partial_out, partial_lse: workspace for more than one split, [num_splits, b, s_q, h_q, 512] and
            [num_splits, b, s_q, h_q], float32. Calls that may run at the same time must not share it. A captured CUDA
            graph writes there whenever it is replayed: the plan has to live as long.
    """

    def __init__(self, num_splits: int | None = None) -> None:
        self.requested_splits = num_splits
        self.shape: DecodeShape | None = None
        self.num_splits = 1
        self.partial_out: torch.Tensor | None = None
        self.partial_lse: torch.Tensor | None = None

    def plan(self, shape: DecodeShape) -> None:
        """Make the plan, or check that it was made for this shape.

        Raises:
            ValueError: the plan was made for another shape; the message names what differs.
        """
        if self.shape is not None:
            _check_same(self.shape, shape)
            return
        # A plan is for these sizes alone: where torch.compile has symbols for them, they become numbers
        sizes = [operator.index(size) for size in (shape.b, shape.s_q, shape.h_q, shape.topk, shape.extra_topk)]
        shape = DecodeShape(*sizes, shape.is_fp8_kvcache, shape.device)
        if self.requested_splits is not None:
            self.num_splits = self.requested_splits
        else:
            self.num_splits = _choose_untraced(*sizes, shape.is_fp8_kvcache, shape.device)
        if self.num_splits > 1:
            rows = (self.num_splits, shape.b, shape.s_q, shape.h_q)
            self.partial_out = torch.empty((*rows, 512), dtype=torch.float32, device=shape.device)
            self.partial_lse = torch.empty(rows, dtype=torch.float32, device=shape.device)
        self.shape = shape


def _check_same(planned: DecodeShape, shape: DecodeShape) -> None:
    for field in dataclasses.fields(shape):
        before, now = getattr(planned, field.name), getattr(shape, field.name)
        if before != now:  # no text before there is an error: torch.compile cannot trace one of symbolic sizes
            require(False, field.name, now, f"be {before}, which tile_scheduler_metadata was planned for")


def _reduce_microseconds(shape: DecodeShape, splits: int, crowded: bool) -> float:
    """The merge and the writing of what it merges: measured, where the tuned table has the shape."""
    partial_bytes = 4.0 * splits * shape.b * shape.s_q * shape.h_q * 512
    entry = table.find(shape.device, shape.h_q, 512, splits, shape.b * shape.s_q)
    write = read = MEMORY_BYTES_PER_US
    if partial_bytes < L2_BYTES:
        write, read = L2_WRITE_BYTES_PER_US[shape.is_fp8_kvcache][crowded], L2_READ_BYTES_PER_US
    merge = REDUCE_US + partial_bytes / read
    if entry is not None:
        # A line stands for all counts down to half of its own
        merge = entry.microseconds * splits / table.power_of_two_above(splits)
    return merge + partial_bytes / write


def estimate_microseconds(shape: DecodeShape, splits: int, sm_count: int) -> float:
    """How long a decode with so many splits takes: full rounds of one program a multiprocessor, then the merge."""
    programs = shape.programs * splits
    crowded = 2 * programs > sm_count
    fp8 = shape.is_fp8_kvcache
    program = PROGRAM_US[fp8] + -(-shape.tiles // splits) * TILE_US[fp8][crowded]
    merge = _reduce_microseconds(shape, splits, crowded) if splits > 1 else 0.0
    return -(-programs // sm_count) * program + merge


def choose_splits(shape: DecodeShape, sm_count: int | None = None) -> int:
    """The number of splits with the least estimated time; 1 if the merge costs more than it saves.

    Args:
        shape: sizes of the call.
        sm_count: multiprocessors; None asks the device, and takes those of an H100 for a CPU.
    """
    if shape.programs == 0 or shape.tiles <= 1:
        return 1
    count = multiprocessors(shape.device) if sm_count is None else sm_count
    # Of the numbers that leave the longest part of a list alike, the least
    choices = sorted({-(-shape.tiles // longest) for longest in range(1, shape.tiles + 1)})
    choices = [splits for splits in choices if splits <= MAX_SPLITS]
    return min(choices, key=lambda splits: estimate_microseconds(shape, splits, count))


@torch.compiler.assume_constant_result
def _choose_untraced(*shape: object) -> int:
    """`choose_splits` of what a DecodeShape is made of; torch.compile can trace neither estimates nor tables."""
    return choose_splits(DecodeShape(*shape))


@torch.compiler.assume_constant_result
def _count_gpus() -> int:
    """How many CUDA devices torch sees; torch.compile cannot trace the question itself."""
    return torch.cuda.device_count()


def _device(device: torch.device | str | int | None) -> torch.device:
    """The device that `device` names, as tensors on it say; None: the current CUDA device, or the CPU without any.

    Raises:
        ValueError: no CUDA device that torch sees, and not the CPU.
    """
    if device is None:
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        place = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise ValueError(f"device must be a CUDA device or the CPU, got {device!r}") from error
    if place.type == "cpu":
        return torch.device("cpu")
    usable = place.type == "cuda" and (place.index or 0) < _count_gpus()
    require(usable, "device", place, "be a CUDA device that torch sees, or the CPU")
    return place if place.index is not None else torch.device("cuda", torch.cuda.current_device())


def get_mla_metadata(
    *args: object,
    b: int | None = None,
    s_q: int = 1,
    h_q: int | None = None,
    topk: int | None = None,
    extra_topk: int = 0,
    is_fp8_kvcache: bool = False,
    device: torch.device | str | None = None,
    num_splits: int | None = None,
    **kwargs: object,
) -> tuple[FlashMLASchedMeta, None]:
    """Metadata for `flash_mla_with_kvcache`, with FlashMLA's interface: needs no argument and ignores others.

    Without b and h_q the plan is made by the first call that uses it; what else is given then (FlashMLA's older
    interface has a `topk` and an `is_fp8_kvcache`, too) is not looked at. With them it is made here, workspace
    included, so that nothing is allocated later.

    Args:
        b, s_q, h_q: batch, query tokens of a sequence, heads.
        topk, extra_topk: entries of the lists of keys; extra_topk 0: no extra cache.
        is_fp8_kvcache: whether the cache is FP8.
        device: where the call will run; None: the current CUDA device, or the CPU where torch sees none.
        num_splits: cut lists into so many parts, instead of as many as pay off.

    Returns:
        (metadata, None); the second is there for FlashMLA's older interface.

    Raises:
        TypeError: a size that is no int, or is_fp8_kvcache that is no bool.
        ValueError: a size out of range; b or h_q given, and not both and topk; another device than those.
    """
    if num_splits is not None:
        check_integer("num_splits", num_splits)
        require(1 <= num_splits <= 256, "num_splits", num_splits, "be 1 to 256")
    metadata = FlashMLASchedMeta(num_splits)
    sizes = {"b": b, "h_q": h_q, "topk": topk}
    given = [name for name in ("b", "h_q") if sizes[name] is not None]
    if not given:
        return metadata, None
    for name, value in sizes.items():
        require(value is not None, name, None, f"be given together with {given[0]}")
    for name, value in (*sizes.items(), ("s_q", s_q), ("extra_topk", extra_topk)):
        check_integer(name, value)
        require(value >= 0, name, value, "not be negative")
    require(1 <= s_q <= MAX_QUERY_TOKENS, "s_q", s_q, f"be 1 to {MAX_QUERY_TOKENS}")
    check_heads("h_q", h_q)
    check_bool("is_fp8_kvcache", is_fp8_kvcache)
    metadata.plan(DecodeShape(b, s_q, h_q, topk, extra_topk, is_fp8_kvcache, _device(device)))
    return metadata, None
