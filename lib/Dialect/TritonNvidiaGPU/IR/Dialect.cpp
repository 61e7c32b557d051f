//===- Dialect.cpp - dialect ttng: registration and attributes ------------===//

#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"

#include "OpSyntax.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

#include "triton/Dialect/TritonNvidiaGPU/IR/TritonNvidiaGPUDialect.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "triton/Dialect/TritonNvidiaGPU/IR/TritonNvidiaGPUAttrs.cpp.inc"

#include "triton/Dialect/TritonNvidiaGPU/IR/TritonNvidiaGPUOpInterfaces.cpp.inc"

#define GET_OP_CLASSES
#include "triton/Dialect/TritonNvidiaGPU/IR/TritonNvidiaGPUOps.cpp.inc"

using namespace mlir;
using namespace mlir::triton::nvidia_gpu;

namespace {

/// Spells the layouts of tensor memory as stock does.
class TritonNvidiaGPUOpAsmInterface : public OpAsmDialectInterface {
public:
  using OpAsmDialectInterface::OpAsmDialectInterface;

  AliasResult getAlias(Attribute attr, raw_ostream &os) const override {
    if (isa<TensorMemoryEncodingAttr>(attr)) {
      os << "tmem";
      return AliasResult::FinalAlias;
    }
    if (isa<TensorMemoryScalesEncodingAttr>(attr)) {
      os << "tmem_scales";
      return AliasResult::FinalAlias;
    }
    return AliasResult::NoAlias;
  }
};

} // namespace

void TritonNvidiaGPUDialect::initialize() {
  registerAttrs();
  registerOps();
  addInterfaces<TritonNvidiaGPUOpAsmInterface>();
}

void TritonNvidiaGPUDialect::registerAttrs() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "triton/Dialect/TritonNvidiaGPU/IR/TritonNvidiaGPUAttrs.cpp.inc"
      >();
}

void TritonNvidiaGPUDialect::registerOps() {
  addOperations<
#define GET_OP_LIST
#include "triton/Dialect/TritonNvidiaGPU/IR/TritonNvidiaGPUOps.cpp.inc"
      >();
}

bool triton::nvidia_gpu::isInTensorMemory(gpu::MemDescType type) {
  return isa<TensorMemorySpaceAttr>(type.getMemorySpace());
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

/// Columns of 32 bits that a CTA has.
static constexpr unsigned tensorMemoryColumns = 512;

static LogicalResult
verifyCTASplit(function_ref<InFlightDiagnostic()> emitError, unsigned splitM,
               unsigned splitN) {
  if (!llvm::isPowerOf2_32(splitM))
    return emitError() << "CTASplitM is " << splitM
                       << ", must be a power of two";
  if (!llvm::isPowerOf2_32(splitN))
    return emitError() << "CTASplitN is " << splitN
                       << ", must be a power of two";
  return success();
}

LogicalResult
TensorMemoryEncodingAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 unsigned blockM, unsigned blockN,
                                 unsigned colStride, unsigned splitM,
                                 unsigned splitN, bool twoCTAs) {
  if (failed(verifyCTASplit(emitError, splitM, splitN)))
    return failure();
  if (blockM != 64 && blockM != 128)
    return emitError() << "blockM is " << blockM << ", must be 64 or 128";
  if (!llvm::isPowerOf2_32(blockN) || blockN > tensorMemoryColumns)
    return emitError() << "blockN is " << blockN
                       << ", must be a power of two of at most "
                       << tensorMemoryColumns;
  if (colStride != 1 && colStride != 2 && colStride != 4)
    return emitError() << "colStride is " << colStride << ", must be 1, 2 or 4";
  return success();
}

LogicalResult TensorMemoryScalesEncodingAttr::verify(
    function_ref<InFlightDiagnostic()> emitError, unsigned splitM,
    unsigned splitN) {
  return verifyCTASplit(emitError, splitM, splitN);
}
