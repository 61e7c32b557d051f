//===- SharedAccesses.cpp - who writes and reads shared memory ------------===//

#include "SharedAccesses.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "triton/Dialect/TritonGPU/Transforms/BufferAnalysis.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;
using namespace mlir::triton::nvidia_gpu;

//===----------------------------------------------------------------------===//
// Parts of buffers
//===----------------------------------------------------------------------===//

namespace {

/// Whether two subslices of the same thing have no element in common.
bool areDisjoint(MemDescSubsliceOp a, MemDescSubsliceOp b) {
  ArrayRef<int64_t> shapeA = a.getType().getShape();
  ArrayRef<int64_t> shapeB = b.getType().getShape();
  for (auto [offsetA, sizeA, offsetB, sizeB] :
       llvm::zip(a.getOffsets(), shapeA, b.getOffsets(), shapeB))
    if (offsetA + sizeA <= offsetB || offsetB + sizeB <= offsetA)
      return true;
  return false;
}

/// Whether two views of one kind, if subslices, begin at one place.
bool haveSameOffsets(Operation *a, Operation *b) {
  auto slice = dyn_cast<MemDescSubsliceOp>(a);
  return !slice ||
         slice.getOffsets() == cast<MemDescSubsliceOp>(b).getOffsets();
}

bool areDifferentIndices(Value a, Value b) {
  APInt indexA, indexB;
  return matchPattern(a, m_ConstantInt(&indexA)) &&
         matchPattern(b, m_ConstantInt(&indexB)) && indexA != indexB;
}

/// Walks from a memory descriptor to the roots of what it may describe.
class PartFinder {
public:
  SmallVector<BufferPart> find(Value memdesc) {
    visit(memdesc);
    return std::move(parts);
  }

private:
  SmallVector<BufferPart> parts;
  /// Values that were reached from other places than their view's use.
  DenseSet<Value> seen;

  void visit(Value value) {
    SmallVector<Operation *> views;
    while (Operation *op = value.getDefiningOp()) {
      if (!isBufferView(op))
        break;
      views.push_back(op);
      value = op->getOperand(0);
    }
    if (auto wait = value.getDefiningOp<WarpGroupDotWaitOp>())
      return jump(wait->getOperand(cast<OpResult>(value).getResultNumber()));
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      if (visitArgument(argument))
        return;
    } else if (visitResult(cast<OpResult>(value))) {
      return;
    }
    std::reverse(views.begin(), views.end());
    parts.push_back({value, std::move(views)});
  }

  /// Goes on at `value`. The views since the last jump are given up: the part
  /// that is left is one around the part that is described.
  void jump(Value value) {
    if (seen.insert(value).second)
      visit(value);
  }

  bool visitResult(OpResult result) {
    unsigned index = result.getResultNumber();
    Operation *op = result.getOwner();
    if (auto loop = dyn_cast<scf::ForOp>(op)) {
      jump(loop.getInitArgs()[index]);
      jump(loop.getBody()->getTerminator()->getOperand(index));
    } else if (auto loop = dyn_cast<scf::WhileOp>(op)) {
      jump(loop.getConditionOp().getArgs()[index]);
    } else if (isa<scf::IfOp>(op)) {
      for (Region &region : op->getRegions())
        jump(region.front().getTerminator()->getOperand(index));
    } else if (auto select = dyn_cast<arith::SelectOp>(op)) {
      jump(select.getTrueValue());
      jump(select.getFalseValue());
    } else {
      return false;
    }
    return true;
  }

