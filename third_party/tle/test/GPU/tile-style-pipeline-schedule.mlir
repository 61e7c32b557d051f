// RUN: tle-opt %s -allow-unregistered-dialect -split-input-file -verify-diagnostics -triton-tle-tile-style-pipeline-schedule=remarks=true | FileCheck %s

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-warps" = 4 : i32, ttg.target = "cuda:90"} {
  // CHECK-LABEL: @gather
  tt.func @gather(%base: tensor<64x64x!tt.ptr<bf16>, #blocked>, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c64 = arith.constant 64 : i32
    %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
    // expected-remark @below {{tile-style pipeline: scheduled, 1 tile copies, 8192 bytes a slot}}
    scf.for %i = %c0 to %n step %c64 : i32 {
      // CHECK: tt.splat {{.*}} {loop.cluster = 0 : i32, loop.stage = 0 : i32}
      %off = tt.splat %i : i32 -> tensor<64x64xi32, #blocked>
      %ptr = tt.addptr %base, %off : tensor<64x64x!tt.ptr<bf16>, #blocked>, tensor<64x64xi32, #blocked>
      // CHECK: ttg.async_copy_global_to_local {{.*}}loop.stage = 0 : i32
      %t = ttg.async_copy_global_to_local %ptr, %buf : tensor<64x64x!tt.ptr<bf16>, #blocked> -> <64x64xbf16, #shared, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      // CHECK: ttg.local_load {{.*}}loop.stage = 2 : i32
      %x = ttg.local_load %buf : !ttg.memdesc<64x64xbf16, #shared, #smem, mutable> -> tensor<64x64xbf16, #blocked>
      "test.use"(%x) : (tensor<64x64xbf16, #blocked>) -> ()
    // CHECK: } {tle.async_tile_producer_count = 1 : i32, tle.tile_style_pipeline = 1 : i32, tt.num_stages = 2 : i32, tt.scheduled_max_stage = 2 : i32}
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  // One stage asks for no pipeline.
  // CHECK-LABEL: @single_stage
  // CHECK-NOT: tle.tile_style_pipeline
  tt.func @single_stage(%ptr: tensor<64x64x!tt.ptr<bf16>, #blocked>, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c64 = arith.constant 64 : i32
    %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
    scf.for %i = %c0 to %n step %c64 : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : tensor<64x64x!tt.ptr<bf16>, #blocked> -> <64x64xbf16, #shared, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !ttg.memdesc<64x64xbf16, #shared, #smem, mutable> -> tensor<64x64xbf16, #blocked>
      "test.use"(%x) : (tensor<64x64xbf16, #blocked>) -> ()
    } {tt.num_stages = 1 : i32}
    tt.return
  }
}

// -----

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-warps" = 4 : i32, ttg.target = "cuda:90"} {
  tt.func @carried_pointer(%init: tensor<64x64x!tt.ptr<bf16>, #blocked>, %step: tensor<64x64xi32, #blocked>, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
    // expected-remark @below {{left alone, the address of a copy depends on a value that the loop carries}}
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%ptr = %init) -> (tensor<64x64x!tt.ptr<bf16>, #blocked>) : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : tensor<64x64x!tt.ptr<bf16>, #blocked> -> <64x64xbf16, #shared, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %next = tt.addptr %ptr, %step : tensor<64x64x!tt.ptr<bf16>, #blocked>, tensor<64x64xi32, #blocked>
      scf.yield %next : tensor<64x64x!tt.ptr<bf16>, #blocked>
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  tt.func @read_after_loop(%ptr: tensor<64x64x!tt.ptr<bf16>, #blocked>, %n: i32) -> tensor<64x64xbf16, #blocked> {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
    // expected-remark @below {{left alone, a buffer is used outside of the loop}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %t = ttg.async_copy_global_to_local %ptr, %buf : tensor<64x64x!tt.ptr<bf16>, #blocked> -> <64x64xbf16, #shared, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
    } {tt.num_stages = 2 : i32}
    %x = ttg.local_load %buf : !ttg.memdesc<64x64xbf16, #shared, #smem, mutable> -> tensor<64x64xbf16, #blocked>
    tt.return %x : tensor<64x64xbf16, #blocked>
  }

  tt.func @half_overwritten(%ptr: tensor<32x64x!tt.ptr<bf16>, #blocked>, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
    // expected-remark @below {{left alone, an iteration does not overwrite all of a buffer}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %half = ttg.memdesc_subslice %buf[32, 0] : !ttg.memdesc<64x64xbf16, #shared, #smem, mutable> -> !ttg.memdesc<32x64xbf16, #shared, #smem, mutable, 64x64>
      %t = ttg.async_copy_global_to_local %ptr, %half : tensor<32x64x!tt.ptr<bf16>, #blocked> -> <32x64xbf16, #shared, #smem, mutable, 64x64>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : !ttg.memdesc<64x64xbf16, #shared, #smem, mutable> -> tensor<64x64xbf16, #blocked>
      "test.use"(%x) : (tensor<64x64xbf16, #blocked>) -> ()
    } {tt.num_stages = 2 : i32}
    tt.return
  }

  tt.func @index_may_be_overwritten(%idx: !tt.ptr<i32>, %base: tensor<64x64x!tt.ptr<bf16>, #blocked>, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
    // expected-remark @below {{left alone, an address is loaded from memory that the loop may write}}
    scf.for %i = %c0 to %n step %c1 : i32 {
      %p = tt.addptr %idx, %i : !tt.ptr<i32>, i32
      %id = tt.load %p : !tt.ptr<i32>
      %off = tt.splat %id : i32 -> tensor<64x64xi32, #blocked>
      %ptr = tt.addptr %base, %off : tensor<64x64x!tt.ptr<bf16>, #blocked>, tensor<64x64xi32, #blocked>
      %t = ttg.async_copy_global_to_local %ptr, %buf : tensor<64x64x!tt.ptr<bf16>, #blocked> -> <64x64xbf16, #shared, #smem, mutable>
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      tt.store %p, %i : !tt.ptr<i32>
    } {tt.num_stages = 2 : i32}
    tt.return
  }
}
