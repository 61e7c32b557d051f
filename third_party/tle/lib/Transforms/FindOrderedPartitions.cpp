//===- FindOrderedPartitions.cpp - partitions that need no barriers -------===//
//
// Precondition:  all layouts are final; steps of pipes are still ops, and the
//                fields of pipes bear tle.pipe_field.
// Rewrite:       ttg.warp_specialize ==> the same with tle.ordered, the numbers
//                of its regions (0 is the default one) whose accesses to shared
//                memory are ordered by the pipes alone
// Postcondition: triton-tle-remove-ordered-barriers may take the barriers that
//                stock puts into these regions.
//
// What has to be shown: no two threads of the region access one place in shared
// memory, one of them writing, without an mbarrier between that orders them.
// - Reads of fields: their writers are other partitions. Threads of this one
//   have waited for the slot's full barrier, and arrive at its empty one behind
//   their reads (LowerPipes). No buffer is both read and written here.
// - Two writes of one tile: they are disjoint parts of it, or one op that runs
//   once a tile. An op gives each element to the same thread every time.
// - Writes of two tiles: they lie in two slots, or between them all threads of
//   the region have arrived at the slot's full barrier, each reader at its
//   empty one, and this thread has waited for that. That an op runs once a
//   tile, and two ops for two tiles, is known by a step of the pipe for this
//   slot between them: a tile is acquired before its writes and committed
//   behind them (PipeChecks).
// - Scratch memory: none is taken.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/Passes.h"
#include "tle/Transforms/PipeSlots.h"
#include "tle/Transforms/ThreadLocality.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/Transforms/BufferAnalysis.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLEFINDORDEREDPARTITIONS
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;
using namespace mlir::triton::nvidia_gpu;
using namespace mlir::triton::tle;

