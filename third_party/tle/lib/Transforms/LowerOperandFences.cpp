//===- LowerOperandFences.cpp - operand fences become proxy fences --------===//
//
// Precondition:  any tle.wgmma_shared_operand_fence.
// Rewrite:       ==> ttng.fence_async_shared {bCluster = false}
// Postcondition: no tle.wgmma_shared_operand_fence; a fence right after
//                another, with nothing between that writes memory, is gone.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/Passes.h"

#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLELOWEROPERANDFENCES
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::tle;

/// True if a fence stands before `op` and nothing between writes memory. An
/// immutable `ttg.local_alloc` counts as free of effects, but its source is
/// written where it stands.
static bool isFencedAlready(Operation *op) {
  for (Operation *before = op->getPrevNode(); before;
       before = before->getPrevNode()) {
    if (auto fence = dyn_cast<nvidia_gpu::FenceAsyncSharedOp>(before))
      return !fence.getBCluster();
    if (!isMemoryEffectFree(before) || isa<triton::gpu::LocalAllocOp>(before))
      return false;
  }
  return false;
}

namespace {

class LowerOperandFencesPass
    : public triton::tle::impl::TLELowerOperandFencesBase<
          LowerOperandFencesPass> {
public:
  void getDependentDialects(DialectRegistry &registry) const override {
    TLELowerOperandFencesBase::getDependentDialects(registry);
    registry.insert<nvidia_gpu::TritonNvidiaGPUDialect>();
  }

  void runOnOperation() override {
    SmallVector<WGMMASharedOperandFenceOp> fences;
    getOperation()->walk(
        [&](WGMMASharedOperandFenceOp fence) { fences.push_back(fence); });
    for (WGMMASharedOperandFenceOp fence : fences) {
      if (!isFencedAlready(fence)) {
        OpBuilder builder(fence);
        nvidia_gpu::FenceAsyncSharedOp::create(builder, fence.getLoc(),
                                               /*bCluster=*/false);
      }
      fence.erase();
    }
  }
};

} // namespace
