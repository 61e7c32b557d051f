//===- Accumulation.cpp - the sums that a loop carries --------------------===//

#include "tle/Transforms/Accumulation.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "triton/Dialect/Triton/IR/Dialect.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::tle;

/// Collects in `ops` what uses the carried value `number`; false if that is
/// more than a sum of products.
static bool collectSum(scf::ForOp loop, unsigned number,
                       llvm::SetVector<Operation *> &ops) {
  Block *body = loop.getBody();
  bool hasProduct = false;
  SmallVector<Value> worklist = {loop.getRegionIterArg(number)};
  while (!worklist.empty())
    for (OpOperand &use : worklist.pop_back_val().getUses()) {
      Operation *user = use.getOwner();
      if (user->getBlock() != body)
        return false;
      if (user == body->getTerminator()) {
        if (use.getOperandNumber() != number)
          return false;
        continue;
      }
      bool isProduct = isa<DotOp>(user) && use.getOperandNumber() == 2;
      bool isElementwise = user->hasTrait<OpTrait::Elementwise>() &&
                           user->getNumRegions() == 0 &&
                           isMemoryEffectFree(user);
      if (!isProduct && !isElementwise)
        return false;
      hasProduct |= isProduct;
      if (ops.insert(user))
        llvm::append_range(worklist, user->getResults());
    }
  Operation *last = body->getTerminator()->getOperand(number).getDefiningOp();
  return hasProduct && last && ops.contains(last);
}

Accumulation tle::findAccumulation(scf::ForOp loop) {
  Accumulation result;
  llvm::SetVector<Operation *> all;
  for (auto [number, argument] : llvm::enumerate(loop.getRegionIterArgs())) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type || !type.hasStaticShape() || type.getRank() != 2 ||
        !isa<FloatType>(type.getElementType()))
      continue;
    llvm::SetVector<Operation *> ops;
    if (!collectSum(loop, number, ops) ||
        llvm::any_of(ops, [&](Operation *op) { return all.contains(op); }))
      continue;
    result.numbers.insert(number);
    result.columns += type.getShape()[1];
    all.insert(ops.begin(), ops.end());
  }
  for (Operation &op : *loop.getBody())
    if (all.contains(&op))
      result.ops.insert(&op);
  return result;
}
