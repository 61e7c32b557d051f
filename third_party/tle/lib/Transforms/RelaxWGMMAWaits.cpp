//===- RelaxWGMMAWaits.cpp - waits for products that order nothing --------===//
//
// Precondition:  the stock pipeliner has run: products are asynchronous, each
//                of them one group, and groups end in the order of their issue.
// Rewrite:       a wait ends fewer groups, or goes, where another wait behind
//                it ends them before anything needs their end.
// Postcondition: between a group and the first wait that ends it, nothing uses
//                its result but products as their accumulator, nothing
//                writes what it reads, and stock puts in no barrier that would
//                let it be written behind (StockBarriers.h); that wait holds
//                all that the group reads and writes. A wait for a group that
//                reads a tile has passed no place for a barrier at all
//                (TileStyleProducts.h says why).
//
//===----------------------------------------------------------------------===//

#include "TileStyleProducts.h"
#include "tle/Transforms/Passes.h"
#include "tle/Transforms/StockBarriers.h"

#include "triton/Dialect/TritonGPU/Transforms/BufferAnalysis.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLERELAXWGMMAWAITS
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;
using namespace mlir::triton::nvidia_gpu;

namespace {

/// Waits are left alone where more groups are under way: each is looked for
/// behind the wait, and no kernel gains by that many.
constexpr size_t kMostGroups = 32;

/// Whether a region of `op` issues products or waits for them.
bool holdsProducts(Operation *op) {
  if (op->getNumRegions() == 0)
    return false;
  return op
      ->walk([&](Operation *inner) {
        bool found =
            inner != op &&
            isa<WarpGroupDotOp, WarpGroupDotWaitOp, CallOpInterface>(inner);
        return found ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

/// What the ops before `end` say of groups under way there, all of the block's
/// if `end` is null: whether there may be any; nothing if no op decides it.
std::optional<bool> findUnderWay(Block &block, Operation *end) {
  if (block.empty())
    return std::nullopt;
  Operation *op = end ? end->getPrevNode() : &block.back();
  for (; op; op = op->getPrevNode()) {
    if (auto wait = dyn_cast<WarpGroupDotWaitOp>(op)) {
      if (wait.getPendings() == 0)
        return false;
    } else if (auto dot = dyn_cast<WarpGroupDotOp>(op)) {
      // One that is not asynchronous waits for all.
      return dot.getIsAsync();
    } else if (holdsProducts(op) || isa<CallOpInterface>(op)) {
      return true;
    }
  }
  return std::nullopt;
}

bool mayBeUnderWayAtStart(Block &block) {
  Operation *parent = block.getParentOp();
  if (isa<FuncOp, WarpSpecializePartitionsOp>(parent))
    return !block.isEntryBlock();
  if (!isa<scf::IfOp, scf::ForOp>(parent))
    return true;
  std::optional<bool> before = findUnderWay(*parent->getBlock(), parent);
  if (before ? *before : mayBeUnderWayAtStart(*parent->getBlock()))
    return true;
  // What an iteration leaves, the next one finds.
  return isa<scf::ForOp>(parent) &&
         findUnderWay(block, nullptr).value_or(false);
}

/// The writes of buffers, each looked for once.
class WritesByBuffer {
public:
  BufferWrites of(Value buffer) {
    Value root = findBufferRoot(buffer);
    // What a wait gives on comes and goes with it.
    if (!root.getDefiningOp<LocalAllocOp>())
      return BufferWrites(root);
    return found.try_emplace(root, root).first->second;
  }

private:
  DenseMap<Value, BufferWrites> found;
};

class BlockRelaxer {
public:
  BlockRelaxer(Block &block, const tle::TileStyleMeetings *meetings,
               tle::StockBarriers &barriers, WritesByBuffer &writes)
      : block(block), meetings(meetings), barriers(barriers), writes(writes) {}

  void run() {
    isKnown = !mayBeUnderWayAtStart(block);
    Operation *op = block.empty() ? nullptr : &block.front();
    while (op) {
      if (auto wait = dyn_cast<WarpGroupDotWaitOp>(op)) {
        op = visit(wait);
        continue;
      }
      if (auto dot = dyn_cast<WarpGroupDotOp>(op)) {
        if (dot.getIsAsync()) {
          groups.push_back(dot);
        } else {
          // It waits for all.
          groups.clear();
          isKnown = true;
        }
      } else if (holdsProducts(op) || isa<CallOpInterface>(op)) {
        groups.clear();
        isKnown = false;
      }
      op = op->getNextNode();
    }
  }

private:
  Block &block;
  /// Of the tile-style loop around, or null.
  const tle::TileStyleMeetings *meetings;
  tle::StockBarriers &barriers;
  WritesByBuffer &writes;
  /// Groups under way, in the order of issue; all of them if `isKnown`.
  SmallVector<WarpGroupDotOp> groups;
  bool isKnown = false;

  /// Relaxes `wait` and returns the op behind it.
  Operation *visit(WarpGroupDotWaitOp wait) {
    unsigned left = wait.getPendings();
    unsigned ended = groups.size() > left ? groups.size() - left : 0;
    if (!isKnown || groups.size() > kMostGroups) {
      groups.erase(groups.begin(), groups.begin() + ended);
      // Of the groups from before the block, only a wait for all is the end.
      isKnown |= left == 0;
      return wait->getNextNode();
    }
    bool hasMoved = false;
    for (; ended > 0; --ended) {
      WarpGroupDotOp group = groups[ended - 1];
      WarpGroupDotWaitOp later = findReplacement(wait, ended - 1);
      if (!later)
        break;
      moveOn(wait, group, later, ended - 1);
      hasMoved = true;
      wait.setPendings(wait.getPendings() + 1);
    }
    if (hasMoved && ended > 0 && !holdsTensor(wait))
      wait = holdResult(wait, groups[ended - 1]);
    groups.erase(groups.begin(), groups.begin() + ended);
    Operation *next = wait->getNextNode();
    if (ended == 0)
      eraseIfNothingIsHeld(wait);
    return next;
  }

  static bool holdsTensor(WarpGroupDotWaitOp wait) {
    return llvm::any_of(wait.getInputs(), [](Value input) {
      return isa<RankedTensorType>(input.getType());
    });
  }

  /// The wait with what `group`, or the last product before it that goes on
  /// adding to that, has computed in front: stock's alias analysis takes no
  /// wait for buffers alone.
  WarpGroupDotWaitOp holdResult(WarpGroupDotWaitOp wait, WarpGroupDotOp group) {
    auto findNext = [&](WarpGroupDotOp dot) {
      for (OpOperand &use : dot.getD().getUses()) {
        auto next = dyn_cast<WarpGroupDotOp>(use.getOwner());
        if (next && use.getOperandNumber() == 2 &&
            next->getBlock() == wait->getBlock() && next->isBeforeInBlock(wait))
          return next;
      }
      return WarpGroupDotOp();
    };
    while (WarpGroupDotOp next = findNext(group))
      group = next;
    SmallVector<Value> inputs = {group.getD()};
    llvm::append_range(inputs, wait.getInputs());
    OpBuilder builder(wait);
    auto newWait = WarpGroupDotWaitOp::create(builder, wait.getLoc(), inputs,
                                              wait.getPendings());
    for (auto [before, after] :
         llvm::zip(wait.getResults(), newWait->getResults().drop_front()))
      before.replaceAllUsesWith(after);
    wait.erase();
    useBehind(newWait, group.getD(), newWait.getResult(0));
    return newWait;
  }

  /// Replaces what `wait` holds with what it gives on, behind it.
  void useBehind(WarpGroupDotWaitOp wait, Value held, Value result) {
    noteSource(held, result);
    held.replaceUsesWithIf(result, [&](OpOperand &use) {
      Operation *user = block.findAncestorOpInBlock(*use.getOwner());
      return user && wait->isBeforeInBlock(user);
    });
  }

  /// A wait that ends nothing goes if its tensors come out of the wait that
  /// ended what made them: their uses stay behind that one.
  void eraseIfNothingIsHeld(WarpGroupDotWaitOp wait) {
    for (Value input : wait.getInputs())
      if (isa<RankedTensorType>(input.getType()) &&
          !input.getDefiningOp<WarpGroupDotWaitOp>())
        return;
    for (auto [result, input] : llvm::zip(wait.getResults(), wait.getInputs()))
      replace(result, input);
    wait.erase();
  }

  void replace(Value result, Value input) {
    noteSource(result, input);
    result.replaceAllUsesWith(input);
  }

  /// `after` comes in the place of `before`.
  void noteSource(Value before, Value after) {
    // Stock makes one load of a load and its conversion.
    bool isLoad = after.getDefiningOp<LocalLoadOp>();
    bool isSource = llvm::any_of(before.getUsers(), [&](Operation *user) {
      return isa<LocalAllocOp>(user) || (isLoad && isa<ConvertLayoutOp>(user));
    });
    if (isSource)
      barriers.forgetSources();
  }

  static bool isFactor(Value value, WarpGroupDotOp group) {
    return value == group.getA() || value == group.getB();
  }

  /// The wait behind `wait` that ends the group at `position`, if nothing in
  /// between needs its end.
  WarpGroupDotWaitOp findReplacement(WarpGroupDotWaitOp wait,
                                     unsigned position) {
    WarpGroupDotOp group = groups[position];
    // Stock's lowering of a wait has no registers of 8 bits.
    auto factor = dyn_cast<RankedTensorType>(group.getA().getType());
    if (factor && factor.getElementTypeBitWidth() < 16)
      return {};
    SmallVector<BufferWrites> buffers;
    for (Value operand : group->getOperands().take_front(2))
      if (isa<MemDescType>(operand.getType()))
        buffers.push_back(writes.of(operand));

    bool readsTile = meetings && meetings->readsTile(group);
    bool mayPassBarriers = barriers.mayEndBehindBarriers(group);
    unsigned behind = groups.size() - position - 1;
    bool passesBarrier = false;
    for (Operation *op = wait->getNextNode(); op; op = op->getNextNode()) {
      if (readsTile && meetings->contains(op))
        return {};
      if (auto later = dyn_cast<WarpGroupDotWaitOp>(op)) {
        if (behind < later.getPendings())
          continue;
        bool canWait = isChained(wait, group, later) ||
                       (isUsedBehind(wait, group, later) &&
                        hasTypeOfTensors(later, group));
        bool isSafe = !passesBarrier || barriers.meetsBeforeWrites(later);
        return canWait && isSafe ? later : WarpGroupDotWaitOp();
      }
      if (auto dot = dyn_cast<WarpGroupDotOp>(op)) {
        if (!dot.getIsAsync())
          return {};
        ++behind;
      } else if (holdsProducts(op) || isa<CallOpInterface>(op)) {
        return {};
      }
      for (const BufferWrites &buffer : buffers)
        if (buffer.mayBeIn(op))
          return {};
      passesBarrier |= !mayPassBarriers && barriers.mayGetBarrier(op);
    }
    return {};
  }

  /// Uses of the group's result, as it is or as `wait` gives it on; not that by
  /// `wait`.
  static SmallVector<OpOperand *> usesOfResult(WarpGroupDotWaitOp wait,
                                               WarpGroupDotOp group) {
    SmallVector<OpOperand *> uses;
    for (OpOperand &use : group.getD().getUses()) {
      if (use.getOwner() != wait) {
        uses.push_back(&use);
        continue;
      }
      for (OpOperand &next : wait->getResult(use.getOperandNumber()).getUses())
        uses.push_back(&next);
    }
    return uses;
  }

  /// Whether the only use of the group's result is a product before `later`
  /// that goes on adding to the same registers.
  static bool isChained(WarpGroupDotWaitOp wait, WarpGroupDotOp group,
                        WarpGroupDotWaitOp later) {
    SmallVector<OpOperand *> uses = usesOfResult(wait, group);
    if (uses.size() != 1 || uses[0]->getOperandNumber() != 2)
      return false;
    auto dot = dyn_cast<WarpGroupDotOp>(uses[0]->getOwner());
    return dot && dot->getBlock() == later->getBlock() &&
           dot->isBeforeInBlock(later) && !dot.needsPartialAccumulator() &&
           !group.needsPartialAccumulator() &&
           dot.getD().getType() == group.getD().getType() &&
           getElementTypeOrSelf(dot.getA()) ==
               getElementTypeOrSelf(group.getA()) &&
           getElementTypeOrSelf(dot.getB()) ==
               getElementTypeOrSelf(group.getB());
  }

  /// Whether `later` can give on the group's result, too. Stock's removal of
  /// layout conversions breaks off at a wait for tensors of several types.
  static bool hasTypeOfTensors(WarpGroupDotWaitOp later, WarpGroupDotOp group) {
    return llvm::all_of(later.getInputs(), [&](Value input) {
      return !isa<RankedTensorType>(input.getType()) ||
             input.getType() == group.getD().getType();
    });
  }

  /// Whether all uses of the group's result are `later` and ops behind it.
  static bool isUsedBehind(WarpGroupDotWaitOp wait, WarpGroupDotOp group,
                           WarpGroupDotWaitOp later) {
    if (group.needsPartialAccumulator())
      return false;
    return llvm::all_of(usesOfResult(wait, group), [&](OpOperand *use) {
      Operation *user =
          later->getBlock()->findAncestorOpInBlock(*use->getOwner());
      return user == later || (user && later->isBeforeInBlock(user));
    });
  }

  /// What `wait` holds of the group at `position`, `later` holds from now on.
  void moveOn(WarpGroupDotWaitOp &wait, WarpGroupDotOp group,
              WarpGroupDotWaitOp later, unsigned position) {
    bool chained = isChained(wait, group, later);
    SmallVector<Value> kept, moved;
    SmallVector<Value> keptResults;
    ArrayRef<WarpGroupDotOp> others = ArrayRef(groups).take_front(position);
    for (auto [result, value] :
         llvm::zip(wait.getResults(), wait.getInputs())) {
      Value input = value;
      bool stays = llvm::any_of(
          others, [&](WarpGroupDotOp other) { return isFactor(input, other); });
      if (input != group.getD() && (stays || !isFactor(input, group))) {
        kept.push_back(input);
        keptResults.push_back(result);
        continue;
      }
      replace(result, input);
    }

    llvm::append_range(moved, later.getInputs());
    SmallVector<Value> wanted(group->getOperands().take_front(2));
    if (!chained)
      wanted.push_back(group.getD());
    for (Value value : wanted)
      if (!llvm::is_contained(moved, value))
        moved.push_back(value);
    WarpGroupDotWaitOp newLater = rebuild(later, moved);
    if (!chained) {
      Value result = newLater->getResult(
          std::distance(moved.begin(), llvm::find(moved, group.getD())));
      useBehind(newLater, group.getD(), result);
    }

    // Stock's alias analysis looks at the first result, and takes no buffer
    // from a wait: tensors come first.
    putTensorsFirst(kept);
    putTensorsFirst(keptResults);

    OpBuilder builder(wait);
    auto newWait = WarpGroupDotWaitOp::create(builder, wait.getLoc(), kept,
                                              wait.getPendings());
    for (auto [before, after] : llvm::zip(keptResults, newWait->getResults()))
      before.replaceAllUsesWith(after);
    wait.erase();
    wait = newWait;
  }

  static void putTensorsFirst(SmallVectorImpl<Value> &values) {
    SmallVector<Value> others;
    llvm::erase_if(values, [&](Value value) {
      bool isTensor = isa<RankedTensorType>(value.getType());
      if (!isTensor)
        others.push_back(value);
      return !isTensor;
    });
    llvm::append_range(values, others);
  }

  /// The wait with inputs more at the end.
  static WarpGroupDotWaitOp rebuild(WarpGroupDotWaitOp wait,
                                    ValueRange inputs) {
    OpBuilder builder(wait);
    auto newWait = WarpGroupDotWaitOp::create(builder, wait.getLoc(), inputs,
                                              wait.getPendings());
    for (auto [before, after] :
         llvm::zip(wait.getResults(), newWait->getResults()))
      before.replaceAllUsesWith(after);
    wait.erase();
    return newWait;
  }
};

class RelaxWGMMAWaitsPass
    : public triton::tle::impl::TLERelaxWGMMAWaitsBase<RelaxWGMMAWaitsPass> {
public:
  void runOnOperation() override {
    SetVector<Block *> blocks;
    getOperation().walk(
        [&](WarpGroupDotWaitOp wait) { blocks.insert(wait->getBlock()); });
    tle::TileStyleMeetingsByLoop meetings;
    tle::StockBarriers barriers;
    WritesByBuffer writes;
    for (Block *block : blocks)
      BlockRelaxer(*block, meetings.around(block), barriers, writes).run();
  }
};

} // namespace
