//===- LinearLayout.cpp - Layouts as linear maps over GF(2) ---------------===//

#include "triton/Tools/LinearLayout.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/MathExtras.h"

#include <cassert>

using namespace mlir::triton;
using llvm::ArrayRef;
using llvm::StringRef;

static std::optional<LinearLayout> violation(std::string *error,
                                             const llvm::Twine &message) {
  if (error)
    *error = message.str();
  return std::nullopt;
}

std::optional<LinearLayout> LinearLayout::get(std::vector<InDim> inDims,
                                              std::vector<OutDim> outDims,
                                              std::string *error) {
  for (const OutDim &dim : outDims)
    if (dim.size <= 0 || !llvm::isPowerOf2_32(dim.size))
      return violation(error, "the size of " + dim.name +
                                  " must be a power of two, got " +
                                  llvm::Twine(dim.size));
  for (const InDim &dim : inDims) {
    if (dim.bases.size() > 30)
      return violation(error, dim.name + " has more than 30 bases");
    for (const Basis &basis : dim.bases) {
      if (basis.size() != outDims.size())
        return violation(error, "a basis of " + dim.name + " has " +
                                    llvm::Twine(basis.size()) +
                                    " coordinates, expected " +
                                    llvm::Twine(outDims.size()));
      for (auto [coordinate, out] : llvm::zip(basis, outDims))
        if (coordinate < 0 || coordinate >= out.size)
          return violation(
              error, "a basis of " + dim.name + " has coordinate " +
                         llvm::Twine(coordinate) + " outside of " + out.name +
                         ", which has " + llvm::Twine(out.size) + " elements");
    }
  }
  LinearLayout layout;
  layout.inDims = std::move(inDims);
  layout.outDims = std::move(outDims);
  return layout;
}

std::optional<LinearLayout> LinearLayout::get(std::vector<InDim> inDims,
                                              ArrayRef<std::string> outDimNames,
                                              std::string *error) {
  std::vector<OutDim> outDims;
  for (auto [index, name] : llvm::enumerate(outDimNames)) {
    int32_t largest = 0;
    for (const InDim &dim : inDims)
      for (const Basis &basis : dim.bases)
        if (index < basis.size())
          largest = std::max(largest, basis[index]);
    if (largest >= (int32_t(1) << 30))
      return violation(error, "coordinate " + llvm::Twine(largest) + " along " +
                                  name + " is too large");
    outDims.push_back(
        {name, largest == 0 ? 1 : int32_t(2) << llvm::Log2_32(largest)});
  }
  return get(std::move(inDims), std::move(outDims), error);
}

LinearLayout LinearLayout::identity1D(int32_t size, StringRef inDim,
                                      StringRef outDim) {
  assert(llvm::isPowerOf2_32(size) &&
         "sizes of linear layouts are powers of two");
  LinearLayout layout;
  layout.outDims.push_back({outDim.str(), size});
  layout.inDims.push_back({inDim.str(), {}});
  for (int32_t value = 1; value < size; value *= 2)
    layout.inDims[0].bases.push_back({value});
  return layout;
}

LinearLayout LinearLayout::zeros1D(int32_t size, StringRef inDim,
                                   StringRef outDim) {
  assert(llvm::isPowerOf2_32(size) &&
         "sizes of linear layouts are powers of two");
  LinearLayout layout;
  layout.outDims.push_back({outDim.str(), 1});
  layout.inDims.push_back(
      {inDim.str(), std::vector<Basis>(llvm::Log2_32(size), Basis{0})});
  return layout;
}

int LinearLayout::findIn(StringRef name) const {
  auto it =
      llvm::find_if(inDims, [&](const InDim &dim) { return dim.name == name; });
  return it == inDims.end() ? -1 : int(it - inDims.begin());
}

int LinearLayout::findOut(StringRef name) const {
  auto it = llvm::find_if(outDims,
                          [&](const OutDim &dim) { return dim.name == name; });
  return it == outDims.end() ? -1 : int(it - outDims.begin());
}

int32_t LinearLayout::getInDimSize(StringRef name) const {
  int index = findIn(name);
  return index < 0 ? 1 : inDims[index].size();
}

int32_t LinearLayout::getOutDimSize(StringRef name) const {
  int index = findOut(name);
  return index < 0 ? 1 : outDims[index].size;
}

ArrayRef<LinearLayout::Basis> LinearLayout::getBases(StringRef inDim) const {
  int index = findIn(inDim);
  return index < 0 ? ArrayRef<Basis>() : ArrayRef<Basis>(inDims[index].bases);
}

int64_t LinearLayout::getTotalInSize() const {
  int64_t size = 1;
  for (const InDim &dim : inDims)
    size *= dim.size();
  return size;
}

int64_t LinearLayout::getTotalOutSize() const {
  int64_t size = 1;
  for (const OutDim &dim : outDims)
    size *= dim.size;
  return size;
}

