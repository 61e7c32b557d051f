//===- OptimizeLocalPointerAsyncStores.cpp - copies past the registers ----===//
//
// Precondition:  tt.store %p, %v with %v = tt.load (global) that nothing else
//                uses, %p a full view or static subview of a shared buffer.
// Rewrite:       ==> ttg.async_copy_global_to_local, commit,
//                async_wait {num = 0}
// Postcondition: loads whose values are used otherwise are as they were. Copies
//                that cp.async cannot make are downgraded once layouts are
//                settled.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLEOPTIMIZELOCALPOINTERASYNCSTORES
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
namespace ttg = mlir::triton::gpu;
using namespace mlir::triton;
using namespace mlir::triton::tle;

/// The load that gives `value`, through layout conversions, if nothing else
/// uses it on the way.
static LoadOp getOnlyUsedLoad(Value value) {
  while (value.hasOneUse()) {
    if (auto load = value.getDefiningOp<LoadOp>())
      return load;
    auto convert = value.getDefiningOp<ttg::ConvertLayoutOp>();
    if (!convert)
      break;
    value = convert.getSrc();
  }
  return nullptr;
}

/// True if memory other than shared memory may change between `load` and
/// `store`, so that the load must stay in its place.
static bool mayWriteBetween(LoadOp load, StoreOp store) {
  if (load->getBlock() != store->getBlock())
    return true;
  for (Operation *op = load->getNextNode(); op != store;
       op = op->getNextNode()) {
    // In a block that nothing reaches the load may stand behind the store.
    if (!op)
      return true;
    if (auto other = dyn_cast<StoreOp>(op);
        other && isLocalPointerLike(other.getPtr().getType()))
      continue;
    if (isa<ttg::LocalStoreOp, ttg::LocalAllocOp, ttg::LocalDeallocOp,
            ttg::AsyncCopyGlobalToLocalOp, ttg::AsyncCommitGroupOp,
            ttg::AsyncWaitOp>(op) ||
        isMemoryEffectFree(op) || hasSingleEffect<MemoryEffects::Read>(op))
      continue;
    return true;
  }
  return false;
}

namespace {

struct StoreOfLoad : OpRewritePattern<StoreOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(StoreOp store,
                                PatternRewriter &rewriter) const override {
    LocalPointersOp pointers = getLocalPointersOrigin(store.getPtr());
    if (!pointers)
      return rewriter.notifyMatchFailure(store,
                                         "not a store through local pointers");
    if (store.getMask() && !isConstantTrue(store.getMask()))
      return rewriter.notifyMatchFailure(
          store, "an asynchronous copy writes its masked elements too");
    std::optional<StaticView> view = getStaticView(pointers);
    if (!view)
      return rewriter.notifyMatchFailure(
          store, "the indices describe no static view of the buffer");
    auto buffer = cast<ttg::MemDescType>(pointers.getBuffer().getType());
    if (!buffer.getMutableMemory())
      return rewriter.notifyMatchFailure(store, "the buffer is constant");

    LoadOp load = getOnlyUsedLoad(store.getValue());
    if (!load || !isa<RankedTensorType>(load.getPtr().getType()) ||
        isLocalPointerLike(load.getPtr().getType()))
      return rewriter.notifyMatchFailure(
          store,
          "the value is not a load from global memory for this store alone");
    if (load.getIsVolatile())
      return rewriter.notifyMatchFailure(store, "the load is volatile");
    if (load.getOther() && !isConstantZero(load.getOther()))
      return rewriter.notifyMatchFailure(
          store, "masked elements read something other than zero");
    if (mayWriteBetween(load, store))
      return rewriter.notifyMatchFailure(
          store, "memory may change between the load and the store");
    if (getElementBitWidth(buffer.getElementType()) < 8)
      return rewriter.notifyMatchFailure(store, "elements less than a byte");

    Location loc = store.getLoc();
    Value memdesc = materializeView(rewriter, loc, *view);
    auto copy = ttg::AsyncCopyGlobalToLocalOp::create(
        rewriter, load.getLoc(), load.getPtr(), memdesc, load.getMask(),
        load.getOther(), load.getCache(), load.getEvict(),
        load.getIsVolatile());
    copy->setAttr(kLocalPtrAsyncStoreAttr, rewriter.getUnitAttr());
    auto group =
        ttg::AsyncCommitGroupOp::create(rewriter, loc, copy.getToken());
    ttg::AsyncWaitOp::create(rewriter, loc, group.getAsyncToken(), 0);

    Value value = store.getValue();
    rewriter.eraseOp(store);
    while (Operation *def = value.getDefiningOp()) {
      bool isLoad = def == load;
      value = def->getOperand(0);
      rewriter.eraseOp(def);
      if (isLoad)
        break;
    }
    if (pointers->use_empty())
      rewriter.eraseOp(pointers);
    return success();
  }
};

class OptimizeLocalPointerAsyncStoresPass
    : public triton::tle::impl::TLEOptimizeLocalPointerAsyncStoresBase<
          OptimizeLocalPointerAsyncStoresPass> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateOptimizeLocalPointerAsyncStoresPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace

void tle::populateOptimizeLocalPointerAsyncStoresPatterns(
    RewritePatternSet &patterns) {
  patterns.add<StoreOfLoad>(patterns.getContext());
}
