//===- Dialect.h - dialect ttng ---------------------------------*- C++ -*-===//

#ifndef TRITON_DIALECT_TRITONNVIDIAGPU_IR_DIALECT_H
#define TRITON_DIALECT_TRITONNVIDIAGPU_IR_DIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"

#include "triton/Dialect/TritonNvidiaGPU/IR/TritonNvidiaGPUDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "triton/Dialect/TritonNvidiaGPU/IR/TritonNvidiaGPUAttrs.h.inc"

namespace mlir::triton::nvidia_gpu {

/// Tensor memory of this CTA (Blackwell).
struct TensorMemory : public SideEffects::Resource::Base<TensorMemory> {
  StringRef getName() final { return "<TensorMemory>"; }
};

/// Whether `type` lies in tensor memory.
bool isInTensorMemory(gpu::MemDescType type);

namespace impl {
LogicalResult verifyMMAv5(Operation *op);
} // namespace impl

} // namespace mlir::triton::nvidia_gpu

#include "triton/Dialect/TritonNvidiaGPU/IR/TritonNvidiaGPUOpInterfaces.h.inc"

#define GET_OP_CLASSES
#include "triton/Dialect/TritonNvidiaGPU/IR/TritonNvidiaGPUOps.h.inc"

#endif // TRITON_DIALECT_TRITONNVIDIAGPU_IR_DIALECT_H
