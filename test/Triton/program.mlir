// RUN: tle-opt %s | FileCheck %s
// RUN: tle-opt %s --mlir-print-op-generic | tle-opt | FileCheck %s

// CHECK: tt.func private @helper(i32, tensor<4x!tt.ptr<bf16, 3>>) -> i32 attributes {noinline = true, tle.op = "name"}
tt.func private @helper(%i: i32, %t: tensor<4x!tt.ptr<bf16, 3>>) -> i32 attributes {noinline = true, tle.op = "name"}

// CHECK-LABEL: tt.func public @kernel
// CHECK-SAME: (%arg0: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %arg1: tensor<4x!tt.ptr<bf16, 3>>, %arg2: i1) attributes {noinline = false}
tt.func public @kernel(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %t: tensor<4x!tt.ptr<bf16, 3>>, %c: i1) attributes {noinline = false} {
  // CHECK: tt.get_program_id x : i32
  %0 = tt.get_program_id x : i32
  // CHECK: tt.get_num_programs z : i32
  %1 = tt.get_num_programs z : i32
  // CHECK: tt.make_range {end = 64 : i32, start = -64 : i32} : tensor<128xi32>
  %2 = tt.make_range {end = 64 : i32, start = -64 : i32} : tensor<128xi32>
  // CHECK: tt.call @helper(%{{.*}}, %arg1) : (i32, tensor<4x!tt.ptr<bf16, 3>>) -> i32
  %3 = tt.call @helper(%0, %t) : (i32, tensor<4x!tt.ptr<bf16, 3>>) -> i32
  // CHECK: tt.print " x: " {hex = false, isSigned = array<i32: 1>} : %{{.*}} : tensor<128xi32>
  tt.print " x: " {hex = false, isSigned = array<i32: 1>} : %2 : tensor<128xi32>
  // CHECK: tt.print "only text" {hex = false, isSigned = array<i32>}{{$}}
  tt.print "only text" {hex = false, isSigned = array<i32>}
  // CHECK: tt.assert %arg2, "message" : i1
  tt.assert %c, "message" : i1
  // CHECK: tt.return{{$}}
  tt.return
}

// CHECK-LABEL: tt.func private @returns
tt.func private @returns(%i: i32, %f: f32) -> (i32, f32) {
  // CHECK: tt.return %arg0, %arg1 : i32, f32
  tt.return %i, %f : i32, f32
}
