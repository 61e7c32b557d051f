//===- TritonGPUDialect.td - dialect ttg ----------------------------------===//

#ifndef TRITON_DIALECT_TRITONGPU_IR_TRITONGPUDIALECT_TD
#define TRITON_DIALECT_TRITONGPU_IR_TRITONGPUDIALECT_TD

include "mlir/IR/OpBase.td"

def TritonGPU_Dialect : Dialect {
  let name = "ttg";
  let cppNamespace = "::mlir::triton::gpu";
  let summary = "Tiles with a layout, and shared memory";
  let description = [{
    Dialect `ttg` in the textual format of Triton 3.6.0. Tensors carry a
    distributed layout that says which thread holds which element; buffers are
    memory descriptors whose layout says where an element lies. A module states
    the machine it is laid out for in `ttg.num-warps`, `ttg.num-ctas`,
    `ttg.threads-per-warp` and `ttg.target`.
  }];
  let dependentDialects = ["::mlir::triton::TritonDialect", "::mlir::gpu::GPUDialect"];
  let extraClassDeclaration = [{
    void registerAttributes();
    void registerCGAEncoding();
    void registerTypes();
    void registerOps();
    void registerInterfaces();
  }];
  let hasOperationAttrVerify = 1;
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
}

#endif // TRITON_DIALECT_TRITONGPU_IR_TRITONGPUDIALECT_TD
