//===- ArrangeCapturedDescriptors.cpp - one type for all partitions -------===//
//
// Precondition:  descriptors have no arrangement of blocks yet.
// Rewrite:       a descriptor that is captured for several partitions, one of
//                which does not use it, and all arguments that stand for it get
//                the arrangement that stock gives to blocks of this shape.
// Postcondition: stock's choice of arrangements, which looks at descriptors
//                where they are used and knows nothing of captures, leaves none
//                of these arguments without.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/Passes.h"

#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLEARRANGECAPTUREDDESCRIPTORS
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
namespace ttg = mlir::triton::gpu;
namespace ttng = mlir::triton::nvidia_gpu;
using namespace mlir::triton;
using namespace mlir::triton::tle;

namespace {

class ArrangeCapturedDescriptorsPass
    : public triton::tle::impl::TLEArrangeCapturedDescriptorsBase<
          ArrangeCapturedDescriptorsPass> {
public:
  void runOnOperation() override;
};

} // namespace

/// Whether blocks of `type` have such an arrangement: matrices, or more, of
/// what TMA knows.
static bool canArrange(TensorDescType type) {
  RankedTensorType block = type.getBlockType();
  return !block.getEncoding() && block.getRank() > 1 &&
         block.getElementType().isIntOrFloat() &&
         llvm::is_contained({8, 16, 32, 64}, block.getElementTypeBitWidth());
}

/// `type` with the arrangement that stock gives to blocks of its shape.
static TensorDescType arrange(TensorDescType type) {
  RankedTensorType block = type.getBlockType();
  auto order =
      llvm::to_vector(llvm::reverse(llvm::seq<unsigned>(0, block.getRank())));
  MLIRContext *context = type.getContext();
  auto encoding = ttg::NVMMASharedEncodingAttr::get(
      context, block.getShape(), order,
      ttg::CGAEncodingAttr::getDefault(context, block.getRank()),
      block.getElementType(), /*fp4Padded=*/false);
  return TensorDescType::get(context, block.cloneWithEncoding(encoding));
}

/// Whether `descriptor` is an argument of a kernel, or made where it is.
static bool isMadeForKernel(Value descriptor) {
  if (auto argument = dyn_cast<BlockArgument>(descriptor)) {
    auto function = dyn_cast<FuncOp>(argument.getOwner()->getParentOp());
    return function && function.isPublic() &&
           argument.getOwner()->isEntryBlock();
  }
  return isa<MakeTensorDescOp>(descriptor.getDefiningOp());
}

/// Whether `op` reads or writes blocks: its type follows from nothing else's.
static bool isAccess(Operation *op) {
  return isa<DescriptorLoadOp, DescriptorStoreOp, DescriptorReduceOp,
             DescriptorGatherOp, DescriptorScatterOp,
             ttng::AsyncTMACopyGlobalToLocalOp>(op);
}

/// The arguments of partitions that stand for `descriptor`; nothing if it goes
/// elsewhere, too.
static SmallVector<Value> findArguments(Value descriptor) {
  SmallVector<Value> arguments;
  for (OpOperand &use : descriptor.getUses()) {
    auto specialize = dyn_cast<ttg::WarpSpecializeOp>(use.getOwner());
    if (!specialize && !isAccess(use.getOwner()))
      return {};
    if (!specialize)
      continue;
    for (Region *region : specialize.getPartitionRegions()) {
      Value argument = region->getArgument(use.getOperandNumber());
      if (!llvm::all_of(argument.getUsers(), isAccess))
        return {};
      arguments.push_back(argument);
    }
  }
  return arguments;
}

void ArrangeCapturedDescriptorsPass::runOnOperation() {
  SetVector<Value> captured;
  getOperation().walk([&](ttg::WarpSpecializeOp op) {
    for (Value capture : op.getExplicitCaptures())
      if (auto type = dyn_cast<TensorDescType>(capture.getType());
          type && canArrange(type) && isMadeForKernel(capture))
        captured.insert(capture);
  });
  for (Value descriptor : captured) {
    SmallVector<Value> arguments = findArguments(descriptor);
    if (llvm::none_of(arguments,
                      [](Value argument) { return argument.use_empty(); }))
      continue;
    Type type = arrange(cast<TensorDescType>(descriptor.getType()));
    descriptor.setType(type);
    for (Value argument : arguments)
      argument.setType(type);
    // The arguments of a kernel are part of its type.
    if (auto argument = dyn_cast<BlockArgument>(descriptor)) {
      auto function = cast<FuncOp>(argument.getOwner()->getParentOp());
      function.setFunctionType(FunctionType::get(
          function.getContext(), function.front().getArgumentTypes(),
          function.getResultTypes()));
    }
  }
}
