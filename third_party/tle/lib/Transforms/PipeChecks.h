//===- PipeChecks.h - whether a pipe can do its work ----------------------===//
//
// What triton-tle-lower-pipes knows of a pipe, and what it refuses.
//
//===----------------------------------------------------------------------===//

#ifndef TLE_LIB_TRANSFORMS_PIPECHECKS_H
#define TLE_LIB_TRANSFORMS_PIPECHECKS_H

#include "tle/IR/Dialect.h"
#include "tle/Transforms/LocalPointerUtils.h"

#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "llvm/ADT/MapVector.h"

namespace mlir {
class DominanceInfo;
}

namespace mlir::triton::tle {

/// On the acquires that a close of a pipe consists of: which of them, counted
/// from 0.
constexpr llvm::StringLiteral kCloseAttr = "tle.close";

/// How the writer of a pipe fills its slots.
struct Writes {
  bool copies = false;
  bool stores = false;
  /// Stores of what a descriptor's load gives: TMA fills the slot itself.
  SmallVector<gpu::LocalStoreOp> blocks;
};

/// One end of a pipe: who waits, and who then says that it is done.
struct Endpoint {
  Region *partition = nullptr;
  SmallVector<Operation *> waits;
  SmallVector<Operation *> arrivals;

  /// Whether a reader leaves it to others to say that it is done.
  bool isImplied() const {
    return llvm::any_of(
        waits, [](Operation *op) { return op->hasAttr(kImpliedReleaseAttr); });
  }

  /// Threads that arrive.
  int64_t getNumThreads() const {
    if (arrivals.empty())
      return 0;
    Operation *op = arrivals.front();
    return int64_t(gpu::lookupNumWarps(op)) * gpu::lookupThreadsPerWarp(op);
  }
};

struct Pipe {
  /// Names the pipe to later passes.
  int32_t number = 0;
  PipeCreateOp create;
  Endpoint writer;
  llvm::MapVector<StringRef, Endpoint> readers;
  Writes writes;
};

/// The op that `partition` is a part of.
gpu::WarpSpecializeOp findSpecialize(Region *partition);

/// Whether `op` accesses a field, and does not only describe it.
bool touchesField(Operation *op, PipeCreateOp create);

/// Refuses, at the line that is wrong, a pipe with which somebody would wait
/// for ever or access what others write.
LogicalResult verifyPipe(Pipe &pipe, DominanceInfo &dominance);

/// Refuses steps that do not come in the order of tiles (PipeOrder.cpp).
LogicalResult verifyTileOrder(Pipe &pipe, DominanceInfo &dominance);

/// Refuses numbers of tiles, sums of values that are not known, with which
/// somebody would wait for ever.
LogicalResult verifyTileCounts(Pipe &pipe, DominanceInfo &dominance);

/// Refuses pipes each of which is committed to only behind a wait for another
/// of them.
LogicalResult verifyNoCycle(ArrayRef<Pipe *> pipes, DominanceInfo &dominance);

/// What messages call the field of `create` that `op` accesses.
std::string describeField(Operation *op, PipeCreateOp create);

/// A field of `create` as the program calls it, or by its number.
std::string nameField(PipeCreateOp create, size_t number);

} // namespace mlir::triton::tle

#endif // TLE_LIB_TRANSFORMS_PIPECHECKS_H
