//===- TileLoopPartitions.cpp - the loops of gather and rest --------------===//
//
// The loop of the partition that gathers, which fills the pipes, and that of
// the rest, which waits for tiles and releases them.
//
//===----------------------------------------------------------------------===//

#include "TileLoopSpecializer.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "tle/Transforms/Accumulation.h"
#include "tle/Transforms/LocalPointerUtils.h"
#include "triton/Dialect/TritonGPU/Transforms/BufferAnalysis.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::tle;
namespace ttg = mlir::triton::gpu;

/// Slot `number` mod N of each buffer, in the order of the buffers.
SmallVector<Value> TileLoopSpecializer::getSlots(ArrayRef<Value> whole,
                                                 Value number) {
  Value slot = getSlotNumber(number, plan.slots);
  SmallVector<Value> views;
  for (Value buffer : whole)
    views.push_back(getView(buffer, slot));
  return views;
}

/// The loop once more, with the values of `carried` and the number of the
/// tile, which comes last and begins with `first`; its body is empty.
/// `mapping` leads there.
scf::ForOp TileLoopSpecializer::createLoop(ArrayRef<unsigned> carried,
                                           Value first, IRMapping &mapping) {
  SmallVector<Value> inits;
  for (unsigned number : carried)
    inits.push_back(mapping.lookupOrDefault(loop.getInitArgs()[number]));
  inits.push_back(first);
  scf::ForOp created = createAlike(loop, inits, mapping);
  created->removeAttr(kSpecializeAttr);
  for (auto [position, number] : llvm::enumerate(carried))
    mapping.map(loop.getRegionIterArg(number),
                created.getRegionIterArg(position));
  return created;
}

void TileLoopSpecializer::yield(ArrayRef<unsigned> carried, Value number,
                                IRMapping &mapping) {
  Operation *old = loop.getBody()->getTerminator();
  SmallVector<Value> values;
  for (unsigned position : carried)
    values.push_back(mapping.lookupOrDefault(old->getOperand(position)));
  values.push_back(arith::AddIOp::create(builder, loc, number, constant(1)));
  scf::YieldOp::create(builder, loc, values);
}

void TileLoopSpecializer::produce() {
  Block &block =
      specialize.getPartitionOp().getPartitionRegions().front().front();
  builder.setInsertionPointToEnd(&block);
  IRMapping mapping;
  for (auto [capture, argument] :
       llvm::zip(specialize.getExplicitCaptures(), block.getArguments()))
    mapping.map(capture, argument);
  for (Operation *op : plan.outside)
    builder.clone(*op, mapping);
  if (!items) {
    gather(constant(0), mapping);
  } else {
    scf::ForOp created = createAlike(items, constant(0), mapping);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(created.getBody());
    for (Operation *op : plan.perItem)
      builder.clone(*op, mapping);
    Value first = created.getRegionIterArgs().back();
    Value end = gather(first, mapping);
    if (!held.empty())
      end = sendEmptyTile(first, end, mapping);
    scf::YieldOp::create(builder, loc, end);
  }
  ttg::WarpReturnOp::create(builder, loc);
}

/// The producer's loop over tiles, from number `first` on; returns the number
/// behind the last.
Value TileLoopSpecializer::gather(Value first, IRMapping &mapping) {
  scf::ForOp created = createLoop(plan.carried.getArrayRef(), first, mapping);
  Value number = created.getRegionIterArgs().back();
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(created.getBody());
    for (Operation *op : plan.slice)
      builder.clone(*op, mapping);
    for (auto [pipe, own] : llvm::zip(plan.pipes, buffers))
      fill(pipe, own, number, mapping);
    yield(plan.carried.getArrayRef(), number, mapping);
  }
  return created.getResults().back();
}

/// An item without tiles has one in which nothing lies: the consumer stores
/// its results through the slot. Returns the number behind it, or `end`.
Value TileLoopSpecializer::sendEmptyTile(Value first, Value end,
                                         IRMapping &mapping) {
  Value isEmpty =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, first, end);
  auto branch = scf::IfOp::create(builder, loc, isEmpty,
                                  /*withElseRegion=*/false);
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(branch.thenBlock());
    for (const PipeBuffers &own : buffers) {
      acquire(mapping.lookup(own.barriers), first);
      commit(mapping.lookup(own.barriers), first);
    }
  }
  return createEnd(first, end, isEmpty);
}

/// The number behind the last tile of an item, the empty one included.
Value TileLoopSpecializer::createEnd(Value first, Value end, Value isEmpty) {
  Value next = arith::AddIOp::create(builder, loc, first, constant(1));
  return arith::SelectOp::create(builder, loc, isEmpty, next, end);
}

