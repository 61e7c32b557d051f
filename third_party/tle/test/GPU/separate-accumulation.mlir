// RUN: tle-opt %s -triton-tle-warp-specialize-tile-loop=num-warps=8 -triton-tle-separate-accumulation=num-warps=8 | FileCheck %s
// RUN: tle-opt %s -triton-tle-warp-specialize-tile-loop=num-warps=4 -triton-tle-separate-accumulation=num-warps=4 | FileCheck %s --check-prefix=FOUR
// RUN: tle-opt %s -triton-tle-warp-specialize-tile-loop=num-warps=8 | sed 's/array<i32: 40>/array<i32>/' | tle-opt - -triton-tle-separate-accumulation=num-warps=8 | FileCheck %s --check-prefix=UNSAID
// RUN: tle-opt %s -triton-tle-warp-specialize-tile-loop=num-warps=8 | sed 's/array<i32: 40>/array<i32: 2147483647>/' | tle-opt - -triton-tle-separate-accumulation=num-warps=8 | FileCheck %s --check-prefix=ALL

// Numbers of registers that nobody names, and one that no thread has.
// UNSAID: requestedRegisters = array<i32: 232, 64>,
// ALL: requestedRegisters = array<i32: 2147483647>,
// ALL-NOT: partition1

!q = tensor<64x128xbf16>
!q_ptrs = tensor<64x128x!tt.ptr<bf16>>
!v = tensor<64x256xbf16>
!v_ptrs = tensor<64x256x!tt.ptr<bf16>>
!acc = tensor<64x256xf32>
!s = tensor<64x64xf32>
!row = tensor<64xf32>

