//===- ElementwiseOps.cpp - casts and elementwise math --------------------===//

#include "mlir/IR/Matchers.h"
#include "triton/Dialect/Triton/IR/Dialect.h"

using namespace mlir;
using namespace mlir::triton;

using EffectList =
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>;

//===----------------------------------------------------------------------===//
// BitcastOp, FpToFpOp
//===----------------------------------------------------------------------===//

LogicalResult BitcastOp::verify() {
  Type source = getElementTypeOrSelf(getSrc().getType());
  Type target = getElementTypeOrSelf(getType());
  if (isa<PointerType>(source) != isa<PointerType>(target))
    return emitOpError("casts a pointer only to a pointer, got ")
           << getSrc().getType() << " and " << getType();
  if (getElementBitWidth(source) != getElementBitWidth(target))
    return emitOpError("needs element types of one width, got ")
           << source << " and " << target;
  return success();
}

LogicalResult FpToFpOp::verify() {
  unsigned sourceWidth = getElementBitWidth(getSrc().getType());
  unsigned targetWidth = getElementBitWidth(getType());
  if (targetWidth < sourceWidth && !getRounding())
    return emitOpError("narrows ") << getSrc().getType() << " to " << getType()
                                   << " and so must name its rounding";
  return success();
}

OpFoldResult FpToFpOp::fold(FoldAdaptor adaptor) {
  if (getSrc().getType() == getType())
    return getSrc();
  // Of constants only zeros: they alone are exact in every format.
  bool negative = matchPattern(adaptor.getSrc(), m_NegZeroFloat());
  if (!negative && !matchPattern(adaptor.getSrc(), m_PosZeroFloat()))
    return {};
  auto target = cast<FloatType>(getElementTypeOrSelf(getType()));
  auto zero = FloatAttr::get(
      target, APFloat::getZero(target.getFloatSemantics(), negative));
  if (auto tensor = dyn_cast<RankedTensorType>(getType()))
    return SplatElementsAttr::get(tensor, ArrayRef<Attribute>(zero));
  return zero;
}

//===----------------------------------------------------------------------===//
// ExternElementwiseOp, ElementwiseInlineAsmOp
//===----------------------------------------------------------------------===//

/// Code that is not known to be pure may touch any memory.
static void addUnknownEffects(EffectList &effects) {
  effects.emplace_back(MemoryEffects::Write::get(),
                       SideEffects::DefaultResource::get());
  effects.emplace_back(MemoryEffects::Read::get(),
                       SideEffects::DefaultResource::get());
}

void ExternElementwiseOp::getEffects(EffectList &effects) {
  if (!getPure())
    addUnknownEffects(effects);
}

Speculation::Speculatability ExternElementwiseOp::getSpeculatability() {
  return getPure() ? Speculation::Speculatable : Speculation::NotSpeculatable;
}

void ElementwiseInlineAsmOp::getEffects(EffectList &effects) {
  if (!getPure())
    addUnknownEffects(effects);
}

Speculation::Speculatability ElementwiseInlineAsmOp::getSpeculatability() {
  return getPure() ? Speculation::Speculatable : Speculation::NotSpeculatable;
}

LogicalResult ElementwiseInlineAsmOp::verify() {
  if (getPackedElement() < 1)
    return emitOpError("packed_element must be at least 1, got ")
           << getPackedElement();
  if (getNumOperands() == 0)
    return success();
  RankedTensorType first;
  for (Type type :
       llvm::concat<const Type>(llvm::to_vector(getOperandTypes()),
                                llvm::to_vector(getResultTypes()))) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor)
      continue;
    if (!first)
      first = tensor;
    if (tensor.getShape() != first.getShape())
      return emitOpError("needs tensors of one shape, got ")
             << first << " and " << tensor;
  }
  if (!first)
    return success();
  int64_t elements = first.getNumElements();
  if (elements % getPackedElement() != 0)
    return emitOpError(
               "packed_element must divide the number of elements, got ")
           << getPackedElement() << " and " << elements;
  return success();
}

//===----------------------------------------------------------------------===//
// MapElementwiseOp
//===----------------------------------------------------------------------===//

LogicalResult MapElementwiseOp::verify() {
  if (getSrcs().empty())
    return emitOpError("needs at least one source");
  if (getPack() < 1)
    return emitOpError("pack must be at least 1, got ") << getPack();
  return success();
}

/// `types` repeats each element type of `tensors` `pack` times, in order.
static bool isPackedTuple(TypeRange types, TypeRange tensors, unsigned pack) {
  if (types.size() != tensors.size() * pack)
    return false;
  for (auto [index, type] : llvm::enumerate(types))
    if (type != getElementTypeOrSelf(tensors[index / pack]))
      return false;
  return true;
}

LogicalResult MapElementwiseOp::verifyRegions() {
  unsigned pack = getPack();
  if (!isPackedTuple(getScalarOp().getArgumentTypes(), getOperandTypes(), pack))
    return emitOpError("region must take ")
           << pack << " elements of each source, in order";
  WalkResult result = walk([&](MapElementwiseReturnOp op) {
    if (op->getParentOp() == *this &&
        !isPackedTuple(op.getOperandTypes(), getResultTypes(), pack)) {
      op.emitOpError("must give ")
          << pack << " elements of each result, in order";
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}
