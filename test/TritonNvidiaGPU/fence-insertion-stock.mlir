// Stock's rule: python/test/differential compares the two engines over the corpus.
// RUN: tle-opt %s -split-input-file -triton-nvidia-gpu-fence-insertion=tle=false | FileCheck %s
// RUN: %if tle %{ tle-opt %s -split-input-file -triton-nvidia-gpu-fence-insertion=tle=false | FileCheck %s --check-prefix=TLE %}
// RUN: tle-opt %s -split-input-file -triton-nvidia-gpu-fence-insertion="tle=false compute-capability=80" | FileCheck %s --check-prefix=OLDER
// OLDER-NOT: ttng.fence_async_shared

#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!const = !ttg.memdesc<64x64xf16, #shared, #smem>
!tile = !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
!x = tensor<64x64xf16, #blocked>
!acc = tensor<64x64xf32, #mma>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90"} {
  // One fence for each product, whatever happened in between.
  // CHECK-LABEL: @each_product
  // CHECK: ttng.fence_async_shared {bCluster = false}
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: ttng.fence_async_shared {bCluster = false}
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NOT: ttng.fence_async_shared
  // CHECK: tt.return
  tt.func @each_product(%x: !x, %c: !acc) -> !acc {
    %a = ttg.local_alloc %x : (!x) -> !const
    %d = ttng.warp_group_dot %a, %a, %c : !const * !const -> !acc
    %e = ttng.warp_group_dot %a, %a, %d : !const * !const -> !acc
    tt.return %e : !acc
  }

  // Two fences in a row before a loop are one; a store inside keeps one inside.
  // CHECK-LABEL: @loop
  // CHECK: ttng.fence_async_shared
  // CHECK-NEXT: scf.for
  // CHECK-COUNT-2: ttng.warp_group_dot
  // CHECK-NEXT: ttg.local_store
  // CHECK-NEXT: ttng.fence_async_shared
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NOT: ttng.fence_async_shared
  // CHECK: tt.return
  tt.func @loop(%x: !x, %c: !acc, %n: i32) -> !acc {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %a = ttg.local_alloc %x : (!x) -> !const
    %p = ttg.local_alloc : () -> !tile
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %c) -> (!acc) : i32 {
      %d = ttng.warp_group_dot %a, %a, %acc : !const * !const -> !acc
      %e = ttng.warp_group_dot %a, %a, %d : !const * !const -> !acc
      ttg.local_store %x, %p : !x -> !tile
      %f = ttng.warp_group_dot %p, %a, %e : !tile * !const -> !acc
      scf.yield %f : !acc
    }
    tt.return %r : !acc
  }

  // Copies are no writes to stock.
  // CHECK-LABEL: @copy
  // CHECK-NOT: ttng.fence_async_shared
  // CHECK: tt.return
  tt.func @copy(%ptr: tensor<64x64x!tt.ptr<f16>, #blocked>, %c: !acc) -> !acc {
    %a = ttg.local_alloc : () -> !tile
    %t = ttg.async_copy_global_to_local %ptr, %a : tensor<64x64x!tt.ptr<f16>, #blocked> -> <64x64xf16, #shared, #smem, mutable>
    %g = ttg.async_commit_group tokens %t
    %w = ttg.async_wait %g {num = 0 : i32}
    %d = ttng.warp_group_dot %a, %a, %c : !tile * !tile -> !acc
    tt.return %d : !acc
  }
}

// -----

// A copy that TLE made is a write all the same.
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!tile = !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
!acc = tensor<64x64xf32, #mma>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90"} {
  // TLE-LABEL: @copy_of_tle
  // TLE: tle.wgmma_shared_operand_fence
  // TLE-NEXT: ttng.warp_group_dot
  tt.func @copy_of_tle(%ptr: tensor<64x64x!tt.ptr<f16>, #blocked>, %c: !acc) -> !acc {
    %a = ttg.local_alloc : () -> !tile
    %t = ttg.async_copy_global_to_local %ptr, %a {tle.local_ptr_async_store} : tensor<64x64x!tt.ptr<f16>, #blocked> -> <64x64xf16, #shared, #smem, mutable>
    %g = ttg.async_commit_group tokens %t
    %w = ttg.async_wait %g {num = 0 : i32}
    %d = ttng.warp_group_dot %a, %a, %c : !tile * !tile -> !acc
    tt.return %d : !acc
  }
}
