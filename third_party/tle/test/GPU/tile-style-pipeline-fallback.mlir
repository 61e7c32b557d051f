// RUN: tle-opt %s -split-input-file -triton-tle-tile-style-pipeline-schedule -triton-tle-materialize-tile-style-pipeline | FileCheck %s
// RUN: tle-opt %s -split-input-file -triton-tle-tile-style-pipeline-schedule -triton-tle-tile-style-pipeline-schedule -triton-tle-materialize-tile-style-pipeline | FileCheck %s
// RUN: tle-opt %s -split-input-file -verify-diagnostics -remarks-filter=.*tile-style.* -triton-tle-tile-style-pipeline-schedule -triton-tle-materialize-tile-style-pipeline -o /dev/null

// Where pointers that the loop carries lead, and what stock's pipeliner gets
// when there is no room: the loop as it was.

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xbf16, #s, #smem, mutable>
!ptrs = tensor<64x64x!tt.ptr<bf16>, #b>
!ints = tensor<64x64xi32, #b>
!tile = tensor<64x64xbf16, #b>
module attributes {"ttg.num-warps" = 4 : i32, ttg.target = "cuda:90"} {
  // Two pointers change places in every iteration: from the second on, tiles
  // are read where the iteration before has stored.
  // CHECK-LABEL: @swapped_pointers
  // CHECK-NOT: tle.tile_style_pipeline
  // CHECK: ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16
  tt.func @swapped_pointers(%a: !ptrs, %b: !ptrs, %inc: !ints, %n: i32, %zero: !tile) -> !tile {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @+1 {{a tile is loaded from memory that the loop may write by 'tt.store'}}
    %r:3 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %p = %a, %q = %b) -> (!tile, !ptrs, !ptrs) : i32 {
      %t = ttg.async_copy_global_to_local %p, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
      %sum = arith.addf %acc, %x : !tile
      tt.store %b, %sum : !ptrs
      %p1 = tt.addptr %q, %inc : !ptrs, !ints
      %q1 = tt.addptr %p, %inc : !ptrs, !ints
      scf.yield %sum, %p1, %q1 : !tile, !ptrs, !ptrs
    } {tt.num_stages = 3 : i32}
    tt.return %r#0 : !tile
  }

  // The same pointers, each moved on by itself, in two steps.
  // CHECK-LABEL: @moved_pointers
  // CHECK: ttg.local_alloc : () -> !ttg.memdesc<3x64x64xbf16
  tt.func @moved_pointers(%a: !ptrs, %b: !ptrs, %inc: !ints, %n: i32, %zero: !tile) -> !tile {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @+2 {{1 tile copies, 8192 bytes a slot}}
    // expected-remark @+1 {{3 slots of 8192 bytes}}
    %r:3 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %p = %a, %q = %b) -> (!tile, !ptrs, !ptrs) : i32 {
      %t = ttg.async_copy_global_to_local %p, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
      %sum = arith.addf %acc, %x : !tile
      tt.store %q, %sum : !ptrs
      %half = tt.addptr %p, %inc : !ptrs, !ints
      %p1 = tt.addptr %half, %inc : !ptrs, !ints
      %q1 = tt.addptr %q, %inc : !ptrs, !ints
      scf.yield %sum, %p1, %q1 : !tile, !ptrs, !ptrs
    } {tt.num_stages = 3 : i32}
    tt.return %r#0 : !tile
  }

  // CHECK-LABEL: @unsigned_bounds
  // CHECK: scf.for unsigned
  // CHECK-NOT: tle.tile_style_pipeline
  tt.func @unsigned_bounds(%a: !ptrs, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @+1 {{its bounds are unsigned}}
    scf.for unsigned %i = %c0 to %n step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %a, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // Two trips: two slots, both filled before the loop, nothing conditional.
  // CHECK-LABEL: @static_two
  // CHECK: ttg.local_alloc : () -> !ttg.memdesc<2x64x64xbf16
  // CHECK-NOT: scf.if
  // CHECK-COUNT-2: ttg.async_copy_global_to_local
  // CHECK-NOT: ttg.async_copy_global_to_local
  // CHECK: tt.return
  tt.func @static_two(%a: !ptrs) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %c2 = arith.constant 2 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @+2 {{1 tile copies, 8192 bytes a slot}}
    // expected-remark @+1 {{2 slots of 8192 bytes}}
    scf.for %i = %c0 to %c2 step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %a, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
    } {tt.num_stages = 4 : i32}
    tt.return
  }
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!const = !ttg.memdesc<64x512xbf16, #s, #smem>
!ptrs = tensor<64x512x!tt.ptr<bf16>, #b>
!tile = tensor<64x512xbf16, #b>
module attributes {"ttg.num-warps" = 4 : i32, ttg.target = "cuda:90"} {
  // The slots of the first loop leave no room for two of the second, which
  // stays a loop that loads into registers.
  // CHECK-LABEL: @no_room_for_the_second_loop
  // CHECK: ttg.local_alloc : () -> !ttg.memdesc<2x64x512xbf16
  // CHECK: ttg.local_dealloc
  // CHECK-NOT: ttg.local_alloc :
  // CHECK: scf.for
  // CHECK-NEXT: %[[V:.+]] = tt.load
  // CHECK-NEXT: ttg.local_alloc %[[V]] :
  // CHECK-NOT: loop.stage
  // CHECK: } {tt.num_stages = 3 : i32}
  tt.func @no_room_for_the_second_loop(%ptr: !ptrs {tt.contiguity = dense<[1, 512]> : tensor<2xi32>, tt.divisibility = dense<[1, 16]> : tensor<2xi32>}, %n: i32, %zero: !tile) -> !tile {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    // expected-remark @+2 {{1 tile copies, 65536 bytes a slot}}
    // expected-remark @+1 {{2 slots of 65536 bytes}}
    %q = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!tile) : i32 {
      %t = tt.load %ptr : !ptrs
      %g = ttg.local_alloc %t : (!tile) -> !const
      %x = ttg.local_load %g : !const -> !tile
      %sum = arith.addf %acc, %x : !tile
      scf.yield %sum : !tile
    } {tt.num_stages = 3 : i32}
    // expected-remark @+1 {{two slots of 65536 bytes do not fit into shared memory}}
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %q) -> (!tile) : i32 {
      %t = tt.load %ptr : !ptrs
      %g = ttg.local_alloc %t : (!tile) -> !const
      %x = ttg.local_load %g : !const -> !tile
      %sum = arith.addf %acc, %x : !tile
      scf.yield %sum : !tile
    } {tt.num_stages = 3 : i32}
    tt.return %r : !tile
  }
}

// -----

// What a scan hands from warp to warp takes shared memory too: 16 KiB here,
// two slots.
#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 32}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xf32, #s, #smem, mutable>
!ptrs = tensor<64x64x!tt.ptr<f32>, #b>
!tile = tensor<64x64xf32, #b>
module attributes {"ttg.num-warps" = 4 : i32, ttg.target = "cuda:90"} {
  // CHECK-LABEL: @scan
  // CHECK: ttg.local_alloc : () -> !ttg.memdesc<13x64x64xf32
  tt.func @scan(%ptr: !ptrs, %n: i32, %zero: !tile) -> !tile {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @+2 {{1 tile copies, 16384 bytes a slot}}
    // expected-remark @+1 {{13 slots of 16384 bytes}}
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!tile) : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xf32, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
      %sums = "tt.scan"(%x) <{axis = 0 : i32, reverse = false}> ({
      ^bb0(%y: f32, %z: f32):
        %sum = arith.addf %y, %z : f32
        tt.scan.return %sum : f32
      }) : (!tile) -> !tile
      %more = arith.addf %acc, %sums : !tile
      scf.yield %more : !tile
    } {tt.num_stages = 20 : i32}
    tt.return %r : !tile
  }
}
