//===- MaterializeTileStylePipeline.cpp - expand tile-style pipelines -----===//
//
// Expands a loop that the schedule pass marked. Each buffer becomes N slots.
// The prologue issues tiles 0 to N-1; an iteration waits for its tile, consumes
// it, and issues tile i + N into the slot it has just freed; so N-1 tiles are
// on their way all the time.
//
// Before:
//   %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, ...>
//   scf.for %iv = %lb to %ub step %st {
//     %t = ttg.async_copy_global_to_local %ptrs(%iv), %buf
//     ttg.async_commit_group tokens %t
//     ttg.async_wait {num = 0 : i32}
//     ... reads %buf ...
//   } {tle.tile_style_pipeline = 1 : i32, ...}
//
// After (N = 2):
//   %slots = ttg.local_alloc : () -> !ttg.memdesc<2x64x64xbf16, ...>
//   scf.if (%lb < %ub)       { copy tile 0 into %slots[0] }   %g0 = commit
//   scf.if (%lb + %st < %ub) { copy tile 1 into %slots[1] }   %g1 = commit
//   scf.for %iv = ... iter_args(..., %slot = 0, %this = %g0, %next = %g1) {
//     ttg.async_wait %this {num = 1 : i32}
//     ttng.fence_async_shared                 (copies are generic-proxy writes)
//     loads that the address of tile i + 2 needs, masked by its existence
//     ... reads %slots[%slot] ...
//     scf.if (%iv + 2 * %st < %ub) { copy tile i + 2 into %slots[%slot] }
//     %g = commit
//     yield ..., (%slot + 1) mod 2, %next, %g
//   } {tt.num_stages = 1 : i32, ...}
//   ttg.async_wait {num = 0 : i32}
//   ttg.local_dealloc %slots
//
// One group is committed for each tile whether it exists or not: the counts of
// the waits hold for any trip count, zero included. The loop carries the tokens
// of the groups, because stock counts anew which groups a wait leaves open.
//
// Also: a WGMMA whose result is only the accumulator of the next one does not
// wait for its own completion (`isAsync`), the last of the chain does.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Pass/Pass.h"
#include "tle/Transforms/Passes.h"
#include "tle/Transforms/TileStyleLoop.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLEMATERIALIZETILESTYLEPIPELINE
#include "tle/Transforms/Passes.h.inc"

namespace ttg = mlir::triton::gpu;
namespace ttng = mlir::triton::nvidia_gpu;

namespace {

void dropScheduleAttrs(Operation *op) {
  op->removeAttr("loop.stage");
  op->removeAttr("loop.cluster");
}

/// `predicate` for every element of a value shaped like `like`, and-ed with
/// `mask` where there is one.
Value maskWith(OpBuilder &builder, Location loc, Value predicate, Value mask,
               Type like) {
  Value spread = predicate;
  if (auto tensor = dyn_cast<RankedTensorType>(like)) {
    auto type = RankedTensorType::get(tensor.getShape(), builder.getI1Type(),
                                      tensor.getEncoding());
    spread = SplatOp::create(builder, loc, type, predicate);
  }
  if (!mask)
    return spread;
  return arith::AndIOp::create(builder, loc, spread, mask);
}

class Materializer {
public:
  Materializer(TileStyleLoop info, int64_t slots)
      : info(std::move(info)), loop(this->info.loop), slots(slots),
        builder(loop), loc(loop.getLoc()) {}

  void run() {
    allocateSlots();
    for (int64_t tile = 0; tile < slots; ++tile)
      issueInPrologue(tile);
    rebuildLoop();
    builder.setInsertionPointAfter(newLoop);
    ttg::AsyncWaitOp::create(builder, loc, ValueRange{}, 0);
    for (auto [buffer, slot] : llvm::zip(info.buffers, slotBuffers)) {
      for (Operation *user : llvm::make_early_inc_range(buffer->getUsers()))
        if (isa<ttg::LocalDeallocOp>(user))
          user->erase();
      ttg::LocalDeallocOp::create(builder, loc, slot);
    }
    loop.replaceAllUsesWith(
        newLoop.getResults().take_front(loop.getNumResults()));
    loop.erase();
    for (ttg::LocalAllocOp buffer : info.buffers)
      buffer.erase();
  }

private:
  TileStyleLoop info;
  scf::ForOp loop;
  scf::ForOp newLoop;
  int64_t slots;
  OpBuilder builder;
  Location loc;
  SmallVector<Value> slotBuffers;
  /// Tokens of the groups of the first tiles.
  SmallVector<Value> groups;