/// One tile of a pipe. All that the addresses need has been computed, so that
/// loads of indices do not wait for the slot.
void TileLoopSpecializer::fill(const TilePipe &pipe, const PipeBuffers &own,
                               Value number, IRMapping &mapping) {
  Value barriers = mapping.lookup(own.barriers);
  auto local = [&](ArrayRef<Value> values) {
    return llvm::map_to_vector(
        values, [&](Value value) { return mapping.lookup(value); });
  };
  acquire(barriers, number);
  SmallVector<Value> tiles = getSlots(local(own.tiles), number);
  for (auto [tile, slot] : llvm::zip(pipe.tiles, tiles)) {
    LoadOp load = tile.getPointerLoad();
    if (!load) {
      // Lowering of pipes makes one copy by TMA of the two.
      Operation *block = builder.clone(*tile.load, mapping);
      ttg::LocalStoreOp::create(builder, block->getLoc(), block->getResult(0),
                                slot);
      continue;
    }
    ttg::AsyncCopyGlobalToLocalOp::create(
        builder, load.getLoc(), mapping.lookupOrDefault(load.getPtr()), slot,
        load.getMask() ? mapping.lookupOrDefault(load.getMask()) : Value(),
        /*other=*/Value(), load.getCache(), load.getEvict());
  }
  SmallVector<Value> slots = getSlots(local(own.crossing), number);
  for (auto [value, slot] : llvm::zip(pipe.crossing, slots)) {
    Value source = mapping.lookup(value);
    auto type = cast<RankedTensorType>(source.getType());
    if (type.getElementType().isInteger(1))
      source = arith::ExtUIOp::create(builder, loc,
                                      type.clone(builder.getI8Type()), source);
    ttg::LocalStoreOp::create(builder, value.getLoc(), source, slot);
  }
  commit(barriers, number);
}

void TileLoopSpecializer::consume() {
  builder.setInsertionPoint(loop);
  IRMapping mapping;
  start = items ? Value(items.getRegionIterArgs().back()) : constant(0);
  scf::ForOp created = createLoop(plan.consumerCarried, start, mapping);
  created->setAttr(kConsumerAttr, builder.getUnitAttr());
  if (plan.slots >= 2 && !items && plan.isLoadedByTMA())
    created->setAttr(kMayTakeTurnsAttr, builder.getUnitAttr());
  Value number = created.getRegionIterArgs().back();
  builder.setInsertionPointToEnd(created.getBody());
  SmallVector<SmallVector<Value>> slots;
  for (auto [pipe, own] : llvm::zip(plan.pipes, buffers)) {
    slots.push_back(getSlots(own.tiles, number));
    for (auto [tile, slot] : llvm::zip(pipe.tiles, slots.back()))
      if (tile.buffer)
        mapBuffer(tile.buffer, slot, mapping);
  }
  for (Operation &op : *loop.getBody()) {
    for (auto [index, pipe] : llvm::enumerate(plan.pipes))
      if (pipe.firstUse == &op)
        wait(pipe, buffers[index], slots[index], number, mapping);
    if (plan.consumed.contains(&op))
      builder.clone(op, mapping);
    bool isEnd = &op == loop.getBody()->getTerminator();
    for (auto [index, pipe] : llvm::enumerate(plan.pipes))
      if (pipe.lastUse == &op)
        releaseTile(buffers[index].barriers, number, created);
    if (isEnd)
      yield(plan.consumerCarried, number, mapping);
  }
  for (auto [position, old] : llvm::enumerate(plan.consumerCarried))
    loop.getResult(old).replaceAllUsesWith(created.getResult(position));
  count = created.getResults().back();
}

/// Lets the consumer find `slot` where it looked for `buffer`, through views
/// made before the loop too.
void TileLoopSpecializer::mapBuffer(Value buffer, Value slot,
                                    IRMapping &mapping) {
  mapping.map(buffer, slot);
  for (Operation *user : buffer.getUsers()) {
    bool isView = ttg::isBufferView(user) || isa<LocalPointersOp>(user);
    if (!isView || loop->isAncestor(user))
      continue;
    Operation *view = builder.clone(*user, mapping);
    mapBuffer(user->getResult(0), view->getResult(0), mapping);
  }
}

void TileLoopSpecializer::wait(const TilePipe &pipe, const PipeBuffers &own,
                               ArrayRef<Value> slots, Value number,
                               IRMapping &mapping) {
  PipeWaitOp::create(builder, loc, own.barriers, number,
                     builder.getStringAttr(kTileReader));
  for (auto [tile, slot] : llvm::zip(pipe.tiles, slots)) {
    Value loaded = tile.load->getResult(0);
    if (!tile.buffer)
      mapping.map(loaded, ttg::LocalLoadOp::create(builder, loaded.getLoc(),
                                                   loaded.getType(), slot)
                              .getResult());
  }
  SmallVector<Value> fields = getSlots(own.crossing, number);
  for (auto [value, field] : llvm::zip(pipe.crossing, fields)) {
    auto type = cast<RankedTensorType>(value.getType());
    Type stored = storedType(type.getElementType());
    Value loaded = ttg::LocalLoadOp::create(builder, value.getLoc(),
                                            type.clone(stored), field);
    if (stored != type.getElementType()) {
      auto zero = arith::ConstantOp::create(
          builder, loc, builder.getZeroAttr(loaded.getType()));
      loaded = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne,
                                     loaded, zero);
    }
    mapping.map(value, loaded);
  }
}

void TileLoopSpecializer::releaseTile(Value barriers, Value number,
                                      scf::ForOp created) {
  OpBuilder::InsertionGuard guard(builder);
  if (held.contains(barriers)) {
    auto branch = scf::IfOp::create(builder, loc, createGoesOn(created),
                                    /*withElseRegion=*/false);
    builder.setInsertionPointToStart(branch.thenBlock());
  }
  release(barriers, number, kTileReader);
}
