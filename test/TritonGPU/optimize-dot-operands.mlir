// RUN: tle-opt %s -tritongpu-optimize-dot-operands | FileCheck %s
// RUN: tle-opt %s -tritongpu-optimize-dot-operands -remarks-filter=.*dot-operands -o /dev/null 2>&1 | FileCheck %s --check-prefix=SAYS
// RUN: tle-opt %s -tritongpu-optimize-dot-operands -tritongpu-optimize-dot-operands | FileCheck %s
// REQUIRES: tle

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#bt = #ttg.blocked<{sizePerThread = [8, 1], threadsPerWarp = [8, 4], warpsPerCTA = [1, 4], order = [0, 1]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#st = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = true, elementBitWidth = 16}>
#b1 = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#words = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {

// CHECK-LABEL: @b_from_alloc
// CHECK: %[[BUF:.*]] = ttg.local_alloc :
// CHECK-NEXT: ttg.local_store %arg1, %[[BUF]]
// CHECK-NEXT: %[[D:.*]] = ttng.warp_group_dot %arg0, %[[BUF]], %arg2 {{.*}}, mutable>
// CHECK-NEXT: tt.return %[[D]]
tt.func @b_from_alloc(%a: !ttg.memdesc<64x64xf16, #s, #smem>, %v: tensor<64x64xf16, #b>, %c: tensor<64x64xf32, #mma>) -> tensor<64x64xf32, #mma> {
  %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
  ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
  %x = ttg.local_load %buf : !ttg.memdesc<64x64xf16, #s, #smem, mutable> -> tensor<64x64xf16, #b>
  %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xf16, #s, #smem>
  %d = ttng.warp_group_dot %a, %y, %c : !ttg.memdesc<64x64xf16, #s, #smem> * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
  tt.return %d : tensor<64x64xf32, #mma>
}

// CHECK-LABEL: @a_from_alloc
// CHECK: %[[BUF:.*]] = ttg.local_alloc :
// CHECK-NEXT: ttg.local_store
// CHECK-NEXT: ttng.warp_group_dot %[[BUF]], %arg0, %arg2
tt.func @a_from_alloc(%b: !ttg.memdesc<64x64xf16, #s, #smem>, %v: tensor<64x64xf16, #b>, %c: tensor<64x64xf32, #mma>) -> tensor<64x64xf32, #mma> {
  %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
  ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
  %x = ttg.local_load %buf : !ttg.memdesc<64x64xf16, #s, #smem, mutable> -> tensor<64x64xf16, #b>
  %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xf16, #s, #smem>
  %d = ttng.warp_group_dot %y, %b, %c : !ttg.memdesc<64x64xf16, #s, #smem> * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
  tt.return %d : tensor<64x64xf32, #mma>
}

// The left factor need not go through registers.
// CHECK-LABEL: @a_in_registers
// CHECK: %[[BUF:.*]] = ttg.local_alloc :
// CHECK-NEXT: ttg.local_store
// CHECK-NEXT: ttng.warp_group_dot %[[BUF]], %arg0, %arg2
tt.func @a_in_registers(%b: !ttg.memdesc<64x64xf16, #s, #smem>, %v: tensor<64x64xf16, #b>, %c: tensor<64x64xf32, #mma>) -> tensor<64x64xf32, #mma> {
  %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
  ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
  %x = ttg.local_load %buf : !ttg.memdesc<64x64xf16, #s, #smem, mutable> -> tensor<64x64xf16, #b>
  %y = ttg.convert_layout %x : tensor<64x64xf16, #b> -> tensor<64x64xf16, #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>>
  %d = ttng.warp_group_dot %y, %b, %c : tensor<64x64xf16, #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>> * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
  tt.return %d : tensor<64x64xf32, #mma>
}

