"""Items of the sparse-MLA forward that several programs share, each a part of the keys: how many, and their merge.

Programs of `sparse_mla_fwd_pipes` take items in turn, so the last round may leave most of them without work. Its items
are divided by keys then. Parts are written as float32, and a small kernel behind makes results of them.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import torch
import triton
import triton.language as tl

from ._launches import pdl_options, wait_for_predecessor
from .sparse_mla_fwd_args import D_V, SparseMlaFwdArgs

BLOCK_H = 64
MAX_SPLITS = 64
MAX_PARTS = 2**31 // (BLOCK_H * 2 * D_V) - 1  # elements of parts are counted in 32 bits: that saves registers
SPLITS_AT_ONCE = 4
# In the time that a tile of 64 keys takes, about 1.8 us: what a part costs beside its tiles, what the merge costs, how
# much more for each part that it reads, and what a launch behind whole items costs.
PART_COST, MERGE_COST, MERGED_PART_COST, LAUNCH_COST = 1.0, 2.5, 0.04, 2.0
# Whole items and parts round differently: where hardly anything is to be gained, a token's results do not depend on its
# place among the others.
LEAST_GAIN = 1.05


@functools.lru_cache(maxsize=1024)
def choose_splits(left: int, tiles: int, programs: int, rounds: int) -> int:
    """Parts to divide each of the `left` last items of `tiles` tiles into, on `programs` programs; 1 is not at all.

    rounds: how many rounds of whole items come first; parts take a launch of their own then.
    """

    def cost(splits: int) -> float:
        if splits == 1:
            return tiles + PART_COST
        parts = left * splits
        merge = MERGE_COST + MERGED_PART_COST * parts + (LAUNCH_COST if rounds else 0.0)
        return triton.cdiv(parts, programs) * (triton.cdiv(tiles, splits) + PART_COST) + merge

    if left == 0 or tiles == 0:
        return 1
    best = min(range(1, min(tiles, MAX_SPLITS) + 1), key=cost)
    whole = rounds * (tiles + PART_COST)
    return best if whole + cost(1) >= LEAST_GAIN * (whole + cost(best)) else 1


@triton.jit(do_not_specialize=["h_q", "whole", "splits"])
def sparse_mla_fwd_merge_kernel(
    partial_ptr,
    statistics_ptr,
    sink_ptr,
    out_ptr,
    max_logits_ptr,
    lse_ptr,
    h_q,
    stride_os,
    stride_oh,
    whole,
    splits,
    HAS_SINK: tl.constexpr,
    BLOCK_H: tl.constexpr,
    SPLITS_AT_ONCE: tl.constexpr,
    PDL: tl.constexpr,
):
    """One head of one divided item: row program_id % BLOCK_H of block whole + program_id // BLOCK_H.

    partial_ptr: [parts, BLOCK_H, 2, 512], the upper and the lower 16 bits of float32; statistics_ptr: [parts, 2,
    BLOCK_H], max_logits and lse of each part.
    """
    LN2: tl.constexpr = 0.6931471805599453
    LOG2_E: tl.constexpr = 1.4426950408889634
    wait_for_predecessor(PDL)
    row = tl.program_id(0) % BLOCK_H
    item = tl.program_id(0) // BLOCK_H
    head_blocks = tl.cdiv(h_q, BLOCK_H)
    head = ((whole + item) % head_blocks) * BLOCK_H + row
    if head < h_q:
        token = ((whole + item) // head_blocks).to(tl.int64)
        columns = tl.arange(0, 512)
        first = item * splits
        acc = tl.zeros([512], tl.float32)
        total = tl.full([], 0.0, tl.float32)
        largest = tl.full([], float("-inf"), tl.float32)  # of the scores
        reference = tl.full([], -1e30, tl.float32)  # finite, so that parts without any key give no NaN
        for begin in tl.range(0, splits, SPLITS_AT_ONCE, num_stages=1):
            before = reference
            highs = ()
            lows = ()
            logs = ()
            for step in tl.static_range(SPLITS_AT_ONCE):
                part = first + begin + step
                here = begin + step < splits
                values = partial_ptr + (part.to(tl.int64) * BLOCK_H + row) * 1024 + columns
                highs += (tl.load(values, mask=here, other=0.0).to(tl.int16, bitcast=True),)
                lows += (tl.load(values + 512, mask=here, other=0.0).to(tl.int16, bitcast=True),)
                statistics = statistics_ptr + part * (2 * BLOCK_H) + row
                maximum = tl.load(statistics, mask=here, other=float("-inf"))
                # lse of a part without any key is +inf
                lse = tl.load(statistics + BLOCK_H, mask=here, other=0.0) * LOG2_E
                largest = tl.maximum(largest, maximum)
                logs += (tl.where(maximum > float("-inf"), lse, float("-inf")),)
                reference = tl.maximum(reference, logs[step])
            rescale = tl.exp2(before - reference)
            acc *= rescale
            total *= rescale
            for step in tl.static_range(SPLITS_AT_ONCE):
                weight = tl.exp2(logs[step] - reference)
                total += weight
                bits = (highs[step].to(tl.int32) << 16) | (lows[step].to(tl.int32) & 0xFFFF)
                acc += weight * bits.to(tl.float32, bitcast=True)
        some = total > 0
        total = tl.where(some, total, 1.0)
        denominator = total
        if HAS_SINK:
            sink = tl.load(sink_ptr + head)
            denominator += tl.exp2(tl.where(some, sink * LOG2_E - reference, 0.0))
        place = token * h_q + head
        tl.store(max_logits_ptr + place, largest)
        tl.store(lse_ptr + place, tl.where(some, (reference + tl.log2(total)) * LN2, float("inf")))
        factor = tl.where(some, 1.0 / denominator, 0.0)
        tl.store(out_ptr + token * stride_os + head.to(tl.int64) * stride_oh + columns, (acc * factor).to(tl.bfloat16))


def new_parts(device: torch.device, parts: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Memory for the results of `parts` parts: out [parts, BLOCK_H, 2, 512], statistics [parts, 2, BLOCK_H]."""
    partial = torch.empty((parts, BLOCK_H, 2, D_V), dtype=torch.bfloat16, device=device)
    return partial, torch.empty((parts, 2, BLOCK_H), dtype=torch.float32, device=device)


