// RUN: tle-opt %s | FileCheck %s

// Ops whose result layout follows from that of the source; each is accepted
// with that layout in any spelling, and refused with another one (see
// invalid-inference.mlir).

#b = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#bt = #ttg.blocked<{sizePerThread = [4, 1], threadsPerWarp = [8, 4], warpsPerCTA = [1, 4], order = [0, 1]}>
#bj = #ttg.blocked<{sizePerThread = [1, 4, 2], threadsPerWarp = [4, 8, 1], warpsPerCTA = [4, 1, 1], order = [2, 1, 0]}>
#br = #ttg.blocked<{sizePerThread = [1, 1, 4], threadsPerWarp = [4, 1, 8], warpsPerCTA = [4, 1, 1], order = [2, 1, 0]}>
#b1 = #ttg.blocked<{sizePerThread = [4], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#s2 = #ttg.linear<{register = [[0, 1], [0, 2]], lane = [[0, 4], [0, 8], [0, 16], [1, 0], [2, 0]], warp = [[4, 0], [8, 0]], block = []}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, "ttg.threads-per-warp" = 32 : i32} {
  // CHECK-LABEL: @blocked
  tt.func @blocked(%x: tensor<16x32xf32, #b>, %h: tensor<32xf32, #ttg.slice<{dim = 0, parent = #b}>>) {
    // CHECK: tt.trans
    %t = tt.trans %x {order = array<i32: 1, 0>} : tensor<16x32xf32, #b> -> tensor<32x16xf32, #bt>
    // CHECK: tt.expand_dims
    %e = tt.expand_dims %h {axis = 0 : i32} : tensor<32xf32, #ttg.slice<{dim = 0, parent = #b}>> -> tensor<1x32xf32, #b>
    // CHECK: tt.join
    %j = tt.join %x, %x : tensor<16x32xf32, #b> -> tensor<16x32x2xf32, #bj>
    // CHECK: tt.split
    %l, %r = tt.split %j : tensor<16x32x2xf32, #bj> -> tensor<16x32xf32, #b>
    // CHECK: tt.reshape
    %s = tt.reshape %x : tensor<16x32xf32, #b> -> tensor<512xf32, #b1>
    // The same layout, spelled as a linear one.
    // CHECK: tt.reshape
    %s2 = tt.reshape %s : tensor<512xf32, #b1> -> tensor<16x32xf32, #s2>
    tt.return
  }

  // CHECK-LABEL: @tensor_cores
  tt.func @tensor_cores(%x: tensor<64x64xf32, #mma>) {
    // CHECK: "tt.reduce"
    %m = "tt.reduce"(%x) <{axis = 1 : i32}> ({
    ^bb0(%a: f32, %b: f32):
      %c = arith.maxnumf %a, %b : f32
      tt.reduce.return %c : f32
    }) : (tensor<64x64xf32, #mma>) -> tensor<64xf32, #ttg.slice<{dim = 1, parent = #mma}>>
    tt.return
  }
}
