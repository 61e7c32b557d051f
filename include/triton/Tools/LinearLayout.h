//===- LinearLayout.h - Layouts as linear maps over GF(2) -------*- C++ -*-===//
//
// A layout of a tensor is a function from a hardware position (register, lane,
// warp, block; or an offset into shared memory) to a tensor coordinate. Every
// layout that Triton knows, paddings aside, is linear when both sides are seen
// as bit vectors with XOR for addition: it is given by the images of the powers
// of two of each input dimension, its *bases*.
//
//===----------------------------------------------------------------------===//

#ifndef TRITON_TOOLS_LINEARLAYOUT_H
#define TRITON_TOOLS_LINEARLAYOUT_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mlir::triton {

class LinearLayout {
public:
  /// The image of one power of two: a coordinate per output dimension.
  using Basis = std::vector<int32_t>;

  struct InDim {
    std::string name;
    std::vector<Basis> bases;

    int32_t size() const { return int32_t(1) << bases.size(); }
    bool operator==(const InDim &other) const {
      return name == other.name && bases == other.bases;
    }
  };

  /// Sizes are powers of two.
  struct OutDim {
    std::string name;
    int32_t size;

    bool operator==(const OutDim &other) const {
      return name == other.name && size == other.size;
    }
  };

  /// The layout without any dimension, neutral for products.
  LinearLayout() = default;

  /// Checks that every basis has a coordinate per output dimension that lies
  /// inside of it, and that sizes are powers of two. On a violation returns
  /// nullopt and, if asked, says which rule was broken.
  static std::optional<LinearLayout> get(std::vector<InDim> inDims,
                                         std::vector<OutDim> outDims,
                                         std::string *error = nullptr);

  /// As above with output sizes that just hold the bases.
  static std::optional<LinearLayout>
  get(std::vector<InDim> inDims, llvm::ArrayRef<std::string> outDimNames,
      std::string *error = nullptr);

  /// x -> x, for x in [0, size).
  static LinearLayout identity1D(int32_t size, llvm::StringRef inDim,
                                 llvm::StringRef outDim);

  /// x -> 0, for x in [0, size); the output dimension has one element.
  static LinearLayout zeros1D(int32_t size, llvm::StringRef inDim,
                              llvm::StringRef outDim);

  llvm::ArrayRef<InDim> getInDims() const { return inDims; }
  llvm::ArrayRef<OutDim> getOutDims() const { return outDims; }
  unsigned getNumInDims() const { return inDims.size(); }
  unsigned getNumOutDims() const { return outDims.size(); }

  bool hasInDim(llvm::StringRef name) const { return findIn(name) >= 0; }
  bool hasOutDim(llvm::StringRef name) const { return findOut(name) >= 0; }

  /// The size of a dimension; 1 for one that the layout does not have.
  int32_t getInDimSize(llvm::StringRef name) const;
  int32_t getOutDimSize(llvm::StringRef name) const;

  /// The bases of an input dimension; empty for one that the layout does not
  /// have.
  llvm::ArrayRef<Basis> getBases(llvm::StringRef inDim) const;

  int64_t getTotalInSize() const;
  int64_t getTotalOutSize() const;

  /// The coordinate of a position, in the order of the output dimensions.
  /// Input dimensions that are not named count as 0.
  llvm::SmallVector<int32_t>
  apply(llvm::ArrayRef<std::pair<llvm::StringRef, int32_t>> position) const;

  /// The product: `this` inside, `outer` repeats it. Common dimensions grow.
  LinearLayout operator*(const LinearLayout &outer) const;
  LinearLayout &operator*=(const LinearLayout &outer) {
    return *this = *this * outer;
  }

  /// The same map with its output dimensions named in another order.
  LinearLayout transposeOuts(llvm::ArrayRef<std::string> names) const;

  /// Output dimension i gets the name names[i].
  LinearLayout renameOuts(llvm::ArrayRef<std::string> names) const;

  /// Splits or joins output dimensions, first dimension fastest. The number of
  /// elements must not change.
  LinearLayout reshapeOuts(llvm::ArrayRef<OutDim> newDims) const;

  /// Keeps the named dimensions only.
  LinearLayout sublayout(llvm::ArrayRef<std::string> ins,
                         llvm::ArrayRef<std::string> outs) const;

  /// Drops the bases of an input dimension that map to zero.
  LinearLayout removeZeroBases(llvm::StringRef inDim) const;

  /// Halves output dimension `name` until it has at most `size` elements: bases
  /// that no longer fit become zero, or vanish if `drop` names their dimension.
  LinearLayout shrinkOut(llvm::StringRef name, int32_t size,
                         llvm::StringRef drop = {}) const;

  /// Grows output dimension `name` to at least `size` by repeating the layout
  /// along input dimension `inDim`.
  LinearLayout growOut(llvm::StringRef name, int32_t size,
                       llvm::StringRef inDim) const;

  /// The rank of the matrix of all bases.
  unsigned getMatrixRank() const;
  bool isSurjective() const;
  bool isInjective() const;

  /// The map from coordinates to positions such that apply(inverse(x)) == x,
  /// with the earliest positions. Empty if the layout is not surjective.
  std::optional<LinearLayout> getRightInverse() const;

  /// x -> outer(this(x)). The output dimensions of `this` are the input
  /// dimensions of `outer`, in any order.
  LinearLayout compose(const LinearLayout &outer) const;

  bool operator==(const LinearLayout &other) const {
    return inDims == other.inDims && outDims == other.outDims;
  }
  bool operator!=(const LinearLayout &other) const { return !(*this == other); }

  /// One line a basis, for diagnostics.
  void print(llvm::raw_ostream &os) const;
  std::string toString() const;

  friend llvm::hash_code hash_value(const LinearLayout &layout);

private:
  int findIn(llvm::StringRef name) const;
  int findOut(llvm::StringRef name) const;
  /// Coordinates of a basis as one number, first output dimension lowest.
  uint64_t flatten(const Basis &basis) const;

  std::vector<InDim> inDims;
  std::vector<OutDim> outDims;
};

inline llvm::raw_ostream &operator<<(llvm::raw_ostream &os,
                                     const LinearLayout &layout) {
  layout.print(os);
  return os;
}

} // namespace mlir::triton

#endif // TRITON_TOOLS_LINEARLAYOUT_H
