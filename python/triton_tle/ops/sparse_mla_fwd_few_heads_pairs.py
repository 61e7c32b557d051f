"""Sparse-MLA prefill forward for few heads, by two warp groups that take tiles in turn, for Hopper.

Keys are the rows of both products, heads their columns, as in sparse_mla_fwd_few_heads.py: no work is done for heads
that do not exist. What bounds such a tile is shared memory, which is written once and read by both products. One warp
group leaves it idle during its softmax; here there are two, each with work items of its own (an item is one query token
and a block of its heads), so that they share nothing but the ring through which `load` hands them their tiles: tile
2 t is one of the first group, tile 2 t + 1 one of the second. A program takes items in turn, both groups to the end.

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

from ._devices import capability_of, multiprocessors
from ._sparse_mla_fwd_parts import finish, load_indices
from .sparse_mla_fwd_args import SparseMlaFwdArgs, check_sparse_mla_fwd
from .sparse_mla_fwd_pipes import SMALLEST_SCALE, TOLERANCE, gather, item_work, load_tile

BLOCK_K = 64
MOST_HEADS = 32  # that a work item has
# Slots of the four blocks of 128 columns of K, by heads of an item: what fits beside Q of two items.
SLOTS = {
    576: {8: (3, 3, 3, 2), 16: (3, 3, 2, 2), 32: (2, 2, 2, 2)},
    512: {8: (3, 3, 3, 3), 16: (3, 3, 3, 2), 32: (3, 2, 2, 2)},
}


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
def load_step(
    queries, keys, q_ptr, kv_ptr, indices_ptr, length_ptr, order_ptr, items, s_kv, topk, h_q, causal_start, stride_qs,
    stride_qh, stride_kv, stride_is, count, state, index, next_work, HAS_ROPE: tl.constexpr, HAS_LENGTH: tl.constexpr,
    CAUSAL: tl.constexpr, BLOCK_H: tl.constexpr, BLOCK_K: tl.constexpr
):  # fmt: skip
    """Gather tile `count`, the next one of one warp group; with the first of an item its Q, too.

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
    load_tile(keys, kv_ptr, index, limit, count, stride_kv, HAS_ROPE)
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
    queries, keys, q_ptr, kv_ptr, indices_ptr, length_ptr, order_ptr, items, turns, s_kv, topk, h_q, causal_start,
    stride_qs, stride_qh, stride_kv, stride_is, HAS_ROPE: tl.constexpr, HAS_LENGTH: tl.constexpr, CAUSAL: tl.constexpr,
    BLOCK_H: tl.constexpr, BLOCK_K: tl.constexpr
):  # fmt: skip
    """Gather Q and the tiles of both warp groups; a group without items more gets tiles of no keys."""
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
            queries[0], keys, q_ptr, kv_ptr, indices_ptr, length_ptr, order_ptr, items, s_kv, topk, h_q, causal_start,
            stride_qs, stride_qh, stride_kv, stride_is, 2 * turn, state0, index0, next0, HAS_ROPE, HAS_LENGTH, CAUSAL,
            BLOCK_H, BLOCK_K,
        )  # fmt: skip
        state1, index1, next1 = load_step(
            queries[1], keys, q_ptr, kv_ptr, indices_ptr, length_ptr, order_ptr, items, s_kv, topk, h_q, causal_start,
            stride_qs, stride_qh, stride_kv, stride_is, 2 * turn + 1, state1, index1, next1, HAS_ROPE, HAS_LENGTH,
            CAUSAL, BLOCK_H, BLOCK_K,
        )  # fmt: skip


@triton.jit
def pass_over(keys, count):
    """Let go of a tile that is none of this warp group."""
    for block in tl.static_range(4):
        keys[block].wait(count)
        keys[block].release(count)


