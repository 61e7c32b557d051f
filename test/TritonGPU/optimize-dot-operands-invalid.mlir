// RUN: tle-opt %s -tritongpu-optimize-dot-operands | FileCheck %s
// RUN: tle-opt %s -tritongpu-optimize-dot-operands -remarks-filter-missed=.*dot-operands -o /dev/null 2>&1 | FileCheck %s --check-prefix=SAYS
// REQUIRES: tle

// In each function something may write the buffer before the product has read
// it, or WGMMA cannot read it: the product keeps its own copy, and says why.

// SAYS: Function=store | Remark="operand B is copied: the buffer may be written before the product has ended"
// SAYS: Function=barrier_with_other_warps | Remark="operand B is copied: the buffer may be written
// SAYS: Function=no_swizzle | Remark="operand B is copied: WGMMA cannot read the buffer in its layout and element type"
// SAYS-NOT: Function=computed

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#bt = #ttg.blocked<{sizePerThread = [8, 1], threadsPerWarp = [8, 4], warpsPerCTA = [1, 4], order = [0, 1]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#s0 = #ttg.nvmma_shared<{swizzlingByteWidth = 0, transposed = false, elementBitWidth = 16}>
#s8 = #ttg.nvmma_shared<{swizzlingByteWidth = 64, transposed = false, elementBitWidth = 8}>
#s8t = #ttg.nvmma_shared<{swizzlingByteWidth = 64, transposed = true, elementBitWidth = 8}>
#sw = #ttg.swizzled_shared<{vec = 8, perPhase = 1, maxPhase = 8, order = [1, 0]}>
#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xf16, #s, #smem, mutable>
!op = !ttg.memdesc<64x64xf16, #s, #smem>
!word = !ttg.memdesc<1xi64, #bar, #smem, mutable>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {

tt.func private @unknown() attributes {noinline = true}

// Stored again.
// CHECK-LABEL: @store(
// CHECK: %[[COPY:.*]] = ttg.local_alloc %{{[0-9]+}} :
// CHECK: ttng.warp_group_dot %arg0, %[[COPY]], 
tt.func @store(%a: !op, %v: tensor<64x64xf16, #b>, %p: tensor<64x64x!tt.ptr<f16>, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32, %cond: i1) -> tensor<64x64xf32, #mma> {
  %buf = ttg.local_alloc : () -> !buf
  ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
  %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
  %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !op
  ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
  %d = ttng.warp_group_dot %a, %y, %c : !op * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
  tt.return %d : tensor<64x64xf32, #mma>
}

// Stored again in part.
// CHECK-LABEL: @store_to_view(
// CHECK: %[[COPY:.*]] = ttg.local_alloc %{{[0-9]+}} :
// CHECK: ttng.warp_group_dot %arg0, %[[COPY]], 
tt.func @store_to_view(%a: !op, %v: tensor<64x64xf16, #b>, %p: tensor<64x64x!tt.ptr<f16>, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32, %cond: i1) -> tensor<64x64xf32, #mma> {
  %buf = ttg.local_alloc : () -> !buf
  ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
  %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
  %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !op
  %h = ttg.memdesc_subslice %buf[0, 0] : !buf -> !ttg.memdesc<32x64xf16, #s, #smem, mutable, 64x64>
  %z = arith.constant dense<0.0> : tensor<32x64xf16, #b>
  ttg.local_store %z, %h : tensor<32x64xf16, #b> -> !ttg.memdesc<32x64xf16, #s, #smem, mutable, 64x64>
  %d = ttng.warp_group_dot %a, %y, %c : !op * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
  tt.return %d : tensor<64x64xf32, #mma>
}

