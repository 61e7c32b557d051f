// RUN: tle-opt %s | FileCheck %s
// RUN: tle-opt %s --mlir-print-op-generic | tle-opt | FileCheck %s

// CHECK-LABEL: tt.func public @load
tt.func public @load(%p: !tt.ptr<f32>, %t: tensor<64x!tt.ptr<f32>>, %m: tensor<64xi1>, %f: tensor<64xf32>, %b: !tt.ptr<tensor<64x64xf16>>) {
  // CHECK: tt.load %arg0 : !tt.ptr<f32>{{$}}
  %0 = tt.load %p : !tt.ptr<f32>
  // CHECK: tt.load %arg1 : tensor<64x!tt.ptr<f32>>{{$}}
  %1 = tt.load %t : tensor<64x!tt.ptr<f32>>
  // CHECK: tt.load %arg1, %arg2 : tensor<64x!tt.ptr<f32>>{{$}}
  %2 = tt.load %t, %m : tensor<64x!tt.ptr<f32>>
  // CHECK: tt.load %arg1, %arg2, %arg3 cacheModifier = ca evictionPolicy = evict_first {isVolatile = true} : tensor<64x!tt.ptr<f32>>{{$}}
  %3 = tt.load %t, %m, %f evictionPolicy = evict_first cacheModifier = ca {isVolatile = true} : tensor<64x!tt.ptr<f32>>
  // CHECK: tt.load %arg4 {boundaryCheck = array<i32: 0, 1>, padding = 1 : i32} : !tt.ptr<tensor<64x64xf16>>{{$}}
  %4 = tt.load %b {boundaryCheck = array<i32: 0, 1>, padding = 1 : i32} : !tt.ptr<tensor<64x64xf16>>
  tt.return
}

// CHECK-LABEL: tt.func public @store
tt.func public @store(%p: !tt.ptr<f32>, %s: f32, %t: tensor<64x!tt.ptr<f32>>, %m: tensor<64xi1>, %f: tensor<64xf32>, %b: !tt.ptr<tensor<64x64xf16>>, %v: tensor<64x64xf16>) {
  // CHECK: tt.store %arg0, %arg1 : !tt.ptr<f32>{{$}}
  tt.store %p, %s : !tt.ptr<f32>
  // CHECK: tt.store %arg2, %arg4, %arg3 cacheModifier = cs evictionPolicy = evict_last : tensor<64x!tt.ptr<f32>>{{$}}
  tt.store %t, %f, %m evictionPolicy = evict_last cacheModifier = cs : tensor<64x!tt.ptr<f32>>
  // CHECK: tt.store %arg5, %arg6 {boundaryCheck = array<i32: 0, 1>} : !tt.ptr<tensor<64x64xf16>>{{$}}
  tt.store %b, %v {boundaryCheck = array<i32: 0, 1>} : !tt.ptr<tensor<64x64xf16>>
  tt.return
}

// CHECK-LABEL: tt.func public @atomics
tt.func public @atomics(%p: !tt.ptr<i32>, %i: i32, %t: tensor<64x!tt.ptr<f32>>, %f: tensor<64xf32>, %m: tensor<64xi1>, %s: tensor<64x!tt.ptr<f32, 3>>) {
  // CHECK: tt.atomic_rmw fadd, acq_rel, gpu, %arg2, %arg3, %arg4 : (tensor<64x!tt.ptr<f32>>, tensor<64xf32>, tensor<64xi1>) -> tensor<64xf32>
  %0 = tt.atomic_rmw fadd, acq_rel, gpu, %t, %f, %m : (tensor<64x!tt.ptr<f32>>, tensor<64xf32>, tensor<64xi1>) -> tensor<64xf32>
  // CHECK: tt.atomic_rmw add, relaxed, cta, %arg0, %arg1 : (!tt.ptr<i32>, i32) -> i32
  %1 = tt.atomic_rmw add, relaxed, cta, %p, %i : (!tt.ptr<i32>, i32) -> i32
  // CHECK: tt.atomic_cas acq_rel, sys, %arg0, %arg1, %arg1 : (!tt.ptr<i32>, i32, i32) -> i32
  %2 = tt.atomic_cas acq_rel, sys, %p, %i, %i : (!tt.ptr<i32>, i32, i32) -> i32
  // CHECK: tt.atomic_rmw fadd, release, cta, %arg5, %arg3 : (tensor<64x!tt.ptr<f32, 3>>, tensor<64xf32>) -> tensor<64xf32>
  %3 = tt.atomic_rmw fadd, release, cta, %s, %f : (tensor<64x!tt.ptr<f32, 3>>, tensor<64xf32>) -> tensor<64xf32>
  tt.return
}

// CHECK-LABEL: tt.func public @pointers
tt.func public @pointers(%p: !tt.ptr<f32>, %t: tensor<64x!tt.ptr<bf16, 3>>, %o: tensor<64xi64>, %i: i32, %l: i64) {
  // CHECK: tt.addptr %arg0, %arg3 : !tt.ptr<f32>, i32
  %0 = tt.addptr %p, %i : !tt.ptr<f32>, i32
  // CHECK: tt.addptr %arg1, %arg2 : tensor<64x!tt.ptr<bf16, 3>>, tensor<64xi64>
  %1 = tt.addptr %t, %o : tensor<64x!tt.ptr<bf16, 3>>, tensor<64xi64>
  // CHECK: tt.make_tensor_ptr %arg0, [%arg4, %arg4], [%arg4, %arg4], [%arg3, %arg3] {order = array<i32: 1, 0>} : <tensor<64x64xf32>>
  %2 = tt.make_tensor_ptr %p, [%l, %l], [%l, %l], [%i, %i] {order = array<i32: 1, 0>} : <tensor<64x64xf32>>
  // CHECK: tt.advance %{{.*}}, [%arg3, %arg3] : <tensor<64x64xf32>>
  %3 = tt.advance %2, [%i, %i] : !tt.ptr<tensor<64x64xf32>>
  tt.return
}
