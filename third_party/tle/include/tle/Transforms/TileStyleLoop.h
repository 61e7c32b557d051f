//===- TileStyleLoop.h - loops that gather tiles and consume them -*- C++
//-*-===//
//
// What the schedule and the materialization of tile-style pipelines both have
// to know of a loop: its producers, what they need, and what they fill.
//
//===----------------------------------------------------------------------===//

#ifndef TLE_TRANSFORMS_TILESTYLELOOP_H
#define TLE_TRANSFORMS_TILESTYLELOOP_H

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "llvm/ADT/SetVector.h"
#include <string>

namespace mlir::triton::tle {

inline constexpr llvm::StringLiteral kTileStyleAttr = "tle.tile_style_pipeline";
inline constexpr llvm::StringLiteral kProducerCountAttr =
    "tle.async_tile_producer_count";
inline constexpr llvm::StringLiteral kNumStagesAttr = "tt.num_stages";

/// A loop whose body copies tiles asynchronously into buffers, waits for them,
/// and then only reads them.
struct TileStyleLoop {
  scf::ForOp loop;
  /// The copies, in program order, each into (a static view of) a buffer.
  SmallVector<gpu::AsyncCopyGlobalToLocalOp> copies;
  /// The buffers, allocated before the loop and used by it alone.
  llvm::SetVector<gpu::LocalAllocOp> buffers;
  /// Commits and waits of the copies.
  llvm::SetVector<Operation *> synchronization;
  /// What must run for tile i + n ahead of iteration i + n, in program order:
  /// the ops that the operands of the copies depend on.
  llvm::SetVector<Operation *> slice;
  /// The part of `slice` that loads from memory, and what those loads need.
  llvm::SetVector<Operation *> loads;

  int64_t bytesPerSlot() const;
};

/// Describes `loop`, or says in `reason` why it is no tile-style loop.
FailureOr<TileStyleLoop> matchTileStyleLoop(scf::ForOp loop,
                                            std::string &reason);

/// A tile that an iteration loads into registers only to put it into shared
/// memory: what staging promotion, or a dot's operand, leaves of a gather.
struct StagedLoad {
  LoadOp load;
  gpu::LocalAllocOp alloc;
};

/// The staged loads of `loop`, if all of them can be copied ahead; else none,
/// and `reason` says why.
SmallVector<StagedLoad> matchStagedLoads(scf::ForOp loop, std::string &reason);

/// Turns each load into an asynchronous copy into a buffer before the loop,
/// waited for where its tile was put into shared memory.
void copyAsynchronously(scf::ForOp loop, ArrayRef<StagedLoad> loads);

/// Bytes of shared memory that layout conversions and reductions in `loop` may
/// take for themselves, as an upper bound: they do not run at the same time.
int64_t scratchMemory(scf::ForOp loop);

/// Bytes of shared memory that the explicit buffers of `function` take.
int64_t explicitSharedMemory(Operation *function);

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_TILESTYLELOOP_H
