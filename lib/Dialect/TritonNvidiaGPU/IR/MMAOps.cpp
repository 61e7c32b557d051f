//===- MMAOps.cpp - matrix products of ttng -------------------------------===//

#include "OpSyntax.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"

using namespace mlir;
using namespace mlir::triton::nvidia_gpu;
using triton::gpu::MemDescType;

using Effects =
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>;

//===----------------------------------------------------------------------===//
// Hopper
//===----------------------------------------------------------------------===//

LogicalResult
WarpGroupDotOp::inferReturnTypes(MLIRContext *, std::optional<Location>,
                                 WarpGroupDotOp::Adaptor adaptor,
                                 SmallVectorImpl<Type> &inferredReturnTypes) {
  inferredReturnTypes.push_back(adaptor.getC().getType());
  return success();
}

LogicalResult WarpGroupDotOp::verify() {
  Attribute result = getD().getType().getEncoding();
  auto mma = dyn_cast_if_present<triton::gpu::NvidiaMmaEncodingAttr>(result);
  if (!mma || mma.getVersionMajor() != 3)
    return emitOpError("result has layout ")
           << result << ", WGMMA gives #ttg.nvidia_mma of version 3";
  if (auto tensor = dyn_cast<RankedTensorType>(getA().getType())) {
    if (!isa_and_present<triton::gpu::DotOperandEncodingAttr>(
            tensor.getEncoding()))
      return emitOpError("operand a in registers has layout ")
             << tensor.getEncoding() << ", must have #ttg.dot_op";
  } else {
    auto buffer = cast<MemDescType>(getA().getType());
    if (!isa<triton::gpu::NVMMASharedEncodingAttr>(buffer.getEncoding()))
      return emitOpError("operand a in shared memory has layout ")
             << buffer.getEncoding() << ", must have #ttg.nvmma_shared";
  }
  Attribute layoutB = getB().getType().getEncoding();
  if (!isa<triton::gpu::NVMMASharedEncodingAttr>(layoutB))
    return emitOpError("operand b has layout ")
           << layoutB << ", must have #ttg.nvmma_shared";
  return success();
}

void WarpGroupDotOp::getEffects(Effects &effects) {
  OpOperand &a = getOperation()->getOpOperand(0);
  if (isa<MemDescType>(a.get().getType()))
    effects.emplace_back(MemoryEffects::Read::get(), &a,
                         triton::gpu::SharedMemory::get());
  effects.emplace_back(MemoryEffects::Read::get(),
                       &getOperation()->getOpOperand(1),
                       triton::gpu::SharedMemory::get());
}

bool WarpGroupDotOp::needsPartialAccumulator() {
  auto a = cast<ShapedType>(getA().getType());
  // Hopper's tensor cores keep 14 bits of a sum of fp8 products.
  bool isFP8 = isa<Float8E4M3FNType, Float8E5M2Type, Float8E4M3FNUZType,
                   Float8E5M2FNUZType>(a.getElementType());
  return isFP8 && getD().getType().getElementType().isF32() &&
         getMaxNumImpreciseAcc() <= static_cast<uint32_t>(a.getShape().back());
}

LogicalResult WarpGroupDotWaitOp::inferReturnTypes(
    MLIRContext *, std::optional<Location>, WarpGroupDotWaitOp::Adaptor adaptor,
    SmallVectorImpl<Type> &inferredReturnTypes) {
  llvm::append_range(inferredReturnTypes, adaptor.getInputs().getTypes());
  return success();
}

LogicalResult WarpGroupDotWaitOp::verify() {
  if (getInputs().empty())
    return emitOpError("waits for nothing: it needs at least one input");
  return success();
}

//===----------------------------------------------------------------------===//
// Blackwell
//===----------------------------------------------------------------------===//

ParseResult triton::nvidia_gpu::parseBarriersAndPreds(
    OpAsmParser &parser,
    SmallVectorImpl<OpAsmParser::UnresolvedOperand> &barriers,
    SmallVectorImpl<OpAsmParser::UnresolvedOperand> &preds) {
  while (succeeded(parser.parseOptionalComma())) {
    if (parser.parseOperand(barriers.emplace_back()) || parser.parseLSquare() ||
        parser.parseOperand(preds.emplace_back()) || parser.parseRSquare())
      return failure();
  }
  return success();
}

void triton::nvidia_gpu::printBarriersAndPreds(OpAsmPrinter &printer,
                                               Operation *,
                                               OperandRange barriers,
                                               OperandRange preds) {
  for (auto [barrier, pred] : llvm::zip(barriers, preds))
    printer << ", " << barrier << '[' << pred << ']';
}

