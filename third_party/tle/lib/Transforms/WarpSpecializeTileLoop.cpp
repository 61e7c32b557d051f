//===- WarpSpecializeTileLoop.cpp - tile loops become partitions ----------===//
//
// Precondition:  tensors without layouts; a loop marked tt.warp_specialize that
//                gathers tiles (TileLoopPlan.h says what that is).
// Rewrite:       scf.for { gather; rest }; after
//                ==> pipes; ttg.warp_specialize
//                    default    { scf.for { wait; rest; release }; after }
//                    partition0 { scf.for { acquire; gather; commit } }
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
// and
//   read between wait and release; the pipe orders these. The old buffer was
//   overwritten whole in each iteration before any read, so no iteration sees
//   what another left. The release stands behind the last op that may read the
//   slot: a loaded tile may be read where it is used, also through transposes.
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
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/Accumulation.h"
#include "tle/Transforms/GlobalWrites.h"
#include "tle/Transforms/Passes.h"
#include "tle/Transforms/PipeBuilder.h"
#include "tle/Transforms/TileLoopPlan.h"
#include "tle/Transforms/TileStyleLoop.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/Transforms/BufferAnalysis.h"
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

namespace {

constexpr StringLiteral kMark = "tt.warp_specialize";
constexpr StringLiteral kReader = "consumer";
constexpr int32_t kProducerWarps = 4;
constexpr int64_t kMostWarps = 32;
constexpr int64_t kRegisters = 65536;
constexpr int64_t kMostRegistersPerThread = 255;
constexpr int64_t kMostProducerRegisters = 96;
/// A smaller conversion finds a place beside the slots.
constexpr int64_t kLeastStagedBytes = 8192;

/// A pipe as both sides see it: its barriers, and the slots of its tiles and of
/// the values that cross.
struct PipeBuffers {
  Value barriers;
  SmallVector<Value> tiles;
  SmallVector<Value> crossing;
};

class Specializer : private PipeBuilder {
public:
  Specializer(TileLoopPlan plan, int64_t numWarps, int64_t producerRegisters)
      : PipeBuilder(plan.loop, plan.loop.getLoc()), plan(std::move(plan)),
        loop(this->plan.loop), numWarps(numWarps),
        producerRegisters(producerRegisters) {}

  void run() {
    for (auto [number, pipe] : llvm::enumerate(plan.pipes))
      buffers.push_back(createPipe(pipe, number));
    divide();
    produce();
    consume();
    stageStores();
    erase();
  }

private:
  TileLoopPlan plan;
  scf::ForOp loop;
  int64_t numWarps;
  int64_t producerRegisters;
  SmallVector<PipeBuffers> buffers;
  ttg::WarpSpecializeOp specialize;
  /// How many tiles the consumer has had.
  Value count;

  Value allocateSlots(ArrayRef<int64_t> shape, Type element, Attribute layout) {
    SmallVector<int64_t> whole = {plan.slots};
    llvm::append_range(whole, shape);
    return allocate(whole, element, layout);
  }

  /// What lies in shared memory for elements of type `element`.
  Type storedType(Type element) {
    return element.isInteger(1) ? builder.getI8Type() : element;
  }

  PipeBuffers createPipe(const TilePipe &pipe, size_t number) {
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
                                kReader, /*oneShot=*/false);
    return result;
  }

  //===--------------------------------------------------------------------===//
  // The division
  //===--------------------------------------------------------------------===//

