//===- LowerPipes.cpp - pipes become mbarriers ----------------------------===//
//
// Precondition:  tle.pipe_create and, in partitions of ttg.warp_specialize, the
//                steps of its writer and readers.
// Rewrite:       tle.pipe_create  ==> ttng.init_barrier of every word
//                acquire, wait    ==> ttng.wait_barrier
//                commit, release  ==> ttng.arrive_barrier
//                commit of copies ==> ttng.async_copy_mbarrier_arrive
//                load of a descriptor's block, stored into a slot
//                                 ==> ttng.barrier_expect,
//                                     ttng.async_tma_copy_global_to_local
//                all of them with tle.per_thread
//                in a loop, ttng.inval_barrier at the end of the iteration
//                their fields' allocations get tle.pipe_field
//                A pipe that cannot do its work is an error (PipeChecks.cpp).
// Postcondition: no tle.pipe op is left; one gpu.barrier stands behind the
//                initialization of all pipes of a block.
//
//===----------------------------------------------------------------------===//

#include "PipeChecks.h"
#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/Passes.h"

#include "mlir/IR/Dominance.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "triton/Dialect/TritonGPU/Transforms/BufferAnalysis.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLELOWERPIPES
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
namespace ttg = mlir::triton::gpu;
namespace ttng = mlir::triton::nvidia_gpu;
using namespace mlir::triton;
using namespace mlir::triton::tle;

namespace {

class PipeLowering {
public:
  explicit PipeLowering(ModuleOp module) : module(module) {}

  LogicalResult run() {
    if (failed(collect()))
      return failure();
    SmallVector<Pipe *> all;
    for (auto &[root, pipe] : pipes) {
      if (failed(verifyPipe(pipe, dominance)))
        return failure();
      all.push_back(&pipe);
    }
    if (failed(verifyNoCycle(all, dominance)))
      return failure();
    if (!pipes.empty())
      findWriters();
    for (auto &[root, pipe] : pipes)
      findWrites(pipe);
    for (auto &[root, pipe] : pipes)
      lower(pipe);
    for (auto &[block, last] : lastInit) {
      OpBuilder builder(last->getContext());
      builder.setInsertionPointAfter(last);
      mlir::gpu::BarrierOp::create(builder, last->getLoc());
    }
    return success();
  }

private:
  LogicalResult collect();
  LogicalResult addStep(Operation *op, StringRef pipe, Endpoint &endpoint,
                        StringRef who, bool arrives);
  void findWriters();
  void findWrites(Pipe &pipe);
  bool canFill(Pipe &pipe, ttg::LocalStoreOp store);
  void lowerBlocks(Pipe &pipe);
  void lower(Pipe &pipe);

