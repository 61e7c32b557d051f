//===- AsyncCopyWidth.cpp - what cp.async can move ------------------------===//

#include "tle/Transforms/AsyncCopyWidth.h"

#include "tle/Transforms/SharedOffsetMap.h"
#include "triton/Dialect/Triton/IR/Dialect.h"

using namespace mlir;
using namespace mlir::triton;
namespace ttg = mlir::triton::gpu;

int64_t tle::getElementBytes(ttg::MemDescType buffer) {
  return std::max(8u, getElementBitWidth(buffer.getElementType())) / 8;
}

/// Whether groups of `length` elements along `dim` lie side by side wherever
/// they start: no other coordinate reaches the low bits of the offset, as that
/// of a swizzle does.
static bool isUndisturbed(const tle::SharedOffsetMap &offsets,
                          ttg::MemDescType buffer, unsigned dim,
                          int64_t length) {
  ArrayRef<int64_t> shape = buffer.getAllocShape().take_back(buffer.getRank());
  SmallVector<int64_t> coordinates(shape.size(), 0);
  for (auto [other, size] : llvm::enumerate(shape))
    for (int64_t bit = other == dim ? length : 1; bit < size; bit *= 2) {
      coordinates[other] = bit;
      if (offsets.getOffset(coordinates) % length != 0)
        return false;
      coordinates[other] = 0;
    }
  return true;
}

int64_t tle::getCopyVector(const ModuleAxisInfo &axes, Value pointers,
                           Value mask, ttg::MemDescType buffer,
                           int64_t promised) {
  auto type = cast<RankedTensorType>(pointers.getType());
  FailureOr<LinearLayout> layout = ttg::toLinearLayout(type);
  if (failed(layout))
    return 1;
  FailureOr<SharedOffsetMap> offsets = SharedOffsetMap::get(buffer);

  // Registers 0, 1, 2, 3, ... hold neighbours along one dimension, which lie
  // side by side in the buffer.
  int64_t length = 1;
  std::optional<unsigned> dim;
  for (const LinearLayout::Basis &basis : layout->getBases("register")) {
    if (!dim)
      for (auto [number, coordinate] : llvm::enumerate(basis))
        if (coordinate == 1)
          dim = number;
    SmallVector<int64_t> expected(basis.size(), 0);
    if (!dim)
      break;
    expected[*dim] = length;
    if (!llvm::equal(basis, expected))
      break;
    bool isNeighbour = succeeded(offsets)
                           ? offsets->getOffset(expected) == length
                           : ttg::getOrder(buffer).front() == *dim;
    if (!isNeighbour)
      break;
    length *= 2;
  }
  while (length > 1 && succeeded(offsets) &&
         !isUndisturbed(*offsets, buffer, *dim, length))
    length /= 2;
  if (length == 1)
    return 1;
  return std::min(
      length, std::max(promised, axes.getVectorLength(pointers, mask, *dim)));
}

bool tle::isCopyable(const ModuleAxisInfo &axes, Value pointers, Value mask,
                     ttg::MemDescType buffer) {
  return getCopyVector(axes, pointers, mask, buffer) *
             getElementBytes(buffer) >=
         4;
}
