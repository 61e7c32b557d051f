//===- OptimizeDotOperands.cpp - operands reuse shared memory -------------===//
//
// Precondition:  an operand of ttng.warp_group_dot is a copy, turned perhaps,
//                of a buffer in shared memory:
//                  %x = ttg.local_load %buf
//                  %b = ttg.local_alloc (tt.trans %x)
//                  ttng.warp_group_dot %a, %b, %c
// Rewrite:       %b becomes %buf, or tle.memdesc_wgmma_view %buf {order = [1,
// 0]} Postcondition: the product reads what it read before, because nothing can
//                write %buf from the load to the end of the product; a product
//                in a loop that writes %buf ends before anything follows it,
//                or, if its result is only carried on and what is written
//                meanwhile are other slots, at the next iteration's first wait.
//
//===----------------------------------------------------------------------===//

#include "triton/Dialect/TritonGPU/Transforms/BufferAnalysis.h"
#include "triton/Dialect/TritonGPU/Transforms/Passes.h"
#include "triton/Dialect/TritonGPU/Transforms/Remarks.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

#ifdef __TLE__
#include "tle/IR/Dialect.h"
#endif

namespace mlir::triton::gpu {
#define GEN_PASS_DEF_TRITONGPUOPTIMIZEDOTOPERANDS
#include "triton/Dialect/TritonGPU/Transforms/Passes.h.inc"
} // namespace mlir::triton::gpu

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;
using namespace mlir::triton::nvidia_gpu;

#ifdef __TLE__

namespace {

/// Where an operand comes from.
struct OperandOrigin {
  LocalLoadOp load;
  /// Whether the operand is the transpose of what was loaded.
  bool transposed;
};

/// Whether `order` exchanges two dimensions (true), leaves them (false), or
/// does anything else (nullopt).
std::optional<bool> exchanges(ArrayRef<int32_t> order) {
  if (order == ArrayRef<int32_t>{1, 0})
    return true;
  if (order == ArrayRef<int32_t>{0, 1})
    return false;
  return std::nullopt;
}

/// Follows an operand through turns, copies into immutable buffers and changes
/// of layout up to the load that its values come from.
std::optional<OperandOrigin> findOrigin(Value operand) {
  bool transposed = false;
  while (Operation *op = operand.getDefiningOp()) {
    if (auto load = dyn_cast<LocalLoadOp>(op))
      return OperandOrigin{load, transposed};
    std::optional<bool> turned = false;
    if (auto trans = dyn_cast<TransOp>(op))
      turned = exchanges(trans.getOrder());
    else if (auto trans = dyn_cast<MemDescTransOp>(op))
      turned = exchanges(trans.getOrder());
    else if (auto view = dyn_cast<tle::MemDescWGMMAViewOp>(op))
      turned = exchanges(view.getOrder());
    else if (auto alloc = dyn_cast<LocalAllocOp>(op);
             alloc && (!alloc.getSrc() || alloc.getType().getMutableMemory()))
      return std::nullopt;
    else if (!isa<LocalAllocOp, ConvertLayoutOp>(op))
      return std::nullopt;
    if (!turned)
      return std::nullopt;
    transposed ^= *turned;
    operand = op->getOperand(0);
  }
  return std::nullopt;
}

/// Whether WGMMA can read operand `index` (0: M x K, 1: K x N) from a buffer of
/// this type once it is turned or not.
bool isLegalOperand(MemDescType type, bool transposed, unsigned index) {
  auto layout = dyn_cast<NVMMASharedEncodingAttr>(type.getEncoding());
  if (!layout || type.getShape().size() != 2 || layout.getRank() != 2 ||
      layout.getFp4Padded() || layout.getSwizzlingByteWidth() == 0)
    return false;
  unsigned bits = type.getElementTypeBitWidth();
  if (layout.getElementBitWidth() != bits)
    return false;
  bool firstDimContiguous = layout.getTransposed() != transposed;
  // K runs along dimension 1 of A and dimension 0 of B.
  bool kContiguous = firstDimContiguous == (index == 1);
  if (bits != 16 && !kContiguous)
    return false;
  // The tile that the swizzle repeats over has 8 rows.
  SmallVector<int64_t> perCTA = getShapePerCTA(layout, type.getShape());
  int64_t row = perCTA[layout.getTransposed() ? 0 : 1];
  int64_t rows = perCTA[layout.getTransposed() ? 1 : 0];
  return rows >= 8 && row * bits / 8 >= layout.getSwizzlingByteWidth();
}

/// What many products ask for. Nothing that the pass does makes it wrong: views
/// write nothing, and a wait that it adds only ends a product earlier.
class Knowledge {
public:
  BufferWrites getWrites(Value root) {
    return writes.try_emplace(root, root).first->second;
  }

