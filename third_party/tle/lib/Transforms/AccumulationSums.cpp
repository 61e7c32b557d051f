//===- AccumulationSums.cpp - the loop that adds up -----------------------===//
//
// The loop of the sums, which takes what the scores hand on, and what stands
// behind it.
//
//===----------------------------------------------------------------------===//

#include "AccumulationSeparator.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::tle;
namespace ttg = mlir::triton::gpu;

void AccumulationSeparator::makeSums() {
  AccumulationSide &side = plan.adding;
  views.clear();
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(loop);
  IRMapping mapping;
  scf::ForOp created = createLoop(side, mapping);
  Value number = mapping.lookup(loop.getRegionIterArg(plan.counter));
  llvm::DenseMap<Value, Operation *> lastUses;
  for (Operation *op : plan.sums.ops)
    for (Value operand : op->getOperands())
      if (pipes.contains(findRoot(operand)))
        lastUses[findRoot(operand)] = op;
  llvm::DenseMap<Value, Value> slots;
  auto emit = [&](Operation *op) {
    if (!plan.sums.ops.contains(op)) {
      // What spreads a value that crosses follows where it is used.
      if (!isSpread(op) || !pipes.contains(findRoot(op->getOperand(0))))
        builder.clone(*op, mapping);
      return;
    }
    if (mapping.contains(op->getResult(0)))
      return;
    for (Value operand : op->getOperands()) {
      Value root = findRoot(operand);
      auto pipe = pipes.find(root);
      if (pipe == pipes.end() || slots.contains(root))
        continue;
      wait(pipe->second.barriers, number, side.name);
      slots[root] = getSlot(pipe->second.buffer, number);
    }
    if (Value factor = findFactor(op))
      scale(op, factor, slots, lastUses, mapping);
    else
      clone(op, slots, mapping);
  };
  fillLoop(side, created, mapping, emit, [&](Operation *op) {
    for (auto &[root, pipe] : pipes)
      if (lastUses.lookup(root) == op)
        release(pipe.barriers, number, side.name);
  });
  finish(created, mapping);
}

