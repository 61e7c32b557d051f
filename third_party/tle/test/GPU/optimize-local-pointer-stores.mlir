// RUN: tle-opt %s -triton-tle-optimize-local-pointer-stores | FileCheck %s

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#row = #ttg.slice<{dim = 1, parent = #blocked}>
#col = #ttg.slice<{dim = 0, parent = #blocked}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buffer = !ttg.memdesc<64x128xbf16, #shared, #smem, mutable>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @full_view
  // CHECK-SAME: (%[[BUF:.*]]: !ttg.memdesc{{.*}}, %[[V:[a-z0-9]+]]: tensor<64x128xbf16, #blocked>)
  // CHECK-NEXT: ttg.local_store %[[V]], %[[BUF]] : tensor<64x128xbf16, #blocked> -> !ttg.memdesc<64x128xbf16, #shared, #smem, mutable>
  // CHECK-NEXT: tt.return
  tt.func public @full_view(%buf: !buffer, %v: tensor<64x128xbf16, #blocked>) {
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.store %p, %v : tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.return
  }

  // CHECK-LABEL: @subview
  // CHECK: %[[S:.*]] = ttg.memdesc_subslice %{{.*}}[0, 64]
  // CHECK: ttg.local_store %{{.*}}, %[[S]] : tensor<64x64xbf16, #blocked> -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable, 64x128>
  tt.func public @subview(%buf: !buffer, %v: tensor<64x64xbf16, #blocked>) {
    %c64 = arith.constant 64 : i32
    %off = tt.splat %c64 : i32 -> tensor<64x64xi32, #blocked>
    %r = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #row>
    %r1 = tt.expand_dims %r {axis = 1 : i32} : tensor<64xi32, #row> -> tensor<64x1xi32, #blocked>
    %row = tt.broadcast %r1 : tensor<64x1xi32, #blocked> -> tensor<64x64xi32, #blocked>
    %c = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #col>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<64xi32, #col> -> tensor<1x64xi32, #blocked>
    %c2 = tt.broadcast %c1 : tensor<1x64xi32, #blocked> -> tensor<64x64xi32, #blocked>
    %col = arith.addi %off, %c2 : tensor<64x64xi32, #blocked>
    %p = "tle.local_pointers"(%buf, %row, %col) : (!buffer, tensor<64x64xi32, #blocked>, tensor<64x64xi32, #blocked>) -> tensor<64x64x!tt.ptr<bf16, 3>, #blocked>
    tt.store %p, %v : tensor<64x64x!tt.ptr<bf16, 3>, #blocked>
    tt.return
  }

  // The only writer of its own buffer may write masked elements back.
  // CHECK-LABEL: @masked
  // CHECK: %[[BUF:.*]] = ttg.local_alloc
  // CHECK: %[[OLD:.*]] = ttg.local_load %[[BUF]]
  // CHECK: %[[NEW:.*]] = arith.select %{{.*}}, %{{.*}}, %[[OLD]]
  // CHECK: ttg.local_store %[[NEW]], %[[BUF]]
  tt.func public @masked(%v: tensor<64x128xbf16, #blocked>, %m: tensor<64x128xi1, #blocked>) {
    %buf = ttg.local_alloc : () -> !buffer
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.store %p, %v, %m : tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.return
  }

  // CHECK-LABEL: @true_mask
  // CHECK-NOT: arith.select
  // CHECK: ttg.local_store
  tt.func public @true_mask(%buf: !buffer, %v: tensor<64x128xbf16, #blocked>) {
    %m = arith.constant dense<true> : tensor<64x128xi1, #blocked>
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.store %p, %v, %m : tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.return
  }

  // An asynchronous copy under way may write the masked elements.
  // CHECK-LABEL: @masked_beside_copy
  // CHECK-NOT: ttg.local_store
  // CHECK: tt.store
  tt.func public @masked_beside_copy(%v: tensor<64x128xbf16, #blocked>, %m: tensor<64x128xi1, #blocked>, %g: tensor<64x128x!tt.ptr<bf16>, #blocked>) {
    %buf = ttg.local_alloc : () -> !buffer
    %t = ttg.async_copy_global_to_local %g, %buf : tensor<64x128x!tt.ptr<bf16>, #blocked> -> <64x128xbf16, #shared, #smem, mutable>
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.store %p, %v, %m : tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.return
  }

  // Whoever passes the buffer in may write to it.
  // CHECK-LABEL: @masked_foreign
  // CHECK-NOT: ttg.local_store
  // CHECK: tt.store
  tt.func public @masked_foreign(%buf: !buffer, %v: tensor<64x128xbf16, #blocked>, %m: tensor<64x128xi1, #blocked>) {
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.store %p, %v, %m : tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.return
  }

  // CHECK-LABEL: @scattered
  // CHECK-NOT: ttg.local_store
  // CHECK: tt.store
  tt.func public @scattered(%buf: !buffer, %v: tensor<16x16xbf16, #blocked>, %i: tensor<16x16xi32, #blocked>) {
    %p = "tle.local_pointers"(%buf, %i, %i) : (!buffer, tensor<16x16xi32, #blocked>, tensor<16x16xi32, #blocked>) -> tensor<16x16x!tt.ptr<bf16, 3>, #blocked>
    tt.store %p, %v : tensor<16x16x!tt.ptr<bf16, 3>, #blocked>
    tt.return
  }
}
