//===- SharedOffsetMap.h - from coordinates to shared offsets ---*- C++ -*-===//

#ifndef TLE_TRANSFORMS_SHAREDOFFSETMAP_H
#define TLE_TRANSFORMS_SHAREDOFFSETMAP_H

#include "mlir/IR/BuiltinTypes.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"

namespace mlir::triton::tle {

/// Where the elements of a shared buffer lie. Every shared layout without
/// padding is linear over GF(2), swizzles included: the offset of an element is
/// the XOR of one number per set bit of its coordinates.
class SharedOffsetMap {
public:
  /// The bits `mask` of coordinate `dim`, shifted left by `shift` (right if it
  /// is negative). An offset is the XOR of such terms.
  struct Term {
    unsigned dim;
    uint64_t mask;
    int shift;
  };

  /// The map of the allocation that `memdesc` describes (a part of): takes
  /// coordinates of the last getRank() dimensions of the allocation. Fails for
  /// layouts that are not linear and for tensors spread over several CTAs, with
  /// a message from `emitError` if that is given.
  static FailureOr<SharedOffsetMap>
  get(triton::gpu::MemDescType memdesc,
      function_ref<InFlightDiagnostic()> emitError = nullptr);

  /// In elements.
  int64_t getOffset(ArrayRef<int64_t> coordinates) const;

  /// Few terms whose XOR is the offset in elements.
  SmallVector<Term> getTerms() const;

  /// True if coordinates of dimension `dim` in steps of `size` shift the offset
  /// without disturbing the bits below (what a subslice needs).
  bool isSplittable(unsigned dim, int64_t size) const;

  /// True if neighbours along some dimension are exchanged by a swizzle, so
  /// that offsets do not add up.
  bool isSwizzled() const;

private:
  /// basis[dim][bit]: the offset of the element whose only non-zero coordinate
  /// is 1 << bit along dim.
  SmallVector<SmallVector<int64_t>> basis;
};

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_SHAREDOFFSETMAP_H
