//===- VerifyLowered.cpp - no tle op is left ------------------------------===//
//
// Postcondition: the module holds no op of dialect tle and no access through a
// pointer into shared memory, or diagnostics have said where.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/Passes.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLEVERIFYLOWERED
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::tle;

namespace {

class VerifyLoweredPass
    : public triton::tle::impl::TLEVerifyLoweredBase<VerifyLoweredPass> {
public:
  void runOnOperation() override {
    bool failedAny = false;
    getOperation()->walk([&](Operation *op) {
      auto function = dyn_cast<FuncOp>(op);
      if (function && function->hasAttr(kFrontendOpAttr)) {
        function.emitError() << "TLE op " << function->getAttr(kFrontendOpAttr)
                             << " was never raised";
        failedAny = true;
      } else if (isa_and_nonnull<TLEDialect>(op->getDialect())) {
        op->emitError() << "cannot compile this use of " << op->getName()
                        << ": no lowering applies to it";
        failedAny = true;
      } else if (isa<LoadOp, StoreOp, AtomicRMWOp, AtomicCASOp>(op) &&
                 isLocalPointerLike(op->getOperand(0).getType())) {
        op->emitError() << "cannot compile this access through a local "
                           "pointer: its buffer is not known here";
        failedAny = true;
      }
    });
    if (failedAny)
      signalPassFailure();
  }
};

} // namespace
