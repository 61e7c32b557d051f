// RUN: tle-opt %s -triton-tle-select-encodings | FileCheck %s

#blocked = #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [1, 32], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!buffer = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @store
  // CHECK-SAME: %[[V:[a-z0-9]+]]: tensor<64x64xbf16, #mma>
  // CHECK-NOT: ttg.convert_layout
  // CHECK: %[[P:.*]] = "tle.local_pointers"(%{{.*}}) : {{.*}} -> tensor<64x64x!tt.ptr<bf16, 3>, #mma>
  // CHECK: tt.store %[[P]], %[[V]] : tensor<64x64x!tt.ptr<bf16, 3>, #mma>
  tt.func public @store(%buf: !buffer, %v: tensor<64x64xbf16, #mma>) {
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x64x!tt.ptr<bf16, 3>, #blocked>
    %w = ttg.convert_layout %v : tensor<64x64xbf16, #mma> -> tensor<64x64xbf16, #blocked>
    tt.store %p, %w : tensor<64x64x!tt.ptr<bf16, 3>, #blocked>
    tt.return
  }

  // Indices and mask are converted in place of the data.
  // CHECK-LABEL: @indexed_load
  // CHECK-DAG: ttg.convert_layout %{{.*}} : tensor<64x64xi32, #blocked> -> tensor<64x64xi32, #mma>
  // CHECK-DAG: ttg.convert_layout %{{.*}} : tensor<64x64xi1, #blocked> -> tensor<64x64xi1, #mma>
  // CHECK: %[[V:.*]] = tt.load %{{.*}}, %{{.*}} : tensor<64x64x!tt.ptr<bf16, 3>, #mma>
  // CHECK-NEXT: tt.return %[[V]]
  tt.func public @indexed_load(%buf: !buffer, %i: tensor<64x64xi32, #blocked>, %m: tensor<64x64xi1, #blocked>) -> tensor<64x64xbf16, #mma> {
    %p = "tle.local_pointers"(%buf, %i, %i) : (!buffer, tensor<64x64xi32, #blocked>, tensor<64x64xi32, #blocked>) -> tensor<64x64x!tt.ptr<bf16, 3>, #blocked>
    %w = tt.load %p, %m : tensor<64x64x!tt.ptr<bf16, 3>, #blocked>
    %v = ttg.convert_layout %w : tensor<64x64xbf16, #blocked> -> tensor<64x64xbf16, #mma>
    tt.return %v : tensor<64x64xbf16, #mma>
  }

  // CHECK-LABEL: @used_twice
  // CHECK: %[[W:.*]] = tt.load %{{.*}} : tensor<64x64x!tt.ptr<bf16, 3>, #blocked>
  // CHECK: ttg.convert_layout %[[W]]
  tt.func public @used_twice(%buf: !buffer) -> (tensor<64x64xbf16, #mma>, tensor<64x64xbf16, #blocked>) {
    %p = "tle.local_pointers"(%buf) : (!buffer) -> tensor<64x64x!tt.ptr<bf16, 3>, #blocked>
    %w = tt.load %p : tensor<64x64x!tt.ptr<bf16, 3>, #blocked>
    %v = ttg.convert_layout %w : tensor<64x64xbf16, #blocked> -> tensor<64x64xbf16, #mma>
    tt.return %v, %w : tensor<64x64xbf16, #mma>, tensor<64x64xbf16, #blocked>
  }

  // Global accesses keep their layout: it decides how they coalesce.
  // CHECK-LABEL: @global
  // CHECK: ttg.convert_layout
  // CHECK: tt.store %{{.*}} : tensor<64x64x!tt.ptr<bf16>, #blocked>
  tt.func public @global(%p: tensor<64x64x!tt.ptr<bf16>, #blocked>, %v: tensor<64x64xbf16, #mma>) {
    %w = ttg.convert_layout %v : tensor<64x64xbf16, #mma> -> tensor<64x64xbf16, #blocked>
    tt.store %p, %w : tensor<64x64x!tt.ptr<bf16>, #blocked>
    tt.return
  }
}
