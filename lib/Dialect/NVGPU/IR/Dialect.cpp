//===- Dialect.cpp - dialect nvg ------------------------------------------===//

#include "triton/Dialect/NVGPU/IR/Dialect.h"

#include "llvm/ADT/TypeSwitch.h"

#include "triton/Dialect/NVGPU/IR/NVGPUDialect.cpp.inc"
#include "triton/Dialect/NVGPU/IR/NVGPUEnums.cpp.inc"

#define GET_OP_CLASSES
#include "triton/Dialect/NVGPU/IR/NVGPUOps.cpp.inc"

using namespace mlir;
using namespace mlir::triton::nvgpu;

void NVGPUDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "triton/Dialect/NVGPU/IR/NVGPUOps.cpp.inc"
      >();
}

/// Rows of one WGMMA: the instruction knows no other shape.
static constexpr unsigned wgmmaRows = 64;

LogicalResult WGMMAOp::verify() {
  // The accumulator is updated in place, so it has one type on both sides.
  if (getOpC() && getOpC().getType() != getRes().getType())
    return emitOpError("operand opC has type ")
           << getOpC().getType() << ", the result has " << getRes().getType()
           << "; an accumulator keeps its type";
  if (getM() != wgmmaRows)
    return emitOpError("attribute m is ")
           << getM() << ", a WGMMA instruction has " << wgmmaRows << " rows";
  if (getN() == 0 || getN() % 8 != 0 || getN() > 256)
    return emitOpError("attribute n is ")
           << getN() << ", must be a multiple of 8 from 8 to 256";
  return success();
}
