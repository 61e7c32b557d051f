//===- LowerBufferChoices.cpp - buffers that control flow chooses ---------===//
//
// Precondition:  any module; the last run of the stage follows whatever folds
//                branches.
// Rewrite:       An arith.select of buffers becomes an scf.if, which stock's
//                analysis of shared memory knows.
//                Values at which control flow meets (carried by loops, results
//                of branches, captured by partitions, arguments and results of
//                functions) that are transpositions of buffers without a
//                swizzle wherever they come from: the buffers themselves
//                arrive, and are transposed behind.
// Postcondition: no arith.select of buffers. Whether a buffer with an
//                nvmma_shared layout without a swizzle is seen through a
//                transposition is said between it and the next such value, or a
//                diagnostic says where it is so on one way only.
//
// Stock's lowering gives such a layout and its transpose the same addresses
// (LowerWGMMAViews.cpp), so how the bytes lie follows from the layout in which
// they were written, and the type of a value alone does not tell it.
//
//===----------------------------------------------------------------------===//

#include "tle/IR/Dialect.h"
#include "tle/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::triton::tle {
#define GEN_PASS_DEF_TLELOWERBUFFERCHOICES
#include "tle/Transforms/Passes.h.inc"
} // namespace mlir::triton::tle

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::tle;
namespace ttg = mlir::triton::gpu;

namespace {

constexpr int32_t kTransposed[] = {1, 0};

/// Whether the type of `value` leaves open how its bytes lie.
bool isAmbiguous(Value value) {
  auto type = dyn_cast<ttg::MemDescType>(value.getType());
  if (!type || type.getRank() != 2)
    return false;
  auto layout =
      dyn_cast_or_null<ttg::NVMMASharedEncodingAttr>(type.getEncoding());
  return layout && layout.getSwizzlingByteWidth() == 0;
}

bool isTransposition(Operation *op) {
  if (auto trans = dyn_cast_or_null<ttg::MemDescTransOp>(op))
    return trans.getOrder() == ArrayRef<int32_t>(kTransposed);
  auto view = dyn_cast_or_null<MemDescWGMMAViewOp>(op);
  return view && view.getOrder() == ArrayRef<int32_t>(kTransposed);
}

/// Values of one type that get what the same operands give.
struct Meeting {
  SmallVector<Value> values;
  SmallVector<OpOperand *> sources;
  /// Whether they are transpositions of buffers; unknown as long as no source
  /// is known.
  std::optional<bool> isTransposed;
};

class Meetings {
public:
  explicit Meetings(ModuleOp module) : module(module) {
    module.walk(
        [&](CallOp call) { callsOf[call.getCallee()].push_back(call); });
    module.walk([&](Operation *op) { addAround(op); });
    for (auto [index, meeting] : llvm::enumerate(meetings))
      for (Value value : meeting.values)
        meetingOf[value] = index;
  }

  LogicalResult resolve();
  void rewrite();

private:
  ModuleOp module;
  SmallVector<Meeting> meetings;
  llvm::DenseMap<Value, size_t> meetingOf;
  llvm::StringMap<SmallVector<CallOp>> callsOf;

  void add(ArrayRef<Value> values, ArrayRef<OpOperand *> sources) {
    if (isAmbiguous(values.front()))
      meetings.push_back({llvm::to_vector(values), llvm::to_vector(sources),
                          /*isTransposed=*/std::nullopt});
  }

