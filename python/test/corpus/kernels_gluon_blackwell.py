"""Own kernels in Gluon for Blackwell: tensor memory, tcgen05, gathers through TMA, packed float2 arithmetic."""

import triton  # noqa: F401  (Gluon resolves its language through the package)
from triton.experimental import gluon
from triton.experimental.gluon import language as gl
from triton.experimental.gluon.language.nvidia.blackwell import (
    TensorMemoryLayout,
    TensorMemoryScalesLayout,
    allocate_tensor_memory,
    fence_async_shared,
    float2,
    get_tmem_reg_layout,
    mbarrier,
    tcgen05_commit,
    tcgen05_copy,
    tcgen05_mma,
    tcgen05_mma_scaled,
    tma,
)

from corpus.registry import kernel

TILE = gl.constexpr(gl.BlockedLayout([1, 8], [4, 8], [4, 1], [1, 0]))
SW128 = gl.constexpr(gl.NVMMASharedLayout(swizzle_byte_width=128, element_bitwidth=16, rank=2))
BARRIER = gl.constexpr(mbarrier.MBarrierLayout())
ACC = gl.constexpr(TensorMemoryLayout([128, 64], col_stride=1))
DESC = "tensordesc<fp16[128, 64],NVMMASharedLayout(swizzle_byte_width=128, element_bitwidth=16, rank=2)>"


