//===- AccumulationDivision.cpp - which side needs what -------------------===//
//
// What of a loop, and of the code behind it, the scores and the sums need, and
// which values cross from the ones to the others.
//
//===----------------------------------------------------------------------===//

#include "AccumulationPlanner.h"
#include "Messages.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tle/Transforms/LocalPointerUtils.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::tle;
namespace ttg = mlir::triton::gpu;

/// Scores of a thread.
static constexpr int64_t kMostScores = 32;

void AccumulationPlanner::findHeavy() {
  size_t before;
  do {
    before = heavy.size();
    for (Operation &op : body->without_terminator()) {
      if (plan.sums.ops.contains(&op))
        continue;
      bool isHeavy = isa<DotOp, ReduceOp>(op) ||
                     llvm::any_of(op.getOperands(), [&](Value operand) {
                       return heavy.contains(operand);
                     });
      if (isHeavy)
        heavy.insert(op.result_begin(), op.result_end());
    }
    for (auto [number, value] : llvm::enumerate(loop.getYieldedValues()))
      if (heavy.contains(value) && !plan.sums.numbers.contains(number)) {
        heavy.insert(loop.getRegionIterArg(number));
        heavy.insert(loop.getResult(number));
      }
  } while (heavy.size() != before);
}

bool AccumulationPlanner::canCross(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && isa<OpResult>(value) && type.hasStaticShape() &&
         (type.getRank() == 1 || type.getRank() == 2) &&
         llvm::all_of(type.getShape(), llvm::isPowerOf2_64) &&
         type.getElementType().isIntOrFloat() &&
         type.getElementTypeBitWidth() >= 8;
}