  /// A wait behind `dot` in its block after which it has ended, or null.
  WarpGroupDotWaitOp findWait(WarpGroupDotOp dot) {
    auto &[first, wait] = waits[dot->getBlock()];
    if (first && first->isBeforeInBlock(dot) && dot->isBeforeInBlock(wait))
      return wait;
    for (Operation *op = dot->getNextNode(); op; op = op->getNextNode())
      if (auto found = dyn_cast<WarpGroupDotWaitOp>(op);
          found && found.getPendings() == 0) {
        first = dot;
        wait = found;
        return found;
      }
    return {};
  }

  /// Whether nothing writes the buffer from `dot` to `wait`.
  bool isUnwritten(WarpGroupDotOp dot, WarpGroupDotWaitOp wait, Value root);

private:
  DenseMap<Value, BufferWrites> writes;
  /// By block the last wait that was found, and the first product before it.
  DenseMap<Block *, std::pair<Operation *, WarpGroupDotWaitOp>> waits;
  /// By wait and buffer the first product from which to the wait nothing
  /// writes the buffer.
  DenseMap<std::pair<Operation *, Value>, Operation *> unwritten;
};

/// Whether an op from `first` to before `last`, in one block, may write.
bool mayWriteBetween(Operation *first, Operation *last,
                     const BufferWrites &writes) {
  for (Operation *op = first; op && op != last; op = op->getNextNode())
    if (writes.mayBeIn(op))
      return true;
  return false;
}

bool Knowledge::isUnwritten(WarpGroupDotOp dot, WarpGroupDotWaitOp wait,
                            Value root) {
  Operation *&first = unwritten[{wait, root}];
  if (first && first->isBeforeInBlock(dot))
    return true;
  if (mayWriteBetween(dot->getNextNode(), wait, getWrites(root)))
    return false;
  first = dot;
  return true;
}

/// Whether the buffer holds what `load` read until `dot` has ended.
bool keepsItsValue(LocalLoadOp load, WarpGroupDotOp dot, Value root,
                   Knowledge &known) {
  if (isConstantBuffer(root))
    return true;
  BufferWrites writes = known.getWrites(root);
  Operation *ancestor = load->getBlock()->findAncestorOpInBlock(*dot);
  if (!ancestor || mayWriteBetween(load->getNextNode(), ancestor, writes))
    return false;
  // Deeper inside: all that encloses the product may run before it, again.
  if (ancestor != dot.getOperation() && writes.mayBeIn(ancestor))
    return false;
  if (!dot.getIsAsync())
    return true;
  WarpGroupDotWaitOp wait = known.findWait(dot);
  return wait && known.isUnwritten(dot, wait, root);
}

/// Whether a loop around `dot` may write the buffer.
bool isWrittenInLoop(WarpGroupDotOp dot, const BufferWrites &writes) {
  for (Operation *op = dot->getParentOp(); op && !isa<FuncOp>(op);
       op = op->getParentOp())
    if (isa<LoopLikeOpInterface>(op) && writes.mayBeIn(op))
      return true;
  return false;
}

/// The slot of `root`, a buffer with slots, that a view lies in.
MemDescIndexOp findSlot(Value memdesc, Value root) {
  while (Operation *op = memdesc.getDefiningOp()) {
    auto slot = dyn_cast<MemDescIndexOp>(op);
    if (slot && slot.getSrc() == root)
      return slot;
    if (!isBufferView(op))
      break;
    memdesc = op->getOperand(0);
  }
  return {};
}

/// A slot's number as (base + offset) mod modulus; modulus 0: as it is.
struct SlotNumber {
  Value base;
  int64_t offset = 0;
  int64_t modulus = 0;
};

std::optional<int64_t> asConstant(Value value) {
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return constant.getSExtValue();
  return std::nullopt;
}

SlotNumber getSlotNumber(Value value) {
  SlotNumber number{value};
  Operation *op = value.getDefiningOp();
  if (isa_and_nonnull<arith::RemSIOp, arith::RemUIOp, arith::AndIOp>(op))
    if (auto constant = asConstant(op->getOperand(1)); constant > 0) {
      int64_t modulus = *constant + (isa<arith::AndIOp>(op) ? 1 : 0);
      if (!isa<arith::AndIOp>(op) || llvm::isPowerOf2_64(modulus)) {
        number.modulus = modulus;
        number.base = op->getOperand(0);
      }
    }
  if (auto add = number.base.getDefiningOp<arith::AddIOp>())
    if (std::optional<int64_t> constant = asConstant(add.getRhs())) {
      number.offset = *constant;
      number.base = add.getLhs();
    }
  return number;
}

/// Whether `a` is `b` with a bit turned over, or an odd number less `b`.
bool isOpposite(Value a, Value b) {
  if (auto sub = a.getDefiningOp<arith::SubIOp>())
    if (std::optional<int64_t> constant = asConstant(sub.getLhs()))
      return sub.getRhs() == b && *constant % 2 != 0;
  if (auto exor = a.getDefiningOp<arith::XOrIOp>())
    if (std::optional<int64_t> constant = asConstant(exor.getRhs()))
      return exor.getLhs() == b && *constant != 0;
  return false;
}

/// Whether two numbers of slots, both of slots that exist, certainly differ.
bool areDifferentSlots(Value a, Value b) {
  std::optional<int64_t> constantA = asConstant(a), constantB = asConstant(b);
  if (constantA && constantB)
    return *constantA != *constantB;
  if (isOpposite(a, b) || isOpposite(b, a))
    return true;
  SlotNumber x = getSlotNumber(a), y = getSlotNumber(b);
  if (x.base != y.base || (x.modulus && y.modulus && x.modulus != y.modulus))
    return false;
  int64_t modulus = std::max(x.modulus, y.modulus);
  int64_t distance = x.offset - y.offset;
  return modulus ? distance % modulus != 0 : distance != 0;
}

/// Whether `op` may write the part of the buffer that `view` shows.
bool mayWriteView(Operation *op, Value view, Value root,
                  const BufferWrites &writes) {
  if (!writes.mayBeIn(op))
    return false;
  if (isa<scf::IfOp>(op))
    return llvm::any_of(op->getRegions(), [&](Region &region) {
      return llvm::any_of(region.getOps(), [&](Operation &nested) {
        return mayWriteView(&nested, view, root, writes);
      });
    });
  Value target;
  if (auto store = dyn_cast<LocalStoreOp>(op))
    target = store.getDst();
  else if (auto copy = dyn_cast<AsyncCopyGlobalToLocalOp>(op))
    target = copy.getResult();
  if (!target)
    return true;
  MemDescIndexOp read = findSlot(view, root), written = findSlot(target, root);
  return !read || !written ||
         !areDifferentSlots(read.getIndex(), written.getIndex());
}

/// Whether `dot`, in a loop that writes `view`, may be under way when the next
/// iteration begins. It then ends at the first wait there, which stock's
/// pipeliner hands its result through. Nothing may write the view up to there:
/// a ring's other slots may be filled. Behind the wait a warp that goes on may
/// meet another whose part has not ended, so a barrier precedes the first
/// write that comes before the next product.
bool mayRunOn(RewriterBase &rewriter, WarpGroupDotOp dot, Value view,
              Value root, const BufferWrites &writes) {
  auto loop = dyn_cast<scf::ForOp>(dot->getParentOp());
  if (!loop || dot.getIsAsync() || !root.getDefiningOp<LocalAllocOp>() ||
      isSharedWithOtherWarps(root) ||
      !llvm::all_of(dot->getUsers(), llvm::IsaPred<scf::YieldOp>))
    return false;
  for (Operation *op = dot->getNextNode(); op; op = op->getNextNode())
    if (mayWriteView(op, view, root, writes))
      return false;
  auto waits = loop.getBody()->getOps<WarpGroupDotWaitOp>();
  auto wait = llvm::find_if(
      waits, [](WarpGroupDotWaitOp op) { return op.getPendings() == 0; });
  if (wait == waits.end() || !(*wait)->isBeforeInBlock(dot) ||
      mayWriteBetween(&loop.getBody()->front(), *wait, writes))
    return false;
  for (Operation *op = *wait; op != dot; op = op->getNextNode())
    if (writes.mayBeIn(op)) {
      rewriter.setInsertionPoint(op);
      mlir::gpu::BarrierOp::create(rewriter, op->getLoc());
      break;
    }
  return true;
}

/// Lets nothing use the product before it has ended, unless a wait does so.
void waitOnTheSpot(RewriterBase &rewriter, WarpGroupDotOp dot) {
  auto waits = [](Operation *user) {
    auto wait = dyn_cast<WarpGroupDotWaitOp>(user);
    return wait && wait.getPendings() == 0;
  };
  if (llvm::all_of(dot->getUsers(), waits))
    return;
  rewriter.setInsertionPointAfter(dot);
  auto wait = WarpGroupDotWaitOp::create(
      rewriter, dot.getLoc(), ValueRange{dot.getD()}, /*pendings=*/0);
  rewriter.replaceAllUsesExcept(dot.getD(), wait->getResult(0), wait);
}

/// A wait that keeps `before` alive until the product has read it keeps `after`
/// alive instead.
void rewireWaits(RewriterBase &rewriter, Value before, Value after) {
  for (OpOperand &use : llvm::make_early_inc_range(before.getUses())) {
    auto wait = dyn_cast<WarpGroupDotWaitOp>(use.getOwner());
    if (!wait || !wait->getResult(use.getOperandNumber()).use_empty())
      continue;
    rewriter.modifyOpInPlace(wait, [&] {
      wait->getResult(use.getOperandNumber()).setType(after.getType());
      use.set(after);
    });
  }
}

/// Erases the ops of a chain from its end as long as nobody uses them.
void eraseDeadChain(RewriterBase &rewriter, Value end) {
  while (Operation *op = end.getDefiningOp()) {
    if (!op->use_empty() || op->getNumOperands() == 0 ||
        !isa<LocalAllocOp, LocalLoadOp, ConvertLayoutOp, TransOp,
             MemDescTransOp, tle::MemDescWGMMAViewOp>(op))
      return;
    end = op->getOperand(0);
    rewriter.eraseOp(op);
  }
}

/// Operand `index` (0 or 1) of `dot` from the buffer itself, if it can be; else
/// says in `reason` why not, unless there is no such buffer.
bool reuseBuffer(RewriterBase &rewriter, WarpGroupDotOp dot, unsigned index,
                 Knowledge &known, StringRef &reason) {
  Value operand = dot->getOperand(index);
  std::optional<OperandOrigin> origin = findOrigin(operand);
  if (!origin)
    return false;
  TypedValue<MemDescType> buffer = origin->load.getSrc();
  MemDescType type = buffer.getType();
  auto operandType = cast<ShapedType>(operand.getType());
  if (type.getElementType() != operandType.getElementType() ||
      !isLegalOperand(type, origin->transposed, index)) {
    reason = "WGMMA cannot read the buffer in its layout and element type";
    return false;
  }
  Value root = findBufferRoot(buffer);
  if (!keepsItsValue(origin->load, dot, root, known)) {
    reason = "the buffer may be written before the product has ended";
    return false;
  }

  Value replacement = buffer;
  if (origin->transposed) {
    rewriter.setInsertionPoint(dot);
    replacement = tle::MemDescWGMMAViewOp::create(
        rewriter, dot.getLoc(), buffer, ArrayRef<int32_t>{1, 0});
  }
  rewriter.modifyOpInPlace(dot, [&] { dot->setOperand(index, replacement); });
  rewireWaits(rewriter, operand, replacement);
  BufferWrites writes = known.getWrites(root);
  if (!isConstantBuffer(root) && isWrittenInLoop(dot, writes) &&
      !mayRunOn(rewriter, dot, buffer, root, writes))
    waitOnTheSpot(rewriter, dot);
  eraseDeadChain(rewriter, operand);
  return true;
}

} // namespace

#endif // __TLE__

namespace {

struct OptimizeDotOperands
    : public triton::gpu::impl::TritonGPUOptimizeDotOperandsBase<
          OptimizeDotOperands> {
  using TritonGPUOptimizeDotOperandsBase::TritonGPUOptimizeDotOperandsBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    TritonGPUOptimizeDotOperandsBase::getDependentDialects(registry);
#ifdef __TLE__
    registry.insert<tle::TLEDialect>();
#endif
  }

  void runOnOperation() override {
#ifdef __TLE__
    SmallVector<WarpGroupDotOp> dots;
    getOperation().walk([&](WarpGroupDotOp dot) { dots.push_back(dot); });
    IRRewriter rewriter(&getContext());
    Knowledge known;
    for (WarpGroupDotOp dot : dots)
      for (unsigned index : {0u, 1u}) {
        StringRef reason, operand = index == 0 ? "operand A " : "operand B ";
        if (reuseBuffer(rewriter, dot, index, known, reason))
          applied(dot, getArgument(), operand + "is read where it is");
        else if (!reason.empty())
          leftAlone(dot, getArgument(), operand + "is copied: " + reason);
      }
#endif
  }
};

} // namespace
