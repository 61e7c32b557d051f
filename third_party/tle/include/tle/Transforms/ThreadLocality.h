//===- ThreadLocality.h - ops that need no other threads --------*- C++ -*-===//

#ifndef TLE_TRANSFORMS_THREADLOCALITY_H
#define TLE_TRANSFORMS_THREADLOCALITY_H

#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"

namespace mlir::triton::tle {

/// Whether the lanes of a warp hold all that `reduce` puts together.
bool staysInWarp(ReduceOp reduce);

/// Whether every thread keeps the elements that it holds.
bool staysInThread(gpu::ConvertLayoutOp convert);

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_THREADLOCALITY_H
