//===- PipeSlots.cpp - which slot of a pipe a step or an access means -----===//

#include "tle/Transforms/PipeSlots.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "triton/Dialect/TritonGPU/Transforms/BufferAnalysis.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;
using tle::SlotNumber;

/// How deep to look into the arithmetic of an index.
static constexpr unsigned kMaxDepth = 8;

static std::optional<int64_t> getConstant(Value value) {
  APInt constant;
  if (!matchPattern(value, m_ConstantInt(&constant)) ||
      constant.getBitWidth() > 64)
    return std::nullopt;
  return constant.getSExtValue();
}

/// `left` times `right` modulo `modulus`, which has 31 bits at most.
static int64_t multiply(int64_t left, int64_t right, int64_t modulus) {
  int64_t product = (left % modulus) * (right % modulus) % modulus;
  return product < 0 ? product + modulus : product;
}

SlotNumber::SlotNumber(Value value, int64_t modulus) : modulus(modulus) {
  add(value, 1, 0);
}

void SlotNumber::addConstant(int64_t value, int64_t factor) {
  constant = (constant + multiply(value, factor, modulus)) % modulus;
}

void SlotNumber::addLeaf(Value value, int64_t factor) {
  auto *place = llvm::lower_bound(
      terms, value, [](const std::pair<Value, int64_t> &term, Value other) {
        return term.first.getAsOpaquePointer() < other.getAsOpaquePointer();
      });
  if (place == terms.end() || place->first != value)
    place = terms.insert(place, {value, 0});
  place->second = (place->second + multiply(factor, 1, modulus)) % modulus;
  if (place->second == 0)
    terms.erase(place);
}

void SlotNumber::add(Value value, int64_t factor, unsigned depth) {
  if (std::optional<int64_t> number = getConstant(value))
    return addConstant(*number, factor);
  Operation *op = value.getDefiningOp();
  if (!op || op->getNumOperands() != 2 || depth == kMaxDepth)
    return addLeaf(value, factor);
  Value left = op->getOperand(0), right = op->getOperand(1);
  if (isa<arith::AddIOp, arith::SubIOp>(op)) {
    add(left, factor, depth + 1);
    return add(right, isa<arith::AddIOp>(op) ? factor : -factor, depth + 1);
  }
  std::optional<int64_t> number = getConstant(right);
  if (!number)
    return addLeaf(value, factor);
  if (isa<arith::MulIOp>(op))
    return add(left, multiply(factor, *number, modulus), depth + 1);
  // The rest of a division by a multiple of the modulus.
  int64_t divisor = 0;
  if (isa<arith::AndIOp>(op) && *number >= 0 && *number < INT32_MAX &&
      llvm::isPowerOf2_64(*number + 1))
    divisor = *number + 1;
  else if (isa<arith::RemUIOp, arith::RemSIOp>(op) && *number > 0)
    divisor = *number;
  if (divisor != 0 && divisor % modulus == 0)
    return add(left, factor, depth + 1);
  addLeaf(value, factor);
}

bool SlotNumber::differsFrom(const SlotNumber &other) const {
  return modulus == other.modulus && terms == other.terms &&
         constant != other.constant;
}

bool SlotNumber::equals(const SlotNumber &other) const {
  return modulus == other.modulus && terms == other.terms &&
         constant == other.constant;
}

std::optional<SlotNumber> SlotNumber::afterIteration(scf::ForOp loop,
                                                     bool behind) const {
  SlotNumber result(modulus);
  result.constant = constant;
  for (auto [value, factor] : terms) {
    if (loop.isDefinedOutsideOfLoop(value)) {
      result.addLeaf(value, factor);
      continue;
    }
    auto argument = dyn_cast<BlockArgument>(value);
    if (!argument || argument.getOwner() != loop.getBody())
      return std::nullopt;
    if (argument == loop.getInductionVar()) {
      std::optional<int64_t> step = getConstant(loop.getStep());
      if (!step || behind)
        return std::nullopt;
      result.addLeaf(argument, factor);
      result.addConstant(*step, -factor);
      continue;
    }
    // The argument of the next iteration is this one's plus a constant.
    OpOperand *next = loop.getTiedLoopYieldedValue(argument);
    SlotNumber step(next->get(), modulus);
    step.addLeaf(argument, -1);
    if (!step.terms.empty())
      return std::nullopt;
    result.addLeaf(behind ? Value(loop.getTiedLoopResult(argument)) : argument,
                   factor);
    result.addConstant(step.constant, -factor);
  }
  return result;
}

