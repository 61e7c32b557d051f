//===- TileStyleLoop.cpp - loops that gather tiles and consume them -------===//

#include "tle/Transforms/TileStyleLoop.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"

namespace mlir::triton::tle {

namespace ttg = mlir::triton::gpu;

namespace {

/// The allocation that `memDesc` is a view of, or null.
ttg::LocalAllocOp rootAllocation(Value memDesc) {
  while (Operation *def = memDesc.getDefiningOp()) {
    if (auto alloc = dyn_cast<ttg::LocalAllocOp>(def))
      return alloc;
    if (!isa<ttg::MemDescSubsliceOp, ttg::MemDescTransOp, ttg::MemDescReshapeOp,
             ttg::MemDescReinterpretOp>(def) &&
        def->getName().getStringRef() != "tle.memdesc_wgmma_view")
      return {};
    memDesc = def->getOperand(0);
  }
  return {};
}

/// Whether `op` may change global memory.
bool writesGlobalMemory(Operation *op) {
  return isa<StoreOp, AtomicRMWOp, AtomicCASOp, DescriptorStoreOp,
             DescriptorReduceOp, DescriptorScatterOp, CallOp,
             ElementwiseInlineAsmOp>(op) &&
         !isMemoryEffectFree(op);
}

/// Adds to `slice` what `value` depends on inside of the body. False when that
/// leaves what can be computed ahead of its iteration.
bool addDependencies(Value value, scf::ForOp loop,
                     llvm::SetVector<Operation *> &slice, std::string &reason) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    if (argument.getOwner() != loop.getBody() ||
        argument == loop.getInductionVar())
      return true;
    reason = "the address of a copy depends on a value that the loop carries";
    return false;
  }
  Operation *def = value.getDefiningOp();
  if (def->getBlock() != loop.getBody())
    return true;
  if (slice.contains(def))
    return true;
  bool isView = isa<ttg::MemDescSubsliceOp, ttg::MemDescTransOp,
                    ttg::MemDescReshapeOp, ttg::MemDescReinterpretOp>(def);
  auto load = dyn_cast<LoadOp>(def);
  bool plainLoad = load && !load.getIsVolatile();
  if (!plainLoad && !isView && (!isPure(def) || def->getNumRegions() != 0)) {
    reason = "the address of a copy depends on '" +
             def->getName().getStringRef().str() +
             "', which cannot run ahead of its iteration";
    return false;
  }
  for (Value operand : def->getOperands())
    if (!addDependencies(operand, loop, slice, reason))
      return false;
  slice.insert(def);
  return true;
}

/// Whether every use of `buffer` is a read inside of `loop`, one of the copies,
/// or its deallocation. `lastWait` precedes all reads.
bool isUsedByLoopAlone(ttg::LocalAllocOp buffer, const TileStyleLoop &info,
                       Operation *lastWait, std::string &reason) {
  scf::ForOp loop = info.loop;
  SmallVector<Value> worklist{buffer.getResult()};
  while (!worklist.empty()) {
    for (OpOperand &use : worklist.pop_back_val().getUses()) {
      Operation *user = use.getOwner();
      if (isa<ttg::LocalDeallocOp>(user) &&
          user->getBlock() == loop->getBlock() && loop->isBeforeInBlock(user))
        continue;
      Operation *inBody = loop.getBody()->findAncestorOpInBlock(*user);
      if (!inBody) {
        reason = "a buffer is used outside of the loop";
        return false;
      }
      if (auto copy = dyn_cast<ttg::AsyncCopyGlobalToLocalOp>(user)) {
        if (!llvm::is_contained(info.copies, copy)) {
          reason = "a buffer is filled by a copy in a nested region";
          return false;
        }
        continue;
      }
      bool isView =
          isa<ttg::MemDescSubsliceOp, ttg::MemDescTransOp,
              ttg::MemDescReshapeOp, ttg::MemDescReinterpretOp>(user) ||
          user->getName().getStringRef() == "tle.memdesc_wgmma_view";
      if (isView) {
        worklist.push_back(user->getResult(0));
        continue;
      }
      bool isRead = isa<ttg::LocalLoadOp, nvidia_gpu::WarpGroupDotOp>(user);
      if (!isRead) {
        reason = "a buffer is used by '" +
                 user->getName().getStringRef().str() +
                 "', which is neither a read nor a view";
        return false;
      }
      if (!lastWait->isBeforeInBlock(inBody)) {
        reason = "a buffer is read before the loop waits for its copies";
        return false;
      }
    }
  }
  return true;
}

