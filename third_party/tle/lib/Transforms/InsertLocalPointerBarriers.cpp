//===- InsertLocalPointerBarriers.cpp - order accesses to shared memory ---===//
//
// Precondition:  accesses through local pointers and by ttg ops; the stock
//                engine orders the latter among themselves only.
// Rewrite:       gpu.barrier before an access that conflicts with one since the
//                last barrier.
// Postcondition: between any two conflicting accesses of which one goes
//                through local pointers stands a barrier, on every way.
//
//===----------------------------------------------------------------------===//

#include "tle/Transforms/LocalPointerUtils.h"
#include "tle/Transforms/Passes.h"
#include "triton/Dialect/TritonGPU/Transforms/BufferAnalysis.h"

#include "mlir/Interfaces/LoopLikeInterface.h"
#include "llvm/ADT/StringSet.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLEINSERTLOCALPOINTERBARRIERS
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
namespace ttg = mlir::triton::gpu;
using namespace mlir::triton;
using namespace mlir::triton::tle;

namespace {

/// One access to a buffer. A null root is a buffer that is not known.
struct Access {
  Value root;
  bool isWrite;
  bool isThroughPointers;
  bool isAtomic = false;

  bool operator==(const Access &other) const {
    return root == other.root && isWrite == other.isWrite &&
           isThroughPointers == other.isThroughPointers &&
           isAtomic == other.isAtomic;
  }

