//===- AccumulationPlanner.h - makes the plan of a loop of sums -*- C++ -*-===//

#ifndef TLE_TRANSFORMS_ACCUMULATIONPLANNER_H
#define TLE_TRANSFORMS_ACCUMULATIONPLANNER_H

#include "tle/Transforms/AccumulationPlan.h"

namespace mlir::triton::tle {

inline bool isMemory(Value value) {
  return isa<gpu::MemDescType>(value.getType());
}

/// Calls `visit` with what `op` and the ops in it use.
void forEachOperand(Operation *op, llvm::function_ref<void(Value)> visit);

/// Checks what stands in the loop and around it, divides both
/// (AccumulationDivision.cpp), and checks that there is room for the result.
class AccumulationPlanner {
public:
  AccumulationPlanner(scf::ForOp loop, const ModuleAxisInfo &axes,
                      AccumulationLimits limits, std::string &reason)
      : loop(loop), body(loop.getBody()), axes(axes), limits(limits),
        reason(reason) {
    plan.loop = loop;
    plan.items = dyn_cast<scf::ForOp>(loop->getParentOp());
    plan.specialize = dyn_cast<gpu::WarpSpecializeOp>(
        (plan.items ? plan.items : loop)->getParentOp());
  }

  FailureOr<AccumulationPlan> run();

private:
  scf::ForOp loop;
  Block *body;
  const ModuleAxisInfo &axes;
  AccumulationLimits limits;
  std::string &reason;
  AccumulationPlan plan;
  /// Values that depend on scores, or on values carried with them.
  llvm::DenseSet<Value> heavy;
  /// Loads from before the loop that the scores need.
  llvm::SmallPtrSet<Operation *, 8> imported;

  bool refuse(const Twine &why) {
    reason = why.str();
    return false;
  }

  bool hasRightPlace();
  bool checkItems();
  bool checkBody();
  bool findHeld(scf::IfOp branch);
  bool chooseRegisters();
  void findHeavy();
  bool canCross(Value value);
  /// What of `value` crosses, before it is spread out.
  Value findRoot(Value value);
  void need(AccumulationSide &side, Value value);
  bool divideBody();
  void findPipes(AccumulationSide &side);
  bool findImplied();
  bool divideTail();
  bool checkImports();
  bool isOperandOfProducts(LoadOp load);
  bool checkMemory();
  bool checkWrites();
};

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_ACCUMULATIONPLANNER_H
