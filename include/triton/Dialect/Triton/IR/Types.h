//===- Types.h - types of dialect tt ----------------------------*- C++ -*-===//

#ifndef TRITON_DIALECT_TRITON_IR_TYPES_H
#define TRITON_DIALECT_TRITON_IR_TYPES_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/IR/Types.h"

#define GET_TYPEDEF_CLASSES
#include "triton/Dialect/Triton/IR/TritonTypes.h.inc"

namespace mlir::triton {

/// Whether `type` is a block pointer: a pointer to a ranked tensor.
bool isTensorPointerType(Type type);

/// Whether `type` is a pointer to a scalar, or a tensor of such.
bool isPtrLikeType(Type type);

/// What an access through `type` moves: the pointee of a pointer (a tensor for
/// a block pointer), a tensor of pointees for a tensor of pointers. Any other
/// type is its own pointee.
Type getPointeeType(Type type);

/// `type` with i1 in place of its element type; a block pointer gives the
/// shape of its block.
Type getI1SameShape(Type type);

/// `type` with i32 in place of its element type.
Type getI32SameShape(Type type);

/// A pointer to `type` in `addressSpace`; for a tensor, a tensor of pointers
/// with its shape and encoding.
Type getPointerTypeSameShape(Type type, int addressSpace = 1);

/// A pointer to a scalar or to a block.
Type getPointerTypeToElement(Type type, int addressSpace = 1);

/// Size of one element of `type` in bits; pointers count 64.
unsigned getElementBitWidth(Type type);

/// 64.
unsigned getPointerBitWidth();

} // namespace mlir::triton

#endif // TRITON_DIALECT_TRITON_IR_TYPES_H
