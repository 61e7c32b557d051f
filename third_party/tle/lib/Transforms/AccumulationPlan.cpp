//===- AccumulationPlan.cpp - scores apart from their sums ----------------===//

#include "tle/Transforms/AccumulationPlan.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tle/Transforms/GlobalWrites.h"
#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/PartitionImports.h"
#include "tle/Transforms/TileLoopPlan.h"
#include "triton/Dialect/TritonGPU/Transforms/BufferAnalysis.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::tle;
namespace ttg = mlir::triton::gpu;

/// Bytes of shared memory for what is not counted: captures, small reductions.
static constexpr int64_t kReserve = 1024;
static constexpr int64_t kRegisters = 65536;
static constexpr int64_t kMostRegisters = 232;
/// What a thread needs beside its part of the accumulators.
static constexpr int64_t kOtherRegisters = 32;
/// And, in the loops of sums and gather, for what an item has to the next.
static constexpr int64_t kItemRegisters = 8;
/// Of a thread that gathers, where nobody has asked for any.
static constexpr int32_t kGatherRegisters = 64;
static constexpr int64_t kLeastScoreRegisters = 128;
/// Scores of a thread.
static constexpr int64_t kMostScores = 32;

PipeCreateOp tle::findPipe(Operation *step) {
  Value barriers = findCapturedRoot(step->getOperand(0));
  for (Operation *user : barriers.getUsers())
    if (auto create = dyn_cast<PipeCreateOp>(user))
      if (create.getBarriers() == barriers)
        return create;
  return nullptr;
}

Operation *tle::findLastUse(const AccumulationSide &side, scf::ForOp loop,
                            PipeCreateOp pipe) {
  Operation *last = nullptr;
  SmallVector<Value> worklist;
  for (Operation *op : side.ops)
    if (auto index = dyn_cast<ttg::MemDescIndexOp>(op))
      for (Value field : pipe.getFields())
        if (findCapturedRoot(index.getSrc()) == findCapturedRoot(field))
          worklist.push_back(index);
  while (!worklist.empty())
    for (Operation *user : worklist.pop_back_val().getUsers()) {
      Operation *op = loop.getBody()->findAncestorOpInBlock(*user);
      if (!op || !side.ops.contains(op))
        continue;
      if (!last || last->isBeforeInBlock(op))
        last = op;
      bool isRead =
          isa<LoadOp, ttg::LocalLoadOp, LocalPointersOp, TransOp, ReshapeOp>(
              op) ||
          ttg::isBufferView(op) || isSpread(op);
      if (isRead)
        llvm::append_range(worklist, op->getResults());
    }
  return last;
}

namespace {

std::string quoted(Operation *op) {
  return "'" + op->getName().getStringRef().str() + "'";
}

bool isMemory(Value value) { return isa<ttg::MemDescType>(value.getType()); }

/// Calls `visit` with what `op` and the ops in it use.
void forEachOperand(Operation *op, llvm::function_ref<void(Value)> visit) {
  op->walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      visit(operand);
  });
}

class Planner {
public:
  Planner(scf::ForOp loop, const ModuleAxisInfo &axes,
          AccumulationLimits limits, std::string &reason)
      : loop(loop), body(loop.getBody()), axes(axes), limits(limits),
        reason(reason) {
    plan.loop = loop;
    plan.items = dyn_cast<scf::ForOp>(loop->getParentOp());
    plan.specialize = dyn_cast<ttg::WarpSpecializeOp>(
        (plan.items ? plan.items : loop)->getParentOp());
  }

  FailureOr<AccumulationPlan> run() {
    if (!hasRightPlace())
      return failure();
    plan.sums = findAccumulation(loop);
    if (!plan.sums.isWide()) {
      refuse("its accumulators have less than " + Twine(kWideColumns) +
             " columns");
      return failure();
    }
    if (!checkBody())
      return failure();
    findHeavy();
    if (!divideTail() || !divideBody() || !findImplied() || !checkImports() ||
        !chooseRegisters() || !checkMemory())
      return failure();
    return std::move(plan);
  }

private:
  scf::ForOp loop;
  Block *body;
  const ModuleAxisInfo &axes;
  AccumulationLimits limits;
  std::string &reason;
  AccumulationPlan plan;
  /// Values that depend on scores, or on values carried with them.
  llvm::DenseSet<Value> heavy;
  /// Loads from before the loop that the scores need.
  llvm::SmallPtrSet<Operation *, 8> imported;