  void addAround(Operation *op);
  void addFunction(FuncOp function);
  void addBlocks(Region &region);
  std::optional<bool> isTransposed(Value value);
};

//===----------------------------------------------------------------------===//
// Where control flow meets
//===----------------------------------------------------------------------===//

void Meetings::addAround(Operation *op) {
  for (Region &region : op->getRegions())
    addBlocks(region);
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    for (auto [argument, result, init, yielded] :
         llvm::zip(loop.getRegionIterArgs(), loop.getResults(),
                   loop.getInitArgsMutable(),
                   loop.getBody()->getTerminator()->getOpOperands()))
      add({argument, result}, {&init, &yielded});
  } else if (auto loop = dyn_cast<scf::WhileOp>(op)) {
    for (auto [argument, init, yielded] :
         llvm::zip(loop.getBeforeArguments(), loop.getInitsMutable(),
                   loop.getYieldOp()->getOpOperands()))
      add({argument}, {&init, &yielded});
    for (auto [argument, result, passed] :
         llvm::zip(loop.getAfterArguments(), loop.getResults(),
                   loop.getConditionOp().getArgsMutable()))
      add({argument, result}, {&passed});
  } else if (auto branch = dyn_cast<scf::IfOp>(op)) {
    if (branch.getNumResults())
      for (auto [result, ifTrue, ifFalse] :
           llvm::zip(branch.getResults(), branch.thenYield()->getOpOperands(),
                     branch.elseYield()->getOpOperands()))
        add({result}, {&ifTrue, &ifFalse});
  } else if (auto specialize = dyn_cast<ttg::WarpSpecializeOp>(op)) {
    for (OpOperand &capture : specialize->getOpOperands()) {
      SmallVector<Value> arguments;
      for (Region *region : specialize.getPartitionRegions())
        arguments.push_back(region->getArgument(capture.getOperandNumber()));
      if (!arguments.empty())
        add(arguments, {&capture});
    }
  } else if (auto function = dyn_cast<FuncOp>(op)) {
    addFunction(function);
  }
}

/// Calls of a function meet in its arguments, its returns in their results.
void Meetings::addFunction(FuncOp function) {
  if (function.isExternal())
    return;
  SmallVector<CallOp> calls = callsOf.lookup(function.getName());
  if (calls.empty())
    return;
  for (BlockArgument argument : function.getArguments()) {
    SmallVector<OpOperand *> sources;
    for (CallOp call : calls)
      sources.push_back(&call->getOpOperand(argument.getArgNumber()));
    add({argument}, sources);
  }
  SmallVector<ReturnOp> returns;
  function.walk([&](ReturnOp op) { returns.push_back(op); });
  for (unsigned index = 0; index < function.getNumResults(); ++index) {
    SmallVector<Value> values;
    SmallVector<OpOperand *> sources;
    for (CallOp call : calls)
      values.push_back(call->getResult(index));
    for (ReturnOp op : returns)
      sources.push_back(&op->getOpOperand(index));
    add(values, sources);
  }
}

/// Blocks that others branch to.
void Meetings::addBlocks(Region &region) {
  if (region.empty())
    return;
  for (Block &block : llvm::drop_begin(region))
    for (BlockArgument argument : block.getArguments()) {
      SmallVector<OpOperand *> sources;
      for (auto it = block.pred_begin(); it != block.pred_end(); ++it) {
        auto branch = dyn_cast<BranchOpInterface>((*it)->getTerminator());
        if (!branch)
          continue;
        SuccessorOperands operands =
            branch.getSuccessorOperands(it.getSuccessorIndex());
        if (!operands.isOperandProduced(argument.getArgNumber()))
          sources.push_back(&operands.getMutableForwardedOperands()
                                 [argument.getArgNumber() -
                                  operands.getProducedOperandCount()]);
      }
      add({argument}, sources);
    }
}

//===----------------------------------------------------------------------===//
// What meets there
//===----------------------------------------------------------------------===//

std::optional<bool> Meetings::isTransposed(Value value) {
  bool transposed = false;
  while (true) {
    Operation *op = value.getDefiningOp();
    if (isTransposition(op))
      transposed = !transposed;
    else if (!isa_and_nonnull<ttg::MemDescSubsliceOp>(op))
      break;
    value = op->getOperand(0);
  }
  auto meeting = meetingOf.find(value);
  if (meeting == meetingOf.end())
    return transposed;
  std::optional<bool> before = meetings[meeting->second].isTransposed;
  if (!before)
    return std::nullopt;
  return *before != transposed;
}