  bool visitArgument(BlockArgument argument) {
    Block *block = argument.getOwner();
    Operation *parent = block->getParentOp();
    unsigned index = argument.getArgNumber();
    if (!block->isEntryBlock())
      return visitPredecessors(block, index);
    if (auto loop = dyn_cast<scf::ForOp>(parent)) {
      jump(loop.getInitArgs()[index - 1]);
      jump(loop.getBody()->getTerminator()->getOperand(index - 1));
    } else if (auto loop = dyn_cast<scf::WhileOp>(parent)) {
      if (block == loop.getBeforeBody()) {
        jump(loop.getInits()[index]);
        jump(loop.getYieldOp().getOperand(index));
      } else {
        jump(loop.getConditionOp().getArgs()[index]);
      }
    } else if (isa<WarpSpecializePartitionsOp>(parent)) {
      auto op = cast<WarpSpecializeOp>(parent->getParentOp());
      jump(op.getExplicitCaptures()[index]);
    } else {
      return false;
    }
    return true;
  }

  bool visitPredecessors(Block *block, unsigned index) {
    SmallVector<Value> incoming;
    for (auto it = block->pred_begin(); it != block->pred_end(); ++it) {
      auto branch = dyn_cast<BranchOpInterface>((*it)->getTerminator());
      if (!branch)
        return false;
      Value value = branch.getSuccessorOperands(it.getSuccessorIndex())[index];
      if (!value)
        return false;
      incoming.push_back(value);
    }
    for (Value value : incoming)
      jump(value);
    return true;
  }
};

} // namespace

bool nvidia_gpu::mayOverlap(const BufferPart &a, const BufferPart &b) {
  if (!a.root || !b.root)
    return true;
  if (a.root != b.root)
    return buffersMayAlias(a.root, b.root);
  for (auto [viewA, viewB] : llvm::zip(a.views, b.views)) {
    if (viewA == viewB)
      continue;
    if (viewA->getName() != viewB->getName())
      return true;
    if (auto index = dyn_cast<MemDescIndexOp>(viewA)) {
      // Of different slots no byte is common, of one slot the same parts may
      // be: what lies apart inside of a slot lies apart in any two.
      if (areDifferentIndices(index.getIndex(),
                              cast<MemDescIndexOp>(viewB).getIndex()))
        return false;
    } else if (auto slice = dyn_cast<MemDescSubsliceOp>(viewA)) {
      if (areDisjoint(slice, cast<MemDescSubsliceOp>(viewB)))
        return false;
    } else if (viewA->getAttrDictionary() != viewB->getAttrDictionary()) {
      return true;
    }
    if (viewA->getResultTypes() != viewB->getResultTypes() ||
        !haveSameOffsets(viewA, viewB))
      return true;
  }
  return true;
}

SmallVector<BufferPart> nvidia_gpu::findBufferParts(Value memdesc) {
  return PartFinder().find(memdesc);
}

bool nvidia_gpu::isSharedData(Value value) {
  auto type = dyn_cast<MemDescType>(value.getType());
  return type && isa<SharedMemorySpaceAttr>(type.getMemorySpace()) &&
         !type.getElementType().isInteger(64);
}

SmallVector<Value> nvidia_gpu::getAsyncProxyReads(Operation *op) {
  SmallVector<Value> reads;
  if (isa<WarpGroupDotOp, TCGen5MMAOp>(op))
    reads = {op->getOperand(0), op->getOperand(1)};
  else if (auto dot = dyn_cast<TCGen5MMAScaledOp>(op))
    reads = {dot.getA(), dot.getB(), dot.getAScale(), dot.getBScale()};
  else if (auto copy = dyn_cast<TMEMCopyOp>(op))
    reads = {copy.getSrc()};
  else if (auto copy = dyn_cast<AsyncTMACopyLocalToGlobalOp>(op))
    reads = {copy.getSrc()};
  else if (auto reduce = dyn_cast<AsyncTMAReduceOp>(op))
    reads = {reduce.getSrc()};
  else if (auto scatter = dyn_cast<AsyncTMAScatterOp>(op))
    reads = {scatter.getSrc()};
  llvm::erase_if(reads, [](Value value) { return !isSharedData(value); });
  return reads;
}

//===----------------------------------------------------------------------===//
// Inline assembly
//===----------------------------------------------------------------------===//

