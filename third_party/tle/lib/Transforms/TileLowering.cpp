#include "TileLowering.h"

#include "mlir/IR/Matchers.h"
#include "tle/Transforms/LocalPointerUtils.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
namespace ttg = mlir::triton::gpu;
namespace tle = mlir::triton::tle;
using namespace mlir::triton;
using tle::TileSplitter;

std::optional<SmallVector<int64_t>>
tle::getConstantIndices(ValueRange indices) {
  SmallVector<int64_t> values;
  for (Value index : indices) {
    APInt value;
    if (!matchPattern(index, m_ConstantInt(&value)))
      return std::nullopt;
    values.push_back(value.getSExtValue());
  }
  return values;
}

//===----------------------------------------------------------------------===//
// Registers
//===----------------------------------------------------------------------===//

/// What the layout's dialect makes of shape changes; nullptr results are "no".
namespace {

class LayoutRules {
public:
  explicit LayoutRules(Attribute layout)
      : rules(layout
                  ? dyn_cast<DialectInferLayoutInterface>(&layout.getDialect())
                  : nullptr),
        isLaidOut(layout) {}

  RankedTensorType reshape(RankedTensorType from,
                           ArrayRef<int64_t> shape) const {
    Attribute layout;
    if (isLaidOut && (!rules || failed(rules->inferReshapeOpEncoding(
                                    from.getShape(), from.getEncoding(), shape,
                                    layout, std::nullopt))))
      return nullptr;
    return RankedTensorType::get(shape, from.getElementType(), layout);
  }

  RankedTensorType transpose(RankedTensorType from,
                             ArrayRef<int32_t> order) const {
    Attribute layout;
    if (isLaidOut && (!rules || failed(rules->inferTransOpEncoding(
                                    from.getEncoding(), from.getShape(), order,
                                    layout, std::nullopt))))
      return nullptr;
    auto shape = llvm::map_to_vector(
        order, [&](int32_t dim) { return from.getDimSize(dim); });
    return RankedTensorType::get(shape, from.getElementType(), layout);
  }

  RankedTensorType split(RankedTensorType from) const {
    Attribute layout;
    if (isLaidOut && (!rules || failed(rules->inferSplitOpEncoding(
                                    from.getEncoding(), layout, from.getShape(),
                                    std::nullopt))))
      return nullptr;
    return RankedTensorType::get(from.getShape().drop_back(),
                                 from.getElementType(), layout);
  }

private:
  const DialectInferLayoutInterface *rules;
  bool isLaidOut;
};

} // namespace

std::optional<TileSplitter> TileSplitter::get(RankedTensorType whole,
                                              ArrayRef<int64_t> tileShape) {
  LayoutRules rules(whole.getEncoding());
  TileSplitter splitter;
  splitter.whole = whole;
  unsigned rank = whole.getRank();
  SmallVector<int64_t> apartShape, halvesShape;
  SmallVector<int32_t> places;
  for (unsigned dim = 0; dim < rank; ++dim) {
    int64_t count = whole.getDimSize(dim) / tileShape[dim];
    if (!llvm::isPowerOf2_64(count) || !llvm::isPowerOf2_64(tileShape[dim]))
      return std::nullopt;
    splitter.counts.push_back(count);
    apartShape.append({count, tileShape[dim]});
    places.push_back(2 * dim);
    splitter.order.push_back(2 * dim + 1);
    halvesShape.push_back(tileShape[dim]);
  }
  splitter.order.append(places);
  for (int64_t count : splitter.counts)
    halvesShape.append(llvm::Log2_64(count), 2);

  splitter.apart = rules.reshape(whole, apartShape);
  if (!splitter.apart)
    return std::nullopt;
  splitter.placesLast = rules.transpose(splitter.apart, splitter.order);
  if (!splitter.placesLast)
    return std::nullopt;
  splitter.halves = rules.reshape(splitter.placesLast, halvesShape);
  if (!splitter.halves)
    return std::nullopt;
  RankedTensorType part = splitter.halves;
  while (part.getRank() > static_cast<int64_t>(rank)) {
    part = rules.split(part);
    if (!part)
      return std::nullopt;
    splitter.parts.push_back(part);
  }
  return splitter;
}

Value TileSplitter::toHalves(OpBuilder &builder, Location loc,
                             Value value) const {
  value = ReshapeOp::create(builder, loc, apart, value);
  value = TransOp::create(builder, loc, placesLast, value, order);
  return ReshapeOp::create(builder, loc, halves, value);
}

SmallVector<bool> TileSplitter::getPath(ArrayRef<int64_t> indices) const {
  SmallVector<bool> path;
  for (auto [index, count] : llvm::reverse(llvm::zip_equal(indices, counts)))
    for (int64_t bit = 1; bit < count; bit *= 2)
      path.push_back(index & bit);
  return path;
}

Value TileSplitter::extract(OpBuilder &builder, Location loc, Value value,
                            ArrayRef<int64_t> indices) const {
  value = toHalves(builder, loc, value);
  for (auto [type, isRight] : llvm::zip_equal(parts, getPath(indices))) {
    auto split = SplitOp::create(builder, loc, type, type, value);
    value = isRight ? split.getOutRHS() : split.getOutLHS();
  }
  return value;
}

