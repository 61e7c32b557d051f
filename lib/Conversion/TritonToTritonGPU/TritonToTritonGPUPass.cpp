//===- TritonToTritonGPUPass.cpp - gives every tensor a layout ------------===//
//
// Before:   %1 = tt.expand_dims %0 {axis = 1 : i32}
//               : tensor<64xf32> -> tensor<64x1xf32>
//           tt.print ... %1 : tensor<64x1xf32>
// After:    %a = ttg.convert_layout %0 : tensor<64xf32, #blocked>
//               -> tensor<64xf32, #ttg.slice<{dim = 1, parent = #blocked1}>>
//           %1 = tt.expand_dims %a ... -> tensor<64x1xf32, #blocked1>
//           %b = ttg.convert_layout %1 ... -> tensor<64x1xf32, #blocked2>
//           tt.print ... %b : tensor<64x1xf32, #blocked2>
//
// The result is, op for op, what Triton's pass of this name makes of a module
// of its own dialects; its layout passes then start from the same point. Here
// no pattern rewrites an op: types change in place, first those of all values,
// then those of the ops that tie layouts together. So an op of any dialect may
// stand in the module.
//
//===----------------------------------------------------------------------===//

#include "triton/Conversion/TritonToTritonGPU/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/IR/Dialect.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::triton {
#define GEN_PASS_DEF_CONVERTTRITONTOTRITONGPU
#include "triton/Conversion/TritonToTritonGPU/Passes.h.inc"
} // namespace mlir::triton

using namespace mlir;
using namespace mlir::triton;
using namespace mlir::triton::gpu;

namespace {

SmallVector<unsigned> withInserted(ArrayRef<unsigned> values, unsigned position,
                                   unsigned value) {
  SmallVector<unsigned> result(values);
  result.insert(result.begin() + position, value);
  return result;
}

/// The cluster layout with a dimension at `axis` along which it is not split.
CGAEncodingAttr withInsertedDim(CGAEncodingAttr layout, unsigned axis) {
  SmallVector<unsigned> order;
  for (unsigned dim : layout.getCTAOrder())
    order.push_back(dim < axis ? dim : dim + 1);
  order.push_back(axis);
  return CGAEncodingAttr::fromSplitParams(
      layout.getContext(), withInserted(layout.getCTAsPerCGA(), axis, 1),
      withInserted(layout.getCTASplitNum(), axis, 1), order);
}

Value convertLayout(OpBuilder &builder, Location loc, Value value,
                    Attribute layout) {
  auto type = cast<RankedTensorType>(value.getType());
  return ConvertLayoutOp::create(builder, loc, type.cloneWithEncoding(layout),
                                 value);
}

/// Assigns layouts to the values of a module.
class LayoutAssigner {
public:
  LayoutAssigner(int numWarps, int threadsPerWarp, int numCTAs)
      : moduleWarps(numWarps), numWarps(numWarps),
        threadsPerWarp(threadsPerWarp), numCTAs(numCTAs) {}

  LogicalResult run(ModuleOp module);

private:
  BlockedEncodingAttr getDefaultLayout(RankedTensorType type) const {
    return getDefaultBlockedEncoding(type.getContext(), type.getShape(),
                                     numWarps, threadsPerWarp, numCTAs);
  }

  /// From here on tensors are those of `op`, which may belong to a partition
  /// with a number of warps of its own.
  void enter(Operation *op) {
    numWarps = maybeLookupNumWarps(op).value_or(moduleWarps);
  }

  /// `type` with the default layout if it is a tensor, or a pointer to one,
  /// that has none.
  Type convert(Type type) const;

  void convertValue(Value value);
  void convertTypesOf(Operation *op);

  /// Applies the rule that ties the layouts of `op` together.
  LogicalResult applyRule(Operation *op);
  LogicalResult applyRule(ExpandDimsOp op);
  LogicalResult applyRule(DotOp op);
  LogicalResult applyRule(CatOp op);
  LogicalResult applyRule(SplitOp op);
  LogicalResult applyRule(BroadcastOp op);
  /// The result types are those that the op infers.
  LogicalResult applyInference(Operation *op);
  LogicalResult applyRule(JoinOp op);
  LogicalResult applyRule(DescriptorGatherOp op);
  LogicalResult applyRule(DescriptorScatterOp op);
  void setRowLayout(Operation *op, OpOperand &rows);

  /// Gives `result` the layout, and its users the one it had.
  void setLayout(OpResult result, Attribute layout);

  /// Whether the layout of `value` was chosen here.
  bool isChosen(Value value) const { return chosen.contains(value); }

  int moduleWarps, numWarps, threadsPerWarp, numCTAs;
  DenseSet<Value> chosen;
  /// The place of an op in the text.
  DenseMap<Operation *, unsigned> position;
};

} // namespace

