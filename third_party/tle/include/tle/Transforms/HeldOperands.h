//===- HeldOperands.h - left factors that stay in registers -----*- C++ -*-===//
//
// A product of 64 rows and 64 columns reads shared memory as fast as it can
// give, if both factors lie there. Columns of the left one that a loop uses
// again and again stay in registers instead, as many as there is room for.
//
//===----------------------------------------------------------------------===//

#ifndef TLE_TRANSFORMS_HELDOPERANDS_H
#define TLE_TRANSFORMS_HELDOPERANDS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "triton/Dialect/Triton/IR/Dialect.h"

namespace mlir::triton::tle {

/// Columns of a piece.
constexpr int64_t kHeldColumns = 64;

class HeldOperands {
public:
  /// The buffer that holds the right factor of `dot`, transposed, if each of
  /// its elements has 16 bits; else null.
  static Value findRightBuffer(DotOp dot);

  /// How many pieces of a left factor of `columns` columns to hold, `most` at
  /// most: what is left is a matrix, too.
  static int64_t choosePieces(int64_t columns, int64_t most);

  /// Loads the first pieces of `operand`, which lies in `view`.
  void hold(OpBuilder &builder, Value operand, Value view, int64_t pieces);

  /// What `dot` makes, in pieces, if its left factor is held; else null.
  Value multiply(OpBuilder &builder, DotOp dot, const IRMapping &mapping) const;

private:
  struct Operand {
    Value view;
    SmallVector<Value> pieces;
  };
  llvm::DenseMap<Value, Operand> operands;
};

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_HELDOPERANDS_H
