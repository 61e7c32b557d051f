// RUN: tle-opt %s -allow-unregistered-dialect -triton-tle-lower-buffer-choices | FileCheck %s
// RUN: tle-opt %s -allow-unregistered-dialect -triton-tle-lower-buffer-choices -triton-tle-lower-wgmma-views | FileCheck %s --check-prefix=LOADS

// Without a swizzle stock's lowering gives a layout and its transpose the same
// addresses: no access goes through a transposition, wherever that is made.

#rows = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
// CHECK-DAG: #[[PLAIN:.*]] = #ttg.nvmma_shared<{swizzlingByteWidth = 0, transposed = false, elementBitWidth = 8}>
// CHECK-DAG: #[[TURNED:.*]] = #ttg.nvmma_shared<{swizzlingByteWidth = 0, transposed = true, elementBitWidth = 8}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 0, transposed = false, elementBitWidth = 8}>
#turned = #ttg.nvmma_shared<{swizzlingByteWidth = 0, transposed = true, elementBitWidth = 8}>
#swizzled = #ttg.nvmma_shared<{swizzlingByteWidth = 32, transposed = false, elementBitWidth = 8}>
#swizzled_turned = #ttg.nvmma_shared<{swizzlingByteWidth = 32, transposed = true, elementBitWidth = 8}>
#smem = #ttg.shared_memory
!buffer = !ttg.memdesc<32x16xi8, #shared, #smem, mutable>
!view = !ttg.memdesc<16x32xi8, #turned, #smem, mutable>
!part = !ttg.memdesc<16x16xi8, #turned, #smem, mutable, 16x32>
!wide = !ttg.memdesc<32x32xi8, #swizzled, #smem, mutable>
!wide_view = !ttg.memdesc<32x32xi8, #swizzled_turned, #smem, mutable>
!tensor = tensor<16x32xi8, #rows>