@triton.jit
def attend_tile(
    queries, keys, q, weights, beyond, done, is_last, count, reference, largest, row_sums, sums, scale_log2,
    HAS_ROPE: tl.constexpr, BLOCK_H: tl.constexpr, TOLERANCE: tl.constexpr
):  # fmt: skip
    """(reference [BLOCK_H], largest scores and sums of P [BLOCK_K, BLOCK_H], sums) after one more tile.

    sums: four blocks of the transposed output, [128, BLOCK_H] each.
    """
    k0 = keys[0].wait(count)
    s = tl.dot(k0.k.load(), q.k0.T.load())
    k2 = keys[2].wait(count)
    s = tl.dot(k2.k.load(), q.k2.T.load(), s)
    k1 = keys[1].wait(count)
    s = tl.dot(k1.k.load(), q.k1.T.load(), s)
    k3 = keys[3].wait(count)
    s = tl.dot(k3.k.load(), q.k3.T.load(), s)
    if HAS_ROPE:
        s = tl.dot(k3.rope.load(), q.rope.T.load(), s)
    bias = k3.bias.load()
    if is_last:
        queries.release(done)
    s = s + bias[:, None]
    largest = tl.maximum(largest, s)
    exponents = s * scale_log2 - reference[None, :]
    p = tl.exp2(exponents)
    # A row of four for each warp, which holds 16 keys.
    some = tl.reshape((exponents > TOLERANCE).to(tl.int32), [4, 16 * BLOCK_H])
    beyond.store(tl.max(some, 1))
    weights.store(tl.trans(p.to(tl.bfloat16)))
    sums0, sums1, sums2, sums3 = sums
    if tl.max(beyond.load(), 0) > 0:
        maximum = tl.max(s, 0) * scale_log2
        new = tl.where(maximum > reference + TOLERANCE, maximum, reference)
        scale = tl.exp2(reference - new)[None, :]
        reference = new
        row_sums *= scale
        sums0 *= scale
        sums1 *= scale
        sums2 *= scale
        sums3 *= scale
        p = tl.exp2(s * scale_log2 - new[None, :])
        weights.store(tl.trans(p.to(tl.bfloat16)))
    p_keys = weights.T.load()
    sums3 = tl.dot(k3.k.T.load(), p_keys, sums3)
    sums0 = tl.dot(k0.k.T.load(), p_keys, sums0)
    sums2 = tl.dot(k2.k.T.load(), p_keys, sums2)
    sums1 = tl.dot(k1.k.T.load(), p_keys, sums1)
    row_sums += p
    keys[3].release(count)
    keys[0].release(count)
    keys[2].release(count)
    keys[1].release(count)
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
def attend(
    queries, keys, weights, beyond, sink_ptr, length_ptr, order_ptr, out_ptr, max_logits_ptr, lse_ptr, items, turns,
    topk, h_q, scale_log2, stride_os, stride_oh, PART: tl.constexpr, HAS_ROPE: tl.constexpr, HAS_SINK: tl.constexpr,
    HAS_LENGTH: tl.constexpr, BLOCK_H: tl.constexpr, BLOCK_K: tl.constexpr, TOLERANCE: tl.constexpr, ASM: tl.constexpr
):  # fmt: skip
    """Attention of the work items of one warp group; PART: 0 or 1, which one of the two it is."""
    head_blocks = tl.cdiv(h_q, BLOCK_H)
    programs = tl.num_programs(0)
    columns = tl.arange(0, 128)
    turn = 0
    done = 0
    for item in range(tl.program_id(0) + PART * programs, items, 2 * programs):
        token, _length, tiles = own_item(
            length_ptr, order_ptr, item, items, topk, head_blocks, HAS_LENGTH, BLOCK_K
        )
        reference = tl.full([BLOCK_H], -1e30, tl.float32)  # finite, so that a tile without any key gives no NaN
        # Of each place of a tile: threads meet at the end of the item only.
        largest = tl.full([BLOCK_K, BLOCK_H], float("-inf"), tl.float32)
        row_sums = tl.zeros([BLOCK_K, BLOCK_H], tl.float32)
        zeros = tl.zeros([128, BLOCK_H], tl.float32)
        sums = (zeros, zeros, zeros, zeros)
        q = queries.wait(done)
        for tile in range(tiles):
            if PART == 1:
                pass_over(keys, 2 * turn)
            reference, largest, row_sums, sums = attend_tile(
                queries, keys, q, weights, beyond, done, tile + 1 == tiles, 2 * turn + PART, reference, largest,
                row_sums, sums, scale_log2, HAS_ROPE, BLOCK_H, TOLERANCE,
            )  # fmt: skip
            if PART == 0:
                pass_over(keys, 2 * turn + 1)
            turn += 1
        heads = (item % head_blocks) * BLOCK_H + tl.arange(0, BLOCK_H)
        here = heads < h_q
        factor = finish(
            tl.sum(row_sums, 0), reference, tl.max(largest, 0) * scale_log2, sink_ptr, max_logits_ptr, lse_ptr, token,
            heads, here, h_q, HAS_SINK,
        )  # fmt: skip
        rows = out_ptr + token * stride_os + heads.to(tl.int64)[None, :] * stride_oh + columns[:, None]
        for block in tl.static_range(4):
            values = (sums[block] * factor[None, :]).to(tl.bfloat16)
            store_as_it_lies(rows + 128 * block, values, here[None, :], ASM)
        done += 1
    for rest in range(turn, turns):
        pass_over(keys, 2 * rest)
        pass_over(keys, 2 * rest + 1)


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
    SLOTS0: tl.constexpr,
    SLOTS1: tl.constexpr,
    SLOTS2: tl.constexpr,
    SLOTS3: tl.constexpr,
    TOLERANCE: tl.constexpr,
    ATTEND_REGISTERS: tl.constexpr,
    LOAD_REGISTERS: tl.constexpr,
    ASM: tl.constexpr,
    order_ptr=None,
):
    """Attention of `items` blocks of heads, in turn; of query tokens in the order of order_ptr, if there is one.

    SLOTS0 to SLOTS3: slots of the blocks of 128 columns of K; the last one has the rotary columns, too.
    """
    program = tl.program_id(0)
    programs = tl.num_programs(0)
    head_blocks = tl.cdiv(h_q, BLOCK_H)
    turns0 = count_tiles(length_ptr, items, program, 2 * programs, topk, head_blocks, HAS_LENGTH, BLOCK_K)
    turns1 = count_tiles(length_ptr, items, program + programs, 2 * programs, topk, head_blocks, HAS_LENGTH, BLOCK_K)
    turns = tl.maximum(turns0, turns1)

    vector: tl.constexpr = tle.gpu.swizzled_shared_layout(order=(0,))
    both: tl.constexpr = ("first", "second")
    keys0 = tle.pipe(k=tle.gpu.alloc([SLOTS0, BLOCK_K, 128], tl.bfloat16), readers=both, name="keys0")
    keys1 = tle.pipe(k=tle.gpu.alloc([SLOTS1, BLOCK_K, 128], tl.bfloat16), readers=both, name="keys1")
    keys2 = tle.pipe(k=tle.gpu.alloc([SLOTS2, BLOCK_K, 128], tl.bfloat16), readers=both, name="keys2")
    k3 = tle.gpu.alloc([SLOTS3, BLOCK_K, 128], tl.bfloat16)
    bias = tle.gpu.alloc([SLOTS3, BLOCK_K], tl.float32, layout=vector)
    q00 = tle.gpu.alloc([1, BLOCK_H, 128], tl.bfloat16)
    q01 = tle.gpu.alloc([1, BLOCK_H, 128], tl.bfloat16)
    q02 = tle.gpu.alloc([1, BLOCK_H, 128], tl.bfloat16)
    q03 = tle.gpu.alloc([1, BLOCK_H, 128], tl.bfloat16)
    q10 = tle.gpu.alloc([1, BLOCK_H, 128], tl.bfloat16)
    q11 = tle.gpu.alloc([1, BLOCK_H, 128], tl.bfloat16)
    q12 = tle.gpu.alloc([1, BLOCK_H, 128], tl.bfloat16)
    q13 = tle.gpu.alloc([1, BLOCK_H, 128], tl.bfloat16)
    if HAS_ROPE:
        rope = tle.gpu.alloc([SLOTS3, BLOCK_K, 64], tl.bfloat16)
        keys3 = tle.pipe(k=k3, rope=rope, bias=bias, readers=both, name="keys3")
        q04 = tle.gpu.alloc([1, BLOCK_H, 64], tl.bfloat16)
        q14 = tle.gpu.alloc([1, BLOCK_H, 64], tl.bfloat16)
        queries0 = tle.pipe(k0=q00, k1=q01, k2=q02, k3=q03, rope=q04, name="queries0")
        queries1 = tle.pipe(k0=q10, k1=q11, k2=q12, k3=q13, rope=q14, name="queries1")
    else:
        keys3 = tle.pipe(k=k3, bias=bias, readers=both, name="keys3")
        queries0 = tle.pipe(k0=q00, k1=q01, k2=q02, k3=q03, name="queries0")
        queries1 = tle.pipe(k0=q10, k1=q11, k2=q12, k3=q13, name="queries1")
    weights0 = tle.gpu.alloc([BLOCK_H, BLOCK_K], tl.bfloat16)
    weights1 = tle.gpu.alloc([BLOCK_H, BLOCK_K], tl.bfloat16)
    beyond0 = tle.gpu.alloc([4], tl.int32)
    beyond1 = tle.gpu.alloc([4], tl.int32)
    first_keys = (keys0.reader("first"), keys1.reader("first"), keys2.reader("first"), keys3.reader("first"))
    second_keys = (keys0.reader("second"), keys1.reader("second"), keys2.reader("second"), keys3.reader("second"))
    load_keys = (keys0.writer(), keys1.writer(), keys2.writer(), keys3.writer())
    # fmt: off
    tle.gpu.warp_specialize(
        [
            (attend, (
                queries0.reader(), first_keys, weights0, beyond0, sink_ptr, length_ptr, order_ptr, out_ptr,
                max_logits_ptr, lse_ptr, items, turns, topk, h_q, scale_log2, stride_os, stride_oh, 0, HAS_ROPE,
                HAS_SINK, HAS_LENGTH, BLOCK_H, BLOCK_K, TOLERANCE, ASM,
            )),
            (attend, (
                queries1.reader(), second_keys, weights1, beyond1, sink_ptr, length_ptr, order_ptr, out_ptr,
                max_logits_ptr, lse_ptr, items, turns, topk, h_q, scale_log2, stride_os, stride_oh, 1, HAS_ROPE,
                HAS_SINK, HAS_LENGTH, BLOCK_H, BLOCK_K, TOLERANCE, ASM,
            )),
            (load, (
                (queries0.writer(), queries1.writer()), load_keys, q_ptr, kv_ptr, indices_ptr, length_ptr, order_ptr,
                items, turns, s_kv, topk, h_q, causal_start, stride_qs, stride_qh, stride_kv, stride_is, HAS_ROPE,
                HAS_LENGTH, CAUSAL, BLOCK_H, BLOCK_K,
            )),
        ],
        [4, 4],
        [ATTEND_REGISTERS, LOAD_REGISTERS],
    )
    # fmt: on


