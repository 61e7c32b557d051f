//===- AccelerateMatmul.cpp - tt.dot to warp group products ---------------===//
//
// Fork of Triton's pass. On Hopper a `tt.dot` that the tensor cores of a warp
// group can do becomes a `ttng.warp_group_dot`, as below; there and on Ampere,
// Ada and SM120 other dots take the layouts of mma.sync
// (AccelerateMatmulSync.cpp). What is left is left to the stock pass of the
// same name, which runs behind this one.
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
// What TLE's rules (option `tle`) change:
//  - A dot that reaches another dot only as its accumulator is no link of an
//    attention chain. Only a result that becomes operand A or B of a later dot
//    wants all warps along M, so that a row is reduced inside a warp.
//  - Even in a chain, warps beyond those that M can feed go along N: with 64
//    rows and two warp groups the second would repeat the work of the first.
//  - Where warps share rows, no warp has computed whole rows of operand A: it
//    goes through shared memory in any case, and stays there. One that comes
//    out of an inline assembly was put into registers on purpose (that is what
//    `tle.gpu.hold_in_registers` is), and is left in them.
//  - A value that comes out of `ttg.local_load` counts as loaded: it has a
//    home in shared memory, which the dot-operand pass then reuses.
//  - With partitions of warps, an instruction's accumulator fits into the
//    registers that a thread has when the kernel starts.
//
//===----------------------------------------------------------------------===//

#include "AccelerateMatmul.h"
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

