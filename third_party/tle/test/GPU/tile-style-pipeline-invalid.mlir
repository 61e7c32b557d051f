// RUN: tle-opt %s -verify-diagnostics -remarks-filter-missed=.*tile-style.* -triton-tle-tile-style-pipeline-schedule -triton-tle-materialize-tile-style-pipeline | FileCheck %s

// What cannot be a pipeline stays as it is, with its number of stages, for the
// stock pipeliner; the remark says why.

// CHECK-NOT: tle.tile_style_pipeline
// CHECK-NOT: loop.stage
// CHECK-NOT: tt.num_stages = 1

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#col = #ttg.blocked<{sizePerThread = [8, 1], threadsPerWarp = [8, 4], warpsPerCTA = [1, 4], order = [0, 1]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#line = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#plain = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [1, 0]}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xbf16, #s, #smem, mutable>
!const = !ttg.memdesc<64x64xbf16, #s, #smem>
!half = !ttg.memdesc<32x64xbf16, #s, #smem, mutable, 64x64>
!rows = !ttg.memdesc<3x64xbf16, #plain, #smem, mutable>
!row = !ttg.memdesc<1x64xbf16, #plain, #smem, mutable, 3x64>
!row_ptrs = tensor<1x64x!tt.ptr<bf16>, #b>
!ptrs = tensor<64x64x!tt.ptr<bf16>, #b>
!ints = tensor<64x64xi32, #b>
!tile = tensor<64x64xbf16, #b>
module attributes {"ttg.num-warps" = 4 : i32, ttg.target = "cuda:90"} {
  // CHECK-LABEL: @read_after_loop
  tt.func @read_after_loop(%ptr: !ptrs, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{a buffer is used outside of the loop}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    %y = ttg.local_load %buf : !buf -> !tile
    tt.return
  }

