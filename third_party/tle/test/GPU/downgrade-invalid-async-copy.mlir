// RUN: tle-opt %s -triton-tle-downgrade-invalid-async-copy | FileCheck %s
// RUN: tle-opt %s -triton-tle-downgrade-invalid-async-copy -triton-tle-downgrade-invalid-async-copy | FileCheck %s

#line = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#vec8 = #ttg.blocked<{sizePerThread = [8], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#vec4 = #ttg.blocked<{sizePerThread = [4], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#vec2 = #ttg.blocked<{sizePerThread = [2], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#shared = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#rows = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#ones = #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [1, 32], warpsPerCTA = [4, 1], order = [1, 0]}>
#shared2 = #ttg.swizzled_shared<{vec = 8, perPhase = 1, maxPhase = 8, order = [1, 0]}>
#pairs = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 8, order = [1, 0]}>
#fours = #ttg.swizzled_shared<{vec = 2, perPhase = 1, maxPhase = 8, order = [1, 0]}>
#columns = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = true, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!i8s = !ttg.memdesc<1024xi8, #shared, #smem, mutable>
!f16s = !ttg.memdesc<1024xf16, #shared, #smem, mutable>
!f32s = !ttg.memdesc<1024xf32, #shared, #smem, mutable>

// CHECK: #[[ROWS:.*]] = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // Each width that cp.async has.
  // CHECK-LABEL: @legal_widths
  // CHECK: ttg.async_copy_global_to_local %{{.*}} {contiguity = 8 : i32}
  // CHECK: ttg.async_copy_global_to_local %{{.*}} {contiguity = 4 : i32}
  // CHECK: ttg.async_copy_global_to_local %{{.*}} {contiguity = 2 : i32}
  // CHECK: ttg.async_commit_group tokens
  // CHECK: ttg.async_wait
  // CHECK-NOT: tt.load
  tt.func public @legal_widths(%p: tensor<1024x!tt.ptr<f16>, #vec8> {tt.contiguity = 8 : i32, tt.divisibility = 16 : i32},
                               %q: tensor<1024x!tt.ptr<f16>, #vec4> {tt.contiguity = 1024 : i32, tt.divisibility = 16 : i32},
                               %r: tensor<1024x!tt.ptr<f16>, #vec8> {tt.contiguity = 1024 : i32, tt.divisibility = 4 : i32}) {
    %a = ttg.local_alloc : () -> !f16s
    %t = ttg.async_copy_global_to_local %p, %a : tensor<1024x!tt.ptr<f16>, #vec8> -> <1024xf16, #shared, #smem, mutable>
    %u = ttg.async_copy_global_to_local %q, %a : tensor<1024x!tt.ptr<f16>, #vec4> -> <1024xf16, #shared, #smem, mutable>
    %v = ttg.async_copy_global_to_local %r, %a : tensor<1024x!tt.ptr<f16>, #vec8> -> <1024xf16, #shared, #smem, mutable>
    %g = ttg.async_commit_group tokens %t, %u, %v
    ttg.async_wait %g {num = 0 : i32}
    tt.return
  }

  // One element of 4 bytes, or of 8, is enough, wherever it lies.
  // CHECK-LABEL: @wide_elements
  // CHECK: ttg.async_copy_global_to_local
  // CHECK-NOT: tt.load
  tt.func public @wide_elements(%p: tensor<1024x!tt.ptr<f32>, #line>, %m: tensor<1024xi1, #line>) {
    %a = ttg.local_alloc : () -> !f32s
    %t = ttg.async_copy_global_to_local %p, %a mask %m : tensor<1024x!tt.ptr<f32>, #line> -> <1024xf32, #shared, #smem, mutable>
    %g = ttg.async_commit_group tokens %t
    ttg.async_wait %g {num = 0 : i32}
    tt.return
  }

  // A gather of halves; group and wait go with it, the barrier of the wait stays.
  // CHECK-LABEL: @scattered
  // CHECK-SAME: (%[[P:.*]]: tensor
  // CHECK: %[[A:.*]] = ttg.local_alloc
  // CHECK-NEXT: %[[V:.*]] = tt.load %[[P]] cacheModifier = cg : tensor<1024x!tt.ptr<f16>,
  // CHECK-NEXT: ttg.local_store %[[V]], %[[A]] :
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: ttg.local_load %[[A]] : !ttg
  // CHECK-NEXT: tt.return
  tt.func public @scattered(%p: tensor<1024x!tt.ptr<f16>, #line>) -> tensor<1024xf16, #line> {
    %a = ttg.local_alloc : () -> !f16s
    %t = ttg.async_copy_global_to_local %p, %a cacheModifier = cg {tle.local_ptr_async_store} : tensor<1024x!tt.ptr<f16>, #line> -> <1024xf16, #shared, #smem, mutable>
    %g = ttg.async_commit_group tokens %t
    %w = ttg.async_wait %g {num = 0 : i32}
    %v = ttg.local_load %a token %w : !f16s -> tensor<1024xf16, #line>
    tt.return %v : tensor<1024xf16, #line>
  }

  // Four bytes of an address aligned to 4, two of one aligned to 2.
  // CHECK-LABEL: @bytes
  // CHECK: ttg.async_copy_global_to_local %{{.*}} {contiguity = 4 : i32}
  // CHECK: tt.load
  // CHECK-NEXT: ttg.local_store
  tt.func public @bytes(%p: tensor<1024x!tt.ptr<i8>, #vec8> {tt.contiguity = 1024 : i32, tt.divisibility = 4 : i32},
                        %q: tensor<1024x!tt.ptr<i8>, #vec8> {tt.contiguity = 1024 : i32, tt.divisibility = 2 : i32}) {
    %a = ttg.local_alloc : () -> !i8s
    %t = ttg.async_copy_global_to_local %p, %a : tensor<1024x!tt.ptr<i8>, #vec8> -> <1024xi8, #shared, #smem, mutable>
    %g = ttg.async_commit_group tokens %t
    ttg.async_wait %g {num = 0 : i32}
    %u = ttg.async_copy_global_to_local %q, %a : tensor<1024x!tt.ptr<i8>, #vec8> -> <1024xi8, #shared, #smem, mutable>
    %h = ttg.async_commit_group tokens %u
    ttg.async_wait %h {num = 0 : i32}
    tt.return
  }

  // A bound that may lie inside of a vector. What is masked is zero, as it was.
  // CHECK-LABEL: @odd_bound
  // CHECK-SAME: %[[P:.*]]: tensor<{{.*}}>, #{{.*}}> {{{.*}}}, %[[M:.*]]: tensor<1024xi1
  // CHECK: %[[Z:.*]] = arith.constant dense<0.000000e+00> : tensor<1024xf16
  // CHECK: tt.load %[[P]], %[[M]], %[[Z]] :
  tt.func public @odd_bound(%p: tensor<1024x!tt.ptr<f16>, #vec8> {tt.contiguity = 1024 : i32, tt.divisibility = 16 : i32}, %m: tensor<1024xi1, #vec8>) {
    %a = ttg.local_alloc : () -> !f16s
    %t = ttg.async_copy_global_to_local %p, %a mask %m : tensor<1024x!tt.ptr<f16>, #vec8> -> <1024xf16, #shared, #smem, mutable>
    %g = ttg.async_commit_group tokens %t
    ttg.async_wait %g {num = 0 : i32}
    tt.return
  }

  // A bound that does not.
  // CHECK-LABEL: @even_bound
  // CHECK: ttg.async_copy_global_to_local %{{.*}} mask %{{.*}} {contiguity = 4 : i32}
  // CHECK-NOT: tt.load
  tt.func public @even_bound(%p: tensor<1024x!tt.ptr<f16>, #vec8> {tt.contiguity = 1024 : i32, tt.divisibility = 16 : i32}, %n: i32 {tt.divisibility = 4 : i32}) {
    %r = tt.make_range {start = 0 : i32, end = 1024 : i32} : tensor<1024xi32, #vec8>
    %nn = tt.splat %n : i32 -> tensor<1024xi32, #vec8>
    %m = arith.cmpi slt, %r, %nn : tensor<1024xi32, #vec8>
    %a = ttg.local_alloc : () -> !f16s
    %t = ttg.async_copy_global_to_local %p, %a mask %m : tensor<1024x!tt.ptr<f16>, #vec8> -> <1024xf16, #shared, #smem, mutable>
    %g = ttg.async_commit_group tokens %t
    ttg.async_wait %g {num = 0 : i32}
    tt.return
  }

  // The copy's own promise, which covers its mask.
  // CHECK-LABEL: @promised
  // CHECK: ttg.async_copy_global_to_local %{{.*}} mask %{{.*}} {contiguity = 2 : i32}
  // CHECK-NOT: tt.load
  tt.func public @promised(%p: tensor<1024x!tt.ptr<f16>, #vec8>, %m: tensor<1024xi1, #vec8>) {
    %a = ttg.local_alloc : () -> !f16s
    %t = ttg.async_copy_global_to_local %p, %a mask %m {contiguity = 2 : i32} : tensor<1024x!tt.ptr<f16>, #vec8> -> <1024xf16, #shared, #smem, mutable>
    %g = ttg.async_commit_group tokens %t
    ttg.async_wait %g {num = 0 : i32}
    tt.return
  }

  // cp.async fills with zeros. Without a mask there is nothing to fill, nor under
  // one that is true.
  // CHECK-LABEL: @other
  // CHECK: tt.load %{{.*}}, %{{.*}}, %cst
  // CHECK: ttg.local_store
  // CHECK: ttg.async_copy_global_to_local
  // CHECK: ttg.async_copy_global_to_local
  // CHECK: ttg.async_copy_global_to_local
  // CHECK-NOT: tt.load
  tt.func public @other(%p: tensor<1024x!tt.ptr<f32>, #line>, %m: tensor<1024xi1, #line>) {
    %one = arith.constant dense<1.0> : tensor<1024xf32, #line>
    %zero = arith.constant dense<0.0> : tensor<1024xf32, #line>
    %true = arith.constant dense<true> : tensor<1024xi1, #line>
    %a = ttg.local_alloc : () -> !f32s
    %t = ttg.async_copy_global_to_local %p, %a mask %m other %one : tensor<1024x!tt.ptr<f32>, #line> -> <1024xf32, #shared, #smem, mutable>
    %u = ttg.async_copy_global_to_local %p, %a mask %m other %zero : tensor<1024x!tt.ptr<f32>, #line> -> <1024xf32, #shared, #smem, mutable>
    %v = ttg.async_copy_global_to_local %p, %a other %one : tensor<1024x!tt.ptr<f32>, #line> -> <1024xf32, #shared, #smem, mutable>
    %x = ttg.async_copy_global_to_local %p, %a mask %true other %one : tensor<1024x!tt.ptr<f32>, #line> -> <1024xf32, #shared, #smem, mutable>
    %g = ttg.async_commit_group tokens %t, %u, %v, %x
    ttg.async_wait %g {num = 0 : i32}
    tt.return
  }

  // Negative zero is not the zero that cp.async fills in.
  // CHECK-LABEL: @negative_zero
  // CHECK: tt.load
  tt.func public @negative_zero(%p: tensor<1024x!tt.ptr<f32>, #line>, %m: tensor<1024xi1, #line>) {
    %zero = arith.constant dense<-0.0> : tensor<1024xf32, #line>
    %a = ttg.local_alloc : () -> !f32s
    %t = ttg.async_copy_global_to_local %p, %a mask %m other %zero : tensor<1024x!tt.ptr<f32>, #line> -> <1024xf32, #shared, #smem, mutable>
    %g = ttg.async_commit_group tokens %t
    ttg.async_wait %g {num = 0 : i32}
    tt.return
  }

  // Neighbours in memory, but in different threads: the load is coalesced.
  // CHECK-LABEL: @coalesced
  // CHECK: %[[P:.*]] = ttg.convert_layout %{{.*}} -> tensor<64x64x!tt.ptr<f16>, #[[ROWS]]>
  // CHECK: %[[M:.*]] = ttg.convert_layout %{{.*}} -> tensor<64x64xi1, #[[ROWS]]>
  // CHECK: %[[V:.*]] = tt.load %[[P]], %[[M]], %{{.*}} : tensor<64x64x!tt.ptr<f16>, #[[ROWS]]>
  // CHECK: ttg.local_store %[[V]], %{{.*}} : tensor<64x64xf16, #[[ROWS]]> ->
  tt.func public @coalesced(%p: tensor<64x64x!tt.ptr<f16>, #ones> {tt.contiguity = dense<[1, 64]> : tensor<2xi32>, tt.divisibility = dense<[1, 16]> : tensor<2xi32>},
                            %m: tensor<64x64xi1, #ones> {tt.constancy = dense<[1, 64]> : tensor<2xi32>}) {
    %a = ttg.local_alloc : () -> !ttg.memdesc<64x64xf16, #shared2, #smem, mutable>
    %t = ttg.async_copy_global_to_local %p, %a mask %m : tensor<64x64x!tt.ptr<f16>, #ones> -> <64x64xf16, #shared2, #smem, mutable>
    %g = ttg.async_commit_group tokens %t
    ttg.async_wait %g {num = 0 : i32}
    tt.return
  }

  // Where nothing is known of the addresses the layout stays.
  // CHECK-LABEL: @not_coalesced
  // CHECK-NOT: ttg.convert_layout
  // CHECK: tt.load
  tt.func public @not_coalesced(%p: tensor<64x64x!tt.ptr<f16>, #ones>) {
    %a = ttg.local_alloc : () -> !ttg.memdesc<64x64xf16, #shared2, #smem, mutable>
    %t = ttg.async_copy_global_to_local %p, %a : tensor<64x64x!tt.ptr<f16>, #ones> -> <64x64xf16, #shared2, #smem, mutable>
    %g = ttg.async_commit_group tokens %t
    ttg.async_wait %g {num = 0 : i32}
    tt.return
  }

  // Neighbours in a thread that the swizzle, or the buffer's direction, parts.
  // CHECK-LABEL: @parted_by_buffer
  // CHECK-COUNT-2: tt.load
  // CHECK: ttg.async_copy_global_to_local {{.*}} {contiguity = 8 : i32}
  // CHECK: ttg.async_copy_global_to_local {{.*}} {contiguity = 2 : i32}
  tt.func public @parted_by_buffer(%p: tensor<64x64x!tt.ptr<f16>, #rows> {tt.contiguity = dense<[1, 64]> : tensor<2xi32>, tt.divisibility = dense<[1, 16]> : tensor<2xi32>}) {
    %a = ttg.local_alloc : () -> !ttg.memdesc<64x64xf16, #pairs, #smem, mutable>
    %b = ttg.local_alloc : () -> !ttg.memdesc<64x64xf16, #columns, #smem, mutable>
    %c = ttg.local_alloc : () -> !ttg.memdesc<64x128xf16, #shared2, #smem, mutable>
    %right = ttg.memdesc_subslice %c[0, 64] : !ttg.memdesc<64x128xf16, #shared2, #smem, mutable> -> !ttg.memdesc<64x64xf16, #shared2, #smem, mutable, 64x128>
    %t = ttg.async_copy_global_to_local %p, %a : tensor<64x64x!tt.ptr<f16>, #rows> -> <64x64xf16, #pairs, #smem, mutable>
    %u = ttg.async_copy_global_to_local %p, %b : tensor<64x64x!tt.ptr<f16>, #rows> -> <64x64xf16, #columns, #smem, mutable>
    %v = ttg.async_copy_global_to_local %p, %right : tensor<64x64x!tt.ptr<f16>, #rows> -> <64x64xf16, #shared2, #smem, mutable, 64x128>
    %d = ttg.local_alloc : () -> !ttg.memdesc<64x64xf16, #fours, #smem, mutable>
    %x = ttg.async_copy_global_to_local %p, %d : tensor<64x64x!tt.ptr<f16>, #rows> -> <64x64xf16, #fours, #smem, mutable>
    %g = ttg.async_commit_group tokens %t, %u, %v, %x
    ttg.async_wait %g {num = 0 : i32}
    tt.return
  }

  // Fewer elements than threads can take four bytes of each.
  // CHECK-LABEL: @few
  // CHECK: tt.load
  tt.func public @few(%p: tensor<128x!tt.ptr<f16>, #line> {tt.contiguity = 128 : i32, tt.divisibility = 16 : i32}) {
    %a = ttg.local_alloc : () -> !ttg.memdesc<128xf16, #shared, #smem, mutable>
    %t = ttg.async_copy_global_to_local %p, %a : tensor<128x!tt.ptr<f16>, #line> -> <128xf16, #shared, #smem, mutable>
    %g = ttg.async_commit_group tokens %t
    ttg.async_wait %g {num = 0 : i32}
    tt.return
  }

  // Of elements that are no numbers the size is not known: nor are offsets.
  // CHECK-LABEL: @of_no_numbers
  // CHECK: tt.load
  tt.func public @of_no_numbers(%p: !tt.ptr<index> {tt.divisibility = 16 : i32}) {
    %a = ttg.local_alloc : () -> !f16s
    %r = tt.make_range {start = 0 : i32, end = 1024 : i32} : tensor<1024xi32, #vec8>
    %s = tt.splat %p : !tt.ptr<index> -> tensor<1024x!tt.ptr<index>, #vec8>
    %q = tt.addptr %s, %r : tensor<1024x!tt.ptr<index>, #vec8>, tensor<1024xi32, #vec8>
    %b = tt.bitcast %q : tensor<1024x!tt.ptr<index>, #vec8> -> tensor<1024x!tt.ptr<f16>, #vec8>
    %t = ttg.async_copy_global_to_local %b, %a : tensor<1024x!tt.ptr<f16>, #vec8> -> <1024xf16, #shared, #smem, mutable>
    %g = ttg.async_commit_group tokens %t
    ttg.async_wait %g {num = 0 : i32}
    tt.return
  }
}
