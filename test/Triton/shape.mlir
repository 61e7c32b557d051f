// RUN: tle-opt %s | FileCheck %s
// RUN: tle-opt %s --mlir-print-op-generic | tle-opt | FileCheck %s

// CHECK-LABEL: tt.func public @shapes
tt.func public @shapes(%s: f32, %f: tensor<64xf32>, %t: tensor<2x4x8xf16>) {
  // CHECK: tt.splat %arg0 : f32 -> tensor<1xf32>
  %0 = tt.splat %s : f32 -> tensor<1xf32>
  // CHECK: tt.unsplat %{{.*}} : tensor<1xf32>
  %1 = tt.unsplat %0 : tensor<1xf32>
  // CHECK: tt.expand_dims %arg1 {axis = 1 : i32} : tensor<64xf32> -> tensor<64x1xf32>
  %2 = tt.expand_dims %f {axis = 1 : i32} : tensor<64xf32> -> tensor<64x1xf32>
  // CHECK: tt.broadcast %{{.*}} : tensor<64x1xf32> -> tensor<64x32xf32>
  %3 = tt.broadcast %2 : tensor<64x1xf32> -> tensor<64x32xf32>
  // CHECK: tt.reshape %arg1 : tensor<64xf32> -> tensor<8x8xf32>
  %4 = tt.reshape %f : tensor<64xf32> -> tensor<8x8xf32>
  // CHECK: tt.reshape %arg1 allow_reorder efficient_layout : tensor<64xf32> -> tensor<8x8xf32>
  %5 = tt.reshape %f allow_reorder efficient_layout : tensor<64xf32> -> tensor<8x8xf32>
  // CHECK: tt.cat %arg1, %arg1 : tensor<64xf32> -> tensor<128xf32>
  %6 = tt.cat %f, %f : tensor<64xf32> -> tensor<128xf32>
  // CHECK: tt.join %arg1, %arg1 : tensor<64xf32> -> tensor<64x2xf32>
  %7 = tt.join %f, %f : tensor<64xf32> -> tensor<64x2xf32>
  // CHECK: %outLHS, %outRHS = tt.split %{{.*}} : tensor<64x2xf32> -> tensor<64xf32>
  %8, %9 = tt.split %7 : tensor<64x2xf32> -> tensor<64xf32>
  // CHECK: tt.trans %arg2 {order = array<i32: 2, 0, 1>} : tensor<2x4x8xf16> -> tensor<8x2x4xf16>
  %10 = tt.trans %t {order = array<i32: 2, 0, 1>} : tensor<2x4x8xf16> -> tensor<8x2x4xf16>
  tt.return
}
