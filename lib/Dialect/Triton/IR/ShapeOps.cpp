//===- ShapeOps.cpp - ops that change a tensor's shape --------------------===//

#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "triton/Dialect/Triton/IR/Dialect.h"

using namespace mlir;
using namespace mlir::triton;

namespace {

/// The word of `encoding`'s dialect on layouts; reports when it has none.
const DialectInferLayoutInterface *
getLayoutInterface(Attribute encoding, std::optional<Location> loc) {
  auto *layouts = dyn_cast<DialectInferLayoutInterface>(&encoding.getDialect());
  if (!layouts)
    (void)emitOptionalError(
        loc, "no result layout can be inferred from ", encoding, ": dialect '",
        encoding.getDialect().getNamespace(), "' gives no rule");
  return layouts;
}

/// A constant source that is one value throughout, in the shape of `type`.
OpFoldResult foldSplat(Attribute source, Type type) {
  if (auto splat = dyn_cast_if_present<SplatElementsAttr>(source))
    return splat.resizeSplat(cast<ShapedType>(type));
  return {};
}

/// Permutes `values`: entry i is that at order[i].
template <typename T>
SmallVector<T> permute(ArrayRef<T> values, ArrayRef<int32_t> order) {
  return llvm::map_to_vector(order, [&](int32_t from) { return values[from]; });
}

} // namespace

//===----------------------------------------------------------------------===//
// SplatOp, UnsplatOp
//===----------------------------------------------------------------------===//

OpFoldResult SplatOp::fold(FoldAdaptor adaptor) {
  if (isa_and_present<IntegerAttr, FloatAttr>(adaptor.getSrc()))
    return SplatElementsAttr::get(getType(),
                                  ArrayRef<Attribute>(adaptor.getSrc()));
  return {};
}

LogicalResult UnsplatOp::verify() {
  RankedTensorType source = getSrc().getType();
  if (source.getNumElements() != 1)
    return emitOpError("source must have one element, got ") << source;
  return success();
}

//===----------------------------------------------------------------------===//
// ExpandDimsOp
//===----------------------------------------------------------------------===//

LogicalResult ExpandDimsOp::inferReturnTypes(MLIRContext *,
                                             std::optional<Location> loc,
                                             Adaptor adaptor,
                                             SmallVectorImpl<Type> &results) {
  auto source = cast<RankedTensorType>(adaptor.getSrc().getType());
  unsigned axis = adaptor.getAxis();
  if (static_cast<int64_t>(axis) > source.getRank())
    return emitOptionalError(loc, "axis must be between 0 and ",
                             source.getRank(), ", got ",
                             static_cast<int32_t>(axis));
  SmallVector<int64_t> shape(source.getShape());
  shape.insert(shape.begin() + axis, 1);
  Attribute encoding;
  if (Attribute sourceEncoding = source.getEncoding()) {
    auto *layouts = getLayoutInterface(sourceEncoding, loc);
    if (!layouts || failed(layouts->inferExpandDimsOpEncoding(
                        sourceEncoding, axis, encoding, loc)))
      return failure();
  }
  results.push_back(
      RankedTensorType::get(shape, source.getElementType(), encoding));
  return success();
}

OpFoldResult ExpandDimsOp::fold(FoldAdaptor adaptor) {
  return foldSplat(adaptor.getSrc(), getType());
}

LogicalResult ExpandDimsOp::canonicalize(ExpandDimsOp op,
                                         PatternRewriter &rewriter) {
  Operation *definition = op.getSrc().getDefiningOp();
  // expand_dims(splat) -> splat
  if (auto splat = dyn_cast_if_present<SplatOp>(definition)) {
    rewriter.replaceOpWithNewOp<SplatOp>(op, op.getType(), splat.getSrc());
    return success();
  }
  // expand_dims(broadcast) -> broadcast(expand_dims): moves the cheap op up.
  auto broadcast = dyn_cast_if_present<BroadcastOp>(definition);
  if (!broadcast)
    return failure();
  auto narrow = broadcast.getSrc().getType();
  SmallVector<int64_t> shape(narrow.getShape());
  shape.insert(shape.begin() + op.getAxis(), 1);
  Attribute encoding = op.getType().getEncoding();
  auto expandedType =
      RankedTensorType::get(shape, narrow.getElementType(), encoding);
  Value expanded = ExpandDimsOp::create(rewriter, op.getLoc(), expandedType,
                                        broadcast.getSrc(), op.getAxis());
  rewriter.replaceOpWithNewOp<BroadcastOp>(op, op.getType(), expanded);
  return success();
}

