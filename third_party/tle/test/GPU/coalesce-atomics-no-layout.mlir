// RUN: tle-opt %s -triton-tle-coalesce-atomics | FileCheck %s

// A tensor without a layout is no accumulator; found by the fuzzer.
// CHECK-LABEL: @no_layout
// CHECK: tt.atomic_rmw fadd, relaxed, gpu
tt.func @no_layout(%p: tensor<64x!tt.ptr<f32>>, %v: tensor<64xf32>) {
  %r = tt.atomic_rmw fadd, relaxed, gpu, %p, %v : (tensor<64x!tt.ptr<f32>>, tensor<64xf32>) -> tensor<64xf32>
  tt.return
}
