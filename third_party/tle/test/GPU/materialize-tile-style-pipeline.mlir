// RUN: tle-opt %s -split-input-file -triton-tle-tile-style-pipeline-schedule -triton-tle-materialize-tile-style-pipeline | FileCheck %s
// RUN: tle-opt %s -split-input-file -triton-tle-tile-style-pipeline-schedule -triton-tle-materialize-tile-style-pipeline -triton-tle-tile-style-pipeline-schedule -triton-tle-materialize-tile-style-pipeline | FileCheck %s
// RUN: tle-opt %s -split-input-file -triton-tle-tile-style-pipeline-schedule -triton-tle-materialize-tile-style-pipeline -triton-nvidia-gpu-fence-insertion='compute-capability=90 tle=true' | FileCheck %s --check-prefix=FENCES
// RUN: tle-opt %s -split-input-file -triton-tle-tile-style-pipeline-schedule=shared-memory=20000 -triton-tle-materialize-tile-style-pipeline=shared-memory=20000 -remarks-filter=.*materialize.* -remarks-filter-missed=.*tile-style.* -o /dev/null 2>&1 | FileCheck %s --check-prefix=SMALL

// What the loops compute, and that no copy is read too early or overwritten too
// soon, is executed in python/test/unit/native/test_tile_pipeline.py.

// 19 KiB and a half hold two slots of 8 KiB, not three, and none of 16 KiB.
// SMALL-DAG: gather{{.*}}2 slots of 8192 bytes
// SMALL-DAG: three_slots{{.*}}2 slots of 8192 bytes
// SMALL-DAG: static_three{{.*}}2 slots of 8192 bytes
// SMALL-DAG: two_producers{{.*}}two slots of 16384 bytes do not fit into shared memory
// SMALL-DAG: too_large{{.*}}two slots of 131072 bytes do not fit into shared memory

