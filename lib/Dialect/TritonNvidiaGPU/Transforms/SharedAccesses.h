//===- SharedAccesses.h - who writes and reads shared memory ----*- C++ -*-===//
//
// The facts that fences follow from: where in which buffer an op writes through
// the generic proxy and reads through the async proxy.
//
//===----------------------------------------------------------------------===//

#ifndef TRITON_DIALECT_TRITONNVIDIAGPU_TRANSFORMS_SHAREDACCESSES_H
#define TRITON_DIALECT_TRITONNVIDIAGPU_TRANSFORMS_SHAREDACCESSES_H

#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"

namespace mlir::triton::nvidia_gpu {

/// A part of a buffer: what is left of `root` under `views`, the first of which
/// views the root. A null root is memory that is not known.
struct BufferPart {
  Value root;
  SmallVector<Operation *> views;
};

/// False if the two certainly have no byte in common.
bool mayOverlap(const BufferPart &a, const BufferPart &b);

/// The parts that `memdesc` may describe, followed through views, loops,
/// branches, blocks and captures of partitions.
SmallVector<BufferPart> findBufferParts(Value memdesc);

/// Whether `value` is a memory descriptor of data in shared memory; mbarriers
/// are none.
bool isSharedData(Value value);

/// The operands that `op` reads from shared memory through the async proxy.
SmallVector<Value> getAsyncProxyReads(Operation *op);

/// Addresses of shared memory as plain values: which accesses go through them.
class RawAddresses {
public:
  explicit RawAddresses(FuncOp function);

  /// The buffers that an address among the operands of `op` was made from.
  ArrayRef<Value> getBuffers(Operation *op) const;

private:
  void spread(Value address, Value buffer);

  DenseMap<Operation *, SmallVector<Value>> buffersOfOp;
  DenseSet<std::pair<Value, Value>> seen;
};

/// One op's writes to shared memory through the generic proxy.
struct GenericWrite {
  SmallVector<BufferPart> parts;
  /// A copy that goes on behind the op, until its group has been waited for.
  bool isCopy = false;
  /// A copy whose group is not known: no wait is known to be its last.
  bool isUntracked = false;
};

/// What `op` writes, or nullopt if it writes nothing.
std::optional<GenericWrite> getGenericWrite(Operation *op,
                                            const RawAddresses &addresses);

/// Whether `op` may let other partitions see what this one wrote, or the other
/// way round: it works on an mbarrier, or is opaque.
bool mayHandOver(Operation *op);

/// Whether a copy that is under way may end at `op` as at a wait.
bool mayEndCopies(Operation *op);

} // namespace mlir::triton::nvidia_gpu

#endif // TRITON_DIALECT_TRITONNVIDIAGPU_TRANSFORMS_SHAREDACCESSES_H
