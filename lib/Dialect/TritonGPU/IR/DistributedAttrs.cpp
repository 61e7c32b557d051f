//===- DistributedAttrs.cpp - parse, print, verify distributed layouts ----===//

#include "AttrParsing.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;
using namespace mlir::triton::gpu::text;
using EmitError = function_ref<InFlightDiagnostic()>;

static LogicalResult verifyPowersOf2(EmitError emitError, StringRef name,
                                     ArrayRef<unsigned> values) {
  for (unsigned value : values)
    if (!llvm::isPowerOf2_32(value))
      return emitError() << name << " must hold powers of two, got " << value;
  return success();
}

static LogicalResult verifyCGA(EmitError emitError, CGAEncodingAttr cga,
                               unsigned rank) {
  if (!cga)
    return emitError() << "a layout needs a CGALayout";
  if (cga.getRank() != rank)
    return emitError() << "CGALayout has rank " << cga.getRank()
                       << ", expected " << rank;
  return success();
}

//===----------------------------------------------------------------------===//
// #ttg.blocked
//===----------------------------------------------------------------------===//

Attribute BlockedEncodingAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  FieldReader fields(parser);
  SmallVector<unsigned> sizePerThread, threadsPerWarp, warpsPerCTA, order;
  fields.required("sizePerThread", sizePerThread);
  fields.required("threadsPerWarp", threadsPerWarp);
  fields.required("warpsPerCTA", warpsPerCTA);
  fields.required("order", order);
  CGAEncodingAttr cga = fields.cgaLayout(sizePerThread.size());
  if (failed(fields.finish()) || parser.parseGreater())
    return {};
  return parser.getChecked<BlockedEncodingAttr>(
      parser.getContext(), ArrayRef(sizePerThread), ArrayRef(threadsPerWarp),
      ArrayRef(warpsPerCTA), ArrayRef(order), cga);
}

void BlockedEncodingAttr::print(AsmPrinter &printer) const {
  printer << "<{sizePerThread = ";
  printList(printer, getSizePerThread());
  printer << ", threadsPerWarp = ";
  printList(printer, getThreadsPerWarp());
  printer << ", warpsPerCTA = ";
  printList(printer, getWarpsPerCTA());
  printer << ", order = ";
  printList(printer, getOrder());
  printCGALayout(printer, getCGALayout());
  printer << "}>";
}

LogicalResult BlockedEncodingAttr::verify(EmitError emitError,
                                          ArrayRef<unsigned> sizePerThread,
                                          ArrayRef<unsigned> threadsPerWarp,
                                          ArrayRef<unsigned> warpsPerCTA,
                                          ArrayRef<unsigned> order,
                                          CGAEncodingAttr cga) {
  size_t rank = order.size();
  if (sizePerThread.size() != rank || threadsPerWarp.size() != rank ||
      warpsPerCTA.size() != rank)
    return emitError() << "sizePerThread, threadsPerWarp, warpsPerCTA, and "
                          "order must all have the same rank";
  if (!isPermutation(order))
    return emitError()
           << "order must be a permutation of 0..(rank-1), but was [" << order
           << "]";
  if (failed(verifyPowersOf2(emitError, "sizePerThread", sizePerThread)) ||
      failed(verifyPowersOf2(emitError, "threadsPerWarp", threadsPerWarp)) ||
      failed(verifyPowersOf2(emitError, "warpsPerCTA", warpsPerCTA)))
    return failure();
  return verifyCGA(emitError, cga, rank);
}

SmallVector<unsigned> BlockedEncodingAttr::getRepOrder() const {
  return llvm::to_vector(getOrder());
}

BlockedEncodingAttr
BlockedEncodingAttr::get(MLIRContext *context, ArrayRef<int64_t> shape,
                         ArrayRef<unsigned> sizePerThread,
                         ArrayRef<unsigned> order, unsigned numWarps,
                         unsigned threadsPerWarp, CGAEncodingAttr cga) {
  unsigned rank = order.size();
  SmallVector<int64_t> shapePerCTA =
      getShapePerCTA(cga.getCTASplitNum(), shape);
  SmallVector<unsigned> lanes(rank, 1), warps(rank, 1);
  unsigned lanesLeft = threadsPerWarp, warpsLeft = numWarps,
           threadsLeft = threadsPerWarp * numWarps;
  for (unsigned dim : order.drop_back()) {
    unsigned wanted =
        std::max<int64_t>(1, shapePerCTA[dim] / sizePerThread[dim]);
    unsigned threads = std::clamp(threadsLeft, 1u, wanted);
    lanes[dim] = std::clamp(threads, 1u, lanesLeft);
    warps[dim] = std::clamp(threads / lanes[dim], 1u, warpsLeft);
    lanesLeft /= lanes[dim];
    warpsLeft /= warps[dim];
    threadsLeft /= threads;
  }
  // Whatever remains goes along the slowest dimension, needed there or not.
  lanes[order.back()] = lanesLeft;
  warps[order.back()] = warpsLeft;
  return get(context, sizePerThread, lanes, warps, order, cga);
}