//===----------------------------------------------------------------------===//
// Default layouts
//===----------------------------------------------------------------------===//

Type LayoutAssigner::convert(Type type) const {
  if (auto pointer = dyn_cast<PointerType>(type)) {
    auto block = dyn_cast<RankedTensorType>(pointer.getPointeeType());
    return block ? PointerType::get(convert(block), pointer.getAddressSpace())
                 : pointer;
  }
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || tensor.getEncoding() || tensor.getRank() == 0)
    return type;
  return tensor.cloneWithEncoding(getDefaultLayout(tensor));
}

void LayoutAssigner::convertValue(Value value) {
  Type type = convert(value.getType());
  if (type == value.getType())
    return;
  value.setType(type);
  chosen.insert(value);
}

void LayoutAssigner::convertTypesOf(Operation *op) {
  for (Value result : op->getResults())
    convertValue(result);
  for (Region &region : op->getRegions())
    for (Block &block : region)
      for (Value argument : block.getArguments())
        convertValue(argument);

  if (auto function = dyn_cast<FunctionOpInterface>(op)) {
    auto convertAll = [&](ArrayRef<Type> types) {
      return llvm::map_to_vector(types,
                                 [&](Type type) { return convert(type); });
    };
    SmallVector<Type> arguments = convertAll(function.getArgumentTypes());
    SmallVector<Type> results = convertAll(function.getResultTypes());
    // A function of the LLVM dialect holds no tensors, and would not take a
    // list of results.
    if (arguments != function.getArgumentTypes() ||
        results != function.getResultTypes())
      function.setType(function.cloneTypeWith(arguments, results));
  }
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    if (auto elements = dyn_cast<DenseElementsAttr>(constant.getValue()))
      constant.setValueAttr(
          elements.reshape(cast<ShapedType>(constant.getType())));
}

/// Ops of other dialects and types of functions pass no check of Triton's for
/// what a layout can be made for.
static LogicalResult checkSizes(Operation *op) {
  auto check = [&](Type type) -> LogicalResult {
    if (auto pointer = dyn_cast<PointerType>(type))
      type = pointer.getPointeeType();
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || tensor.getEncoding() || tensor.getRank() == 0 ||
        (tensor.hasStaticShape() &&
         llvm::all_of(tensor.getShape(), llvm::isPowerOf2_64)))
      return success();
    return op->emitError("convert-triton-to-tritongpu: sizes of tensors must "
                         "be powers of two, got ")
           << tensor;
  };
  for (Type type : op->getResultTypes())
    if (failed(check(type)))
      return failure();
  for (Region &region : op->getRegions())
    for (Block &block : region)
      for (Type type : block.getArgumentTypes())
        if (failed(check(type)))
          return failure();
  if (auto function = dyn_cast<FunctionOpInterface>(op))
    for (ArrayRef<Type> types :
         {function.getArgumentTypes(), function.getResultTypes()})
      for (Type type : types)
        if (failed(check(type)))
          return failure();
  return success();
}

