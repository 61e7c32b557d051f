//===- ProductReads.h - what an asynchronous product reads ----------------===//
//
// What may write a buffer. If it is a field of a pipe, others write a slot of
// it only when this partition has released that slot: its mbarrier for empty
// slots counts this partition's threads. A release of another pipe, or of
// another slot (SlotNumber; of an iteration before, in the terms of this one),
// lets nobody touch it. If it is no reader that releases, others learn by some
// other arrival that the slot has been read: each of them then counts. This
// partition's own stores and copies to other buffers do not, either. Everything
// else that has effects beyond reading comes behind the end of the group.
//
//===----------------------------------------------------------------------===//

#ifndef TLE_TRANSFORMS_PRODUCTREADS_H
#define TLE_TRANSFORMS_PRODUCTREADS_H

#include "tle/Transforms/PipeSlots.h"

#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"
#include "llvm/ADT/DenseSet.h"

namespace mlir::triton::tle {

/// A buffer that a product reads.
struct ProductRead {
  Value buffer;
  Value root;
  /// Of a field of a pipe: its number, and the slot if it is known.
  std::optional<int32_t> pipe;
  std::optional<SlotNumber> slot;
  /// Others release the slot when they learn that this partition has read it,
  /// by whatever it arrives at.
  bool isImplied = false;
};

/// Pipes whose slots a partition reads without releasing them.
using ImpliedReleases = DenseSet<std::pair<Region *, int32_t>>;

/// What `dot` reads from shared memory.
SmallVector<ProductRead, 0> findProductReads(nvidia_gpu::WarpGroupDotOp dot,
                                             const ImpliedReleases &implied);

/// Whether `op` may change what `read` stands for, or let others do so.
bool mayOverwrite(Operation *op, const ProductRead &read);

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_PRODUCTREADS_H
