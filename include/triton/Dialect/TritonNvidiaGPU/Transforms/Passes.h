//===- Passes.h - fork copies of TritonNvidiaGPU's passes -------*- C++ -*-===//

#ifndef TRITON_DIALECT_TRITONNVIDIAGPU_TRANSFORMS_PASSES_H
#define TRITON_DIALECT_TRITONNVIDIAGPU_TRANSFORMS_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"

namespace mlir::triton::nvidia_gpu {

/// Whether this build has TLE: what a pass's option `tle` starts from.
#ifdef __TLE__
inline constexpr bool kBuiltWithTLE = true;
#else
inline constexpr bool kBuiltWithTLE = false;
#endif

#define GEN_PASS_DECL
#include "triton/Dialect/TritonNvidiaGPU/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "triton/Dialect/TritonNvidiaGPU/Transforms/Passes.h.inc"

} // namespace mlir::triton::nvidia_gpu

#endif // TRITON_DIALECT_TRITONNVIDIAGPU_TRANSFORMS_PASSES_H