  bool refuse(const Twine &why) {
    reason = why.str();
    return false;
  }

  bool hasRightPlace();
  bool checkItems();
  bool checkBody();
  bool findHeld(scf::IfOp branch);
  bool chooseRegisters();
  void findHeavy();
  bool canCross(Value value);
  /// What of `value` crosses, before it is spread out.
  Value findRoot(Value value);
  void need(AccumulationSide &side, Value value);
  bool divideBody();
  void findPipes(AccumulationSide &side);
  bool findImplied();
  bool divideTail();
  bool checkImports();
  bool isOperandOfProducts(LoadOp load);
  bool checkMemory();
  bool checkWrites();
};

/// Where the pass that marks it has put it.
bool Planner::hasRightPlace() {
  ttg::WarpSpecializeOp specialize = plan.specialize;
  auto function =
      specialize ? dyn_cast<FuncOp>(specialize->getParentOp()) : FuncOp();
  if (!function || !llvm::hasSingleElement(function.getBody()) ||
      !specialize.getDefaultRegion().isAncestor(loop->getParentRegion()) ||
      !llvm::hasSingleElement(specialize.getDefaultRegion()) ||
      specialize.getPartitionRegions().size() != 1 ||
      !llvm::hasSingleElement(*specialize.getPartitionRegions().front()))
    return refuse("it is not beside one partition that gathers");
  if (limits.numWarps < 4 || limits.numWarps > 32)
    return refuse("the kernel has " + Twine(limits.numWarps) + " warps");
  return !plan.items || checkItems();
}

/// What the pass that marks the loop makes of a loop over items: on both sides
/// it holds one loop, and carries the number of the first tile of the item.
bool Planner::checkItems() {
  auto isLikeItems = [](scf::ForOp items, scf::ForOp tiles) {
    if (items.getNumRegionIterArgs() != 1 ||
        !items.getRegionIterArg(0).getType().isInteger(32) ||
        !items.getResult(0).use_empty() || tiles.getInitArgs().empty())
      return false;
    bool hasOther = false;
    items.getBody()->walk(
        [&](LoopLikeOpInterface other) { hasOther |= other != tiles; });
    return !hasOther &&
           llvm::is_contained(tiles.getInitArgs(), items.getRegionIterArg(0));
  };
  Block &gather = plan.specialize.getPartitionRegions().front()->front();
  auto loops = llvm::to_vector(gather.getOps<scf::ForOp>());
  if (!isLikeItems(plan.items, loop) || loops.size() != 1)
    return refuse("the loop around it is none over items");
  auto tiles = llvm::to_vector(loops.front().getBody()->getOps<scf::ForOp>());
  if (tiles.size() != 1 || !isLikeItems(loops.front(), tiles.front()) ||
      tiles.front().getInitArgs().back() != loops.front().getRegionIterArg(0))
    return refuse("the loop that gathers is none over items");
  for (Operation &op : *plan.items.getBody())
    if (op.isBeforeInBlock(loop) && !isMemoryEffectFree(&op) &&
        !hasSingleEffect<MemoryEffects::Read>(&op))
      return refuse("before it stands " + quoted(&op));
  return true;
}

/// Whether `branch` releases tiles where one more follows.
bool Planner::findHeld(scf::IfOp branch) {
  if (!plan.items || branch.getNumResults() != 0 || branch.elseBlock())
    return false;
  for (Operation &op : branch.thenBlock()->without_terminator()) {
    Operation *pipe = isa<PipeReleaseOp>(op) ? findPipe(&op) : nullptr;
    if (pipe)
      plan.held.insert(pipe);
    else if (!isMemoryEffectFree(&op))
      return false;
  }
  return true;
}

