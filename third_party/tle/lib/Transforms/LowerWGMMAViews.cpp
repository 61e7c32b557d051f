//===- LowerWGMMAViews.cpp - views become transpositions ------------------===//
//
// Precondition:  any tle.memdesc_wgmma_view.
// Rewrite:       tle.memdesc_wgmma_view %x {order}
//                ==> ttg.memdesc_trans %x {order}
//                Loads, stores and copies of tensors with layouts through a
//                transposition of a buffer that has an nvmma_shared layout
//                without a swizzle access the buffer itself, and the tensor is
//                transposed.
// Postcondition: no tle.memdesc_wgmma_view; views that change nothing are gone;
//                no such access.
//
// Stock's lowering takes elements of an nvmma_shared layout without a swizzle
// to lie row by row whether it is `transposed` or not, so the layout that
// ttg.memdesc_trans infers there says something else of the same bytes. With a
// swizzle the two agree. A transposition in front of a loop, a branch, a
// partition or a call would not be seen here: LowerBufferChoices.cpp has moved
// it behind.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/Passes.h"

#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"

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

//===----------------------------------------------------------------------===//
// Accesses through a transposition without a swizzle
//===----------------------------------------------------------------------===//

constexpr int32_t kTransposed[] = {1, 0};

bool isTransposedWithoutSwizzle(ttg::MemDescTransOp trans) {
  auto layout = dyn_cast_or_null<ttg::NVMMASharedEncodingAttr>(
      trans.getType().getEncoding());
  return layout && layout.getSwizzlingByteWidth() == 0 &&
         trans.getOrder() == ArrayRef<int32_t>(kTransposed);
}

/// What `view` views behind transpositions without a swizzle. `transposed`
/// tells whether the result, which has the slices of `view`, is its transpose.
Value lookBehind(Value view, bool &transposed, OpBuilder &builder) {
  transposed = false;
  if (auto trans = view.getDefiningOp<ttg::MemDescTransOp>();
      trans && isTransposedWithoutSwizzle(trans)) {
    Value source = lookBehind(trans.getSrc(), transposed, builder);
    transposed = !transposed;
    return source;
  }
  auto slice = view.getDefiningOp<ttg::MemDescSubsliceOp>();
  if (!slice)
    return view;
  Value source = lookBehind(slice.getSrc(), transposed, builder);
  if (!transposed)
    return view;
  ArrayRef<int32_t> offsets = slice.getOffsets();
  ArrayRef<int64_t> shape = slice.getType().getShape();
  return ttg::MemDescSubsliceOp::create(
      builder, slice.getLoc(), source,
      ArrayRef<int32_t>{offsets[1], offsets[0]},
      ArrayRef<int64_t>{shape[1], shape[0]});
}

/// Whether the access `op` of `view` is one for this pass; builds nothing.
bool isBehindTransposition(Operation *op, Value view) {
  for (Type type :
       llvm::concat<Type>(op->getOperandTypes(), op->getResultTypes()))
    if (auto tensor = dyn_cast<RankedTensorType>(type);
        tensor && !tensor.getEncoding())
      return false;
  bool transposed = false;
  while (Operation *def = view.getDefiningOp()) {
    if (auto trans = dyn_cast<ttg::MemDescTransOp>(def);
        trans && isTransposedWithoutSwizzle(trans))
      transposed = !transposed;
    else if (!isa<ttg::MemDescSubsliceOp>(def))
      break;
    view = def->getOperand(0);
  }
  return transposed;
}

/// `type` with a blocked layout, which transposes to a blocked one.
RankedTensorType getBlocked(RankedTensorType type, Operation *op) {
  if (isa<ttg::BlockedEncodingAttr>(type.getEncoding()))
    return type;
  return type.cloneWithEncoding(ttg::getDefaultBlockedEncoding(
      type.getContext(), type.getShape(), ttg::lookupNumWarps(op),
      ttg::lookupThreadsPerWarp(op), ttg::lookupNumCTAs(op)));
}

/// The transpose of a tensor of type `type`, which has a blocked layout.
RankedTensorType getTransposed(RankedTensorType type) {
  Attribute layout;
  [[maybe_unused]] LogicalResult inferred =
      cast<DialectInferLayoutInterface>(&type.getEncoding().getDialect())
          ->inferTransOpEncoding(type.getEncoding(), type.getShape(),
                                 kTransposed, layout, /*loc=*/std::nullopt);
  assert(succeeded(inferred) && "a blocked layout has a transpose");
  ArrayRef<int64_t> shape = type.getShape();
  return RankedTensorType::get({shape[1], shape[0]}, type.getElementType(),
                               layout);
}

Value transposeTensor(Value tensor, Operation *op, OpBuilder &builder) {
  auto type = cast<RankedTensorType>(tensor.getType());
  RankedTensorType blocked = getBlocked(type, op);
  if (blocked != type)
    tensor =
        ttg::ConvertLayoutOp::create(builder, op->getLoc(), blocked, tensor);
  return TransOp::create(builder, op->getLoc(), getTransposed(blocked), tensor,
                         kTransposed);
}

struct LoadBehindTransposition : OpRewritePattern<ttg::LocalLoadOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ttg::LocalLoadOp load,
                                PatternRewriter &rewriter) const override {
    if (!isBehindTransposition(load, load.getSrc()))
      return failure();
    bool transposed;
    Value source = lookBehind(load.getSrc(), transposed, rewriter);
    RankedTensorType blocked = getBlocked(load.getType(), load);
    auto direct = ttg::LocalLoadOp::create(rewriter, load.getLoc(),
                                           getTransposed(blocked), source,
                                           load.getToken());
    direct->setDiscardableAttrs(load->getDiscardableAttrDictionary());
    Value value = transposeTensor(direct, load, rewriter);
    if (blocked == load.getType())
      rewriter.replaceOp(load, value);
    else
      rewriter.replaceOpWithNewOp<ttg::ConvertLayoutOp>(load, load.getType(),
                                                        value);
    return success();
  }
};

struct StoreBehindTransposition : OpRewritePattern<ttg::LocalStoreOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ttg::LocalStoreOp store,
                                PatternRewriter &rewriter) const override {
    if (!isBehindTransposition(store, store.getDst()))
      return failure();
    bool transposed;
    Value target = lookBehind(store.getDst(), transposed, rewriter);
    Value value = transposeTensor(store.getSrc(), store, rewriter);
    rewriter.modifyOpInPlace(store, [&] {
      store.getSrcMutable().assign(value);
      store.getDstMutable().assign(target);
    });
    return success();
  }
};

struct CopyBehindTransposition
    : OpRewritePattern<ttg::AsyncCopyGlobalToLocalOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ttg::AsyncCopyGlobalToLocalOp copy,
                                PatternRewriter &rewriter) const override {
    if (!isBehindTransposition(copy, copy.getResult()))
      return failure();
    bool transposed;
    Value target = lookBehind(copy.getResult(), transposed, rewriter);
    SmallVector<std::pair<OpOperand *, Value>> tensors;
    for (OpOperand &operand : copy->getOpOperands())
      if (isa<RankedTensorType>(operand.get().getType()))
        tensors.emplace_back(&operand,
                             transposeTensor(operand.get(), copy, rewriter));
    rewriter.modifyOpInPlace(copy, [&] {
      copy.getResultMutable().assign(target);
      for (auto [operand, value] : tensors)
        operand->set(value);
    });
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
  patterns.add<ViewToTranspose, LoadBehindTransposition,
               StoreBehindTransposition, CopyBehindTransposition>(
      patterns.getContext());
}
