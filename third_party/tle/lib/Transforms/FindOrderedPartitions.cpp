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
//===----------------------------------------------------------------------===//

#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/Passes.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/IR/LinearLayoutConversions.h"
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

/// Whether the lanes of a warp hold all that `reduce` puts together.
bool staysInWarp(ReduceOp reduce) {
  for (Value operand : reduce.getOperands()) {
    FailureOr<LinearLayout> layout =
        toLinearLayout(cast<RankedTensorType>(operand.getType()));
    if (failed(layout))
      return false;
    for (StringRef dim : {"warp", "block"})
      for (ArrayRef<int32_t> basis : layout->getBases(dim))
        if (basis[reduce.getAxis()] != 0)
          return false;
  }
  return true;
}

/// Whether every thread keeps the elements that it holds.
bool staysInThread(ConvertLayoutOp convert) {
  FailureOr<LinearLayout> before = toLinearLayout(convert.getSrc().getType());
  FailureOr<LinearLayout> after = toLinearLayout(convert.getType());
  if (failed(before) || failed(after))
    return false;
  auto sortedRegisters = [](const LinearLayout &layout) {
    SmallVector<SmallVector<int32_t>> bases;
    for (ArrayRef<int32_t> basis : layout.getBases("register"))
      if (llvm::any_of(basis, [](int32_t step) { return step != 0; }))
        bases.emplace_back(basis);
    llvm::sort(bases);
    return bases;
  };
  auto agree = [&](StringRef dim) {
    return llvm::equal(before->getBases(dim), after->getBases(dim));
  };
  return agree("lane") && agree("warp") && agree("block") &&
         sortedRegisters(*before) == sortedRegisters(*after);
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
    // Between reads, and between writes of one slot, there is nothing to order.
    return llvm::none_of(written,
                         [&](Value root) { return read.contains(root); });
  }

private:
  DenseSet<Value> read, written;

  bool access(Value buffer, DenseSet<Value> &set) {
    Value root = findCapturedRoot(buffer);
    Operation *alloc = root.getDefiningOp();
    set.insert(root);
    return isa_and_nonnull<LocalAllocOp>(alloc) &&
           alloc->hasAttr(kPipeFieldAttr);
  }

  bool visit(Operation *op) {
    // What TMA writes is ordered like a store: by the commit of its slot.
    if (auto block = dyn_cast<AsyncTMACopyGlobalToLocalOp>(op))
      return op->hasAttr(kPerThreadAttr) && access(block.getResult(), written);
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
      return access(load.getSrc(), read);
    if (auto store = dyn_cast<LocalStoreOp>(op))
      return access(store.getDst(), written);
    if (auto copy = dyn_cast<AsyncCopyGlobalToLocalOp>(op))
      return access(copy.getResult(), written);
    if (isa<WarpGroupDotOp, WarpGroupDotWaitOp>(op)) {
      for (Value operand : op->getOperands())
        if (isa<MemDescType>(operand.getType()) && !access(operand, read))
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
