// RUN: tle-opt %s -triton-tle-place-dot-waits | FileCheck %s

#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
!word = !ttg.memdesc<1xi64, #bar, #smem, mutable>
!acc = tensor<64x64xf32, #mma>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // Both products are under way at once, also over the wait for the second tile; the release comes behind their end.
  // CHECK-LABEL: @chain
  // CHECK: scf.for
  // CHECK: ttng.wait_barrier
  // CHECK-NEXT: %[[D0:.+]] = ttng.warp_group_dot %[[A:.+]], %[[B:.+]], %{{.+}} {inputPrecision = 0 : i32, isAsync = true}
  // CHECK-NEXT: ttng.wait_barrier
  // CHECK-NEXT: %[[D1:.+]] = ttng.warp_group_dot %[[B]], %[[A]], %[[D0]] {inputPrecision = 0 : i32, isAsync = true}
  // CHECK-NEXT: arith.addi
  // CHECK-NEXT: %[[W:.+]]:3 = ttng.warp_group_dot_wait %[[D1]], %[[A]], %[[B]] {pendings = 0 : i32}
  // CHECK-NEXT: ttng.arrive_barrier
  // CHECK-NEXT: math.exp2 %[[W]]#0
  // CHECK: } {tt.num_stages = 0 : i32}
  tt.func public @chain(%a: !tile, %b: !tile, %w: !word, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %zero = arith.constant dense<0.0> : !acc
    ttg.warp_specialize()
    default {
      scf.for %i = %c0 to %n step %c1 : i32 {
        ttng.wait_barrier %w, %i {tle.per_thread} : !word
        %d0 = ttng.warp_group_dot %a, %b, %zero {inputPrecision = 0 : i32} : !tile * !tile -> !acc
        %e0 = ttng.warp_group_dot_wait %d0 {pendings = 0 : i32} : !acc
        ttng.wait_barrier %w, %i {tle.per_thread} : !word
        %d1 = ttng.warp_group_dot %b, %a, %e0 {inputPrecision = 0 : i32} : !tile * !tile -> !acc
        %e1 = ttng.warp_group_dot_wait %d1 {pendings = 0 : i32} : !acc
        %j = arith.addi %i, %c1 : i32
        ttng.arrive_barrier %w, 1 {tle.per_thread} : !word
        %x = math.exp2 %e1 : !acc
      }
      ttg.warp_yield
    } : () -> ()
    tt.return
  }

  // A release between two links: the first product must have ended.
  // CHECK-LABEL: @release_between
  // CHECK: %[[D0:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: %[[W0:.+]]:3 = ttng.warp_group_dot_wait %[[D0]]
  // CHECK-NEXT: ttng.arrive_barrier
  // CHECK-NEXT: ttng.warp_group_dot %{{.+}}, %{{.+}}, %[[W0]]#0
  tt.func public @release_between(%a: !tile, %b: !tile, %w: !word, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %zero = arith.constant dense<0.0> : !acc
    ttg.warp_specialize()
    default {
      scf.for %i = %c0 to %n step %c1 : i32 {
        %d0 = ttng.warp_group_dot %a, %b, %zero {inputPrecision = 0 : i32} : !tile * !tile -> !acc
        ttng.arrive_barrier %w, 1 {tle.per_thread} : !word
        %d1 = ttng.warp_group_dot %b, %a, %d0 {inputPrecision = 0 : i32} : !tile * !tile -> !acc
        %x = math.exp2 %d1 : !acc
      }
      ttg.warp_yield
    } : () -> ()
    tt.return
  }

  // Two uses: the result is needed itself, so the first product is waited for.
  // CHECK-LABEL: @second_use
  // CHECK: %[[D0:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: %[[W0:.+]]:3 = ttng.warp_group_dot_wait %[[D0]]
  // CHECK-NEXT: ttng.warp_group_dot %{{.+}}, %{{.+}}, %[[W0]]#0
  // CHECK: math.exp2 %[[W0]]#0
  tt.func public @second_use(%a: !tile, %b: !tile) {
    %zero = arith.constant dense<0.0> : !acc
    ttg.warp_specialize()
    default {
      %d0 = ttng.warp_group_dot %a, %b, %zero {inputPrecision = 0 : i32} : !tile * !tile -> !acc
      %d1 = ttng.warp_group_dot %b, %a, %d0 {inputPrecision = 0 : i32} : !tile * !tile -> !acc
      %x = math.exp2 %d0 : !acc
      %y = math.exp2 %d1 : !acc
      ttg.warp_yield
    } : () -> ()
    tt.return
  }

  // Two products beside each other: the slot of the first is released while the second still runs. What both read is
  // released behind both.
  // CHECK-LABEL: @beside
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}} {pendings = 1 : i32}
  // CHECK-NEXT: ttng.arrive_barrier %{{.+}}, 1 {tle.per_thread, tle.pipe = 1 : i32}
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}} {pendings = 0 : i32}
  // CHECK-NEXT: ttng.arrive_barrier %{{.+}}, 1 {tle.per_thread, tle.pipe = 0 : i32}
  // CHECK-NEXT: ttng.arrive_barrier %{{.+}}, 1 {tle.per_thread, tle.pipe = 2 : i32}
  // CHECK-NOT: tle.placed
  tt.func public @beside(%w: !word) {
    %zero = arith.constant dense<0.0> : !acc
    %p = ttg.local_alloc {tle.pipe_field = 0 : i32} : () -> !tile
    %a = ttg.local_alloc {tle.pipe_field = 1 : i32} : () -> !tile
    %b = ttg.local_alloc {tle.pipe_field = 2 : i32} : () -> !tile
    ttg.warp_specialize(%p, %a, %b, %w)
    default {
      ttg.warp_yield
    }
    partition0(%q: !tile, %c: !tile, %d: !tile, %v: !word) num_warps(4) {
      %none = arith.constant dense<0.0> : !acc
      %d0 = ttng.warp_group_dot %q, %c, %none {inputPrecision = 0 : i32} : !tile * !tile -> !acc
      %d1 = ttng.warp_group_dot %q, %d, %none {inputPrecision = 0 : i32} : !tile * !tile -> !acc
      ttng.arrive_barrier %v, 1 {tle.per_thread, tle.pipe = 1 : i32} : !word
      ttng.arrive_barrier %v, 1 {tle.per_thread, tle.pipe = 0 : i32} : !word
      ttng.arrive_barrier %v, 1 {tle.per_thread, tle.pipe = 2 : i32} : !word
      %x = math.exp2 %d0 : !acc
      %y = math.exp2 %d1 : !acc
      ttg.warp_return
    } : (!tile, !tile, !tile, !word) -> ()
    tt.return
  }

  // Loops without a pipe are stock's, and so is what stands outside of partitions.
  // CHECK-LABEL: @left_to_stock
  // CHECK-NOT: isAsync
  // CHECK-NOT: tt.num_stages
  // CHECK: tt.return
  tt.func public @left_to_stock(%a: !tile, %b: !tile, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %zero = arith.constant dense<0.0> : !acc
    %d = ttng.warp_group_dot %a, %b, %zero {inputPrecision = 0 : i32} : !tile * !tile -> !acc
    ttg.warp_specialize()
    default {
      %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!acc) : i32 {
        %e = ttng.warp_group_dot %a, %b, %acc {inputPrecision = 0 : i32} : !tile * !tile -> !acc
        scf.yield %e : !acc
      }
      ttg.warp_yield
    } : () -> ()
    tt.return
  }

  // The second product is asynchronous already, with a wait that is not ours: the first one ends by itself.
  // CHECK-LABEL: @asynchronous_link
  // CHECK: %[[D0:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: %[[W0:.+]]:3 = ttng.warp_group_dot_wait %[[D0]], %{{.+}}, %{{.+}} {pendings = 0 : i32}
  // CHECK-NEXT: %[[D1:.+]] = ttng.warp_group_dot %{{.+}}, %{{.+}}, %[[W0]]#0 {inputPrecision = 0 : i32, isAsync = true}
  // CHECK-NEXT: ttng.warp_group_dot_wait %[[D1]] {pendings = 0 : i32}
  tt.func public @asynchronous_link(%a: !tile, %b: !tile, %c: !acc) {
    ttg.warp_specialize()
    default {
      %d0 = ttng.warp_group_dot %a, %b, %c {inputPrecision = 0 : i32} : !tile * !tile -> !acc
      %d1 = ttng.warp_group_dot %b, %a, %d0 {inputPrecision = 0 : i32, isAsync = true} : !tile * !tile -> !acc
      %e1 = ttng.warp_group_dot_wait %d1 {pendings = 0 : i32} : !acc
      ttg.warp_yield
    } : () -> ()
    tt.return
  }
}
