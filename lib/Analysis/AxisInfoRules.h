//===- AxisInfoRules.h - the rules of axis infos ----------------*- C++ -*-===//
//
// The rules speak of aligned groups. A group of a contiguous run that starts at
// s holds s, s + 1, ..., and s is a multiple of every power of two that divides
// both the run's first element and the group's length. Most rules follow from
// that: within such a group no carry leaves the low bits.
//
//===----------------------------------------------------------------------===//

#ifndef TRITON_LIB_ANALYSIS_AXISINFORULES_H
#define TRITON_LIB_ANALYSIS_AXISINFORULES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "triton/Analysis/AxisInfo.h"
#include "triton/Dialect/Triton/IR/Dialect.h"

namespace mlir::triton::axisinfo {

/// The three facts of one dimension.
struct Axis {
  int64_t contiguity = 1, divisibility = 1, constancy = 1;
};

/// Everything that divides both powers of two.
inline int64_t common(int64_t a, int64_t b) { return std::min(a, b); }
inline int64_t common(int64_t a, int64_t b, int64_t c, int64_t d) {
  return std::min({a, b, c, d});
}

inline int64_t multiply(int64_t a, int64_t b) {
  // Both are at most 2^30.
  return std::min(a * b, AxisInfo::kMaxDivisibility);
}

/// Computes the facts of one result.
class Transfer {
public:
  Transfer(OpResult result, ArrayRef<AxisInfo> operands)
      : result(result), operands(operands),
        unit(AxisInfo::getPessimistic(result.getType()).getUnit()) {}

  AxisInfo run();

private:
  OpResult result;
  ArrayRef<AxisInfo> operands;
  int64_t unit;

  Type type() const { return result.getType(); }
  const AxisInfo &lhs() const { return operands[0]; }
  const AxisInfo &rhs() const { return operands[1]; }
  int64_t size(unsigned dim) const { return getAxisSize(type(), dim); }
  bool isNonNegative(unsigned operand) const {
    return operands[operand].isNonNegative();
  }

  /// Asks `rule` for each dimension of the result.
  AxisInfo make(bool nonNegative, function_ref<Axis(unsigned)> rule) {
    AxisInfo::DimVector contiguity, divisibility, constancy;
    for (unsigned dim = 0; dim < getAxisRank(type()); ++dim) {
      Axis axis = rule(dim);
      contiguity.push_back(axis.contiguity);
      divisibility.push_back(axis.divisibility);
      constancy.push_back(axis.constancy);
    }
    return AxisInfo(contiguity, divisibility, constancy, nonNegative, unit);
  }

  int64_t sharedConstancy(unsigned dim) const {
    return common(lhs().getConstancy(dim), rhs().getConstancy(dim));
  }

  /// Groups in which `run` is contiguous, `fixed` is constant, and both start
  /// at a multiple of the group's length.
  static int64_t alignedRun(const AxisInfo &run, const AxisInfo &fixed,
                            unsigned dim) {
    if (run.getContiguity(dim) == 1)
      return 1;
    return common(run.getContiguity(dim), run.getDivisibility(dim),
                  fixed.getConstancy(dim), fixed.getElementDivisibility());
  }

  // Numbers, in AxisInfoNumbers.cpp.
  AxisInfo sum(int64_t scale);
  AxisInfo difference();
  AxisInfo product();
  AxisInfo quotient(bool isSigned);
  AxisInfo remainder(bool isSigned);
  AxisInfo conjunction();
  AxisInfo disjunction();
  AxisInfo shiftLeft();
  AxisInfo shiftRight(bool isSigned);
  AxisInfo quotientByPowerOfTwo(int64_t divisor, bool isRoundedDown,
                                bool nonNegative);
  AxisInfo extremum(bool nonNegative);
  AxisInfo selection();
  AxisInfo comparison(arith::CmpIPredicate predicate);

  // Casts, shapes and the rest, in AxisInfoTransfer.cpp.
  AxisInfo zeroExtension();
  AxisInfo truncation(unsigned width);
  AxisInfo ofRuns(function_ref<int64_t(unsigned)> length, bool nonNegative);
  AxisInfo pointerCast();
  AxisInfo permuted(ArrayRef<int32_t> order);
  AxisInfo reshaped(RankedTensorType from, bool isReordered);
  AxisInfo joined();
  AxisInfo split();
  AxisInfo load(LoadOp op);
  AxisInfo elementwise();
};

} // namespace mlir::triton::axisinfo

#endif // TRITON_LIB_ANALYSIS_AXISINFORULES_H
