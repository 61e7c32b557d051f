// RUN: tle-opt %s -triton-tle-mark-copy-eviction | FileCheck %s
// RUN: tle-opt %s -triton-tle-mark-copy-eviction -triton-tle-mark-copy-eviction | FileCheck %s

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!tile = !ttg.memdesc<16x64xbf16, #shared, #smem, mutable>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @both
  // CHECK: tt.elementwise_inline_asm "// copies, evict_first\0Amov.b32 $0, $1;" {{.*}}pure = false}
  // CHECK-NEXT: ttg.async_copy_global_to_local %{{.+}}, %{{.+}} :
  // CHECK: tt.elementwise_inline_asm "// end of copies\0A
  // CHECK: tt.elementwise_inline_asm "// copies, evict_last\0A
  // CHECK-NEXT: ttg.async_copy_global_to_local %{{.+}}, %{{.+}} mask %{{[^ ]+}} :
  // CHECK: tt.elementwise_inline_asm "// end of copies\0A
  tt.func public @both(%p: tensor<16x64x!tt.ptr<bf16>, #blocked>, %m: tensor<16x64xi1, #blocked>, %t: !tile) {
    %a = ttg.async_copy_global_to_local %p, %t evictionPolicy = evict_first : tensor<16x64x!tt.ptr<bf16>, #blocked> -> !tile
    %b = ttg.async_copy_global_to_local %p, %t mask %m evictionPolicy = evict_last : tensor<16x64x!tt.ptr<bf16>, #blocked> -> !tile
    tt.return
  }

  // A copy without a policy, and a load with one, which stock honours.
  // CHECK-LABEL: @neither
  // CHECK-NOT: tt.elementwise_inline_asm
  // CHECK: tt.return
  tt.func public @neither(%p: tensor<16x64x!tt.ptr<bf16>, #blocked>, %t: !tile) -> tensor<16x64xbf16, #blocked> {
    %a = ttg.async_copy_global_to_local %p, %t : tensor<16x64x!tt.ptr<bf16>, #blocked> -> !tile
    %b = tt.load %p evictionPolicy = evict_first : tensor<16x64x!tt.ptr<bf16>, #blocked>
    tt.return %b : tensor<16x64xbf16, #blocked>
  }
}
