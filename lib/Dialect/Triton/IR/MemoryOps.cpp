//===- MemoryOps.cpp - pointers, loads, stores ----------------------------===//

#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "triton/Dialect/Triton/IR/Dialect.h"

using namespace mlir;
using namespace mlir::triton;

namespace {

/// The value of a mask that is one constant throughout; none otherwise, and
/// none for a mask that is not there.
std::optional<bool> getUniformMask(Value mask) {
  if (!mask)
    return std::nullopt;
  if (auto splat = mask.getDefiningOp<SplatOp>())
    mask = splat.getSrc();
  APInt value;
  if (!matchPattern(mask, m_ConstantInt(&value)))
    return std::nullopt;
  return !value.isZero();
}

/// load %p, true, %other -> load %p
/// load %p, false, %other -> %other
struct FoldUniformLoadMask : public OpRewritePattern<LoadOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LoadOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<bool> mask = getUniformMask(op.getMask());
    if (!mask)
      return rewriter.notifyMatchFailure(op, "mask is no constant");
    if (*mask) {
      rewriter.modifyOpInPlace(op, [&] {
        op.getMaskMutable().clear();
        op.getOtherMutable().clear();
      });
      return success();
    }
    if (!op.getOther())
      return rewriter.notifyMatchFailure(op, "no value for what is masked off");
    rewriter.replaceOp(op, op.getOther());
    return success();
  }
};

/// store %p, %v, true -> store %p, %v
/// store %p, %v, false -> nothing
struct FoldUniformStoreMask : public OpRewritePattern<StoreOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(StoreOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<bool> mask = getUniformMask(op.getMask());
    if (!mask)
      return rewriter.notifyMatchFailure(op, "mask is no constant");
    if (*mask)
      rewriter.modifyOpInPlace(op, [&] { op.getMaskMutable().clear(); });
    else
      rewriter.eraseOp(op);
    return success();
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// AddPtrOp, AdvanceOp, MakeTensorPtrOp
//===----------------------------------------------------------------------===//

OpFoldResult AddPtrOp::fold(FoldAdaptor adaptor) {
  if (matchPattern(adaptor.getOffset(), m_Zero()))
    return getPtr();
  return {};
}

OpFoldResult AdvanceOp::fold(FoldAdaptor adaptor) {
  if (llvm::all_of(adaptor.getOffsets(), [](Attribute offset) {
        return offset && matchPattern(offset, m_Zero());
      }))
    return getPtr();
  return {};
}

static LogicalResult verifyCount(Operation *op, StringRef what, int64_t actual,
                                 int64_t rank) {
  if (actual == rank)
    return success();
  return op->emitOpError() << "has " << actual << " " << what
                           << " for a block of rank " << rank;
}

static int64_t getBlockRank(PointerType pointer) {
  return cast<RankedTensorType>(pointer.getPointeeType()).getRank();
}

LogicalResult AdvanceOp::verify() {
  return verifyCount(*this, "offsets", getOffsets().size(),
                     getBlockRank(getPtr().getType()));
}

LogicalResult MakeTensorPtrOp::verify() {
  int64_t rank = getBlockRank(getType());
  if (failed(verifyCount(*this, "sizes", getShape().size(), rank)))
    return failure();
  return verifyCount(*this, "entries in order", getOrder().size(), rank);
}

//===----------------------------------------------------------------------===//
// LoadOp, StoreOp
//===----------------------------------------------------------------------===//

void LoadOp::build(OpBuilder &builder, OperationState &state, Value ptr,
                   Value mask, Value other, CacheModifier cache,
                   EvictionPolicy evict, bool isVolatile) {
  build(builder, state, getPointeeType(ptr.getType()), ptr, mask, other,
        /*boundaryCheck=*/ArrayRef<int32_t>(), /*padding=*/PaddingOptionAttr(),
        cache, evict, isVolatile);
}

void LoadOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  effects.emplace_back(MemoryEffects::Read::get(), &getPtrMutable(),
                       GlobalMemory::get());
  // A volatile load counts as a write, so that none is dropped or moved.
  if (getIsVolatile())
    effects.emplace_back(MemoryEffects::Write::get(), GlobalMemory::get());
}

void LoadOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                         MLIRContext *context) {
  patterns.add<FoldUniformLoadMask>(context);
}

void StoreOp::build(OpBuilder &builder, OperationState &state, Value ptr,
                    Value value, Value mask, CacheModifier cache,
                    EvictionPolicy evict) {
  build(builder, state, ptr, value, mask,
        /*boundaryCheck=*/ArrayRef<int32_t>(), cache, evict);
}

void StoreOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                          MLIRContext *context) {
  patterns.add<FoldUniformStoreMask>(context);
}
