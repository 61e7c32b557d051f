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
//   scf.if (tile 0 exists) { copy tile 0 into %slots[0] }   %g0 = commit
//   scf.if (tile 1 exists) { copy tile 1 into %slots[1] }   %g1 = commit
//   scf.for %iv = ... iter_args(..., %slot = 0, %this = %g0, %next = %g1) {
//     loads that the address of tile i + 2 needs, masked by its existence
//     loads of this iteration that need no tile
//     ttg.async_wait %this {num = 1 : i32}
//     ttng.fence_async_shared       (if products read the copies)
//     ... reads %slots[%slot] ...
//     scf.if (%iv < %ub - 2 * %st) { copy tile i + 2 into %slots[%slot] }
//     %g = commit
//     yield ..., (%slot + 1) mod 2, %next, %g
//   } {tt.num_stages = 1 : i32, ...}
//   ttg.async_wait {num = 0 : i32}
//   ttg.local_dealloc %slots
//
// With N = 1, where shared memory has no room for two tiles, the buffers stay
// as they are, and tile i + 1 is issued as soon as tile i has been read:
//
//   scf.if (tile 0 exists) { copy tile 0 into %buf }   %g0 = commit
//   scf.for %iv = ... iter_args(..., %this = %g0) {
//     loads, ahead of time as above
//     ttg.async_wait %this {num = 0 : i32}
//     ttng.fence_async_shared
//     ... all that reads %buf ...
//     scf.if (%iv < %ub - %st) { copy tile i + 1 into %buf }
//     %g = commit
//     ... the rest of the iteration, beside which the copies arrive ...
//     yield ..., %g
//   }
//
// One group is committed for each tile whether it exists or not: the counts of
// the waits hold for any trip count, zero included. The loop carries the tokens
// of the groups, because stock counts anew which groups a wait leaves open.
//
// Values that the loop carries and that addresses depend on (pointers that
// every iteration moves on) are carried twice: as they were, if a consumer
// needs them, and N iterations ahead.
//
// What becomes of products: TileStyleProducts.cpp.
//
//===----------------------------------------------------------------------===//

#include "TileStyleProducts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Pass/Pass.h"
#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/Passes.h"
#include "tle/Transforms/TileStyleLoop.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/Transforms/BufferAnalysis.h"
#include "triton/Dialect/TritonGPU/Transforms/Remarks.h"
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

/// What the consuming part of a loop's body still needs once its copies are
/// issued elsewhere.
class Consumers {
public:
  Consumers(const TileStyleLoop &info) : loop(info.loop) {
    Operation *yield = loop.getBody()->getTerminator();
    for (Operation &op : loop.getBody()->without_terminator())
      if (!isa<ttg::AsyncCopyGlobalToLocalOp>(op) &&
          !info.synchronization.contains(&op) && !wouldOpBeTriviallyDead(&op))
        need(&op);
    for (auto [number, result] : llvm::enumerate(loop.getResults()))
      if (!result.use_empty())
        needCarried(number);
    while (!worklist.empty()) {
      Operation *op = worklist.pop_back_val();
      op->walk([&](Operation *nested) {
        for (Value operand : nested->getOperands())
          need(operand);
      });
    }
    for (unsigned number = 0; number < yield->getNumOperands(); ++number)
      if (carried.contains(number))
        numbers.push_back(number);
  }

  bool contains(Operation *op) const { return ops.contains(op); }
  /// Numbers of the carried values that are needed, in order.
  ArrayRef<unsigned> carriedNumbers() const { return numbers; }

private:
  scf::ForOp loop;
  llvm::SmallPtrSet<Operation *, 32> ops;
  llvm::SmallDenseSet<unsigned> carried;
  SmallVector<unsigned> numbers;
  SmallVector<Operation *> worklist;

  void need(Operation *op) {
    if (ops.insert(op).second)
      worklist.push_back(op);
  }

  void needCarried(unsigned number) {
    if (carried.insert(number).second)
      need(loop.getBody()->getTerminator()->getOperand(number));
  }

  void need(Value value) {
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      if (argument.getOwner() == loop.getBody() &&
          argument != loop.getInductionVar())
        needCarried(argument.getArgNumber() - 1);
      return;
    }
    if (Operation *op =
            loop.getBody()->findAncestorOpInBlock(*value.getDefiningOp()))
      need(op);
  }
};

class Materializer {
public:
  Materializer(TileStyleLoop info, int64_t slots)
      : info(std::move(info)), loop(this->info.loop), consumers(this->info),
        slots(slots), issuePoint(slots == 1 ? findIssuePoint(this->info)
                                            : loop.getBody()->getTerminator()),
        trips(staticTripCount(loop)), builder(loop), loc(loop.getLoc()) {}

