//===- AxisInfoTransfer.h - what an op makes of axis infos ------*- C++ -*-===//

#ifndef TRITON_LIB_ANALYSIS_AXISINFOTRANSFER_H
#define TRITON_LIB_ANALYSIS_AXISINFOTRANSFER_H

#include "triton/Analysis/AxisInfo.h"

namespace mlir::triton {

/// The facts of `result`, given those of the operands of the op that makes it.
/// The op is neither a call nor one whose regions pass values on.
AxisInfo transferAxisInfo(OpResult result, ArrayRef<AxisInfo> operands);

} // namespace mlir::triton

#endif // TRITON_LIB_ANALYSIS_AXISINFOTRANSFER_H
