//===- AxisInfo.cpp - the lattice and the analysis ------------------------===//

#include "triton/Analysis/AxisInfo.h"

#include "AxisInfoTransfer.h"
#include "mlir/Analysis/DataFlow/ConstantPropagationAnalysis.h"
#include "mlir/Analysis/DataFlow/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace mlir;
using namespace mlir::triton;

unsigned triton::getAxisRank(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor ? std::max<int64_t>(tensor.getRank(), 1) : 1;
}

int64_t triton::getAxisSize(Type type, unsigned dim) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getRank() ? tensor.getDimSize(dim) : 1;
}

int64_t triton::getPowerOfTwoDivisor(int64_t value) {
  if (value == 0)
    return AxisInfo::kMaxDivisibility;
  return std::min<int64_t>(int64_t(1) << llvm::countr_zero(uint64_t(value)),
                           AxisInfo::kMaxDivisibility);
}

/// See AxisInfo::getUnit.
static int64_t getUnit(Type type) {
  auto pointer = dyn_cast<PointerType>(getElementTypeOrSelf(type));
  // Of other elements the size is not known.
  if (!pointer ||
      !isa<IntegerType, FloatType, PointerType>(pointer.getPointeeType()))
    return 1;
  return std::max(1u, getElementBitWidth(pointer.getPointeeType()) / 8);
}

//===----------------------------------------------------------------------===//
// AxisInfo
//===----------------------------------------------------------------------===//

AxisInfo::AxisInfo(DimVector contiguity, DimVector divisibility,
                   DimVector constancy, bool nonNegative, int64_t unit)
    : contiguity(std::move(contiguity)), divisibility(std::move(divisibility)),
      constancy(std::move(constancy)), nonNegative(nonNegative), unit(unit) {
  normalize();
}

/// A group of one element along any dimension is every element: what divides
/// those divides the start of any longer group.
void AxisInfo::normalize() {
  int64_t all = 1;
  for (auto [length, divisor] : llvm::zip(contiguity, divisibility)) {
    divisor = std::min(divisor, kMaxDivisibility);
    if (length == 1)
      all = std::max(all, divisor);
  }
  for (int64_t &divisor : divisibility)
    divisor = std::max(divisor, all);
}

AxisInfo AxisInfo::getPessimistic(Type type) {
  DimVector ones(getAxisRank(type), 1);
  return AxisInfo(ones, ones, ones, /*nonNegative=*/false, ::getUnit(type));
}

AxisInfo AxisInfo::getConstant(Type type, int64_t value) {
  unsigned rank = getAxisRank(type);
  DimVector sizes;
  for (unsigned dim = 0; dim < rank; ++dim)
    sizes.push_back(getAxisSize(type, dim));
  AxisInfo info(DimVector(rank, 1),
                DimVector(rank, getPowerOfTwoDivisor(value)), sizes, value >= 0,
                ::getUnit(type));
  info.constant = value;
  return info;
}

int64_t AxisInfo::getElementDivisibility() const {
  int64_t all = 1;
  for (auto [length, divisor] : llvm::zip(contiguity, divisibility))
    if (length == 1)
      all = std::max(all, divisor);
  return all;
}

int64_t AxisInfo::getRunDivisibility(unsigned dim, int64_t length) const {
  if (length >= contiguity[dim])
    return divisibility[dim];
  // The group's start, plus a multiple of `length` steps.
  return std::max(getElementDivisibility(),
                  std::min(divisibility[dim], length * unit));
}

AxisInfo AxisInfo::join(const AxisInfo &lhs, const AxisInfo &rhs) {
  if (!lhs.isInitialized())
    return rhs;
  if (!rhs.isInitialized())
    return lhs;
  assert(lhs.getRank() == rhs.getRank() && "joined values have one type");
  DimVector contiguity, divisibility, constancy;
  for (unsigned dim = 0; dim < lhs.getRank(); ++dim) {
    contiguity.push_back(
        std::min(lhs.getContiguity(dim), rhs.getContiguity(dim)));
    divisibility.push_back(
        std::min(lhs.getRunDivisibility(dim, contiguity.back()),
                 rhs.getRunDivisibility(dim, contiguity.back())));
    constancy.push_back(std::min(lhs.getConstancy(dim), rhs.getConstancy(dim)));
  }
  AxisInfo info(contiguity, divisibility, constancy,
                lhs.nonNegative && rhs.nonNegative,
                std::min(lhs.unit, rhs.unit));
  if (lhs.constant == rhs.constant)
    info.constant = lhs.constant;
  return info;
}

