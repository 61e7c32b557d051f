//===- SharedAttrs.cpp - parse, print, verify layouts of shared memory ----===//

#include "AttrParsing.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "llvm/ADT/SmallSet.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;
using namespace mlir::triton::gpu::text;
using EmitError = function_ref<InFlightDiagnostic()>;

/// Alignment that cp.async and vector accesses of 16 bytes need.
static constexpr int32_t vectorAlignment = 16;

//===----------------------------------------------------------------------===//
// #ttg.swizzled_shared and #ttg.amd_rotating_shared: the same fields
//===----------------------------------------------------------------------===//

template <typename LayoutAttr>
static Attribute parseSwizzled(AsmParser &parser) {
  if (parser.parseLess())
    return {};
  FieldReader fields(parser);
  unsigned vec = 0, perPhase = 0, maxPhase = 0;
  SmallVector<unsigned> order;
  fields.required("vec", vec);
  fields.required("perPhase", perPhase);
  fields.required("maxPhase", maxPhase);
  fields.required("order", order);
  CGAEncodingAttr cga = fields.cgaLayout(order.size());
  if (failed(fields.finish()) || parser.parseGreater())
    return {};
  return parser.getChecked<LayoutAttr>(parser.getContext(), vec, perPhase,
                                       maxPhase, ArrayRef(order), cga);
}

template <typename LayoutAttr>
static void printSwizzled(AsmPrinter &printer, LayoutAttr layout) {
  printer << "<{vec = " << layout.getVec()
          << ", perPhase = " << layout.getPerPhase()
          << ", maxPhase = " << layout.getMaxPhase() << ", order = ";
  printList(printer, layout.getOrder());
  printCGALayout(printer, layout.getCGALayout());
  printer << "}>";
}

static LogicalResult verifySwizzled(EmitError emitError, unsigned vec,
                                    unsigned perPhase, unsigned maxPhase,
                                    ArrayRef<unsigned> order,
                                    CGAEncodingAttr cga) {
  if (!isPermutation(order))
    return emitError()
           << "order must be a permutation of 0..(rank-1), but was [" << order
           << "]";
  if (vec == 0 || perPhase == 0 || maxPhase == 0)
    return emitError() << "vec, perPhase and maxPhase must be positive, got "
                       << vec << ", " << perPhase << ", " << maxPhase;
  if (!cga || cga.getRank() != order.size())
    return emitError() << "CGALayout must have the rank of order, "
                       << order.size();
  return success();
}

Attribute SwizzledSharedEncodingAttr::parse(AsmParser &parser, Type) {
  return parseSwizzled<SwizzledSharedEncodingAttr>(parser);
}
void SwizzledSharedEncodingAttr::print(AsmPrinter &printer) const {
  printSwizzled(printer, *this);
}
LogicalResult SwizzledSharedEncodingAttr::verify(
    EmitError emitError, unsigned vec, unsigned perPhase, unsigned maxPhase,
    ArrayRef<unsigned> order, CGAEncodingAttr cga) {
  return verifySwizzled(emitError, vec, perPhase, maxPhase, order, cga);
}
unsigned SwizzledSharedEncodingAttr::getRank() const {
  return getOrder().size();
}
int32_t SwizzledSharedEncodingAttr::getAlignment() const {
  return vectorAlignment;
}

Attribute AMDRotatingSharedEncodingAttr::parse(AsmParser &parser, Type) {
  return parseSwizzled<AMDRotatingSharedEncodingAttr>(parser);
}
void AMDRotatingSharedEncodingAttr::print(AsmPrinter &printer) const {
  printSwizzled(printer, *this);
}
LogicalResult AMDRotatingSharedEncodingAttr::verify(
    EmitError emitError, unsigned vec, unsigned perPhase, unsigned maxPhase,
    ArrayRef<unsigned> order, CGAEncodingAttr cga) {
  return verifySwizzled(emitError, vec, perPhase, maxPhase, order, cga);
}
unsigned AMDRotatingSharedEncodingAttr::getRank() const {
  return getOrder().size();
}
int32_t AMDRotatingSharedEncodingAttr::getAlignment() const {
  return vectorAlignment;
}

//===----------------------------------------------------------------------===//
// #ttg.nvmma_shared
//===----------------------------------------------------------------------===//