namespace {

/// An op that writes to a part of a slot.
struct Write {
  Operation *op;
  Value buffer, root;
  int32_t pipe = 0;
  std::optional<tle::SlotNumber> slot;
  /// The step for this slot in front of it, and the op in the step's block that
  /// it is in. No loop lies between them.
  Operation *step = nullptr, *place = nullptr;
};

/// Whether `op` is a step for the slot that `write` writes to.
bool isStepOf(Operation *op, const Write &write) {
  auto number = op->getAttrOfType<IntegerAttr>(kPipeAttr);
  if (!number || number.getInt() != write.pipe)
    return false;
  Value barrier;
  if (auto wait = dyn_cast<WaitBarrierOp>(op))
    barrier = wait.getAlloc();
  else if (auto arrive = dyn_cast<ArriveBarrierOp>(op))
    barrier = arrive.getAlloc();
  else if (auto arrive = dyn_cast<AsyncCopyMbarrierArriveOp>(op))
    barrier = arrive.getBarrier();
  Value word = barrier ? tle::findSlotIndex(barrier) : Value();
  // Words of full slots stand in front of those of empty ones.
  int64_t slots = cast<MemDescType>(write.root.getType()).getShape()[0];
  return word && tle::SlotNumber(word, slots).equals(*write.slot);
}

/// Whether `write` is carried out once a tile; finds the step in front of it.
bool isOnceATile(Write &write, Region &region) {
  Value index = tle::findSlotIndex(write.buffer);
  int64_t slots = cast<MemDescType>(write.root.getType()).getShape()[0];
  if (!index || slots <= 0 || slots > INT32_MAX)
    return false;
  write.slot = tle::SlotNumber(index, slots);
  for (Operation *op = write.op;; op = op->getParentOp()) {
    for (Operation *before = op->getPrevNode(); before;
         before = before->getPrevNode())
      if (isStepOf(before, write)) {
        write.step = before;
        write.place = op;
        return true;
      }
    if (op->getParentRegion() == &region)
      return region.hasOneBlock();
    if (isa<scf::IfOp>(op->getParentOp()))
      continue;
    // A step behind it is in front of it in the next iteration.
    for (Operation *next = op->getNextNode(); next; next = next->getNextNode())
      if (isStepOf(next, write))
        return true;
    return false;
  }
}

/// Whether `op` lies between the step in front of `write` and `write`.
bool liesInFrontOf(Operation *op, const Write &write) {
  if (!write.step)
    return true;
  Operation *ancestor = write.step->getBlock()->findAncestorOpInBlock(*op);
  return ancestor && write.step->isBeforeInBlock(ancestor) &&
         !write.place->isBeforeInBlock(ancestor);
}

/// The part of a slot that `buffer` is, by dimension; nothing if not known.
std::optional<SmallVector<std::pair<int64_t, int64_t>>> findPart(Value buffer) {
  SmallVector<std::pair<int64_t, int64_t>> part;
  for (int64_t extent : cast<MemDescType>(buffer.getType()).getShape())
    part.push_back({0, extent});
  while (auto slice = buffer.getDefiningOp<MemDescSubsliceOp>()) {
    for (auto [range, offset] : llvm::zip(part, slice.getOffsets())) {
      range.first += offset;
      range.second += offset;
    }
    buffer = slice.getSrc();
  }
  if (!buffer.getDefiningOp<MemDescIndexOp>())
    return std::nullopt;
  return part;
}

/// Whether two writes to one field never meet without an mbarrier between.
bool areApart(const Write &first, const Write &second) {
  if (first.slot->differsFrom(*second.slot))
    return true;
  auto left = findPart(first.buffer), right = findPart(second.buffer);
  if (left && right && left->size() == right->size())
    for (auto [a, b] : llvm::zip(*left, *right))
      if (a.second <= b.first || b.second <= a.first)
        return true;
  return !liesInFrontOf(first.op, second) && !liesInFrontOf(second.op, first);
}

/// What one region does to buffers.
class RegionAccesses {
public:
  /// Whether the pipes alone order what the region does to shared memory.
  bool areOrdered(Region &region) {
    WalkResult result = region.walk([&](Operation *op) {
      return visit(op) ? WalkResult::advance() : WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      return false;
    for (Write &write : writes)
      if (read.contains(write.root) || !isOnceATile(write, region))
        return false;
    for (auto [i, first] : llvm::enumerate(writes))
      for (const Write &second : ArrayRef(writes).drop_front(i + 1))
        if (first.root == second.root && !areApart(first, second))
          return false;
    return true;
  }

private:
  DenseSet<Value> read;
  SmallVector<Write> writes;

  static IntegerAttr getPipe(Value root) {
    auto alloc = root.getDefiningOp<LocalAllocOp>();
    return alloc ? alloc->getAttrOfType<IntegerAttr>(kPipeFieldAttr) : nullptr;
  }

  bool reads(Value buffer) {
    Value root = findCapturedRoot(buffer);
    read.insert(root);
    return getPipe(root) != nullptr;
  }

  bool noteWrite(Operation *op, Value buffer) {
    Write write{op, buffer, findCapturedRoot(buffer)};
    IntegerAttr pipe = getPipe(write.root);
    if (!pipe)
      return false;
    write.pipe = int32_t(pipe.getInt());
    writes.push_back(std::move(write));
    return true;
  }

  bool visit(Operation *op) {
    // What TMA writes is ordered like a store: by the commit of its slot.
    if (auto block = dyn_cast<AsyncTMACopyGlobalToLocalOp>(op))
      return op->hasAttr(kPerThreadAttr) && noteWrite(op, block.getResult());
    if (op->hasAttr(kPerThreadAttr) || isBufferView(op) ||
        isa<scf::ForOp, scf::IfOp, FenceAsyncSharedOp, WarpYieldOp,
            WarpReturnOp>(op) ||
        op->hasTrait<OpTrait::ReturnLike>())
      return true;
    if (isa<ReduceOp>(op->getParentOp()))
      return true;
    if (auto reduce = dyn_cast<ReduceOp>(op))
      return staysInWarp(reduce);
    if (auto convert = dyn_cast<ConvertLayoutOp>(op))
      return staysInThread(convert);
    // Another shape of the same elements, thread by thread.
    if (auto reshape = dyn_cast<ReshapeOp>(op))
      return !reshape.getAllowReorder();
    if (auto load = dyn_cast<LocalLoadOp>(op))
      return reads(load.getSrc());
    if (auto store = dyn_cast<LocalStoreOp>(op))
      return noteWrite(op, store.getDst());
    if (auto copy = dyn_cast<AsyncCopyGlobalToLocalOp>(op))
      return noteWrite(op, copy.getResult());
    if (isa<WarpGroupDotOp, WarpGroupDotWaitOp>(op)) {
      for (Value operand : op->getOperands())
        if (isa<MemDescType>(operand.getType()) && !reads(operand))
          return false;
      return true;
    }
    if (isa<LoadOp, StoreOp>(op))
      return true;
    // Others may take scratch memory, where stock's analysis would put barriers
    // for a reason.
    return op->getNumRegions() == 0 && isMemoryEffectFree(op) &&
           !isa<ScanOp, GatherOp, HistogramOp, CallOpInterface>(op) &&
           llvm::none_of(op->getOperandTypes(), llvm::IsaPred<MemDescType>);
  }
};

class FindOrderedPartitionsPass
    : public triton::tle::impl::TLEFindOrderedPartitionsBase<
          FindOrderedPartitionsPass> {
public:
  void runOnOperation() override {
    getOperation().walk([&](WarpSpecializeOp op) {
      SmallVector<int32_t> ordered;
      int32_t number = 0;
      if (RegionAccesses().areOrdered(op.getDefaultRegion()))
        ordered.push_back(number);
      for (Region *region : op.getPartitionRegions()) {
        ++number;
        if (RegionAccesses().areOrdered(*region))
          ordered.push_back(number);
      }
      if (!ordered.empty())
        op->setAttr(kOrderedAttr, OpBuilder(op).getDenseI32ArrayAttr(ordered));
    });
  }
};

} // namespace
