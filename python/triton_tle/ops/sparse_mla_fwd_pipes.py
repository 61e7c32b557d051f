"""Sparse-MLA prefill forward in four partitions that pipes connect, for Hopper.

A work item is one query token and 64 of its heads; a program takes items in turn. `load` gathers K in tiles of 64 keys,
in four column blocks. `score` multiplies Q K^T, keeps the online softmax and hands on P and what the sums so far must
be scaled by. `add` runs twice, each holding half of the columns of the output. The first 512 columns of K are V.

Few items altogether, and those of a last round that is far from full behind few others, are divided by keys: a launch
of their own takes the parts, and `sparse_mla_fwd_merge` makes results of them.

`score` is what the others wait for. With rotary columns it begins a tile's products during the softmax of the tile
before: 3 % faster, where without them, and with shorter lists, it is up to 8 % slower.

The reference that exponents are relative to follows the running maximum only when it has grown by more than TOLERANCE:
most tiles then need no rescaling of the output, and the normalization in the end makes the result the same.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import torch
import triton
import triton.language as tl

import triton_tle.language as tle

from ._devices import capability_of, multiprocessors
from ._launches import pdl_options
from ._sparse_mla_fwd_parts import finish, load_indices
from .sparse_mla_fwd_args import SparseMlaFwdArgs, check_sparse_mla_fwd
from .sparse_mla_fwd_merge import MAX_PARTS, choose_splits, launch_merge, new_parts

BLOCK_H = 64
BLOCK_K = 64
FEW_HEADS = 16  # up to which the tile loop for few heads is faster, but for what is divided by keys
# What the reference may lie below the running maximum, in powers of two. P reaches 2**TOLERANCE, sums of it stay exact
# to float32.
TOLERANCE = 8.0
SMALLEST_SCALE = 2.0**-100  # the -inf of an absent key is scaled: float32 must not make this 0, which would give NaN
ONE_BITS = tl.constexpr(0x3F800000)  # of the float32 1.0


@triton.jit
def block_of(item, whole, splits):
    """Which block of heads, counted over all query tokens, a work item is, or is one of `splits` parts of."""
    block = item
    if splits is not None:
        block = whole + item // splits
    return block


@triton.jit
def item_work(
    length_ptr, order_ptr, item, topk, head_blocks, whole, splits, HAS_LENGTH: tl.constexpr, BLOCK_K: tl.constexpr
):
    """(query token, first of its indices, first that is none, tiles) of a work item; one tile at least."""
    block = block_of(item, whole, splits)
    place = block // head_blocks
    token = place
    if order_ptr is not None:
        token = tl.load(order_ptr + place)
    length = topk
    if HAS_LENGTH:
        length = tl.minimum(tl.load(length_ptr + place), topk)
    first = 0
    tiles = tl.cdiv(length, BLOCK_K)
    if splits is not None:
        part = item % splits
        begin = tiles * part // splits
        tiles = tiles * (part + 1) // splits - begin
        first = begin * BLOCK_K
        length = tl.minimum(length, first + tiles * BLOCK_K)
    return token.to(tl.int64), first, length, tl.maximum(tiles, 1)


@triton.jit
def gather(pointers, tile, mask, WIDTH: tl.constexpr):
    """Start copying WIDTH columns into `tile`, 64 at a time: a thread then knows few rows."""
    columns = tl.arange(0, 64)
    for piece in tl.static_range(WIDTH // 64):
        tle.gpu.async_copy(pointers + (piece * 64 + columns)[None, :], tile.slice(piece * 64, 64, 1), mask=mask)


@triton.jit
def load_tile(keys, kv_ptr, index, limit, count, stride_kv, HAS_ROPE: tl.constexpr):
    """Gather one tile of K; `bias` is what makes the scores of absent keys -inf."""
    valid = (index >= 0) & (index < limit)
    rows = kv_ptr + tl.where(valid, index, 0).to(tl.int64)[:, None] * stride_kv
    slot = keys[0].acquire(count)
    gather(rows, slot.k, valid[:, None], 128)
    keys[0].commit(count)
    slot = keys[2].acquire(count)
    gather(rows + 256, slot.k, valid[:, None], 128)
    keys[2].commit(count)
    slot = keys[1].acquire(count)
    gather(rows + 128, slot.k, valid[:, None], 128)
    keys[1].commit(count)
    slot = keys[3].acquire(count)
    gather(rows + 384, slot.k, valid[:, None], 128)
    if HAS_ROPE:
        gather(rows + 512, slot.rope, valid[:, None], 64)
    slot.bias.store(tl.where(valid, 0.0, float("-inf")))
    keys[3].commit(count)


@triton.jit
def load(
    queries, keys, q_ptr, kv_ptr, indices_ptr, length_ptr, order_ptr, items, whole, splits, s_kv, topk, h_q,
    causal_start, stride_qs, stride_qh, stride_kv, stride_is, HAS_ROPE: tl.constexpr, HAS_LENGTH: tl.constexpr,
    CAUSAL: tl.constexpr, BLOCK_H: tl.constexpr, BLOCK_K: tl.constexpr
):  # fmt: skip
    """Gather Q and the tiles of K."""
    head_blocks = tl.cdiv(h_q, BLOCK_H)
    programs = tl.num_programs(0)
    count = 0
    done = 0
    token, first, length, tiles = item_work(
        length_ptr, order_ptr, tl.program_id(0), topk, head_blocks, whole, splits, HAS_LENGTH, BLOCK_K
    )
    index = load_indices(indices_ptr + token * stride_is, first, length, BLOCK_K)
    for item in range(tl.program_id(0), items, programs):
        limit = s_kv
        if CAUSAL:
            limit = tl.minimum(s_kv, causal_start + token + 1).to(tl.int32)
        next_item = tl.minimum(item + programs, items - 1)
        next_token, next_first, next_length, next_tiles = item_work(
            length_ptr, order_ptr, next_item, topk, head_blocks, whole, splits, HAS_LENGTH, BLOCK_K
        )
        for tile in range(tiles):
            is_last = tile + 1 == tiles
            row = indices_ptr + tl.where(is_last, next_token, token) * stride_is
            start = tl.where(is_last, next_first, first + (tile + 1) * BLOCK_K)
            next_index = load_indices(row, start, tl.where(is_last, next_length, length), BLOCK_K)
            load_tile(keys, kv_ptr, index, limit, count, stride_kv, HAS_ROPE)
            if tile == 0:
                heads = (block_of(item, whole, splits) % head_blocks) * BLOCK_H + tl.arange(0, BLOCK_H)
                here = (heads < h_q)[:, None]
                q_rows = q_ptr + token * stride_qs + heads.to(tl.int64)[:, None] * stride_qh
                q = queries.acquire(done)
                gather(q_rows, q.k0, here, 128)
                gather(q_rows + 128, q.k1, here, 128)
                gather(q_rows + 256, q.k2, here, 128)
                gather(q_rows + 384, q.k3, here, 128)
                if HAS_ROPE:
                    gather(q_rows + 512, q.rope, here, 64)
                queries.commit(done)
            index = next_index
            count += 1
        token, first, length, tiles = next_token, next_first, next_length, next_tiles
        done += 1


@triton.jit
def begin_scores(keys, q, count):
    """Start the products of a tile's first column block, to which `score_tile` adds the others."""
    k = keys[0].wait(count)
    return tl.dot(q.k0.load(), k.k.T.load())