  ModuleOp module;
  llvm::MapVector<Value, Pipe> pipes;
  /// Of which pipe a buffer is a field.
  DenseMap<Value, PipeCreateOp> owners;
  DenseMap<Value, SmallVector<Operation *>> writers;
  DenseMap<Block *, Operation *> lastInit;
  DominanceInfo dominance;
};

LogicalResult PipeLowering::collect() {
  WalkResult created = module.walk([&](PipeCreateOp create) -> WalkResult {
    Pipe &pipe = pipes[findCapturedRoot(create.getBarriers())];
    if (pipe.create)
      return create.emitError("pipe '")
             << create.getName() << "' has the barriers of pipe '"
             << pipe.create.getName() << "'";
    pipe.number = pipes.size() - 1;
    pipe.create = create;
    for (auto [number, field] : llvm::enumerate(create.getFields())) {
      PipeCreateOp &owner = owners[findCapturedRoot(field)];
      if (owner == create)
        return create.emitError("pipe '")
               << create.getName() << "' has one buffer as two fields, field "
               << nameField(create, number) << " the second time";
      if (owner)
        return create.emitError("field ")
               << nameField(create, number) << " of pipe '" << create.getName()
               << "' is a field of pipe '" << owner.getName() << "' already";
      owner = create;
    }
    for (Attribute reader : create.getReaders())
      pipe.readers[cast<StringAttr>(reader).getValue()];
    return WalkResult::advance();
  });
  if (created.wasInterrupted())
    return failure();
  WalkResult result = module.walk([&](Operation *op) -> WalkResult {
    if (!isa<PipeAcquireOp, PipeCommitOp, PipeWaitOp, PipeReleaseOp>(op))
      return WalkResult::advance();
    auto found = pipes.find(findCapturedRoot(op->getOperand(0)));
    if (found == pipes.end())
      return op->emitError("the pipe of this step is not known here: it comes "
                           "from a loop, a branch or a function");
    Pipe &pipe = found->second;
    Type type = pipe.create.getBarriers().getType();
    if (op->getOperand(0).getType() != type)
      return op->emitError("takes barriers ")
             << op->getOperand(0).getType() << ", but those of pipe '"
             << pipe.create.getName() << "' are " << type;
    bool arrives = isa<PipeCommitOp, PipeReleaseOp>(op);
    auto reader = op->getAttrOfType<StringAttr>("reader");
    if (!reader)
      return addStep(op, pipe.create.getName(), pipe.writer, "its writer",
                     arrives);
    auto endpoint = pipe.readers.find(reader.getValue());
    if (endpoint == pipe.readers.end())
      return op->emitError("pipe '")
             << pipe.create.getName() << "' has no reader " << reader;
    return addStep(op, pipe.create.getName(), endpoint->second,
                   ("its reader '" + reader.getValue() + "'").str(), arrives);
  });
  return failure(result.wasInterrupted());
}

LogicalResult PipeLowering::addStep(Operation *op, StringRef pipe,
                                    Endpoint &endpoint, StringRef who,
                                    bool arrives) {
  Region *partition = findPartition(op);
  if (!partition)
    return op->emitError("pipe '")
           << pipe << "' connects partitions: " << who
           << " can work inside of tle.gpu.warp_specialize only";
  if (!endpoint.partition)
    endpoint.partition = partition;
  if (findSpecialize(endpoint.partition) != findSpecialize(partition))
    return op->emitError("pipe '")
           << pipe << "' serves one tle.gpu.warp_specialize, but " << who
           << " is used in two: make a pipe for each";
  if (endpoint.partition != partition)
    return op->emitError("pipe '")
           << pipe << "' counts the arrivals of one partition an endpoint, but "
           << who << " is used in two partitions";
  (arrives ? endpoint.arrivals : endpoint.waits).push_back(op);
  return success();
}

/// The load of a descriptor's block whose only purpose is `store`, which can
/// take its place; null if there is none.
static DescriptorLoadOp findBlockLoad(ttg::LocalStoreOp store) {
  Value value = store.getSrc();
  while (auto convert = value.getDefiningOp<ttg::ConvertLayoutOp>()) {
    if (!value.hasOneUse())
      return nullptr;
    value = convert.getSrc();
  }
  auto load = value.getDefiningOp<DescriptorLoadOp>();
  if (!load || !value.hasOneUse() || load->getBlock() != store->getBlock())
    return nullptr;
  // In a block that nothing reaches the load may stand behind the store.
  for (Operation *op = load->getNextNode(); op != store; op = op->getNextNode())
    if (!op || !isMemoryEffectFree(op))
      return nullptr;
  return load;
}

/// Whether `store` writes to a slot that no tile comes to any more: a divided
/// loop's results, which take another shape there.
static bool isBehindTiles(ttg::LocalStoreOp store, const Pipe &pipe) {
  if (!store.getDst().getDefiningOp<ttg::MemDescReinterpretOp>() ||
      findPartition(store) == pipe.writer.partition ||
      store->getBlock()->getParent() != findPartition(store) ||
      store->getParentOfType<LoopLikeOpInterface>())
    return false;
  for (Operation *op = store->getNextNode(); op; op = op->getNextNode())
    if (op->walk([](PipeReleaseOp) {
            return WalkResult::interrupt();
          }).wasInterrupted())
      return false;
  return true;
}

/// Whether TMA can do the work of `store`: it fills a whole slot, in the
/// arrangement that stock gives to a descriptor of blocks of this shape, and
/// nothing else writes the field while tiles come.
bool PipeLowering::canFill(Pipe &pipe, ttg::LocalStoreOp store) {
  DescriptorLoadOp load = findBlockLoad(store);
  auto slot = store.getDst().getDefiningOp<ttg::MemDescIndexOp>();
  if (!load || !slot || slot.getSrc().getDefiningOp<ttg::MemDescIndexOp>())
    return false;
  ttg::MemDescType type = store.getDst().getType();
  auto encoding = dyn_cast<ttg::NVMMASharedEncodingAttr>(type.getEncoding());
  if (!encoding || type.getRank() != 2 ||
      !type.getElementType().isIntOrFloat() ||
      type.getElementTypeBitWidth() != encoding.getElementBitWidth())
    return false;
  int64_t bytes = type.getNumElements() * type.getElementTypeBitWidth() / 8;
  if (bytes % ttg::lookupNumWarps(store) != 0 ||
      load.getDesc().getType().getBlockType().getShape() != type.getShape())
    return false;
  auto stocks = ttg::NVMMASharedEncodingAttr::get(
      type.getContext(), type.getShape(), {1, 0}, ttg::getCGALayout(encoding),
      type.getElementType(), /*fp4Padded=*/false);
  Value barriers = pipe.writer.waits.front()->getOperand(0);
  if (encoding != stocks || !dominance.properlyDominates(barriers, load))
    return false;
  Value root = findCapturedRoot(store.getDst());
  return llvm::none_of(writers.lookup(root), [&](Operation *op) {
    auto other = dyn_cast<ttg::LocalStoreOp>(op);
    return !other || (!findBlockLoad(other) && !isBehindTiles(other, pipe));
  });
}

/// Which stores and copies write to each buffer.
void PipeLowering::findWriters() {
  module.walk([&](Operation *op) {
    if (auto store = dyn_cast<ttg::LocalStoreOp>(op))
      writers[findCapturedRoot(store.getDst())].push_back(op);
    else if (auto copy = dyn_cast<ttg::AsyncCopyGlobalToLocalOp>(op))
      writers[findCapturedRoot(copy.getResult())].push_back(op);
  });
}

/// What the writer's partition does to the fields.
void PipeLowering::findWrites(Pipe &pipe) {
  pipe.writer.partition->walk([&](Operation *op) {
    if (!touchesField(op, pipe.create) || isa<ttg::LocalLoadOp>(op))
      return;
    auto store = dyn_cast<ttg::LocalStoreOp>(op);
    if (isa<ttg::AsyncCopyGlobalToLocalOp>(op))
      pipe.writes.copies = true;
    else if (store && canFill(pipe, store))
      pipe.writes.blocks.push_back(store);
    else
      pipe.writes.stores = true;
  });
  if (!pipe.writes.copies && pipe.writes.blocks.empty())
    pipe.writes.stores = true;
}

/// The position of a tile in the ring.
struct Place {
  Value slot;
  Value phase;
};

/// Marks `op` as a step of the pipe `number`.
void markStep(Operation *op, int32_t number) {
  Builder builder(op->getContext());
  op->setAttr(kPerThreadAttr, builder.getUnitAttr());
  op->setAttr(kPipeAttr, builder.getI32IntegerAttr(number));
}

class StepBuilder {
public:
  StepBuilder(Operation *op, const Pipe &pipe)
      : builder(op), loc(op->getLoc()), pipe(pipe.number),
        barriers(op->getOperand(0)), index(op->getOperand(1)),
        numSlots(getNumSlots(pipe)) {}