BlockedEncodingAttr
BlockedEncodingAttr::get(MLIRContext *context, ArrayRef<int64_t> shape,
                         ArrayRef<unsigned> sizePerThread,
                         ArrayRef<unsigned> order, unsigned numWarps,
                         unsigned threadsPerWarp, unsigned numCTAs) {
  unsigned rank = order.size();
  SmallVector<unsigned> ctas(rank, 1), parts(rank, 1);
  unsigned left = numCTAs;
  for (unsigned dim : llvm::reverse(order)) {
    unsigned wanted = std::max<int64_t>(1, shape[dim] / sizePerThread[dim]);
    ctas[dim] = parts[dim] = std::clamp(left, 1u, wanted);
    left /= ctas[dim];
  }
  ctas[rank - 1] *= left;
  return get(context, shape, sizePerThread, order, numWarps, threadsPerWarp,
             CGAEncodingAttr::fromSplitParams(context, ctas, parts, order));
}

//===----------------------------------------------------------------------===//
// #ttg.linear
//===----------------------------------------------------------------------===//

Attribute LinearEncodingAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  FieldReader fields(parser);
  std::vector<LinearLayout::InDim> ins;
  unsigned rank = 0;
  for (StringRef name : {"register", "lane", "warp", "block"})
    if (auto bases = fields.bases(name)) {
      if (!bases->empty())
        rank = bases->front().size();
      ins.push_back({name.str(), std::move(*bases)});
    }
  if (failed(fields.finish()) || parser.parseGreater())
    return {};
  std::string error;
  auto layout =
      LinearLayout::get(std::move(ins), standardOutDimNames(rank), &error);
  if (!layout) {
    parser.emitError(parser.getNameLoc(), "invalid linear layout: ") << error;
    return {};
  }
  return parser.getChecked<LinearEncodingAttr>(parser.getContext(), *layout);
}

void LinearEncodingAttr::print(AsmPrinter &printer) const {
  printer << "<{";
  llvm::interleaveComma(getLinearLayout().getInDims(), printer,
                        [&](const LinearLayout::InDim &dim) {
                          printer << dim.name << " = ";
                          printBases(printer, dim.bases);
                        });
  printer << "}>";
}

LogicalResult LinearEncodingAttr::verify(EmitError emitError,
                                         LinearLayout layout) {
  static constexpr StringRef expected[] = {"register", "lane", "warp", "block"};
  if (!llvm::equal(layout.getInDims(), expected,
                   [](const LinearLayout::InDim &dim, StringRef name) {
                     return dim.name == name;
                   }))
    return emitError() << "a linear layout maps from register, lane, warp, "
                          "block, in this order";
  unsigned nonZero = 0;
  for (const LinearLayout::InDim &dim : layout.getInDims())
    for (const LinearLayout::Basis &basis : dim.bases) {
      unsigned coordinates =
          llvm::count_if(basis, [](int32_t value) { return value != 0; });
      if (coordinates > 1)
        return emitError() << "a basis of " << dim.name << " moves along "
                           << coordinates
                           << " dimensions, at most one is allowed";
      if (coordinates == 1 && llvm::none_of(basis, [](int32_t value) {
            return llvm::isPowerOf2_32(value);
          }))
        return emitError() << "a basis of " << dim.name
                           << " is no power of two";
      nonZero += coordinates;
    }
  if (!layout.isSurjective() || nonZero != layout.getMatrixRank())
    return emitError()
           << "the bases that are not zero must reach every element once";
  return success();
}

SmallVector<unsigned> LinearEncodingAttr::getRepOrder() const {
  SmallVector<unsigned> order;
  auto visit = [&](StringRef name) {
    for (const LinearLayout::Basis &basis : getLinearLayout().getBases(name))
      for (auto [dim, coordinate] : llvm::enumerate(basis))
        if (coordinate != 0 && !llvm::is_contained(order, unsigned(dim)))
          order.push_back(dim);
  };
  visit("register");
  for (unsigned dim = getRank(); dim-- > 0;)
    if (!llvm::is_contained(order, dim))
      order.push_back(dim);
  return order;
}