// A copy comes in.
// CHECK-LABEL: @async_copy(
// CHECK: %[[COPY:.*]] = ttg.local_alloc %{{[0-9]+}} :
// CHECK: ttng.warp_group_dot %arg0, %[[COPY]], 
tt.func @async_copy(%a: !op, %v: tensor<64x64xf16, #b>, %p: tensor<64x64x!tt.ptr<f16>, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32, %cond: i1) -> tensor<64x64xf32, #mma> {
  %buf = ttg.local_alloc : () -> !buf
  ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
  %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
  %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !op
  %t = ttg.async_copy_global_to_local %p, %buf : tensor<64x64x!tt.ptr<f16>, #b> -> <64x64xf16, #s, #smem, mutable>
  %d = ttng.warp_group_dot %a, %y, %c : !op * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
  tt.return %d : tensor<64x64xf32, #mma>
}

// TMA brings the next tile.
// CHECK-LABEL: @tma_copy(
// CHECK: %[[COPY:.*]] = ttg.local_alloc %{{[0-9]+}} :
// CHECK: ttng.warp_group_dot %arg0, %[[COPY]], 
tt.func @tma_copy(%a: !op, %v: tensor<64x64xf16, #b>, %p: tensor<64x64x!tt.ptr<f16>, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32, %cond: i1, %desc: !tt.tensordesc<tensor<64x64xf16, #s>>) -> tensor<64x64xf32, #mma> {
  %buf = ttg.local_alloc : () -> !buf
  ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
  %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
  %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !op
  %true = arith.constant true
  %bar = ttg.local_alloc : () -> !ttg.memdesc<1xi64, #bar, #smem, mutable>
  ttng.async_tma_copy_global_to_local %desc[%n, %n] %buf, %bar, %true : !tt.tensordesc<tensor<64x64xf16, #s>>, !ttg.memdesc<1xi64, #bar, #smem, mutable> -> !ttg.memdesc<64x64xf16, #s, #smem, mutable>
  %d = ttng.warp_group_dot %a, %y, %c : !op * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
  tt.return %d : tensor<64x64xf32, #mma>
}

// Who knows what a call does.
// CHECK-LABEL: @call(
// CHECK: %[[COPY:.*]] = ttg.local_alloc %{{[0-9]+}} :
// CHECK: ttng.warp_group_dot %arg0, %[[COPY]], 
tt.func @call(%a: !op, %v: tensor<64x64xf16, #b>, %p: tensor<64x64x!tt.ptr<f16>, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32, %cond: i1) -> tensor<64x64xf32, #mma> {
  %buf = ttg.local_alloc : () -> !buf
  ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
  %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
  %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !op
  tt.call @unknown() : () -> ()
  %d = ttng.warp_group_dot %a, %y, %c : !op * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
  tt.return %d : tensor<64x64xf32, #mma>
}

// A store through pointers into shared memory.
// CHECK-LABEL: @local_pointer(
// CHECK: %[[COPY:.*]] = ttg.local_alloc %{{[0-9]+}} :
// CHECK: ttng.warp_group_dot %arg0, %[[COPY]], 
tt.func @local_pointer(%a: !op, %v: tensor<64x64xf16, #b>, %p: tensor<64x64x!tt.ptr<f16>, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32, %cond: i1) -> tensor<64x64xf32, #mma> {
  %buf = ttg.local_alloc : () -> !buf
  ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
  %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
  %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !op
  %q = "tle.local_pointers"(%buf) : (!buf) -> tensor<64x64x!tt.ptr<f16, 3>, #b>
  tt.store %q, %v : tensor<64x64x!tt.ptr<f16, 3>, #b>
  %d = ttng.warp_group_dot %a, %y, %c : !op * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
  tt.return %d : tensor<64x64xf32, #mma>
}

