// RUN: tle-opt %s -split-input-file -triton-tle-tile-style-pipeline-schedule=shared-memory=20000 -triton-tle-materialize-tile-style-pipeline=shared-memory=20000 | FileCheck %s
// RUN: tle-opt %s -split-input-file -triton-tle-tile-style-pipeline-schedule=shared-memory=20000 -triton-tle-materialize-tile-style-pipeline=shared-memory=20000 -triton-tle-tile-style-pipeline-schedule=shared-memory=20000 -triton-tle-materialize-tile-style-pipeline=shared-memory=20000 | FileCheck %s
// RUN: tle-opt %s -split-input-file -verify-diagnostics -remarks-filter=.*tile-style.* -triton-tle-tile-style-pipeline-schedule=shared-memory=20000 -triton-tle-materialize-tile-style-pipeline=shared-memory=20000 -o /dev/null

// Loops whose tile fits into 20000 bytes once. That what they compute stays
// the same is executed in python/test/unit/native/test_tile_pipeline.py.

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [2, 16], warpsPerCTA = [4, 1], order = [1, 0]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x128xbf16, #s, #smem, mutable>
!ptrs = tensor<64x128x!tt.ptr<bf16>, #b>
!ints = tensor<64x128xi32, #b>
!tile = tensor<64x128xbf16, #b>
module attributes {"ttg.num-warps" = 4 : i32, ttg.target = "cuda:90"} {
  // The copies for the next tile start behind the read, ahead of the store.
  // CHECK-LABEL: @read_and_store
  // CHECK: %[[BUF:.+]] = ttg.local_alloc : () -> !ttg.memdesc<64x128xbf16, #shared, #smem, mutable>
  // CHECK: %[[ANY:.+]] = arith.cmpi slt
  // CHECK: scf.if %[[ANY]]
  // CHECK:   ttg.async_copy_global_to_local %{{.+}}, %[[BUF]]
  // CHECK: %[[FIRST:.+]] = ttg.async_commit_group
  // CHECK-NOT: async_commit_group
  // CHECK: scf.for %[[IV:.+]] = {{.*}} iter_args(%{{.+}} = %{{.+}}, %[[THIS:.+]] = %[[FIRST]]) ->
  // CHECK:   %[[MORE:.+]] = arith.cmpi slt, %[[IV]]
  // CHECK:   ttg.async_wait %[[THIS]] {num = 0 : i32}
  // CHECK:   ttg.local_load %[[BUF]]
  // CHECK-NEXT: scf.if %[[MORE]]
  // CHECK:   ttg.async_copy_global_to_local %{{.+}}, %[[BUF]]
  // CHECK: %[[NEXT:.+]] = ttg.async_commit_group
  // CHECK: tt.store
  // CHECK: scf.yield %{{.+}}, %[[NEXT]]
  // CHECK: } {{{.*}}tt.num_stages = 1 : i32}
  // CHECK: ttg.async_wait {num = 0 : i32}
  // CHECK-NOT: dealloc
  // CHECK: tt.return
  tt.func @read_and_store(%base: !ptrs, %out: !ptrs, %n: i32, %zero: !tile) -> !tile {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @+2 {{1 tile copies, 16384 bytes a slot}}
    // expected-remark @+1 {{one slot of 16384 bytes, filled again behind its last read}}
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!tile) : i32 {
      %d = tt.splat %i : i32 -> !ints
      %ptr = tt.addptr %base, %d : !ptrs, !ints
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x128xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
      %sum = arith.addf %acc, %x : !tile
      tt.store %out, %sum : !ptrs
      scf.yield %sum : !tile
    } {tt.num_stages = 2 : i32}
    tt.return %r : !tile
  }

  // Trip counts that are known: the first tile under no condition; in a loop
  // of one trip nothing can run ahead.
  // CHECK-LABEL: @two_trips
  // CHECK: ttg.local_alloc : () -> !ttg.memdesc<64x128xbf16
  // CHECK-NOT: scf.if
  // CHECK: ttg.async_copy_global_to_local
  // CHECK: scf.for
  // CHECK: scf.if
  // CHECK: ttg.async_copy_global_to_local
  // CHECK-LABEL: @one_trip
  // CHECK: scf.for
  // CHECK: ttg.async_copy_global_to_local
  // CHECK: } {tt.num_stages = 2 : i32}
  tt.func @two_trips(%base: !ptrs, %out: !ptrs) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %c2 = arith.constant 2 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @+2 {{1 tile copies, 16384 bytes a slot}}
    // expected-remark @+1 {{one slot of 16384 bytes}}
    scf.for %i = %c0 to %c2 step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %base, %buf : !ptrs -> <64x128xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
      tt.store %out, %x : !ptrs
    } {tt.num_stages = 2 : i32}
    tt.return
  }
  tt.func @one_trip(%base: !ptrs, %out: !ptrs) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @+1 {{it runs once at most}}
    scf.for %i = %c0 to %c1 step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %base, %buf : !ptrs -> <64x128xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
      tt.store %out, %x : !ptrs
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // Behind the read there is nothing but arithmetic for the copies to run
  // beside: stock's pipeliner may have the loop.
  // CHECK-LABEL: @nothing_behind
  // CHECK: scf.for
  // CHECK-NEXT: ttg.async_copy_global_to_local
  // CHECK-NOT: loop.stage
  // CHECK: } {tt.num_stages = 2 : i32}
  tt.func @nothing_behind(%base: !ptrs, %n: i32, %zero: !tile) -> !tile {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @+1 {{two slots of 16384 bytes do not fit into shared memory, and nothing is left to do behind the last read of one}}
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!tile) : i32 {
      %t = ttg.async_copy_global_to_local %base, %buf : !ptrs -> <64x128xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
      gpu.barrier
      %sum = arith.addf %acc, %x : !tile
      scf.yield %sum : !tile
    } {tt.num_stages = 2 : i32}
    tt.return %r : !tile
  }

  // Not even one: with another buffer there is no room for the tile.
  // CHECK-LABEL: @no_room
  // CHECK: scf.for
  // CHECK-NEXT: ttg.async_copy_global_to_local
  // CHECK: } {tt.num_stages = 2 : i32}
  tt.func @no_room(%base: !ptrs, %out: !ptrs, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %other = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #s, #smem, mutable>
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @+1 {{two slots of 16384 bytes do not fit into shared memory}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %base, %buf : !ptrs -> <64x128xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
      tt.store %out, %x : !ptrs
    } {tt.num_stages = 2 : i32}
    tt.return
  }
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#bt = #ttg.blocked<{sizePerThread = [8, 1], threadsPerWarp = [8, 4], warpsPerCTA = [1, 4], order = [0, 1]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#st = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = true, elementBitWidth = 16}>
#plain = #ttg.nvmma_shared<{swizzlingByteWidth = 0, transposed = true, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!const = !ttg.memdesc<64x64xbf16, #s, #smem>
!turned = !ttg.memdesc<64x64xbf16, #st, #smem>
!ptrs = tensor<64x64x!tt.ptr<bf16>, #b>
!floats = tensor<64x64x!tt.ptr<f32>, #b>
!tile = tensor<64x64xbf16, #b>
!acc = tensor<64x64xf32, #mma>
!left = tensor<64x64xbf16, #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>>
module attributes {"ttg.num-warps" = 4 : i32, ttg.target = "cuda:90"} {
  // A tile is loaded, and multiplied as it is and turned around: one buffer and
  // a view. The copies start ahead of the next access to memory, and what does
  // not need the last product stands before its end. The sums leave through
  // shuffles, so their change of layout takes no shared memory.
  // CHECK-LABEL: @products
  // CHECK: %[[Q:.+]] = ttg.local_alloc %
  // CHECK: %[[K:.+]] = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
  // CHECK: scf.for
  // CHECK-NOT: tt.trans
  // CHECK: ttg.async_wait
  // CHECK-NEXT: ttng.fence_async_shared
  // CHECK: %[[KT:.+]] = ttg.memdesc_trans %[[K]] {order = array<i32: 1, 0>}
  // CHECK-NEXT: ttng.warp_group_dot %[[Q]], %[[KT]], {{.*}}isAsync = true
  // CHECK-NEXT: %[[S:.+]] = ttng.warp_group_dot_wait
  // CHECK: ttng.warp_group_dot %{{.+}}, %[[K]], {{.*}}isAsync = true
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK-NEXT: ttg.local_load %[[Q]]
  // CHECK-NEXT: arith.addf
  // CHECK-NEXT: %[[PART:.+]] = ttg.convert_layout %[[S]]
  // CHECK-NEXT: scf.if
  // CHECK:   ttg.async_copy_global_to_local %{{.+}}, %[[K]]
  // CHECK: ttg.async_commit_group
  // CHECK-NEXT: tt.atomic_rmw {{.*}} %[[PART]]
  tt.func @products(%ptr: !ptrs {tt.contiguity = dense<[1, 64]> : tensor<2xi32>, tt.divisibility = dense<[16, 16]> : tensor<2xi32>}, %sum: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %first: !tile, %n: i32, %zero: !acc) -> (!acc, !tile) {
    %range = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32, #ttg.slice<{dim = 0, parent = #b}>>
    %row = tt.expand_dims %range {axis = 0 : i32} : tensor<64xi32, #ttg.slice<{dim = 0, parent = #b}>> -> tensor<1x64xi32, #b>
    %columns = tt.broadcast %row : tensor<1x64xi32, #b> -> tensor<64x64xi32, #b>
    %splat = tt.splat %sum : !tt.ptr<f32> -> !floats
    %sums = tt.addptr %splat, %columns : !floats, tensor<64x64xi32, #b>
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %mask = arith.constant dense<true> : tensor<64x64xi1, #b>
    %q = ttg.local_alloc %first : (!tile) -> !const
    // expected-remark @+2 {{1 tile copies, 8192 bytes a slot}}
    // expected-remark @+1 {{one slot of 8192 bytes, filled again behind its last read}}
    %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %more = %first) -> (!acc, !tile) : i32 {
      %v = tt.load %ptr : !ptrs
      %turned = tt.trans %v {order = array<i32: 1, 0>} : !tile -> tensor<64x64xbf16, #bt>
      %kt = ttg.local_alloc %turned : (tensor<64x64xbf16, #bt>) -> !turned
      %s = ttng.warp_group_dot %q, %kt, %zero {inputPrecision = 0 : i32} : !const * !turned -> !acc
      %k = ttg.local_alloc %v : (!tile) -> !const
      %d = ttng.warp_group_dot %q, %k, %acc {inputPrecision = 0 : i32} : !const * !const -> !acc
      %x = ttg.local_load %q : !const -> !tile
      %y = arith.addf %more, %x : !tile
      %part = ttg.convert_layout %s : !acc -> tensor<64x64xf32, #b>
      %old = tt.atomic_rmw fadd, relaxed, gpu, %sums, %part, %mask : (!floats, tensor<64x64xf32, #b>, tensor<64x64xi1, #b>) -> tensor<64x64xf32, #b>
      scf.yield %d, %y : !acc, !tile
    } {tt.num_stages = 2 : i32}
    tt.return %r#0, %r#1 : !acc, !tile
  }

  // The second link of the chain is all that the copies can run beside: so the
  // first one ends by itself, its tile being free then.
  // CHECK-LABEL: @rest_of_a_chain
  // CHECK: %[[Q:.+]] = ttg.local_alloc %
  // CHECK: %[[K:.+]] = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
  // CHECK: scf.for
  // CHECK: %[[D:.+]] = ttng.warp_group_dot %[[Q]], %[[K]], {{.*}}isAsync = true
  // CHECK-NEXT: %[[W:.+]] = ttng.warp_group_dot_wait %[[D]]
  // CHECK-NEXT: scf.if
  // CHECK:   ttg.async_copy_global_to_local %{{.+}}, %[[K]]
  // CHECK: ttg.async_commit_group
  // CHECK-NEXT: %[[E:.+]] = ttng.warp_group_dot %[[Q]], %[[Q]], %[[W]] {{.*}}isAsync = true
  // CHECK-NEXT: ttng.warp_group_dot_wait %[[E]]
  tt.func @rest_of_a_chain(%ptr: !ptrs, %first: !tile, %n: i32, %zero: !acc) -> !acc {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %q = ttg.local_alloc %first : (!tile) -> !const
    %k = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #s, #smem, mutable>
    // expected-remark @+2 {{1 tile copies, 8192 bytes a slot}}
    // expected-remark @+1 {{one slot of 8192 bytes, filled again behind its last read}}
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!acc) : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %k : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %d = ttng.warp_group_dot %q, %k, %acc {inputPrecision = 0 : i32} : !const * !ttg.memdesc<64x64xbf16, #s, #smem, mutable> -> !acc
      %e = ttng.warp_group_dot %q, %q, %d {inputPrecision = 0 : i32} : !const * !const -> !acc
      scf.yield %e : !acc
    } {tt.num_stages = 2 : i32}
    tt.return %r : !acc
  }

  // Between the links stock may put a barrier, and takes the first product's
  // reads to have ended there: so it ends by itself.
  // CHECK-LABEL: @barrier_in_a_chain
  // CHECK: scf.for
  // CHECK: %[[D:.+]] = ttng.warp_group_dot {{.*}}isAsync = true
  // CHECK-NEXT: %[[W:.+]] = ttng.warp_group_dot_wait %[[D]]
  // CHECK: ttg.local_load
  // CHECK: ttng.warp_group_dot %{{.+}}, %{{.+}}, %[[W]]
  // CHECK: tt.store
  tt.func @barrier_in_a_chain(%ptr: !ptrs, %out: !ptrs, %first: !tile, %n: i32, %zero: !acc) -> !acc {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %q = ttg.local_alloc %first : (!tile) -> !const
    %k = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #s, #smem, mutable>
    // expected-remark @+2 {{1 tile copies, 8192 bytes a slot}}
    // expected-remark @+1 {{one slot of 8192 bytes, filled again behind its last read}}
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!acc) : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %k : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %d = ttng.warp_group_dot %q, %k, %acc {inputPrecision = 0 : i32} : !const * !ttg.memdesc<64x64xbf16, #s, #smem, mutable> -> !acc
      %x = ttg.local_load %q : !const -> !tile
      %e = ttng.warp_group_dot %q, %k, %d {inputPrecision = 0 : i32} : !const * !ttg.memdesc<64x64xbf16, #s, #smem, mutable> -> !acc
      tt.store %out, %x : !ptrs
      scf.yield %e : !acc
    } {tt.num_stages = 2 : i32}
    tt.return %r : !acc
  }

  // What the second link reads has been written since stock's last barrier, so
  // one comes before it: the first link ends by itself.
  // CHECK-LABEL: @write_before_a_chain
  // CHECK: scf.for
  // CHECK: ttg.local_alloc
  // CHECK-NEXT: %[[D:.+]] = ttng.warp_group_dot {{.*}}isAsync = true
  // CHECK-NEXT: %[[W:.+]] = ttng.warp_group_dot_wait %[[D]]
  // CHECK: ttng.warp_group_dot %{{.+}}, %{{.+}}, %[[W]]
  tt.func @write_before_a_chain(%ptr: !ptrs, %out: !ptrs, %other: !ptrs, %q: !left, %n: i32, %zero: !acc) -> !acc {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %k = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #s, #smem, mutable>
    // expected-remark @+2 {{1 tile copies, 8192 bytes a slot}}
    // expected-remark @+1 {{one slot of 8192 bytes, filled again behind its last read}}
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!acc) : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %k : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = tt.load %out : !ptrs
      %y = arith.addf %x, %x : !tile
      %p = ttg.local_alloc %y : (!tile) -> !const
      %d = ttng.warp_group_dot %q, %k, %acc {inputPrecision = 0 : i32} : !left * !ttg.memdesc<64x64xbf16, #s, #smem, mutable> -> !acc
      %e = ttng.warp_group_dot %q, %p, %d {inputPrecision = 0 : i32} : !left * !const -> !acc
      tt.store %other, %x : !ptrs
      scf.yield %e : !acc
    } {tt.num_stages = 2 : i32}
    tt.return %r : !acc
  }

  // The second link is asynchronous, and nothing waits for it in the iteration:
  // it cannot end the first one, which reads the tile.
  // CHECK-LABEL: @link_under_way
  // CHECK: scf.for
  // CHECK: %[[D:.+]] = ttng.warp_group_dot {{.*}}isAsync = true
  // CHECK-NEXT: %[[W:.+]] = ttng.warp_group_dot_wait %[[D]]
  // CHECK-NEXT: scf.if
  // CHECK:   ttg.async_copy_global_to_local
  // CHECK: ttg.async_commit_group
  // CHECK-NEXT: ttng.warp_group_dot %{{.+}}, %{{.+}}, %[[W]]
  // CHECK-NEXT: scf.yield
  tt.func @link_under_way(%ptr: !ptrs, %first: !tile, %n: i32, %zero: !acc) -> !acc {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %q = ttg.local_alloc %first : (!tile) -> !const
    %k = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #s, #smem, mutable>
    // expected-remark @+2 {{1 tile copies, 8192 bytes a slot}}
    // expected-remark @+1 {{one slot of 8192 bytes, filled again behind its last read}}
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!acc) : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %k : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %d = ttng.warp_group_dot %q, %k, %acc {inputPrecision = 0 : i32} : !const * !ttg.memdesc<64x64xbf16, #s, #smem, mutable> -> !acc
      %e = ttng.warp_group_dot %q, %q, %d {inputPrecision = 0 : i32, isAsync = true} : !const * !const -> !acc
      scf.yield %e : !acc
    } {tt.num_stages = 2 : i32}
    tt.return %r : !acc
  }

  // Both links read the tile, and then nothing is left to do behind them.
  // CHECK-LABEL: @whole_chain
  // CHECK: scf.for
  // CHECK-NEXT: ttg.async_copy_global_to_local
  // CHECK: } {tt.num_stages = 2 : i32}
  tt.func @whole_chain(%ptr: !ptrs, %first: !tile, %n: i32, %zero: !acc) -> !acc {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %q = ttg.local_alloc %first : (!tile) -> !const
    %k = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #s, #smem, mutable>
    // expected-remark @+1 {{two slots of 8192 bytes do not fit into shared memory, and nothing is left to do behind the last read of one}}
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!acc) : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %k : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %d = ttng.warp_group_dot %q, %k, %acc {inputPrecision = 0 : i32} : !const * !ttg.memdesc<64x64xbf16, #s, #smem, mutable> -> !acc
      %e = ttng.warp_group_dot %q, %k, %d {inputPrecision = 0 : i32} : !const * !ttg.memdesc<64x64xbf16, #s, #smem, mutable> -> !acc
      scf.yield %e : !acc
    } {tt.num_stages = 2 : i32}
    tt.return %r : !acc
  }

  // What is stored, not added, changes its layout through shared memory, for
  // which there is no room beside the tile.
  // CHECK-LABEL: @scratch
  // CHECK: scf.for
  // CHECK-NEXT: tt.load
  // CHECK-NEXT: tt.trans
  // CHECK-NEXT: ttg.local_alloc
  // CHECK: } {tt.num_stages = 2 : i32}
  tt.func @scratch(%ptr: !ptrs {tt.contiguity = dense<[1, 64]> : tensor<2xi32>, tt.divisibility = dense<[16, 16]> : tensor<2xi32>}, %sums: !floats, %first: !tile, %n: i32, %zero: !acc) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %q = ttg.local_alloc %first : (!tile) -> !const
    // expected-remark @+1 {{two slots of 8192 bytes do not fit into shared memory}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %v = tt.load %ptr : !ptrs
      %turned = tt.trans %v {order = array<i32: 1, 0>} : !tile -> tensor<64x64xbf16, #bt>
      %kt = ttg.local_alloc %turned : (tensor<64x64xbf16, #bt>) -> !turned
      %s = ttng.warp_group_dot %q, %kt, %zero {inputPrecision = 0 : i32} : !const * !turned -> !acc
      %part = ttg.convert_layout %s : !acc -> tensor<64x64xf32, #b>
      tt.store %sums, %part : !floats
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // Turned around in registers and put into a buffer without a swizzle: that
  // stays.
  // CHECK-LABEL: @unswizzled
  // CHECK: scf.for
  // CHECK-NEXT: tt.load
  // CHECK-NEXT: tt.trans
  // CHECK-NEXT: ttg.local_alloc
  // CHECK: } {tt.num_stages = 2 : i32}
  tt.func @unswizzled(%ptr: !ptrs {tt.contiguity = dense<[1, 64]> : tensor<2xi32>, tt.divisibility = dense<[16, 16]> : tensor<2xi32>}, %out: tensor<64x64x!tt.ptr<bf16>, #bt>, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    // expected-remark @+1 {{no asynchronous tile copy in its body}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %v = tt.load %ptr : !ptrs
      %turned = tt.trans %v {order = array<i32: 1, 0>} : !tile -> tensor<64x64xbf16, #bt>
      %kt = ttg.local_alloc %turned : (tensor<64x64xbf16, #bt>) -> !ttg.memdesc<64x64xbf16, #plain, #smem>
      %x = ttg.local_load %kt : !ttg.memdesc<64x64xbf16, #plain, #smem> -> tensor<64x64xbf16, #bt>
      tt.store %out, %x : tensor<64x64x!tt.ptr<bf16>, #bt>
    } {tt.num_stages = 2 : i32}
    tt.return
  }
}
