//===- LowerExtractTile.cpp - one tile of a register tensor ---------------===//
//
// Precondition:  any tle.extract_tile.
// Rewrite:       constant indices, like parts of all tiles in each thread:
//                reshape, trans and split.
//                Other constant indices: a subslice of a copy in shared memory;
//                other indices: pointers into that copy.
// Postcondition: no tle.extract_tile; tle.local_pointers may have come.
//
//===----------------------------------------------------------------------===//

#include "TileLowering.h"
#include "tle/Transforms/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLELOWEREXTRACTTILE
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
namespace ttg = mlir::triton::gpu;
using namespace mlir::triton;
using namespace mlir::triton::tle;

namespace {

struct ExtractFromRegisters : OpRewritePattern<ExtractTileOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ExtractTileOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<SmallVector<int64_t>> indices =
        getConstantIndices(op.getIndices());
    if (!indices)
      return rewriter.notifyMatchFailure(op, "the indices are not constants");
    auto type = cast<RankedTensorType>(op.getType());
    auto splitter = TileSplitter::get(
        cast<RankedTensorType>(op.getSrc().getType()), type.getShape());
    if (!splitter)
      return rewriter.notifyMatchFailure(
          op, "threads hold parts of different tiles");
    Value tile =
        splitter->extract(rewriter, op.getLoc(), op.getSrc(), *indices);
    if (tile.getType() != type)
      tile = ttg::ConvertLayoutOp::create(rewriter, op.getLoc(), type, tile);
    rewriter.replaceOp(op, tile);
    return success();
  }
};

struct ExtractThroughSharedMemory : OpRewritePattern<ExtractTileOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ExtractTileOp op,
                                PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto type = cast<RankedTensorType>(op.getType());
    std::optional<SmallVector<int64_t>> indices =
        getConstantIndices(op.getIndices());
    FailureOr<Value> buffer =
        stageInSharedMemory(rewriter, op, op.getSrc(),
                            indices ? StagedUse::View : StagedUse::Pointers);
    if (failed(buffer))
      return failure();
    if (indices) {
      Value view =
          createTileView(rewriter, loc, *buffer, type.getShape(), *indices);
      rewriter.replaceOpWithNewOp<ttg::LocalLoadOp>(op, type, view);
      return success();
    }
    Value pointers =
        createTilePointers(rewriter, loc, *buffer, type, op.getIndices());
    // The stock engine sees neither that the load needs what the allocation
    // wrote nor that nothing may come into its place before the load is done.
    mlir::gpu::BarrierOp::create(rewriter, loc);
    auto load = LoadOp::create(rewriter, loc, pointers, Value(), Value());
    mlir::gpu::BarrierOp::create(rewriter, loc);
    rewriter.replaceOp(op, load);
    return success();
  }
};

class LowerExtractTilePass
    : public triton::tle::impl::TLELowerExtractTileBase<LowerExtractTilePass> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateLowerExtractTilePatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace

void tle::populateLowerExtractTilePatterns(RewritePatternSet &patterns) {
  patterns.add<ExtractFromRegisters>(patterns.getContext(), /*benefit=*/2);
  patterns.add<ExtractThroughSharedMemory>(patterns.getContext(),
                                           /*benefit=*/1);
}