  /// The mbarrier of the tile's slot: that for full slots or that for empty
  /// ones.
  Value getBarrier(bool empty) {
    Value word = getSlot();
    if (empty)
      word = arith::AddIOp::create(builder, loc, word, constant(numSlots));
    return getWord(builder, loc, barriers, word);
  }

  /// The parity of the tile's round through the ring, or of the one before.
  Value getPhase(bool previous) {
    Value round =
        numSlots == 1 ? index
        : llvm::isPowerOf2_64(numSlots)
            ? arith::ShRUIOp::create(builder, loc, index,
                                     constant(llvm::Log2_64(numSlots)))
                  .getResult()
            : arith::DivUIOp::create(builder, loc, index, constant(numSlots))
                  .getResult();
    Value phase = arith::AndIOp::create(builder, loc, round, constant(1));
    return previous ? arith::XOrIOp::create(builder, loc, phase, constant(1))
                          .getResult()
                    : phase;
  }

  void wait(bool empty, bool previous, bool implied = false) {
    Value barrier = getBarrier(empty);
    auto op =
        ttng::WaitBarrierOp::create(builder, loc, barrier, getPhase(previous),
                                    /*pred=*/Value(), ValueRange());
    mark(op);
    if (implied)
      op->setAttr(kImpliedReleaseAttr, builder.getUnitAttr());
  }

