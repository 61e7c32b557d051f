//===- TileLoopNeeds.cpp - what the sides of a tile loop need -------------===//
//
// Which ops and values of a loop the producer needs to address its tiles, which
// ones the consumer needs, and what crosses between them.
//
//===----------------------------------------------------------------------===//

#include "Messages.h"
#include "TileLoopPlanner.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tle/Transforms/GlobalWrites.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/Transforms/BufferAnalysis.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::tle;
namespace ttg = mlir::triton::gpu;

/// Larger values do not cross: the consumer loads them again.
static constexpr int64_t kMaxCrossingBytes = 16384;

/// Whether the producer may run `op` beside what comes before it.
static bool canRunAhead(Operation *op) {
  auto load = dyn_cast<LoadOp>(op);
  bool isLoad = load && !load.getIsVolatile() &&
                !isLocalPointerLike(load.getPtr().getType());
  return isLoad ||
         (isMemoryEffectFree(op) && op->getNumRegions() == 0 &&
          !isa<DotOpInterface, LocalPointersOp>(op) && !ttg::isBufferView(op));
}

//===----------------------------------------------------------------------===//
// What the producer needs
//===----------------------------------------------------------------------===//

bool TileLoopPlanner::addToSlice(Value value,
                                 llvm::SetVector<Operation *> &ops) {
  SmallVector<Value> worklist = {value};
  while (!worklist.empty()) {
    Value next = worklist.pop_back_val();
    if (auto argument = dyn_cast<BlockArgument>(next)) {
      if (argument.getOwner() == body && argument != loop.getInductionVar())
        plan.carried.insert(argument.getArgNumber() - 1);
      continue;
    }
    Operation *op = next.getDefiningOp();
    if (op->getBlock() != body || ops.contains(op))
      continue;
    if (!canRunAhead(op))
      return refuse("the address of a tile depends on " + quoted(op) +
                    ", which the producer cannot run");
    ops.insert(op);
    llvm::append_range(worklist, op->getOperands());
  }
  return true;
}

bool TileLoopPlanner::findSlice() {
  llvm::SetVector<Operation *> ops;
  for (GatheredTile &tile : tiles)
    for (Value operand : tile.getAddress())
      if (!addToSlice(operand, ops))
        return false;
  for (size_t i = 0; i < plan.carried.size(); ++i)
    if (!addToSlice(body->getTerminator()->getOperand(plan.carried[i]), ops))
      return false;
  for (GatheredTile &tile : tiles)
    if (ops.contains(tile.load))
      return refuse("the address of a tile depends on another tile");
  for (Operation &op : *body)
    if (ops.contains(&op))
      plan.slice.insert(&op);
  return true;
}

/// The producer loads while earlier iterations, and items, are on their way:
/// none may write what it reads.
bool TileLoopPlanner::checkMemory() {
  GlobalWrites writes = findGlobalWrites(plan.getWhole());
  SmallVector<Value> sources;
  for (GatheredTile &tile : tiles)
    sources.push_back(tile.getAddress().front());
  for (Operation *op : llvm::concat<Operation *const>(plan.slice, plan.perItem))
    if (auto load = dyn_cast<LoadOp>(op))
      sources.push_back(load.getPtr());
  for (Value source : sources)
    if (Operation *writer = findWriter(source, writes))
      return refuse("what it gathers may be written in the loop by " +
                    quoted(writer));
  return true;
}

bool TileLoopPlanner::addOutside(Value value,
                                 llvm::SetVector<Operation *> &ops) {
  SmallVector<Value> worklist = {value};
  while (!worklist.empty()) {
    Value next = worklist.pop_back_val();
    Operation *op = next.getDefiningOp();
    if (op && (op->getBlock() == body || ops.contains(op)))
      continue;
    if (!op) {
      Operation *owner = cast<BlockArgument>(next).getOwner()->getParentOp();
      if (owner != loop && owner != plan.items)
        plan.captures.insert(next);
      continue;
    }
    if (plan.items && op->getBlock() == loop->getBlock()) {
      if (!canRunAhead(op))
        return refuse("the address of a tile needs what " + quoted(op) +
                      " makes in the loop around it");
      ops.insert(op);
      llvm::append_range(worklist, op->getOperands());
      continue;
    }
    if (op->hasTrait<OpTrait::ConstantLike>()) {
      ops.insert(op);
      continue;
    }
    if (!isa<RankedTensorType>(next.getType())) {
      plan.captures.insert(next);
      continue;
    }
    if (op->getNumRegions() != 0 || !isMemoryEffectFree(op) ||
        isa<DotOpInterface>(op))
      return refuse("the address of a tile needs a tensor that " + quoted(op) +
                    " makes before the loop");
    ops.insert(op);
    llvm::append_range(worklist, op->getOperands());
  }
  return true;
}

bool TileLoopPlanner::findOutside() {
  llvm::SetVector<Operation *> ops;
  SmallVector<Value> values = {loop.getLowerBound(), loop.getUpperBound(),
                               loop.getStep()};
  if (plan.items)
    values.append({plan.items.getLowerBound(), plan.items.getUpperBound(),
                   plan.items.getStep()});
  for (GatheredTile &tile : tiles)
    llvm::append_range(values, tile.getAddress());
  for (Operation *op : plan.slice)
    llvm::append_range(values, op->getOperands());
  for (unsigned number : plan.carried) {
    values.push_back(loop.getInitArgs()[number]);
    values.push_back(body->getTerminator()->getOperand(number));
  }
  for (Value value : values)
    if (!addOutside(value, ops))
      return false;
  for (Operation &op : *plan.getWhole()->getBlock())
    if (ops.contains(&op))
      plan.outside.insert(&op);
  if (plan.items)
    for (Operation &op : *plan.items.getBody())
      if (ops.contains(&op))
        plan.perItem.insert(&op);
  return true;
}

