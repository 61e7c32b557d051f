//===- LazyRescaling.cpp - sums follow a maximum with delay ---------------===//
//
// Precondition:  a loop marked tle.consumer, tensors without layouts, with wide
//                accumulators that follow a running maximum m.
// Rewrite:       f = exp2(m - m'), p = exp2(s - m'), c' = c * f + L(p)
//            ==> r' = m' > r + 8 ? m' : r
//                f = exp2(r - r'), p = exp2(s - r'), c' = c * f + L(p)
//                behind the loop c * exp2(r - m) stands for c
// Postcondition: f is 1 but where the maximum has grown by more than a factor
//                of 2^8 since the reference r last moved.
//
// Why the results are the same: let c be any value that the loop carries and
// scales by f. L is linear, takes no two elements of m together, and nothing
// else depends on m, f, p or c. Then c in the new loop is 2^(m - r) times c in
// the old one, in each iteration: it is so before the loop, where r = m, and if
// it is before an iteration it is behind it, for f and p have changed by
// 2^(m' - r') / 2^(m - r) and 2^(m' - r'). What stands behind the loop gets m
// as it was and c as it was, but for the rounding of one product. No exponent
// is larger than 8, so what stands for p is at most 2^8 times as large as in
// the old loop.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/Accumulation.h"
#include "tle/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/Transforms/Remarks.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLELAZYRESCALING
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::tle;
namespace ttg = mlir::triton::gpu;

namespace {

/// What the reference may lie below the maximum, in powers of two.
constexpr double kTolerance = 8.0;
constexpr double kLn2 = 0.69314718055994530942;

/// What a value of the loop is made of.
enum class Kind {
  /// Nothing that depends on the maximum.
  Free,
  OldMaximum,
  NewMaximum,
  /// The old maximum less the new one; its exponential is the factor.
  Fall,
  Factor,
  /// Something less the new maximum; its exponential is a weight.
  Exponent,
  /// Proportional to exp(-m) for the old maximum, and for the new one.
  OldSum,
  NewSum,
};

bool isZero(Value value) { return matchPattern(value, m_AnyZeroFloat()); }

/// A running maximum of a loop and all that hangs on it.
class RunningMaximum {
public:
  RunningMaximum(scf::ForOp loop, unsigned number)
      : loop(loop), body(loop.getBody()), number(number) {}

  /// Whether the loop does nothing with the maximum but what the rewrite
  /// knows, and scales a wide accumulator by it.
  bool match(const Accumulation &sums) {
    old = loop.getRegionIterArg(number);
    auto type = dyn_cast<RankedTensorType>(old.getType());
    Operation *maximum = loop.getYieldedValues()[number].getDefiningOp();
    if (!type || !type.hasStaticShape() || type.getRank() != 1 ||
        !type.getElementType().isF32() ||
        !isa_and_nonnull<arith::MaxNumFOp, arith::MaximumFOp>(maximum) ||
        maximum->getBlock() != body ||
        !llvm::is_contained(maximum->getOperands(), old))
      return false;
    grown = maximum->getResult(0);
    // Each round finds one more value that the loop scales.
    do {
      foundSum = false;
      if (!classify())
        return false;
    } while (foundSum);
    return llvm::any_of(sums.numbers,
                        [&](unsigned sum) { return scaled.contains(sum); }) &&
           checkYield();
  }

  void rewrite();

private:
  scf::ForOp loop;
  Block *body;
  unsigned number;
  Value old, grown;
  llvm::DenseMap<Value, Kind> kinds;
  /// By value that is not free: the dimension in which it has an element, or
  /// more, for each element of the maximum.
  llvm::DenseMap<Value, unsigned> rows;
  /// Carried values that are scaled, each with the factor in its shape and the
  /// dimension of the rows.
  llvm::MapVector<unsigned, std::pair<Value, unsigned>> scaled;
  bool foundSum = false;
  bool isNatural = false, isBinary = false;

  Kind get(Value value) const {
    auto found = kinds.find(value);
    return found == kinds.end() ? Kind::Free : found->second;
  }

