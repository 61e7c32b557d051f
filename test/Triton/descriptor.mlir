// RUN: tle-opt %s | FileCheck %s
// RUN: tle-opt %s --mlir-print-op-generic | tle-opt | FileCheck %s

// CHECK-LABEL: tt.func public @make
tt.func public @make(%p: !tt.ptr<f32>, %i: i32, %l: i64) {
  // CHECK: tt.make_tensor_descriptor %arg0, [%arg1, %arg1], [%arg2, %arg2] : <f32>, <tensor<64x64xf32>>
  %0 = tt.make_tensor_descriptor %p, [%i, %i], [%l, %l] : !tt.ptr<f32>, !tt.tensordesc<tensor<64x64xf32>>
  // CHECK: tt.make_tensor_descriptor %arg0, [%arg1, %arg1], [%arg2, %arg2] {padding = 2 : i32} : <f32>, <tensor<64x64xf32>>
  %1 = tt.make_tensor_descriptor %p, [%i, %i], [%l, %l] {padding = 2 : i32} : <f32>, <tensor<64x64xf32>>
  tt.return
}

// CHECK-LABEL: tt.func public @access
// CHECK-SAME: %arg0: !tt.tensordesc<tensor<64x64xf16>>
tt.func public @access(%d: !tt.tensordesc<tensor<64x64xf16>>, %u: !tt.tensordesc<tensor<64x64xui8>>, %i: i32) {
  // CHECK: tt.descriptor_load %arg0[%arg2, %arg2] : !tt.tensordesc<tensor<64x64xf16>> -> tensor<64x64xf16>
  %0 = tt.descriptor_load %d[%i, %i] : !tt.tensordesc<tensor<64x64xf16>> -> tensor<64x64xf16>
  // CHECK: tt.descriptor_load %arg1[%arg2, %arg2] cacheModifier = cg evictionPolicy = evict_last : !tt.tensordesc<tensor<64x64xui8>> -> tensor<64x64xi8>
  %1 = tt.descriptor_load %u[%i, %i] cacheModifier = cg evictionPolicy = evict_last : !tt.tensordesc<tensor<64x64xui8>> -> tensor<64x64xi8>
  // CHECK: tt.descriptor_store %arg0[%arg2, %arg2], %{{.*}} : !tt.tensordesc<tensor<64x64xf16>>, tensor<64x64xf16>
  tt.descriptor_store %d[%i, %i], %0 : !tt.tensordesc<tensor<64x64xf16>>, tensor<64x64xf16>
  // CHECK: tt.descriptor_reduce add, %arg0[%arg2, %arg2], %{{.*}} : !tt.tensordesc<tensor<64x64xf16>>, tensor<64x64xf16>
  tt.descriptor_reduce add, %d[%i, %i], %0 : !tt.tensordesc<tensor<64x64xf16>>, tensor<64x64xf16>
  tt.return
}

// CHECK-LABEL: tt.func public @rows
tt.func public @rows(%d: !tt.tensordesc<tensor<1x64xf16>>, %x: tensor<32xi32>, %y: i32) {
  // CHECK: tt.descriptor_gather %arg0[%arg1, %arg2] : (!tt.tensordesc<tensor<1x64xf16>>, tensor<32xi32>, i32) -> tensor<32x64xf16>
  %0 = tt.descriptor_gather %d[%x, %y] : (!tt.tensordesc<tensor<1x64xf16>>, tensor<32xi32>, i32) -> tensor<32x64xf16>
  // CHECK: tt.descriptor_scatter %arg0[%arg1, %arg2], %{{.*}} : !tt.tensordesc<tensor<1x64xf16>>, tensor<32xi32>, i32, tensor<32x64xf16>
  tt.descriptor_scatter %d[%x, %y], %0 : !tt.tensordesc<tensor<1x64xf16>>, tensor<32xi32>, i32, tensor<32x64xf16>
  tt.return
}
