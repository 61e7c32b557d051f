//===- TileStyleLoop.cpp - loops that gather tiles and consume them -------===//

#include "tle/Transforms/TileStyleLoop.h"
#include "AtomicExchange.h"
#include "Messages.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tle/IR/Dialect.h"
#include "tle/Transforms/GlobalWrites.h"
#include "tle/Transforms/LocalPointerUtils.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/Transforms/BufferAnalysis.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::triton::tle {

namespace ttg = mlir::triton::gpu;
namespace ttng = mlir::triton::nvidia_gpu;

namespace {

/// A seed is held in registers while the tile is waited for and multiplied.
constexpr int64_t kMaxSeedBytesPerThread = 64;

/// Each slot has its own code before the loop.
constexpr int64_t kMaxSlots = 32;

bool isStaticView(Operation *op) {
  return ttg::isBufferView(op) && !isa<ttg::MemDescIndexOp>(op) &&
         op->getNumOperands() == 1;
}

/// The allocation that `memDesc` is a view of, or null.
ttg::LocalAllocOp rootAllocation(Value memDesc) {
  while (Operation *def = memDesc.getDefiningOp()) {
    if (auto alloc = dyn_cast<ttg::LocalAllocOp>(def))
      return alloc;
    if (!isStaticView(def))
      return {};
    memDesc = def->getOperand(0);
  }
  return {};
}

/// Whether there is a type of several buffers like `type`: a layout may leave
/// out one dimension, then the number of the slot, and all others are powers of
/// two.
bool canHaveSlots(ttg::MemDescType type) {
  auto layout = dyn_cast<ttg::LayoutEncodingTrait>(type.getEncoding());
  return layout && layout.getRank() == type.getShape().size() &&
         llvm::isPowerOf2_64(type.getShape().front());
}

//===----------------------------------------------------------------------===//
// What runs ahead
//===----------------------------------------------------------------------===//

/// Whether `op`, of a loop's body, may run ahead of its iteration.
bool canRunAhead(Operation *op) {
  if (auto load = dyn_cast<LoadOp>(op))
    return !load.getIsVolatile() &&
           !isTensorPointerType(load.getPtr().getType());
  return isStaticView(op) ||
         (isMemoryEffectFree(op) && op->getNumRegions() == 0);
}

/// Gathers what values of a loop's body depend on.
class Dependencies {
public:
  Dependencies(scf::ForOp loop) : loop(loop) {}

  llvm::SetVector<Operation *> ops;
  llvm::SetVector<unsigned> carried;
  bool usesInductionVar = false;

