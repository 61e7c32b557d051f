//===- Types.cpp - parse, print, verify types of ttg ----------------------===//

#include "triton/Dialect/TritonGPU/IR/Types.h"

#include "mlir/IR/DialectImplementation.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;

#define GET_TYPEDEF_CLASSES
#include "triton/Dialect/TritonGPU/IR/TritonGPUTypes.cpp.inc"

void TritonGPUDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "triton/Dialect/TritonGPU/IR/TritonGPUTypes.cpp.inc"
      >();
}

Type MemDescType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape, allocShape;
  Type elementType;
  Attribute encoding, memorySpace;
  bool isMutable = false;
  if (parser.parseLess() ||
      parser.parseDimensionList(shape, /*allowDynamic=*/false) ||
      parser.parseType(elementType) || parser.parseComma() ||
      parser.parseAttribute(encoding) || parser.parseComma() ||
      parser.parseAttribute(memorySpace))
    return {};
  allocShape = shape;
  if (succeeded(parser.parseOptionalComma())) {
    bool needShape = true;
    if (succeeded(parser.parseOptionalKeyword("mutable"))) {
      isMutable = true;
      needShape = succeeded(parser.parseOptionalComma());
    }
    if (needShape) {
      allocShape.clear();
      if (parser.parseDimensionList(allocShape, /*allowDynamic=*/false,
                                    /*withTrailingX=*/false))
        return {};
    }
  }
  if (parser.parseGreater())
    return {};
  return parser.getChecked<MemDescType>(parser.getContext(), shape, elementType,
                                        encoding, memorySpace, isMutable,
                                        allocShape);
}

void MemDescType::print(AsmPrinter &printer) const {
  printer << '<';
  for (int64_t size : getShape())
    printer << size << 'x';
  printer << getElementType() << ", " << getEncoding() << ", "
          << getMemorySpace();
  if (getMutableMemory())
    printer << ", mutable";
  if (getAllocShape() != getShape()) {
    printer << ", ";
    llvm::interleave(getAllocShape(), printer, "x");
  }
  printer << '>';
}

LogicalResult MemDescType::verify(function_ref<InFlightDiagnostic()> emitError,
                                  ArrayRef<int64_t> shape, Type elementType,
                                  Attribute encoding, Attribute memorySpace,
                                  bool, ArrayRef<int64_t> allocShape) {
  if (shape.empty())
    return emitError() << "rank 0 memdesc is not allowed";
  // The leading dimension may count copies of a buffer: any number of them.
  for (auto [dim, size] : llvm::enumerate(shape))
    if (size <= 0 || (dim > 0 && !llvm::isPowerOf2_64(size)))
      return emitError()
             << "shape must have power-of-2 and non-zero dimensions; got "
             << shape;
  if (allocShape.size() < shape.size())
    return emitError()
           << "alloc shape must have at least as many dimensions as shape";
  for (auto [size, alloc] :
       llvm::zip(shape, allocShape.take_back(shape.size())))
    if (size > alloc)
      return emitError()
             << "shape must be less than or equal to allocShape. shape = "
             << shape << ", allocShape = " << allocShape;
  if (!isa<IntegerType, FloatType, PointerType>(elementType))
    return emitError()
           << "elements of a memdesc must be integers, floats or pointers, got "
           << elementType;

  auto layout = dyn_cast_or_null<LayoutEncodingTrait>(encoding);
  // Layouts of other memory, such as tensor memory, are their dialect's
  // business.
  if (isa_and_nonnull<DistributedEncodingTrait>(encoding) || !encoding ||
      (!layout &&
       &encoding.getDialect() ==
           elementType.getContext()->getLoadedDialect<TritonGPUDialect>()))
    return emitError() << encoding << " is not a valid encoding";
  if (!isa<SharedEncodingTrait>(encoding))
    return success();
  if (!isa<SharedMemorySpaceAttr>(memorySpace))
    return emitError()
           << "memorySpace must be SharedMemorySpace for shared encoding. Got "
           << memorySpace;
  unsigned rank = layout.getRank();
  if (rank != shape.size() && rank + 1 != shape.size())
    return emitError()
           << "rank must be equal to or one less than the shape size. Got "
           << rank << " and " << shape.size();
  if (auto padded = dyn_cast<PaddedSharedEncodingAttr>(encoding))
    for (auto [dim, size] : llvm::enumerate(allocShape.take_back(rank)))
      if (int64_t covered = padded.getLinearComponent().getOutDims()[dim].size;
          covered != size)
        return emitError() << "Mismatch in expected shape for dimension " << dim
                           << ". Expected: " << size << ", got: " << covered;
  return success();
}
