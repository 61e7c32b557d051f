//===- Traits.h - op traits of dialect ttg ----------------------*- C++ -*-===//

#ifndef TRITON_DIALECT_TRITONGPU_IR_TRAITS_H
#define TRITON_DIALECT_TRITONGPU_IR_TRAITS_H

#include "mlir/IR/OpDefinition.h"

namespace mlir::OpTrait {
namespace impl {

/// Both are descriptors of one shape, element type, memory space, mutability
/// and allocation shape whose layouts place elements alike, or the types are
/// equal.
bool areMemDescTypesEquivalent(Type lhs, Type rhs);

} // namespace impl

/// The op's result describes (a part of) the buffer that operand 0 describes.
template <typename ConcreteType>
class MemDescViewTrait : public TraitBase<ConcreteType, MemDescViewTrait> {};

/// The op reads a buffer into a tensor.
template <typename ConcreteType>
class LocalLoadTrait : public TraitBase<ConcreteType, LocalLoadTrait> {};

/// The op waits until asynchronous accesses to memory are over.
template <typename ConcreteType>
class MemWaitOpTrait : public TraitBase<ConcreteType, MemWaitOpTrait> {};

} // namespace mlir::OpTrait

#endif // TRITON_DIALECT_TRITONGPU_IR_TRAITS_H
