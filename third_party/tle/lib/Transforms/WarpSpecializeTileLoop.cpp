//===- WarpSpecializeTileLoop.cpp - tile loops become partitions ----------===//
//
// Precondition:  tensors without layouts; a loop marked tt.warp_specialize that
//                gathers tiles (TileLoopPlan.h says what that is).
// Rewrite:       scf.for { gather; rest }; after
//                ==> pipes; ttg.warp_specialize
//                    default    { scf.for { wait; rest; release }; after }
//                    partition0 { scf.for { acquire; gather; commit } }
//                A loop over items around it is made on both sides:
//                scf.for { before; scf.for { gather; rest }; after }
//                ==> ttg.warp_specialize
//                    default    { scf.for { before; scf.for { wait; rest;
//                                 release }; after } }
//                    partition0 { scf.for { what addresses need of before;
//                                 scf.for { acquire; gather; commit } } }
// Postcondition: no loop is marked, so stock does not specialize any of them.
//
// Why the results are the same:
//
// - Trip counts. Both loops have the bounds and the step of the old one, all
//   from before the division, so both run equally often; each counts its tiles
//   from 0. Tile i is committed once and released once. With no iteration
//   nobody waits; with one, the producer's only wait is for a slot that was
//   never full, and passes.
// - No deadlock. Per iteration the producer takes the pipes in an order, and
//   acquires nothing before it has committed all of the iteration before. The
//   consumer waits for them in the same order, and needs tile i of no pipe to
//   release tile i - 1 of any. So by induction over tiles both go on: N >= 2
//   slots are empty as soon as tile i - N has been released.
// - Shared memory. The slot of tile i is written between acquire and commit,
//   and read between wait and release; the pipe orders these. The old buffer
//   was overwritten whole in each iteration before any read, so no iteration
//   sees what another left. The release stands behind the last op that may read
//   the slot: a loaded tile may be read where it is used, also through
//   transposes.
// - Global memory. The producer loads earlier than the old loop did, beside
//   iterations before. No iteration writes what it loads, or orders memory.
//   What is moved over the division only reads, and stays behind the last write
//   that stands before the loop; what stands behind the loop writes after the
//   last tile has arrived, when the producer loads nothing any more.
// - Values. An op of the gather gives the producer what it gave the loop: its
//   operands are captured scalars, ops computed again, and carried values that
//   need nothing else. It runs for tiles that exist only, so whatever the old
//   loop ran is defined. Values that depend on memory reach the consumer
//   through the pipe or from loads of its own of memory that the loop does not
//   write.
// - Items. Both sides go through the same items, for bounds and step are from
//   before the division, and items hand nothing on to each other. Both count
//   the tiles of an item alike: its trips, or one empty tile where there are
//   none and results go through a slot. That slot is the consumer's from the
//   last tile's wait to its release, which stands behind the loop and behind
//   the last read of what was stored there; the producer needs it for no tile
//   of the same item, so the induction over tiles holds. Every reader waits for
//   every tile, empty ones too: by the parity of a round nobody can tell it
//   from the next but one.
//
//===----------------------------------------------------------------------===//

#include "TileLoopSpecializer.h"

#include "tle/Transforms/GlobalWrites.h"
#include "tle/Transforms/Passes.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "triton/Dialect/TritonGPU/Transforms/Remarks.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLEWARPSPECIALIZETILELOOP
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::tle;
namespace ttg = mlir::triton::gpu;

static constexpr int64_t kMostWarps = 32;
static constexpr int64_t kRegisters = 65536;
static constexpr int64_t kMostRegistersPerThread = 255;
static constexpr int64_t kMostProducerRegisters = 96;

void TileLoopSpecializer::run() {
  for (auto [number, pipe] : llvm::enumerate(plan.pipes))
    buffers.push_back(createPipe(pipe, number));
  divide();
  if (items) {
    items = addCounter(items);
    items->removeAttr(kSpecializeAttr);
  }
  planStores();
  produce();
  consume();
  stageStores();
  if (items)
    endItem();
  erase();
}

Value TileLoopSpecializer::allocateSlots(ArrayRef<int64_t> shape, Type element,
                                         Attribute layout) {
  SmallVector<int64_t> whole = {plan.slots};
  llvm::append_range(whole, shape);
  return allocate(whole, element, layout);
}

/// What lies in shared memory for elements of type `element`.
Type TileLoopSpecializer::storedType(Type element) {
  return element.isInteger(1) ? builder.getI8Type() : element;
}

