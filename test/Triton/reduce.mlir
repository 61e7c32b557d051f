// RUN: tle-opt %s | FileCheck %s
// RUN: tle-opt %s --mlir-print-op-generic | tle-opt | FileCheck %s

// CHECK-LABEL: tt.func public @dots
tt.func public @dots(%a: tensor<64x32xf32>, %b: tensor<32x64xf32>, %c: tensor<64x64xf32>) {
  // CHECK: tt.dot %arg0, %arg1, %arg2 : tensor<64x32xf32> * tensor<32x64xf32> -> tensor<64x64xf32>
  %0 = tt.dot %a, %b, %c : tensor<64x32xf32> * tensor<32x64xf32> -> tensor<64x64xf32>
  // CHECK: tt.dot %arg0, %arg1, %arg2, inputPrecision = tf32 {maxNumImpreciseAcc = 3 : i32} : tensor<64x32xf32> * tensor<32x64xf32> -> tensor<64x64xf32>
  %1 = tt.dot %a, %b, %c, inputPrecision = tf32 {maxNumImpreciseAcc = 3 : i32} : tensor<64x32xf32> * tensor<32x64xf32> -> tensor<64x64xf32>
  tt.return
}

// CHECK-LABEL: tt.func public @scaled_dots
tt.func public @scaled_dots(%a: tensor<128x64xf8E4M3FN>, %b: tensor<64x128xf8E4M3FN>, %s: tensor<128x2xi8>, %c: tensor<128x128xf32>, %a4: tensor<128x32xi8>) {
  // CHECK: tt.dot_scaled %arg0 scale %arg2, %arg1 scale %arg2, %arg3 lhs = e4m3 rhs = e4m3 {fastMath = false} : tensor<128x64xf8E4M3FN>, tensor<128x2xi8> * tensor<64x128xf8E4M3FN>, tensor<128x2xi8> -> tensor<128x128xf32>
  %0 = tt.dot_scaled %a scale %s, %b scale %s, %c lhs = e4m3 rhs = e4m3 {fastMath = false} : tensor<128x64xf8E4M3FN>, tensor<128x2xi8> * tensor<64x128xf8E4M3FN>, tensor<128x2xi8> -> tensor<128x128xf32>
  // CHECK: tt.dot_scaled %arg4 scale %arg2, %arg1, %arg3 lhs = e2m1 rhs = e4m3 {fastMath = true} : tensor<128x32xi8>, tensor<128x2xi8> * tensor<64x128xf8E4M3FN> -> tensor<128x128xf32>
  %1 = tt.dot_scaled %a4 scale %s, %b, %c lhs = e2m1 rhs = e4m3 {fastMath = true, lhs_k_pack = true} : tensor<128x32xi8>, tensor<128x2xi8> * tensor<64x128xf8E4M3FN> -> tensor<128x128xf32>
  tt.return
}

// CHECK-LABEL: tt.func public @reductions
tt.func public @reductions(%f: tensor<64xf32>, %t: tensor<64x32xf32>, %i: tensor<64x32xi32>) {
  // CHECK: "tt.reduce"(%arg0) <{axis = 0 : i32}> ({
  // CHECK-NEXT: ^bb0(%arg3: f32, %arg4: f32):
  // CHECK: tt.reduce.return %{{.*}} : f32
  // CHECK: }) : (tensor<64xf32>) -> f32
  %0 = "tt.reduce"(%f) <{axis = 0 : i32}> ({
  ^bb0(%x: f32, %y: f32):
    %z = arith.addf %x, %y : f32
    tt.reduce.return %z : f32
  }) : (tensor<64xf32>) -> f32
  // CHECK: %{{.*}}:2 = "tt.reduce"(%arg1, %arg2) <{axis = 1 : i32}> ({
  // CHECK: }) : (tensor<64x32xf32>, tensor<64x32xi32>) -> (tensor<64xf32>, tensor<64xi32>)
  %1:2 = "tt.reduce"(%t, %i) <{axis = 1 : i32}> ({
  ^bb0(%x: f32, %xi: i32, %y: f32, %yi: i32):
    %c = arith.cmpf ogt, %x, %y : f32
    %z = arith.select %c, %x, %y : f32
    %zi = arith.select %c, %xi, %yi : i32
    tt.reduce.return %z, %zi : f32, i32
  }) : (tensor<64x32xf32>, tensor<64x32xi32>) -> (tensor<64xf32>, tensor<64xi32>)
  // CHECK: "tt.scan"(%arg1) <{axis = 0 : i32, reverse = true}> ({
  // CHECK: tt.scan.return %{{.*}} : f32
  // CHECK: }) : (tensor<64x32xf32>) -> tensor<64x32xf32>
  %2 = "tt.scan"(%t) <{axis = 0 : i32, reverse = true}> ({
  ^bb0(%x: f32, %y: f32):
    %z = arith.addf %x, %y : f32
    tt.scan.return %z : f32
  }) : (tensor<64x32xf32>) -> tensor<64x32xf32>
  tt.return
}

// CHECK-LABEL: tt.func public @indices
tt.func public @indices(%f: tensor<64xf32>, %i: tensor<64xi32>, %m: tensor<64xi1>) {
  // CHECK: tt.histogram %arg1 : tensor<64xi32> -> tensor<16xi32>
  %0 = tt.histogram %i : tensor<64xi32> -> tensor<16xi32>
  // CHECK: tt.histogram %arg1, %arg2 : tensor<64xi32> -> tensor<16xi32>
  %1 = tt.histogram %i, %m : tensor<64xi32> -> tensor<16xi32>
  // CHECK: tt.gather %arg0[%arg1] {axis = 0 : i32} : (tensor<64xf32>, tensor<64xi32>) -> tensor<64xf32>
  %2 = tt.gather %f[%i] {axis = 0 : i32} : (tensor<64xf32>, tensor<64xi32>) -> tensor<64xf32>
  // CHECK: tt.gather %arg0[%arg1] {axis = 0 : i32, efficient_layout} : (tensor<64xf32>, tensor<64xi32>) -> tensor<64xf32>
  %3 = tt.gather %f[%i] {axis = 0 : i32, efficient_layout} : (tensor<64xf32>, tensor<64xi32>) -> tensor<64xf32>
  tt.return
}
