//===- WGMMAGroups.h - groups of asynchronous products ----------*- C++ -*-===//

#ifndef TLE_CONVERSION_WGMMAGROUPS_H
#define TLE_CONVERSION_WGMMAGROUPS_H

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/Operation.h"
#include "triton/Dialect/NVGPU/IR/Dialect.h"

namespace mlir::triton::tle {

/// The products between one fence and the commit behind it, in one block.
/// Nothing else with side effects stands between them.
struct WGMMAGroup {
  NVVM::WgmmaFenceAlignedOp fence;
  SmallVector<nvgpu::WGMMAOp> products;
  NVVM::WgmmaGroupSyncAlignedOp commit;
};

/// The groups of `block` in order.
SmallVector<WGMMAGroup> collectWGMMAGroups(Block &block);

/// Field `index` of the struct `value`, followed through packing and
/// unpacking: a value that is no such field, or `value` itself with an index
/// into it.
struct StructField {
  Value value;
  /// Where `value` is a struct: which field of it.
  std::optional<int64_t> index;
};
StructField traceField(Value value, int64_t index);

/// Number of fields of a struct type.
int64_t getNumFields(Type structType);

} // namespace mlir::triton::tle

#endif // TLE_CONVERSION_WGMMAGROUPS_H
