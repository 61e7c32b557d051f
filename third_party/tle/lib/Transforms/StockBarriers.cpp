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

/// Where a write of what is read is farther away, and no barrier closer, it
/// counts as open: the ops between are looked at for each read.
static constexpr size_t kMostSteps = 1024;

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

void StockBarriers::Access::add(const Access &other) {
  isBarrier |= other.isBarrier;
  mayWriteAll |= other.mayWriteAll;
  written.insert_range(other.written);
}

/// What `op` itself does; others may write meanwhile, which stock does not see
/// here.
StockBarriers::Access StockBarriers::findOwnAccess(Operation *op) {
  Access access;
  // Stock puts a barrier behind each wait for copies.
  access.isBarrier =
      isBarrierOfProgram(op) || op->hasTrait<OpTrait::MemWaitOpTrait>();
  // Steps of pipes touch their mbarriers only, copies aside.
  if (op->hasAttr(kPerThreadAttr) && !isa<AsyncTMACopyGlobalToLocalOp>(op))
    return access;
  // An immutable one does not declare what it writes.
  if (auto alloc = dyn_cast<LocalAllocOp>(op)) {
    access.written.insert(alloc.getResult());
    return access;
  }
  if (access.isBarrier || isFence(op) || writesGlobalMemoryOnly(op) ||
      op->hasTrait<OpTrait::IsTerminator>())
    return access;
  // PTX writes no memory without an address in brackets.
  if (auto assembly = dyn_cast<ElementwiseInlineAsmOp>(op);
      assembly && !assembly.getAsmString().contains('['))
    return access;
  auto interface = dyn_cast<MemoryEffectOpInterface>(op);
  if (!interface) {
    access.mayWriteAll = !op->hasTrait<OpTrait::HasRecursiveMemoryEffects>();
    return access;
  }
  SmallVector<MemoryEffects::EffectInstance> effects;
  interface.getEffects(effects);
  for (const MemoryEffects::EffectInstance &effect : effects) {
    if (isa<MemoryEffects::Read, MemoryEffects::Allocate>(effect.getEffect()))
      continue;
    Value touched = effect.getValue();
    Value root = touched && isa<MemDescType>(touched.getType())
                     ? findCapturedRoot(touched)
                     : Value();
    if (root && root.getDefiningOp<LocalAllocOp>())
      access.written.insert(root);
    else
      access.mayWriteAll = true;
  }
  return access;
}

/// What `op` does, and ops inside of it; null for nothing.
const StockBarriers::Access *StockBarriers::getAccess(Operation *op) {
  // They come and go.
  if (isa<WarpGroupDotWaitOp>(op))
    return nullptr;
  auto known = accesses.find(op);
  if (known != accesses.end())
    return known->second.get();
  Access access = findOwnAccess(op);
  for (Region &region : op->getRegions())
    for (Operation &nested : region.getOps())
      if (const Access *inside = getAccess(&nested))
        access.add(*inside);
  bool isNothing =
      !access.isBarrier && !access.mayWriteAll && access.written.empty();
  std::unique_ptr<Access> &entry = accesses[op];
  if (!isNothing)
    entry = std::make_unique<Access>(std::move(access));
  return entry.get();
}

