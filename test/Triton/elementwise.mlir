// RUN: tle-opt %s | FileCheck %s
// RUN: tle-opt %s --mlir-print-op-generic | tle-opt | FileCheck %s

// CHECK-LABEL: tt.func public @casts
tt.func public @casts(%l: i64, %p: !tt.ptr<f32>, %f: tensor<64xf32>, %h: tensor<64xf16>) {
  // CHECK: tt.int_to_ptr %arg0 : i64 -> !tt.ptr<f32>
  %0 = tt.int_to_ptr %l : i64 -> !tt.ptr<f32>
  // CHECK: tt.ptr_to_int %arg1 : !tt.ptr<f32> -> i64
  %1 = tt.ptr_to_int %p : !tt.ptr<f32> -> i64
  // CHECK: tt.bitcast %arg1 : !tt.ptr<f32> -> !tt.ptr<i8>
  %2 = tt.bitcast %p : !tt.ptr<f32> -> !tt.ptr<i8>
  // CHECK: tt.fp_to_fp %arg2, rounding = rtne : tensor<64xf32> -> tensor<64xf8E5M2>
  %3 = tt.fp_to_fp %f, rounding = rtne : tensor<64xf32> -> tensor<64xf8E5M2>
  // CHECK: tt.fp_to_fp %arg3 : tensor<64xf16> -> tensor<64xf32>
  %4 = tt.fp_to_fp %h : tensor<64xf16> -> tensor<64xf32>
  tt.return
}

// CHECK-LABEL: tt.func public @math
tt.func public @math(%f: tensor<64xf32>, %i: tensor<64xi32>, %s: f32) {
  // CHECK: tt.clampf %arg0, %arg0, %arg0, propagateNan = none : tensor<64xf32>
  %0 = tt.clampf %f, %f, %f, propagateNan = none : tensor<64xf32>
  // CHECK: tt.clampf %arg2, %arg2, %arg2, propagateNan = all : f32
  %1 = tt.clampf %s, %s, %s, propagateNan = all : f32
  // CHECK: tt.precise_sqrt %arg0 : tensor<64xf32>
  %2 = tt.precise_sqrt %f : tensor<64xf32>
  // CHECK: tt.precise_divf %arg0, %arg0 : tensor<64xf32>
  %3 = tt.precise_divf %f, %f : tensor<64xf32>
  // CHECK: tt.mulhiui %arg1, %arg1 : tensor<64xi32>
  %4 = tt.mulhiui %i, %i : tensor<64xi32>
  tt.return
}

// CHECK-LABEL: tt.func public @foreign_code
tt.func public @foreign_code(%f: tensor<64xf32>) {
  // CHECK: tt.extern_elementwise %arg0 {libname = "", libpath = "", pure = true, symbol = "__nv_sinf"} : (tensor<64xf32>) -> tensor<64xf32>
  %0 = tt.extern_elementwise %f {libname = "", libpath = "", pure = true, symbol = "__nv_sinf"} : (tensor<64xf32>) -> tensor<64xf32>
  // CHECK: tt.elementwise_inline_asm "mov.b32 $0, $1;" {constraints = "=r,r", packed_element = 1 : i32, pure = true} %arg0 : tensor<64xf32> -> tensor<64xf32>
  %1 = tt.elementwise_inline_asm "mov.b32 $0, $1;" {constraints = "=r,r", packed_element = 1 : i32, pure = true} %f : tensor<64xf32> -> tensor<64xf32>
  // CHECK: tt.elementwise_inline_asm "mov.u32 $0, %clock;" {constraints = "=r", packed_element = 1 : i32, pure = false} -> i32
  %2 = tt.elementwise_inline_asm "mov.u32 $0, %clock;" {constraints = "=r", packed_element = 1 : i32, pure = false} -> i32
  tt.return
}

// CHECK-LABEL: tt.func public @map_elementwise
tt.func public @map_elementwise(%f: tensor<64xf32>) -> tensor<64xi32> {
  // CHECK: "tt.map_elementwise"(%arg0) <{pack = 2 : i32}> ({
  // CHECK: tt.map_elementwise.return %{{.*}}, %{{.*}} : i32, i32
  %0 = "tt.map_elementwise"(%f) <{pack = 2 : i32}> ({
  ^bb0(%x: f32, %y: f32):
    %a = arith.fptosi %x : f32 to i32
    %b = arith.fptosi %y : f32 to i32
    tt.map_elementwise.return %a, %b : i32, i32
  }) : (tensor<64xf32>) -> tensor<64xi32>
  tt.return %0 : tensor<64xi32>
}

// Unknown code with effects stays though nothing uses it, pure code goes.
// RUN: tle-opt %s --cse --canonicalize | FileCheck %s --check-prefix=DCE
// DCE-LABEL: tt.func public @foreign_code
// DCE-NEXT: tt.elementwise_inline_asm "mov.u32 $0, %clock;"
// DCE-NEXT: tt.return
