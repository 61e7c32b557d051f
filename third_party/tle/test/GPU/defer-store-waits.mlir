// RUN: tle-opt %s -triton-tle-defer-store-waits | FileCheck %s
// RUN: tle-opt %s -triton-tle-defer-store-waits -triton-tle-defer-store-waits | FileCheck %s

#acc = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#vec = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!desc = !tt.tensordesc<tensor<64x64xf16, #shared>>
!thin = !tt.tensordesc<tensor<32x64xf16, #shared>>
!tile = tensor<64x64xf16, #acc>
!half = tensor<32x64xf16, #acc>
!buffer = !ttg.memdesc<64x64xf16, #shared, #smem>
!piece = !ttg.memdesc<32x64xf16, #shared, #smem>
!word = !ttg.memdesc<1xi64, #bar, #smem, mutable>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // Two stores of one type share a buffer, one of another has its own; all are ahead of the outer loop.
  // CHECK-LABEL: @stores
  // CHECK: partition0
  // CHECK: %[[B:.*]] = ttg.local_alloc {tle.deferred_stores} : () -> !ttg.memdesc<64x64xf16, #{{.*}}, #smem, mutable>
  // CHECK: %[[T:.*]] = ttg.local_alloc {tle.deferred_stores} : () -> !ttg.memdesc<32x64xf16, #{{.*}}, #smem, mutable>
  // CHECK-NEXT: scf.for
  // CHECK-NEXT: ttng.wait_barrier
  // CHECK-NEXT: ttng.async_tma_store_wait {pendings = 0 : i32}
  // CHECK-NEXT: ttg.local_store %{{.*}}, %[[B]]
  // CHECK-NEXT: ttng.fence_async_shared
  // CHECK-NEXT: ttng.async_tma_copy_local_to_global %{{.*}} %[[B]]
  // CHECK-NEXT: ttng.async_tma_store_wait {pendings = 0 : i32}
  // CHECK-NEXT: ttg.local_store %{{.*}}, %[[B]]
  // CHECK-NEXT: ttng.fence_async_shared
  // CHECK-NEXT: ttng.async_tma_reduce add, %{{.*}} %[[B]]
  // CHECK-NEXT: scf.while
  // CHECK: scf.if
  // CHECK-NEXT: ttng.async_tma_store_wait {pendings = 0 : i32}
  // CHECK-NEXT: ttg.local_store %{{.*}}, %[[T]]
  // CHECK-NEXT: ttng.fence_async_shared
  // CHECK-NEXT: ttng.async_tma_copy_local_to_global %{{.*}} %[[T]]
  // CHECK-NEXT: }
  // CHECK: ttng.async_tma_store_wait {pendings = 0 : i32}
  // CHECK-NEXT: ttg.local_dealloc
  // CHECK-NEXT: ttg.local_dealloc
  // CHECK-NEXT: ttg.warp_return
  tt.func public @stores(%d: !desc, %t: !thin, %n: i32, %c: i1, %w: !word) {
    ttg.warp_specialize(%d, %t, %n, %c, %w)
    default {
      ttg.warp_yield
    }
    partition0(%e: !desc, %u: !thin, %m: i32, %b: i1, %word: !word) num_warps(4) {
      %zero = arith.constant 0 : i32
      %one = arith.constant 1 : i32
      %v = arith.constant dense<1.0> : !tile
      %h = arith.constant dense<1.0> : !half
      scf.for %i = %zero to %m step %one : i32 {
        ttng.wait_barrier %word, %i {tle.per_thread} : !word
        %x = ttg.local_alloc %v : (!tile) -> !buffer
        ttng.fence_async_shared {bCluster = false}
        ttng.async_tma_copy_local_to_global %e[%i, %zero] %x : !desc, !buffer
        ttng.async_tma_store_wait {pendings = 0 : i32}
        %y = ttg.local_alloc %v : (!tile) -> !buffer
        ttng.fence_async_shared {bCluster = false}
        ttng.async_tma_reduce add, %e[%i, %zero] %y : !desc, !buffer
        ttng.async_tma_store_wait {pendings = 0 : i32}
        scf.while : () -> () {
          scf.condition(%b)
        } do {
          scf.if %b {
            %z = ttg.local_alloc %h : (!half) -> !piece
            ttng.fence_async_shared {bCluster = false}
            ttng.async_tma_copy_local_to_global %u[%i, %zero] %z : !thin, !piece
            ttng.async_tma_store_wait {pendings = 0 : i32}
          }
          scf.yield
        }
      }
      ttg.warp_return
    } : (!desc, !thin, i32, i1, !word) -> ()
    tt.return
  }

  // The kernel's own partition, too.
  // CHECK-LABEL: @own_partition
  // CHECK: ttg.local_alloc {tle.deferred_stores}
  // CHECK-NEXT: scf.for
  // CHECK-NEXT: ttng.async_tma_store_wait
  // CHECK-NEXT: ttg.local_store
  tt.func public @own_partition(%d: !desc, %n: i32, %word: !word) {
    ttg.warp_specialize(%n)
    default {
      %zero = arith.constant 0 : i32
      %one = arith.constant 1 : i32
      %v = arith.constant dense<1.0> : !tile
      scf.for %i = %zero to %n step %one : i32 {
        %x = ttg.local_alloc %v : (!tile) -> !buffer
        ttng.fence_async_shared {bCluster = false}
        ttng.async_tma_copy_local_to_global %d[%i, %zero] %x : !desc, !buffer
        ttng.async_tma_store_wait {pendings = 0 : i32}
        scf.for %j = %zero to %n step %one : i32 {
          ttng.arrive_barrier %word, 1 {tle.per_thread} : !word
        }
      }
      ttg.warp_yield
    }
    partition0(%m: i32) num_warps(4) {
      ttg.warp_return
    } : (i32) -> ()
    tt.return
  }

  // Buffers are made where their values are, copies come later: each value is written where its copy is.
  // CHECK-LABEL: @apart
  // CHECK: partition0
  // CHECK: %[[B:.*]] = ttg.local_alloc {tle.deferred_stores}
  // CHECK: scf.for
  // CHECK: %[[V:.*]] = arith.constant dense<1.0
  // CHECK: %[[W:.*]] = arith.constant dense<2.0
  // CHECK: scf.for
  // CHECK-NEXT: ttng.wait_barrier
  // CHECK-NEXT: {{^ *}}}
  // CHECK-NEXT: ttng.async_tma_store_wait {pendings = 0 : i32}
  // CHECK-NEXT: ttg.local_store %[[V]], %[[B]]
  // CHECK-NEXT: ttng.fence_async_shared
  // CHECK-NEXT: ttng.async_tma_copy_local_to_global {{.*}} %[[B]]
  // CHECK-NEXT: ttng.async_tma_store_wait {pendings = 0 : i32}
  // CHECK-NEXT: ttg.local_store %[[W]], %[[B]]
  // CHECK-NEXT: ttng.fence_async_shared
  // CHECK-NEXT: ttng.async_tma_copy_local_to_global {{.*}} %[[B]]
  tt.func public @apart(%d: !desc, %n: i32, %w: !word) {
    ttg.warp_specialize(%d, %n, %w)
    default {
      ttg.warp_yield
    }
    partition0(%e: !desc, %m: i32, %word: !word) num_warps(4) {
      %zero = arith.constant 0 : i32
      %one = arith.constant 1 : i32
      scf.for %i = %zero to %m step %one : i32 {
        %v = arith.constant dense<1.0> : !tile
        %u = arith.constant dense<2.0> : !tile
        %x = ttg.local_alloc %v : (!tile) -> !buffer
        %y = ttg.local_alloc %u : (!tile) -> !buffer
        ttng.fence_async_shared {bCluster = false}
        scf.for %j = %zero to %m step %one : i32 {
          ttng.wait_barrier %word, %j {tle.per_thread} : !word
        }
        ttng.async_tma_copy_local_to_global %e[%i, %zero] %x : !desc, !buffer
        ttng.async_tma_store_wait {pendings = 0 : i32}
        ttng.async_tma_copy_local_to_global %e[%i, %one] %y : !desc, !buffer
        ttng.async_tma_store_wait {pendings = 0 : i32}
      }
      ttg.warp_return
    } : (!desc, i32, !word) -> ()
    tt.return
  }

  // In no partition; in no loop; in a loop without pipes; beside an atomic or assembly that may tell of the store.
  // CHECK-LABEL: @stay
  // CHECK-NOT: tle.deferred_stores
  // CHECK: tt.return
  tt.func public @stay(%d: !desc, %n: i32, %flag: !tt.ptr<i32>, %word: !word) {
    %zero = arith.constant 0 : i32
    %one = arith.constant 1 : i32
    %v = arith.constant dense<1.0> : !tile
    scf.for %i = %zero to %n step %one : i32 {
      ttng.wait_barrier %word, %i {tle.per_thread} : !word
      %x = ttg.local_alloc %v : (!tile) -> !buffer
      ttng.async_tma_copy_local_to_global %d[%i, %zero] %x : !desc, !buffer
      ttng.async_tma_store_wait {pendings = 0 : i32}
    }
    ttg.warp_specialize(%d, %n, %flag, %word)
    default {
      %w = arith.constant dense<1.0> : !tile
      %x = ttg.local_alloc %w : (!tile) -> !buffer
      ttng.async_tma_copy_local_to_global %d[%n, %n] %x : !desc, !buffer
      ttng.async_tma_store_wait {pendings = 0 : i32}
      ttg.warp_yield
    }
    partition0(%e: !desc, %m: i32, %f: !tt.ptr<i32>, %g: !word) num_warps(4) {
      %none = arith.constant 0 : i32
      %step = arith.constant 1 : i32
      %yes = arith.constant true
      %w = arith.constant dense<1.0> : !tile
      scf.for %i = %none to %m step %step : i32 {
        ttng.wait_barrier %g, %i {tle.per_thread} : !word
        %x = ttg.local_alloc %w : (!tile) -> !buffer
        ttng.async_tma_copy_local_to_global %e[%i, %none] %x : !desc, !buffer
        ttng.async_tma_store_wait {pendings = 0 : i32}
        %o = tt.atomic_rmw add, acq_rel, gpu, %f, %step, %yes : (!tt.ptr<i32>, i32, i1) -> i32
      }
      ttg.warp_return
    }
    partition1(%e: !desc, %m: i32, %f: !tt.ptr<i32>, %g: !word) num_warps(4) {
      %none = arith.constant 0 : i32
      %step = arith.constant 1 : i32
      %w = arith.constant dense<1.0> : !tile
      scf.for %i = %none to %m step %step : i32 {
        %x = ttg.local_alloc %w : (!tile) -> !buffer
        ttng.async_tma_copy_local_to_global %e[%i, %none] %x : !desc, !buffer
        ttng.async_tma_store_wait {pendings = 0 : i32}
      }
      ttg.warp_return
    }
    partition2(%e: !desc, %m: i32, %f: !tt.ptr<i32>, %g: !word) num_warps(4) {
      %none = arith.constant 0 : i32
      %step = arith.constant 1 : i32
      %w = arith.constant dense<1.0> : !tile
      scf.for %i = %none to %m step %step : i32 {
        ttng.wait_barrier %g, %i {tle.per_thread} : !word
        %x = ttg.local_alloc %w : (!tile) -> !buffer
        ttng.async_tma_copy_local_to_global %e[%i, %none] %x : !desc, !buffer
        ttng.async_tma_store_wait {pendings = 0 : i32}
        %o = tt.elementwise_inline_asm "red.add.u32 [$1], 1;" {constraints = "=r,l", packed_element = 1 : i32, pure = false} %f : !tt.ptr<i32> -> i32
      }
      ttg.warp_return
    } : (!desc, i32, !tt.ptr<i32>, !word) -> ()
    tt.return
  }

  // A buffer that something else reads; one that stock's pipeliner has made; a wait that leaves stores under way.
  // CHECK-LABEL: @others
  // CHECK-NOT: tle.deferred_stores
  // CHECK: tt.return
  tt.func public @others(%d: !desc, %n: i32, %word: !word) {
    ttg.warp_specialize(%d, %n, %word)
    default {
      ttg.warp_yield
    }
    partition0(%e: !desc, %m: i32, %g: !word) num_warps(4) {
      %zero = arith.constant 0 : i32
      %one = arith.constant 1 : i32
      %v = arith.constant dense<1.0> : !tile
      %made = ttg.local_alloc : () -> !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
      scf.for %i = %zero to %m step %one : i32 {
        ttng.wait_barrier %g, %i {tle.per_thread} : !word
        %x = ttg.local_alloc %v : (!tile) -> !buffer
        %r = ttg.local_load %x : !buffer -> !tile
        ttng.async_tma_copy_local_to_global %e[%i, %zero] %x : !desc, !buffer
        ttng.async_tma_store_wait {pendings = 0 : i32}
        ttg.local_store %r, %made : !tile -> !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
        ttng.async_tma_copy_local_to_global %e[%i, %zero] %made : !desc, !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
        ttng.async_tma_store_wait {pendings = 0 : i32}
        %y = ttg.local_alloc %v : (!tile) -> !buffer
        ttng.async_tma_copy_local_to_global %e[%i, %zero] %y : !desc, !buffer
        ttng.async_tma_store_wait {pendings = 1 : i32}
      }
      ttg.warp_return
    } : (!desc, i32, !word) -> ()
    tt.return
  }
}
