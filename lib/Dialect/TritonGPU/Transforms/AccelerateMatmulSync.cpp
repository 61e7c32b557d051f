//===- AccelerateMatmulSync.cpp - tt.dot with the layouts of mma.sync -----===//
//
// The second part of matmul acceleration. The product stays a `tt.dot`; its
// layouts say that the tensor cores of single warps do it:
//
//   %d = tt.dot %a, %b, %c : tensor<64x32xf16, #dot_a> * tensor<32x64xf16,
//   #dot_b> -> tensor<64x64xf32, #blocked>
//
// becomes
//
//   %c0 = ttg.convert_layout %c : #blocked -> #mma
//   %a0 = ttg.convert_layout %a : #dot_a -> #ttg.dot_op<{parent = #mma, ...}>
//   %b0 = ttg.convert_layout %b : #dot_b -> #ttg.dot_op<{parent = #mma, ...}>
//   %d0 = tt.dot %a0, %b0, %c0 : ... -> tensor<64x64xf32, #mma>
//   %d  = ttg.convert_layout %d0 : #mma -> #blocked
//
// Stock lets two dots share a choice of warps as soon as any path of values,
// forwards or backwards, connects them: a common operand does, or two
// accumulators that the same loop carries. TLE's rule asks for a result that
// becomes an operand of another product.
//
//===----------------------------------------------------------------------===//

#include "AccelerateMatmul.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::triton::gpu {
namespace {

constexpr unsigned kTileRows = 16;
constexpr unsigned kTileColumns = 8;

bool isFP8(Type type) { return isa<Float8E5M2Type, Float8E4M3FNType>(type); }

/// Elsewhere the instruction converts to f16, or there is none.
bool hasSyncFP8(int capability) {
  return capability == 89 || capability == 120;
}

/// Ops that hand on elements as they were loaded, one by one.
bool carriesElements(Operation *op) {
  if (op->hasTrait<OpTrait::Elementwise>() && isMemoryEffectFree(op))
    return true;
  return isa<ExpandDimsOp, ReshapeOp, TransOp, JoinOp, SplitOp, BroadcastOp,
             ConvertLayoutOp, Fp4ToFpOp, LoadOp, DescriptorLoadOp>(op);
}

/// Bits of the narrowest elements that an operand is loaded as: a thread keeps
/// as many neighbours along K as fill a register of those. A join puts two
/// loads side by side, each of which should still fill one.
unsigned loadedWidth(Value operand) {
  unsigned width = getElementTypeOrSelf(operand).getIntOrFloatBitWidth();
  bool joined = false;
  SmallVector<Value> worklist{operand};
  DenseSet<Operation *> seen;
  while (!worklist.empty()) {
    Operation *op = worklist.pop_back_val().getDefiningOp();
    if (!op || !carriesElements(op) || !seen.insert(op).second)
      continue;
    if (isa<Fp4ToFpOp>(op))
      return 4;
    joined |= isa<JoinOp>(op);
    if (isa<LoadOp, DescriptorLoadOp>(op))
      if (auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType()))
        if (type.getElementType().isIntOrFloat())
          width = std::min(width, type.getElementTypeBitWidth());
    llvm::append_range(worklist, op->getOperands());
  }
  return joined ? width / 2 : width;
}

/// Warps where no product depends on this one: as equal numbers of instructions
/// along M and N as there can be, those along M, with their larger operand,
/// first. Warps that have nothing to do lie along M.
SmallVector<unsigned> balancedWarps(ArrayRef<int64_t> shape,
                                    unsigned numWarps) {
  SmallVector<unsigned> warps{1, 1};
  int64_t rows = llvm::divideCeil(shape[0], kTileRows);
  int64_t columns = llvm::divideCeil(shape[1], kTileColumns);
  while (warps[0] * warps[1] < numWarps) {
    bool alongM = rows >= columns;
    int64_t &left = alongM ? rows : columns;
    warps[alongM ? 0 : 1] *= 2;
    left = std::max<int64_t>(left / 2, 1);
  }
  return warps;
}

/// Calls `visit` for every other dot that values connect with `dot` inside its
/// region, by whatever way but transpositions.
void forConnectedDots(DotOp dot, llvm::function_ref<void(DotOp)> visit) {
  Region *region = dot->getParentRegion();
  SetVector<Operation *> connected;
  connected.insert(dot);
  auto add = [&](Operation *op) {
    if (op && op->getParentRegion() == region && !isa<TransOp>(op))
      connected.insert(op);
  };
  for (unsigned i = 0; i < connected.size(); ++i) {
    Operation *op = connected[i];
    for (Value operand : op->getOperands())
      add(operand.getDefiningOp());
    for (Operation *user : op->getUsers())
      add(user);
    if (auto other = dyn_cast<DotOp>(op); other && other != dot)
      visit(other);
  }
}

