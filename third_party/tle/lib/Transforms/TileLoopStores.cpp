//===- TileLoopStores.cpp - stores behind a divided loop ------------------===//
//
// Lets large stores behind the loop go through slots of tiles, and ends an item
// whose last slots were held for them.
//
//===----------------------------------------------------------------------===//

#include "TileLoopSpecializer.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::tle;
namespace ttg = mlir::triton::gpu;

/// Bytes of what a store may go through: of a slot if other items follow.
int64_t TileLoopSpecializer::getRoom(Value ring) {
  return getBytes(ring) / (items ? plan.slots : 1);
}

/// Lets large stores behind the loop go through slots, to be written by whole
/// rows: a change of layout would take shared memory beside them. The slots
/// are the consumer's then: all tiles have arrived, and none will come or, if
/// other items follow, the last one is not released before.
void TileLoopSpecializer::planStores() {
  SmallVector<std::pair<Value, Value>> rings; // with the pipe's barriers
  for (const PipeBuffers &pipe : buffers)
    for (Value tile : pipe.tiles) {
      auto *place = llvm::find_if(rings, [&](const auto &ring) {
        int64_t more = getBytes(tile) - getBytes(ring.first);
        // Of the same size the one that is read last.
        return more > 0 || (items && more == 0);
      });
      rings.insert(place, {tile, pipe.barriers});
    }
  size_t next = 0;
  for (Operation *op = loop->getNextNode(); op; op = op->getNextNode()) {
    auto store = dyn_cast<StoreOp>(op);
    if (!store || !isLargeStore(store) ||
        getValueBytes(store) > getRoom(rings.front().first))
      continue;
    if (next == rings.size() ||
        getValueBytes(store) > getRoom(rings[next].first)) {
      haveOwnRings = false;
      next = 0;
    }
    auto [ring, barriers] = rings[next++];
    staged.push_back({store, ring, barriers});
    if (items)
      held.insert(barriers);
  }
}

void TileLoopSpecializer::stageStores() {
  if (staged.empty())
    return;
  llvm::SmallDenseSet<Value> waitedFor;
  for (const StagedStore &each : staged) {
    builder.setInsertionPoint(each.store);
    if (!last)
      createLast();
    if (waitedFor.insert(each.barriers).second)
      PipeBuilder::wait(each.barriers, last, kTileReader);
    Value ring = each.ring;
    if (items)
      ring = getView(ring, getSlotNumber(last, plan.slots));
    stage(each.store, ring);
  }
  if (haveOwnRings)
    gatherStaged();
}

/// The number of the last tile, which has arrived: a wait for it says that
/// what follows may use the slots. Without any tile it is that of the empty
/// one or, if no items follow, of the second round, whose phase is the one
/// that a fresh mbarrier has behind it, so that the wait passes.
void TileLoopSpecializer::createLast() {
  isEmpty = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, count,
                                  start);
  if (items)
    count = createEnd(start, count, isEmpty);
  last = arith::SubIOp::create(builder, loc, count, constant(1));
  if (!items)
    last = arith::SelectOp::create(builder, loc, isEmpty, constant(plan.slots),
                                   last);
}

/// Frees what has been held, takes the other pipes' empty tiles, and counts
/// on.
void TileLoopSpecializer::endItem() {
  if (!held.empty()) {
    builder.setInsertionPoint(staged.back().store);
    for (const PipeBuffers &own : buffers)
      if (held.contains(own.barriers))
        release(own.barriers, last, kTileReader);
  }
  if (!held.empty() && held.size() < buffers.size()) {
    auto branch = scf::IfOp::create(builder, loc, isEmpty,
                                    /*withElseRegion=*/false);
    builder.setInsertionPointToStart(branch.thenBlock());
    for (const PipeBuffers &own : buffers)
      if (!held.contains(own.barriers)) {
        PipeBuilder::wait(own.barriers, start, kTileReader);
        release(own.barriers, start, kTileReader);
      }
  }
  items.getBody()->getTerminator()->setOperand(items.getNumRegionIterArgs() - 1,
                                               count);
}

void TileLoopSpecializer::stage(StoreOp store, Value ring) {
  auto type = cast<RankedTensorType>(store.getValue().getType());
  auto space = ttg::SharedMemorySpaceAttr::get(builder.getContext());
  auto staged = ttg::MemDescType::get(type.getShape(), type.getElementType(),
                                      productLayout(type), space,
                                      /*mutableMemory=*/true);
  Location where = store.getLoc();
  auto staging =
      ttg::MemDescReinterpretOp::create(builder, where, staged, ring);
  ttg::LocalStoreOp::create(builder, where, store.getValue(), staging);
  store.getValueMutable().assign(
      ttg::LocalLoadOp::create(builder, where, type, staging));
}

/// Lets all that is staged be staged before any of it is stored: the values
/// leave their registers first, and one barrier does for all.
void TileLoopSpecializer::gatherStaged() {
  if (staged.size() < 2)
    return;
  StoreOp final = staged.back().store;
  auto isStagedStore = [&](Operation *op) {
    return llvm::any_of(
        staged, [&](const StagedStore &each) { return each.store == op; });
  };
  for (Operation *op = staged.front().store; op != final;
       op = op->getNextNode())
    if (!isMemoryEffectFree(op) && !isStagedStore(op) &&
        !isa<PipeWaitOp, ttg::LocalStoreOp, ttg::LocalLoadOp>(op))
      return;
  Operation *place = final.getValue().getDefiningOp();
  for (const StagedStore &each : ArrayRef(staged).drop_back()) {
    StoreOp store = each.store;
    store.getValue().getDefiningOp()->moveBefore(place);
    store->moveBefore(place);
  }
}

int64_t TileLoopSpecializer::getValueBytes(StoreOp store) {
  return getTileBytes(cast<RankedTensorType>(store.getValue().getType()));
}

int64_t TileLoopSpecializer::getBytes(Value buffer) {
  return getTileBytes(cast<ttg::MemDescType>(buffer.getType()));
}
