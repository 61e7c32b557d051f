//===- PipeOrder.cpp - whether steps come in the order of tiles -----------===//
//
// Each end of a pipe goes through the tiles in order: a tile is acquired and
// then committed, or waited for and then released, once. What is refused here
// is wrong however often loops run, as long as they run at all, and twice where
// it is the next iteration that is wrong:
//
// - Of two steps for one number, one of which dominates the other, both are
//   carried out for the same tile: the values that the number is made of
//   dominate the first, so they are the same at the second.
// - Where nothing but other work stands between two steps of a block, they
//   follow each other.
// - A loop whose counter goes up comes to tiles in the order of its counter.
// - Where every step stands in the partition itself or in a loop of step 1,
//   the number of tiles is a sum of bounds.
// - If pipe b is committed to only behind a wait for pipe a, and pipe a only
//   behind one for pipe b, neither ever is.
//
//===----------------------------------------------------------------------===//

#include "PipeChecks.h"
#include "TileNumber.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include <map>

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::tle;

namespace {

bool isClose(Operation *op) { return op->hasAttr(kCloseAttr); }

/// Whether `op` is the first of the steps that a close consists of.
bool isFirstOfClose(Operation *op) {
  auto number = op->getAttrOfType<IntegerAttr>(kCloseAttr);
  return number && number.getInt() == 0;
}

TileNumber getTile(Operation *step) { return TileNumber(step->getOperand(1)); }

/// How far the tile of `step` lies behind that of `other`, if that is known.
std::optional<int64_t> getDistance(Operation *step, Operation *other) {
  return getTile(step).minus(getTile(other)).getConstant();
}

/// Steps by a number, in the order of the numbers' first steps.
using StepGroups = SmallVector<SmallVector<Operation *>>;

StepGroups groupSteps(ArrayRef<Operation *> steps,
                      llvm::function_ref<TileNumber(Operation *)> getNumber) {
  StepGroups groups;
  std::map<std::vector<int64_t>, size_t> places;
  for (Operation *op : steps) {
    std::vector<int64_t> key = getNumber(op).getKey();
    if (key.empty())
      continue;
    auto [place, isNew] = places.try_emplace(std::move(key), groups.size());
    if (isNew)
      groups.emplace_back();
    groups[place->second].push_back(op);
  }
  return groups;
}

/// The steps of `endpoint`, and what stands around them in its partition; only
/// steps stand for themselves.
DenseMap<Operation *, bool> findHolders(const Endpoint &endpoint) {
  DenseMap<Operation *, bool> holders;
  for (auto *steps : {&endpoint.waits, &endpoint.arrivals})
    for (Operation *step : *steps) {
      holders[step] = true;
      Operation *op = step;
      while (op->getParentRegion() != endpoint.partition) {
        op = op->getParentOp();
        if (!holders.try_emplace(op, false).second)
          break;
      }
    }
  return holders;
}

/// The step that `step` follows in its block; null if that is not certain.
Operation *findStepBefore(Operation *step,
                          const DenseMap<Operation *, bool> &holders) {
  for (Operation *op = step->getPrevNode(); op; op = op->getPrevNode())
    if (auto found = holders.find(op); found != holders.end())
      return found->second ? op : nullptr;
  return nullptr;
}

StringRef describe(Operation *step) {
  return isa<PipeAcquireOp>(step)   ? "acquired"
         : isa<PipeCommitOp>(step)  ? "committed"
         : isa<PipeReleaseOp>(step) ? "released"
                                    : "waited for";
}

std::string describeDistance(int64_t distance) {
  return std::to_string(std::abs(distance)) +
         (distance > 0 ? " behind" : " ahead of");
}

/// A number that `value` never exceeds.
std::optional<int64_t> findMaximum(Value value, unsigned depth = 0) {
  value = findCapturedRoot(value);
  if (std::optional<int64_t> constant = TileNumber(value).getConstant())
    return constant;
  Operation *op = value.getDefiningOp();
  if (isa_and_nonnull<arith::ExtUIOp>(op) &&
      op->getOperand(0).getType().isInteger(1))
    return 1;
  if (!isa_and_nonnull<arith::MinSIOp>(op) || depth == 4)
    return std::nullopt;
  std::optional<int64_t> left = findMaximum(op->getOperand(0), depth + 1),
                         right = findMaximum(op->getOperand(1), depth + 1);
  return left && right ? std::min(*left, *right) : left ? left : right;
}

/// Whether `loop` is known to run no more than once: it may stand for a branch.
bool runsOnce(scf::ForOp loop) {
  auto isOnce = [&](const TileNumber &upper) {
    std::optional<int64_t> more = upper.minus(TileNumber(loop.getLowerBound()))
                                      .minus(TileNumber(loop.getStep()))
                                      .getConstant();
    return more && *more <= 0;
  };
  std::optional<int64_t> most = findMaximum(loop.getUpperBound());
  return isOnce(TileNumber(loop.getUpperBound())) ||
         (most && isOnce(TileNumber(*most)));
}

/// How often `loop`, whose step is 1, runs.
TileNumber countTrips(scf::ForOp loop) {
  TileNumber trips =
      TileNumber(loop.getUpperBound()).minus(TileNumber(loop.getLowerBound()));
  return trips.getConstant().value_or(0) < 0 ? TileNumber(0) : trips;
}

/// Whether `loop` is known never to run.
bool isEmpty(scf::ForOp loop) {
  return loop && countTrips(loop).getConstant() == 0;
}

/// By how much the tile of `step` goes up with the counter of `loop`, if that
/// is all that changes it.
std::optional<int64_t> getSlope(Operation *step, scf::ForOp loop) {
  TileNumber tile = getTile(step);
  Value counter = loop.getInductionVar();
  if (!tile.replaced(counter, TileNumber(0)).isInvariant(loop))
    return std::nullopt;
  return tile.getFactor(counter);
}

class OrderVerifier {
public:
  OrderVerifier(Pipe &pipe, DominanceInfo &dominance)
      : pipe(pipe), create(pipe.create), dominance(dominance) {}

