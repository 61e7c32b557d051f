//===- LowerExclusiveCumsum.cpp - exclusive sums become scans -------------===//
//
// Precondition:  any tle.exclusive_cumsum.
// Rewrite:       integers: tt.scan of sums less the element; floats: tt.scan of
//                pairs (sum, sum but for the last). The total is a tt.reduce.
// Postcondition: no tle.exclusive_cumsum.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLELOWEREXCLUSIVECUMSUM
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::tle;

static Value createAdd(OpBuilder &builder, Location loc, Value lhs, Value rhs) {
  if (isa<FloatType>(lhs.getType()))
    return arith::AddFOp::create(builder, loc, lhs, rhs);
  return arith::AddIOp::create(builder, loc, lhs, rhs);
}

/// Fills the combining region of a scan or reduction over `count` values of
/// `element`: the arguments are those of the left run, then those of the right.
template <typename Return>
static void
fillCombine(OpBuilder &builder, Location loc, Region &region, Type element,
            unsigned count,
            function_ref<SmallVector<Value>(ValueRange left, ValueRange right)>
                combine) {
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Type> types(2 * count, element);
  SmallVector<Location> locations(2 * count, loc);
  Block *block = builder.createBlock(&region, region.end(), types, locations);
  ValueRange arguments = block->getArguments();
  Return::create(
      builder, loc,
      combine(arguments.take_front(count), arguments.drop_front(count)));
}

namespace {

struct ExclusiveCumsumToScan : OpRewritePattern<ExclusiveCumsumOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ExclusiveCumsumOp op,
                                PatternRewriter &rewriter) const override {
    Value exclusive;
    if (!op.getExclusive().use_empty())
      exclusive = isa<FloatType>(getElementTypeOrSelf(op.getSrc()))
                      ? scanPairs(op, rewriter)
                      : scanIntegers(op, rewriter);
    Value total;
    if (!op.getTotal().use_empty())
      total = reduce(op, rewriter);
    if (exclusive)
      rewriter.replaceAllUsesWith(op.getExclusive(), exclusive);
    if (total)
      rewriter.replaceAllUsesWith(op.getTotal(), total);
    rewriter.eraseOp(op);
    return success();
  }

private:
  static Value scanIntegers(ExclusiveCumsumOp op, PatternRewriter &rewriter) {
    Location loc = op.getLoc();
    Value src = op.getSrc();
    auto scan = ScanOp::create(rewriter, loc, TypeRange{src.getType()},
                               ValueRange{src}, op.getAxis(), op.getReverse());
    fillCombine<ScanReturnOp>(rewriter, loc, scan.getCombineOp(),
                              getElementTypeOrSelf(src), 1,
                              [&](ValueRange left, ValueRange right) {
                                return SmallVector<Value>{createAdd(
                                    rewriter, loc, left[0], right[0])};
                              });
    return arith::SubIOp::create(rewriter, loc, scan->getResult(0), src);
  }

  static Value scanPairs(ExclusiveCumsumOp op, PatternRewriter &rewriter) {
    Location loc = op.getLoc();
    Value src = op.getSrc();
    auto type = cast<RankedTensorType>(src.getType());
    auto zeroAttr = DenseElementsAttr::get(
        type, rewriter.getFloatAttr(type.getElementType(), 0.0));
    Value zero = arith::ConstantOp::create(rewriter, loc, zeroAttr);
    auto scan =
        ScanOp::create(rewriter, loc, TypeRange{type, type},
                       ValueRange{src, zero}, op.getAxis(), op.getReverse());
    fillCombine<ScanReturnOp>(
        rewriter, loc, scan.getCombineOp(), type.getElementType(), 2,
        [&](ValueRange left, ValueRange right) {
          return SmallVector<Value>{
              createAdd(rewriter, loc, left[0], right[0]),
              createAdd(rewriter, loc, left[0], right[1])};
        });
    return scan->getResult(1);
  }

  static Value reduce(ExclusiveCumsumOp op, PatternRewriter &rewriter) {
    Location loc = op.getLoc();
    auto reduce =
        ReduceOp::create(rewriter, loc, TypeRange{op.getTotal().getType()},
                         ValueRange{op.getSrc()}, op.getAxis());
    fillCombine<ReduceReturnOp>(rewriter, loc, reduce.getCombineOp(),
                                getElementTypeOrSelf(op.getSrc()), 1,
                                [&](ValueRange left, ValueRange right) {
                                  return SmallVector<Value>{createAdd(
                                      rewriter, loc, left[0], right[0])};
                                });
    return reduce->getResult(0);
  }
};

class LowerExclusiveCumsumPass
    : public triton::tle::impl::TLELowerExclusiveCumsumBase<
          LowerExclusiveCumsumPass> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateLowerExclusiveCumsumPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace

void tle::populateLowerExclusiveCumsumPatterns(RewritePatternSet &patterns) {
  patterns.add<ExclusiveCumsumToScan>(patterns.getContext());
}
