//===- AxisInfoNumbers.cpp - axis infos of what numbers make --------------===//
//
// The rules of arithmetic, of operations on bits, and of choices.
//
//===----------------------------------------------------------------------===//

#include "AxisInfoRules.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::axisinfo;

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

AxisInfo Transfer::sum(int64_t scale) {
  return make(isNonNegative(0) && isNonNegative(1), [&](unsigned dim) {
    Axis axis;
    axis.contiguity =
        std::max(common(lhs().getContiguity(dim), rhs().getConstancy(dim)),
                 common(lhs().getConstancy(dim), rhs().getContiguity(dim)));
    axis.divisibility =
        common(lhs().getRunDivisibility(dim, axis.contiguity),
               multiply(rhs().getRunDivisibility(dim, axis.contiguity), scale));
    axis.constancy = sharedConstancy(dim);
    return axis;
  });
}

AxisInfo Transfer::difference() {
  return make(/*nonNegative=*/false, [&](unsigned dim) {
    Axis axis;
    axis.contiguity = common(lhs().getContiguity(dim), rhs().getConstancy(dim));
    axis.divisibility = common(lhs().getRunDivisibility(dim, axis.contiguity),
                               rhs().getRunDivisibility(dim, axis.contiguity));
    axis.constancy = sharedConstancy(dim);
    return axis;
  });
}

AxisInfo Transfer::product() {
  for (int factor = 0; factor < 2; ++factor)
    if (operands[factor].getConstantValue() == 1)
      return operands[1 - factor];
  int64_t divisor =
      multiply(lhs().getElementDivisibility(), rhs().getElementDivisibility());
  return make(isNonNegative(0) && isNonNegative(1), [&](unsigned dim) {
    return Axis{1, divisor, sharedConstancy(dim)};
  });
}

/// x / 2^k. Without `isRoundedDown`, negative numbers are rounded up.
AxisInfo Transfer::quotientByPowerOfTwo(int64_t divisor, bool isRoundedDown,
                                        bool nonNegative) {
  return make(nonNegative, [&](unsigned dim) {
    Axis axis;
    axis.constancy = sharedConstancy(dim);
    if (isRoundedDown)
      axis.constancy =
          std::max(axis.constancy,
                   common(lhs().getContiguity(dim), lhs().getDivisibility(dim),
                          divisor, AxisInfo::kMaxDivisibility));
    // All of a run that fits into the divisor gives what its start gives.
    if (lhs().getDivisibility(dim) >= divisor &&
        (lhs().getContiguity(dim) == 1 ||
         (isRoundedDown && lhs().getContiguity(dim) <= divisor)))
      axis.divisibility = lhs().getDivisibility(dim) / divisor;
    return axis;
  });
}

AxisInfo Transfer::quotient(bool isSigned) {
  // A signed quotient is rounded towards zero, which tears groups of negative
  // numbers apart.
  bool isRoundedDown = !isSigned || isNonNegative(0);
  std::optional<int64_t> divisor = rhs().getConstantValue();
  bool nonNegative = isNonNegative(0) && (isSigned || isNonNegative(1)) &&
                     (!divisor || *divisor > 0);
  if (divisor == 1)
    return lhs();
  if (divisor && llvm::isPowerOf2_64(*divisor) && *divisor > 0)
    return quotientByPowerOfTwo(*divisor, isRoundedDown, nonNegative);
  return make(nonNegative, [&](unsigned dim) {
    Axis axis;
    axis.constancy = sharedConstancy(dim);
    if (isRoundedDown)
      axis.constancy = std::max(axis.constancy, alignedRun(lhs(), rhs(), dim));
    return axis;
  });
}

AxisInfo Transfer::remainder(bool isSigned) {
  bool isRoundedDown = !isSigned || isNonNegative(0);
  bool nonNegative = isNonNegative(0) && (isSigned || isNonNegative(1));
  return make(nonNegative, [&](unsigned dim) {
    Axis axis;
    if (isRoundedDown)
      axis.contiguity = alignedRun(lhs(), rhs(), dim);
    axis.divisibility = common(lhs().getRunDivisibility(dim, axis.contiguity),
                               rhs().getElementDivisibility());
    axis.constancy = sharedConstancy(dim);
    return axis;
  });
}

AxisInfo Transfer::extremum(bool nonNegative) {
  int64_t divisor =
      common(lhs().getElementDivisibility(), rhs().getElementDivisibility());
  return make(nonNegative, [&](unsigned dim) {
    return Axis{1, divisor, sharedConstancy(dim)};
  });
}

//===----------------------------------------------------------------------===//
// Bits
//===----------------------------------------------------------------------===//

