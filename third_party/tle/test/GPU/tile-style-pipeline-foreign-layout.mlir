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

// A block that one pointer leads to is loaded, not copied.
#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#plain = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [1, 0]}>
module attributes {"ttg.num-warps" = 4 : i32} {
  // CHECK-LABEL: @block_pointer
  // CHECK-NOT: ttg.async_copy_global_to_local
  // CHECK: tt.load
  // CHECK-NOT: tle.tile_style_pipeline
  // CHECK: tt.return
  tt.func public @block_pointer(%p: !tt.ptr<tensor<64x64xbf16, #b>>, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    scf.for %i = %c0 to %n step %c1 : i32 {
      %v = tt.load %p : !tt.ptr<tensor<64x64xbf16, #b>>
      %tile = ttg.local_alloc %v : (tensor<64x64xbf16, #b>) -> !ttg.memdesc<64x64xbf16, #plain, #smem>
      "test.use"(%tile) : (!ttg.memdesc<64x64xbf16, #plain, #smem>) -> ()
    } {tt.num_stages = 2 : i32}
    tt.return
  }
}
