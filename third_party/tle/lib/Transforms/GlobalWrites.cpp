//===- GlobalWrites.cpp - what a loop writes to global memory -------------===//

#include "tle/Transforms/GlobalWrites.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tle/IR/Dialect.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"

using namespace mlir;
using namespace mlir::triton;
namespace ttg = mlir::triton::gpu;
namespace ttng = mlir::triton::nvidia_gpu;

/// The pointer, or the tensor of pointers, that `op` makes others of; null if
/// it makes none.
static Value getSourcePointer(Operation *op) {
  if (isa_and_nonnull<AddPtrOp, SplatOp, BroadcastOp, ExpandDimsOp, BitcastOp,
                      TransOp, ReshapeOp, ttg::ConvertLayoutOp>(op))
    return op->getOperand(0);
  return {};
}

/// Whether each iteration only moves on the pointer that the loop carries as
/// `argument`, if that: it might exchange it for another one.
static bool isMovedOn(scf::ForOp loop, BlockArgument argument) {
  Value next = loop.getTiedLoopYieldedValue(argument)->get();
  while (next != argument) {
    next = getSourcePointer(next.getDefiningOp());
    if (!next)
      return false;
  }
  return true;
}

Value tle::findBasePointer(Value pointer) {
  llvm::SmallPtrSet<Value, 8> seen;
  while (seen.insert(pointer).second) {
    if (auto argument = dyn_cast<BlockArgument>(pointer)) {
      Operation *parent = argument.getOwner()->getParentOp();
      if (isa<FuncOp>(parent))
        return argument;
      if (isa<ttg::WarpSpecializePartitionsOp>(parent)) {
        auto specialize = cast<ttg::WarpSpecializeOp>(parent->getParentOp());
        pointer = specialize.getExplicitCaptures()[argument.getArgNumber()];
        continue;
      }
      auto loop = dyn_cast<scf::ForOp>(parent);
      if (!loop || argument == loop.getInductionVar())
        return {};
      if (!isMovedOn(loop, argument))
        return {};
      pointer = loop.getTiedLoopInit(argument)->get();
      continue;
    }
    pointer = getSourcePointer(pointer.getDefiningOp());
    if (!pointer)
      return {};
  }
  return {};
}

bool tle::mayWriteGlobalMemory(Operation *op) {
  if (isa<PrintOp, AssertOp, WGMMASharedOperandFenceOp, ttg::AsyncCommitGroupOp,
          ttg::AsyncWaitOp, ttng::WarpGroupDotWaitOp, ttng::FenceAsyncSharedOp>(
          op) ||
      op->hasTrait<OpTrait::MemWaitOpTrait>() ||
      op->hasTrait<OpTrait::IsTerminator>() ||
      op->getName().getStringRef() == "gpu.barrier" ||
      isa<ttg::LocalBarrierOp>(op))
    return false;
  if (auto store = dyn_cast<StoreOp>(op);
      store && isLocalPointerLike(store.getPtr().getType()))
    return false;
  auto interface = dyn_cast<MemoryEffectOpInterface>(op);
  if (!interface)
    return !op->hasTrait<OpTrait::HasRecursiveMemoryEffects>() &&
           op->getNumRegions() == 0;
  SmallVector<MemoryEffects::EffectInstance> effects;
  interface.getEffects(effects);
  return llvm::any_of(effects, [](const MemoryEffects::EffectInstance &effect) {
    return isa<MemoryEffects::Write>(effect.getEffect()) &&
           effect.getResource() != ttg::SharedMemory::get();
  });
}

tle::GlobalWrites tle::findGlobalWrites(scf::ForOp loop) {
  GlobalWrites writes;
  loop.getBody()->walk([&](Operation *op) {
    if (!mayWriteGlobalMemory(op))
      return;
    Value base;
    if (auto store = dyn_cast<StoreOp>(op))
      base = findBasePointer(store.getPtr());
    if (auto atomic = dyn_cast<AtomicRMWOp>(op);
        atomic && atomic.getSem() == MemSemantic::RELAXED)
      base = findBasePointer(atomic.getPtr());
    if (!base) {
      writes.unknown = op;
      return;
    }
    writes.bases.insert(base);
    writes.known = op;
  });
  return writes;
}

Operation *tle::findWriter(Value pointer, const GlobalWrites &writes) {
  if (writes.unknown)
    return writes.unknown;
  if (writes.bases.empty())
    return nullptr;
  Value base = findBasePointer(pointer);
  return !base || writes.bases.contains(base) ? writes.known : nullptr;
}

bool tle::writesGlobalMemoryOnly(Operation *op) {
  Value pointers;
  if (auto store = dyn_cast<StoreOp>(op))
    pointers = store.getPtr();
  else if (auto atomic = dyn_cast<AtomicRMWOp>(op);
           atomic && atomic.getSem() == MemSemantic::RELAXED &&
           isa<RankedTensorType>(atomic.getType()) && atomic->use_empty())
    pointers = atomic.getPtr();
  return pointers && !isLocalPointerLike(pointers.getType());
}
