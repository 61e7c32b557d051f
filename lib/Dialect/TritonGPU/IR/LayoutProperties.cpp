//===- LayoutProperties.cpp - what passes ask layouts ---------------------===//

#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;

BlockedEncodingAttr mlir::triton::gpu::getDefaultBlockedEncoding(
    MLIRContext *context, ArrayRef<int64_t> shape, int numWarps,
    int threadsPerWarp, int numCTAs) {
  unsigned rank = shape.size();
  SmallVector<unsigned> order(rank);
  std::iota(order.rbegin(), order.rend(), 0);
  return BlockedEncodingAttr::get(context, shape,
                                  SmallVector<unsigned>(rank, 1), order,
                                  numWarps, threadsPerWarp, numCTAs);
}

CGAEncodingAttr mlir::triton::gpu::getCGALayout(Attribute layout) {
  auto trait = dyn_cast_or_null<LayoutEncodingTrait>(layout);
  return trait ? trait.getCGALayout() : CGAEncodingAttr();
}

SmallVector<unsigned> mlir::triton::gpu::getCTASplitNum(Attribute layout) {
  CGAEncodingAttr cga = getCGALayout(layout);
  return cga ? cga.getCTASplitNum() : SmallVector<unsigned>();
}

unsigned mlir::triton::gpu::getNumCTAs(Attribute layout) {
  CGAEncodingAttr cga = getCGALayout(layout);
  return cga ? cga.getNumCTAs() : 1;
}

SmallVector<int64_t>
mlir::triton::gpu::getShapePerCTA(ArrayRef<unsigned> CTASplitNum,
                                  ArrayRef<int64_t> shape) {
  SmallVector<int64_t> result(shape);
  unsigned common = std::min(shape.size(), CTASplitNum.size());
  for (auto [size, parts] : llvm::zip(MutableArrayRef(result).take_back(common),
                                      CTASplitNum.take_back(common)))
    size = std::max<int64_t>(1, size / parts);
  return result;
}

SmallVector<int64_t>
mlir::triton::gpu::getShapePerCTA(Attribute layout, ArrayRef<int64_t> shape) {
  return getShapePerCTA(getCTASplitNum(layout), shape);
}

SmallVector<unsigned> mlir::triton::gpu::getMatrixOrder(unsigned rank,
                                                        bool rowMajor) {
  SmallVector<unsigned> order(rank);
  std::iota(order.rbegin(), order.rend(), 0);
  if (!rowMajor && rank >= 2)
    std::swap(order[0], order[1]);
  return order;
}

SmallVector<unsigned> mlir::triton::gpu::getOrderForDotOperand(unsigned opIdx,
                                                               unsigned rank,
                                                               bool kContig) {
  return getMatrixOrder(rank, (opIdx == 0) == kContig);
}

/// Dimensions in the order in which the bases of `inDim` first move along them,
/// then the others, last first.
static SmallVector<unsigned> orderOfBases(const LinearLayout &layout,
                                          StringRef inDim) {
  SmallVector<unsigned> order;
  for (const LinearLayout::Basis &basis : layout.getBases(inDim))
    for (auto [dim, coordinate] : llvm::enumerate(basis))
      if (coordinate != 0 && !llvm::is_contained(order, unsigned(dim)))
        order.push_back(dim);
  for (unsigned dim = layout.getNumOutDims(); dim-- > 0;)
    if (!llvm::is_contained(order, dim))
      order.push_back(dim);
  return order;
}

SmallVector<unsigned> mlir::triton::gpu::getOrder(Attribute layout,
                                                  ArrayRef<int64_t> shape) {
  if (!layout)
    return getMatrixOrder(shape.size(), /*rowMajor=*/true);
  if (auto swizzled = dyn_cast<SwizzledSharedEncodingAttr>(layout))
    return SmallVector<unsigned>(swizzled.getOrder());
  if (auto rotating = dyn_cast<AMDRotatingSharedEncodingAttr>(layout))
    return SmallVector<unsigned>(rotating.getOrder());
  if (auto nvmma = dyn_cast<NVMMASharedEncodingAttr>(layout)) {
    SmallVector<unsigned> order(shape.size());
    if (nvmma.getTransposed())
      std::iota(order.begin(), order.end(), 0);
    else
      std::iota(order.rbegin(), order.rend(), 0);
    return order;
  }
  if (auto linear = dyn_cast<SharedLinearEncodingAttr>(layout))
    return orderOfBases(linear.getLinearLayout(), "offset");
  if (auto padded = dyn_cast<PaddedSharedEncodingAttr>(layout))
    return orderOfBases(padded.getLinearComponent(), "offset");
  // A layout's own order holds even where a dimension has but one element.
  if (auto blocked = dyn_cast<BlockedEncodingAttr>(layout))
    return SmallVector<unsigned>(blocked.getOrder());
  if (auto slice = dyn_cast<SliceEncodingAttr>(layout)) {
    SmallVector<unsigned> order;
    for (unsigned dim : getOrder(slice.getParent(), slice.paddedShape(shape)))
      if (dim != slice.getDim())
        order.push_back(dim < slice.getDim() ? dim : dim - 1);
    return order;
  }
  if (auto distributed = dyn_cast<DistributedEncodingTrait>(layout))
    return distributed.getRepOrder();
  return getMatrixOrder(shape.size(), /*rowMajor=*/true);
}