  Value constant(int64_t value, Type type) {
    return arith::ConstantOp::create(builder, loc,
                                     builder.getIntegerAttr(type, value));
  }

  void allocateSlots() {
    for (ttg::LocalAllocOp buffer : info.buffers) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPoint(buffer);
      ttg::MemDescType type = buffer.getType();
      SmallVector<int64_t> shape{slots};
      llvm::append_range(shape, type.getShape());
      auto slotted =
          ttg::MemDescType::get(shape, type.getElementType(),
                                type.getEncoding(), type.getMemorySpace(),
                                /*mutableMemory=*/true);
      slotBuffers.push_back(
          ttg::LocalAllocOp::create(builder, buffer.getLoc(), slotted));
    }
  }

  /// Maps each buffer to its slot `index` at the insertion point.
  void mapBuffers(IRMapping &mapping, Value index) {
    for (auto [alloc, slot] : llvm::zip(info.buffers, slotBuffers)) {
      ttg::LocalAllocOp buffer = alloc;
      ttg::MemDescType type = buffer.getType();
      auto view = ttg::MemDescType::get(
          type.getShape(), type.getElementType(), type.getEncoding(),
          type.getMemorySpace(), /*mutableMemory=*/true);
      mapping.map(buffer.getResult(),
                  ttg::MemDescIndexOp::create(builder, loc, view, slot, index)
                      .getResult());
    }
  }

