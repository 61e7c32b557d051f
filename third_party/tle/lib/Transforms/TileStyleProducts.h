//===- TileStyleProducts.h - products of tile-style loops -------*- C++ -*-===//

#ifndef TLE_TRANSFORMS_TILESTYLEPRODUCTS_H
#define TLE_TRANSFORMS_TILESTYLEPRODUCTS_H

#include "tle/Transforms/TileStyleLoop.h"

namespace mlir::triton::tle {

/// Gives each product of the loop, which is to have `slots` slots, a wait in
/// its iteration; one for all of a chain, if that leaves something to do
/// beside the copies into a single slot.
void endProducts(const TileStyleLoop &info, int64_t slots);

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_TILESTYLEPRODUCTS_H