  void run() {
    allocateSlots();
    computeBounds();
    for (unsigned number : info.carried)
      ahead.push_back(loop.getInitArgs()[number]);
    for (int64_t tile = 0; tile < slots; ++tile)
      issueInPrologue(tile);
    rebuildLoop();
    builder.setInsertionPointAfter(newLoop);
    ttg::AsyncWaitOp::create(builder, loc, ValueRange{}, 0);
    for (auto [alloc, slot] : llvm::zip(info.buffers, slotBuffers)) {
      for (Operation *user : llvm::make_early_inc_range(alloc->getUsers()))
        if (isa<ttg::LocalDeallocOp>(user))
          user->erase();
      ttg::LocalDeallocOp::create(builder, loc, slot);
    }
    for (auto [position, number] : llvm::enumerate(consumers.carriedNumbers()))
      loop.getResult(number).replaceAllUsesWith(newLoop.getResult(position));
    loop.erase();
    if (slots > 1)
      for (ttg::LocalAllocOp buffer : info.buffers)
        eraseWithViews(buffer);
  }

private:
  TileStyleLoop info;
  scf::ForOp loop;
  scf::ForOp newLoop;
  Consumers consumers;
  int64_t slots;
  /// In front of what the copies for the next tile start.
  Operation *issuePoint;
  std::optional<int64_t> trips;
  OpBuilder builder;
  Location loc;
  SmallVector<Value> slotBuffers;
  /// Tokens of the groups of the first tiles.
  SmallVector<Value> groups;
  /// The carried values that addresses depend on, for the next tile to issue.
  SmallVector<Value> ahead;
  /// Whether there is any tile, and the number of the last one; null where
  /// that is known.
  Value hasTiles, lastTile;
  /// Where iterations end behind which there are `slots` more.
  Value limit;

  Value constant(int64_t value, Type type) {
    return arith::ConstantOp::create(builder, loc,
                                     builder.getIntegerAttr(type, value));
  }

  void allocateSlots() {
    if (slots == 1)
      return;
    for (ttg::LocalAllocOp buffer : info.buffers) {
      ttg::MemDescType type = buffer.getType();
      SmallVector<int64_t> shape{slots};
      llvm::append_range(shape, type.getShape());
      auto slotted =
          ttg::MemDescType::get(shape, type.getElementType(),
                                type.getEncoding(), type.getMemorySpace(),
                                /*mutableMemory=*/true);
      auto alloc = ttg::LocalAllocOp::create(builder, buffer.getLoc(), slotted);
      if (auto alignment = buffer.getAlignmentAttr())
        alloc.setAlignmentAttr(alignment);
      slotBuffers.push_back(alloc);
    }
  }

  static void eraseWithViews(Operation *op) {
    for (Operation *user : llvm::make_early_inc_range(op->getUsers()))
      eraseWithViews(user);
    op->erase();
  }

