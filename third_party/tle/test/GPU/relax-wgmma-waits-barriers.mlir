// RUN: tle-opt %s -allow-unregistered-dialect -triton-tle-relax-wgmma-waits | FileCheck %s
// RUN: tle-opt %s -allow-unregistered-dialect -triton-tle-relax-wgmma-waits -triton-tle-relax-wgmma-waits | FileCheck %s

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [8, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [8, 1], instrShape = [16, 64, 16]}>
#dot = #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!const = !ttg.memdesc<64x64xf16, #shared, #smem>
!tile = !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
!x = tensor<64x64xf16, #blocked>
!reg = tensor<64x64xf16, #dot>
!acc = tensor<64x64xf32, #mma>
#mma32 = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [8, 1], instrShape = [16, 32, 16]}>
#mma8 = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [8, 1], instrShape = [16, 64, 32]}>
#shared8 = #ttg.nvmma_shared<{swizzlingByteWidth = 64, transposed = true, elementBitWidth = 8}>
!const8 = !ttg.memdesc<64x64xf8E5M2, #shared8, #smem>
!reg8 = tensor<64x64xf8E5M2, #ttg.dot_op<{opIdx = 0, parent = #mma8, kWidth = 4}>>
!acc8 = tensor<64x64xf32, #mma8>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 8 : i32, ttg.target = "cuda:90"} {
  // Stock may put a barrier ahead of the store, and none ahead of one to the
  // first product's buffer behind the last wait. A load of what a barrier of the
  // program stands behind gets none.
  // CHECK-LABEL: @barriers_of_stock
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  // CHECK-NEXT: ttg.local_store
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  // CHECK-NEXT: ttg.local_store
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttg.local_load
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  tt.func @barriers_of_stock(%x: !x, %c: !acc) -> (!acc, !x) {
    %a = ttg.local_alloc : () -> !tile
    %b = ttg.local_alloc : () -> !tile
    %d = ttng.warp_group_dot %a, %a, %c {isAsync = true} : !tile * !tile -> !acc
    %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
    ttg.local_store %x, %b : !x -> !tile
    %e = ttng.warp_group_dot %b, %b, %w {isAsync = true} : !tile * !tile -> !acc
    %v = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : !acc
    ttg.local_store %x, %a : !x -> !tile
    gpu.barrier
    %f = ttng.warp_group_dot %a, %a, %v {isAsync = true} : !tile * !tile -> !acc
    %u = ttng.warp_group_dot_wait %f {pendings = 0 : i32} : !acc
    %l = ttg.local_load %a : !tile -> !x
    %g = ttng.warp_group_dot %a, %a, %u {isAsync = true} : !tile * !tile -> !acc
    %t = ttng.warp_group_dot_wait %g {pendings = 0 : i32} : !acc
    tt.return %t, %l : !acc, !x
  }

  // A product reads what was stored before both: stock puts the barrier between
  // the two. None with a barrier of the program behind the store, with one that
  // stock puts behind a wait for copies, or between the store and another read.
  // CHECK-LABEL: @stored_before_both
  // CHECK: ttg.local_store
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  // CHECK-NEXT: ttg.local_store
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  // CHECK-NEXT: ttg.local_store
  // CHECK-NEXT: ttg.async_wait
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  // CHECK-NEXT: ttg.local_store
  // CHECK-NEXT: ttg.local_load
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  tt.func @stored_before_both(%x: !x, %c: !acc) -> (!acc, !x) {
    %a = ttg.local_alloc : () -> !tile
    %b = ttg.local_alloc : () -> !tile
    ttg.local_store %x, %b : !x -> !tile
    %d = ttng.warp_group_dot %a, %a, %c {isAsync = true} : !tile * !tile -> !acc
    %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
    %e = ttng.warp_group_dot %a, %b, %w {isAsync = true} : !tile * !tile -> !acc
    %v = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : !acc
    ttg.local_store %x, %b : !x -> !tile
    gpu.barrier
    %d1 = ttng.warp_group_dot %a, %a, %v {isAsync = true} : !tile * !tile -> !acc
    %w1 = ttng.warp_group_dot_wait %d1 {pendings = 0 : i32} : !acc
    %e1 = ttng.warp_group_dot %a, %b, %w1 {isAsync = true} : !tile * !tile -> !acc
    %v1 = ttng.warp_group_dot_wait %e1 {pendings = 0 : i32} : !acc
    ttg.local_store %x, %b : !x -> !tile
    %copied = ttg.async_wait {num = 0 : i32}
    %d2 = ttng.warp_group_dot %a, %a, %v1 {isAsync = true} : !tile * !tile -> !acc
    %w2 = ttng.warp_group_dot_wait %d2 {pendings = 0 : i32} : !acc
    %e2 = ttng.warp_group_dot %a, %b, %w2 {isAsync = true} : !tile * !tile -> !acc
    %v2 = ttng.warp_group_dot_wait %e2 {pendings = 0 : i32} : !acc
    ttg.local_store %x, %b : !x -> !tile
    %l = ttg.local_load %b : !tile -> !x
    %d3 = ttng.warp_group_dot %a, %a, %v2 {isAsync = true} : !tile * !tile -> !acc
    %w3 = ttng.warp_group_dot_wait %d3 {pendings = 0 : i32} : !acc
    %e3 = ttng.warp_group_dot %a, %b, %w3 {isAsync = true} : !tile * !tile -> !acc
    %v3 = ttng.warp_group_dot_wait %e3 {pendings = 0 : i32} : !acc
    tt.return %v3, %l : !acc, !x
  }

  // Stock takes an allocation out of the loop, to where its source is. What
  // reads it gets a barrier in the loop, unless another stands there before.
  // Inside of the loop the source is no better than a store.
  // CHECK-LABEL: @allocations_in_loop
  // CHECK: scf.for
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  // CHECK-NEXT: ttg.local_alloc
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  // CHECK-NEXT: ttg.async_wait
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttg.local_alloc
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  // CHECK-NEXT: arith.negf
  // CHECK-NEXT: ttg.local_alloc
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  tt.func @allocations_in_loop(%x: !x, %c: !acc, %n: i32) -> !acc {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %a = ttg.local_alloc : () -> !tile
    %y = arith.negf %x : !x
    %q = arith.negf %x : !x
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %c) -> (!acc) : i32 {
      %d = ttng.warp_group_dot %a, %a, %acc {isAsync = true} : !tile * !tile -> !acc
      %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
      %b = ttg.local_alloc %y : (!x) -> !const
      %e = ttng.warp_group_dot %b, %b, %w {isAsync = true} : !const * !const -> !acc
      %v = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : !acc
      %copied = ttg.async_wait {num = 0 : i32}
      %d1 = ttng.warp_group_dot %a, %a, %v {isAsync = true} : !tile * !tile -> !acc
      %w1 = ttng.warp_group_dot_wait %d1 {pendings = 0 : i32} : !acc
      %b1 = ttg.local_alloc %q : (!x) -> !const
      %e1 = ttng.warp_group_dot %b1, %b1, %w1 {isAsync = true} : !const * !const -> !acc
      %v1 = ttng.warp_group_dot_wait %e1 {pendings = 0 : i32} : !acc
      %z = arith.negf %x : !x
      %f = ttg.local_alloc %z : (!x) -> !const
      %g = ttng.warp_group_dot %f, %f, %v1 {isAsync = true} : !const * !const -> !acc
      %u = ttng.warp_group_dot_wait %g {pendings = 0 : i32} : !acc
      scf.yield %u : !acc
    }
    tt.return %r : !acc
  }

  // What the iteration before has written: the barrier between the last store and
  // the first product comes behind the store that the second one reads. If the
  // first store has its barrier already, stock puts one between the products.
  // CHECK-LABEL: @written_in_iteration_before
  // CHECK: scf.for
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  // CHECK-NEXT: scf.if
  // CHECK: scf.for
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  tt.func @written_in_iteration_before(%x: !x, %c: !acc, %n: i32, %more: i1) -> !acc {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %a = ttg.local_alloc : () -> !tile
    %b = ttg.local_alloc : () -> !tile
    ttg.local_store %x, %b : !x -> !tile
    ttg.local_store %x, %a : !x -> !tile
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %c) -> (!acc) : i32 {
      %d = ttng.warp_group_dot %a, %a, %acc {isAsync = true} : !tile * !tile -> !acc
      %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
      %e = ttng.warp_group_dot %a, %b, %w {isAsync = true} : !tile * !tile -> !acc
      %v = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : !acc
      scf.if %more {
        ttg.local_store %x, %b : !x -> !tile
        ttg.local_store %x, %a : !x -> !tile
      }
      scf.yield %v : !acc
    }
    gpu.barrier
    %r2 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %r) -> (!acc) : i32 {
      %d = ttng.warp_group_dot %a, %a, %acc {isAsync = true} : !tile * !tile -> !acc
      %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
      %e = ttng.warp_group_dot %a, %b, %w {isAsync = true} : !tile * !tile -> !acc
      %v = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : !acc
      scf.if %more {
        ttg.local_store %x, %a : !x -> !tile
        gpu.barrier
        ttg.local_store %x, %b : !x -> !tile
      }
      scf.yield %v : !acc
    }
    tt.return %r2 : !acc
  }
}
