//===- AccelerateMatmul.cpp - tt.dot to warp group products ---------------===//
//
// Fork of Triton's pass for Hopper. A `tt.dot` that the tensor cores of a warp
// group can do becomes a `ttng.warp_group_dot`; every other dot is left to the
// stock pass of the same name, which runs behind this one.
//
// Before:
//   %d = tt.dot %a, %b, %c : tensor<64x64xbf16, #dot_a> * tensor<64x64xbf16,
//   #dot_b> -> tensor<64x64xf32, #blocked>
//
// After:
//   %c0 = ttg.convert_layout %c : #blocked -> #mma
//   %b0 = ttg.local_alloc %bs : -> !ttg.memdesc<64x64xbf16, #shared, #smem>
//   %d0 = ttng.warp_group_dot %a0, %b0, %c0 : ... -> tensor<64x64xf32, #mma>
//   %d  = ttg.convert_layout %d0 : #mma -> #blocked
//
// Operand A stays in registers where it was computed, and goes through shared
// memory where it was loaded; operand B is always in shared memory.
//
// What __TLE__ changes:
//  - A dot that reaches another dot only as its accumulator is no link of an
//    attention chain. Only a result that becomes operand A or B of a later dot
//    wants all warps along M, so that a row is reduced inside a warp.
//  - Even in a chain, warps beyond those that M can feed go along N: with 64
//    rows and two warp groups the second would repeat the work of the first.
//  - Where warps share rows, no warp has computed whole rows of operand A: it
//    goes through shared memory in any case, and stays there.
//  - A value that comes out of `ttg.local_load` counts as loaded: it has a
//    home in shared memory, which the dot-operand pass then reuses.
//
//===----------------------------------------------------------------------===//

#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Pass/Pass.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/Transforms/Passes.h"
#include "triton/Dialect/TritonGPU/Transforms/Remarks.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"

