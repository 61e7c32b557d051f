//===- PipeSlots.h - which slot of a pipe a step or an access means -------===//

#ifndef TLE_TRANSFORMS_PIPESLOTS_H
#define TLE_TRANSFORMS_PIPESLOTS_H

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"

namespace mlir::triton::tle {

/// The number of a slot in a ring of `modulus` slots: a sum of values, each
/// times a factor, and a constant, all of it modulo `modulus`.
class SlotNumber {
public:
  /// What `value` is modulo `modulus`. Tiles are counted from 0 on: no number
  /// is negative, none overflows.
  SlotNumber(Value value, int64_t modulus);

  /// True if the two are never the same. False says nothing.
  bool differsFrom(const SlotNumber &other) const;

  /// True if the two are always the same. False says nothing.
  bool equals(const SlotNumber &other) const;

  /// What a number that iteration i of `loop` calculates is in terms of the
  /// values of iteration i + 1 or, if `behind`, of the values behind the loop.
  /// Nothing if that is not known.
  std::optional<SlotNumber> afterIteration(scf::ForOp loop, bool behind) const;

private:
  explicit SlotNumber(int64_t modulus) : modulus(modulus) {}
  void add(Value value, int64_t factor, unsigned depth);
  void addConstant(int64_t value, int64_t factor);
  void addLeaf(Value value, int64_t factor);

  int64_t modulus;
  int64_t constant = 0;
  /// In the order of the values' addresses; no factor is zero.
  SmallVector<std::pair<Value, int64_t>> terms;
};

/// The index by which `buffer`, a view, takes its slot from the field of a
/// pipe; null if it takes none.
Value findSlotIndex(Value buffer);

/// The lowest and the highest number of the tiles that a step is for.
struct TileRange {
  int64_t first, last;
};

/// The tiles that `step`, in `region`, is for, if that is known: it stands in
/// no branch, all loops around it have constant bounds, and the number is a sum
/// of their counters, each times a constant. Both ends are reached.
std::optional<TileRange> findTiles(Operation *step, Region *region);

/// How often `ops` are carried out in `region` in all, if that is known: none
/// stands in a branch, and all loops around them have constant bounds.
std::optional<int64_t> countRuns(ArrayRef<Operation *> ops, Region *region);

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_PIPESLOTS_H
