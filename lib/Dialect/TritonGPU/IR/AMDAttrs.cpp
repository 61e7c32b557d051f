//===- AMDAttrs.cpp - parse, print, verify AMD's layouts ------------------===//

#include "AttrParsing.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;
using namespace mlir::triton::gpu::text;
using EmitError = function_ref<InFlightDiagnostic()>;

static bool allOnes(ArrayRef<unsigned> values) {
  return llvm::all_of(values, [](unsigned value) { return value == 1; });
}

static LogicalResult verifyTiles(EmitError emitError,
                                 ArrayRef<unsigned> warpsPerCTA,
                                 ArrayRef<unsigned> tilesPerWarp,
                                 CGAEncodingAttr cga,
                                 ArrayRef<unsigned> instrShape) {
  if (warpsPerCTA.size() != tilesPerWarp.size())
    return emitError()
           << "warpsPerCTA and tilesPerWarp must have the same rank";
  if (instrShape.size() != 3)
    return emitError() << "instrShape must be [M, N, K], got "
                       << instrShape.size() << " entries";
  if (cga.getRank() != warpsPerCTA.size())
    return emitError() << "CGALayout has rank " << cga.getRank()
                       << ", expected " << warpsPerCTA.size();
  return success();
}

Attribute AMDMfmaEncodingAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  FieldReader fields(parser);
  unsigned version = 0, elementBitWidth = 32;
  bool isTransposed = false;
  SmallVector<unsigned> warpsPerCTA, instrShape;
  fields.required("version", version);
  fields.required("warpsPerCTA", warpsPerCTA);
  fields.required("instrShape", instrShape);
  fields.required("isTransposed", isTransposed);
  CGAEncodingAttr cga = fields.cgaLayout(warpsPerCTA.size());
  SmallVector<unsigned> tilesPerWarp(warpsPerCTA.size(), 1);
  fields.optional("tilesPerWarp", tilesPerWarp);
  fields.optional("elementBitWidth", elementBitWidth);
  if (failed(fields.finish()) || parser.parseGreater())
    return {};
  return parser.getChecked<AMDMfmaEncodingAttr>(
      parser.getContext(), version, ArrayRef(warpsPerCTA), ArrayRef(instrShape),
      isTransposed, cga, ArrayRef(tilesPerWarp), elementBitWidth);
}

void AMDMfmaEncodingAttr::print(AsmPrinter &printer) const {
  printer << "<{version = " << getVersion() << ", warpsPerCTA = ";
  printList(printer, getWarpsPerCTA());
  printer << ", instrShape = ";
  printList(printer, getInstrShape());
  printer << ", isTransposed = " << (getIsTransposed() ? "true" : "false");
  printCGALayout(printer, getCGALayout());
  if (!allOnes(getTilesPerWarp())) {
    printer << ", tilesPerWarp = ";
    printList(printer, getTilesPerWarp());
  }
  if (getElementBitWidth() != 32)
    printer << ", elementBitWidth = " << getElementBitWidth();
  printer << "}>";
}

LogicalResult AMDMfmaEncodingAttr::verify(EmitError emitError, unsigned version,
                                          ArrayRef<unsigned> warpsPerCTA,
                                          ArrayRef<unsigned> instrShape, bool,
                                          CGAEncodingAttr cga,
                                          ArrayRef<unsigned> tilesPerWarp,
                                          unsigned elementBitWidth) {
  if (version > 4)
    return emitError() << "major version must be in the [0, 4] range";
  if (elementBitWidth != 32 && elementBitWidth != 64)
    return emitError() << "elementBitWidth must be 32 or 64";
  return verifyTiles(emitError, warpsPerCTA, tilesPerWarp, cga, instrShape);
}

unsigned AMDMfmaEncodingAttr::getRank() const {
  return getWarpsPerCTA().size();
}
SmallVector<unsigned> AMDMfmaEncodingAttr::getRepOrder() const {
  return getMatrixOrder(getRank(), true);
}
SmallVector<unsigned>
AMDMfmaEncodingAttr::getRepOrderForOperand(int operandIndex) const {
  return getOrderForDotOperand(operandIndex, getRank(), /*kContig=*/true);
}

Attribute AMDWmmaEncodingAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  FieldReader fields(parser);
  unsigned version = 0;
  bool isTransposed = false;
  SmallVector<unsigned> warpsPerCTA, instrShape = {16, 16, 16};
  fields.required("version", version);
  fields.required("isTranspose", isTransposed);
  fields.required("warpsPerCTA", warpsPerCTA);
  SmallVector<unsigned> tilesPerWarp(warpsPerCTA.size(), 1);
  fields.optional("tilesPerWarp", tilesPerWarp);
  CGAEncodingAttr cga = fields.cgaLayout(warpsPerCTA.size());
  fields.optional("instrShape", instrShape);
  if (failed(fields.finish()) || parser.parseGreater())
    return {};
  return parser.getChecked<AMDWmmaEncodingAttr>(
      parser.getContext(), version, isTransposed, ArrayRef(warpsPerCTA),
      ArrayRef(tilesPerWarp), cga, ArrayRef(instrShape));
}

void AMDWmmaEncodingAttr::print(AsmPrinter &printer) const {
  printer << "<{version = " << getVersion()
          << ", isTranspose = " << (getIsTransposed() ? "true" : "false")
          << ", warpsPerCTA = ";
  printList(printer, getWarpsPerCTA());
  if (!allOnes(getTilesPerWarp())) {
    printer << ", tilesPerWarp = ";
    printList(printer, getTilesPerWarp());
  }
  printCGALayout(printer, getCGALayout());
  if (getInstrShape() != ArrayRef<unsigned>{16, 16, 16}) {
    printer << ", instrShape = ";
    printList(printer, getInstrShape());
  }
  printer << "}>";
}

LogicalResult AMDWmmaEncodingAttr::verify(EmitError emitError, unsigned version,
                                          bool, ArrayRef<unsigned> warpsPerCTA,
                                          ArrayRef<unsigned> tilesPerWarp,
                                          CGAEncodingAttr cga,
                                          ArrayRef<unsigned> instrShape) {
  if (version < 1 || version > 3)
    return emitError() << "WMMA version must be in the [1, 3] range";
  return verifyTiles(emitError, warpsPerCTA, tilesPerWarp, cga, instrShape);
}

unsigned AMDWmmaEncodingAttr::getRank() const {
  return getWarpsPerCTA().size();
}
SmallVector<unsigned> AMDWmmaEncodingAttr::getRepOrder() const {
  return getMatrixOrder(getRank(), true);
}
SmallVector<unsigned>
AMDWmmaEncodingAttr::getRepOrderForOperand(int operandIndex) const {
  return getOrderForDotOperand(operandIndex, getRank(), /*kContig=*/true);
}
