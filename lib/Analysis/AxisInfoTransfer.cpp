//===- AxisInfoTransfer.cpp - what an op makes of axis infos --------------===//
//
// Finds the rule of an op. The rules of casts and shapes, and of ops that have
// none of their own, are here; those of numbers in AxisInfoNumbers.cpp.
//
//===----------------------------------------------------------------------===//

#include "AxisInfoTransfer.h"

#include "AxisInfoRules.h"

#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::axisinfo;

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
