//===- Interfaces.h - op and dialect interfaces of tt -----------*- C++ -*-===//

#ifndef TRITON_DIALECT_TRITON_IR_INTERFACES_H
#define TRITON_DIALECT_TRITON_IR_INTERFACES_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectInterface.h"
#include "mlir/IR/OpDefinition.h"
#include "triton/Dialect/Triton/IR/Types.h"

namespace mlir::triton {
namespace impl {

bool dotReductionDimsAgree(Value a, Value b);
bool dotOutputDimsAgree(Value a, Value b, Value c);
LogicalResult verifyTransposeOpInterface(Operation *op);
LogicalResult verifyDotOpInterface(Operation *op);

} // namespace impl

/// What the dialect of a tensor encoding knows about ops of `tt`.
///
/// `tt` elides result types in its text and rewrites shapes; which encoding
/// the result then has, only the encoding's dialect can tell. Every method
/// reports at `loc` (if there) and fails when the rule has no answer.
class DialectInferLayoutInterface
    : public DialectInterface::Base<DialectInferLayoutInterface> {
public:
  DialectInferLayoutInterface(Dialect *dialect) : Base(dialect) {}

  virtual LogicalResult
  inferTransOpEncoding(Attribute srcEncoding, ArrayRef<int64_t> srcShape,
                       ArrayRef<int32_t> order, Attribute &resultEncoding,
                       std::optional<Location> loc) const = 0;

  virtual LogicalResult
  inferReduceOpEncoding(Attribute srcEncoding, unsigned axis,
                        Attribute &resultEncoding,
                        std::optional<Location> loc) const = 0;

  virtual LogicalResult
  inferExpandDimsOpEncoding(Attribute srcEncoding, unsigned axis,
                            Attribute &resultEncoding,
                            std::optional<Location> loc) const = 0;

  /// Whether `srcEncoding` may be operand `operandIndex` of a dot whose result
  /// has `resultEncoding`.
  virtual LogicalResult
  inferDotOpEncoding(Attribute srcEncoding, unsigned operandIndex,
                     Attribute resultEncoding,
                     std::optional<Location> loc) const = 0;

  /// Whether the two factors of `op` fit each other.
  virtual LogicalResult
  verifyDotOpEncodingCompatibility(Operation *op, Attribute encodingA,
                                   Attribute encodingB) const = 0;

  /// The encoding under which the reshape moves no data. A `resultEncoding`
  /// that comes in non-null is a wish, kept where it moves no data either.
  virtual LogicalResult
  inferReshapeOpEncoding(ArrayRef<int64_t> srcShape, Attribute srcEncoding,
                         ArrayRef<int64_t> resultShape,
                         Attribute &resultEncoding,
                         std::optional<Location> loc) const = 0;

  /// `shape` is that of one source of the join.
  virtual LogicalResult
  inferDefaultJoinOpEncoding(Attribute srcEncoding, Attribute &resultEncoding,
                             ArrayRef<int64_t> shape,
                             std::optional<Location> loc) const = 0;

  /// `shape` is that of the source, its last dimension 2.
  virtual LogicalResult
  inferSplitOpEncoding(Attribute srcEncoding, Attribute &resultEncoding,
                       ArrayRef<int64_t> shape,
                       std::optional<Location> loc) const = 0;

  /// From packed fp4 (`forward`: the source's `shape`) to floats, or back.
  virtual LogicalResult
  inferFp4ToFpOpEncoding(ArrayRef<int64_t> shape, int axis,
                         Attribute srcEncoding, Attribute &resultEncoding,
                         bool forward, std::optional<Location> loc) const = 0;

  /// Whether both encodings place the elements of `shape` alike, whatever
  /// attribute spells them.
  virtual LogicalResult
  verifyLayoutsAreEqual(ArrayRef<int64_t> shape, Attribute expected,
                        Attribute actual,
                        std::optional<Location> loc) const = 0;
};

/// Lets the dialect of a tensor encoding, or of a memory descriptor type,
/// check that it fits the value that carries it.
class DialectVerifyTensorLayoutInterface
    : public DialectInterface::Base<DialectVerifyTensorLayoutInterface> {
public:
  DialectVerifyTensorLayoutInterface(Dialect *dialect) : Base(dialect) {}

  virtual LogicalResult
  verifyTensorLayout(Attribute layout, RankedTensorType type, Operation *op,
                     function_ref<InFlightDiagnostic()> emitError) const = 0;

  /// For a value of a shaped non-tensor type that the dialect owns.
  virtual LogicalResult
  verifyMemDescLayout(Type type, Operation *op,
                      function_ref<InFlightDiagnostic()> emitError) const = 0;
};

} // namespace mlir::triton

#include "triton/Dialect/Triton/IR/TritonOpInterfaces.h.inc"

#endif // TRITON_DIALECT_TRITON_IR_INTERFACES_H
