//===- ThreadLocality.cpp - ops that need no other threads ----------------===//

#include "tle/Transforms/ThreadLocality.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "tle/Transforms/LocalPointerUtils.h"
#include "triton/Dialect/TritonGPU/IR/LinearLayoutConversions.h"
#include "triton/Dialect/TritonGPU/Transforms/BufferAnalysis.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;
using namespace mlir::triton::nvidia_gpu;
using namespace mlir::triton::tle;

bool tle::staysInWarp(ReduceOp reduce) {
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

bool tle::staysInThread(ConvertLayoutOp convert) {
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

bool tle::needsNoBarrier(Operation *op) {
  if (op->hasAttr(kPerThreadAttr) || isBufferView(op) ||
      isa<scf::IfOp, scf::YieldOp, WarpGroupDotOp, WarpGroupDotWaitOp,
          LocalLoadOp, LoadOp, StoreOp>(op) ||
      isa<ReduceOp>(op->getParentOp()))
    return true;
  if (auto reduce = dyn_cast<ReduceOp>(op))
    return staysInWarp(reduce);
  if (auto convert = dyn_cast<ConvertLayoutOp>(op))
    return staysInThread(convert);
  if (auto reshape = dyn_cast<ReshapeOp>(op))
    return !reshape.getAllowReorder();
  return op->getNumRegions() == 0 && isMemoryEffectFree(op) &&
         !isa<ScanOp, GatherOp, HistogramOp, CallOpInterface, LocalAllocOp>(op);
}

bool tle::mayHaveBarrier(Operation *op) {
  return op
      ->walk([](Operation *nested) {
        return isa<LocalLoadOp>(nested) || !needsNoBarrier(nested)
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}
