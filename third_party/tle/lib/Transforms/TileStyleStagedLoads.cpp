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
// So can one that is turned around in registers first, %b then being a
// transposed view of the buffer.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/AsyncCopyWidth.h"
#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/TileStyleLoop.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/Triton/IR/Interfaces.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::triton::tle {

namespace ttg = mlir::triton::gpu;

namespace {

/// What `alloc` puts into shared memory, seen through changes of layout: the
/// value of a load, or its transpose. No load: anything else.
StagedLoad findStagedLoad(ttg::LocalAllocOp alloc) {
  StagedLoad staged{{}, alloc, false};
  Value source = alloc.getSrc();
  while (source) {
    Operation *def = source.getDefiningOp();
    auto trans = dyn_cast_or_null<TransOp>(def);
    if (trans && trans.getOrder() == ArrayRef<int32_t>{1, 0})
      staged.transposed = !staged.transposed;
    else if (!isa_and_nonnull<ttg::ConvertLayoutOp>(def))
      break;
    source = def->getOperand(0);
  }
  auto load = source ? source.getDefiningOp<LoadOp>() : LoadOp();
  // A pointer to a block is one pointer, which no copy takes.
  if (!load || load->getBlock() != alloc->getBlock() ||
      isTensorPointerType(load.getPtr().getType()))
    return staged;
  auto type = dyn_cast<RankedTensorType>(load.getType());
  if (type && type.getEncoding())
    staged.load = load;
  return staged;
}

/// The type of the buffer for the tile as it is loaded, a mutable one; null if
/// it cannot be turned into what `staged` wants.
ttg::MemDescType getBufferType(const StagedLoad &staged) {
  ttg::LocalAllocOp alloc = staged.alloc;
  ttg::MemDescType type = alloc.getType();
  SmallVector<int64_t> shape(type.getShape());
  Attribute encoding = type.getEncoding();
  if (staged.transposed) {
    // Transposed views of buffers without a swizzle are a world of their own.
    auto swizzled = dyn_cast<ttg::NVMMASharedEncodingAttr>(encoding);
    if (!swizzled || swizzled.getSwizzlingByteWidth() == 0)
      return {};
    auto layouts =
        dyn_cast<DialectInferLayoutInterface>(&encoding.getDialect());
    if (!layouts || failed(layouts->inferTransOpEncoding(
                        encoding, shape, {1, 0}, encoding, std::nullopt)))
      return {};
    std::swap(shape[0], shape[1]);
  }
  return ttg::MemDescType::get(shape, type.getElementType(), encoding,
                               type.getMemorySpace(), /*mutableMemory=*/true);
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

/// `staged` and the others of its load, `all`, that want the same buffer: a
/// tile may be put into shared memory more than once.
void copyAsynchronously(scf::ForOp loop, StagedLoad staged,
                        ArrayRef<StagedLoad> all) {
  LoadOp load = staged.load;
  ttg::MemDescType type = getBufferType(staged);
  OpBuilder builder(loop);
  auto buffer = ttg::LocalAllocOp::create(builder, staged.alloc.getLoc(), type);
  if (auto alignment = staged.alloc.getAlignmentAttr())
    buffer.setAlignmentAttr(alignment);
  builder.setInsertionPoint(load);
  Location loc = load.getLoc();
  auto copy = ttg::AsyncCopyGlobalToLocalOp::create(
      builder, loc, load.getPtr(), buffer, load.getMask(),
      /*other=*/Value(), load.getCache(), load.getEvict());
  auto group = ttg::AsyncCommitGroupOp::create(builder, loc, ValueRange{copy});
  ttg::AsyncWaitOp::create(builder, loc, group.getAsyncToken(), 0);

  SmallVector<Operation *> chain;
  for (StagedLoad twin : all) {
    if (twin.alloc != staged.alloc &&
        (twin.alloc.getType().getMutableMemory() ||
         getBufferType(twin) != type))
      continue;
    Value view = buffer.getResult();
    if (twin.transposed) {
      builder.setInsertionPoint(twin.alloc);
      view = ttg::MemDescTransOp::create(builder, twin.alloc.getLoc(), view,
                                         ArrayRef<int32_t>{1, 0});
    }
    for (Value source = twin.alloc.getSrc(); source != load.getResult();
         source = source.getDefiningOp()->getOperand(0))
      if (!llvm::is_contained(chain, source.getDefiningOp()))
        chain.push_back(source.getDefiningOp());
    twin.alloc.getResult().replaceAllUsesWith(view);
    twin.alloc.erase();
  }
  makeViewsMutable(buffer.getResult());
  if (chain.size() > 1) // asking for the order numbers all of the block
    llvm::sort(chain, [](Operation *a, Operation *b) {
      return b->isBeforeInBlock(a);
    });
  for (Operation *op : chain)
    if (op->use_empty())
      op->erase();
  if (!load->use_empty()) {
    builder.setInsertionPoint(load);
    auto again = ttg::LocalLoadOp::create(builder, loc, load.getType(), buffer);
    load.getResult().replaceAllUsesWith(again.getResult());
  }
  load.erase();
}

} // namespace

SmallVector<StagedLoad>
matchStagedLoads(scf::ForOp loop, function_ref<const ModuleAxisInfo &()> axes,
                 std::string &reason) {
  llvm::MapVector<Operation *, StagedLoad> loads;
  for (auto alloc : loop.getBody()->getOps<ttg::LocalAllocOp>()) {
    StagedLoad staged = findStagedLoad(alloc);
    LoadOp load = staged.load;
    if (!load)
      continue;
    ttg::MemDescType type = getBufferType(staged);
    bool isCopy =
        type && isCopyable(axes(), load.getPtr(), load.getMask(), type);
    // What is turned around in registers may have to be.
    if (staged.transposed && !isCopy)
      continue;
    if (load.getIsVolatile())
      reason = "the load of a tile is volatile";
    else if (load.getOther() && !isConstantZero(load.getOther()))
      // a copy fills what it masks with zeros
      reason = "masked elements of a tile are other than zero";
    else if (!isCopy)
      reason = "a tile has no runs of four bytes that a copy can move";
    if (!reason.empty())
      return {};
    StagedLoad &known = loads.try_emplace(load, staged).first->second;
    if (known.transposed && !staged.transposed)
      known = staged;
  }
  return llvm::to_vector(llvm::make_second_range(loads));
}

void copyAsynchronously(scf::ForOp loop, ArrayRef<StagedLoad> loads) {
  llvm::DenseMap<Operation *, SmallVector<StagedLoad, 1>> byLoad;
  for (auto alloc : loop.getBody()->getOps<ttg::LocalAllocOp>())
    if (StagedLoad staged = findStagedLoad(alloc); staged.load)
      byLoad[staged.load].push_back(staged);
  for (StagedLoad staged : loads)
    copyAsynchronously(loop, staged, byLoad[staged.load]);
}

} // namespace mlir::triton::tle
