//===- CoalesceAtomics.cpp - reductions that touch whole rows -------------===//
//
// Precondition:  an accumulator of tensor cores is added to memory,
//                  %v = ttg.convert_layout %acc : #mma -> #blocked
//                  tt.atomic_rmw fadd, relaxed, gpu, %p, %v, %m
//                by pointers contiguous along one dimension.
// Rewrite:         %v0 = ttg.convert_layout %acc : #mma -> #linear
//                  %v1 = ttg.convert_layout %v0 : #linear -> #linear1
//                  tt.atomic_rmw fadd, relaxed, gpu, %p1, %v1, %m1
//                with %p1 and %m1 computed again in #linear1.
// Postcondition: the value reaches its layout by shuffles inside of a warp, an
//                access of which covers 128 bytes of each row that it touches.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/Passes.h"

#include "AtomicExchange.h"
#include "Rematerializer.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLECOALESCEATOMICS
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
namespace ttg = mlir::triton::gpu;
using namespace mlir::triton;
using namespace mlir::triton::tle;

/// Erases `root` and what only it needed.
static void eraseWithOperands(Operation *root) {
  SmallVector<Operation *> worklist{root};
  while (!worklist.empty()) {
    Operation *op = worklist.pop_back_val();
    if (op != root && !isOpTriviallyDead(op))
      continue;
    SmallVector<Value> operands(op->getOperands());
    op->erase();
    for (Value operand : operands)
      if (Operation *def = operand.getDefiningOp();
          def && !llvm::is_contained(worklist, def))
        worklist.push_back(def);
  }
}

namespace {

/// The work on one module.
class AtomicCoalescer {
public:
  AtomicCoalescer(ModuleOp module, bool remarks)
      : axes(module), capability(ttg::getComputeCapability(module).value_or(0)),
        remarks(remarks) {}

  /// Adds the better form of `atomic`, if there is one.
  void coalesce(AtomicRMWOp atomic);

  /// Erases what better forms were added for.
  void finish() {
    // Only now: the rematerializers know values by their address.
    rematerializers.clear();
    for (AtomicRMWOp atomic : replaced)
      eraseWithOperands(atomic);
  }

private:
  void explain(AtomicRMWOp atomic, const Twine &message) const {
    if (remarks)
      atomic.emitRemark() << "the reduction stays as it is: " << message;
  }

  /// By accumulator and layout, so that several pieces of one row share what is
  /// computed again.
  Rematerializer &getRematerializer(RankedTensorType source,
                                    const WarpExchange &exchange) {
    auto &entry = rematerializers[{source, exchange.getLayout()}];
    if (!entry)
      entry = std::make_unique<Rematerializer>(source, exchange);
    return *entry;
  }

  /// Facts of the values as they were: nothing is erased before the end.
  ModuleAxisInfo axes;
  int capability;
  bool remarks;
  DenseMap<std::pair<Type, Attribute>, std::unique_ptr<Rematerializer>>
      rematerializers;
  SmallVector<AtomicRMWOp> replaced;
};

class CoalesceAtomicsPass
    : public triton::tle::impl::TLECoalesceAtomicsBase<CoalesceAtomicsPass> {
public:
  using TLECoalesceAtomicsBase::TLECoalesceAtomicsBase;

  void runOnOperation() override {
    SmallVector<AtomicRMWOp> atomics;
    getOperation()->walk([&](AtomicRMWOp op) { atomics.push_back(op); });
    if (atomics.empty())
      return;
    AtomicCoalescer coalescer(getOperation(), remarks);
    for (AtomicRMWOp atomic : atomics)
      coalescer.coalesce(atomic);
    coalescer.finish();
  }
};

} // namespace

void AtomicCoalescer::coalesce(AtomicRMWOp atomic) {
  StringRef reason;
  FailureOr<AtomicExchange> plan =
      planAtomicExchange(atomic, axes, capability, reason);
  if (failed(plan))
    return explain(atomic, reason);

  Rematerializer &rematerializer = getRematerializer(
      cast<RankedTensorType>(plan->accumulator.getType()), plan->exchange);
  for (Value operand : atomic.getOperands())
    if (Value obstacle = rematerializer.findObstacle(operand)) {
      explain(atomic, "an operand cannot be computed again in another layout");
      if (remarks)
        emitRemark(obstacle.getLoc()) << "this value is in the way";
      return;
    }
  SmallVector<Value> operands;
  for (Value operand : atomic.getOperands())
    operands.push_back(rematerializer.rematerialize(operand));
  OpBuilder builder(atomic);
  Operation *replacement = builder.clone(*atomic);
  replacement->setOperands(operands);
  replacement->getResult(0).setType(operands[1].getType());
  replaced.push_back(atomic);
}
