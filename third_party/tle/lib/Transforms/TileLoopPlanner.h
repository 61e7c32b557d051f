//===- TileLoopPlanner.h - makes the plan of a tile loop --------*- C++ -*-===//

#ifndef TLE_TRANSFORMS_TILELOOPPLANNER_H
#define TLE_TRANSFORMS_TILELOOPPLANNER_H

#include "tle/Transforms/TileLoopPlan.h"

namespace mlir::triton::tle {

/// Finds the tiles first, then what the producer and the consumer need
/// (TileLoopNeeds.cpp), at last the pipes between them.
class TileLoopPlanner {
public:
  TileLoopPlanner(scf::ForOp loop, const ModuleAxisInfo &axes,
                  TileLoopLimits limits, std::string &reason)
      : loop(loop), body(loop.getBody()), axes(axes), limits(limits),
        reason(reason) {
    plan.loop = loop;
  }

  FailureOr<TileLoopPlan> run();

private:
  scf::ForOp loop;
  Block *body;
  const ModuleAxisInfo &axes;
  TileLoopLimits limits;
  std::string &reason;
  TileLoopPlan plan;
  SmallVector<GatheredTile> tiles;
  llvm::SetVector<Value> crossing;
  /// Values of the slice that depend on what is loaded.
  llvm::DenseSet<Value> loadDependent;

  bool refuse(const Twine &why) {
    reason = why.str();
    return false;
  }

  Operation *inBody(Operation *op) { return body->findAncestorOpInBlock(*op); }

  bool hasRightPlace();
  bool checkItems();
  bool isBefore(Operation *op);
  bool findTiles();
  bool isTile(Operation *load, GatheredTile &tile);
  bool isBufferOfTile(GatheredTile &tile);
  bool isCopyable(const GatheredTile &tile);
  bool isOperandOfProducts(GatheredTile &tile);
  bool findSlice();
  bool addToSlice(Value value, llvm::SetVector<Operation *> &ops);
  bool checkMemory();
  bool findOutside();
  bool addOutside(Value value, llvm::SetVector<Operation *> &ops);
  void findLoadDependent();
  void addDerived();
  bool canCross(Value value);
  bool findConsumers();
  bool checkStores();
  bool makePipes();
  Operation *findLastUse(const GatheredTile &tile);
  bool chooseSlots();
};

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_TILELOOPPLANNER_H
