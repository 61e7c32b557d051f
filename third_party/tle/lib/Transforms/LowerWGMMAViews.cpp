//===- LowerWGMMAViews.cpp - views become transpositions ------------------===//
//
// Precondition:  any tle.memdesc_wgmma_view.
// Rewrite:       tle.memdesc_wgmma_view %x {order}  ==>  ttg.memdesc_trans %x
// {order} Postcondition: no tle.memdesc_wgmma_view; views that change nothing
// are gone.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLELOWERWGMMAVIEWS
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
namespace ttg = mlir::triton::gpu;
using namespace mlir::triton;
using namespace mlir::triton::tle;

namespace {

struct ViewToTranspose : OpRewritePattern<MemDescWGMMAViewOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MemDescWGMMAViewOp view,
                                PatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<ttg::MemDescTransOp>(
        view, view.getType(), view.getSrc(), view.getOrder());
    return success();
  }
};

class LowerWGMMAViewsPass
    : public triton::tle::impl::TLELowerWGMMAViewsBase<LowerWGMMAViewsPass> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateLowerWGMMAViewsPatterns(patterns);
    // The driver folds first, so views of views and idle views go before the
    // pattern sees them.
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace

void tle::populateLowerWGMMAViewsPatterns(RewritePatternSet &patterns) {
  patterns.add<ViewToTranspose>(patterns.getContext());
}
