//===- SelectStagedLoadLayout.cpp - layouts of loads into shared memory ---===//
//
// Precondition:  tt.load of a matrix, its layout chosen by coalescing, used
//                by stores to shared memory only, or by products, two or more.
// Rewrite:       lanes of a warp on rows of more than 128 bytes
//                ==> 128 bytes of a row, more rows
// Postcondition: converted pointers, mask and result; values are the same.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/Passes.h"

#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLESELECTSTAGEDLOADLAYOUT
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
using namespace mlir::triton;
namespace ttg = mlir::triton::gpu;

/// Bytes of one row that a group of lanes loads: a line of the L2 cache, and
/// the widest swizzle of shared memory.
static constexpr unsigned kSegmentBytes = 128;

/// Whether every use of `value` copies it to shared memory whole.
static bool onlyStaged(Value value) {
  return !value.use_empty() &&
         llvm::all_of(value.getUsers(), [&](Operation *u) {
           if (auto convert = dyn_cast<ttg::ConvertLayoutOp>(u))
             return onlyStaged(convert.getResult());
           if (auto store = dyn_cast<ttg::LocalStoreOp>(u))
             return store.getSrc() == value;
           return isa<ttg::LocalAllocOp>(u);
         });
}

/// Whether every use of `value` is an operand of a product, the tile as it is
/// or turned around; counts them. Such operands lie in shared memory.
static bool onlyMultiplied(Value value, unsigned &products) {
  return llvm::all_of(value.getUsers(), [&](Operation *u) {
    if (isa<ttg::ConvertLayoutOp, TransOp>(u))
      return onlyMultiplied(u->getResult(0), products);
    auto dot = dyn_cast<DotOp>(u);
    if (!dot || dot.getC() == value)
      return false;
    ++products;
    return true;
  });
}

/// The layout with kSegmentBytes of a row to a group of lanes, or null if
/// `pointers` have it already or too few rows for it.
static ttg::BlockedEncodingAttr segmentLayout(Value pointers) {
  auto type = dyn_cast<RankedTensorType>(pointers.getType());
  if (!type || type.getRank() != 2)
    return {};
  auto layout =
      dyn_cast_if_present<ttg::BlockedEncodingAttr>(type.getEncoding());
  if (!layout || layout.getOrder()[0] != 1 || layout.getSizePerThread()[0] != 1)
    return {};
  auto element = cast<PointerType>(type.getElementType()).getPointeeType();
  unsigned vector = layout.getSizePerThread()[1];
  unsigned bits = vector * getElementBitWidth(element);
  ArrayRef<unsigned> threads = layout.getThreadsPerWarp();
  // No warp has so many threads, and no CTA so many warps.
  constexpr unsigned many = 1 << 15;
  ArrayRef<unsigned> warps = layout.getWarpsPerCTA();
  if (llvm::any_of(llvm::concat<const unsigned>(threads, warps),
                   [](unsigned count) { return count > many; }))
    return {};
  if (bits > 128 || bits * threads[1] <= kSegmentBytes * 8)
    return {};
  unsigned lanes = kSegmentBytes * 8 / bits;
  unsigned rows = threads[0] * threads[1] / lanes;
  unsigned numWarps = warps[0] * warps[1];
  if (type.getShape()[0] < static_cast<int64_t>(rows) * numWarps)
    return {};
  return ttg::BlockedEncodingAttr::get(type.getContext(), {1, vector},
                                       {rows, lanes}, {numWarps, 1}, {1, 0},
                                       layout.getCGALayout());
}

/// Gives every tensor operand of `op` the layout.
static void convertOperands(Operation *op, ttg::BlockedEncodingAttr layout) {
  OpBuilder builder(op);
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<RankedTensorType>(operand.get().getType());
    if (!type)
      continue;
    Value source = operand.get();
    if (auto convert = source.getDefiningOp<ttg::ConvertLayoutOp>())
      source = convert.getSrc();
    auto wanted = type.cloneWithEncoding(layout);
    if (source.getType() != wanted)
      source =
          ttg::ConvertLayoutOp::create(builder, op->getLoc(), wanted, source);
    operand.set(source);
  }
}

namespace {

class SelectStagedLoadLayoutPass
    : public triton::tle::impl::TLESelectStagedLoadLayoutBase<
          SelectStagedLoadLayoutPass> {
public:
  void runOnOperation() override {
    getOperation()->walk([](Operation *op) {
      if (auto load = dyn_cast<LoadOp>(op)) {
        // A tile that one product reads may be better off as it is.
        unsigned products = 0;
        bool isStaged = onlyStaged(load.getResult());
        if (!isStaged &&
            (!onlyMultiplied(load.getResult(), products) || products < 2))
          return;
        if (auto layout = segmentLayout(load.getPtr())) {
          convertOperands(load, layout);
          auto type = cast<RankedTensorType>(load.getType());
          load.getResult().setType(type.cloneWithEncoding(layout));
          if (isStaged)
            return;
          OpBuilder builder(load->getContext());
          builder.setInsertionPointAfter(load);
          auto convert = ttg::ConvertLayoutOp::create(builder, load.getLoc(),
                                                      type, load.getResult());
          load.getResult().replaceAllUsesExcept(convert, convert);
        }
      } else if (auto copy = dyn_cast<ttg::AsyncCopyGlobalToLocalOp>(op)) {
        if (auto layout = segmentLayout(copy.getSrc()))
          convertOperands(copy, layout);
      }
    });
  }
};

} // namespace