Value AccumulationSeparator::findRoot(Value value) {
  while (isSpread(value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  return value;
}

/// The vector that crosses and scales an accumulator in `op`, or null.
Value AccumulationSeparator::findFactor(Operation *op) {
  if (!isa<arith::MulFOp>(op))
    return {};
  Value roots[] = {findRoot(op->getOperand(0)), findRoot(op->getOperand(1))};
  for (unsigned index : {0, 1}) {
    auto type = dyn_cast<RankedTensorType>(roots[index].getType());
    if (pipes.contains(roots[index]) && !pipes.contains(roots[1 - index]) &&
        type && type.getRank() == 1 && type.getElementType().isF32())
      return roots[index];
  }
  return {};
}

/// Multiplies accumulators by `factor`, `op` first, in a branch that is taken
/// if it is not 1 everywhere.
void AccumulationSeparator::scale(Operation *op, Value factor,
                                  const llvm::DenseMap<Value, Value> &slots,
                                  llvm::DenseMap<Value, Operation *> &lastUses,
                                  IRMapping &mapping) {
  SmallVector<Operation *> products;
  SmallVector<Value> sums;
  SmallVector<Type> types;
  bool isWhole = true;
  for (Operation *other : plan.sums.ops) {
    bool usesFactor = llvm::any_of(other->getOperands(), [&](Value operand) {
      return findRoot(operand) == factor;
    });
    if (!usesFactor || mapping.contains(other->getResult(0)))
      continue;
    unsigned index = findRoot(other->getOperand(0)) == factor ? 1 : 0;
    if (findFactor(other) != factor ||
        !mapping.contains(other->getOperand(index))) {
      isWhole = false;
      continue;
    }
    products.push_back(other);
    sums.push_back(mapping.lookup(other->getOperand(index)));
    types.push_back(other->getResult(0).getType());
  }
  Value isNeeded = createAnyNotOne(ttg::LocalLoadOp::create(
      builder, loc, factor.getType(), slots.lookup(factor)));
  auto branch = scf::IfOp::create(builder, loc, types, isNeeded,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  SmallVector<Value> scaled;
  for (Operation *product : products) {
    IRMapping inner(mapping);
    clone(product, slots, inner);
    scaled.push_back(inner.lookup(product->getResult(0)));
  }
  scf::YieldOp::create(builder, loc, scaled);
  builder.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(builder, loc, sums);
  for (auto [product, result] : llvm::zip(products, branch.getResults()))
    mapping.map(product->getResult(0), result);
  if (isWhole)
    lastUses[factor] = op;
}

void AccumulationSeparator::clone(Operation *op,
                                  const llvm::DenseMap<Value, Value> &slots,
                                  IRMapping &mapping) {
  IRMapping local(mapping);
  readOperands(op, local);
  for (Value operand : op->getOperands()) {
    Value root = findRoot(operand);
    auto slot = slots.find(root);
    if (slot == slots.end())
      continue;
    local.map(root, ttg::LocalLoadOp::create(builder, loc, root.getType(),
                                             slot->second)
                        .getResult());
    SmallVector<Operation *> spreads;
    for (Value value = operand; value != root;
         value = value.getDefiningOp()->getOperand(0))
      spreads.push_back(value.getDefiningOp());
    for (Operation *spread : llvm::reverse(spreads))
      builder.clone(*spread, local);
  }
  Operation *copy = builder.clone(*op, local);
  mapping.map(op->getResults(), copy->getResults());
}

/// Lets what stands behind the loop use the new one, and erases the rest.
void AccumulationSeparator::finish(scf::ForOp created, IRMapping &mapping) {
  AccumulationSide &side = plan.adding;
  builder.setInsertionPointAfter(created);
  if (!plan.held.empty())
    passEmptyTile(loop.getInitArgs()[plan.counter],
                  mapping.lookup(loop.getResult(plan.counter)),
                  [&](const ValuePipe &pipe, Value number) {
                    wait(pipe.barriers, number, side.name);
                    release(pipe.barriers, number, side.name);
                  });
  if (!plan.finals.empty()) {
    Value item = getItem(plan.items);
    wait(finalBarriers, item, side.name);
    for (auto [value, buffer] : llvm::zip(plan.finals, finalBuffers)) {
      Value loaded = ttg::LocalLoadOp::create(builder, loc, value.getType(),
                                              getSlot(buffer, Value()));
      Value(value).replaceUsesWithIf(loaded, [&](OpOperand &use) {
        Block *block = loop->getBlock();
        return side.tail.contains(
            block->findAncestorOpInBlock(*use.getOwner()));
      });
    }
    if (plan.items)
      release(finalBarriers, item, side.name);
  }
  SmallVector<Operation *> gone;
  for (Operation *op = loop->getNextNode();
       !op->hasTrait<OpTrait::IsTerminator>(); op = op->getNextNode()) {
    if (auto wait = dyn_cast<PipeWaitOp>(op))
      wait.setReader(side.name);
    if (auto release = dyn_cast<PipeReleaseOp>(op))
      release.setReader(side.name);
    if (!side.tail.contains(op))
      gone.push_back(op);
  }
  for (Operation *op : llvm::reverse(gone))
    op->erase();
  for (unsigned number : side.carried)
    loop.getResult(number).replaceAllUsesWith(
        mapping.lookup(loop.getResult(number)));
  Block *block = loop->getBlock();
  loop.erase();
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(*block)))
    if (isOpTriviallyDead(&op))
      op.erase();
    else
      sink(&op, created);
}

/// Lets what only stands behind `created` need be made there, where it is
/// first used: beside the accumulators there is no room for pointers.
void AccumulationSeparator::sink(Operation *op, scf::ForOp created) {
  if (!isMemoryEffectFree(op) || op->getNumRegions() != 0 ||
      op->hasTrait<OpTrait::ConstantLike>() ||
      op->hasTrait<OpTrait::IsTerminator>())
    return;
  Operation *first = nullptr;
  for (Operation *user : op->getUsers()) {
    Operation *ancestor = op->getBlock()->findAncestorOpInBlock(*user);
    if (!first || ancestor->isBeforeInBlock(first))
      first = ancestor;
  }
  if (first && created->isBeforeInBlock(first))
    op->moveBefore(first);
}
