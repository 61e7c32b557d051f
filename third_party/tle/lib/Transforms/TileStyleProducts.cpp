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
#include "tle/Transforms/ThreadLocality.h"
#include "triton/Dialect/TritonGPU/Transforms/BufferAnalysis.h"
#include "triton/Dialect/TritonNvidiaGPU/IR/Dialect.h"

using namespace mlir;
using namespace mlir::triton;
namespace ttg = mlir::triton::gpu;
namespace ttng = mlir::triton::nvidia_gpu;

/// Whether an op between `dot` and `next` may write what `dot` reads, or let
/// the warps meet: what writes it behind both would not wait for `dot` then.
static bool mayOverwriteOperands(ttng::WarpGroupDotOp dot, Operation *next) {
  // In a block that nothing reaches `next` may stand before `dot`.
  for (Operation *op = dot->getNextNode(); op != next; op = op->getNextNode())
    if (!op || tle::mayHaveBarrier(op))
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
  loop.getBody()->walk([&](ttng::WarpGroupDotOp dot) {
    if (dot.getIsAsync() || !dot->hasOneUse())
      return;
    OpOperand &use = *dot->use_begin();
    auto next = dyn_cast<ttng::WarpGroupDotOp>(use.getOwner());
    if (next && next.getC() == dot.getD() &&
        next->getBlock() == dot->getBlock() &&
        !mayOverwriteOperands(dot, next)) {
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
