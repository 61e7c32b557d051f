// RUN: tle-opt %s -triton-tle-lower-wgmma-views | FileCheck %s

#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#shared1 = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = true, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!tile = !ttg.memdesc<64x512xbf16, #shared, #smem, mutable>
!turned = !ttg.memdesc<512x64xbf16, #shared1, #smem, mutable>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @view
  // CHECK: %[[V:.*]] = ttg.memdesc_trans %{{.*}} {order = array<i32: 1, 0>} : !ttg.memdesc<64x512xbf16, #shared, #smem, mutable> -> !ttg.memdesc<512x64xbf16, #shared1, #smem, mutable>
  // CHECK-NEXT: tt.return %[[V]]
  tt.func public @view(%buf: !tile) -> !turned {
    %v = tle.memdesc_wgmma_view %buf {order = array<i32: 1, 0>} : !tile -> !turned
    tt.return %v : !turned
  }

  // CHECK-LABEL: @view_of_slice
  // CHECK: %[[S:.*]] = ttg.memdesc_subslice
  // CHECK: ttg.memdesc_trans %[[S]] {order = array<i32: 1, 0>} : !ttg.memdesc<64x64xbf16, #shared, #smem, mutable, 64x512> -> !ttg.memdesc<64x64xbf16, #shared1, #smem, mutable, 512x64>
  tt.func public @view_of_slice(%buf: !tile) -> !ttg.memdesc<64x64xbf16, #shared1, #smem, mutable, 512x64> {
    %s = ttg.memdesc_subslice %buf[0, 64] : !tile -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable, 64x512>
    %v = tle.memdesc_wgmma_view %s {order = array<i32: 1, 0>} : !ttg.memdesc<64x64xbf16, #shared, #smem, mutable, 64x512> -> !ttg.memdesc<64x64xbf16, #shared1, #smem, mutable, 512x64>
    tt.return %v : !ttg.memdesc<64x64xbf16, #shared1, #smem, mutable, 512x64>
  }

  // CHECK-LABEL: @idle
  // CHECK-SAME: (%[[BUF:.*]]: !ttg.memdesc
  // CHECK-NEXT: tt.return %[[BUF]]
  tt.func public @idle(%buf: !tile) -> !tile {
    %v = tle.memdesc_wgmma_view %buf {order = array<i32: 1, 0>} : !tile -> !turned
    %w = tle.memdesc_wgmma_view %v {order = array<i32: 1, 0>} : !turned -> !tile
    tt.return %w : !tile
  }
}
