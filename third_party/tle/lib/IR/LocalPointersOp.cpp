#include "tle/IR/Dialect.h"

using namespace mlir;
using namespace mlir::triton::tle;
using mlir::triton::gpu::MemDescType;

/// i32 scalars go with a scalar pointer, i32 tensors of the result's shape and
/// layout with a tensor of pointers.
static LogicalResult verifyIndex(LocalPointersOp op, unsigned position,
                                 Type type) {
  auto result = dyn_cast<RankedTensorType>(op.getResult().getType());
  Type i32 = IntegerType::get(op.getContext(), 32);
  Type expected = result ? RankedTensorType::get(result.getShape(), i32,
                                                 result.getEncoding())
                         : i32;
  if (type == expected)
    return success();
  return op.emitOpError() << "index " << position << " is " << type
                          << "; an index of this result must be " << expected;
}

LogicalResult LocalPointersOp::verify() {
  MemDescType buffer = cast<MemDescType>(getBuffer().getType());
  if (!isInSharedMemory(buffer))
    return emitOpError() << "takes a buffer in shared memory, but this one is "
                         << buffer;

  Type result = getResult().getType();
  triton::PointerType pointer = getPointerTypeOrNull(result);
  if (pointer.getPointeeType() != buffer.getElementType())
    return emitOpError() << "points at " << pointer.getPointeeType()
                         << ", but the buffer holds "
                         << buffer.getElementType();

  if (getIndices().empty()) {
    auto tensor = dyn_cast<RankedTensorType>(result);
    if (!tensor || tensor.getShape() != buffer.getShape())
      return emitOpError() << "without indices gives one pointer per element "
                              "of the buffer, shape ["
                           << buffer.getShape() << "], but the result is "
                           << result;
    return success();
  }
  if (getIndices().size() != static_cast<size_t>(buffer.getRank()))
    return emitOpError()
           << "takes no index or one per dimension of the buffer ("
           << buffer.getRank() << "), but got " << getIndices().size();
  for (auto [position, type] : llvm::enumerate(getIndices().getTypes()))
    if (failed(verifyIndex(*this, position, type)))
      return failure();
  return success();
}
