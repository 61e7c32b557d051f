//===- ProgramOps.cpp - tt.make_range -------------------------------------===//

#include "triton/Dialect/Triton/IR/Dialect.h"

using namespace mlir;
using namespace mlir::triton;

// The attributes are signed, their getters are not.
static int64_t getLength(MakeRangeOp op) {
  return op.getEndAttr().getInt() - op.getStartAttr().getInt();
}

OpFoldResult MakeRangeOp::fold(FoldAdaptor adaptor) {
  if (getLength(*this) == 1)
    return SplatElementsAttr::get(cast<ShapedType>(getType()),
                                  ArrayRef<Attribute>(adaptor.getStartAttr()));
  return {};
}

LogicalResult MakeRangeOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  if (!type.getElementType().isInteger(32) || type.getRank() != 1)
    return emitOpError("result must be a tensor of i32 of rank 1, got ")
           << type;
  if (getLength(*this) != type.getDimSize(0))
    return emitOpError("counts from ")
           << getStartAttr().getInt() << " to " << getEndAttr().getInt()
           << ", the result has " << type.getDimSize(0) << " elements";
  return success();
}
