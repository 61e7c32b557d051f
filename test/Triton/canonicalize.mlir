// RUN: tle-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: tt.func public @masks
// CHECK-SAME: (%[[P:.*]]: tensor<64x!tt.ptr<f32>>, %[[F:.*]]: tensor<64xf32>, %[[M:.*]]: i1)
tt.func public @masks(%p: tensor<64x!tt.ptr<f32>>, %f: tensor<64xf32>, %b: i1) {
  %t = arith.constant dense<true> : tensor<64xi1>
  %n = arith.constant dense<false> : tensor<64xi1>
  // CHECK-DAG: %[[NONE:.*]] = arith.constant dense<false>
  // CHECK: %[[ALL:.*]] = tt.load %[[P]] : tensor
  %0 = tt.load %p, %t, %f : tensor<64x!tt.ptr<f32>>
  // CHECK-NEXT: tt.store %[[P]], %[[ALL]] : tensor
  tt.store %p, %0, %t : tensor<64x!tt.ptr<f32>>
  %1 = tt.load %p, %n, %f : tensor<64x!tt.ptr<f32>>
  // CHECK-NEXT: tt.store %[[P]], %[[F]] : tensor
  tt.store %p, %1 : tensor<64x!tt.ptr<f32>>
  // A masked load without a value for the rest stays.
  // CHECK-NEXT: %[[LEFT:.*]] = tt.load %[[P]], %[[NONE]]
  %2 = tt.load %p, %n : tensor<64x!tt.ptr<f32>>
  // CHECK-NEXT: tt.store %[[P]], %[[LEFT]]
  tt.store %p, %2 : tensor<64x!tt.ptr<f32>>
  tt.store %p, %f, %n : tensor<64x!tt.ptr<f32>>
  // CHECK-NEXT: %[[S:.*]] = tt.splat %[[M]]
  // CHECK-NEXT: tt.store %[[P]], %[[F]], %[[S]]
  %s = tt.splat %b : i1 -> tensor<64xi1>
  tt.store %p, %f, %s : tensor<64x!tt.ptr<f32>>
  // CHECK-NEXT: tt.return
  tt.return
}

// -----

// CHECK-LABEL: tt.func public @pointers
// CHECK-SAME: (%[[P:.*]]: tensor<64x!tt.ptr<f32>>, %[[B:.*]]: !tt.ptr<tensor<64x64xf16>>)
// CHECK-NEXT: tt.return %[[P]], %[[B]]
tt.func public @pointers(%p: tensor<64x!tt.ptr<f32>>, %b: !tt.ptr<tensor<64x64xf16>>) -> (tensor<64x!tt.ptr<f32>>, !tt.ptr<tensor<64x64xf16>>) {
  %z = arith.constant dense<0> : tensor<64xi32>
  %zero = arith.constant 0 : i32
  %0 = tt.addptr %p, %z : tensor<64x!tt.ptr<f32>>, tensor<64xi32>
  %1 = tt.advance %b, [%zero, %zero] : <tensor<64x64xf16>>
  tt.return %0, %1 : tensor<64x!tt.ptr<f32>>, !tt.ptr<tensor<64x64xf16>>
}

// -----

// CHECK-LABEL: tt.func public @splats
// CHECK-SAME: (%[[S:.*]]: f32)
// CHECK-DAG: %[[C:.*]] = arith.constant dense<1.500000e+00> : tensor<16x8xf32>
// CHECK-DAG: %[[R:.*]] = arith.constant dense<5> : tensor<1xi32>
// CHECK: %[[W:.*]] = tt.splat %[[S]] : f32 -> tensor<2x512xf32>
// CHECK-NEXT: tt.return %[[W]], %[[C]], %[[R]]
tt.func public @splats(%s: f32) -> (tensor<2x512xf32>, tensor<16x8xf32>, tensor<1xi32>) {
  %0 = tt.splat %s : f32 -> tensor<64xf32>
  %1 = tt.expand_dims %0 {axis = 1 : i32} : tensor<64xf32> -> tensor<64x1xf32>
  %2 = tt.broadcast %1 : tensor<64x1xf32> -> tensor<64x16xf32>
  %3 = tt.reshape %2 : tensor<64x16xf32> -> tensor<2x512xf32>
  %c = arith.constant 1.5 : f32
  %4 = tt.splat %c : f32 -> tensor<8x16xf32>
  %5 = tt.trans %4 {order = array<i32: 1, 0>} : tensor<8x16xf32> -> tensor<16x8xf32>
  %6 = tt.make_range {start = 5 : i32, end = 6 : i32} : tensor<1xi32>
  tt.return %3, %5, %6 : tensor<2x512xf32>, tensor<16x8xf32>, tensor<1xi32>
}

