//===- PipeSlots.cpp - which slot of a pipe a step or an access means -----===//

#include "tle/Transforms/PipeSlots.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "triton/Dialect/TritonGPU/Transforms/BufferAnalysis.h"
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

/// How often `loop` runs, if that is known.
static std::optional<int64_t> countTrips(scf::ForOp loop) {
  APInt lower, upper, step;
  if (!matchPattern(loop.getLowerBound(), m_ConstantInt(&lower)) ||
      !matchPattern(loop.getUpperBound(), m_ConstantInt(&upper)) ||
      !matchPattern(loop.getStep(), m_ConstantInt(&step)) ||
      step.getBitWidth() > 32 || !step.isStrictlyPositive())
    return std::nullopt;
  int64_t length = upper.getSExtValue() - lower.getSExtValue();
  return length <= 0 ? 0 : llvm::divideCeil(length, step.getSExtValue());
}

std::optional<int64_t> tle::countRuns(ArrayRef<Operation *> ops,
                                      Region *region) {
  constexpr int64_t kMany = int64_t(1) << 40;
  int64_t total = 0;
  for (Operation *op : ops) {
    int64_t runs = 1;
    for (; op->getParentRegion() != region; op = op->getParentOp()) {
      auto loop = dyn_cast<scf::ForOp>(op->getParentOp());
      std::optional<int64_t> trips = loop ? countTrips(loop) : std::nullopt;
      if (!trips || runs * *trips > kMany)
        return std::nullopt;
      runs *= *trips;
    }
    // Of several blocks some may be left out.
    if (!region->hasOneBlock())
      return std::nullopt;
    total += runs;
  }
  return total;
}