// The buffer is gone.
// CHECK-LABEL: @freed(
// CHECK: %[[COPY:.*]] = ttg.local_alloc %{{[0-9]+}} :
// CHECK: ttng.warp_group_dot %arg0, %[[COPY]], 
tt.func @freed(%a: !op, %v: tensor<64x64xf16, #b>, %p: tensor<64x64x!tt.ptr<f16>, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32, %cond: i1) -> tensor<64x64xf32, #mma> {
  %buf = ttg.local_alloc : () -> !buf
  ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
  %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
  %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !op
  ttg.local_dealloc %buf : !buf
  %d = ttng.warp_group_dot %a, %y, %c : !op * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
  tt.return %d : tensor<64x64xf32, #mma>
}

// Stored again under a condition.
// CHECK-LABEL: @conditional_store(
// CHECK: %[[COPY:.*]] = ttg.local_alloc %{{[0-9]+}} :
// CHECK: ttng.warp_group_dot %arg0, %[[COPY]], 
tt.func @conditional_store(%a: !op, %v: tensor<64x64xf16, #b>, %p: tensor<64x64x!tt.ptr<f16>, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32, %cond: i1) -> tensor<64x64xf32, #mma> {
  %buf = ttg.local_alloc : () -> !buf
  ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
  %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
  %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !op
  scf.if %cond {
    ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
  }
  %d = ttng.warp_group_dot %a, %y, %c : !op * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
  tt.return %d : tensor<64x64xf32, #mma>
}

// A buffer of unknown origin may be this one.
// CHECK-LABEL: @other_buffer(
// CHECK: %[[COPY:.*]] = ttg.local_alloc %{{[0-9]+}} :
// CHECK: ttng.warp_group_dot %arg0, %[[COPY]], 
tt.func @other_buffer(%a: !op, %v: tensor<64x64xf16, #b>, %p: tensor<64x64x!tt.ptr<f16>, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32, %cond: i1, %buf: !buf, %other: !buf) -> tensor<64x64xf32, #mma> {
  %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
  %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !op
  ttg.local_store %v, %other : tensor<64x64xf16, #b> -> !buf
  %d = ttng.warp_group_dot %a, %y, %c : !op * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
  tt.return %d : tensor<64x64xf32, #mma>
}

// The product of the next iteration reads what this one stores.
// CHECK-LABEL: @later_iteration(
// CHECK: %[[COPY:.*]] = ttg.local_alloc %{{[0-9]+}} :
// CHECK: ttng.warp_group_dot %arg0, %[[COPY]], 
tt.func @later_iteration(%a: !op, %v: tensor<64x64xf16, #b>, %p: tensor<64x64x!tt.ptr<f16>, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32, %cond: i1) -> tensor<64x64xf32, #mma> {
  %buf = ttg.local_alloc : () -> !buf
  ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
  %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
  %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !op
  %r = scf.for %i = %one to %n step %one iter_args(%acc = %c) -> (tensor<64x64xf32, #mma>) : i32 {
    %d = ttng.warp_group_dot %a, %y, %acc : !op * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
    ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
    scf.yield %d : tensor<64x64xf32, #mma>
  }
  tt.return %r : tensor<64x64xf32, #mma>
}

// Written while the product runs.
// CHECK-LABEL: @before_the_wait(
// CHECK: %[[COPY:.*]] = ttg.local_alloc %{{[0-9]+}} :
// CHECK: ttng.warp_group_dot %arg0, %[[COPY]], 
tt.func @before_the_wait(%a: !op, %v: tensor<64x64xf16, #b>, %p: tensor<64x64x!tt.ptr<f16>, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32, %cond: i1) -> tensor<64x64xf32, #mma> {
  %buf = ttg.local_alloc : () -> !buf
  ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
  %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
  %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !op
  %d = ttng.warp_group_dot %a, %y, %c {isAsync = true} : !op * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
  ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
  %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : tensor<64x64xf32, #mma>
  tt.return %w : tensor<64x64xf32, #mma>
}