  /// Whether iteration `distance` steps behind the one at `iv` exists.
  Value exists(Value iv, int64_t distance) {
    // ub - iv cannot overflow inside of the loop, iv + distance * step could
    Value left = arith::SubIOp::create(builder, loc, loop.getUpperBound(), iv);
    Value need = constant(0, iv.getType());
    if (distance != 0)
      need = arith::MulIOp::create(builder, loc, loop.getStep(),
                                   constant(distance, iv.getType()));
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sgt, left,
                                 need);
  }

  Value advance(Value iv, int64_t distance) {
    if (distance == 0)
      return iv;
    Value offset = arith::MulIOp::create(builder, loc, loop.getStep(),
                                         constant(distance, iv.getType()));
    return arith::AddIOp::create(builder, loc, iv, offset);
  }

  void cloneOp(Operation *op, IRMapping &mapping) {
    dropScheduleAttrs(builder.clone(*op, mapping));
  }

  /// Copies into the slots that `mapping` names; no commit.
  void cloneCopies(IRMapping &mapping) {
    for (ttg::AsyncCopyGlobalToLocalOp copy : info.copies)
      cloneOp(copy, mapping);
  }

  Value commit() {
    return ttg::AsyncCommitGroupOp::create(builder, loc, ValueRange{});
  }

  void issueInPrologue(int64_t tile) {
    Value condition = exists(loop.getLowerBound(), tile);
    auto branch = scf::IfOp::create(builder, loc, condition);
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(branch.thenBlock());
      IRMapping mapping;
      mapBuffers(mapping, constant(tile, builder.getI32Type()));
      mapping.map(loop.getInductionVar(), advance(loop.getLowerBound(), tile));
      for (Operation *op : info.slice)
        cloneOp(op, mapping);
      cloneCopies(mapping);
    }
    groups.push_back(commit());
  }

  void rebuildLoop() {
    SmallVector<Value> inits(loop.getInitArgs());
    inits.push_back(constant(0, builder.getI32Type()));
    llvm::append_range(inits, groups);
    newLoop = scf::ForOp::create(builder, loc, loop.getLowerBound(),
                                 loop.getUpperBound(), loop.getStep(), inits);
    newLoop->setAttrs(loop->getAttrDictionary());
    newLoop->removeAttr("tt.scheduled_max_stage");
    newLoop->setAttr(kNumStagesAttr, builder.getI32IntegerAttr(1));

    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(newLoop.getBody());
    Value iv = newLoop.getInductionVar();
    auto own =
        newLoop.getRegionIterArgs().drop_front(loop.getNumRegionIterArgs());
    Value slot = own.front();
    ValueRange underWay = own.drop_front();

    ttg::AsyncWaitOp::create(builder, loc, underWay.front(), slots - 1);
    // Only from Hopper on are there products that read through another proxy.
    auto capability =
        ttg::getComputeCapability(loop->getParentOfType<ModuleOp>());
    if (capability && *capability >= 90)
      ttng::FenceAsyncSharedOp::create(builder, loc, /*bCluster=*/false);
    Value more = exists(iv, slots);

    // The loads of the tile to come: early, so that their latency hides behind
    // the products of this one.
    IRMapping ahead;
    ahead.map(loop.getInductionVar(), advance(iv, slots));
    for (Operation *op : info.loads)
      cloneAhead(op, ahead, more);

    IRMapping current;
    current.map(loop.getInductionVar(), iv);
    for (auto [before, after] : llvm::zip(
             loop.getRegionIterArgs(), newLoop.getRegionIterArgs().take_front(
                                           loop.getNumRegionIterArgs())))
      current.map(before, after);
    mapBuffers(current, slot);
    for (Operation &op : loop.getBody()->without_terminator())
      if (!isIssue(&op))
        cloneConsumer(&op, current);

    auto branch = scf::IfOp::create(builder, loc, more);
    {
      OpBuilder::InsertionGuard inner(builder);
      builder.setInsertionPointToStart(branch.thenBlock());
      mapBuffers(ahead, slot);
      for (Operation *op : info.slice)
        if (!info.loads.contains(op))
          cloneOp(op, ahead);
      cloneCopies(ahead);
    }
    Value group = commit();

    Type i32 = builder.getI32Type();
    Value next = arith::AddIOp::create(builder, loc, slot, constant(1, i32));
    Value wraps = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                        next, constant(slots, i32));
    next = arith::SelectOp::create(builder, loc, wraps, constant(0, i32), next);
    SmallVector<Value> yielded;
    for (Value value : loop.getBody()->getTerminator()->getOperands())
      yielded.push_back(current.lookupOrDefault(value));
    yielded.push_back(next);
    llvm::append_range(yielded, underWay.drop_front());
    yielded.push_back(group);
    scf::YieldOp::create(builder, loc, yielded);
  }

  /// Copies, commits, waits, and ops that nothing but the copies needs.
  bool isIssue(Operation *op) {
    if (info.synchronization.contains(op) ||
        isa<ttg::AsyncCopyGlobalToLocalOp>(op))
      return true;
    if (!info.slice.contains(op))
      return false;
    return llvm::all_of(op->getUsers(), [&](Operation *user) {
      return user->getBlock() == op->getBlock() && isIssue(user);
    });
  }

  void cloneAhead(Operation *op, IRMapping &mapping, Value predicate) {
    auto load = dyn_cast<LoadOp>(op);
    if (!load) {
      cloneOp(op, mapping);
      return;
    }
    Value pointer = mapping.lookupOrDefault(load.getPtr());
    Value mask =
        load.getMask() ? mapping.lookupOrDefault(load.getMask()) : Value();
    Operation *clone = builder.clone(*op, mapping);
    dropScheduleAttrs(clone);
    builder.setInsertionPoint(clone);
    auto masked = cast<LoadOp>(clone);
    masked.getMaskMutable().assign(
        maskWith(builder, loc, predicate, mask, pointer.getType()));
    builder.setInsertionPointAfter(clone);
  }

  /// A view of a slot is mutable even where the view of the buffer was not.
  void cloneConsumer(Operation *op, IRMapping &mapping) {
    Operation *clone = builder.clone(*op, mapping);
    dropScheduleAttrs(clone);
    clone->walk([](Operation *nested) {
      if (nested->getNumOperands() == 0 || nested->getNumResults() != 1)
        return;
      auto source = dyn_cast<ttg::MemDescType>(nested->getOperand(0).getType());
      auto result = dyn_cast<ttg::MemDescType>(nested->getResult(0).getType());
      if (!source || !result ||
          source.getMutableMemory() == result.getMutableMemory())
        return;
      nested->getResult(0).setType(ttg::MemDescType::get(
          result.getShape(), result.getElementType(), result.getEncoding(),
          result.getMemorySpace(), source.getMutableMemory(),
          result.getAllocShape()));
    });
  }
};