  bool classify();
  bool classify(Operation &op);
  std::optional<Kind> combine(Operation &op);
  std::optional<unsigned> findRows(Operation &op);
  bool checkYield();
  Value createExp(OpBuilder &builder, Location loc, Value value) {
    if (isNatural)
      return math::ExpOp::create(builder, loc, value);
    return math::Exp2Op::create(builder, loc, value);
  }
};

bool RunningMaximum::classify() {
  kinds.clear();
  rows.clear();
  kinds[old] = Kind::OldMaximum;
  rows[old] = 0;
  for (auto &[sum, scaling] : scaled) {
    kinds[loop.getRegionIterArg(sum)] = Kind::OldSum;
    rows[loop.getRegionIterArg(sum)] = scaling.second;
  }
  for (Operation &op : body->without_terminator())
    if (!classify(op))
      return false;
  return true;
}

bool RunningMaximum::classify(Operation &op) {
  bool isFree = llvm::all_of(op.getOperands(), [&](Value operand) {
    return get(operand) == Kind::Free;
  });
  for (Region &region : op.getRegions())
    region.walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        isFree &= get(operand) == Kind::Free;
    });
  if (isFree)
    return true;
  std::optional<Kind> kind = combine(op);
  if (!kind)
    return false;
  std::optional<unsigned> dim = findRows(op);
  if (!dim)
    return false;
  rows[op.getResult(0)] = *dim;
  // Sums grow by what weights do: to where small exponents end.
  Type element = getElementTypeOrSelf(op.getResult(0).getType());
  bool hasRange = element.isF32() || element.isF64() || element.isBF16();
  if (*kind == Kind::NewSum && !isa<arith::TruncFOp, TransOp, ReshapeOp>(op) &&
      !hasRange)
    return false;
  kinds[op.getResult(0)] = *kind;
  return true;
}

/// The kind of the result of an op with operands that are not free.
std::optional<Kind> RunningMaximum::combine(Operation &op) {
  if (op.getNumResults() != 1)
    return std::nullopt;
  SmallVector<Kind> in = llvm::map_to_vector(
      op.getOperands(), [&](Value value) { return get(value); });
  if (op.getResult(0) == grown) {
    Kind other = op.getOperand(0) == old ? in[1] : in[0];
    return other == Kind::Free ? std::optional(Kind::NewMaximum) : std::nullopt;
  }
  if (isa<arith::SubFOp>(op)) {
    if (in[1] != Kind::NewMaximum)
      return std::nullopt;
    if (in[0] == Kind::OldMaximum)
      return Kind::Fall;
    return in[0] == Kind::Free ? std::optional(Kind::Exponent) : std::nullopt;
  }
  if (isa<math::ExpOp, math::Exp2Op>(op)) {
    (isa<math::ExpOp>(op) ? isNatural : isBinary) = true;
    if (isNatural && isBinary)
      return std::nullopt;
    if (in[0] == Kind::Fall)
      return Kind::Factor;
    return in[0] == Kind::Exponent ? std::optional(Kind::NewSum) : std::nullopt;
  }
  if (isa<ExpandDimsOp, BroadcastOp>(op))
    return in[0] == Kind::NewMaximum || in[0] == Kind::Factor ||
                   in[0] == Kind::NewSum
               ? std::optional(in[0])
               : std::nullopt;
  if (isa<arith::TruncFOp, arith::ExtFOp, TransOp, ReshapeOp>(op))
    return in[0] == Kind::NewSum ? std::optional(in[0]) : std::nullopt;
  if (isa<arith::MulFOp>(op))
    for (unsigned factor : {0, 1}) {
      Value other = op.getOperand(1 - factor);
      if (in[factor] == Kind::NewSum && in[1 - factor] == Kind::Free)
        return Kind::NewSum;
      if (in[factor] != Kind::Factor)
        continue;
      if (in[1 - factor] == Kind::OldSum)
        return Kind::NewSum;
      auto argument = dyn_cast<BlockArgument>(other);
      if (!argument || argument.getOwner() != body ||
          argument == loop.getInductionVar() || in[1 - factor] != Kind::Free)
        return std::nullopt;
      scaled[argument.getArgNumber() - 1] = {
          op.getOperand(factor), rows.lookup(op.getOperand(factor))};
      foundSum = true;
      return Kind::NewSum;
    }
  if (isa<arith::AddFOp>(op))
    return in[0] == Kind::NewSum && in[1] == Kind::NewSum
               ? std::optional(Kind::NewSum)
               : std::nullopt;
  if (isa<arith::SelectOp>(op)) {
    auto isSum = [&](unsigned index) {
      return in[index] == Kind::NewSum ||
             (in[index] == Kind::Free && isZero(op.getOperand(index)));
    };
    return in[0] == Kind::Free && isSum(1) && isSum(2)
               ? std::optional(Kind::NewSum)
               : std::nullopt;
  }
  if (isa<DotOp>(op)) {
    bool isLinear = (in[0] == Kind::NewSum && in[1] == Kind::Free) ||
                    (in[0] == Kind::Free && in[1] == Kind::NewSum);
    bool addsToSum = in[2] == Kind::NewSum ||
                     (in[2] == Kind::Free && isZero(op.getOperand(2)));
    return isLinear && addsToSum ? std::optional(Kind::NewSum) : std::nullopt;
  }
  if (auto reduce = dyn_cast<ReduceOp>(op);
      reduce && llvm::hasSingleElement(reduce.getCombineOp())) {
    Block &combiner = reduce.getCombineOp().front();
    bool isSum =
        reduce.getNumOperands() == 1 && in[0] == Kind::NewSum &&
        combiner.getOperations().size() == 2 &&
        isa<arith::AddFOp>(combiner.front()) &&
        llvm::all_of(combiner.getArguments(), [&](Value argument) {
          return llvm::is_contained(combiner.front().getOperands(), argument);
        });
    return isSum ? std::optional(Kind::NewSum) : std::nullopt;
  }
  return std::nullopt;
}

