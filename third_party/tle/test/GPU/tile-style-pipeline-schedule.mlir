// RUN: tle-opt %s -verify-diagnostics -remarks-filter=triton-tle.* -triton-tle-tile-style-pipeline-schedule | FileCheck %s

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xbf16, #s, #smem, mutable>
!const = !ttg.memdesc<64x64xbf16, #s, #smem>
!ptrs = tensor<64x64x!tt.ptr<bf16>, #b>
!ints = tensor<64x64xi32, #b>
!tile = tensor<64x64xbf16, #b>
module attributes {"ttg.num-warps" = 4 : i32, ttg.target = "cuda:90"} {
  // CHECK-LABEL: @gather
  tt.func @gather(%base: !ptrs, %n: i32, %init: !tile) -> !tile {
    %c0 = arith.constant 0 : i32
    %c64 = arith.constant 64 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{1 tile copies, 8192 bytes a slot}}
    %r = scf.for %i = %c0 to %n step %c64 iter_args(%acc = %init) -> (!tile) : i32 {
      // CHECK: tt.splat {{.*}} {loop.cluster = 0 : i32, loop.stage = 0 : i32}
      %off = tt.splat %i : i32 -> !ints
      %ptr = tt.addptr %base, %off : !ptrs, !ints
      // CHECK: ttg.async_copy_global_to_local {{.*}}loop.stage = 0 : i32
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      // CHECK: ttg.async_commit_group {{.*}}loop.stage = 0 : i32
      %g = ttg.async_commit_group tokens %t
      // CHECK: ttg.async_wait {{.*}}loop.stage = 2 : i32
      %w = ttg.async_wait %g {num = 0 : i32}
      // CHECK: ttg.local_load {{.*}}loop.stage = 2 : i32
      %x = ttg.local_load %buf : !buf -> !tile
      %sum = arith.addf %acc, %x : !tile
      scf.yield %sum : !tile
    // CHECK: } {tle.async_tile_producer_count = 1 : i32, tle.tile_style_pipeline = 1 : i32, tt.num_stages = 2 : i32, tt.scheduled_max_stage = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return %r : !tile
  }