// Nobody knows when the product ends.
// CHECK-LABEL: @no_wait(
// CHECK: %[[COPY:.*]] = ttg.local_alloc %{{[0-9]+}} :
// CHECK: ttng.warp_group_dot %arg0, %[[COPY]], 
tt.func @no_wait(%a: !op, %v: tensor<64x64xf16, #b>, %p: tensor<64x64x!tt.ptr<f16>, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32, %cond: i1) -> tensor<64x64xf32, #mma> {
  %buf = ttg.local_alloc : () -> !buf
  ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
  %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
  %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !op
  %d = ttng.warp_group_dot %a, %y, %c {isAsync = true} : !op * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
  tt.return %d : tensor<64x64xf32, #mma>
}

// A partition may hold the buffer and wait for this barrier.
// CHECK-LABEL: @barrier_with_other_warps(
// CHECK: %[[COPY:.*]] = ttg.local_alloc %{{[0-9]+}} :
// CHECK: ttng.warp_group_dot %arg0, %[[COPY]], 
tt.func @barrier_with_other_warps(%a: !op, %v: tensor<64x64xf16, #b>, %p: tensor<64x64x!tt.ptr<f16>, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32, %cond: i1, %buf: !buf) -> tensor<64x64xf32, #mma> {
  %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
  %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !op
  gpu.barrier
  %d = ttng.warp_group_dot %a, %y, %c : !op * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
  tt.return %d : tensor<64x64xf32, #mma>
}

// Inside of a partition, too, an arrival at an mbarrier may give the buffer back.
// CHECK-LABEL: @arrival_in_a_partition(
// CHECK: %[[COPY:.*]] = ttg.local_alloc %{{[0-9]+}} :
// CHECK: ttng.warp_group_dot %arg0, %[[COPY]], 
tt.func @arrival_in_a_partition(%a: !op, %v: tensor<64x64xf16, #b>, %c: tensor<64x64xf32, #mma>) -> tensor<64x64xf32, #mma> {
  %buf = ttg.local_alloc : () -> !buf
  %word = ttg.local_alloc : () -> !word
  %r = ttg.warp_specialize(%buf, %word)
  default {
    %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
    %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !op
    ttng.arrive_barrier %word, 1 {tle.per_thread} : !word
    %d = ttng.warp_group_dot %a, %y, %c : !op * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
    ttg.warp_yield %d : tensor<64x64xf32, #mma>
  }
  partition0(%ring: !buf, %bar: !word) num_warps(4) {
    ttg.warp_return
  } : (!buf, !word) -> tensor<64x64xf32, #mma>
  tt.return %r : tensor<64x64xf32, #mma>
}

// The copy itself is written again.
// CHECK-LABEL: @mutable_copy(
// CHECK: %[[COPY:.*]] = ttg.local_alloc %{{[0-9]+}} :
// CHECK: ttng.warp_group_dot %arg0, %[[COPY]], 
tt.func @mutable_copy(%a: !op, %v: tensor<64x64xf16, #b>, %p: tensor<64x64x!tt.ptr<f16>, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32, %cond: i1, %w: tensor<64x64xf16, #b>) -> tensor<64x64xf32, #mma> {
  %buf = ttg.local_alloc : () -> !buf
  ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
  %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
  %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !buf
  ttg.local_store %w, %y : tensor<64x64xf16, #b> -> !buf
  %d = ttng.warp_group_dot %a, %y, %c : !op * !ttg.memdesc<64x64xf16, #s, #smem, mutable> -> tensor<64x64xf32, #mma>
  tt.return %d : tensor<64x64xf32, #mma>
}

// WGMMA cannot read this swizzle.
// CHECK-LABEL: @no_wgmma_layout(
// CHECK: %[[COPY:.*]] = ttg.local_alloc %{{[0-9]+}} :
// CHECK: ttng.warp_group_dot %arg0, %[[COPY]], 
tt.func @no_wgmma_layout(%a: !op, %v: tensor<64x64xf16, #b>, %p: tensor<64x64x!tt.ptr<f16>, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32, %cond: i1) -> tensor<64x64xf32, #mma> {
  %buf = ttg.local_alloc %v : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xf16, #sw, #smem>
  %x = ttg.local_load %buf : !ttg.memdesc<64x64xf16, #sw, #smem> -> tensor<64x64xf16, #b>
  %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !op
  %d = ttng.warp_group_dot %a, %y, %c : !op * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
  tt.return %d : tensor<64x64xf32, #mma>
}

