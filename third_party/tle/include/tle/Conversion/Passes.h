//===- Passes.h - native passes of the LLVM-dialect stage -------*- C++ -*-===//

#ifndef TLE_CONVERSION_PASSES_H
#define TLE_CONVERSION_PASSES_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::triton::tle {

#define GEN_PASS_DECL
#include "tle/Conversion/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "tle/Conversion/Passes.h.inc"

} // namespace mlir::triton::tle

#endif // TLE_CONVERSION_PASSES_H
