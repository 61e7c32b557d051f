//===- SinkDotWaits.cpp - wait for products where they are needed ---------===//
//
// Precondition:  the stock pipeliner has run: products are asynchronous, and
//                what it threads through a wait is used behind it.
// Rewrite:       ttng.warp_group_dot_wait {pendings = 0} moves down in its
//                block to the first op that it must stand before.
// Postcondition: every use of a product's result is behind a wait for it, and
//                so is every write to memory that was.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/Passes.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"
#include "llvm/ADT/DenseSet.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLESINKDOTWAITS
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::nvidia_gpu;

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
      isa<WarpGroupDotOp, WarpGroupDotWaitOp>(op) || !onlyReads(op))
    return true;
  bool uses = false;
  op->walk([&](Operation *inner) {
    uses |= llvm::any_of(inner->getOperands(), [&](Value value) {
      return value.getDefiningOp() == wait || unfinished.contains(value);
    });
  });
  return uses;
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
    // The last one first, so that none is held up by one that moves on itself.
    for (WarpGroupDotWaitOp wait : llvm::reverse(waits)) {
      Operation *next = wait->getNextNode();
      while (!mustPrecede(wait, next, unfinished))
        next = next->getNextNode();
      wait->moveBefore(next);
    }
  }
};

} // namespace
