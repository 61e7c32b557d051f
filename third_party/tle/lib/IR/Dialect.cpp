#include "tle/IR/Dialect.h"

#include "mlir/IR/DialectImplementation.h"

using namespace mlir;
namespace tle = mlir::triton::tle;
using namespace mlir::triton::tle;

#include "tle/IR/TLEDialect.cpp.inc"

#define GET_OP_CLASSES
#include "tle/IR/TLEOps.cpp.inc"

void TLEDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "tle/IR/TLEOps.cpp.inc"
      >();
}

triton::PointerType tle::getPointerTypeOrNull(Type type) {
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    type = tensor.getElementType();
  return dyn_cast<triton::PointerType>(type);
}

bool tle::isLocalPointerLike(Type type) {
  triton::PointerType pointer = getPointerTypeOrNull(type);
  return pointer && pointer.getAddressSpace() == kSharedAddressSpace;
}

bool tle::isInSharedMemory(triton::gpu::MemDescType memdesc) {
  return isa_and_nonnull<triton::gpu::SharedMemorySpaceAttr>(
      memdesc.getMemorySpace());
}
