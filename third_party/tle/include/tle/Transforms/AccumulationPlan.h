//===- AccumulationPlan.h - scores apart from their sums --------*- C++ -*-===//
//
// How the loop of a consumer divides into one that makes scores and one that
// adds what they weigh.
//
//===----------------------------------------------------------------------===//

#ifndef TLE_TRANSFORMS_ACCUMULATIONPLAN_H
#define TLE_TRANSFORMS_ACCUMULATIONPLAN_H

#include "tle/IR/Dialect.h"
#include "tle/Transforms/Accumulation.h"
#include "triton/Analysis/AxisInfo.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include <string>

namespace mlir::triton::tle {

/// What one of the two loops holds of the old one.
struct AccumulationSide {
  StringRef name;
  llvm::SetVector<Operation *> ops;
  /// Numbers of carried values.
  llvm::SetVector<unsigned> carried;
  /// What it holds of what stands behind the loop.
  llvm::SetVector<Operation *> tail;
  /// The pipes that it waits for.
  llvm::SetVector<Operation *> pipes;
};

struct AccumulationPlan {
  gpu::WarpSpecializeOp specialize;
  scf::ForOp loop;
  /// The loop over work items that it is in, or null.
  scf::ForOp items;
  Accumulation sums;
  AccumulationSide scoring{"scores", {}, {}, {}, {}};
  AccumulationSide adding{"sums", {}, {}, {}, {}};
  /// Values of an iteration, and of what stands behind the loop, that go from
  /// the scores to the sums.
  llvm::SetVector<Value> crossing, finals;
  /// Matrices loaded before the loop, for products only: the partition that
  /// gathers copies them.
  SmallVector<LoadOp> operands;
  /// Pipes that the scores read and leave to the sums to release.
  llvm::SmallPtrSet<Operation *, 4> implied;
  /// Pipes whose last tile of an item is released behind the loop.
  llvm::SmallPtrSet<Operation *, 4> held;
  /// The number of the carried value that counts tiles.
  unsigned counter = 0;
  /// Of a thread of the scores, and of one that gathers.
  int32_t registers = 0, otherRegisters = 0;
  /// Bytes of shared memory that buffers, operands and what crosses take.
  int64_t countedBytes = 0;
};

struct AccumulationLimits {
  int64_t numWarps;
  /// Bytes of a CTA, and those of it that are left to what is not counted.
  int64_t sharedMemory, reserve;
};

/// Warps of the partition that makes the scores.
constexpr int64_t kScoreWarps = 4;

/// Plans `loop`, or says in `reason` why it stays whole.
FailureOr<AccumulationPlan> planAccumulation(scf::ForOp loop,
                                             const ModuleAxisInfo &axes,
                                             AccumulationLimits limits,
                                             std::string &reason);

/// The pipe whose barriers a step takes.
PipeCreateOp findPipe(Operation *step);

/// The last op of `side` that may read what the ops of `loop` know as a slot of
/// `pipe`.
Operation *findLastUse(const AccumulationSide &side, scf::ForOp loop,
                       PipeCreateOp pipe);

/// Whether `op` lays out the elements of a vector or matrix in more dimensions.
inline bool isSpread(Operation *op) {
  return isa_and_nonnull<ExpandDimsOp, BroadcastOp>(op);
}

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_ACCUMULATIONPLAN_H
