//===- Dialect.h - dialect tt -----------------------------------*- C++ -*-===//

#ifndef TRITON_DIALECT_TRITON_IR_DIALECT_H
#define TRITON_DIALECT_TRITON_IR_DIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "triton/Dialect/Triton/IR/Interfaces.h"
#include "triton/Dialect/Triton/IR/Traits.h"
#include "triton/Dialect/Triton/IR/Types.h"

#include "triton/Dialect/Triton/IR/TritonDialect.h.inc"
#include "triton/Dialect/Triton/IR/TritonEnums.h.inc"

namespace mlir::triton {

/// Memory that other CTAs and the host see.
struct GlobalMemory : public SideEffects::Resource::Base<GlobalMemory> {
  StringRef getName() final { return "<GlobalMemory>"; }
};

} // namespace mlir::triton

#define GET_OP_CLASSES
#include "triton/Dialect/Triton/IR/TritonOps.h.inc"

namespace mlir::triton {

/// Whether a gather or scatter through a descriptor of one-row blocks `block`
/// may move `tensor`, one row per entry of `rows`; reports at `op` if not.
LogicalResult verifyRowAccess(Operation *op, ShapedType block,
                              ShapedType tensor, ShapedType rows);

} // namespace mlir::triton

#endif // TRITON_DIALECT_TRITON_IR_DIALECT_H
