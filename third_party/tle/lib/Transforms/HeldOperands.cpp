//===- HeldOperands.cpp - left factors that stay in registers -------------===//

#include "tle/Transforms/HeldOperands.h"

#include "tle/Transforms/LocalPointerUtils.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::tle;
namespace ttg = mlir::triton::gpu;

Value HeldOperands::findRightBuffer(DotOp dot) {
  auto transposed = dot.getB().getDefiningOp<TransOp>();
  if (!transposed || transposed.getOrder() != ArrayRef<int32_t>{1, 0} ||
      transposed.getSrc().getType().getElementTypeBitWidth() != 16 ||
      dot.getA().getType().getElementTypeBitWidth() != 16)
    return {};
  if (auto load = transposed.getSrc().getDefiningOp<ttg::LocalLoadOp>())
    return load.getSrc();
  auto load = transposed.getSrc().getDefiningOp<LoadOp>();
  auto pointers =
      load ? load.getPtr().getDefiningOp<LocalPointersOp>() : LocalPointersOp();
  if (!pointers || !pointers.getIndices().empty() || load.getMask())
    return {};
  return pointers.getBuffer();
}

int64_t HeldOperands::choosePieces(int64_t columns, int64_t most) {
  for (int64_t pieces = std::min(columns / kHeldColumns, most); pieces > 0;
       --pieces) {
    int64_t rest = columns - pieces * kHeldColumns;
    if (rest == 0 || (rest >= kHeldColumns && llvm::isPowerOf2_64(rest)))
      return pieces;
  }
  return 0;
}

/// Columns [first, first + count) of the matrix in `buffer`.
static Value readColumns(OpBuilder &builder, Location loc, Value buffer,
                         int64_t first, int64_t count) {
  auto type = cast<ttg::MemDescType>(buffer.getType());
  StaticView view{buffer, {0, first}, {type.getShape()[0], count}};
  Value part = materializeView(builder, loc, view);
  return ttg::LocalLoadOp::create(
      builder, loc, RankedTensorType::get(view.shape, type.getElementType()),
      part);
}

void HeldOperands::hold(OpBuilder &builder, Value operand, Value view,
                        int64_t pieces) {
  if (pieces == 0)
    return;
  Location loc = operand.getLoc();
  Operand &held = operands[operand];
  held.view = view;
  for (int64_t piece = 0; piece < pieces; ++piece) {
    Value part =
        readColumns(builder, loc, view, piece * kHeldColumns, kHeldColumns);
    // Assembly without effects: its layout is free, but nothing looks through
    // it to shared memory.
    auto kept = ElementwiseInlineAsmOp::create(
        builder, loc, TypeRange(part.getType()), "mov.b32 $0, $1;", "=r,r",
        /*pure=*/true, /*packed_element=*/2, ValueRange(part));
    held.pieces.push_back(kept->getResult(0));
  }
}

Value HeldOperands::multiply(OpBuilder &builder, DotOp dot,
                             const IRMapping &mapping) const {
  auto found = operands.find(dot.getA());
  if (found == operands.end())
    return {};
  const Operand &held = found->second;
  Location loc = dot.getLoc();
  Value right = mapping.lookupOrDefault(findRightBuffer(dot));
  Value sum = mapping.lookupOrDefault(dot.getC());
  auto add = [&](Value left, int64_t first, int64_t count) {
    Value part = readColumns(builder, loc, right, first, count);
    Value transposed =
        TransOp::create(builder, loc, part, ArrayRef<int32_t>{1, 0});
    IRMapping operands;
    operands.map(dot.getA(), left);
    operands.map(dot.getB(), transposed);
    operands.map(dot.getC(), sum);
    sum = builder.clone(*dot, operands)->getResult(0);
  };
  int64_t first = 0;
  for (Value piece : held.pieces) {
    add(piece, first, kHeldColumns);
    first += kHeldColumns;
  }
  int64_t columns = dot.getA().getType().getShape()[1];
  if (first < columns)
    add(readColumns(builder, loc, held.view, first, columns - first), first,
        columns - first);
  return sum;
}
