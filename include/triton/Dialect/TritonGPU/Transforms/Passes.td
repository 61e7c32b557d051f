//===- Passes.td - fork copies of TritonGPU's passes ----------------------===//
//
// Each keeps Triton's flag. What TLE adds stands inside of __TLE__; a build
// without it leaves a module as the stock pass of that name would find it.
//
//===----------------------------------------------------------------------===//

#ifndef TRITON_DIALECT_TRITONGPU_TRANSFORMS_PASSES_TD
#define TRITON_DIALECT_TRITONGPU_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def TritonGPUAccelerateMatmul : Pass<"tritongpu-accelerate-matmul", "::mlir::ModuleOp"> {
  let summary = "turn dots into warp group products (Hopper)";
  let description = [{
    A `tt.dot` that a warp group's tensor cores can do becomes a
    `ttng.warp_group_dot`: operand B in shared memory, operand A there too if it
    was loaded, in registers if it was computed. Other dots are left to the
    stock pass of the same name.

    ```mlir
    %d = tt.dot %a, %b, %c : tensor<64x64xbf16, #dot_a> * tensor<64x64xbf16, #dot_b> -> tensor<64x64xf32, #blocked>
    // becomes
    %a0 = ttg.local_alloc %as : (tensor<64x64xbf16, #blocked>) -> !ttg.memdesc<64x64xbf16, #shared, #smem>
    %b0 = ttg.local_alloc %bs : (tensor<64x64xbf16, #blocked>) -> !ttg.memdesc<64x64xbf16, #shared, #smem>
    %c0 = ttg.convert_layout %c : tensor<64x64xf32, #blocked> -> tensor<64x64xf32, #mma>
    %d0 = ttng.warp_group_dot %a0, %b0, %c0 : ... -> tensor<64x64xf32, #mma>
    %d = ttg.convert_layout %d0 : tensor<64x64xf32, #mma> -> tensor<64x64xf32, #blocked>
    ```

    TLE's rules: reaching another dot only as its accumulator makes no
    attention chain (which would put all warps along M); warps that the rows of
    a chained tile cannot feed go along N; a value from `ttg.local_load` counts
    as loaded.
  }];
  let dependentDialects = [
    "::mlir::triton::gpu::TritonGPUDialect",
    "::mlir::triton::nvidia_gpu::TritonNvidiaGPUDialect"
  ];
}

#endif // TRITON_DIALECT_TRITONGPU_TRANSFORMS_PASSES_TD
