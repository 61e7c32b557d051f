//===- OptimizeLocalPointerStores.cpp - stores to static views ------------===//
//
// Precondition:  %p = "tle.local_pointers"(%buf, ...) points at all of %buf or
// at
//                a box of it that is known at compile time.
// Rewrite:       tt.store %p, %v  ==>  ttg.local_store %v, %view
// Postcondition: stores through other pointers, and masked stores that race
// with
//                other writers, are as they were.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/Passes.h"
#include "triton/Dialect/TritonGPU/Transforms/BufferAnalysis.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLEOPTIMIZELOCALPOINTERSTORES
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
namespace ttg = mlir::triton::gpu;
using namespace mlir::triton;
using namespace mlir::triton::tle;

/// True if something beside this thread of control may write the buffer:
/// reading an element and writing it back could then undo that write.
static bool hasOtherWriters(StoreOp store, Value buffer) {
  Value root = ttg::findBufferRoot(buffer);
  if (isInWarpSpecialize(store) || !root.getDefiningOp<ttg::LocalAllocOp>())
    return true;
  WalkResult found = getFunctionOrModule(store)->walk([&](Operation *op) {
    bool isAsyncWriter =
        isa<ttg::AsyncCopyGlobalToLocalOp, ttg::WarpSpecializeOp, CallOp>(op) ||
        op->getName().getStringRef().starts_with("ttng.async_tma");
    if (!isAsyncWriter)
      return WalkResult::advance();
    bool touches = llvm::any_of(op->getOperands(), [&](Value operand) {
      return isa<ttg::MemDescType>(operand.getType()) &&
             ttg::buffersMayAlias(ttg::findBufferRoot(operand), root);
    });
    return touches ? WalkResult::interrupt() : WalkResult::advance();
  });
  return found.wasInterrupted();
}

namespace {

struct StoreToStaticView : OpRewritePattern<StoreOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(StoreOp store,
                                PatternRewriter &rewriter) const override {
    LocalPointersOp pointers = getLocalPointersOrigin(store.getPtr());
    if (!pointers)
      return rewriter.notifyMatchFailure(store,
                                         "not a store through local pointers");
    if (!cast<ttg::MemDescType>(pointers.getBuffer().getType())
             .getMutableMemory())
      return rewriter.notifyMatchFailure(store, "the buffer is constant");
    std::optional<StaticView> view = getStaticView(pointers);
    if (!view)
      return rewriter.notifyMatchFailure(
          store, "the indices describe no static view of the buffer");
    Value mask = store.getMask();
    bool isMasked = mask && !isConstantTrue(mask);
    if (isMasked && hasOtherWriters(store, pointers.getBuffer()))
      return rewriter.notifyMatchFailure(
          store, "masked elements may be written by others meanwhile");

    Location loc = store.getLoc();
    Value memdesc = materializeView(rewriter, loc, *view);
    Value value = store.getValue();
    if (isMasked) {
      Value old =
          ttg::LocalLoadOp::create(rewriter, loc, value.getType(), memdesc);
      value = arith::SelectOp::create(rewriter, loc, mask, value, old);
    }
    ttg::LocalStoreOp::create(rewriter, loc, value, memdesc);
    rewriter.eraseOp(store);
    if (pointers->use_empty())
      rewriter.eraseOp(pointers);
    return success();
  }
};

class OptimizeLocalPointerStoresPass
    : public triton::tle::impl::TLEOptimizeLocalPointerStoresBase<
          OptimizeLocalPointerStoresPass> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateOptimizeLocalPointerStoresPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace

void tle::populateOptimizeLocalPointerStoresPatterns(
    RewritePatternSet &patterns) {
  patterns.add<StoreToStaticView>(patterns.getContext());
}
