// RUN: tle-opt %s -triton-tle-relax-wgmma-waits | FileCheck %s
// RUN: tle-opt %s -triton-tle-relax-wgmma-waits -triton-tle-relax-wgmma-waits | FileCheck %s

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!const = !ttg.memdesc<64x64xf16, #shared, #smem>
!tile = !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
!acc = tensor<64x64xf32, #mma>
!x = tensor<64x64xf16, #blocked>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90"} {
  // What the first wait holds moves on to the second one; the product that it still ends is not among it. It holds the
  // result of that one then.
  // CHECK-LABEL: @product_that_is_not_held
  // CHECK: %[[D:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: %[[E:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: %[[W:.+]] = ttng.warp_group_dot_wait %[[D]] {pendings = 1 : i32}
  // CHECK-NEXT: math.exp2 %[[W]]
  // CHECK-NEXT: %[[F:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: ttng.warp_group_dot_wait %[[F]], %{{.+}}, %[[E]] {pendings = 0 : i32}
  tt.func @product_that_is_not_held(%a: !const, %b: !const, %c: !acc) -> (!acc, !acc, !acc) {
    %d = ttng.warp_group_dot %a, %a, %c {isAsync = true} : !const * !const -> !acc
    %e = ttng.warp_group_dot %b, %b, %c {isAsync = true} : !const * !const -> !acc
    %w = ttng.warp_group_dot_wait %e {pendings = 0 : i32} : !acc
    %x = math.exp2 %d : !acc
    %f = ttng.warp_group_dot %b, %b, %c {isAsync = true} : !const * !const -> !acc
    %v = ttng.warp_group_dot_wait %f {pendings = 0 : i32} : !acc
    tt.return %w, %x, %v : !acc, !acc, !acc
  }

  // The first link of a chain ends before its factor is written, the second one runs on: its result goes through the
  // wait, which holds tensors first.
  // CHECK-LABEL: @links_of_a_chain
  // CHECK: %[[D:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: %[[E:.+]] = ttng.warp_group_dot {{.*}}, %[[D]]
  // CHECK-NEXT: %[[W:.+]]:2 = ttng.warp_group_dot_wait %[[E]], %{{.+}} {pendings = 1 : i32}
  // CHECK-NEXT: ttg.local_store
  // CHECK-NEXT: %[[F:.+]] = ttng.warp_group_dot
  // CHECK-NEXT: %[[V:.+]]:3 = ttng.warp_group_dot_wait %[[F]], %{{.+}}, %[[W]]#0 {pendings = 0 : i32}
  // CHECK-NEXT: tt.return %[[V]]#2, %[[V]]#0
  tt.func @links_of_a_chain(%c: !acc, %x: !x) -> (!acc, !acc) {
    %b = ttg.local_alloc %x : (!x) -> !const
    %a = ttg.local_alloc : () -> !tile
    %d = ttng.warp_group_dot %a, %a, %c {isAsync = true} : !tile * !tile -> !acc
    %e = ttng.warp_group_dot %b, %b, %d {isAsync = true} : !const * !const -> !acc
    %w:2 = ttng.warp_group_dot_wait %e, %a {pendings = 0 : i32} : !acc, !tile
    ttg.local_store %x, %a : !x -> !tile
    %f = ttng.warp_group_dot %b, %b, %c {isAsync = true} : !const * !const -> !acc
    %v = ttng.warp_group_dot_wait %f {pendings = 0 : i32} : !acc
    tt.return %w#0, %v : !acc, !acc
  }
}
