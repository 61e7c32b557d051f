//===- AccumulationSeparator.h - divides a loop of sums ---------*- C++ -*-===//
//
// Makes what an AccumulationPlan says: the pipes between scores and sums, the
// partition of the scores, and the loops of both sides.
//
//===----------------------------------------------------------------------===//

#ifndef TLE_TRANSFORMS_ACCUMULATIONSEPARATOR_H
#define TLE_TRANSFORMS_ACCUMULATIONSEPARATOR_H

#include "tle/Transforms/AccumulationPlan.h"
#include "tle/Transforms/PartitionImports.h"
#include "tle/Transforms/PipeBuilder.h"

#include "llvm/ADT/MapVector.h"

namespace mlir::triton::tle {

/// A pipe of one value an iteration.
struct ValuePipe {
  Value barriers, buffer;
};

class AccumulationSeparator : private PipeBuilder {
public:
  explicit AccumulationSeparator(AccumulationPlan plan)
      : PipeBuilder(plan.specialize, plan.loop.getLoc()), plan(std::move(plan)),
        specialize(this->plan.specialize), loop(this->plan.loop) {}

  void run();

private:
  AccumulationPlan plan;
  gpu::WarpSpecializeOp specialize;
  scf::ForOp loop;
  llvm::MapVector<Value, ValuePipe> pipes;
  /// One tile an item each.
  Value finalBarriers, operandBarriers;
  SmallVector<Value> finalBuffers, operandBuffers;
  /// Where the partition of the scores finds operands.
  llvm::DenseMap<Value, Value> views;

  Value allocateRing(RankedTensorType type, int64_t slots);
  void createPipes();
  scf::ForOp countItems(scf::ForOp items);
  Value getItem(scf::ForOp items);
  static void hoist(Operation *op);
  Region &addPartition();

  // Both loops.
  Value getSlot(Value ring, Value number);
  bool isOperandRead(Operation *op);
  void readOperands(Operation *op, IRMapping &mapping);
  scf::ForOp createLoop(AccumulationSide &side, IRMapping &mapping);
  void fillLoop(AccumulationSide &side, scf::ForOp created, IRMapping &mapping,
                llvm::function_ref<void(Operation *)> emit,
                llvm::function_ref<void(Operation *)> follow);
  void
  passEmptyTile(Value start, Value end,
                llvm::function_ref<void(const ValuePipe &, Value)> createSteps);
  void waitImplied(Value barriers, Value number);

  // The scores, in AccumulationScores.cpp.
  void makeScores(Region &region, PartitionImports &imports);
  void makeScoresOfItem(scf::ForOp items, PartitionImports &imports,
                        IRMapping &mapping);
  void importAll(AccumulationSide &side, Value item, PartitionImports &imports,
                 IRMapping &mapping);
  void send(const ValuePipe &pipe, Value value, Value number,
            IRMapping &mapping);
  void waitForHeld(IRMapping &mapping);
  void sendFinals(Value item, IRMapping &mapping);

  // The operands.
  void copyOperands();
  void copyOperands(Value barriers, Value item, PartitionImports &imports,
                    IRMapping &mapping);

  // The sums, in AccumulationSums.cpp.
  void makeSums();
  static Value findRoot(Value value);
  Value findFactor(Operation *op);
  void scale(Operation *op, Value factor,
             const llvm::DenseMap<Value, Value> &slots,
             llvm::DenseMap<Value, Operation *> &lastUses, IRMapping &mapping);
  void clone(Operation *op, const llvm::DenseMap<Value, Value> &slots,
             IRMapping &mapping);
  void finish(scf::ForOp created, IRMapping &mapping);
  static void sink(Operation *op, scf::ForOp created);

  void setReaders();
};

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_ACCUMULATIONSEPARATOR_H
