"""Device-side plan of the bucketed sparse MLA: lists without invalid entries, and queries in buckets by their length.

Two kernels, and nothing that the host waits for. The first moves the valid entries of each list to its front, in their
order, and counts them; wherever they stood, a query's loop then ends behind its last key. The second sorts the queries
into buckets by that number: long lists first, so that short ones fill the multiprocessors at the end; inside a bucket
they keep their order, so that neighbours, which share keys, run together.

The attention kernels read the length of each list, so one launch serves all buckets, and no query pays for its
bucket's upper bound.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import torch
import triton
import triton.language as tl

from ._checks import require
from ._devices import on_device_of, runs_kernels
from ._launches import pdl_options, wait_for_predecessor

DEFAULT_BUCKETS = (256, 512, 1024, 1536, 2048)
MAX_BUCKETS = 16
LIST_BLOCK = 1024  # entries that a program looks at in one step
LIST_WARPS = 2
QUERY_BLOCK = 1024  # queries that a program places in one step
COUNT_BLOCK = 8192  # queries that a program counts in one step
QUERY_WARPS = 16
MAX_SPANS = 16  # parts of the queries that programs of one bucket share
WIDTH = 64  # lists are padded to a multiple of this, so that a kernel compiled for one topk serves all


# No stride is specialized: lanes beside each other then take entries beside each other, as the packed stores want it.
@triton.jit(do_not_specialize=["s_q", "s_kv", "topk", "q_start", "stride_ib", "stride_is", "stride_lb", "stride_ps"])
def sparse_mla_compact_kernel(
    indices_ptr,
    length_ptr,
    packed_ptr,
    counts_ptr,
    s_q,
    s_kv,
    topk,
    q_start,
    stride_ib,
    stride_is,
    stride_lb,
    stride_ps,
    CAUSAL: tl.constexpr,
    BLOCK: tl.constexpr,
    PDL: tl.constexpr = False,
):
    """Pack the list of query program_id; entries become rows of all batch items' kv one behind the other.

    A step's entries are loaded before those of the step in front of it are looked at: what bounds this is how many
    bytes are on their way.
    """
    if PDL:
        tl.extra.cuda.gdc_launch_dependents()
    row = tl.program_id(0)
    item = (row // s_q).to(tl.int64)
    token = (row % s_q).to(tl.int64)
    length = topk
    if length_ptr is not None:
        length = tl.minimum(tl.load(length_ptr + item * stride_lb + token), topk)
    limit = s_kv.to(tl.int64)
    if CAUSAL:
        limit = tl.maximum(tl.minimum(limit, q_start + token + 1), 0)
    limit = limit.to(tl.int32)
    first_key = (item * s_kv).to(tl.int32)
    list_ptr = indices_ptr + item * stride_ib + token * stride_is
    row_ptr = packed_ptr + row.to(tl.int64) * stride_ps
    lanes = tl.arange(0, BLOCK)
    count = 0
    coming = tl.load(list_ptr + lanes, mask=lanes < length, other=-1)
    for start in range(0, length, BLOCK):
        index = coming
        position = start + BLOCK + lanes
        coming = tl.load(list_ptr + position, mask=position < length, other=-1)
        valid = (index >= 0) & (index < limit)
        number = tl.sum(valid.to(tl.int32), 0)
        if number == BLOCK:
            tl.store(row_ptr + count + lanes, index + first_key)
        elif number > 0:
            place = count + tl.cumsum(valid.to(tl.int32), 0) - 1
            tl.store(row_ptr + place, index + first_key, mask=valid)
        count += number
    tl.store(counts_ptr + row, count)


@triton.jit
def _rank(count, position, queries, BOUNDS: tl.constexpr):
    """Bucket of each query, 0 for the longest lists; a number that is no bucket's from `queries` on."""
    rank = tl.zeros_like(count) + len(BOUNDS)
    for number in tl.static_range(len(BOUNDS)):
        rank -= (count > BOUNDS[number]).to(tl.int32)
    return tl.where(position < queries, rank, len(BOUNDS) + 1)


