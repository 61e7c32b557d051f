// RUN: tle-opt %s -triton-tle-optimize-local-pointer-async-stores | FileCheck %s

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#row = #ttg.slice<{dim = 1, parent = #blocked}>
#col = #ttg.slice<{dim = 0, parent = #blocked}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buffer = !ttg.memdesc<64x128xbf16, #shared, #smem, mutable>
#narrow = #ttg.nvmma_shared<{swizzlingByteWidth = 32, transposed = false, elementBitWidth = 16}>
!small = !ttg.memdesc<8x16xbf16, #narrow, #smem, mutable>

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

  // One element a thread, but neighbours in memory: a later layout makes vectors.
  // CHECK-LABEL: @contiguous
  // CHECK: ttg.async_copy_global_to_local
  tt.func public @contiguous(%buf: !buffer, %base: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %rows: tensor<64xi32, #ttg.slice<{dim = 1, parent = #other}>>) {
    %c512 = arith.constant dense<512> : tensor<64x1xi32, #other>
    %r1 = tt.expand_dims %rows {axis = 1 : i32} : tensor<64xi32, #ttg.slice<{dim = 1, parent = #other}>> -> tensor<64x1xi32, #other>
    %r2 = arith.muli %r1, %c512 : tensor<64x1xi32, #other>
    %b = tt.splat %base : !tt.ptr<bf16> -> tensor<64x1x!tt.ptr<bf16>, #other>
    %q = tt.addptr %b, %r2 : tensor<64x1x!tt.ptr<bf16>, #other>, tensor<64x1xi32, #other>
    %q2 = tt.broadcast %q : tensor<64x1x!tt.ptr<bf16>, #other> -> tensor<64x128x!tt.ptr<bf16>, #other>
    %c = tt.make_range {start = 0 : i32, end = 128 : i32} : tensor<128xi32, #ttg.slice<{dim = 0, parent = #other}>>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<128xi32, #ttg.slice<{dim = 0, parent = #other}>> -> tensor<1x128xi32, #other>
    %col = tt.broadcast %c1 : tensor<1x128xi32, #other> -> tensor<64x128xi32, #other>
    %src = tt.addptr %q2, %col : tensor<64x128x!tt.ptr<bf16>, #other>, tensor<64x128xi32, #other>
    %v = tt.load %src : tensor<64x128x!tt.ptr<bf16>, #other>
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #other>
    tt.store %p, %v : tensor<64x128x!tt.ptr<bf16, 3>, #other>
    tt.return
  }

  // The same from an address of which nothing is known: no vector is aligned.
  // CHECK-LABEL: @unaligned
  // CHECK-NOT: ttg.async_copy_global_to_local
  // CHECK: tt.store
  tt.func public @unaligned(%buf: !buffer, %base: !tt.ptr<bf16>, %rows: tensor<64xi32, #ttg.slice<{dim = 1, parent = #other}>>) {
    %c512 = arith.constant dense<512> : tensor<64x1xi32, #other>
    %r1 = tt.expand_dims %rows {axis = 1 : i32} : tensor<64xi32, #ttg.slice<{dim = 1, parent = #other}>> -> tensor<64x1xi32, #other>
    %r2 = arith.muli %r1, %c512 : tensor<64x1xi32, #other>
    %b = tt.splat %base : !tt.ptr<bf16> -> tensor<64x1x!tt.ptr<bf16>, #other>
    %q = tt.addptr %b, %r2 : tensor<64x1x!tt.ptr<bf16>, #other>, tensor<64x1xi32, #other>
    %q2 = tt.broadcast %q : tensor<64x1x!tt.ptr<bf16>, #other> -> tensor<64x128x!tt.ptr<bf16>, #other>
    %c = tt.make_range {start = 0 : i32, end = 128 : i32} : tensor<128xi32, #ttg.slice<{dim = 0, parent = #other}>>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<128xi32, #ttg.slice<{dim = 0, parent = #other}>> -> tensor<1x128xi32, #other>
    %col = tt.broadcast %c1 : tensor<1x128xi32, #other> -> tensor<64x128xi32, #other>
    %src = tt.addptr %q2, %col : tensor<64x128x!tt.ptr<bf16>, #other>, tensor<64x128xi32, #other>
    %v = tt.load %src : tensor<64x128x!tt.ptr<bf16>, #other>
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #other>
    tt.store %p, %v : tensor<64x128x!tt.ptr<bf16, 3>, #other>
    tt.return
  }

  // 128 elements for 128 threads: each moves 2 bytes.
  // CHECK-LABEL: @fewer_elements_than_a_vector_each
  // CHECK-NOT: ttg.async_copy_global_to_local
  // CHECK: tt.store
  tt.func public @fewer_elements_than_a_vector_each(%src: tensor<8x16x!tt.ptr<bf16>, #blocked>, %buf: !small) {
    %v = tt.load %src : tensor<8x16x!tt.ptr<bf16>, #blocked>
    %p = "tle.local_pointers"(%buf) : (!small) -> tensor<8x16x!tt.ptr<bf16, 3>, #blocked>
    tt.store %p, %v : tensor<8x16x!tt.ptr<bf16, 3>, #blocked>
    tt.return
  }

  // A bound that may lie inside of a vector.
  // CHECK-LABEL: @odd_bound
  // CHECK-NOT: ttg.async_copy_global_to_local
  // CHECK: tt.store
  tt.func public @odd_bound(%buf: !buffer, %base: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %rows: tensor<64xi32, #ttg.slice<{dim = 1, parent = #other}>>, %n: i32) {
    %c512 = arith.constant dense<512> : tensor<64x1xi32, #other>
    %r1 = tt.expand_dims %rows {axis = 1 : i32} : tensor<64xi32, #ttg.slice<{dim = 1, parent = #other}>> -> tensor<64x1xi32, #other>
    %r2 = arith.muli %r1, %c512 : tensor<64x1xi32, #other>
    %b = tt.splat %base : !tt.ptr<bf16> -> tensor<64x1x!tt.ptr<bf16>, #other>
    %q = tt.addptr %b, %r2 : tensor<64x1x!tt.ptr<bf16>, #other>, tensor<64x1xi32, #other>
    %q2 = tt.broadcast %q : tensor<64x1x!tt.ptr<bf16>, #other> -> tensor<64x128x!tt.ptr<bf16>, #other>
    %c = tt.make_range {start = 0 : i32, end = 128 : i32} : tensor<128xi32, #ttg.slice<{dim = 0, parent = #other}>>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<128xi32, #ttg.slice<{dim = 0, parent = #other}>> -> tensor<1x128xi32, #other>
    %col = tt.broadcast %c1 : tensor<1x128xi32, #other> -> tensor<64x128xi32, #other>
    %src = tt.addptr %q2, %col : tensor<64x128x!tt.ptr<bf16>, #other>, tensor<64x128xi32, #other>
    %bound = tt.splat %n : i32 -> tensor<64x128xi32, #other>
    %m = arith.cmpi slt, %col, %bound : tensor<64x128xi32, #other>
    %v = tt.load %src, %m : tensor<64x128x!tt.ptr<bf16>, #other>
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #other>
    tt.store %p, %v : tensor<64x128x!tt.ptr<bf16, 3>, #other>
    tt.return
  }

  // A bound that does not.
  // CHECK-LABEL: @even_bound
  // CHECK: ttg.async_copy_global_to_local
  tt.func public @even_bound(%buf: !buffer, %base: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %rows: tensor<64xi32, #ttg.slice<{dim = 1, parent = #other}>>, %n: i32 {tt.divisibility = 16 : i32}) {
    %c512 = arith.constant dense<512> : tensor<64x1xi32, #other>
    %r1 = tt.expand_dims %rows {axis = 1 : i32} : tensor<64xi32, #ttg.slice<{dim = 1, parent = #other}>> -> tensor<64x1xi32, #other>
    %r2 = arith.muli %r1, %c512 : tensor<64x1xi32, #other>
    %b = tt.splat %base : !tt.ptr<bf16> -> tensor<64x1x!tt.ptr<bf16>, #other>
    %q = tt.addptr %b, %r2 : tensor<64x1x!tt.ptr<bf16>, #other>, tensor<64x1xi32, #other>
    %q2 = tt.broadcast %q : tensor<64x1x!tt.ptr<bf16>, #other> -> tensor<64x128x!tt.ptr<bf16>, #other>
    %c = tt.make_range {start = 0 : i32, end = 128 : i32} : tensor<128xi32, #ttg.slice<{dim = 0, parent = #other}>>
    %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<128xi32, #ttg.slice<{dim = 0, parent = #other}>> -> tensor<1x128xi32, #other>
    %col = tt.broadcast %c1 : tensor<1x128xi32, #other> -> tensor<64x128xi32, #other>
    %src = tt.addptr %q2, %col : tensor<64x128x!tt.ptr<bf16>, #other>, tensor<64x128xi32, #other>
    %bound = tt.splat %n : i32 -> tensor<64x128xi32, #other>
    %m = arith.cmpi slt, %col, %bound : tensor<64x128xi32, #other>
    %v = tt.load %src, %m : tensor<64x128x!tt.ptr<bf16>, #other>
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #other>
    tt.store %p, %v : tensor<64x128x!tt.ptr<bf16, 3>, #other>
    tt.return
  }

  // Two-byte elements from anywhere: cp.async moves 4 bytes at least.
  // CHECK-LABEL: @scattered_source
  // CHECK-NOT: ttg.async_copy_global_to_local
  // CHECK: tt.store
  tt.func public @scattered_source(%buf: !buffer, %src: tensor<64x128x!tt.ptr<bf16>, #other>) {
    %v = tt.load %src : tensor<64x128x!tt.ptr<bf16>, #other>
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x128x!tt.ptr<bf16, 3>, #other>
    tt.store %p, %v : tensor<64x128x!tt.ptr<bf16, 3>, #other>
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
