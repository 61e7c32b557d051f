// RUN: tle-opt %s -split-input-file -triton-tle-early-assign-memory-space -verify-diagnostics | FileCheck %s

#b = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#shared = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!buffer = !ttg.memdesc<128xf32, #shared, #smem, mutable>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // What the stock frontend makes of an atomic on shared memory.
  // CHECK-LABEL: @through_integers
  // CHECK: %[[P:.*]] = "tle.local_pointers"
  // CHECK-NOT: tt.int_to_ptr
  // CHECK: tt.atomic_rmw fadd, acq_rel, gpu, %[[P]], %{{.*}} : (tensor<128x!tt.ptr<f32, 3>, #blocked>
  tt.func public @through_integers(%buf: !buffer, %v: tensor<128xf32, #b>) {
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<128x!tt.ptr<f32, 3>, #b>
    %i = tt.ptr_to_int %p : tensor<128x!tt.ptr<f32, 3>, #b> -> tensor<128xi64, #b>
    %q = tt.int_to_ptr %i : tensor<128xi64, #b> -> tensor<128x!tt.ptr<f32>, #b>
    %x = tt.atomic_rmw fadd, acq_rel, gpu, %q, %v : (tensor<128x!tt.ptr<f32>, #b>, tensor<128xf32, #b>) -> tensor<128xf32, #b>
    tt.return
  }

  // CHECK-LABEL: @bitcast
  // CHECK: %[[Q:.*]] = tt.bitcast %{{.*}} -> tensor<128x!tt.ptr<i32, 3>, #blocked>
  // CHECK: tt.load %[[Q]] : tensor<128x!tt.ptr<i32, 3>, #blocked>
  tt.func public @bitcast(%buf: !buffer) {
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<128x!tt.ptr<f32, 3>, #b>
    %q = tt.bitcast %p : tensor<128x!tt.ptr<f32, 3>, #b> -> tensor<128x!tt.ptr<i32>, #b>
    %v = tt.load %q : tensor<128x!tt.ptr<i32>, #b>
    tt.return
  }

  // CHECK-LABEL: @global
  // CHECK: tt.int_to_ptr %{{.*}} -> tensor<128x!tt.ptr<f32>, #blocked>
  tt.func public @global(%i: tensor<128xi64, #b>) {
    %q = tt.int_to_ptr %i : tensor<128xi64, #b> -> tensor<128x!tt.ptr<f32>, #b>
    %v = tt.load %q : tensor<128x!tt.ptr<f32>, #b>
    tt.return
  }

  // CHECK-LABEL: @loop
  // CHECK: scf.for {{.*}} -> (tensor<128x!tt.ptr<i32, 3>, #blocked>)
  // CHECK: tt.addptr %{{.*}} : tensor<128x!tt.ptr<i32, 3>, #blocked>
  tt.func public @loop(%buf: !buffer, %o: tensor<128xi32, #b>, %n: i32) {
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<128x!tt.ptr<f32, 3>, #b>
    %q = tt.bitcast %p : tensor<128x!tt.ptr<f32, 3>, #b> -> tensor<128x!tt.ptr<i32>, #b>
    %r = scf.for %k = %n to %n step %n iter_args(%s = %q) -> (tensor<128x!tt.ptr<i32>, #b>) : i32 {
      %t = tt.addptr %s, %o : tensor<128x!tt.ptr<i32>, #b>, tensor<128xi32, #b>
      scf.yield %t : tensor<128x!tt.ptr<i32>, #b>
    }
    tt.return
  }

  // CHECK-LABEL: @while_loop
  // CHECK: %[[R:.*]] = scf.while {{.*}} : (tensor<128x!tt.ptr<i32, 3>, #blocked>) -> tensor<128x!tt.ptr<i32, 3>, #blocked>
  // CHECK: ^bb0(%{{.*}}: tensor<128x!tt.ptr<i32, 3>, #blocked>)
  // CHECK: tt.store %[[R]]
  tt.func public @while_loop(%buf: !buffer, %o: tensor<128xi32, #b>, %c: i1) {
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<128x!tt.ptr<f32, 3>, #b>
    %q = tt.bitcast %p : tensor<128x!tt.ptr<f32, 3>, #b> -> tensor<128x!tt.ptr<i32>, #b>
    %r = scf.while (%s = %q) : (tensor<128x!tt.ptr<i32>, #b>) -> tensor<128x!tt.ptr<i32>, #b> {
      scf.condition(%c) %s : tensor<128x!tt.ptr<i32>, #b>
    } do {
    ^bb0(%s: tensor<128x!tt.ptr<i32>, #b>):
      %t = tt.addptr %s, %o : tensor<128x!tt.ptr<i32>, #b>, tensor<128xi32, #b>
      scf.yield %t : tensor<128x!tt.ptr<i32>, #b>
    }
    tt.store %r, %o : tensor<128x!tt.ptr<i32>, #b>
    tt.return
  }

  // CHECK-LABEL: @if
  // CHECK: %[[R:.*]] = scf.if {{.*}} -> (tensor<128x!tt.ptr<i32, 3>, #blocked>)
  // CHECK: tt.load %[[R]] : tensor<128x!tt.ptr<i32, 3>, #blocked>
  tt.func public @if(%buf: !buffer, %o: tensor<128xi32, #b>, %c: i1) {
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<128x!tt.ptr<f32, 3>, #b>
    %q = tt.bitcast %p : tensor<128x!tt.ptr<f32, 3>, #b> -> tensor<128x!tt.ptr<i32>, #b>
    %r = scf.if %c -> tensor<128x!tt.ptr<i32>, #b> {
      %t = tt.addptr %q, %o : tensor<128x!tt.ptr<i32>, #b>, tensor<128xi32, #b>
      scf.yield %t : tensor<128x!tt.ptr<i32>, #b>
    } else {
      scf.yield %q : tensor<128x!tt.ptr<i32>, #b>
    }
    %v = tt.load %r : tensor<128x!tt.ptr<i32>, #b>
    tt.return
  }

  // A kernel that returns early has several blocks.
  // CHECK-LABEL: @blocks
  // CHECK: cf.cond_br %{{.*}}, ^[[A:.*]](%{{.*}} : tensor<128x!tt.ptr<i32, 3>, #blocked>), ^
  // CHECK: ^[[A]](%[[X:.*]]: tensor<128x!tt.ptr<i32, 3>, #blocked>):
  // CHECK: tt.load %[[X]]
  tt.func public @blocks(%buf: !buffer, %o: tensor<128xi32, #b>, %c: i1) {
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<128x!tt.ptr<f32, 3>, #b>
    %q = tt.bitcast %p : tensor<128x!tt.ptr<f32, 3>, #b> -> tensor<128x!tt.ptr<i32>, #b>
    cf.cond_br %c, ^a(%q : tensor<128x!tt.ptr<i32>, #b>), ^b
  ^a(%x: tensor<128x!tt.ptr<i32>, #b>):
    %v = tt.load %x : tensor<128x!tt.ptr<i32>, #b>
    tt.return
  ^b:
    %t = tt.addptr %q, %o : tensor<128x!tt.ptr<i32>, #b>, tensor<128xi32, #b>
    cf.br ^a(%t : tensor<128x!tt.ptr<i32>, #b>)
  }
}

// -----

#b = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#shared = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @either(%buf: !ttg.memdesc<128xf32, #shared, #smem, mutable>, %g: tensor<128x!tt.ptr<i32>, #b>, %c: i1) {
    %p = "tle.local_pointers"(%buf) : (!ttg.memdesc<128xf32, #shared, #smem, mutable>) -> tensor<128x!tt.ptr<f32, 3>, #b>
    %q = tt.bitcast %p : tensor<128x!tt.ptr<f32, 3>, #b> -> tensor<128x!tt.ptr<i32>, #b>
    // expected-error @+1 {{a value is a pointer into shared memory on one way and into global memory on another}}
    %r = arith.select %c, %q, %g : tensor<128x!tt.ptr<i32>, #b>
    tt.return
  }
}

// -----

#b = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#shared = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @either_block(%buf: !ttg.memdesc<128xf32, #shared, #smem, mutable>, %g: tensor<128x!tt.ptr<i32>, #b>, %c: i1) {
    %p = "tle.local_pointers"(%buf) : (!ttg.memdesc<128xf32, #shared, #smem, mutable>) -> tensor<128x!tt.ptr<f32, 3>, #b>
    %q = tt.bitcast %p : tensor<128x!tt.ptr<f32, 3>, #b> -> tensor<128x!tt.ptr<i32>, #b>
    cf.cond_br %c, ^a(%q : tensor<128x!tt.ptr<i32>, #b>), ^b
  ^a(%x: tensor<128x!tt.ptr<i32>, #b>):
    %v = tt.load %x : tensor<128x!tt.ptr<i32>, #b>
    tt.return
  ^b:
    // expected-error @+1 {{a value is a pointer into shared memory on one way and into global memory on another}}
    cf.br ^a(%g : tensor<128x!tt.ptr<i32>, #b>)
  }
}

// -----

#b = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#shared = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @exchanged_in_loop(%buf: !ttg.memdesc<128xf32, #shared, #smem, mutable>, %g: tensor<128x!tt.ptr<i32>, #b>, %n: i32) {
    %p = "tle.local_pointers"(%buf) : (!ttg.memdesc<128xf32, #shared, #smem, mutable>) -> tensor<128x!tt.ptr<f32, 3>, #b>
    %q = tt.bitcast %p : tensor<128x!tt.ptr<f32, 3>, #b> -> tensor<128x!tt.ptr<i32>, #b>
    %r = scf.for %k = %n to %n step %n iter_args(%s = %g) -> (tensor<128x!tt.ptr<i32>, #b>) : i32 {
      // expected-error @+1 {{a value is a pointer into shared memory on one way and into global memory on another}}
      scf.yield %q : tensor<128x!tt.ptr<i32>, #b>
    }
    tt.return
  }
}
