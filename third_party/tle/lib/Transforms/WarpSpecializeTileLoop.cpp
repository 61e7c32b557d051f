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
      : PipeBuilder(plan.getWhole(), plan.loop.getLoc()), plan(std::move(plan)),
        loop(this->plan.loop), items(this->plan.items), numWarps(numWarps),
        producerRegisters(producerRegisters) {}

  void run() {
    for (auto [number, pipe] : llvm::enumerate(plan.pipes))
      buffers.push_back(createPipe(pipe, number));
    divide();
    if (items) {
      items = addCounter(items);
      items->removeAttr(kMark);
    }
    planStores();
    produce();
    consume();
    stageStores();
    if (items)
      endItem();
    erase();
  }

private:
  TileLoopPlan plan;
  scf::ForOp loop, items;
  int64_t numWarps;
  int64_t producerRegisters;
  SmallVector<PipeBuffers> buffers;
  ttg::WarpSpecializeOp specialize;
  /// How many tiles the consumer has had, before the loop and behind it,
  /// whether there was none between, and the last of them.
  Value start, count, isEmpty, last;
  /// Large stores behind the loop, each with the ring that it goes through and
  /// the barriers of that one's pipe.
  struct StagedStore {
    StoreOp store;
    Value ring, barriers;
  };
  SmallVector<StagedStore> staged;
  bool haveOwnRings = true;
  /// Barriers of the pipes whose last tile of an item is held until its slot
  /// has served for stores.
  llvm::SmallDenseSet<Value> held;

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
  SmallVector<Operation *> findMovable() {
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

  /// The loop once more, with the values of `carried` and the number of the
  /// tile, which comes last and begins with `first`; its body is empty.
  /// `mapping` leads there.
  scf::ForOp createLoop(ArrayRef<unsigned> carried, Value first,
                        IRMapping &mapping) {
    SmallVector<Value> inits;
    for (unsigned number : carried)
      inits.push_back(mapping.lookupOrDefault(loop.getInitArgs()[number]));
    inits.push_back(first);
    scf::ForOp created = createAlike(loop, inits, mapping);
    created->removeAttr(kMark);
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
    if (!items) {
      gather(constant(0), mapping);
    } else {
      scf::ForOp created = createAlike(items, constant(0), mapping);
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToEnd(created.getBody());
      for (Operation *op : plan.perItem)
        builder.clone(*op, mapping);
      Value first = created.getRegionIterArgs().back();
      Value end = gather(first, mapping);
      if (!held.empty())
        end = sendEmptyTile(first, end, mapping);
      scf::YieldOp::create(builder, loc, end);
    }
    ttg::WarpReturnOp::create(builder, loc);
  }

  /// The producer's loop over tiles, from number `first` on; returns the number
  /// behind the last.
  Value gather(Value first, IRMapping &mapping) {
    scf::ForOp created = createLoop(plan.carried.getArrayRef(), first, mapping);
    Value number = created.getRegionIterArgs().back();
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToEnd(created.getBody());
      for (Operation *op : plan.slice)
        builder.clone(*op, mapping);
      for (auto [pipe, own] : llvm::zip(plan.pipes, buffers))
        fill(pipe, own, number, mapping);
      yield(plan.carried.getArrayRef(), number, mapping);
    }
    return created.getResults().back();
  }

  /// An item without tiles has one in which nothing lies: the consumer stores
  /// its results through the slot. Returns the number behind it, or `end`.
  Value sendEmptyTile(Value first, Value end, IRMapping &mapping) {
    Value isEmpty = arith::CmpIOp::create(builder, loc,
                                          arith::CmpIPredicate::eq, first, end);
    auto branch = scf::IfOp::create(builder, loc, isEmpty,
                                    /*withElseRegion=*/false);
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(branch.thenBlock());
      for (const PipeBuffers &own : buffers) {
        acquire(mapping.lookup(own.barriers), first);
        commit(mapping.lookup(own.barriers), first);
      }
    }
    return createEnd(first, end, isEmpty);
  }

  /// The number behind the last tile of an item, the empty one included.
  Value createEnd(Value first, Value end, Value isEmpty) {
    Value next = arith::AddIOp::create(builder, loc, first, constant(1));
    return arith::SelectOp::create(builder, loc, isEmpty, next, end);
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
    start = items ? Value(items.getRegionIterArgs().back()) : constant(0);
    scf::ForOp created = createLoop(plan.consumerCarried, start, mapping);
    created->setAttr(kConsumerAttr, builder.getUnitAttr());
    Value number = created.getRegionIterArgs().back();
    builder.setInsertionPointToEnd(created.getBody());
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
          releaseTile(buffers[index].barriers, number, created);
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

  void releaseTile(Value barriers, Value number, scf::ForOp created) {
    OpBuilder::InsertionGuard guard(builder);
    if (held.contains(barriers)) {
      auto branch = scf::IfOp::create(builder, loc, createGoesOn(created),
                                      /*withElseRegion=*/false);
      builder.setInsertionPointToStart(branch.thenBlock());
    }
    release(barriers, number, kReader);
  }

  /// Bytes of what a store may go through: of a slot if other items follow.
  int64_t getRoom(Value ring) {
    return getBytes(ring) / (items ? plan.slots : 1);
  }

  /// Lets large stores behind the loop go through slots, to be written by whole
  /// rows: a change of layout would take shared memory beside them. The slots
  /// are the consumer's then: all tiles have arrived, and none will come or, if
  /// other items follow, the last one is not released before.
  void planStores() {
    SmallVector<std::pair<Value, Value>> rings; // with the pipe's barriers
    for (const PipeBuffers &pipe : buffers)
      for (Value tile : pipe.tiles) {
        auto *place = llvm::find_if(rings, [&](const auto &ring) {
          int64_t more = getBytes(tile) - getBytes(ring.first);
          // Of the same size the one that is read last.
          return more > 0 || (items && more == 0);
        });
        rings.insert(place, {tile, pipe.barriers});
      }
    size_t next = 0;
    for (Operation *op = loop->getNextNode(); op; op = op->getNextNode()) {
      auto store = dyn_cast<StoreOp>(op);
      if (!store || !isLargeStore(store) ||
          getValueBytes(store) > getRoom(rings.front().first))
        continue;
      if (next == rings.size() ||
          getValueBytes(store) > getRoom(rings[next].first)) {
        haveOwnRings = false;
        next = 0;
      }
      auto [ring, barriers] = rings[next++];
      staged.push_back({store, ring, barriers});
      if (items)
        held.insert(barriers);
    }
  }

  void stageStores() {
    if (staged.empty())
      return;
    llvm::SmallDenseSet<Value> waitedFor;
    for (const StagedStore &each : staged) {
      builder.setInsertionPoint(each.store);
      if (!last)
        createLast();
      if (waitedFor.insert(each.barriers).second)
        PipeBuilder::wait(each.barriers, last, kReader);
      Value ring = each.ring;
      if (items)
        ring = getView(ring, getSlotNumber(last, plan.slots));
      stage(each.store, ring);
    }
    if (haveOwnRings)
      gatherStaged();
  }

  /// The number of the last tile, which has arrived: a wait for it says that
  /// what follows may use the slots. Without any tile it is that of the empty
  /// one or, if no items follow, of the second round, whose phase is the one
  /// that a fresh mbarrier has behind it, so that the wait passes.
  void createLast() {
    isEmpty = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                    count, start);
    if (items)
      count = createEnd(start, count, isEmpty);
    last = arith::SubIOp::create(builder, loc, count, constant(1));
    if (!items)
      last = arith::SelectOp::create(builder, loc, isEmpty,
                                     constant(plan.slots), last);
  }

  /// Frees what has been held, takes the other pipes' empty tiles, and counts
  /// on.
  void endItem() {
    if (!held.empty()) {
      builder.setInsertionPoint(staged.back().store);
      for (const PipeBuffers &own : buffers)
        if (held.contains(own.barriers))
          release(own.barriers, last, kReader);
    }
    if (!held.empty() && held.size() < buffers.size()) {
      auto branch = scf::IfOp::create(builder, loc, isEmpty,
                                      /*withElseRegion=*/false);
      builder.setInsertionPointToStart(branch.thenBlock());
      for (const PipeBuffers &own : buffers)
        if (!held.contains(own.barriers)) {
          PipeBuilder::wait(own.barriers, start, kReader);
          release(own.barriers, start, kReader);
        }
    }
    items.getBody()->getTerminator()->setOperand(
        items.getNumRegionIterArgs() - 1, count);
  }

  void stage(StoreOp store, Value ring) {
    auto type = cast<RankedTensorType>(store.getValue().getType());
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
  void gatherStaged() {
    if (staged.size() < 2)
      return;
    StoreOp final = staged.back().store;
    auto isStagedStore = [&](Operation *op) {
      return llvm::any_of(
          staged, [&](const StagedStore &each) { return each.store == op; });
    };
    for (Operation *op = staged.front().store; op != final;
         op = op->getNextNode())
      if (!isMemoryEffectFree(op) && !isStagedStore(op) &&
          !isa<PipeWaitOp, ttg::LocalStoreOp, ttg::LocalLoadOp>(op))
        return;
    Operation *place = final.getValue().getDefiningOp();
    for (const StagedStore &each : ArrayRef(staged).drop_back()) {
      StoreOp store = each.store;
      store.getValue().getDefiningOp()->moveBefore(place);
      store->moveBefore(place);
    }
  }

  static int64_t getValueBytes(StoreOp store) {
    return getTileBytes(cast<RankedTensorType>(store.getValue().getType()));
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
                     " other values cross" +
                     (plan->items ? ", in a loop over items" : ""));
    if (plan->items)
      gone.insert(plan->items);
    Specializer(std::move(*plan), numWarps, producerRegisters).run();
  }
};

} // namespace
