#ifndef TLE_TRANSFORMS_PASSES_H
#define TLE_TRANSFORMS_PASSES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"
#include "tle/IR/Dialect.h"

namespace mlir::triton::tle {

#define GEN_PASS_DECL
#include "tle/Transforms/Passes.h.inc"

void populateOptimizeLocalPointerLoadsPatterns(RewritePatternSet &patterns);
void populateOptimizeLocalPointerStoresPatterns(RewritePatternSet &patterns);
void populateOptimizeLocalPointerAsyncStoresPatterns(
    RewritePatternSet &patterns);
void populateLowerWGMMAViewsPatterns(RewritePatternSet &patterns);
void populateLowerExclusiveCumsumPatterns(RewritePatternSet &patterns);
void populateLowerExtractTilePatterns(RewritePatternSet &patterns);
void populateLowerInsertTilePatterns(RewritePatternSet &patterns);

#define GEN_PASS_REGISTRATION
#include "tle/Transforms/Passes.h.inc"

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_PASSES_H
