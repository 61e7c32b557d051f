// RUN: tle-opt %s -convert-triton-to-tritongpu='target=cuda:90 num-warps=4' | FileCheck %s

// Pointers into a buffer get the layouts of ordinary tensors; the buffer and
// views of it stay as they are.
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory

// CHECK-DAG: #[[L:.*]] = #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [1, 32], warpsPerCTA = [2, 2], order = [1, 0]}>
// CHECK-LABEL: tt.func public @pointers
tt.func public @pointers(%row: tensor<64x64xi32>, %col: tensor<64x64xi32>) {
  // CHECK: %[[B:.*]] = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
  %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
  // CHECK-NEXT: %[[P:.*]] = "tle.local_pointers"(%[[B]]) : (!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>) -> tensor<64x64x!tt.ptr<bf16, 3>, #[[L]]>
  %p = "tle.local_pointers"(%buf) : (!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>) -> tensor<64x64x!tt.ptr<bf16, 3>>
  // CHECK-NEXT: %[[Q:.*]] = "tle.local_pointers"(%[[B]], %arg0, %arg1) : (!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>, tensor<64x64xi32, #[[L]]>, tensor<64x64xi32, #[[L]]>) -> tensor<64x64x!tt.ptr<bf16, 3>, #[[L]]>
  %q = "tle.local_pointers"(%buf, %row, %col) : (!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>, tensor<64x64xi32>, tensor<64x64xi32>) -> tensor<64x64x!tt.ptr<bf16, 3>>
  // CHECK-NEXT: %[[V:.*]] = tt.load %[[Q]] : tensor<64x64x!tt.ptr<bf16, 3>, #[[L]]>
  %v = tt.load %q : tensor<64x64x!tt.ptr<bf16, 3>>
  // CHECK-NEXT: tt.store %[[P]], %[[V]] : tensor<64x64x!tt.ptr<bf16, 3>, #[[L]]>
  tt.store %p, %v : tensor<64x64x!tt.ptr<bf16, 3>>
  // CHECK-NEXT: tle.memdesc_wgmma_view %[[B]] {order = array<i32: 1, 0>}
  %w = tle.memdesc_wgmma_view %buf {order = array<i32: 1, 0>} : !ttg.memdesc<64x64xbf16, #shared, #smem, mutable> -> !ttg.memdesc<64x64xbf16, #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = true, elementBitWidth = 16}>, #smem, mutable>
  // CHECK-NEXT: ttg.local_dealloc
  ttg.local_dealloc %buf : !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
  tt.return
}
