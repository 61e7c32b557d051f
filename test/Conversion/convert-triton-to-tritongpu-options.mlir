// RUN: tle-opt %s -convert-triton-to-tritongpu='target=cuda:100 num-warps=8 num-ctas=2 threads-per-warp=16' | FileCheck %s
// RUN: not tle-opt %s -convert-triton-to-tritongpu 2>&1 | FileCheck %s --check-prefix=TARGET
// RUN: not tle-opt %s -convert-triton-to-tritongpu='target=cuda:90 num-warps=3' 2>&1 | FileCheck %s --check-prefix=WARPS
// RUN: not tle-opt %s -convert-triton-to-tritongpu='target=cuda:90 num-ctas=0' 2>&1 | FileCheck %s --check-prefix=CTAS
// RUN: not tle-opt %s -convert-triton-to-tritongpu='target=cuda:90 warps=4' 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// TARGET: error: convert-triton-to-tritongpu: option target is missing, as in target=cuda:90
// WARPS: error: convert-triton-to-tritongpu: option num-warps must be a power of two, got 3
// CTAS: error: convert-triton-to-tritongpu: option num-ctas must be a power of two, got 0
// UNKNOWN: no such option warps

// CHECK: #[[L:.*]] = #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [1, 16], warpsPerCTA = [2, 4], order = [1, 0], CGALayout = {{\[\[}}1, 0]]}>
// CHECK: module attributes {"ttg.num-ctas" = 2 : i32, "ttg.num-warps" = 8 : i32, ttg.target = "cuda:100", "ttg.threads-per-warp" = 16 : i32}
// CHECK: tt.splat %arg0 : f32 -> tensor<64x64xf32, #[[L]]>
tt.func public @kernel(%x: f32) -> tensor<64x64xf32> {
  %0 = tt.splat %x : f32 -> tensor<64x64xf32>
  tt.return %0 : tensor<64x64xf32>
}
