//===- ProductReads.cpp - what an asynchronous product reads --------------===//

#include "tle/Transforms/ProductReads.h"
#include "tle/Transforms/GlobalWrites.h"
#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/Passes.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;
using namespace mlir::triton::nvidia_gpu;
using namespace mlir::triton::tle;

static std::optional<int32_t> getPipeOf(Value root) {
  Operation *alloc = root.getDefiningOp();
  auto number =
      alloc ? alloc->getAttrOfType<IntegerAttr>(kPipeFieldAttr) : nullptr;
  return number ? std::optional<int32_t>(number.getInt()) : std::nullopt;
}

SmallVector<ProductRead, 0>
tle::findProductReads(WarpGroupDotOp dot, const ImpliedReleases &implied) {
  SmallVector<ProductRead, 0> reads;
  for (Value factor : {Value(dot.getA()), Value(dot.getB())}) {
    if (!isa<MemDescType>(factor.getType()))
      continue;
    ProductRead read{factor, findCapturedRoot(factor), std::nullopt,
                     std::nullopt};
    read.pipe = getPipeOf(read.root);
    int64_t slots = cast<MemDescType>(read.root.getType()).getShape()[0];
    if (Value index = findSlotIndex(factor);
        index && read.pipe && slots > 0 && slots <= INT32_MAX)
      read.slot = SlotNumber(index, slots);
    read.isImplied =
        read.pipe && implied.contains({findPartition(dot), *read.pipe});
    reads.push_back(std::move(read));
  }
  return reads;
}

/// Whether `arrive`, at a barrier of the pipe of `read`, may be the release of
/// the slot that it reads.
static bool mayRelease(Operation *op, const ProductRead &read) {
  auto arrive = dyn_cast<ArriveBarrierOp>(op);
  Value word = arrive ? findSlotIndex(arrive.getAlloc()) : Value();
  if (!word || !read.slot)
    return true;
  // Words of full slots stand in front of those of empty ones: the slot is the
  // word modulo the number of slots.
  int64_t slots = cast<MemDescType>(read.root.getType()).getShape()[0];
  return !SlotNumber(word, slots).differsFrom(*read.slot);
}

bool tle::mayOverwrite(Operation *op, const ProductRead &read) {
  if (isa<WaitBarrierOp, FenceAsyncSharedOp, ReduceOp, LocalAllocOp>(op) ||
      isMemoryEffectFree(op) || writesGlobalMemoryOnly(op))
    return false;
  if (auto number = op->getAttrOfType<IntegerAttr>(kPipeAttr))
    return !read.pipe || read.isImplied ||
           (*read.pipe == number.getInt() && mayRelease(op, read));
  Value written;
  if (auto store = dyn_cast<LocalStoreOp>(op))
    written = store.getDst();
  else if (auto copy = dyn_cast<AsyncCopyGlobalToLocalOp>(op))
    written = copy.getResult();
  if (written) {
    Value root = findCapturedRoot(written);
    return root == read.root || !root.getDefiningOp<LocalAllocOp>() ||
           !read.root.getDefiningOp<LocalAllocOp>();
  }
  auto effects = dyn_cast<MemoryEffectOpInterface>(op);
  return !effects || !effects.onlyHasEffect<MemoryEffects::Read>();
}
