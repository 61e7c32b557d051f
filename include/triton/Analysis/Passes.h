//===- Passes.h - what analyses know, made visible --------------*- C++ -*-===//

#ifndef TRITON_ANALYSIS_PASSES_H
#define TRITON_ANALYSIS_PASSES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::triton {

#define GEN_PASS_DECL
#include "triton/Analysis/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "triton/Analysis/Passes.h.inc"

} // namespace mlir::triton

#endif // TRITON_ANALYSIS_PASSES_H
