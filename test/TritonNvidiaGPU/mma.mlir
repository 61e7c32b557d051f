// RUN: tle-opt %s | FileCheck %s
// RUN: tle-opt %s -mlir-print-op-generic | tle-opt | FileCheck %s

#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 128, 16]}>
#dot = #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#shared8 = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 8}>
#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
#tmem = #ttng.tensor_memory_encoding<blockM = 128, blockN = 128, colStride = 1>
#scales = #ttng.tensor_memory_scales_encoding<>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:100", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: tt.func @hopper
  // CHECK-SAME: %[[A:.*]]: !ttg.memdesc<128x128xf16, #shared, #smem, mutable>, %[[R:.*]]: tensor<128x128xf16, #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>>, %[[C:.*]]: tensor<128x128xf32, #mma>, %[[U:.*]]: i1
  tt.func @hopper(%a: !ttg.memdesc<128x128xf16, #shared, #smem, mutable>, %r: tensor<128x128xf16, #dot>, %c: tensor<128x128xf32, #mma>, %use: i1) {
    // CHECK: %[[D0:.*]] = ttng.warp_group_dot %[[A]], %[[A]], %[[C]] : !ttg.memdesc<128x128xf16, #shared, #smem, mutable> * !ttg.memdesc<128x128xf16, #shared, #smem, mutable> -> tensor<128x128xf32, #mma>
    %0 = ttng.warp_group_dot %a, %a, %c : !ttg.memdesc<128x128xf16, #shared, #smem, mutable> * !ttg.memdesc<128x128xf16, #shared, #smem, mutable> -> tensor<128x128xf32, #mma>
    // CHECK: %[[D1:.*]] = ttng.warp_group_dot %[[R]], %[[A]], %[[D0]], %[[U]] {inputPrecision = 0 : i32, isAsync = true, maxNumImpreciseAcc = 32 : i32} : tensor<128x128xf16, #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>> * !ttg.memdesc<128x128xf16, #shared, #smem, mutable> -> tensor<128x128xf32, #mma>
    %1 = ttng.warp_group_dot %r, %a, %0, %use {inputPrecision = 0 : i32, isAsync = true, maxNumImpreciseAcc = 32 : i32} : tensor<128x128xf16, #dot> * !ttg.memdesc<128x128xf16, #shared, #smem, mutable> -> tensor<128x128xf32, #mma>
    // CHECK: ttng.warp_group_dot_wait %[[D1]] {pendings = 0 : i32} : tensor<128x128xf32, #mma>
    %2 = ttng.warp_group_dot_wait %1 {pendings = 0 : i32} : tensor<128x128xf32, #mma>
    // CHECK: %{{.*}}:2 = ttng.warp_group_dot_wait %[[D1]], %[[A]] {pendings = 1 : i32} : tensor<128x128xf32, #mma>, !ttg.memdesc<128x128xf16, #shared, #smem, mutable>
    %3:2 = ttng.warp_group_dot_wait %1, %a {pendings = 1 : i32} : tensor<128x128xf32, #mma>, !ttg.memdesc<128x128xf16, #shared, #smem, mutable>
    tt.return
  }

  // CHECK-LABEL: tt.func @blackwell
  // CHECK-SAME: %[[A:[^:]*]]: !ttg.memdesc<128x128xf16, #shared, #smem>, %[[D:[^:]*]]: !ttg.memdesc<128x128xf32, #tmem, #ttng.tensor_memory, mutable>, %[[BAR:[^:]*]]: !ttg.memdesc<1xi64, #shared1, #smem, mutable>, %[[T:[^:]*]]: !ttg.async.token, %[[P:[^:]*]]: i1
  tt.func @blackwell(%a: !ttg.memdesc<128x128xf16, #shared, #smem>, %d: !ttg.memdesc<128x128xf32, #tmem, #ttng.tensor_memory, mutable>, %bar: !ttg.memdesc<1xi64, #bar, #smem, mutable>, %tok: !ttg.async.token, %p: i1) {
    // CHECK: ttng.tc_gen5_mma %[[A]], %[[A]], %[[D]], %[[P]], %[[P]] : !ttg.memdesc<128x128xf16, #shared, #smem>, !ttg.memdesc<128x128xf16, #shared, #smem>, !ttg.memdesc<128x128xf32, #tmem, #ttng.tensor_memory, mutable>{{$}}
    ttng.tc_gen5_mma %a, %a, %d, %p, %p : !ttg.memdesc<128x128xf16, #shared, #smem>, !ttg.memdesc<128x128xf16, #shared, #smem>, !ttg.memdesc<128x128xf32, #tmem, #ttng.tensor_memory, mutable>
    // CHECK: %[[T0:.*]] = ttng.tc_gen5_mma %[[A]], %[[A]], %[[D]][], %[[P]], %[[P]] :
    %0 = ttng.tc_gen5_mma %a, %a, %d[], %p, %p : !ttg.memdesc<128x128xf16, #shared, #smem>, !ttg.memdesc<128x128xf16, #shared, #smem>, !ttg.memdesc<128x128xf32, #tmem, #ttng.tensor_memory, mutable>
    // CHECK: ttng.tc_gen5_mma %[[A]], %[[A]], %[[D]][%[[T0]]], %[[P]], %[[P]], %[[BAR]][%[[P]]], %[[BAR]][%[[P]]] {is_async} : !ttg.memdesc<128x128xf16, #shared, #smem>, !ttg.memdesc<128x128xf16, #shared, #smem>, !ttg.memdesc<128x128xf32, #tmem, #ttng.tensor_memory, mutable>, !ttg.memdesc<1xi64, #shared1, #smem, mutable>, !ttg.memdesc<1xi64, #shared1, #smem, mutable>
    %1 = ttng.tc_gen5_mma %a, %a, %d[%0], %p, %p, %bar[%p], %bar[%p] {is_async} : !ttg.memdesc<128x128xf16, #shared, #smem>, !ttg.memdesc<128x128xf16, #shared, #smem>, !ttg.memdesc<128x128xf32, #tmem, #ttng.tensor_memory, mutable>, !ttg.memdesc<1xi64, #bar, #smem, mutable>, !ttg.memdesc<1xi64, #bar, #smem, mutable>
    // CHECK: ttng.tc_gen5_commit %[[BAR]] : !ttg.memdesc<1xi64, #shared1, #smem, mutable>
    ttng.tc_gen5_commit %bar : !ttg.memdesc<1xi64, #bar, #smem, mutable>
    // CHECK: ttng.tc_gen5_commit %[[BAR]], %[[P]] {two_ctas} : !ttg.memdesc<1xi64, #shared1, #smem, mutable>
    ttng.tc_gen5_commit %bar, %p {two_ctas} : !ttg.memdesc<1xi64, #bar, #smem, mutable>
    tt.return
  }

  // CHECK-LABEL: tt.func @scaled
  // CHECK-SAME: %[[A:[^:]*]]: !ttg.memdesc<128x128xf8E4M3FN, #{{[a-z0-9]*}}, #smem>, %[[F:[^:]*]]: !ttg.memdesc<128x64xi8, #{{[a-z0-9]*}}, #smem>, %[[D:[^:]*]]: !ttg.memdesc<128x128xf32, #tmem, #ttng.tensor_memory, mutable>, %[[S:[^:]*]]: !ttg.memdesc<128x4xi8, #tmem_scales, #ttng.tensor_memory>, %[[BAR:[^:]*]]: !ttg.memdesc<1xi64, #{{[a-z0-9]*}}, #smem, mutable>, %[[T:[^:]*]]: !ttg.async.token, %[[P:[^:]*]]: i1
  tt.func @scaled(%a: !ttg.memdesc<128x128xf8E4M3FN, #shared8, #smem>, %b4: !ttg.memdesc<128x64xi8, #shared8, #smem>, %d: !ttg.memdesc<128x128xf32, #tmem, #ttng.tensor_memory, mutable>, %s: !ttg.memdesc<128x4xi8, #scales, #ttng.tensor_memory>, %bar: !ttg.memdesc<1xi64, #bar, #smem, mutable>, %tok: !ttg.async.token, %p: i1) {
    // CHECK: ttng.tc_gen5_mma_scaled %[[A]], %[[A]], %[[D]], %[[S]], %[[S]], %[[P]], %[[P]] lhs = e4m3 rhs = e5m2 : !ttg.memdesc<128x128xf8E4M3FN, #{{.*}}, #smem>, !ttg.memdesc<128x128xf8E4M3FN, #{{.*}}, #smem>, !ttg.memdesc<128x128xf32, #tmem, #ttng.tensor_memory, mutable>, !ttg.memdesc<128x4xi8, #tmem_scales, #ttng.tensor_memory>, !ttg.memdesc<128x4xi8, #tmem_scales, #ttng.tensor_memory>{{$}}
    ttng.tc_gen5_mma_scaled %a, %a, %d, %s, %s, %p, %p lhs = e4m3 rhs = e5m2 : !ttg.memdesc<128x128xf8E4M3FN, #shared8, #smem>, !ttg.memdesc<128x128xf8E4M3FN, #shared8, #smem>, !ttg.memdesc<128x128xf32, #tmem, #ttng.tensor_memory, mutable>, !ttg.memdesc<128x4xi8, #scales, #ttng.tensor_memory>, !ttg.memdesc<128x4xi8, #scales, #ttng.tensor_memory>
    // Two elements of four bits share a byte along the contiguous dimension.
    // CHECK: %{{.*}} = ttng.tc_gen5_mma_scaled %[[A]], %[[F]], %[[D]][%[[T]]], %[[S]], %[[S]], %[[P]], %[[P]] lhs = e4m3 rhs = e2m1, %[[BAR]][%[[P]]] {is_async} :
    %0 = ttng.tc_gen5_mma_scaled %a, %b4, %d[%tok], %s, %s, %p, %p lhs = e4m3 rhs = e2m1, %bar[%p] {is_async} : !ttg.memdesc<128x128xf8E4M3FN, #shared8, #smem>, !ttg.memdesc<128x64xi8, #shared8, #smem>, !ttg.memdesc<128x128xf32, #tmem, #ttng.tensor_memory, mutable>, !ttg.memdesc<128x4xi8, #scales, #ttng.tensor_memory>, !ttg.memdesc<128x4xi8, #scales, #ttng.tensor_memory>, !ttg.memdesc<1xi64, #bar, #smem, mutable>
    tt.return
  }
}
