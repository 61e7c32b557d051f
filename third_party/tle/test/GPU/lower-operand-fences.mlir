// RUN: tle-opt %s -triton-tle-lower-operand-fences | FileCheck %s

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @fences
  // CHECK: ttg.local_store
  // CHECK-NEXT: ttng.fence_async_shared {bCluster = false}
  // CHECK-NOT: ttng.fence_async_shared
  // CHECK: ttg.local_store
  // CHECK-NEXT: ttng.fence_async_shared {bCluster = false}
  // CHECK-NEXT: tt.return
  tt.func public @fences(%buf: !tile, %v: tensor<64x64xbf16, #blocked>) {
    ttg.local_store %v, %buf : tensor<64x64xbf16, #blocked> -> !tile
    tle.wgmma_shared_operand_fence %buf : !tile
    %c = arith.constant 0 : i32
    tle.wgmma_shared_operand_fence all
    ttg.local_store %v, %buf : tensor<64x64xbf16, #blocked> -> !tile
    tle.wgmma_shared_operand_fence %buf : !tile
    tt.return
  }

  // An immutable buffer is written where it is allocated: the fence before it
  // does not cover it.
  // CHECK-LABEL: @alloc_between
  // CHECK: ttng.fence_async_shared
  // CHECK: ttg.local_alloc
  // CHECK-NEXT: ttng.fence_async_shared
  tt.func public @alloc_between(%v: tensor<64x64xbf16, #blocked>) {
    ttng.fence_async_shared {bCluster = false}
    %buf = ttg.local_alloc %v : (tensor<64x64xbf16, #blocked>) -> !ttg.memdesc<64x64xbf16, #shared, #smem>
    tle.wgmma_shared_operand_fence %buf : !ttg.memdesc<64x64xbf16, #shared, #smem>
    tt.return
  }
}