PipeBuffers TileLoopSpecializer::createPipe(const TilePipe &pipe,
                                            size_t number) {
  PipeBuffers result;
  SmallVector<Value> fields;
  for (const GatheredTile &tile : pipe.tiles)
    result.tiles.push_back(allocateSlots(tile.slotType.getShape(),
                                         tile.slotType.getElementType(),
                                         tile.slotType.getEncoding()));
  for (Value value : pipe.crossing) {
    auto type = cast<RankedTensorType>(value.getType());
    result.crossing.push_back(allocateSlots(type.getShape(),
                                            storedType(type.getElementType()),
                                            plainLayout(type.getRank())));
  }
  llvm::append_range(fields, result.tiles);
  llvm::append_range(fields, result.crossing);
  result.barriers =
      PipeBuilder::createPipe(fields, plan.slots, "tiles" + Twine(number),
                              kTileReader, /*oneShot=*/false);
  return result;
}

//===----------------------------------------------------------------------===//
// The division
//===----------------------------------------------------------------------===//

/// Registers of a thread that gathers, if threads would else have less than
/// they can use.
DenseI32ArrayAttr TileLoopSpecializer::getRegisters() {
  int64_t threads = (numWarps + kProducerWarps) * 32;
  if (threads * kMostRegistersPerThread <= kRegisters)
    return {};
  // A pointer of two registers for each row of which a thread copies 16 of
  // 128 bytes, and as much again for all the rest.
  // Tiles of one argument share the rows' pointers.
  llvm::SmallMapVector<Value, int64_t, 4> rowsOf;
  int64_t pointers = 0;
  for (const TilePipe &pipe : plan.pipes)
    for (const GatheredTile &tile : pipe.tiles) {
      int64_t rows = tile.slotType.getShape().front();
      int64_t bytes = getTileBytes(tile.slotType) / rows;
      int64_t own = llvm::divideCeil(rows * std::min<int64_t>(bytes, 128),
                                     16 * kProducerWarps * 32);
      LoadOp load = tile.getPointerLoad();
      if (!load)
        continue;
      Value base = findBasePointer(load.getPtr());
      if (base)
        rowsOf[base] = std::max(rowsOf[base], own);
      else
        pointers += own;
    }
  for (auto &[base, own] : rowsOf)
    pointers += own;
  int64_t registers =
      std::max(producerRegisters, int64_t(llvm::alignTo(24 + 2 * pointers, 8)));
  return builder.getDenseI32ArrayAttr({static_cast<int32_t>(
      std::min<int64_t>(registers, kMostProducerRegisters))});
}

void TileLoopSpecializer::divide() {
  llvm::SetVector<Value> captures;
  for (PipeBuffers &pipe : buffers) {
    captures.insert(pipe.barriers);
    captures.insert(pipe.tiles.begin(), pipe.tiles.end());
    captures.insert(pipe.crossing.begin(), pipe.crossing.end());
  }
  captures.insert(plan.captures.begin(), plan.captures.end());
  specialize = ttg::WarpSpecializeOp::create(
      builder, loc, TypeRange(), captures.getArrayRef(),
      builder.getDenseI32ArrayAttr({kProducerWarps}),
      /*warpGroupStartIds=*/DenseI32ArrayAttr(), getRegisters(),
      /*actualRegisters=*/DenseI32ArrayAttr());
  specialize->setAttr(kCountedBytesAttr,
                      builder.getI64IntegerAttr(plan.countedBytes));
  Block &rest = specialize.getDefaultRegion().emplaceBlock();
  specialize.getPartitionOpHolder().emplaceBlock();
  builder.setInsertionPointToStart(&specialize.getPartitionOpHolder().front());
  auto partitions =
      ttg::WarpSpecializePartitionsOp::create(builder, loc, /*count=*/1);
  Block &producer = partitions.getPartitionRegions().front().emplaceBlock();
  for (Value capture : captures)
    producer.addArgument(capture.getType(), capture.getLoc());

  Block *block = plan.getWhole()->getBlock();
  for (Operation *op : findMovable())
    op->moveBefore(&rest, rest.end());
  plan.getWhole()->moveBefore(&rest, rest.end());
  for (Operation *op = specialize->getNextNode();
       op != block->getTerminator();) {
    Operation *next = op->getNextNode();
    if (!isa<ttg::LocalDeallocOp>(op))
      op->moveBefore(&rest, rest.end());
    op = next;
  }
  builder.setInsertionPointToEnd(&rest);
  ttg::WarpYieldOp::create(builder, loc, ValueRange());
}

