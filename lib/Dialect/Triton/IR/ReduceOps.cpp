//===- ReduceOps.cpp - reductions, scans, gathers -------------------------===//

#include "triton/Dialect/Triton/IR/Dialect.h"

using namespace mlir;
using namespace mlir::triton;

namespace {

SmallVector<RankedTensorType> getTensorTypes(TypeRange types) {
  return llvm::map_to_vector(
      types, [](Type type) { return cast<RankedTensorType>(type); });
}

SmallVector<Type> getScalarTypes(TypeRange types) {
  return llvm::map_to_vector(
      types, [](Type type) { return getElementTypeOrSelf(type); });
}

/// What tt.reduce and tt.scan ask of axis, sources and results alike.
LogicalResult verifyCombine(Operation *op, int32_t axis) {
  if (op->getNumOperands() == 0)
    return op->emitOpError("needs at least one source");
  int64_t rank = cast<RankedTensorType>(op->getOperand(0).getType()).getRank();
  if (axis < 0 || axis >= rank)
    return op->emitOpError("axis must be between 0 and ")
           << rank - 1 << ", got " << axis;
  if (op->getNumResults() != op->getNumOperands())
    return op->emitOpError("has ") << op->getNumOperands() << " sources and "
                                   << op->getNumResults() << " results";
  return success();
}

/// The region takes two tuples of elements and gives one.
LogicalResult verifyCombineRegion(Operation *op) {
  Block &block = op->getRegion(0).front();
  SmallVector<Type> elements = getScalarTypes(op->getOperandTypes());
  SmallVector<Type> pairs(elements);
  pairs.append(elements);
  if (!llvm::equal(block.getArgumentTypes(), pairs))
    return op->emitOpError("region must take the element types of the sources "
                           "twice over: (")
           << pairs << "), got (" << block.getArgumentTypes() << ")";
  Operation *terminator = block.getTerminator();
  if (!isa<ReduceReturnOp, ScanReturnOp>(terminator))
    return op->emitOpError("region must end in ")
           << op->getName() << ".return, got " << terminator->getName();
  if (!llvm::equal(terminator->getOperandTypes(), elements))
    return terminator->emitOpError("must give the element types of the "
                                   "sources: (")
           << elements << "), got (" << terminator->getOperandTypes() << ")";
  return success();
}

} // namespace

//===----------------------------------------------------------------------===//
// ReduceOp
//===----------------------------------------------------------------------===//

LogicalResult ReduceOp::inferReturnTypes(MLIRContext *,
                                         std::optional<Location> loc,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &results) {
  unsigned axis = adaptor.getAxis();
  for (Type type : adaptor.getSrcs().getTypes()) {
    auto source = cast<RankedTensorType>(type);
    if (static_cast<int64_t>(axis) >= source.getRank())
      return emitOptionalError(loc, "axis must be between 0 and ",
                               source.getRank() - 1, ", got ",
                               static_cast<int32_t>(axis));
    if (source.getRank() == 1) {
      results.push_back(source.getElementType());
      continue;
    }
    SmallVector<int64_t> shape(source.getShape());
    shape.erase(shape.begin() + axis);
    Attribute encoding;
    if (Attribute sourceEncoding = source.getEncoding()) {
      auto *layouts =
          dyn_cast<DialectInferLayoutInterface>(&sourceEncoding.getDialect());
      if (!layouts)
        return emitOptionalError(loc, "no result layout can be inferred from ",
                                 sourceEncoding);
      if (failed(layouts->inferReduceOpEncoding(sourceEncoding, axis, encoding,
                                                loc)))
        return failure();
    }
    results.push_back(
        RankedTensorType::get(shape, source.getElementType(), encoding));
  }
  return success();
}

LogicalResult ReduceOp::verify() { return verifyCombine(*this, getAxis()); }

LogicalResult ReduceOp::verifyRegions() { return verifyCombineRegion(*this); }

SmallVector<RankedTensorType> ReduceOp::getInputTypes() {
  return getTensorTypes(getOperandTypes());
}

SmallVector<Type> ReduceOp::getElementTypes() {
  return getScalarTypes(getOperandTypes());
}

Operation *ReduceOp::getSingleCombiner() {
  Block &block = getCombineOp().front();
  if (getNumOperands() != 1 || block.getNumArguments() != 2 ||
      !llvm::hasNItems(block, 2))
    return nullptr;
  Operation *combiner = &block.front();
  bool combinesArguments =
      combiner->getNumOperands() == 2 && combiner->getNumResults() == 1 &&
      combiner->getOperand(0) == block.getArgument(0) &&
      combiner->getOperand(1) == block.getArgument(1) &&
      block.getTerminator()->getOperand(0) == combiner->getResult(0);
  return combinesArguments ? combiner : nullptr;
}

//===----------------------------------------------------------------------===//
// ScanOp
//===----------------------------------------------------------------------===//

LogicalResult ScanOp::inferReturnTypes(MLIRContext *, std::optional<Location>,
                                       Adaptor adaptor,
                                       SmallVectorImpl<Type> &results) {
  llvm::append_range(results, adaptor.getSrcs().getTypes());
  return success();
}

LogicalResult ScanOp::verify() { return verifyCombine(*this, getAxis()); }

LogicalResult ScanOp::verifyRegions() { return verifyCombineRegion(*this); }

SmallVector<RankedTensorType> ScanOp::getInputTypes() {
  return getTensorTypes(getOperandTypes());
}

SmallVector<Type> ScanOp::getElementTypes() {
  return getScalarTypes(getOperandTypes());
}

//===----------------------------------------------------------------------===//
// GatherOp
//===----------------------------------------------------------------------===//

LogicalResult GatherOp::inferReturnTypes(MLIRContext *, std::optional<Location>,
                                         ValueRange operands, DictionaryAttr,
                                         OpaqueProperties properties,
                                         RegionRange regions,
                                         SmallVectorImpl<Type> &results) {
  auto source = cast<RankedTensorType>(operands[0].getType());
  auto indices = cast<RankedTensorType>(operands[1].getType());
  results.push_back(indices.clone(source.getElementType()));
  return success();
}

LogicalResult GatherOp::verify() {
  RankedTensorType source = getSrc().getType();
  RankedTensorType indices = getIndices().getType();
  if (source.getRank() != indices.getRank())
    return emitOpError("source and indices must have one rank, got ")
           << source << " and " << indices;
  int32_t axis = getAxis();
  if (axis < 0 || axis >= source.getRank())
    return emitOpError("axis must be between 0 and ")
           << source.getRank() - 1 << ", got " << axis;
  for (int dim = 0; dim < source.getRank(); ++dim)
    if (dim != axis && indices.getDimSize(dim) > source.getDimSize(dim))
      return emitOpError("indices must not exceed the source in dimension #")
             << dim << ", got " << indices.getDimSize(dim) << " and "
             << source.getDimSize(dim);
  return success();
}
