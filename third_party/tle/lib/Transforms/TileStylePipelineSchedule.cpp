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
#include "tle/Transforms/LocalPointerUtils.h"
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
    SmallVector<Candidate> candidates;
    getOperation()->walk([&](scf::ForOp loop) {
      if (stagesOf(loop) >= 2)
        candidates.push_back({loop});
    });
    // All loads before the first change: what is known of addresses holds for
    // the module as it is, and takes a look at all of it.
    std::optional<ModuleAxisInfo> axes;
    auto getAxes = [&]() -> const ModuleAxisInfo & {
      if (!axes)
        axes.emplace(getOperation());
      return *axes;
    };
    for (Candidate &candidate : candidates)
      if (!candidate.loop->hasAttr(kTileStyleAttr))
        candidate.loads =
            matchStagedLoads(candidate.loop, getAxes, candidate.reason);
    for (Candidate &candidate : candidates)
      schedule(candidate);
    buffers.clear();
  }

private:
  /// A loop with stages, and its staged loads or why they cannot be copies.
  struct Candidate {
    scf::ForOp loop;
    SmallVector<StagedLoad> loads;
    std::string reason;
  };

  /// Bytes of all explicit buffers, by function. Loops that were chosen have
  /// all their slots: what does not fit beside them must stay as it is.
  DenseMap<Operation *, int64_t> buffers;

  int64_t &buffersAround(scf::ForOp loop) {
    Operation *function = getFunctionOrModule(loop);
    auto [it, isNew] = buffers.try_emplace(function);
    if (isNew)
      it->second = explicitSharedMemory(function);
    return it->second;
  }

  int64_t stagesOf(scf::ForOp loop) {
    auto stages = loop->getAttrOfType<IntegerAttr>(kNumStagesAttr);
    return stages ? stages.getInt() : numStages;
  }

  /// Describes `loop` if it can become a pipeline; `bytes`, those of all
  /// explicit buffers, then holds its slots.
  FailureOr<TileStyleLoop> match(scf::ForOp loop, int64_t &bytes,
                                 std::string &reason) {
    FailureOr<TileStyleLoop> info = matchTileStyleLoop(loop, reason);
    if (failed(info))
      return failure();
    int64_t perSlot = info->bytesPerSlot();
    int64_t slots =
        chooseSlots(*info, stagesOf(loop), {sharedMemory, sharedMemoryReserve},
                    bytes - perSlot, reason);
    if (slots < 1)
      return failure();
    bytes += (slots - 1) * perSlot;
    return info;
  }

  /// `loop`, its staged loads replaced by copies, if that makes a pipeline of
  /// it. Else nothing has changed.
  FailureOr<TileStyleLoop> matchWithCopies(scf::ForOp loop,
                                           ArrayRef<StagedLoad> loads,
                                           std::string &reason) {
    int64_t bytes = buffersAround(loop);
    OpBuilder builder(loop);
    IRMapping mapping;
    auto clone = cast<scf::ForOp>(builder.clone(*loop, mapping));
    SmallVector<StagedLoad> cloned;
    for (StagedLoad staged : loads)
      cloned.push_back(
          {cast<LoadOp>(mapping.lookup(staged.load.getOperation())),
           cast<gpu::LocalAllocOp>(mapping.lookup(staged.alloc.getOperation())),
           staged.transposed});
    Operation *before = clone->getPrevNode();
    copyAsynchronously(clone, cloned);
    SmallVector<Operation *> added;
    for (Operation *op = clone->getPrevNode(); op != before;
         op = op->getPrevNode())
      added.push_back(op);
    bytes += explicitSharedMemory(clone) - explicitSharedMemory(loop);
    for (Operation *buffer : added)
      bytes += explicitSharedMemory(buffer);
    FailureOr<TileStyleLoop> info = match(clone, bytes, reason);
    if (succeeded(info)) {
      buffersAround(loop) = bytes;
      loop.replaceAllUsesWith(clone.getResults());
      loop.erase();
      return info;
    }
    clone.erase();
    for (Operation *buffer : added)
      buffer->erase();
    return failure();
  }

  void schedule(Candidate &candidate) {
    scf::ForOp loop = candidate.loop;
    if (loop->hasAttr(kTileStyleAttr)) {
      // An earlier run chose it: its slots count.
      std::string ignored;
      (void)match(loop, buffersAround(loop), ignored);
      return;
    }
    if (loop->hasAttr("tt.warp_specialize"))
      return gpu::leftAlone(loop, getArgument(),
                            "it is to be warp-specialized by stock");
    std::string reason = candidate.reason, mismatch;
    FailureOr<TileStyleLoop> info = failure();
    if (!candidate.loads.empty())
      info = matchWithCopies(loop, candidate.loads, reason);
    if (failed(info))
      info = match(loop, buffersAround(loop), mismatch);
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