Attribute NVMMASharedEncodingAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  FieldReader fields(parser);
  unsigned swizzlingByteWidth = 0, elementBitWidth = 0, rank = 2;
  bool transposed = false, fp4Padded = false;
  fields.required("swizzlingByteWidth", swizzlingByteWidth);
  fields.required("transposed", transposed);
  fields.required("elementBitWidth", elementBitWidth);
  fields.optional("fp4Padded", fp4Padded);
  fields.optional("rank", rank);
  if (rank == 0 || rank > 5)
    fields.fail("expected 'rank' to be 1 to 5, as TMA has it, got " +
                Twine(rank));
  CGAEncodingAttr cga = fields.cgaLayout(rank);
  if (failed(fields.finish()) || parser.parseGreater())
    return {};
  return parser.getChecked<NVMMASharedEncodingAttr>(
      parser.getContext(), swizzlingByteWidth, transposed, elementBitWidth,
      fp4Padded, cga);
}

void NVMMASharedEncodingAttr::print(AsmPrinter &printer) const {
  printer << "<{swizzlingByteWidth = " << getSwizzlingByteWidth()
          << ", transposed = " << (getTransposed() ? "true" : "false")
          << ", elementBitWidth = " << getElementBitWidth();
  if (getFp4Padded())
    printer << ", fp4Padded = true";
  if (getRank() != 2)
    printer << ", rank = " << getRank();
  printCGALayout(printer, getCGALayout());
  printer << "}>";
}

LogicalResult NVMMASharedEncodingAttr::verify(EmitError emitError,
                                              unsigned swizzlingByteWidth, bool,
                                              unsigned elementBitWidth, bool,
                                              CGAEncodingAttr cga) {
  if (!llvm::is_contained({0u, 32u, 64u, 128u}, swizzlingByteWidth))
    return emitError() << "swizzlingByteWidth must be 0, 32, 64 or 128, got "
                       << swizzlingByteWidth;
  if (!llvm::is_contained({8u, 16u, 32u, 64u}, elementBitWidth))
    return emitError() << "elementBitWidth must be 8, 16, 32 or 64, got "
                       << elementBitWidth;
  if (!cga)
    return emitError() << "a layout needs a CGALayout";
  return success();
}

NVMMASharedEncodingAttr
NVMMASharedEncodingAttr::get(MLIRContext *context, ArrayRef<int64_t> shape,
                             ArrayRef<unsigned> order, CGAEncodingAttr cga,
                             Type elementType, bool fp4Padded) {
  unsigned bits = elementType.getIntOrFloatBitWidth();
  SmallVector<int64_t> perCTA = getShapePerCTA(cga.getCTASplitNum(), shape);
  int64_t rowBytes =
      perCTA[order[0]] * (fp4Padded ? 2 : 1) * std::max(8u, bits) / 8;
  int64_t rows = 1;
  for (unsigned dim : order.drop_front())
    rows *= perCTA[dim];
  unsigned swizzle = 0;
  // A tile of 8 rows is what a swizzle repeats over.
  if (rows >= 8)
    for (unsigned width : {32u, 64u, 128u})
      if (rowBytes % width == 0)
        swizzle = width;
  if (fp4Padded)
    swizzle = 128;
  return get(context, swizzle, order.size() > 1 && order[0] == 0, bits,
             fp4Padded, cga);
}

unsigned NVMMASharedEncodingAttr::getRank() const {
  return getCGALayout().getRank();
}
int NVMMASharedEncodingAttr::getVec() const {
  return getSwizzlingByteWidth() == 0 ? 1 : 128 / getElementBitWidth();
}
int NVMMASharedEncodingAttr::getPerPhase() const {
  return getSwizzlingByteWidth() == 0 ? 1 : 128 / getSwizzlingByteWidth();
}
int NVMMASharedEncodingAttr::getMaxPhase() const {
  return getSwizzlingByteWidth() == 0 ? 1 : getSwizzlingByteWidth() / 16;
}
int32_t NVMMASharedEncodingAttr::getAlignment() const {
  return 128 * getMaxPhase();
}

//===----------------------------------------------------------------------===//
// #ttg.shared_linear
//===----------------------------------------------------------------------===//

