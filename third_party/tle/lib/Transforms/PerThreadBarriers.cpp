//===- PerThreadBarriers.cpp - threads arrive by themselves ---------------===//
//
// Precondition:  the last pass of the TTGIR stage. ttng.init_barrier,
//                inval_barrier, wait_barrier, arrive_barrier, barrier_expect,
//                async_copy_mbarrier_arrive and async_tma_copy_global_to_local
//                may have tle.per_thread.
// Rewrite:       each that has it becomes inline PTX on the barrier's address,
//                but for the copy, which stock lowers.
// Postcondition: no op has tle.per_thread; buffers so accessed live to the end
//                of the region that allocates them.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/Passes.h"

#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLEPERTHREADBARRIERS
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::nvidia_gpu;
using namespace mlir::triton::tle;

namespace {

// The op wants a result; nothing reads it.
constexpr StringLiteral kArrive =
    "{ .reg .b64 state; mbarrier.arrive.shared.b64 state, [$1]; "
    "mov.b32 $0, 0; }";
constexpr StringLiteral kArriveWithCopies =
    "cp.async.mbarrier.arrive.noinc.shared.b64 [$1]; mov.b32 $0, 0;";
constexpr StringLiteral kWait =
    "{ .reg .pred done; again: "
    "mbarrier.try_wait.parity.shared.b64 done, [$1], $2; "
    "@!done bra.uni again; mov.b32 $0, 0; }";
// ptxas moves the first attempt far ahead, where one that may stop the thread
// would do so.
constexpr StringLiteral kTestAndWait =
    "{ .reg .pred done; "
    "mbarrier.test_wait.parity.shared.b64 done, [$1], $2; "
    "@done bra.uni end; again: "
    "mbarrier.try_wait.parity.shared.b64 done, [$1], $2; "
    "@!done bra.uni again; end: mov.b32 $0, 0; }";

/// `text` for the first lane of each warp.
std::string byFirstLane(StringRef text) {
  return ("{ .reg .pred first; .reg .b32 lane; .reg .b64 state; "
          "mov.u32 lane, %laneid; setp.eq.u32 first, lane, 0; @first " +
          text + " mov.b32 $0, 0; }")
      .str();
}

/// `text` for the first thread of the CTA.
std::string byFirstThread(StringRef text) {
  return ("{ .reg .pred first; .reg .b32 thread; mov.u32 thread, %tid.x; "
          "setp.eq.u32 first, thread, 0; @first " +
          text + " mov.b32 $0, 0; }")
      .str();
}

class PerThreadBarriersPass
    : public triton::tle::impl::TLEPerThreadBarriersBase<
          PerThreadBarriersPass> {
public:
  void runOnOperation() override {
    SmallVector<Operation *> marked;
    getOperation().walk([&](Operation *op) {
      if (op->hasAttr(kPerThreadAttr))
        marked.push_back(op);
    });
    for (Operation *op : marked)
      if (failed(rewrite(op)))
        return signalPassFailure();
  }

private:
  LogicalResult rewrite(Operation *op) {
    if (auto wait = dyn_cast<WaitBarrierOp>(op)) {
      if (wait.getPred())
        return wait.emitError("a wait of each thread takes no predicate");
      create(op, wait.getAlloc(), op->hasAttr(kTurnAttr) ? kTestAndWait : kWait,
             "=r,r,r", {wait.getPhase()});
    } else if (auto arrive = dyn_cast<ArriveBarrierOp>(op)) {
      if (arrive.getPred() || arrive.getCount() != 1)
        return arrive.emitError("an arrival of each thread counts 1 and takes "
                                "no predicate");
      create(op, arrive.getAlloc(),
             op->hasAttr(kPerWarpAttr)
                 ? byFirstLane("mbarrier.arrive.shared.b64 state, [$1];")
                 : kArrive.str(),
             "=r,r", {});
    } else if (auto arrive = dyn_cast<AsyncCopyMbarrierArriveOp>(op)) {
      if (!arrive.getNoIncrement())
        return arrive.emitError("an arrival of each thread's copies needs "
                                "noIncrement");
      create(op, arrive.getBarrier(), kArriveWithCopies, "=r,r", {});
    } else if (auto expect = dyn_cast<BarrierExpectOp>(op)) {
      // It does not arrive: the commit does, for all copies into the slot.
      unsigned bytes = expect.getSize() / mlir::triton::gpu::lookupNumWarps(op);
      create(op, expect.getAlloc(),
             byFirstLane(llvm::formatv("mbarrier.expect_tx.relaxed.cta.shared::"
                                       "cta.b64 [$1], {0};",
                                       bytes)
                             .str()),
             "=r,r", {});
    } else if (auto copy = dyn_cast<AsyncTMACopyGlobalToLocalOp>(op)) {
      Attribute arrangement =
          copy.getDesc().getType().getBlockType().getEncoding();
      if (arrangement &&
          arrangement != copy.getResult().getType().getEncoding())
        return copy.emitError("the descriptor's blocks are arranged for its "
                              "other uses, the slot is not: give this copy a "
                              "descriptor of its own");
      copy->removeAttr(kPerThreadAttr);
      copy->removeAttr(kPipeAttr);
      return success();
    } else if (auto init = dyn_cast<InitBarrierOp>(op)) {
      // Barriers of a pipe are made by the warps of the kernel: thread 0 is
      // one of theirs.
      std::string text =
          llvm::formatv("mbarrier.init.shared.b64 [$1], {0};", init.getCount())
              .str();
      create(op, init.getAlloc(), byFirstThread(text), "=r,r", {});
    } else if (auto inval = dyn_cast<InvalBarrierOp>(op)) {
      create(op, inval.getAlloc(),
             byFirstThread("mbarrier.inval.shared.b64 [$1];"), "=r,r", {});
    } else {
      return op->emitError() << kPerThreadAttr << " does not apply to this op";
    }
    op->erase();
    return success();
  }

  static void create(Operation *op, Value barrier, StringRef text,
                     StringRef constraints, ValueRange more) {
    OpBuilder builder(op);
    Type i32 = builder.getI32Type();
    keepBufferAlive(barrier, op);
    SmallVector<Value> operands{
        UnrealizedConversionCastOp::create(builder, op->getLoc(), i32, barrier)
            .getResult(0)};
    llvm::append_range(operands, more);
    ElementwiseInlineAsmOp::create(
        builder, op->getLoc(), TypeRange{i32}, builder.getStringAttr(text),
        builder.getStringAttr(constraints), builder.getBoolAttr(false),
        builder.getI32IntegerAttr(1), operands);
  }
};

} // namespace
