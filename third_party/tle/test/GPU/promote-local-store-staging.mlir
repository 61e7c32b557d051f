// RUN: tle-opt %s -triton-tle-promote-local-store-staging | FileCheck %s
// RUN: tle-opt %s -triton-tle-promote-local-store-staging -triton-tle-promote-local-store-staging | FileCheck %s

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#c = #ttg.blocked<{sizePerThread = [8, 1], threadsPerWarp = [8, 4], warpsPerCTA = [1, 4], order = [0, 1]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#st = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = true, elementBitWidth = 16}>
#smem = #ttg.shared_memory

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {

// CHECK-LABEL: @load
// CHECK-NOT: ttg.local_alloc :
// CHECK: scf.for
// CHECK-NEXT: %[[V:.*]] = tt.load
// CHECK-NEXT: %[[B:.*]] = ttg.local_alloc %[[V]] : (tensor<64x64xf16, #{{.*}}>) -> !ttg.memdesc<64x64xf16, #{{.*}}, #smem>
// CHECK-NEXT: %[[X:.*]] = ttg.local_load %[[B]] : !ttg.memdesc<64x64xf16, #{{.*}}, #smem> ->
// CHECK-NEXT: arith.addf %{{.*}}, %[[X]]
// CHECK-NOT: gpu.barrier
// CHECK-NOT: ttg.local_dealloc
// CHECK: tt.return
tt.func @load(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>) -> tensor<64x64xf16, #b> {
  %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
  %r = scf.for %i = %lo to %hi step %step iter_args(%acc = %init) -> (tensor<64x64xf16, #b>) : i32 {
    %v = tt.load %p : tensor<64x64x!tt.ptr<f16>, #b>
    ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    gpu.barrier
    %x = ttg.local_load %buf : !ttg.memdesc<64x64xf16, #s, #smem, mutable> -> tensor<64x64xf16, #b>
    gpu.barrier
    %n = arith.addf %acc, %x : tensor<64x64xf16, #b>
    scf.yield %n : tensor<64x64xf16, #b>
  } {tt.num_stages = 3 : i32}
  ttg.local_dealloc %buf : !ttg.memdesc<64x64xf16, #s, #smem, mutable>
  tt.return %r : tensor<64x64xf16, #b>
}

// Views follow, also those made in front of the loop; the conversion goes.
// CHECK-LABEL: @dot
// CHECK: scf.for
// CHECK-NEXT: %[[V:.*]] = tt.load
// CHECK-NEXT: %[[B:.*]] = ttg.local_alloc %[[V]]
// CHECK-NEXT: %[[T:.*]] = ttg.memdesc_trans %[[B]] {{.*}} -> !ttg.memdesc<64x64xf16, #{{.*}}, #smem>
// CHECK-NEXT: ttng.warp_group_dot %arg1, %[[T]], %{{.*}} : !ttg.memdesc<64x64xf16, #{{.*}}, #smem> * !ttg.memdesc<64x64xf16, #{{.*}}, #smem> ->
tt.func @dot(%p: tensor<64x64x!tt.ptr<f16>, #b>, %a: !ttg.memdesc<64x64xf16, #s, #smem>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf32, #mma>) -> tensor<64x64xf32, #mma> {
  %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
  %t = ttg.memdesc_trans %buf {order = array<i32: 1, 0>} : !ttg.memdesc<64x64xf16, #s, #smem, mutable> -> !ttg.memdesc<64x64xf16, #st, #smem, mutable>
  %r = scf.for %i = %lo to %hi step %step iter_args(%acc = %init) -> (tensor<64x64xf32, #mma>) : i32 {
    %v = tt.load %p : tensor<64x64x!tt.ptr<f16>, #b>
    %w = ttg.convert_layout %v : tensor<64x64xf16, #b> -> tensor<64x64xf16, #c>
    ttg.local_store %w, %buf : tensor<64x64xf16, #c> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    ttg.local_barrier
    %d = ttng.warp_group_dot %a, %t, %acc : !ttg.memdesc<64x64xf16, #s, #smem> * !ttg.memdesc<64x64xf16, #st, #smem, mutable> -> tensor<64x64xf32, #mma>
    scf.yield %d : tensor<64x64xf32, #mma>
  } {tt.num_stages = 2 : i32}
  tt.return %r : tensor<64x64xf32, #mma>
}

// The result is stored once the loop is over, which no barrier of it orders.
// CHECK-LABEL: @epilogue
// CHECK-NOT: gpu.barrier
// CHECK: tt.return
tt.func @epilogue(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32, %init: tensor<64x64xf16, #b>) {
  %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
  %r = scf.for %i = %lo to %hi step %step iter_args(%acc = %init) -> (tensor<64x64xf16, #b>) : i32 {
    %v = tt.load %p : tensor<64x64x!tt.ptr<f16>, #b>
    ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    gpu.barrier
    %x = ttg.local_load %buf : !ttg.memdesc<64x64xf16, #s, #smem, mutable> -> tensor<64x64xf16, #b>
    %n = arith.addf %acc, %x : tensor<64x64xf16, #b>
    scf.yield %n : tensor<64x64xf16, #b>
  } {tt.num_stages = 3 : i32}
  tt.store %p, %r : tensor<64x64x!tt.ptr<f16>, #b>
  tt.return
}

// Threads also meet over global memory here: the buffer moves, the barrier stays.
// CHECK-LABEL: @other_barrier
// CHECK: ttg.local_alloc %
// CHECK: gpu.barrier
tt.func @other_barrier(%p: tensor<64x64x!tt.ptr<f16>, #b>, %lo: i32, %hi: i32, %step: i32) {
  %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
  scf.for %i = %lo to %hi step %step : i32 {
    %v = tt.load %p : tensor<64x64x!tt.ptr<f16>, #b>
    ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    gpu.barrier
    %x = ttg.local_load %buf : !ttg.memdesc<64x64xf16, #s, #smem, mutable> -> tensor<64x64xf16, #b>
    tt.store %p, %x : tensor<64x64x!tt.ptr<f16>, #b>
  } {tt.num_stages = 3 : i32}
  tt.return
}

}
