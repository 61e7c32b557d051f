// RUN: tle-opt %s -allow-unregistered-dialect -triton-tle-tile-style-pipeline-schedule | FileCheck %s

// A buffer whose layout no dialect here knows counts with its elements.
#smem = #ttg.shared_memory
module attributes {"ttg.num-warps" = 4 : i32} {
  // CHECK-LABEL: @foreign
  // CHECK: ttg.local_alloc
  tt.func public @foreign(%n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #foreign<"layout">, #smem, mutable>
    scf.for %i = %c0 to %n step %c1 : i32 {
      "test.use"(%buf) : (!ttg.memdesc<64x64xbf16, #foreign<"layout">, #smem, mutable>) -> ()
    } {tt.num_stages = 2 : i32}
    tt.return
  }
}