  /// Maps each buffer to its slot `index` at the insertion point, and views
  /// that were made before the loop to views of that. A single slot is the
  /// buffer.
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
      mapOuterViews(buffer.getResult(), mapping);
    }
  }

  void mapOuterViews(Value source, IRMapping &mapping) {
    for (Operation *user : source.getUsers())
      if (ttg::isBufferView(user) && !loop->isAncestor(user)) {
        cloneOp(user, mapping);
        mapOuterViews(user->getResult(0), mapping);
      }
  }

  void computeBounds() {
    if (trips)
      return;
    Value lower = loop.getLowerBound(), upper = loop.getUpperBound();
    Type type = lower.getType();
    hasTiles = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt,
                                     lower, upper);
    // Unsigned and with a bit of care nothing overflows, whatever the bounds.
    Value span = arith::SubIOp::create(builder, loc, upper, lower);
    span = arith::SubIOp::create(builder, loc, span, constant(1, type));
    lastTile = matchPattern(loop.getStep(), m_One())
                   ? span
                   : arith::DivUIOp::create(builder, loc, span, loop.getStep())
                         .getResult();
    Value offset = arith::MulIOp::create(builder, loc, loop.getStep(),
                                         constant(slots, type));
    limit = arith::SelectOp::create(
        builder, loc, exists(slots),
        arith::SubIOp::create(builder, loc, upper, offset), lower);
  }

  /// Whether tile `tile` exists; null if that is known, and then it does.
  Value exists(int64_t tile) {
    if (trips || tile == 0)
      return hasTiles;
    Value reached =
        arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::uge, lastTile,
                              constant(tile, lastTile.getType()));
    return arith::AndIOp::create(builder, loc, hasTiles, reached);
  }

  Value advance(Value iv, int64_t distance) {
    if (distance == 0)
      return iv;
    Value offset = arith::MulIOp::create(builder, loc, loop.getStep(),
                                         constant(distance, iv.getType()));
    return arith::AddIOp::create(builder, loc, iv, offset);
  }

  void cloneOp(Operation *op, IRMapping &mapping) {
    Operation *clone = builder.clone(*op, mapping);
    dropScheduleAttrs(clone);
    clone->walk(fixMutability);
  }

  /// A view of a slot is mutable even where the view of the buffer was not.
  static void fixMutability(Operation *op) {
    auto wait = dyn_cast<ttng::WarpGroupDotWaitOp>(op);
    if (!wait && (op->getNumOperands() == 0 || op->getNumResults() != 1))
      return;
    for (OpResult result : op->getResults()) {
      Value source = op->getOperand(wait ? result.getResultNumber() : 0);
      auto from = dyn_cast<ttg::MemDescType>(source.getType());
      auto to = dyn_cast<ttg::MemDescType>(result.getType());
      if (from && to && from.getMutableMemory() != to.getMutableMemory())
        result.setType(ttg::MemDescType::get(
            to.getShape(), to.getElementType(), to.getEncoding(),
            to.getMemorySpace(), from.getMutableMemory(), to.getAllocShape()));
    }
  }

  /// Copies into the slots that `mapping` names; no commit.
  void cloneCopies(IRMapping &mapping) {
    for (ttg::AsyncCopyGlobalToLocalOp copy : info.copies)
      cloneOp(copy, mapping);
  }

  Value commit() {
    return ttg::AsyncCommitGroupOp::create(builder, loc, ValueRange{});
  }

  /// Maps the carried values that addresses depend on to those of the tile to
  /// issue.
  void mapCarried(IRMapping &mapping) {
    for (auto [number, value] : llvm::zip(info.carried, ahead))
      mapping.map(loop.getRegionIterArg(number), value);
  }

  /// Goes from the carried values of one tile to those of the next.
  void nextCarried(IRMapping &mapping) {
    Operation *yield = loop.getBody()->getTerminator();
    for (auto [number, value] : llvm::zip(info.carried, ahead))
      value = mapping.lookupOrDefault(yield->getOperand(number));
  }

  /// Ops of the slice that run whether the tile exists or not. Their loads do
  /// only if `predicate` (null: always) holds.
  void cloneAhead(const llvm::SetVector<Operation *> &ops, IRMapping &mapping,
                  Value predicate) {
    for (Operation *op : ops)
      if (!mapping.contains(op->getResult(0)))
        cloneAhead(op, mapping, predicate);
  }

  void cloneAhead(Operation *op, IRMapping &mapping, Value predicate) {
    auto load = dyn_cast<LoadOp>(op);
    if (!load || !predicate) {
      cloneOp(op, mapping);
      return;
    }
    Value mask =
        load.getMask() ? mapping.lookupOrDefault(load.getMask()) : Value();
    Value masked =
        maskWith(builder, loc, predicate, mask, load.getPtr().getType());
    Operation *clone = builder.clone(*op, mapping);
    dropScheduleAttrs(clone);
    cast<LoadOp>(clone).getMaskMutable().assign(masked);
  }

  /// The rest of the slice and the copies, if `condition` (null: always).
  void issue(IRMapping &mapping, Value slot, Value condition) {
    OpBuilder::InsertionGuard guard(builder);
    if (condition) {
      auto branch = scf::IfOp::create(builder, loc, condition);
      builder.setInsertionPointToStart(branch.thenBlock());
    }
    mapBuffers(mapping, slot);
    for (Operation *op : info.slice)
      if (!mapping.contains(op->getResult(0)))
        cloneOp(op, mapping);
    cloneCopies(mapping);
  }

  void issueInPrologue(int64_t tile) {
    Value condition = exists(tile);
    Value slot = slots == 1 ? Value() : constant(tile, builder.getI32Type());
    IRMapping mapping;
    mapping.map(loop.getInductionVar(), advance(loop.getLowerBound(), tile));
    mapCarried(mapping);
    cloneAhead(info.advance, mapping, condition);
    nextCarried(mapping);
    issue(mapping, slot, condition);
    groups.push_back(commit());
  }

  void rebuildLoop() {
    SmallVector<Value> inits;
    for (unsigned number : consumers.carriedNumbers())
      inits.push_back(loop.getInitArgs()[number]);
    size_t numCarried = inits.size();
    if (slots > 1)
      inits.push_back(constant(0, builder.getI32Type()));
    llvm::append_range(inits, groups);
    llvm::append_range(inits, ahead);
    newLoop = scf::ForOp::create(builder, loc, loop.getLowerBound(),
                                 loop.getUpperBound(), loop.getStep(), inits);
    newLoop->setAttrs(loop->getAttrDictionary());
    newLoop->removeAttr("tt.scheduled_max_stage");
    newLoop->setAttr(kNumStagesAttr, builder.getI32IntegerAttr(1));

    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(newLoop.getBody());
    Value iv = newLoop.getInductionVar();
    ValueRange own = newLoop.getRegionIterArgs().drop_front(numCarried);
    Value slot;
    if (slots > 1) {
      slot = own.front();
      own = own.drop_front();
    }
    ValueRange underWay = own.take_front(slots);
    ahead.assign(own.begin() + slots, own.end());

    // All loads that need no tile: early, so that their latency hides behind
    // the wait for this tile and the products of it.
    Value more;
    bool issues = !trips || *trips > slots;
    if (issues) {
      Value end = limit;
      if (!end)
        end = arith::SubIOp::create(
            builder, loc, loop.getUpperBound(),
            arith::MulIOp::create(builder, loc, loop.getStep(),
                                  constant(slots, iv.getType())));
      more = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, iv,
                                   end);
    }
    IRMapping later, current;
    if (issues) {
      later.map(loop.getInductionVar(), advance(iv, slots));
      mapCarried(later);
      cloneAhead(info.loads, later, more);
      cloneAhead(info.advance, later, more);
      nextCarried(later);
    }
    current.map(loop.getInductionVar(), iv);
    for (auto [position, number] : llvm::enumerate(consumers.carriedNumbers()))
      current.map(loop.getRegionIterArg(number),
                  newLoop.getRegionIterArg(position));
    for (Operation *op : info.seeds)
      if (consumers.contains(op))
        cloneOp(op, current);

    ttg::AsyncWaitOp::create(builder, loc, underWay.front(), slots - 1);
    // Only from Hopper on are there products that read through another proxy.
    auto capability =
        ttg::getComputeCapability(loop->getParentOfType<ModuleOp>());
    if (info.readByProducts && capability && *capability >= 90)
      ttng::FenceAsyncSharedOp::create(builder, loc, /*bCluster=*/false);

    mapBuffers(current, slot);
    Value group;
    for (Operation &op : *loop.getBody()) {
      if (&op == issuePoint) {
        if (issues)
          issue(later, slot, more);
        group = commit();
      }
      if (consumers.contains(&op) && !info.seeds.contains(&op) &&
          !op.hasTrait<OpTrait::IsTerminator>())
        cloneOp(&op, current);
    }

    SmallVector<Value> yielded;
    Operation *yield = loop.getBody()->getTerminator();
    for (unsigned number : consumers.carriedNumbers())
      yielded.push_back(current.lookupOrDefault(yield->getOperand(number)));
    if (slots > 1)
      yielded.push_back(nextSlot(slot));
    llvm::append_range(yielded, underWay.drop_front());
    yielded.push_back(group);
    llvm::append_range(yielded, ahead);
    scf::YieldOp::create(builder, loc, yielded);
  }

  Value nextSlot(Value slot) {
    Type i32 = builder.getI32Type();
    Value next = arith::AddIOp::create(builder, loc, slot, constant(1, i32));
    Value wraps = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                        next, constant(slots, i32));
    return arith::SelectOp::create(builder, loc, wraps, constant(0, i32), next);
  }
};

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
    buffers.clear();
  }

