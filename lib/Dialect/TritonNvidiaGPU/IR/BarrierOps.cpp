//===- BarrierOps.cpp - barriers of ttng ----------------------------------===//

#include "OpSyntax.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"

using namespace mlir;
using namespace mlir::triton::nvidia_gpu;

LogicalResult
triton::nvidia_gpu::verifyBarrierType(Operation *op, StringRef name,
                                      triton::gpu::MemDescType type) {
  if (type.getShape() == ArrayRef<int64_t>{1} &&
      type.getElementType().isInteger(64))
    return success();
  return op->emitOpError("operand ") << name << " has type " << type
                                     << ", an mbarrier is a memdesc of 1xi64";
}

LogicalResult InitBarrierOp::verify() {
  return verifyBarrierType(*this, "alloc", getAlloc().getType());
}

LogicalResult InvalBarrierOp::verify() {
  return verifyBarrierType(*this, "alloc", getAlloc().getType());
}

LogicalResult BarrierExpectOp::verify() {
  return verifyBarrierType(*this, "alloc", getAlloc().getType());
}

LogicalResult WaitBarrierOp::verify() {
  return verifyBarrierType(*this, "alloc", getAlloc().getType());
}

LogicalResult ArriveBarrierOp::verify() {
  if (failed(verifyBarrierType(*this, "alloc", getAlloc().getType())))
    return failure();
  if (getCount() < 1)
    return emitOpError("count is ") << getCount() << ", must be at least 1";
  return success();
}
