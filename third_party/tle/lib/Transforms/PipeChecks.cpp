//===- PipeChecks.cpp - whether a pipe can do its work --------------------===//
//
// What is known without running the program: how often steps of an end are
// carried out and for which tiles, where they stand in constant loops and in no
// branch; which steps stand in front of others; where fields are accessed.
// What is not known is taken to be right: the interpreter finds it.
//
//===----------------------------------------------------------------------===//

#include "PipeChecks.h"
#include "tle/Transforms/PipeSlots.h"

#include "mlir/IR/Dominance.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "triton/Dialect/TritonGPU/Transforms/BufferAnalysis.h"

using namespace mlir;
namespace ttg = mlir::triton::gpu;
using namespace mlir::triton;
using namespace mlir::triton::tle;

/// What an mbarrier can count to.
static constexpr int64_t kMaxArrivals = (1 << 20) - 1;

ttg::WarpSpecializeOp tle::findSpecialize(Region *partition) {
  Operation *op = partition->getParentOp();
  auto specialize = dyn_cast<ttg::WarpSpecializeOp>(op);
  return specialize ? specialize : op->getParentOfType<ttg::WarpSpecializeOp>();
}

/// Whether `op` accesses a field, and does not only describe it.
bool tle::touchesField(Operation *op, PipeCreateOp create) {
  if (ttg::isBufferView(op) || isa<ttg::LocalDeallocOp>(op) ||
      isa<ttg::WarpSpecializeOp, PipeCreateOp>(op))
    return false;
  return llvm::any_of(op->getOperands(), [&](Value operand) {
    return isa<ttg::MemDescType>(operand.getType()) &&
           llvm::is_contained(
               llvm::map_range(create.getFields(), findCapturedRoot),
               findCapturedRoot(operand));
  });
}

std::string tle::nameField(PipeCreateOp create, size_t number) {
  auto names = create->getAttrOfType<ArrayAttr>("tle.fields");
  auto name = names && number < names.size()
                  ? dyn_cast<StringAttr>(names[number])
                  : nullptr;
  return name ? ("'" + name.getValue() + "'").str()
              : "#" + std::to_string(number);
}

std::string tle::describeField(Operation *op, PipeCreateOp create) {
  std::string field;
  for (Value operand : op->getOperands())
    for (auto [number, value] : llvm::enumerate(create.getFields()))
      if (field.empty() && isa<ttg::MemDescType>(operand.getType()) &&
          findCapturedRoot(operand) == findCapturedRoot(value))
        field = nameField(create, number);
  return "field " + field + " of pipe '" + create.getName().str() + "'";
}

namespace {

/// Whether `first` may be carried out before `second`: in program order, or in
/// an iteration before.
bool mayPrecede(Operation *first, Operation *second) {
  for (Operation *op = first; op; op = op->getParentOp()) {
    Operation *other = op->getBlock()->findAncestorOpInBlock(*second);
    if (!other) {
      // Several blocks: either may come first.
      if (op->getParentRegion()->isAncestor(second->getParentRegion()))
        return true;
      continue;
    }
    if (op != other && op->isBeforeInBlock(other))
      return true;
    return isa<LoopLikeOpInterface>(op) ||
           op->getParentOfType<LoopLikeOpInterface>();
  }
  return false;
}

class PipeVerifier {
public:
  PipeVerifier(Pipe &pipe, DominanceInfo &dominance)
      : pipe(pipe), create(pipe.create), dominance(dominance) {}

  LogicalResult run();

private:
  InFlightDiagnostic fail(Operation *op) {
    return op->emitError("pipe '") << create.getName() << "'";
  }

  LogicalResult verifyPlace();
  LogicalResult verifyReader(StringRef reader, Endpoint &endpoint);
  LogicalResult verifyOrder(Endpoint &endpoint, StringRef arrival,
                            StringRef wait);
  LogicalResult verifyAccesses(Endpoint &endpoint, StringRef wait,
                               StringRef arrival);
  LogicalResult verifyStrangers();
  LogicalResult verifyTiles();
  LogicalResult verifyTiles(Endpoint &endpoint);
  LogicalResult verifyCounts();
  LogicalResult verifyArrivals();
  Operation *findArrivalBefore(Operation *access, Endpoint &endpoint);

