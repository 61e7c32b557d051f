//===- TileStylePipelineSchedule.cpp - choose loops to pipeline -----------===//
//
// A loop that gathers tiles by asynchronous copies and consumes them in the
// same iteration gets a schedule: what issues a tile is stage 0, what consumes
// it stage 2, and the loop is marked. Nothing moves yet.
//
// Before:
//   scf.for ... {
//     %t = ttg.async_copy_global_to_local %ptrs, %buf
//     ttg.async_commit_group tokens %t
//     ttg.async_wait {num = 0 : i32}
//     ... reads %buf ...
//   } {tt.num_stages = 2 : i32}
//
// After: the same ops with `loop.stage` and `loop.cluster`, and the loop with
//   {tle.async_tile_producer_count = 1 : i32, tle.tile_style_pipeline = 1 :
//   i32,
//    tt.num_stages = 2 : i32, tt.scheduled_max_stage = 2 : i32}
//
// Loops with fewer than two stages, and loops that are not of this form, stay
// as they are; option `remarks` says why at the loop.
//
//===----------------------------------------------------------------------===//

#include "mlir/Pass/Pass.h"
#include "tle/Transforms/Passes.h"
#include "tle/Transforms/TileStyleLoop.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLETILESTYLEPIPELINESCHEDULE
#include "tle/Transforms/Passes.h.inc"

namespace {

class TileStylePipelineSchedule
    : public impl::TLETileStylePipelineScheduleBase<TileStylePipelineSchedule> {
public:
  using TLETileStylePipelineScheduleBase::TLETileStylePipelineScheduleBase;

  void runOnOperation() override {
    getOperation()->walk([&](scf::ForOp loop) { schedule(loop); });
  }

private:
  void schedule(scf::ForOp loop) {
    if (loop->hasAttr(kTileStyleAttr))
      return;
    auto stages = loop->getAttrOfType<IntegerAttr>(kNumStagesAttr);
    if ((stages ? stages.getInt() : numStages) < 2)
      return;
    std::string reason;
    SmallVector<StagedLoad> staged = matchStagedLoads(loop, reason);
    if (!staged.empty()) {
      int64_t perSlot = 0;
      for (StagedLoad &tile : staged)
        perSlot += gpu::getAllocationSizeInBytes(tile.alloc.getType());
      int64_t all = explicitSharedMemory(loop->getParentOfType<FuncOp>());
      if (all + perSlot + scratchMemory(loop) + sharedMemoryReserve <=
          sharedMemory)
        copyAsynchronously(loop, staged);
      else
        reason = "two slots of " + std::to_string(perSlot) +
                 " bytes do not fit into shared memory";
    }
    bool hasReason = !reason.empty();
    std::string mismatch;
    FailureOr<TileStyleLoop> info = matchTileStyleLoop(loop, mismatch);
    if (!hasReason)
      reason = mismatch;
    if (failed(info)) {
      if (remarks)
        loop.emitRemark("tile-style pipeline: left alone, ") << reason;
      return;
    }
    Builder builder(&getContext());
    auto place = [&](Operation *op, int stage) {
      op->setAttr("loop.stage", builder.getI32IntegerAttr(stage));
      op->setAttr("loop.cluster", builder.getI32IntegerAttr(stage));
    };
    for (Operation &op : loop.getBody()->without_terminator())
      place(&op, 2);
    for (Operation *op : info->slice)
      place(op, 0);
    for (Operation *op : info->synchronization)
      if (isa<gpu::AsyncCommitGroupOp>(op))
        place(op, 0);
    for (gpu::AsyncCopyGlobalToLocalOp copy : info->copies)
      place(copy, 0);
    loop->setAttr(kTileStyleAttr, builder.getI32IntegerAttr(1));
    loop->setAttr(kProducerCountAttr,
                  builder.getI32IntegerAttr(info->copies.size()));
    loop->setAttr("tt.scheduled_max_stage", builder.getI32IntegerAttr(2));
    if (remarks)
      loop.emitRemark("tile-style pipeline: scheduled, ")
          << info->copies.size() << " tile copies, " << info->bytesPerSlot()
          << " bytes a slot";
  }
};

} // namespace
} // namespace mlir::triton::tle
