//===- ArrangeCapturedDescriptors.cpp - one type for all partitions -------===//
//
// Precondition:  descriptors that partitions capture have no arrangement yet.
// Rewrite:       a captured descriptor and the arguments that stand for it in
//                all partitions get the arrangement of shared memory that stock
//                gives to blocks of this shape.
// Postcondition: stock's choice of arrangements, which looks at descriptors
//                where they are used and knows nothing of captures, leaves no
//                argument of a partition without.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/Passes.h"

#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "llvm/ADT/STLExtras.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLEARRANGECAPTUREDDESCRIPTORS
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
namespace ttg = mlir::triton::gpu;
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

/// Whether there is such an arrangement: TMA knows no other blocks.
static bool canArrange(TensorDescType type) {
  RankedTensorType block = type.getBlockType();
  return !block.getEncoding() && block.getRank() > 0 &&
         block.getElementType().isIntOrFloat() &&
         llvm::is_contained({8, 16, 32, 64}, block.getElementTypeBitWidth());
}

/// Whether the type of `descriptor` is nobody's business but its own: an
/// argument of the kernel, or made where it is.
static bool ownsType(Value descriptor) {
  if (auto argument = dyn_cast<BlockArgument>(descriptor))
    return isa<FuncOp>(argument.getOwner()->getParentOp());
  return isa<MakeTensorDescOp>(descriptor.getDefiningOp());
}

void ArrangeCapturedDescriptorsPass::runOnOperation() {
  getOperation().walk([](ttg::WarpSpecializeOp op) {
    for (auto [number, capture] : llvm::enumerate(op.getExplicitCaptures())) {
      auto type = dyn_cast<TensorDescType>(capture.getType());
      if (!type || !canArrange(type) || !ownsType(capture))
        continue;
      capture.setType(arrange(type));
      for (Region *region : op.getPartitionRegions())
        region->getArgument(number).setType(capture.getType());
    }
  });
  // The arguments of a kernel are part of its type.
  getOperation().walk([](FuncOp function) {
    if (!function.isExternal())
      function.setFunctionType(FunctionType::get(
          function.getContext(), function.front().getArgumentTypes(),
          function.getResultTypes()));
  });
}