LogicalResult LayoutAssigner::run(ModuleOp module) {
  if (module
          ->walk([](Operation *op) {
            return failed(checkSizes(op)) ? WalkResult::interrupt()
                                          : WalkResult::advance();
          })
          .wasInterrupted())
    return failure();
  module->walk<WalkOrder::PreOrder>([&](Operation *op) {
    position[op] = position.size();
    enter(op);
    convertTypesOf(op);
  });
  // Rules insert conversions; those need none.
  SmallVector<Operation *> ops;
  module->walk([&](Operation *op) { ops.push_back(op); });
  for (Operation *op : ops) {
    enter(op);
    if (failed(applyRule(op)))
      return failure();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Rules of single ops
//===----------------------------------------------------------------------===//

void LayoutAssigner::setLayout(OpResult result, Attribute layout) {
  auto previous = cast<RankedTensorType>(result.getType());
  if (previous.getEncoding() == layout)
    return;
  result.setType(previous.cloneWithEncoding(layout));
  if (result.use_empty())
    return;
  // The conversion is there for the sake of the first user, as its location
  // says.
  Operation *user = *llvm::min_element(
      result.getUsers(), [&](Operation *lhs, Operation *rhs) {
        return position.lookup(lhs) < position.lookup(rhs);
      });
  OpBuilder builder(result.getContext());
  builder.setInsertionPointAfterValue(result);
  auto back =
      ConvertLayoutOp::create(builder, user->getLoc(), previous, result);
  result.replaceAllUsesExcept(back, back);
  chosen.insert(back);
}

LogicalResult LayoutAssigner::applyRule(Operation *op) {
  if (auto scatter = dyn_cast<DescriptorScatterOp>(op))
    return applyRule(scatter);
  if (op->getNumResults() == 0 || !isChosen(op->getResult(0)))
    return success();
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case<BroadcastOp, CatOp, DescriptorGatherOp, DotOp, ExpandDimsOp, JoinOp,
            SplitOp>([&](auto op) { return applyRule(op); })
      .Case<ReduceOp, TransOp>([&](auto op) { return applyInference(op); })
      .Default([](Operation *) { return success(); });
}

/// The result is blocked, with one element a thread along the new dimension;
/// the source is its slice.
LogicalResult LayoutAssigner::applyRule(ExpandDimsOp op) {
  unsigned axis = op.getAxis();
  RankedTensorType sourceType = op.getSrc().getType();
  if (!sourceType.getEncoding())
    return op.emitOpError("source of rank 0 has no layout to start from");
  BlockedEncodingAttr source = getDefaultLayout(sourceType);
  auto ascending =
      llvm::to_vector(llvm::seq<unsigned>(0, sourceType.getRank() + 1));
  auto layout = BlockedEncodingAttr::get(
      op.getContext(), withInserted(source.getSizePerThread(), axis, 1),
      withInserted(source.getThreadsPerWarp(), axis, 1),
      withInserted(source.getWarpsPerCTA(), axis, 1), ascending,
      withInsertedDim(source.getCGALayout(), axis));
  OpBuilder builder(op);
  op.getSrcMutable().assign(
      convertLayout(builder, op.getLoc(), op.getSrc(),
                    SliceEncodingAttr::get(op.getContext(), axis, layout)));
  setLayout(op->getResult(0), layout);
  return success();
}

/// The result is blocked with tiles of up to 4x4 elements a thread; the
/// factors are its dot operands.
LogicalResult LayoutAssigner::applyRule(DotOp op) {
  RankedTensorType type = op.getType();
  ArrayRef<int64_t> shape = type.getShape();
  unsigned rank = shape.size();
  int64_t elementsPerThread =
      type.getNumElements() / (numWarps * threadsPerWarp);
  int64_t tile = elementsPerThread >= 16 ? 4 : elementsPerThread >= 4 ? 2 : 1;
  SmallVector<unsigned> sizePerThread(rank, 1);
  for (unsigned dim : {rank - 2, rank - 1})
    sizePerThread[dim] = std::min(tile, shape[dim]);
  auto order = llvm::to_vector(llvm::reverse(llvm::seq<unsigned>(0, rank)));
  auto layout =
      BlockedEncodingAttr::get(op.getContext(), shape, sizePerThread, order,
                               numWarps, threadsPerWarp, numCTAs);

  OpBuilder builder(op);
  for (unsigned index : {0, 1}) {
    Value factor = op->getOperand(index);
    auto factorType = cast<RankedTensorType>(factor.getType());
    if (isa<DotOperandEncodingAttr>(factorType.getEncoding()))
      continue;
    auto factorLayout = DotOperandEncodingAttr::get(
        op.getContext(), index, layout, factorType.getElementType());
    op->setOperand(
        index, convertLayout(builder, factor.getLoc(), factor, factorLayout));
  }
  // Triton's pass converts the accumulator even where nothing changes.
  op.getCMutable().assign(
      convertLayout(builder, op.getC().getLoc(), op.getC(), layout));
  setLayout(op->getResult(0), layout);
  return success();
}

/// Each thread holds what it held of both sources, so it needs registers for
/// twice as many elements even where copies fill them.
LogicalResult LayoutAssigner::applyRule(CatOp op) {
  auto layout = cast<BlockedEncodingAttr>(op.getType().getEncoding());
  unsigned needed =
      llvm::PowerOf2Ceil(getTotalElemsPerThread(op.getLhs().getType()) +
                         getTotalElemsPerThread(op.getRhs().getType()));
  unsigned available = getTotalElemsPerThread(op.getType());
  SmallVector<unsigned> sizePerThread(layout.getSizePerThread());
  sizePerThread[layout.getOrder()[0]] *= needed / available;
  setLayout(op->getResult(0),
            BlockedEncodingAttr::get(op.getContext(), sizePerThread,
                                     layout.getThreadsPerWarp(),
                                     layout.getWarpsPerCTA(), layout.getOrder(),
                                     layout.getCGALayout()));
  return success();
}

LogicalResult LayoutAssigner::applyRule(JoinOp op) {
  auto source = op.getLhs().getType();
  auto *layouts =
      dyn_cast<DialectInferLayoutInterface>(&source.getEncoding().getDialect());
  Attribute layout;
  if (!layouts ||
      failed(layouts->inferDefaultJoinOpEncoding(
          source.getEncoding(), layout, source.getShape(), op.getLoc())))
    return op.emitOpError("sources have a layout that cannot be joined: ")
           << source;
  setLayout(op->getResult(0), layout);
  return success();
}

/// A thread must hold both halves: two elements along the last dimension, and
/// neither lanes, warps nor CTAs along it.
LogicalResult LayoutAssigner::applyRule(SplitOp op) {
  auto half = cast<RankedTensorType>(op.getResult(0).getType());
  RankedTensorType source = op.getSrc().getType();
  unsigned last = source.getRank() - 1;
  auto layout = dyn_cast<BlockedEncodingAttr>(source.getEncoding());
  if (!layout || layout.getSizePerThread()[last] != 2 ||
      layout.getOrder()[0] != last) {
    BlockedEncodingAttr base = getDefaultLayout(half);
    layout = BlockedEncodingAttr::get(
        op.getContext(), withInserted(base.getSizePerThread(), last, 2),
        withInserted(base.getThreadsPerWarp(), last, 1),
        withInserted(base.getWarpsPerCTA(), last, 1),
        withInserted(base.getOrder(), 0, last),
        withInsertedDim(base.getCGALayout(), last));
    OpBuilder builder(op);
    op.getSrcMutable().assign(
        convertLayout(builder, op.getLoc(), op.getSrc(), layout));
  }
  return applyInference(op);
}

/// The result has the layout of the source.
LogicalResult LayoutAssigner::applyRule(BroadcastOp op) {
  setLayout(op->getResult(0), op.getSrc().getType().getEncoding());
  return success();
}

LogicalResult LayoutAssigner::applyRule(DescriptorGatherOp op) {
  setRowLayout(op, op.getXOffsetsMutable());
  return success();
}

LogicalResult LayoutAssigner::applyRule(DescriptorScatterOp op) {
  setRowLayout(op, op.getXOffsetsMutable());
  return success();
}

/// TMA takes four rows at a time, from any thread of the warp that issues it:
/// each thread holds four neighbours, all threads of a warp the same.
void LayoutAssigner::setRowLayout(Operation *op, OpOperand &rows) {
  if (!isChosen(rows.get()))
    return;
  MLIRContext *context = op->getContext();
  auto parent = BlockedEncodingAttr::get(
      context, {1, 4}, {static_cast<unsigned>(threadsPerWarp), 1},
      {1, static_cast<unsigned>(numWarps)}, {1, 0},
      CGAEncodingAttr::getDefault(context, /*rank=*/2));
  OpBuilder builder(op);
  rows.set(convertLayout(builder, op->getLoc(), rows.get(),
                         SliceEncodingAttr::get(context, 0, parent)));
}

LogicalResult LayoutAssigner::applyInference(Operation *op) {
  SmallVector<Type> types;
  auto inference = cast<InferTypeOpInterface>(op);
  if (failed(inference.inferReturnTypes(
          op->getContext(), op->getLoc(), op->getOperands(),
          op->getDiscardableAttrDictionary(), op->getPropertiesStorage(),
          op->getRegions(), types)))
    return op->emitOpError("has operands whose layouts give its results none");
  for (auto [result, type] : llvm::zip_equal(op->getResults(), types))
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      setLayout(result, tensor.getEncoding());
  return success();
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

namespace {

struct ConvertTritonToTritonGPU
    : public triton::impl::ConvertTritonToTritonGPUBase<
          ConvertTritonToTritonGPU> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(checkOptions(module)))
      return signalPassFailure();
    Builder builder(&getContext());
    module->setAttr(AttrNumWarpsName, builder.getI32IntegerAttr(numWarps));
    module->setAttr(AttrNumThreadsPerWarp,
                    builder.getI32IntegerAttr(threadsPerWarp));
    module->setAttr(AttrNumCTAsName, builder.getI32IntegerAttr(numCTAs));
    module->setAttr(AttrTargetName, builder.getStringAttr(target));
    if (failed(LayoutAssigner(numWarps, threadsPerWarp, numCTAs).run(module)))
      signalPassFailure();
  }

private:
  LogicalResult checkOptions(ModuleOp module) {
    if (target.empty())
      return module.emitError("convert-triton-to-tritongpu: option target is "
                              "missing, as in target=cuda:90");
    for (auto [name, value] :
         {std::pair("num-warps", numWarps.getValue()),
          std::pair("threads-per-warp", threadsPerWarp.getValue()),
          std::pair("num-ctas", numCTAs.getValue())})
      if (value <= 0 || !llvm::isPowerOf2_32(value))
        return module.emitError("convert-triton-to-tritongpu: option ")
               << name << " must be a power of two, got " << value;
    return success();
  }
};

} // namespace
