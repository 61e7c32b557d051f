//===- MemDescOps.cpp - buffers and views of them -------------------------===//

#include "mlir/IR/OpImplementation.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;

bool OpTrait::impl::areMemDescTypesEquivalent(Type lhs, Type rhs) {
  if (lhs == rhs)
    return true;
  auto a = dyn_cast<MemDescType>(lhs), b = dyn_cast<MemDescType>(rhs);
  return a && b && a.getShape() == b.getShape() &&
         a.getElementType() == b.getElementType() &&
         a.getMemorySpace() == b.getMemorySpace() &&
         a.getMutableMemory() == b.getMutableMemory() &&
         a.getAllocShape() == b.getAllocShape() &&
         areLayoutsEquivalent(a.getAllocShape(), a.getEncoding(),
                              b.getEncoding());
}

/// An access moves a whole tensor from or to a whole buffer.
static LogicalResult verifyAccess(Operation *op, RankedTensorType tensor,
                                  MemDescType buffer) {
  if (tensor.getShape() != buffer.getShape())
    return op->emitOpError("the shape of the tensor, [")
           << tensor.getShape() << "], must match that of the buffer, ["
           << buffer.getShape() << "]";
  if (tensor.getElementType() != buffer.getElementType())
    return op->emitOpError("the element type of the tensor, ")
           << tensor.getElementType() << ", must match that of the buffer, "
           << buffer.getElementType();
  return success();
}

static LogicalResult verifyWritable(Operation *op, MemDescType buffer) {
  return buffer.getMutableMemory()
             ? success()
             : op->emitOpError("Cannot store into immutable memory, got ")
                   << buffer;
}

//===----------------------------------------------------------------------===//
// Allocation and access
//===----------------------------------------------------------------------===//

void LocalAllocOp::getEffects(
    SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  // An immutable buffer is a value as any other, which may be shared or
  // dropped, until its place in memory is settled.
  if (!getType().getMutableMemory() && !(*this)->hasAttr("allocation.offset"))
    return;
  OpResult buffer = getOperation()->getOpResult(0);
  effects.emplace_back(MemoryEffects::Allocate::get(), buffer,
                       SharedMemory::get());
  if (getSrc())
    effects.emplace_back(MemoryEffects::Write::get(), buffer,
                         SharedMemory::get());
}

int32_t LocalAllocOp::getAlignmentOrDefault() {
  if (auto alignment = getAlignment())
    return *alignment;
  auto layout = dyn_cast<SharedEncodingTrait>(getType().getEncoding());
  return layout ? layout.getAlignment() : 16;
}

LogicalResult LocalAllocOp::verify() {
  MemDescType type = getType();
  if (!isSharedMemoryAlloc())
    return emitOpError("should create a buffer in shared memory, got ")
           << type.getMemorySpace();
  if (type.getAllocShape() != type.getShape())
    return emitOpError("result shape and its alloc shape must match");
  if (!getSrc())
    return type.getMutableMemory()
               ? success()
               : emitOpError(
                     "uninitialized alloc must have a mutable memdesc type");
  return verifyAccess(*this, cast<RankedTensorType>(getSrc().getType()), type);
}

LogicalResult LocalLoadOp::verify() {
  return verifyAccess(*this, getType(), getSrc().getType());
}

LogicalResult LocalStoreOp::verify() {
  if (failed(verifyWritable(*this, getDst().getType())))
    return failure();
  return verifyAccess(*this, cast<RankedTensorType>(getSrc().getType()),
                      getDst().getType());
}

