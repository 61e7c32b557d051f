//===- TileLoopPlan.h - how a tile loop divides into partitions -*- C++ -*-===//
//
// What a loop over tiles gathers, what the gather needs, and what of it the
// rest of the loop needs.
//
//===----------------------------------------------------------------------===//

#ifndef TLE_TRANSFORMS_TILELOOPPLAN_H
#define TLE_TRANSFORMS_TILELOOPPLAN_H

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "tle/IR/Dialect.h"
#include "triton/Analysis/AxisInfo.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "llvm/ADT/SetVector.h"
#include <string>

namespace mlir::triton::tle {

/// A tile that every iteration loads from global memory and reads from shared
/// memory.
struct GatheredTile {
  /// A tt.load, or a tt.descriptor_load from an argument of the kernel, which
  /// TMA carries out.
  Operation *load = nullptr;
  /// Puts it into `buffer`; both null if products take the loaded value, which
  /// tensor cores read from shared memory anyway.
  Operation *store = nullptr;
  gpu::LocalAllocOp buffer;
  /// Of one slot.
  gpu::MemDescType slotType;
  /// The ops of the body that read it, or hold an op that does.
  SmallVector<Operation *> readers;

  /// The load through pointers; null for one of a descriptor.
  LoadOp getPointerLoad() const { return dyn_cast<LoadOp>(load); }
  /// What the producer must have to load it.
  SmallVector<Value> getAddress() const;
};

/// Tiles that are filled, waited for and released together.
struct TilePipe {
  SmallVector<GatheredTile> tiles;
  /// Values of the gather that the rest of the loop needs and that depend on
  /// memory: they go through the pipe too.
  SmallVector<Value> crossing;
  /// The first and the last op of the body that need the slot. The last one may
  /// be the terminator.
  Operation *firstUse = nullptr;
  Operation *lastUse = nullptr;
};

/// How a loop divides. Sets are in program order.
struct TileLoopPlan {
  scf::ForOp loop;
  /// The loop over work items that it is in, or null.
  scf::ForOp items;
  SmallVector<TilePipe> pipes;
  /// Ops of the body that the producer runs: what addresses and masks need.
  llvm::SetVector<Operation *> slice;
  /// Numbers of the values that the loop carries and `slice` needs.
  llvm::SetVector<unsigned> carried;
  /// Ops before the loop that the producer runs for itself: they make tensors,
  /// or are constants.
  llvm::SetVector<Operation *> outside;
  /// Ops of the body of `items` that the producer runs for itself.
  llvm::SetVector<Operation *> perItem;
  /// Scalars from before the loop that the producer needs.
  llvm::SetVector<Value> captures;
  /// Ops of the body that the consumer runs, and the carried values it needs.
  llvm::SetVector<Operation *> consumed;
  SmallVector<unsigned> consumerCarried;
  int64_t slots = 0;
  /// Bytes of shared memory that slots, other buffers and operands take.
  int64_t countedBytes = 0;

  int64_t bytesPerSlot() const;

  /// Whether TMA loads all tiles.
  bool isLoadedByTMA() const;

  /// The loop that the partitions divide: of items or, without them, of tiles.
  scf::ForOp getWhole() const { return items ? items : loop; }
};

/// What a plan may use.
struct TileLoopLimits {
  /// Slots of a loop that does not say how many stages it has.
  int64_t stages;
  /// Bytes of shared memory of a CTA, and those of it that are left to what
  /// cannot be counted yet: conversions, reductions, operands that are copied.
  int64_t sharedMemory, reserve;
};

/// Plans `loop`, or says in `reason` why it cannot be divided.
FailureOr<TileLoopPlan> planTileLoop(scf::ForOp loop,
                                     const ModuleAxisInfo &axes,
                                     TileLoopLimits limits,
                                     std::string &reason);

/// Whether a change of layout of what `store` writes takes more shared memory
/// than there is beside the slots.
bool isLargeStore(StoreOp store);

/// Of ttg.warp_specialize: the bytes of shared memory that its maker counted.
constexpr StringLiteral kCountedBytesAttr = "tle.counted_bytes";

/// Bytes of a tensor or buffer of `type`.
int64_t getTileBytes(ShapedType type);

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_TILELOOPPLAN_H
