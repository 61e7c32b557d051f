//===- LinearLayoutConversions.cpp - layouts as linear maps ---------------===//
//
// Built from the inside out: the elements of a thread, its warp, the warps of a
// CTA; then the CTAs of the cluster; then repetitions up to the tensor's shape,
// or the other way round, trimming what the tensor is too small for.
//
//===----------------------------------------------------------------------===//

#include "triton/Dialect/TritonGPU/IR/LinearLayoutConversions.h"

#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;

static constexpr char kRegister[] = "register";
static constexpr char kLane[] = "lane";
static constexpr char kWarp[] = "warp";
static constexpr char kOffset[] = "offset";

SmallVector<std::string> mlir::triton::gpu::standardOutDimNames(unsigned rank) {
  SmallVector<std::string> names;
  for (unsigned dim = 0; dim < rank; ++dim)
    names.push_back("dim" + std::to_string(dim));
  return names;
}

static SmallVector<std::string> outNames(const LinearLayout &layout) {
  return llvm::map_to_vector(
      layout.getOutDims(),
      [](const LinearLayout::OutDim &dim) { return dim.name; });
}

/// A box of `shape` walked in `order`, fastest first. Dimension `still` (if
/// any) does not move: positions along it see the same elements.
static LinearLayout box(StringRef inDim, ArrayRef<unsigned> shape,
                        ArrayRef<unsigned> order, int still = -1) {
  SmallVector<std::string> names = standardOutDimNames(order.size());
  LinearLayout layout;
  for (unsigned dim : order)
    layout *= int(dim) == still
                  ? LinearLayout::zeros1D(shape[dim], inDim, names[dim])
                  : LinearLayout::identity1D(shape[dim], inDim, names[dim]);
  return layout;
}

LinearLayout
mlir::triton::gpu::combineCtaCgaWithShape(LinearLayout cta, CGAEncodingAttr cga,
                                          ArrayRef<int64_t> shape) {
  SmallVector<std::string> names = standardOutDimNames(shape.size());
  LinearLayout cluster = cga.getLinearLayout();
  for (auto [name, size] : llvm::zip(names, shape))
    cluster = cluster.shrinkOut(name, size);
  std::string inner = cta.getInDims().front().name;
  for (const std::string &name : outNames(cta)) {
    int64_t dim = llvm::find(names, name) - names.begin();
    int32_t size =
        std::max<int64_t>(1, shape[dim] / cluster.getOutDimSize(name));
    cta = cta.growOut(name, size, inner).shrinkOut(name, size);
  }
  return (cta * cluster.transposeOuts(outNames(cta))).transposeOuts(names);
}

//===----------------------------------------------------------------------===//
// Distributed layouts
//===----------------------------------------------------------------------===//

static LinearLayout fromBlocked(ArrayRef<int64_t> shape,
                                BlockedEncodingAttr layout) {
  ArrayRef<unsigned> order = layout.getOrder();
  LinearLayout cta = box(kRegister, layout.getSizePerThread(), order) *
                     box(kLane, layout.getThreadsPerWarp(), order) *
                     box(kWarp, layout.getWarpsPerCTA(), order);
  return combineCtaCgaWithShape(cta, layout.getCGALayout(), shape);
}

/// One tile of the tensor cores: 4 lanes by `kWidth` registers along order[0],
/// 8 lanes along order[1]; the rest of the tile in registers.
static LinearLayout mmaTile(ArrayRef<unsigned> tile, unsigned kWidth,
                            ArrayRef<unsigned> order,
                            ArrayRef<unsigned> repOrder) {
  SmallVector<std::string> names = standardOutDimNames(order.size());
  const std::string &inner = names[order[0]], &outer = names[order[1]];
  int32_t outerRepeats = std::max(1u, tile[order[1]] / 8);
  int32_t innerRepeats = std::max(1u, tile[order[0]] / (kWidth * 4));
  // The order of the output dimensions is that in which the tile repeats.
  LinearLayout layout =
      box(kRegister, SmallVector<unsigned>(order.size(), 1), repOrder);
  layout *= LinearLayout::identity1D(kWidth, kRegister, inner);
  layout *= LinearLayout::identity1D(4, kLane, inner);
  layout *= LinearLayout::identity1D(8, kLane, outer);
  layout *= LinearLayout::identity1D(outerRepeats, kRegister, outer);
  layout *= LinearLayout::identity1D(innerRepeats, kRegister, inner);
  return layout;
}

