// RUN: tle-opt %s -triton-tle-lower-pipes | FileCheck %s

#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [2, 1], order = [1, 0]}>
#blocked4 = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#narrow = #ttg.nvmma_shared<{swizzlingByteWidth = 64, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // Copies of 2 warps fill it, 4 warps read it: 64 arrivals make a slot full, 128 make it empty.
  // CHECK-LABEL: @copies
  // CHECK: ttng.init_barrier %{{.+}}, 64 {tle.per_thread}
  // CHECK: ttng.init_barrier %{{.+}}, 64 {tle.per_thread}
  // CHECK: ttng.init_barrier %{{.+}}, 128 {tle.per_thread}
  // CHECK: ttng.init_barrier %{{.+}}, 128 {tle.per_thread}
  // CHECK-NEXT: gpu.barrier
  // CHECK-NOT: tle.pipe
  tt.func public @copies(%p: tensor<64x64x!tt.ptr<bf16>, #blocked>, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["mma"]} : !bars, !field
    ttg.warp_specialize(%bars, %field, %n)
    // CHECK: default {
    // CHECK: scf.for %[[I:.+]] =
    // CHECK: %[[SLOT:.+]] = arith.andi %[[I]], %{{.+}}
    // CHECK: %[[FULL:.+]] = ttg.memdesc_index %[[BARS:.+]][%[[SLOT]]]
    // CHECK: %[[ROUND:.+]] = arith.shrui %[[I]]
    // CHECK: %[[PHASE:.+]] = arith.andi %[[ROUND]]
    // CHECK: ttng.wait_barrier %[[FULL]], %[[PHASE]] {tle.per_thread, tle.pipe = {{[0-9]+}} : i32}
    // CHECK: %[[SLOT2:.+]] = arith.andi %[[I]]
    // CHECK: %[[WORD:.+]] = arith.addi %[[SLOT2]]
    // CHECK: %[[EMPTY:.+]] = ttg.memdesc_index %[[BARS]][%[[WORD]]]
    // CHECK: ttng.arrive_barrier %[[EMPTY]], 1 {tle.per_thread, tle.pipe = {{[0-9]+}} : i32}
    default {
      scf.for %i = %c0 to %n step %c1 : i32 {
        tle.pipe_wait %bars[%i] {reader = "mma"} : !bars
        tle.pipe_release %bars[%i] {reader = "mma"} : !bars
      }
      ttg.warp_yield
    }
    // CHECK: partition0
    // CHECK: scf.for
    // CHECK: arith.xori
    // CHECK: ttng.wait_barrier %{{.+}} {tle.per_thread, tle.pipe = {{[0-9]+}} : i32}
    // CHECK: ttg.async_copy_global_to_local
    // CHECK-NOT: ttng.arrive_barrier
    // CHECK: ttng.async_copy_mbarrier_arrive %{{.+}} {noIncrement, tle.per_thread, tle.pipe = {{[0-9]+}} : i32}
    partition0(%b: !bars, %f: !field, %m: i32) num_warps(2) {
      %d0 = arith.constant 0 : i32
      %d1 = arith.constant 1 : i32
      %q = ub.poison : tensor<64x64x!tt.ptr<bf16>, #blocked>
      scf.for %i = %d0 to %m step %d1 : i32 {
        tle.pipe_acquire %b[%i] : !bars
        %s = ttg.memdesc_index %f[%d0] : !field -> !tile
        %t = ttg.async_copy_global_to_local %q, %s : tensor<64x64x!tt.ptr<bf16>, #blocked> -> !tile
        tle.pipe_commit %b[%i] : !bars
      }
      ttg.warp_return
    } : (!bars, !field, i32) -> ()
    tt.return
  }

  // Stores and copies: each thread arrives twice. Three slots: the place in the ring is a remainder.
  // CHECK-LABEL: @stores_and_copies
  // CHECK: ttg.local_alloc {tle.pipe_field = [[PIPE:[0-9]+]] : i32}
  // CHECK-COUNT-6: ttng.init_barrier %{{.+}}, 128 {tle.per_thread}
  // CHECK: default {
  // CHECK: arith.remui
  // CHECK: arith.divui
  // CHECK: partition0
  // CHECK: ttng.arrive_barrier %{{.+}}, 1 {tle.per_thread, tle.pipe = [[PIPE]] : i32}
  // CHECK: ttng.async_copy_mbarrier_arrive %{{.+}} {noIncrement, tle.per_thread, tle.pipe = {{[0-9]+}} : i32}
  tt.func public @stores_and_copies(%i: i32) {
    %field = ttg.local_alloc : () -> !ttg.memdesc<3x64x64xbf16, #shared, #smem, mutable>
    %bars = ttg.local_alloc : () -> !ttg.memdesc<6x1xi64, #bar, #smem, mutable>
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]}
        : !ttg.memdesc<6x1xi64, #bar, #smem, mutable>, !ttg.memdesc<3x64x64xbf16, #shared, #smem, mutable>
    ttg.warp_specialize(%bars, %field, %i)
    default {
      tle.pipe_wait %bars[%i] {reader = "r"} : !ttg.memdesc<6x1xi64, #bar, #smem, mutable>
      tle.pipe_release %bars[%i] {reader = "r"} : !ttg.memdesc<6x1xi64, #bar, #smem, mutable>
      ttg.warp_yield
    }
    partition0(%b: !ttg.memdesc<6x1xi64, #bar, #smem, mutable>, %f: !ttg.memdesc<3x64x64xbf16, #shared, #smem, mutable>, %j: i32) num_warps(2) {
      %q = ub.poison : tensor<64x64x!tt.ptr<bf16>, #blocked>
      %v = ub.poison : tensor<64x64xbf16, #blocked>
      tle.pipe_acquire %b[%j] : !ttg.memdesc<6x1xi64, #bar, #smem, mutable>
      %s = ttg.memdesc_index %f[%j] : !ttg.memdesc<3x64x64xbf16, #shared, #smem, mutable> -> !tile
      %t = ttg.async_copy_global_to_local %q, %s : tensor<64x64x!tt.ptr<bf16>, #blocked> -> !tile
      ttg.local_store %v, %s : tensor<64x64xbf16, #blocked> -> !tile
      tle.pipe_commit %b[%j] : !ttg.memdesc<6x1xi64, #bar, #smem, mutable>
      ttg.warp_return
    } : (!ttg.memdesc<6x1xi64, #bar, #smem, mutable>, !ttg.memdesc<3x64x64xbf16, #shared, #smem, mutable>, i32) -> ()
    tt.return
  }

  // A one-shot pipe has no barriers for empty slots: nobody waits for them, nobody releases them.
  // CHECK-LABEL: @one_shot
  // CHECK-COUNT-2: ttng.init_barrier %{{.+}}, 64 {tle.per_thread}
  // CHECK-NOT: ttng.init_barrier
  // CHECK: default {
  // CHECK: ttng.wait_barrier
  // CHECK-NOT: ttng.arrive_barrier
  // CHECK: partition0
  // CHECK-NOT: ttng.wait_barrier
  // CHECK: ttng.arrive_barrier
  tt.func public @one_shot(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !ttg.memdesc<2x1xi64, #bar, #smem, mutable>
    tle.pipe_create %bars, %field {name = "tiles", oneShot = true, readers = ["r"]} : !ttg.memdesc<2x1xi64, #bar, #smem, mutable>, !field
    ttg.warp_specialize(%bars, %field, %i)
    default {
      tle.pipe_wait %bars[%i] {reader = "r"} : !ttg.memdesc<2x1xi64, #bar, #smem, mutable>
      tle.pipe_release %bars[%i] {reader = "r"} : !ttg.memdesc<2x1xi64, #bar, #smem, mutable>
      ttg.warp_yield
    }
    partition0(%b: !ttg.memdesc<2x1xi64, #bar, #smem, mutable>, %f: !field, %j: i32) num_warps(2) {
      %v = ub.poison : tensor<64x64xbf16, #blocked>
      tle.pipe_acquire %b[%j] : !ttg.memdesc<2x1xi64, #bar, #smem, mutable>
      %s = ttg.memdesc_index %f[%j] : !field -> !tile
      ttg.local_store %v, %s : tensor<64x64xbf16, #blocked> -> !tile
      tle.pipe_commit %b[%j] : !ttg.memdesc<2x1xi64, #bar, #smem, mutable>
      ttg.warp_return
    } : (!ttg.memdesc<2x1xi64, #bar, #smem, mutable>, !field, i32) -> ()
    tt.return
  }

  // What is waited for in a loop may be released behind it, or at the beginning of an iteration that follows.
  // CHECK-LABEL: @released_later
  // CHECK: default {
  // CHECK: scf.for
  // CHECK: scf.if
  // CHECK: ttng.arrive_barrier
  // CHECK: ttng.wait_barrier
  // CHECK: ttng.arrive_barrier
  // CHECK: partition0
  tt.func public @released_later(%i: i32, %later: i1) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %field, %i)
    default {
      scf.for %t = %c0 to %i step %c1 : i32 {
        scf.if %later {
          %before = arith.subi %t, %c1 : i32
          tle.pipe_release %bars[%before] {reader = "r"} : !bars
        }
        tle.pipe_wait %bars[%t] {reader = "r"} : !bars
      }
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !field, %j: i32) num_warps(2) {
      tle.pipe_acquire %b[%j] : !bars
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, !field, i32) -> ()
    tt.return
  }

  // TMA fills the slot: it completes on the slot's barrier, which expects the bytes; one thread of each warp arrives
  // at the commit.
  // CHECK-LABEL: @blocks
  // CHECK-COUNT-2: ttng.init_barrier %{{.+}}, 2 {tle.per_thread}
  // CHECK-COUNT-2: ttng.init_barrier %{{.+}}, 128 {tle.per_thread}
  // CHECK: partition0(%[[B:.+]]: {{.+}}, %[[F:.+]]: {{.+}}, %[[D:.+]]: !tt.tensordesc<tensor<64x64xbf16>>, %[[J:.+]]: i32)
  // CHECK: ttng.wait_barrier
  // CHECK: %[[SLOT:.+]] = ttg.memdesc_index %[[F]][%[[J]]]
  // CHECK: %[[FULL:.+]] = ttg.memdesc_index %[[B]][%[[J]]]
  // CHECK: ttng.barrier_expect %[[FULL]], 8192 {tle.per_thread, tle.pipe = [[PIPE:[0-9]+]] : i32}
  // CHECK-NEXT: ttng.async_tma_copy_global_to_local %[[D]][%[[J]], %[[J]]] %[[SLOT]], %[[FULL]], %{{.+}} {tle.per_thread, tle.pipe = [[PIPE]] : i32}
  // CHECK-NOT: tt.descriptor_load
  // CHECK-NOT: ttg.local_store
  // CHECK: ttng.arrive_barrier %{{.+}}, 1 {tle.per_thread, tle.per_warp, tle.pipe = [[PIPE]] : i32}
  // CHECK-NOT: ttng.arrive_barrier
  // CHECK: ttg.warp_return
  tt.func public @blocks(%i: i32, %d: !tt.tensordesc<tensor<64x64xbf16>>) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %field, %d, %i)
    default {
      tle.pipe_wait %bars[%i] {reader = "r"} : !bars
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !field, %e: !tt.tensordesc<tensor<64x64xbf16>>, %j: i32) num_warps(2) {
      tle.pipe_acquire %b[%j] : !bars
      %s = ttg.memdesc_index %f[%j] : !field -> !tile
      %v = tt.descriptor_load %e[%j, %j] : !tt.tensordesc<tensor<64x64xbf16>> -> tensor<64x64xbf16, #blocked>
      ttg.local_store %v, %s : tensor<64x64xbf16, #blocked> -> !tile
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, !field, !tt.tensordesc<tensor<64x64xbf16>>, i32) -> ()
    tt.return
  }

  // Beside stores into another field: threads arrive for these, warps for TMA.
  // CHECK-LABEL: @blocks_and_stores
  // CHECK-COUNT-2: ttng.init_barrier %{{.+}}, 66 {tle.per_thread}
  // CHECK: ttng.async_tma_copy_global_to_local
  // CHECK: ttg.local_store
  // CHECK: ttng.arrive_barrier %{{.+}}, 1 {tle.per_thread, tle.pipe = [[PIPE:[0-9]+]] : i32}
  // CHECK: ttng.arrive_barrier %{{.+}}, 1 {tle.per_thread, tle.per_warp, tle.pipe = [[PIPE]] : i32}
  tt.func public @blocks_and_stores(%i: i32, %d: !tt.tensordesc<tensor<64x64xbf16>>) {
    %field = ttg.local_alloc : () -> !field
    %other = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field, %other {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field, !field
    ttg.warp_specialize(%bars, %field, %other, %d, %i)
    default {
      tle.pipe_wait %bars[%i] {reader = "r"} : !bars
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !field, %o: !field, %e: !tt.tensordesc<tensor<64x64xbf16>>, %j: i32) num_warps(2) {
      %u = ub.poison : tensor<64x64xbf16, #blocked>
      tle.pipe_acquire %b[%j] : !bars
      %s = ttg.memdesc_index %f[%j] : !field -> !tile
      %t = ttg.memdesc_index %o[%j] : !field -> !tile
      %v = tt.descriptor_load %e[%j, %j] : !tt.tensordesc<tensor<64x64xbf16>> -> tensor<64x64xbf16, #blocked>
      ttg.local_store %v, %s : tensor<64x64xbf16, #blocked> -> !tile
      ttg.local_store %u, %t : tensor<64x64xbf16, #blocked> -> !tile
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, !field, !field, !tt.tensordesc<tensor<64x64xbf16>>, i32) -> ()
    tt.return
  }

  // Not by TMA into the slot: an arrangement that stock does not give to descriptors, a block with another use, a field
  // that is stored to otherwise.
  // CHECK-LABEL: @no_blocks
  // CHECK-NOT: ttng.async_tma_copy_global_to_local
  // CHECK-COUNT-3: tt.descriptor_load
  // CHECK-NOT: ttng.async_tma_copy_global_to_local
  // CHECK: ttng.arrive_barrier %{{.+}}, 1 {tle.per_thread, tle.pipe = {{[0-9]+}} : i32}
  // CHECK: tt.return
  tt.func public @no_blocks(%i: i32, %d: !tt.tensordesc<tensor<64x64xbf16>>, %p: tensor<64x64x!tt.ptr<bf16>, #blocked>) {
    %narrow = ttg.local_alloc : () -> !ttg.memdesc<2x64x64xbf16, #narrow, #smem, mutable>
    %used = ttg.local_alloc : () -> !field
    %stored = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %narrow, %used, %stored {name = "tiles", oneShot = false, readers = ["r"]}
        : !bars, !ttg.memdesc<2x64x64xbf16, #narrow, #smem, mutable>, !field, !field
    ttg.warp_specialize(%bars, %narrow, %used, %stored, %d, %i)
    default {
      %u = ub.poison : tensor<64x64xbf16, #blocked4>
      tle.pipe_wait %bars[%i] {reader = "r"} : !bars
      %s = ttg.memdesc_index %stored[%i] : !field -> !tile
      ttg.local_store %u, %s : tensor<64x64xbf16, #blocked4> -> !tile
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !ttg.memdesc<2x64x64xbf16, #narrow, #smem, mutable>, %g: !field, %h: !field, %e: !tt.tensordesc<tensor<64x64xbf16>>, %j: i32) num_warps(2) {
      tle.pipe_acquire %b[%j] : !bars
      %s = ttg.memdesc_index %f[%j] : !ttg.memdesc<2x64x64xbf16, #narrow, #smem, mutable> -> !ttg.memdesc<64x64xbf16, #narrow, #smem, mutable>
      %t = ttg.memdesc_index %g[%j] : !field -> !tile
      %u = ttg.memdesc_index %h[%j] : !field -> !tile
      %v = tt.descriptor_load %e[%j, %j] : !tt.tensordesc<tensor<64x64xbf16>> -> tensor<64x64xbf16, #blocked>
      ttg.local_store %v, %s : tensor<64x64xbf16, #blocked> -> !ttg.memdesc<64x64xbf16, #narrow, #smem, mutable>
      %w = tt.descriptor_load %e[%j, %j] : !tt.tensordesc<tensor<64x64xbf16>> -> tensor<64x64xbf16, #blocked>
      ttg.local_store %w, %t : tensor<64x64xbf16, #blocked> -> !tile
      %x = arith.addf %w, %w : tensor<64x64xbf16, #blocked>
      %y = tt.descriptor_load %e[%j, %j] : !tt.tensordesc<tensor<64x64xbf16>> -> tensor<64x64xbf16, #blocked>
      ttg.local_store %y, %u : tensor<64x64xbf16, #blocked> -> !tile
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, !ttg.memdesc<2x64x64xbf16, #narrow, #smem, mutable>, !field, !field, !tt.tensordesc<tensor<64x64xbf16>>, i32) -> ()
    tt.return
  }

  // The reader writes results to the slots when no tile comes any more. Before a release, or in a loop, one might.
  // CHECK-LABEL: @blocks_and_results
  // CHECK: ttng.async_tma_copy_global_to_local
  // CHECK-NOT: tt.descriptor_load
  // CHECK: tt.return
  tt.func public @blocks_and_results(%i: i32, %d: !tt.tensordesc<tensor<64x64xbf16>>) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %field, %d, %i)
    default {
      %u = ub.poison : tensor<64x64xbf16, #blocked4>
      tle.pipe_wait %bars[%i] {reader = "r"} : !bars
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      %s = ttg.memdesc_reinterpret %field : !field -> !tile
      ttg.local_store %u, %s : tensor<64x64xbf16, #blocked4> -> !tile
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !field, %e: !tt.tensordesc<tensor<64x64xbf16>>, %j: i32) num_warps(2) {
      tle.pipe_acquire %b[%j] : !bars
      %s = ttg.memdesc_index %f[%j] : !field -> !tile
      %v = tt.descriptor_load %e[%j, %j] : !tt.tensordesc<tensor<64x64xbf16>> -> tensor<64x64xbf16, #blocked>
      ttg.local_store %v, %s : tensor<64x64xbf16, #blocked> -> !tile
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, !field, !tt.tensordesc<tensor<64x64xbf16>>, i32) -> ()
    tt.return
  }

  // CHECK-LABEL: @results_before_release
  // CHECK-NOT: ttng.async_tma_copy_global_to_local
  // CHECK: tt.descriptor_load
  // CHECK: tt.return
  tt.func public @results_before_release(%i: i32, %d: !tt.tensordesc<tensor<64x64xbf16>>) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %field, %d, %i)
    default {
      %u = ub.poison : tensor<64x64xbf16, #blocked4>
      tle.pipe_wait %bars[%i] {reader = "r"} : !bars
      %s = ttg.memdesc_reinterpret %field : !field -> !tile
      ttg.local_store %u, %s : tensor<64x64xbf16, #blocked4> -> !tile
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !field, %e: !tt.tensordesc<tensor<64x64xbf16>>, %j: i32) num_warps(2) {
      tle.pipe_acquire %b[%j] : !bars
      %s = ttg.memdesc_index %f[%j] : !field -> !tile
      %v = tt.descriptor_load %e[%j, %j] : !tt.tensordesc<tensor<64x64xbf16>> -> tensor<64x64xbf16, #blocked>
      ttg.local_store %v, %s : tensor<64x64xbf16, #blocked> -> !tile
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, !field, !tt.tensordesc<tensor<64x64xbf16>>, i32) -> ()
    tt.return
  }

  // CHECK-LABEL: @results_in_loop
  // CHECK-NOT: ttng.async_tma_copy_global_to_local
  // CHECK: tt.descriptor_load
  // CHECK: tt.return
  tt.func public @results_in_loop(%i: i32, %d: !tt.tensordesc<tensor<64x64xbf16>>) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %field, %d, %i)
    default {
      %u = ub.poison : tensor<64x64xbf16, #blocked4>
      scf.for %k = %c0 to %i step %c1 : i32 {
        tle.pipe_wait %bars[%k] {reader = "r"} : !bars
        tle.pipe_release %bars[%k] {reader = "r"} : !bars
        %s = ttg.memdesc_reinterpret %field : !field -> !tile
        ttg.local_store %u, %s : tensor<64x64xbf16, #blocked4> -> !tile
      }
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !field, %e: !tt.tensordesc<tensor<64x64xbf16>>, %j: i32) num_warps(2) {
      tle.pipe_acquire %b[%j] : !bars
      %s = ttg.memdesc_index %f[%j] : !field -> !tile
      %v = tt.descriptor_load %e[%j, %j] : !tt.tensordesc<tensor<64x64xbf16>> -> tensor<64x64xbf16, #blocked>
      ttg.local_store %v, %s : tensor<64x64xbf16, #blocked> -> !tile
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, !field, !tt.tensordesc<tensor<64x64xbf16>>, i32) -> ()
    tt.return
  }

  // A reader whose release another's implies: the empty barriers count the other's threads only.
  // CHECK-LABEL: @one_releases
  // CHECK-COUNT-2: ttng.init_barrier %{{.+}}, 64 {tle.per_thread}
  // CHECK-COUNT-2: ttng.init_barrier %{{.+}}, 32 {tle.per_thread}
  // CHECK: default {
  // CHECK: ttng.wait_barrier %{{.+}}, %{{.+}} {tle.implied_release, tle.per_thread, tle.pipe = [[PIPE:[0-9]+]] : i32}
  // CHECK-NOT: ttng.arrive_barrier
  // CHECK: partition0
  // CHECK: ttng.wait_barrier %{{.+}}, %{{.+}} {tle.per_thread, tle.pipe = [[PIPE]] : i32}
  // CHECK: ttng.arrive_barrier
  // CHECK: partition1
  // CHECK: ttng.wait_barrier %{{.+}}, %{{.+}} {tle.per_thread, tle.pipe = [[PIPE]] : i32}
  // CHECK: ttng.arrive_barrier
  tt.func public @one_releases(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r", "s"]} : !bars, !field
    ttg.warp_specialize(%bars, %field, %i)
    default {
      tle.pipe_wait %bars[%i] {reader = "r", tle.implied_release} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !field, %j: i32) num_warps(1) {
      tle.pipe_wait %b[%j] {reader = "s"} : !bars
      tle.pipe_release %b[%j] {reader = "s"} : !bars
      ttg.warp_return
    }
    partition1(%b: !bars, %f: !field, %j: i32) num_warps(2) {
      tle.pipe_acquire %b[%j] : !bars
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, !field, i32) -> ()
    tt.return
  }

  // No reader releases: no barriers for empty slots, the writer waits for none.
  // CHECK-LABEL: @nobody_releases
  // CHECK-COUNT-2: ttng.init_barrier %{{.+}}, 64 {tle.per_thread}
  // CHECK-NOT: ttng.init_barrier
  // CHECK: default {
  // CHECK: ttng.wait_barrier
  // CHECK: partition0
  // CHECK-NOT: ttng.wait_barrier
  // CHECK: ttng.arrive_barrier
  tt.func public @nobody_releases(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %field, %i)
    default {
      tle.pipe_wait %bars[%i] {reader = "r", tle.implied_release} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !field, %j: i32) num_warps(2) {
      tle.pipe_acquire %b[%j] : !bars
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, !field, i32) -> ()
    tt.return
  }

  // Counts that nobody can blame: as many tiles on both sides, two tiles that the reader leaves in two slots, a branch
  // or bounds that are not known.
  // CHECK-LABEL: @counts
  // CHECK-COUNT-6: ttng.wait_barrier
  // CHECK: tt.return
  tt.func public @counts(%i: i32, %maybe: i1) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %c3 = arith.constant 3 : i32
    %c5 = arith.constant 5 : i32
    %f0 = ttg.local_alloc : () -> !field
    %f1 = ttg.local_alloc : () -> !field
    %f2 = ttg.local_alloc : () -> !field
    %b0 = ttg.local_alloc : () -> !bars
    %b1 = ttg.local_alloc : () -> !bars
    %b2 = ttg.local_alloc : () -> !bars
    tle.pipe_create %b0, %f0 {name = "same", oneShot = false, readers = ["r"]} : !bars, !field
    tle.pipe_create %b1, %f1 {name = "left", oneShot = false, readers = ["r"]} : !bars, !field
    tle.pipe_create %b2, %f2 {name = "unknown", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%b0, %b1, %b2, %i)
    default {
      scf.for %t = %c0 to %c5 step %c1 : i32 {
        tle.pipe_wait %b0[%t] {reader = "r"} : !bars
        tle.pipe_release %b0[%t] {reader = "r"} : !bars
        scf.if %maybe {
          tle.pipe_wait %b2[%t] {reader = "r"} : !bars
          tle.pipe_release %b2[%t] {reader = "r"} : !bars
        }
      }
      scf.for %t = %c0 to %c3 step %c1 : i32 {
        tle.pipe_wait %b1[%t] {reader = "r"} : !bars
        tle.pipe_release %b1[%t] {reader = "r"} : !bars
      }
      ttg.warp_yield
    }
    partition0(%d0: !bars, %d1: !bars, %d2: !bars, %n: i32) num_warps(2) {
      %z = arith.constant 0 : i32
      %one = arith.constant 1 : i32
      %five = arith.constant 5 : i32
      scf.for %t = %z to %five step %one : i32 {
        tle.pipe_acquire %d0[%t] : !bars
        tle.pipe_commit %d0[%t] : !bars
        tle.pipe_acquire %d1[%t] : !bars
        tle.pipe_commit %d1[%t] : !bars
      }
      scf.for %t = %z to %n step %one : i32 {
        tle.pipe_acquire %d2[%t] : !bars
        tle.pipe_commit %d2[%t] : !bars
      }
      ttg.warp_return
    } : (!bars, !bars, !bars, i32) -> ()
    tt.return
  }

  // Made for each run of the partitions: initialized in the loop, behind the run before, and no mbarriers at its end.
  // CHECK-LABEL: @in_a_loop
  // CHECK: scf.for
  // CHECK-COUNT-4: ttng.init_barrier
  // CHECK: gpu.barrier
  // CHECK: ttg.warp_specialize
  // CHECK: (!ttg.memdesc
  // CHECK-COUNT-4: ttng.inval_barrier %{{.+}} {tle.per_thread}
  // CHECK-NOT: ttng.inval_barrier
  tt.func public @in_a_loop(%i: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %field = ttg.local_alloc : () -> !field
    scf.for %t = %c0 to %i step %c1 : i32 {
      %bars = ttg.local_alloc : () -> !bars
      tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
      ttg.warp_specialize(%bars, %i)
      default {
        tle.pipe_wait %bars[%i] {reader = "r"} : !bars
        tle.pipe_release %bars[%i] {reader = "r"} : !bars
        ttg.warp_yield
      }
      partition0(%b: !bars, %j: i32) num_warps(4) {
        tle.pipe_acquire %b[%j] : !bars
        tle.pipe_commit %b[%j] : !bars
        ttg.warp_return
      } : (!bars, i32) -> ()
    }
    tt.return
  }

  // Nothing wrong: a tile read behind the release of the one before, or behind the wait for another round of its slot;
  // a writer that reads what it has committed; numbers that add up over nested loops.
  // CHECK-LABEL: @accesses_in_order
  // CHECK: tt.return
  tt.func public @accesses_in_order(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %field)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c3 = arith.constant 3 : i32
      %s0 = ttg.memdesc_index %field[%c0] : !field -> !tile
      %s1 = ttg.memdesc_index %field[%c1] : !field -> !tile
      tle.pipe_wait %bars[%c0] {reader = "r"} : !bars
      tle.pipe_wait %bars[%c1] {reader = "r"} : !bars
      tle.pipe_release %bars[%c0] {reader = "r"} : !bars
      %x = ttg.local_load %s1 : !tile -> tensor<64x64xbf16, #blocked4>
      tle.pipe_wait %bars[%c2] {reader = "r"} : !bars
      %y = ttg.local_load %s0 : !tile -> tensor<64x64xbf16, #blocked4>
      tle.pipe_release %bars[%c1] {reader = "r"} : !bars
      tle.pipe_release %bars[%c2] {reader = "r"} : !bars
      tle.pipe_wait %bars[%c3] {reader = "r"} : !bars
      tle.pipe_release %bars[%c3] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !field) num_warps(2) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %v = ub.poison : tensor<64x64xbf16, #blocked>
      scf.for %t = %c0 to %c2 step %c1 : i32 {
        scf.for %u = %c0 to %c2 step %c1 : i32 {
          %twice = arith.muli %t, %c2 : i32
          %n = arith.addi %twice, %u : i32
          tle.pipe_acquire %b[%n] : !bars
          %p = arith.andi %n, %c1 : i32
          %s = ttg.memdesc_index %f[%p] : !field -> !tile
          ttg.local_store %v, %s : tensor<64x64xbf16, #blocked> -> !tile
          tle.pipe_commit %b[%n] : !bars
          %w = ttg.local_load %s : !tile -> tensor<64x64xbf16, #blocked>
        }
      }
      ttg.warp_return
    } : (!bars, !field) -> ()
    tt.return
  }

  // TMA knows no pointers.
  // CHECK-LABEL: @block_of_pointers
  // CHECK-NOT: ttng.async_tma_copy_global_to_local
  // CHECK: ttg.local_store
  tt.func @block_of_pointers(%desc: !tt.tensordesc<tensor<64x64x!tt.ptr<bf16>>>) {
    %c0 = arith.constant 0 : i32
    %field = ttg.local_alloc : () -> !ttg.memdesc<2x64x64x!tt.ptr<bf16>, #shared, #smem, mutable>
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "p", oneShot = false, readers = ["r"]} : !bars, !ttg.memdesc<2x64x64x!tt.ptr<bf16>, #shared, #smem, mutable>
    ttg.warp_specialize(%bars, %field, %desc)
    default {
      tle.pipe_wait %bars[%c0] {reader = "r"} : !bars
      tle.pipe_release %bars[%c0] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !ttg.memdesc<2x64x64x!tt.ptr<bf16>, #shared, #smem, mutable>, %d: !tt.tensordesc<tensor<64x64x!tt.ptr<bf16>>>) num_warps(4) {
      %n = arith.constant 0 : i32
      tle.pipe_acquire %b[%n] : !bars
      %v = tt.descriptor_load %d[%n, %n] : !tt.tensordesc<tensor<64x64x!tt.ptr<bf16>>> -> tensor<64x64x!tt.ptr<bf16>, #blocked4>
      %s = ttg.memdesc_index %f[%n] : !ttg.memdesc<2x64x64x!tt.ptr<bf16>, #shared, #smem, mutable> -> !ttg.memdesc<64x64x!tt.ptr<bf16>, #shared, #smem, mutable>
      ttg.local_store %v, %s : tensor<64x64x!tt.ptr<bf16>, #blocked4> -> !ttg.memdesc<64x64x!tt.ptr<bf16>, #shared, #smem, mutable>
      tle.pipe_commit %b[%n] : !bars
      ttg.warp_return
    } : (!bars, !ttg.memdesc<2x64x64x!tt.ptr<bf16>, #shared, #smem, mutable>, !tt.tensordesc<tensor<64x64x!tt.ptr<bf16>>>) -> ()
    tt.return
  }

  // Nor bits.
  // CHECK-LABEL: @block_of_bits
  // CHECK-NOT: ttng.async_tma_copy_global_to_local
  // CHECK: ttg.local_store
  tt.func @block_of_bits(%desc: !tt.tensordesc<tensor<64x64xi1>>) {
    %c0 = arith.constant 0 : i32
    %field = ttg.local_alloc : () -> !ttg.memdesc<2x64x64xi1, #shared, #smem, mutable>
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "p", oneShot = false, readers = ["r"]} : !bars, !ttg.memdesc<2x64x64xi1, #shared, #smem, mutable>
    ttg.warp_specialize(%bars, %field, %desc)
    default {
      tle.pipe_wait %bars[%c0] {reader = "r"} : !bars
      tle.pipe_release %bars[%c0] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !ttg.memdesc<2x64x64xi1, #shared, #smem, mutable>, %d: !tt.tensordesc<tensor<64x64xi1>>) num_warps(4) {
      %n = arith.constant 0 : i32
      tle.pipe_acquire %b[%n] : !bars
      %v = tt.descriptor_load %d[%n, %n] : !tt.tensordesc<tensor<64x64xi1>> -> tensor<64x64xi1, #blocked4>
      %s = ttg.memdesc_index %f[%n] : !ttg.memdesc<2x64x64xi1, #shared, #smem, mutable> -> !ttg.memdesc<64x64xi1, #shared, #smem, mutable>
      ttg.local_store %v, %s : tensor<64x64xi1, #blocked4> -> !ttg.memdesc<64x64xi1, #shared, #smem, mutable>
      tle.pipe_commit %b[%n] : !bars
      ttg.warp_return
    } : (!bars, !ttg.memdesc<2x64x64xi1, #shared, #smem, mutable>, !tt.tensordesc<tensor<64x64xi1>>) -> ()
    tt.return
  }

  // Where nothing comes, a block may be stored before it is loaded.
  // CHECK-LABEL: @block_unreached
  // CHECK-NOT: ttng.async_tma_copy_global_to_local
  // CHECK: ttg.local_store
  tt.func @block_unreached(%desc: !tt.tensordesc<tensor<64x64xbf16>>) {
    %c0 = arith.constant 0 : i32
    %field = ttg.local_alloc : () -> !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "p", oneShot = false, readers = ["r"]} : !bars, !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
    ttg.warp_specialize(%bars, %field, %desc)
    default {
      tle.pipe_wait %bars[%c0] {reader = "r"} : !bars
      tle.pipe_release %bars[%c0] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>, %d: !tt.tensordesc<tensor<64x64xbf16>>) num_warps(4) {
      %n = arith.constant 0 : i32
      tle.pipe_acquire %b[%n] : !bars
      tle.pipe_commit %b[%n] : !bars
      ttg.warp_return
    ^unreached:
      %s = ttg.memdesc_index %f[%n] : !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable> -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
      ttg.local_store %v, %s : tensor<64x64xbf16, #blocked4> -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
      %v = tt.descriptor_load %d[%n, %n] : !tt.tensordesc<tensor<64x64xbf16>> -> tensor<64x64xbf16, #blocked4>
      ttg.warp_return
    } : (!bars, !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>, !tt.tensordesc<tensor<64x64xbf16>>) -> ()
    tt.return
  }
}
