//===- TMAOps.cpp - bulk tensor copies of ttng ----------------------------===//

#include "OpSyntax.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"

using namespace mlir;
using namespace mlir::triton::nvidia_gpu;
using triton::gpu::MemDescType;

/// A TMA instruction addresses tensors of rank 1 to 5.
static constexpr size_t maxTMARank = 5;

static LogicalResult verifyCoordinates(Operation *op, size_t count) {
  if (count >= 1 && count <= maxTMARank)
    return success();
  return op->emitOpError("has ")
         << count << " coordinates, a bulk tensor copy takes 1 to "
         << maxTMARank;
}

/// TMA writes and reads shared memory in the layouts of matrix operands only.
static LogicalResult verifyTMABuffer(Operation *op, StringRef name,
                                     MemDescType type) {
  if (isa<triton::gpu::NVMMASharedEncodingAttr>(type.getEncoding()))
    return success();
  return op->emitOpError("operand ")
         << name << " has layout " << type.getEncoding()
         << ", a bulk tensor copy needs #ttg.nvmma_shared";
}

static LogicalResult verifyRowOffsets(Operation *op, RankedTensorType offsets,
                                      StringRef name, MemDescType buffer) {
  if (offsets.getRank() != 1)
    return op->emitOpError("x_offsets has rank ")
           << offsets.getRank() << ", must have one row index an element";
  if (buffer.getRank() != 2)
    return op->emitOpError("operand ")
           << name << " has rank " << buffer.getRank() << ", must be a matrix";
  if (offsets.getDimSize(0) != buffer.getDimSize(0))
    return op->emitOpError("x_offsets has ")
           << offsets.getDimSize(0) << " elements, operand " << name << " "
           << buffer.getDimSize(0) << " rows";
  return success();
}

LogicalResult AsyncTMACopyGlobalToLocalOp::verify() {
  if (failed(verifyCoordinates(*this, getCoord().size())) ||
      failed(verifyBarrierType(*this, "barrier", getBarrier().getType())) ||
      failed(verifyTMABuffer(*this, "result", getResult().getType())))
    return failure();
  if (!getResult().getType().getMutableMemory())
    return emitOpError("operand result must be mutable: the copy writes it");
  return success();
}

LogicalResult AsyncTMACopyLocalToGlobalOp::verify() {
  return success(succeeded(verifyCoordinates(*this, getCoord().size())) &&
                 succeeded(verifyTMABuffer(*this, "src", getSrc().getType())));
}

LogicalResult AsyncTMAReduceOp::verify() {
  return success(succeeded(verifyCoordinates(*this, getCoord().size())) &&
                 succeeded(verifyTMABuffer(*this, "src", getSrc().getType())));
}

LogicalResult AsyncTMAGatherOp::verify() {
  if (failed(verifyBarrierType(*this, "barrier", getBarrier().getType())) ||
      failed(verifyTMABuffer(*this, "result", getResult().getType())) ||
      failed(verifyRowOffsets(*this, getXOffsets().getType(), "result",
                              getResult().getType())))
    return failure();
  if (!getResult().getType().getMutableMemory())
    return emitOpError("operand result must be mutable: the gather writes it");
  return success();
}

LogicalResult AsyncTMAScatterOp::verify() {
  return success(succeeded(verifyTMABuffer(*this, "src", getSrc().getType())) &&
                 succeeded(verifyRowOffsets(*this, getXOffsets().getType(),
                                            "src", getSrc().getType())));
}

LogicalResult TensormapCreateOp::verify() {
  size_t rank = getBoxDim().size();
  if (rank < 1 || rank > maxTMARank)
    return emitOpError("box_dim has ")
           << rank << " entries, a descriptor has rank 1 to " << maxTMARank;
  if (getGlobalDim().size() != rank)
    return emitOpError("global_dim has ")
           << getGlobalDim().size() << " entries, box_dim has " << rank;
  if (getGlobalStride().size() + 1 != rank)
    return emitOpError("global_stride has ")
           << getGlobalStride().size() << " entries, must have " << rank - 1
           << ": the innermost stride is one element";
  if (getElementStride().size() != rank)
    return emitOpError("element_stride has ")
           << getElementStride().size() << " entries, box_dim has " << rank;
  return success();
}