def config(h_q: int, has_rope: bool) -> dict[str, object]:
    """Compile-time sizes for `h_q` heads."""
    heads = min(max(triton.next_power_of_2(h_q), 8), MOST_HEADS)
    slots = SLOTS[576 if has_rope else 512][heads]
    attend, load = (216, 72) if heads == 32 else (208, 88)
    return {"BLOCK_H": heads, "BLOCK_K": BLOCK_K, "TOLERANCE": TOLERANCE} | {
        **{f"SLOTS{block}": number for block, number in enumerate(slots)},
        "ATTEND_REGISTERS": attend,
        "LOAD_REGISTERS": load,
    }


def variants(arch: str) -> Iterator[tuple[str, object, dict[str, str], dict[str, object], dict[str, int]]]:
    """What the resource report compiles: (label, kernel, signature, constexprs, launch options).

    `arch` is not looked at: the kernel needs sm_90.
    """
    signature = dict.fromkeys(("q_ptr", "kv_ptr", "out_ptr"), "*bf16:16") | {
        "indices_ptr": "*i32:16", "max_logits_ptr": "*fp32:16", "lse_ptr": "*fp32:16", "scale_log2": "fp32"
    }  # fmt: skip
    signature |= dict.fromkeys(("topk", "stride_qs", "stride_qh", "stride_is", "stride_os", "stride_oh"), "i32:16")
    signature |= dict.fromkeys(("items", "s_kv", "h_q", "causal_start"), "i32")
    cases = [(h_q, d_qk, False, False) for d_qk in (576, 512) for h_q in (8, 16, 32)]
    cases += [(h_q, 576, True, h_q == 16) for h_q in (8, 16, 32)] + [(16, 512, True, False)]
    for h_q, d_qk, extras, ordered in cases:
        more = {"HAS_ROPE": d_qk > 512, "HAS_SINK": extras, "HAS_LENGTH": extras, "CAUSAL": extras, "stride_kv": d_qk}
        pointers = {"sink_ptr": "*fp32:16", "length_ptr": "*i32:16"} if extras else {}
        pointers |= {"order_ptr": "*i32:16"} if ordered else {}
        more |= {name: None for name in ("sink_ptr", "length_ptr", "order_ptr") if name not in pointers}
        label = f"d_qk {d_qk}, {h_q} heads" + (", sink, length, causal" if extras else "")
        label += ", order" if ordered else ""
        more |= config(h_q, d_qk > 512) | {"ASM": True}
        yield label, sparse_mla_fwd_few_heads_pairs_kernel, signature | pointers, more, {"num_warps": 4}


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
    if not supports(args):
        raise ValueError(
            "sparse_mla_fwd_few_heads_pairs needs a Hopper GPU, sm_scale >= 2**-100, strides that are multiples of 16 "
            f"elements and addresses that are multiples of 16 bytes, but sm_scale is {args.sm_scale}, the strides of q "
            f"are {q.stride()} and of kv {kv.stride()}, the addresses {q.data_ptr():#x} and {kv.data_ptr():#x}"
        )
    launch(args, programs)
    return args.results()