#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#rows = #ttg.slice<{dim = 1, parent = #b}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xbf16, #s, #smem, mutable>
!ptrs = tensor<64x64x!tt.ptr<bf16>, #b>
!ints = tensor<64x64xi32, #b>
!tile = tensor<64x64xbf16, #b>
module attributes {"ttg.num-warps" = 4 : i32, ttg.target = "cuda:90"} {
  // An index is loaded for the copy and for the mask.
  // CHECK-LABEL: @gather
  // CHECK-SAME: %[[IDX:[^:]*]]: tensor<64x!tt.ptr<i32>
  // CHECK: %[[SLOTS:.*]] = ttg.local_alloc : () -> !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
  // Two tiles before the loop, each under its own condition, one group each.
  // CHECK: %[[ANY:.*]] = arith.cmpi slt
  // CHECK: scf.if %[[ANY]]
  // CHECK:   ttg.memdesc_index %[[SLOTS]]
  // CHECK:   tt.load
  // CHECK:   ttg.async_copy_global_to_local
  // CHECK: ttg.async_commit_group
  // CHECK: scf.if
  // CHECK:   ttg.memdesc_index %[[SLOTS]]
  // CHECK:   tt.load
  // CHECK:   ttg.async_copy_global_to_local
  // CHECK: ttg.async_commit_group
  // CHECK: scf.for %[[IV:.*]] = {{.*}} iter_args(%{{[^ ]*}} = %{{[^ ]*}}, %[[SLOT:.*]] = %{{[^ ]*}}, %[[THIS:.*]] = %{{[^ ]*}}, %[[NEXT:.*]] = %{{[^ ]*}}) -> (tensor<{{.*}}>, i32, !ttg.async.token, !ttg.async.token)
  // The index of the tile to come is loaded early and masked; then, before the
  // wait, the one of this tile.
  // CHECK:   %[[MORE:.*]] = arith.cmpi slt, %[[IV]]
  // CHECK:   %[[MASK:.*]] = tt.splat %[[MORE]]
  // CHECK:   tt.load %{{.*}}, %[[MASK]] :
  // CHECK:   tt.splat %[[IV]]
  // CHECK:   %[[ID:.*]] = tt.load %{{[^,]*}} :
  // CHECK:   ttg.async_wait %[[THIS]] {num = 1 : i32}
  // No product reads the tile, so no fence.
  // CHECK-NOT: fence
  // CHECK:   %[[TILE:.*]] = ttg.memdesc_index %[[SLOTS]][%[[SLOT]]]
  // CHECK:   ttg.local_load %[[TILE]]
  // CHECK:   scf.if %[[MORE]]
  // CHECK:     ttg.memdesc_index %[[SLOTS]][%[[SLOT]]]
  // CHECK-NOT: tt.load
  // CHECK:     ttg.async_copy_global_to_local
  // CHECK:   %[[GROUP:.*]] = ttg.async_commit_group
  // CHECK:   scf.yield %{{.*}}, %{{.*}}, %[[NEXT]], %[[GROUP]]
  // CHECK: } {{{.*}}tt.num_stages = 1 : i32}
  // CHECK: ttg.async_wait {num = 0 : i32}
  // CHECK: ttg.local_dealloc %[[SLOTS]]
  // CHECK: tt.return
  tt.func @gather(%idx: tensor<64x!tt.ptr<i32>, #rows>, %base: !ptrs, %n: i32, %zero: !tile) -> !tile {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %none = arith.constant dense<-1> : !ints
    %buf = ttg.local_alloc : () -> !buf
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!tile) : i32 {
      %d = tt.splat %i : i32 -> tensor<64xi32, #rows>
      %p = tt.addptr %idx, %d : tensor<64x!tt.ptr<i32>, #rows>, tensor<64xi32, #rows>
      %id = tt.load %p : tensor<64x!tt.ptr<i32>, #rows>
      %col = tt.expand_dims %id {axis = 1 : i32} : tensor<64xi32, #rows> -> tensor<64x1xi32, #b>
      %off = tt.broadcast %col : tensor<64x1xi32, #b> -> !ints
      %ptr = tt.addptr %base, %off : !ptrs, !ints
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
      %valid = arith.cmpi ne, %off, %none : !ints
      %masked = arith.select %valid, %x, %zero : tensor<64x64xi1, #b>, !tile
      %sum = arith.addf %acc, %masked : !tile
      scf.yield %sum : !tile
    } {tt.num_stages = 2 : i32}
    tt.return %r : !tile
  }

  // As many slots as stages, if they fit.
  // CHECK-LABEL: @three_slots
  // CHECK: ttg.local_alloc : () -> !ttg.memdesc<3x64x64xbf16
  // CHECK-COUNT-3: scf.if
  // CHECK: ttg.async_wait %{{.*}} {num = 2 : i32}
  tt.func @three_slots(%ptr: !ptrs, %n: i32, %zero: !tile) -> !tile {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!tile) : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
      %sum = arith.addf %acc, %x : !tile
      scf.yield %sum : !tile
    } {tt.num_stages = 3 : i32}
    tt.return %r : !tile
  }

  // Three trips: three slots for four stages, nothing conditional, nothing to
  // issue in the loop.
  // CHECK-LABEL: @static_three
  // CHECK: ttg.local_alloc : () -> !ttg.memdesc<3x64x64xbf16
  // CHECK-NOT: scf.if
  // CHECK-COUNT-3: ttg.async_copy_global_to_local
  // CHECK-NOT: ttg.async_copy_global_to_local
  // CHECK: tt.return
  tt.func @static_three(%ptr: !ptrs, %zero: !tile) -> !tile {
    %c0 = arith.constant 0 : i32
    %c64 = arith.constant 64 : i32
    %c192 = arith.constant 192 : i32
    %buf = ttg.local_alloc : () -> !buf
    %r = scf.for %i = %c0 to %c192 step %c64 iter_args(%acc = %zero) -> (!tile) : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
      %sum = arith.addf %acc, %x : !tile
      scf.yield %sum : !tile
    } {tt.num_stages = 4 : i32}
    tt.return %r : !tile
  }

  // Two buffers, two waits: one group and one wait. The pointer of the first is
  // carried: once only, two tiles ahead.
  // CHECK-LABEL: @two_producers
  // CHECK-SAME: %[[FIRST:[^:]*]]: tensor<64x64x!tt.ptr<bf16>
  // CHECK: %[[K:.*]] = ttg.local_alloc : () -> !ttg.memdesc<2x64x64xbf16
  // CHECK: %[[V:.*]] = ttg.local_alloc : () -> !ttg.memdesc<2x64x64xbf16
  // CHECK: %[[SECOND:.*]] = tt.addptr %[[FIRST]]
  // CHECK: ttg.async_copy_global_to_local %[[FIRST]]
  // CHECK: %[[THIRD:.*]] = tt.addptr %[[SECOND]]
  // CHECK: ttg.async_copy_global_to_local %[[SECOND]]
  // CHECK: scf.for {{.*}} iter_args(%[[ACC:.*]] = %{{[^ ]*}}, %{{[^ ]*}} = %{{[^ ]*}}, %{{[^ ]*}} = %{{[^ ]*}}, %{{[^ ]*}} = %{{[^ ]*}}, %[[AHEAD:.*]] = %[[THIRD]])
  // CHECK:   %[[NEXT:.*]] = tt.addptr %[[AHEAD]]
  // CHECK:   ttg.async_wait
  // CHECK-NOT: ttg.async_wait
  // CHECK:   ttg.async_copy_global_to_local %[[AHEAD]]
  // CHECK:   ttg.async_copy_global_to_local
  // CHECK:   scf.yield {{.*}}, %[[NEXT]] :
  tt.func @two_producers(%first: !ptrs, %inc: !ints, %v: !ptrs, %n: i32, %zero: !tile) -> !tile {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %kbuf = ttg.local_alloc : () -> !buf
    %vbuf = ttg.local_alloc : () -> !buf
    %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%k = %first, %acc = %zero) -> (!ptrs, !tile) : i32 {
      %tk = ttg.async_copy_global_to_local %k, %kbuf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %gk = ttg.async_commit_group tokens %tk
      %wk = ttg.async_wait %gk {num = 0 : i32}
      %x = ttg.local_load %kbuf : !buf -> !tile
      %tv = ttg.async_copy_global_to_local %v, %vbuf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %gv = ttg.async_commit_group tokens %tv
      %wv = ttg.async_wait %gv {num = 0 : i32}
      %y = ttg.local_load %vbuf : !buf -> !tile
      %s = arith.addf %acc, %x : !tile
      %sum = arith.addf %s, %y : !tile
      %next = tt.addptr %k, %inc : !ptrs, !ints
      scf.yield %next, %sum : !ptrs, !tile
    } {tt.num_stages = 2 : i32}
    tt.return %r#1 : !tile
  }

  // The buffer comes from outside of an outer loop; its slots live and die
  // around the inner one.
  // CHECK-LABEL: @nested
  // CHECK-NOT: ttg.local_alloc
  // CHECK: scf.for
  // CHECK:   %[[SLOTS:.*]] = ttg.local_alloc : () -> !ttg.memdesc<2x64x64xbf16
  // CHECK:   scf.for
  // CHECK:   } {{{.*}}tt.num_stages = 1 : i32}
  // CHECK:   ttg.async_wait {num = 0 : i32}
  // CHECK:   ttg.local_dealloc %[[SLOTS]]
  // CHECK: }
  // CHECK-NOT: ttg.local_dealloc
  // CHECK: tt.return
  tt.func @nested(%ptr: !ptrs, %n: i32, %zero: !tile) -> !tile {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    %r = scf.for %j = %c0 to %n step %c1 iter_args(%outer = %zero) -> (!tile) : i32 {
      %q = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %outer) -> (!tile) : i32 {
        %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
        %g = ttg.async_commit_group tokens %t
        %w = ttg.async_wait %g {num = 0 : i32}
        %x = ttg.local_load %buf : !buf -> !tile
        %sum = arith.addf %acc, %x : !tile
        scf.yield %sum : !tile
      } {tt.num_stages = 2 : i32}
      scf.yield %q : !tile
    }
    ttg.local_dealloc %buf : !buf
    tt.return %r : !tile
  }

  // 128 KiB a slot: two do not fit, the loop keeps its form.
  // CHECK-LABEL: @too_large
  // CHECK: ttg.local_alloc : () -> !ttg.memdesc<256x256xbf16
  // CHECK: ttg.async_copy_global_to_local
  // CHECK-NOT: loop.stage
  // CHECK: } {tt.num_stages = 2 : i32}
  tt.func @too_large(%ptr: tensor<256x256x!tt.ptr<bf16>, #b>, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !ttg.memdesc<256x256xbf16, #s, #smem, mutable>
    scf.for %i = %c0 to %n step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : tensor<256x256x!tt.ptr<bf16>, #b> -> <256x256xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !ttg.memdesc<256x256xbf16, #s, #smem, mutable> -> tensor<256x256xbf16, #b>
    } {tt.num_stages = 2 : i32}
    tt.return
  }
}

