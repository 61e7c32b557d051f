// RUN: tle-opt %s -triton-tle-optimize-local-pointer-async-stores | FileCheck %s

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#row = #ttg.slice<{dim = 1, parent = #blocked}>
#col = #ttg.slice<{dim = 0, parent = #blocked}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buffer = !ttg.memdesc<64x128xbf16, #shared, #smem, mutable>
#plain = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [1, 0]}>
!odd = !ttg.memdesc<32x32xbf16, #shared, #smem, mutable>
!bits = !ttg.memdesc<64x128xi1, #plain, #smem, mutable>

#other = #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [1, 32], warpsPerCTA = [4, 1], order = [1, 0]}>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @full_view
  // CHECK-SAME: (%[[BUF:.*]]: !ttg.memdesc{{.*}}, %[[SRC:.*]]: tensor
  // CHECK-NEXT: %[[T:.*]] = ttg.async_copy_global_to_local %[[SRC]], %[[BUF]] {tle.local_ptr_async_store} : tensor<64x128x!tt.ptr<bf16>, #blocked> -> <64x128xbf16, #shared, #smem, mutable>
  // CHECK-NEXT: %[[G:.*]] = ttg.async_commit_group tokens %[[T]]
  // CHECK-NEXT: ttg.async_wait %[[G]] {num = 0 : i32}
  // CHECK-NEXT: tt.return
  tt.func public @full_view(%buf: !buffer, %src: tensor<64x128x!tt.ptr<bf16>, #blocked>) {
    %v = tt.load %src : tensor<64x128x!tt.ptr<bf16>, #blocked>
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.store %p, %v : tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.return
  }

  // CHECK-LABEL: @subview
  // CHECK: %[[S:.*]] = ttg.memdesc_subslice %{{.*}}[0, 64] : {{.*}} -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable, 64x128>
  // CHECK-NEXT: ttg.async_copy_global_to_local %{{.*}}, %[[S]] mask %{{.*}} other %{{.*}} {tle.local_ptr_async_store}
  // CHECK-NEXT: ttg.async_commit_group
  // CHECK-NEXT: ttg.async_wait %{{.*}} {num = 0 : i32}
  // CHECK-NOT: tt.store
  tt.func public @subview(%buf: !buffer, %src: tensor<64x64x!tt.ptr<bf16>, #blocked>, %m: tensor<64x64xi1, #blocked>) {
    %zero = arith.constant dense<0.0> : tensor<64x64xbf16, #blocked>
    %r = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #row>
    %r1 = tt.expand_dims %r {axis = 1 : i32} : tensor<64xi32, #row> -> tensor<64x1xi32, #blocked>
    %row = tt.broadcast %r1 : tensor<64x1xi32, #blocked> -> tensor<64x64xi32, #blocked>
    %c = tt.make_range {start = 64 : i32, end = 128 : i32} : tensor<64xi32, #col>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<64xi32, #col> -> tensor<1x64xi32, #blocked>
    %col = tt.broadcast %c1 : tensor<1x64xi32, #blocked> -> tensor<64x64xi32, #blocked>
    %v = tt.load %src, %m, %zero : tensor<64x64x!tt.ptr<bf16>, #blocked>
    %p = "tle.local_pointers"(%buf, %row, %col) : (!buffer, tensor<64x64xi32, #blocked>, tensor<64x64xi32, #blocked>) -> tensor<64x64x!tt.ptr<bf16, 3>, #blocked>
    tt.store %p, %v : tensor<64x64x!tt.ptr<bf16, 3>, #blocked>
    tt.return
  }

  // The value may change its layout on the way.
  // CHECK-LABEL: @converted
  // CHECK: ttg.async_copy_global_to_local %{{.*}} : tensor<64x128x!tt.ptr<bf16>, #blocked>
  // CHECK-NOT: ttg.convert_layout
  tt.func public @converted(%buf: !buffer, %src: tensor<64x128x!tt.ptr<bf16>, #blocked>) {
    %v = tt.load %src : tensor<64x128x!tt.ptr<bf16>, #blocked>
    %w = ttg.convert_layout %v : tensor<64x128xbf16, #blocked> -> tensor<64x128xbf16, #other>
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #other>
    tt.store %p, %w : tensor<64x128x!tt.ptr<bf16, 3>, #other>
    tt.return
  }

  // A row of 64 bytes has no swizzle of 128: there is no map of the layout by
  // which a part could be a view.
  // CHECK-LABEL: @no_map_of_the_layout
  // CHECK-NOT: ttg.async_copy_global_to_local
  // CHECK: tt.store
  tt.func public @no_map_of_the_layout(%buf: !odd, %src: tensor<32x16x!tt.ptr<bf16>, #blocked>) {
    %r = tt.make_range {start = 0 : i32, end = 32 : i32} : tensor<32xi32, #row>
    %r1 = tt.expand_dims %r {axis = 1 : i32} : tensor<32xi32, #row> -> tensor<32x1xi32, #blocked>
    %rows = tt.broadcast %r1 : tensor<32x1xi32, #blocked> -> tensor<32x16xi32, #blocked>
    %c = tt.make_range {start = 0 : i32, end = 16 : i32} : tensor<16xi32, #col>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<16xi32, #col> -> tensor<1x16xi32, #blocked>
    %cols = tt.broadcast %c1 : tensor<1x16xi32, #blocked> -> tensor<32x16xi32, #blocked>
    %v = tt.load %src : tensor<32x16x!tt.ptr<bf16>, #blocked>
    %p = "tle.local_pointers"(%buf, %rows, %cols) : (!odd, tensor<32x16xi32, #blocked>, tensor<32x16xi32, #blocked>) -> tensor<32x16x!tt.ptr<bf16, 3>, #blocked>
    tt.store %p, %v : tensor<32x16x!tt.ptr<bf16, 3>, #blocked>
    tt.return
  }

  // Whether cp.async can move two-byte elements from anywhere is asked once
  // layouts are settled, by -triton-tle-downgrade-invalid-async-copy.
  // CHECK-LABEL: @scattered_source
  // CHECK: ttg.async_copy_global_to_local
  tt.func public @scattered_source(%buf: !buffer, %src: tensor<64x128x!tt.ptr<bf16>, #other>) {
    %v = tt.load %src : tensor<64x128x!tt.ptr<bf16>, #other>
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #other>
    tt.store %p, %v : tensor<64x128x!tt.ptr<bf16, 3>, #other>
    tt.return
  }

  // A truth value takes a byte in memory, which a load makes one or zero.
  // CHECK-LABEL: @truth_values
  // CHECK-NOT: ttg.async_copy_global_to_local
  // CHECK: tt.store
  tt.func public @truth_values(%buf: !bits, %src: tensor<64x128x!tt.ptr<i1>, #blocked>) {
    %v = tt.load %src : tensor<64x128x!tt.ptr<i1>, #blocked>
    %p = "tle.local_pointers"(%buf) : (!bits) -> tensor<64x128x!tt.ptr<i1, 3>, #blocked>
    tt.store %p, %v : tensor<64x128x!tt.ptr<i1, 3>, #blocked>
    tt.return
  }

  // cp.async fills with zeros only.
  // CHECK-LABEL: @other_than_zero
  // CHECK-NOT: ttg.async_copy_global_to_local
  tt.func public @other_than_zero(%buf: !buffer, %src: tensor<64x128x!tt.ptr<bf16>, #blocked>, %m: tensor<64x128xi1, #blocked>) {
    %one = arith.constant dense<1.0> : tensor<64x128xbf16, #blocked>
    %v = tt.load %src, %m, %one : tensor<64x128x!tt.ptr<bf16>, #blocked>
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.store %p, %v : tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.return
  }

  // A masked store keeps elements, a copy would overwrite them.
  // CHECK-LABEL: @masked_store
  // CHECK-NOT: ttg.async_copy_global_to_local
  tt.func public @masked_store(%buf: !buffer, %src: tensor<64x128x!tt.ptr<bf16>, #blocked>, %m: tensor<64x128xi1, #blocked>) {
    %v = tt.load %src, %m : tensor<64x128x!tt.ptr<bf16>, #blocked>
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.store %p, %v, %m : tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.return
  }

  // CHECK-LABEL: @used_elsewhere
  // CHECK-NOT: ttg.async_copy_global_to_local
  tt.func public @used_elsewhere(%buf: !buffer, %src: tensor<64x128x!tt.ptr<bf16>, #blocked>) -> tensor<64x128xbf16, #blocked> {
    %v = tt.load %src : tensor<64x128x!tt.ptr<bf16>, #blocked>
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.store %p, %v : tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.return %v : tensor<64x128xbf16, #blocked>
  }

  // CHECK-LABEL: @computed
  // CHECK-NOT: ttg.async_copy_global_to_local
  tt.func public @computed(%buf: !buffer, %src: tensor<64x128x!tt.ptr<bf16>, #blocked>) {
    %v = tt.load %src : tensor<64x128x!tt.ptr<bf16>, #blocked>
    %w = arith.addf %v, %v : tensor<64x128xbf16, #blocked>
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.store %p, %w : tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.return
  }

  // A mask alone, and zeros made in other ways than by one constant.
  // CHECK-LABEL: @masked
  // CHECK-SAME: %[[M:[a-z0-9]+]]: tensor<64x128xi1, #blocked>
  // CHECK: ttg.async_copy_global_to_local %{{.*}}, %{{.*}} mask %[[M]] {tle.local_ptr_async_store}
  // CHECK: ttg.async_copy_global_to_local %{{.*}}, %{{.*}} mask %[[M]] other %{{.*}} {tle.local_ptr_async_store}
  // CHECK-NOT: tt.store
  tt.func public @masked(%buf: !buffer, %src: tensor<64x128x!tt.ptr<bf16>, #blocked>, %m: tensor<64x128xi1, #blocked>) {
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    %v = tt.load %src, %m : tensor<64x128x!tt.ptr<bf16>, #blocked>
    tt.store %p, %v : tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    %f0 = arith.constant 0.0 : f32
    %zeros = tt.splat %f0 : f32 -> tensor<64x128xf32, #blocked>
    %zero = arith.truncf %zeros : tensor<64x128xf32, #blocked> to tensor<64x128xbf16, #blocked>
    %w = tt.load %src, %m, %zero : tensor<64x128x!tt.ptr<bf16>, #blocked>
    tt.store %p, %w : tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.return
  }

  // Negative zero is another value.
  // CHECK-LABEL: @negative_zero
  // CHECK-NOT: ttg.async_copy_global_to_local
  tt.func public @negative_zero(%buf: !buffer, %src: tensor<64x128x!tt.ptr<bf16>, #blocked>, %m: tensor<64x128xi1, #blocked>) {
    %zero = arith.constant dense<-0.0> : tensor<64x128xbf16, #blocked>
    %v = tt.load %src, %m, %zero : tensor<64x128x!tt.ptr<bf16>, #blocked>
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.store %p, %v : tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.return
  }

  // CHECK-LABEL: @volatile
  // CHECK-NOT: ttg.async_copy_global_to_local
  tt.func public @volatile(%buf: !buffer, %src: tensor<64x128x!tt.ptr<bf16>, #blocked>) {
    %v = tt.load %src {isVolatile = true} : tensor<64x128x!tt.ptr<bf16>, #blocked>
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.store %p, %v : tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.return
  }

  // A store under a condition is no copy at the place of the load.
  // CHECK-LABEL: @stored_elsewhere
  // CHECK-NOT: ttg.async_copy_global_to_local
  tt.func public @stored_elsewhere(%buf: !buffer, %src: tensor<64x128x!tt.ptr<bf16>, #blocked>, %c: i1) {
    %v = tt.load %src : tensor<64x128x!tt.ptr<bf16>, #blocked>
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    scf.if %c {
      tt.store %p, %v : tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    }
    tt.return
  }

  // What is stored in between may be what is loaded.
  // CHECK-LABEL: @overwritten
  // CHECK-NOT: ttg.async_copy_global_to_local
  tt.func public @overwritten(%buf: !buffer, %src: tensor<64x128x!tt.ptr<bf16>, #blocked>, %x: tensor<64x128xbf16, #blocked>) {
    %v = tt.load %src : tensor<64x128x!tt.ptr<bf16>, #blocked>
    tt.store %src, %x : tensor<64x128x!tt.ptr<bf16>, #blocked>
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.store %p, %v : tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.return
  }

  // CHECK-LABEL: @inside_shared_memory
  // CHECK-NOT: ttg.async_copy_global_to_local
  tt.func public @inside_shared_memory(%buf: !buffer, %from: !buffer) {
    %q = "tle.local_pointers"(%from) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    %v = tt.load %q : tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.store %p, %v : tensor<64x128x!tt.ptr<bf16, 3>, #blocked>
    tt.return
  }
}