  void arrive(bool empty) {
    mark(ttng::ArriveBarrierOp::create(builder, loc, getBarrier(empty),
                                       /*count=*/1, /*pred=*/Value()));
  }

  /// One thread of each warp arrives.
  void arriveByWarp() {
    Operation *op = ttng::ArriveBarrierOp::create(
        builder, loc, getBarrier(false), /*count=*/1, /*pred=*/Value());
    mark(op);
    op->setAttr(kPerWarpAttr, builder.getUnitAttr());
  }

  void arriveWithCopies() {
    mark(ttng::AsyncCopyMbarrierArriveOp::create(builder, loc,
                                                 getBarrier(false),
                                                 /*noIncrement=*/true));
  }

  static Value getWord(OpBuilder &builder, Location loc, Value barriers,
                       Value word) {
    auto type = cast<ttg::MemDescType>(barriers.getType());
    auto wordType = ttg::MemDescType::get(
        {1}, type.getElementType(), type.getEncoding(), type.getMemorySpace(),
        /*mutableMemory=*/true);
    return ttg::MemDescIndexOp::create(builder, loc, wordType, barriers, word);
  }

private:
  Value getSlot() {
    if (numSlots == 1)
      return constant(0);
    if (llvm::isPowerOf2_64(numSlots))
      return arith::AndIOp::create(builder, loc, index, constant(numSlots - 1));
    return arith::RemUIOp::create(builder, loc, index, constant(numSlots));
  }

  Value constant(int64_t value) {
    return arith::ConstantIntOp::create(builder, loc, value, 32);
  }

  void mark(Operation *op) { markStep(op, pipe); }

  static int64_t getNumSlots(const Pipe &pipe) {
    PipeCreateOp create = pipe.create;
    return create.getNumSlots();
  }