// -----

// Online softmax: two products, reductions, carried maximum and accumulator;
// the products read the slot through views, before which the copies of every
// thread are fenced. The first product is not waited for: it is only the
// accumulator of the second.
#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#row = #ttg.slice<{dim = 1, parent = #mma}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#st = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = true, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xbf16, #s, #smem, mutable>
!turned = !ttg.memdesc<64x64xbf16, #st, #smem, mutable>
!const = !ttg.memdesc<64x64xbf16, #s, #smem>
!ptrs = tensor<64x64x!tt.ptr<bf16>, #b>
!ints = tensor<64x64xi32, #b>
!acc = tensor<64x64xf32, #mma>
module attributes {"ttg.num-warps" = 4 : i32, ttg.target = "cuda:90"} {
  // CHECK-LABEL: @attention
  // CHECK: %[[K:.*]] = ttg.local_alloc : () -> !ttg.memdesc<2x64x64xbf16
  // CHECK: %[[R:.*]] = ttg.local_alloc : () -> !ttg.memdesc<2x64x64xbf16
  // CHECK: %[[OUT:.*]]:5 = scf.for
  // CHECK:   ttg.async_wait
  // CHECK-NEXT: ttng.fence_async_shared {bCluster = false}
  // CHECK:   %[[KT:.*]] = ttg.memdesc_index %[[K]]
  // CHECK:   %[[RT:.*]] = ttg.memdesc_index %[[R]]
  // CHECK:   %[[TURNED:.*]] = ttg.memdesc_trans %[[KT]]
  // CHECK:   %[[S0:.*]] = ttng.warp_group_dot %{{.*}}, %[[TURNED]], %{{.*}} {inputPrecision = 0 : i32, isAsync = true}
  // CHECK:   %[[S1:.*]] = ttng.warp_group_dot %{{.*}}, %{{.*}}, %[[S0]] {inputPrecision = 0 : i32, isAsync = true}
  // CHECK-NEXT: %[[S:.*]] = ttng.warp_group_dot_wait %[[S1]] {pendings = 0 : i32}
  // CHECK:   "tt.reduce"(%[[S]])
  // CHECK:   %[[O:.*]] = ttng.warp_group_dot %{{.*}}, %[[KT]], %{{.*}} {inputPrecision = 0 : i32, isAsync = true}
  // CHECK-NEXT: ttng.warp_group_dot_wait %[[O]] {pendings = 0 : i32}
  // CHECK:   scf.if
  // CHECK:     ttg.async_copy_global_to_local
  // CHECK:     ttg.async_copy_global_to_local
  // CHECK: tt.return %[[OUT]]#0, %[[OUT]]#1
  // That fence serves all three products; fence insertion adds none.
  // FENCES-LABEL: @attention
  // FENCES-COUNT-1: ttng.fence_async_shared
  // FENCES-NOT: fence
  // FENCES: tt.return
  tt.func @attention(%k: !ptrs, %rope: !ptrs, %q: !const, %qr: !const, %n: i32, %zero: !acc, %low: tensor<64xf32, #row>) -> (!acc, tensor<64xf32, #row>) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %kbuf = ttg.local_alloc : () -> !buf
    %rbuf = ttg.local_alloc : () -> !buf
    %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %max = %low) -> (!acc, tensor<64xf32, #row>) : i32 {
      %off = tt.splat %i : i32 -> !ints
      %kp = tt.addptr %k, %off : !ptrs, !ints
      %rp = tt.addptr %rope, %off : !ptrs, !ints
      %t = ttg.async_copy_global_to_local %kp, %kbuf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %tr = ttg.async_copy_global_to_local %rp, %rbuf : !ptrs -> <64x64xbf16, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t, %tr
      %w = ttg.async_wait %g {num = 0 : i32}
      %kt = ttg.memdesc_trans %kbuf {order = array<i32: 1, 0>} : !buf -> !turned
      %rt = ttg.memdesc_trans %rbuf {order = array<i32: 1, 0>} : !buf -> !turned
      %s0 = ttng.warp_group_dot %q, %kt, %zero {inputPrecision = 0 : i32} : !const * !turned -> !acc
      %s = ttng.warp_group_dot %qr, %rt, %s0 {inputPrecision = 0 : i32} : !const * !turned -> !acc
      %m = "tt.reduce"(%s) <{axis = 1 : i32}> ({
      ^bb0(%a: f32, %c: f32):
        %x = arith.maxnumf %a, %c : f32
        tt.reduce.return %x : f32
      }) : (!acc) -> tensor<64xf32, #row>
      %new = arith.maxnumf %max, %m : tensor<64xf32, #row>
      %e = tt.expand_dims %new {axis = 1 : i32} : tensor<64xf32, #row> -> tensor<64x1xf32, #mma>
      %wide = tt.broadcast %e : tensor<64x1xf32, #mma> -> !acc
      %p = arith.subf %s, %wide : !acc
      %h = arith.truncf %p : !acc to tensor<64x64xbf16, #mma>
      %ph = ttg.convert_layout %h : tensor<64x64xbf16, #mma> -> tensor<64x64xbf16, #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>>
      %o = ttng.warp_group_dot %ph, %kbuf, %acc {inputPrecision = 0 : i32} : tensor<64x64xbf16, #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>> * !buf -> !acc
      scf.yield %o, %new : !acc, tensor<64xf32, #row>
    } {tt.num_stages = 2 : i32}
    tt.return %r#0, %r#1 : !acc, tensor<64xf32, #row>
  }
}