// CHECK-LABEL: @transposed_tensor
// CHECK: %[[BUF:.*]] = ttg.local_alloc %arg1
// CHECK-NEXT: %[[V:.*]] = tle.memdesc_wgmma_view %[[BUF]] {order = array<i32: 1, 0>} : !ttg.memdesc<64x512xf16, #[[S:.*]], #smem> -> !ttg.memdesc<512x64xf16, #[[ST:.*]], #smem>
// CHECK-NEXT: ttng.warp_group_dot %arg0, %[[V]], %arg2
tt.func @transposed_tensor(%a: !ttg.memdesc<64x512xf16, #s, #smem>, %v: tensor<64x512xf16, #b>, %c: tensor<64x64xf32, #mma>) -> tensor<64x64xf32, #mma> {
  %buf = ttg.local_alloc %v : (tensor<64x512xf16, #b>) -> !ttg.memdesc<64x512xf16, #s, #smem>
  %x = ttg.local_load %buf : !ttg.memdesc<64x512xf16, #s, #smem> -> tensor<64x512xf16, #b>
  %t = tt.trans %x {order = array<i32: 1, 0>} : tensor<64x512xf16, #b> -> tensor<512x64xf16, #bt>
  %y = ttg.local_alloc %t : (tensor<512x64xf16, #bt>) -> !ttg.memdesc<512x64xf16, #s, #smem>
  %d = ttng.warp_group_dot %a, %y, %c : !ttg.memdesc<64x512xf16, #s, #smem> * !ttg.memdesc<512x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
  tt.return %d : tensor<64x64xf32, #mma>
}

// Turned twice is not turned.
// CHECK-LABEL: @transposed_twice
// CHECK: %[[BUF:.*]] = ttg.local_alloc %arg1
// CHECK-NEXT: ttng.warp_group_dot %arg0, %[[BUF]], %arg2
tt.func @transposed_twice(%a: !ttg.memdesc<64x64xf16, #s, #smem>, %v: tensor<64x64xf16, #b>, %c: tensor<64x64xf32, #mma>) -> tensor<64x64xf32, #mma> {
  %buf = ttg.local_alloc %v : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xf16, #s, #smem>
  %x = ttg.local_load %buf : !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf16, #b>
  %t = tt.trans %x {order = array<i32: 1, 0>} : tensor<64x64xf16, #b> -> tensor<64x64xf16, #bt>
  %y = ttg.local_alloc %t : (tensor<64x64xf16, #bt>) -> !ttg.memdesc<64x64xf16, #s, #smem>
  %z = ttg.memdesc_trans %y {order = array<i32: 1, 0>} : !ttg.memdesc<64x64xf16, #s, #smem> -> !ttg.memdesc<64x64xf16, #st, #smem>
  %d = ttng.warp_group_dot %a, %z, %c : !ttg.memdesc<64x64xf16, #s, #smem> * !ttg.memdesc<64x64xf16, #st, #smem> -> tensor<64x64xf32, #mma>
  tt.return %d : tensor<64x64xf32, #mma>
}

// One of several copies, and a part of it: the shape of the allocation turns too.
// CHECK-LABEL: @views
// CHECK: %[[I:.*]] = ttg.memdesc_index %arg1
// CHECK-NEXT: %[[S:.*]] = ttg.memdesc_subslice %[[I]][0, 64]
// CHECK-NEXT: %[[V:.*]] = tle.memdesc_wgmma_view %[[S]] {order = array<i32: 1, 0>} {{.*}} -> !ttg.memdesc<64x64xf16, #{{.*}}, #smem, mutable, 128x64>
// CHECK-NEXT: ttng.warp_group_dot %arg0, %[[V]], %arg2
tt.func @views(%a: !ttg.memdesc<64x64xf16, #s, #smem>, %bufs: !ttg.memdesc<2x64x128xf16, #s, #smem, mutable>, %c: tensor<64x64xf32, #mma>, %i: i32) -> tensor<64x64xf32, #mma> {
  %buf = ttg.memdesc_index %bufs[%i] : !ttg.memdesc<2x64x128xf16, #s, #smem, mutable> -> !ttg.memdesc<64x128xf16, #s, #smem, mutable>
  %part = ttg.memdesc_subslice %buf[0, 64] : !ttg.memdesc<64x128xf16, #s, #smem, mutable> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable, 64x128>
  %x = ttg.local_load %part : !ttg.memdesc<64x64xf16, #s, #smem, mutable, 64x128> -> tensor<64x64xf16, #b>
  %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xf16, #s, #smem>
  %t = ttg.memdesc_trans %y {order = array<i32: 1, 0>} : !ttg.memdesc<64x64xf16, #s, #smem> -> !ttg.memdesc<64x64xf16, #st, #smem>
  %d = ttng.warp_group_dot %a, %t, %c : !ttg.memdesc<64x64xf16, #s, #smem> * !ttg.memdesc<64x64xf16, #st, #smem> -> tensor<64x64xf32, #mma>
  tt.return %d : tensor<64x64xf32, #mma>
}

// Other users keep the load; a wait that names the copy names the buffer then.
// CHECK-LABEL: @other_users
// CHECK: %[[X:.*]] = ttg.local_load %arg1
// CHECK-NEXT: %[[D:.*]] = ttng.warp_group_dot %arg0, %arg1, %arg2 {{.*}}isAsync = true
// CHECK-NEXT: %[[W:.*]]:2 = ttng.warp_group_dot_wait %[[D]], %arg1 {pendings = 0 : i32} : tensor<64x64xf32, #{{.*}}>, !ttg.memdesc<64x64xf16, #{{.*}}, #smem, mutable>
// CHECK-NEXT: tt.return %[[W]]#0, %[[X]]
tt.func @other_users(%a: !ttg.memdesc<64x64xf16, #s, #smem>, %buf: !ttg.memdesc<64x64xf16, #s, #smem, mutable>, %c: tensor<64x64xf32, #mma>) -> (tensor<64x64xf32, #mma>, tensor<64x64xf16, #b>) {
  %x = ttg.local_load %buf : !ttg.memdesc<64x64xf16, #s, #smem, mutable> -> tensor<64x64xf16, #b>
  %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xf16, #s, #smem>
  %d = ttng.warp_group_dot %a, %y, %c {isAsync = true} : !ttg.memdesc<64x64xf16, #s, #smem> * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
  %w:2 = ttng.warp_group_dot_wait %d, %y {pendings = 0 : i32} : tensor<64x64xf32, #mma>, !ttg.memdesc<64x64xf16, #s, #smem>
  tt.return %w#0, %x : tensor<64x64xf32, #mma>, tensor<64x64xf16, #b>
}

// The loop writes the buffer for its next iteration: the product ends first.
// CHECK-LABEL: @written_in_loop
// CHECK: scf.for
// CHECK: ttg.local_store %{{.*}}, %[[BUF:.*]] :
// CHECK-NEXT: %[[D:.*]] = ttng.warp_group_dot %arg0, %[[BUF]]
// CHECK-NEXT: %[[W:.*]] = ttng.warp_group_dot_wait %[[D]] {pendings = 0 : i32}
// CHECK-NEXT: scf.yield %[[W]]
tt.func @written_in_loop(%a: !ttg.memdesc<64x64xf16, #s, #smem>, %p: tensor<64x64x!tt.ptr<f16>, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32) -> tensor<64x64xf32, #mma> {
  %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
  %r = scf.for %i = %one to %n step %one iter_args(%acc = %c) -> (tensor<64x64xf32, #mma>) : i32 {
    %v = tt.load %p : tensor<64x64x!tt.ptr<f16>, #b>
    ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    %x = ttg.local_load %buf : !ttg.memdesc<64x64xf16, #s, #smem, mutable> -> tensor<64x64xf16, #b>
    %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xf16, #s, #smem>
    %d = ttng.warp_group_dot %a, %y, %acc : !ttg.memdesc<64x64xf16, #s, #smem> * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
    scf.yield %d : tensor<64x64xf32, #mma>
  }
  tt.return %r : tensor<64x64xf32, #mma>
}

// Read in the loop, written before it: no wait.
// CHECK-LABEL: @read_in_loop
// CHECK: scf.for
// CHECK-NEXT: %[[D:.*]] = ttng.warp_group_dot %arg0, %{{.*}}
// CHECK-NEXT: scf.yield %[[D]]
tt.func @read_in_loop(%a: !ttg.memdesc<64x64xf16, #s, #smem>, %v: tensor<64x64xf16, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32) -> tensor<64x64xf32, #mma> {
  %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
  ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
  %x = ttg.local_load %buf : !ttg.memdesc<64x64xf16, #s, #smem, mutable> -> tensor<64x64xf16, #b>
  %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xf16, #s, #smem>
  %r = scf.for %i = %one to %n step %one iter_args(%acc = %c) -> (tensor<64x64xf32, #mma>) : i32 {
    %d = ttng.warp_group_dot %a, %y, %acc : !ttg.memdesc<64x64xf16, #s, #smem> * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
    scf.yield %d : tensor<64x64xf32, #mma>
  }
  tt.return %r : tensor<64x64xf32, #mma>
}

// The next slot of a ring is filled while this one is read, and the next iteration waits: the product runs on.
// CHECK-LABEL: @other_slot_by_remainder
// CHECK: scf.for
// CHECK: ttng.warp_group_dot_wait
// CHECK: %[[D:.*]] = ttng.warp_group_dot %arg0, %{{.*}}, mutable>
// CHECK-NOT: ttng.warp_group_dot_wait
// CHECK: ttg.local_store
// CHECK-NEXT: scf.yield %[[D]]
tt.func @other_slot_by_remainder(%a: !ttg.memdesc<64x64xf16, #s, #smem>, %q: !ttg.memdesc<64x64xf16, #s, #smem>, %v: tensor<64x64xf16, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32, %two: i32) -> (tensor<64x64xf32, #mma>, tensor<64x64xf32, #mma>) {
  %c1 = arith.constant 1 : i32
  %c2 = arith.constant 2 : i32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32, #mma>
  %ring = ttg.local_alloc : () -> !ttg.memdesc<2x64x64xf16, #s, #smem, mutable>
  %r:3 = scf.for %i = %one to %n step %one iter_args(%acc = %c, %s = %two, %sum = %zero) -> (tensor<64x64xf32, #mma>, i32, tensor<64x64xf32, #mma>) : i32 {
    %e = ttng.warp_group_dot %a, %q, %zero {isAsync = true} : !ttg.memdesc<64x64xf16, #s, #smem> * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
    %w = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : tensor<64x64xf32, #mma>
    %slot = ttg.memdesc_index %ring[%s] : !ttg.memdesc<2x64x64xf16, #s, #smem, mutable> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    %x = ttg.local_load %slot : !ttg.memdesc<64x64xf16, #s, #smem, mutable> -> tensor<64x64xf16, #b>
    %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xf16, #s, #smem>
    %d = ttng.warp_group_dot %a, %y, %acc : !ttg.memdesc<64x64xf16, #s, #smem> * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
    %t0 = arith.addi %s, %c1 : i32
    %t = arith.remsi %t0, %c2 : i32
    %other = ttg.memdesc_index %ring[%t] : !ttg.memdesc<2x64x64xf16, #s, #smem, mutable> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    ttg.local_store %v, %other : tensor<64x64xf16, #b> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    scf.yield %d, %t, %w : tensor<64x64xf32, #mma>, i32, tensor<64x64xf32, #mma>
  }
  tt.return %r#0, %r#2 : tensor<64x64xf32, #mma>, tensor<64x64xf32, #mma>
}

// The same with slots 0 and 1 taking turns.
// CHECK-LABEL: @other_slot_by_difference
// CHECK: scf.for
// CHECK: ttng.warp_group_dot_wait
// CHECK: %[[D:.*]] = ttng.warp_group_dot %arg0, %{{.*}}, mutable>
// CHECK-NOT: ttng.warp_group_dot_wait
// CHECK: ttg.local_store
// CHECK-NEXT: scf.yield %[[D]]
tt.func @other_slot_by_difference(%a: !ttg.memdesc<64x64xf16, #s, #smem>, %q: !ttg.memdesc<64x64xf16, #s, #smem>, %v: tensor<64x64xf16, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32, %two: i32) -> (tensor<64x64xf32, #mma>, tensor<64x64xf32, #mma>) {
  %c1 = arith.constant 1 : i32
  %c2 = arith.constant 2 : i32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32, #mma>
  %ring = ttg.local_alloc : () -> !ttg.memdesc<2x64x64xf16, #s, #smem, mutable>
  %r:3 = scf.for %i = %one to %n step %one iter_args(%acc = %c, %s = %two, %sum = %zero) -> (tensor<64x64xf32, #mma>, i32, tensor<64x64xf32, #mma>) : i32 {
    %e = ttng.warp_group_dot %a, %q, %zero {isAsync = true} : !ttg.memdesc<64x64xf16, #s, #smem> * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
    %w = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : tensor<64x64xf32, #mma>
    %slot = ttg.memdesc_index %ring[%s] : !ttg.memdesc<2x64x64xf16, #s, #smem, mutable> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    %x = ttg.local_load %slot : !ttg.memdesc<64x64xf16, #s, #smem, mutable> -> tensor<64x64xf16, #b>
    %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xf16, #s, #smem>
    %d = ttng.warp_group_dot %a, %y, %acc : !ttg.memdesc<64x64xf16, #s, #smem> * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
    %t = arith.subi %c1, %s : i32
    %other = ttg.memdesc_index %ring[%t] : !ttg.memdesc<2x64x64xf16, #s, #smem, mutable> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    ttg.local_store %v, %other : tensor<64x64xf16, #b> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    scf.yield %d, %t, %w : tensor<64x64xf32, #mma>, i32, tensor<64x64xf32, #mma>
  }
  tt.return %r#0, %r#2 : tensor<64x64xf32, #mma>, tensor<64x64xf32, #mma>
}

// The same with a bit turned over.
// CHECK-LABEL: @other_slot_by_exor
// CHECK: scf.for
// CHECK: ttng.warp_group_dot_wait
// CHECK: %[[D:.*]] = ttng.warp_group_dot %arg0, %{{.*}}, mutable>
// CHECK-NOT: ttng.warp_group_dot_wait
// CHECK: ttg.local_store
// CHECK-NEXT: scf.yield %[[D]]
tt.func @other_slot_by_exor(%a: !ttg.memdesc<64x64xf16, #s, #smem>, %q: !ttg.memdesc<64x64xf16, #s, #smem>, %v: tensor<64x64xf16, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32, %two: i32) -> (tensor<64x64xf32, #mma>, tensor<64x64xf32, #mma>) {
  %c1 = arith.constant 1 : i32
  %c2 = arith.constant 2 : i32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32, #mma>
  %ring = ttg.local_alloc : () -> !ttg.memdesc<2x64x64xf16, #s, #smem, mutable>
  %r:3 = scf.for %i = %one to %n step %one iter_args(%acc = %c, %s = %two, %sum = %zero) -> (tensor<64x64xf32, #mma>, i32, tensor<64x64xf32, #mma>) : i32 {
    %e = ttng.warp_group_dot %a, %q, %zero {isAsync = true} : !ttg.memdesc<64x64xf16, #s, #smem> * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
    %w = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : tensor<64x64xf32, #mma>
    %slot = ttg.memdesc_index %ring[%s] : !ttg.memdesc<2x64x64xf16, #s, #smem, mutable> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    %x = ttg.local_load %slot : !ttg.memdesc<64x64xf16, #s, #smem, mutable> -> tensor<64x64xf16, #b>
    %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xf16, #s, #smem>
    %d = ttng.warp_group_dot %a, %y, %acc : !ttg.memdesc<64x64xf16, #s, #smem> * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
    %t = arith.xori %s, %c1 : i32
    %other = ttg.memdesc_index %ring[%t] : !ttg.memdesc<2x64x64xf16, #s, #smem, mutable> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    ttg.local_store %v, %other : tensor<64x64xf16, #b> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    scf.yield %d, %t, %w : tensor<64x64xf32, #mma>, i32, tensor<64x64xf32, #mma>
  }
  tt.return %r#0, %r#2 : tensor<64x64xf32, #mma>, tensor<64x64xf32, #mma>
}

// After two steps a ring of two is where it was: the product ends first.
// CHECK-LABEL: @same_slot
// CHECK: scf.for
// CHECK: %[[D:.*]] = ttng.warp_group_dot %arg0, %{{.*}}, mutable>
// CHECK-NEXT: %[[W:.*]] = ttng.warp_group_dot_wait %[[D]] {pendings = 0 : i32}
// CHECK: scf.yield %[[W]]
tt.func @same_slot(%a: !ttg.memdesc<64x64xf16, #s, #smem>, %q: !ttg.memdesc<64x64xf16, #s, #smem>, %v: tensor<64x64xf16, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32, %two: i32) -> (tensor<64x64xf32, #mma>, tensor<64x64xf32, #mma>) {
  %c1 = arith.constant 1 : i32
  %c2 = arith.constant 2 : i32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32, #mma>
  %ring = ttg.local_alloc : () -> !ttg.memdesc<2x64x64xf16, #s, #smem, mutable>
  %r:3 = scf.for %i = %one to %n step %one iter_args(%acc = %c, %s = %two, %sum = %zero) -> (tensor<64x64xf32, #mma>, i32, tensor<64x64xf32, #mma>) : i32 {
    %e = ttng.warp_group_dot %a, %q, %zero {isAsync = true} : !ttg.memdesc<64x64xf16, #s, #smem> * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
    %w = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : tensor<64x64xf32, #mma>
    %slot = ttg.memdesc_index %ring[%s] : !ttg.memdesc<2x64x64xf16, #s, #smem, mutable> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    %x = ttg.local_load %slot : !ttg.memdesc<64x64xf16, #s, #smem, mutable> -> tensor<64x64xf16, #b>
    %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xf16, #s, #smem>
    %d = ttng.warp_group_dot %a, %y, %acc : !ttg.memdesc<64x64xf16, #s, #smem> * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
    %t0 = arith.addi %s, %c2 : i32
    %t = arith.remsi %t0, %c2 : i32
    %other = ttg.memdesc_index %ring[%t] : !ttg.memdesc<2x64x64xf16, #s, #smem, mutable> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    ttg.local_store %v, %other : tensor<64x64xf16, #b> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    scf.yield %d, %t, %w : tensor<64x64xf32, #mma>, i32, tensor<64x64xf32, #mma>
  }
  tt.return %r#0, %r#2 : tensor<64x64xf32, #mma>, tensor<64x64xf32, #mma>
}

// A slot of unknown number is filled.
// CHECK-LABEL: @unknown_slot
// CHECK: scf.for
// CHECK: %[[D:.*]] = ttng.warp_group_dot %arg0, %{{.*}}, mutable>
// CHECK-NEXT: %[[W:.*]] = ttng.warp_group_dot_wait %[[D]] {pendings = 0 : i32}
// CHECK: scf.yield %[[W]]
tt.func @unknown_slot(%a: !ttg.memdesc<64x64xf16, #s, #smem>, %q: !ttg.memdesc<64x64xf16, #s, #smem>, %v: tensor<64x64xf16, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32, %two: i32) -> (tensor<64x64xf32, #mma>, tensor<64x64xf32, #mma>) {
  %c1 = arith.constant 1 : i32
  %c2 = arith.constant 2 : i32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32, #mma>
  %ring = ttg.local_alloc : () -> !ttg.memdesc<2x64x64xf16, #s, #smem, mutable>
  %r:3 = scf.for %i = %one to %n step %one iter_args(%acc = %c, %s = %two, %sum = %zero) -> (tensor<64x64xf32, #mma>, i32, tensor<64x64xf32, #mma>) : i32 {
    %e = ttng.warp_group_dot %a, %q, %zero {isAsync = true} : !ttg.memdesc<64x64xf16, #s, #smem> * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
    %w = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : tensor<64x64xf32, #mma>
    %slot = ttg.memdesc_index %ring[%s] : !ttg.memdesc<2x64x64xf16, #s, #smem, mutable> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    %x = ttg.local_load %slot : !ttg.memdesc<64x64xf16, #s, #smem, mutable> -> tensor<64x64xf16, #b>
    %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xf16, #s, #smem>
    %d = ttng.warp_group_dot %a, %y, %acc : !ttg.memdesc<64x64xf16, #s, #smem> * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
    %t = arith.addi %one, %n : i32
    %other = ttg.memdesc_index %ring[%t] : !ttg.memdesc<2x64x64xf16, #s, #smem, mutable> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    ttg.local_store %v, %other : tensor<64x64xf16, #b> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    scf.yield %d, %t, %w : tensor<64x64xf32, #mma>, i32, tensor<64x64xf32, #mma>
  }
  tt.return %r#0, %r#2 : tensor<64x64xf32, #mma>, tensor<64x64xf32, #mma>
}

// The next iteration waits for nothing before it fills the slot.
// CHECK-LABEL: @nothing_waits
// CHECK: scf.for
// CHECK: %[[D:.*]] = ttng.warp_group_dot %arg0, %{{.*}}, mutable>
// CHECK-NEXT: %[[W:.*]] = ttng.warp_group_dot_wait %[[D]] {pendings = 0 : i32}
// CHECK: scf.yield %[[W]]
tt.func @nothing_waits(%a: !ttg.memdesc<64x64xf16, #s, #smem>, %q: !ttg.memdesc<64x64xf16, #s, #smem>, %v: tensor<64x64xf16, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32, %two: i32) -> (tensor<64x64xf32, #mma>, tensor<64x64xf32, #mma>) {
  %c1 = arith.constant 1 : i32
  %c2 = arith.constant 2 : i32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32, #mma>
  %ring = ttg.local_alloc : () -> !ttg.memdesc<2x64x64xf16, #s, #smem, mutable>
  %r:3 = scf.for %i = %one to %n step %one iter_args(%acc = %c, %s = %two, %sum = %zero) -> (tensor<64x64xf32, #mma>, i32, tensor<64x64xf32, #mma>) : i32 {
    %w = arith.addf %sum, %sum : tensor<64x64xf32, #mma>
    %slot = ttg.memdesc_index %ring[%s] : !ttg.memdesc<2x64x64xf16, #s, #smem, mutable> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    %x = ttg.local_load %slot : !ttg.memdesc<64x64xf16, #s, #smem, mutable> -> tensor<64x64xf16, #b>
    %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xf16, #s, #smem>
    %d = ttng.warp_group_dot %a, %y, %acc : !ttg.memdesc<64x64xf16, #s, #smem> * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
    %t0 = arith.addi %s, %c1 : i32
    %t = arith.remsi %t0, %c2 : i32
    %other = ttg.memdesc_index %ring[%t] : !ttg.memdesc<2x64x64xf16, #s, #smem, mutable> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    ttg.local_store %v, %other : tensor<64x64xf16, #b> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    scf.yield %d, %t, %w : tensor<64x64xf32, #mma>, i32, tensor<64x64xf32, #mma>
  }
  tt.return %r#0, %r#2 : tensor<64x64xf32, #mma>, tensor<64x64xf32, #mma>
}

// The next iteration fills the slot before it waits.
// CHECK-LABEL: @filled_before_the_wait
// CHECK: scf.for
// CHECK: %[[D:.*]] = ttng.warp_group_dot %arg0, %{{.*}}, mutable>
// CHECK-NEXT: %[[W:.*]] = ttng.warp_group_dot_wait %[[D]] {pendings = 0 : i32}
// CHECK: scf.yield %[[W]]
tt.func @filled_before_the_wait(%a: !ttg.memdesc<64x64xf16, #s, #smem>, %q: !ttg.memdesc<64x64xf16, #s, #smem>, %v: tensor<64x64xf16, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32, %two: i32) -> (tensor<64x64xf32, #mma>, tensor<64x64xf32, #mma>) {
  %c1 = arith.constant 1 : i32
  %c2 = arith.constant 2 : i32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32, #mma>
  %ring = ttg.local_alloc : () -> !ttg.memdesc<2x64x64xf16, #s, #smem, mutable>
  %r:3 = scf.for %i = %one to %n step %one iter_args(%acc = %c, %s = %two, %sum = %zero) -> (tensor<64x64xf32, #mma>, i32, tensor<64x64xf32, #mma>) : i32 {
    %early = ttg.memdesc_index %ring[%s] : !ttg.memdesc<2x64x64xf16, #s, #smem, mutable> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    ttg.local_store %v, %early : tensor<64x64xf16, #b> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    %e = ttng.warp_group_dot %a, %q, %zero {isAsync = true} : !ttg.memdesc<64x64xf16, #s, #smem> * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
    %w = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : tensor<64x64xf32, #mma>
    %slot = ttg.memdesc_index %ring[%s] : !ttg.memdesc<2x64x64xf16, #s, #smem, mutable> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    %x = ttg.local_load %slot : !ttg.memdesc<64x64xf16, #s, #smem, mutable> -> tensor<64x64xf16, #b>
    %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xf16, #s, #smem>
    %d = ttng.warp_group_dot %a, %y, %acc : !ttg.memdesc<64x64xf16, #s, #smem> * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
    %t0 = arith.addi %s, %c1 : i32
    %t = arith.remsi %t0, %c2 : i32
    %other = ttg.memdesc_index %ring[%t] : !ttg.memdesc<2x64x64xf16, #s, #smem, mutable> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    ttg.local_store %v, %other : tensor<64x64xf16, #b> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    scf.yield %d, %t, %w : tensor<64x64xf32, #mma>, i32, tensor<64x64xf32, #mma>
  }
  tt.return %r#0, %r#2 : tensor<64x64xf32, #mma>, tensor<64x64xf32, #mma>
}

// What is read from a buffer of 64-bit words is a number: no arrival at an mbarrier, which such buffers may be.
// CHECK-LABEL: @words_are_read
// CHECK: %[[BUF:.*]] = ttg.local_alloc :
// CHECK: ttg.warp_specialize(%[[BUF]], %{{.*}})
// CHECK: ttg.memdesc_index
// CHECK-NEXT: %[[W:.*]] = ttg.local_load
// CHECK-NEXT: ttng.warp_group_dot %arg0, %[[BUF]], %arg1
tt.func @words_are_read(%a: !ttg.memdesc<64x64xf16, #s, #smem>, %c: tensor<64x64xf32, #mma>, %i: i32) -> (tensor<64x64xf32, #mma>, tensor<64xi64, #b1>) {
  %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
  %numbers = ttg.local_alloc : () -> !ttg.memdesc<2x64xi64, #words, #smem, mutable>
  %r:2 = ttg.warp_specialize(%buf, %numbers)
  default {
    %x = ttg.local_load %buf : !ttg.memdesc<64x64xf16, #s, #smem, mutable> -> tensor<64x64xf16, #b>
    %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xf16, #s, #smem>
    %slot = ttg.memdesc_index %numbers[%i] : !ttg.memdesc<2x64xi64, #words, #smem, mutable> -> !ttg.memdesc<64xi64, #words, #smem, mutable>
    %w = ttg.local_load %slot : !ttg.memdesc<64xi64, #words, #smem, mutable> -> tensor<64xi64, #b1>
    %d = ttng.warp_group_dot %a, %y, %c : !ttg.memdesc<64x64xf16, #s, #smem> * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
    ttg.warp_yield %d, %w : tensor<64x64xf32, #mma>, tensor<64xi64, #b1>
  }
  partition0(%ring: !ttg.memdesc<64x64xf16, #s, #smem, mutable>, %others: !ttg.memdesc<2x64xi64, #words, #smem, mutable>) num_warps(4) {
    ttg.warp_return
  } : (!ttg.memdesc<64x64xf16, #s, #smem, mutable>, !ttg.memdesc<2x64xi64, #words, #smem, mutable>) -> (tensor<64x64xf32, #mma>, tensor<64xi64, #b1>)
  tt.return %r#0, %r#1 : tensor<64x64xf32, #mma>, tensor<64xi64, #b1>
}

// A buffer without slots, written behind the next iteration's wait: all warps have waited before one of them writes.
// CHECK-LABEL: @written_behind_the_wait
// CHECK: scf.for
// CHECK: ttng.warp_group_dot_wait
// CHECK: gpu.barrier
// CHECK-NEXT: ttg.local_store
// CHECK-NEXT: %[[D:.*]] = ttng.warp_group_dot %{{.*}}, %arg0, %{{.*}}mutable>
// CHECK-NEXT: scf.yield %[[D]]
tt.func @written_behind_the_wait(%a: !ttg.memdesc<64x64xf16, #s, #smem>, %v: tensor<64x64xf16, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32) -> (tensor<64x64xf32, #mma>, tensor<64x64xf32, #mma>) {
  %zero = arith.constant dense<0.0> : tensor<64x64xf32, #mma>
  %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
  %r:2 = scf.for %i = %one to %n step %one iter_args(%acc = %c, %sum = %zero) -> (tensor<64x64xf32, #mma>, tensor<64x64xf32, #mma>) : i32 {
    %e = ttng.warp_group_dot %a, %a, %zero {isAsync = true} : !ttg.memdesc<64x64xf16, #s, #smem> * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
    %w = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : tensor<64x64xf32, #mma>
    ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
    %x = ttg.local_load %buf : !ttg.memdesc<64x64xf16, #s, #smem, mutable> -> tensor<64x64xf16, #b>
    %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xf16, #s, #smem>
    %d = ttng.warp_group_dot %y, %a, %acc : !ttg.memdesc<64x64xf16, #s, #smem> * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
    scf.yield %d, %w : tensor<64x64xf32, #mma>, tensor<64x64xf32, #mma>
  }
  tt.return %r#0, %r#1 : tensor<64x64xf32, #mma>, tensor<64x64xf32, #mma>
}

}

// SAYS: Function=b_from_alloc | Remark="operand B is read where it is"
// SAYS: Function=a_from_alloc | Remark="operand A is read where it is"
