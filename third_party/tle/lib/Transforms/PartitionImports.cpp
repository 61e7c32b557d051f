//===- PartitionImports.cpp - what a partition takes from outside ---------===//

#include "tle/Transforms/PartitionImports.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tle/IR/Dialect.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/Transforms/BufferAnalysis.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::tle;
namespace ttg = mlir::triton::gpu;

/// Tensors have no layout yet and cannot be captured; constants need not be;
/// what the default region has made cannot be, and views are made where they
/// are used.
bool PartitionImports::isCloned(Operation *op) {
  return op->hasTrait<OpTrait::ConstantLike>() || ttg::isBufferView(op) ||
         specialize.getDefaultRegion().isAncestor(op->getParentRegion()) ||
         isa<RankedTensorType>(op->getResult(0).getType());
}

Operation *
PartitionImports::findObstacle(Value value,
                               llvm::SmallPtrSetImpl<Operation *> &loads) {
  SmallVector<Value> worklist = {value};
  llvm::SmallPtrSet<Operation *, 16> seen;
  while (!worklist.empty()) {
    Value next = worklist.pop_back_val();
    Operation *op = next.getDefiningOp();
    if (!op && isa<RankedTensorType>(next.getType()))
      return next.getParentBlock()->getParentOp();
    if (!op || !isCloned(op) || !seen.insert(op).second)
      continue;
    auto load = dyn_cast<LoadOp>(op);
    // Those of the default region stand behind the last write.
    bool isLoad =
        load && !load.getIsVolatile() &&
        !isLocalPointerLike(load.getPtr().getType()) &&
        specialize.getDefaultRegion().isAncestor(op->getParentRegion());
    if (isLoad)
      loads.insert(op);
    else if (op->getNumRegions() != 0 || !isMemoryEffectFree(op))
      return op;
    llvm::append_range(worklist, op->getOperands());
  }
  return nullptr;
}

Value PartitionImports::import(Value value, OpBuilder &builder,
                               IRMapping &mapping) {
  if (Value known = mapping.lookupOrNull(value))
    return known;
  Operation *op = value.getDefiningOp();
  if (op && isCloned(op)) {
    for (Value operand : op->getOperands())
      import(operand, builder, mapping);
    builder.clone(*op, mapping);
    return mapping.lookup(value);
  }
  auto captures = specialize.getExplicitCaptures();
  unsigned number = llvm::find(captures, value) - captures.begin();
  if (number == captures.size()) {
    specialize.getExplicitCapturesMutable().append(value);
    for (Region *each : specialize.getPartitionRegions())
      each->addArgument(value.getType(), value.getLoc());
  }
  mapping.map(value, region->getArgument(number));
  return region->getArgument(number);
}