  bool conflictsWith(const Access &other) const {
    return (isThroughPointers || other.isThroughPointers) &&
           (isWrite || other.isWrite) && !(isAtomic && other.isAtomic) &&
           ttg::buffersMayAlias(root, other.root);
  }
};

/// What was accessed since the last barrier, on some way.
class Pending {
public:
  void clear() { accesses.clear(); }
  void add(const Access &access) {
    if (!llvm::is_contained(accesses, access))
      accesses.push_back(access);
  }
  void join(const Pending &other) {
    for (const Access &access : other.accesses)
      add(access);
  }
  bool conflictsWith(ArrayRef<Access> next) const {
    return llvm::any_of(next, [&](const Access &access) {
      return llvm::any_of(accesses, [&](const Access &earlier) {
        return access.conflictsWith(earlier);
      });
    });
  }

private:
  SmallVector<Access> accesses;
};

class InsertLocalPointerBarriersPass
    : public triton::tle::impl::TLEInsertLocalPointerBarriersBase<
          InsertLocalPointerBarriersPass> {
public:
  void runOnOperation() override {
    getOperation()->walk([&](Operation *op) {
      if (isa<LoadOp, StoreOp, AtomicRMWOp, AtomicCASOp>(op) &&
          isLocalPointerLike(op->getOperand(0).getType())) {
        if (FuncOp function = op->getParentOfType<FuncOp>())
          functionsWithPointers.insert(function.getSymName());
        freeInLoops(op);
      }
    });
    for (auto function : getOperation().getOps<FuncOp>()) {
      findRootsOfPointers(function);
      Pending pending;
      if (!function.isDeclaration())
        visit(function.getBody(), pending);
    }
  }

private:
  /// The buffer of a loop body is another one in each iteration, possibly at a
  /// place that something else used meanwhile: its end must be an access.
  static void freeInLoops(Operation *access) {
    LocalPointersOp pointers = getLocalPointersOrigin(access->getOperand(0));
    if (!pointers)
      return;
    Value root = ttg::findBufferRoot(pointers.getBuffer());
    auto alloc = root.getDefiningOp<ttg::LocalAllocOp>();
    if (alloc && !isa<FuncOp>(alloc->getParentOp()))
      keepBufferAlive(root, access);
  }

  void visit(Region &region, Pending &pending) {
    // Ways between blocks are not followed: any access may be pending at the
    // start of each.
    bool isStructured = region.hasOneBlock();
    for (Block &block : region) {
      if (!isStructured && !block.isEntryBlock())
        pending.add({Value(), /*isWrite=*/true, /*isThroughPointers=*/true});
      for (Operation &op : llvm::make_early_inc_range(block))
        visit(op, pending);
    }
  }

  void visit(Operation &op, Pending &pending) {
    if (isBarrier(op))
      return pending.clear();
    if (isa<LoopLikeOpInterface>(op)) {
      // The second time sees what the first left pending.
      for (int round = 0; round < 2; ++round) {
        Pending body = pending;
        for (Region &region : op.getRegions())
          visit(region, body);
        pending.join(body);
      }
      return;
    }
    if (auto branch = dyn_cast<scf::IfOp>(op)) {
      Pending other = pending;
      visit(branch.getThenRegion(), pending);
      visit(branch.getElseRegion(), other);
      return pending.join(other);
    }
    if (isa<ttg::WarpSpecializeOp>(op)) {
      // All warps meet before and after; barriers inside are those of one
      // partition.
      for (Region &region : op.getRegions())
        visitPartitions(region);
      return pending.clear();
    }

    SmallVector<Access> accesses = getAccesses(op);
    llvm::erase_if(accesses, [&](const Access &access) {
      return !access.isThroughPointers && !mayMeetPointers(access.root);
    });
    if (pending.conflictsWith(accesses)) {
      OpBuilder builder(&op);
      mlir::gpu::BarrierOp::create(builder, op.getLoc());
      pending.clear();
    }
    for (const Access &access : accesses)
      pending.add(access);
  }

  void visitPartitions(Region &region) {
    for (Block &block : region)
      for (Operation &op : block)
        if (isa<ttg::WarpSpecializePartitionsOp>(op)) {
          for (Region &partition : op.getRegions()) {
            Pending pending;
            visit(partition, pending);
          }
          return;
        }
    Pending pending;
    visit(region, pending);
  }

  /// Stock waits for asynchronous copies with a barrier behind the wait.
  static bool isBarrier(Operation &op) {
    return isa<mlir::gpu::BarrierOp, ttg::LocalBarrierOp>(op) ||
           op.hasTrait<OpTrait::MemWaitOpTrait>();
  }

  void findRootsOfPointers(FuncOp function) {
    rootsOfPointers.clear();
    function.walk([&](Operation *op) {
      for (const Access &access : getAccesses(*op))
        if (access.isThroughPointers)
          rootsOfPointers.insert(access.root);
    });
    reachesAny = llvm::any_of(rootsOfPointers, [](Value root) {
      return !root || !root.getDefiningOp<ttg::LocalAllocOp>();
    });
  }

  /// Whether something accesses the buffer through pointers: else nothing can
  /// conflict with its other accesses.
  bool mayMeetPointers(Value root) const {
    return reachesAny || rootsOfPointers.contains(root) ||
           (!rootsOfPointers.empty() &&
            !root.getDefiningOp<ttg::LocalAllocOp>());
  }

  SmallVector<Access> getAccesses(Operation &op) const {
    if (isa<LoadOp, StoreOp, AtomicRMWOp, AtomicCASOp>(op)) {
      Value pointer = op.getOperand(0);
      if (!isLocalPointerLike(pointer.getType()))
        return {};
      LocalPointersOp pointers = getLocalPointersOrigin(pointer);
      Value root =
          pointers ? ttg::findBufferRoot(pointers.getBuffer()) : Value();
      return {{root, !isa<LoadOp>(op), /*isThroughPointers=*/true,
               isa<AtomicRMWOp, AtomicCASOp>(op)}};
    }
    if (auto call = dyn_cast<CallOp>(op)) {
      bool mayAccess =
          functionsWithPointers.contains(call.getCallee()) ||
          llvm::any_of(call.getOperandTypes(), [](Type type) {
            return isa<ttg::MemDescType>(type) || isLocalPointerLike(type);
          });
      if (mayAccess)
        return {{Value(), /*isWrite=*/true, /*isThroughPointers=*/true}};
      return {};
    }
    return getAccessesOfBuffers(op);
  }

  /// Accesses of an op that takes or makes memory descriptors.
  static SmallVector<Access> getAccessesOfBuffers(Operation &op) {
    SmallVector<Access> accesses;
    if (isMemoryEffectFree(&op))
      return accesses;
    auto add = [&](Value memdesc, bool isWrite) {
      auto type = dyn_cast<ttg::MemDescType>(memdesc.getType());
      if (type && isInSharedMemory(type))
        accesses.push_back({ttg::findBufferRoot(memdesc), isWrite,
                            /*isThroughPointers=*/false});
    };
    if (isa<ttg::LocalAllocOp>(op)) {
      add(op.getResult(0), /*isWrite=*/true);
    } else if (isa<ttg::LocalDeallocOp>(op)) {
      // Whatever comes to lie there after the end of the kernel is no concern.
      if (!isa<FuncOp>(op.getParentOp()))
        add(op.getOperand(0), /*isWrite=*/true);
    } else if (auto effects = dyn_cast<MemoryEffectOpInterface>(op)) {
      SmallVector<MemoryEffects::EffectInstance> instances;
      effects.getEffects(instances);
      for (const MemoryEffects::EffectInstance &instance : instances)
        if (Value value = instance.getValue())
          add(value, !isa<MemoryEffects::Read>(instance.getEffect()));
    } else {
      for (Value operand : op.getOperands())
        add(operand, /*isWrite=*/true);
    }
    return accesses;
  }

  llvm::StringSet<> functionsWithPointers;
  /// Buffers that pointers of the function lead to; null is one that is not
  /// known.
  llvm::SmallDenseSet<Value> rootsOfPointers;
  bool reachesAny = false;
};

} // namespace
