//===- AtomicExchange.h - additions of accumulators by rows -----*- C++ -*-===//

#ifndef TLE_TRANSFORMS_ATOMICEXCHANGE_H
#define TLE_TRANSFORMS_ATOMICEXCHANGE_H

#include "WarpExchange.h"
#include "triton/Analysis/AxisInfo.h"
#include "triton/Dialect/Triton/IR/Dialect.h"

namespace mlir::triton::tle {

/// How an accumulator of tensor cores is brought into a layout in which an
/// addition to memory touches longer parts of rows.
struct AtomicExchange {
  Value accumulator;
  WarpExchange exchange;
  /// Whether shuffles inside of warps do it, and no shared memory is needed.
  bool inWarps = false;
};

/// The exchange for `atomic`, or why there is none that pays. `axes` knows the
/// values of the module as it is.
FailureOr<AtomicExchange> planAtomicExchange(AtomicRMWOp atomic,
                                             const ModuleAxisInfo &axes,
                                             int capability, StringRef &reason);

/// Whether the coalescing of atomics does without the shared memory that the
/// conversion `convert` would take: all that uses its result are additions to
/// memory for which there is an exchange inside of warps.
bool isExchangedInWarps(gpu::ConvertLayoutOp convert,
                        const ModuleAxisInfo &axes, int capability);

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_ATOMICEXCHANGE_H
