// RUN: tle-opt %s -triton-tle-sink-dot-waits | FileCheck %s
// RUN: tle-opt %s -triton-tle-sink-dot-waits -triton-tle-sink-dot-waits | FileCheck %s

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#shared1 = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = true, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
!view = !ttg.memdesc<64x64xbf16, #shared1, #smem, mutable>
!acc = tensor<64x64xf32, #mma>
!left = tensor<64x64xbf16, #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>>
!row = tensor<64xf32, #ttg.slice<{dim = 1, parent = #mma}>>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // The product of the iteration before reads P from registers, which the softmax makes anew: it ends first.
  // CHECK-LABEL: @scores_ahead
  // CHECK: scf.for
  // CHECK: %[[D:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: %[[W:.+]]:3 = ttng.warp_group_dot_wait %[[D]], %{{.+}}, %{{.+}} {pendings = 0 : i32}
  // CHECK-NEXT: "tt.reduce"
  // CHECK: math.exp2
  // CHECK: arith.mulf %[[W]]#2
  // CHECK: ttng.warp_group_dot
  // CHECK-NOT: ttng.warp_group_dot_wait
  // CHECK: scf.yield
  tt.func public @scores_ahead(%q: !tile, %k: !view, %v: !tile, %first: !acc, %zero: !acc, %n: i32) -> !acc {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %s = %first) -> (!acc, !acc) : i32 {
      %d = ttng.warp_group_dot %q, %k, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !view -> !acc
      %w:3 = ttng.warp_group_dot_wait %d, %k, %acc {pendings = 0 : i32} : !acc, !view, !acc
      %max = "tt.reduce"(%s) <{axis = 1 : i32}> ({
      ^bb0(%x: f32, %y: f32):
        %m = arith.maxnumf %x, %y : f32
        tt.reduce.return %m : f32
      }) : (!acc) -> !row
      %rows = tt.expand_dims %max {axis = 1 : i32} : !row -> tensor<64x1xf32, #mma>
      %full = tt.broadcast %rows : tensor<64x1xf32, #mma> -> !acc
      %diff = arith.subf %s, %full : !acc
      %p = math.exp2 %diff : !acc
      %a = arith.truncf %p : !acc to tensor<64x64xbf16, #mma>
      %scaled = arith.mulf %w#2, %full : !acc
      %ad = ttg.convert_layout %a : tensor<64x64xbf16, #mma> -> tensor<64x64xbf16, #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>>
      %next = ttng.warp_group_dot %ad, %v, %scaled {inputPrecision = 0 : i32, isAsync = true} : tensor<64x64xbf16, #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>> * !tile -> !acc
      scf.yield %next, %w#0 : !acc, !acc
    }
    %done = ttng.warp_group_dot_wait %r#0 {pendings = 0 : i32} : !acc
    tt.return %done : !acc
  }

  // Both factors in shared memory: nothing to keep, and the wait for both moves.
  // CHECK-LABEL: @factors_in_memory
  // CHECK: scf.for
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: math.exp2
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.+}} {pendings = 0 : i32}
  tt.func public @factors_in_memory(%q: !tile, %k: !view, %p: !tile, %v: !tile, %zero: !acc, %n: i32) -> !acc {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %s = %zero) -> (!acc, !acc) : i32 {
      %d = ttng.warp_group_dot %q, %k, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !view -> !acc
      %w:2 = ttng.warp_group_dot_wait %d, %acc {pendings = 0 : i32} : !acc, !acc
      %e = math.exp2 %s : !acc
      %scaled = arith.mulf %w#1, %e : !acc
      %next = ttng.warp_group_dot %p, %v, %scaled {inputPrecision = 0 : i32, isAsync = true} : !tile * !tile -> !acc
      scf.yield %next, %w#0 : !acc, !acc
    }
    %done = ttng.warp_group_dot_wait %r#0 {pendings = 0 : i32} : !acc
    tt.return %done : !acc
  }

  // A factor in registers: the wait stays unless it holds them.
  // CHECK-LABEL: @factor_in_registers
  // CHECK: %[[D:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait %[[D]] {pendings = 0 : i32}
  // CHECK-NEXT: math.exp2
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: math.exp2
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.+}} {pendings = 0 : i32}
  // CHECK: %[[F:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: %[[G:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait %[[F]], %[[G]] {pendings = 0 : i32}
  // CHECK-NEXT: math.exp2
  tt.func public @factor_in_registers(%a: !left, %q: !tile, %k: !view, %v: !tile, %zero: !acc, %x: !acc) -> (!acc, !acc, !acc, !acc, !acc, !acc, !acc) {
    %d = ttng.warp_group_dot %a, %v, %zero {inputPrecision = 0 : i32, isAsync = true} : !left * !tile -> !acc
    %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
    %y = math.exp2 %x : !acc
    %e = ttng.warp_group_dot %a, %v, %zero {inputPrecision = 0 : i32, isAsync = true} : !left * !tile -> !acc
    %u:2 = ttng.warp_group_dot_wait %e, %a {pendings = 0 : i32} : !acc, !left
    %z = math.exp2 %y : !acc
    %f = ttng.warp_group_dot %a, %v, %zero {inputPrecision = 0 : i32, isAsync = true} : !left * !tile -> !acc
    %g = ttng.warp_group_dot %q, %k, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !view -> !acc
    %t:2 = ttng.warp_group_dot_wait %f, %g {pendings = 0 : i32} : !acc, !acc
    %m = math.exp2 %z : !acc
    tt.return %w, %y, %u#0, %z, %t#0, %t#1, %m : !acc, !acc, !acc, !acc, !acc, !acc, !acc
  }

  // Used at once, or before the end of the block only.
  // CHECK-LABEL: @used_at_once
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: %[[W:.+]] = ttng.warp_group_dot_wait
  // CHECK-NEXT: math.exp2 %[[W]]
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: math.exp2
  // CHECK-NEXT: %[[E:.+]] = ttng.warp_group_dot_wait
  // CHECK-NEXT: tt.return %[[E]]
  tt.func public @used_at_once(%q: !tile, %k: !view, %zero: !acc) -> !acc {
    %d = ttng.warp_group_dot %q, %k, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !view -> !acc
    %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
    %p = math.exp2 %w : !acc
    %e = ttng.warp_group_dot %q, %k, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !view -> !acc
    %f = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : !acc
    %other = math.exp2 %p : !acc
    tt.return %f : !acc
  }

  // Waits in a row move together.
  // CHECK-LABEL: @waits_in_a_row
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: math.exp2
  // CHECK-NEXT: %[[W:.+]] = ttng.warp_group_dot_wait
  // CHECK-NEXT: %[[E:.+]] = ttng.warp_group_dot_wait %[[W]]
  // CHECK-NEXT: tt.return %[[E]]
  tt.func public @waits_in_a_row(%q: !tile, %k: !view, %zero: !acc) -> (!acc, !acc) {
    %d = ttng.warp_group_dot %q, %k, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !view -> !acc
    %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
    %e = ttng.warp_group_dot_wait %w {pendings = 0 : i32} : !acc
    %p = math.exp2 %zero : !acc
    tt.return %e, %p : !acc, !acc
  }

  // What the products still read must not be overwritten; nor does a wait pass a barrier or a product.
  // CHECK-LABEL: @writes_stay_behind
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK-NEXT: ttg.local_store
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK-NEXT: gpu.barrier
  // CHECK: %[[D:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: math.exp2
  // CHECK-NEXT: %[[W:.+]] = ttng.warp_group_dot_wait %[[D]]
  // CHECK-NEXT: ttng.warp_group_dot
  tt.func public @writes_stay_behind(%q: !tile, %k: !view, %zero: !acc, %x: tensor<64x64xbf16, #mma>) -> (!acc, !acc, !acc, !acc) {
    %d = ttng.warp_group_dot %q, %k, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !view -> !acc
    %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
    ttg.local_store %x, %q : tensor<64x64xbf16, #mma> -> !tile
    %d2 = ttng.warp_group_dot %q, %k, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !view -> !acc
    %w2 = ttng.warp_group_dot_wait %d2 {pendings = 0 : i32} : !acc
    gpu.barrier
    %d3 = ttng.warp_group_dot %q, %k, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !view -> !acc
    %w3 = ttng.warp_group_dot_wait %d3 {pendings = 0 : i32} : !acc
    %p = math.exp2 %w2 : !acc
    %d4 = ttng.warp_group_dot %q, %k, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !view -> !acc
    %w4:2 = ttng.warp_group_dot_wait %d4, %w3 {pendings = 0 : i32} : !acc, !acc
    tt.return %w, %p, %w4#0, %w4#1 : !acc, !acc, !acc, !acc
  }

  // A value of an unfinished product that is used as it is, also one that the loop carries, holds a wait; so does a
  // use inside of a region. Waits that leave products pending do not move.
  // CHECK-LABEL: @unfinished
  // CHECK: scf.for
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK-NEXT: math.exp2
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait {{.*}} {pendings = 1 : i32}
  // CHECK-NEXT: arith.mulf
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: arith.mulf
  // CHECK-NEXT: %[[W:.+]] = ttng.warp_group_dot_wait
  // CHECK-NEXT: scf.if
  tt.func public @unfinished(%q: !tile, %k: !view, %zero: !acc, %n: i32, %b: i1) -> (!acc, !acc) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %sum = %zero) -> (!acc, !acc) : i32 {
      %d = ttng.warp_group_dot %q, %k, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !view -> !acc
      %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
      %p = math.exp2 %acc : !acc
      %d2 = ttng.warp_group_dot %q, %k, %w {inputPrecision = 0 : i32, isAsync = true} : !tile * !view -> !acc
      %w2 = ttng.warp_group_dot_wait %d2 {pendings = 1 : i32} : !acc
      %p2 = arith.mulf %p, %sum : !acc
      scf.yield %d2, %p2 : !acc, !acc
    }
    %last = ttng.warp_group_dot %q, %k, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !view -> !acc
    %w4 = ttng.warp_group_dot_wait %last {pendings = 0 : i32} : !acc
    %m = arith.mulf %r#1, %zero : !acc
    %chosen = scf.if %b -> !acc {
      scf.yield %w4 : !acc
    } else {
      scf.yield %m : !acc
    }
    tt.return %chosen, %r#0 : !acc, !acc
  }

  // Global memory is none that products read: stores and relaxed reductions run beside them.
  // CHECK-LABEL: @global_writes
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: tt.store
  // CHECK-NEXT: tt.atomic_rmw fadd, relaxed, gpu
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK-NEXT: tt.return
  tt.func public @global_writes(%q: !tile, %k: !view, %zero: !acc, %ptr: tensor<64x64x!tt.ptr<f32>, #mma>, %x: !acc) -> !acc {
    %d = ttng.warp_group_dot %q, %k, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !view -> !acc
    %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
    tt.store %ptr, %x : tensor<64x64x!tt.ptr<f32>, #mma>
    %r = tt.atomic_rmw fadd, relaxed, gpu, %ptr, %x : (tensor<64x64x!tt.ptr<f32>, #mma>, !acc) -> !acc
    tt.return %w : !acc
  }

  // A reduction that orders others, one whose result is used (by it others may know that this one is done), one into
  // shared memory, and a store there.
  // CHECK-LABEL: @other_writes
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK-NEXT: tt.atomic_rmw fadd, acq_rel
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK-NEXT: tt.atomic_rmw
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK-NEXT: tt.atomic_rmw
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK-NEXT: tt.store
  tt.func public @other_writes(%q: !tile, %k: !view, %zero: !acc, %ptr: tensor<64x64x!tt.ptr<f32>, #mma>, %local: tensor<64x64x!tt.ptr<f32, 3>, #mma>, %x: !acc) -> (!acc, !acc, !acc, !acc, !acc) {
    %d = ttng.warp_group_dot %q, %k, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !view -> !acc
    %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
    %r = tt.atomic_rmw fadd, acq_rel, gpu, %ptr, %x : (tensor<64x64x!tt.ptr<f32>, #mma>, !acc) -> !acc
    %d2 = ttng.warp_group_dot %q, %k, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !view -> !acc
    %w2 = ttng.warp_group_dot_wait %d2 {pendings = 0 : i32} : !acc
    %r2 = tt.atomic_rmw fadd, relaxed, gpu, %ptr, %x : (tensor<64x64x!tt.ptr<f32>, #mma>, !acc) -> !acc
    %d3 = ttng.warp_group_dot %q, %k, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !view -> !acc
    %w3 = ttng.warp_group_dot_wait %d3 {pendings = 0 : i32} : !acc
    %r3 = tt.atomic_rmw fadd, relaxed, cta, %local, %x : (tensor<64x64x!tt.ptr<f32, 3>, #mma>, !acc) -> !acc
    %d4 = ttng.warp_group_dot %q, %k, %zero {inputPrecision = 0 : i32, isAsync = true} : !tile * !view -> !acc
    %w4 = ttng.warp_group_dot_wait %d4 {pendings = 0 : i32} : !acc
    tt.store %local, %x : tensor<64x64x!tt.ptr<f32, 3>, #mma>
    tt.return %w, %w2, %r2, %w3, %w4 : !acc, !acc, !acc, !acc, !acc
  }

  // In a tile-style loop the copies of the iteration fill the tile again: the
  // wait stays before what stock may put a barrier at, which would not put one
  // between the wait and the copies then.
  // CHECK-LABEL: @tile_and_conversion
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK-NEXT: ttg.convert_layout
  tt.func public @tile_and_conversion(%p: tensor<64x64x!tt.ptr<bf16>, #blocked>, %out: tensor<64x64x!tt.ptr<f32>, #mma>, %q: !tile, %x: tensor<64x64xbf16, #blocked>, %c: !acc, %n: i32) -> (!acc, tensor<64x64xbf16, #blocked>) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %k = ttg.local_alloc : () -> !tile
    %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %c, %y = %x) -> (!acc, tensor<64x64xbf16, #blocked>) : i32 {
      %g = ttg.async_wait {num = 0 : i32}
      %s = ttg.local_alloc %y : (tensor<64x64xbf16, #blocked>) -> !ttg.memdesc<64x64xbf16, #shared, #smem>
      %d = ttng.warp_group_dot %q, %k, %a {inputPrecision = 0 : i32, isAsync = true} : !tile * !tile -> !acc
      %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
      %l = ttg.convert_layout %y : tensor<64x64xbf16, #blocked> -> tensor<64x64xbf16, #mma>
      %z = ttg.convert_layout %l : tensor<64x64xbf16, #mma> -> tensor<64x64xbf16, #blocked>
      %t = ttg.async_copy_global_to_local %p, %k : tensor<64x64x!tt.ptr<bf16>, #blocked> -> <64x64xbf16, #shared, #smem, mutable>
      %u = ttg.async_commit_group tokens %t
      scf.yield %w, %z : !acc, tensor<64x64xbf16, #blocked>
    } {tle.tile_style_pipeline = 1 : i32, tt.num_stages = 1 : i32}
    tt.return %r#0, %r#1 : !acc, tensor<64x64xbf16, #blocked>
  }

  // CHECK-LABEL: @tile_and_read
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: tt.atomic_rmw
  // CHECK-NEXT: ttng.warp_group_dot_wait
  // CHECK-NEXT: ttg.local_load
  tt.func public @tile_and_read(%p: tensor<64x64x!tt.ptr<bf16>, #blocked>, %out: tensor<64x64x!tt.ptr<f32>, #mma>, %q: !tile, %x: tensor<64x64xbf16, #blocked>, %c: !acc, %n: i32) -> (!acc, tensor<64x64xbf16, #blocked>) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %k = ttg.local_alloc : () -> !tile
    %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %c, %y = %x) -> (!acc, tensor<64x64xbf16, #blocked>) : i32 {
      %g = ttg.async_wait {num = 0 : i32}
      %s = ttg.local_alloc %y : (tensor<64x64xbf16, #blocked>) -> !ttg.memdesc<64x64xbf16, #shared, #smem>
      %d = ttng.warp_group_dot %q, %k, %a {inputPrecision = 0 : i32, isAsync = true} : !tile * !tile -> !acc
      %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
      %o = tt.atomic_rmw fadd, relaxed, gpu, %out, %c : (tensor<64x64x!tt.ptr<f32>, #mma>, !acc) -> !acc
      %z = ttg.local_load %s : !ttg.memdesc<64x64xbf16, #shared, #smem> -> tensor<64x64xbf16, #blocked>
      %t = ttg.async_copy_global_to_local %p, %k : tensor<64x64x!tt.ptr<bf16>, #blocked> -> <64x64xbf16, #shared, #smem, mutable>
      %u = ttg.async_commit_group tokens %t
      scf.yield %w, %z : !acc, tensor<64x64xbf16, #blocked>
    } {tle.tile_style_pipeline = 1 : i32, tt.num_stages = 1 : i32}
    tt.return %r#0, %r#1 : !acc, tensor<64x64xbf16, #blocked>
  }

  // The product before has had the barrier for what was written.
  // CHECK-LABEL: @barrier_before
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: tt.atomic_rmw
  // CHECK-NEXT: ttg.local_load
  // CHECK-NEXT: ttng.warp_group_dot_wait
  tt.func public @barrier_before(%p: tensor<64x64x!tt.ptr<bf16>, #blocked>, %out: tensor<64x64x!tt.ptr<f32>, #mma>, %q: !tile, %x: tensor<64x64xbf16, #blocked>, %c: !acc, %n: i32) -> (!acc, tensor<64x64xbf16, #blocked>) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %k = ttg.local_alloc : () -> !tile
    %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %c, %y = %x) -> (!acc, tensor<64x64xbf16, #blocked>) : i32 {
      %g = ttg.async_wait {num = 0 : i32}
      %s = ttg.local_alloc %y : (tensor<64x64xbf16, #blocked>) -> !ttg.memdesc<64x64xbf16, #shared, #smem>
      %d = ttng.warp_group_dot %s, %k, %a {inputPrecision = 0 : i32, isAsync = true} : !ttg.memdesc<64x64xbf16, #shared, #smem> * !tile -> !acc
      %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
      %o = tt.atomic_rmw fadd, relaxed, gpu, %out, %c : (tensor<64x64x!tt.ptr<f32>, #mma>, !acc) -> !acc
      %z = ttg.local_load %s : !ttg.memdesc<64x64xbf16, #shared, #smem> -> tensor<64x64xbf16, #blocked>
      %t = ttg.async_copy_global_to_local %p, %k : tensor<64x64x!tt.ptr<bf16>, #blocked> -> <64x64xbf16, #shared, #smem, mutable>
      %u = ttg.async_commit_group tokens %t
      scf.yield %w, %z : !acc, tensor<64x64xbf16, #blocked>
    } {tle.tile_style_pipeline = 1 : i32, tt.num_stages = 1 : i32}
    tt.return %r#0, %r#1 : !acc, tensor<64x64xbf16, #blocked>
  }

  // The product reads no tile, or the loop is another one.
  // CHECK-LABEL: @no_tile
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttg.convert_layout
  // CHECK-NEXT: ttg.convert_layout
  // CHECK-NEXT: ttng.warp_group_dot_wait
  tt.func public @no_tile(%p: tensor<64x64x!tt.ptr<bf16>, #blocked>, %out: tensor<64x64x!tt.ptr<f32>, #mma>, %q: !tile, %x: tensor<64x64xbf16, #blocked>, %c: !acc, %n: i32) -> (!acc, tensor<64x64xbf16, #blocked>) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %k = ttg.local_alloc : () -> !tile
    %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %c, %y = %x) -> (!acc, tensor<64x64xbf16, #blocked>) : i32 {
      %g = ttg.async_wait {num = 0 : i32}
      %s = ttg.local_alloc %y : (tensor<64x64xbf16, #blocked>) -> !ttg.memdesc<64x64xbf16, #shared, #smem>
      %d = ttng.warp_group_dot %q, %q, %a {inputPrecision = 0 : i32, isAsync = true} : !tile * !tile -> !acc
      %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
      %l = ttg.convert_layout %y : tensor<64x64xbf16, #blocked> -> tensor<64x64xbf16, #mma>
      %z = ttg.convert_layout %l : tensor<64x64xbf16, #mma> -> tensor<64x64xbf16, #blocked>
      %t = ttg.async_copy_global_to_local %p, %k : tensor<64x64x!tt.ptr<bf16>, #blocked> -> <64x64xbf16, #shared, #smem, mutable>
      %u = ttg.async_commit_group tokens %t
      scf.yield %w, %z : !acc, tensor<64x64xbf16, #blocked>
    } {tle.tile_style_pipeline = 1 : i32, tt.num_stages = 1 : i32}
    tt.return %r#0, %r#1 : !acc, tensor<64x64xbf16, #blocked>
  }

  // CHECK-LABEL: @other_loop
  // CHECK: ttng.warp_group_dot
  // CHECK-NEXT: ttg.convert_layout
  // CHECK-NEXT: ttg.convert_layout
  // CHECK-NEXT: ttng.warp_group_dot_wait
  tt.func public @other_loop(%p: tensor<64x64x!tt.ptr<bf16>, #blocked>, %out: tensor<64x64x!tt.ptr<f32>, #mma>, %q: !tile, %x: tensor<64x64xbf16, #blocked>, %c: !acc, %n: i32) -> (!acc, tensor<64x64xbf16, #blocked>) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %k = ttg.local_alloc : () -> !tile
    %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %c, %y = %x) -> (!acc, tensor<64x64xbf16, #blocked>) : i32 {
      %g = ttg.async_wait {num = 0 : i32}
      %s = ttg.local_alloc %y : (tensor<64x64xbf16, #blocked>) -> !ttg.memdesc<64x64xbf16, #shared, #smem>
      %d = ttng.warp_group_dot %q, %k, %a {inputPrecision = 0 : i32, isAsync = true} : !tile * !tile -> !acc
      %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : !acc
      %l = ttg.convert_layout %y : tensor<64x64xbf16, #blocked> -> tensor<64x64xbf16, #mma>
      %z = ttg.convert_layout %l : tensor<64x64xbf16, #mma> -> tensor<64x64xbf16, #blocked>
      %t = ttg.async_copy_global_to_local %p, %k : tensor<64x64x!tt.ptr<bf16>, #blocked> -> <64x64xbf16, #shared, #smem, mutable>
      %u = ttg.async_commit_group tokens %t
      scf.yield %w, %z : !acc, tensor<64x64xbf16, #blocked>
    } {tt.num_stages = 1 : i32}
    tt.return %r#0, %r#1 : !acc, tensor<64x64xbf16, #blocked>
  }
}
