//===- Rematerializer.h - values computed again in a layout -----*- C++ -*-===//

#ifndef TLE_TRANSFORMS_REMATERIALIZER_H
#define TLE_TRANSFORMS_REMATERIALIZER_H

#include "WarpExchange.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"

namespace mlir::triton::tle {

/// Computes tensors again in another layout, each op beside the one it repeats,
/// so that what it sees in memory is the same.
///
/// Constants, ranges, splats, broadcasts, elementwise ops and loads of one row
/// or column are repeated; any other row or column is converted, which is
/// little to move. A floating-point tensor in the layout of `source` goes
/// through `exchange`. Anything else cannot be had.
class Rematerializer {
public:
  Rematerializer(RankedTensorType source, const WarpExchange &exchange)
      : source(source), exchange(exchange) {}

  /// What keeps `value` from being had in the layout of the exchange; null if
  /// nothing does.
  Value findObstacle(Value value) {
    return findObstacle(value, exchange.getLayout());
  }

  /// `value`, which has no obstacle, in the layout of the exchange.
  Value rematerialize(Value value) {
    return build(value, exchange.getLayout());
  }

private:
  bool isExchanged(Value value) const;
  Value findObstacle(Value value, Attribute layout);
  Value build(Value value, Attribute layout);
  Value createExchange(OpBuilder &builder, Value value) const;

  RankedTensorType source;
  WarpExchange exchange;
  DenseMap<std::pair<Value, Attribute>, Value> obstacles;
  DenseMap<std::pair<Value, Attribute>, Value> built;
};

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_REMATERIALIZER_H
