//===- PlaceDotWaits.cpp - products wait as late as they may --------------===//
//
// Precondition:  stock's loop passes have not run; products in partitions of
//                ttg.warp_specialize wait for their own end.
// Rewrite:       %1 = warp_group_dot %a, %b, %0
//            ==> %d = warp_group_dot %a, %b, %0 {isAsync = true}
//                ...
//                %1 = warp_group_dot_wait %d {pendings = n}
// Postcondition: each product has ended, on every path, before
//                - an op uses its result, other than a product that goes on
//                  adding to it (or a loop or branch that hands it on to one);
//                - others may write what it reads in shared memory;
//                - stock may put in a barrier that would let this partition
//                  write that behind it.
//                Loops that wait for or arrive at a pipe have
//                tt.num_stages = 0.
//
// Why that holds. Asynchronous products end in the order of their issue, so a
// wait that leaves n of them under way ends each one that has at least n others
// issued behind it. The pass walks through a partition in program order with
// the queue of what may be under way (a Group each) and places such a wait
// before an op that needs the end of a group. The queue may hold groups that
// have ended already: counts are of what was issued behind a group, on each
// path that leads from it to the wait, and that is the same on all of them:
// - a branch ends the groups that it issues itself, and all before them;
// - a loop begins with an empty queue. What its body leaves under way is what
//   the next iteration, and what stands behind the loop, begins with; it ends
//   within the next iteration, so no more than one iteration's are known.
//   After no trip nothing is under way, and the waits end nothing.
//
// What may write a buffer: see ProductReads.h. Barriers: StockBarriers.h.
//
// Registers. What is under way keeps its registers: a value that crosses a back
// edge or leaves a branch may be under way only in the place in which it came
// in, with no other use, so that no copy of it need be made; a branch that
// gives another value for it begins with its end. A group whose first factor
// lies in registers does not cross a back edge.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/Passes.h"
#include "tle/Transforms/PipeSlots.h"
#include "tle/Transforms/ProductReads.h"
#include "tle/Transforms/StockBarriers.h"

#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLEPLACEDOTWAITS
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;
using namespace mlir::triton::nvidia_gpu;
using namespace mlir::triton::tle;

namespace {

/// Branches inside of more branches than this begin and end with nothing under
/// way: each level is walked through twice.
constexpr unsigned kMaxDepth = 4;

/// An asynchronous product.
struct Group {
  WarpGroupDotOp dot;
  /// Names it among all groups.
  unsigned id;
  /// The first group of its chain of sums.
  unsigned chain;
  /// The value that holds its result; null if another product goes on with it.
  Value tail;
  SmallVector<ProductRead, 0> reads;
  /// It may go on behind barriers of stock.
  bool mayPassBarriers;
  /// Issued by another iteration: values of that one are not known here.
  bool isOld = false;
};

using Queue = SmallVector<Group, 0>;

/// A wait to be placed.
struct Wait {
  Operation *before;
  unsigned pendings;
  Value tensor;
  SmallVector<Value> buffers;
};

using Waits = SmallVector<Wait>;

bool uses(Operation *op, Value value) {
  return llvm::is_contained(op->getOperands(), value);
}

bool usesInside(Operation *op, Value value) {
  return llvm::any_of(value.getUsers(), [&](Operation *user) {
    return op->isProperAncestor(user);
  });
}

bool isUsedOnlyInside(Operation *op, Value value) {
  return llvm::all_of(value.getUsers(), [&](Operation *user) {
    return op->isProperAncestor(user);
  });
}

/// Whether `op` may get a barrier that `group` must have ended before. Its wait
/// comes at the latest where a barrier of the program stands.
bool mustEndBeforeBarrier(Operation *op, const Group &group,
                          StockBarriers &barriers) {
  return !group.mayPassBarriers && barriers.mayGetBarrier(op) &&
         !barriers.meetsBeforeWrites(op);
}

/// Whether `op` needs the end of `group`.
bool needsEnd(Operation *op, const Group &group, StockBarriers &barriers) {
  if (group.tail && uses(op, group.tail))
    return true;
  if (mustEndBeforeBarrier(op, group, barriers))
    return true;
  // Products that read registers only end in order with the others.
  return llvm::any_of(group.reads, [&](const ProductRead &read) {
    return mayOverwrite(op, read);
  });
}

/// Whether `dot` goes on adding to what `group` leaves in its registers.
bool continues(WarpGroupDotOp dot, const Group &group) {
  WarpGroupDotOp before = group.dot;
  return group.tail && dot.getC() == group.tail && group.tail.hasOneUse() &&
         dot.getD().getType() == before.getD().getType() &&
         getElementTypeOrSelf(dot.getA()) ==
             getElementTypeOrSelf(before.getA()) &&
         getElementTypeOrSelf(dot.getB()) ==
             getElementTypeOrSelf(before.getB());
}

/// Walks through partitions and finds where waits must stand.
class Walker {
public:
  explicit Walker(const SetVector<Operation *> &dots,
                  const SetVector<Operation *> &loops,
                  const ImpliedReleases &implied)
      : dots(dots), loops(loops), implied(implied) {}

