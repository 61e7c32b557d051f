// RUN: tle-opt %s | FileCheck %s
// RUN: tle-opt %s -mlir-print-op-generic | tle-opt | FileCheck %s

#linear = #ttg.linear<{register = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32]], lane = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0]], warp = [[32, 0], [64, 0]], block = []}>
#tmem = #ttng.tensor_memory_encoding<blockM = 128, blockN = 64, colStride = 1>
#half = #ttng.tensor_memory_encoding<blockM = 128, blockN = 32, colStride = 1>
#scales = #ttng.tensor_memory_scales_encoding<>
#blocks = #ttg.shared_linear<{offset = [[0, 1], [0, 2], [32, 0], [64, 0], [1, 0], [2, 0], [4, 0], [8, 0], [16, 0], [0, 4], [0, 8]]}, alignment = 16>
#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:100", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: tt.func @with_tokens
  // CHECK-SAME: %[[V:[^:]*]]: tensor<128x64xf32, #linear>, %[[P:[^:]*]]: i1
  tt.func @with_tokens(%v: tensor<128x64xf32, #linear>, %p: i1) {
    // CHECK: %[[B:.*]], %[[T0:.*]] = ttng.tmem_alloc : () -> (!ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory, mutable>, !ttg.async.token)
    %b, %t0 = ttng.tmem_alloc : () -> (!ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory, mutable>, !ttg.async.token)
    // CHECK: %[[T1:.*]] = ttng.tmem_store %[[V]], %[[B]][%[[T0]]], %[[P]] : tensor<128x64xf32, #linear> -> !ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory, mutable>
    %t1 = ttng.tmem_store %v, %b[%t0], %p : tensor<128x64xf32, #linear> -> !ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory, mutable>
    // CHECK: %{{.*}}, %{{.*}} = ttng.tmem_load %[[B]][%[[T1]]] : !ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory, mutable> -> tensor<128x64xf32, #linear>
    %x, %t2 = ttng.tmem_load %b[%t1] : !ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory, mutable> -> tensor<128x64xf32, #linear>
    // CHECK: %{{.*}}, %{{.*}} = ttng.tmem_load %[[B]][] :
    %y, %t3 = ttng.tmem_load %b[] : !ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory, mutable> -> tensor<128x64xf32, #linear>
    tt.return
  }

  // CHECK-LABEL: tt.func @without_tokens
  // CHECK-SAME: %[[V:[^:]*]]: tensor<128x64xf32, #linear>, %[[P:[^:]*]]: i1
  tt.func @without_tokens(%v: tensor<128x64xf32, #linear>, %p: i1) {
    // CHECK: %[[B:.*]] = ttng.tmem_alloc : () -> !ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory, mutable>
    %b = ttng.tmem_alloc : () -> !ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory, mutable>
    // CHECK: %[[C:.*]] = ttng.tmem_alloc %[[V]] : (tensor<128x64xf32, #linear>) -> !ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory>
    %c = ttng.tmem_alloc %v : (tensor<128x64xf32, #linear>) -> !ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory>
    // CHECK: ttng.tmem_store %[[V]], %[[B]], %[[P]] : tensor<128x64xf32, #linear> -> !ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory, mutable>
    ttng.tmem_store %v, %b, %p : tensor<128x64xf32, #linear> -> !ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory, mutable>
    // CHECK: ttng.tmem_load %[[C]] : !ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory> -> tensor<128x64xf32, #linear>
    %x = ttng.tmem_load %c : !ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory> -> tensor<128x64xf32, #linear>
    // CHECK: ttng.tmem_subslice %[[B]] {N = 32 : i32} : !ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory, mutable> -> !ttg.memdesc<128x32xf32, #tmem1, #ttng.tensor_memory, mutable, 128x64>
    %h = ttng.tmem_subslice %b {N = 32 : i32} : !ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory, mutable> -> !ttg.memdesc<128x32xf32, #half, #ttng.tensor_memory, mutable, 128x64>
    tt.return
  }

  // CHECK-LABEL: tt.func @scales
  // CHECK-SAME: %[[S:[^:]*]]: !ttg.memdesc<128x16xi8, #{{[a-z0-9]*}}, #smem, mutable>, %[[D:[^:]*]]: !ttg.memdesc<128x16xi8, #tmem_scales, #ttng.tensor_memory, mutable>, %[[BAR:[^:]*]]: !ttg.memdesc<1xi64, #{{[a-z0-9]*}}, #smem, mutable>
  tt.func @scales(%s: !ttg.memdesc<128x16xi8, #blocks, #smem, mutable>, %d: !ttg.memdesc<128x16xi8, #scales, #ttng.tensor_memory, mutable>, %bar: !ttg.memdesc<1xi64, #bar, #smem, mutable>) {
    // CHECK: ttng.tmem_copy %[[S]], %[[D]] : !ttg.memdesc<128x16xi8, #{{.*}}, #smem, mutable>, !ttg.memdesc<128x16xi8, #tmem_scales, #ttng.tensor_memory, mutable>{{$}}
    ttng.tmem_copy %s, %d : !ttg.memdesc<128x16xi8, #blocks, #smem, mutable>, !ttg.memdesc<128x16xi8, #scales, #ttng.tensor_memory, mutable>
    // CHECK: ttng.tmem_copy %[[S]], %[[D]], %[[BAR]] : !ttg.memdesc<128x16xi8, #{{.*}}, #smem, mutable>, !ttg.memdesc<128x16xi8, #tmem_scales, #ttng.tensor_memory, mutable>, !ttg.memdesc<1xi64, #{{.*}}, #smem, mutable>
    ttng.tmem_copy %s, %d, %bar : !ttg.memdesc<128x16xi8, #blocks, #smem, mutable>, !ttg.memdesc<128x16xi8, #scales, #ttng.tensor_memory, mutable>, !ttg.memdesc<1xi64, #bar, #smem, mutable>
    tt.return
  }
}
