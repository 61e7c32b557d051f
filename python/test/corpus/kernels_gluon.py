"""Own kernels in Gluon for Hopper and older: layouts, shared memory, async copies, TMA, WGMMA, warp specialization."""

import triton  # noqa: F401  (Gluon resolves its language through the package)
from triton.experimental import gluon
from triton.experimental.gluon import language as gl
from triton.experimental.gluon.language.nvidia.ampere import async_copy, mma_v2
from triton.experimental.gluon.language.nvidia.hopper import (
    fence_async_shared,
    mbarrier,
    tma,
    warpgroup_mma,
    warpgroup_mma_init,
    warpgroup_mma_wait,
)

from corpus.registry import kernel

LINE = gl.constexpr(gl.BlockedLayout([4], [32], [4], [0]))
TILE = gl.constexpr(gl.BlockedLayout([1, 8], [4, 8], [4, 1], [1, 0]))
WGMMA = gl.constexpr(gl.NVMMADistributedLayout(version=[3, 0], warps_per_cta=[4, 1], instr_shape=[16, 64, 16]))
SW128 = gl.constexpr(gl.NVMMASharedLayout(swizzle_byte_width=128, element_bitwidth=16, rank=2))
BARRIER = gl.constexpr(mbarrier.MBarrierLayout())
DESC64 = "tensordesc<fp16[64, 64],NVMMASharedLayout(swizzle_byte_width=128, element_bitwidth=16, rank=2)>"


@kernel("x out: *fp32:16; n: i32:16", BLOCK=512)
@gluon.jit
def gluon_copy(x, out, n, BLOCK: gl.constexpr):
    at = gl.program_id(0) * BLOCK + gl.arange(0, BLOCK, layout=LINE)
    gl.store(out + at, gl.load(x + at, mask=at < n), mask=at < n)


@kernel("x out: *fp16:16; M N: i32:16", B=64)
@gluon.jit
def gluon_transpose_convert(x, out, M, N, B: gl.constexpr):
    back: gl.constexpr = gl.BlockedLayout([8, 1], [8, 4], [1, 4], [0, 1])
    rows = gl.arange(0, B, layout=gl.SliceLayout(1, TILE))
    columns = gl.arange(0, B, layout=gl.SliceLayout(0, TILE))
    v = gl.load(x + rows[:, None] * N + columns[None, :])
    v = gl.convert_layout(v, back)
    r2 = gl.arange(0, B, layout=gl.SliceLayout(1, back))
    c2 = gl.arange(0, B, layout=gl.SliceLayout(0, back))
    gl.store(out + r2[:, None] + c2[None, :] * M, v)


@kernel("x out: *fp32:16; n: i32:16", BLOCK=1024)
@gluon.jit
def gluon_auto_layout(x, out, n, BLOCK: gl.constexpr):
    at = gl.arange(0, BLOCK, layout=gl.CoalescedLayout())
    v = gl.load(x + at, mask=at < n, other=0.0)
    gl.store(out + at, v * v + gl.exp(v), mask=at < n)


@kernel("x out: *bf16:16; N: i32:16", M=32, B=64)
@gluon.jit
def gluon_shared_swizzle(x, out, N, M: gl.constexpr, B: gl.constexpr):
    layout: gl.constexpr = gl.SwizzledSharedLayout(vec=8, per_phase=1, max_phase=8, order=[1, 0])
    rows = gl.arange(0, M, layout=gl.SliceLayout(1, TILE))
    columns = gl.arange(0, B, layout=gl.SliceLayout(0, TILE))
    at = rows[:, None] * N + columns[None, :]
    tile = gl.allocate_shared_memory(gl.bfloat16, [2, M, B], layout)
    tile.index(0).store(gl.load(x + at))
    tile.index(1).store(tile.index(0).load(TILE) * 2)
    flipped = tile.index(1).permute((1, 0))
    turned: gl.constexpr = gl.BlockedLayout([8, 1], [8, 4], [1, 4], [0, 1])
    r2 = gl.arange(0, B, layout=gl.SliceLayout(1, turned))
    c2 = gl.arange(0, M, layout=gl.SliceLayout(0, turned))
    gl.store(out + r2[:, None] * M + c2[None, :], flipped.load(turned))
    tile._keep_alive()


