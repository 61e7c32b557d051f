// RUN: tle-opt %s -triton-tle-split-wgmma-descriptors | FileCheck %s
// RUN: tle-opt %s -triton-tle-split-wgmma-descriptors -triton-tle-split-wgmma-descriptors | FileCheck %s

// The offset of the first descriptor goes into its base; the second one has none.
// CHECK-LABEL: llvm.func @offset
// CHECK-SAME: %[[ADDR:[^:]*]]: i32
// CHECK-DAG: %[[FIRST:.*]] = llvm.mlir.constant(4611686293305294848 : i64) : i64
// CHECK: %[[LOW:.*]] = llvm.and %[[ADDR]]
// CHECK: %[[EXT:.*]] = llvm.zext %[[LOW]] : i32 to i64
// CHECK: %[[D0:.*]] = llvm.add %[[EXT]], %[[FIRST]] : i64
// CHECK: %[[PART:.*]] = llvm.mlir.constant(64 : i32) : i32
// CHECK: %[[SUM:.*]] = llvm.add %[[LOW]], %[[PART]] overflow<nuw> : i32
// CHECK: %[[WIDE:.*]] = llvm.zext %[[SUM]] : i32 to i64
// CHECK: %[[HIGH:.*]] = llvm.mlir.constant(-9223371899415822336 : i64) : i64
// CHECK: %[[D1:.*]] = llvm.or %[[WIDE]], %[[HIGH]] : i64
// CHECK: nvg.wgmma %[[D0]], %[[D1]],
llvm.func @offset(%addr: i32, %use: i1) {
  %mask = llvm.mlir.constant(16383 : i32) : i32
  %k0 = llvm.mlir.constant(4611686293305294848 : i64) : i64
  %k1 = llvm.mlir.constant(-9223371899415822272 : i64) : i64
  %low = llvm.and %addr, %mask : i32
  %ext = llvm.zext %low : i32 to i64
  %d0 = llvm.add %ext, %k0 : i64
  %d1 = llvm.add %ext, %k1 : i64
  nvvm.wgmma.fence.aligned
  %r = nvg.wgmma %d0, %d1, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 0 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  llvm.return
}

// Constants add up, also that of an `or` which touches no bit of the base. The second product has another upper half.
// CHECK-LABEL: llvm.func @chain
// CHECK-SAME: %[[ADDR:[^:]*]]: i32
// CHECK: %[[LOW:.*]] = llvm.and %{{.*}}, %[[ADDR]]
// CHECK: %[[PART:.*]] = llvm.mlir.constant(34 : i32) : i32
// CHECK: %[[SUM:.*]] = llvm.add %[[LOW]], %[[PART]] overflow<nuw> : i32
// CHECK: %[[WIDE:.*]] = llvm.zext %[[SUM]] : i32 to i64
// CHECK: %[[HIGH:.*]] = llvm.mlir.constant(4611686293305294848 : i64) : i64
// CHECK: %[[D:.*]] = llvm.or %[[WIDE]], %[[HIGH]] : i64
// CHECK: nvg.wgmma %{{.*}}, %[[D]],
llvm.func @chain(%addr: i32, %a: !llvm.struct<(i32, i32, i32, i32)>, %use: i1) {
  %mask = llvm.mlir.constant(16383 : i32) : i32
  %k0 = llvm.mlir.constant(4611686293305294848 : i64) : i64
  %k1 = llvm.mlir.constant(2 : i64) : i64
  %k2 = llvm.mlir.constant(32 : i64) : i64
  %low = llvm.and %mask, %addr : i32
  %ext = llvm.zext %low : i32 to i64
  %d0 = llvm.or %ext, %k0 : i64
  %d1 = llvm.add %d0, %k1 : i64
  %d2 = llvm.add %k2, %d1 : i64
  nvvm.wgmma.fence.aligned
  %r = nvg.wgmma %a, %d2, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 0 : i32, m = 64 : i32, n = 8 : i32} : (!llvm.struct<(i32, i32, i32, i32)>, i64, i1) -> !llvm.struct<(f32, f32)>
  %k3 = llvm.mlir.constant(-9223371899415822336 : i64) : i64
  %d3 = llvm.add %ext, %k3 : i64
  %s = nvg.wgmma %a, %d3, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 0 : i32, m = 64 : i32, n = 8 : i32} : (!llvm.struct<(i32, i32, i32, i32)>, i64, i1) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  llvm.return
}

// One upper half for all: nothing to do.
// CHECK-LABEL: llvm.func @one_upper_half
// CHECK-NOT: overflow<nuw>
// CHECK: llvm.return
llvm.func @one_upper_half(%addr: i32, %use: i1) {
  %mask = llvm.mlir.constant(16383 : i32) : i32
  %k0 = llvm.mlir.constant(4611686293305294848 : i64) : i64
  %k1 = llvm.mlir.constant(4611686293305294850 : i64) : i64
  %low = llvm.and %addr, %mask : i32
  %ext = llvm.zext %low : i32 to i64
  %d0 = llvm.add %ext, %k0 : i64
  %d1 = llvm.add %ext, %k1 : i64
  nvvm.wgmma.fence.aligned
  %r = nvg.wgmma %d0, %d1, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 0 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  llvm.return
}

// A base of unknown size, one that may carry, and an `or` into the base stay.
// CHECK-LABEL: llvm.func @stay
// CHECK-NOT: overflow<nuw>
// CHECK: llvm.return
llvm.func @stay(%addr: i32, %d: i64, %use: i1) {
  %all = llvm.mlir.constant(-1 : i32) : i32
  %mask = llvm.mlir.constant(16383 : i32) : i32
  %k0 = llvm.mlir.constant(4611686293305294850 : i64) : i64
  %ext = llvm.zext %addr : i32 to i64
  %d0 = llvm.add %ext, %k0 : i64
  %any = llvm.and %addr, %all : i32
  %wide = llvm.zext %any : i32 to i64
  %d1 = llvm.add %wide, %k0 : i64
  %low = llvm.and %addr, %mask : i32
  %small = llvm.zext %low : i32 to i64
  %d2 = llvm.or %small, %k0 : i64
  nvvm.wgmma.fence.aligned
  %r0 = nvg.wgmma %d0, %d1, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 0 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  %k1 = llvm.mlir.constant(-9223371899415822336 : i64) : i64
  %d3 = llvm.add %small, %k1 : i64
  %k2 = llvm.mlir.constant(1152921504606846976 : i64) : i64
  %d4 = llvm.add %small, %k2 : i64
  %r1 = nvg.wgmma %d3, %d4, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 0 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  %r2 = nvg.wgmma %d2, %d, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 0 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  llvm.return
}
