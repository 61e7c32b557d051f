//===- WarpExchange.h - layouts that lanes of a warp trade for --*- C++ -*-===//

#ifndef TLE_TRANSFORMS_WARPEXCHANGE_H
#define TLE_TRANSFORMS_WARPEXCHANGE_H

#include "mlir/IR/BuiltinTypes.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"

namespace mlir::triton::tle {

/// How the lanes of a warp exchange the elements of a tensor, so that one
/// access of the warp touches long runs along one dimension.
struct WarpExchange {
  /// The layouts on the way, the last being the one to access memory in. From
  /// each to the next one bit of the register number and one bit of the lane
  /// number change places, which stock lowers to a butterfly of shuffles; two
  /// at once would pass through shared memory. Never empty.
  SmallVector<gpu::LinearEncodingAttr> steps;
  /// Elements that a thread has side by side, in consecutive registers.
  int64_t vector = 1;
  /// Consecutive elements that one access of a warp touches: before, after.
  int64_t runBefore = 1;
  int64_t run = 1;

  Attribute getLayout() const { return steps.back(); }
};

/// The exchange with the fewest steps after which a thread holds `vector`
/// elements side by side along `dim`, and the lanes of a warp hold runs of
/// `run`; both are powers of two, and shortened to what a warp holds. Fails
/// where the layout is no permutation of bits, has copies in a warp, or has too
/// few registers or lanes.
FailureOr<WarpExchange> planWarpExchange(RankedTensorType type, int64_t dim,
                                         int64_t vector, int64_t run);

/// The layout in which each thread holds `vector` elements side by side along
/// `dim` and lanes follow each other along it, as the only step. It is reached
/// through shared memory; `runBefore` is what `type` has.
FailureOr<WarpExchange> planRowLayout(RankedTensorType type, int64_t dim,
                                      int64_t vector, int numWarps);

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_WARPEXCHANGE_H
