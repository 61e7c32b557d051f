//===- DescriptorOps.cpp - accesses through tensor descriptors ------------===//

#include "triton/Dialect/Triton/IR/Dialect.h"

using namespace mlir;
using namespace mlir::triton;

LogicalResult MakeTensorDescOp::verify() {
  RankedTensorType block = getType().getBlockType();
  if (static_cast<int64_t>(getShape().size()) != block.getRank())
    return emitOpError("has ")
           << getShape().size() << " sizes for a block of rank "
           << block.getRank();
  return success();
}

/// `tensor` is what one access moves, up to leading dimensions of size one
/// and the signedness of its elements.
static LogicalResult verifyBlockAccess(Operation *op, TensorDescType desc,
                                       RankedTensorType tensor,
                                       unsigned numIndices) {
  RankedTensorType block = desc.getSignlessBlockType();
  if (static_cast<int64_t>(numIndices) != block.getRank())
    return op->emitOpError("has ")
           << numIndices << " indices for a block of rank " << block.getRank();
  if (block.getElementType() != tensor.getElementType())
    return op->emitOpError("descriptor has elements of type ")
           << block.getElementType() << ", the tensor of type "
           << tensor.getElementType();
  ArrayRef<int64_t> blockShape = block.getShape();
  ArrayRef<int64_t> trimmed = blockShape;
  while (trimmed.size() > static_cast<size_t>(tensor.getRank()) &&
         trimmed.front() == 1)
    trimmed = trimmed.drop_front();
  if (trimmed != tensor.getShape())
    return op->emitOpError("block and tensor must have one shape, got ")
           << block << " and " << tensor;
  return success();
}

LogicalResult DescriptorLoadOp::verify() {
  return verifyBlockAccess(*this, getDesc().getType(), getType(),
                           getIndices().size());
}

LogicalResult DescriptorStoreOp::verify() {
  return verifyBlockAccess(*this, getDesc().getType(), getSrc().getType(),
                           getIndices().size());
}

LogicalResult DescriptorReduceOp::verify() {
  return verifyBlockAccess(*this, getDesc().getType(), getSrc().getType(),
                           getIndices().size());
}

LogicalResult triton::verifyRowAccess(Operation *op, ShapedType block,
                                      ShapedType tensor, ShapedType rows) {
  if (block.getRank() != 2 || block.getDimSize(0) != 1)
    return op->emitOpError("block must be one row of a matrix, got ") << block;
  if (rows.getRank() != 1)
    return op->emitOpError("row indices must have rank 1, got ") << rows;
  if (tensor.getRank() != 2 || tensor.getDimSize(0) != rows.getDimSize(0) ||
      tensor.getDimSize(1) != block.getDimSize(1))
    return op->emitOpError("tensor must have one row of the block per row "
                           "index: ")
           << rows.getDimSize(0) << "x" << block.getDimSize(1) << ", got "
           << tensor;
  if (block.getElementType() != tensor.getElementType())
    return op->emitOpError("descriptor has elements of type ")
           << block.getElementType() << ", the tensor of type "
           << tensor.getElementType();
  // What TMA takes: at least 8 rows, at least 32 bytes of each.
  if (rows.getDimSize(0) < 8)
    return op->emitOpError("needs at least 8 rows, got ") << rows.getDimSize(0);
  unsigned width = tensor.getElementType().getIntOrFloatBitWidth();
  int64_t minColumns = 32 * 8 / width;
  if (tensor.getDimSize(1) < minColumns)
    return op->emitOpError("needs at least ")
           << minColumns << " columns of " << tensor.getElementType()
           << ", got " << tensor.getDimSize(1);
  return success();
}

LogicalResult DescriptorGatherOp::verify() {
  return verifyRowAccess(*this, getDesc().getType().getSignlessBlockType(),
                         getType(), getXOffsets().getType());
}

LogicalResult DescriptorScatterOp::verify() {
  return verifyRowAccess(*this, getDesc().getType().getSignlessBlockType(),
                         getSrc().getType(), getXOffsets().getType());
}
