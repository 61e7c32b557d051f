//===- RemoveOrderedBarriers.cpp - barriers that pipes make needless ------===//
//
// Precondition:  stock's conversion to the LLVM dialect has run; a
//                ttg.warp_specialize names ordered regions (tle.ordered).
// Rewrite:       nvvm.barrier0 in them ==> nothing
// Postcondition: tle.ordered is gone.
//
// Proof obligation, met by triton-tle-find-ordered-partitions, which names the
// regions (and says how): no two threads of such a region access one place in
// shared memory, one of them writing, unless mbarriers order them. So none of
// its barriers, which order just that, orders anything; the kernel's own, which
// may be there for more, keep a region from being named.
//
//===----------------------------------------------------------------------===//

#include "tle/Conversion/Passes.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "tle/Transforms/LocalPointerUtils.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLEREMOVEORDEREDBARRIERS
#include "tle/Conversion/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;
using namespace mlir::triton::tle;

namespace {

class RemoveOrderedBarriersPass
    : public triton::tle::impl::TLERemoveOrderedBarriersBase<
          RemoveOrderedBarriersPass> {
public:
  void runOnOperation() override {
    getOperation()->walk([&](WarpSpecializeOp op) {
      auto ordered = op->getAttrOfType<DenseI32ArrayAttr>(kOrderedAttr);
      if (!ordered)
        return;
      SmallVector<Region *> regions{&op.getDefaultRegion()};
      llvm::append_range(regions, op.getPartitionRegions());
      for (int32_t number : ordered.asArrayRef())
        if (number >= 0 && number < int32_t(regions.size()))
          removeBarriers(*regions[number]);
      op->removeAttr(kOrderedAttr);
    });
  }

private:
  static void removeBarriers(Region &region) {
    SmallVector<Operation *> barriers;
    region.walk([&](Operation *op) {
      if (isa<NVVM::Barrier0Op, mlir::gpu::BarrierOp>(op))
        barriers.push_back(op);
    });
    for (Operation *op : barriers)
      op->erase();
  }
};

} // namespace
