#include "tle/Transforms/SharedOffsetMap.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"

#include <map>

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;
using namespace mlir::triton::tle;

FailureOr<SharedOffsetMap>
SharedOffsetMap::get(MemDescType memdesc,
                     function_ref<InFlightDiagnostic()> emitError) {
  // Says why there is no map, to who wants to know.
  auto refuse = [&](const auto &...reason) -> LogicalResult {
    if (emitError)
      (emitError() << ... << reason);
    return failure();
  };
  Attribute layout = memdesc.getEncoding();
  ArrayRef<int64_t> shape =
      memdesc.getAllocShape().take_back(memdesc.getRank());
  CGAEncodingAttr cga = getCGALayout(layout);
  if (!cga)
    return refuse("needs a buffer with a shared-memory layout, but it is ",
                  memdesc);
  if (cga.getNumCTAs() != 1)
    return refuse(
        "needs a buffer in the memory of one CTA, but it is spread over ",
        cga.getNumCTAs());

  // Dimensions in front of the layout's count copies of what it describes.
  unsigned rank = shape.size();
  unsigned copies = rank > cga.getRank() ? rank - cga.getRank() : 0;
  // Copies follow each other; how many there are matters only to what is in
  // front.
  for (int64_t size : copies ? shape.drop_front() : shape)
    if (!llvm::isPowerOf2_64(size))
      return refuse(
          "needs a buffer whose dimensions are powers of two, but it is ",
          memdesc);
  FailureOr<LinearLayout> toCoordinates =
      toLinearLayout(shape.drop_front(copies), layout);
  if (failed(toCoordinates))
    return refuse("knows no linear map of the layout of ", memdesc);
  std::optional<LinearLayout> toOffset = toCoordinates->getRightInverse();
  if (!toOffset)
    return refuse("cannot invert the layout of ", memdesc);
  unsigned offsetDim = 0;
  for (auto [position, dim] : llvm::enumerate(toOffset->getOutDims()))
    if (dim.name == "offset")
      offsetDim = position;

  SharedOffsetMap map;
  map.basis.resize(rank);
  for (auto [position, dim] :
       llvm::enumerate(standardOutDimNames(rank - copies)))
    for (const LinearLayout::Basis &image : toOffset->getBases(dim))
      map.basis[copies + position].push_back(image[offsetDim]);
  int64_t stride = 1;
  for (int64_t size : shape.drop_front(copies))
    stride *= size;
  for (unsigned dim = copies; dim-- > 0; stride *= shape[dim])
    for (unsigned bit = 0; (int64_t(1) << bit) < shape[dim]; ++bit)
      map.basis[dim].push_back(stride << bit);
  return map;
}

int64_t SharedOffsetMap::getOffset(ArrayRef<int64_t> coordinates) const {
  int64_t offset = 0;
  for (auto [coordinate, bases] : llvm::zip_equal(coordinates, basis))
    for (auto [bit, base] : llvm::enumerate(bases))
      if (coordinate >> bit & 1)
        offset ^= base;
  return offset;
}

SmallVector<SharedOffsetMap::Term> SharedOffsetMap::getTerms() const {
  // Every (coordinate bit, offset bit) pair is one element of the map's matrix;
  // pairs of one dimension at equal distance share a shift.
  SmallVector<Term> terms;
  for (auto [dim, bases] : llvm::enumerate(basis)) {
    std::map<int, uint64_t> maskOfShift;
    for (auto [bit, base] : llvm::enumerate(bases))
      for (uint64_t rest = base; rest; rest &= rest - 1)
        maskOfShift[llvm::countr_zero(rest) - static_cast<int>(bit)] |=
            uint64_t(1) << bit;
    for (auto [shift, mask] : maskOfShift)
      terms.push_back({static_cast<unsigned>(dim), mask, shift});
  }
  return terms;
}

bool SharedOffsetMap::isSplittable(unsigned dim, int64_t size) const {
  return llvm::all_of(llvm::drop_begin(basis[dim], llvm::Log2_64(size)),
                      [](int64_t base) { return llvm::isPowerOf2_64(base); });
}

bool SharedOffsetMap::isSwizzled() const {
  return llvm::any_of(basis, [](ArrayRef<int64_t> bases) {
    return llvm::any_of(
        bases, [](int64_t base) { return !llvm::isPowerOf2_64(base); });
  });
}
