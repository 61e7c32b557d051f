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
  // CHECK: ttg.local_load
  // CHECK-NOT: arith.select
  // CHECK: ttg.local_load
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

  // Both sides of a long sum of sums are not looked through.
  // CHECK-LABEL: @doubled
  // CHECK-NOT: ttg.local_load
  // CHECK: tt.load
  tt.func public @doubled(%buf: !buffer) -> tensor<16x16xbf16, #blocked> {
    %r = tt.make_range {start = 0 : i32, end = 16 : i32} : tensor<16xi32, #col>
    %t = tt.expand_dims %r {axis = 0 : i32} : tensor<16xi32, #col> -> tensor<1x16xi32, #blocked>
    %s0 = tt.broadcast %t : tensor<1x16xi32, #blocked> -> tensor<16x16xi32, #blocked>
    %s1 = arith.addi %s0, %s0 : tensor<16x16xi32, #blocked>
    %s2 = arith.addi %s1, %s1 : tensor<16x16xi32, #blocked>
    %s3 = arith.addi %s2, %s2 : tensor<16x16xi32, #blocked>
    %s4 = arith.addi %s3, %s3 : tensor<16x16xi32, #blocked>
    %s5 = arith.addi %s4, %s4 : tensor<16x16xi32, #blocked>
    %s6 = arith.addi %s5, %s5 : tensor<16x16xi32, #blocked>
    %s7 = arith.addi %s6, %s6 : tensor<16x16xi32, #blocked>
    %s8 = arith.addi %s7, %s7 : tensor<16x16xi32, #blocked>
    %s9 = arith.addi %s8, %s8 : tensor<16x16xi32, #blocked>
    %s10 = arith.addi %s9, %s9 : tensor<16x16xi32, #blocked>
    %s11 = arith.addi %s10, %s10 : tensor<16x16xi32, #blocked>
    %s12 = arith.addi %s11, %s11 : tensor<16x16xi32, #blocked>
    %s13 = arith.addi %s12, %s12 : tensor<16x16xi32, #blocked>
    %s14 = arith.addi %s13, %s13 : tensor<16x16xi32, #blocked>
    %s15 = arith.addi %s14, %s14 : tensor<16x16xi32, #blocked>
    %s16 = arith.addi %s15, %s15 : tensor<16x16xi32, #blocked>
    %s17 = arith.addi %s16, %s16 : tensor<16x16xi32, #blocked>
    %s18 = arith.addi %s17, %s17 : tensor<16x16xi32, #blocked>
    %s19 = arith.addi %s18, %s18 : tensor<16x16xi32, #blocked>
    %s20 = arith.addi %s19, %s19 : tensor<16x16xi32, #blocked>
    %s21 = arith.addi %s20, %s20 : tensor<16x16xi32, #blocked>
    %s22 = arith.addi %s21, %s21 : tensor<16x16xi32, #blocked>
    %s23 = arith.addi %s22, %s22 : tensor<16x16xi32, #blocked>
    %s24 = arith.addi %s23, %s23 : tensor<16x16xi32, #blocked>
    %s25 = arith.addi %s24, %s24 : tensor<16x16xi32, #blocked>
    %s26 = arith.addi %s25, %s25 : tensor<16x16xi32, #blocked>
    %s27 = arith.addi %s26, %s26 : tensor<16x16xi32, #blocked>
    %s28 = arith.addi %s27, %s27 : tensor<16x16xi32, #blocked>
    %s29 = arith.addi %s28, %s28 : tensor<16x16xi32, #blocked>
    %s30 = arith.addi %s29, %s29 : tensor<16x16xi32, #blocked>
    %s31 = arith.addi %s30, %s30 : tensor<16x16xi32, #blocked>
    %s32 = arith.addi %s31, %s31 : tensor<16x16xi32, #blocked>
    %s33 = arith.addi %s32, %s32 : tensor<16x16xi32, #blocked>
    %s34 = arith.addi %s33, %s33 : tensor<16x16xi32, #blocked>
    %s35 = arith.addi %s34, %s34 : tensor<16x16xi32, #blocked>
    %s36 = arith.addi %s35, %s35 : tensor<16x16xi32, #blocked>
    %s37 = arith.addi %s36, %s36 : tensor<16x16xi32, #blocked>
    %s38 = arith.addi %s37, %s37 : tensor<16x16xi32, #blocked>
    %s39 = arith.addi %s38, %s38 : tensor<16x16xi32, #blocked>
    %s40 = arith.addi %s39, %s39 : tensor<16x16xi32, #blocked>
    %p = "tle.local_pointers"(%buf, %s40, %s40) : (!buffer, tensor<16x16xi32, #blocked>, tensor<16x16xi32, #blocked>) -> tensor<16x16x!tt.ptr<bf16, 3>, #blocked>
    %v = tt.load %p : tensor<16x16x!tt.ptr<bf16, 3>, #blocked>
    tt.return %v : tensor<16x16xbf16, #blocked>
  }
}
