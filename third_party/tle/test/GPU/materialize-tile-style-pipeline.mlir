// RUN: tle-opt %s -allow-unregistered-dialect -split-input-file -triton-tle-tile-style-pipeline-schedule -triton-tle-materialize-tile-style-pipeline | FileCheck %s
// RUN: tle-opt %s -allow-unregistered-dialect -split-input-file -triton-tle-tile-style-pipeline-schedule -triton-tle-materialize-tile-style-pipeline -triton-tle-tile-style-pipeline-schedule -triton-tle-materialize-tile-style-pipeline | FileCheck %s

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#rows = #ttg.slice<{dim = 1, parent = #blocked}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-warps" = 4 : i32, ttg.target = "cuda:90"} {
  // CHECK-LABEL: @gather
  // CHECK-SAME: %[[IDX:.*]]: tensor<64x!tt.ptr<i32>
  tt.func @gather(%idx: tensor<64x!tt.ptr<i32>, #rows>, %base: tensor<64x64x!tt.ptr<bf16>, #blocked>, %n: i32) {
    // CHECK: %[[SLOTS:.*]] = ttg.local_alloc : () -> !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
    // Two tiles before the loop, each under its own condition, one group each.
    // CHECK: scf.if
    // CHECK:   ttg.memdesc_index %[[SLOTS]]
    // CHECK:   ttg.async_copy_global_to_local
    // CHECK: ttg.async_commit_group
    // CHECK: scf.if
    // CHECK:   ttg.memdesc_index %[[SLOTS]]
    // CHECK:   ttg.async_copy_global_to_local
    // CHECK: ttg.async_commit_group
    // CHECK: scf.for %[[IV:.*]] = {{.*}} iter_args(%[[SLOT:.*]] = %{{.*}}, %[[THIS:.*]] = %{{.*}}, %[[NEXT:.*]] = %{{.*}}) -> (i32, !ttg.async.token, !ttg.async.token)
    // CHECK:   ttg.async_wait %[[THIS]] {num = 1 : i32}
    // CHECK:   ttng.fence_async_shared
    // The index of the tile to come is loaded early and masked.
    // CHECK:   %[[MORE:.*]] = arith.cmpi sgt
    // CHECK:   %[[MASK:.*]] = tt.splat %[[MORE]]
    // CHECK:   tt.load %{{.*}}, %[[MASK]]
    // CHECK:   %[[TILE:.*]] = ttg.memdesc_index %[[SLOTS]][%[[SLOT]]]
    // CHECK:   ttg.local_load %[[TILE]]
    // CHECK:   scf.if %[[MORE]]
    // CHECK:     ttg.memdesc_index %[[SLOTS]][%[[SLOT]]]
    // CHECK:     ttg.async_copy_global_to_local
    // CHECK:   %[[GROUP:.*]] = ttg.async_commit_group
    // CHECK:   scf.yield %{{.*}}, %[[NEXT]], %[[GROUP]]
    // CHECK: } {{{.*}}tt.num_stages = 1 : i32}
    // CHECK: ttg.async_wait {num = 0 : i32}
    // CHECK: ttg.local_dealloc %[[SLOTS]]
    // CHECK: tt.return
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
    scf.for %i = %c0 to %n step %c1 : i32 {
      %d = tt.splat %i : i32 -> tensor<64xi32, #rows>
      %p = tt.addptr %idx, %d : tensor<64x!tt.ptr<i32>, #rows>, tensor<64xi32, #rows>
      %id = tt.load %p : tensor<64x!tt.ptr<i32>, #rows>
      %col = tt.expand_dims %id {axis = 1 : i32} : tensor<64xi32, #rows> -> tensor<64x1xi32, #blocked>
      %off = tt.broadcast %col : tensor<64x1xi32, #blocked> -> tensor<64x64xi32, #blocked>
      %ptr = tt.addptr %base, %off : tensor<64x64x!tt.ptr<bf16>, #blocked>, tensor<64x64xi32, #blocked>
      %t = ttg.async_copy_global_to_local %ptr, %buf : tensor<64x64x!tt.ptr<bf16>, #blocked> -> <64x64xbf16, #shared, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !ttg.memdesc<64x64xbf16, #shared, #smem, mutable> -> tensor<64x64xbf16, #blocked>
      "test.use"(%x, %id) : (tensor<64x64xbf16, #blocked>, tensor<64xi32, #rows>) -> ()
    } {tt.num_stages = 2 : i32}
    tt.return
  }
}

// -----

// As many slots as stages, if they fit.
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-warps" = 4 : i32, ttg.target = "cuda:90"} {
  // CHECK-LABEL: @three_slots
  // CHECK: ttg.local_alloc : () -> !ttg.memdesc<3x64x64xbf16
  // CHECK-COUNT-3: scf.if
  // CHECK: ttg.async_wait %{{.*}} {num = 2 : i32}
  tt.func @three_slots(%ptr: tensor<64x64x!tt.ptr<bf16>, #blocked>, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
    scf.for %i = %c0 to %n step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : tensor<64x64x!tt.ptr<bf16>, #blocked> -> <64x64xbf16, #shared, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !ttg.memdesc<64x64xbf16, #shared, #smem, mutable> -> tensor<64x64xbf16, #blocked>
      "test.use"(%x) : (tensor<64x64xbf16, #blocked>) -> ()
    } {tt.num_stages = 3 : i32}
    tt.return
  }

  // 128 KiB a slot: two do not fit, the loop keeps its form and loses its marks.
  // CHECK-LABEL: @too_large
  // CHECK: ttg.local_alloc : () -> !ttg.memdesc<256x256xbf16
  // CHECK: ttg.async_copy_global_to_local
  // CHECK-NOT: loop.stage
  // CHECK: } {tt.num_stages = 2 : i32}
  tt.func @too_large(%ptr: tensor<256x256x!tt.ptr<bf16>, #blocked>, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !ttg.memdesc<256x256xbf16, #shared, #smem, mutable>
    scf.for %i = %c0 to %n step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : tensor<256x256x!tt.ptr<bf16>, #blocked> -> <256x256xbf16, #shared, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !ttg.memdesc<256x256xbf16, #shared, #smem, mutable> -> tensor<256x256xbf16, #blocked>
      "test.use"(%x) : (tensor<256x256xbf16, #blocked>) -> ()
    } {tt.num_stages = 2 : i32}
    tt.return
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
