// RUN: tle-opt %s -split-input-file -triton-tle-take-turns | FileCheck %s
// RUN: tle-opt %s -split-input-file -triton-tle-take-turns -triton-tle-take-turns | FileCheck %s
// RUN: tle-opt %s -split-input-file -triton-tle-take-turns -remarks-filter=triton-tle-take-turns -o /dev/null 2>&1 | FileCheck %s --check-prefix=WHY

#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [8, 1], instrShape = [16, 64, 16]}>
#four = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [8, 1], order = [1, 0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#plain = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!q = !ttg.memdesc<128x64xbf16, #shared, #smem, mutable>
!t = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
!word = !ttg.memdesc<1xi64, #plain, #smem, mutable>
!s = tensor<128x64xf32, #mma>
!p = tensor<128x64xbf16, #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>>
!row = tensor<128xf32, #ttg.slice<{dim = 1, parent = #mma}>>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 8 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // Scores, a maximum, a product with what is made of them. The turn is given behind the first release; it is taken
  // ahead of the second product, to where the wait for that one's tile goes, too.
  // CHECK-LABEL: @attention
  // CHECK: %[[TURNS:.*]] = ttg.local_alloc : () -> !ttg.memdesc<2x1xi64
  // CHECK: %[[FIRST:.*]] = ttg.memdesc_index %[[TURNS]][%c0
  // CHECK-NEXT: ttng.init_barrier %[[FIRST]], 128 {tle.per_thread}
  // CHECK: %[[SECOND:.*]] = ttg.memdesc_index %[[TURNS]][%c1
  // CHECK-NEXT: ttng.init_barrier %[[SECOND]], 128 {tle.per_thread}
  // CHECK-NEXT: ttg.warp_specialize
  // CHECK: default {
  // CHECK: ttng.fence_async_shared {bCluster = false}
  // CHECK-NEXT: gpu.barrier
  // CHECK: %[[GROUP:.*]] = tt.elementwise_inline_asm "{{.*}}shr.u32 thread, thread, 7; and.b32 $0, thread, 1;{{.*}}pure = false
  // CHECK: %[[OTHER:.*]] = arith.xori %[[GROUP]], %c1
  // CHECK-NEXT: %[[OWN:.*]] = ttg.memdesc_index %[[TURNS]][%[[GROUP]]]
  // CHECK-NEXT: %[[OTHERS:.*]] = ttg.memdesc_index %[[TURNS]][%[[OTHER]]]
  // CHECK-NEXT: ttng.wait_barrier %[[OWN]], %[[OTHER]] {tle.per_thread, tle.turn}
  // CHECK-NEXT: scf.for {{.*}} iter_args(%{{.*}} = %{{.*}}, %[[I:.*]] = %c0
  // CHECK: ttng.warp_group_dot_wait
  // CHECK-NEXT: ttng.arrive_barrier
  // CHECK-NEXT: ttng.arrive_barrier %[[OTHERS]], 1 {tle.per_thread}
  // CHECK: "tt.reduce"
  // CHECK: ttg.convert_layout
  // CHECK-NEXT: ttng.wait_barrier %{{.*}} {tle.per_thread, tle.pipe = 1 : i32}
  // CHECK-NEXT: %[[SUM:.*]] = arith.addi %[[I]], %[[GROUP]]
  // CHECK: %[[PARITY:.*]] = arith.andi %[[SUM]], %c1
  // CHECK-NEXT: ttng.wait_barrier %[[OWN]], %[[PARITY]] {tle.per_thread, tle.turn}
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK: scf.yield
  // CHECK-NEXT: }
  // CHECK-NOT: tle.may_take_turns
  // CHECK: ttng.arrive_barrier %[[OTHERS]], 1 {tle.per_thread}
  // CHECK-NEXT: ttg.warp_yield
  tt.func public @attention(%q: !q, %k: !t, %v: !t, %b: !word, %n: i32, %zero: !s) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    ttg.warp_specialize(%n)
    default {
      // WHY: :[[@LINE+1]]:{{[0-9]+}}: remark: {{.*}}two warp groups multiply in turn
      %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %number = %c0) -> (!s, i32) : i32 {
        ttng.wait_barrier %b, %i {tle.per_thread, tle.pipe = 0 : i32} : !word
        %d = ttng.warp_group_dot %q, %k, %zero {isAsync = true} : !q * !t -> !s
        %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !s
        ttng.arrive_barrier %b, 1 {tle.per_thread, tle.pipe = 0 : i32} : !word
        %m = "tt.reduce"(%w) <{axis = 1 : i32}> ({
        ^bb0(%x: f32, %y: f32):
          %z = arith.maxnumf %x, %y : f32
          tt.reduce.return %z : f32
        }) : (!s) -> !row
        %e = math.exp2 %w : !s
        ttng.wait_barrier %b, %i {tle.per_thread, tle.pipe = 1 : i32} : !word
        %h = arith.truncf %e : !s to tensor<128x64xbf16, #mma>
        %p = ttg.convert_layout %h : tensor<128x64xbf16, #mma> -> !p
        %o = ttng.warp_group_dot %p, %v, %acc {isAsync = true} : !p * !t -> !s
        %u = ttng.warp_group_dot_wait %o {pendings = 0 : i32} : !s
        ttng.arrive_barrier %b, 1 {tle.per_thread, tle.pipe = 1 : i32} : !word
        %next = arith.addi %number, %c1 : i32
        scf.yield %u, %next : !s, i32
      } {tle.may_take_turns, tt.num_stages = 0 : i32}
      ttg.warp_yield
    }
    partition0(%m: i32) num_warps(4) {
      ttg.warp_return
    } : (i32) -> ()
    tt.return
  }

  // No release behind the first product, which waits by itself, and no wait for a tile.
  // CHECK-LABEL: @alone
  // CHECK: scf.for
  // CHECK: ttng.warp_group_dot %{{.*}} {inputPrecision
  // CHECK-NEXT: ttng.arrive_barrier
  // CHECK-NEXT: math.exp2
  // CHECK: ttng.wait_barrier {{.*}}tle.turn
  // CHECK-NEXT: ttng.warp_group_dot
  tt.func public @alone(%q: !q, %k: !t, %v: !t, %b: !word, %n: i32, %zero: !s, %last: i1) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    ttg.warp_specialize(%n)
    default {
      %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %number = %c0) -> (!s, i32) : i32 {
        %w = ttng.warp_group_dot %q, %k, %zero {inputPrecision = 0 : i32} : !q * !t -> !s
        %e = math.exp2 %w : !s
        %h = arith.truncf %e : !s to tensor<128x64xbf16, #mma>
        %p = ttg.convert_layout %h : tensor<128x64xbf16, #mma> -> !p
        %o = ttng.warp_group_dot %p, %v, %acc {isAsync = true} : !p * !t -> !s
        %u = ttng.warp_group_dot_wait %o {pendings = 0 : i32} : !s
        %next = arith.addi %number, %c1 : i32
        scf.yield %u, %next : !s, i32
      } {tle.may_take_turns}
      ttg.warp_yield
    }
    partition0(%m: i32) num_warps(4) {
      ttg.warp_return
    } : (i32) -> ()
    tt.return
  }

  // A release in a branch; one that comes later than the maximum does not hold the turn up.
  // CHECK-LABEL: @branch
  // CHECK: scf.for
  // CHECK: ttng.warp_group_dot_wait
  // CHECK-NEXT: scf.if
  // CHECK-NEXT: ttng.arrive_barrier
  // CHECK-NEXT: {{^ *}}}
  // CHECK-NEXT: ttng.arrive_barrier {{.*}}, 1 {tle.per_thread} :
  // CHECK-NEXT: math.exp2
  tt.func public @branch(%q: !q, %k: !t, %v: !t, %b: !word, %n: i32, %zero: !s, %last: i1) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    ttg.warp_specialize(%n)
    default {
      %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %number = %c0) -> (!s, i32) : i32 {
        %d = ttng.warp_group_dot %q, %k, %zero {isAsync = true} : !q * !t -> !s
        %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !s
        scf.if %last {
          ttng.arrive_barrier %b, 1 {tle.per_thread, tle.pipe = 0 : i32} : !word
        }
        %e = math.exp2 %w : !s
        ttng.arrive_barrier %b, 1 {tle.per_thread, tle.pipe = 1 : i32} : !word
        %h = arith.truncf %e : !s to tensor<128x64xbf16, #mma>
        %p = ttg.convert_layout %h : tensor<128x64xbf16, #mma> -> !p
        %o = ttng.warp_group_dot %p, %v, %acc {isAsync = true} : !p * !t -> !s
        %u = ttng.warp_group_dot_wait %o {pendings = 0 : i32} : !s
        %next = arith.addi %number, %c1 : i32
        scf.yield %u, %next : !s, i32
      } {tle.may_take_turns}
      ttg.warp_yield
    }
    partition0(%m: i32) num_warps(4) {
      ttg.warp_return
    } : (i32) -> ()
    tt.return
  }

  // Left alone.
  // CHECK-LABEL: @no_calculation
  // CHECK-NOT: tle.turn
  // CHECK-NOT: tle.may_take_turns
  // CHECK: tt.return
  tt.func public @no_calculation(%q: !q, %k: !t, %v: !t, %b: !word, %n: i32, %zero: !s, %last: i1) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    ttg.warp_specialize(%n)
    default {
      // WHY: :[[@LINE+1]]:{{[0-9]+}}: remark: {{.*}}it does not calculate in one place
      %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %number = %c0) -> (!s, i32) : i32 {
        %d = ttng.warp_group_dot %q, %k, %zero {isAsync = true} : !q * !t -> !s
        %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !s
        %h = arith.truncf %w : !s to tensor<128x64xbf16, #mma>
        %p = ttg.convert_layout %h : tensor<128x64xbf16, #mma> -> !p
        %o = ttng.warp_group_dot %p, %v, %acc {isAsync = true} : !p * !t -> !s
        %u = ttng.warp_group_dot_wait %o {pendings = 0 : i32} : !s
        %next = arith.addi %number, %c1 : i32
        scf.yield %u, %next : !s, i32
      } {tle.may_take_turns}
      ttg.warp_yield
    }
    partition0(%m: i32) num_warps(4) {
      ttg.warp_return
    } : (i32) -> ()
    tt.return
  }

  // CHECK-LABEL: @two_calculations
  // CHECK-NOT: tle.turn
  // CHECK-NOT: tle.may_take_turns
  // CHECK: tt.return
  tt.func public @two_calculations(%q: !q, %k: !t, %v: !t, %b: !word, %n: i32, %zero: !s, %last: i1) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    ttg.warp_specialize(%n)
    default {
      // WHY: :[[@LINE+1]]:{{[0-9]+}}: remark: {{.*}}it does not calculate in one place
      %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %number = %c0) -> (!s, i32) : i32 {
        %d = ttng.warp_group_dot %q, %k, %zero {isAsync = true} : !q * !t -> !s
        %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !s
        %e = math.exp2 %w : !s
        %h = arith.truncf %e : !s to tensor<128x64xbf16, #mma>
        %p = ttg.convert_layout %h : tensor<128x64xbf16, #mma> -> !p
        %o = ttng.warp_group_dot %p, %v, %acc {isAsync = true} : !p * !t -> !s
        %u = ttng.warp_group_dot_wait %o {pendings = 0 : i32} : !s
        %e2 = math.exp2 %u : !s
        %d2 = ttng.warp_group_dot %q, %k, %e2 {isAsync = true} : !q * !t -> !s
        %u2 = ttng.warp_group_dot_wait %d2 {pendings = 0 : i32} : !s
        %next = arith.addi %number, %c1 : i32
        scf.yield %u2, %next : !s, i32
      } {tle.may_take_turns}
      ttg.warp_yield
    }
    partition0(%m: i32) num_warps(4) {
      ttg.warp_return
    } : (i32) -> ()
    tt.return
  }

  // CHECK-LABEL: @conversion
  // CHECK-NOT: tle.turn
  // CHECK-NOT: tle.may_take_turns
  // CHECK: tt.return
  tt.func public @conversion(%q: !q, %k: !t, %v: !t, %b: !word, %n: i32, %zero: !s, %last: i1) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    ttg.warp_specialize(%n)
    default {
      // WHY: :[[@LINE+1]]:{{[0-9]+}}: remark: {{.*}}its warps may have to meet at 'ttg.convert_layout'
      %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %number = %c0) -> (!s, i32) : i32 {
        %d = ttng.warp_group_dot %q, %k, %zero {isAsync = true} : !q * !t -> !s
        %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !s
        %e = math.exp2 %w : !s
        %a = ttg.convert_layout %e : !s -> tensor<128x64xf32, #blocked>
        %h = arith.truncf %e : !s to tensor<128x64xbf16, #mma>
        %p = ttg.convert_layout %h : tensor<128x64xbf16, #mma> -> !p
        %o = ttng.warp_group_dot %p, %v, %acc {isAsync = true} : !p * !t -> !s
        %u = ttng.warp_group_dot_wait %o {pendings = 0 : i32} : !s
        %next = arith.addi %number, %c1 : i32
        scf.yield %u, %next : !s, i32
      } {tle.may_take_turns}
      ttg.warp_yield
    }
    partition0(%m: i32) num_warps(4) {
      ttg.warp_return
    } : (i32) -> ()
    tt.return
  }

  // CHECK-LABEL: @reduction_over_warps
  // CHECK-NOT: tle.turn
  // CHECK-NOT: tle.may_take_turns
  // CHECK: tt.return
  tt.func public @reduction_over_warps(%q: !q, %k: !t, %v: !t, %b: !word, %n: i32, %zero: !s, %last: i1) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    ttg.warp_specialize(%n)
    default {
      // WHY: :[[@LINE+1]]:{{[0-9]+}}: remark: {{.*}}its warps may have to meet at 'tt.reduce'
      %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %number = %c0) -> (!s, i32) : i32 {
        %d = ttng.warp_group_dot %q, %k, %zero {isAsync = true} : !q * !t -> !s
        %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !s
        %e = math.exp2 %w : !s
        %m = "tt.reduce"(%w) <{axis = 0 : i32}> ({
        ^bb0(%x: f32, %y: f32):
          %z = arith.maxnumf %x, %y : f32
          tt.reduce.return %z : f32
        }) : (!s) -> tensor<64xf32, #ttg.slice<{dim = 0, parent = #mma}>>
        %h = arith.truncf %e : !s to tensor<128x64xbf16, #mma>
        %p = ttg.convert_layout %h : tensor<128x64xbf16, #mma> -> !p
        %o = ttng.warp_group_dot %p, %v, %acc {isAsync = true} : !p * !t -> !s
        %u = ttng.warp_group_dot_wait %o {pendings = 0 : i32} : !s
        %next = arith.addi %number, %c1 : i32
        scf.yield %u, %next : !s, i32
      } {tle.may_take_turns}
      ttg.warp_yield
    }
    partition0(%m: i32) num_warps(4) {
      ttg.warp_return
    } : (i32) -> ()
    tt.return
  }

  // CHECK-LABEL: @write
  // CHECK-NOT: tle.turn
  // CHECK-NOT: tle.may_take_turns
  // CHECK: tt.return
  tt.func public @write(%q: !q, %k: !t, %v: !t, %b: !word, %n: i32, %zero: !s, %last: i1) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    ttg.warp_specialize(%n)
    default {
      // WHY: :[[@LINE+1]]:{{[0-9]+}}: remark: {{.*}}its warps may have to meet at 'ttg.local_store'
      %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %number = %c0) -> (!s, i32) : i32 {
        %d = ttng.warp_group_dot %q, %k, %zero {isAsync = true} : !q * !t -> !s
        %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !s
        %e = math.exp2 %w : !s
        %a = arith.truncf %e : !s to tensor<128x64xbf16, #mma>
        ttg.local_store %a, %q : tensor<128x64xbf16, #mma> -> !q
        %h = arith.truncf %e : !s to tensor<128x64xbf16, #mma>
        %p = ttg.convert_layout %h : tensor<128x64xbf16, #mma> -> !p
        %o = ttng.warp_group_dot %p, %v, %acc {isAsync = true} : !p * !t -> !s
        %u = ttng.warp_group_dot_wait %o {pendings = 0 : i32} : !s
        %next = arith.addi %number, %c1 : i32
        scf.yield %u, %next : !s, i32
      } {tle.may_take_turns}
      ttg.warp_yield
    }
    partition0(%m: i32) num_warps(4) {
      ttg.warp_return
    } : (i32) -> ()
    tt.return
  }

  // CHECK-LABEL: @barrier
  // CHECK-NOT: tle.turn
  // CHECK-NOT: tle.may_take_turns
  // CHECK: tt.return
  tt.func public @barrier(%q: !q, %k: !t, %v: !t, %b: !word, %n: i32, %zero: !s, %last: i1) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    ttg.warp_specialize(%n)
    default {
      // WHY: :[[@LINE+1]]:{{[0-9]+}}: remark: {{.*}}its warps may have to meet at 'gpu.barrier'
      %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %number = %c0) -> (!s, i32) : i32 {
        %d = ttng.warp_group_dot %q, %k, %zero {isAsync = true} : !q * !t -> !s
        %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !s
        %e = math.exp2 %w : !s
        gpu.barrier
        %h = arith.truncf %e : !s to tensor<128x64xbf16, #mma>
        %p = ttg.convert_layout %h : tensor<128x64xbf16, #mma> -> !p
        %o = ttng.warp_group_dot %p, %v, %acc {isAsync = true} : !p * !t -> !s
        %u = ttng.warp_group_dot_wait %o {pendings = 0 : i32} : !s
        %next = arith.addi %number, %c1 : i32
        scf.yield %u, %next : !s, i32
      } {tle.may_take_turns}
      ttg.warp_yield
    }
    partition0(%m: i32) num_warps(4) {
      ttg.warp_return
    } : (i32) -> ()
    tt.return
  }

  // CHECK-LABEL: @product_in_branch
  // CHECK-NOT: tle.turn
  // CHECK-NOT: tle.may_take_turns
  // CHECK: tt.return
  tt.func public @product_in_branch(%q: !q, %k: !t, %v: !t, %b: !word, %n: i32, %zero: !s, %last: i1) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    ttg.warp_specialize(%n)
    default {
      // WHY: :[[@LINE+1]]:{{[0-9]+}}: remark: {{.*}}its warps may have to meet at 'ttng.warp_group_dot'
      %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %number = %c0) -> (!s, i32) : i32 {
        %d = ttng.warp_group_dot %q, %k, %zero {isAsync = true} : !q * !t -> !s
        %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !s
        %e = math.exp2 %w : !s
        %h = arith.truncf %e : !s to tensor<128x64xbf16, #mma>
        %p = ttg.convert_layout %h : tensor<128x64xbf16, #mma> -> !p
        %u = scf.if %last -> !s {
          %o = ttng.warp_group_dot %p, %v, %acc {isAsync = true} : !p * !t -> !s
          %u1 = ttng.warp_group_dot_wait %o {pendings = 0 : i32} : !s
          scf.yield %u1 : !s
        } else {
          scf.yield %acc : !s
        }
        %next = arith.addi %number, %c1 : i32
        scf.yield %u, %next : !s, i32
      } {tle.may_take_turns}
      ttg.warp_yield
    }
    partition0(%m: i32) num_warps(4) {
      ttg.warp_return
    } : (i32) -> ()
    tt.return
  }

  // CHECK-LABEL: @no_counter
  // CHECK-NOT: tle.turn
  // CHECK-NOT: tle.may_take_turns
  // CHECK: tt.return
  tt.func public @no_counter(%q: !q, %k: !t, %v: !t, %b: !word, %n: i32, %zero: !s, %last: i1) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    ttg.warp_specialize(%n)
    default {
      // WHY: :[[@LINE+1]]:{{[0-9]+}}: remark: {{.*}}it does not count its tiles
      %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %number = %c0) -> (!s, i32) : i32 {
        %d = ttng.warp_group_dot %q, %k, %zero {isAsync = true} : !q * !t -> !s
        %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !s
        %e = math.exp2 %w : !s
        %h = arith.truncf %e : !s to tensor<128x64xbf16, #mma>
        %p = ttg.convert_layout %h : tensor<128x64xbf16, #mma> -> !p
        %o = ttng.warp_group_dot %p, %v, %acc {isAsync = true} : !p * !t -> !s
        %u = ttng.warp_group_dot_wait %o {pendings = 0 : i32} : !s
        %next = arith.addi %number, %n : i32
        scf.yield %u, %next : !s, i32
      } {tle.may_take_turns}
      ttg.warp_yield
    }
    partition0(%m: i32) num_warps(4) {
      ttg.warp_return
    } : (i32) -> ()
    tt.return
  }

  // CHECK-LABEL: @in_loop
  // CHECK-NOT: tle.turn
  // CHECK-NOT: tle.may_take_turns
  // CHECK: tt.return
  tt.func public @in_loop(%q: !q, %k: !t, %v: !t, %b: !word, %n: i32, %zero: !s, %last: i1) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    ttg.warp_specialize(%n)
    default {
      scf.for %item = %c0 to %n step %c1 : i32 {
        // WHY: :[[@LINE+1]]:{{[0-9]+}}: remark: {{.*}}it does not stand in the kernel's own partition
        %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %number = %c0) -> (!s, i32) : i32 {
          %d = ttng.warp_group_dot %q, %k, %zero {isAsync = true} : !q * !t -> !s
          %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !s
          %e = math.exp2 %w : !s
          %h = arith.truncf %e : !s to tensor<128x64xbf16, #mma>
          %p = ttg.convert_layout %h : tensor<128x64xbf16, #mma> -> !p
          %o = ttng.warp_group_dot %p, %v, %acc {isAsync = true} : !p * !t -> !s
          %u = ttng.warp_group_dot_wait %o {pendings = 0 : i32} : !s
          %next = arith.addi %number, %c1 : i32
          scf.yield %u, %next : !s, i32
        } {tle.may_take_turns}
      }
      ttg.warp_yield
    }
    partition0(%m: i32) num_warps(4) {
      ttg.warp_return
    } : (i32) -> ()
    tt.return
  }

  // CHECK-LABEL: @unmarked
  // CHECK-NOT: tle.turn
  // CHECK-NOT: tle.may_take_turns
  // CHECK: tt.return
  tt.func public @unmarked(%q: !q, %k: !t, %v: !t, %b: !word, %n: i32, %zero: !s, %last: i1) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    ttg.warp_specialize(%n)
    default {
      %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %number = %c0) -> (!s, i32) : i32 {
        %d = ttng.warp_group_dot %q, %k, %zero {isAsync = true} : !q * !t -> !s
        %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !s
        %e = math.exp2 %w : !s
        %h = arith.truncf %e : !s to tensor<128x64xbf16, #mma>
        %p = ttg.convert_layout %h : tensor<128x64xbf16, #mma> -> !p
        %o = ttng.warp_group_dot %p, %v, %acc {isAsync = true} : !p * !t -> !s
        %u = ttng.warp_group_dot_wait %o {pendings = 0 : i32} : !s
        %next = arith.addi %number, %c1 : i32
        scf.yield %u, %next : !s, i32
      }
      ttg.warp_yield
    }
    partition0(%m: i32) num_warps(4) {
      ttg.warp_return
    } : (i32) -> ()
    tt.return
  }

  // CHECK-LABEL: @other_partition
  // CHECK-NOT: tle.turn
  // CHECK-NOT: tle.may_take_turns
  // CHECK: tt.return
  tt.func public @other_partition(%n: i32) {
    ttg.warp_specialize(%n)
    default {
      ttg.warp_yield
    }
    partition0(%m: i32) num_warps(8) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      // WHY: :[[@LINE+1]]:{{[0-9]+}}: remark: {{.*}}it does not stand in the kernel's own partition
      scf.for %i = %c0 to %m step %c1 : i32 {
      } {tle.may_take_turns}
      ttg.warp_return
    } : (i32) -> ()
    tt.return
  }
}

// -----

// One warp group has nobody to take turns with.
// WHY: remark: {{.*}}turns are for two warp groups
// CHECK-LABEL: @four_warps
// CHECK-NOT: tle.turn
// CHECK-NOT: tle.may_take_turns
// CHECK: tt.return
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @four_warps(%n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    ttg.warp_specialize(%n)
    default {
      scf.for %i = %c0 to %n step %c1 : i32 {
      } {tle.may_take_turns}
      ttg.warp_yield
    }
    partition0(%m: i32) num_warps(4) {
      ttg.warp_return
    } : (i32) -> ()
    tt.return
  }
}