AxisInfo Transfer::conjunction() {
  bool nonNegative = isNonNegative(0) || isNonNegative(1);
  int64_t divisor =
      std::max(lhs().getElementDivisibility(), rhs().getElementDivisibility());
  return make(nonNegative, [&](unsigned dim) {
    Axis axis{1, divisor, sharedConstancy(dim)};
    for (int side = 0; side < 2; ++side) {
      const AxisInfo &run = operands[side], &mask = operands[1 - side];
      // The mask clears what differs inside of a group, ...
      axis.constancy = std::max(axis.constancy, alignedRun(run, mask, dim));
      // ... or is 2^k - 1 and keeps it.
      std::optional<int64_t> bits = mask.getConstantValue();
      if (!bits || *bits <= 0 || !llvm::isPowerOf2_64(uint64_t(*bits) + 1))
        continue;
      int64_t length = common(run.getContiguity(dim), run.getDivisibility(dim),
                              *bits + 1, AxisInfo::kMaxDivisibility);
      if (length > axis.contiguity) {
        axis.contiguity = length;
        axis.divisibility = run.getRunDivisibility(dim, length);
      }
    }
    return axis;
  });
}

/// Of or and xor: bits of one side that are zero in the other are as they were.
AxisInfo Transfer::disjunction() {
  return make(isNonNegative(0) && isNonNegative(1), [&](unsigned dim) {
    Axis axis;
    axis.contiguity =
        std::max(alignedRun(lhs(), rhs(), dim), alignedRun(rhs(), lhs(), dim));
    axis.divisibility = common(lhs().getRunDivisibility(dim, axis.contiguity),
                               rhs().getRunDivisibility(dim, axis.contiguity));
    axis.constancy = sharedConstancy(dim);
    return axis;
  });
}

AxisInfo Transfer::shiftLeft() {
  std::optional<int64_t> bits = rhs().getConstantValue();
  if (bits == 0)
    return lhs();
  int64_t factor = int64_t(1) << std::clamp<int64_t>(bits.value_or(0), 0, 30);
  int64_t divisor = multiply(lhs().getElementDivisibility(), factor);
  return make(isNonNegative(0), [&](unsigned dim) {
    return Axis{1, divisor, sharedConstancy(dim)};
  });
}

AxisInfo Transfer::shiftRight(bool isSigned) {
  std::optional<int64_t> bits = rhs().getConstantValue();
  if (bits == 0)
    return lhs();
  bool nonNegative = isNonNegative(0) || (!isSigned && bits);
  if (bits && *bits > 0 && *bits < 62)
    return quotientByPowerOfTwo(int64_t(1) << *bits, /*isRoundedDown=*/true,
                                nonNegative);
  return make(nonNegative,
              [&](unsigned dim) { return Axis{1, 1, sharedConstancy(dim)}; });
}

//===----------------------------------------------------------------------===//
// Choices
//===----------------------------------------------------------------------===//

AxisInfo Transfer::selection() {
  const AxisInfo &condition = operands[0], &yes = operands[1],
                 &no = operands[2];
  if (std::optional<int64_t> known = condition.getConstantValue())
    return *known ? yes : no;
  bool isScalar =
      !isa<RankedTensorType>(result.getOwner()->getOperand(0).getType());
  if (isScalar)
    return AxisInfo::join(yes, no);
  return make(yes.isNonNegative() && no.isNonNegative(), [&](unsigned dim) {
    Axis axis;
    int64_t same = condition.getConstancy(dim);
    axis.contiguity =
        std::min({same, yes.getContiguity(dim), no.getContiguity(dim)});
    axis.divisibility = common(yes.getRunDivisibility(dim, axis.contiguity),
                               no.getRunDivisibility(dim, axis.contiguity));
    axis.constancy =
        std::min({same, yes.getConstancy(dim), no.getConstancy(dim)});
    return axis;
  });
}

AxisInfo Transfer::comparison(arith::CmpIPredicate predicate) {
  using Predicate = arith::CmpIPredicate;
  // A run against one bound: the answer changes where the run reaches the
  // bound, which is at the start of a group.
  bool leftRuns = llvm::is_contained(
      {Predicate::slt, Predicate::sge, Predicate::ult, Predicate::uge},
      predicate);
  bool rightRuns = llvm::is_contained(
      {Predicate::sgt, Predicate::sle, Predicate::ugt, Predicate::ule},
      predicate);
  return make(/*nonNegative=*/false, [&](unsigned dim) {
    Axis axis{1, 1, sharedConstancy(dim)};
    if (leftRuns)
      axis.constancy = std::max(axis.constancy, alignedRun(lhs(), rhs(), dim));
    if (rightRuns)
      axis.constancy = std::max(axis.constancy, alignedRun(rhs(), lhs(), dim));
    return axis;
  });
}
