// RUN: tle-opt %s | FileCheck %s
// RUN: tle-opt %s --mlir-print-op-generic | tle-opt | FileCheck %s

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#shared1 = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = true, elementBitWidth = 16}>
#smem = #ttg.shared_memory

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @local_pointers
  tt.func public @local_pointers(%buf: !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>, %i: tensor<16x8xi32, #blocked>, %s: i32) {
    // CHECK: "tle.local_pointers"(%{{.*}}) : (!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>) -> tensor<64x64x!tt.ptr<bf16, 3>, #blocked>
    %all = "tle.local_pointers"(%buf) : (!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>) -> tensor<64x64x!tt.ptr<bf16, 3>, #blocked>
    // CHECK: "tle.local_pointers"(%{{.*}}, %{{.*}}, %{{.*}}) : (!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>, tensor<16x8xi32, #blocked>, tensor<16x8xi32, #blocked>) -> tensor<16x8x!tt.ptr<bf16, 3>, #blocked>
    %some = "tle.local_pointers"(%buf, %i, %i) : (!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>, tensor<16x8xi32, #blocked>, tensor<16x8xi32, #blocked>) -> tensor<16x8x!tt.ptr<bf16, 3>, #blocked>
    // CHECK: "tle.local_pointers"(%{{.*}}, %{{.*}}, %{{.*}}) : (!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>, i32, i32) -> !tt.ptr<bf16, 3>
    %one = "tle.local_pointers"(%buf, %s, %s) : (!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>, i32, i32) -> !tt.ptr<bf16, 3>
    tt.return
  }

  // CHECK-LABEL: @views
  tt.func public @views(%buf: !ttg.memdesc<64x512xbf16, #shared, #smem, mutable>) {
    // CHECK: tle.memdesc_wgmma_view %{{.*}} {order = array<i32: 1, 0>} : !ttg.memdesc<64x512xbf16, #shared, #smem, mutable> -> !ttg.memdesc<512x64xbf16, #shared1, #smem, mutable>
    %v = tle.memdesc_wgmma_view %buf {order = array<i32: 1, 0>} : !ttg.memdesc<64x512xbf16, #shared, #smem, mutable> -> !ttg.memdesc<512x64xbf16, #shared1, #smem, mutable>
    %s = ttg.memdesc_subslice %buf[0, 64] : !ttg.memdesc<64x512xbf16, #shared, #smem, mutable> -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable, 64x512>
    // CHECK: tle.memdesc_wgmma_view %{{.*}} {order = array<i32: 1, 0>} : !ttg.memdesc<64x64xbf16, #shared, #smem, mutable, 64x512> -> !ttg.memdesc<64x64xbf16, #shared1, #smem, mutable, 512x64>
    %w = tle.memdesc_wgmma_view %s {order = array<i32: 1, 0>} : !ttg.memdesc<64x64xbf16, #shared, #smem, mutable, 64x512> -> !ttg.memdesc<64x64xbf16, #shared1, #smem, mutable, 512x64>
    // CHECK: tle.wgmma_shared_operand_fence %{{.*}}, %{{.*}} : !ttg.memdesc<512x64xbf16, #shared1, #smem, mutable>, !ttg.memdesc<64x64xbf16, #shared1, #smem, mutable, 512x64>
    tle.wgmma_shared_operand_fence %v, %w : !ttg.memdesc<512x64xbf16, #shared1, #smem, mutable>, !ttg.memdesc<64x64xbf16, #shared1, #smem, mutable, 512x64>
    // CHECK: tle.wgmma_shared_operand_fence all{{$}}
    tle.wgmma_shared_operand_fence all
    // What follows has a result: its name is no operand of the fence.
    // CHECK-NEXT: %{{.*}} = tle.memdesc_wgmma_view
    %u = tle.memdesc_wgmma_view %buf {order = array<i32: 1, 0>} : !ttg.memdesc<64x512xbf16, #shared, #smem, mutable> -> !ttg.memdesc<512x64xbf16, #shared1, #smem, mutable>
    tt.return
  }

  // CHECK-LABEL: @register_tensors
  tt.func public @register_tensors(%x: tensor<128xi32>, %y: tensor<128x64xf32, #blocked>, %t: tensor<32x64xf32, #blocked>, %i: i32) {
    // CHECK: tle.exclusive_cumsum %{{.*}} {axis = 0 : i32, reverse = false} : tensor<128xi32> -> tensor<128xi32>, i32
    %e, %s = tle.exclusive_cumsum %x {axis = 0 : i32, reverse = false} : tensor<128xi32> -> tensor<128xi32>, i32
    // CHECK: tle.exclusive_cumsum %{{.*}} {axis = 1 : i32, reverse = true} : tensor<128x64xf32, #blocked> -> tensor<128x64xf32, #blocked>, tensor<128xf32, #ttg.slice<{dim = 1, parent = #blocked}>>
    %f, %u = tle.exclusive_cumsum %y {axis = 1 : i32, reverse = true} : tensor<128x64xf32, #blocked> -> tensor<128x64xf32, #blocked>, tensor<128xf32, #ttg.slice<{dim = 1, parent = #blocked}>>
    // CHECK: tle.extract_tile %{{.*}}[%{{.*}}, %{{.*}}] : tensor<128x64xf32, #blocked> -> tensor<32x64xf32, #blocked>
    %g = tle.extract_tile %y[%i, %i] : tensor<128x64xf32, #blocked> -> tensor<32x64xf32, #blocked>
    // CHECK: tle.insert_tile %{{.*}}, %{{.*}}[%{{.*}}, %{{.*}}] : tensor<32x64xf32, #blocked>, tensor<128x64xf32, #blocked>
    %h = tle.insert_tile %t, %y[%i, %i] : tensor<32x64xf32, #blocked>, tensor<128x64xf32, #blocked>
    tt.return
  }
}