  LogicalResult run();
  LogicalResult verifyCounts();

private:
  InFlightDiagnostic fail(Operation *op) {
    return op->emitError("pipe '") << create.getName() << "'";
  }

  LogicalResult verifyClose();
  LogicalResult verifyOnce(Endpoint &endpoint);
  LogicalResult verifyLoops(ArrayRef<Operation *> steps);
  LogicalResult verifyWriter();
  LogicalResult verifyReader(StringRef reader, Endpoint &endpoint);
  LogicalResult verifyDirection(ArrayRef<Operation *> steps);
  LogicalResult verifyProgress(ArrayRef<Operation *> steps);

  Pipe &pipe;
  PipeCreateOp create;
  DominanceInfo &dominance;
};

LogicalResult OrderVerifier::run() {
  if (failed(verifyClose()) || failed(verifyOnce(pipe.writer)) ||
      failed(verifyProgress(pipe.writer.waits)) ||
      failed(verifyProgress(pipe.writer.arrivals)) || failed(verifyWriter()) ||
      failed(verifyLoops(pipe.writer.waits)) ||
      failed(verifyLoops(pipe.writer.arrivals)))
    return failure();
  for (auto &[reader, endpoint] : pipe.readers)
    if (endpoint.partition && (failed(verifyOnce(endpoint)) ||
                               failed(verifyProgress(endpoint.arrivals)) ||
                               failed(verifyReader(reader, endpoint)) ||
                               failed(verifyLoops(endpoint.arrivals))))
      return failure();
  return success();
}

/// Nothing comes behind a close.
LogicalResult OrderVerifier::verifyClose() {
  for (Operation *close : pipe.writer.waits) {
    if (!isFirstOfClose(close))
      continue;
    auto isBehind = [&](Operation *op) {
      // A close that each iteration comes to stands before the steps of the
      // next one.
      Operation *loop = close->getParentOp();
      auto counted = dyn_cast<scf::ForOp>(loop);
      return dominance.properlyDominates(close, op) ||
             (isa<LoopLikeOpInterface>(loop) && loop->isAncestor(op) &&
              !(counted && runsOnce(counted)));
    };
    for (auto *steps : {&pipe.writer.waits, &pipe.writer.arrivals})
      for (Operation *op : *steps) {
        if (op == close || (isClose(op) && !isFirstOfClose(op)) ||
            !isBehind(op))
          continue;
        InFlightDiagnostic diagnostic =
            fail(op) << " is "
                     << (isClose(op)             ? "closed"
                         : isa<PipeCommitOp>(op) ? "committed to"
                                                 : "acquired")
                     << " after it has been closed";
        diagnostic.attachNote(close->getLoc()) << "closed here";
        return diagnostic;
      }
  }
  return success();
}

/// No tile is acquired, committed or released twice, nor waited for behind its
/// release.
LogicalResult OrderVerifier::verifyOnce(Endpoint &endpoint) {
  SmallVector<Operation *> steps;
  for (auto *ops : {&endpoint.waits, &endpoint.arrivals})
    llvm::copy_if(*ops, std::back_inserter(steps),
                  [](Operation *op) { return !isClose(op); });
  for (ArrayRef<Operation *> group : groupSteps(steps, getTile))
    for (Operation *one : group)
      for (Operation *other : group) {
        // A tile may be waited for again, and comes to its commit or its
        // release last.
        bool isWrong = isa<PipeCommitOp, PipeReleaseOp>(one) ||
                       (isa<PipeAcquireOp>(one) && isa<PipeAcquireOp>(other));
        if (one == other || !isWrong ||
            !dominance.properlyDominates(one, other))
          continue;
        InFlightDiagnostic diagnostic = fail(other)
                                        << ": a tile is " << describe(other)
                                        << " that has been " << describe(one);
        diagnostic.attachNote(one->getLoc()) << describe(one) << " here";
        return diagnostic;
      }
  return success();
}

/// Two loops that run equally often do not come to the same tiles: numbers go
/// on from loop to loop.
LogicalResult OrderVerifier::verifyLoops(ArrayRef<Operation *> steps) {
  auto isSame = [](Value left, Value right) {
    return TileNumber(left).minus(TileNumber(right)).getConstant() == 0;
  };
  SmallVector<Operation *> inLoops;
  llvm::copy_if(steps, std::back_inserter(inLoops), [](Operation *op) {
    return !isClose(op) && isa<scf::ForOp>(op->getParentOp());
  });
  auto getFirst = [](Operation *op) {
    auto loop = cast<scf::ForOp>(op->getParentOp());
    return getTile(op).replaced(loop.getInductionVar(),
                                TileNumber(loop.getLowerBound()));
  };
  for (ArrayRef<Operation *> group : groupSteps(inLoops, getFirst))
    for (Operation *one : group)
      for (Operation *other : group) {
        auto first = cast<scf::ForOp>(one->getParentOp());
        auto second = cast<scf::ForOp>(other->getParentOp());
        if (isEmpty(first) || !dominance.properlyDominates(first, second) ||
            !isSame(first.getLowerBound(), second.getLowerBound()) ||
            !isSame(first.getUpperBound(), second.getUpperBound()) ||
            !isSame(first.getStep(), second.getStep()))
          continue;
        InFlightDiagnostic diagnostic =
            fail(other) << ": a tile is " << describe(other)
                        << " that a loop before has " << describe(one)
                        << ": tiles are counted over all loops";
        diagnostic.attachNote(one->getLoc()) << describe(one) << " here";
        return diagnostic;
      }
  return success();
}

/// Acquires and commits alternate, for the same tile each time.
LogicalResult OrderVerifier::verifyWriter() {
  DenseMap<Operation *, bool> holders = findHolders(pipe.writer);
  for (Operation *op : pipe.writer.waits) {
    Operation *before = findStepBefore(op, holders);
    if (!before || isClose(op) || !isa<PipeAcquireOp>(before))
      continue;
    InFlightDiagnostic diagnostic =
        fail(op) << ": a tile is acquired before the one acquired last has "
                    "been committed";
    diagnostic.attachNote(before->getLoc()) << "acquired here";
    return diagnostic;
  }
  for (Operation *op : pipe.writer.arrivals) {
    Operation *before = findStepBefore(op, holders);
    if (!before)
      continue;
    bool isAcquired = isa<PipeAcquireOp>(before);
    std::optional<int64_t> distance = getDistance(op, before);
    if (isAcquired && distance.value_or(0) == 0)
      continue;
    InFlightDiagnostic diagnostic = fail(op);
    if (isAcquired)
      diagnostic << ": the tile that is committed is "
                 << describeDistance(*distance)
                 << " the one that has been acquired";
    else
      diagnostic << " is committed to twice, without an acquire between";
    diagnostic.attachNote(before->getLoc())
        << (isAcquired ? "acquired here" : "committed here");
    return diagnostic;
  }
  return verifyDirection(pipe.writer.waits);
}

/// The wait for the highest tile, if all stand in one loop, a constant apart.
Operation *findHighestWait(const Endpoint &endpoint) {
  Operation *highest = nullptr;
  for (Operation *wait : endpoint.waits) {
    if (!highest)
      highest = wait;
    std::optional<int64_t> distance = getDistance(wait, highest);
    if (!distance || wait->getParentOp() != highest->getParentOp())
      return nullptr;
    if (*distance > 0)
      highest = wait;
  }
  return highest;
}

/// No tile is released that no wait has come to.
LogicalResult OrderVerifier::verifyReader(StringRef reader,
                                          Endpoint &endpoint) {
  Operation *highest = findHighestWait(endpoint);
  for (Operation *op : endpoint.arrivals) {
    auto loop = dyn_cast<scf::ForOp>(op->getParentOp());
    if (!loop || !highest || highest->getParentOp() != loop ||
        getSlope(op, loop).value_or(0) <= 0)
      continue;
    std::optional<int64_t> distance = getDistance(op, highest);
    if (distance.value_or(0) <= 0)
      continue;
    return fail(op) << ": its reader '" << reader << "' releases a tile "
                    << describeDistance(*distance)
                    << " the last that it has waited for";
  }
  return create.getOneShot() ? success() : verifyDirection(endpoint.waits);
}

/// Tiles come in ascending order; what has been waited for elsewhere may be
/// waited for again in any.
LogicalResult OrderVerifier::verifyDirection(ArrayRef<Operation *> steps) {
  for (Operation *op : steps) {
    auto loop = dyn_cast<scf::ForOp>(op->getParentOp());
    auto mayRepeat = [&](Operation *other) {
      return isa<PipeWaitOp>(other) && !loop->isAncestor(other) &&
             (!dominance.properlyDominates(loop, other) ||
              loop->getParentOfType<LoopLikeOpInterface>());
    };
    if (!loop || runsOnce(loop) ||
        !matchPattern(loop.getStep(), m_Constant()) ||
        getSlope(op, loop).value_or(0) >= 0 || llvm::any_of(steps, mayRepeat))
      continue;
    return fail(op) << " comes to tiles in descending order, but they are "
                       "counted upwards from 0";
  }
  return success();
}

/// The next iteration comes to another tile.
LogicalResult OrderVerifier::verifyProgress(ArrayRef<Operation *> steps) {
  for (Operation *op : steps) {
    auto loop = dyn_cast<scf::ForOp>(op->getParentOp());
    if (!loop || isClose(op) || runsOnce(loop) ||
        !getTile(op).isInvariant(loop))
      continue;
    InFlightDiagnostic diagnostic =
        fail(op) << ": the same tile is " << describe(op)
                 << " in each iteration of a loop, but it can be once only";
    diagnostic.attachNote(loop.getLoc()) << "the loop";
    return diagnostic;
  }
  return success();
}

/// Where `step` stands: in its partition itself, or in a loop there whose
/// counter goes up by 1. Nothing where it stands elsewhere.
std::optional<scf::ForOp> findOnlyLoop(Operation *step, Region *partition) {
  if (!partition->hasOneBlock())
    return std::nullopt;
  if (step->getParentRegion() == partition)
    return scf::ForOp();
  auto loop = dyn_cast<scf::ForOp>(step->getParentOp());
  if (!loop || loop->getParentRegion() != partition ||
      !matchPattern(loop.getStep(), m_One()))
    return std::nullopt;
  return loop;
}

/// How often `steps` are carried out in all, if that is a sum of bounds.
std::optional<TileNumber> countSteps(ArrayRef<Operation *> steps,
                                     Region *partition) {
  TileNumber count(0);
  for (Operation *step : steps) {
    std::optional<scf::ForOp> loop = findOnlyLoop(step, partition);
    if (!loop)
      return std::nullopt;
    count = count.plus(*loop ? countTrips(*loop) : TileNumber(1));
  }
  return count;
}

/// The last tile that `step` comes to, if it comes to any.
std::optional<TileNumber> findLastTile(Operation *step, Region *partition) {
  std::optional<scf::ForOp> loop = findOnlyLoop(step, partition);
  if (!loop || isEmpty(*loop))
    return std::nullopt;
  TileNumber tile = getTile(step);
  if (!*loop)
    return tile;
  Value counter = loop->getInductionVar();
  if (tile.getFactor(counter) <= 0)
    return std::nullopt;
  return tile.replaced(counter,
                       TileNumber(loop->getUpperBound()).minus(TileNumber(1)));
}

/// The first tile that `steps` come to, if that is a constant.
std::optional<int64_t> findFirstTile(ArrayRef<Operation *> steps,
                                     Region *partition) {
  std::optional<int64_t> first;
  for (Operation *step : steps) {
    std::optional<scf::ForOp> loop = findOnlyLoop(step, partition);
    if (!loop)
      return std::nullopt;
    if (isEmpty(*loop))
      continue;
    TileNumber tile = getTile(step);
    if (*loop)
      tile = tile.replaced(loop->getInductionVar(),
                           TileNumber(loop->getLowerBound()));
    std::optional<int64_t> constant = tile.getConstant();
    if (!constant)
      return std::nullopt;
    first = std::min(first.value_or(*constant), *constant);
  }
  return first;
}

/// Where numbers of tiles are sums: nobody waits for one that is not committed,
/// or for a slot that is not released.
LogicalResult OrderVerifier::verifyCounts() {
  std::optional<int64_t> first =
      findFirstTile(pipe.writer.waits, pipe.writer.partition);
  if (first.value_or(0) > 0)
    return fail(pipe.writer.waits.front())
           << ": its writer begins with tile " << *first
           << ", but tiles are counted from 0 on";
  std::optional<TileNumber> committed =
      countSteps(pipe.writer.arrivals, pipe.writer.partition);
  if (!committed)
    return success();
  for (Operation *op : pipe.writer.waits) {
    std::optional<int64_t> more = getTile(op).minus(*committed).getConstant();
    if (isFirstOfClose(op) && more.value_or(0) != 0)
      return fail(op) << " is closed with a number of tiles that is "
                      << describeDistance(*more)
                      << " the number of those committed";
  }
  std::optional<TileNumber> acquired =
      countSteps(pipe.writer.waits, pipe.writer.partition);
  for (auto &[reader, endpoint] : pipe.readers) {
    if (!endpoint.partition)
      continue;
    for (Operation *op : endpoint.waits) {
      std::optional<TileNumber> last = findLastTile(op, endpoint.partition);
      std::optional<int64_t> more =
          last ? last->minus(*committed).getConstant() : std::nullopt;
      if (more.value_or(-1) >= 0)
        return fail(op) << ": its reader '" << reader << "' waits for "
                        << *more + 1
                        << " more tiles than are committed: it would wait for "
                           "ever";
    }
    std::optional<TileNumber> released =
        countSteps(endpoint.arrivals, endpoint.partition);
    if (create.getOneShot() || !acquired || !released ||
        endpoint.arrivals.empty())
      continue;
    std::optional<int64_t> more = acquired->minus(*released).getConstant();
    if (more.value_or(0) > create.getNumSlots())
      return fail(pipe.writer.waits.back())
             << ": its writer acquires " << *more
             << " more tiles than its reader '" << reader << "' releases, of "
             << create.getNumSlots() << " slots: it would wait for ever";
  }
  return success();
}

/// The waits for other pipes that all commits to `pipe` stand behind, by the
/// number of the other pipe.
llvm::MapVector<int32_t, Operation *>
findWaitsBefore(Pipe &pipe, ArrayRef<Pipe *> pipes, DominanceInfo &dominance) {
  llvm::MapVector<int32_t, Operation *> waits;
  for (Pipe *other : pipes)
    for (auto &[reader, endpoint] : other->readers) {
      if (endpoint.partition != pipe.writer.partition || other == &pipe)
        continue;
      for (Operation *wait : endpoint.waits)
        if (llvm::all_of(pipe.writer.arrivals, [&](Operation *commit) {
              return dominance.properlyDominates(wait, commit);
            })) {
          waits.insert({other->number, wait});
          break;
        }
    }
  return waits;
}

} // namespace

