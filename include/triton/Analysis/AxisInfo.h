//===- AxisInfo.h - runs and alignment along dimensions ---------*- C++ -*-===//
//
// What is known of the elements of an integer or pointer tensor along each of
// its dimensions. From it follow how many neighbours one access may move at
// once, and which layout makes accesses coalesced.
//
//===----------------------------------------------------------------------===//

#ifndef TRITON_ANALYSIS_AXISINFO_H
#define TRITON_ANALYSIS_AXISINFO_H

#include "mlir/Analysis/DataFlow/SparseAnalysis.h"
#include "mlir/Analysis/DataFlowFramework.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/raw_ostream.h"
#include <memory>
#include <optional>

namespace mlir::triton {

/// Facts about one value; a scalar counts as a tensor of one element. An
/// *aligned group* of n elements along a dimension is one that starts at a
/// multiple of n. All lengths and divisors are powers of two.
///
/// The facts hold as long as no signed integer that an address or a mask is
/// made of overflows, which the language demands, and is divided by a negative
/// number only if that is a constant. Unsigned numbers may wrap.
class AxisInfo {
public:
  using DimVector = SmallVector<int64_t, 4>;

  /// More than any vector or alignment needs, small enough to multiply.
  static constexpr int64_t kMaxDivisibility = int64_t(1) << 30;

  /// Nothing has reached the value yet: the lattice's bottom.
  AxisInfo() = default;

  AxisInfo(DimVector contiguity, DimVector divisibility, DimVector constancy,
           bool nonNegative = false, int64_t unit = 1);

  /// What holds of any value of `type`.
  static AxisInfo getPessimistic(Type type);

  /// The integer `value` in each element of a value of `type`.
  static AxisInfo getConstant(Type type, int64_t value);

  /// What holds of both. The empty info is neutral.
  static AxisInfo join(const AxisInfo &lhs, const AxisInfo &rhs);

  /// With promises of the program added; an empty vector promises nothing.
  AxisInfo withHints(ArrayRef<int64_t> contiguity,
                     ArrayRef<int64_t> divisibility,
                     ArrayRef<int64_t> constancy) const;

  bool isInitialized() const { return !contiguity.empty(); }
  unsigned getRank() const { return contiguity.size(); }

  /// In aligned groups of so many elements along `dim` each is its predecessor
  /// plus one (for pointers: one element further).
  int64_t getContiguity(unsigned dim) const { return contiguity[dim]; }
  ArrayRef<int64_t> getContiguity() const { return contiguity; }

  /// Divides the first element of each of those groups; for pointers the
  /// address in bytes.
  int64_t getDivisibility(unsigned dim) const { return divisibility[dim]; }
  ArrayRef<int64_t> getDivisibility() const { return divisibility; }

  /// Aligned groups of so many elements along `dim` are equal.
  int64_t getConstancy(unsigned dim) const { return constancy[dim]; }
  ArrayRef<int64_t> getConstancy() const { return constancy; }

  /// Divides every element.
  int64_t getElementDivisibility() const;

  /// Divides the first element of each aligned group of `length` along `dim`;
  /// such groups are parts of contiguous ones, or made of them.
  int64_t getRunDivisibility(unsigned dim, int64_t length) const;

  /// The value of every element, if it is known.
  std::optional<int64_t> getConstantValue() const { return constant; }

  /// No element is negative, read as a signed number.
  bool isNonNegative() const { return nonNegative; }

  /// What a step of one element counts for in `getDivisibility`: the element's
  /// bytes for pointers, else 1.
  int64_t getUnit() const { return unit; }

  bool operator==(const AxisInfo &other) const;
  bool operator!=(const AxisInfo &other) const { return !(*this == other); }

  /// contiguity = [1, 8], divisibility = [1, 16], constancy = [1, 1], ...
  void print(raw_ostream &os) const;

private:
  void normalize();

  DimVector contiguity, divisibility, constancy;
  std::optional<int64_t> constant;
  bool nonNegative = false;
  int64_t unit = 1;
};

/// The dimensions of a value as AxisInfo counts them: a scalar has one.
unsigned getAxisRank(Type type);

/// The size of dimension `dim`; 1 for a scalar.
int64_t getAxisSize(Type type, unsigned dim);

/// The largest power of two that divides `value`, kMaxDivisibility at most
/// (that of zero).
int64_t getPowerOfTwoDivisor(int64_t value);

/// The facts of one SSA value, raised by what the program promises of it:
/// attributes tt.contiguity, tt.divisibility and tt.constancy of the op that
/// defines it or of a function's argument, `..._arg<N>` on an op for argument N
/// of its region.
class AxisInfoLattice : public dataflow::AbstractSparseLattice {
public:
  using AbstractSparseLattice::AbstractSparseLattice;

  const AxisInfo &getValue() const { return info; }

  ChangeResult join(const AbstractSparseLattice &rhs) override {
    return join(static_cast<const AxisInfoLattice &>(rhs).info);
  }
  ChangeResult join(const AxisInfo &rhs);

  void print(raw_ostream &os) const override { info.print(os); }

private:
  AxisInfo info;
};

/// The forward analysis. Facts only ever get weaker on the way to the fixpoint,
/// each at most 30 times. Calls of private functions are followed both ways,
/// over all call sites; public functions take any arguments.
class AxisInfoAnalysis
    : public dataflow::SparseForwardDataFlowAnalysis<AxisInfoLattice> {
public:
  using SparseForwardDataFlowAnalysis::SparseForwardDataFlowAnalysis;

  LogicalResult visitOperation(Operation *op,
                               ArrayRef<const AxisInfoLattice *> operands,
                               ArrayRef<AxisInfoLattice *> results) override;

  void visitNonControlFlowArguments(Operation *op,
                                    const RegionSuccessor &successor,
                                    ArrayRef<AxisInfoLattice *> arguments,
                                    unsigned firstIndex) override;

protected:
  void setToEntryState(AxisInfoLattice *lattice) override;

private:
  AxisInfo getInductionVariable(Value lowerBound, Value step, Block *body);
};

/// The facts of every value of a module, as it was when this was made. Ops
/// erased or made later must not be asked for.
class ModuleAxisInfo {
public:
  explicit ModuleAxisInfo(ModuleOp module);

  /// Nothing better than the worst for values that no control flow reaches.
  AxisInfo get(Value value) const;

  /// How many elements an access through `pointers` with `mask` (null: none)
  /// can move at once along `dim`, whatever the layout.
  int64_t getVectorLength(Value pointers, Value mask, unsigned dim) const;

private:
  std::unique_ptr<DataFlowSolver> solver;
};

} // namespace mlir::triton

#endif // TRITON_ANALYSIS_AXISINFO_H
