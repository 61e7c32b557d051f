//===- BufferAnalysis.cpp - who touches which buffer ----------------------===//

#include "triton/Dialect/TritonGPU/Transforms/BufferAnalysis.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"

#ifdef __TLE__
#include "tle/IR/Dialect.h"
#endif

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;

bool mlir::triton::gpu::isBufferView(Operation *op) {
  if (op->hasTrait<OpTrait::MemDescViewTrait>())
    return true;
  // Views of other dialects.
  return op->getNumRegions() == 0 && op->getNumResults() == 1 &&
         op->getNumOperands() > 0 && isMemoryEffectFree(op) &&
         isa<MemDescType>(op->getResult(0).getType()) &&
         isa<MemDescType>(op->getOperand(0).getType());
}

Value mlir::triton::gpu::findBufferRoot(Value memdesc) {
  while (Operation *op = memdesc.getDefiningOp()) {
    if (!isBufferView(op))
      break;
    memdesc = op->getOperand(0);
  }
  return memdesc;
}

bool mlir::triton::gpu::buffersMayAlias(Value rootA, Value rootB) {
  if (!rootA || !rootB || rootA == rootB)
    return true;
  return !rootA.getDefiningOp<LocalAllocOp>() ||
         !rootB.getDefiningOp<LocalAllocOp>();
}

bool mlir::triton::gpu::isConstantBuffer(Value root) {
  auto alloc = root.getDefiningOp<LocalAllocOp>();
  return alloc && !alloc.getType().getMutableMemory();
}

bool mlir::triton::gpu::isSharedWithOtherWarps(Value root) {
  // A partition's argument, a function's: who else holds it is not known.
  if (!root.getDefiningOp<LocalAllocOp>())
    return true;
  SmallVector<Value> worklist = {root};
  while (!worklist.empty())
    for (Operation *user : worklist.pop_back_val().getUsers()) {
      if (isa<WarpSpecializeOp>(user))
        return true;
      if (isBufferView(user))
        worklist.push_back(user->getResult(0));
    }
  return false;
}

namespace {

/// Ops without declared effects, or with a fence's, that write nothing.
bool onlyWaitsOrFences(Operation *op) {
#ifdef __TLE__
  if (isa<tle::WGMMASharedOperandFenceOp>(op))
    return true;
#endif
  return op->hasTrait<OpTrait::MemWaitOpTrait>() ||
         isa<AsyncCommitGroupOp, nvidia_gpu::WarpGroupDotWaitOp,
             nvidia_gpu::FenceAsyncSharedOp>(op);
}

/// Threads meet here, so warps that wait for this one may go on.
bool letsOthersGoOn(Operation *op) {
  if (isa<mlir::gpu::BarrierOp, LocalBarrierOp>(op))
    return true;
  if (isBufferView(op) || isa<LocalLoadOp>(op))
    return false;
  // An mbarrier is a buffer of 64-bit words.
  return llvm::any_of(op->getOperandTypes(), [](Type type) {
    auto memdesc = dyn_cast<MemDescType>(type);
    return memdesc && memdesc.getElementType().isInteger(64);
  });
}

/// A store or atomic through a pointer into shared memory.
bool writesThroughSharedPointer(Operation *op) {
  return llvm::any_of(op->getOperandTypes(), [](Type type) {
    auto pointer = dyn_cast<PointerType>(getElementTypeOrSelf(type));
    return pointer && pointer.getAddressSpace() == 3;
  });
}

bool isWrite(const MemoryEffects::EffectInstance &effect, Operation *op,
             Value root) {
  if (isa<MemoryEffects::Read, MemoryEffects::Allocate>(effect.getEffect()))
    return false;
  Value touched = effect.getValue();
  if (touched && isa<MemDescType>(touched.getType()))
    return buffersMayAlias(findBufferRoot(touched), root);
  // Of memory other than global, one cannot tell which.
  return writesThroughSharedPointer(op) ||
         !isa<GlobalMemory>(effect.getResource());
}

bool mayWrite(Operation *op, Value root, bool isShared) {
  if (isShared && letsOthersGoOn(op))
    return true;
  if (onlyWaitsOrFences(op) || isa<mlir::gpu::BarrierOp, LocalBarrierOp>(op))
    return false;
  auto interface = dyn_cast<MemoryEffectOpInterface>(op);
  if (!interface)
    return !op->hasTrait<OpTrait::HasRecursiveMemoryEffects>() &&
           !op->hasTrait<OpTrait::IsTerminator>();
  SmallVector<MemoryEffects::EffectInstance> effects;
  interface.getEffects(effects);
  return llvm::any_of(effects,
                      [&](const MemoryEffects::EffectInstance &effect) {
                        return isWrite(effect, op, root);
                      });
}

} // namespace

bool BufferWrites::mayBeIn(Operation *op) const {
  if (isConstant)
    return false;
  return op
      ->walk([&](Operation *nested) {
        return mayWrite(nested, root, isShared) ? WalkResult::interrupt()
                                                : WalkResult::advance();
      })
      .wasInterrupted();
}
