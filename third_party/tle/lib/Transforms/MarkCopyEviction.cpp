//===- MarkCopyEviction.cpp - which copies have an eviction policy --------===//
//
// Precondition:  the last passes of the TTGIR stage: nothing moves copies any
//                more.
// Rewrite:       ttg.async_copy_global_to_local %p, %b evictionPolicy = ...
//            ==> a comment as inline assembly, the copy, a comment
// Postcondition: triton-tle-apply-copy-eviction finds the instructions of each
//                copy with a policy, of which stock's conversion drops it,
//                between the two comments.
//
//===----------------------------------------------------------------------===//

#include "tle/Conversion/CopyMarks.h"
#include "tle/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLEMARKCOPYEVICTION
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;
using namespace mlir::triton::tle;

namespace {

class MarkCopyEvictionPass
    : public triton::tle::impl::TLEMarkCopyEvictionBase<MarkCopyEvictionPass> {
public:
  void runOnOperation() override {
    SmallVector<AsyncCopyGlobalToLocalOp> copies;
    getOperation().walk([&](AsyncCopyGlobalToLocalOp copy) {
      if (copy.getEvict() != EvictionPolicy::NORMAL)
        copies.push_back(copy);
    });
    for (AsyncCopyGlobalToLocalOp copy : copies) {
      OpBuilder builder(copy);
      bool isFirst = copy.getEvict() == EvictionPolicy::EVICT_FIRST;
      comment(builder, copy.getLoc(), isFirst ? kEvictFirst : kEvictLast);
      builder.setInsertionPointAfter(copy);
      comment(builder, copy.getLoc(), kEndOfCopies);
      copy.setEvict(EvictionPolicy::NORMAL);
    }
  }

private:
  static void comment(OpBuilder &builder, Location loc, StringRef text) {
    // The op wants an operand and a result; nothing reads the result.
    Value zero = arith::ConstantIntOp::create(builder, loc, 0, 32);
    ElementwiseInlineAsmOp::create(
        builder, loc, TypeRange{builder.getI32Type()},
        builder.getStringAttr(text + "\nmov.b32 $0, $1;"),
        builder.getStringAttr("=r,r"), builder.getBoolAttr(false),
        builder.getI32IntegerAttr(1), ValueRange{zero});
  }
};

} // namespace
