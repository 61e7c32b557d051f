//===- GuardWGMMAAccumulators.cpp - products that ptxas must not merge ----===//
//
// Precondition:  products are nvg.wgmma in blocks with explicit branches.
// Rewrite:       reader of %c; fence; nvg.wgmma %a, %b, %true, %c
//                ==> reader of %c; branch if %p; fence; nvg.wgmma ...
//                where %p is true, which ptxas cannot know;
//                branches back to the start of loops with products ask that
//                nothing be unrolled
// Postcondition: no block holds a reader of accumulators and, behind it, the
//                product that goes on with them, and none comes of a loop.
//
//===----------------------------------------------------------------------===//

#include "WGMMAGroups.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "tle/Conversion/Passes.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLEGUARDWGMMAACCUMULATORS
#include "tle/Conversion/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::tle;

/// Collects the blocks of ops that calculate with `value` or with a field of
/// it. Packing, waits, products and branches only pass it on.
static void collectReaders(Value value, SmallPtrSetImpl<Operation *> &seen,
                           SmallPtrSetImpl<Operation *> &readers) {
  for (Operation *user : value.getUsers()) {
    if (isa<LLVM::ExtractValueOp, LLVM::InsertValueOp>(user)) {
      if (seen.insert(user).second)
        collectReaders(user->getResult(0), seen, readers);
    } else if (!isa<nvgpu::WGMMAOp, nvgpu::WGMMAWaitGroupOp, BranchOpInterface>(
                   user)) {
      readers.insert(user);
    }
  }
}

/// Whether control can pass from the end of `from` to `to` without entering
/// `definition`, where the value in question is made anew.
static bool reaches(Block *from, Block *to, Block *definition) {
  SmallVector<Block *> worklist(from->getSuccessors());
  SmallPtrSet<Block *, 16> seen;
  while (!worklist.empty()) {
    Block *block = worklist.pop_back_val();
    if (block == definition || !seen.insert(block).second)
      continue;
    if (block == to)
      return true;
    llvm::append_range(worklist, block->getSuccessors());
  }
  return false;
}

/// Whether other ops may have read what `product` adds to, before it does.
static bool isReadBefore(nvgpu::WGMMAOp product) {
  Value start = product.getOpC();
  if (!start)
    return false;
  Block *here = product->getBlock();
  SmallPtrSet<Value, 8> roots;
  for (int64_t i = 0, e = getNumFields(start.getType()); i < e; ++i)
    roots.insert(traceField(start, i).value);
  for (Value root : roots) {
    SmallPtrSet<Operation *, 16> seen, readers;
    collectReaders(root, seen, readers);
    for (Operation *reader : readers) {
      Block *block = reader->getBlock();
      if (block == here ? reader->isBeforeInBlock(product)
                        : reaches(block, here, root.getParentBlock()))
        return true;
    }
  }
  return false;
}

/// Whether the loop from `header` to its end `latch` holds a product.
static bool hasProduct(Block *header, Block *latch) {
  SmallVector<Block *> worklist{latch};
  SmallPtrSet<Block *, 16> body{header};
  while (!worklist.empty()) {
    Block *block = worklist.pop_back_val();
    if (body.insert(block).second)
      llvm::append_range(worklist, block->getPredecessors());
  }
  return llvm::any_of(body, [](Block *block) {
    return !block->getOps<nvgpu::WGMMAOp>().empty();
  });
}