namespace {

/// What a piece of inline assembly may do to memory.
struct AsmEffects {
  bool loads = false;
  bool storesShared = false;
  bool copies = false;
  /// Waits for copies or works on an mbarrier.
  bool waits = false;
};

/// Reads the instructions by their first words. Only a store that names another
/// state space is none to shared memory.
AsmEffects getAsmEffects(ElementwiseInlineAsmOp op) {
  AsmEffects effects;
  StringRef text = op.getAsmString();
  auto isWordChar = [](char c) {
    return llvm::isAlnum(c) || c == '.' || c == '_' || c == ':';
  };
  while (!text.empty()) {
    text = text.drop_until(isWordChar);
    StringRef word = text.take_while(isWordChar);
    text = text.drop_front(word.size());
    auto [name, rest] = word.split('.');
    if (name == "ld" || name == "ldmatrix")
      effects.loads = true;
    bool isCopy = name == "cp" && rest.starts_with("async") &&
                  !rest.starts_with("async.bulk");
    effects.copies |= isCopy;
    bool stores = name == "st" || name == "stmatrix" || name == "red" ||
                  name == "atom" || name == "cp" || name == "multimem";
    bool elsewhere = rest.contains("global") && !rest.contains("shared");
    elsewhere |= rest.starts_with("local") || rest.starts_with("param");
    // Waits and commits are no copies.
    elsewhere |= rest.contains("wait") || rest.contains("commit");
    effects.storesShared |= isCopy || (stores && !elsewhere);
    effects.loads |= name == "atom";
    effects.waits |= name == "mbarrier" || rest.contains("wait");
  }
  return effects;
}

/// Whether an address among the operands may come out of `op` again.
bool mayPassAddressOn(Operation *op) {
  if (isa<LoadOp, StoreOp, AtomicRMWOp, AtomicCASOp, LocalLoadOp, LocalStoreOp>(
          op))
    return false;
  if (auto text = dyn_cast<ElementwiseInlineAsmOp>(op))
    return !getAsmEffects(text).loads;
  return true;
}

bool isStoreThroughPointer(Operation *op) {
  return isa<StoreOp, AtomicRMWOp, AtomicCASOp>(op);
}

bool isSharedPointer(Value value) {
  auto pointer = dyn_cast<PointerType>(getElementTypeOrSelf(value.getType()));
  return pointer && pointer.getAddressSpace() == 3;
}

} // namespace

RawAddresses::RawAddresses(FuncOp function) {
  function.walk([&](Operation *op) {
    if (op->getNumResults() == 0 || !isMemoryEffectFree(op) ||
        op->getNumRegions() != 0 || isBufferView(op))
      return;
    for (Value operand : op->getOperands())
      if (isSharedData(operand))
        for (Value result : op->getResults())
          if (!isa<MemDescType>(result.getType()))
            spread(result, operand);
  });
}

ArrayRef<Value> RawAddresses::getBuffers(Operation *op) const {
  auto found = buffersOfOp.find(op);
  return found == buffersOfOp.end() ? ArrayRef<Value>() : found->second;
}

void RawAddresses::spread(Value address, Value buffer) {
  SmallVector<Value> worklist{address};
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    if (!seen.insert({value, buffer}).second)
      continue;
    for (OpOperand &use : value.getUses()) {
      Operation *user = use.getOwner();
      // Data that is stored is no address of the store.
      if (!isStoreThroughPointer(user) || use.getOperandNumber() == 0)
        if (!llvm::is_contained(buffersOfOp[user], buffer))
          buffersOfOp[user].push_back(buffer);
      if (!mayPassAddressOn(user))
        continue;
      auto add = [&](Value next) {
        if (next.getType() == value.getType() || user->getNumRegions() == 0)
          worklist.push_back(next);
      };
      llvm::for_each(user->getResults(), add);
      for (Region &region : user->getRegions())
        for (Block &block : region)
          llvm::for_each(block.getArguments(), add);
      if (!user->hasTrait<OpTrait::IsTerminator>())
        continue;
      for (Block *successor : user->getSuccessors())
        llvm::append_range(worklist, successor->getArguments());
      Operation *parent = user->getParentOp();
      if (isa<FuncOp>(parent))
        continue;
      llvm::append_range(worklist, parent->getResults());
      for (Region &region : parent->getRegions())
        for (Block &block : region)
          llvm::append_range(worklist, block.getArguments());
    }
  }
}