@kernel("x out: *fp32:16", arch=100, M=128, N=64)
@gluon.jit
def gluon_tmem_round_trip(x, out, M: gl.constexpr, N: gl.constexpr):
    layout: gl.constexpr = get_tmem_reg_layout(gl.float32, [M, N], ACC, gl.num_warps())
    rows = gl.arange(0, M, layout=gl.SliceLayout(1, layout))
    columns = gl.arange(0, N, layout=gl.SliceLayout(0, layout))
    at = rows[:, None] * N + columns[None, :]
    memory = allocate_tensor_memory(gl.float32, [M, N], ACC, value=gl.load(x + at))
    v = memory.load(layout)
    memory.store(v * 2, pred=gl.program_id(0) == 0)
    half: gl.constexpr = get_tmem_reg_layout(
        gl.float32, [M, N // 2], TensorMemoryLayout([128, 32], col_stride=1), gl.num_warps()
    )
    r2 = gl.arange(0, M, layout=gl.SliceLayout(1, half))
    c2 = gl.arange(0, N // 2, layout=gl.SliceLayout(0, half))
    gl.store(out + at, memory.load(layout))
    gl.store(out + r2[:, None] * N + c2[None, :], memory.slice(N // 2, N // 2).load(half))


@kernel({"da": DESC, "db": DESC.replace("128, 64", "64, 64", 1), "c": "*fp32:16", "K": "i32:16"}, arch=100)
@gluon.jit
def gluon_tcgen05_gemm(da, db, c, K):
    left = gl.allocate_shared_memory(gl.float16, [128, 64], da.layout)
    right = gl.allocate_shared_memory(gl.float16, [64, 64], db.layout)
    acc = allocate_tensor_memory(gl.float32, [128, 64], ACC)
    full = gl.allocate_shared_memory(gl.int64, [1], BARRIER)
    done = gl.allocate_shared_memory(gl.int64, [1], BARRIER)
    mbarrier.init(full, count=1)
    mbarrier.init(done, count=1)
    phase = 0
    accumulate = False
    for k in range(0, K, 64):
        mbarrier.expect(full, da.block_type.nbytes + db.block_type.nbytes)
        tma.async_copy_global_to_shared(da, [gl.program_id(0) * 128, k], full, left)
        tma.async_copy_global_to_shared(db, [k, 0], full, right)
        mbarrier.wait(full, phase)
        tcgen05_mma(left, right, acc, use_acc=accumulate)
        tcgen05_commit(done)
        mbarrier.wait(done, phase)
        accumulate = True
        phase ^= 1
    mbarrier.invalidate(full)
    mbarrier.invalidate(done)
    layout: gl.constexpr = get_tmem_reg_layout(gl.float32, [128, 64], ACC, gl.num_warps())
    rows = gl.arange(0, 128, layout=gl.SliceLayout(1, layout))
    columns = gl.arange(0, 64, layout=gl.SliceLayout(0, layout))
    gl.store(c + rows[:, None] * 64 + columns[None, :], acc.load(layout))


@kernel("a b: *fp16:16; c: *fp32:16", arch=100)
@gluon.jit
def gluon_tcgen05_tmem_operand(a, b, c):
    operand: gl.constexpr = TensorMemoryLayout([128, 64], col_stride=1)
    r = gl.arange(0, 128, layout=gl.SliceLayout(1, TILE))
    r64 = gl.arange(0, 64, layout=gl.SliceLayout(1, TILE))
    k = gl.arange(0, 64, layout=gl.SliceLayout(0, TILE))
    layout: gl.constexpr = get_tmem_reg_layout(gl.float16, [128, 64], operand, gl.num_warps())
    x = gl.convert_layout(gl.load(a + r[:, None] * 64 + k[None, :]), layout)
    left = allocate_tensor_memory(gl.float16, [128, 64], operand, value=x)
    right = gl.allocate_shared_memory(gl.float16, [64, 64], SW128, value=gl.load(b + r64[:, None] * 64 + k[None, :]))
    acc = allocate_tensor_memory(gl.float32, [2, 128, 64], ACC)
    done = gl.allocate_shared_memory(gl.int64, [1], BARRIER)
    mbarrier.init(done, count=1)
    fence_async_shared()
    tcgen05_mma(left, right, acc.index(0), use_acc=False, mbarriers=[done])
    mbarrier.wait(done, 0)
    wide: gl.constexpr = get_tmem_reg_layout(gl.float32, [128, 64], ACC, gl.num_warps())
    y = gl.convert_layout(acc.index(0).load(wide), TILE)
    gl.store(c + r[:, None] * 64 + k[None, :], y)


@kernel("a b sa sb: *u8:16; c: *fp32:16", arch=100)
@gluon.jit
def gluon_tcgen05_scaled(a, b, sa, sb, c):
    bytes8: gl.constexpr = gl.NVMMASharedLayout(swizzle_byte_width=128, element_bitwidth=8, rank=2)
    scales: gl.constexpr = TensorMemoryScalesLayout()
    r = gl.arange(0, 128, layout=gl.SliceLayout(1, TILE))
    k = gl.arange(0, 128, layout=gl.SliceLayout(0, TILE))
    at = r[:, None] * 128 + k[None, :]
    left = gl.allocate_shared_memory(gl.float8e4nv, [128, 128], bytes8)
    right = gl.allocate_shared_memory(gl.float8e4nv, [128, 128], bytes8)
    left.store(gl.load(a + at).to(gl.float8e4nv, bitcast=True))
    right.store(gl.load(b + at).to(gl.float8e4nv, bitcast=True))
    srow: gl.constexpr = get_tmem_reg_layout(gl.uint8, [128, 4], scales, gl.num_warps())
    s0 = gl.arange(0, 128, layout=gl.SliceLayout(1, srow))
    s1 = gl.arange(0, 4, layout=gl.SliceLayout(0, srow))
    scale_a = allocate_tensor_memory(gl.uint8, [128, 4], scales, value=gl.load(sa + s0[:, None] * 4 + s1[None, :]))
    scale_b = allocate_tensor_memory(gl.uint8, [128, 4], scales, value=gl.load(sb + s0[:, None] * 4 + s1[None, :]))
    layout: gl.constexpr = TensorMemoryLayout([128, 128], col_stride=1)
    acc = allocate_tensor_memory(gl.float32, [128, 128], layout)
    done = gl.allocate_shared_memory(gl.int64, [1], BARRIER)
    mbarrier.init(done, count=1)
    fence_async_shared()
    tcgen05_mma_scaled(left, right.permute((1, 0)), acc, scale_a, scale_b, "e4m3", "e4m3", use_acc=False)
    tcgen05_commit(done)
    mbarrier.wait(done, 0)
    wide: gl.constexpr = get_tmem_reg_layout(gl.float32, [128, 128], layout, gl.num_warps())
    gl.store(c + at, gl.convert_layout(acc.load(wide), TILE))


@kernel("x out: *fp32:16", arch=100)
@gluon.jit
def gluon_tcgen05_copy(x, out):
    swizzled: gl.constexpr = gl.NVMMASharedLayout(swizzle_byte_width=128, element_bitwidth=32, rank=2)
    layout: gl.constexpr = TensorMemoryLayout([128, 32], col_stride=1)
    r = gl.arange(0, 128, layout=gl.SliceLayout(1, TILE))
    k = gl.arange(0, 32, layout=gl.SliceLayout(0, TILE))
    at = r[:, None] * 32 + k[None, :]
    shared = gl.allocate_shared_memory(gl.float32, [128, 32], swizzled, value=gl.load(x + at))
    memory = allocate_tensor_memory(gl.float32, [128, 32], layout)
    done = gl.allocate_shared_memory(gl.int64, [1], BARRIER)
    mbarrier.init(done, count=1)
    fence_async_shared()
    tcgen05_copy(shared, memory)
    tcgen05_commit(done)
    mbarrier.wait(done, 0)
    wide: gl.constexpr = get_tmem_reg_layout(gl.float32, [128, 32], layout, gl.num_warps())
    gl.store(out + at, gl.convert_layout(memory.load(wide), TILE))


@kernel(
    {"src": "tensordesc<fp16[1, 64],NVMMASharedLayout(swizzle_byte_width=128, element_bitwidth=16, rank=2)>",
     "dst": "tensordesc<fp16[1, 64],NVMMASharedLayout(swizzle_byte_width=128, element_bitwidth=16, rank=2)>",
     "rows": "*i32:16"},
    arch=100, COUNT=32,
)  # fmt: skip
@gluon.jit
def gluon_tma_gather_scatter(src, dst, rows, COUNT: gl.constexpr):
    lines: gl.constexpr = gl.SliceLayout(0, gl.BlockedLayout([1, 4], [32, 1], [1, 4], [1, 0]))
    at = gl.load(rows + gl.arange(0, COUNT, layout=lines))
    tile = gl.allocate_shared_memory(gl.float16, [COUNT, 64], src.layout)
    full = gl.allocate_shared_memory(gl.int64, [1], BARRIER)
    mbarrier.init(full, count=1)
    fence_async_shared()
    mbarrier.expect(full, COUNT * 64 * 2)
    tma.async_gather(src, at, 0, full, tile)
    mbarrier.wait(full, 0)
    tma.async_scatter(dst, at, 0, tile)
    tma.store_wait(0)


@kernel("x y out: *fp32:16", arch=100, M=64, N=64)
@gluon.jit
def gluon_float2(x, y, out, M: gl.constexpr, N: gl.constexpr):
    rows = gl.arange(0, M, layout=gl.SliceLayout(1, TILE))
    columns = gl.arange(0, N, layout=gl.SliceLayout(0, TILE))
    at = rows[:, None] * N + columns[None, :]
    a = float2.pack(gl.load(x + at), axis=1)
    b = float2.pack(gl.load(y + at), axis=1)
    c = float2.unpack(float2.fma(a, b, a) * b, axis=1)
    gl.store(out + at, gl.convert_layout(c, TILE))


@gluon.jit
def _load_worker(da, db, left, right, full, empty, K):
    phase = 1
    for k in range(0, K, 64):
        mbarrier.wait(empty, phase)
        mbarrier.expect(full, da.block_type.nbytes + db.block_type.nbytes)
        tma.async_copy_global_to_shared(da, [gl.program_id(0) * 128, k], full, left)
        tma.async_copy_global_to_shared(db, [k, 0], full, right)
        phase ^= 1


@gluon.jit
def _mma_worker(left, right, acc, full, empty, done, K):
    phase = 0
    for k in range(0, K, 64):
        mbarrier.wait(full, phase)
        tcgen05_mma(left, right, acc, use_acc=k > 0, mbarriers=[empty])
        phase ^= 1
    tcgen05_commit(done)


@gluon.jit
def _epilogue(c, acc, done):
    layout: gl.constexpr = get_tmem_reg_layout(gl.float32, [128, 64], ACC, gl.num_warps())
    rows = gl.arange(0, 128, layout=gl.SliceLayout(1, layout))
    columns = gl.arange(0, 64, layout=gl.SliceLayout(0, layout))
    mbarrier.wait(done, 0)
    gl.store(c + rows[:, None] * 64 + columns[None, :], acc.load(layout))


@kernel({"da": DESC, "db": DESC.replace("128, 64", "64, 64", 1), "c": "*fp32:16", "K": "i32:16"}, arch=100)
@gluon.jit
def gluon_tcgen05_warp_specialized(da, db, c, K):
    left = gl.allocate_shared_memory(gl.float16, [128, 64], da.layout)
    right = gl.allocate_shared_memory(gl.float16, [64, 64], db.layout)
    acc = allocate_tensor_memory(gl.float32, [128, 64], ACC)
    full = gl.allocate_shared_memory(gl.int64, [1], BARRIER)
    empty = gl.allocate_shared_memory(gl.int64, [1], BARRIER)
    done = gl.allocate_shared_memory(gl.int64, [1], BARRIER)
    mbarrier.init(full, count=1)
    mbarrier.init(empty, count=1)
    mbarrier.init(done, count=1)
    fence_async_shared()
    gl.warp_specialize(
        [
            (_epilogue, (c, acc, done)),
            (_load_worker, (da, db, left, right, full, empty, K)),
            (_mma_worker, (left, right, acc, full, empty, done, K)),
        ],
        [1, 1],
        [24, 24],
    )
