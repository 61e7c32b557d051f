//===- TileStyleProducts.cpp - products of tile-style loops ---------------===//
//
//   %s = ttng.warp_group_dot %q0, %k0, %zero
//   %t = ttng.warp_group_dot %q1, %k1, %s
//   // becomes
//   %s = ttng.warp_group_dot %q0, %k0, %zero {isAsync = true}
//   %u = ttng.warp_group_dot %q1, %k1, %s {isAsync = true}
//   %t = ttng.warp_group_dot_wait %u {pendings = 0 : i32}
//
// A product whose result is only the accumulator of the next one is not waited
// for; every other one ends where it stands. The slot that it reads is filled
// again at the end of the iteration, but stock's pipeliner would let a product
// that the loop carries run on into the next one.
//
//===----------------------------------------------------------------------===//

#include "TileStyleProducts.h"
#include "tle/Transforms/GlobalWrites.h"
#include "tle/Transforms/ThreadLocality.h"
#include "triton/Dialect/TritonGPU/Transforms/BufferAnalysis.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"

using namespace mlir;
using namespace mlir::triton;
namespace ttg = mlir::triton::gpu;
namespace ttng = mlir::triton::nvidia_gpu;

/// Links of a chain that are farther apart wait for each other: the ops between
/// are looked at for each of them.
static constexpr unsigned kMostOpsBetween = 1024;

/// The buffers that `op` reads; of products and loads only.
static SmallVector<Value> findBuffersRead(Operation *op) {
  SmallVector<Value> buffers;
  if (isa<ttng::WarpGroupDotOp, ttg::LocalLoadOp>(op))
    for (Value operand : op->getOperands())
      if (isa<ttg::MemDescType>(operand.getType()))
        buffers.push_back(ttg::findBufferRoot(operand));
  return buffers;
}

/// The buffer that `op` writes by itself, or null.
static Value findBufferWritten(Operation *op) {
  if (auto alloc = dyn_cast<ttg::LocalAllocOp>(op))
    return alloc.getSrc() ? alloc.getResult() : Value();
  if (auto store = dyn_cast<ttg::LocalStoreOp>(op))
    return ttg::findBufferRoot(store.getDst());
  return {};
}

tle::TileStyleMeetings::TileStyleMeetings(scf::ForOp loop) {
  // Written, and no barrier for certain since then. What stands before the
  // wait for the copies may come behind it, so it is no such barrier.
  llvm::DenseSet<Value> open;
  auto add = [&](Operation *op) {
    for (; op != loop && meetings.insert(op).second; op = op->getParentOp())
      ;
  };
  loop.getBody()->walk<WalkOrder::PreOrder>([&](Operation *op) {
    // Stock moves what is the same in each iteration out of the loop.
    if (auto alloc = dyn_cast<ttg::LocalAllocOp>(op);
        alloc && alloc.getSrc() && !alloc.getType().getMutableMemory() &&
        loop.isDefinedOutsideOfLoop(alloc.getSrc()))
      return;
    if (auto copy = dyn_cast<ttg::AsyncCopyGlobalToLocalOp>(op))
      tiles.insert(ttg::findBufferRoot(copy.getResult()));
    bool readsOpen = llvm::any_of(findBuffersRead(op), [&](Value buffer) {
      return open.contains(buffer);
    });
    if (readsOpen || !(needsNoBarrier(op) || writesGlobalMemoryOnly(op)))
      add(op);
    if (readsOpen && op->getBlock() == loop.getBody())
      open.clear();
    if (Value buffer = findBufferWritten(op))
      open.insert(buffer);
  });
}

const tle::TileStyleMeetings *
tle::TileStyleMeetingsByLoop::around(Block *block) {
  Operation *parent = block->getParentOp();
  auto loop = dyn_cast_or_null<scf::ForOp>(parent);
  if (parent && !loop)
    loop = parent->getParentOfType<scf::ForOp>();
  if (!loop || !loop->hasAttr(kTileStyleAttr))
    return nullptr;
  std::unique_ptr<TileStyleMeetings> &meetings = found[loop];
  if (!meetings)
    meetings = std::make_unique<TileStyleMeetings>(loop);
  return meetings.get();
}

bool tle::TileStyleMeetings::readsTile(ttng::WarpGroupDotOp dot) const {
  return llvm::any_of(findBuffersRead(dot),
                      [&](Value buffer) { return tiles.contains(buffer); });
}

/// Whether an op between `dot` and `next` may write what `dot` reads, or let
/// the warps meet: what writes it behind both would not wait for `dot` then.
static bool mayOverwriteOperands(ttng::WarpGroupDotOp dot, Operation *next,
                                 const tle::TileStyleMeetings &meetings) {
  unsigned between = 0;
  // In a block that nothing reaches `next` may stand before `dot`.
  for (Operation *op = dot->getNextNode(); op != next; op = op->getNextNode())
    if (!op || ++between > kMostOpsBetween || tle::mayHaveBarrier(op) ||
        meetings.contains(op))
      return true;
  if (meetings.contains(next))
    return true;
  for (Value operand : dot->getOperands().take_front(2)) {
    if (!isa<ttg::MemDescType>(operand.getType()))
      continue;
    ttg::BufferWrites writes(ttg::findBufferRoot(operand));
    for (Operation *op = dot->getNextNode(); op != next; op = op->getNextNode())
      if (writes.mayBeIn(op))
        return true;
  }
  return false;
}

/// Lets chains of products run without waiting between their links; returns
/// those that are not waited for.
static SmallVector<ttng::WarpGroupDotOp> relaxChains(scf::ForOp loop) {
  SmallVector<ttng::WarpGroupDotOp> relaxed;
  tle::TileStyleMeetings meetings(loop);
  loop.getBody()->walk([&](ttng::WarpGroupDotOp dot) {
    if (dot.getIsAsync() || !dot->hasOneUse())
      return;
    OpOperand &use = *dot->use_begin();
    auto next = dyn_cast<ttng::WarpGroupDotOp>(use.getOwner());
    // What is asynchronous already may have no end in the iteration.
    if (next && !next.getIsAsync() && next.getC() == dot.getD() &&
        next->getBlock() == dot->getBlock() &&
        !mayOverwriteOperands(dot, next, meetings)) {
      dot.setIsAsync(true);
      relaxed.push_back(dot);
    }
  });
  return relaxed;
}

/// Puts a wait behind each product that would wait by itself.
static void createWaits(scf::ForOp loop) {
  loop.getBody()->walk([](ttng::WarpGroupDotOp dot) {
    if (dot.getIsAsync())
      return;
    dot.setIsAsync(true);
    OpBuilder builder(dot->getContext());
    builder.setInsertionPointAfter(dot);
    auto wait = ttng::WarpGroupDotWaitOp::create(
        builder, dot.getLoc(), ValueRange{dot.getD()}, /*pendings=*/0);
    dot.getD().replaceAllUsesExcept(wait.getResult(0), wait);
  });
}

void tle::endProducts(const TileStyleLoop &info, int64_t slots) {
  SmallVector<ttng::WarpGroupDotOp> relaxed = relaxChains(info.loop);
  createWaits(info.loop);
  // The rest of a chain may be all there is to run beside the copies.
  if (slots > 1 || findIssuePoint(info))
    return;
  for (ttng::WarpGroupDotOp dot : relaxed)
    dot.setIsAsync(false);
  createWaits(info.loop);
}
