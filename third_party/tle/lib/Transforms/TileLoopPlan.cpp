//===- TileLoopPlan.cpp - how a tile loop divides into partitions ---------===//

#include "Messages.h"
#include "TileLoopPlanner.h"

#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/TileStyleLoop.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/Transforms/BufferAnalysis.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::tle;
namespace ttg = mlir::triton::gpu;

/// Large tiles that follow this many bytes have a pipe of their own: the first
/// ones are used while they are on their way, and free before them.
static constexpr int64_t kFullPipe = 32768;
static constexpr int64_t kLargeTile = 16384;

/// A smaller conversion finds a place beside the slots.
static constexpr int64_t kLeastStagedBytes = 8192;

int64_t tle::getTileBytes(ShapedType type) {
  // Of pointers, too.
  unsigned bits = getElementBitWidth(type.getElementType());
  return type.getNumElements() * std::max(bits, 8u) / 8;
}

bool tle::isLargeStore(StoreOp store) {
  auto type = dyn_cast<RankedTensorType>(store.getValue().getType());
  return type && type.getRank() == 2 && type.getElementType().isIntOrFloat() &&
         type.getElementTypeBitWidth() >= 8 &&
         getTileBytes(type) >= kLeastStagedBytes;
}

SmallVector<Value> GatheredTile::getAddress() const {
  if (LoadOp byPointers = getPointerLoad()) {
    SmallVector<Value> operands = {byPointers.getPtr()};
    if (byPointers.getMask())
      operands.push_back(byPointers.getMask());
    return operands;
  }
  return llvm::to_vector(load->getOperands());
}

bool TileLoopPlan::isLoadedByTMA() const {
  return llvm::all_of(pipes, [](const TilePipe &pipe) {
    return llvm::none_of(pipe.tiles, [](const GatheredTile &tile) {
      return tile.getPointerLoad() != nullptr;
    });
  });
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

/// Ops that lay out the elements of a value anew.
static bool isShapeOp(Operation *op) {
  return isa<TransOp, ReshapeOp, ExpandDimsOp, BroadcastOp, BitcastOp,
             ttg::ConvertLayoutOp>(op);
}

FailureOr<TileLoopPlan> TileLoopPlanner::run() {
  if (!hasRightPlace() || !findTiles() || !findSlice())
    return failure();
  findLoadDependent();
  addDerived();
  if (!findOutside() || !checkMemory() ||
      !llvm::all_of(tiles,
                    [&](const GatheredTile &tile) { return isCopyable(tile); }))
    return failure();
  if (!findConsumers() || !checkStores() || !makePipes() || !chooseSlots())
    return failure();
  return std::move(plan);
}

bool TileLoopPlanner::hasRightPlace() {
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
bool TileLoopPlanner::checkItems() {
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
bool TileLoopPlanner::isBefore(Operation *op) {
  return (op->getBlock() == loop->getBlock() && op->isBeforeInBlock(loop)) ||
         (op->getBlock() == plan.getWhole()->getBlock() &&
          op->isBeforeInBlock(plan.getWhole()));
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

bool TileLoopPlanner::findTiles() {
  for (Operation &load : *body) {
    GatheredTile tile;
    if (!isTile(&load, tile))
      continue;
    tiles.push_back(tile);
  }
  if (tiles.empty())
    return refuse("it gathers no tile: no load goes to a buffer of its own, or "
                  "to a product only");
  return true;
}

bool TileLoopPlanner::isTile(Operation *load, GatheredTile &tile) {
  if (!isa<LoadOp, DescriptorLoadOp>(load))
    return false;
  auto type = dyn_cast<RankedTensorType>(load->getResult(0).getType());
  if (!type || type.getRank() != 2 || !type.getElementType().isIntOrFloat())
    return false;
  if (auto byPointers = dyn_cast<LoadOp>(load))
    if (byPointers.getIsVolatile() ||
        isLocalPointerLike(byPointers.getPtr().getType()) ||
        isTensorPointerType(byPointers.getPtr().getType()))
      return false;
  // Descriptors that the kernel makes may be made anew.
  if (auto block = dyn_cast<DescriptorLoadOp>(load)) {
    auto descriptor = dyn_cast<BlockArgument>(block.getDesc());
    if (!descriptor || !isa<FuncOp>(descriptor.getOwner()->getParentOp()) ||
        block.getDesc().getType().getBlockType().getShape() != type.getShape())
      return false;
  }
  tile.load = load;
  return isBufferOfTile(tile) || isOperandOfProducts(tile);
}

/// Whether the loaded value goes into a buffer as a whole and nowhere else, and
/// the loop's iterations have nothing else in that buffer: each reads what it
/// has put there.
bool TileLoopPlanner::isBufferOfTile(GatheredTile &tile) {
  Value value = tile.load->getResult(0);
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
  // A layout that counts copies already leaves no dimension for the slots.
  auto layout = dyn_cast<ttg::LayoutEncodingTrait>(tile.slotType.getEncoding());
  if (!layout || layout.getRank() != 2 ||
      tile.slotType.getShape() !=
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
bool TileLoopPlanner::isOperandOfProducts(GatheredTile &tile) {
  SmallVector<Value> worklist = {tile.load->getResult(0)};
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
  MLIRContext *context = loop.getContext();
  auto type = cast<RankedTensorType>(tile.load->getResult(0).getType());
  if (type.getElementTypeBitWidth() < 8)
    return false;
  // TMA writes whole rows.
  SmallVector<unsigned> order = {1, 0};
  if (LoadOp load = tile.getPointerLoad()) {
    const AxisInfo &info = axes.get(load.getPtr());
    if (info.getContiguity(0) > info.getContiguity(1))
      order = {0, 1};
  }
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
bool TileLoopPlanner::isCopyable(const GatheredTile &tile) {
  LoadOp load = tile.getPointerLoad();
  if (!load)
    return true;
  if (load.getOther() && !isConstantZero(load.getOther()))
    return refuse("masked elements of a tile are other than zero");
  int64_t bits = std::max(tile.slotType.getElementTypeBitWidth(), 8u);
  unsigned dim = ttg::getOrder(tile.slotType).front();
  if (axes.getVectorLength(load.getPtr(), load.getMask(), dim) * bits < 32)
    return refuse("a tile has no runs of four bytes that a copy can move");
  return true;
}

/// Large stores of an item go through the slot of its last tile.
bool TileLoopPlanner::checkStores() {
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
Operation *TileLoopPlanner::findLastUse(const GatheredTile &tile) {
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

bool TileLoopPlanner::makePipes() {
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
    return first == second ? a.load->isBeforeInBlock(b.load)
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

bool TileLoopPlanner::chooseSlots() {
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
  int64_t fit = (limits.sharedMemory - limits.reserve - others) / perSlot;
  plan.slots = std::min(std::max<int64_t>(wanted, 2), fit);
  if (plan.slots < 2)
    return refuse("two slots of " + Twine(perSlot) + " bytes beside " +
                  Twine(others) + " bytes and " + Twine(limits.reserve) +
                  " of scratch memory do not fit into shared memory");
  plan.countedBytes = plan.slots * perSlot + others;
  return true;
}

FailureOr<TileLoopPlan> tle::planTileLoop(scf::ForOp loop,
                                          const ModuleAxisInfo &axes,
                                          TileLoopLimits limits,
                                          std::string &reason) {
  return TileLoopPlanner(loop, axes, limits, reason).run();
}
