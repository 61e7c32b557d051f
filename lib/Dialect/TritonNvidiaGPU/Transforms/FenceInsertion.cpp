//===- FenceInsertion.cpp - fences between the proxies --------------------===//
//
// Fork of Triton's pass. Tensor cores and TMA read shared memory through the
// async proxy; what was written through the generic one is theirs behind a
// fence only.
//
// Before:
//   ttg.local_store %p, %buf
//   %d = ttng.warp_group_dot %buf, %b, %c
//
// After:
//   ttg.local_store %p, %buf
//   tle.wgmma_shared_operand_fence %buf
//   %d = ttng.warp_group_dot %buf, %b, %c
//
// With TLE, the flow of writes decides (SharedWriteFlow.h). Without, stock's
// rule does: any product whose operands come from a buffer that an op outside
// of the async proxy fills, wherever, gets a fence.
//
//===----------------------------------------------------------------------===//

#include "SharedWriteFlow.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Pass/Pass.h"
#include "triton/Dialect/TritonNvidiaGPU/Transforms/Passes.h"
#include "llvm/ADT/SetVector.h"

#ifdef __TLE__
#include "tle/IR/Dialect.h"
#endif

namespace mlir::triton::nvidia_gpu {
#define GEN_PASS_DEF_TRITONNVIDIAGPUFENCEINSERTION
#include "triton/Dialect/TritonNvidiaGPU/Transforms/Passes.h.inc"
} // namespace mlir::triton::nvidia_gpu

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;
using namespace mlir::triton::nvidia_gpu;

//===----------------------------------------------------------------------===//
// Stock's rule
//===----------------------------------------------------------------------===//

namespace {

/// Collects the allocations and stores that fill what a product reads.
class FillingOps {
public:
  explicit FillingOps(ValueRange operands) {
    for (Value operand : operands)
      visit(operand);
  }

  bool none() const { return ops.empty(); }

  bool anyInside(Operation *loop) const {
    return llvm::any_of(ops,
                        [&](Operation *op) { return loop->isAncestor(op); });
  }

private:
  llvm::SetVector<Operation *> ops;
  DenseSet<Value> seen;

  void visit(Value value) {
    if (!seen.insert(value).second || !isa<MemDescType>(value.getType()))
      return;
    Operation *op = value.getDefiningOp();
    if (!op)
      return visitArgument(cast<BlockArgument>(value));
    if (auto alloc = dyn_cast<LocalAllocOp>(op)) {
      if (alloc.getSrc())
        ops.insert(alloc);
      // One store is as good as many.
      for (Operation *user : alloc->getUsers()) {
        while (user->hasOneUse() && user->hasTrait<OpTrait::MemDescViewTrait>())
          user = *user->user_begin();
        if (isa<LocalStoreOp>(user)) {
          ops.insert(user);
          return;
        }
      }
    }
    for (Value operand : op->getOperands())
      visit(operand);
  }

  void visitArgument(BlockArgument argument) {
    auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
    unsigned index = argument.getArgNumber();
    if (!loop || index == 0)
      return;
    visit(loop.getInitArgs()[index - 1]);
    visit(loop.getBody()->getTerminator()->getOperand(index - 1));
  }
};

void insertAsStock(ModuleOp module) {
  module.walk([](DotOpInterface dot) {
    FillingOps filling({dot.getA(), dot.getB()});
    if (filling.none())
      return;
    OpBuilder builder(dot);
    auto fence =
        FenceAsyncSharedOp::create(builder, dot.getLoc(), /*bCluster=*/false);
    while (auto loop = fence->getParentOfType<LoopLikeOpInterface>()) {
      if (filling.anyInside(loop))
        break;
      loop.moveOutOfLoop(fence);
    }
    auto before = dyn_cast_or_null<FenceAsyncSharedOp>(fence->getPrevNode());
    if (before && before.getBCluster() == fence.getBCluster())
      fence->erase();
  });
}

//===----------------------------------------------------------------------===//
// TLE's rule
//===----------------------------------------------------------------------===//

void insertWhereNeeded(FuncOp function) {
  for (const MissingFence &fence : findMissingFences(function)) {
    OpBuilder builder(fence.before);
    Location loc = fence.before->getLoc();
#ifdef __TLE__
    tle::WGMMASharedOperandFenceOp::create(builder, loc, fence.operands);
#else
    FenceAsyncSharedOp::create(builder, loc, /*bCluster=*/false);
#endif
  }
}

/// Whether passes of TLE left their marks on an op.
bool hasTLEAttrs(ModuleOp module) {
  return module
      .walk([](Operation *op) {
        bool marked = llvm::any_of(op->getDiscardableAttrs(), [](auto attr) {
          return attr.getName().strref().starts_with("tle.");
        });
        return marked ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

struct FenceInsertion
    : public nvidia_gpu::impl::TritonNvidiaGPUFenceInsertionBase<
          FenceInsertion> {
  using TritonNvidiaGPUFenceInsertionBase::TritonNvidiaGPUFenceInsertionBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    TritonNvidiaGPUFenceInsertionBase::getDependentDialects(registry);
#ifdef __TLE__
    registry.insert<tle::TLEDialect>();
#endif
  }

  void runOnOperation() override {
    if (computeCapability < 90)
      return;
    if (!tle && !hasTLEAttrs(getOperation()))
      return insertAsStock(getOperation());
    getOperation()->walk(insertWhereNeeded);
  }
};

} // namespace