  /// False when `value` depends on what cannot run ahead of its iteration.
  bool add(Value value, std::string &reason) {
    SmallVector<Value> worklist{value};
    while (!worklist.empty()) {
      Value next = worklist.pop_back_val();
      if (auto argument = dyn_cast<BlockArgument>(next)) {
        if (argument == loop.getInductionVar())
          usesInductionVar = true;
        else if (argument.getOwner() == loop.getBody())
          carried.insert(argument.getArgNumber() - 1);
        continue;
      }
      Operation *def = next.getDefiningOp();
      if (def->getBlock() != loop.getBody() || ops.contains(def))
        continue;
      if (!canRunAhead(def)) {
        reason = quoted(def) + ", which cannot run ahead of its iteration";
        return false;
      }
      ops.insert(def);
      llvm::append_range(worklist, def->getOperands());
    }
    return true;
  }

private:
  scf::ForOp loop;
};

/// The members of `ops`, in the order of the body.
llvm::SetVector<Operation *> inOrder(scf::ForOp loop,
                                     const llvm::SetVector<Operation *> &ops) {
  llvm::SetVector<Operation *> sorted;
  for (Operation &op : *loop.getBody())
    if (ops.contains(&op))
      sorted.insert(&op);
  return sorted;
}

/// Whether `op` may run with the operands of a tile that does not exist: a
/// division may not, unless its divisor is the same in all iterations.
bool runsForAnyTile(Operation *op, scf::ForOp loop) {
  if (isa<LoadOp>(op) || isSpeculatable(op))
    return true;
  if (!isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp,
           arith::FloorDivSIOp, arith::CeilDivSIOp, arith::CeilDivUIOp>(op))
    return false;
  Dependencies divisor(loop);
  std::string ignored;
  return divisor.add(op->getOperand(1), ignored) && !divisor.usesInductionVar &&
         divisor.carried.empty() &&
         llvm::none_of(divisor.ops, llvm::IsaPred<LoadOp>);
}

/// Fills in `slice`, `carried`, `advance` and `loads`.
bool findSlice(TileStyleLoop &info, std::string &reason) {
  scf::ForOp loop = info.loop;
  Dependencies all(loop);
  std::string why;
  for (ttg::AsyncCopyGlobalToLocalOp copy : info.copies)
    for (Value operand : copy->getOperands())
      if (!all.add(operand, why)) {
        reason = "the address of a copy depends on " + why;
        return false;
      }
  Dependencies next(loop);
  Operation *yield = loop.getBody()->getTerminator();
  for (size_t i = 0; i < all.carried.size(); ++i) {
    Value value = yield->getOperand(all.carried[i]);
    if (!all.add(value, why) || !next.add(value, why)) {
      reason =
          "the address of a copy is carried by the loop and depends on " + why;
      return false;
    }
  }
  info.carried = all.carried;
  info.slice = inOrder(loop, all.ops);
  info.advance = inOrder(loop, next.ops);
  Dependencies loads(loop);
  for (Operation *op : info.slice)
    if (isa<LoadOp>(op)) {
      (void)loads.add(op->getResult(0), why);
    }
  info.loads = inOrder(loop, loads.ops);
  // These run whether there is a tile or not, the rest only if there is.
  for (const llvm::SetVector<Operation *> &ops : {info.loads, info.advance})
    for (Operation *op : ops)
      if (!runsForAnyTile(op, loop)) {
        reason = "an address depends on " + quoted(op) +
                 ", which cannot run without a tile";
        return false;
      }
  return true;
}

/// Fills in `seeds`.
void findSeeds(TileStyleLoop &info, const GlobalWrites &writes) {
  // In the order of the body, each op behind what it depends on.
  llvm::SmallPtrSet<Operation *, 16> runAhead;
  Dependencies needs(info.loop);
  std::string ignored;
  for (Operation &op : info.loop.getBody()->without_terminator()) {
    auto load = dyn_cast<LoadOp>(op);
    if (!canRunAhead(&op) || (load && findWriter(load.getPtr(), writes)) ||
        !llvm::all_of(op.getOperands(), [&](Value operand) {
          Operation *def = operand.getDefiningOp();
          return !def || def->getBlock() != info.loop.getBody() ||
                 runAhead.contains(def);
        }))
      continue;
    runAhead.insert(&op);
    if (!load)
      continue;
    Type type = load.getType();
    auto tensor = dyn_cast<RankedTensorType>(type);
    Type element = tensor ? tensor.getElementType() : type;
    int64_t bits =
        element.isIntOrFloat() ? element.getIntOrFloatBitWidth() : 64;
    if (ttg::getTotalElemsPerThread(type) * bits / 8 <= kMaxSeedBytesPerThread)
      (void)needs.add(load.getResult(), ignored);
  }
  info.seeds = inOrder(info.loop, needs.ops);
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

/// For each buffer the first wait of the body behind which all its copies of
/// the iteration have arrived.
using Arrivals = llvm::SmallDenseMap<Operation *, Operation *>;

/// Follows copies, commits and waits through the body. Fails when the body does
/// not wait for all that it copies.
bool findArrivals(TileStyleLoop &info, Arrivals &arrivals,
                  std::string &reason) {
  SmallVector<ttg::AsyncCopyGlobalToLocalOp> open;
  SmallVector<SmallVector<ttg::AsyncCopyGlobalToLocalOp>> groups;
  llvm::SmallDenseMap<Operation *, unsigned> pending; // copies by buffer
  for (ttg::AsyncCopyGlobalToLocalOp copy : info.copies)
    ++pending[rootAllocation(copy.getResult())];
  size_t arrived = 0; // groups
  for (Operation &op : *info.loop.getBody()) {
    if (auto copy = dyn_cast<ttg::AsyncCopyGlobalToLocalOp>(op)) {
      open.push_back(copy);
    } else if (isa<ttg::AsyncCommitGroupOp>(op)) {
      groups.push_back(std::move(open));
      open.clear();
    } else if (auto wait = dyn_cast<ttg::AsyncWaitOp>(op)) {
      for (; arrived + wait.getNum() < groups.size(); ++arrived)
        for (ttg::AsyncCopyGlobalToLocalOp copy : groups[arrived]) {
          ttg::LocalAllocOp buffer = rootAllocation(copy.getResult());
          if (--pending[buffer] == 0)
            arrivals[buffer] = wait;
        }
    }
  }
  if (!open.empty() || arrived != groups.size()) {
    reason = "an iteration does not wait for all that it copies";
    return false;
  }
  return true;
}

/// The op in the block of the product with which it ends, or null.
Operation *findEnd(ttng::WarpGroupDotOp dot) {
  if (!dot.getIsAsync())
    return dot;
  for (Operation *op = dot->getNextNode(); op; op = op->getNextNode())
    if (auto wait = dyn_cast<ttng::WarpGroupDotWaitOp>(op);
        wait && wait.getPendings() == 0)
      return wait;
  return nullptr;
}

/// Whether the op of `use` only reads the buffer, and is done with it before
/// the iteration ends.
bool isRead(OpOperand &use) {
  Operation *op = use.getOwner();
  if (auto dot = dyn_cast<ttng::WarpGroupDotOp>(op))
    return findEnd(dot) != nullptr;
  if (auto wait = dyn_cast<ttng::WarpGroupDotWaitOp>(op))
    return wait->getResult(use.getOperandNumber()).use_empty();
  return isa<ttg::LocalLoadOp, WGMMASharedOperandFenceOp>(op);
}

/// Whether every use of `buffer` is a read inside of the loop behind
/// `arrival`, one of the copies, or its deallocation.
bool isUsedByLoopAlone(ttg::LocalAllocOp buffer, TileStyleLoop &info,
                       Operation *arrival, std::string &reason) {
  scf::ForOp loop = info.loop;
  SmallVector<Value> worklist{buffer.getResult()};
  while (!worklist.empty()) {
    for (OpOperand &use : worklist.pop_back_val().getUses()) {
      Operation *user = use.getOwner();
      Operation *inBody = loop.getBody()->findAncestorOpInBlock(*user);
      if (isa<ttg::LocalDeallocOp>(user) && !inBody)
        continue;
      if (isStaticView(user)) {
        worklist.push_back(user->getResult(0));
        continue;
      }
      if (!inBody) {
        reason = "a buffer is used outside of the loop";
        return false;
      }
      if (isa<ttg::AsyncCopyGlobalToLocalOp>(user))
        continue;
      if (!isRead(use)) {
        reason = "a buffer is used by " + quoted(user) +
                 (isa<ttng::WarpGroupDotOp>(user)
                      ? ", which may read it after the iteration"
                      : ", which is neither a read nor a view");
        return false;
      }
      if (!arrival->isBeforeInBlock(inBody)) {
        reason = "a buffer is read before the loop waits for its copies";
        return false;
      }
      info.reads.push_back(user);
      info.readByProducts |= isa<ttng::WarpGroupDotOp>(user);
    }
  }
  return true;
}

/// Whether two subslices of a buffer share no element.
bool areDisjoint(ttg::MemDescSubsliceOp a, ttg::MemDescSubsliceOp b) {
  ArrayRef<int64_t> shapeA = a.getType().getShape();
  ArrayRef<int64_t> shapeB = b.getType().getShape();
  for (auto [startA, startB, sizeA, sizeB] :
       llvm::zip(a.getOffsets(), b.getOffsets(), shapeA, shapeB))
    if (startA + sizeA <= startB || startB + sizeB <= startA)
      return true;
  return false;
}

/// Whether `copies`, all that the loop makes into `buffer`, write every element
/// of it once: then no iteration can see what another one, or the code before
/// the loop, left there.
bool isOverwritten(ttg::LocalAllocOp buffer,
                   ArrayRef<ttg::AsyncCopyGlobalToLocalOp> copies) {
  int64_t elements = 0;
  SmallVector<ttg::MemDescSubsliceOp> parts;
  for (ttg::AsyncCopyGlobalToLocalOp copy : copies) {
    elements +=
        cast<ttg::MemDescType>(copy.getResult().getType()).getNumElements();
    if (copy.getResult() == buffer.getResult())
      continue;
    auto part = copy.getResult().getDefiningOp<ttg::MemDescSubsliceOp>();
    if (!part || part.getSrc() != buffer.getResult() ||
        !llvm::all_of(parts, [&](ttg::MemDescSubsliceOp other) {
          return areDisjoint(part, other);
        }))
      return false;
    parts.push_back(part);
  }
  return elements == buffer.getType().getNumElements();
}

//===----------------------------------------------------------------------===//
// Shared memory
//===----------------------------------------------------------------------===//

/// Bytes that layout conversions, reductions and the like in `loop` may take
/// for themselves, as an upper bound: they do not run at the same time.
/// `isFree` knows conversions that will take none.
int64_t scratchMemory(scf::ForOp loop,
                      function_ref<bool(ttg::ConvertLayoutOp)> isFree) {
  auto bytes = [](Type type) -> int64_t {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || !tensor.getElementType().isIntOrFloat())
      return 16;
    return tensor.getNumElements() *
           std::max(tensor.getElementTypeBitWidth(), 8u) / 8;
  };
  int64_t most = 0;
  loop.getBody()->walk([&](Operation *op) {
    if (auto convert = dyn_cast<ttg::ConvertLayoutOp>(op)) {
      int64_t size = bytes(convert.getType());
      size += size / 4; // for padding
      if (size > most && !isFree(convert))
        most = size;
    }
    if (isa<ReduceOp>(op)) {
      int64_t size = 0;
      for (Type type : op->getResultTypes())
        size += bytes(type);
      most = std::max(most, size * ttg::lookupNumWarps(op)); // one part a warp
    }
    // Partial sums, a table to look up, bins, what threads hand each other.
    if (isa<ScanOp, GatherOp, HistogramOp>(op) ||
        (isa<AtomicRMWOp, AtomicCASOp>(op) && !op->use_empty())) {
      int64_t size = 0;
      for (Type type : op->getResultTypes())
        size += bytes(type);
      if (auto gather = dyn_cast<GatherOp>(op))
        size = bytes(gather.getSrc().getType());
      most = std::max(most, size);
    }
  });
  return most;
}

} // namespace

