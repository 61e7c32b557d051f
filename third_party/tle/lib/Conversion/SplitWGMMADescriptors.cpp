//===- SplitWGMMADescriptors.cpp - descriptors without a carry ------------===//
//
// Precondition:  products are nvg.wgmma; their descriptors are i64.
// Rewrite:       add (zext %p), high : low
//                ==> or (zext (add %p, low)), high : 0
// Postcondition: no descriptor of a product whose base is known to be small is
//                made by an addition of 64 bits.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/Matchers.h"
#include "tle/Conversion/Passes.h"
#include "triton/Dialect/NVGPU/IR/Dialect.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLESPLITWGMMADESCRIPTORS
#include "tle/Conversion/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::tle;

namespace {

/// A descriptor: `base`, which is at most `largest`, and `offset`.
struct Sum {
  Value base;
  uint64_t largest;
  uint64_t offset;
};

std::optional<uint64_t> getConstant(Value value) {
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return constant.getZExtValue();
  return std::nullopt;
}

/// What `value` is the sum of, if that is a 32-bit base known to be small and
/// constants. The constants of an `or` must not touch the base.
std::optional<Sum> getSum(Value value) {
  if (auto extend = value.getDefiningOp<LLVM::ZExtOp>()) {
    Value base = extend.getArg();
    auto mask = base.getDefiningOp<LLVM::AndOp>();
    if (!base.getType().isInteger(32) || !mask)
      return std::nullopt;
    std::optional<uint64_t> largest = getConstant(mask.getRhs());
    if (!largest)
      largest = getConstant(mask.getLhs());
    if (!largest)
      return std::nullopt;
    return Sum{base, *largest, 0};
  }
  Operation *op = value.getDefiningOp();
  if (!isa_and_nonnull<LLVM::AddOp, LLVM::OrOp>(op))
    return std::nullopt;
  for (unsigned i : {0, 1}) {
    std::optional<uint64_t> constant = getConstant(op->getOperand(1 - i));
    if (!constant)
      continue;
    std::optional<Sum> sum = getSum(op->getOperand(i));
    if (!sum)
      return std::nullopt;
    if (isa<LLVM::OrOp>(op) && (sum->offset != 0 || sum->largest & *constant))
      return std::nullopt;
    sum->offset += *constant;
    return sum;
  }
  return std::nullopt;
}

class SplitWGMMADescriptorsPass
    : public triton::tle::impl::TLESplitWGMMADescriptorsBase<
          SplitWGMMADescriptorsPass> {
public:
  void runOnOperation() override {
    getOperation()->walk([](LLVM::LLVMFuncOp function) {
      SmallVector<OpOperand *> descriptors;
      function.walk([&](nvgpu::WGMMAOp product) {
        for (OpOperand *operand :
             {&product.getOpAMutable(), &product.getOpBMutable()})
          if (operand->get().getType().isInteger(64))
            descriptors.push_back(operand);
      });
      if (hasSeveralUpperHalves(descriptors))
        for (OpOperand *descriptor : descriptors)
          split(*descriptor);
    });
  }

private:
  static bool hasSeveralUpperHalves(ArrayRef<OpOperand *> descriptors) {
    std::optional<uint32_t> first;
    for (OpOperand *descriptor : descriptors) {
      std::optional<Sum> sum = getSum(descriptor->get());
      if (!sum)
        continue;
      uint32_t upper = llvm::Hi_32(sum->offset);
      if (first && *first != upper)
        return true;
      first = upper;
    }
    return false;
  }

  static void split(OpOperand &operand) {
    std::optional<Sum> sum = getSum(operand.get());
    if (!sum)
      return;
    uint64_t low = llvm::Lo_32(sum->offset), high = sum->offset - low;
    // Without a low part LLVM makes an `or` of the addition itself.
    if (low == 0 || low + sum->largest > UINT32_MAX)
      return;
    OpBuilder builder(operand.getOwner());
    Location loc = operand.get().getLoc();
    Type i32 = builder.getI32Type(), i64 = builder.getI64Type();
    Value part = LLVM::ConstantOp::create(
        builder, loc, i32, builder.getI32IntegerAttr(static_cast<int>(low)));
    Value address = LLVM::AddOp::create(builder, loc, sum->base, part,
                                        LLVM::IntegerOverflowFlags::nuw);
    Value extended = LLVM::ZExtOp::create(builder, loc, i64, address);
    Value upper = LLVM::ConstantOp::create(
        builder, loc, i64,
        builder.getI64IntegerAttr(static_cast<int64_t>(high)));
    operand.set(LLVM::OrOp::create(builder, loc, extended, upper));
  }
};

} // namespace
