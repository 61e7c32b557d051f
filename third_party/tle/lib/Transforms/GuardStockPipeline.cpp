//===- GuardStockPipeline.cpp - loops that stock must not pipeline --------===//
//
// Precondition:  stock's pipeliner has not run; dots have their operands in
//                shared memory where they read them there.
// Rewrite:       a loop with a tile that stock would overwrite too early gets
//                {tt.num_stages = 1 : i32}.
// Postcondition: no loop that stock pipelines loads a tile with several uses
//                which an `if` of the loop reads from shared memory.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/Passes.h"
#include "tle/Transforms/TileStyleLoop.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/Transforms/Remarks.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLEGUARDSTOCKPIPELINE
#include "tle/Transforms/Passes.h.inc"

namespace {

/// Whether something in a region inside of `body` reads `buffer` or a view.
bool isReadInside(Value buffer, Block *body) {
  return llvm::any_of(buffer.getUsers(), [&](Operation *user) {
    if (user->getBlock() != body)
      return true;
    return llvm::any_of(user->getResults(), [&](Value result) {
      return isa<gpu::MemDescType>(result.getType()) &&
             isReadInside(result, body);
    });
  });
}

/// The use of a load, which is not its only one, that puts its tile into shared
/// memory for an op in a region inside of `body`.
gpu::LocalAllocOp getEndangeredTile(Operation &load, Block *body) {
  if (!isa<LoadOp, DescriptorLoadOp, DescriptorGatherOp>(load) ||
      load.hasOneUse())
    return {};
  for (Operation *user : load.getUsers())
    if (auto alloc = dyn_cast<gpu::LocalAllocOp>(user))
      if (alloc->getBlock() != body || isReadInside(alloc, body))
        return alloc;
  return {};
}

class GuardStockPipeline
    : public impl::TLEGuardStockPipelineBase<GuardStockPipeline> {
public:
  using TLEGuardStockPipelineBase::TLEGuardStockPipelineBase;

  void runOnOperation() override {
    getOperation()->walk([&](scf::ForOp loop) { visit(loop); });
  }

private:
  void visit(scf::ForOp loop) {
    auto stages = loop->getAttrOfType<IntegerAttr>(kNumStagesAttr);
    if ((stages ? stages.getInt() : numStages) < 2)
      return;
    for (Operation &op : *loop.getBody()) {
      gpu::LocalAllocOp alloc = getEndangeredTile(op, loop.getBody());
      if (!alloc)
        continue;
      loop->setAttr(kNumStagesAttr,
                    Builder(loop.getContext()).getI32IntegerAttr(1));
      gpu::applied(loop, getArgument(),
                   "not pipelined: a branch reads a tile that has other uses "
                   "from shared memory");
      return;
    }
  }
};

} // namespace
} // namespace mlir::triton::tle
