// Stock passes run by Triton's own flags, with options, in the order given, down to PTX's doorstep.
// RUN: triton-opt %s --engine=stock --convert-triton-to-tritongpu='target=cuda:90 num-warps=4' --tritongpu-coalesce \
// RUN:   | FileCheck %s --check-prefix=TTGIR
// RUN: triton-opt %s --engine=stock -convert-triton-to-tritongpu="target=cuda:90 num-warps=8 num-ctas=2" \
// RUN:   | FileCheck %s --check-prefix=WARPS
// RUN: triton-opt %s --engine=stock --convert-triton-to-tritongpu=target=cuda:90 --tritongpu-coalesce \
// RUN:     --tritongpu-remove-layout-conversions --convert-scf-to-cf --tritongpu-allocate-warp-groups \
// RUN:     --allocate-shared-memory-nv='compute-capability=90 ptx-version=81' \
// RUN:     --tritongpu-global-scratch-memory-allocation \
// RUN:     --convert-triton-gpu-to-llvm='compute-capability=90 ptx-version=81' --canonicalize --cse \
// RUN:     --convert-nv-gpu-to-llvm --canonicalize --symbol-dce \
// RUN:   | FileCheck %s --check-prefix=LLVM --implicit-check-not="= tt."

// TTGIR: #[[LAYOUT:.*]] = #ttg.blocked<{sizePerThread = [4], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
// TTGIR: ttg.target = "cuda:90"
// TTGIR: tt.load {{.*}} : tensor<1024x!tt.ptr<f32>, #[[LAYOUT]]>
// TTGIR-NOT: loc(

// WARPS: "ttg.num-ctas" = 2 : i32, "ttg.num-warps" = 8 : i32

// LLVM: llvm.func @copy
// LLVM: ld.global.v4.b32
// LLVM: st.global.v4.b32
tt.func public @copy(%in: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %out: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %range = tt.make_range {end = 1024 : i32, start = 0 : i32} : tensor<1024xi32>
  %from = tt.splat %in : !tt.ptr<f32> -> tensor<1024x!tt.ptr<f32>>
  %source = tt.addptr %from, %range : tensor<1024x!tt.ptr<f32>>, tensor<1024xi32>
  %to = tt.splat %out : !tt.ptr<f32> -> tensor<1024x!tt.ptr<f32>>
  %target = tt.addptr %to, %range : tensor<1024x!tt.ptr<f32>>, tensor<1024xi32>
  %value = tt.load %source : tensor<1024x!tt.ptr<f32>>
  tt.store %target, %value : tensor<1024x!tt.ptr<f32>>
  tt.return
}
