// RUN: tle-opt %s | FileCheck %s
// RUN: tle-opt %s | tle-opt | FileCheck %s
// RUN: tle-opt %s -mlir-print-op-generic | tle-opt | FileCheck %s

// CHECK-LABEL: llvm.func @wgmma
// CHECK-SAME: %[[ACC:.*]]: !llvm.struct<(f32, f32, f32, f32)>, %[[DESC:.*]]: i64, %[[USE:.*]]: i1, %[[A:.*]]: !llvm.struct<(i32, i32, i32, i32)>
llvm.func @wgmma(%acc: !llvm.struct<(f32, f32, f32, f32)>, %desc: i64, %use: i1, %a: !llvm.struct<(i32, i32, i32, i32)>) -> !llvm.struct<(f32, f32, f32, f32)> {
  nvvm.wgmma.fence.aligned
  // CHECK: %[[D0:.*]] = nvg.wgmma %[[DESC]], %[[DESC]], %[[USE]], %[[ACC]] {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1, !llvm.struct<(f32, f32, f32, f32)>) -> !llvm.struct<(f32, f32, f32, f32)>
  %d0 = nvg.wgmma %desc, %desc, %use, %acc {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1, !llvm.struct<(f32, f32, f32, f32)>) -> !llvm.struct<(f32, f32, f32, f32)>
  // CHECK: %[[D1:.*]] = nvg.wgmma %[[A]], %[[DESC]], %[[USE]] {{.*}} : (!llvm.struct<(i32, i32, i32, i32)>, i64, i1) -> !llvm.struct<(f32, f32, f32, f32)>
  %d1 = nvg.wgmma %a, %desc, %use {eltTypeA = 4 : i32, eltTypeB = 4 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (!llvm.struct<(i32, i32, i32, i32)>, i64, i1) -> !llvm.struct<(f32, f32, f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  // CHECK: nvg.wgmma_wait_group %[[D0]] {pendings = 1 : i32} : !llvm.struct<(f32, f32, f32, f32)>
  %r = nvg.wgmma_wait_group %d0 {pendings = 1 : i32} : !llvm.struct<(f32, f32, f32, f32)>
  llvm.return %r : !llvm.struct<(f32, f32, f32, f32)>
}

// CHECK-LABEL: llvm.func @ids
llvm.func @ids() {
  // CHECK: nvg.cluster_id{{$}}
  %0 = nvg.cluster_id
  // CHECK: nvg.warp_id{{$}}
  %1 = nvg.warp_id
  // CHECK: nvg.warp_id {omitUniformHint}
  %2 = nvg.warp_id {omitUniformHint}
  // CHECK: nvg.tensor_memory_base
  %3 = nvg.tensor_memory_base
  %4 = llvm.ptrtoint %3 : !llvm.ptr<6> to i32
  llvm.return
}

// CHECK-LABEL: llvm.func @loads
// CHECK-SAME: %[[P:.*]]: !llvm.ptr<1>, %[[M:.*]]: i1
llvm.func @loads(%p: !llvm.ptr<1>, %mask: i1) {
  // CHECK: nvg.ld_acquire acquire, gpu, %[[P]], %[[M]] : (!llvm.ptr<1>) -> i32
  %0 = nvg.ld_acquire acquire, gpu, %p, %mask : (!llvm.ptr<1>) -> i32
  // CHECK: nvg.ld_acquire relaxed, cta, %[[P]] : (!llvm.ptr<1>) -> f32
  %1 = nvg.ld_acquire relaxed, cta, %p : (!llvm.ptr<1>) -> f32
  // CHECK: nvg.ld_acquire acq_rel, sys, %[[P]] : (!llvm.ptr<1>) -> i64
  %2 = nvg.ld_acquire acq_rel, sys, %p : (!llvm.ptr<1>) -> i64
  // CHECK: nvg.ld_acquire release, sys, %[[P]] : (!llvm.ptr<1>) -> f16
  %3 = nvg.ld_acquire release, sys, %p : (!llvm.ptr<1>) -> f16
  llvm.return
}