unsigned LinearEncodingAttr::getRank() const {
  return getLinearLayout().getNumOutDims();
}

//===----------------------------------------------------------------------===//
// #ttg.nvidia_mma
//===----------------------------------------------------------------------===//

Attribute NvidiaMmaEncodingAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  FieldReader fields(parser);
  unsigned versionMajor = 0, versionMinor = 0;
  SmallVector<unsigned> warpsPerCTA, instrShape;
  fields.required("versionMajor", versionMajor);
  fields.required("versionMinor", versionMinor);
  fields.required("warpsPerCTA", warpsPerCTA);
  CGAEncodingAttr cga = fields.cgaLayout(warpsPerCTA.size());
  fields.required("instrShape", instrShape);
  if (failed(fields.finish()) || parser.parseGreater())
    return {};
  return parser.getChecked<NvidiaMmaEncodingAttr>(
      parser.getContext(), versionMajor, versionMinor, ArrayRef(warpsPerCTA),
      cga, ArrayRef(instrShape));
}

void NvidiaMmaEncodingAttr::print(AsmPrinter &printer) const {
  printer << "<{versionMajor = " << getVersionMajor()
          << ", versionMinor = " << getVersionMinor() << ", warpsPerCTA = ";
  printList(printer, getWarpsPerCTA());
  printCGALayout(printer, getCGALayout());
  printer << ", instrShape = ";
  printList(printer, getInstrShape());
  printer << "}>";
}

LogicalResult NvidiaMmaEncodingAttr::verify(EmitError emitError,
                                            unsigned versionMajor,
                                            unsigned versionMinor,
                                            ArrayRef<unsigned> warpsPerCTA,
                                            CGAEncodingAttr cga,
                                            ArrayRef<unsigned> instrShape) {
  if (versionMajor < 2 || versionMajor > 3)
    return emitError() << "versionMajor of #ttg.nvidia_mma must be 2 or 3, got "
                       << versionMajor;
  size_t rank = warpsPerCTA.size();
  if (rank < 2)
    return emitError() << "warpsPerCTA of #ttg.nvidia_mma must have at least 2 "
                          "dimensions, got "
                       << rank;
  if (versionMajor == 2 ? instrShape.size() != rank : instrShape.size() != 3)
    return emitError() << "instrShape of #ttg.nvidia_mma version "
                       << versionMajor << " must have "
                       << (versionMajor == 2 ? rank : size_t(3))
                       << " entries, got " << instrShape.size();
  if (failed(verifyPowersOf2(emitError, "warpsPerCTA", warpsPerCTA)))
    return failure();
  return verifyCGA(emitError, cga, rank);
}

unsigned NvidiaMmaEncodingAttr::getRank() const {
  return getWarpsPerCTA().size();
}
SmallVector<unsigned> NvidiaMmaEncodingAttr::getRepOrder() const {
  return getMatrixOrder(getRank(), true);
}
SmallVector<unsigned>
NvidiaMmaEncodingAttr::getRepOrderForOperand(int operandIndex) const {
  return getOrderForDotOperand(operandIndex, getRank(), /*kContig=*/true);
}

//===----------------------------------------------------------------------===//
// #ttg.slice
//===----------------------------------------------------------------------===//

Attribute SliceEncodingAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  FieldReader fields(parser);
  unsigned dim = 0;
  fields.required("dim", dim);
  Attribute parent = fields.take("parent");
  if (!fields.failed() && !isa_and_nonnull<DistributedEncodingTrait>(parent))
    fields.fail("expected 'parent' to be a distributed layout");
  if (failed(fields.finish()) || parser.parseGreater())
    return {};
  return parser.getChecked<SliceEncodingAttr>(
      parser.getContext(), dim, cast<DistributedEncodingTrait>(parent));
}

void SliceEncodingAttr::print(AsmPrinter &printer) const {
  printer << "<{dim = " << getDim() << ", parent = " << Attribute(getParent())
          << "}>";
}