//===----------------------------------------------------------------------===//
// ReshapeOp
//===----------------------------------------------------------------------===//

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (getSrc().getType() == getType() && !getAllowReorder())
    return getSrc();
  return foldSplat(adaptor.getSrc(), getType());
}

LogicalResult ReshapeOp::canonicalize(ReshapeOp op, PatternRewriter &rewriter) {
  Operation *definition = op.getSrc().getDefiningOp();
  // reshape(splat) -> splat
  if (auto splat = dyn_cast_if_present<SplatOp>(definition)) {
    rewriter.replaceOpWithNewOp<SplatOp>(op, op.getType(), splat.getSrc());
    return success();
  }
  // reshape(reshape) -> reshape, free to reorder if either was
  auto inner = dyn_cast_if_present<ReshapeOp>(definition);
  if (!inner || op.getEfficientLayout())
    return failure();
  rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), inner.getSrc(),
                                         op.getAllowReorder() ||
                                             inner.getAllowReorder(),
                                         /*efficient_layout=*/false);
  return success();
}

LogicalResult ReshapeOp::verify() {
  RankedTensorType source = getSrc().getType(), result = getType();
  if (source.getNumElements() != result.getNumElements())
    return emitOpError("must keep the number of elements, got ")
           << source << " and " << result;
  Attribute sourceEncoding = source.getEncoding();
  Attribute resultEncoding = result.getEncoding();
  if (!sourceEncoding != !resultEncoding)
    return emitOpError("needs a layout on both types or on none, got ")
           << source << " and " << result;
  if (!sourceEncoding || getAllowReorder())
    return success();
  // Without the freedom to reorder, the layout is what the reshape makes it.
  Attribute inferred;
  auto *layouts = getLayoutInterface(sourceEncoding, getLoc());
  if (!layouts || failed(layouts->inferReshapeOpEncoding(
                      source.getShape(), sourceEncoding, result.getShape(),
                      inferred, getLoc())))
    return failure();
  return layouts->verifyLayoutsAreEqual(result.getShape(), inferred,
                                        resultEncoding, getLoc());
}

//===----------------------------------------------------------------------===//
// BroadcastOp
//===----------------------------------------------------------------------===//

namespace {

/// broadcast(splat) -> splat
struct BroadcastOfSplat : public OpRewritePattern<BroadcastOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(BroadcastOp op,
                                PatternRewriter &rewriter) const override {
    auto splat = op.getSrc().getDefiningOp<SplatOp>();
    if (!splat)
      return rewriter.notifyMatchFailure(op, "source is no splat");
    rewriter.replaceOpWithNewOp<SplatOp>(op, op.getType(), splat.getSrc());
    return success();
  }
};

/// broadcast(broadcast) -> broadcast
struct BroadcastOfBroadcast : public OpRewritePattern<BroadcastOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(BroadcastOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getSrc().getDefiningOp<BroadcastOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "source is no broadcast");
    rewriter.modifyOpInPlace(
        op, [&] { op.getSrcMutable().assign(inner.getSrc()); });
    return success();
  }
};

} // namespace

OpFoldResult BroadcastOp::fold(FoldAdaptor adaptor) {
  if (getSrc().getType() == getType())
    return getSrc();
  return foldSplat(adaptor.getSrc(), getType());
}

void BroadcastOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {
  patterns.add<BroadcastOfBroadcast, BroadcastOfSplat>(context);
}

LogicalResult BroadcastOp::verify() {
  ArrayRef<int64_t> source = getSrc().getType().getShape();
  ArrayRef<int64_t> result = getType().getShape();
  if (source.size() != result.size())
    return emitOpError("must keep the rank, got ")
           << source.size() << " and " << result.size();
  for (auto [axis, sizes] : llvm::enumerate(llvm::zip_equal(source, result)))
    if (std::get<0>(sizes) != std::get<1>(sizes) && std::get<0>(sizes) != 1)
      return emitOpError("repeats only dimensions of size 1; dimension #")
             << axis << " goes from " << std::get<0>(sizes) << " to "
             << std::get<1>(sizes);
  return success();
}

//===----------------------------------------------------------------------===//
// CatOp, JoinOp, SplitOp
//===----------------------------------------------------------------------===//

LogicalResult CatOp::verify() {
  RankedTensorType source = getLhs().getType(), result = getType();
  if (source.getRank() != result.getRank())
    return emitOpError("must keep the rank, got ")
           << source << " and " << result;
  if (2 * source.getNumElements() != result.getNumElements())
    return emitOpError(
               "result must have twice the elements of one source, got ")
           << source << " and " << result;
  return success();
}

