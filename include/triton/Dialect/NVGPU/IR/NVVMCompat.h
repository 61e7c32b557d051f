//===- NVVMCompat.h - nvvm ops of stock's LLVM that ours lacks --*- C++ -*-===//

#ifndef TRITON_DIALECT_NVGPU_IR_NVVMCOMPAT_H
#define TRITON_DIALECT_NVGPU_IR_NVVMCOMPAT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/LLVMIR/LLVMTypes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/OpImplementation.h"

#define GET_OP_CLASSES
#include "triton/Dialect/NVGPU/IR/NVVMCompatOps.h.inc"

namespace mlir::triton::nvvm_compat {

/// Adds the ops to dialect `nvvm` wherever that is loaded.
void registerOps(DialectRegistry &registry);

} // namespace mlir::triton::nvvm_compat

#endif // TRITON_DIALECT_NVGPU_IR_NVVMCOMPAT_H