Attribute SharedLinearEncodingAttr::parse(AsmParser &parser, Type) {
  unsigned alignment = 0;
  if (parser.parseLess())
    return {};
  FieldReader fields(parser);
  auto offset = fields.bases("offset");
  auto block = fields.bases("block", /*optional=*/true);
  if (failed(fields.finish()))
    return {};
  SMLoc alignmentLoc;
  if (parser.parseComma() || parser.parseKeyword("alignment") ||
      parser.parseEqual() || parser.getCurrentLocation(&alignmentLoc) ||
      parser.parseInteger(alignment) || parser.parseGreater())
    return {};
  if (!llvm::isPowerOf2_32(alignment)) {
    parser.emitError(alignmentLoc, "alignment must be a power of two, got ")
        << alignment;
    return {};
  }
  unsigned rank = !offset->empty()           ? offset->front().size()
                  : block && !block->empty() ? block->front().size()
                                             : 0;
  std::vector<LinearLayout::InDim> ins = {{"offset", std::move(*offset)}};
  ins.push_back({"block", block ? std::move(*block)
                                : std::vector<LinearLayout::Basis>()});
  std::string error;
  auto layout =
      LinearLayout::get(std::move(ins), standardOutDimNames(rank), &error);
  if (!layout) {
    parser.emitError(parser.getNameLoc(), "invalid linear layout: ") << error;
    return {};
  }
  return parser.getChecked<SharedLinearEncodingAttr>(parser.getContext(),
                                                     *layout, alignment);
}

void SharedLinearEncodingAttr::print(AsmPrinter &printer) const {
  printer << "<{offset = ";
  printBases(printer, getLinearLayout().getBases("offset"));
  if (!getLinearLayout().getBases("block").empty()) {
    printer << ", block = ";
    printBases(printer, getLinearLayout().getBases("block"));
  }
  printer << "}, alignment = " << getLayoutAlignment() << ">";
}

LogicalResult SharedLinearEncodingAttr::verify(EmitError emitError,
                                               LinearLayout layout, unsigned) {
  if (!layout.isSurjective())
    return emitError() << "the bases must reach every element";
  if (layout.removeZeroBases("offset")
          .removeZeroBases("block")
          .getTotalInSize() != layout.getTotalOutSize())
    return emitError()
           << "the bases that are not zero must reach every element once";
  return success();
}

unsigned SharedLinearEncodingAttr::getRank() const {
  return getLinearLayout().getNumOutDims();
}
int32_t SharedLinearEncodingAttr::getAlignment() const {
  return getLayoutAlignment();
}

//===----------------------------------------------------------------------===//
// #ttg.padded_shared
//===----------------------------------------------------------------------===//

/// The component that `{order = ..., shape = ...}` stands for.
static LinearLayout identityComponent(ArrayRef<unsigned> order,
                                      ArrayRef<unsigned> shape) {
  SmallVector<std::string> names = standardOutDimNames(order.size());
  LinearLayout layout =
      *LinearLayout::get({{"offset", {}}}, ArrayRef<std::string>());
  for (unsigned dim : order)
    layout *= LinearLayout::identity1D(shape[dim], "offset", names[dim]);
  layout = layout.transposeOuts(names);
  return layout * *LinearLayout::get({{"block", {}}}, names);
}

/// The order for which identityComponent gives `layout`, if there is one.
static std::optional<SmallVector<unsigned>>
identityOrder(const LinearLayout &layout) {
  if (!layout.getBases("block").empty())
    return std::nullopt;
  SmallVector<unsigned> order, shape;
  for (const LinearLayout::OutDim &dim : layout.getOutDims())
    shape.push_back(dim.size);
  for (const LinearLayout::Basis &basis : layout.getBases("offset"))
    for (auto [dim, coordinate] : llvm::enumerate(basis))
      if (coordinate != 0 && !llvm::is_contained(order, unsigned(dim)))
        order.push_back(dim);
  for (unsigned dim = shape.size(); dim-- > 0;)
    if (!llvm::is_contained(order, dim))
      order.push_back(dim);
  if (identityComponent(order, shape) != layout)
    return std::nullopt;
  return order;
}