LogicalResult SliceEncodingAttr::verify(EmitError emitError, unsigned dim,
                                        DistributedEncodingTrait parent) {
  if (!isa_and_nonnull<LayoutEncodingTrait>(parent))
    return emitError()
           << "the parent of #ttg.slice must be a distributed layout";
  unsigned rank = cast<LayoutEncodingTrait>(parent).getRank();
  if (rank <= 1)
    return emitError() << "parent layout must have at least rank >= 2";
  if (dim >= rank)
    return emitError() << "slice dim=" << dim
                       << " must be less than the parent rank=" << rank;
  return success();
}

unsigned SliceEncodingAttr::getRank() const {
  return cast<LayoutEncodingTrait>(getParent()).getRank() - 1;
}

SmallVector<unsigned> SliceEncodingAttr::getRepOrder() const {
  SmallVector<unsigned> order;
  for (unsigned dim : getParent().getRepOrder())
    if (dim != getDim())
      order.push_back(dim < getDim() ? dim : dim - 1);
  return order;
}

SmallVector<int64_t>
SliceEncodingAttr::paddedShape(ArrayRef<int64_t> shape) const {
  SmallVector<int64_t> padded(shape);
  padded.insert(padded.begin() + getDim(), 1);
  return padded;
}

//===----------------------------------------------------------------------===//
// #ttg.dot_op
//===----------------------------------------------------------------------===//

Attribute DotOperandEncodingAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  FieldReader fields(parser);
  unsigned opIdx = 0, kWidth = 0;
  fields.required("opIdx", opIdx);
  Attribute parent = fields.take("parent");
  fields.optional("kWidth", kWidth);
  if (failed(fields.finish()) || parser.parseGreater())
    return {};
  return parser.getChecked<DotOperandEncodingAttr>(parser.getContext(), opIdx,
                                                   parent, kWidth);
}

void DotOperandEncodingAttr::print(AsmPrinter &printer) const {
  printer << "<{opIdx = " << getOpIdx() << ", parent = " << getParent();
  if (getKWidth() != 0)
    printer << ", kWidth = " << getKWidth();
  printer << "}>";
}

LogicalResult DotOperandEncodingAttr::verify(EmitError emitError,
                                             unsigned opIdx, Attribute parent,
                                             unsigned kWidth) {
  if (opIdx > 1)
    return emitError() << "ttg.dot_op opIdx parameter can be 0 or 1, got: "
                       << opIdx;
  if (!parent)
    return emitError() << "ttg.dot_op parent parameter cannot be null";
  if (auto mma = dyn_cast<NvidiaMmaEncodingAttr>(parent)) {
    if (kWidth == 0)
      return emitError() << "ttg.dot_op kWidth parameter is mandatory for "
                            "Ampere or Hopper MMA parent";
    if (opIdx != 0 && mma.isHopper())
      return emitError() << "ttg.dot_op opIdx parameter must be 0 for Hopper "
                            "MMA parent, since Hopper WGMMA only "
                            "allows first operand to be in registers";
    return success();
  }
  if (isa<AMDMfmaEncodingAttr, AMDWmmaEncodingAttr>(parent))
    return kWidth == 0 ? LogicalResult(emitError()
                                       << "ttg.dot_op kWidth parameter is "
                                          "mandatory for MFMA and WMMA parents")
                       : success();
  if (isa<BlockedEncodingAttr>(parent))
    return kWidth != 0 ? LogicalResult(emitError()
                                       << "ttg.dot_op kWidth parameter is not "
                                          "supported when the parent is a "
                                          "blocked layout")
                       : success();
  return emitError() << "ttg.dot_op unexpected parent layout: " << parent;
}

DotOperandEncodingAttr DotOperandEncodingAttr::get(MLIRContext *context,
                                                   unsigned opIdx,
                                                   Attribute parent,
                                                   Type elementType) {
  auto mma = dyn_cast<NvidiaMmaEncodingAttr>(parent);
  unsigned kWidth =
      mma ? std::max(32u / std::max(elementType.getIntOrFloatBitWidth(), 1u),
                     1u)
          : 0;
  return get(context, opIdx, parent, kWidth);
}

unsigned DotOperandEncodingAttr::getRank() const {
  return cast<LayoutEncodingTrait>(getParent()).getRank();
}

SmallVector<unsigned> DotOperandEncodingAttr::getRepOrder() const {
  if (auto mma = dyn_cast<MmaEncodingTrait>(getParent()))
    return mma.getRepOrderForOperand(getOpIdx());
  return cast<DistributedEncodingTrait>(getParent()).getRepOrder();
}

unsigned BlockedEncodingAttr::getRank() const { return getOrder().size(); }
