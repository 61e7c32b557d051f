//===- SharedWriteFlow.cpp - which writes reach which reads ---------------===//
//
// A write is in one of these states:
//   pending    it may be over, and no fence came behind it;
//   issued     a copy that no group holds yet;
//   committed  a copy in a group, with the least number of groups that any path
//              has committed behind it.
// A fence ends what is pending. A wait for all but n groups makes all copies
// pending, for any may be over by then; those with n or more groups behind them
// certainly are and will not become pending again.
//
// The fences are found one by one. Each is put before the first reader, in the
// order of execution, that a pending write reaches, and the search begins anew
// with it in place: so a fence serves all later readers, those of the next
// iteration included, and no fence is there for a reader that another one
// serves. What lies before the outermost op around the fence is not visited
// again.
//
//===----------------------------------------------------------------------===//

#include "SharedWriteFlow.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"

#ifdef __TLE__
#include "tle/IR/Dialect.h"
#endif

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;
using namespace mlir::triton::nvidia_gpu;

namespace {

/// `Committed[i]` of a write that is not under way, else the number of groups
/// behind it, counted up to kManyGroups.
constexpr uint8_t kNotUnderWay = 255;
constexpr uint8_t kManyGroups = 64;

struct State {
  explicit State(unsigned numWrites = 0)
      : pending(numWrites), issued(numWrites),
        committed(numWrites, kNotUnderWay) {}

  llvm::BitVector pending;
  llvm::BitVector issued;
  SmallVector<uint8_t> committed;

  bool operator==(const State &other) const {
    return pending == other.pending && issued == other.issued &&
           committed == other.committed;
  }
  bool operator!=(const State &other) const { return !(*this == other); }

  void join(const State &other) {
    pending |= other.pending;
    issued |= other.issued;
    for (auto [mine, theirs] : llvm::zip(committed, other.committed))
      mine = std::min(mine, theirs);
  }

  bool isUnderWay(unsigned write) const {
    return issued.test(write) || committed[write] != kNotUnderWay;
  }

  /// Everything that is not certainly done and fenced.
  llvm::BitVector unfenced() const {
    llvm::BitVector result = pending;
    for (unsigned write = 0; write < committed.size(); ++write)
      if (isUnderWay(write))
        result.set(write);
    return result;
  }
};

/// What an op does to the state.
struct Event {
  std::optional<unsigned> write;
  bool isCopy = false;
  bool isUntracked = false;
  bool isFence = false;
  bool isCommit = false;
  bool handsOver = false;
  bool mayEndCopies = false;
  std::optional<unsigned> waitsForAllBut;
  /// Operands read through the async proxy, each with the writes that may have
  /// written them.
  SmallVector<std::pair<Value, llvm::BitVector>> reads;
};

class Flow {
public:
  explicit Flow(FuncOp function) : function(function), addresses(function) {
    collectWrites();
    collectReads();
  }

  SmallVector<MissingFence> run() {
    if (!hasReads)
      return {};
    State state(numWrites());
    for (unsigned write : entryWrites)
      state.pending.set(write);
    if (!function.getBody().hasOneBlock()) {
      repeat(state, [&](State &end) { visitRegion(function.getBody(), end); });
      return std::move(missing);
    }
    // A fence changes nothing before it: the search goes on at the op of the
    // function's block that it is in.
    for (Operation &op : function.getBody().front()) {
      auto it = events.find(&op);
      if (op.getNumRegions() > 0 ||
          (it != events.end() && !it->second.reads.empty()))
        repeat(state, [&](State &end) { visitOp(&op, end); });
      else
        visitOp(&op, state);
    }
    return std::move(missing);
  }

private:
  FuncOp function;
  RawAddresses addresses;
  SmallVector<GenericWrite> writes;
  SmallVector<Operation *> writers;
  SmallVector<unsigned> entryWrites;
  DenseMap<Operation *, Event> events;
  bool hasReads = false;

  SmallVector<MissingFence> missing;
  DenseSet<Operation *> fencedBefore;
  bool found = false;

  /// Loops that are being visited, with the state before each.
  struct EnteredLoop {
    Operation *op;
    const State *before;
  };
  SmallVector<EnteredLoop> loops;

  /// By partition (0: the default region): what it let others see unfenced.
  using Exchange = SmallVector<llvm::BitVector>;
  Exchange *handedOver = nullptr;
  unsigned partition = 0;

  /// Calls `visit` with the state until it finds no more missing fences;
  /// `state` becomes what the last call makes of it.
  void repeat(State &state, function_ref<void(State &)> visit) {
    while (true) {
      found = false;
      loops.clear();
      handedOver = nullptr;
      State end = state;
      visit(end);
      if (found)
        continue;
      state = std::move(end);
      return;
    }
  }

  unsigned numWrites() const { return writes.size(); }

  unsigned addWrite(GenericWrite write, Operation *writer) {
    writes.push_back(std::move(write));
    writers.push_back(writer);
    return writes.size() - 1;
  }

