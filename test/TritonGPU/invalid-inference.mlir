// RUN: tle-opt %s -split-input-file -verify-diagnostics

#b = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
tt.func @trans(%x: tensor<16x32xf32, #b>) {
  // expected-error @+2 {{are incompatible with return type(s) of operation}}
  // expected-error @+1 {{failed to infer returned types}}
  %t = tt.trans %x {order = array<i32: 1, 0>} : tensor<16x32xf32, #b> -> tensor<32x16xf32, #b>
  tt.return
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#c = #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
tt.func @expand_dims(%x: tensor<32xf32, #ttg.slice<{dim = 1, parent = #b}>>) {
  // expected-error @+2 {{Incompatible slice dimension for ExpandDimsOp operand: slice of 1, axis 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %e = tt.expand_dims %x {axis = 0 : i32} : tensor<32xf32, #ttg.slice<{dim = 1, parent = #b}>> -> tensor<1x32xf32, #b>
  tt.return
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 1, 1], threadsPerWarp = [4, 4, 2], warpsPerCTA = [4, 1, 1], order = [2, 1, 0]}>
#c = #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
tt.func @split(%x: tensor<16x32x2xf32, #b>) {
  // expected-error @+2 {{SplitOp requires the two elements along the last dimension in one thread}}
  // expected-error @+1 {{failed to infer returned types}}
  %l, %r = tt.split %x : tensor<16x32x2xf32, #b> -> tensor<16x32xf32, #c>
  tt.return
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#b1 = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
tt.func @reshape(%x: tensor<16x32xf32, #b>) {
  // expected-error @+1 {{Expected result encoding}}
  %s = tt.reshape %x : tensor<16x32xf32, #b> -> tensor<512xf32, #b1>
  tt.return
}

// -----

#m = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 8]}>
#a = #ttg.dot_op<{opIdx = 0, parent = #m, kWidth = 2}>
#w = #ttg.dot_op<{opIdx = 1, parent = #m, kWidth = 4}>
tt.func @dot(%x: tensor<64x64xf16, #a>, %y: tensor<64x64xf16, #w>, %c: tensor<64x64xf32, #m>) {
  // expected-error @+1 {{mismatching kWidth between A and B operands: 2 and 4}}
  %d = tt.dot %x, %y, %c : tensor<64x64xf16, #a> * tensor<64x64xf16, #w> -> tensor<64x64xf32, #m>
  tt.return
}

// -----

#m = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 8]}>
#a = #ttg.dot_op<{opIdx = 0, parent = #m, kWidth = 2}>
tt.func @dot_operand(%x: tensor<64x64xf16, #a>, %c: tensor<64x64xf32, #m>) {
  // expected-error @+1 {{Wrong opIdx: operand 1 has a layout for operand 0}}
  %d = tt.dot %x, %x, %c : tensor<64x64xf16, #a> * tensor<64x64xf16, #a> -> tensor<64x64xf32, #m>
  tt.return
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
module attributes {"ttg.num-warps" = 4 : i32, "ttg.threads-per-warp" = 64 : i32} {
  tt.func @lanes(%x: f32) {
    // expected-error @+1 {{Layout has 32 threads per warp, but the module specifies 64 threads per warp}}
    %s = tt.splat %x : f32 -> tensor<16x32xf32, #b>
    tt.return
  }
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
module attributes {"ttg.num-warps" = 4 : i32, "ttg.num-ctas" = 2 : i32} {
  tt.func @ctas(%x: f32) {
    // expected-error @+1 {{Layout has 1 CTAs per CGA, but the context requires 2 CTAs per CGA}}
    %s = tt.splat %x : f32 -> tensor<16x32xf32, #b>
    tt.return
  }
}

// -----

#b = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
module attributes {"ttg.num-warps" = 4 : i32} {
  tt.func @partition(%x: f32) {
    ttg.warp_specialize(%x)
    default {
      %d = tt.splat %x : f32 -> tensor<16x32xf32, #b>
      ttg.warp_yield
    }
    partition0(%y: f32) num_warps(8) {
      // expected-error @+1 {{Layout has 4 warps per CTA, but the context requires 8 warps per CTA}}
      %s = tt.splat %y : f32 -> tensor<16x32xf32, #b>
      ttg.warp_return
    } : (f32) -> ()
    tt.return
  }
}

// -----

// expected-error @+1 {{expected 'ttg.num-warps' to be an i32 power of two up to 1024, got 3 : i32}}
module attributes {"ttg.num-warps" = 3 : i32} {}

// -----

// expected-error @+1 {{expected 'ttg.num-warps' to be an i32 power of two up to 1024, got 1073741824 : i32}}
module attributes {"ttg.num-warps" = 1073741824 : i32} {}
