//===- LinearLayoutConversions.h - layouts as linear maps -------*- C++ -*-===//

#ifndef TRITON_DIALECT_TRITONGPU_IR_LINEARLAYOUTCONVERSIONS_H
#define TRITON_DIALECT_TRITONGPU_IR_LINEARLAYOUTCONVERSIONS_H

#include "mlir/IR/BuiltinTypes.h"
#include "triton/Dialect/TritonGPU/IR/Attributes.h"
#include "triton/Dialect/TritonGPU/IR/Types.h"
#include "triton/Tools/LinearLayout.h"

namespace mlir::triton::gpu {

/// dim0, dim1, ..., the names of the dimensions of a tensor.
SmallVector<std::string> standardOutDimNames(unsigned rank);

/// The map of a layout over a tensor or buffer of `shape`: from register, lane,
/// warp, block (distributed layouts) or offset, block (shared ones, paddings
/// left out, `shape` being that of the allocation) to dim0, dim1, ...
/// Fails, silently, for layouts that have none here (AMD's, or a shape the
/// layout cannot take).
FailureOr<LinearLayout> toLinearLayout(ArrayRef<int64_t> shape,
                                       Attribute layout);
FailureOr<LinearLayout> toLinearLayout(RankedTensorType type);
FailureOr<LinearLayout> toLinearLayout(MemDescType type);

/// Spreads the layout of one CTA over `cga`, then repeats or trims it to
/// `shape`.
LinearLayout combineCtaCgaWithShape(LinearLayout ctaLayout, CGAEncodingAttr cga,
                                    ArrayRef<int64_t> shape);

/// The block of elements that one TMA transfer moves into `layout`.
SmallVector<int64_t> getTMABlockShape(NVMMASharedEncodingAttr layout,
                                      ArrayRef<int64_t> shapePerCTA);

} // namespace mlir::triton::gpu

#endif // TRITON_DIALECT_TRITONGPU_IR_LINEARLAYOUTCONVERSIONS_H