  /// Registers of a thread that gathers, if threads would else have less than
  /// they can use.
  DenseI32ArrayAttr getRegisters() {
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
        LoadOp load = tile.load;
        Value base = findBasePointer(load.getPtr());
        if (base)
          rowsOf[base] = std::max(rowsOf[base], own);
        else
          pointers += own;
      }
    for (auto &[base, own] : rowsOf)
      pointers += own;
    int64_t registers = std::max(producerRegisters,
                                 int64_t(llvm::alignTo(24 + 2 * pointers, 8)));
    return builder.getDenseI32ArrayAttr({static_cast<int32_t>(
        std::min<int64_t>(registers, kMostProducerRegisters))});
  }

  void divide() {
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
    Block &rest = specialize.getDefaultRegion().emplaceBlock();
    specialize.getPartitionOpHolder().emplaceBlock();
    builder.setInsertionPointToStart(
        &specialize.getPartitionOpHolder().front());
    auto partitions =
        ttg::WarpSpecializePartitionsOp::create(builder, loc, /*count=*/1);
    Block &producer = partitions.getPartitionRegions().front().emplaceBlock();
    for (Value capture : captures)
      producer.addArgument(capture.getType(), capture.getLoc());

    Block *block = loop->getBlock();
    for (Operation *op : findMovable())
      op->moveBefore(&rest, rest.end());
    loop->moveBefore(&rest, rest.end());
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
  SmallVector<Operation *> findMovable() {
    Block *block = loop->getBlock();
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
      if (!isMemoryEffectFree(&op) &&
          !hasSingleEffect<MemoryEffects::Read>(&op))
        movable.clear(); // stays, and all that stands before it
      else if (!staying.contains(&op))
        movable.push_back(&op);
    }
    return movable;
  }

  //===--------------------------------------------------------------------===//
  // Loops
  //===--------------------------------------------------------------------===//

  /// Slot `number` mod N of each buffer, in the order of the buffers.
  SmallVector<Value> getSlots(ArrayRef<Value> whole, Value number) {
    Value slot = getSlotNumber(number, plan.slots);
    SmallVector<Value> views;
    for (Value buffer : whole)
      views.push_back(getView(buffer, slot));
    return views;
  }

  /// The loop once more, with the values of `carried` and a number of tiles,
  /// which comes last; its body is empty. `mapping` leads there.
  scf::ForOp createLoop(ArrayRef<unsigned> carried, IRMapping &mapping) {
    SmallVector<Value> inits;
    for (unsigned number : carried)
      inits.push_back(mapping.lookupOrDefault(loop.getInitArgs()[number]));
    inits.push_back(constant(0));
    auto created = scf::ForOp::create(
        builder, loc, mapping.lookupOrDefault(loop.getLowerBound()),
        mapping.lookupOrDefault(loop.getUpperBound()),
        mapping.lookupOrDefault(loop.getStep()), inits);
    created->setAttrs(loop->getAttrDictionary());
    created->removeAttr(kMark);
    mapping.map(loop.getInductionVar(), created.getInductionVar());
    for (auto [position, number] : llvm::enumerate(carried))
      mapping.map(loop.getRegionIterArg(number),
                  created.getRegionIterArg(position));
    return created;
  }

  void yield(ArrayRef<unsigned> carried, Value number, IRMapping &mapping) {
    Operation *old = loop.getBody()->getTerminator();
    SmallVector<Value> values;
    for (unsigned position : carried)
      values.push_back(mapping.lookupOrDefault(old->getOperand(position)));
    values.push_back(arith::AddIOp::create(builder, loc, number, constant(1)));
    scf::YieldOp::create(builder, loc, values);
  }

  static void startBody(scf::ForOp created, OpBuilder &builder) {
    if (!created.getBody()->empty())
      created.getBody()->back().erase();
    builder.setInsertionPointToEnd(created.getBody());
  }

  void produce() {
    Block &block =
        specialize.getPartitionOp().getPartitionRegions().front().front();
    builder.setInsertionPointToEnd(&block);
    IRMapping mapping;
    for (auto [capture, argument] :
         llvm::zip(specialize.getExplicitCaptures(), block.getArguments()))
      mapping.map(capture, argument);
    for (Operation *op : plan.outside)
      builder.clone(*op, mapping);
    scf::ForOp created = createLoop(plan.carried.getArrayRef(), mapping);
    Value number = created.getRegionIterArgs().back();
    {
      OpBuilder::InsertionGuard guard(builder);
      startBody(created, builder);
      for (Operation *op : plan.slice)
        builder.clone(*op, mapping);
      for (auto [pipe, own] : llvm::zip(plan.pipes, buffers))
        fill(pipe, own, number, mapping);
      yield(plan.carried.getArrayRef(), number, mapping);
    }
    ttg::WarpReturnOp::create(builder, loc);
  }

  /// One tile of a pipe. All that the addresses need has been computed, so that
  /// loads of indices do not wait for the slot.
  void fill(const TilePipe &pipe, const PipeBuffers &own, Value number,
            IRMapping &mapping) {
    Value barriers = mapping.lookup(own.barriers);
    auto local = [&](ArrayRef<Value> values) {
      return llvm::map_to_vector(
          values, [&](Value value) { return mapping.lookup(value); });
    };
    acquire(barriers, number);
    SmallVector<Value> tiles = getSlots(local(own.tiles), number);
    for (auto [tile, slot] : llvm::zip(pipe.tiles, tiles)) {
      LoadOp load = tile.load;
      ttg::AsyncCopyGlobalToLocalOp::create(
          builder, load.getLoc(), mapping.lookupOrDefault(load.getPtr()), slot,
          load.getMask() ? mapping.lookupOrDefault(load.getMask()) : Value(),
          /*other=*/Value(), load.getCache(), load.getEvict());
    }
    SmallVector<Value> slots = getSlots(local(own.crossing), number);
    for (auto [value, slot] : llvm::zip(pipe.crossing, slots)) {
      Value source = mapping.lookup(value);
      auto type = cast<RankedTensorType>(source.getType());
      if (type.getElementType().isInteger(1))
        source = arith::ExtUIOp::create(
            builder, loc, type.clone(builder.getI8Type()), source);
      ttg::LocalStoreOp::create(builder, value.getLoc(), source, slot);
    }
    commit(barriers, number);
  }

  void consume() {
    builder.setInsertionPoint(loop);
    IRMapping mapping;
    scf::ForOp created = createLoop(plan.consumerCarried, mapping);
    created->setAttr(kConsumerAttr, builder.getUnitAttr());
    Value number = created.getRegionIterArgs().back();
    startBody(created, builder);
    SmallVector<SmallVector<Value>> slots;
    for (auto [pipe, own] : llvm::zip(plan.pipes, buffers)) {
      slots.push_back(getSlots(own.tiles, number));
      for (auto [tile, slot] : llvm::zip(pipe.tiles, slots.back()))
        if (tile.buffer)
          mapBuffer(tile.buffer, slot, mapping);
    }
    for (Operation &op : *loop.getBody()) {
      for (auto [index, pipe] : llvm::enumerate(plan.pipes))
        if (pipe.firstUse == &op)
          wait(pipe, buffers[index], slots[index], number, mapping);
      if (plan.consumed.contains(&op))
        builder.clone(op, mapping);
      bool isEnd = &op == loop.getBody()->getTerminator();
      for (auto [index, pipe] : llvm::enumerate(plan.pipes))
        if (pipe.lastUse == &op)
          PipeReleaseOp::create(builder, loc, buffers[index].barriers, number,
                                builder.getStringAttr(kReader));
      if (isEnd)
        yield(plan.consumerCarried, number, mapping);
    }
    for (auto [position, old] : llvm::enumerate(plan.consumerCarried))
      loop.getResult(old).replaceAllUsesWith(created.getResult(position));
    count = created.getResults().back();
  }

  /// Lets the consumer find `slot` where it looked for `buffer`, through views
  /// made before the loop too.
  void mapBuffer(Value buffer, Value slot, IRMapping &mapping) {
    mapping.map(buffer, slot);
    for (Operation *user : buffer.getUsers()) {
      bool isView = ttg::isBufferView(user) || isa<LocalPointersOp>(user);
      if (!isView || loop->isAncestor(user))
        continue;
      Operation *view = builder.clone(*user, mapping);
      mapBuffer(user->getResult(0), view->getResult(0), mapping);
    }
  }

  void wait(const TilePipe &pipe, const PipeBuffers &own, ArrayRef<Value> slots,
            Value number, IRMapping &mapping) {
    PipeWaitOp::create(builder, loc, own.barriers, number,
                       builder.getStringAttr(kReader));
    for (auto [tile, slot] : llvm::zip(pipe.tiles, slots)) {
      LoadOp load = tile.load;
      if (!tile.buffer)
        mapping.map(load.getResult(),
                    ttg::LocalLoadOp::create(builder, load.getLoc(),
                                             load.getType(), slot)
                        .getResult());
    }
    SmallVector<Value> fields = getSlots(own.crossing, number);
    for (auto [value, field] : llvm::zip(pipe.crossing, fields)) {
      auto type = cast<RankedTensorType>(value.getType());
      Type stored = storedType(type.getElementType());
      Value loaded = ttg::LocalLoadOp::create(builder, value.getLoc(),
                                              type.clone(stored), field);
      if (stored != type.getElementType()) {
        auto zero = arith::ConstantOp::create(
            builder, loc, builder.getZeroAttr(loaded.getType()));
        loaded = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne,
                                       loaded, zero);
      }
      mapping.map(value, loaded);
    }
  }

  /// Lets large stores behind the loop go through slots, to be written by whole
  /// rows: a change of layout would take shared memory beside them. The slots
  /// are the consumer's then, for all tiles have arrived and none will come.
  void stageStores() {
    SmallVector<std::pair<Value, Value>> rings; // with the pipe's barriers
    for (const PipeBuffers &pipe : buffers)
      for (Value tile : pipe.tiles) {
        auto *place = llvm::find_if(rings, [&](const auto &ring) {
          return getBytes(ring.first) < getBytes(tile);
        });
        rings.insert(place, {tile, pipe.barriers});
      }
    llvm::SmallDenseSet<Value> waitedFor;
    SmallVector<StoreOp> stores;
    size_t next = 0;
    bool isOwn = true; // each has a ring of its own so far
    for (Operation *op = loop->getNextNode(); op; op = op->getNextNode()) {
      auto store = dyn_cast<StoreOp>(op);
      auto type = store ? dyn_cast<RankedTensorType>(store.getValue().getType())
                        : RankedTensorType();
      if (!type || type.getRank() != 2 ||
          !type.getElementType().isIntOrFloat() ||
          type.getElementTypeBitWidth() < 8 ||
          getTileBytes(type) < kLeastStagedBytes ||
          getTileBytes(type) > getBytes(rings.front().first))
        continue;
      if (next == rings.size() ||
          getTileBytes(type) > getBytes(rings[next].first)) {
        isOwn = false;
        next = 0;
      }
      auto [ring, barriers] = rings[next++];
      builder.setInsertionPoint(store);
      if (waitedFor.insert(barriers).second)
        waitForLast(barriers);
      stage(store, type, ring);
      stores.push_back(store);
    }
    if (isOwn)
      gatherStaged(stores);
  }

  void stage(StoreOp store, RankedTensorType type, Value ring) {
    auto space = ttg::SharedMemorySpaceAttr::get(builder.getContext());
    auto staged = ttg::MemDescType::get(type.getShape(), type.getElementType(),
                                        productLayout(type), space,
                                        /*mutableMemory=*/true);
    Location where = store.getLoc();
    auto staging =
        ttg::MemDescReinterpretOp::create(builder, where, staged, ring);
    ttg::LocalStoreOp::create(builder, where, store.getValue(), staging);
    store.getValueMutable().assign(
        ttg::LocalLoadOp::create(builder, where, type, staging));
  }

  /// Lets all that is staged be staged before any of it is stored: the values
  /// leave their registers first, and one barrier does for all.
  static void gatherStaged(ArrayRef<StoreOp> stores) {
    if (stores.size() < 2)
      return;
    StoreOp last = stores.back();
    for (Operation *op = stores.front(); op != last; op = op->getNextNode())
      if (!isMemoryEffectFree(op) && !llvm::is_contained(stores, op) &&
          !isa<PipeWaitOp, ttg::LocalStoreOp, ttg::LocalLoadOp>(op))
        return;
    Operation *place = last.getValue().getDefiningOp();
    for (StoreOp store : stores.drop_back()) {
      store.getValue().getDefiningOp()->moveBefore(place);
      store->moveBefore(place);
    }
  }

  /// A wait for the last tile, which has arrived: it says that what follows may
  /// use the slots. Without any tile it is for a tile of the second round,
  /// whose phase is the one that a fresh mbarrier has behind it, so that it
  /// passes.
  void waitForLast(Value barriers) {
    Value none = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                       count, constant(0));
    Value last = arith::SubIOp::create(builder, loc, count, constant(1));
    Value number =
        arith::SelectOp::create(builder, loc, none, constant(plan.slots), last);
    PipeWaitOp::create(builder, loc, barriers, number,
                       builder.getStringAttr(kReader));
  }

  static int64_t getBytes(Value buffer) {
    return getTileBytes(cast<ttg::MemDescType>(buffer.getType()));
  }

  static void eraseWithViews(Operation *op) {
    for (Operation *user : llvm::make_early_inc_range(op->getUsers()))
      eraseWithViews(user);
    op->erase();
  }

  void erase() {
    loop.erase();
    for (const TilePipe &pipe : plan.pipes)
      for (const GatheredTile &tile : pipe.tiles)
        if (tile.buffer)
          eraseWithViews(tile.buffer);
  }
};

class WarpSpecializeTileLoop
    : public tle::impl::TLEWarpSpecializeTileLoopBase<WarpSpecializeTileLoop> {
public:
  using TLEWarpSpecializeTileLoopBase::TLEWarpSpecializeTileLoopBase;

  void runOnOperation() override {
    SmallVector<scf::ForOp> loops;
    getOperation()->walk([&](scf::ForOp loop) {
      if (everyLoop || loop->hasAttr(kMark))
        loops.push_back(loop);
    });
    for (scf::ForOp loop : loops)
      specialize(loop);
  }

private:
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
    loop->removeAttr(kMark);
    std::string reason;
    FailureOr<TileLoopPlan> plan = failure();
    if (std::optional<StringRef> why = getLaunchReason()) {
      reason = why->str();
    } else {
      // Of the module as it is now.
      ModuleAxisInfo axes(getOperation());
      plan = planTileLoop(loop, axes, {numStages, sharedMemory}, reason);
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
                     " other values cross");
    Specializer(std::move(*plan), numWarps, producerRegisters).run();
  }
};

} // namespace