/// WGMMA's four warps lie along M; mma.sync's are row major.
static SmallVector<unsigned> warpOrder(NvidiaMmaEncodingAttr mma) {
  return getMatrixOrder(mma.getRank(), /*rowMajor=*/!mma.isHopper());
}

static FailureOr<LinearLayout> fromMma(ArrayRef<int64_t> shape,
                                       NvidiaMmaEncodingAttr mma) {
  unsigned rank = mma.getRank();
  SmallVector<unsigned> tile(mma.getInstrShape());
  if (mma.isHopper()) {
    tile.assign(rank, 1);
    tile[rank - 2] = mma.getInstrShape()[0];
    tile[rank - 1] = mma.getInstrShape()[1];
  }
  for (unsigned size : {tile[rank - 2], tile[rank - 1]})
    if (size < 8 || !llvm::isPowerOf2_32(size))
      return failure();
  LinearLayout cta =
      mmaTile(tile, /*kWidth=*/2, getMatrixOrder(rank, /*rowMajor=*/true),
              mma.getRepOrder());
  cta *= box(kWarp, mma.getWarpsPerCTA(), warpOrder(mma))
             .transposeOuts(outNames(cta));
  return combineCtaCgaWithShape(cta, mma.getCGALayout(), shape);
}

static FailureOr<LinearLayout> fromDotOperand(ArrayRef<int64_t> shape,
                                              DotOperandEncodingAttr layout) {
  unsigned rank = layout.getRank();
  unsigned k = layout.getOpIdx() == 0 ? rank - 1 : rank - 2;
  if (auto blocked = dyn_cast<BlockedEncodingAttr>(layout.getParent())) {
    // Plain FMA: a thread has all of K for its rows or columns.
    ArrayRef<unsigned> order = blocked.getOrder();
    SmallVector<unsigned> held(blocked.getSizePerThread());
    held[k] = shape[k];
    LinearLayout cta = box(kRegister, held, order) *
                       box(kLane, blocked.getThreadsPerWarp(), order, k) *
                       box(kWarp, blocked.getWarpsPerCTA(), order, k);
    return combineCtaCgaWithShape(cta, layout.getCGALayout(), shape);
  }
  auto mma = dyn_cast<NvidiaMmaEncodingAttr>(layout.getParent());
  if (!mma)
    return failure();
  SmallVector<unsigned> tile(rank, 1);
  tile[rank - 2] = layout.getOpIdx() == 0 ? 16 : layout.getKWidth() * 8;
  tile[rank - 1] = layout.getOpIdx() == 0 ? layout.getKWidth() * 8 : 8;
  LinearLayout cta =
      mmaTile(tile, layout.getKWidth(),
              getOrderForDotOperand(layout.getOpIdx(), rank, true),
              layout.getRepOrder());
  cta *= box(kWarp, mma.getWarpsPerCTA(), warpOrder(mma), k)
             .transposeOuts(outNames(cta));
  return combineCtaCgaWithShape(cta, layout.getCGALayout(), shape);
}

static FailureOr<LinearLayout> fromSlice(ArrayRef<int64_t> shape,
                                         SliceEncodingAttr layout) {
  auto parent = toLinearLayout(layout.paddedShape(shape), layout.getParent());
  if (failed(parent))
    return failure();
  SmallVector<std::string> kept = outNames(*parent);
  kept.erase(kept.begin() + layout.getDim());
  SmallVector<std::string> ins = llvm::map_to_vector(
      parent->getInDims(),
      [](const LinearLayout::InDim &dim) { return dim.name; });
  return parent->sublayout(ins, kept)
      .renameOuts(standardOutDimNames(shape.size()))
      .removeZeroBases(kRegister);
}

/// Repeats a layout given for one tensor over another.
static LinearLayout fromLinear(ArrayRef<int64_t> shape,
                               const LinearLayout &layout,
                               ArrayRef<unsigned> repOrder) {
  SmallVector<std::string> names = standardOutDimNames(shape.size());
  LinearLayout result = layout;
  for (unsigned dim : repOrder)
    result =
        result.growOut(names[dim], shape[dim], result.getInDims().front().name);
  for (auto [name, size] : llvm::zip(names, shape))
    result = result.shrinkOut(name, size);
  return result;
}