/// The dimension of the rows of the result of an op that `combine` knows;
/// nothing if it puts rows together.
std::optional<unsigned> RunningMaximum::findRows(Operation &op) {
  std::optional<unsigned> dim;
  for (OpOperand &operand : op.getOpOperands()) {
    if (get(operand.get()) == Kind::Free)
      continue;
    unsigned own = rows.lookup(operand.get());
    auto type = cast<RankedTensorType>(operand.get().getType());
    if (auto expand = dyn_cast<ExpandDimsOp>(op)) {
      own += expand.getAxis() <= own;
    } else if (auto transpose = dyn_cast<TransOp>(op)) {
      own = llvm::find(transpose.getOrder(), static_cast<int32_t>(own)) -
            transpose.getOrder().begin();
    } else if (auto reshape = dyn_cast<ReshapeOp>(op)) {
      ArrayRef<int64_t> shape = reshape.getType().getShape();
      if (own != 0 || reshape.getAllowReorder() || shape.empty() ||
          shape.front() != type.getShape().front())
        return std::nullopt;
    } else if (auto reduce = dyn_cast<ReduceOp>(op)) {
      if (reduce.getAxis() == own)
        return std::nullopt;
      own -= reduce.getAxis() < own;
    } else if (isa<DotOp>(op)) {
      // Rows of the first factor, or columns of the second; of a batch of
      // products neither has this number.
      if (type.getRank() != 2 ||
          (operand.getOperandNumber() < 2 && operand.getOperandNumber() != own))
        return std::nullopt;
    }
    if (dim && *dim != own)
      return std::nullopt;
    dim = own;
  }
  return dim;
}

/// Whether each carried value is behind an iteration what it was before it.
bool RunningMaximum::checkYield() {
  for (auto [index, value] : llvm::enumerate(loop.getYieldedValues())) {
    Kind expected = index == number          ? Kind::NewMaximum
                    : scaled.contains(index) ? Kind::NewSum
                                             : Kind::Free;
    if (get(value) != expected)
      return false;
    if (expected == Kind::NewSum &&
        rows.lookup(value) != scaled.lookup(index).second)
      return false;
  }
  return loop.getYieldedValues()[number] == grown;
}

/// The value that is spread out to `value`, by the ops in `shapes`, last first.
static Value findRoot(Value value, SmallVectorImpl<Operation *> &shapes) {
  while (isa_and_nonnull<ExpandDimsOp, BroadcastOp>(value.getDefiningOp())) {
    shapes.push_back(value.getDefiningOp());
    value = shapes.back()->getOperand(0);
  }
  return value;
}

/// Spreads `value` out as `shapes` do.
static Value spread(OpBuilder &builder, Value value,
                    ArrayRef<Operation *> shapes) {
  for (Operation *op : llvm::reverse(shapes)) {
    IRMapping mapping;
    mapping.map(op->getOperand(0), value);
    value = builder.clone(*op, mapping)->getResult(0);
  }
  return value;
}

/// Multiplies the vector that `sum` is multiplied by anyway, spread out by ops
/// like `shapes`; false if there is none. `folded`: the products so far.
static bool foldCorrection(IRRewriter &rewriter, Value sum, Value correction,
                           ArrayRef<Operation *> shapes,
                           llvm::DenseMap<Value, Operation *> &folded) {
  auto product = sum.hasOneUse() ? dyn_cast<arith::MulFOp>(*sum.user_begin())
                                 : arith::MulFOp();
  if (!product || product->getBlock() != correction.getParentBlock())
    return false;
  SmallVector<Operation *> own;
  Value factor = findRoot(
      product.getLhs() == sum ? product.getRhs() : product.getLhs(), own);
  bool isAlike = factor.getType() == correction.getType() &&
                 llvm::equal(own, shapes, [](Operation *a, Operation *b) {
                   return a->getName() == b->getName() &&
                          a->getResultTypes() == b->getResultTypes() &&
                          a->getAttrDictionary() == b->getAttrDictionary();
                 });
  if (!isAlike)
    return false;
  rewriter.setInsertionPoint(product);
  Operation *&both = folded[factor];
  if (!both || !both->isBeforeInBlock(product))
    both = arith::MulFOp::create(rewriter, correction.getLoc(), factor,
                                 correction);
  Value shaped = spread(rewriter, both->getResult(0), own);
  rewriter.modifyOpInPlace(product,
                           [&] { product->setOperands({sum, shaped}); });
  return true;
}