  Pipe &pipe;
  PipeCreateOp create;
  DominanceInfo &dominance;
};

LogicalResult PipeVerifier::run() {
  if (pipe.writer.arrivals.empty())
    return fail(create)
           << " is never committed to: its readers would wait for ever";
  if (failed(verifyPlace()) ||
      failed(verifyOrder(pipe.writer, "committed to", "an acquire")) ||
      failed(verifyAccesses(pipe.writer, "an acquire", "committed")))
    return failure();
  for (auto &[reader, endpoint] : pipe.readers)
    if (failed(verifyReader(reader, endpoint)))
      return failure();
  if (failed(verifyStrangers()) || failed(verifyTiles()) ||
      failed(verifyTileOrder(pipe, dominance)) || failed(verifyCounts()) ||
      failed(verifyTileCounts(pipe, dominance)))
    return failure();
  return verifyArrivals();
}

LogicalResult PipeVerifier::verifyReader(StringRef reader, Endpoint &endpoint) {
  if (endpoint.partition == pipe.writer.partition)
    return fail(create) << " is written and read by the same partition";
  if (endpoint.isImplied()) {
    if (!endpoint.arrivals.empty())
      return fail(endpoint.arrivals.front())
             << " is released by its reader '" << reader
             << "', which leaves that to others";
  } else if (!endpoint.arrivals.empty()) {
    if (failed(verifyOrder(endpoint, "released", "a wait")))
      return failure();
  } else if (!create.getOneShot()) {
    return fail(create) << " is never released by its reader '" << reader
                        << "': its writer would wait for ever";
  }
  if (!endpoint.partition)
    return success();
  return verifyAccesses(endpoint, "a wait", "released");
}

/// The ends work in one ttg.warp_specialize, each run of which has a pipe of
/// its own: tiles are counted from 0 on, and so are phases.
LogicalResult PipeVerifier::verifyPlace() {
  ttg::WarpSpecializeOp specialize = findSpecialize(pipe.writer.partition);
  for (auto &[reader, endpoint] : pipe.readers)
    if (endpoint.partition && findSpecialize(endpoint.partition) != specialize)
      return fail(endpoint.waits.empty() ? endpoint.arrivals.front()
                                         : endpoint.waits.front())
             << " serves one tle.gpu.warp_specialize, but its reader '"
             << reader << "' is in another one than its writer";
  for (Operation *op = specialize->getParentOp(); op && !op->isAncestor(create);
       op = op->getParentOp())
    if (isa<LoopLikeOpInterface>(op)) {
      InFlightDiagnostic diagnostic =
          fail(create) << " is made outside of a loop around "
                          "tle.gpu.warp_specialize: each run counts its tiles "
                          "from 0 and needs a pipe of its own, made inside";
      diagnostic.attachNote(op->getLoc()) << "the loop";
      return diagnostic;
    }
  return success();
}

LogicalResult PipeVerifier::verifyOrder(Endpoint &endpoint, StringRef arrival,
                                        StringRef wait) {
  for (Operation *op : endpoint.arrivals) {
    bool hasWaited = llvm::any_of(endpoint.waits, [&](Operation *before) {
      return mayPrecede(before, op);
    });
    if (!hasWaited)
      return fail(op) << " is " << arrival << " without " << wait
                      << " before it";
  }
  return success();
}

/// The arrival for the slot that `access` accesses, if it stands in front of it
/// with no wait between them; null if that is not certain.
Operation *PipeVerifier::findArrivalBefore(Operation *access,
                                           Endpoint &endpoint) {
  Value slot;
  for (Value operand : access->getOperands())
    if (isa<ttg::MemDescType>(operand.getType()))
      slot = findSlotIndex(operand);
  if (!slot)
    return nullptr;
  SlotNumber accessed(slot, create.getNumSlots());
  for (Operation *op = access->getPrevNode(); op; op = op->getPrevNode()) {
    auto holds = [&](Operation *wait) { return op->isAncestor(wait); };
    if (llvm::any_of(endpoint.waits, holds))
      return nullptr;
    if (llvm::is_contained(endpoint.arrivals, op) &&
        SlotNumber(op->getOperand(1), create.getNumSlots()).equals(accessed))
      return op;
  }
  return nullptr;
}

LogicalResult PipeVerifier::verifyAccesses(Endpoint &endpoint, StringRef wait,
                                           StringRef arrival) {
  bool isWriter = &endpoint == &pipe.writer;
  WalkResult result =
      endpoint.partition->walk([&](Operation *op) -> WalkResult {
        if (!touchesField(op, create))
          return WalkResult::advance();
        bool hasWaited = llvm::any_of(endpoint.waits, [&](Operation *before) {
          return dominance.properlyDominates(before, op);
        });
        if (!hasWaited)
          return op->emitError(describeField(op, create))
                 << " is accessed without " << wait << " before it";
        // The writer may go on reading what it has handed over.
        if (isWriter &&
            !isa<ttg::LocalStoreOp, ttg::AsyncCopyGlobalToLocalOp>(op))
          return WalkResult::advance();
        if (Operation *before = findArrivalBefore(op, endpoint)) {
          InFlightDiagnostic diagnostic =
              op->emitError(describeField(op, create))
              << " is " << (isWriter ? "written to" : "accessed")
              << " after its tile has been " << arrival;
          diagnostic.attachNote(before->getLoc()) << arrival << " here";
          return diagnostic;
        }
        return WalkResult::advance();
      });
  return failure(result.wasInterrupted());
}

/// A partition without an end does not know when it may access a field.
LogicalResult PipeVerifier::verifyStrangers() {
  auto hasEnd = [&](Region *region) {
    return region == pipe.writer.partition ||
           llvm::any_of(pipe.readers, [&](auto &reader) {
             return reader.second.partition == region;
           });
  };
  WalkResult result =
      findSpecialize(pipe.writer.partition)
          ->walk([&](Operation *op) -> WalkResult {
            Region *partition = findPartition(op);
            if (!partition || hasEnd(partition) || !touchesField(op, create))
              return WalkResult::advance();
            return op->emitError(describeField(op, create))
                   << " is accessed by a partition that has no end of it";
          });
  return failure(result.wasInterrupted());
}

/// Tiles are counted from 0 on without gaps, those of a one-shot pipe to the
/// number of its slots.
LogicalResult PipeVerifier::verifyTiles(Endpoint &endpoint) {
  for (auto *steps : {&endpoint.waits, &endpoint.arrivals})
    for (Operation *op : *steps) {
      std::optional<TileRange> tiles = findTiles(op, endpoint.partition);
      if (!tiles)
        continue;
      if (tiles->first < 0)
        return fail(op) << " has a step for tile " << tiles->first
                        << ", but tiles are counted from 0 on";
      if (create.getOneShot() && tiles->last >= create.getNumSlots())
        return fail(op) << " has a step for tile " << tiles->last
                        << ", but it is one-shot and has "
                        << create.getNumSlots() << " slots";
    }
  return success();
}

LogicalResult PipeVerifier::verifyTiles() {
  if (failed(verifyTiles(pipe.writer)))
    return failure();
  for (auto &[reader, endpoint] : pipe.readers)
    if (endpoint.partition && failed(verifyTiles(endpoint)))
      return failure();
  std::optional<int64_t> committed =
      countRuns(pipe.writer.arrivals, pipe.writer.partition);
  if (!committed)
    return success();
  for (Operation *op : pipe.writer.arrivals)
    if (std::optional<TileRange> tiles = findTiles(op, pipe.writer.partition);
        tiles && tiles->last >= *committed)
      return fail(op) << ": tile " << tiles->last << " is committed, but only "
                      << *committed << " tiles are in all: tiles are counted "
                      << "without gaps";
  for (auto &[reader, endpoint] : pipe.readers)
    for (Operation *op : endpoint.waits)
      if (std::optional<TileRange> tiles = findTiles(op, endpoint.partition);
          tiles && tiles->last >= *committed)
        return fail(op) << ": its reader '" << reader << "' waits for tile "
                        << tiles->last << ", but " << *committed
                        << " tiles are committed in all: it would wait for "
                           "ever";
  return success();
}

/// Where all counts are known: nobody waits for a tile that never comes, or for
/// a slot that never becomes free. Each tile is acquired, committed, and
/// released by each reader, once.
LogicalResult PipeVerifier::verifyCounts() {
  if (create.getOneShot())
    return success();
  std::optional<int64_t> acquired =
      countRuns(pipe.writer.waits, pipe.writer.partition);
  std::optional<int64_t> committed =
      countRuns(pipe.writer.arrivals, pipe.writer.partition);
  for (auto &[reader, endpoint] : pipe.readers) {
    if (endpoint.arrivals.empty())
      continue;
    std::optional<int64_t> released =
        countRuns(endpoint.arrivals, endpoint.partition);
    if (released && committed && *released > *committed)
      return fail(endpoint.arrivals.front())
             << ": its reader '" << reader << "' releases " << *released
             << " tiles, but " << *committed
             << " are committed: it would wait for ever for the next one";
    if (released && acquired && *acquired > *released + create.getNumSlots())
      return fail(pipe.writer.waits.back())
             << ": its writer acquires " << *acquired
             << " times, but its reader '" << reader << "' releases "
             << *released << " tiles of " << create.getNumSlots()
             << " slots: it would wait for ever";
  }
  return success();
}

LogicalResult PipeVerifier::verifyArrivals() {
  // Threads of the writer may arrive for stores, for copies and for TMA.
  int64_t released = 0;
  for (auto &[reader, endpoint] : pipe.readers)
    released += endpoint.getNumThreads();
  int64_t arrivals = std::max(released, 3 * pipe.writer.getNumThreads());
  if (arrivals > kMaxArrivals)
    return fail(create) << " counts " << arrivals
                        << " arrivals, an mbarrier counts " << kMaxArrivals
                        << " at most";
  return success();
}

} // namespace

LogicalResult tle::verifyPipe(Pipe &pipe, DominanceInfo &dominance) {
  return PipeVerifier(pipe, dominance).run();
}
