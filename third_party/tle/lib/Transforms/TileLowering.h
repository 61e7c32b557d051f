//===- TileLowering.h - tiles in registers and in shared memory -*- C++ -*-===//

#ifndef TLE_TRANSFORMS_TILELOWERING_H
#define TLE_TRANSFORMS_TILELOWERING_H

#include "mlir/IR/PatternMatch.h"
#include "tle/IR/Dialect.h"

namespace mlir::triton::tle {

/// The values of `indices` if all are constants.
std::optional<SmallVector<int64_t>> getConstantIndices(ValueRange indices);

/// Splits a tensor into its tiles, with threads keeping their elements: the
/// tile's place is moved to trailing dimensions of size 2, which tt.split takes
/// off one by one. Possible where every thread holds a like part of each tile.
class TileSplitter {
public:
  /// Plans the split of `whole` into tiles of `tileShape`; nullopt if the
  /// layout keeps tiles in different threads.
  static std::optional<TileSplitter> get(RankedTensorType whole,
                                         ArrayRef<int64_t> tileShape);

  /// Tile `indices` of `value`, in the layout that the split leaves it in.
  Value extract(OpBuilder &builder, Location loc, Value value,
                ArrayRef<int64_t> indices) const;

  /// `value` with tile `indices` replaced by `tile`, in the layout of `value`.
  Value insert(OpBuilder &builder, Location loc, Value value, Value tile,
               ArrayRef<int64_t> indices) const;

private:
  Value toHalves(OpBuilder &builder, Location loc, Value value) const;
  /// For each trailing dimension of size 2, the last first: the half that holds
  /// the tile.
  SmallVector<bool> getPath(ArrayRef<int64_t> indices) const;

  RankedTensorType whole;
  /// Whole -> tiles apart -> places last -> places as dimensions of size 2.
  RankedTensorType apart, placesLast, halves;
  SmallVector<int32_t> order;
  /// Types of what is left after each split.
  SmallVector<RankedTensorType> parts;
  SmallVector<int64_t> counts;
};

/// What comes of a staged value before it is read back.
enum class StagedUse { View, Pointers, Overwritten };

/// Writes `value` to a new buffer in shared memory without a swizzle; fails
/// with an error at `op` for tensors spread over several CTAs.
FailureOr<Value> stageInSharedMemory(OpBuilder &builder, Operation *op,
                                     Value value, StagedUse use);

/// Pointers to tile `indices` (i32 scalars, counted in tiles) of `buffer`, with
/// the tile's shape and layout.
Value createTilePointers(OpBuilder &builder, Location loc, Value buffer,
                         RankedTensorType tile, ValueRange indices);

/// The ttg.memdesc_subslice that is tile `indices` of `buffer`.
Value createTileView(OpBuilder &builder, Location loc, Value buffer,
                     ArrayRef<int64_t> tileShape, ArrayRef<int64_t> indices);

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_TILELOWERING_H
