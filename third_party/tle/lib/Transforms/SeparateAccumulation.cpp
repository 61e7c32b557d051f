//===- SeparateAccumulation.cpp - scores in a partition of their own ------===//
//
// Precondition:  tensors without layouts; a ttg.warp_specialize that
//                triton-tle-warp-specialize-tile-loop made, whose default
//                region holds a loop marked tle.consumer with wide
//                accumulators.
// Rewrite:       default    { for { wait; scores; sums; release }; after }
//                partition0 { for { acquire; gather; commit } }
//            ==> default    { for { wait, take; sums; release }; after }
//                partition0 { for { wait; scores, pass on; release }; after }
//                partition1 { operands; for { acquire; gather; commit } }
// Postcondition: no loop is marked. Every pipe of tiles names as readers those
//                who read it.
//
// Why the results are the same:
//
// - Values. Each side runs the ops that it needs, with operands that are equal:
//   its own, captured, made again from what does not change, or from the pipe's
//   tile of the same number. A sum is multiplied by a factor that is 1
//   everywhere, or not at all.
// - Items. All count tiles over items alike. Of a held pipe the sums release
//   the last tile of an item behind the loop, so that its slot is theirs until
//   then; an item without tiles has an empty one, which the scores need not
//   see. Operands and what is needed behind the loop have one tile an item, and
//   a slot that its reader has released before.
// - No deadlock. Tile i of any pipe needs, to be filled, that tile i - N of it
//   has been released. The scores of tile i need the gathered tile i and slots
//   that the sums of tile i - N release; the sums of tile i need what the
//   gather and the scores have made of tile i. Nobody needs a later tile to go
//   on. So by induction over tiles all go on.
// - Slots. A side releases a tile behind the last of its ops that may read it;
//   the sums release it for the scores, too, where they have waited for what
//   the scores hand on behind their last read of it.
//   Behind the loop the sums may write slots of tiles: the scores have read
//   them, for the sums have had what the scores made of the last tile.
// - Global memory. Where one partition writes, no other one reads or writes.
//
//===----------------------------------------------------------------------===//

#include "AccumulationSeparator.h"

#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/Passes.h"
#include "tle/Transforms/TileLoopPlan.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "triton/Dialect/TritonGPU/Transforms/Remarks.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLESEPARATEACCUMULATION
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::tle;
namespace ttg = mlir::triton::gpu;

void AccumulationSeparator::run() {
  if (plan.items)
    plan.items = countItems(plan.items);
  createPipes();
  for (Value value : plan.crossing)
    hoist(value.getDefiningOp());
  Region &scores = addPartition();
  PartitionImports imports(specialize, &scores);
  makeScores(scores, imports);
  if (!plan.operands.empty())
    copyOperands();
  makeSums();
  setReaders();
}

/// A ring for values of `type`, one behind which products read a matrix.
Value AccumulationSeparator::allocateRing(RankedTensorType type,
                                          int64_t slots) {
  SmallVector<int64_t> shape = {slots};
  llvm::append_range(shape, type.getShape());
  Attribute layout = plainLayout(type.getRank());
  int64_t rowBytes = type.getShape().back() * type.getElementTypeBitWidth() / 8;
  if (type.getRank() == 2 && rowBytes >= 32 && type.getShape()[0] >= 8)
    layout = productLayout(type);
  return allocate(shape, type.getElementType(), layout);
}

void AccumulationSeparator::createPipes() {
  StringRef reader = plan.adding.name;
  for (auto [number, value] : llvm::enumerate(plan.crossing)) {
    auto type = cast<RankedTensorType>(value.getType());
    // A vector is there long before the matrix that follows it.
    int64_t slots = type.getRank() == 1 ? 2 : 1;
    Value buffer = allocateRing(type, slots);
    Value barriers = createPipe({buffer}, slots, "values" + Twine(number),
                                reader, /*oneShot=*/false);
    pipes[value] = {barriers, buffer};
  }
  for (Value value : plan.finals)
    finalBuffers.push_back(
        allocateRing(cast<RankedTensorType>(value.getType()), 1));
  if (!finalBuffers.empty())
    finalBarriers = createPipe(finalBuffers, 1, "finals", reader,
                               /*oneShot=*/!plan.items);
  for (LoadOp load : plan.operands)
    operandBuffers.push_back(
        allocateRing(cast<RankedTensorType>(load.getType()), 1));
  if (!operandBuffers.empty())
    operandBarriers =
        createPipe(operandBuffers, 1, "operands", plan.scoring.name,
                   /*oneShot=*/!plan.items);
}

