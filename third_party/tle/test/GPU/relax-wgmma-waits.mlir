// RUN: tle-opt %s -allow-unregistered-dialect -triton-tle-relax-wgmma-waits | FileCheck %s
// RUN: tle-opt %s -allow-unregistered-dialect -triton-tle-relax-wgmma-waits -triton-tle-relax-wgmma-waits | FileCheck %s

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#dot = #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!const = !ttg.memdesc<64x64xf16, #shared, #smem>
!tile = !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
!x = tensor<64x64xf16, #blocked>
!reg = tensor<64x64xf16, #dot>
!acc = tensor<64x64xf32, #mma>
#mma32 = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 32, 16]}>
#mma8 = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 32]}>
#shared8 = #ttg.nvmma_shared<{swizzlingByteWidth = 64, transposed = true, elementBitWidth = 8}>
!const8 = !ttg.memdesc<64x64xf8E5M2, #shared8, #smem>
!reg8 = tensor<64x64xf8E5M2, #ttg.dot_op<{opIdx = 0, parent = #mma8, kWidth = 4}>>
!acc8 = tensor<64x64xf32, #mma8>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90"} {
  // The last wait of the chain serves all of it and holds all that it reads;
  // the factor in registers, too.
  // CHECK-LABEL: @chain
  // CHECK-SAME: %[[A:[^:]*]]: tensor
  // CHECK: %[[D:.*]] = ttng.warp_group_dot %[[A]], %[[B:.*]], %{{.*}} {isAsync = true}
  // CHECK-NEXT: %[[E:.*]] = ttng.warp_group_dot %[[B]], %[[C:.*]], %[[D]] {isAsync = true}
  // CHECK-NEXT: %[[F:.*]] = ttng.warp_group_dot %[[C]], %[[C]], %[[E]] {isAsync = true}
  // CHECK-NEXT: %[[W:.*]]:4 = ttng.warp_group_dot_wait %[[F]], %[[C]], %[[B]], %[[A]] {pendings = 0 : i32}
  // CHECK-NEXT: tt.return %[[W]]#0
  tt.func @chain(%a: !reg, %x: !x, %c: !acc) -> !acc {
    %b = ttg.local_alloc %x : (!x) -> !const
    %b1 = ttg.local_alloc %x : (!x) -> !const
    %d = ttng.warp_group_dot %a, %b, %c {isAsync = true} : !reg * !const -> !acc
    %w:3 = ttng.warp_group_dot_wait %d, %a, %b {pendings = 0 : i32} : !acc, !reg, !const
    %w1 = ttng.warp_group_dot_wait %w#0 {pendings = 0 : i32} : !acc
    %e = ttng.warp_group_dot %b, %b1, %w1 {isAsync = true} : !const * !const -> !acc
    %v = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : !acc
    %f = ttng.warp_group_dot %b1, %b1, %v {isAsync = true} : !const * !const -> !acc
    %u:2 = ttng.warp_group_dot_wait %f, %b1 {pendings = 0 : i32} : !acc, !const
    tt.return %u#0 : !acc
  }

  // The second wait takes over what the first holds, then hands its own product
  // on: the tensor stays in front of the buffers that are left.
  // CHECK-LABEL: @tensors_stay_in_front
  // CHECK: %[[D:.*]] = ttng.warp_group_dot
  // CHECK-NEXT: %[[E:.*]] = ttng.warp_group_dot
  // CHECK-NEXT: %[[W:.*]]:2 = ttng.warp_group_dot_wait %[[D]], %{{.*}} {pendings = 1 : i32} : tensor<{{.*}}>, !ttg.memdesc<{{.*}}>
  // CHECK-NEXT: "use"(%[[W]]#0)
  // CHECK-NEXT: %[[F:.*]] = ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait %[[F]], {{.*}}%[[E]] {pendings = 0 : i32}
  tt.func @tensors_stay_in_front(%x: !x, %c: !acc) -> (!acc, !acc) {
    %b = ttg.local_alloc %x : (!x) -> !const
    %b1 = ttg.local_alloc %x : (!x) -> !const
    %b2 = ttg.local_alloc %x : (!x) -> !const
    %d = ttng.warp_group_dot %b, %b, %c {isAsync = true} : !const * !const -> !acc
    %w:2 = ttng.warp_group_dot_wait %d, %b {pendings = 0 : i32} : !acc, !const
    %e = ttng.warp_group_dot %b1, %b1, %c {isAsync = true} : !const * !const -> !acc
    %v:2 = ttng.warp_group_dot_wait %e, %b1 {pendings = 0 : i32} : !acc, !const
    "use"(%w#0) : (!acc) -> ()
    %f = ttng.warp_group_dot %b2, %b2, %c {isAsync = true} : !const * !const -> !acc
    %u:2 = ttng.warp_group_dot_wait %f, %b2 {pendings = 0 : i32} : !acc, !const
    tt.return %v#0, %u#0 : !acc, !acc
  }

  // The later wait cannot hold a factor in registers of 8 bits.
  // CHECK-LABEL: @narrow_registers
  // CHECK: %[[D:.*]] = ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait %[[D]] {pendings = 0 : i32}
  // CHECK-NEXT: %[[E:.*]] = ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait %[[E]] {pendings = 0 : i32}
  tt.func @narrow_registers(%a: !reg8, %b: !const8, %c: !acc8) -> !acc8 {
    %d = ttng.warp_group_dot %a, %b, %c {isAsync = true} : !reg8 * !const8 -> !acc8
    %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc8
    %e = ttng.warp_group_dot %a, %b, %w {isAsync = true} : !reg8 * !const8 -> !acc8
    %v = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : !acc8
    tt.return %v : !acc8
  }

  // The result is used in between.
  // CHECK-LABEL: @result_is_used
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  // CHECK-NEXT: arith.mulf
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  tt.func @result_is_used(%x: !x, %c: !acc) -> !acc {
    %b = ttg.local_alloc %x : (!x) -> !const
    %d = ttng.warp_group_dot %b, %b, %c {isAsync = true} : !const * !const -> !acc
    %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
    %m = arith.mulf %w, %w : !acc
    %e = ttng.warp_group_dot %b, %b, %m {isAsync = true} : !const * !const -> !acc
    %v = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : !acc
    tt.return %v : !acc
  }

  // Two uses: one of them would need a copy of registers that a product writes.
  // CHECK-LABEL: @two_uses
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  tt.func @two_uses(%x: !x, %c: !acc) -> (!acc, !acc) {
    %b = ttg.local_alloc %x : (!x) -> !const
    %d = ttng.warp_group_dot %b, %b, %c {isAsync = true} : !const * !const -> !acc
    %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
    %e = ttng.warp_group_dot %b, %b, %w {isAsync = true} : !const * !const -> !acc
    %v = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : !acc
    tt.return %v, %w : !acc, !acc
  }

  // A buffer that the product reads is written in between; another one is not.
  // CHECK-LABEL: @buffer_is_written
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  // CHECK-NEXT: ttg.local_store
  // CHECK-NEXT: %[[D:.*]] = ttng.warp_group_dot
  // CHECK-NEXT: ttg.local_store
  // CHECK-NEXT: ttng.warp_group_dot %{{.*}}, %{{.*}}, %[[D]]
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  tt.func @buffer_is_written(%x: !x, %c: !acc) -> !acc {
    %a = ttg.local_alloc : () -> !tile
    %b = ttg.local_alloc : () -> !tile
    %d = ttng.warp_group_dot %a, %a, %c {isAsync = true} : !tile * !tile -> !acc
    %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
    ttg.local_store %x, %a : !x -> !tile
    %e = ttng.warp_group_dot %a, %a, %w {isAsync = true} : !tile * !tile -> !acc
    %v = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : !acc
    ttg.local_store %x, %b : !x -> !tile
    %f = ttng.warp_group_dot %b, %b, %v {isAsync = true} : !tile * !tile -> !acc
    %u = ttng.warp_group_dot_wait %f {pendings = 0 : i32} : !acc
    tt.return %u : !acc
  }

  // The first product must have ended before its buffer is filled again; the
  // second, which nobody needs yet, may run on. The later wait holds it.
  // CHECK-LABEL: @later_group_stays_under_way
  // CHECK: %[[D:.*]] = ttng.warp_group_dot %[[A:.*]], %[[A]],
  // CHECK-NEXT: %[[E:.*]] = ttng.warp_group_dot %[[B:.*]], %[[B]],
  // CHECK-NEXT: %[[W:.*]]:2 = ttng.warp_group_dot_wait %[[D]], %[[A]] {pendings = 1 : i32}
  // CHECK-NEXT: ttg.local_store %{{.*}}, %[[A]]
  // CHECK-NEXT: arith.mulf %[[W]]#0
  // CHECK-NEXT: %[[V:.*]]:2 = ttng.warp_group_dot_wait %[[B]], %[[E]] {pendings = 0 : i32}
  // CHECK-NEXT: arith.mulf %[[V]]#1
  tt.func @later_group_stays_under_way(%x: !x, %c: !acc) -> (!acc, !acc) {
    %a = ttg.local_alloc : () -> !tile
    %b = ttg.local_alloc : () -> !tile
    %d = ttng.warp_group_dot %a, %a, %c {isAsync = true} : !tile * !tile -> !acc
    %e = ttng.warp_group_dot %b, %b, %c {isAsync = true} : !tile * !tile -> !acc
    %w:4 = ttng.warp_group_dot_wait %d, %e, %a, %b {pendings = 0 : i32} : !acc, !acc, !tile, !tile
    ttg.local_store %x, %a : !x -> !tile
    %m = arith.mulf %w#0, %w#0 : !acc
    %v = ttng.warp_group_dot_wait %b {pendings = 0 : i32} : !tile
    %n = arith.mulf %w#1, %w#1 : !acc
    tt.return %m, %n : !acc, !acc
  }

  // Without a wait behind it, the last one stays.
  // CHECK-LABEL: @last_wait
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  // CHECK-NEXT: scf.if
  tt.func @last_wait(%x: !x, %c: !acc, %p: i1) {
    %b = ttg.local_alloc %x : (!x) -> !const
    %d = ttng.warp_group_dot %b, %b, %c {isAsync = true} : !const * !const -> !acc
    %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
    scf.if %p {
      %e = ttng.warp_group_dot %b, %b, %w {isAsync = true} : !const * !const -> !acc
      %v = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : !acc
      "test.use"(%v) : (!acc) -> ()
    }
    tt.return
  }

  // A chain in a loop: no group is under way when an iteration begins.
  // CHECK-LABEL: @loop
  // CHECK: scf.for
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  // CHECK-NEXT: scf.yield
  tt.func @loop(%x: !x, %c: !acc, %n: i32) -> !acc {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %b = ttg.local_alloc %x : (!x) -> !const
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %c) -> (!acc) : i32 {
      %d = ttng.warp_group_dot %b, %b, %acc {isAsync = true} : !const * !const -> !acc
      %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
      %e = ttng.warp_group_dot %b, %b, %w {isAsync = true} : !const * !const -> !acc
      %v = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : !acc
      scf.yield %v : !acc
    }
    tt.return %r : !acc
  }

  // The iteration before may have left a group under way, which the first wait
  // ends: it stays.
  // CHECK-LABEL: @group_of_the_iteration_before
  // CHECK: scf.for
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: scf.yield
  tt.func @group_of_the_iteration_before(%x: !x, %c: !acc, %n: i32) -> !acc {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %b = ttg.local_alloc %x : (!x) -> !const
    %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %c, %prev = %c) -> (!acc, !acc) : i32 {
      %d = ttng.warp_group_dot %b, %b, %acc {isAsync = true} : !const * !const -> !acc
      %w:2 = ttng.warp_group_dot_wait %d, %prev {pendings = 0 : i32} : !acc, !acc
      %e = ttng.warp_group_dot %b, %b, %w#1 {isAsync = true} : !const * !const -> !acc
      scf.yield %w#0, %e : !acc, !acc
    }
    %v = ttng.warp_group_dot_wait %r#1 {pendings = 0 : i32} : !acc
    tt.return %v : !acc
  }

  // A wait for all but a group that is already behind one for all is nothing.
  // CHECK-LABEL: @ends_nothing
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  // CHECK-NEXT: tt.return
  tt.func @ends_nothing(%x: !x, %c: !acc) -> !acc {
    %b = ttg.local_alloc %x : (!x) -> !const
    %d = ttng.warp_group_dot %b, %b, %c {isAsync = true} : !const * !const -> !acc
    %w:2 = ttng.warp_group_dot_wait %d, %b {pendings = 0 : i32} : !acc, !const
    %v = ttng.warp_group_dot_wait %w#0 {pendings = 1 : i32} : !acc
    %u = ttng.warp_group_dot_wait %v {pendings = 0 : i32} : !acc
    tt.return %u : !acc
  }

  // Independent groups of one type end at one wait; a wait for tensors of two
  // types is more than stock can rewrite.
  // CHECK-LABEL: @tensors_of_two_types
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  tt.func @tensors_of_two_types(%x: !x, %y: tensor<64x32xf16, #blocked>, %c: !acc, %f: tensor<64x32xf32, #mma32>) -> (!acc, tensor<64x32xf32, #mma32>) {
    %b = ttg.local_alloc %x : (!x) -> !const
    %n = ttg.local_alloc %y : (tensor<64x32xf16, #blocked>) -> !ttg.memdesc<64x32xf16, #shared, #smem>
    %d = ttng.warp_group_dot %b, %b, %c {isAsync = true} : !const * !const -> !acc
    %w:2 = ttng.warp_group_dot_wait %d, %b {pendings = 0 : i32} : !acc, !const
    %e = ttng.warp_group_dot %b, %n, %f {isAsync = true} : !const * !ttg.memdesc<64x32xf16, #shared, #smem> -> tensor<64x32xf32, #mma32>
    %v:2 = ttng.warp_group_dot_wait %e, %b {pendings = 0 : i32} : tensor<64x32xf32, #mma32>, !const
    tt.return %w#0, %v#0 : !acc, tensor<64x32xf32, #mma32>
  }

  // A product of other factors does not add up in the same way.
  // CHECK-LABEL: @other_factors
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}}pendings = 0
  tt.func @other_factors(%x: !x, %y: tensor<64x64xbf16, #blocked>, %c: !acc) -> !acc {
    %b = ttg.local_alloc %x : (!x) -> !const
    %h = ttg.local_alloc %y : (tensor<64x64xbf16, #blocked>) -> !ttg.memdesc<64x64xbf16, #shared, #smem>
    %d = ttng.warp_group_dot %b, %b, %c {isAsync = true} : !const * !const -> !acc
    %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
    %e = ttng.warp_group_dot %h, %h, %w {isAsync = true} : !ttg.memdesc<64x64xbf16, #shared, #smem> * !ttg.memdesc<64x64xbf16, #shared, #smem> -> !acc
    %v = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : !acc
    tt.return %v : !acc
  }

  // A wait for all but one decides nothing of what the next iteration finds.
  // CHECK-LABEL: @pending_in_loop
  // CHECK: ttng.warp_group_dot_wait %{{.*}} {pendings = 1 : i32}
  tt.func @pending_in_loop(%c: !acc, %n: i32) -> !acc {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %c) -> (!acc) : i32 {
      %v = arith.negf %a : !acc
      %w = ttng.warp_group_dot_wait %v {pendings = 1 : i32} : !acc
      scf.yield %w : !acc
    }
    tt.return %r : !acc
  }

  // In a tile-style loop the copies of the iteration fill the tile again. The
  // wait stays before what stock may put a barrier at, which would not put one
  // between the wait and the copies then: a conversion, and what reads what was
  // written before the product.
  // CHECK-LABEL: @tile_and_barrier
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK-NEXT: ttg.convert_layout
  // CHECK-NEXT: ttg.convert_layout
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait
  tt.func @tile_and_barrier(%p: tensor<64x64x!tt.ptr<f16>, #blocked>, %q: !const, %x: !x, %c: !acc, %n: i32) -> (!acc, !x) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %k = ttg.local_alloc : () -> !tile
    %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %c, %y = %x) -> (!acc, !x) : i32 {
      %g = ttg.async_wait {num = 0 : i32}
      %s = ttg.local_alloc %y : (!x) -> !const
      %d = ttng.warp_group_dot %q, %k, %a {isAsync = true} : !const * !tile -> !acc
      %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
      %l = ttg.convert_layout %y : !x -> tensor<64x64xf16, #mma>
      %z = ttg.convert_layout %l : tensor<64x64xf16, #mma> -> !x
      %e = ttng.warp_group_dot %q, %q, %w {isAsync = true} : !const * !const -> !acc
      %v = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : !acc
      %t = ttg.async_copy_global_to_local %p, %k : tensor<64x64x!tt.ptr<f16>, #blocked> -> <64x64xf16, #shared, #smem, mutable>
      %u = ttg.async_commit_group tokens %t
      scf.yield %v, %z : !acc, !x
    } {tle.tile_style_pipeline = 1 : i32, tt.num_stages = 1 : i32}
    tt.return %r#0, %r#1 : !acc, !x
  }

  // CHECK-LABEL: @tile_and_read
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK-NEXT: ttg.local_load
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait
  tt.func @tile_and_read(%p: tensor<64x64x!tt.ptr<f16>, #blocked>, %q: !const, %x: !x, %c: !acc, %n: i32) -> (!acc, !x) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %k = ttg.local_alloc : () -> !tile
    %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %c, %y = %x) -> (!acc, !x) : i32 {
      %g = ttg.async_wait {num = 0 : i32}
      %s = ttg.local_alloc %y : (!x) -> !const
      %d = ttng.warp_group_dot %q, %k, %a {isAsync = true} : !const * !tile -> !acc
      %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
      %z = ttg.local_load %s : !const -> !x
      %e = ttng.warp_group_dot %q, %q, %w {isAsync = true} : !const * !const -> !acc
      %v = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : !acc
      %t = ttg.async_copy_global_to_local %p, %k : tensor<64x64x!tt.ptr<f16>, #blocked> -> <64x64xf16, #shared, #smem, mutable>
      %u = ttg.async_commit_group tokens %t
      scf.yield %v, %z : !acc, !x
    } {tle.tile_style_pipeline = 1 : i32, tt.num_stages = 1 : i32}
    tt.return %r#0, %r#1 : !acc, !x
  }

  // CHECK-LABEL: @tile_and_product
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait
  tt.func @tile_and_product(%p: tensor<64x64x!tt.ptr<f16>, #blocked>, %q: !const, %x: !x, %c: !acc, %n: i32) -> (!acc, !x) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %k = ttg.local_alloc : () -> !tile
    %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %c, %y = %x) -> (!acc, !x) : i32 {
      %g = ttg.async_wait {num = 0 : i32}
      %s = ttg.local_alloc %y : (!x) -> !const
      %d = ttng.warp_group_dot %q, %k, %a {isAsync = true} : !const * !tile -> !acc
      %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
      %e = ttng.warp_group_dot %q, %s, %w {isAsync = true} : !const * !const -> !acc
      %v = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : !acc
      %t = ttg.async_copy_global_to_local %p, %k : tensor<64x64x!tt.ptr<f16>, #blocked> -> <64x64xf16, #shared, #smem, mutable>
      %u = ttg.async_commit_group tokens %t
      scf.yield %v, %y : !acc, !x
    } {tle.tile_style_pipeline = 1 : i32, tt.num_stages = 1 : i32}
    tt.return %r#0, %r#1 : !acc, !x
  }

  // Stock's barrier for what was written comes before the first product.
  // CHECK-LABEL: @barrier_before
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttg.local_load
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait
  tt.func @barrier_before(%p: tensor<64x64x!tt.ptr<f16>, #blocked>, %q: !const, %x: !x, %c: !acc, %n: i32) -> (!acc, !x) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %k = ttg.local_alloc : () -> !tile
    %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %c, %y = %x) -> (!acc, !x) : i32 {
      %g = ttg.async_wait {num = 0 : i32}
      %s = ttg.local_alloc %y : (!x) -> !const
      %d = ttng.warp_group_dot %s, %k, %a {isAsync = true} : !const * !tile -> !acc
      %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
      %z = ttg.local_load %s : !const -> !x
      %e = ttng.warp_group_dot %q, %s, %w {isAsync = true} : !const * !const -> !acc
      %v = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : !acc
      %t = ttg.async_copy_global_to_local %p, %k : tensor<64x64x!tt.ptr<f16>, #blocked> -> <64x64xf16, #shared, #smem, mutable>
      %u = ttg.async_commit_group tokens %t
      scf.yield %v, %z : !acc, !x
    } {tle.tile_style_pipeline = 1 : i32, tt.num_stages = 1 : i32}
    tt.return %r#0, %r#1 : !acc, !x
  }

  // In other loops the copies stand behind a wait for those before.
  // CHECK-LABEL: @other_loop
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttg.convert_layout
  // CHECK-NEXT: ttg.convert_layout
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait
  tt.func @other_loop(%p: tensor<64x64x!tt.ptr<f16>, #blocked>, %q: !const, %x: !x, %c: !acc, %n: i32) -> (!acc, !x) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %k = ttg.local_alloc : () -> !tile
    %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %c, %y = %x) -> (!acc, !x) : i32 {
      %g = ttg.async_wait {num = 0 : i32}
      %s = ttg.local_alloc %y : (!x) -> !const
      %d = ttng.warp_group_dot %q, %k, %a {isAsync = true} : !const * !tile -> !acc
      %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
      %l = ttg.convert_layout %y : !x -> tensor<64x64xf16, #mma>
      %z = ttg.convert_layout %l : tensor<64x64xf16, #mma> -> !x
      %e = ttng.warp_group_dot %q, %q, %w {isAsync = true} : !const * !const -> !acc
      %v = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : !acc
      %t = ttg.async_copy_global_to_local %p, %k : tensor<64x64x!tt.ptr<f16>, #blocked> -> <64x64xf16, #shared, #smem, mutable>
      %u = ttg.async_commit_group tokens %t
      scf.yield %v, %z : !acc, !x
    } {tt.num_stages = 1 : i32}
    tt.return %r#0, %r#1 : !acc, !x
  }
}
