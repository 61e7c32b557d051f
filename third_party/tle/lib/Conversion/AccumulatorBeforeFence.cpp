//===- AccumulatorBeforeFence.cpp - WGMMA starts from ready registers -----===//
//
// Precondition:  products are nvg.wgmma, accumulators structs of registers.
// Rewrite:       fence; arithmetic, packing; wgmma; commit
//                ==>  arithmetic, packing; pin; fence; wgmma; commit
// Postcondition: between fence and commit only WGMMA and descriptors; each
//                accumulator that a group starts from comes from a product, a
//                wait or a pin.
//
//===----------------------------------------------------------------------===//

#include "WGMMAGroups.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tle/Conversion/Passes.h"
#include "llvm/ADT/StringExtras.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLEACCUMULATORBEFOREFENCE
#include "tle/Conversion/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::tle;

namespace {

class AccumulatorBeforeFencePass
    : public triton::tle::impl::TLEAccumulatorBeforeFenceBase<
          AccumulatorBeforeFencePass> {
public:
  using Base::Base;
  void runOnOperation() override {
    getOperation()->walk([&](Block *block) {
      SmallVector<WGMMAGroup> groups = collectWGMMAGroups(*block);
      for (WGMMAGroup &group : groups)
        clearStretch(group);
      for (WGMMAGroup &group : groups)
        for (nvgpu::WGMMAOp product : group.products)
          if (product.getOpC())
            pinInitial(product.getOpCMutable()[0], group.fence);
      dropChainedFences(groups);
    });
  }

private:
  /// Leaves only products and what forms their descriptors between fence and
  /// commit: all else goes before the fence, or behind the commit where it uses
  /// a product.
  void clearStretch(WGMMAGroup &group) {
    SmallVector<Operation *> others;
    for (Operation *op = group.fence->getNextNode(); op != group.commit;
         op = op->getNextNode())
      if (!isa<nvgpu::WGMMAOp>(op))
        others.push_back(op);

    // Descriptors live in uniform registers, which ptxas does not mind; formed
    // all at once they would take too many.
    DenseSet<Operation *> formsDescriptor;
    for (Operation *op : llvm::reverse(others))
      if (!hoistDescriptors && llvm::all_of(op->getUses(), [&](OpOperand &use) {
            return formsDescriptor.contains(use.getOwner()) ||
                   (isa<nvgpu::WGMMAOp>(use.getOwner()) &&
                    use.get().getType().isInteger(64));
          }))
        formsDescriptor.insert(op);

    // What is still in the stretch. Asking the block for the order of its
    // operations would number all of them again after each move.
    DenseSet<Operation *> stretch(others.begin(), others.end());
    DenseSet<Operation *> usesProduct(group.products.begin(),
                                      group.products.end());
    SmallVector<Operation *> late;
    for (Operation *op : others) {
      if (llvm::any_of(op->getOperands(), [&](Value operand) {
            return usesProduct.contains(operand.getDefiningOp());
          })) {
        usesProduct.insert(op);
        late.push_back(op);
      } else if (!formsDescriptor.contains(op)) {
        // Its operands may come from what forms descriptors too.
        moveWithOperands(op, group.fence, stretch);
      }
    }
    stretch.insert(group.products.begin(), group.products.end());
    Operation *end = group.commit;
    for (Operation *op : late) {
      bool feedsProduct = llvm::any_of(op->getUsers(), [&](Operation *user) {
        return stretch.contains(user);
      });
      if (feedsProduct)
        continue;
      op->moveAfter(end);
      stretch.erase(op);
      end = op;
    }
  }

  static void moveWithOperands(Operation *op, Operation *before,
                               DenseSet<Operation *> &stretch) {
    // First, for in a block that nothing reaches an op may use its own result.
    stretch.erase(op);
    for (Value operand : op->getOperands())
      if (stretch.contains(operand.getDefiningOp()))
        moveWithOperands(operand.getDefiningOp(), before, stretch);
    op->moveBefore(before);
  }

  /// Whether a register already holds `field` when a group starts: it comes
  /// from a product, from the wait for one, or from a pin.
  static bool isInRegister(const StructField &field) {
    Operation *op = field.value.getDefiningOp();
    return op &&
           isa<nvgpu::WGMMAOp, nvgpu::WGMMAWaitGroupOp, LLVM::InlineAsmOp>(op);
  }

  /// Makes sure that the fields of the struct in `operand` are in registers at
  /// `before`: pins them there unless they are, or, for values that come into
  /// the block, where they come from.
  void pinInitial(OpOperand &operand, Operation *before) {
    Value accumulator = operand.get();
    if (!isPinnable(accumulator.getType()))
      return;
    SmallVector<BlockArgument> incoming;
    for (int64_t i = 0, e = getNumFields(accumulator.getType()); i < e; ++i) {
      StructField field = traceField(accumulator, i);
      if (isInRegister(field))
        continue;
      if (auto argument = dyn_cast<BlockArgument>(field.value)) {
        incoming.push_back(argument);
        continue;
      }
      return operand.set(pin(accumulator, before));
    }
    for (BlockArgument argument : incoming)
      pinIncoming(argument);
  }

  void pinIncoming(BlockArgument argument) {
    if (!visited.insert(argument).second)
      return;
    Block *block = argument.getOwner();
    for (auto it = block->pred_begin(), e = block->pred_end(); it != e; ++it) {
      Operation *terminator = (*it)->getTerminator();
      auto branch = dyn_cast<BranchOpInterface>(terminator);
      if (!branch)
        continue;
      SuccessorOperands operands =
          branch.getSuccessorOperands(it.getSuccessorIndex());
      unsigned position = argument.getArgNumber();
      if (position < operands.getProducedOperandCount())
        continue;
      OpOperand &operand = operands.getMutableForwardedOperands()
                               [position - operands.getProducedOperandCount()];
      if (isa<LLVM::LLVMStructType>(operand.get().getType())) {
        pinInitial(operand, terminator);
        continue;
      }
      // A single register: LLVM keeps what is no constant where it is.
      if (auto source = dyn_cast<BlockArgument>(operand.get()))
        pinIncoming(source);
      else if (isConstant(operand.get()))
        operand.set(pinScalar(operand.get(), terminator));
    }
  }

  static bool isConstant(Value value) {
    return isa_and_present<LLVM::ConstantOp, LLVM::ZeroOp, LLVM::UndefOp>(
        value.getDefiningOp());
  }

  static StringRef getConstraint(Type type) {
    if (type.isF32())
      return "f";
    if (type.isInteger(32))
      return "r";
    return "";
  }

  static bool isPinnable(Type type) {
    auto structType = dyn_cast<LLVM::LLVMStructType>(type);
    return structType && llvm::all_of(structType.getBody(), [](Type field) {
             return !getConstraint(field).empty();
           });
  }

  static Value makePin(OpBuilder &builder, Location loc, Type type,
                       ArrayRef<Value> registers) {
    SmallVector<std::string> outputs, inputs;
    for (auto [i, value] : llvm::enumerate(registers)) {
      outputs.push_back("=" + getConstraint(value.getType()).str());
      inputs.push_back(std::to_string(i));
    }
    std::string constraints =
        llvm::join(outputs, ",") + "," + llvm::join(inputs, ",");
    auto dialect = LLVM::AsmDialectAttr::get(builder.getContext(),
                                             LLVM::AsmDialect::AD_ATT);
    return LLVM::InlineAsmOp::create(
               builder, loc, type, registers, "// accumulator", constraints,
               /*has_side_effects=*/true, /*is_align_stack=*/false,
               LLVM::TailCallKind::None, dialect, ArrayAttr())
        ->getResult(0);
  }

  /// The fields of `accumulator` behind an inline assembly that could have
  /// changed them, at `before`.
  static Value pin(Value accumulator, Operation *before) {
    OpBuilder builder(before);
    Location loc = accumulator.getLoc();
    SmallVector<Value> registers;
    for (int64_t i = 0, e = getNumFields(accumulator.getType()); i < e; ++i)
      registers.push_back(
          LLVM::ExtractValueOp::create(builder, loc, accumulator, i));
    return makePin(builder, loc, accumulator.getType(), registers);
  }

  static Value pinScalar(Value value, Operation *before) {
    if (getConstraint(value.getType()).empty())
      return value;
    OpBuilder builder(before);
    return makePin(builder, value.getLoc(), value.getType(), value);
  }

  /// A fence orders register accesses of the threads before those of WGMMA.
  /// A group whose operands lie in shared memory and whose accumulators are
  /// new or come straight from the group before touches no register that a
  /// thread has touched since that group's fence.
  void dropChainedFences(ArrayRef<WGMMAGroup> groups) {
    const WGMMAGroup *previous = nullptr;
    for (const WGMMAGroup &group : groups) {
      if (previous && continues(*previous, group))
        NVVM::WgmmaFenceAlignedOp(group.fence)->erase();
      previous = &group;
    }
  }

  static bool continues(const WGMMAGroup &first, const WGMMAGroup &second) {
    Operation *begin = NVVM::WgmmaGroupSyncAlignedOp(first.commit);
    Operation *end = NVVM::WgmmaFenceAlignedOp(second.fence);
    for (Operation *op = begin->getNextNode(); op != end;
         op = op->getNextNode())
      if (!isa<LLVM::InsertValueOp, LLVM::ExtractValueOp>(op) &&
          (!isPure(op) || touchesProduct(op)))
        return false;
    for (nvgpu::WGMMAOp product : second.products) {
      if (!product.getOpA().getType().isInteger(64))
        return false;
      if (product.getOpC() && !isProduct(product.getOpC()))
        return false;
    }
    return true;
  }

  /// Whether all of `accumulator` is what products left.
  static bool isProduct(Value accumulator) {
    for (int64_t i = 0, e = getNumFields(accumulator.getType()); i < e; ++i) {
      StructField field = traceField(accumulator, i);
      if (!field.value.getDefiningOp<nvgpu::WGMMAOp>() || field.index != i)
        return false;
    }
    return true;
  }

  static bool touchesProduct(Operation *op) {
    for (Value operand : op->getOperands()) {
      StructField field = traceField(operand, 0);
      Operation *source = isa<LLVM::LLVMStructType>(operand.getType())
                              ? field.value.getDefiningOp()
                              : operand.getDefiningOp();
      if (auto extract = dyn_cast_or_null<LLVM::ExtractValueOp>(source)) {
        // No position: all of the struct, whatever made it.
        if (extract.getPosition().empty())
          return true;
        source = traceField(extract.getContainer(), extract.getPosition()[0])
                     .value.getDefiningOp();
      }
      if (isa_and_present<nvgpu::WGMMAOp>(source))
        return true;
    }
    return false;
  }

  DenseSet<BlockArgument> visited;
};

} // namespace