  void collectWrites() {
    // Whoever called may have written what it passed.
    for (BlockArgument argument : function.getArguments())
      if (isSharedData(argument))
        entryWrites.push_back(addWrite({{{argument, {}}}}, nullptr));

    function.walk([&](Operation *op) {
      Event event;
      if (std::optional<GenericWrite> write = getGenericWrite(op, addresses)) {
        event.isCopy = write->isCopy;
        event.isUntracked = write->isUntracked;
        event.write = addWrite(std::move(*write), op);
      }
      event.isFence = isa<FenceAsyncSharedOp>(op);
#ifdef __TLE__
      event.isFence |= isa<tle::WGMMASharedOperandFenceOp>(op);
#endif
      event.isCommit = isa<AsyncCommitGroupOp>(op);
      event.handsOver = mayHandOver(op);
      event.mayEndCopies = mayEndCopies(op);
      if (auto wait = dyn_cast<AsyncWaitOp>(op))
        event.waitsForAllBut = wait.getNum();
      if (event.write || event.isFence || event.isCommit || event.handsOver ||
          event.mayEndCopies || event.waitsForAllBut)
        events[op] = std::move(event);
    });
  }

  void collectReads() {
    // Writes by the allocation that they are to: a read of one has nothing to
    // do with writes to others.
    DenseMap<Value, SmallVector<unsigned>> byAllocation;
    SmallVector<unsigned> toOthers, all;
    for (auto [index, write] : llvm::enumerate(writes)) {
      all.push_back(index);
      for (const BufferPart &part : write.parts) {
        bool isAllocation =
            part.root && part.root.getDefiningOp<LocalAllocOp>();
        SmallVector<unsigned> &list =
            isAllocation ? byAllocation[part.root] : toOthers;
        if (list.empty() || list.back() != index)
          list.push_back(index);
      }
    }
    auto findSources = [&](Value operand) {
      llvm::BitVector sources(numWrites());
      for (const BufferPart &part : findBufferParts(operand)) {
        auto addFrom = [&](ArrayRef<unsigned> candidates) {
          for (unsigned index : candidates)
            if (llvm::any_of(writes[index].parts,
                             [&](const BufferPart &written) {
                               return mayOverlap(part, written);
                             }))
              sources.set(index);
        };
        if (part.root && part.root.getDefiningOp<LocalAllocOp>()) {
          addFrom(byAllocation.lookup(part.root));
          addFrom(toOthers);
        } else {
          addFrom(all);
        }
      }
      return sources;
    };
    DenseMap<Value, llvm::BitVector> known;
    function.walk([&](Operation *op) {
      for (Value operand : getAsyncProxyReads(op)) {
        hasReads = true;
        auto [it, isNew] = known.try_emplace(operand);
        if (isNew)
          it->second = findSources(operand);
        events[op].reads.push_back({operand, it->second});
      }
    });
  }

  //===--------------------------------------------------------------------===//
  // Ops
  //===--------------------------------------------------------------------===//

  void visitOp(Operation *op, State &state) {
    if (found)
      return;
    if (fencedBefore.contains(op))
      state.pending.reset();
    if (auto it = events.find(op); it != events.end())
      apply(op, it->second, state);
    if (found || op->getNumRegions() == 0)
      return;
    if (auto branch = dyn_cast<scf::IfOp>(op)) {
      State other = state;
      visitRegion(branch.getThenRegion(), state);
      visitRegion(branch.getElseRegion(), other);
      state.join(other);
    } else if (auto loop = dyn_cast<scf::WhileOp>(op)) {
      visitWhile(loop, state);
    } else if (auto groups = dyn_cast<WarpSpecializeOp>(op)) {
      visitWarpSpecialize(groups, state);
    } else {
      visitAnyTimes(op, state);
    }
  }

  void apply(Operation *op, const Event &event, State &state) {
    for (const auto &[operand, sources] : event.reads)
      if (state.pending.anyCommon(sources))
        return addFence(op, event, state);
    if (event.handsOver && handedOver) {
      (*handedOver)[partition] |= state.unfenced();
      for (auto [other, writes] : llvm::enumerate(*handedOver))
        if (other != partition)
          state.pending |= writes;
    }
    if (event.waitsForAllBut || event.mayEndCopies)
      endCopies(event.waitsForAllBut, state);
    if (event.isFence)
      state.pending.reset();
    if (event.isCommit)
      commit(state);
    if (!event.write)
      return;
    if (!event.isCopy)
      state.pending.set(*event.write);
    if (event.isCopy || event.isUntracked)
      state.issued.set(*event.write);
  }

  /// Copies may have ended by now; a wait for all but `left` groups says which
  /// have.
  void endCopies(std::optional<unsigned> left, State &state) {
    state.pending |= state.unfenced();
    if (!left)
      return;
    for (uint8_t &groups : state.committed)
      if (groups != kNotUnderWay && groups >= *left)
        groups = kNotUnderWay;
  }

