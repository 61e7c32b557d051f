//===- PromoteLocalStoreStaging.cpp - staging buffers into loops ----------===//
//
// Precondition:  a buffer allocated before a loop of several stages is written
//                whole in every iteration, once, and read after that in the
//                same iteration, and nowhere else:
//                  %buf = ttg.local_alloc
//                  scf.for { ttg.local_store %v, %buf; ttg.local_load %buf }
//                      {tt.num_stages = 3 : i32}
// Rewrite:       scf.for { %b = ttg.local_alloc %v; ttg.local_load %b }
// Postcondition: the stock pipeliner may give every iteration in flight a
//                buffer of its own. Barriers of the loop that ordered nothing
//                else go.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/Passes.h"
#include "triton/Dialect/TritonGPU/Transforms/Remarks.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"

#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLEPROMOTELOCALSTORESTAGING
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
namespace ttg = mlir::triton::gpu;
namespace ttng = mlir::triton::nvidia_gpu;
using namespace mlir::triton;
using namespace mlir::triton::tle;

namespace {

constexpr char kNumStages[] = "tt.num_stages";

/// All there is to know about a buffer that can move into its loop.
struct Staging {
  ttg::LocalAllocOp alloc;
  ttg::LocalStoreOp store;
  scf::ForOp loop;
};

bool isView(Operation *op) {
  // ttg.memdesc_index picks one of several copies, which no whole store writes.
  return (op->hasTrait<OpTrait::MemDescViewTrait>() &&
          !isa<ttg::MemDescIndexOp>(op)) ||
         isa<MemDescWGMMAViewOp>(op);
}

/// Whether the op of `use` reads the buffer and is done with it once it is
/// over.
bool isPlainRead(OpOperand &use) {
  Operation *op = use.getOwner();
  if (auto load = dyn_cast<ttg::LocalLoadOp>(op))
    return !load.getToken(); // A token stands for copies into the buffer.
  if (auto dot = dyn_cast<ttng::WarpGroupDotOp>(op))
    return !dot.getIsAsync();
  if (isa<WGMMASharedOperandFenceOp>(op))
    return true;
  if (auto wait = dyn_cast<ttng::WarpGroupDotWaitOp>(op))
    return wait->getResult(use.getOperandNumber()).use_empty();
  return false;
}

/// The staging that `alloc` serves, or why there is none.
FailureOr<Staging> analyze(ttg::LocalAllocOp alloc, StringRef &reason) {
  auto refuse = [&](StringRef why) -> FailureOr<Staging> {
    reason = why;
    return failure();
  };
  if (alloc.getSrc())
    return refuse("it has an initial value");
  Staging staging;
  staging.alloc = alloc;
  SmallVector<Operation *> readers, deallocs;
  SmallVector<Value> worklist = {alloc};
  while (!worklist.empty()) {
    Value memdesc = worklist.pop_back_val();
    for (OpOperand &use : memdesc.getUses()) {
      Operation *op = use.getOwner();
      if (isView(op)) {
        worklist.push_back(op->getResult(0));
      } else if (isa<ttg::LocalDeallocOp>(op)) {
        deallocs.push_back(op);
      } else if (auto store = dyn_cast<ttg::LocalStoreOp>(op)) {
        if (staging.store || memdesc != alloc)
          return refuse("it is written in parts, or more than once");
        staging.store = store;
      } else if (isPlainRead(use)) {
        readers.push_back(op);
      } else {
        return refuse(
            "it has a use that is neither a store, a view nor a plain read");
      }
    }
  }
  if (!staging.store)
    return refuse("nothing stores to it");
  staging.loop = dyn_cast<scf::ForOp>(staging.store->getParentOp());
  if (!staging.loop)
    return refuse("the store is not executed in every iteration of a loop");
  if (staging.loop->isAncestor(alloc))
    return refuse("it is allocated inside of the loop");

  Block *body = staging.loop.getBody();
  auto followsStore = [&](Operation *op) {
    Operation *ancestor = body->findAncestorOpInBlock(*op);
    return ancestor && staging.store->isBeforeInBlock(ancestor);
  };
  if (!llvm::all_of(readers, followsStore))
    return refuse(
        "a read sees the value of an earlier iteration, or of the last one");
  if (llvm::any_of(deallocs, [&](Operation *dealloc) {
        return staging.loop->isAncestor(dealloc);
      }))
    return refuse("the loop frees it");
  return staging;
}

int64_t getNumStages(scf::ForOp loop, int64_t otherwise) {
  auto attr = loop->getAttrOfType<IntegerAttr>(kNumStages);
  return attr ? attr.getInt() : otherwise;
}

/// The type of the same (view of a) buffer, never written again.
ttg::MemDescType getConstantType(Value memdesc) {
  auto type = cast<ttg::MemDescType>(memdesc.getType());
  return ttg::MemDescType::get(type.getShape(), type.getElementType(),
                               type.getEncoding(), type.getMemorySpace(),
                               /*mutableMemory=*/false, type.getAllocShape());
}

/// What `value` is a conversion of: any layout can be stored.
Value lookThroughConversions(Value value) {
  while (auto convert = value.getDefiningOp<ttg::ConvertLayoutOp>())
    value = convert.getSrc();
  return value;
}

/// Lets what reads `before` read `after`; views are made anew behind `after`.
void retarget(RewriterBase &rewriter, Value before, Value after) {
  for (OpOperand &use : llvm::make_early_inc_range(before.getUses())) {
    Operation *op = use.getOwner();
    if (isView(op)) {
      rewriter.setInsertionPointAfterValue(after);
      Operation *view = rewriter.clone(*op);
      view->setOperand(0, after);
      view->getResult(0).setType(getConstantType(op->getResult(0)));
      retarget(rewriter, op->getResult(0), view->getResult(0));
      rewriter.eraseOp(op);
    } else if (isa<ttg::LocalDeallocOp, ttg::LocalStoreOp>(op)) {
      rewriter.eraseOp(op);
    } else {
      rewriter.modifyOpInPlace(op, [&] {
        if (isa<ttng::WarpGroupDotWaitOp>(op))
          op->getResult(use.getOperandNumber()).setType(after.getType());
        use.set(after);
      });
    }
  }
}

void promote(RewriterBase &rewriter, const Staging &staging) {
  ttg::LocalAllocOp alloc = staging.alloc;
  ttg::LocalStoreOp store = staging.store;
  rewriter.setInsertionPoint(store);
  auto promoted = ttg::LocalAllocOp::create(
      rewriter, store.getLoc(), getConstantType(alloc.getResult()),
      lookThroughConversions(store.getSrc()));
  if (auto alignment = alloc.getAlignmentAttr())
    promoted.setAlignmentAttr(alignment);
  Operation *stored = store.getSrc().getDefiningOp();
  retarget(rewriter, alloc.getResult(), promoted.getResult());
  rewriter.eraseOp(alloc);
  while (stored && isa<ttg::ConvertLayoutOp>(stored) && stored->use_empty()) {
    Operation *source = stored->getOperand(0).getDefiningOp();
    rewriter.eraseOp(stored);
    stored = source;
  }
}

bool isBarrier(Operation *op) {
  return isa<mlir::gpu::BarrierOp, ttg::LocalBarrierOp>(op);
}

/// Why an op needs barriers around it: threads may hand something to each other
/// through it, in memory that can be written elsewhere or in whatever way.
enum class Need { None, ForWrites, Always };

/// Accesses by descriptor are ordered when shared memory is allocated, whether
/// there is a barrier already or not.
Need needsBarriers(Operation *op) {
  if (isBarrier(op) || op->hasTrait<OpTrait::MemWaitOpTrait>() ||
      isa<ttg::AsyncCommitGroupOp, ttng::WarpGroupDotWaitOp>(op))
    return Need::None;
  // Raw addresses, and other groups of warps, that only barriers know of.
  bool touchesMBarrier = llvm::any_of(op->getOperandTypes(), [](Type type) {
    auto memdesc = dyn_cast<ttg::MemDescType>(type);
    return memdesc && memdesc.getElementType().isInteger(64);
  });
  if (touchesMBarrier || isa<LocalPointersOp, ttg::WarpSpecializeOp>(op))
    return Need::Always;
  auto interface = dyn_cast<MemoryEffectOpInterface>(op);
  if (!interface) {
    bool isHarmless = op->hasTrait<OpTrait::HasRecursiveMemoryEffects>() ||
                      op->hasTrait<OpTrait::IsTerminator>() || isa<FuncOp>(op);
    return isHarmless ? Need::None : Need::Always;
  }
  SmallVector<MemoryEffects::EffectInstance> effects;
  interface.getEffects(effects);
  bool writes =
      llvm::any_of(effects, [](const MemoryEffects::EffectInstance &effect) {
        Value touched = effect.getValue();
        return isa<MemoryEffects::Write>(effect.getEffect()) &&
               effect.getResource() != ttg::SharedMemory::get() &&
               !(touched && isa<ttg::MemDescType>(touched.getType()));
      });
  return writes ? Need::ForWrites : Need::None;
}

/// What in a function needs barriers.
struct Needs {
  bool always = false;
  SmallVector<Operation *> writes;
};

Needs findNeeds(Operation *function) {
  Needs needs;
  function->walk([&](Operation *op) {
    Need need = needsBarriers(op);
    if (need == Need::ForWrites)
      needs.writes.push_back(op);
    needs.always |= need == Need::Always;
    return needs.always ? WalkResult::interrupt() : WalkResult::advance();
  });
  return needs;
}

/// What is written once the loop is over, no iteration reads.
bool isBehind(Operation *op, scf::ForOp loop) {
  Operation *ancestor = loop->getBlock()->findAncestorOpInBlock(*op);
  return ancestor && loop->isBeforeInBlock(ancestor) &&
         !loop->getParentOfType<LoopLikeOpInterface>();
}

/// Erases the barriers of the loop's body if nothing needs them any more.
void eraseIdleBarriers(RewriterBase &rewriter, scf::ForOp loop,
                       const Needs &needs) {
  if (needs.always || !llvm::all_of(needs.writes, [&](Operation *op) {
        return isBehind(op, loop);
      }))
    return;
  for (Operation &op : llvm::make_early_inc_range(*loop.getBody()))
    if (isBarrier(&op))
      rewriter.eraseOp(&op);
}

struct PromoteLocalStoreStaging
    : tle::impl::TLEPromoteLocalStoreStagingBase<PromoteLocalStoreStaging> {
  using TLEPromoteLocalStoreStagingBase::TLEPromoteLocalStoreStagingBase;

  void runOnOperation() override {
    SmallVector<ttg::LocalAllocOp> allocs;
    getOperation().walk(
        [&](ttg::LocalAllocOp alloc) { allocs.push_back(alloc); });
    IRRewriter rewriter(&getContext());
    llvm::SetVector<Operation *> loops;
    for (ttg::LocalAllocOp alloc : allocs) {
      StringRef reason;
      FailureOr<Staging> staging = analyze(alloc, reason);
      if (succeeded(staging) && getNumStages(staging->loop, numStages) <= 1) {
        reason = "its loop has a single stage";
        staging = failure();
      }
      if (failed(staging)) {
        // What is never written stages nothing.
        if (alloc.getType().getMutableMemory())
          ttg::leftAlone(alloc, getArgument(),
                         "the buffer stays where it is: " + reason);
        continue;
      }
      ttg::applied(alloc, getArgument(), "the buffer moves into its loop");
      loops.insert(staging->loop);
      promote(rewriter, *staging);
    }
    DenseMap<Operation *, Needs> needs;
    for (Operation *loop : loops) {
      Operation *function = getFunctionOrModule(loop);
      auto [it, isNew] = needs.try_emplace(function);
      if (isNew)
        it->second = findNeeds(function);
      eraseIdleBarriers(rewriter, cast<scf::ForOp>(loop), it->second);
    }
  }
};

} // namespace
