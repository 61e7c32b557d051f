#include "tle/Transforms/LocalPointerUtils.h"

#include "mlir/IR/Dominance.h"
#include "mlir/IR/Matchers.h"
#include "tle/Transforms/SharedOffsetMap.h"
#include "triton/Dialect/TritonGPU/Transforms/BufferAnalysis.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;
namespace tle = mlir::triton::tle;
using tle::LocalPointersOp;
using tle::StaticView;

LocalPointersOp tle::getLocalPointersOrigin(Value pointer) {
  while (auto convert = pointer.getDefiningOp<ConvertLayoutOp>())
    pointer = convert.getSrc();
  return pointer.getDefiningOp<LocalPointersOp>();
}

//===----------------------------------------------------------------------===//
// Static views
//===----------------------------------------------------------------------===//

namespace {

/// The index tensor whose element at (i0, i1, ...) is `offset + i_dim`, or
/// `offset` everywhere if there is no `dim`.
struct AffineIndex {
  int64_t offset = 0;
  std::optional<int64_t> dim;
};

} // namespace

/// How deep to look into the arithmetic of an index, both sides of each sum.
static constexpr unsigned kMaxSums = 10;

static std::optional<AffineIndex> matchAffineIndex(Value index,
                                                   unsigned sums = 0) {
  if (APInt value; matchPattern(index, m_ConstantInt(&value)))
    return AffineIndex{value.getSExtValue(), std::nullopt};
  Operation *def = index.getDefiningOp();
  if (!def)
    return std::nullopt;
  if (isa<ConvertLayoutOp, SplatOp, arith::ExtSIOp, arith::IndexCastOp>(def))
    return matchAffineIndex(def->getOperand(0), sums);
  if (auto range = dyn_cast<MakeRangeOp>(def))
    return AffineIndex{static_cast<int32_t>(range.getStart()), 0};
  if (auto expand = dyn_cast<ExpandDimsOp>(def)) {
    std::optional<AffineIndex> source = matchAffineIndex(expand.getSrc(), sums);
    if (source && source->dim &&
        *source->dim >= static_cast<int64_t>(expand.getAxis()))
      ++*source->dim;
    return source;
  }
  if (auto broadcast = dyn_cast<BroadcastOp>(def)) {
    std::optional<AffineIndex> source =
        matchAffineIndex(broadcast.getSrc(), sums);
    if (source && source->dim &&
        cast<RankedTensorType>(broadcast.getSrc().getType())
                .getDimSize(*source->dim) == 1)
      source->dim.reset();
    return source;
  }
  if (auto add = dyn_cast<arith::AddIOp>(def); add && sums < kMaxSums) {
    std::optional<AffineIndex> lhs = matchAffineIndex(add.getLhs(), sums + 1),
                               rhs = matchAffineIndex(add.getRhs(), sums + 1);
    AffineIndex sum;
    if (!lhs || !rhs || (lhs->dim && rhs->dim) ||
        llvm::AddOverflow(lhs->offset, rhs->offset, sum.offset))
      return std::nullopt;
    sum.dim = lhs->dim ? lhs->dim : rhs->dim;
    return sum;
  }
  return std::nullopt;
}

bool StaticView::isFull() const {
  return shape == cast<MemDescType>(buffer.getType()).getShape() &&
         llvm::all_of(offsets, [](int64_t o) { return !o; });
}

/// The rules of ttg.memdesc_subslice: the box lies inside, starts at a multiple
/// of its size, and does not cut through the swizzle.
static bool isLegalSubslice(MemDescType buffer, const StaticView &view) {
  FailureOr<tle::SharedOffsetMap> map = tle::SharedOffsetMap::get(buffer);
  if (failed(map))
    return false;
  for (auto [dim, size] : llvm::enumerate(view.shape)) {
    int64_t offset = view.offsets[dim], whole = buffer.getDimSize(dim);
    if (offset < 0 || offset + size > whole || !llvm::isPowerOf2_64(size) ||
        offset % size != 0)
      return false;
    if (size != whole && !map->isSplittable(dim, size))
      return false;
  }
  return true;
}

std::optional<StaticView> tle::getStaticView(LocalPointersOp pointers) {
  auto buffer = cast<MemDescType>(pointers.getBuffer().getType());
  auto result = dyn_cast<RankedTensorType>(pointers.getResult().getType());
  if (!result || result.getRank() != buffer.getRank())
    return std::nullopt;
  // ttg ops access one tile, not several copies of it.
  CGAEncodingAttr cga = getCGALayout(buffer.getEncoding());
  if (!cga || cga.getRank() != buffer.getRank())
    return std::nullopt;
  StaticView view{pointers.getBuffer(),
                  SmallVector<int64_t>(buffer.getRank(), 0),
                  SmallVector<int64_t>(result.getShape())};
  for (auto [dim, index] : llvm::enumerate(pointers.getIndices())) {
    std::optional<AffineIndex> affine = matchAffineIndex(index);
    if (!affine)
      return std::nullopt;
    bool isRange = affine->dim && *affine->dim == static_cast<int64_t>(dim);
    bool isPoint = !affine->dim && result.getDimSize(dim) == 1;
    if (!isRange && !isPoint)
      return std::nullopt;
    view.offsets[dim] = affine->offset;
  }
  if (!view.isFull() && !isLegalSubslice(buffer, view))
    return std::nullopt;
  return view;
}

