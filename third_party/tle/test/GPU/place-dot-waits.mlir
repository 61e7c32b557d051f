// RUN: tle-opt %s -triton-tle-place-dot-waits | FileCheck %s

#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#plain = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [1, 0]}>
#operand = #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>
#smem = #ttg.shared_memory
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
!word = !ttg.memdesc<1xi64, #bar, #smem, mutable>
!acc = tensor<64x64xf32, #mma>
!ring = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!words = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!word1 = !ttg.memdesc<1xi64, #bar, #smem, mutable>
!sums = !ttg.memdesc<64x64xf32, #plain, #smem, mutable>

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

  // Global memory is none that a product reads: reductions into it run beside the product. Into shared memory not.
  // CHECK-LABEL: @reduction_beside
  // CHECK: %[[D0:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: tt.atomic_rmw fadd, relaxed, gpu
  // CHECK-NEXT: ttng.warp_group_dot_wait %[[D0]]
  // CHECK-NEXT: ttng.arrive_barrier
  // CHECK: %[[D1:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait %[[D1]]
  // CHECK-NEXT: tt.atomic_rmw fadd, relaxed, cta
  tt.func public @reduction_beside(%a: !tile, %b: !tile, %w: !word, %n: i32, %p: tensor<64x64x!tt.ptr<f32>, #mma>, %l: tensor<64x64x!tt.ptr<f32, 3>, #mma>, %v: !acc) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %zero = arith.constant dense<0.0> : !acc
    ttg.warp_specialize()
    default {
      scf.for %i = %c0 to %n step %c1 : i32 {
        %d0 = ttng.warp_group_dot %a, %b, %zero {inputPrecision = 0 : i32} : !tile * !tile -> !acc
        %r0 = tt.atomic_rmw fadd, relaxed, gpu, %p, %v : (tensor<64x64x!tt.ptr<f32>, #mma>, !acc) -> !acc
        ttng.arrive_barrier %w, 1 {tle.per_thread} : !word
        %x = math.exp2 %d0 : !acc
        %d1 = ttng.warp_group_dot %b, %a, %x {inputPrecision = 0 : i32} : !tile * !tile -> !acc
        %r1 = tt.atomic_rmw fadd, relaxed, cta, %l, %v : (tensor<64x64x!tt.ptr<f32, 3>, #mma>, !acc) -> !acc
        %y = math.exp2 %d1 : !acc
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

  // The products of a tile run on into the next iteration, whose release of that tile waits for them only: the two
  // behind it go on. The last ones end behind the loop, before the sums are read.
  // CHECK-LABEL: @over_iterations
  // CHECK: %[[R:.+]]:2 = scf.for {{.+}} iter_args(%[[ACC:.+]] = %{{.+}}, %[[I:.+]] = %{{.+}})
  // CHECK-NOT: warp_group_dot_wait
  // CHECK: %[[D:.+]] = ttng.warp_group_dot %{{.+}}, %{{.+}}, %[[ACC]] {inputPrecision = 0 : i32, isAsync = true}
  // CHECK: %[[W:.+]] = ttng.warp_group_dot_wait %[[D]] {pendings = 1 : i32}
  // CHECK-NEXT: ttng.arrive_barrier
  // CHECK-NOT: warp_group_dot_wait
  // CHECK: scf.yield %[[W]],
  // CHECK: }
  // CHECK: %[[E:.+]] = ttng.warp_group_dot_wait %[[R]]#0 {pendings = 0 : i32}
  // CHECK-NEXT: ttng.arrive_barrier
  // CHECK-NEXT: math.exp2 %[[E]]
  tt.func public @over_iterations(%w: !words, %n: i32) {
    %a = ttg.local_alloc {tle.pipe_field = 0 : i32} : () -> !ring
    ttg.warp_specialize(%a, %w, %n)
    default {
      ttg.warp_yield
    }
    partition0(%q: !ring, %v: !words, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %none = arith.constant dense<0.0> : !acc
      %r:2 = scf.for %i = %c0 to %m step %c1 iter_args(%acc = %none, %count = %c0) -> (!acc, i32) : i32 {
        %slot = arith.andi %count, %c1 : i32
        %full = ttg.memdesc_index %v[%slot] : !words -> !word1
        ttng.wait_barrier %full, %c0 {tle.per_thread, tle.pipe = 0 : i32} : !word1
        %t = ttg.memdesc_index %q[%slot] : !ring -> !tile
        %d = ttng.warp_group_dot %t, %t, %acc {inputPrecision = 0 : i32} : !tile * !tile -> !acc
        %before = arith.subi %count, %c1 : i32
        %last = arith.andi %before, %c1 : i32
        %word = arith.addi %last, %c2 : i32
        %empty = ttg.memdesc_index %v[%word] : !words -> !word1
        ttng.arrive_barrier %empty, 1 {tle.per_thread, tle.pipe = 0 : i32} : !word1
        %next = arith.addi %count, %c1 : i32
        scf.yield %d, %next : !acc, i32
      }
      %before = arith.subi %r#1, %c1 : i32
      %last = arith.andi %before, %c1 : i32
      %word = arith.addi %last, %c2 : i32
      %empty = ttg.memdesc_index %v[%word] : !words -> !word1
      ttng.arrive_barrier %empty, 1 {tle.per_thread, tle.pipe = 0 : i32} : !word1
      %x = math.exp2 %r#0 : !acc
      ttg.warp_return
    } : (!ring, !words, i32) -> ()
    tt.return
  }

  // The slot that is released is that of the product itself: it has ended by then, and nothing crosses.
  // CHECK-LABEL: @own_slot
  // CHECK: scf.for
  // CHECK: %[[D:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: %[[W:.+]]:2 = ttng.warp_group_dot_wait %[[D]], %{{.+}} {pendings = 0 : i32}
  // CHECK-NEXT: ttng.arrive_barrier
  // CHECK: scf.yield %[[W]]#0
  // CHECK: }
  // CHECK-NEXT: math.exp2
  tt.func public @own_slot(%w: !words, %n: i32) {
    %a = ttg.local_alloc {tle.pipe_field = 0 : i32} : () -> !ring
    ttg.warp_specialize(%a, %w, %n)
    default {
      ttg.warp_yield
    }
    partition0(%q: !ring, %v: !words, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %none = arith.constant dense<0.0> : !acc
      %r = scf.for %i = %c0 to %m step %c1 iter_args(%acc = %none) -> (!acc) : i32 {
        %slot = arith.andi %i, %c1 : i32
        %t = ttg.memdesc_index %q[%slot] : !ring -> !tile
        %word = arith.addi %slot, %c2 : i32
        %empty = ttg.memdesc_index %v[%word] : !words -> !word1
        %d = ttng.warp_group_dot %t, %t, %acc {inputPrecision = 0 : i32} : !tile * !tile -> !acc
        ttng.arrive_barrier %empty, 1 {tle.per_thread, tle.pipe = 0 : i32} : !word1
        scf.yield %d : !acc
      }
      %x = math.exp2 %r : !acc
      ttg.warp_return
    } : (!ring, !words, i32) -> ()
    tt.return
  }

  // Two sums, released in turn one iteration later; the branch that reads them waits for all, the other path goes on.
  // CHECK-LABEL: @rescaled
  // CHECK: scf.for {{.+}} iter_args(%[[L0:.+]] = %{{.+}}, %[[R0:.+]] = %{{.+}})
  // CHECK-NOT: warp_group_dot_wait
  // CHECK: scf.if
  // CHECK-NEXT: %[[L1:.+]] = ttng.warp_group_dot_wait %[[L0]] {pendings = 0 : i32}
  // CHECK-NEXT: %[[R1:.+]] = ttng.warp_group_dot_wait %[[R0]] {pendings = 0 : i32}
  // CHECK-NEXT: arith.mulf %[[L1]], %[[L1]]
  // CHECK-NEXT: arith.mulf %[[R1]], %[[R1]]
  // CHECK-NEXT: scf.yield
  // CHECK-NEXT: } else {
  // CHECK-NEXT: scf.yield %[[L0]], %[[R0]]
  // CHECK-NEXT: }
  // CHECK-NEXT: %[[L2:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: %[[R2:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: %[[L3:.+]] = ttng.warp_group_dot_wait %[[L2]] {pendings = 3 : i32}
  // CHECK-NEXT: ttng.arrive_barrier %{{.+}}, 1 {tle.per_thread, tle.pipe = 0 : i32}
  // CHECK-NEXT: %[[R3:.+]] = ttng.warp_group_dot_wait %[[R2]] {pendings = 2 : i32}
  // CHECK-NEXT: ttng.arrive_barrier %{{.+}}, 1 {tle.per_thread, tle.pipe = 1 : i32}
  // CHECK-NEXT: scf.yield %[[L3]], %[[R3]]
  // CHECK: }
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.+}} {pendings = 0 : i32}
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.+}} {pendings = 0 : i32}
  // CHECK-NEXT: math.exp2
  // CHECK-NEXT: math.exp2
  tt.func public @rescaled(%w: !words, %n: i32, %f: i1) {
    %a = ttg.local_alloc {tle.pipe_field = 0 : i32} : () -> !ring
    %b = ttg.local_alloc {tle.pipe_field = 1 : i32} : () -> !ring
    ttg.warp_specialize(%a, %b, %w, %n, %f)
    default {
      ttg.warp_yield
    }
    partition0(%q: !ring, %p: !ring, %v: !words, %m: i32, %grown: i1) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %minus = arith.constant -1 : i32
      %none = arith.constant dense<0.0> : !acc
      %r:2 = scf.for %i = %c0 to %m step %c1 iter_args(%l0 = %none, %r0 = %none) -> (!acc, !acc) : i32 {
        %slot = arith.remui %i, %c2 : i32
        %s = ttg.memdesc_index %q[%slot] : !ring -> !tile
        %t = ttg.memdesc_index %p[%slot] : !ring -> !tile
        %before = arith.addi %i, %minus : i32
        %last = arith.remui %before, %c2 : i32
        %word = arith.addi %last, %c2 : i32
        %empty = ttg.memdesc_index %v[%word] : !words -> !word1
        %l1, %r1 = scf.if %grown -> (!acc, !acc) {
          %x = arith.mulf %l0, %l0 : !acc
          %y = arith.mulf %r0, %r0 : !acc
          scf.yield %x, %y : !acc, !acc
        } else {
          scf.yield %l0, %r0 : !acc, !acc
        }
        %l2 = ttng.warp_group_dot %s, %s, %l1 {inputPrecision = 0 : i32} : !tile * !tile -> !acc
        %r2 = ttng.warp_group_dot %t, %t, %r1 {inputPrecision = 0 : i32} : !tile * !tile -> !acc
        ttng.arrive_barrier %empty, 1 {tle.per_thread, tle.pipe = 0 : i32} : !word1
        ttng.arrive_barrier %empty, 1 {tle.per_thread, tle.pipe = 1 : i32} : !word1
        scf.yield %l2, %r2 : !acc, !acc
      }
      %x = math.exp2 %r#0 : !acc
      %y = math.exp2 %r#1 : !acc
      ttg.warp_return
    } : (!ring, !ring, !words, i32, i1) -> ()
    tt.return
  }

  // What the next iteration reads, and does not add to, would have to be copied at the back edge: it ends before. What
  // follows the products meanwhile, stores into another pipe's slot too, does not wait for them.
  // CHECK-LABEL: @read_later
  // CHECK: scf.for
  // CHECK: %[[D:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: math.exp2
  // CHECK-NEXT: ttg.local_store
  // CHECK-NEXT: ttng.arrive_barrier %{{.+}}, 1 {tle.per_thread, tle.pipe = 1 : i32}
  // CHECK-NEXT: %[[W:.+]]:2 = ttng.warp_group_dot_wait %[[D]], %{{.+}} {pendings = 0 : i32}
  // CHECK-NEXT: ttng.arrive_barrier %{{.+}}, 1 {tle.per_thread, tle.pipe = 0 : i32}
  // CHECK-NEXT: scf.yield %[[W]]#0
  tt.func public @read_later(%w: !words, %n: i32) {
    %a = ttg.local_alloc {tle.pipe_field = 0 : i32} : () -> !ring
    %b = ttg.local_alloc {tle.pipe_field = 1 : i32} : () -> !sums
    ttg.warp_specialize(%a, %b, %w, %n)
    default {
      ttg.warp_yield
    }
    partition0(%q: !ring, %p: !sums, %v: !words, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %none = arith.constant dense<0.0> : !acc
      %r = scf.for %i = %c0 to %m step %c1 iter_args(%s = %none) -> (!acc) : i32 {
        %slot = arith.andi %i, %c1 : i32
        %t = ttg.memdesc_index %q[%slot] : !ring -> !tile
        %word = ttg.memdesc_index %v[%slot] : !words -> !word1
        %d = ttng.warp_group_dot %t, %t, %none {inputPrecision = 0 : i32} : !tile * !tile -> !acc
        %x = math.exp2 %s : !acc
        ttg.local_store %x, %p : !acc -> !sums
        ttng.arrive_barrier %word, 1 {tle.per_thread, tle.pipe = 1 : i32} : !word1
        ttng.arrive_barrier %word, 1 {tle.per_thread, tle.pipe = 0 : i32} : !word1
        scf.yield %d : !acc
      }
      ttg.warp_return
    } : (!ring, !sums, !words, i32) -> ()
    tt.return
  }

  // Nothing crosses the back edge: sums that change places, a first factor in registers, a buffer that is no field.
  // CHECK-LABEL: @stays_inside
  // CHECK: scf.for
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.+}} {pendings = 1 : i32}
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.+}} {pendings = 0 : i32}
  // CHECK-NEXT: scf.yield
  // CHECK: scf.for
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.+}} {pendings = 0 : i32}
  // CHECK-NEXT: scf.yield
  // CHECK: scf.for
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.+}} {pendings = 0 : i32}
  // CHECK-NEXT: scf.yield
  tt.func public @stays_inside(%w: !word, %n: i32, %other: !tile) {
    %a = ttg.local_alloc {tle.pipe_field = 0 : i32} : () -> !tile
    ttg.warp_specialize(%a, %w, %n, %other)
    default {
      ttg.warp_yield
    }
    partition0(%t: !tile, %v: !word, %m: i32, %o: !tile) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %none = arith.constant dense<0.0> : !acc
      %held = arith.constant dense<1.0> : tensor<64x64xbf16, #operand>
      %r:2 = scf.for %i = %c0 to %m step %c1 iter_args(%x = %none, %y = %none) -> (!acc, !acc) : i32 {
        ttng.wait_barrier %v, %i {tle.per_thread} : !word
        %d = ttng.warp_group_dot %t, %t, %x {inputPrecision = 0 : i32} : !tile * !tile -> !acc
        %e = ttng.warp_group_dot %t, %t, %y {inputPrecision = 0 : i32} : !tile * !tile -> !acc
        scf.yield %e, %d : !acc, !acc
      }
      %s = scf.for %i = %c0 to %m step %c1 iter_args(%x = %none) -> (!acc) : i32 {
        ttng.wait_barrier %v, %i {tle.per_thread} : !word
        %d = ttng.warp_group_dot %held, %t, %x {inputPrecision = 0 : i32} : tensor<64x64xbf16, #operand> * !tile -> !acc
        scf.yield %d : !acc
      }
      %u = scf.for %i = %c0 to %m step %c1 iter_args(%x = %none) -> (!acc) : i32 {
        ttng.wait_barrier %v, %i {tle.per_thread} : !word
        %d = ttng.warp_group_dot %t, %o, %x {inputPrecision = 0 : i32} : !tile * !tile -> !acc
        scf.yield %d : !acc
      }
      ttg.warp_return
    } : (!tile, !word, i32, !tile) -> ()
    tt.return
  }

  // Products that no release asks for end one iteration later, as long as the loop runs; a product behind it goes on
  // adding without waiting.
  // CHECK-LABEL: @never_released
  // CHECK: %[[R:.+]] = scf.for {{.+}} iter_args(%[[ACC:.+]] = %{{.+}})
  // CHECK-NOT: warp_group_dot_wait
  // CHECK: %[[D:.+]] = ttng.warp_group_dot %{{.+}}, %{{.+}}, %[[ACC]]
  // CHECK-NEXT: %[[W:.+]] = ttng.warp_group_dot_wait %[[D]] {pendings = 1 : i32}
  // CHECK-NEXT: scf.yield %[[W]]
  // CHECK: }
  // CHECK-NEXT: %[[E:.+]] = ttng.warp_group_dot %{{.+}}, %{{.+}}, %[[R]]
  // CHECK-NEXT: ttng.warp_group_dot_wait %[[E]], %{{.+}} {pendings = 0 : i32}
  // CHECK-NEXT: math.exp2
  tt.func public @never_released(%w: !word, %n: i32) {
    %a = ttg.local_alloc {tle.pipe_field = 0 : i32} : () -> !tile
    ttg.warp_specialize(%a, %w, %n)
    default {
      ttg.warp_yield
    }
    partition0(%t: !tile, %v: !word, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %none = arith.constant dense<0.0> : !acc
      %r = scf.for %i = %c0 to %m step %c1 iter_args(%x = %none) -> (!acc) : i32 {
        ttng.wait_barrier %v, %i {tle.per_thread} : !word
        %d = ttng.warp_group_dot %t, %t, %x {inputPrecision = 0 : i32} : !tile * !tile -> !acc
        scf.yield %d : !acc
      }
      %e = ttng.warp_group_dot %t, %t, %r {inputPrecision = 0 : i32} : !tile * !tile -> !acc
      %x = math.exp2 %e : !acc
      ttg.warp_return
    } : (!tile, !word, i32) -> ()
    tt.return
  }

  // A release in a branch that hands nothing on: the wait stands before the branch. A branch that gives another value
  // for what is under way begins with its end; one whose value is used behind it too, is waited for before it.
  // CHECK-LABEL: @branches
  // CHECK: %[[D:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: %[[W:.+]]:2 = ttng.warp_group_dot_wait %[[D]]
  // CHECK-NEXT: scf.if
  // CHECK-NEXT: ttng.arrive_barrier
  // CHECK: %[[E:.+]] = ttng.warp_group_dot %{{.+}}, %{{.+}}, %[[W]]#0
  // CHECK-NEXT: scf.if
  // CHECK-NEXT: %[[V:.+]]:2 = ttng.warp_group_dot_wait %[[E]], %{{.+}} {pendings = 0 : i32}
  // CHECK-NEXT: scf.yield %[[NONE:.+]] :
  // CHECK-NEXT: } else {
  // CHECK-NEXT: scf.yield %[[E]]
  // CHECK: %[[F:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: %[[X:.+]]:2 = ttng.warp_group_dot_wait %[[F]]
  // CHECK-NEXT: scf.if
  // CHECK: math.exp2 %[[X]]#0
  // CHECK: arith.addf %{{.+}}, %[[X]]#0
  tt.func public @branches(%w: !word, %f: i1) {
    %a = ttg.local_alloc {tle.pipe_field = 0 : i32} : () -> !tile
    ttg.warp_specialize(%a, %w, %f)
    default {
      ttg.warp_yield
    }
    partition0(%t: !tile, %v: !word, %g: i1) num_warps(4) {
      %none = arith.constant dense<0.0> : !acc
      %d = ttng.warp_group_dot %t, %t, %none {inputPrecision = 0 : i32} : !tile * !tile -> !acc
      scf.if %g {
        ttng.arrive_barrier %v, 1 {tle.per_thread, tle.pipe = 0 : i32} : !word
      }
      %e = ttng.warp_group_dot %t, %t, %d {inputPrecision = 0 : i32} : !tile * !tile -> !acc
      %h = scf.if %g -> !acc {
        scf.yield %none : !acc
      } else {
        scf.yield %e : !acc
      }
      %k = ttng.warp_group_dot %t, %t, %h {inputPrecision = 0 : i32} : !tile * !tile -> !acc
      %l = scf.if %g -> !acc {
        %x = math.exp2 %k : !acc
        scf.yield %x : !acc
      } else {
        scf.yield %none : !acc
      }
      %m = arith.addf %l, %k : !acc
      ttg.warp_return
    } : (!tile, !word, i1) -> ()
    tt.return
  }

  // A reader that does not release: any arrival may be the one by which others learn that the slot has been read. The
  // partition that does release the same pipe waits for its own release only.
  // CHECK-LABEL: @implied
  // CHECK: default {
  // CHECK: partition0
  // CHECK: %[[D:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: %[[W:.+]]:2 = ttng.warp_group_dot_wait %[[D]], %{{.+}} {pendings = 0 : i32}
  // CHECK-NEXT: ttng.arrive_barrier %{{.+}}, 1 {tle.per_thread, tle.pipe = 1 : i32}
  // CHECK-NEXT: math.exp2 %[[W]]#0
  // CHECK: partition1
  // CHECK: %[[E:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: ttng.arrive_barrier %{{.+}}, 1 {tle.per_thread, tle.pipe = 1 : i32}
  // CHECK-NEXT: %[[V:.+]]:2 = ttng.warp_group_dot_wait %[[E]], %{{.+}} {pendings = 0 : i32}
  // CHECK-NEXT: ttng.arrive_barrier %{{.+}}, 1 {tle.per_thread, tle.pipe = 0 : i32}
  // CHECK-NEXT: math.exp2 %[[V]]#0
  tt.func public @implied(%w: !word, %i: i32) {
    %a = ttg.local_alloc {tle.pipe_field = 0 : i32} : () -> !tile
    ttg.warp_specialize(%a, %w, %i)
    default {
      ttg.warp_yield
    }
    partition0(%t: !tile, %v: !word, %j: i32) num_warps(4) {
      %none = arith.constant dense<0.0> : !acc
      ttng.wait_barrier %v, %j {tle.implied_release, tle.per_thread, tle.pipe = 0 : i32} : !word
      %d = ttng.warp_group_dot %t, %t, %none {inputPrecision = 0 : i32} : !tile * !tile -> !acc
      ttng.arrive_barrier %v, 1 {tle.per_thread, tle.pipe = 1 : i32} : !word
      %x = math.exp2 %d : !acc
      ttg.warp_return
    }
    partition1(%t: !tile, %v: !word, %j: i32) num_warps(4) {
      %none = arith.constant dense<0.0> : !acc
      ttng.wait_barrier %v, %j {tle.per_thread, tle.pipe = 0 : i32} : !word
      %d = ttng.warp_group_dot %t, %t, %none {inputPrecision = 0 : i32} : !tile * !tile -> !acc
      ttng.arrive_barrier %v, 1 {tle.per_thread, tle.pipe = 1 : i32} : !word
      ttng.arrive_barrier %v, 1 {tle.per_thread, tle.pipe = 0 : i32} : !word
      %x = math.exp2 %d : !acc
      ttg.warp_return
    } : (!tile, !word, i32) -> ()
    tt.return
  }
}
