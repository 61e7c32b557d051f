//===- WGMMAGroups.cpp - groups of asynchronous products ------------------===//

#include "WGMMAGroups.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace mlir::triton::tle;

SmallVector<WGMMAGroup> triton::tle::collectWGMMAGroups(Block &block) {
  SmallVector<WGMMAGroup> groups;
  std::optional<WGMMAGroup> open;
  for (Operation &op : block) {
    if (auto fence = dyn_cast<NVVM::WgmmaFenceAlignedOp>(op)) {
      open = WGMMAGroup{fence, {}, {}};
    } else if (!open) {
      continue;
    } else if (auto product = dyn_cast<triton::nvgpu::WGMMAOp>(op)) {
      open->products.push_back(product);
    } else if (auto commit = dyn_cast<NVVM::WgmmaGroupSyncAlignedOp>(op)) {
      if (!open->products.empty()) {
        open->commit = commit;
        groups.push_back(std::move(*open));
      }
      open.reset();
    } else if (!isPure(&op)) {
      open.reset();
    }
  }
  return groups;
}

/// More than any accumulator has registers.
static constexpr unsigned kMaxSteps = 4096;

StructField triton::tle::traceField(Value value, int64_t index) {
  std::optional<int64_t> field = index;
  // In a block that nothing reaches a struct may be made of itself.
  for (unsigned steps = 0; steps < kMaxSteps; ++steps) {
    Operation *op = value.getDefiningOp();
    if (!op)
      break;
    if (field) {
      auto insert = dyn_cast<LLVM::InsertValueOp>(op);
      if (!insert || insert.getPosition().size() != 1)
        break;
      if (insert.getPosition()[0] == *field) {
        value = insert.getValue();
        field.reset();
      } else {
        value = insert.getContainer();
      }
      continue;
    }
    auto extract = dyn_cast<LLVM::ExtractValueOp>(op);
    if (!extract || extract.getPosition().size() != 1)
      break;
    value = extract.getContainer();
    field = extract.getPosition()[0];
  }
  return {value, field};
}

int64_t triton::tle::getNumFields(Type structType) {
  return cast<LLVM::LLVMStructType>(structType).getBody().size();
}