def launch_merge(
    args: SparseMlaFwdArgs, partial: torch.Tensor, statistics: torch.Tensor, whole: int, splits: int
) -> None:
    """Make the results of the items from `whole` on out of their parts."""
    rows = partial.shape[0] // splits * BLOCK_H
    sparse_mla_fwd_merge_kernel[(rows,)](
        partial, statistics, args.attn_sink, args.out, args.max_logits, args.lse, args.h_q, args.out.stride(0),
        args.out.stride(1), whole, splits, HAS_SINK=args.attn_sink is not None, BLOCK_H=BLOCK_H,
        SPLITS_AT_ONCE=SPLITS_AT_ONCE, num_warps=2, **pdl_options(args.q.device),
    )  # fmt: skip


def variants(arch: str) -> Iterator[tuple[str, object, dict[str, str], dict[str, object], dict[str, int]]]:
    """What the resource report compiles: (label, kernel, signature, constexprs, launch options) per variant."""
    from triton_tle.compiler.pipelines import parse_arch

    signature = {
        "partial_ptr": "*bf16:16", "statistics_ptr": "*fp32:16", "out_ptr": "*bf16:16", "max_logits_ptr": "*fp32:16",
        "lse_ptr": "*fp32:16", "h_q": "i32", "stride_os": "i32:16", "stride_oh": "i32:16", "whole": "i32",
        "splits": "i32",
    }  # fmt: skip
    pdl = parse_arch(arch) >= 90
    for sink in (False, True):
        constexprs = {"HAS_SINK": sink, "BLOCK_H": BLOCK_H, "SPLITS_AT_ONCE": SPLITS_AT_ONCE, "PDL": pdl}
        arguments = signature | ({"sink_ptr": "*fp32:16"} if sink else {})
        if not sink:
            constexprs["sink_ptr"] = None
        options = {"num_warps": 2} | ({"launch_pdl": True} if pdl else {})
        yield "sink" if sink else "plain", sparse_mla_fwd_merge_kernel, arguments, constexprs, options
