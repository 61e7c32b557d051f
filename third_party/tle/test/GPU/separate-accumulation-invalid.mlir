// RUN: tle-opt %s -split-input-file -triton-tle-separate-accumulation=num-warps=8 -remarks-filter=.*separate-accumulation -verify-diagnostics | FileCheck %s
// RUN: tle-opt %S/separate-accumulation.mlir -triton-tle-warp-specialize-tile-loop=num-warps=8 -triton-tle-separate-accumulation="num-warps=8 shared-memory=100000" -remarks-filter=.*separate-accumulation 2>&1 | FileCheck %s --check-prefix=SMALL
// RUN: tle-opt %S/separate-accumulation.mlir -triton-tle-warp-specialize-tile-loop=num-warps=8 -triton-tle-separate-accumulation="num-warps=8 shared-memory-reserve=108385" -remarks-filter=.*separate-accumulation 2>&1 | FileCheck %s --check-prefix=OVER
// RUN: tle-opt %S/separate-accumulation.mlir -triton-tle-warp-specialize-tile-loop=num-warps=8 -triton-tle-separate-accumulation="num-warps=8 shared-memory-reserve=108384" | FileCheck %s --check-prefix=ENOUGH
// RUN: tle-opt %S/warp-specialize-tile-loop-items.mlir -split-input-file -triton-tle-warp-specialize-tile-loop=num-warps=8 -triton-tle-separate-accumulation=num-warps=8 -remarks-filter=.*separate-accumulation 2>&1 | FileCheck %s --check-prefix=PIPES

// Loops of a consumer that stay whole, and lose the mark.
// CHECK-NOT: partition1
// CHECK-NOT: tle.consumer
// PIPES: Function=items_two_pipes | Remark="behind it stands 'scf.if'"
// SMALL: what crosses does not fit into shared memory
// SMALL-NOT: partition1
// 124064 bytes are counted for the first of them: with 108384 others they fit.
// OVER: Function=attention{{ .*}}what crosses does not fit into shared memory: 232449 of 232448 bytes
// ENOUGH-LABEL: @attention(
// ENOUGH: partition1

#plain = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #plain, #smem, mutable>
!ring = !ttg.memdesc<2x64x256xbf16, #s, #smem, mutable>
!slot = !ttg.memdesc<64x256xbf16, #s, #smem, mutable>

// No wide accumulator.
tt.func public @narrow(%n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<64x128xf32>
  %p = arith.constant dense<1.0> : tensor<64x64xbf16>
  %v = arith.constant dense<1.0> : tensor<64x128xbf16>
  ttg.warp_specialize() attributes {requestedRegisters = array<i32: 40>}
  default {
    // expected-remark @below {{its accumulators have less than 256 columns}}
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (tensor<64x128xf32>) : i32 {
      %d = tt.dot %p, %v, %acc : tensor<64x64xbf16> * tensor<64x128xbf16> -> tensor<64x128xf32>
      scf.yield %d : tensor<64x128xf32>
    } {tle.consumer}
    ttg.warp_yield
  }
  partition0() num_warps(4) {
    ttg.warp_return
  } : () -> ()
  tt.return
}

// -----

#plain = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #plain, #smem, mutable>
!ring = !ttg.memdesc<2x64x256xbf16, #s, #smem, mutable>
!slot = !ttg.memdesc<64x256xbf16, #s, #smem, mutable>

// No scores: a plain sum of products.
tt.func public @no_scores(%n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<64x256xf32>
  %p = arith.constant dense<1.0> : tensor<64x64xbf16>
  %ring = ttg.local_alloc : () -> !ring
  %bars = ttg.local_alloc : () -> !bars
  tle.pipe_create %bars, %ring {name = "tiles0", oneShot = false, readers = ["consumer"]} : !bars, !ring
  ttg.warp_specialize(%bars, %ring) attributes {requestedRegisters = array<i32: 40>}
  default {
    // expected-remark @below {{its accumulators depend on no scores}}
    %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %number = %c0) -> (tensor<64x256xf32>, i32) : i32 {
      %slot = ttg.memdesc_index %ring[%c0] : !ring -> !slot
      tle.pipe_wait %bars[%number] {reader = "consumer"} : !bars
      %v = ttg.local_load %slot : !slot -> tensor<64x256xbf16>
      %d = tt.dot %p, %v, %acc : tensor<64x64xbf16> * tensor<64x256xbf16> -> tensor<64x256xf32>
      tle.pipe_release %bars[%number] {reader = "consumer"} : !bars
      %next = arith.addi %number, %c1 : i32
      scf.yield %d, %next : tensor<64x256xf32>, i32
    } {tle.consumer}
    ttg.warp_yield
  }
  partition0(%b: !bars, %r: !ring) num_warps(4) {
    ttg.warp_return
  } : (!bars, !ring) -> ()
  tt.return
}

// -----