const StockBarriers::Access &StockBarriers::getAccess(Region &region) {
  auto [entry, isNew] = accessesOfRegions.try_emplace(&region);
  if (isNew)
    for (Operation &op : region.getOps())
      if (const Access *access = getAccess(&op))
        entry->second.add(*access);
  return entry->second;
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
bool StockBarriers::isForeign(Value root, Operation *op) {
  Region *partition = findPartitionWithout(root, op);
  return partition && !getAccess(*partition).mayWrite(root);
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
static Operation *findWritingOp(LocalAllocOp alloc) {
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

/// Walks backwards from a read of a buffer, along all paths, and looks for
/// writes of the buffer that had no barrier behind them.
class StockBarriers::OpenWriteSearch {
public:
  OpenWriteSearch(StockBarriers &barriers, Operation *reader,
                  LocalAllocOp alloc)
      : barriers(barriers), reader(reader), root(alloc.getResult()),
        alloc(alloc), writer(findWritingOp(alloc)) {}

  /// A read of the buffer on the way that has not been asked about: it comes
  /// first, and the search ends there.
  Operation *unanswered = nullptr;

  bool mayFind() {
    Passed passed;
    for (Operation *op = reader;;) {
      Found found = walk(op->getPrevNode(), passed, /*isOnAllPaths=*/true);
      if (found != Found::Nothing)
        return found == Found::Open;
      Operation *parent = op->getParentOp();
      // Partitions begin with nothing open; the default region does not.
      if (isa<WarpSpecializePartitionsOp>(parent))
        return false;
      if (auto loop = dyn_cast<scf::ForOp>(parent)) {
        Passed again = copy(passed);
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
      writers.insert(findWritingOp(made));
    }
    bool holds(Value buffer) const {
      return buffers.contains(buffer) ||
             buffers.contains(findCapturedRoot(buffer));
    }
  };

  StockBarriers &barriers;
  Operation *reader;
  Value root;
  LocalAllocOp alloc;
  Operation *writer;
  /// Ops walked over, and entries copied.
  size_t steps = 0;

  Passed copy(const Passed &passed) {
    steps += passed.buffers.size();
    return passed;
  }

  bool readsRoot(Operation *op) {
    return isa<LocalLoadOp, WarpGroupDotOp>(op) &&
           llvm::any_of(op->getOperands(), [&](Value operand) {
             return isa<MemDescType>(operand.getType()) &&
                    findCapturedRoot(operand) == root;
           });
  }

  /// From `op` to the begin of its block.
  Found walk(Operation *op, Passed &passed, bool isOnAllPaths = false) {
    for (; op; op = op->getPrevNode()) {
      // It had a barrier itself, an iteration before, if it needed one.
      if (op == reader)
        return Found::Closed;
      // All that leads to `reader` leads to reads on the way first.
      if (isOnAllPaths && readsRoot(op)) {
        auto known = barriers.openReads.find({op, root});
        if (known == barriers.openReads.end())
          unanswered = op;
        if (unanswered || !known->second)
          return Found::Closed;
      }
      if (++steps > kMostSteps)
        return Found::Open;
      const Access *access = barriers.getAccess(op);
      if (access && access->isBarrier && op->getNumRegions() == 0)
        return Found::Closed;
      auto store = dyn_cast<LocalStoreOp>(op);
      if (store && passed.holds(store.getDst()))
        return Found::Closed;
      // Up to where `root` is made, no other buffer lies in its memory.
      if (op == writer)
        return passed.holds(root) ? Found::Closed : Found::Open;
      if (auto branch = dyn_cast<scf::IfOp>(op)) {
        Found found = access ? walkBranches(branch, passed) : Found::Nothing;
        if (found != Found::Nothing)
          return found;
        continue;
      }
      bool isOwnAlloc = op == alloc && writer;
      if (!isOwnAlloc && access && access->mayWrite(root))
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
      Passed inside = copy(passed);
      Found found = block ? walk(&block->back(), inside) : Found::Nothing;
      if (found == Found::Open)
        return found;
      areClosed &= found == Found::Closed;
    }
    return areClosed ? Found::Closed : Found::Nothing;
  }
};

/// Whether a write of `buffer`, which `reader` reads, may have had no barrier
/// behind it yet.
bool StockBarriers::mayReadOpenWrite(Operation *reader, Value buffer) {
  Value root = findCapturedRoot(buffer);
  auto alloc = root.getDefiningOp<LocalAllocOp>();
  if (!alloc)
    return true;
  // Partitions begin with nothing open.
  Operation *parent = reader->getParentOfType<WarpSpecializePartitionsOp>();
  if (parent && isForeign(root, reader))
    return false;
  SmallVector<Operation *> asked = {reader};
  while (!openReads.contains({reader, root})) {
    OpenWriteSearch search(*this, asked.back(), alloc);
    bool isOpen = search.mayFind();
    if (search.unanswered)
      asked.push_back(search.unanswered);
    else
      openReads[{asked.pop_back_val(), root}] = isOpen;
  }
  return openReads.lookup({reader, root});
}

/// The same as `mayGetBarrier`, without the regions of `op`.
bool StockBarriers::mayGetBarrierItself(Operation *op) {
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
    Operation *writer = findWritingOp(alloc);
    return !writer || writer->getBlock() == op->getBlock();
  }
  // It writes a slot, whatever else is said of steps of pipes.
  if (isa<AsyncTMACopyGlobalToLocalOp>(op))
    return true;
  auto convert = dyn_cast<ConvertLayoutOp>(op);
  return !(convert && foldsIntoLoad(convert)) && !needsNoBarrier(op);
}

bool StockBarriers::mayGetBarrier(Operation *op) {
  // They come and go.
  if (isa<WarpGroupDotWaitOp>(op))
    return mayGetBarrierItself(op);
  auto known = barriersAt.find(op);
  if (known != barriersAt.end())
    return known->second;
  bool result = mayGetBarrierItself(op) ||
                llvm::any_of(op->getRegions(), [&](Region &region) {
                  return llvm::any_of(region.getOps(), [&](Operation &nested) {
                    return mayGetBarrier(&nested);
                  });
                });
  barriersAt[op] = result;
  return result;
}

bool StockBarriers::mayEndBehindBarriers(WarpGroupDotOp dot) {
  std::optional<int> numWarps = maybeLookupNumWarps(dot);
  if (numWarps && *numWarps <= kGroupWarps)
    return true;
  return llvm::all_of(dot->getOperands().take_front(2), [&](Value factor) {
    return !isa<MemDescType>(factor.getType()) ||
           isForeign(findCapturedRoot(factor), dot);
  });
}

bool StockBarriers::mayAllEndBehindBarriers(Region &partition) {
  auto [entry, isNew] = endsOfRegions.try_emplace(&partition);
  if (isNew)
    entry->second = !partition
                         .walk([&](WarpGroupDotOp dot) {
                           return mayEndBehindBarriers(dot)
                                      ? WalkResult::advance()
                                      : WalkResult::interrupt();
                         })
                         .wasInterrupted();
  return entry->second;
}

/// Whether `op`, or one inside of it, may write shared memory.
static bool mayWriteSharedMemory(Operation *op) {
  return op
      ->walk([](Operation *nested) {
        // What needs scratch memory writes it; others store through pointers.
        bool mayWrite = isWriter(nested) ||
                        (!isFence(nested) && !writesGlobalMemoryOnly(nested) &&
                         (isa<StoreOp, AsyncTMACopyGlobalToLocalOp>(nested) ||
                          !needsNoBarrier(nested)));
        return mayWrite ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

bool StockBarriers::meetsBeforeWrites(Operation *op) {
  bool result = false;
  SmallVector<Operation *> passed;
  for (Operation *next = op->getNextNode(); next; next = next->getNextNode()) {
    // They come and go.
    bool isWait = isa<WarpGroupDotWaitOp>(next);
    auto known = meetings.find(next);
    if (!isWait && known != meetings.end()) {
      result = known->second;
      break;
    }
    if (!isWait)
      passed.push_back(next);
    result = isBarrierOfProgram(next);
    if (result || mayWriteSharedMemory(next))
      break;
  }
  for (Operation *other : passed)
    meetings[other] = result;
  return result;
}

void StockBarriers::forgetSources() {
  barriersAt.clear();
  openReads.clear();
  meetings.clear();
}
