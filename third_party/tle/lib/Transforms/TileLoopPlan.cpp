//===- TileLoopPlan.cpp - how a tile loop divides into partitions ---------===//

#include "tle/Transforms/TileLoopPlan.h"

#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tle/Transforms/GlobalWrites.h"
#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/TileStyleLoop.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/Transforms/BufferAnalysis.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::tle;
namespace ttg = mlir::triton::gpu;

/// Larger values do not cross: the consumer loads them again.
static constexpr int64_t kMaxCrossingBytes = 16384;

/// Large tiles that follow this many bytes have a pipe of their own: the first
/// ones are used while they are on their way, and free before them.
static constexpr int64_t kFullPipe = 32768;
static constexpr int64_t kLargeTile = 16384;

/// A smaller conversion finds a place beside the slots.
static constexpr int64_t kLeastStagedBytes = 8192;

/// Bytes left to reductions and conversions, beyond what is counted.
static constexpr int64_t kReserve = 2048;

int64_t tle::getTileBytes(ShapedType type) {
  return type.getNumElements() * std::max(type.getElementTypeBitWidth(), 8u) /
         8;
}

bool tle::isLargeStore(StoreOp store) {
  auto type = dyn_cast<RankedTensorType>(store.getValue().getType());
  return type && type.getRank() == 2 && type.getElementType().isIntOrFloat() &&
         type.getElementTypeBitWidth() >= 8 &&
         getTileBytes(type) >= kLeastStagedBytes;
}

int64_t TileLoopPlan::bytesPerSlot() const {
  int64_t bytes = 0;
  for (const TilePipe &pipe : pipes) {
    for (const GatheredTile &tile : pipe.tiles)
      bytes += getTileBytes(tile.slotType);
    for (Value value : pipe.crossing)
      bytes += getTileBytes(cast<ShapedType>(value.getType()));
    bytes += 2 * sizeof(int64_t); // its mbarriers
  }
  return bytes;
}

namespace {

std::string quoted(Operation *op) {
  return "'" + op->getName().getStringRef().str() + "'";
}

/// Ops that lay out the elements of a value anew.
bool isShapeOp(Operation *op) {
  return isa<TransOp, ReshapeOp, ExpandDimsOp, BroadcastOp, BitcastOp,
             ttg::ConvertLayoutOp>(op);
}

class Planner {
public:
  Planner(scf::ForOp loop, const ModuleAxisInfo &axes, TileLoopLimits limits,
          std::string &reason)
      : loop(loop), body(loop.getBody()), axes(axes), limits(limits),
        reason(reason) {
    plan.loop = loop;
  }

  FailureOr<TileLoopPlan> run() {
    if (!hasRightPlace() || !findTiles() || !findSlice())
      return failure();
    findLoadDependent();
    addDerived();
    if (!findOutside() || !checkMemory() ||
        !llvm::all_of(
            tiles, [&](const GatheredTile &tile) { return isCopyable(tile); }))
      return failure();
    if (!findConsumers() || !checkStores() || !makePipes() || !chooseSlots())
      return failure();
    return std::move(plan);
  }

private:
  scf::ForOp loop;
  Block *body;
  const ModuleAxisInfo &axes;
  TileLoopLimits limits;
  std::string &reason;
  TileLoopPlan plan;
  SmallVector<GatheredTile> tiles;
  llvm::SetVector<Value> crossing;
  /// Values of the slice that depend on what is loaded.
  llvm::DenseSet<Value> loadDependent;

  bool refuse(const Twine &why) {
    reason = why.str();
    return false;
  }

  Operation *inBody(Operation *op) { return body->findAncestorOpInBlock(*op); }

