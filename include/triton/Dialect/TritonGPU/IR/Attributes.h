//===- Attributes.h - layouts of dialect ttg --------------------*- C++ -*-===//

#ifndef TRITON_DIALECT_TRITONGPU_IR_ATTRIBUTES_H
#define TRITON_DIALECT_TRITONGPU_IR_ATTRIBUTES_H

#include "mlir/IR/Attributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "triton/Tools/LinearLayout.h"
#include "llvm/ADT/SmallVector.h"

namespace mlir::triton::gpu {
namespace detail {
struct CGAEncodingAttrStorage;
} // namespace detail

/// How the CTAs of a cluster (`block`) map onto dimensions dim0, dim1, ...
///
/// Part of every layout, where it is written `CGALayout = [[1, 0], [0, 0]]`:
/// one basis for each doubling of the number of CTAs, left out for a single
/// CTA. A basis of zeros makes CTAs hold copies. It never stands alone in the
/// text, and the layouts' interface needs it complete, hence no ODS.
class CGAEncodingAttr
    : public Attribute::AttrBase<CGAEncodingAttr, Attribute,
                                 detail::CGAEncodingAttrStorage> {
public:
  using Base::Base;
  static constexpr StringLiteral name = "ttg.cga_encoding";

  static CGAEncodingAttr get(MLIRContext *context, LinearLayout layout);

  /// One CTA, tensors of `rank` dimensions.
  static CGAEncodingAttr getDefault(MLIRContext *context, unsigned rank);

  /// CTASplitNum[d] parts along d, distributed in `order` (fastest first); CTAs
  /// beyond the parts of a dimension (CTAsPerCGA) hold copies.
  static CGAEncodingAttr fromSplitParams(MLIRContext *context,
                                         ArrayRef<unsigned> CTAsPerCGA,
                                         ArrayRef<unsigned> CTASplitNum,
                                         ArrayRef<unsigned> CTAOrder);

  const LinearLayout &getLinearLayout() const;
  unsigned getRank() const { return getLinearLayout().getNumOutDims(); }
  unsigned getNumCTAs() const {
    return getLinearLayout().getInDimSize("block");
  }
  SmallVector<unsigned> getCTAsPerCGA() const;
  SmallVector<unsigned> getCTASplitNum() const;
  SmallVector<unsigned> getCTAOrder() const;
};
} // namespace mlir::triton::gpu

#include "triton/Dialect/TritonGPU/IR/TritonGPUAttrInterfaces.h.inc"

#define GET_ATTRDEF_CLASSES
#include "triton/Dialect/TritonGPU/IR/TritonGPUAttrDefs.h.inc"

#endif // TRITON_DIALECT_TRITONGPU_IR_ATTRIBUTES_H