/// Finds out for each meeting; reports those where the sources differ.
LogicalResult Meetings::resolve() {
  bool changed = true;
  while (changed) {
    changed = false;
    for (Meeting &meeting : meetings)
      for (OpOperand *source : meeting.sources)
        if (!meeting.isTransposed &&
            (meeting.isTransposed = isTransposed(source->get())))
          changed = true;
  }
  bool failedAny = false;
  for (const Meeting &meeting : meetings)
    for (OpOperand *source : meeting.sources) {
      std::optional<bool> found = isTransposed(source->get());
      if (!found || found == meeting.isTransposed)
        continue;
      Operation *owner = source->getOwner();
      if (owner->hasTrait<OpTrait::IsTerminator>() && !isa<ReturnOp>(owner) &&
          owner->getNumSuccessors() == 0)
        owner = owner->getParentOp();
      InFlightDiagnostic error = owner->emitError();
      error << "a buffer of type " << source->get().getType() << " is "
            << (*found ? "a transposed view" : "no transposed view")
            << " here and " << (*found ? "none" : "one")
            << " where it comes from elsewhere: without a swizzle the two lie "
               "differently in shared memory";
      error.attachNote(source->get().getLoc()) << "it is made here";
      failedAny = true;
      break;
    }
  return failure(failedAny);
}

//===----------------------------------------------------------------------===//
// The rewrite
//===----------------------------------------------------------------------===//

Value transpose(OpBuilder &builder, Value value) {
  Operation *op = value.getDefiningOp();
  if (isTransposition(op))
    return op->getOperand(0);
  return ttg::MemDescTransOp::create(builder, value.getLoc(), value,
                                     kTransposed);
}

void Meetings::rewrite() {
  OpBuilder builder(module.getContext());
  SmallVector<Operation *> views;
  for (Meeting &meeting : meetings) {
    if (!meeting.isTransposed.value_or(false))
      continue;
    for (Value value : meeting.values) {
      builder.setInsertionPointAfterValue(value);
      auto view = ttg::MemDescTransOp::create(builder, value.getLoc(), value,
                                              kTransposed);
      value.replaceAllUsesExcept(view, view);
      Type type = value.getType();
      value.setType(view.getType());
      view.getResult().setType(cast<ttg::MemDescType>(type));
      views.push_back(view);
    }
  }
  // These see the views behind other values.
  for (Meeting &meeting : meetings)
    if (meeting.isTransposed.value_or(false))
      for (OpOperand *source : meeting.sources) {
        builder.setInsertionPoint(source->getOwner());
        source->set(transpose(builder, source->get()));
      }
  for (Operation *view : views)
    if (view->use_empty())
      view->erase();
  module.walk([&](FuncOp function) {
    if (function.isExternal())
      return;
    SmallVector<Type> results(function.getResultTypes());
    function.walk([&](ReturnOp op) {
      results.assign(op->operand_type_begin(), op->operand_type_end());
    });
    function.setType(FunctionType::get(
        module.getContext(), function.getBody().getArgumentTypes(), results));
  });
}

class LowerBufferChoicesPass
    : public triton::tle::impl::TLELowerBufferChoicesBase<
          LowerBufferChoicesPass> {
public:
  void runOnOperation() override {
    getOperation()->walk([](arith::SelectOp select) {
      if (isa<ttg::MemDescType>(select.getType()))
        branch(select);
    });
    Meetings meetings(getOperation());
    if (failed(meetings.resolve()))
      return signalPassFailure();
    meetings.rewrite();
  }

private:
  static void branch(arith::SelectOp select) {
    OpBuilder builder(select);
    Location loc = select.getLoc();
    auto chosen =
        scf::IfOp::create(builder, loc, select.getType(), select.getCondition(),
                          /*withElseRegion=*/true);
    builder.setInsertionPointToStart(chosen.thenBlock());
    scf::YieldOp::create(builder, loc, select.getTrueValue());
    builder.setInsertionPointToStart(chosen.elseBlock());
    scf::YieldOp::create(builder, loc, select.getFalseValue());
    select.getResult().replaceAllUsesWith(chosen.getResult(0));
    select.erase();
  }
};

} // namespace
