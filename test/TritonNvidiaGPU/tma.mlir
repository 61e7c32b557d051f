// RUN: tle-opt %s | FileCheck %s
// RUN: tle-opt %s -mlir-print-op-generic | tle-opt | FileCheck %s

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [32, 1], warpsPerCTA = [1, 4], order = [1, 0]}>
#rows = #ttg.slice<{dim = 0, parent = #blocked}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:100", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: tt.func @copies
  // CHECK-SAME: %[[D:.*]]: !tt.tensordesc<tensor<64x64xf16, #shared>>, %[[BUF:.*]]: !ttg.memdesc<64x64xf16, #shared, #smem, mutable>, %[[BAR:.*]]: !ttg.memdesc<1xi64, #shared1, #smem, mutable>, %[[X:.*]]: i32, %[[P:.*]]: i1
  tt.func @copies(%desc: !tt.tensordesc<tensor<64x64xf16, #shared>>, %buf: !ttg.memdesc<64x64xf16, #shared, #smem, mutable>, %bar: !ttg.memdesc<1xi64, #bar, #smem, mutable>, %x: i32, %pred: i1) {
    // CHECK: ttng.async_tma_copy_global_to_local %[[D]][%[[X]], %[[X]]] %[[BUF]], %[[BAR]], %[[P]] : !tt.tensordesc<tensor<64x64xf16, #shared>>, !ttg.memdesc<1xi64, #shared1, #smem, mutable> -> !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
    ttng.async_tma_copy_global_to_local %desc[%x, %x] %buf, %bar, %pred : !tt.tensordesc<tensor<64x64xf16, #shared>>, !ttg.memdesc<1xi64, #bar, #smem, mutable> -> !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
    // CHECK: ttng.async_tma_copy_global_to_local %[[D]][%[[X]], %[[X]]] %[[BUF]], %[[BAR]], %[[P]] cacheModifier = cg evictionPolicy = evict_first {isVolatile = true} : !tt
    ttng.async_tma_copy_global_to_local %desc[%x, %x] %buf, %bar, %pred evictionPolicy = evict_first cacheModifier = cg {isVolatile = true} : !tt.tensordesc<tensor<64x64xf16, #shared>>, !ttg.memdesc<1xi64, #bar, #smem, mutable> -> !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
    // CHECK: ttng.async_tma_copy_global_to_local %[[D]][%[[X]], %[[X]]] %[[BUF]], %[[BAR]], %[[P]] evictionPolicy = evict_last : !tt
    ttng.async_tma_copy_global_to_local %desc[%x, %x] %buf, %bar, %pred evictionPolicy = evict_last : !tt.tensordesc<tensor<64x64xf16, #shared>>, !ttg.memdesc<1xi64, #bar, #smem, mutable> -> !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
    // CHECK: ttng.async_tma_copy_local_to_global %[[D]][%[[X]], %[[X]]] %[[BUF]] : !tt.tensordesc<tensor<64x64xf16, #shared>>, !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
    ttng.async_tma_copy_local_to_global %desc[%x, %x] %buf : !tt.tensordesc<tensor<64x64xf16, #shared>>, !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
    // CHECK: ttng.async_tma_reduce add, %[[D]][%[[X]], %[[X]]] %[[BUF]] : !tt.tensordesc<tensor<64x64xf16, #shared>>, !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
    ttng.async_tma_reduce add, %desc[%x, %x] %buf : !tt.tensordesc<tensor<64x64xf16, #shared>>, !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
    // CHECK: ttng.async_tma_reduce xor, %[[D]]
    ttng.async_tma_reduce xor, %desc[%x, %x] %buf : !tt.tensordesc<tensor<64x64xf16, #shared>>, !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
    // CHECK: ttng.async_tma_store_wait {pendings = 0 : i32}
    ttng.async_tma_store_wait {pendings = 0 : i32}
    tt.return
  }

  // CHECK-LABEL: tt.func @rows
  // CHECK-SAME: %[[D:.*]]: !tt.tensordesc<tensor<1x64xf16, #shared>>, %[[R:.*]]: tensor<32xi32, #ttg.slice<{dim = 0, parent = #blocked}>>, %[[Y:.*]]: i32, %[[BUF:.*]]: !ttg.memdesc<32x64xf16, #shared, #smem, mutable>, %[[BAR:.*]]: !ttg.memdesc<1xi64, #shared1, #smem, mutable>, %[[P:.*]]: i1
  tt.func @rows(%desc: !tt.tensordesc<tensor<1x64xf16, #shared>>, %rows: tensor<32xi32, #rows>, %y: i32, %buf: !ttg.memdesc<32x64xf16, #shared, #smem, mutable>, %bar: !ttg.memdesc<1xi64, #bar, #smem, mutable>, %pred: i1) {
    // CHECK: ttng.async_tma_gather %[[D]][%[[R]], %[[Y]]] %[[BUF]], %[[BAR]], %[[P]] : !tt.tensordesc<tensor<1x64xf16, #shared>>, tensor<32xi32, #ttg.slice<{dim = 0, parent = #blocked}>>, i32, !ttg.memdesc<1xi64, #shared1, #smem, mutable>, !ttg.memdesc<32x64xf16, #shared, #smem, mutable>, i1
    ttng.async_tma_gather %desc[%rows, %y] %buf, %bar, %pred : !tt.tensordesc<tensor<1x64xf16, #shared>>, tensor<32xi32, #rows>, i32, !ttg.memdesc<1xi64, #bar, #smem, mutable>, !ttg.memdesc<32x64xf16, #shared, #smem, mutable>, i1
    // CHECK: ttng.async_tma_scatter %[[D]][%[[R]], %[[Y]]] %[[BUF]] : !tt.tensordesc<tensor<1x64xf16, #shared>>, tensor<32xi32, #ttg.slice<{dim = 0, parent = #blocked}>>, i32, !ttg.memdesc<32x64xf16, #shared, #smem, mutable>
    ttng.async_tma_scatter %desc[%rows, %y] %buf : !tt.tensordesc<tensor<1x64xf16, #shared>>, tensor<32xi32, #rows>, i32, !ttg.memdesc<32x64xf16, #shared, #smem, mutable>
    tt.return
  }

  // CHECK-LABEL: tt.func @descriptors
  // CHECK-SAME: %[[WS:.*]]: !tt.ptr<i8>, %[[BASE:.*]]: !tt.ptr<f16>, %[[N:.*]]: i32, %[[S:.*]]: i64
  tt.func @descriptors(%ws: !tt.ptr<i8>, %base: !tt.ptr<f16>, %n: i32, %s: i64) {
    // CHECK: ttng.tensormap_create %[[WS]], %[[BASE]], [%[[N]], %[[N]]], [%[[N]], %[[N]]], [%[[S]]], [%[[N]], %[[N]]] {elem_type = 6 : i32, fill_mode = 0 : i32, interleave_layout = 0 : i32, swizzle_mode = 3 : i32} : (!tt.ptr<i8>, !tt.ptr<f16>, i32, i32, i32, i32, i64, i32, i32) -> ()
    ttng.tensormap_create %ws, %base, [%n, %n], [%n, %n], [%s], [%n, %n] {elem_type = 6 : i32, fill_mode = 0 : i32, interleave_layout = 0 : i32, swizzle_mode = 3 : i32} : (!tt.ptr<i8>, !tt.ptr<f16>, i32, i32, i32, i32, i64, i32, i32) -> ()
    // CHECK: ttng.tensormap_create %[[WS]], %[[BASE]], [%[[N]]], [%[[N]]], [], [%[[N]]] {
    ttng.tensormap_create %ws, %base, [%n], [%n], [], [%n] {elem_type = 6 : i32, fill_mode = 0 : i32, interleave_layout = 0 : i32, swizzle_mode = 3 : i32} : (!tt.ptr<i8>, !tt.ptr<f16>, i32, i32, i32) -> ()
    // CHECK: ttng.tensormap_fenceproxy_acquire %[[WS]] : !tt.ptr<i8>
    ttng.tensormap_fenceproxy_acquire %ws : !tt.ptr<i8>
    // CHECK: ttng.reinterpret_tensor_descriptor %[[WS]] : !tt.ptr<i8> to !tt.tensordesc<tensor<64x64xf16, #shared>>
    %0 = ttng.reinterpret_tensor_descriptor %ws : !tt.ptr<i8> to !tt.tensordesc<tensor<64x64xf16, #shared>>
    tt.return
  }
}