LogicalResult triton::nvidia_gpu::impl::verifyMMAv5(Operation *op) {
  auto mma = cast<MMAv5OpInterface>(op);
  size_t numBarriers = mma.getCompletionBarriers().size();
  size_t numPreds = mma.getCompletionBarrierPreds().size();
  if (numBarriers != numPreds)
    return op->emitOpError("has ")
           << numBarriers << " barriers and " << numPreds
           << " barrier predicates, each barrier needs one";
  if (numBarriers && !mma.isAsync())
    return op->emitOpError("has barriers, but is not is_async: a synchronous "
                           "product is done when the op is");
  for (Value barrier : mma.getCompletionBarriers())
    if (failed(verifyBarrierType(op, "barriers",
                                 cast<MemDescType>(barrier.getType()))))
      return failure();

  if (failed(
          verifyTensorMemory(op, "operand d", mma.getAccumulator().getType())))
    return failure();
  MemDescType a = mma.getA().getType(), b = mma.getB().getType();
  if (!isa<triton::gpu::NVMMASharedEncodingAttr, TensorMemoryEncodingAttr>(
          a.getEncoding()))
    return op->emitOpError("operand a has layout ")
           << a.getEncoding()
           << ", must have #ttg.nvmma_shared or a layout of tensor memory";
  if (!isa<triton::gpu::NVMMASharedEncodingAttr>(b.getEncoding()))
    return op->emitOpError("operand b has layout ")
           << b.getEncoding() << ", must have #ttg.nvmma_shared";
  return success();
}

static void addRead(OpOperand &operand, Effects &effects) {
  SideEffects::Resource *memory = triton::gpu::SharedMemory::get();
  if (isInTensorMemory(cast<MemDescType>(operand.get().getType())))
    memory = TensorMemory::get();
  effects.emplace_back(MemoryEffects::Read::get(), &operand, memory);
}

/// Effects that both products have: they read a and b, read and write d, and
/// arrive on their barriers.
static void addMMAv5Effects(OpOperand &a, OpOperand &b, OpOperand &d,
                            MutableArrayRef<OpOperand> barriers,
                            Effects &effects) {
  addRead(a, effects);
  addRead(b, effects);
  addRead(d, effects);
  effects.emplace_back(MemoryEffects::Write::get(), &d, TensorMemory::get());
  for (OpOperand &barrier : barriers)
    effects.emplace_back(MemoryEffects::Write::get(), &barrier,
                         triton::gpu::SharedMemory::get());
}

LogicalResult TCGen5MMAOp::verify() {
  if (!getTwoCtas())
    return success();
  auto layout =
      dyn_cast<TensorMemoryEncodingAttr>(getD().getType().getEncoding());
  if (!layout || !layout.getTwoCTAs())
    return emitOpError("is two_ctas, so operand d must have a layout with "
                       "twoCTAs, got ")
           << getD().getType().getEncoding();
  return success();
}

void TCGen5MMAOp::getEffects(Effects &effects) {
  addMMAv5Effects(getAMutable(), getBMutable(), getDMutable(),
                  getBarriersMutable(), effects);
}

/// Elements of `type` along dimension `dim` of a factor: a byte holds two of
/// four bits, packed along K unless the layout says otherwise.
static int64_t getUnpackedSize(MemDescType type,
                               triton::ScaleDotElemType format, unsigned dim,
                               unsigned packedDim) {
  bool packed = format == triton::ScaleDotElemType::E2M1 && dim == packedDim &&
                type.getElementType().isInteger(8);
  return type.getDimSize(dim) * (packed ? 2 : 1);
}

/// Dimension along which a factor's elements are contiguous, which is the one
/// that four-bit elements are packed along.
static unsigned getMajorDim(MemDescType type, unsigned dimK) {
  auto layout =
      dyn_cast<triton::gpu::NVMMASharedEncodingAttr>(type.getEncoding());
  if (!layout)
    return dimK;
  return layout.getTransposed() ? 0 : 1;
}

bool TCGen5MMAScaledOp::verifyDims() {
  MemDescType a = getA().getType(), b = getB().getType();
  return getUnpackedSize(a, getAType(), 1, getMajorDim(a, 1)) ==
         getUnpackedSize(b, getBType(), 0, getMajorDim(b, 0));
}

bool TCGen5MMAScaledOp::verifyOutputDims() {
  MemDescType a = getA().getType(), b = getB().getType();
  MemDescType d = getD().getType();
  return d.getDimSize(0) ==
             getUnpackedSize(a, getAType(), 0, getMajorDim(a, 1)) &&
         d.getDimSize(1) ==
             getUnpackedSize(b, getBType(), 1, getMajorDim(b, 0));
}

void TCGen5MMAScaledOp::getEffects(Effects &effects) {
  addMMAv5Effects(getAMutable(), getBMutable(), getDMutable(),
                  getBarriersMutable(), effects);
  addRead(getAScaleMutable(), effects);
  addRead(getBScaleMutable(), effects);
}