  bool hasRightPlace();
  bool checkItems();
  bool isBefore(Operation *op);
  bool findTiles();
  bool isTile(LoadOp load, GatheredTile &tile);
  bool isBufferOfTile(GatheredTile &tile);
  bool isCopyable(const GatheredTile &tile);
  bool isOperandOfProducts(LoadOp load, GatheredTile &tile);
  bool findSlice();
  bool addToSlice(Value value, llvm::SetVector<Operation *> &ops);
  bool checkMemory();
  bool findOutside();
  bool addOutside(Value value, llvm::SetVector<Operation *> &ops);
  void findLoadDependent();
  void addDerived();
  bool canCross(Value value);
  bool findConsumers();
  bool checkStores();
  bool makePipes();
  Operation *findLastUse(const GatheredTile &tile);
  bool chooseSlots();
};

bool Planner::hasRightPlace() {
  plan.items = dyn_cast<scf::ForOp>(loop->getParentOp());
  auto function = dyn_cast<FuncOp>(plan.getWhole()->getParentOp());
  if (!function || !llvm::hasSingleElement(function.getBody()))
    return refuse("it is inside of a branch or of several loops");
  if (!function.isPublic() || function.getNumResults() != 0)
    return refuse("it is not in the kernel itself");
  bool isDivided = false, hasLoop = false;
  function.walk([&](ttg::WarpSpecializeOp) { isDivided = true; });
  if (isDivided)
    return refuse("the kernel has partitions already");
  body->walk([&](LoopLikeOpInterface) { hasLoop = true; });
  // Partitions take neither atomics on shared memory, whose number of elements
  // must be that of the threads, nor calls, which know one number of warps.
  Operation *alien = nullptr;
  function.walk([&](Operation *op) {
    // The frontend leads their pointers through integers.
    bool isLocalAtomic = isa<AtomicRMWOp, AtomicCASOp, PtrToIntOp>(op) &&
                         isLocalPointerLike(op->getOperand(0).getType());
    if (isLocalAtomic || isa<CallOp>(op))
      alien = op;
  });
  if (alien)
    return refuse("the kernel holds " + quoted(alien) +
                  ", which partitions do not take");
  if (hasLoop)
    return refuse("it holds another loop");
  return !plan.items || checkItems();
}

/// The loop around it: each iteration is a work item, and knows nothing of
/// others.
bool Planner::checkItems() {
  if (plan.items.getNumResults() != 0)
    return refuse("the loop around it carries values");
  bool hasLoop = false;
  plan.items.getBody()->walk(
      [&](LoopLikeOpInterface other) { hasLoop |= other != loop; });
  if (hasLoop)
    return refuse("the loop around it holds other loops");
  return true;
}

/// Whether `op` stands before the loop, or before that around it.
bool Planner::isBefore(Operation *op) {
  return (op->getBlock() == loop->getBlock() && op->isBeforeInBlock(loop)) ||
         (op->getBlock() == plan.getWhole()->getBlock() &&
          op->isBeforeInBlock(plan.getWhole()));
}

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
// Tiles
//===----------------------------------------------------------------------===//

bool Planner::findTiles() {
  for (auto load : body->getOps<LoadOp>()) {
    GatheredTile tile;
    if (!isTile(load, tile))
      continue;
    tiles.push_back(tile);
  }
  if (tiles.empty())
    return refuse("it gathers no tile: no load goes to a buffer of its own, or "
                  "to a product only");
  return true;
}

bool Planner::isTile(LoadOp load, GatheredTile &tile) {
  auto type = dyn_cast<RankedTensorType>(load.getType());
  if (!type || type.getRank() != 2 || load.getIsVolatile() ||
      isLocalPointerLike(load.getPtr().getType()))
    return false;
  tile.load = load;
  return isBufferOfTile(tile) || isOperandOfProducts(load, tile);
}

/// Whether the loaded value goes into a buffer as a whole and nowhere else, and
/// the loop's iterations have nothing else in that buffer: each reads what it
/// has put there.
bool Planner::isBufferOfTile(GatheredTile &tile) {
  Value value = tile.load.getResult();
  if (!value.hasOneUse())
    return false;
  Operation *user = *value.user_begin();
  Value buffer;
  if (auto store = dyn_cast<StoreOp>(user)) {
    LocalPointersOp pointers = getLocalPointersOrigin(store.getPtr());
    if (!pointers || !pointers.getIndices().empty() ||
        store.getPtr() != pointers.getResult() ||
        (store.getMask() && !isConstantTrue(store.getMask())))
      return false;
    buffer = pointers.getBuffer();
  } else if (auto store = dyn_cast<ttg::LocalStoreOp>(user)) {
    buffer = store.getDst();
  }
  auto alloc = buffer ? buffer.getDefiningOp<ttg::LocalAllocOp>() : nullptr;
  if (!alloc || alloc.getSrc() || user->getBlock() != body || !isBefore(alloc))
    return false;
  tile.store = user;
  tile.buffer = alloc;
  tile.slotType = alloc.getType();
  if (tile.slotType.getShape() !=
      cast<RankedTensorType>(value.getType()).getShape())
    return false;

  SmallVector<Value> worklist = {alloc.getResult()};
  while (!worklist.empty())
    for (Operation *op : worklist.pop_back_val().getUsers()) {
      if (op == tile.store || isa<ttg::LocalDeallocOp>(op))
        continue;
      bool isView = ttg::isBufferView(op) || isa<LocalPointersOp>(op);
      Operation *ancestor = inBody(op);
      if (isView && (ancestor || isBefore(op))) {
        worklist.push_back(op->getResult(0));
        continue;
      }
      // The store has to come first: an iteration must not see what the one
      // before has left there.
      if (!isa<LoadOp, ttg::LocalLoadOp>(op) || !ancestor ||
          !tile.store->isBeforeInBlock(ancestor))
        return false;
      tile.readers.push_back(ancestor);
    }
  return !tile.readers.empty();
}

/// Whether nothing but products use the loaded value, as an operand of theirs.
bool Planner::isOperandOfProducts(LoadOp load, GatheredTile &tile) {
  SmallVector<Value> worklist = {load.getResult()};
  while (!worklist.empty())
    for (OpOperand &use : worklist.pop_back_val().getUses()) {
      Operation *user = use.getOwner();
      if (user->getBlock() != body)
        return false;
      if (isa<TransOp>(user)) {
        tile.readers.push_back(user);
        worklist.push_back(user->getResult(0));
        continue;
      }
      if (!isa<DotOp>(user) || use.getOperandNumber() > 1)
        return false;
      tile.readers.push_back(user);
    }
  if (tile.readers.empty())
    return false;
  MLIRContext *context = load.getContext();
  auto type = cast<RankedTensorType>(load.getType());
  if (type.getElementTypeBitWidth() < 8)
    return false;
  const AxisInfo &info = axes.get(load.getPtr());
  bool isTransposed = info.getContiguity(0) > info.getContiguity(1);
  SmallVector<unsigned> order = {1, 0};
  if (isTransposed)
    order = {0, 1};
  auto layout = ttg::NVMMASharedEncodingAttr::get(
      context, type.getShape(), order,
      ttg::CGAEncodingAttr::getDefault(context, 2), type.getElementType(),
      /*fp4Padded=*/false);
  tile.slotType = ttg::MemDescType::get(
      type.getShape(), type.getElementType(), layout,
      ttg::SharedMemorySpaceAttr::get(context), /*mutableMemory=*/true);
  return true;
}

/// Whether cp.async moves the tile: it takes 4 bytes or more at once and fills
/// masked elements with zeros.
bool Planner::isCopyable(const GatheredTile &tile) {
  LoadOp load = tile.load;
  if (load.getOther() && !isConstantZero(load.getOther()))
    return refuse("masked elements of a tile are other than zero");
  int64_t bits = std::max(tile.slotType.getElementTypeBitWidth(), 8u);
  unsigned dim = ttg::getOrder(tile.slotType).front();
  if (axes.getVectorLength(load.getPtr(), load.getMask(), dim) * bits < 32)
    return refuse("a tile has no runs of four bytes that a copy can move");
  return true;
}

//===----------------------------------------------------------------------===//
// What the producer needs
//===----------------------------------------------------------------------===//

bool Planner::addToSlice(Value value, llvm::SetVector<Operation *> &ops) {
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

bool Planner::findSlice() {
  llvm::SetVector<Operation *> ops;
  for (GatheredTile &tile : tiles)
    for (Value operand : {tile.load.getPtr(), tile.load.getMask()})
      if (operand && !addToSlice(operand, ops))
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
bool Planner::checkMemory() {
  GlobalWrites writes = findGlobalWrites(plan.getWhole());
  SmallVector<LoadOp> loads;
  for (GatheredTile &tile : tiles)
    loads.push_back(tile.load);
  for (Operation *op : llvm::concat<Operation *const>(plan.slice, plan.perItem))
    if (auto load = dyn_cast<LoadOp>(op))
      loads.push_back(load);
  for (LoadOp load : loads)
    if (Operation *writer = findWriter(load.getPtr(), writes))
      return refuse("what it gathers may be written in the loop by " +
                    quoted(writer));
  return true;
}

bool Planner::addOutside(Value value, llvm::SetVector<Operation *> &ops) {
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

bool Planner::findOutside() {
  llvm::SetVector<Operation *> ops;
  SmallVector<Value> values = {loop.getLowerBound(), loop.getUpperBound(),
                               loop.getStep()};
  if (plan.items)
    values.append({plan.items.getLowerBound(), plan.items.getUpperBound(),
                   plan.items.getStep()});
  for (GatheredTile &tile : tiles)
    for (Value operand : {tile.load.getPtr(), tile.load.getMask()})
      if (operand)
        values.push_back(operand);
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

void Planner::findLoadDependent() {
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
void Planner::addDerived() {
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
bool Planner::canCross(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && value.getDefiningOp() && loadDependent.contains(value) &&
         type.getElementType().isIntOrFloat() && type.getRank() <= 2 &&
         getTileBytes(type) <= kMaxCrossingBytes;
}

bool Planner::findConsumers() {
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

/// Large stores of an item go through the slot of its last tile.
bool Planner::checkStores() {
  if (!plan.items)
    return true;
  int64_t room = 0;
  for (GatheredTile &tile : tiles)
    room = std::max(room, getTileBytes(tile.slotType));
  for (auto store : plan.items.getBody()->getOps<StoreOp>()) {
    auto type = dyn_cast<RankedTensorType>(store.getValue().getType());
    if (loop->isBeforeInBlock(store) && isLargeStore(store) &&
        getTileBytes(type) > room)
      return refuse("a tile has " + Twine(room) +
                    " bytes, but what is stored behind the loop " +
                    Twine(getTileBytes(type)));
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Pipes
//===----------------------------------------------------------------------===//

static Operation *earlier(Operation *a, Operation *b) {
  return !a || b->isBeforeInBlock(a) ? b : a;
}

static Operation *later(Operation *a, Operation *b) {
  return !a || a->isBeforeInBlock(b) ? b : a;
}

/// The last op of the body that may read the tile in shared memory: a loaded
/// tile and its transposes may be read where they are used.
Operation *Planner::findLastUse(const GatheredTile &tile) {
  Operation *last = nullptr;
  SmallVector<Operation *> worklist(tile.readers);
  llvm::SmallPtrSet<Operation *, 8> seen;
  while (!worklist.empty()) {
    Operation *op = worklist.pop_back_val();
    if (!seen.insert(op).second)
      continue;
    last = later(last, op);
    if (!isa<LoadOp, ttg::LocalLoadOp>(op) && !isShapeOp(op))
      continue;
    for (Operation *user : op->getUsers())
      worklist.push_back(inBody(user));
  }
  return last;
}

bool Planner::makePipes() {
  llvm::SmallDenseMap<Operation *, Operation *> firstUses;
  for (GatheredTile &tile : tiles) {
    Operation *first = nullptr;
    for (Operation *reader : tile.readers)
      first = earlier(first, reader);
    firstUses[tile.load] = first;
  }
  llvm::sort(tiles, [&](const GatheredTile &a, const GatheredTile &b) {
    Operation *first = firstUses.lookup(a.load);
    Operation *second = firstUses.lookup(b.load);
    return first == second ? LoadOp(a.load)->isBeforeInBlock(b.load)
                           : first->isBeforeInBlock(second);
  });
  // What is first read behind a reduction (a softmax between two products)
  // need not be there before.
  auto isReducedBetween = [&](Operation *from, Operation *to) {
    for (Operation *op = from; op != to; op = op->getNextNode())
      if (isa<ReduceOp>(op))
        return true;
    return false;
  };
  Operation *previous = nullptr;
  int64_t bytes = 0;
  for (GatheredTile &tile : tiles) {
    Operation *first = firstUses[tile.load];
    bool isLate =
        bytes >= kFullPipe && getTileBytes(tile.slotType) >= kLargeTile;
    if (!previous || isReducedBetween(previous, first) || isLate) {
      bytes = 0;
      plan.pipes.emplace_back();
      plan.pipes.back().firstUse = first;
    }
    previous = first;
    bytes += getTileBytes(tile.slotType);
    TilePipe &pipe = plan.pipes.back();
    pipe.lastUse = later(pipe.lastUse, findLastUse(tile));
    pipe.tiles.push_back(tile);
  }
  for (Value value : crossing) {
    Operation *first = nullptr, *last = nullptr;
    for (Operation *user : value.getUsers()) {
      Operation *op = inBody(user);
      bool isYield = op == body->getTerminator();
      if (!isYield && !plan.consumed.contains(op))
        continue;
      first = earlier(first, op);
      last = later(last, op);
    }
    // With the last tiles that are waited for anyway by then.
    TilePipe *pipe = &plan.pipes.front();
    for (TilePipe &other : plan.pipes)
      if (first && other.firstUse->isBeforeInBlock(first))
        pipe = &other;
    pipe->crossing.push_back(value);
    if (!first)
      continue;
    pipe->firstUse = earlier(pipe->firstUse, first);
    pipe->lastUse = later(pipe->lastUse, last);
  }
  return true;
}

/// Bytes of shared memory that the operands of products take which lie in no
/// buffer yet.
static int64_t
getOperandBytes(FuncOp function,
                const llvm::SmallPtrSetImpl<Operation *> &tiles) {
  llvm::SetVector<Value> operands;
  function.walk([&](DotOp dot) {
    for (Value operand : {dot.getA(), dot.getB()}) {
      while (operand.getDefiningOp() && isShapeOp(operand.getDefiningOp()))
        operand = operand.getDefiningOp()->getOperand(0);
      Operation *op = operand.getDefiningOp();
      auto load = dyn_cast_or_null<LoadOp>(op);
      bool isShared = isa_and_nonnull<ttg::LocalLoadOp>(op) ||
                      (load && isLocalPointerLike(load.getPtr().getType()));
      if (!isShared && !(op && tiles.contains(op)))
        operands.insert(operand);
    }
  });
  int64_t bytes = 0;
  for (Value operand : operands)
    bytes += getTileBytes(cast<ShapedType>(operand.getType()));
  return bytes;
}

bool Planner::chooseSlots() {
  auto function = loop->getParentOfType<FuncOp>();
  llvm::SmallPtrSet<Operation *, 8> loads, buffers;
  for (GatheredTile &tile : tiles) {
    loads.insert(tile.load);
    if (tile.buffer)
      buffers.insert(tile.buffer);
  }
  int64_t others = getOperandBytes(function, loads);
  function.walk([&](ttg::LocalAllocOp alloc) {
    if (!buffers.contains(alloc))
      others += getTileBytes(alloc.getType());
  });
  auto stages = loop->getAttrOfType<IntegerAttr>(kNumStagesAttr);
  int64_t wanted = stages ? stages.getInt() : limits.stages;
  int64_t perSlot = plan.bytesPerSlot();
  int64_t fit = (limits.sharedMemory - kReserve - others) / perSlot;
  plan.slots = std::min(std::max<int64_t>(wanted, 2), fit);
  if (plan.slots < 2)
    return refuse("two slots of " + Twine(perSlot) + " bytes beside " +
                  Twine(others) + " bytes do not fit into shared memory");
  return true;
}

} // namespace

FailureOr<TileLoopPlan> tle::planTileLoop(scf::ForOp loop,
                                          const ModuleAxisInfo &axes,
                                          TileLoopLimits limits,
                                          std::string &reason) {
  return Planner(loop, axes, limits, reason).run();
}
