// RUN: tle-opt %s -triton-tle-optimize-local-pointer-loads | FileCheck %s

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#row = #ttg.slice<{dim = 1, parent = #blocked}>
#col = #ttg.slice<{dim = 0, parent = #blocked}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buffer = !ttg.memdesc<64x128xbf16, #shared, #smem, mutable>
#plain = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [1, 0]}>
!rows = !ttg.memdesc<64x128xbf16, #plain, #smem, mutable>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @full_view
  // CHECK-SAME: (%[[BUF:.*]]: !ttg.memdesc
  // CHECK-NEXT: %[[V:.*]] = ttg.local_load %[[BUF]] : !ttg.memdesc<64x128xbf16, #shared, #smem, mutable> -> tensor<64x128xbf16, #blocked>
  // CHECK-NEXT: tt.return %[[V]]
  tt.func public @full_view(%buf: !buffer) -> tensor<64x128xbf16, #blocked> {
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    %v = tt.load %p : tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.return %v : tensor<64x128xbf16, #blocked>
  }

  // Everything lies inside the buffer, so a mask only selects.
  // CHECK-LABEL: @masked
  // CHECK-SAME: (%[[BUF:.*]]: !ttg.memdesc{{.*}}, %[[M:[a-z0-9]+]]: tensor<64x128xi1, #blocked>, %[[O:[a-z0-9]+]]: tensor<64x128xbf16, #blocked>)
  // CHECK-NEXT: %[[V:.*]] = ttg.local_load %[[BUF]]
  // CHECK-NEXT: %[[W:.*]] = arith.select %[[M]], %[[V]], %[[O]]
  // CHECK-NEXT: tt.return %[[W]]
  tt.func public @masked(%buf: !buffer, %m: tensor<64x128xi1, #blocked>, %o: tensor<64x128xbf16, #blocked>) -> tensor<64x128xbf16, #blocked> {
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    %v = tt.load %p, %m, %o : tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.return %v : tensor<64x128xbf16, #blocked>
  }

  // Indices "8 + row, 64 + column" are a box.
  // CHECK-LABEL: @subview
  // CHECK-SAME: (%[[BUF:.*]]: !ttg.memdesc
  // CHECK: %[[S:.*]] = ttg.memdesc_subslice %[[BUF]][8, 64] : !ttg.memdesc<64x128xbf16, #shared, #smem, mutable> -> !ttg.memdesc<8x64xbf16, #shared, #smem, mutable, 64x128>
  // CHECK: ttg.local_load %[[S]] : !ttg.memdesc<8x64xbf16, #shared, #smem, mutable, 64x128> -> tensor<8x64xbf16, #blocked>
  // CHECK-NOT: tt.load
  tt.func public @subview(%buf: !buffer) -> tensor<8x64xbf16, #blocked> {
    %c8 = arith.constant dense<8> : tensor<8xi32, #row>
    %r = tt.make_range {start = 0 : i32, end = 8 : i32} : tensor<8xi32, #row>
    %r0 = arith.addi %r, %c8 : tensor<8xi32, #row>
    %r1 = tt.expand_dims %r0 {axis = 1 : i32} : tensor<8xi32, #row> -> tensor<8x1xi32, #blocked>
    %row = tt.broadcast %r1 : tensor<8x1xi32, #blocked> -> tensor<8x64xi32, #blocked>
    %c = tt.make_range {start = 64 : i32, end = 128 : i32} : tensor<64xi32, #col>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<64xi32, #col> -> tensor<1x64xi32, #blocked>
    %col = tt.broadcast %c1 : tensor<1x64xi32, #blocked> -> tensor<8x64xi32, #blocked>
    %p = "tle.local_pointers"(%buf, %row, %col) : (!buffer, tensor<8x64xi32, #blocked>, tensor<8x64xi32, #blocked>) -> tensor<8x64x!tt.ptr<bf16, 3>, #blocked>
    %v = tt.load %p : tensor<8x64x!tt.ptr<bf16, 3>, #blocked>
    tt.return %v : tensor<8x64xbf16, #blocked>
  }

  // Without another value for masked elements any will do; a mask that always
  // holds selects nothing.
  // CHECK-LABEL: @masks_without_effect
  // CHECK-COUNT-2: ttg.local_load
  // CHECK-NOT: arith.select
  // CHECK: tt.return
  tt.func public @masks_without_effect(%buf: !buffer, %m: tensor<64x128xi1, #blocked>, %o: tensor<64x128xbf16, #blocked>) -> (tensor<64x128xbf16, #blocked>, tensor<64x128xbf16, #blocked>) {
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    %v = tt.load %p, %m : tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    %t = arith.constant dense<true> : tensor<64x128xi1, #blocked>
    %w = tt.load %p, %t, %o : tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.return %v, %w : tensor<64x128xbf16, #blocked>, tensor<64x128xbf16, #blocked>
  }

  // One access for each element.
  // CHECK-LABEL: @volatile
  // CHECK-NOT: ttg.local_load
  // CHECK: tt.load
  tt.func public @volatile(%buf: !buffer) -> tensor<64x128xbf16, #blocked> {
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    %v = tt.load %p {isVolatile = true} : tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.return %v : tensor<64x128xbf16, #blocked>
  }

  // One row: a number is as good as a range of one.
  // CHECK-LABEL: @row
  // CHECK: %[[S:.*]] = ttg.memdesc_subslice %{{.*}}[5, 0] : {{.*}} -> !ttg.memdesc<1x128xbf16, #shared1, #smem, mutable, 64x128>
  // CHECK: ttg.local_load %[[S]]
  tt.func public @row(%buf: !rows) -> tensor<1x128xbf16, #blocked> {
    %row = arith.constant dense<5> : tensor<1x128xi32, #blocked>
    %c = tt.make_range {start = 0 : i32, end = 128 : i32} : tensor<128xi32, #col>
    %col = tt.expand_dims %c {axis = 0 : i32} : tensor<128xi32, #col> -> tensor<1x128xi32, #blocked>
    %p = "tle.local_pointers"(%buf, %row, %col) : (!rows, tensor<1x128xi32, #blocked>, tensor<1x128xi32, #blocked>) -> tensor<1x128x!tt.ptr<bf16, 3>, #blocked>
    %v = tt.load %p : tensor<1x128x!tt.ptr<bf16, 3>, #blocked>
    tt.return %v : tensor<1x128xbf16, #blocked>
  }

  // A box that cuts through the swizzle stays a load through pointers.
  // CHECK-LABEL: @through_swizzle
  // CHECK-NOT: ttg.local_load
  // CHECK: tt.load
  tt.func public @through_swizzle(%buf: !buffer) -> tensor<4x64xbf16, #blocked> {
    %r = tt.make_range {start = 0 : i32, end = 4 : i32} : tensor<4xi32, #row>
    %r1 = tt.expand_dims %r {axis = 1 : i32} : tensor<4xi32, #row> -> tensor<4x1xi32, #blocked>
    %row = tt.broadcast %r1 : tensor<4x1xi32, #blocked> -> tensor<4x64xi32, #blocked>
    %c = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #col>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<64xi32, #col> -> tensor<1x64xi32, #blocked>
    %col = tt.broadcast %c1 : tensor<1x64xi32, #blocked> -> tensor<4x64xi32, #blocked>
    %p = "tle.local_pointers"(%buf, %row, %col) : (!buffer, tensor<4x64xi32, #blocked>, tensor<4x64xi32, #blocked>) -> tensor<4x64x!tt.ptr<bf16, 3>, #blocked>
    %v = tt.load %p : tensor<4x64x!tt.ptr<bf16, 3>, #blocked>
    tt.return %v : tensor<4x64xbf16, #blocked>
  }

  // Rows and columns exchanged are no view of the buffer.
  // CHECK-LABEL: @exchanged
  // CHECK-NOT: ttg.local_load
  // CHECK: tt.load
  tt.func public @exchanged(%buf: !buffer) -> tensor<64x64xbf16, #blocked> {
    %r = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #row>
    %r1 = tt.expand_dims %r {axis = 1 : i32} : tensor<64xi32, #row> -> tensor<64x1xi32, #blocked>
    %row = tt.broadcast %r1 : tensor<64x1xi32, #blocked> -> tensor<64x64xi32, #blocked>
    %c = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #col>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<64xi32, #col> -> tensor<1x64xi32, #blocked>
    %col = tt.broadcast %c1 : tensor<1x64xi32, #blocked> -> tensor<64x64xi32, #blocked>
    %p = "tle.local_pointers"(%buf, %col, %row) : (!buffer, tensor<64x64xi32, #blocked>, tensor<64x64xi32, #blocked>) -> tensor<64x64x!tt.ptr<bf16, 3>, #blocked>
    %v = tt.load %p : tensor<64x64x!tt.ptr<bf16, 3>, #blocked>
    tt.return %v : tensor<64x64xbf16, #blocked>
  }

  // CHECK-LABEL: @out_of_bounds
  // CHECK-NOT: ttg.local_load
  // CHECK: tt.load
  tt.func public @out_of_bounds(%buf: !buffer) -> tensor<64x128xbf16, #blocked> {
    %c64 = arith.constant dense<64> : tensor<64x128xi32, #blocked>
    %r = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #row>
    %r1 = tt.expand_dims %r {axis = 1 : i32} : tensor<64xi32, #row> -> tensor<64x1xi32, #blocked>
    %r2 = tt.broadcast %r1 : tensor<64x1xi32, #blocked> -> tensor<64x128xi32, #blocked>
    %row = arith.addi %r2, %c64 : tensor<64x128xi32, #blocked>
    %c = tt.make_range {start = 0 : i32, end = 128 : i32} : tensor<128xi32, #col>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<128xi32, #col> -> tensor<1x128xi32, #blocked>
    %col = tt.broadcast %c1 : tensor<1x128xi32, #blocked> -> tensor<64x128xi32, #blocked>
    %p = "tle.local_pointers"(%buf, %row, %col) : (!buffer, tensor<64x128xi32, #blocked>, tensor<64x128xi32, #blocked>) -> tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    %v = tt.load %p : tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.return %v : tensor<64x128xbf16, #blocked>
  }

  // CHECK-LABEL: @gathered
  // CHECK-NOT: ttg.local_load
  // CHECK: tt.load
  tt.func public @gathered(%buf: !buffer, %i: tensor<16x16xi32, #blocked>) -> tensor<16x16xbf16, #blocked> {
    %p = "tle.local_pointers"(%buf, %i, %i) : (!buffer, tensor<16x16xi32, #blocked>, tensor<16x16xi32, #blocked>) -> tensor<16x16x!tt.ptr<bf16, 3>, #blocked>
    %v = tt.load %p : tensor<16x16x!tt.ptr<bf16, 3>, #blocked>
    tt.return %v : tensor<16x16xbf16, #blocked>
  }

  // CHECK-LABEL: @global
  // CHECK: tt.load %{{.*}} : tensor<64x128x!tt.ptr<bf16>, #blocked>
  tt.func public @global(%p: tensor<64x128x!tt.ptr<bf16>, #blocked>) -> tensor<64x128xbf16, #blocked> {
    %v = tt.load %p : tensor<64x128x!tt.ptr<bf16>, #blocked>
    tt.return %v : tensor<64x128xbf16, #blocked>
  }
}