Value TileSplitter::insert(OpBuilder &builder, Location loc, Value value,
                           Value tile, ArrayRef<int64_t> indices) const {
  value = toHalves(builder, loc, value);
  SmallVector<bool> path = getPath(indices);
  SmallVector<Value> others;
  for (auto [type, isRight] : llvm::zip_equal(parts, path)) {
    auto split = SplitOp::create(builder, loc, type, type, value);
    value = isRight ? split.getOutRHS() : split.getOutLHS();
    others.push_back(isRight ? split.getOutLHS() : split.getOutRHS());
  }

  // The way back up: each join undoes one split, to the type the split took.
  auto inLayout = [&](Value from, RankedTensorType type) -> Value {
    if (from.getType() == type)
      return from;
    return ttg::ConvertLayoutOp::create(builder, loc, type, from);
  };
  value = parts.empty() ? inLayout(tile, halves) : inLayout(tile, parts.back());
  for (unsigned level = parts.size(); level-- > 0;) {
    value = path[level] ? JoinOp::create(builder, loc, others[level], value)
                        : JoinOp::create(builder, loc, value, others[level]);
    value = inLayout(value, level ? parts[level - 1] : halves);
  }
  value = ReshapeOp::create(builder, loc, placesLast, value);
  SmallVector<int32_t> back(order.size());
  for (auto [to, from] : llvm::enumerate(order))
    back[from] = to;
  value = TransOp::create(builder, loc, apart, value, back);
  return ReshapeOp::create(builder, loc, whole, value);
}

//===----------------------------------------------------------------------===//
// Shared memory
//===----------------------------------------------------------------------===//

FailureOr<Value> tle::stageInSharedMemory(OpBuilder &builder, Operation *op,
                                          Value value, StagedUse use) {
  auto type = cast<RankedTensorType>(value.getType());
  MLIRContext *context = builder.getContext();
  Attribute layout = type.getEncoding();
  unsigned rank = type.getRank();
  if (layout && ttg::getNumCTAs(layout) != 1)
    return op->emitError() << "goes through shared memory, which needs a "
                              "tensor within one CTA, but it is spread over "
                           << ttg::getNumCTAs(layout);
  SmallVector<unsigned> order;
  if (layout)
    order = ttg::getOrder(type);
  else
    for (unsigned dim = rank; dim-- > 0;)
      order.push_back(dim);
  auto shared = ttg::SwizzledSharedEncodingAttr::get(
      context, /*vec=*/1, /*perPhase=*/1, /*maxPhase=*/1, order,
      ttg::CGAEncodingAttr::getDefault(context, rank));
  auto buffer =
      ttg::MemDescType::get(type.getShape(), type.getElementType(), shared,
                            ttg::SharedMemorySpaceAttr::get(context),
                            /*mutableMemory=*/use != StagedUse::View);
  if (use != StagedUse::Overwritten)
    return ttg::LocalAllocOp::create(builder, op->getLoc(), buffer, value)
        .getResult();
  // Stock's tritongpu-reorder-instructions moves an allocation with a value
  // behind that value, out of the loop if need be: a tile inserted in one
  // iteration would still be there in the next. A store stays.
  Value alloc = ttg::LocalAllocOp::create(builder, op->getLoc(), buffer);
  ttg::LocalStoreOp::create(builder, op->getLoc(), value, alloc);
  return alloc;
}

Value tle::createTilePointers(OpBuilder &builder, Location loc, Value buffer,
                              RankedTensorType tile, ValueRange indices) {
  auto indexType = RankedTensorType::get(tile.getShape(), builder.getI32Type(),
                                         tile.getEncoding());
  SmallVector<Value> positions;
  for (auto [dim, index] : llvm::enumerate(indices)) {
    Value position = createPositions(builder, loc, indexType, dim);
    Value sizeValue = arith::ConstantOp::create(
        builder, loc, builder.getI32IntegerAttr(tile.getDimSize(dim)));
    Value start = arith::MulIOp::create(builder, loc, index, sizeValue);
    Value starts = SplatOp::create(builder, loc, indexType, start);
    positions.push_back(arith::AddIOp::create(builder, loc, starts, position));
  }
  Type pointer = PointerType::get(tile.getElementType(), kSharedAddressSpace);
  auto pointers =
      RankedTensorType::get(tile.getShape(), pointer, tile.getEncoding());
  return LocalPointersOp::create(builder, loc, pointers, buffer, positions);
}

Value tle::createTileView(OpBuilder &builder, Location loc, Value buffer,
                          ArrayRef<int64_t> tileShape,
                          ArrayRef<int64_t> indices) {
  auto type = cast<ttg::MemDescType>(buffer.getType());
  auto view = ttg::MemDescType::get(
      tileShape, type.getElementType(), type.getEncoding(),
      type.getMemorySpace(), type.getMutableMemory(), type.getAllocShape());
  SmallVector<int32_t> offsets;
  for (auto [size, index] : llvm::zip_equal(tileShape, indices))
    offsets.push_back(size * index);
  return ttg::MemDescSubsliceOp::create(builder, loc, view, buffer, offsets);
}
