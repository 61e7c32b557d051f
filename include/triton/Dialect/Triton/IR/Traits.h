//===- Traits.h - op traits of dialect tt -----------------------*- C++ -*-===//

#ifndef TRITON_DIALECT_TRITON_IR_TRAITS_H
#define TRITON_DIALECT_TRITON_IR_TRAITS_H

#include "mlir/IR/OpDefinition.h"

namespace mlir::OpTrait {
namespace impl {

/// Largest number of elements of one tensor; register pressure beyond it
/// cannot be compiled in reasonable time.
inline constexpr int64_t maxTensorNumElements = 1048576;

/// Each tensor has a power of two of elements, at most maxTensorNumElements.
LogicalResult verifyTensorSize(Operation *op);

/// Each tensor's encoding fits it, by the word of the dialect that owns the
/// encoding (see DialectVerifyTensorLayoutInterface).
LogicalResult verifyTensorLayouts(Operation *op);

/// All tensor operands have one encoding.
LogicalResult verifySameOperandsEncoding(Operation *op);

/// All tensor operands and results have one encoding.
LogicalResult verifySameOperandsAndResultEncoding(Operation *op);

/// Both are tensors of one shape, element type and layout (structurally the
/// same encoding, even if spelled differently), or the types are equal.
bool areTensorTypesEquivalent(Type lhs, Type rhs);

} // namespace impl

template <typename ConcreteType>
class TensorSizeTrait : public TraitBase<ConcreteType, TensorSizeTrait> {
public:
  static LogicalResult verifyTrait(Operation *op) {
    return impl::verifyTensorSize(op);
  }
};

template <typename ConcreteType>
class VerifyTensorLayoutsTrait
    : public TraitBase<ConcreteType, VerifyTensorLayoutsTrait> {
public:
  static LogicalResult verifyTrait(Operation *op) {
    return impl::verifyTensorLayouts(op);
  }
};

template <typename ConcreteType>
class SameOperandsEncoding
    : public TraitBase<ConcreteType, SameOperandsEncoding> {
public:
  static LogicalResult verifyTrait(Operation *op) {
    return impl::verifySameOperandsEncoding(op);
  }
};

template <typename ConcreteType>
class SameOperandsAndResultEncoding
    : public TraitBase<ConcreteType, SameOperandsAndResultEncoding> {
public:
  static LogicalResult verifyTrait(Operation *op) {
    return impl::verifySameOperandsAndResultEncoding(op);
  }
};

} // namespace mlir::OpTrait

#endif // TRITON_DIALECT_TRITON_IR_TRAITS_H