Value tle::materializeView(OpBuilder &builder, Location loc,
                           const StaticView &view) {
  if (view.isFull())
    return view.buffer;
  auto buffer = cast<MemDescType>(view.buffer.getType());
  auto type =
      MemDescType::get(view.shape, buffer.getElementType(),
                       buffer.getEncoding(), buffer.getMemorySpace(),
                       buffer.getMutableMemory(), buffer.getAllocShape());
  auto offsets = llvm::map_to_vector(view.offsets, [](int64_t offset) {
    return static_cast<int32_t>(offset);
  });
  return MemDescSubsliceOp::create(builder, loc, type, view.buffer, offsets);
}

Value tle::createPositions(OpBuilder &builder, Location loc,
                           RankedTensorType type, int64_t dim) {
  // From the full layout down to the range's: the other dimensions sliced off,
  // the last first, so that each expansion puts the next one back in front.
  Type element = type.getElementType();
  SmallVector<Attribute> layouts{type.getEncoding()};
  SmallVector<unsigned> axes;
  for (int64_t other = type.getRank() - 1; other >= 0; --other) {
    if (other == dim)
      continue;
    axes.push_back(other);
    auto parent = dyn_cast_or_null<DistributedEncodingTrait>(layouts.back());
    layouts.push_back(
        parent ? SliceEncodingAttr::get(builder.getContext(), other, parent)
               : Attribute());
  }
  int64_t size = type.getDimSize(dim);
  SmallVector<int64_t> shape{size};
  Value value = MakeRangeOp::create(
      builder, loc, RankedTensorType::get(shape, element, layouts.back()), 0,
      size);
  while (!axes.empty()) {
    unsigned axis = axes.pop_back_val();
    layouts.pop_back();
    shape.insert(shape.begin() + axis, 1);
    value = ExpandDimsOp::create(
        builder, loc, RankedTensorType::get(shape, element, layouts.back()),
        value, axis);
  }
  return value.getType() == type
             ? value
             : BroadcastOp::create(builder, loc, type, value).getResult();
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

bool tle::isConstantTrue(Value value) {
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return constant.isAllOnes();
  auto splat = value.getDefiningOp<SplatOp>();
  return splat && isConstantTrue(splat.getSrc());
}

bool tle::isConstantZero(Value value) {
  if (matchPattern(value, m_Zero()) || matchPattern(value, m_PosZeroFloat()))
    return true;
  Operation *def = value.getDefiningOp();
  return isa_and_nonnull<SplatOp, ConvertLayoutOp, arith::TruncFOp,
                         arith::ExtFOp>(def) &&
         isConstantZero(def->getOperand(0));
}

Operation *tle::getFunctionOrModule(Operation *op) {
  if (auto function = op->getParentOfType<FuncOp>())
    return function;
  return op->getParentOfType<ModuleOp>();
}

Region *tle::findPartition(Operation *op) {
  for (Region *region = op->getParentRegion(); region;
       region = region->getParentRegion()) {
    Operation *parent = region->getParentOp();
    if (isa<WarpSpecializePartitionsOp>(parent))
      return region;
    auto specialize = dyn_cast<WarpSpecializeOp>(parent);
    if (specialize && region == &specialize.getDefaultRegion())
      return region;
  }
  return nullptr;
}

bool tle::isInWarpSpecialize(Operation *op) {
  return op->getParentOfType<WarpSpecializeOp>() ||
         op->getParentOfType<WarpSpecializePartitionsOp>();
}

Value tle::findCapturedRoot(Value memdesc) {
  while (true) {
    memdesc = findBufferRoot(memdesc);
    auto argument = dyn_cast<BlockArgument>(memdesc);
    if (!argument || !argument.getOwner()->isEntryBlock())
      return memdesc;
    auto partitions = dyn_cast<WarpSpecializePartitionsOp>(
        argument.getOwner()->getParentOp());
    if (!partitions)
      return memdesc;
    auto specialize = cast<WarpSpecializeOp>(partitions->getParentOp());
    memdesc = specialize.getExplicitCaptures()[argument.getArgNumber()];
  }
}

static void deallocAtEnd(LocalAllocOp alloc) {
  bool isFreed =
      llvm::any_of(alloc.getResult().getUsers(),
                   [](Operation *user) { return isa<LocalDeallocOp>(user); });
  if (isFreed)
    return;
  // A kernel that returns early has several blocks: then every way out of it.
  Region *region = alloc->getParentRegion();
  DominanceInfo dominance;
  for (Block &block : *region) {
    bool isEnd = region->hasOneBlock() || block.hasNoSuccessors();
    if (!isEnd || !block.mightHaveTerminator() ||
        !dominance.properlyDominates(alloc.getOperation(),
                                     block.getTerminator()))
      continue;
    OpBuilder builder(block.getTerminator());
    LocalDeallocOp::create(builder, alloc.getLoc(), alloc.getResult());
  }
}

void tle::keepBufferAlive(Value memdesc, Operation *user) {
  if (auto alloc = findBufferRoot(memdesc).getDefiningOp<LocalAllocOp>())
    return deallocAtEnd(alloc);
  if (auto function = user->getParentOfType<FuncOp>())
    function.walk([](LocalAllocOp alloc) { deallocAtEnd(alloc); });
}