  OpBuilder builder;
  Location loc;
  int32_t pipe;
  Value barriers, index;
  int64_t numSlots;
};

/// Each copy of a block announces its bytes first; the commit then arrives for
/// all of them, so that the slot is not full before.
void PipeLowering::lowerBlocks(Pipe &pipe) {
  Value barriers = pipe.writer.waits.front()->getOperand(0);
  for (ttg::LocalStoreOp store : pipe.writes.blocks) {
    DescriptorLoadOp load = findBlockLoad(store);
    OpBuilder builder(store);
    Location loc = load.getLoc();
    auto slot = store.getDst().getDefiningOp<ttg::MemDescIndexOp>();
    ttg::MemDescType type = store.getDst().getType();
    Value full = StepBuilder::getWord(builder, loc, barriers, slot.getIndex());
    Value always = arith::ConstantIntOp::create(builder, loc, 1, 1);
    markStep(ttng::BarrierExpectOp::create(
                 builder, loc, full,
                 type.getNumElements() * type.getElementTypeBitWidth() / 8,
                 always),
             pipe.number);
    markStep(ttng::AsyncTMACopyGlobalToLocalOp::create(
                 builder, loc, load.getDesc(), load.getIndices(), full,
                 store.getDst(), always, load.getCache(), load.getEvict()),
             pipe.number);
    Value value = store.getSrc();
    store.erase();
    while (Operation *op = value.getDefiningOp()) {
      value = isa<ttg::ConvertLayoutOp>(op) ? op->getOperand(0) : Value();
      op->erase();
      if (!value)
        break;
    }
  }
}

void PipeLowering::lower(Pipe &pipe) {
  lowerBlocks(pipe);
  PipeCreateOp create = pipe.create;
  // Without releases nobody waits for a free slot.
  int emptyCount = 0;
  if (!create.getOneShot())
    for (auto &[name, endpoint] : pipe.readers)
      emptyCount += endpoint.getNumThreads();
  for (Operation *op : pipe.writer.waits) {
    if (emptyCount != 0)
      StepBuilder(op, pipe).wait(/*empty=*/true, /*previous=*/true);
    op->erase();
  }
  bool hasBlocks = !pipe.writes.blocks.empty();
  int fullCount =
      pipe.writer.getNumThreads() * (pipe.writes.copies + pipe.writes.stores) +
      (hasBlocks ? ttg::lookupNumWarps(pipe.writer.arrivals.front()) : 0);
  for (Operation *op : pipe.writer.arrivals) {
    StepBuilder step(op, pipe);
    if (pipe.writes.stores)
      step.arrive(/*empty=*/false);
    if (pipe.writes.copies)
      step.arriveWithCopies();
    if (hasBlocks)
      step.arriveByWarp();
    op->erase();
  }
  for (auto &[name, endpoint] : pipe.readers) {
    for (Operation *op : endpoint.waits) {
      StepBuilder(op, pipe).wait(/*empty=*/false, /*previous=*/false,
                                 op->hasAttr(kImpliedReleaseAttr));
      op->erase();
    }
    for (Operation *op : endpoint.arrivals) {
      if (emptyCount != 0)
        StepBuilder(op, pipe).arrive(/*empty=*/true);
      op->erase();
    }
  }

  OpBuilder builder(create);
  Location loc = create.getLoc();
  int64_t words = emptyCount == 0
                      ? create.getNumSlots()
                      : create.getBarriers().getType().getShape()[0];
  for (int64_t word = 0; word < words; ++word) {
    Value number = arith::ConstantIntOp::create(builder, loc, word, 32);
    Value barrier =
        StepBuilder::getWord(builder, loc, create.getBarriers(), number);
    Operation *init = ttng::InitBarrierOp::create(
        builder, loc, barrier,
        word < create.getNumSlots() ? fullCount : emptyCount);
    init->setAttr(kPerThreadAttr, builder.getUnitAttr());
    Operation *&last = lastInit[create->getBlock()];
    if (!last || last->isBeforeInBlock(init))
      last = init;
  }
  // Words are initialized again in the next iteration: only what is no mbarrier
  // may be.
  if (create->getParentOfType<LoopLikeOpInterface>()) {
    builder.setInsertionPoint(create->getBlock()->getTerminator());
    for (int64_t word = 0; word < words; ++word) {
      Value number = arith::ConstantIntOp::create(builder, loc, word, 32);
      ttng::InvalBarrierOp::create(
          builder, loc,
          StepBuilder::getWord(builder, loc, create.getBarriers(), number))
          ->setAttr(kPerThreadAttr, builder.getUnitAttr());
    }
  }
  for (Value field : create.getFields())
    if (Operation *alloc = findCapturedRoot(field).getDefiningOp())
      alloc->setAttr(kPipeFieldAttr, builder.getI32IntegerAttr(pipe.number));
  create.erase();
}

class LowerPipesPass
    : public triton::tle::impl::TLELowerPipesBase<LowerPipesPass> {
public:
  void getDependentDialects(DialectRegistry &registry) const override {
    TLELowerPipesBase::getDependentDialects(registry);
    registry.insert<ttng::TritonNvidiaGPUDialect>();
  }

  void runOnOperation() override {
    if (failed(PipeLowering(getOperation()).run()))
      signalPassFailure();
  }
};

} // namespace