Value convert(OpBuilder &builder, Value value, Attribute layout) {
  auto type = cast<RankedTensorType>(value.getType());
  return ConvertLayoutOp::create(builder, value.getLoc(),
                                 type.cloneWithEncoding(layout), value);
}

} // namespace

bool hasSyncTypes(DotOp dot, int capability) {
  if (!llvm::is_contained({80, 86, 89, 90, 120}, capability))
    return false;
  Type a = dot.getA().getType().getElementType();
  Type b = dot.getB().getType().getElementType();
  if (isFP8(a))
    return isFP8(b);
  if (a != b)
    return false;
  if (a.isF32())
    return dot.getInputPrecision() == InputPrecision::TF32;
  if (a.isF64())
    return capability == 80 || capability == 90;
  return a.isF16() || a.isBF16() || a.isInteger(8);
}

DenseSet<Operation *> findChainLinks(ModuleOp module) {
  DenseSet<Operation *> links;
  module.walk([&](DotOp dot) {
    anyDotUse(dot.getResult(), [&](OpOperand &use) {
      if (use.getOperandNumber() < 2)
        links.insert(dot);
      if (use.getOperandNumber() == 0)
        links.insert(use.getOwner());
      return false;
    });
  });
  return links;
}

SmallVector<unsigned> syncWarpsByLink(DotOp dot, unsigned numWarps, bool link) {
  ArrayRef<int64_t> shape = dot.getResult().getType().getShape();
  if (shape.size() == 3)
    return {numWarps, 1, 1};
  if (!link)
    return balancedWarps(shape, numWarps);
  unsigned fed = llvm::divideCeil(shape[0], kTileRows);
  unsigned alongM = std::min(numWarps, fed);
  return {alongM, numWarps / alongM};
}

SmallVector<unsigned> syncWarpsAsStock(DotOp dot, unsigned numWarps) {
  RankedTensorType type = dot.getResult().getType();
  if (type.getRank() == 3)
    return {numWarps, 1, 1};
  bool connected = false;
  SmallVector<unsigned> warps;
  forConnectedDots(dot, [&](DotOp other) {
    RankedTensorType otherType = other.getResult().getType();
    if (otherType.getRank() != type.getRank())
      return;
    connected = true;
    if (auto mma =
            dyn_cast_if_present<NvidiaMmaEncodingAttr>(otherType.getEncoding()))
      if (warps.empty())
        warps.assign(mma.getWarpsPerCTA().begin(), mma.getWarpsPerCTA().end());
  });
  if (!warps.empty())
    return warps;
  if (!connected)
    return balancedWarps(type.getShape(), numWarps);
  if (type.getDimSize(0) >= type.getDimSize(1))
    return {numWarps, 1};
  return {1, numWarps};
}

void accelerateSync(DotOp dot, ArrayRef<unsigned> warps, int capability) {
  OpBuilder builder(dot);
  MLIRContext *context = dot.getContext();
  RankedTensorType oldType = dot.getResult().getType();
  Type element = dot.getA().getType().getElementType();
  SmallVector<unsigned> instrShape(oldType.getRank(), 1);
  instrShape[oldType.getRank() - 2] = kTileRows;
  instrShape[oldType.getRank() - 1] = kTileColumns;
  auto mma = NvidiaMmaEncodingAttr::get(
      context, /*versionMajor=*/2, /*versionMinor=*/0, warps,
      CGAEncodingAttr::getDefault(context, oldType.getRank()), instrShape);

  Value c = convert(builder, dot.getC(), mma);
  unsigned width = std::min(loadedWidth(dot.getA()), loadedWidth(dot.getB()));
  Type stored = width ? builder.getIntegerType(width) : element;
  auto toOperand = [&](Value value, unsigned index) {
    return convert(builder, value,
                   DotOperandEncodingAttr::get(context, index, mma, stored));
  };
  Value a = toOperand(dot.getA(), 0);
  Value b = toOperand(dot.getB(), 1);
  if (isFP8(element) && !hasSyncFP8(capability)) {
    auto promote = [&](Value value) -> Value {
      Type type = cast<RankedTensorType>(value.getType())
                      .clone(Float16Type::get(context));
      return FpToFpOp::create(builder, dot.getLoc(), type, value,
                              RoundingModeAttr());
    };
    a = promote(a);
    b = promote(b);
  }
  Value product =
      DotOp::create(builder, dot.getLoc(), c.getType(), a, b, c,
                    dot.getInputPrecision(), dot.getMaxNumImpreciseAcc());
  Value result =
      ConvertLayoutOp::create(builder, dot.getLoc(), oldType, product);
  dot.replaceAllUsesWith(result);
  dot.erase();
}

} // namespace mlir::triton::gpu