@triton.jit(do_not_specialize=["queries", "span"])
def sparse_mla_partition_kernel(
    counts_ptr,
    order_ptr,
    lengths_ptr,
    queries,
    span,
    BOUNDS: tl.constexpr,
    BLOCK: tl.constexpr,
    COUNT_BLOCK: tl.constexpr,
    PDL: tl.constexpr = False,
):
    """Of the queries [begin, begin + span), begin = span * program_id(1), write those of bucket program_id(0).

    They and their counts come behind those of longer buckets, and behind those of this one in front of `begin`.

    BOUNDS: the largest count of each bucket, ascending, without the last bucket's.
    """
    wait_for_predecessor(PDL)
    mine = tl.program_id(0)
    begin = tl.program_id(1) * span
    before = tl.zeros([COUNT_BLOCK], tl.int32)
    for start in range(0, queries, COUNT_BLOCK):
        position = start + tl.arange(0, COUNT_BLOCK)
        count = tl.load(counts_ptr + position, mask=position < queries, other=0)
        rank = _rank(count, position, queries, BOUNDS)
        before += ((rank < mine) | ((rank == mine) & (position < begin))).to(tl.int32)
    end = tl.sum(before, 0)
    for start in range(begin, tl.minimum(begin + span, queries), BLOCK):
        position = start + tl.arange(0, BLOCK)
        count = tl.load(counts_ptr + position, mask=position < queries, other=0)
        here = _rank(count, position, queries, BOUNDS) == mine
        place = end + tl.cumsum(here.to(tl.int32), 0) - 1
        tl.store(order_ptr + place, position, mask=here)
        tl.store(lengths_ptr + place, count, mask=here)
        end += tl.sum(here.to(tl.int32), 0)


@dataclasses.dataclass(frozen=True)
class BucketPlan:
    """What the attention kernels work from; n is batch * s_q.

    indices: [n, 1, width], int32, width at least topk; the first counts[i] entries of row i are rows of kv as
        [batch * s_kv, 1, d_qk], the others are undefined.
    counts: [n], int32, the number of valid entries.
    order: [n], int32, the queries, those of the bucket with the longest lists first.
    lengths: [n], int32, counts in that order.
    """

    indices: torch.Tensor
    counts: torch.Tensor
    order: torch.Tensor
    lengths: torch.Tensor


def check_buckets(buckets: Sequence[int]) -> tuple[int, ...]:
    """Return `buckets` as a tuple.

    Raises:
        TypeError: `buckets` is no list or tuple of int.
        ValueError: not 1 to 16 ascending positive numbers below 2**31.
    """
    if not isinstance(buckets, (list, tuple)):
        raise TypeError(f"buckets must be a list or tuple of int, got {type(buckets).__name__}")
    for number, bound in enumerate(buckets):
        if isinstance(bound, bool) or not isinstance(bound, int):
            raise TypeError(f"buckets[{number}] must be an int, got {type(bound).__name__}")
    require(1 <= len(buckets) <= MAX_BUCKETS, "buckets", f"{len(buckets)} of them", f"hold 1 to {MAX_BUCKETS} numbers")
    ascending = all(low < high for low, high in zip((0, *buckets), (*buckets, 2**31)))
    require(ascending, "buckets", tuple(buckets), "be ascending positive numbers below 2**31")
    return tuple(buckets)


