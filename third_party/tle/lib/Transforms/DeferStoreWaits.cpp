//===- DeferStoreWaits.cpp - TMA stores run beside the next tile ----------===//
//
// Precondition:  stores through descriptors are TMA copies out of a buffer of
//                their own, each waited for at once:
//                  %b = ttg.local_alloc %v
//                  ttng.async_tma_copy_local_to_global %d[...] %b
//                  ttng.async_tma_store_wait {pendings = 0}
// Rewrite:       in loops of partitions that take part in pipes the buffer is
//                made ahead of the outermost loop, one for all stores of its
//                type:
//                  ttng.async_tma_store_wait {pendings = 0}
//                  ttg.local_store %v, %b
//                  ttng.async_tma_copy_local_to_global %d[...] %b
//                and the last copies are waited for behind that loop.
// Postcondition: nothing writes a buffer that a copy may still read, and no
//                copy is under way when its partition ends.
//
// It is what stock's pipeliner makes of such stores; loops with pipes it does
// not get to see.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/Passes.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLEDEFERSTOREWAITS
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
namespace ttg = mlir::triton::gpu;
namespace ttng = mlir::triton::nvidia_gpu;
using namespace mlir::triton;
using namespace mlir::triton::tle;

namespace {

/// A copy by TMA from shared to global memory, waited for where it begins.
struct Store {
  ttg::LocalAllocOp buffer;
  Operation *copy;
  ttng::TMAStoreWaitOp wait;
};

class DeferStoreWaitsPass
    : public triton::tle::impl::TLEDeferStoreWaitsBase<DeferStoreWaitsPass> {
public:
  void runOnOperation() override;
};

} // namespace

/// What `copy` reads, if it is a copy out of shared memory.
static Value getSource(Operation *copy) {
  if (auto op = dyn_cast_or_null<ttng::AsyncTMACopyLocalToGlobalOp>(copy))
    return op.getSrc();
  if (auto op = dyn_cast_or_null<ttng::AsyncTMAReduceOp>(copy))
    return op.getSrc();
  if (auto op = dyn_cast_or_null<ttng::AsyncTMAScatterOp>(copy))
    return op.getSrc();
  return {};
}

/// The store that `wait` waits for, if it is the only one and alone has its
/// buffer.
static std::optional<Store> findStore(ttng::TMAStoreWaitOp wait) {
  Operation *copy = wait->getPrevNode();
  Value source = getSource(copy);
  if (wait.getPendings() != 0 || !source)
    return {};
  auto buffer = source.getDefiningOp<ttg::LocalAllocOp>();
  if (!buffer || !buffer.getSrc() || !buffer->hasOneUse())
    return {};
  return Store{buffer, copy, wait};
}

/// The outermost loop around `op` in its partition; null if there is none.
static Operation *findOutermostLoop(Operation *op) {
  Region *partition = findPartition(op);
  if (!partition)
    return nullptr;
  Operation *loop = nullptr;
  for (Region *region = op->getParentRegion(); region != partition;
       region = region->getParentRegion())
    if (isa<scf::ForOp, scf::WhileOp>(region->getParentOp()))
      loop = region->getParentOp();
  return loop;
}

/// Whether something in `loop` and what is inside of it holds for an op.
template <typename Test> static bool contains(Operation *loop, Test test) {
  return loop
      ->walk([&](Operation *op) {
        return test(op) ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

/// Whether `op` waits for a pipe or arrives at one.
static bool isStepOfPipe(Operation *op) { return op->hasAttr(kPerThreadAttr); }

/// Whether `op` may tell other programs that a store has been made: an atomic
/// operation, or what nobody can look into.
static bool mayAnnounce(Operation *op) {
  auto assembly = dyn_cast<ElementwiseInlineAsmOp>(op);
  return isa<AtomicRMWOp, AtomicCASOp, CallOp>(op) ||
         (assembly && !assembly.getPure());
}

/// Makes each store in `loop` wait for the one before it.
static void defer(Operation *loop, MutableArrayRef<Store> stores) {
  OpBuilder before(loop), after(loop->getContext());
  after.setInsertionPointAfter(loop);
  ttng::TMAStoreWaitOp::create(after, loop->getLoc(), 0);
  DenseMap<Type, Value> buffers;
  for (Store &store : stores) {
    ttg::MemDescType type = store.buffer.getType();
    Location loc = store.buffer.getLoc();
    Value &buffer = buffers[type];
    if (!buffer) {
      auto writable = ttg::MemDescType::get(
          type.getShape(), type.getElementType(), type.getEncoding(),
          type.getMemorySpace(), /*mutableMemory=*/true);
      auto alloc = ttg::LocalAllocOp::create(before, loc, writable);
      alloc->setAttr(kDeferredStoresAttr, before.getUnitAttr());
      ttg::LocalDeallocOp::create(after, loc, alloc);
      buffer = alloc;
    }
    // Where the copy is: another store may stand between it and its buffer.
    Operation *fence = store.copy->getPrevNode();
    bool isFenced = isa_and_nonnull<ttng::FenceAsyncSharedOp>(fence);
    OpBuilder builder(isFenced ? fence : store.copy);
    ttng::TMAStoreWaitOp::create(builder, store.wait.getLoc(), 0);
    ttg::LocalStoreOp::create(builder, loc, store.buffer.getSrc(), buffer);
    if (!isFenced)
      ttng::FenceAsyncSharedOp::create(builder, loc, /*bCluster=*/false);
    store.buffer.replaceAllUsesWith(buffer);
    store.buffer.erase();
    store.wait.erase();
  }
}

void DeferStoreWaitsPass::runOnOperation() {
  llvm::MapVector<Operation *, SmallVector<Store>> loops;
  getOperation().walk([&](ttng::TMAStoreWaitOp wait) {
    std::optional<Store> store = findStore(wait);
    Operation *loop = store ? findOutermostLoop(wait) : nullptr;
    if (loop)
      loops[loop].push_back(*store);
  });
  for (auto &[loop, stores] : loops)
    if (contains(loop, isStepOfPipe) && !contains(loop, mayAnnounce))
      defer(loop, stores);
}
