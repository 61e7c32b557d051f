//===- AsyncCopyWidth.h - what cp.async can move ----------------*- C++ -*-===//

#ifndef TLE_TRANSFORMS_ASYNCCOPYWIDTH_H
#define TLE_TRANSFORMS_ASYNCCOPYWIDTH_H

#include "triton/Analysis/AxisInfo.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"

namespace mlir::triton::tle {

/// How many elements a thread can copy at once from `pointers`, under `mask`
/// (null: none), into `buffer`: they are neighbours in its registers, in global
/// memory and in shared memory, aligned, and share a mask value. `promised` is
/// what the copy's attribute `contiguity` says of addresses and mask.
int64_t getCopyVector(const ModuleAxisInfo &axes, Value pointers, Value mask,
                      gpu::MemDescType buffer, int64_t promised = 1);

/// Whether that is something cp.async moves: 4, 8 or 16 bytes, or more of it.
bool isCopyable(const ModuleAxisInfo &axes, Value pointers, Value mask,
                gpu::MemDescType buffer);

/// Bytes of one element of `buffer`.
int64_t getElementBytes(gpu::MemDescType buffer);

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_ASYNCCOPYWIDTH_H
