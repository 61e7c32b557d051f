#include "AxisFacts.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "tle/IR/Dialect.h"

#include <numeric>

using namespace mlir;
namespace ttg = mlir::triton::gpu;
using namespace mlir::triton;
using namespace mlir::triton::tle;

/// More than any vector or alignment needs, small enough to multiply.
static constexpr int64_t kManifold = int64_t(1) << 20;

static int64_t getLowBit(int64_t value) {
  return value ? std::min(value & -value, kManifold) : kManifold;
}

static int64_t getSize(Value value, int64_t dim) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type ? type.getDimSize(dim) : 1;
}

static AxisFacts getFactsOfArgument(BlockArgument argument) {
  AxisFacts facts;
  Operation *parent = argument.getOwner()->getParentOp();
  if (auto function = dyn_cast<FunctionOpInterface>(parent)) {
    if (argument.getOwner()->isEntryBlock())
      if (auto known = function.getArgAttrOfType<IntegerAttr>(
              argument.getArgNumber(), "tt.divisibility"))
        facts.divisibility = getLowBit(known.getInt());
  } else if (auto loop = dyn_cast<scf::ForOp>(parent);
             loop && argument == loop.getInductionVar()) {
    facts.divisibility =
        std::min(AxisFacts::get(loop.getLowerBound(), 0).divisibility,
                 AxisFacts::get(loop.getStep(), 0).divisibility);
  }
  return facts;
}

/// The sum of two tensors; `scale` is what a step of the second counts for.
static AxisFacts getFactsOfSum(const AxisFacts &lhs, const AxisFacts &rhs,
                               int64_t scale) {
  AxisFacts facts;
  facts.contiguity = std::max(std::gcd(lhs.contiguity, rhs.constancy),
                              std::gcd(lhs.constancy, rhs.contiguity));
  facts.constancy = std::gcd(lhs.constancy, rhs.constancy);
  facts.divisibility =
      std::gcd(lhs.divisibility, std::min(rhs.divisibility * scale, kManifold));
  return facts;
}

AxisFacts AxisFacts::get(Value value, int64_t dim) {
  AxisFacts facts;
  if (APInt constant; matchPattern(value, m_ConstantInt(&constant))) {
    facts.constancy = getSize(value, dim);
    facts.divisibility = getLowBit(constant.getSExtValue());
    return facts;
  }
  if (auto argument = dyn_cast<BlockArgument>(value))
    return getFactsOfArgument(argument);

  Operation *def = value.getDefiningOp();
  auto operand = [&](unsigned position) {
    return get(def->getOperand(position), dim);
  };
  if (auto range = dyn_cast<MakeRangeOp>(def)) {
    facts.contiguity = getSize(value, dim);
    facts.divisibility = getLowBit(range.getStart());
    return facts;
  }
  if (isa<SplatOp>(def)) {
    facts = get(def->getOperand(0), 0);
    facts.constancy = getSize(value, dim);
    return facts;
  }
  if (auto expand = dyn_cast<ExpandDimsOp>(def)) {
    int64_t axis = expand.getAxis();
    facts = get(expand.getSrc(), axis == dim ? 0 : axis < dim ? dim - 1 : dim);
    if (axis == dim) {
      // Each element is a group of its own now.
      facts.divisibility = facts.contiguity > 1 ? 1 : facts.divisibility;
      facts.contiguity = facts.constancy = 1;
    }
    return facts;
  }
  if (auto broadcast = dyn_cast<BroadcastOp>(def)) {
    facts = operand(0);
    if (getSize(broadcast.getSrc(), dim) != getSize(value, dim)) {
      facts.contiguity = 1;
      facts.constancy = getSize(value, dim);
    }
    return facts;
  }
  if (isa<ttg::ConvertLayoutOp, arith::ExtSIOp, arith::ExtUIOp,
          arith::IndexCastOp>(def))
    return operand(0);
  if (auto sum = dyn_cast<AddPtrOp>(def)) {
    PointerType pointer = getPointerTypeOrNull(sum.getPtr().getType());
    return getFactsOfSum(
        operand(0), operand(1),
        std::max(1u, getElementBitWidth(pointer.getPointeeType()) / 8));
  }
  if (isa<arith::AddIOp>(def))
    return getFactsOfSum(operand(0), operand(1), 1);
  if (isa<arith::MulIOp>(def)) {
    AxisFacts lhs = operand(0), rhs = operand(1);
    facts.constancy = std::gcd(lhs.constancy, rhs.constancy);
    // Inside a run only its first element has the run's divisor.
    int64_t left = lhs.contiguity > 1 ? 1 : lhs.divisibility,
            right = rhs.contiguity > 1 ? 1 : rhs.divisibility;
    facts.divisibility = std::min(left * right, kManifold);
    return facts;
  }
  if (auto compare = dyn_cast<arith::CmpIOp>(def)) {
    // A run against one bound: the answer changes at a multiple of what divides
    // both.
    AxisFacts lhs = operand(0), rhs = operand(1);
    int64_t both = std::gcd(lhs.divisibility, rhs.divisibility);
    bool isOrdered = !llvm::is_contained(
        {arith::CmpIPredicate::eq, arith::CmpIPredicate::ne},
        compare.getPredicate());
    bool startsAtMultiple = llvm::is_contained(
        {arith::CmpIPredicate::slt, arith::CmpIPredicate::sge,
         arith::CmpIPredicate::ult, arith::CmpIPredicate::uge},
        compare.getPredicate());
    facts.constancy = std::gcd(lhs.constancy, rhs.constancy);
    if (isOrdered && startsAtMultiple)
      facts.constancy =
          std::max(facts.constancy,
                   std::gcd(std::gcd(lhs.contiguity, rhs.constancy), both));
    return facts;
  }
  if (def->getNumOperands() &&
      (def->hasTrait<OpTrait::Elementwise>() || isa<LoadOp>(def))) {
    facts.constancy = getSize(value, dim);
    for (Value source : def->getOperands())
      if (isa<RankedTensorType>(source.getType()))
        facts.constancy = std::gcd(facts.constancy, get(source, dim).constancy);
  }
  return facts;
}

int64_t tle::getVectorLength(Value pointers, Value mask, int64_t dim) {
  AxisFacts facts = AxisFacts::get(pointers, dim);
  PointerType pointer = getPointerTypeOrNull(pointers.getType());
  int64_t bytes =
      std::max(1u, getElementBitWidth(pointer.getPointeeType()) / 8);
  int64_t length = std::min(facts.contiguity,
                            std::max<int64_t>(1, facts.divisibility / bytes));
  if (mask)
    length = std::min(length, AxisFacts::get(mask, dim).constancy);
  return length;
}
