//===- DotOps.cpp - tt.dot and tt.dot_scaled ------------------------------===//

#include "triton/Dialect/Triton/IR/Dialect.h"

using namespace mlir;
using namespace mlir::triton;

//===----------------------------------------------------------------------===//
// DotOp
//===----------------------------------------------------------------------===//

LogicalResult DotOp::inferReturnTypes(MLIRContext *,
                                      std::optional<Location> loc,
                                      ValueRange operands, DictionaryAttr,
                                      OpaqueProperties, RegionRange,
                                      SmallVectorImpl<Type> &results) {
  results.push_back(operands[2].getType());
  return success();
}

LogicalResult DotOp::verify() {
  RankedTensorType a = getA().getType(), b = getB().getType();
  if (getElementBitWidth(a) != getElementBitWidth(b))
    return emitOpError("factors must have elements of one width, got ")
           << a.getElementType() << " and " << b.getElementType();
  Attribute encodingA = a.getEncoding(), encodingB = b.getEncoding();
  if (!encodingA && !encodingB)
    return success();
  if (!encodingA || !encodingB)
    return emitOpError("needs a layout on both factors or on none, got ")
           << a << " and " << b;
  auto *layouts =
      dyn_cast<DialectInferLayoutInterface>(&encodingA.getDialect());
  if (!layouts)
    return emitOpError("no rule for factors with layout ") << encodingA;
  Attribute encodingD = getType().getEncoding();
  if (failed(layouts->inferDotOpEncoding(encodingA, 0, encodingD, getLoc())) ||
      failed(layouts->inferDotOpEncoding(encodingB, 1, encodingD, getLoc())))
    return failure();
  return layouts->verifyDotOpEncodingCompatibility(*this, encodingA, encodingB);
}

//===----------------------------------------------------------------------===//
// DotScaledOp
//===----------------------------------------------------------------------===//

namespace {

/// Elements of the format in one element of the tensor.
int64_t getPackFactor(ScaleDotElemType format) {
  return format == ScaleDotElemType::E2M1 ? 2 : 1;
}

/// Whether a tensor of `type` can hold elements of `format`.
bool canHold(Type type, ScaleDotElemType format) {
  switch (format) {
  case ScaleDotElemType::BF16:
    return type.isBF16();
  case ScaleDotElemType::FP16:
    return type.isF16();
  case ScaleDotElemType::E4M3:
    return type.isInteger(8) || isa<Float8E4M3FNType>(type);
  case ScaleDotElemType::E5M2:
    return type.isInteger(8) || isa<Float8E5M2Type>(type);
  default:
    return type.isInteger(8);
  }
}

ArrayRef<int64_t> getShape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

} // namespace

bool DotScaledOp::verifyDims() {
  ArrayRef<int64_t> shapeA = getShape(getA()), shapeB = getShape(getB());
  int64_t depthA = shapeA.back(), depthB = shapeB[shapeB.size() - 2];
  if (getLhsKPack())
    depthA *= getPackFactor(getAElemType());
  if (getRhsKPack())
    depthB *= getPackFactor(getBElemType());
  return depthA == depthB;
}

bool DotScaledOp::verifyOutputDims() {
  ArrayRef<int64_t> shapeA = getShape(getA()), shapeB = getShape(getB());
  ArrayRef<int64_t> shapeC = getShape(getC());
  int64_t rows = shapeA[shapeA.size() - 2], columns = shapeB.back();
  if (!getLhsKPack())
    rows *= getPackFactor(getAElemType());
  if (!getRhsKPack())
    columns *= getPackFactor(getBElemType());
  return shapeC[shapeC.size() - 2] == rows && shapeC.back() == columns;
}

LogicalResult DotScaledOp::verify() {
  Type elementA = getA().getType().getElementType();
  if (!canHold(elementA, getAElemType()))
    return emitOpError("first factor has elements of type ")
           << elementA << ", its format is "
           << stringifyScaleDotElemType(getAElemType());
  Type elementB = getB().getType().getElementType();
  if (!canHold(elementB, getBElemType()))
    return emitOpError("second factor has elements of type ")
           << elementB << ", its format is "
           << stringifyScaleDotElemType(getBElemType());

  // Scales are [..., rows, K / block] and [..., columns, K / block].
  ArrayRef<int64_t> shapeA = getShape(getA()), shapeC = getShape(getC());
  int64_t depth =
      shapeA.back() * (getLhsKPack() ? getPackFactor(getAElemType()) : 1);
  auto verifyScale = [&](Value scale, StringRef name,
                         int64_t rows) -> LogicalResult {
    if (!scale)
      return success();
    ArrayRef<int64_t> shape = getShape(scale);
    if (shape.size() != shapeC.size() || shape[shape.size() - 2] != rows)
      return emitOpError() << name << " scale must have rank " << shapeC.size()
                           << " and " << rows << " rows, got "
                           << scale.getType();
    if (depth % shape.back() != 0 ||
        (depth / shape.back() != 16 && depth / shape.back() != 32))
      return emitOpError() << name
                           << " scale must cover 16 or 32 elements of K = "
                           << depth << ", got " << scale.getType();
    return success();
  };
  if (failed(verifyScale(getAScale(), "first", shapeC[shapeC.size() - 2])))
    return failure();
  return verifyScale(getBScale(), "second", shapeC.back());
}