namespace mlir::triton::gpu {
#define GEN_PASS_DEF_TRITONGPUACCELERATEMATMUL
#include "triton/Dialect/TritonGPU/Transforms/Passes.h.inc"

namespace ttng = mlir::triton::nvidia_gpu;

namespace {

constexpr unsigned kWarpRows = 16;
constexpr unsigned kWarpsPerGroup = 4;
constexpr unsigned kMaxInstrN = 256;

bool isHalf(Type type) { return type.isF16() || type.isBF16(); }

/// Element types of WGMMA operands with the accumulators that go with them.
bool hasWarpGroupTypes(DotOp dot) {
  Type a = dot.getA().getType().getElementType();
  Type b = dot.getB().getType().getElementType();
  Type d = dot.getResult().getType().getElementType();
  if (isHalf(a))
    return a == b && (d.isF32() || (a.isF16() && d.isF16()));
  return false;
}

/// Whether the tile and the number of warps suit a warp group product.
bool hasWarpGroupShape(DotOp dot, unsigned numWarps) {
  RankedTensorType type = dot.getResult().getType();
  return type.getRank() == 2 && numWarps % kWarpsPerGroup == 0 &&
         type.getDimSize(0) % (kWarpRows * kWarpsPerGroup) == 0 &&
         type.getDimSize(1) % 8 == 0;
}

/// Calls `reached(use)` for every use of `root` as an operand of a dot, and
/// walks on through every other op, as far as values are followed without
/// leaving the region. Stops when `reached` returns true.
bool anyDotUse(Value root, llvm::function_ref<bool(OpOperand &)> reached) {
  SmallVector<Value> worklist{root};
  DenseSet<Operation *> seen;
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    for (OpOperand &use : value.getUses()) {
      Operation *owner = use.getOwner();
      if (isa<DotOp, ttng::WarpGroupDotOp>(owner) && reached(use))
        return true;
      if (!seen.insert(owner).second)
        continue;
      llvm::append_range(worklist, owner->getResults());
      for (Region &region : owner->getRegions())
        for (Block &block : region)
          llvm::append_range(worklist, block.getArguments());
    }
  }
  return false;
}

/// Whether a row of the result should stay inside one warp because a later dot
/// consumes what is made of it.
bool isChained(DotOp dot) {
#ifdef __TLE__
  return anyDotUse(dot.getResult(),
                   [](OpOperand &use) { return use.getOperandNumber() < 2; });
#else
  return anyDotUse(dot.getResult(), [](OpOperand &) { return true; });
#endif
}

unsigned instrShapeN(ArrayRef<int64_t> shape, unsigned numWarps) {
  unsigned warpsAlongM = std::max<int64_t>(shape[0] / kWarpRows, 1);
  unsigned warpsAlongN = std::max(numWarps / warpsAlongM, 1u);
  unsigned limit = std::max<int64_t>(shape[1] / warpsAlongN, 8);
  for (unsigned n = kMaxInstrN; n >= 8; n -= 8)
    if (shape[1] % n == 0 && n <= limit)
      return n;
  return 8;
}

SmallVector<unsigned> warpsPerCTA(DotOp dot, unsigned numWarps) {
  ArrayRef<int64_t> shape = dot.getResult().getType().getShape();
  bool chained = isChained(dot);
#ifdef __TLE__
  chained &= shape[0] >= kWarpRows * static_cast<int64_t>(numWarps);
#endif
  if (chained)
    return {numWarps, 1};
  SmallVector<unsigned> warps{kWarpsPerGroup, 1};
  while (warps[0] * warps[1] < numWarps) {
    bool rowsLeft = shape[0] > kWarpRows * static_cast<int64_t>(warps[0]);
    warps[rowsLeft ? 0 : 1] *= 2;
  }
  return warps;
}

/// The value behind layout conversions.
Value skipConversions(Value value) {
  while (auto convert = value.getDefiningOp<ConvertLayoutOp>())
    value = convert.getSrc();
  return value;
}

bool hasHomeInMemory(Value value) {
  while (Operation *def = value.getDefiningOp()) {
    if (!isa<ConvertLayoutOp, TransOp>(def))
      break;
    value = def->getOperand(0);
  }
  if (isa<BlockArgument>(value))
    return true;
  Operation *def = value.getDefiningOp();
#ifdef __TLE__
  if (isa<LocalLoadOp>(def))
    return true;
#endif
  return isa<LoadOp, DescriptorLoadOp, DescriptorGatherOp>(def);
}

/// Copies an operand to shared memory, contiguous along the dimension that it
/// is contiguous along already. Rows of less than 32 bytes have no swizzle, and
/// stock's descriptors of such tiles are right for one K only: those operands
/// take the other order (8 columns become contiguous along K).
Value toSharedMemory(OpBuilder &builder, Location loc, Value value) {
  value = skipConversions(value);
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<unsigned> order = getOrder(type);
  constexpr int64_t narrowestSwizzle = 32;
  if (type.getDimSize(order[0]) * type.getElementTypeBitWidth() <
      narrowestSwizzle * 8)
    std::swap(order[0], order[1]);
  auto layout = NVMMASharedEncodingAttr::get(
      type.getContext(), type.getShape(), order,
      CGAEncodingAttr::getDefault(type.getContext(), type.getRank()),
      type.getElementType(), /*fp4Padded=*/false);
  auto memDesc = MemDescType::get(
      type.getShape(), type.getElementType(), layout,
      SharedMemorySpaceAttr::get(type.getContext()), /*mutableMemory=*/false);
  return LocalAllocOp::create(builder, loc, memDesc, value);
}

void accelerate(DotOp dot, unsigned numWarps) {
  OpBuilder builder(dot);
  Location loc = dot.getLoc();
  RankedTensorType oldType = dot.getResult().getType();
  Type operandType = dot.getA().getType().getElementType();
  SmallVector<unsigned> instrShape{kWarpRows,
                                   instrShapeN(oldType.getShape(), numWarps),
                                   256 / operandType.getIntOrFloatBitWidth()};
  auto mma = NvidiaMmaEncodingAttr::get(
      dot.getContext(), /*versionMajor=*/3, /*versionMinor=*/0,
      warpsPerCTA(dot, numWarps),
      CGAEncodingAttr::getDefault(dot.getContext(), 2), instrShape);
  auto newType =
      RankedTensorType::get(oldType.getShape(), oldType.getElementType(), mma);

  Value a = dot.getA();
  bool aInMemory = hasHomeInMemory(a);
#ifdef __TLE__
  aInMemory |= mma.getWarpsPerCTA().back() > 1;
#endif
  if (aInMemory) {
    a = toSharedMemory(builder, loc, a);
  } else {
    auto aType = cast<RankedTensorType>(a.getType());
    auto layout =
        DotOperandEncodingAttr::get(dot.getContext(), 0, mma, operandType);
    a = ConvertLayoutOp::create(
        builder, loc,
        RankedTensorType::get(aType.getShape(), operandType, layout), a);
  }
  Value b = toSharedMemory(builder, loc, dot.getB());
  Value c = ConvertLayoutOp::create(builder, loc, newType, dot.getC());
  auto product = ttng::WarpGroupDotOp::create(
      builder, loc, newType, a, b, c, /*useC=*/Value(), dot.getInputPrecision(),
      dot.getMaxNumImpreciseAcc(), /*isAsync=*/false);
  Value result = ConvertLayoutOp::create(builder, loc, oldType, product);
  dot.replaceAllUsesWith(result);
  dot.erase();
}

class AccelerateMatmul
    : public impl::TritonGPUAccelerateMatmulBase<AccelerateMatmul> {
  /// Says how warps share the product, and why not as a chain asks for.
  void remarkOnWarps(DotOp dot) {
    if (!dot->getContext()->getRemarkEngine())
      return;
    SmallVector<unsigned> warps = warpsPerCTA(dot, lookupNumWarps(dot));
    std::string shares = (Twine(warps[0]) + " x " + Twine(warps[1])).str();
    if (isChained(dot) && warps[1] > 1)
      leftAlone(dot, getArgument(),
                "warps share rows of a chained product, M is too small for all "
                "of them: " +
                    shares);
    else
      applied(dot, getArgument(),
              shares + (isChained(dot) ? " warps, a chain of products"
                                       : " warps, no chain of products"));
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (getComputeCapability(module) != 90 || lookupNumCTAs(module) != 1)
      return;
    // Outer dots first would hide, once they are rewritten, nothing that the
    // chain rule looks at: it sees tt.dot and ttng.warp_group_dot alike.
    SmallVector<DotOp> dots;
    module.walk([&](DotOp dot) {
      if (!isa_and_present<BlockedEncodingAttr>(
              dot.getResult().getType().getEncoding()))
        return;
      if (!hasWarpGroupTypes(dot))
        leftAlone(dot, getArgument(), "element types other than f16 or bf16");
      else if (!hasWarpGroupShape(dot, lookupNumWarps(dot)))
        leftAlone(dot, getArgument(),
                  "shape or number of warps do not suit warp groups");
      else
        dots.push_back(dot);
    });
    for (DotOp dot : dots) {
      remarkOnWarps(dot);
      accelerate(dot, lookupNumWarps(dot));
    }
  }
};

} // namespace
} // namespace mlir::triton::gpu