//===----------------------------------------------------------------------===//
// Layouts of shared memory
//===----------------------------------------------------------------------===//

/// Rows of `columns` elements, exchanged by XOR of their `vec` groups.
static LinearLayout swizzledRows(int64_t rows, int64_t columns, unsigned vec,
                                 unsigned perPhase, unsigned maxPhase,
                                 StringRef rowDim, StringRef columnDim) {
  LinearLayout::InDim offset{kOffset, {}};
  for (int32_t column = 1; column < columns; column *= 2)
    offset.bases.push_back({column, 0});
  for (int32_t row = 1; row < rows; row *= 2)
    offset.bases.push_back(
        {int32_t(vec * ((row / perPhase) % maxPhase) % columns), row});
  return *LinearLayout::get(
      {std::move(offset)},
      std::vector<LinearLayout::OutDim>{{columnDim.str(), int32_t(columns)},
                                        {rowDim.str(), int32_t(rows)}});
}

static LinearLayout fromSwizzled(ArrayRef<int64_t> shape,
                                 SwizzledSharedEncodingAttr layout) {
  SmallVector<std::string> names = standardOutDimNames(shape.size());
  SmallVector<int64_t> perCTA = getShapePerCTA(layout, shape);
  ArrayRef<unsigned> order = layout.getOrder();
  LinearLayout cta;
  if (order.size() == 1) {
    cta = LinearLayout::identity1D(perCTA[0], kOffset, names[0]);
  } else {
    cta = swizzledRows(perCTA[order[1]], perCTA[order[0]], layout.getVec(),
                       layout.getPerPhase(), layout.getMaxPhase(),
                       names[order[1]], names[order[0]]);
    for (unsigned dim : order.drop_front(2))
      cta *= LinearLayout::identity1D(perCTA[dim], kOffset, names[dim]);
  }
  return combineCtaCgaWithShape(cta, layout.getCGALayout(), shape);
}

SmallVector<int64_t>
mlir::triton::gpu::getTMABlockShape(NVMMASharedEncodingAttr layout,
                                    ArrayRef<int64_t> shapePerCTA) {
  // A transfer has at most 256 elements a dimension, and a row no wider than
  // the swizzle.
  SmallVector<int64_t> block;
  for (int64_t size : shapePerCTA)
    block.push_back(std::min<int64_t>(size, 256));
  int64_t &contiguous = layout.getTransposed() ? block.front() : block.back();
  if (layout.getSwizzlingByteWidth() != 0) {
    int64_t row =
        8 * layout.getSwizzlingByteWidth() / layout.getElementBitWidth();
    if (layout.getFp4Padded())
      row /= 2;
    contiguous = std::min(contiguous, row);
  }
  return block;
}

