//===- DowngradeInvalidAsyncCopy.cpp - copies that cp.async cannot make ---===//
//
// Precondition:  layouts of the copies' pointers are settled.
// Rewrite:       %t = ttg.async_copy_global_to_local %p, %buf mask %m
//                with 1 or 2 bytes a thread, or masked elements other than zero
//                ==> %v = tt.load %p, %m, %zero; ttg.local_store %v, %buf
// Postcondition: what is left of the copies moves 4, 8 or 16 bytes at once, and
//                says so in its attribute `contiguity`.
//
// The store takes effect at once instead of at the wait, which no reader could
// tell: reads before the wait had no defined result. A group that has lost its
// copies is still committed, so that waits count the groups they counted.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/AsyncCopyWidth.h"
#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/Passes.h"
#include "triton/Dialect/TritonGPU/Transforms/Remarks.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLEDOWNGRADEINVALIDASYNCCOPY
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
namespace ttg = mlir::triton::gpu;
using namespace mlir::triton;
using namespace mlir::triton::tle;

namespace {

/// The most that cp.async, or a load, moves at once.
constexpr int64_t kWidestBytes = 16;

/// A copy that has to go, and the layout its load gets (null: as it is).
struct Downgrade {
  ttg::AsyncCopyGlobalToLocalOp copy;
  ttg::BlockedEncodingAttr layout;
};

/// Why cp.async cannot make `copy`; empty if it can.
std::string getObstacle(ttg::AsyncCopyGlobalToLocalOp copy, int64_t bytes) {
  if (!ttg::AsyncCopyGlobalToLocalOp::isLegalWidthInBytes(bytes))
    return "a thread has " + std::to_string(bytes) +
           " bytes to move at once, cp.async moves 4, 8 or 16";
  bool isMasked = copy.getMask() && !isConstantTrue(copy.getMask());
  if (isMasked && copy.getOther() && !isConstantZero(copy.getOther()))
    return "masked elements are not zero, cp.async fills them with zeros";
  return {};
}

/// The layout in which a thread loads as many neighbours as their alignment
/// allows, and a warp a row of them; null where no neighbours are known, or the
/// layout does that already.
ttg::BlockedEncodingAttr getCoalescedLayout(ttg::AsyncCopyGlobalToLocalOp copy,
                                            const ModuleAxisInfo &axes) {
  auto type = cast<RankedTensorType>(copy.getSrc().getType());
  if (!type.getEncoding() || ttg::lookupNumCTAs(copy) != 1)
    return {};
  SmallVector<unsigned> order = ttg::getOrder(type);
  AxisInfo info = axes.get(copy.getSrc());
  unsigned fastest = order.front();
  for (unsigned dim : order)
    if (info.getContiguity(dim) > info.getContiguity(fastest))
      fastest = dim;
  if (info.getContiguity(fastest) == 1)
    return {};
  int numWarps = ttg::lookupNumWarps(copy);
  int numLanes = ttg::lookupThreadsPerWarp(copy);
  int64_t bytes = getElementBytes(copy.getResult().getType());
  int64_t perThread =
      std::max<int64_t>(1, type.getNumElements() / numWarps / numLanes);
  int64_t vector =
      std::min({axes.getVectorLength(copy.getSrc(), copy.getMask(), fastest),
                std::max<int64_t>(1, kWidestBytes / bytes), perThread});
  if (order.front() == fastest &&
      ttg::getContigPerThread(type)[fastest] >= vector)
    return {};
  SmallVector<unsigned> newOrder{fastest};
  for (unsigned dim : order)
    if (dim != fastest)
      newOrder.push_back(dim);
  SmallVector<unsigned> sizes(type.getRank(), 1);
  sizes[fastest] = vector;
  return ttg::BlockedEncodingAttr::get(copy.getContext(), type.getShape(),
                                       sizes, newOrder, numWarps, numLanes,
                                       /*numCTAs=*/1);
}

/// Takes `value` out of the operands of `op`, as often as it is there.
void eraseOperands(Operation *op, Value value) {
  for (unsigned i = op->getNumOperands(); i-- > 0;)
    if (op->getOperand(i) == value)
      op->eraseOperand(i);
}

/// Takes the token away from its users. Commits left without any go to
/// `emptied`.
void dropToken(Value token, llvm::SetVector<Operation *> &emptied) {
  SmallVector<OpOperand *> others;
  llvm::SetVector<Operation *> users;
  for (OpOperand &use : token.getUses())
    if (isa<ttg::AsyncCommitGroupOp, ttg::AsyncWaitOp, ttg::LocalLoadOp>(
            use.getOwner()))
      users.insert(use.getOwner());
    else
      others.push_back(&use);
  for (Operation *user : users) {
    eraseOperands(user, token);
    if (isa<ttg::AsyncCommitGroupOp>(user) && user->getNumOperands() == 0)
      emptied.insert(user);
  }
  if (others.empty())
    return;
  // A loop that carries it, or a call: a group of nothing. One more group lets
  // no wait return earlier.
  OpBuilder builder(token.getContext());
  builder.setInsertionPointAfterValue(token);
  Value nothing =
      ttg::AsyncCommitGroupOp::create(builder, token.getLoc(), ValueRange())
          .getAsyncToken();
  for (OpOperand *use : others)
    use->set(nothing);
}

void downgrade(const Downgrade &entry, llvm::SetVector<Operation *> &emptied) {
  ttg::AsyncCopyGlobalToLocalOp copy = entry.copy;
  OpBuilder builder(copy);
  Location loc = copy.getLoc();
  auto relaid = [&](Value value) -> Value {
    if (!value || !entry.layout)
      return value;
    auto type = cast<RankedTensorType>(value.getType());
    return ttg::ConvertLayoutOp::create(
        builder, loc, type.cloneWithEncoding(entry.layout), value);
  };
  Value mask = copy.getMask(), other = copy.getOther();
  if (!mask || isConstantTrue(mask))
    mask = other = Value();
  Value pointers = relaid(copy.getSrc());
  if (mask && !other) {
    // What cp.async does not copy it fills with zeros.
    auto type = cast<RankedTensorType>(getPointeeType(pointers.getType()));
    other = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
  } else {
    other = relaid(other);
  }
  auto load =
      LoadOp::create(builder, loc, pointers, relaid(mask), other,
                     copy.getCache(), copy.getEvict(), copy.getIsVolatile());
  auto store = ttg::LocalStoreOp::create(builder, loc, load.getResult(),
                                         copy.getResult());
  for (NamedAttribute attr : copy->getDiscardableAttrs())
    if (attr.getName() != kLocalPtrAsyncStoreAttr) {
      load->setDiscardableAttr(attr.getName(), attr.getValue());
      store->setDiscardableAttr(attr.getName(), attr.getValue());
    }
  dropToken(copy.getToken(), emptied);
  copy.erase();
}

/// Whether a wait's own token is only read by accesses that it has to precede.
bool isTokenDroppable(ttg::AsyncWaitOp wait) {
  return llvm::all_of(wait.getRetToken().getUsers(), [](Operation *user) {
    return isa<ttg::LocalLoadOp, ttg::AsyncWaitOp>(user);
  });
}

/// Waits for groups that are empty now become barriers, which they have been
/// beside that. Only where no wait counts groups that are left under way, and
/// each group is waited for by its token.
void dropIdleWaits(Operation *function, llvm::SetVector<Operation *> &emptied) {
  SmallVector<ttg::AsyncWaitOp> waits;
  WalkResult counted = function->walk([&](Operation *op) {
    if (auto wait = dyn_cast<ttg::AsyncWaitOp>(op)) {
      waits.push_back(wait);
      return wait.getNum() ? WalkResult::interrupt() : WalkResult::advance();
    }
    bool isLoose =
        isa<CallOp>(op) ||
        (isa<ttg::AsyncCommitGroupOp, ttg::AsyncCopyGlobalToLocalOp>(op) &&
         op->use_empty());
    return isLoose ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (counted.wasInterrupted())
    return;
  for (ttg::AsyncWaitOp wait : waits) {
    bool isIdle = wait->getNumOperands() && isTokenDroppable(wait) &&
                  llvm::all_of(wait->getOperands(), [&](Value token) {
                    return token.getDefiningOp() && token.hasOneUse() &&
                           emptied.contains(token.getDefiningOp());
                  });
    if (!isIdle)
      continue;
    SmallVector<Value> tokens(wait->getOperands());
    Value token = wait.getRetToken();
    while (!token.use_empty())
      eraseOperands(*token.user_begin(), token);
    OpBuilder builder(wait);
    mlir::gpu::BarrierOp::create(builder, wait.getLoc());
    wait.erase();
    for (Value token : tokens) {
      Operation *commit = token.getDefiningOp();
      emptied.remove(commit);
      commit->erase();
    }
  }
}

class DowngradeInvalidAsyncCopyPass
    : public triton::tle::impl::TLEDowngradeInvalidAsyncCopyBase<
          DowngradeInvalidAsyncCopyPass> {
public:
  void runOnOperation() override {
    SmallVector<ttg::AsyncCopyGlobalToLocalOp> copies;
    getOperation()->walk(
        [&](ttg::AsyncCopyGlobalToLocalOp copy) { copies.push_back(copy); });
    if (copies.empty())
      return;
    SmallVector<Downgrade> downgrades = judge(copies);
    llvm::SetVector<Operation *> emptied;
    llvm::SetVector<Operation *> functions;
    for (const Downgrade &entry : downgrades) {
      functions.insert(getFunctionOrModule(entry.copy));
      downgrade(entry, emptied);
    }
    for (Operation *function : functions)
      dropIdleWaits(function, emptied);
  }

private:
  /// The copies that have to go. All is asked before anything changes.
  SmallVector<Downgrade> judge(ArrayRef<ttg::AsyncCopyGlobalToLocalOp> copies) {
    ModuleAxisInfo axes(getOperation());
    SmallVector<Downgrade> downgrades;
    for (ttg::AsyncCopyGlobalToLocalOp copy : copies) {
      ttg::MemDescType buffer = copy.getResult().getType();
      Value mask = copy.getMask();
      if (mask && isConstantTrue(mask))
        mask = Value();
      int64_t bytes = getElementBytes(buffer);
      int64_t vector = std::min(getCopyVector(axes, copy.getSrc(), mask, buffer,
                                              copy.getContiguity()),
                                std::max<int64_t>(1, kWidestBytes / bytes));
      std::string obstacle = getObstacle(copy, vector * bytes);
      if (obstacle.empty()) {
        // Stock's own analysis may know less.
        if (vector > copy.getContiguity())
          copy.setContiguity(vector);
        continue;
      }
      ttg::applied(copy, getArgument(),
                   "becomes a load and a store: " + obstacle);
      downgrades.push_back({copy, getCoalescedLayout(copy, axes)});
    }
    return downgrades;
  }
};

} // namespace