//===----------------------------------------------------------------------===//
// What the consumer needs
//===----------------------------------------------------------------------===//

void TileLoopPlanner::findLoadDependent() {
  bool changed = true;
  while (changed) {
    size_t before = loadDependent.size();
    for (Operation *op : plan.slice)
      if (isa<LoadOp>(op) || llvm::any_of(op->getOperands(), [&](Value value) {
            return loadDependent.contains(value);
          }))
        loadDependent.insert(op->result_begin(), op->result_end());
    for (unsigned number : plan.carried)
      if (loadDependent.contains(body->getTerminator()->getOperand(number)))
        loadDependent.insert(loop.getRegionIterArg(number));
    changed = loadDependent.size() != before;
  }
}

/// Lets the producer, which has time, compute vectors that the rest makes of
/// one of the gather's and constants: they cross instead of that one.
void TileLoopPlanner::addDerived() {
  llvm::SetVector<Operation *> derived;
  auto isGathered = [&](Value value) {
    Operation *op = value.getDefiningOp();
    return op && loadDependent.contains(value) &&
           (plan.slice.contains(op) || derived.contains(op));
  };
  for (Operation &op : body->without_terminator()) {
    auto type = op.getNumResults() == 1
                    ? dyn_cast<RankedTensorType>(op.getResult(0).getType())
                    : RankedTensorType();
    if (plan.slice.contains(&op) || !type || type.getRank() != 1 ||
        !type.getElementType().isIntOrFloat() || op.getNumRegions() != 0 ||
        !op.hasTrait<OpTrait::Elementwise>() || !isMemoryEffectFree(&op))
      continue;
    bool isDerived = false, isKnown = true;
    for (Value operand : op.getOperands()) {
      Operation *def = operand.getDefiningOp();
      bool isConstant = def && def->hasTrait<OpTrait::ConstantLike>();
      isDerived |= isGathered(operand);
      isKnown &= isConstant || isGathered(operand);
      // What others need as well crosses anyway.
      for (Operation *user : operand.getUsers())
        isKnown &= isConstant || user == &op || plan.slice.contains(user) ||
                   derived.contains(user);
    }
    if (!isDerived || !isKnown)
      continue;
    derived.insert(&op);
    loadDependent.insert(op.getResult(0));
  }
  llvm::SetVector<Operation *> ops;
  for (Operation &op : *body)
    if (plan.slice.contains(&op) || derived.contains(&op))
      ops.insert(&op);
  plan.slice = std::move(ops);
}

/// Whether the consumer gets `value` from the producer rather than computes it
/// once more.
bool TileLoopPlanner::canCross(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && value.getDefiningOp() && loadDependent.contains(value) &&
         type.getElementType().isIntOrFloat() && type.getRank() <= 2 &&
         getTileBytes(type) <= kMaxCrossingBytes;
}

bool TileLoopPlanner::findConsumers() {
  llvm::SmallPtrSet<Operation *, 8> gone;
  llvm::SmallDenseSet<unsigned> carried;
  llvm::SetVector<Operation *> ops;
  SmallVector<Operation *> worklist;
  for (GatheredTile &tile : tiles) {
    gone.insert(tile.load);
    if (tile.store)
      gone.insert(tile.store);
  }
  auto needOp = [&](Operation *op) {
    if (!gone.contains(op) && ops.insert(op))
      worklist.push_back(op);
  };
  std::function<void(Value)> need = [&](Value value) {
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      if (argument.getOwner() != body || argument == loop.getInductionVar())
        return;
      unsigned number = argument.getArgNumber() - 1;
      if (carried.insert(number).second)
        need(body->getTerminator()->getOperand(number));
      return;
    }
    Operation *op = inBody(value.getDefiningOp());
    if (!op)
      return;
    if (canCross(value))
      crossing.insert(value);
    else
      needOp(op);
  };
  for (Operation &op : body->without_terminator())
    if (!wouldOpBeTriviallyDead(&op))
      needOp(&op);
  for (auto [number, result] : llvm::enumerate(loop.getResults()))
    if (!result.use_empty())
      need(loop.getRegionIterArg(number));
  while (!worklist.empty())
    worklist.pop_back_val()->walk([&](Operation *op) {
      for (Value operand : op->getOperands())
        need(operand);
    });
  for (Operation &op : *body)
    if (ops.contains(&op))
      plan.consumed.insert(&op);
  for (unsigned number = 0; number < loop.getNumRegionIterArgs(); ++number)
    if (carried.contains(number))
      plan.consumerCarried.push_back(number);
  for (GatheredTile &tile : tiles) {
    llvm::erase_if(tile.readers, [&](Operation *reader) {
      return !plan.consumed.contains(reader);
    });
    if (tile.readers.empty())
      return refuse("it gathers a tile that nothing reads");
  }
  return true;
}
