// RUN: tle-opt %s -triton-tle-lower-wgmma-views | FileCheck %s

// Without a swizzle stock's lowering gives a layout and its transpose the same
// addresses, so no access may go through a transposition.

// CHECK-DAG: #[[ROWS:.*]] = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
// CHECK-DAG: #[[COLUMNS:.*]] = #ttg.blocked<{sizePerThread = [4, 1], threadsPerWarp = [8, 4], warpsPerCTA = [1, 4], order = [0, 1]}>
#rows = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 8]}>
#operand = #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 4}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 0, transposed = false, elementBitWidth = 8}>
#turned = #ttg.nvmma_shared<{swizzlingByteWidth = 0, transposed = true, elementBitWidth = 8}>
#swizzled = #ttg.nvmma_shared<{swizzlingByteWidth = 32, transposed = false, elementBitWidth = 8}>
#swizzled_turned = #ttg.nvmma_shared<{swizzlingByteWidth = 32, transposed = true, elementBitWidth = 8}>
#plain = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [1, 0]}>
#plain_turned = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0, 1]}>
#smem = #ttg.shared_memory
!buffer = !ttg.memdesc<32x16xi8, #shared, #smem, mutable>
!view = !ttg.memdesc<16x32xi8, #turned, #smem, mutable>
!part = !ttg.memdesc<16x16xi8, #turned, #smem, mutable, 16x32>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @load
  // CHECK-SAME: (%[[BUFFER:.*]]: !ttg.memdesc
  // CHECK: %[[Y:.*]] = ttg.local_load %[[BUFFER]] {kept} : !ttg.memdesc<32x16xi8, #shared, #smem, mutable> -> tensor<32x16xi8, #[[COLUMNS]]>
  // CHECK: %[[X:.*]] = tt.trans %[[Y]] {order = array<i32: 1, 0>} : tensor<32x16xi8, #[[COLUMNS]]> -> tensor<16x32xi8, #[[ROWS]]>
  // CHECK: tt.return %[[X]]
  tt.func public @load(%buffer: !buffer) -> tensor<16x32xi8, #rows> {
    %view = ttg.memdesc_trans %buffer {order = array<i32: 1, 0>} : !buffer -> !view
    %x = ttg.local_load %view {kept} : !view -> tensor<16x32xi8, #rows>
    tt.return %x : tensor<16x32xi8, #rows>
  }

  // CHECK-LABEL: @load_view
  // CHECK: ttg.local_load %{{.*}} -> tensor<32x16xi8, #[[COLUMNS]]>
  tt.func public @load_view(%buffer: !buffer) -> tensor<16x32xi8, #rows> {
    %view = tle.memdesc_wgmma_view %buffer {order = array<i32: 1, 0>} : !buffer -> !view
    %x = ttg.local_load %view : !view -> tensor<16x32xi8, #rows>
    tt.return %x : tensor<16x32xi8, #rows>
  }

  // CHECK-LABEL: @load_operand
  // CHECK: %[[Y:.*]] = ttg.local_load %{{.*}} : !ttg.memdesc<32x16xi8, #shared, {{.*}}> -> tensor<32x16xi8, #blocked
  // CHECK: %[[X:.*]] = tt.trans %[[Y]]
  // CHECK: ttg.convert_layout %[[X]] : tensor<16x32xi8, #blocked{{.*}}> -> tensor<16x32xi8, #ttg.dot_op
  tt.func public @load_operand(%buffer: !buffer) -> tensor<16x32xi8, #operand> {
    %view = ttg.memdesc_trans %buffer {order = array<i32: 1, 0>} : !buffer -> !view
    %x = ttg.local_load %view : !view -> tensor<16x32xi8, #operand>
    tt.return %x : tensor<16x32xi8, #operand>
  }

  // CHECK-LABEL: @load_slice
  // CHECK: %[[S:.*]] = ttg.memdesc_subslice %{{.*}}[16, 0] : {{.*}} -> !ttg.memdesc<16x16xi8, #shared, #smem, mutable, 32x16>
  // CHECK: %[[Y:.*]] = ttg.local_load %[[S]]
  // CHECK: tt.trans %[[Y]]
  tt.func public @load_slice(%buffer: !buffer) -> tensor<16x16xi8, #rows> {
    %view = ttg.memdesc_trans %buffer {order = array<i32: 1, 0>} : !buffer -> !view
    %part = ttg.memdesc_subslice %view[0, 16] : !view -> !part
    %x = ttg.local_load %part : !part -> tensor<16x16xi8, #rows>
    tt.return %x : tensor<16x16xi8, #rows>
  }

  // CHECK-LABEL: @store
  // CHECK-SAME: (%[[BUFFER:.*]]: !ttg.memdesc<{{.*}}>, %[[X:.*]]: tensor
  // CHECK: %[[Y:.*]] = tt.trans %[[X]] {order = array<i32: 1, 0>} : tensor<16x32xi8, #[[ROWS]]> -> tensor<32x16xi8, #[[COLUMNS]]>
  // CHECK: ttg.local_store %[[Y]], %[[BUFFER]]
  tt.func public @store(%buffer: !buffer, %x: tensor<16x32xi8, #rows>) {
    %view = ttg.memdesc_trans %buffer {order = array<i32: 1, 0>} : !buffer -> !view
    ttg.local_store %x, %view : tensor<16x32xi8, #rows> -> !view
    tt.return
  }

  // CHECK-LABEL: @copy
  // CHECK-SAME: (%[[BUFFER:.*]]: !ttg.memdesc<{{.*}}>, %[[P:.*]]: tensor<{{.*}}>, %[[M:.*]]: tensor
  // CHECK-DAG: %[[Q:.*]] = tt.trans %[[P]]
  // CHECK-DAG: %[[N:.*]] = tt.trans %[[M]]
  // CHECK: ttg.async_copy_global_to_local %[[Q]], %[[BUFFER]] mask %[[N]] {contiguity = 4 : i32}
  tt.func public @copy(%buffer: !buffer, %p: tensor<16x32x!tt.ptr<i8>, #rows>, %mask: tensor<16x32xi1, #rows>) {
    %view = ttg.memdesc_trans %buffer {order = array<i32: 1, 0>} : !buffer -> !view
    %t = ttg.async_copy_global_to_local %p, %view mask %mask {contiguity = 4 : i32} : tensor<16x32x!tt.ptr<i8>, #rows> -> <16x32xi8, #turned, #smem, mutable>
    tt.return
  }

  // Twice turned is not turned.
  // CHECK-LABEL: @twice
  // CHECK-NOT: tt.trans
  // CHECK: tt.return
  tt.func public @twice(%buffer: !buffer) -> tensor<32x16xi8, #rows> {
    %view = ttg.memdesc_trans %buffer {order = array<i32: 1, 0>} : !buffer -> !view
    %back = ttg.memdesc_trans %view {order = array<i32: 1, 0>} : !view -> !buffer
    %x = ttg.local_load %back : !buffer -> tensor<32x16xi8, #rows>
    tt.return %x : tensor<32x16xi8, #rows>
  }

  // A layout that is transposed from the start has one meaning only.
  // CHECK-LABEL: @no_view
  // CHECK-NOT: tt.trans
  // CHECK: tt.return
  tt.func public @no_view(%view: !view) -> tensor<16x32xi8, #rows> {
    %x = ttg.local_load %view : !view -> tensor<16x32xi8, #rows>
    tt.return %x : tensor<16x32xi8, #rows>
  }

  // CHECK-LABEL: @swizzled
  // CHECK: %[[V:.*]] = ttg.memdesc_trans
  // CHECK: ttg.local_load %[[V]]
  // CHECK-NOT: tt.trans
  // CHECK: tt.return
  tt.func public @swizzled(%buffer: !ttg.memdesc<16x32xi8, #swizzled, #smem, mutable>) -> tensor<32x16xi8, #rows> {
    %view = ttg.memdesc_trans %buffer {order = array<i32: 1, 0>} : !ttg.memdesc<16x32xi8, #swizzled, #smem, mutable> -> !ttg.memdesc<32x16xi8, #swizzled_turned, #smem, mutable>
    %x = ttg.local_load %view : !ttg.memdesc<32x16xi8, #swizzled_turned, #smem, mutable> -> tensor<32x16xi8, #rows>
    tt.return %x : tensor<32x16xi8, #rows>
  }

  // CHECK-LABEL: @other_layout
  // CHECK: %[[V:.*]] = ttg.memdesc_trans
  // CHECK: ttg.local_load %[[V]]
  // CHECK-NOT: tt.trans
  // CHECK: tt.return
  tt.func public @other_layout(%buffer: !ttg.memdesc<32x16xi8, #plain, #smem, mutable>) -> tensor<16x32xi8, #rows> {
    %view = ttg.memdesc_trans %buffer {order = array<i32: 1, 0>} : !ttg.memdesc<32x16xi8, #plain, #smem, mutable> -> !ttg.memdesc<16x32xi8, #plain_turned, #smem, mutable>
    %x = ttg.local_load %view : !ttg.memdesc<16x32xi8, #plain_turned, #smem, mutable> -> tensor<16x32xi8, #rows>
    tt.return %x : tensor<16x32xi8, #rows>
  }

  // Before layouts are chosen there is nothing to transpose to.
  // CHECK-LABEL: @no_layout
  // CHECK: %[[V:.*]] = ttg.memdesc_trans
  // CHECK: ttg.local_load %[[V]]
  // CHECK: ttg.local_store %{{.*}}, %[[V]]
  // CHECK-NOT: tt.trans
  // CHECK: tt.return
  tt.func public @no_layout(%buffer: !buffer) -> tensor<16x32xi8> {
    %view = ttg.memdesc_trans %buffer {order = array<i32: 1, 0>} : !buffer -> !view
    %x = ttg.local_load %view : !view -> tensor<16x32xi8>
    ttg.local_store %x, %view : tensor<16x32xi8> -> !view
    tt.return %x : tensor<16x32xi8>
  }
}
