//===- ApplyCopyEviction.cpp - copies with an eviction policy -------------===//
//
// Precondition:  triton-tle-mark-copy-eviction has put comments around copies;
//                stock's conversion to the LLVM dialect has run.
// Rewrite:       comment
//                "cp.async.cg.shared.global [...], [...], ...;"
//                comment
//            ==> "createpolicy.fractional.L2::evict_first.b64 ..."
//                "cp.async.cg.shared.global.L2::cache_hint [...], ..., $n;"
// Postcondition: the comments are gone.
//
// A comment and the instructions behind it stay in order: all of them are
// assembly with side effects. The hint changes nothing but what stays in the L2
// cache.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "tle/Conversion/CopyMarks.h"
#include "tle/Conversion/Passes.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLEAPPLYCOPYEVICTION
#include "tle/Conversion/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
using namespace mlir::triton::tle;

namespace {

constexpr StringLiteral kInstruction = ".shared.global [";

class ApplyCopyEvictionPass
    : public triton::tle::impl::TLEApplyCopyEvictionBase<
          ApplyCopyEvictionPass> {
public:
  void runOnOperation() override {
    SmallVector<Region *> regions;
    getOperation()->walk([&](Operation *op) {
      for (Region &region : op->getRegions())
        regions.push_back(&region);
    });
    for (Region *region : regions)
      runOnRegion(*region);
  }

private:
  /// Blocks lie in the order in which conversion has made them: what a copy has
  /// become lies between its comments.
  static void runOnRegion(Region &region) {
    StringRef policy;
    for (Block &block : region) {
      // One policy a block serves all copies in it: held longer, it would take
      // two registers all the time.
      Value handle;
      StringRef made;
      for (LLVM::InlineAsmOp op :
           llvm::make_early_inc_range(block.getOps<LLVM::InlineAsmOp>())) {
        StringRef text = op.getAsmString();
        bool isMark = true;
        if (text.starts_with(kEvictFirst))
          policy = "evict_first";
        else if (text.starts_with(kEvictLast))
          policy = "evict_last";
        else if (text.starts_with(kEndOfCopies))
          policy = "";
        else
          isMark = false;
        if (!policy.empty() && policy != made) {
          handle = Value();
          made = policy;
        }
        if (isMark && op->use_empty()) {
          op.erase();
        } else if (!isMark && !policy.empty() && text.contains("cp.async.") &&
                   text.contains(kInstruction) && text.ends_with(";")) {
          if (!handle)
            handle = makePolicy(op, policy);
          hint(op, handle);
        }
      }
    }
  }

  static Value makePolicy(LLVM::InlineAsmOp copy, StringRef policy) {
    OpBuilder builder(copy);
    return makeAsm(builder, copy.getLoc(), builder.getI64Type(), {},
                   ("createpolicy.fractional.L2::" + policy + ".b64 $0, 1.0;")
                       .str(),
                   "=l", /*hasSideEffects=*/false)
        ->getResult(0);
  }

  static LLVM::InlineAsmOp makeAsm(OpBuilder &builder, Location loc,
                                   TypeRange results, ValueRange operands,
                                   StringRef text, StringRef constraints,
                                   bool hasSideEffects) {
    auto dialect = LLVM::AsmDialectAttr::get(builder.getContext(),
                                             LLVM::AsmDialect::AD_ATT);
    return LLVM::InlineAsmOp::create(
        builder, loc, results, operands, text, constraints, hasSideEffects,
        /*is_align_stack=*/false, LLVM::TailCallKind::None, dialect,
        ArrayAttr());
  }

  static void hint(LLVM::InlineAsmOp copy, Value handle) {
    OpBuilder builder(copy);
    Location loc = copy.getLoc();
    std::string text = copy.getAsmString().str();
    text.insert(text.find(kInstruction) + kInstruction.size() - 2,
                ".L2::cache_hint");
    text.replace(text.size() - 1, 1,
                 ", $" + std::to_string(copy->getNumOperands()) + ";");
    SmallVector<Value> operands(copy->getOperands());
    operands.push_back(handle);
    makeAsm(builder, loc, copy->getResultTypes(), operands, text,
            (copy.getConstraints() + ",l").str(), /*hasSideEffects=*/true);
    copy.erase();
  }
};

} // namespace