static FailureOr<LinearLayout> fromNVMMA(ArrayRef<int64_t> shape,
                                         NVMMASharedEncodingAttr layout) {
  // Packed fp4 leaves gaps: 8 bytes of data, 8 bytes of nothing.
  if (layout.getFp4Padded())
    return failure();
  unsigned rank = shape.size();
  SmallVector<std::string> names = standardOutDimNames(rank);
  SmallVector<int64_t> perCTA = getShapePerCTA(layout, shape);
  SmallVector<int64_t> block = getTMABlockShape(layout, perCTA);

  // Without a swizzle rows are rows. With one `transposed` turns the matrix;
  // what it does to more dimensions is not settled here.
  bool transposed =
      layout.getTransposed() && layout.getSwizzlingByteWidth() != 0;
  if (transposed && rank != 2)
    return failure();
  SmallVector<unsigned> order = getMatrixOrder(rank, /*rowMajor=*/!transposed);

  int64_t columns = block[order[0]], rows = 1;
  SmallVector<LinearLayout::OutDim> outs;
  for (unsigned dim : order)
    outs.push_back({names[dim], int32_t(block[dim])});
  for (unsigned dim : ArrayRef(order).drop_front())
    rows *= block[dim];
  LinearLayout tile;
  if (layout.getSwizzlingByteWidth() == 0) {
    tile = swizzledRows(rows, columns, 1, 1, 1, "row", "column");
  } else {
    int64_t width =
        8 * layout.getSwizzlingByteWidth() / layout.getElementBitWidth();
    if (columns < width || rows < 8)
      return failure();
    tile = swizzledRows(rows, columns, layout.getVec(), layout.getPerPhase(),
                        layout.getMaxPhase(), "row", "column");
  }
  LinearLayout cta = tile.reshapeOuts(outs);
  // Further transfers follow, the first dimension fastest.
  for (unsigned dim = 0; dim < rank; ++dim)
    cta = cta.growOut(names[dim], perCTA[dim], kOffset);
  return combineCtaCgaWithShape(cta, layout.getCGALayout(), shape);
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

/// Whether linear layouts can count what `layout` says of a CTA, whatever the
/// tensor: a CTA has far less.
static bool isCountable(Attribute layout) {
  if (auto operand = dyn_cast<DotOperandEncodingAttr>(layout))
    return operand.getKWidth() <= 1024 &&
           (operand.getKWidth() & (operand.getKWidth() - 1)) == 0 &&
           isCountable(operand.getParent());
  uint64_t count = 1;
  auto multiply = [&](ArrayRef<unsigned> factors) {
    for (unsigned factor : factors)
      count = std::min<uint64_t>(count * std::max(factor, 1u), 1 << 30);
  };
  if (auto blocked = dyn_cast<BlockedEncodingAttr>(layout)) {
    multiply(blocked.getSizePerThread());
    multiply(blocked.getThreadsPerWarp());
    multiply(blocked.getWarpsPerCTA());
  } else if (auto mma = dyn_cast<NvidiaMmaEncodingAttr>(layout)) {
    multiply(mma.getWarpsPerCTA());
    multiply(mma.getInstrShape());
  }
  return count < 1 << 30;
}

FailureOr<LinearLayout>
mlir::triton::gpu::toLinearLayout(ArrayRef<int64_t> shape, Attribute layout) {
  auto trait = dyn_cast_or_null<LayoutEncodingTrait>(layout);
  if (!trait || trait.getRank() != shape.size() || !isCountable(layout) ||
      !llvm::all_of(shape, [](int64_t size) {
        return size > 0 && llvm::isPowerOf2_64(size) && size <= (1 << 29);
      }))
    return failure();
  return llvm::TypeSwitch<Attribute, FailureOr<LinearLayout>>(layout)
      .Case<BlockedEncodingAttr>(
          [&](auto blocked) { return fromBlocked(shape, blocked); })
      .Case<NvidiaMmaEncodingAttr>(
          [&](auto mma) { return fromMma(shape, mma); })
      .Case<DotOperandEncodingAttr>(
          [&](auto operand) { return fromDotOperand(shape, operand); })
      .Case<SliceEncodingAttr>(
          [&](auto slice) { return fromSlice(shape, slice); })
      .Case<LinearEncodingAttr>([&](auto linear) {
        return fromLinear(shape, linear.getLinearLayout(),
                          linear.getRepOrder());
      })
      .Case<SwizzledSharedEncodingAttr>(
          [&](auto swizzled) { return fromSwizzled(shape, swizzled); })
      .Case<NVMMASharedEncodingAttr>(
          [&](auto nvmma) { return fromNVMMA(shape, nvmma); })
      .Case<SharedLinearEncodingAttr>(
          [&](auto linear) -> FailureOr<LinearLayout> {
            for (auto [dim, size] :
                 llvm::zip(linear.getLinearLayout().getOutDims(), shape))
              if (dim.size != size)
                return failure();
            return linear.getLinearLayout();
          })
      .Case<PaddedSharedEncodingAttr>(
          [&](auto padded) -> FailureOr<LinearLayout> {
            for (auto [dim, size] :
                 llvm::zip(padded.getLinearComponent().getOutDims(), shape))
              if (dim.size != size)
                return failure();
            return padded.getLinearComponent();
          })
      .Default([](Attribute) { return failure(); });
}

FailureOr<LinearLayout>
mlir::triton::gpu::toLinearLayout(RankedTensorType type) {
  return toLinearLayout(type.getShape(), type.getEncoding());
}

FailureOr<LinearLayout> mlir::triton::gpu::toLinearLayout(MemDescType type) {
  auto layout = dyn_cast<LayoutEncodingTrait>(type.getEncoding());
  if (!layout || type.getAllocShape().size() < layout.getRank())
    return failure();
  return toLinearLayout(type.getAllocShape().take_back(layout.getRank()),
                        type.getEncoding());
}