Value tle::findSlotIndex(Value buffer) {
  Value index;
  while (Operation *op = buffer.getDefiningOp()) {
    if (auto slot = dyn_cast<MemDescIndexOp>(op))
      index = slot.getIndex();
    else if (!isBufferView(op))
      break;
    buffer = op->getOperand(0);
  }
  return index;
}

namespace {

/// More than any program counts to; sums of products of two fit 64 bits.
constexpr int64_t kMany = int64_t(1) << 28;

/// The values of the counter of a loop.
struct Counter {
  int64_t first, step, trips;
};

/// The counter of `loop`, if its bounds are known.
std::optional<Counter> findCounter(scf::ForOp loop) {
  std::optional<int64_t> lower = getConstant(loop.getLowerBound());
  std::optional<int64_t> upper = getConstant(loop.getUpperBound());
  std::optional<int64_t> step = getConstant(loop.getStep());
  if (!lower || !upper || !step || *step <= 0 || std::abs(*lower) > kMany ||
      std::abs(*upper) > kMany || *step > kMany)
    return std::nullopt;
  int64_t length = *upper - *lower;
  return Counter{*lower, *step,
                 length <= 0 ? 0 : int64_t(llvm::divideCeil(length, *step))};
}

/// A sum of counters of loops, each times a factor, and a constant.
class CounterSum {
public:
  /// Whether `value` times `factor` could be added.
  bool add(Value value, int64_t factor, unsigned depth = 0) {
    if (std::abs(factor) > kMany || depth > kMaxDepth)
      return false;
    if (std::optional<int64_t> number = getConstant(value)) {
      if (std::abs(*number) > kMany)
        return false;
      constant += *number * factor;
      return std::abs(constant) <= kMany * kMaxDepth;
    }
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
      if (!loop || argument != loop.getInductionVar())
        return false;
      factors[loop] += factor;
      return true;
    }
    // What fits into fewer than 32 bits may have been cut off.
    if (auto type = dyn_cast<IntegerType>(value.getType());
        type && type.getWidth() < 32)
      return false;
    Operation *op = value.getDefiningOp();
    if (isa<arith::ExtSIOp, arith::TruncIOp>(op))
      return add(op->getOperand(0), factor, depth + 1);
    if (isa<arith::AddIOp, arith::SubIOp>(op))
      return add(op->getOperand(0), factor, depth + 1) &&
             add(op->getOperand(1), isa<arith::AddIOp>(op) ? factor : -factor,
                 depth + 1);
    if (!isa<arith::MulIOp>(op))
      return false;
    std::optional<int64_t> number = getConstant(op->getOperand(1));
    return number && std::abs(*number) <= kMany &&
           add(op->getOperand(0), factor * *number, depth + 1);
  }

  /// The lowest and the highest value; nothing if a loop is not known or has no
  /// iteration.
  std::optional<tle::TileRange> getRange() const {
    tle::TileRange range{constant, constant};
    for (auto [loop, factor] : factors) {
      std::optional<Counter> counter = findCounter(loop);
      if (!counter || counter->trips == 0 || std::abs(factor) > kMany)
        return std::nullopt;
      int64_t first = factor * counter->first;
      int64_t last =
          factor * (counter->first + (counter->trips - 1) * counter->step);
      range.first += std::min(first, last);
      range.last += std::max(first, last);
    }
    return range;
  }

private:
  int64_t constant = 0;
  llvm::MapVector<scf::ForOp, int64_t> factors;
};

} // namespace

std::optional<tle::TileRange> tle::findTiles(Operation *step, Region *region) {
  std::optional<int64_t> runs = countRuns(step, region);
  CounterSum sum;
  if (!runs || *runs == 0 || !sum.add(step->getOperand(1), 1))
    return std::nullopt;
  return sum.getRange();
}

std::optional<int64_t> tle::countRuns(ArrayRef<Operation *> ops,
                                      Region *region) {
  int64_t total = 0;
  for (Operation *op : ops) {
    int64_t runs = 1;
    for (; op->getParentRegion() != region; op = op->getParentOp()) {
      auto loop = dyn_cast<scf::ForOp>(op->getParentOp());
      std::optional<Counter> counter = loop ? findCounter(loop) : std::nullopt;
      if (!counter || runs * counter->trips > kMany)
        return std::nullopt;
      runs *= counter->trips;
    }
    // Of several blocks some may be left out.
    if (!region->hasOneBlock())
      return std::nullopt;
    total += runs;
  }
  return total;
}
