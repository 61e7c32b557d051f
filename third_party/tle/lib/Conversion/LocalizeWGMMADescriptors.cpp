//===- LocalizeWGMMADescriptors.cpp - descriptors stay in their loop ------===//
//
// Precondition:  products are nvg.wgmma in blocks with explicit branches.
// Rewrite:       descriptor(address)  ==>  descriptor(address + z), z = 0 & i
// Postcondition: no descriptor of a product in a loop is loop invariant to
//                whom cannot see that z is 0.
//
//===----------------------------------------------------------------------===//

#include "WGMMAGroups.h"
#include "mlir/Analysis/CFGLoopInfo.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tle/Conversion/Passes.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLELOCALIZEWGMMADESCRIPTORS
#include "tle/Conversion/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::tle;

namespace {

class LocalizeWGMMADescriptorsPass
    : public triton::tle::impl::TLELocalizeWGMMADescriptorsBase<
          LocalizeWGMMADescriptorsPass> {
public:
  using Base::Base;
  void runOnOperation() override {
    // Of a module before this one.
    distances.clear();
    SmallVector<Region *> regions;
    getOperation()->walk([&](Operation *op) {
      for (Region &region : op->getRegions())
        if (!region.hasOneBlock() && !region.empty())
          regions.push_back(&region);
    });
    for (Region *region : regions)
      runOnRegion(*region);
  }

private:
  void runOnRegion(Region &region) {
    DominanceInfo dominance(region.getParentOp());
    CFGLoopInfo loops(dominance.getDomTree(&region));
    // Counted first: what this pass changes is invariant no more.
    many.clear();
    SmallVector<std::pair<Block *, CFGLoop *>> work;
    for (Block &block : region) {
      CFGLoop *loop = loops.getLoopFor(&block);
      if (!loop || block.getOps<nvgpu::WGMMAOp>().empty())
        continue;
      if (hasMany(loops, loop))
        work.emplace_back(&block, loop);
    }
    for (auto [block, loop] : work)
      if (Value counter = findCounter(*loop))
        localize(*loop, *block, counter);
  }

  /// An integer that the loop changes from iteration to iteration.
  static Value findCounter(CFGLoop &loop) {
    Block *header = loop.getHeader();
    Block *latch = loop.getLoopLatch();
    if (!latch)
      return {};
    auto branch = dyn_cast<BranchOpInterface>(latch->getTerminator());
    if (!branch)
      return {};
    for (unsigned s = 0; s < latch->getNumSuccessors(); ++s) {
      if (latch->getSuccessor(s) != header)
        continue;
      SuccessorOperands operands = branch.getSuccessorOperands(s);
      for (BlockArgument argument : header->getArguments())
        if ((argument.getType().isInteger(32) ||
             argument.getType().isInteger(64)) &&
            operands[argument.getArgNumber()] != argument)
          return argument;
    }
    return {};
  }

  /// Whether `value` is the same in every iteration, wherever it is formed.
  bool isInvariant(CFGLoop &loop, Value value) {
    if (!loop.contains(value.getParentBlock()))
      return true;
    Operation *op = value.getDefiningOp();
    if (!op || !isPure(op))
      return false;
    auto [it, isNew] = invariant.try_emplace(value, true);
    if (isNew) {
      bool all = llvm::all_of(op->getOperands(), [&](Value operand) {
        return isInvariant(loop, operand);
      });
      invariant[value] = all;
    }
    return invariant[value];
  }

  /// How many ops lie between `value` and the address of shared memory that it
  /// is formed from; kFar if there is none.
  unsigned getDistance(Value value) {
    auto [known, isNew] = distances.try_emplace(value, kFar);
    if (!isNew)
      return known->second;
    Operation *op = value.getDefiningOp();
    unsigned distance = kFar;
    if (op && isa<LLVM::AddressOfOp>(op))
      distance = 0;
    else if (op && isCheap(op))
      for (Value operand : op->getOperands())
        distance = std::min(distance, getDistance(operand) + 1);
    return distances[value] = std::min(distance, kFar);
  }

  /// Whether `value` is formed from the address of shared memory.
  bool reachesAddress(Value value) { return getDistance(value) < kFar; }

  static bool isCheap(Operation *op) {
    return isa<LLVM::ZExtOp, LLVM::AddOp, LLVM::OrOp, LLVM::AndOp, LLVM::LShrOp,
               LLVM::ShlOp, LLVM::XOrOp, LLVM::PtrToIntOp, LLVM::GEPOp>(op);
  }

  /// The operand to follow from a descriptor to its address; the ops on the
  /// way are cheaper to repeat than their results are to keep.
  Value getSource(Value value) {
    Operation *op = value.getDefiningOp();
    if (!op || !isCheap(op))
      return {};
    for (Value operand : op->getOperands())
      if (reachesAddress(operand))
        return operand;
    // Without an address in sight: one value combined with constants.
    if (isa<LLVM::ZExtOp>(op))
      return op->getOperand(0);
    if (isa<LLVM::AddOp, LLVM::OrOp, LLVM::AndOp>(op) &&
        op->getOperand(1).getDefiningOp<LLVM::ConstantOp>())
      return op->getOperand(0);
    return {};
  }

  /// Whether `loop`, or one around it, has descriptors enough to act on.
  bool hasMany(CFGLoopInfo &loops, CFGLoop *loop) {
    for (; loop; loop = loop->getParentLoop()) {
      auto [known, isNew] = many.try_emplace(loop, false);
      if (isNew) {
        invariant.clear();
        known->second = countInvariant(loops, *loop) >= minDescriptors;
      }
      if (known->second)
        return true;
    }
    return false;
  }

  /// Number of different invariant descriptors in `loop`. One counts for each
  /// loop whose own products use it: hoisted out of all of them, it is alive
  /// from the first to the last, and ptxas does not form it again.
  unsigned countInvariant(CFGLoopInfo &loops, CFGLoop &loop) {
    DenseSet<std::pair<Value, CFGLoop *>> descriptors;
    for (Block *block : loop.getBlocks())
      for (nvgpu::WGMMAOp product : block->getOps<nvgpu::WGMMAOp>())
        for (Value operand : {product.getOpA(), product.getOpB()})
          if (operand.getType().isInteger(64) && isInvariant(loop, operand))
            descriptors.insert({operand, loops.getLoopFor(block)});
    return descriptors.size();
  }

  void localize(CFGLoop &loop, Block &block, Value counter) {
    SmallVector<nvgpu::WGMMAOp> products(block.getOps<nvgpu::WGMMAOp>());
    invariant.clear();
    OpBuilder builder(products.front());
    Value z;
    IRMapping mapping;
    // Forms `value` anew at the builder's insertion point, from root + z.
    auto form = [&](auto &self, Value value) -> Value {
      if (Value done = mapping.lookupOrNull(value))
        return done;
      Location loc = value.getLoc();
      Value result;
      if (Value source = getSource(value)) {
        self(self, source);
        result = builder.clone(*value.getDefiningOp(), mapping)->getResult(0);
      } else {
        if (!z) {
          OpBuilder::InsertionGuard guard(builder);
          builder.setInsertionPointToStart(&block);
          z = makeZero(builder, counter);
        }
        if (isa<LLVM::LLVMPointerType>(value.getType())) {
          result = LLVM::GEPOp::create(builder, loc, value.getType(),
                                       builder.getI8Type(), value,
                                       ArrayRef<LLVM::GEPArg>{z});
        } else {
          Value addend = z;
          unsigned width = value.getType().getIntOrFloatBitWidth();
          if (width > 32)
            addend = LLVM::ZExtOp::create(builder, loc, value.getType(), z);
          else if (width < 32)
            addend = LLVM::TruncOp::create(builder, loc, value.getType(), z);
          result = LLVM::AddOp::create(builder, loc, value, addend);
        }
        mapping.map(value, result);
      }
      return result;
    };
    for (nvgpu::WGMMAOp product : products) {
      for (OpOperand *operand :
           {&product.getOpAMutable(), &product.getOpBMutable()}) {
        Value descriptor = operand->get();
        if (!descriptor.getType().isInteger(64) ||
            !isInvariant(loop, descriptor))
          continue;
        builder.setInsertionPoint(product);
        operand->set(form(form, descriptor));
      }
    }
  }

  /// 0, which changes with `counter` as far as LLVM and ptxas know: a grid has
  /// less than 2^31 blocks along x.
  static Value makeZero(OpBuilder &builder, Value counter) {
    Location loc = counter.getLoc();
    Type i32 = builder.getI32Type();
    if (counter.getType() != i32)
      counter = LLVM::TruncOp::create(builder, loc, i32, counter);
    auto dialect = LLVM::AsmDialectAttr::get(builder.getContext(),
                                             LLVM::AsmDialect::AD_ATT);
    return LLVM::InlineAsmOp::create(
               builder, loc, TypeRange{i32}, counter,
               "{ .reg .b32 t; mov.u32 t, %nctaid.x; shr.u32 t, t, 31; "
               "and.b32 $0, t, $1; }",
               "=r,r", /*has_side_effects=*/true, /*is_align_stack=*/false,
               LLVM::TailCallKind::None, dialect, ArrayAttr())
        ->getResult(0);
  }

  /// Farther from an address than this nobody looks.
  static constexpr unsigned kFar = 16;

  DenseMap<Value, unsigned> distances;
  DenseMap<Value, bool> invariant;
  /// Loops of the region with descriptors enough of their own, and without.
  DenseMap<CFGLoop *, bool> many;
};

} // namespace