void RunningMaximum::rewrite() {
  Location loc = grown.getLoc();
  auto type = cast<RankedTensorType>(old.getType());
  IRRewriter rewriter(loop.getContext());
  // The reference, moved by the value that `body` yields.
  unsigned last = loop.getNumRegionIterArgs();
  NamedAttrList attributes(loop->getDiscardableAttrDictionary());
  auto result = loop.replaceWithAdditionalYields(
      rewriter, ValueRange{loop.getInitArgs()[number]},
      /*replaceInitOperandUsesInLoop=*/false,
      [&](OpBuilder &builder, Location, ArrayRef<BlockArgument> arguments) {
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPointAfterValue(grown);
        Value reference = arguments.front();
        Value tolerance = arith::ConstantOp::create(
            builder, loc,
            SplatElementsAttr::get(type,
                                   builder.getF32FloatAttr(
                                       kTolerance * (isNatural ? kLn2 : 1.0))));
        Value limit = arith::AddFOp::create(builder, loc, reference, tolerance);
        Value isAbove = arith::CmpFOp::create(
            builder, loc, arith::CmpFPredicate::OGT, grown, limit);
        Value moved =
            arith::SelectOp::create(builder, loc, isAbove, grown, reference);
        grown.replaceUsesWithIf(moved, [&](OpOperand &use) {
          return isa<arith::SubFOp, ExpandDimsOp, BroadcastOp>(use.getOwner());
        });
        for (Operation *user : llvm::make_early_inc_range(moved.getUsers()))
          if (auto fall = dyn_cast<arith::SubFOp>(user))
            if (fall.getLhs() == old)
              fall.getLhsMutable().assign(reference);
        return SmallVector<Value>{moved};
      });
  loop = cast<scf::ForOp>(result->getOperation());
  loop->setDiscardableAttrs(attributes.getDictionary(loop.getContext()));

  rewriter.setInsertionPointAfter(loop);
  Value reference = loop.getResult(last), maximum = loop.getResult(number);
  Value one = arith::ConstantOp::create(
      rewriter, loc,
      SplatElementsAttr::get(type, rewriter.getF32FloatAttr(1.0)));
  // Of infinities the difference is none.
  Value isSame = arith::CmpFOp::create(rewriter, loc, arith::CmpFPredicate::OEQ,
                                       reference, maximum);
  Value behind = arith::SubFOp::create(rewriter, loc, reference, maximum);
  Value correction = arith::SelectOp::create(rewriter, loc, isSame, one,
                                             createExp(rewriter, loc, behind));
  llvm::DenseMap<Value, Operation *> folded;
  for (auto &[sum, scaling] : scaled) {
    Value value = loop.getResult(sum);
    if (value.use_empty())
      continue;
    // The factor's way from a vector to the shape of the sum.
    SmallVector<Operation *> shapes;
    findRoot(scaling.first, shapes);
    if (foldCorrection(rewriter, value, correction, shapes, folded))
      continue;
    rewriter.setInsertionPointAfterValue(correction);
    Value shaped = spread(rewriter, correction, shapes);
    auto corrected = arith::MulFOp::create(rewriter, loc, value, shaped);
    rewriter.replaceAllUsesExcept(value, corrected, corrected);
  }
}

class LazyRescaling
    : public triton::tle::impl::TLELazyRescalingBase<LazyRescaling> {
public:
  void runOnOperation() override {
    SmallVector<scf::ForOp> loops;
    getOperation()->walk([&](scf::ForOp loop) {
      if (loop->hasAttr(kConsumerAttr))
        loops.push_back(loop);
    });
    for (scf::ForOp loop : loops)
      rescale(loop);
  }

private:
  void rescale(scf::ForOp loop) {
    Accumulation sums = findAccumulation(loop);
    if (!sums.isWide())
      return;
    for (unsigned i = 0; i < loop.getNumRegionIterArgs(); ++i) {
      RunningMaximum maximum(loop, i);
      if (!maximum.match(sums))
        continue;
      ttg::applied(loop, getArgument(),
                   "sums follow the maximum where it has grown by a factor of "
                   "2^8");
      return maximum.rewrite();
    }
    ttg::leftAlone(loop, getArgument(),
                   "no accumulator is scaled by exp(m - max(m, ...)) alone");
  }
};

} // namespace
