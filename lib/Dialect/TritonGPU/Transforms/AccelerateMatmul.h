//===- AccelerateMatmul.h - the parts of matmul acceleration ----*- C++ -*-===//
//
// What the pass for warp group products shares with the mma.sync form.
//
//===----------------------------------------------------------------------===//

#ifndef TRITON_DIALECT_TRITONGPU_TRANSFORMS_ACCELERATEMATMUL_H
#define TRITON_DIALECT_TRITONGPU_TRANSFORMS_ACCELERATEMATMUL_H

#include "mlir/IR/BuiltinOps.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "llvm/ADT/DenseSet.h"

namespace mlir::triton::gpu {

/// Calls `reached(use)` for every use of `root` as an operand of a dot, and
/// walks on through every other op, as far as values are followed without
/// leaving the region. Stops when `reached` returns true.
bool anyDotUse(Value root, llvm::function_ref<bool(OpOperand &)> reached);

/// Whether GPUs of `capability` do `dot` with mma.sync, as far as this library
/// knows them.
bool hasSyncTypes(DotOp dot, int capability);

/// Dots whose rows should stay inside a warp by TLE's rule: their result
/// becomes operand A or B of a later dot, or their operand A comes from one.
DenseSet<Operation *> findChainLinks(ModuleOp module);

/// How the warps of an mma.sync product share its tile: by TLE's rule, given
/// whether the dot is the link of a chain, or by stock's.
SmallVector<unsigned> syncWarpsByLink(DotOp dot, unsigned numWarps, bool link);
SmallVector<unsigned> syncWarpsAsStock(DotOp dot, unsigned numWarps);

/// Gives `dot` the layouts of mma.sync and replaces it.
void accelerateSync(DotOp dot, ArrayRef<unsigned> warps, int capability);

} // namespace mlir::triton::gpu

#endif // TRITON_DIALECT_TRITONGPU_TRANSFORMS_ACCELERATEMATMUL_H
