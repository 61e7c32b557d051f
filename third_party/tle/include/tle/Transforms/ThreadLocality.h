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

/// Whether stock puts no barrier of the partition's warps around `op`, its
/// regions aside, while no write to shared memory is open.
bool needsNoBarrier(Operation *op);

/// Whether stock may put a barrier of the partition's warps around `op` or
/// inside of it. Stock then takes all reads of shared memory before `op` to
/// have ended, which those of asynchronous products have not.
bool mayHaveBarrier(Operation *op);

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_THREADLOCALITY_H
