//===- LowerInsertTile.cpp - a register tensor with one tile replaced -----===//
//
// Precondition:  any tle.insert_tile.
// Rewrite:       constant indices, like parts of all tiles in each thread:
//                split, replace and join.
//                Other constant indices: a store to a subslice of a copy in
//                shared memory; other indices: through pointers into it.
// Postcondition: no tle.insert_tile; tle.local_pointers may have come.
//
//===----------------------------------------------------------------------===//

#include "TileLowering.h"
#include "tle/Transforms/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLELOWERINSERTTILE
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
namespace ttg = mlir::triton::gpu;
using namespace mlir::triton;
using namespace mlir::triton::tle;

namespace {

struct InsertIntoRegisters : OpRewritePattern<InsertTileOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(InsertTileOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<SmallVector<int64_t>> indices =
        getConstantIndices(op.getIndices());
    if (!indices)
      return rewriter.notifyMatchFailure(op, "the indices are not constants");
    auto tile = cast<RankedTensorType>(op.getTile().getType());
    auto splitter = TileSplitter::get(
        cast<RankedTensorType>(op.getDst().getType()), tile.getShape());
    if (!splitter)
      return rewriter.notifyMatchFailure(
          op, "threads hold parts of different tiles");
    rewriter.replaceOp(op, splitter->insert(rewriter, op.getLoc(), op.getDst(),
                                            op.getTile(), *indices));
    return success();
  }
};

struct InsertThroughSharedMemory : OpRewritePattern<InsertTileOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(InsertTileOp op,
                                PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto tile = cast<RankedTensorType>(op.getTile().getType());
    FailureOr<Value> buffer =
        stageInSharedMemory(rewriter, op, op.getDst(), StagedUse::Overwritten);
    if (failed(buffer))
      return failure();
    if (std::optional<SmallVector<int64_t>> indices =
            getConstantIndices(op.getIndices())) {
      Value view =
          createTileView(rewriter, loc, *buffer, tile.getShape(), *indices);
      ttg::LocalStoreOp::create(rewriter, loc, op.getTile(), view);
    } else {
      Value pointers =
          createTilePointers(rewriter, loc, *buffer, tile, op.getIndices());
      // The stock engine orders only its own accesses to the buffer.
      mlir::gpu::BarrierOp::create(rewriter, loc);
      StoreOp::create(rewriter, loc, pointers, op.getTile(), Value(),
                      CacheModifier::NONE, EvictionPolicy::NORMAL);
      mlir::gpu::BarrierOp::create(rewriter, loc);
    }
    rewriter.replaceOpWithNewOp<ttg::LocalLoadOp>(op, op.getType(), *buffer);
    return success();
  }
};

class LowerInsertTilePass
    : public triton::tle::impl::TLELowerInsertTileBase<LowerInsertTilePass> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateLowerInsertTilePatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace

void tle::populateLowerInsertTilePatterns(RewritePatternSet &patterns) {
  patterns.add<InsertIntoRegisters>(patterns.getContext(), /*benefit=*/2);
  patterns.add<InsertThroughSharedMemory>(patterns.getContext(), /*benefit=*/1);
}