LogicalResult tle::verifyTileOrder(Pipe &pipe, DominanceInfo &dominance) {
  return OrderVerifier(pipe, dominance).run();
}

LogicalResult tle::verifyTileCounts(Pipe &pipe, DominanceInfo &dominance) {
  return OrderVerifier(pipe, dominance).verifyCounts();
}

LogicalResult tle::verifyNoCycle(ArrayRef<Pipe *> pipes,
                                 DominanceInfo &dominance) {
  DenseMap<int32_t, Pipe *> byNumber;
  SmallVector<llvm::MapVector<int32_t, Operation *>> edges;
  DenseMap<int32_t, size_t> places;
  for (Pipe *pipe : pipes) {
    byNumber[pipe->number] = pipe;
    places[pipe->number] = edges.size();
    edges.push_back(findWaitsBefore(*pipe, pipes, dominance));
  }
  // Pipes that nothing keeps from being committed to are taken away; what is
  // left waits for each other, or for others that do.
  llvm::SmallSetVector<int32_t, 8> left;
  for (Pipe *pipe : pipes)
    left.insert(pipe->number);
  auto findBlocker = [&](int32_t number) {
    for (auto &[other, wait] : edges[places[number]])
      if (left.contains(other))
        return std::make_pair(other, wait);
    return std::make_pair(int32_t(-1), static_cast<Operation *>(nullptr));
  };
  while (true) {
    SmallVector<int32_t> free;
    llvm::copy_if(left, std::back_inserter(free),
                  [&](int32_t number) { return !findBlocker(number).second; });
    if (free.empty())
      break;
    for (int32_t number : free)
      left.remove(number);
  }
  if (left.empty())
    return success();
  // From any of them the way along waits ends in a cycle.
  llvm::SmallSetVector<int32_t, 8> way;
  int32_t number = left.front();
  while (way.insert(number))
    number = findBlocker(number).first;
  int32_t first = number;
  InFlightDiagnostic diagnostic =
      findBlocker(first).second->emitError("pipe '")
      << byNumber[first]->create.getName()
      << "' is committed to only behind this wait for pipe '"
      << byNumber[findBlocker(first).first]->create.getName()
      << "', which waits for it in turn: they would wait for ever";
  for (number = findBlocker(first).first; number != first;
       number = findBlocker(number).first)
    diagnostic.attachNote(findBlocker(number).second->getLoc())
        << "pipe '" << byNumber[number]->create.getName()
        << "' is committed to only behind this wait for pipe '"
        << byNumber[findBlocker(number).first]->create.getName() << "'";
  return diagnostic;
}