  // K and V, each with a group and a wait of its own; K is read before V is
  // waited for.
  // CHECK-LABEL: @two_producers
  tt.func @two_producers(%k: !ptrs, %v: !ptrs, %n: i32, %init: !tile) -> !tile {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %kbuf = ttg.local_alloc : () -> !buf
    %vbuf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{2 tile copies, 16384 bytes a slot}}
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %init) -> (!tile) : i32 {
      %tk = ttg.async_copy_global_to_local %k, %kbuf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %gk = ttg.async_commit_group tokens %tk
      %tv = ttg.async_copy_global_to_local %v, %vbuf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %gv = ttg.async_commit_group tokens %tv
      %wk = ttg.async_wait %gk {num = 1 : i32}
      %x = ttg.local_load %kbuf : !buf -> !tile
      %wv = ttg.async_wait %gv {num = 0 : i32}
      %y = ttg.local_load %vbuf : !buf -> !tile
      %s = arith.addf %acc, %x : !tile
      %sum = arith.addf %s, %y : !tile
      scf.yield %sum : !tile
    // CHECK: } {tle.async_tile_producer_count = 2 : i32
    } {tt.num_stages = 2 : i32}
    tt.return %r : !tile
  }

  // Tiles that were loaded into registers on their way to shared memory. The
  // second is needed in registers too: from there it is read back.
  // CHECK-LABEL: @staged_loads
  // CHECK: %[[K:.*]] = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
  // CHECK: %[[V:.*]] = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
  tt.func @staged_loads(%k: !ptrs {tt.contiguity = dense<[1, 64]> : tensor<2xi32>, tt.divisibility = dense<[1, 16]> : tensor<2xi32>}, %v: !ptrs {tt.contiguity = dense<[1, 64]> : tensor<2xi32>, tt.divisibility = dense<[1, 16]> : tensor<2xi32>},
      %mask: tensor<64x64xi1, #b> {tt.constancy = dense<[1, 64]> : tensor<2xi32>}, %n: i32, %init: !tile) -> !tile {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %zero = arith.constant dense<0.0> : !tile
    // expected-remark @below {{2 tile copies, 16384 bytes a slot}}
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %init) -> (!tile) : i32 {
      // CHECK-NOT: tt.load
      // CHECK: ttg.async_copy_global_to_local %{{.*}}, %[[K]] mask %{{[^ ]*}} {
      // CHECK: ttg.async_wait
      // CHECK: ttg.local_load %[[K]]
      %kv = tt.load %k, %mask, %zero : !ptrs
      %ka = ttg.local_alloc %kv : (!tile) -> !const
      %x = ttg.local_load %ka : !const -> !tile
      // CHECK: ttg.async_copy_global_to_local %{{.*}}, %[[V]] {
      // CHECK: ttg.async_wait
      // CHECK: %[[Y:.*]] = ttg.local_load %[[V]]
      // CHECK: arith.addf %{{.*}}, %[[Y]]
      %vv = tt.load %v : !ptrs
      %va = ttg.local_alloc %vv : (!tile) -> !const
      %s = arith.addf %x, %vv : !tile
      %y = ttg.local_load %va : !const -> !tile
      %s1 = arith.addf %s, %y : !tile
      %sum = arith.addf %acc, %s1 : !tile
      scf.yield %sum : !tile
    // CHECK: } {tle.async_tile_producer_count = 2 : i32
    } {tt.num_stages = 2 : i32}
    tt.return %r : !tile
  }

  // Pointers that iterations move on are computed ahead.
  // CHECK-LABEL: @carried_pointer
  tt.func @carried_pointer(%first: !ptrs, %inc: !ints, %n: i32, %init: !tile) -> !tile {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{1 tile copies}}
    %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%ptr = %first, %acc = %init) -> (!ptrs, !tile) : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
      %sum = arith.addf %acc, %x : !tile
      %next = tt.addptr %ptr, %inc : !ptrs, !ints
      scf.yield %next, %sum : !ptrs, !tile
    // CHECK: } {{{.*}}tle.tile_style_pipeline = 1 : i32
    } {tt.num_stages = 2 : i32}
    tt.return %r#1 : !tile
  }

  // Stores and relaxed atomics to other arguments than tiles come from.
  // CHECK-LABEL: @writes_elsewhere
  tt.func @writes_elsewhere(%ptr: !ptrs, %out: !ptrs, %sums: !ptrs, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %true = arith.constant dense<true> : tensor<64x64xi1, #b>
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{1 tile copies}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
      %off = tt.splat %i : i32 -> !ints
      %o = tt.addptr %out, %off : !ptrs, !ints
      tt.store %o, %x : !ptrs
      %old = tt.atomic_rmw fadd, relaxed, gpu, %sums, %x, %true : (!ptrs, !tile, tensor<64x64xi1, #b>) -> !tile
    // CHECK: } {{{.*}}tle.tile_style_pipeline = 1 : i32
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // Of nested loops the inner one is taken; the outer one is left alone.
  // CHECK-LABEL: @nested
  tt.func @nested(%ptr: !ptrs, %n: i32, %init: !tile) -> !tile {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{it holds another loop}}
    %r = scf.for %j = %c0 to %n step %c1 iter_args(%outer = %init) -> (!tile) : i32 {
      // expected-remark @below {{1 tile copies}}
      %q = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %outer) -> (!tile) : i32 {
        %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
        %g = ttg.async_commit_group tokens %t
        %w = ttg.async_wait %g {num = 0 : i32}
        %x = ttg.local_load %buf : !buf -> !tile
        %sum = arith.addf %acc, %x : !tile
        scf.yield %sum : !tile
      // CHECK: } {{{.*}}tle.tile_style_pipeline = 1 : i32
      } {tt.num_stages = 2 : i32}
      scf.yield %q : !tile
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return %r : !tile
  }

  // One stage asks for no pipeline.
  // CHECK-LABEL: @single_stage
  // CHECK-NOT: tle.tile_style_pipeline
  tt.func @single_stage(%ptr: !ptrs, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c64 = arith.constant 64 : i32
    %buf = ttg.local_alloc : () -> !buf
    scf.for %i = %c0 to %n step %c64 : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
    } {tt.num_stages = 1 : i32}
    tt.return
  }
}
