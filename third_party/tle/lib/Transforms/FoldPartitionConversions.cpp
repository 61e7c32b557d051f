//===- FoldPartitionConversions.cpp - one layout for what belongs together ===//
//
// Precondition:  layouts are chosen; in partitions of ttg.warp_specialize,
//                conversions stand between values that are made elementwise.
// Rewrite:       %w = convert_layout %v : #a -> #b
//            ==> %v and what it is made of and with have #b
//                tt.reduce of a vector, over several warps
//            ==> every warp holds the vector and reduces it for itself
// Postcondition: no conversion more than before; each that is gone took shared
//                memory and barriers, or shuffles.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/Passes.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLEFOLDPARTITIONCONVERSIONS
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;
using namespace mlir::triton::tle;

namespace {

RankedTensorType withLayout(Value value, Attribute layout) {
  return cast<RankedTensorType>(value.getType()).cloneWithEncoding(layout);
}

/// Values that must have one layout, because ops without a layout of their own
/// connect them.
class Component {
public:
  explicit Component(Attribute target) : target(target) {}

  /// Collects what belongs to `seed`; false if an op in it is bound to its
  /// layout.
  bool collect(Value seed) {
    auto type = cast<RankedTensorType>(seed.getType());
    shape = type.getShape();
    source = type.getEncoding();
    Operation *owner = seed.getParentBlock()->getParentOp();
    if (Operation *def = seed.getDefiningOp())
      owner = def;
    int64_t threads =
        int64_t(lookupNumWarps(owner)) * lookupThreadsPerWarp(owner);
    isSmall = shape.size() == 1 && type.getNumElements() <= threads;
    add(seed);
    for (size_t i = 0; i < values.size(); ++i)
      if (!addDefinition(values[i]) || !addUsers(values[i]))
        return false;
    return true;
  }

  /// How many conversions less there are with the target layout.
  int gain() const {
    int gain = 0;
    for (ConvertLayoutOp convert : boundary)
      gain += isNeedless(convert);
    return gain;
  }

  void apply() {
    for (auto [op, index] : leaves) {
      OpBuilder builder(op);
      OpOperand &use = op->getOpOperand(index);
      builder.setInsertionPointAfterValue(use.get());
      Operation *copy = builder.clone(*use.get().getDefiningOp());
      retype(copy->getResult(0));
      use.set(copy->getResult(0));
    }
    for (Value value : values)
      retype(value);
    for (ConvertLayoutOp convert : boundary) {
      if (convert.getSrc().getType() != convert.getType())
        continue;
      convert.getResult().replaceAllUsesWith(convert.getSrc());
      convert.erase();
    }
  }

private:
  Attribute target, source;
  ArrayRef<int64_t> shape;
  bool isSmall = false;
  llvm::SetVector<Value> values;
  llvm::SetVector<ConvertLayoutOp> boundary;
  /// Operands made of nothing, each to be copied for its use.
  llvm::SetVector<std::pair<Operation *, unsigned>> leaves;

  void add(Value value) { values.insert(value); }

  bool isNeedless(ConvertLayoutOp convert) const {
    bool isInside = values.contains(convert.getSrc());
    Value other = isInside ? convert.getResult() : convert.getSrc();
    return cast<RankedTensorType>(other.getType()).getEncoding() == target;
  }

  void retype(Value value) {
    value.setType(withLayout(value, target));
    auto constant = value.getDefiningOp<arith::ConstantOp>();
    if (!constant)
      return;
    auto splat = cast<SplatElementsAttr>(constant.getValue());
    constant.setValueAttr(SplatElementsAttr::get(
        cast<ShapedType>(value.getType()), splat.getSplatValue<Attribute>()));
  }

  static bool isLeaf(Operation *op) {
    if (auto constant = dyn_cast_or_null<arith::ConstantOp>(op))
      return isa<SplatElementsAttr>(constant.getValue());
    return isa_and_nonnull<SplatOp, MakeRangeOp>(op);
  }

  /// Adds the tensors among the operands of `op`.
  bool addOperands(Operation *op) {
    for (OpOperand &operand : op->getOpOperands()) {
      auto type = dyn_cast<RankedTensorType>(operand.get().getType());
      if (!type)
        continue;
      if (type.getShape() != shape || type.getEncoding() != source)
        return false;
      if (isLeaf(operand.get().getDefiningOp()))
        leaves.insert({op, operand.getOperandNumber()});
      else
        add(operand.get());
    }
    return true;
  }

  bool addResults(Operation *op) {
    for (Value result : op->getResults()) {
      auto type = dyn_cast<RankedTensorType>(result.getType());
      if (!type || type.getShape() != shape || type.getEncoding() != source)
        return false;
      add(result);
    }
    return true;
  }

  static bool isElementwise(Operation *op) {
    if (op->getNumRegions() != 0 || !isMemoryEffectFree(op))
      return false;
    return op->hasTrait<OpTrait::Elementwise>() ||
           isa<ElementwiseInlineAsmOp>(op);
  }

  /// An op in the middle: its operands and results share the layout.
  bool addOp(Operation *op) {
    if (isElementwise(op))
      return addOperands(op) && addResults(op);
    if (auto load = dyn_cast<LoadOp>(op))
      return isSmall && !load.getIsVolatile() && addOperands(op) &&
             addResults(op);
    if (isa<StoreOp>(op))
      return isSmall && addOperands(op);
    return false;
  }

