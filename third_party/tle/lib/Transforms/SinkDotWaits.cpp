//===- SinkDotWaits.cpp - wait for products where they are needed ---------===//
//
// Precondition:  the stock pipeliner has run: products are asynchronous, and
//                what it threads through a wait is used behind it.
// Rewrite:       ttng.warp_group_dot_wait {pendings = 0} moves down in its
//                block to the first op that it must stand before.
//                It stays if a product that it ends reads its first factor
//                from registers that it does not hold.
//                It passes no barrier that stock may put in, unless what the
//                products read is safe behind it (StockBarriers.h).
// Postcondition: every use of a product's result is behind a wait for it, and
//                so is every write to shared memory that was. While a product
//                reads registers, no more ops run beside it than did before.
//                The wait for one that reads a tile has passed no place for a
//                barrier (TileStyleProducts.h says why).
//
//===----------------------------------------------------------------------===//

#include "TileStyleProducts.h"
#include "tle/Transforms/GlobalWrites.h"
#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/Passes.h"
#include "tle/Transforms/StockBarriers.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"
#include "llvm/ADT/DenseSet.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLESINKDOTWAITS
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;
using namespace mlir::triton::nvidia_gpu;
using namespace mlir::triton::tle;

namespace {

/// Values that may be unfinished where they are defined: results of
/// asynchronous products, and what loops carry of them.
DenseSet<Value> unfinishedValues(ModuleOp module) {
  DenseSet<Value> values;
  module.walk([&](WarpGroupDotOp dot) {
    if (!dot.getIsAsync())
      return;
    values.insert(dot.getD());
    for (OpOperand &use : dot.getD().getUses()) {
      auto yield = dyn_cast<scf::YieldOp>(use.getOwner());
      if (!yield)
        continue;
      auto loop = dyn_cast<scf::ForOp>(yield->getParentOp());
      if (!loop)
        continue;
      values.insert(loop.getRegionIterArg(use.getOperandNumber()));
      values.insert(loop.getResult(use.getOperandNumber()));
    }
  });
  return values;
}

/// True if `op` does nothing but calculate and read memory.
bool onlyReads(Operation *op) {
  if (isMemoryEffectFree(op))
    return true;
  auto effects = dyn_cast<MemoryEffectOpInterface>(op);
  return effects && op->getNumRegions() == 0 &&
         !effects.hasEffect<MemoryEffects::Write>() &&
         !effects.hasEffect<MemoryEffects::Allocate>() &&
         !effects.hasEffect<MemoryEffects::Free>();
}

/// True if `wait` must stay before `op`.
bool mustPrecede(WarpGroupDotWaitOp wait, Operation *op,
                 const DenseSet<Value> &unfinished) {
  if (op->hasTrait<OpTrait::IsTerminator>() ||
      isa<WarpGroupDotOp, WarpGroupDotWaitOp>(op) ||
      !(onlyReads(op) || writesGlobalMemoryOnly(op)))
    return true;
  bool uses = false;
  op->walk([&](Operation *inner) {
    uses |= llvm::any_of(inner->getOperands(), [&](Value value) {
      return value.getDefiningOp() == wait || unfinished.contains(value);
    });
  });
  return uses;
}

/// True if `dot` reads registers that `wait` does not keep from being reused.
/// PTX leaves it undefined to write them before the product is waited for.
bool readsLooseRegisters(WarpGroupDotOp dot, WarpGroupDotWaitOp wait) {
  return isa<RankedTensorType>(dot.getA().getType()) &&
         !llvm::is_contained(wait.getInputs(), dot.getA());
}

/// True if a product that `wait` ends reads loose registers: one before it in
/// its block, or one behind it that the loop's iteration before has issued.
bool endsLooseReader(WarpGroupDotWaitOp wait) {
  for (Operation *op = wait->getPrevNode(); op; op = op->getPrevNode()) {
    auto earlier = dyn_cast<WarpGroupDotWaitOp>(op);
    auto dot = dyn_cast<WarpGroupDotOp>(op);
    if ((earlier && earlier.getPendings() == 0) || (dot && !dot.getIsAsync()))
      return false;
    if (dot && readsLooseRegisters(dot, wait))
      return true;
  }
  if (!isa<scf::ForOp>(wait->getParentOp()))
    return false;
  return llvm::any_of(
      wait->getBlock()->getTerminator()->getOperands(), [&](Value next) {
        auto dot = next.getDefiningOp<WarpGroupDotOp>();
        return dot && dot.getIsAsync() && dot->getBlock() == wait->getBlock() &&
               wait->isBeforeInBlock(dot) && readsLooseRegisters(dot, wait);
      });
}

/// True if a product before `wait`, which ends it, reads a tile of the loop
/// that `meetings` are of.
bool endsReaderOfTile(WarpGroupDotWaitOp wait,
                      const TileStyleMeetings &meetings) {
  for (Operation *op = wait->getPrevNode(); op; op = op->getPrevNode()) {
    auto earlier = dyn_cast<WarpGroupDotWaitOp>(op);
    if (earlier && earlier.getPendings() == 0)
      return false;
    auto dot = dyn_cast<WarpGroupDotOp>(op);
    if (dot && meetings.readsTile(dot))
      return true;
  }
  return false;
}

/// True if all products that `wait` may end may do so behind barriers.
bool mayAllEndBehindBarriers(WarpGroupDotWaitOp wait, StockBarriers &barriers) {
  for (Operation *op = wait->getPrevNode(); op; op = op->getPrevNode()) {
    auto earlier = dyn_cast<WarpGroupDotWaitOp>(op);
    auto dot = dyn_cast<WarpGroupDotOp>(op);
    if ((earlier && earlier.getPendings() == 0) || (dot && !dot.getIsAsync()))
      return true;
    if (dot && !barriers.mayEndBehindBarriers(dot))
      return false;
    if (op->getNumRegions() != 0 && !isa<ReduceOp>(op))
      break;
  }
  // One group of warps, and nothing that began outside of the block.
  std::optional<int> numWarps = maybeLookupNumWarps(wait);
  if (numWarps && *numWarps <= 4 &&
      llvm::all_of(wait.getInputs(), [&](Value input) {
        return isa<MemDescType>(input.getType()) ||
               (input.getDefiningOp<WarpGroupDotOp>() &&
                input.getParentBlock() == wait->getBlock());
      }))
    return true;
  // What is under way from elsewhere is not known.
  Region *partition = findPartition(wait);
  return partition && barriers.mayAllEndBehindBarriers(*partition);
}

/// The op that `wait` may go behind, `wait` itself if it stays. It passes none
/// of `meetings`, unless they are null.
Operation *findPlace(WarpGroupDotWaitOp wait, const DenseSet<Value> &unfinished,
                     const TileStyleMeetings *meetings,
                     StockBarriers &barriers) {
  Operation *last = wait;
  // Behind which no barrier of stock is passed.
  Operation *beforeBarrier = nullptr;
  // The body of a module has no terminator.
  for (Operation *next = wait->getNextNode();
       next && !mustPrecede(wait, next, unfinished) &&
       !(meetings && meetings->contains(next));
       next = next->getNextNode()) {
    if (!beforeBarrier && barriers.mayGetBarrier(next))
      beforeBarrier = last;
    last = next;
  }
  if (beforeBarrier && !mayAllEndBehindBarriers(wait, barriers) &&
      !barriers.meetsBeforeWrites(last))
    return beforeBarrier;
  return last;
}

class SinkDotWaitsPass
    : public triton::tle::impl::TLESinkDotWaitsBase<SinkDotWaitsPass> {
public:
  void runOnOperation() override {
    DenseSet<Value> unfinished = unfinishedValues(getOperation());
    SmallVector<WarpGroupDotWaitOp> waits;
    getOperation().walk([&](WarpGroupDotWaitOp wait) {
      if (wait.getPendings() == 0)
        waits.push_back(wait);
    });
    TileStyleMeetingsByLoop byLoop;
    StockBarriers barriers;
    // The last one first, so that none is held up by one that moves on itself.
    for (WarpGroupDotWaitOp wait : llvm::reverse(waits)) {
      if (endsLooseReader(wait))
        continue;
      const TileStyleMeetings *meetings = byLoop.around(wait->getBlock());
      if (meetings && !endsReaderOfTile(wait, *meetings))
        meetings = nullptr;
      Operation *last = findPlace(wait, unfinished, meetings, barriers);
      if (last != wait)
        wait->moveAfter(last);
    }
  }
};

} // namespace
