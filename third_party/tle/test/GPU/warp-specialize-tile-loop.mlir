// RUN: tle-opt %s -split-input-file -triton-tle-warp-specialize-tile-loop=num-warps=8 | FileCheck %s
// RUN: tle-opt %s -split-input-file -triton-tle-warp-specialize-tile-loop=num-warps=4 | FileCheck %s --check-prefix=FEW
// RUN: tle-opt %s -split-input-file -triton-tle-warp-specialize-tile-loop=shared-memory=33000 | FileCheck %s --check-prefix=SMALL
// RUN: tle-opt %s -split-input-file -triton-tle-warp-specialize-tile-loop=shared-memory-reserve=201496 | FileCheck %s --check-prefix=SMALL

#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xbf16, #s, #smem, mutable>
!tile = tensor<64x64xbf16>
!ptrs = tensor<64x64x!tt.ptr<bf16>>

// A staged tile, masked by indices that are loaded: the mask crosses as bytes,
// the loop carries pointers to indices for the producer, and its own sum. What
// needs no capture moves into the default region; what is behind the loop too.
// CHECK-LABEL: @gather
// CHECK-DAG: %[[TILES:.*]] = ttg.local_alloc : () -> !ttg.memdesc<3x64x64xbf16, #shared, #smem, mutable>
// CHECK-DAG: %[[MASKS:.*]] = ttg.local_alloc : () -> !ttg.memdesc<3x64xi8, #shared1, #smem, mutable>
// CHECK: %[[BARS:.*]] = ttg.local_alloc : () -> !ttg.memdesc<6x1xi64, #shared1, #smem, mutable>
// CHECK: tle.pipe_create %[[BARS]], %[[TILES]], %[[MASKS]] {name = "tiles0", oneShot = false, readers = ["consumer"]}
// CHECK: ttg.warp_specialize(%[[BARS]], %[[TILES]], %[[MASKS]], %arg3, %arg0, %arg1) attributes {requestedRegisters = array<i32: 40>, tle.counted_bytes = 33008 : i64}
// FEW-LABEL: @gather
// FEW-NOT: requestedRegisters
// FEW: ttg.warp_specialize
// FEW-NOT: requestedRegisters
// With 30952 bytes for them there are two slots of 8272 beside 8192 bytes of Q.
// SMALL-LABEL: @gather
// SMALL: local_alloc : () -> !ttg.memdesc<2x64x64xbf16
// SMALL: tle.counted_bytes = 24736 : i64
tt.func public @gather(%x: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %index: !tt.ptr<i32>, %out: !tt.ptr<bf16>, %n: i32, %q: !tt.ptr<bf16>) {
  %c0 = arith.constant 0 : i32
  %c64 = arith.constant 64 : i32
  %step = arith.constant dense<64> : tensor<64xi32>
  %none = arith.constant dense<0> : tensor<64xi32>
  %stride = arith.constant dense<64> : tensor<64x1xi32>
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %nothing = arith.constant dense<0.0> : !tile
  %rows = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %index_splat = tt.splat %index : !tt.ptr<i32> -> tensor<64x!tt.ptr<i32>>
  %first = tt.addptr %index_splat, %rows : tensor<64x!tt.ptr<i32>>, tensor<64xi32>
  %cols = tt.expand_dims %rows {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %cols_wide = tt.broadcast %cols : tensor<1x64xi32> -> tensor<64x64xi32>
  %x_splat = tt.splat %x : !tt.ptr<bf16> -> tensor<64x1x!tt.ptr<bf16>>
  %q_splat = tt.splat %q : !tt.ptr<bf16> -> !ptrs
  %q_ptrs = tt.addptr %q_splat, %cols_wide : !ptrs, tensor<64x64xi32>
  // CHECK: default {
  // CHECK: tt.load {{.*}} : tensor<64x64x!tt.ptr<bf16>>
  %queries = tt.load %q_ptrs : !ptrs
  %buf = ttg.local_alloc : () -> !buf
  // CHECK: %[[LOOP:.*]]:2 = scf.for %{{.*}} = %c0_i32 to %arg3 step %c64_i32 iter_args(%[[ACC:.*]] = %{{.*}}, %[[I:.*]] = %c0_i32{{.*}})
  // CHECK: %[[SLOT:.*]] = arith.remui %[[I]]
  // CHECK: %[[TILE:.*]] = ttg.memdesc_index %[[TILES]][%[[SLOT]]]
  // CHECK: %[[P:.*]] = "tle.local_pointers"(%[[TILE]])
  // CHECK: tle.pipe_wait %[[BARS]][%[[I]]] {reader = "consumer"}
  // CHECK: ttg.memdesc_index %[[MASKS]]
  // CHECK: %[[BYTES:.*]] = ttg.local_load {{.*}} -> tensor<64xi8>
  // CHECK: arith.cmpi ne, %[[BYTES]]
  // CHECK: tt.load %[[P]]
  // CHECK: tt.dot
  // CHECK: tle.pipe_release %[[BARS]][%[[I]]] {reader = "consumer"}
  // CHECK: arith.select
  // CHECK: arith.addi %[[I]]
  // CHECK: scf.yield
  // CHECK: {tle.consumer, tt.num_stages = 3 : i32}
  %r:2 = scf.for %i = %c0 to %n step %c64 iter_args(%acc = %zero, %p = %first) -> (tensor<64x64xf32>, tensor<64x!tt.ptr<i32>>) : i32 {
    %ids = tt.load %p : tensor<64x!tt.ptr<i32>>
    %ok = arith.cmpi sge, %ids, %none : tensor<64xi32>
    %ids_tall = tt.expand_dims %ids {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
    %offset = arith.muli %ids_tall, %stride : tensor<64x1xi32>
    %base = tt.addptr %x_splat, %offset : tensor<64x1x!tt.ptr<bf16>>, tensor<64x1xi32>
    %base_wide = tt.broadcast %base : tensor<64x1x!tt.ptr<bf16>> -> !ptrs
    %src = tt.addptr %base_wide, %cols_wide : !ptrs, tensor<64x64xi32>
    %ok_tall = tt.expand_dims %ok {axis = 1 : i32} : tensor<64xi1> -> tensor<64x1xi1>
    %mask = tt.broadcast %ok_tall : tensor<64x1xi1> -> tensor<64x64xi1>
    %v = tt.load %src, %mask, %nothing : !ptrs
    %dst = "tle.local_pointers"(%buf) : (!buf) -> tensor<64x64x!tt.ptr<bf16, 3>>
    tt.store %dst, %v : tensor<64x64x!tt.ptr<bf16, 3>>
    %k = tt.load %dst : tensor<64x64x!tt.ptr<bf16, 3>>
    %s = tt.dot %queries, %k, %acc : !tile * !tile -> tensor<64x64xf32>
    %ok_flat = tt.expand_dims %ok {axis = 0 : i32} : tensor<64xi1> -> tensor<1x64xi1>
    %ok_wide = tt.broadcast %ok_flat : tensor<1x64xi1> -> tensor<64x64xi1>
    %t = arith.select %ok_wide, %s, %acc : tensor<64x64xi1>, tensor<64x64xf32>
    %next = tt.addptr %p, %step : tensor<64x!tt.ptr<i32>>, tensor<64xi32>
    scf.yield %t, %next : tensor<64x64xf32>, tensor<64x!tt.ptr<i32>>
  } {tt.num_stages = 3 : i32, tt.warp_specialize}
  // The result goes through a slot, to be stored by rows, behind a wait for the
  // last tile, or for one whose phase is over from the start.
  // CHECK: %[[NONE:.*]] = arith.cmpi eq, %[[LOOP]]#1, %c0_i32{{.*}}
  // CHECK: %[[LAST:.*]] = arith.subi %[[LOOP]]#1
  // CHECK: %[[THAT:.*]] = arith.select %[[NONE]], %c3_i32{{.*}}, %[[LAST]]
  // CHECK: tle.pipe_wait %[[BARS]][%[[THAT]]] {reader = "consumer"}
  // CHECK: %[[STAGE:.*]] = ttg.memdesc_reinterpret %[[TILES]]
  // CHECK: ttg.local_store %{{.*}}, %[[STAGE]]
  // CHECK: %[[RESULT:.*]] = ttg.local_load %[[STAGE]]
  // CHECK: tt.store %{{.*}}, %[[RESULT]]
  // CHECK: ttg.warp_yield
  %o = arith.truncf %r#0 : tensor<64x64xf32> to !tile
  %o_splat = tt.splat %out : !tt.ptr<bf16> -> !ptrs
  %o_ptrs = tt.addptr %o_splat, %cols_wide : !ptrs, tensor<64x64xi32>
  tt.store %o_ptrs, %o : !ptrs
  // CHECK: partition0(%[[PBARS:.*]]: {{.*}}, %[[PTILES:.*]]: {{.*}}, %[[PMASKS:.*]]: {{.*}}, %[[PN:.*]]: i32, %{{.*}}: !tt.ptr<bf16>, %{{.*}}: !tt.ptr<i32>) num_warps(4) {
  // CHECK: scf.for {{.*}} to %[[PN]] {{.*}} iter_args(%[[PTR:.*]] = %{{.*}}, %[[J:.*]] = %{{.*}}) -> (tensor<64x!tt.ptr<i32>>, i32)
  // CHECK: %[[IDS:.*]] = tt.load %[[PTR]]
  // CHECK: %[[OK:.*]] = arith.cmpi sge, %[[IDS]]
  // CHECK: tt.addptr %[[PTR]]
  // CHECK: tle.pipe_acquire %[[PBARS]][%[[J]]]
  // CHECK: %[[DST:.*]] = ttg.memdesc_index %[[PTILES]]
  // CHECK: ttg.async_copy_global_to_local %{{.*}}, %[[DST]] mask
  // CHECK: %[[MDST:.*]] = ttg.memdesc_index %[[PMASKS]]
  // CHECK: %[[SENT:.*]] = arith.extui %[[OK]]
  // CHECK: ttg.local_store %[[SENT]], %[[MDST]]
  // CHECK: tle.pipe_commit %[[PBARS]][%[[J]]]
  // CHECK: scf.yield
  // CHECK: ttg.warp_return
  tt.return
}

// -----

#smem = #ttg.shared_memory
!tile = tensor<64x64xbf16>
!ptrs = tensor<64x64x!tt.ptr<bf16>>

// Operands that go to products only. The second one is read behind a reduction:
// a pipe of its own. What needs no memory is computed on both sides.
// CHECK-LABEL: @two_pipes
// CHECK: tle.pipe_create {{.*}}name = "tiles0"
// CHECK: tle.pipe_create {{.*}}name = "tiles1"
// CHECK: default {
// CHECK: scf.for
// CHECK: tle.pipe_wait %[[B0:[0-9]+]]
// CHECK: ttg.local_load
// CHECK: tt.trans
// CHECK: tt.dot
// CHECK: tle.pipe_release %[[B0]]
// CHECK: tt.reduce
// CHECK: tle.pipe_wait %[[B1:[0-9]+]]
// CHECK: ttg.local_load
// CHECK: tt.dot
// CHECK: tle.pipe_release %[[B1]]
// CHECK: partition0
// CHECK: tle.pipe_acquire
// CHECK: ttg.async_copy_global_to_local
// CHECK: tle.pipe_commit
// CHECK: tle.pipe_acquire
// CHECK: ttg.async_copy_global_to_local
// CHECK: tle.pipe_commit
tt.func public @two_pipes(%kv: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %out: !tt.ptr<f32>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c64 = arith.constant 64 : i32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %q = arith.constant dense<1.0> : !tile
  %rows = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %cols = tt.expand_dims %rows {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %cols_wide = tt.broadcast %cols : tensor<1x64xi32> -> tensor<64x64xi32>
  %splat = tt.splat %kv : !tt.ptr<bf16> -> !ptrs
  %start = tt.addptr %splat, %cols_wide : !ptrs, tensor<64x64xi32>
  %r = scf.for %i = %c0 to %n step %c64 iter_args(%acc = %zero) -> (tensor<64x64xf32>) : i32 {
    %off = arith.muli %i, %c64 : i32
    %offs = tt.splat %off : i32 -> tensor<64x64xi32>
    %p = tt.addptr %start, %offs : !ptrs, tensor<64x64xi32>
    %k = tt.load %p : !ptrs
    %kt = tt.trans %k {order = array<i32: 1, 0>} : !tile -> !tile
    %s = tt.dot %q, %kt, %zero : !tile * !tile -> tensor<64x64xf32>
    %m = "tt.reduce"(%s) <{axis = 1 : i32}> ({
    ^bb0(%a: f32, %b: f32):
      %max = arith.maxnumf %a, %b : f32
      tt.reduce.return %max : f32
    }) : (tensor<64x64xf32>) -> tensor<64xf32>
    %m_tall = tt.expand_dims %m {axis = 1 : i32} : tensor<64xf32> -> tensor<64x1xf32>
    %m_wide = tt.broadcast %m_tall : tensor<64x1xf32> -> tensor<64x64xf32>
    %d = arith.subf %s, %m_wide : tensor<64x64xf32>
    %w = arith.truncf %d : tensor<64x64xf32> to !tile
    %v = tt.load %p : !ptrs
    %next = tt.dot %w, %v, %acc : !tile * !tile -> tensor<64x64xf32>
    scf.yield %next : tensor<64x64xf32>
  } {tt.num_stages = 2 : i32, tt.warp_specialize}
  %o_splat = tt.splat %out : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  %o_ptrs = tt.addptr %o_splat, %cols_wide : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  tt.store %o_ptrs, %r : tensor<64x64x!tt.ptr<f32>>
  tt.return
}

// -----

#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xbf16, #s, #smem, mutable>
!tile = tensor<64x64xbf16>
!ptrs = tensor<64x64x!tt.ptr<bf16>>

// What stands before a store to memory stays outside, with the store; a view
// made before the loop finds the slot; a loop without the mark stays whole.
// CHECK-LABEL: @order
// CHECK: tt.load %{{.*}} : !tt.ptr<f32>
// CHECK: tt.store {{.*}} : !tt.ptr<f32>
// CHECK: ttg.warp_specialize
// CHECK: default {
// CHECK-NEXT: tt.load {{.*}} : !tt.ptr<f32>
// CHECK: scf.for
// CHECK: %[[SLOT:.*]] = ttg.memdesc_index
// CHECK: "tle.local_pointers"(%[[SLOT]])
// CHECK: scf.for
// CHECK-NOT: tle.pipe_release
// CHECK: partition0
tt.func public @order(%x: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %out: !tt.ptr<f32>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : !tile
  %before = tt.load %out : !tt.ptr<f32>
  tt.store %out, %before : !tt.ptr<f32>
  %after = tt.load %out : !tt.ptr<f32>
  %rows = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %cols = tt.expand_dims %rows {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %cols_wide = tt.broadcast %cols : tensor<1x64xi32> -> tensor<64x64xi32>
  %splat = tt.splat %x : !tt.ptr<bf16> -> !ptrs
  %src = tt.addptr %splat, %cols_wide : !ptrs, tensor<64x64xi32>
  %buf = ttg.local_alloc : () -> !buf
  %view = "tle.local_pointers"(%buf) : (!buf) -> tensor<64x64x!tt.ptr<bf16, 3>>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!tile) : i32 {
    %v = tt.load %src : !ptrs
    tt.store %view, %v : tensor<64x64x!tt.ptr<bf16, 3>>
    %k = tt.load %view : tensor<64x64x!tt.ptr<bf16, 3>>
    %sum = arith.addf %acc, %k : !tile
    scf.yield %sum : !tile
  } {tt.warp_specialize}
  %last = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %after) -> (f32) : i32 {
    %sum = arith.addf %acc, %acc : f32
    scf.yield %sum : f32
  }
  tt.store %out, %last : !tt.ptr<f32>
  %small = arith.extf %r : !tile to tensor<64x64xf32>
  %o_splat = tt.splat %out : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  tt.store %o_splat, %small : tensor<64x64x!tt.ptr<f32>>
  tt.return
}

// -----

#smem = #ttg.shared_memory
!tile = tensor<64x256xbf16>
!ptrs = tensor<64x256x!tt.ptr<bf16>>
!acc = tensor<64x64xf32>

// Tiles that follow 32768 bytes have a pipe of their own. What is stored behind
// the loop is staged in slots of both before any of it is stored.
// CHECK-LABEL: @halves
// CHECK: %[[LEFT:.*]] = ttg.local_alloc : () -> !ttg.memdesc<2x64x256xbf16
// CHECK: tle.pipe_create %[[B0:.*]], %[[LEFT]] {name = "tiles0"
// CHECK: %[[RIGHT:.*]] = ttg.local_alloc : () -> !ttg.memdesc<2x64x256xbf16
// CHECK: tle.pipe_create %[[B1:.*]], %[[RIGHT]] {name = "tiles1"
// CHECK: scf.for
// CHECK: tle.pipe_wait %[[B0]]
// CHECK: tt.dot
// CHECK: tle.pipe_release %[[B0]]
// CHECK: tle.pipe_wait %[[B1]]
// CHECK: tt.dot
// CHECK: tle.pipe_release %[[B1]]
// CHECK: } {tle.consumer
// CHECK: tle.pipe_wait %[[B0]]
// CHECK: ttg.memdesc_reinterpret %[[LEFT]]
// CHECK: ttg.local_store
// CHECK: tle.pipe_wait %[[B1]]
// CHECK: ttg.memdesc_reinterpret %[[RIGHT]]
// CHECK: ttg.local_store
// CHECK: ttg.local_load
// CHECK: tt.store
// CHECK: ttg.local_load
// CHECK: tt.store
tt.func public @halves(%x: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %out: !tt.ptr<bf16>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c64 = arith.constant 64 : i32
  %c512 = arith.constant 512 : i32
  %zero = arith.constant dense<0.0> : tensor<64x256xf32>
  %p = arith.constant dense<1.0> : tensor<64x64xbf16>
  %tall = arith.constant dense<512> : tensor<64x1xi32>
  %half = arith.constant dense<256> : tensor<64x256xi32>
  %rows = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %cols = tt.make_range {end = 256 : i32, start = 0 : i32} : tensor<256xi32>
  %rows_tall = tt.expand_dims %rows {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %starts = arith.muli %rows_tall, %tall : tensor<64x1xi32>
  %starts_wide = tt.broadcast %starts : tensor<64x1xi32> -> tensor<64x256xi32>
  %flat = tt.expand_dims %cols {axis = 0 : i32} : tensor<256xi32> -> tensor<1x256xi32>
  %wide = tt.broadcast %flat : tensor<1x256xi32> -> tensor<64x256xi32>
  %offsets = arith.addi %starts_wide, %wide : tensor<64x256xi32>
  %splat = tt.splat %x : !tt.ptr<bf16> -> !ptrs
  %first = tt.addptr %splat, %offsets : !ptrs, tensor<64x256xi32>
  %r:2 = scf.for %i = %c0 to %n step %c64 iter_args(%a = %zero, %b = %zero) -> (tensor<64x256xf32>, tensor<64x256xf32>) : i32 {
    %move = arith.muli %i, %c512 : i32
    %moves = tt.splat %move : i32 -> tensor<64x256xi32>
    %left_ptrs = tt.addptr %first, %moves : !ptrs, tensor<64x256xi32>
    %left = tt.load %left_ptrs : !ptrs
    %right_ptrs = tt.addptr %left_ptrs, %half : !ptrs, tensor<64x256xi32>
    %right = tt.load %right_ptrs : !ptrs
    %a1 = tt.dot %p, %left, %a : tensor<64x64xbf16> * !tile -> tensor<64x256xf32>
    %b1 = tt.dot %p, %right, %b : tensor<64x64xbf16> * !tile -> tensor<64x256xf32>
    scf.yield %a1, %b1 : tensor<64x256xf32>, tensor<64x256xf32>
  } {tt.num_stages = 2 : i32, tt.warp_specialize}
  %out_splat = tt.splat %out : !tt.ptr<bf16> -> !ptrs
  %out_left = tt.addptr %out_splat, %offsets : !ptrs, tensor<64x256xi32>
  %small_a = arith.truncf %r#0 : tensor<64x256xf32> to !tile
  tt.store %out_left, %small_a : !ptrs
  %out_right = tt.addptr %out_left, %half : !ptrs, tensor<64x256xi32>
  %small_b = arith.truncf %r#1 : tensor<64x256xf32> to !tile
  tt.store %out_right, %small_b : !ptrs
  tt.return
}

// -----

#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xbf16, #s, #smem, mutable>
!tile = tensor<64x64xbf16>
!ptrs = tensor<64x64x!tt.ptr<bf16>>

// What only constants turn the mask into is made by the producer: it crosses,
// the mask does not.
// CHECK-LABEL: @derived
// CHECK: %[[BIASES:.*]] = ttg.local_alloc : () -> !ttg.memdesc<3x64xf32
// CHECK-NOT: xi8
// CHECK: tle.pipe_create %{{.*}}, %{{.*}}, %[[BIASES]] {name = "tiles0"
// CHECK: default {
// CHECK: scf.for
// CHECK-NOT: arith.select
// CHECK: %[[BIAS:.*]] = ttg.local_load {{.*}} -> tensor<64xf32>
// CHECK: tt.expand_dims %[[BIAS]]
// CHECK: partition0
// CHECK: %[[OK:.*]] = arith.cmpi sge
// CHECK: %[[MADE:.*]] = arith.select %[[OK]]
// CHECK: tle.pipe_acquire
// CHECK: ttg.local_store %[[MADE]]
// CHECK: tle.pipe_commit
tt.func public @derived(%x: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %index: !tt.ptr<i32>, %out: !tt.ptr<bf16>, %n: i32, %q: !tt.ptr<bf16>) {
  %c0 = arith.constant 0 : i32
  %c64 = arith.constant 64 : i32
  %step = arith.constant dense<64> : tensor<64xi32>
  %none = arith.constant dense<0> : tensor<64xi32>
  %stride = arith.constant dense<64> : tensor<64x1xi32>
  %flat_zero = arith.constant dense<0.0> : tensor<64xf32>
  %absent = arith.constant dense<0xFF800000> : tensor<64xf32>
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %nothing = arith.constant dense<0.0> : !tile
  %rows = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %index_splat = tt.splat %index : !tt.ptr<i32> -> tensor<64x!tt.ptr<i32>>
  %first = tt.addptr %index_splat, %rows : tensor<64x!tt.ptr<i32>>, tensor<64xi32>
  %cols = tt.expand_dims %rows {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %cols_wide = tt.broadcast %cols : tensor<1x64xi32> -> tensor<64x64xi32>
  %x_splat = tt.splat %x : !tt.ptr<bf16> -> tensor<64x1x!tt.ptr<bf16>>
  %q_splat = tt.splat %q : !tt.ptr<bf16> -> !ptrs
  %q_ptrs = tt.addptr %q_splat, %cols_wide : !ptrs, tensor<64x64xi32>
  %queries = tt.load %q_ptrs : !ptrs
  %buf = ttg.local_alloc : () -> !buf
  %r:2 = scf.for %i = %c0 to %n step %c64 iter_args(%acc = %zero, %p = %first) -> (tensor<64x64xf32>, tensor<64x!tt.ptr<i32>>) : i32 {
    %ids = tt.load %p : tensor<64x!tt.ptr<i32>>
    %ok = arith.cmpi sge, %ids, %none : tensor<64xi32>
    %ids_tall = tt.expand_dims %ids {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
    %offset = arith.muli %ids_tall, %stride : tensor<64x1xi32>
    %base = tt.addptr %x_splat, %offset : tensor<64x1x!tt.ptr<bf16>>, tensor<64x1xi32>
    %base_wide = tt.broadcast %base : tensor<64x1x!tt.ptr<bf16>> -> !ptrs
    %src = tt.addptr %base_wide, %cols_wide : !ptrs, tensor<64x64xi32>
    %ok_tall = tt.expand_dims %ok {axis = 1 : i32} : tensor<64xi1> -> tensor<64x1xi1>
    %mask = tt.broadcast %ok_tall : tensor<64x1xi1> -> tensor<64x64xi1>
    %v = tt.load %src, %mask, %nothing : !ptrs
    %dst = "tle.local_pointers"(%buf) : (!buf) -> tensor<64x64x!tt.ptr<bf16, 3>>
    tt.store %dst, %v : tensor<64x64x!tt.ptr<bf16, 3>>
    %k = tt.load %dst : tensor<64x64x!tt.ptr<bf16, 3>>
    %s = tt.dot %queries, %k, %acc : !tile * !tile -> tensor<64x64xf32>
    %bias = arith.select %ok, %flat_zero, %absent : tensor<64xi1>, tensor<64xf32>
    %bias_flat = tt.expand_dims %bias {axis = 0 : i32} : tensor<64xf32> -> tensor<1x64xf32>
    %bias_wide = tt.broadcast %bias_flat : tensor<1x64xf32> -> tensor<64x64xf32>
    %t = arith.addf %s, %bias_wide : tensor<64x64xf32>
    %next = tt.addptr %p, %step : tensor<64x!tt.ptr<i32>>, tensor<64xi32>
    scf.yield %t, %next : tensor<64x64xf32>, tensor<64x!tt.ptr<i32>>
  } {tt.num_stages = 3 : i32, tt.warp_specialize}
  %o = arith.truncf %r#0 : tensor<64x64xf32> to !tile
  %o_splat = tt.splat %out : !tt.ptr<bf16> -> !ptrs
  %o_ptrs = tt.addptr %o_splat, %cols_wide : !ptrs, tensor<64x64xi32>
  tt.store %o_ptrs, %o : !ptrs
  tt.return
}

// -----

#plain = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [1, 0]}>
#smem = #ttg.shared_memory
!tile = tensor<64x64xf16>
!ptrs = tensor<64x64x!tt.ptr<f16>>

// A buffer of pointers takes 8 bytes for each, beside two slots of 8192 bytes:
// 32768 + 16384 + 32 + 2048.
// CHECK-LABEL: @beside_pointers
// CHECK: tle.pipe_create {{.*}} !ttg.memdesc<2x64x64xf16
// SMALL-LABEL: @beside_pointers
// SMALL-NOT: ttg.warp_specialize
tt.func public @beside_pointers(%x: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %out: !tt.ptr<f32>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %table = ttg.local_alloc : () -> !ttg.memdesc<64x64x!tt.ptr<f32>, #plain, #smem, mutable>
  %splat = tt.splat %x : !tt.ptr<f16> -> !ptrs
  %range = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32>
  %line = tt.expand_dims %range {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %columns = tt.broadcast %line : tensor<1x64xi32> -> tensor<64x64xi32>
  %src = tt.addptr %splat, %columns : !ptrs, tensor<64x64xi32>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (tensor<64x64xf32>) : i32 {
    %v = tt.load %src : !ptrs
    %d = tt.dot %v, %v, %acc : !tile * !tile -> tensor<64x64xf32>
    scf.yield %d : tensor<64x64xf32>
  } {tt.warp_specialize}
  %o = tt.splat %out : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  tt.store %o, %r : tensor<64x64x!tt.ptr<f32>>
  tt.return
}

// -----

!tile = tensor<64x64xbf16>
!desc = !tt.tensordesc<tensor<64x64xbf16>>

// Blocks of descriptors that the kernel was given: the producer loads them and stores them into the slot, which one copy
// by TMA will do. All tiles come so, in two slots: the two warp groups may take turns.
// CHECK-LABEL: @blocks
// CHECK: %[[LEFT:.*]] = ttg.local_alloc : () -> !ttg.memdesc<2x64x64xbf16
// CHECK: %[[RIGHT:.*]] = ttg.local_alloc : () -> !ttg.memdesc<2x64x64xbf16
// CHECK: ttg.warp_specialize(%{{.*}}, %arg2, %arg0, %arg1) attributes {requestedRegisters = array<i32: 40>, tle.counted_bytes = 49216 : i64}
// CHECK: default {
// CHECK-NOT: tt.descriptor_load
// CHECK: tle.pipe_wait
// CHECK: ttg.local_load
// CHECK: tt.dot
// CHECK: tle.pipe_release
// CHECK: tle.pipe_wait
// CHECK: ttg.local_load
// CHECK: tt.dot
// CHECK: {tle.consumer, tle.may_take_turns, tt.num_stages = 2 : i32}
// CHECK: partition0(
// CHECK: scf.for %[[I:arg[0-9]+]] =
// CHECK: tle.pipe_acquire
// CHECK: %[[LEFT_SLOT:.*]] = ttg.memdesc_index
// CHECK: %[[BLOCK:.*]] = tt.descriptor_load %{{.*}}[%[[I]], %{{.*}}]
// CHECK-NEXT: ttg.local_store %[[BLOCK]], %[[LEFT_SLOT]]
// CHECK: tle.pipe_commit
// CHECK: tle.pipe_acquire
// CHECK: tt.descriptor_load
// CHECK: ttg.local_store
// CHECK: tle.pipe_commit
tt.func public @blocks(%k: !desc, %v: !desc, %n: i32, %q: !tile, %out: !tt.ptr<f32>) {
  %c0 = arith.constant 0 : i32
  %c64 = arith.constant 64 : i32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %r = scf.for %i = %c0 to %n step %c64 iter_args(%acc = %zero) -> (tensor<64x64xf32>) : i32 {
    %kt = tt.descriptor_load %k[%i, %c0] : !desc -> !tile
    %t = tt.trans %kt {order = array<i32: 1, 0>} : !tile -> !tile
    %s = tt.dot %q, %t, %zero : !tile * !tile -> tensor<64x64xf32>
    %m = "tt.reduce"(%s) <{axis = 1 : i32}> ({
    ^bb0(%x: f32, %y: f32):
      %z = arith.maxnumf %x, %y : f32
      tt.reduce.return %z : f32
    }) : (tensor<64x64xf32>) -> tensor<64xf32>
    %m_tall = tt.expand_dims %m {axis = 1 : i32} : tensor<64xf32> -> tensor<64x1xf32>
    %m_wide = tt.broadcast %m_tall : tensor<64x1xf32> -> tensor<64x64xf32>
    %d = arith.subf %s, %m_wide : tensor<64x64xf32>
    %p = arith.truncf %d : tensor<64x64xf32> to !tile
    %vt = tt.descriptor_load %v[%i, %c0] : !desc -> !tile
    %o = tt.dot %p, %vt, %acc : !tile * !tile -> tensor<64x64xf32>
    scf.yield %o : tensor<64x64xf32>
  } {tt.num_stages = 2 : i32, tt.warp_specialize}
  %sum = "tt.reduce"(%r) <{axis = 0 : i32}> ({
  ^bb0(%x: f32, %y: f32):
    %z = arith.addf %x, %y : f32
    tt.reduce.return %z : f32
  }) : (tensor<64x64xf32>) -> tensor<64xf32>
  %splat = tt.splat %out : !tt.ptr<f32> -> tensor<64x!tt.ptr<f32>>
  tt.store %splat, %sum : tensor<64x!tt.ptr<f32>>
  tt.return
}

// -----

!tile = tensor<64x64xbf16>
!desc = !tt.tensordesc<tensor<64x64xbf16>>
!ptrs = tensor<64x64x!tt.ptr<bf16>>

// One tile of a descriptor, one through pointers: no turns, since what threads copy needs fences.
// CHECK-LABEL: @both
// CHECK: ttg.warp_specialize
// CHECK-NOT: tle.may_take_turns
// CHECK: partition0(
// CHECK-DAG: tt.descriptor_load
// CHECK-DAG: ttg.async_copy_global_to_local
tt.func public @both(%k: !desc, %x: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %n: i32, %out: !tt.ptr<f32>) {
  %c0 = arith.constant 0 : i32
  %c64 = arith.constant 64 : i32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %rows = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %cols = tt.expand_dims %rows {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %cols_wide = tt.broadcast %cols : tensor<1x64xi32> -> tensor<64x64xi32>
  %x_splat = tt.splat %x : !tt.ptr<bf16> -> !ptrs
  %first = tt.addptr %x_splat, %cols_wide : !ptrs, tensor<64x64xi32>
  %r = scf.for %i = %c0 to %n step %c64 iter_args(%acc = %zero) -> (tensor<64x64xf32>) : i32 {
    %kt = tt.descriptor_load %k[%i, %c0] : !desc -> !tile
    %xt = tt.load %first : !ptrs
    %o = tt.dot %xt, %kt, %acc : !tile * !tile -> tensor<64x64xf32>
    scf.yield %o : tensor<64x64xf32>
  } {tt.num_stages = 2 : i32, tt.warp_specialize}
  %sum = "tt.reduce"(%r) <{axis = 0 : i32}> ({
  ^bb0(%y: f32, %z: f32):
    %w = arith.addf %y, %z : f32
    tt.reduce.return %w : f32
  }) : (tensor<64x64xf32>) -> tensor<64xf32>
  %splat = tt.splat %out : !tt.ptr<f32> -> tensor<64x!tt.ptr<f32>>
  tt.store %splat, %sum : tensor<64x!tt.ptr<f32>>
  tt.return
}
