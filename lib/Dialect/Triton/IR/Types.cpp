//===- Types.cpp - types of dialect tt ------------------------------------===//

#include "triton/Dialect/Triton/IR/Types.h"

#include "mlir/IR/DialectImplementation.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "llvm/ADT/TypeSwitch.h"

#define GET_TYPEDEF_CLASSES
#include "triton/Dialect/Triton/IR/TritonTypes.cpp.inc"

using namespace mlir;
using namespace mlir::triton;

void TritonDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "triton/Dialect/Triton/IR/TritonTypes.cpp.inc"
      >();
}

// pointer ::= `<` type (`,` address-space)? `>`
Type PointerType::parse(AsmParser &parser) {
  Type pointee;
  int addressSpace = 1;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parser.parseType(pointee))
    return Type();
  if (succeeded(parser.parseOptionalComma()) &&
      parser.parseInteger(addressSpace))
    return Type();
  if (parser.parseGreater())
    return Type();
  return PointerType::getChecked([&] { return parser.emitError(loc); },
                                 pointee.getContext(), pointee, addressSpace);
}

void PointerType::print(AsmPrinter &printer) const {
  printer << "<" << getPointeeType();
  if (getAddressSpace() != 1)
    printer << ", " << getAddressSpace();
  printer << ">";
}

LogicalResult PointerType::verify(function_ref<InFlightDiagnostic()> emitError,
                                  Type pointee, int addressSpace) {
  if (addressSpace < 0)
    return emitError() << "address space of a pointer must not be negative, "
                       << "got " << addressSpace;
  return success();
}

RankedTensorType TensorDescType::getSignlessBlockType() const {
  RankedTensorType block = getBlockType();
  if (auto integer = dyn_cast<IntegerType>(block.getElementType()))
    return block.clone(
        IntegerType::get(block.getContext(), integer.getWidth()));
  return block;
}

namespace mlir::triton {

bool isTensorPointerType(Type type) {
  auto pointer = dyn_cast<PointerType>(type);
  return pointer && isa<RankedTensorType>(pointer.getPointeeType());
}

bool isPtrLikeType(Type type) {
  return isa<PointerType>(getElementTypeOrSelf(type));
}

Type getPointeeType(Type type) {
  if (auto tensor = dyn_cast<RankedTensorType>(type)) {
    auto pointer = dyn_cast<PointerType>(tensor.getElementType());
    return pointer ? Type(tensor.clone(pointer.getPointeeType())) : type;
  }
  if (auto pointer = dyn_cast<PointerType>(type))
    return pointer.getPointeeType();
  return type;
}

/// `type`, or the block behind a block pointer, with element type `element`.
static Type withElementType(Type type, Type element) {
  if (isTensorPointerType(type))
    type = cast<PointerType>(type).getPointeeType();
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    return tensor.clone(element);
  return element;
}

Type getI1SameShape(Type type) {
  return withElementType(type, IntegerType::get(type.getContext(), 1));
}

Type getI32SameShape(Type type) {
  return withElementType(type, IntegerType::get(type.getContext(), 32));
}

Type getPointerTypeSameShape(Type type, int addressSpace) {
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    return tensor.clone(
        PointerType::get(tensor.getElementType(), addressSpace));
  return PointerType::get(type, addressSpace);
}

Type getPointerTypeToElement(Type type, int addressSpace) {
  return PointerType::get(getElementTypeOrSelf(type), addressSpace);
}

unsigned getPointerBitWidth() { return 64; }

unsigned getElementBitWidth(Type type) {
  Type element = getElementTypeOrSelf(type);
  return isa<PointerType>(element) ? getPointerBitWidth()
                                   : element.getIntOrFloatBitWidth();
}

} // namespace mlir::triton
