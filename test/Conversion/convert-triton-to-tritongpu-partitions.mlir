// RUN: tle-opt %s -convert-triton-to-tritongpu="target=cuda:90 num-warps=4" | FileCheck %s

// A tensor is laid out over the warps of its partition.

// CHECK-DAG: #[[DEFAULT:.+]] = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
// CHECK-DAG: #[[ONE:.+]] = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [1], order = [0]}>
// CHECK-DAG: #[[EIGHT:.+]] = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [8], order = [0]}>
// CHECK-DAG: #[[MATRIX:.+]] = #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [32, 1], warpsPerCTA = [8, 1], order = [0, 1]}>
// CHECK-LABEL: @partitions
tt.func public @partitions(%p: !tt.ptr<f32>) {
  // CHECK: tt.make_range {{.+}} : tensor<256xi32, #[[DEFAULT]]>
  %before = tt.make_range {end = 256 : i32, start = 0 : i32} : tensor<256xi32>
  tt.print "before" {hex = false, isSigned = array<i32: 1>} : %before : tensor<256xi32>
  ttg.warp_specialize(%p)
  default {
    // CHECK: default
    // CHECK: tt.make_range {{.+}} : tensor<256xi32, #[[DEFAULT]]>
    %r = tt.make_range {end = 256 : i32, start = 0 : i32} : tensor<256xi32>
    tt.print "default" {hex = false, isSigned = array<i32: 1>} : %r : tensor<256xi32>
    ttg.warp_yield
  }
  // CHECK: partition0
  // CHECK: tt.splat {{.+}} -> tensor<256x!tt.ptr<f32>, #[[ONE]]>
  // CHECK: arith.constant dense<0.000000e+00> : tensor<256xf32, #[[ONE]]>
  partition0(%q: !tt.ptr<f32>) num_warps(1) {
    %s = tt.splat %q : !tt.ptr<f32> -> tensor<256x!tt.ptr<f32>>
    %z = arith.constant dense<0.0> : tensor<256xf32>
    tt.store %s, %z : tensor<256x!tt.ptr<f32>>
    ttg.warp_return
  }
  // CHECK: partition1
  // CHECK: tt.make_range {{.+}} : tensor<256xi32, #[[EIGHT]]>
  // CHECK: ttg.convert_layout {{.+}} -> tensor<256xi32, #ttg.slice<{dim = 1, parent = #[[MATRIX]]}>>
  // CHECK: tt.expand_dims {{.+}} -> tensor<256x1xi32, #[[MATRIX]]>
  partition1(%q: !tt.ptr<f32>) num_warps(8) {
    %r = tt.make_range {end = 256 : i32, start = 0 : i32} : tensor<256xi32>
    %e = tt.expand_dims %r {axis = 1 : i32} : tensor<256xi32> -> tensor<256x1xi32>
    tt.print "matrix" {hex = false, isSigned = array<i32: 1>} : %e : tensor<256x1xi32>
    ttg.warp_return
  } : (!tt.ptr<f32>) -> ()
  tt.return
}
