//===- TileNumber.cpp - the number of a tile as a sum ---------------------===//

#include "TileNumber.h"
#include "tle/Transforms/LocalPointerUtils.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::triton;
using tle::TileNumber;

/// How deep to look into the arithmetic of a number.
static constexpr unsigned kMaxDepth = 8;

static std::optional<int64_t> getConstantValue(Value value) {
  APInt constant;
  if (!matchPattern(value, m_ConstantInt(&constant)) ||
      constant.getBitWidth() > 64)
    return std::nullopt;
  return constant.getSExtValue();
}

/// Adds `value` times `factor` to `sum`.
void TileNumber::accumulate(int64_t &sum, int64_t value, int64_t factor) {
  int64_t product;
  // The lowest number has no negative.
  if (llvm::MulOverflow(value, factor, product) ||
      llvm::AddOverflow(sum, product, sum) || sum == INT64_MIN)
    isKnown = false;
}

void TileNumber::addTerm(Value value, int64_t factor) {
  auto *place = llvm::find_if(
      terms, [&](const auto &term) { return term.first == value; });
  if (place == terms.end())
    place = terms.insert(terms.end(), {value, 0});
  accumulate(place->second, factor, 1);
  if (place->second == 0)
    terms.erase(place);
}

void TileNumber::add(Value value, int64_t factor, unsigned depth) {
  value = findCapturedRoot(value);
  if (std::optional<int64_t> number = getConstantValue(value))
    return accumulate(constant, *number, factor);
  Operation *op = value.getDefiningOp();
  // What fits into fewer than 32 bits may have been cut off.
  auto type = dyn_cast<IntegerType>(value.getType());
  if (!op || depth == kMaxDepth || (type && type.getWidth() < 32))
    return addTerm(value, factor);
  if (isa<arith::ExtSIOp, arith::TruncIOp>(op))
    return add(op->getOperand(0), factor, depth + 1);
  if (isa<arith::AddIOp, arith::SubIOp>(op)) {
    add(op->getOperand(0), factor, depth + 1);
    return add(op->getOperand(1), isa<arith::AddIOp>(op) ? factor : -factor,
               depth + 1);
  }
  int64_t product;
  if (isa<arith::MulIOp>(op))
    if (std::optional<int64_t> number = getConstantValue(op->getOperand(1));
        number && *number != 0 &&
        !llvm::MulOverflow(factor, *number, product) && product != INT64_MIN)
      return add(op->getOperand(0), product, depth + 1);
  addTerm(value, factor);
}

void TileNumber::add(const TileNumber &other, int64_t factor) {
  isKnown &= other.isKnown;
  accumulate(constant, other.constant, factor);
  for (auto [value, times] : other.terms) {
    int64_t product = 0;
    accumulate(product, times, factor);
    addTerm(value, product);
  }
}

TileNumber TileNumber::plus(const TileNumber &other) const {
  TileNumber result = *this;
  result.add(other, 1);
  return result;
}

TileNumber TileNumber::minus(const TileNumber &other) const {
  TileNumber result = *this;
  result.add(other, -1);
  return result;
}

TileNumber TileNumber::replaced(Value variable, const TileNumber &value) const {
  TileNumber result = *this;
  int64_t factor = getFactor(variable);
  if (factor == 0)
    return result;
  result.addTerm(variable, -factor);
  result.add(value, factor);
  return result;
}

int64_t TileNumber::getFactor(Value variable) const {
  if (!isKnown)
    return 0;
  for (auto [value, factor] : terms)
    if (value == variable)
      return factor;
  return 0;
}

/// Whether `value` is formed from what stands outside of `loop`, in it or not.
static bool isInvariantIn(Value value, scf::ForOp loop, unsigned depth = 0) {
  if (loop.isDefinedOutsideOfLoop(value))
    return true;
  Operation *op = value.getDefiningOp();
  return op && op->getNumRegions() == 0 && isMemoryEffectFree(op) &&
         depth < kMaxDepth &&
         llvm::all_of(
             op->getOperands(),
             [&](Value operand) {
               return isInvariantIn(operand, loop, depth + 1);
             });
}

bool TileNumber::isInvariant(scf::ForOp loop) const {
  return isKnown && llvm::all_of(terms, [&](const auto &term) {
           return isInvariantIn(term.first, loop);
         });
}

std::vector<int64_t> TileNumber::getKey() const {
  if (!isKnown)
    return {};
  std::vector<std::pair<int64_t, int64_t>> sorted;
  for (auto [value, factor] : terms)
    sorted.emplace_back(reinterpret_cast<intptr_t>(value.getAsOpaquePointer()),
                        factor);
  llvm::sort(sorted);
  std::vector<int64_t> key{constant};
  for (auto [value, factor] : sorted)
    key.insert(key.end(), {value, factor});
  return key;
}

std::optional<int64_t> TileNumber::getConstant() const {
  if (!isKnown || !terms.empty())
    return std::nullopt;
  return constant;
}