/// Lets a loop over items count them; returns the new one.
scf::ForOp AccumulationSeparator::countItems(scf::ForOp items) {
  items = addCounter(items);
  OpBuilder::InsertionGuard guard(builder);
  // Not behind the loop over tiles, where the sides are divided.
  builder.setInsertionPointToStart(items.getBody());
  Value next = arith::AddIOp::create(builder, loc, getItem(items), constant(1));
  items.getBody()->getTerminator()->setOperand(1, next);
  return items;
}

/// The number of the item in whose loop the builder stands.
Value AccumulationSeparator::getItem(scf::ForOp items) {
  return items ? Value(items.getRegionIterArg(1)) : constant(0);
}

/// What crosses is made as early as it can be.
void AccumulationSeparator::hoist(Operation *op) {
  Operation *last = nullptr;
  for (Value operand : op->getOperands())
    if (Operation *def = operand.getDefiningOp();
        def && def->getBlock() == op->getBlock() &&
        (!last || last->isBeforeInBlock(def)))
      last = def;
  if (last && isMemoryEffectFree(op) && op->getNumRegions() == 0)
    op->moveAfter(last);
}

/// The partition of the scores, first of two, with an empty block.
Region &AccumulationSeparator::addPartition() {
  ttg::WarpSpecializePartitionsOp old = specialize.getPartitionOp();
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(old);
  auto created = ttg::WarpSpecializePartitionsOp::create(builder, loc, 2);
  created.getPartitionRegions()[1].takeBody(old.getPartitionRegions()[0]);
  old.erase();
  Region &scores = created.getPartitionRegions()[0];
  Block &block = scores.emplaceBlock();
  for (Value capture : specialize.getExplicitCaptures())
    block.addArgument(capture.getType(), capture.getLoc());
  SmallVector<int32_t> warps(specialize.getPartitionNumWarps());
  warps.insert(warps.begin(), kScoreWarps);
  specialize.setPartitionNumWarps(warps);
  int32_t others = plan.otherRegisters;
  SmallVector<int32_t> registers = {plan.registers, others};
  specialize.setRequestedRegisters(registers);
  specialize->setAttr(kCountedBytesAttr,
                      builder.getI64IntegerAttr(plan.countedBytes));
  return scores;
}

//===----------------------------------------------------------------------===//
// Both loops
//===----------------------------------------------------------------------===//

/// The slot of tile `number` of a ring, which may be of one slot.
Value AccumulationSeparator::getSlot(Value ring, Value number) {
  int64_t slots = cast<ttg::MemDescType>(ring.getType()).getShape().front();
  return getView(ring, slots == 1 ? constant(0) : getSlotNumber(number, slots));
}

/// Whether `op` reads a slot, or transposes what was read, for products only.
/// These take it from the slot if nothing stands between.
bool AccumulationSeparator::isOperandRead(Operation *op) {
  auto load = dyn_cast<LoadOp>(op);
  bool isRead = isa<ttg::LocalLoadOp, TransOp>(op) ||
                (load && isLocalPointerLike(load.getPtr().getType()));
  return isRead && !op->use_empty() &&
         llvm::all_of(op->getUsers(), [&](Operation *user) {
           return isa<DotOp>(user) || isOperandRead(user);
         });
}

/// Makes the reads of the operands of `op` here.
void AccumulationSeparator::readOperands(Operation *op, IRMapping &mapping) {
  for (Value operand : op->getOperands()) {
    Operation *def = operand.getDefiningOp();
    auto view = views.find(operand);
    if (view != views.end()) {
      mapping.map(operand,
                  ttg::LocalLoadOp::create(builder, def->getLoc(),
                                           operand.getType(), view->second)
                      .getResult());
    } else if (def && def->getBlock() == loop.getBody() && isOperandRead(def)) {
      readOperands(def, mapping);
      builder.clone(*def, mapping);
    }
  }
}

