// RUN: tle-opt %s | FileCheck %s
// RUN: tle-opt %s | tle-opt | FileCheck %s

// The text is that of the stock engine; values and aliases have its numbers.

// CHECK: module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
// CHECK: tt.func @f(%arg0: tensor<64x64x!tt.ptr<f16>, #blocked>, %arg1: tensor<64x64xi1, #blocked>, %arg2: tensor<64x64xf16, #blocked>, %arg3: i32, %arg4: i1, %arg5: tensor<64x32xi8, #blocked>) {
// CHECK: %0 = ttg.local_alloc : () -> !ttg.memdesc<2x64x64xf16, #shared, #smem, mutable>
// CHECK: %1 = ttg.memdesc_index %0[%arg3] : !ttg.memdesc<2x64x64xf16, #shared, #smem, mutable> -> !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
// CHECK: %2 = ttg.memdesc_subslice %1[32, 0] : !ttg.memdesc<64x64xf16, #shared, #smem, mutable> -> !ttg.memdesc<32x64xf16, #shared, #smem, mutable, 64x64>
// CHECK: %3 = ttg.memdesc_trans %1 {order = array<i32: 1, 0>} : !ttg.memdesc<64x64xf16, #shared, #smem, mutable> -> !ttg.memdesc<64x64xf16, #shared1, #smem, mutable>
// CHECK: %4 = ttg.memdesc_reinterpret %1 : !ttg.memdesc<64x64xf16, #shared, #smem, mutable> -> !ttg.memdesc<2048xf32, #shared2, #smem, mutable>
// CHECK: %5 = ttg.local_load %1 : !ttg.memdesc<64x64xf16, #shared, #smem, mutable> -> tensor<64x64xf16, #blocked>
// CHECK: %6 = ttg.convert_layout %5 : tensor<64x64xf16, #blocked> -> tensor<64x64xf16, #linear>
// CHECK: %7 = ttg.convert_layout %5 : tensor<64x64xf16, #blocked> -> tensor<64x64xf16, #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>>
// CHECK: %8 = ttg.convert_layout %5 {ttg.x = 1 : i32} : tensor<64x64xf16, #blocked> -> tensor<64x64xf16, #mma>
// CHECK: ttg.local_store %arg2, %1 : tensor<64x64xf16, #blocked> -> !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
// CHECK: %9 = ttg.async_copy_global_to_local %arg0, %1 mask %arg1 other %arg2 : tensor<64x64x!tt.ptr<f16>, #blocked> -> <64x64xf16, #shared, #smem, mutable>
// CHECK: %10 = ttg.async_copy_global_to_local %arg0, %1 cacheModifier = ca evictionPolicy = evict_first {contiguity = 8 : i32, isVolatile = true, tle.local_ptr_async_store} : tensor<64x64x!tt.ptr<f16>, #blocked> -> <64x64xf16, #shared, #smem, mutable>
// CHECK: %11 = ttg.async_commit_group tokens %9, %10
// CHECK: %12 = ttg.async_commit_group
// CHECK: %13 = ttg.async_wait %11, %12 {num = 0 : i32}
// CHECK: %14 = ttg.async_wait {num = 1 : i32}
// CHECK: %15 = ttg.local_load %1 token %13 : !ttg.memdesc<64x64xf16, #shared, #smem, mutable> -> tensor<64x64xf16, #blocked>
// CHECK: %16 = ttg.memdesc_reshape %1 : !ttg.memdesc<64x64xf16, #shared, #smem, mutable> -> !ttg.memdesc<4x16x64xf16, #shared3, #smem, mutable>
// CHECK: %17 = ttg.local_alloc %arg2 {alignment = 16 : i32} : (tensor<64x64xf16, #blocked>) -> !ttg.memdesc<64x64xf16, #shared, #smem>
// CHECK: ttg.local_barrier
// CHECK: %18 = ttg.global_scratch_alloc {alignment = 128 : i32, nbytes = 512 : i32} : !tt.ptr<i8>
// CHECK: %19 = ttg.predicate_stage %arg3, %arg3, %arg3 maxStage 2 stage 0 : i32 -> i1
// CHECK: %20 = ttg.fp4_to_fp %arg5 {axis = 1 : i32} : tensor<64x32xi8, #blocked> -> tensor<64x64xf16, #blocked1>
// CHECK: %21 = "ttg.mask"(%arg4) ({
// CHECK: ttg.mask.return %arg3 : i32
// CHECK: }) : (i1) -> i32
// CHECK: ttg.local_dealloc %0 : !ttg.memdesc<2x64x64xf16, #shared, #smem, mutable>
// CHECK: tt.return
// CHECK: }
// CHECK: }

