// RUN: tle-opt %s -triton-tle-place-dot-waits | FileCheck %s

#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [8, 1], instrShape = [16, 64, 16]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#plain = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [1, 0]}>
#operand = #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>
#smem = #ttg.shared_memory
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
!word = !ttg.memdesc<1xi64, #bar, #smem, mutable>
!acc = tensor<64x64xf32, #mma>
!ring = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!words = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!word1 = !ttg.memdesc<1xi64, #bar, #smem, mutable>
!sums = !ttg.memdesc<64x64xf32, #plain, #smem, mutable>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 8 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // Stock may put a barrier ahead of the first store. The partition that writes what its product reads waits before it,
  // unless a barrier of the program comes before the write; the one that writes another buffer only does not.
  // CHECK-LABEL: @barriers_of_stock
  // CHECK: partition0
  // CHECK: %[[D:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait %[[D]]
  // CHECK-NEXT: ttg.local_store
  // CHECK-NEXT: math.exp2
  // CHECK-NEXT: ttg.local_store
  // CHECK: partition1
  // CHECK: %[[E:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: ttg.local_store
  // CHECK-NEXT: ttng.warp_group_dot_wait %[[E]]
  // CHECK-NEXT: math.exp2
  // CHECK: partition2
  // CHECK: %[[F:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: ttg.local_store
  // CHECK-NEXT: ttng.warp_group_dot_wait %[[F]]
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: math.exp2
  // CHECK-NEXT: ttg.local_store
  tt.func public @barriers_of_stock(%y: !acc, %h: tensor<64x64xbf16, #mma>) {
    %a = ttg.local_alloc : () -> !tile
    %b = ttg.local_alloc : () -> !sums
    ttg.warp_specialize(%a, %b, %y, %h)
    default {
      ttg.warp_yield
    }
    partition0(%t: !tile, %s: !sums, %x: !acc, %g: tensor<64x64xbf16, #mma>) num_warps(8) {
      %none = arith.constant dense<0.0> : !acc
      %d = ttng.warp_group_dot %t, %t, %none {inputPrecision = 0 : i32} : !tile * !tile -> !acc
      ttg.local_store %x, %s : !acc -> !sums
      %u = math.exp2 %d : !acc
      ttg.local_store %g, %t : tensor<64x64xbf16, #mma> -> !tile
      ttg.warp_return
    }
    partition1(%t: !tile, %s: !sums, %x: !acc, %g: tensor<64x64xbf16, #mma>) num_warps(8) {
      %none = arith.constant dense<0.0> : !acc
      %d = ttng.warp_group_dot %t, %t, %none {inputPrecision = 0 : i32} : !tile * !tile -> !acc
      ttg.local_store %x, %s : !acc -> !sums
      %u = math.exp2 %d : !acc
      ttg.warp_return
    }
    partition2(%t: !tile, %s: !sums, %x: !acc, %g: tensor<64x64xbf16, #mma>) num_warps(8) {
      %none = arith.constant dense<0.0> : !acc
      %d = ttng.warp_group_dot %t, %t, %none {inputPrecision = 0 : i32} : !tile * !tile -> !acc
      ttg.local_store %x, %s : !acc -> !sums
      gpu.barrier
      %u = math.exp2 %d : !acc
      ttg.local_store %g, %t : tensor<64x64xbf16, #mma> -> !tile
      ttg.warp_return
    } : (!tile, !sums, !acc, tensor<64x64xbf16, #mma>) -> ()
    tt.return
  }

  // The second product reads what was stored before both: stock puts a barrier between the two, and none ahead of the
  // last store. A barrier of the program behind the first store makes it superfluous.
  // CHECK-LABEL: @product_reads_store
  // CHECK: partition0
  // CHECK: ttg.local_store
  // CHECK-NEXT: %[[D:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait %[[D]]
  // CHECK-NEXT: %[[E:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait %[[E]]
  // CHECK: partition1
  // CHECK: ttg.local_store
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: %[[F:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: %[[G:.+]] = ttng.warp_group_dot {{.*}}, %[[F]]
  // CHECK-NEXT: ttng.warp_group_dot_wait %[[G]]
  tt.func public @product_reads_store(%h: tensor<64x64xbf16, #mma>) {
    %a = ttg.local_alloc : () -> !tile
    %b = ttg.local_alloc : () -> !tile
    ttg.warp_specialize(%a, %b, %h)
    default {
      ttg.warp_yield
    }
    partition0(%t: !tile, %s: !tile, %g: tensor<64x64xbf16, #mma>) num_warps(8) {
      %none = arith.constant dense<0.0> : !acc
      ttg.local_store %g, %s : tensor<64x64xbf16, #mma> -> !tile
      %d = ttng.warp_group_dot %t, %t, %none {inputPrecision = 0 : i32} : !tile * !tile -> !acc
      %e = ttng.warp_group_dot %t, %s, %d {inputPrecision = 0 : i32} : !tile * !tile -> !acc
      %u = math.exp2 %e : !acc
      ttg.local_store %g, %t : tensor<64x64xbf16, #mma> -> !tile
      ttg.warp_return
    }
    partition1(%t: !tile, %s: !tile, %g: tensor<64x64xbf16, #mma>) num_warps(8) {
      %none = arith.constant dense<0.0> : !acc
      ttg.local_store %g, %s : tensor<64x64xbf16, #mma> -> !tile
      gpu.barrier
      %d = ttng.warp_group_dot %t, %t, %none {inputPrecision = 0 : i32} : !tile * !tile -> !acc
      %e = ttng.warp_group_dot %t, %s, %d {inputPrecision = 0 : i32} : !tile * !tile -> !acc
      %u = math.exp2 %e : !acc
      ttg.local_store %g, %t : tensor<64x64xbf16, #mma> -> !tile
      ttg.warp_return
    } : (!tile, !tile, tensor<64x64xbf16, #mma>) -> ()
    tt.return
  }
}