AxisInfo AxisInfo::withHints(ArrayRef<int64_t> contiguityHint,
                             ArrayRef<int64_t> divisibilityHint,
                             ArrayRef<int64_t> constancyHint) const {
  AxisInfo info = *this;
  auto raise = [](DimVector &known, ArrayRef<int64_t> hint) {
    if (hint.size() == known.size())
      for (auto [value, promise] : llvm::zip(known, hint))
        value = std::max(value, getPowerOfTwoDivisor(promise));
  };
  raise(info.contiguity, contiguityHint);
  raise(info.divisibility, divisibilityHint);
  raise(info.constancy, constancyHint);
  info.normalize();
  return info;
}

bool AxisInfo::operator==(const AxisInfo &other) const {
  return contiguity == other.contiguity && divisibility == other.divisibility &&
         constancy == other.constancy && constant == other.constant &&
         nonNegative == other.nonNegative && unit == other.unit;
}

void AxisInfo::print(raw_ostream &os) const {
  auto list = [&](StringRef name, ArrayRef<int64_t> values) {
    os << name << " = [";
    llvm::interleaveComma(values, os);
    os << "]";
  };
  list("contiguity", contiguity);
  list(", divisibility", divisibility);
  list(", constancy", constancy);
  if (constant)
    os << ", constant_value = " << *constant;
  if (nonNegative)
    os << ", non-negative";
}

//===----------------------------------------------------------------------===//
// AxisInfoLattice
//===----------------------------------------------------------------------===//

/// The numbers of a hint: one integer, or one for each dimension.
static SmallVector<int64_t> readHint(Attribute attr) {
  SmallVector<int64_t> values;
  if (auto integer = dyn_cast_if_present<IntegerAttr>(attr))
    values.push_back(integer.getInt());
  else if (auto elements = dyn_cast_if_present<DenseIntElementsAttr>(attr))
    for (const APInt &value : elements.getValues<APInt>())
      values.push_back(value.getSExtValue());
  return values;
}

static AxisInfo addHints(const AxisInfo &info, Value value) {
  auto add = [&](function_ref<Attribute(StringRef)> lookup) {
    return info.withHints(readHint(lookup("tt.contiguity")),
                          readHint(lookup("tt.divisibility")),
                          readHint(lookup("tt.constancy")));
  };
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument) {
    Operation *def = value.getDefiningOp();
    // Of several results no one knows which is meant.
    if (def->getNumResults() != 1)
      return info;
    return add([&](StringRef name) { return def->getDiscardableAttr(name); });
  }
  if (!argument.getOwner()->isEntryBlock())
    return info;
  Operation *parent = argument.getOwner()->getParentOp();
  unsigned number = argument.getArgNumber();
  if (auto function = dyn_cast<FunctionOpInterface>(parent))
    return add(
        [&](StringRef name) { return function.getArgAttr(number, name); });
  return add([&](StringRef name) {
    return parent->getDiscardableAttr((name + "_arg" + Twine(number)).str());
  });
}

ChangeResult AxisInfoLattice::join(const AxisInfo &rhs) {
  if (!rhs.isInitialized())
    return ChangeResult::NoChange;
  AxisInfo joined = addHints(AxisInfo::join(info, rhs), getAnchor());
  if (joined == info)
    return ChangeResult::NoChange;
  info = std::move(joined);
  return ChangeResult::Change;
}

//===----------------------------------------------------------------------===//
// AxisInfoAnalysis
//===----------------------------------------------------------------------===//

/// The integer that MLIR's constant propagation found, in every element.
static std::optional<int64_t> readConstant(Attribute attr) {
  if (auto splat = dyn_cast_if_present<SplatElementsAttr>(attr))
    attr = splat.getSplatValue<Attribute>();
  auto integer = dyn_cast_if_present<IntegerAttr>(attr);
  if (!integer || integer.getValue().getBitWidth() > 64)
    return std::nullopt;
  return integer.getValue().getSExtValue();
}

LogicalResult
AxisInfoAnalysis::visitOperation(Operation *op,
                                 ArrayRef<const AxisInfoLattice *> operands,
                                 ArrayRef<AxisInfoLattice *> results) {
  SmallVector<AxisInfo> infos;
  for (const AxisInfoLattice *operand : operands) {
    // Comes back when all are known.
    if (!operand->getValue().isInitialized())
      return success();
    infos.push_back(operand->getValue());
  }
  for (auto [result, lattice] : llvm::zip(op->getResults(), results)) {
    auto *constant = getOrCreateFor<dataflow::Lattice<dataflow::ConstantValue>>(
        getProgramPointAfter(op), result);
    if (constant->getValue().isUninitialized())
      continue;
    AxisInfo info;
    if (std::optional<int64_t> value =
            readConstant(constant->getValue().getConstantValue()))
      info = AxisInfo::getConstant(result.getType(), *value);
    else
      info = transferAxisInfo(result, infos);
    propagateIfChanged(lattice, lattice->join(info));
  }
  return success();
}

