//===- PlaceDotWaits.cpp - products wait as late as they may --------------===//
//
// Precondition:  stock's loop passes have not run; products in partitions of
//                ttg.warp_specialize wait for their own end.
// Rewrite:       %1 = warp_group_dot %a, %b, %0
//            ==> %d = warp_group_dot %a, %b, %0 {isAsync = true}
//                ...
//                %1 = warp_group_dot_wait %d {pendings = 0}
// Postcondition: the wait stands before the first use of the product that is
//                not the next link of a chain of sums, and before anything that
//                may let other warps write what the product reads; products
//                that begin before it stay under way. Loops that wait for or
//                arrive at a pipe have tt.num_stages = 0.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/Passes.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLEPLACEDOTWAITS
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::nvidia_gpu;
using namespace mlir::triton::tle;

namespace {

/// On waits that this pass has placed, while it runs.
constexpr StringLiteral kPlaced = "tle.placed";

/// Numbers of the pipes that hold all of what a product reads; none if it reads
/// another buffer.
std::optional<SmallVector<int32_t>> findPipes(ArrayRef<Value> buffers) {
  SmallVector<int32_t> pipes;
  for (Value buffer : buffers) {
    Operation *alloc = findCapturedRoot(buffer).getDefiningOp();
    auto number =
        alloc ? alloc->getAttrOfType<IntegerAttr>(kPipeFieldAttr) : nullptr;
    if (!number)
      return std::nullopt;
    pipes.push_back(number.getInt());
  }
  return pipes;
}

/// True if `op` neither changes memory nor lets other warps write `buffers`.
bool mayStandBetween(Operation *op, ArrayRef<Value> buffers) {
  if (isa<ReduceOp>(op))
    return true;
  if (op->getNumRegions() != 0 || op->hasTrait<OpTrait::IsTerminator>())
    return false;
  if (isa<WarpGroupDotOp, WarpGroupDotWaitOp, WaitBarrierOp,
          FenceAsyncSharedOp>(op) ||
      isMemoryEffectFree(op))
    return true;
  if (auto number = op->getAttrOfType<IntegerAttr>(kPipeAttr)) {
    // Others write a field only when this partition has released it.
    std::optional<SmallVector<int32_t>> pipes = findPipes(buffers);
    return pipes && !llvm::is_contained(*pipes, int32_t(number.getInt()));
  }
  auto effects = dyn_cast<MemoryEffectOpInterface>(op);
  return effects && effects.onlyHasEffect<MemoryEffects::Read>();
}

/// What `dot` reads from shared memory: it must stay until the product has
/// ended.
void addBuffers(WarpGroupDotOp dot, SmallVectorImpl<Value> &buffers) {
  for (Value factor : {Value(dot.getA()), Value(dot.getB())})
    if (isa<mlir::triton::gpu::MemDescType>(factor.getType()) &&
        !llvm::is_contained(buffers, factor))
      buffers.push_back(factor);
}

/// The next link of a chain of sums: the only use of `dot`, as an accumulator,
/// in the same block, with nothing between that needs the product ended.
WarpGroupDotOp findNextLink(WarpGroupDotOp dot, ArrayRef<Value> buffers) {
  if (!dot.getD().hasOneUse())
    return nullptr;
  OpOperand &use = *dot.getD().use_begin();
  auto next = dyn_cast<WarpGroupDotOp>(use.getOwner());
  if (!next || next->getBlock() != dot->getBlock() ||
      next.getC() != dot.getD() || next.getIsAsync() ||
      !dot->isBeforeInBlock(next))
    return nullptr;
  for (Operation *op = dot->getNextNode(); op != next; op = op->getNextNode())
    if (!mayStandBetween(op, buffers))
      return nullptr;
  return next;
}

/// Puts the wait for `dot` where it must be ended; products of `ours` that
/// begin before go on.
void placeWait(WarpGroupDotOp dot, ArrayRef<Value> buffers,
               const DenseSet<Operation *> &ours) {
  SmallVector<Value> inputs{dot.getD()};
  llvm::append_range(inputs, buffers);
  OpBuilder builder(dot);
  builder.setInsertionPointAfter(dot);
  auto wait = WarpGroupDotWaitOp::create(builder, dot.getLoc(), inputs,
                                         /*pendings=*/0);
  dot.getD().replaceAllUsesExcept(wait.getResult(0), wait);
  Operation *next = wait->getNextNode();
  auto mustPrecede = [&](Operation *op) {
    bool isForeign = (isa<WarpGroupDotOp>(op) && !ours.contains(op)) ||
                     (isa<WarpGroupDotWaitOp>(op) && !op->hasAttr(kPlaced));
    return isForeign || !mayStandBetween(op, buffers) ||
           llvm::is_contained(op->getOperands(), wait.getResult(0));
  };
  unsigned behind = 0;
  for (; !mustPrecede(next); next = next->getNextNode())
    behind += isa<WarpGroupDotOp>(next);
  wait->moveBefore(next);
  wait.setPendings(behind);
  wait->setAttr(kPlaced, builder.getUnitAttr());
}

/// True if an op of `loop` waits for or arrives at a pipe.
bool touchesPipe(scf::ForOp loop) {
  return loop
      .walk([](Operation *op) {
        return op->hasAttr(kPerThreadAttr) ? WalkResult::interrupt()
                                           : WalkResult::advance();
      })
      .wasInterrupted();
}

/// Takes away waits that stand for no more than the end of `dot` itself.
void removeOwnWaits(WarpGroupDotOp dot) {
  for (Operation *user : llvm::make_early_inc_range(dot.getD().getUsers())) {
    auto wait = dyn_cast<WarpGroupDotWaitOp>(user);
    if (!wait || wait.getPendings() != 0 || wait->getNumOperands() != 1)
      continue;
    wait.getResult(0).replaceAllUsesWith(dot.getD());
    wait.erase();
  }
}

class PlaceDotWaitsPass
    : public triton::tle::impl::TLEPlaceDotWaitsBase<PlaceDotWaitsPass> {
public:
  void runOnOperation() override {
    // Stock's pipeliner would let products run on into the next iteration,
    // beyond the release of what they read.
    DenseSet<Operation *> ours;
    getOperation().walk([&](scf::ForOp loop) {
      if (!isInWarpSpecialize(loop) || !touchesPipe(loop))
        return;
      ours.insert(loop);
      loop->setAttr("tt.num_stages", OpBuilder(loop).getI32IntegerAttr(0));
    });
    SmallVector<WarpGroupDotOp> dots;
    getOperation().walk([&](WarpGroupDotOp dot) {
      auto loop = dot->getParentOfType<scf::ForOp>();
      if (!dot.getIsAsync() && isInWarpSpecialize(dot) &&
          (!loop || !isInWarpSpecialize(loop) || ours.contains(loop)))
        dots.push_back(dot);
    });
    // What the links of a chain read stays until the last of them has ended.
    for (WarpGroupDotOp dot : dots)
      removeOwnWaits(dot);
    DenseSet<Operation *> pending(dots.begin(), dots.end());
    DenseMap<Operation *, SmallVector<Value>> buffers;
    for (WarpGroupDotOp dot : dots) {
      dot.setIsAsync(true);
      SmallVector<Value> read = buffers.lookup(dot);
      addBuffers(dot, read);
      if (WarpGroupDotOp next = findNextLink(dot, read))
        buffers[next] = std::move(read);
      else
        placeWait(dot, read, pending);
    }
    getOperation().walk(
        [](WarpGroupDotWaitOp wait) { wait->removeAttr(kPlaced); });
  }
};

} // namespace
