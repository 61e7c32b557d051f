//===- OptimizeLocalPointerStores.cpp - stores to static views ------------===//
//
// Precondition:  %p = "tle.local_pointers"(%buf, ...) points at all of %buf, or
//                at a box of it that is known at compile time.
// Rewrite:       tt.store %p, %v  ==>  ttg.local_store %v, %view
// Postcondition: stores through other pointers, and masked stores that race
//                with other writers, are as they were.
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

namespace {

/// Buffers that something beside a function's own thread of control may write,
/// by function: nothing here changes that.
class OtherWriters {
public:
  /// True if reading an element of the buffer and writing it back at `store`
  /// could undo such a write.
  bool mayWrite(StoreOp store, Value buffer) {
    Value root = ttg::findBufferRoot(buffer);
    if (isInWarpSpecialize(store) || !root.getDefiningOp<ttg::LocalAllocOp>())
      return true;
    const Written &written = writtenIn(getFunctionOrModule(store));
    return written.anyBuffer || written.allocations.contains(root);
  }

private:
  struct Written {
    llvm::SmallDenseSet<Value> allocations;
    bool anyBuffer = false;
  };
  DenseMap<Operation *, Written> byFunction;

  const Written &writtenIn(Operation *function) {
    auto [it, isNew] = byFunction.try_emplace(function);
    Written &written = it->second;
    if (!isNew)
      return written;
    function->walk([&](Operation *op) {
      bool isAsyncWriter =
          isa<ttg::AsyncCopyGlobalToLocalOp, ttg::WarpSpecializeOp, CallOp>(
              op) ||
          op->getName().getStringRef().starts_with("ttng.async_tma");
      if (!isAsyncWriter)
        return;
      for (Value operand : op->getOperands()) {
        if (!isa<ttg::MemDescType>(operand.getType()))
          continue;
        Value root = ttg::findBufferRoot(operand);
        written.allocations.insert(root);
        written.anyBuffer |= !root.getDefiningOp<ttg::LocalAllocOp>();
      }
    });
    return written;
  }
};

struct StoreToStaticView : OpRewritePattern<StoreOp> {
  StoreToStaticView(MLIRContext *context)
      : OpRewritePattern(context), writers(std::make_shared<OtherWriters>()) {}

  std::shared_ptr<OtherWriters> writers;

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
    if (isMasked && writers->mayWrite(store, pointers.getBuffer()))
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
