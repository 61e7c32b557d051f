//===- SharedWriteFlow.h - which writes reach which reads -------*- C++ -*-===//
//
// Follows writes to shared memory through the generic proxy along all paths of
// a function, up to reads through the async proxy, and decides where fences
// have to stand between them.
//
//===----------------------------------------------------------------------===//

#ifndef TRITON_DIALECT_TRITONNVIDIAGPU_TRANSFORMS_SHAREDWRITEFLOW_H
#define TRITON_DIALECT_TRITONNVIDIAGPU_TRANSFORMS_SHAREDWRITEFLOW_H

#include "SharedAccesses.h"

#include "llvm/ADT/BitVector.h"

namespace mlir::triton::nvidia_gpu {

/// A fence that is missing.
struct MissingFence {
  /// The op to put it before: a reader, or a loop around one.
  Operation *before;
  /// The operands of the reader that need it; none where `before` is a loop.
  SmallVector<Value> operands;
};

/// The fences that `function` needs besides those it has.
SmallVector<MissingFence> findMissingFences(FuncOp function);

} // namespace mlir::triton::nvidia_gpu

#endif // TRITON_DIALECT_TRITONNVIDIAGPU_TRANSFORMS_SHAREDWRITEFLOW_H
