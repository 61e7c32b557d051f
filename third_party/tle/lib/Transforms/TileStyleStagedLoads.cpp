//===- TileStyleStagedLoads.cpp - loads that are to be copies -------------===//
//
// A tile that is loaded into registers and put into shared memory from there
// can be copied past the registers:
//
//   scf.for ... {
//     %v = tt.load %p
//     %b = ttg.local_alloc %v
//     ... reads %b, and maybe %v ...
//   }
//   // becomes
//   %b = ttg.local_alloc : () -> !ttg.memdesc<..., mutable>
//   scf.for ... {
//     %t = ttg.async_copy_global_to_local %p, %b
//     %g = ttg.async_commit_group tokens %t
//     ttg.async_wait %g {num = 0 : i32}
//     %v = ttg.local_load %b        (if %v has other uses)
//     ... reads %b, and maybe %v ...
//   }
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/AsyncCopyWidth.h"
#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/TileStyleLoop.h"
#include "triton/Dialect/Triton/IR/Dialect.h"

namespace mlir::triton::tle {

namespace ttg = mlir::triton::gpu;

namespace {

/// The load whose value `alloc` puts into shared memory, or null.
LoadOp stagedLoad(ttg::LocalAllocOp alloc) {
  Value source = alloc.getSrc();
  while (source && source.getDefiningOp<ttg::ConvertLayoutOp>())
    source = source.getDefiningOp()->getOperand(0);
  auto load = source ? source.getDefiningOp<LoadOp>() : LoadOp();
  if (!load || load->getBlock() != alloc->getBlock())
    return {};
  auto type = dyn_cast<RankedTensorType>(load.getType());
  return type && type.getEncoding() ? load : LoadOp();
}

/// Lets views of what is now mutable be mutable.
void makeViewsMutable(Value buffer) {
  SmallVector<Operation *> views(buffer.getUsers());
  while (!views.empty()) {
    Operation *view = views.pop_back_val();
    if (view->getNumResults() != 1)
      continue;
    auto type = dyn_cast<ttg::MemDescType>(view->getResult(0).getType());
    if (!type || type.getMutableMemory())
      continue;
    view->getResult(0).setType(ttg::MemDescType::get(
        type.getShape(), type.getElementType(), type.getEncoding(),
        type.getMemorySpace(), /*mutableMemory=*/true, type.getAllocShape()));
    llvm::append_range(views, view->getUsers());
  }
}

void copyAsynchronously(scf::ForOp loop, StagedLoad staged) {
  LoadOp load = staged.load;
  ttg::MemDescType type = staged.alloc.getType();
  OpBuilder builder(loop);
  auto buffer = ttg::LocalAllocOp::create(
      builder, staged.alloc.getLoc(),
      ttg::MemDescType::get(type.getShape(), type.getElementType(),
                            type.getEncoding(), type.getMemorySpace(),
                            /*mutableMemory=*/true));
  if (auto alignment = staged.alloc.getAlignmentAttr())
    buffer.setAlignmentAttr(alignment);
  builder.setInsertionPoint(load);
  Location loc = load.getLoc();
  auto copy = ttg::AsyncCopyGlobalToLocalOp::create(
      builder, loc, load.getPtr(), buffer, load.getMask(),
      /*other=*/Value(), load.getCache(), load.getEvict());
  auto group = ttg::AsyncCommitGroupOp::create(builder, loc, ValueRange{copy});
  ttg::AsyncWaitOp::create(builder, loc, group.getAsyncToken(), 0);

  // A tile may be put into shared memory more than once.
  for (Operation *user : llvm::make_early_inc_range(load->getUsers()))
    if (auto twin = dyn_cast<ttg::LocalAllocOp>(user);
        twin && twin != staged.alloc && twin.getType() == type &&
        twin.getSrc() == staged.alloc.getSrc()) {
      twin.getResult().replaceAllUsesWith(staged.alloc.getResult());
      twin.erase();
    }
  Value source = staged.alloc.getSrc();
  staged.alloc.getResult().replaceAllUsesWith(buffer);
  makeViewsMutable(buffer.getResult());
  staged.alloc.erase();
  while (source.use_empty()) {
    Operation *def = source.getDefiningOp();
    bool isLoad = def == load.getOperation();
    source = def->getOperand(0);
    def->erase();
    if (isLoad)
      return;
  }
  auto again = ttg::LocalLoadOp::create(builder, loc, load.getType(),
                                        buffer.getResult());
  load.getResult().replaceAllUsesWith(again.getResult());
  load.erase();
}

} // namespace

SmallVector<StagedLoad>
matchStagedLoads(scf::ForOp loop, function_ref<const ModuleAxisInfo &()> axes,
                 std::string &reason) {
  SmallVector<StagedLoad> loads;
  llvm::SmallPtrSet<Operation *, 4> seen;
  for (auto alloc : loop.getBody()->getOps<ttg::LocalAllocOp>()) {
    LoadOp load = stagedLoad(alloc);
    if (!load)
      continue;
    if (load.getIsVolatile())
      reason = "the load of a tile is volatile";
    else if (load.getOther() && !isConstantZero(load.getOther()))
      // a copy fills what it masks with zeros
      reason = "masked elements of a tile are other than zero";
    else if (!isCopyable(axes(), load.getPtr(), load.getMask(),
                         alloc.getType()))
      reason = "a tile has no runs of four bytes that a copy can move";
    else if (seen.insert(load).second)
      loads.push_back({load, alloc});
    if (!reason.empty())
      return {};
  }
  return loads;
}

void copyAsynchronously(scf::ForOp loop, ArrayRef<StagedLoad> loads) {
  for (StagedLoad staged : loads)
    copyAsynchronously(loop, staged);
}

} // namespace mlir::triton::tle