llvm::SmallVector<int32_t>
LinearLayout::apply(ArrayRef<std::pair<StringRef, int32_t>> position) const {
  llvm::SmallVector<int32_t> result(outDims.size(), 0);
  for (auto [name, value] : position)
    for (auto [bit, basis] : llvm::enumerate(getBases(name)))
      if (value >> bit & 1)
        for (auto [sum, coordinate] : llvm::zip(result, basis))
          sum ^= coordinate;
  return result;
}

LinearLayout LinearLayout::operator*(const LinearLayout &outer) const {
  LinearLayout result = *this;
  for (const OutDim &dim : outer.outDims)
    if (!result.hasOutDim(dim.name)) {
      result.outDims.push_back({dim.name, 1});
      for (InDim &in : result.inDims)
        for (Basis &basis : in.bases)
          basis.push_back(0);
    }
  for (const InDim &in : outer.inDims) {
    int index = result.findIn(in.name);
    if (index < 0) {
      index = result.inDims.size();
      result.inDims.push_back({in.name, {}});
    }
    for (const Basis &basis : in.bases) {
      Basis scaled(result.outDims.size(), 0);
      for (auto [coordinate, dim] : llvm::zip(basis, outer.outDims))
        scaled[result.findOut(dim.name)] = coordinate * getOutDimSize(dim.name);
      result.inDims[index].bases.push_back(std::move(scaled));
    }
  }
  for (OutDim &dim : result.outDims)
    dim.size *= outer.getOutDimSize(dim.name);
  return result;
}

LinearLayout LinearLayout::transposeOuts(ArrayRef<std::string> names) const {
  assert(names.size() == outDims.size() &&
         "a transposition names every dimension");
  return sublayout(
      llvm::map_to_vector(inDims, [](const InDim &dim) { return dim.name; }),
      names);
}

LinearLayout LinearLayout::renameOuts(ArrayRef<std::string> names) const {
  assert(names.size() == outDims.size() && "a renaming names every dimension");
  LinearLayout result = *this;
  for (auto [dim, name] : llvm::zip(result.outDims, names))
    dim.name = name;
  return result;
}

uint64_t LinearLayout::flatten(const Basis &basis) const {
  uint64_t value = 0, scale = 1;
  for (auto [coordinate, dim] : llvm::zip(basis, outDims)) {
    value += scale * coordinate;
    scale *= dim.size;
  }
  return value;
}

LinearLayout LinearLayout::reshapeOuts(ArrayRef<OutDim> newDims) const {
  LinearLayout result;
  result.outDims = newDims.vec();
  assert(result.getTotalOutSize() == getTotalOutSize() &&
         "a reshape keeps the number of elements");
  for (const InDim &in : inDims) {
    InDim reshaped{in.name, {}};
    for (const Basis &basis : in.bases) {
      uint64_t rest = flatten(basis);
      Basis split;
      for (const OutDim &dim : newDims) {
        split.push_back(rest % dim.size);
        rest /= dim.size;
      }
      reshaped.bases.push_back(std::move(split));
    }
    result.inDims.push_back(std::move(reshaped));
  }
  return result;
}

LinearLayout LinearLayout::sublayout(ArrayRef<std::string> ins,
                                     ArrayRef<std::string> outs) const {
  LinearLayout result;
  llvm::SmallVector<int> positions;
  for (const std::string &name : outs) {
    int index = findOut(name);
    assert(index >= 0 && "unknown output dimension");
    positions.push_back(index);
    result.outDims.push_back(outDims[index]);
  }
  for (const std::string &name : ins) {
    InDim kept{name, {}};
    for (const Basis &basis : getBases(name)) {
      Basis selected;
      for (int index : positions)
        selected.push_back(basis[index]);
      kept.bases.push_back(std::move(selected));
    }
    result.inDims.push_back(std::move(kept));
  }
  return result;
}

LinearLayout LinearLayout::removeZeroBases(StringRef inDim) const {
  LinearLayout result = *this;
  int index = findIn(inDim);
  if (index >= 0)
    llvm::erase_if(result.inDims[index].bases, [](const Basis &basis) {
      return llvm::all_of(basis, [](int32_t value) { return value == 0; });
    });
  return result;
}

LinearLayout LinearLayout::shrinkOut(StringRef name, int32_t size,
                                     StringRef drop) const {
  int position = findOut(name);
  if (position < 0 || outDims[position].size <= size)
    return *this;
  LinearLayout result = *this;
  result.outDims[position].size = size;
  for (InDim &in : result.inDims) {
    bool dropHere = !drop.empty() && in.name == drop;
    if (dropHere)
      llvm::erase_if(in.bases, [&](const Basis &basis) {
        return basis[position] >= size;
      });
    for (Basis &basis : in.bases)
      if (basis[position] >= size)
        basis[position] = 0;
  }
  return result;
}