void JoinOp::build(OpBuilder &builder, OperationState &state, Value lhs,
                   Value rhs) {
  auto source = cast<RankedTensorType>(lhs.getType());
  SmallVector<int64_t> shape(source.getShape());
  shape.push_back(2);
  // Without an answer the result has no layout, and the verifier says so.
  Attribute encoding;
  if (Attribute sourceEncoding = source.getEncoding())
    if (auto *layouts = getLayoutInterface(sourceEncoding, state.location))
      (void)layouts->inferDefaultJoinOpEncoding(
          sourceEncoding, encoding, source.getShape(), state.location);
  build(builder, state,
        RankedTensorType::get(shape, source.getElementType(), encoding), lhs,
        rhs);
}

LogicalResult JoinOp::verify() {
  RankedTensorType source = getLhs().getType(), result = getType();
  SmallVector<int64_t> expected(source.getShape());
  expected.push_back(2);
  if (result.getShape() != ArrayRef<int64_t>(expected) ||
      result.getElementType() != source.getElementType())
    return emitOpError("result must be ")
           << RankedTensorType::get(expected, source.getElementType())
           << " up to its layout, got " << result;
  if (!result.getEncoding() || !source.getEncoding()) {
    if (!result.getEncoding() && !source.getEncoding())
      return success();
    return emitOpError("needs a layout on all types or on none, got ")
           << source << " and " << result;
  }
  // Several layouts of the result fit one of the sources, but each splits
  // into only one.
  Attribute split;
  auto *layouts = getLayoutInterface(result.getEncoding(), getLoc());
  if (!layouts ||
      failed(layouts->inferSplitOpEncoding(result.getEncoding(), split,
                                           result.getShape(), getLoc())))
    return failure();
  return layouts->verifyLayoutsAreEqual(source.getShape(), split,
                                        source.getEncoding(), getLoc());
}

LogicalResult SplitOp::inferReturnTypes(MLIRContext *,
                                        std::optional<Location> loc,
                                        Adaptor adaptor,
                                        SmallVectorImpl<Type> &results) {
  auto source = cast<RankedTensorType>(adaptor.getSrc().getType());
  if (source.getRank() == 0 || source.getShape().back() != 2)
    return emitOptionalError(loc, "last dimension must be 2, got ", source);
  Attribute encoding;
  if (Attribute sourceEncoding = source.getEncoding()) {
    auto *layouts = getLayoutInterface(sourceEncoding, loc);
    if (!layouts || failed(layouts->inferSplitOpEncoding(
                        sourceEncoding, encoding, source.getShape(), loc)))
      return failure();
  }
  auto half = RankedTensorType::get(source.getShape().drop_back(),
                                    source.getElementType(), encoding);
  results.append(2, half);
  return success();
}

//===----------------------------------------------------------------------===//
// TransOp
//===----------------------------------------------------------------------===//

LogicalResult TransOp::inferReturnTypes(MLIRContext *,
                                        std::optional<Location> loc,
                                        Adaptor adaptor,
                                        SmallVectorImpl<Type> &results) {
  auto source = cast<RankedTensorType>(adaptor.getSrc().getType());
  ArrayRef<int32_t> order = adaptor.getOrder();
  // The interface's verifier says what is wrong with such an order.
  if (static_cast<int64_t>(order.size()) != source.getRank() ||
      llvm::any_of(order, [&](int32_t from) {
        return from < 0 || from >= source.getRank();
      }))
    return emitOptionalError(loc, "order must be a permutation of 0 to ",
                             source.getRank() - 1, ", got [", order, "]");
  Attribute encoding;
  if (Attribute sourceEncoding = source.getEncoding()) {
    auto *layouts = getLayoutInterface(sourceEncoding, loc);
    if (!layouts ||
        failed(layouts->inferTransOpEncoding(sourceEncoding, source.getShape(),
                                             order, encoding, loc)))
      return failure();
  }
  results.push_back(RankedTensorType::get(permute(source.getShape(), order),
                                          source.getElementType(), encoding));
  return success();
}

OpFoldResult TransOp::fold(FoldAdaptor adaptor) {
  // trans with the identity order -> its source
  bool identity =
      llvm::equal(getOrder(), llvm::seq<int32_t>(0, getOrder().size()));
  if (identity && getSrc().getType() == getType())
    return getSrc();
  // trans(trans) -> trans with both orders in one
  if (auto inner = getSrc().getDefiningOp<TransOp>()) {
    setOrder(permute(inner.getOrder(), getOrder()));
    setOperand(inner.getSrc());
    return getResult();
  }
  return foldSplat(adaptor.getSrc(), getType());
}