// Nor a buffer without one.
// CHECK-LABEL: @no_swizzle(
// CHECK: %[[COPY:.*]] = ttg.local_alloc %{{[0-9]+}} :
// CHECK: ttng.warp_group_dot %arg0, %[[COPY]], 
tt.func @no_swizzle(%a: !op, %v: tensor<64x64xf16, #b>, %p: tensor<64x64x!tt.ptr<f16>, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32, %cond: i1) -> tensor<64x64xf32, #mma> {
  %buf = ttg.local_alloc %v : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xf16, #s0, #smem>
  %x = ttg.local_load %buf : !ttg.memdesc<64x64xf16, #s0, #smem> -> tensor<64x64xf16, #b>
  %y = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !op
  %d = ttng.warp_group_dot %a, %y, %c : !op * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
  tt.return %d : tensor<64x64xf32, #mma>
}

// Elements of 8 bits need K contiguous; in the buffer N is.
// CHECK-LABEL: @k_not_contiguous(
// CHECK: %[[COPY:.*]] = ttg.local_alloc %{{[0-9]+}} :
// CHECK: ttng.warp_group_dot %arg0, %[[COPY]], 
tt.func @k_not_contiguous(%f: !ttg.memdesc<64x64xf8E5M2, #s8, #smem>, %e: tensor<64x64xf8E5M2, #b>, %c: tensor<64x64xf32, #mma>) -> tensor<64x64xf32, #mma> {
  %buf = ttg.local_alloc %e : (tensor<64x64xf8E5M2, #b>) -> !ttg.memdesc<64x64xf8E5M2, #s8, #smem>
  %x = ttg.local_load %buf : !ttg.memdesc<64x64xf8E5M2, #s8, #smem> -> tensor<64x64xf8E5M2, #b>
  %y = ttg.local_alloc %x : (tensor<64x64xf8E5M2, #b>) -> !ttg.memdesc<64x64xf8E5M2, #s8t, #smem>
  %d = ttng.warp_group_dot %f, %y, %c : !ttg.memdesc<64x64xf8E5M2, #s8, #smem> * !ttg.memdesc<64x64xf8E5M2, #s8t, #smem> -> tensor<64x64xf32, #mma>
  tt.return %d : tensor<64x64xf32, #mma>
}

// What is computed from the load is not in the buffer.
// CHECK-LABEL: @computed(
// CHECK: %[[COPY:.*]] = ttg.local_alloc %{{[0-9]+}} :
// CHECK: ttng.warp_group_dot %arg0, %[[COPY]], 
tt.func @computed(%a: !op, %v: tensor<64x64xf16, #b>, %p: tensor<64x64x!tt.ptr<f16>, #b>, %c: tensor<64x64xf32, #mma>, %n: i32, %one: i32, %cond: i1) -> tensor<64x64xf32, #mma> {
  %buf = ttg.local_alloc : () -> !buf
  ttg.local_store %v, %buf : tensor<64x64xf16, #b> -> !buf
  %x = ttg.local_load %buf : !buf -> tensor<64x64xf16, #b>
  %s = arith.addf %x, %x : tensor<64x64xf16, #b>
  %y = ttg.local_alloc %s : (tensor<64x64xf16, #b>) -> !op
  %d = ttng.warp_group_dot %a, %y, %c : !op * !ttg.memdesc<64x64xf16, #s, #smem> -> tensor<64x64xf32, #mma>
  tt.return %d : tensor<64x64xf32, #mma>
}

}
