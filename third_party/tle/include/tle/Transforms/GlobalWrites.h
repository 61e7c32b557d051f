//===- GlobalWrites.h - what a loop writes to global memory -----*- C++ -*-===//
//
// Whether loads may run ahead of the iteration that makes them.
//
//===----------------------------------------------------------------------===//

#ifndef TLE_TRANSFORMS_GLOBALWRITES_H
#define TLE_TRANSFORMS_GLOBALWRITES_H

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::triton::tle {

/// What a loop writes to global memory.
struct GlobalWrites {
  /// The arguments that plain stores and relaxed atomics go to.
  llvm::SmallSetVector<Value, 4> bases;
  /// An op that writes elsewhere, or orders other memory, or null.
  Operation *unknown = nullptr;
  /// Any of the ops that write to `bases`.
  Operation *known = nullptr;
};

/// The argument of the function that `pointer` points into, seen through the
/// arguments of partitions, or null.
Value findBasePointer(Value pointer);

GlobalWrites findGlobalWrites(scf::ForOp loop);

/// The op because of which what `pointer` points at may change in the loop, or
/// null. Different arguments count as different memory, as they do for the
/// stock pipeliner.
Operation *findWriter(Value pointer, const GlobalWrites &writes);

/// Whether `op` itself may write global memory, or order it.
bool mayWriteGlobalMemory(Operation *op);

/// Whether all that `op` writes is global memory, and nobody waits for it: a
/// store, or a relaxed reduction of tensors whose result is not used. Products
/// of tensor cores, which read shared memory, may go on beside it.
bool writesGlobalMemoryOnly(Operation *op);

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_GLOBALWRITES_H
