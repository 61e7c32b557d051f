//===- AccumulationScores.cpp - the partition that makes scores -----------===//
//
// The loop of the scores, with what it needs from before it, what it hands on
// to the sums, and what of the code behind the loop is its own.
//
//===----------------------------------------------------------------------===//

#include "AccumulationSeparator.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::tle;
namespace ttg = mlir::triton::gpu;

void AccumulationSeparator::makeScores(Region &region,
                                       PartitionImports &imports) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(&region.front());
  IRMapping mapping;
  if (!plan.items) {
    makeScoresOfItem({}, imports, mapping);
  } else {
    for (Value bound : plan.items->getOperands().take_front(3))
      imports.import(bound, builder, mapping);
    SmallVector<Value> zeros(2, constant(0));
    scf::ForOp items = createAlike(plan.items, zeros, mapping);
    mapping.map(plan.items.getRegionIterArgs(), items.getRegionIterArgs());
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(items.getBody());
    makeScoresOfItem(items, imports, mapping);
    Value end = mapping.lookup(plan.items.getYieldedValues().front());
    Value next =
        arith::AddIOp::create(builder, loc, getItem(items), constant(1));
    scf::YieldOp::create(builder, loc, ValueRange{end, next});
  }
  ttg::WarpReturnOp::create(builder, loc);
}

void AccumulationSeparator::makeScoresOfItem(scf::ForOp items,
                                             PartitionImports &imports,
                                             IRMapping &mapping) {
  AccumulationSide &side = plan.scoring;
  Value item = getItem(items);
  importAll(side, item, imports, mapping);
  scf::ForOp created = createLoop(side, mapping);
  Value number = mapping.lookup(loop.getRegionIterArg(plan.counter));
  auto emit = [&](Operation *op) {
    readOperands(op, mapping);
    builder.clone(*op, mapping);
    for (Value result : op->getResults())
      if (plan.crossing.contains(result))
        send(pipes[result], mapping.lookup(result), number, mapping);
  };
  fillLoop(side, created, mapping, emit, [](Operation *) {});
  if (!plan.held.empty())
    passEmptyTile(mapping.lookup(loop.getInitArgs()[plan.counter]),
                  mapping.lookup(loop.getResult(plan.counter)),
                  [&](const ValuePipe &pipe, Value number) {
                    acquire(mapping.lookup(pipe.barriers), number);
                    commit(mapping.lookup(pipe.barriers), number);
                  });
  if (items && operandBarriers)
    release(mapping.lookup(operandBarriers), item, side.name);
  sendFinals(item, mapping);
}

/// Brings in what the scores need from before the loop.
void AccumulationSeparator::importAll(AccumulationSide &side, Value item,
                                      PartitionImports &imports,
                                      IRMapping &mapping) {
  auto get = [&](Value value) {
    return imports.import(value, builder, mapping);
  };
  for (auto &[value, pipe] : pipes) {
    get(pipe.barriers);
    get(pipe.buffer);
  }
  for (Operation *pipe : side.pipes)
    get(cast<PipeCreateOp>(pipe).getBarriers());
  if (finalBarriers)
    get(finalBarriers);
  for (Value buffer : finalBuffers)
    get(buffer);
  if (operandBarriers) {
    Value barriers = get(operandBarriers);
    for (auto [load, buffer] : llvm::zip(plan.operands, operandBuffers))
      views[load.getResult()] = getSlot(get(buffer), Value());
    wait(barriers, item, side.name);
  }
  for (Value value :
       {loop.getLowerBound(), loop.getUpperBound(), loop.getStep()})
    get(value);
  for (unsigned number : side.carried)
    get(loop.getInitArgs()[number]);
  auto getOperands = [&](Operation *op) {
    op->walk([&](Operation *inner) {
      for (Value value : inner->getOperands()) {
        bool isInside = value.getParentRegion() == &loop.getRegion() ||
                        op->isAncestor(value.getParentBlock()->getParentOp()) ||
                        value.getDefiningOp() == loop ||
                        side.tail.contains(value.getDefiningOp());
        if (!isInside &&
            !llvm::is_contained(plan.operands, value.getDefiningOp<LoadOp>()))
          get(value);
      }
    });
  };
  llvm::for_each(side.ops, getOperands);
  llvm::for_each(side.tail, getOperands);
}

void AccumulationSeparator::send(const ValuePipe &pipe, Value value,
                                 Value number, IRMapping &mapping) {
  Value barriers = mapping.lookup(pipe.barriers);
  acquire(barriers, number);
  Value slot = getSlot(mapping.lookup(pipe.buffer), number);
  ttg::LocalStoreOp::create(builder, value.getLoc(), value, slot);
  commit(barriers, number);
}

/// Of a pipe with empty tiles the scores wait for these, too: by the parity
/// of a round nobody can tell two rounds. The sums release the last tile of
/// an item when they have what follows.
void AccumulationSeparator::waitForHeld(IRMapping &mapping) {
  Value last;
  for (Operation *pipe : plan.scoring.pipes) {
    if (!plan.held.contains(pipe))
      continue;
    if (!last)
      last = arith::SubIOp::create(
          builder, loc, mapping.lookup(plan.items.getYieldedValues().front()),
          constant(1));
    waitImplied(mapping.lookup(cast<PipeCreateOp>(pipe).getBarriers()), last);
  }
}

/// What stands behind the loop; first what the finals need, for the sums wait
/// for them.
void AccumulationSeparator::sendFinals(Value item, IRMapping &mapping) {
  llvm::SmallPtrSet<Operation *, 8> early;
  SmallVector<Value> worklist(plan.finals.begin(), plan.finals.end());
  if (plan.items)
    worklist.push_back(plan.items.getYieldedValues().front());
  while (!worklist.empty()) {
    Operation *op = worklist.pop_back_val().getDefiningOp();
    if (op && plan.scoring.tail.contains(op) && early.insert(op).second)
      llvm::append_range(worklist, op->getOperands());
  }
  for (Operation *op : plan.scoring.tail)
    if (early.contains(op))
      builder.clone(*op, mapping);
  waitForHeld(mapping);
  if (!plan.finals.empty()) {
    Value barriers = mapping.lookup(finalBarriers);
    acquire(barriers, item);
    for (auto [value, buffer] : llvm::zip(plan.finals, finalBuffers))
      ttg::LocalStoreOp::create(builder, value.getLoc(), mapping.lookup(value),
                                getSlot(mapping.lookup(buffer), Value()));
    commit(barriers, item);
  }
  for (Operation *op : plan.scoring.tail)
    if (!early.contains(op))
      builder.clone(*op, mapping);
}
