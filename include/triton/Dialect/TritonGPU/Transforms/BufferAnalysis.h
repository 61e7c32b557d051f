//===- BufferAnalysis.h - who touches which buffer --------------*- C++ -*-===//

#ifndef TRITON_DIALECT_TRITONGPU_TRANSFORMS_BUFFERANALYSIS_H
#define TRITON_DIALECT_TRITONGPU_TRANSFORMS_BUFFERANALYSIS_H

#include "triton/Dialect/TritonGPU/IR/Dialect.h"

namespace mlir::triton::gpu {

/// Whether `op` only describes (a part of) the buffer of its operand 0 anew.
bool isBufferView(Operation *op);

/// What the views that end in `memdesc` start from: the result of a
/// ttg.local_alloc, or a value of unknown origin.
Value findBufferRoot(Value memdesc);

/// False if the two roots certainly are different buffers; a null root is a
/// buffer that is not known.
bool buffersMayAlias(Value rootA, Value rootB);

/// Whether nothing writes the buffer after its allocation.
bool isConstantBuffer(Value root);

/// Whether other groups of warps may touch the buffer while this one runs: it
/// is handed to a ttg.warp_specialize, or came into a partition of one.
bool isSharedWithOtherWarps(Value root);

/// The writes of one buffer: what is to be known of the buffer is found once,
/// however many ops are asked about.
class BufferWrites {
public:
  explicit BufferWrites(Value root)
      : root(root), isConstant(isConstantBuffer(root)),
        isShared(!isConstant && isSharedWithOtherWarps(root)) {}

  /// Whether `op`, or an op inside of it, may write or free the buffer, or may
  /// let other groups of warps do so.
  bool mayBeIn(Operation *op) const;

private:
  Value root;
  bool isConstant;
  bool isShared;
};

/// The same for a single op.
inline bool mayWriteBuffer(Operation *op, Value root) {
  return BufferWrites(root).mayBeIn(op);
}

} // namespace mlir::triton::gpu

#endif // TRITON_DIALECT_TRITONGPU_TRANSFORMS_BUFFERANALYSIS_H