/// Lets a chain of products run without waiting between its links.
void relaxChains(scf::ForOp loop) {
  loop.getBody()->walk([](ttng::WarpGroupDotOp dot) {
    if (dot.getIsAsync() || !dot->hasOneUse())
      return;
    OpOperand &use = *dot->use_begin();
    auto next = dyn_cast<ttng::WarpGroupDotOp>(use.getOwner());
    if (next && next.getC() == dot.getD() &&
        next->getBlock() == dot->getBlock())
      dot.setIsAsync(true);
  });
}

/// Ends every product in its iteration. The slot that it reads is filled again
/// at the end of the iteration, but stock's pipeliner would let a product that
/// the loop carries run on into the next one.
void endProducts(scf::ForOp loop) {
  loop.getBody()->walk([](ttng::WarpGroupDotOp dot) {
    if (dot.getIsAsync())
      return;
    dot.setIsAsync(true);
    OpBuilder builder(dot->getContext());
    builder.setInsertionPointAfter(dot);
    auto wait = ttng::WarpGroupDotWaitOp::create(
        builder, dot.getLoc(), ValueRange{dot.getD()}, /*pendings=*/0);
    dot.getD().replaceAllUsesExcept(wait.getResult(0), wait);
  });
}

class MaterializeTileStylePipeline
    : public impl::TLEMaterializeTileStylePipelineBase<
          MaterializeTileStylePipeline> {
public:
  using TLEMaterializeTileStylePipelineBase::
      TLEMaterializeTileStylePipelineBase;

  void runOnOperation() override {
    SmallVector<scf::ForOp> marked;
    getOperation()->walk([&](scf::ForOp loop) {
      if (loop->hasAttr(kTileStyleAttr) &&
          loop->hasAttr("tt.scheduled_max_stage"))
        marked.push_back(loop);
    });
    for (scf::ForOp loop : marked)
      materialize(loop);
  }

private:
  void materialize(scf::ForOp loop) {
    std::string reason;
    FailureOr<TileStyleLoop> info = matchTileStyleLoop(loop, reason);
    if (failed(info))
      return giveUp(loop, reason);
    auto stages = loop->getAttrOfType<IntegerAttr>(kNumStagesAttr);
    int64_t slots = std::max<int64_t>(stages ? stages.getInt() : 2, 2);
    int64_t perSlot = info->bytesPerSlot();
    int64_t others =
        explicitSharedMemory(loop->getParentOfType<FuncOp>()) - perSlot;
    int64_t budget =
        sharedMemory - sharedMemoryReserve - scratchMemory(loop) - others;
    slots = std::min(slots, budget / std::max<int64_t>(perSlot, 1));
    if (slots < 2)
      return giveUp(loop, "two slots of " + std::to_string(perSlot) +
                              " bytes do not fit into shared memory");
    relaxChains(loop);
    endProducts(loop);
    if (remarks)
      loop.emitRemark("tile-style pipeline: ") << slots << " slots";
    Materializer(std::move(*info), slots).run();
  }

  /// Undoes the schedule, so that stock's pipeliner sees the loop as it was.
  void giveUp(scf::ForOp loop, const std::string &reason) {
    if (remarks)
      loop.emitRemark("tile-style pipeline: left alone, ") << reason;
    loop->removeAttr(kTileStyleAttr);
    loop->removeAttr(kProducerCountAttr);
    loop->removeAttr("tt.scheduled_max_stage");
    loop.getBody()->walk(dropScheduleAttrs);
  }
};

} // namespace
} // namespace mlir::triton::tle
