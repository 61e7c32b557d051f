//===- Accumulation.h - the sums that a loop carries ------------*- C++ -*-===//
//
// Which of the values that a loop carries are wide sums of products, and which
// of its ops do nothing but add to them.
//
//===----------------------------------------------------------------------===//

#ifndef TLE_TRANSFORMS_ACCUMULATION_H
#define TLE_TRANSFORMS_ACCUMULATION_H

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::triton::tle {

/// On the loop that uses what triton-tle-warp-specialize-tile-loop lets another
/// partition gather, until the passes that go on from there have run.
constexpr llvm::StringLiteral kConsumerAttr = "tle.consumer";

/// Accumulators narrower than this many columns, taken together, are held by
/// the warps that multiply the scores.
constexpr int64_t kWideColumns = 256;

struct Accumulation {
  /// Numbers of the carried values.
  llvm::SmallSetVector<unsigned, 2> numbers;
  /// Ops of the body that depend on them: elementwise ones, and products that
  /// add to them. Nothing else of the body uses what they make.
  llvm::SetVector<Operation *> ops;
  /// Columns of all of them.
  int64_t columns = 0;

  bool isWide() const { return columns >= kWideColumns; }
};

Accumulation findAccumulation(scf::ForOp loop);

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_ACCUMULATION_H