LinearLayout LinearLayout::growOut(StringRef name, int32_t size,
                                   StringRef inDim) const {
  int32_t now = getOutDimSize(name);
  return now >= size ? *this : *this * identity1D(size / now, inDim, name);
}

unsigned LinearLayout::getMatrixRank() const {
  llvm::SmallVector<uint64_t> pivots;
  for (const InDim &in : inDims)
    for (const Basis &basis : in.bases) {
      uint64_t value = flatten(basis);
      for (uint64_t pivot : pivots)
        value = std::min(value, value ^ pivot);
      if (value)
        pivots.push_back(value);
    }
  return pivots.size();
}

bool LinearLayout::isSurjective() const {
  return (int64_t(1) << getMatrixRank()) == getTotalOutSize();
}

bool LinearLayout::isInjective() const {
  return (int64_t(1) << getMatrixRank()) == getTotalInSize();
}

std::optional<LinearLayout> LinearLayout::getRightInverse() const {
  // Gaussian elimination. Each row pairs a coordinate (flattened) with the
  // position (flattened) that reaches it; earlier positions come first.
  struct Row {
    uint64_t coordinate;
    uint64_t position;
  };
  llvm::SmallVector<Row> rows;
  unsigned positionBit = 0;
  for (const InDim &in : inDims)
    for (const Basis &basis : in.bases) {
      Row row{flatten(basis), uint64_t(1) << positionBit++};
      for (const Row &pivot : rows)
        if (row.coordinate >> llvm::Log2_64(pivot.coordinate) & 1) {
          row.coordinate ^= pivot.coordinate;
          row.position ^= pivot.position;
        }
      if (!row.coordinate)
        continue;
      unsigned leading = llvm::Log2_64(row.coordinate);
      for (Row &pivot : rows)
        if (pivot.coordinate >> leading & 1) {
          pivot.coordinate ^= row.coordinate;
          pivot.position ^= row.position;
        }
      rows.push_back(row);
    }
  if ((int64_t(1) << rows.size()) != getTotalOutSize())
    return std::nullopt;

  LinearLayout result;
  for (const InDim &in : inDims)
    result.outDims.push_back({in.name, in.size()});
  unsigned coordinateBit = 0;
  for (const OutDim &out : outDims) {
    InDim dim{out.name, {}};
    for (int32_t value = 1; value < out.size; value *= 2, ++coordinateBit) {
      auto it = llvm::find_if(rows, [&](const Row &row) {
        return row.coordinate == uint64_t(1) << coordinateBit;
      });
      assert(it != rows.end() && "full rank leaves one row per coordinate bit");
      uint64_t rest = it->position;
      Basis basis;
      for (const InDim &in : inDims) {
        basis.push_back(rest % in.size());
        rest /= in.size();
      }
      dim.bases.push_back(std::move(basis));
    }
    result.inDims.push_back(std::move(dim));
  }
  return result;
}

LinearLayout LinearLayout::compose(const LinearLayout &outer) const {
  LinearLayout result;
  result.outDims = outer.outDims;
  for (const InDim &in : inDims) {
    InDim mapped{in.name, {}};
    for (const Basis &basis : in.bases) {
      llvm::SmallVector<std::pair<StringRef, int32_t>> coordinates;
      for (auto [coordinate, dim] : llvm::zip(basis, outDims))
        coordinates.push_back({dim.name, coordinate});
      auto image = outer.apply(coordinates);
      mapped.bases.emplace_back(image.begin(), image.end());
    }
    result.inDims.push_back(std::move(mapped));
  }
  return result;
}

void LinearLayout::print(llvm::raw_ostream &os) const {
  for (const InDim &in : inDims) {
    if (in.bases.empty()) {
      os << " - " << in.name << " is a size 1 dimension\n";
      continue;
    }
    for (auto [bit, basis] : llvm::enumerate(in.bases)) {
      os << (bit == 0 ? " - " : "   ") << in.name << "=" << (int64_t(1) << bit)
         << " -> (";
      llvm::interleaveComma(basis, os);
      os << ")\n";
    }
  }
  os << "where out dims are: [";
  llvm::interleaveComma(outDims, os, [&](const OutDim &dim) {
    os << dim.name << " (size " << dim.size << ")";
  });
  os << "]";
}

std::string LinearLayout::toString() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  print(os);
  return text;
}

llvm::hash_code mlir::triton::hash_value(const LinearLayout &layout) {
  llvm::hash_code hash =
      llvm::hash_combine(layout.inDims.size(), layout.outDims.size());
  for (const auto &in : layout.inDims) {
    hash = llvm::hash_combine(hash, in.name);
    for (const auto &basis : in.bases)
      hash = llvm::hash_combine(
          hash, llvm::hash_combine_range(basis.begin(), basis.end()));
  }
  for (const auto &out : layout.outDims)
    hash = llvm::hash_combine(hash, out.name, out.size);
  return hash;
}