def plan_reference(
    indices: torch.Tensor,
    s_kv: int,
    topk_length: torch.Tensor | None = None,
    q_start: int | None = None,
    buckets: Sequence[int] = DEFAULT_BUCKETS,
) -> BucketPlan:
    """The plan in plain torch operations; entries behind the valid ones are -1. Arguments as of `make_plan`."""
    batch, s_q, _, topk = indices.shape
    device = indices.device
    index = indices[:, :, 0].long()
    valid = (index >= 0) & (index < s_kv)
    if topk_length is not None:
        valid &= torch.arange(topk, device=device) < topk_length[:, :, None]
    if q_start is not None:
        valid &= index <= q_start + torch.arange(s_q, device=device)[:, None]
    index = torch.where(valid, index + s_kv * torch.arange(batch, device=device)[:, None, None], -1)
    index = index.gather(2, torch.argsort(~valid, dim=2, stable=True))
    packed = torch.nn.functional.pad(index, (0, -topk % WIDTH), value=-1).int()
    counts = valid.sum(2, dtype=torch.int32).flatten()
    bucket = sum((counts > bound).int() for bound in buckets)
    order = torch.argsort(bucket, descending=True, stable=True)
    return BucketPlan(packed.reshape(batch * s_q, 1, packed.shape[2]), counts, order.int(), counts[order])


def launch_partition(
    counts: torch.Tensor, order: torch.Tensor, lengths: torch.Tensor, bounds: tuple[int, ...], pdl: dict[str, bool]
) -> None:
    """Write the queries by buckets, and their `counts` in that order, into `order` and `lengths`; all [n], int32.

    bounds: the largest count of each bucket, ascending, without the last bucket's. pdl: as of `pdl_options`.
    """
    queries = counts.shape[0]
    spans = min(MAX_SPANS, triton.cdiv(queries, QUERY_BLOCK))
    span = triton.cdiv(triton.cdiv(queries, spans), QUERY_BLOCK) * QUERY_BLOCK
    sparse_mla_partition_kernel[(len(bounds) + 1, triton.cdiv(queries, span))](
        counts, order, lengths, queries, span, BOUNDS=bounds, BLOCK=QUERY_BLOCK, COUNT_BLOCK=COUNT_BLOCK,
        num_warps=QUERY_WARPS, **pdl,
    )  # fmt: skip


def make_plan(
    indices: torch.Tensor,
    s_kv: int,
    topk_length: torch.Tensor | None = None,
    q_start: int | None = None,
    buckets: Sequence[int] = DEFAULT_BUCKETS,
) -> BucketPlan:
    """Pack the lists and put the queries in buckets, on the device of `indices` and without waiting for it.

    Args:
        indices: [batch, s_q, 1, topk], int32; a negative entry or one >= s_kv is no key.
        s_kv: keys of a batch item.
        topk_length: [batch, s_q], int32; only the first topk_length entries of a list count.
        q_start: if given, query s of each item sees only keys <= q_start + s.
        buckets: the largest number of keys of each bucket, ascending; what is longer makes up one more.

    Raises:
        ValueError: the rows of all batch items' kv do not fit in 32 bits.
    """
    batch, s_q, _, topk = indices.shape
    rows = batch * s_kv
    require(rows < 2**31, "kv.shape[0] * kv.shape[1]", rows, "be below 2**31")
    if not runs_kernels("indices", indices):
        return plan_reference(indices, s_kv, topk_length, q_start, buckets)
    n, width = batch * s_q, -(-topk // WIDTH) * WIDTH
    packed = torch.empty((n, 1, width), dtype=torch.int32, device=indices.device)
    counts, order, lengths = (torch.empty(n, dtype=torch.int32, device=indices.device) for _ in range(3))
    if n > 0:
        length_stride = 0 if topk_length is None else topk_length.stride(0)
        block = min(LIST_BLOCK, triton.next_power_of_2(max(topk, WIDTH)))
        pdl = pdl_options(indices.device)
        with on_device_of(indices):
            sparse_mla_compact_kernel[(n,)](
                indices, topk_length, packed, counts, s_q, s_kv, topk, q_start or 0, indices.stride(0),
                indices.stride(1), length_stride, width, CAUSAL=q_start is not None, BLOCK=block, PDL=pdl["PDL"],
                num_warps=LIST_WARPS,
            )  # fmt: skip
            # lists that no query can have make empty buckets
            launch_partition(counts, order, lengths, tuple(bound for bound in buckets if bound < topk), pdl)
    return BucketPlan(packed, counts, order, lengths)