int64_t explicitSharedMemory(Operation *op) {
  int64_t bytes = 0;
  op->walk([&](ttg::LocalAllocOp alloc) {
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

std::optional<int64_t> staticTripCount(scf::ForOp loop) {
  APInt lower, upper, step;
  if (!matchPattern(loop.getLowerBound(), m_ConstantInt(&lower)) ||
      !matchPattern(loop.getUpperBound(), m_ConstantInt(&upper)) ||
      !matchPattern(loop.getStep(), m_ConstantInt(&step)) ||
      !step.isStrictlyPositive())
    return std::nullopt;
  if (lower.sge(upper))
    return 0;
  // One bit more: the distance is below 2^64.
  unsigned width = lower.getBitWidth() + 1;
  APInt distance = upper.sext(width) - lower.sext(width) - 1;
  APInt trips = distance.udiv(step.sext(width)) + 1;
  return trips.getLimitedValue(INT64_MAX);
}

Operation *findIssuePoint(const TileStyleLoop &info) {
  scf::ForOp loop = info.loop;
  Operation *last = nullptr;
  for (Operation *read : info.reads) {
    auto dot = dyn_cast<ttng::WarpGroupDotOp>(read);
    Operation *end =
        loop.getBody()->findAncestorOpInBlock(dot ? *findEnd(dot) : *read);
    if (!last || last->isBeforeInBlock(end))
      last = end;
  }
  if (!last)
    return nullptr;
  auto takesTime = [](Operation *op) {
    return op->getNumRegions() != 0 || isa<DotOpInterface>(op) ||
           !(isMemoryEffectFree(op) || isa<ttg::LocalLoadOp>(op));
  };
  Operation *point = last->getNextNode();
  // A product runs on beside what does not need it.
  if (isa<ttng::WarpGroupDotOp, ttng::WarpGroupDotWaitOp>(last))
    for (; !point->hasTrait<OpTrait::IsTerminator>() && !takesTime(point);
         point = point->getNextNode()) {
      if (!llvm::is_contained(last->getUsers(), point))
        continue;
      if (!isa<ttng::WarpGroupDotWaitOp>(point))
        break;
      last = point;
    }
  for (Operation *op = point; !op->hasTrait<OpTrait::IsTerminator>();
       op = op->getNextNode())
    if (takesTime(op) && !info.synchronization.contains(op) &&
        !isa<ttng::WarpGroupDotWaitOp, mlir::gpu::BarrierOp>(op))
      return point;
  return nullptr;
}

int64_t chooseSlots(const TileStyleLoop &info, int64_t stages,
                    SharedMemoryLimits limits, int64_t others,
                    std::string &reason) {
  scf::ForOp loop = info.loop;
  std::optional<int64_t> trips = staticTripCount(loop);
  if (trips && *trips < 2) {
    reason = "it runs once at most";
    return 0;
  }
  int64_t perSlot = info.bytesPerSlot();
  auto slotsBeside = [&](int64_t scratch) {
    int64_t budget = limits.total - limits.reserve - scratch - others;
    return std::min(std::clamp<int64_t>(stages, 2, kMaxSlots),
                    budget / std::max<int64_t>(perSlot, 1));
  };
  int64_t slots = slotsBeside(
      scratchMemory(loop, [](ttg::ConvertLayoutOp) { return false; }));
  if (slots < 2) {
    // Now it is worth a closer look, which takes facts of all of the module.
    auto module = loop->getParentOfType<ModuleOp>();
    int capability = ttg::getComputeCapability(module).value_or(0);
    std::optional<ModuleAxisInfo> axes;
    slots = slotsBeside(scratchMemory(loop, [&](ttg::ConvertLayoutOp convert) {
      if (!llvm::all_of(convert->getUsers(), llvm::IsaPred<AtomicRMWOp>))
        return false;
      if (!axes)
        axes.emplace(module);
      return isExchangedInWarps(convert, *axes, capability);
    }));
  }
  if (slots < 2) {
    reason = "two slots of " + std::to_string(perSlot) +
             " bytes do not fit into shared memory";
    if (slots < 1)
      return 0;
    if (!findIssuePoint(info)) {
      reason += ", and nothing is left to do behind the last read of one";
      return 0;
    }
  }
  return trips ? std::min(slots, *trips) : slots;
}

FailureOr<TileStyleLoop> matchTileStyleLoop(scf::ForOp loop,
                                            std::string &reason) {
  auto refuse = [&](const Twine &why) {
    reason = why.str();
    return failure();
  };
  TileStyleLoop info;
  info.loop = loop;
  bool hasInnerLoop = false;
  loop.getBody()->walk([&](Operation *op) {
    hasInnerLoop |= isa<LoopLikeOpInterface>(op);
    if (auto copy = dyn_cast<ttg::AsyncCopyGlobalToLocalOp>(op))
      info.copies.push_back(copy);
    else if (isa<ttg::AsyncCommitGroupOp, ttg::AsyncWaitOp>(op))
      info.synchronization.insert(op);
  });
  if (info.copies.empty())
    return refuse("no asynchronous tile copy in its body");
  if (hasInnerLoop)
    return refuse("it holds another loop");
  if (loop.getUnsignedCmp())
    return refuse("its bounds are unsigned");
  // The numbers of slots are calculated with in its type.
  Type counter = loop.getInductionVar().getType();
  if (counter.isIntOrFloat() && counter.getIntOrFloatBitWidth() < 8)
    return refuse("its induction variable has less than 8 bits");
  auto isSynchronization = [](Operation *user) {
    return isa<ttg::AsyncCommitGroupOp, ttg::AsyncWaitOp>(user);
  };
  for (ttg::AsyncCopyGlobalToLocalOp copy : info.copies) {
    if (copy->getBlock() != loop.getBody())
      return refuse("a copy is in a nested region");
    ttg::LocalAllocOp buffer = rootAllocation(copy.getResult());
    if (!buffer || buffer.getSrc() || loop->isAncestor(buffer))
      return refuse("a copy does not fill a buffer allocated before the loop");
    if (!canHaveSlots(buffer.getType()))
      return refuse("the shape and layout of a buffer leave no dimension for "
                    "its slots");
    info.buffers.insert(buffer);
    if (copy.getIsVolatile())
      return refuse("a copy is volatile");
    if (!llvm::all_of(copy->getUsers(), isSynchronization))
      return refuse("the token of a copy has a use besides commit and wait");
  }
  for (Operation *op : info.synchronization) {
    if (op->getBlock() != loop.getBody())
      return refuse("copies are committed or waited for in a nested region");
    if (!llvm::all_of(op->getUsers(), isSynchronization))
      return refuse("the token of a copy has a use besides commit and wait");
  }
  Arrivals arrivals;
  if (!findArrivals(info, arrivals, reason) || !findSlice(info, reason))
    return failure();

  GlobalWrites writes = findGlobalWrites(loop);
  auto mayChange = [&](Value pointer, StringRef what) {
    Operation *writer = findWriter(pointer, writes);
    if (writer)
      reason =
          (what + " from memory that the loop may write by " + quoted(writer))
              .str();
    return writer != nullptr;
  };
  for (Operation *op : info.slice)
    if (auto load = dyn_cast<LoadOp>(op);
        load && mayChange(load.getPtr(), "an address is loaded"))
      return failure();
  for (ttg::AsyncCopyGlobalToLocalOp copy : info.copies)
    if (mayChange(copy.getSrc(), "a tile is loaded"))
      return failure();

  llvm::SmallDenseMap<Operation *,
                      SmallVector<ttg::AsyncCopyGlobalToLocalOp, 1>>
      copiesInto;
  for (ttg::AsyncCopyGlobalToLocalOp copy : info.copies)
    copiesInto[rootAllocation(copy.getResult())].push_back(copy);
  for (ttg::LocalAllocOp buffer : info.buffers) {
    if (!isOverwritten(buffer, copiesInto[buffer]))
      return refuse("an iteration does not overwrite all of a buffer");
    if (!isUsedByLoopAlone(buffer, info, arrivals.lookup(buffer), reason))
      return failure();
  }
  findSeeds(info, writes);
  return info;
}

} // namespace mlir::triton::tle