@kernel("x out: *fp32:16", M=64, B=64)
@gluon.jit
def gluon_shared_slices(x, out, M: gl.constexpr, B: gl.constexpr):
    padded: gl.constexpr = gl.PaddedSharedLayout.with_identity_for([[64, 4]], [M, B], [1, 0])
    layout: gl.constexpr = gl.SwizzledSharedLayout(1, 1, 1, order=[1, 0])
    rows = gl.arange(0, M, layout=gl.SliceLayout(1, TILE))
    columns = gl.arange(0, B, layout=gl.SliceLayout(0, TILE))
    at = rows[:, None] * B + columns[None, :]
    tile = gl.allocate_shared_memory(gl.float32, [M, B], layout, value=gl.load(x + at))
    soft = gl.allocate_shared_memory(gl.float32, [M, B], padded)
    soft.store(tile.load(TILE) + 1)
    left = tile.slice(0, 32, dim=1)
    right = tile.slice(32, 32, dim=1)
    right.store(left.load(TILE) * 3)
    line = gl.arange(0, M * B, layout=LINE)
    flat = tile.reshape([M * B])._reinterpret(gl.int32, [M * B], gl.SwizzledSharedLayout(1, 1, 1, order=[0]))
    gl.store(out + line, flat.load(LINE).to(gl.float32))
    gl.store(out + at, soft.load(TILE))


