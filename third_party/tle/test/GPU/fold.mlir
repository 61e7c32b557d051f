// RUN: tle-opt %s --canonicalize | FileCheck %s

#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#shared1 = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = true, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!tile = !ttg.memdesc<64x512xbf16, #shared, #smem, mutable>
!turned = !ttg.memdesc<512x64xbf16, #shared1, #smem, mutable>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // There and back again is the tile itself.
  // CHECK-LABEL: @two_turns
  // CHECK-SAME: (%[[BUF:.*]]: !ttg.memdesc<64x512xbf16
  // CHECK-NOT: tle.memdesc_wgmma_view
  // CHECK: tt.return %[[BUF]]
  tt.func public @two_turns(%buf: !tile) -> !tile {
    %v = tle.memdesc_wgmma_view %buf {order = array<i32: 1, 0>} : !tile -> !turned
    %w = tle.memdesc_wgmma_view %v {order = array<i32: 1, 0>} : !turned -> !tile
    tt.return %w : !tile
  }

  // CHECK-LABEL: @three_turns
  // CHECK-SAME: (%[[BUF:.*]]: !ttg.memdesc<64x512xbf16
  // CHECK-NEXT: %[[V:.*]] = tle.memdesc_wgmma_view %[[BUF]] {order = array<i32: 1, 0>}
  // CHECK-NEXT: tt.return %[[V]]
  tt.func public @three_turns(%buf: !tile) -> !turned {
    %v = tle.memdesc_wgmma_view %buf {order = array<i32: 1, 0>} : !tile -> !turned
    %w = tle.memdesc_wgmma_view %v {order = array<i32: 1, 0>} : !turned -> !tile
    %x = tle.memdesc_wgmma_view %w {order = array<i32: 1, 0>} : !tile -> !turned
    tt.return %x : !turned
  }

  // CHECK-LABEL: @turn_of_transpose
  // CHECK-SAME: (%[[BUF:.*]]: !ttg.memdesc<64x512xbf16
  // CHECK-NEXT: tt.return %[[BUF]]
  tt.func public @turn_of_transpose(%buf: !tile) -> !tile {
    %v = ttg.memdesc_trans %buf {order = array<i32: 1, 0>} : !tile -> !turned
    %w = tle.memdesc_wgmma_view %v {order = array<i32: 1, 0>} : !turned -> !tile
    tt.return %w : !tile
  }

  // CHECK-LABEL: @identity
  // CHECK-SAME: (%[[BUF:.*]]: !ttg.memdesc<64x512xbf16
  // CHECK-NEXT: tt.return %[[BUF]]
  tt.func public @identity(%buf: !tile) -> !tile {
    %v = tle.memdesc_wgmma_view %buf {order = array<i32: 0, 1>} : !tile -> !tile
    tt.return %v : !tile
  }

  // Views are values: an unused one goes, equal ones are one. A fence is an
  // effect and stays.
  // CHECK-LABEL: @effects
  // CHECK-NEXT: tle.wgmma_shared_operand_fence
  // CHECK-NEXT: tle.wgmma_shared_operand_fence
  // CHECK-NEXT: tt.return
  tt.func public @effects(%buf: !tile) {
    %v = tle.memdesc_wgmma_view %buf {order = array<i32: 1, 0>} : !tile -> !turned
    tle.wgmma_shared_operand_fence all
    tle.wgmma_shared_operand_fence %buf : !tile
    tt.return
  }
}
