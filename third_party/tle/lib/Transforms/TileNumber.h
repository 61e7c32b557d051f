//===- TileNumber.h - the number of a tile as a sum -----------------------===//

#ifndef TLE_LIB_TRANSFORMS_TILENUMBER_H
#define TLE_LIB_TRANSFORMS_TILENUMBER_H

#include "mlir/Dialect/SCF/IR/SCF.h"
#include <vector>

namespace mlir::triton::tle {

/// A sum of values, each times a factor, and a constant. What a partition
/// captures is the value that was captured, so that sums of different
/// partitions can be compared.
class TileNumber {
public:
  explicit TileNumber(Value value) { add(value, 1, 0); }
  explicit TileNumber(int64_t constant) : constant(constant) {}

  /// This one and `other`.
  TileNumber plus(const TileNumber &other) const;

  /// This one less `other`.
  TileNumber minus(const TileNumber &other) const;

  /// This one with `value` instead of `variable`.
  TileNumber replaced(Value variable, const TileNumber &value) const;

  /// 0 if the sum is not known.
  int64_t getFactor(Value variable) const;

  /// Whether it is certainly the same in each iteration of `loop`.
  bool isInvariant(scf::ForOp loop) const;

  /// Equal for sums that are known to be equal, and different for others;
  /// empty if the sum is not known.
  std::vector<int64_t> getKey() const;

  /// The sum, if it is a constant.
  std::optional<int64_t> getConstant() const;

private:
  void add(Value value, int64_t factor, unsigned depth);
  void add(const TileNumber &other, int64_t factor);
  void addTerm(Value value, int64_t factor);
  void accumulate(int64_t &sum, int64_t value, int64_t factor);

  /// Whether nothing has overflowed.
  bool isKnown = true;
  int64_t constant = 0;
  /// No factor is zero.
  SmallVector<std::pair<Value, int64_t>> terms;
};

} // namespace mlir::triton::tle

#endif // TLE_LIB_TRANSFORMS_TILENUMBER_H
