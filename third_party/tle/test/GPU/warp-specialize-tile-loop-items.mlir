// RUN: tle-opt %s -split-input-file -triton-tle-warp-specialize-tile-loop=num-warps=8 | FileCheck %s

// Loops over items around the tile loop.

// -----

!v = tensor<64x256xbf16>
!v_ptrs = tensor<64x256x!tt.ptr<bf16>>
!acc = tensor<64x256xf32>
!s = tensor<64x64xf32>
!row = tensor<64xf32>

// A loop over items: each side has it, with the arithmetic and loads that it
// needs, and counts tiles from item to item. The slot of an item's last tile
// serves for its stores before it is released; without tiles there is an empty
// one. A launch without items runs neither loop.
// CHECK-LABEL: @items
// CHECK: ttg.warp_specialize
// CHECK: default {
// CHECK: scf.for {{.*}} iter_args(%[[START:.*]] = %c0{{.*}}) -> (i32)
// CHECK: %[[N:.*]] = tt.load {{.*}} : !tt.ptr<i32>
// CHECK: tt.load {{.*}} : tensor<64x256x!tt.ptr<bf16>>
// CHECK: %[[R:.*]]:3 = scf.for {{.*}} to %[[N]] step %{{.*}} iter_args({{.*}}, %[[T:.*]] = %[[START]])
// CHECK: scf.if
// CHECK-NEXT: tle.pipe_release %[[BARS:.*]][%[[T]]] {reader = "consumer"}
// CHECK-NEXT: }
// CHECK-NOT: tle.pipe_release
// CHECK: } {tle.consumer
// CHECK: %[[EMPTY:.*]] = arith.cmpi eq, %[[R]]#2, %[[START]]
// CHECK: %[[NEXT:.*]] = arith.select %[[EMPTY]], %{{.*}}, %[[R]]#2
// CHECK: %[[LAST:.*]] = arith.subi %[[NEXT]]
// CHECK: tle.pipe_wait %[[BARS]][%[[LAST]]]
// CHECK: ttg.local_store
// CHECK: ttg.local_load
// CHECK: tle.pipe_release %[[BARS]][%[[LAST]]]
// CHECK: tt.store
// CHECK: scf.yield %[[NEXT]]
// CHECK: partition0
// CHECK: scf.for {{.*}} iter_args(%[[PSTART:.*]] = %{{.*}}) -> (i32)
// CHECK: %[[PN:.*]] = tt.load {{.*}} : !tt.ptr<i32>
// CHECK: %[[PEND:.*]] = scf.for {{.*}} to %[[PN]] step %{{.*}} iter_args(%[[PT:.*]] = %[[PSTART]])
// CHECK: tle.pipe_acquire %[[PBARS:.*]][%[[PT]]]
// CHECK: %[[PNONE:.*]] = arith.cmpi eq, %[[PSTART]], %[[PEND]]
// CHECK: scf.if %[[PNONE]] {
// CHECK-NEXT: tle.pipe_acquire %[[PBARS]][%[[PSTART]]]
// CHECK-NEXT: tle.pipe_commit %[[PBARS]][%[[PSTART]]]
// CHECK: %[[PNEXT:.*]] = arith.select %[[PNONE]], %{{.*}}, %[[PEND]]
// CHECK: scf.yield %[[PNEXT]]
tt.func public @items(%q: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %k: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %out: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %maxima: !tt.ptr<f32>, %lengths: !tt.ptr<i32>, %items: i32) {
  %c0 = arith.constant 0 : i32
  %c64 = arith.constant 64 : i32
  %c256 = arith.constant 256 : i32
  %zero = arith.constant dense<0.0> : !acc
  %no_scores = arith.constant dense<0.0> : !s
  %lowest = arith.constant dense<-1.0e30> : !row
  %tall_256 = arith.constant dense<256> : tensor<64x1xi32>
  %rows = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %rows_tall = tt.expand_dims %rows {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %cols = tt.make_range {end = 256 : i32, start = 0 : i32} : tensor<256xi32>
  %flat = tt.expand_dims %cols {axis = 0 : i32} : tensor<256xi32> -> tensor<1x256xi32>
  %wide = tt.broadcast %flat : tensor<1x256xi32> -> tensor<64x256xi32>
  %starts = arith.muli %rows_tall, %tall_256 : tensor<64x1xi32>
  %starts_wide = tt.broadcast %starts : tensor<64x1xi32> -> tensor<64x256xi32>
  %offsets = arith.addi %starts_wide, %wide : tensor<64x256xi32>
  %c16384 = arith.constant 16384 : i32
  %first = tt.get_program_id x : i32
  %programs = tt.get_num_programs x : i32
  scf.for %item = %first to %items step %programs : i32 {
    %length_ptr = tt.addptr %lengths, %item : !tt.ptr<i32>, i32
    %n = tt.load %length_ptr : !tt.ptr<i32>
    %move = arith.muli %item, %c16384 : i32
    %q_item = tt.addptr %q, %move : !tt.ptr<bf16>, i32
    %o_item = tt.addptr %out, %move : !tt.ptr<bf16>, i32
    %q_splat = tt.splat %q_item : !tt.ptr<bf16> -> !v_ptrs
    %q_ptrs = tt.addptr %q_splat, %offsets : !v_ptrs, tensor<64x256xi32>
    %queries = tt.load %q_ptrs : !v_ptrs
    %k_splat = tt.splat %k : !tt.ptr<bf16> -> !v_ptrs
    %k_ptrs = tt.addptr %k_splat, %offsets : !v_ptrs, tensor<64x256xi32>
    %r:2 = scf.for %i = %c0 to %n step %c64 iter_args(%m0 = %lowest, %acc0 = %zero) -> (!row, !acc) : i32 {
      %k_move = arith.muli %i, %c256 : i32
      %k_moves = tt.splat %k_move : i32 -> tensor<64x256xi32>
      %k_now = tt.addptr %k_ptrs, %k_moves : !v_ptrs, tensor<64x256xi32>
      %keys = tt.load %k_now : !v_ptrs
      %keys_t = tt.trans %keys {order = array<i32: 1, 0>} : !v -> tensor<256x64xbf16>
      %s = tt.dot %queries, %keys_t, %no_scores : !v * tensor<256x64xbf16> -> !s
      %max = "tt.reduce"(%s) <{axis = 1 : i32}> ({
      ^bb0(%a: f32, %b: f32):
        %larger = arith.maxnumf %a, %b : f32
        tt.reduce.return %larger : f32
      }) : (!s) -> !row
      %m1 = arith.maxnumf %m0, %max : !row
      %d = arith.subf %m0, %m1 : !row
      %f = math.exp2 %d : !row
      %tall = tt.expand_dims %m1 {axis = 1 : i32} : !row -> tensor<64x1xf32>
      %wide_m = tt.broadcast %tall : tensor<64x1xf32> -> !s
      %e = arith.subf %s, %wide_m : !s
      %p = math.exp2 %e : !s
      %f_tall = tt.expand_dims %f {axis = 1 : i32} : !row -> tensor<64x1xf32>
      %f_wide = tt.broadcast %f_tall : tensor<64x1xf32> -> !acc
      %scaled = arith.mulf %acc0, %f_wide : !acc
      %w = arith.truncf %p : !s to tensor<64x64xbf16>
      %acc1 = tt.dot %w, %keys, %scaled : tensor<64x64xbf16> * !v -> !acc
      scf.yield %m1, %acc1 : !row, !acc
    } {tt.num_stages = 2 : i32, tt.warp_specialize}
    %m_splat = tt.splat %maxima : !tt.ptr<f32> -> tensor<64x!tt.ptr<f32>>
    %m_ptrs = tt.addptr %m_splat, %rows : tensor<64x!tt.ptr<f32>>, tensor<64xi32>
    tt.store %m_ptrs, %r#0 : tensor<64x!tt.ptr<f32>>
    %m_tall = tt.expand_dims %r#0 {axis = 1 : i32} : !row -> tensor<64x1xf32>
    %m_wide = tt.broadcast %m_tall : tensor<64x1xf32> -> !acc
    %o = arith.mulf %r#1, %m_wide : !acc
    %o_small = arith.truncf %o : !acc to !v
    %o_splat = tt.splat %o_item : !tt.ptr<bf16> -> !v_ptrs
    %o_ptrs = tt.addptr %o_splat, %offsets : !v_ptrs, tensor<64x256xi32>
    tt.store %o_ptrs, %o_small : !v_ptrs
  }
  tt.return
}

// Nothing goes through a slot: all tiles are released in the loop.
// CHECK-LABEL: @items_small
// CHECK: default {
// CHECK: %[[R:.*]]:3 = scf.for {{.*}} -> (tensor<64xf32>, tensor<64x64xf32>, i32)
// CHECK-NOT: scf.if
// CHECK: tle.pipe_release
// CHECK: } {tle.consumer
// CHECK-NOT: tle.pipe_wait
// CHECK: scf.yield %[[R]]#2
// CHECK: partition0
// CHECK: scf.for
// CHECK: %[[END:.*]] = scf.for
// CHECK: tle.pipe_commit
// CHECK-NOT: tle.pipe_commit
// CHECK: scf.yield %[[END]]
tt.func public @items_small(%q: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %k: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %out: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %maxima: !tt.ptr<f32>, %lengths: !tt.ptr<i32>, %items: i32) {
  %c0 = arith.constant 0 : i32
  %c64 = arith.constant 64 : i32
  %c256 = arith.constant 256 : i32
  %no_scores = arith.constant dense<0.0> : !s
  %lowest = arith.constant dense<-1.0e30> : !row
  %tall_256 = arith.constant dense<256> : tensor<64x1xi32>
  %rows = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %rows_tall = tt.expand_dims %rows {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %cols = tt.make_range {end = 256 : i32, start = 0 : i32} : tensor<256xi32>
  %flat = tt.expand_dims %cols {axis = 0 : i32} : tensor<256xi32> -> tensor<1x256xi32>
  %wide = tt.broadcast %flat : tensor<1x256xi32> -> tensor<64x256xi32>
  %starts = arith.muli %rows_tall, %tall_256 : tensor<64x1xi32>
  %starts_wide = tt.broadcast %starts : tensor<64x1xi32> -> tensor<64x256xi32>
  %offsets = arith.addi %starts_wide, %wide : tensor<64x256xi32>
  %c16384 = arith.constant 16384 : i32
  %first = tt.get_program_id x : i32
  %programs = tt.get_num_programs x : i32
  scf.for %item = %first to %items step %programs : i32 {
    %length_ptr = tt.addptr %lengths, %item : !tt.ptr<i32>, i32
    %n = tt.load %length_ptr : !tt.ptr<i32>
    %move = arith.muli %item, %c16384 : i32
    %q_item = tt.addptr %q, %move : !tt.ptr<bf16>, i32
    %o_item = tt.addptr %out, %move : !tt.ptr<bf16>, i32
    %q_splat = tt.splat %q_item : !tt.ptr<bf16> -> !v_ptrs
    %q_ptrs = tt.addptr %q_splat, %offsets : !v_ptrs, tensor<64x256xi32>
    %queries = tt.load %q_ptrs : !v_ptrs
    %k_splat = tt.splat %k : !tt.ptr<bf16> -> !v_ptrs
    %k_ptrs = tt.addptr %k_splat, %offsets : !v_ptrs, tensor<64x256xi32>
    %r:2 = scf.for %i = %c0 to %n step %c64 iter_args(%m0 = %lowest, %acc0 = %no_scores) -> (!row, !s) : i32 {
      %k_move = arith.muli %i, %c256 : i32
      %k_moves = tt.splat %k_move : i32 -> tensor<64x256xi32>
      %k_now = tt.addptr %k_ptrs, %k_moves : !v_ptrs, tensor<64x256xi32>
      %keys = tt.load %k_now : !v_ptrs
      %keys_t = tt.trans %keys {order = array<i32: 1, 0>} : !v -> tensor<256x64xbf16>
      %s = tt.dot %queries, %keys_t, %no_scores : !v * tensor<256x64xbf16> -> !s
      %max = "tt.reduce"(%s) <{axis = 1 : i32}> ({
      ^bb0(%a: f32, %b: f32):
        %larger = arith.maxnumf %a, %b : f32
        tt.reduce.return %larger : f32
      }) : (!s) -> !row
      %m1 = arith.maxnumf %m0, %max : !row
      %d = arith.subf %m0, %m1 : !row
      %f = math.exp2 %d : !row
      %tall = tt.expand_dims %m1 {axis = 1 : i32} : !row -> tensor<64x1xf32>
      %wide_m = tt.broadcast %tall : tensor<64x1xf32> -> !s
      %e = arith.subf %s, %wide_m : !s
      %p = math.exp2 %e : !s
      %acc1 = arith.addf %acc0, %p : !s
      scf.yield %m1, %acc1 : !row, !s
    } {tt.num_stages = 2 : i32, tt.warp_specialize}
    %m_splat = tt.splat %maxima : !tt.ptr<f32> -> tensor<64x!tt.ptr<f32>>
    %m_ptrs = tt.addptr %m_splat, %rows : tensor<64x!tt.ptr<f32>>, tensor<64xi32>
    tt.store %m_ptrs, %r#0 : tensor<64x!tt.ptr<f32>>
    %sums = "tt.reduce"(%r#1) <{axis = 1 : i32}> ({
    ^bb0(%a: f32, %b: f32):
      %sum = arith.addf %a, %b : f32
      tt.reduce.return %sum : f32
    }) : (!s) -> !row
    tt.store %m_ptrs, %sums : tensor<64x!tt.ptr<f32>>
  }
  tt.return
}

// -----

!q = tensor<64x128xbf16>
!q_ptrs = tensor<64x128x!tt.ptr<bf16>>
!v = tensor<64x256xbf16>
!v_ptrs = tensor<64x256x!tt.ptr<bf16>>
!acc = tensor<64x256xf32>
!s = tensor<64x64xf32>
!row = tensor<64xf32>


// Of two pipes the one that is read last is held; of the other an empty tile is
// taken where there are no others.
// CHECK-LABEL: @items_two_pipes
// CHECK: tle.pipe_create %[[K:.*]], %{{.*}} {name = "tiles0"
// CHECK: tle.pipe_create %[[V:.*]], %{{.*}} {name = "tiles1"
// CHECK: default {
// CHECK: scf.for {{.*}} iter_args(%[[START:.*]] = %{{.*}}) -> (i32)
// CHECK: tle.pipe_release %[[K]]
// CHECK: scf.if
// CHECK-NEXT: tle.pipe_release %[[V]]
// CHECK: } {tle.consumer
// CHECK: tle.pipe_wait %[[V]]
// CHECK: tle.pipe_release %[[V]]
// CHECK: scf.if
// CHECK-NEXT: tle.pipe_wait %[[K]][%[[START]]] {reader = "consumer"}
// CHECK-NEXT: tle.pipe_release %[[K]][%[[START]]] {reader = "consumer"}
// CHECK: tt.store
// CHECK: partition0
tt.func public @items_two_pipes(%q: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %k: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %v: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %out: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %lse: !tt.ptr<f32>, %lengths: !tt.ptr<i32>, %items: i32) {
  %c0 = arith.constant 0 : i32
  %c64 = arith.constant 64 : i32
  %c128 = arith.constant 128 : i32
  %c256 = arith.constant 256 : i32
  %zero = arith.constant dense<0.0> : !acc
  %no_scores = arith.constant dense<0.0> : !s
  %none = arith.constant dense<0.0> : !row
  %one = arith.constant dense<1.0> : !row
  %lowest = arith.constant dense<-1.0e30> : !row
  %tall_128 = arith.constant dense<128> : tensor<64x1xi32>
  %tall_256 = arith.constant dense<256> : tensor<64x1xi32>
  %first = tt.get_program_id x : i32
  %programs = tt.get_num_programs x : i32
  scf.for %item = %first to %items step %programs : i32 {
  %length_ptr = tt.addptr %lengths, %item : !tt.ptr<i32>, i32
  %n = tt.load %length_ptr : !tt.ptr<i32>
  %c16384 = arith.constant 16384 : i32
 %move = arith.muli %item, %c16384 : i32
  %q_item = tt.addptr %q, %move : !tt.ptr<bf16>, i32
  %o_item = tt.addptr %out, %move : !tt.ptr<bf16>, i32
  %rows = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %rows_tall = tt.expand_dims %rows {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %q_cols = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %q_flat = tt.expand_dims %q_cols {axis = 0 : i32} : tensor<128xi32> -> tensor<1x128xi32>
  %q_wide = tt.broadcast %q_flat : tensor<1x128xi32> -> tensor<64x128xi32>
  %q_starts = arith.muli %rows_tall, %tall_128 : tensor<64x1xi32>
  %q_starts_wide = tt.broadcast %q_starts : tensor<64x1xi32> -> tensor<64x128xi32>
  %q_offsets = arith.addi %q_starts_wide, %q_wide : tensor<64x128xi32>
  %q_splat = tt.splat %q_item : !tt.ptr<bf16> -> !q_ptrs
  %q_ptrs = tt.addptr %q_splat, %q_offsets : !q_ptrs, tensor<64x128xi32>
  %queries = tt.load %q_ptrs : !q_ptrs
  %v_cols = tt.make_range {end = 256 : i32, start = 0 : i32} : tensor<256xi32>
  %v_flat = tt.expand_dims %v_cols {axis = 0 : i32} : tensor<256xi32> -> tensor<1x256xi32>
  %v_wide = tt.broadcast %v_flat : tensor<1x256xi32> -> tensor<64x256xi32>
  %v_starts = arith.muli %rows_tall, %tall_256 : tensor<64x1xi32>
  %v_starts_wide = tt.broadcast %v_starts : tensor<64x1xi32> -> tensor<64x256xi32>
  %v_offsets = arith.addi %v_starts_wide, %v_wide : tensor<64x256xi32>
  %k_splat = tt.splat %k : !tt.ptr<bf16> -> !q_ptrs
  %k_ptrs = tt.addptr %k_splat, %q_offsets : !q_ptrs, tensor<64x128xi32>
  %v_splat = tt.splat %v : !tt.ptr<bf16> -> !v_ptrs
  %v_ptrs = tt.addptr %v_splat, %v_offsets : !v_ptrs, tensor<64x256xi32>
  %r:3 = scf.for %i = %c0 to %n step %c64 iter_args(%m0 = %lowest, %sum0 = %none, %acc0 = %zero) -> (!row, !row, !acc) : i32 {
    %k_move = arith.muli %i, %c128 : i32
    %k_moves = tt.splat %k_move : i32 -> tensor<64x128xi32>
    %k_now = tt.addptr %k_ptrs, %k_moves : !q_ptrs, tensor<64x128xi32>
    %keys = tt.load %k_now : !q_ptrs
    %keys_t = tt.trans %keys {order = array<i32: 1, 0>} : !q -> tensor<128x64xbf16>
    %s = tt.dot %queries, %keys_t, %no_scores : !q * tensor<128x64xbf16> -> !s
    %max = "tt.reduce"(%s) <{axis = 1 : i32}> ({
    ^bb0(%a: f32, %b: f32):
      %larger = arith.maxnumf %a, %b : f32
      tt.reduce.return %larger : f32
    }) : (!s) -> !row
    %m1 = arith.maxnumf %m0, %max : !row
    %d = arith.subf %m0, %m1 : !row
    %f = math.exp2 %d : !row
    %tall = tt.expand_dims %m1 {axis = 1 : i32} : !row -> tensor<64x1xf32>
    %wide = tt.broadcast %tall : tensor<64x1xf32> -> !s
    %e = arith.subf %s, %wide : !s
    %p = math.exp2 %e : !s
    %total = "tt.reduce"(%p) <{axis = 1 : i32}> ({
    ^bb0(%a: f32, %b: f32):
      %sum = arith.addf %a, %b : f32
      tt.reduce.return %sum : f32
    }) : (!s) -> !row
    %sum_scaled = arith.mulf %sum0, %f : !row
    %sum1 = arith.addf %sum_scaled, %total : !row
    %v_move = arith.muli %i, %c256 : i32
    %v_moves = tt.splat %v_move : i32 -> tensor<64x256xi32>
    %v_now = tt.addptr %v_ptrs, %v_moves : !v_ptrs, tensor<64x256xi32>
    %values = tt.load %v_now : !v_ptrs
    %f_tall = tt.expand_dims %f {axis = 1 : i32} : !row -> tensor<64x1xf32>
    %f_wide = tt.broadcast %f_tall : tensor<64x1xf32> -> !acc
    %scaled = arith.mulf %acc0, %f_wide : !acc
    %w = arith.truncf %p : !s to tensor<64x64xbf16>
    %acc1 = tt.dot %w, %values, %scaled : tensor<64x64xbf16> * !v -> !acc
    scf.yield %m1, %sum1, %acc1 : !row, !row, !acc
  } {tt.num_stages = 2 : i32, tt.warp_specialize}
  %log = math.log2 %r#1 : !row
  %lse_value = arith.addf %r#0, %log : !row
  %lse_splat = tt.splat %lse : !tt.ptr<f32> -> tensor<64x!tt.ptr<f32>>
  %lse_ptrs = tt.addptr %lse_splat, %rows : tensor<64x!tt.ptr<f32>>, tensor<64xi32>
  tt.store %lse_ptrs, %lse_value : tensor<64x!tt.ptr<f32>>
  %inverse = arith.divf %one, %r#1 : !row
  %i_tall = tt.expand_dims %inverse {axis = 1 : i32} : !row -> tensor<64x1xf32>
  %i_wide = tt.broadcast %i_tall : tensor<64x1xf32> -> !acc
  %o = arith.mulf %r#2, %i_wide : !acc
  %o_small = arith.truncf %o : !acc to !v
  %o_splat = tt.splat %o_item : !tt.ptr<bf16> -> !v_ptrs
  %o_ptrs = tt.addptr %o_splat, %v_offsets : !v_ptrs, tensor<64x256xi32>
  tt.store %o_ptrs, %o_small : !v_ptrs
  }
  tt.return
}