bool anyDotUse(Value root, llvm::function_ref<bool(OpOperand &)> reached) {
  SmallVector<Value> worklist{root};
  DenseSet<Operation *> seen;
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    for (OpOperand &use : value.getUses()) {
      Operation *owner = use.getOwner();
      if (isa<DotOpInterface>(owner) && reached(use))
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

namespace {

constexpr unsigned kWarpRows = 16;
constexpr unsigned kWarpsPerGroup = 4;
constexpr unsigned kMaxInstrN = 256;

bool isHalf(Type type) { return type.isF16() || type.isBF16(); }

bool isFP8(Type type) { return isa<Float8E5M2Type, Float8E4M3FNType>(type); }

/// Element types of WGMMA operands with the accumulators that go with them, and
/// a K that fills an instruction.
bool hasWarpGroupTypes(DotOp dot) {
  RankedTensorType type = dot.getA().getType();
  Type a = type.getElementType();
  Type b = dot.getB().getType().getElementType();
  Type d = dot.getResult().getType().getElementType();
  if (type.getShape().back() * a.getIntOrFloatBitWidth() < 256)
    return false;
  if (isHalf(a))
    return a == b && (d.isF32() || (a.isF16() && d.isF16()));
  if (isFP8(a))
    // Sums that must be exact more often than every 32 products are none that
    // the tensor cores make.
    return isFP8(b) && !(d.isF32() && dot.getMaxNumImpreciseAcc() < 32);
  if (a.isF32())
    return b.isF32() && dot.getInputPrecision() == InputPrecision::TF32;
  return a.isInteger(8) && b.isInteger(8);
}

/// Whether the tile and the number of warps suit a warp group product.
bool hasWarpGroupShape(DotOp dot, unsigned numWarps) {
  RankedTensorType type = dot.getResult().getType();
  return type.getRank() == 2 && numWarps % kWarpsPerGroup == 0 &&
         type.getDimSize(0) % (kWarpRows * kWarpsPerGroup) == 0 &&
         type.getDimSize(1) % 8 == 0;
}

/// Whether a row of the result should stay inside one warp because a later dot
/// consumes what is made of it.
bool isChained(DotOp dot, bool tle) {
  return anyDotUse(dot.getResult(), [&](OpOperand &use) {
    return !tle || use.getOperandNumber() < 2;
  });
}

/// The columns of the widest instruction that ptxas takes. It judges by the
/// registers that a thread has when the kernel starts, not by those that a
/// partition takes later.
unsigned largestInstrN(ModuleOp module) {
  uint64_t warps = 0;
  module.walk([&](WarpSpecializeOp op) {
    warps = std::max<uint64_t>(warps, op.getTotalPartitionWarps());
  });
  if (warps == 0)
    return kMaxInstrN;
  constexpr unsigned kRegisters = 64 * 1024, kThreadsPerWarp = 32;
  // What ptxas wants beside the accumulator: 154 for 256 columns.
  constexpr unsigned kOtherRegisters = 26;
  warps += lookupNumWarps(module);
  unsigned registers = kRegisters / (warps * kThreadsPerWarp) / 8 * 8;
  // 64 rows and n columns of f32 on 128 threads.
  // More warps than a kernel can have leave none.
  unsigned forSums = std::max(registers, kOtherRegisters) - kOtherRegisters;
  return std::min(kMaxInstrN, forSums * 2 / 8 * 8);
}

/// Columns of an instruction; on integers there are fewer choices above 32.
unsigned instrShapeN(ArrayRef<int64_t> shape, unsigned numWarps, bool isInteger,
                     unsigned largest) {
  unsigned warpsAlongM = std::max<int64_t>(shape[0] / kWarpRows, 1);
  unsigned warpsAlongN = std::max(numWarps / warpsAlongM, 1u);
  unsigned limit = std::max<int64_t>(shape[1] / warpsAlongN, 8);
  for (unsigned n = largest; n >= 8; n -= 8) {
    bool exists = !isInteger || (n > 32 ? n % 16 == 0 && n <= 224 : true);
    if (exists && shape[1] % n == 0 && n <= limit)
      return n;
  }
  return 8;
}

SmallVector<unsigned> warpsPerCTA(DotOp dot, unsigned numWarps, bool tle) {
  ArrayRef<int64_t> shape = dot.getResult().getType().getShape();
  bool chained = isChained(dot, tle);
  if (tle)
    chained &= shape[0] >= kWarpRows * static_cast<int64_t>(numWarps);
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

bool hasHomeInMemory(Value value, bool tle) {
  while (Operation *def = value.getDefiningOp()) {
    if (!isa<ConvertLayoutOp, TransOp>(def))
      break;
    value = def->getOperand(0);
  }
  if (isa<BlockArgument>(value))
    return true;
  Operation *def = value.getDefiningOp();
  if (tle && isa<LocalLoadOp>(def))
    return true;
  return isa<LoadOp, DescriptorLoadOp, DescriptorGatherOp>(def);
}

/// The assembly with one operand, of the result's type, that `value` comes out
/// of, through nothing but conversions; null if there is none.
static ElementwiseInlineAsmOp findHolder(Value value) {
  auto holder = skipConversions(value).getDefiningOp<ElementwiseInlineAsmOp>();
  bool isUnary =
      holder && holder.getPure() && holder->getNumOperands() == 1 &&
      holder->getNumResults() == 1 &&
      holder->getOperand(0).getType() == holder->getResult(0).getType();
  return isUnary ? holder : ElementwiseInlineAsmOp();
}

/// Operand A in registers, in the layout of a product. What is held in
/// registers by an assembly is brought into that layout before it: on its way
/// out of shared memory, if it comes from there.
static Value toRegisters(DotOp dot, Attribute layout, Type element, bool tle) {
  OpBuilder builder(dot);
  Value a = dot.getA();
  auto type =
      RankedTensorType::get(dot.getA().getType().getShape(), element, layout);
  auto holder = tle ? findHolder(a) : ElementwiseInlineAsmOp();
  if (!holder)
    return ConvertLayoutOp::create(builder, dot.getLoc(), type, a);
  builder.setInsertionPoint(holder);
  Value converted = ConvertLayoutOp::create(builder, holder.getLoc(), type,
                                            holder->getOperand(0));
  Operation *copy = builder.clone(*holder);
  copy->setOperand(0, converted);
  copy->getResult(0).setType(type);
  return copy->getResult(0);
}

/// Copies an operand to shared memory, contiguous along the dimension that it
/// is contiguous along already. Rows of less than 32 bytes have no swizzle, and
/// stock's descriptors of such tiles are right for one K only: with TLE those
/// operands take the other order (8 columns become contiguous along K).
/// Elements that do not have 16 bits must be contiguous along K.
Value toSharedMemory(DotOp dot, unsigned index, bool tle) {
  OpBuilder builder(dot);
  Value value = dot->getOperand(index);
  Location loc = dot.getLoc();
  if (tle) {
    value = skipConversions(value);
  } else {
    if (auto convert = value.getDefiningOp<ConvertLayoutOp>())
      value = convert.getSrc();
    builder.setInsertionPointAfterValue(value);
    loc = value.getLoc();
  }
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<unsigned> order = getOrder(type);
  constexpr int64_t narrowestSwizzle = 32;
  if (!isHalf(type.getElementType()))
    order = {1 - index, index};
  else if (tle && type.getDimSize(order[0]) * type.getElementTypeBitWidth() <
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

void accelerate(DotOp dot, unsigned numWarps, bool tle, unsigned largest) {
  OpBuilder builder(dot);
  Location loc = dot.getLoc();
  RankedTensorType oldType = dot.getResult().getType();
  Type operandType = dot.getA().getType().getElementType();
  SmallVector<unsigned> instrShape{kWarpRows,
                                   instrShapeN(oldType.getShape(), numWarps,
                                               operandType.isInteger(),
                                               largest),
                                   256 / operandType.getIntOrFloatBitWidth()};
  auto mma = NvidiaMmaEncodingAttr::get(
      dot.getContext(), /*versionMajor=*/3, /*versionMinor=*/0,
      warpsPerCTA(dot, numWarps, tle),
      CGAEncodingAttr::getDefault(dot.getContext(), 2), instrShape);
  auto newType =
      RankedTensorType::get(oldType.getShape(), oldType.getElementType(), mma);

  // Stock makes the accumulator first; the order of ops is kept for it.
  Value c;
  if (!tle)
    c = ConvertLayoutOp::create(builder, dot.getC().getLoc(), newType,
                                dot.getC());
  Value a = dot.getA();
  bool aInMemory = hasHomeInMemory(a, tle);
  if (tle)
    aInMemory |= mma.getWarpsPerCTA().back() > 1 && !findHolder(a);
  if (aInMemory) {
    a = toSharedMemory(dot, 0, tle);
  } else {
    auto layout =
        DotOperandEncodingAttr::get(dot.getContext(), 0, mma, operandType);
    a = toRegisters(dot, layout, operandType, tle);
  }
  Value b = toSharedMemory(dot, 1, tle);
  if (!c)
    c = ConvertLayoutOp::create(builder, loc, newType, dot.getC());
  auto product = ttng::WarpGroupDotOp::create(
      builder, loc, newType, a, b, c, /*useC=*/Value(), dot.getInputPrecision(),
      dot.getMaxNumImpreciseAcc(), /*isAsync=*/false);
  Value result = ConvertLayoutOp::create(builder, loc, oldType, product);
  dot.replaceAllUsesWith(result);
  dot.erase();
}

class AccelerateMatmul
    : public impl::TritonGPUAccelerateMatmulBase<AccelerateMatmul> {
public:
  using TritonGPUAccelerateMatmulBase::TritonGPUAccelerateMatmulBase;

private:
  /// Says how warps share the product, and why not as a chain asks for.
  void remarkOnWarps(DotOp dot, ArrayRef<unsigned> warps, bool chained) {
    if (!dot->getContext()->getRemarkEngine())
      return;
    std::string shares;
    for (unsigned along : warps)
      shares += (shares.empty() ? "" : " x ") + std::to_string(along);
    if (chained && warps.back() > 1)
      leftAlone(dot, getArgument(),
                "warps share rows of a chained product, M is too small for all "
                "of them: " +
                    shares);
    else
      applied(dot, getArgument(),
              shares + (chained ? " warps, a chain of products"
                                : " warps, no chain of products"));
  }

  /// Whether `dot` becomes a warp group product; says why it does not.
  bool suitsWarpGroup(DotOp dot) {
    if (!hasWarpGroupTypes(dot)) {
      leftAlone(dot, getArgument(),
                "element types, precision or K of no warp group product");
      return false;
    }
    if (!hasWarpGroupShape(dot, lookupNumWarps(dot))) {
      leftAlone(dot, getArgument(),
                "shape or number of warps do not suit warp groups");
      return false;
    }
    return true;
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    int capability = getComputeCapability(module).value_or(0);
    if (lookupNumCTAs(module) != 1)
      return;
    // Outer dots first would hide, once they are rewritten, nothing that the
    // chain rule looks at: it sees tt.dot and ttng.warp_group_dot alike.
    SmallVector<std::pair<DotOp, /*warpGroup=*/bool>> dots;
    module.walk([&](DotOp dot) {
      if (!isa_and_present<BlockedEncodingAttr>(
              dot.getResult().getType().getEncoding()))
        return;
      if (capability == 90 && suitsWarpGroup(dot))
        dots.emplace_back(dot, true);
      else if (hasSyncTypes(dot, capability))
        dots.emplace_back(dot, false);
      else if (capability != 90)
        leftAlone(dot, getArgument(),
                  "element types or precision that mma.sync of this target "
                  "does not have");
    });
    // Stock begins at the end, which decides the order of allocations, and
    // whose choice of warps connected dots share.
    DenseSet<Operation *> links;
    if (tle && !llvm::all_of(dots, [](auto &entry) { return entry.second; }))
      links = findChainLinks(module);
    if (!tle)
      std::reverse(dots.begin(), dots.end());
    unsigned largest = tle ? largestInstrN(module) : kMaxInstrN;
    for (auto [dot, warpGroup] : dots) {
      unsigned numWarps = lookupNumWarps(dot);
      if (warpGroup) {
        remarkOnWarps(dot, warpsPerCTA(dot, numWarps, tle),
                      isChained(dot, tle));
        accelerate(dot, numWarps, tle, largest);
        continue;
      }
      SmallVector<unsigned> warps =
          tle ? syncWarpsByLink(dot, numWarps, links.contains(dot))
              : syncWarpsAsStock(dot, numWarps);
      remarkOnWarps(dot, warps, links.contains(dot));
      accelerateSync(dot, warps, capability);
    }
  }
};

} // namespace
} // namespace mlir::triton::gpu
