//===- LocalPointerUtils.h - what passes ask about local pointers -*- C++
//-*-===//

#ifndef TLE_TRANSFORMS_LOCALPOINTERUTILS_H
#define TLE_TRANSFORMS_LOCALPOINTERUTILS_H

#include "mlir/IR/Builders.h"
#include "tle/IR/Dialect.h"

namespace mlir::triton::tle {

/// The tle.local_pointers op that made `pointer`, seen through layout
/// conversions; null if it is not known.
LocalPointersOp getLocalPointersOrigin(Value pointer);

/// A view of a buffer that is known at compile time: a box of `shape` at
/// `offsets`, in the coordinates of the buffer that local_pointers took.
struct StaticView {
  Value buffer;
  SmallVector<int64_t> offsets;
  SmallVector<int64_t> shape;

  /// The whole buffer, nothing cut off.
  bool isFull() const;
};

/// The box that `pointers` point at, element by element, or nullopt if some
/// index is no "constant + range along its own dimension", or if the box cannot
/// be a ttg.memdesc_subslice of the buffer.
std::optional<StaticView> getStaticView(LocalPointersOp pointers);

/// The buffer itself for a full view, else a new ttg.memdesc_subslice of it.
Value materializeView(OpBuilder &builder, Location loc, const StaticView &view);

/// The i32 tensor of type `type` whose element at (i0, i1, ...) is i_dim.
Value createPositions(OpBuilder &builder, Location loc, RankedTensorType type,
                      int64_t dim);

/// True if `value` is an i1 (tensor) that is true everywhere.
bool isConstantTrue(Value value);

/// True if `value` is a number (or tensor of it) that is zero everywhere.
bool isConstantZero(Value value);

/// The tt.func that `op` is in; the module if it is in none.
Operation *getFunctionOrModule(Operation *op);

/// The region of the partition of a ttg.warp_specialize that `op` is in, null
/// outside of them.
Region *findPartition(Operation *op);

/// True if `op` is inside a ttg.warp_specialize, where others run beside it.
bool isInWarpSpecialize(Operation *op);

/// On steps of pipes: every thread of the partition waits or arrives.
constexpr llvm::StringLiteral kPerThreadAttr = "tle.per_thread";
/// On arrivals too: one thread of each warp arrives.
constexpr llvm::StringLiteral kPerWarpAttr = "tle.per_warp";
/// On waits of readers that do not release: what other readers release, they
/// release when this one has read it, too.
constexpr llvm::StringLiteral kImpliedReleaseAttr = "tle.implied_release";
/// On allocations: the number of the pipe whose field it is, accessed behind
/// the pipe's steps only.
constexpr llvm::StringLiteral kPipeFieldAttr = "tle.pipe_field";
/// On waits: they may come long before their time, and are tried without
/// stopping first.
constexpr llvm::StringLiteral kTurnAttr = "tle.turn";
/// On arrivals: the number of their pipe.
constexpr llvm::StringLiteral kPipeAttr = "tle.pipe";
/// On ttg.warp_specialize: the regions that need no barriers of their warps.
constexpr llvm::StringLiteral kOrderedAttr = "tle.ordered";
/// On ttg.local_alloc: a buffer that lives for all of a loop so that stores out
/// of it need not be waited for at once.
constexpr llvm::StringLiteral kDeferredStoresAttr = "tle.deferred_stores";
/// On loops of partitions: what they wait for comes from pipes of two slots or
/// more, which TMA fills and whose writer waits for nothing but free slots.
constexpr llvm::StringLiteral kMayTakeTurnsAttr = "tle.may_take_turns";

/// The buffer that `memdesc` is a view of, seen through the arguments of
/// partitions.
Value findCapturedRoot(Value memdesc);

/// Gives the buffer behind `memdesc` a ttg.local_dealloc at the end of the
/// region that allocates it, unless it has one: what reads it through raw
/// addresses is invisible to the allocation of shared memory. If the allocation
/// is not known, all of the function's are kept alive so.
void keepBufferAlive(Value memdesc, Operation *user);

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_LOCALPOINTERUTILS_H
