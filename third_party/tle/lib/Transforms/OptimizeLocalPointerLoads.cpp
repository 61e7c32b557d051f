//===- OptimizeLocalPointerLoads.cpp - loads of static views --------------===//
//
// Precondition:  %p = "tle.local_pointers"(%buf, ...) points at all of %buf, or
//                at a box of it that is known at compile time.
// Rewrite:       tt.load %p, %m, %o  ==>  select %m, (ttg.local_load %view), %o
// Postcondition: loads through other pointers are as they were.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLEOPTIMIZELOCALPOINTERLOADS
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
namespace ttg = mlir::triton::gpu;
using namespace mlir::triton;
using namespace mlir::triton::tle;

namespace {

struct LoadOfStaticView : OpRewritePattern<LoadOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LoadOp load,
                                PatternRewriter &rewriter) const override {
    LocalPointersOp pointers = getLocalPointersOrigin(load.getPtr());
    if (!pointers)
      return rewriter.notifyMatchFailure(load,
                                         "not a load through local pointers");
    if (load.getIsVolatile())
      return rewriter.notifyMatchFailure(
          load, "a volatile load is one access per element");
    std::optional<StaticView> view = getStaticView(pointers);
    if (!view)
      return rewriter.notifyMatchFailure(
          load, "the indices describe no static view of the buffer");

    Location loc = load.getLoc();
    Value memdesc = materializeView(rewriter, loc, *view);
    Value loaded =
        ttg::LocalLoadOp::create(rewriter, loc, load.getType(), memdesc);
    Value mask = load.getMask(), other = load.getOther();
    if (mask && other && !isConstantTrue(mask))
      loaded = arith::SelectOp::create(rewriter, loc, mask, loaded, other);
    rewriter.replaceOp(load, loaded);
    if (pointers->use_empty())
      rewriter.eraseOp(pointers);
    return success();
  }
};

class OptimizeLocalPointerLoadsPass
    : public triton::tle::impl::TLEOptimizeLocalPointerLoadsBase<
          OptimizeLocalPointerLoadsPass> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateOptimizeLocalPointerLoadsPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace

void tle::populateOptimizeLocalPointerLoadsPatterns(
    RewritePatternSet &patterns) {
  patterns.add<LoadOfStaticView>(patterns.getContext());
}
