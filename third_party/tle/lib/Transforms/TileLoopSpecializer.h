//===- TileLoopSpecializer.h - divides a tile loop --------------*- C++ -*-===//
//
// Makes what a TileLoopPlan says: the pipes, the partition that gathers, and
// the rest of the loop behind the pipes.
//
//===----------------------------------------------------------------------===//

#ifndef TLE_TRANSFORMS_TILELOOPSPECIALIZER_H
#define TLE_TRANSFORMS_TILELOOPSPECIALIZER_H

#include "tle/Transforms/PipeBuilder.h"
#include "tle/Transforms/TileLoopPlan.h"
#include "triton/Dialect/Triton/IR/Dialect.h"

namespace mlir::triton::tle {

/// On loops that the pass divides.
constexpr StringLiteral kSpecializeAttr = "tt.warp_specialize";
/// What pipes call the rest of the loop.
constexpr StringLiteral kTileReader = "consumer";
constexpr int32_t kProducerWarps = 4;

/// A pipe as both sides see it: its barriers, and the slots of its tiles and of
/// the values that cross.
struct PipeBuffers {
  Value barriers;
  SmallVector<Value> tiles;
  SmallVector<Value> crossing;
};

class TileLoopSpecializer : private PipeBuilder {
public:
  TileLoopSpecializer(TileLoopPlan plan, int64_t numWarps,
                      int64_t producerRegisters)
      : PipeBuilder(plan.getWhole(), plan.loop.getLoc()), plan(std::move(plan)),
        loop(this->plan.loop), items(this->plan.items), numWarps(numWarps),
        producerRegisters(producerRegisters) {}

  void run();

private:
  TileLoopPlan plan;
  scf::ForOp loop, items;
  int64_t numWarps;
  int64_t producerRegisters;
  SmallVector<PipeBuffers> buffers;
  gpu::WarpSpecializeOp specialize;
  /// How many tiles the consumer has had, before the loop and behind it,
  /// whether there was none between, and the last of them.
  Value start, count, isEmpty, last;
  /// Large stores behind the loop, each with the ring that it goes through and
  /// the barriers of that one's pipe.
  struct StagedStore {
    StoreOp store;
    Value ring, barriers;
  };
  SmallVector<StagedStore> staged;
  bool haveOwnRings = true;
  /// Barriers of the pipes whose last tile of an item is held until its slot
  /// has served for stores.
  llvm::SmallDenseSet<Value> held;

  Value allocateSlots(ArrayRef<int64_t> shape, Type element, Attribute layout);
  Type storedType(Type element);
  PipeBuffers createPipe(const TilePipe &pipe, size_t number);
  DenseI32ArrayAttr getRegisters();
  void divide();
  SmallVector<Operation *> findMovable();

  // The two loops, in TileLoopPartitions.cpp.
  SmallVector<Value> getSlots(ArrayRef<Value> whole, Value number);
  scf::ForOp createLoop(ArrayRef<unsigned> carried, Value first,
                        IRMapping &mapping);
  void yield(ArrayRef<unsigned> carried, Value number, IRMapping &mapping);
  void produce();
  Value gather(Value first, IRMapping &mapping);
  Value sendEmptyTile(Value first, Value end, IRMapping &mapping);
  Value createEnd(Value first, Value end, Value isEmpty);
  void fill(const TilePipe &pipe, const PipeBuffers &own, Value number,
            IRMapping &mapping);
  void consume();
  void mapBuffer(Value buffer, Value slot, IRMapping &mapping);
  void wait(const TilePipe &pipe, const PipeBuffers &own, ArrayRef<Value> slots,
            Value number, IRMapping &mapping);
  void releaseTile(Value barriers, Value number, scf::ForOp created);

  // The stores behind the loop, in TileLoopStores.cpp.
  int64_t getRoom(Value ring);
  void planStores();
  void stageStores();
  void createLast();
  void endItem();
  void stage(StoreOp store, Value ring);
  void gatherStaged();
  static int64_t getValueBytes(StoreOp store);
  static int64_t getBytes(Value buffer);

  static void eraseWithViews(Operation *op);
  void erase();
};

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_TILELOOPSPECIALIZER_H
