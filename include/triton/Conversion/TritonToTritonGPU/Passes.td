//===- Passes.td - from tt to ttg -----------------------------------------===//

#ifndef TRITON_CONVERSION_TRITONTOTRITONGPU_PASSES_TD
#define TRITON_CONVERSION_TRITONTOTRITONGPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertTritonToTritonGPU : Pass<"convert-triton-to-tritongpu", "::mlir::ModuleOp"> {
  let summary = "Gives every tensor a layout";
  let description = [{
    Each tensor that has no layout gets the blocked one that spreads the
    threads over its last dimensions first. Where an op ties the layouts of its
    operands and results together (`tt.expand_dims`, `tt.reduce`, `tt.dot`, ...)
    its own come from that rule, and `ttg.convert_layout` leads there and back.
    Tensors that have a layout keep it. Ops of any dialect may stand in the
    module; memory descriptors pass as they are.

    ```mlir
    tt.func @f(%p: tensor<128x!tt.ptr<f32>>) {
      %v = tt.load %p : tensor<128x!tt.ptr<f32>>
      %m = tt.expand_dims %v {axis = 1 : i32} : tensor<128xf32> -> tensor<128x1xf32>
    // becomes, with target=cuda:90 num-warps=4
    #blocked = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
    #blocked1 = #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [32, 1], warpsPerCTA = [4, 1], order = [0, 1]}>
    tt.func @f(%p: tensor<128x!tt.ptr<f32>, #blocked>) {
      %v = tt.load %p : tensor<128x!tt.ptr<f32>, #blocked>
      %w = ttg.convert_layout %v : tensor<128xf32, #blocked> -> tensor<128xf32, #ttg.slice<{dim = 1, parent = #blocked1}>>
      %m = tt.expand_dims %w {axis = 1 : i32} : ... -> tensor<128x1xf32, #blocked1>
    ```

    The module gets the attributes `ttg.target`, `ttg.num-warps`,
    `ttg.threads-per-warp` and `ttg.num-ctas`.
  }];
  let dependentDialects = ["::mlir::triton::TritonDialect", "::mlir::triton::gpu::TritonGPUDialect"];
  let options = [
    Option<"target", "target", "std::string", "", "what to compile for, such as cuda:90">,
    Option<"numWarps", "num-warps", "int32_t", "4", "warps of a CTA">,
    Option<"threadsPerWarp", "threads-per-warp", "int32_t", "32", "threads of a warp">,
    Option<"numCTAs", "num-ctas", "int32_t", "1", "CTAs of a cluster">,
    Option<"enableSourceRemat", "enable-source-remat", "bool", "false",
           "taken as Triton's pass takes it; nothing depends on it, since no value keeps its old type">
  ];
}

#endif // TRITON_CONVERSION_TRITONTOTRITONGPU_PASSES_TD