@kernel("x out: *fp16:16; n: i32:16", BLOCK=256, STAGES=3)
@gluon.jit
def gluon_cp_async(x, out, n, BLOCK: gl.constexpr, STAGES: gl.constexpr):
    wide: gl.constexpr = gl.BlockedLayout([8], [32], [4], [0])
    shared: gl.constexpr = gl.SwizzledSharedLayout(1, 1, 1, order=[0])
    buffers = gl.allocate_shared_memory(gl.float16, [STAGES, BLOCK], shared)
    at = gl.arange(0, BLOCK, layout=wide)
    for i in gl.static_range(STAGES - 1):
        async_copy.async_copy_global_to_shared(buffers.index(i), x + i * BLOCK + at, mask=i * BLOCK + at < n)
        async_copy.commit_group()
    for i in range(0, n // BLOCK):
        j = i + STAGES - 1
        async_copy.async_copy_global_to_shared(
            buffers.index(j % STAGES), x + j * BLOCK + at, mask=j * BLOCK + at < n, cache_modifier=".cg"
        )
        async_copy.commit_group()
        async_copy.wait_group(STAGES - 1)
        gl.store(out + i * BLOCK + at, buffers.index(i % STAGES).load(wide) + 1.0)
    async_copy.wait_group(0)


@kernel("x out: *fp16:16", BLOCK=1024)
@gluon.jit
def gluon_cp_async_barrier(x, out, BLOCK: gl.constexpr):
    wide: gl.constexpr = gl.BlockedLayout([8], [32], [4], [0])
    buffer = gl.allocate_shared_memory(gl.float16, [BLOCK], gl.SwizzledSharedLayout(1, 1, 1, order=[0]))
    full = gl.allocate_shared_memory(gl.int64, [1], BARRIER)
    mbarrier.init(full, count=128)
    at = gl.arange(0, BLOCK, layout=wide)
    async_copy.async_copy_global_to_shared(buffer, x + at, eviction_policy="evict_last")
    async_copy.mbarrier_arrive(full, increment_count=False)
    mbarrier.wait(full, 0, deps=(buffer,))
    mbarrier.invalidate(full)
    gl.thread_barrier()
    gl.store(out + at, buffer.load(wide))


@kernel("a b: *fp16:16; c: *fp32:16; K: i32:16", arch=80, B=32)
@kernel("a b: *fp16:16; c: *fp32:16; K: i32:16", B=32)
@gluon.jit
def gluon_mma_v2(a, b, c, K, B: gl.constexpr):
    mma: gl.constexpr = gl.NVMMADistributedLayout(version=[2, 0], warps_per_cta=[2, 2], instr_shape=[16, 8])
    left: gl.constexpr = gl.DotOperandLayout(0, mma, 2)
    right: gl.constexpr = gl.DotOperandLayout(1, mma, 2)
    r = gl.arange(0, B, layout=gl.SliceLayout(1, TILE))
    k = gl.arange(0, B, layout=gl.SliceLayout(0, TILE))
    acc = gl.zeros([B, B], gl.float32, layout=mma)
    for start in range(0, K, B):
        x = gl.convert_layout(gl.load(a + r[:, None] * K + start + k[None, :]), left)
        y = gl.convert_layout(gl.load(b + (start + r)[:, None] * B + k[None, :]), right)
        acc = mma_v2(x, y, acc, input_precision="tf32")
    gl.store(c + r[:, None] * B + k[None, :], gl.convert_layout(acc, TILE))


@kernel("a b c: *fp32:16", B=16)
@gluon.jit
def gluon_dot_fma(a, b, c, B: gl.constexpr):
    layout: gl.constexpr = gl.BlockedLayout([1, 1], [4, 8], [4, 1], [1, 0])
    r = gl.arange(0, B, layout=gl.SliceLayout(1, layout))
    k = gl.arange(0, B, layout=gl.SliceLayout(0, layout))
    at = r[:, None] * B + k[None, :]
    x = gl.convert_layout(gl.load(a + at), gl.DotOperandLayout(0, layout, 0))
    y = gl.convert_layout(gl.load(b + at), gl.DotOperandLayout(1, layout, 0))
    gl.store(c + at, gl.dot_fma(x, y, gl.zeros([B, B], gl.float32, layout=layout)))


@kernel({"src": DESC64, "dst": DESC64, "n": "i32"})
@gluon.jit
def gluon_tma_copy(src, dst, n):
    buffers = gl.allocate_shared_memory(gl.float16, [2, 64, 64], src.layout)
    full = gl.allocate_shared_memory(gl.int64, [2, 1], BARRIER)
    for i in gl.static_range(2):
        mbarrier.init(full.index(i), count=1)
    fence_async_shared()
    for i in range(n):
        slot = i % 2
        mbarrier.expect(full.index(slot), src.block_type.nbytes)
        tma.async_copy_global_to_shared(src, [i * 64, 0], full.index(slot), buffers.index(slot))
        mbarrier.wait(full.index(slot), (i // 2) & 1)
        tma.async_copy_shared_to_global(dst, [i * 64, 0], buffers.index(slot))
        tma.store_wait(pendings=1)
    tma.store_wait(0)
    for i in gl.static_range(2):
        mbarrier.invalidate(full.index(i))


@kernel("src dst: *fp16:16; M N: i32:16", B=64)
@gluon.jit
def gluon_tma_device_descriptor(src, dst, M, N, B: gl.constexpr):
    ds = tma.make_tensor_descriptor(src, [M, N], [N, 1], [B, B], SW128)
    dd = tma.make_tensor_descriptor(dst, [M, N], [N, 1], [B, B], SW128)
    tile = gl.allocate_shared_memory(gl.float16, [B, B], SW128)
    full = gl.allocate_shared_memory(gl.int64, [1], BARRIER)
    mbarrier.init(full, count=1)
    fence_async_shared(cluster=True)
    pred = gl.program_id(0) < M // B
    mbarrier.expect(full, ds.block_type.nbytes, pred=pred)
    tma.async_copy_global_to_shared(ds, [gl.program_id(0) * B, 0], full, tile, pred=pred)
    mbarrier.wait(full, 0, pred=pred)
    tile.store(tile.load(TILE) * 2)
    fence_async_shared()
    tma.async_copy_shared_to_global(dd, [gl.program_id(0) * B, 0], tile)
    tma.store_wait(0)


@kernel("a b: *fp16:16; c: *fp32:16; K: i32:16")
@gluon.jit
def gluon_wgmma(a, b, c, K):
    r = gl.arange(0, 64, layout=gl.SliceLayout(1, TILE))
    k = gl.arange(0, 64, layout=gl.SliceLayout(0, TILE))
    left = gl.allocate_shared_memory(gl.float16, [64, 64], SW128)
    right = gl.allocate_shared_memory(gl.float16, [64, 64], SW128)
    acc = gl.zeros([64, 64], gl.float32, layout=WGMMA)
    for start in range(0, K, 64):
        left.store(gl.load(a + r[:, None] * K + start + k[None, :]))
        right.store(gl.load(b + r[:, None] * K + start + k[None, :]))
        fence_async_shared()
        token = warpgroup_mma(left, right.permute((1, 0)), acc, is_async=True)
        acc = warpgroup_mma_wait(0, deps=[token])
        gl.thread_barrier()
    rr = gl.arange(0, 64, layout=gl.SliceLayout(1, WGMMA))
    cc = gl.arange(0, 64, layout=gl.SliceLayout(0, WGMMA))
    gl.store(c + rr[:, None] * 64 + cc[None, :], acc)


@kernel("a b: *fp16:16; c: *fp16:16; K: i32:16")
@gluon.jit
def gluon_wgmma_register_operand(a, b, c, K):
    operand: gl.constexpr = gl.DotOperandLayout(0, WGMMA, 2)
    r = gl.arange(0, 64, layout=gl.SliceLayout(1, TILE))
    k = gl.arange(0, 64, layout=gl.SliceLayout(0, TILE))
    right = gl.allocate_shared_memory(gl.float16, [64, 64], SW128)
    right.store(gl.load(b + r[:, None] * 64 + k[None, :]))
    x = gl.convert_layout(gl.load(a + r[:, None] * 64 + k[None, :]), operand)
    fence_async_shared()
    acc = warpgroup_mma_init(gl.zeros([64, 64], gl.float32, layout=WGMMA))
    acc = warpgroup_mma(x, right, acc, use_acc=False, is_async=True)
    acc = warpgroup_mma(x, right, acc, use_acc=K > 0, is_async=True)
    y = gl.convert_layout(warpgroup_mma_wait(0, deps=[acc]).to(gl.float16), TILE)
    gl.store(c + r[:, None] * 64 + k[None, :], y)


@kernel({"da": DESC64, "db": DESC64, "dc": DESC64, "K": "i32:16"}, STAGES=3)
@gluon.jit
def gluon_pipelined_gemm(da, db, dc, K, STAGES: gl.constexpr):
    left = gl.allocate_shared_memory(gl.float16, [STAGES, 64, 64], da.layout)
    right = gl.allocate_shared_memory(gl.float16, [STAGES, 64, 64], db.layout)
    full = gl.allocate_shared_memory(gl.int64, [STAGES, 1], BARRIER)
    for i in gl.static_range(STAGES):
        mbarrier.init(full.index(i), count=1)
    m, n = gl.program_id(0) * 64, gl.program_id(1) * 64
    for i in gl.static_range(STAGES - 1):
        _load_pair(da, db, m, n, i * 64, left.index(i), right.index(i), full.index(i))
    acc = gl.zeros([64, 64], gl.float32, layout=WGMMA)
    steps = gl.cdiv(K, 64)
    for i in range(steps):
        slot = i % STAGES
        mbarrier.wait(full.index(slot), (i // STAGES) & 1)
        token = warpgroup_mma(left.index(slot), right.index(slot), acc, is_async=True)
        acc = warpgroup_mma_wait(1, deps=(token,))
        ahead = i + STAGES - 1
        if ahead < steps:
            free = ahead % STAGES
            _load_pair(da, db, m, n, ahead * 64, left.index(free), right.index(free), full.index(free))
    tile = gl.allocate_shared_memory(gl.float16, [64, 64], dc.layout)
    tile.store(warpgroup_mma_wait(0, deps=(acc,)).to(gl.float16))
    fence_async_shared()
    tma.async_copy_shared_to_global(dc, [m, n], tile)
    tma.store_wait(0)


@gluon.jit
def _load_pair(da, db, m, n, k, left, right, full):
    mbarrier.expect(full, da.block_type.nbytes + db.block_type.nbytes)
    tma.async_copy_global_to_shared(da, [m, k], full, left)
    tma.async_copy_global_to_shared(db, [k, n], full, right)


@gluon.jit
def _producer(da, db, left, right, full, empty, steps):
    for i in range(steps):
        slot = i % 2
        mbarrier.wait(empty.index(slot), ((i // 2) & 1) ^ 1)
        _load_pair(da, db, gl.program_id(0) * 64, 0, i * 64, left.index(slot), right.index(slot), full.index(slot))


@gluon.jit
def _consumer(c, left, right, full, empty, steps):
    acc = gl.zeros([64, 64], gl.float32, layout=WGMMA)
    for i in range(steps):
        slot = i % 2
        mbarrier.wait(full.index(slot), (i // 2) & 1)
        token = warpgroup_mma(left.index(slot), right.index(slot), acc, is_async=True)
        acc = warpgroup_mma_wait(0, deps=(token,))
        mbarrier.arrive(empty.index(slot), count=1)
    rows = gl.arange(0, 64, layout=gl.SliceLayout(1, WGMMA))
    columns = gl.arange(0, 64, layout=gl.SliceLayout(0, WGMMA))
    gl.store(c + (gl.program_id(0) * 64 + rows)[:, None] * 64 + columns[None, :], acc)


@kernel({"da": DESC64, "db": DESC64, "c": "*fp32:16", "K": "i32:16"})
@gluon.jit
def gluon_warp_specialized_gemm(da, db, c, K):
    left = gl.allocate_shared_memory(gl.float16, [2, 64, 64], da.layout)
    right = gl.allocate_shared_memory(gl.float16, [2, 64, 64], db.layout)
    full = gl.allocate_shared_memory(gl.int64, [2, 1], BARRIER)
    empty = gl.allocate_shared_memory(gl.int64, [2, 1], BARRIER)
    for i in gl.static_range(2):
        mbarrier.init(full.index(i), count=1)
        mbarrier.init(empty.index(i), count=1)
    steps = K // 64
    gl.warp_specialize(
        [(_consumer, (c, left, right, full, empty, steps)), (_producer, (da, db, left, right, full, empty, steps))],
        [1],
        [24],
    )


@gluon.jit
def _double(x, buffer):
    return buffer.load(LINE) + x, x * 2


@gluon.jit
def _store_half(out, buffer, BLOCK: gl.constexpr, WARPS: gl.constexpr):
    layout: gl.constexpr = gl.BlockedLayout([1], [32], [WARPS], [0])
    at = gl.arange(0, BLOCK, layout=layout)
    gl.store(out + at, buffer.load(layout) + gl.num_warps())


@kernel("x out: *fp32:16", BLOCK=512)
@gluon.jit
def gluon_warp_specialize_results(x, out, BLOCK: gl.constexpr):
    at = gl.arange(0, BLOCK, layout=LINE)
    buffer = gl.allocate_shared_memory(gl.float32, [BLOCK], gl.SwizzledSharedLayout(1, 1, 1, order=[0]))
    v = gl.load(x + at)
    buffer.store(v)
    gl.thread_barrier()
    first, second = gl.warp_specialize(
        [
            (_double, (v, buffer)),
            (_store_half, (out + BLOCK, buffer, BLOCK, 2)),
            (_store_half, (out + 2 * BLOCK, buffer, BLOCK, 4)),
        ],
        [2, 4],
        [24, 80],
    )
    gl.store(out + at, first + second)


@kernel("x out: *fp32:16", M=16, N=128)
@gluon.jit
def gluon_linear_layout(x, out, M: gl.constexpr, N: gl.constexpr):
    layout: gl.constexpr = gl.DistributedLinearLayout(
        reg_bases=[[0, 1], [0, 2], [8, 0], [4, 0]],
        lane_bases=[[0, 4], [0, 8], [0, 16], [0, 32], [0, 64]],
        warp_bases=[[1, 0], [2, 0]],
        block_bases=[],
        shape=[M, N],
    )
    rows = gl.arange(0, M, layout=gl.SliceLayout(1, layout))
    columns = gl.arange(0, N, layout=gl.SliceLayout(0, layout))
    at = rows[:, None] * N + columns[None, :]
    v = gl.load(x + at)
    gl.store(out + at, v + gl.max(v, axis=0)[None, :] + gl.reduce(v, 1, _add)[:, None])


@gluon.jit
def _add(x, y):
    return x + y


@kernel("x out: *fp32:16", N=1024)
@gluon.jit
def gluon_scan(x, out, N: gl.constexpr):
    at = gl.arange(0, N, layout=LINE)
    gl.store(out + at, gl.associative_scan(gl.load(x + at), 0, _add, reverse=True))


@kernel("x: *i32:16; bins: *i32:16; out: *fp32:16", BLOCK=512)
@gluon.jit
def gluon_histogram_gather(x, bins, out, BLOCK: gl.constexpr):
    at = gl.arange(0, BLOCK, layout=LINE)
    v = gl.load(x + at)
    counts = gl.histogram(v, 128, layout=gl.BlockedLayout([1], [32], [4], [0]))
    gl.atomic_add(bins + gl.arange(0, 128, layout=gl.BlockedLayout([1], [32], [4], [0])), counts)
    gl.store(out + at, gl.gather(v.to(gl.float32), v & (BLOCK - 1), 0))


@kernel("x y out: *fp32:16", M=32, N=32)
@gluon.jit
def gluon_join_reshape(x, y, out, M: gl.constexpr, N: gl.constexpr):
    rows = gl.arange(0, M, layout=gl.SliceLayout(1, TILE))
    columns = gl.arange(0, N, layout=gl.SliceLayout(0, TILE))
    at = rows[:, None] * N + columns[None, :]
    both = gl.join(gl.load(x + at), gl.load(y + at))
    a, b = gl.split(both.permute((1, 0, 2)))
    s = gl.sum(both.reshape([M * N, 2]), axis=1)
    turned: gl.constexpr = a.type.layout
    r2 = gl.arange(0, N, layout=gl.SliceLayout(1, turned))
    c2 = gl.arange(0, M, layout=gl.SliceLayout(0, turned))
    gl.store(out + r2[:, None] * M + c2[None, :], gl.maximum(a, b) + gl.max(s, axis=0))
