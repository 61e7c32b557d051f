//===- TensorOps.cpp - ops of ttg on tensors ------------------------------===//

#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;

LogicalResult ConvertLayoutOp::verify() {
  if (!getSrc().getType().getEncoding() != !getType().getEncoding())
    return emitOpError("source and result must both have a layout, got ")
           << getSrc().getType() << " and " << getType();
  return success();
}

LogicalResult Fp4ToFpOp::verify() {
  RankedTensorType source = getSrc().getType();
  auto result = cast<RankedTensorType>(getType());
  int64_t rank = source.getRank();
  if (result.getRank() != rank)
    return emitOpError("source rank ")
           << rank << " != result rank " << result.getRank();
  int64_t axis = int32_t(getAxis());
  if (axis < 0 || axis >= rank)
    return emitOpError("axis ") << axis << " out of range for rank " << rank;
  for (int64_t dim = 0; dim < rank; ++dim) {
    int64_t expected = source.getDimSize(dim) * (dim == axis ? 2 : 1);
    if (result.getDimSize(dim) != expected)
      return emitOpError("dimension ")
             << dim << " of the result must have " << expected
             << " elements, got " << result.getDimSize(dim);
  }
  if (!source.getEncoding() || !result.getEncoding())
    return success();
  auto *layouts =
      dyn_cast<DialectInferLayoutInterface>(&source.getEncoding().getDialect());
  Attribute expected;
  if (!layouts || failed(layouts->inferFp4ToFpOpEncoding(
                      source.getShape(), axis, source.getEncoding(), expected,
                      /*forward=*/true, getLoc())))
    return failure();
  return layouts->verifyLayoutsAreEqual(result.getShape(), expected,
                                        result.getEncoding(), getLoc());
}

LogicalResult AsyncWaitOp::verify() {
  return int32_t(getNum()) >= 0 ? success()
                                : emitOpError("num must not be negative, got ")
                                      << int32_t(getNum());
}

LogicalResult GlobalScratchAllocOp::verify() {
  if (int32_t(getNbytes()) < 0)
    return emitOpError("nbytes must not be negative, got ")
           << int32_t(getNbytes());
  if (!llvm::isPowerOf2_32(getAlignment()))
    return emitOpError("alignment must be a power of two, got ")
           << getAlignment();
  return success();
}
