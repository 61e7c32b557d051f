//===- AxisInfoTransfer.cpp - what an op makes of axis infos --------------===//
//
// The rules speak of aligned groups. A group of a contiguous run that starts at
// s holds s, s + 1, ..., and s is a multiple of every power of two that divides
// both the run's first element and the group's length. Most rules follow from
// that: within such a group no carry leaves the low bits.
//
//===----------------------------------------------------------------------===//

#include "AxisInfoTransfer.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::triton;

namespace {

/// The three facts of one dimension.
struct Axis {
  int64_t contiguity = 1, divisibility = 1, constancy = 1;
};

/// Everything that divides both powers of two.
int64_t common(int64_t a, int64_t b) { return std::min(a, b); }
int64_t common(int64_t a, int64_t b, int64_t c, int64_t d) {
  return std::min({a, b, c, d});
}

int64_t multiply(int64_t a, int64_t b) {
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

} // namespace

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

//===----------------------------------------------------------------------===//
// Casts
//===----------------------------------------------------------------------===//

/// Operand 0 cut into runs of `length`, which are no longer than its own.
AxisInfo Transfer::ofRuns(function_ref<int64_t(unsigned)> length,
                          bool nonNegative) {
  return make(nonNegative, [&](unsigned dim) {
    int64_t run = length(dim);
    return Axis{run, lhs().getRunDivisibility(dim, run),
                lhs().getConstancy(dim)};
  });
}

/// An unsigned number may wrap inside of a run; not in one that starts at a
/// multiple of its length.
AxisInfo Transfer::zeroExtension() {
  return ofRuns(
      [&](unsigned dim) {
        return common(lhs().getContiguity(dim), lhs().getDivisibility(dim));
      },
      /*nonNegative=*/true);
}

AxisInfo Transfer::truncation(unsigned width) {
  int64_t half = int64_t(1) << std::clamp<int64_t>(int64_t(width) - 1, 0, 30);
  return ofRuns(
      [&](unsigned dim) {
        return std::min(
            {lhs().getContiguity(dim), lhs().getDivisibility(dim), half});
      },
      /*nonNegative=*/false);
}

/// Between pointers, or between pointers and integers: a step of one stays a
/// step of one only if it counts for as many bytes.
AxisInfo Transfer::pointerCast() {
  bool isSameStep = lhs().getUnit() == unit;
  return ofRuns(
      [&](unsigned dim) { return isSameStep ? lhs().getContiguity(dim) : 1; },
      /*nonNegative=*/false);
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

AxisInfo Transfer::permuted(ArrayRef<int32_t> order) {
  return make(lhs().isNonNegative(), [&](unsigned dim) {
    unsigned from = order[dim];
    return Axis{lhs().getContiguity(from), lhs().getDivisibility(from),
                lhs().getConstancy(from)};
  });
}

/// Dimensions of both shapes, from the last, fall into parts of equal numbers
/// of elements. In a part only the order of its elements, row by row, is kept.
AxisInfo Transfer::reshaped(RankedTensorType from, bool isReordered) {
  int64_t all = lhs().getElementDivisibility();
  auto to = cast<RankedTensorType>(type());
  SmallVector<Axis> axes(to.getRank(), Axis{1, all, 1});
  int64_t source = from.getRank() - 1, target = to.getRank() - 1;
  while (!isReordered && source >= 0 && target >= 0) {
    // The part: source dimensions (firstSource, source], the same for target.
    int64_t firstSource = source, firstTarget = target;
    int64_t sourceSize = from.getDimSize(firstSource--);
    int64_t targetSize = to.getDimSize(firstTarget--);
    while (sourceSize != targetSize) {
      if (sourceSize < targetSize && firstSource >= 0)
        sourceSize *= from.getDimSize(firstSource--);
      else if (targetSize < sourceSize && firstTarget >= 0)
        targetSize *= to.getDimSize(firstTarget--);
      else
        break;
    }
    // Along the part's elements in their order.
    int64_t inner = source, same = 1;
    while (inner > firstSource + 1 && from.getDimSize(inner) == 1)
      --inner;
    for (int64_t dim = source; dim > firstSource; --dim) {
      same *= lhs().getConstancy(dim);
      if (lhs().getConstancy(dim) != from.getDimSize(dim))
        break;
    }
    int64_t stride = 1;
    for (int64_t dim = target; dim > firstTarget; --dim) {
      int64_t size = to.getDimSize(dim);
      if (stride == 1 && size > 1) {
        int64_t run = std::min(lhs().getContiguity(inner), size);
        axes[dim].contiguity = run;
        axes[dim].divisibility = lhs().getRunDivisibility(inner, run);
      }
      axes[dim].constancy =
          std::clamp<int64_t>(same / stride, 1, std::max<int64_t>(size, 1));
      stride *= size;
    }
    source = firstSource;
    target = firstTarget;
  }
  return make(lhs().isNonNegative(), [&](unsigned dim) { return axes[dim]; });
}

AxisInfo Transfer::joined() {
  AxisInfo both = AxisInfo::join(lhs(), rhs());
  unsigned last = getAxisRank(type()) - 1;
  int64_t all =
      common(lhs().getElementDivisibility(), rhs().getElementDivisibility());
  return make(both.isNonNegative(), [&](unsigned dim) {
    if (dim == last)
      return Axis{1, all, both.getConstantValue() ? 2 : 1};
    return Axis{both.getContiguity(dim), both.getDivisibility(dim),
                both.getConstancy(dim)};
  });
}

AxisInfo Transfer::split() {
  int64_t all = lhs().getElementDivisibility();
  return make(lhs().isNonNegative(), [&](unsigned dim) {
    // Without dimensions a scalar is left.
    if (dim + 1 >= lhs().getRank())
      return Axis{1, all, 1};
    return Axis{lhs().getContiguity(dim),
                std::max(all, lhs().getDivisibility(dim)),
                lhs().getConstancy(dim)};
  });
}

//===----------------------------------------------------------------------===//
// Everything else
//===----------------------------------------------------------------------===//

/// Equal operands give equal results.
AxisInfo Transfer::elementwise() {
  return make(/*nonNegative=*/false, [&](unsigned dim) {
    Axis axis{1, 1, size(dim)};
    for (auto [info, operand] :
         llvm::zip(operands, result.getOwner()->getOperands()))
      if (isa<RankedTensorType>(operand.getType()))
        axis.constancy = std::min(axis.constancy, info.getConstancy(dim));
    return axis;
  });
}

AxisInfo Transfer::load(LoadOp op) {
  if (op.getIsVolatile() || isTensorPointerType(op.getPtr().getType()))
    return AxisInfo::getPessimistic(type());
  return elementwise();
}

static bool isElementwise(Operation *op) {
  if (op->getNumOperands() == 0 || op->getNumRegions() != 0 ||
      !op->hasTrait<OpTrait::Elementwise>() || !isMemoryEffectFree(op))
    return false;
  // Assembly for several elements may tell them apart.
  auto assembly = dyn_cast<ElementwiseInlineAsmOp>(op);
  return !assembly || assembly.getPackedElement() == 1;
}

/// The type of integers that index has here.
static unsigned getWidth(Type type) {
  Type element = getElementTypeOrSelf(type);
  return isa<IndexType>(element) ? 64 : element.getIntOrFloatBitWidth();
}

AxisInfo Transfer::run() {
  Operation *op = result.getOwner();
  auto cast = [&](bool isSigned) {
    unsigned from = getWidth(op->getOperand(0).getType());
    unsigned to = getWidth(type());
    return to < from                ? truncation(to)
           : isSigned || to == from ? lhs()
                                    : zeroExtension();
  };
  auto uniform = [&](const AxisInfo &element) {
    return make(element.isNonNegative(), [&](unsigned dim) {
      return Axis{1, element.getElementDivisibility(), size(dim)};
    });
  };
  return TypeSwitch<Operation *, AxisInfo>(op)
      .Case([&](arith::AddIOp) { return sum(1); })
      .Case([&](arith::SubIOp) { return difference(); })
      .Case([&](arith::MulIOp) { return product(); })
      .Case([&](arith::DivSIOp) { return quotient(/*isSigned=*/true); })
      .Case([&](arith::DivUIOp) { return quotient(/*isSigned=*/false); })
      .Case([&](arith::RemSIOp) { return remainder(/*isSigned=*/true); })
      .Case([&](arith::RemUIOp) { return remainder(/*isSigned=*/false); })
      .Case([&](arith::MaxSIOp) {
        return extremum(isNonNegative(0) || isNonNegative(1));
      })
      .Case([&](arith::MinUIOp) {
        return extremum(isNonNegative(0) || isNonNegative(1));
      })
      .Case<arith::MinSIOp, arith::MaxUIOp>([&](Operation *) {
        return extremum(isNonNegative(0) && isNonNegative(1));
      })
      .Case([&](arith::AndIOp) { return conjunction(); })
      .Case<arith::OrIOp, arith::XOrIOp>(
          [&](Operation *) { return disjunction(); })
      .Case([&](arith::ShLIOp) { return shiftLeft(); })
      .Case([&](arith::ShRSIOp) { return shiftRight(/*isSigned=*/true); })
      .Case([&](arith::ShRUIOp) { return shiftRight(/*isSigned=*/false); })
      .Case([&](arith::SelectOp) { return selection(); })
      .Case([&](arith::CmpIOp compare) {
        return comparison(compare.getPredicate());
      })
      .Case([&](arith::ExtSIOp) { return lhs(); })
      .Case([&](arith::ExtUIOp) { return zeroExtension(); })
      .Case([&](arith::TruncIOp) { return truncation(getWidth(type())); })
      .Case([&](arith::IndexCastOp) { return cast(/*isSigned=*/true); })
      .Case([&](arith::IndexCastUIOp) { return cast(/*isSigned=*/false); })
      .Case([&](AddPtrOp add) {
        if (isTensorPointerType(getElementTypeOrSelf(add.getPtr().getType())))
          return AxisInfo::getPessimistic(type());
        return sum(unit);
      })
      .Case<arith::BitcastOp, BitcastOp, PtrToIntOp, IntToPtrOp>(
          [&](Operation *) {
            Type from = op->getOperand(0).getType();
            bool isNumber = isPtrLikeType(type()) ||
                            getElementTypeOrSelf(type()).isInteger();
            bool wasNumber =
                isPtrLikeType(from) || getElementTypeOrSelf(from).isInteger();
            return isNumber && wasNumber ? pointerCast() : elementwise();
          })
      .Case([&](MakeRangeOp range) {
        return make(int32_t(range.getStart()) >= 0, [&](unsigned dim) {
          return Axis{size(dim), getPowerOfTwoDivisor(range.getStart()), 1};
        });
      })
      .Case<GetProgramIdOp, GetNumProgramsOp>([&](Operation *) {
        return AxisInfo({1}, {1}, {1}, /*nonNegative=*/true);
      })
      .Case<SplatOp, UnsplatOp>([&](Operation *) { return uniform(lhs()); })
      .Case([&](ub::PoisonOp) {
        // Whatever one likes to believe of it.
        return make(/*nonNegative=*/true, [&](unsigned dim) {
          return Axis{1, AxisInfo::kMaxDivisibility, size(dim)};
        });
      })
      .Case([&](ExpandDimsOp expand) {
        return make(isNonNegative(0), [&](unsigned dim) {
          unsigned axis = expand.getAxis();
          if (dim == axis)
            return Axis{1, lhs().getElementDivisibility(), 1};
          unsigned from = dim < axis ? dim : dim - 1;
          return Axis{lhs().getContiguity(from), lhs().getDivisibility(from),
                      lhs().getConstancy(from)};
        });
      })
      .Case([&](BroadcastOp broadcast) {
        return make(isNonNegative(0), [&](unsigned dim) {
          bool isWidened =
              broadcast.getSrc().getType().getDimSize(dim) != size(dim);
          return Axis{lhs().getContiguity(dim), lhs().getDivisibility(dim),
                      isWidened ? size(dim) : lhs().getConstancy(dim)};
        });
      })
      .Case([&](triton::gpu::ConvertLayoutOp) { return lhs(); })
      .Case([&](TransOp trans) { return permuted(trans.getOrder()); })
      .Case([&](ReshapeOp reshape) {
        return reshaped(reshape.getSrc().getType(), reshape.getAllowReorder());
      })
      .Case([&](JoinOp) { return joined(); })
      .Case([&](SplitOp) { return split(); })
      .Case([&](LoadOp load) { return this->load(load); })
      .Default([&](Operation *) {
        return isElementwise(op) ? elementwise()
                                 : AxisInfo::getPessimistic(type());
      });
}

AxisInfo triton::transferAxisInfo(OpResult result,
                                  ArrayRef<AxisInfo> operands) {
  return Transfer(result, operands).run();
}
