// RUN: tle-opt %s -split-input-file -verify-diagnostics -triton-tle-per-thread-barriers | FileCheck %s

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!word = !ttg.memdesc<1xi64, #bar, #smem, mutable>

// CHECK-LABEL: @all
// CHECK: %[[B:.+]] = ttg.local_alloc
// CHECK: %[[A0:.+]] = builtin.unrealized_conversion_cast %[[B]] : {{.+}} to i32
// CHECK: tt.elementwise_inline_asm "{{.*}}@first mbarrier.init.shared.b64 [$1], 96;{{.*}}" {{.*}}pure = false} %[[A0]]
// CHECK: tt.elementwise_inline_asm "{{.*}}mbarrier.try_wait.parity.shared.b64 done, [$1], $2;{{.*}}" {{.*}}pure = false} %{{.+}}, %{{.+}} : i32, i32
// CHECK: tt.elementwise_inline_asm "{{.*}}mbarrier.arrive.shared.b64 state, [$1];{{.*}}" {{.*}}pure = false}
// CHECK: tt.elementwise_inline_asm "cp.async.mbarrier.arrive.noinc.shared.b64 [$1];{{.*}}" {{.*}}pure = false}
// CHECK: tt.elementwise_inline_asm "{{.*}}@first mbarrier.inval.shared.b64 [$1];{{.*}}" {{.*}}pure = false}
// CHECK-NOT: tle.per_thread
// CHECK: ttg.local_dealloc %[[B]]
tt.func public @all(%phase: i32) {
  %b = ttg.local_alloc : () -> !word
  ttng.init_barrier %b, 96 {tle.per_thread} : !word
  ttng.wait_barrier %b, %phase {tle.per_thread} : !word
  ttng.arrive_barrier %b, 1 {tle.per_thread} : !word
  ttng.async_copy_mbarrier_arrive %b {noIncrement, tle.per_thread} : !word
  ttng.inval_barrier %b {tle.per_thread} : !word
  tt.return
}

// A wait for a turn tests before it may stop the thread.
// CHECK-LABEL: @turn
// CHECK: tt.elementwise_inline_asm "{{.*}}mbarrier.test_wait.parity.shared.b64 done, [$1], $2; @done bra.uni end; again: mbarrier.try_wait.parity.shared.b64 done, [$1], $2;{{.*}}pure = false}
// CHECK-NOT: tle.turn
// CHECK: tt.return
tt.func public @turn(%phase: i32) {
  %b = ttg.local_alloc : () -> !word
  ttng.init_barrier %b, 128 {tle.per_thread} : !word
  ttng.wait_barrier %b, %phase {tle.per_thread, tle.turn} : !word
  tt.return
}

// Barriers without the mark are stock's.
// CHECK-LABEL: @unmarked
// CHECK: ttng.init_barrier %{{.+}}, 1
// CHECK: ttng.wait_barrier
// CHECK: ttng.arrive_barrier %{{.+}}, 2
// CHECK-NOT: tt.elementwise_inline_asm
tt.func public @unmarked(%phase: i32) {
  %b = ttg.local_alloc : () -> !word
  ttng.init_barrier %b, 1 : !word
  ttng.wait_barrier %b, %phase : !word
  ttng.arrive_barrier %b, 2 : !word
  tt.return
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!word = !ttg.memdesc<1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // A block by TMA: the first lane of each warp announces its share of the bytes, and arrives at the commit. The copy is
  // stock's.
  // CHECK-LABEL: @block
  // CHECK: tt.elementwise_inline_asm "{{.*}}setp.eq.u32 first, lane, 0; @first mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [$1], 2048;
  // CHECK: ttng.async_tma_copy_global_to_local
  // CHECK-NOT: tle.p
  // CHECK: tt.elementwise_inline_asm "{{.*}}@first mbarrier.arrive.shared.b64 state, [$1];
  tt.func public @block(%b: !word, %d: !tt.tensordesc<tensor<64x64xbf16, #shared>>, %s: !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>, %i: i32) {
    %true = arith.constant true
    ttng.barrier_expect %b, 8192 {tle.per_thread, tle.pipe = 0 : i32}, %true : !word
    ttng.async_tma_copy_global_to_local %d[%i, %i] %s, %b, %true {tle.per_thread, tle.pipe = 0 : i32} : !tt.tensordesc<tensor<64x64xbf16, #shared>>, !word -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
    ttng.arrive_barrier %b, 1 {tle.per_thread, tle.per_warp, tle.pipe = 0 : i32} : !word
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#narrow = #ttg.nvmma_shared<{swizzlingByteWidth = 64, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!word = !ttg.memdesc<1xi64, #bar, #smem, mutable>
tt.func public @arranged_for_others(%b: !word, %d: !tt.tensordesc<tensor<64x64xbf16, #narrow>>, %s: !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>, %i: i32) {
  %true = arith.constant true
  // expected-error @+1 {{the descriptor's blocks are arranged for its other uses, the slot is not: give this copy a descriptor of its own}}
  ttng.async_tma_copy_global_to_local %d[%i, %i] %s, %b, %true {tle.per_thread, tle.pipe = 0 : i32} : !tt.tensordesc<tensor<64x64xbf16, #narrow>>, !word -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
  tt.return
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
tt.func public @counts_two(%b: !ttg.memdesc<1xi64, #bar, #smem, mutable>) {
  // expected-error @+1 {{an arrival of each thread counts 1 and takes no predicate}}
  ttng.arrive_barrier %b, 2 {tle.per_thread} : !ttg.memdesc<1xi64, #bar, #smem, mutable>
  tt.return
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
tt.func public @increments(%b: !ttg.memdesc<1xi64, #bar, #smem, mutable>) {
  // expected-error @+1 {{an arrival of each thread's copies needs noIncrement}}
  ttng.async_copy_mbarrier_arrive %b {tle.per_thread} : !ttg.memdesc<1xi64, #bar, #smem, mutable>
  tt.return
}

// -----

tt.func public @no_barrier() {
  // expected-error @+1 {{tle.per_thread does not apply to this op}}
  %c = arith.constant {tle.per_thread} 0 : i32
  tt.return
}
