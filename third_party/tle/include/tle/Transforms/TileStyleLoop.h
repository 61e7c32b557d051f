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
#include "triton/Analysis/AxisInfo.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "llvm/ADT/SetVector.h"
#include <optional>
#include <string>

namespace mlir::triton::tle {

inline constexpr llvm::StringLiteral kTileStyleAttr = "tle.tile_style_pipeline";
inline constexpr llvm::StringLiteral kProducerCountAttr =
    "tle.async_tile_producer_count";
inline constexpr llvm::StringLiteral kNumStagesAttr = "tt.num_stages";

/// A loop whose body copies tiles asynchronously into buffers, waits for them,
/// and then only reads them. The sets are in program order.
struct TileStyleLoop {
  scf::ForOp loop;
  /// The copies, each into (a static view of) a buffer.
  SmallVector<gpu::AsyncCopyGlobalToLocalOp> copies;
  /// The buffers, allocated before the loop and used by it alone.
  llvm::SetVector<gpu::LocalAllocOp> buffers;
  /// Commits and waits of the copies.
  llvm::SetVector<Operation *> synchronization;
  /// What must run for tile i + n ahead of iteration i + n: the ops that the
  /// operands of the copies depend on.
  llvm::SetVector<Operation *> slice;
  /// The part of `slice` that loads from memory, and what those loads need.
  llvm::SetVector<Operation *> loads;
  /// Numbers of the values that the loop carries and that `slice` depends on,
  /// such as pointers that every iteration moves on.
  llvm::SetVector<unsigned> carried;
  /// The part of `slice` that computes the next of the `carried` values.
  llvm::SetVector<Operation *> advance;
  /// Loads that the consumers use and that need nothing that an iteration
  /// computes but addresses, and what those need.
  llvm::SetVector<Operation *> seeds;
  /// What reads the buffers.
  SmallVector<Operation *> reads;
  /// Whether tensor cores read a buffer through the asynchronous proxy.
  bool readByProducts = false;

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
  /// Whether `alloc` holds the transpose of what is loaded.
  bool transposed = false;
};

/// The staged loads of `loop`, if all of them can be asynchronous copies; else
/// none, and `reason` says why. `axes` gives the facts of the module as it is.
SmallVector<StagedLoad>
matchStagedLoads(scf::ForOp loop, function_ref<const ModuleAxisInfo &()> axes,
                 std::string &reason);

/// Turns each load into an asynchronous copy into a buffer before the loop,
/// waited for on the spot.
void copyAsynchronously(scf::ForOp loop, ArrayRef<StagedLoad> loads);

/// How often `loop` runs, if its bounds are constants.
std::optional<int64_t> staticTripCount(scf::ForOp loop);

/// What a CTA may use of shared memory, in bytes.
struct SharedMemoryLimits {
  int64_t total;
  /// Kept free beyond what the loop's layout conversions and reductions take.
  int64_t reserve;
};

/// Bytes that the explicit buffers inside of `op` take.
int64_t explicitSharedMemory(Operation *op);

/// The op of the body in front of which the copies for the next tile can start
/// if each buffer has one slot: every read of this tile has ended there. What
/// does not need the last of them to have ended, and takes little time, stands
/// before it. Null if no product and no access to other memory is left to run
/// beside the copies.
Operation *findIssuePoint(const TileStyleLoop &info);

/// As many slots for each buffer as `stages`, the loop's trips and shared
/// memory allow, of which other buffers take `others` bytes; one only if there
/// is an issue point. None: `reason` says why.
int64_t chooseSlots(const TileStyleLoop &info, int64_t stages,
                    SharedMemoryLimits limits, int64_t others,
                    std::string &reason);

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_TILESTYLELOOP_H
