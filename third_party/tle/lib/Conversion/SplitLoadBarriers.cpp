//===- SplitLoadBarriers.cpp - only who loads waits for all ---------------===//
//
// Precondition:  barriers of the CTA are nvvm.barrier0, and no warp group has a
//                program of its own.
// Rewrite:       in a loop of products whose tiles TMA loads, barriers that
//                separate nothing go. Of the one that is left only the warps
//                that start loads wait for all; the others arrive and go on.
//                Each iteration takes the next of the barriers 1 to 15; all
//                warps meet behind the loop.
// Postcondition: no warp arrives at a barrier twice before all have arrived
//                once; loads into a slot start when all have read it.
//
//===----------------------------------------------------------------------===//

#include "mlir/Analysis/CFGLoopInfo.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tle/Conversion/Passes.h"
#include "triton/Dialect/NVGPU/IR/Dialect.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLESPLITLOADBARRIERS
#include "tle/Conversion/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;

namespace {

constexpr unsigned kNamedBarriers = 15;
/// A ring of tiles of this size has less slots than there are named barriers.
constexpr unsigned kSmallestTile = 16 * 1024;

/// The pointer that an address is counted from.
Value findBase(Value address) {
  while (auto gep = address.getDefiningOp<LLVM::GEPOp>())
    address = gep.getBase();
  return address;
}

/// The number of threads, counted from the first, among which `predicate` is
/// true; nothing if that is not known. Conjunctions are followed to `depth`.
std::optional<unsigned> countThreads(Value predicate, unsigned depth = 8) {
  if (auto both = predicate.getDefiningOp<LLVM::AndOp>(); both && depth > 0) {
    std::optional<unsigned> left = countThreads(both.getLhs(), depth - 1);
    std::optional<unsigned> right = countThreads(both.getRhs(), depth - 1);
    return left && right ? std::min(*left, *right) : (left ? left : right);
  }
  auto compare = predicate.getDefiningOp<LLVM::ICmpOp>();
  if (!compare)
    return std::nullopt;
  Value thread = compare.getLhs();
  if (auto masked = thread.getDefiningOp<LLVM::AndOp>())
    thread = masked.getLhs();
  auto bound = compare.getRhs().getDefiningOp<LLVM::ConstantOp>();
  auto number = bound ? dyn_cast<IntegerAttr>(bound.getValue()) : IntegerAttr();
  if (!number || !thread.getDefiningOp<NVVM::ThreadIdXOp>())
    return std::nullopt;
  if (compare.getPredicate() == LLVM::ICmpPredicate::ult)
    return number.getInt();
  if (compare.getPredicate() == LLVM::ICmpPredicate::eq && number.getInt() == 0)
    return 1;
  return std::nullopt;
}

/// Whether `op` is the wait for a tile, on the mbarrier that is its first
/// operand.
bool isTileWait(LLVM::InlineAsmOp op) {
  return op->getNumOperands() > 0 &&
         op.getAsmString().contains("mbarrier.try_wait.parity");
}

/// Whether `op` announces bytes on the mbarrier that is its second operand.
bool isAnnouncement(LLVM::InlineAsmOp op) {
  return op->getNumOperands() > 1 &&
         op.getAsmString().starts_with("@$0 mbarrier.arrive.expect_tx.");
}

/// Whether `op` starts a TMA load.
bool isTileLoad(LLVM::InlineAsmOp op) {
  return op->getNumOperands() > 0 &&
         op.getAsmString().starts_with("@$0 cp.async.bulk.tensor.") &&
         op.getAsmString().contains(".shared::cluster.global.");
}

/// Whether `op` calculates, or at most exchanges values inside of a warp.
bool isArithmetic(Operation *op) {
  if (auto call = dyn_cast<LLVM::CallOp>(op)) {
    // Functions of libdevice.
    std::optional<StringRef> callee = call.getCallee();
    return callee && callee->starts_with("__nv_");
  }
  return isa<NVVM::ElectSyncOp, NVVM::ShflOp, BranchOpInterface>(op) ||
         (op->getNumRegions() == 0 && isMemoryEffectFree(op));
}

/// Whether `op` needs no barrier behind it.
bool isIdle(Operation *op) {
  if (auto assembly = dyn_cast<LLVM::InlineAsmOp>(op))
    return isAnnouncement(assembly) || isTileLoad(assembly);
  return isArithmetic(op);
}

/// Whether only idle ops run from a barrier to the end of `block`, if that
/// holds at its start or not.
bool isIdleAtEnd(Block &block, bool atStart) {
  for (Operation &op : llvm::reverse(block)) {
    if (isa<NVVM::Barrier0Op>(op))
      return true;
    if (!isIdle(&op))
      return false;
  }
  return atStart;
}

/// For each block of `func`, whether only idle ops run between the last barrier
/// and its start, on all paths.
DenseMap<Block *, bool> findIdleStarts(LLVM::LLVMFuncOp func) {
  DenseMap<Block *, bool> atStart;
  SetVector<Block *> worklist;
  for (Block &block : func.getBody()) {
    atStart[&block] = !block.isEntryBlock();
    worklist.insert(&block);
  }
  while (!worklist.empty()) {
    Block *block = worklist.pop_back_val();
    if (isIdleAtEnd(*block, atStart[block]))
      continue;
    for (Block *next : block->getSuccessors())
      if (std::exchange(atStart[next], false))
        worklist.insert(next);
  }
  return atStart;
}

/// What a loop does beside arithmetic and products.
struct LoopAccesses {
  SmallVector<NVVM::Barrier0Op> idleBarriers;
  /// The only one that separates something.
  NVVM::Barrier0Op barrier;
  SmallVector<LLVM::InlineAsmOp> waits, announcements, loads;
};

/// Collects the accesses of `loop`; false if it does anything else or has more
/// barriers that separate something than one.
bool collect(CFGLoop &loop, const DenseMap<Block *, bool> &idleStarts,
             LoopAccesses &accesses) {
  for (Block *block : loop.getBlocks()) {
    bool idle = idleStarts.lookup(block);
    for (Operation &op : *block) {
      if (auto barrier = dyn_cast<NVVM::Barrier0Op>(op)) {
        if (idle)
          accesses.idleBarriers.push_back(barrier);
        else if (accesses.barrier)
          return false;
        else
          accesses.barrier = barrier;
        idle = true;
        continue;
      }
      idle &= isIdle(&op);
      if (auto assembly = dyn_cast<LLVM::InlineAsmOp>(op)) {
        if (isTileWait(assembly))
          accesses.waits.push_back(assembly);
        else if (isAnnouncement(assembly))
          accesses.announcements.push_back(assembly);
        else if (isTileLoad(assembly))
          accesses.loads.push_back(assembly);
        else
          return false;
      } else if (!isArithmetic(&op) &&
                 !isa<NVVM::WgmmaFenceAlignedOp, NVVM::WgmmaGroupSyncAlignedOp,
                      triton::nvgpu::WGMMAOp, triton::nvgpu::WGMMAWaitGroupOp>(
                     op)) {
        return false;
      }
    }
  }
  return true;
}

/// Bytes that "... expect_tx ... _, [$1], 32768;" announces.
unsigned announcedBytes(LLVM::InlineAsmOp announcement) {
  unsigned bytes = 0;
  StringRef text = announcement.getAsmString().rtrim("; \n");
  if (text.rsplit(',').second.trim().getAsInteger(10, bytes))
    return 0;
  return bytes;
}

/// The number of threads that must wait for all others ahead of the loads, or
/// nothing if the loop is none that can be split. `isAlways` tells the blocks
/// that every iteration enters.
std::optional<unsigned>
countWaitingThreads(const LoopAccesses &accesses,
                    llvm::function_ref<bool(Block *)> isAlways) {
  if (!accesses.barrier || !isAlways(accesses.barrier->getBlock()) ||
      accesses.announcements.empty() || accesses.loads.empty())
    return std::nullopt;
  // No warp gets ahead of those that load by more tiles than the ring holds:
  // it waits for tiles of this very ring.
  auto baseOf = [](LLVM::InlineAsmOp op, unsigned operand) {
    return findBase(op.getOperands()[operand]);
  };
  SmallVector<Value> rings;
  for (LLVM::InlineAsmOp announcement : accesses.announcements) {
    if (announcedBytes(announcement) < kSmallestTile)
      return std::nullopt;
    rings.push_back(baseOf(announcement, 1));
  }
  for (Value ring : rings)
    if (llvm::none_of(accesses.waits, [&](LLVM::InlineAsmOp wait) {
          return baseOf(wait, 0) == ring && isAlways(wait->getBlock());
        }))
      return std::nullopt;
  unsigned threads = 0;
  for (auto &ops : {accesses.announcements, accesses.loads}) {
    for (LLVM::InlineAsmOp op : ops) {
      std::optional<unsigned> number = countThreads(op.getOperands()[0]);
      if (!number)
        return std::nullopt;
      threads = std::max(threads, *number);
    }
  }
  // No CTA has more.
  constexpr unsigned most = 1024;
  return llvm::alignTo(std::min(threads, most), 32);
}

class SplitLoadBarriersPass
    : public triton::tle::impl::TLESplitLoadBarriersBase<
          SplitLoadBarriersPass> {
public:
  void runOnOperation() override {
    bool specialized =
        getOperation()
            ->walk([](Operation *op) {
              return op->getName().getStringRef() == "ttg.warp_specialize"
                         ? WalkResult::interrupt()
                         : WalkResult::advance();
            })
            .wasInterrupted();
    if (specialized)
      return;
    for (auto func : getOperation().getOps<LLVM::LLVMFuncOp>()) {
      auto threads = func->getAttrOfType<DenseI32ArrayAttr>("nvvm.reqntid");
      constexpr int32_t groupThreads = 128;
      if (!func.isExternal() && threads && threads.size() == 1 &&
          threads[0] > groupThreads)
        visit(func, threads[0]);
    }
  }

private:
  /// Whether `func` uses barriers by number itself.
  static bool usesNamedBarriers(LLVM::LLVMFuncOp func) {
    return func
        .walk([](Operation *op) {
          bool named = isa<NVVM::BarrierOp, NVVM::BarrierArriveOp>(op);
          if (auto assembly = dyn_cast<LLVM::InlineAsmOp>(op)) {
            StringRef text = assembly.getAsmString();
            named = text.contains("bar.sync") || text.contains("bar.arrive") ||
                    text.contains("bar.red") || text.contains("barrier.sync") ||
                    text.contains("barrier.cta");
          }
          return named ? WalkResult::interrupt() : WalkResult::advance();
        })
        .wasInterrupted();
  }

  static void visit(LLVM::LLVMFuncOp func, unsigned numThreads) {
    if (func.getBody().hasOneBlock() || usesNamedBarriers(func))
      return;
    DominanceInfo dominance(func);
    CFGLoopInfo loops(dominance.getDomTree(&func.getBody()));
    DenseMap<Block *, bool> idleStarts = findIdleStarts(func);
    for (CFGLoop *loop : loops.getLoopsInPreorder()) {
      LoopAccesses accesses;
      if (!loop->getSubLoops().empty() || !collect(*loop, idleStarts, accesses))
        continue;
      Block *latch = loop->getLoopLatch();
      std::optional<unsigned> waiting =
          countWaitingThreads(accesses, [&](Block *block) {
            return latch && dominance.dominates(block, latch);
          });
      if (!waiting || *waiting >= numThreads)
        continue;
      SmallVector<Block *> exits;
      loop->getUniqueExitBlocks(exits);
      if (!llvm::all_of(exits, [&](Block *exit) {
            return llvm::all_of(exit->getPredecessors(), [&](Block *from) {
              return loop->contains(from);
            });
          }))
        continue;
      for (NVVM::Barrier0Op barrier : accesses.idleBarriers)
        barrier.erase();
      split(func, accesses.barrier, *waiting, numThreads);
      for (Block *exit : exits) {
        OpBuilder builder(exit, exit->begin());
        NVVM::Barrier0Op::create(builder, func.getLoc());
      }
    }
  }

  static void split(LLVM::LLVMFuncOp func, NVVM::Barrier0Op barrier,
                    unsigned waiting, unsigned numThreads) {
    Location loc = barrier.getLoc();
    OpBuilder builder(&func.getBody().front(), func.getBody().front().begin());
    Type i32 = builder.getI32Type();
    auto constant = [&](int value) -> Value {
      return LLVM::ConstantOp::create(builder, loc, i32,
                                      builder.getI32IntegerAttr(value));
    };
    // A variable that LLVM makes a register.
    auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
    Value count =
        LLVM::AllocaOp::create(builder, loc, pointer, i32, constant(1));
    LLVM::StoreOp::create(builder, loc, constant(1), count);
    Value thread = NVVM::ThreadIdXOp::create(builder, loc, i32);

    builder.setInsertionPoint(barrier);
    Value number = LLVM::LoadOp::create(builder, loc, i32, count);
    auto dialect = LLVM::AsmDialectAttr::get(builder.getContext(),
                                             LLVM::AsmDialect::AD_ATT);
    std::string all = std::to_string(numThreads);
    std::string text = "{ .reg .pred q; setp.lt.u32 q, $0, " +
                       std::to_string(waiting) + "; @q bar.sync $1, " + all +
                       "; @!q bar.arrive $1, " + all + "; }";
    LLVM::InlineAsmOp::create(builder, loc, TypeRange{},
                              ValueRange{thread, number}, text, "r,r",
                              /*has_side_effects=*/true,
                              /*is_align_stack=*/false,
                              LLVM::TailCallKind::None, dialect, ArrayAttr());
    Value isLast = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::eq,
                                        number, constant(kNamedBarriers));
    Value next = LLVM::AddOp::create(builder, loc, number, constant(1));
    next = LLVM::SelectOp::create(builder, loc, isLast, constant(1), next);
    LLVM::StoreOp::create(builder, loc, next, count);
    barrier.erase();
  }
};

} // namespace
