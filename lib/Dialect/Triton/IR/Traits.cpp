//===- Traits.cpp - verifiers of the op traits of tt ----------------------===//

#include "triton/Dialect/Triton/IR/Traits.h"

#include "triton/Dialect/Triton/IR/Interfaces.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::triton;

namespace {

/// Calls `check` on each operand, then on each result, with its name in
/// diagnostics.
LogicalResult
forEachValue(Operation *op,
             function_ref<LogicalResult(Type, StringRef, unsigned)> check) {
  for (auto [index, type] : llvm::enumerate(op->getOperandTypes()))
    if (failed(check(type, "operand", index)))
      return failure();
  for (auto [index, type] : llvm::enumerate(op->getResultTypes()))
    if (failed(check(type, "result", index)))
      return failure();
  return success();
}

/// The tensor that `type` is, or the block behind a block pointer.
RankedTensorType getTensorOrBlock(Type type) {
  if (isTensorPointerType(type))
    type = cast<PointerType>(type).getPointeeType();
  return dyn_cast<RankedTensorType>(type);
}

bool areEncodingsEqual(RankedTensorType lhs, RankedTensorType rhs) {
  Attribute encoding = lhs.getEncoding(), other = rhs.getEncoding();
  if (encoding == other)
    return true;
  if (!encoding || !other || lhs.getShape() != rhs.getShape())
    return false;
  auto *layouts = dyn_cast<DialectInferLayoutInterface>(&encoding.getDialect());
  return layouts && succeeded(layouts->verifyLayoutsAreEqual(
                        lhs.getShape(), encoding, other, std::nullopt));
}

LogicalResult checkSameEncoding(Operation *op, TypeRange types) {
  RankedTensorType first;
  for (Type type : types) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor)
      continue;
    if (!first)
      first = tensor;
    else if (!areEncodingsEqual(first, tensor))
      return op->emitOpError("requires the same encoding for all of its "
                             "tensors, got ")
             << first << " and " << tensor;
  }
  return success();
}

} // namespace

LogicalResult OpTrait::impl::verifyTensorSize(Operation *op) {
  return forEachValue(op, [&](Type type, StringRef kind, unsigned index) {
    RankedTensorType tensor = getTensorOrBlock(type);
    if (!tensor)
      return success();
    if (!tensor.hasStaticShape())
      return LogicalResult(op->emitOpError()
                           << kind << " #" << index
                           << " must have a static shape, got " << tensor);
    int64_t elements = tensor.getNumElements();
    if (elements > maxTensorNumElements)
      return LogicalResult(op->emitOpError()
                           << kind << " #" << index << " has " << elements
                           << " elements; the limit is "
                           << maxTensorNumElements);
    if (!llvm::isPowerOf2_64(elements))
      return LogicalResult(
          op->emitOpError()
          << kind << " #" << index << " has " << elements
          << " elements; the number of elements must be a power of two");
    return success();
  });
}

LogicalResult OpTrait::impl::verifyTensorLayouts(Operation *op) {
  return forEachValue(op, [&](Type type, StringRef kind, unsigned index) {
    auto emitError = [&] {
      return op->emitOpError() << kind << " #" << index << ": ";
    };
    if (auto tensor = dyn_cast<RankedTensorType>(type)) {
      Attribute layout = tensor.getEncoding();
      if (!layout)
        return success();
      auto *verifier =
          dyn_cast<DialectVerifyTensorLayoutInterface>(&layout.getDialect());
      return verifier
                 ? verifier->verifyTensorLayout(layout, tensor, op, emitError)
                 : success();
    }
    // A memory descriptor: its dialect knows where the layout sits.
    auto *verifier =
        dyn_cast<DialectVerifyTensorLayoutInterface>(&type.getDialect());
    return verifier && isa<ShapedType>(type)
               ? verifier->verifyMemDescLayout(type, op, emitError)
               : success();
  });
}

LogicalResult OpTrait::impl::verifySameOperandsEncoding(Operation *op) {
  return checkSameEncoding(op, op->getOperandTypes());
}

LogicalResult
OpTrait::impl::verifySameOperandsAndResultEncoding(Operation *op) {
  SmallVector<Type> types(op->getOperandTypes());
  llvm::append_range(types, op->getResultTypes());
  return checkSameEncoding(op, types);
}

bool OpTrait::impl::areTensorTypesEquivalent(Type lhs, Type rhs) {
  if (lhs == rhs)
    return true;
  auto tensor = dyn_cast<RankedTensorType>(lhs);
  auto other = dyn_cast<RankedTensorType>(rhs);
  return tensor && other && tensor.getShape() == other.getShape() &&
         tensor.getElementType() == other.getElementType() &&
         areEncodingsEqual(tensor, other);
}
