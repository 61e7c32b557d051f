//===- StockBarriers.cpp - products beside barriers of stock --------------===//

#include "tle/Transforms/StockBarriers.h"
#include "tle/Transforms/GlobalWrites.h"
#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/ThreadLocality.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "triton/Dialect/TritonGPU/Transforms/BufferAnalysis.h"

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;
using namespace mlir::triton::nvidia_gpu;
using namespace mlir::triton::tle;

/// Warps that issue a product together, and wait for it together.
static constexpr int kGroupWarps = 4;

/// A barrier that the program has.
static bool isBarrierOfProgram(Operation *op) {
  return isa<mlir::gpu::BarrierOp, LocalBarrierOp>(op);
}

/// Fences and steps of groups: no barrier comes with them, and they write
/// nothing.
static bool isFence(Operation *op) {
  return isa<FenceAsyncSharedOp, WGMMASharedOperandFenceOp, AsyncCommitGroupOp,
             WarpGroupDotWaitOp>(op);
}

/// Whether `op` itself may write the buffer of `root`, which a ttg.local_alloc
/// makes. What others write meanwhile, stock does not see here.
static bool mayWriteRoot(Operation *op, Value root) {
  // Steps of pipes touch their mbarriers only, copies aside.
  if (op->hasAttr(kPerThreadAttr) && !isa<AsyncTMACopyGlobalToLocalOp>(op))
    return false;
  // An immutable one does not declare what it writes.
  if (auto alloc = dyn_cast<LocalAllocOp>(op))
    return alloc.getResult() == root;
  if (isFence(op) || isBarrierOfProgram(op) || writesGlobalMemoryOnly(op) ||
      op->hasTrait<OpTrait::MemWaitOpTrait>() ||
      op->hasTrait<OpTrait::IsTerminator>())
    return false;
  // PTX writes no memory without an address in brackets.
  if (auto assembly = dyn_cast<ElementwiseInlineAsmOp>(op);
      assembly && !assembly.getAsmString().contains('['))
    return false;
  auto interface = dyn_cast<MemoryEffectOpInterface>(op);
  if (!interface)
    return !op->hasTrait<OpTrait::HasRecursiveMemoryEffects>();
  SmallVector<MemoryEffects::EffectInstance> effects;
  interface.getEffects(effects);
  return llvm::any_of(
      effects, [&](const MemoryEffects::EffectInstance &effect) {
        if (isa<MemoryEffects::Read, MemoryEffects::Allocate>(
                effect.getEffect()))
          return false;
        Value touched = effect.getValue();
        if (!touched || !isa<MemDescType>(touched.getType()))
          return true;
        Value other = findCapturedRoot(touched);
        return other == root || !other.getDefiningOp<LocalAllocOp>();
      });
}

/// The region that `op` runs in with no other warps than those of its
/// partition; null outside of partitions. `root` must not be made in it.
static Region *findPartitionWithout(Value root, Operation *op) {
  Operation *alloc = root.getDefiningOp<LocalAllocOp>();
  Region *partition = alloc ? findPartition(op) : nullptr;
  return partition && !partition->isAncestor(alloc->getParentRegion())
             ? partition
             : nullptr;
}

/// Whether `op` is in a partition that gets `root` from outside and does not
/// write it.
static bool isForeign(Value root, Operation *op) {
  Region *partition = findPartitionWithout(root, op);
  return partition && !partition
                           ->walk([&](Operation *other) {
                             return mayWriteRoot(other, root)
                                        ? WalkResult::interrupt()
                                        : WalkResult::advance();
                           })
                           .wasInterrupted();
}

/// Whether stock makes one load of `convert` and the load that it converts. It
/// does not for registers of products that become factors of others.
static bool foldsIntoLoad(ConvertLayoutOp convert) {
  auto load = convert.getSrc().getDefiningOp<LocalLoadOp>();
  return load &&
         !(isa<NvidiaMmaEncodingAttr>(
               convert.getSrc().getType().getEncoding()) &&
           isa<DotOperandEncodingAttr>(convert.getType().getEncoding()));
}

