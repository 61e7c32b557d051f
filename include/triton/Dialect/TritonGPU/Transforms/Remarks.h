//===- Remarks.h - what passes say on request -------------------*- C++ -*-===//
//
// Remarks of MLIR's engine: their category is the flag of the pass, and nothing
// is put together unless someone asked for that category.
//
//===----------------------------------------------------------------------===//

#ifndef TRITON_DIALECT_TRITONGPU_TRANSFORMS_REMARKS_H
#define TRITON_DIALECT_TRITONGPU_TRANSFORMS_REMARKS_H

#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

namespace mlir::triton::gpu {

/// Names the pass with flag `flag` and the function around `op`.
inline remark::RemarkOpts remarkOptions(Operation *op, StringRef flag,
                                        StringRef name) {
  remark::RemarkOpts options = remark::RemarkOpts::name(name).category(flag);
  if (auto function = op->getParentOfType<FunctionOpInterface>())
    return options.function(function.getName());
  return options;
}

/// Pass `flag` left `op` as it was; `why`.
inline void leftAlone(Operation *op, StringRef flag, const Twine &why) {
  if (op->getContext()->getRemarkEngine())
    remark::missed(op->getLoc(), remarkOptions(op, flag, "left-alone"))
        << StringRef(why.str());
}

/// Pass `flag` did `what` to `op`.
inline void applied(Operation *op, StringRef flag, const Twine &what) {
  if (op->getContext()->getRemarkEngine())
    remark::passed(op->getLoc(), remarkOptions(op, flag, "applied"))
        << StringRef(what.str());
}

} // namespace mlir::triton::gpu

#endif // TRITON_DIALECT_TRITONGPU_TRANSFORMS_REMARKS_H