unsigned mlir::triton::gpu::getTotalElemsPerThread(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.getEncoding())
    return 1;
  auto layout = toLinearLayout(tensor);
  return succeeded(layout) ? layout->getInDimSize("register") : 1;
}

/// How many different elements the bases of `inDim` reach, by dimension.
static SmallVector<unsigned> reachPerDim(const LinearLayout &layout,
                                         StringRef inDim) {
  SmallVector<unsigned> reach(layout.getNumOutDims(), 1);
  for (const LinearLayout::Basis &basis : layout.getBases(inDim))
    for (auto [count, coordinate] : llvm::zip(reach, basis))
      if (coordinate != 0) {
        count *= 2;
        break;
      }
  return reach;
}

SmallVector<unsigned>
mlir::triton::gpu::getElemsPerThread(RankedTensorType type) {
  auto layout = toLinearLayout(type);
  return succeeded(layout) ? reachPerDim(*layout, "register")
                           : SmallVector<unsigned>(type.getRank(), 1);
}

SmallVector<unsigned>
mlir::triton::gpu::getThreadsPerWarp(RankedTensorType type) {
  auto layout = toLinearLayout(type);
  return succeeded(layout) ? reachPerDim(*layout, "lane")
                           : SmallVector<unsigned>(type.getRank(), 1);
}

SmallVector<unsigned> mlir::triton::gpu::getWarpsPerCTA(RankedTensorType type) {
  auto layout = toLinearLayout(type);
  return succeeded(layout) ? reachPerDim(*layout, "warp")
                           : SmallVector<unsigned>(type.getRank(), 1);
}

SmallVector<unsigned>
mlir::triton::gpu::getContigPerThread(RankedTensorType type) {
  SmallVector<unsigned> contig(type.getRank(), 1);
  auto layout = toLinearLayout(type);
  if (failed(layout))
    return contig;
  // 1, 2, 4, ... along one dimension and no other.
  for (unsigned dim = 0; dim < contig.size(); ++dim) {
    auto holds = [&](int32_t step) {
      return llvm::any_of(
          layout->getBases("register"), [&](const LinearLayout::Basis &basis) {
            return basis[dim] == step &&
                   llvm::count(basis, 0) == ptrdiff_t(basis.size() - 1);
          });
    };
    while (int64_t(contig[dim]) < type.getShape()[dim] && holds(contig[dim]))
      contig[dim] *= 2;
  }
  return contig;
}

bool mlir::triton::gpu::areLayoutsEquivalent(ArrayRef<int64_t> shape,
                                             Attribute lhs, Attribute rhs) {
  if (lhs == rhs)
    return true;
  if (!lhs || !rhs ||
      isa<SharedEncodingTrait>(lhs) != isa<SharedEncodingTrait>(rhs))
    return false;
  if (auto padded = dyn_cast<PaddedSharedEncodingAttr>(lhs)) {
    auto other = dyn_cast<PaddedSharedEncodingAttr>(rhs);
    if (!other || padded.getIntervals() != other.getIntervals() ||
        padded.getPaddings() != other.getPaddings())
      return false;
  } else if (isa<PaddedSharedEncodingAttr>(rhs)) {
    return false;
  }
  auto trait = dyn_cast<LayoutEncodingTrait>(lhs);
  if (!trait || trait.getRank() > shape.size())
    return false;
  shape = shape.take_back(trait.getRank());
  auto left = toLinearLayout(shape, lhs), right = toLinearLayout(shape, rhs);
  return succeeded(left) && succeeded(right) && *left == *right;
}

int64_t mlir::triton::gpu::getAllocationSizeInBytes(MemDescType type) {
  // The verifier lets other dialects' layouts pass: nothing is known of them.
  auto layout = dyn_cast_or_null<LayoutEncodingTrait>(type.getEncoding());
  ArrayRef<int64_t> shape = type.getAllocShape();
  unsigned rank = layout ? std::min<size_t>(layout.getRank(), shape.size()) : 0;
  int64_t elements = 1;
  if (layout)
    for (int64_t size : getShapePerCTA(layout, shape.take_back(rank)))
      elements *= size;
  if (auto padded =
          dyn_cast_or_null<PaddedSharedEncodingAttr>(type.getEncoding())) {
    int64_t unpadded = elements;
    // No padding follows the last element.
    for (auto [interval, padding] :
         llvm::zip(padded.getIntervals(), padded.getPaddings()))
      elements += (unpadded / interval) * padding -
                  (unpadded % interval == 0 ? padding : 0);
  }
  int64_t copies = 1;
  for (int64_t size : shape.drop_back(rank))
    copies *= size;
  return copies * elements *
         std::max(8u, getElementBitWidth(type.getElementType())) / 8;
}