bool Planner::checkBody() {
  std::optional<unsigned> counter;
  for (Operation &op : body->without_terminator()) {
    if (auto wait = dyn_cast<PipeWaitOp>(op)) {
      auto argument = dyn_cast<BlockArgument>(wait.getIndex());
      if (!argument || argument.getOwner() != body ||
          argument == loop.getInductionVar() || !findPipe(&op) ||
          (counter && *counter != argument.getArgNumber() - 1))
        return refuse("its tiles have no number of their own");
      counter = argument.getArgNumber() - 1;
    }
    auto load = dyn_cast<LoadOp>(op);
    auto branch = dyn_cast<scf::IfOp>(op);
    bool isKnown =
        isa<PipeWaitOp, PipeReleaseOp, ttg::LocalLoadOp, ReduceOp>(op) ||
        (load && !load.getIsVolatile()) || (branch && findHeld(branch)) ||
        (op.getNumRegions() == 0 && isMemoryEffectFree(&op));
    if (!isKnown)
      return refuse("it holds " + quoted(&op));
  }
  if (!counter)
    return refuse("it waits for no tile");
  if (plan.items &&
      loop.getInitArgs()[*counter] != plan.items.getRegionIterArg(0))
    return refuse("its tiles have no number of their own");
  plan.counter = *counter;
  return true;
}

bool Planner::chooseRegisters() {
  int64_t threads = limits.numWarps * 32;
  int64_t elements = 0;
  for (unsigned number : plan.sums.numbers) {
    auto type = cast<RankedTensorType>(loop.getRegionIterArg(number).getType());
    if (type.getShape()[0] % 64 != 0)
      return refuse("its accumulators' rows are no multiple of 64");
    elements += type.getNumElements();
  }
  int64_t producers = plan.specialize.getTotalPartitionWarps();
  auto requested = plan.specialize.getRequestedRegisters();
  // As many pointers as a thread copies rows, in pieces of 128 bytes.
  int32_t rows = 0;
  for (LoadOp load : plan.operands)
    rows = std::max<int32_t>(
        rows, cast<RankedTensorType>(load.getType()).getShape()[0] / 16);
  plan.otherRegisters = requested ? requested->front() : kGatherRegisters;
  plan.otherRegisters =
      std::max<int32_t>(plan.otherRegisters, llvm::alignTo(32 + 2 * rows, 8));
  int64_t more = plan.items ? kItemRegisters : 0;
  plan.otherRegisters += more;
  int64_t sums = llvm::alignTo(elements / threads + kOtherRegisters + more, 8);
  int64_t rest =
      (kRegisters - producers * 32 * plan.otherRegisters - sums * threads) /
      (kScoreWarps * 32) / 8 * 8;
  int64_t warps = limits.numWarps + producers + kScoreWarps;
  if (sums > kMostRegisters || rest < kLeastScoreRegisters || warps > 32)
    return refuse("registers do not suffice for one more partition");
  plan.registers = std::min(rest, kMostRegisters);
  return true;
}

