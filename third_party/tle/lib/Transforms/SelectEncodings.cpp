//===- SelectEncodings.cpp - access shared memory as the data lies --------===//
//
// Precondition:  accesses through tle.local_pointers with layout conversions
//                between them and their data.
// Rewrite:       tt.store %p, cvt(%v)  ==>  tt.store cvt(%p), %v
//                cvt(tt.load %p)       ==>  tt.load cvt(%p)
//                cvt("tle.local_pointers"(%b, %i))  ==>
//                "tle.local_pointers"(%b, cvt(%i))
// Postcondition: data is loaded and stored in the layout that its neighbours
//                have.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLESELECTENCODINGS
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
namespace ttg = mlir::triton::gpu;
using namespace mlir::triton;
using namespace mlir::triton::tle;

/// `value` in the layout `encoding`; null stays null.
static Value convertTo(OpBuilder &builder, Location loc, Value value,
                       Attribute encoding) {
  if (!value)
    return value;
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getEncoding() == encoding)
    return value;
  // Undoing a conversion is better than adding another.
  if (auto convert = value.getDefiningOp<ttg::ConvertLayoutOp>())
    if (cast<RankedTensorType>(convert.getSrc().getType()).getEncoding() ==
        encoding)
      return convert.getSrc();
  auto converted =
      RankedTensorType::get(type.getShape(), type.getElementType(), encoding);
  return ttg::ConvertLayoutOp::create(builder, loc, converted, value);
}

namespace {

struct StoreInLayoutOfValue : OpRewritePattern<StoreOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(StoreOp store,
                                PatternRewriter &rewriter) const override {
    auto convert = store.getValue().getDefiningOp<ttg::ConvertLayoutOp>();
    if (!convert || !getLocalPointersOrigin(store.getPtr()))
      return rewriter.notifyMatchFailure(
          store, "no converted value stored through local pointers");
    Location loc = store.getLoc();
    Attribute encoding =
        cast<RankedTensorType>(convert.getSrc().getType()).getEncoding();
    StoreOp::create(
        rewriter, loc, convertTo(rewriter, loc, store.getPtr(), encoding),
        convert.getSrc(), convertTo(rewriter, loc, store.getMask(), encoding),
        store.getCache(), store.getEvict());
    rewriter.eraseOp(store);
    return success();
  }
};

struct LoadInLayoutOfUse : OpRewritePattern<ttg::ConvertLayoutOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ttg::ConvertLayoutOp convert,
                                PatternRewriter &rewriter) const override {
    auto load = convert.getSrc().getDefiningOp<LoadOp>();
    if (!load || !load->hasOneUse() || !getLocalPointersOrigin(load.getPtr()))
      return rewriter.notifyMatchFailure(
          convert, "not the only use of a load through local pointers");
    rewriter.setInsertionPoint(load);
    Location loc = load.getLoc();
    Attribute encoding = convert.getType().getEncoding();
    auto converted = LoadOp::create(
        rewriter, loc, convertTo(rewriter, loc, load.getPtr(), encoding),
        convertTo(rewriter, loc, load.getMask(), encoding),
        convertTo(rewriter, loc, load.getOther(), encoding), load.getCache(),
        load.getEvict(), load.getIsVolatile());
    rewriter.replaceOp(convert, converted);
    rewriter.eraseOp(load);
    return success();
  }
};

struct PointersInLayoutOfUse : OpRewritePattern<ttg::ConvertLayoutOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ttg::ConvertLayoutOp convert,
                                PatternRewriter &rewriter) const override {
    auto pointers = convert.getSrc().getDefiningOp<LocalPointersOp>();
    if (!pointers)
      return rewriter.notifyMatchFailure(convert, "not of local pointers");
    rewriter.setInsertionPoint(pointers);
    Location loc = pointers.getLoc();
    auto indices = llvm::map_to_vector(pointers.getIndices(), [&](Value index) {
      return convertTo(rewriter, loc, index, convert.getType().getEncoding());
    });
    Value converted = LocalPointersOp::create(rewriter, loc, convert.getType(),
                                              pointers.getBuffer(), indices);
    rewriter.replaceOp(convert, converted);
    return success();
  }
};

class SelectEncodingsPass
    : public triton::tle::impl::TLESelectEncodingsBase<SelectEncodingsPass> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns
        .add<StoreInLayoutOfValue, LoadInLayoutOfUse, PointersInLayoutOfUse>(
            &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
