// RUN: tle-opt %s -canonicalize -cse | FileCheck %s

// CHECK-LABEL: llvm.func @pure_ops_merge
// CHECK: nvg.warp_id
// CHECK-NOT: nvg.warp_id
// CHECK-NOT: nvg.cluster_id
// CHECK-NOT: nvg.tensor_memory_base
llvm.func @pure_ops_merge() -> i32 {
  %0 = nvg.warp_id
  %1 = nvg.warp_id
  %2 = nvg.cluster_id
  %3 = nvg.tensor_memory_base
  %4 = llvm.add %0, %1 : i32
  llvm.return %4 : i32
}

// A product is asynchronous: it stays, used or not.
// CHECK-LABEL: llvm.func @wgmma_stays
// CHECK: nvg.wgmma
// CHECK: nvg.wgmma_wait_group
llvm.func @wgmma_stays(%acc: !llvm.struct<(f32, f32)>, %desc: i64, %use: i1) {
  %d = nvg.wgmma %desc, %desc, %use, %acc {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1, !llvm.struct<(f32, f32)>) -> !llvm.struct<(f32, f32)>
  %r = nvg.wgmma_wait_group %d {pendings = 0 : i32} : !llvm.struct<(f32, f32)>
  llvm.return
}

// A load that nobody uses goes, although it has a memory order.
// CHECK-LABEL: llvm.func @dead_load
// CHECK-NOT: nvg.ld_acquire
llvm.func @dead_load(%p: !llvm.ptr<1>) {
  %0 = nvg.ld_acquire acquire, gpu, %p : (!llvm.ptr<1>) -> i32
  llvm.return
}
