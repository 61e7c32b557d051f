// RUN: tle-opt %s -split-input-file -triton-tle-lower-local-pointers -verify-diagnostics | FileCheck %s

#b = #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [1, 32], warpsPerCTA = [4, 1], order = [1, 0]}>
#v = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#shared1 = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = true, elementBitWidth = 16}>
#plain = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // 128-byte swizzle: the three low row bits turn the 16-byte chunks of a row,
  // columns beyond 64 are in the next block.
  // CHECK-LABEL: @swizzled
  // CHECK-SAME: (%[[I:[a-z0-9]+]]: tensor<16x32xi32, #blocked>, %[[J:[a-z0-9]+]]: tensor<16x32xi32, #blocked>)
  // CHECK: %[[BUF:.*]] = ttg.local_alloc
  // CHECK: %[[C7:.*]] = arith.constant dense<7>
  // CHECK: %[[R7:.*]] = arith.andi %[[I]], %[[C7]]
  // CHECK: %[[C4:.*]] = arith.constant dense<4>
  // CHECK: %[[TURN:.*]] = arith.shli %[[R7]], %[[C4]]
  // CHECK: %[[C63:.*]] = arith.constant dense<63>
  // CHECK: %[[R63:.*]] = arith.andi %[[I]], %[[C63]]
  // CHECK: %[[LINE:.*]] = arith.shli %[[R63]], %{{.*}}
  // CHECK: %[[X0:.*]] = arith.xori %[[TURN]], %[[LINE]]
  // CHECK: %[[J63:.*]] = arith.andi %[[J]], %{{.*}}
  // CHECK: %[[COL:.*]] = arith.shli %[[J63]], %{{.*}}
  // CHECK: %[[X1:.*]] = arith.xori %[[X0]], %[[COL]]
  // CHECK: %[[C64:.*]] = arith.constant dense<64>
  // CHECK: %[[J64:.*]] = arith.andi %[[J]], %[[C64]]
  // CHECK: %[[BLOCK:.*]] = arith.shli %[[J64]], %{{.*}}
  // CHECK: %[[X2:.*]] = arith.xori %[[X1]], %[[BLOCK]]
  // CHECK: %[[BASE:.*]] = builtin.unrealized_conversion_cast %[[BUF]] : !ttg.memdesc<64x128xbf16, #shared, #smem, mutable> to i32
  // CHECK: %[[BASES:.*]] = tt.splat %[[BASE]] : i32 -> tensor<16x32xi32, #blocked>
  // CHECK: %[[A:.*]] = arith.addi %[[BASES]], %[[X2]]
  // CHECK: %[[X:.*]] = tt.elementwise_inline_asm "ld.shared.b16 $0, [$1];" {constraints = "=h,r", packed_element = 1 : i32, pure = false} %[[A]] : tensor<16x32xi32, #blocked> -> tensor<16x32xi16, #blocked>
  // CHECK: tt.bitcast %[[X]] : tensor<16x32xi16, #blocked> -> tensor<16x32xbf16, #blocked>
  // CHECK: ttg.local_dealloc %[[BUF]]
  tt.func public @swizzled(%i: tensor<16x32xi32, #b>, %j: tensor<16x32xi32, #b>) -> tensor<16x32xbf16, #b> {
    %buf = ttg.local_alloc : () -> !ttg.memdesc<64x128xbf16, #shared, #smem, mutable>
    %p = "tle.local_pointers"(%buf, %i, %j) : (!ttg.memdesc<64x128xbf16, #shared, #smem, mutable>, tensor<16x32xi32, #b>, tensor<16x32xi32, #b>) -> tensor<16x32x!tt.ptr<bf16, 3>, #b>
    %x = tt.load %p : tensor<16x32x!tt.ptr<bf16, 3>, #b>
    tt.return %x : tensor<16x32xbf16, #b>
  }

  // Slices and transpositions move the indices; the slot of an array moves the base.
  // CHECK-LABEL: @views
  // CHECK-SAME: %[[I:[a-z0-9]+]]: tensor<16x32xi32, #blocked>, %[[J:[a-z0-9]+]]: tensor<16x32xi32, #blocked>
  // CHECK: %[[SLOT:.*]] = ttg.memdesc_index
  // CHECK-DAG: %[[C8:.*]] = arith.constant dense<8> : tensor<16x32xi32, #blocked>
  // CHECK-DAG: %[[C64:.*]] = arith.constant dense<64> : tensor<16x32xi32, #blocked>
  // CHECK-DAG: arith.addi %[[J]], %[[C8]]
  // CHECK-DAG: arith.addi %[[I]], %[[C64]]
  // CHECK: builtin.unrealized_conversion_cast %[[SLOT]] : !ttg.memdesc<64x128xbf16, #shared, #smem, mutable> to i32
  tt.func public @views(%i: tensor<16x32xi32, #b>, %j: tensor<16x32xi32, #b>, %n: i32) -> tensor<16x32xbf16, #b> {
    %ring = ttg.local_alloc : () -> !ttg.memdesc<2x64x128xbf16, #shared, #smem, mutable>
    %buf = ttg.memdesc_index %ring[%n] : !ttg.memdesc<2x64x128xbf16, #shared, #smem, mutable> -> !ttg.memdesc<64x128xbf16, #shared, #smem, mutable>
    %s = ttg.memdesc_subslice %buf[8, 64] : !ttg.memdesc<64x128xbf16, #shared, #smem, mutable> -> !ttg.memdesc<8x64xbf16, #shared, #smem, mutable, 64x128>
    %t = ttg.memdesc_trans %s {order = array<i32: 1, 0>} : !ttg.memdesc<8x64xbf16, #shared, #smem, mutable, 64x128> -> !ttg.memdesc<64x8xbf16, #shared1, #smem, mutable, 128x64>
    %p = "tle.local_pointers"(%t, %i, %j) : (!ttg.memdesc<64x8xbf16, #shared1, #smem, mutable, 128x64>, tensor<16x32xi32, #b>, tensor<16x32xi32, #b>) -> tensor<16x32x!tt.ptr<bf16, 3>, #b>
    %x = tt.load %p : tensor<16x32x!tt.ptr<bf16, 3>, #b>
    tt.return %x : tensor<16x32xbf16, #b>
  }

  // CHECK-LABEL: @full_view
  // CHECK: %[[R:.*]] = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32, #ttg.slice<{dim = 1, parent = #blocked}>>
  // CHECK: tt.expand_dims %[[R]] {axis = 1 : i32}
  // CHECK: %[[C:.*]] = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32, #ttg.slice<{dim = 0, parent = #blocked}>>
  // CHECK: tt.expand_dims %[[C]] {axis = 0 : i32}
  // CHECK: tt.elementwise_inline_asm "{ .reg .pred p; setp.ne.b32 p, $3, 0; @p st.shared.b16 [$1], $2; mov.b32 $0, 0; }" {constraints = "=r,r,h,r"
  tt.func public @full_view(%x: tensor<64x128xbf16, #b>, %m: tensor<64x128xi1, #b>) {
    %buf = ttg.local_alloc : () -> !ttg.memdesc<64x128xbf16, #shared, #smem, mutable>
    %p = "tle.local_pointers"(%buf) : (!ttg.memdesc<64x128xbf16, #shared, #smem, mutable>) -> tensor<64x128x!tt.ptr<bf16, 3>, #b>
    tt.store %p, %x, %m : tensor<64x128x!tt.ptr<bf16, 3>, #b>
    tt.return
  }

  // Bytes travel in 16-bit registers.
  // CHECK-LABEL: @bytes
  // CHECK: arith.extui %{{.*}} : tensor<128xi8, #blocked1> to tensor<128xi16, #blocked1>
  // CHECK: "st.shared.b8 [$1], $2; mov.b32 $0, 0;" {constraints = "=r,r,h"
  // CHECK: %[[X:.*]] = tt.elementwise_inline_asm "{ .reg .pred p; setp.ne.b32 p, $2, 0; mov.b16 $0, $3; @p ld.shared.b8 $0, [$1]; }" {constraints = "=&h,r,r,h"
  // CHECK: %[[Y:.*]] = arith.trunci %[[X]] : tensor<128xi16, #blocked1> to tensor<128xi8, #blocked1>
  // CHECK: tt.bitcast %[[Y]] : tensor<128xi8, #blocked1> -> tensor<128xf8E4M3FN, #blocked1>
  tt.func public @bytes(%x: tensor<128xf8E4M3FN, #v>, %i: tensor<128xi32, #v>, %m: tensor<128xi1, #v>) -> tensor<128xf8E4M3FN, #v> {
    %buf = ttg.local_alloc : () -> !ttg.memdesc<128xf8E4M3FN, #plain, #smem, mutable>
    %p = "tle.local_pointers"(%buf, %i) : (!ttg.memdesc<128xf8E4M3FN, #plain, #smem, mutable>, tensor<128xi32, #v>) -> tensor<128x!tt.ptr<f8E4M3FN, 3>, #v>
    tt.store %p, %x : tensor<128x!tt.ptr<f8E4M3FN, 3>, #v>
    %y = tt.load %p, %m, %x : tensor<128x!tt.ptr<f8E4M3FN, 3>, #v>
    tt.return %y : tensor<128xf8E4M3FN, #v>
  }

  // CHECK-LABEL: @scalar_and_wide
  // CHECK: tt.elementwise_inline_asm "ld.shared.b64 $0, [$1];" {constraints = "=l,r", packed_element = 1 : i32, pure = false} %{{.*}} : i32 -> i64
  // CHECK: tt.bitcast %{{.*}} : i64 -> f64
  tt.func public @scalar_and_wide(%i: i32) -> f64 {
    %buf = ttg.local_alloc : () -> !ttg.memdesc<128xf64, #plain, #smem, mutable>
    %p = "tle.local_pointers"(%buf, %i) : (!ttg.memdesc<128xf64, #plain, #smem, mutable>, i32) -> !tt.ptr<f64, 3>
    %y = tt.load %p : !tt.ptr<f64, 3>
    tt.return %y : f64
  }

  // Pointers may be added to where neighbours in memory are neighbours, and
  // pass through loops.
  // CHECK-LABEL: @arithmetic
  // CHECK: scf.for {{.*}} iter_args(%[[P:.*]] = %{{.*}}) -> (tensor<128xi32, #blocked1>)
  // CHECK: "ld.shared.b32 $0, [$1];" {{.*}} %[[P]] : tensor<128xi32, #blocked1>
  // CHECK: %[[C4:.*]] = arith.constant dense<4>
  // CHECK: %[[D:.*]] = arith.muli %{{.*}}, %[[C4]]
  // CHECK: %[[N:.*]] = arith.addi %[[P]], %[[D]]
  // CHECK: scf.yield %[[N]] : tensor<128xi32, #blocked1>
  tt.func public @arithmetic(%i: tensor<128xi32, #v>, %n: i32) {
    %buf = ttg.local_alloc : () -> !ttg.memdesc<1024xf32, #plain, #smem, mutable>
    %p = "tle.local_pointers"(%buf, %i) : (!ttg.memdesc<1024xf32, #plain, #smem, mutable>, tensor<128xi32, #v>) -> tensor<128x!tt.ptr<f32, 3>, #v>
    %r = scf.for %k = %n to %n step %n iter_args(%q = %p) -> (tensor<128x!tt.ptr<f32, 3>, #v>) : i32 {
      %y = tt.load %q : tensor<128x!tt.ptr<f32, 3>, #v>
      %z = tt.addptr %q, %i : tensor<128x!tt.ptr<f32, 3>, #v>, tensor<128xi32, #v>
      scf.yield %z : tensor<128x!tt.ptr<f32, 3>, #v>
    }
    tt.return
  }

  // A kernel may return early: the buffer lives to the end of every way.
  // CHECK-LABEL: @early_return
  // CHECK: cf.cond_br
  // CHECK-NEXT: ^bb1:
  // CHECK-NEXT: ttg.local_dealloc
  // CHECK-NEXT: tt.return
  // CHECK-NEXT: ^bb2:
  // CHECK: ld.shared.b32
  // CHECK: ttg.local_dealloc
  // CHECK-NEXT: tt.return
  tt.func public @early_return(%i: tensor<128xi32, #v>, %c: i1) {
    %buf = ttg.local_alloc : () -> !ttg.memdesc<128xf32, #plain, #smem, mutable>
    cf.cond_br %c, ^bb1, ^bb2
  ^bb1:
    tt.return
  ^bb2:
    %p = "tle.local_pointers"(%buf, %i) : (!ttg.memdesc<128xf32, #plain, #smem, mutable>, tensor<128xi32, #v>) -> tensor<128x!tt.ptr<f32, 3>, #v>
    %y = tt.load %p : tensor<128x!tt.ptr<f32, 3>, #v>
    tt.return
  }

  // Atomics stand in functions of their own, which pin their layouts.
  // CHECK-LABEL: @atomics(
  // CHECK: tt.call @tle.atomic.0(%{{.*}}, %{{.*}}) : (tensor<128xi32, #blocked1>, tensor<128xi32, #blocked1>) -> tensor<128xi32, #blocked1>
  // CHECK: tt.call @tle.atomic.1(
  // CHECK: tt.call @tle.atomic.2(
  tt.func public @atomics(%i: tensor<128xi32, #v>, %f: tensor<128xf32, #v>, %m: tensor<128xi1, #v>) -> tensor<128xi32, #v> {
    %floats = ttg.local_alloc : () -> !ttg.memdesc<128xf32, #plain, #smem, mutable>
    %ints = ttg.local_alloc : () -> !ttg.memdesc<128xi32, #plain, #smem, mutable>
    %p = "tle.local_pointers"(%floats, %i) : (!ttg.memdesc<128xf32, #plain, #smem, mutable>, tensor<128xi32, #v>) -> tensor<128x!tt.ptr<f32, 3>, #v>
    %q = "tle.local_pointers"(%ints, %i) : (!ttg.memdesc<128xi32, #plain, #smem, mutable>, tensor<128xi32, #v>) -> tensor<128x!tt.ptr<i32, 3>, #v>
    %x = tt.atomic_rmw fadd, acq_rel, cta, %p, %f : (tensor<128x!tt.ptr<f32, 3>, #v>, tensor<128xf32, #v>) -> tensor<128xf32, #v>
    %y = tt.atomic_rmw max, relaxed, cta, %q, %i, %m : (tensor<128x!tt.ptr<i32, 3>, #v>, tensor<128xi32, #v>, tensor<128xi1, #v>) -> tensor<128xi32, #v>
    %z = tt.atomic_cas acq_rel, cta, %q, %i, %y : (tensor<128x!tt.ptr<i32, 3>, #v>, tensor<128xi32, #v>, tensor<128xi32, #v>) -> tensor<128xi32, #v>
    tt.return %z : tensor<128xi32, #v>
  }

  // 32 elements, 128 threads: three of four warps hold copies and stay out.
  // CHECK-LABEL: @atomics_of_few
  // CHECK: tt.call @tle.atomic.3(
  // CHECK-NOT: ttg.local_alloc
  // CHECK: tt.return
  tt.func public @atomics_of_few(%i: tensor<32xi32, #v>) {
    %ints = ttg.local_alloc : () -> !ttg.memdesc<128xi32, #plain, #smem, mutable>
    %q = "tle.local_pointers"(%ints, %i) : (!ttg.memdesc<128xi32, #plain, #smem, mutable>, tensor<32xi32, #v>) -> tensor<32x!tt.ptr<i32, 3>, #v>
    %y = tt.atomic_rmw add, relaxed, cta, %q, %i : (tensor<32x!tt.ptr<i32, 3>, #v>, tensor<32xi32, #v>) -> tensor<32xi32, #v>
    tt.return
  }

  // Who stayed out learns the old value through shared memory.
  // CHECK-LABEL: @old_value_of_one
  // CHECK: %[[PLACE:.*]] = ttg.local_alloc : () -> !ttg.memdesc<1xi32
  // CHECK: %[[A:.*]] = builtin.unrealized_conversion_cast %[[PLACE]]
  // CHECK: gpu.barrier
  // CHECK-NEXT: tt.call @tle.atomic.4(%{{.*}}, %{{.*}}, %[[A]]) : (i32, i32, i32) -> i32
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: %[[OLD:.*]] = tt.elementwise_inline_asm "ld.shared.b32 $0, [$1];" {{.*}} %[[A]] : i32 -> i32
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: ttg.local_dealloc %[[PLACE]]
  // CHECK: tt.return %[[OLD]]
  tt.func public @old_value_of_one(%i: i32) -> i32 {
    %ints = ttg.local_alloc : () -> !ttg.memdesc<128xi32, #plain, #smem, mutable>
    %q = "tle.local_pointers"(%ints, %i) : (!ttg.memdesc<128xi32, #plain, #smem, mutable>, i32) -> !tt.ptr<i32, 3>
    %y = tt.atomic_rmw add, relaxed, cta, %q, %i : (!tt.ptr<i32, 3>, i32) -> i32
    tt.return %y : i32
  }

  // CHECK-LABEL: tt.func private @tle.atomic.0
  // CHECK-SAME: attributes {noinline = false}
  // CHECK: "{ .reg .pred p; .reg .b32 t; setp.eq.b32 p, 0, 0; mov.b32 $0, 0; @p atom.acq_rel.cta.shared.add.f32 $0, [$1], $2; }" {constraints = "=&r,r,r"
  // CHECK-LABEL: tt.func private @tle.atomic.1
  // CHECK: setp.ne.b32 p, $3, 0; mov.b32 $0, 0; @p atom.relaxed.cta.shared.max.s32 $0, [$1], $2; }" {constraints = "=&r,r,r,r"
  // CHECK-LABEL: tt.func private @tle.atomic.2
  // CHECK: @p atom.acq_rel.cta.shared.cas.b32 $0, [$1], $2, $3; }" {constraints = "=&r,r,r,r"
  // CHECK-LABEL: tt.func private @tle.atomic.3
  // CHECK: mov.u32 t, %tid.x; and.b32 t, t, 96; setp.eq.and.b32 p, t, 0, p; mov.b32 $0, 0; @p atom.
  // CHECK-LABEL: tt.func private @tle.atomic.4
  // CHECK: and.b32 t, t, -1; setp.eq.and.b32 p, t, 0, p; mov.b32 $0, 0; @p atom.relaxed.cta.shared.add.u32 $0, [$1], $2; @p st.shared.b32 [$3], $0; }"
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [1, 32], warpsPerCTA = [4, 1], order = [1, 0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @swizzled_arithmetic(%i: tensor<64x128xi32, #b>) {
    %buf = ttg.local_alloc : () -> !ttg.memdesc<64x128xbf16, #shared, #smem, mutable>
    // expected-note @+1 {{the pointer is made here}}
    %p = "tle.local_pointers"(%buf) : (!ttg.memdesc<64x128xbf16, #shared, #smem, mutable>) -> tensor<64x128x!tt.ptr<bf16, 3>, #b>
    // expected-error @+1 {{an offset added to a local pointer does not lead to a neighbour of its element: the buffer's layout is swizzled; index the buffer instead}}
    %q = tt.addptr %p, %i : tensor<64x128x!tt.ptr<bf16, 3>, #b>, tensor<64x128xi32, #b>
    %x = tt.load %q : tensor<64x128x!tt.ptr<bf16, 3>, #b>
    tt.return
  }
}

// -----

#v = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#plain = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @no_instruction(%i: tensor<128xi32, #v>, %x: tensor<128xi8, #v>) {
    %bytes = ttg.local_alloc : () -> !ttg.memdesc<128xi8, #plain, #smem, mutable>
    %q = "tle.local_pointers"(%bytes, %i) : (!ttg.memdesc<128xi8, #plain, #smem, mutable>, tensor<128xi32, #v>) -> tensor<128x!tt.ptr<i8, 3>, #v>
    // expected-error @+1 {{shared memory has no atomic add on elements of 'i8'}}
    %y = tt.atomic_rmw add, relaxed, cta, %q, %x : (tensor<128x!tt.ptr<i8, 3>, #v>, tensor<128xi8, #v>) -> tensor<128xi8, #v>
    tt.return
  }
}

// -----

#v = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#plain = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @slice_of_unknown(%buf: !ttg.memdesc<64xi32, #plain, #smem, mutable, 128>, %i: tensor<128xi32, #v>) {
    // expected-error @+1 {{cannot tell where in its allocation the buffer of a local pointer lies}}
    %q = "tle.local_pointers"(%buf, %i) : (!ttg.memdesc<64xi32, #plain, #smem, mutable, 128>, tensor<128xi32, #v>) -> tensor<128x!tt.ptr<i32, 3>, #v>
    %y = tt.load %q : tensor<128x!tt.ptr<i32, 3>, #v>
    tt.return
  }
}

// -----

#v = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#plain = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // A pointer that lies in shared memory has 8 bytes.
  // CHECK-LABEL: @pointers_in_memory
  // CHECK: %[[EIGHT:.*]] = arith.constant dense<8> : tensor<128xi32
  // CHECK: arith.muli %{{.*}}, %[[EIGHT]]
  tt.func @pointers_in_memory(%buf: !ttg.memdesc<128x!tt.ptr<f32>, #plain, #smem, mutable>, %i: tensor<128xi32, #v>) -> tensor<128xi64, #v> {
    %p = "tle.local_pointers"(%buf) : (!ttg.memdesc<128x!tt.ptr<f32>, #plain, #smem, mutable>) -> tensor<128x!tt.ptr<!tt.ptr<f32>, 3>, #v>
    %q = tt.addptr %p, %i : tensor<128x!tt.ptr<!tt.ptr<f32>, 3>, #v>, tensor<128xi32, #v>
    %a = tt.ptr_to_int %q : tensor<128x!tt.ptr<!tt.ptr<f32>, 3>, #v> -> tensor<128xi64, #v>
    tt.return %a : tensor<128xi64, #v>
  }
}

// -----

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func @no_elements(%p: !tt.ptr<index, 3>, %i: i32) -> !tt.ptr<index, 3> {
    // expected-error @+1 {{an offset is added to '!tt.ptr<index, 3>', but there are no elements of this type in shared memory}}
    %q = tt.addptr %p, %i : !tt.ptr<index, 3>, i32
    tt.return %q : !tt.ptr<index, 3>
  }
}

// -----

// Threads that no CTA has.
#l = #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [65536, 65536], warpsPerCTA = [65536, 65536], order = [1, 0]}>
#plain = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [1, 0]}>
#smem = #ttg.shared_memory
tt.func public @many_threads(%x: tensor<64x64xf32, #l>) {
  %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xf32, #plain, #smem, mutable>
  %p = "tle.local_pointers"(%buf) : (!ttg.memdesc<64x64xf32, #plain, #smem, mutable>) -> tensor<64x64x!tt.ptr<f32, 3>, #l>
  // expected-error @+1 {{cannot tell which threads hold copies of an element in the layout of}}
  %y = tt.atomic_rmw fadd, relaxed, cta, %p, %x : (tensor<64x64x!tt.ptr<f32, 3>, #l>, tensor<64x64xf32, #l>) -> tensor<64x64xf32, #l>
  tt.return
}

// -----

// A product with 24 columns has no linear layout.
#l = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 24, 16]}>
#plain = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [1, 0]}>
#smem = #ttg.shared_memory
tt.func public @odd_product(%x: tensor<64x64xf32, #l>) {
  %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xf32, #plain, #smem, mutable>
  %p = "tle.local_pointers"(%buf) : (!ttg.memdesc<64x64xf32, #plain, #smem, mutable>) -> tensor<64x64x!tt.ptr<f32, 3>, #l>
  // expected-error @+1 {{cannot tell which threads hold copies of an element in the layout of}}
  %y = tt.atomic_rmw fadd, relaxed, cta, %p, %x : (tensor<64x64x!tt.ptr<f32, 3>, #l>, tensor<64x64xf32, #l>) -> tensor<64x64xf32, #l>
  tt.return
}

// -----

// Nor have three elements at once.
#l = #ttg.dot_op<{opIdx = 0, parent = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 8]}>, kWidth = 3}>
#plain = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [1, 0]}>
#smem = #ttg.shared_memory
tt.func public @odd_operand(%x: tensor<64x64xf32, #l>) {
  %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xf32, #plain, #smem, mutable>
  %p = "tle.local_pointers"(%buf) : (!ttg.memdesc<64x64xf32, #plain, #smem, mutable>) -> tensor<64x64x!tt.ptr<f32, 3>, #l>
  // expected-error @+1 {{cannot tell which threads hold copies of an element in the layout of}}
  %y = tt.atomic_rmw fadd, relaxed, cta, %p, %x : (tensor<64x64x!tt.ptr<f32, 3>, #l>, tensor<64x64xf32, #l>) -> tensor<64x64xf32, #l>
  tt.return
}
