// RUN: tle-opt %s -triton-tle-lower-exclusive-cumsum | FileCheck %s

#b = #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [1, 32], warpsPerCTA = [4, 1], order = [1, 0]}>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @integers
  // CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<128xi32>)
  // CHECK: %[[S:.*]] = "tt.scan"(%[[X]]) <{axis = 0 : i32, reverse = false}> ({
  // CHECK: arith.addi
  // CHECK: tt.scan.return
  // CHECK: %[[E:.*]] = arith.subi %[[S]], %[[X]]
  // CHECK: %[[T:.*]] = "tt.reduce"(%[[X]]) <{axis = 0 : i32}> ({
  // CHECK: tt.return %[[E]], %[[T]]
  tt.func public @integers(%x: tensor<128xi32>) -> (tensor<128xi32>, i32) {
    %e, %t = tle.exclusive_cumsum %x {axis = 0 : i32, reverse = false} : tensor<128xi32> -> tensor<128xi32>, i32
    tt.return %e, %t : tensor<128xi32>, i32
  }

  // No subtraction on floats: inf - inf is no number.
  // CHECK-LABEL: @floats
  // CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<16x128xf32, #blocked>)
  // CHECK: %[[Z:.*]] = arith.constant dense<0.000000e+00>
  // CHECK: %[[S:.*]]:2 = "tt.scan"(%[[X]], %[[Z]]) <{axis = 1 : i32, reverse = true}> ({
  // CHECK-NEXT: ^bb0(%[[LS:.*]]: f32, %[[LE:.*]]: f32, %[[RS:.*]]: f32, %[[RE:.*]]: f32):
  // CHECK-NEXT: %[[SUM:.*]] = arith.addf %[[LS]], %[[RS]]
  // CHECK-NEXT: %[[BUT:.*]] = arith.addf %[[LS]], %[[RE]]
  // CHECK-NEXT: tt.scan.return %[[SUM]], %[[BUT]]
  // CHECK-NOT: arith.subf
  // CHECK: tt.return %[[S]]#1
  tt.func public @floats(%x: tensor<16x128xf32, #b>) -> tensor<16x128xf32, #b> {
    %e, %t = tle.exclusive_cumsum %x {axis = 1 : i32, reverse = true} : tensor<16x128xf32, #b> -> tensor<16x128xf32, #b>, tensor<16xf32, #ttg.slice<{dim = 1, parent = #b}>>
    tt.return %e : tensor<16x128xf32, #b>
  }

  // CHECK-LABEL: @total_only
  // CHECK-NOT: tt.scan
  // CHECK: "tt.reduce"
  tt.func public @total_only(%x: tensor<16x128xf32, #b>) -> tensor<16xf32, #ttg.slice<{dim = 1, parent = #b}>> {
    %e, %t = tle.exclusive_cumsum %x {axis = 1 : i32, reverse = true} : tensor<16x128xf32, #b> -> tensor<16x128xf32, #b>, tensor<16xf32, #ttg.slice<{dim = 1, parent = #b}>>
    tt.return %t : tensor<16xf32, #ttg.slice<{dim = 1, parent = #b}>>
  }

  // Nothing is left of what nobody uses.
  // CHECK-LABEL: @unused
  // CHECK-NEXT: tt.return
  tt.func public @unused(%x: tensor<128xi32>) {
    %e, %t = tle.exclusive_cumsum %x {axis = 0 : i32, reverse = false} : tensor<128xi32> -> tensor<128xi32>, i32
    tt.return
  }

  // One element: what is before it is nothing, in modular arithmetic, too.
  // CHECK-LABEL: @one_element
  // CHECK: "tt.scan"
  // CHECK: arith.addi %{{.*}} : i8
  // CHECK: arith.subi %{{.*}} : tensor<1xi8>
  tt.func public @one_element(%x: tensor<1xi8>) -> tensor<1xi8> {
    %e, %t = tle.exclusive_cumsum %x {axis = 0 : i32, reverse = true} : tensor<1xi8> -> tensor<1xi8>, i8
    tt.return %e : tensor<1xi8>
  }

  // Three dimensions, the middle one.
  // CHECK-LABEL: @middle
  // CHECK: "tt.scan"(%{{.*}}, %{{.*}}) <{axis = 1 : i32, reverse = false}>
  // CHECK: }) : (tensor<4x8x16xbf16>, tensor<4x8x16xbf16>) -> (tensor<4x8x16xbf16>, tensor<4x8x16xbf16>)
  // CHECK: "tt.reduce"(%{{.*}}) <{axis = 1 : i32}>
  // CHECK: }) : (tensor<4x8x16xbf16>) -> tensor<4x16xbf16>
  tt.func public @middle(%x: tensor<4x8x16xbf16>) -> (tensor<4x8x16xbf16>, tensor<4x16xbf16>) {
    %e, %t = tle.exclusive_cumsum %x {axis = 1 : i32, reverse = false} : tensor<4x8x16xbf16> -> tensor<4x8x16xbf16>, tensor<4x16xbf16>
    tt.return %e, %t : tensor<4x8x16xbf16>, tensor<4x16xbf16>
  }
}
