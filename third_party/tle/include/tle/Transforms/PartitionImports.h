//===- PartitionImports.h - what a partition takes from outside -*- C++ -*-===//
//
// A partition sees nothing but its arguments. Values from around it are
// captured, or computed once more inside of it.
//
//===----------------------------------------------------------------------===//

#ifndef TLE_TRANSFORMS_PARTITIONIMPORTS_H
#define TLE_TRANSFORMS_PARTITIONIMPORTS_H

#include "mlir/IR/IRMapping.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"

namespace mlir::triton::tle {

/// Brings values from before the loop of the default region of `specialize`
/// into one of its partitions.
class PartitionImports {
public:
  /// `region`: of the partition, null while there is none to be filled.
  PartitionImports(gpu::WarpSpecializeOp specialize, Region *region = nullptr)
      : specialize(specialize), region(region) {}

  /// The op because of which `value` cannot be had in another partition, or
  /// null. Loads in `loads` are those that would be made once more.
  Operation *findObstacle(Value value,
                          llvm::SmallPtrSetImpl<Operation *> &loads);

  /// `value` inside of the partition: what `mapping` has for it, a new
  /// argument, or the result of ops put where `builder` stands.
  Value import(Value value, OpBuilder &builder, IRMapping &mapping);

private:
  gpu::WarpSpecializeOp specialize;
  Region *region;

  bool isCloned(Operation *op);
};

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_PARTITIONIMPORTS_H