/// Whether the copies write every element of `buffer` once: then no iteration
/// can see what another one, or the code before the loop, left there.
bool isOverwritten(ttg::LocalAllocOp buffer, const TileStyleLoop &info) {
  int64_t elements = 0;
  llvm::SmallSetVector<Value, 4> targets;
  for (ttg::AsyncCopyGlobalToLocalOp copy : info.copies) {
    if (rootAllocation(copy.getResult()) != buffer)
      continue;
    auto subslice = copy.getResult().getDefiningOp<ttg::MemDescSubsliceOp>();
    bool direct = copy.getResult() == buffer.getResult() ||
                  (subslice && subslice.getSrc() == buffer.getResult());
    if (!direct)
      return false;
    for (Value other : targets) {
      auto otherSlice = other.getDefiningOp<ttg::MemDescSubsliceOp>();
      if (!subslice || !otherSlice ||
          subslice.getOffsets() == otherSlice.getOffsets())
        return false;
    }
    targets.insert(copy.getResult());
    elements +=
        cast<ttg::MemDescType>(copy.getResult().getType()).getNumElements();
  }
  return elements == buffer.getType().getNumElements();
}

} // namespace

int64_t explicitSharedMemory(Operation *function) {
  int64_t bytes = 0;
  function->walk([&](ttg::LocalAllocOp alloc) {
    bytes += ttg::getAllocationSizeInBytes(alloc.getType());
  });
  return bytes;
}

int64_t TileStyleLoop::bytesPerSlot() const {
  int64_t bytes = 0;
  for (ttg::LocalAllocOp buffer : buffers)
    bytes += ttg::getAllocationSizeInBytes(buffer.getType());
  return bytes;
}

FailureOr<TileStyleLoop> matchTileStyleLoop(scf::ForOp loop,
                                            std::string &reason) {
  TileStyleLoop info;
  info.loop = loop;
  Block *body = loop.getBody();
  bool hasInnerLoop = false, hasGlobalWrite = false;
  loop.getBody()->walk([&](Operation *op) {
    hasInnerLoop |= isa<LoopLikeOpInterface>(op);
    hasGlobalWrite |= writesGlobalMemory(op);
  });
  for (Operation &op : *body) {
    if (auto copy = dyn_cast<ttg::AsyncCopyGlobalToLocalOp>(op))
      info.copies.push_back(copy);
    else if (isa<ttg::AsyncCommitGroupOp, ttg::AsyncWaitOp>(op))
      info.synchronization.insert(&op);
  }
  if (info.copies.empty()) {
    reason = "no asynchronous tile copy in its body";
    return failure();
  }
  if (hasInnerLoop) {
    reason = "it holds another loop";
    return failure();
  }
  if (loop.getUnsignedCmp()) {
    reason = "its bounds are unsigned";
    return failure();
  }
  Operation *lastWait = nullptr;
  for (Operation *op : info.synchronization) {
    auto wait = dyn_cast<ttg::AsyncWaitOp>(op);
    if (wait && wait.getNum() != 0) {
      reason = "its copies are pipelined already";
      return failure();
    }
    for (Operation *user : op->getUsers())
      if (!isa<ttg::AsyncCommitGroupOp, ttg::AsyncWaitOp>(user)) {
        reason = "the token of a copy has a use besides commit and wait";
        return failure();
      }
    if (wait)
      lastWait = op;
  }
  if (!lastWait || lastWait->isBeforeInBlock(info.copies.back())) {
    reason = "no wait follows its last copy";
    return failure();
  }
  for (ttg::AsyncCopyGlobalToLocalOp copy : info.copies) {
    ttg::LocalAllocOp buffer = rootAllocation(copy.getResult());
    if (!buffer || buffer.getSrc() || loop->isAncestor(buffer)) {
      reason = "a copy does not fill a buffer allocated before the loop";
      return failure();
    }
    info.buffers.insert(buffer);
    for (Operation *user : copy->getUsers())
      if (!isa<ttg::AsyncCommitGroupOp, ttg::AsyncWaitOp>(user)) {
        reason = "the token of a copy has a use besides commit and wait";
        return failure();
      }
  }
  llvm::SetVector<Operation *> slice;
  for (ttg::AsyncCopyGlobalToLocalOp copy : info.copies)
    for (Value operand : copy->getOperands())
      if (!addDependencies(operand, loop, slice, reason))
        return failure();
  llvm::SetVector<Operation *> loads;
  for (Operation *op : slice)
    if (isa<LoadOp>(op)) {
      std::string unused;
      for (Value operand : op->getOperands())
        addDependencies(operand, loop, loads, unused);
      loads.insert(op);
    }
  if (!loads.empty() && hasGlobalWrite) {
    reason = "an address is loaded from memory that the loop may write";
    return failure();
  }
  for (Operation &op : *body) {
    if (slice.contains(&op))
      info.slice.insert(&op);
    if (loads.contains(&op))
      info.loads.insert(&op);
  }
  for (ttg::LocalAllocOp buffer : info.buffers) {
    if (!isOverwritten(buffer, info)) {
      reason = "an iteration does not overwrite all of a buffer";
      return failure();
    }
    if (!isUsedByLoopAlone(buffer, info, lastWait, reason))
      return failure();
  }
  return info;
}

} // namespace mlir::triton::tle