#b = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#dop = #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>
#lin = #ttg.linear<{register = [[0, 1], [0, 2], [0, 4], [0, 8], [32, 0]], lane = [[0, 16], [0, 32], [1, 0], [2, 0], [4, 0]], warp = [[8, 0], [16, 0]], block = []}>
#nv = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#nv3 = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16, rank = 3}>
#nvt = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = true, elementBitWidth = 16}>
#sw = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [1, 0]}>
#sw1 = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
#b8 = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func @f(%p: tensor<64x64x!tt.ptr<f16>, #b>, %m: tensor<64x64xi1, #b>, %o: tensor<64x64xf16, #b>, %i: i32, %pred: i1, %fp4: tensor<64x32xi8, #b>) {
  %a = ttg.local_alloc : () -> !ttg.memdesc<2x64x64xf16, #nv, #smem, mutable>
  %b = ttg.memdesc_index %a[%i] : !ttg.memdesc<2x64x64xf16, #nv, #smem, mutable> -> !ttg.memdesc<64x64xf16, #nv, #smem, mutable>
  %s = ttg.memdesc_subslice %b[32, 0] : !ttg.memdesc<64x64xf16, #nv, #smem, mutable> -> !ttg.memdesc<32x64xf16, #nv, #smem, mutable, 64x64>
  %t = ttg.memdesc_trans %b {order = array<i32: 1, 0>} : !ttg.memdesc<64x64xf16, #nv, #smem, mutable> -> !ttg.memdesc<64x64xf16, #nvt, #smem, mutable>
  %r = ttg.memdesc_reinterpret %b : !ttg.memdesc<64x64xf16, #nv, #smem, mutable> -> !ttg.memdesc<2048xf32, #sw1, #smem, mutable>
  %l = ttg.local_load %b : !ttg.memdesc<64x64xf16, #nv, #smem, mutable> -> tensor<64x64xf16, #b>
  %c = ttg.convert_layout %l : tensor<64x64xf16, #b> -> tensor<64x64xf16, #lin>
  %d = ttg.convert_layout %l : tensor<64x64xf16, #b> -> tensor<64x64xf16, #dop>
  %e = ttg.convert_layout %l {ttg.x = 1 : i32} : tensor<64x64xf16, #b> -> tensor<64x64xf16, #mma>
  ttg.local_store %o, %b : tensor<64x64xf16, #b> -> !ttg.memdesc<64x64xf16, #nv, #smem, mutable>
  %k = ttg.async_copy_global_to_local %p, %b mask %m other %o : tensor<64x64x!tt.ptr<f16>, #b> -> <64x64xf16, #nv, #smem, mutable>
  %k2 = ttg.async_copy_global_to_local %p, %b cacheModifier = ca evictionPolicy = evict_first {contiguity = 8 : i32, isVolatile = true, tle.local_ptr_async_store} : tensor<64x64x!tt.ptr<f16>, #b> -> <64x64xf16, #nv, #smem, mutable>
  %g = ttg.async_commit_group tokens %k, %k2
  %g0 = ttg.async_commit_group
  %w = ttg.async_wait %g, %g0 {num = 0 : i32}
  %w1 = ttg.async_wait {num = 1 : i32}
  %l2 = ttg.local_load %b token %w : !ttg.memdesc<64x64xf16, #nv, #smem, mutable> -> tensor<64x64xf16, #b>
  %sl = ttg.memdesc_reshape %b : !ttg.memdesc<64x64xf16, #nv, #smem, mutable> -> !ttg.memdesc<4x16x64xf16, #nv3, #smem, mutable>
  %im = ttg.local_alloc %o {alignment = 16 : i32} : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xf16, #nv, #smem>
  ttg.local_barrier
  %gs = ttg.global_scratch_alloc {alignment = 128 : i32, nbytes = 512 : i32} : !tt.ptr<i8>
  %ps = ttg.predicate_stage %i, %i, %i maxStage 2 stage 0 : i32 -> i1
  %f = ttg.fp4_to_fp %fp4 {axis = 1 : i32} : tensor<64x32xi8, #b> -> tensor<64x64xf16, #b8>
  %mk = "ttg.mask"(%pred) ({ ttg.mask.return %i : i32 }) : (i1) -> i32
  ttg.local_dealloc %a : !ttg.memdesc<2x64x64xf16, #nv, #smem, mutable>
  tt.return
}
}