  void commit(State &state) {
    for (unsigned write = 0; write < numWrites(); ++write) {
      uint8_t &groups = state.committed[write];
      if (groups < kManyGroups)
        ++groups;
      if (state.issued.test(write) && !this->writes[write].isUntracked) {
        state.issued.reset(write);
        groups = 0;
      }
    }
  }

  //===--------------------------------------------------------------------===//
  // Regions
  //===--------------------------------------------------------------------===//

  /// `state` becomes that at the end of the region; of a region that is empty,
  /// it stays.
  void visitRegion(Region &region, State &state) {
    if (region.empty() || found)
      return;
    if (region.hasOneBlock())
      return visitBlock(region.front(), state);

    DenseMap<Block *, State> before;
    before.try_emplace(&region.front(), state);
    SmallVector<Block *> worklist{&region.front()};
    State end(numWrites());
    while (!worklist.empty() && !found) {
      Block *block = worklist.pop_back_val();
      State current = before.find(block)->second;
      visitBlock(*block, current);
      if (block->getNumSuccessors() == 0)
        end.join(current);
      for (Block *successor : block->getSuccessors()) {
        auto [it, isNew] = before.try_emplace(successor, current);
        State joined = it->second;
        joined.join(current);
        if (!isNew && joined == it->second)
          continue;
        it->second = std::move(joined);
        worklist.push_back(successor);
      }
    }
    state = std::move(end);
  }

  void visitBlock(Block &block, State &state) {
    for (Operation &op : block)
      visitOp(&op, state);
  }

  /// Regions that run any number of times, none included, in any order.
  void visitAnyTimes(Operation *op, State &state) {
    State before = state;
    loops.push_back({op, &before});
    State reached = state;
    do {
      state = reached;
      for (Region &region : op->getRegions()) {
        State end = state;
        visitRegion(region, end);
        reached.join(end);
      }
    } while (reached != state && !found);
    loops.pop_back();
  }

  void visitWhile(scf::WhileOp loop, State &state) {
    State before = state;
    loops.push_back({loop, &before});
    State start = state;
    while (!found) {
      state = start;
      visitRegion(loop.getBefore(), state);
      State end = state;
      visitRegion(loop.getAfter(), end);
      State joined = start;
      joined.join(end);
      if (joined == start)
        break;
      start = std::move(joined);
    }
    loops.pop_back();
  }

  void visitWarpSpecialize(WarpSpecializeOp op, State &state) {
    SmallVector<Region *> regions{&op.getDefaultRegion()};
    for (Region *region : op.getPartitionRegions())
      regions.push_back(region);
    SmallVector<EnteredLoop> outerLoops = std::move(loops);
    loops.clear();
    Exchange *outerExchange = handedOver;
    unsigned outerPartition = partition;

    State before = state;
    Exchange exchange(regions.size(), llvm::BitVector(numWrites()));
    Exchange last;
    do {
      last = exchange;
      for (auto [index, region] : llvm::enumerate(regions)) {
        handedOver = &exchange;
        partition = index;
        State end(numWrites());
        if (index == 0)
          end = before;
        else
          end.pending = before.unfenced();
        visitRegion(*region, end);
        if (index == 0)
          state = end;
        else
          state.pending |= end.unfenced();
      }
    } while (exchange != last && !found);

    loops = std::move(outerLoops);
    handedOver = outerExchange;
    partition = outerPartition;
  }

  //===--------------------------------------------------------------------===//
  // Fences
  //===--------------------------------------------------------------------===//

  void addFence(Operation *reader, const Event &event, const State &state) {
    MissingFence fence{reader, {}};
    llvm::BitVector needed(numWrites());
    for (const auto &[operand, sources] : event.reads) {
      if (!state.pending.anyCommon(sources))
        continue;
      if (!llvm::is_contained(fence.operands, operand))
        fence.operands.push_back(operand);
      llvm::BitVector here = sources;
      here &= state.pending;
      needed |= here;
    }
    for (const EnteredLoop &loop : llvm::reverse(loops)) {
      if (!isa<LoopLikeOpInterface>(loop.op))
        continue;
      if (!canStandBefore(loop, needed))
        break;
      fence = {loop.op, {}};
    }
    found = true;
    fencedBefore.insert(fence.before);
    missing.push_back(std::move(fence));
  }

  /// Whether a fence before the loop orders all that is `needed` inside.
  bool canStandBefore(const EnteredLoop &loop, const llvm::BitVector &needed) {
    if (fencedBefore.contains(loop.op))
      return false;
    return llvm::all_of(needed.set_bits(), [&](unsigned write) {
      bool isHandedOver =
          handedOver && llvm::any_of(*handedOver, [&](const auto &theirs) {
            return theirs.test(write);
          });
      return loop.before->pending.test(write) &&
             !loop.before->isUnderWay(write) && !isHandedOver &&
             !(writers[write] && loop.op->isAncestor(writers[write]));
    });
  }
};

} // namespace

SmallVector<MissingFence> nvidia_gpu::findMissingFences(FuncOp function) {
  return Flow(function).run();
}
