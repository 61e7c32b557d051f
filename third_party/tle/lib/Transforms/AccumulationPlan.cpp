//===- AccumulationPlan.cpp - scores apart from their sums ----------------===//

#include "AccumulationPlanner.h"
#include "Messages.h"

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

static constexpr int64_t kRegisters = 65536;
static constexpr int64_t kMostRegisters = 232;
/// What a thread needs beside its part of the accumulators.
static constexpr int64_t kOtherRegisters = 32;
/// And, in the loops of sums and gather, for what an item has to the next.
static constexpr int64_t kItemRegisters = 8;
/// Of a thread that gathers, where nobody has asked for any.
static constexpr int32_t kGatherRegisters = 64;
static constexpr int64_t kLeastScoreRegisters = 128;

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

void tle::forEachOperand(Operation *op, llvm::function_ref<void(Value)> visit) {
  op->walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      visit(operand);
  });
}

FailureOr<AccumulationPlan> AccumulationPlanner::run() {
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

/// Where the pass that marks it has put it.
bool AccumulationPlanner::hasRightPlace() {
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
bool AccumulationPlanner::checkItems() {
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
bool AccumulationPlanner::findHeld(scf::IfOp branch) {
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

bool AccumulationPlanner::checkBody() {
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

bool AccumulationPlanner::chooseRegisters() {
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
  plan.otherRegisters =
      requested && !requested->empty()
          ? std::min<int64_t>(requested->front(), kMostRegisters)
          : kGatherRegisters;
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

/// Whether only products of the loop take what `load` has read, and copies can
/// bring it.
bool AccumulationPlanner::isOperandOfProducts(LoadOp load) {
  auto type = dyn_cast<RankedTensorType>(load.getType());
  if (!type || type.getRank() != 2 || !type.getElementType().isIntOrFloat() ||
      type.getElementTypeBitWidth() < 8 ||
      isTensorPointerType(load.getPtr().getType()) ||
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

bool AccumulationPlanner::checkImports() {
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
bool AccumulationPlanner::checkWrites() {
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

bool AccumulationPlanner::checkMemory() {
  int64_t bytes = 0;
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
  if (bytes + limits.reserve > limits.sharedMemory)
    return refuse("what crosses does not fit into shared memory: " +
                  Twine(bytes + limits.reserve) + " of " +
                  Twine(limits.sharedMemory) + " bytes");
  plan.countedBytes = bytes;
  return true;
}

FailureOr<AccumulationPlan> tle::planAccumulation(scf::ForOp loop,
                                                  const ModuleAxisInfo &axes,
                                                  AccumulationLimits limits,
                                                  std::string &reason) {
  return AccumulationPlanner(loop, axes, limits, reason).run();
}
