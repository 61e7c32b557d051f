//===- TestAxisInfo.cpp - show what AxisInfo knows ------------------------===//

#include "triton/Analysis/AxisInfo.h"
#include "triton/Analysis/Passes.h"
#include "triton/Dialect/Triton/IR/Dialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

namespace mlir::triton {
#define GEN_PASS_DEF_TESTPRINTAXISINFO
#define GEN_PASS_DEF_TESTPROBEAXISINFO
#include "triton/Analysis/Passes.h.inc"

namespace {

bool isIntegerOrPointer(Type type) {
  return getElementTypeOrSelf(type).isIntOrIndex() ||
         (isPtrLikeType(type) && !isTensorPointerType(type));
}

std::string describe(const AxisInfo &info) {
  std::string text;
  llvm::raw_string_ostream os(text);
  info.print(os);
  return text;
}

class TestPrintAxisInfoPass
    : public impl::TestPrintAxisInfoBase<TestPrintAxisInfoPass> {
public:
  void runOnOperation() override {
    ModuleAxisInfo analysis(getOperation());
    getOperation()->walk<WalkOrder::PreOrder>([&](Operation *op) {
      for (OpResult result : op->getResults())
        if (isIntegerOrPointer(result.getType()))
          op->emitRemark("result ") << result.getResultNumber() << ": "
                                    << describe(analysis.get(result));
      for (Region &region : op->getRegions())
        for (auto [number, block] : llvm::enumerate(region))
          for (BlockArgument argument : block.getArguments())
            if (isIntegerOrPointer(argument.getType()))
              op->emitRemark("region ")
                  << region.getRegionNumber() << " block " << number
                  << " argument " << argument.getArgNumber() << ": "
                  << describe(analysis.get(argument));
    });
  }
};

class TestProbeAxisInfoPass
    : public impl::TestProbeAxisInfoBase<TestProbeAxisInfoPass> {
public:
  void runOnOperation() override {
    ModuleAxisInfo analysis(getOperation());
    SmallVector<Operation *> accesses;
    getOperation()->walk([&](Operation *op) {
      if (isa<LoadOp, StoreOp>(op) &&
          isa<RankedTensorType>(op->getOperand(0).getType()))
        accesses.push_back(op);
    });
    for (Operation *access : accesses)
      probe(access, analysis);
  }

private:
  static void probe(Operation *access, const ModuleAxisInfo &analysis) {
    Value pointers = access->getOperand(0);
    auto type = cast<RankedTensorType>(getPointeeType(pointers.getType()));
    if (!type.getElementType().isIntOrFloat())
      return;
    AxisInfo info = analysis.get(pointers);
    unsigned dim = 0;
    for (unsigned other = 1; other < info.getRank(); ++other)
      if (info.getContiguity(other) > info.getContiguity(dim))
        dim = other;
    int64_t vector = analysis.getVectorLength(pointers, Value(), dim);
    int64_t most = 128 / std::max(type.getElementTypeBitWidth(), 8u);

    OpBuilder builder(access);
    if (isa<LoadOp>(access))
      builder.setInsertionPointAfter(access);
    Value zero = arith::ConstantOp::create(builder, access->getLoc(),
                                           builder.getZeroAttr(type));
    auto store = StoreOp::create(builder, access->getLoc(), pointers, zero,
                                 /*mask=*/Value(), CacheModifier::NONE,
                                 EvictionPolicy::NORMAL);
    store->setAttr("test.vector",
                   builder.getI32IntegerAttr(std::min(vector, most)));
    store->setAttr("test.dim", builder.getI32IntegerAttr(dim));
  }
};

} // namespace
} // namespace mlir::triton
