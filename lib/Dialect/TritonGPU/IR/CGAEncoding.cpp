//===- CGAEncoding.cpp - how CTAs of a cluster share a tensor -------------===//

#include "triton/Dialect/TritonGPU/IR/Dialect.h"

#include "mlir/IR/AttributeSupport.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;

struct mlir::triton::gpu::detail::CGAEncodingAttrStorage
    : public AttributeStorage {
  using KeyTy = LinearLayout;

  explicit CGAEncodingAttrStorage(KeyTy layout) : layout(std::move(layout)) {}

  bool operator==(const KeyTy &key) const { return layout == key; }
  static llvm::hash_code hashKey(const KeyTy &key) { return hash_value(key); }
  static CGAEncodingAttrStorage *construct(AttributeStorageAllocator &allocator,
                                           KeyTy key) {
    return new (allocator.allocate<CGAEncodingAttrStorage>())
        CGAEncodingAttrStorage(std::move(key));
  }

  LinearLayout layout;
};

CGAEncodingAttr CGAEncodingAttr::get(MLIRContext *context,
                                     LinearLayout layout) {
  return Base::get(context, std::move(layout));
}

const LinearLayout &CGAEncodingAttr::getLinearLayout() const {
  return getImpl()->layout;
}

void TritonGPUDialect::registerCGAEncoding() {
  addAttributes<CGAEncodingAttr>();
}

CGAEncodingAttr CGAEncodingAttr::getDefault(MLIRContext *context,
                                            unsigned rank) {
  return get(context,
             *LinearLayout::get({{"block", {}}}, standardOutDimNames(rank)));
}

CGAEncodingAttr CGAEncodingAttr::fromSplitParams(MLIRContext *context,
                                                 ArrayRef<unsigned> CTAsPerCGA,
                                                 ArrayRef<unsigned> CTASplitNum,
                                                 ArrayRef<unsigned> CTAOrder) {
  SmallVector<std::string> names = standardOutDimNames(CTAOrder.size());
  LinearLayout layout =
      *LinearLayout::get({{"block", {}}}, ArrayRef<std::string>());
  for (unsigned dim : CTAOrder) {
    unsigned parts = std::min(CTASplitNum[dim], CTAsPerCGA[dim]);
    layout *= LinearLayout::identity1D(parts, "block", names[dim]);
    layout *=
        LinearLayout::zeros1D(CTAsPerCGA[dim] / parts, "block", names[dim]);
  }
  return get(context, layout.transposeOuts(names));
}

/// For each dimension the number of positions along `block`; bases of zero
/// belong to the dimension of the basis before them.
static SmallVector<unsigned> countBlocks(const LinearLayout &layout,
                                         bool copies) {
  SmallVector<unsigned> count(layout.getNumOutDims(), 1);
  unsigned last = 0;
  for (const LinearLayout::Basis &basis : layout.getBases("block")) {
    auto it = llvm::find_if(basis,
                            [](int32_t coordinate) { return coordinate != 0; });
    if (it != basis.end())
      last = it - basis.begin();
    else if (!copies)
      continue;
    if (last < count.size())
      count[last] *= 2;
  }
  return count;
}

SmallVector<unsigned> CGAEncodingAttr::getCTAsPerCGA() const {
  return countBlocks(getLinearLayout(), true);
}

SmallVector<unsigned> CGAEncodingAttr::getCTASplitNum() const {
  return countBlocks(getLinearLayout(), false);
}

SmallVector<unsigned> CGAEncodingAttr::getCTAOrder() const {
  SmallVector<unsigned> order;
  auto append = [&](unsigned dim) {
    if (!llvm::is_contained(order, dim))
      order.push_back(dim);
  };
  for (const LinearLayout::Basis &basis : getLinearLayout().getBases("block"))
    for (auto [dim, coordinate] : llvm::enumerate(basis))
      if (coordinate != 0)
        append(dim);
  for (unsigned dim = getRank(); dim-- > 0;)
    append(dim);
  return order;
}

/// The cluster part of a layout whose linear map has a `block` dimension.
static CGAEncodingAttr cgaOfLinear(MLIRContext *context,
                                   const LinearLayout &layout) {
  // The parts of a CTA are not the cluster's business: count in CTA tiles.
  SmallVector<std::string> names = standardOutDimNames(layout.getNumOutDims());
  std::vector<LinearLayout::Basis> bases(layout.getBases("block").begin(),
                                         layout.getBases("block").end());
  for (unsigned dim = 0; dim < names.size(); ++dim) {
    int32_t smallest = 0;
    for (const auto &basis : bases)
      if (basis[dim] != 0 && (smallest == 0 || basis[dim] < smallest))
        smallest = basis[dim];
    if (smallest)
      for (auto &basis : bases)
        basis[dim] /= smallest;
  }
  return CGAEncodingAttr::get(
      context, *LinearLayout::get({{"block", std::move(bases)}}, names));
}

CGAEncodingAttr LinearEncodingAttr::getCGALayout() const {
  return cgaOfLinear(getContext(), getLinearLayout());
}
CGAEncodingAttr SharedLinearEncodingAttr::getCGALayout() const {
  return cgaOfLinear(getContext(), getLinearLayout());
}
CGAEncodingAttr PaddedSharedEncodingAttr::getCGALayout() const {
  return cgaOfLinear(getContext(), getLinearComponent());
}

/// `cga` with dimension `dim` of the result gone (or, for `keep`, not split).
static CGAEncodingAttr dropDim(CGAEncodingAttr cga, unsigned dim, bool keep) {
  SmallVector<std::string> names =
      standardOutDimNames(cga.getRank() - (keep ? 0 : 1));
  std::vector<LinearLayout::Basis> bases;
  for (LinearLayout::Basis basis : cga.getLinearLayout().getBases("block")) {
    if (keep)
      basis[dim] = 0;
    else
      basis.erase(basis.begin() + dim);
    bases.push_back(std::move(basis));
  }
  return CGAEncodingAttr::get(
      cga.getContext(),
      *LinearLayout::get({{"block", std::move(bases)}}, names));
}

CGAEncodingAttr SliceEncodingAttr::getCGALayout() const {
  return dropDim(gpu::getCGALayout(getParent()), getDim(), /*keep=*/false);
}

CGAEncodingAttr DotOperandEncodingAttr::getCGALayout() const {
  CGAEncodingAttr parent = gpu::getCGALayout(getParent());
  unsigned k = getOpIdx() == 0 ? parent.getRank() - 1 : parent.getRank() - 2;
  return dropDim(parent, k, /*keep=*/true);
}