/// The op at which stock writes what `alloc` holds: it moves allocations behind
/// their source, out of loops, too. Null for one that holds nothing yet.
static Operation *findWriter(LocalAllocOp alloc) {
  if (!alloc.getSrc())
    return nullptr;
  Operation *source = alloc.getSrc().getDefiningOp();
  auto convert = dyn_cast_or_null<ConvertLayoutOp>(source);
  if (convert && foldsIntoLoad(convert))
    source = convert.getSrc().getDefiningOp();
  return source ? source : alloc.getOperation();
}

/// Whether stock moves an allocation behind `op`, which makes its source.
static bool isWriter(Operation *op) {
  return llvm::any_of(op->getUsers(), [](Operation *user) {
    auto convert = dyn_cast<ConvertLayoutOp>(user);
    return isa<LocalAllocOp>(user) ||
           (convert && foldsIntoLoad(convert) && isWriter(user));
  });
}

/// The buffers that `op` reads where stock can see it: nothing for what stock
/// may take away as unused.
static SmallVector<Value, 2> getBuffersRead(Operation *op) {
  SmallVector<Value, 2> buffers;
  if (isa<LocalLoadOp, WarpGroupDotOp>(op) && !op->use_empty())
    for (Value operand : op->getOperands())
      if (isa<MemDescType>(operand.getType()))
        buffers.push_back(operand);
  return buffers;
}

namespace {

/// Walks backwards from a read of a buffer, along all paths, and looks for
/// writes of the buffer that had no barrier behind them.
class OpenWriteSearch {
public:
  OpenWriteSearch(Operation *reader, Value root, LocalAllocOp alloc)
      : reader(reader), root(root), alloc(alloc), writer(findWriter(alloc)) {}

  bool mayFind() {
    Passed passed;
    for (Operation *op = reader;;) {
      Found found = walk(op->getPrevNode(), passed);
      if (found != Found::Nothing)
        return found == Found::Open;
      Operation *parent = op->getParentOp();
      // Partitions begin with nothing open; the default region does not.
      if (isa<WarpSpecializePartitionsOp>(parent))
        return false;
      if (auto loop = dyn_cast<scf::ForOp>(parent)) {
        Passed again = passed;
        if (walk(&loop.getBody()->back(), again) == Found::Open)
          return true;
      } else if (!isa<scf::IfOp, WarpSpecializeOp>(parent)) {
        return true;
      }
      op = parent;
    }
  }

private:
  enum class Found { Open, Closed, Nothing };

  /// What the path reads behind the place where the search is. Stock puts a
  /// barrier between a write and a read of the same.
  struct Passed {
    llvm::SmallPtrSet<Value, 4> buffers;
    llvm::SmallPtrSet<Operation *, 4> writers;

    void add(Value buffer) {
      buffers.insert(buffer);
      // Stock tells apart slices of a buffer only.
      auto made = findCapturedRoot(buffer).getDefiningOp<LocalAllocOp>();
      if (!made || buffer.getDefiningOp<MemDescSubsliceOp>())
        return;
      buffers.insert(made.getResult());
      writers.insert(findWriter(made));
    }
    bool holds(Value buffer) const {
      return buffers.contains(buffer) ||
             buffers.contains(findCapturedRoot(buffer));
    }
  };

  Operation *reader;
  Value root;
  LocalAllocOp alloc;
  Operation *writer;

  /// From `op` to the begin of its block.
  Found walk(Operation *op, Passed &passed) {
    for (; op; op = op->getPrevNode()) {
      // It had a barrier itself, an iteration before, if it needed one.
      if (op == reader)
        return Found::Closed;
      // Stock puts a barrier behind each wait for copies.
      if (isBarrierOfProgram(op) || op->hasTrait<OpTrait::MemWaitOpTrait>())
        return Found::Closed;
      auto store = dyn_cast<LocalStoreOp>(op);
      if (store && passed.holds(store.getDst()))
        return Found::Closed;
      // Up to where `root` is made, no other buffer lies in its memory.
      if (op == writer)
        return passed.holds(root) ? Found::Closed : Found::Open;
      if (auto branch = dyn_cast<scf::IfOp>(op)) {
        Found found = walkBranches(branch, passed);
        if (found != Found::Nothing)
          return found;
        continue;
      }
      bool isOwnAlloc = op == alloc && writer;
      if (!isOwnAlloc && mayWriteInside(op))
        return Found::Open;
      if (passed.writers.contains(op))
        return Found::Closed;
      for (Value buffer : getBuffersRead(op))
        passed.add(buffer);
    }
    return Found::Nothing;
  }

