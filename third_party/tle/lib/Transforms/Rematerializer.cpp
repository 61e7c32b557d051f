//===- Rematerializer.cpp - values computed again in a layout -------------===//

#include "Rematerializer.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
namespace ttg = mlir::triton::gpu;
using namespace mlir::triton;
using namespace mlir::triton::tle;

static bool isRowOrColumn(RankedTensorType type) {
  return llvm::count_if(type.getShape(),
                        [](int64_t size) { return size > 1; }) <= 1;
}

static RankedTensorType withLayout(RankedTensorType type, Attribute layout) {
  return RankedTensorType::get(type.getShape(), type.getElementType(), layout);
}

/// Whether the op gives the same tensor in any layout that its operands are
/// given in.
static bool isRepeatable(Operation *op) {
  if (op->getNumResults() != 1 || op->getNumRegions() != 0)
    return false;
  if (isa<SplatOp, MakeRangeOp, ExpandDimsOp, BroadcastOp>(op))
    return true;
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return isa<SplatElementsAttr>(constant.getValue());
  if (auto load = dyn_cast<LoadOp>(op)) {
    auto type = dyn_cast<RankedTensorType>(load.getPtr().getType());
    return type && isRowOrColumn(type) && !load.getIsVolatile();
  }
  if (auto load = dyn_cast<ttg::LocalLoadOp>(op))
    return isRowOrColumn(load.getType());
  // Inline assembly may see several elements of a thread at once.
  return op->hasTrait<OpTrait::Elementwise>() && isPure(op) &&
         !isa<ElementwiseInlineAsmOp>(op);
}

/// The layout that the tensor operands of `op` have where its result has
/// `layout`.
static Attribute getOperandLayout(Operation *op, Attribute layout) {
  if (auto expand = dyn_cast<ExpandDimsOp>(op))
    return ttg::SliceEncodingAttr::get(
        op->getContext(), expand.getAxis(),
        cast<ttg::DistributedEncodingTrait>(layout));
  return layout;
}

bool Rematerializer::isExchanged(Value value) const {
  auto type = cast<RankedTensorType>(value.getType());
  return type.getEncoding() == source.getEncoding() &&
         type.getShape() == source.getShape() &&
         isa<FloatType>(type.getElementType()) &&
         !value.getDefiningOp<arith::ConstantOp>();
}

Value Rematerializer::findObstacle(Value value, Attribute layout) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getEncoding() == layout || isExchanged(value))
    return {};
  auto [it, isNew] = obstacles.try_emplace({value, layout});
  if (!isNew)
    return it->second;
  Operation *op = value.getDefiningOp();
  Value obstacle;
  if (auto convert = dyn_cast_or_null<ttg::ConvertLayoutOp>(op)) {
    obstacle = findObstacle(convert.getSrc(), layout);
  } else if (op && isRepeatable(op)) {
    Attribute operandLayout = getOperandLayout(op, layout);
    for (Value operand : op->getOperands())
      if ((obstacle = findObstacle(operand, operandLayout)))
        break;
  } else if (!isRowOrColumn(type)) {
    obstacle = value;
  }
  return obstacles[{value, layout}] = obstacle;
}

Value Rematerializer::createExchange(OpBuilder &builder, Value value) const {
  auto type = cast<RankedTensorType>(value.getType());
  for (ttg::LinearEncodingAttr step : exchange.steps)
    value = ttg::ConvertLayoutOp::create(builder, value.getLoc(),
                                         withLayout(type, step), value);
  return value;
}

Value Rematerializer::build(Value value, Attribute layout) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getEncoding() == layout)
    return value;
  if (Value done = built.lookup({value, layout}))
    return done;
  Operation *op = value.getDefiningOp();
  OpBuilder builder(value.getContext());
  Value result;
  if (isExchanged(value)) {
    builder.setInsertionPointAfterValue(value);
    result = createExchange(builder, value);
  } else if (auto convert = dyn_cast_or_null<ttg::ConvertLayoutOp>(op)) {
    // Where the conversion stands, lest registers be held for longer.
    builder.setInsertionPoint(op);
    result = isExchanged(convert.getSrc())
                 ? createExchange(builder, convert.getSrc())
                 : build(convert.getSrc(), layout);
  } else if (op && isRepeatable(op)) {
    Attribute operandLayout = getOperandLayout(op, layout);
    IRMapping mapping;
    for (Value operand : op->getOperands())
      mapping.map(operand, build(operand, operandLayout));
    RankedTensorType resultType = withLayout(type, layout);
    builder.setInsertionPoint(op);
    if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      auto splat = cast<SplatElementsAttr>(constant.getValue());
      result = arith::ConstantOp::create(builder, op->getLoc(),
                                         splat.resizeSplat(resultType));
    } else {
      result = builder.clone(*op, mapping)->getResult(0);
      result.setType(resultType);
    }
  } else {
    builder.setInsertionPointAfterValue(value);
    result = ttg::ConvertLayoutOp::create(builder, value.getLoc(),
                                          withLayout(type, layout), value);
  }
  built[{value, layout}] = result;
  return result;
}
