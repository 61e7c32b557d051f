//===- FoldSharedAddressCasts.cpp - addresses of buffers ------------------===//
//
// Precondition:  what is left of a tle op that needs a raw address is
//                builtin.unrealized_conversion_cast of a memdesc to i32.
// Rewrite:       cast (cast %struct : !llvm.struct -> !ttg.memdesc) -> i32
//                ==>  ptrtoint (extractvalue %struct[0])
// Postcondition: no such cast.
//
//===----------------------------------------------------------------------===//

#include "tle/Conversion/Passes.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLEFOLDSHAREDADDRESSCASTS
#include "tle/Conversion/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
using triton::gpu::MemDescType;

/// Shared memory in LLVM's address spaces.
static constexpr unsigned sharedAddressSpace = 3;

static bool isAddressOfMemDesc(UnrealizedConversionCastOp cast) {
  return cast.getNumOperands() == 1 && cast.getNumResults() == 1 &&
         isa<MemDescType>(cast.getOperand(0).getType()) &&
         cast.getResult(0).getType().isInteger(32);
}

/// The struct that the conversion makes of a memdesc: base pointer, then the
/// offset of a slice along each dimension.
static Type getDescriptorStruct(MemDescType type) {
  MLIRContext *context = type.getContext();
  SmallVector<Type> fields(type.getRank() + 1, IntegerType::get(context, 32));
  fields[0] = LLVM::LLVMPointerType::get(context, sharedAddressSpace);
  return LLVM::LLVMStructType::getLiteral(context, fields);
}

/// The struct that `memdesc` is a cast of; a new cast where it is none, as for
/// what a partition of a warp specialization captures.
static Value getDescriptor(OpBuilder &builder, Location loc, Value memdesc) {
  auto producer = memdesc.getDefiningOp<UnrealizedConversionCastOp>();
  if (producer && producer.getNumOperands() == 1 &&
      isa<LLVM::LLVMStructType>(producer.getOperand(0).getType()))
    return producer.getOperand(0);
  Type type = getDescriptorStruct(cast<MemDescType>(memdesc.getType()));
  return UnrealizedConversionCastOp::create(builder, loc, type, memdesc)
      .getResult(0);
}

namespace {

class FoldSharedAddressCastsPass
    : public triton::tle::impl::TLEFoldSharedAddressCastsBase<
          FoldSharedAddressCastsPass> {
public:
  void runOnOperation() override {
    SmallVector<UnrealizedConversionCastOp> casts;
    getOperation()->walk([&](UnrealizedConversionCastOp cast) {
      if (isAddressOfMemDesc(cast))
        casts.push_back(cast);
    });
    for (UnrealizedConversionCastOp cast : casts)
      if (failed(fold(cast)))
        signalPassFailure();
  }

private:
  static LogicalResult fold(UnrealizedConversionCastOp op) {
    Value memdesc = op.getOperand(0);
    auto type = cast<MemDescType>(memdesc.getType());
    // Where a layout swizzles, the elements of a slice are not found by adding
    // to one address.
    if (type.getShape() !=
        type.getAllocShape().take_back(type.getShape().size()))
      return op.emitError("the address of ")
             << type << ", a slice: an address is that of the whole buffer";

    OpBuilder builder(op);
    Value descriptor = getDescriptor(builder, op.getLoc(), memdesc);
    auto structType = cast<LLVM::LLVMStructType>(descriptor.getType());
    if (structType.getBody().empty() ||
        !isa<LLVM::LLVMPointerType>(structType.getBody()[0]))
      return op.emitError("expected a struct that starts with a pointer, got ")
             << structType;
    Value base =
        LLVM::ExtractValueOp::create(builder, op.getLoc(), descriptor, 0);
    Value address = LLVM::PtrToIntOp::create(builder, op.getLoc(),
                                             op.getResult(0).getType(), base);
    op.getResult(0).replaceAllUsesWith(address);
    op.erase();
    if (auto producer = memdesc.getDefiningOp<UnrealizedConversionCastOp>())
      if (producer->use_empty())
        producer.erase();
    return success();
  }
};

} // namespace
