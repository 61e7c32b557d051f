//===- TileStyleLoop.cpp - loops that gather tiles and consume them -------===//

#include "tle/Transforms/TileStyleLoop.h"
#include "mlir/IR/Matchers.h"
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

int64_t scratchMemory(scf::ForOp loop) {
  auto bytes = [](Type type) -> int64_t {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || !tensor.getElementType().isIntOrFloat())
      return 16;
    return tensor.getNumElements() *
           std::max(tensor.getElementTypeBitWidth(), 8u) / 8;
  };
  int64_t most = 0;
  loop.getBody()->walk([&](Operation *op) {
    if (isa<ttg::ConvertLayoutOp>(op)) {
      int64_t size = bytes(op->getResult(0).getType());
      most = std::max(most, size + size / 4); // a quarter for padding
    }
    if (isa<ReduceOp>(op)) {
      int64_t size = 0;
      for (Type type : op->getResultTypes())
        size += bytes(type);
      most = std::max(most, size * ttg::lookupNumWarps(op)); // one part a warp
    }
  });
  return most;
}

int64_t TileStyleLoop::bytesPerSlot() const {
  int64_t bytes = 0;
  for (ttg::LocalAllocOp buffer : buffers)
    bytes += ttg::getAllocationSizeInBytes(buffer.getType());
  return bytes;
}

/// Whether neighbours in memory are neighbours in a thread, four bytes of them
/// at least: what cp.async moves.
static bool hasCopyableVector(RankedTensorType type) {
  unsigned fastest = ttg::getOrder(type).front();
  unsigned elements = ttg::getContigPerThread(type)[fastest];
  return elements * type.getElementTypeBitWidth() >= 32;
}

/// A copy fills what it masks with zeros.
static bool isZeroOrAbsent(Value other) {
  return !other || matchPattern(other, m_Zero()) ||
         matchPattern(other, m_AnyZeroFloat());
}

SmallVector<StagedLoad> matchStagedLoads(scf::ForOp loop, std::string &reason) {
  SmallVector<StagedLoad> loads;
  for (auto alloc : loop.getBody()->getOps<ttg::LocalAllocOp>()) {
    Value source = alloc.getSrc();
    while (source && source.hasOneUse() &&
           source.getDefiningOp<ttg::ConvertLayoutOp>())
      source = source.getDefiningOp()->getOperand(0);
    auto load = source ? source.getDefiningOp<LoadOp>() : LoadOp();
    auto type =
        load ? dyn_cast<RankedTensorType>(load.getType()) : RankedTensorType();
    if (type && type.getEncoding() && source.hasOneUse() &&
        !load.getIsVolatile() && load->getBlock() == loop.getBody() &&
        hasCopyableVector(type) && isZeroOrAbsent(load.getOther()))
      loads.push_back({load, alloc});
  }
  if (loads.empty())
    return {};
  bool hasInnerLoop = false, hasGlobalWrite = false;
  loop.getBody()->walk([&](Operation *op) {
    hasInnerLoop |= isa<LoopLikeOpInterface>(op);
    hasGlobalWrite |= writesGlobalMemory(op);
  });
  if (hasInnerLoop || hasGlobalWrite) {
    reason = hasInnerLoop
                 ? "it holds another loop"
                 : "a tile is loaded from memory that the loop may write";
    return {};
  }
  llvm::SetVector<Operation *> slice;
  for (StagedLoad &staged : loads)
    for (Value operand : staged.load->getOperands())
      if (!addDependencies(operand, loop, slice, reason))
        return {};
  // Tiles are read once all of them are there.
  Operation *lastLoad = loads.front().load;
  for (StagedLoad &staged : loads)
    if (lastLoad->isBeforeInBlock(staged.load))
      lastLoad = staged.load;
  for (StagedLoad &staged : loads)
    for (Operation *user : staged.alloc->getUsers()) {
      Operation *inBody = loop.getBody()->findAncestorOpInBlock(*user);
      if (!inBody || inBody->isBeforeInBlock(lastLoad)) {
        reason = "a tile is read before the last one is loaded";
        return {};
      }
    }
  return loads;
}

void copyAsynchronously(scf::ForOp loop, ArrayRef<StagedLoad> loads) {
  Operation *lastLoad = loads.front().load;
  OpBuilder before(loop);
  SmallVector<Value> tokens;
  for (StagedLoad staged : loads) {
    ttg::MemDescType type = staged.alloc.getType();
    auto buffer = ttg::LocalAllocOp::create(
        before, staged.alloc.getLoc(),
        ttg::MemDescType::get(type.getShape(), type.getElementType(),
                              type.getEncoding(), type.getMemorySpace(),
                              /*mutableMemory=*/true));
    LoadOp load = staged.load;
    OpBuilder builder(load);
    auto copy = ttg::AsyncCopyGlobalToLocalOp::create(
        builder, load.getLoc(), load.getPtr(), buffer, load.getMask(),
        /*other=*/Value(), load.getCache(), load.getEvict());
    // what a copy masks becomes zero; any other value was refused
    tokens.push_back(copy.getToken());
    if (lastLoad->isBeforeInBlock(load))
      lastLoad = load;
    staged.alloc.getResult().replaceAllUsesWith(buffer);
    // views of what is now mutable are mutable
    SmallVector<Operation *> views(buffer->getUsers());
    while (!views.empty()) {
      Operation *view = views.pop_back_val();
      if (view->getNumResults() != 1)
        continue;
      auto result = dyn_cast<ttg::MemDescType>(view->getResult(0).getType());
      if (!result || result.getMutableMemory())
        continue;
      view->getResult(0).setType(ttg::MemDescType::get(
          result.getShape(), result.getElementType(), result.getEncoding(),
          result.getMemorySpace(), /*mutableMemory=*/true,
          result.getAllocShape()));
      llvm::append_range(views, view->getUsers());
    }
  }
  OpBuilder builder(lastLoad->getContext());
  builder.setInsertionPointAfter(lastLoad);
  Location loc = lastLoad->getLoc();
  auto group = ttg::AsyncCommitGroupOp::create(builder, loc, tokens);
  ttg::AsyncWaitOp::create(builder, loc, group.getAsyncToken(), 0);
  for (StagedLoad staged : loads) {
    Value source = staged.alloc.getSrc();
    staged.alloc.erase();
    while (source.use_empty()) {
      Operation *def = source.getDefiningOp();
      bool isLoad = def == staged.load.getOperation();
      Value next = def->getOperand(0);
      def->erase();
      if (isLoad)
        break;
      source = next;
    }
  }
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