// -----

// A product that the loop carries ends before its tile is overwritten.
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-warps" = 4 : i32, ttg.target = "cuda:90"} {
  // CHECK-LABEL: @carried_product
  // CHECK: scf.for
  // CHECK: %[[D:.+]] = ttng.warp_group_dot {{.*}}isAsync = true
  // CHECK-NEXT: %[[W:.+]] = ttng.warp_group_dot_wait %[[D]] {pendings = 0 : i32}
  // CHECK-NOT: ttng.warp_group_dot_wait
  // CHECK: ttg.async_copy_global_to_local
  // CHECK: scf.yield %[[W]],
  tt.func @carried_product(%ptr: tensor<64x64x!tt.ptr<bf16>, #blocked>, %a: !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>, %zero: tensor<64x64xf32, #mma>, %n: i32) -> tensor<64x64xf32, #mma> {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (tensor<64x64xf32, #mma>) : i32 {
      %d = tt.splat %i : i32 -> tensor<64x64xi32, #blocked>
      %p = tt.addptr %ptr, %d : tensor<64x64x!tt.ptr<bf16>, #blocked>, tensor<64x64xi32, #blocked>
      %t = ttg.async_copy_global_to_local %p, %buf : tensor<64x64x!tt.ptr<bf16>, #blocked> -> <64x64xbf16, #shared, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %next = ttng.warp_group_dot %a, %buf, %acc {inputPrecision = 0 : i32} : !ttg.memdesc<64x64xbf16, #shared, #smem, mutable> * !ttg.memdesc<64x64xbf16, #shared, #smem, mutable> -> tensor<64x64xf32, #mma>
      scf.yield %next : tensor<64x64xf32, #mma>
    } {tt.num_stages = 2 : i32}
    tt.return %r : tensor<64x64xf32, #mma>
  }
}

// -----

// Each slot has code of its own before the loop: there are 32 at most.
#b = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#s = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<128xf32, #s, #smem, mutable>
!ptrs = tensor<128x!tt.ptr<f32>, #b>
!tile = tensor<128xf32, #b>
module attributes {"ttg.num-warps" = 4 : i32, ttg.target = "cuda:90"} {
  // CHECK-LABEL: @many_stages
  // CHECK: ttg.local_alloc : () -> !ttg.memdesc<32x128xf32
  tt.func @many_stages(%ptr: !ptrs, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !buf
    scf.for %i = %c0 to %n step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : !ptrs -> <128xf32, #s, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !buf -> !tile
    } {tt.num_stages = 1000000 : i32}
    tt.return
  }
}
