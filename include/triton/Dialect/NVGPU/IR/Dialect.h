//===- Dialect.h - dialect nvg ----------------------------------*- C++ -*-===//

#ifndef TRITON_DIALECT_NVGPU_IR_DIALECT_H
#define TRITON_DIALECT_NVGPU_IR_DIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "triton/Dialect/NVGPU/IR/NVGPUDialect.h.inc"
#include "triton/Dialect/NVGPU/IR/NVGPUEnums.h.inc"

#define GET_OP_CLASSES
#include "triton/Dialect/NVGPU/IR/NVGPUOps.h.inc"

#endif // TRITON_DIALECT_NVGPU_IR_DIALECT_H