  /// The values that a loop carries in one place.
  bool addCarried(scf::ForOp loop, unsigned index) {
    for (Value value :
         {Value(loop.getInitArgs()[index]), loop.getYieldedValues()[index]})
      // Of one use only, so that no copy of the op is needed.
      if (isLeaf(value.getDefiningOp()))
        return false;
      else
        add(value);
    add(loop.getRegionIterArg(index));
    add(loop.getResult(index));
    return true;
  }

  bool addBranches(scf::IfOp branch, unsigned index) {
    if (branch.getElseRegion().empty())
      return false;
    for (scf::YieldOp yield : {branch.thenYield(), branch.elseYield()}) {
      Value value = yield.getOperand(index);
      if (isLeaf(value.getDefiningOp()))
        leaves.insert({yield, index});
      else
        add(value);
    }
    add(branch.getResult(index));
    return true;
  }

  bool addDefinition(Value value) {
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
      return loop && argument.getArgNumber() > 0 &&
             addCarried(loop, argument.getArgNumber() - 1);
    }
    auto result = cast<OpResult>(value);
    Operation *op = result.getOwner();
    if (auto convert = dyn_cast<ConvertLayoutOp>(op)) {
      boundary.insert(convert);
      return true;
    }
    if (auto loop = dyn_cast<scf::ForOp>(op))
      return addCarried(loop, result.getResultNumber());
    if (auto branch = dyn_cast<scf::IfOp>(op))
      return addBranches(branch, result.getResultNumber());
    // Of a leaf only the one operand changes; a seed is none.
    return isa<LocalLoadOp>(op) || addOp(op);
  }

  bool addUsers(Value value) {
    for (OpOperand &use : value.getUses()) {
      Operation *op = use.getOwner();
      if (auto convert = dyn_cast<ConvertLayoutOp>(op)) {
        boundary.insert(convert);
      } else if (auto yield = dyn_cast<scf::YieldOp>(op)) {
        unsigned index = use.getOperandNumber();
        if (auto loop = dyn_cast<scf::ForOp>(yield->getParentOp())) {
          if (!addCarried(loop, index))
            return false;
        } else if (auto branch = dyn_cast<scf::IfOp>(yield->getParentOp())) {
          if (!addBranches(branch, index))
            return false;
        } else {
          return false;
        }
      } else if (auto loop = dyn_cast<scf::ForOp>(op)) {
        unsigned first = loop.getNumControlOperands();
        if (use.getOperandNumber() < first ||
            !addCarried(loop, use.getOperandNumber() - first))
          return false;
      } else if (auto reduce = dyn_cast<ReduceOp>(op)) {
        if (shape.size() != 1 || reduce.getNumOperands() != 1)
          return false;
      } else if (!isa<LocalStoreOp>(op) && !addOp(op)) {
        return false;
      }
    }
    return true;
  }
};

/// A layout of a vector that each warp holds whole.
Attribute getPerWarpLayout(RankedTensorType type, unsigned numWarps,
                           unsigned numLanes) {
  unsigned perLane = std::max<int64_t>(type.getNumElements() / numLanes, 1);
  return BlockedEncodingAttr::get(
      type.getContext(), {perLane}, {numLanes}, {numWarps}, {0},
      CGAEncodingAttr::getDefault(type.getContext(), 1));
}

class FoldPartitionConversionsPass
    : public triton::tle::impl::TLEFoldPartitionConversionsBase<
          FoldPartitionConversionsPass> {
public:
  void runOnOperation() override {
    // A conversion that goes may take others along: one at a time.
    while (foldOne())
      ;
    SmallVector<ReduceOp> reduces;
    getOperation().walk([&](ReduceOp reduce) {
      if (isInWarpSpecialize(reduce) && reduce.getNumOperands() == 1)
        reduces.push_back(reduce);
    });
    for (ReduceOp reduce : reduces)
      reducePerWarp(reduce);
  }

private:
  bool foldOne() {
    SmallVector<ConvertLayoutOp> converts;
    getOperation().walk([&](ConvertLayoutOp convert) {
      if (isInWarpSpecialize(convert))
        converts.push_back(convert);
    });
    for (ConvertLayoutOp convert : converts)
      for (bool backwards : {true, false}) {
        Value seed = backwards ? convert.getSrc() : convert.getResult();
        Value other = backwards ? convert.getResult() : convert.getSrc();
        Component component(
            cast<RankedTensorType>(other.getType()).getEncoding());
        if (component.collect(seed) && component.gain() > 0) {
          component.apply();
          return true;
        }
      }
    return false;
  }

  void reducePerWarp(ReduceOp reduce) {
    Value source = reduce.getOperands()[0];
    auto type = cast<RankedTensorType>(source.getType());
    unsigned numWarps = lookupNumWarps(reduce);
    unsigned numLanes = lookupThreadsPerWarp(reduce);
    if (type.getRank() != 1 || numWarps == 1 ||
        type.getNumElements() > int64_t(numWarps) * numLanes)
      return;
    Attribute target = getPerWarpLayout(type, numWarps, numLanes);
    Component component(target);
    if (type.getEncoding() != target && component.collect(source) &&
        component.gain() >= 0)
      component.apply();
  }
};

} // namespace