// -----

// CHECK-LABEL: tt.func public @chains
// CHECK-SAME: (%[[X:.*]]: tensor<8x16xf32>, %[[Y:.*]]: tensor<2x4x8xf32>, %[[N:.*]]: tensor<64x1xf32>)
tt.func public @chains(%x: tensor<8x16xf32>, %y: tensor<2x4x8xf32>, %n: tensor<64x1xf32>) -> (tensor<8x16xf32>, tensor<8x2x4xf32>, tensor<4x32xf32>, tensor<1x64x16xf32>) {
  %0 = tt.trans %x {order = array<i32: 1, 0>} : tensor<8x16xf32> -> tensor<16x8xf32>
  %1 = tt.trans %0 {order = array<i32: 1, 0>} : tensor<16x8xf32> -> tensor<8x16xf32>
  // CHECK-DAG: %[[T:.*]] = tt.trans %[[Y]] {order = array<i32: 2, 0, 1>} : tensor<2x4x8xf32> -> tensor<8x2x4xf32>
  %2 = tt.trans %y {order = array<i32: 1, 0, 2>} : tensor<2x4x8xf32> -> tensor<4x2x8xf32>
  %3 = tt.trans %2 {order = array<i32: 2, 1, 0>} : tensor<4x2x8xf32> -> tensor<8x2x4xf32>
  // CHECK-DAG: %[[R:.*]] = tt.reshape %[[X]] allow_reorder : tensor<8x16xf32> -> tensor<4x32xf32>
  %4 = tt.reshape %x : tensor<8x16xf32> -> tensor<128xf32>
  %5 = tt.reshape %4 allow_reorder : tensor<128xf32> -> tensor<4x32xf32>
  // CHECK-DAG: %[[E:.*]] = tt.expand_dims %[[N]] {axis = 0 : i32} : tensor<64x1xf32> -> tensor<1x64x1xf32>
  // CHECK-DAG: %[[B:.*]] = tt.broadcast %[[E]] : tensor<1x64x1xf32> -> tensor<1x64x16xf32>
  %6 = tt.broadcast %n : tensor<64x1xf32> -> tensor<64x16xf32>
  %7 = tt.expand_dims %6 {axis = 0 : i32} : tensor<64x16xf32> -> tensor<1x64x16xf32>
  // CHECK: tt.return %[[X]], %[[T]], %[[R]], %[[B]]
  tt.return %1, %3, %5, %7 : tensor<8x16xf32>, tensor<8x2x4xf32>, tensor<4x32xf32>, tensor<1x64x16xf32>
}

// -----

// CHECK-LABEL: tt.func public @zeros
// CHECK-DAG: %[[Z:.*]] = arith.constant dense<0.000000e+00> : tensor<64xf8E5M2>
// CHECK-DAG: %[[O:.*]] = arith.constant dense<1.000000e+00> : tensor<64xf32>
// CHECK: %[[H:.*]] = tt.fp_to_fp %[[O]]
// CHECK: tt.return %[[Z]], %[[H]]
tt.func public @zeros() -> (tensor<64xf8E5M2>, tensor<64xf16>) {
  %z = arith.constant dense<0.0> : tensor<64xf32>
  %o = arith.constant dense<1.0> : tensor<64xf32>
  %0 = tt.fp_to_fp %z, rounding = rtne : tensor<64xf32> -> tensor<64xf8E5M2>
  %1 = tt.fp_to_fp %o, rounding = rtne : tensor<64xf32> -> tensor<64xf16>
  tt.return %0, %1 : tensor<64xf8E5M2>, tensor<64xf16>
}
