//===- TakeTurns.cpp - two warp groups multiply in turn -------------------===//
//
// Precondition:  layouts are final, products have their waits; steps of pipes
//                are still ops, fences are not yet placed. Loops that may take
//                turns bear tle.may_take_turns.
// Rewrite:       scf.for { dot; wait; calculate; dot; wait }
//            ==> scf.for { dot; wait; give the turn; calculate;
//                          take the turn; dot; wait }
//                The wait for the second product's tile goes down to there:
//                what is calculated behind it would be calculated in turn.
// Postcondition: no loop bears tle.may_take_turns. Of the two warp groups of a
//                loop with turns only the one whose turn it is issues products.
//
// How the turn goes on. Each group has an mbarrier, which one phase ends of
// when the threads of the other group arrive: that gives it the turn. Group 0
// begins. Ahead of the loop group 1 waits for phase 0, where group 0 waits for
// the phase before the first, which is over. In iteration i each gives the turn
// once, and takes it again: group 0 waits for phase i, group 1 for i + 1. So
// both parities are i + the group's number. Behind the loop both give the turn
// once more: group 1 needs it for phase n; the other arrival nobody waits for.
// A group waits for a phase before it gives the turn for which the other one
// ends the next, so no phase is missed. Each mbarrier serves one run of the
// loop: the loop stands in the partition itself, and that runs once.
//
// Why nobody waits for ever:
//
// - The turn itself. Who has it waits, before giving it on, for products (which
//   end) and for tiles. Group 0 has it for the products of tile i + 1 only when
//   group 1 has given its own behind the wait for its products of tile i, so
//   group 1 is through iteration i - 1 and has released its tiles; and so the
//   other way round, one tile less apart. Tile i + 1 needs the slot of tile
//   i + 1 - N, and with N >= 2 that has been released by both. That pipes have
//   two slots, and writers wait for nothing else, is what the mark says.
// - Barriers of all warps. None lies in the loop: its ops read shared memory,
// or
//   do not touch it, and what was written before lies behind the barrier that
//   is put ahead of the loop, so that stock's analysis finds nothing to order.
//
// The results are those of before: nothing moves but the issue of products.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/Passes.h"
#include "tle/Transforms/ThreadLocality.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/Transforms/BufferAnalysis.h"
#include "triton/Dialect/TritonGPU/Transforms/Remarks.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLETAKETURNS
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;
using namespace mlir::triton::nvidia_gpu;
using namespace mlir::triton::tle;

namespace {

constexpr int kGroups = 2;
constexpr int kGroupWarps = 4;
constexpr int kGroupThreads = 128;

/// The number of this thread's group. It is volatile: calculated once, ahead of
/// the loop.
constexpr StringLiteral kGroup = "{ .reg .b32 thread; mov.u32 thread, %tid.x; "
                                 "shr.u32 thread, thread, 7; "
                                 "and.b32 $0, thread, 1; }";

/// Where a loop gives its turn, and where it takes it again.
struct Turns {
  Operation *giveBehind = nullptr;
  Operation *takeBefore = nullptr;
  /// The iteration's number.
  Value iteration;
};

/// Whether no product is under way behind `op`.
bool endsProducts(Operation *op) {
  if (auto wait = dyn_cast<WarpGroupDotWaitOp>(op))
    return wait.getPendings() == 0;
  auto dot = dyn_cast<WarpGroupDotOp>(op);
  return dot && !dot.getIsAsync();
}

bool holdsArrival(Operation *op) {
  return op->walk([](ArriveBarrierOp) { return WalkResult::interrupt(); })
      .wasInterrupted();
}

/// A stretch of the body behind the end of all products, up to the next one.
struct Calculation {
  Operation *end = nullptr;
  Operation *lastArrival = nullptr;
  Operation *next = nullptr;
  bool isLong = false;
};

/// The stretches of `body` that begin and end in it.
SmallVector<Calculation> findCalculations(Block &body) {
  SmallVector<Calculation> found;
  Calculation current;
  for (Operation &op : body.without_terminator()) {
    if (isa<WarpGroupDotOp>(op) && current.end) {
      current.next = &op;
      found.push_back(current);
      current = Calculation();
    }
    if (endsProducts(&op)) {
      current = Calculation();
      current.end = &op;
      continue;
    }
    if (!current.end)
      continue;
    // A release comes first: the producer waits for it.
    if (!current.isLong && holdsArrival(&op))
      current.lastArrival = &op;
    if (isa<ReduceOp, math::ExpOp, math::Exp2Op>(op))
      current.isLong = true;
  }
  return found;
}

/// The value that `loop` carries and that counts its iterations from 0.
Value findCounter(scf::ForOp loop) {
  Operation *yield = loop.getBody()->getTerminator();
  for (auto [init, argument, next] :
       llvm::zip(loop.getInitArgs(), loop.getRegionIterArgs(),
                 yield->getOperands())) {
    auto add = next.getDefiningOp<arith::AddIOp>();
    if (argument.getType().isInteger(32) && matchPattern(init, m_Zero()) &&
        add && add.getLhs() == argument && matchPattern(add.getRhs(), m_One()))
      return argument;
  }
  return Value();
}

FailureOr<Turns> planTurns(scf::ForOp loop, std::string &reason) {
  auto refuse = [&](const Twine &why) {
    reason = why.str();
    return failure();
  };
  auto specialize = dyn_cast<WarpSpecializeOp>(loop->getParentOp());
  if (!specialize || !isa<FuncOp>(specialize->getParentOp()))
    return refuse("it does not stand in the kernel's own partition");
  if (lookupNumWarps(loop) != kGroups * kGroupWarps)
    return refuse("turns are for two warp groups");
  Operation *alien = nullptr;
  loop.getBody()->walk([&](Operation *op) {
    bool isHidden = isa<WarpGroupDotOp, WarpGroupDotWaitOp>(op) &&
                    op->getParentOp() != loop;
    if (!alien && (isHidden || !needsNoBarrier(op)))
      alien = op;
  });
  if (alien)
    return refuse("its warps may have to meet at '" +
                  alien->getName().getStringRef() + "'");
  SmallVector<Calculation> found = findCalculations(*loop.getBody());
  llvm::erase_if(found, [](const Calculation &each) { return !each.isLong; });
  if (found.size() != 1)
    return refuse("it does not calculate in one place between two products");
  const Calculation &only = found.front();
  Turns turns{only.lastArrival ? only.lastArrival : only.end, only.next,
              findCounter(loop)};
  if (!turns.iteration)
    return refuse("it does not count its tiles");
  return turns;
}

/// Moves the wait for a tile of `dot` down to it.
void sinkTileWait(Operation *dot) {
  Operation *op = dot->getPrevNode();
  while (op && op->getNumRegions() == 0 && isMemoryEffectFree(op))
    op = op->getPrevNode();
  if (isa_and_nonnull<WaitBarrierOp>(op) && op->hasAttr(kPerThreadAttr))
    op->moveBefore(dot);
}

/// Puts the turns into one loop.
class TurnBuilder {
public:
  TurnBuilder(scf::ForOp loop, const Turns &turns)
      : builder(loop), loc(loop.getLoc()), loop(loop), turns(turns) {}

