//===- Dialect.cpp - dialect tt -------------------------------------------===//

#include "triton/Dialect/Triton/IR/Dialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Transforms/InliningUtils.h"

#include "triton/Dialect/Triton/IR/TritonDialect.cpp.inc"
#include "triton/Dialect/Triton/IR/TritonEnums.cpp.inc"

using namespace mlir;
using namespace mlir::triton;

namespace {

/// Every op of `tt` may be inlined; a function says `noinline = true` if not.
struct TritonInlinerInterface : public DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;

  bool isLegalToInline(Operation *call, Operation *callable,
                       bool wouldBeCloned) const final {
    auto function = dyn_cast<FuncOp>(callable);
    auto noinline =
        function ? function->getAttrOfType<BoolAttr>("noinline") : BoolAttr();
    return !noinline || !noinline.getValue();
  }
  bool isLegalToInline(Region *, Region *, bool, IRMapping &) const final {
    return true;
  }
  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final {
    return true;
  }

  void handleTerminator(Operation *op, Block *next) const final {
    auto returnOp = dyn_cast<ReturnOp>(op);
    if (!returnOp)
      return;
    OpBuilder builder(op);
    cf::BranchOp::create(builder, op->getLoc(), next, returnOp.getOperands());
    op->erase();
  }
  void handleTerminator(Operation *op, ValueRange results) const final {
    for (auto [result, value] : llvm::zip_equal(results, op->getOperands()))
      result.replaceAllUsesWith(value);
  }
};

} // namespace

void TritonDialect::initialize() {
  registerTypes();
  registerOps();
  addInterfaces<TritonInlinerInterface>();
}

void TritonDialect::registerOps() {
  addOperations<
#define GET_OP_LIST
#include "triton/Dialect/Triton/IR/TritonOps.cpp.inc"
      >();
}

Operation *TritonDialect::materializeConstant(OpBuilder &builder,
                                              Attribute value, Type type,
                                              Location loc) {
  if (isa<ub::PoisonAttr>(value))
    return ub::PoisonOp::create(builder, loc, type,
                                cast<ub::PoisonAttr>(value));
  return arith::ConstantOp::materialize(builder, value, type, loc);
}

#define GET_OP_CLASSES
#include "triton/Dialect/Triton/IR/TritonOps.cpp.inc"
