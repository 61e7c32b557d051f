#include "tle/IR/Dialect.h"

#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace mlir::triton::tle;
using namespace mlir::triton::gpu;

//===----------------------------------------------------------------------===//
// PipeCreateOp
//===----------------------------------------------------------------------===//

/// The words of 64 bits that 227 KiB have room for.
static constexpr int64_t kMaxBarriers = 227 * 1024 / 8;

int64_t PipeCreateOp::getNumSlots() {
  int64_t words = getBarriers().getType().getShape()[0];
  return getOneShot() ? words : words / 2;
}

LogicalResult PipeCreateOp::verify() {
  MemDescType barriers = getBarriers().getType();
  if (barriers.getRank() != 2 || barriers.getShape()[1] != 1 ||
      !barriers.getElementType().isInteger(64) || !barriers.getMutableMemory())
    return emitOpError("needs mutable barriers of shape [words, 1] with words "
                       "of 64 bits, but got ")
           << barriers;
  auto layout = dyn_cast<LayoutEncodingTrait>(barriers.getEncoding());
  if (!layout || layout.getRank() != 1)
    return emitOpError("needs barriers in a layout of rank 1, that of a word, "
                       "but got ")
           << barriers;
  if (barriers.getShape()[0] > kMaxBarriers)
    return emitOpError("needs ")
           << barriers.getShape()[0] << " barriers, shared memory holds "
           << kMaxBarriers << " at most";
  if (!getOneShot() && barriers.getShape()[0] % 2)
    return emitOpError("needs two barriers a slot, but got ")
           << barriers.getShape()[0];
  if (getReaders().empty())
    return emitOpError("needs a reader");
  llvm::SmallDenseSet<StringRef> names;
  for (Attribute reader : getReaders())
    if (!names.insert(cast<StringAttr>(reader).getValue()).second)
      return emitOpError("names reader ") << reader << " twice";
  for (auto [number, field] : llvm::enumerate(getFields())) {
    auto type = cast<MemDescType>(field.getType());
    if (type.getShape()[0] != getNumSlots())
      return emitOpError("has ") << getNumSlots() << " slots, but field #"
                                 << number << " has " << type.getShape()[0];
  }
  return success();
}
