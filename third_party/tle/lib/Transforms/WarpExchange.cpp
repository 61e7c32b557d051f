//===- WarpExchange.cpp - layouts that lanes of a warp trade for ----------===//

#include "WarpExchange.h"

#include "triton/Dialect/TritonGPU/IR/LinearLayoutConversions.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
namespace ttg = mlir::triton::gpu;
using namespace mlir::triton;
using namespace mlir::triton::tle;

using Basis = LinearLayout::Basis;
using Bases = std::vector<Basis>;

/// The bases of `name`, or failure if one is zero (a copy) or moves along two
/// dimensions.
static FailureOr<Bases> getUnitBases(const LinearLayout &layout,
                                     StringRef name) {
  ArrayRef<Basis> bases = layout.getBases(name);
  for (const Basis &basis : bases)
    if (llvm::count(basis, 0) != int64_t(basis.size()) - 1)
      return failure();
  return Bases(bases.begin(), bases.end());
}

/// The position in `bases` of the step along `dim`; -1 if it is not there.
static int64_t findStep(ArrayRef<Basis> bases, int64_t dim, int64_t step) {
  auto it = llvm::find_if(
      bases, [&](const Basis &basis) { return basis[dim] == step; });
  return it == bases.end() ? -1 : it - bases.begin();
}

/// The position of a basis that is no step along `dim` below `run`; -1 if there
/// is none.
static int64_t findSpare(const Bases &bases, int64_t dim, int64_t run) {
  auto it = llvm::find_if(bases, [&](const Basis &basis) {
    return basis[dim] == 0 || basis[dim] >= run;
  });
  return it == bases.end() ? -1 : it - bases.begin();
}

/// Consecutive elements that a warp touches when each thread accesses up to
/// `vector` at once.
static int64_t getRun(ArrayRef<Basis> registers, ArrayRef<Basis> lanes,
                      int64_t dim, int64_t vector) {
  int64_t run = 1;
  while (run < vector && findStep(registers, dim, run) >= 0)
    run *= 2;
  while (findStep(lanes, dim, run) >= 0)
    run *= 2;
  return run;
}

static ttg::LinearEncodingAttr getEncoding(MLIRContext *context,
                                           const LinearLayout &like,
                                           Bases registers, Bases lanes) {
  std::vector<LinearLayout::InDim> ins(like.getInDims());
  for (LinearLayout::InDim &in : ins) {
    if (in.name == "register")
      in.bases = std::move(registers);
    else if (in.name == "lane")
      in.bases = std::move(lanes);
  }
  return ttg::LinearEncodingAttr::get(
      context, *LinearLayout::get(std::move(ins), like.getOutDims()));
}

/// Registers with the elements of a vector first, in their order.
static Bases sortVectorFirst(const Bases &registers, int64_t dim,
                             int64_t vector) {
  Bases sorted;
  for (int64_t step = 1; step < vector; step *= 2)
    sorted.push_back(registers[findStep(registers, dim, step)]);
  llvm::copy_if(registers, std::back_inserter(sorted), [&](const Basis &basis) {
    return basis[dim] == 0 || basis[dim] >= vector;
  });
  return sorted;
}

FailureOr<WarpExchange> tle::planWarpExchange(RankedTensorType type,
                                              int64_t dim, int64_t vector,
                                              int64_t run) {
  FailureOr<LinearLayout> found = ttg::toLinearLayout(type);
  if (failed(found))
    return failure();
  LinearLayout layout =
      found->transposeOuts(ttg::standardOutDimNames(type.getRank()));
  FailureOr<Bases> registers = getUnitBases(layout, "register");
  FailureOr<Bases> lanes = getUnitBases(layout, "lane");
  if (failed(registers) || failed(lanes))
    return failure();

  int64_t held = 1;
  while (held < run && (findStep(*registers, dim, held) >= 0 ||
                        findStep(*lanes, dim, held) >= 0))
    held *= 2;
  WarpExchange exchange;
  exchange.run = held;
  exchange.vector = std::min(vector, held);
  exchange.runBefore = getRun(*registers, *lanes, dim, exchange.vector);

  // Steps of a vector belong into registers, the others of a run into lanes.
  SmallVector<int64_t> toRegisters, toLanes;
  for (int64_t step = 1; step < held; step *= 2) {
    if (step < exchange.vector && findStep(*lanes, dim, step) >= 0)
      toRegisters.push_back(step);
    if (step >= exchange.vector && findStep(*registers, dim, step) >= 0)
      toLanes.push_back(step);
  }
  MLIRContext *context = type.getContext();
  for (size_t i = 0, e = std::max(toRegisters.size(), toLanes.size()); i < e;
       ++i) {
    int64_t inLanes = i < toRegisters.size()
                          ? findStep(*lanes, dim, toRegisters[i])
                          : findSpare(*lanes, dim, held);
    int64_t inRegisters = i < toLanes.size()
                              ? findStep(*registers, dim, toLanes[i])
                              : findSpare(*registers, dim, held);
    if (inLanes < 0 || inRegisters < 0)
      return failure();
    std::swap((*lanes)[inLanes], (*registers)[inRegisters]);
    exchange.steps.push_back(getEncoding(context, layout, *registers, *lanes));
  }
  // Naming registers anew moves nothing, so the last step does it on the way.
  if (!exchange.steps.empty())
    exchange.steps.pop_back();
  exchange.steps.push_back(
      getEncoding(context, layout,
                  sortVectorFirst(*registers, dim, exchange.vector), *lanes));
  return exchange;
}

FailureOr<WarpExchange> tle::planRowLayout(RankedTensorType type, int64_t dim,
                                           int64_t vector, int numWarps) {
  assert(type.getRank() == 2 && "rows are those of a matrix");
  MLIRContext *context = type.getContext();
  FailureOr<LinearLayout> before = ttg::toLinearLayout(type);
  if (failed(before))
    return failure();
  int64_t perCTA =
      ttg::getShapePerCTA(type.getEncoding(), type.getShape())[dim];
  unsigned other = 1 - dim;
  SmallVector<unsigned> perThread(2, 1), threads(2, 1), warps(2, 1);
  perThread[dim] = vector;
  threads[dim] = std::clamp<int64_t>(perCTA / vector, 1, 32);
  threads[other] = 32 / threads[dim];
  warps[other] = numWarps;
  auto blocked = ttg::BlockedEncodingAttr::get(
      context, perThread, threads, warps, {unsigned(dim), other},
      ttg::getCGALayout(type.getEncoding()));
  FailureOr<LinearLayout> after = ttg::toLinearLayout(type.getShape(), blocked);
  if (failed(after))
    return failure();
  auto run = [&](LinearLayout &layout) {
    layout = layout.transposeOuts(ttg::standardOutDimNames(2));
    return getRun(layout.getBases("register"), layout.getBases("lane"), dim,
                  vector);
  };
  WarpExchange exchange;
  exchange.vector = vector;
  exchange.runBefore = run(*before);
  exchange.run = run(*after);
  exchange.steps.push_back(ttg::LinearEncodingAttr::get(context, *after));
  return exchange;
}
