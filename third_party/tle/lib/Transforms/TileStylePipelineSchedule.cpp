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
// A loop that loads tiles into registers only to put them into shared memory
// gets such copies first, see TileStyleStagedLoads.cpp.
//
// Loops with fewer than two stages, and loops that are not of this form, stay
// as they are; a remark says why.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/IRMapping.h"
#include "mlir/Pass/Pass.h"
#include "tle/Transforms/Passes.h"
#include "tle/Transforms/TileStyleLoop.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/Transforms/Remarks.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLETILESTYLEPIPELINESCHEDULE
#include "tle/Transforms/Passes.h.inc"

namespace {

class TileStylePipelineSchedule
    : public impl::TLETileStylePipelineScheduleBase<TileStylePipelineSchedule> {
public:
  using TLETileStylePipelineScheduleBase::TLETileStylePipelineScheduleBase;

  void runOnOperation() override {
    SmallVector<scf::ForOp> loops;
    getOperation()->walk([&](scf::ForOp loop) { loops.push_back(loop); });
    for (scf::ForOp loop : loops)
      schedule(loop);
    axes.reset();
  }

private:
  /// Of the module as it is: a loop that was exchanged takes its values with
  /// it.
  std::shared_ptr<ModuleAxisInfo> axes;

  const ModuleAxisInfo &getAxes() {
    if (!axes)
      axes = std::make_shared<ModuleAxisInfo>(getOperation());
    return *axes;
  }

  int64_t stagesOf(scf::ForOp loop) {
    auto stages = loop->getAttrOfType<IntegerAttr>(kNumStagesAttr);
    return stages ? stages.getInt() : numStages;
  }

  /// Describes `loop` if it can become a pipeline.
  FailureOr<TileStyleLoop> match(scf::ForOp loop, Operation *replaced,
                                 std::string &reason) {
    FailureOr<TileStyleLoop> info = matchTileStyleLoop(loop, reason);
    if (failed(info) ||
        chooseSlots(*info, stagesOf(loop), {sharedMemory, sharedMemoryReserve},
                    replaced, reason) < 2)
      return failure();
    return info;
  }

  /// `loop`, its staged loads replaced by copies, if that makes a pipeline of
  /// it. Else nothing has changed.
  FailureOr<TileStyleLoop> matchWithCopies(scf::ForOp loop,
                                           ArrayRef<StagedLoad> loads,
                                           std::string &reason) {
    OpBuilder builder(loop);
    IRMapping mapping;
    auto clone = cast<scf::ForOp>(builder.clone(*loop, mapping));
    SmallVector<StagedLoad> cloned;
    for (StagedLoad staged : loads)
      cloned.push_back(
          {cast<LoadOp>(mapping.lookup(staged.load.getOperation())),
           cast<gpu::LocalAllocOp>(
               mapping.lookup(staged.alloc.getOperation()))});
    Operation *before = clone->getPrevNode();
    copyAsynchronously(clone, cloned);
    FailureOr<TileStyleLoop> info = match(clone, loop, reason);
    if (succeeded(info)) {
      loop.replaceAllUsesWith(clone.getResults());
      loop.erase();
      return info;
    }
    SmallVector<Operation *> buffers;
    for (Operation *op = clone->getPrevNode(); op != before;
         op = op->getPrevNode())
      buffers.push_back(op);
    clone.erase();
    for (Operation *buffer : buffers)
      buffer->erase();
    return failure();
  }

  void schedule(scf::ForOp loop) {
    if (loop->hasAttr(kTileStyleAttr) || stagesOf(loop) < 2)
      return;
    if (loop->hasAttr("tt.warp_specialize"))
      return gpu::leftAlone(loop, getArgument(),
                            "it is to be warp-specialized by stock");
    std::string reason;
    SmallVector<StagedLoad> staged = matchStagedLoads(
        loop, [&]() -> const ModuleAxisInfo & { return getAxes(); }, reason);
    FailureOr<TileStyleLoop> info = failure();
    if (!staged.empty()) {
      info = matchWithCopies(loop, staged, reason);
      axes.reset();
    }
    std::string mismatch;
    if (failed(info))
      info = match(loop, nullptr, mismatch);
    if (failed(info)) {
      gpu::leftAlone(loop, getArgument(), reason.empty() ? mismatch : reason);
      return;
    }
    mark(*info);
  }

  void mark(const TileStyleLoop &info) {
    scf::ForOp loop = info.loop;
    Builder builder(&getContext());
    auto place = [&](Operation *op, int stage) {
      op->setAttr("loop.stage", builder.getI32IntegerAttr(stage));
      op->setAttr("loop.cluster", builder.getI32IntegerAttr(stage));
    };
    for (Operation &op : loop.getBody()->without_terminator())
      place(&op, 2);
    for (Operation *op : info.slice)
      place(op, 0);
    for (Operation *op : info.synchronization)
      if (isa<gpu::AsyncCommitGroupOp>(op))
        place(op, 0);
    for (gpu::AsyncCopyGlobalToLocalOp copy : info.copies)
      place(copy, 0);
    loop->setAttr(kTileStyleAttr, builder.getI32IntegerAttr(1));
    loop->setAttr(kProducerCountAttr,
                  builder.getI32IntegerAttr(info.copies.size()));
    loop->setAttr(kNumStagesAttr, builder.getI32IntegerAttr(stagesOf(loop)));
    loop->setAttr("tt.scheduled_max_stage", builder.getI32IntegerAttr(2));
    gpu::applied(loop, getArgument(),
                 Twine(info.copies.size()) + " tile copies, " +
                     Twine(info.bytesPerSlot()) + " bytes a slot");
  }
};

} // namespace
} // namespace mlir::triton::tle