void AxisInfoAnalysis::setToEntryState(AxisInfoLattice *lattice) {
  Value value = lattice->getAnchor();
  // Partitions of a warp specialization are entered by its warps alone, with
  // what it captures.
  if (auto argument = dyn_cast<BlockArgument>(value))
    if (auto partitions = dyn_cast<triton::gpu::WarpSpecializePartitionsOp>(
            argument.getOwner()->getParentOp());
        partitions && argument.getOwner()->isEntryBlock()) {
      auto parent =
          cast<triton::gpu::WarpSpecializeOp>(partitions->getParentOp());
      Value capture = parent.getExplicitCaptures()[argument.getArgNumber()];
      const AxisInfo &captured = getLatticeElement(capture)->getValue();
      if (captured.isInitialized())
        return propagateIfChanged(lattice, lattice->join(captured));
    }
  propagateIfChanged(lattice,
                     lattice->join(AxisInfo::getPessimistic(value.getType())));
}

AxisInfo AxisInfoAnalysis::getInductionVariable(Value lowerBound, Value step,
                                                Block *body) {
  ProgramPoint *point = getProgramPointBefore(body);
  const AxisInfo &start = getLatticeElementFor(point, lowerBound)->getValue();
  const AxisInfo &width = getLatticeElementFor(point, step)->getValue();
  if (!start.isInitialized() || !width.isInitialized())
    return AxisInfo();
  int64_t divisor =
      std::min(start.getDivisibility(0), width.getDivisibility(0));
  return AxisInfo({1}, {divisor}, {1}, start.isNonNegative());
}

void AxisInfoAnalysis::visitNonControlFlowArguments(
    Operation *op, const RegionSuccessor &successor,
    ArrayRef<AxisInfoLattice *> arguments, unsigned firstIndex) {
  auto loop = dyn_cast<scf::ForOp>(op);
  if (!loop || arguments.empty() ||
      arguments.front()->getAnchor() != loop.getInductionVar())
    return SparseForwardDataFlowAnalysis::visitNonControlFlowArguments(
        op, successor, arguments, firstIndex);
  AxisInfo info = getInductionVariable(loop.getLowerBound(), loop.getStep(),
                                       loop.getBody());
  propagateIfChanged(arguments.front(), arguments.front()->join(info));
}

//===----------------------------------------------------------------------===//
// ModuleAxisInfo
//===----------------------------------------------------------------------===//

ModuleAxisInfo::ModuleAxisInfo(ModuleOp module) {
  // Control flow does not lead into partitions: each is a start of its own, and
  // calls that it makes are unknown to the functions called.
  SmallVector<triton::gpu::WarpSpecializePartitionsOp> partitions;
  bool isCallingFromPartition = false;
  module->walk([&](triton::gpu::WarpSpecializePartitionsOp op) {
    partitions.push_back(op);
    op->walk([&](CallOpInterface) { isCallingFromPartition = true; });
  });
  solver = std::make_unique<DataFlowSolver>(
      DataFlowConfig().setInterprocedural(!isCallingFromPartition));
  dataflow::loadBaselineAnalyses(*solver);
  solver->load<AxisInfoAnalysis>();
  LogicalResult reached = solver->initializeAndRun(module);
  for (triton::gpu::WarpSpecializePartitionsOp op : partitions)
    if (succeeded(reached))
      reached = solver->initializeAndRun(op);
  // An analysis that gave up halfway may have left facts too strong.
  if (failed(reached))
    solver.reset();
}

AxisInfo ModuleAxisInfo::get(Value value) const {
  if (solver)
    if (auto *lattice = solver->lookupState<AxisInfoLattice>(value))
      if (lattice->getValue().isInitialized())
        return lattice->getValue();
  return AxisInfo::getPessimistic(value.getType());
}

int64_t ModuleAxisInfo::getVectorLength(Value pointers, Value mask,
                                        unsigned dim) const {
  AxisInfo info = get(pointers);
  int64_t length =
      std::min({info.getContiguity(dim), getAxisSize(pointers.getType(), dim),
                std::max<int64_t>(1, info.getDivisibility(dim) /
                                         ::getUnit(pointers.getType()))});
  if (mask)
    length = std::min(length, get(mask).getConstancy(dim));
  return length;
}
