//===- EarlyAssignMemorySpace.cpp - pointers know that they are local -----===//
//
// Precondition:  values made of tle.local_pointers may be typed as pointers to
//                global memory: the stock frontend gives some of its ops no
//                other type, and then goes through integers.
// Rewrite:       tt.int_to_ptr (tt.ptr_to_int %p)  ==>  %p
//                !tt.ptr<T>  ==>  !tt.ptr<T, 3>  for all that is made of %p
// Postcondition: exactly the values made of local pointers are in address
//                space 3.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/Passes.h"

#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLEEARLYASSIGNMEMORYSPACE
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
namespace ttg = mlir::triton::gpu;
using namespace mlir::triton;
using namespace mlir::triton::tle;

/// `type`, a pointer or tensor of pointers, in address space 3.
static Type getLocalPointerType(Type type) {
  PointerType pointer = getPointerTypeOrNull(type);
  Type local = PointerType::get(pointer.getPointeeType(), kSharedAddressSpace);
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    return RankedTensorType::get(tensor.getShape(), local,
                                 tensor.getEncoding());
  return local;
}

namespace {

class EarlyAssignMemorySpacePass
    : public triton::tle::impl::TLEEarlyAssignMemorySpaceBase<
          EarlyAssignMemorySpacePass> {
public:
  void runOnOperation() override {
    foldIntegerRoundTrips();
    bool failedAny = false;
    getOperation()->walk([&](Operation *op) {
      for (Value result : op->getResults())
        if (isLocalPointerLike(result.getType()))
          worklist.insert(result);
      for (Region &region : op->getRegions())
        for (Block &block : region)
          for (Value argument : block.getArguments())
            if (isLocalPointerLike(argument.getType()))
              worklist.insert(argument);
    });
    for (unsigned next = 0; next < worklist.size(); ++next) {
      Value pointer = worklist[next];
      for (OpOperand &use : pointer.getUses())
        carryOn(use);
    }
    for (Operation *op : merges)
      failedAny |= failed(verifyMerge(op));
    if (failedAny)
      signalPassFailure();
  }

private:
  /// The stock frontend casts pointers to integers and back where it wants
  /// another pointer type; the way back goes to what it came from.
  void foldIntegerRoundTrips() {
    SmallVector<IntToPtrOp> casts;
    getOperation()->walk([&](IntToPtrOp cast) { casts.push_back(cast); });
    for (IntToPtrOp cast : casts) {
      Value source = cast.getSrc();
      while (auto convert = source.getDefiningOp<ttg::ConvertLayoutOp>())
        source = convert.getSrc();
      auto toInt = source.getDefiningOp<PtrToIntOp>();
      if (!toInt || !isLocalPointerLike(toInt.getSrc().getType()))
        continue;
      OpBuilder builder(cast);
      Value pointer = toInt.getSrc();
      Type wanted = getLocalPointerType(cast.getType());
      if (auto tensor = dyn_cast<RankedTensorType>(wanted)) {
        auto from = ::mlir::cast<RankedTensorType>(pointer.getType());
        if (from.getEncoding() != tensor.getEncoding())
          pointer = ttg::ConvertLayoutOp::create(
              builder, cast.getLoc(),
              RankedTensorType::get(from.getShape(), from.getElementType(),
                                    tensor.getEncoding()),
              pointer);
      }
      if (pointer.getType() != wanted)
        pointer = BitcastOp::create(builder, cast.getLoc(), wanted, pointer);
      cast.getResult().replaceAllUsesWith(pointer);
      cast.erase();
      if (toInt->use_empty())
        toInt.erase();
    }
  }

  void assign(Value value) {
    PointerType pointer = getPointerTypeOrNull(value.getType());
    if (!pointer)
      return;
    if (pointer.getAddressSpace() != kSharedAddressSpace)
      value.setType(getLocalPointerType(value.getType()));
    worklist.insert(value);
  }

  /// Assigns what the user of a local pointer makes of it.
  void carryOn(OpOperand &use) {
    Operation *user = use.getOwner();
    if (isa<AddPtrOp, BitcastOp, SplatOp, BroadcastOp, ExpandDimsOp, ReshapeOp,
            TransOp, UnsplatOp, ttg::ConvertLayoutOp>(user))
      return assign(user->getResult(0));
    if (isa<arith::SelectOp, CatOp, JoinOp>(user)) {
      merges.insert(user);
      return assign(user->getResult(0));
    }
    if (auto split = dyn_cast<SplitOp>(user)) {
      assign(split.getOutLHS());
      return assign(split.getOutRHS());
    }
    if (auto loop = dyn_cast<scf::ForOp>(user)) {
      if (BlockArgument argument = loop.getTiedLoopRegionIterArg(&use)) {
        merges.insert(loop.getBody()->getTerminator());
        assign(argument);
        assign(loop.getTiedLoopResult(&use));
      }
      return;
    }
    if (auto loop = dyn_cast<scf::WhileOp>(user))
      return assign(loop.getBeforeArguments()[use.getOperandNumber()]);
    if (auto condition = dyn_cast<scf::ConditionOp>(user)) {
      auto loop = condition->getParentOfType<scf::WhileOp>();
      assign(loop.getAfterArguments()[use.getOperandNumber() - 1]);
      return assign(loop.getResult(use.getOperandNumber() - 1));
    }
    if (auto branch = dyn_cast<BranchOpInterface>(user)) {
      std::optional<BlockArgument> argument =
          branch.getSuccessorBlockArgument(use.getOperandNumber());
      if (!argument)
        return;
      for (Block *from : argument->getOwner()->getPredecessors())
        merges.insert(from->getTerminator());
      return assign(*argument);
    }
    if (isa<scf::YieldOp>(user)) {
      merges.insert(user);
      Operation *parent = user->getParentOp();
      if (auto loop = dyn_cast<scf::ForOp>(parent))
        assign(loop.getRegionIterArgs()[use.getOperandNumber()]);
      if (auto loop = dyn_cast<scf::WhileOp>(parent))
        return assign(loop.getBeforeArguments()[use.getOperandNumber()]);
      assign(parent->getResult(use.getOperandNumber()));
    }
  }

  /// All pointers that meet at `op` must be local ones, if one is.
  LogicalResult verifyMerge(Operation *op) {
    auto fail = [&] {
      return op->emitError("a value is a pointer into shared memory on one way "
                           "and into global memory on another");
    };
    if (auto branch = dyn_cast<BranchOpInterface>(op)) {
      for (OpOperand &operand : op->getOpOperands())
        if (auto argument =
                branch.getSuccessorBlockArgument(operand.getOperandNumber());
            argument && argument->getType() != operand.get().getType())
          return fail();
      return success();
    }
    if (!isa<scf::YieldOp>(op)) {
      for (Value operand : op->getOperands())
        if (getPointerTypeOrNull(operand.getType()) &&
            !isLocalPointerLike(operand.getType()))
          return fail();
      return success();
    }
    Operation *parent = op->getParentOp();
    auto loop = dyn_cast<scf::ForOp>(parent);
    for (auto [position, operand] : llvm::enumerate(op->getOperands())) {
      Type target;
      if (loop) {
        target = loop.getRegionIterArgs()[position].getType();
        if (loop.getInitArgs()[position].getType() != target)
          return fail();
      } else if (auto whileLoop = dyn_cast<scf::WhileOp>(parent)) {
        target = whileLoop.getBeforeArguments()[position].getType();
      } else {
        target = parent->getResult(position).getType();
      }
      if (operand.getType() != target)
        return fail();
      for (Region &region : parent->getRegions())
        if (isa<scf::IfOp>(parent) && !region.empty() &&
            region.front().getTerminator()->getOperand(position).getType() !=
                target)
          return fail();
    }
    return success();
  }

  SetVector<Value> worklist;
  SetVector<Operation *> merges;
};

} // namespace
