//===- TMEMOps.cpp - tensor memory ops of ttng ----------------------------===//

#include "OpSyntax.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"

using namespace mlir;
using namespace mlir::triton::nvidia_gpu;
using triton::gpu::MemDescType;

//===----------------------------------------------------------------------===//
// Syntax
//===----------------------------------------------------------------------===//

ParseResult triton::nvidia_gpu::parseToken(
    OpAsmParser &parser, std::optional<OpAsmParser::UnresolvedOperand> &dep,
    Type &token) {
  if (failed(parser.parseOptionalLSquare()))
    return success();
  token = triton::gpu::AsyncTokenType::get(parser.getContext());
  if (succeeded(parser.parseOptionalRSquare()))
    return success();
  if (parser.parseOperand(dep.emplace()) || parser.parseRSquare())
    return failure();
  return success();
}

void triton::nvidia_gpu::printToken(OpAsmPrinter &printer, Operation *,
                                    Value dep, Type token) {
  if (!token)
    return;
  printer << '[';
  if (dep)
    printer << dep;
  printer << ']';
}

//===----------------------------------------------------------------------===//
// Verifiers
//===----------------------------------------------------------------------===//

LogicalResult triton::nvidia_gpu::verifyTensorMemory(Operation *op,
                                                     StringRef name,
                                                     MemDescType type) {
  if (!isInTensorMemory(type))
    return op->emitOpError(name)
           << " has type " << type << ", must lie in #ttng.tensor_memory";
  if (!isa<TensorMemoryEncodingAttr, TensorMemoryScalesEncodingAttr>(
          type.getEncoding()))
    return op->emitOpError(name) << " has layout " << type.getEncoding()
                                 << ", must have a layout of tensor memory";
  return success();
}

/// What a load reads or a store writes has the shape and the element type of
/// the buffer.
static LogicalResult verifyTensorAgainst(Operation *op, StringRef tensorName,
                                         RankedTensorType tensor,
                                         StringRef bufferName,
                                         MemDescType buffer) {
  if (tensor.getShape() == buffer.getShape() &&
      tensor.getElementType() == buffer.getElementType())
    return success();
  return op->emitOpError(tensorName)
         << " has type " << tensor << ", must have shape and element type of "
         << bufferName << ", " << buffer;
}

LogicalResult TMEMAllocOp::verify() {
  MemDescType type = getResult().getType();
  if (failed(verifyTensorMemory(*this, "result", type)))
    return failure();
  if (getSrc())
    return verifyTensorAgainst(*this, "operand src", getSrc().getType(),
                               "the result", type);
  if (!type.getMutableMemory())
    return emitOpError("result without initial values must be mutable");
  return success();
}

LogicalResult TMEMLoadOp::verify() {
  return success(
      succeeded(verifyTensorMemory(*this, "operand src", getSrc().getType())) &&
      succeeded(verifyTensorAgainst(*this, "result", getResult().getType(),
                                    "operand src", getSrc().getType())));
}

LogicalResult TMEMStoreOp::verify() {
  if (failed(verifyTensorMemory(*this, "operand dst", getDst().getType())) ||
      failed(verifyTensorAgainst(*this, "operand src", getSrc().getType(),
                                 "operand dst", getDst().getType())))
    return failure();
  if (!getDst().getType().getMutableMemory())
    return emitOpError("operand dst must be mutable: the op writes it");
  return success();
}

LogicalResult TMEMSubSliceOp::verify() {
  MemDescType source = getSrc().getType(), result = getResult().getType();
  if (failed(verifyTensorMemory(*this, "operand src", source)) ||
      failed(verifyTensorMemory(*this, "result", result)))
    return failure();
  if (source.getRank() != 2 || result.getRank() != 2)
    return emitOpError("slices matrices, got ") << source << " and " << result;
  if (source.getElementType() != result.getElementType())
    return emitOpError("result has element type ")
           << result.getElementType() << ", the source "
           << source.getElementType();
  if (source.getDimSize(0) != result.getDimSize(0))
    return emitOpError("result has ")
           << result.getDimSize(0) << " rows, the source "
           << source.getDimSize(0) << "; only columns are sliced";
  int64_t end = static_cast<int64_t>(getN()) + result.getDimSize(1);
  if (end > source.getDimSize(1))
    return emitOpError("columns ")
           << getN() << " to " << end - 1 << " do not lie in the "
           << source.getDimSize(1) << " columns of the source";
  return success();
}

LogicalResult TMEMCopyOp::verify() {
  if (isInTensorMemory(getSrc().getType()))
    return emitOpError("operand src has type ")
           << getSrc().getType() << ", must lie in shared memory";
  if (failed(verifyTensorMemory(*this, "operand dst", getDst().getType())))
    return failure();
  if (!getDst().getType().getMutableMemory())
    return emitOpError("operand dst must be mutable: the copy writes it");
  if (getBarrier())
    return verifyBarrierType(*this, "barrier", getBarrier().getType());
  return success();
}

//===----------------------------------------------------------------------===//
// Memory effects
//===----------------------------------------------------------------------===//

void TMEMAllocOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  // A buffer that nothing may write is a value: equal ones may be merged.
  if (!getResult().getType().getMutableMemory())
    return;
  OpResult result = getOperation()->getResult(0);
  effects.emplace_back(MemoryEffects::Allocate::get(), result,
                       TensorMemory::get());
  if (getSrc())
    effects.emplace_back(MemoryEffects::Write::get(), result,
                         TensorMemory::get());
}