  Found walkBranches(scf::IfOp branch, const Passed &passed) {
    bool areClosed = true;
    for (Block *block : {branch.thenBlock(), branch.elseBlock()}) {
      Passed inside = passed;
      Found found = block ? walk(&block->back(), inside) : Found::Nothing;
      if (found == Found::Open)
        return found;
      areClosed &= found == Found::Closed;
    }
    return areClosed ? Found::Closed : Found::Nothing;
  }

  bool mayWriteInside(Operation *op) {
    return op
        ->walk([&](Operation *nested) {
          return nested == writer || mayWriteRoot(nested, root)
                     ? WalkResult::interrupt()
                     : WalkResult::advance();
        })
        .wasInterrupted();
  }
};

} // namespace

/// Whether a write of `buffer`, which `reader` reads, may have had no barrier
/// behind it yet.
static bool mayReadOpenWrite(Operation *reader, Value buffer) {
  Value root = findCapturedRoot(buffer);
  auto alloc = root.getDefiningOp<LocalAllocOp>();
  if (!alloc)
    return true;
  // Partitions begin with nothing open.
  Operation *parent = reader->getParentOfType<WarpSpecializePartitionsOp>();
  if (parent && isForeign(root, reader))
    return false;
  return OpenWriteSearch(reader, root, alloc).mayFind();
}

/// The same as `mayGetBarrier`, without the regions of `op`.
static bool mayGetBarrierItself(Operation *op) {
  if (isWriter(op))
    return true;
  if (isFence(op) || writesGlobalMemoryOnly(op))
    return false;
  if (isa<LocalLoadOp, WarpGroupDotOp>(op))
    return llvm::any_of(op->getOperands(), [&](Value operand) {
      return isa<MemDescType>(operand.getType()) &&
             mayReadOpenWrite(op, operand);
    });
  if (auto alloc = dyn_cast<LocalAllocOp>(op)) {
    Operation *writer = findWriter(alloc);
    return !writer || writer->getBlock() == op->getBlock();
  }
  // It writes a slot, whatever else is said of steps of pipes.
  if (isa<AsyncTMACopyGlobalToLocalOp>(op))
    return true;
  auto convert = dyn_cast<ConvertLayoutOp>(op);
  return !(convert && foldsIntoLoad(convert)) && !needsNoBarrier(op);
}

bool tle::mayGetBarrier(Operation *op) {
  return op
      ->walk([](Operation *nested) {
        return mayGetBarrierItself(nested) ? WalkResult::interrupt()
                                           : WalkResult::advance();
      })
      .wasInterrupted();
}

bool tle::mayEndBehindBarriers(WarpGroupDotOp dot) {
  std::optional<int> numWarps = maybeLookupNumWarps(dot);
  if (numWarps && *numWarps <= kGroupWarps)
    return true;
  return llvm::all_of(dot->getOperands().take_front(2), [&](Value factor) {
    return !isa<MemDescType>(factor.getType()) ||
           isForeign(findCapturedRoot(factor), dot);
  });
}

bool tle::meetsBeforeWrites(Operation *op) {
  // What needs scratch memory writes it; others store through pointers.
  auto mayWrite = [](Operation *nested) {
    if (isWriter(nested))
      return true;
    if (isFence(nested) || writesGlobalMemoryOnly(nested))
      return false;
    return isa<StoreOp, AsyncTMACopyGlobalToLocalOp>(nested) ||
           !needsNoBarrier(nested);
  };
  for (Operation *next = op->getNextNode(); next; next = next->getNextNode()) {
    if (isBarrierOfProgram(next))
      return true;
    WalkResult result = next->walk([&](Operation *nested) {
      return mayWrite(nested) ? WalkResult::interrupt() : WalkResult::advance();
    });
    if (result.wasInterrupted())
      return false;
  }
  return false;
}
