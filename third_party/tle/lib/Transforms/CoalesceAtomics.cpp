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

#include "Rematerializer.h"
#include "WarpExchange.h"
#include "tle/Transforms/LocalPointerUtils.h"

#include "triton/Analysis/AxisInfo.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/DenseSet.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLECOALESCEATOMICS
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
namespace ttg = mlir::triton::gpu;
using namespace mlir::triton;
using namespace mlir::triton::tle;

/// Bytes of a row that one access of a warp should cover: a line of the cache.
static constexpr int64_t kSegmentBytes = 128;

/// Bytes that one thread can add at once: red.v4.f32 and red.v8.bf16 need
/// compute capability 9.0; before it there are pairs of f16. 0: no instruction.
static int64_t getVectorBytes(Type element, int capability) {
  if (element.isF32())
    return capability >= 90 ? 16 : 4;
  if (element.isF16())
    return capability >= 90 ? 16 : 4;
  return element.isBF16() && capability >= 90 ? 16 : 0;
}

/// The accumulator that `value` is made of, through conversions and elementwise
/// ops; null if there is none.
static Value findAccumulator(Value value, ArrayRef<int64_t> shape,
                             DenseSet<Value> &visited) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getShape() != shape || !visited.insert(value).second)
    return {};
  if (isa_and_nonnull<ttg::NvidiaMmaEncodingAttr>(type.getEncoding()))
    return isa<FloatType>(type.getElementType()) ? value : Value();
  Operation *op = value.getDefiningOp();
  if (!op ||
      !(isa<ttg::ConvertLayoutOp>(op) || op->hasTrait<OpTrait::Elementwise>()))
    return {};
  for (Value operand : op->getOperands())
    if (Value found = findAccumulator(operand, shape, visited))
      return found;
  return {};
}

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
  auto type = dyn_cast<RankedTensorType>(atomic.getVal().getType());
  if (!type || type.getRank() != 2)
    return explain(atomic, "its operand is no matrix");
  DenseSet<Value> visited;
  Value accumulator =
      findAccumulator(atomic.getVal(), type.getShape(), visited);
  if (!accumulator)
    return explain(atomic, "its operand comes from no tensor core");
  if (atomic.getAtomicRmwOp() != RMWOp::FADD)
    return explain(atomic, "it adds no floating-point numbers");
  if (atomic.getSem() != MemSemantic::RELAXED ||
      atomic.getScope() != MemSyncScope::GPU)
    return explain(atomic, "it is not relaxed and of gpu scope");
  if (!atomic.getResult().use_empty())
    return explain(atomic, "its result is used");
  int64_t vectorBytes = getVectorBytes(type.getElementType(), capability);
  if (vectorBytes == 0)
    return explain(atomic, "the target has no instruction for its elements");

  int64_t bytes = type.getElementTypeBitWidth() / 8;
  AxisInfo facts = axes.get(atomic.getPtr());
  unsigned dim = facts.getContiguity(0) > facts.getContiguity(1) ? 0 : 1;
  if (facts.getContiguity(dim) * bytes < 32)
    return explain(atomic, "its pointers are not contiguous along a row");
  Value mask = atomic.getMask();
  int64_t vector = std::min(
      vectorBytes / bytes,
      axes.getVectorLength(atomic.getPtr(),
                           mask && isConstantTrue(mask) ? Value() : mask, dim));
  int64_t row = std::min(
      {facts.getContiguity(dim), type.getDimSize(dim), kSegmentBytes / bytes});

  auto source = cast<RankedTensorType>(accumulator.getType());
  vector = llvm::bit_floor<uint64_t>(vector);
  row = llvm::bit_floor<uint64_t>(row);
  FailureOr<WarpExchange> exchange = planWarpExchange(source, dim, vector, row);
  bool pays;
  if (type.getEncoding() == source.getEncoding()) {
    pays = succeeded(exchange) && exchange->run > exchange->runBefore;
  } else if (succeeded(exchange) && exchange->run >= row) {
    // A conversion through shared memory less.
    pays = true;
  } else {
    // It has to go through shared memory, but need not end with lanes apart.
    exchange = planRowLayout(type, dim, vector, ttg::lookupNumWarps(atomic));
    pays = succeeded(exchange) && exchange->runBefore < row &&
           exchange->run > exchange->runBefore;
  }
  if (succeeded(exchange) && type.getEncoding() == exchange->getLayout())
    return explain(atomic, "its layout is what this pass makes");
  if (!pays)
    return explain(atomic, "no layout touches longer parts of a row");

  Rematerializer &rematerializer = getRematerializer(source, *exchange);
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
