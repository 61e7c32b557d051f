// RUN: tle-opt %s -triton-tle-sink-dot-waits | FileCheck %s --check-prefix SINK
// RUN: tle-opt %s -triton-tle-relax-wgmma-waits | FileCheck %s --check-prefix RELAX
// RUN: tle-opt %s -triton-tle-optimize-local-pointer-stores | FileCheck %s --check-prefix STORE
// RUN: tle-opt %s -triton-tle-promote-local-store-staging | FileCheck %s --check-prefix PROMOTE
// RUN: tle-opt %s -triton-tle-tile-style-pipeline-schedule -triton-tle-materialize-tile-style-pipeline | FileCheck %s --check-prefix PIPELINE
// RUN: tle-opt %s -triton-tle-downgrade-invalid-async-copy | FileCheck %s --check-prefix DOWNGRADE

// Ops right in the module, in no function and in a block without a terminator.

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!tile = !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
!x = tensor<64x64xf16, #blocked>
!ptrs = tensor<64x64x!tt.ptr<f16>, #blocked>
!mask = tensor<64x64xi1, #blocked>
!acc = tensor<64x64xf32, #mma>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  %x = builtin.unrealized_conversion_cast to !x
  %ptrs = builtin.unrealized_conversion_cast to !ptrs
  %mask = builtin.unrealized_conversion_cast to !mask
  %acc = builtin.unrealized_conversion_cast to !acc
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %n = arith.constant 8 : i32

  // STORE: ttg.local_alloc
  // STORE: ttg.local_load
  // STORE-NEXT: arith.select
  // STORE-NEXT: ttg.local_store
  %buf = ttg.local_alloc : () -> !tile
  %p = "tle.local_pointers"(%buf) : (!tile) -> tensor<64x64x!tt.ptr<f16, 3>, #blocked>
  tt.store %p, %x, %mask : tensor<64x64x!tt.ptr<f16, 3>, #blocked>

  // PROMOTE: scf.for
  // PROMOTE-NEXT: tt.load
  // PROMOTE-NEXT: ttg.local_alloc %
  %staging = ttg.local_alloc : () -> !tile
  scf.for %i = %c0 to %n step %c1 : i32 {
    %v = tt.load %ptrs : !ptrs
    ttg.local_store %v, %staging : !x -> !tile
    gpu.barrier
    %w = ttg.local_load %staging : !tile -> !x
  } {tt.num_stages = 2 : i32}

  // PIPELINE: ttg.local_alloc : () -> !ttg.memdesc<2x64x64xf16
  // DOWNGRADE: scf.for
  // DOWNGRADE: scf.for
  // DOWNGRADE-NEXT: tt.load
  // DOWNGRADE-NEXT: ttg.local_store
  %ring = ttg.local_alloc : () -> !tile
  scf.for %i = %c0 to %n step %c1 : i32 {
    %t = ttg.async_copy_global_to_local %ptrs, %ring : !ptrs -> <64x64xf16, #shared, #smem, mutable>
    %g = ttg.async_commit_group tokens %t
    %w = ttg.async_wait %g {num = 0 : i32}
    %y = ttg.local_load %ring : !tile -> !x
  } {tt.num_stages = 2 : i32}

  // SINK: ttng.warp_group_dot
  // SINK-NEXT: arith.addi
  // SINK-NEXT: ttng.warp_group_dot_wait
  // RELAX: ttng.warp_group_dot
  // RELAX-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  %d = ttng.warp_group_dot %buf, %buf, %acc {isAsync = true} : !tile * !tile -> !acc
  %e = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
  %last = arith.addi %n, %n : i32
}