Attribute PaddedSharedEncodingAttr::parse(AsmParser &parser, Type) {
  SmallVector<unsigned> intervals, paddings;
  auto parsePair = [&]() -> ParseResult {
    unsigned interval = 0, padding = 0;
    if (parser.parseInteger(interval) || parser.parseColon() ||
        parser.parsePlus() || parser.parseInteger(padding))
      return failure();
    intervals.push_back(interval);
    paddings.push_back(padding);
    return success();
  };
  if (parser.parseLess() || parser.parseLSquare() ||
      parser.parseCommaSeparatedList(parsePair) || parser.parseRSquare())
    return {};

  FieldReader fields(parser);
  SmallVector<unsigned> order, shape;
  bool identity = fields.optional("order", order);
  if (identity) {
    fields.required("shape", shape);
    if (!fields.failed() &&
        (shape.size() != order.size() || !isPermutation(order)))
      fields.fail(
          "expected 'order' to be a permutation of the dimensions of 'shape'");
    if (!fields.failed() && !llvm::all_of(shape, [](unsigned size) {
          return llvm::isPowerOf2_32(size);
        }))
      fields.fail("expected 'shape' to hold powers of two");
  }
  std::optional<std::vector<LinearLayout::Basis>> offset, block;
  if (!identity) {
    offset = fields.bases("offset");
    block = fields.bases("block");
  }
  if (failed(fields.finish()) || parser.parseGreater())
    return {};
  if (identity)
    return parser.getChecked<PaddedSharedEncodingAttr>(
        parser.getContext(), ArrayRef(intervals), ArrayRef(paddings),
        identityComponent(order, shape));

  unsigned rank = !offset->empty()  ? offset->front().size()
                  : !block->empty() ? block->front().size()
                                    : 0;
  std::string error;
  auto layout = LinearLayout::get(
      {{"offset", std::move(*offset)}, {"block", std::move(*block)}},
      standardOutDimNames(rank), &error);
  if (!layout) {
    parser.emitError(parser.getNameLoc(), "invalid linear layout: ") << error;
    return {};
  }
  return parser.getChecked<PaddedSharedEncodingAttr>(
      parser.getContext(), ArrayRef(intervals), ArrayRef(paddings), *layout);
}

void PaddedSharedEncodingAttr::print(AsmPrinter &printer) const {
  printer << "<[";
  llvm::interleaveComma(
      llvm::zip(getIntervals(), getPaddings()), printer, [&](auto pair) {
        printer << std::get<0>(pair) << ":+" << std::get<1>(pair);
      });
  printer << "] {";
  const LinearLayout &layout = getLinearComponent();
  if (auto order = identityOrder(layout)) {
    printer << "order = ";
    printList(printer, *order);
    printer << ", shape = ";
    printList(printer,
              llvm::map_to_vector(layout.getOutDims(), [](const auto &dim) {
                return unsigned(dim.size);
              }));
  } else {
    printer << "offset = ";
    printBases(printer, layout.getBases("offset"));
    printer << ", block = ";
    printBases(printer, layout.getBases("block"));
  }
  printer << "}>";
}

LogicalResult PaddedSharedEncodingAttr::verify(EmitError emitError,
                                               ArrayRef<unsigned> intervals,
                                               ArrayRef<unsigned> paddings,
                                               LinearLayout layout) {
  if (intervals.empty() || intervals.size() != paddings.size())
    return emitError()
           << "a padded layout needs at least one pair of interval and padding";
  if (!llvm::all_of(intervals,
                    [](unsigned value) { return llvm::isPowerOf2_32(value); }))
    return emitError() << "interval values must all be power of two";
  if (!llvm::all_of(paddings,
                    [](unsigned value) { return llvm::isPowerOf2_32(value); }))
    return emitError() << "padding values must all be power of two";
  llvm::SmallSet<unsigned, 4> seen;
  for (unsigned interval : intervals)
    if (!seen.insert(interval).second)
      return emitError() << "interval values cannot have duplicates, got "
                         << interval << " twice";
  for (const LinearLayout::InDim &dim : layout.getInDims())
    for (const LinearLayout::Basis &basis : dim.bases)
      if (llvm::count_if(basis, [](int32_t value) { return value != 0; }) > 1)
        return emitError() << "a basis of " << dim.name
                           << " must move along one dimension at most";
  if (!layout.isSurjective() || !layout.isInjective())
    return emitError() << "the bases must reach every element once";
  return success();
}

unsigned PaddedSharedEncodingAttr::getRank() const {
  return getLinearComponent().getNumOutDims();
}
int32_t PaddedSharedEncodingAttr::getAlignment() const {
  return vectorAlignment;
}