Value AccumulationPlanner::findRoot(Value value) {
  while (isSpread(value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  return value;
}

/// Adds what `side` needs of the body to make `value`.
void AccumulationPlanner::need(AccumulationSide &side, Value value) {
  bool isAdding = &side == &plan.adding;
  SmallVector<Value> worklist = {value};
  while (!worklist.empty()) {
    Value next = worklist.pop_back_val();
    if (auto argument = dyn_cast<BlockArgument>(next)) {
      if (argument.getOwner() != body || argument == loop.getInductionVar())
        continue;
      unsigned number = argument.getArgNumber() - 1;
      if (side.carried.insert(number))
        worklist.push_back(loop.getYieldedValues()[number]);
      continue;
    }
    Operation *op = next.getDefiningOp();
    if (op->getBlock() != body || (isAdding && plan.crossing.contains(next)) ||
        !side.ops.insert(op))
      continue;
    forEachOperand(op, [&](Value operand) {
      if (operand.getParentRegion() == &loop.getRegion())
        worklist.push_back(operand);
    });
  }
}

bool AccumulationPlanner::divideBody() {
  for (Operation *op : plan.sums.ops)
    for (Value operand : op->getOperands()) {
      if (!heavy.contains(operand))
        continue;
      Value root = findRoot(operand);
      if (!canCross(root) || root.getDefiningOp()->getBlock() != body)
        return refuse("an accumulator depends on a value that cannot cross");
      plan.crossing.insert(root);
    }
  if (plan.crossing.empty())
    return refuse("its accumulators depend on no scores");
  for (unsigned number : plan.sums.numbers)
    need(plan.adding, loop.getRegionIterArg(number));
  need(plan.adding, loop.getRegionIterArg(plan.counter));
  need(plan.scoring, loop.getRegionIterArg(plan.counter));
  for (Value value : plan.crossing)
    need(plan.scoring, value);
  for (Operation *op : plan.scoring.ops) {
    auto type = op->getNumResults() == 1
                    ? dyn_cast<RankedTensorType>(op->getResult(0).getType())
                    : RankedTensorType();
    if (type && heavy.contains(op->getResult(0)) &&
        type.getNumElements() > kMostScores * kScoreWarps * 32)
      return refuse("the scores are too many for " + Twine(kScoreWarps) +
                    " warps");
  }
  findPipes(plan.scoring);
  findPipes(plan.adding);
  for (Operation *pipe : plan.held)
    if (!plan.adding.pipes.contains(pipe))
      return refuse("the sums do not read what they hold to the end");
  for (Operation *op : plan.adding.tail)
    if (isa<PipeWaitOp, PipeReleaseOp>(op)) {
      PipeCreateOp pipe = findPipe(op);
      bool isInLoop = pipe && llvm::any_of(body->getOps<PipeWaitOp>(),
                                           [&](PipeWaitOp wait) {
                                             return findPipe(wait) == pipe;
                                           });
      if (!isInLoop || (plan.items && !plan.held.contains(pipe)))
        return refuse("behind it stands a step of another pipe");
      plan.adding.pipes.insert(pipe);
    }
  for (auto wait : body->getOps<PipeWaitOp>()) {
    Operation *pipe = findPipe(wait);
    if (!plan.scoring.pipes.contains(pipe) && !plan.adding.pipes.contains(pipe))
      return refuse("it waits for a tile that nothing needs");
  }
  return true;
}

/// The sums may release a tile for the scores, too, if they have waited by then
/// for something that the scores hand on behind the last read of it.
bool AccumulationPlanner::findImplied() {
  for (Operation *pipe : plan.scoring.pipes) {
    if (!plan.adding.pipes.contains(pipe))
      continue;
    auto create = cast<PipeCreateOp>(pipe);
    Operation *last = findLastUse(plan.scoring, loop, create);
    Operation *release = findLastUse(plan.adding, loop, create);
    if (!last || !release)
      continue;
    for (Operation *op : plan.sums.ops)
      for (Value operand : op->getOperands()) {
        Value root = findRoot(operand);
        if (!plan.crossing.contains(root) || release->isBeforeInBlock(op))
          continue;
        // It is handed on as soon as its last operand is there.
        for (Value source : root.getDefiningOp()->getOperands())
          if (Operation *def = source.getDefiningOp();
              def && def->getBlock() == body && !def->isBeforeInBlock(last))
            plan.implied.insert(pipe);
      }
  }
  for (Operation *pipe : plan.held)
    if (plan.scoring.pipes.contains(pipe) && !plan.implied.contains(pipe))
      return refuse(
          "the scores may read a tile when the sums are done with it");
  return true;
}

/// The pipes whose fields the ops of `side` access.
void AccumulationPlanner::findPipes(AccumulationSide &side) {
  llvm::SmallPtrSet<Value, 8> roots;
  for (Operation *op : side.ops)
    for (Value operand : op->getOperands())
      if (isMemory(operand))
        roots.insert(findCapturedRoot(operand));
  for (auto wait : body->getOps<PipeWaitOp>()) {
    PipeCreateOp pipe = findPipe(wait);
    for (Value field : pipe.getFields())
      if (roots.contains(findCapturedRoot(field)))
        side.pipes.insert(pipe);
  }
}

bool AccumulationPlanner::divideTail() {
  llvm::DenseSet<Value> ofSums;
  for (unsigned number : plan.sums.numbers)
    ofSums.insert(loop.getResult(number));
  SmallVector<Operation *> tail;
  for (Operation *op = loop->getNextNode();
       op && !op->hasTrait<OpTrait::IsTerminator>(); op = op->getNextNode())
    tail.push_back(op);
  llvm::SetVector<Operation *> adding, stores;
  for (Operation *op : tail) {
    bool isHeavy = false;
    bool isOfSums = isa<PipeWaitOp, PipeReleaseOp>(op) ||
                    llvm::any_of(op->getOperands(), isMemory) ||
                    llvm::any_of(op->getResults(), isMemory);
    forEachOperand(op, [&](Value operand) {
      isHeavy |= heavy.contains(operand);
      isOfSums |= ofSums.contains(operand);
    });
    auto load = dyn_cast<LoadOp>(op);
    bool isKnown = isa<ReduceOp, StoreOp, PipeWaitOp, PipeReleaseOp,
                       ttg::LocalStoreOp, ttg::LocalLoadOp>(op) ||
                   (load && !load.getIsVolatile()) ||
                   (op->getNumRegions() == 0 && isMemoryEffectFree(op));
    if (!isKnown)
      return refuse("behind it stands " + quoted(op));
    if (isOfSums) {
      ofSums.insert(op->result_begin(), op->result_end());
      adding.insert(op);
      continue;
    }
    if (isHeavy)
      heavy.insert(op->result_begin(), op->result_end());
    if (isa<StoreOp>(op))
      stores.insert(op);
  }
  // Each side counts tiles from item to item.
  if (plan.items) {
    Value end = plan.items.getYieldedValues().front();
    Operation *op = end.getDefiningOp();
    bool isKnown = op == loop ? end == loop.getResult(plan.counter)
                              : llvm::is_contained(tail, op);
    if (!isKnown || heavy.contains(end) || ofSums.contains(end))
      return refuse("behind it tiles are not counted on");
    if (op != loop) {
      adding.insert(op);
      stores.insert(op);
    }
  }

  auto collect = [&](AccumulationSide &side,
                     const llvm::SetVector<Operation *> &roots, bool isAdding) {
    llvm::SetVector<Operation *> ops;
    SmallVector<Operation *> worklist(roots.begin(), roots.end());
    ops.insert(roots.begin(), roots.end());
    auto visit = [&](Value value) {
      Operation *op = value.getDefiningOp();
      if (op == loop) {
        unsigned number = cast<OpResult>(value).getResultNumber();
        if (isAdding && heavy.contains(value))
          plan.finals.insert(value);
        else if (!plan.sums.numbers.contains(number))
          need(side, loop.getRegionIterArg(number));
        return;
      }
      if (!op || op->getBlock() != loop->getBlock() ||
          op->isBeforeInBlock(loop))
        return;
      if (isAdding && heavy.contains(value) && !isSpread(op)) {
        plan.finals.insert(value);
        return;
      }
      if (ops.insert(op))
        worklist.push_back(op);
    };
    while (!worklist.empty())
      forEachOperand(worklist.pop_back_val(), visit);
    for (Operation *op : tail)
      if (ops.contains(op))
        side.tail.insert(op);
  };
  collect(plan.adding, adding, /*isAdding=*/true);
  for (Value value : plan.finals) {
    if (!canCross(value))
      return refuse("what stands behind it needs a value that cannot cross");
    if (value.getDefiningOp() != loop)
      stores.insert(value.getDefiningOp());
    else
      need(plan.scoring,
           loop.getRegionIterArg(cast<OpResult>(value).getResultNumber()));
  }
  collect(plan.scoring, stores, /*isAdding=*/false);
  return true;
}