scf::ForOp AccumulationSeparator::createLoop(AccumulationSide &side,
                                             IRMapping &mapping) {
  SmallVector<Value> inits;
  for (unsigned number : side.carried)
    inits.push_back(mapping.lookupOrDefault(loop.getInitArgs()[number]));
  scf::ForOp created = createAlike(loop, inits, mapping);
  created->removeAttr(kConsumerAttr);
  // Its partitions wait for each other.
  created->removeAttr(kMayTakeTurnsAttr);
  for (auto [position, number] : llvm::enumerate(side.carried)) {
    mapping.map(loop.getRegionIterArg(number),
                created.getRegionIterArg(position));
    mapping.map(loop.getResult(number), created.getResult(position));
  }
  return created;
}

/// Fills `created`. `emit` makes an op of the side, with what belongs to it;
/// `follow` what comes behind it and behind the release of tiles.
void AccumulationSeparator::fillLoop(
    AccumulationSide &side, scf::ForOp created, IRMapping &mapping,
    llvm::function_ref<void(Operation *)> emit,
    llvm::function_ref<void(Operation *)> follow) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(created.getBody());
  llvm::DenseMap<Operation *, SmallVector<Operation *>> releases;
  SmallVector<Operation *> lastUses;
  Operation *lastProduct = nullptr;
  for (Operation *pipe : side.pipes) {
    lastUses.push_back(findLastUse(side, loop, cast<PipeCreateOp>(pipe)));
    if (isa_and_nonnull<DotOp>(lastUses.back()) &&
        (!lastProduct || lastProduct->isBeforeInBlock(lastUses.back())))
      lastProduct = lastUses.back();
  }
  // Nothing comes between products, so that they follow each other.
  for (auto [pipe, last] : llvm::zip(side.pipes, lastUses))
    if (&side == &plan.adding || !plan.implied.contains(pipe))
      releases[isa_and_nonnull<DotOp>(last) ? lastProduct : last].push_back(
          pipe);
  Value number = mapping.lookup(loop.getRegionIterArg(plan.counter));
  auto releaseAll = [&](Operation *op) {
    for (Operation *pipe : releases.lookup(op)) {
      OpBuilder::InsertionGuard guard(builder);
      if (plan.held.contains(pipe) && &side == &plan.adding) {
        auto branch = scf::IfOp::create(builder, loc, createGoesOn(created),
                                        /*withElseRegion=*/false);
        builder.setInsertionPointToStart(branch.thenBlock());
      }
      Value barriers = cast<PipeCreateOp>(pipe).getBarriers();
      release(mapping.lookupOrDefault(barriers), number, side.name);
    }
  };
  for (Operation &op : *loop.getBody()) {
    if (isa<PipeWaitOp>(op)) {
      PipeCreateOp pipe = findPipe(&op);
      if (!side.pipes.contains(pipe))
        continue;
      Value barriers = mapping.lookupOrDefault(pipe.getBarriers());
      if (&side == &plan.scoring && plan.implied.contains(pipe))
        waitImplied(barriers, number);
      else
        wait(barriers, number, side.name);
    } else if (side.ops.contains(&op) && !isOperandRead(&op)) {
      emit(&op);
      releaseAll(&op);
      follow(&op);
    }
  }
  releaseAll(nullptr);
  SmallVector<Value> values;
  for (unsigned position : side.carried)
    values.push_back(
        mapping.lookupOrDefault(loop.getYieldedValues()[position]));
  scf::YieldOp::create(builder, loc, values);
}

/// What crosses has the numbers of the tiles, so an empty one, which ends at
/// `end`, passes through these pipes as well.
void AccumulationSeparator::passEmptyTile(
    Value start, Value end,
    llvm::function_ref<void(const ValuePipe &, Value)> createSteps) {
  Value isEmpty =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, end, start);
  auto branch = scf::IfOp::create(builder, loc, isEmpty,
                                  /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  for (auto &[value, pipe] : pipes)
    createSteps(pipe, start);
}

