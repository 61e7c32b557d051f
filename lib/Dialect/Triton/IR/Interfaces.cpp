//===- Interfaces.cpp - op interfaces of tt -------------------------------===//

#include "triton/Dialect/Triton/IR/Interfaces.h"

#include "triton/Dialect/Triton/IR/Dialect.h"

using namespace mlir;
using namespace mlir::triton;

#include "triton/Dialect/Triton/IR/TritonOpInterfaces.cpp.inc"

static ArrayRef<int64_t> getShape(Value value) {
  return cast<ShapedType>(value.getType()).getShape();
}

bool triton::impl::dotReductionDimsAgree(Value a, Value b) {
  ArrayRef<int64_t> shapeB = getShape(b);
  return getShape(a).back() == shapeB[shapeB.size() - 2];
}

bool triton::impl::dotOutputDimsAgree(Value a, Value b, Value c) {
  ArrayRef<int64_t> shapeA = getShape(a), shapeC = getShape(c);
  return shapeC[shapeC.size() - 2] == shapeA[shapeA.size() - 2] &&
         shapeC.back() == getShape(b).back();
}

LogicalResult triton::impl::verifyTransposeOpInterface(Operation *op) {
  auto transpose = cast<TransposeOpInterface>(op);
  int64_t rank = cast<ShapedType>(transpose.getSrc().getType()).getRank();
  ArrayRef<int32_t> order = transpose.getOrder();
  if (static_cast<int64_t>(order.size()) != rank)
    return op->emitOpError("order has ")
           << order.size() << " entries, the source has rank " << rank;
  SmallVector<int32_t> sorted(order);
  llvm::sort(sorted);
  for (auto [expected, actual] : llvm::enumerate(sorted))
    if (static_cast<int64_t>(expected) != actual)
      return op->emitOpError("order must be a permutation of 0 to ")
             << rank - 1 << ", got [" << order << "]";
  return success();
}

LogicalResult triton::impl::verifyDotOpInterface(Operation *op) {
  auto dot = cast<DotOpInterface>(op);
  Value a = dot.getA(), b = dot.getB(), c = op->getOperand(2);
  size_t rank = getShape(a).size();
  if (rank < 2 || rank > 3)
    return op->emitOpError("operands must have rank 2 or 3, got ") << rank;
  if (getShape(b).size() != rank || getShape(c).size() != rank)
    return op->emitOpError("operands must have one rank, got ")
           << rank << ", " << getShape(b).size() << " and "
           << getShape(c).size();
  if (rank == 3 &&
      (getShape(b)[0] != getShape(a)[0] || getShape(c)[0] != getShape(a)[0]))
    return op->emitOpError("operands must have one batch size, got ")
           << getShape(a)[0] << ", " << getShape(b)[0] << " and "
           << getShape(c)[0];
  if (!dot.verifyDims())
    return op->emitOpError("last dimension of the first operand must equal "
                           "the second to last of the second, got ")
           << a.getType() << " and " << b.getType();
  if (!dot.verifyOutputDims())
    return op->emitOpError("accumulator must have the rows of the first "
                           "operand and the columns of the second, got ")
           << a.getType() << ", " << b.getType() << " and " << c.getType();
  return success();
}