// LOADS-NOT: ttg.local_load {{.*}}transposed = true
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // Any buffer, with a swizzle or a transposition or not.
  // CHECK-LABEL: @choice
  // CHECK-SAME: (%[[C:.*]]: i1, %[[A:.*]]: !ttg.memdesc<{{.*}}>, %[[B:.*]]: !ttg.memdesc
  // CHECK: %[[X:.*]] = scf.if %[[C]] -> (!ttg.memdesc<32x32xi8,
  // CHECK-NEXT: scf.yield %[[A]]
  // CHECK: else
  // CHECK-NEXT: scf.yield %[[B]]
  // CHECK: "use"(%[[X]])
  // CHECK: arith.select {{.*}} : i32
  tt.func public @choice(%c: i1, %a: !wide, %b: !wide, %i: i32, %j: i32) -> i32 {
    %x = arith.select %c, %a, %b : !wide
    "use"(%x) : (!wide) -> ()
    %k = arith.select %c, %i, %j : i32
    tt.return %k : i32
  }

  // CHECK-LABEL: @choice_of_views
  // CHECK-SAME: (%{{.*}}: i1, %[[A:.*]]: !ttg.memdesc<{{.*}}>, %[[B:.*]]: !ttg.memdesc
  // CHECK: %[[X:.*]] = scf.if {{.*}} -> (!ttg.memdesc<32x16xi8, #[[PLAIN]],
  // CHECK: scf.yield %[[A]]
  // CHECK: scf.yield %[[B]]
  // CHECK: %[[V:.*]] = ttg.memdesc_trans %[[X]] {{.*}} -> !ttg.memdesc<16x32xi8, #[[TURNED]],
  // CHECK: ttg.local_load %[[V]]
  // LOADS-LABEL: @choice_of_views
  // LOADS: ttg.local_load {{.*}} : !ttg.memdesc<32x16xi8,
  tt.func public @choice_of_views(%c: i1, %a: !buffer, %b: !buffer) -> !tensor {
    %v = ttg.memdesc_trans %a {order = array<i32: 1, 0>} : !buffer -> !view
    %w = ttg.memdesc_trans %b {order = array<i32: 1, 0>} : !buffer -> !view
    %x = arith.select %c, %v, %w : !view
    %y = ttg.local_load %x : !view -> !tensor
    tt.return %y : !tensor
  }

  // Two views change places in each iteration; one is used behind the loop.
  // CHECK-LABEL: @carried
  // CHECK-SAME: (%{{.*}}: i32, %[[A:.*]]: !ttg.memdesc<{{.*}}>, %[[B:.*]]: !ttg.memdesc
  // CHECK: %[[R:.*]]:2 = scf.for {{.*}} iter_args(%[[X:.*]] = %[[A]], %[[Y:.*]] = %[[B]]) -> (!ttg.memdesc<32x16xi8, #[[PLAIN]], {{.*}}, !ttg.memdesc<32x16xi8, #[[PLAIN]],
  // CHECK: %[[V:.*]] = ttg.memdesc_trans %[[X]]
  // CHECK: ttg.local_load %[[V]]
  // CHECK: scf.yield %[[Y]], %[[X]]
  // CHECK: %[[W:.*]] = ttg.memdesc_trans %[[R]]#0
  // CHECK: ttg.local_load %[[W]]
  // LOADS-LABEL: @carried
  // LOADS: ttg.local_load {{.*}} : !ttg.memdesc<32x16xi8,
  // LOADS: ttg.local_load {{.*}} : !ttg.memdesc<32x16xi8,
  tt.func public @carried(%n: i32, %a: !buffer, %b: !buffer) -> !tensor {
    %zero = arith.constant 0 : i32
    %one = arith.constant 1 : i32
    %v = ttg.memdesc_trans %a {order = array<i32: 1, 0>} : !buffer -> !view
    %w = ttg.memdesc_trans %b {order = array<i32: 1, 0>} : !buffer -> !view
    %r:2 = scf.for %i = %zero to %n step %one iter_args(%x = %v, %y = %w) -> (!view, !view) : i32 {
      %p = ttg.local_load %x : !view -> !tensor
      "use"(%p) : (!tensor) -> ()
      scf.yield %y, %x : !view, !view
    }
    %q = ttg.local_load %r#0 : !view -> !tensor
    tt.return %q : !tensor
  }

  // A loop inside of a loop, and slices.
  // CHECK-LABEL: @nested
  // CHECK: scf.for {{.*}} -> (!ttg.memdesc<16x16xi8, #[[PLAIN]], #smem, mutable, 32x16>)
  // CHECK: scf.for {{.*}} -> (!ttg.memdesc<16x16xi8, #[[PLAIN]], #smem, mutable, 32x16>)
  tt.func public @nested(%n: i32, %a: !buffer) {
    %zero = arith.constant 0 : i32
    %one = arith.constant 1 : i32
    %v = tle.memdesc_wgmma_view %a {order = array<i32: 1, 0>} : !buffer -> !view
    %s = ttg.memdesc_subslice %v[0, 0] : !view -> !part
    %r = scf.for %i = %zero to %n step %one iter_args(%x = %s) -> (!part) : i32 {
      %u = scf.for %j = %zero to %n step %one iter_args(%y = %x) -> (!part) : i32 {
        "use"(%y) : (!part) -> ()
        %t = ttg.memdesc_subslice %v[0, 16] : !view -> !part
        scf.yield %t : !part
      }
      scf.yield %u : !part
    }
    tt.return
  }

  // CHECK-LABEL: @while
  // CHECK: scf.while (%[[X:.*]] = %{{.*}}) : (!ttg.memdesc<32x16xi8, #[[PLAIN]], #smem, mutable>) -> !ttg.memdesc<32x16xi8, #[[PLAIN]],
  // CHECK: scf.condition(%{{.*}}) %[[X]]
  // CHECK: scf.yield
  // CHECK: ttg.memdesc_trans
  tt.func public @while(%c: i1, %a: !buffer) -> !tensor {
    %v = ttg.memdesc_trans %a {order = array<i32: 1, 0>} : !buffer -> !view
    %r = scf.while (%x = %v) : (!view) -> !view {
      scf.condition(%c) %x : !view
    } do {
    ^bb0(%y: !view):
      scf.yield %y : !view
    }
    %q = ttg.local_load %r : !view -> !tensor
    tt.return %q : !tensor
  }

  // CHECK-LABEL: @blocks
  // CHECK: cf.cond_br %{{.*}}, ^bb1(%{{.*}} : !ttg.memdesc<32x16xi8, #[[PLAIN]], {{.*}}), ^bb1(%{{.*}} : !ttg.memdesc<32x16xi8, #[[PLAIN]],
  // CHECK: ^bb1(%[[X:.*]]: !ttg.memdesc<32x16xi8, #[[PLAIN]],
  // CHECK: ttg.memdesc_trans %[[X]]
  tt.func public @blocks(%c: i1, %a: !buffer, %b: !buffer) -> !tensor {
    %v = ttg.memdesc_trans %a {order = array<i32: 1, 0>} : !buffer -> !view
    %w = ttg.memdesc_trans %b {order = array<i32: 1, 0>} : !buffer -> !view
    cf.cond_br %c, ^bb1(%v : !view), ^bb1(%w : !view)
  ^bb1(%x: !view):
    %q = ttg.local_load %x : !view -> !tensor
    tt.return %q : !tensor
  }

  // CHECK-LABEL: @partitions
  // CHECK-SAME: (%[[A:.*]]: !ttg.memdesc
  // CHECK: ttg.warp_specialize(%[[A]])
  // CHECK: partition0(%[[X:.*]]: !ttg.memdesc<32x16xi8, #[[PLAIN]],
  // CHECK: ttg.memdesc_trans %[[X]]
  // CHECK: partition1(%[[Y:.*]]: !ttg.memdesc<32x16xi8, #[[PLAIN]],
  // CHECK-NOT: ttg.memdesc_trans
  // CHECK: ttg.warp_return
  // LOADS-LABEL: @partitions
  // LOADS: ttg.local_load {{.*}} : !ttg.memdesc<32x16xi8,
  tt.func public @partitions(%a: !buffer) {
    %v = ttg.memdesc_trans %a {order = array<i32: 1, 0>} : !buffer -> !view
    ttg.warp_specialize(%v)
    default {
      ttg.warp_yield
    }
    partition0(%x: !view) num_warps(4) {
      %q = ttg.local_load %x : !view -> !tensor
      "use"(%q) : (!tensor) -> ()
      ttg.warp_return
    }
    partition1(%x: !view) num_warps(4) {
      ttg.warp_return
    } : (!view) -> ()
    tt.return
  }

  // CHECK-LABEL: tt.func public @calls
  // CHECK-SAME: (%[[A:.*]]: !ttg.memdesc
  // CHECK: %[[R:.*]] = tt.call @same(%[[A]]) : (!ttg.memdesc<32x16xi8, #[[PLAIN]], #smem, mutable>) -> !ttg.memdesc<32x16xi8, #[[PLAIN]],
  // CHECK: ttg.memdesc_trans %[[R]]
  tt.func public @calls(%a: !buffer) -> !tensor {
    %v = ttg.memdesc_trans %a {order = array<i32: 1, 0>} : !buffer -> !view
    %r = tt.call @same(%v) : (!view) -> !view
    %q = ttg.local_load %r : !view -> !tensor
    tt.return %q : !tensor
  }
  // CHECK: tt.func private @same(%[[X:.*]]: !ttg.memdesc<32x16xi8, #[[PLAIN]], #smem, mutable>) -> !ttg.memdesc<32x16xi8, #[[PLAIN]],
  // CHECK: tt.return %[[X]]
  tt.func private @same(%v: !view) -> !view attributes {noinline = true} {
    tt.return %v : !view
  }

  // What is allocated transposed is no transposition; nor does a swizzle leave
  // anything open.
  // CHECK-LABEL: @untouched
  // CHECK-NOT: ttg.memdesc_trans %arg
  // CHECK: scf.for {{.*}} -> (!ttg.memdesc<16x32xi8, #[[TURNED]], #smem, mutable>)
  // CHECK: ttg.memdesc_trans
  // CHECK: scf.for {{.*}} -> (!ttg.memdesc<32x32xi8, #shared{{[0-9]*}}, #smem, mutable>)
  // CHECK-NOT: ttg.memdesc_trans
  tt.func public @untouched(%n: i32, %a: !view, %b: !wide) {
    %zero = arith.constant 0 : i32
    %one = arith.constant 1 : i32
    %r = scf.for %i = %zero to %n step %one iter_args(%x = %a) -> (!view) : i32 {
      scf.yield %x : !view
    }
    %v = ttg.memdesc_trans %b {order = array<i32: 1, 0>} : !wide -> !wide_view
    %s = scf.for %i = %zero to %n step %one iter_args(%x = %v) -> (!wide_view) : i32 {
      scf.yield %x : !wide_view
    }
    tt.return
  }
}