#plain = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #plain, #smem, mutable>
!ring = !ttg.memdesc<2x64x256xbf16, #s, #smem, mutable>
!slot = !ttg.memdesc<64x256xbf16, #s, #smem, mutable>

// Both sides would write the same memory behind the loop.
tt.func public @same_memory(%out: !tt.ptr<f32>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<64x256xf32>
  %none = arith.constant dense<0.0> : tensor<64x64xf32>
  %q = arith.constant dense<1.0> : tensor<64x256xbf16>
  %ring = ttg.local_alloc : () -> !ring
  %bars = ttg.local_alloc : () -> !bars
  tle.pipe_create %bars, %ring {name = "tiles0", oneShot = false, readers = ["consumer"]} : !bars, !ring
  ttg.warp_specialize(%bars, %ring) attributes {requestedRegisters = array<i32: 40>}
  default {
    // expected-remark @below {{what 'tt.store' writes behind it may be what another partition accesses}}
    %r:3 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %sum = %none, %number = %c0) -> (tensor<64x256xf32>, tensor<64x64xf32>, i32) : i32 {
      %slot = ttg.memdesc_index %ring[%c0] : !ring -> !slot
      tle.pipe_wait %bars[%number] {reader = "consumer"} : !bars
      %v = ttg.local_load %slot : !slot -> tensor<64x256xbf16>
      %t = tt.trans %v {order = array<i32: 1, 0>} : tensor<64x256xbf16> -> tensor<256x64xbf16>
      %s = tt.dot %q, %t, %none : tensor<64x256xbf16> * tensor<256x64xbf16> -> tensor<64x64xf32>
      %sum1 = arith.addf %sum, %s : tensor<64x64xf32>
      %p = arith.truncf %s : tensor<64x64xf32> to tensor<64x64xbf16>
      %d = tt.dot %p, %v, %acc : tensor<64x64xbf16> * tensor<64x256xbf16> -> tensor<64x256xf32>
      tle.pipe_release %bars[%number] {reader = "consumer"} : !bars
      %next = arith.addi %number, %c1 : i32
      scf.yield %d, %sum1, %next : tensor<64x256xf32>, tensor<64x64xf32>, i32
    } {tle.consumer}
    %sum_ptrs = tt.splat %out : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
    tt.store %sum_ptrs, %r#1 : tensor<64x64x!tt.ptr<f32>>
    %ptrs = tt.splat %out : !tt.ptr<f32> -> tensor<64x256x!tt.ptr<f32>>
    tt.store %ptrs, %r#0 : tensor<64x256x!tt.ptr<f32>>
    ttg.warp_yield
  }
  partition0(%b: !bars, %r: !ring) num_warps(4) {
    ttg.warp_return
  } : (!bars, !ring) -> ()
  tt.return
}

// -----

#plain = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #plain, #smem, mutable>
!ring = !ttg.memdesc<2x64x256xbf16, #s, #smem, mutable>
!slot = !ttg.memdesc<64x256xbf16, #s, #smem, mutable>

// A loop around it that does not count tiles.
tt.func public @not_over_items(%n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<64x256xf32>
  %none = arith.constant dense<0.0> : tensor<64x64xf32>
  %q = arith.constant dense<1.0> : tensor<64x256xbf16>
  %ring = ttg.local_alloc : () -> !ring
  %bars = ttg.local_alloc : () -> !bars
  tle.pipe_create %bars, %ring {name = "tiles0", oneShot = false, readers = ["consumer"]} : !bars, !ring
  ttg.warp_specialize(%bars, %ring) attributes {requestedRegisters = array<i32: 40>}
  default {
    scf.for %item = %c0 to %n step %c1 : i32 {
      // expected-remark @below {{the loop around it is none over items}}
      %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %number = %c0) -> (tensor<64x256xf32>, i32) : i32 {
        %slot = ttg.memdesc_index %ring[%c0] : !ring -> !slot
        tle.pipe_wait %bars[%number] {reader = "consumer"} : !bars
        %v = ttg.local_load %slot : !slot -> tensor<64x256xbf16>
        %t = tt.trans %v {order = array<i32: 1, 0>} : tensor<64x256xbf16> -> tensor<256x64xbf16>
        %s = tt.dot %q, %t, %none : tensor<64x256xbf16> * tensor<256x64xbf16> -> tensor<64x64xf32>
        %p = arith.truncf %s : tensor<64x64xf32> to tensor<64x64xbf16>
        %d = tt.dot %p, %v, %acc : tensor<64x64xbf16> * tensor<64x256xbf16> -> tensor<64x256xf32>
        tle.pipe_release %bars[%number] {reader = "consumer"} : !bars
        %next = arith.addi %number, %c1 : i32
        scf.yield %d, %next : tensor<64x256xf32>, i32
      } {tle.consumer}
    }
    ttg.warp_yield
  }
  partition0(%b: !bars, %r: !ring) num_warps(4) {
    ttg.warp_return
  } : (!bars, !ring) -> ()
  tt.return
}