private:
  /// Bytes of all explicit buffers, by function.
  DenseMap<Operation *, int64_t> buffers;

  void materialize(scf::ForOp loop) {
    std::string reason;
    FailureOr<TileStyleLoop> info = matchTileStyleLoop(loop, reason);
    if (failed(info))
      return giveUp(loop, reason);
    auto stages = loop->getAttrOfType<IntegerAttr>(kNumStagesAttr);
    Operation *function = getFunctionOrModule(loop);
    if (!buffers.contains(function))
      buffers[function] = explicitSharedMemory(function);
    int64_t perSlot = info->bytesPerSlot();
    int64_t slots = chooseSlots(*info, stages ? stages.getInt() : 2,
                                {sharedMemory, sharedMemoryReserve},
                                buffers[function] - perSlot, reason);
    if (slots < 1)
      return giveUp(loop, reason);
    buffers[function] += (slots - 1) * perSlot;
    endProducts(*info, slots);
    std::string bytes = " of " + std::to_string(perSlot) + " bytes";
    ttg::applied(loop, getArgument(),
                 slots == 1 ? "one slot" + bytes +
                                  ", filled again behind its last read"
                            : std::to_string(slots) + " slots" + bytes);
    Materializer(std::move(*info), slots).run();
  }

  /// Undoes the schedule, so that stock's pipeliner sees the loop as it was.
  void giveUp(scf::ForOp loop, const std::string &reason) {
    ttg::leftAlone(loop, getArgument(), reason);
    loop->removeAttr(kTileStyleAttr);
    loop->removeAttr(kProducerCountAttr);
    loop->removeAttr("tt.scheduled_max_stage");
    loop.getBody()->walk(dropScheduleAttrs);
  }
};

} // namespace
} // namespace mlir::triton::tle