@triton.jit
def score_tile(
    queries, keys, scales, weights, q, q_held, q_rope, item, is_last, count, s, reference, largest, row_sums,
    scale_log2, HAS_ROPE: tl.constexpr, BLOCK_H: tl.constexpr, BLOCK_K: tl.constexpr, TOLERANCE: tl.constexpr,
    EARLY: tl.constexpr
):  # fmt: skip
    """Scores and softmax of one tile; (reference, running maximum, sums) after it, and begun scores `s`.

    EARLY: `s` comes as what the tile before has begun, is_last is a constant, and the next tile's are begun here.

    Products with Q from shared memory come first and those with Q from registers last: the tensor cores run dry at
    each change from one kind to the other. Q is released behind the last products with it, so that the next item's is
    on its way during the softmax.

    The softmax leaves the tensor cores without work, so the next tile's first products run beside its exponentials. A
    warp waits when it gives them out, hence ptxas must mix the two: no branch may stand among the exponentials, and
    the slots for their results are waited for before. The next tile's keys are not, which come last of all.
    """
    if not EARLY:
        s = begin_scores(keys, q, count)
    k = keys[2].wait(count)
    s = tl.dot(q.k2.load(), k.k.T.load(), s)
    k = keys[1].wait(count)
    s = tl.dot(q.k1.load(), k.k.T.load(), s)
    k = keys[3].wait(count)
    s = tl.dot(q_held[0], k.k.slice(0, 64, 1).T.load(), s)
    s = tl.dot(q_held[1], k.k.slice(64, 64, 1).T.load(), s)
    if HAS_ROPE:
        s = tl.dot(q_rope, k.rope.T.load(), s)
    bias = k.bias.load()
    if EARLY:
        keys[0].release(count)
    if is_last:
        queries.release(item)
    scores = s + bias[None, :]
    if EARLY:
        scale_slot = scales.acquire(count)
        weight_slot = weights.acquire(count)
    largest = tl.maximum(largest, tl.max(scores, 1) * scale_log2)
    new = tl.where(largest > reference + TOLERANCE, largest, reference)
    scale = tl.exp2(reference - new)
    if not EARLY:
        scale_slot = scales.acquire(count)
    scale_slot.scale.store(scale)
    scales.commit(count)
    if EARLY and not is_last:
        s = begin_scores(keys, q, count + 1)
    p = tl.exp2(scores * scale_log2 - new[:, None])
    if not EARLY:
        weight_slot = weights.acquire(count)
    weight_slot.p.store(p.to(tl.bfloat16))
    weights.commit(count)
    row_sums = row_sums * scale[:, None] + tl.sum(tl.reshape(p, [BLOCK_H, BLOCK_K // 8, 8]), 1)
    return new, largest, row_sums, s


@triton.jit
def score(
    queries, keys, scales, weights, sums, sink_ptr, length_ptr, order_ptr, max_logits_ptr, lse_ptr, items,
    whole, splits, topk, h_q, scale_log2, HAS_ROPE: tl.constexpr, HAS_SINK: tl.constexpr, HAS_LENGTH: tl.constexpr,
    BLOCK_H: tl.constexpr, BLOCK_K: tl.constexpr, TOLERANCE: tl.constexpr, EARLY: tl.constexpr
):  # fmt: skip
    """Scores and online softmax: hands on each tile's P, its scale before it, and in the end the sums."""
    head_blocks = tl.cdiv(h_q, BLOCK_H)
    count = 0
    done = 0
    for item in range(tl.program_id(0), items, tl.num_programs(0)):
        token, _first, _length, tiles = item_work(
            length_ptr, order_ptr, item, topk, head_blocks, whole, splits, HAS_LENGTH, BLOCK_K
        )
        reference = tl.full([BLOCK_H], -1e30, tl.float32)  # finite, so that a tile without any key gives no NaN
        largest = tl.full([BLOCK_H], -1e30, tl.float32)
        # Eight sums a row, each of columns that one thread holds: threads meet at the end of the item only.
        row_sums = tl.zeros([BLOCK_H, 8], tl.float32)
        q = queries.wait(done)
        # Part of Q stays in registers: products of 64 keys read shared memory as fast as it can give.
        q_held = (
            tle.gpu.hold_in_registers(q.k3.slice(0, 64, 1).load()),
            tle.gpu.hold_in_registers(q.k3.slice(64, 64, 1).load()),
        )
        q_rope = q_held[0]
        if HAS_ROPE:
            q_rope = tle.gpu.hold_in_registers(q.rope.load())
        if EARLY:
            s = begin_scores(keys, q, count)
            for _tile in range(tiles - 1):
                reference, largest, row_sums, s = score_tile(
                    queries, keys, scales, weights, q, q_held, q_rope, done, False, count, s, reference, largest,
                    row_sums, scale_log2, HAS_ROPE, BLOCK_H, BLOCK_K, TOLERANCE, EARLY,
                )  # fmt: skip
                count += 1
            reference, largest, row_sums, s = score_tile(
                queries, keys, scales, weights, q, q_held, q_rope, done, True, count, s, reference, largest, row_sums,
                scale_log2, HAS_ROPE, BLOCK_H, BLOCK_K, TOLERANCE, EARLY,
            )  # fmt: skip
            count += 1
        else:
            for tile in range(tiles):
                reference, largest, row_sums, _s = score_tile(
                    queries, keys, scales, weights, q, q_held, q_rope, done, tile + 1 == tiles, count, None, reference,
                    largest, row_sums, scale_log2, HAS_ROPE, BLOCK_H, BLOCK_K, TOLERANCE, EARLY,
                )  # fmt: skip
                count += 1
        heads = (block_of(item, whole, splits) % head_blocks) * BLOCK_H + tl.arange(0, BLOCK_H)
        row_sum = tl.sum(row_sums, 1)
        out = sums.acquire(done)
        if splits is None:
            factor = finish(
                row_sum, reference, largest, sink_ptr, max_logits_ptr, lse_ptr, token, heads, heads < h_q, h_q, HAS_SINK
            )
        else:
            factor = finish(
                row_sum, reference, largest, sink_ptr, max_logits_ptr, lse_ptr, item, tl.arange(0, BLOCK_H),
                heads < h_q, 2 * BLOCK_H, False,
            )  # fmt: skip
        out.factor.store(factor)
        sums.commit(done)
        done += 1


@triton.jit
def add_tile(left, right, scales, weights, count, sums_left, sums_right):
    """The output's columns after one more tile."""
    scale = scales.wait(count)
    # Positive numbers are in the order of their bits, and a warp has an instruction for the least of integers.
    if tl.min(scale.scale.load().to(tl.int32, bitcast=True), 0) < ONE_BITS:
        factor = scale.scale.load()[:, None]
        sums_left = sums_left * factor
        sums_right = sums_right * factor
    scales.release(count)
    v_left = left.wait(count)
    v_right = right.wait(count)
    p = weights.wait(count).p.load()
    sums_left = tl.dot(p, v_left.k.load(), sums_left)
    sums_right = tl.dot(p, v_right.k.load(), sums_right)
    return sums_left, sums_right


@triton.jit
def store_float32(values, place, high, low):
    """Store float32 through two slots of bfloat16: the upper 16 bits of each number, and 512 columns on the lower."""
    bits = values.to(tl.int32, bitcast=True)
    high.store((bits >> 16).to(tl.int16).to(tl.bfloat16, bitcast=True))
    low.store(bits.to(tl.int16).to(tl.bfloat16, bitcast=True))
    tle.gpu.barrier()
    offsets = (tl.arange(0, values.shape[0]) * 1024)[:, None] + tl.arange(0, values.shape[1])[None, :]
    tl.store(place + offsets, high.load())
    tl.store(place + 512 + offsets, low.load())


@triton.jit
def add(
    left, right, scales, weights, factors, length_ptr, order_ptr, out_ptr, items, whole, splits, topk, h_q,
    stride_os, stride_oh, COLUMN: tl.constexpr, HAS_LENGTH: tl.constexpr, BLOCK_H: tl.constexpr, BLOCK_K: tl.constexpr
):  # fmt: skip
    """Columns [COLUMN, COLUMN + 256) of the output, as two halves.

    The left half of a slot is free, and loaded again, while the products of the right half still run.
    """
    head_blocks = tl.cdiv(h_q, BLOCK_H)
    columns = COLUMN + tl.arange(0, 128)
    count = 0
    done = 0
    for item in range(tl.program_id(0), items, tl.num_programs(0)):
        token, _first, _length, tiles = item_work(
            length_ptr, order_ptr, item, topk, head_blocks, whole, splits, HAS_LENGTH, BLOCK_K
        )
        sums_left = tl.zeros([BLOCK_H, 128], tl.float32)
        sums_right = tl.zeros([BLOCK_H, 128], tl.float32)
        for _tile in range(tiles - 1):
            sums_left, sums_right = add_tile(left, right, scales, weights, count, sums_left, sums_right)
            left.release(count)
            right.release(count)
            weights.release(count)
            count += 1
        sums_left, sums_right = add_tile(left, right, scales, weights, count, sums_left, sums_right)
        weights.release(count)
        # The last tile's slots are this partition's alone now: the output goes through them, to be stored by rows.
        factor = factors.wait(done).factor.load()[:, None]
        last_left = left.wait(count)
        last_right = right.wait(count)
        if splits is None:
            last_left.k.store((sums_left * factor).to(tl.bfloat16))
            last_right.k.store((sums_right * factor).to(tl.bfloat16))
            factors.release(done)
            tle.gpu.barrier()
            heads = (item % head_blocks) * BLOCK_H + tl.arange(0, BLOCK_H)
            rows = out_ptr + token * stride_os + heads.to(tl.int64)[:, None] * stride_oh
            tl.store(rows + columns[None, :], last_left.k.load(), mask=(heads < h_q)[:, None])
            left.release(count)
            tl.store(rows + (128 + columns)[None, :], last_right.k.load(), mask=(heads < h_q)[:, None])
        else:
            place = out_ptr + item * (BLOCK_H * 1024) + COLUMN
            store_float32(sums_left * factor, place, last_left.k, last_right.k)
            tle.gpu.barrier()
            store_float32(sums_right * factor, place + 128, last_left.k, last_right.k)
            factors.release(done)
            left.release(count)
        right.release(count)
        count += 1
        done += 1


@triton.jit(do_not_specialize=["items", "s_kv", "h_q", "causal_start", "whole", "splits"])
def sparse_mla_fwd_pipes_kernel(
    q_ptr,
    kv_ptr,
    indices_ptr,
    sink_ptr,
    length_ptr,
    out_ptr,
    max_logits_ptr,
    lse_ptr,
    s_kv,
    topk,
    h_q,
    scale_log2,
    causal_start,
    stride_qs,
    stride_qh,
    stride_kv: tl.constexpr,
    stride_is,
    stride_os,
    stride_oh,
    items,
    HAS_ROPE: tl.constexpr,
    HAS_SINK: tl.constexpr,
    HAS_LENGTH: tl.constexpr,
    CAUSAL: tl.constexpr,
    BLOCK_H: tl.constexpr,
    BLOCK_K: tl.constexpr,
    TOLERANCE: tl.constexpr,
    ADD_REGISTERS: tl.constexpr,
    SCORE_REGISTERS: tl.constexpr,
    LOAD_REGISTERS: tl.constexpr,
    order_ptr=None,
    PDL: tl.constexpr = False,
    FOLLOWED: tl.constexpr = False,
    whole=None,
    splits=None,
):
    """Attention of `items` blocks of heads, in turn; of query tokens in the order of order_ptr, if there is one.

    With `splits`, items are parts, `splits` of each block of heads from block `whole` on: its keys are divided among
    them. out_ptr is [items, BLOCK_H, 2, 512] then, the upper and the lower 16 bits of float32; max_logits_ptr and
    lse_ptr are [items, BLOCK_H], 2 * BLOCK_H apart. `sparse_mla_fwd_merge_kernel` makes results of them.

    PDL: the launch may begin before the kernel in front of it has ended. Of items it reads what that one writes, of
    parts it does not; but with them, too, it ends behind it.
    FOLLOWED: the kernel behind is launched so, and may begin as soon as a multiprocessor has room.
    """
    if PDL and splits is None:
        tl.extra.cuda.gdc_wait()
    if FOLLOWED:
        tl.extra.cuda.gdc_launch_dependents()
    vector: tl.constexpr = tle.gpu.swizzled_shared_layout(order=(0,))
    q0 = tle.gpu.alloc([1, BLOCK_H, 128], tl.bfloat16)
    q1 = tle.gpu.alloc([1, BLOCK_H, 128], tl.bfloat16)
    q2 = tle.gpu.alloc([1, BLOCK_H, 128], tl.bfloat16)
    q3 = tle.gpu.alloc([1, BLOCK_H, 128], tl.bfloat16)
    k3 = tle.gpu.alloc([2, BLOCK_K, 128], tl.bfloat16)
    bias = tle.gpu.alloc([2, BLOCK_K], tl.float32, layout=vector)
    users: tl.constexpr = ("score", "add")
    keys0 = tle.pipe(k=tle.gpu.alloc([2, BLOCK_K, 128], tl.bfloat16), readers=users, name="keys0")
    keys1 = tle.pipe(k=tle.gpu.alloc([2, BLOCK_K, 128], tl.bfloat16), readers=users, name="keys1")
    keys2 = tle.pipe(k=tle.gpu.alloc([2, BLOCK_K, 128], tl.bfloat16), readers=users, name="keys2")
    if HAS_ROPE:
        q_rope = tle.gpu.alloc([1, BLOCK_H, 64], tl.bfloat16)
        rope = tle.gpu.alloc([2, BLOCK_K, 64], tl.bfloat16)
        queries = tle.pipe(k0=q0, k1=q1, k2=q2, k3=q3, rope=q_rope, name="queries")
        keys3 = tle.pipe(k=k3, rope=rope, bias=bias, readers=users, name="keys3")
    else:
        queries = tle.pipe(k0=q0, k1=q1, k2=q2, k3=q3, name="queries")
        keys3 = tle.pipe(k=k3, bias=bias, readers=users, name="keys3")
    both: tl.constexpr = ("left", "right")
    scales = tle.pipe(scale=tle.gpu.alloc([2, BLOCK_H], tl.float32, layout=vector), readers=both, name="scales")
    weights = tle.pipe(p=tle.gpu.alloc([1, BLOCK_H, BLOCK_K], tl.bfloat16), readers=both, name="weights")
    sums = tle.pipe(factor=tle.gpu.alloc([1, BLOCK_H], tl.float32, layout=vector), readers=both, name="sums")
    EARLY: tl.constexpr = HAS_ROPE
    # What `score` reads is released by `add`, which has waited for the P that came of it. The block with which `score`
    # begins a tile early it releases itself: else those products would have to end before the P of the tile before.
    score_keys = (
        keys0.reader("score", releases=EARLY),
        keys1.reader("score", releases=False),
        keys2.reader("score", releases=False),
        keys3.reader("score", releases=False),
    )
    load_keys = (keys0.writer(), keys1.writer(), keys2.writer(), keys3.writer())
    # fmt: off
    tle.gpu.warp_specialize(
        [
            (add, (
                keys0.reader("add"), keys1.reader("add"), scales.reader("left"), weights.reader("left"),
                sums.reader("left"), length_ptr, order_ptr, out_ptr, items, whole, splits, topk, h_q,
                stride_os, stride_oh, 0, HAS_LENGTH, BLOCK_H, BLOCK_K,
            )),
            (add, (
                keys2.reader("add"), keys3.reader("add", ("k",)), scales.reader("right"), weights.reader("right"),
                sums.reader("right"), length_ptr, order_ptr, out_ptr, items, whole, splits, topk, h_q,
                stride_os, stride_oh, 256, HAS_LENGTH, BLOCK_H, BLOCK_K,
            )),
            (score, (
                queries.reader(), score_keys, scales.writer(), weights.writer(), sums.writer(), sink_ptr, length_ptr,
                order_ptr, max_logits_ptr, lse_ptr, items, whole, splits, topk, h_q, scale_log2,
                HAS_ROPE, HAS_SINK, HAS_LENGTH, BLOCK_H, BLOCK_K, TOLERANCE, EARLY,
            )),
            (load, (
                queries.writer(), load_keys, q_ptr, kv_ptr, indices_ptr, length_ptr, order_ptr, items, whole, splits,
                s_kv, topk, h_q, causal_start, stride_qs, stride_qh, stride_kv, stride_is, HAS_ROPE, HAS_LENGTH, CAUSAL,
                BLOCK_H, BLOCK_K,
            )),
        ],
        [4, 4, 4],
        [ADD_REGISTERS, SCORE_REGISTERS, LOAD_REGISTERS],
    )
    # fmt: on
    if PDL and splits is not None:
        tl.extra.cuda.gdc_wait()


CONFIG = {"BLOCK_H": BLOCK_H, "BLOCK_K": BLOCK_K, "TOLERANCE": TOLERANCE}


def config(has_rope: bool, parts: bool = False) -> dict[str, object]:
    """Compile-time arguments: without the rotary columns `score` holds less of Q, and needs fewer registers.

    To store the sums of parts as float32 takes `add` more of them.
    """
    add, score, load = (160, 152, 40) if has_rope else (168, 128, 48) if parts else (160, 144, 48)
    return CONFIG | {"ADD_REGISTERS": add, "SCORE_REGISTERS": score, "LOAD_REGISTERS": load}


def argument_types() -> dict[str, str]:
    """Types of what every variant of a kernel in partitions takes."""
    types = dict.fromkeys(("q_ptr", "kv_ptr", "out_ptr"), "*bf16:16") | {
        "indices_ptr": "*i32:16", "max_logits_ptr": "*fp32:16", "lse_ptr": "*fp32:16", "scale_log2": "fp32"
    }  # fmt: skip
    types |= dict.fromkeys(("topk", "stride_qs", "stride_qh", "stride_is", "stride_os", "stride_oh"), "i32:16")
    return types | dict.fromkeys(("items", "s_kv", "h_q", "causal_start"), "i32")


def variants(arch: str) -> Iterator[tuple[str, object, dict[str, str], dict[str, object], dict[str, int]]]:
    """What the resource report compiles: (label, kernel, signature, constexprs, launch options).

    `arch` is not looked at: the kernel needs sm_90.
    """
    signature = argument_types()
    plain, full = (576, False, False, False), (576, True, True, False)
    short = (512, True, False, False), (512, True, True, False), (512, False, True, True)
    cases = [(*case, False) for case in (plain, full, (576, False, True, True), *short)]
    cases += [(*plain, True), (512, False, True, False, True)]
    for d_qk, sink, extras, ordered, parts in cases:
        more = {"HAS_ROPE": d_qk > 512, "HAS_SINK": sink, "HAS_LENGTH": extras, "CAUSAL": extras, "stride_kv": d_qk}
        pointers = {"sink_ptr": "*fp32:16"} if sink else {}
        pointers |= {"length_ptr": "*i32:16"} if extras else {}
        pointers |= {"order_ptr": "*i32:16"} if ordered else {}
        pointers |= {"whole": "i32", "splits": "i32"} if parts else {}
        optional = ("sink_ptr", "length_ptr", "order_ptr", "whole", "splits")
        more |= {name: None for name in optional if name not in pointers}
        label = f"d_qk {d_qk}" + (", sink" if sink else "") + (", length, causal" if extras else "")
        label += (", order" if ordered else "") + (", parts" if parts else "")
        more |= {"PDL": ordered or parts, "FOLLOWED": False} | config(d_qk > 512, parts)
        options = {"num_warps": 4} | ({"launch_pdl": True} if more["PDL"] else {})
        yield label, sparse_mla_fwd_pipes_kernel, signature | pointers, more, options


def supports(args: SparseMlaFwdArgs) -> bool:
    """Whether the kernel takes these arguments: sm_scale at least SMALLEST_SCALE, strides that are multiples of 16
    elements, addresses that are multiples of 16 bytes.

    On a GPU that is no Hopper it takes none; in the interpreter the target does not matter.
    """
    if capability_of(args.q.device) != 90:
        return False
    strides = (args.q.stride(0), args.q.stride(1), args.kv.stride(0))
    addresses = (args.q.data_ptr(), args.kv.data_ptr())
    return args.sm_scale >= SMALLEST_SCALE and not any(value % 16 for value in strides + addresses)


def require_support(kernel: str, args: SparseMlaFwdArgs) -> None:
    """Raises ValueError if `supports` does not accept the arguments of `kernel`."""
    if not supports(args):
        q, kv = args.q, args.kv
        raise ValueError(
            f"{kernel} needs a Hopper GPU, sm_scale >= 2**-100, strides that are multiples of 16 elements "
            f"and addresses that are multiples of 16 bytes, but sm_scale is {args.sm_scale}, the strides of q are "
            f"{q.stride()} and of kv {kv.stride()}, the addresses {q.data_ptr():#x} and {kv.data_ptr():#x}"
        )


def is_fastest(args: SparseMlaFwdArgs) -> bool:
    """Whether the tile loops take more time: more than FEW_HEADS heads, or so few items that they are divided.

    `sparse_mla_fwd_few_heads_pairs` comes before it: what that one takes does not get here.
    """
    return args.h_q > FEW_HEADS or (args.s_q < multiprocessors(args.q.device) and _parts(args)[1] > 1)


def _parts(args: SparseMlaFwdArgs, programs: int | None = None, splits: int | None = None) -> tuple[int, int]:
    """(items of the last round that is not full, parts of each); arguments as those of `launch`."""
    programs = programs or multiprocessors(args.q.device)
    items = args.s_q * triton.cdiv(args.h_q, BLOCK_H)
    left = items % programs
    if left == 0 or args.order is not None:
        splits = 1  # lists in order are the shortest in the last round, and not worth dividing
    elif splits is None:
        splits = choose_splits(left, triton.cdiv(args.topk, BLOCK_K), programs, items // programs)
    return left, min(splits, MAX_PARTS // max(left, 1))


def launch(args: SparseMlaFwdArgs, programs: int | None = None, splits: int | None = None) -> None:
    """Calculate into the outputs of `args`, which `supports` accepts, with up to `programs` programs.

    None stands for one on each multiprocessor. The last round's items are divided into `splits` parts each, None for
    as many as pay.
    """
    if args.s_q == 0:
        return
    programs = programs or multiprocessors(args.q.device)
    items = args.s_q * triton.cdiv(args.h_q, BLOCK_H)
    left, splits = _parts(args, programs, splits)
    whole = items - left if splits > 1 else items
    features = args.kernel_features()
    sizes = config(features["HAS_ROPE"])
    early = pdl_options(args.q.device)
    if whole:
        # An order is what a short kernel in front has just written: that hides what is left of its launch.
        more = early if args.order is not None else {"FOLLOWED": splits > 1 and early["PDL"]}
        sparse_mla_fwd_pipes_kernel[(min(programs, whole),)](
            *args.kernel_arguments(), whole, order_ptr=args.order, **features, **sizes, **more, num_warps=4
        )
    if splits > 1:
        partial, statistics = new_parts(args.q.device, left * splits)
        into = {"out": partial, "max_logits": statistics[:, 0], "lse": statistics[:, 1], "attn_sink": None}
        sparse_mla_fwd_pipes_kernel[(min(programs, left * splits),)](
            *dataclasses.replace(args, **into).kernel_arguments(), left * splits, whole=whole, splits=splits,
            **features | {"HAS_SINK": False}, **config(features["HAS_ROPE"], True), **(early if whole else {}),
            num_warps=4,
        )  # fmt: skip
        launch_merge(args, partial, statistics, whole, splits)


def sparse_mla_fwd_pipes(
    q: torch.Tensor,
    kv: torch.Tensor,
    indices: torch.Tensor,
    sm_scale: float,
    *,
    attn_sink: torch.Tensor | None = None,
    topk_length: torch.Tensor | None = None,
    causal_start: int | None = None,
    out: torch.Tensor | None = None,
    order: torch.Tensor | None = None,
    programs: int | None = None,
    splits: int | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """`sparse_mla_fwd` by this kernel, for checks and measurements.

    Args: as there; programs: how many programs to launch at most, None for one a multiprocessor; splits: parts that
    items of the last round are divided into where it is not full and there is no order, None for as many as pay.

    Raises:
        TypeError: an argument has another type or dtype.
        ValueError: a shape, stride, address, device or scale that the kernel does not take.
    """
    args = check_sparse_mla_fwd(
        q, kv, indices, sm_scale, attn_sink=attn_sink, topk_length=topk_length, out=out, causal_start=causal_start,
        order=order,
    )  # fmt: skip
    require_support("sparse_mla_fwd_pipes", args)
    launch(args, programs, splits)
    return args.results()