  /// `loop` is one of ours, and those inside of it have been walked through.
  void walkLoop(scf::ForOp loop);

  /// A block that is no body of a loop of ours, nor a branch.
  void walkBlock(Block &block) {
    Queue queue;
    walk(block, queue, waits, 0);
    endAll(queue, block.getTerminator(), waits);
  }

  /// What has been found: of waits before one op the first stands in front.
  Waits waits;

private:
  const SetVector<Operation *> &dots, &loops;
  const ImpliedReleases &implied;
  StockBarriers barriers;
  /// By loop: what is under way behind it.
  DenseMap<Operation *, Queue> behind;
  unsigned numGroups = 0;

  void walk(Block &block, Queue &queue, Waits &waits, unsigned depth) {
    for (Operation &op : block.without_terminator())
      visit(&op, queue, waits, depth);
  }

  void visit(Operation *op, Queue &queue, Waits &waits, unsigned depth);
  void issue(WarpGroupDotOp dot, Queue &queue, Waits &waits);
  void visitBranch(scf::IfOp branch, Queue &queue, Waits &waits,
                   unsigned depth);
  std::optional<Queue> tryBranch(scf::IfOp branch, const Queue &queue,
                                 Waits &waits, unsigned depth);
  size_t countEndedInside(scf::IfOp branch, const Queue &queue, unsigned depth);
  Queue walkRegion(Region &region, Queue queue, Waits &waits, unsigned depth);
  std::optional<unsigned> findPlace(Value tail, scf::ForOp loop);

  /// Waits for the first `count` groups of the queue.
  static void endFirst(Queue &queue, size_t count, Operation *before,
                       Waits &waits) {
    // ptxas follows counts within a block: where a result that crossed a back
    // edge is read behind a wait that leaves others under way, it makes each
    // product of the function wait for itself (C7514).
    bool endsCrossing =
        llvm::any_of(ArrayRef(queue).take_front(count), [](const Group &group) {
          return group.isOld && group.tail;
        });
    if (endsCrossing)
      count = queue.size();
    SmallVector<Value> buffers;
    for (size_t i = 0; i < count; ++i) {
      const Group &group = queue[i];
      if (!group.isOld)
        for (const ProductRead &read : group.reads)
          buffers.push_back(read.buffer);
      Value tensor = group.tail;
      if (!tensor && i + 1 == count)
        tensor = findTail(queue, i);
      if (!tensor)
        continue;
      unsigned pendings = endsCrossing ? 0 : queue.size() - 1 - i;
      waits.push_back({before, pendings, tensor, std::move(buffers)});
      buffers.clear();
    }
    queue.erase(queue.begin(), queue.begin() + count);
  }

  static void endAll(Queue &queue, Operation *before, Waits &waits) {
    endFirst(queue, queue.size(), before, waits);
  }