/// What stands before the loop and can run beside the producer: it writes
/// nothing and follows the last op that does, and no capture needs it.
SmallVector<Operation *> TileLoopSpecializer::findMovable() {
  Block *block = plan.getWhole()->getBlock();
  llvm::SmallPtrSet<Operation *, 16> staying;
  SmallVector<Operation *> worklist = {specialize};
  while (!worklist.empty())
    worklist.pop_back_val()->walk([&](Operation *op) {
      for (Value operand : op->getOperands())
        if (Operation *def = operand.getDefiningOp())
          if (Operation *ancestor = block->findAncestorOpInBlock(*def))
            if (staying.insert(ancestor).second)
              worklist.push_back(ancestor);
    });
  SmallVector<Operation *> movable;
  for (Operation &op : *block) {
    if (&op == specialize)
      break;
    bool isAllocation = isa<ttg::LocalAllocOp>(op) && !op.getNumOperands();
    if (isAllocation || isa<PipeCreateOp>(op) ||
        op.hasTrait<OpTrait::ConstantLike>())
      continue;
    if (!isMemoryEffectFree(&op) && !hasSingleEffect<MemoryEffects::Read>(&op))
      movable.clear(); // stays, and all that stands before it
    else if (!staying.contains(&op))
      movable.push_back(&op);
  }
  return movable;
}

void TileLoopSpecializer::eraseWithViews(Operation *op) {
  for (Operation *user : llvm::make_early_inc_range(op->getUsers()))
    eraseWithViews(user);
  op->erase();
}

void TileLoopSpecializer::erase() {
  loop.erase();
  for (const TilePipe &pipe : plan.pipes)
    for (const GatheredTile &tile : pipe.tiles)
      if (tile.buffer)
        eraseWithViews(tile.buffer);
}

namespace {

class WarpSpecializeTileLoop
    : public tle::impl::TLEWarpSpecializeTileLoopBase<WarpSpecializeTileLoop> {
public:
  using TLEWarpSpecializeTileLoopBase::TLEWarpSpecializeTileLoopBase;

  void runOnOperation() override {
    SmallVector<scf::ForOp> loops;
    getOperation()->walk([&](scf::ForOp loop) {
      if (everyLoop || loop->hasAttr(kSpecializeAttr))
        loops.push_back(loop);
    });
    for (scf::ForOp loop : loops)
      if (!gone.contains(loop))
        specialize(loop);
  }

private:
  /// Loops over items that are there no more.
  llvm::SmallPtrSet<Operation *, 4> gone;

  /// Why no kernel that is launched so can be divided.
  std::optional<StringRef> getLaunchReason() {
    // From sm_100 on stock changes the warps of partitions, which counts of
    // arrivals rest on.
    if (computeCapability / 10 != 9)
      return "partitions need compute capability 9";
    if (numCtas != 1)
      return "the kernel runs in clusters";
    // Registers are given to groups of four warps.
    if (numWarps % 4 != 0 || numWarps + kProducerWarps > kMostWarps)
      return "partitions need a kernel of 4 to 28 warps, a multiple of 4";
    return std::nullopt;
  }

  void specialize(scf::ForOp loop) {
    loop->removeAttr(kSpecializeAttr);
    std::string reason;
    FailureOr<TileLoopPlan> plan = failure();
    if (std::optional<StringRef> why = getLaunchReason()) {
      reason = why->str();
    } else {
      // Of the module as it is now.
      ModuleAxisInfo axes(getOperation());
      plan = planTileLoop(
          loop, axes, {numStages, sharedMemory, sharedMemoryReserve}, reason);
    }
    if (failed(plan))
      return ttg::leftAlone(loop, getArgument(), reason);
    size_t tiles = 0, crossing = 0;
    for (const TilePipe &pipe : plan->pipes) {
      tiles += pipe.tiles.size();
      crossing += pipe.crossing.size();
    }
    ttg::applied(loop, getArgument(),
                 Twine(tiles) + " tiles gathered by a partition, " +
                     Twine(plan->pipes.size()) + " pipes of " +
                     Twine(plan->slots) + " slots, " + Twine(crossing) +
                     " other values cross" +
                     (plan->items ? ", in a loop over items" : ""));
    if (plan->items)
      gone.insert(plan->items);
    TileLoopSpecializer(std::move(*plan), numWarps, producerRegisters).run();
  }
};

} // namespace
