//===- AtomicExchange.cpp - additions of accumulators by rows -------------===//

#include "AtomicExchange.h"

#include "Rematerializer.h"
#include "tle/Transforms/LocalPointerUtils.h"
#include "llvm/ADT/DenseSet.h"

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

FailureOr<AtomicExchange> tle::planAtomicExchange(AtomicRMWOp atomic,
                                                  const ModuleAxisInfo &axes,
                                                  int capability,
                                                  StringRef &reason) {
  auto refuse = [&](StringRef why) {
    reason = why;
    return failure();
  };
  auto type = dyn_cast<RankedTensorType>(atomic.getVal().getType());
  if (!type || type.getRank() != 2)
    return refuse("its operand is no matrix");
  DenseSet<Value> visited;
  AtomicExchange plan;
  plan.accumulator = findAccumulator(atomic.getVal(), type.getShape(), visited);
  if (!plan.accumulator)
    return refuse("its operand comes from no tensor core");
  if (atomic.getAtomicRmwOp() != RMWOp::FADD)
    return refuse("it adds no floating-point numbers");
  if (atomic.getSem() != MemSemantic::RELAXED ||
      atomic.getScope() != MemSyncScope::GPU)
    return refuse("it is not relaxed and of gpu scope");
  if (!atomic.getResult().use_empty())
    return refuse("its result is used");
  int64_t vectorBytes = getVectorBytes(type.getElementType(), capability);
  if (vectorBytes == 0)
    return refuse("the target has no instruction for its elements");

  int64_t bytes = type.getElementTypeBitWidth() / 8;
  AxisInfo facts = axes.get(atomic.getPtr());
  unsigned dim = facts.getContiguity(0) > facts.getContiguity(1) ? 0 : 1;
  if (facts.getContiguity(dim) * bytes < 32)
    return refuse("its pointers are not contiguous along a row");
  Value mask = atomic.getMask();
  int64_t vector = std::min(
      vectorBytes / bytes,
      axes.getVectorLength(atomic.getPtr(),
                           mask && isConstantTrue(mask) ? Value() : mask, dim));
  int64_t row = std::min(
      {facts.getContiguity(dim), type.getDimSize(dim), kSegmentBytes / bytes});

  auto source = cast<RankedTensorType>(plan.accumulator.getType());
  vector = llvm::bit_floor<uint64_t>(vector);
  row = llvm::bit_floor<uint64_t>(row);
  FailureOr<WarpExchange> exchange = planWarpExchange(source, dim, vector, row);
  bool pays;
  plan.inWarps = true;
  if (type.getEncoding() == source.getEncoding()) {
    pays = succeeded(exchange) && exchange->run > exchange->runBefore;
  } else if (succeeded(exchange) && exchange->run >= row) {
    // A conversion through shared memory less.
    pays = true;
  } else {
    // It has to go through shared memory, but need not end with lanes apart.
    plan.inWarps = false;
    exchange = planRowLayout(type, dim, vector, ttg::lookupNumWarps(atomic));
    pays = succeeded(exchange) && exchange->runBefore < row &&
           exchange->run > exchange->runBefore;
  }
  if (succeeded(exchange) && type.getEncoding() == exchange->getLayout())
    return refuse("its layout is what this pass makes");
  if (!pays)
    return refuse("no layout touches longer parts of a row");
  plan.exchange = std::move(*exchange);
  return plan;
}

bool tle::isExchangedInWarps(ttg::ConvertLayoutOp convert,
                             const ModuleAxisInfo &axes, int capability) {
  if (convert->use_empty())
    return false;
  return llvm::all_of(convert->getUsers(), [&](Operation *user) {
    auto atomic = dyn_cast<AtomicRMWOp>(user);
    StringRef ignored;
    if (!atomic || atomic.getVal() != convert.getResult())
      return false;
    FailureOr<AtomicExchange> plan =
        planAtomicExchange(atomic, axes, capability, ignored);
    if (failed(plan) || !plan->inWarps)
      return false;
    Rematerializer rematerializer(
        cast<RankedTensorType>(plan->accumulator.getType()), plan->exchange);
    return llvm::none_of(atomic->getOperands(), [&](Value operand) {
      return bool(rematerializer.findObstacle(operand));
    });
  });
}