/// Asks LLVM, and by its pragma ptxas, to leave the loop that `branch` ends as
/// it is.
template <typename BranchOp> static void keepRolled(BranchOp branch) {
  MLIRContext *context = branch.getContext();
  auto unroll = LLVM::LoopUnrollAttr::get(context, BoolAttr::get(context, true),
                                          {}, {}, {}, {}, {}, {});
  LLVM::LoopAnnotationAttr old = branch.getLoopAnnotationAttr();
  auto annotation =
      old ? LLVM::LoopAnnotationAttr::get(
                context, old.getDisableNonforced(), old.getVectorize(),
                old.getInterleave(), unroll, old.getUnrollAndJam(),
                old.getLicm(), old.getDistribute(), old.getPipeline(),
                old.getPeeled(), old.getUnswitch(), old.getMustProgress(),
                old.getIsVectorized(), old.getStartLoc(), old.getEndLoc(),
                old.getParallelAccesses())
          : LLVM::LoopAnnotationAttr::get(context, {}, {}, {}, unroll, {}, {},
                                          {}, {}, {}, {}, {}, {}, {}, {}, {});
  branch.setLoopAnnotationAttr(annotation);
}

static void keepLoopsRolled(LLVM::LLVMFuncOp func) {
  DominanceInfo dominance(func);
  for (Block &block : func.getBody())
    for (Block *header : block.getSuccessors())
      if (dominance.dominates(header, &block) && hasProduct(header, &block))
        TypeSwitch<Operation *>(block.getTerminator())
            .Case<LLVM::BrOp, LLVM::CondBrOp>(
                [](auto branch) { keepRolled(branch); });
}

static LLVM::InlineAsmOp makeAsm(OpBuilder &builder, Location loc,
                                 TypeRange results, StringRef text,
                                 StringRef constraints) {
  auto dialect =
      LLVM::AsmDialectAttr::get(builder.getContext(), LLVM::AsmDialect::AD_ATT);
  return LLVM::InlineAsmOp::create(
      builder, loc, results, ValueRange(), text, constraints,
      /*has_side_effects=*/true, /*is_align_stack=*/false,
      LLVM::TailCallKind::None, dialect, ArrayAttr());
}

/// True at the start of `block`, for a reason that ptxas does not know: a grid
/// has less than 2^31 blocks along x.
static Value makeTrue(Block *block, Location loc) {
  OpBuilder builder = OpBuilder::atBlockBegin(block);
  return makeAsm(builder, loc, builder.getI1Type(),
                 "{ .reg .b32 t; mov.u32 t, %nctaid.x; shr.u32 t, t, 31; "
                 "setp.eq.u32 $0, t, 0; }",
                 "=b")
      ->getResult(0);
}

/// Lets control pass to `op` only where `condition` holds.
static void branchBefore(Operation *op, Value condition) {
  Block *here = op->getBlock();
  Location loc = op->getLoc();
  Block *rest = here->splitBlock(op);
  OpBuilder builder(op->getContext());
  Block *never =
      builder.createBlock(rest->getParent(), std::next(Region::iterator(rest)));
  makeAsm(builder, loc, TypeRange(), "trap;", "");
  LLVM::UnreachableOp::create(builder, loc);
  builder.setInsertionPointToEnd(here);
  LLVM::CondBrOp::create(builder, loc, condition, rest, never);
}

namespace {

class GuardWGMMAAccumulatorsPass
    : public triton::tle::impl::TLEGuardWGMMAAccumulatorsBase<
          GuardWGMMAAccumulatorsPass> {
public:
  void runOnOperation() override {
    // Chosen first: branches split the blocks that the choice looks at.
    SmallVector<NVVM::WgmmaFenceAlignedOp> fences;
    getOperation()->walk([&](Block *block) {
      for (WGMMAGroup &group : collectWGMMAGroups(*block))
        if (&block->front() != group.fence &&
            llvm::any_of(group.products, isReadBefore))
          fences.push_back(group.fence);
    });
    DenseMap<Region *, Value> conditions;
    for (NVVM::WgmmaFenceAlignedOp fence : fences) {
      Value &condition = conditions[fence->getParentRegion()];
      if (!condition)
        condition =
            makeTrue(&fence->getParentRegion()->front(), fence.getLoc());
      branchBefore(fence, condition);
    }
    getOperation()->walk([](LLVM::LLVMFuncOp func) {
      if (!func.isExternal())
        keepLoopsRolled(func);
    });
  }
};

} // namespace
