// RUN: tle-opt %s -triton-tle-lower-extract-tile -triton-tle-lower-insert-tile | FileCheck %s

// Each thread holds a like part of every 32 x 64 tile of 128 x 64.
#regs = #ttg.blocked<{sizePerThread = [1, 2], threadsPerWarp = [1, 32], warpsPerCTA = [4, 1], order = [1, 0]}>
// A warp holds 32 rows.
#warps = #ttg.blocked<{sizePerThread = [32, 2], threadsPerWarp = [1, 32], warpsPerCTA = [4, 1], order = [1, 0]}>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // Tile 2 of 4: bit 0 is 0, bit 1 is 1.
  // CHECK-LABEL: @in_registers
  // CHECK: tt.reshape %{{.*}} -> tensor<4x32x1x64xf32, #{{.*}}>
  // CHECK: tt.trans %{{.*}} {order = array<i32: 1, 3, 0, 2>}
  // CHECK: tt.reshape %{{.*}} -> tensor<32x64x2x2xf32, #{{.*}}>
  // CHECK: %[[LHS:.*]], %{{.*}} = tt.split
  // CHECK: %{{.*}}, %[[RHS:.*]] = tt.split %[[LHS]]
  // CHECK-NOT: ttg.local_alloc
  tt.func public @in_registers(%x: tensor<128x64xf32, #regs>) -> tensor<32x64xf32, #regs> {
    %c0 = arith.constant 0 : i32
    %c2 = arith.constant 2 : i32
    %t = tle.extract_tile %x[%c2, %c0] : tensor<128x64xf32, #regs> -> tensor<32x64xf32, #regs>
    tt.return %t : tensor<32x64xf32, #regs>
  }

  // CHECK-LABEL: @across_warps
  // CHECK: %[[BUF:.*]] = ttg.local_alloc %{{.*}} : (tensor<128x64xf32, #{{.*}}>) -> !ttg.memdesc<128x64xf32, #shared, #smem>
  // CHECK: %[[S:.*]] = ttg.memdesc_subslice %[[BUF]][64, 0]
  // CHECK: ttg.local_load %[[S]]
  tt.func public @across_warps(%x: tensor<128x64xf32, #warps>) -> tensor<32x64xf32, #warps> {
    %c0 = arith.constant 0 : i32
    %c2 = arith.constant 2 : i32
    %t = tle.extract_tile %x[%c2, %c0] : tensor<128x64xf32, #warps> -> tensor<32x64xf32, #warps>
    tt.return %t : tensor<32x64xf32, #warps>
  }

  // CHECK-LABEL: @at_run_time
  // CHECK: %[[BUF:.*]] = ttg.local_alloc %{{.*}} -> !ttg.memdesc<128x64xf32, #shared, #smem, mutable>
  // CHECK: %[[START:.*]] = arith.muli %{{.*}}, %c32_i32
  // CHECK: tt.splat %[[START]]
  // CHECK: %[[P:.*]] = "tle.local_pointers"(%[[BUF]], %{{.*}}, %{{.*}})
  // CHECK: gpu.barrier
  // CHECK-NEXT: tt.load %[[P]]
  // CHECK-NEXT: gpu.barrier
  tt.func public @at_run_time(%x: tensor<128x64xf32, #regs>, %i: i32) -> tensor<32x64xf32, #regs> {
    %c0 = arith.constant 0 : i32
    %t = tle.extract_tile %x[%i, %c0] : tensor<128x64xf32, #regs> -> tensor<32x64xf32, #regs>
    tt.return %t : tensor<32x64xf32, #regs>
  }

  // CHECK-LABEL: @insert_in_registers
  // CHECK: %[[A:.*]], %[[B:.*]] = tt.split
  // CHECK: %[[C:.*]], %[[D:.*]] = tt.split %[[B]]
  // CHECK: tt.join %{{.*}}, %[[D]]
  // CHECK: tt.join %[[A]], %{{.*}}
  // CHECK: tt.reshape %{{.*}} -> tensor<128x64xf32, #{{.*}}>
  // CHECK-NOT: ttg.local_alloc
  tt.func public @insert_in_registers(%x: tensor<128x64xf32, #regs>, %t: tensor<32x64xf32, #regs>) -> tensor<128x64xf32, #regs> {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %r = tle.insert_tile %t, %x[%c1, %c0] : tensor<32x64xf32, #regs>, tensor<128x64xf32, #regs>
    tt.return %r : tensor<128x64xf32, #regs>
  }

  // CHECK-LABEL: @insert_across_warps
  // CHECK: %[[BUF:.*]] = ttg.local_alloc : () -> !ttg.memdesc<128x64xf32, #shared, #smem, mutable>
  // CHECK: ttg.local_store %{{.*}}, %[[BUF]]
  // CHECK: %[[S:.*]] = ttg.memdesc_subslice %[[BUF]][32, 0]
  // CHECK: ttg.local_store %{{.*}}, %[[S]]
  // CHECK: ttg.local_load %[[BUF]]
  tt.func public @insert_across_warps(%x: tensor<128x64xf32, #warps>, %t: tensor<32x64xf32, #warps>) -> tensor<128x64xf32, #warps> {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %r = tle.insert_tile %t, %x[%c1, %c0] : tensor<32x64xf32, #warps>, tensor<128x64xf32, #warps>
    tt.return %r : tensor<128x64xf32, #warps>
  }

  // CHECK-LABEL: @insert_at_run_time
  // CHECK: %[[BUF:.*]] = ttg.local_alloc : ()
  // CHECK: ttg.local_store %{{.*}}, %[[BUF]]
  // CHECK: %[[P:.*]] = "tle.local_pointers"(%[[BUF]]
  // CHECK: gpu.barrier
  // CHECK-NEXT: tt.store %[[P]]
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: ttg.local_load %[[BUF]]
  tt.func public @insert_at_run_time(%x: tensor<128x64xf32, #regs>, %t: tensor<32x64xf32, #regs>, %i: i32) -> tensor<128x64xf32, #regs> {
    %r = tle.insert_tile %t, %x[%i, %i] : tensor<32x64xf32, #regs>, tensor<128x64xf32, #regs>
    tt.return %r : tensor<128x64xf32, #regs>
  }

  // The tensor comes from before the loop: it is written again in each
  // iteration, over the last one's tile.
  // CHECK-LABEL: @insert_in_a_loop
  // CHECK: scf.for
  // CHECK: %[[BUF:.*]] = ttg.local_alloc : ()
  // CHECK: ttg.local_store %{{.*}}, %[[BUF]]
  // CHECK: tt.store
  // CHECK: ttg.local_load %[[BUF]]
  tt.func public @insert_in_a_loop(%x: tensor<128x64xf32, #regs>, %t: tensor<32x64xf32, #regs>, %n: i32) -> tensor<128x64xf32, #regs> {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %sum = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> (tensor<128x64xf32, #regs>) : i32 {
      %r = tle.insert_tile %t, %x[%i, %c0] : tensor<32x64xf32, #regs>, tensor<128x64xf32, #regs>
      %b = arith.addf %a, %r : tensor<128x64xf32, #regs>
      scf.yield %b : tensor<128x64xf32, #regs>
    }
    tt.return %sum : tensor<128x64xf32, #regs>
  }

  // The tile is everything.
  // CHECK-LABEL: @whole
  // CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor{{.*}}, %[[T:[a-z0-9]+]]: tensor
  // CHECK-NOT: ttg.local_alloc
  // CHECK: tt.return
  tt.func public @whole(%x: tensor<128x64xf32, #regs>, %t: tensor<128x64xf32, #regs>) -> tensor<128x64xf32, #regs> {
    %c0 = arith.constant 0 : i32
    %r = tle.insert_tile %t, %x[%c0, %c0] : tensor<128x64xf32, #regs>, tensor<128x64xf32, #regs>
    tt.return %r : tensor<128x64xf32, #regs>
  }

  // One dimension; a tile that is everything.
  // CHECK-LABEL: @one_dimension
  // CHECK: tt.split
  // CHECK-NOT: ttg.local_alloc
  // CHECK: tt.return
  tt.func public @one_dimension(%x: tensor<64xf32>) -> (tensor<32xf32>, tensor<64xf32>) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %t = tle.extract_tile %x[%c1] : tensor<64xf32> -> tensor<32xf32>
    %w = tle.extract_tile %x[%c0] : tensor<64xf32> -> tensor<64xf32>
    tt.return %t, %w : tensor<32xf32>, tensor<64xf32>
  }

  // Three dimensions at run time: a position in each.
  // CHECK-LABEL: @three_dimensions
  // CHECK: %[[BUF:.*]] = ttg.local_alloc %{{.*}} -> !ttg.memdesc<4x8x16xf32, #{{.*}}, #smem, mutable>
  // CHECK: "tle.local_pointers"(%[[BUF]], %{{[^,]*}}, %{{[^,]*}}, %{{[^,)]*}}) : {{.*}} -> tensor<2x4x16x!tt.ptr<f32, 3>>
  tt.func public @three_dimensions(%x: tensor<4x8x16xf32>, %i: i32) -> tensor<2x4x16xf32> {
    %c0 = arith.constant 0 : i32
    %t = tle.extract_tile %x[%i, %i, %c0] : tensor<4x8x16xf32> -> tensor<2x4x16xf32>
    tt.return %t : tensor<2x4x16xf32>
  }

  // The tile has another layout than the tensor.
  // CHECK-LABEL: @other_layout
  // CHECK: tt.split
  // CHECK: ttg.convert_layout %{{.*}} -> tensor<32x64xf32, #[[W:.*]]>
  // CHECK: tt.return %{{.*}} : tensor<32x64xf32, #[[W]]>
  tt.func public @other_layout(%x: tensor<128x64xf32, #regs>) -> tensor<32x64xf32, #warps> {
    %c0 = arith.constant 0 : i32
    %t = tle.extract_tile %x[%c0, %c0] : tensor<128x64xf32, #regs> -> tensor<32x64xf32, #warps>
    tt.return %t : tensor<32x64xf32, #warps>
  }
}
