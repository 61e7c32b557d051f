//===- TileStyleProducts.h - products of tile-style loops -------*- C++ -*-===//

#ifndef TLE_TRANSFORMS_TILESTYLEPRODUCTS_H
#define TLE_TRANSFORMS_TILESTYLEPRODUCTS_H

#include "tle/Transforms/TileStyleLoop.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"
#include "llvm/ADT/DenseSet.h"
#include <memory>

namespace mlir::triton::tle {

/// Where stock may put barriers into a tile-style loop. It takes what is read
/// of shared memory before one to have ended. If one stands between a product
/// and its wait, none comes between that wait and the copies into the tile:
/// they may overtake the product of other warps.
///
/// StockBarriers.h tells where barriers are for ops that stay where they are.
/// Here the order is not final: what stands before the wait for the copies may
/// come behind it, so neither that wait nor a barrier closes a write. And the
/// other way around, only what the loop writes is open, not what is unknown,
/// and nothing excuses a barrier: no single group of warps, and none that the
/// program has behind the wait. One class would be two sets of rules.
class TileStyleMeetings {
public:
  explicit TileStyleMeetings(scf::ForOp loop);

  /// Whether a barrier may stand in front of `op` or inside of it.
  bool contains(Operation *op) const { return meetings.contains(op); }

  /// Whether `dot` reads a buffer that the loop's copies fill.
  bool readsTile(nvidia_gpu::WarpGroupDotOp dot) const;

private:
  llvm::SmallPtrSet<Operation *, 16> meetings;
  llvm::DenseSet<Value> tiles;
};

/// The meetings of each tile-style loop, found when they are asked for.
class TileStyleMeetingsByLoop {
public:
  /// Those of the tile-style loop that holds `block`, or null.
  const TileStyleMeetings *around(Block *block);

private:
  llvm::DenseMap<Operation *, std::unique_ptr<TileStyleMeetings>> found;
};

/// Gives each product of the loop, which is to have `slots` slots, a wait in
/// its iteration; one for all of a chain, if that leaves something to do
/// beside the copies into a single slot.
void endProducts(const TileStyleLoop &info, int64_t slots);

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_TILESTYLEPRODUCTS_H
