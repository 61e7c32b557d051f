//===- Types.h - types of dialect ttg ---------------------------*- C++ -*-===//

#ifndef TRITON_DIALECT_TRITONGPU_IR_TYPES_H
#define TRITON_DIALECT_TRITONGPU_IR_TYPES_H

#include "mlir/IR/BuiltinTypeInterfaces.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Types.h"

#define GET_TYPEDEF_CLASSES
#include "triton/Dialect/TritonGPU/IR/TritonGPUTypes.h.inc"

#endif // TRITON_DIALECT_TRITONGPU_IR_TYPES_H