// Attention with 256 columns: K goes to the scores, V to the sums, each through
// a pipe with one reader. The factor and the weights cross in every iteration,
// the sums' divisor at the end. Q is copied by the partition that gathers.
// CHECK-LABEL: @attention
// CHECK: tle.pipe_create %[[KBARS:.*]], %{{.*}} {name = "tiles0", oneShot = false, readers = ["scores"]}
// CHECK: tle.pipe_create %[[VBARS:.*]], %{{.*}} {name = "tiles1", oneShot = false, readers = ["sums"]}
// CHECK: %[[F:.*]] = ttg.local_alloc : () -> !ttg.memdesc<2x64xf32,
// CHECK: tle.pipe_create %[[FBARS:.*]], %[[F]] {name = "values0", oneShot = false, readers = ["sums"]}
// CHECK: %[[P:.*]] = ttg.local_alloc : () -> !ttg.memdesc<1x64x64xbf16, #shared
// CHECK: tle.pipe_create %[[PBARS:.*]], %[[P]] {name = "values1", oneShot = false, readers = ["sums"]}
// CHECK: tle.pipe_create %[[ENDBARS:.*]], %{{.*}} {name = "finals", oneShot = true, readers = ["sums"]}
// CHECK: %[[QBUF:.*]] = ttg.local_alloc : () -> !ttg.memdesc<1x64x128xbf16
// CHECK: tle.pipe_create %[[QBARS:.*]], %[[QBUF]] {name = "operands", oneShot = true, readers = ["scores"]}
// 64 accumulators and 32 others of 256 threads leave the scores what they can use.
// CHECK: ttg.warp_specialize({{.*}}) attributes {requestedRegisters = array<i32: 232, 40>, tle.counted_bytes = 124064 : i64}
// CHECK: default {
// CHECK-NOT: tt.load
// CHECK: %[[R:.*]]:2 = scf.for {{.*}} iter_args(%[[I:.*]] = %{{.*}}, %[[ACC:.*]] = %{{.*}}) -> (i32, tensor<64x256xf32>)
// CHECK-NOT: pipe_wait %[[KBARS]]
// CHECK: tle.pipe_wait %[[FBARS]][%[[I]]] {reader = "sums"}
// CHECK: %[[FACTORS:.*]] = ttg.local_load
// CHECK: arith.cmpf une, %[[FACTORS]]
// CHECK: "tt.reduce"
// CHECK: arith.ori
// CHECK: %[[ANY:.*]] = arith.cmpi ne
// CHECK: %[[SCALED:.*]] = scf.if %[[ANY]]
// CHECK: ttg.local_load
// CHECK: arith.mulf %[[ACC]]
// CHECK: else
// CHECK: scf.yield %[[ACC]]
// CHECK: tle.pipe_release %[[FBARS]][%[[I]]] {reader = "sums"}
// CHECK: tle.pipe_wait %[[VBARS]][%[[I]]] {reader = "sums"}
// CHECK: tle.pipe_wait %[[PBARS]][%[[I]]] {reader = "sums"}
// CHECK: %[[V:.*]] = ttg.local_load {{.*}} -> tensor<64x256xbf16>
// CHECK: %[[W:.*]] = ttg.local_load {{.*}} -> tensor<64x64xbf16>
// CHECK: tt.dot %[[W]], %[[V]], %[[SCALED]]
// CHECK: tle.pipe_release %[[PBARS]][%[[I]]] {reader = "sums"}
// CHECK: tle.pipe_wait %[[ENDBARS]][%{{.*}}] {reader = "sums"}
// CHECK: ttg.local_load
// CHECK: arith.mulf %[[R]]#1
// CHECK: tt.store {{.*}} : tensor<64x256x!tt.ptr<bf16>>
// CHECK-NOT: tt.store
// CHECK: partition0({{.*}}) num_warps(4) {
// CHECK: tle.pipe_wait %{{.*}}[%{{.*}}] {reader = "scores"}
// CHECK: scf.for {{.*}} -> (tensor<64xf32>, i32, tensor<64xf32>)
// CHECK: tle.pipe_wait %{{.*}}[%[[J:.*]]] {reader = "scores"}
// CHECK: ttg.local_load {{.*}} -> tensor<64x128xbf16>
// CHECK: tt.dot
// CHECK: tle.pipe_release %{{.*}}[%[[J]]] {reader = "scores"}
// CHECK: "tt.reduce"
// CHECK: %[[FACTOR:.*]] = math.exp2
// CHECK: tle.pipe_acquire %[[FB:.*]][%[[J]]]
// CHECK: ttg.local_store %[[FACTOR]]
// CHECK: tle.pipe_commit %[[FB]][%[[J]]]
// CHECK: %[[WEIGHTS:.*]] = arith.truncf
// CHECK: tle.pipe_acquire %[[PB:.*]][%[[J]]]
// CHECK: ttg.local_store %[[WEIGHTS]]
// CHECK: tle.pipe_commit %[[PB]][%[[J]]]
// CHECK-NOT: tt.dot
// CHECK: scf.yield
// CHECK: %[[DIVISOR:.*]] = arith.divf
// CHECK: tle.pipe_acquire
// CHECK: ttg.local_store %[[DIVISOR]]
// CHECK: tle.pipe_commit
// CHECK: tt.store {{.*}} : tensor<64x!tt.ptr<f32>>
// CHECK: ttg.warp_return
// CHECK: partition1({{.*}}) num_warps(4) {
// CHECK: tle.pipe_acquire
// CHECK: ttg.async_copy_global_to_local {{.*}} -> <64x128xbf16
// CHECK: tle.pipe_commit
// CHECK: scf.for
// CHECK: ttg.async_copy_global_to_local {{.*}} -> <64x128xbf16
// CHECK: ttg.async_copy_global_to_local {{.*}} -> <64x256xbf16
// Of four warps each thread holds 128.
// FOUR-LABEL: @attention
// FOUR: attributes {requestedRegisters = array<i32: 232, 64>, tle.counted_bytes = 124064 : i64}
tt.func public @attention(%q: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %k: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %v: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %out: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %lse: !tt.ptr<f32>, %n: i32) {
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
  %rows = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %rows_tall = tt.expand_dims %rows {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %q_cols = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %q_flat = tt.expand_dims %q_cols {axis = 0 : i32} : tensor<128xi32> -> tensor<1x128xi32>
  %q_wide = tt.broadcast %q_flat : tensor<1x128xi32> -> tensor<64x128xi32>
  %q_starts = arith.muli %rows_tall, %tall_128 : tensor<64x1xi32>
  %q_starts_wide = tt.broadcast %q_starts : tensor<64x1xi32> -> tensor<64x128xi32>
  %q_offsets = arith.addi %q_starts_wide, %q_wide : tensor<64x128xi32>
  %q_splat = tt.splat %q : !tt.ptr<bf16> -> !q_ptrs
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
  %o_splat = tt.splat %out : !tt.ptr<bf16> -> !v_ptrs
  %o_ptrs = tt.addptr %o_splat, %v_offsets : !v_ptrs, tensor<64x256xi32>
  tt.store %o_ptrs, %o_small : !v_ptrs
  tt.return
}

// One tile for both products: the sums release it for the scores as well, since
// they have had the weights that came of it by then.
// CHECK-LABEL: @latent
// CHECK: tle.pipe_create %[[BARS:.*]], %{{.*}} {name = "tiles0", oneShot = false, readers = ["scores", "sums"]}
// CHECK: default {
// CHECK: tle.pipe_wait %[[BARS]][%[[I:.*]]] {reader = "sums"}
// CHECK: tt.dot
// CHECK: tle.pipe_release %[[BARS]][%[[I]]] {reader = "sums"}
// CHECK: partition0(%[[B:.*]]: !ttg.memdesc<4x1xi64, {{.*}}) num_warps(4) {
// CHECK: tle.pipe_wait %{{.*}}[%{{.*}}] {reader = "scores"}
// CHECK: scf.for
// CHECK: tle.pipe_wait %{{.*}}[%{{.*}}] {reader = "scores", tle.implied_release}
// CHECK-NOT: tle.pipe_release
// CHECK: partition1
tt.func public @latent(%q: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %k: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %out: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %maxima: !tt.ptr<f32>, %n: i32) {
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
  %q_splat = tt.splat %q : !tt.ptr<bf16> -> !v_ptrs
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
  %o_splat = tt.splat %out : !tt.ptr<bf16> -> !v_ptrs
  %o_ptrs = tt.addptr %o_splat, %offsets : !v_ptrs, tensor<64x256xi32>
  tt.store %o_ptrs, %o_small : !v_ptrs
  tt.return
}

// The same in a loop over items. The sums hold the last tile of an item until
// its slot has served for what they store; an item without tiles has an empty
// one for that, which goes through every pipe of tiles. Operands and finals: one an item.
// CHECK-LABEL: @items
// CHECK: tle.pipe_create %[[BARS:.*]], %[[RING:.*]] {name = "tiles0", oneShot = false, readers = ["scores", "sums"]}
// CHECK: tle.pipe_create %[[END:.*]], %{{.*}} {name = "finals", oneShot = false
// CHECK: tle.pipe_create %[[Q:.*]], %{{.*}} {name = "operands", oneShot = false
// CHECK: requestedRegisters = array<i32: 232, 48>
// CHECK: default {
// CHECK: scf.for {{.*}} iter_args(%[[START:.*]] = %{{.*}}, %[[ITEM:.*]] = %{{.*}}) -> (i32, i32)
// CHECK: %[[N:.*]] = tt.load
// CHECK: %[[R:.*]]:2 = scf.for %[[I:.*]] = %{{.*}} to %[[N]] {{.*}} iter_args(%[[T:.*]] = %[[START]],
// CHECK: tt.dot
// CHECK: %[[LEFT:.*]] = arith.subi %[[N]], %[[I]]
// CHECK: %[[MORE:.*]] = arith.cmpi ugt, %[[LEFT]], %{{.*}}
// CHECK: scf.if %[[MORE]] {
// CHECK-NEXT: tle.pipe_release %[[BARS]][%[[T]]] {reader = "sums"}
// CHECK: %[[GONE:.*]] = arith.cmpi eq, %[[R]]#0, %[[START]]
// CHECK-NEXT: scf.if %[[GONE]] {
// CHECK-NEXT: tle.pipe_wait %[[F:.*]][%[[START]]] {reader = "sums"}
// CHECK-NEXT: tle.pipe_release %[[F]][%[[START]]] {reader = "sums"}
// CHECK-NEXT: tle.pipe_wait %[[P:.*]][%[[START]]] {reader = "sums"}
// CHECK-NEXT: tle.pipe_release %[[P]][%[[START]]] {reader = "sums"}
// CHECK-NEXT: }
// CHECK: tle.pipe_wait %[[END]][%[[ITEM]]] {reader = "sums"}
// CHECK: tle.pipe_release %[[END]][%[[ITEM]]] {reader = "sums"}
// CHECK: %[[EMPTY:.*]] = arith.cmpi eq, %[[R]]#0, %[[START]]
// CHECK: %[[NEXT:.*]] = arith.select %[[EMPTY]]
// CHECK: %[[LAST:.*]] = arith.subi %[[NEXT]]
// CHECK: tle.pipe_wait %[[BARS]][%[[LAST]]] {reader = "sums"}
// CHECK: ttg.memdesc_index %[[RING]]
// CHECK: ttg.local_store
// CHECK: ttg.local_load
// CHECK: tle.pipe_release %[[BARS]][%[[LAST]]] {reader = "sums"}
// CHECK: tt.store
// CHECK: scf.yield %[[NEXT]]
// CHECK: partition0({{.*}}) num_warps(4) {
// CHECK: scf.for {{.*}} iter_args(%[[SSTART:.*]] = %{{.*}}, %[[SITEM:.*]] = %{{.*}}) -> (i32, i32)
// CHECK: tle.pipe_wait %[[SQ:.*]][%[[SITEM]]] {reader = "scores"}
// CHECK: scf.for
// CHECK: tle.pipe_wait %[[SBARS:.*]][%{{.*}}] {reader = "scores", tle.implied_release}
// CHECK: scf.if
// CHECK-NEXT: tle.pipe_acquire %[[SF:.*]][%[[SSTART]]]
// CHECK-NEXT: tle.pipe_commit %[[SF]][%[[SSTART]]]
// CHECK-NEXT: tle.pipe_acquire %[[SP:.*]][%[[SSTART]]]
// CHECK-NEXT: tle.pipe_commit %[[SP]][%[[SSTART]]]
// CHECK-NEXT: }
// CHECK: tle.pipe_release %[[SQ]][%[[SITEM]]] {reader = "scores"}
// CHECK: tle.pipe_wait %[[SBARS]][%{{.*}}] {reader = "scores", tle.implied_release}
// CHECK: tle.pipe_acquire %[[SEND:.*]][%[[SITEM]]]
// CHECK: tle.pipe_commit %[[SEND]][%[[SITEM]]]
// CHECK: tt.store
// CHECK: partition1({{.*}}) num_warps(4) {
// CHECK: scf.for {{.*}} iter_args(%[[GSTART:.*]] = %{{.*}}, %[[GITEM:.*]] = %{{.*}}) -> (i32, i32)
// CHECK: %[[G:.*]] = scf.for {{.*}} iter_args(%[[GT:.*]] = %[[GSTART]])
// CHECK: tle.pipe_commit %[[GBARS:.*]][%[[GT]]]
// CHECK: %[[FIRST:.*]] = arith.cmpi eq, %[[GT]], %[[GSTART]]
// CHECK: scf.if %[[FIRST]] {
// CHECK: tle.pipe_acquire %[[GQ:.*]][%[[GITEM]]]
// CHECK: ttg.async_copy_global_to_local
// CHECK: tle.pipe_commit %[[GQ]][%[[GITEM]]]
// CHECK: %[[NONE:.*]] = arith.cmpi eq, %[[G]], %[[GSTART]]
// CHECK: scf.if %[[NONE]] {
// CHECK: tle.pipe_acquire %[[GQ]][%[[GITEM]]]
// CHECK: tle.pipe_commit %[[GQ]][%[[GITEM]]]
// CHECK: scf.if
// CHECK: tle.pipe_acquire %[[GBARS]][%[[GSTART]]]
// CHECK: tle.pipe_commit %[[GBARS]][%[[GSTART]]]
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

// Pointers that the kernel loads before the loop are no operands; what they
// lead to may be what is stored behind it.
// CHECK-LABEL: @table
// CHECK: partition0
// CHECK-NOT: partition1
// CHECK: tt.return
tt.func public @table(%q: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %k: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %v: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %out: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %lse: !tt.ptr<f32>, %n: i32, %table: !tt.ptr<!tt.ptr<f32>>) {
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
  %rows = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %rows_tall = tt.expand_dims %rows {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %q_cols = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %q_flat = tt.expand_dims %q_cols {axis = 0 : i32} : tensor<128xi32> -> tensor<1x128xi32>
  %q_wide = tt.broadcast %q_flat : tensor<1x128xi32> -> tensor<64x128xi32>
  %q_starts = arith.muli %rows_tall, %tall_128 : tensor<64x1xi32>
  %q_starts_wide = tt.broadcast %q_starts : tensor<64x1xi32> -> tensor<64x128xi32>
  %q_offsets = arith.addi %q_starts_wide, %q_wide : tensor<64x128xi32>
  %q_splat = tt.splat %q : !tt.ptr<bf16> -> !q_ptrs
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
  %table_ptrs = tt.splat %table : !tt.ptr<!tt.ptr<f32>> -> tensor<64x64x!tt.ptr<!tt.ptr<f32>>>
  %biases = tt.load %table_ptrs : tensor<64x64x!tt.ptr<!tt.ptr<f32>>>
  %r:3 = scf.for %i = %c0 to %n step %c64 iter_args(%m0 = %lowest, %sum0 = %none, %acc0 = %zero) -> (!row, !row, !acc) : i32 {
    %k_move = arith.muli %i, %c128 : i32
    %k_moves = tt.splat %k_move : i32 -> tensor<64x128xi32>
    %k_now = tt.addptr %k_ptrs, %k_moves : !q_ptrs, tensor<64x128xi32>
    %keys = tt.load %k_now : !q_ptrs
    %keys_t = tt.trans %keys {order = array<i32: 1, 0>} : !q -> tensor<128x64xbf16>
    %bias = tt.load %biases : tensor<64x64x!tt.ptr<f32>>
    %s = tt.dot %queries, %keys_t, %bias : !q * tensor<128x64xbf16> -> !s
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
  %o_splat = tt.splat %out : !tt.ptr<bf16> -> !v_ptrs
  %o_ptrs = tt.addptr %o_splat, %v_offsets : !v_ptrs, tensor<64x256xi32>
  tt.store %o_ptrs, %o_small : !v_ptrs
  tt.return
}
