//===- NVGPUDialect.td - dialect nvg --------------------------------------===//

#ifndef TRITON_DIALECT_NVGPU_IR_NVGPUDIALECT_TD
#define TRITON_DIALECT_NVGPU_IR_NVGPUDIALECT_TD

include "mlir/IR/OpBase.td"

def NVGPU_Dialect : Dialect {
  let name = "nvg";
  let cppNamespace = "::mlir::triton::nvgpu";
  let summary = "Instructions between ttng and inline PTX";
  let description = [{
    Dialect `nvg` in the textual format of Triton 3.6.0: what a module at the
    LLVM-dialect stage holds where the NVVM dialect has no op that fits.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // TRITON_DIALECT_NVGPU_IR_NVGPUDIALECT_TD