  // CHECK-LABEL: @written_before_loop
  tt.func @written_before_loop(%ptr: !ptrs, %n: i32, %v: !tile) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    ttg.local_store %v, %buf : !tile -> !buf
    // expected-remark @below {{a buffer is used outside of the loop}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @written_in_loop
  tt.func @written_in_loop(%ptr: !ptrs, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{a buffer is used by 'ttg.local_store', which is neither a read nor a view}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
      ttg.local_store %x, %buf : !tile -> !buf
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @read_of_the_tile_before
  tt.func @read_of_the_tile_before(%ptr: !ptrs, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{a buffer is read before the loop waits for its copies}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %x = ttg.local_load %buf : !buf -> !tile
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @read_before_its_wait
  tt.func @read_before_its_wait(%ptr: !ptrs, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{a buffer is read before the loop waits for its copies}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %x = ttg.local_load %buf : !buf -> !tile
      %w = ttg.async_wait %g {num = 0 : i32}
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @wait_for_another_group
  tt.func @wait_for_another_group(%ptr: !ptrs, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    %other = ttg.local_alloc : () -> !buf
    // expected-remark @below {{a buffer is read before the loop waits for its copies}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %t2 = ttg.async_copy_global_to_local %ptr, %other : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g2 = ttg.async_commit_group tokens %t2
      %w1 = ttg.async_wait {num = 1 : i32}
      %y = ttg.local_load %other : !buf -> !tile
      %w = ttg.async_wait {num = 0 : i32}
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @no_wait
  tt.func @no_wait(%ptr: !ptrs, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{an iteration does not wait for all that it copies}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @no_commit
  tt.func @no_commit(%ptr: !ptrs, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{an iteration does not wait for all that it copies}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %w = ttg.async_wait {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @pipelined_by_hand
  tt.func @pipelined_by_hand(%ptr: !ptrs, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{an iteration does not wait for all that it copies}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 1 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @token_used
  tt.func @token_used(%ptr: !ptrs, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{the token of a copy has a use besides commit and wait}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf token %w : !buf -> !tile
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @copy_under_condition
  tt.func @copy_under_condition(%ptr: !ptrs, %n: i32, %c: i1) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{a copy is in a nested region}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      scf.if %c {
        %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
        %g = ttg.async_commit_group tokens %t
      }
      %w = ttg.async_wait {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @half_overwritten
  tt.func @half_overwritten(%ptr: !ptrs, %n: i32, %hptr: tensor<32x64x!tt.ptr<bf16>, #b>) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{an iteration does not overwrite all of a buffer}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %half = ttg.memdesc_subslice %buf[32, 0] : !buf -> !half
      %t = ttg.async_copy_global_to_local %hptr, %half : tensor<32x64x!tt.ptr<bf16>, #b> -> <32x64xbf16, #s, #smem, mutable, 64x64>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @overlapping_parts
  tt.func @overlapping_parts(%ptr: !ptrs, %n: i32, %hptr: tensor<32x64x!tt.ptr<bf16>, #b>) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{an iteration does not overwrite all of a buffer}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %lo = ttg.memdesc_subslice %buf[32, 0] : !buf -> !half
      %hi = ttg.memdesc_subslice %buf[32, 0] : !buf -> !half
      %t = ttg.async_copy_global_to_local %hptr, %lo : tensor<32x64x!tt.ptr<bf16>, #b> -> <32x64xbf16, #s, #smem, mutable, 64x64>
      %t2 = ttg.async_copy_global_to_local %hptr, %hi : tensor<32x64x!tt.ptr<bf16>, #b> -> <32x64xbf16, #s, #smem, mutable, 64x64>
      %g = ttg.async_commit_group tokens %t, %t2
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @allocated_inside
  tt.func @allocated_inside(%ptr: !ptrs, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    // expected-remark @below {{a copy does not fill a buffer allocated before the loop}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %buf = ttg.local_alloc : () -> !buf
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @buffer_of_unknown_origin
  tt.func @buffer_of_unknown_origin(%ptr: !ptrs, %n: i32, %buf: !buf) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    // expected-remark @below {{a copy does not fill a buffer allocated before the loop}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @index_may_be_overwritten
  tt.func @index_may_be_overwritten(%ptr: !ptrs, %n: i32, %idx: !tt.ptr<i32>) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{an address is loaded from memory that the loop may write by 'tt.store'}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %p = tt.addptr %idx, %i : !tt.ptr<i32>, i32
      %id = tt.load %p : !tt.ptr<i32>
      %off = tt.splat %id : i32 -> !ints
      %at = tt.addptr %ptr, %off : !ptrs, !ints
      %t = ttg.async_copy_global_to_local %at, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      tt.store %p, %i : !tt.ptr<i32>
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @tile_may_be_overwritten
  tt.func @tile_may_be_overwritten(%ptr: !ptrs, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{a tile is loaded from memory that the loop may write by 'tt.store'}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
      tt.store %ptr, %x : !ptrs
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @ordering_atomic
  tt.func @ordering_atomic(%ptr: !ptrs, %n: i32, %flag: !tt.ptr<i32>) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    %true = arith.constant true
    // expected-remark @below {{a tile is loaded from memory that the loop may write by 'tt.atomic_rmw'}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %old = tt.atomic_rmw add, acq_rel, gpu, %flag, %i, %true : (!tt.ptr<i32>, i32, i1) -> i32
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  tt.func private @g() attributes {noinline = true}
  // CHECK-LABEL: @call
  tt.func @call(%ptr: !ptrs, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{a tile is loaded from memory that the loop may write by 'tt.call'}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      tt.call @g() : () -> ()
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @address_from_a_tile
  tt.func @address_from_a_tile(%ptr: !ptrs, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{the address of a copy is carried by the loop and depends on 'ttg.local_load', which cannot run ahead}}
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%at = %ptr) -> (!ptrs) : i32 {
      %t = ttg.async_copy_global_to_local %at, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
      %bits = tt.bitcast %x : !tile -> tensor<64x64xi16, #b>
      %off = arith.extsi %bits : tensor<64x64xi16, #b> to !ints
      %next = tt.addptr %at, %off : !ptrs, !ints
      scf.yield %next : !ptrs
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @divisor_of_the_iteration
  tt.func @divisor_of_the_iteration(%ptr: !ptrs, %n: i32, %idx: !tt.ptr<i32>) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{an address depends on 'arith.divsi', which cannot run without a tile}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %left = arith.subi %n, %i : i32
      %q = arith.divsi %n, %left : i32
      %p = tt.addptr %idx, %q : !tt.ptr<i32>, i32
      %id = tt.load %p : !tt.ptr<i32>
      %off = tt.splat %id : i32 -> !ints
      %at = tt.addptr %ptr, %off : !ptrs, !ints
      %t = ttg.async_copy_global_to_local %at, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @inner_loop
  tt.func @inner_loop(%ptr: !ptrs, %n: i32, %out: !tt.ptr<i32>) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{it holds another loop}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      scf.for %j = %c0 to %n step %c1 : i32 {
        tt.store %out, %j : !tt.ptr<i32>
      }
      %x = ttg.local_load %buf : !buf -> !tile
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @asynchronous_product
  tt.func @asynchronous_product(%ptr: !ptrs, %n: i32, %q: !const, %init: tensor<64x64xf32, #mma>) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{a buffer is used by 'ttng.warp_group_dot', which may read it after the iteration}}
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %init) -> (tensor<64x64xf32, #mma>) : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %d = ttng.warp_group_dot %q, %buf, %acc {inputPrecision = 0 : i32, isAsync = true} : !const * !buf -> tensor<64x64xf32, #mma>
      scf.yield %d : tensor<64x64xf32, #mma>
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @runs_once
  tt.func @runs_once(%ptr: !ptrs, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{it runs once at most}}
    scf.for %i = %c0 to %c1 step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @never_runs
  tt.func @never_runs(%ptr: !ptrs, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{it runs once at most}}
    scf.for %i = %c0 to %c0 step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @masked_with_ones
  tt.func @masked_with_ones(%ptr: !ptrs, %n: i32, %m: tensor<64x64xi1, #b>) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %ones = arith.constant dense<1.0> : !tile
    // expected-remark @below {{masked elements of a tile are other than zero}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %v = tt.load %ptr, %m, %ones : !ptrs
      %a = ttg.local_alloc %v : (!tile) -> !const
      %x = ttg.local_load %a : !const -> !tile
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @across_rows
  tt.func @across_rows(%ptr: !ptrs, %n: i32, %cptr: tensor<64x64x!tt.ptr<bf16>, #col>) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    // expected-remark @below {{a tile has no runs of four bytes that a copy can move}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %v = tt.load %cptr : tensor<64x64x!tt.ptr<bf16>, #col>
      %a = ttg.local_alloc %v : (tensor<64x64xbf16, #col>) -> !const
      %x = ttg.local_load %a : !const -> !tile
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @volatile_load
  tt.func @volatile_load(%ptr: !ptrs, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    // expected-remark @below {{the load of a tile is volatile}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %v = tt.load %ptr {isVolatile = true} : !ptrs
      %a = ttg.local_alloc %v : (!tile) -> !const
      %x = ttg.local_load %a : !const -> !tile
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @no_copy
  tt.func @no_copy(%ptr: !ptrs, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    // expected-remark @below {{no asynchronous tile copy in its body}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %v = tt.load %ptr : !ptrs
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @warp_specialized
  tt.func @warp_specialized(%ptr: !ptrs, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{it is to be warp-specialized by stock}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
    // CHECK: } {tt.num_stages = 2 : i32, tt.warp_specialize}
    } {tt.num_stages = 2 : i32, tt.warp_specialize}
    tt.return
  }

  // CHECK-LABEL: @slots_already
  tt.func @slots_already(%ptr: !ptrs, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #line, #smem, mutable>
    // expected-remark @below {{the shape and layout of a buffer leave no dimension for its slots}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #line, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !ttg.memdesc<64x64xbf16, #line, #smem, mutable> -> !tile
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @three_rows
  tt.func @three_rows(%ptr: !row_ptrs, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !rows
    %r0 = ttg.memdesc_subslice %buf[0, 0] : !rows -> !row
    %r1 = ttg.memdesc_subslice %buf[1, 0] : !rows -> !row
    %r2 = ttg.memdesc_subslice %buf[2, 0] : !rows -> !row
    // expected-remark @below {{the shape and layout of a buffer leave no dimension for its slots}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %t0 = ttg.async_copy_global_to_local %ptr, %r0 : !row_ptrs -> <1x64xbf16, #plain, #smem, mutable, 3x64>
      %t1 = ttg.async_copy_global_to_local %ptr, %r1 : !row_ptrs -> <1x64xbf16, #plain, #smem, mutable, 3x64>
      %t2 = ttg.async_copy_global_to_local %ptr, %r2 : !row_ptrs -> <1x64xbf16, #plain, #smem, mutable, 3x64>
      %g = ttg.async_commit_group tokens %t0, %t1, %t2
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %r0 : !row -> tensor<1x64xbf16, #b>
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // CHECK-LABEL: @narrow_counter
  tt.func @narrow_counter(%ptr: !ptrs, %c0: i4, %c1: i4, %n: i4) {
    %buf = ttg.local_alloc : () -> !buf
    // expected-remark @below {{its induction variable has less than 8 bits}}
    scf.for %i = %c0 to %n step %c1 : i4 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
    // CHECK: } {tt.num_stages = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }
}
