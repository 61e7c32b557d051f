//===- LocalAccessPTX.h - shared-memory accesses as inline PTX --*- C++ -*-===//

#ifndef TLE_TRANSFORMS_LOCALACCESSPTX_H
#define TLE_TRANSFORMS_LOCALACCESSPTX_H

#include "mlir/IR/Builders.h"
#include "tle/IR/Dialect.h"

namespace mlir::triton::tle {

/// Replaces `access`, a tt.load, tt.store, tt.atomic_rmw or tt.atomic_cas
/// through local pointers, by inline PTX that takes the pointer operand as an
/// i32 shared address (the caller retypes it). Reports what has no such form.
LogicalResult lowerLocalAccess(Operation *access);

/// The part of it that is about atomics.
LogicalResult lowerLocalAtomic(Operation *atomic);

/// `type`, or if it is a tensor, its element type replaced by `element`.
Type withElement(Type type, Type element);

/// Builds the inline PTX for one access to elements of one width. Elements
/// travel as plain integers, which is what LLVM wants in inline assembly; bytes
/// in 16 bits, since PTX has no smaller registers.
class AccessBuilder {
public:
  AccessBuilder(Operation *access, Type valueType)
      : access(access), builder(access), loc(access->getLoc()),
        valueType(valueType) {}

  /// Reports elements that PTX cannot access.
  LogicalResult init();

  /// `value` as what goes into a register.
  Value toRegister(Value value);
  /// The value that a register holds.
  Value fromRegister(Value value);
  /// An i1 (tensor) as a 32-bit register.
  Value toPredicate(Value mask);
  Value createAsm(const Twine &text, const Twine &constraints, Type resultType,
                  ValueRange operands);

  Operation *access;
  OpBuilder builder;
  Location loc;
  Type valueType;
  Type registerType;
  unsigned memoryBits = 0;
  unsigned registerBits = 0;
  /// The constraint letter of a register.
  char constraint = 0;
};

} // namespace mlir::triton::tle

#endif // TLE_TRANSFORMS_LOCALACCESSPTX_H
