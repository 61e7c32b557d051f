"""Sparse-MLA prefill forward for few heads, by two warp groups that are handed tiles in turn, for Hopper.

Keys are the rows of both products, heads their columns, as in sparse_mla_fwd_few_heads.py: no work is done for heads
that do not exist. What bounds such a tile is shared memory, which is written once and read by both products. One warp
group leaves it idle during its softmax; here there are two, each with work items of its own (an item is one query token
and a block of its heads), so that they share nothing but what `load` hands them: in turn a tile of the first group and
one of the second. A program takes items until there are none, each group every second one of them.

Of four blocks of 128 columns of a tile the first SHARED have a ring of three slots for both groups, the others one slot
for each group: it is what fits into shared memory. A slot of a shared ring is let go by both groups, by the one whose
tile it is not as soon as it is there.

The four warps of a group hold different keys, so the maximum of a head over a tile takes an exchange between warps. P
is therefore made with the reference that there is, and stored; each warp says beside it whether a score lies beyond
what that reference can do. Seldom one does: then the group looks for the maximum and makes P again.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import triton
import triton.language as tl

import triton_tle.language as tle

from ._devices import multiprocessors
from ._sparse_mla_fwd_parts import finish, load_indices
from .sparse_mla_fwd_args import SparseMlaFwdArgs, check_sparse_mla_fwd
from .sparse_mla_fwd_pipes import FEW_HEADS, TOLERANCE, argument_types, gather, item_work, require_support

BLOCK_K = 64
MOST_HEADS = 32  # that a work item has
# Blocks of 128 columns of K in rings of three slots, by d_qk and heads of an item: what fits beside Q of two items.
# With 32 heads and d_qk 512 one would fit, but ptxas spills then.
SHARED = {576: {8: 3, 16: 2, 32: 0}, 512: {8: 3, 16: 3, 32: 0}}


@triton.jit
def count_tiles(length_ptr, items, first, step, topk, head_blocks, HAS_LENGTH: tl.constexpr, BLOCK_K: tl.constexpr):
    """How many tiles the work items first, first + step, ... have."""
    if HAS_LENGTH:
        numbers = tl.arange(0, 64)
        tiles = tl.zeros([64], tl.int32)
        for start in range(first, items, 64 * step):
            item = start + numbers * step
            length = tl.minimum(tl.load(length_ptr + item // head_blocks, mask=item < items, other=0), topk)
            tiles += tl.where(item < items, tl.maximum(tl.cdiv(length, BLOCK_K), 1), 0)
        return tl.sum(tiles, 0)
    else:
        return tl.maximum(tl.cdiv(topk, BLOCK_K), 1) * tl.maximum(tl.cdiv(items - first, step), 0)


@triton.jit
def own_item(length_ptr, order_ptr, item, items, topk, head_blocks, HAS_LENGTH: tl.constexpr, BLOCK_K: tl.constexpr):
    """(query token, number of its indices, tiles) of a work item; from `items` on, one tile of no keys."""
    token, _first, length, tiles = item_work(
        length_ptr, order_ptr, tl.minimum(item, items - 1), topk, head_blocks, items, None, HAS_LENGTH, BLOCK_K
    )
    some = item < items
    return token, tl.where(some, length, 0), tl.where(some, tiles, 1)


@triton.jit
def load_queries(queries, q_rows, here, done, HAS_ROPE: tl.constexpr):
    """Gather Q of one work item."""
    q = queries.acquire(done)
    gather(q_rows, q.k0, here, 128)
    gather(q_rows + 128, q.k1, here, 128)
    gather(q_rows + 256, q.k2, here, 128)
    gather(q_rows + 384, q.k3, here, 128)
    if HAS_ROPE:
        gather(q_rows + 512, q.rope, here, 64)
    queries.commit(done)


@triton.jit
def number(block, turn, PART: tl.constexpr, SHARED: tl.constexpr):
    """Which tile of its pipe a block of columns is, of those that one warp group takes at its turn `turn`."""
    tile = turn
    if block < SHARED:
        tile = 2 * turn + PART
    return tile


@triton.jit
def load_tile(
    keys, kv_ptr, index, limit, turn, stride_kv, PART: tl.constexpr, SHARED: tl.constexpr, HAS_ROPE: tl.constexpr
):  # fmt: skip
    """Gather one tile of K; `bias` is what makes the scores of absent keys -inf."""
    valid = (index >= 0) & (index < limit)
    rows = kv_ptr + tl.where(valid, index, 0).to(tl.int64)[:, None] * stride_kv
    for block in tl.static_range(4):
        slot = keys[block].acquire(number(block, turn, PART, SHARED))
        gather(rows + 128 * block, slot.k, valid[:, None], 128)
        if block == 3:
            if HAS_ROPE:
                gather(rows + 512, slot.rope, valid[:, None], 64)
            slot.bias.store(tl.where(valid, 0.0, float("-inf")))
        keys[block].commit(number(block, turn, PART, SHARED))


@triton.jit
def load_step(
    queries, keys, q_ptr, kv_ptr, indices_ptr, length_ptr, order_ptr, items, s_kv, topk, h_q, causal_start, stride_qs,
    stride_qh, stride_kv, stride_is, turn, state, index, next_work, PART: tl.constexpr, SHARED: tl.constexpr,
    HAS_ROPE: tl.constexpr, HAS_LENGTH: tl.constexpr, CAUSAL: tl.constexpr, BLOCK_H: tl.constexpr,
    BLOCK_K: tl.constexpr
):  # fmt: skip
    """Gather the next tile of one warp group; with the first of an item its Q, too.

    state: (item, tile of it, items before, query token, indices, tiles), and `next_work` of the item behind it (query
    token, indices, tiles); index: entries of this tile.
    """
    item, tile, done, token, length, tiles = state
    next_token, next_length, next_tiles = next_work
    is_last = tile + 1 == tiles
    row = indices_ptr + tl.where(is_last, next_token, token) * stride_is
    start = tl.where(is_last, 0, (tile + 1) * BLOCK_K)
    next_index = load_indices(row, start, tl.where(is_last, next_length, length), BLOCK_K)
    limit = s_kv
    if CAUSAL:
        limit = tl.minimum(s_kv, causal_start + token + 1).to(tl.int32)
    load_tile(keys, kv_ptr, index, limit, turn, stride_kv, PART, SHARED, HAS_ROPE)
    if (tile == 0) & (item < items):
        heads = (item % tl.cdiv(h_q, BLOCK_H)) * BLOCK_H + tl.arange(0, BLOCK_H)
        q_rows = q_ptr + token * stride_qs + heads.to(tl.int64)[:, None] * stride_qh
        load_queries(queries, q_rows, (heads < h_q)[:, None], done, HAS_ROPE)
    tile += 1
    if is_last:
        step = 2 * tl.num_programs(0)
        item += step
        tile = 0
        done += 1
        token, length, tiles = next_token, next_length, next_tiles
        next_token, next_length, next_tiles = own_item(
            length_ptr, order_ptr, item + step, items, topk, tl.cdiv(h_q, BLOCK_H), HAS_LENGTH, BLOCK_K
        )
    return (item, tile, done, token, length, tiles), next_index, (next_token, next_length, next_tiles)


@triton.jit
def load_start(
    indices_ptr, length_ptr, order_ptr, item, items, topk, h_q, stride_is, HAS_LENGTH: tl.constexpr,
    BLOCK_H: tl.constexpr, BLOCK_K: tl.constexpr
):  # fmt: skip
    """What `load_step` begins with, for the warp group whose first work item is `item`."""
    head_blocks = tl.cdiv(h_q, BLOCK_H)
    token, length, tiles = own_item(length_ptr, order_ptr, item, items, topk, head_blocks, HAS_LENGTH, BLOCK_K)
    next_work = own_item(
        length_ptr, order_ptr, item + 2 * tl.num_programs(0), items, topk, head_blocks, HAS_LENGTH, BLOCK_K
    )
    index = load_indices(indices_ptr + token * stride_is, 0, length, BLOCK_K)
    return (item, 0, 0, token, length, tiles), index, next_work


@triton.jit
def load(
    queries, keys, weights, q_ptr, kv_ptr, indices_ptr, length_ptr, order_ptr, items, turns, s_kv, topk, h_q,
    causal_start, stride_qs, stride_qh, stride_kv, stride_is, SHARED: tl.constexpr, HAS_ROPE: tl.constexpr,
    HAS_LENGTH: tl.constexpr, CAUSAL: tl.constexpr, BLOCK_H: tl.constexpr, BLOCK_K: tl.constexpr
):  # fmt: skip
    """Gather Q and the tiles of both warp groups; a group without items more gets tiles of no keys."""
    for part in tl.static_range(2):
        weights[part].acquire(0)
        weights[part].commit(0)
    program = tl.program_id(0)
    state0, index0, next0 = load_start(
        indices_ptr, length_ptr, order_ptr, program, items, topk, h_q, stride_is, HAS_LENGTH, BLOCK_H, BLOCK_K
    )
    state1, index1, next1 = load_start(
        indices_ptr, length_ptr, order_ptr, program + tl.num_programs(0), items, topk, h_q, stride_is, HAS_LENGTH,
        BLOCK_H, BLOCK_K,
    )  # fmt: skip
    for turn in range(turns):
        state0, index0, next0 = load_step(
            queries[0], keys[0], q_ptr, kv_ptr, indices_ptr, length_ptr, order_ptr, items, s_kv, topk, h_q,
            causal_start, stride_qs, stride_qh, stride_kv, stride_is, turn, state0, index0, next0, 0, SHARED, HAS_ROPE,
            HAS_LENGTH, CAUSAL, BLOCK_H, BLOCK_K,
        )  # fmt: skip
        state1, index1, next1 = load_step(
            queries[1], keys[1], q_ptr, kv_ptr, indices_ptr, length_ptr, order_ptr, items, s_kv, topk, h_q,
            causal_start, stride_qs, stride_qh, stride_kv, stride_is, turn, state1, index1, next1, 1, SHARED, HAS_ROPE,
            HAS_LENGTH, CAUSAL, BLOCK_H, BLOCK_K,
        )  # fmt: skip


@triton.jit
def pass_over(keys, count, SHARED: tl.constexpr):
    """Let go of a tile that is none of this warp group."""
    for block in tl.static_range(SHARED):
        keys[block].wait(count)
        keys[block].release(count)


@triton.jit
def any_of_four(flags):
    """Four integers in shared memory or-ed: each thread loads them all, which is faster than an exchange of lanes."""
    left = tl.load(tle.gpu.local_ptr(flags, (0,))) | tl.load(tle.gpu.local_ptr(flags, (1,)))
    return left | tl.load(tle.gpu.local_ptr(flags, (2,))) | tl.load(tle.gpu.local_ptr(flags, (3,)))


@triton.jit
def attend_tile(
    queries, keys, q, weights, beyond, done, is_last, turn, reference, largest, row_sums, sums, scale_log2,
    PART: tl.constexpr, SHARED: tl.constexpr, HAS_ROPE: tl.constexpr, BLOCK_H: tl.constexpr, TOLERANCE: tl.constexpr
):  # fmt: skip
    """(reference [BLOCK_H], largest scores and sums of P [4, 8, BLOCK_H], sums) after one more tile.

    Scores are relative to a reference that lies at most TOLERANCE below their running maximum, in powers of two, as in
    sparse_mla_fwd_pipes.py. P of a tile that holds higher ones is made again, the sums are scaled.

    sums: blocks of the transposed output, [128, BLOCK_H] each, from block SHARED on: slots that are one warp group's
    alone are let go first.
    """
    k0 = keys[0].wait(number(0, turn, PART, SHARED))
    s = tl.dot(k0.k.load(), q.k0.T.load())
    k1 = keys[1].wait(number(1, turn, PART, SHARED))
    s = tl.dot(k1.k.load(), q.k1.T.load(), s)
    k2 = keys[2].wait(number(2, turn, PART, SHARED))
    s = tl.dot(k2.k.load(), q.k2.T.load(), s)
    k3 = keys[3].wait(turn)
    s = tl.dot(k3.k.load(), q.k3.T.load(), s)
    if HAS_ROPE:
        s = tl.dot(k3.rope.load(), q.rope.T.load(), s)
    bias = k3.bias.load()
    if is_last:
        queries.release(done)
    s = s + bias[:, None]
    largest = tl.maximum(largest, tl.max(tl.reshape(s, [4, 2, 8, BLOCK_H]), 1))
    exponents = s * scale_log2 - reference[None, :]
    p = tl.exp2(exponents)
    # A row of four for each warp, which holds 16 keys.
    some = tl.reshape((exponents > TOLERANCE).to(tl.int32), [4, 16 * BLOCK_H])
    beyond.store(tl.max(some, 1))
    weights.store(tl.trans(p.to(tl.bfloat16)))
    sums0, sums1, sums2, sums3 = sums
    if any_of_four(beyond) > 0:
        maximum = tl.max(s, 0) * scale_log2
        new = tl.where(maximum > reference + TOLERANCE, maximum, reference)
        scale = tl.exp2(reference - new)[None, :]
        reference = new
        row_sums *= tl.max(tl.reshape(tl.broadcast_to(scale, s.shape), [4, 2, 8, BLOCK_H]), 1)
        sums0 *= scale
        sums1 *= scale
        sums2 *= scale
        sums3 *= scale
        p = tl.exp2(s * scale_log2 - new[None, :])
        weights.store(tl.trans(p.to(tl.bfloat16)))
        tle.gpu.barrier()  # here, so that it is not needed behind the branch
    p_keys = weights.T.load()
    row_sums += tl.sum(tl.reshape(p, [4, 2, 8, BLOCK_H]), 1)
    v = (k0.k, k1.k, k2.k, k3.k)
    sums0 = tl.dot(v[(SHARED + 0) % 4].T.load(), p_keys, sums0)
    sums1 = tl.dot(v[(SHARED + 1) % 4].T.load(), p_keys, sums1)
    sums2 = tl.dot(v[(SHARED + 2) % 4].T.load(), p_keys, sums2)
    sums3 = tl.dot(v[(SHARED + 3) % 4].T.load(), p_keys, sums3)
    for place in tl.static_range(4):
        keys[(SHARED + place) % 4].release(number((SHARED + place) % 4, turn, PART, SHARED))
    return reference, largest, row_sums, (sums0, sums1, sums2, sums3)


@triton.jit
def store_as_it_lies(pointers, values, mask, ASM: tl.constexpr):
    """Store 16-bit values one by one from the layout that they are in.

    `tl.store` would have them rearranged into whole rows, which takes shared memory and barriers. Without ASM it is
    `tl.store`.
    """
    if ASM:
        tl.inline_asm_elementwise(
            """
            {
            .reg .pred some;
            setp.ne.b32 some, $3, 0;
            @some st.global.b16 [$1], $2;
            mov.b32 $0, 0;
            }
            """,
            "=r,l,h,r",
            [pointers.to(tl.int64), values, mask.to(tl.int32)],
            dtype=tl.int32,
            is_pure=False,
            pack=1,
        )
    else:
        tl.store(pointers, values, mask=mask)


@triton.jit
def opaque(value, ASM: tl.constexpr):
    """The same scalar, unknown to the compiler: what is made of it is calculated here, not kept from somewhere else."""
    if ASM:
        value = tl.inline_asm_elementwise("mov.b32 $0, $1;", "=r,r", [value], dtype=tl.int32, is_pure=False, pack=1)
    return value


@triton.jit
def attend(
    queries, keys, weights, beyond, sink_ptr, length_ptr, order_ptr, out_ptr, max_logits_ptr, lse_ptr, items,
    turns, topk, h_q, scale_log2, stride_os, stride_oh, PART: tl.constexpr, SHARED: tl.constexpr,
    HAS_ROPE: tl.constexpr, HAS_SINK: tl.constexpr, HAS_LENGTH: tl.constexpr, BLOCK_H: tl.constexpr,
    BLOCK_K: tl.constexpr, TOLERANCE: tl.constexpr, ASM: tl.constexpr
):  # fmt: skip
    """Attention of the work items of one warp group; PART: 0 or 1, which one of the two it is."""
    topk, h_q = opaque(topk, ASM), opaque(h_q, ASM)
    head_blocks = tl.cdiv(h_q, BLOCK_H)
    programs = tl.num_programs(0)
    columns = tl.arange(0, 128)
    p = weights.wait(0).p
    turn = 0
    done = 0
    for item in range(tl.program_id(0) + PART * programs, items, 2 * programs):
        _token, _first, _length, tiles = item_work(
            length_ptr, order_ptr, item, topk, head_blocks, items, None, HAS_LENGTH, BLOCK_K
        )
        reference = tl.full([BLOCK_H], -1e30, tl.float32)  # finite, so that a tile without any key gives no NaN
        # Of the two keys of a tile that one thread holds: threads meet at the end of the item only.
        largest = tl.full([4, 8, BLOCK_H], float("-inf"), tl.float32)
        row_sums = tl.zeros([4, 8, BLOCK_H], tl.float32)
        zeros = tl.zeros([128, BLOCK_H], tl.float32)
        sums = (zeros, zeros, zeros, zeros)
        q = queries.wait(done)
        for tile in range(tiles):
            if PART == 1:
                pass_over(keys, 2 * turn, SHARED)
            reference, largest, row_sums, sums = attend_tile(
                queries, keys, q, p, beyond, done, tile + 1 == tiles, turn, reference, largest, row_sums, sums,
                scale_log2, PART, SHARED, HAS_ROPE, BLOCK_H, TOLERANCE,
            )  # fmt: skip
            if PART == 0:
                pass_over(keys, 2 * turn + 1, SHARED)
            turn += 1
        token, _first, _length, _tiles = item_work(
            length_ptr, order_ptr, opaque(item, ASM), topk, head_blocks, items, None, HAS_LENGTH, BLOCK_K
        )
        heads = (item % head_blocks) * BLOCK_H + tl.arange(0, BLOCK_H)
        here = heads < h_q
        factor = finish(
            tl.sum(tl.sum(row_sums, 1), 0), reference, tl.max(tl.max(largest, 1), 0) * scale_log2, sink_ptr,
            max_logits_ptr, lse_ptr, token, heads, here, h_q, HAS_SINK,
        )  # fmt: skip
        rows = out_ptr + token * stride_os + heads.to(tl.int64)[None, :] * stride_oh + columns[:, None]
        for place in tl.static_range(4):
            values = (sums[place] * factor[None, :]).to(tl.bfloat16)
            store_as_it_lies(rows + 128 * ((SHARED + place) % 4), values, here[None, :], ASM)
        done += 1
    for rest in range(turn, turns):
        pass_over(keys, 2 * rest, SHARED)
        pass_over(keys, 2 * rest + 1, SHARED)
        for block in tl.static_range(SHARED, 4):
            keys[block].wait(rest)
            keys[block].release(rest)
    weights.release(0)


@triton.jit
def block_of_keys(SHARED: tl.constexpr, BLOCK_K: tl.constexpr):
    """Pipes of a block of 128 columns of K: the readers of both warp groups, then the writers for them."""
    if SHARED:
        keys = tle.pipe(
            k=tle.gpu.alloc([3, BLOCK_K, 128], tl.bfloat16), readers=("first", "second"), name="shared_keys"
        )
        return keys.reader("first"), keys.reader("second"), keys.writer(), keys.writer()
    else:
        first = tle.pipe(k=tle.gpu.alloc([1, BLOCK_K, 128], tl.bfloat16), name="first_keys")
        second = tle.pipe(k=tle.gpu.alloc([1, BLOCK_K, 128], tl.bfloat16), name="second_keys")
        return first.reader(), second.reader(), first.writer(), second.writer()


@triton.jit
def last_block_of_keys(name: tl.constexpr, HAS_ROPE: tl.constexpr, BLOCK_K: tl.constexpr):
    """A pipe of the last block of columns of K, with rotary columns and bias: its reader and its writer."""
    vector: tl.constexpr = tle.gpu.swizzled_shared_layout(order=(0,))
    k = tle.gpu.alloc([1, BLOCK_K, 128], tl.bfloat16)
    bias = tle.gpu.alloc([1, BLOCK_K], tl.float32, layout=vector)
    if HAS_ROPE:
        rope = tle.gpu.alloc([1, BLOCK_K, 64], tl.bfloat16)
        keys = tle.pipe(k=k, rope=rope, bias=bias, name=name)
        return keys.reader(), keys.writer()
    else:
        keys = tle.pipe(k=k, bias=bias, name=name)
        return keys.reader(), keys.writer()


@triton.jit
def pipe_of_queries(name: tl.constexpr, HAS_ROPE: tl.constexpr, BLOCK_H: tl.constexpr):
    """The pipe of Q of one warp group: its reader and its writer."""
    k0 = tle.gpu.alloc([1, BLOCK_H, 128], tl.bfloat16)
    k1 = tle.gpu.alloc([1, BLOCK_H, 128], tl.bfloat16)
    k2 = tle.gpu.alloc([1, BLOCK_H, 128], tl.bfloat16)
    k3 = tle.gpu.alloc([1, BLOCK_H, 128], tl.bfloat16)
    if HAS_ROPE:
        rope = tle.gpu.alloc([1, BLOCK_H, 64], tl.bfloat16)
        queries = tle.pipe(k0=k0, k1=k1, k2=k2, k3=k3, rope=rope, name=name)
        return queries.reader(), queries.writer()
    else:
        queries = tle.pipe(k0=k0, k1=k1, k2=k2, k3=k3, name=name)
        return queries.reader(), queries.writer()


@triton.jit(do_not_specialize=["items", "s_kv", "h_q", "causal_start"])
def sparse_mla_fwd_few_heads_pairs_kernel(
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
    SHARED: tl.constexpr,
    TOLERANCE: tl.constexpr,
    ATTEND_REGISTERS: tl.constexpr,
    LOAD_REGISTERS: tl.constexpr,
    ASM: tl.constexpr,
    order_ptr=None,
):
    """Attention of `items` blocks of heads, in turn; of query tokens in the order of order_ptr, if there is one.

    SHARED: how many of the four blocks of 128 columns of K have a ring of three slots for both warp groups, at most 3;
    the others have one slot for each of them.
    """
    program = tl.program_id(0)
    programs = tl.num_programs(0)
    head_blocks = tl.cdiv(h_q, BLOCK_H)
    turns0 = count_tiles(length_ptr, items, program, 2 * programs, topk, head_blocks, HAS_LENGTH, BLOCK_K)
    turns1 = count_tiles(length_ptr, items, program + programs, 2 * programs, topk, head_blocks, HAS_LENGTH, BLOCK_K)
    turns = tl.maximum(turns0, turns1)

    first0, second0, to_first0, to_second0 = block_of_keys(SHARED > 0, BLOCK_K)
    first1, second1, to_first1, to_second1 = block_of_keys(SHARED > 1, BLOCK_K)
    first2, second2, to_first2, to_second2 = block_of_keys(SHARED > 2, BLOCK_K)
    first3, to_first3 = last_block_of_keys("first_keys3", HAS_ROPE, BLOCK_K)
    second3, to_second3 = last_block_of_keys("second_keys3", HAS_ROPE, BLOCK_K)
    first_q, to_first_q = pipe_of_queries("first_queries", HAS_ROPE, BLOCK_H)
    second_q, to_second_q = pipe_of_queries("second_queries", HAS_ROPE, BLOCK_H)
    # Filled once, with nothing that counts: of a field of a pipe the compiler knows that what others learn at the
    # release of another pipe lets none of them write it, so products that read P may still run then.
    first_p = tle.pipe(p=tle.gpu.alloc([1, BLOCK_H, BLOCK_K], tl.bfloat16), name="first_weights")
    second_p = tle.pipe(p=tle.gpu.alloc([1, BLOCK_H, BLOCK_K], tl.bfloat16), name="second_weights")
    # fmt: off
    tle.gpu.warp_specialize(
        [
            (attend, (
                first_q, (first0, first1, first2, first3), first_p.reader(),
                tle.gpu.alloc([4], tl.int32), sink_ptr, length_ptr, order_ptr, out_ptr, max_logits_ptr, lse_ptr, items,
                turns, topk, h_q, scale_log2, stride_os, stride_oh, 0, SHARED, HAS_ROPE, HAS_SINK, HAS_LENGTH, BLOCK_H,
                BLOCK_K, TOLERANCE, ASM,
            )),
            (attend, (
                second_q, (second0, second1, second2, second3), second_p.reader(),
                tle.gpu.alloc([4], tl.int32), sink_ptr, length_ptr, order_ptr, out_ptr, max_logits_ptr, lse_ptr, items,
                turns, topk, h_q, scale_log2, stride_os, stride_oh, 1, SHARED, HAS_ROPE, HAS_SINK, HAS_LENGTH, BLOCK_H,
                BLOCK_K, TOLERANCE, ASM,
            )),
            (load, (
                (to_first_q, to_second_q),
                ((to_first0, to_first1, to_first2, to_first3), (to_second0, to_second1, to_second2, to_second3)),
                (first_p.writer(), second_p.writer()), q_ptr, kv_ptr, indices_ptr, length_ptr, order_ptr, items, turns,
                s_kv, topk, h_q, causal_start, stride_qs, stride_qh, stride_kv, stride_is, SHARED, HAS_ROPE, HAS_LENGTH,
                CAUSAL, BLOCK_H, BLOCK_K,
            )),
        ],
        [4, 4],
        [ATTEND_REGISTERS, LOAD_REGISTERS],
    )
    # fmt: on


def config(h_q: int, has_rope: bool) -> dict[str, object]:
    """Compile-time sizes for `h_q` heads."""
    heads = min(max(triton.next_power_of_2(h_q), 8), MOST_HEADS)
    attend, load = (232, 40) if heads == 32 else (208, 88)
    return {
        "BLOCK_H": heads,
        "BLOCK_K": BLOCK_K,
        "SHARED": SHARED[576 if has_rope else 512][heads],
        "TOLERANCE": TOLERANCE,
        "ATTEND_REGISTERS": attend,
        "LOAD_REGISTERS": load,
    }


def variants(arch: str) -> Iterator[tuple[str, object, dict[str, str], dict[str, object], dict[str, int]]]:
    """What the resource report compiles: (label, kernel, signature, constexprs, launch options).

    `arch` is not looked at: the kernel needs sm_90.
    """
    signature = argument_types()
    cases = [(h_q, d_qk, False, False) for d_qk in (576, 512) for h_q in (8, 16, 32)]
    cases += [(h_q, 576, True, h_q == 16) for h_q in (8, 16, 32)] + [(16, 512, True, False)]
    for h_q, d_qk, extras, ordered in cases:
        more = {"HAS_ROPE": d_qk > 512, "HAS_SINK": extras, "HAS_LENGTH": extras, "CAUSAL": extras, "stride_kv": d_qk}
        pointers = {"sink_ptr": "*fp32:16", "length_ptr": "*i32:16"} if extras else {}
        pointers |= {"order_ptr": "*i32:16"} if ordered else {}
        more |= {name: None for name in ("sink_ptr", "length_ptr", "order_ptr") if name not in pointers}
        label = f"d_qk {d_qk}, {h_q} heads" + (", sink, length, causal" if extras else "")
        label += ", order" * ordered
        more |= config(h_q, d_qk > 512) | {"ASM": True}
        yield label, sparse_mla_fwd_few_heads_pairs_kernel, signature | pointers, more, {"num_warps": 4}


def is_fastest(args: SparseMlaFwdArgs) -> bool:
    """Whether the operator runs this kernel: up to 32 heads, and more query tokens than multiprocessors.

    With fewer, one of the two warp groups has nothing to do. With 17 to 32 heads, where a group alone waits for each of
    its tiles, the kernel in partitions is faster for two to three tokens a multiprocessor, too. (It also is where it
    divides by keys the few tokens that are more than the multiprocessors, which is not looked at.)
    """
    programs = multiprocessors(args.q.device)
    if args.h_q > MOST_HEADS or args.s_q <= programs:
        return False
    return args.h_q <= FEW_HEADS or not 2 * programs < args.s_q <= 3 * programs


def launch(args: SparseMlaFwdArgs, programs: int | None = None) -> None:
    """Calculate into the outputs of `args`, which `supports` accepts, with up to `programs` programs.

    None stands for one on each multiprocessor.
    """
    if args.s_q == 0:
        return
    features = args.kernel_features()
    sizes = config(args.h_q, features["HAS_ROPE"])
    items = args.s_q * triton.cdiv(args.h_q, sizes["BLOCK_H"])
    programs = min(programs or multiprocessors(args.q.device), items)
    sparse_mla_fwd_few_heads_pairs_kernel[(programs,)](
        *args.kernel_arguments(), items, order_ptr=args.order, **features, **sizes,
        ASM=not triton.knobs.runtime.interpret, num_warps=4,
    )  # fmt: skip


def sparse_mla_fwd_few_heads_pairs(
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
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """`sparse_mla_fwd` by this kernel, for checks and measurements.

    Args: as there; programs: how many programs to launch at most, None for one a multiprocessor.

    Raises:
        TypeError: an argument has another type or dtype.
        ValueError: a shape, stride, address, device or scale that the kernel does not take.
    """
    args = check_sparse_mla_fwd(
        q, kv, indices, sm_scale, attn_sink=attn_sink, topk_length=topk_length, out=out, causal_start=causal_start,
        order=order,
    )  # fmt: skip
    require_support("sparse_mla_fwd_few_heads_pairs", args)
    launch(args, programs)
    return args.results()