void AccumulationSeparator::waitImplied(Value barriers, Value number) {
  wait(barriers, number, plan.scoring.name);
  builder.getInsertionBlock()->back().setAttr(kImpliedReleaseAttr,
                                              builder.getUnitAttr());
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// Lets the partition that gathers copy the operands: before its loop or, of
/// an item, behind the first tile, for which a slot is free earlier.
void AccumulationSeparator::copyOperands() {
  Region &region = *specialize.getPartitionRegions()[1];
  PartitionImports imports(specialize, &region);
  OpBuilder::InsertionGuard guard(builder);
  scf::ForOp loop = *region.front().getOps<scf::ForOp>().begin();
  IRMapping mapping;
  builder.setInsertionPoint(loop);
  Value barriers = imports.import(operandBarriers, builder, mapping);
  if (!plan.items)
    return copyOperands(barriers, constant(0), imports, mapping);
  scf::ForOp items = countItems(loop);
  mapping.map(plan.items.getInductionVar(), items.getInductionVar());
  mapping.map(plan.items.getRegionIterArgs(), items.getRegionIterArgs());
  Value item = getItem(items);
  scf::ForOp tiles = *items.getBody()->getOps<scf::ForOp>().begin();
  Value first = items.getRegionIterArg(0);
  auto branchIfFirst = [&](Value number) {
    Value isFirst = arith::CmpIOp::create(
        builder, loc, arith::CmpIPredicate::eq, number, first);
    auto branch = scf::IfOp::create(builder, loc, isFirst,
                                    /*withElseRegion=*/false);
    builder.setInsertionPointToStart(branch.thenBlock());
  };
  builder.setInsertionPoint(tiles.getBody()->getTerminator());
  branchIfFirst(tiles.getRegionIterArgs().back());
  copyOperands(barriers, item, imports, mapping);
  // Without tiles nobody reads them.
  builder.setInsertionPointAfter(tiles);
  branchIfFirst(tiles.getResults().back());
  acquire(barriers, item);
  commit(barriers, item);
}

void AccumulationSeparator::copyOperands(Value barriers, Value item,
                                         PartitionImports &imports,
                                         IRMapping &mapping) {
  acquire(barriers, item);
  for (auto [load, buffer] : llvm::zip(plan.operands, operandBuffers)) {
    Value slot = getSlot(imports.import(buffer, builder, mapping), Value());
    Value pointers = imports.import(load.getPtr(), builder, mapping);
    Value mask = load.getMask()
                     ? imports.import(load.getMask(), builder, mapping)
                     : Value();
    ttg::AsyncCopyGlobalToLocalOp::create(builder, load.getLoc(), pointers,
                                          slot, mask, /*other=*/Value(),
                                          load.getCache(), load.getEvict());
  }
  commit(barriers, item);
}

void AccumulationSeparator::setReaders() {
  for (Operation *pipe : plan.scoring.pipes)
    cast<PipeCreateOp>(pipe).setReadersAttr(
        builder.getStrArrayAttr({plan.scoring.name}));
  for (Operation *pipe : plan.adding.pipes)
    cast<PipeCreateOp>(pipe).setReadersAttr(
        plan.scoring.pipes.contains(pipe)
            ? builder.getStrArrayAttr({plan.scoring.name, plan.adding.name})
            : builder.getStrArrayAttr({plan.adding.name}));
}

namespace {

class SeparateAccumulation
    : public triton::tle::impl::TLESeparateAccumulationBase<
          SeparateAccumulation> {
public:
  using TLESeparateAccumulationBase::TLESeparateAccumulationBase;

  void runOnOperation() override {
    SmallVector<scf::ForOp> loops;
    getOperation()->walk([&](scf::ForOp loop) {
      if (loop->hasAttr(kConsumerAttr))
        loops.push_back(loop);
    });
    for (scf::ForOp loop : loops)
      separate(loop);
  }

private:
  void separate(scf::ForOp loop) {
    std::string reason;
    ModuleAxisInfo axes(getOperation());
    FailureOr<AccumulationPlan> plan = planAccumulation(
        loop, axes, {numWarps, sharedMemory, sharedMemoryReserve}, reason);
    loop->removeAttr(kConsumerAttr);
    if (failed(plan))
      return ttg::leftAlone(loop, getArgument(), reason);
    ttg::applied(loop, getArgument(),
                 "scores and sums in partitions of their own, " +
                     Twine(plan->crossing.size()) +
                     " values an iteration and " + Twine(plan->finals.size()) +
                     " at the end cross, " + Twine(plan->operands.size()) +
                     " operands are copied");
    AccumulationSeparator(std::move(*plan)).run();
  }
};

} // namespace