//===----------------------------------------------------------------------===//
// Writes
//===----------------------------------------------------------------------===//

static void addParts(GenericWrite &write, Value buffer) {
  llvm::append_range(write.parts, findBufferParts(buffer));
}

/// Writes of an op with declared effects, or to all its buffers without.
static void addEffects(GenericWrite &write, Operation *op) {
  auto interface = dyn_cast<MemoryEffectOpInterface>(op);
  if (!interface) {
    if (op->hasTrait<OpTrait::HasRecursiveMemoryEffects>() ||
        op->hasTrait<OpTrait::IsTerminator>() || op->getNumRegions() != 0)
      return;
    for (Value operand : op->getOperands())
      if (isSharedData(operand))
        addParts(write, operand);
    return;
  }
  SmallVector<MemoryEffects::EffectInstance> effects;
  interface.getEffects(effects);
  for (const MemoryEffects::EffectInstance &effect : effects)
    if (Value value = effect.getValue())
      if (isa<MemoryEffects::Write>(effect.getEffect()) && isSharedData(value))
        addParts(write, value);
}

std::optional<GenericWrite>
nvidia_gpu::getGenericWrite(Operation *op, const RawAddresses &addresses) {
  GenericWrite write;
  if (isa<AsyncTMACopyGlobalToLocalOp, AsyncTMAGatherOp, FenceAsyncSharedOp,
          WarpGroupDotWaitOp>(op) ||
      op->hasTrait<OpTrait::MemWaitOpTrait>() || isBufferView(op))
    return std::nullopt;
  if (auto alloc = dyn_cast<LocalAllocOp>(op)) {
    if (alloc.getSrc())
      addParts(write, alloc.getResult());
  } else if (isa<AsyncCopyGlobalToLocalOp>(op)) {
    addEffects(write, op);
    write.isCopy = true;
  } else if (isStoreThroughPointer(op)) {
    for (Value buffer : addresses.getBuffers(op))
      addParts(write, buffer);
    if (write.parts.empty() && isSharedPointer(op->getOperand(0)))
      write.parts.push_back({});
  } else if (auto text = dyn_cast<ElementwiseInlineAsmOp>(op)) {
    AsmEffects effects = getAsmEffects(text);
    if (!effects.storesShared)
      return std::nullopt;
    write.isUntracked = effects.copies;
    for (Value buffer : addresses.getBuffers(op))
      addParts(write, buffer);
    if (write.parts.empty())
      write.parts.push_back({});
  } else if (isa<CallOpInterface>(op)) {
    write.isUntracked = true;
    for (Value operand : op->getOperands()) {
      if (isSharedData(operand))
        addParts(write, operand);
      else if (isSharedPointer(operand) && addresses.getBuffers(op).empty())
        write.parts.push_back({});
    }
    for (Value buffer : addresses.getBuffers(op))
      addParts(write, buffer);
  } else {
    addEffects(write, op);
  }
  if (write.parts.empty())
    return std::nullopt;
  return write;
}

static bool worksOnBarrier(Operation *op) {
  return llvm::any_of(op->getOperands(), [](Value operand) {
    auto type = dyn_cast<MemDescType>(operand.getType());
    return type && type.getElementType().isInteger(64);
  });
}

bool nvidia_gpu::mayHandOver(Operation *op) {
  if (auto text = dyn_cast<ElementwiseInlineAsmOp>(op))
    return !text.getPure();
  return isa<CallOpInterface>(op) || (!isBufferView(op) && worksOnBarrier(op));
}

bool nvidia_gpu::mayEndCopies(Operation *op) {
  if (auto text = dyn_cast<ElementwiseInlineAsmOp>(op))
    return getAsmEffects(text).waits;
  return mayHandOver(op);
}