  /// What the chain that the group at `place` belongs to has led to.
  static Value findTail(const Queue &queue, size_t place) {
    for (const Group &group : ArrayRef(queue).drop_front(place))
      if (group.chain == queue[place].chain && group.tail)
        return group.tail;
    llvm_unreachable("a chain without an end");
  }
};

void Walker::issue(WarpGroupDotOp dot, Queue &queue, Waits &waits) {
  size_t count = 0;
  for (auto [i, group] : llvm::enumerate(queue)) {
    bool isFactor =
        group.tail && (dot.getA() == group.tail || dot.getB() == group.tail);
    bool isSum = group.tail && dot.getC() == group.tail;
    if (isFactor || (isSum && !continues(dot, group)) ||
        mustEndBeforeBarrier(dot, group, barriers))
      count = i + 1;
  }
  endFirst(queue, count, dot, waits);
  Group next{dot,
             numGroups,
             numGroups,
             dot.getD(),
             findProductReads(dot, implied),
             barriers.mayEndBehindBarriers(dot)};
  ++numGroups;
  for (Group &group : queue)
    if (group.tail && group.tail == dot.getC()) {
      next.chain = group.chain;
      group.tail = Value();
    }
  queue.push_back(std::move(next));
}

void Walker::visit(Operation *op, Queue &queue, Waits &waits, unsigned depth) {
  if (dots.contains(op))
    return issue(cast<WarpGroupDotOp>(op), queue, waits);
  if (loops.contains(op)) {
    endAll(queue, op, waits);
    queue = behind.lookup(op);
    for (Group &group : queue)
      group.id = numGroups++;
    return;
  }
  if (auto branch = dyn_cast<scf::IfOp>(op))
    return visitBranch(branch, queue, waits, depth);
  // Products and waits that are not ours count what is under way themselves.
  bool isForeign = isa<WarpGroupDotOp, WarpGroupDotWaitOp>(op);
  if (isForeign || (op->getNumRegions() != 0 && !isa<ReduceOp>(op)))
    return endAll(queue, op, waits);
  size_t count = queue.size();
  while (count > 0 && !needsEnd(op, queue[count - 1], barriers))
    --count;
  endFirst(queue, count, op, waits);
}

//===----------------------------------------------------------------------===//
// Branches
//===----------------------------------------------------------------------===//

bool holds(const Queue &queue, unsigned id) {
  return llvm::any_of(queue,
                      [&](const Group &group) { return group.id == id; });
}

/// Walks through a branch that begins with `queue`; gives what is left of it
/// behind. Products of the branch's own end in it.
Queue Walker::walkRegion(Region &region, Queue queue, Waits &waits,
                         unsigned depth) {
  if (region.empty())
    return queue;
  unsigned firstOwn = numGroups;
  Block &block = region.front();
  walk(block, queue, waits, depth + 1);
  size_t count = queue.size();
  while (count > 0 && queue[count - 1].id < firstOwn)
    --count;
  endFirst(queue, count, block.getTerminator(), waits);
  return queue;
}

/// The only place at which a branch hands on `value`; nothing if there is none,
/// or two.
std::optional<unsigned> findYield(scf::IfOp branch, Value value) {
  std::optional<unsigned> place;
  for (Block *block : {branch.thenBlock(), branch.elseBlock()}) {
    if (!block)
      continue;
    for (OpOperand &operand : block->getTerminator()->getOpOperands()) {
      if (operand.get() != value)
        continue;
      if (place && *place != operand.getOperandNumber())
        return std::nullopt;
      place = operand.getOperandNumber();
    }
  }
  return place;
}

/// The queue behind `branch`, and the waits in it, if groups may end inside of
/// it or go through it under way; nothing if they may not.
std::optional<Queue> Walker::tryBranch(scf::IfOp branch, const Queue &queue,
                                       Waits &waits, unsigned depth) {
  // What is handed on must not be used elsewhere: it stays in its registers.
  SmallVector<std::optional<unsigned>> places;
  for (const Group &group : queue) {
    places.push_back(std::nullopt);
    if (!group.tail || !usesInside(branch, group.tail))
      continue;
    places.back() = findYield(branch, group.tail);
    if (!places.back() || !isUsedOnlyInside(branch, group.tail))
      return std::nullopt;
  }
  size_t first = waits.size();
  Queue left;
  for (Region *region : {&branch.getThenRegion(), &branch.getElseRegion()}) {
    Queue inside = queue;
    if (!region->empty()) {
      // Another value takes the registers of what is under way.
      Block &block = region->front();
      size_t count = 0;
      for (auto [i, place] : llvm::enumerate(places))
        if (place && block.getTerminator()->getOperand(*place) != queue[i].tail)
          count = i + 1;
      endFirst(inside, count, &block.front(), waits);
    }
    inside = walkRegion(*region, std::move(inside), waits, depth);
    if (inside.size() > left.size())
      left = std::move(inside);
  }
  for (const Wait &wait : ArrayRef(waits).drop_front(first))
    if (!isUsedOnlyInside(branch, wait.tensor)) {
      waits.truncate(first);
      return std::nullopt;
    }
  for (auto [group, place] : llvm::zip(queue, places))
    for (Group &after : left)
      if (after.id == group.id && place)
        after.tail = branch.getResult(*place);
  return left;
}

/// How many of the first groups of the queue must have ended before `branch`,
/// if none may end inside.
size_t Walker::countEndedInside(scf::IfOp branch, const Queue &queue,
                                unsigned depth) {
  size_t count = 0;
  for (auto [i, group] : llvm::enumerate(queue))
    if (group.tail && usesInside(branch, group.tail))
      count = i + 1;
  Waits none;
  for (Region *region : {&branch.getThenRegion(), &branch.getElseRegion()}) {
    Queue inside = walkRegion(*region, queue, none, depth);
    for (auto [i, group] : llvm::enumerate(queue))
      if (!holds(inside, group.id))
        count = std::max(count, i + 1);
  }
  return count;
}

void Walker::visitBranch(scf::IfOp branch, Queue &queue, Waits &waits,
                         unsigned depth) {
  if (depth >= kMaxDepth)
    endAll(queue, branch, waits);
  if (queue.empty()) {
    for (Region *region : {&branch.getThenRegion(), &branch.getElseRegion()})
      walkRegion(*region, queue, waits, depth);
    return;
  }
  if (std::optional<Queue> left = tryBranch(branch, queue, waits, depth)) {
    queue = std::move(*left);
    return;
  }
  endFirst(queue, countEndedInside(branch, queue, depth), branch, waits);
  for (Region *region : {&branch.getThenRegion(), &branch.getElseRegion()})
    walkRegion(*region, queue, waits, depth);
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// The place of the argument of `loop` whose registers hold `tail`, through
/// products that add to it and branches that hand it on, if it is also the
/// place at which the loop hands on `tail`, its only use.
std::optional<unsigned> Walker::findPlace(Value tail, scf::ForOp loop) {
  if (!tail.hasOneUse() ||
      tail.use_begin()->getOwner() != loop.getBody()->getTerminator())
    return std::nullopt;
  unsigned place = tail.use_begin()->getOperandNumber();
  Value value = tail;
  while (Operation *op = value.getDefiningOp()) {
    if (op->getBlock() != loop.getBody())
      return std::nullopt;
    if (dots.contains(op)) {
      value = cast<WarpGroupDotOp>(op).getC();
      continue;
    }
    auto branch = dyn_cast<scf::IfOp>(op);
    if (!branch)
      return std::nullopt;
    unsigned result = cast<OpResult>(value).getResultNumber();
    Value before;
    for (Block *block : {branch.thenBlock(), branch.elseBlock()})
      if (Value inner = block->getTerminator()->getOperand(result);
          !branch->isAncestor(inner.getParentRegion()->getParentOp()))
        before = inner;
    if (!before)
      return std::nullopt;
    value = before;
  }
  if (value != loop.getRegionIterArg(place))
    return std::nullopt;
  return place;
}

void Walker::walkLoop(scf::ForOp loop) {
  Block *body = loop.getBody();
  Operation *end = body->getTerminator();
  // First without what the iteration before leaves: it changes nothing about
  // the groups of this one.
  Waits found;
  Queue queue;
  walk(*body, queue, found, 0);
  auto mayCross = [&](const Group &group) {
    WarpGroupDotOp dot = group.dot;
    return !group.isOld && dot->getBlock() == body &&
           isa<MemDescType>(dot.getA().getType()) &&
           llvm::all_of(group.reads,
                        [](const ProductRead &read) { return read.pipe; }) &&
           (!group.tail || findPlace(group.tail, loop));
  };
  size_t count = queue.size();
  while (count > 0 && mayCross(queue[count - 1]))
    --count;
  Queue crossing(queue.begin() + count, queue.end());
  if (crossing.empty()) {
    endAll(queue, end, found);
    llvm::append_range(waits, found);
    return;
  }

  auto moveOn = [&](bool behindLoop) {
    Queue moved = crossing;
    for (Group &group : moved) {
      group.isOld = true;
      group.id = numGroups++;
      for (ProductRead &read : group.reads)
        if (read.slot)
          read.slot = read.slot->afterIteration(loop, behindLoop);
      if (!group.tail)
        continue;
      unsigned place = *findPlace(group.tail, loop);
      group.tail = behindLoop ? Value(loop.getResult(place))
                              : Value(loop.getRegionIterArg(place));
    }
    return moved;
  };
  found.clear();
  queue = moveOn(/*behindLoop=*/false);
  walk(*body, queue, found, 0);
  DenseSet<Operation *> mayStay;
  for (const Group &group : crossing)
    mayStay.insert(group.dot);
  count = queue.size();
  while (count > 0 && !queue[count - 1].isOld &&
         mayStay.contains(queue[count - 1].dot))
    --count;
  endFirst(queue, count, end, found);
  llvm::append_range(waits, found);
  behind[loop] = moveOn(/*behindLoop=*/true);
}

//===----------------------------------------------------------------------===//
// Rewriting
//===----------------------------------------------------------------------===//

/// Places `waits`, which stand in program order.
void placeWaits(ArrayRef<Wait> waits) {
  DenseMap<Operation *, Operation *> firstBefore;
  for (const Wait &entry : llvm::reverse(waits)) {
    llvm::SmallSetVector<Value, 8> inputs;
    inputs.insert(entry.tensor);
    inputs.insert_range(entry.buffers);
    Operation *&next = firstBefore[entry.before];
    OpBuilder builder(next ? next : entry.before);
    auto wait = WarpGroupDotWaitOp::create(
        builder, entry.tensor.getLoc(), inputs.getArrayRef(), entry.pendings);
    next = wait;
    Block *block = wait->getBlock();
    Value tensor = entry.tensor;
    tensor.replaceUsesWithIf(wait.getResult(0), [&](OpOperand &use) {
      Operation *user = block->findAncestorOpInBlock(*use.getOwner());
      if (user)
        return wait->isBeforeInBlock(user);
      // Another block of the same function.
      return block->getParent()->isAncestor(use.getOwner()->getParentRegion());
    });
  }
}

/// True if an op of `loop` waits for or arrives at a pipe.
bool touchesPipe(scf::ForOp loop) {
  return loop
      .walk([](Operation *op) {
        return op->hasAttr(kPerThreadAttr) ? WalkResult::interrupt()
                                           : WalkResult::advance();
      })
      .wasInterrupted();
}

/// The block around all loops and branches that `op` is in.
Block *findRootBlock(Operation *op) {
  while (isa<scf::ForOp, scf::IfOp>(op->getParentOp()))
    op = op->getParentOp();
  return op->getBlock();
}

/// Takes away waits that stand for no more than the end of `dot` itself.
void removeOwnWaits(WarpGroupDotOp dot) {
  for (Operation *user : llvm::make_early_inc_range(dot.getD().getUsers())) {
    auto wait = dyn_cast<WarpGroupDotWaitOp>(user);
    if (!wait || wait.getPendings() != 0 || wait->getNumOperands() != 1)
      continue;
    wait.getResult(0).replaceAllUsesWith(dot.getD());
    wait.erase();
  }
}

class PlaceDotWaitsPass
    : public triton::tle::impl::TLEPlaceDotWaitsBase<PlaceDotWaitsPass> {
public:
  void runOnOperation() override {
    // Stock's pipeliner would let products run on into the next iteration,
    // beyond the release of what they read.
    SetVector<Operation *> loops, dots;
    getOperation().walk([&](scf::ForOp loop) {
      if (!isInWarpSpecialize(loop) || !touchesPipe(loop))
        return;
      loops.insert(loop);
      loop->setAttr("tt.num_stages", OpBuilder(loop).getI32IntegerAttr(0));
    });
    getOperation().walk([&](WarpGroupDotOp dot) {
      auto loop = dot->getParentOfType<scf::ForOp>();
      if (!dot.getIsAsync() && isInWarpSpecialize(dot) &&
          !dot.needsPartialAccumulator() &&
          findRootBlock(dot)->mightHaveTerminator() &&
          (!loop || !isInWarpSpecialize(loop) || loops.contains(loop)))
        dots.insert(dot);
    });
    if (dots.empty())
      return;
    for (Operation *dot : dots)
      removeOwnWaits(cast<WarpGroupDotOp>(dot));
    ImpliedReleases implied;
    getOperation().walk([&](WaitBarrierOp wait) {
      if (auto number = wait->getAttrOfType<IntegerAttr>(kPipeAttr);
          number && wait->hasAttr(kImpliedReleaseAttr))
        implied.insert({findPartition(wait), int32_t(number.getInt())});
    });
    Walker walker(dots, loops, implied);
    // Inner loops come first.
    for (Operation *loop : loops)
      walker.walkLoop(cast<scf::ForOp>(loop));
    SetVector<Block *> blocks;
    for (Operation *dot : dots)
      blocks.insert(findRootBlock(dot));
    for (Block *block : blocks)
      walker.walkBlock(*block);
    placeWaits(walker.waits);
    for (Operation *dot : dots)
      cast<WarpGroupDotOp>(dot).setIsAsync(true);
  }
};

} // namespace
