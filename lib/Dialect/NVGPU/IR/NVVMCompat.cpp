//===- NVVMCompat.cpp - nvvm ops of stock's LLVM that ours lacks ----------===//

#include "triton/Dialect/NVGPU/IR/NVVMCompat.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/DialectImplementation.h"

#define GET_OP_CLASSES
#include "triton/Dialect/NVGPU/IR/NVVMCompatOps.cpp.inc"

using namespace mlir;

void triton::nvvm_compat::registerOps(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *, NVVM::NVVMDialect *dialect) {
    RegisteredOperationName::insert<CpAsyncMBarrierArriveSharedOp>(*dialect);
  });
}