void Planner::findHeavy() {
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

bool Planner::canCross(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && isa<OpResult>(value) && type.hasStaticShape() &&
         (type.getRank() == 1 || type.getRank() == 2) &&
         llvm::all_of(type.getShape(), llvm::isPowerOf2_64) &&
         type.getElementType().isIntOrFloat() &&
         type.getElementTypeBitWidth() >= 8;
}

Value Planner::findRoot(Value value) {
  while (isSpread(value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  return value;
}

/// Adds what `side` needs of the body to make `value`.
void Planner::need(AccumulationSide &side, Value value) {
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

bool Planner::divideBody() {
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
bool Planner::findImplied() {
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
void Planner::findPipes(AccumulationSide &side) {
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

bool Planner::divideTail() {
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

/// Whether only products of the loop take what `load` has read, and copies can
/// bring it.
bool Planner::isOperandOfProducts(LoadOp load) {
  auto type = dyn_cast<RankedTensorType>(load.getType());
  if (!type || type.getRank() != 2 || type.getElementTypeBitWidth() < 8 ||
      (load.getOther() && !isConstantZero(load.getOther())))
    return false;
  for (OpOperand &use : load.getResult().getUses())
    if (!isa<DotOp>(use.getOwner()) || use.getOperandNumber() != 0 ||
        !plan.scoring.ops.contains(use.getOwner()))
      return false;
  return axes.getVectorLength(load.getPtr(), load.getMask(), /*dim=*/1) *
             type.getElementTypeBitWidth() >=
         32;
}

bool Planner::checkImports() {
  PartitionImports imports(plan.specialize);
  Block &gather = plan.specialize.getPartitionRegions().front()->front();
  bool gathers = !gather.getOps<scf::ForOp>().empty();
  llvm::SetVector<Value> values;
  values.insert(loop->operand_begin(), loop->operand_begin() + 3);
  if (plan.items)
    values.insert(plan.items->operand_begin(), plan.items->operand_begin() + 3);
  auto addOperands = [&](Operation *op) {
    forEachOperand(op, [&](Value value) {
      if (value.getParentRegion() != &loop.getRegion() &&
          !op->isAncestor(value.getParentBlock()->getParentOp()) &&
          value.getDefiningOp() != loop &&
          !plan.scoring.tail.contains(value.getDefiningOp()))
        values.insert(value);
    });
  };
  for (Operation *op : plan.scoring.ops)
    addOperands(op);
  for (Operation *op : plan.scoring.tail)
    addOperands(op);
  for (unsigned number : plan.scoring.carried)
    values.insert(loop.getInitArgs()[number]);
  for (Value value : values) {
    if (Operation *op = imports.findObstacle(value, imported))
      return refuse("the scores need what " + quoted(op) +
                    " makes before the loop");
    auto load = value.getDefiningOp<LoadOp>();
    if (load && gathers && load->getBlock() == loop->getBlock() &&
        isOperandOfProducts(load))
      plan.operands.push_back(load);
  }
  return checkWrites();
}

/// The sides run beside each other and beside the gather: none may write what
/// another one reads or writes.
bool Planner::checkWrites() {
  struct Access {
    Operation *op;
    Value base;
    /// 0: scores, 1: sums, 2: either.
    unsigned side;
    bool isWrite;
  };
  SmallVector<Access> accesses;
  auto add = [&](Operation *op, unsigned side) {
    if (auto load = dyn_cast<LoadOp>(op)) {
      if (!isLocalPointerLike(load.getPtr().getType()))
        accesses.push_back(
            {op, findBasePointer(load.getPtr()), side, /*isWrite=*/false});
    } else if (auto store = dyn_cast<StoreOp>(op)) {
      accesses.push_back(
          {op, findBasePointer(store.getPtr()), side, /*isWrite=*/true});
    } else if (auto copy = dyn_cast<ttg::AsyncCopyGlobalToLocalOp>(op)) {
      accesses.push_back(
          {op, findBasePointer(copy.getSrc()), side, /*isWrite=*/false});
    }
  };
  for (Operation *op : plan.scoring.tail)
    add(op, 0);
  for (Operation *op : plan.adding.tail)
    add(op, 1);
  for (Operation *op : imported)
    add(op, 2);
  for (Operation &op : *body)
    add(&op, 2);
  // Items before run beside it.
  if (plan.items)
    for (Operation &op : *plan.items.getBody())
      if (op.isBeforeInBlock(loop))
        add(&op, 2);
  plan.specialize.getPartitionOp()->walk([&](Operation *op) { add(op, 2); });
  for (const Access &a : accesses)
    for (const Access &b : accesses)
      if (a.isWrite && (a.side != b.side || b.side == 2) &&
          (!a.base || !b.base || a.base == b.base))
        return refuse("what " + quoted(a.op) +
                      " writes behind it may be what another partition "
                      "accesses");
  return true;
}

bool Planner::checkMemory() {
  int64_t bytes = kReserve;
  loop->getParentOfType<FuncOp>().walk(
      [&](ttg::LocalAllocOp alloc) { bytes += getTileBytes(alloc.getType()); });
  // Operands of the scores' products lie in shared memory, whoever puts them
  // there.
  llvm::SmallPtrSet<Value, 4> operands;
  for (Operation *op : plan.scoring.ops)
    if (auto dot = dyn_cast<DotOp>(op))
      for (Value operand : {dot.getA(), dot.getB()})
        if (operand.getParentRegion() != &loop.getRegion() &&
            operands.insert(operand).second)
          bytes += getTileBytes(cast<ShapedType>(operand.getType()));
  auto add = [&](Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    bytes += (type.getRank() == 1 ? 2 : 1) * getTileBytes(type);
    bytes += 4 * sizeof(int64_t);
  };
  llvm::for_each(plan.crossing, add);
  llvm::for_each(plan.finals, add);
  if (bytes > limits.sharedMemory)
    return refuse(
        "what crosses does not fit into shared memory: " + Twine(bytes) +
        " of " + Twine(limits.sharedMemory) + " bytes");
  return true;
}

} // namespace

FailureOr<AccumulationPlan> tle::planAccumulation(scf::ForOp loop,
                                                  const ModuleAxisInfo &axes,
                                                  AccumulationLimits limits,
                                                  std::string &reason) {
  return Planner(loop, axes, limits, reason).run();
}
