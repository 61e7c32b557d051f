//===- StockBarriers.h - products beside barriers of stock ------*- C++ -*-===//
//
// Stock puts its barriers in later, between accesses to the same shared memory.
// It takes what was read before a barrier to have been read at its end. The
// reads of an asynchronous product go on until its wait:
//
//   %d = ttng.warp_group_dot %a, %b, %c {isAsync = true}
//   %x = ttg.local_load %other        // stock may put a barrier here
//   %w = ttng.warp_group_dot_wait %d
//   ttg.local_store %next, %b         // and none here
//
// Nothing orders the store behind the reads of another group of warps. A wait
// may stand behind `%x` if
//
// - no barrier is put there,
// - there is no other group of warps: a thread's wait for a product is one for
//   what all four warps of its group read,
// - the partition never writes what the product reads, and its memory holds
//   nothing else while the partition runs, or
// - the program has a barrier behind the wait, before anything that may write
//   shared memory.
//
// Tile-style loops, whose copies are yet to be moved, have rules of their own
// (TileStyleMeetings in TileStyleProducts.h).
//
//===----------------------------------------------------------------------===//

#ifndef TLE_TRANSFORMS_STOCKBARRIERS_H
#define TLE_TRANSFORMS_STOCKBARRIERS_H

#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include <memory>

namespace mlir::triton::tle {

/// Answers questions about stock's barriers, and keeps the answers: whatever is
/// asked, the time is linear in the size of the module. Meanwhile only waits
/// for products may move, come or go.
class StockBarriers {
public:
  /// Whether stock may put a barrier of the partition's warps around `op` or
  /// inside of it. What reads shared memory, a load or a product, gets none if
  /// nothing may have written its buffer since the last barrier: one of the
  /// program, the one that stock puts behind a wait for copies, or the one that
  /// it puts between a write of a buffer and a read of the same. Stock takes an
  /// allocation to where its source is calculated: out of a loop, if that is
  /// outside.
  bool mayGetBarrier(Operation *op);

  /// Whether no barrier of stock before the wait for `dot` does harm: one group
  /// of warps makes the whole product, or the partition that `dot` is in leaves
  /// what it reads from shared memory as it is. The buffers come from outside
  /// of the partition then, so that their memory is not used for others inside,
  /// and no op of it writes them.
  bool mayEndBehindBarriers(nvidia_gpu::WarpGroupDotOp dot);

  /// The same for all products in `partition`.
  bool mayAllEndBehindBarriers(Region &partition);

  /// Whether a barrier of the program stands behind `op` in its block, before
  /// anything that may write shared memory.
  bool meetsBeforeWrites(Operation *op);

  /// To be called when an allocation gets another source: stock writes it in
  /// another place then.
  void forgetSources();

private:
  /// What an op, or one inside of it, does to shared memory.
  struct Access {
    /// All warps meet there.
    bool isBarrier = false;
    bool mayWriteAll = false;
    /// Buffers, by their ttg.local_alloc, that it may write.
    llvm::DenseSet<Value> written;

    bool mayWrite(Value root) const {
      return mayWriteAll || written.contains(root);
    }
    void add(const Access &other);
  };
  class OpenWriteSearch;

  llvm::DenseMap<Operation *, std::unique_ptr<Access>> accesses;
  llvm::DenseMap<Region *, Access> accessesOfRegions;
  llvm::DenseMap<Region *, bool> endsOfRegions;
  llvm::DenseMap<Operation *, bool> barriersAt;
  /// By a read and its buffer: whether a write may have had no barrier yet.
  llvm::DenseMap<std::pair<Operation *, Value>, bool> openReads;
  /// By op: whether a barrier of the program is it, or stands behind it, with
  /// no write in front.
  llvm::DenseMap<Operation *, bool> meetings;

  static Access findOwnAccess(Operation *op);
  const Access *getAccess(Operation *op);
  const Access &getAccess(Region &region);
  bool isForeign(Value root, Operation *op);
  bool mayReadOpenWrite(Operation *reader, Value buffer);
  bool mayGetBarrierItself(Operation *op);
};

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_STOCKBARRIERS_H
