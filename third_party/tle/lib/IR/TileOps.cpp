#include "tle/IR/Dialect.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::triton::tle;
using mlir::triton::gpu::SliceEncodingAttr;

//===----------------------------------------------------------------------===//
// ExclusiveCumsumOp
//===----------------------------------------------------------------------===//

LogicalResult ExclusiveCumsumOp::verify() {
  auto src = cast<RankedTensorType>(getSrc().getType());
  int64_t axis = static_cast<int32_t>(getAxis());
  if (axis < 0 || axis >= src.getRank())
    return emitOpError() << "axis " << axis << " is outside [0, "
                         << src.getRank() << "), the source's dimensions";
  Type element = src.getElementType();
  if (!element.isIntOrFloat())
    return emitOpError() << "sums integers or floats, but the source holds "
                         << element;
  if (getExclusive().getType() != src)
    return emitOpError() << "gives exclusive sums of the source's type " << src
                         << ", but they are declared as "
                         << getExclusive().getType();

  Type expected = element;
  if (src.getRank() > 1) {
    SmallVector<int64_t> shape(src.getShape());
    shape.erase(shape.begin() + axis);
    Attribute layout;
    if (auto parent = dyn_cast_or_null<triton::gpu::DistributedEncodingTrait>(
            src.getEncoding()))
      layout = SliceEncodingAttr::get(getContext(), axis, parent);
    expected = RankedTensorType::get(shape, element, layout);
  }
  if (getTotal().getType() != expected)
    return emitOpError() << "gives a total of type " << expected
                         << ", but it is declared as " << getTotal().getType();
  return success();
}

//===----------------------------------------------------------------------===//
// ExtractTileOp, InsertTileOp
//===----------------------------------------------------------------------===//

/// A tile has the whole's element type, which shared memory can hold, and rank,
/// divides it in each dimension, and has one index a dimension, which if
/// constant lies inside the grid.
static LogicalResult verifyTile(Operation *op, RankedTensorType whole,
                                RankedTensorType tile, ValueRange indices) {
  if (tile.getElementType() != whole.getElementType())
    return op->emitOpError() << "has a tile of " << tile.getElementType()
                             << " in a tensor of " << whole.getElementType();
  if (!isa<IntegerType, FloatType, triton::PointerType>(tile.getElementType()))
    return op->emitOpError() << "cuts tiles of integers, floats or pointers, "
                                "but the tensor holds "
                             << tile.getElementType();
  if (tile.getRank() != whole.getRank())
    return op->emitOpError() << "has a tile of rank " << tile.getRank()
                             << " in a tensor of rank " << whole.getRank();
  if (indices.size() != static_cast<size_t>(whole.getRank()))
    return op->emitOpError()
           << "takes one index per dimension (" << whole.getRank()
           << "), but got " << indices.size();
  for (int64_t dim = 0; dim < whole.getRank(); ++dim) {
    int64_t size = whole.getDimSize(dim), tileSize = tile.getDimSize(dim);
    if (tileSize > size || size % tileSize != 0)
      return op->emitOpError()
             << "needs a tile size that divides the tensor's, but dimension "
             << dim << " has a tile of " << tileSize << " in " << size;
    APInt index;
    if (!matchPattern(indices[dim], m_ConstantInt(&index)))
      continue;
    if (index.isNegative() || index.sge(size / tileSize))
      return op->emitOpError()
             << "index " << index.getSExtValue() << " of dimension " << dim
             << " is outside [0, " << size / tileSize << "), its tiles";
  }
  if (static_cast<bool>(tile.getEncoding()) !=
      static_cast<bool>(whole.getEncoding()))
    return op->emitOpError(
        "needs a layout on both the tile and the tensor, or on neither");
  return success();
}

LogicalResult ExtractTileOp::verify() {
  return verifyTile(*this, cast<RankedTensorType>(getSrc().getType()),
                    cast<RankedTensorType>(getResult().getType()),
                    getIndices());
}

LogicalResult InsertTileOp::verify() {
  return verifyTile(*this, cast<RankedTensorType>(getDst().getType()),
                    cast<RankedTensorType>(getTile().getType()), getIndices());
}