  void run() {
    Operation *specialize = loop->getParentOp();
    builder.setInsertionPoint(specialize);
    createBarriers();
    builder.setInsertionPoint(loop);
    // What is written so far is read in the loop, by products too.
    FenceAsyncSharedOp::create(builder, loc, /*bCluster=*/false);
    mlir::gpu::BarrierOp::create(builder, loc);
    Value group = ElementwiseInlineAsmOp::create(
                      builder, loc, TypeRange{builder.getI32Type()},
                      builder.getStringAttr(kGroup),
                      builder.getStringAttr("=r,r"), builder.getBoolAttr(false),
                      builder.getI32IntegerAttr(1), ValueRange{constant(0)})
                      .getResult()
                      .front();
    Value other = arith::XOrIOp::create(builder, loc, group, constant(1));
    own = view(group);
    others = view(other);
    wait(other);

    builder.setInsertionPointAfter(turns.giveBehind);
    give();
    sinkTileWait(turns.takeBefore);
    builder.setInsertionPoint(turns.takeBefore);
    Value sum = arith::AddIOp::create(builder, loc, turns.iteration, group);
    wait(arith::AndIOp::create(builder, loc, sum, constant(1)));
    builder.setInsertionPointAfter(loop);
    give();
  }

private:
  OpBuilder builder;
  Location loc;
  scf::ForOp loop;
  Turns turns;
  Value barriers, own, others;

  Value constant(int32_t value) {
    return arith::ConstantIntOp::create(builder, loc, value, 32);
  }

  /// The mbarrier of a group.
  Value view(Value group) {
    auto type = cast<MemDescType>(barriers.getType());
    auto one = MemDescType::get({1}, type.getElementType(), type.getEncoding(),
                                type.getMemorySpace(), /*mutableMemory=*/true);
    return MemDescIndexOp::create(builder, loc, one, barriers, group);
  }

  void createBarriers() {
    MLIRContext *context = builder.getContext();
    auto layout = SwizzledSharedEncodingAttr::get(
        context, /*vec=*/1, /*perPhase=*/1, /*maxPhase=*/1, {0},
        CGAEncodingAttr::getDefault(context, 1));
    barriers = LocalAllocOp::create(
        builder, loc,
        MemDescType::get({kGroups, 1}, builder.getI64Type(), layout,
                         SharedMemorySpaceAttr::get(context),
                         /*mutableMemory=*/true),
        Value());
    for (int group = 0; group < kGroups; ++group)
      mark(InitBarrierOp::create(builder, loc, view(constant(group)),
                                 kGroupThreads));
  }

  void give() {
    mark(ArriveBarrierOp::create(builder, loc, others, /*count=*/1,
                                 /*pred=*/Value()));
  }

  void wait(Value phase) {
    Operation *op = WaitBarrierOp::create(builder, loc, own, phase,
                                          /*pred=*/Value(), ValueRange());
    mark(op);
    op->setAttr(kTurnAttr, builder.getUnitAttr());
  }

  void mark(Operation *op) {
    op->setAttr(kPerThreadAttr, builder.getUnitAttr());
  }
};

class TakeTurnsPass
    : public triton::tle::impl::TLETakeTurnsBase<TakeTurnsPass> {
public:
  void runOnOperation() override {
    SmallVector<scf::ForOp> loops;
    getOperation().walk([&](scf::ForOp loop) {
      if (loop->hasAttr(kMayTakeTurnsAttr))
        loops.push_back(loop);
    });
    for (scf::ForOp loop : loops)
      takeTurns(loop);
  }

private:
  void takeTurns(scf::ForOp loop) {
    loop->removeAttr(kMayTakeTurnsAttr);
    std::string reason;
    FailureOr<Turns> turns = planTurns(loop, reason);
    if (failed(turns))
      return leftAlone(loop, getArgument(), reason);
    applied(loop, getArgument(), "two warp groups multiply in turn");
    TurnBuilder(loop, *turns).run();
  }
};

} // namespace
