//===- AxisFacts.h - alignment and runs along one dimension -----*- C++ -*-===//

#ifndef TLE_TRANSFORMS_AXISFACTS_H
#define TLE_TRANSFORMS_AXISFACTS_H

#include "mlir/IR/Value.h"

namespace mlir::triton::tle {

/// What is known of a tensor's elements along one dimension (a scalar is a
/// tensor of one element). Never more than what the stock engine's own analysis
/// knows, so that a vector found possible here is possible there.
struct AxisFacts {
  /// Aligned groups of so many elements increase by one from each to the next.
  int64_t contiguity = 1;
  /// Aligned groups of so many elements are equal.
  int64_t constancy = 1;
  /// A power of two that divides the first element of each group; for pointers
  /// the address in bytes.
  int64_t divisibility = 1;

  static AxisFacts get(Value value, int64_t dim);
};

/// How many elements an access through `pointers` with `mask` (null: none) can
/// move at once along `dim`.
int64_t getVectorLength(Value pointers, Value mask, int64_t dim);

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_AXISFACTS_H