LogicalResult AsyncCopyGlobalToLocalOp::verify() {
  MemDescType buffer = getResult().getType();
  if (failed(verifyWritable(*this, buffer)))
    return failure();
  if (getContiguity() < 1 || !llvm::isPowerOf2_32(getContiguity()))
    return emitOpError("contiguity must be a positive power of two, got ")
           << getContiguity();
  return verifyAccess(
      *this, cast<RankedTensorType>(getPointeeType(getSrc().getType())),
      buffer);
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

LogicalResult MemDescIndexOp::verify() {
  MemDescType source = getSrc().getType(), result = getType();
  if (result.getElementType() != source.getElementType())
    return emitOpError("result element type must match that of the source, ")
           << source.getElementType();
  if (source.getShape().size() < 2 ||
      result.getShape() != source.getShape().drop_front())
    return emitOpError("result shape must be the source shape without its "
                       "first dimension, got [")
           << result.getShape() << "] from [" << source.getShape() << "]";
  if (source.getAllocShape().take_back(source.getShape().size()) !=
          source.getShape() ||
      result.getAllocShape().take_back(result.getShape().size()) !=
          result.getShape() ||
      result.getAllocShape().size() != result.getShape().size())
    return emitOpError(
        "alloc shape must match shape for both result and source");
  return success();
}

static ParseResult parseOffsets(OpAsmParser &parser,
                                DenseI32ArrayAttr &offsets) {
  SmallVector<int32_t> values;
  if (parser.parseCommaSeparatedList(
          [&] { return parser.parseInteger(values.emplace_back()); }))
    return failure();
  offsets = parser.getBuilder().getDenseI32ArrayAttr(values);
  return success();
}

static void printOffsets(OpAsmPrinter &printer, Operation *,
                         DenseI32ArrayAttr offsets) {
  llvm::interleaveComma(offsets.asArrayRef(), printer);
}

/// Whether coordinates along `dim` beyond `size` leave the place of the ones
/// below it alone: no XOR reaches from one into the other.
static bool isCutFromSwizzle(const LinearLayout &coordinateToOffset,
                             StringRef dim, int32_t size) {
  auto bases = coordinateToOffset.getBases(dim);
  for (unsigned bit = llvm::Log2_32(size); bit < bases.size(); ++bit) {
    // Output dimension 0 is the offset.
    if (!llvm::isPowerOf2_32(bases[bit][0]) && bases[bit][0] != 0)
      return false;
  }
  return true;
}

LogicalResult MemDescSubsliceOp::verify() {
  MemDescType source = getSrc().getType(), result = getType();
  ArrayRef<int64_t> shape = source.getShape();
  if (result.getElementType() != source.getElementType())
    return emitOpError("result element type must match that of the source, ")
           << source.getElementType();
  if (getOffsets().size() != shape.size() ||
      result.getShape().size() != shape.size())
    return emitOpError("offsets and result must have the rank of the source, ")
           << shape.size() << ", got " << getOffsets().size() << " and "
           << result.getShape().size();
  SmallVector<unsigned> cut;
  for (auto [dim, offset] : llvm::enumerate(getOffsets())) {
    int64_t size = result.getShape()[dim];
    if (offset < 0 || offset + size > shape[dim])
      return emitOpError("the slice [")
             << offset << ", " << offset + size
             << ") lies outside of dimension " << dim << ", which has "
             << shape[dim] << " elements";
    if (size == shape[dim])
      continue;
    if (offset % size != 0)
      return emitOpError("The split offset may not touch the tile: offset ")
             << offset << " along dimension " << dim
             << " is no multiple of the size, " << size;
    cut.push_back(dim);
  }

  auto layout = dyn_cast<SharedEncodingTrait>(source.getEncoding());
  auto trait = dyn_cast<LayoutEncodingTrait>(source.getEncoding());
  if (cut.empty() || !layout || trait.getRank() != shape.size())
    return success();
  auto map = toLinearLayout(source);
  auto inverse = succeeded(map) ? map->getRightInverse() : std::nullopt;
  if (!inverse)
    return success();
  for (unsigned dim : cut)
    if (!isCutFromSwizzle(*inverse, "dim" + std::to_string(dim),
                          result.getShape()[dim]))
      return emitOpError("We don't support splitting along the swizzling "
                         "pattern: dimension ")
             << dim << " cut into parts of " << result.getShape()[dim];
  return success();
}

void MemDescSubsliceOp::build(OpBuilder &builder, OperationState &state,
                              Value src, ArrayRef<int32_t> offsets,
                              ArrayRef<int64_t> shape) {
  auto source = cast<MemDescType>(src.getType());
  build(builder, state,
        MemDescType::get(shape, source.getElementType(), source.getEncoding(),
                         source.getMemorySpace(), source.getMutableMemory(),
                         source.getAllocShape()),
        src, offsets);
}

LogicalResult MemDescTransOp::inferReturnTypes(MLIRContext *,
                                               std::optional<Location> loc,
                                               Adaptor adaptor,
                                               SmallVectorImpl<Type> &types) {
  auto source = cast<MemDescType>(adaptor.getSrc().getType());
  ArrayRef<int32_t> order = adaptor.getOrder();
  size_t rank = source.getShape().size();
  SmallVector<bool> seen(rank, false);
  for (int32_t dim : order) {
    if (dim < 0 || dim >= int32_t(rank) || seen[dim])
      return emitOptionalError(
          loc, "order must be a permutation of [0, ..., rank - 1], got [",
          order, "]");
    seen[dim] = true;
  }
  if (order.size() != rank)
    return emitOptionalError(
        loc, "order must be a permutation of [0, ..., rank - 1], got [", order,
        "]");

  SmallVector<int64_t> shape,
      allocShape(source.getAllocShape().drop_back(rank));
  for (int32_t dim : order) {
    shape.push_back(source.getShape()[dim]);
    allocShape.push_back(source.getAllocShape().take_back(rank)[dim]);
  }
  Attribute encoding = source.getEncoding();
  if (!llvm::is_sorted(order)) {
    auto *layouts =
        dyn_cast<DialectInferLayoutInterface>(&encoding.getDialect());
    if (!layouts)
      return emitOptionalError(loc, "cannot transpose layout ", encoding);
    if (failed(layouts->inferTransOpEncoding(
            encoding, source.getAllocShape().take_back(rank), order, encoding,
            loc)))
      return failure();
  }
  types.push_back(MemDescType::get(shape, source.getElementType(), encoding,
                                   source.getMemorySpace(),
                                   source.getMutableMemory(), allocShape));
  return success();
}

bool MemDescTransOp::isCompatibleReturnTypes(TypeRange lhs, TypeRange rhs) {
  return llvm::equal(lhs, rhs, OpTrait::impl::areMemDescTypesEquivalent);
}

OpFoldResult MemDescTransOp::fold(FoldAdaptor) {
  if (llvm::is_sorted(getOrder()) && getSrc().getType() == getType())
    return getSrc();
  return {};
}

FailureOr<MemDescType>
MemDescReshapeOp::inferType(MemDescType source, ArrayRef<int64_t> shape,
                            std::optional<Location> loc) {
  if (llvm::product_of(source.getShape()) != llvm::product_of(shape))
    return emitOptionalError(
        loc, "number of src and dst elements of reshape must be the same");
  if (source.getAllocShape() != source.getShape())
    return emitOptionalError(loc, "a slice of a buffer has no reshaped view");
  Attribute encoding = source.getEncoding(), result;
  // What WGMMA understands stays so where possible.
  if (auto nvmma = dyn_cast<NVMMASharedEncodingAttr>(encoding);
      nvmma && nvmma.getCGALayout().getNumCTAs() == 1)
    result = NVMMASharedEncodingAttr::get(
        encoding.getContext(), nvmma.getSwizzlingByteWidth(),
        nvmma.getTransposed(), nvmma.getElementBitWidth(), nvmma.getFp4Padded(),
        CGAEncodingAttr::getDefault(encoding.getContext(), shape.size()));
  auto *layouts = dyn_cast<DialectInferLayoutInterface>(&encoding.getDialect());
  if (!layouts)
    return emitOptionalError(loc, "cannot reshape layout ", encoding);
  if (failed(layouts->inferReshapeOpEncoding(source.getShape(), encoding, shape,
                                             result, loc)))
    return failure();
  return MemDescType::get(shape, source.getElementType(), result,
                          source.getMemorySpace(), source.getMutableMemory());
}

LogicalResult MemDescReshapeOp::verify() {
  MemDescType source = getSrc().getType(), result = getType();
  if (llvm::product_of(source.getShape()) !=
      llvm::product_of(result.getShape()))
    return emitOpError(
        "number of src and dst elements of reshape must be the same");
  if (source.getMutableMemory() != result.getMutableMemory())
    return emitOpError("source and result must agree on being mutable");
  // Layouts without a linear map cannot be checked.
  if (source.getAllocShape() != source.getShape() ||
      failed(toLinearLayout(source)) || failed(toLinearLayout(result)))
    return success();
  auto *layouts =
      cast<DialectInferLayoutInterface>(&source.getEncoding().getDialect());
  Attribute expected = result.getEncoding();
  if (failed(layouts->inferReshapeOpEncoding(
          source.getShape(), source.getEncoding(), result.getShape(), expected,
          getLoc())))
    return failure();
  return layouts->verifyLayoutsAreEqual(result.getShape(), expected,
                                        result.getEncoding(), getLoc());
}

LogicalResult MemDescReinterpretOp::verify() {
  if (getSrc().getType().getMemorySpace() != getType().getMemorySpace())
    return emitOpError("source and result must lie in one memory space");
  return success();
}

#define GET_OP_CLASSES
#include "triton/Dialect/TritonGPU/IR/TritonGPUOps.cpp.inc"
